// Sixteen codewords at a time for AVX2, in two registers. A Row<bits> holds one row's codewords; a Runs<bits> the 16 runs of a group,
// one to a 32-bit lane.
#pragma once

#include "score/run_shuffle.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

struct Floats { __m256 half[2]; };
struct Ints { __m256i half[2]; };

HWY_INLINE Floats ZeroFloats() { return {{_mm256_setzero_ps(), _mm256_setzero_ps()}}; }
HWY_INLINE Floats LoadQuery(const float* w) { return {{_mm256_load_ps(w), _mm256_load_ps(w + 8)}}; }
HWY_INLINE Floats MultiplyAdd(const Floats& a, const Floats& b, const Floats& c) {
  return {{_mm256_fmadd_ps(a.half[0], b.half[0], c.half[0]), _mm256_fmadd_ps(a.half[1], b.half[1], c.half[1])}};
}
HWY_INLINE float HalvedSum(const Floats& sum) {
  const __m256 eight = _mm256_add_ps(sum.half[0], sum.half[1]);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

HWY_INLINE __m128i LoadSixteen(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
HWY_INLINE __m256i TwoSixteens(const void* a, const void* b) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(LoadSixteen(a)), LoadSixteen(b), 1);
}
HWY_INLINE __m256i BroadcastSixteen(const std::uint8_t* bytes) {
  return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(bytes)));
}

template <int bits>
struct Runs {
  Ints lo, hi;  // the first four bytes of each run, and where bits > 4 the last four
  Runs() = default;
  HWY_INLINE explicit Runs(const std::uint8_t* p) {
    for (int h = 0; h < 2; ++h, p += 8 * bits) {
      if constexpr (bits == 1) lo.half[h] = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
      if constexpr (bits == 2) lo.half[h] = _mm256_cvtepu16_epi32(LoadSixteen(p));
      if constexpr (bits == 3)  // 24 bytes: the first sixteen and the last
        lo.half[h] = _mm256_shuffle_epi8(TwoSixteens(p, p + 8), _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1,
                                                                                 4, 5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1));
      if constexpr (bits == 4) lo.half[h] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
      if constexpr (bits > 4) {
        static constexpr RunShuffle low(bits, 0), high(bits, bits - 4);
        constexpr int quarter = 4 * bits;
        const __m256i front = TwoSixteens(p, p + quarter), back = TwoSixteens(p + quarter - 16, p + 2 * quarter - 16);
        lo.half[h] = _mm256_or_si256(_mm256_shuffle_epi8(front, BroadcastSixteen(low.front)), _mm256_shuffle_epi8(back, BroadcastSixteen(low.back)));
        hi.half[h] = _mm256_or_si256(_mm256_shuffle_epi8(front, BroadcastSixteen(high.front)), _mm256_shuffle_epi8(back, BroadcastSixteen(high.back)));
      }
    }
  }
  // Code k at the lanes' low bits, whatever is above.
  template <int k>
  HWY_INLINE __m256i Index(int h) const {
    if constexpr (bits * (k + 1) <= 32) return _mm256_srli_epi32(lo.half[h], bits * k);
    return _mm256_srli_epi32(hi.half[h], bits * k - 8 * (bits - 4));
  }
};

template <int bits>
struct Row {
  const float* table;
  Row() = default;
  HWY_INLINE explicit Row(const float* codewords) : table(codewords) {
    if constexpr (bits == 1) low = _mm256_castpd_ps(_mm256_broadcast_sd(reinterpret_cast<const double*>(codewords)));
    if constexpr (bits == 2) low = _mm256_broadcast_ps(reinterpret_cast<const __m128*>(codewords));
    if constexpr (bits >= 3) low = _mm256_loadu_ps(codewords);
    if constexpr (bits >= 4) high = _mm256_loadu_ps(codewords + 8);
  }
  // Codewords of code k of every run.
  template <int k>
  HWY_INLINE Floats Codewords(const Runs<bits>& runs) const {
    return {{At(runs.template Index<k>(0)), At(runs.template Index<k>(1))}};
  }

 private:
  __m256 low, high;
  HWY_INLINE __m256 At(__m256i index) const {
    if constexpr (bits <= 3) return _mm256_permutevar8x32_ps(low, index);
    if constexpr (bits == 4) {
      const __m256 upper = _mm256_castsi256_ps(_mm256_slli_epi32(index, 28));  // bit 3 to the sign
      return _mm256_blendv_ps(_mm256_permutevar8x32_ps(low, index), _mm256_permutevar8x32_ps(high, index), upper);
    }
    return _mm256_i32gather_ps(table, _mm256_and_si256(index, _mm256_set1_epi32((1 << bits) - 1)), 4);
  }
};

template <int bits>
inline constexpr bool kPairs = false;
// Rows and queries at once: each sum takes two of 16 registers.
template <int bits>
inline constexpr int kRowsForOne = 4;
template <int bits>
inline constexpr int kRowsForMany = 1;
inline constexpr int kQueries = 4;

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
