// Top-k search over codes, and brute force over the vectors themselves for comparison and re-ranking.
//
//   const hdq::FileReader file("vectors.hdq");
//   const hdq::Scorer scorer(file.codec({.threads = 2}), {queries, count, dimension}, file.mean());
//   const auto found = hdq::search(scorer, hdq::Metric::inner_product, file, 10);    // query i's nearest: found[10·i .. 10·i + 9]
//
// A result depends neither on the instruction set nor on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "hdq/codec.hpp"
#include "hdq/export.h"
#include "hdq/file.hpp"
#include "hdq/score.hpp"
#include "hdq/thread_pool.hpp"
#include "hdq/types.hpp"

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

// The k first of all rows offered, for each of several queries. Not for several threads at once.
class HDQ_EXPORT TopK {
 public:
  TopK(Metric metric, std::size_t queries, std::size_t k);  // k >= 1, or InvalidArgument

  Metric metric() const { return metric_; }
  std::size_t queries() const { return kept_.size(); }
  std::size_t k() const { return k_; }
  // query < queries(), here and below.
  void offer(std::size_t query, std::uint64_t row, double score) {
    std::vector<Neighbour>& kept = kept_[query];
    const Neighbour candidate{row, score};
    if (kept.size() == k_ && !ranks_before(metric_, candidate, kept.front())) return;
    insert(kept, candidate);
  }
  // The same for rows first_row, first_row + 1, …
  void offer(std::size_t query, std::uint64_t first_row, std::span<const float> scores);
  // The last in order of the k; null while fewer were offered.
  const Neighbour* last(std::size_t query) const { return kept_[query].size() == k_ ? &kept_[query].front() : nullptr; }
  // Those kept so far, in no order that is promised.
  std::span<const Neighbour> kept(std::size_t query) const { return kept_[query]; }
  void merge(const TopK& other);  // of the same metric and number of queries, or InvalidArgument
  // queries × k, each query's in order. Throws InvalidArgument if fewer than k rows were offered.
  std::vector<Neighbour> ranked() const;

 private:
  void insert(std::vector<Neighbour>& kept, const Neighbour& candidate);
  Metric metric_;
  std::size_t k_;
  std::vector<std::vector<Neighbour>> kept_;  // heaps, the last in order at the front
};

// What a search did. Pairs of a query and a row.
struct SearchStatistics {
  std::uint64_t scanned = 0;   // all of them
  std::uint64_t verified = 0;  // those whose score was computed
};

struct SearchOptions {
  // Codes are first summed in bytes, which bounds a score; rows that cannot be among the k nearest are not scored. What is found and what
  // is refused is the same without: a score that is not computed is finite. Of orders 64 to 65536 alone; not of
  // 3 bits, nor of an entropy-coded quantizer of so fine a step that its codes take 32 bits.
  bool filter = true;
  SearchStatistics* statistics = nullptr;  // written at the end, if not null
};

// queries × k, each query's nearest rows in order, by the scores of hdq/score.hpp, on the threads of the scorer's codec.
// With a mean, rows are ranked by p and the score is p + ⟨q, μ⟩ in double. Memory is O(queries·k) per thread.
// Throws InvalidArgument unless 1 <= k <= rows; InvalidInput for a bad norm, with the row; and for a score that float32 cannot hold
// (whether or not it would have been found), with the query as `row`: its what() names query and row.
HDQ_EXPORT std::vector<Neighbour> search(const Scorer& scorer, Metric metric, const EncodedView& rows, std::size_t k,
                                         const SearchOptions& options = {});
// The nearest among some of these rows, list[i] < rows.rows() (otherwise InvalidArgument), as an index names them; 1 <= k <= list.size().
// A row that is listed twice is found twice. Other rows are not looked at.
HDQ_EXPORT std::vector<Neighbour> search(const Scorer& scorer, Metric metric, const EncodedView& rows,
                                         std::span<const std::size_t> list, std::size_t k,
                                         const SearchOptions& options = {});
// The rows of a file, of the codec and the mean that the scorer was made with (otherwise InvalidArgument), block by block. FileError for a
// block that is corrupt or holds a bad norm. progress, if given, is called with the rows done since its last call, by one thread at a time.
HDQ_EXPORT std::vector<Neighbour> search(const Scorer& scorer, Metric metric, const FileReader& file, std::size_t k,
                                         const std::function<void(std::size_t)>& progress = {},
                                         const SearchOptions& options = {});
// The nearest among some of its rows, counted from its first, list[i] < FileHeader::rows (otherwise InvalidArgument); 1 <= k <= list.size().
// The list may be in any order; each block that holds some of them is read once. A row that is listed twice is found twice. FileError as
// above, for those blocks alone and for a bad norm of these rows; progress is called with the entries of the list done.
HDQ_EXPORT std::vector<Neighbour> search(const Scorer& scorer, Metric metric, const FileReader& file,
                                         std::span<const std::uint64_t> list, std::size_t k,
                                         const std::function<void(std::size_t)>& progress = {},
                                         const SearchOptions& options = {});

// A search in parts: offers the rows [begin, begin + count) of a file to `found`, whose queries are the scorer's, numbered from first_row on; by scores
// p, without ⟨q, μ⟩, which is the same for all rows of one mean. Errors as above, and InvalidArgument for rows
// that the file does not have.
HDQ_EXPORT void search(TopK& found, const Scorer& scorer, const FileReader& file, std::uint64_t begin,
                       std::uint64_t count, std::uint64_t first_row, const SearchOptions& options = {});
// What the parts together found, ranked, with the scores that search() has: InvalidInput as there; InvalidArgument where fewer than k rows were offered.
HDQ_EXPORT std::vector<Neighbour> ranked(const Scorer& scorer, const TopK& found);

// ---- the vectors themselves, in double ----

// ⟨q, x⟩, ‖q − x‖², or ⟨q, x⟩/(‖q‖‖x‖) (0 where one is zero): sums in double over 16 lanes (lane = i mod 16), halved.
// InvalidArgument unless q and x are equally long.
HDQ_EXPORT double vector_score(Metric metric, std::span<const float> q, std::span<const float> x, Isa isa = Isa::automatic);

// Offers rows x, with row numbers from first_row, to each of as many queries as `found` is for, by its metric (otherwise
// InvalidArgument). pool: null for the calling thread alone.
HDQ_EXPORT void brute_force_search(TopK& found, RowsView<const float> queries, RowsView<const float> x, std::uint64_t first_row,
                                   ThreadPool* pool = nullptr, Isa isa = Isa::automatic);

// Recall: what share of one query's k nearest was found. truth: those k, nearest first, k >= 1. found: at most k rows, no row twice,
// each with its true score, that is by the same metric as truth's, not by codes. One that is as near as the last of truth counts,
// whether or not it is the row that truth names: among ties, which rows are "the k nearest" is arbitrary.
HDQ_EXPORT double recall(Metric metric, std::span<const Neighbour> truth, std::span<const Neighbour> found);
// The same by row numbers alone, where no scores are known: ties count as misses. 1 for an empty truth.
HDQ_EXPORT double recall(std::span<const std::uint64_t> truth, std::span<const std::uint64_t> found);

}  // namespace hdq
