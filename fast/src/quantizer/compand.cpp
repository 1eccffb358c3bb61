// SPEC §3: codes by the compander, for any number of bits; compander.hpp tells how.
#include "quantizer/compander.hpp"
#include "simd/entries.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

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

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
