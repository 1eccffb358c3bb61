// SPEC §8: p_i = w_i/Σ w, w_i = exp(s_i − max s), every operation of it fixed.
#include <limits>

#include "rotation/sixteen_sums.hpp"
#include "simd/entries.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

using F = hn::ScalableTag<float>;
using VF = hn::Vec<F>;
constexpr std::size_t kLanes = hn::MaxLanes(F());

// exp(x) for x <= 0, and 0 below −87. With N the integer nearest to x·log2(e), r = x − N·ln 2 and |r| < 0.35, Taylor's polynomial of
// degree 7 is within 5.3e-9·e^r of e^r; its exponent gains N.
HWY_INLINE VF ExpNegative(VF x) {
  const F d;
  const hn::RebindToSigned<F> i;
  const VF magic = hn::Set(d, 0x1.8p23f);  // its sum with N has N in the low bits
  const VF shifted = Fma(x, hn::Set(d, 0x1.715476p0f), magic);
  const VF n = hn::Neg(hn::Sub(shifted, magic));
  VF r = Fma(n, hn::Set(d, 0x1.62ep-1f), x);  // ln 2 in two parts: N times the first is exact
  r = Fma(n, hn::Set(d, 0x1.0bfbe8p-15f), r);
  VF p = hn::Set(d, 0x1.a01a02p-13f);  // 1/7!
  for (const float c : {0x1.6c16c2p-10f, 0x1.111112p-7f, 0x1.555556p-5f, 0x1.555556p-3f, 0.5f, 1.0f, 1.0f})
    p = Fma(p, r, hn::Set(d, c));
  const VF scaled = hn::BitCast(d, hn::Add(hn::BitCast(i, p), hn::ShiftLeft<23>(hn::BitCast(i, shifted))));
  return hn::IfThenElseZero(hn::Ge(x, hn::Set(d, -87.0f)), scaled);
}

// Sixteen of them, and to the sums.
HWY_INLINE void ExpSixteen(const float* s, VF most, float* w, SixteenSums& sums) {
  for (std::size_t v = 0; v < 16; v += kLanes)
    hn::StoreU(ExpNegative(hn::Sub(hn::LoadU(F(), s + v), most)), F(), w + v);
  sums.add_values(w);
}

HWY_INLINE void DivideSixteen(float* w, double inverse) {
  const SixteenSums::D d;
  const hn::Rebind<float, SixteenSums::D> f;
  for (std::size_t v = 0; v < 16; v += SixteenSums::lanes)
    hn::StoreU(hn::DemoteTo(f, hn::Mul(hn::PromoteTo(d, hn::LoadU(f, w + v)), hn::Set(d, inverse))), f, w + v);
}

void Softmax(const float* s, std::size_t count, float* p) {
  float largest = s[0];
  std::size_t at = 0;
  if (count >= kLanes) {
    VF most = hn::LoadU(F(), s);
    for (at = kLanes; at + kLanes <= count; at += kLanes) most = hn::Max(most, hn::LoadU(F(), s + at));
    largest = hn::GetLane(hn::MaxOfLanes(F(), most));
  }
  for (; at < count; ++at) largest = s[at] > largest ? s[at] : largest;

  const VF most = hn::Set(F(), largest);
  SixteenSums sums;
  const std::size_t whole = count / 16 * 16, rest = count - whole;
  for (std::size_t i = 0; i < whole; i += 16) ExpSixteen(s + i, most, p + i, sums);
  float last[16];
  if (rest > 0) {
    for (float& value : last) value = -std::numeric_limits<float>::infinity();  // of which the exponential is 0
    std::memcpy(last, s + whole, rest * sizeof(float));
    ExpSixteen(last, most, last, sums);
  }
  const double inverse = 1 / sums.total();
  for (std::size_t i = 0; i < whole; i += 16) DivideSixteen(p + i, inverse);
  if (rest > 0) {
    DivideSixteen(last, inverse);
    std::memcpy(p + whole, last, rest * sizeof(float));
  }
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
