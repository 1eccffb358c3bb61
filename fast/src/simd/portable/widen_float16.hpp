// How many of the n numbers a conversion instruction has widened: none.
#pragma once

#include "hdq/types.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

HWY_INLINE std::size_t WidenSome(const Float16*, std::size_t, float*) { return 0; }

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
