// Rows of the compander's coefficients, eight to a row and to a register: a permute looks at the low three bits of an index alone.
#pragma once

#include "quantizer/compand_tables.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

template <int rows>
class Coefficients {
  using F = hn::ScalableTag<float>;

 public:
  HWY_INLINE explicit Coefficients(const float* table) {
    for (int i = 0; i < rows; ++i) c_[i] = hn::LoadU(F(), table + i * 2 * detail::compand_segments);
  }
  HWY_INLINE hn::Vec<F> operator()(int row, hn::Vec<F> index) const {
    return hn::Vec<F>{_mm256_permutevar8x32_ps(c_[row].raw, _mm256_castps_si256(index.raw))};
  }

 private:
  hn::Vec<F> c_[rows];
};

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
