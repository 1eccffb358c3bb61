// Sums of products of bytes for AVX-512 with VNNI and VBMI, which its first processors lack: they go as AVX2 does.
#pragma once

#include <immintrin.h>

#include "simd/avx2/byte_pairs.hpp"

// A function's own target: beyond that of the file, and not compiled for it.
#define HDQ_VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi")))
#define HDQ_VNNI_INLINE inline __attribute__((always_inline)) HDQ_VNNI

namespace hdq::HDQ_ISA {

// The codewords of one row.
template <int bits>
struct ByteTable {
  __m512i part;
  HDQ_VNNI_INLINE void Load(const std::uint8_t* m) {
    if constexpr (bits == 2) {
      std::int32_t four;
      std::memcpy(&four, m, sizeof four);
      part = _mm512_set1_epi32(four);
    }
    if constexpr (bits == 4) part = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(m)));
  }
  // Of field k: a permute of 64 bytes reads six bits, and the table is repeated.
  template <int k>
  HDQ_VNNI_INLINE __m512i At(__m512i codes) const {
    return _mm512_permutexvar_epi8(k == 0 ? codes : _mm512_srli_epi16(codes, bits * k), part);
  }
};
template <>
struct ByteTable<8> {
  __m512i part[4];
  HDQ_VNNI_INLINE void Load(const std::uint8_t* m) {
    for (int i = 0; i < 4; ++i) part[i] = _mm512_load_si512(m + 64 * i);
  }
  template <int>
  HDQ_VNNI_INLINE __m512i At(__m512i codes) const {
    const __m512i below = _mm512_permutex2var_epi8(part[0], codes, part[1]),
                  above = _mm512_permutex2var_epi8(part[2], codes, part[3]);
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(codes), below, above);
  }
};

template <>
struct ByteTable<detail::expanded_bytes> {
  HDQ_VNNI_INLINE void Load(const std::uint8_t*) {}
  template <int>
  HDQ_VNNI_INLINE __m512i At(__m512i codes) const {
    return codes;
  }
};
template <>
struct ByteTable<1> {
  HDQ_VNNI_INLINE void Load(const std::uint8_t*) {}
  template <int k>
  HDQ_VNNI_INLINE __m512i At(__m512i codes) const {
    return _mm512_and_si512(_mm512_srli_epi16(codes, k), _mm512_set1_epi8(1));
  }
};

// The sums of some rows, 16 lanes each.
template <int bits, int planes, int rows>
struct ByteLanes {
  ByteTable<bits> table[rows];
  __m512i high[rows], low[rows];

  HDQ_VNNI_INLINE explicit ByteLanes(const std::uint8_t* const* tables) {
    for (int r = 0; r < rows; ++r) {
      table[r].Load(tables[r]);
      high[r] = low[r] = _mm512_setzero_si512();
    }
  }
  HDQ_VNNI_INLINE void Add(const __m512i* codes, const std::int8_t* p) {
    AddField<0>(codes, p);
    if constexpr (bits == 2 || bits == 4) AddField<1>(codes, p);
    if constexpr (bits == 2) AddField<2>(codes, p);
    if constexpr (bits == 2) AddField<3>(codes, p);
  }
  HDQ_VNNI_INLINE __m512i Sum(int r) const {
    return planes == 1 ? low[r] : _mm512_add_epi32(_mm512_slli_epi32(high[r], 7), low[r]);
  }

 private:
  template <int k>
  HDQ_VNNI_INLINE void AddField(const __m512i* codes, const std::int8_t* p) {
    const __m512i above = _mm512_load_si512(p + 64 * planes * k),
                  below = _mm512_load_si512(p + 64 * (planes * k + planes - 1));
    for (int r = 0; r < rows; ++r) {
      const __m512i m = table[r].template At<k>(codes[r]);
      if constexpr (planes == 2) high[r] = _mm512_dpbusd_epi32(high[r], m, above);
      low[r] = _mm512_dpbusd_epi32(low[r], m, below);
    }
  }
};

// One bit needs no table: bit k of a byte counts 2^(k mod 4), and sums of the four weights are apart.
template <int rows>
struct ByteLanes<1, 1, rows> {
  __m512i sum[rows][4];

  HDQ_VNNI_INLINE explicit ByteLanes(const std::uint8_t* const*) {
    for (int r = 0; r < rows; ++r)
      for (int k = 0; k < 4; ++k) sum[r][k] = _mm512_setzero_si512();
  }
  HDQ_VNNI_INLINE void Add(const __m512i* codes, const std::int8_t* p) {
    for (int r = 0; r < rows; ++r) {
      const __m512i above = _mm512_srli_epi16(codes[r], 4);
      for (int k = 0; k < 4; ++k) {
        const __m512i bit = _mm512_set1_epi8(static_cast<char>(1 << k));
        sum[r][k] = _mm512_dpbusd_epi32(sum[r][k], _mm512_and_si512(codes[r], bit), _mm512_load_si512(p + 64 * k));
        sum[r][k] = _mm512_dpbusd_epi32(sum[r][k], _mm512_and_si512(above, bit), _mm512_load_si512(p + 64 * (k + 4)));
      }
    }
  }
  HDQ_VNNI_INLINE __m512i Sum(int r) const {
    const __m512i even = _mm512_add_epi32(sum[r][0], _mm512_srai_epi32(sum[r][2], 2)),
                  odd = _mm512_add_epi32(sum[r][1], _mm512_srai_epi32(sum[r][3], 2));
    const __m512i all = _mm512_add_epi32(even, _mm512_srai_epi32(odd, 1));
    return _mm512_sub_epi32(_mm512_slli_epi32(all, 8), all);
  }
};

template <int bits, int planes, int rows>
HDQ_VNNI inline void LanesOfRows(const detail::ByteTask& task, std::size_t first, __m512i* lanes) {
  constexpr std::size_t chunk = detail::byte_chunk, step = detail::byte_fields(bits) * planes * chunk;
  const std::uint8_t* const* row = task.rows + first;
  const std::uint8_t* ahead = task.ahead + first * task.code_bytes;
  const std::int8_t* p = task.queries;
  ByteLanes<bits, planes, rows> sums(task.tables + first);
  __m512i codes[rows];
  std::size_t at = 0;
  for (; at + chunk <= task.code_bytes; at += chunk, p += step) {
    for (int r = 0; r < rows; ++r) {
      __builtin_prefetch(ahead, 0, 2);
      ahead += chunk;
      codes[r] = _mm512_loadu_si512(row[r] + at);
    }
    sums.Add(codes, p);
  }
  if (at < task.code_bytes) {
    const __mmask64 some = ~__mmask64{0} >> (chunk - (task.code_bytes - at));
    for (std::size_t line = 0; line < rows * (task.code_bytes - at); line += chunk)
      __builtin_prefetch(ahead + line, 0, 2);
    for (int r = 0; r < rows; ++r) codes[r] = _mm512_maskz_loadu_epi8(some, row[r] + at);
    sums.Add(codes, p);
  }
  for (int r = 0; r < rows; ++r) lanes[r] = sums.Sum(r);
}

// Of the lanes of four vectors, quarter by quarter.
HDQ_VNNI_INLINE __m512i SumsOfQuarters(const __m512i* v) {
  const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(v[0], v[1]), _mm512_unpackhi_epi32(v[0], v[1]));
  const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(v[2], v[3]), _mm512_unpackhi_epi32(v[2], v[3]));
  return _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
}

// The sums of the lanes of sixteen vectors.
HDQ_VNNI inline __m512i SumsOfLanes(const __m512i* v) {
  __m512i quarters[4];
  for (int i = 0; i < 4; ++i) quarters[i] = SumsOfQuarters(v + 4 * i);
  __m512i halves[2];
  for (int i = 0; i < 2; ++i) {
    const __m512i a = quarters[2 * i], b = quarters[2 * i + 1];
    halves[i] = _mm512_add_epi32(_mm512_shuffle_i32x4(a, b, 0x88), _mm512_shuffle_i32x4(a, b, 0xDD));
  }
  return _mm512_add_epi32(_mm512_shuffle_i32x4(halves[0], halves[1], 0x88),
                          _mm512_shuffle_i32x4(halves[0], halves[1], 0xDD));
}

// ---- rows of at most half a register, several to one ----

// The part of each row r_0, r_1, … of a register: four of 16 bytes, or two of 32.
template <int width, class Part>
HDQ_VNNI_INLINE __m512i SideBySide(const Part* part) {
  if constexpr (width == 16) {
    const __m256i lower = _mm256_inserti128_si256(_mm256_castsi128_si256(part[0]), part[1], 1);
    const __m256i upper = _mm256_inserti128_si256(_mm256_castsi128_si256(part[2]), part[3], 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(lower), upper, 1);
  } else {
    return _mm512_inserti64x4(_mm512_castsi256_si512(part[0]), part[1], 1);
  }
}

template <int width>
struct ShortRow;
template <>
struct ShortRow<16> {
  using Part = __m128i;
  HDQ_VNNI_INLINE static Part Load(const void* from, std::size_t bytes) {
    return _mm_maskz_loadu_epi8(static_cast<__mmask16>((1u << bytes) - 1), from);
  }
  template <int bits>
  HDQ_VNNI_INLINE static Part Table(const std::uint8_t* m) {
    std::int32_t four;
    std::memcpy(&four, m, sizeof four);
    return bits == 2 ? _mm_set1_epi32(four) : _mm_loadu_si128(reinterpret_cast<const __m128i*>(m));
  }
  HDQ_VNNI_INLINE static __m512i Repeated(const std::int8_t* p) {
    return _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(p)));
  }
};
template <>
struct ShortRow<32> {
  using Part = __m256i;
  HDQ_VNNI_INLINE static Part Load(const void* from, std::size_t bytes) {
    return _mm256_maskz_loadu_epi8(static_cast<__mmask32>((std::uint64_t{1} << bytes) - 1), from);
  }
  template <int bits>
  HDQ_VNNI_INLINE static Part Table(const std::uint8_t* m) {
    return _mm256_broadcastsi128_si256(ShortRow<16>::Table<bits>(m));
  }
  HDQ_VNNI_INLINE static __m512i Repeated(const std::int8_t* p) {
    return _mm512_broadcast_i64x4(_mm256_load_si256(reinterpret_cast<const __m256i*>(p)));
  }
};

// The fields of the rows of a register. p: a plane for each field, high before low.
template <int bits, int planes, int k = 0>
HDQ_VNNI_INLINE void AddFields(__m512i codes, __m512i table, const __m512i* p, __m512i& high, __m512i& low) {
  const __m512i shifted = k == 0 ? codes : _mm512_srli_epi16(codes, bits * k);
  const __m512i field = _mm512_and_si512(shifted, _mm512_set1_epi8((1 << bits) - 1));
  const __m512i m = bits == 1 ? field : _mm512_shuffle_epi8(table, field);
  if constexpr (planes == 2) high = _mm512_dpbusd_epi32(high, m, p[2 * k]);
  low = _mm512_dpbusd_epi32(low, m, p[planes * k + planes - 1]);
  if constexpr (bits * (k + 1) < 8) AddFields<bits, planes, k + 1>(codes, table, p, high, low);
}
template <int bits, int planes>
HDQ_VNNI_INLINE __m512i SumOfFields(__m512i codes, __m512i table, const __m512i* p) {
  __m512i high = _mm512_setzero_si512(), low = high;
  AddFields<bits, planes>(codes, table, p, high, low);
  if constexpr (bits == 1) return _mm512_sub_epi32(_mm512_slli_epi32(low, 8), low);
  return planes == 1 ? low : _mm512_add_epi32(_mm512_slli_epi32(high, 7), low);
}

// Rows are placed so that their sums come out in order.
template <int bits, int planes, int width>
HDQ_VNNI inline void SumsOfShortRows(const detail::ByteTask& task) {
  using Short = ShortRow<width>;
  constexpr std::size_t parts = 64 / width, registers = detail::byte_rows / parts;
  constexpr int planes_in_all = 8 / bits * planes;
  for (std::size_t line = 0; line < task.row_count * task.code_bytes; line += 64)
    __builtin_prefetch(task.ahead + line, 0, 2);
  __m512i p[planes_in_all], lanes[registers];
  for (int i = 0; i < planes_in_all; ++i) p[i] = Short::Repeated(task.queries + 64 * i);
  for (std::size_t i = 0; i < registers; ++i) {
    typename Short::Part codes[parts], tables[parts];
    for (std::size_t j = 0; j < parts; ++j) {
      const std::size_t place = i / 4 * 8 + j * 4 + i % 4, row = place < task.row_count ? place : 0;
      codes[j] = Short::Load(task.rows[row], task.code_bytes);
      if constexpr (bits > 1) tables[j] = Short::template Table<bits>(task.tables[row]);
    }
    __m512i table = _mm512_setzero_si512();
    if constexpr (bits > 1) table = SideBySide<width>(tables);
    lanes[i] = SumOfFields<bits, planes>(SideBySide<width>(codes), table, p);
  }
  __m512i sums = SumsOfQuarters(lanes);
  if constexpr (width == 32) {
    const __m512i more = SumsOfQuarters(lanes + 4);
    sums = _mm512_add_epi32(_mm512_shuffle_i32x4(sums, more, 0x88), _mm512_shuffle_i32x4(sums, more, 0xDD));
  }
  _mm512_storeu_si512(task.sums, sums);
}

// ---- several queries: rows are expanded to bytes once ----

template <int bits, int k>
HDQ_VNNI_INLINE void StoreFields(const ByteTable<bits>& table, __m512i codes, std::uint8_t* to) {
  if constexpr (k < 8 / bits) {
    _mm512_store_si512(to + 64 * k, table.template At<k>(codes));
    StoreFields<bits, k + 1>(table, codes, to);
  }
}

template <int bits>
HDQ_VNNI inline void ExpandRows(const detail::ByteTask& task) {
  constexpr std::size_t chunk = detail::byte_chunk, step = detail::byte_fields(bits) * chunk;
  const std::size_t size = detail::byte_expanded_size(bits, task.code_bytes);
  for (std::size_t row = 0; row < task.row_count; ++row) {
    std::uint8_t* to = task.expanded + row * size;
    ByteTable<bits> table;
    table.Load(task.tables[row]);
    for (std::size_t at = 0; at < task.code_bytes; at += chunk, to += step) {
      const std::size_t left = task.code_bytes - at;
      const __mmask64 some = left < chunk ? ~__mmask64{0} >> (chunk - left) : ~__mmask64{0};
      __builtin_prefetch(task.ahead + row * task.code_bytes + at, 0, 2);
      StoreFields<bits, 0>(table, _mm512_maskz_loadu_epi8(some, task.rows[row] + at), to);
    }
  }
}

// Some rows and queries: lanes[query·byte_rows + row].
template <int bits, int planes, int rows, int queries>
HDQ_VNNI_INLINE void LanesOfExpanded(const std::uint8_t* m, std::size_t size, const std::int8_t* p, __m512i* lanes) {
  __m512i high[queries][rows], low[queries][rows];
  for (int q = 0; q < queries; ++q)
    for (int r = 0; r < rows; ++r) high[q][r] = low[q][r] = _mm512_setzero_si512();
  for (std::size_t at = 0; at < size; at += 64) {
    __m512i bytes[rows];
    for (int r = 0; r < rows; ++r) bytes[r] = _mm512_load_si512(m + static_cast<std::size_t>(r) * size + at);
    for (int q = 0; q < queries; ++q) {
      const std::int8_t* plane = p + (static_cast<std::size_t>(q) * size + at) * planes;
      if constexpr (planes == 2) {
        const __m512i above = _mm512_load_si512(plane);
        for (int r = 0; r < rows; ++r) high[q][r] = _mm512_dpbusd_epi32(high[q][r], bytes[r], above);
      }
      const __m512i below = _mm512_load_si512(plane + 64 * (planes - 1));
      for (int r = 0; r < rows; ++r) low[q][r] = _mm512_dpbusd_epi32(low[q][r], bytes[r], below);
    }
  }
  for (int q = 0; q < queries; ++q)
    for (int r = 0; r < rows; ++r)
      lanes[static_cast<std::size_t>(q) * detail::byte_rows + static_cast<std::size_t>(r)] =
          planes == 2 ? _mm512_add_epi32(_mm512_slli_epi32(high[q][r], 7), low[q][r])
          : bits == 1 ? _mm512_sub_epi32(_mm512_slli_epi32(low[q][r], 8), low[q][r])  // 255 of each bit
                      : low[q][r];
}

template <int bits, int planes, int queries>
HDQ_VNNI inline void SumsOfExpanded(const detail::ByteTask& task, std::size_t size, std::size_t query) {
  __m512i lanes[static_cast<std::size_t>(queries) * detail::byte_rows];
  for (std::size_t q = 0; q < queries; ++q)
    for (std::size_t i = task.row_count; i < detail::byte_rows; ++i)
      lanes[q * detail::byte_rows + i] = _mm512_setzero_si512();
  const std::int8_t* p = task.queries + query * size * planes;
  std::size_t row = 0;
  for (; row + 4 <= task.row_count; row += 4)
    LanesOfExpanded<bits, planes, 4, queries>(task.expanded + row * size, size, p, lanes + row);
  for (; row < task.row_count; ++row)
    LanesOfExpanded<bits, planes, 1, queries>(task.expanded + row * size, size, p, lanes + row);
  for (std::size_t q = 0; q < queries; ++q)
    _mm512_storeu_si512(task.sums + (query + q) * detail::byte_rows, SumsOfLanes(lanes + q * detail::byte_rows));
}

template <int bits, int planes>
HDQ_VNNI inline void SumsOfQueries(const detail::ByteTask& task) {
  constexpr int together = 4 / planes;
  const std::size_t size = detail::byte_expanded_size(bits, task.code_bytes);
  if constexpr (bits != detail::expanded_bytes) ExpandRows<bits>(task);
  std::size_t query = 0;
  for (; query + together <= task.query_count; query += together)
    SumsOfExpanded<bits, planes, together>(task, size, query);
  for (; query < task.query_count; ++query) SumsOfExpanded<bits, planes, 1>(task, size, query);
}

template <int bits, int planes>
HDQ_VNNI inline void SumsWithVnni(const detail::ByteTask& task) {
  if (task.query_count > 1) return SumsOfQueries<bits, planes>(task);
  if constexpr (bits == 1 || bits == 2 || bits == 4) {
    if (task.code_bytes <= 16) return SumsOfShortRows<bits, planes, 16>(task);
    if (task.code_bytes <= 32) return SumsOfShortRows<bits, planes, 32>(task);
  }
  constexpr int rows = bits == 8 ? 2 : 4;
  __m512i lanes[detail::byte_rows];
  for (std::size_t i = task.row_count; i < detail::byte_rows; ++i) lanes[i] = _mm512_setzero_si512();
  std::size_t row = 0;
  for (; row + rows <= task.row_count; row += rows) LanesOfRows<bits, planes, rows>(task, row, lanes + row);
  for (; row < task.row_count; ++row) LanesOfRows<bits, planes, 1>(task, row, lanes + row);
  _mm512_storeu_si512(task.sums, SumsOfLanes(lanes));
}

// ---- codes that straddle bytes: eight of them are `bits` bytes, which a permute brings into 64 bits, and multishift apart ----

template <int bits>
HDQ_VNNI inline bool ExpandWithVbmi(const detail::CodeBytesTask& task) {
  constexpr std::size_t group = 8 * bits;
  alignas(64) std::uint8_t places[64], shifts[64];
  for (int i = 0; i < 64; ++i) {
    places[i] = static_cast<std::uint8_t>(i / 8 * bits + i % 8);
    shifts[i] = static_cast<std::uint8_t>(i % 8 * bits);
  }
  const __m512i place = _mm512_load_si512(places), shift = _mm512_load_si512(shifts),
                mask = _mm512_set1_epi8((1 << bits) - 1), below = _mm512_load_si512(task.table),
                above = _mm512_load_si512(task.table + (bits == 7 ? 64 : 0));
  const std::size_t code_bytes = (task.count * bits + 7) / 8;
  __mmask64 first = 0, last = 0;
  for (std::size_t j = 0, at = 0; j < task.count; j += 64, at += group) {
    const std::size_t bytes = code_bytes - at < group ? code_bytes - at : group, left = task.count - j;
    const __mmask64 some = left < 64 ? ~__mmask64{0} >> (64 - left) : ~__mmask64{0};
    __builtin_prefetch(task.ahead + at, 0, 2);
    const __m512i packed = _mm512_maskz_loadu_epi8(~__mmask64{0} >> (64 - bytes), task.codes + at);
    const __m512i codes =
        _mm512_and_si512(_mm512_multishift_epi64_epi8(shift, _mm512_permutexvar_epi8(place, packed)), mask);
    first |= _mm512_mask_testn_epi8_mask(some, codes, codes);
    last |= _mm512_mask_cmpeq_epi8_mask(some, codes, mask);
    _mm512_store_si512(task.bytes + j, bits == 7 ? _mm512_permutex2var_epi8(below, codes, above)
                                                 : _mm512_permutexvar_epi8(codes, below));
  }
  return !(task.first && first != 0) && !(task.last && last != 0);
}

// A field is the first code where it is zero, and the last where its complement is. flip: 0, or all ones.
template <int bits>
HDQ_VNNI_INLINE __mmask64 EndsOfChunk(__mmask64 some, __m512i codes, __m512i flip) {
  const __m512i apart = _mm512_xor_si512(codes, flip);
  __mmask64 found = 0;
  for (int shift = 0; shift < 8; shift += bits)
    found |= _mm512_mask_testn_epi8_mask(some, apart, _mm512_set1_epi8(static_cast<char>(((1 << bits) - 1) << shift)));
  return found;
}
template <int bits>
HDQ_VNNI inline bool HasOneEnd(const std::uint8_t* bytes, std::size_t count, __m512i flip) {
  __mmask64 found = 0;
  std::size_t at = 0;
  for (; at + 64 <= count; at += 64) found |= EndsOfChunk<bits>(~__mmask64{0}, _mm512_loadu_si512(bytes + at), flip);
  if (at < count) {
    const __mmask64 some = ~__mmask64{0} >> (64 - (count - at));
    found |= EndsOfChunk<bits>(some, _mm512_maskz_loadu_epi8(some, bytes + at), flip);
  }
  return found != 0;
}
// One added, the ends of bytes are 1 and 0.
HDQ_VNNI inline bool HasEitherEndOfBytes(const std::uint8_t* bytes, std::size_t count) {
  const __m512i one = _mm512_set1_epi8(1);
  __m512i least = _mm512_set1_epi8(2);
  std::size_t at = 0;
  for (; at + 64 <= count; at += 64)
    least = _mm512_min_epu8(least, _mm512_add_epi8(_mm512_loadu_si512(bytes + at), one));
  if (at < count) {
    const __mmask64 some = ~__mmask64{0} >> (64 - (count - at));
    least = _mm512_mask_min_epu8(least, some, least, _mm512_add_epi8(_mm512_maskz_loadu_epi8(some, bytes + at), one));
  }
  return _mm512_cmple_epu8_mask(least, one) != 0;
}
template <int bits>
HDQ_VNNI inline bool EndWithVnni(const std::uint8_t* bytes, std::size_t count, bool first, bool last) {
  if (bits == 8 && first && last) return HasEitherEndOfBytes(bytes, count);
  return (first && HasOneEnd<bits>(bytes, count, _mm512_setzero_si512())) ||
         (last && HasOneEnd<bits>(bytes, count, _mm512_set1_epi8(-1)));
}

inline bool HasVnni() {
  static const bool has = __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi");
  return has;
}

inline int MostFilteredBits() { return HasVnni() ? 8 : kMostBitsInPairs; }
inline int MostStepsOfPlane() { return HasVnni() ? 127 : kMostStepsInPairs; }

inline void SumsOfBytes(const detail::ByteTask& task) {
  if (!HasVnni()) return SumsByPairs(task);
  switch (task.bits) {
    case detail::expanded_bytes:
      return task.planes == 1 ? SumsWithVnni<0, 1>(task) : SumsWithVnni<0, 2>(task);
    case 1:
      return SumsWithVnni<1, 1>(task);
    case 2:
      return task.planes == 1 ? SumsWithVnni<2, 1>(task) : SumsWithVnni<2, 2>(task);
    case 4:
      return task.planes == 1 ? SumsWithVnni<4, 1>(task) : SumsWithVnni<4, 2>(task);
    default:
      return task.planes == 1 ? SumsWithVnni<8, 1>(task) : SumsWithVnni<8, 2>(task);
  }
}
inline bool ExpandCodes(const detail::CodeBytesTask& task) {
  if (!HasVnni()) return ExpandByShuffles(task);
  switch (task.bits) {
    case 3:
      return ExpandWithVbmi<3>(task);
    case 5:
      return ExpandWithVbmi<5>(task);
    case 6:
      return ExpandWithVbmi<6>(task);
    default:
      return ExpandWithVbmi<7>(task);
  }
}
inline bool ContainsEnd(int bits, const std::uint8_t* bytes, std::size_t count, bool first, bool last) {
  if (!HasVnni()) return EndByHalves(bits, bytes, count, first, last);
  switch (bits) {
    case 1:
      return EndWithVnni<1>(bytes, count, first, last);
    case 2:
      return EndWithVnni<2>(bytes, count, first, last);
    case 4:
      return EndWithVnni<4>(bytes, count, first, last);
    default:
      return EndWithVnni<8>(bytes, count, first, last);
  }
}

}  // namespace hdq::HDQ_ISA
