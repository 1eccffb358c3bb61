#include "hdq_search.hpp"

#include <algorithm>
#include <limits>

#include "hdq/score.hpp"

namespace hdq::bench {
namespace {

// The best k so far, best first.
class Best {
 public:
  explicit Best(std::size_t k) : scores_(k, -std::numeric_limits<float>::infinity()), rows_(k, -1) {}
  void offer(float score, std::size_t row) {
    if (!(score > scores_.back())) return;
    std::size_t at = scores_.size() - 1;
    for (; at > 0 && score > scores_[at - 1]; --at) {
      scores_[at] = scores_[at - 1];
      rows_[at] = rows_[at - 1];
    }
    scores_[at] = score;
    rows_[at] = static_cast<std::int64_t>(row);
  }
  const std::vector<std::int64_t>& rows() const { return rows_; }

 private:
  std::vector<float> scores_;
  std::vector<std::int64_t> rows_;
};

}  // namespace

std::vector<std::int64_t> search(const Codec& codec, const std::vector<float>& norms, const std::vector<std::uint8_t>& codes,
                                 const float* queries, std::size_t count, std::size_t k) {
  constexpr std::size_t block = 256;
  const Scorer scorer(codec, queries, count);
  std::vector<Best> best(count, Best(k));
  std::vector<float> scores(count * block);
  for (std::size_t first = 0; first < norms.size(); first += block) {
    const std::size_t rows = std::min(block, norms.size() - first);
    scorer.score(Metric::inner_product, norms.data() + first, codes.data() + first * codec.code_bytes(), rows, scores.data(), first);
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t r = 0; r < rows; ++r) best[i].offer(scores[i * rows + r], first + r);
  }
  std::vector<std::int64_t> found;
  for (const Best& one : best) found.insert(found.end(), one.rows().begin(), one.rows().end());
  return found;
}

}  // namespace hdq::bench
