// What a coordinate costs the tables of SPEC §7: cost(z), the mean over V uniform on (0, 1) of the length of its code, raw bits and escapes included.
//
// As V runs through (0, 1), the coarse code of z/W = i + f is i while V < 1 − f and i + 1 from there on; the length of either depends on V by its
// bucket alone. So cost is linear between the knots z = W·(i + k/64), where 1 − f crosses from one bucket to the next, and continuous.
#pragma once

#include <cstdint>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/entropy_tables.hpp"

namespace hdq::reference {

// Bits of an escaped c, |c| > K, beside the escape's own 16: its sign and gamma code.
int escape_length(std::int64_t c, int largest);

// Enclosures at the working precision of its construction. Immutable.
class MeanCost {
 public:
  explicit MeanCost(const StepNumbers& step) : MeanCost(step, entropy_tables(step)) {}
  MeanCost(const StepNumbers& step, const FrequencyTables& tables);

  const StepNumbers& step() const { return step_; }
  // 16 − log2 f of a code in a bucket, an escape's bits included; raw bits not.
  Ball length(int bucket, std::int64_t c) const;

  // At z = W·(i + k/64), 0 <= k < 64, and anywhere.
  Ball at_knot(std::int64_t i, int k) const;
  Ball operator()(const Rational& z) const;

  // E cost(S) for S = (ε_1 + … + ε_m)/√m, m a square: the mean cost of every coordinate of a vector of m equal entries beside zeros.
  Ball of_flat(std::int64_t root) const;  // √m >= 1
  // E cost(z) for a standard normal z: the limit of these.
  Ball of_normal() const;

 private:
  // Σ of the lengths of c over buckets [0, count).
  Ball over_buckets(std::int64_t c, int count) const;

  StepNumbers step_;
  std::vector<std::vector<Ball>> sums_;  // [c + K][count]
};

}  // namespace hdq::reference
