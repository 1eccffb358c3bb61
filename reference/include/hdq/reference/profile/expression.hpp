// Arithmetic expressions of profiles: numbers, + − * / ^ ( ), sqrt, pi and the names of lengths, as in "sqrt(pi/2)/d".
#pragma once

#include <map>
#include <string>

#include "hdq/reference/numbers/ball.hpp"

namespace hdq::reference {

using Names = std::map<std::string, std::size_t, std::less<>>;  // "n", "d", "b", …

// The value at working precision. Throws std::invalid_argument with one line that shows the expression.
Ball evaluate(const std::string& expression, const Names& names);
// An expression whose value is a whole number from 0 to 2^32. Throws as well if it is none.
std::size_t evaluate_count(const std::string& expression, const Names& names);

}  // namespace hdq::reference
