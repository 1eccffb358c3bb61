// Σ q_i x_i and Σ (q_i − x_i)² in double, 16 lanes (lane = i mod 16) in index order, lanes halved 8, 4, 2, 1.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "exact_sums.cpp"
#include <hwy/foreach_target.h>

#include "simd.hpp"

#include "exact_sums.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HWY_NAMESPACE {

using D = hn::ScalableTag<double>;
constexpr std::size_t kLanes = hn::MaxLanes(D()), kVectors = 16 / kLanes;

template <bool differences>
HWY_INLINE void AddSixteen(const float* q, const float* x, hn::Vec<D>* sum) {
  const hn::Rebind<float, D> f;
  for (std::size_t v = 0; v < kVectors; ++v) {
    const auto a = hn::PromoteTo(D(), hn::LoadU(f, q + v * kLanes)), b = hn::PromoteTo(D(), hn::LoadU(f, x + v * kLanes));
    const auto difference = hn::Sub(a, b);
    sum[v] = differences ? Fma(difference, difference, sum[v]) : Fma(a, b, sum[v]);
  }
}

template <bool differences>
double Sum(const float* q, const float* x, std::size_t n) {
  hn::Vec<D> sum[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) sum[v] = hn::Zero(D());
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) AddSixteen<differences>(q + i, x + i, sum);
  if (i < n) {
    float last_q[16] = {}, last_x[16] = {};
    std::memcpy(last_q, q + i, (n - i) * sizeof(float));
    std::memcpy(last_x, x + i, (n - i) * sizeof(float));
    AddSixteen<differences>(last_q, last_x, sum);
  }
  double s[16];
  for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(sum[v], D(), s + v * kLanes);
  for (std::size_t half = 8; half > 0; half /= 2)
    for (std::size_t l = 0; l < half; ++l) s[l] += s[l + half];
  return s[0];
}

double ExactProduct(const float* q, const float* x, std::size_t n) { return Sum<false>(q, x, n); }
double ExactSquaredDistance(const float* q, const float* x, std::size_t n) { return Sum<true>(q, x, n); }

}  // namespace hdq::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "dispatch.hpp"
namespace hdq {

HDQ_DISPATCH(ExactProduct);
HDQ_DISPATCH(ExactSquaredDistance);

double detail::exact_product(const float* q, const float* x, std::size_t n, Isa isa) { return HDQ_CALL(ExactProduct, isa)(q, x, n); }
double detail::exact_squared_distance(const float* q, const float* x, std::size_t n, Isa isa) {
  return HDQ_CALL(ExactSquaredDistance, isa)(q, x, n);
}

}  // namespace hdq
#endif
