// Binary16 and bfloat16 to binary32, exactly.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "widen.cpp"
#include <hwy/foreach_target.h>

#include "simd.hpp"

#include "hdq/stages.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HWY_NAMESPACE {

HWY_INLINE float WidenOne(Float16 half) {
  const std::uint32_t sign = (half.bits & 0x8000u) << 16, exponent = (half.bits >> 10) & 0x1Fu, fraction = half.bits & 0x3FFu;
  if (exponent == 0x1F)  // infinity, or a NaN made quiet as the instruction does
    return std::bit_cast<float>(sign | 0x7F800000u | (fraction << 13) | (fraction != 0 ? 0x00400000u : 0));
  if (exponent == 0) {  // zero or subnormal: fraction · 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | ((exponent + 127 - 15) << 23) | (fraction << 13));
}

void WidenFloat16(const Float16* x, std::size_t n, float* out) {
  std::size_t i = 0;
#if HWY_TARGET == HWY_AVX3
  for (; i + 16 <= n; i += 16) _mm512_storeu_ps(out + i, _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i))));
#elif HWY_TARGET == HWY_AVX2
  for (; i + 8 <= n; i += 8) _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x + i))));
#endif
  for (; i < n; ++i) out[i] = WidenOne(x[i]);
}

void WidenBFloat16(const BFloat16* x, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = std::bit_cast<float>(static_cast<std::uint32_t>(x[i].bits) << 16);
}

}  // namespace hdq::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "dispatch.hpp"
namespace hdq {

HDQ_DISPATCH(WidenFloat16);
HDQ_DISPATCH(WidenBFloat16);

void widen(const Float16* x, std::size_t n, float* out, Isa isa) { HDQ_CALL(WidenFloat16, resolve_isa(isa))(x, n, out); }
void widen(const BFloat16* x, std::size_t n, float* out, Isa isa) { HDQ_CALL(WidenBFloat16, resolve_isa(isa))(x, n, out); }

}  // namespace hdq
#endif
