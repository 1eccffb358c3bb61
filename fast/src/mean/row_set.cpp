#include "mean/row_set.hpp"

#include <algorithm>
#include <iterator>

namespace hdq::detail {

std::optional<std::uint64_t> RowSet::find(std::uint64_t first, std::uint64_t last) const {
  const auto next = runs_.upper_bound(first);
  if (next != runs_.begin() && std::prev(next)->second >= first) return first;
  if (next != runs_.end() && next->first <= last) return next->first;
  return std::nullopt;
}

void RowSet::add(std::uint64_t first, std::uint64_t last) {
  auto next = runs_.upper_bound(first);
  if (next != runs_.end() && last + 1 == next->first) {  // last is below next->first: no overflow
    last = next->second;
    next = runs_.erase(next);
  }
  if (next != runs_.begin() && std::prev(next)->second + 1 == first)
    std::prev(next)->second = last;
  else
    runs_.emplace_hint(next, first, last);
}

}  // namespace hdq::detail
