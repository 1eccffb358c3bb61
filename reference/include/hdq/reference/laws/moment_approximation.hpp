// M approximated by functions of z whose expectation under any Rademacher sum is a product over coordinates (SPEC §5.4):
//   F(z) = a_0 + a_2 z² + Σ_k c_k cos(ω_k z),        E F(S) = a_0 + a_2 + Σ_k c_k Π_i cos(ω_k x_i/‖x‖),
//   |M(z) − F(z)| <= η exp(λ z²) for all real z,      so |E M(S) − E F(S)| <= η (1 − 2λ)^(−1/2),
// in O(d) per term and for every vector in every dimension. The coefficients come from least squares, where nothing is
// claimed; the residual bound is proved piece by piece on MseExpansion, and beyond its last piece by MseExpansion::tail.
#pragma once

#include <cstddef>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/mse_expansion.hpp"
#include "hdq/reference/laws/rademacher_sum.hpp"

namespace hdq::reference {

class MomentApproximation {
 public:
  struct Cosine {
    Ball frequency, coefficient;  // exact
  };

  // Throws std::runtime_error where κ is so small that exp(z/κ) outgrows exp(λz²) over the whole affordable range.
  explicit MomentApproximation(MseExpansion& expansion, std::size_t cosines = 0);

  // E M(S) with its proved error.
  Ball expectation(const RademacherSum& sum) const;
  // E F(S) for a unit vector in double, and its gradient with respect to x; no claim is attached.
  double estimate(const std::vector<double>& x, std::vector<double>* gradient = nullptr) const;

  const Ball& constant() const { return constant_; }
  const Ball& quadratic() const { return quadratic_; }
  const std::vector<Cosine>& cosines() const { return cosines_; }
  const Ball& eta() const { return eta_; }
  const Ball& lambda() const { return lambda_; }
  Ball error() const { return eta_ / sqrt(1 - ldexp(lambda_, 1)); }  // of expectation(), beside rounding

 private:
  void fit(MseExpansion& expansion, double extent, std::size_t cosines);
  Ball residual_on_pieces(MseExpansion& expansion, std::size_t last) const;
  Ball residual_on_piece(const MseExpansion::Piece& piece, const Ball& reach) const;
  Ball residual_beyond(const MseExpansion::Tail& tail) const;

  Ball constant_, quadratic_, eta_, lambda_;
  std::vector<Cosine> cosines_;
};

}  // namespace hdq::reference
