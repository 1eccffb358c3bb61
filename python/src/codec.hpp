// What the parts about codecs share: names to enumerators, results to arrays.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hdq/search.hpp"
#include "module.hpp"

namespace hdq::python {

Isa isa_of(const std::string& name);        // InvalidArgument, listing the names
Metric metric_of(const std::string& name);  // "ip", "l2", "cosine"
std::span<const float> mean_of(const std::optional<py::array>& mean);
// indices (int64) and scores (float64): (queries, k).
void store(const std::vector<Neighbour>& found, const py::array& indices, const py::array& scores);

}  // namespace hdq::python
