// What attention needs beside score_registers.hpp.
#pragma once

#include HDQ_SCORE_REGISTERS

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

HWY_INLINE Floats Broadcast(const float* x) { return {{_mm256_broadcast_ss(x), _mm256_broadcast_ss(x)}}; }
HWY_INLINE void StoreSums(const Floats& sums, float* out) {
  _mm256_store_ps(out, sums.half[0]);
  _mm256_store_ps(out + 8, sums.half[1]);
}
// Of sixteen rows, each sixteen numbers after another.
HWY_INLINE void HalvedSums(const float* sums, float* out) {
  for (std::size_t i = 0; i < 16; ++i) out[i] = HalvedSum(LoadQuery(sums + 16 * i));
}
// Codes of each run at once, whose sums for four queries take eight of 16 registers.
template <int bits>
inline constexpr int kCodesTogether = 1;

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
