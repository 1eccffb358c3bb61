// SPEC §4: out_j = codeword[code_j], from bytes or from the packed codes.
#include "simd/entries.hpp"
#include "simd/simd.hpp"
#include HDQ_CODEWORD_TABLE
#include HDQ_FUSED_UNPACK_LOOKUP

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

using F = hn::ScalableTag<float>;
constexpr std::size_t kLanes = hn::MaxLanes(F());

template <int bits>
void LookupBits(const std::uint8_t* codes, std::size_t count, const float* codewords32, float* out) {
  const F d;
  const hn::RebindToSigned<F> i;
  const CodewordTable<bits> table(codewords32);
  std::size_t j = 0;
  for (; j + kLanes <= count; j += kLanes)
    hn::StoreU(table(hn::PromoteTo(i, hn::LoadU(hn::Rebind<std::uint8_t, F>(), codes + j))), d, out + j);
  for (; j < count; ++j) out[j] = codewords32[codes[j]];
}

void Lookup(int bits, const std::uint8_t* codes, std::size_t count, const float* codewords32, float* out) {
  WithBits(bits, [&](auto b) HWY_ATTR { LookupBits<b.value>(codes, count, codewords32, out); });
}

void UnpackLookup(int bits, const std::uint8_t* bytes, std::size_t count, const float* codewords32, std::uint8_t* scratch, float* out) {
  if (count % 16 == 0 && FusedUnpackLookup(bits, bytes, count, codewords32, out)) return;
  Unpack(bits, bytes, count, scratch);
  Lookup(bits, scratch, count, codewords32, out);
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
