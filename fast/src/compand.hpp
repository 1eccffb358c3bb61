// The encoder's shortcut from y to codes (SPEC §3), dispatched.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hdq/types.hpp"

namespace hdq::detail {

// codes_j = #{k : y_j >= fl32(θ_k·ρ)}: thresholds, scale_thresholds and quantize in one. 3 <= bits <= 8.
void compand_codes(int bits, const float* y, std::size_t count, std::uint32_t word, float norm, std::uint8_t* codes, Isa isa);

}  // namespace hdq::detail
