// What the checks of codes and of decoded values share: codes that the library made, in the kernel's layout, and inputs at the extremes
// of the dither's range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hdq/validate/checks/session.hpp"

namespace hdq::validate {

double dither_of(const Config& config, std::uint64_t row);  // U
// The d codes of a row, read as `bits` bits each.
std::vector<std::uint8_t> codes_of_row(const Config& config, const Encoded& e, std::size_t row, int bits);
std::size_t packed_row_bytes(const Config& config);         // ceil(d·b/8)
Encoded library_encode(const Case& c);
// With the kernel's code_bytes per row: what is more than packed_row_bytes holds zeros.
Encoded in_layout_of(Session& s, const Config& config, Encoded e);
// Is the kernel's H of this order another Hadamard matrix than SPEC §1's, as the transform check found? Stages after it are not compared then.
bool other_matrix(const Session& s, const Config& config);

// Are norms and codes of these rows what real arithmetic gives, within the bounds of the promise?
bool legal_encoding(Session& s, const Case& c, const Encoded& e);

// Dimension and bits of the cases of encode, decode and dot.
std::vector<std::pair<std::uint64_t, int>> code_shapes(const Session& s);
// Single rows whose dither word is below 2^20, or above 2^32 − 2^20, or as good as 0 or 1: normal ones, and ones with a rotated
// coordinate far out on either side.
std::vector<Case> extreme_cases(Session& s);
// A row alone at every order m·2^k to 131072; `turn` says which dimensions of each order quick has, and which bit widths.
// Normal rows; every other one, if `rotated`, with everything in the last rotated coordinate: what a tail leaves out shows there.
std::vector<Case> size_cases(Session& s, std::size_t turn, bool rotated);
// Three rows each at a few large dimensions.
std::vector<Case> large_cases(Session& s);

}  // namespace hdq::validate
