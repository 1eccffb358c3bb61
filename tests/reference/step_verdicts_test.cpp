// SPEC §7, "Bit-exactness": the judge accepts what the fast library computes, on every kind of input, and rejects each planted fault.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "hard_rows.hpp"
#include "hdq/codec.hpp"
#include "hdq/reference/judge/step_judge.hpp"
#include "hdq/reference/scheme/philox.hpp"

namespace hdq::reference {
namespace {

constexpr std::uint64_t seed = hard_rows::seed_of_signs;
using Codes = std::vector<std::int64_t>;

// One row through the fast library.
struct Row {
  float norm = 0;
  Codes codes;
  std::vector<float> decoded;
};

Row quantize(const std::vector<float>& x, float step, std::uint64_t row) {
  const Codec codec(x.size(), Step(step), seed);
  const EncodedRows encoded = codec.encode(RowsView(x.data(), 1, x.size()), row);
  Row r{encoded.norms()[0], Codes(codec.order()), std::vector<float>(x.size())};
  const std::size_t width = codec.code_bytes() / codec.order();
  for (std::size_t j = 0; j < codec.order(); ++j) {
    std::int16_t narrow = 0;
    std::int32_t wide = 0;
    const std::uint8_t* at = encoded.codes().data() + j * width;
    if (width == 2)
      std::memcpy(&narrow, at, 2);
    else
      std::memcpy(&wide, at, 4);
    r.codes[j] = width == 2 ? narrow : wide;
  }
  codec.decode(encoded, {r.decoded.data(), 1, x.size()});
  return r;
}

TEST(StepJudge, AcceptsTheFastLibrary) {
  std::size_t codes = 0, within = 0;
  for (const std::size_t n : {1u, 2u, 3u, 12u, 17u, 28u, 100u, 384u, 1100u}) {
    for (const hard_rows::Input& input : hard_rows::inputs(n)) {
      for (const float step : {0x1p-10f, 0.0162f, 0.125f, 0.26f, 1.0825f, 16.0f}) {
        const std::uint64_t row = n * 1000 + static_cast<std::uint64_t>(step * 7);
        const Row r = quantize(input.x, step, row);
        const StepJudge judge(n, step, seed);
        const CodesJudgement code = judge.judge_codes(input.x.data(), r.norm, r.codes, row);
        const DecodedJudgement value = judge.judge_decoded(r.norm, r.codes, row, r.decoded.data());
        ASSERT_NE(judge.judge_norm(input.x.data(), r.norm).verdict, Verdict::wrong) << input.name << ", n = " << n;
        ASSERT_EQ(code.wrong, 0u) << input.name << ", n = " << n << ", step " << step;
        ASSERT_EQ(code.equal + code.within_bound, judge.order());
        ASSERT_EQ(value.wrong, 0u) << input.name << ", n = " << n << ", step " << step << ": " << value.largest_error
                                   << " > " << value.bound;
        ASSERT_EQ(value.within_bound, n);
        codes += judge.order(), within += code.within_bound;
      }
    }
  }
  // Rounding decides a code now and then: at the least step of these, where a code is 2^-10 of ‖x‖/√d, the most often.
  EXPECT_LT(within, codes / 1000) << codes;
  EXPECT_GT(within, 0u);
}

// Norms that are not the row's: codes at the ends of their range.
TEST(StepJudge, CodesUnderForeignNormsStayInTheirRange) {
  std::vector<float> x(16);
  for (std::size_t i = 0; i < 16; ++i) x[i] = 1 / (1.0f + static_cast<float>(i));
  for (const float norm : {1e-30f, 1e-3f, 0.02f, 1e10f}) {
    const StepJudge judge(16, 0.26f, seed);
    const Codes exact = judge.quantizer().encode(x.data(), norm, dither_word(seed, 3));
    EXPECT_EQ(judge.judge_codes(x.data(), norm, exact, 3).equal, 16u);
    for (const std::int64_t k : exact) EXPECT_TRUE(k >= -32768 && k <= 32767);
    Codes beyond = exact;
    beyond[4] = 40000;
    EXPECT_EQ(judge.judge_codes(x.data(), norm, beyond, 3).of(4), Verdict::wrong);
  }
}

class StepFaults : public ::testing::Test {
 protected:
  static constexpr std::size_t n = 96;
  static constexpr std::uint64_t row = 42;
  static constexpr float step = 0.26f, small_step = 0.0162f;

  void SetUp() override {
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    x_.resize(n);
    for (float& v : x_) v = normal(random);
  }
  std::size_t wrong(float with, float norm, const Codes& codes, std::uint64_t as_row = row) const {
    return StepJudge(n, with, seed).judge_codes(x_.data(), norm, codes, as_row).wrong;
  }
  // ⌊z_j/Δ + f(j)⌋ instead.
  template <class Offset>
  Codes codes_with(float with, float norm, const Offset& offset) const {
    const StepJudge judge(n, with, seed);
    const std::uint32_t word = dither_word(seed, row);
    const CommonFraction t = judge.quantizer().dithered(x_.data(), norm, word);
    const Rational turns(Integer(1) << judge.quantizer().step().raw_bits);
    Codes codes;
    for (std::size_t j = 0; j < t.size(); ++j)
      codes.push_back(static_cast<std::int64_t>(
          floor_of(t[j] - turns * offset_of_word(weyl_word(word, j)) + offset(word, j, turns))));
    return codes;
  }
  std::vector<float> x_;
};

TEST_F(StepFaults, ACodeOffByOne) {
  for (const float with : {0x1p-10f, small_step, step, 16.0f}) {
    const Row r = quantize(x_, with, row);
    for (const std::size_t j : {std::size_t{0}, n / 2, n - 1}) {
      for (const int off : {-1, 1, 1000}) {
        Codes codes = r.codes;
        codes[j] += off;
        const CodesJudgement judged = StepJudge(n, with, seed).judge_codes(x_.data(), r.norm, codes, row);
        EXPECT_EQ(judged.wrong, 1u) << with;
        EXPECT_EQ(judged.of(j), Verdict::wrong);
        EXPECT_EQ(judged.differences.back().exact_code, r.codes[j]);
        EXPECT_GT(judged.differences.back().distance, judged.differences.back().bound);
      }
    }
  }
}

TEST_F(StepFaults, OtherOffsets) {
  using Turns = const Rational&;
  for (const float with : {small_step, step}) {
    const float norm = quantize(x_, with, row).norm;
    const auto wrong_with = [&](const auto& offset) { return wrong(with, norm, codes_with(with, norm, offset)); };
    const auto right = [](std::uint32_t word, std::size_t j, Turns turns) -> Rational {
      return turns * offset_of_word(weyl_word(word, j));
    };
    EXPECT_EQ(wrong_with(right), 0u);
    const auto one_for_all = [](std::uint32_t word, std::size_t, Turns turns) -> Rational {
      return turns * offset_of_word(word);
    };
    EXPECT_GT(wrong_with(one_for_all), n / 8);
    const auto from_one = [&](std::uint32_t word, std::size_t j, Turns turns) { return right(word, j + 1, turns); };
    EXPECT_GT(wrong_with(from_one), n / 8);
    const auto other_constant = [](std::uint32_t word, std::size_t j, Turns turns) -> Rational {
      return turns * offset_of_word(word + static_cast<std::uint32_t>(j) * 0x61C88647);
    };
    EXPECT_GT(wrong_with(other_constant), n / 8);
    const auto none = [](std::uint32_t, std::size_t, Turns) -> Rational { return 0; };
    EXPECT_GT(wrong_with(none), n / 8);
    const auto to_nearest = [&](std::uint32_t word, std::size_t j, Turns turns) -> Rational {
      return right(word, j, turns) + Rational(1, 2);
    };
    EXPECT_GT(wrong_with(to_nearest), n / 8);
    if (with != small_step) continue;
    const auto without_turns = [](std::uint32_t word, std::size_t j, Turns) {
      return offset_of_word(weyl_word(word, j));
    };
    EXPECT_GT(wrong_with(without_turns), n / 8);
  }
}

TEST_F(StepFaults, AnotherRowSeedNormOrStep) {
  const Row r = quantize(x_, step, row);
  EXPECT_EQ(wrong(step, r.norm, r.codes), 0u);
  EXPECT_GT(wrong(step, r.norm, r.codes, row + 1), n / 8);
  EXPECT_GT(StepJudge(n, step, seed + 1).judge_codes(x_.data(), r.norm, r.codes, row).wrong, n / 8);
  EXPECT_GT(wrong(step, 1.05f * r.norm, r.codes), 0u);
  EXPECT_GT(wrong(1.05f * step, r.norm, r.codes), 0u);
  const StepJudge judge(n, step, seed);
  EXPECT_EQ(judge.judge_norm(x_.data(), r.norm).verdict, Verdict::equal);
  EXPECT_EQ(judge.judge_norm(x_.data(), 1.01f * r.norm).verdict, Verdict::wrong);
  EXPECT_THROW(judge.judge_codes(x_.data(), -1, r.codes, row), std::invalid_argument);
  EXPECT_THROW(judge.judge_codes(x_.data(), 1, Codes(3), row), std::invalid_argument);
  // Codes of a row of zeros are zeros.
  const std::vector<float> zeros(n);
  EXPECT_EQ(judge.judge_codes(zeros.data(), 0, Codes(judge.order()), row).equal, judge.order());
  EXPECT_EQ(judge.judge_codes(zeros.data(), 0, Codes(judge.order(), 1), row).wrong, judge.order());
}

TEST_F(StepFaults, DecodedValues) {
  for (const float with : {small_step, step, 16.0f}) {
    const StepJudge judge(n, with, seed);
    const Row r = quantize(x_, with, row);
    const auto judge_values = [&](const std::vector<float>& values) {
      return judge.judge_decoded(r.norm, r.codes, row, values.data());
    };
    const double bound = judge_values(r.decoded).bound;
    EXPECT_LT(bound, 2e-4 * static_cast<double>(std::max(1.0f, with)));
    EXPECT_GT(judge_values(r.decoded).largest_error, bound / 1000);
    std::vector<float> values = r.decoded;
    values[3] += static_cast<float>(2.1 * bound);
    ASSERT_EQ(judge_values(values).wrong, 1u);
    EXPECT_EQ(judge_values(values).differences.front().coordinate, 3u);
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      values = r.decoded;
      values[n - 1] = bad;
      EXPECT_EQ(judge_values(values).wrong, 1u);
    }
    EXPECT_GT(judge.judge_decoded(r.norm, r.codes, row + 1, r.decoded.data()).wrong, n / 2);
    EXPECT_GT(
        StepJudge(n, 1.01f * std::min(with, 15.0f), seed).judge_decoded(r.norm, r.codes, row, r.decoded.data()).wrong,
        n / 2);
    // Decoded to the lower ends of cells, ẑ − Δ/2: all of that moves into x̂ by −Δ/2·(ρ/d)·D Hᵀ1, which may be one column's alone.
    Codes shifted = r.codes;
    for (std::int64_t& k : shifted) ++k;
    EXPECT_GE(judge.judge_decoded(r.norm, shifted, row, r.decoded.data()).wrong, 1u);
    // The zero vector decodes to zeros, nothing else.
    EXPECT_EQ(judge.judge_decoded(0, r.codes, row, std::vector<float>(n).data()).wrong, 0u);
    EXPECT_EQ(judge.judge_decoded(0, r.codes, row, std::vector<float>(n, 1e-40f).data()).wrong, n);
  }
}

// In one dimension there is no sum: the code's middle, its multiple of Δ and the product with ρ round once each, and more than half of the bound is
// reached. Without the first two it would be exceeded.
TEST(StepJudge, TheBoundOfValuesIsNearlyReached) {
  std::mt19937_64 random(8);
  std::uniform_real_distribution<float> uniform(1, 2);
  double worst = 0;
  for (const float step : {0.0162f, 0.26f, 1.0825f}) {
    const StepJudge judge(1, step, seed);
    for (std::uint64_t row = 0; row < 3000; ++row) {
      const Row r = quantize({uniform(random)}, step, row);
      const DecodedJudgement value = judge.judge_decoded(r.norm, r.codes, row, r.decoded.data());
      ASSERT_EQ(value.wrong, 0u) << value.largest_error << " > " << value.bound;
      worst = std::max(worst, value.largest_error / value.bound);
    }
  }
  EXPECT_GT(worst, 0.5);
  EXPECT_LE(worst, 1);
}

TEST_F(StepFaults, StreamsAndRawBits) {
  for (const float with : {small_step, step}) {
    const StepJudge judge(n, with, seed);
    const Row r = quantize(x_, with, row);
    const int h = judge.step().raw_bits;
    const auto stream = RowCoder(judge.step()).put(dither_word(seed, row), r.norm, r.codes);
    std::vector<std::uint8_t> raw(n * static_cast<std::size_t>(h) / 8);
    for (std::size_t at = 0; h > 0 && at < 8 * raw.size(); ++at) {
      const std::int64_t bit = r.codes[at / static_cast<std::size_t>(h)] >> (at % static_cast<std::size_t>(h)) & 1;
      raw[at / 8] = static_cast<std::uint8_t>(raw[at / 8] | bit << at % 8);
    }
    const auto right = [&](const std::vector<std::uint8_t>& bytes, const std::vector<std::uint8_t>& low) {
      return judge.stream_is_right(r.norm, r.codes, row, bytes, low);
    };
    EXPECT_TRUE(right(stream, raw));
    const std::vector<std::int32_t> narrow(r.codes.begin(), r.codes.end());
    EXPECT_TRUE(judge.stream_is_right(r.norm, Codes(narrow.begin(), narrow.end()), row, stream, raw));
    EXPECT_FALSE(judge.stream_is_right(r.norm, r.codes, row + 1, stream, raw));
    EXPECT_FALSE(judge.stream_is_right(1.5f * r.norm, r.codes, row, stream, raw));
    for (std::size_t i = 0; i < stream.size(); ++i) {
      auto bad = stream;
      bad[i] ^= 4;
      EXPECT_FALSE(right(bad, raw));
    }
    EXPECT_FALSE(right({stream.begin(), stream.end() - 1}, raw));
    auto longer = raw;
    longer.push_back(0);
    EXPECT_FALSE(right(stream, longer));
    for (std::size_t i = 0; i < raw.size(); ++i) {
      auto bad = raw;
      bad[i] ^= 16;
      EXPECT_FALSE(right(stream, bad));
    }
    // A row of zeros has no stream, and its raw bits are zeros.
    const Codes zeros(n);
    EXPECT_TRUE(judge.stream_is_right(0, zeros, row, {}, std::vector<std::uint8_t>(raw.size())));
    EXPECT_FALSE(judge.stream_is_right(0, zeros, row, stream, std::vector<std::uint8_t>(raw.size())));
  }
}

// A stored norm chosen so that t_j is almost whole: both codes beside it are then within bound, and a little away from it only one is.
TEST(StepJudge, BothSidesOfAnIntegerAreWithinBound) {
  const std::vector<float> x = {1.25f, -0.5f, 2, 0.75f, -1, 3, 0.375f, 1, -2, 0.5f, 1, 1};
  int tried = 0;
  for (const float step : {0.0162f, 0.26f, 1.0825f}) {
    const StepJudge judge(x.size(), step, seed);
    const std::uint32_t word = dither_word(seed, 0);
    const CommonFraction at_one = judge.quantizer().dithered(x.data(), 1, word);
    for (std::size_t j = 0; j < judge.order(); ++j) {
      const Rational offset =
                         Rational(Integer(1) << judge.quantizer().step().raw_bits) * offset_of_word(weyl_word(word, j)),
                     y = at_one[j] - offset;  // y_j/Δ
      for (std::int64_t k = -20; k <= 20; k += 3) {
        const Rational rho = y / (Rational(k) - offset);
        if (rho < Rational(1, 2) || rho > 50) continue;
        ++tried;
        const auto verdicts = [&](float norm) {  // of code k − 1 and of code k
          Codes codes = judge.quantizer().encode(x.data(), norm, word);
          std::vector<Verdict> r;
          for (const std::int64_t code : {k - 1, k}) {
            codes[j] = code;
            r.push_back(judge.judge_codes(x.data(), norm, codes, 0).of(j));
          }
          return r;
        };
        const auto near = rho.convert_to<float>();
        const auto beside = verdicts(near), off = verdicts(near * 1.001f);
        EXPECT_NE(beside[0], beside[1]);
        EXPECT_NE(beside[0], Verdict::wrong);
        EXPECT_NE(beside[1], Verdict::wrong);
        if (abs(y / rho) < 2) continue;  // a thousandth of it is not much more than the bound
        const bool above = y < 0;        // it is divided by more: a negative one is now nearer to 0
        EXPECT_EQ(off[0], above ? Verdict::wrong : Verdict::equal);
        EXPECT_EQ(off[1], above ? Verdict::equal : Verdict::wrong);
      }
    }
  }
  EXPECT_GT(tried, 100);
}

}  // namespace
}  // namespace hdq::reference
