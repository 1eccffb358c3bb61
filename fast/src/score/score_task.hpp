// The inner loop of scoring: S = Σ w_j·codeword_{code_j} in the order of hdq/score.hpp, for rows × queries.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hdq/score.hpp"
#include "hdq/types.hpp"

namespace hdq::detail {

// Rotated queries are laid out in groups of 128: coordinate 128g + 8l + k of w at 128g + 16k + l, so that sixteen consecutive
// floats face one code of each of sixteen consecutive runs of 8 codes (b bytes). Zero beyond order.
inline constexpr std::size_t score_group = score_sums * score_run;
inline std::size_t padded_order(std::size_t order) { return (order + score_group - 1) / score_group * score_group; }
inline std::size_t score_position(std::size_t j) {
  return j / score_group * score_group + j % score_run * score_sums + j % score_group / score_run;
}

struct ScoreTask {
  int bits;
  std::size_t order, code_bytes;
  const float* queries;                // query_count × padded_order(order), 64-byte aligned
  std::size_t query_count;
  const std::uint8_t* const* rows;     // row_count pointers to code_bytes each; nothing outside them is read
  const std::uint8_t* ahead;           // row_count·code_bytes bytes to fetch meanwhile, in order of address; may point anywhere
  std::size_t row_count;
  const float* tables;                 // row_count × 2^bits codewords
  float* sums;                         // sums[query·sums_stride + row]
  std::size_t sums_stride;
};

}  // namespace hdq::detail
