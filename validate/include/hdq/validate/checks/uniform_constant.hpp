// Written by cmake/generate_constants.cmake; do not edit.
// SPEC §5.5: sup over d, H and x of E‖x̂ − x‖²/‖x‖²·4^b for the shipped generators lies between these two, by the
// certificates data/bounds/b1.json … b8.json. The lower one is reached, in the limit, by flat vectors.
#pragma once

#include <cmath>

namespace hdq::validate {

inline constexpr int uniform_constant_lower_millionths[8] = {
    6443580, 3927622, 3227496, 2954126, 2832840, 2775478, 2747760, 2734160};
inline constexpr int uniform_constant_upper_millionths[8] = {
    6445831, 3930069, 3229104, 2955297, 2833996, 2776221, 2748340, 2734537};

// The quotients of doubles are rounded to nearest; the next double makes bounds of them.
inline double uniform_constant_lower(int bits) {
  return std::nextafter(uniform_constant_lower_millionths[bits - 1] / 1e6, 0.0);
}
inline double uniform_constant_upper(int bits) {
  return std::nextafter(uniform_constant_upper_millionths[bits - 1] / 1e6, 10.0);
}

}  // namespace hdq::validate
