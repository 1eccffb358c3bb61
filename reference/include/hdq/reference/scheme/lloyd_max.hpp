// The Lloyd–Max quantizer of N(0, 1) with N levels (SPEC §6), with a proof: codewords r_k and thresholds θ_k such that
//   θ_k = (r_{k−1} + r_k)/2,      r_k = E[z | θ_k <= z < θ_{k+1}] = (φ(θ_k) − φ(θ_{k+1}))/(Φ(θ_{k+1}) − Φ(θ_k)).
// Newton's method finds the solution, Krawczyk's test proves that a box around it holds exactly one (the normal law is
// log-concave, so it is the only one at all: Fleischer 1964). The law is symmetric, hence so is the solution, and only its
// positive half is solved for: r_{N−1−k} = −r_k, with a middle codeword 0 for odd N.
#pragma once

#include <cstdint>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"

namespace hdq::reference {

struct LloydMax {
  std::int64_t levels;
  std::vector<Ball> codewords;   // the positive ones, ascending: ⌊N/2⌋
  std::vector<Ball> thresholds;  // those >= 0, ascending; N even starts with 0
  Ball distortion;               // E (Q(z) − z)² = 1 − Σ_k P_k r_k²
};

// At working precision; N >= 2.
LloydMax lloyd_max(std::int64_t levels);

}  // namespace hdq::reference
