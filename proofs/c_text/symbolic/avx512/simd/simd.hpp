// In place of the library's header: what the fused kernels use of it, of Highway and of the compiler's intrinsics.
#pragma once

#include "../intrinsics.hpp"

#define HWY_BEFORE_NAMESPACE() static_assert(true)
#define HWY_AFTER_NAMESPACE() static_assert(true)
#define HWY_INLINE inline
#define HWY_ATTR
#define HWY_LIKELY(condition) (condition)
#define HWY_MIN(a, b) ((a) < (b) ? (a) : (b))
#define HDQ_UNROLL

namespace hdq::symbolic {

namespace hn {
template <class T>
struct ScalableTag {};
template <class D>
struct Vec;
template <>
struct Vec<ScalableTag<float>> {
  __m512 raw;
};
template <>
struct Vec<ScalableTag<::std::int32_t>> {
  __m512i raw;
};
}  // namespace hn

template <class Function, int bits = 1>
void WithBits(int wanted, const Function& f) {
  if (bits == wanted) return f(std::integral_constant<int, bits>());
  if constexpr (bits < 8) WithBits<Function, bits + 1>(wanted, f);
}

}  // namespace hdq::symbolic
