// SPEC §1, §4: y = H x for d = m·2^k in float32. Inside each of the m blocks of 2^k the butterflies (a + b, a − b) at distance
// h = 1, 2, 4, …; then B_m across blocks (base_rows.hpp). Loops are blocked for registers and cache; the tree of additions behind
// every output is that one.
#include "rotation/base_stage.hpp"
#include "rotation/fused.hpp"
#include "rotation/sixteen_sums.hpp"
#include "simd/entries.hpp"
#include "simd/simd.hpp"
#include HDQ_FLIP_SIGNS
#include HDQ_NEIGHBOURS
#include HDQ_TUNING

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr std::size_t kLanes = hn::MaxLanes(D());
constexpr int kLog2Lanes = kLanes == 16 ? 4 : kLanes == 8 ? 3 : kLanes == 4 ? 2 : 0;
static_assert(kLanes == std::size_t{1} << kLog2Lanes);
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
template <int kStages, std::size_t kCount, int stage = 0>
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

// Butterflies h = 1, …, kLanes/2 of kCount registers from a run of the row, element i of the row at p.
template <std::size_t kCount, class Source>
HWY_INLINE void FromMemory(const Source& source, const float* p, std::size_t i, V* r) {
  if constexpr (Source::neighbourly) {
    HDQ_UNROLL
    for (std::size_t j = 0; j < kCount; ++j) r[j] = source.neighbours(p + j * kLanes, i + j * kLanes);
    InLaneStages<kLog2Lanes, kCount, 1>(r);
  } else {
    HDQ_UNROLL
    for (std::size_t j = 0; j < kCount; ++j) r[j] = source(p + j * kLanes, i + j * kLanes);
    InLaneStages<kLog2Lanes, kCount>(r);
  }
}

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

// A source gives a run of elements as memory, then its registers: element i of the row at p; neighbourly: it gives them past the first butterfly, too. Its Accumulator sees every run, in order.
struct NoAccumulator {
  static constexpr bool active = false;
  template <class Source>
  HWY_INLINE explicit NoAccumulator(const Source&) {}
  template <std::size_t count>
  HWY_INLINE void add(const float*) {}
  HWY_INLINE void finish() {}
};
struct FromRow {
  using Accumulator = NoAccumulator;
  static constexpr bool neighbourly = kNeighboursFromMemory;
  const float* y;
  template <std::size_t count>
  HWY_INLINE const float* run(std::size_t i, float*) const { return y + i; }
  HWY_INLINE V operator()(const float* p, std::size_t) const { return hn::LoadU(D(), p); }
  HWY_INLINE V neighbours(const float* p, std::size_t) const { return NeighbourButterfly(D(), p); }
};
// ε_i·x_i for i < n, then +0.
struct FromSigned {
  using Accumulator = NoAccumulator;
  static constexpr bool neighbourly = false;
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
  class Accumulator {
   public:
    static constexpr bool active = true;
    HWY_INLINE explicit Accumulator(const FromMeasured& source) : to_(source.sums), sums_(source.sums) {}
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

// The same by spread signs.
struct FromSpread : FromMeasured {
  static constexpr bool neighbourly = true;
  const float* spread;
  HWY_INLINE V neighbours(const float* p, std::size_t i) const {
    return SignedNeighbourButterfly(D(), p, spread + 2 * i);
  }
};

// ---- passes over elements [begin, end) ----

// Stages h = 1 … kCount·kLanes/2 of consecutive runs of kCount registers.
template <std::size_t kCount, class Source>
void FirstPass(const Source& source, float* y, std::size_t begin, std::size_t end) {
  const V one = One(D());
  alignas(64) float padded[kCount * kLanes];
  typename Source::Accumulator accumulator(source);
  for (std::size_t base = begin; base < end; base += kCount * kLanes) {
    const float* run = source.template run<kCount * kLanes>(base, padded);
    V r[kCount];
    // Four registers side by side keep the shuffle and the multiply units busy; the accumulator's chain of additions goes beside them.
    constexpr std::size_t kTogether = kCount < 4 ? kCount : 4;
    HDQ_UNROLL
    for (std::size_t g = 0; g < kCount; g += kTogether) {
      accumulator.template add<kTogether * kLanes>(run + g * kLanes);
      FromMemory<kTogether>(source, run + g * kLanes, base + g * kLanes, r + g);
      if constexpr (Source::Accumulator::active) {
        HWY_FENCE;  // else the compiler begins with the whole chain, and waits for it
      }
    }
    Butterflies<kCount, Fused::differences>(r, one);
    HDQ_UNROLL
    for (std::size_t j = 0; j < kCount; ++j) hn::StoreU(r[j], D(), y + base + j * kLanes);
  }
  accumulator.finish();
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

// log2 < 4 stages of blocks side by side; `end` is a multiple of 16. Blocks wider than a register span two.
template <int kStages, class Source>
void NarrowPass(const Source& source, float* y, std::size_t end) {
  constexpr std::size_t kTogether = kStages <= kLog2Lanes ? 1 : std::size_t{1} << (kStages - kLog2Lanes);
  alignas(64) float padded[16];
  typename Source::Accumulator accumulator(source);
  for (std::size_t base = 0; base < end; base += 16) {
    const float* run = source.template run<16>(base, padded);
    accumulator.template add<16>(run);
    HDQ_UNROLL
    for (std::size_t j = 0; j < 16; j += kTogether * kLanes) {
      V r[kTogether];
      HDQ_UNROLL
      for (std::size_t i = 0; i < kTogether; ++i) r[i] = source(run + j + i * kLanes, base + j + i * kLanes);
      InLaneStages<(kStages < kLog2Lanes ? kStages : kLog2Lanes), kTogether>(r);
      Butterflies<kTogether, Fused::none>(r, r[0]);
      HDQ_UNROLL
      for (std::size_t i = 0; i < kTogether; ++i) hn::StoreU(r[i], D(), y + base + j + i * kLanes);
    }
  }
  accumulator.finish();
}
template <class Source>
void NarrowPassOf(int log2, const Source& source, float* y, std::size_t end) {
  if (log2 == 0) return NarrowPass<0>(source, y, end);
  if (log2 == 1) return NarrowPass<1>(source, y, end);
  if (log2 == 2) return NarrowPass<2>(source, y, end);
  return NarrowPass<3>(source, y, end);
}

// ---- B_m across blocks ----

void BaseStage(int m, bool transposed, float* y, std::size_t stride) {
  const auto stage = m == 12 ? BaseStage12 : m == 20 ? BaseStage20 : BaseStage28;
  if (kLanes == 1 || stride >= 4) return stage(transposed, y, stride);
  // Four lanes, of which two or three are idle.
  alignas(64) float padded[28 * 4] = {};
  const std::size_t rows = static_cast<std::size_t>(m);
  for (std::size_t a = 0; a < rows; ++a) std::memcpy(padded + a * 4, y + a * stride, stride * sizeof(float));
  stage(transposed, padded, 4);
  for (std::size_t a = 0; a < rows; ++a) std::memcpy(y + a * stride, padded + a * 4, stride * sizeof(float));
}

// ---- the transform ----

// order is a multiple of 16, or vectors have one lane.
template <class Source>
HWY_INLINE void HadamardOf(const Source& source, float* y, std::size_t order, int base, int log2, bool transposed) {
  if (kLanes > 1 && log2 >= 4 && log2 <= kLog2Lanes + kLog2Registers && order <= std::size_t{1} << kLog2Cache) {
    FirstPassOf(log2 - kLog2Lanes, source, y, 0, order);  // short rows: as ButterflyStages would, with fewer calls
  } else if (kLanes == 1 || log2 >= 4) {
    ButterflyStages(source, y, 0, order, log2);
  } else {
    NarrowPassOf(log2, source, y, order);
  }
  if (base > 1) BaseStage(base, transposed, y, std::size_t{1} << log2);
}

void Hadamard(float* y, const HadamardOrder& shape, bool transposed) {
  const auto& [order, base, log2] = shape;
  if (kLanes == 1 || order % 16 == 0) return HadamardOf(FromRow{y}, y, order, base, log2, transposed);
  alignas(64) float copy[64] = {};  // the largest such order is 28·2
  std::memcpy(copy, y, order * sizeof(float));
  HadamardOf(FromRow{copy}, copy, (order + 15) / 16 * 16, base, log2, transposed);
  std::memcpy(y, copy, order * sizeof(float));
}

// Whether D and H go in one. A factor other than 1 is rare: norms far from 1.
HWY_INLINE bool InOne(std::size_t order) { return kLanes == 1 || order % 16 == 0; }

void Rotate(const float* x, std::size_t n, const HadamardOrder& shape, const std::uint32_t* signs, float factor, float* y) {
  const auto& [order, base, log2] = shape;
  if (factor == 1 && InOne(order)) return HadamardOf(FromSigned{x, n, signs}, y, order, base, log2, false);
  LoadSigned(x, n, order, signs, factor, y);
  Hadamard(y, shape, false);
}

double RotateMeasured(const float* x, std::size_t n, const HadamardOrder& shape, const std::uint32_t* signs,
                      [[maybe_unused]] const float* spread, float* y) {
  const auto& [order, base, log2] = shape;
  if (kLanes < 4 || !InOne(order)) {
    Rotate(x, n, shape, signs, 1, y);
    return SumOfSquares(x, n);
  }
  if constexpr (kLanes >= 4) {
    alignas(64) double sums[16] = {};
    if constexpr (kNeighboursFromMemory) {
      if (spread != nullptr) {
        HadamardOf(FromSpread{{{x, n, signs}, sums}, spread}, y, order, base, log2, false);
        return SixteenSums(sums).total();
      }
    }
    HadamardOf(FromMeasured{{x, n, signs}, sums}, y, order, base, log2, false);
    return SixteenSums(sums).total();
  }
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
