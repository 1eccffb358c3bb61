#include "filtered_scan.hpp"

#include <algorithm>
#include <cmath>

#include "codec/plan.hpp"
#include "score_scan.hpp"
#include "simd/kernels.hpp"

namespace hdq::detail {
namespace {

constexpr std::size_t tile_rows = score_tile_rows;
static_assert(tile_rows % byte_rows == 0);
constexpr std::size_t parts = tile_rows / byte_rows;
constexpr std::size_t queries_together = 16;
// Bytes of codes to fetch ahead, into the second-level cache: further than score.cpp, since rows go by faster.
constexpr std::size_t fetch_ahead = std::size_t{32} << 10;

// Nearly always: without a branch for each, compilers make vectors of it.
bool all_below(const float* upper, std::size_t count, float threshold) {
  if (count != byte_rows) return false;
  int reaching = 0;
  for (std::size_t i = 0; i < byte_rows; ++i) reaching += upper[i] < threshold ? 0 : 1;
  return reaching == 0;
}

// number_of(i): the row number of score i.
template <class NumberOf>
void require_finite(std::size_t query, const float* scores, std::size_t count, const NumberOf& number_of) {
  for (std::size_t i = 0; i < count; ++i)
    if (!std::isfinite(scores[i])) throw ScoreOverflow{query, number_of(i)};
}

void offer_listed(TopK& found, std::size_t query, std::span<const std::size_t> list, std::uint64_t first_number,
                  const float* scores) {
  require_finite(query, scores, list.size(), [&](std::size_t i) { return first_number + list[i]; });
  for (std::size_t i = 0; i < list.size(); ++i)
    found.offer(query, first_number + list[i], static_cast<double>(scores[i]));
}

}  // namespace

struct FilteredScan::Tile {
  explicit Tile(const ByteFilter& filter) : scratch(parts * filter.scratch_bytes()) {}
  std::size_t at[tile_rows], count = 0;
  ByteRows part[parts];
  Aligned<std::uint8_t> scratch;
  std::int32_t sums[parts][queries_together * byte_rows] = {};
};

FilteredScan::FilteredScan(const Scorer& scorer, Metric metric, bool without_filter)
    : scorer_(scorer), metric_(metric) {
  const CodecPlan& plan = *scorer.codec().plan();
  if (!without_filter && scorer.queries() > 0 && ByteFilter::serves(plan))
    filter_.emplace(plan, metric, ScorerAccess::rotated(scorer, metric));
}

void FilteredScan::scan(const EncodedView& rows, std::size_t first, std::size_t last, std::uint64_t first_number,
                        TopK& found, SearchStatistics& done) const {
  const auto row_of = [](std::size_t i) { return i; };
  done.scanned += (last - first) * found.queries();
  if (filter_.has_value()) return filter_rows(rows, first, last, row_of, first_number, found, done);
  done.verified += (last - first) * found.queries();
  ScorerAccess::scan(scorer_, metric_, rows, first, last,
                     [&](std::size_t query, std::size_t at, const float* scores, std::size_t count) {
                       require_finite(query, scores, count, [&](std::size_t i) { return first_number + at + i; });
                       found.offer(query, first_number + at, {scores, count});
                     });
}

void FilteredScan::scan(const EncodedView& rows, std::span<const std::size_t> list, std::uint64_t first_number,
                        TopK& found, SearchStatistics& done) const {
  const auto row_of = [&](std::size_t i) { return list[i]; };
  done.scanned += list.size() * found.queries();
  if (filter_.has_value()) return filter_rows(rows, 0, list.size(), row_of, first_number, found, done);
  done.verified += list.size() * found.queries();
  ScorerAccess::scan(scorer_, metric_, rows, list,
                     [&](std::size_t query, std::size_t at, const float* scores, std::size_t count) {
                       offer_listed(found, query, list.subspan(at, count), first_number, scores);
                     });
}

template <class RowOf>
void FilteredScan::filter_rows(const EncodedView& rows, std::size_t first, std::size_t last, const RowOf& row_of,
                               std::uint64_t first_number, TopK& found, SearchStatistics& done) const {
  Tile tile(*filter_);
  for (; first < last; first += tile_rows) {
    tile.count = std::min(tile_rows, last - first);
    for (std::size_t i = 0; i < tile.count; ++i) tile.at[i] = row_of(first + i);
    load(rows, tile);
    filter(rows, tile, first_number, found, done);
  }
}

void FilteredScan::load(const EncodedView& rows, Tile& tile) const {
  const CodecPlan& plan = *scorer_.codec().plan();
  std::uint64_t numbers[tile_rows];
  std::uint32_t words[tile_rows];
  float norms[tile_rows];
  const std::uint8_t* codes[tile_rows];
  for (std::size_t i = 0; i < tile.count; ++i) {
    numbers[i] = rows.first_row() + tile.at[i];
    norms[i] = rows.norms()[tile.at[i]];
    codes[i] = rows.row_codes(tile.at[i]);
  }
  plan.draw_words(numbers, tile.count, words);
  for (std::size_t part = 0; part < parts; ++part) {
    const std::size_t from = part * byte_rows, count = tile.count > from ? std::min(byte_rows, tile.count - from) : 0;
    tile.part[part].count = count;
    if (count == 0) break;
    filter_->load(norms + from, codes + from, words + from, count, codes[from] + fetch_ahead,
                  tile.scratch.get() + part * filter_->scratch_bytes(), tile.part[part]);
  }
}

// Errors are those of scoring all rows: a bad norm and a score that may not be finite are not bounded, so every query meets them, and
// the first one in order of tiles, queries and rows is the first here.
void FilteredScan::filter(const EncodedView& rows, Tile& tile, std::uint64_t first_number, TopK& found,
                          SearchStatistics& done) const {
  for (std::size_t begin = 0; begin < found.queries(); begin += queries_together) {
    const std::size_t some = std::min(queries_together, found.queries() - begin);
    for (std::size_t part = 0; part < parts && tile.part[part].count > 0; ++part)
      filter_->sum(begin, some, tile.part[part], tile.sums[part]);
    for (std::size_t i = 0; i < some; ++i) verify(rows, tile, begin + i, i * byte_rows, first_number, found, done);
  }
}

// Scores the rows that `query` may find, by its sums from `at` on.
void FilteredScan::verify(const EncodedView& rows, const Tile& tile, std::size_t query, std::size_t at,
                          std::uint64_t first_number, TopK& found, SearchStatistics& done) const {
  const Neighbour* last = found.last(query);
  const float threshold =
      last == nullptr ? -std::numeric_limits<float>::infinity() : filter_->threshold(query, last->score);
  std::size_t list[tile_rows], count = 0;
  for (std::size_t part = 0; part < parts && tile.part[part].count > 0; ++part) {
    float upper[byte_rows];
    filter_->bounds(query, tile.part[part], tile.sums[part] + at, upper);
    if (all_below(upper, tile.part[part].count, threshold)) continue;
    for (std::size_t i = 0; i < tile.part[part].count; ++i) {
      list[count] = tile.at[part * byte_rows + i];
      count += upper[i] < threshold ? 0 : 1;
    }
  }
  if (count > 0) score_some(rows, {list, count}, query, first_number, found, done);
}

void FilteredScan::score_some(const EncodedView& rows, std::span<const std::size_t> list, std::size_t query,
                              std::uint64_t first_number, TopK& found, SearchStatistics& done) const {
  float scores[tile_rows];
  ScorerAccess::score_some(scorer_, metric_, rows, query, list, scores);
  offer_listed(found, query, list, first_number, scores);
  done.verified += list.size();
}

}  // namespace hdq::detail
