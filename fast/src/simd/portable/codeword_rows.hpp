// Codewords of several rows at once, in float32: none here; codebook.cpp evaluates them.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// Codewords of the first rows, and of how many.
HWY_INLINE std::size_t CodewordRows(int bits, const std::uint32_t* words, std::size_t rows, float* out) {
  (void)bits, (void)words, (void)rows, (void)out;
  return 0;
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
