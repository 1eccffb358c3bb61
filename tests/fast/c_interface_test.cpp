// hdq.h: the same bytes as hdq::Codec, and every failure a status with one line of text.
#include <cmath>
#include <limits>
#include <string>
#include <thread>

#include "test_support.hpp"
#include "hdq/hdq.h"
#include "hdq/search.hpp"

namespace {

struct Handle {
  explicit Handle(std::size_t n, int bits = 4, std::uint64_t seed = 7) {
    EXPECT_EQ(hdq_codec_create(n, bits, seed, nullptr, &codec), HDQ_OK);
  }
  ~Handle() { hdq_codec_destroy(codec); }
  hdq_codec* codec = nullptr;
};

TEST(CInterface, SameBytesAsTheClass) {
  constexpr std::size_t n = 100, rows = 4;
  const Handle c(n);
  const hdq::Codec codec(n, 4, 7);
  ASSERT_EQ(hdq_codec_order(c.codec), codec.order());
  ASSERT_EQ(hdq_codec_code_bytes(c.codec), codec.code_bytes());
  const std::vector<float> x = hdq::test::dyadics(rows * n, 2);
  std::vector<float> norms[2] = {std::vector<float>(rows), std::vector<float>(rows)}, y[2] = {x, x};
  std::vector<std::uint8_t> codes[2] = {std::vector<std::uint8_t>(rows * codec.code_bytes()), std::vector<std::uint8_t>(rows * codec.code_bytes())};
  codec.encode(hdq::RowsView<const float>(x.data(), rows, n), hdq::EncodedBuffer(norms[0], codes[0], 5));
  EXPECT_EQ(hdq_encode(c.codec, x.data(), rows, 0, norms[1].data(), codes[1].data(), 5), HDQ_OK);
  EXPECT_EQ(norms[0], norms[1]);
  EXPECT_EQ(codes[0], codes[1]);
  codec.decode(hdq::EncodedView(norms[0], codes[0], 5), {y[0].data(), rows, n});
  EXPECT_EQ(hdq_decode(c.codec, norms[0].data(), codes[0].data(), rows, 5, y[1].data(), 0), HDQ_OK);
  EXPECT_EQ(y[0], y[1]);
}

TEST(CInterface, ScoresAndFindsWhatTheClassesDo) {
  using namespace hdq;
  constexpr std::size_t n = 20, rows = 30, k = 4;
  const Handle c(n);
  const Codec codec(n, 4, 7);
  const std::vector<float> x = test::dyadics(rows * n, 1), q = test::dyadics(2 * n, 2);
  std::vector<float> norms(rows), scores(2 * rows), expected(2 * rows), nearest(2 * k);
  std::vector<std::uint8_t> codes(rows * hdq_codec_code_bytes(c.codec));
  std::vector<std::uint64_t> found(2 * k);
  ASSERT_EQ(hdq_encode(c.codec, x.data(), rows, 0, norms.data(), codes.data(), 5), HDQ_OK);
  hdq_scorer* scorer = nullptr;
  ASSERT_EQ(hdq_scorer_create(c.codec, q.data(), 2, 0, &scorer), HDQ_OK) << hdq_last_error();
  const Scorer same(codec, {q.data(), 2, n});
  for (const auto& [name, metric] : {std::pair(HDQ_INNER_PRODUCT, Metric::inner_product), std::pair(HDQ_SQUARED_DISTANCE, Metric::squared_distance), std::pair(HDQ_COSINE, Metric::cosine)}) {
    ASSERT_EQ(hdq_score(scorer, name, norms.data(), codes.data(), rows, 5, scores.data(), 0), HDQ_OK);
    same.score(metric, {norms, codes, 5}, {expected.data(), 2, rows});
    EXPECT_EQ(scores, expected);
    ASSERT_EQ(hdq_search(scorer, name, norms.data(), codes.data(), rows, 5, k, found.data(), nearest.data()), HDQ_OK);
    const std::vector<Neighbour> neighbours = search(same, metric, EncodedView(norms, codes, 5), k);
    for (std::size_t i = 0; i < 2 * k; ++i) {
      EXPECT_EQ(found[i], neighbours[i].row);
      EXPECT_EQ(static_cast<double>(nearest[i]), neighbours[i].score);
    }
  }
  EXPECT_EQ(hdq_search(scorer, HDQ_COSINE, norms.data(), codes.data(), rows, 5, rows + 1, found.data(), nullptr), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_search(scorer, HDQ_COSINE, norms.data(), codes.data(), rows, 5, 1, nullptr, nullptr), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_score(nullptr, HDQ_COSINE, norms.data(), codes.data(), rows, 5, scores.data(), 0), HDQ_INVALID_ARGUMENT);
  hdq_scorer_destroy(scorer);
  const std::vector<float> bad(n, std::numeric_limits<float>::infinity());
  EXPECT_EQ(hdq_scorer_create(c.codec, bad.data(), 1, 0, &scorer), HDQ_INVALID_INPUT);
  EXPECT_EQ(scorer, nullptr);
  EXPECT_EQ(hdq_scorer_create(nullptr, q.data(), 1, 0, &scorer), HDQ_INVALID_ARGUMENT);
  hdq_scorer_destroy(nullptr);
}

TEST(CInterface, InvalidArguments) {
  hdq_codec* codec = reinterpret_cast<hdq_codec*>(1);
  EXPECT_EQ(hdq_codec_create(0, 4, 0, nullptr, &codec), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(codec, nullptr);
  EXPECT_NE(std::string(hdq_last_error()).find("dimension"), std::string::npos);
  EXPECT_EQ(hdq_codec_create(8, 9, 0, nullptr, &codec), HDQ_INVALID_ARGUMENT);
  EXPECT_NE(std::string(hdq_last_error()).find("bits"), std::string::npos);
  hdq_codec_options options = HDQ_CODEC_OPTIONS_INIT;
  options.threads = -1;
  EXPECT_EQ(hdq_codec_create(8, 4, 0, &options, &codec), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_codec_create(8, 4, 0, nullptr, nullptr), HDQ_INVALID_ARGUMENT);

  const Handle c(8);
  float x[8] = {}, norm[1] = {};
  std::uint8_t codes[4] = {};
  EXPECT_EQ(hdq_encode(nullptr, x, 1, 0, norm, codes, 0), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_encode(c.codec, nullptr, 1, 0, norm, codes, 0), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_encode(c.codec, x, 1, 0, nullptr, codes, 0), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_encode(c.codec, x, 1, 0, norm, nullptr, 0), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_encode(c.codec, x, 1, 7, norm, codes, 0), HDQ_INVALID_ARGUMENT);
  EXPECT_NE(std::string(hdq_last_error()).find("stride"), std::string::npos);
  EXPECT_EQ(hdq_decode(nullptr, norm, codes, 1, 0, x, 0), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_decode(c.codec, nullptr, codes, 1, 0, x, 0), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_decode(c.codec, norm, nullptr, 1, 0, x, 0), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_decode(c.codec, norm, codes, 1, 0, nullptr, 0), HDQ_INVALID_ARGUMENT);
  hdq_codec_destroy(nullptr);
  EXPECT_EQ(hdq_codec_order(nullptr), 0u);
  EXPECT_EQ(hdq_codec_code_bytes(nullptr), 0u);
}

TEST(CInterface, InvalidInputNamesRowAndColumn) {
  const Handle c(3);
  float x[6] = {1, 2, 3, 4, std::numeric_limits<float>::quiet_NaN(), 6}, norms[2];
  std::uint8_t codes[4];
  EXPECT_EQ(hdq_encode(c.codec, x, 2, 0, norms, codes, 0), HDQ_INVALID_INPUT);
  EXPECT_NE(std::string(hdq_last_error()).find("row 1, column 1"), std::string::npos);
  x[4] = x[5] = 3e38f;
  EXPECT_EQ(hdq_encode(c.codec, x, 2, 0, norms, codes, 0), HDQ_INVALID_INPUT);
  EXPECT_NE(std::string(hdq_last_error()).find("row 1"), std::string::npos);
  norms[0] = -1;
  EXPECT_EQ(hdq_decode(c.codec, norms, codes, 1, 0, x, 0), HDQ_INVALID_INPUT);
}

TEST(CInterface, LastErrorBelongsToItsThread) {
  EXPECT_EQ(hdq_codec_create(8, 99, 0, nullptr, nullptr), HDQ_INVALID_ARGUMENT);
  const std::string mine = hdq_last_error();
  std::string other = "unset";
  std::thread([&] { other = hdq_last_error(); }).join();
  EXPECT_EQ(other, "");
  EXPECT_FALSE(mine.empty());
}

TEST(CInterface, Version) { EXPECT_NE(std::string(hdq_version()), ""); }

}  // namespace
