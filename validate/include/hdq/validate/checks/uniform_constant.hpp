// SPEC §5.5: sup over x and d of E‖x̂ − x‖²/‖x‖²·4^b for the shipped generators lies between these two.
#pragma once

namespace hdq::validate {

// The limit of flat vectors, E M(Gaussian)·4^b, in its last digit rounded down.
inline double uniform_constant_lower(int bits) {
  constexpr double limit[] = {6.44357, 3.92761, 3.22749, 2.95412, 2.83283, 2.77547, 2.74775, 2.73415};
  return limit[bits - 1];
}
// The certificate is less than 6e-4 above it.
inline double uniform_constant_upper(int bits) { return uniform_constant_lower(bits) + 6.2e-4; }

}  // namespace hdq::validate
