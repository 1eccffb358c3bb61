#include "hdq/validate/checks/oracle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "hdq/reference/expectation/expected_error.hpp"
#include "hdq/reference/judge/rounding_bounds.hpp"
#include "hdq/reference/scheme/philox.hpp"
#include "hdq/reference/scheme/scalar_quantizer.hpp"
#include "hdq/reference/scheme/vector_quantizer.hpp"
#include "hdq/stages.hpp"

namespace hdq::validate {

using namespace hdq::reference;

reference::HadamardOrder hadamard_of(const Config& config) { return reference::hadamard_order(config.order); }

namespace {

template <class T>
std::vector<double> rounded(const std::vector<T>& mantissas, int exponent) {
  std::vector<double> values;
  for (const T& m : mantissas) values.push_back(std::ldexp(reference::detail::to_double(m), exponent));
  return values;
}

template <class T>
std::vector<double> rotate_over(const Config& config, const float* x, bool back, const DyadicScale& scale) {
  const reference::HadamardOrder d = hadamard_of(config);
  const std::vector<int> epsilon = signs(config.seed, config.order);
  if (!back) return rounded(rotate_exactly<T>(d, epsilon, x, config.dimension, scale).mantissas, scale.exponent);
  std::vector<T> z = dyadic_mantissas<T>(x, config.order, scale);
  hadamard_transform_transposed(d, z);
  z.resize(config.dimension);
  for (std::size_t i = 0; i < z.size(); ++i) {
    if (epsilon[i] < 0) z[i] = -z[i];
  }
  return rounded(z, scale.exponent);
}

std::vector<double> rotate(const Config& config, const float* x, bool back) {
  const DyadicScale scale = dyadic_scale(x, back ? config.order : config.dimension);
  const int bits = transform_bits(hadamard_of(config), scale);
  if (bits <= 63) return rotate_over<std::int64_t>(config, x, back, scale);
  if (bits <= 127) return rotate_over<__int128>(config, x, back, scale);
  return rotate_over<Integer>(config, x, back, scale);
}

int spec_stages(std::size_t order) {
  const reference::HadamardOrder d = reference::hadamard_order(order);
  return transform_addition_stages(d.base, d.log2);
}

}  // namespace

double growth(int roundings) {
  // Asked for at every coordinate, and always about the same few.
  static thread_local std::map<int, double> known;
  const auto [at, unknown] = known.try_emplace(roundings, 0.0);
  if (unknown) at->second = transform_error_bound(Ball(1), roundings).upper_double();
  return at->second;
}

std::vector<double> exact_rotation(const Config& config, const float* x) { return rotate(config, x, false); }
std::vector<double> exact_rotation_back(const Config& config, const float* y) { return rotate(config, y, true); }

int addition_stages(const Session& session, std::size_t order) {
  if (session.info().promise == Promise::bit_exact) return spec_stages(order);
  return static_cast<int>(order) - 1 + 5;
}

double transform_bound(const Session& session, std::size_t order, double sum) {
  // Two roundings of sum itself and one of the product are in the last factor.
  return growth(addition_stages(session, order)) * sum * (1 + 0x1p-50);
}

namespace {

constexpr int conversions = 5;             // roundings of products and conversions
constexpr double up = 1 + 0x1p-40;         // more than what the few operations in double below lose
constexpr double codebook_precision = 0x1p-40;

}  // namespace

double legal_norm_bound(std::size_t dimension, double exact_norm) {
  return (growth(static_cast<int>(dimension) + 2) * exact_norm + 0x1p-149) * up;
}

double legal_code_bound(const Config& config, double magnitudes_of_x, double rho, double theta) {
  const double size = std::abs(theta), rotation = growth(static_cast<int>(config.order) - 1 + conversions) * magnitudes_of_x;
  const double threshold = (growth(conversions) * (size + codebook_precision * (1 + size)) + codebook_precision * (1 + size)) * rho;
  // Scaling down (SPEC §4) may lose half of the smallest number of each coordinate.
  const double lost = static_cast<double>(config.dimension + 1) * 0x1p-149 * (rho > 0x1p100 ? 0x1p100 : 1);
  return (rotation + threshold + lost) * up;
}

double legal_decode_bound(std::size_t order, double rho, double magnitudes_of_codewords) {
  const double d = static_cast<double>(order), g = growth(static_cast<int>(order) - 1 + conversions);
  const double codebook = codebook_precision * (d + magnitudes_of_codewords);
  return rho == 0 ? 0 : ((g * (magnitudes_of_codewords + codebook) + codebook) * (rho / d) + conversions * 0x1p-149) * up;
}

double legal_dot_bound(const Config& config, double query, double rho, double codewords) {
  const double d = static_cast<double>(config.order), g = growth(2 * (static_cast<int>(config.order) - 1 + conversions));
  const double codebook = codebook_precision * (d + codewords);
  // Where decoded values, rotated queries or products are below 2^-126 each loses up to 2^-150.
  const double lost = (query + codewords + rho + d) * conversions * 0x1p-149;
  return ((g * (codewords + codebook) + codebook) * query * (rho / d) + lost) * up;
}

bool dot_may_overflow(const Config& config, double query, double rho, double codewords) {
  const double d = static_cast<double>(config.order), limit = 0x1p127;
  return query > limit || query * codewords > limit || query * codewords * (rho / d) > limit || codewords * (rho / d) > limit;
}

double sum_of_magnitudes(const float* x, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += std::abs(static_cast<double>(x[i]));
  return sum;
}

double ulp(float value) {
  const float size = std::abs(value);
  if (!std::isfinite(size)) return std::numeric_limits<double>::infinity();
  return size < 0x1p-126f ? 0x1p-149 : std::ldexp(1.0, std::ilogb(size) - 23);
}
double ulp(double value) {
  const double size = std::abs(value);
  if (!std::isfinite(size)) return std::numeric_limits<double>::infinity();
  return size < 0x1p-1022 ? 0x1p-1074 : std::ldexp(1.0, std::ilogb(size) - 52);
}

void hadamard_in_place(const Config& config, std::vector<double>& x, bool transposed) {
  if (transposed) hadamard_transform_transposed(hadamard_of(config), x);
  else hadamard_transform(hadamard_of(config), x);
}

std::vector<double> rotation_with(const Config& config, const float* x, SignUse use, bool transposed) {
  const std::vector<int> epsilon = signs(config.seed, config.order);
  std::vector<double> y(config.order, 0.0);
  for (std::size_t i = 0; i < config.dimension; ++i) {
    y[i] = static_cast<double>(x[i]);
    if (use == SignUse::spec) y[i] *= epsilon[i];
    if (use == SignUse::flipped) y[i] *= -epsilon[i];
  }
  hadamard_in_place(config, y, transposed);
  for (std::size_t i = 0; i < y.size() && use == SignUse::after; ++i) y[i] *= epsilon[i];
  return y;
}

std::vector<std::uint8_t> codes_with(const std::vector<double>& y, double rho, const std::vector<double>& thresholds) {
  std::vector<std::uint8_t> codes;
  for (const double value : y) {
    const auto above = std::upper_bound(thresholds.begin(), thresholds.end(), value, [rho](double v, double t) { return v < t * rho; });
    codes.push_back(static_cast<std::uint8_t>(above - thresholds.begin()));
  }
  return codes;
}

namespace {

// The word whose offset is u, if there is one.
bool word_of(double u, std::uint32_t& word) {
  const double w = std::ldexp(u, 32) - 0.5;
  if (!(w >= 0 && w <= UINT32_MAX && w == std::floor(w))) return false;
  word = static_cast<std::uint32_t>(w);
  return true;
}

}  // namespace

std::vector<double> thresholds_at(int bits, double u) {
  if (std::uint32_t word; word_of(u, word)) {
    std::vector<double> values((std::size_t{1} << bits) - 1);
    hdq::thresholds(bits, word, values.data());
    return values;
  }
  Precision precision(96);
  const Generator g = Generator::shipped(bits);
  std::vector<double> values;
  for (std::int64_t k = 1; k < g.levels(); ++k) values.push_back(g.threshold(k, Ball(u)).mid_double());
  return values;
}

std::vector<double> codewords_at(int bits, double u) {
  if (std::uint32_t word; word_of(u, word)) {
    std::vector<double> values(std::size_t{1} << bits);
    hdq::codewords(bits, word, values.data());
    return values;
  }
  Precision precision(96);
  const Generator g = Generator::shipped(bits);
  std::vector<double> values;
  for (std::int64_t k = 0; k < g.levels(); ++k) values.push_back(g.codeword(k, Ball(u)).mid_double());
  return values;
}

namespace {

bool close(const Reproduction& row, double factor) {
  for (std::size_t i = 0; i < row.got.size(); ++i) {
    if (!(std::abs(row.got[i] - factor * row.hypothesis[i]) <= row.bound * std::abs(factor) + 0x1p-50 * std::abs(row.got[i]))) return false;
  }
  return true;
}

struct NamedFactor {
  const char* name;
  double constant;     // of d and n
  double norm_power;   // times ρ to this
};

std::vector<NamedFactor> named_factors(const Config& config) {
  const double n = static_cast<double>(config.dimension), d = static_cast<double>(config.order);
  return {{"1/ρ", 1, -1},           {"ρ", 1, 1},          {"1/ρ²", 1, -2},      {"−1", -1, 0},
          {"2", 2, 0},              {"1/2", 0.5, 0},      {"1/√2", std::sqrt(0.5), 0}, {"√2", std::sqrt(2.0), 0}, {"1/√d", 1 / std::sqrt(d), 0},
          {"1/d", 1 / d, 0},        {"√d", std::sqrt(d), 0}, {"d", d, 0},       {"1/√(2d)", 1 / std::sqrt(2 * d), 0},
          {"√(n/d)", std::sqrt(n / d), 0}, {"√(d/n)", std::sqrt(d / n), 0}, {"n/d", n / d, 0}, {"d/n", d / n, 0}, {"√d/ρ", std::sqrt(d), -1}};
}

}  // namespace

Comparison comparison_of(const Reproduction& row) {
  return {row.got, row.hypothesis, std::vector<double>(row.got.size(), row.bound)};
}

bool reproduces(const std::vector<Reproduction>& rows) {
  return std::all_of(rows.begin(), rows.end(), [](const Reproduction& row) { return close(row, 1); });
}

std::optional<Explanation> explain_zero_tail(const std::vector<Reproduction>& rows) {
  const std::size_t n = rows.front().got.size();
  for (std::size_t lanes = 2; lanes <= 64; lanes *= 2) {
    std::vector<Reproduction> cut = rows;
    for (Reproduction& row : cut) std::fill(row.hypothesis.begin() + static_cast<std::ptrdiff_t>(n / lanes * lanes), row.hypothesis.end(), 0.0);
    if (n % lanes != 0 && n > lanes && reproduces(cut)) return Explanation{"tail-of-a-simd-loop", fmt::format("the last n mod {} coordinates are 0", lanes)};
  }
  return std::nullopt;
}

std::optional<Factor> common_factor(const std::vector<Reproduction>& rows, const Config& config) {
  // The coordinate that tells the factor best; how many tell it at all.
  double ratio = 0, precision = 0;
  std::size_t telling = 0;
  for (const Reproduction& row : rows) {
    for (std::size_t i = 0; i < row.got.size(); ++i) {
      const double size = std::abs(row.hypothesis[i]);
      if (size > 1e3 * row.bound) ++telling;
      if (!(row.bound > 0) || !std::isfinite(row.got[i]) || size / row.bound <= precision) continue;
      precision = size / row.bound;
      ratio = row.got[i] / row.hypothesis[i];
    }
  }
  if (telling < 4 || !(precision > 0)) return std::nullopt;
  for (const NamedFactor& f : named_factors(config)) {
    const auto value = [&](const Reproduction& row) { return f.constant * (row.norm > 0 ? std::pow(row.norm, f.norm_power) : 1); };
    // Something must tell it from 1.
    if (std::all_of(rows.begin(), rows.end(), [&](const Reproduction& row) { return std::abs(value(row) - 1) < 1e-9; })) continue;
    if (!std::all_of(rows.begin(), rows.end(), [&](const Reproduction& row) { return close(row, value(row)); })) continue;
    const std::string number = f.norm_power == 0 && f.constant != 0 ? fmt::format("{:.6g} = ", f.constant) : "";
    return Factor{number + f.name, true, f.norm_power == -1 && f.constant == 1};
  }
  if (!(std::abs(ratio - 1) > 4 / precision)) return std::nullopt;
  // A number that was measured: to twice the bound.
  std::vector<Reproduction> twice = rows;
  for (Reproduction& row : twice) row.bound *= 2;
  if (!std::all_of(twice.begin(), twice.end(), [&](const Reproduction& row) { return close(row, ratio); })) return std::nullopt;
  return Factor{fmt::format("{:.6g}", ratio), false, false};
}

}  // namespace hdq::validate
