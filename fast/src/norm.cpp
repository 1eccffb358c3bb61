// SPEC §4: the norm. Squares are exact in double (24 + 24 bits), summed in 16 lanes (lane = i mod 16), lanes halved 8, 4, 2, 1.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "norm.cpp"
#include <hwy/foreach_target.h>

#include "norm-inl.hpp"

#include <cmath>

#include "kernels.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HWY_NAMESPACE {

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
  return static_cast<float>(std::sqrt(detail::sum_of_squares(x, n, resolve_isa(isa))));
}

float norm_scale(float norm) {
  if (norm > 0 && norm < 0x1p-100f) return 0x1p100f;
  if (norm > 0x1p100f) return 0x1p-100f;
  return 1;
}

}  // namespace hdq
#endif
