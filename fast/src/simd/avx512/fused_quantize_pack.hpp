// SPEC §4: from a rotated row to the bytes of its codes: the codes of quantize.cpp, packed as pack.cpp does, with neither stage's bytes
// in between. How a code is found depends on the number of bits: by comparing with the thresholds (1, 2), by buckets (3, 4), or by
// the compander (5 and more).
#pragma once

#include <bit>
#include <limits>

#include "quantizer/compander.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

HWY_INLINE float Scaled(double theta, float norm) { return static_cast<float>(theta * static_cast<double>(norm)); }

// One threshold: a comparison is sixteen codes.
HWY_INLINE void PackOneBit(const float* y, std::size_t count, const double* theta, float norm, std::uint8_t* bytes) {
  const __m512 threshold = _mm512_set1_ps(Scaled(theta[0], norm));
  for (std::size_t j = 0; j < count; j += 16) {
    const __mmask16 code = _mm512_cmp_ps_mask(_mm512_loadu_ps(y + j), threshold, _CMP_GE_OQ);
    std::memcpy(bytes + j / 8, &code, 2);
  }
}

// Three: the middle one gives the high bit and tells which of the others gives the low one.
HWY_INLINE void PackTwoBits(const float* y, std::size_t count, const double* theta, float norm, std::uint8_t* bytes) {
  const __m512 low = _mm512_set1_ps(Scaled(theta[0], norm)), middle = _mm512_set1_ps(Scaled(theta[1], norm));
  const __m512 high = _mm512_set1_ps(Scaled(theta[2], norm));
  for (std::size_t j = 0; j < count; j += 16) {
    const __m512 v = _mm512_loadu_ps(y + j);
    const __mmask16 upper = _mm512_cmp_ps_mask(v, middle, _CMP_GE_OQ);
    const __mmask16 lower = _mm512_cmp_ps_mask(v, _mm512_mask_blend_ps(upper, low, high), _CMP_GE_OQ);
    const std::uint32_t codes = _pdep_u32(upper, 0xAAAAAAAA) | _pdep_u32(lower, 0x55555555);
    std::memcpy(bytes + j / 4, &codes, 4);
  }
}

// Three and four bits: a line of 16 or 32 buckets, a threshold at most in each. The bucket of y is a monotone function of y, so
// that thresholds in lower buckets are below y and those in higher ones above, whatever the rounding; y's own bucket needs one
// comparison. The width keeps thresholds apart: their distance is least in the middle, 0.55 and 0.28 (in units of ρ); past
// the last bucket's beginning there is but one. Still, `usable` is checked.
template <int bits>
struct Buckets {
  static constexpr int count = bits == 3 ? 16 : 32;
  static constexpr float per_unit = bits == 3 ? 2 : 4;
  __m512 thresholds[2];  // of the bucket; −∞ where it has none
  __m512i upper[2];      // how many thresholds lie in it and below
  __m512 scale, limit;
  bool usable;

  HWY_INLINE Buckets(const double* theta, float norm) {
    scale = _mm512_set1_ps(per_unit / norm);
    limit = _mm512_set1_ps((count / 2 - 0.6f) * (norm / per_unit));
    const __m512d norms = _mm512_set1_pd(static_cast<double>(norm));
    const __m256 low = _mm512_cvtpd_ps(_mm512_mul_pd(_mm512_loadu_pd(theta), norms));
    const __m256 high = bits == 3 ? low : _mm512_cvtpd_ps(_mm512_mul_pd(_mm512_loadu_pd(theta + (bits == 3 ? 0 : 8)), norms));
    const __m512 scaled = _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
    constexpr __mmask16 have = (1 << ((1 << bits) - 1)) - 1;
    const __m512i bucket = _mm512_and_epi32(Bucket(scaled), _mm512_set1_epi32(count - 1));
    const auto occupied = static_cast<std::uint32_t>(_mm512_mask_reduce_or_epi32(have, _mm512_sllv_epi32(_mm512_set1_epi32(1), bucket)));
    usable = std::popcount(occupied) == (1 << bits) - 1;
    const auto first = static_cast<__mmask16>(occupied), second = static_cast<__mmask16>(occupied >> 16);
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i below = _mm512_set1_epi32(std::popcount(first));
    const __m512 none = _mm512_set1_ps(-std::numeric_limits<float>::infinity());
    thresholds[0] = _mm512_mask_expand_ps(none, first, scaled);
    thresholds[1] = _mm512_mask_expand_ps(none, second, _mm512_permutexvar_ps(_mm512_add_epi32(lanes, below), scaled));
    const __m512i ordinals = _mm512_add_epi32(lanes, _mm512_set1_epi32(1));
    upper[0] = RunningMax(_mm512_maskz_expand_epi32(first, ordinals));
    upper[1] = _mm512_max_epi32(below, RunningMax(_mm512_maskz_expand_epi32(second, _mm512_add_epi32(ordinals, below))));
  }

  // The bucket in the low bits: in [2^23, 2^24) a float32 is an integer.
  HWY_INLINE __m512i Bucket(__m512 y) const {
    const __m512 clamped = _mm512_range_ps(y, limit, 2);  // the smaller magnitude, the sign of y
    return _mm512_castps_si512(_mm512_fmadd_ps(clamped, scale, _mm512_set1_ps(0x1p23f + count / 2)));
  }

  HWY_INLINE __m512i operator()(__m512 y) const {
    const __m512i bucket = Bucket(y);
    const __m512 threshold = count == 16 ? _mm512_permutexvar_ps(bucket, thresholds[0]) : _mm512_permutex2var_ps(thresholds[0], bucket, thresholds[1]);
    const __m512i codes = count == 16 ? _mm512_permutexvar_epi32(bucket, upper[0]) : _mm512_permutex2var_epi32(upper[0], bucket, upper[1]);
    return _mm512_mask_sub_epi32(codes, _mm512_cmp_ps_mask(y, threshold, _CMP_LT_OQ), codes, _mm512_set1_epi32(1));
  }

 private:
  // Lane i: the largest of lanes 0 … i.
  static HWY_INLINE __m512i RunningMax(__m512i v) {
    const __m512i zero = _mm512_setzero_si512();
    v = _mm512_max_epi32(v, _mm512_alignr_epi32(v, zero, 15));
    v = _mm512_max_epi32(v, _mm512_alignr_epi32(v, zero, 14));
    v = _mm512_max_epi32(v, _mm512_alignr_epi32(v, zero, 12));
    return _mm512_max_epi32(v, _mm512_alignr_epi32(v, zero, 8));
  }
};

// 64 codes of the values at y, a byte each: four of each register, then four more, as packs leave them.
template <int bits>
HWY_INLINE __m512i PartsOfBytes(const Buckets<bits>& row, const float* y) {
  const __m512i low = _mm512_packus_epi32(row(_mm512_loadu_ps(y)), row(_mm512_loadu_ps(y + 16)));
  return _mm512_packus_epi16(low, _mm512_packus_epi32(row(_mm512_loadu_ps(y + 32)), row(_mm512_loadu_ps(y + 48))));
}
// The same in order.
HWY_INLINE __m512i InOrder(__m512i parts) {
  return _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), parts);
}

// 128 codes of four bits to 64 bytes: ordered once, when four codes are a word, for the port of shuffles is the busiest here.
HWY_INLINE void PackTwiceSixtyFour(const Buckets<4>& row, const float* y, std::uint8_t* bytes) {
  const __m512i shift = _mm512_set1_epi16(0x1001);  // first + 16·second
  const __m512i words = _mm512_packus_epi16(_mm512_maddubs_epi16(PartsOfBytes(row, y), shift),
                                            _mm512_maddubs_epi16(PartsOfBytes(row, y + 64), shift));
  const __m512i order =
      _mm512_setr_epi32(0x00080000, 0x00180010, 0x00090001, 0x00190011, 0x000A0002, 0x001A0012, 0x000B0003, 0x001B0013,
                        0x000C0004, 0x001C0014, 0x000D0005, 0x001D0015, 0x000E0006, 0x001E0016, 0x000F0007, 0x001F0017);
  _mm512_storeu_si512(bytes, _mm512_permutexvar_epi16(order, words));
}

// 64 values from y, of which `now` are in the row.
HWY_INLINE const float* SixtyFour(const float* y, std::size_t now, float* last) {
  if (HWY_LIKELY(now == 64)) return y;
  std::memset(last, 0, 64 * sizeof(float));
  std::memcpy(last, y, now * sizeof(float));
  return last;
}

// 64 codes of three or four bits, a byte each, to the 8·bits bytes at `bytes`, of which those before `end` are written.
template <int bits>
HWY_INLINE void PackSixtyFour(__m512i codes, std::uint8_t* bytes, const std::uint8_t* end) {
  const auto room = static_cast<std::size_t>(end - bytes);
  const __m512i pairs = _mm512_maddubs_epi16(codes, _mm512_set1_epi16(bits == 4 ? 0x1001 : 0x0801));  // first + 2^bits·second
  if constexpr (bits == 4) {
    _mm256_mask_storeu_epi8(bytes, room < 32 ? (__mmask32{1} << room) - 1 : ~__mmask32{0}, _mm512_cvtepi16_epi8(pairs));
  } else {
    const __m512i fours = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x00400001));
    const __m512i eights = _mm512_or_epi64(fours, _mm512_srli_epi64(fours, 20));  // and more above the low three bytes
    const __m128i low_three = _mm_setr_epi8(0, 1, 2, 8, 9, 10, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m512i sixes = _mm512_shuffle_epi8(eights, _mm512_broadcast_i32x4(low_three));  // bytes of each 128-bit part
    const __m512i joined = _mm512_permutexvar_epi16(_mm512_setr_epi32(0x00010000, 0x00080002, 0x000A0009, 0x00110010, 0x00180012,
                                                                      0x001A0019, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3), sixes);
    _mm256_mask_storeu_epi8(bytes, room < 24 ? (__mmask32{1} << room) - 1 : 0xFFFFFF, _mm512_castsi512_si256(joined));
  }
}

template <int bits>
HWY_INLINE void PackBuckets(const Buckets<bits>& row, const float* y, std::size_t count, std::uint8_t* bytes) {
  const std::uint8_t* end = bytes + count / 8 * bits;
  std::size_t j = 0;
  if constexpr (bits == 4)
    for (; j + 128 <= count; j += 128) PackTwiceSixtyFour(row, y + j, bytes + j / 2);
  alignas(64) float last[64];
  for (; j < count; j += 64) {
    const float* from = SixtyFour(y + j, HWY_MIN(count - j, std::size_t{64}), last);
    PackSixtyFour<bits>(InOrder(PartsOfBytes(row, from)), bytes + j / 8 * bits, end);
  }
}

// Eight codes of a byte each to `bits` bytes; eight bytes are stored where they all belong to the row.
template <int bits>
HWY_INLINE void PackEight(const std::uint8_t* codes, std::uint8_t* bytes, const std::uint8_t* end) {
  std::uint64_t v;
  std::memcpy(&v, codes, 8);
  v = _pext_u64(v, 0x0101010101010101 * ((1 << bits) - 1));
  if (HWY_LIKELY(bytes + 8 <= end))
    std::memcpy(bytes, &v, 8);
  else
    std::memcpy(bytes, &v, bits);
}

template <int bits>
void PackCompanded(const float* y, std::size_t count, std::uint32_t word, float norm, std::uint8_t* bytes) {
  const Compand<bits> row(word, norm);
  const std::uint8_t* end = bytes + count / 8 * bits;
  alignas(64) float last[64];
  for (std::size_t j = 0; j < count; j += 64) {
    alignas(64) std::uint8_t codes[64];
    const std::size_t now = HWY_MIN(count - j, std::size_t{64});
    row.Store(SixtyFour(y + j, now, last), codes);
    for (std::size_t i = 0; i < now; i += 8) PackEight<bits>(codes + i, bytes + (j + i) / 8 * bits, end);
  }
}

template <int bits>
bool PackBucketed(const float* y, std::size_t count, const double* theta, float norm, std::uint8_t* bytes) {
  const Buckets<bits> row(theta, norm);
  if (row.usable) PackBuckets<bits>(row, y, count, bytes);
  return row.usable;
}

// count is a multiple of 16; theta: for up to four bits. False, and nothing written, where two thresholds share a bucket.
bool FusedQuantizePack(int bits, const float* y, std::size_t count, const double* theta, std::uint32_t word, float norm, std::uint8_t* bytes) {
  switch (bits) {
    case 1: PackOneBit(y, count, theta, norm, bytes); break;
    case 2: PackTwoBits(y, count, theta, norm, bytes); break;
    case 3: return PackBucketed<3>(y, count, theta, norm, bytes);
    case 4: return PackBucketed<4>(y, count, theta, norm, bytes);
    case 5: PackCompanded<5>(y, count, word, norm, bytes); break;
    case 6: PackCompanded<6>(y, count, word, norm, bytes); break;
    case 7: PackCompanded<7>(y, count, word, norm, bytes); break;
    default: CompandCodes<8>(y, count, word, norm, bytes);
  }
  return true;
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
