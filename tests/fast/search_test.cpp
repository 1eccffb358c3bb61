// Search against sorting every score: metrics, ties, threads, files; and brute force against sums in long double.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <utility>

#include "test_support.hpp"
#include "hdq/search.hpp"
#include "temporary_directory.hpp"

namespace {

using namespace hdq;

constexpr Metric metrics[] = {Metric::inner_product, Metric::squared_distance, Metric::cosine};

struct Data {
  Codec codec;
  std::vector<float> x, q, norms;
  std::vector<std::uint8_t> codes;
  std::size_t rows, queries;
  EncodedView encoded(std::uint64_t first_row = 0) const { return {norms, codes, first_row}; }
  RowsView<const float> q_rows() const { return {q.data(), queries, codec.dimension()}; }
  RowsView<const float> x_rows() const { return {x.data(), rows, codec.dimension()}; }
};

// Every third row and the first query are zero: their scores tie.
Data data(std::size_t n, int bits, std::size_t rows, std::size_t queries, int threads, std::uint64_t first_row = 0) {
  Data d{Codec(n, bits, 6, {Isa::automatic, threads}), test::dyadics(rows * n, 1), test::dyadics(queries * n, 2), std::vector<float>(rows), {}, rows, queries};
  for (std::size_t row = 0; row < rows; row += 3) std::fill_n(d.x.begin() + static_cast<std::ptrdiff_t>(row * n), n, 0.0f);
  std::fill_n(d.q.begin(), n, 0.0f);
  d.codes.resize(rows * d.codec.code_bytes());
  d.codec.encode(d.x_rows(), EncodedBuffer(d.norms, d.codes, first_row));
  return d;
}

// All rows of one query, sorted by score, equal scores by row.
std::vector<Neighbour> sorted(Metric metric, std::vector<Neighbour> all) {
  std::stable_sort(all.begin(), all.end(), [&](const Neighbour& a, const Neighbour& b) {
    return metric == Metric::squared_distance ? a.score < b.score : a.score > b.score;
  });
  return all;
}

std::vector<Neighbour> brute_force(const Data& d, const Scorer& scorer, Metric metric, std::size_t query, std::uint64_t first_row = 0) {
  std::vector<Neighbour> all;
  for (std::size_t row = 0; row < d.rows; ++row)
    all.push_back({row, static_cast<double>(scorer.score_row(metric, query, d.encoded(first_row).slice(row, 1)))});
  return sorted(metric, std::move(all));
}

TEST(Search, IsTheHeadOfASort) {
  for (const int bits : {1, 4, 8}) {
    const Data d = data(20, bits, 67, 3, 1);
    const Scorer scorer(d.codec, d.q_rows());
    for (const Metric metric : metrics) {
      std::vector<std::vector<Neighbour>> expected;
      for (std::size_t query = 0; query < d.queries; ++query) expected.push_back(brute_force(d, scorer, metric, query));
      for (std::size_t k = 1; k <= d.rows; ++k) {
        const std::vector<Neighbour> found = search(scorer, metric, d.encoded(), k);
        ASSERT_EQ(found.size(), d.queries * k);
        for (std::size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found[i], expected[i / k][i % k]) << metric_name(metric) << " k " << k << " at " << i;
      }
    }
  }
}

TEST(Search, TiesAreInOrderOfRows) {
  const Data d = data(16, 2, 40, 1, 3);  // the query is zero: all scores are ±0
  const Scorer scorer(d.codec, d.q_rows());
  for (const Metric metric : {Metric::inner_product, Metric::cosine}) {
    const std::vector<Neighbour> found = search(scorer, metric, d.encoded(), d.rows);
    for (std::size_t i = 0; i < d.rows; ++i) EXPECT_EQ(found[i].row, i) << metric_name(metric);
  }
  EXPECT_FALSE(ranks_before(Metric::inner_product, {7, 0.0}, {3, -0.0}));
  EXPECT_TRUE(ranks_before(Metric::inner_product, {3, -0.0}, {7, 0.0}));
}

TEST(Search, ThreadsChangeNothing) {
  const Data one = data(48, 4, 1000, 7, 1, 123456789012);
  const Scorer alone(one.codec, one.q_rows());
  for (const Metric metric : metrics) {
    const std::vector<Neighbour> expected = search(alone, metric, one.encoded(123456789012), 60);
    for (const int threads : {2, 3, 4}) {
      const Codec codec(48, 4, 6, {Isa::automatic, threads});
      EXPECT_EQ(search(Scorer(codec, one.q_rows()), metric, one.encoded(123456789012), 60), expected);
    }
    EXPECT_EQ(brute_force(one, alone, metric, 3, 123456789012)[5], expected[3 * 60 + 5]);
  }
}

TEST(Search, OfAFileIsThatOfItsRows) {
  const hdq::testing::TemporaryDirectory directory;
  const Data d = data(96, 3, 700, 4, 2, 50);
  FileHeader header = FileHeader::make(d.codec, d.rows, 50);
  header.rows_per_block = 64;
  const std::string path = directory / "rows.hdq";
  FileWriter writer(path, header);
  writer.append(EncodedView(d.norms, d.codes, 50));
  writer.commit();
  const FileReader file(path);
  const Scorer scorer(d.codec, d.q_rows());
  std::size_t done = 0;
  for (const Metric metric : metrics)
    EXPECT_EQ(search(scorer, metric, file, 20, [&](std::size_t rows) { done += rows; }),
              search(scorer, metric, d.encoded(50), 20));
  EXPECT_EQ(done, 3 * d.rows);
  EXPECT_THROW(search(scorer, Metric::cosine, file, 0), InvalidArgument);
  EXPECT_THROW(search(scorer, Metric::cosine, file, 701), InvalidArgument);
  EXPECT_THROW(search(Scorer(Codec(96, 3, 7), d.q_rows()), Metric::cosine, file, 1), InvalidArgument);
  EXPECT_THROW(search(Scorer(Codec(96, 4, 6), d.q_rows()), Metric::cosine, file, 1), InvalidArgument);

  std::string bytes = hdq::testing::read_file(path);
  bytes[20000] = static_cast<char>(bytes[20000] ^ 1);
  hdq::testing::overwrite_file(path, bytes);
  EXPECT_THROW(search(scorer, Metric::cosine, FileReader(path), 1), FileError);
}

// What search throws, by its text; "none" where it finds.
template <class Rows, class List>
std::string refusal_of_list(const Scorer& scorer, const Rows& rows, const List& list) {
  try {
    search(scorer, Metric::inner_product, rows, list, 2);
  } catch (const Error& e) {
    return e.what();
  }
  return "none";
}

// Lists of rows of a file, in any order, find what the same lists of rows in memory do.
TEST(Search, OfAListOfAFileIsThatOfItsRows) {
  const hdq::testing::TemporaryDirectory directory;
  test::Integers integers(5);
  for (const bool fixed : {true, false})
    for (const int threads : {1, 3}) {
      const Data d = data(96, 4, 700, 6, threads);
      const Codec codec = fixed ? d.codec : Codec(96, Step(0.5f), 7, {Isa::automatic, threads});
      const EncodedRows rows = codec.encode(RowsView<const float>(d.x.data(), 700, 96), 50);
      FileHeader header = FileHeader::make(codec, 700, 50);
      header.rows_per_block = 64;
      FileWriter writer(directory / "rows.hdq", header);
      writer.append(rows);
      writer.commit();
      const FileReader file(directory / "rows.hdq");
      const Scorer scorer(codec, d.q_rows());
      for (const std::size_t count : {1u, 2u, 63u, 300u, 1500u}) {  // the last with rows that are listed twice and more
        std::vector<std::uint64_t> list(count, 699);
        for (std::size_t i = 1; i < count; ++i) list[i] = integers.below(700);
        const std::vector<std::size_t> same(list.begin(), list.end());
        for (const Metric metric : metrics)
          for (const bool filter : {false, true}) {
            std::size_t done = 0;
            SearchStatistics statistics;
            const auto found = search(scorer, metric, file, list, std::min<std::size_t>(count, 20),
                                      [&](std::size_t some) { done += some; }, {filter, &statistics});
            ASSERT_EQ(found, search(scorer, metric, rows, same, std::min<std::size_t>(count, 20), {false}))
                << count << " rows, " << metric_name(metric) << ", filter " << filter;
            EXPECT_EQ(done, count);
            EXPECT_EQ(statistics.scanned, count * 6);
          }
      }
      const std::vector<std::uint64_t> beyond = {699, 700, 3}, two = {5, 6};
      EXPECT_NE(refusal_of_list(scorer, file, beyond).find("no row 700 among 700"), std::string::npos);
      EXPECT_NE(refusal_of_list(scorer, file, std::vector<std::uint64_t>{5}).find("k must be 1 to 1"),
                std::string::npos);
      EXPECT_NE(refusal_of_list(Scorer(Codec(96, 3, 6), d.q_rows()), file, two), "none");
      EXPECT_EQ(refusal_of_list(scorer, file, two), "none");
    }
}

// Blocks without a listed row are not looked at; a bad one, and a bad norm, are named as they are where all rows are searched.
TEST(Search, OfAListOfAFileReadsItsBlocksAlone) {
  const hdq::testing::TemporaryDirectory directory;
  Data d = data(96, 4, 700, 6, 1);
  d.norms[100] = -1;
  FileHeader header = FileHeader::make(d.codec, 700, 0);
  header.rows_per_block = 64;
  const std::string path = directory / "rows.hdq";
  FileWriter writer(path, header);
  writer.append(d.encoded());
  writer.commit();
  std::string bytes = hdq::testing::read_file(path);
  const std::size_t at = FileReader(path).header().block_offset(3) + 10;
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  hdq::testing::overwrite_file(path, bytes);
  const FileReader file(path);
  const Scorer scorer(d.codec, d.q_rows());
  using List = std::vector<std::uint64_t>;
  EXPECT_EQ(refusal_of_list(scorer, file, List{699, 99, 101, 0, 191, 256}), "none");
  EXPECT_NE(refusal_of_list(scorer, file, List{699, 192}).find("block 3"), std::string::npos);
  EXPECT_NE(refusal_of_list(scorer, file, List{699, 102, 100, 70}).find("row 100: invalid norm"), std::string::npos);
}

// SPEC §4, Centring: a file of rows less μ answers as the rows would.
TEST(Search, OfACentredFileIsThatOfItsRows) {
  const hdq::testing::TemporaryDirectory directory;
  constexpr std::size_t n = 96, rows = 500;
  Data d = data(n, 4, rows, 4, 2);
  std::vector<float> mean(n), less(rows * n), queries_less = d.q;
  for (std::size_t i = 0; i < n; ++i) mean[i] = 50 + static_cast<float>(i % 7);
  for (std::size_t i = 0; i < d.q.size(); ++i) d.q[i] += mean[i % n] + 1;
  for (std::size_t i = 0; i < d.q.size(); ++i) queries_less[i] = d.q[i] - mean[i % n];
  for (std::size_t i = 0; i < d.x.size(); ++i) d.x[i] += mean[i % n];
  for (std::size_t i = 0; i < less.size(); ++i) less[i] = d.x[i] - mean[i % n];
  FileWriter writer(directory / "centred.hdq", FileHeader::make(d.codec, rows), mean);
  writer.encode(d.codec, RowsView<const float>(d.x.data(), rows, n));
  writer.commit();
  const FileReader file(directory / "centred.hdq");
  const Scorer scorer(d.codec, d.q_rows(), file.mean());
  d.codec.encode({less.data(), rows, n}, {d.norms, d.codes, 0});

  // Squared distances: those of the queries less the mean, bit for bit.
  const Scorer shifted(d.codec, {queries_less.data(), d.queries, n});
  EXPECT_EQ(search(scorer, Metric::squared_distance, file, 20), search(shifted, Metric::squared_distance, d.encoded(), 20));
  // Inner products: those of the codes and ⟨q, μ⟩, added in double.
  const Scorer plain(d.codec, d.q_rows());
  const std::vector<Neighbour> found = search(scorer, Metric::inner_product, file, 20);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::size_t query = i / 20, row = static_cast<std::size_t>(found[i].row);
    const EncodedView one = d.encoded().slice(row, 1);
    double offset = 0, exact = 0;
    std::vector<float> y(n);
    d.codec.decode(one, {y.data(), 1, n});
    for (std::size_t j = 0; j < n; ++j) {
      offset += static_cast<double>(d.q[query * n + j]) * static_cast<double>(mean[j]);
      exact += static_cast<double>(d.q[query * n + j]) * (static_cast<double>(y[j]) + static_cast<double>(mean[j]));
    }
    EXPECT_NEAR(found[i].score, static_cast<double>(plain.score_row(Metric::inner_product, query, one)) + offset, 0x1p-48 * std::abs(offset));
    EXPECT_NEAR(found[i].score, exact, scorer.error_bound(Metric::inner_product, query, one) + 0x1p-18 * std::abs(exact - offset));
    EXPECT_NEAR(scorer.score_row(Metric::inner_product, query, one), found[i].score, 0x1p-23 * std::abs(exact));
  }
  EXPECT_THROW(search(scorer, Metric::cosine, file, 1), InvalidArgument);
  // A scorer without the mean, or with another, is refused: its scores would be of other rows.
  EXPECT_THROW(search(plain, Metric::inner_product, file, 1), InvalidArgument);
  mean[5] += 1;
  EXPECT_THROW(search(Scorer(d.codec, d.q_rows(), mean), Metric::inner_product, file, 1), InvalidArgument);
  mean[5] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(Scorer(d.codec, d.q_rows(), mean), InvalidArgument);
  EXPECT_THROW(Scorer(d.codec, d.q_rows(), std::span(mean).first(5)), InvalidArgument);
  mean[5] = -std::numeric_limits<float>::max();
  d.q[n + 5] = std::numeric_limits<float>::max();
  try {
    const Scorer beyond(d.codec, d.q_rows(), mean);
    ADD_FAILURE();
  } catch (const InvalidInput& e) {
    EXPECT_EQ(e.row, 1u);
    EXPECT_EQ(e.column, 5u);
  }
}

// Parts of a file that cut its blocks, in any order, with k above what a part has: the search of the whole.
TEST(Search, InPartsIsThatOfTheWhole) {
  const hdq::testing::TemporaryDirectory directory;
  const Data d = data(20, 4, 67, 3, 2);
  const std::vector<float> mean = test::dyadics(20, 9);
  for (const bool centred : {false, true}) {
    FileHeader header = FileHeader::make(d.codec, d.rows, 5);
    header.rows_per_block = 8;
    const std::string path = directory / "a.hdq";
    FileWriter writer(path, header, centred ? std::span<const float>(mean) : std::span<const float>());
    writer.encode(d.codec, d.x_rows());
    writer.commit();
    const FileReader file(path);
    const Scorer scorer(d.codec, d.q_rows(), file.mean());
    for (const Metric metric : {Metric::inner_product, Metric::squared_distance}) {
      for (const std::size_t k : {std::size_t{1}, std::size_t{30}, d.rows}) {
        TopK found(metric, d.queries, k);
        for (const auto& [begin, end] : {std::pair<std::uint64_t, std::uint64_t>{41, 67}, {0, 0}, {7, 41}, {0, 7}}) {
          SearchStatistics pairs;
          search(found, scorer, file, begin, end - begin, begin, {true, &pairs});
          EXPECT_EQ(pairs.scanned, (end - begin) * d.queries);
        }
        EXPECT_EQ(ranked(scorer, found), search(scorer, metric, file, k)) << k << centred;
      }
    }
    TopK found(Metric::inner_product, d.queries, 1);
    search(found, scorer, file, 60, 7, 1000);
    for (std::size_t query = 0; query < d.queries; ++query) {
      ASSERT_EQ(found.kept(query).size(), 1u);
      EXPECT_GE(found.kept(query)[0].row, 1000u);
      EXPECT_LT(found.kept(query)[0].row, 1007u);
    }
    EXPECT_THROW(search(found, scorer, file, 60, 8, 0), InvalidArgument);
    EXPECT_THROW(search(found, scorer, file, 68, 0, 0), InvalidArgument);
    TopK other(Metric::inner_product, d.queries + 1, 1);
    EXPECT_THROW(search(other, scorer, file, 0, 1, 0), InvalidArgument);
    EXPECT_THROW(ranked(scorer, other), InvalidArgument);
  }
}

TEST(Search, NamesTheRowOfABadNorm) {
  Data d = data(12, 4, 100, 2, 4);
  d.norms[77] = -1;
  const Scorer scorer(d.codec, d.q_rows());
  try {
    search(scorer, Metric::inner_product, d.encoded(), 5);
    ADD_FAILURE();
  } catch (const InvalidInput& e) {
    EXPECT_EQ(e.row, 77u);
  }
  const hdq::testing::TemporaryDirectory directory;
  FileWriter writer(directory / "bad.hdq", FileHeader::make(d.codec, d.rows));
  writer.append(EncodedView(d.norms, d.codes, 0));
  writer.commit();
  try {
    search(scorer, Metric::inner_product, FileReader(directory / "bad.hdq"), 5);
    ADD_FAILURE();
  } catch (const FileError& e) {
    EXPECT_NE(std::string(e.what()).find("row 77"), std::string::npos) << e.what();
  }
}

// ---- the vectors themselves ----

double plain_score(Metric metric, const float* q, const float* x, std::size_t n) {
  long double product = 0, distance = 0, qq = 0, xx = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const long double a = q[i], b = x[i];
    product += a * b, distance += (a - b) * (a - b), qq += a * a, xx += b * b;
  }
  if (metric == Metric::squared_distance) return static_cast<double>(distance);
  if (metric == Metric::inner_product) return static_cast<double>(product);
  return qq == 0 || xx == 0 ? 0 : static_cast<double>(product / (std::sqrt(qq) * std::sqrt(xx)));
}

TEST(BruteForce, ScoresAreTheSameBitsOnEveryInstructionSet) {
  const std::vector<float> q = test::dyadics(320, 1), x = test::dyadics(320, 2);
  for (std::size_t n = 1; n <= 300; ++n)
    for (const Metric metric : metrics) {
      const std::size_t offset = n % 16;
      const double expected = vector_score(metric, {q.data() + offset, n}, {x.data(), n}, Isa::scalar);
      for (const Isa isa : test::supported_isas()) ASSERT_EQ(vector_score(metric, {q.data() + offset, n}, {x.data(), n}, isa), expected) << n;
      ASSERT_NEAR(expected, plain_score(metric, q.data() + offset, x.data(), n), 1e-12 * (1 + std::abs(expected)) * static_cast<double>(n));
    }
}

TEST(BruteForce, IsTheHeadOfASortInAnyPiecesAndThreads) {
  const Data d = data(30, 4, 90, 3, 1);
  for (const Metric metric : metrics) {
    for (const int threads : {1, 2, 4}) {
      TopK found(metric, d.queries, 25);
      ThreadPool pool(threads);
      brute_force_search(found, d.q_rows(), d.x_rows().slice(50, 40), 50, &pool);
      brute_force_search(found, d.q_rows(), d.x_rows().slice(0, 50), 0, &pool);
      const std::vector<Neighbour> got = found.ranked();
      for (std::size_t query = 0; query < d.queries; ++query) {
        std::vector<Neighbour> all;
        for (std::size_t row = 0; row < d.rows; ++row) all.push_back({row, vector_score(metric, {d.q_rows().row(query), 30}, {d.x_rows().row(row), 30})});
        const std::vector<Neighbour> expected = sorted(metric, std::move(all));
        for (std::size_t i = 0; i < 25; ++i) ASSERT_EQ(got[query * 25 + i], expected[i]) << metric_name(metric) << " " << threads;
      }
    }
  }
}

TEST(BruteForce, FewerRowsThanKIsAnError) {
  TopK found(Metric::inner_product, 1, 3);
  found.offer(0, 4, 1.0);
  EXPECT_THROW(found.ranked(), InvalidArgument);
  EXPECT_THROW(TopK(Metric::inner_product, 1, 0), InvalidArgument);
}

TEST(BruteForce, RecallCountsCommonRows) {
  const std::vector<std::uint64_t> truth = {1, 2, 3, 4}, found = {4, 9, 1, 8};
  EXPECT_EQ(recall(truth, found), 0.5);
  EXPECT_EQ(recall(truth, truth), 1);
  EXPECT_EQ(recall(std::span<const std::uint64_t>(), found), 1);
}

// Rows 2 and 9 are equally near: either is the second nearest.
TEST(BruteForce, RecallCountsTies) {
  const std::vector<Neighbour> truth = {{4, 9.0}, {2, 7.0}}, other = {{9, 7.0}, {4, 9.0}}, worse = {{4, 9.0}, {5, 6.5}};
  EXPECT_EQ(recall(Metric::inner_product, truth, other), 1);
  EXPECT_EQ(recall(Metric::inner_product, truth, worse), 0.5);
  EXPECT_EQ(recall(Metric::squared_distance, std::vector<Neighbour>{{4, 1.0}, {2, 3.0}}, std::vector<Neighbour>{{9, 3.0}, {7, 3.5}}), 0.5);
  EXPECT_THROW(recall(Metric::cosine, std::vector<Neighbour>{}, truth), InvalidArgument);
}

// A list of neighbours has one metric and one number of queries, and a search takes both from there.
TEST(BruteForce, SearchesByTheMetricAndQueriesOfTheList) {
  const Data d = data(30, 4, 90, 3, 1);
  TopK found(Metric::squared_distance, d.queries, 5);
  brute_force_search(found, d.q_rows(), d.x_rows(), 0);
  const std::vector<Neighbour> nearest = found.ranked();
  for (std::size_t i = 0; i < nearest.size(); ++i)
    EXPECT_EQ(nearest[i].score, vector_score(Metric::squared_distance, {d.q_rows().row(i / 5), 30}, {d.x_rows().row(nearest[i].row), 30}));
  EXPECT_THROW(brute_force_search(found, d.q_rows().slice(0, 2), d.x_rows(), 0), InvalidArgument);
  EXPECT_THROW(brute_force_search(found, {d.q.data(), 3, 29}, d.x_rows(), 0), InvalidArgument);
  EXPECT_THROW(found.merge(TopK(Metric::inner_product, 3, 5)), InvalidArgument);
  EXPECT_THROW(found.merge(TopK(Metric::squared_distance, 2, 5)), InvalidArgument);
  EXPECT_THROW(vector_score(Metric::cosine, {d.q.data(), 3}, {d.x.data(), 4}), InvalidArgument);
}

// ---- scores that float32 cannot hold ----

TEST(Search, NamesTheQueryWhoseScoreLeavesFloat32) {
  constexpr std::size_t n = 20, rows = 300;
  for (const int threads : {1, 2, 4}) {
    const Codec codec(n, 4, 1, {Isa::automatic, threads});
    std::vector<float> x = test::dyadics(rows * n, 3), q = test::dyadics(3 * n, 4);
    for (float& v : x) v *= 0x1p-16f;
    for (float& v : q) v *= 0x1p-16f;
    for (const std::size_t row : {170u, 250u})
      for (std::size_t i = 0; i < n; ++i) x[row * n + i] = 1e37f;
    for (std::size_t i = 0; i < n; ++i) q[2 * n + i] = 1e37f;
    const EncodedRows encoded = codec.encode(RowsView<const float>(x.data(), rows, n), 0);
    const Scorer scorer(codec, {q.data(), 3, n});
    try {
      search(scorer, Metric::inner_product, encoded, 5);
      ADD_FAILURE() << "infinite scores were ranked";
    } catch (const InvalidInput& e) {
      EXPECT_EQ(e.row, 2u);
      EXPECT_EQ(e.column, InvalidInput::npos);
      EXPECT_STREQ(e.what(), "query 2: its score with row 170 exceeds the largest float32");
    }
    EXPECT_NO_THROW(search(scorer, Metric::cosine, encoded, 5));
    const hdq::testing::TemporaryDirectory directory;
    FileWriter writer(directory / "huge.hdq", FileHeader::make(codec, rows));
    writer.append(encoded);
    writer.commit();
    try {
      search(scorer, Metric::inner_product, FileReader(directory / "huge.hdq"), 5);
      ADD_FAILURE() << "infinite scores were ranked";
    } catch (const InvalidInput& e) {
      EXPECT_EQ(e.row, 2u);
    }
  }
}

TEST(Search, RefusesMoreQueriesThanMemoryHolds) {
  const float one = 1;
  EXPECT_THROW(RowsView<const float>(&one, std::size_t{1} << 62, 4), InvalidArgument);
  EXPECT_THROW(Scorer(Codec(1, 1), RowsView<const float>(&one, std::size_t{1} << 60, 1)), InvalidArgument);
  EXPECT_THROW(TopK(Metric::cosine, std::size_t{1} << 60, 1), InvalidArgument);
}

// What codes were made with is known: another codec's scorer refuses them.
TEST(Search, RefusesCodesOfAnotherCodec) {
  const Data d = data(20, 4, 10, 1, 1);
  const EncodedRows encoded = d.codec.encode(d.x_rows(), 0);
  const Scorer other(Codec(20, 4, 7), d.q_rows()), same(d.codec, d.q_rows());
  EXPECT_NO_THROW(search(same, Metric::cosine, encoded, 1));
  EXPECT_THROW(search(other, Metric::cosine, encoded, 1), InvalidArgument);
}

}  // namespace
