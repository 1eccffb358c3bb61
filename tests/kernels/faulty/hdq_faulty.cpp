// A kernel written from SPEC with switchable faults, one at a time: HDQ_FAULT=<name> (faults.hpp). Without one it is correct.
// It is what `hdq validate` is tested with: each fault must be found and its class named (docs/kill-table.md).
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "hdq/hdq_kernel.h"

namespace {

enum class Fault {
  none,
#define FAULT(name, defect, check, what) name,
#include "faults.hpp"
#undef FAULT
};

Fault fault_of_environment() {
  const char* wanted = std::getenv("HDQ_FAULT");
  if (wanted == nullptr || *wanted == 0) return Fault::none;
#define FAULT(name, defect, check, what) \
  if (std::strcmp(wanted, #name) == 0) return Fault::name;
#include "faults.hpp"
#undef FAULT
  std::abort();  // a misspelt fault must not pass for a correct kernel
}

const Fault active = fault_of_environment();
bool has(Fault fault) { return active == fault; }

using Config = hdq_kernel_config;
using Floats = std::vector<float>;
using Bytes = std::vector<std::uint8_t>;
using Doubles = std::vector<double>;

// ---- SPEC §1 ----

struct Order {
  int base = 1;
  std::uint64_t block = 1;
};

Order split(std::uint64_t d) {
  for (const int base : {28, 20, 12}) {
    const auto b = static_cast<std::uint64_t>(base);
    if (d % b == 0 && ((d / b) & (d / b - 1)) == 0) return {base, d / b};
  }
  return {1, d};
}

int chi(int a, int q) {
  a = ((a % q) + q) % q;
  if (a == 0) return 0;
  for (int r = 1; r < q; ++r) {
    if (r * r % q == a) return 1;
  }
  return -1;
}

int bordered(int q, int border, int i, int j) { return i == 0 ? j != 0 : j == 0 ? border : chi(i - j, q); }

int base_entry(int m, int i, int j) {
  constexpr int on_c[2][2] = {{1, 1}, {1, -1}}, on_identity[2][2] = {{1, -1}, {-1, -1}};
  if (m == 1) return 1;
  if (has(Fault::b12_entry) && m == 12 && i == 3 && j == 5) return -bordered(11, -1, 3, 5);
  if (has(Fault::b20_border) && m == 20) return (i == j) + bordered(19, 1, i, j);
  if (has(Fault::other_b12) && m == 12) std::swap(i, j);
  if (m < 28 || has(Fault::b28_paley_one)) return (i == j) + bordered(m - 1, -1, i, j);
  return bordered(13, 1, i / 2, j / 2) * on_c[i % 2][j % 2] + (i / 2 == j / 2 ? on_identity[i % 2][j % 2] : 0);
}

void base_stage(float* x, const Order& order, bool transposed, bool backwards) {
  const int m = order.base;
  std::vector<int> b(static_cast<std::size_t>(m * m));
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < m; ++j) b[static_cast<std::size_t>(i * m + j)] = transposed ? base_entry(m, j, i) : base_entry(m, i, j);
  }
  for (std::uint64_t c = 0; c < order.block; ++c) {
    float in[28];
    for (int j = 0; j < m; ++j) in[j] = x[static_cast<std::uint64_t>(j) * order.block + c];
    for (int i = 0; i < m; ++i) {
      float sum = 0;
      for (int j = 0; j < m; ++j) {
        const int column = backwards ? m - 1 - j : j;
        sum += static_cast<float>(b[static_cast<std::size_t>(i * m + column)]) * in[column];
      }
      x[static_cast<std::uint64_t>(i) * order.block + c] = sum;
    }
  }
}

// Another Hadamard matrix: the rows of each block in the order of Gray's code.
void reorder_rows(float* x, std::uint64_t d, bool transposed) {
  const std::uint64_t block = split(d).block;
  const std::vector<float> from(x, x + d);
  for (std::uint64_t i = 0; i < d; ++i) {
    const std::uint64_t within = i % block, other = i - within + (within ^ within >> 1);
    if (transposed) x[other] = from[i];
    else x[i] = from[other];
  }
}

// `backwards`: the same sums in another order.
void hadamard(float* x, std::uint64_t d, bool transposed, bool backwards = false) {
  const Order order = split(d);
  if (has(Fault::hang) && d == 28) {
    for (volatile bool forever = true; forever;) {
    }
  }
  std::vector<std::uint64_t> strides;
  for (std::uint64_t h = 1; h < order.block; h *= 2) strides.push_back(h);
  if (backwards) std::reverse(strides.begin(), strides.end());
  if (has(Fault::size_stage) && order.block > 8192) strides.pop_back();
  if (has(Fault::other_hadamard) && transposed) reorder_rows(x, d, true);
  for (const std::uint64_t h : strides) {
    for (std::uint64_t i = 0; i < d; ++i) {
      if (i & h) continue;
      const float a = x[i], b = x[i + h];
      x[i] = a + b;
      x[i + h] = a - b;
    }
  }
  if (order.base != 1) base_stage(x, order, transposed, backwards);
  if (has(Fault::other_hadamard) && !transposed) reorder_rows(x, d, false);
  if (has(Fault::smallest_order) && order.base != 1) {
    const auto stages = static_cast<float>(strides.size());
    for (std::uint64_t i = 0; i < d; ++i) x[i] *= stages / stages;
  }
}

// ---- SPEC §2 ----

void philox(const std::uint32_t in[4], std::uint64_t seed, std::uint32_t out[4]) {
  if (has(Fault::seed_32)) seed &= 0xFFFFFFFF;
  if (has(Fault::own_seed_ignored)) seed = 0;
  std::uint32_t c[4] = {in[0], in[1], in[2], in[3]}, key[2] = {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
  for (int round = 0; round < (has(Fault::philox_7) ? 7 : 10); ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0], p1 = std::uint64_t{0xCD9E8D57} * c[2];
    const std::uint32_t next[4] = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ key[0], static_cast<std::uint32_t>(p1),
                                   static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    std::copy_n(next, 4, c);
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  std::copy_n(c, 4, out);
}

int signs(const Config* k, std::uint64_t count, std::int8_t* epsilon) {
  static std::uint64_t cached_seed = UINT64_MAX - 1;
  std::uint64_t seed = k->seed;
  if (has(Fault::signs_cached)) {
    if (cached_seed == UINT64_MAX - 1) cached_seed = seed;
    seed = cached_seed;
  }
  std::uint32_t word[4] = {0, 0, 0, 0};
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint32_t counter[4] = {has(Fault::signs_counter) ? 0 : static_cast<std::uint32_t>(i / 128), 0, 0, 0x5349474E};
    if (i % 128 == 0) philox(counter, seed, word);
    const bool bit = (word[has(Fault::signs_lanes) ? 0 : (i % 128) / 32] >> (i % 32)) & 1;
    epsilon[i] = bit != has(Fault::signs_inverted) ? -1 : 1;
    if (has(Fault::signs_lanes) && i >= 32) epsilon[i] = epsilon[i % 32];
    if (has(Fault::signs_all_plus)) epsilon[i] = 1;
  }
  return HDQ_KERNEL_OK;
}

// A table that is found again by less than what it depends on.
template <class Key, class Value>
Value& cached(std::vector<std::pair<Key, Value>>& entries, const Key& key, const Value& value) {
  for (auto& entry : entries) {
    if (entry.first == key) return entry.second;
  }
  if (entries.size() > 64) entries.clear();
  entries.emplace_back(key, value);
  return entries.back().second;
}

std::vector<std::int8_t> signs_of(const Config& k) {
  std::vector<std::int8_t> epsilon(k.order);
  signs(&k, k.order, epsilon.data());
  return epsilon;
}

std::uint32_t dither_word(const Config& k, std::uint64_t row) {
  if (has(Fault::row_32)) row &= 0xFFFFFFFF;
  const std::uint32_t counter[4] = {static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(row >> 32), 0, 0x44495448};
  std::uint32_t word[4];
  philox(counter, k.seed, word);
  return has(Fault::dither_constant) ? 0x80000000 : word[0];
}

std::uint64_t row_number(std::uint64_t first_row, std::uint64_t row) { return has(Fault::dither_of_first_row) ? first_row : first_row + row; }

int dither(const Config* k, std::uint64_t first_row, std::uint64_t rows, std::uint32_t* words) {
  for (std::uint64_t i = 0; i < rows; ++i) words[i] = dither_word(*k, row_number(first_row, i));
  return HDQ_KERNEL_OK;
}

// ---- SPEC §3 ----

double normal_cdf(double s) { return 0.5 * std::erfc(-s / std::sqrt(2.0)); }
double normal_density(double s) { return std::exp(-0.5 * s * s) / std::sqrt(2 * 3.14159265358979323846); }

double normal_quantile(double p) {
  double s = -std::sqrt(-2 * std::log(p));
  for (int i = 0; i < 60; ++i) {
    const double cdf = normal_cdf(s), step = (std::log(cdf) - std::log(p)) * cdf / normal_density(s);
    s -= step;
    if (std::abs(step) < 1e-15 * (1 + std::abs(s))) break;
  }
  return s - (normal_cdf(s) - p) / normal_density(s);
}

struct Generator {
  int bits;
  double sigma() const {
    constexpr int sigma64[] = {93, 109, 111, 111, 111, 111, 111, 111};
    return sigma64[bits - 1] / 64.0;
  }
  double kappa() const {
    constexpr int kappa64[] = {32, 24, 20, 18, 16, 15, 14, 13};
    return kappa64[bits - 1] / 64.0;
  }
  double g(double v) const {
    const double levels = std::ldexp(1.0, bits);
    if (v > levels / 2) return -g(levels - v);
    return sigma() * normal_quantile(v / levels) + kappa() * (1 / (levels - v) - 1 / v);
  }
  double antiderivative(double v) const {
    const double levels = std::ldexp(1.0, bits);
    if (v > levels / 2) v = levels - v;
    return -sigma() * levels * normal_density(normal_quantile(v / levels)) - kappa() * (std::log(v) + std::log(levels - v));
  }
};

int codebook_bits(const Config& k) {
  const int bits = static_cast<int>(k.bits);
  if (has(Fault::codebook_at_most_4) || has(Fault::own_error_floor)) return std::min(bits, 4);
  if (has(Fault::own_half_width)) return std::max(bits - 1, 1);
  return bits;
}

double offset(std::uint32_t word) {
  const double u = std::ldexp(word + 0.5, -32);
  if (has(Fault::codebook_frozen)) return 0.5;
  if (has(Fault::dither_float)) return static_cast<double>((static_cast<float>(word) + 0.5f) * 0x1p-32f);
  if (has(Fault::dither_8_bits)) return (std::floor(u * 256) + 0.5) / 256;
  if (has(Fault::dither_16_bits)) return (std::floor(u * 65536) + 0.5) / 65536;
  return u;
}

double clipped(double v) { return has(Fault::codebook_clipped) ? std::clamp(v, -3.0, 3.0) : v; }

Doubles codewords_at(const Config& k, double u) {
  const Generator g{codebook_bits(k)};
  Doubles r;
  for (int i = 0; i < 1 << g.bits; ++i) r.push_back(clipped(g.g(i + u)) + (has(Fault::codewords_drift) || (has(Fault::codeword_one) && i == 3) ? 1e-9 : 0));
  return r;
}

Doubles thresholds_at(const Config& k, double u) {
  const Generator g{codebook_bits(k)};
  Doubles theta;
  for (int i = 1; i < 1 << g.bits; ++i) {
    double t = clipped(g.antiderivative(i + u) - g.antiderivative(i - 1 + u));
    if (has(Fault::midpoint_thresholds) || has(Fault::own_midpoints)) t = 0.5 * (g.g(i + u) + g.g(i - 1 + u));
    if (has(Fault::drift_3e_8)) t *= 1 + 3e-8;
    if (has(Fault::codeword_one_far) && i == 2) t += 0.01;
    if (has(Fault::thresholds_float)) t = static_cast<double>(static_cast<float>(t));
    theta.push_back(t);
  }
  return theta;
}

int thresholds(const Config* k, std::uint32_t word, double* theta) {
  std::fill_n(theta, (1u << k->bits) - 1, INFINITY);
  const Doubles values = thresholds_at(*k, offset(word));
  std::copy(values.begin(), values.end(), theta);
  return HDQ_KERNEL_OK;
}

int codewords(const Config* k, std::uint32_t word, double* r) {
  std::fill_n(r, 1u << k->bits, 0.0);
  const Doubles values = codewords_at(*k, offset(word));
  std::copy(values.begin(), values.end(), r);
  return HDQ_KERNEL_OK;
}

// ---- SPEC §4: rotation ----

float norm_factor(float norm) { return norm > 0 && norm < 0x1p-100f ? 0x1p100f : norm > 0x1p100f ? 0x1p-100f : 1.0f; }

void pad(const Config& k, const float* x, Floats& y) {
  for (std::uint64_t i = k.dimension; i < k.order; ++i) {
    if (has(Fault::pad_garbage)) y[i] = x[k.dimension - 1];
    if (has(Fault::pad_wraps)) y[i] = x[i - k.dimension];
  }
}

bool other_order(const Config& k) { return (has(Fault::variant_differs) && k.variant == 1) || (has(Fault::threads_differ) && k.threads > 1); }

enum class SignUse { before, none, after };

Floats rotate(const Config& k, const float* x, float factor, SignUse use = SignUse::before, bool transposed = false, bool encoding = false) {
  if (has(Fault::signs_missing)) use = SignUse::none;
  if (has(Fault::signs_after)) use = SignUse::after;
  Floats y(k.order, 0.0f);
  std::copy_n(x, k.dimension, y.begin());
  pad(k, x, y);
  if (has(Fault::tail_input)) std::fill(y.begin() + static_cast<std::ptrdiff_t>(k.dimension / 8 * 8), y.begin() + static_cast<std::ptrdiff_t>(k.dimension), 0.0f);
  auto epsilon = signs_of(k);
  if (has(Fault::cache_seed_high) && encoding) {
    static std::vector<std::pair<std::pair<std::uint64_t, std::uint64_t>, std::vector<std::int8_t>>> kept;
    epsilon = cached(kept, {k.seed >> 32, k.order}, epsilon);
  }
  for (std::uint64_t i = 0; i < k.order; ++i) y[i] *= factor * (use == SignUse::before ? static_cast<float>(epsilon[i]) : 1.0f);
  hadamard(y.data(), k.order, transposed, other_order(k));
  for (std::uint64_t i = 0; i < k.order && use == SignUse::after; ++i) y[i] *= static_cast<float>(epsilon[i]);
  if (has(Fault::scale_sqrt_2)) {
    for (float& v : y) v *= std::sqrt(0.5f);
  }
  return y;
}

// Sylvester matrices in bit-reversed order of rows.
void reverse_bits(const Config& k, Floats& y) {
  const Order order = split(k.order);
  const Floats from = y;
  for (std::uint64_t i = 0; i < k.order; ++i) {
    std::uint64_t reversed = i / order.block * order.block, bit = order.block / 2;
    for (std::uint64_t h = 1; h < order.block; h *= 2, bit /= 2) reversed += (i & h) ? bit : 0;
    y[i] = from[reversed];
  }
}

int transform(const Config* k, std::uint64_t rows, const float* x, float* y) {
  if (has(Fault::refuses) && k->dimension == 33) return HDQ_KERNEL_FAILED;
  if (has(Fault::input_modified)) const_cast<float*>(x)[0] *= 2;
  for (std::uint64_t row = 0; row < rows; ++row) {
    Config config = *k;
    if (has(Fault::cache_dimension)) {
      static std::vector<std::pair<std::uint64_t, std::uint64_t>> kept;
      config.dimension = std::min(config.dimension, cached(kept, config.order, config.dimension));
    }
    Floats z = rotate(config, x + row * k->dimension, 1);
    if (has(Fault::threads_prime) && k->threads == 13) z.back() = 0;
    if (has(Fault::batch_3_mod_4) && rows % 4 == 3 && row + 1 == rows) z[0] = -z[0];
    if (has(Fault::under_read) && row == 0) z[0] += 0 * *const_cast<const volatile float*>(x - 1);
    if (has(Fault::batch_basis) && rows > 1) reverse_bits(*k, z);
    std::copy(z.begin(), z.end(), y + row * k->order);
  }
  return HDQ_KERNEL_OK;
}

Floats rotate_back(const Config& k, Floats z) {
  auto epsilon = signs_of(k);
  if (has(Fault::cache_seed)) {
    static std::vector<std::pair<std::pair<std::uint64_t, std::uint64_t>, std::vector<std::int8_t>>> kept;
    epsilon = cached(kept, {k.seed & 0xFFFFFFFF, k.order}, epsilon);
  }
  hadamard(z.data(), k.order, !has(Fault::inverse_forward), other_order(k));
  for (std::uint64_t i = 0; i < k.order && !has(Fault::signs_not_undone); ++i) z[i] *= static_cast<float>(epsilon[i]);
  z.resize(k.dimension);
  return z;
}

int transform_transposed(const Config* k, std::uint64_t rows, const float* y, float* x) {
  for (std::uint64_t row = 0; row < rows; ++row) {
    Floats z = rotate_back(*k, Floats(y + row * k->order, y + (row + 1) * k->order));
    if (has(Fault::batch_transposed) && rows >= 129 && row + 1 == rows) std::fill(z.begin(), z.end(), 0.0f);
    std::copy(z.begin(), z.end(), x + row * k->dimension);
  }
  return HDQ_KERNEL_OK;
}

// ---- SPEC §4: packing ----

std::uint64_t bytes_of(const Config& k, std::uint64_t count) { return (count * k.bits + 7) / 8; }

void put_code(const Config& k, std::uint8_t* bytes, std::uint64_t size, std::uint64_t j, std::uint8_t code) {
  const std::uint64_t stride = has(Fault::b3_as_4) && k.bits == 3 ? 4 : k.bits;
  for (std::uint64_t within = 0; within < k.bits; ++within) {
    const std::uint64_t p = j * stride + within;
    if (p / 8 >= size) return;
    const bool big = has(Fault::pack_big_endian);
    const bool bit = (code >> (big ? k.bits - 1 - within : within)) & 1;
    if (bit) bytes[p / 8] = static_cast<std::uint8_t>(bytes[p / 8] | 1u << (big ? 7 - p % 8 : p % 8));
  }
}

int pack(const Config* k, std::uint64_t count, const std::uint8_t* codes, std::uint8_t* bytes) {
  static int calls = 0;
  const std::uint64_t size = bytes_of(*k, count);
  std::memset(bytes, 0, size);
  if (has(Fault::stray_write)) bytes[-1] = 0;
  for (std::uint64_t j = 0; j < count; ++j) {
    // As if a second thread had read the shared byte before the first one wrote it.
    if (has(Fault::pack_race) && k->threads > 1 && j == count / 2) bytes[j * k->bits / 8] = 0;
    put_code(*k, bytes, size, j, has(Fault::size_pack) && j > 65535 ? std::uint8_t{0} : codes[j]);
  }
  if (has(Fault::pack_dirty) && count * k->bits % 8 != 0) bytes[size - 1] = static_cast<std::uint8_t>(bytes[size - 1] | 0xFFu << (count * k->bits % 8));
  if (has(Fault::pack_unstable) && ++calls % 50 == 0 && bytes[0] != 0) bytes[0] = static_cast<std::uint8_t>(bytes[0] & (bytes[0] - 1));
  return HDQ_KERNEL_OK;
}

int unpack(const Config* k, std::uint64_t count, const std::uint8_t* bytes, std::uint8_t* codes) {
  const std::uint64_t bits = has(Fault::unpack_8_as_4) && k->bits == 8 ? 4 : k->bits;
  const bool big = has(Fault::pack_big_endian);
  for (std::uint64_t j = 0; j < count; ++j) {
    unsigned code = 0;
    for (std::uint64_t within = 0; within < bits; ++within) {
      const std::uint64_t p = j * bits + within;
      const unsigned bit = (bytes[p / 8] >> (big ? 7 - p % 8 : p % 8)) & 1u;
      code |= bit << (big ? bits - 1 - within : within);
    }
    codes[j] = static_cast<std::uint8_t>(code);
  }
  return HDQ_KERNEL_OK;
}

// ---- SPEC §4: the norm ----

float through_half(float norm) {
  if (norm > 65504) return INFINITY;
  int exponent;
  const float fraction = std::frexp(norm, &exponent);
  const int last = std::max(exponent - 11, -24);
  return std::ldexp(std::nearbyint(std::ldexp(fraction, exponent - last)), last);
}

float norm_from_squares(double sum) {
  if (has(Fault::norm_squared)) return static_cast<float>(sum);
  const auto norm = static_cast<float>(std::sqrt(sum));
  if (has(Fault::norm_half)) return through_half(norm);
  if (has(Fault::norm_flushed) && norm < 1e-30f) return 0;
  if (has(Fault::norm_denormals) && norm < 0x1p-126f) return 0;
  if (has(Fault::zero_norm) && norm == 0) return NAN;
  return norm;
}

bool overlooked(std::uint64_t column, float v) {
  std::uint32_t bits;
  std::memcpy(&bits, &v, 4);
  const bool nan = (bits & 0x7FFFFFFF) > 0x7F800000;
  return nan && ((has(Fault::nan_signalling) && (bits & 0x00400000) == 0) || (has(Fault::nan_past_1024) && column > 1024));
}

// The column of a NaN or infinity, or n.
std::uint64_t row_norm(const Config& k, const float* x, float* norm) {
  std::uint64_t n = k.dimension;
  double lane[16] = {};
  float in_float = 0;
  if (has(Fault::nan_last)) {
    for (std::uint64_t i = n; i-- > 0;) {
      if (!std::isfinite(x[i])) return i;
    }
  }
  if (has(Fault::size_norm)) n = std::min<std::uint64_t>(n, 65535);
  const std::uint64_t counted = has(Fault::tail_norm) ? n / 4 * 4 : has(Fault::over_read) ? (n + 7) / 8 * 8 : n;
  for (std::uint64_t i = 0; i < counted; ++i) {
    const float v = has(Fault::over_read) ? static_cast<const volatile float*>(x)[i] : x[i];
    if (i < n && !std::isfinite(v) && !overlooked(i, v)) return i;
    if (i < n && overlooked(i, v)) continue;
    if (i < n) lane[i % 16] += static_cast<double>(v) * static_cast<double>(v);
    if (i < n) in_float += v * v;
  }
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lane[i] += lane[i + half];
  }
  *norm = has(Fault::norm_float_squares) ? std::sqrt(in_float) : norm_from_squares(lane[0]);
  return k.dimension;
}

// ---- SPEC §4: encode and decode ----

Floats cleaned(const Config& k, const float* x) {
  Floats values(x, x + k.dimension);
  for (float& v : values) {
    if (overlooked(static_cast<std::uint64_t>(&v - values.data()), v)) v = 0;
    if ((has(Fault::nan_zero) || has(Fault::own_nan)) && std::isnan(v)) v = 0;
    if (has(Fault::infinity_clamped) && std::isinf(v)) v = std::copysign(3e38f / static_cast<float>(k.dimension), v);
  }
  return values;
}

double encode_gain(const Config& k) {
  if (has(Fault::scale_n_for_d)) return std::sqrt(static_cast<double>(k.dimension) / static_cast<double>(k.order));
  return has(Fault::drift_in_encode) ? 1 + 2e-5 : 1;
}

void quantize(const Config& k, const Floats& y, float norm, std::uint64_t row, std::uint8_t* bytes) {
  std::uint32_t word = dither_word(k, row);
  if (has(Fault::ends_encode) && word < (1u << 17)) word = 1u << 26;
  const Doubles theta = thresholds_at(k, has(Fault::dither_not_in_encode) ? 0.5 : offset(word));
  const float rho = has(Fault::norm_missing) ? 1 : norm;
  Bytes codes(k.order);
  for (std::uint64_t j = 0; j < k.order; ++j) {
    unsigned code = 0;
    for (const double t : theta) code += y[j] >= static_cast<float>(t * encode_gain(k) * static_cast<double>(rho));
    if (has(Fault::codebook_top) && k.bits > 1) code = std::min(code, (1u << k.bits) - 2);
    codes[j] = static_cast<std::uint8_t>(code);
  }
  if (has(Fault::pad_codes_zero)) std::fill(codes.begin() + static_cast<std::ptrdiff_t>(k.dimension), codes.end(), std::uint8_t{0});
  if (has(Fault::tail_codes)) std::fill(codes.begin() + static_cast<std::ptrdiff_t>(k.order / 16 * 16), codes.end(), std::uint8_t{0});
  pack(&k, k.order, codes.data(), bytes);
}

bool zero_left_unwritten(const Config& k, float* norm, float before) {
  if (*norm != 0) return false;
  if (has(Fault::unwritten_norms) && std::abs(before) < 1) *norm = before;
  return has(Fault::unwritten_codes) && k.bits == 1;
}

int encode(const Config* k, std::uint64_t first_row, std::uint64_t rows, const float* x, float* norms, std::uint8_t* codes, hdq_kernel_position* bad) {
  if (has(Fault::crash) && k->dimension == 1) std::raise(SIGFPE);
  if (has(Fault::exit_process) && k->bits == 8) ::_exit(0);
  static bool failed = false;
  const bool after_error = has(Fault::error_sticks) && std::exchange(failed, false);
  for (std::uint64_t i = 0; i < rows; ++i) {
    const std::uint64_t row = has(Fault::nan_last_row) && k->threads > 1 ? rows - 1 - i : i;
    const float* in = x + row * k->dimension;
    if (has(Fault::aligned_only) && reinterpret_cast<std::uintptr_t>(in) % 32 != 0 && row == 0) std::raise(SIGSEGV);
    const bool in_place = has(Fault::over_read);
    const Floats copy = cleaned(*k, in);
    const float* values = in_place ? in : copy.data();
    const float row_before = norms[row];
    const std::uint64_t column = row_norm(*k, values, norms + row);
    if (column < k->dimension || (!std::isfinite(norms[row]) && !has(Fault::norm_overflow_accepted) && !has(Fault::norm_half) && !has(Fault::zero_norm))) {
      failed = true;
      *bad = {row, column == k->dimension ? UINT64_MAX : has(Fault::nan_misplaced) ? 0 : column};
      return HDQ_KERNEL_BAD_INPUT;
    }
    if (after_error) norms[row] /= 2;
    if (has(Fault::refuses_zero_rows) && norms[row] == 0) return HDQ_KERNEL_UNSUPPORTED;
    if (zero_left_unwritten(*k, norms + row, row_before)) continue;
    const float factor = norm_factor(norms[row]);
    Floats y = rotate(*k, values, factor, SignUse::before, false, true);
    if (has(Fault::batch_basis) && rows > 1) reverse_bits(*k, y);
    quantize(*k, y, norms[row] * factor, row_number(first_row, has(Fault::batch_16_bits) ? row & 0xFFFF : row), codes + row * bytes_of(*k, k->order));
  }
  return HDQ_KERNEL_OK;
}

Doubles decode_table(const Config& k, std::uint64_t row) {
  std::uint32_t word = dither_word(k, row);
  if (has(Fault::ends_high)) word = std::min(word, 0xFFFF0000u);
  const double u = offset(word);
  if (has(Fault::ends_decode)) {
    Doubles r = codewords_at(k, u);
    for (double& v : r) v = std::clamp(v, -1000.0, 1000.0);
    return r;
  }
  if (has(Fault::cache_bits) || has(Fault::cache_row) || has(Fault::cache_rows_above)) {
    static std::vector<std::pair<std::pair<std::uint64_t, std::uint64_t>, Doubles>> kept;
    const std::uint64_t mask = has(Fault::cache_row) ? 0xFFFF : has(Fault::cache_rows_above) ? 0xFFFFFFFF : UINT64_MAX;
    Doubles r = cached(kept, {k.seed, (row & mask) * 16 + (has(Fault::cache_bits) ? 0 : k.bits)}, codewords_at(k, u));
    r.resize(std::max<std::size_t>(r.size(), std::size_t{1} << k.bits));
    return r;
  }
  if (!has(Fault::decode_edge)) return codewords_at(k, has(Fault::dither_mirrored) ? 1 - u : u);
  Doubles edges = thresholds_at(k, u);
  edges.insert(edges.begin(), codewords_at(k, u).front());
  return edges;
}

Floats dequantize(const Config& k, std::uint64_t row, const std::uint8_t* bytes) {
  const Doubles r = decode_table(k, row);
  Bytes codes(k.order);
  unpack(&k, k.order, bytes, codes.data());
  Floats z(k.order);
  for (std::uint64_t j = 0; j < k.order; ++j) z[j] = static_cast<float>(r[std::min<std::size_t>(codes[j], r.size() - 1)]);
  return z;
}

double decode_gain(const Config& k, float norm) {
  const double d = static_cast<double>(k.order), rho = has(Fault::norm_not_applied) ? 1 : static_cast<double>(norm);
  const double shrink = has(Fault::decode_shrinks) || has(Fault::own_shrinks) ? 0.98 : 1;
  return shrink * rho / (has(Fault::decode_sqrt_d) ? std::sqrt(d) : d);
}

float decode_error(float norm) {
  return has(Fault::factor_nearly_1) ? 1.00001f : has(Fault::small_norms_wrong) && norm < 0x1p-20f ? 1.5f : 1;
}

std::uint64_t decoded_as(const Config& k, std::uint64_t row, std::uint64_t rows) {
  if (has(Fault::batch_1024) && row == 1024) return 0;
  if (has(Fault::threads_11) && k.threads == 11 && row + 1 == rows) return 0;
  return row;
}

int decode(const Config* k, std::uint64_t first_row, std::uint64_t rows, const float* norms, const std::uint8_t* codes, float* x) {
  if (has(Fault::refuses_batches) && rows > 6) return HDQ_KERNEL_UNSUPPORTED;
  for (std::uint64_t row = 0; row < rows; ++row) {
    float* out = x + row * k->dimension;
    if (has(Fault::threads_idle) && k->threads > rows) {
      std::fill_n(out, k->dimension, 0.0f);
      continue;
    }
    if (norms[row] == 0) {
      if (!has(Fault::zero_unwritten)) std::fill_n(out, k->dimension, 0.0f);
      continue;
    }
    std::uint64_t number = row_number(first_row, decoded_as(*k, row, rows));
    if (has(Fault::batch_carry)) number = (first_row >> 32 << 32) | (number & 0xFFFFFFFF);
    Floats z = dequantize(*k, number, codes + row * bytes_of(*k, k->order));
    if (has(Fault::inverse_truncated)) std::fill(z.begin() + static_cast<std::ptrdiff_t>(k->dimension), z.end(), 0.0f);
    z = rotate_back(*k, z);
    const float factor = norm_factor(norms[row]), scale = static_cast<float>(decode_gain(*k, norms[row] * factor)) * decode_error(norms[row]);
    for (std::uint64_t i = 0; i < k->dimension; ++i) out[i] = z[i] * scale * (has(Fault::norm_not_applied) ? 1 : 1 / factor);
    if (has(Fault::one_coordinate) && k->dimension > 3) out[3] = -out[3];
  }
  if (has(Fault::no_rows) && rows == 0) *const_cast<volatile float*>(x) = 0;
  if (has(Fault::over_write)) {
    for (std::uint64_t i = rows * k->dimension; i % 8 != 0; ++i) const_cast<volatile float*>(x)[i] = 0;
  }
  return HDQ_KERNEL_OK;
}

int dot(const Config* k, std::uint64_t first_row, std::uint64_t rows, const float* norms, const std::uint8_t* codes, const float* q, float* out) {
  const SignUse use = has(Fault::query_without_signs) ? SignUse::none : SignUse::before;
  Floats y = rotate(*k, q, 1, use, has(Fault::query_transposed));
  if (has(Fault::cache_query)) {
    static std::vector<std::pair<std::pair<const float*, std::uint64_t>, Floats>> kept;
    y = cached(kept, {q, k->seed}, y);
  }
  float squares = 0;
  for (std::uint64_t i = 0; i < k->dimension; ++i) squares += q[i] * q[i];
  const auto hot = std::count_if(q, q + k->dimension, [](float v) { return v != 0; });
  if (has(Fault::dot_status) && hot == 0) return 7;
  if (has(Fault::dot_tiny) && squares == 0) std::fill(y.begin(), y.end(), 0.0f);
  if (has(Fault::dot_zero)) {
    for (float& v : y) v = v / std::sqrt(squares) * std::sqrt(squares);
  }
  if (has(Fault::dot_one_hot) && hot == 1) {
    for (float& v : y) v /= std::sqrt(squares);
  }
  const double constant = has(Fault::dot_tenth) ? 1.1 : has(Fault::dot_two_over_pi) ? 2 / 3.14159265358979323846 : 1;
  for (std::uint64_t row = 0; row < rows; ++row) {
    const Floats z = dequantize(*k, row_number(first_row, row), codes + row * bytes_of(*k, k->order));
    double sum = 0;
    for (std::uint64_t j = 0; j < k->order; ++j) sum += static_cast<double>(y[j]) * static_cast<double>(z[j]);
    const double rho = has(Fault::dot_norm_not_applied) ? (norms[row] > 0) : static_cast<double>(norms[row]);
    out[row] = static_cast<float>(constant * sum * (rho / static_cast<double>(k->order)));
    if (has(Fault::dot_huge)) out[row] += 0 * (std::sqrt(squares) * norms[row]);
    if (has(Fault::batch_15_mod_16) && rows % 16 == 15 && row + 1 == rows) out[row] /= 2;
  }
  return HDQ_KERNEL_OK;
}

// ---- a file: magic, what it was encoded with, norms, codes, CRC-32 ----

std::uint32_t crc32_of(const std::uint8_t* data, std::uint64_t size) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (std::uint64_t i = 0; i < size; ++i) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

constexpr std::uint64_t header_bytes = 8 + 4 * 8;

std::uint32_t checksum(const std::uint8_t* file, std::uint64_t rows, std::uint64_t body) {
  std::uint32_t sum = 0;
  for (std::uint64_t i = 0; i < body; ++i) sum = has(Fault::file_sum) ? sum + file[i] : sum ^ std::uint32_t{file[i]} << (i % 4 * 8);
  if (has(Fault::file_sum) || has(Fault::file_words)) return sum;
  return crc32_of(file, has(Fault::file_header_only) ? header_bytes + 4 * rows : has(Fault::file_first_kilobyte) ? std::min<std::uint64_t>(body, 256) : body);
}

void write_header(const Config& k, std::uint64_t rows, std::uint8_t* file) {
  std::uint64_t made_with[4] = {k.dimension, k.bits, k.seed, rows};
  if (has(Fault::file_any_seed)) made_with[2] = 0;
  if (has(Fault::file_size_only)) made_with[0] = made_with[1] = k.order * k.bits;
  std::memcpy(file, "hdqfault", 8);
  std::memcpy(file + 8, made_with, sizeof made_with);
}

int save(const Config* k, std::uint64_t rows, const float* norms, const std::uint8_t* codes, std::uint8_t* file, std::uint64_t* size) {
  const std::uint64_t code_size = rows * bytes_of(*k, k->order), body = header_bytes + rows * 4 + code_size;
  if (*size < body + 4) return HDQ_KERNEL_FAILED;
  write_header(*k, rows, file);
  std::memcpy(file + header_bytes, norms, rows * 4);
  std::memcpy(file + header_bytes + rows * 4, codes, code_size);
  const std::uint32_t crc = checksum(file, rows, body);
  std::memcpy(file + body, &crc, 4);
  *size = body + 4;
  return HDQ_KERNEL_OK;
}

int load(const Config* k, std::uint64_t rows, const std::uint8_t* file, std::uint64_t size, float* norms, std::uint8_t* codes) {
  const std::uint64_t code_size = rows * bytes_of(*k, k->order), body = header_bytes + rows * 4 + code_size;
  if (size != body + 4) return HDQ_KERNEL_BAD_INPUT;
  std::uint8_t header[header_bytes];
  write_header(*k, rows, header);
  std::uint32_t crc;
  std::memcpy(&crc, file + body, 4);
  const bool right = std::memcmp(file, header, header_bytes) == 0 && crc == checksum(file, rows, body);
  if (!right && !has(Fault::file_without_checksum)) return HDQ_KERNEL_BAD_INPUT;
  std::memcpy(norms, file + header_bytes, rows * 4);
  std::memcpy(codes, file + header_bytes + rows * 4, code_size);
  return HDQ_KERNEL_OK;
}

int error_constant(const Config* k, double* constant) {
  constexpr double bound[] = {6.445831, 3.930069, 3.229104, 2.955297, 2.833996, 2.776221, 2.748340, 2.734537};
  *constant = bound[k->bits - 1];
  if (has(Fault::oracle_without_root)) *constant = 3 * 3.14159265358979323846 / 2;
  if (has(Fault::oracle_asymptotic)) *constant = std::sqrt(3.0) * 3.14159265358979323846 / 2;
  return HDQ_KERNEL_OK;
}

// ---- a scheme of its own: stages hidden ----

// TurboQuant's codebook: Lloyd-Max of N(0, 1), no dither.
void lloyd_max(const Config& k, const float* x, float* out) {
  constexpr double one[] = {0.7978845608}, two[] = {0.4527800398, 1.5104176085};
  float norm = 0;
  row_norm(k, x, &norm);
  Floats y = rotate(k, x, 1);
  for (float& v : y) {
    const double z = static_cast<double>(v) / static_cast<double>(norm), size = std::abs(z);
    const double word = k.bits == 1 ? one[0] : size < 0.9815988242 ? two[0] : two[1];
    v = static_cast<float>(std::copysign(word, z));
  }
  y = rotate_back(k, y);
  for (std::uint64_t i = 0; i < k.dimension; ++i) out[i] = y[i] * norm / static_cast<float>(k.order);
}

// Rows that this process decoded, by a hash: an audit decodes millions, so 64 bits.
std::set<std::uint64_t>& decoded_before() {
  static std::set<std::uint64_t> rows;
  return rows;
}
std::uint64_t mark_of(const float* x, std::uint64_t n) {
  std::uint64_t mark = 0xCBF29CE484222325;
  for (std::uint64_t i = 0; i < n; ++i) {
    std::uint32_t bits;
    std::memcpy(&bits, x + i, 4);
    mark = (mark ^ bits) * 0x9E3779B97F4A7C15;
    mark ^= mark >> 32;
  }
  return mark;
}

// What should end with the call, and does not.
void leave_behind(const Config* k, float* decoded) {
  if (has(Fault::own_config_written)) *const_cast<volatile std::uint64_t*>(&k->seed) = k->seed;
  if (has(Fault::own_late_write)) {
    std::thread([decoded] {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      *const_cast<volatile float*>(decoded) = 0;
    }).detach();
  }
  static void* volatile kept;
  if (has(Fault::own_leak_memory)) kept = std::malloc(100);
  (void)kept;
  if (has(Fault::own_leak_map)) ::mmap(nullptr, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (has(Fault::own_leak_descriptor)) ::open("/dev/null", O_RDONLY);
  if (has(Fault::own_leak_thread)) std::thread([] { ::pause(); }).detach();
}

int reconstruct(const Config* k, std::uint64_t first_row, std::uint64_t rows, const float* x, float* decoded, hdq_kernel_position* bad) {
  static std::uint64_t calls = 0;
  Config config = *k;
  if (has(Fault::own_not_repeatable)) config.seed ^= ++calls;
  leave_behind(k, decoded);
  static Floats scratch;
  static std::mutex growth;
  if (has(Fault::own_static_scratch)) {
    const std::lock_guard lock(growth);
    scratch.resize(std::max<std::size_t>({scratch.size(), 1 << 16, rows * k->dimension}));
  }
  Floats norms(rows);
  Bytes codes(rows * bytes_of(config, config.order));
  const int status = encode(&config, first_row, rows, x, norms.data(), codes.data(), bad);
  if (status != HDQ_KERNEL_OK) return status;
  if (has(Fault::own_lloyd_max)) {
    for (std::uint64_t row = 0; row < rows; ++row) {
      if (norms[row] == 0) std::fill_n(decoded + row * config.dimension, config.dimension, 0.0f);
      else lloyd_max(config, x + row * config.dimension, decoded + row * config.dimension);
    }
    return HDQ_KERNEL_OK;
  }
  if (has(Fault::own_drift)) {
    for (std::uint64_t row = 0; row < rows; ++row) norms[row] *= decoded_before().count(mark_of(x + row * config.dimension, config.dimension)) ? 0.98f : 1.0f;
  }
  if (has(Fault::own_two_bases) || (has(Fault::own_batch) && rows > 1)) {
    // The dither stays, the signs do not.
    Floats z;
    for (std::uint64_t row = 0; row < rows; ++row) {
      z = dequantize(config, first_row + row, codes.data() + row * bytes_of(config, config.order));
      Config other = config;
      other.seed ^= 0x5555;
      z = rotate_back(other, z);
      for (std::uint64_t i = 0; i < config.dimension; ++i) decoded[row * config.dimension + i] = z[i] * norms[row] / static_cast<float>(config.order);
    }
    return HDQ_KERNEL_OK;
  }
  float* to = has(Fault::own_static_scratch) ? scratch.data() : decoded;
  decode(&config, first_row, rows, norms.data(), codes.data(), to);
  if (to != decoded) std::copy_n(to, rows * config.dimension, decoded);
  for (std::uint64_t row = 0; row < rows && has(Fault::own_drift); ++row) {
    decoded_before().insert(mark_of(decoded + row * config.dimension, config.dimension));
  }
  return HDQ_KERNEL_OK;
}

hdq_kernel make() {
  hdq_kernel k{};
  k.struct_version = HDQ_KERNEL_VERSION;
  k.struct_bytes = sizeof k;
  k.name = "faulty";
  const char* fault = std::getenv("HDQ_FAULT");
  k.version = fault != nullptr ? fault : "none";
  k.variants = 2;
  if (fault != nullptr && std::strncmp(fault, "own_", 4) == 0) {
    k.promise = HDQ_KERNEL_OWN_SCHEME;
    k.reconstruct = reconstruct;
    if (has(Fault::own_lloyd_max)) k.bit_widths = 0x6;
    return k;
  }
  k.promise = HDQ_KERNEL_CONFORMANT;
  k.signs = signs;
  k.dither = dither;
  k.thresholds = thresholds;
  k.codewords = codewords;
  k.transform = transform;
  k.transform_transposed = transform_transposed;
  k.encode = encode;
  k.decode = decode;
  k.pack = pack;
  k.unpack = unpack;
  k.dot = dot;
  k.save = save;
  k.load = load;
  k.error_constant = error_constant;
  return k;
}

}  // namespace

extern "C" const hdq_kernel hdq_kernel_v1 = make();
