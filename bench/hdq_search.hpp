// The k rows of largest estimated inner product for each query, from codes alone: what a peer's search is compared with.
#pragma once

#include <cstdint>
#include <vector>

#include "hdq/codec.hpp"

namespace hdq::bench {

// queries × k row numbers, best first. Rotates the queries, scores blocks of rows that stay in cache, keeps the best.
std::vector<std::int64_t> search(const Codec& codec, const std::vector<float>& norms, const std::vector<std::uint8_t>& codes,
                                 const float* queries, std::size_t count, std::size_t k);

}  // namespace hdq::bench
