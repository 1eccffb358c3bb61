// The exact error and bias of a quantizer on a vector, as enclosures (SPEC §4–§6).
#pragma once

#include "hdq/figures/notation.hpp"
#include "hdq/figures/query.hpp"

namespace hdq::figures {

// E‖x̂ − x‖²/‖x‖² ("mse"), times N² ("times_4b"), and that over π√3/2. UsageError, io::BadInput, reference::Unaffordable.
Notation::Json mse(const Query& query, const Notation& notation);

// ‖E x̂ − x‖/‖x‖ ("norm") and E⟨x, x̂⟩/‖x‖² ("correlation"); of hdq's own quantizer besides what 32 bits of dither make of them.
Notation::Json bias(const Query& query, const Notation& notation);

}  // namespace hdq::figures
