// Properties of random signs and dither (SPEC §2), of any generator: the paper needs independent signs and a uniform offset.
#pragma once

#include "hdq/properties/result.hpp"
#include "hdq/reference/scheme/philox.hpp"

namespace hdq::properties {

using Signs = std::function<std::vector<int>(std::uint64_t seed, std::size_t count)>;  // −1 or +1

// The signs of SPEC §2 for this seed.
inline Result signs_are_those_of_spec(std::uint64_t seed, std::size_t count, const Signs& signs) {
  const std::vector<int> expected = reference::signs(seed, count), given = signs(seed, count);
  if (given.size() != count) return violated(given.size(), " signs, not ", count);
  for (std::size_t i = 0; i < count; ++i) {
    if (given[i] != expected[i]) return violated("sign ", i, " of seed ", seed, " is ", given[i]);
  }
  return {};
}

// Signs are ±1, have mean 0 and are pairwise uncorrelated over the seeds: what E S² = 1 needs. SPEC §5.4, rademacher_unit_moments.
// Hoeffding: each mean over S seeds exceeds t with probability at most 2 exp(−S t²/2).
inline Result signs_are_pairwise_independent(std::size_t count, const Signs& signs, std::size_t seeds = 1000) {
  std::vector<int> sum(count * count);
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const std::vector<int> epsilon = signs(seed, count);
    for (std::size_t i = 0; i < count; ++i) {
      if (epsilon.at(i) != 1 && epsilon[i] != -1) return violated("sign ", i, " is ", epsilon[i]);
      sum[i * count + i] += epsilon[i];  // the diagonal holds the signs themselves
      for (std::size_t j = 0; j < i; ++j) sum[i * count + j] += epsilon[i] * epsilon[j];
    }
  }
  const auto pairs = static_cast<double>(count * (count + 1) / 2), s = static_cast<double>(seeds);
  const double limit = std::sqrt(2 * s * std::log(2 * pairs / false_alarm));
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const int total = sum[i * count + j];
      if (std::abs(total) <= limit) continue;
      if (i == j) return violated("sign ", i, " has mean ", total / s, " over ", seeds, " seeds");
      return violated("signs ", j, " and ", i, " have correlation ", total / s, " over ", seeds, " seeds");
    }
  }
  return {};
}

using Dither = std::function<double(std::uint64_t row)>;

// The offset lies strictly between 0 and 1 and is uniform over the rows. SPEC §2, and §5.9 for how fine it must be.
// Dvoretzky, Kiefer, Wolfowitz, Massart: the empirical distribution of n rows is farther than t from uniform with probability at
// most 2 exp(−2 n t²).
inline Result dither_is_uniform(const Dither& dither, std::size_t rows = 10000) {
  std::vector<double> u(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    u[row] = dither(row);
    if (!(u[row] > 0 && u[row] < 1)) return violated("the dither of row ", row, " is ", u[row], ", not between 0 and 1");
  }
  std::sort(u.begin(), u.end());
  const auto n = static_cast<double>(rows);
  const double limit = std::sqrt(std::log(2 / false_alarm) / (2 * n));
  for (std::size_t i = 0; i < rows; ++i) {
    const double off = std::max(u[i] - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - u[i]);
    if (off > limit) return violated("the fraction of dithers up to ", u[i], " is off by ", off, ", limit ", limit);
  }
  return {};
}

}  // namespace hdq::properties
