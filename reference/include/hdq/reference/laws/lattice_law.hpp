// E f(S) for a continuous piecewise polynomial f and any vector, where S has too many sums and f too many kinks for the other
// methods: a Rademacher sum rounded to a lattice without changing its mean, so that errors are of second order.
//
// Each ±w_i is replaced by a variable on τZ: ±kτ or ±(k + 1)τ, k = ⌊w_i/τ⌋, with the probabilities that keep its mean given the
// sign. Then S⁺ = S + D with E[D | ε] = 0, v = E D² = τ² Σ p_i(1 − p_i), and the law of S⁺ is a convolution in O(d/τ). For f with
// second derivative f'' between kinks and slope jumps c_k at θ_k,
//   E f(S⁺) − E f(S) ∈ (v/2)·[inf f'', sup f''] + Σ_k c_k [0, B_k],
//   B_k = ∫_0^∞ P(|D| > r | ε) P(|S − θ_k| <= r) dr,   P(|S − θ| <= r) <= (4/3) P(|S⁺ − θ| <= r + 2√v),
// because f(s + D) − f(s) − f'(s) D is half D² f'' between kinks, a kink adds at most (|D| − |s − θ|)⁺ of its jump, and given ε,
// |D| <= 2√v with probability 3/4 at least (Chebyshev), 1 − 2 exp(−2r²/(dτ²)) for r (Hoeffding).
#pragma once

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/laws/rademacher_sum.hpp"
#include "hdq/reference/scheme/scalar_rule.hpp"

namespace hdq::reference {

// `majorant`: f(z) <= majorant·cosh z. `work`: lattice updates to spend, d·(range of S)/τ; a few 10⁹ a second or two each.
Ball lattice_expectation(const RademacherSum& sum, const PiecewisePolynomial& even, const Ball& majorant, double work);

}  // namespace hdq::reference
