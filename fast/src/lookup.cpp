// SPEC §4: out_j = codeword[code_j]. Tables of up to 32 (AVX-512) or 16 (AVX2) codewords are permuted in registers.
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

template <int bits>
HWY_INLINE VF LookupVector(const VF* held, const float* table, const std::uint8_t* codes) {
  const hn::RebindToSigned<F> i;
  const auto index = hn::PromoteTo(i, hn::LoadU(hn::Rebind<std::uint8_t, F>(), codes));
#if HWY_TARGET == HWY_AVX3
  if constexpr (bits <= 4) return VF{_mm512_permutexvar_ps(index.raw, held[0].raw)};
  if constexpr (bits == 5) return VF{_mm512_permutex2var_ps(held[0].raw, index.raw, held[1].raw)};
#else
  if constexpr (bits <= 3) return VF{_mm256_permutevar8x32_ps(held[0].raw, index.raw)};
  if constexpr (bits == 4) {
    const __m256 upper = _mm256_castsi256_ps(_mm256_slli_epi32(index.raw, 28));  // bit 3 to the sign
    return VF{_mm256_blendv_ps(_mm256_permutevar8x32_ps(held[0].raw, index.raw), _mm256_permutevar8x32_ps(held[1].raw, index.raw), upper)};
  }
#endif
  return hn::GatherIndex(F(), table, index);
}

template <int bits>
void LookupBits(const std::uint8_t* codes, std::size_t count, const float* codewords32, float* out) {
  const F d;
  alignas(64) float table[256] = {};
  std::memcpy(table, codewords32, sizeof(float) << bits);
  const VF held[2] = {hn::Load(d, table), hn::Load(d, table + kLanes)};
  std::size_t j = 0;
  for (; j + kLanes <= count; j += kLanes) hn::StoreU(LookupVector<bits>(held, table, codes + j), d, out + j);
  for (; j < count; ++j) out[j] = table[codes[j]];
}

void Lookup(int bits, const std::uint8_t* codes, std::size_t count, const float* codewords32, float* out) {
  switch (bits) {
    case 1: return LookupBits<1>(codes, count, codewords32, out);
    case 2: return LookupBits<2>(codes, count, codewords32, out);
    case 3: return LookupBits<3>(codes, count, codewords32, out);
    case 4: return LookupBits<4>(codes, count, codewords32, out);
    case 5: return LookupBits<5>(codes, count, codewords32, out);
    case 6: return LookupBits<6>(codes, count, codewords32, out);
    case 7: return LookupBits<7>(codes, count, codewords32, out);
    default: return LookupBits<8>(codes, count, codewords32, out);
  }
}

#endif

}  // namespace hdq::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "bits.hpp"
#include "dispatch.hpp"
namespace hdq {

HDQ_DISPATCH(Lookup);

void lookup(int bits, const std::uint8_t* codes, std::size_t count, const float* codewords32, float* out, Isa isa) {
  detail::require_bits(bits);
  HDQ_CALL(Lookup, resolve_isa(isa))(bits, codes, count, codewords32, out);
}

}  // namespace hdq
#endif
