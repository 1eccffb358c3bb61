// One scan of codes by a batch of queries.
#pragma once

#include "figure.hpp"
#include "hdq/score.hpp"

namespace hdq::bench {

struct ScoreCase {
  std::size_t rows, dimension;
  int bits;
  std::size_t queries;
  Metric metric;
  int threads;
};

// The amount is bytes of codes times queries. The rotation of the queries is outside the time: a scan does it once.
Trial score_trial(const Settings& settings, const ScoreCase& scored);

}  // namespace hdq::bench
