// SPEC §3: what the compander of so many bits is, beside its coefficients (compand_tables.hpp).
#pragma once

#include "quantizer/compand_tables.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

template <int bits>
struct CompandShape {
  static_assert(bits >= detail::compand_min_bits && bits <= BitWidth::most);
  static constexpr int levels = 1 << bits;
  static constexpr double width = static_cast<double>(detail::compand_width);
  static constexpr const detail::CompandTable& table = detail::compand_tables[bits - detail::compand_min_bits];
  static constexpr int fraction_bits = 23 - detail::compand_base_exponent(bits);  // of a float32 in [base, 2 base)
  // The fraction bits of weight 2ε and above.
  static constexpr std::int32_t certain_bits = (1 << fraction_bits) - (1 << (fraction_bits + table.error_exponent + 1));

  // Norms as the codec has them; for others every lane is uncertain.
  static HWY_INLINE bool Usable(float norm) { return norm >= 0x1p-100f && norm <= 0x1p100f; }
  // |y| below it lies in a segment that has a polynomial: 1 − 2^-20 makes up for the roundings of y·scale and of this product.
  static HWY_INLINE float RangeLimit(float norm) {
    constexpr double range = (detail::compand_segments - 0.5) * (1 - 0x1p-20) * width;
    return Usable(norm) ? static_cast<float>(range * static_cast<double>(norm)) : 0;
  }
};

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
