// One function pointer per instruction set, chosen per call: no global state, so two codecs with different Isa run side by side.
// Include after hwy/highway.h, use under HWY_ONCE.
#pragma once

#include <cstddef>

#include "hdq/types.hpp"

#if HWY_TARGETS & HWY_AVX3
#define HDQ_FOR_AVX512(function) &N_AVX3::function
#else
#define HDQ_FOR_AVX512(function) nullptr
#endif
#if HWY_TARGETS & HWY_AVX2
#define HDQ_FOR_AVX2(function) &N_AVX2::function
#else
#define HDQ_FOR_AVX2(function) nullptr
#endif

#if HWY_TARGETS & HWY_NEON
#define HDQ_FOR_NEON(function) &N_NEON::function
#else
#define HDQ_FOR_NEON(function) nullptr
#endif

// Defines function##Table, to be called as HDQ_CALL(function, isa)(arguments); isa is from resolve_isa.
#define HDQ_DISPATCH(function)                             \
  constexpr decltype(&N_SCALAR::function) function##Table[] = \
      {HDQ_FOR_AVX512(function), HDQ_FOR_AVX2(function), HDQ_FOR_NEON(function), &N_SCALAR::function}
#define HDQ_CALL(function, isa) function##Table[hdq::detail::kernel_index(isa)]

namespace hdq::detail {
inline std::size_t kernel_index(Isa isa) { return static_cast<std::size_t>(isa) - static_cast<std::size_t>(Isa::avx512); }
}  // namespace hdq::detail
