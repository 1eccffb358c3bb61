// A heap of thresholds (quantize.cpp): nodes 0 … 15 in registers.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

template <int bits>
class ThresholdHeap {
  using VF = hn::Vec<hn::ScalableTag<float>>;
  using VI = hn::Vec<hn::ScalableTag<std::int32_t>>;
  static constexpr std::size_t lanes = hn::MaxLanes(hn::ScalableTag<float>());
  static constexpr int register_bits = 4;  // levels that permutes reach

 public:
  HWY_INLINE explicit ThresholdHeap(const float* heap) : heap_(heap) {
    for (std::size_t v = 0; v < held; ++v) table[v] = hn::LoadU(hn::ScalableTag<float>(), heap + v * lanes);
  }
  // The nodes of `level`, 2^level <= node < 2^(level + 1). A permute looks at the low bits of node alone.
  template <int level>
  HWY_INLINE VF At(VI node) const {
    if constexpr (level <= 2) return VF{_mm256_permutevar8x32_ps(table[0].raw, node.raw)};
    if constexpr (level == 3) return VF{_mm256_permutevar8x32_ps(table[1].raw, node.raw)};
    if constexpr (level >= 4) return hn::GatherIndex(hn::ScalableTag<float>(), heap_, node);
  }

 private:
  static constexpr std::size_t fitting = (std::size_t{1} << (bits < register_bits ? bits : register_bits)) / lanes;
  static constexpr std::size_t held = fitting < 1 ? 1 : fitting;
  VF table[held];
  [[maybe_unused]] const float* heap_;
};

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
