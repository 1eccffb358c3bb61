#include "peer_data.hpp"

#include <cmath>
#include <random>
#include <span>

#include "hdq/io/vector_reader.hpp"
#include "hdq/search.hpp"
#include "hdq/stages.hpp"

namespace hdq::bench {
namespace {

constexpr std::size_t factors = 64;

void normalize(std::vector<float>& x, std::size_t n) {
  for (std::size_t at = 0; at < x.size(); at += n) {
    const float norm = row_norm(&x[at], n);
    for (std::size_t j = 0; j < n; ++j) x[at + j] /= norm;
  }
}

std::vector<float> mixed(std::mt19937_64& random, const std::vector<float>& mixing, std::size_t rows, std::size_t n) {
  std::normal_distribution<float> normal;
  std::vector<float> x(rows * n);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < n; ++j) x[i * n + j] = 0.3f * normal(random);
    for (std::size_t f = 0; f < factors; ++f) {
      const float weight = normal(random) / std::sqrt(static_cast<float>(f + 1));
      for (std::size_t j = 0; j < n; ++j) x[i * n + j] += weight * mixing[f * n + j];
    }
  }
  normalize(x, n);
  return x;
}

void find_nearest(PeerData& data) {
  TopK found(Metric::inner_product, data.queries, neighbours);
  brute_force_search(found, {data.q.data(), data.queries, data.dimension}, {data.x.data(), data.rows, data.dimension}, 0);
  data.nearest = row_numbers(found.ranked());
}

PeerData synthetic(std::size_t rows, std::size_t queries, std::size_t n) {
  std::mt19937_64 random(7);
  std::normal_distribution<float> normal;
  std::vector<float> mixing(factors * n);
  for (float& entry : mixing) entry = normal(random);
  PeerData data{"synthetic", n, rows, queries, {}, {}, {}};
  data.x = mixed(random, mixing, rows, n);
  data.q = mixed(random, mixing, queries, n);
  find_nearest(data);
  return data;
}

PeerData sentences() {
  const io::VectorReader file(HDQ_SOURCE_DIR "/data/minilm-fiori-778x384.npy");
  const std::size_t n = file.dimension();
  std::vector<float> row(n);
  PeerData data{"sentences", n, 0, 0, {}, {}, {}};
  for (std::uint64_t i = 0; i < file.rows(); ++i) {
    file.read(i, 1, row.data());
    std::vector<float>& to = i % 5 == 4 ? data.q : data.x;
    to.insert(to.end(), row.begin(), row.end());
  }
  data.rows = data.x.size() / n;
  data.queries = data.q.size() / n;
  normalize(data.x, n);
  normalize(data.q, n);
  find_nearest(data);
  return data;
}

}  // namespace

const PeerData& synthetic_embeddings(const Settings& settings) {
  static const PeerData data = synthetic(settings.quick ? 8000 : 20000, 100, 768);
  return data;
}

const PeerData& sentence_embeddings() {
  static const PeerData data = sentences();
  return data;
}

std::vector<std::uint64_t> row_numbers(const std::vector<Neighbour>& found) {
  std::vector<std::uint64_t> rows;
  for (const Neighbour& neighbour : found) rows.push_back(neighbour.row);
  return rows;
}

double recall(const PeerData& data, const std::vector<std::uint64_t>& found) {
  double sum = 0;
  for (std::size_t at = 0; at < found.size(); at += neighbours)
    sum += hdq::recall(std::span(data.nearest).subspan(at, neighbours), std::span(found).subspan(at, neighbours));
  return sum / static_cast<double>(data.queries);
}

double relative_error(const std::vector<float>& x, const std::vector<float>& y, std::size_t n) {
  double sum = 0;
  for (std::size_t at = 0; at < x.size(); at += n) {
    double error = 0, square = 0;
    for (std::size_t j = at; j < at + n; ++j) {
      error += static_cast<double>(y[j] - x[j]) * static_cast<double>(y[j] - x[j]);
      square += static_cast<double>(x[j]) * static_cast<double>(x[j]);
    }
    sum += error / square;
  }
  return sum / static_cast<double>(x.size() / n);
}

}  // namespace hdq::bench
