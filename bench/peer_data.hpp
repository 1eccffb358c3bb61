// The rows on which hdq and its peers are compared: unit vectors, queries apart, and the true neighbours of each query.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hdq::bench {

struct PeerData {
  std::string name;
  std::size_t dimension = 0, rows = 0, queries = 0;
  std::vector<float> x, q;
  std::vector<std::uint64_t> nearest;  // queries × neighbours, by inner product
};
inline constexpr std::size_t neighbours = 10;

// Synthetic embeddings: 64 latent Gaussian factors of decreasing weight, mixed into n coordinates, and Gaussian noise.
PeerData synthetic_embeddings(std::size_t rows, std::size_t queries, std::size_t n);
// The sentence embeddings of data/; every fifth is a query.
PeerData sentence_embeddings();

// Share of the true neighbours among those found, queries × neighbours.
double recall(const PeerData& data, const std::vector<std::uint64_t>& found);
// Mean over rows of ‖y − x‖²/‖x‖².
double relative_error(const std::vector<float>& x, const std::vector<float>& y, std::size_t n);

}  // namespace hdq::bench
