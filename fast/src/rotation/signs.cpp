// SPEC §1, §4: the diagonal D and the scale factors at both ends of the rotation.
#include "simd/entries.hpp"
#include "simd/simd.hpp"
#include HDQ_FLIP_SIGNS

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// v with its sign flipped where bit i (mod 32) of the sign words is set.
HWY_INLINE HWY_ATTR float FlipOne(float v, const std::uint32_t* signs, std::size_t i) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(v) ^ ((signs[i / 32] >> (i % 32)) << 31));
}

void LoadSigned(const float* x, std::size_t n, std::size_t order, const std::uint32_t* signs, float factor, float* y) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto factors = hn::Set(d, factor);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(FlipSigns(d, hn::Mul(hn::LoadU(d, x + i), factors), signs, i), d, y + i);
  for (; i < n; ++i) y[i] = FlipOne(x[i] * factor, signs, i);
  std::memset(y + n, 0, (order - n) * sizeof(float));
}

void StoreSigned(const float* y, std::size_t n, const std::uint32_t* signs, float scale, float unscale, float* out) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto scales = hn::Set(d, scale), unscales = hn::Set(d, unscale);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto value = hn::Mul(hn::Mul(hn::LoadU(d, y + i), scales), unscales);
    hn::StoreU(FlipSigns(d, value, signs, i), d, out + i);
  }
  for (; i < n; ++i) out[i] = FlipOne((y[i] * scale) * unscale, signs, i);
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
