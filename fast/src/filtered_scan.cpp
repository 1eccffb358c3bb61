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
constexpr std::size_t block_rows = 8 * tile_rows;
// Rows that wait to be scored: a few at once share most of what scoring one alone takes.
constexpr std::size_t most_waiting = 16;
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
  // What a query has come to.
  struct Progress {
    double kth = std::numeric_limits<double>::quiet_NaN();
    float threshold = -std::numeric_limits<float>::infinity();  // of kth
    std::size_t waiting[most_waiting + tile_rows], count = 0;
  };
  Tile(const ByteFilter& filter, std::size_t queries) : scratch(parts * filter.scratch_bytes()), of(queries) {}
  bool all_bounded() const {
    return std::all_of(part, part + (count + byte_rows - 1) / byte_rows,
                       [](const ByteRows& p) { return p.unbounded == 0; });
  }
  // A block, whose words are drawn at once: each reader of vectors waits for stores of single numbers just before.
  std::size_t places[block_rows];
  std::uint64_t numbers[block_rows];
  std::uint32_t drawn[block_rows];
  const std::size_t* at = places;
  const std::uint32_t* words = drawn;
  std::size_t count = 0;
  ByteRows part[parts];
  Aligned<std::uint8_t> scratch;
  std::int32_t sums[parts][queries_together * byte_rows] = {};
  std::vector<Progress> of;
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
  Tile tile(*filter_, found.queries());
  for (; first < last; first += block_rows) {
    const std::size_t some = std::min(block_rows, last - first);
    for (std::size_t i = 0; i < some; ++i) {
      tile.places[i] = row_of(first + i);
      tile.numbers[i] = rows.first_row() + tile.places[i];
    }
    scorer_.codec().plan()->draw_words(tile.numbers, some, tile.drawn);
    for (std::size_t done_rows = 0; done_rows < some; done_rows += tile_rows) {
      tile.at = tile.places + done_rows;
      tile.words = tile.drawn + done_rows;
      tile.count = std::min(tile_rows, some - done_rows);
      load(rows, tile);
      filter(rows, tile, first_number, found, done);
    }
  }
  for (std::size_t query = 0; query < found.queries(); ++query)
    score_some(rows, {tile.of[query].waiting, tile.of[query].count}, query, first_number, found, done);
}

void FilteredScan::load(const EncodedView& rows, Tile& tile) const {
  const float* all_norms = rows.norms().data();
  float norms[tile_rows];
  const std::uint8_t* codes[tile_rows];
  for (std::size_t i = 0; i < tile.count; ++i) {
    norms[i] = all_norms[tile.at[i]];
    codes[i] = rows.row_codes(tile.at[i]);
  }
  for (std::size_t part = 0; part < parts; ++part) {
    const std::size_t from = part * byte_rows, count = tile.count > from ? std::min(byte_rows, tile.count - from) : 0;
    tile.part[part].count = count;
    if (count == 0) break;
    filter_->load(norms + from, codes + from, tile.words + from, count, codes[from] + fetch_ahead,
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

// Rows that `query` may find, by its sums from `at` on, are scored, or wait: only of rows and queries that are bounded, whose scores are no errors.
void FilteredScan::verify(const EncodedView& rows, Tile& tile, std::size_t query, std::size_t at,
                          std::uint64_t first_number, TopK& found, SearchStatistics& done) const {
  Tile::Progress& own = tile.of[query];
  const Neighbour* last = found.last(query);
  if (last != nullptr && last->score != own.kth) {
    own.kth = last->score;
    own.threshold = filter_->threshold(query, own.kth);
  }
  const std::size_t before = own.count;
  for (std::size_t part = 0; part < parts && tile.part[part].count > 0; ++part) {
    float upper[byte_rows];
    filter_->bounds(query, tile.part[part], tile.sums[part] + at, upper);
    if (all_below(upper, tile.part[part].count, own.threshold)) continue;
    for (std::size_t i = 0; i < tile.part[part].count; ++i) {
      own.waiting[own.count] = tile.at[part * byte_rows + i];
      own.count += upper[i] < own.threshold ? 0 : 1;
    }
  }
  if (own.count == before || (own.count < most_waiting && filter_->bounded(query) && tile.all_bounded())) return;
  score_some(rows, {own.waiting, own.count}, query, first_number, found, done);
  own.count = 0;
}

void FilteredScan::score_some(const EncodedView& rows, std::span<const std::size_t> list, std::size_t query,
                              std::uint64_t first_number, TopK& found, SearchStatistics& done) const {
  if (list.empty()) return;
  float scores[most_waiting + tile_rows];
  ScorerAccess::score_some(scorer_, metric_, rows, query, list, scores);
  offer_listed(found, query, list, first_number, scores);
  done.verified += list.size();
}

}  // namespace hdq::detail
