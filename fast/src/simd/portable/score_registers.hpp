// Sixteen codewords at a time in as many registers as it takes. A Row<bits> knows one row's codewords; a Runs<bits> the 16 runs of a
// group, one to a 32-bit lane.
#pragma once

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

struct Floats {
  static constexpr std::size_t lanes = hn::MaxLanes(hn::ScalableTag<float>()), vectors = 16 / lanes;
  hn::Vec<hn::ScalableTag<float>> part[vectors];
  HWY_INLINE Floats() {}  // an implicit one would not be compiled for this target
};

HWY_INLINE Floats ZeroFloats() {
  Floats zero;
  for (auto& part : zero.part) part = hn::Zero(hn::ScalableTag<float>());
  return zero;
}
HWY_INLINE Floats LoadQuery(const float* w) {
  Floats query;
  for (std::size_t v = 0; v < Floats::vectors; ++v) query.part[v] = hn::LoadU(hn::ScalableTag<float>(), w + v * Floats::lanes);
  return query;
}
HWY_INLINE Floats MultiplyAdd(const Floats& a, const Floats& b, const Floats& c) {
  Floats sum;
  for (std::size_t v = 0; v < Floats::vectors; ++v) sum.part[v] = Fma(a.part[v], b.part[v], c.part[v]);
  return sum;
}
HWY_INLINE float HalvedSum(const Floats& sum) {
  float s[16];
  for (std::size_t v = 0; v < Floats::vectors; ++v) hn::StoreU(sum.part[v], hn::ScalableTag<float>(), s + v * Floats::lanes);
  for (std::size_t half = 8; half > 0; half /= 2)
    for (std::size_t i = 0; i < half; ++i) s[i] += s[i + half];
  return s[0];
}

template <int bits>
struct Runs {
  static constexpr std::size_t bytes = bits, first_bytes = bits < 4 ? bits : 4;
  std::uint32_t lo[16], hi[16];  // the first four bytes of each run, and where bits > 4 the last four
  Runs() = default;
  HWY_INLINE explicit Runs(const std::uint8_t* p) {
    for (std::size_t run = 0; run < 16; ++run, p += bytes) {
      lo[run] = 0;
      std::memcpy(&lo[run], p, first_bytes);
      if constexpr (bits > 4) std::memcpy(&hi[run], p + bytes - 4, 4);
    }
  }
  // Code k of the runs from `run` on, one to a lane.
  template <int k>
  HWY_INLINE hn::Vec<hn::ScalableTag<std::int32_t>> Index(std::size_t run) const {
    const hn::ScalableTag<std::uint32_t> u;
    const hn::ScalableTag<std::int32_t> i;
    constexpr bool low = bits * (k + 1) <= 32;
    constexpr int shift = low ? bits * k : bits * k - 8 * (bits - 4);
    const auto codes = hn::ShiftRight<shift>(hn::LoadU(u, (low ? lo : hi) + run));
    return hn::BitCast(i, hn::And(codes, hn::Set(u, (1u << bits) - 1)));
  }
};

template <int bits>
struct Row {
  const float* table;
  Row() = default;
  HWY_INLINE explicit Row(const float* codewords) : table(codewords) {}
  // Codewords of code k of every run.
  template <int k>
  HWY_INLINE Floats Codewords(const Runs<bits>& runs) const {
    Floats codewords;
    for (std::size_t v = 0; v < Floats::vectors; ++v)
      codewords.part[v] = hn::GatherIndex(hn::ScalableTag<float>(), table, runs.template Index<k>(v * Floats::lanes));
    return codewords;
  }
};

template <int bits>
inline constexpr bool kPairs = false;
// Rows and queries at once.
template <int bits>
inline constexpr int kRowsForOne = 2;
template <int bits>
inline constexpr int kRowsForMany = 1;
inline constexpr int kQueries = 2;

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
