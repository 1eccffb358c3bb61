// Sixteen codewords at a time for AVX-512. A Row<bits> holds one row's codewords in registers; a Runs<bits> the 16 runs of a group, one
// to a 32-bit lane.
#pragma once

#include "score/run_shuffle.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

using Floats = __m512;
using Ints = __m512i;

HWY_INLINE Floats ZeroFloats() { return _mm512_setzero_ps(); }
HWY_INLINE Floats LoadQuery(const float* w) { return _mm512_load_ps(w); }
HWY_INLINE Floats MultiplyAdd(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
HWY_INLINE float HalvedSum(Floats sum) {
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(sum), _mm512_extractf32x8_ps(sum, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

HWY_INLINE Ints BroadcastSixteen(const std::uint8_t* bytes) {
  return _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(bytes)));
}

// Where bits > 4, the group's quarters (four runs, 4·bits bytes) do not fit 16 bytes: their first and their last 16 bytes.
template <int bits>
struct Quarters {
  Ints front, back;
  Quarters() = default;
  HWY_INLINE explicit Quarters(const std::uint8_t* p) {
    const Ints first = _mm512_loadu_si512(p), last = _mm512_loadu_si512(p + 16 * bits - 64);
    static constexpr Index front_index(0), back_index(bits - 4);
    front = _mm512_permutex2var_epi32(first, _mm512_load_si512(front_index.dword), last);
    back = _mm512_permutex2var_epi32(first, _mm512_load_si512(back_index.dword), last);
  }
  HWY_INLINE Ints Shuffle(const RunShuffle& at) const {
    return _mm512_or_si512(_mm512_shuffle_epi8(front, BroadcastSixteen(at.front)), _mm512_shuffle_epi8(back, BroadcastSixteen(at.back)));
  }

 private:
  struct Index {  // four dwords from dword `from` of each quarter, among the group's first 16 and its last 16
    alignas(64) std::int32_t dword[16];
    constexpr explicit Index(int from) : dword() {
      for (int i = 0; i < 16; ++i) {
        const int at = i / 4 * bits + from + i % 4;
        dword[i] = at < 16 ? at : at - (4 * bits - 16) + 16;
      }
    }
  };
};

// ---- 1 to 5 bits: a 32-bit lane holds its run's codes, shifted down one by one; permutes read the low 4 or 5 bits ----

template <int bits>
struct Runs {
  Ints lo;
  Runs() = default;
  HWY_INLINE explicit Runs(const std::uint8_t* p) {
    if constexpr (bits == 1) lo = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    if constexpr (bits == 2) lo = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
    if constexpr (bits == 3) {
      const Ints apart = _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11),
                                                  _mm512_maskz_loadu_epi32(0x0FFF, p));
      lo = _mm512_shuffle_epi8(apart, _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1)));
    }
    if constexpr (bits == 4) lo = _mm512_loadu_si512(p);
  }
  template <int k>
  HWY_INLINE Ints Index() const { return _mm512_srli_epi32(lo, bits * k); }
};

template <>
struct Runs<5> {  // 40 bits: codes 0 to 5 from the first four bytes, 6 and 7 from the last four
  Ints lo, hi;
  Runs() = default;
  HWY_INLINE explicit Runs(const std::uint8_t* p) {
    static constexpr RunShuffle low(5, 0), high(5, 1);
    const Quarters<5> quarters(p);
    lo = quarters.Shuffle(low);
    hi = quarters.Shuffle(high);
  }
  template <int k>
  HWY_INLINE Ints Index() const { return k < 6 ? _mm512_srli_epi32(lo, 5 * k) : _mm512_srli_epi32(hi, static_cast<unsigned>(k < 6 ? 0 : 5 * k - 8)); }
};

template <int bits>
struct Row {
  Row() = default;
  Floats low, high;  // tables of fewer than 16 codewords are repeated, so that no index needs a mask
  HWY_INLINE explicit Row(const float* table) {
    if constexpr (bits == 1) low = _mm512_castpd_ps(_mm512_set1_pd(BitsOfTwo(table)));
    if constexpr (bits == 2) low = _mm512_broadcast_f32x4(_mm_loadu_ps(table));
    if constexpr (bits == 3) low = _mm512_broadcast_f32x8(_mm256_loadu_ps(table));
    if constexpr (bits >= 4) low = _mm512_loadu_ps(table);
    if constexpr (bits == 5) high = _mm512_loadu_ps(table + 16);
  }
  // Codewords of code k of every run.
  template <int k>
  HWY_INLINE Floats Codewords(const Runs<bits>& runs) const {
    return At(runs.template Index<k>());
  }

 private:
  HWY_INLINE Floats At(Ints index) const {
    if constexpr (bits == 5) return _mm512_permutex2var_ps(low, index, high);
    return _mm512_permutexvar_ps(index, low);
  }
  static HWY_INLINE double BitsOfTwo(const float* table) {
    double both;
    std::memcpy(&both, table, sizeof both);
    return both;
  }
};

// ---- 6 to 8 bits: 32 codes at a time in 16-bit lanes. A permute of two registers reads 64 entries of 16 bits: the codewords'
// lower and upper halves are looked up apart and interleaved ----

// Codes 2i (lanes 0 to 3 of each quarter) and 2i + 1 (lanes 4 to 7) of each run, in 16-bit lanes, low bits first.
template <int bits>
struct PairShuffle {
  RunShuffle bytes;
  alignas(16) std::uint16_t shift[8];
  constexpr explicit PairShuffle(int i) : bytes(bits, 0), shift() {
    for (int lane = 0; lane < 8; ++lane) {
      const int run = lane % 4, bit = bits * (2 * i + lane / 4);
      shift[lane] = static_cast<std::uint16_t>(bit % 8);
      for (int byte = 0; byte < 2; ++byte) {
        const int within = bit / 8 + byte, at = bits * run + within;
        bytes.front[2 * lane + byte] = static_cast<std::uint8_t>(within < bits && run < 2 ? at : 0x80);
        bytes.back[2 * lane + byte] = static_cast<std::uint8_t>(within < bits && run >= 2 ? at - (4 * bits - 16) : 0x80);
      }
    }
  }
};

template <int bits>
  requires(bits > 5)
struct Runs<bits> {
  Quarters<bits> quarters;
  Runs() = default;
  HWY_INLINE explicit Runs(const std::uint8_t* p) : quarters(p) {}
  template <int i>
  HWY_INLINE Ints PairIndex() const {
    static constexpr PairShuffle<bits> pair(i);
    const Ints words = quarters.Shuffle(pair.bytes);
    if constexpr (bits == 8) return words;
    return _mm512_srlv_epi16(words, BroadcastSixteen(reinterpret_cast<const std::uint8_t*>(pair.shift)));
  }
};

template <int bits>
  requires(bits > 5)
struct Row<bits> {
  static constexpr int kParts = 1 << (bits - 5);  // registers of 32 halves
  Ints lower[kParts], upper[kParts];
  Row() = default;
  HWY_INLINE explicit Row(const float* table) {
    static constexpr Evens evens;
    const Ints even = _mm512_load_si512(evens.word), odd = _mm512_add_epi16(even, _mm512_set1_epi16(1));
    for (int part = 0; part < kParts; ++part) {
      const Ints a = _mm512_loadu_si512(table + 32 * part), b = _mm512_loadu_si512(table + 32 * part + 16);
      lower[part] = _mm512_permutex2var_epi16(a, even, b);
      upper[part] = _mm512_permutex2var_epi16(a, odd, b);
    }
  }
  // Codewords of codes 2i and 2i + 1 of every run.
  template <int i>
  HWY_INLINE void Pair(const Runs<bits>& runs, Floats& even, Floats& odd) const {
    const Ints index = runs.template PairIndex<i>();
    const Ints low = At(lower, index), high = At(upper, index);
    even = _mm512_castsi512_ps(_mm512_unpacklo_epi16(low, high));
    odd = _mm512_castsi512_ps(_mm512_unpackhi_epi16(low, high));
  }

 private:
  struct Evens {
    alignas(64) std::uint16_t word[32];
    constexpr Evens() : word() {
      for (int i = 0; i < 32; ++i) word[i] = static_cast<std::uint16_t>(2 * i);
    }
  };
  static HWY_INLINE Ints At(const Ints* half, Ints index) {
    const auto of_64 = [&](int part) HWY_ATTR { return _mm512_permutex2var_epi16(half[part], index, half[part + 1]); };
    if constexpr (bits == 6) return of_64(0);
    const __mmask32 bit6 = _mm512_test_epi16_mask(index, _mm512_set1_epi16(64));
    const Ints first = _mm512_mask_blend_epi16(bit6, of_64(0), of_64(2));
    if constexpr (bits == 7) return first;
    const Ints second = _mm512_mask_blend_epi16(bit6, of_64(kParts - 4), of_64(kParts - 2));
    return _mm512_mask_blend_epi16(_mm512_test_epi16_mask(index, _mm512_set1_epi16(128)), first, second);
  }
};

template <int bits>
inline constexpr bool kPairs = bits > 5;
// Rows and queries at once: sums, codewords and codes of the rows, and query vectors share 32 registers.
template <int bits>
inline constexpr int kRowsForOne = bits <= 4 ? 8 : bits == 5 ? 4 : bits == 6 ? 2 : 1;
template <int bits>
inline constexpr int kRowsForMany = bits <= 4 ? 4 : bits <= 6 ? 2 : 1;
inline constexpr int kQueries = 4;

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
