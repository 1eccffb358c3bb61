// Top-k search: scan, keep the k first of each query in a heap, merge the threads' heaps. Ranking is a total order of rows, so what
// each thread saw does not matter.
#include "hdq/search.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>

#include "checks.hpp"
#include "codec/plan.hpp"
#include "file/header.hpp"
#include "filtered_scan.hpp"
#include "score_scan.hpp"
#include "simd/kernels.hpp"

namespace hdq {
namespace {

void check_k(std::size_t k, std::uint64_t rows) {
  if (k < 1 || k > rows) throw InvalidArgument("k must be 1 to " + std::to_string(rows) + ", the number of rows, not " + std::to_string(k));
}

// A TopK for each thread of a search, merged at its end.
class Collectors {
 public:
  Collectors(const TopK& like, int threads)
      : empty_(like.metric(), like.queries(), like.k()),
        done_(static_cast<std::size_t>(threads)),
        of_(static_cast<std::size_t>(threads)) {}
  TopK& of(std::size_t slot) {
    if (!of_[slot].has_value()) of_[slot] = empty_;
    return *of_[slot];
  }
  void merge_into(TopK& found) const {
    for (const std::optional<TopK>& own : of_)
      if (own.has_value()) found.merge(*own);
  }
  SearchStatistics& done(std::size_t slot) { return done_[slot]; }
  void report(SearchStatistics* to) const {
    if (to == nullptr) return;
    *to = {};
    for (const SearchStatistics& own : done_) {
      to->scanned += own.scanned;
      to->verified += own.verified;
    }
  }

 private:
  TopK empty_;
  std::vector<SearchStatistics> done_;
  std::vector<std::optional<TopK>> of_;
};

using detail::ScoreOverflow;

[[noreturn]] void refuse(const ScoreOverflow& overflow) {
  throw InvalidInput(overflow.query, InvalidInput::npos,
                     "query " + std::to_string(overflow.query) + ": its score with row " + std::to_string(overflow.row) + " exceeds the largest float32");
}

}  // namespace

std::vector<Neighbour> ranked(const Scorer& scorer, const TopK& found) {
  detail::require_equal(found.queries(), scorer.queries(), "lists of neighbours", "queries");
  std::vector<Neighbour> all = found.ranked();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::size_t query = i / found.k();
    all[i].score += detail::ScorerAccess::offset(scorer, found.metric(), query);
    if (!std::isfinite(static_cast<float>(all[i].score))) refuse({query, all[i].row});
  }
  return all;
}

TopK::TopK(Metric metric, std::size_t queries, std::size_t k)
    : metric_(metric), k_(k), kept_(detail::checked_bytes(queries, sizeof kept_[0], "queries") / sizeof kept_[0]) {
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

void TopK::offer(std::size_t query, std::uint64_t first_row, std::span<const float> scores) {
  std::vector<Neighbour>& kept = kept_[query];
  std::size_t i = 0;
  for (; i < scores.size() && kept.size() < k_; ++i) insert(kept, {first_row + i, static_cast<double>(scores[i])});
  for (; i < scores.size(); ++i) {
    const Neighbour candidate{first_row + i, static_cast<double>(scores[i])};
    if (ranks_before(metric_, candidate, kept.front())) insert(kept, candidate);
  }
}

void TopK::merge(const TopK& other) {
  if (other.metric() != metric_) throw InvalidArgument(std::string("neighbours by ") + metric_name(other.metric()) + " for those by " + metric_name(metric_));
  detail::require_equal(other.queries(), queries(), "lists of neighbours", "queries");
  for (std::size_t query = 0; query < kept_.size(); ++query)
    for (const Neighbour& candidate : other.kept_[query]) offer(query, candidate.row, candidate.score);
}

std::vector<Neighbour> TopK::ranked() const {
  std::vector<Neighbour> all;
  all.reserve(detail::checked_product(kept_.size(), k_, "neighbours"));
  for (const std::vector<Neighbour>& kept : kept_) {
    if (kept.size() < k_) throw InvalidArgument("k = " + std::to_string(k_) + ", but only " + std::to_string(kept.size()) + " rows");
    all.insert(all.end(), kept.begin(), kept.end());
    std::sort(all.end() - static_cast<std::ptrdiff_t>(k_), all.end(),
              [this](const Neighbour& a, const Neighbour& b) { return ranks_before(metric_, a, b); });
  }
  return all;
}

namespace {

// Offers the rows that scan_all(filtered, own) scans, by collectors of its threads.
template <class ScanAll>
void offer_by(TopK& found, const Scorer& scorer, const SearchOptions& options, const ScanAll& scan_all) {
  Collectors own(found, scorer.codec().plan()->threads());
  const detail::FilteredScan filtered(scorer, found.metric(), !options.filter);
  try {
    scan_all(filtered, own);
  } catch (const ScoreOverflow& overflow) {
    refuse(overflow);
  }
  own.merge_into(found);
  own.report(options.statistics);
}

template <class ScanAll>
std::vector<Neighbour> search_by(const Scorer& scorer, Metric metric, std::size_t k, const SearchOptions& options,
                                 const ScanAll& scan_all) {
  TopK found(metric, scorer.queries(), k);
  offer_by(found, scorer, options, scan_all);
  return ranked(scorer, found);
}

// Rows [0, count) in pieces, on all threads: scan(filtered, first, last, found, done).
template <class Scan>
std::vector<Neighbour> search_pieces(const Scorer& scorer, Metric metric, std::size_t count, std::size_t k,
                                     const SearchOptions& options, const Scan& scan) {
  return search_by(scorer, metric, k, options, [&](const detail::FilteredScan& filtered, Collectors& own) {
    scorer.codec().plan()->for_rows(count, detail::score_tile_rows,
                                    [&](std::size_t first, std::size_t last, std::size_t slot) {
                                      scan(filtered, first, last, own.of(slot), own.done(slot));
                                    });
  });
}

}  // namespace

std::vector<Neighbour> search(const Scorer& scorer, Metric metric, const EncodedView& rows, std::size_t k,
                              const SearchOptions& options) {
  check_k(k, rows.rows());
  detail::check_encoded(rows, *scorer.codec().plan());
  return search_pieces(scorer, metric, rows.rows(), k, options,
                       [&](const detail::FilteredScan& filtered, std::size_t first, std::size_t last, TopK& found,
                           SearchStatistics& done) { filtered.scan(rows, first, last, 0, found, done); });
}

std::vector<Neighbour> search(const Scorer& scorer, Metric metric, const EncodedView& rows,
                              std::span<const std::size_t> list, std::size_t k, const SearchOptions& options) {
  check_k(k, list.size());
  detail::check_encoded(rows, *scorer.codec().plan());
  for (const std::size_t row : list) detail::require_listed(row, rows.rows());
  return search_pieces(
      scorer, metric, list.size(), k, options,
      [&](const detail::FilteredScan& filtered, std::size_t first, std::size_t last, TopK& found,
          SearchStatistics& done) { filtered.scan(rows, list.subspan(first, last - first), 0, found, done); });
}

namespace {

// Pieces of a file, each in one block, on all threads: scan(reader, index, filtered, found, done) returns how many rows it met.
template <class ScanBlock>
void offer_blocks(TopK& found, const Scorer& scorer, const FileReader& file, std::size_t blocks,
                  const std::function<void(std::size_t)>& progress, const SearchOptions& options,
                  const ScanBlock& scan) {
  const detail::CodecPlan& plan = *scorer.codec().plan();
  std::vector<std::optional<BlockReader>> readers(static_cast<std::size_t>(plan.threads()));  // of each thread
  std::mutex reporting;
  offer_by(found, scorer, options, [&](const detail::FilteredScan& filtered, Collectors& own) {
    const auto scan_blocks = [&](std::size_t first, std::size_t last, std::size_t slot) {
      if (!readers[slot].has_value()) readers[slot].emplace(file);
      for (std::size_t index = first; index < last; ++index) {
        const std::size_t rows = scan(*readers[slot], index, filtered, own.of(slot), own.done(slot));
        if (!progress) continue;
        const std::lock_guard lock(reporting);
        progress(rows);
      }
    };
    if (plan.pool == nullptr)
      scan_blocks(0, blocks, 0);
    else
      plan.pool->run(blocks, 1, scan_blocks);
  });
}

template <class ScanBlock>
std::vector<Neighbour> search_blocks(const Scorer& scorer, Metric metric, const FileReader& file, std::size_t blocks,
                                     std::size_t k, const std::function<void(std::size_t)>& progress,
                                     const SearchOptions& options, const ScanBlock& scan) {
  TopK found(metric, scorer.queries(), k);
  offer_blocks(found, scorer, file, blocks, progress, options, scan);
  return ranked(scorer, found);
}

void check_file(const Scorer& scorer, const FileReader& file) {
  detail::check_codec(file.path(), file.header(), scorer.codec());
  if (!std::ranges::equal(file.mean(), scorer.mean()))
    throw InvalidArgument(file.path() + ": its mean (FileReader::mean) is not the scorer's");
}

// scan(), which throws for a bad norm of a row counted from `first`.
template <class Scan>
void scan_of_file(const FileReader& file, std::uint64_t first, const Scan& scan) {
  try {
    scan();
  } catch (const InvalidInput& bad) {
    throw FileError(file.path() + ": row " + std::to_string(first + bad.row) + ": invalid norm");
  }
}

// Where the entries of each block begin in a sorted list, and its end.
std::vector<std::size_t> begins_of_blocks(std::span<const std::uint64_t> sorted, std::uint64_t rows_per_block) {
  std::vector<std::size_t> begins;
  for (std::size_t i = 0; i < sorted.size(); ++i)
    if (i == 0 || sorted[i] / rows_per_block != sorted[i - 1] / rows_per_block) begins.push_back(i);
  begins.push_back(sorted.size());
  return begins;
}

}  // namespace

std::vector<Neighbour> search(const Scorer& scorer, Metric metric, const FileReader& file, std::size_t k,
                              const std::function<void(std::size_t)>& progress, const SearchOptions& options) {
  const FileHeader& header = file.header();
  check_file(scorer, file);
  check_k(k, header.rows);
  return search_blocks(scorer, metric, file, static_cast<std::size_t>(header.blocks()), k, progress, options,
                       [&](BlockReader& reader, std::size_t index, const detail::FilteredScan& filtered, TopK& found,
                           SearchStatistics& done) {
                         const EncodedView rows = reader.block(index);
                         const std::uint64_t first = rows.first_row() - header.first_row;
                         scan_of_file(file, first, [&] { filtered.scan(rows, 0, rows.rows(), first, found, done); });
                         return rows.rows();
                       });
}

std::vector<Neighbour> search(const Scorer& scorer, Metric metric, const FileReader& file,
                              std::span<const std::uint64_t> list, std::size_t k,
                              const std::function<void(std::size_t)>& progress, const SearchOptions& options) {
  const FileHeader& header = file.header();
  check_file(scorer, file);
  check_k(k, list.size());
  std::vector<std::uint64_t> sorted(list.begin(), list.end());
  std::ranges::sort(sorted);
  detail::require_listed(sorted.back(), header.rows);
  const std::vector<std::size_t> begins = begins_of_blocks(sorted, header.rows_per_block);
  return search_blocks(scorer, metric, file, begins.size() - 1, k, progress, options,
                       [&](BlockReader& reader, std::size_t index, const detail::FilteredScan& filtered, TopK& found,
                           SearchStatistics& done) {
                         const std::size_t at = begins[index], count = begins[index + 1] - at;
                         const std::uint64_t first = sorted[at];
                         const EncodedView rows =
                             reader.rows(first, static_cast<std::size_t>(sorted[at + count - 1] - first) + 1);
                         std::vector<std::size_t> some(count);
                         for (std::size_t i = 0; i < count; ++i)
                           some[i] = static_cast<std::size_t>(sorted[at + i] - first);
                         scan_of_file(file, first, [&] { filtered.scan(rows, some, first, found, done); });
                         return count;
                       });
}

void search(TopK& found, const Scorer& scorer, const FileReader& file, std::uint64_t begin, std::uint64_t count,
            std::uint64_t first_row, const SearchOptions& options) {
  const FileHeader& header = file.header();
  check_file(scorer, file);
  detail::require_equal(found.queries(), scorer.queries(), "lists of neighbours", "queries");
  detail::check_slice(static_cast<std::size_t>(begin), static_cast<std::size_t>(count),
                      static_cast<std::size_t>(header.rows));
  if (count == 0) return offer_by(found, scorer, options, [](const detail::FilteredScan&, Collectors&) {});
  const std::uint64_t first_block = begin / header.rows_per_block, end = begin + count;
  const auto blocks = static_cast<std::size_t>((end - 1) / header.rows_per_block - first_block + 1);
  offer_blocks(found, scorer, file, blocks, {}, options,
               [&](BlockReader& reader, std::size_t index, const detail::FilteredScan& filtered, TopK& own,
                   SearchStatistics& done) {
                 const std::uint64_t block = first_block + index;
                 const std::uint64_t from = std::max(begin, block * header.rows_per_block),
                                     to = std::min(end, (block + 1) * header.rows_per_block);
                 const EncodedView rows = reader.rows(from, static_cast<std::size_t>(to - from));
                 scan_of_file(file, from,
                              [&] { filtered.scan(rows, 0, rows.rows(), first_row + (from - begin), own, done); });
                 return rows.rows();
               });
}

// ---- the vectors themselves ----

namespace {

double norm_of(const float* x, std::size_t n, const detail::Kernels& kernels) { return std::sqrt(kernels.inner_product(x, x, n)); }

// q_norm and x_norm matter to the cosine alone.
double score_of(Metric metric, const float* q, const float* x, std::size_t n, double q_norm, double x_norm, const detail::Kernels& kernels) {
  if (metric == Metric::squared_distance) return kernels.squared_distance(q, x, n);
  const double product = kernels.inner_product(q, x, n);
  if (metric == Metric::inner_product) return product;
  return q_norm == 0 || x_norm == 0 ? 0 : product / (q_norm * x_norm);
}

constexpr std::size_t vector_tile_rows = 16;  // 64 KiB of 1024 dimensions, met by every query while in the second-level cache

}  // namespace

double vector_score(Metric metric, std::span<const float> q, std::span<const float> x, Isa isa) {
  detail::require_equal(x.size(), q.size(), "numbers in the row", "in the query");
  const detail::Kernels& kernels = detail::kernels(isa);
  const std::size_t n = q.size();
  if (metric != Metric::cosine) return score_of(metric, q.data(), x.data(), n, 0, 0, kernels);
  return score_of(metric, q.data(), x.data(), n, norm_of(q.data(), n, kernels), norm_of(x.data(), n, kernels), kernels);
}

void brute_force_search(TopK& found, RowsView<const float> queries, RowsView<const float> x, std::uint64_t first_row, ThreadPool* pool, Isa isa) {
  detail::require_equal(queries.rows(), found.queries(), "queries", "lists of neighbours");
  if (queries.rows() == 0 || x.rows() == 0) return;
  detail::require_equal(x.dimension(), queries.dimension(), "numbers in a row", "dimensions of the queries");
  const detail::Kernels& kernels = detail::kernels(isa);
  const std::size_t n = queries.dimension();
  std::vector<double> query_norms(queries.rows());
  for (std::size_t query = 0; query < queries.rows(); ++query) query_norms[query] = norm_of(queries.row(query), n, kernels);
  Collectors own(found, pool == nullptr ? 1 : pool->threads());
  const auto scan_tiles = [&](std::size_t first, std::size_t last, std::size_t slot) {
    for (std::size_t tile = first; tile < last; tile += vector_tile_rows) {
      const std::size_t end = std::min(tile + vector_tile_rows, last);
      double norms[vector_tile_rows];
      for (std::size_t row = tile; row < end; ++row) norms[row - tile] = norm_of(x.row(row), n, kernels);
      for (std::size_t query = 0; query < queries.rows(); ++query)
        for (std::size_t row = tile; row < end; ++row)
          own.of(slot).offer(query, first_row + row, score_of(found.metric(), queries.row(query), x.row(row), n, query_norms[query], norms[row - tile], kernels));
    }
  };
  if (pool == nullptr) scan_tiles(0, x.rows(), 0);
  else pool->run(x.rows(), vector_tile_rows, scan_tiles);
  own.merge_into(found);
}

double recall(Metric metric, std::span<const Neighbour> truth, std::span<const Neighbour> found) {
  if (truth.empty()) throw InvalidArgument("recall among no neighbours");
  const double last = truth.back().score;
  const auto hits = std::count_if(found.begin(), found.end(), [&](const Neighbour& neighbour) {
    return larger_is_nearer(metric) ? neighbour.score >= last : neighbour.score <= last;
  });
  return static_cast<double>(hits) / static_cast<double>(truth.size());
}

double recall(std::span<const std::uint64_t> truth, std::span<const std::uint64_t> found) {
  if (truth.empty()) return 1;
  const std::unordered_set<std::uint64_t> among(truth.begin(), truth.end());
  const auto hits = std::count_if(found.begin(), found.end(), [&](std::uint64_t row) { return among.contains(row); });
  return static_cast<double>(hits) / static_cast<double>(truth.size());
}

}  // namespace hdq
