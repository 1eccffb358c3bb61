// How the codes of four runs of eight (score_sums.cpp) come to the lanes of a byte shuffle.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// Bytes [first, first + 4) of each run of `bits` bytes, for four runs in 4·bits > 16 bytes: runs 0 and 1 lie in the first 16 of
// them, runs 2 and 3 in the last 16. Indices for a byte shuffle of either; 0x80 gives zero.
struct RunShuffle {
  alignas(16) std::uint8_t front[16], back[16];
  constexpr RunShuffle(int bits, int first) : front(), back() {
    for (int i = 0; i < 16; ++i) {
      const int run = i / 4, at = bits * run + first + i % 4;
      front[i] = static_cast<std::uint8_t>(run < 2 ? at : 0x80);
      back[i] = static_cast<std::uint8_t>(run < 2 ? 0x80 : at - (4 * bits - 16));
    }
  }
};

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
