// a + b and a − b by fused operations with a factor of 1: the same single rounding, on other execution units than additions have.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// A vector of ones, of which the compiler does not know that: it would turn the operations below into additions again.
template <class D>
HWY_INLINE hn::Vec<D> One(D d) {
  auto one = hn::Set(d, 1.0f);
#if HWY_NATIVE_FMA && HWY_ARCH_X86
  asm("" : "+v"(one.raw));
#elif HWY_NATIVE_FMA && HWY_ARCH_ARM_A64
  asm("" : "+w"(one.raw));
#endif
  return one;
}
#if HWY_NATIVE_FMA
template <class V>
HWY_INLINE V FusedSum(V a, V b, V one) {
  return hn::MulAdd(a, one, b);
}
template <class V>
HWY_INLINE V FusedDifference(V a, V b, V one) {
  return hn::NegMulAdd(b, one, a);
}
#else
template <class V>
HWY_INLINE V FusedSum(V a, V b, V) {
  return hn::Add(a, b);
}
template <class V>
HWY_INLINE V FusedDifference(V a, V b, V) {
  return hn::Sub(a, b);
}
#endif

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
