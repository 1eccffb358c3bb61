// Lane operations of the algorithms, per element: the x axis of the roofline. What an implementation adds to them (loads, shuffles
// within a register, widening) is its own affair.
#pragma once

#include "hdq/stages.hpp"

namespace hdq::bench {

// Additions of H: one per butterfly stage, then B_m in groups of four columns: eight sums of each group serve all m rows, which
// each add m/4 of them. 4 + 8 additions (two levels) per group: 12·(m/4)/m = 3, and m/4 − 1 more per row.
inline double transform_operations(std::size_t dimension) {
  const HadamardOrder order = hadamard_order(dimension);
  const double base = order.base == 1 ? 0 : 3 + order.base / 4 - 1;
  return (order.log2 + base) * static_cast<double>(order.order) / static_cast<double>(dimension);
}

// Norm (one fma), sign flip, transform, and a binary search of b comparisons, each after a permute that finds the threshold.
inline double encode_operations(std::size_t dimension, int bits) { return 2 + transform_operations(dimension) + 2 * bits; }
// A permute that finds the codeword, transform, product with the scale, sign flip.
inline double decode_operations(std::size_t dimension) { return 3 + transform_operations(dimension); }
// A permute that finds the codeword and an fma.
inline double score_operations() { return 2; }

}  // namespace hdq::bench
