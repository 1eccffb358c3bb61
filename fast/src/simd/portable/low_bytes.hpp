// The low bytes of the 32-bit lanes of four vectors, in order.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

HWY_INLINE void StoreLowBytes(const hn::Vec<hn::ScalableTag<std::int32_t>>* x, std::uint8_t* bytes) {
  const hn::ScalableTag<std::int32_t> d;
  const hn::Rebind<std::uint8_t, decltype(d)> u8;
  for (std::size_t v = 0; v < 4; ++v)
    hn::StoreU(hn::DemoteTo(u8, hn::And(x[v], hn::Set(d, 255))), u8, bytes + v * hn::MaxLanes(d));
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
