// Written by cmake/generate_constants.cmake; do not edit.
// SPEC §3: 64σ and 64κ of the shipped generators; [b − 1].
#pragma once

namespace hdq::reference {

inline constexpr int shipped_bits = 8;  // b is 1 to this
inline constexpr int shipped_sigma_times_64[shipped_bits] = {93, 109, 111, 111, 111, 111, 111, 111};
inline constexpr int shipped_kappa_times_64[shipped_bits] = {32, 24, 20, 18, 16, 15, 14, 13};

}  // namespace hdq::reference
