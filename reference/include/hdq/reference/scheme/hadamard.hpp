// Hadamard matrices of the orders d = m·2^k, m in {1, 12, 20, 28} (SPEC §1), entry by entry, and the exact product H x.
//
// The product comes twice: by definition (every entry times every coordinate) and by the fast network. Both are templates
// over a ring whose additions are exact — std::int64_t, __int128, Integer — and DyadicVector turns floats into such.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"

namespace hdq::reference {

struct HadamardOrder {
  std::size_t order;  // d = base << log2
  int base;           // m
  int log2;           // k
};

// The smallest supported order >= dimension.
inline HadamardOrder hadamard_order(std::size_t dimension) {
  if (dimension < 1 || dimension > (std::size_t{1} << 40)) throw std::invalid_argument("dimension out of range");
  HadamardOrder best{std::numeric_limits<std::size_t>::max(), 0, 0};
  for (int base : {1, 12, 20, 28}) {
    int log2 = 0;
    while ((static_cast<std::size_t>(base) << log2) < dimension) ++log2;
    const std::size_t order = static_cast<std::size_t>(base) << log2;
    if (order < best.order) best = {order, base, log2};
  }
  return best;
}

// χ(a) mod a prime q: 0 if q divides a, 1 if a is a nonzero square, else −1.
inline int quadratic_character(int a, int q) {
  a = ((a % q) + q) % q;
  if (a == 0) return 0;
  for (int r = 1; r < q; ++r) {
    if (r * r % q == a) return 1;
  }
  return -1;
}

// Entry (row, column) of B_m.
inline int base_matrix_entry(int base, int row, int column) {
  if (row < 0 || column < 0 || row >= base || column >= base) throw std::out_of_range("base matrix entry");
  // The bordered matrix [[0, 1ᵀ], [border, Q]], Q[r][s] = χ(r − s).
  const auto bordered = [](int q, int border, int i, int j) {
    if (i == 0) return j == 0 ? 0 : 1;
    return j == 0 ? border : quadratic_character(i - j, q);
  };
  const int identity = row == column ? 1 : 0;
  switch (base) {
    case 1: return 1;
    case 12: return identity + bordered(11, -1, row, column);  // Paley I
    case 20: return identity + bordered(19, -1, row, column);
    case 28: {  // Paley II: C ⊗ [[1, 1], [1, −1]] + I ⊗ [[1, −1], [−1, −1]]
      static constexpr int on_c[2][2] = {{1, 1}, {1, -1}}, on_identity[2][2] = {{1, -1}, {-1, -1}};
      const int i = row / 2, j = column / 2;
      return bordered(13, 1, i, j) * on_c[row % 2][column % 2] + (i == j ? on_identity[row % 2][column % 2] : 0);
    }
    default: throw std::invalid_argument("no such base matrix");
  }
}

// H[row][column], row = a·2^k + c, column = a'·2^k + c':  B_m[a][a'] · (−1)^popcount(c & c').
inline int hadamard_entry(const HadamardOrder& d, std::size_t row, std::size_t column) {
  if (row >= d.order || column >= d.order) throw std::out_of_range("Hadamard entry");
  const std::size_t mask = (std::size_t{1} << d.log2) - 1;
  const int base = base_matrix_entry(d.base, static_cast<int>(row >> d.log2), static_cast<int>(column >> d.log2));
  return std::popcount(row & column & mask) % 2 == 0 ? base : -base;
}

// y = H x and y = Hᵀ x by definition.
template <class T>
std::vector<T> multiply_by_definition(const HadamardOrder& d, const std::vector<T>& x, bool transposed = false) {
  std::vector<T> y(d.order, T(0));
  for (std::size_t i = 0; i < d.order; ++i) {
    for (std::size_t j = 0; j < d.order; ++j) {
      if ((transposed ? hadamard_entry(d, j, i) : hadamard_entry(d, i, j)) > 0) y[i] += x[j];
      else y[i] -= x[j];
    }
  }
  return y;
}

namespace detail {

// The Sylvester factor: butterflies within each block of 2^k.
template <class T>
void butterflies(std::vector<T>& x, int log2) {
  for (std::size_t h = 1; h < (std::size_t{1} << log2); h *= 2) {
    for (std::size_t block = 0; block < x.size(); block += 2 * h) {
      for (std::size_t i = block; i < block + h; ++i) {
        const T a = x[i], b = x[i + h];
        x[i] = a + b;
        x[i + h] = a - b;
      }
    }
  }
}

// The factor B_m (or its transpose) across the blocks.
template <class T>
void base_stage(std::vector<T>& x, const HadamardOrder& d, bool transposed) {
  if (d.base == 1) return;
  const auto m = static_cast<std::size_t>(d.base);
  const std::size_t block = std::size_t{1} << d.log2;
  std::vector<int> sign(m * m);
  for (std::size_t a = 0; a < m; ++a) {
    for (std::size_t b = 0; b < m; ++b) {
      sign[a * m + b] = base_matrix_entry(d.base, static_cast<int>(transposed ? b : a), static_cast<int>(transposed ? a : b));
    }
  }
  std::vector<T> column(m);
  for (std::size_t c = 0; c < block; ++c) {
    for (std::size_t b = 0; b < m; ++b) column[b] = x[b * block + c];
    for (std::size_t a = 0; a < m; ++a) {
      T sum(0);
      for (std::size_t b = 0; b < m; ++b) {
        if (sign[a * m + b] > 0) sum += column[b];
        else sum -= column[b];
      }
      x[a * block + c] = sum;
    }
  }
}

}  // namespace detail

// x ← H x and x ← Hᵀ x by the fast network; exact because T's additions are.
template <class T>
void hadamard_transform(const HadamardOrder& d, std::vector<T>& x) {
  detail::butterflies(x, d.log2);
  detail::base_stage(x, d, false);
}
template <class T>
void hadamard_transform_transposed(const HadamardOrder& d, std::vector<T>& x) {
  detail::butterflies(x, d.log2);
  detail::base_stage(x, d, true);
}

// Finite floats on a common scale: value i = mantissa_i · 2^exponent, with |mantissa_i| < 2^bits.
struct DyadicScale {
  int exponent = 0;
  int bits = 0;
};

inline DyadicScale dyadic_scale(const float* x, std::size_t n) {
  int lowest = std::numeric_limits<int>::max(), highest = std::numeric_limits<int>::min();
  for (std::size_t i = 0; i < n; ++i) {
    if (!std::isfinite(x[i])) throw std::invalid_argument("not a finite number");
    if (x[i] == 0) continue;
    int e = 0;
    std::frexp(x[i], &e);  // |x| in [2^(e−1), 2^e), a multiple of 2^(e−24)
    lowest = std::min(lowest, e - 24);
    highest = std::max(highest, e);
  }
  if (highest < lowest) return {0, 1};
  return {lowest, highest - lowest};
}

// The mantissas; T must hold scale.bits + 1 bits.
template <class T>
std::vector<T> dyadic_mantissas(const float* x, std::size_t n, const DyadicScale& scale) {
  std::vector<T> mantissas(n, T(0));
  for (std::size_t i = 0; i < n; ++i) {
    if (x[i] == 0) continue;
    int e = 0;
    const double fraction = std::frexp(static_cast<double>(x[i]), &e);
    mantissas[i] = T(static_cast<std::int64_t>(std::ldexp(fraction, 24)));
    // Not a shift: left shifts of negative numbers mean multiplication only for some T.
    for (int shift = e - 24 - scale.exponent; shift > 0; shift -= 30) mantissas[i] *= T(std::int64_t{1} << std::min(shift, 30));
  }
  return mantissas;
}

// Bits that every intermediate of the network needs: |sum| <= d · 2^bits.
inline int transform_bits(const HadamardOrder& d, const DyadicScale& scale) {
  return scale.bits + static_cast<int>(std::bit_width(d.order - 1)) + 1;  // with sign
}

}  // namespace hdq::reference
