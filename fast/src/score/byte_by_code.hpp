// Sums of products of bytes, code by code.
#pragma once

#include "score/byte_task.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// Σ p_j m_{code_j} of one row, `bits` of a code a constant.
template <int bits>
HWY_ATTR inline std::int32_t SumOfRow(const detail::ByteTask& task, std::size_t row) {
  constexpr std::size_t fields = detail::byte_fields(bits), planes = detail::byte_planes(bits),
                        chunk = detail::byte_chunk;
  const std::uint8_t* codes = task.rows[row];
  const std::int8_t* p = task.query;
  std::int32_t high = 0, low = 0;
  for (std::size_t first = 0; first < task.code_bytes; first += chunk) {
    const std::size_t some = task.code_bytes - first < chunk ? task.code_bytes - first : chunk;
    for (std::size_t field = 0; field < fields; ++field, p += planes * chunk)
      for (std::size_t i = 0; i < some; ++i) {
        const int code = codes[first + i] >> (static_cast<std::size_t>(bits) * field) & ((1 << bits) - 1);
        const int m = bits == 1 ? code : task.tables[row][code];
        low += p[(planes - 1) * chunk + i] * m;
        if (planes == 2) high += p[i] * m;
      }
  }
  return bits == 1 ? 255 * low : 128 * high + low;
}

inline HWY_ATTR void SumsByCode(const detail::ByteTask& task) {
  for (std::size_t row = 0; row < task.row_count; ++row) {
    switch (task.bits) {
      case 1:
        task.sums[row] = SumOfRow<1>(task, row);
        break;
      case 2:
        task.sums[row] = SumOfRow<2>(task, row);
        break;
      case 4:
        task.sums[row] = SumOfRow<4>(task, row);
        break;
      default:
        task.sums[row] = SumOfRow<8>(task, row);
        break;
    }
  }
}

inline HWY_ATTR bool ContainsByCode(int bits, const std::uint8_t* bytes, std::size_t count, std::uint8_t code) {
  const int mask = (1 << bits) - 1;
  for (std::size_t i = 0; i < count; ++i)
    for (int shift = 0; shift < 8; shift += bits)
      if ((bytes[i] >> shift & mask) == code) return true;
  return false;
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
