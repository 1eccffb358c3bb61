// Rows that are hard for an entropy coder, and steps at which it works differently.
#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include "hdq/codec.hpp"
#include "hdq/stages.hpp"

namespace hdq::test {

// Both ends, both sides of where raw bits begin, a rate of 2, one where one row of 131072 needs codes of 32 bits, and one where the offset, below
// 2^h, takes codes of a row along H of order 1024 beyond 16: √d/Δ = 32700, h = 7.
inline const std::vector<float> steps = {0x1p-10f,       0.00097859f, 0.001009f, 0.0162f, 0.125f,
                                         0x1.000002p-3f, 0.26f,       1.0825f,   13.6f,   16.0f};

// Rows of every kind that is hard for a coder: the first coordinate alone, all equal, a row of H (all of z in one coordinate), heavy
// tails, zeros, subnormals, huge, then normal ones.
inline std::vector<float> rows_of(const Codec& codec, std::size_t rows, float huge = 0x1p100f) {
  std::mt19937_64 random(codec.dimension());
  std::normal_distribution<float> normal;
  const std::size_t n = codec.dimension();
  std::vector<float> x(rows * n);
  for (std::size_t row = 0; row < rows; ++row) {
    float* to = x.data() + row * n;
    for (std::size_t i = 0; i < n; ++i) {
      const float z = normal(random);
      switch (row % 8) {
        case 0:
          to[i] = i == 0 ? -2.5f : 0;
          break;
        case 1:
          to[i] = 0.3f;
          break;
        case 3:
          to[i] = z * z * z * z * z;
          break;
        case 4:
          to[i] = 0;
          break;
        case 5:
          to[i] = z * 0x1p-140f;
          break;
        case 6:
          to[i] = z * huge;
          break;
        default:
          to[i] = z;
      }
    }
    if (row % 8 != 2) continue;
    // D Hᵀ e: rotated, it is one coordinate of √d.
    std::vector<float> e(codec.order());
    e[codec.order() / 2] = 1;
    std::vector<std::uint32_t> signs((codec.order() + 31) / 32);
    sign_bits(codec.seed(), codec.order(), signs.data());
    transform_transposed(e.data(), codec.order(), signs.data());
    std::copy_n(e.begin(), n, to);
  }
  return x;
}

inline EncodedRows encoded(const Codec& codec, std::size_t rows, std::uint64_t first_row = 0) {
  const std::vector<float> x = rows_of(codec, rows);
  return codec.encode(RowsView<const float>(x.data(), rows, codec.dimension()), first_row);
}

}  // namespace hdq::test
