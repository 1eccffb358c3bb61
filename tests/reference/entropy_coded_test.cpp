// SPEC §7 in the reference: the rule is exact, the coder comes back, the majorant holds, and each fails on a planted fault.
#include "hdq/reference/scheme/entropy_coded.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "hdq/reference/bounds/entropy_length.hpp"

namespace hdq::reference {
namespace {

const std::vector<float> steps = {0x1p-10f, 0.0162f, 0.125f, 0x1.000002p-3f, 0.26f, 1.0825f, 2.5745f, 16.0f};

// All values of V on a coarser grid, cell middles: with N cells the mean of ẑ over them misses z by at most W/(2N), and E(ẑ − z)² = D by
// W²·(1/12N² + 1/4N²)-ish; exact in rationals. The grid of SPEC §7 is this one with N = 2^23.
TEST(EntropyCodedReference, MeanAndErrorOverAllOffsetsOfAGrid) {
  constexpr int cells = 4096;
  for (const float value : {0x1p-10f, 0.125f, 0.26f, 1.0825f, 16.0f}) {
    const StepNumbers step(value);
    const Rational w(step.coarse), delta(static_cast<double>(value));
    for (const Rational& z : std::vector<Rational>{0, 1, -1, w, delta / 2, -7 * w + delta / 3, Rational(22, 7), -362}) {
      Rational mean = 0, square = 0;
      for (int i = 0; i < cells; ++i) {
        const Rational v(2 * i + 1, 2 * cells), error = step_value(step, step_code(step, z, v), v) - z;
        EXPECT_LE(abs(error), delta / 2);
        mean += error, square += error * error;
      }
      mean /= cells, square /= cells;
      EXPECT_LE(abs(mean), w / (2 * cells)) << value << " " << z;
      EXPECT_LE(abs(square - step.error()), delta * w / (2 * cells)) << value << " " << z;
    }
  }
}

TEST(EntropyCodedReference, OffsetsAreMiddlesOfTheGrid) {
  EXPECT_EQ(offset_of_word(0), Rational(1, 1 << 24));
  EXPECT_EQ(offset_of_word(511), Rational(1, 1 << 24));
  EXPECT_EQ(offset_of_word(512), Rational(3, 1 << 24));
  EXPECT_EQ(offset_of_word(0xFFFFFFFF), 1 - Rational(1, 1 << 24));
  EXPECT_EQ(weyl_word(5, 3), 5u + 3u * 0x9E3779B9u);
}

TEST(EntropyCodedReference, TablesAreNearlyTheDensityAndSum) {
  for (const float value : steps) {
    const StepNumbers step(value);
    const auto tables = entropy_tables(step);
    ASSERT_EQ(tables.size(), 64u);
    for (int u = 0; u < 64; ++u) {
      const std::vector<std::uint32_t>& f = tables[static_cast<std::size_t>(u)];
      ASSERT_EQ(f.size(), 2 * static_cast<std::size_t>(step.largest) + 2);
      std::uint32_t sum = 0;
      double all = 0;
      std::vector<double> p;
      for (int c = -step.largest; c <= step.largest; ++c) {
        const double tau = step.coarse * (c + 0.5 - (u + 0.5) / 64);
        p.push_back(std::exp(-tau * tau / (2 + step.coarse * step.coarse / 6)));
        all += p.back();
      }
      for (const std::uint32_t one : f) {
        EXPECT_GE(one, 1u);
        sum += one;
      }
      EXPECT_EQ(sum, frequency_sum);
      for (std::size_t i = 0; i < p.size(); ++i) {
        const double want = 65535 * p[i] / all;
        if (i == static_cast<std::size_t>(step.largest)) continue;
        EXPECT_NEAR(f[i], want, 1 + want * 0x1p-9) << value << " " << u << " " << i;
      }
    }
  }
}

std::vector<std::int64_t> codes_of(const StepNumbers& step, std::size_t count, int kind, std::mt19937_64& random) {
  std::vector<std::int64_t> codes;
  std::normal_distribution<double> normal;
  for (std::size_t j = 0; j < count; ++j) {
    const std::int64_t far = std::int64_t{1} << (random() % 22);
    switch (kind) {
      case 0:
        codes.push_back(static_cast<std::int64_t>(std::floor(normal(random) / static_cast<double>(step.step))));
        break;
      case 1:
        codes.push_back(0);
        break;
      case 2:
        codes.push_back(j % 2 == 0 ? far << step.raw_bits : -(far << step.raw_bits) - 1);
        break;  // escapes, most of them
      default:
        codes.push_back((j % 2 == 0 ? step.largest : -step.largest) * (std::int64_t{1} << step.raw_bits));
    }
  }
  return codes;
}

TEST(EntropyCodedReference, StreamsComeBackAndDamagedOnesDoNot) {
  std::mt19937_64 random(3);
  int refused = 0, tried = 0;
  for (const float value : {0x1p-10f, 0.26f, 16.0f}) {
    const StepNumbers step(value);
    for (const std::size_t count : {1u, 2u, 40u}) {
      for (int kind = 0; kind < 4; ++kind) {
        const auto word = static_cast<std::uint32_t>(random());
        const float norm = kind == 1 ? 0x1p-149f : kind == 2 ? 3e38f : 1.5f;
        const std::vector<std::int64_t> codes = codes_of(step, count, kind, random);
        const std::vector<std::uint8_t> stream = put_stream(step, word, norm, codes);
        const auto got = get_stream(step, word, count, stream);
        ASSERT_TRUE(got) << value << " " << count << " " << kind;
        EXPECT_EQ(got->norm, norm);
        for (std::size_t j = 0; j < count; ++j) EXPECT_EQ(got->coarse[j], codes[j] >> step.raw_bits);
        for (std::size_t bit = 0; bit < 8 * stream.size(); bit += 3) {
          std::vector<std::uint8_t> bad = stream;
          bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1u << bit % 8));
          const auto other = get_stream(step, word, count, bad);
          ++tried, refused += other ? 0 : 1;
          EXPECT_TRUE(!other || other->norm != norm || other->coarse != got->coarse);
        }
        std::vector<std::uint8_t> cut = stream;
        cut.pop_back();
        const auto other = get_stream(step, word, count, cut);
        EXPECT_TRUE(!other || other->norm != norm || other->coarse != got->coarse);
      }
    }
  }
  EXPECT_GT(refused, tried / 2);
  EXPECT_TRUE(put_stream(StepNumbers(1), 0, 0, {0, 0}).empty());
}

TEST(EntropyLengthOfTables, RateAndErrorAreEachOthersInverse) {
  for (const float value : steps) {
    const Rational error = StepNumbers(value).error();
    EXPECT_TRUE(error_of_rate(rate_of_error(error)).overlaps(Ball(error)));
  }
  // The table of SPEC §7's theory at whole rates.
  EXPECT_NEAR(error_of_rate(Ball(1)).mid_double(), 0.552367, 1e-6);
  EXPECT_NEAR(error_of_rate(Ball(4)).mid_double(), 0.00559081, 1e-8);
}

// The mean cost as an average over 2^14 offsets, in double.
double averaged_cost(const StepNumbers& step, double z) {
  const auto tables = entropy_tables(step);
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

TEST(EntropyLengthOfTables, TheMajorantHoldsAndIsTight) {
  for (const float value : steps) {
    const StepNumbers step(value);
    const EntropyLength length = entropy_length(step);
    const double a = length.a.upper_double(), b = length.b.upper_double(),
                 rate = rate_of_error(step.error()).mid_double();
    double closest = 100;
    int tried = 0;
    for (double z = -70 * step.coarse; z < 70 * step.coarse; z += step.coarse / 3.3) {
      const double cost = averaged_cost(step, z);
      EXPECT_LE(cost, a + b * z * z + 0.01) << value << " " << z;  // the average errs by 60/2^14
      if (++tried % 60 == 0) {
        EXPECT_NEAR(cost, mean_cost(step, Rational(z)).mid_double(), 0.01) << value << " " << z;
      }
      closest = std::min(closest, a + b * z * z - cost);
    }
    EXPECT_LT(closest, 0.02) << value;
    // What SPEC §7 promises of the ideal length, and what these tables cost more.
    EXPECT_LE(a + b, rate + 0.018) << value;
    EXPECT_TRUE(certainly_less_equal(length.coder_least(1024), length.coder_most(1024)));
    EXPECT_LE(length.coder_most(1024).upper_double(), rate + 0.018 + 16.0 / 1024 + 0.001) << value;
    EXPECT_LE(averaged_cost(step, 1) / 2 + averaged_cost(step, -1) / 2, length.least.upper_double() + 0.005);
  }
}

// Streams of rows whose codes are drawn by the rule are as long as promised: 200 rows of 256 normal coordinates, whose lengths have a standard
// deviation of about 7 bits: the mean is known to 0.5 bits, and the test allows 8, sixteen of these.
TEST(EntropyLengthOfTables, StreamsAreAsLongAsPromised) {
  std::mt19937_64 random(5);
  for (const float value : {0.26f, 1.0825f}) {
    const StepNumbers step(value);
    const EntropyLength length = entropy_length(step);
    double bits = 0;
    for (int row = 0; row < 100; ++row) {
      const auto word = static_cast<std::uint32_t>(random());
      for (const double z : {1.0, -1.0}) {  // one-hot rows
        std::vector<std::int64_t> codes;
        for (std::uint64_t j = 0; j < 256; ++j)
          codes.push_back(
              static_cast<std::int64_t>(std::floor((random() % 2 == 0 ? z : -z) / static_cast<double>(value) +
                                                   (static_cast<double>(weyl_word(word, j) >> 9) + 0.5) * 0x1p-23)));
        bits += 8 * static_cast<double>(put_stream(step, word, 1, codes).size()) - 32;
      }
    }
    const double mean = bits / 200;
    EXPECT_LE(mean, 256 * length.coder_most(256).upper_double() + 8) << value;
    EXPECT_GE(mean, 256 * length.coder_least(256).lower_double() - 8) << value;
    EXPECT_NEAR(mean, 256 * length.least.mid_double(), 16) << value;
  }
}

}  // namespace
}  // namespace hdq::reference
