// Times the kernels on the device against a copy of the same bytes there: nvcc … -o speed speed.cu (-DSPEED_HDQ: encode and decode of hdq.cu).
#ifdef SPEED_HDQ
#include "hdq.cu"
#else
#include "fht.cu"
#endif

#include <functional>
#include <vector>

// The median of 21 times, in seconds.
static double median_time(const std::function<void()>& work) {
  cudaEvent_t begin, end;
  must(cudaEventCreate(&begin)), must(cudaEventCreate(&end));
  std::vector<float> times;
  for (int i = 0; i < 24; ++i) {  // three to warm up
    must(cudaEventRecord(begin, cudaStreamPerThread));
    work();
    must(cudaEventRecord(end, cudaStreamPerThread));
    must(cudaEventSynchronize(end));
    float milliseconds;
    must(cudaEventElapsedTime(&milliseconds, begin, end));
    if (i >= 3) times.push_back(milliseconds);
  }
  std::nth_element(times.begin(), times.begin() + 10, times.end());
  return times[10] * 1e-3;
}

int main() {
  cudaDeviceProp device;
  must(cudaGetDeviceProperties(&device, 0));
  std::printf("%s; medians of 21\n", device.name);
  constexpr std::uint64_t floats = std::uint64_t{1} << 28;
  std::vector<float> host(floats);
  for (std::uint64_t i = 0; i < floats; ++i) host[i] = static_cast<float>(static_cast<int>(i * 2654435761u >> 8 & 0xFFFF) - 32768);
  DeviceArray from, to;
  const float* const x = from.upload(host.data(), floats);
  float* const y = to.room<float>(floats);
  const double copy = 2 * 4e-9 * floats / median_time([&] { must(cudaMemcpyAsync(y, x, 4 * floats, cudaMemcpyDeviceToDevice, cudaStreamPerThread)); });
  std::printf("copy: %.0f GB/s, read and written\n", copy);
  for (const std::uint64_t d : {128u, 256u, 1024u, 4096u, 16384u}) {
    const std::uint64_t rows = floats / d;
#ifdef SPEED_HDQ
    for (const std::uint32_t bits : {2u, 4u, 8u}) {
      const Config c{d, d, 1, bits, 1, 0};
      const Shape s = shape_of(c);
      DeviceArray norm_room, code_room, bad_room;
      const unsigned long long no_row = ~0ull;
      float* const norms = norm_room.room<float>(rows);
      std::uint8_t* const codes = code_room.room<std::uint8_t>(rows * s.code_bytes);
      unsigned long long* const bad = bad_room.upload(&no_row, 1);
      const unsigned* const signs = signs_on_device(c, d);
      const Codebook& book = Codebook::of(bits);
      const double bytes = 4e-9 * floats + 1e-9 * rows * (s.code_bytes + 4);
      const double encode = bytes / median_time([&] { launch(encode_rows, rows, threads_for(d), d * 4, s, book.thresholds, signs, x, norms, codes, bad); });
      const double decode = bytes / median_time([&] { launch(decode_rows, rows, threads_for(d), d * 4, s, book.codewords, signs, norms, codes, y); });
      std::printf("d = %5llu, b = %u: encode %.0f GB/s (%.0f %% of copy), decode %.0f GB/s (%.0f %%)\n", static_cast<unsigned long long>(d), bits, encode,
                  100 * encode / copy, decode, 100 * decode / copy);
    }
#else
    const double rate = 2 * 4e-9 * floats / median_time([&] { launch(transform_rows, rows, threads_for(d), d * 4, x, y, static_cast<unsigned>(d)); });
    std::printf("d = %5llu: %.0f GB/s, %.0f %% of copy\n", static_cast<unsigned long long>(d), rate, 100 * rate / copy);
#endif
  }
}
