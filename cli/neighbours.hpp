// Nearest rows of a file of vectors by true scores, and recall measured against them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "command.hpp"
#include "hdq/search.hpp"

namespace hdq::cli {

inline constexpr std::size_t max_k = std::size_t{1} << 32;

// BadInput naming row and column of the first NaN or infinity of x, the rows of the file from `begin` on.
void require_finite(const VectorReader& file, std::uint64_t begin, std::span<const float> x);

// Rows of one width, none of them NaN or infinite.
struct Queries {
  std::size_t count = 0, dimension = 0;
  std::vector<float> x;  // count × dimension
  RowsView<const float> view() const { return {x.data(), count, dimension}; }
  const float* row(std::size_t query) const { return x.data() + query * dimension; }
};

// Rows [begin, begin + count) of a file, or all; BadInput naming row and column of NaN or infinity.
Queries read_queries(const VectorReader& file, std::uint64_t begin, std::size_t count);
Queries read_queries(const VectorReader& file);

// queries × k: the k nearest rows of the file to each query, in one pass over it.
std::vector<Neighbour> true_neighbours(const VectorReader& file, const Queries& queries, Metric metric, std::size_t k, int threads, Isa isa,
                                       Progress& progress);

// The sum over queries of the share of found, k of each query by whatever scores, that are among the k nearest: that are in truth, or as
// near as the last of truth by their true scores. The rows are those of the file.
double sum_of_recalls(const VectorReader& file, const Queries& queries, Metric metric, std::size_t k, const std::vector<Neighbour>& truth,
                      const std::vector<Neighbour>& found, Isa isa);

}  // namespace hdq::cli
