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
// Codes that are no such fields are made bytes first, one for each coordinate, which face the query as codes of 8 bits do: `bits` is
// expanded_bytes, and the bytes are m.
inline constexpr int expanded_bytes = 0;
inline constexpr std::size_t byte_fields(int bits) {
  return bits == expanded_bytes ? 1 : 8 / static_cast<std::size_t>(bits);
}
inline std::size_t byte_chunks(std::size_t code_bytes) { return (code_bytes + byte_chunk - 1) / byte_chunk; }
inline std::size_t byte_query_size(int bits, int planes, std::size_t code_bytes) {
  return byte_chunks(code_bytes) * byte_fields(bits) * static_cast<std::size_t>(planes) * byte_chunk;
}

// A row's bytes m as they face a plane, chunk by chunk and field by field.
inline std::size_t byte_expanded_size(int bits, std::size_t code_bytes) {
  return byte_chunks(code_bytes) * byte_fields(bits) * byte_chunk;
}

struct ByteTask {
  int bits;                         // 1, 2, 4, 8 or expanded_bytes
  int planes;                       // 1 or 2; 1 of one bit
  std::size_t code_bytes;           // of a row; of expanded bytes its order
  const std::int8_t* queries;       // query_count × byte_query_size(bits, planes, code_bytes) bytes, 64-byte aligned
  std::size_t query_count;
  std::uint8_t*
      expanded;  // byte_rows × byte_expanded_size(bits, code_bytes) bytes, 64-byte aligned, for several queries to share;
                 // of expanded bytes those that rows point at, in order
  std::size_t row_count;            // at most byte_rows
  const std::uint8_t* const* rows;  // row_count pointers to code_bytes each; nothing outside them is read
  const std::uint8_t* const*
      tables;  // row_count pointers to 2^bits bytes, of 8 bits 64-byte aligned; of one bit they are 0 and 255, not read, nor of expanded bytes
  const std::uint8_t* ahead;  // row_count·code_bytes bytes to fetch meanwhile; may point anywhere
  std::int32_t* sums;         // query_count × byte_rows; those of rows from row_count on are unspecified
};

// Codes of 3, 5, 6 and 7 bits become bytes by a table.
struct CodeBytesTask {
  int bits;
  std::size_t count;          // of codes
  const std::uint8_t* codes;  // count·bits/8 bytes, rounded up; nothing outside them is read
  const std::uint8_t* table;  // 2^bits bytes, then zeros up to 128; 64-byte aligned
  const std::uint8_t* ahead;  // bytes to fetch meanwhile, as many as those of the codes; may point anywhere
  bool first, last;           // whether the first code, 0, and the last, 2^bits − 1, are looked for
  std::uint8_t* bytes;        // count, then unspecified up to a multiple of 64; 64-byte aligned
};

// How codes of a uniform step of 16 bits become bytes (score/byte_step.hpp): in integers of 16 bits, with the word w_j of SPEC §7,
//   y_j = ⌊(2^shift·k_j·factor + 2^14)/2^15⌋ + bias − ⌊⌊w_j/2^16⌋·spread/2^16⌋,   m_j = ⌊y_j/2^byte_fraction⌋.
// In range: |k_j| <= most_code, so that 2^shift·k_j is one of 16 bits, and 0 <= m_j <= 255.
inline constexpr int byte_fraction = 6;
struct StepBytes {
  int shift;
  std::int16_t factor, bias;
  std::uint16_t spread, most_code;
};
struct StepBytesTask {
  StepBytes by;
  std::uint32_t word;  // of the row
  std::size_t order;
  const std::uint8_t* codes;  // 2·order bytes
  const std::uint8_t* ahead;  // as many to fetch meanwhile; may point anywhere
  std::uint8_t* bytes;        // order bytes
};

// What the bounds of rows take from the bucket of their words (score/byte_filter.hpp), and of which rows they hold.
struct alignas(16) ByteRecord {
  enum : std::uint32_t { without_first = 1, without_last = 2, of_none = 4 };
  float scale, centre, codeword_error;
  std::uint32_t excepted;  // rows with the first code, with the last, all
};

// For byte_rows rows: the record of index ⌊words[i]/2^shift⌋, field by field, and where that index's table begins.
struct ByteRecordTask {
  int bits;                         // 1, 2, 4 or 8
  std::size_t count;                // of rows whose codes are looked at
  const std::uint8_t* const* rows;  // count pointers to code_bytes each
  std::size_t code_bytes;
  const std::uint32_t* words;
  int shift;  // at most 32
  const ByteRecord* records;
  const std::uint8_t* tables;
  std::size_t stride;  // of the tables, a power of two
  const float* norms;
  float least_norm, most_norm;
  float *scale, *centre, *codeword_error;
  const std::uint8_t** table;
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
