// SPEC §1, §4: y = H x for d = m·2^k in float32. Inside each of the m blocks of 2^k the butterflies (a + b, a − b) at distance
// h = 1, 2, 4, …; then, across blocks, row a of B_m as a left-to-right sum over groups q of four columns of
// t_q = (s0 x0 + s1 x1) + (s2 x2 + s3 x3). Loops are blocked for registers and cache; the tree of additions behind every
// output is that one. Negations are moved through additions, which changes no rounding.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "transform.cpp"
#include <hwy/foreach_target.h>

#include "simd.hpp"

#include <utility>

#include "base_matrix.hpp"
#include "kernels.hpp"

#if defined(__clang__)
#define HDQ_UNROLL _Pragma("clang loop unroll(full)")
#else
#define HDQ_UNROLL _Pragma("GCC unroll 16")
#endif

HWY_BEFORE_NAMESPACE();
namespace hdq::HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr std::size_t kLanes = hn::MaxLanes(D());
constexpr int kLog2Lanes = kLanes == 16 ? 4 : kLanes == 8 ? 3 : kLanes == 4 ? 2 : 0;
static_assert(kLanes == std::size_t{1} << kLog2Lanes);
constexpr int kLog2Registers = kLanes == 16 ? 4 : 3;  // of 32 (AVX-512) or 16 registers, half hold data
constexpr int kLog2Cache = 12;                        // 2^12 floats: half of a 32 KiB first-level cache

#if HWY_TARGET == HWY_SCALAR
template <int kStages>
HWY_INLINE V InLaneStages(V v) {
  return v;
}
#else
// Lane i of row s is +1 where bit s of i is 0, else −1.
alignas(64) constexpr float kSigns[4][16] = {{1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1},
                                             {1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1},
                                             {1, 1, 1, 1, -1, -1, -1, -1, 1, 1, 1, 1, -1, -1, -1, -1},
                                             {1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1}};

// Lane i of the result is lane i XOR 2^stage of v.
template <int stage>
HWY_INLINE V Partner(V v) {
  if constexpr (stage == 0) return hn::Shuffle2301(v);
  if constexpr (stage == 1) return hn::Shuffle1032(v);
  if constexpr (stage == 2) return hn::SwapAdjacentBlocks(v);
  if constexpr (stage == 3) return hn::ConcatLowerUpper(D(), v, v);
}

// Butterflies h = 1, …, 2^(kStages − 1) within a register: (±v) + partner, and the product by ±1 is exact.
template <int kStages, int stage = 0>
HWY_INLINE V InLaneStages(V v) {
  if constexpr (stage < kStages)
    return InLaneStages<kStages, stage + 1>(hn::MulAdd(v, hn::Load(D(), kSigns[stage]), Partner<stage>(v)));
  return v;
}
#endif

// Butterflies between registers j and j + 1, j + 2, j + 4, …
template <std::size_t kCount>
HWY_INLINE void Butterflies(V* r) {
  HDQ_UNROLL
  for (std::size_t h = 1; h < kCount; h *= 2) {
    HDQ_UNROLL
    for (std::size_t j = 0; j < kCount; ++j) {
      if ((j & h) == 0) {
        const V a = r[j], b = r[j + h];
        r[j] = hn::Add(a, b);
        r[j + h] = hn::Sub(a, b);
      }
    }
  }
}

// Stages h = 1 … kCount·kLanes/2 of consecutive runs of kCount registers.
template <std::size_t kCount>
void FirstPass(float* x, std::size_t count) {
  const D d;
  for (std::size_t base = 0; base < count; base += kCount * kLanes) {
    V r[kCount];
    HDQ_UNROLL
    for (std::size_t j = 0; j < kCount; ++j) r[j] = InLaneStages<kLog2Lanes>(hn::LoadU(d, x + base + j * kLanes));
    Butterflies<kCount>(r);
    HDQ_UNROLL
    for (std::size_t j = 0; j < kCount; ++j) hn::StoreU(r[j], d, x + base + j * kLanes);
  }
}

// Stages h = stride … stride·kCount/2.
template <std::size_t kCount>
void RadixPass(float* x, std::size_t count, std::size_t stride) {
  const D d;
  for (std::size_t base = 0; base < count; base += kCount * stride) {
    for (std::size_t c = base; c < base + stride; c += kLanes) {
      V r[kCount];
      HDQ_UNROLL
      for (std::size_t j = 0; j < kCount; ++j) r[j] = hn::LoadU(d, x + c + j * stride);
      Butterflies<kCount>(r);
      HDQ_UNROLL
      for (std::size_t j = 0; j < kCount; ++j) hn::StoreU(r[j], d, x + c + j * stride);
    }
  }
}

// log2 = number of stages, at most kLog2Registers.
void FirstPassOf(int log2, float* x, std::size_t count) {
  if (log2 == 0) return FirstPass<1>(x, count);
  if (log2 == 1) return FirstPass<2>(x, count);
  if (log2 == 2) return FirstPass<4>(x, count);
  if (log2 == 3) return FirstPass<8>(x, count);
  if constexpr (kLog2Registers == 4) return FirstPass<16>(x, count);
}
void RadixPassOf(int log2, float* x, std::size_t count, std::size_t stride) {
  if (log2 == 1) return RadixPass<2>(x, count, stride);
  if (log2 == 2) return RadixPass<4>(x, count, stride);
  if (log2 == 3) return RadixPass<8>(x, count, stride);
  if constexpr (kLog2Registers == 4) return RadixPass<16>(x, count, stride);
}

// Fewer stages than lanes: blocks of 2^log2 elements side by side in a register.
template <int kStages>
void InLanePass(float* x, std::size_t count) {
  const D d;
  for (std::size_t i = 0; i < count; i += kLanes) hn::StoreU(InLaneStages<kStages>(hn::LoadU(d, x + i)), d, x + i);
}
void InLanePassOf(int log2, float* x, std::size_t count) {
  if constexpr (kLog2Lanes > 1)
    if (log2 == 1) return InLanePass<1>(x, count);
  if constexpr (kLog2Lanes > 2)
    if (log2 == 2) return InLanePass<2>(x, count);
  if constexpr (kLog2Lanes > 3)
    if (log2 == 3) return InLanePass<3>(x, count);
}

// All log2 stages of every block of 2^log2 elements in x[0 .. count).
void ButterflyStages(float* x, std::size_t count, int log2) {
  if (log2 < kLog2Lanes) return InLanePassOf(log2, x, count);
  if (log2 > kLog2Cache) {
    const int outer = HWY_MIN(log2 - kLog2Cache, kLog2Registers);
    const std::size_t stride = std::size_t{1} << (log2 - outer);
    for (std::size_t base = 0; base < count; base += stride << outer) {
      for (std::size_t j = 0; j < std::size_t{1} << outer; ++j) ButterflyStages(x + base + j * stride, stride, log2 - outer);
      RadixPassOf(outer, x + base, stride << outer, stride);
    }
    return;
  }
  const std::size_t piece = HWY_MAX(std::size_t{1} << log2, HWY_MIN(count, std::size_t{1} << kLog2Cache) >> log2 << log2);
  for (std::size_t base = 0; base < count; base += piece) {
    const std::size_t size = HWY_MIN(piece, count - base);
    int done = HWY_MIN(log2, kLog2Lanes + kLog2Registers);
    FirstPassOf(done - kLog2Lanes, x + base, size);
    while (done < log2) {
      const int now = HWY_MIN(log2 - done, kLog2Registers);
      RadixPassOf(now, x + base, size, std::size_t{1} << done);
      done += now;
    }
  }
}

// ---- B_m across blocks ----

template <int m, bool transposed>
struct Base {
  static constexpr int sign(int row, int column) { return transposed ? base_entry(column, row) : base_entry(row, column); }
  static constexpr int base_entry(int row, int column) { return detail::base_entry(m, row, column); }
  // Group q of row a is ± pattern: (x0 ± x1) ± (x2 ± x3).
  static constexpr bool negative(int a, int q) { return sign(a, 4 * q) < 0; }
  static constexpr int pattern(int a, int q) {
    const int s0 = sign(a, 4 * q), s1 = sign(a, 4 * q + 1), s2 = sign(a, 4 * q + 2), s3 = sign(a, 4 * q + 3);
    return (s1 != s0 ? 4 : 0) + (s2 != s0 ? 2 : 0) + (s3 != s2 ? 1 : 0);
  }
};

// The eight patterns of one group, in the order of Base::pattern.
HWY_INLINE void Patterns(const float* x, std::size_t stride, V* p) {
  const D d;
  const V x0 = hn::LoadU(d, x), x1 = hn::LoadU(d, x + stride);
  const V x2 = hn::LoadU(d, x + 2 * stride), x3 = hn::LoadU(d, x + 3 * stride);
  const V plus = hn::Add(x0, x1), minus = hn::Sub(x0, x1), next_plus = hn::Add(x2, x3), next_minus = hn::Sub(x2, x3);
  p[0] = hn::Add(plus, next_plus);
  p[1] = hn::Add(plus, next_minus);
  p[2] = hn::Sub(plus, next_plus);
  p[3] = hn::Sub(plus, next_minus);
  p[4] = hn::Add(minus, next_plus);
  p[5] = hn::Add(minus, next_minus);
  p[6] = hn::Sub(minus, next_plus);
  p[7] = hn::Sub(minus, next_minus);
}

// Row a from group q on. `pending`: sum is minus the true sum, which lasts while all groups so far are negative.
template <class B, int groups, int a, int q, bool pending>
HWY_INLINE V RowSum(V sum, const V* p) {
  if constexpr (q == groups) {
    return pending ? hn::Neg(sum) : sum;
  } else {
    constexpr bool negative = B::negative(a, q);
    const V term = p[8 * q + B::pattern(a, q)];
    if constexpr (pending && !negative)
      return RowSum<B, groups, a, q + 1, false>(hn::Sub(term, sum), p);
    else if constexpr (!pending && negative)
      return RowSum<B, groups, a, q + 1, false>(hn::Sub(sum, term), p);
    else
      return RowSum<B, groups, a, q + 1, pending>(hn::Add(sum, term), p);
  }
}

template <class B, int groups, int... a>
HWY_INLINE void StoreRows(const V* p, float* x, std::size_t stride, std::integer_sequence<int, a...>) {
  (hn::StoreU(RowSum<B, groups, a, 1, B::negative(a, 0)>(p[B::pattern(a, 0)], p), D(), x + static_cast<std::size_t>(a) * stride), ...);
}

template <int m, bool transposed>
void BaseStageOf(float* x, std::size_t stride) {
  constexpr std::size_t groups = m / 4;
  for (std::size_t c = 0; c < stride; c += kLanes) {
    V p[8 * groups];
    for (std::size_t q = 0; q < groups; ++q) Patterns(x + c + 4 * q * stride, stride, p + 8 * q);
    StoreRows<Base<m, transposed>, m / 4>(p, x + c, stride, std::make_integer_sequence<int, m>());
  }
}

// Blocks narrower than a register: each gets a register of its own, whose other lanes are idle.
template <int m, bool transposed, std::size_t stride>
void NarrowBaseStage(float* x) {
  alignas(64) float wide[m * kLanes] = {};
  for (std::size_t a = 0; a < m; ++a) std::memcpy(wide + a * kLanes, x + a * stride, stride * sizeof(float));
  BaseStageOf<m, transposed>(wide, kLanes);
  for (std::size_t a = 0; a < m; ++a) std::memcpy(x + a * stride, wide + a * kLanes, stride * sizeof(float));
}

// x holds m blocks of `stride` elements.
template <int m, bool transposed>
void BaseStage(float* x, std::size_t stride) {
  if (stride >= kLanes) return BaseStageOf<m, transposed>(x, stride);
  if (stride == 1) return NarrowBaseStage<m, transposed, 1>(x);
  if (stride == 2) return NarrowBaseStage<m, transposed, 2>(x);
  if (stride == 4) return NarrowBaseStage<m, transposed, 4>(x);
  if (stride == 8) return NarrowBaseStage<m, transposed, 8>(x);
}

void HadamardPadded(float* x, std::size_t order, std::size_t padded, int base, int log2, bool transposed) {
  const std::size_t stride = std::size_t{1} << log2;
  ButterflyStages(x, log2 < kLog2Lanes ? padded : order, log2);
  if (base == 12) transposed ? BaseStage<12, true>(x, stride) : BaseStage<12, false>(x, stride);
  if (base == 20) transposed ? BaseStage<20, true>(x, stride) : BaseStage<20, false>(x, stride);
  if (base == 28) BaseStage<28, false>(x, stride);  // symmetric
}

void Hadamard(float* x, std::size_t order, int base, int log2, bool transposed) {
  if (order % kLanes == 0) return HadamardPadded(x, order, order, base, log2, transposed);
  alignas(64) float copy[64];  // the largest such order is 28·2 = 56
  const std::size_t padded = (order + kLanes - 1) / kLanes * kLanes;
  std::memset(copy, 0, sizeof copy);
  std::memcpy(copy, x, order * sizeof(float));
  HadamardPadded(copy, order, padded, base, log2, transposed);
  std::memcpy(x, copy, order * sizeof(float));
}

}  // namespace hdq::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "dispatch.hpp"
namespace hdq {

HDQ_DISPATCH(Hadamard);

void detail::hadamard(float* y, const HadamardOrder& order, bool transposed, Isa isa) {
  HDQ_CALL(Hadamard, isa)(y, order.order, order.base, order.log2, transposed);
}

namespace {
HadamardOrder exact_order(std::size_t order) {
  if (!is_hadamard_order(order)) throw InvalidArgument("not a supported Hadamard order: " + std::to_string(order));
  return hadamard_order(order);
}
}  // namespace

void transform(float* x, std::size_t order, const std::uint32_t* signs, Isa isa) {
  const HadamardOrder h = exact_order(order);
  detail::load_signed(x, order, order, signs, 1, x, isa);
  detail::hadamard(x, h, false, isa);
}

void transform_transposed(float* y, std::size_t order, const std::uint32_t* signs, Isa isa) {
  const HadamardOrder h = exact_order(order);
  detail::hadamard(y, h, true, isa);
  detail::store_signed(y, order, signs, 1, 1, y, isa);
}

}  // namespace hdq
#endif
