// SPEC §4: out_j = codeword[code_j], from bytes or from the packed codes. Tables of all 256 (AVX-512) or of up to 16 (AVX2) codewords
// are permuted in registers.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lookup.cpp"
#include <hwy/foreach_target.h>

#include "simd.hpp"

#include "hdq/stages.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

void Lookup(int bits, const std::uint8_t* codes, std::size_t count, const float* codewords32, float* out) {
  (void)bits;
  for (std::size_t j = 0; j < count; ++j) out[j] = codewords32[codes[j]];
}

#else

using F = hn::ScalableTag<float>;
using VF = hn::Vec<F>;
constexpr std::size_t kLanes = hn::MaxLanes(F());

#if HWY_TARGET == HWY_AVX3

// The codewords in registers; a permute looks at the low four or five bits of an index alone, so short tables repeat.
template <int bits>
struct CodewordTable {
  static constexpr int registers = bits <= 4 ? 1 : 1 << (bits - 4);
  __m512 held[registers];

  HWY_INLINE explicit CodewordTable(const float* codewords32) {
    alignas(64) float repeated[16];
    if (bits < 4)
      for (std::size_t i = 0; i < 16; ++i) repeated[i] = codewords32[i & ((1 << bits) - 1)];
    const float* table = bits < 4 ? repeated : codewords32;
    HDQ_UNROLL
    for (int r = 0; r < registers; ++r) held[r] = _mm512_loadu_ps(table + 16 * r);
  }
  HWY_INLINE VF operator()(__m512i index) const { return VF{Select<(bits < 4 ? 4 : bits), 0>(index)}; }

 private:
  // Among the 2^level codewords from register `first` on.
  template <int level, int first>
  HWY_INLINE __m512 Select(__m512i index) const {
    if constexpr (level == 4) return _mm512_permutexvar_ps(index, held[first]);
    else if constexpr (level == 5) return _mm512_permutex2var_ps(held[first], index, held[first + 1]);
    else
      return _mm512_mask_blend_ps(_mm512_test_epi32_mask(index, _mm512_set1_epi32(1 << (level - 1))), Select<level - 1, first>(index),
                                  Select<level - 1, first + (1 << (level - 5))>(index));
  }
};

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
  const CodewordTable<bits> table(codewords32);
  const Unpacker<bits> unpack;
  const std::size_t total = count / 8 * bits;
  std::size_t j = 0;
  for (; j < count && j / 8 * bits + 16 <= total; j += 16)
    _mm512_storeu_ps(out + j, table(unpack(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + j / 8 * bits)))).raw);
  for (; j < count; j += 16) {  // sixteen bytes would reach past the row
    alignas(16) std::uint8_t last[16] = {};
    std::memcpy(last, bytes + j / 8 * bits, 2 * bits);
    _mm512_storeu_ps(out + j, table(unpack(_mm_load_si128(reinterpret_cast<const __m128i*>(last)))).raw);
  }
}

void UnpackLookup(int bits, const std::uint8_t* bytes, std::size_t count, const float* codewords32, float* out) {
  WithBits(bits, [&](auto b) HWY_ATTR { UnpackLookupBits<b.value>(bytes, count, codewords32, out); });
}

#else

template <int bits>
struct CodewordTable {
  const float* table;
  VF held[2];
  HWY_INLINE explicit CodewordTable(const float* codewords32) : table(codewords32) {
    alignas(32) float first[16] = {};
    std::memcpy(first, codewords32, sizeof(float) << (bits < 4 ? bits : 4));
    held[0] = hn::Load(F(), first);
    held[1] = hn::Load(F(), first + 8);
  }
  HWY_INLINE VF operator()(__m256i index) const {
    if constexpr (bits <= 3) return VF{_mm256_permutevar8x32_ps(held[0].raw, index)};
    if constexpr (bits == 4) {
      const __m256 upper = _mm256_castsi256_ps(_mm256_slli_epi32(index, 28));  // bit 3 to the sign
      return VF{_mm256_blendv_ps(_mm256_permutevar8x32_ps(held[0].raw, index), _mm256_permutevar8x32_ps(held[1].raw, index), upper)};
    }
    return hn::GatherIndex(F(), table, hn::Vec<hn::RebindToSigned<F>>{index});
  }
};
#endif

template <int bits>
void LookupBits(const std::uint8_t* codes, std::size_t count, const float* codewords32, float* out) {
  const F d;
  const hn::RebindToSigned<F> i;
  const CodewordTable<bits> table(codewords32);
  std::size_t j = 0;
  for (; j + kLanes <= count; j += kLanes)
    hn::StoreU(table(hn::PromoteTo(i, hn::LoadU(hn::Rebind<std::uint8_t, F>(), codes + j)).raw), d, out + j);
  for (; j < count; ++j) out[j] = codewords32[codes[j]];
}

void Lookup(int bits, const std::uint8_t* codes, std::size_t count, const float* codewords32, float* out) {
  WithBits(bits, [&](auto b) HWY_ATTR { LookupBits<b.value>(codes, count, codewords32, out); });
}

#endif

#if HWY_TARGET != HWY_AVX3
void UnpackLookup(int, const std::uint8_t*, std::size_t, const float*, float*) {}
#endif

}  // namespace hdq::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "bits.hpp"
#include "dispatch.hpp"
#include "kernels.hpp"
namespace hdq {

HDQ_DISPATCH(Lookup);
HDQ_DISPATCH(UnpackLookup);

void detail::unpack_lookup(int bits, const std::uint8_t* bytes, std::size_t count, const float* codewords32, std::uint8_t* scratch,
                           float* out, Isa isa) {
  if (isa == Isa::avx512 && count % 16 == 0) return HDQ_CALL(UnpackLookup, isa)(bits, bytes, count, codewords32, out);
  unpack(bits, bytes, count, scratch, isa);
  lookup(bits, scratch, count, codewords32, out, isa);
}

void lookup(int bits, const std::uint8_t* codes, std::size_t count, const float* codewords32, float* out, Isa isa) {
  detail::require_bits(bits);
  HDQ_CALL(Lookup, resolve_isa(isa))(bits, codes, count, codewords32, out);
}

}  // namespace hdq
#endif
