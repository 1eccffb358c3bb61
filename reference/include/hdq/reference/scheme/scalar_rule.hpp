// The comparators' scalar rules (SPEC §6) as functions of z: mean square error M(z) = E_U[(Q(z) − z)²] and mean E_U[Q(z)].
// Both are piecewise polynomials, M even and the mean odd. Built in comparators.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/numbers/taylor_series.hpp"

namespace hdq::reference {

// `codebook`: of somebody else (scheme/codebook.hpp), which has no rule of its own here.
enum class Scheme { dithered, lloyd_max, shifted, uniform, codebook };
const char* scheme_name(Scheme scheme);

// f on z >= 0: polynomial i (in z) on [breaks[i], breaks[i + 1]], breaks[0] = 0, the last one on [breaks.back(), ∞);
// f(−z) = f(z) or −f(z), and an odd f is 0 at 0 whatever its first polynomial says.
struct PiecewisePolynomial {
  enum class Parity { even, odd };
  Parity parity;
  std::vector<Ball> breaks;
  std::vector<TaylorSeries> polynomials;

  std::size_t degree() const { return polynomials.front().terms() - 1; }
  // The hull over the pieces that the ball z meets.
  Ball operator()(const Ball& z) const;
};

struct ScalarRule {
  PiecewisePolynomial mse;   // M
  PiecewisePolynomial mean;  // E_U Q
  PiecewisePolynomial correlation() const;  // z·mean(z), even
};

ScalarRule lloyd_max_rule(std::int64_t levels);
// Q(z − δ(U − 1/2)) + δ(U − 1/2), Q = lloyd-max, δ = the width of its central cell; N = 2 has no bounded cell, and δ is the
// distance of its two codewords there.
ScalarRule shifted_rule(std::int64_t levels);
// Subtractive dither with the uniform step Δ: g(v) = Δ(v − N/2) in SPEC §3, the code clamped to 0 … N − 1.
ScalarRule uniform_rule(std::int64_t levels, const Ball& step);
// The Δ that minimizes E M over a normal z, rounded to a multiple of 2^-20: large steps coarsen, small ones overload.
Ball uniform_step(std::int64_t levels);
ScalarRule scalar_rule(Scheme comparator, std::int64_t levels);

}  // namespace hdq::reference
