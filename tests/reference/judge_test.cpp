// SPEC §4: the judge accepts what the fast library computes, on every kind of input, and rejects each planted fault.
#include "hdq/reference/judge/judge.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "hard_rows.hpp"
#include "hdq/codec.hpp"

namespace hdq::reference {
namespace {

using hard_rows::Input;
using hard_rows::inputs;

constexpr std::uint64_t seed = hard_rows::seed_of_signs;

// One row through the fast library.
struct Row {
  std::vector<float> x;
  float norm = 0;
  std::vector<std::uint8_t> codes;  // unpacked
  std::vector<float> decoded;
};

Row quantize(const std::vector<float>& x, int bits, std::uint64_t row, std::uint64_t with_seed = seed) {
  const Codec codec(x.size(), bits, with_seed);
  const EncodedRows encoded = codec.encode(RowsView(x.data(), 1, x.size()), row);
  Row r{x, encoded.norms()[0], unpack_codes(bits, encoded.codes().data(), codec.order()), std::vector<float>(x.size())};
  codec.decode(encoded, {r.decoded.data(), 1, x.size()});
  return r;
}

constexpr std::size_t dimensions[] = {1, 2, 3, 5, 12, 17, 20, 28, 96, 100, 300, 384};

TEST(Judge, AcceptsTheFastLibrary) {
  std::size_t codes = 0, within = 0;
  for (const std::size_t n : dimensions) {
    for (const Input& input : inputs(n)) {
      for (int bits = 1; bits <= shipped_bits; ++bits) {
        if (n > 100 && bits % 3 != 1) continue;
        const std::uint64_t row = n * 1000 + static_cast<std::uint64_t>(bits);
        const Row r = quantize(input.x, bits, row);
        const Judge judge(n, bits, seed);
        const auto norm = judge.judge_norm(input.x.data(), r.norm);
        const auto code = judge.judge_codes(input.x.data(), r.norm, r.codes.data(), row);
        const auto value = judge.judge_decoded(r.norm, r.codes.data(), row, r.decoded.data());
        ASSERT_NE(norm.verdict, Verdict::wrong) << input.name << ", n = " << n << ": " << norm.error << " > " << norm.bound;
        ASSERT_EQ(code.wrong, 0u) << input.name << ", n = " << n << ", b = " << bits;
        ASSERT_EQ(code.equal + code.within_bound, judge.order());
        ASSERT_EQ(value.wrong, 0u) << input.name << ", n = " << n << ", b = " << bits << ": " << value.largest_error << " > "
                                   << value.bound;
        ASSERT_EQ(value.within_bound, n);
        codes += judge.order(), within += code.within_bound;
      }
    }
  }
  // Rounding decides a code now and then, not often.
  EXPECT_LT(within, codes / 1000) << codes;
}

RC_GTEST_PROP(Judge, AcceptsTheFastLibraryOnAnyRow, (std::uint64_t row, std::uint64_t any_seed)) {
  const auto bits = *rc::gen::inRange(1, shipped_bits + 1);
  const auto n = *rc::gen::inRange<std::size_t>(1, 60);
  const auto exponent = *rc::gen::inRange(-120, 100);
  std::vector<float> x;
  for (const int mantissa : *rc::gen::container<std::vector<int>>(n, rc::gen::inRange(-(1 << 20), 1 << 20))) {
    x.push_back(std::ldexp(static_cast<float>(mantissa), exponent - 20));
  }
  const Row r = quantize(x, bits, row, any_seed);
  const Judge judge(n, bits, any_seed);
  RC_ASSERT(judge.judge_norm(x.data(), r.norm).verdict != Verdict::wrong);
  RC_ASSERT(judge.judge_codes(x.data(), r.norm, r.codes.data(), row).wrong == 0u);
  RC_ASSERT(judge.judge_decoded(r.norm, r.codes.data(), row, r.decoded.data()).wrong == 0u);
}

// The filter and the plain reference agree.
TEST(Judge, ExactCodesAreThoseOfTheVectorQuantizer) {
  for (const Input& input : inputs(20)) {
    for (int bits : {1, 4, 8}) {
      const Judge judge(20, bits, seed);
      const Row r = quantize(input.x, bits, 3);
      const auto exact = judge.quantizer().encode(input.x.data(), r.norm, dither_of_word(dither_word(seed, 3)));
      const std::vector<std::uint8_t> codes(exact.begin(), exact.end());
      EXPECT_EQ(judge.judge_codes(input.x.data(), r.norm, codes.data(), 3).equal, judge.order()) << input.name;
      // Every other code is a difference that names the exact one.
      std::vector<std::uint8_t> others = codes;
      const int top = (1 << bits) - 1;
      for (auto& code : others) code = static_cast<std::uint8_t>(code == top ? code - 1 : code + 1);
      const auto judged = judge.judge_codes(input.x.data(), r.norm, others.data(), 3);
      ASSERT_EQ(judged.differences.size(), judge.order()) << input.name;
      for (std::size_t j = 0; j < judge.order(); ++j) EXPECT_EQ(judged.differences[j].exact_code, exact[j]);
    }
  }
}

TEST(Judge, DecodedValuesAreThoseOfTheVectorQuantizer) {
  for (const Input& input : inputs(28)) {
    if (input.name == "zero") continue;
    const Judge judge(28, 4, seed);
    Row r = quantize(input.x, 4, 9);
    const Ball u = dither_of_word(dither_word(seed, 9));
    const auto exact = judge.quantizer().decode({r.codes.begin(), r.codes.end()}, r.norm, u);
    const auto judged = judge.judge_decoded(r.norm, r.codes.data(), 9, r.decoded.data());
    double largest = 0;
    for (std::size_t i = 0; i < 28; ++i) {
      largest = std::max(largest, abs(exact[i] - static_cast<double>(r.decoded[i])).mid_double());
    }
    EXPECT_NEAR(judged.largest_error, largest, 1e-6 * largest + 1e-9 * judged.bound) << input.name;
  }
}

class Faults : public testing::Test {
 protected:
  static constexpr std::size_t n = 96;
  static constexpr std::uint64_t row = 42;
  void SetUp() override {
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    x_.resize(n);
    for (float& v : x_) v = normal(random);
  }
  CodesJudgement judged(int bits, const Row& r, std::uint64_t as_row = row) const {
    return Judge(n, bits, seed).judge_codes(x_.data(), r.norm, r.codes.data(), as_row);
  }
  std::vector<float> x_;
};

TEST_F(Faults, ACodeOffByOne) {
  for (int bits = 1; bits <= shipped_bits; ++bits) {
    for (const std::size_t j : std::initializer_list<std::size_t>{std::size_t{0}, n / 2, n - 1}) {
      Row r = quantize(x_, bits, row);
      r.codes[j] = static_cast<std::uint8_t>(r.codes[j] == 0 ? 1 : r.codes[j] - 1);
      const auto result = judged(bits, r);
      EXPECT_EQ(result.wrong, 1u) << bits;
      EXPECT_EQ(result.of(j), Verdict::wrong);
      EXPECT_GT(result.differences.back().distance, result.differences.back().bound);
    }
  }
}

TEST_F(Faults, ACodeBeyondTheCodebook) {
  Row r = quantize(x_, 3, row);
  r.codes[5] = 8;
  EXPECT_EQ(judged(3, r).of(5), Verdict::wrong);
  EXPECT_THROW(Judge(n, 3, seed).judge_decoded(r.norm, r.codes.data(), row, r.decoded.data()), std::invalid_argument);
}

TEST_F(Faults, ALostSign) {
  std::vector<float> flipped = x_;
  flipped[17] = -flipped[17];  // what an encoder with ε_17 wrong would rotate
  EXPECT_GT(judged(4, quantize(flipped, 4, row)).wrong, n / 4);
}

TEST_F(Faults, AWrongSeed) { EXPECT_GT(judged(4, quantize(x_, 4, row, seed + 1)).wrong, n / 2); }

TEST_F(Faults, AWrongRowNumber) {
  const Row r = quantize(x_, 4, row);
  EXPECT_GT(judged(4, r, row + 1).wrong, n / 8);
  EXPECT_EQ(judged(4, r, row).wrong, 0u);
  EXPECT_GT(Judge(n, 4, seed).judge_decoded(r.norm, r.codes.data(), row + 1, r.decoded.data()).wrong, n / 2);
}

TEST_F(Faults, ADitherLostInFloat) {  // as if every U were 1/2
  const Row r = quantize(x_, 8, row);
  const Judge judge(n, 8, seed);
  auto exact = judge.quantizer().encode(x_.data(), r.norm, Ball(0.5) + Ball::power_of_two(-30));
  Row undithered = r;
  undithered.codes.assign(exact.begin(), exact.end());
  EXPECT_GT(judged(8, undithered).wrong, n / 8);
}

TEST_F(Faults, ANormOffByOnePercentOrOneBit) {
  const Judge judge(n, 4, seed);
  const Row r = quantize(x_, 4, row);
  EXPECT_EQ(judge.judge_norm(x_.data(), r.norm).verdict, Verdict::equal);
  EXPECT_EQ(judge.judge_norm(x_.data(), 1.01f * r.norm).verdict, Verdict::wrong);
  EXPECT_EQ(judge.judge_norm(x_.data(), std::nextafter(std::nextafter(r.norm, 1e9f), 1e9f)).verdict, Verdict::wrong);
  for (const float direction : {0.0f, 1e9f}) {
    EXPECT_NE(judge.judge_norm(x_.data(), std::nextafter(r.norm, direction)).verdict, Verdict::equal);
  }
  EXPECT_EQ(judge.judge_norm(x_.data(), 0).verdict, Verdict::wrong);
  EXPECT_EQ(judge.judge_norm(x_.data(), std::numeric_limits<float>::quiet_NaN()).verdict, Verdict::wrong);
  EXPECT_EQ(judge.judge_norm(x_.data(), std::numeric_limits<float>::infinity()).verdict, Verdict::wrong);
  // Codes made with the wrong norm are wrong for the right one.
  Row other = r;
  const auto codes = judge.quantizer().encode(x_.data(), 1.05f * r.norm, dither_of_word(dither_word(seed, row)));
  other.codes.assign(codes.begin(), codes.end());
  EXPECT_GT(judged(4, other).wrong, 0u);
}

TEST_F(Faults, DecodedValues) {
  const Judge judge(n, 4, seed);
  const Row r = quantize(x_, 4, row);
  const auto judge_values = [&](const std::vector<float>& values) {
    return judge.judge_decoded(r.norm, r.codes.data(), row, values.data());
  };
  const double bound = judge_values(r.decoded).bound;
  EXPECT_LT(bound, 1e-3);
  std::vector<float> values = r.decoded;
  values[3] += static_cast<float>(2.1 * bound);
  EXPECT_EQ(judge_values(values).wrong, 1u);
  EXPECT_EQ(judge_values(values).differences.front().coordinate, 3u);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    values = r.decoded;
    values[n - 1] = bad;
    EXPECT_EQ(judge_values(values).wrong, 1u);
  }
  values = r.decoded;
  for (float& v : values) v = -v;
  EXPECT_GT(judge_values(values).wrong, n / 2);
  values.assign(n, 0);
  EXPECT_GT(judge_values(values).wrong, n / 2);
  // Hᵀ replaced by H: B_12 is not symmetric.
  std::vector<Ball> z;
  for (const auto code : r.codes) z.push_back(judge.quantizer().scalar().decode(code, dither_of_word(dither_word(seed, row))));
  hadamard_transform(judge.quantizer().order(), z);
  for (std::size_t i = 0; i < n; ++i) {
    values[i] = static_cast<float>((z[i] * judge.quantizer().epsilon()[i] * static_cast<double>(r.norm) / n).mid_double());
  }
  EXPECT_GT(judge_values(values).wrong, n / 2);
  // The zero vector decodes to zeros, nothing else.
  EXPECT_EQ(judge.judge_decoded(0, r.codes.data(), row, std::vector<float>(n).data()).wrong, 0u);
  EXPECT_EQ(judge.judge_decoded(0, r.codes.data(), row, std::vector<float>(n, 1e-40f).data()).wrong, n);
}

// A stored norm chosen so that θ_k ρ almost equals y_j: both codes beside the threshold are then within bound, and a little
// away from it only one is.
TEST(Judge, BothSidesOfAThresholdAreWithinBound) {
  const std::vector<float> x = {1.25f, -0.5f, 2, 0.75f, -1, 3, 0.375f, 1, -2, 0.5f, 1, 1};
  int tried = 0;
  for (int bits : {2, 4, 8}) {
    const Judge judge(x.size(), bits, seed);
    const Ball u = dither_of_word(dither_word(seed, 0));
    const auto y = judge.quantizer().rotate(x.data());
    for (std::int64_t k = 1; k < (1 << bits); k += 1 + (1 << bits) / 16) {
      const Ball theta = judge.quantizer().scalar().generator().threshold(k, u);
      for (std::size_t j = 0; j < y.size(); ++j) {
        const Ball ratio = y[j] / theta;
        if (!certainly_less(Ball(0.5), ratio) || !certainly_less(ratio, Ball(50))) continue;
        ++tried;
        const auto verdicts = [&](float norm) {  // of code k − 1 and of code k
          const auto exact = judge.quantizer().encode(x.data(), norm, u);
          std::vector<std::uint8_t> codes(exact.begin(), exact.end());
          std::vector<Verdict> r;
          for (const std::int64_t code : {k - 1, k}) {
            codes[j] = static_cast<std::uint8_t>(code);
            r.push_back(judge.judge_codes(x.data(), norm, codes.data(), 0).of(j));
          }
          return r;
        };
        const float near = static_cast<float>(ratio.mid_double());
        const auto beside = verdicts(near), off = verdicts(near * 1.001f);
        EXPECT_NE(beside[0], beside[1]);
        EXPECT_NE(beside[0], Verdict::wrong);
        EXPECT_NE(beside[1], Verdict::wrong);
        const bool above = y[j].certainly_negative();  // |θ|ρ grew: a negative y now lies above its threshold
        EXPECT_EQ(off[0], above ? Verdict::wrong : Verdict::equal);
        EXPECT_EQ(off[1], above ? Verdict::equal : Verdict::wrong);
      }
    }
  }
  EXPECT_GT(tried, 30);
}

TEST(Judge, IntegerBrackets) {
  const Ball third = Ball(1) / 3;
  EXPECT_EQ(detail::integer_bracket<std::int64_t>(1000 + third), (std::pair<std::int64_t, std::int64_t>(1000, 1001)));
  EXPECT_EQ(detail::integer_bracket<std::int64_t>(-third), (std::pair<std::int64_t, std::int64_t>(-1, 0)));
  EXPECT_EQ(detail::integer_bracket<std::int64_t>(Ball(7)), (std::pair<std::int64_t, std::int64_t>(7, 7)));
  const std::int64_t limit = std::int64_t{1} << 62;
  for (const int sign : {-1, 1}) {
    const auto clamped = detail::integer_bracket<std::int64_t>(sign * Ball::power_of_two(100));
    EXPECT_EQ(clamped, (std::pair<std::int64_t, std::int64_t>(sign * limit, sign * limit)));
    const Ball wide = sign * (Ball::power_of_two(100) + 12345);
    const auto exact = detail::integer_bracket<__int128>(wide);
    EXPECT_TRUE(exact.first == exact.second && wide.contains(detail::exact_ball(exact.first)));
    EXPECT_EQ(detail::integer_bracket<Integer>(wide).first, sign * ((Integer(1) << 100) + 12345));
  }
}

// The threshold bound holds for the rounding it is about, and is nearly attained.
TEST(Judge, ThresholdBoundIsTight) {
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> uniform(-3, 3);
  for (const float rho : {1.7f, 3e-30f, 1e-44f}) {
    double worst = 0;
    for (int i = 0; i < 5000; ++i) {
      const double theta = uniform(random);
      const float rounded = static_cast<float>(theta * static_cast<double>(rho));
      const Ball norm(static_cast<double>(rho)), error = abs(Ball(static_cast<double>(rounded)) - Ball(theta) * norm);
      const Ball bound = threshold_error_bound(Ball(theta), norm, Ball(0));
      ASSERT_TRUE(certainly_less_equal(error, bound)) << theta << " " << rho;
      worst = std::max(worst, (error / bound).mid_double());
    }
    EXPECT_GT(worst, 0.9) << rho;
  }
}

TEST(Judge, BoundsAreThoseOfTheStages) {
  EXPECT_EQ(transform_addition_stages(1, 0), 0);
  EXPECT_EQ(transform_addition_stages(1, 10), 10);
  EXPECT_EQ(transform_addition_stages(12, 5), 9);
  EXPECT_EQ(transform_addition_stages(20, 0), 6);
  EXPECT_EQ(transform_addition_stages(28, 8), 16);
  Precision precision(200);
  // (1 + u)^1 − 1 = u exactly; no stage, no error.
  EXPECT_TRUE(transform_error_bound(Ball(1), 1).contains(Ball::power_of_two(-24)));
  EXPECT_TRUE(transform_error_bound(Ball(1), 0).contains(Ball(0)));
}

}  // namespace
}  // namespace hdq::reference
