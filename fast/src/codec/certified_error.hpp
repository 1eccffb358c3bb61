// Written by cmake/generate_constants.cmake; do not edit.
// SPEC §5.5: E‖x̂ − x‖² <= C_b·4^-b·‖x‖² for every x, by the certificates data/bounds/b1.json … b8.json; [b − 1].
#pragma once

namespace hdq::detail {

inline constexpr int certified_error_millionths[8] = {6445831, 3930069, 3229104, 2955297,
                                                      2833996, 2776221, 2748340, 2734537};  // 10^6·C_b

}  // namespace hdq::detail
