// Sequential tests of means without bounded observations: each is a nonnegative supermartingale that starts at 1 as long as the
// hypothesis holds, so by Ville's inequality the probability that it ever reaches 1/α is at most α. One may look after
// every observation and stop when one likes.
//
// MeanTest      H: E X = 0 and E X² <= V.  For y = λX, ψ(y) = ln(1 + |y| + y²/2)·sgn with the sign taken so that
//               exp(ψ(y)) <= 1 + y + y²/2 (Catoni 2012; Wang and Ramdas 2023), hence E exp(ψ(λX)) <= 1 + λ²V/2 <= exp(λ²V/2)
//               for either sign of λ. One observation adds no more than the logarithm of its square: a heavy tail (codewords
//               reach −κ/U) rejects by itself only where Chebyshev's inequality would. No other property of the law of X is used.
// UpperTest     H: E X <= B, X >= 0.  Π (1 + λ (X/B − 1)), 0 < λ < 1.
//
// Both average over a geometric grid of λ, which is again such a martingale.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace hdq::validate {

// ln of the mean of exp(values).
template <std::size_t n>
double log_mean_exp(const std::array<double, n>& values) {
  const double largest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (const double v : values) sum += std::exp(v - largest);
  return largest + std::log(sum / static_cast<double>(n));
}

// Mean and its standard error, for the report only.
class Moments {
 public:
  void add(double x) {
    ++count_;
    const double delta = x - mean_;
    mean_ += delta / static_cast<double>(count_);
    squares_ += delta * (x - mean_);
  }
  std::uint64_t count() const { return count_; }
  double mean() const { return mean_; }
  double standard_error() const {
    const auto n = static_cast<double>(count_);
    return count_ < 2 ? INFINITY : std::sqrt(squares_ / (n - 1) / n);
  }

 private:
  std::uint64_t count_ = 0;
  double mean_ = 0, squares_ = 0;
};

class MeanTest {
 public:
  // second_moment: V; alpha: the probability that a true hypothesis is ever rejected.
  MeanTest(double second_moment, double alpha) : second_moment_(second_moment), log_threshold_(-std::log(alpha)) {
    for (std::size_t k = 0; k < grid; ++k) {
      // The best λ if the decision falls after 2^(k+2) observations.
      lambda_[k] = std::sqrt(2 * log_threshold_ / (std::ldexp(4.0, static_cast<int>(k)) * second_moment_));
    }
  }

  // x: an observation minus its mean under the hypothesis. NaN and infinity reject.
  void add(double x) {
    if (!std::isfinite(x)) broken_ = true;
    if (broken_) return;
    for (std::size_t k = 0; k < grid; ++k) {
      const double y = lambda_[k] * x, penalty = 0.5 * lambda_[k] * lambda_[k] * second_moment_;
      log_wealth_[2 * k] += influence(y) - penalty;
      log_wealth_[2 * k + 1] += influence(-y) - penalty;
    }
  }
  bool rejected() const { return broken_ || log_mean_exp(log_wealth_) >= log_threshold_; }

 private:
  static constexpr std::size_t grid = 18;
  // Odd: ln(1 + y + y²/2) for y >= 0. For y < 0, −ln(1 − y + y²/2) <= ln(1 + y + y²/2), since (1 + y²/2)² − y² >= 1.
  static double influence(double y) { return std::copysign(std::log1p(std::abs(y) + 0.5 * y * y), y); }

  double second_moment_, log_threshold_;
  std::array<double, grid> lambda_{};
  std::array<double, 2 * grid> log_wealth_{};
  bool broken_ = false;
};

class UpperTest {
 public:
  UpperTest(double alpha) : log_threshold_(-std::log(alpha)) {}

  // x >= 0; bound: what E X is at most under the hypothesis, given all that came before (it may vary).
  void add(double x, double bound) {
    if (!std::isfinite(x)) broken_ = true;
    if (broken_) return;
    for (std::size_t k = 0; k < grid; ++k) log_wealth_[k] += std::log1p(lambda(k) * (x / bound - 1));
  }
  bool rejected() const { return broken_ || log_mean_exp(log_wealth_) >= log_threshold_; }

 private:
  static constexpr std::size_t grid = 10;
  static double lambda(std::size_t k) { return std::ldexp(0.9, -static_cast<int>(k)); }

  double log_threshold_;
  std::array<double, grid> log_wealth_{};
  bool broken_ = false;
};

}  // namespace hdq::validate
