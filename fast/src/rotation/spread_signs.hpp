// The signs of SPEC §2 as factors, for the first butterfly from memory (simd/avx512/neighbours.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

namespace hdq::detail {

// Beyond it, memory would be read twice as fast as the row itself.
inline constexpr std::size_t spread_signs_most = 4096;

// For elements i, i + 1, i even: what multiplies x_i, then what multiplies x_{i+1}, in the sum and in the difference. order is a multiple of 16;
// spread: 2·order floats, sixteen of the first kind before sixteen of the second.
inline void spread_signs(const std::uint32_t* signs, std::size_t order, float* spread) {
  const auto sign = [&](std::size_t i) { return (signs[i / 32] >> (i % 32) & 1) != 0 ? -1.0f : 1.0f; };
  for (std::size_t i = 0; i < order; i += 2) {
    float* even = spread + i / 16 * 32 + i % 16;
    even[0] = even[1] = sign(i);
    even[16] = sign(i + 1);
    even[17] = -sign(i + 1);
  }
}

}  // namespace hdq::detail
