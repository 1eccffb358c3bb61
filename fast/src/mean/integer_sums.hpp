// Sums of rows of numbers that do not depend on the order of rows (SPEC §9): each row is rounded to integers of a unit of its own size, and integers
// are added exactly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "simd/kernels.hpp"

namespace hdq::detail {

class IntegerSums {
 public:
  static constexpr int bin_bits = 16, unit_bits = 34, low_bits = 40;
  static constexpr int least_bin = -80, most_bin = 80;  // beyond what weights and norms give

  // Sums of the rows of bin B, as multiples of 2^(16 B − 34): high·2^40 + low.
  struct Bin {
    std::vector<std::int64_t> low, high;
    std::size_t rows = 0;  // since low was last in [0, 2^40): each changes it by 2^50 at most
  };
  using Bins = std::map<int, Bin>;

  explicit IntegerSums(std::size_t count) : count_(count) {}

  // Adds factor·z_j for j < count, factor > 0, each product rounded to double and then to a multiple of the unit of the row's bin.
  void add(const Kernels& kernels, double factor, const float* z);
  void add(const IntegerSums& other);

  // out[j]: the sum, from the lowest bin up, each bin's rounded to double and added in double. Of fewer than 2^43 rows.
  void values(std::vector<double>& out) const;

  // With every low in [0, 2^40), and no bin whose sums are all zero: equal sums have equal ones.
  Bins canonical() const;
  static IntegerSums of(std::size_t count, Bins canonical);

 private:
  Bin& bin(int index);

  std::size_t count_;
  Bins bins_;
};

}  // namespace hdq::detail
