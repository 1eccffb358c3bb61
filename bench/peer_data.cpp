#include "peer_data.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "cli/vector_file.hpp"

namespace hdq::bench {
namespace {

constexpr std::size_t factors = 64;

float inner_product(const float* a, const float* b, std::size_t n) {
  float lanes[16] = {};
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (std::size_t l = 0; l < 16; ++l) lanes[l] += a[i + l] * b[i + l];
  for (; i < n; ++i) lanes[0] += a[i] * b[i];
  return std::accumulate(lanes, lanes + 16, 0.0f);
}

void normalize(std::vector<float>& x, std::size_t n) {
  for (std::size_t at = 0; at < x.size(); at += n) {
    const float norm = std::sqrt(inner_product(&x[at], &x[at], n));
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

void find_neighbours(PeerData& data) {
  const std::size_t n = data.dimension;
  std::vector<float> scores(data.rows);
  std::vector<std::int64_t> order(data.rows);
  for (std::size_t i = 0; i < data.queries; ++i) {
    for (std::size_t r = 0; r < data.rows; ++r) scores[r] = inner_product(&data.q[i * n], &data.x[r * n], n);
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + neighbours, order.end(), [&](std::int64_t a, std::int64_t b) {
      return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
    });
    data.neighbours.insert(data.neighbours.end(), order.begin(), order.begin() + neighbours);
  }
}

}  // namespace

PeerData synthetic_embeddings(std::size_t rows, std::size_t queries, std::size_t n) {
  std::mt19937_64 random(7);
  std::normal_distribution<float> normal;
  std::vector<float> mixing(factors * n);
  for (float& entry : mixing) entry = normal(random);
  PeerData data{"synthetic", n, rows, queries, {}, {}, {}};
  data.x = mixed(random, mixing, rows, n);
  data.q = mixed(random, mixing, queries, n);
  find_neighbours(data);
  return data;
}

PeerData sentence_embeddings() {
  const cli::VectorFile file(HDQ_SOURCE_DIR "/data/minilm-fiori-778x384.npy");
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
  find_neighbours(data);
  return data;
}

double recall(const PeerData& data, const std::vector<std::int64_t>& found) {
  std::size_t hits = 0;
  for (std::size_t i = 0; i < data.queries; ++i) {
    const auto truth = data.neighbours.begin() + static_cast<std::ptrdiff_t>(i * neighbours);
    for (std::size_t j = 0; j < neighbours; ++j) hits += std::find(truth, truth + neighbours, found[i * neighbours + j]) != truth + neighbours;
  }
  return static_cast<double>(hits) / static_cast<double>(data.queries * neighbours);
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
