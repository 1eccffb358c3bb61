// The scan of a search: which rows are scored, and that results and errors are those of scoring all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "hdq/search.hpp"
#include "score/byte_filter.hpp"

namespace hdq::detail {

// The first score of a scan that float32 could not hold.
struct ScoreOverflow {
  std::size_t query;
  std::uint64_t row;
};

// For the queries of one scorer; any number of threads may scan.
class FilteredScan {
 public:
  // without_filter: every row is scored.
  FilteredScan(const Scorer& scorer, Metric metric, bool without_filter);

  // Offers rows of `rows` to found: row i with the number first_number + i. Throws InvalidInput for a bad norm, and ScoreOverflow.
  // Counts what it does.
  void scan(const EncodedView& rows, std::size_t first, std::size_t last, std::uint64_t first_number, TopK& found,
            SearchStatistics& done) const;
  void scan(const EncodedView& rows, std::span<const std::size_t> list, std::uint64_t first_number, TopK& found,
            SearchStatistics& done) const;

 private:
  template <class RowOf>
  void filter_rows(const EncodedView& rows, std::size_t first, std::size_t last, const RowOf& row_of,
                   std::uint64_t first_number, TopK& found, SearchStatistics& done) const;
  struct Tile;
  void load(const EncodedView& rows, Tile& tile) const;
  void filter(const EncodedView& rows, Tile& tile, std::uint64_t first_number, TopK& found,
              SearchStatistics& done) const;
  void verify(const EncodedView& rows, Tile& tile, std::size_t query, std::size_t at, std::uint64_t first_number,
              TopK& found, SearchStatistics& done) const;
  void score_some(const EncodedView& rows, std::span<const std::size_t> list, std::size_t query,
                  std::uint64_t first_number, TopK& found, SearchStatistics& done) const;

  const Scorer& scorer_;
  Metric metric_;
  std::optional<ByteFilter> filter_;
};

}  // namespace hdq::detail
