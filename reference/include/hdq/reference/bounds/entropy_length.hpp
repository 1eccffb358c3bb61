// How long the streams of SPEC §7 are, over all vectors, signs and Hadamard matrices: in bits per rotated coordinate, as enclosures.
//
// Whatever the vector, z_j² has mean 1 over its coordinates; so cost(z) <= a + b·z² for all real z bounds the mean length of every vector by a + b
// (SPEC §7, theorem 3). Vectors of m equal entries beside zeros, and their limit, the normal law, show how near to the supremum that is.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "hdq/reference/expectation/ideal_length.hpp"
#include "hdq/reference/expectation/mean_cost.hpp"

namespace hdq::reference {

struct EntropyLength {
  int raw_bits;
  Ball a, b;                                       // a proved majorant a + b·z² of the mean cost, for all real z
  std::vector<std::pair<std::size_t, Ball>> flat;  // m, and the mean cost of a vector of m equal entries
  Ball normal;                                     // the limit of these

  // The supremum over all vectors of n dimensions of the mean length of a row of d = hadamard_order(n) coordinates, over d, lies between these two;
  // without n, its limit superior. The mean is over the row's word (2^23 values of each V) and the signs.
  //
  // Counted: the symbols' lengths; what the coder's integers add to them; the end of its state, and raw bits, to whole bytes.
  // Not counted: the norm's 32 bits, which are in the stream, and what a file adds.
  // Codes are those of the rule in the reals. ρ is ‖x‖ to float32, at least 2^-126.
  Ball coder_least(std::optional<std::size_t> n) const;
  Ball coder_most(std::optional<std::size_t> n) const;
};

// Throws std::runtime_error if no majorant is proved.
EntropyLength entropy_length(const StepNumbers& step);

}  // namespace hdq::reference
