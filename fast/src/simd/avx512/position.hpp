// SPEC §3: the position x of y on the compander's scale, as portable/position.hpp has it, but for the end: a register holds the
// coefficients of all sixteen segments, negative ones too, and the origin is added to their constant terms.
#pragma once

#include "quantizer/compand_shape.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

template <int bits>
class Position : CompandShape<bits> {
  using Shape = CompandShape<bits>;
  using F = hn::ScalableTag<float>;
  using I = hn::RebindToSigned<F>;
  using Floats = hn::Vec<F>;
  using Integers = hn::Vec<I>;

 public:
  HWY_INLINE Position(float, double unit, double origin) {
    scale_ = hn::Set(F(), static_cast<float>(1 / unit));
    limit_ = hn::Set(F(), static_cast<float>(detail::compand_segments * unit));  // the middle of a segment without polynomial
    for (int i = 0; i <= Shape::table.degree; ++i) c_[i] = hn::LoadU(F(), Shape::table.coefficients + i * 2 * detail::compand_segments);
    SetOrigin(origin);
  }

  // x; NaN, or whatever, where y is out of range.
  HWY_INLINE Floats operator()(Floats y) const {
    const Floats round = hn::Set(F(), 0x1.8p23f);  // in [2^23, 2^24) a float32 is an integer
    const Floats a{_mm512_range_ps(y.raw, limit_.raw, 2)};  // the smaller magnitude, the sign of y
    const Floats i = hn::MulAdd(a, scale_, round);
    const Floats r = hn::MulSub(a, scale_, hn::Sub(i, round));
    Floats p = Coefficient(Shape::table.degree, i);
    for (int k = Shape::table.degree - 1; k >= 0; --k) p = hn::MulAdd(p, r, Coefficient(k, i));
    return p;
  }

  HWY_INLINE hn::Mask<I> Uncertain(Floats, Integers x) const {
    return hn::Mask<I>{_mm512_testn_epi32_mask(x.raw, certain_bits_.raw)};
  }

 private:
  HWY_INLINE void SetOrigin(double origin) {
    const __m512d start = _mm512_set1_pd(origin);
    const __m256 low = _mm512_castps512_ps256(c_[0].raw), high = _mm512_extractf32x8_ps(c_[0].raw, 1);
    const __m256 low_sum = _mm512_cvtpd_ps(_mm512_add_pd(_mm512_cvtps_pd(low), start));
    const __m256 high_sum = _mm512_cvtpd_ps(_mm512_add_pd(_mm512_cvtps_pd(high), start));
    c_[0].raw = _mm512_insertf32x8(_mm512_castps256_ps512(low_sum), high_sum, 1);
  }
  HWY_INLINE Floats Coefficient(int k, Floats i) const {
    return Floats{_mm512_permutexvar_ps(_mm512_castps_si512(i.raw), c_[k].raw)};
  }

  Integers certain_bits_ = hn::Set(I(), Shape::certain_bits);
  Floats scale_, limit_, c_[Shape::table.degree + 1];
};

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
