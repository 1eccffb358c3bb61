// SPEC §4: the sum of exact squares in double, 16 lanes (lane = i mod 16), lanes halved 8, 4, 2, 1.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// 16 running sums, in as many registers as the target needs.
struct SixteenSums {
  using D = hn::ScalableTag<double>;
  static constexpr std::size_t lanes = hn::MaxLanes(D());
  static constexpr std::size_t vectors = 16 / lanes;
  hn::Vec<D> sum[vectors];

  HWY_INLINE SixteenSums() {
    for (std::size_t v = 0; v < vectors; ++v) sum[v] = hn::Zero(D());
  }
  HWY_INLINE explicit SixteenSums(const double* from) {
    for (std::size_t v = 0; v < vectors; ++v) sum[v] = hn::LoadU(D(), from + v * lanes);
  }
  HWY_INLINE void store(double* to) const {
    for (std::size_t v = 0; v < vectors; ++v) hn::StoreU(sum[v], D(), to + v * lanes);
  }
  HWY_INLINE void add(const float* x) {
    const hn::Rebind<float, D> f;
    for (std::size_t v = 0; v < vectors; ++v) {
      const auto wide = hn::PromoteTo(D(), hn::LoadU(f, x + v * lanes));
      sum[v] = hn::MulAdd(wide, wide, sum[v]);  // the product is exact: fused or not, one rounding
    }
  }
  HWY_INLINE void add_values(const float* x) {
    const hn::Rebind<float, D> f;
    for (std::size_t v = 0; v < vectors; ++v) sum[v] = hn::Add(sum[v], hn::PromoteTo(D(), hn::LoadU(f, x + v * lanes)));
  }
  HWY_INLINE double total() const {
    hn::Vec<D> s[vectors];
    for (std::size_t v = 0; v < vectors; ++v) s[v] = sum[v];
    for (std::size_t half = vectors / 2; half > 0; half /= 2)
      for (std::size_t v = 0; v < half; ++v) s[v] = hn::Add(s[v], s[v + half]);
    return Halve(D(), s[0]);
  }

 private:
#if HWY_TARGET == HWY_SCALAR
  static HWY_INLINE double Halve(D, hn::Vec<D> v) { return hn::GetLane(v); }
#else
  template <class DV>
  static HWY_INLINE double Halve(DV d, hn::Vec<DV> v) {
    if constexpr (hn::MaxLanes(d) == 1) {
      return hn::GetLane(v);
    } else {
      const hn::Half<DV> half;
      return Halve(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
    }
  }
#endif
};

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
