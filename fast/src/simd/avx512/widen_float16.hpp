// The first of the n numbers, by sixteens; how many.
#pragma once

#include "hdq/types.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

HWY_INLINE std::size_t WidenSome(const Float16* x, std::size_t n, float* out) {
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) _mm512_storeu_ps(out + i, _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i))));
  return i;
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
