// v with the signs of Lanes(d) elements flipped where their bits of the sign words are set; i is the first one's index, a multiple of
// Lanes(d). Lanes: at most 32.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

template <class D, class V = hn::Vec<D>>
HWY_INLINE V FlipSigns(D d, V v, const std::uint32_t* signs, std::size_t i) {
  constexpr std::size_t lanes = hn::MaxLanes(D());
  if constexpr (lanes % 8 == 0) {
    const auto negative = hn::LoadMaskBits(d, reinterpret_cast<const std::uint8_t*>(signs) + i / 8);
    return hn::Xor(v, hn::IfThenElseZero(negative, hn::SignBit(d)));
  } else {
    static constexpr struct Bits {  // one to a lane
      alignas(16) std::uint32_t of_lane[4] = {1, 2, 4, 8};
    } bits;
    static_assert(lanes <= 4);
    const hn::RebindToUnsigned<D> u;
    const auto word = hn::Set(u, signs[i / 32] >> (i % 32));
    const auto negative = hn::RebindMask(d, hn::TestBit(word, hn::Load(u, bits.of_lane)));
    return hn::Xor(v, hn::IfThenElseZero(negative, hn::SignBit(d)));
  }
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
