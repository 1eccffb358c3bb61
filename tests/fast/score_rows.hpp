// Encoded rows and their scores, for tests of scoring.
#pragma once

#include <vector>

#include "hdq/codec.hpp"
#include "hdq/score.hpp"

namespace hdq::test {

inline constexpr Metric metrics[] = {Metric::inner_product, Metric::squared_distance, Metric::cosine};

struct Rows {
  std::vector<float> norms;
  std::vector<std::uint8_t> codes;
  EncodedView from(std::uint64_t first_row) const { return {norms, codes, first_row}; }
};

inline Scorer scorer_of(const Codec& codec, const float* queries, std::size_t count, std::size_t stride = 0) {
  return Scorer(codec, {queries, count, codec.dimension(), stride});
}

inline Rows encoded(const Codec& codec, const std::vector<float>& x, std::uint64_t first_row = 0) {
  const std::size_t rows = x.size() / codec.dimension();
  Rows r{std::vector<float>(rows), std::vector<std::uint8_t>(rows * codec.code_bytes())};
  codec.encode(RowsView<const float>(x.data(), rows, codec.dimension()), EncodedBuffer(r.norms, r.codes, first_row));
  return r;
}

inline std::vector<float> scores(const Scorer& scorer, Metric metric, const Rows& rows, std::uint64_t first_row = 0) {
  std::vector<float> out(scorer.queries() * rows.norms.size(), -7.0f);
  scorer.score(metric, rows.from(first_row), {out.data(), scorer.queries(), rows.norms.size()});
  return out;
}

}  // namespace hdq::test
