// What a MeanAccumulator holds.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hdq/mean.hpp"
#include "hdq/stages.hpp"
#include "mean/exact_sum.hpp"
#include "mean/integer_sums.hpp"
#include "mean/row_set.hpp"

namespace hdq {

namespace detail {

// The sums of some rows.
struct MeanSums {
  MeanSums(std::size_t dimension, std::size_t order) : rotated(order), offsets(dimension) {}
  void add(const MeanSums& other);

  IntegerSums rotated;     // Σ w_i ρ_i ẑ_i, order numbers
  IntegerSums offsets;     // Σ w_i μ_i, dimension numbers, of centred rows
  ExactSum weight;         // Σ w_i
  ExactSum square, error;  // Σ w_i ρ_i², Σ (w_i ρ_i)² C_i, each term rounded to double
};

}  // namespace detail

struct MeanAccumulator::State {
  State(std::size_t dimension_, std::uint64_t seed_);

  std::size_t dimension;
  HadamardOrder order;
  std::uint64_t seed;
  std::uint64_t rows = 0;
  detail::RowSet numbers;  // of those rows
  detail::MeanSums sums;
};

}  // namespace hdq
