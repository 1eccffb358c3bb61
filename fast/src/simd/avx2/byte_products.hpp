// Sums of products of bytes for AVX2.
#pragma once

#include "simd/avx2/byte_pairs.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

inline int MostFilteredBits() { return kMostBitsInPairs; }
inline int MostStepsOfPlane() { return kMostStepsInPairs; }

inline void SumsOfBytes(const detail::ByteTask& task) { SumsByPairs(task); }
inline bool ExpandCodes(const detail::CodeBytesTask& task) { return ExpandByShuffles(task); }
inline bool ContainsEnd(int bits, const std::uint8_t* bytes, std::size_t count, bool first, bool last) {
  return EndByHalves(bits, bytes, count, first, last);
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
