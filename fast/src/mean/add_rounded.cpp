// SPEC §9: a row's numbers as integers, added to 64-bit sums.
#include "simd/entries.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

using D = hn::ScalableTag<double>;
using I = hn::RebindToSigned<D>;
using F = hn::Rebind<float, D>;
using VF = hn::Vec<hn::ScalableTag<float>>;

float LargestMagnitude(const float* z, std::size_t count) {
  const hn::ScalableTag<float> d;
  constexpr std::size_t lanes = hn::MaxLanes(d);
  VF most = hn::Zero(d);
  std::size_t j = 0;
  for (; j + lanes <= count; j += lanes) most = hn::Max(most, hn::Abs(hn::LoadU(d, z + j)));
  float largest = hn::GetLane(hn::MaxOfLanes(d, most));
  for (; j < count; ++j) {
    const float magnitude = z[j] < 0 ? -z[j] : z[j];
    largest = magnitude > largest ? magnitude : largest;
  }
  return largest;
}

// x + 1.5·2^52, |x| < 2^51, has the integer nearest to x, ties to even, in its low bits.
constexpr double kMagic = 0x1.8p52;

void AddRounded(const float* z, std::size_t count, double factor, std::int64_t* sums) {
  const D d;
  const I i;
  const F f;
  constexpr std::size_t lanes = hn::MaxLanes(D());
  const auto magic = hn::Set(d, kMagic), scale = hn::Set(d, factor);
  std::size_t j = 0;
  for (; j + lanes <= count; j += lanes) {
    // Product and sum apart: the product is rounded to double first.
    const auto product = hn::Mul(hn::PromoteTo(d, hn::LoadU(f, z + j)), scale);
    const auto integer = hn::Sub(hn::BitCast(i, hn::Add(product, magic)), hn::BitCast(i, magic));
    hn::StoreU(hn::Add(hn::LoadU(i, sums + j), integer), i, sums + j);
  }
  for (; j < count; ++j) {
    const double product = static_cast<double>(z[j]) * factor;
    sums[j] += std::bit_cast<std::int64_t>(product + kMagic) - std::bit_cast<std::int64_t>(kMagic);
  }
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
