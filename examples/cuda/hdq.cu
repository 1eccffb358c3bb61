// hdq on a GPU, bit exact (docs/SPEC.md): every stage by CUDA kernels, one block to a row, rows of up to 32768 coordinates.
#include <vector>

#include "codebook.cuh"
#include "device.cuh"
#include "rotation/base_matrix.hpp"
#include "transform.cuh"

using Config = hdq_kernel_config;

// What kernels know of a call.
struct Shape {
  unsigned n, d, m, block;  // d = m·block
  unsigned bits, code_bytes;
  std::uint64_t seed, first_row;
  const signed char* base;  // B_m, row after row
};

constexpr unsigned norm_lanes = 16, none = ~0u;

// ---- SPEC §2: random streams ----

__device__ uint4 philox(uint4 c, std::uint64_t seed) {
  unsigned key0 = static_cast<unsigned>(seed), key1 = static_cast<unsigned>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c.x, p1 = std::uint64_t{0xCD9E8D57} * c.z;
    c = {static_cast<unsigned>(p1 >> 32) ^ c.y ^ key0, static_cast<unsigned>(p1), static_cast<unsigned>(p0 >> 32) ^ c.w ^ key1, static_cast<unsigned>(p0)};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return c;
}

__device__ std::uint32_t dither_word(std::uint64_t seed, std::uint64_t row) {
  return philox({static_cast<unsigned>(row), static_cast<unsigned>(row >> 32), 0, 0x44495448}, seed).x;
}

__global__ void sign_words(std::uint64_t seed, std::uint64_t blocks, uint4* words) {
  const std::uint64_t i = std::uint64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < blocks) words[i] = philox({static_cast<unsigned>(i), 0, 0, 0x5349474E}, seed);
}

__device__ float with_sign(float v, const unsigned* signs, unsigned i) { return signs[i / 32] >> i % 32 & 1 ? -v : v; }

// ---- SPEC §1: the transform of a row in shared memory ----

template <int m>
__device__ void base_across_blocks(float* row, const Shape& s, bool transposed) {
  for (unsigned c = threadIdx.x; c < s.block; c += blockDim.x) {
    float in[m];
#pragma unroll
    for (int j = 0; j < m; ++j) in[j] = row[j * s.block + c];
    for (int i = 0; i < m; ++i) {
      float sum = 0;
      const auto term = [&](int j) { return s.base[transposed ? j * m + i : i * m + j] < 0 ? -in[j] : in[j]; };
#pragma unroll
      for (int j = 0; j < m; j += 4) {
        const float four = (term(j) + term(j + 1)) + (term(j + 2) + term(j + 3));
        sum = j == 0 ? four : sum + four;
      }
      row[i * s.block + c] = sum;
    }
  }
  __syncthreads();
}

__device__ void hadamard(float* row, const Shape& s, bool transposed) {
  hadamard_parts(row, s.d, s.block);
  if (s.m == 12) base_across_blocks<12>(row, s, transposed);
  if (s.m == 20) base_across_blocks<20>(row, s, transposed);
  if (s.m == 28) base_across_blocks<28>(row, s, transposed);
}

// ---- SPEC §4: norm, codes ----

// The sum of squares in sixteen lanes, by the first warp; of its lane 0.
__device__ double sum_of_squares(const float* row, unsigned n) {
  double sum = 0;
  for (unsigned i = threadIdx.x; threadIdx.x < norm_lanes && i < n; i += norm_lanes) sum += static_cast<double>(row[i]) * row[i];
  for (unsigned half = norm_lanes / 2; half > 0; half /= 2) sum += __shfl_down_sync(0xFFFFFFFF, sum, half);
  return sum;
}

__device__ float norm_factor(float norm) { return norm > 0 && norm < 0x1p-100f ? 0x1p100f : norm > 0x1p100f ? 0x1p-100f : 1.0f; }

// Codes 8·group … of a row as one word: `bits` bytes of a bit string.
template <class CodeOf>
__device__ void pack_eight(std::uint64_t group, std::uint64_t count, unsigned bits, std::uint8_t* bytes, const CodeOf& code_of) {
  const std::uint64_t first = 8 * group, codes = count - first < 8 ? count - first : 8;
  std::uint64_t word = 0;
  for (unsigned u = 0; u < codes; ++u) word |= static_cast<std::uint64_t>(code_of(first + u)) << u * bits;
  for (unsigned byte = 0; byte < (codes * bits + 7) / 8; ++byte) bytes[group * bits + byte] = static_cast<std::uint8_t>(word >> 8 * byte);
}

__device__ unsigned code_at(const std::uint8_t* bytes, std::uint64_t j, unsigned bits) {
  const std::uint64_t bit = j * bits;
  unsigned word = bytes[bit / 8];
  if (bit % 8 + bits > 8) word |= unsigned{bytes[bit / 8 + 1]} << 8;
  return word >> bit % 8 & ((1u << bits) - 1);
}

// The number of thresholds that y reaches: they ascend.
__device__ unsigned code_of(float y, const float* theta, unsigned levels) {
  unsigned code = 0;
  for (unsigned step = levels / 2; step > 0; step /= 2)
    if (y >= theta[code + step - 1]) code += step;
  return code;
}

// *bad: row · 2^32 + column of the first that is not finite, column 2^32 − 1 for a norm beyond float32.
__global__ void encode_rows(Shape s, Cells thresholds, const unsigned* signs, const float* x, float* norms, std::uint8_t* codes, unsigned long long* bad) {
  extern __shared__ float row[];
  __shared__ float theta[255], norm;
  __shared__ unsigned bad_column;
  const std::uint64_t r = blockIdx.x;
  if (threadIdx.x == 0) bad_column = none;
  for (unsigned i = threadIdx.x; i < s.d; i += blockDim.x) row[i] = i < s.n ? x[r * s.n + i] : 0.0f;
  __syncthreads();
  for (unsigned i = threadIdx.x; i < s.n; i += blockDim.x)
    if (!isfinite(row[i])) atomicMin(&bad_column, i);
  if (threadIdx.x < 32) {
    const double square = sum_of_squares(row, s.n);
    if (threadIdx.x == 0) norm = static_cast<float>(sqrt(square));
  }
  __syncthreads();
  if (bad_column != none || !isfinite(norm)) {
    if (threadIdx.x == 0) atomicMin(bad, static_cast<unsigned long long>(r << 32 | bad_column));
    return;
  }
  const float factor = norm_factor(norm);
  const std::uint32_t word = dither_word(s.seed, s.first_row + r);
  for (unsigned k = threadIdx.x; k < thresholds.count; k += blockDim.x)
    theta[k] = static_cast<float>(cell(thresholds, k, word) * (norm * factor));
  for (unsigned i = threadIdx.x; i < s.n; i += blockDim.x) row[i] = with_sign(row[i] * factor, signs, i);
  hadamard(row, s, false);
  for (unsigned group = threadIdx.x; 8 * group < s.d; group += blockDim.x)
    pack_eight(group, s.d, s.bits, codes + r * s.code_bytes, [&](std::uint64_t j) { return code_of(row[j], theta, 1u << s.bits); });
  if (threadIdx.x == 0) norms[r] = norm;
}

__global__ void decode_rows(Shape s, Cells codewords, const unsigned* signs, const float* norms, const std::uint8_t* codes, float* x) {
  extern __shared__ float row[];
  __shared__ float value[256];
  const std::uint64_t r = blockIdx.x;
  const std::uint32_t word = dither_word(s.seed, s.first_row + r);
  for (unsigned k = threadIdx.x; k < codewords.count; k += blockDim.x) value[k] = static_cast<float>(cell(codewords, k, word));
  __syncthreads();
  for (unsigned j = threadIdx.x; j < s.d; j += blockDim.x) row[j] = value[code_at(codes + r * s.code_bytes, j, s.bits)];
  hadamard(row, s, true);
  const float norm = norms[r], factor = norm_factor(norm);
  const float scale = static_cast<float>(static_cast<double>(norm * factor) / s.d);
  for (unsigned i = threadIdx.x; i < s.n; i += blockDim.x)
    x[r * s.n + i] = norm == 0 ? 0.0f : with_sign(row[i] * scale * (1 / factor), signs, i);
}

// ---- SPEC §4.7: scores ----

struct RotatedQuery {
  double unscale;  // 2^e
};

__global__ void rotate_query(Shape s, const unsigned* signs, const float* q, float* w, RotatedQuery* query) {
  extern __shared__ float row[];
  __shared__ float scale;
  for (unsigned i = threadIdx.x; i < s.d; i += blockDim.x) row[i] = i < s.n ? q[i] : 0.0f;
  __syncthreads();
  if (threadIdx.x < 32) {
    const double square = sum_of_squares(row, s.n);
    const int exponent = square == 0 ? 0 : min(max(ilogb(sqrt(square)), -126), 126);
    if (threadIdx.x == 0) scale = ldexpf(1, -exponent), query->unscale = ldexp(1.0, exponent);
  }
  __syncthreads();
  for (unsigned i = threadIdx.x; i < s.n; i += blockDim.x) row[i] = with_sign(row[i] * scale, signs, i);
  hadamard(row, s, false);
  for (unsigned j = threadIdx.x; j < s.d; j += blockDim.x) w[j] = row[j];
}

// A warp to a row: sixteen sums, of eight codes in turn.
__global__ void dot_rows(Shape s, Cells codewords, const float* norms, const std::uint8_t* codes, const float* w, const RotatedQuery* query, float* out) {
  __shared__ float value[256];
  const std::uint64_t r = blockIdx.x;
  const std::uint32_t word = dither_word(s.seed, s.first_row + r);
  for (unsigned k = threadIdx.x; k < codewords.count; k += 32) value[k] = static_cast<float>(cell(codewords, k, word));
  __syncwarp();
  float sum = 0;
  for (unsigned first = 8 * threadIdx.x; threadIdx.x < 16 && first < s.d; first += 128)
    for (unsigned j = first; j < first + 8 && j < s.d; ++j) sum = fmaf(w[j], value[code_at(codes + r * s.code_bytes, j, s.bits)], sum);
  for (unsigned half = 8; half > 0; half /= 2) sum += __shfl_down_sync(0xFFFFFFFF, sum, half);
  if (threadIdx.x == 0) out[r] = static_cast<float>(sum * (static_cast<double>(norms[r]) / s.d) * query->unscale);
}

// ---- stages alone ----

__global__ void transform_rows(Shape s, const unsigned* signs, const float* x, float* y) {
  extern __shared__ float row[];
  const std::uint64_t r = blockIdx.x;
  for (unsigned i = threadIdx.x; i < s.d; i += blockDim.x) row[i] = i < s.n ? with_sign(x[r * s.n + i], signs, i) : 0.0f;
  hadamard(row, s, false);
  for (unsigned j = threadIdx.x; j < s.d; j += blockDim.x) y[r * s.d + j] = row[j];
}

__global__ void transposed_rows(Shape s, const unsigned* signs, const float* y, float* x) {
  extern __shared__ float row[];
  const std::uint64_t r = blockIdx.x;
  for (unsigned j = threadIdx.x; j < s.d; j += blockDim.x) row[j] = y[r * s.d + j];
  hadamard(row, s, true);
  for (unsigned i = threadIdx.x; i < s.n; i += blockDim.x) x[r * s.n + i] = with_sign(row[i], signs, i);
}

__device__ std::uint64_t this_thread() { return std::uint64_t{blockIdx.x} * blockDim.x + threadIdx.x; }

__global__ void all_signs(const unsigned* words, std::uint64_t count, std::int8_t* epsilon) {
  if (const std::uint64_t i = this_thread(); i < count) epsilon[i] = words[i / 32] >> i % 32 & 1 ? -1 : 1;
}
__global__ void all_dithers(std::uint64_t seed, std::uint64_t first_row, std::uint64_t count, std::uint32_t* words) {
  if (const std::uint64_t i = this_thread(); i < count) words[i] = dither_word(seed, first_row + i);
}
__global__ void all_cells(Cells cells, std::uint32_t word, double* out) {
  if (threadIdx.x < cells.count) out[threadIdx.x] = cell(cells, threadIdx.x, word);
}
__global__ void pack_all(unsigned bits, std::uint64_t count, const std::uint8_t* codes, std::uint8_t* bytes) {
  if (const std::uint64_t g = this_thread(); 8 * g < count) pack_eight(g, count, bits, bytes, [=](std::uint64_t j) { return codes[j] & ((1u << bits) - 1); });
}
__global__ void unpack_all(unsigned bits, std::uint64_t count, const std::uint8_t* bytes, std::uint8_t* codes) {
  if (const std::uint64_t j = this_thread(); j < count) codes[j] = static_cast<std::uint8_t>(code_at(bytes, j, bits));
}

// ---- the host's side ----

static std::uint64_t blocks_of(std::uint64_t count, unsigned threads = 256) { return (count + threads - 1) / threads; }
static std::uint64_t bytes_of(const Config& c, std::uint64_t count) { return (count * c.bits + 7) / 8; }

static const signed char* base_on_device(unsigned m) {
  static const std::vector<const signed char*> all = [] {
    std::vector<const signed char*> matrices;
    for (int of : {12, 20, 28}) {
      std::vector<signed char> entries;
      for (int i = 0; i < of * of; ++i) entries.push_back(static_cast<signed char>(hdq::detail::base_entry(of, i / of, i % of)));
      matrices.push_back(copy_of(entries.data(), entries.size()));
    }
    return matrices;
  }();
  return m == 1 ? nullptr : all[(m - 12) / 8];
}

static Shape shape_of(const Config& c, std::uint64_t first_row = 0) {
  unsigned d = static_cast<unsigned>(c.order), m = 1;
  for (unsigned base : {12u, 20u, 28u})
    if (d % base == 0 && (d / base & (d / base - 1)) == 0) m = base;
  return {static_cast<unsigned>(c.dimension), d, m, d / m, c.bits, static_cast<unsigned>(bytes_of(c, d)), c.seed, first_row, base_on_device(m)};
}

static const unsigned* signs_on_device(const Config& c, std::uint64_t count) {
  thread_local DeviceArray words;
  uint4* const to = words.room<uint4>((count + 127) / 128);
  launch(sign_words, blocks_of((count + 127) / 128), 256, 0, c.seed, (count + 127) / 128, to);
  return reinterpret_cast<const unsigned*>(to);
}

static thread_local DeviceArray in0, in1, in2, out0, out1, out2;

static int signs(const Config* c, std::uint64_t count, std::int8_t* epsilon) {
  return status_of([&] {
    std::int8_t* const out = out0.room<std::int8_t>(count);
    launch(all_signs, blocks_of(count), 256, 0, signs_on_device(*c, count), count, out);
    download(out, count, epsilon);
    return HDQ_KERNEL_OK;
  });
}

static int dither(const Config* c, std::uint64_t first_row, std::uint64_t rows, std::uint32_t* words) {
  return status_of([&] {
    std::uint32_t* const out = out0.room<std::uint32_t>(rows);
    launch(all_dithers, blocks_of(rows), 256, 0, c->seed, first_row, rows, out);
    download(out, rows, words);
    return HDQ_KERNEL_OK;
  });
}

static int cells(const Cells& of, std::uint32_t word, double* values) {
  double* const out = out0.room<double>(of.count);
  launch(all_cells, 1, 256, 0, of, word, out);
  download(out, of.count, values);
  return HDQ_KERNEL_OK;
}
static int thresholds(const Config* c, std::uint32_t word, double* theta) {
  return status_of([&] { return cells(Codebook::of(c->bits).thresholds, word, theta); });
}
static int codewords(const Config* c, std::uint32_t word, double* r) {
  return status_of([&] { return cells(Codebook::of(c->bits).codewords, word, r); });
}

static int transform(const Config* c, std::uint64_t rows, const float* x, float* y) {
  return status_of([&] {
    const Shape s = shape_of(*c);
    float* const out = out0.room<float>(rows * s.d);
    launch(transform_rows, rows, threads_for(s.d), s.d * sizeof(float), s, signs_on_device(*c, s.d), in0.upload(x, rows * s.n), out);
    download(out, rows * s.d, y);
    return HDQ_KERNEL_OK;
  });
}

static int transform_transposed(const Config* c, std::uint64_t rows, const float* y, float* x) {
  return status_of([&] {
    const Shape s = shape_of(*c);
    float* const out = out0.room<float>(rows * s.n);
    launch(transposed_rows, rows, threads_for(s.d), s.d * sizeof(float), s, signs_on_device(*c, s.d), in0.upload(y, rows * s.d), out);
    download(out, rows * s.n, x);
    return HDQ_KERNEL_OK;
  });
}

static int encode(const Config* c, std::uint64_t first_row, std::uint64_t rows, const float* x, float* norms, std::uint8_t* codes, hdq_kernel_position* bad) {
  return status_of([&] {
    const Shape s = shape_of(*c, first_row);
    const unsigned long long no_row = ~0ull;
    unsigned long long first_bad, *const bad_on_device = out2.upload(&no_row, 1);
    float* const out = out0.room<float>(rows);
    std::uint8_t* const code_out = out1.room<std::uint8_t>(rows * s.code_bytes);
    launch(encode_rows, rows, threads_for(s.d), s.d * sizeof(float), s, Codebook::of(c->bits).thresholds, signs_on_device(*c, s.d),
           in0.upload(x, rows * s.n), out, code_out, bad_on_device);
    download(bad_on_device, 1, &first_bad);
    if (first_bad != no_row) {
      const auto column = static_cast<std::uint32_t>(first_bad);
      *bad = {first_bad >> 32, column == none ? UINT64_MAX : column};
      return HDQ_KERNEL_BAD_INPUT;
    }
    download(out, rows, norms);
    download(code_out, rows * s.code_bytes, codes);
    return HDQ_KERNEL_OK;
  });
}

static int decode(const Config* c, std::uint64_t first_row, std::uint64_t rows, const float* norms, const std::uint8_t* codes, float* x) {
  return status_of([&] {
    const Shape s = shape_of(*c, first_row);
    float* const out = out0.room<float>(rows * s.n);
    launch(decode_rows, rows, threads_for(s.d), s.d * sizeof(float), s, Codebook::of(c->bits).codewords, signs_on_device(*c, s.d),
           in0.upload(norms, rows), in1.upload(codes, rows * s.code_bytes), out);
    download(out, rows * s.n, x);
    return HDQ_KERNEL_OK;
  });
}

static int dot(const Config* c, std::uint64_t first_row, std::uint64_t rows, const float* norms, const std::uint8_t* codes, const float* q, float* scores) {
  return status_of([&] {
    const Shape s = shape_of(*c, first_row);
    float *const w = out1.room<float>(s.d), *const out = out0.room<float>(rows);
    RotatedQuery* const query = out2.room<RotatedQuery>(1);
    launch(rotate_query, 1, threads_for(s.d), s.d * sizeof(float), s, signs_on_device(*c, s.d), in2.upload(q, s.n), w, query);
    launch(dot_rows, rows, 32, 0, s, Codebook::of(c->bits).codewords, in0.upload(norms, rows), in1.upload(codes, rows * s.code_bytes), w, query, out);
    download(out, rows, scores);
    return HDQ_KERNEL_OK;
  });
}

static int pack(const Config* c, std::uint64_t count, const std::uint8_t* codes, std::uint8_t* bytes) {
  return status_of([&] {
    std::uint8_t* const out = out0.room<std::uint8_t>(bytes_of(*c, count));
    launch(pack_all, blocks_of((count + 7) / 8), 256, 0, c->bits, count, in0.upload(codes, count), out);
    download(out, bytes_of(*c, count), bytes);
    return HDQ_KERNEL_OK;
  });
}

static int unpack(const Config* c, std::uint64_t count, const std::uint8_t* bytes, std::uint8_t* codes) {
  return status_of([&] {
    std::uint8_t* const out = out0.room<std::uint8_t>(count);
    launch(unpack_all, blocks_of(count), 256, 0, c->bits, count, in0.upload(bytes, bytes_of(*c, count)), out);
    download(out, count, codes);
    return HDQ_KERNEL_OK;
  });
}

extern "C" const hdq_kernel hdq_kernel_v1 = {.struct_version = HDQ_KERNEL_VERSION,
                                             .struct_bytes = sizeof(hdq_kernel),
                                             .name = "hdq in CUDA",
                                             .version = "1",
                                             .promise = HDQ_KERNEL_BIT_EXACT,
                                             .max_dimension = 32768,
                                             .signs = signs,
                                             .dither = dither,
                                             .thresholds = thresholds,
                                             .codewords = codewords,
                                             .transform = transform,
                                             .transform_transposed = transform_transposed,
                                             .encode = encode,
                                             .decode = decode,
                                             .pack = pack,
                                             .unpack = unpack,
                                             .dot = dot};
