#include "hdq/reference/bounds/entropy_length.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace hdq::reference {
namespace {

Ball log2(const Ball& x) { return log(x) / log(Ball(2)); }

// What a put adds to log2 of the state beyond the symbol's length (SPEC §7, "Coder"): with x = q·f + r,
// x' = q·2^16 + r + F is less than (x·2^16/f)·(1 + f/x), and more than (x·2^16/f)·(1 − f/x). Before a put x >= 2^31, or x >= f·2^15 after a
// word has left, and f < 2^16: f/x <= 2^-15. A word that leaves makes the state no larger than 2^-32 times it was, and no smaller than that
// times 1 − 2^-15, since ⌊x/2^32⌋ >= f·2^15.
Ball put_excess() { return log2(Ball(1) + Ball::power_of_two(-15)); }
Ball put_loss() { return ldexp(-log2(Ball(1) - Ball::power_of_two(-15)), 1); }

// Costs at the knots W·(i + k/64), i = −reach … reach.
class Costs {
 public:
  Costs(const StepNumbers& step, int reach) : step_(step), reach_(reach) {
    const std::vector<std::vector<std::uint32_t>> tables = entropy_tables(step);
    for (int c = -reach; c <= reach + 1; ++c) {
      std::vector<Ball> sums{Ball(0)};
      for (int u = 0; u < offset_buckets; ++u)
        sums.push_back(sums.back() + length(tables[static_cast<std::size_t>(u)], c));
      prefix_.push_back(std::move(sums));
    }
  }

  // Of the first k buckets the code is i + 1 … the last k of 64: V >= 1 − k/64.
  Ball at_knot(int i, int k) const {
    const std::vector<Ball>&low = of(i), &high = of(i + 1);
    const auto split = static_cast<std::size_t>(offset_buckets - k);
    return ldexp(low[split] + high.back() - high[split], -6) + Ball(step_.raw_bits);
  }
  double knot(int i, int k) const { return step_.coarse * (i + k / 64.0); }
  int reach() const { return reach_; }

 private:
  const std::vector<Ball>& of(int c) const { return prefix_.at(static_cast<std::size_t>(c + reach_)); }

  // With the excess of every put: an upper bound of what the coder adds, and within 2^-8 of the symbol's own length.
  Ball length(const std::vector<std::uint32_t>& f, int c) const {
    if (std::abs(c) <= step_.largest) return Ball(16) - log2(Ball(f[static_cast<std::size_t>(c + step_.largest)]));
    int e = 0;
    while ((std::abs(c) - step_.largest) >> (e + 1) != 0) ++e;
    return Ball(16 + 2 + 2 * e);
  }

  StepNumbers step_;
  int reach_;
  std::vector<std::vector<Ball>> prefix_;  // of each c, sums over the first buckets
};

// The least a for a slope b, at the knots, in double.
double least_intercept(const std::vector<std::pair<double, double>>& knots, double b) {
  double a = -HUGE_VAL;
  for (const auto& [z, cost] : knots) a = std::max(a, cost - b * z * z);
  return a;
}

// Beyond z0 = W·reach both codes escape: their cost is at most h + 18 + 2·log2(|z|/W + 1), which b·z² outgrows from z0 on if it does there and
// 2·b·z0·(z0 + W)·ln 2 >= 2.
bool proved_beyond(const StepNumbers& step, int reach, const Ball& a, const Ball& b) {
  const Ball w(step.coarse), z0 = w * Ball(reach);
  const Ball cost = Ball(step.raw_bits + 18) + ldexp(log2(z0 / w + Ball(1)), 1);
  return certainly_less_equal(cost, a + b * square(z0)) &&
         certainly_less_equal(Ball(1), b * z0 * (z0 + w) * log(Ball(2)));
}

}  // namespace

Ball rate_of_error(const Rational& error) {
  const Ball zador = Ball::pi() * exp(Ball(1)) / Ball(6);
  return ldexp(log2(zador * (Ball(1) + Ball(1) / Ball(error))), -1);
}

Ball error_of_rate(const Ball& rate) {
  const Ball zador = Ball::pi() * exp(Ball(1)) / Ball(6);
  return zador / (exp(ldexp(rate, 1) * log(Ball(2))) - zador);
}

Ball mean_cost(const StepNumbers& step, const Rational& z) {
  const Rational steps = z / Rational(step.coarse) * 64;
  const Integer n = numerator(steps), d = denominator(steps);
  Integer whole = n / d;
  if (n < 0 && whole * d != n) --whole;
  const int knot = static_cast<int>(whole), i = knot >= 0 ? knot / 64 : -((63 - knot) / 64), k = knot - 64 * i;
  const Costs costs(step, std::max(std::abs(i) + 2, step.largest + 2));
  const Ball between(Rational(steps - Rational(whole)));
  const Ball low = costs.at_knot(i, k), high = k == 63 ? costs.at_knot(i + 1, 0) : costs.at_knot(i, k + 1);
  return low + between * (high - low);
}

EntropyLength entropy_length(const StepNumbers& step) {
  const Precision precision(128);
  const Costs costs(step, step.largest + 64);
  std::vector<std::pair<double, double>> knots;
  std::vector<Ball> exact;
  for (int i = -costs.reach(); i < costs.reach(); ++i) {
    for (int k = 0; k < offset_buckets; ++k) {
      exact.push_back(costs.at_knot(i, k));
      knots.emplace_back(costs.knot(i, k), exact.back().mid_double());
    }
  }
  // a + b is convex in b.
  double low = 0, high = 4;
  for (int step_of_search = 0; step_of_search < 60; ++step_of_search) {
    const double p = low + (high - low) / 3, q = high - (high - low) / 3;
    if (least_intercept(knots, p) + p < least_intercept(knots, q) + q)
      high = q;
    else
      low = p;
  }
  const Ball b((low + high) / 2);
  Ball a = exact.front() - b * square(Ball(knots.front().first));
  for (std::size_t i = 1; i < knots.size(); ++i) a = max(a, exact[i] - b * square(Ball(knots[i].first)));
  // Between knots, W/64 apart, a linear cost is at most b·(W/64)²/4 farther above the parabola than at their ends.
  a += b * square(ldexp(Ball(step.coarse), -6)) / Ball(4);
  a = a.upper_end();
  if (!proved_beyond(step, costs.reach(), a, b) || !proved_beyond(step, costs.reach(), a, b))
    throw std::runtime_error("no majorant of the cost was proved");
  const Ball one = ldexp(mean_cost(step, Rational(1)) + mean_cost(step, Rational(-1)), -1);
  return {a, b, one, step.raw_bits};
}

// V has 2^23 values: a threshold moves by at most 2^-24 of V, where the cost changes by less than 2^7 bits.
namespace {
Ball discrete_offset() { return Ball::power_of_two(-17); }
Ball per_coordinate(int bits, std::optional<std::size_t> d) { return d ? Ball(bits) / Ball(*d) : Ball(0); }
}  // namespace

// log2 of the state begins below 32, of which 32 are the norm's bits; puts add each symbol's length and an excess, at most 2·(16 + 31) puts an
// escape and one otherwise; and the state's bytes are at most 9 bits more than its log2. Raw bits are filled up to a byte.
Ball EntropyLength::coder_most(std::optional<std::size_t> d) const {
  const bool filled = raw_bits > 0;
  // An escape of 18 + 2e bits has 3 + 2e puts: no more than its bits. Lengths of 1 bit or more bound the puts of all others by length + 1.
  const Ball length = a + b, puts = Ball(1) + length;
  return (length + puts * put_excess() + discrete_offset() + per_coordinate(9 + (filled ? 7 : 0), d)).upper_end();
}

Ball EntropyLength::coder_least(std::optional<std::size_t> d) const {
  const Ball puts = Ball(1) + least;
  return (least - puts * put_loss() - discrete_offset() - per_coordinate(1, d)).lower_end();
}

}  // namespace hdq::reference
