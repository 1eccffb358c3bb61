// The worst unit vector that gradient ascent finds for a scheme and rotation, its error enclosed, beside π√3/2 and, for the dithered scheme, the
// certificate it must not exceed (SPEC §5.5, §6).
#pragma once

#include <vector>

#include "hdq/figures/notation.hpp"
#include "hdq/figures/query.hpp"

namespace hdq::figures {

// Of the query: quantizer (bits, codebook or profile), rotation and dim, which is needed. The vector goes to `x`. UsageError, io::BadInput.
// "exceeds_certificate" would refute a certificate.
Notation::Json adversary(const Query& query, const Notation& notation, std::vector<double>& x,
                         const Advance& advance = {});

}  // namespace hdq::figures
