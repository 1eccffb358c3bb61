// Rows of the compander's coefficients, eight to a row (compand_tables.hpp), indexed by the low three bits of a lane.
#pragma once

#include "quantizer/compand_tables.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

template <int rows>
class Coefficients {
  using F = hn::ScalableTag<float>;
  using I = hn::RebindToSigned<F>;

 public:
  HWY_INLINE explicit Coefficients(const float* table) : table_(table) {}
  HWY_INLINE hn::Vec<F> operator()(int row, hn::Vec<F> index) const {
    return hn::GatherIndex(F(), table_ + row * 2 * detail::compand_segments, hn::And(hn::BitCast(I(), index), hn::Set(I(), 7)));
  }

 private:
  const float* table_;
};

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
