// SPEC §1, §4: y = H x for d = m·2^k in float32. Inside each of the m blocks of 2^k the butterflies (a + b, a − b) at distance
// h = 1, 2, 4, …; then, across blocks, row a of B_m as a left-to-right sum over groups q of four columns of
// t_q = (s0 x0 + s1 x1) + (s2 x2 + s3 x3). Loops are blocked for registers and cache; the tree of additions behind every
// output is that one. Negations are moved through additions, which changes no rounding.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "transform.cpp"
#include <hwy/foreach_target.h>

#include "norm-inl.hpp"

#include <utility>

#include "base_matrix.hpp"
#include "kernels.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr std::size_t kLanes = hn::MaxLanes(D());
constexpr int kLog2Lanes = kLanes == 16 ? 4 : kLanes == 8 ? 3 : kLanes == 4 ? 2 : 0;
static_assert(kLanes == std::size_t{1} << kLog2Lanes);
constexpr int kLog2Registers = kLanes == 16 ? 4 : 3;  // of 32 (AVX-512) or 16 registers, half hold data
constexpr int kLog2Cache = 12;                        // 2^12 floats: half of a 32 KiB first-level cache
constexpr int kLog2SecondCache = 16;                  // 2^16 floats: a quarter of a 1 MiB second-level cache

// Stages to join 2^log2 elements from parts that fit a cache, log2 > kLog2Cache: at most eight parts, for they lie at the same
// place of an eight-way cache.
constexpr int OuterStages(int log2) {
  const int inside = log2 > kLog2SecondCache ? kLog2SecondCache : kLog2Cache;
  const int passes = (log2 - inside + 2) / 3;
  return (log2 - inside + passes - 1) / passes;
}

#if HWY_TARGET == HWY_SCALAR
template <int kStages, std::size_t kCount>
HWY_INLINE void InLaneStages(V*) {}
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

// Butterflies h = 1, …, 2^(kStages − 1) within each of kCount registers: (±v) + partner, and the product by ±1 is exact.
template <int kStages, std::size_t kCount, int stage = 0>
HWY_INLINE void InLaneStages(V* r) {
  if constexpr (stage < kStages) {
    HDQ_UNROLL
    for (std::size_t j = 0; j < kCount; ++j) r[j] = hn::MulAdd(r[j], hn::Load(D(), kSigns[stage]), Partner<stage>(r[j]));
    InLaneStages<kStages, kCount, stage + 1>(r);
  }
}
#endif

// a + b and a − b by fused operations with a factor of 1: the same single rounding, on other execution units than additions have.
#if HWY_TARGET == HWY_SCALAR
template <class D>
HWY_INLINE hn::Vec<D> One(D d) {
  return hn::Set(d, 1.0f);
}
template <class V>
HWY_INLINE V FusedSum(V a, V b, V) {
  return hn::Add(a, b);
}
template <class V>
HWY_INLINE V FusedDifference(V a, V b, V) {
  return hn::Sub(a, b);
}
#else
template <class D>
HWY_INLINE hn::Vec<D> One(D d) {
  auto one = hn::Set(d, 1.0f);
  asm("" : "+v"(one.raw));  // a compiler that knew the factor would turn the operation into an addition again
  return one;
}
template <class V>
HWY_INLINE V FusedSum(V a, V b, V one) {
  return hn::MulAdd(a, one, b);
}
template <class V>
HWY_INLINE V FusedDifference(V a, V b, V one) {
  return hn::NegMulAdd(b, one, a);
}
#endif

// Which of a butterfly's two operations are fused: what spreads them evenly beside the work around them.
enum class Fused { none, differences, first_stage };

// Butterflies between registers j and j + 1, j + 2, j + 4, …
template <std::size_t kCount, Fused fused>
HWY_INLINE void Butterflies(V* r, V one) {
  HDQ_UNROLL
  for (std::size_t h = 1; h < kCount; h *= 2) {
    HDQ_UNROLL
    for (std::size_t j = 0; j < kCount; ++j) {
      if ((j & h) == 0) {
        const V a = r[j], b = r[j + h];
        const bool both = fused == Fused::first_stage && h == 1;
        r[j] = both ? FusedSum(a, b, one) : hn::Add(a, b);
        r[j + h] = both || fused == Fused::differences ? FusedDifference(a, b, one) : hn::Sub(a, b);
      }
    }
  }
}

// ---- where a row comes from ----

// A source gives a run of elements as memory, then its registers: element i of the row at p. Its Meter sees every run, in order.
struct NoMeter {
  static constexpr bool active = false;
  template <class Source>
  HWY_INLINE explicit NoMeter(const Source&) {}
  template <std::size_t count>
  HWY_INLINE void add(const float*) {}
  HWY_INLINE void finish() {}
};
struct FromRow {
  using Meter = NoMeter;
  const float* y;
  template <std::size_t count>
  HWY_INLINE const float* run(std::size_t i, float*) const { return y + i; }
  HWY_INLINE V operator()(const float* p, std::size_t) const { return hn::LoadU(D(), p); }
};
// ε_i·x_i for i < n, then +0.
struct FromSigned {
  using Meter = NoMeter;
  const float* x;
  std::size_t n;
  const std::uint32_t* signs;
  template <std::size_t count>
  HWY_INLINE const float* run(std::size_t i, float* padded) const {
    return HWY_LIKELY(i + count <= n) ? x + i : Pad(x + i, i < n ? n - i : 0, count, padded);
  }
  HWY_INLINE V operator()(const float* p, std::size_t i) const { return FlipSigns(D(), hn::LoadU(D(), p), signs, i); }

  static HWY_NOINLINE const float* Pad(const float* x, std::size_t have, std::size_t count, float* padded) {
    std::memcpy(padded, x, have * sizeof(float));
    std::memset(padded + have, 0, (count - have) * sizeof(float));
    return padded;
  }
};

// The same, summing squares of x on the way into sums[16], as norm.cpp does.
struct FromMeasured : FromSigned {
  double* sums;
  class Meter {
   public:
    static constexpr bool active = true;
    HWY_INLINE explicit Meter(const FromMeasured& source) : to_(source.sums), sums_(source.sums) {}
    template <std::size_t count>
    HWY_INLINE void add(const float* run) {
      static_assert(count % 16 == 0 || kLanes < 16);  // shorter runs: blocks of one narrow register, which go by NarrowPass
      if constexpr (count % 16 == 0)
        for (std::size_t i = 0; i < count; i += 16) sums_.add(run + i);
    }
    HWY_INLINE void finish() { sums_.store(to_); }

   private:
    double* to_;
    SixteenSums sums_;
  };
};

// ---- passes over elements [begin, end) ----

// Stages h = 1 … kCount·kLanes/2 of consecutive runs of kCount registers.
template <std::size_t kCount, class Source>
void FirstPass(const Source& source, float* y, std::size_t begin, std::size_t end) {
  const V one = One(D());
  alignas(64) float padded[kCount * kLanes];
  typename Source::Meter meter(source);
  for (std::size_t base = begin; base < end; base += kCount * kLanes) {
    const float* run = source.template run<kCount * kLanes>(base, padded);
    V r[kCount];
    // Four registers side by side keep the shuffle and the multiply units busy; the meter's chain of additions goes beside them.
    constexpr std::size_t kTogether = kCount < 4 ? kCount : 4;
    HDQ_UNROLL
    for (std::size_t g = 0; g < kCount; g += kTogether) {
      HDQ_UNROLL
      for (std::size_t j = g; j < g + kTogether; ++j) r[j] = source(run + j * kLanes, base + j * kLanes);
      meter.template add<kTogether * kLanes>(run + g * kLanes);
      InLaneStages<kLog2Lanes, kTogether>(r + g);
      if constexpr (Source::Meter::active) HWY_FENCE;  // else the compiler begins with the whole chain, and waits for it
    }
    Butterflies<kCount, Fused::differences>(r, one);
    HDQ_UNROLL
    for (std::size_t j = 0; j < kCount; ++j) hn::StoreU(r[j], D(), y + base + j * kLanes);
  }
  meter.finish();
}

// Stages h = stride … stride·kCount/2.
template <std::size_t kCount>
void RadixPass(float* y, std::size_t begin, std::size_t end, std::size_t stride) {
  const D d;
  const V one = One(D());
  for (std::size_t base = begin; base < end; base += kCount * stride) {
    for (std::size_t c = base; c < base + stride; c += kLanes) {
      V r[kCount];
      HDQ_UNROLL
      for (std::size_t j = 0; j < kCount; ++j) r[j] = hn::LoadU(d, y + c + j * stride);
      Butterflies<kCount, kCount >= 8 ? Fused::first_stage : Fused::none>(r, one);
      HDQ_UNROLL
      for (std::size_t j = 0; j < kCount; ++j) hn::StoreU(r[j], d, y + c + j * stride);
    }
  }
}

// stages: their number beyond the lanes, at most kLog2Registers.
template <class Source>
void FirstPassOf(int stages, const Source& source, float* y, std::size_t begin, std::size_t end) {
  if (stages == 0) return FirstPass<1>(source, y, begin, end);
  if (stages == 1) return FirstPass<2>(source, y, begin, end);
  if (stages == 2) return FirstPass<4>(source, y, begin, end);
  if (stages == 3) return FirstPass<8>(source, y, begin, end);
  if constexpr (kLog2Registers == 4) return FirstPass<16>(source, y, begin, end);
}
void RadixPassOf(int stages, float* y, std::size_t begin, std::size_t end, std::size_t stride) {
  if (stages == 1) return RadixPass<2>(y, begin, end, stride);
  if (stages == 2) return RadixPass<4>(y, begin, end, stride);
  if (stages == 3) return RadixPass<8>(y, begin, end, stride);
  if constexpr (kLog2Registers == 4) return RadixPass<16>(y, begin, end, stride);
}

// Stages of the first pass beyond the lanes, of `stages` in all. With one stage left over, two passes share them better.
constexpr int FirstStages(int stages) {
  if (stages <= kLog2Registers) return stages;
  return stages == kLog2Registers + 1 ? kLog2Registers - 1 : kLog2Registers;
}

// All log2 >= kLog2Lanes stages of every block of 2^log2 elements in [begin, end), a range that fits the first-level cache.
template <class Source>
void CachedStages(const Source& source, float* y, std::size_t begin, std::size_t end, int log2) {
  const int first = FirstStages(log2 - kLog2Lanes);
  int done = kLog2Lanes + first;
  FirstPassOf(first, source, y, begin, end);
  while (done < log2) {
    const int now = HWY_MIN(log2 - done, kLog2Registers);
    RadixPassOf(now, y, begin, end, std::size_t{1} << done);
    done += now;
  }
}

// The same for any range. Above the cache, sub-blocks are finished one by one, then joined.
template <class Source>
void ButterflyStages(const Source& source, float* y, std::size_t begin, std::size_t end, int log2) {
  const std::size_t block = std::size_t{1} << log2;
  if (log2 > kLog2Cache) {
    const int outer = OuterStages(log2);
    const std::size_t stride = block >> outer;
    for (std::size_t base = begin; base < end; base += block) {
      for (std::size_t part = base; part < base + block; part += stride)
        ButterflyStages(source, y, part, part + stride, log2 - outer);
      RadixPassOf(outer, y, base, base + block, stride);
    }
    return;
  }
  const std::size_t piece = HWY_MAX(block, HWY_MIN(end - begin, std::size_t{1} << kLog2Cache) >> log2 << log2);
  for (std::size_t base = begin; base < end; base += piece)
    CachedStages(source, y, base, HWY_MIN(base + piece, end), log2);
}

// log2 < 4 stages, within registers, of blocks side by side; `end` is a multiple of 16.
template <int kStages, class Source>
void NarrowPass(const Source& source, float* y, std::size_t end) {
  alignas(64) float padded[16];
  typename Source::Meter meter(source);
  for (std::size_t base = 0; base < end; base += 16) {
    const float* run = source.template run<16>(base, padded);
    meter.template add<16>(run);
    HDQ_UNROLL
    for (std::size_t j = 0; j < 16; j += kLanes) {
      V v = source(run + j, base + j);
      InLaneStages<kStages, 1>(&v);
      hn::StoreU(v, D(), y + base + j);
    }
  }
  meter.finish();
}
template <class Source>
void NarrowPassOf(int log2, const Source& source, float* y, std::size_t end) {
  if (log2 == 0) return NarrowPass<0>(source, y, end);
  if (log2 == 1) return NarrowPass<1>(source, y, end);
  if (log2 == 2) return NarrowPass<2>(source, y, end);
  return NarrowPass<3>(source, y, end);
}

// ---- B_m across blocks ----

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

template <class B, int first_row, int q, int half, class V, int... a>
HWY_INLINE void AddHalf(V* sums, V first, V next_plus, V next_minus, V one, std::integer_sequence<int, a...>) {
  const V patterns[4] = {hn::Add(first, next_plus), hn::Add(first, next_minus), FusedDifference(first, next_plus, one),
                         FusedDifference(first, next_minus, one)};
  ((sums[a] = RowSum<B, first_row + a, q, half>(sums[a], patterns, one)), ...);
}

// The eight patterns of one group, four at a time: more would push sums out of the registers.
template <class B, int first_row, int q, class DB, class Rows, class V = hn::Vec<DB>>
HWY_INLINE void AddGroup(DB d, const float* x, std::size_t stride, V one, V* sums, Rows rows) {
  const V x0 = hn::LoadU(d, x), x1 = hn::LoadU(d, x + stride);
  const V x2 = hn::LoadU(d, x + 2 * stride), x3 = hn::LoadU(d, x + 3 * stride);
  const V next_plus = hn::Add(x2, x3), next_minus = FusedDifference(x2, x3, one);
  AddHalf<B, first_row, q, 0>(sums, hn::Add(x0, x1), next_plus, next_minus, one, rows);
  AddHalf<B, first_row, q, 1>(sums, FusedDifference(x0, x1, one), next_plus, next_minus, one, rows);
}

template <class B, int first_row, int rows, int q = 0, class DB, class V = hn::Vec<DB>>
HWY_INLINE void AddGroups(DB d, const float* x, std::size_t stride, V one, V* sums) {
  if constexpr (q < B::groups) {
    AddGroup<B, first_row, q>(d, x, stride, one, sums, std::make_integer_sequence<int, rows>());
    HWY_FENCE;  // loads of a later group would push sums out of the registers
    AddGroups<B, first_row, rows, q + 1>(d, x + 4 * stride, stride, one, sums);
  }
}

template <class B, int first_row, class V, class Store, int... a>
HWY_INLINE void StoreSums(const V* sums, const Store& store, std::integer_sequence<int, a...>) {
  (store(static_cast<std::size_t>(first_row + a), B::pending(first_row + a, B::groups) ? hn::Neg(sums[a]) : sums[a]), ...);
}

// Rows as many as registers hold together with a group's patterns; the inputs stay in place until the last of them are read.
template <class B, int m, int rows, int first_row, class DB, class V = hn::Vec<DB>>
HWY_INLINE void BaseRows(DB d, float* x, std::size_t stride, V one, float* held) {
  V sums[rows];
  AddGroups<B, first_row, rows>(d, x, stride, one, sums);
  const auto all = std::make_integer_sequence<int, rows>();
  if constexpr (first_row + rows < m) {
    StoreSums<B, first_row>(sums, [&](std::size_t a, V v) { hn::Store(v, d, held + a * hn::MaxLanes(d)); }, all);
    BaseRows<B, m, rows, first_row + rows>(d, x, stride, one, held);
  } else {
    StoreSums<B, first_row>(sums, [&](std::size_t a, V v) { hn::StoreU(v, d, x + a * stride); }, all);
    HDQ_UNROLL
    for (std::size_t a = 0; a < first_row; ++a) hn::StoreU(hn::Load(d, held + a * hn::MaxLanes(d)), d, x + a * stride);
  }
}

constexpr int RowsTogether(int m) {
  if (kLog2Registers == 4) return m == 28 ? 14 : m;
  return m == 12 ? 6 : m == 20 ? 5 : 7;
}

// y holds m blocks of `stride` elements, a multiple of the lanes of d.
template <int m, bool transposed, class DB>
void BaseStage(DB d, float* y, std::size_t stride) {
  const auto one = One(d);
  alignas(64) float held[m * hn::MaxLanes(d)];
  for (std::size_t c = 0; c < stride; c += hn::MaxLanes(d)) {
    std::size_t step = stride;
    asm("" : "+r"(step));  // else m addresses are computed before the loop, which may turn but once, and kept on the stack
    BaseRows<Base<m, transposed>, m, RowsTogether(m), 0>(d, y + c, step, one, held);
  }
}

template <class DB>
void BaseStageOf(DB d, int base, bool transposed, float* y, std::size_t stride) {
  if (base == 12) return transposed ? BaseStage<12, true>(d, y, stride) : BaseStage<12, false>(d, y, stride);
  if (base == 20) return transposed ? BaseStage<20, true>(d, y, stride) : BaseStage<20, false>(d, y, stride);
  BaseStage<28, false>(d, y, stride);  // symmetric
}

// Blocks narrower than a register: in smaller registers, down to four lanes of which one or two may be idle.
#if HWY_TARGET == HWY_SCALAR
void NarrowBaseStage(int, bool, float*, std::size_t) {}
#else
void NarrowBaseStage(int base, bool transposed, float* y, std::size_t stride) {
  const hn::FixedTag<float, 4> d;
  if (stride == 8) return BaseStageOf(hn::FixedTag<float, 8>(), base, transposed, y, 8);
  if (stride == 4) return BaseStageOf(d, base, transposed, y, 4);
  alignas(64) float wide[28 * 4] = {};
  const std::size_t m = static_cast<std::size_t>(base);
  for (std::size_t a = 0; a < m; ++a) std::memcpy(wide + a * 4, y + a * stride, stride * sizeof(float));
  BaseStageOf(d, base, transposed, wide, 4);
  for (std::size_t a = 0; a < m; ++a) std::memcpy(y + a * stride, wide + a * 4, stride * sizeof(float));
}
#endif

// ---- the transform ----

// order is a multiple of 16, or the target is scalar.
template <class Source>
HWY_INLINE void HadamardOf(const Source& source, float* y, std::size_t order, int base, int log2, bool transposed) {
  const std::size_t stride = std::size_t{1} << log2;
  if (kLanes == 1 || log2 >= 4) {
    ButterflyStages(source, y, 0, order, log2);
    if (base > 1) BaseStageOf(D(), base, transposed, y, stride);
  } else {
    NarrowPassOf(log2, source, y, order);
    if (base > 1) NarrowBaseStage(base, transposed, y, stride);
  }
}

void Hadamard(float* y, std::size_t order, int base, int log2, bool transposed) {
  if (kLanes == 1 || order % 16 == 0) return HadamardOf(FromRow{y}, y, order, base, log2, transposed);
  alignas(64) float copy[64] = {};  // the largest such order is 28·2
  std::memcpy(copy, y, order * sizeof(float));
  HadamardOf(FromRow{copy}, copy, (order + 15) / 16 * 16, base, log2, transposed);
  std::memcpy(y, copy, order * sizeof(float));
}

// y = H D x.
void Rotate(const float* x, std::size_t n, const std::uint32_t* signs, float* y, std::size_t order, int base, int log2) {
  HadamardOf(FromSigned{x, n, signs}, y, order, base, log2, false);
}

// The same, and the sum of squares of x.
double RotateMeasured(const float* x, std::size_t n, const std::uint32_t* signs, float* y, std::size_t order, int base, int log2) {
  alignas(64) double sums[16] = {};
  HadamardOf(FromMeasured{{x, n, signs}, sums}, y, order, base, log2, false);
  return SixteenSums(sums).total();
}

}  // namespace hdq::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "dispatch.hpp"
namespace hdq {

HDQ_DISPATCH(Hadamard);
HDQ_DISPATCH(Rotate);
HDQ_DISPATCH(RotateMeasured);

namespace {

bool fused(const HadamardOrder& order, Isa isa) { return isa == Isa::scalar || order.order % 16 == 0; }

HadamardOrder exact_order(std::size_t order) {
  if (const auto exact = detail::exact_hadamard_order(order)) return *exact;
  throw InvalidArgument("not a supported Hadamard order: " + std::to_string(order));
}

}  // namespace

void detail::hadamard(float* y, const HadamardOrder& order, bool transposed, Isa isa) {
  HDQ_CALL(Hadamard, isa)(y, order.order, order.base, order.log2, transposed);
}

void detail::rotate(const float* x, std::size_t n, const HadamardOrder& order, const std::uint32_t* signs, float factor, float* y,
                    Isa isa) {
  if (factor == 1 && fused(order, isa))
    return HDQ_CALL(Rotate, isa)(x, n, signs, y, order.order, order.base, order.log2);
  load_signed(x, n, order.order, signs, factor, y, isa);
  hadamard(y, order, false, isa);
}

double detail::rotate_measured(const float* x, std::size_t n, const HadamardOrder& order, const std::uint32_t* signs, float* y, Isa isa) {
  if (isa != Isa::scalar && fused(order, isa))
    return HDQ_CALL(RotateMeasured, isa)(x, n, signs, y, order.order, order.base, order.log2);
  rotate(x, n, order, signs, 1, y, isa);
  return sum_of_squares(x, n, isa);
}

void transform(float* x, std::size_t order, const std::uint32_t* signs, Isa isa) {
  const HadamardOrder h = exact_order(order);
  isa = resolve_isa(isa);
  signs == nullptr ? detail::hadamard(x, h, false, isa) : detail::rotate(x, order, h, signs, 1, x, isa);
}

void transform_transposed(float* y, std::size_t order, const std::uint32_t* signs, Isa isa) {
  isa = resolve_isa(isa);
  detail::hadamard(y, exact_order(order), true, isa);
  if (signs != nullptr) detail::store_signed(y, order, signs, 1, 1, y, isa);
}

}  // namespace hdq
#endif
