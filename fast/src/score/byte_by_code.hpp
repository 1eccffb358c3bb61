// Sums of products of bytes, code by code.
#pragma once

#include "score/byte_task.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// Σ p_j m_{code_j} of one row, `bits` of a code and the planes constants.
template <int bits, std::size_t planes>
HWY_ATTR inline std::int32_t SumOfRow(const detail::ByteTask& task, std::size_t row, const std::int8_t* p) {
  constexpr std::size_t fields = detail::byte_fields(bits), chunk = detail::byte_chunk;
  const std::uint8_t* codes = task.rows[row];

  std::int32_t high = 0, low = 0;
  for (std::size_t first = 0; first < task.code_bytes; first += chunk) {
    const std::size_t some = task.code_bytes - first < chunk ? task.code_bytes - first : chunk;
    for (std::size_t field = 0; field < fields; ++field, p += planes * chunk)
      for (std::size_t i = 0; i < some; ++i) {
        const int code =
            codes[first + i] >> (static_cast<std::size_t>(bits) * field) & ((1 << (bits == 0 ? 8 : bits)) - 1);
        const int m = bits <= 1 ? code : task.tables[row][code];
        low += p[(planes - 1) * chunk + i] * m;
        if (planes == 2) high += p[i] * m;
      }
  }
  return bits == 1 ? 255 * low : 128 * high + low;  // of one plane, high is 0
}

inline HWY_ATTR void SumsByCode(const detail::ByteTask& task) {
  const std::size_t size = detail::byte_query_size(task.bits, task.planes, task.code_bytes);
  for (std::size_t query = 0; query < task.query_count; ++query)
    for (std::size_t row = 0; row < task.row_count; ++row) {
      const std::int8_t* p = task.queries + query * size;
      std::int32_t& sum = task.sums[query * detail::byte_rows + row];
      const bool single = task.planes == 1;
      if (task.bits == detail::expanded_bytes)
        sum = single ? SumOfRow<0, 1>(task, row, p) : SumOfRow<0, 2>(task, row, p);
      if (task.bits == 1) sum = SumOfRow<1, 1>(task, row, p);
      if (task.bits == 2) sum = single ? SumOfRow<2, 1>(task, row, p) : SumOfRow<2, 2>(task, row, p);
      if (task.bits == 4) sum = single ? SumOfRow<4, 1>(task, row, p) : SumOfRow<4, 2>(task, row, p);
      if (task.bits == 8) sum = single ? SumOfRow<8, 1>(task, row, p) : SumOfRow<8, 2>(task, row, p);
    }
}

inline HWY_ATTR bool EndByCode(int bits, const std::uint8_t* bytes, std::size_t count, bool first, bool last) {
  const int mask = (1 << bits) - 1;
  for (std::size_t i = 0; i < count; ++i)
    for (int shift = 0; shift < 8; shift += bits) {
      const int code = bytes[i] >> shift & mask;
      if ((first && code == 0) || (last && code == mask)) return true;
    }
  return false;
}

inline HWY_ATTR bool ExpandByCode(const detail::CodeBytesTask& task) {
  const auto bits = static_cast<std::size_t>(task.bits);
  const unsigned mask = (1u << bits) - 1;
  const std::size_t code_bytes = (task.count * bits + 7) / 8;
  bool found = false;
  for (std::size_t j = 0; j < task.count; ++j) {
    const std::size_t at = j * bits / 8;
    const unsigned both = task.codes[at] | (at + 1 < code_bytes ? unsigned{task.codes[at + 1]} << 8 : 0u);
    const unsigned code = both >> (j * bits % 8) & mask;
    found = found || (task.first && code == 0) || (task.last && code == mask);
    task.bytes[j] = task.table[code];
  }
  return !found;
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
