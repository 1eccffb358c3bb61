// A heap of thresholds (quantize.cpp): nodes 0 … 255 in registers.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

template <int bits>
class ThresholdHeap {
  using VF = hn::Vec<hn::ScalableTag<float>>;
  using VI = hn::Vec<hn::ScalableTag<std::int32_t>>;
  static constexpr std::size_t lanes = hn::MaxLanes(hn::ScalableTag<float>());
  static constexpr int register_bits = 8;  // levels that permutes reach

 public:
  HWY_INLINE explicit ThresholdHeap(const float* heap) : heap_(heap) {
    for (std::size_t v = 0; v < held; ++v) table[v] = hn::LoadU(hn::ScalableTag<float>(), heap + v * lanes);
  }
  // The nodes of `level`, 2^level <= node < 2^(level + 1). A permute looks at the low bits of node alone.
  template <int level>
  HWY_INLINE VF At(VI node) const {
    if constexpr (level <= 3) return VF{_mm512_permutexvar_ps(node.raw, table[0].raw)};
    if constexpr (level == 4) return VF{_mm512_permutexvar_ps(node.raw, table[1].raw)};
    if constexpr (level == 5) return VF{_mm512_permutex2var_ps(table[2].raw, node.raw, table[3].raw)};
    if constexpr (level == 6) {
      const __mmask16 upper = _mm512_test_epi32_mask(node.raw, _mm512_set1_epi32(32));
      return VF{_mm512_mask_blend_ps(upper, _mm512_permutex2var_ps(table[4].raw, node.raw, table[5].raw),
                                     _mm512_permutex2var_ps(table[6].raw, node.raw, table[7].raw))};
    }
    if constexpr (level == 7) {
      const __mmask16 upper = _mm512_test_epi32_mask(node.raw, _mm512_set1_epi32(32));
      const __mmask16 top = _mm512_test_epi32_mask(node.raw, _mm512_set1_epi32(64));
      const __m512 low = _mm512_mask_blend_ps(upper, _mm512_permutex2var_ps(table[8].raw, node.raw, table[9].raw),
                                              _mm512_permutex2var_ps(table[10].raw, node.raw, table[11].raw));
      const __m512 high = _mm512_mask_blend_ps(upper, _mm512_permutex2var_ps(table[12].raw, node.raw, table[13].raw),
                                               _mm512_permutex2var_ps(table[14].raw, node.raw, table[15].raw));
      return VF{_mm512_mask_blend_ps(top, low, high)};
    }
  }

 private:
  static constexpr std::size_t fitting = (std::size_t{1} << (bits < register_bits ? bits : register_bits)) / lanes;
  static constexpr std::size_t held = fitting < 1 ? 1 : fitting;
  VF table[held];
  [[maybe_unused]] const float* heap_;
};

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
