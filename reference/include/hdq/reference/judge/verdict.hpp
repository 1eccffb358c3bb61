// Verdicts on a float implementation, of any scheme: what is said of a row's norm, codes and decoded values.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "hdq/reference/judge/rounding_bounds.hpp"
#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/vector_quantizer.hpp"

namespace hdq::reference {

enum class Verdict : std::uint8_t { equal, within_bound, wrong };

struct NormJudgement {
  Verdict verdict = Verdict::equal;  // equal: the float nearest to ‖x‖
  double error = 0, bound = 0;       // |ρ − ‖x‖|, rounded up; the proved bound
};

struct CodeDifference {
  std::size_t coordinate;
  std::int64_t code, exact_code;
  Verdict verdict;
  double distance, bound;  // largest |y_j − θ_k ρ| − bound over the thresholds between, by its two parts
};

struct CodesJudgement {
  std::size_t equal = 0, within_bound = 0, wrong = 0;
  std::vector<CodeDifference> differences;  // every coordinate that is not equal, in order

  // Verdict of one coordinate.
  Verdict of(std::size_t coordinate) const {
    for (const CodeDifference& d : differences) {
      if (d.coordinate == coordinate) return d.verdict;
    }
    return Verdict::equal;
  }
};

struct DecodedDifference {
  std::size_t coordinate;
  float value;
  double exact, error;  // rounded
};

struct DecodedJudgement {
  std::size_t within_bound = 0, wrong = 0;     // exact decoded values are no floats: within bound is the best there is
  double largest_error = 0, bound = 0;         // over the row; the proved bound, the same for each coordinate
  std::vector<DecodedDifference> differences;  // the wrong ones
};

// Of the norm of n floats.
inline NormJudgement judge_norm(const float* x, std::size_t n, float norm) {
  Precision precision(96);
  const Ball exact = exact_norm(x, n);
  const Ball error = abs(Ball(static_cast<double>(norm)) - exact), bound = norm_error_bound(exact, n);
  NormJudgement r;
  r.error = error.upper_double();
  r.bound = bound.upper_double();
  // Half the gap to the neighbour on the far side of which ‖x‖ would be rounded elsewhere.
  const float toward =
      certainly_less(exact, Ball(static_cast<double>(norm))) ? 0.0f : std::numeric_limits<float>::max();
  const double gap = std::abs(static_cast<double>(std::nextafter(norm, toward)) - static_cast<double>(norm));
  if (std::isfinite(norm) && norm >= 0 && certainly_less_equal(error, Ball(gap / 2)))
    r.verdict = Verdict::equal;
  else
    r.verdict = std::isfinite(norm) && certainly_less_equal(error, bound) ? Verdict::within_bound : Verdict::wrong;
  return r;
}

// Of one decoded value: `bound` as promised of |value − exact|.
inline Verdict judge_value(float value, const Ball& exact, const Ball& bound) {
  if (std::isnan(value)) return Verdict::wrong;
  if (std::isinf(value)) {
    // Rounded to infinity from 2^128 − 2^103 on.
    const Ball overflow = Ball::power_of_two(128) - Ball::power_of_two(103);
    const Ball reached = (value > 0 ? exact : -exact) + bound;
    return certainly_less(reached, overflow) ? Verdict::wrong : Verdict::within_bound;
  }
  const Ball error = abs(Ball(static_cast<double>(value)) - exact);
  return certainly_less_equal(error, bound.upper_end()) ? Verdict::within_bound : Verdict::wrong;
}

namespace detail {

inline Ball sum_of_magnitudes(const float* x, std::size_t n) {
  Ball sum;
  for (std::size_t i = 0; i < n; ++i) sum += abs(Ball(static_cast<double>(x[i])));
  return sum;
}

}  // namespace detail

}  // namespace hdq::reference
