// Codewords of several codes of every run, by the registers of score/score_sums.cpp.
#pragma once

#include "simd/simd.hpp"
#include HDQ_SCORE_REGISTERS

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// Of codes k, …, k + count − 1 of every run.
template <int k, int count, int bits>
HWY_INLINE void Expand(const Row<bits>& row, const Runs<bits>& runs, Floats* z) {
  if constexpr (count > 0 && kPairs<bits>) {
    row.template Pair<k / 2>(runs, z[0], z[1]);
    Expand<k + 2, count - 2>(row, runs, z + 2);
  } else if constexpr (count > 0) {
    z[0] = row.template Codewords<k>(runs);
    Expand<k + 1, count - 1>(row, runs, z + 1);
  }
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
