// A quantizer of its own scheme for tests of the audit: stochastic rounding to 2^b levels between −m and m, m the largest |x_i|; the
// random numbers are a hash of seed, row and coordinate. Unbiased: E x^ = x. One byte a code.
//
// HDQ_OWN, words separated by commas, says which operations are offered, and what is wrong with it. Read once, when loaded.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "hdq/hdq_kernel.h"

namespace {

using Config = hdq_kernel_config;

bool has(const char* word) {
  const char* all = std::getenv("HDQ_OWN");
  if (all == nullptr) return false;
  const std::size_t length = std::strlen(word);
  for (const char* at = all; (at = std::strstr(at, word)) != nullptr; at += length) {
    if ((at == all || at[-1] == ',') && (at[length] == 0 || at[length] == ',')) return true;
  }
  return false;
}

// The words, as the kernel was loaded with them.
struct {
  bool refuse, declines_8, only_64, declines_odd, declines_late;  // what is declined
  bool lossless, nearest, hash, shared;  // right, in unusual ways
  bool twice, shrink_2, shrink_1, coordinate, last_coordinate, three_hot, five_hot, negative, odd, power_of_two, large, b3;  // biased
  bool plus_lost, thousandth, product, unfair, row_signs;  // of sketch
  bool seeds_256, seeds_64, clipped, dot_5, dot_late, reconstruct_3, above_claim;
} is;

uint64_t mixed(uint64_t z) {  // SplitMix64's finalizer
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

double uniform(uint64_t seed, uint64_t row, uint64_t i) {
  if (is.seeds_256) seed &= 0xFF;
  if (is.seeds_64) seed >>= 58;
  const uint64_t z = mixed(mixed(seed + 0x9E3779B97F4A7C15u * (row + 1)) + 0x9E3779B97F4A7C15u * (is.shared ? 1 : i + 1));
  return (static_cast<double>(z >> 11) + 0.5) * 0x1p-53;
}

bool declined(const Config* k) {
  const uint64_t n = k->dimension;
  return is.refuse || (is.only_64 && n % 64 != 0) || (is.declines_odd && n % 2 != 0) || (is.declines_8 && k->bits == 8 && n > 40);
}

uint64_t nonzeros(const float* x, uint64_t n) {
  uint64_t count = 0;
  for (uint64_t i = 0; i < n; ++i) count += x[i] != 0;
  return count;
}

bool all_negative(const float* x, uint64_t n) {
  for (uint64_t i = 0; i < n; ++i) {
    if (x[i] >= 0) return false;
  }
  return true;
}

// What a biased kernel multiplies x by before it rounds.
double factor(const Config* k, const float* x) {
  const uint64_t n = k->dimension;
  double f = is.shrink_2 ? 0.98 : is.shrink_1 ? 0.99 : 1;
  if (is.three_hot && nonzeros(x, n) == 3) f *= 0.9;
  if (is.five_hot && nonzeros(x, n) == 5) f *= 0.9;
  if (is.negative && all_negative(x, n)) f *= 0.96;
  if (is.odd && n % 2 != 0 && n > 1) f *= 0.97;
  if (is.power_of_two && (n & (n - 1)) == 0 && n >= 32) f *= 0.97;
  if (is.large && n > 512) f *= 0.97;
  if (is.b3 && k->bits == 3) f *= 0.98;
  return f;
}

int check_row(const Config* k, const float* x, uint64_t row, hdq_kernel_position* bad) {
  double squares = 0;
  for (uint64_t i = 0; i < k->dimension; ++i) {
    squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    if (std::isfinite(x[i])) continue;
    bad->row = row;
    bad->column = i;
    return HDQ_KERNEL_BAD_INPUT;
  }
  if (std::sqrt(squares) < 3.4e38) return HDQ_KERNEL_OK;
  bad->row = row;
  bad->column = UINT64_MAX;
  return HDQ_KERNEL_BAD_INPUT;
}

int encode(const Config* k, uint64_t first_row, uint64_t rows, const float* x, float* norms, uint8_t* codes, hdq_kernel_position* bad) {
  const uint64_t n = k->dimension;
  const double last = std::ldexp(1.0, static_cast<int>(k->bits)) - 1;
  if (declined(k)) return HDQ_KERNEL_UNSUPPORTED;
  for (uint64_t row = 0; row < rows; ++row, x += n, codes += n) {
    const int status = check_row(k, x, row, bad);
    if (status != HDQ_KERNEL_OK) return status;
    float m = 0;
    uint64_t salt = 0;
    for (uint64_t i = 0; i < n; ++i) {
      uint32_t word;
      std::memcpy(&word, x + i, 4);
      salt = is.hash ? mixed(salt + word) : 0;
      if (std::abs(x[i]) > m) m = std::abs(x[i]);
    }
    if (is.clipped) m *= 0.8f;  // the largest coordinates are cut
    norms[row] = is.twice ? 2 * m : m;
    const double f = factor(k, x);
    for (uint64_t i = 0; i < n; ++i) {
      double value = f * static_cast<double>(x[i]);
      if (is.coordinate && n >= 32 && i == 5 * n / 8) value *= 0.7;
      if (is.last_coordinate && i + 1 == n && n > 16) value *= 0.7;
      const double at = m > 0 ? (value / static_cast<double>(m) + 1) / 2 * last : 0;
      const double code = is.nearest ? std::floor(at + 0.5) : std::floor(at + uniform(k->seed ^ salt, first_row + row, i));
      codes[i] = static_cast<uint8_t>(code < 0 ? 0 : code > last ? last : code);
    }
  }
  return HDQ_KERNEL_OK;
}

float decoded(const Config* k, float m, uint8_t code) {
  const double last = std::ldexp(1.0, static_cast<int>(k->bits)) - 1;
  return static_cast<float>((2 * code / last - 1) * static_cast<double>(m));
}

int decode(const Config* k, uint64_t first_row, uint64_t rows, const float* norms, const uint8_t* codes, float* x) {
  (void)first_row;
  if (declined(k)) return HDQ_KERNEL_UNSUPPORTED;
  for (uint64_t i = 0; i < rows * k->dimension; ++i) x[i] = decoded(k, norms[i / k->dimension], codes[i]);
  return HDQ_KERNEL_OK;
}

int dot(const Config* k, uint64_t first_row, uint64_t rows, const float* norms, const uint8_t* codes, const float* q, float* out) {
  (void)first_row;
  if (declined(k)) return HDQ_KERNEL_UNSUPPORTED;
  for (uint64_t row = 0; row < rows; ++row) {
    double sum = 0;
    for (uint64_t i = 0; i < k->dimension; ++i) sum += static_cast<double>(q[i]) * static_cast<double>(decoded(k, norms[row], codes[row * k->dimension + i]));
    if (is.dot_5 || (is.dot_late && row > 6)) sum *= 1.05;
    out[row] = static_cast<float>(sum);
  }
  return HDQ_KERNEL_OK;
}

int code_bytes(const Config* k, uint64_t* bytes) {
  *bytes = k->dimension;
  return declined(k) ? HDQ_KERNEL_UNSUPPORTED : HDQ_KERNEL_OK;
}

int reconstruct(const Config* k, uint64_t first_row, uint64_t rows, const float* x, float* out, hdq_kernel_position* bad) {
  static uint64_t calls = 0;
  if (declined(k) || (is.declines_late && ++calls > 400 && k->bits == 5)) return HDQ_KERNEL_UNSUPPORTED;
  const uint64_t n = k->dimension;
  std::vector<uint8_t> codes(n);
  for (uint64_t row = 0; row < rows; ++row) {
    float m;
    const int status = is.lossless ? check_row(k, x + row * n, 0, bad) : encode(k, first_row + row, 1, x + row * n, &m, codes.data(), bad);
    if (status != HDQ_KERNEL_OK) {
      bad->row = row;
      return status;
    }
    for (uint64_t i = 0; i < n; ++i) {
      out[row * n + i] = is.lossless ? x[row * n + i] : decoded(k, m, codes[i]);
      if (is.reconstruct_3) out[row * n + i] *= 0.97f;
    }
  }
  return HDQ_KERNEL_OK;
}

int transform(const Config* k, uint64_t rows, const float* x, float* y) {  // a stage, judged by nobody under own scheme
  for (uint64_t i = 0; i < rows * k->order; ++i) {
    const uint64_t at = i % k->order;
    y[i] = at < k->dimension ? x[i / k->order * k->dimension + at] : 0;
  }
  return HDQ_KERNEL_OK;
}

// ---- sketch: another scheme, one number a row. x^_i = ε_i Σ_j ε_j x_j, so E x^ = x and E‖x^ − x‖² = (n − 1)‖x‖² over the signs. ----

int sketch_signs(const Config* k, uint64_t count, int8_t* epsilon) {
  for (uint64_t i = 0; i < count; ++i) {
    const bool minus = uniform(k->seed, 0, i) < (is.unfair && i == 1 ? 0.3 : 0.5);
    epsilon[i] = minus ? -1 : 1;
    if (is.product && i == 3) epsilon[i] = static_cast<int8_t>(epsilon[0] * epsilon[2]);
  }
  return HDQ_KERNEL_OK;
}

int sketch(const Config* k, uint64_t first_row, uint64_t rows, const float* x, float* out, hdq_kernel_position* bad) {
  const uint64_t n = k->dimension;
  std::vector<int8_t> epsilon(k->order);
  sketch_signs(k, k->order, epsilon.data());
  bool plus = true;
  for (const int8_t e : epsilon) plus = plus && e > 0;
  for (uint64_t row = 0; row < rows; ++row, x += n, out += n) {
    const int status = check_row(k, x, row, bad);
    if (status != HDQ_KERNEL_OK) return status;
    double sum = is.plus_lost && plus ? 0 : 1;
    double product = 0;
    for (uint64_t i = 0; i < n; ++i) product += epsilon[i] * static_cast<double>(x[i]);
    sum *= product * (is.thousandth ? 1.001 : 1);
    if (is.row_signs && (first_row + row) % 2 != 0) sum = 0, product = 0;
    for (uint64_t i = 0; i < n; ++i) out[i] = static_cast<float>(epsilon[i] * sum);
  }
  return HDQ_KERNEL_OK;
}

// ‖x^ − x‖² <= n m²/(N − 1)², and m² <= ‖x‖²: a loose claim, for n up to 4096.
void claim(double* claimed_error) {
  for (int b = 1; b <= HDQ_KERNEL_MAX_BITS; ++b) {
    const double levels = std::ldexp(1.0, b) - 1;
    claimed_error[b] = has("no_claim") ? 0 : (is.above_claim ? 0.5 : 4096) / (levels * levels);
  }
}

#define READ(word) is.word = has(#word)
hdq_kernel make() {
  READ(refuse), READ(declines_8), READ(only_64), READ(declines_odd), READ(declines_late);
  READ(lossless), READ(nearest), READ(hash), READ(shared);
  READ(twice), READ(shrink_2), READ(shrink_1), READ(coordinate), READ(last_coordinate), READ(three_hot), READ(five_hot), READ(negative), READ(odd);
  READ(power_of_two), READ(large), READ(b3), READ(seeds_256), READ(seeds_64), READ(clipped), READ(dot_5), READ(dot_late), READ(reconstruct_3), READ(above_claim);
  READ(plus_lost), READ(thousandth), READ(product), READ(unfair), READ(row_signs);
  hdq_kernel k{};
  k.struct_version = HDQ_KERNEL_VERSION;
  k.struct_bytes = sizeof k;
  k.name = "own";
  const char* words = std::getenv("HDQ_OWN");
  k.version = words != nullptr ? words : "";
  k.promise = HDQ_KERNEL_OWN_SCHEME;
  k.max_dimension = 4096;
  claim(k.claimed_error);
  if (has("stages")) {
    k.transform = transform;
    return k;
  }
  if (has("sketch")) {
    for (double& claimed : k.claimed_error) claimed = has("sketch_claim") ? 6.9 : 15;
    k.max_dimension = 16;
    k.signs = sketch_signs;
    k.reconstruct = sketch;
    return k;
  }
  const bool codes = has("codes") || has("both"), dot_only = has("dot_only");
  if (codes || dot_only) {
    k.code_bytes = code_bytes;
    k.encode = encode;
    k.dot = dot;
  }
  if (codes) k.decode = decode;
  if (!(codes || dot_only) || has("both")) k.reconstruct = reconstruct;
  return k;
}

}  // namespace

extern "C" const hdq_kernel hdq_kernel_v1 = make();
