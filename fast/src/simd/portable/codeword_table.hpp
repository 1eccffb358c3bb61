// Codewords, indexed by code.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

template <int bits>
struct CodewordTable {
  using F = hn::ScalableTag<float>;
  const float* table;
  HWY_INLINE explicit CodewordTable(const float* codewords32) : table(codewords32) {}
  HWY_INLINE hn::Vec<F> operator()(hn::Vec<hn::RebindToSigned<F>> codes) const { return hn::GatherIndex(F(), table, codes); }
};

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
