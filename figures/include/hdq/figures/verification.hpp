// The second, independent checkers of a uniform bound (SPEC §5.5) and of optimality (SPEC §5.10).
#pragma once

#include <string>

#include "hdq/figures/notation.hpp"

namespace hdq::figures {

// Of the certificate in a file: whether it is accepted or why not, what it claims and what is proved. io::BadInput for what is no certificate.
// "proved" is doubles, rounded outward, in either notation. A certificate of a uniform bound has "sigma_squared" and "kappa", one of optimality
// has no upper ends.
Notation::Json verify_certificate(const std::string& path, const Notation& notation);

}  // namespace hdq::figures
