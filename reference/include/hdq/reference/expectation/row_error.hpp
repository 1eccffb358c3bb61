// What the estimate of one row errs under one HD, and how much of that is bias, for schemes that estimate means (SPEC §9):
//   error = E‖x̂ − x‖²/‖x‖²,   bias = ‖E x̂ − x‖²/‖x‖².
// The mean of N equal rows, each with signs and draws of its own, errs (bias + (error − bias)/N)·‖x‖²; without bias the signs may be common.
//
// In double. Expectations over the signs are sums over all patterns where x has at most 12 coordinates that are not 0; otherwise means over the
// sign streams (SPEC §2) of the seeds 0, 1, …, with standard errors. What is drawn besides, to round, is integrated exactly.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace hdq::reference {

struct RowError {
  double error = 0, bias = 0;
  double error_deviation = 0, bias_deviation = 0;  // standard errors; 0 where all patterns are summed

  double of_equal_rows(double rows) const { return bias + (error - bias) / rows; }
};

// x: d numbers, d a Hadamard order (SPEC §1), not all 0. z = HDx/‖x‖.
class RowErrors {
 public:
  RowErrors(std::span<const double> x, std::size_t seeds);  // seeds: a multiple of 16, 32 at least

  bool over_all_signs() const { return exact_; }

  // z_j becomes the nearest c_j of `codewords` (ascending); x̂ = f·‖x‖/d·D Hᵀ c with the factor f = 1 (norm), d/⟨c, z⟩ (unbiased: ⟨x, x̂⟩ = ‖x‖²),
  // ⟨c, z⟩/‖c‖² (least squares), in this order.
  std::array<RowError, 3> nearest(const std::vector<double>& codewords) const;
  // Stochastic rounding to `levels` equidistant values from min z to max z.
  RowError stochastic_uniform(int levels) const;
  // Stochastic rounding to `codewords` (ascending); what lies beyond their ends is kept as it is.
  RowError bounded_support(const std::vector<double>& codewords) const;

 private:
  template <class F>
  void for_each_pattern(const F& f) const;  // f(z, signs), patterns_ times

  std::vector<double> x_;  // of norm 1
  std::vector<std::size_t> support_;
  bool exact_;
  std::size_t patterns_;
};

// 2^bits values, from −T to T, to which stochastic rounding of a normal z errs least; T leaves the share `beyond` of z outside.
std::vector<double> bounded_support_codewords(int bits, double beyond);

}  // namespace hdq::reference
