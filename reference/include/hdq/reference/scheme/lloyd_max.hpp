// The Lloyd–Max quantizer with N levels of N(0, 1) (SPEC §6) or of a coordinate of the sphere, with a proof: codewords r_k and
// thresholds θ_k such that
//   θ_k = (r_{k−1} + r_k)/2,      r_k = E[z | θ_k <= z < θ_{k+1}],      (φ(θ_k) − φ(θ_{k+1}))/(Φ(θ_{k+1}) − Φ(θ_k)) for the normal law.
// Newton's method finds the solution, Krawczyk's test proves that a box around it holds exactly one. The law is log-concave, so it
// is the only one at all, and the optimum (Fleischer 1964; Kieffer 1983 where not strictly so, which for d = 3 is the uniform law) —
// except for the sphere of dimension 2, of which it is a stationary point. The law is symmetric, hence so is the solution, and only
// its positive half is solved for: r_{N−1−k} = −r_k, with a middle codeword 0 for odd N.
#pragma once

#include <cstdint>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/numbers/coordinate_distribution.hpp"

namespace hdq::reference {

struct LloydMax {
  std::int64_t levels;
  std::vector<Ball> codewords;   // the positive ones, ascending: ⌊N/2⌋
  std::vector<Ball> thresholds;  // those >= 0, ascending; N even starts with 0
  Ball distortion;               // E (Q(z) − z)² = 1 − Σ_k P_k r_k²
};

// At working precision; N >= 2. Time and memory grow as N² at least: N up to about 512 takes seconds.
LloydMax lloyd_max(std::int64_t levels, const CoordinateDistribution& law = CoordinateDistribution::normal());

}  // namespace hdq::reference
