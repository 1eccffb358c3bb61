// Layout of the polynomials in compand_tables.inc, and how far the code they give can be trusted (SPEC §3).
// tables/compand_tables.gen.cpp says what they approximate.
//
// With X = c⁻¹(y/ρ) + 1/2 − U the code of y is ⌊X⌋. The encoder computes x ≈ X + ε in float32,
//   s = fl(1/(w·ρ)),  i = round(y·s),  r = fl(y·s − i),  x = fl(P_i(r) + C),  C = 256 + N/2 + 1/2 − U + ε,
// w = compand_width; 256 puts x into [256, 512), where a float32 is a multiple of 2^-15. It takes ⌊x⌋ for the code where the
// fraction of x is at least 2ε, and where |y/ρ| is within range; elsewhere it compares y with the threshold itself. That is exact if
// ε is at least the sum of, F(z) = c⁻¹(z) − N/2,
//   (a) max |P_i(r) − F(w(i + r))| over |r| <= 1/2;
//   (b) what the errors of s, relative 2^-24, and of r, 2^-26, do to F: max F'(z)(2^-24 |z| + 2^-26 w), up to the factor below;
//   (c) rounding: fl(c_0 + C) and the last sum 2^-16 each, or, in AVX2's order, fl(C), P and the last sum 2^-16, 2^-18 and 2^-16;
//       the sums before the last, at most 2^-24·(|c_1| + |c_2| + …) <= 2^-19;
//   (d) what the errors of the thresholds do: the encoder's contract is y >= fl32(fl64(θ̂_k·ρ)) with |θ̂_k − θ_k| <= 2^-40 (1 + |θ_k|),
//       so that z is compared with some θ_k + e, |e| <= 2^-24 |θ_k| + 2^-39 (1 + |θ_k|); in terms of X that is max F'(z)·|e|.
// Together (a) + 2^-24·max F'(z)(2|z| + 1/4)·(1 + 2^-12) + 2^-15 + 2^-18 + 2^-19 <= ε.
// The test fast_compand_test encloses (a), the maximum, and Σ|c_i|, and checks the inequality.
#pragma once

#include <limits>

namespace hdq::detail {

inline constexpr float out_of_range = std::numeric_limits<float>::quiet_NaN();

#include "compand_tables.inc"

// Row i of `coefficients`: those of r^i, of segments 0 … 7, then −8 … −1; −8, which is also 8, lies out of range.
struct CompandTable {
  int degree;
  int error_exponent;  // ε = 2^error_exponent
  const float* coefficients;
};

inline constexpr int compand_min_bits = 3;
inline constexpr CompandTable compand_tables[6] = {  // [bits − 3]
    {compand_degree_3, -14, compand_3}, {compand_degree_4, -14, compand_4}, {compand_degree_5, -13, compand_5},
    {compand_degree_6, -12, compand_6}, {compand_degree_7, -14, compand_7}, {compand_degree_8, -14, compand_8}};

}  // namespace hdq::detail
