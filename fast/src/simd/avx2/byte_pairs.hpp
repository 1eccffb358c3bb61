// Sums of products of bytes for AVX2: products of bytes added in pairs to 16 bits (score/byte_task.hpp says why they fit), and those in
// pairs to 32.
#pragma once

#include <immintrin.h>

#include "score/byte_by_code.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// Of 8 bits, sixteen shuffles are no faster than scores.
inline constexpr int kMostBitsInPairs = 4;
inline constexpr int kMostStepsInPairs = 64;

// Tables of sixteen: 0x70 plus a code less 16·i stays below 0x80, which a shuffle makes 0, for the codes of table i alone.
template <int tables>
HWY_INLINE __m256i BytesOfTables(__m256i codes, const std::uint8_t* m) {
  __m256i all = _mm256_setzero_si256();
  for (int i = 0; i < tables; ++i) {
    const __m256i table = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(m + 16 * i)));
    const __m256i index =
        _mm256_adds_epu8(_mm256_xor_si256(codes, _mm256_set1_epi8(static_cast<char>(16 * i))), _mm256_set1_epi8(0x70));
    all = _mm256_or_si256(all, _mm256_shuffle_epi8(table, index));
  }
  return all;
}

// m of the 32 codes of field k.
template <int bits, int k>
HWY_INLINE __m256i BytesOfField(__m256i codes, const std::uint8_t* m) {
  if constexpr (bits == detail::expanded_bytes) {
    return codes;
  } else if constexpr (bits == 8) {
    return BytesOfTables<16>(codes, m);
  } else {
    __m256i table;
    if constexpr (bits == 4) {
      table = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(m)));
    } else {
      std::int32_t four;
      std::memcpy(&four, m, sizeof four);
      table = _mm256_set1_epi32(four);
    }
    const __m256i field = k == 0 ? codes : _mm256_srli_epi16(codes, bits * k);
    return _mm256_shuffle_epi8(table, _mm256_and_si256(field, _mm256_set1_epi8((1 << bits) - 1)));
  }
}

HWY_INLINE __m256i AddProducts(__m256i sum, __m256i m, const std::int8_t* p) {
  const __m256i pairs = _mm256_maddubs_epi16(m, _mm256_load_si256(reinterpret_cast<const __m256i*>(p)));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

// A row's sums in eight lanes each.
template <int bits, int planes>
struct PairLanes {
  __m256i high, low;

  HWY_INLINE PairLanes() : high(_mm256_setzero_si256()), low(_mm256_setzero_si256()) {}
  template <int k>
  HWY_INLINE void AddField(__m256i codes, const std::uint8_t* m, const std::int8_t* p) {
    const __m256i bytes = BytesOfField<bits, k>(codes, m);
    if constexpr (planes == 2) high = AddProducts(high, bytes, p + 128 * k);
    low = AddProducts(low, bytes, p + 64 * (planes * k + planes - 1));
  }
  // Half a chunk; p: its first plane.
  HWY_INLINE void Add(__m256i codes, const std::uint8_t* m, const std::int8_t* p) {
    AddField<0>(codes, m, p);
    if constexpr (bits == 2 || bits == 4) AddField<1>(codes, m, p);
    if constexpr (bits == 2) AddField<2>(codes, m, p);
    if constexpr (bits == 2) AddField<3>(codes, m, p);
  }
  HWY_INLINE __m256i Sum() const { return planes == 1 ? low : _mm256_add_epi32(_mm256_slli_epi32(high, 7), low); }
};

// Bit k of a byte counts 2^(k mod 4), and four sums of 16 bits, at most 2·2·8·127 each, are weighted to be eight times theirs.
template <>
struct PairLanes<1, 1> {
  __m256i eight;

  HWY_INLINE PairLanes() : eight(_mm256_setzero_si256()) {}
  template <int k>
  HWY_INLINE void AddBits(__m256i codes, __m256i above, const std::int8_t* p) {
    const __m256i bit = _mm256_set1_epi8(1 << k);
    const auto* plane = reinterpret_cast<const __m256i*>(p + 64 * k);
    const __m256i pairs =
        _mm256_add_epi16(_mm256_maddubs_epi16(_mm256_and_si256(codes, bit), _mm256_load_si256(plane)),
                         _mm256_maddubs_epi16(_mm256_and_si256(above, bit), _mm256_load_si256(plane + 8)));
    eight = _mm256_add_epi32(eight, _mm256_madd_epi16(pairs, _mm256_set1_epi16(8 >> k)));
  }
  HWY_INLINE void Add(__m256i codes, const std::uint8_t*, const std::int8_t* p) {
    const __m256i above = _mm256_srli_epi16(codes, 4);
    AddBits<0>(codes, above, p);
    AddBits<1>(codes, above, p);
    AddBits<2>(codes, above, p);
    AddBits<3>(codes, above, p);
  }
  HWY_INLINE __m256i Sum() const {
    const __m256i all = _mm256_srai_epi32(eight, 3);
    return _mm256_sub_epi32(_mm256_slli_epi32(all, 8), all);
  }
};

HWY_INLINE std::int32_t SumOfEight(__m256i lanes) {
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1)));
}

template <int bits, int planes>
HWY_INLINE void SumsInPairs(const detail::ByteTask& task, std::size_t query) {
  constexpr std::size_t chunk = detail::byte_chunk, half = chunk / 2;
  constexpr std::size_t step = detail::byte_fields(bits) * static_cast<std::size_t>(planes) * chunk;
  const std::uint8_t* ahead = query == 0 ? task.ahead : task.rows[0];
  for (std::size_t row = 0; row < task.row_count; ++row) {
    const std::uint8_t *codes = task.rows[row], *m = task.tables[row];
    const std::int8_t* p = task.queries + query * detail::byte_query_size(bits, planes, task.code_bytes);
    PairLanes<bits, planes> lanes;
    std::size_t at = 0;
    for (; at + chunk <= task.code_bytes; at += chunk, p += step) {
      __builtin_prefetch(ahead + at, 0, 2);
      lanes.Add(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + at)), m, p);
      lanes.Add(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + at + half)), m, p + half);
    }
    if (at < task.code_bytes) {
      alignas(32) std::uint8_t last[chunk] = {};
      std::memcpy(last, codes + at, task.code_bytes - at);
      lanes.Add(_mm256_load_si256(reinterpret_cast<const __m256i*>(last)), m, p);
      if (at + half < task.code_bytes)
        lanes.Add(_mm256_load_si256(reinterpret_cast<const __m256i*>(last + half)), m, p + half);
    }
    ahead += task.code_bytes;
    task.sums[query * detail::byte_rows + row] = SumOfEight(lanes.Sum());
  }
}

inline HWY_ATTR void SumsByPairs(const detail::ByteTask& task) {
  for (std::size_t query = 0; query < task.query_count; ++query) {
    const bool single = task.planes == 1;
    if (task.bits == detail::expanded_bytes) single ? SumsInPairs<0, 1>(task, query) : SumsInPairs<0, 2>(task, query);
    if (task.bits == 1) SumsInPairs<1, 1>(task, query);
    if (task.bits == 2) single ? SumsInPairs<2, 1>(task, query) : SumsInPairs<2, 2>(task, query);
    if (task.bits == 4) single ? SumsInPairs<4, 1>(task, query) : SumsInPairs<4, 2>(task, query);
    if (task.bits == 8) single ? SumsInPairs<8, 1>(task, query) : SumsInPairs<8, 2>(task, query);
  }
}

// ---- codes that straddle bytes ----

// Sixteen codes from two places, eight from each: a shuffle brings each code's two bytes into a lane of 16 bits, a multiplication shifts it up.
template <int bits>
HWY_INLINE __m256i SixteenCodes(const std::uint8_t* low, const std::uint8_t* high) {
  constexpr auto at = [](int k) { return k / 2 * bits / 8 + k % 2; };
  constexpr auto up = [](int i) { return 1 << (16 - bits - i * bits % 8); };
  const __m256i split =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9),
                                                at(10), at(11), at(12), at(13), at(14), at(15)));
  const __m256i factors = _mm256_broadcastsi128_si256(_mm_setr_epi16(
      static_cast<short>(up(0)), static_cast<short>(up(1)), static_cast<short>(up(2)), static_cast<short>(up(3)),
      static_cast<short>(up(4)), static_cast<short>(up(5)), static_cast<short>(up(6)), static_cast<short>(up(7))));
  const __m256i bytes =
      _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(low))),
                              _mm_loadu_si128(reinterpret_cast<const __m128i*>(high)), 1);
  return _mm256_srli_epi16(_mm256_mullo_epi16(_mm256_shuffle_epi8(bytes, split), factors), 16 - bits);
}

template <int bits>
HWY_INLINE __m256i ThirtyTwoCodes(const std::uint8_t* from) {
  return _mm256_packus_epi16(SixteenCodes<bits>(from, from + 2 * bits),
                             SixteenCodes<bits>(from + bits, from + 3 * bits));
}

template <int bits>
HWY_ATTR bool ExpandStraddling(const detail::CodeBytesTask& task) {
  constexpr std::size_t group = 4 * bits, read = 3 * bits + 16;
  const __m256i zero = _mm256_setzero_si256(), mask = _mm256_set1_epi8((1 << bits) - 1);
  const std::size_t code_bytes = (task.count * bits + 7) / 8;
  __m256i first = zero, last = zero;
  std::size_t j = 0;
  for (; j + 32 <= task.count; j += 32) {
    const std::size_t at = j / 8 * bits;
    std::uint8_t copy[read];
    const std::uint8_t* from = task.codes + at;
    if (at + read > code_bytes) {
      std::memset(copy, 0, sizeof copy);
      std::memcpy(copy, from, group);
      from = copy;
    }
    __builtin_prefetch(task.ahead + at, 0, 2);
    const __m256i codes = ThirtyTwoCodes<bits>(from);
    first = _mm256_or_si256(first, _mm256_cmpeq_epi8(codes, zero));
    last = _mm256_or_si256(last, _mm256_cmpeq_epi8(codes, mask));
    __m256i bytes;
    if constexpr (bits == 3)
      bytes = _mm256_shuffle_epi8(
          _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(task.table))), codes);
    else
      bytes = BytesOfTables<(1 << bits) / 16>(codes, task.table);
    _mm256_store_si256(reinterpret_cast<__m256i*>(task.bytes + j), bytes);
  }
  detail::CodeBytesTask rest = task;
  rest.count -= j, rest.codes += j / 8 * bits, rest.bytes += j;
  const bool found = (task.first && _mm256_movemask_epi8(first) != 0) || (task.last && _mm256_movemask_epi8(last) != 0);
  return ExpandByCode(rest) && !found;
}

inline HWY_ATTR bool ExpandByShuffles(const detail::CodeBytesTask& task) {
  switch (task.bits) {
    case 3:
      return ExpandStraddling<3>(task);
    case 5:
      return ExpandStraddling<5>(task);
    case 6:
      return ExpandStraddling<6>(task);
    default:
      return ExpandStraddling<7>(task);
  }
}

// A field is the first code where it is zero, and the last where its complement is.
inline HWY_ATTR bool EndByHalves(int bits, const std::uint8_t* bytes, std::size_t count, bool first, bool last) {
  const __m256i zero = _mm256_setzero_si256(), ones = _mm256_set1_epi8(-1);
  __m256i found = zero;
  std::size_t at = 0;
  for (; at + 32 <= count; at += 32) {
    const __m256i codes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + at));
    for (int shift = 0; shift < 8; shift += bits) {
      const __m256i field = _mm256_set1_epi8(static_cast<char>(((1 << bits) - 1) << shift));
      if (first) found = _mm256_or_si256(found, _mm256_cmpeq_epi8(_mm256_and_si256(codes, field), zero));
      if (last)
        found = _mm256_or_si256(found, _mm256_cmpeq_epi8(_mm256_and_si256(_mm256_xor_si256(codes, ones), field), zero));
    }
  }
  return _mm256_movemask_epi8(found) != 0 || EndByCode(bits, bytes + at, count - at, first, last);
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
