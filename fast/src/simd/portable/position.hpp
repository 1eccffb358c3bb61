// SPEC §3: the position x of y on the compander's scale (compand_tables.hpp), for one row, and whether x decides the code.
#pragma once

#include "quantizer/compand_shape.hpp"
#include "simd/simd.hpp"
#include HDQ_COEFFICIENTS

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
  // unit: the width of a segment times the norm, or NaN for norms that are not Usable; origin: what is added to the polynomial.
  HWY_INLINE Position(float norm, double unit, double origin)
      : c_(Shape::table.coefficients),
        scale_(hn::Set(F(), static_cast<float>(1 / unit))),
        limit_(hn::Set(F(), Shape::RangeLimit(norm))),
        origin_(hn::Set(F(), static_cast<float>(origin))) {}

  // x, or whatever, where y is out of range.
  HWY_INLINE Floats operator()(Floats y) const {
    const F d;
    const Floats round = hn::Set(d, 0x1.8p23f);  // in [2^23, 2^24) a float32 is an integer
    const Floats a = hn::Abs(y);
    const Floats i = Fma(a, scale_, round);
    const Floats r = FmaSubtract(a, scale_, hn::Sub(i, round));
    Floats p = c_(Shape::table.degree, i);
    for (int k = Shape::table.degree - 1; k >= 0; --k) p = Fma(p, r, c_(k, i));
    return hn::Add(origin_, hn::Xor(p, hn::And(y, hn::SignBit(d))));
  }

  HWY_INLINE hn::Mask<I> Uncertain(Floats y, Integers x) const {
    const I d;
    const Integers inside = hn::BitCast(d, hn::VecFromMask(F(), hn::Lt(hn::Abs(y), limit_)));
    return hn::Eq(hn::And(hn::And(x, certain_bits_), inside), hn::Zero(d));
  }

 private:
  Coefficients<Shape::table.degree + 1> c_;
  Integers certain_bits_ = hn::Set(I(), Shape::certain_bits);
  Floats scale_, limit_, origin_;
};

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
