// What weighted sums need beside score_registers.hpp.
#pragma once

#include HDQ_SCORE_REGISTERS

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

HWY_INLINE Floats Broadcast(const float* x) { return {{_mm256_broadcast_ss(x), _mm256_broadcast_ss(x)}}; }
HWY_INLINE void StoreSums(const Floats& sums, float* out) {
  _mm256_store_ps(out, sums.half[0]);
  _mm256_store_ps(out + 8, sums.half[1]);
}
// Codes of each run at once, whose sums for four queries take eight of 16 registers.
template <int bits>
inline constexpr int kCodesTogether = 1;

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
