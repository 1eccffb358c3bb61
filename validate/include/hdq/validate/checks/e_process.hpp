// Sequential tests of means without bounded observations: each is a nonnegative supermartingale that starts at 1 as long as the
// hypothesis holds, so by Ville's inequality the probability that it ever reaches 1/α is at most α. One may look after
// every observation and stop when one likes. A small bias, `tolerance`, is granted to rounding.
//
// MeanTest      H: |E X| <= t and E X² <= V.  For y = λX, ψ(y) = ln(1 + |y| + y²/2)·sgn with the sign taken so that
//               exp(ψ(y)) <= 1 + y + y²/2 (Catoni 2012; Wang and Ramdas 2023), hence E exp(ψ(λX)) <= 1 + λt + λ²V/2 <= exp(λt + λ²V/2)
//               for either sign of λ. One observation adds no more than the logarithm of its square: a heavy tail (codewords
//               reach −κ/U) rejects by itself only where Chebyshev's inequality would. No other property of the law of X is used.
//               It pays for what little it assumes: whatever X does, a bias δ takes about 2·ln(1/α)·V/δ² observations, and no test of H
//               takes fewer than ln(1/α)·V/δ²: an X that is −δ but for δ/p with probability p = δ²/V has mean 0 and second moment V,
//               and looks like the constant −δ until then. Where V is a loose claim, that is too many. Hence
// BettingTest   H: |E X| <= t, and for every R that was used E(|X| − R)⁺ <= r: what goes beyond R matters little. R is chosen before X is
//               seen. With Y = X clipped to [−R, R], |E Y| <= t + r, so for 0 < λ <= 1/(R + t + r) the product of
//               1 + λ(±Y − t − r) is a nonnegative supermartingale: a bet whose odds the hypothesis makes fair (Waudby-Smith and Ramdas
//               2024, "Estimating means of bounded random variables by betting", §4: the capital process with predictable bets). The
//               variance is not assumed but learned: of several λ the wealth is averaged, and at the best one ln wealth grows by about
//               δ²/2σ² for each observation, or by δ/2R where σ is small. An outlier costs wealth, or is a record, and raises R.
//               Formally: let the process stop at the first R for which E(|X| − R)⁺ > r; stopped, it is a supermartingale, so
//               P(it rejects while the hypothesis on R holds) <= α.
// UpperTest     H: E X <= B, X >= 0.  Π (1 + λ (X/B − 1)), 0 < λ < 1.
//
// All average over a geometric grid of λ, which is again such a martingale.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

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
  double mean_square() const { return count_ == 0 ? 0 : mean_ * mean_ + squares_ / static_cast<double>(count_); }
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
  // second_moment: V; alpha: the probability that a true hypothesis is ever rejected; tolerance: t.
  MeanTest(double second_moment, double alpha, double tolerance = 0) : second_moment_(second_moment), tolerance_(tolerance), log_threshold_(-std::log(alpha)) {
    for (std::size_t k = 0; k < grid; ++k) {
      // The best λ if the decision falls after 2^(k+2) observations.
      lambda_[k] = std::sqrt(2 * log_threshold_ / (std::ldexp(4.0, static_cast<int>(k)) * second_moment_));
    }
  }

  // x: an observation minus its mean under the hypothesis. NaN and infinity reject.
  void add(double x) { add_mean_of(x, 1); }
  // x: the mean of `count` independent observations, whose second moment is (V − t²)/count + t² or less; always the same count.
  void add_mean_of(double x, std::size_t count) {
    if (!std::isfinite(x)) broken_ = true;
    if (broken_) return;
    const auto size = static_cast<double>(count);
    for (std::size_t k = 0; k < grid; ++k) {
      // So that λ·(mean of m) is λ_k·(their sum).
      const double lambda = lambda_[k] * size, moment = second_moment_ / size + tolerance_ * tolerance_;
      const double psi = influence(lambda * x), penalty = lambda * tolerance_ + 0.5 * lambda * lambda * moment;
      log_wealth_[2 * k] += psi - penalty;
      log_wealth_[2 * k + 1] += -psi - penalty;
    }
  }
  bool rejected() const { return broken_ || log_mean_exp(log_wealth_) >= log_threshold_; }

  // A bias that makes the expected ln wealth reach the threshold after n observations of variance σ² (by E ψ(λX) >= λδ − λ²E X²/2).
  double smallest_bias(double n, double variance) const {
    return smallest_with([&](double bias) {
      double best = 0;
      for (const double lambda : lambda_) {
        best = std::max(best, n * (lambda * (bias - tolerance_) - 0.5 * lambda * lambda * (second_moment_ + variance + bias * bias)));
      }
      return best >= log_threshold_ + std::log(2.0 * grid);
    });
  }

  // The least value that satisfies an increasing condition, to 1 %; infinity if 100 does not.
  template <class Condition>
  static double smallest_with(const Condition& condition) {
    double low = 1e-9, high = 100;
    if (!condition(high)) return std::numeric_limits<double>::infinity();
    while (high > 1.01 * low) {
      const double middle = std::sqrt(low * high);
      (condition(middle) ? high : low) = middle;
    }
    return high;
  }

 private:
  static constexpr std::size_t grid = 18;
  // Odd: ln(1 + y + y²/2) for y >= 0. For y < 0, −ln(1 − y + y²/2) <= ln(1 + y + y²/2), since (1 + y²/2)² − y² >= 1.
  static double influence(double y) { return std::copysign(std::log1p(std::abs(y) + 0.5 * y * y), y); }

  double second_moment_, tolerance_, log_threshold_;
  std::array<double, grid> lambda_{};
  std::array<double, 2 * grid> log_wealth_{};
  bool broken_ = false;
};

class BettingTest {
 public:
  // tolerance: t; excess: r.
  BettingTest(double alpha, double tolerance, double excess) : log_threshold_(-std::log(alpha)), allowed_(tolerance + excess) { wealth_.fill(1); }

  // x: an observation minus its mean under the hypothesis; range: R > 0, chosen before x was seen. NaN and infinity reject.
  void add(double x, double range) {
    if (!std::isfinite(x)) broken_ = true;
    if (broken_) return;
    const double y = std::clamp(x, -range, range), most = 0.9 / (range + allowed_);
    range_ = range;
    for (std::size_t k = 0; k < grid; ++k) {
      const double lambda = std::ldexp(most, -static_cast<int>(k));
      wealth_[2 * k] *= 1 + lambda * (y - allowed_);
      wealth_[2 * k + 1] *= 1 + lambda * (-y - allowed_);
    }
    // Each factor is at least 0.1 and below 2: products of this many stay within a double.
    if (++pending_ == 128) settle();
  }
  bool rejected() const {
    std::array<double, 2 * grid> now = log_wealth_;
    for (std::size_t i = 0; i < now.size(); ++i) now[i] += std::log(wealth_[i]);
    return broken_ || log_mean_exp(now) >= log_threshold_;
  }

  // As of MeanTest, for the last R; by ln(1 + y) >= y − y² for y >= −1/2.
  double smallest_bias(double n, double variance) const {
    if (range_ <= 0) return std::numeric_limits<double>::infinity();
    return MeanTest::smallest_with([&](double bias) {
      const double gain = bias - allowed_;
      if (gain <= 0) return false;
      const double moment = variance + gain * gain, lambda = std::min(0.5 / (range_ + allowed_), gain / (2 * moment));
      // λ is within a factor √2 of one of the grid.
      return n * (lambda * gain - lambda * lambda * moment) * 0.9 >= log_threshold_ + std::log(2.0 * grid);
    });
  }

 private:
  static constexpr std::size_t grid = 11;
  void settle() {
    for (std::size_t i = 0; i < wealth_.size(); ++i) log_wealth_[i] += std::log(wealth_[i]);
    wealth_.fill(1);
    pending_ = 0;
  }

  double log_threshold_, allowed_, range_ = 0;
  std::array<double, 2 * grid> log_wealth_{}, wealth_{};
  std::size_t pending_ = 0;
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
