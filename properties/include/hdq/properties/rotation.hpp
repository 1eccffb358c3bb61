// Properties of the rotation (SPEC §1): y = H D x, unnormalised, and x = D Hᵀ y.
#pragma once

#include <bit>

#include "hdq/properties/result.hpp"
#include "hdq/reference/judge/judge.hpp"

namespace hdq::properties {

using Transform = std::function<Vector(const Vector&)>;  // d floats to d floats

// H Hᵀ = d·I with entries ±1: each column H e_i has d entries ±1, and different columns are orthogonal, exactly.
// SPEC §5.1, supported_hadamard. For any order and any matrix of signs; signs D may be on either side.
inline Result transform_is_orthogonal(std::size_t order, const Transform& transform) {
  const std::size_t words = (order + 63) / 64;
  std::vector<std::vector<std::uint64_t>> negative(order, std::vector<std::uint64_t>(words));
  for (std::size_t i = 0; i < order; ++i) {
    Vector unit(order);
    unit[i] = 1;
    const Vector column = transform(unit);
    if (column.size() != order) return violated("the transform of ", order, " floats has ", column.size());
    for (std::size_t j = 0; j < order; ++j) {
      if (column[j] != 1 && column[j] != -1) return violated("entry (", j, ", ", i, ") of the matrix is ", column[j], ", not 1 or -1");
      if (column[j] < 0) negative[i][j / 64] |= std::uint64_t{1} << (j % 64);
    }
    for (std::size_t other = 0; other < i; ++other) {
      std::size_t different = 0;
      for (std::size_t w = 0; w < words; ++w) different += static_cast<std::size_t>(std::popcount(negative[i][w] ^ negative[other][w]));
      if (2 * different != order) {
        return violated("columns ", other, " and ", i, " have inner product ",
                        static_cast<std::ptrdiff_t>(order) - 2 * static_cast<std::ptrdiff_t>(different), ", not 0");
      }
    }
  }
  return {};
}

// Entry for entry the H of SPEC §1 (without signs). SPEC §5.1, supported_matrix_entry and transform_exact.
inline Result transform_is_the_matrix(std::size_t order, const Transform& transform) {
  const reference::HadamardOrder d = reference::hadamard_order(order);
  if (d.order != order) return violated(order, " is no supported order");
  for (std::size_t i = 0; i < order; ++i) {
    Vector unit(order);
    unit[i] = 1;
    const Vector column = transform(unit);
    for (std::size_t j = 0; j < order; ++j) {
      const auto entry = static_cast<float>(reference::hadamard_entry(d, j, i));
      if (column.at(j) != entry) return violated("entry (", j, ", ", i, ") is ", column[j], ", not ", entry);
    }
  }
  return {};
}

// Each fl(y_j) is within ((1 + u)^s − 1) Σ|x_i| of y = H D x (transposed: D Hᵀ x), s the additions on the longest path of SPEC §4.
// SPEC §5.6, rotation_error_bound_correct and transform_transposed_error_bound_correct. `stages` is for another order of
// additions; 0 means that of SPEC §4. x: d finite floats.
inline Result transform_within_bound(std::uint64_t seed, const Vector& x, const Transform& rotate, bool transposed = false, int stages = 0) {
  using namespace reference;
  const HadamardOrder d = reference::hadamard_order(x.size());
  if (d.order != x.size()) return violated(x.size(), " is no supported order");
  Precision precision(192);
  const std::vector<int> epsilon = signs(seed, d.order);
  const DyadicScale scale = dyadic_scale(x.data(), x.size());
  std::vector<Integer> exact = dyadic_mantissas<Integer>(x.data(), x.size(), scale);
  if (transposed) hadamard_transform_transposed(d, exact);
  for (std::size_t i = 0; i < d.order; ++i) exact[i] *= epsilon[i];
  if (!transposed) hadamard_transform(d, exact);
  const int additions = stages > 0 ? stages : transform_addition_stages(d.base, d.log2);
  const Ball bound = transform_error_bound(reference::detail::sum_of_magnitudes(x.data(), x.size()), additions).upper_end();
  const Vector y = rotate(x);
  for (std::size_t j = 0; j < d.order; ++j) {
    const Ball value = ldexp(Ball(exact[j]), scale.exponent);
    if (!std::isfinite(y.at(j)) || !certainly_less_equal(abs(Ball(static_cast<double>(y[j])) - value), bound)) {
      return violated("coordinate ", j, " is ", y[j], ", exactly ", value.mid_double(), ", bound ", bound.mid_double());
    }
  }
  return {};
}

namespace detail {
inline double magnitudes(const Vector& x) {
  double sum = 0;
  for (const float value : x) sum += std::abs(static_cast<double>(value));
  return sum;
}
// ((1 + u)^s − 1) rounded up, for any order of the additions of d numbers: s < d.
inline double any_order(std::size_t d) { return std::expm1(static_cast<double>(d) * std::log1p(0x1p-24)) * (1 + 0x1p-20); }
}  // namespace detail

// transposed(transform(x)) = d·x, within the rounding of any order of additions. SPEC §5.1, hadamard_inverse: the inverse is the
// transpose over d, symmetric or not.
inline Result transposed_is_inverse(const Vector& x, const Transform& transform, const Transform& transposed) {
  const std::size_t d = x.size();
  const Vector y = transform(x), back = transposed(y);
  const double each = detail::any_order(d) * (detail::magnitudes(x) + detail::magnitudes(y) / static_cast<double>(d)) + 0x1p-149;
  for (std::size_t i = 0; i < d; ++i) {
    const double value = static_cast<double>(back.at(i)) / static_cast<double>(d);
    if (!(std::abs(value - static_cast<double>(x[i])) <= each)) {
      return violated("coordinate ", i, " comes back as ", value, ", not ", x[i], "; bound ", each);
    }
  }
  return {};
}

// ‖transform(x)‖² = d ‖x‖², within the rounding of any order of additions. SPEC §5.1, supported_hadamard.
inline Result transform_keeps_norm(const Vector& x, const Transform& transform) {
  const double d = static_cast<double>(x.size());
  const Vector y = transform(x);
  const double norm = std::sqrt(dot(x, x) * d), rotated = std::sqrt(dot(y, y));
  // An error of at most e in each coordinate moves the norm by at most √d·e.
  const double bound = std::sqrt(d) * detail::any_order(x.size()) * detail::magnitudes(x) + 1e-12 * norm;
  if (!(std::abs(rotated - norm) <= bound)) return violated("the rotated norm is ", rotated, ", not √d ‖x‖ = ", norm, "; bound ", bound);
  return {};
}

// Every coordinate of H D x has the law of Σ ε_i x_i: mean 0, variance ‖x‖², over the seeds. SPEC §5.2, rotated_coordinate_law.
// Signs that are missing, constant or applied after H fail on a constant x or a row of H. With z = y/‖x‖, over S seeds:
//   P(mean z² >= 1 + t) <= exp(−S (t − ln(1 + t))/2)    from E exp(λz²) <= (1 − 2λ)^(−1/2)   (rademacher_unit_exp_moments)
//   P(mean z² <= 1 − t) <= exp(−S t²/6)                 from z² >= 0 and E z⁴ <= 3            (rademacher_unit_moments)
//   P(|mean z| >= t)    <= 2 exp(−S t²/2)               from E exp(tz) <= exp(t²/2).
inline Result coordinates_have_rademacher_law(const Vector& x, const std::function<Vector(std::uint64_t seed, const Vector&)>& rotate,
                                              std::size_t seeds = 1000) {
  const double norm = std::sqrt(dot(x, x)), count = static_cast<double>(seeds);
  std::vector<double> sums, squares;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const Vector y = rotate(seed, x);
    sums.resize(y.size()), squares.resize(y.size());
    for (std::size_t j = 0; j < y.size(); ++j) {
      const double z = static_cast<double>(y[j]) / norm;
      sums[j] += z / count;
      squares[j] += z * z / count;
    }
  }
  // Each of 4 d tails gets its share; t − ln(1 + t) >= t²/2 − t³/3 is solved from above.
  const double log_share = std::log(4 * static_cast<double>(sums.size()) / false_alarm);
  const double low = std::sqrt(6 * log_share / count), middle = std::sqrt(2 * log_share / count);
  double high = middle;
  while (count * (high - std::log1p(high)) / 2 < log_share) high *= 1.1;
  for (std::size_t j = 0; j < sums.size(); ++j) {
    if (std::abs(sums[j]) > middle) return violated("coordinate ", j, " has mean ", sums[j], "·‖x‖ over the seeds, not 0 ± ", middle);
    if (squares[j] > 1 + high || squares[j] < 1 - low) {
      return violated("coordinate ", j, " has mean square ", squares[j], "·‖x‖² over the seeds, not 1 (-", low, ", +", high, ")");
    }
  }
  return {};
}

}  // namespace hdq::properties
