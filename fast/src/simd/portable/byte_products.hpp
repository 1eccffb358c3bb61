// Sums of products of bytes, code by code.
#pragma once

#include "score/byte_by_code.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// Where there are vectors, scores are in vectors.
inline int MostFilteredBits() { return HWY_TARGET == HWY_SCALAR ? 8 : 0; }
inline int MostStepsOfPlane() { return 127; }

inline void SumsOfBytes(const detail::ByteTask& task) { SumsByCode(task); }
inline bool ExpandCodes(const detail::CodeBytesTask& task) { return ExpandByCode(task); }
inline bool ContainsEnd(int bits, const std::uint8_t* bytes, std::size_t count, bool first, bool last) {
  return EndByCode(bits, bytes, count, first, last);
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
