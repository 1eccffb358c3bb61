// hdq.h: the same bytes as hdq::Codec, and every failure a status with one line of text.
#include <cmath>
#include <limits>
#include <string>
#include <thread>

#include "hdq/attention.hpp"
#include "hdq/entropy_coder.hpp"
#include "hdq/hdq.h"
#include "hdq/mean.hpp"
#include "hdq/search.hpp"
#include "hdq/version.h"
#include "temporary_directory.hpp"
#include "test_support.hpp"

namespace {

using namespace hdq;

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
  ASSERT_EQ(hdq_scorer_create(c.codec, q.data(), 2, 0, nullptr, &scorer), HDQ_OK) << hdq_last_error();
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
  EXPECT_EQ(hdq_scorer_create(c.codec, bad.data(), 1, 0, nullptr, &scorer), HDQ_INVALID_INPUT);
  EXPECT_EQ(scorer, nullptr);
  EXPECT_EQ(hdq_scorer_create(nullptr, q.data(), 1, 0, nullptr, &scorer), HDQ_INVALID_ARGUMENT);
  hdq_scorer_destroy(nullptr);
}

TEST(CInterface, Mean) {
  const Codec codec(40, 4, 7);
  const std::vector<float> x = test::dyadics(5 * 40, 1), centre = test::dyadics(40, 2);
  const EncodedRows rows = codec.encode(RowsView<const float>(x.data(), 5, 40), client_row(2, 3));
  hdq_codec* c = nullptr;
  ASSERT_EQ(hdq_codec_create(40, 4, 7, nullptr, &c), HDQ_OK);
  hdq_mean *mean = nullptr, *other = nullptr, *again = nullptr;
  ASSERT_EQ(hdq_mean_create(40, 7, &mean), HDQ_OK);
  ASSERT_EQ(hdq_mean_create(40, 7, &other), HDQ_OK);
  const std::vector<double> weights{1, 2, 3, 0.5, 7};
  EXPECT_EQ(hdq_client_row(2, 3), client_row(2, 3));
  const std::size_t bytes = codec.code_bytes();
  ASSERT_EQ(hdq_mean_add(mean, c, rows.norms().data(), rows.codes().data(), 2, client_row(2, 3), weights.data(),
                         centre.data()),
            HDQ_OK);
  ASSERT_EQ(hdq_mean_add(other, c, rows.norms().data() + 2, rows.codes().data() + 2 * bytes, 3, client_row(4, 3),
                         nullptr, nullptr),
            HDQ_OK);
  ASSERT_EQ(hdq_mean_merge(mean, other), HDQ_OK);
  EXPECT_EQ(hdq_mean_merge(mean, other), HDQ_INVALID_ARGUMENT);
  EXPECT_STREQ(hdq_last_error(), "row number 12884901892 (client 4, round 3) is in the mean already");
  MeanAccumulator same(40, 7);
  same.add(codec, rows.view().slice(0, 2), std::span(weights).first(2), centre);
  same.add(codec, rows.view().slice(2, 3));
  EXPECT_EQ(hdq_mean_dimension(mean), 40u);
  EXPECT_EQ(hdq_mean_seed(mean), 7u);
  EXPECT_EQ(hdq_mean_rows(mean), 5u);
  EXPECT_EQ(hdq_mean_weight(mean), 6);
  EXPECT_EQ(hdq_mean_error_bound(mean), same.error_bound());
  EXPECT_EQ(hdq_mean_mean_square(mean), same.mean_square());
  std::vector<float> out(40), expected(40);
  ASSERT_EQ(hdq_mean_get(mean, 0, out.data()), HDQ_OK);
  same.mean(expected);
  EXPECT_EQ(out, expected);
  ASSERT_EQ(hdq_mean_get(mean, 9, out.data()), HDQ_OK);
  same.mean(expected, 9.0);
  EXPECT_EQ(out, expected);
  EXPECT_EQ(hdq_mean_get(mean, -1, out.data()), HDQ_INVALID_ARGUMENT);
  std::size_t size = 0;
  ASSERT_EQ(hdq_mean_state(mean, nullptr, 0, &size), HDQ_OK);
  std::vector<std::uint8_t> state(size);
  EXPECT_EQ(hdq_mean_state(mean, state.data(), size - 1, &size), HDQ_INVALID_ARGUMENT);
  ASSERT_EQ(hdq_mean_state(mean, state.data(), size, &size), HDQ_OK);
  EXPECT_EQ(state, same.state());
  ASSERT_EQ(hdq_mean_create_of_state(state.data(), size, &again), HDQ_OK);
  EXPECT_EQ(hdq_mean_rows(again), 5u);
  hdq_mean_destroy(again);
  EXPECT_EQ(hdq_mean_create_of_state(state.data(), size - 1, &again), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(again, nullptr);

  const hdq::testing::TemporaryDirectory directory;
  const std::string path = directory / "x.hdq";
  FileWriter writer(path, FileHeader::make(codec, 5, 100));
  writer.encode(codec, RowsView<const float>(x.data(), 5, 40));
  writer.commit();
  hdq_file* file = nullptr;
  ASSERT_EQ(hdq_file_open(path.c_str(), &file), HDQ_OK);
  ASSERT_EQ(hdq_mean_add_file(mean, file, weights.data()), HDQ_OK);
  same.add(FileReader(path), weights);
  EXPECT_EQ(hdq_mean_weight(mean), same.weight());
  EXPECT_EQ(hdq_mean_add_file(mean, file, nullptr), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_mean_add_file(nullptr, file, nullptr), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_mean_rows(nullptr), 0u);
  hdq_file_close(file);
  hdq_mean_destroy(other);
  hdq_mean_destroy(mean);
  hdq_codec_destroy(c);
}

TEST(CInterface, Attention) {
  hdq_kv_cache_options options = HDQ_KV_CACHE_OPTIONS_INIT;
  options.head_dimension = 80;
  options.kv_heads = 2;
  options.query_heads = 4;
  options.value_bits = 0;
  options.value_step = 0.5f;
  options.seed = 3;
  options.window = 5;
  options.sinks = 1;
  options.first_token = 2;
  hdq_kv_cache* cache = nullptr;
  ASSERT_EQ(hdq_kv_cache_create(&options, &cache), HDQ_OK) << hdq_last_error();
  KeyValueCache same({80, 2, 4}, 4, Step(0.5f), {.seed = 3, .window = 5, .sinks = 1, .first_token = 2});
  const std::vector<float> keys = test::dyadics(9 * 160, 1), values = test::dyadics(9 * 160, 2),
                           q = test::dyadics(2 * 320, 3);
  ASSERT_EQ(hdq_kv_cache_append(cache, keys.data(), values.data(), 9), HDQ_OK);
  same.append(RowsView<const float>(keys.data(), 18, 80), RowsView<const float>(values.data(), 18, 80));
  const std::vector<std::uint16_t> narrow(160, 0x3C00);  // 1 and 2^-7: as binary16, as bfloat16
  const std::vector<Float16> halves(160, {0x3C00});
  const std::vector<BFloat16> brains(160, {0x3C00});
  ASSERT_EQ(hdq_kv_cache_append_float16(cache, narrow.data(), narrow.data(), 1), HDQ_OK);
  ASSERT_EQ(hdq_kv_cache_append_bfloat16(cache, narrow.data(), narrow.data(), 1), HDQ_OK);
  same.append(RowsView<const Float16>(halves.data(), 2, 80), RowsView<const Float16>(halves.data(), 2, 80));
  same.append(RowsView<const BFloat16>(brains.data(), 2, 80), RowsView<const BFloat16>(brains.data(), 2, 80));
  EXPECT_EQ(hdq_kv_cache_tokens(cache), 6u);
  EXPECT_EQ(hdq_kv_cache_token_bytes(cache), same.token_bytes());

  std::vector<float> out(640), expected(640), scores(24), weights(24), sum(320);
  std::vector<double> bounds(4);
  ASSERT_EQ(hdq_kv_cache_attend(cache, q.data(), 2, out.data()), HDQ_OK) << hdq_last_error();
  same.attend({q.data(), 8, 80}, {expected.data(), 8, 80});
  EXPECT_EQ(out, expected);
  ASSERT_EQ(hdq_kv_cache_scores(cache, q.data() + 320, scores.data()), HDQ_OK);
  ASSERT_EQ(hdq_kv_cache_softmax(cache, scores.data(), weights.data()), HDQ_OK);
  ASSERT_EQ(hdq_kv_cache_weighted_sum(cache, weights.data(), sum.data()), HDQ_OK);
  EXPECT_EQ(sum, std::vector<float>(out.begin() + 320, out.end()));  // the last token sees all
  ASSERT_EQ(hdq_kv_cache_error_bound(cache, weights.data(), bounds.data()), HDQ_OK);
  EXPECT_EQ(bounds, same.error_bound({weights.data(), 4, 6}));
  std::vector<double> score_bounds(24), expected_bounds(24);
  ASSERT_EQ(hdq_kv_cache_score_error_bound(cache, q.data(), score_bounds.data()), HDQ_OK);
  same.score_error_bound({q.data(), 4, 80}, {expected_bounds.data(), 4, 6});
  EXPECT_EQ(score_bounds, expected_bounds);
  std::vector<float> rows(12 * 80), expected_rows(12 * 80);
  ASSERT_EQ(hdq_kv_cache_decode_keys(cache, rows.data()), HDQ_OK);
  same.decode_keys({expected_rows.data(), 12, 80});
  EXPECT_EQ(rows, expected_rows);
  ASSERT_EQ(hdq_kv_cache_decode_values(cache, rows.data()), HDQ_OK);
  same.decode_values({expected_rows.data(), 12, 80});
  EXPECT_EQ(rows, expected_rows);

  const hdq::testing::TemporaryDirectory directory;
  const std::string path = directory / "cache";
  ASSERT_EQ(hdq_kv_cache_save(cache, path.c_str()), HDQ_OK);
  hdq_kv_cache* again = nullptr;
  ASSERT_EQ(hdq_kv_cache_load(path.c_str(), HDQ_ISA_AUTO, 1, &again), HDQ_OK);
  ASSERT_EQ(hdq_kv_cache_attend(again, q.data(), 2, out.data()), HDQ_OK);
  EXPECT_EQ(out, expected);
  hdq_kv_cache_destroy(again);
  EXPECT_EQ(hdq_kv_cache_load("/nowhere/cache", HDQ_ISA_AUTO, 1, &again), HDQ_FILE_ERROR);
  EXPECT_EQ(again, nullptr);

  EXPECT_EQ(hdq_kv_cache_append(cache, nullptr, values.data(), 1), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_kv_cache_attend(cache, q.data(), 7, out.data()), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_kv_cache_attend(nullptr, q.data(), 1, out.data()), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_kv_cache_score_error_bound(cache, nullptr, score_bounds.data()), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_kv_cache_score_error_bound(cache, q.data(), nullptr), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_kv_cache_decode_keys(cache, nullptr), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_kv_cache_decode_values(nullptr, rows.data()), HDQ_INVALID_ARGUMENT);
  const std::vector<float> bad(160, std::numeric_limits<float>::infinity());
  EXPECT_EQ(hdq_kv_cache_append(cache, keys.data(), bad.data(), 1), HDQ_INVALID_INPUT);
  EXPECT_EQ(hdq_kv_cache_tokens(cache), 6u);
  hdq_kv_cache_destroy(cache);
  options.value_bits = 4;  // and a step
  EXPECT_EQ(hdq_kv_cache_create(&options, &cache), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(cache, nullptr);
  hdq_kv_cache_destroy(nullptr);
}

TEST(CInterface, ShrinksByTheBoundOfTheError) {
  hdq_codec_options options = HDQ_CODEC_OPTIONS_INIT;
  hdq_codec* plain = nullptr;
  hdq_codec* shrinking = nullptr;
  ASSERT_EQ(hdq_codec_create(8, 2, 0, &options, &plain), HDQ_OK);
  options.shrink = 1;
  ASSERT_EQ(hdq_codec_create(8, 2, 0, &options, &shrinking), HDQ_OK);
  const double bound = hdq_codec_error_bound(plain);
  EXPECT_NEAR(bound, 3.930069 / 16, 1e-15);
  EXPECT_EQ(hdq_codec_error_bound(shrinking), bound);
  EXPECT_EQ(hdq_codec_error_bound(nullptr), 0);
  const float x[8] = {3, -1, 4, 1, -5, 9, 2, 6};
  float norm[1], other[1], y[8], z[8];
  std::vector<std::uint8_t> codes(hdq_codec_code_bytes(plain)), same(codes.size());
  ASSERT_EQ(hdq_encode(plain, x, 1, 0, norm, codes.data(), 0), HDQ_OK);
  ASSERT_EQ(hdq_encode(shrinking, x, 1, 0, other, same.data(), 0), HDQ_OK);
  EXPECT_EQ(codes, same);
  ASSERT_EQ(hdq_decode(plain, norm, codes.data(), 1, 0, y, 0), HDQ_OK);
  ASSERT_EQ(hdq_decode(shrinking, norm, codes.data(), 1, 0, z, 0), HDQ_OK);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(z[i], static_cast<float>(1 / (1 + bound)) * y[i]) << i;
  hdq_codec_destroy(plain);
  hdq_codec_destroy(shrinking);
  options.shrink = 2;
  EXPECT_EQ(hdq_codec_create(8, 2, 0, &options, &plain), HDQ_INVALID_ARGUMENT);
  EXPECT_NE(std::string(hdq_last_error()).find("shrink"), std::string::npos);
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

TEST(CInterface, PositionsAreOfTheLastFailure) {
  const Handle c(3);
  float x[6] = {1, 2, 3, 4, 5, std::numeric_limits<float>::infinity()}, norms[2];
  std::uint8_t codes[4];
  ASSERT_EQ(hdq_encode(c.codec, x, 2, 0, norms, codes, 0), HDQ_INVALID_INPUT);
  EXPECT_EQ(hdq_last_error_row(), 1u);
  EXPECT_EQ(hdq_last_error_column(), 2u);
  x[5] = std::numeric_limits<float>::max();
  x[4] = x[5];
  ASSERT_EQ(hdq_encode(c.codec, x, 2, 0, norms, codes, 0), HDQ_INVALID_INPUT);  // the norm
  EXPECT_EQ(hdq_last_error_row(), 1u);
  EXPECT_EQ(hdq_last_error_column(), HDQ_NONE);
  ASSERT_EQ(hdq_encode(c.codec, nullptr, 2, 0, norms, codes, 0), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_last_error_row(), HDQ_NONE);
  EXPECT_EQ(hdq_last_error_column(), HDQ_NONE);

  // A query whose score float32 cannot hold.
  float huge[6] = {1, 1, 1, 1e38f, 1e38f, 1e38f};
  hdq_scorer* scorer = nullptr;
  ASSERT_EQ(hdq_scorer_create(c.codec, huge, 2, 0, nullptr, &scorer), HDQ_OK);
  ASSERT_EQ(hdq_encode(c.codec, huge + 3, 1, 0, norms, codes, 0), HDQ_OK);
  std::uint64_t found[2];
  EXPECT_EQ(hdq_search(scorer, HDQ_INNER_PRODUCT, norms, codes, 1, 0, 1, found, nullptr), HDQ_INVALID_INPUT);
  EXPECT_EQ(hdq_last_error_row(), 1u);
  hdq_scorer_destroy(scorer);
}

TEST(CInterface, OptionsOfOtherVersions) {
  hdq_codec_options options = HDQ_CODEC_OPTIONS_INIT;
  options.isa = HDQ_ISA_SCALAR;
  options.threads = 2;
  hdq_codec* codec = nullptr;
  ASSERT_EQ(hdq_codec_create(9, 3, 11, &options, &codec), HDQ_OK);
  EXPECT_EQ(hdq_codec_dimension(codec), 9u);
  EXPECT_EQ(hdq_codec_order(codec), 12u);
  EXPECT_EQ(hdq_codec_bits(codec), 3);
  EXPECT_EQ(hdq_codec_seed(codec), 11u);
  EXPECT_EQ(hdq_codec_isa(codec), HDQ_ISA_SCALAR);
  EXPECT_EQ(hdq_codec_threads(codec), 2);
  hdq_codec_destroy(codec);

  // One that knows of the instruction set alone: what it does not know of has the default.
  options.size = offsetof(hdq_codec_options, threads);
  options.threads = 77;
  ASSERT_EQ(hdq_codec_create(9, 3, 11, &options, &codec), HDQ_OK);
  EXPECT_EQ(hdq_codec_isa(codec), HDQ_ISA_SCALAR);
  EXPECT_EQ(hdq_codec_threads(codec), 1);
  hdq_codec_destroy(codec);

  // An old one, whose struct ended with `scheme` and padding that nobody set.
  struct Old {
    std::size_t size;
    int isa, threads, scheme;
  };
  options = HDQ_CODEC_OPTIONS_INIT;
  std::memset(reinterpret_cast<char*>(&options) + offsetof(hdq_codec_options, step), 0xAB,
              sizeof options - offsetof(hdq_codec_options, step));
  options.size = sizeof(Old);
  ASSERT_EQ(hdq_codec_create(9, 3, 11, &options, &codec), HDQ_OK) << hdq_last_error();
  hdq_codec_destroy(codec);
  options = HDQ_CODEC_OPTIONS_INIT;
  options.dither = HDQ_DITHER_SHARED;
  ASSERT_EQ(hdq_codec_create(9, 3, 11, &options, &codec), HDQ_OK) << hdq_last_error();
  EXPECT_EQ(hdq_codec_dither(codec), HDQ_DITHER_SHARED);
  hdq_codec_destroy(codec);
  options.scheme = HDQ_SCHEME_ENTROPY_CODED, options.step = 1;
  EXPECT_EQ(hdq_codec_create(9, 0, 11, &options, &codec), HDQ_INVALID_ARGUMENT);
  EXPECT_STREQ(hdq_last_error(), "dither: entropy-coded rows share none");
  options = HDQ_CODEC_OPTIONS_INIT;
  options.dither = 2;
  EXPECT_EQ(hdq_codec_create(9, 3, 11, &options, &codec), HDQ_INVALID_ARGUMENT);

  // One that knows more: accepted while it asks for nothing more.
  struct Later {
    hdq_codec_options known = HDQ_CODEC_OPTIONS_INIT;
    std::uint64_t later = 0;
  } later;
  later.known.size = sizeof later;
  ASSERT_EQ(hdq_codec_create(9, 3, 11, &later.known, &codec), HDQ_OK);
  hdq_codec_destroy(codec);
  later.later = 1;
  EXPECT_EQ(hdq_codec_create(9, 3, 11, &later.known, &codec), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(codec, nullptr);

  options = HDQ_CODEC_OPTIONS_INIT;
  options.size = 0;
  EXPECT_EQ(hdq_codec_create(9, 3, 11, &options, &codec), HDQ_INVALID_ARGUMENT);
}

TEST(CInterface, EnumeratorsOutOfRange) {
  hdq_codec* codec = nullptr;
  for (const int bad : {-1, 5, std::numeric_limits<int>::max(), std::numeric_limits<int>::min()}) {
    hdq_codec_options options = HDQ_CODEC_OPTIONS_INIT;
    options.isa = bad;
    EXPECT_EQ(hdq_codec_create(8, 4, 0, &options, &codec), HDQ_INVALID_ARGUMENT) << bad;
    options = HDQ_CODEC_OPTIONS_INIT;
    options.scheme = bad;
    EXPECT_EQ(hdq_codec_create(8, 4, 0, &options, &codec), HDQ_INVALID_ARGUMENT) << bad;
    EXPECT_EQ(hdq_codec_create(8, bad, 0, nullptr, &codec), bad == 5 ? HDQ_OK : HDQ_INVALID_ARGUMENT) << bad;
    hdq_codec_destroy(codec);
    const Handle c(8);
    float q[8] = {1}, norm[1], score[1];
    std::uint8_t codes[4];
    std::uint64_t found[1];
    ASSERT_EQ(hdq_encode(c.codec, q, 1, 0, norm, codes, 0), HDQ_OK);
    hdq_scorer* scorer = nullptr;
    ASSERT_EQ(hdq_scorer_create(c.codec, q, 1, 0, nullptr, &scorer), HDQ_OK);
    EXPECT_EQ(hdq_score(scorer, bad, norm, codes, 1, 0, score, 0), HDQ_INVALID_ARGUMENT) << bad;
    EXPECT_EQ(hdq_search(scorer, bad, norm, codes, 1, 0, 1, found, nullptr), HDQ_INVALID_ARGUMENT) << bad;
    hdq_scorer_destroy(scorer);
  }
}

// ---- files ----

class CFile : public ::testing::Test {
 protected:
  static constexpr std::size_t n = 96, rows = 50;
  static constexpr std::uint64_t first_row = 1000;
  CFile() : c_(n), x_(hdq::test::dyadics(rows * n, 3)), norms_(rows), codes_(rows * hdq_codec_code_bytes(c_.codec)) {
    EXPECT_EQ(hdq_encode(c_.codec, x_.data(), rows, 0, norms_.data(), codes_.data(), first_row), HDQ_OK);
  }
  // Its first 20 rows encoded into the file, the others as they were encoded before.
  hdq_status write(const float* mean = nullptr) {
    hdq_file_writer* writer = nullptr;
    if (const auto status = hdq_file_writer_create(path_.c_str(), c_.codec, rows, first_row, mean, &writer); status != HDQ_OK) return status;
    EXPECT_EQ(hdq_file_writer_encode(writer, x_.data(), 20, 0), HDQ_OK) << hdq_last_error();
    const std::size_t bytes = hdq_codec_code_bytes(c_.codec);
    EXPECT_EQ(hdq_file_writer_append(writer, norms_.data() + 20, codes_.data() + 20 * bytes, 30, 20), HDQ_INVALID_ARGUMENT);
    EXPECT_NE(std::string(hdq_last_error()).find("row number 20, where 1020 is next"), std::string::npos) << hdq_last_error();
    EXPECT_EQ(hdq_file_writer_append(writer, norms_.data() + 20, codes_.data() + 20 * bytes, 30, first_row + 20), HDQ_OK) << hdq_last_error();
    const hdq_status status = hdq_file_writer_commit(writer);
    hdq_file_writer_destroy(writer);
    return status;
  }

  const hdq::testing::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "c.hdq";
  const Handle c_;
  const std::vector<float> x_;
  std::vector<float> norms_;
  std::vector<std::uint8_t> codes_;
};

TEST_F(CFile, HoldsWhatWasWritten) {
  ASSERT_EQ(write(), HDQ_OK) << hdq_last_error();
  hdq_file* file = nullptr;
  ASSERT_EQ(hdq_file_open(path_.c_str(), &file), HDQ_OK) << hdq_last_error();
  EXPECT_EQ(hdq_file_rows(file), rows);
  EXPECT_EQ(hdq_file_first_row(file), first_row);
  EXPECT_EQ(hdq_file_mean(file), nullptr);
  EXPECT_EQ(hdq_file_verify(file), HDQ_OK);
  hdq_codec* codec = nullptr;
  ASSERT_EQ(hdq_file_codec(file, nullptr, &codec), HDQ_OK);
  EXPECT_EQ(hdq_codec_seed(codec), 7u);
  std::vector<float> norms(30), y(30 * n), z(30 * n);
  std::vector<std::uint8_t> codes(30 * hdq_codec_code_bytes(codec));
  ASSERT_EQ(hdq_file_read(file, 10, 30, norms.data(), codes.data()), HDQ_OK);
  EXPECT_TRUE(std::equal(norms.begin(), norms.end(), norms_.begin() + 10));
  EXPECT_TRUE(std::equal(codes.begin(), codes.end(), codes_.begin() + 10 * static_cast<std::ptrdiff_t>(hdq_codec_code_bytes(codec))));
  ASSERT_EQ(hdq_file_decode(file, codec, 10, 30, y.data()), HDQ_OK);
  ASSERT_EQ(hdq_decode(codec, norms.data(), codes.data(), 30, first_row + 10, z.data(), 0), HDQ_OK);
  EXPECT_EQ(y, z);
  EXPECT_EQ(hdq_file_read(file, 40, 11, norms.data(), codes.data()), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_file_read(file, 0, 1, nullptr, codes.data()), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_file_decode(file, codec, 51, 0, y.data()), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_file_decode(file, nullptr, 0, 1, y.data()), HDQ_INVALID_ARGUMENT);

  hdq_scorer* scorer = nullptr;
  ASSERT_EQ(hdq_scorer_create(codec, x_.data(), 2, 0, hdq_file_mean(file), &scorer), HDQ_OK);
  std::uint64_t found[6], among[6];
  ASSERT_EQ(hdq_search_file(scorer, HDQ_COSINE, file, 3, found, nullptr), HDQ_OK);
  ASSERT_EQ(hdq_search(scorer, HDQ_COSINE, norms_.data(), codes_.data(), rows, first_row, 3, among, nullptr), HDQ_OK);
  EXPECT_TRUE(std::equal(found, found + 6, among));
  EXPECT_EQ(hdq_search_file(scorer, HDQ_COSINE, nullptr, 3, found, nullptr), HDQ_INVALID_ARGUMENT);
  hdq_scorer_destroy(scorer);
  hdq_codec_destroy(codec);
  hdq_file_close(file);
}

// With options hdq_search and hdq_search_file find what C++ does with the same.
TEST_F(CFile, SearchesTakeOptions) {
  ASSERT_EQ(write(), HDQ_OK) << hdq_last_error();
  hdq_file* file = nullptr;
  ASSERT_EQ(hdq_file_open(path_.c_str(), &file), HDQ_OK) << hdq_last_error();
  hdq_scorer* scorer = nullptr;
  ASSERT_EQ(hdq_scorer_create(c_.codec, x_.data(), 2, 0, nullptr, &scorer), HDQ_OK);
  const hdq::Codec codec(n, 4, 7);
  const hdq::Scorer same(codec, {x_.data(), 2, n});
  const hdq::EncodedView all(norms_, codes_, first_row);
  const std::vector<std::uint64_t> list = {40, 3, 17, 3, 0};
  const std::vector<std::size_t> same_list(list.begin(), list.end());
  std::uint64_t found[6];
  float scores[6];
  const auto search = [&](bool of_file, std::size_t k, const hdq_search_options* options) {
    return of_file ? hdq_search_file_with(scorer, HDQ_COSINE, file, k, options, found, scores)
                   : hdq_search_with(scorer, HDQ_COSINE, norms_.data(), codes_.data(), rows, first_row, k, options,
                                     found, scores);
  };
  for (const bool of_file : {false, true}) {
    for (const int filter : {0, 1})
      for (const bool listed : {false, true}) {
        hdq_search_statistics statistics = {};
        const hdq_search_options options = {sizeof options, filter, &statistics, listed ? list.data() : nullptr,
                                            listed ? 5u : 0u};
        ASSERT_EQ(search(of_file, 3, &options), HDQ_OK) << hdq_last_error();
        hdq::SearchStatistics expected;
        const auto neighbours =
            listed ? hdq::search(same, hdq::Metric::cosine, all, same_list, 3, {filter == 1, &expected})
                   : hdq::search(same, hdq::Metric::cosine, all, 3, {filter == 1, &expected});
        for (std::size_t i = 0; i < 6; ++i) {
          EXPECT_EQ(found[i], neighbours[i].row);
          EXPECT_EQ(static_cast<double>(scores[i]), neighbours[i].score);
        }
        EXPECT_EQ(statistics.scanned, listed ? 10u : 100u);
        EXPECT_EQ(statistics.verified, expected.verified);
        EXPECT_EQ(statistics.verified < statistics.scanned, filter == 1 && !listed);
      }
    hdq_search_statistics untouched = {7, 7};
    const std::uint64_t beyond[] = {50};
    for (const hdq_search_options& bad : {hdq_search_options{0, 1, nullptr, nullptr, 0},
                                          {sizeof(hdq_search_options), 2, nullptr, nullptr, 0},
                                          {sizeof(hdq_search_options), 1, nullptr, nullptr, 5},
                                          {sizeof(hdq_search_options), 1, &untouched, list.data(), 0},
                                          {sizeof(hdq_search_options), 1, &untouched, list.data(), 2},
                                          {sizeof(hdq_search_options), 1, &untouched, beyond, 1}})
      EXPECT_EQ(search(of_file, bad.list == beyond ? 1 : 3, &bad), HDQ_INVALID_ARGUMENT);
    EXPECT_EQ(untouched.scanned + untouched.verified, 14u);
    // Of a caller that knows only of the size and the filter, and of one that knows of a field more.
    const hdq_search_options shorter = {offsetof(hdq_search_options, statistics), 0, &untouched, list.data(), 5};
    ASSERT_EQ(search(of_file, 3, &shorter), HDQ_OK) << hdq_last_error();
    EXPECT_EQ(untouched.scanned + untouched.verified, 14u);
    struct {
      hdq_search_options known;
      std::size_t unknown;
    } longer = {{sizeof longer, 0, nullptr, nullptr, 0}, 0};
    EXPECT_EQ(search(of_file, 3, &longer.known), HDQ_OK);
    longer.unknown = 1;
    EXPECT_EQ(search(of_file, 3, &longer.known), HDQ_INVALID_ARGUMENT);
  }
  hdq_scorer_destroy(scorer);
  hdq_file_close(file);
}

TEST_F(CFile, CentredRowsAreFound) {
  std::vector<float> mean(n, 0.25f);
  ASSERT_EQ(write(mean.data()), HDQ_OK) << hdq_last_error();
  hdq_file* file = nullptr;
  ASSERT_EQ(hdq_file_open(path_.c_str(), &file), HDQ_OK) << hdq_last_error();
  ASSERT_NE(hdq_file_mean(file), nullptr);
  EXPECT_TRUE(std::equal(mean.begin(), mean.end(), hdq_file_mean(file)));
  hdq_scorer* scorer = nullptr;
  std::uint64_t found[1];
  ASSERT_EQ(hdq_scorer_create(c_.codec, x_.data() + 5 * n, 1, 0, nullptr, &scorer), HDQ_OK);
  EXPECT_EQ(hdq_search_file(scorer, HDQ_SQUARED_DISTANCE, file, 1, found, nullptr), HDQ_INVALID_ARGUMENT);  // without the mean
  hdq_scorer_destroy(scorer);
  ASSERT_EQ(hdq_scorer_create(c_.codec, x_.data() + 5 * n, 1, 0, hdq_file_mean(file), &scorer), HDQ_OK);
  ASSERT_EQ(hdq_search_file(scorer, HDQ_SQUARED_DISTANCE, file, 1, found, nullptr), HDQ_OK) << hdq_last_error();
  EXPECT_EQ(found[0], 5u);
  hdq_scorer_destroy(scorer);
  hdq_file_close(file);
  mean[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(write(mean.data()), HDQ_INVALID_ARGUMENT);
}

TEST_F(CFile, FailuresNameTheFile) {
  hdq_file* file = reinterpret_cast<hdq_file*>(1);
  EXPECT_EQ(hdq_file_open(path_.c_str(), &file), HDQ_FILE_ERROR);
  EXPECT_EQ(file, nullptr);
  EXPECT_NE(std::string(hdq_last_error()).find("c.hdq"), std::string::npos);
  EXPECT_EQ(hdq_file_open(nullptr, &file), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_file_verify(nullptr), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_file_rows(nullptr), 0u);
  EXPECT_EQ(hdq_file_first_row(nullptr), 0u);
  EXPECT_EQ(hdq_file_mean(nullptr), nullptr);
  hdq_file_writer* writer = nullptr;
  ASSERT_EQ(hdq_file_writer_create(path_.c_str(), c_.codec, 2, 0, nullptr, &writer), HDQ_OK);
  ASSERT_EQ(hdq_file_writer_encode(writer, x_.data(), 1, 0), HDQ_OK);
  EXPECT_EQ(hdq_file_writer_commit(writer), HDQ_FILE_ERROR);  // a row is missing
  hdq_file_writer_destroy(writer);
  EXPECT_EQ(hdq_file_open(path_.c_str(), &file), HDQ_FILE_ERROR);  // and nothing was written
  EXPECT_EQ(hdq_file_writer_create(path_.c_str(), nullptr, 2, 0, nullptr, &writer), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_file_writer_encode(nullptr, x_.data(), 1, 0), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_file_writer_commit(nullptr), HDQ_INVALID_ARGUMENT);
  hdq_file_writer_destroy(nullptr);
  hdq_file_close(nullptr);
}

// ---- streams ----

class CEntropyCoder : public ::testing::TestWithParam<float> {
 protected:
  static constexpr std::size_t n = 100, rows = 9, zeros = 3;

  CEntropyCoder() : x_(hdq::test::dyadics(rows * n, 3)), class_(hdq::Codec(n, hdq::Step(GetParam()), 7)) {
    std::fill_n(x_.begin() + zeros * n, n, 0.0f);
    hdq_codec_options options = HDQ_CODEC_OPTIONS_INIT;
    options.scheme = HDQ_SCHEME_ENTROPY_CODED;
    options.step = GetParam();
    hdq_codec* codec = nullptr;
    EXPECT_EQ(hdq_codec_create(n, 0, 7, &options, &codec), HDQ_OK) << hdq_last_error();
    EXPECT_EQ(hdq_entropy_coder_create(codec, &coder_), HDQ_OK) << hdq_last_error();
    norms_.resize(rows), codes_.resize(rows * hdq_codec_code_bytes(codec));
    EXPECT_EQ(hdq_encode(codec, x_.data(), rows, 0, norms_.data(), codes_.data(), 5), HDQ_OK);
    hdq_codec_destroy(codec);  // the coder outlives it
    raw_.resize(rows * hdq_entropy_coder_raw_bytes(coder_)), lengths_.resize(rows);
  }
  ~CEntropyCoder() override { hdq_entropy_coder_destroy(coder_); }

  hdq_status encode(std::uint8_t* streams, std::size_t capacity, std::size_t* bytes) {
    return hdq_entropy_encode(coder_, norms_.data(), codes_.data(), rows, 5, lengths_.data(), raw_.data(), streams,
                              capacity, bytes);
  }
  hdq_status decode(const std::vector<std::uint8_t>& streams, std::vector<float>& norms,
                    std::vector<std::uint8_t>& codes) {
    return hdq_entropy_decode(coder_, lengths_.data(), raw_.data(), streams.data(), streams.size(), rows, 5,
                              norms.data(), codes.data());
  }

  std::vector<float> x_, norms_;
  hdq::Codec class_;
  hdq_entropy_coder* coder_ = nullptr;
  std::vector<std::uint8_t> codes_, raw_;
  std::vector<std::uint32_t> lengths_;
};

// Without raw bits, with them, and one in 32-bit codes would be of 2^20 coordinates: the tests of the class have it.
INSTANTIATE_TEST_SUITE_P(Steps, CEntropyCoder, ::testing::Values(0x1p-10f, 0.0162f, 1.0825f));

TEST_P(CEntropyCoder, StreamsAreThoseOfTheClassAndComeBack) {
  const hdq::PackedRows expected =
      hdq::EntropyCoder(class_).encode(class_.encode(hdq::RowsView<const float>(x_.data(), rows, n), 5));
  std::size_t bytes = 0;
  ASSERT_EQ(encode(nullptr, 0, &bytes), HDQ_OK) << hdq_last_error();  // lengths alone
  EXPECT_EQ(bytes, expected.streams.size());
  EXPECT_EQ(lengths_, expected.lengths);
  EXPECT_EQ(lengths_[zeros], 0u);
  std::vector<std::uint8_t> streams(bytes, 0xAA);
  EXPECT_EQ(encode(streams.data(), bytes - 1, &bytes), HDQ_INVALID_ARGUMENT);
  EXPECT_NE(std::string(hdq_last_error()).find("streams: " + std::to_string(bytes) + " bytes"), std::string::npos);
  EXPECT_EQ(bytes, streams.size());
  EXPECT_EQ(streams, std::vector<std::uint8_t>(bytes, 0xAA));
  std::vector<std::uint8_t> room(bytes + 3, 0xAA);
  ASSERT_EQ(encode(room.data(), room.size(), &bytes), HDQ_OK) << hdq_last_error();
  EXPECT_EQ(std::vector<std::uint8_t>(room.end() - 3, room.end()), std::vector<std::uint8_t>(3, 0xAA));
  streams.assign(room.begin(), room.end() - 3);
  EXPECT_EQ(streams, expected.streams);
  EXPECT_EQ(raw_, expected.raw);

  std::vector<float> norms(rows, -1);
  std::vector<std::uint8_t> codes(codes_.size(), 0xAA);
  ASSERT_EQ(decode(streams, norms, codes), HDQ_OK) << hdq_last_error();
  EXPECT_EQ(norms, norms_);
  EXPECT_EQ(codes, codes_);
}

TEST_P(CEntropyCoder, FailuresNameTheArgumentOrTheRow) {
  std::size_t bytes = 0;
  ASSERT_EQ(encode(nullptr, 0, &bytes), HDQ_OK);
  std::vector<std::uint8_t> streams(bytes);
  ASSERT_EQ(encode(streams.data(), bytes, &bytes), HDQ_OK);
  const auto said = [](hdq_status status, hdq_status expected, const char* word) {
    EXPECT_EQ(status, expected) << word;
    EXPECT_NE(std::string(hdq_last_error()).find(word), std::string::npos) << hdq_last_error();
  };
  said(encode(nullptr, 1, &bytes), HDQ_INVALID_ARGUMENT, "streams");
  said(encode(streams.data(), streams.size(), nullptr), HDQ_INVALID_ARGUMENT, "bytes");
  said(hdq_entropy_encode(nullptr, norms_.data(), codes_.data(), rows, 5, lengths_.data(), raw_.data(), nullptr, 0,
                          &bytes),
       HDQ_INVALID_ARGUMENT, "coder");
  said(hdq_entropy_encode(coder_, norms_.data(), codes_.data(), rows, 5, nullptr, raw_.data(), nullptr, 0, &bytes),
       HDQ_INVALID_ARGUMENT, "lengths");
  if (!raw_.empty())
    said(
        hdq_entropy_encode(coder_, norms_.data(), codes_.data(), rows, 5, lengths_.data(), nullptr, nullptr, 0, &bytes),
        HDQ_INVALID_ARGUMENT, "raw");
  said(hdq_entropy_encode(coder_, norms_.data(), codes_.data(), SIZE_MAX / 2, 5, lengths_.data(), raw_.data(), nullptr,
                          0, &bytes),
       HDQ_INVALID_ARGUMENT, "");
  EXPECT_EQ(hdq_entropy_encode(coder_, nullptr, nullptr, 0, 5, nullptr, nullptr, nullptr, 0, &bytes), HDQ_OK);
  EXPECT_EQ(bytes, 0u);

  std::vector<float> norms(rows);
  std::vector<std::uint8_t> codes(codes_.size()), damaged = streams;
  damaged.pop_back();
  said(decode(damaged, norms, codes), HDQ_INVALID_ARGUMENT, "streams");
  // The third row's: a state that is none.
  damaged = streams;
  std::fill_n(damaged.begin() + lengths_[0] + lengths_[1], 8, std::uint8_t{0xFF});
  said(decode(damaged, norms, codes), HDQ_INVALID_INPUT, "row 2");
  EXPECT_EQ(hdq_last_error_row(), 2u);
  said(hdq_entropy_decode(coder_, lengths_.data(), raw_.data(), nullptr, bytes = streams.size(), rows, 5, norms.data(),
                          codes.data()),
       HDQ_INVALID_ARGUMENT, "streams");
  said(hdq_entropy_decode(coder_, lengths_.data(), raw_.data(), streams.data(), bytes, rows, 5, nullptr, codes.data()),
       HDQ_INVALID_ARGUMENT, "norms");
  norms_[4] = -1;
  said(encode(nullptr, 0, &bytes), HDQ_INVALID_INPUT, "row 4");
  EXPECT_EQ(hdq_last_error_row(), 4u);
}

TEST(CInterface, AnEntropyCoderNeedsAnEntropyCodedCodec) {
  const Handle fixed(8);
  hdq_entropy_coder* coder = reinterpret_cast<hdq_entropy_coder*>(1);
  EXPECT_EQ(hdq_entropy_coder_create(fixed.codec, &coder), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(coder, nullptr);
  EXPECT_NE(std::string(hdq_last_error()).find("entropy-coded"), std::string::npos);
  EXPECT_EQ(hdq_entropy_coder_create(nullptr, &coder), HDQ_INVALID_ARGUMENT);
  EXPECT_EQ(hdq_entropy_coder_create(fixed.codec, nullptr), HDQ_INVALID_ARGUMENT);
  hdq_entropy_coder_destroy(nullptr);
  EXPECT_EQ(hdq_entropy_coder_raw_bytes(nullptr), 0u);
}

TEST(CInterface, LastErrorBelongsToItsThread) {
  EXPECT_EQ(hdq_codec_create(8, 99, 0, nullptr, nullptr), HDQ_INVALID_ARGUMENT);
  const std::string mine = hdq_last_error();
  std::string other = "unset";
  std::thread([&] { other = hdq_last_error(); }).join();
  EXPECT_EQ(other, "");
  EXPECT_FALSE(mine.empty());
}

TEST(CInterface, Version) { EXPECT_EQ(std::string(hdq_version()), HDQ_VERSION_STRING); }

}  // namespace
