// The vector quantizer (SPEC §4) in real arithmetic, given the stored norm ρ:
//   y = H D x exactly (floats are dyadic rationals),  code_j = #{k : y_j >= θ_k(U)·ρ},  x̂ = (ρ/d)·D Hᵀ ẑ,
//   E_U‖x̂ − x‖² = (ρ²/d)·Σ_j M(y_j/ρ)   over all d coordinates, for the given signs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/hadamard.hpp"
#include "hdq/reference/scheme/philox.hpp"
#include "hdq/reference/scheme/scalar_quantizer.hpp"

namespace hdq::reference {

// ‖x‖ as an enclosure.
inline Ball exact_norm(const float* x, std::size_t n) {
  Ball sum;
  for (std::size_t i = 0; i < n; ++i) sum += square(Ball(static_cast<double>(x[i])));
  return sqrt(sum);
}

// y = H D x, y_j = mantissa_j · 2^exponent.
template <class T>
struct ExactRotation {
  std::vector<T> mantissas;
  int exponent;
};

// The rotation over T, which must hold transform_bits(d, scale) bits.
template <class T>
ExactRotation<T> rotate_exactly(const HadamardOrder& d, const std::vector<int>& epsilon, const float* x, std::size_t n,
                                const DyadicScale& scale) {
  ExactRotation<T> y{dyadic_mantissas<T>(x, n, scale), scale.exponent};
  for (std::size_t i = 0; i < n; ++i) {
    if (epsilon[i] < 0) y.mantissas[i] = -y.mantissas[i];
  }
  y.mantissas.resize(d.order, T(0));
  hadamard_transform(d, y.mantissas);
  return y;
}

// Code j in bits [j·b, (j + 1)·b) of a little-endian bit string.
inline std::vector<std::uint8_t> unpack_codes(int bits, const std::uint8_t* bytes, std::size_t count) {
  std::vector<std::uint8_t> codes(count);
  for (std::size_t position = 0; position < count * static_cast<std::size_t>(bits); ++position) {
    const int bit = (bytes[position / 8] >> (position % 8)) & 1;
    const std::size_t j = position / static_cast<std::size_t>(bits), within = position % static_cast<std::size_t>(bits);
    codes[j] = static_cast<std::uint8_t>(codes[j] | bit << within);
  }
  return codes;
}

class VectorQuantizer {
 public:
  // x has n coordinates; signs may be given instead of drawn, for enumeration.
  VectorQuantizer(std::size_t n, ScalarQuantizer scalar, std::vector<int> epsilon)
      : n_(n), order_(hadamard_order(n)), scalar_(std::move(scalar)), epsilon_(std::move(epsilon)) {
    if (epsilon_.size() != order_.order) throw std::invalid_argument("one sign per rotated coordinate");
  }
  VectorQuantizer(std::size_t n, int bits, std::uint64_t seed)
      : VectorQuantizer(n, ScalarQuantizer(bits), signs(seed, hadamard_order(n).order)) {}

  std::size_t dimension() const { return n_; }
  const HadamardOrder& order() const { return order_; }
  const ScalarQuantizer& scalar() const { return scalar_; }
  const std::vector<int>& epsilon() const { return epsilon_; }

  // y = H D x, d exact balls.
  std::vector<Ball> rotate(const float* x) const {
    const DyadicScale scale = dyadic_scale(x, n_);
    const auto y = rotate_exactly<Integer>(order_, epsilon_, x, n_, scale);
    std::vector<Ball> balls;
    for (const Integer& mantissa : y.mantissas) balls.push_back(ldexp(Ball(mantissa), y.exponent));
    return balls;
  }

  std::vector<std::int64_t> encode(const float* x, float rho, const Ball& u) const {
    std::vector<std::int64_t> codes;
    for (const Ball& y : rotate(x)) codes.push_back(scalar_.encode(y, Ball(static_cast<double>(rho)), u));
    return codes;
  }

  // x̂, n enclosures.
  std::vector<Ball> decode(const std::vector<std::int64_t>& codes, float rho, const Ball& u) const {
    if (codes.size() != order_.order) throw std::invalid_argument("one code per rotated coordinate");
    std::vector<Ball> z;
    for (const std::int64_t code : codes) z.push_back(scalar_.decode(code, u));
    return rotate_back(std::move(z), rho);
  }
  // (ρ/d)·D Hᵀ z, truncated to n.
  std::vector<Ball> rotate_back(std::vector<Ball> z, float rho) const {
    hadamard_transform_transposed(order_, z);
    z.resize(n_);
    const Ball scale = Ball(static_cast<double>(rho)) / order_.order;
    for (std::size_t i = 0; i < n_; ++i) z[i] *= epsilon_[i] * scale;
    return z;
  }

  // E_U‖x̂ − x‖² over all d coordinates (x padded with zeros) for these signs.
  Ball expected_squared_error(const float* x, float rho) const {
    const Ball norm(static_cast<double>(rho));
    if (rho == 0) return Ball(0);
    Ball sum;
    for (const Ball& y : rotate(x)) sum += scalar_.mse(y / norm);
    return square(norm) / order_.order * sum;
  }

 private:
  std::size_t n_;
  HadamardOrder order_;
  ScalarQuantizer scalar_;
  std::vector<int> epsilon_;
};

}  // namespace hdq::reference
