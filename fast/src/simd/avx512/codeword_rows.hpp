// Codewords of eight rows at once: end cells with a row to a lane, the rest with a cell to a lane, to a register of sixteen codewords.
#pragma once

#include "quantizer/end_cell.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// The end cell's coefficients in the binades [1/4, 1/2), … [2^-17, 2^-16): a permute of two registers reads those of eight rows.
template <int bits>
struct BinadeCoefficients {
  static constexpr detail::EndTable table = detail::codeword_tables[bits - 1].end;
  static constexpr int binades = 16;
  alignas(64) double of[table.steps][2][binades];  // E, O
  constexpr BinadeCoefficients() : of() {
    for (int step = 0; step < table.steps; ++step)
      for (int odd = 0; odd < 2; ++odd)
        for (int i = 0; i < binades; ++i)
          of[step][odd][i] = table.coefficients[2 * table.steps * (i + 1) + 2 * step + odd];
  }
};

// The end cells of eight rows, as float32: at U in lanes 0 to 7, what belongs to 1 − U in lanes 8 to 15, negated. Of U and 1 − U one is
// in [1/2, 1), whose coefficients are the same for all rows.
template <int bits>
HWY_INLINE __m512 EndsOfEight(__m256i words) {
  static constexpr BinadeCoefficients<bits> small_table;
  constexpr detail::EndTable table = small_table.table;
  const __m256i small_words = _mm256_min_epu32(words, _mm256_xor_si256(words, _mm256_set1_epi32(-1)));
  const __m512d u =
      _mm512_mul_pd(_mm512_add_pd(_mm512_cvtepu32_pd(small_words), _mm512_set1_pd(0.5)), _mm512_set1_pd(0x1p-32));
  const __m512i u_bits = _mm512_castpd_si512(u);
  const __m512i binade = _mm512_sub_epi64(_mm512_set1_epi64(1021), _mm512_srli_epi64(u_bits, 52));
  const __m512d significand = _mm512_castsi512_pd(_mm512_ternarylogic_epi64(
      u_bits, _mm512_set1_epi64(0x000FFFFFFFFFFFFF), _mm512_set1_epi64(0x3FF0000000000000), 0xEA));  // (a AND b) OR c
  const __m512d x = _mm512_sub_pd(significand, _mm512_set1_pd(1.5));
  const __m512d large_x = _mm512_fnmadd_pd(u, _mm512_set1_pd(2), _mm512_set1_pd(0.5));  // 2·(1 − U) − 3/2, exactly
  const __m512d square = _mm512_mul_pd(x, x), large_square = _mm512_mul_pd(large_x, large_x);
  const auto coefficient = [&](int step, int odd) HWY_ATTR {
    const double* c = small_table.of[step][odd];
    return _mm512_permutex2var_pd(_mm512_load_pd(c), binade, _mm512_load_pd(c + 8));
  };
  const auto large_coefficient = [&](int i) HWY_ATTR { return _mm512_set1_pd(table.coefficients[i]); };
  __m512d even = coefficient(0, 0), odd = coefficient(0, 1), large_even = large_coefficient(0),
          large_odd = large_coefficient(1);
  HDQ_UNROLL
  for (int step = 1; step < table.steps; ++step) {
    even = _mm512_fmadd_pd(even, square, coefficient(step, 0));
    odd = _mm512_fmadd_pd(odd, square, coefficient(step, 1));
    large_even = _mm512_fmadd_pd(large_even, large_square, large_coefficient(2 * step));
    large_odd = _mm512_fmadd_pd(large_odd, large_square, large_coefficient(2 * step + 1));
  }
  __m512d small = _mm512_fmadd_pd(x, odd, even);
  const __m512d large = _mm512_fmadd_pd(large_x, large_odd, large_even);
  const __mmask8 below = _mm512_cmpge_epi64_mask(binade, _mm512_set1_epi64(small_table.binades));
  if (below != 0) [[unlikely]] {  // one row in 32768
    std::uint32_t word[8];
    double value[8];
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(word), small_words);
    EndValues<8>(table, word, value);
    small = _mm512_loadu_pd(value);
  }
  const __mmask8 upper = _mm256_movepi32_mask(words);  // U >= 1/2
  const __m256 at = _mm512_cvtpd_ps(_mm512_mask_blend_pd(upper, small, large));
  const __m256 mirrored = _mm512_cvtpd_ps(_mm512_mask_blend_pd(upper, large, small));
  return _mm512_insertf32x8(_mm512_castps256_ps512(at), _mm256_xor_ps(mirrored, _mm256_set1_ps(-0.0f)), 1);
}

// How sixteen codewords, of `rows` rows or of a part of one, come from eight cells, their mirror images, and the ends of eight rows.
template <int bits>
struct RowOrder {
  static constexpr int levels = 1 << bits, rows = 16 / levels;
  alignas(64) std::int32_t cell[16], end[16];
  alignas(64) std::int64_t row[8];  // of a cell's lane
  __mmask16 ends;
  constexpr RowOrder() : cell(), end(), row(), ends(0) {
    for (int i = 0; i < 16; ++i) {
      const int r = i / levels, k = i % levels;
      cell[i] = k < levels / 2 ? r * levels / 2 + k : 16 + r * levels / 2 + levels - 1 - k;
      end[i] = k == 0 ? r : 8 + r;
      if (k == 0 || k == levels - 1) ends = static_cast<__mmask16>(ends | 1 << i);
    }
    for (int i = 0; i < 8; ++i) row[i] = i / (levels / 2);
  }
};

// The pair table's coefficients at c, for each row of a register.
template <int bits>
HWY_INLINE __m512d CellCoefficients(const double* c) {
  if constexpr (bits == 2) return _mm512_broadcast_f64x2(_mm_load_pd(c));
  if constexpr (bits == 3) return _mm512_broadcast_f64x4(_mm256_load_pd(c));
  return _mm512_load_pd(c);
}

// 2 to 4 bits: a register for 4, 2, 1 rows.
template <int bits>
HWY_INLINE void CodewordsOfEight(__m256i words, float* out) {
  static constexpr RowOrder<bits> order;
  constexpr detail::PairTable pairs = detail::codeword_tables[bits - 1].pairs;
  constexpr int lanes = order.levels / 2, steps = pairs.steps[0], registers = 8 / order.rows,
                together = registers < 4 ? registers : 4;
  const __m512 ends = EndsOfEight<bits>(words);
  const __m512d t = _mm512_sub_pd(
      _mm512_mul_pd(_mm512_add_pd(_mm512_cvtepu32_pd(words), _mm512_set1_pd(0.5)), _mm512_set1_pd(0x1p-32)),
      _mm512_set1_pd(0.5));
  const __m512i cell = _mm512_load_si512(order.cell), end = _mm512_load_si512(order.end),
                row = _mm512_load_si512(order.row);
  for (int first = 0; first < registers; first += together) {
    __m512d ts[together], square[together], even[together], odd[together];
    HDQ_UNROLL
    for (int i = 0; i < together; ++i) {
      ts[i] = _mm512_permutexvar_pd(_mm512_add_epi64(row, _mm512_set1_epi64((first + i) * order.rows)), t);
      square[i] = _mm512_mul_pd(ts[i], ts[i]);
      even[i] = CellCoefficients<bits>(pairs.coefficients);
      odd[i] = CellCoefficients<bits>(pairs.coefficients + lanes);
    }
    HDQ_UNROLL
    for (int step = 1; step < steps; ++step) {
      const __m512d e = CellCoefficients<bits>(pairs.coefficients + 2 * lanes * step),
                    o = CellCoefficients<bits>(pairs.coefficients + 2 * lanes * step + lanes);
      HDQ_UNROLL
      for (int i = 0; i < together; ++i) {
        even[i] = _mm512_fmadd_pd(even[i], square[i], e);
        odd[i] = _mm512_fmadd_pd(odd[i], square[i], o);
      }
    }
    HDQ_UNROLL
    for (int i = 0; i < together; ++i) {
      const __m256 below = _mm512_cvtpd_ps(_mm512_fmadd_pd(ts[i], odd[i], even[i])),
                   above = _mm512_cvtpd_ps(_mm512_fmsub_pd(ts[i], odd[i], even[i]));
      const __m512 inner = _mm512_permutex2var_ps(_mm512_castps256_ps512(below), cell, _mm512_castps256_ps512(above));
      const __m512i mine = _mm512_add_epi32(end, _mm512_set1_epi32((first + i) * order.rows));
      _mm512_storeu_ps(out + 16 * (first + i), _mm512_mask_permutexvar_ps(inner, order.ends, mine, ends));
    }
  }
}

template <>
HWY_INLINE void CodewordsOfEight<1>(__m256i words, float* out) {
  const __m512i order = _mm512_setr_epi32(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
  _mm512_storeu_ps(out, _mm512_permutexvar_ps(order, EndsOfEight<1>(words)));
}

// Above: a row's cells eight by eight, four rows side by side.
template <int bits>
requires(bits > 4) HWY_INLINE void CodewordsOfEight(__m256i words, float* out) {
  constexpr detail::PairTable pairs = detail::codeword_tables[bits - 1].pairs;
  constexpr int levels = 1 << bits, together = 4;
  alignas(64) double t[8];
  alignas(64) float ends[16];
  _mm512_store_ps(ends, EndsOfEight<bits>(words));
  _mm512_store_pd(t, _mm512_sub_pd(_mm512_mul_pd(_mm512_add_pd(_mm512_cvtepu32_pd(words), _mm512_set1_pd(0.5)),
                                                 _mm512_set1_pd(0x1p-32)),
                                   _mm512_set1_pd(0.5)));
  const __m256i reverse = _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0);
  for (int first = 0; first < 8; first += together, out += together * levels) {
    __m512d ts[together], square[together];
    HDQ_UNROLL
    for (int i = 0; i < together; ++i) {
      ts[i] = _mm512_set1_pd(t[first + i]);
      square[i] = _mm512_mul_pd(ts[i], ts[i]);
    }
    const double* c = pairs.coefficients;
    for (int group = 0; group < levels / 16; ++group) {
      __m512d even[together], odd[together];
      HDQ_UNROLL
      for (int i = 0; i < together; ++i) {
        even[i] = _mm512_load_pd(c);
        odd[i] = _mm512_load_pd(c + 8);
      }
      c += 16;
      for (int step = 1; step < pairs.steps[group]; ++step, c += 16) {
        const __m512d e = _mm512_load_pd(c), o = _mm512_load_pd(c + 8);
        HDQ_UNROLL
        for (int i = 0; i < together; ++i) {
          even[i] = _mm512_fmadd_pd(even[i], square[i], e);
          odd[i] = _mm512_fmadd_pd(odd[i], square[i], o);
        }
      }
      HDQ_UNROLL
      for (int i = 0; i < together; ++i) {
        const __m256 below = _mm512_cvtpd_ps(_mm512_fmadd_pd(ts[i], odd[i], even[i])),
                     above = _mm512_cvtpd_ps(_mm512_fmsub_pd(ts[i], odd[i], even[i]));
        _mm256_storeu_ps(out + i * levels + 8 * group, below);
        _mm256_storeu_ps(out + (i + 1) * levels - 8 * group - 8, _mm256_permutevar8x32_ps(above, reverse));
      }
    }
    for (int i = 0; i < together; ++i) {
      out[i * levels] = ends[first + i];
      out[(i + 1) * levels - 1] = ends[8 + first + i];
    }
  }
}

template <int bits>
HWY_INLINE std::size_t CodewordsOfEights(const std::uint32_t* words, std::size_t rows, float* out) {
  std::size_t r = 0;
  for (; r + 8 <= rows; r += 8)
    CodewordsOfEight<bits>(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(words + r)), out + (r << bits));
  return r;
}

// Codewords of the first rows, and of how many.
HWY_INLINE std::size_t CodewordRows(int bits, const std::uint32_t* words, std::size_t rows, float* out) {
  std::size_t done = 0;
  WithBits(bits, [&](auto b) HWY_ATTR { done = CodewordsOfEights<b.value>(words, rows, out); });
  return done;
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
