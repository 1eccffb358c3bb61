// The generator of the dithered scalar quantizer (SPEC §3):
//   g(v) = σ·Φ⁻¹(v/N) + κ·(1/(N − v) − 1/v),   G(v) = ∫g = −σ N φ(Φ⁻¹(v/N)) − κ·ln(v (N − v)),   0 < v < N,
// and what it defines: codeword k = g(k + U), threshold k = G(k + U) − G(k − 1 + U).
//
// g is odd and G even about N/2. Near the lower end v itself is the distance to the end, so a ball v keeps its relative
// accuracy there; near the upper end pass the distance w = N − v and use g = −g(w), G = G(w). Arguments past N/2 are
// reflected here, exactly when v is exact (as k + U is).
#pragma once

#include <cstdint>
#include <stdexcept>
#include <utility>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/numbers/normal.hpp"
#include "hdq/reference/numbers/real.hpp"
#include "hdq/reference/scheme/shipped_constants.hpp"

namespace hdq::reference {

class Generator {
 public:
  // N >= 2 levels, σ > 0, κ > 0.
  Generator(std::int64_t levels, Real sigma, Real kappa)
      : levels_(levels), sigma_(std::move(sigma)), kappa_(std::move(kappa)) {
    if (levels < 2) throw std::invalid_argument("a quantizer needs at least 2 levels");
    if (!sigma_().certainly_positive() || !kappa_().certainly_positive()) {
      throw std::invalid_argument("sigma and kappa must be positive");
    }
  }

  // The table of SPEC §3.
  static Generator shipped(int bits) {
    if (bits < 1 || bits > shipped_bits) throw std::invalid_argument("bits must be 1 to " + std::to_string(shipped_bits));
    return Generator(std::int64_t{1} << bits, Rational(shipped_sigma_times_64[bits - 1], 64),
                     Rational(shipped_kappa_times_64[bits - 1], 64));
  }

  std::int64_t levels() const { return levels_; }  // N
  Ball sigma() const { return sigma_(); }
  Ball kappa() const { return kappa_(); }

  // q = Φ⁻¹(v/N), g(v) and G(v) together: they share the quantile.
  struct Values {
    Ball quantile, g, antiderivative;
  };
  Values evaluate(const Ball& v) const {
    if (certainly_less(ldexp(Ball(levels_), -1), v)) {
      Values mirrored = evaluate_lower(complement(v));
      return {-mirrored.quantile, -mirrored.g, std::move(mirrored.antiderivative)};
    }
    return evaluate_lower(v);
  }
  Ball g(const Ball& v) const { return evaluate(v).g; }
  Ball antiderivative(const Ball& v) const { return evaluate(v).antiderivative; }
  // g'(v) = σ/(N φ(Φ⁻¹(v/N))) + κ·(1/(N − v)² + 1/v²), even about N/2.
  Ball derivative(const Ball& v) const { return derivative(v, evaluate(v).quantile); }
  // The same, given q = Φ⁻¹(v/N).
  Ball derivative(const Ball& v, const Ball& quantile) const {
    return sigma_() / (levels_ * normal_density(quantile)) + kappa_() * (1 / square(complement(v)) + 1 / square(v));
  }

  // r_k(U), k = 0 … N − 1.
  Ball codeword(std::int64_t k, const Ball& u) const {
    check_index(k, 0);
    return g(position(k, u));
  }
  // θ_k(U), k = 1 … N − 1: the mean of g between codewords k − 1 and k.
  Ball threshold(std::int64_t k, const Ball& u) const {
    check_index(k, 1);
    return antiderivative(position(k, u)) - antiderivative(position(k - 1, u));
  }

 private:
  Values evaluate_lower(const Ball& v) const {
    const Ball w = complement(v);
    Values r;
    r.quantile = normal_quantile(v / levels_);
    r.g = sigma_() * r.quantile + kappa_() * (1 / w - 1 / v);
    r.antiderivative = -sigma_() * levels_ * normal_density(r.quantile) - kappa_() * log(v * w);
    return r;
  }
  // k + U and N − v with 64 bits to spare: exact when U has at most 64 bits.
  static Ball position(std::int64_t k, const Ball& u) {
    Precision precision(working_precision() + 64);
    return k + u;
  }
  Ball complement(const Ball& v) const {
    Precision precision(working_precision() + 64);
    return levels_ - v;
  }
  void check_index(std::int64_t k, std::int64_t first) const {
    if (k < first || k >= levels_) throw std::out_of_range("no such codeword or threshold");
  }

  std::int64_t levels_;
  Real sigma_, kappa_;
};

}  // namespace hdq::reference
