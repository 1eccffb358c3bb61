// Of 32 registers, half hold data.
#pragma once

namespace hdq::HDQ_ISA {

inline constexpr int kLog2Registers = 4;
constexpr int BaseRowsTogether(int m) { return m == 28 ? 14 : m; }

inline constexpr int kThresholdBits = 4;  // as measured

}  // namespace hdq::HDQ_ISA
