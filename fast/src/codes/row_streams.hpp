// SPEC §7, "Coder": rows that go side by side between their codes and their streams. The state of a row depends on its last symbol, so that
// one row alone waits; the latencies of several overlap.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codes/entropy_tables.hpp"

namespace hdq::detail {

inline constexpr std::size_t most_side_by_side = 8;
// Coordinates that are prepared together, by vectors: where their tables lie, and which of them escape.
inline constexpr std::size_t coding_block = 32;
inline constexpr std::size_t least_state_bytes = 5, most_state_bytes = 8;

// An escape with |c| < 2^15 has 16 + 1 + 2·15 bits at most, one with |c| < 2^31 has 16 + 1 + 61; other symbols have 16.
inline std::size_t most_stream_bytes(std::size_t order, std::size_t code_bytes) {
  return order * (code_bytes == 2 ? 6 : 10) + most_state_bytes + 4;
}

struct PutTask {
  const EntropyTables& tables;
  std::size_t order, code_bytes;                 // of one code, 2 or 4
  std::size_t rows;                              // most_side_by_side at most
  const std::uint8_t* codes[most_side_by_side];  // at any address; raw bits are left out
  std::uint32_t words[most_side_by_side];
  float norms[most_side_by_side];
  std::uint8_t* ends[most_side_by_side];    // of most_stream_bytes(order, code_bytes) to write to
  std::uint8_t* begins[most_side_by_side];  // out: where the stream begins that ends there
};

// What a getter reads, without use, behind the end of a stream.
inline constexpr std::size_t most_read_behind = 4 * coding_block;

struct GetTask {
  const EntropyTables& tables;
  std::size_t order, code_bytes;
  std::size_t rows;
  const std::uint8_t* begins[most_side_by_side];  // least_state_bytes or more, and most_read_behind that are anything
  const std::uint8_t* ends[most_side_by_side];
  std::uint32_t words[most_side_by_side];
  std::uint8_t* codes[most_side_by_side];  // out: c·2^h
  float norms[most_side_by_side];          // out
  bool good[most_side_by_side];            // out: false for what is no row's stream
};

}  // namespace hdq::detail
