// Binary16 and bfloat16 to binary32, exactly.
#include "simd/entries.hpp"
#include "simd/simd.hpp"
#include HDQ_WIDEN_FLOAT16

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

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
  std::size_t i = WidenSome(x, n, out);
  for (; i < n; ++i) out[i] = WidenOne(x[i]);
}

void WidenBFloat16(const BFloat16* x, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = std::bit_cast<float>(static_cast<std::uint32_t>(x[i].bits) << 16);
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
