// The rows on which hdq and its peers are compared: unit vectors, queries apart, and the true neighbours of each query.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "figure.hpp"
#include "hdq/search.hpp"

namespace hdq::bench {

struct PeerData {
  std::string name;
  std::size_t dimension = 0, rows = 0, queries = 0;
  std::vector<float> x, q;
  std::vector<std::uint64_t> nearest;  // queries × neighbours, by inner product
};
inline constexpr std::size_t neighbours = 10;

// Both are made once. Synthetic embeddings of 768 dimensions: 64 latent Gaussian factors of decreasing weight, mixed into the coordinates,
// and Gaussian noise.
const PeerData& synthetic_embeddings(const Settings& settings);
// The sentence embeddings of data/; every fifth is a query.
const PeerData& sentence_embeddings();

std::vector<std::uint64_t> row_numbers(const std::vector<Neighbour>& found);

// Share of the true neighbours among those found, queries × neighbours.
double recall(const PeerData& data, const std::vector<std::uint64_t>& found);
// Mean over rows of ‖y − x‖²/‖x‖².
double relative_error(const std::vector<float>& x, const std::vector<float>& y, std::size_t n);

}  // namespace hdq::bench
