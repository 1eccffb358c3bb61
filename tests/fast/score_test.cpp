// SPEC §4: scores without decoding are the same bits on every instruction set, and never read outside a row. (score_bound_test.cpp:
// how far they are from the real values.)
#include <cmath>
#include <functional>
#include <limits>

#include "kernels.hpp"
#include "score_rows.hpp"
#include "test_support.hpp"

namespace {

using namespace hdq;
using test::encoded;
using test::metrics;
using test::Rows;
using test::same_bytes;
using test::scorer_of;
using test::scores;

// Any bytes are codes, and reach every codeword.
Rows random_rows(const Codec& codec, std::size_t rows, std::uint64_t seed) {
  test::Integers integers(seed);
  Rows r{std::vector<float>(rows), std::vector<std::uint8_t>(rows * codec.code_bytes())};
  for (float& norm : r.norms) norm = static_cast<float>(integers.below(1000)) / 7;
  for (std::uint8_t& byte : r.codes) byte = static_cast<std::uint8_t>(integers.next() >> 13);
  // Bits beyond the last code are zero, as the encoder leaves them.
  const std::size_t used = codec.order() * static_cast<std::size_t>(codec.bits()) % 8;
  for (std::size_t row = 0; used != 0 && row < rows; ++row)
    r.codes[(row + 1) * codec.code_bytes() - 1] &= static_cast<std::uint8_t>((1u << used) - 1);
  return r;
}

// ---- the same bits ----

class AgainstScalar : public ::testing::TestWithParam<Isa> {};

// 9 rows and 5 queries: every block of rows and of queries, and what is left over.
void compare(std::size_t n, int bits, Isa isa, std::size_t rows = 9) {
  const Codec scalar(n, bits, n, {Isa::scalar, 1}), simd(n, bits, n, {isa, 1});
  const std::vector<float> q = test::dyadics(5 * n, n + 1);
  const Scorer a = scorer_of(scalar, q.data(), 5), b = scorer_of(simd, q.data(), 5);
  const Rows codes = random_rows(scalar, rows, n * 8 + static_cast<std::size_t>(bits));
  for (const Metric metric : metrics) {
    const std::vector<float> expected = scores(a, metric, codes, 77), got = scores(b, metric, codes, 77);
    ASSERT_TRUE(same_bytes(expected.data(), got.data(), got.size())) << "n " << n << " bits " << bits << " " << metric_name(metric);
  }
}

TEST_P(AgainstScalar, EverySmallDimension) {
  for (std::size_t n = 1; n <= 300; ++n)
    for (int bits = 1; bits <= BitWidth::most; ++bits) compare(n, bits, GetParam());
}

TEST_P(AgainstScalar, LargeDimensions) {
  for (std::size_t n : {384u, 448u, 512u, 640u, 768u, 784u, 896u, 960u, 1024u, 1280u, 1536u, 3000u, 4096u, 5120u})
    for (int bits = 1; bits <= BitWidth::most; ++bits) compare(n, bits, GetParam());
}

TEST_P(AgainstScalar, EveryCountOfRows) {  // tiles, blocks and remainders
  for (std::size_t rows = 0; rows <= 80; ++rows) compare(100, static_cast<int>(rows % 8) + 1, GetParam(), rows);
}

TEST_P(AgainstScalar, EveryAlignment) {
  for (int bits = 1; bits <= BitWidth::most; ++bits) {
    const Codec codec(200, bits, 5, {GetParam(), 1});
    const std::vector<float> q = test::dyadics(2 * 200 + 16, 3);
    const Rows rows = random_rows(codec, 11, 4);
    for (std::size_t offset = 0; offset < 64; ++offset) {
      std::vector<std::uint8_t> codes(rows.codes.size() + 64);
      std::copy(rows.codes.begin(), rows.codes.end(), codes.begin() + static_cast<std::ptrdiff_t>(offset));
      const Scorer aligned = scorer_of(codec, q.data(), 2);
      std::vector<float> moved_q(q.size() + 16);
      std::copy(q.begin(), q.end(), moved_q.begin() + static_cast<std::ptrdiff_t>(offset % 16));
      const Scorer moved = scorer_of(codec, moved_q.data() + offset % 16, 2);
      std::vector<float> out(2 * 11 + 16);
      moved.score(Metric::inner_product, {rows.norms, {codes.data() + offset, rows.codes.size()}, 0}, {out.data() + offset % 16, 2, 11});
      const std::vector<float> expected = scores(aligned, Metric::inner_product, rows);
      ASSERT_TRUE(same_bytes(expected.data(), out.data() + offset % 16, 22)) << offset;
    }
  }
}

TEST_P(AgainstScalar, ReadsNothingOutsideItsRows) {
  for (const std::size_t n : {1u, 2u, 5u, 12u, 20u, 24u, 28u, 96u, 100u, 112u, 127u, 128u, 192u, 300u, 320u, 384u, 448u, 640u, 1000u})
    for (int bits = 1; bits <= BitWidth::most; ++bits)
      for (const std::size_t count : {1u, 2u, 8u, 9u}) {
        const Codec codec(n, bits, 1, {GetParam(), 1});
        const std::vector<float> q = test::dyadics(4 * n, n);
        const Rows rows = random_rows(codec, count, n);
        const Scorer scorer = scorer_of(codec, q.data(), 4);
        for (const auto side : {test::Guarded<std::uint8_t>::Side::end, test::Guarded<std::uint8_t>::Side::begin}) {
          test::Guarded<std::uint8_t> codes(rows.codes.size(), side);
          test::Guarded<float> out(4 * count, test::Guarded<float>::Side::end);
          std::memcpy(codes.data(), rows.codes.data(), rows.codes.size());
          scorer.score(Metric::inner_product, {rows.norms, {codes.data(), rows.codes.size()}, 0}, {out.data(), 4, count});
          const std::vector<float> expected = scores(scorer, Metric::inner_product, rows);
          ASSERT_TRUE(same_bytes(expected.data(), out.data(), 4 * count)) << n << " " << bits;
        }
      }
}

TEST_P(AgainstScalar, DitherWords) {
  test::Integers integers(8);
  for (std::size_t count = 0; count <= 40; ++count) {
    const std::uint64_t seed = integers.next();
    std::vector<std::uint64_t> rows(count);
    for (std::size_t i = 0; i < count; ++i) rows[i] = i % 3 == 0 ? i : integers.next() >> integers.below(64);
    std::vector<std::uint32_t> words(count + 1, 0xEEEEEEEE);
    detail::dither_words(seed, rows.data(), count, words.data(), GetParam());
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(words[i], dither_word(seed, rows[i]));
    ASSERT_EQ(words[count], 0xEEEEEEEE);
  }
}

INSTANTIATE_TEST_SUITE_P(Supported, AgainstScalar, ::testing::ValuesIn(test::supported_isas()),
                         [](const auto& info) { return isa_name(info.param); });

// ---- one row, a range, a list, a batch, threads ----

TEST(Score, AloneInARangeInAListAndInABatchIsTheSame) {
  constexpr std::size_t n = 150, rows = 71, count = 70;
  for (int bits : {1, 4, 5, 7}) {
    const Codec codec(n, bits, 9), threaded(n, bits, 9, {Isa::automatic, 3});
    const std::vector<float> q = test::dyadics(count * (n + 3), 1);
    const Scorer batch = scorer_of(codec, q.data(), count, n + 3), threads = scorer_of(threaded, q.data(), count, n + 3);
    const Rows r = encoded(codec, test::dyadics(rows * n, 2), 1000);
    std::vector<std::size_t> list;
    for (std::size_t i = 0; i < 50; ++i) list.push_back(i * i * 7 % rows);
    for (const Metric metric : metrics) {
      const std::vector<float> all = scores(batch, metric, r, 1000), parallel = scores(threads, metric, r, 1000);
      EXPECT_TRUE(same_bytes(all.data(), parallel.data(), all.size()));
      std::vector<float> wide(count * 100, -7.0f), listed(count * 60, -7.0f);
      batch.score(metric, r.from(1000), {wide.data(), count, rows, 100});
      batch.score_list(metric, r.from(1000), list, {listed.data(), count, list.size(), 60});
      for (std::size_t query = 0; query < count; ++query) {
        const Scorer single = scorer_of(codec, q.data() + query * (n + 3), 1);
        const std::vector<float> alone = scores(single, metric, r, 1000);
        ASSERT_TRUE(same_bytes(alone.data(), all.data() + query * rows, rows));
        ASSERT_TRUE(same_bytes(alone.data(), wide.data() + query * 100, rows));
        for (std::size_t i = rows; i < 100; ++i) ASSERT_EQ(wide[query * 100 + i], -7.0f);
        for (std::size_t row = 0; row < rows; ++row)
          ASSERT_EQ(alone[row], batch.score_row(metric, query, r.from(1000).slice(row, 1)));
        for (std::size_t i = 0; i < list.size(); ++i) ASSERT_EQ(alone[list[i]], listed[query * 60 + i]);
        for (std::size_t i = list.size(); i < 60; ++i) ASSERT_EQ(listed[query * 60 + i], -7.0f);
      }
    }
  }
}

TEST(Score, ScalingAQueryScalesTheScore) {  // by powers of two, exactly, as far as float32 reaches
  constexpr std::size_t n = 100, rows = 20;
  const Codec codec(n, 4, 2);
  std::vector<float> q = test::dyadics(n, 5);
  const Rows r = encoded(codec, test::dyadics(rows * n, 6));
  const std::vector<float> base = scores(scorer_of(codec, q.data(), 1), Metric::inner_product, r);
  const std::vector<float> cosine = scores(scorer_of(codec, q.data(), 1), Metric::cosine, r);
  for (const int exponent : {-100, -60, -1, 1, 40, 110}) {
    std::vector<float> scaled = q;
    for (float& v : scaled) v = std::ldexp(v, exponent);
    const Scorer scorer = scorer_of(codec, scaled.data(), 1);
    const std::vector<float> got = scores(scorer, Metric::inner_product, r), same = scores(scorer, Metric::cosine, r);
    for (std::size_t row = 0; row < rows; ++row) {
      EXPECT_EQ(got[row], std::ldexp(base[row], exponent)) << exponent;
      EXPECT_EQ(same[row], cosine[row]) << exponent;
    }
  }
}

// A bound that is never near the error would hide a lost term or a wrong order.
TEST(Score, TheBoundIsOfTheErrorsSize) {
  constexpr std::size_t n = 384, rows = 200;
  const Codec codec(n, 4, 3);
  const std::vector<float> q = test::dyadics(n, 1), x = test::dyadics(rows * n, 2);
  const Rows r = encoded(codec, x);
  const Scorer scorer = scorer_of(codec, q.data(), 1);
  for (std::size_t row = 0; row < rows; ++row) {
    const double norms = static_cast<double>(row_norm(q.data(), n)) * static_cast<double>(r.norms[row]);
    EXPECT_LT(scorer.error_bound(Metric::inner_product, 0, r.from(0).slice(row, 1)), 1e-5 * norms);
  }
}

// E_U of the squared distance is ‖q − x‖², not ‖q − x̂‖²: the mean over rows, each with its dither, of one x.
TEST(Score, SquaredDistanceIsUnbiased) {
  constexpr std::size_t n = 12, rows = 20000;
  for (const int bits : {1, 2}) {
    const Codec codec(n, bits, 11);
    const std::vector<float> one = {1, -2, 0.5f, 3, 0, 0, 1, 1, -1, 0.25f, 2, -3}, q = {2, -1, 1, 2, 0, 1, 0, 3, -1, 0.5f, 1, -2};
    std::vector<float> x;
    for (std::size_t row = 0; row < rows; ++row) x.insert(x.end(), one.begin(), one.end());
    const std::vector<float> got = scores(scorer_of(codec, q.data(), 1), Metric::squared_distance, encoded(codec, x));
    double exact = 0, mean = 0, square = 0;
    for (std::size_t i = 0; i < n; ++i) exact += std::pow(static_cast<double>(q[i]) - static_cast<double>(one[i]), 2);
    for (const float score : got) mean += static_cast<double>(score) / rows, square += std::pow(static_cast<double>(score), 2) / rows;
    const double deviation = std::sqrt((square - mean * mean) / rows);
    EXPECT_NEAR(mean, exact, 4 * deviation) << bits;
    EXPECT_LT(deviation, 0.3);
  }
}

TEST(Score, ZeroNorms) {
  const Codec codec(50, 4);
  const std::vector<float> zero(50, 0.0f), one(50, 1.0f);
  const Rows of_zero = encoded(codec, zero), of_one = encoded(codec, one);
  for (const Metric metric : {Metric::inner_product, Metric::cosine}) {
    EXPECT_EQ(scores(scorer_of(codec, zero.data(), 1), metric, of_one)[0], 0);
    EXPECT_EQ(scores(scorer_of(codec, one.data(), 1), metric, of_zero)[0], 0);
    EXPECT_EQ(scores(scorer_of(codec, zero.data(), 1), metric, of_zero)[0], 0);
  }
  EXPECT_EQ(scores(scorer_of(codec, one.data(), 1), Metric::squared_distance, of_zero)[0], 50);
  EXPECT_NEAR(scores(scorer_of(codec, zero.data(), 1), Metric::squared_distance, of_one)[0], 50, 1e-4);
}

// ---- bad arguments ----

TEST(Score, NamesTheBadQueryAndColumn) {
  const Codec codec(10, 4);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
    std::vector<float> q(30, 1.0f);
    q[27] = bad;
    try {
      scorer_of(codec, q.data(), 3);
      ADD_FAILURE();
    } catch (const InvalidInput& e) {
      EXPECT_EQ(e.row, 2u);
      EXPECT_EQ(e.column, 7u);
    }
  }
}

TEST(Score, RefusesBadNormsListsAndStrides) {
  const Codec codec(10, 4);
  const std::vector<float> q(20, 1.0f);
  const Scorer scorer = scorer_of(codec, q.data(), 2);
  Rows rows = random_rows(codec, 5, 1);
  std::vector<float> out(10);
  for (const float bad : {-1.0f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    rows.norms[3] = bad;
    try {
      scorer.score(Metric::cosine, rows.from(0), {out.data(), 2, 5});
      ADD_FAILURE();
    } catch (const InvalidInput& e) {
      EXPECT_EQ(e.row, 3u);
      EXPECT_EQ(e.column, InvalidInput::npos);
    }
    EXPECT_THROW(scorer.score_row(Metric::inner_product, 0, rows.from(0).slice(3, 1)), InvalidInput);
  }
  const std::size_t list[] = {1, 5};
  EXPECT_THROW(scorer.score_list(Metric::inner_product, rows.from(0), list, {out.data(), 2, 2}), InvalidArgument);
  EXPECT_THROW(scorer.score(Metric::inner_product, rows.from(0), {out.data(), 2, 5, 4}), InvalidArgument);
  EXPECT_THROW(scorer.score(Metric::inner_product, {{static_cast<const float*>(nullptr), 5}, rows.codes, 0}, {out.data(), 2, 5}), InvalidArgument);
  EXPECT_THROW(scorer.score_row(Metric::inner_product, 2, rows.from(0).slice(0, 1)), InvalidArgument);
  EXPECT_THROW(scorer_of(codec, q.data(), 2, 9), InvalidArgument);
  EXPECT_THROW(scorer_of(codec, nullptr, 1), InvalidArgument);
  EXPECT_EQ(scorer_of(codec, nullptr, 0).queries(), 0u);
}

}  // namespace
