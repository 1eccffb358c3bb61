// Search against sorting every score: metrics, ties, threads, files; and exact search against sums in long double.
#include <algorithm>
#include <cmath>
#include <filesystem>

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
};

// Every third row and the first query are zero: their scores tie.
Data data(std::size_t n, int bits, std::size_t rows, std::size_t queries, int threads, std::uint64_t first_row = 0) {
  Data d{Codec(n, bits, 6, {Isa::automatic, threads}), test::dyadics(rows * n, 1), test::dyadics(queries * n, 2), std::vector<float>(rows), {}, rows, queries};
  for (std::size_t row = 0; row < rows; row += 3) std::fill_n(d.x.begin() + static_cast<std::ptrdiff_t>(row * n), n, 0.0f);
  std::fill_n(d.q.begin(), n, 0.0f);
  d.codes.resize(rows * d.codec.code_bytes());
  d.codec.encode(d.x.data(), rows, d.norms.data(), d.codes.data(), first_row);
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
    all.push_back({row, static_cast<double>(scorer.score_row(metric, query, d.norms[row], d.codes.data() + row * d.codec.code_bytes(), first_row + row))});
  return sorted(metric, std::move(all));
}

TEST(Search, IsTheHeadOfASort) {
  for (const int bits : {1, 4, 8}) {
    const Data d = data(20, bits, 67, 3, 1);
    const Scorer scorer(d.codec, d.q.data(), d.queries);
    for (const Metric metric : metrics) {
      std::vector<std::vector<Neighbour>> expected;
      for (std::size_t query = 0; query < d.queries; ++query) expected.push_back(brute_force(d, scorer, metric, query));
      for (std::size_t k = 1; k <= d.rows; ++k) {
        const std::vector<Neighbour> found = search(scorer, d.norms.data(), d.codes.data(), d.rows, metric, k);
        ASSERT_EQ(found.size(), d.queries * k);
        for (std::size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found[i], expected[i / k][i % k]) << metric_name(metric) << " k " << k << " at " << i;
      }
    }
  }
}

TEST(Search, TiesAreInOrderOfRows) {
  const Data d = data(16, 2, 40, 1, 3);  // the query is zero: all scores are ±0
  const Scorer scorer(d.codec, d.q.data(), 1);
  for (const Metric metric : {Metric::inner_product, Metric::cosine}) {
    const std::vector<Neighbour> found = search(scorer, d.norms.data(), d.codes.data(), d.rows, metric, d.rows);
    for (std::size_t i = 0; i < d.rows; ++i) EXPECT_EQ(found[i].row, i) << metric_name(metric);
  }
  EXPECT_FALSE(ranks_before(Metric::inner_product, {7, 0.0}, {3, -0.0}));
  EXPECT_TRUE(ranks_before(Metric::inner_product, {3, -0.0}, {7, 0.0}));
}

TEST(Search, ThreadsChangeNothing) {
  const Data one = data(48, 4, 1000, 7, 1, 123456789012);
  const Scorer alone(one.codec, one.q.data(), one.queries);
  for (const Metric metric : metrics) {
    const std::vector<Neighbour> expected = search(alone, one.norms.data(), one.codes.data(), one.rows, metric, 60, 123456789012);
    for (const int threads : {2, 3, 4}) {
      const Codec codec(48, 4, 6, {Isa::automatic, threads});
      EXPECT_EQ(search(Scorer(codec, one.q.data(), one.queries), one.norms.data(), one.codes.data(), one.rows, metric, 60, 123456789012), expected);
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
  writer.append(d.norms.data(), d.codes.data(), d.rows);
  writer.commit();
  const FileReader file(path);
  const Scorer scorer(d.codec, d.q.data(), d.queries);
  std::size_t done = 0;
  for (const Metric metric : metrics)
    EXPECT_EQ(search(scorer, file, metric, 20, [&](std::size_t rows) { done += rows; }),
              search(scorer, d.norms.data(), d.codes.data(), d.rows, metric, 20, 50));
  EXPECT_EQ(done, 3 * d.rows);
  EXPECT_THROW(search(scorer, file, Metric::cosine, 0), InvalidArgument);
  EXPECT_THROW(search(scorer, file, Metric::cosine, 701), InvalidArgument);
  EXPECT_THROW(search(Scorer(Codec(96, 3, 7), d.q.data(), 1), file, Metric::cosine, 1), InvalidArgument);
  EXPECT_THROW(search(Scorer(Codec(96, 4, 6), d.q.data(), 1), file, Metric::cosine, 1), InvalidArgument);

  std::string bytes = hdq::testing::read_file(path);
  bytes[20000] = static_cast<char>(bytes[20000] ^ 1);
  hdq::testing::overwrite_file(path, bytes);
  EXPECT_THROW(search(scorer, FileReader(path), Metric::cosine, 1), FileError);
}

TEST(Search, NamesTheRowOfABadNorm) {
  Data d = data(12, 4, 100, 2, 4);
  d.norms[77] = -1;
  const Scorer scorer(d.codec, d.q.data(), d.queries);
  try {
    search(scorer, d.norms.data(), d.codes.data(), d.rows, Metric::inner_product, 5);
    ADD_FAILURE();
  } catch (const InvalidInput& e) {
    EXPECT_EQ(e.row, 77u);
  }
  const hdq::testing::TemporaryDirectory directory;
  FileWriter writer(directory / "bad.hdq", FileHeader::make(d.codec, d.rows));
  writer.append(d.norms.data(), d.codes.data(), d.rows);
  writer.commit();
  try {
    search(scorer, FileReader(directory / "bad.hdq"), Metric::inner_product, 5);
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

TEST(ExactSearch, ScoresAreTheSameBitsOnEveryInstructionSet) {
  const std::vector<float> q = test::dyadics(320, 1), x = test::dyadics(320, 2);
  for (std::size_t n = 1; n <= 300; ++n)
    for (const Metric metric : metrics) {
      const std::size_t offset = n % 16;
      const double expected = exact_score(metric, q.data() + offset, x.data(), n, Isa::scalar);
      for (const Isa isa : test::supported_isas()) ASSERT_EQ(exact_score(metric, q.data() + offset, x.data(), n, isa), expected) << n;
      ASSERT_NEAR(expected, plain_score(metric, q.data() + offset, x.data(), n), 1e-12 * (1 + std::abs(expected)) * static_cast<double>(n));
    }
}

TEST(ExactSearch, IsTheHeadOfASortInAnyPiecesAndThreads) {
  const Data d = data(30, 4, 90, 3, 1);
  for (const Metric metric : metrics) {
    for (const int threads : {1, 2, 4}) {
      TopK found(metric, d.queries, 25);
      exact_search(found, metric, d.q.data(), d.queries, d.x.data() + 50 * 30, 40, 30, 50, threads);
      exact_search(found, metric, d.q.data(), d.queries, d.x.data(), 50, 30, 0, threads);
      const std::vector<Neighbour> got = found.ranked();
      for (std::size_t query = 0; query < d.queries; ++query) {
        std::vector<Neighbour> all;
        for (std::size_t row = 0; row < d.rows; ++row) all.push_back({row, exact_score(metric, d.q.data() + query * 30, d.x.data() + row * 30, 30)});
        const std::vector<Neighbour> expected = sorted(metric, std::move(all));
        for (std::size_t i = 0; i < 25; ++i) ASSERT_EQ(got[query * 25 + i], expected[i]) << metric_name(metric) << " " << threads;
      }
    }
  }
}

TEST(ExactSearch, FewerRowsThanKIsAnError) {
  TopK found(Metric::inner_product, 1, 3);
  found.offer(0, 4, 1.0);
  EXPECT_THROW(found.ranked(), InvalidArgument);
  EXPECT_THROW(TopK(Metric::inner_product, 1, 0), InvalidArgument);
}

TEST(ExactSearch, RecallCountsCommonRows) {
  const std::vector<std::uint64_t> truth = {1, 2, 3, 4}, found = {4, 9, 1, 8};
  EXPECT_EQ(recall(truth, found), 0.5);
  EXPECT_EQ(recall(truth, truth), 1);
  EXPECT_EQ(recall({}, found), 1);
}

}  // namespace
