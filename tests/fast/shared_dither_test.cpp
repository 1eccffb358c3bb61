// SPEC §4, "Shared dither": every row takes the word of one row number, in all that a codec and a file do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "file/crc32c.hpp"
#include "file_error.hpp"
#include "hdq/file.hpp"
#include "hdq/search.hpp"
#include "hdq/stages.hpp"
#include "score_rows.hpp"
#include "temporary_directory.hpp"
#include "test_support.hpp"

namespace hdq {
namespace {

using testing::error_of;
using ::testing::HasSubstr;
using testing::read_file;
using testing::TemporaryDirectory;

constexpr std::uint64_t seed = 0x123456789ABCDEF0;

// Rows of which one is zero and one subnormal.
std::vector<float> some_rows(std::size_t rows, std::size_t n) {
  std::vector<float> x = test::dyadics(rows * n, n);
  for (std::size_t i = 0; i < n && rows > 2; ++i) x[n + i] = 0, x[2 * n + i] *= 0x1p-140f;
  return x;
}

class SharedDither : public ::testing::TestWithParam<Isa> {};
INSTANTIATE_TEST_SUITE_P(Isa, SharedDither, ::testing::ValuesIn(test::supported_isas()),
                         [](const auto& info) { return isa_name(info.param); });

// What row `i` of x is under the codec whose rows have words of their own, as the row whose word is shared.
struct Alone {
  test::Rows code;
  std::vector<float> decoded;
};
Alone alone(const Codec& by_row, const std::vector<float>& x, std::size_t i) {
  const std::size_t n = by_row.dimension();
  Alone row{test::encoded(
                by_row,
                {x.begin() + static_cast<std::ptrdiff_t>(i * n), x.begin() + static_cast<std::ptrdiff_t>((i + 1) * n)},
                shared_dither_row),
            std::vector<float>(n)};
  by_row.decode(row.code.from(shared_dither_row), {row.decoded.data(), 1, n});
  return row;
}

// 70 rows are several tiles of scores and batches of words; first_row makes no difference.
TEST_P(SharedDither, EveryRowIsTheRowWhoseWordItTakes) {
  for (const std::size_t n : {1u, 100u})
    for (const int bits : {1, 3, 8})
      for (const std::size_t rows : {1u, 70u}) {
        const Codec shared(n, bits, Dither::shared, seed, {GetParam(), rows > 1 ? 2 : 1}),
            by_row(n, bits, seed, {GetParam()});
        const std::vector<float> x = some_rows(rows, n), q = test::dyadics(2 * n, 77);
        const EncodedRows encoded = shared.encode(RowsView<const float>(x.data(), rows, n), 5);
        std::vector<float> decoded(rows * n), scores(2 * rows);
        std::vector<std::uint32_t> words(rows);
        shared.decode(encoded, {decoded.data(), rows, n});
        shared.draw_dither(5, words);
        const Scorer scorer = test::scorer_of(shared, q.data(), 2), scorer_alone = test::scorer_of(by_row, q.data(), 2);
        scorer.score(Metric::squared_distance, encoded, {scores.data(), 2, rows});
        for (std::size_t i = 0; i < rows; ++i) {
          const Alone row = alone(by_row, x, i);
          const EncodedView view = row.code.from(shared_dither_row), here = encoded.view().slice(i, 1);
          ASSERT_EQ(words[i], dither_word(seed, UINT64_MAX));
          ASSERT_TRUE(std::ranges::equal(here.codes(), row.code.codes)) << n << " " << bits << " " << i;
          ASSERT_TRUE(test::same_bytes(decoded.data() + i * n, row.decoded.data(), n)) << n << " " << bits << " " << i;
          const float score = scorer_alone.score_row(Metric::squared_distance, 1, view);
          ASSERT_EQ(scores[rows + i], score) << n << " " << bits << " " << i;
          ASSERT_EQ(scorer.score_row(Metric::squared_distance, 1, here), score);
          ASSERT_EQ(scorer.error_bound(Metric::inner_product, 0, here),
                    scorer_alone.error_bound(Metric::inner_product, 0, view));
          float listed[2];
          const std::size_t list[] = {i};
          scorer.score_list(Metric::squared_distance, encoded, list, {listed, 2, 1});
          ASSERT_EQ(listed[1], score);
        }
        const std::vector<Neighbour> nearest = search(scorer, Metric::squared_distance, encoded, 1);
        ASSERT_EQ(nearest[1].score, static_cast<double>(*std::min_element(
                                        scores.begin() + static_cast<std::ptrdiff_t>(rows), scores.end())));
      }
}

// Rows that are equal have equal errors, which no mean over them lessens; with words of their own they differ.
TEST_P(SharedDither, EqualRowsHaveEqualCodes) {
  const std::vector<float> one = test::dyadics(64, 1);
  std::vector<float> x;
  for (int i = 0; i < 20; ++i) x.insert(x.end(), one.begin(), one.end());
  const auto distinct = [&](const Codec& codec) {
    const test::Rows rows = test::encoded(codec, x);
    std::size_t different = 0;
    for (std::size_t i = 1; i < 20; ++i)
      different += !std::ranges::equal(rows.from(0).slice(i, 1).codes(), rows.from(0).slice(0, 1).codes());
    return different;
  };
  EXPECT_EQ(distinct(Codec(64, 2, Dither::shared, seed, {GetParam()})), 0u);
  EXPECT_GT(distinct(Codec(64, 2, seed, {GetParam()})), 10u);
}

// All words of the top 12 bits, a midpoint rule: ẑ rises with U between two jumps at most, and so the mean is off by at most twice its
// range over the number of words. Both rows take the same words; the mean of the product of their errors is far from 0.
TEST_P(SharedDither, EachOfTwoRowsIsUnbiasedAndTheirErrorsAreCorrelated) {
  constexpr std::size_t n = 4, words_count = 4096;
  for (const int bits : {1, 2, 4}) {
    const Codec codec(n, bits, Dither::shared, seed, {GetParam()});
    const std::vector<float> pair = {1, 0.5f, -0.25f, 2, 1, 0.5625f, -0.25f, 1.9375f};
    std::vector<float> y(2 * n), norms(2);
    codec.rotate(RowsView<const float>(pair.data(), 2, n), {y.data(), 2, n}, norms);
    std::vector<double> mean(2 * n), least(2 * n, HUGE_VAL), most(2 * n, -HUGE_VAL);
    double product = 0;
    for (std::size_t k = 0; k < words_count; ++k) {
      const std::uint32_t word = static_cast<std::uint32_t>(2 * k + 1) << 19, words[] = {word, word};
      std::vector<std::uint8_t> codes(2 * codec.code_bytes()), code(n);
      std::vector<double> r(std::size_t{1} << bits), error(2 * n);
      codec.quantize({y.data(), 2, n}, norms, words, codes);
      codewords(bits, word, r.data(), GetParam());
      for (std::size_t row = 0; row < 2; ++row) {
        unpack(bits, codes.data() + row * codec.code_bytes(), n, code.data());
        for (std::size_t j = 0; j < n; ++j) {
          const std::size_t at = row * n + j;
          error[at] = r[code[j]] - static_cast<double>(y[at]) / static_cast<double>(norms[row]);
          mean[at] += error[at] / words_count;
          least[at] = std::min(least[at], error[at]), most[at] = std::max(most[at], error[at]);
        }
      }
      for (std::size_t j = 0; j < n; ++j) product += error[j] * error[n + j] / (n * words_count);
    }
    for (std::size_t at = 0; at < 2 * n; ++at)
      EXPECT_LE(std::abs(mean[at]), 2 * (most[at] - least[at]) / words_count) << bits << " " << at;
    EXPECT_GT(product, 0.2 * std::pow(0.25, bits)) << bits;
  }
}

template <class Action>
std::string refusal_of(const Action& action) {
  try {
    action();
  } catch (const InvalidArgument& refusal) {
    return refusal.what();
  }
  return "";
}

TEST(SharedDither, CodesOfAnotherDitherAreRefused) {
  const TemporaryDirectory directory;
  const std::vector<float> x = test::dyadics(3 * 20, 1);
  const Codec shared(20, 2, Dither::shared), by_row(20, 2);
  std::vector<float> y(3 * 20);
  for (const bool swapped : {false, true}) {
    const Codec& ours = swapped ? by_row : shared;
    const Codec& other = swapped ? shared : by_row;
    const EncodedRows theirs = other.encode(RowsView<const float>(x.data(), 3, 20), 0);
    const std::string refusal = swapped ? "their dither is shared, not row" : "their dither is row, not shared";
    EXPECT_THAT(refusal_of([&] { ours.decode(theirs, {y.data(), 3, 20}); }), HasSubstr(refusal));
    const Scorer scorer = test::scorer_of(ours, x.data(), 1);
    EXPECT_THAT(refusal_of([&] { static_cast<void>(search(scorer, Metric::inner_product, theirs, 1)); }),
                HasSubstr(refusal));
    EXPECT_THROW(scorer.score(Metric::inner_product, theirs, {y.data(), 1, 3}), InvalidArgument);
    const std::string path = directory / (swapped ? "a.hdq" : "b.hdq");
    FileWriter writer(path, FileHeader::make(ours, 3));
    EXPECT_THROW(writer.append(theirs), InvalidArgument);
    FileWriter right(path, FileHeader::make(other, 3));
    EXPECT_THROW(right.encode(ours, RowsView<const float>(x.data(), 3, 20)), InvalidArgument);
    right.append(theirs);
    right.commit();
    EXPECT_THROW(FileReader(path).decode(ours, 0, {y.data(), 3, 20}), InvalidArgument);
  }
  EXPECT_THROW(Codec({SchemeId::entropy_coded, 20, 0, 0, 1.0f, Dither::shared}), InvalidArgument);
  EXPECT_THROW(Codec({SchemeId::fixed_rate, 20, 2, 0, 0, Dither{2}}), InvalidArgument);
}

std::string sealed(std::string file) {
  const std::uint32_t crc = detail::crc32c(reinterpret_cast<const std::uint8_t*>(file.data()), 124);
  std::memcpy(file.data() + 124, &crc, 4);
  return file;
}

TEST(SharedDither, FilesSayIt) {
  const TemporaryDirectory directory;
  const std::string path = directory / "x.hdq";
  const std::vector<float> x = test::dyadics(40 * 20, 1), mean = test::dyadics(20, 2);
  const Codec shared(20, 2, Dither::shared, seed);
  FileHeader header = FileHeader::make(shared, 40, UINT64_MAX - 3);
  header.rows_per_block = 16;
  FileWriter writer(path, header, mean);
  writer.encode(shared, RowsView<const float>(x.data(), 40, 20));
  writer.commit();
  const std::string good = read_file(path);
  EXPECT_EQ(good.substr(64, 60), std::string("\0\0\0\0\1\0\0\0\0\0\0\0\1", 13) + std::string(47, '\0'));
  const FileReader file(path);
  EXPECT_EQ(file.header().dither, Dither::shared);
  EXPECT_EQ(file.codec().dither(), Dither::shared);
  std::vector<float> centred = x, expected(40 * 20), decoded(40 * 20);
  for (std::size_t i = 0; i < x.size(); ++i) centred[i] -= mean[i % 20];
  shared.decode(shared.encode(RowsView<const float>(centred.data(), 40, 20), 0), {expected.data(), 40, 20});
  for (std::size_t i = 0; i < x.size(); ++i) expected[i] += mean[i % 20];
  file.decode(file.codec(), 0, {decoded.data(), 40, 20});
  EXPECT_EQ(decoded, expected);

  const auto with = [&](std::size_t at, char byte) {
    std::string bytes = good;
    bytes[at] = byte;
    return sealed(bytes);
  };
  for (const auto& [bytes, what] :
       {std::pair{with(76, 2), "dither: 2 is not 0 to 1"}, std::pair{with(79, 1), "dither: 16777217 is not 0 to 1"},
        std::pair{with(80, 1), "reserved bytes are not zero"},
        std::pair{good.substr(0, 76) + '\0' + good.substr(77), "its checksum fails"}}) {
    testing::overwrite_file(path, bytes);
    EXPECT_THAT(error_of([&] { FileReader refused(path); }), HasSubstr(what));
  }

  const Codec coded(20, Step(1.0f));
  FileWriter other(path, FileHeader::make(coded, 0));
  other.commit();
  std::string bytes = read_file(path);
  bytes[76] = 1;
  testing::overwrite_file(path, sealed(bytes));
  EXPECT_THAT(error_of([&] { FileReader refused(path); }),
              HasSubstr("dither: the rows of an entropy-coded file share none"));
}

}  // namespace
}  // namespace hdq
