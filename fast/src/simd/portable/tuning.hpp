// Of 16 registers, half hold data. As measured on AVX2; with more registers it is a choice, not a need.
#pragma once

#include <cstddef>

namespace hdq::HDQ_ISA {

inline constexpr int kLog2Registers = 3;
constexpr int BaseRowsTogether(int m) { return m == 12 ? 6 : m == 20 ? 5 : 7; }

// Codes of so many bits come from a row's thresholds. Without vectors the definition is fastest.
inline constexpr int kThresholdBits = HWY_TARGET == HWY_SCALAR ? 8 : 3;

}  // namespace hdq::HDQ_ISA
