// Σ q_i x_i and Σ (q_i − x_i)² in double, 16 lanes (lane = i mod 16) in index order, lanes halved 8, 4, 2, 1.
#include "rotation/sixteen_sums.hpp"
#include "simd/entries.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

template <bool differences>
HWY_INLINE void AddSixteen(const float* q, const float* x, SixteenSums& sums) {
  const SixteenSums::D d;
  const hn::Rebind<float, SixteenSums::D> f;
  for (std::size_t v = 0; v < SixteenSums::vectors; ++v) {
    const std::size_t at = v * SixteenSums::lanes;
    const auto a = hn::PromoteTo(d, hn::LoadU(f, q + at)), b = hn::PromoteTo(d, hn::LoadU(f, x + at));
    const auto difference = hn::Sub(a, b);
    sums.sum[v] = differences ? Fma(difference, difference, sums.sum[v]) : Fma(a, b, sums.sum[v]);
  }
}

template <bool differences>
double Sum(const float* q, const float* x, std::size_t n) {
  SixteenSums sums;
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) AddSixteen<differences>(q + i, x + i, sums);
  if (i < n) {
    float last_q[16] = {}, last_x[16] = {};
    std::memcpy(last_q, q + i, (n - i) * sizeof(float));
    std::memcpy(last_x, x + i, (n - i) * sizeof(float));
    AddSixteen<differences>(last_q, last_x, sums);
  }
  return sums.total();
}

double InnerProduct(const float* q, const float* x, std::size_t n) { return Sum<false>(q, x, n); }
double SquaredDistance(const float* q, const float* x, std::size_t n) { return Sum<true>(q, x, n); }

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
