#include "neighbours.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace hdq::cli {
namespace {

Queries finite(const VectorReader& file, std::uint64_t begin, std::vector<float> x) {
  require_finite(file, begin, x);
  return {x.size() / file.dimension(), file.dimension(), std::move(x)};
}

}  // namespace

void require_finite(const VectorReader& file, std::uint64_t begin, std::span<const float> x) {
  const std::size_t n = file.dimension();
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i])) {
      throw BadInput(fmt::format("{}: row {}, column {}: {}", file.name(), begin + i / n, i % n, std::isnan(x[i]) ? "NaN" : "infinity"));
    }
  }
}

Queries read_queries(const VectorReader& file, std::uint64_t begin, std::size_t count) {
  std::vector<float> x(count * file.dimension());
  file.read(begin, count, x.data());
  return finite(file, begin, std::move(x));
}

Queries read_queries(const VectorReader& file) { return finite(file, 0, file.read_all()); }

std::vector<Neighbour> true_neighbours(const VectorReader& file, const Queries& queries, Metric metric, std::size_t k, int threads, Isa isa,
                                       Progress& progress) {
  TopK found(metric, queries.count, k);
  ThreadPool pool(threads);
  const std::size_t chunk = rows_per_chunk(queries.dimension, threads);
  std::vector<float> x;
  for (std::uint64_t begin = 0; begin < file.rows(); begin += chunk) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, file.rows() - begin));
    x.resize(count * queries.dimension);
    file.read(begin, count, x.data());
    require_finite(file, begin, x);
    brute_force_search(found, queries.view(), {x.data(), count, queries.dimension}, begin, &pool, isa);
    progress.advance(count);
  }
  return found.ranked();
}

double sum_of_recalls(const VectorReader& file, const Queries& queries, Metric metric, std::size_t k, const std::vector<Neighbour>& truth,
                      const std::vector<Neighbour>& found, Isa isa) {
  std::vector<float> x(queries.dimension);
  double sum = 0;
  for (std::size_t query = 0; query < queries.count; ++query) {
    std::size_t hits = 0;
    std::unordered_set<std::uint64_t> nearest;
    for (std::size_t i = query * k; i < (query + 1) * k; ++i) nearest.insert(truth[i].row);
    const double last = truth[(query + 1) * k - 1].score;
    for (std::size_t i = query * k; i < (query + 1) * k; ++i) {
      if (!nearest.contains(found[i].row)) {
        file.read(found[i].row, 1, x.data());
        if (vector_score(metric, {queries.row(query), queries.dimension}, x, isa) != last) continue;
      }
      ++hits;
    }
    sum += static_cast<double>(hits) / static_cast<double>(k);
  }
  return sum;
}

}  // namespace hdq::cli
