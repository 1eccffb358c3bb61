// Errors and biases of a row's estimate against their definitions: x̂ itself, over all signs of all coordinates, and over all roundings.
#include "hdq/reference/expectation/row_error.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "hdq/reference/scheme/hadamard.hpp"

namespace hdq::reference {
namespace {

using Row = std::vector<double>;

double square_norm(const Row& x) {
  double sum = 0;
  for (const double value : x) sum += value * value;
  return sum;
}

// z = HDx/‖x‖ and back, by the matrix.
Row rotated(const Row& x, std::size_t pattern) {
  Row y = x;
  for (std::size_t i = 0; i < y.size(); ++i) y[i] *= (((pattern >> i) & 1) != 0 ? -1 : 1) / std::sqrt(square_norm(x));
  return multiply_by_definition(hadamard_order(x.size()), y);
}
Row rotated_back(const Row& c, std::size_t pattern) {
  Row x = multiply_by_definition(hadamard_order(c.size()), c, true);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] *= (((pattern >> i) & 1) != 0 ? -1.0 : 1.0) / static_cast<double>(x.size());
  return x;
}

// Of x̂/‖x‖, all patterns of signs, each with what `estimates` gives for it: pairs of probability and estimate of z.
struct Outcome {
  double probability;
  Row z;
};
RowError by_definition(const Row& x, const std::function<std::vector<Outcome>(const Row& z)>& estimates) {
  const std::size_t d = x.size(), patterns = std::size_t{1} << d;
  const double norm = std::sqrt(square_norm(x));
  Row mean(d);
  RowError result;
  for (std::size_t pattern = 0; pattern < patterns; ++pattern) {
    for (const Outcome& outcome : estimates(rotated(x, pattern))) {
      Row error = rotated_back(outcome.z, pattern);
      const double p = outcome.probability / static_cast<double>(patterns);
      for (std::size_t i = 0; i < d; ++i) error[i] -= x[i] / norm, mean[i] += p * error[i];
      result.error += p * square_norm(error);
    }
  }
  result.bias = square_norm(mean);
  return result;
}

void expect_equal(const RowError& a, const RowError& b) {
  EXPECT_NEAR(a.error, b.error, 1e-12);
  EXPECT_NEAR(a.bias, b.bias, 1e-12);
}

const Row four = {-1.5, -0.4, 0.4, 1.5};

Row nearest(const Row& z) {
  Row c;
  for (const double value : z)
    c.push_back(*std::min_element(four.begin(), four.end(),
                                  [&](double a, double b) { return std::abs(a - value) < std::abs(b - value); }));
  return c;
}

std::vector<Outcome> with_factor(const Row& z, int rule) {
  Row c = nearest(z);
  double product = 0;
  for (std::size_t j = 0; j < z.size(); ++j) product += c[j] * z[j];
  const double factor = rule == 0 ? 1 : rule == 1 ? static_cast<double>(z.size()) / product : product / square_norm(c);
  for (double& value : c) value *= factor;
  return {{1, c}};
}

// Every coordinate to one of its two neighbours of `values`.
std::vector<Outcome> all_roundings(const Row& z, const Row& values) {
  std::vector<Outcome> outcomes = {{1, {}}};
  for (const double value : z) {
    std::vector<Outcome> longer;
    const auto above = std::upper_bound(values.begin(), values.end(), value);
    for (const Outcome& o : outcomes) {
      const auto extend = [&](double p, double with) {
        longer.push_back({o.probability * p, o.z});
        longer.back().z.push_back(with);
      };
      if (above == values.begin() || above == values.end()) {
        extend(1, value);
      } else {
        const double t = (value - *(above - 1)) / (*above - *(above - 1));
        extend(1 - t, *(above - 1));
        extend(t, *above);
      }
    }
    outcomes = longer;
  }
  return outcomes;
}

const std::vector<Row> rows = {{3, 0, 1, 0}, {1, 2, -0.5, 0.25}, {0, 0, 7, 0}};

TEST(RowErrors, NearestCodewordsAreTheirDefinition) {
  std::vector<Row> all = rows;
  all.push_back({4, 1, 1, 0, 0, 0, 0, 0});
  all.push_back({0, 0.5, 0, 0, -2, 0, 0, 0.75, 0, 1, 0, 0});
  for (const Row& x : all) {
    const auto errors = RowErrors(x, 32).nearest(four);
    for (int rule = 0; rule < 3; ++rule)
      expect_equal(errors[static_cast<std::size_t>(rule)],
                   by_definition(x, [&](const Row& z) { return with_factor(z, rule); }));
  }
}

TEST(RowErrors, StochasticRoundingIsItsDefinitionAndUnbiased) {
  for (const Row& x : rows) {
    const RowErrors errors(x, 32);
    expect_equal(errors.bounded_support(four), by_definition(x, [](const Row& z) { return all_roundings(z, four); }));
    expect_equal(errors.stochastic_uniform(3), by_definition(x, [](const Row& z) {
                   const auto [least, most] = std::minmax_element(z.begin(), z.end());
                   return all_roundings(z, {*least, (*least + *most) / 2, std::nextafter(*most, 100.0)});
                 }));
  }
}

// Where signs are drawn: within six standard errors of the sums over all 2^16 of them.
TEST(RowErrors, SeedsEstimateTheSumOverAllSigns) {
  Row x;
  for (int i = 0; i < 16; ++i) x.push_back(1.0 + i % 5 + (i == 3 ? 6 : 0));
  const auto sampled = RowErrors(x, 1024).nearest(four);
  for (int rule = 0; rule < 3; ++rule) {
    const RowError& row = sampled[static_cast<std::size_t>(rule)];
    RowError exact;
    Row mean(16);
    const HadamardOrder order = hadamard_order(16);
    for (std::size_t pattern = 0; pattern < 65536; ++pattern) {
      Row z = x;
      for (std::size_t i = 0; i < 16; ++i) z[i] *= (((pattern >> i) & 1) != 0 ? -1 : 1) / std::sqrt(square_norm(x));
      hadamard_transform(order, z);
      Row c = with_factor(z, rule)[0].z;
      hadamard_transform_transposed(order, c);
      for (std::size_t i = 0; i < 16; ++i) {
        const double e = c[i] * (((pattern >> i) & 1) != 0 ? -1 : 1) / 16 - x[i] / std::sqrt(square_norm(x));
        mean[i] += e / 65536;
        exact.error += e * e / 65536;
      }
    }
    exact.bias = square_norm(mean);
    EXPECT_GT(row.bias_deviation, 0);
    EXPECT_NEAR(row.error, exact.error, 6 * row.error_deviation);
    EXPECT_NEAR(row.bias, exact.bias, 6 * row.bias_deviation);
    EXPECT_LT(row.error_deviation, 0.1 * exact.error);
    EXPECT_LT(row.bias_deviation, 0.1 * exact.error);
  }
}

// The mean of so few errors has a square of error/64 by itself, which is no bias.
TEST(RowErrors, FewSeedsAreNoBias) {
  Row x;
  for (int i = 0; i < 256; ++i) x.push_back(0.5 + i * 37 % 101 / 50.0);
  const RowError row = RowErrors(x, 64).nearest(four)[1];
  EXPECT_GT(row.error, 0.1);
  EXPECT_LT(std::abs(row.bias), row.error / 64 / 3);
}

// The mean of two equal rows, over all pairs of patterns.
TEST(RowErrors, TheMeanOfEqualRowsKeepsTheBias) {
  const Row x = {4, 1, 1, 0.5, 0, 0, 0, 0};
  std::vector<Row> errors;
  for (std::size_t pattern = 0; pattern < 256; ++pattern) {
    errors.push_back(rotated_back(nearest(rotated(x, pattern)), pattern));
    for (std::size_t i = 0; i < 8; ++i) errors.back()[i] -= x[i] / std::sqrt(square_norm(x));
  }
  double mean = 0;
  for (const Row& a : errors)
    for (const Row& b : errors)
      for (std::size_t i = 0; i < 8; ++i) mean += (a[i] + b[i]) * (a[i] + b[i]) / 4 / 65536;
  const RowError row = RowErrors(x, 32).nearest(four)[0];
  EXPECT_GT(row.bias, 0.001);
  EXPECT_GT(row.error, row.bias + 0.001);
  EXPECT_NEAR(row.of_equal_rows(2), mean, 1e-12);
}

// No small change of one value errs less on a normal z; the error by the trapezoidal rule.
TEST(BoundedSupport, CodewordsAreTheBest) {
  const auto error = [](const Row& values) {
    double sum = 0;
    for (int i = -40000; i <= 40000; ++i) {
      const double z = i * 1e-4;
      const auto above = std::upper_bound(values.begin(), values.end(), z);
      if (above != values.begin() && above != values.end())
        sum += (*above - z) * (z - *(above - 1)) * std::exp(-z * z / 2);
    }
    return sum * 1e-4 / std::sqrt(2 * std::acos(-1.0));
  };
  for (const int bits : {2, 3}) {
    const Row best = bounded_support_codewords(bits, 1.0 / 512);
    EXPECT_EQ(best.size(), std::size_t{1} << bits);
    EXPECT_NEAR(best.back(), 3.0973, 1e-4);  // P(|z| > 3.0973) = 1/512
    EXPECT_DOUBLE_EQ(best.front(), -best.back());
    const double least = error(best);
    for (std::size_t k = 1; k + 1 < best.size(); ++k) {
      for (const double change : {-0.01, 0.01}) {
        Row other = best;
        other[k] += change;
        EXPECT_GT(error(other), least + 1e-6);
      }
    }
  }
}

TEST(BoundedSupport, AnyNumberOfBits) {
  for (int bits = 1; bits <= 8; ++bits) {
    const Row values = bounded_support_codewords(bits, 1.0 / 512);
    EXPECT_EQ(values.size(), std::size_t{1} << bits);
    EXPECT_NEAR(values.back(), 3.0973, 1e-4);
    for (std::size_t k = 0; k < values.size(); ++k) {
      EXPECT_DOUBLE_EQ(values[k], -values[values.size() - 1 - k]);
      if (k > 0) {
        EXPECT_GT(values[k], values[k - 1]);
      }
      if (k > 1 && bits > 2) {
        EXPECT_LT(values[k] - values[k - 1], 2 * (values[k - 1] - values[k - 2]));
      }
    }
  }
}

TEST(RowErrors, RefusesWhatIsNoRow) {
  EXPECT_THROW(RowErrors(Row(4), 32), std::invalid_argument);
  EXPECT_THROW(RowErrors(Row(5, 1.0), 32), std::invalid_argument);
  EXPECT_THROW(RowErrors(Row(4, 1.0), 33), std::invalid_argument);
  EXPECT_THROW(RowErrors(Row(4, 1.0), 16), std::invalid_argument);
}

}  // namespace
}  // namespace hdq::reference
