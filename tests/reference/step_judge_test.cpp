// The judge of entropy-coded rows: what the library makes of all kinds of rows is right, and the least change of it is wrong.
#include "hdq/reference/judge/step_judge.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "hdq/entropy_coder.hpp"

namespace hdq::reference {
namespace {

struct Coded {
  std::vector<float> x, decoded;
  float norm;
  std::vector<std::int64_t> codes;
  std::vector<std::uint8_t> stream, raw;
};

constexpr std::uint64_t row_number = 77, seed = 5;

Coded coded(const std::vector<float>& x, Step step) {
  const Codec codec(x.size(), step, seed);
  const EncodedRows rows = codec.encode(RowsView<const float>(x.data(), 1, x.size()), row_number);
  Coded made{x, std::vector<float>(x.size()), rows.norms()[0], std::vector<std::int64_t>(codec.order()), {}, {}};
  codec.decode(rows, {made.decoded.data(), 1, x.size()});
  for (std::size_t j = 0; j < codec.order(); ++j) {
    const std::size_t width = codec.code_bytes() / codec.order();
    std::int16_t narrow = 0;
    std::int32_t wide = 0;
    std::memcpy(width == 2 ? static_cast<void*>(&narrow) : &wide, rows.codes().data() + j * width, width);
    made.codes[j] = width == 2 ? narrow : wide;
  }
  const PackedRows packed = EntropyCoder(codec).encode(rows);
  made.stream = packed.streams;
  made.raw = packed.raw;
  return made;
}

std::vector<std::vector<float>> kinds_of_rows() {
  std::vector<float> wave(100), one_hot(100, 0.0f), constant(96, 0.7f), long_row(1300);
  for (std::size_t i = 0; i < 100; ++i) wave[i] = std::sin(static_cast<float>(i * i));
  for (std::size_t i = 0; i < 1300; ++i) long_row[i] = std::cos(static_cast<float>(i * i));
  one_hot[3] = -2;
  std::vector<float> tiny = wave, huge = wave, wide = wave;
  for (float& value : tiny) value *= 0x1p-120f;
  for (float& value : huge) value *= 0x1p120f;
  wide[0] = 0x1p100f;
  wide[1] = 0x1p-140f;
  return {wave, one_hot, constant, tiny, huge, wide, {1.0f}, long_row};
}

TEST(StepJudge, TheLibrarysRowsAreRight) {
  for (const double rate : {0.3, 2.0, 7.5, 12.0}) {
    const Step step = Step::of_rate(rate);
    for (const std::vector<float>& x : kinds_of_rows()) {
      const Coded made = coded(x, step);
      const StepJudge judge(x.size(), step.value(), seed);
      EXPECT_NE(judge.judge_norm(x.data(), made.norm).verdict, Verdict::wrong);
      const CodesJudgement codes = judge.judge_codes(x.data(), made.norm, made.codes, row_number);
      EXPECT_EQ(codes.wrong, 0u) << rate << " " << x.size();
      EXPECT_GE(codes.equal, judge.order() * 9 / 10);
      const DecodedJudgement decoded = judge.judge_decoded(made.norm, made.codes, row_number, made.decoded.data());
      EXPECT_EQ(decoded.wrong, 0u) << rate << " " << x.size();
      EXPECT_LE(decoded.largest_error, decoded.bound);
      EXPECT_TRUE(judge.stream_is_right(made.norm, made.codes, row_number, made.stream, made.raw))
          << rate << " " << x.size();
    }
  }
}

TEST(StepJudge, TheLeastChangeIsWrong) {
  const std::vector<float> x = kinds_of_rows()[0];
  for (const double rate : {1.0, 7.0}) {
    const Step step = Step::of_rate(rate);
    const Coded right = coded(x, step);
    const StepJudge judge(x.size(), step.value(), seed);
    for (const std::size_t j : {std::size_t{0}, std::size_t{50}, judge.order() - 1}) {
      for (const int by : {-1, 1, 2}) {
        Coded made = right;
        made.codes[j] += by;
        const CodesJudgement codes = judge.judge_codes(x.data(), made.norm, made.codes, row_number);
        ASSERT_EQ(codes.differences.size(), 1u);
        EXPECT_EQ(codes.wrong, 1u);
        EXPECT_EQ(codes.differences[0].coordinate, j);
        EXPECT_EQ(codes.differences[0].code - codes.differences[0].exact_code, by);
        EXPECT_FALSE(judge.stream_is_right(made.norm, made.codes, row_number, made.stream, made.raw));
        EXPECT_GT(judge.judge_decoded(made.norm, made.codes, row_number, made.decoded.data()).wrong, 0u);
      }
    }
    const DecodedJudgement decoded = judge.judge_decoded(right.norm, right.codes, row_number, right.decoded.data());
    for (const float bad : {right.decoded[7] + 2.1f * static_cast<float>(decoded.bound),
                            std::numeric_limits<float>::quiet_NaN(), -INFINITY}) {
      Coded made = right;
      made.decoded[7] = bad;
      const DecodedJudgement verdict = judge.judge_decoded(made.norm, made.codes, row_number, made.decoded.data());
      ASSERT_EQ(verdict.wrong, 1u);
      EXPECT_EQ(verdict.differences[0].coordinate, 7u);
    }
    const auto refused = [&](const Coded& made) {
      return !judge.stream_is_right(made.norm, made.codes, row_number, made.stream, made.raw);
    };
    for (std::size_t at = 0; at < right.stream.size(); ++at) {
      Coded made = right;
      made.stream[at] ^= 1;
      EXPECT_TRUE(refused(made)) << at;
    }
    for (std::size_t at = 0; at < right.raw.size(); ++at) {
      Coded made = right;
      made.raw[at] ^= 1;
      EXPECT_TRUE(refused(made)) << at;
    }
    Coded made = right;
    made.norm = std::nextafter(made.norm, 0.0f);
    EXPECT_TRUE(refused(made));
    EXPECT_FALSE(judge.stream_is_right(right.norm, right.codes, row_number + 1, right.stream, right.raw));
  }
}

// A code may be the neighbour's where the integer between is within the float's error, and nowhere else.
TEST(StepJudge, TheBoundIsThatOfTheFloats) {
  const Step step(1.0f);
  const StepJudge judge(1, step.value(), seed);
  const double offset = (static_cast<double>(dither_word(seed, row_number) >> 9) + 0.5) * 0x1p-23;
  const float sign = static_cast<float>(VectorQuantizer(1, 1, seed).epsilon()[0]);
  for (const double off : {0x1p-24, 0x1p-12}) {  // z/Δ + V = 3 − off, where 3 − V is z
    // x = z·ρ with ρ = 1, which need not be the norm of x: the judge takes the stored one.
    const float x = sign * static_cast<float>(3 - offset - off);
    const double gap = 3 - offset - static_cast<double>(sign * x);
    const std::int64_t below = gap > 0 ? 2 : 3, above = 5 - below;
    EXPECT_EQ(judge.judge_codes(&x, 1, {&below, 1}, row_number).equal, 1u);
    const CodesJudgement other = judge.judge_codes(&x, 1, {&above, 1}, row_number);
    ASSERT_EQ(other.differences.size(), 1u);
    EXPECT_EQ(other.within_bound, std::abs(gap) < 0x1p-22 * 4 ? 1u : 0u);
    EXPECT_NEAR(other.differences[0].distance, std::abs(gap), 1e-15);
  }
}

TEST(StepJudge, RowsOfZeros) {
  const std::vector<float> x(20, 0.0f);
  Coded made = coded(x, Step::of_rate(7));
  const StepJudge judge(20, Step::of_rate(7).value(), seed);
  EXPECT_TRUE(made.stream.empty());
  EXPECT_EQ(judge.judge_codes(x.data(), 0, made.codes, row_number).equal, judge.order());
  EXPECT_EQ(judge.judge_decoded(0, made.codes, row_number, x.data()).wrong, 0u);
  EXPECT_TRUE(judge.stream_is_right(0, made.codes, row_number, {}, made.raw));
  EXPECT_FALSE(judge.stream_is_right(0, made.codes, row_number, std::vector<std::uint8_t>{1}, made.raw));
  made.codes[4] = 1;
  EXPECT_EQ(judge.judge_codes(x.data(), 0, made.codes, row_number).wrong, 1u);
  EXPECT_THROW(judge.judge_codes(x.data(), -1, made.codes, row_number), std::invalid_argument);
  EXPECT_THROW(judge.judge_decoded(NAN, made.codes, row_number, x.data()), std::invalid_argument);
}

}  // namespace
}  // namespace hdq::reference
