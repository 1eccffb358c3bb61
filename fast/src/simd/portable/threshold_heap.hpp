// A heap of thresholds (quantize.cpp): node i at heap[i], 2^bits nodes, at least 16 floats.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

template <int bits>
class ThresholdHeap {
  using F = hn::ScalableTag<float>;

 public:
  HWY_INLINE explicit ThresholdHeap(const float* heap) : heap_(heap) {}
  // The nodes of `level`, 2^level <= node < 2^(level + 1).
  template <int level>
  HWY_INLINE hn::Vec<F> At(hn::Vec<hn::RebindToSigned<F>> node) const {
    return hn::GatherIndex(F(), heap_, node);
  }

 private:
  const float* heap_;
};

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
