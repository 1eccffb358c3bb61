// A set of row numbers, as disjoint runs: a file's rows take one entry.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace hdq::detail {

class RowSet {
 public:
  // first → last of each run, both in it; runs do not touch.
  using Runs = std::map<std::uint64_t, std::uint64_t>;

  const Runs& runs() const { return runs_; }
  // The least number of first … last that is in the set.
  std::optional<std::uint64_t> find(std::uint64_t first, std::uint64_t last) const;
  // Adds first … last, first <= last, none of which is in the set.
  void add(std::uint64_t first, std::uint64_t last);

 private:
  Runs runs_;
};

}  // namespace hdq::detail
