// SPEC §4: codewords from packed codes, with no codes in between.
#pragma once

#include "simd/avx512/codeword_table.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// Sixteen codes from 2·bits bytes to the low bits of their lanes; what is above them is the neighbours'.
template <int bits>
struct Unpacker {
  __m512i bytes, shifts;
  HWY_INLINE Unpacker() {
    alignas(64) std::uint8_t order[64];
    alignas(64) std::uint32_t by[16];
    for (int i = 0; i < 16; ++i) {
      by[i] = static_cast<std::uint32_t>(i * bits % 8);
      for (int k = 0; k < 4; ++k) {
        const int at = i * bits / 8 + k;
        order[4 * i + k] = static_cast<std::uint8_t>(at < 2 * bits ? at : 0x80);
      }
    }
    bytes = _mm512_load_si512(order);
    shifts = _mm512_load_si512(by);
  }
  HWY_INLINE __m512i operator()(__m128i packed) const {
    return _mm512_srlv_epi32(_mm512_shuffle_epi8(_mm512_broadcast_i32x4(packed), bytes), shifts);
  }
};

// count is a multiple of 16.
template <int bits>
void UnpackLookupBits(const std::uint8_t* bytes, std::size_t count, const float* codewords32, float* out) {
  using Integers = typename CodewordTable<bits>::Integers;
  const CodewordTable<bits> table(codewords32);
  const Unpacker<bits> unpack;
  const std::size_t total = count / 8 * bits;
  std::size_t j = 0;
  for (; j < count && j / 8 * bits + 16 <= total; j += 16)
    _mm512_storeu_ps(out + j, table(Integers{unpack(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + j / 8 * bits)))}).raw);
  for (; j < count; j += 16) {  // sixteen bytes would reach past the row
    alignas(16) std::uint8_t last[16] = {};
    std::memcpy(last, bytes + j / 8 * bits, 2 * bits);
    _mm512_storeu_ps(out + j, table(Integers{unpack(_mm_load_si128(reinterpret_cast<const __m128i*>(last)))}).raw);
  }
}

bool FusedUnpackLookup(int bits, const std::uint8_t* bytes, std::size_t count, const float* codewords32, float* out) {
  WithBits(bits, [&](auto b) HWY_ATTR { UnpackLookupBits<b.value>(bytes, count, codewords32, out); });
  return true;
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
