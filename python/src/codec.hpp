// What the parts about codecs share: names to enumerators, results to arrays.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "array.hpp"
#include "hdq/search.hpp"
#include "module.hpp"

namespace hdq::python {

Isa isa_of(const std::string& name);        // InvalidArgument, listing the names
Metric metric_of(const std::string& name);  // "ip", "l2", "cosine"
std::span<const float> mean_of(const std::optional<py::array>& mean);
// int64, none negative; nothing where there is no list.
template <class Row>
std::vector<Row> row_list(const std::optional<py::array>& list) {
  std::vector<Row> rows;
  if (list.has_value())
    for (const std::int64_t row : numbers<const std::int64_t>(*list)) rows.push_back(static_cast<Row>(row));
  return rows;
}
using Done = std::pair<std::uint64_t, std::uint64_t>;  // SearchStatistics: scanned, verified
// indices (int64) and scores (float64): (queries, k).
void store(const std::vector<Neighbour>& found, const py::array& indices, const py::array& scores);

}  // namespace hdq::python
