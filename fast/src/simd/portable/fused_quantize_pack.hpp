// A way to the bytes of a row's codes without the codes in between: none.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// Whether the bytes were written; count is a multiple of 16.
HWY_INLINE bool FusedQuantizePack(int, const float*, std::size_t, const double*, std::uint32_t, float, std::uint8_t*) { return false; }

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
