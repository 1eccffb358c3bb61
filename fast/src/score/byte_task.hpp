// The inner loops of the first pass of a search (score/byte_filter.hpp): Σ p_j m_{code_j} in integers, for a query p and rows whose
// codewords are bytes m.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hdq::detail {

inline constexpr std::size_t byte_rows = 16;   // rows at once
inline constexpr std::size_t byte_chunk = 64;  // bytes of codes at once

// How the query faces codes of `bits` = 1, 2, 4 or 8 bits. A chunk of 64 bytes of a row holds 8/bits fields: field k of byte i is the code
// of coordinate (8/bits)·i + k of the chunk. The query is one or two *planes* of signed bytes, p = 128·high + low or p = low, with the 64
// bytes of (chunk, field, plane) at ((chunk·fields + field)·planes + plane)·64, high before low; zero where the row has no codes. Two
// products of an unsigned byte and a byte of a plane fit 16 bits together: |high| and |low| are at most 64 of two planes, and so is p of a
// single one, but for 127 with one bit, where the unsigned bytes are at most 8, and for kernels that add products to 32 bits
// (Kernels::plane_steps). One bit has a single plane.
inline constexpr std::size_t byte_fields(int bits) { return 8 / static_cast<std::size_t>(bits); }
inline std::size_t byte_chunks(std::size_t code_bytes) { return (code_bytes + byte_chunk - 1) / byte_chunk; }
inline std::size_t byte_query_size(int bits, int planes, std::size_t code_bytes) {
  return byte_chunks(code_bytes) * byte_fields(bits) * static_cast<std::size_t>(planes) * byte_chunk;
}

// A row's bytes m as they face a plane, chunk by chunk and field by field.
inline std::size_t byte_expanded_size(int bits, std::size_t code_bytes) {
  return byte_chunks(code_bytes) * byte_fields(bits) * byte_chunk;
}

struct ByteTask {
  int bits;                         // 1, 2, 4 or 8
  int planes;                       // 1 or 2; 1 of one bit
  std::size_t code_bytes;           // of a row
  const std::int8_t* queries;       // query_count × byte_query_size(bits, planes, code_bytes) bytes, 64-byte aligned
  std::size_t query_count;
  std::uint8_t*
      expanded;  // byte_rows × byte_expanded_size(bits, code_bytes) bytes, 64-byte aligned, for several queries to share
  std::size_t row_count;            // at most byte_rows
  const std::uint8_t* const* rows;  // row_count pointers to code_bytes each; nothing outside them is read
  const std::uint8_t* const*
      tables;  // row_count pointers to 2^bits bytes, of 8 bits 64-byte aligned; of one bit they are 0 and 255, not read
  const std::uint8_t* ahead;  // row_count·code_bytes bytes to fetch meanwhile; may point anywhere
  std::int32_t* sums;         // query_count × byte_rows; those of rows from row_count on are unspecified
};

// upper[i] = factor_i·(gain·(estimate_i + error_i) − factor_i·square), with u = scale_i·half_step,
// estimate_i = u·(2·sums_i − offset) + centre_i·total and error_i = codeword_error_i·magnitude + scale_i·residue.
struct ByteBoundTask {
  const std::int32_t* sums;                               // byte_rows
  const float *scale, *centre, *codeword_error, *factor;  // byte_rows each
  std::int32_t offset;
  float half_step, total, magnitude, residue;  // of the query
  float gain, square;                          // of the metric
  float* upper;                                // byte_rows
};

}  // namespace hdq::detail
