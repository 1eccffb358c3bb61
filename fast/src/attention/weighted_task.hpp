// The inner loop of weighted sums of rows of codes: Σ_i a_i ẑ_i, rows × queries.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hdq::detail {

// sums[query·padded_order(order) + score_position(j)] = fma(ẑ_ij, weights[query·weights_stride + i], the same), for i = 0, 1, … in turn:
// each coordinate is a chain of its own, so that no vector length shows in it. What is beyond order is unspecified.
struct WeightedTask {
  int bits;
  std::size_t order, code_bytes;
  const std::uint8_t* const* rows;  // row_count pointers to code_bytes each; row_slack bytes after each may be read
  const std::uint8_t* ahead;        // row_count·code_bytes bytes to fetch meanwhile; may point anywhere
  std::size_t row_count;            // at most weighted_rows
  const float* tables;              // of each row, as ScoreTask has them
  const float* weights;
  std::size_t weights_stride, query_count;
  float* sums;  // 64-byte aligned
};
inline constexpr std::size_t weighted_rows = 32;
// The rest of a group of 128 codes of at most 8 bits.
inline constexpr std::size_t row_slack = 127;

}  // namespace hdq::detail
