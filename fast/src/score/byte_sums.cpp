// The first pass of a search: sums of bytes (score/byte_task.hpp), and what they say of scores (score/byte_filter.hpp).
#include "score/byte_task.hpp"
#include "simd/entries.hpp"
#include "simd/simd.hpp"
#include HDQ_BYTE_PRODUCTS

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

bool Filters(int bits) { return MostFilteredBits() > 0 && bits <= MostFilteredBits(); }

int PlaneSteps(int bits) { return bits == 1 ? 127 : MostStepsOfPlane(); }

void ByteSums(const detail::ByteTask& task) { SumsOfBytes(task); }

bool CodeBytes(const detail::CodeBytesTask& task) { return ExpandCodes(task); }

bool HasEnd(int bits, const std::uint8_t* bytes, std::size_t count, bool first, bool last) {
  return ContainsEnd(bits, bytes, count, first, last);
}

// Every product and sum is rounded once, none fused: byte_filter.hpp counts them. 2·sums − offset is exact modulo 2^32, and fits.
void ByteBounds(const detail::ByteBoundTask& task) {
  for (std::size_t i = 0; i < detail::byte_rows; ++i) {
    const auto twice = static_cast<std::int32_t>(2 * static_cast<std::uint32_t>(task.sums[i]) -
                                                 static_cast<std::uint32_t>(task.offset));
    const float estimate = task.scale[i] * task.half_step * static_cast<float>(twice) + task.centre[i] * task.total;
    const float error = task.codeword_error[i] * task.magnitude + task.scale[i] * task.residue;
    task.upper[i] = task.factor[i] * (task.gain * (estimate + error) - task.factor[i] * task.square);
  }
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
