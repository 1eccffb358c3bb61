// What weighted sums need beside score_registers.hpp.
#pragma once

#include HDQ_SCORE_REGISTERS

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

HWY_INLINE Floats Broadcast(const float* x) { return _mm512_set1_ps(*x); }
HWY_INLINE void StoreSums(Floats sums, float* out) { _mm512_store_ps(out, sums); }
// Codes of each run at once: sums for four queries in sixteen of 32 registers. Above 5 bits the codewords take longer to bring to
// registers than sums to memory.
template <int bits>
inline constexpr int kCodesTogether = bits <= 5 ? 4 : 8;

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
