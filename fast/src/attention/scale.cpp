// SPEC §8: what a row's norm does to a score and to a weight, in double.
#include <limits>

#include "simd/entries.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

using ScaleD = hn::ScalableTag<double>;
using ScaleF = hn::Rebind<float, ScaleD>;
constexpr std::size_t kScaled = hn::MaxLanes(ScaleD());
// Highway's emulation holds what float32 cannot within its range, where instructions give infinity.
constexpr bool kInVectors = HWY_TARGET != HWY_SCALAR;

HWY_INLINE hn::Vec<ScaleD> Widened(const float* x) { return hn::PromoteTo(ScaleD(), hn::LoadU(ScaleF(), x)); }

bool ScaleScores(const float* sums, const double* norms, std::size_t count, double factor, float* scores) {
  const ScaleD d;
  const ScaleF f;
  const auto most = hn::Set(f, std::numeric_limits<float>::max());
  auto finite = hn::Eq(most, most);
  std::size_t i = 0;
  for (; kInVectors && i + kScaled <= count; i += kScaled) {
    const auto score =
        hn::DemoteTo(f, hn::Mul(hn::Mul(Widened(sums + i), hn::LoadU(d, norms + i)), hn::Set(d, factor)));
    finite = hn::And(finite, hn::Le(hn::Abs(score), most));
    hn::StoreU(score, f, scores + i);
  }
  bool all = hn::AllTrue(f, finite);
  for (; i < count; ++i) {
    scores[i] = static_cast<float>((static_cast<double>(sums[i]) * norms[i]) * factor);
    all &= scores[i] <= std::numeric_limits<float>::max() && scores[i] >= -std::numeric_limits<float>::max();
  }
  return all;
}

void ScaleWeights(const float* weights, const float* norms, std::size_t count, double factor, float* scaled) {
  const ScaleD d;
  const ScaleF f;
  std::size_t i = 0;
  for (; kInVectors && i + kScaled <= count; i += kScaled)
    hn::StoreU(hn::DemoteTo(f, hn::Mul(hn::Mul(Widened(weights + i), Widened(norms + i)), hn::Set(d, factor))), f,
               scaled + i);
  for (; i < count; ++i)
    scaled[i] = static_cast<float>((static_cast<double>(weights[i]) * static_cast<double>(norms[i])) * factor);
}

void LargestExponents(const float* weights, const std::int32_t* norms, std::size_t count, int* of_products,
                      int* of_weights) {
  const hn::ScalableTag<std::int32_t> d;
  constexpr std::size_t lanes = hn::MaxLanes(d);
  const auto exponent = [](std::int32_t bits) { return bits >> 23 & 255; };
  auto products = hn::Zero(d), alone = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto e =
        hn::And(hn::ShiftRight<23>(hn::BitCast(d, hn::LoadU(hn::ScalableTag<float>(), weights + i))), hn::Set(d, 255));
    products = hn::Max(products, hn::Add(e, hn::LoadU(d, norms + i)));
    alone = hn::Max(alone, e);
  }
  *of_products = hn::GetLane(hn::MaxOfLanes(d, products));
  *of_weights = hn::GetLane(hn::MaxOfLanes(d, alone));
  for (; i < count; ++i) {
    const std::int32_t e = exponent(std::bit_cast<std::int32_t>(weights[i]));
    *of_products = e + norms[i] > *of_products ? e + norms[i] : *of_products;
    *of_weights = e > *of_weights ? e : *of_weights;
  }
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
