// What means over clients err (SPEC §9): hdq and other schemes for means, at nearly equal bits.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "hdq/figures/notation.hpp"
#include "hdq/reference/expectation/row_error.hpp"

namespace hdq::figures {

// hdq, hdq-entropy-coded, hdq-entropy-coded-shrunk (SPEC §3, §7, §4): the first two exactly, for every vector without bias.
// eden (drive at one bit), eden-biased, turboquant-mse: nearest codewords of Lloyd and Max with the factor of that profile.
// quic-fl-private: QUIC-FL's bounded support and exact outliers, with stochastic rounding in place of its tables with shared randomness.
// stochastic-uniform: stochastic rounding to 2^b equidistant values from least to largest rotated coordinate.
struct SchemeMeanError {
  std::string scheme;
  double bits_per_coordinate;  // all that is sent over d, norms and the like included, seeds apart
  std::vector<reference::RowError> of_vectors;
};

struct MeanErrors {
  int bits;
  std::size_t dimension, seeds;
  std::vector<std::string> vectors;  // gaussian, heavy-tailed, one-hot, sparse
  std::vector<SchemeMeanError> schemes;
};

inline constexpr std::size_t mean_error_seeds = 1024;

// The vectors: normal quantiles at (i + 1/2)/d; those of Student's t with two degrees of freedom; (1, 0, …); (4, 1, 1, 0, …).
// dimension: a Hadamard order, 4 at least; bits 1 … 8.
MeanErrors mean_errors(int bits, std::size_t dimension);
// For each number of clients: of equal vectors, and of different ones, whose coordinates have fair signs of their own: error/N.
Notation::Json mean_errors(const MeanErrors& figures, const std::vector<std::size_t>& clients);

}  // namespace hdq::figures
