// A way from packed codes to codewords without the codes in between: none.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// Whether the codewords were written; count is a multiple of 16.
HWY_INLINE bool FusedUnpackLookup(int, const std::uint8_t*, std::size_t, const float*, float*) { return false; }

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
