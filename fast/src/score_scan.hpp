// How search sees a Scorer: scores tile by tile, as they leave the cache, instead of an array of them all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "hdq/score.hpp"
#include "score/byte_filter.hpp"

namespace hdq::detail {

inline constexpr std::size_t score_tile_rows = 32;  // rows that a Scorer scores at once

// One query's scores of rows first, first + 1, … of the range, or of entries of the list, in order of first for each query.
using ScoreSink = std::function<void(std::size_t query, std::size_t first, const float* scores, std::size_t count)>;

struct ScorerAccess {
  // Rows [first, last) of a range, on this thread. Inner products are without offset(): of centred rows it may be so much larger than
  // the products that their sum in float32 would not tell rows apart.
  static void scan(const Scorer& scorer, Metric metric, const EncodedView& rows, std::size_t first, std::size_t last, const ScoreSink& sink);
  // Rows list[0], list[1], …
  static void scan(const Scorer& scorer, Metric metric, const EncodedView& rows, std::span<const std::size_t> list,
                   const ScoreSink& sink);
  // The same scores of one query and rows list[i], to scores[i].
  static void score_some(const Scorer& scorer, Metric metric, const EncodedView& rows, std::size_t query,
                         std::span<const std::size_t> list, float* scores);
  // The queries as they meet rows by this metric.
  static std::vector<RotatedQuery> rotated(const Scorer& scorer, Metric metric);
  // What these scores of a query are short of, in double; −0 where nothing.
  static double offset(const Scorer& scorer, Metric metric, std::size_t query);
};

}  // namespace hdq::detail
