// SPEC §4: the norm. Squares are exact in double (24 + 24 bits), summed in 16 lanes (lane = i mod 16), lanes halved 8, 4, 2, 1.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "norm.cpp"
#include <hwy/foreach_target.h>

#include "simd.hpp"

#include <cmath>

#include "kernels.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HWY_NAMESPACE {

// 16 running sums, in as many registers as the target needs.
struct SixteenSums {
  using D = hn::ScalableTag<double>;
  static constexpr std::size_t lanes = hn::MaxLanes(D());
  static constexpr std::size_t vectors = 16 / lanes;
  hn::Vec<D> sum[vectors];

  HWY_INLINE SixteenSums() {
    for (std::size_t v = 0; v < vectors; ++v) sum[v] = hn::Zero(D());
  }
  HWY_INLINE void add(const float* x) {
    const hn::Rebind<float, D> f;
    for (std::size_t v = 0; v < vectors; ++v) {
      const auto wide = hn::PromoteTo(D(), hn::LoadU(f, x + v * lanes));
      sum[v] = hn::MulAdd(wide, wide, sum[v]);  // the product is exact: fused or not, one rounding
    }
  }
  HWY_INLINE double total() const {
    double s[16];
    for (std::size_t v = 0; v < vectors; ++v) hn::StoreU(sum[v], D(), s + v * lanes);
    for (std::size_t half = 8; half > 0; half /= 2)
      for (std::size_t i = 0; i < half; ++i) s[i] += s[i + half];
    return s[0];
  }
};

double SumOfSquares(const float* x, std::size_t n) {
  SixteenSums sums;
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) sums.add(x + i);
  if (i < n) {
    float last[16] = {};
    std::memcpy(last, x + i, (n - i) * sizeof(float));
    sums.add(last);
  }
  return sums.total();
}

}  // namespace hdq::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "dispatch.hpp"
namespace hdq {

HDQ_DISPATCH(SumOfSquares);

double detail::sum_of_squares(const float* x, std::size_t n, Isa isa) { return HDQ_CALL(SumOfSquares, isa)(x, n); }

float row_norm(const float* x, std::size_t n, Isa isa) {
  return static_cast<float>(std::sqrt(detail::sum_of_squares(x, n, isa)));
}

float norm_scale(float norm) {
  if (norm > 0 && norm < 0x1p-100f) return 0x1p100f;
  if (norm > 0x1p100f) return 0x1p-100f;
  return 1;
}

}  // namespace hdq
#endif
