// SPEC §7 in the reference: the rule is exact, tables are what they approximate, streams come back, and what is no stream is refused.
#include "hdq/reference/scheme/entropy_coded.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "hdq/reference/scheme/philox.hpp"
#include "hdq/reference/scheme/row_stream.hpp"

namespace hdq::reference {
namespace {

using ::testing::HasSubstr;

const std::vector<float> steps = {0x1p-10f, 0.0162f, 0.125f, 0x1.000002p-3f, 0.26f, 1.0825f, 2.5745f, 13.6f, 16.0f};

// Middles, multiples of the step and of the coarse step, halves, and the largest z of a row of 2^17 coordinates.
std::vector<Rational> points(const StepNumbers& step) {
  const Rational w(step.coarse), delta = step.delta();
  return {0,         1, -1, w, -w, delta, delta / 2, -delta / 2, -7 * w + delta / 3, Rational(22, 7), Rational(-362),
          3 * w / 64};
}

// ---- the rule ----

// ∫ of ẑ − z and of its square over V in (0, 1), exactly: between offsets at which z/Δ + 2^h·V is whole, ẑ is linear in V.
TEST(UniformStep, MeanIsZAndMeanSquaredErrorIsDExactly) {
  for (const float value : steps) {
    const StepNumbers step(value);
    const Rational turns(Integer(1) << step.raw_bits);
    for (const Rational& z : points(step)) {
      const Rational at = z / step.delta();
      Rational mean = 0, square = 0, begin = 0;
      for (Integer k = floor_of(at); begin < 1; ++k) {
        const Rational end = std::min(Rational(1), Rational((Rational(k + 1) - at) / turns));
        const Rational middle = (begin + end) / 2;
        const Integer code = step_code(step, z, middle);
        EXPECT_EQ(code, k);
        const Rational first = step_value(step, code, begin) - z, last = step_value(step, code, end) - z;
        EXPECT_LE(std::max<Rational>(abs(first), abs(last)), step.delta() / 2);
        mean += (first + last) / 2 * (end - begin);
        square += (first * first + first * last + last * last) / 3 * (end - begin);
        begin = end;
      }
      EXPECT_EQ(mean, 0) << value << " " << z;
      EXPECT_EQ(square, step.error()) << value << " " << z;
    }
  }
}

// ⌈x⌉.
Integer ceiling(const Rational& x) { return -floor_of(-x); }

// Σ_{i=a}^{b−1} of (s + r·i) and of its square.
struct Progression {
  Rational first, second;
};
Progression sums(const Rational& s, const Rational& r, const Integer& a, const Integer& b) {
  const auto powers = [](const Integer& n) {  // Σ_{i<n} of i and i²
    return std::pair(Rational(n * (n - 1), 2), Rational(n * (n - 1) * (2 * n - 1), 6));
  };
  const auto [b1, b2] = powers(b);
  const auto [a1, a2] = powers(a);
  const Rational n(Integer(b - a)), i1 = b1 - a1, i2 = b2 - a2;
  return {s * n + r * i1, s * s * n + 2 * s * r * i1 + r * r * i2};
}

// All 2^23 values of V: runs of them with one code, summed in closed form (SPEC §7, theorem 2).
TEST(UniformStep, MeanAndErrorOverAllValuesOfTheOffset) {
  const Integer count = Integer(1) << offset_bits;
  for (const float value : steps) {
    const StepNumbers step(value);
    const Rational turns(Integer(1) << step.raw_bits), cells(count), w(step.coarse), cell = w / cells;
    const auto offset = [&](const Integer& i) { return Rational(2 * i + 1, 2 * count); };
    for (const Rational& z : points(step)) {
      const Rational at = z / step.delta();
      Rational mean = 0, square = 0;
      Integer begin = 0;
      for (Integer k = step_code(step, z, offset(0)); begin < count; ++k) {
        const Integer end = std::min(count, ceiling((Rational(k + 1) - at) / turns * cells - Rational(1, 2)));
        ASSERT_GT(end, begin);
        for (const Integer& i : {begin, Integer(end - 1)}) ASSERT_EQ(step_code(step, z, offset(i)), k);
        // ẑ of the i-th value is that of value 0 less i cells.
        const Progression errors = sums(step_value(step, k, offset(0)) - z, -cell, begin, end);
        mean += errors.first / cells, square += errors.second / cells;
        begin = end;
      }
      EXPECT_LE(abs(mean), cell / 2) << value << " " << z;
      EXPECT_LE(step.error() - cell * cell / 12, square) << value << " " << z;
      EXPECT_LE(square, step.error() + cell * cell / 6) << value << " " << z;
    }
  }
}

TEST(UniformStep, OffsetsAreMiddlesOfTheGrid) {
  EXPECT_EQ(offset_of_word(0), Rational(1, 1 << 24));
  EXPECT_EQ(offset_of_word(511), Rational(1, 1 << 24));
  EXPECT_EQ(offset_of_word(512), Rational(3, 1 << 24));
  EXPECT_EQ(offset_of_word(0xFFFFFFFF), 1 - Rational(1, 1 << 24));
  EXPECT_EQ(weyl_word(5, 3), 5u + 3u * 0x9E3779B9u);
  EXPECT_EQ(weyl_word(5, std::uint64_t{1} << 32), 5u);
}

TEST(UniformStep, NumbersOfAStep) {
  for (const float value : steps) {
    const StepNumbers step(value);
    EXPECT_EQ(step.coarse, std::ldexp(static_cast<double>(value), step.raw_bits));
    EXPECT_GT(step.coarse, 0.125);
    EXPECT_TRUE(step.raw_bits == 0 || step.coarse <= 0.25);
  }
  EXPECT_EQ(StepNumbers(0x1p-10f).raw_bits, 8);
  EXPECT_EQ(StepNumbers(0.125f).raw_bits, 1);
  EXPECT_EQ(StepNumbers(0x1.000002p-3f).raw_bits, 0);
  EXPECT_EQ(StepNumbers(16).largest, 2);
  for (const float bad : {0.0f, -1.0f, 0x1.fffffep-11f, 16.000002f, std::nanf("")})
    EXPECT_THROW(StepNumbers{bad}, std::invalid_argument) << bad;
  // d <= ((32767 − 2^h)·Δ)², exactly.
  const StepNumbers least(0x1p-10f);
  EXPECT_EQ(code_range(least, 1008).bits, 16);
  EXPECT_EQ(code_range(least, 1009).bits, 32);  // ((32767 − 256)/1024)² = 1008.0009…
  EXPECT_EQ(code_range(least, 1009).most, std::int64_t{1} << 30);
}

// ---- the quantizer of a vector ----

// By definition, entry by entry, in rationals.
TEST(EntropyCodedQuantizer, IsTheDefinition) {
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  for (const float value : {0x1p-10f, 0.26f, 16.0f}) {
    for (const std::size_t n : {1u, 3u, 12u, 16u, 20u}) {
      const EntropyCodedQuantizer quantizer(n, value, 7);
      const HadamardOrder& d = quantizer.order();
      std::vector<float> x(n);
      for (float& one : x) one = std::ldexp(normal(random), static_cast<int>(random() % 60) - 30);
      const auto rho = static_cast<float>(std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0)));
      const auto word = static_cast<std::uint32_t>(random());
      std::vector<Rational> signed_x(d.order, Rational(0));
      for (std::size_t i = 0; i < n; ++i) signed_x[i] = quantizer.epsilon()[i] * Rational(static_cast<double>(x[i]));
      const std::vector<Rational> y = multiply_by_definition(d, signed_x);
      const std::vector<std::int64_t> codes = quantizer.encode(x.data(), rho, word);
      std::vector<Rational> values;
      for (std::size_t j = 0; j < d.order; ++j) {
        const Rational z = y[j] / Rational(static_cast<double>(rho)), offset = offset_of_word(weyl_word(word, j));
        EXPECT_EQ(step_code(quantizer.step(), z, offset), codes[j]);
        values.push_back(step_value(quantizer.step(), codes[j], offset));
        EXPECT_EQ(quantizer.values(codes, word)[j], values.back());
        EXPECT_LE(abs(values.back() - z), quantizer.step().delta() / 2);
      }
      const std::vector<Rational> back = multiply_by_definition(d, values, true);
      const CommonFraction decoded = quantizer.decode(codes, rho, word);
      for (std::size_t i = 0; i < n; ++i)
        EXPECT_EQ(decoded[i], quantizer.epsilon()[i] * Rational(static_cast<double>(rho)) / d.order * back[i]);
    }
  }
}

TEST(EntropyCodedQuantizer, ForeignNormsGiveCodesWithinTheRange) {
  const EntropyCodedQuantizer narrow(4, 1, 7), wide(4096, 0x1p-10f, 7);
  std::vector<float> x(4096, 1.0f);
  for (const std::int64_t k : narrow.encode(x.data(), 0x1p-40f, 3))
    EXPECT_TRUE(k == -32768 || k == 32767 || k == 0 || k == -1);
  const std::vector<std::int64_t> codes = wide.encode(x.data(), 0x1p-40f, 3);
  EXPECT_EQ(*std::max_element(codes.begin(), codes.end()), std::int64_t{1} << 30);
  EXPECT_EQ(narrow.encode(x.data(), 0, 3), std::vector<std::int64_t>(4));
  EXPECT_THROW(narrow.encode(x.data(), -1, 3), std::invalid_argument);
  EXPECT_THROW(narrow.values({1, 2}, 3), std::invalid_argument);
}

// ---- tables ----

TEST(EntropyTables, AreNearlyTheDensityAndSum) {
  for (const float value : steps) {
    const StepNumbers step(value);
    const FrequencyTables tables = entropy_tables(step);
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
      EXPECT_EQ(f.back(), 1u);
      for (std::size_t i = 0; i < p.size(); ++i) {
        const double want = 65535 * p[i] / all;
        // The middle takes half a unit of rounding of each of the others, and the frequencies of 1 that are less than a half.
        const double slack = i == static_cast<std::size_t>(step.largest) ? static_cast<double>(p.size()) : 1;
        EXPECT_NEAR(f[i], want, slack + want * 0x1p-9) << value << " " << u << " " << i;
      }
    }
  }
}

// Item by item, from e: each frequency is the whole number nearest to its share, or 1; only the double's roundings leave a tie open.
TEST(EntropyTables, FrequenciesAreTheNearestWholeNumbers) {
  for (const float value : steps) {
    const StepNumbers step(value);
    const double w = step.coarse;
    const FrequencyTables tables = entropy_tables(step);
    for (int u = 0; u < 64; ++u) {
      std::vector<Rational> e;
      Rational sum = 0;
      for (int c = -step.largest; c <= step.largest; ++c) {
        const double tau = w * ((128 * c + 63 - 2 * u) / 128.0);
        e.emplace_back(table_exponential((tau * tau) / (2 + (w * w) / 6)));
        sum += e.back();
      }
      std::uint32_t others = 1;
      for (int c = -step.largest; c <= step.largest; ++c) {
        const auto i = static_cast<std::size_t>(c + step.largest);
        const std::uint32_t f = tables[static_cast<std::size_t>(u)][i];
        if (c == 0) continue;
        others += f;
        const Rational share = 65535 * e[i] / sum, off = abs(share - f);
        EXPECT_TRUE(off <= Rational(0.5 + 1e-9) || (f == 1 && share < 1)) << value << " " << u << " " << c;
      }
      EXPECT_EQ(tables[static_cast<std::size_t>(u)][static_cast<std::size_t>(step.largest)], frequency_sum - others);
    }
  }
}

// f_0 is what the others leave; were it not positive, there would be no table. For steps all over the range, and where h changes.
TEST(EntropyTables, TheMiddleHasAPositiveFrequency) {
  std::vector<float> many = steps;
  for (double exponent = -10; exponent < 4; exponent += 0.1) many.push_back(static_cast<float>(std::exp2(exponent)));
  for (const float value : many) {
    const StepNumbers step(value);
    for (const std::vector<std::uint32_t>& f : entropy_tables(step)) {
      const std::uint32_t middle = f[static_cast<std::size_t>(step.largest)];
      EXPECT_TRUE(middle >= 1 && middle < frequency_sum) << value << " " << middle;
    }
  }
}

// The polynomial's relative error is q³/(6·2^20), about.
TEST(EntropyTables, TheExponentialIsNearTheExponential) {
  const Precision precision(128);
  for (double q = 0; q < 60; q += 1.0 / 64) {
    const Ball exact = exp(-Ball(q)), error = abs(Ball(table_exponential(q)) - exact);
    EXPECT_TRUE(certainly_less_equal(error, Ball::power_of_two(-22))) << q;
    if (q <= 18) {
      EXPECT_TRUE(certainly_less_equal(error, ldexp(exact, -10))) << q;
    }
  }
  // Beyond 18, where it is less near, frequencies are 1 whatever it is.
  for (const float value : steps) {
    const StepNumbers step(value);
    const double w = step.coarse;
    const FrequencyTables tables = entropy_tables(step);
    for (int u = 0; u < 64; ++u) {
      for (int c = -step.largest; c <= step.largest; ++c) {
        const double tau = w * (c + 0.5 - (u + 0.5) / 64);
        if (tau * tau / (2 + w * w / 6) < 17.9) continue;
        EXPECT_EQ(tables[static_cast<std::size_t>(u)][static_cast<std::size_t>(c + step.largest)], 1u) << value;
      }
    }
  }
}

// ---- streams ----

enum class Codes { drawn, constant, alternating, escapes, huge, ends };

std::vector<std::int64_t> codes_of(const StepNumbers& step, std::size_t count, Codes kind, std::mt19937_64& random) {
  std::vector<std::int64_t> codes;
  std::normal_distribution<double> normal;
  const std::int64_t unit = std::int64_t{1} << step.raw_bits, k = step.largest;
  for (std::size_t j = 0; j < count; ++j) {
    const std::int64_t sign = j % 2 == 0 ? 1 : -1, far = std::int64_t{1} << (random() % 23);
    switch (kind) {
      case Codes::drawn:
        codes.push_back(static_cast<std::int64_t>(std::floor(normal(random) / static_cast<double>(step.step))));
        break;
      case Codes::constant:
        codes.push_back(0);
        break;
      case Codes::alternating:
        codes.push_back(sign * k * unit);
        break;
      case Codes::escapes:
        codes.push_back(sign * (k + 1) * unit);
        break;
      case Codes::huge:
        codes.push_back(sign > 0 ? far * unit : -far * unit - 1);
        break;
      case Codes::ends:
        codes.push_back(sign * (k + (std::int64_t{1} << 31) - 1) * unit);
        break;
    }
  }
  return codes;
}

struct Row {
  StepNumbers step;
  std::uint32_t word;
  float norm;
  std::vector<std::int64_t> codes;
};

std::vector<Row> rows() {
  std::mt19937_64 random(3);
  std::vector<Row> all;
  for (const float value : {0x1p-10f, 0.26f, 1.0825f, 16.0f})
    for (const std::size_t count : {0u, 1u, 2u, 40u})
      for (const Codes kind :
           {Codes::drawn, Codes::constant, Codes::alternating, Codes::escapes, Codes::huge, Codes::ends})
        for (const float norm : {0x1p-149f, 3e38f, 1.5f}) {
          const StepNumbers step(value);
          all.push_back({step, static_cast<std::uint32_t>(random()), norm, codes_of(step, count, kind, random)});
        }
  return all;
}

TEST(RowStream, RowsComeBack) {
  for (const Row& row : rows()) {
    const RowCoder coder(row.step);
    const GotStream got = coder.get(row.word, row.codes.size(), coder.put(row.word, row.norm, row.codes));
    EXPECT_EQ(got.norm, row.norm);
    ASSERT_EQ(got.coarse.size(), row.codes.size());
    for (std::size_t j = 0; j < row.codes.size(); ++j) EXPECT_EQ(got.coarse[j], row.codes[j] >> row.step.raw_bits);
  }
  const RowCoder coder{StepNumbers(1)};
  EXPECT_TRUE(coder.put(0, 0, std::vector<std::int64_t>{0, 0}).empty());
  EXPECT_EQ(coder.get(0, 2, {}).coarse, std::vector<std::int64_t>(2));
}

// By hand, from SPEC §7.
TEST(RowStream, ShortStreamsAreTheSpecified) {
  const StepNumbers step(1.0825f);
  const RowCoder coder(step);
  const auto bytes = [](std::uint64_t x, std::size_t size) {
    std::vector<std::uint8_t> r;
    for (std::size_t i = 0; i < size; ++i) r.push_back(static_cast<std::uint8_t>(x >> (8 * i)));
    return r;
  };
  EXPECT_EQ(coder.put(9, 1, {}), bytes(0xBF800000, 5));  // 2^31 + 0x3F800000
  const std::vector<std::uint32_t> f = entropy_tables(step)[0xFC000000 >> 26];
  std::uint64_t below = 0;
  for (int c = -step.largest; c < -1; ++c) below += f[static_cast<std::size_t>(c + step.largest)];
  const std::uint64_t one = f[static_cast<std::size_t>(step.largest - 1)], x = 0xBF800000;
  EXPECT_EQ(coder.put(0xFC000000, 1, std::vector<std::int64_t>{-1}), bytes((x / one << 16) + x % one + below, 5));
  // An escape: 65535 of frequency 1, after its bits: 1 for c < 0; 2 beyond K is 10 in binary: one bit 1, one bit 0, then 0.
  std::uint64_t y = 0xBF800000;
  std::vector<std::uint32_t> words;
  for (const int bit : {0, 0, 1, 1}) {  // from the last to the first
    EXPECT_LT(y, std::uint64_t{1} << 62);
    y = (y / 32768 << 16) + y % 32768 + (static_cast<std::uint64_t>(bit) << 15);
  }
  EXPECT_LT(y, std::uint64_t{1} << 47);
  EXPECT_EQ(coder.put(0, 1, std::vector<std::int64_t>{-step.largest - 2}), bytes((y << 16) + 65535, 7));
}

// Examples.v of the proofs, bytes_of_a_row: the model of the coder, computed by Coq.
TEST(RowStream, AreTheBytesThatCoqComputes) {
  const RowCoder coder{StepNumbers(16)};
  const std::vector<std::int64_t> codes = {0, -1, 2, -3, 1, 0, 1000, -2};
  const std::vector<std::uint8_t> bytes = {65,  204, 45,  59,  169, 3, 254, 255, 255,
                                           255, 197, 255, 178, 203, 0, 128, 239, 25};
  EXPECT_EQ(coder.put(7, 5, codes), bytes);
}

// Every truncation, extensions and every flipped bit of a row's stream: refused, or the stream of another row, to which it comes back.
TEST(RowStream, WhatIsNoStreamIsRefused) {
  std::size_t refused = 0, tried = 0;
  std::mt19937_64 random(4);
  for (const Row& row : rows()) {
    const RowCoder coder(row.step);
    const std::vector<std::uint8_t> stream = coder.put(row.word, row.norm, row.codes);
    const auto expect_other = [&](const std::vector<std::uint8_t>& bytes) {
      ++tried;
      try {
        const GotStream got = coder.get(row.word, row.codes.size(), bytes);
        std::vector<std::int64_t> codes = got.coarse;
        for (std::int64_t& c : codes) c *= std::int64_t{1} << row.step.raw_bits;
        EXPECT_EQ(coder.put(row.word, got.norm, codes), bytes);
        bool same = got.norm == row.norm;
        for (std::size_t j = 0; j < codes.size(); ++j) same &= got.coarse[j] == row.codes[j] >> row.step.raw_bits;
        EXPECT_FALSE(same);
      } catch (const MalformedStream&) {
        ++refused;
      }
    };
    const std::size_t stride = 1 + random() % 3;  // of the flipped bits, for time
    for (std::size_t bit = random() % stride; bit < 8 * stream.size(); bit += stride) {
      std::vector<std::uint8_t> bad = stream;
      bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1u << bit % 8));
      expect_other(bad);
    }
    for (std::size_t size = stream.size() - 1; size > 0; size -= std::min<std::size_t>(size, size > 40 ? 7 : 1))
      expect_other(std::vector<std::uint8_t>(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(size)));
    for (std::size_t more = 1; more <= 9; ++more) {
      std::vector<std::uint8_t> longer = stream;
      for (std::size_t i = 0; i < more; ++i) longer.push_back(static_cast<std::uint8_t>(more % 2 == 0 ? 0 : random()));
      expect_other(longer);
    }
  }
  EXPECT_GT(refused, tried / 2);
  EXPECT_LT(refused, tried);
}

std::string refusal(const RowCoder& coder, std::size_t count, const std::vector<std::uint8_t>& bytes) {
  try {
    coder.get(0, count, bytes);
  } catch (const MalformedStream& bad) {
    return bad.what();
  }
  return "none";
}

TEST(RowStream, EachRefusalSaysWhy) {
  const StepNumbers step(1);
  const RowCoder coder(step);
  EXPECT_THAT(refusal(coder, 1, {0, 0, 0, 0x80}), HasSubstr("fewer than 5 bytes"));
  EXPECT_THAT(refusal(coder, 0, {0, 0, 0, 0x7F, 0}), HasSubstr("[2^31, 2^63)"));
  EXPECT_THAT(refusal(coder, 0, {0, 0, 0, 0, 0, 0, 0, 0x80}), HasSubstr("[2^31, 2^63)"));
  EXPECT_THAT(refusal(coder, 0, {0, 0, 0x80, 0xBF, 0, 0}), HasSubstr("more bytes than it needs"));
  EXPECT_THAT(refusal(coder, 40, {0, 0, 0x80, 0xBF, 0}), HasSubstr("ends before"));
  EXPECT_THAT(refusal(coder, 0, {0, 0, 0x80, 0xBF, 0, 0, 0, 0, 0}), HasSubstr("words are left"));
  EXPECT_THAT(refusal(coder, 0, {0, 0, 0, 0x80, 0}), HasSubstr("no finite positive norm"));        // ρ = 0
  EXPECT_THAT(refusal(coder, 0, {0, 0, 0x80, 0xFF, 0}), HasSubstr("no finite positive norm"));     // infinity
  EXPECT_THAT(refusal(coder, 0, {0, 0, 0x80, 0x3F, 0x01}), HasSubstr("no finite positive norm"));  // −1
  // A gamma code of 31 ones: what begins as the longest escape, with one more.
  AnsPutter putter(0xBF800000);
  for (int i = 0; i < 40; ++i) putter.put(place_of_bit(1));
  putter.put({1, 65535});
  EXPECT_THAT(refusal(coder, 1, putter.stream()), HasSubstr("an escape of more than 2^31"));
}

TEST(RowStream, WhatHasNoStreamIsRefused) {
  const StepNumbers step(1);
  const RowCoder coder(step);
  for (const float bad : {-1.0f, std::nanf(""), HUGE_VALF})
    EXPECT_THROW(coder.put(0, bad, std::vector<std::int64_t>{0}), std::invalid_argument) << bad;
  const std::int64_t most = step.largest + (std::int64_t{1} << 31);
  EXPECT_THROW(coder.put(0, 1, std::vector<std::int64_t>{most}), std::invalid_argument);
  EXPECT_THROW(coder.put(0, 1, std::vector<std::int64_t>{-most}), std::invalid_argument);
  FrequencyTables tables = entropy_tables(step);
  ++tables[5][3];
  EXPECT_THROW(RowCoder(step, tables), std::invalid_argument);  // does not sum
  tables = entropy_tables(step);
  tables[5][4] += tables[5][3], tables[5][3] = 0;
  EXPECT_THROW(RowCoder(step, tables), std::invalid_argument);
  tables = entropy_tables(step);
  tables.pop_back();
  EXPECT_THROW(RowCoder(step, tables), std::invalid_argument);
  EXPECT_THROW(RowCoder(StepNumbers(16), entropy_tables(step)), std::invalid_argument);
}

// Tables with a fault give streams that are other ones, and come back under no other tables.
TEST(RowStream, FaultyTablesShow) {
  std::mt19937_64 random(5);
  const StepNumbers step(0.26f);
  const RowCoder right(step);
  const auto middle = static_cast<std::size_t>(step.largest);
  for (int fault = 0; fault < 3; ++fault) {
    FrequencyTables tables = entropy_tables(step);
    if (fault == 0)
      for (auto& f : tables) --f[middle], ++f[middle + 1];  // the mode
    if (fault == 1) std::swap(tables[20], tables[21]);
    if (fault == 2)
      for (auto& f : tables) ++f[0], --f[middle];  // F of all between is one more
    const RowCoder wrong(step, tables);
    const std::vector<std::int64_t> codes = codes_of(step, 400, Codes::drawn, random);
    const std::vector<std::uint8_t> stream = wrong.put(7, 1.5f, codes);
    EXPECT_NE(stream, right.put(7, 1.5f, codes)) << fault;
    EXPECT_EQ(wrong.get(7, 400, stream).coarse, codes) << fault;
    try {
      EXPECT_NE(right.get(7, 400, stream).coarse, codes) << fault;
    } catch (const MalformedStream&) {
    }
  }
}

}  // namespace
}  // namespace hdq::reference
