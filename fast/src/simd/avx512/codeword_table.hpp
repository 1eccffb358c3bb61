// Codewords, indexed by code.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// The codewords in registers; a permute looks at the low four or five bits of an index alone, so short tables repeat.
template <int bits>
struct CodewordTable {
  using Floats = hn::Vec<hn::ScalableTag<float>>;
  using Integers = hn::Vec<hn::ScalableTag<std::int32_t>>;
  static constexpr int registers = bits <= 4 ? 1 : 1 << (bits - 4);
  __m512 held[registers];

  HWY_INLINE explicit CodewordTable(const float* codewords32) {
    alignas(64) float repeated[16];
    if (bits < 4)
      for (std::size_t i = 0; i < 16; ++i) repeated[i] = codewords32[i & ((1 << bits) - 1)];
    const float* table = bits < 4 ? repeated : codewords32;
    HDQ_UNROLL
    for (int r = 0; r < registers; ++r) held[r] = _mm512_loadu_ps(table + 16 * r);
  }
  HWY_INLINE Floats operator()(Integers index) const { return Floats{Select<(bits < 4 ? 4 : bits), 0>(index.raw)}; }

 private:
  // Among the 2^level codewords from register `first` on.
  template <int level, int first>
  HWY_INLINE __m512 Select(__m512i index) const {
    if constexpr (level == 4) return _mm512_permutexvar_ps(index, held[first]);
    else if constexpr (level == 5) return _mm512_permutex2var_ps(held[first], index, held[first + 1]);
    else
      return _mm512_mask_blend_ps(_mm512_test_epi32_mask(index, _mm512_set1_epi32(1 << (level - 1))), Select<level - 1, first>(index),
                                  Select<level - 1, first + (1 << (level - 5))>(index));
  }
};

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
