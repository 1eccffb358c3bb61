// Layout of the polynomials in compand_tables.inc, and how far the code they give can be trusted (SPEC §3).
// tables/compand_tables.gen.cpp says what they approximate.
//
// With X = c⁻¹(y/ρ) + 1/2 − U the code of y is ⌊X⌋. The encoder computes x ≈ base + X + ε in float32,
//   s = fl(1/(w·ρ)),  i = round(y·s),  r = fl(y·s − i),  x = fl(P_i(r) + C),  C = base + N/2 + 1/2 − U + ε,  w = compand_width,
// base = 2^e, e = compand_base_exponent, so that the significand of x has log2(base) bits of integer and below it the fraction.
// Where the fraction is at least 2ε and |y/ρ| is within range, the code is the integer; elsewhere y is compared with thresholds.
// That is exact if, with F(z) = c⁻¹(z) − N/2, ε is at least the sum of
//   (a) max |P_i(r) − F(w(i + r))| over |r| <= 1/2;
//   (b) what the errors of s, relative 2^-24, and of r, 2^-26, do to F: max F'(z)·(2^-24 |z| + 2^-26 w);
//   (c) rounding: in AVX-512's order fl(c_0 + C) and the last sum, 2^(e-24) each; in AVX2's fl(C) and the last sum, 2^(e-24) each,
//       and P before it, |P| < N/2, 2^-24·N/4; the sums before those, at most 2^-24·(|c_1| + … + |c_degree|)/2, since c_i enters
//       i of them, in all with the factor i·|r|^i <= 1/2;
//   (d) what the errors of the thresholds do. The contract is y >= fl32(fl64(θ̂_k·ρ)) with |θ̂_k − θ_k| <= 2^-40 (1 + |θ_k|): z is
//       compared with θ_k + η, |η| <= 2^-24 |θ_k| + 2^-39 (1 + |θ_k|). That moves the threshold of X by at most max F'(z)·|η|.
// Products of these errors with each other and the rounding of doubles are below 2^-19 times the sum of (b) and (d):
//   (a) + 2^-24 (max F'(z)·(2|z| + w/4 + 2^-12) + 2^(e+1) + N/4 + Σ|c_i|/2)·(1 + 2^-12) <= ε.
// proofs/float/CompanderPosition.v proves the codes from such an inequality, a segment at a time; fast_compand_test encloses both ends of this one.
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
constexpr int compand_base_exponent(int bits) { return bits < 8 ? 7 : 8; }
inline constexpr CompandTable compand_tables[6] = {  // [bits − 3]
    {compand_degree_3, -15, compand_3}, {compand_degree_4, -14, compand_4}, {compand_degree_5, -13, compand_5},
    {compand_degree_6, -13, compand_6}, {compand_degree_7, -15, compand_7}, {compand_degree_8, -14, compand_8}};

}  // namespace hdq::detail
