// What attention needs beside score_registers.hpp.
#pragma once

#include HDQ_SCORE_REGISTERS

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

HWY_INLINE Floats Broadcast(const float* x) { return _mm512_set1_ps(*x); }
HWY_INLINE void StoreSums(Floats sums, float* out) { _mm512_store_ps(out, sums); }
// Of sixteen rows, each sixteen numbers after another: a shuffle for each half of two rows, which then go on in one register.
HWY_INLINE void HalvedSums(const float* sums, float* out) {
  const auto row = [&](int i) HWY_ATTR { return _mm512_load_ps(sums + 16 * i); };
  __m512 eight[8], four[4], two[2];
  HDQ_UNROLL
  for (int i = 0; i < 8; ++i)
    eight[i] =
        _mm512_add_ps(_mm512_shuffle_f32x4(row(i), row(i + 8), 0x44), _mm512_shuffle_f32x4(row(i), row(i + 8), 0xEE));
  HDQ_UNROLL
  for (int i = 0; i < 4; ++i)
    four[i] = _mm512_add_ps(_mm512_shuffle_f32x4(eight[i], eight[i + 4], 0x88),
                            _mm512_shuffle_f32x4(eight[i], eight[i + 4], 0xDD));
  HDQ_UNROLL
  for (int i = 0; i < 2; ++i)
    two[i] =
        _mm512_add_ps(_mm512_shuffle_ps(four[i], four[i + 2], 0x44), _mm512_shuffle_ps(four[i], four[i + 2], 0xEE));
  const __m512 one = _mm512_add_ps(_mm512_shuffle_ps(two[0], two[1], 0x88), _mm512_shuffle_ps(two[0], two[1], 0xDD));
  const __m512i order = _mm512_setr_epi32(0, 2, 1, 3, 8, 10, 9, 11, 4, 6, 5, 7, 12, 14, 13, 15);
  _mm512_storeu_ps(out, _mm512_permutexvar_ps(order, one));
}
// Codes of each run at once: sums for four queries in sixteen of 32 registers. Above 5 bits the codewords take longer to bring to
// registers than sums to memory.
template <int bits>
inline constexpr int kCodesTogether = bits <= 5 ? 4 : 8;

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
