// What every kernel file starts from. A kernel file is compiled once per instruction set (fast/CMakeLists.txt), all of it in the
// namespace hdq::HDQ_ISA, for the Highway target HDQ_TARGET: the functions between HWY_BEFORE_NAMESPACE and HWY_AFTER_NAMESPACE,
// and they alone, may use that target's instructions, whatever -march says. What the standard library's headers define is compiled
// for the baseline, as everywhere. Where an instruction set has something of its own, blocks.hpp knows.
#pragma once

#include <hwy/detect_targets.h>
#undef HWY_TARGET
#define HWY_TARGET HDQ_TARGET
#include <hwy/highway.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "simd/portable/blocks.hpp"

static_assert(std::endian::native == std::endian::little, "sign words and packed codes are read as bytes");

// Before a loop over an array of vectors: only a loop that is gone leaves the array in registers.
#if defined(__clang__)
#define HDQ_UNROLL _Pragma("clang loop unroll(full)")
#else
#define HDQ_UNROLL _Pragma("GCC unroll 16")
#endif

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {
namespace hn = hwy::HWY_NAMESPACE;

static_assert(!HWY_HAVE_SCALABLE, "arrays of vectors need vectors of a size known to the compiler");

// a·b + c with one rounding. Where a target has no such instruction, Highway's MulAdd rounds twice, and this goes lane by lane.
inline HWY_ATTR double Fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
template <class V>
HWY_INLINE V Fma(V a, V b, V c) {
#if HWY_NATIVE_FMA
  return hn::MulAdd(a, b, c);
#else
  const hn::DFromV<V> d;
  using T = hn::TFromV<V>;
  T x[hn::MaxLanes(d)], y[hn::MaxLanes(d)], z[hn::MaxLanes(d)];
  hn::StoreU(a, d, x);
  hn::StoreU(b, d, y);
  hn::StoreU(c, d, z);
  for (std::size_t i = 0; i < hn::MaxLanes(d); ++i) {
    if constexpr (sizeof(T) == 4) z[i] = __builtin_fmaf(x[i], y[i], z[i]);
    else z[i] = __builtin_fma(x[i], y[i], z[i]);
  }
  return hn::LoadU(d, z);
#endif
}
// a·b − c with one rounding.
template <class V>
HWY_INLINE V FmaSubtract(V a, V b, V c) {
#if HWY_NATIVE_FMA
  return hn::MulSub(a, b, c);
#else
  return Fma(a, b, hn::Neg(c));
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

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
