// A CUDA kernel for `hdq validate`: the Walsh–Hadamard transform of rows of 2^k floats, k <= 15 (profile ffht).
#include "device.cuh"
#include "transform.cuh"

__global__ void transform_rows(const float* x, float* y, unsigned d) {
  extern __shared__ float row[];
  const std::uint64_t first = std::uint64_t{blockIdx.x} * d;
  for (unsigned i = threadIdx.x; i < d; i += blockDim.x) row[i] = x[first + i];
  hadamard_parts(row, d, d);
  for (unsigned i = threadIdx.x; i < d; i += blockDim.x) y[first + i] = row[i];
}

static int transform(const hdq_kernel_config* c, std::uint64_t rows, const float* x, float* y) {
  const std::uint64_t d = c->dimension;
  if ((d & (d - 1)) != 0) return HDQ_KERNEL_UNSUPPORTED;
  return status_of([&] {
    thread_local DeviceArray from, to;
    const float* const in = from.upload(x, rows * d);
    float* const out = to.room<float>(rows * d);
    launch(transform_rows, rows, threads_for(d), d * sizeof(float), in, out, static_cast<unsigned>(d));
    download(out, rows * d, y);
    return HDQ_KERNEL_OK;
  });
}

extern "C" const hdq_kernel hdq_kernel_v1 = {.struct_version = HDQ_KERNEL_VERSION,
                                             .struct_bytes = sizeof(hdq_kernel),
                                             .name = "CUDA Walsh-Hadamard transform",
                                             .version = "1",
                                             .max_dimension = 32768,
                                             .transform = transform,
                                             .profile = "ffht"};
