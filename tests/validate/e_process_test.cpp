// The sequential tests themselves: how often they reject a true mean, with heavy tails and rare events, and how soon a false one.
// All random numbers are seeded, so each test always gives the same answer; the probabilities say how likely another seed is to fail.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "hdq/validate/checks/audit.hpp"
#include "hdq/validate/checks/e_process.hpp"

namespace hdq::validate {
namespace {

using Law = std::function<double(std::mt19937_64&)>;

double uniform(std::mt19937_64& random) { return std::generate_canonical<double, 53>(random); }

// Mean 0, variance 1.
double two_points(std::mt19937_64& random, double p) { return uniform(random) < p ? std::sqrt((1 - p) / p) : -std::sqrt(p / (1 - p)); }
// The tail of a codeword −κ/U: mean 0, E|X|^a infinite for a >= 2.2.
double pareto(std::mt19937_64& random) {
  constexpr double a = 2.2, mean = a / (a - 1);
  return std::pow(uniform(random), -1 / a) - mean;
}
double normal(std::mt19937_64& random) { return std::normal_distribution<double>()(random); }
// Stochastic rounding near the grid, 64 coordinates: only one of them has an error, of 1 step with probability p.
double rare_step(std::mt19937_64& random, double p) { return uniform(random) < p ? 1 - p : -p; }

const Law laws[] = {normal, pareto, [](auto& r) { return two_points(r, 0.5); }, [](auto& r) { return two_points(r, 0.02); }, [](auto& r) { return -two_points(r, 0.02); }};

// How many of `runs` runs of `length` observations reject at some time. R as the audit has it: twice the largest seen on this vector, at least
// twice the median of that over eleven vectors of the same law; or, where none are given, only at least `least_range`.
int rejections_by_range(const Law& law, int runs, int length, double alpha, bool others, double least_range = 0) {
  std::mt19937_64 random(11);
  int count = 0;
  for (int run = 0; run < runs; ++run) {
    BettingTest test(alpha, 0, 0);
    std::vector<double> largest(11);
    bool rejected = false;
    for (int i = 0; i < length && !rejected; ++i) {
      std::vector<double> sorted = largest;
      std::nth_element(sorted.begin(), sorted.begin() + 5, sorted.end());
      const double floor = others ? 2 * sorted[5] : least_range, x = law(random);
      if (i >= static_cast<int>(audit::without_range)) test.add(x, std::max(floor, 2 * largest[0]));
      largest[0] = std::max(largest[0], std::abs(x));
      for (std::size_t j = 1; j < largest.size() && others; ++j) largest[j] = std::max(largest[j], std::abs(law(random)));
      rejected = i % 16 == 15 && test.rejected();
    }
    count += rejected;
  }
  return count;
}

// A true hypothesis at α = 0.05: of 400 runs at most 20 are expected to reject; more than 40 has probability below 1e-5.
TEST(BettingTest, RarelyRejectsATrueMean) {
  for (const Law& law : laws) EXPECT_LE(rejections_by_range(law, 400, 600, 0.05, true), 40);
}

// α = 1e-9: none of 2000 runs may.
TEST(BettingTest, NeverRejectsATrueMeanAtTheAuditsLevel) {
  for (const Law& law : laws) EXPECT_EQ(rejections_by_range(law, 400, 2000, 1e-9, true), 0);
}

// Rare steps that carry the mean have not been seen at all in some runs; R is of the size of a step, as the errors of the other vectors tell.
TEST(BettingTest, IsNotFooledByRareEvents) {
  for (const double p : {0.02, 0.003, 0.0005}) {
    EXPECT_EQ(rejections_by_range([p](auto& random) { return rare_step(random, p); }, 300, 3000, 1e-9, false, 2), 0) << p;
    EXPECT_EQ(rejections_by_range([p](auto& random) { return -rare_step(random, p); }, 300, 3000, 1e-9, false, 2), 0) << p;
  }
}

// Without that floor it would be: this is why the audit gives one. (Constant −p for the first hundreds of observations.)
TEST(BettingTest, WouldBeFooledWithoutARange) {
  EXPECT_GT(rejections_by_range([](auto& random) { return rare_step(random, 0.0005); }, 300, 3000, 1e-9, false), 0);
}

// The share of runs that reject a bias by the audit's α, about 1e-9/3000.
double power(double bias, double deviation, double bound, int length) {
  std::mt19937_64 random(5);
  int rejected = 0;
  for (int run = 0; run < 40; ++run) {
    audit::Statistic test(bound, 3e-13);
    for (int i = 0; i < length; ++i) test.add(-bias + deviation * normal(random), i < 128 ? 0 : 6 * deviation);
    rejected += test.rejected();
  }
  return rejected / 40.0;
}

// b = 2 at n = 64 without a claim: V = 0.246, and the deviation along x is about (V/64)^(1/2). The claim alone needs 2·ln(1/α)·V/δ² = 36,000
// observations for 2 %.
TEST(Statistic, SeesTwoPercent) {
  EXPECT_EQ(power(0.02, 0.062, 0.246, 1500), 1);
  EXPECT_LE(power(0.02, 0.062, 0.246, 100), 0.1);
}
TEST(Statistic, SeesOnePercent) { EXPECT_EQ(power(0.01, 0.062, 0.246, 6000), 1); }
// However loose the claim.
TEST(Statistic, SeesTwoPercentUnderALooseClaim) { EXPECT_EQ(power(0.02, 0.062, 250, 1500), 1); }
// A bias within the tolerance is granted, whatever the number of observations.
TEST(Statistic, GrantsTheRoundingOfANorm) { EXPECT_EQ(power(0x1p-12, 1e-4, 0.246, 20000), 0); }

// What is printed as the smallest bias is seen in most runs; a third of it in none.
TEST(Statistic, SaysHowMuchItSees) {
  std::mt19937_64 random(5);
  for (const double deviation : {0.3, 0.06, 0.01}) {
    audit::Statistic unbiased(0.246, 3e-13);
    for (int i = 0; i < 4000; ++i) unbiased.add(deviation * normal(random), i < 128 ? 0 : 6 * deviation);
    EXPECT_FALSE(unbiased.rejected());
    const double smallest = unbiased.smallest_bias();
    EXPECT_GE(power(smallest, deviation, 0.246, 4000), 0.5) << deviation;
    EXPECT_LE(power(smallest / 3, deviation, 0.246, 4000), 0.1) << deviation;
  }
}

// The inequality behind MeanTest, for both signs.
TEST(MeanTest, InfluenceIsBelowItsPolynomial) {
  for (double y = -50; y <= 50; y += 1e-3) EXPECT_LE(std::copysign(std::log1p(std::abs(y) + 0.5 * y * y), y), std::log(1 + y + 0.5 * y * y) + 1e-12) << y;
}

TEST(MeanTest, TakesMeansOfBlocks) {
  std::mt19937_64 random(3);
  MeanTest fine(1, 1e-9), biased(1, 1e-9);
  for (int i = 0; i < 2000; ++i) {
    double sum = 0;
    for (int j = 0; j < 8; ++j) sum += two_points(random, 0.02);
    fine.add_mean_of(sum / 8, 8);
    biased.add_mean_of(sum / 8 + 0.08, 8);
  }
  EXPECT_FALSE(fine.rejected());
  EXPECT_TRUE(biased.rejected());
}

TEST(LearnedDirection, FindsTheBiasedCoordinate) {
  std::mt19937_64 random(9);
  audit::LearnedDirection direction(64);
  Moments along, coordinate;
  for (int i = 0; i < 4000; ++i) {
    std::vector<double> error(64);
    for (double& e : error) e = 0.013 * normal(random);
    error[37] -= 0.005;
    const auto c = direction.observe(error);
    if (i < 2000) continue;
    along.add(c.along);
    coordinate.add(c.coordinate);
  }
  EXPECT_EQ(direction.coordinate(), 37u);
  EXPECT_LT(coordinate.mean(), -0.004);
  EXPECT_GT(along.mean(), 0.003);
}

}  // namespace
}  // namespace hdq::validate
