// SPEC §7, "Length": rates, ideal lengths and the certified lengths of real streams, against sums, enumerations and brute force.
#include "hdq/reference/bounds/entropy_length.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <random>
#include <vector>

#include "hdq/reference/scheme/row_stream.hpp"
#include "hdq/types.hpp"

namespace hdq::reference {
namespace {

const std::vector<float> steps = {0x1p-10f, 0.0162f, 0.125f, 0x1.000002p-3f, 0.26f, 1.0825f, 2.5745f, 13.6f, 16.0f};

// Of these steps, computed once.
const EntropyLength& length_of(float step) {
  static std::map<float, EntropyLength> known;
  const auto found = known.find(step);
  return found != known.end() ? found->second : known.emplace(step, entropy_length(StepNumbers(step))).first->second;
}

// ---- rates and ideal lengths ----

TEST(IdealLength, RateAndErrorAreEachOthersInverse) {
  for (const float value : steps) {
    const Rational error = StepNumbers(value).error();
    EXPECT_TRUE(error_of_rate(rate_of_error(error)).overlaps(Ball(error)));
  }
  // The table of SPEC §7's theory at whole rates.
  EXPECT_NEAR(error_of_rate(Ball(1)).mid_double(), 0.552367, 1e-6);
  EXPECT_NEAR(error_of_rate(Ball(4)).mid_double(), 0.00559081, 1e-8);
}

// The library computes its steps in double: from exact numbers they are the same.
TEST(IdealLength, StepsAreThoseOfTheLibrary) {
  EXPECT_EQ(step_of_rate(Rational(3, 10)), Step::of_rate(0.3).value());  // as a double it is less
  for (double rate = 0.301; rate <= 12; rate += 0.013) {
    const float step = step_of_rate(Rational(rate));
    EXPECT_EQ(step, Step::of_rate(rate).value()) << rate;
    const double error = step == 16 ? 20.0 : Step(step).error() * (1 + rate / 100);
    EXPECT_EQ(step_of_error(Rational(error)), Step::of_error(error).value()) << rate;
  }
  // D of a step, exactly: the step itself; a little less: the one below.
  for (const float value : steps) {
    const Rational error = StepNumbers(value).error();
    EXPECT_EQ(step_of_error(error), value);
    if (value > 0x1p-10f) {
      EXPECT_EQ(step_of_error(error - Rational(1, Integer(1) << 200)), std::nextafter(value, 0.0f));
    }
  }
  EXPECT_THROW(step_of_error(0), std::invalid_argument);
  EXPECT_THROW(step_of_error(22), std::invalid_argument);
  EXPECT_THROW(step_of_rate(Rational(29, 100)), std::invalid_argument);
  EXPECT_THROW(step_of_rate(Rational(1201, 100)), std::invalid_argument);
}

// S(V) by its definition, by Poisson's sum, and by Jacobi's product; E log2 S by the trapezoidal rule, which for a periodic analytic function
// errs by about q^points; E S = 1.
TEST(IdealLength, TheNormaliserIsAThetaFunction) {
  const Precision precision(128);
  constexpr int points = 64;
  for (const float value : steps) {
    const StepNumbers step(value);
    const Ball w(step.coarse), s2 = Ball(1) + square(w) / Ball(12),
                               q = exp(ldexp(-square(Ball::pi()) * s2 / square(w), 1));
    Ball mean, mean_log;
    for (int i = 0; i < points; ++i) {
      const Ball v = (Ball(i) + Ball(0.5)) / Ball(points), wave = cos(ldexp(Ball::pi() * v, 1));
      Ball sum(1), product(1);
      for (int m = 1; m <= 20; ++m)
        sum += ldexp(pow(q, static_cast<unsigned long>(m * m)) * cos(ldexp(Ball::pi() * v * Ball(m), 1)), 1) *
               Ball(m % 2 == 0 ? 1 : -1);
      for (unsigned long n = 1; n <= 60; ++n) {
        const Ball a = pow(q, 2 * n - 1);
        product *= (Ball(1) - pow(q, 2 * n)) * (Ball(1) - ldexp(a * wave, 1) + square(a));
      }
      const Ball exact = normaliser(step, v);
      EXPECT_LT(exact.radius().upper_double(), 1e-30) << value;
      EXPECT_LT(abs(exact - sum).upper_double(), 1e-30) << value;
      EXPECT_LT(abs(exact - product).upper_double(), 1e-30) << value;
      mean += exact / Ball(points), mean_log += log(exact) / log(Ball(2)) / Ball(points);
    }
    EXPECT_LT(abs(mean - Ball(1)).upper_double(), 1e-30);
    const Ball log_of = mean_log2_normaliser(step);
    EXPECT_LT(abs(mean_log - log_of).upper_double(), 1e-28) << value;
    EXPECT_TRUE(certainly_less(log_of, Ball(0))) << value;
  }
}

// ∫ −log2 p_c(V) over V, at z: quadratic in z, and at z² = 1 the mean of every vector. Midpoints err by the jumps of the code alone.
TEST(IdealLength, IsTheMeanOfItsDefinition) {
  for (const float value : steps) {
    const StepNumbers step(value);
    const double w = step.coarse, s2 = 1 + w * w / 12;
    const auto mean = [&](double z) {
      constexpr int cells = 1 << 12;
      double sum = 0;
      for (int i = 0; i < cells; ++i) {
        const double v = (i + 0.5) / cells, tau = w * (std::floor(z / w + v) + 0.5 - v);
        const double q = std::exp(-2 * std::numbers::pi * std::numbers::pi * s2 / (w * w));
        double s = 1;
        for (int m = 1; m < 9; ++m)
          s += 2 * (m % 2 == 0 ? 1 : -1) * std::pow(q, m * m) * std::cos(2 * std::numbers::pi * m * v);
        sum += tau * tau / (2 * s2) / std::numbers::ln2 - std::log2(w / std::sqrt(2 * std::numbers::pi * s2)) +
               std::log2(s);
      }
      return sum / cells + step.raw_bits;
    };
    const double ideal = ideal_length(step).mid_double();
    for (const double z : {1.0, -1.0}) EXPECT_NEAR(mean(z), ideal, 0.002) << value;
    EXPECT_NEAR(mean(3.0), ideal + 8 / (2 * s2) / std::numbers::ln2, 0.004) << value;
    // SPEC §7's bounds.
    const double rate = rate_of_error(step.error()).mid_double(), d = Rational(step.error()).convert_to<double>();
    EXPECT_LE(
        ideal,
        rate + (step.raw_bits > 0 ? 0.5 * std::log2((1 / d + std::exp2(2 * step.raw_bits)) / (1 / d + 1)) : 0) + 1e-12);
    EXPECT_LE(ideal, rate + 0.004);
  }
}

// ---- mean costs ----

// Over all 2^23 offsets: counted bucket by bucket. A uniform V differs by less than 2^-17, and it by less than 2^-24 of a difference of two lengths.
TEST(MeanCost, IsThatOfTheEnumeratedOffsets) {
  constexpr std::int64_t count = 1 << 23, bucket = count / 64;
  for (const float value : steps) {
    const StepNumbers step(value);
    const MeanCost cost(step);
    const Rational w(step.coarse);
    for (const Rational& z :
         std::vector<Rational>{0, 1, -1, w, w / 3, -w * 5 / 7, w * 9 / 64, Rational(22, 7), -w * step.largest,
                               w * (step.largest + Rational(9, 2)), -w * 99, Rational(362)}) {
      // V = (i + ½)/2^23 has the code c + 1 from the first i with z/W + V >= c + 1 on.
      const Rational at = z / w;
      const Integer c = floor_of(at);
      const auto first = static_cast<std::int64_t>(-floor_of(-((Rational(c + 1) - at) * count - Rational(1, 2))));
      const auto low = static_cast<std::int64_t>(c);
      Ball sum;
      for (int u = 0; u < 64; ++u) {
        const std::int64_t below = std::clamp<std::int64_t>(first - u * bucket, 0, bucket);
        sum += Ball(below) * cost.length(u, low) + Ball(bucket - below) * cost.length(u, low + 1);
      }
      const Ball exact = sum / Ball(count) + Ball(step.raw_bits);
      EXPECT_TRUE(certainly_less(abs(exact - cost(z)), Ball::power_of_two(-17))) << value << " " << z;
    }
  }
}

// Lengths are what a coder with the frequencies of SPEC §7 takes: 16 − log2 f, and 18 + 2e for an escape.
TEST(MeanCost, LengthsAreThoseOfTheTables) {
  const StepNumbers step(1.0825f);
  const MeanCost cost(step);
  const FrequencyTables tables = entropy_tables(step);
  for (const int u : {0, 31, 63}) {
    for (int c = -step.largest; c <= step.largest; ++c)
      EXPECT_NEAR(cost.length(u, c).mid_double(),
                  16 - std::log2(tables[static_cast<std::size_t>(u)][static_cast<std::size_t>(c + step.largest)]),
                  1e-12);
  }
  for (const std::int64_t beyond : {1, 2, 3, 4, 7, 8, 1 << 20}) {
    const auto puts = escape_bits(-step.largest - beyond, step.largest).size();
    EXPECT_EQ(cost.length(3, step.largest + beyond).mid_double(), 16.0 + static_cast<double>(puts)) << beyond;
  }
}

TEST(MeanCost, FlatVectorsApproachTheNormalLaw) {
  for (const float value : steps) {
    const MeanCost cost{StepNumbers(value)};
    const Ball one = ldexp(cost(Rational(1)) + cost(Rational(-1)), -1);
    EXPECT_TRUE(cost.of_flat(1).overlaps(one)) << value;
    const Ball two = ldexp(cost(Rational(2)) + ldexp(cost(Rational(1)), 2) + Ball(6) * cost(Rational(0)) +
                               ldexp(cost(Rational(-1)), 2) + cost(Rational(-2)),
                           -4);
    EXPECT_TRUE(cost.of_flat(2).overlaps(two)) << value;
    const Ball normal = cost.of_normal();
    EXPECT_LT(normal.radius().upper_double(), 1e-20);
    EXPECT_NEAR(normal.mid_double(), cost.of_flat(32).mid_double(), 2e-3) << value;
    // By the rectangular rule, in double.
    double sum = 0, all = 0;
    for (double z = -8; z <= 8; z += 0.0337) {
      const double density = std::exp(-z * z / 2);
      sum += density * cost(Rational(z)).mid_double(), all += density;
    }
    EXPECT_NEAR(normal.mid_double(), sum / all, 1e-4) << value;
  }
}

// ---- the bound over all vectors ----

// The mean cost as an average over 2^14 offsets, in double.
double averaged_cost(const StepNumbers& step, const FrequencyTables& tables, double z) {
  constexpr int cells = 1 << 14;
  double sum = 0;
  for (int i = 0; i < cells; ++i) {
    const double v = (i + 0.5) / cells;
    const auto c = static_cast<std::int64_t>(std::floor(z / step.coarse + v));
    const std::vector<std::uint32_t>& f = tables[static_cast<std::size_t>(v * 64)];
    const std::int64_t beyond = std::abs(c) - step.largest;
    sum += beyond <= 0 ? 16 - std::log2(f[static_cast<std::size_t>(c + step.largest)])
                       : 18 + 2 * std::floor(std::log2(beyond));
  }
  return sum / cells + step.raw_bits;
}

TEST(EntropyLength, TheMajorantHoldsAndIsTight) {
  for (const float value : steps) {
    const StepNumbers step(value);
    const MeanCost cost_of(step);
    const FrequencyTables tables = entropy_tables(step);
    const EntropyLength& length = length_of(value);
    const double a = length.a.upper_double(), b = length.b.upper_double(),
                 rate = rate_of_error(step.error()).mid_double();
    double closest = 100;
    int tried = 0;
    for (double z = -70 * step.coarse; z < 70 * step.coarse; z += step.coarse / 3.3) {
      const double cost = averaged_cost(step, tables, z);
      EXPECT_LE(cost, a + b * z * z + 0.01) << value << " " << z;  // the average errs by 60/2^14
      if (++tried % 60 == 0) {
        EXPECT_NEAR(cost, cost_of(Rational(z)).mid_double(), 0.01) << value << " " << z;
      }
      closest = std::min(closest, a + b * z * z - cost);
    }
    EXPECT_LT(closest, 0.02) << value;
    // Far out, without a tolerance.
    for (const int c : {step.largest + 63, step.largest + 64, step.largest + 65, 1000, 1 << 20, 1 << 30}) {
      for (const int sign : {-1, 1}) {
        const Rational z = sign * Rational(step.coarse) * c;
        EXPECT_TRUE(certainly_less_equal(cost_of(z), length.a + length.b * square(Ball(z)))) << value << " " << c;
      }
    }
    // What SPEC §7 promises of the ideal length, and what these tables cost more.
    EXPECT_LE(a + b, rate + 0.018) << value;
    EXPECT_LE(length.coder_most(1024).upper_double(), rate + 0.018 + 16.0 / 1024 + 0.001) << value;
  }
}

// The largest mean of cost over laws on the knots with E z² = 1 is the upper concave hull of (z², cost) at 1: a + b must reach it, and does not
// exceed it by more than what the parabola lies below its chords.
TEST(EntropyLength, IsTheHullOfTheCosts) {
  for (const float value : steps) {
    const StepNumbers step(value);
    const MeanCost cost(step);
    std::vector<std::pair<double, double>> points, hull;
    for (int i = -step.largest - 8; i <= step.largest + 8; ++i)
      for (int k = 0; k < 64; ++k)
        points.emplace_back(std::pow(step.coarse * (i + k / 64.0), 2), cost.at_knot(i, k).mid_double());
    std::sort(points.begin(), points.end());
    for (const auto& p : points) {
      const auto turns_up = [&](const auto& o, const auto& m) {
        return (m.first - o.first) * (p.second - o.second) >= (m.second - o.second) * (p.first - o.first);
      };
      while (hull.size() >= 2 && turns_up(hull[hull.size() - 2], hull.back())) hull.pop_back();
      hull.push_back(p);
    }
    const auto after = std::find_if(hull.begin(), hull.end(), [](const auto& p) { return p.first > 1; });
    ASSERT_TRUE(after != hull.begin() && after != hull.end());
    const auto before = after - 1;
    const double supremum =
        before->second + (after->second - before->second) * (1 - before->first) / (after->first - before->first);
    const EntropyLength& length = length_of(value);
    const double sum = (length.a + length.b).mid_double(),
                 chord = length.b.mid_double() * std::pow(step.coarse / 64, 2) / 4;
    EXPECT_GE(sum, supremum - 1e-12) << value;
    EXPECT_LE(sum, supremum + chord + 1e-9) << value;
  }
}

TEST(EntropyLength, LowerEndsAreBelowUpperEnds) {
  for (const float value : steps) {
    const EntropyLength& length = length_of(value);
    for (const auto& [m, cost] : length.flat)
      EXPECT_TRUE(certainly_less_equal(cost, length.a + length.b)) << value << " " << m;
    EXPECT_TRUE(certainly_less_equal(length.normal, length.a + length.b)) << value;
    for (const std::size_t n : {std::size_t{1}, std::size_t{3}, std::size_t{384}, std::size_t{1} << 24})
      EXPECT_TRUE(certainly_less(length.coder_least(n), length.coder_most(n))) << value << " " << n;
    EXPECT_TRUE(certainly_less(length.coder_least(std::nullopt), length.coder_most(std::nullopt))) << value;
    // Without the ends of a stream, between which nothing but the gap of the majorant lies.
    EXPECT_LT((length.coder_most(std::nullopt) - length.coder_least(std::nullopt)).upper_double(), 0.02) << value;
  }
}

// ---- the coder ----

// What SPEC §7's coder adds, row by row and without chance: 8 L bits are 32 and the symbols' lengths, at most 2^-15·log2(e) a put and 9 bits more, at
// least 1 bit and twice that a put less.
TEST(EntropyLength, StreamsAreTheirSymbolsLengthsAndNoMore) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  for (const float value : steps) {
    const StepNumbers step(value);
    const RowCoder coder(step);
    const MeanCost cost(step);
    for (int row = 0; row < 24; ++row) {
      const auto word = static_cast<std::uint32_t>(random());
      const std::size_t count = row % 3 == 0 ? 2000 : static_cast<std::size_t>(row);
      std::vector<std::int64_t> codes;
      Ball length;
      std::size_t puts = 0;
      for (std::size_t j = 0; j < count; ++j) {
        const double spread = row % 2 == 0 ? 1 : 40;  // rows of escapes
        codes.push_back(static_cast<std::int64_t>(std::floor(spread * normal(random) / static_cast<double>(value))));
        const std::int64_t c = codes.back() >> step.raw_bits;
        length += cost.length(static_cast<int>(bucket_of(weyl_word(word, j))), c);
        puts += 1 + (std::abs(c) > step.largest ? escape_bits(c, step.largest).size() : 0);
      }
      const float norm = row % 4 == 0 ? 0x1p-149f : 3e38f;
      const Ball bits(8 * coder.put(word, norm, codes).size()),
          excess = Ball(puts) * log(Ball(1) + Ball::power_of_two(-15)) / log(Ball(2)),
          loss = Ball(puts) * ldexp(-log(Ball(1) - Ball::power_of_two(-15)) / log(Ball(2)), 1);
      EXPECT_TRUE(certainly_less_equal(bits, Ball(32) + length + excess + Ball(9))) << value << " " << count;
      EXPECT_TRUE(certainly_less_equal(Ball(31) + length - loss, bits)) << value << " " << count;
    }
  }
}

// Streams of one-hot rows, drawn: 200 rows of 256 coordinates ±1.
TEST(EntropyLength, StreamsAreAsLongAsPromised) {
  std::mt19937_64 random(5);
  for (const float value : {0.26f, 1.0825f}) {
    const StepNumbers step(value);
    const RowCoder coder(step);
    const EntropyLength& length = length_of(value);
    double bits = 0;
    for (int row = 0; row < 200; ++row) {
      const auto word = static_cast<std::uint32_t>(random());
      std::vector<std::int64_t> codes;
      for (std::uint64_t j = 0; j < 256; ++j)
        codes.push_back(static_cast<std::int64_t>(
            step_code(step, Rational(random() % 2 == 0 ? 1 : -1), offset_of_word(weyl_word(word, j)))));
      bits += 8 * static_cast<double>(coder.put(word, 1, codes).size()) - 32;
    }
    const double mean = bits / 200;
    EXPECT_LE(mean, 256 * length.coder_most(256).upper_double()) << value;
    EXPECT_GE(mean, 256 * length.flat.front().second.mid_double() - 2) << value;
    EXPECT_LE(mean, 256 * length.flat.front().second.mid_double() + 10) << value;
  }
}

}  // namespace
}  // namespace hdq::reference
