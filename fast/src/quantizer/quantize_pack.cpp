// SPEC §4: from a rotated row to the bytes of its codes, as the encoder does it: in one, where the instruction set has a way, or one
// stage after the other.
#include "simd/entries.hpp"
#include "simd/simd.hpp"
#include HDQ_FUSED_QUANTIZE_PACK
#include HDQ_TUNING

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

void QuantizePack(int bits, const float* y, std::size_t count, const double* theta, std::uint32_t word, float norm,
                  std::uint8_t* scratch, std::uint8_t* bytes) {
  if (norm == 0) {  // y and every scaled threshold are zeros: code 2^bits − 1 throughout
    const std::size_t total = count * static_cast<std::size_t>(bits);
    std::memset(bytes, 0xFF, (total + 7) / 8);
    if (total % 8 != 0) bytes[total / 8] = static_cast<std::uint8_t>((1 << total % 8) - 1);
    return;
  }
  if (count % 16 == 0 && FusedQuantizePack(bits, y, count, theta, word, norm, bytes)) return;
  if (bits <= kThresholdBits) {
    float scaled[256];
    scale_thresholds(bits, theta, norm, scaled);
    Quantize(bits, y, count, scaled, scratch);
  } else {
    CompandAll(bits, y, count, word, norm, scratch);
  }
  Pack(bits, scratch, count, bytes);
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
