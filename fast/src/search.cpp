// Top-k search: scan, keep the k first of each query in a heap, merge the threads' heaps. Ranking is a total order of rows, so what
// each thread saw does not matter.
#include "hdq/search.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <string>
#include <unordered_set>

#include "checks.hpp"
#include "exact_sums.hpp"
#include "file/header.hpp"
#include "parallel.hpp"
#include "score_scan.hpp"

namespace hdq {
namespace {

void check_k(std::size_t k, std::uint64_t rows) {
  if (k < 1 || k > rows) throw InvalidArgument("k must be 1 to " + std::to_string(rows) + ", the number of rows, not " + std::to_string(k));
}

// Runs scan(first, last, found) on runs of [0, count) and merges what they find.
template <class Scan>
void merged_runs(std::size_t count, int threads, TopK& found, const TopK& empty, const Scan& scan) {
  std::mutex merging;
  detail::parallel_runs(count, threads, [&](std::size_t first, std::size_t last) {
    TopK own = empty;
    scan(first, last, own);
    const std::lock_guard lock(merging);
    found.merge(own);
  });
}

}  // namespace

TopK::TopK(Metric metric, std::size_t queries, std::size_t k) : metric_(metric), k_(k), kept_(queries) {
  if (k < 1) throw InvalidArgument("k must be at least 1");
}

void TopK::insert(std::vector<Neighbour>& kept, const Neighbour& candidate) {
  const auto before = [this](const Neighbour& a, const Neighbour& b) { return ranks_before(metric_, a, b); };
  if (kept.size() == k_) {
    std::pop_heap(kept.begin(), kept.end(), before);
    kept.back() = candidate;
  } else {
    kept.push_back(candidate);
  }
  std::push_heap(kept.begin(), kept.end(), before);
}

void TopK::offer(std::size_t query, std::uint64_t first_row, const float* scores, std::size_t count) {
  std::vector<Neighbour>& kept = kept_[query];
  std::size_t i = 0;
  for (; i < count && kept.size() < k_; ++i) insert(kept, {first_row + i, static_cast<double>(scores[i])});
  for (; i < count; ++i) {
    const Neighbour candidate{first_row + i, static_cast<double>(scores[i])};
    if (ranks_before(metric_, candidate, kept.front())) insert(kept, candidate);
  }
}

void TopK::merge(const TopK& other) {
  for (std::size_t query = 0; query < kept_.size(); ++query)
    for (const Neighbour& candidate : other.kept_[query]) offer(query, candidate.row, candidate.score);
}

std::vector<Neighbour> TopK::ranked() const {
  std::vector<Neighbour> all;
  all.reserve(kept_.size() * k_);
  for (const std::vector<Neighbour>& kept : kept_) {
    if (kept.size() < k_) throw InvalidArgument("k = " + std::to_string(k_) + ", but only " + std::to_string(kept.size()) + " rows");
    all.insert(all.end(), kept.begin(), kept.end());
    std::sort(all.end() - static_cast<std::ptrdiff_t>(k_), all.end(),
              [this](const Neighbour& a, const Neighbour& b) { return ranks_before(metric_, a, b); });
  }
  return all;
}

std::vector<Neighbour> search(const Scorer& scorer, const float* norms, const std::uint8_t* codes, std::size_t rows, Metric metric,
                              std::size_t k, std::uint64_t first_row) {
  check_k(k, rows);
  detail::require(norms, "norms");
  detail::require(codes, "codes");
  const TopK empty(metric, scorer.queries(), k);
  TopK found = empty;
  merged_runs(rows, scorer.codec().threads(), found, empty, [&](std::size_t first, std::size_t last, TopK& own) {
    detail::ScorerAccess::scan(scorer, metric, norms, codes, first_row, first, last,
                               [&](std::size_t query, std::size_t at, const float* scores, std::size_t count) { own.offer(query, at, scores, count); });
  });
  return found.ranked();
}

std::vector<Neighbour> search(const Scorer& scorer, const FileReader& file, Metric metric, std::size_t k,
                              const std::function<void(std::size_t)>& progress) {
  const FileHeader& header = file.header();
  detail::check_codec(file.path(), header, scorer.codec());
  if (header.has_mean) throw InvalidArgument(file.path() + ": its rows are centred, and the queries are not");
  check_k(k, header.rows);
  const TopK empty(metric, scorer.queries(), k);
  TopK found = empty;
  std::mutex reporting;
  const auto scan_block = [&](const BlockReader::Block& block, TopK& own) {
    try {
      detail::ScorerAccess::scan(scorer, metric, block.norms, block.codes, header.first_row + block.first, 0, block.rows,
                                 [&](std::size_t query, std::size_t at, const float* scores, std::size_t count) {
                                   own.offer(query, block.first + at, scores, count);
                                 });
    } catch (const InvalidInput& bad) {
      throw FileError(file.path() + ": row " + std::to_string(block.first + bad.row) + ": invalid norm");
    }
    if (!progress) return;
    const std::lock_guard lock(reporting);
    progress(block.rows);
  };
  merged_runs(static_cast<std::size_t>(header.blocks()), scorer.codec().threads(), found, empty,
              [&](std::size_t first, std::size_t last, TopK& own) {
                BlockReader reader(file);
                for (std::size_t index = first; index < last; ++index) scan_block(reader.block(index), own);
              });
  return found.ranked();
}

namespace {

double exact_norm(const float* x, std::size_t n, Isa isa) { return std::sqrt(detail::exact_product(x, x, n, isa)); }

// q_norm and x_norm matter to the cosine alone.
double exact_score_of(Metric metric, const float* q, const float* x, std::size_t n, double q_norm, double x_norm, Isa isa) {
  if (metric == Metric::squared_distance) return detail::exact_squared_distance(q, x, n, isa);
  const double product = detail::exact_product(q, x, n, isa);
  if (metric == Metric::inner_product) return product;
  return q_norm == 0 || x_norm == 0 ? 0 : product / (q_norm * x_norm);
}

constexpr std::size_t exact_tile_rows = 16;  // 64 KiB of 1024 dimensions, met by every query while in the second-level cache

}  // namespace

double exact_score(Metric metric, const float* q, const float* x, std::size_t dimension, Isa isa) {
  isa = resolve_isa(isa);
  if (metric != Metric::cosine) return exact_score_of(metric, q, x, dimension, 0, 0, isa);
  return exact_score_of(metric, q, x, dimension, exact_norm(q, dimension, isa), exact_norm(x, dimension, isa), isa);
}

void exact_search(TopK& found, Metric metric, const float* queries, std::size_t count, const float* x, std::size_t rows,
                  std::size_t dimension, std::uint64_t first_row, int threads, Isa isa) {
  isa = resolve_isa(isa);
  const TopK empty(metric, count, found.k());
  std::vector<double> query_norms(count);
  for (std::size_t query = 0; query < count; ++query) query_norms[query] = exact_norm(queries + query * dimension, dimension, isa);
  merged_runs(rows, detail::thread_count(threads), found, empty, [&](std::size_t first, std::size_t last, TopK& own) {
    for (std::size_t tile = first; tile < last; tile += exact_tile_rows) {
      const std::size_t end = std::min(tile + exact_tile_rows, last);
      double norms[exact_tile_rows];
      for (std::size_t row = tile; row < end; ++row) norms[row - tile] = exact_norm(x + row * dimension, dimension, isa);
      for (std::size_t query = 0; query < count; ++query)
        for (std::size_t row = tile; row < end; ++row)
          own.offer(query, first_row + row,
                    exact_score_of(metric, queries + query * dimension, x + row * dimension, dimension, query_norms[query], norms[row - tile], isa));
    }
  });
}

double recall(std::span<const std::uint64_t> truth, std::span<const std::uint64_t> found) {
  if (truth.empty()) return 1;
  const std::unordered_set<std::uint64_t> among(truth.begin(), truth.end());
  const auto hits = std::count_if(found.begin(), found.end(), [&](std::uint64_t row) { return among.contains(row); });
  return static_cast<double>(hits) / static_cast<double>(truth.size());
}

}  // namespace hdq
