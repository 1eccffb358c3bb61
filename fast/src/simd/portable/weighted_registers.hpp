// What attention needs beside score_registers.hpp.
#pragma once

#include HDQ_SCORE_REGISTERS

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

HWY_INLINE Floats Broadcast(const float* x) {
  Floats all;
  for (auto& part : all.part) part = hn::Set(hn::ScalableTag<float>(), *x);
  return all;
}
HWY_INLINE void StoreSums(const Floats& sums, float* out) {
  for (std::size_t v = 0; v < Floats::vectors; ++v)
    hn::StoreU(sums.part[v], hn::ScalableTag<float>(), out + v * Floats::lanes);
}
// Of sixteen rows, each sixteen numbers after another.
HWY_INLINE void HalvedSums(const float* sums, float* out) {
  for (std::size_t i = 0; i < 16; ++i) out[i] = HalvedSum(LoadQuery(sums + 16 * i));
}
// Codes of each run at once: a divisor of 8, even where kPairs.
template <int bits>
inline constexpr int kCodesTogether = 1;

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
