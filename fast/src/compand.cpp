// SPEC §3: codes by the compander, for any number of bits; compand-inl.hpp tells how.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compand.cpp"
#include <hwy/foreach_target.h>

#include "compand-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HWY_NAMESPACE {

void CompandAll(int bits, const float* y, std::size_t count, std::uint32_t word, float norm, std::uint8_t* codes) {
  switch (bits) {
    case 3: return CompandCodes<3>(y, count, word, norm, codes);
    case 4: return CompandCodes<4>(y, count, word, norm, codes);
    case 5: return CompandCodes<5>(y, count, word, norm, codes);
    case 6: return CompandCodes<6>(y, count, word, norm, codes);
    case 7: return CompandCodes<7>(y, count, word, norm, codes);
    default: return CompandCodes<8>(y, count, word, norm, codes);
  }
}

}  // namespace hdq::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "bits.hpp"
#include "compand.hpp"
#include "dispatch.hpp"
namespace hdq {

HDQ_DISPATCH(CompandAll);

void detail::compand_codes(int bits, const float* y, std::size_t count, std::uint32_t word, float norm, std::uint8_t* codes, Isa isa) {
  detail::require_bits(bits);
  HDQ_CALL(CompandAll, isa)(bits, y, count, word, norm, codes);
}

}  // namespace hdq
#endif
