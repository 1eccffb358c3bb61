// SPEC §1, §4: the diagonal D and the scale factors at both ends of the rotation.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "signs.cpp"
#include <hwy/foreach_target.h>

#include "simd.hpp"

#include "kernels.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HWY_NAMESPACE {

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

}  // namespace hdq::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "dispatch.hpp"
namespace hdq {

HDQ_DISPATCH(LoadSigned);
HDQ_DISPATCH(StoreSigned);

void detail::load_signed(const float* x, std::size_t n, std::size_t order, const std::uint32_t* signs, float factor, float* y, Isa isa) {
  HDQ_CALL(LoadSigned, isa)(x, n, order, signs, factor, y);
}
void detail::store_signed(const float* y, std::size_t n, const std::uint32_t* signs, float scale, float unscale, float* out, Isa isa) {
  HDQ_CALL(StoreSigned, isa)(y, n, signs, scale, unscale, out);
}

}  // namespace hdq
#endif
