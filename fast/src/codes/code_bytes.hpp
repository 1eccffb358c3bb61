// Codes of SPEC §7 in memory, int16_t or int32_t at any address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

template <class Code>
HWY_INLINE Code LoadCode(const std::uint8_t* codes, std::size_t j) {
  Code code;
  std::memcpy(&code, codes + j * sizeof code, sizeof code);
  return code;
}
template <class Code>
HWY_INLINE void StoreCode(Code code, std::uint8_t* codes, std::size_t j) {
  std::memcpy(codes + j * sizeof code, &code, sizeof code);
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
