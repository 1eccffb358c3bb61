// An upper bound of the mean squared error of a fixed codebook behind random signs and a Hadamard matrix. Each rotated coordinate, in units of
// its root mean square ‖x‖/√d, is a Rademacher sum S = Σ ε_i x_i with ‖x‖ = 1, so E‖x̂ − x‖²/‖x‖² is a mean of E M(S), M(z) = (Q(z) − z)², and
// a majorant M <= P (majorant.hpp) bounds it for every d and every x that does not depend on the signs.
#pragma once

#include <optional>
#include <vector>

#include "hdq/reference/bounds/majorant.hpp"
#include "hdq/reference/numbers/ball.hpp"

namespace hdq::reference {

struct CodebookBound {
  Majorant majorant;
  Ball upper;  // its bound, an upper end
};

// Codewords, ascending, and the thresholds between them, of z. Found by linear programming and proved in ball arithmetic over all real z;
// nullopt if that fails.
std::optional<CodebookBound> codebook_bound(const std::vector<Ball>& codewords, const std::vector<Ball>& thresholds);

}  // namespace hdq::reference
