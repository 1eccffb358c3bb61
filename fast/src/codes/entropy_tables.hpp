// SPEC §7, "Tables": frequencies for each bucket of offsets, and what coding with them needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hdq/types.hpp"
#include "quantizer/weyl.hpp"

namespace hdq::detail {

inline constexpr int frequency_bits = 16;  // frequencies sum to 2^16
inline constexpr std::uint32_t frequency_sum = 1u << frequency_bits;
inline constexpr std::uint64_t least_state = std::uint64_t{1} << 31;

// To put a symbol: x / f by a multiplication, exact for x < 2^63 (Granlund and Montgomery 1994; Giesen's rans64.h).
struct PutSymbol {
  std::uint64_t reciprocal;
  std::uint32_t bias;  // x' = x + bias + q·(2^16 − frequency), q = ⌊x·reciprocal/2^64⌋ >> shift
  std::uint16_t frequency, shift;
};

struct GetSymbol {
  std::uint16_t cumulative, frequency;
};

struct EntropyTables {
  explicit EntropyTables(Step step);

  std::size_t symbols() const { return 2 * static_cast<std::size_t>(largest) + 2; }  // the escape is the last one
  static constexpr int cell_bits = 9;  // of 16: where the search for a symbol begins
  static constexpr std::size_t cells = std::size_t{1} << cell_bits;

  int raw_bits;
  int largest;                             // K
  std::vector<std::uint16_t> frequencies;  // buckets × symbols
  std::vector<PutSymbol> put;              // buckets × symbols
  PutSymbol put_bit[2];                    // of frequency 2^15
  // For each bucket get_stride bytes: the symbol of the least m with each `cell_bits` high bits, a byte each, then a GetSymbol for each
  // symbol. The escape's has a frequency of 0 here: no m is found in it, and so it needs no test of its own.
  std::vector<std::uint8_t> get;
  std::uint32_t get_stride;
};

}  // namespace hdq::detail
