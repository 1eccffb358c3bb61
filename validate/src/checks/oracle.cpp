#include "hdq/validate/checks/oracle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "hdq/stages.hpp"
#include "hdq/reference/expectation/expected_error.hpp"
#include "hdq/reference/scheme/vector_quantizer.hpp"
#include "hdq/reference/scheme/philox.hpp"
#include "hdq/reference/judge/rounding_bounds.hpp"
#include "hdq/reference/scheme/scalar_quantizer.hpp"

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

double growth(int stages) { return transform_error_bound(Ball(1), stages).upper_double(); }

}  // namespace

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

double bound_ratio(const Session& session, std::size_t order) {
  if (session.info().promise == Promise::bit_exact) return 1;
  // Every term of the judge's bounds is at least the transform's share or one of four roundings; an order of one has no additions.
  return growth(addition_stages(session, order)) / growth(std::max(1, spec_stages(order))) + 4;
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

double common_factor(const std::vector<double>& got, const std::vector<double>& expected, double tolerance) {
  double products = 0, squares = 0, largest = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    products += got[i] * expected[i];
    squares += expected[i] * expected[i];
    largest = std::max(largest, std::abs(expected[i]));
  }
  if (!(squares > 0) || !std::isfinite(products)) return std::numeric_limits<double>::quiet_NaN();
  const double factor = products / squares;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (!(std::abs(got[i] - factor * expected[i]) <= tolerance * std::abs(factor) * largest)) return std::numeric_limits<double>::quiet_NaN();
  }
  return factor;
}

std::string factor_name(double factor, const Config& config, double norm) {
  const double n = static_cast<double>(config.dimension), d = static_cast<double>(config.order);
  struct Named {
    double value;
    const char* name;
  };
  const Named named[] = {{1 / std::sqrt(d), "1/√d"},   {1 / d, "1/d"},          {std::sqrt(d), "√d"},        {d, "d"},
                         {1 / std::sqrt(2 * d), "1/√(2d)"}, {1 / std::sqrt(2), "1/√2"}, {std::sqrt(2), "√2"},  {std::sqrt(n / d), "√(n/d)"},
                         {std::sqrt(d / n), "√(d/n)"}, {n / d, "n/d"},          {d / n, "d/n"},              {-1, "−1"},
                         {0, "0"},                     {1 / norm, "1/ρ"},       {norm, "ρ"},                 {2, "2"},
                         {0.5, "1/2"},                 {1 / (norm * norm), "1/ρ²"}};
  for (const Named& candidate : named) {
    if (std::abs(factor - candidate.value) <= 1e-4 * std::abs(candidate.value)) return fmt::format("{:.6g} = {}", factor, candidate.name);
  }
  return fmt::format("{:.6g}", factor);
}

}  // namespace hdq::validate
