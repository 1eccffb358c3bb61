// What every kernel file starts from, once per target. No include guard: foreach_target.h includes the kernel file again.
// Functions here must not be visible across targets, hence HWY_NAMESPACE.
#ifndef HDQ_UNROLL
// Before a loop over an array of vectors: only a loop that is gone leaves the array in registers.
#if defined(__clang__)
#define HDQ_UNROLL _Pragma("clang loop unroll(full)")
#else
#define HDQ_UNROLL _Pragma("GCC unroll 16")
#endif
#endif

#if defined(HDQ_SIMD_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef HDQ_SIMD_HPP
#undef HDQ_SIMD_HPP
#else
#define HDQ_SIMD_HPP
#endif

#include <hwy/highway.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace hdq::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// a·b + c with one rounding. Highway's scalar MulAdd rounds twice; the SIMD targets fuse.
inline HWY_ATTR double Fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
template <class V>
HWY_INLINE V Fma(V a, V b, V c) {
#if HWY_TARGET == HWY_SCALAR
  return V(__builtin_fma(a.raw, b.raw, c.raw));
#else
  static_assert(HWY_NATIVE_FMA, "bit-exactness needs a fused multiply-add");
  return hn::MulAdd(a, b, c);
#endif
}
// a·b − c with one rounding.
template <class V>
HWY_INLINE V FmaSubtract(V a, V b, V c) {
#if HWY_TARGET == HWY_SCALAR
  return V(__builtin_fma(a.raw, b.raw, -c.raw));
#else
  return hn::MulSub(a, b, c);
#endif
}

// f(integral constant b), b = 1 … 8: from a number of bits to a template's argument.
template <class F>
HWY_INLINE void WithBits(int bits, const F& f) {
  switch (bits) {
    case 1: return f(std::integral_constant<int, 1>());
    case 2: return f(std::integral_constant<int, 2>());
    case 3: return f(std::integral_constant<int, 3>());
    case 4: return f(std::integral_constant<int, 4>());
    case 5: return f(std::integral_constant<int, 5>());
    case 6: return f(std::integral_constant<int, 6>());
    case 7: return f(std::integral_constant<int, 7>());
    default: return f(std::integral_constant<int, 8>());
  }
}

// v with its sign flipped where bit i (mod 32) of the sign words is set.
HWY_INLINE HWY_ATTR float FlipOne(float v, const std::uint32_t* signs, std::size_t i) {
  std::uint32_t bits;
  std::memcpy(&bits, &v, sizeof bits);
  bits ^= (signs[i / 32] >> (i % 32)) << 31;
  std::memcpy(&v, &bits, sizeof v);
  return v;
}

// The same for Lanes(d) elements from index i, a multiple of Lanes(d).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V FlipSigns(D d, V v, const std::uint32_t* signs, std::size_t i) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(d, FlipOne(hn::GetLane(v), signs, i));
#elif HWY_TARGET == HWY_AVX3
  static_assert(hn::MaxLanes(d) == 16);
  const __mmask16 negative = _load_mask16(const_cast<__mmask16*>(reinterpret_cast<const __mmask16*>(signs) + i / 16));
  return V{_mm512_mask_xor_ps(v.raw, negative, v.raw, _mm512_set1_ps(-0.0f))};
#else
  static_assert(std::endian::native == std::endian::little, "sign words are read as bytes");
  const auto negative = hn::LoadMaskBits(d, reinterpret_cast<const std::uint8_t*>(signs) + i / 8);
  return hn::Xor(v, hn::IfThenElseZero(negative, hn::SignBit(d)));
#endif
}

}  // namespace hdq::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
