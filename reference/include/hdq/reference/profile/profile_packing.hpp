// Codes of a row to bytes and back, in a profile's layout (docs/profiles.md). Codes are unsigned, as written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hdq/reference/profile/profile.hpp"

namespace hdq::reference {

// codes: d numbers below 2^bits → the bytes of the layout, without a residual's. `block`: the length of a block (nibbles-split).
std::vector<std::uint8_t> pack_codes(Packing packing, std::span<const std::uint8_t> codes, int bits, std::size_t block);
std::vector<std::uint8_t> unpack_codes(Packing packing, std::span<const std::uint8_t> bytes, std::size_t count, int bits, std::size_t block);

}  // namespace hdq::reference
