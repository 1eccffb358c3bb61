// Upper bounds of the rounding errors of a float32 implementation (SPEC §5.6), under the names of
// proofs/float/FloatTransform.v and proofs/float/FloatCode.v, where they are proved. Each returns a ball whose upper end
// is a true bound.
//
// Encoding, in the domain the fast code works in (x' = scale·x, ρ' = scale·ρ, scale a power of two, usually 1):
//   |fl(y'_j) − y'_j|        <= transform_error_bound(Σ|x'_i|, s) (+ n·2^-150 where scaling down underflowed),
//   |T_k − θ_k ρ'|           <= threshold_error_bound(θ_k, ρ', e),   T_k = fl32(fl64(θ̂_k ρ')), |θ̂_k − θ_k| <= e.
// Decoding:
//   |x̂_i − fl(x̂_i)|          <= decode_error_bound(…).
#pragma once

#include <cmath>
#include <cstddef>
#include <stdexcept>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/hadamard.hpp"

namespace hdq::reference {

inline Ball unit_roundoff() { return Ball::power_of_two(-24); }    // u
inline Ball underflow32() { return Ball::power_of_two(-150); }     // half of the smallest positive binary32 number
inline Ball unit_roundoff64() { return Ball::power_of_two(-53); }
inline Ball underflow64() { return Ball::power_of_two(-1075); }

// Thresholds and codewords are promised in double to codebook_error·(1 + |exact|).
inline Ball codebook_error(const Ball& exact) { return ldexp(1 + abs(exact), -40); }

// Additions on the longest path from an input to an output: k butterflies, then for B_m a tree of depth 2 within each group
// of four columns and a left-to-right sum over the m/4 groups.
inline int transform_addition_stages(int base, int log2) { return base == 1 ? log2 : log2 + 2 + (base / 4 - 1); }

// ((1 + u)^s − 1)·Σ|x_i|: every input meets s roundings, each a factor in [1 − u, 1 + u]; float addition never
// underflows inexactly.
inline Ball transform_error_bound(const Ball& sum_of_magnitudes, int stages) {
  return (pow(1 + unit_roundoff(), static_cast<unsigned long>(stages)) - 1) * sum_of_magnitudes;
}

// |fl32(fl64(θ̂ρ)) − θρ| for |θ̂ − θ| <= e.
inline Ball threshold_error_bound(const Ball& theta, const Ball& rho, const Ball& e) {
  const Ball relative = (1 + unit_roundoff()) * (1 + unit_roundoff64()) - 1;
  return rho * e + rho * (abs(theta) + e) * relative + ((1 + unit_roundoff()) * underflow64() + underflow32());
}

// |fl32(r̂) − r| for |r̂ − r| <= e.
inline Ball codeword_error_bound(const Ball& r, const Ball& e) {
  return e + (unit_roundoff() * (abs(r) + e) + underflow32());
}

// |fl(x̂_i) − x̂_i| for x̂_i = fl32(fl32(ρ/d)·(±fl(Hᵀ r32)_i)), from the sums over coordinates of |r_j|, of |r32_j| and of the
// codeword_error_bounds; the same for every i.
inline Ball decode_error_bound(const HadamardOrder& d, const Ball& rho, const Ball& sum_codewords, const Ball& sum_codewords32,
                               const Ball& sum_errors) {
  const Ball q = rho / d.order;
  const Ball transform = transform_error_bound(sum_codewords32, transform_addition_stages(d.base, d.log2)) + sum_errors;
  const Ball largest = sum_codewords + transform;
  const Ball scale_error = unit_roundoff() * q + underflow32();
  return q * transform + scale_error * largest + (unit_roundoff() * ((q + scale_error) * largest) + underflow32());
}

// |fl(ρ) − ‖x‖| for ρ = fl32(fl64(√ of the sum of exact squares in 16 lanes)): each square meets at most ⌈n/16⌉ + 3 additions
// (the first of a lane adds to 0), so the sum is within a factor (1 ± δ), δ = (1 + 2^-53)^(⌈n/16⌉+3) − 1, and
// |√(1 ± δ) − 1| <= δ. Squares are multiples of 2^-298 below 2^256: double neither rounds, underflows nor overflows them.
inline Ball norm_error_bound(const Ball& exact_norm, std::size_t n) {
  const auto additions = static_cast<unsigned long>((n + 15) / 16 + 3);
  const Ball sum_error = pow(1 + unit_roundoff64(), additions) - 1;
  const Ball relative = (1 + sum_error) * (1 + unit_roundoff64()) * (1 + unit_roundoff()) - 1;
  return relative * exact_norm + underflow32();
}

// The exact power of two applied before rotating: ρ outside [2^-100, 2^100] would otherwise lose bits or overflow.
inline int norm_scale_exponent(float norm) {
  if (norm > 0 && norm < 0x1p-100f) return 100;
  if (norm > 0x1p100f) return -100;
  return 0;
}

// Bound of |fl(y_j) − y_j| in the unscaled domain, scaling included. Scaling up is exact; scaling down may round each of the
// n entries by 2^-150.
inline Ball rotation_error_bound(const HadamardOrder& d, const Ball& sum_of_magnitudes, std::size_t n, int scale_exponent) {
  const int stages = transform_addition_stages(d.base, d.log2);
  const Ball lost = scale_exponent < 0 ? Ball(n) * underflow32() : Ball(0);
  const Ball scaled = ldexp(sum_of_magnitudes, scale_exponent) + lost;
  return ldexp(transform_error_bound(scaled, stages) + lost, -scale_exponent);
}
// … and of |T_k − θ_k ρ|, with the promised codebook error.
inline Ball scaled_threshold_error_bound(const Ball& theta, const Ball& rho, int scale_exponent) {
  return ldexp(threshold_error_bound(theta, ldexp(rho, scale_exponent), codebook_error(theta)), -scale_exponent);
}

// Bound of |fl(x̂_i) − x̂_i| in the unscaled domain: decoding happens in the scaled one, and the last product, by a power of two,
// rounds only where it reaches subnormal numbers.
inline Ball scaled_decode_error_bound(const HadamardOrder& d, const Ball& rho, const Ball& sum_codewords,
                                      const Ball& sum_codewords32, const Ball& sum_errors, int scale_exponent) {
  const Ball scaled = decode_error_bound(d, ldexp(rho, scale_exponent), sum_codewords, sum_codewords32, sum_errors);
  return ldexp(scaled, -scale_exponent) + (scale_exponent > 0 ? underflow32() : Ball(0));
}

}  // namespace hdq::reference
