// Codewords, indexed by code: up to sixteen in registers.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

template <int bits>
struct CodewordTable {
  using F = hn::ScalableTag<float>;
  using Floats = hn::Vec<F>;
  using Integers = hn::Vec<hn::RebindToSigned<F>>;
  const float* table;
  Floats held[2];
  HWY_INLINE explicit CodewordTable(const float* codewords32) : table(codewords32) {
    alignas(32) float first[16] = {};
    std::memcpy(first, codewords32, sizeof(float) << (bits < 4 ? bits : 4));
    held[0] = hn::Load(F(), first);
    held[1] = hn::Load(F(), first + 8);
  }
  HWY_INLINE Floats operator()(Integers codes) const {
    const __m256i index = codes.raw;
    if constexpr (bits <= 3) return Floats{_mm256_permutevar8x32_ps(held[0].raw, index)};
    if constexpr (bits == 4) {
      const __m256 upper = _mm256_castsi256_ps(_mm256_slli_epi32(index, 28));  // bit 3 to the sign
      return Floats{_mm256_blendv_ps(_mm256_permutevar8x32_ps(held[0].raw, index), _mm256_permutevar8x32_ps(held[1].raw, index), upper)};
    }
    return hn::GatherIndex(F(), table, codes);
  }
};

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
