#include "hdq/reference/scheme/entropy_coded.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "hdq/reference/scheme/philox.hpp"
#include "hdq/reference/scheme/vector_quantizer.hpp"

namespace hdq::reference {
namespace {

// value = mantissa·2^exponent.
struct Dyadic {
  Integer mantissa;
  int exponent;
};

Dyadic dyadic(float value) {
  int exponent = 0;
  const double fraction = std::frexp(static_cast<double>(value), &exponent);
  return {Integer(static_cast<std::int64_t>(std::ldexp(fraction, 24))), exponent - 24};
}

// 2V·2^offset_bits, odd.
Integer twice_offset(std::uint32_t word, std::size_t j) {
  return 2 * Integer(weyl_word(word, j) >> (32 - offset_bits)) + 1;
}

void check_norm(float rho) {
  if (!std::isfinite(rho) || rho < 0) throw std::invalid_argument("a norm is finite and not negative");
}

}  // namespace

Integer CommonFraction::floor(std::size_t i) const {
  Integer quotient = numerators[i] / denominator;  // towards zero
  if (numerators[i] < 0 && quotient * denominator != numerators[i]) --quotient;
  return quotient;
}

EntropyCodedQuantizer::EntropyCodedQuantizer(std::size_t n, float step, std::vector<int> epsilon)
    : n_(n),
      order_(hadamard_order(n)),
      step_(step),
      range_(code_range(step_, order_.order)),
      epsilon_(std::move(epsilon)) {
  if (epsilon_.size() != order_.order) throw std::invalid_argument("one sign per rotated coordinate");
}

EntropyCodedQuantizer::EntropyCodedQuantizer(std::size_t n, float step, std::uint64_t seed)
    : EntropyCodedQuantizer(n, step, signs(seed, hadamard_order(n).order)) {}

// With ρΔ = P·2^p and y_j = m_j·2^e:  t_j·P·2^q = m_j·2^(e − p + q) + (2V·2^23)·P·2^(h − 24 + q), all exponents >= 0.
CommonFraction EntropyCodedQuantizer::dithered(const float* x, float rho, std::uint32_t word) const {
  check_norm(rho);
  if (rho == 0) throw std::invalid_argument("a row of zeros has no z");
  const auto y = rotate_exactly<Integer>(order_, epsilon_, x, n_, dyadic_scale(x, n_));
  const Dyadic norm = dyadic(rho), delta = dyadic(step_.step);
  const Integer scale = norm.mantissa * delta.mantissa;
  const int of_y = y.exponent - norm.exponent - delta.exponent, of_offset = step_.raw_bits - offset_bits - 1;
  const int q = std::max({0, -of_y, -of_offset});
  CommonFraction t{{}, scale << q};
  for (std::size_t j = 0; j < order_.order; ++j)
    t.numerators.push_back(y.mantissas[j] * (Integer(1) << (of_y + q)) +
                           twice_offset(word, j) * (scale << (of_offset + q)));
  return t;
}

std::vector<std::int64_t> EntropyCodedQuantizer::encode(const float* x, float rho, std::uint32_t word) const {
  check_norm(rho);
  std::vector<std::int64_t> codes(order_.order);
  if (rho == 0) return codes;
  const CommonFraction t = dithered(x, rho, word);
  const Integer least(range_.least), most(range_.most);
  for (std::size_t j = 0; j < t.size(); ++j) {
    const Integer k = t.floor(j);
    codes[j] = static_cast<std::int64_t>(k < least ? least : k > most ? most : k);
  }
  return codes;
}

// ẑ_j/Δ = k_j + 1/2 − 2^h·V_j, over 2^24.
CommonFraction EntropyCodedQuantizer::values(const std::vector<std::int64_t>& codes, std::uint32_t word) const {
  if (codes.size() != order_.order) throw std::invalid_argument("one code per rotated coordinate");
  const Dyadic delta = dyadic(step_.step);  // of an exponent <= 0: Δ has 24 bits and is at most 16
  CommonFraction z{{}, Integer(1) << (offset_bits + 1 - delta.exponent)};
  for (std::size_t j = 0; j < codes.size(); ++j)
    z.numerators.push_back(delta.mantissa * ((2 * Integer(codes[j]) + 1) * (Integer(1) << offset_bits) -
                                             twice_offset(word, j) * (Integer(1) << step_.raw_bits)));
  return z;
}

CommonFraction EntropyCodedQuantizer::decode(const std::vector<std::int64_t>& codes, float rho,
                                             std::uint32_t word) const {
  check_norm(rho);
  CommonFraction x = values(codes, word);
  hadamard_transform_transposed(order_, x.numerators);
  x.numerators.resize(n_);
  const Dyadic norm = dyadic(rho);
  const Integer up = Integer(1) << std::max(0, norm.exponent), down = Integer(1) << std::max(0, -norm.exponent);
  for (std::size_t i = 0; i < n_; ++i) x.numerators[i] *= epsilon_[i] * norm.mantissa * up;
  x.denominator *= Integer(order_.order) * down;
  return x;
}

}  // namespace hdq::reference
