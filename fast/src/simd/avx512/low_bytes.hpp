// The low bytes of the 32-bit lanes of four vectors, in order.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

HWY_INLINE void StoreLowBytes(const hn::Vec<hn::ScalableTag<std::int32_t>>* x, std::uint8_t* bytes) {
  HDQ_UNROLL
  for (std::size_t v = 0; v < 4; ++v) _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes + v * 16), _mm512_cvtepi32_epi8(x[v].raw));
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
