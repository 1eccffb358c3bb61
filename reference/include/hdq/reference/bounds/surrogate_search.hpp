// The search for a surrogate of a normal coordinate (optimality.hpp), in double. Its answer is only a proposal; what is proved
// from it does not depend on how it was found.
//
// Among unbiased rules for a normal z a dithered quantizer (SPEC §3) of some generator g is best, and E(Q − z)² is least where g is
// stationary. Its surrogate makes the codebook of every offset U optimal at once. Two conditions on a codebook that is optimal for ζ:
//   * thresholds lie half-way between codewords:   ζ(c(t)) = (g(t − 1/2) + g(t + 1/2))/2   for 1/2 < t < N − 1/2;
//   * a codeword is the mean of its cell:   g(v)·P(c(v − 1/2) < z < c(v + 1/2)) = E[ζ; c(v − 1/2) < z < c(v + 1/2)]   for 0 < v < N.
// The first defines ζ, the second is an equation for g, which Newton's method solves on nodes v = k + U_j. As v → 0, g grows like
// P(z < c(v + 1/2))^(-1/2): so fast that ζ has no variance. It is cut off at a small U_1: on |z| > Z, Z = −c(1/2 + U_1), ζ is ∓L with
// −L = g(v) for v <= U_1, and L is such that the rule stays unbiased on average there: c(1/2) = E[z | z < −Z].
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hdq::reference {

// An odd nondecreasing step function of z: value[i] on (end[i − 1], end[i]), where end[−1] = 0 and the last cell has no end.
struct SurrogateProposal {
  std::vector<double> end, value;  // increasing, >= 0; one value more than ends
};

// With so many cells on z > 0, at least 2. Throws std::runtime_error where Newton's method does not converge. levels >= 2.
SurrogateProposal propose_surrogate(std::int64_t levels, std::size_t cells);

// Price of a level (optimality.hpp) for which the bound by this surrogate is greatest, about.
double propose_price(const SurrogateProposal& surrogate, std::int64_t levels);

}  // namespace hdq::reference
