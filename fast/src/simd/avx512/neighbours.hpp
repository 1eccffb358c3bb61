// The first butterfly of a row, between neighbours, straight from memory: a load doubles the even or the odd lanes on its way, and
// the port of shuffles, which the stages within a register are short of, is not needed.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

inline constexpr bool kNeighboursFromMemory = true;

// Lanes 2i, 2i + 1: p[2i] + p[2i + 1], p[2i] − p[2i + 1].
template <class D, class V = hn::Vec<D>>
HWY_INLINE V NeighbourButterfly(D, const float* p) {
  static_assert(hn::MaxLanes(D()) == 16);
  const __m512 signs = _mm512_castpd_ps(_mm512_set1_pd(std::bit_cast<double>(0xBF8000003F800000)));  // +1, −1, …
  return V{_mm512_fmadd_ps(_mm512_movehdup_ps(_mm512_loadu_ps(p)), signs, _mm512_moveldup_ps(_mm512_loadu_ps(p)))};
}
// The same of ε_i·x_i; spread: those of these sixteen (rotation/spread_signs.hpp).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V SignedNeighbourButterfly(D, const float* p, const float* spread) {
  const __m512 even = _mm512_mul_ps(_mm512_moveldup_ps(_mm512_loadu_ps(p)), _mm512_load_ps(spread));
  return V{_mm512_fmadd_ps(_mm512_movehdup_ps(_mm512_loadu_ps(p)), _mm512_load_ps(spread + 16), even)};
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
