// Sums of products of bytes for AVX2.
#pragma once

#include "simd/avx2/byte_pairs.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

inline int MostFilteredBits() { return kMostBitsInPairs; }

inline void SumsOfBytes(const detail::ByteTask& task) { SumsByPairs(task); }
inline bool ContainsCode(int bits, const std::uint8_t* bytes, std::size_t count, std::uint8_t code) {
  return ContainsByHalves(bits, bytes, count, code);
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
