// SPEC §1, §4: across blocks, row a of B_m as a left-to-right sum over groups q of four columns of t_q = (s0 x0 + s1 x1) + (s2 x2 +
// s3 x3). Negations are moved through additions, which changes no rounding.
#pragma once

#include <utility>

#include "rotation/base_matrix.hpp"
#include "rotation/base_stage.hpp"
#include "rotation/fused.hpp"
#include "simd/simd.hpp"
#include HDQ_TUNING

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

template <int m, bool transposed>
struct Base {
  static constexpr int groups = m / 4;
  static constexpr int sign(int row, int column) { return transposed ? base_entry(column, row) : base_entry(row, column); }
  static constexpr int base_entry(int row, int column) { return detail::base_entry(m, row, column); }
  // Group q of row a is ± pattern: (x0 ± x1) ± (x2 ± x3).
  static constexpr bool negative(int a, int q) { return sign(a, 4 * q) < 0; }
  static constexpr int pattern(int a, int q) {
    const int s0 = sign(a, 4 * q), s1 = sign(a, 4 * q + 1), s2 = sign(a, 4 * q + 2), s3 = sign(a, 4 * q + 3);
    return (s1 != s0 ? 4 : 0) + (s2 != s0 ? 2 : 0) + (s3 != s2 ? 1 : 0);
  }
  // Before group q, row a's running sum is kept as minus its value: all groups so far were negative.
  static constexpr bool pending(int a, int q) {
    for (int earlier = 0; earlier < q; ++earlier)
      if (!negative(a, earlier)) return false;
    return q > 0;
  }
};

// Row a's sum after group q, if its pattern is among the four (half 0: x0 + x1, half 1: x0 − x1); else the sum as it is. Every other
// operation is fused, to share the units.
template <class B, int a, int q, int half, class V>
HWY_INLINE V RowSum(V sum, const V* patterns, V one) {
  constexpr bool negative = B::negative(a, q), pending = B::pending(a, q), fuse = (a + q) % 2 == 0;
  const V term = patterns[B::pattern(a, q) % 4];
  if constexpr (B::pattern(a, q) / 4 != half) return sum;
  else if constexpr (q == 0) return term;
  else if constexpr (pending != negative)  // the signs differ: this decides it
    return pending ? (fuse ? FusedDifference(term, sum, one) : hn::Sub(term, sum))
                   : (fuse ? FusedDifference(sum, term, one) : hn::Sub(sum, term));
  else
    return fuse ? FusedSum(sum, term, one) : hn::Add(sum, term);
}

// The rows of the r-th of several runs that are summed together. Of B_28, even rows are made of sums x0 + x1 but for one pair of columns,
// odd rows of differences: runs of one kind need half of the patterns. Other orders gain nothing from that.
template <int m, int rows, int r>
struct Run {
  static constexpr int runs = m / rows;
  static_assert(runs * rows == m);
  static constexpr int row(int a) { return m == 28 ? r + runs * a : r * rows + a; }
  static constexpr bool has(int row) { return (m == 28 ? row % runs : row / rows) == r; }
};

template <class B, class Rows, int q, int half, class V, int... a>
HWY_INLINE void AddHalf(V* sums, V first, V next_plus, V next_minus, V one, std::integer_sequence<int, a...>) {
  const V patterns[4] = {hn::Add(first, next_plus), hn::Add(first, next_minus), FusedDifference(first, next_plus, one),
                         FusedDifference(first, next_minus, one)};
  ((sums[a] = RowSum<B, Rows::row(a), q, half>(sums[a], patterns, one)), ...);
}

// The patterns of one group, of eight those that occur, four at a time: more would push sums out of the registers.
template <class B, class Rows, int q, class DB, class All, class V = hn::Vec<DB>>
HWY_INLINE void AddGroup(DB d, const float* x, std::size_t stride, V one, V* sums, All all) {
  const V x0 = hn::LoadU(d, x), x1 = hn::LoadU(d, x + stride);
  const V x2 = hn::LoadU(d, x + 2 * stride), x3 = hn::LoadU(d, x + 3 * stride);
  const V next_plus = hn::Add(x2, x3), next_minus = FusedDifference(x2, x3, one);
  AddHalf<B, Rows, q, 0>(sums, hn::Add(x0, x1), next_plus, next_minus, one, all);
  AddHalf<B, Rows, q, 1>(sums, FusedDifference(x0, x1, one), next_plus, next_minus, one, all);
}

template <class B, class Rows, int rows, int q = 0, class DB, class V = hn::Vec<DB>>
HWY_INLINE void AddGroups(DB d, const float* x, std::size_t stride, V one, V* sums) {
  if constexpr (q < B::groups) {
    AddGroup<B, Rows, q>(d, x, stride, one, sums, std::make_integer_sequence<int, rows>());
    HWY_FENCE;  // loads of a later group would push sums out of the registers
    AddGroups<B, Rows, rows, q + 1>(d, x + 4 * stride, stride, one, sums);
  }
}

template <class B, class Rows, class V, class Store, int... a>
HWY_INLINE void StoreSums(const V* sums, const Store& store, std::integer_sequence<int, a...>) {
  (store(static_cast<std::size_t>(Rows::row(a)), B::pending(Rows::row(a), B::groups) ? hn::Neg(sums[a]) : sums[a]),
   ...);
}

// The rows of other runs to their places.
template <class Rows, class DB, int... a>
HWY_INLINE void StoreHeld(DB d, const float* held, float* x, std::size_t stride, std::integer_sequence<int, a...>) {
  const auto store = [&](std::size_t row)
                         HWY_ATTR { hn::StoreU(hn::Load(d, held + row * hn::MaxLanes(d)), d, x + row * stride); };
  ((Rows::has(a) ? void() : store(static_cast<std::size_t>(a))), ...);
}

// Rows as many as registers hold together with a group's patterns; the inputs stay in place until the last of them are read.
template <class B, int m, int rows, int r, class DB, class V = hn::Vec<DB>>
HWY_INLINE void BaseRows(DB d, float* x, std::size_t stride, V one, float* held) {
  using Rows = Run<m, rows, r>;
  V sums[rows];
  AddGroups<B, Rows, rows>(d, x, stride, one, sums);
  const auto all = std::make_integer_sequence<int, rows>();
  if constexpr (r + 1 < Rows::runs) {
    StoreSums<B, Rows>(
        sums, [&](std::size_t a, V v) { hn::Store(v, d, held + a * hn::MaxLanes(d)); }, all);
    BaseRows<B, m, rows, r + 1>(d, x, stride, one, held);
  } else {
    StoreSums<B, Rows>(
        sums, [&](std::size_t a, V v) { hn::StoreU(v, d, x + a * stride); }, all);
    StoreHeld<Rows>(d, held, x, stride, std::make_integer_sequence<int, m>());
  }
}

// y holds m blocks of `stride` elements, a multiple of the lanes of d.
template <int m, bool transposed, class DB>
void BaseBlocks(DB d, float* y, std::size_t stride) {
  const auto one = One(d);
  alignas(64) float held[m * hn::MaxLanes(d)];
  for (std::size_t c = 0; c < stride; c += hn::MaxLanes(d)) {
    std::size_t step = stride;
    asm("" : "+r"(step));  // else m addresses are computed before the loop, which may turn but once, and kept on the stack
    BaseRows<Base<m, transposed>, m, BaseRowsTogether(m), 0>(d, y + c, step, one, held);
  }
}

template <int m, class DB>
void BaseBlocks(DB d, bool transposed, float* y, std::size_t stride) {
  if constexpr (m == 28) return BaseBlocks<28, false>(d, y, stride);  // symmetric
  else return transposed ? BaseBlocks<m, true>(d, y, stride) : BaseBlocks<m, false>(d, y, stride);
}

// Blocks narrower than a register go in smaller registers.
template <int m>
void BaseStageOf(bool transposed, float* y, std::size_t stride) {
  const hn::ScalableTag<float> d;
  if (stride >= hn::MaxLanes(d)) return BaseBlocks<m>(d, transposed, y, stride);
  if (stride == 8) return BaseBlocks<m>(hn::CappedTag<float, 8>(), transposed, y, stride);
  return BaseBlocks<m>(hn::CappedTag<float, 4>(), transposed, y, stride);
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
