// SPEC §7, "Length" and "Step for a rate or an error": rate and error of a step, and the ideal length, as enclosures.
//
// With s² = 1 + W²/12 the ideal length of a coarse code is −log2 of W·φ_s(W·(c + 1/2 − V))/S(V). Its mean over V is quadratic in z, and z² has
// mean 1 over the coordinates of any vector: every vector has the same mean ideal length. Poisson's summation and Jacobi's triple product give, with
// q = exp(−2π²s²/W²),
//   S(V) = Σ_m (−1)^m q^(m²) exp(2πi·mV) = Π_{n>=1} (1 − q^(2n))·|1 − q^(2n−1)·exp(2πiV)|²,
// and since log|1 − a·exp(2πiV)| has mean 0 for |a| < 1, E log2 S = Σ_{n>=1} log2(1 − q^(2n)), exactly.
#pragma once

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/uniform_step.hpp"

namespace hdq::reference {

// R(D) = ½·log2((πe/6)·(1 + 1/D)), D > 0.
Ball rate_of_error(const Rational& error);
// D(R) = (πe/6)/(4^R − πe/6), R > ½·log2(πe/6) = 0.2546…
Ball error_of_rate(const Ball& rate);

// The largest step with Δ² <= 12·D. Throws std::invalid_argument where that is not in [2^-10, 16].
float step_of_error(const Rational& error);
// The float32 number nearest to √(12·D(R)), 0.3 <= R <= 12; otherwise std::invalid_argument.
float step_of_rate(const Rational& rate);

// S(V), from its definition, and E log2 S over V in (0, 1).
Ball normaliser(const StepNumbers& step, const Ball& offset);
Ball mean_log2_normaliser(const StepNumbers& step);
// h + R(W²/12) + E log2 S, in bits per coordinate.
Ball ideal_length(const StepNumbers& step);

}  // namespace hdq::reference
