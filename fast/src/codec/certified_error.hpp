// Written by cmake/generate_constants.cmake; do not edit.
// SPEC §5.5: E‖x̂ − x‖² <= C_b·4^-b·‖x‖² for every x, by the certificates data/bounds/b1.json … b8.json; [b − 1].
#pragma once

namespace hdq::detail {

// 10^6·C_b
inline constexpr int certified_millionths[8] = {6445831, 3930069, 3229104, 2955297, 2833996, 2776221, 2748340, 2734537};

}  // namespace hdq::detail
