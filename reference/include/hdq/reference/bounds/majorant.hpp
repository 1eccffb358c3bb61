// Majorants of the mean squared error (SPEC §5.5): functions of a Rademacher sum S = Σ ε_i x_i, ‖x‖ = 1, whose expectation
// has a bound that no x and no d enter,
//   P(z) = a_0 + a_2 z² + a_4 z⁴ + Σ_k c_k cosh(s_k z) + Σ_k e_k exp(λ_k z²),      a_4, c_k, e_k >= 0,  0 <= λ_k < 1/2,
//   E P(S) <= a_0 + a_2 + 3 a_4 + Σ_k c_k exp(s_k²/2) + Σ_k e_k (1 − 2λ_k)^(−1/2) =: bound.
// If M(z) <= P(z) for all real z, then E‖x̂ − x‖² <= bound for every d and every unit x.
#pragma once

#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/numbers/taylor_series.hpp"

namespace hdq::reference {

struct Majorant {
  struct Term {
    Rational parameter;    // s_k or λ_k
    Rational coefficient;  // c_k or e_k
  };
  Rational constant = 0, quadratic = 0, quartic = 0;  // a_0, a_2, a_4
  std::vector<Term> cosh, exp_square;

  Ball bound() const {
    Ball sum = Ball(constant) + Ball(quadratic) + 3 * Ball(quartic);
    for (const Term& t : cosh) sum += Ball(t.coefficient) * exp(ldexp(square(Ball(t.parameter)), -1));
    for (const Term& t : exp_square) sum += Ball(t.coefficient) / sqrt(1 - 2 * Ball(t.parameter));
    return sum;
  }

  Ball operator()(const Ball& z) const { return (*this)(TaylorSeries(1, z))[0]; }

  // P(z(s)) for z a function of s.
  TaylorSeries operator()(const TaylorSeries& z) const {
    const TaylorSeries z2 = z * z;
    TaylorSeries sum = z2 * z2 * Ball(quartic) + z2 * Ball(quadratic);
    sum[0] += Ball(constant);
    for (const Term& t : cosh) {
      const TaylorSeries sz = z * Ball(t.parameter);
      sum += (exp(sz) + exp(sz * Ball(-1))) * Ball(t.coefficient / 2);
    }
    for (const Term& t : exp_square) sum += exp(z2 * Ball(t.parameter)) * Ball(t.coefficient);
    return sum;
  }
};

}  // namespace hdq::reference
