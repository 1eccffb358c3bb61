// The low bytes of the 32-bit lanes of four vectors, in order.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

HWY_INLINE void StoreLowBytes(const hn::Vec<hn::ScalableTag<std::int32_t>>* x, std::uint8_t* bytes) {
  const __m256i low_byte = _mm256_set1_epi16(255), order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  const __m256i first = _mm256_and_si256(_mm256_packus_epi32(x[0].raw, x[1].raw), low_byte);
  const __m256i second = _mm256_and_si256(_mm256_packus_epi32(x[2].raw, x[3].raw), low_byte);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(bytes), _mm256_permutevar8x32_epi32(_mm256_packus_epi16(first, second), order));
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
