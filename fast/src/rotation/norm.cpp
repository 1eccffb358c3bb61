// SPEC §4: the norm. Squares are exact in double (24 + 24 bits), summed in 16 lanes (lane = i mod 16), lanes halved 8, 4, 2, 1.
#include "rotation/sixteen_sums.hpp"
#include "simd/entries.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

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

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
