// In place of the compander: the codes of `now` values are any numbers.
#pragma once

#include "simd/simd.hpp"

namespace hdq::symbolic {

// The code of the value of this name: the low bits of a byte; whatever is above them is not looked at.
inline Byte companded[256];

template <int bits>
struct Compand {
  Compand(const Place&, float) {}
  void Store(const float* y, Byte* codes) const {
    for (int i = 0; i < 64; ++i) codes[i] = companded[static_cast<int>(y[i])];
  }
};
template <int bits>
void CompandCodes(const float* y, std::size_t count, const Place&, float, Byte* codes) {
  for (std::size_t j = 0; j < count; ++j) codes[j] = companded[static_cast<int>(y[j])];
}

}  // namespace hdq::symbolic
