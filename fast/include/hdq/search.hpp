// Exact top-k search over codes (every row is scored), and over the vectors themselves for comparison and re-ranking.
//
//   const hdq::FileReader file("vectors.hdq");
//   const hdq::Scorer scorer(file.codec({hdq::Isa::automatic, 2}), queries, count);  // two threads
//   const auto found = hdq::search(scorer, file, hdq::Metric::inner_product, 10);    // query i's nearest: found[10·i .. 10·i + 9]
//
// A result depends neither on the instruction set nor on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "hdq/codec.hpp"
#include "hdq/file.hpp"
#include "hdq/score.hpp"

namespace hdq {

struct Neighbour {
  std::uint64_t row;  // counted from the first row searched
  double score;
  friend bool operator==(const Neighbour&, const Neighbour&) = default;
};

// a comes before b: it is nearer, or as near (−0 is 0) and its row is lower. A strict total order of distinct rows.
inline bool ranks_before(Metric metric, const Neighbour& a, const Neighbour& b) {
  if (a.score != b.score) return larger_is_nearer(metric) ? a.score > b.score : a.score < b.score;
  return a.row < b.row;
}

// The k first of all rows offered, for each of several queries.
class TopK {
 public:
  TopK(Metric metric, std::size_t queries, std::size_t k);

  std::size_t k() const { return k_; }
  void offer(std::size_t query, std::uint64_t row, double score) {
    std::vector<Neighbour>& kept = kept_[query];
    const Neighbour candidate{row, score};
    if (kept.size() == k_ && !ranks_before(metric_, candidate, kept.front())) return;
    insert(kept, candidate);
  }
  // The same for rows first_row, first_row + 1, …
  void offer(std::size_t query, std::uint64_t first_row, const float* scores, std::size_t count);
  void merge(const TopK& other);
  // queries × k, each query's in order. Throws InvalidArgument if fewer than k rows were offered.
  std::vector<Neighbour> ranked() const;

 private:
  void insert(std::vector<Neighbour>& kept, const Neighbour& candidate);
  Metric metric_;
  std::size_t k_;
  std::vector<std::vector<Neighbour>> kept_;  // heaps, the last in order at the front
};

// queries × k, each query's nearest rows in order, by the scores of hdq/score.hpp, on the threads of the scorer's codec.
// Memory is O(queries·k) per thread. Throws InvalidArgument unless 1 <= k <= rows; InvalidInput for a bad norm.
std::vector<Neighbour> search(const Scorer& scorer, const float* norms, const std::uint8_t* codes, std::size_t rows, Metric metric,
                              std::size_t k, std::uint64_t first_row = 0);
// The rows of a file, of the codec that the scorer was made with (otherwise InvalidArgument), block by block. FileError for a
// block that is corrupt or holds a bad norm. progress, if given, is called with the rows done since its last call, by one thread at a time.
std::vector<Neighbour> search(const Scorer& scorer, const FileReader& file, Metric metric, std::size_t k,
                              const std::function<void(std::size_t)>& progress = {});

// ---- the vectors themselves, in double ----

// ⟨q, x⟩, ‖q − x‖², or ⟨q, x⟩/(‖q‖‖x‖) (0 where one is zero): sums in double over 16 lanes (lane = i mod 16), halved.
double exact_score(Metric metric, const float* q, const float* x, std::size_t dimension, Isa isa = Isa::automatic);

// Offers rows of vectors, rows × dimension, with row numbers from first_row, to every query.
void exact_search(TopK& found, Metric metric, const float* queries, std::size_t count, const float* x, std::size_t rows,
                  std::size_t dimension, std::uint64_t first_row, int threads = 1, Isa isa = Isa::automatic);

// Of the rows in both lists, as a share of truth: recall. Lists of any order, without repetitions.
double recall(std::span<const std::uint64_t> truth, std::span<const std::uint64_t> found);

}  // namespace hdq
