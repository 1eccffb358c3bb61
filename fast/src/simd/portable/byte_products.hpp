// Sums of products of bytes, code by code.
#pragma once

#include "score/byte_by_code.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

inline void SumsOfBytes(const detail::ByteTask& task) { SumsByCode(task); }
inline bool ContainsCode(int bits, const std::uint8_t* bytes, std::size_t count, std::uint8_t code) {
  return ContainsByCode(bits, bytes, count, code);
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
