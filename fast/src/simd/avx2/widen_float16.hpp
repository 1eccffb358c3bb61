// The first of the n numbers, by eights; how many.
#pragma once

#include "hdq/types.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

HWY_INLINE std::size_t WidenSome(const Float16* x, std::size_t n, float* out) {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x + i))));
  return i;
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
