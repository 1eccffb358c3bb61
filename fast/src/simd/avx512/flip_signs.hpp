// Sixteen sign bits are a mask register.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

template <class D, class V = hn::Vec<D>>
HWY_INLINE V FlipSigns(D d, V v, const std::uint32_t* signs, std::size_t i) {
  static_assert(hn::MaxLanes(d) == 16);
  const __mmask16 negative = _load_mask16(const_cast<__mmask16*>(reinterpret_cast<const __mmask16*>(signs) + i / 16));
  return V{_mm512_mask_xor_ps(v.raw, negative, v.raw, _mm512_set1_ps(-0.0f))};
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
