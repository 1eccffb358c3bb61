// hdq search as its users meet it: results in both formats, recall, messages and exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "command_line.hpp"
#include "hdq/io/npy.hpp"
#include "hdq/search.hpp"

namespace hdq {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using nlohmann::json;
using hdq::testing::overwrite_file;
using hdq::testing::read_file;
using hdq::testing::run_hdq;

const std::string embeddings = HDQ_SOURCE_DIR "/data/minilm-fiori-778x384.npy";

class SearchCommand : public hdq::testing::CommandLine {
 protected:
  void SetUp() override {
    codes_ = directory / "codes.hdq";
    out_ = directory / "out.npy";
    ASSERT_EQ(run_hdq("encode " + embeddings + " -o " + codes_ + " --bits 4").exit_code, 0);
    const io::VectorReader file(embeddings);
    std::vector<float> x(30 * file.dimension());
    file.read(0, 30, x.data());
    queries_ = write_npy("queries.npy", x, file.dimension());
  }
  std::string search(const std::string& options) const { return "search " + codes_ + " --queries " + queries_ + " -o " + out_ + " " + options; }
  // The data of a .npy file after its header.
  template <class T>
  static std::vector<T> npy_data(const std::string& path, io::Element type, std::size_t rows, std::size_t columns) {
    const std::string bytes = read_file(path), header = io::npy_header(type, rows, columns);
    EXPECT_EQ(bytes.substr(0, header.size()), header) << path;
    std::vector<T> data((bytes.size() - header.size()) / sizeof(T));
    std::memcpy(data.data(), bytes.data() + header.size(), data.size() * sizeof(T));
    EXPECT_EQ(data.size(), rows * columns);
    return data;
  }
  std::string codes_, queries_, out_;
};

TEST_F(SearchCommand, WritesWhatTheLibraryFinds) {
  const FileReader file(codes_);
  const io::VectorReader vectors(queries_);
  std::vector<float> q(30 * vectors.dimension());
  vectors.read(0, 30, q.data());
  const Scorer scorer(file.codec(), {q.data(), 30, file.codec().dimension()});
  const std::string scores = directory / "scores.npy", lines = directory / "out.jsonl";
  for (const auto& [name, metric] : {std::pair("ip", Metric::inner_product), std::pair("l2", Metric::squared_distance), std::pair("cosine", Metric::cosine)}) {
    const std::vector<Neighbour> expected = hdq::search(scorer, metric, file, 7);
    for (const char* how : {"--threads 1", "--threads 3", "--threads 2 --isa scalar"}) {
      ASSERT_EQ(run_hdq(search(std::string("-k 7 --scores ") + scores + " --metric " + name + " " + how)).exit_code, 0);
      const auto rows = npy_data<std::int64_t>(out_, io::Element::int64, 30, 7);
      const auto values = npy_data<float>(scores, io::Element::float32, 30, 7);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        ASSERT_EQ(static_cast<std::uint64_t>(rows[i]), expected[i].row) << name << " " << how;
        ASSERT_EQ(static_cast<double>(values[i]), expected[i].score) << name << " " << how;
      }
    }
    ASSERT_EQ(run_hdq("search " + codes_ + " --queries " + queries_ + " -k 7 --metric " + name + " -o " + lines).exit_code, 0);
    std::istringstream text(read_file(lines));
    std::string line;
    for (std::size_t query = 0; query < 30; ++query) {
      ASSERT_TRUE(std::getline(text, line));
      const json found = json::parse(line);
      EXPECT_EQ(found["query"], query);
      for (std::size_t i = 0; i < 7; ++i) {
        ASSERT_EQ(found["rows"][i], expected[query * 7 + i].row);
        ASSERT_EQ(found["scores"][i], expected[query * 7 + i].score);
      }
    }
    EXPECT_FALSE(std::getline(text, line));
  }
}

TEST_F(SearchCommand, ScoresEveryRowOnRequest) {
  const json some = json::parse(run_hdq(search("-k 10 --json")).output);
  const auto found = npy_data<std::int64_t>(out_, io::Element::int64, 30, 10);
  const json all = json::parse(run_hdq(search("-k 10 --json --no-filter")).output);
  EXPECT_EQ(npy_data<std::int64_t>(out_, io::Element::int64, 30, 10), found);
  EXPECT_EQ(some["scanned"], 30 * 778);
  EXPECT_EQ(all["scanned"], 30 * 778);
  EXPECT_EQ(all["verified"], 30 * 778);
  EXPECT_LE(some["verified"].get<int>(), 30 * 778);
  EXPECT_THAT(run_hdq(search("-k 10 --no-filter")).output, HasSubstr("23340 of 23340 scores computed"));
}

// The candidates alone are found, each once, in the order that a search of all rows has them in.
TEST_F(SearchCommand, SearchesAmongGivenRows) {
  const std::string rows = directory / "rows.ivecs";
  const std::int32_t line[] = {6, 700, 3, 41, 700, 12, 9};
  overwrite_file(rows, {reinterpret_cast<const char*>(line), sizeof line});
  ASSERT_EQ(run_hdq(search("-k 778")).exit_code, 0);
  std::vector<std::int64_t> expected;
  for (const std::int64_t row : npy_data<std::int64_t>(out_, io::Element::int64, 30, 778))
    if (std::find(line + 1, line + 7, row) != line + 7) expected.push_back(row);
  for (const std::string option : {"", " --no-filter", " --threads 3"}) {
    const json report = json::parse(run_hdq(search("-k 5 --json --rows " + rows + option)).output);
    EXPECT_EQ(npy_data<std::int64_t>(out_, io::Element::int64, 30, 5), expected);
    EXPECT_EQ(report["scanned"], 150);
  }
  ASSERT_EQ(run_hdq(search("-k 2 --original " + embeddings + " --rows " + rows)).exit_code, 0);
  for (const std::int64_t row : npy_data<std::int64_t>(out_, io::Element::int64, 30, 2))
    EXPECT_NE(std::find(line + 1, line + 7, row), line + 7) << row;

  std::filesystem::remove(out_);
  const auto refused = run_hdq(search("-k 6 --rows " + rows));
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.output, HasSubstr("6 neighbours, but 5 rows in"));
  const std::int32_t beyond[] = {2, 5, 778}, two[] = {1, 5, 1, 6};
  overwrite_file(rows, {reinterpret_cast<const char*>(beyond), sizeof beyond});
  EXPECT_THAT(run_hdq(search("-k 1 --rows " + rows)).output, HasSubstr("column 1: no row 778 among 778"));
  overwrite_file(rows, {reinterpret_cast<const char*>(two), sizeof two});
  EXPECT_THAT(run_hdq(search("-k 1 --rows " + rows)).output, HasSubstr("2 lists of rows; one is needed"));
  EXPECT_NE(run_hdq(search("-k 1 --rows " + embeddings)).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(out_));
}

TEST_F(SearchCommand, MeasuresRecallAndRanksAgain) {
  const json codes_only = json::parse(run_hdq(search("-k 10 --json --rerank 0 --original " + embeddings)).output);
  const auto by_codes = npy_data<std::int64_t>(out_, io::Element::int64, 30, 10);
  const json reranked = json::parse(run_hdq(search("-k 10 --json --original " + embeddings)).output);
  const auto again = npy_data<std::int64_t>(out_, io::Element::int64, 30, 10);
  EXPECT_FALSE(codes_only.contains("recall_reranked"));
  EXPECT_EQ(codes_only["recall_codes"], reranked["recall_codes"]);
  EXPECT_EQ(reranked["reranked"], 40);
  EXPECT_LT(reranked["recall_codes"].get<double>(), reranked["recall_reranked"].get<double>());
  EXPECT_NE(by_codes, again);

  // All rows ranked again are a brute-force search, and then the ground truth for what the codes found.
  const json all = json::parse(run_hdq(search("-k 10 --json --rerank 778 --original " + embeddings)).output);
  EXPECT_EQ(all["recall_reranked"], 1);
  const std::string truth = directory / "truth.npy";
  std::filesystem::rename(out_, truth);
  const json given = json::parse(run_hdq(search("-k 10 --json --ground-truth " + truth)).output);
  EXPECT_EQ(given["recall_codes"], codes_only["recall_codes"]);
  EXPECT_EQ(given["queries"], 30);
  EXPECT_GT(given["gigabytes_per_second"], 0);
  const auto text = run_hdq(search("-k 10 --original " + embeddings));
  EXPECT_THAT(text.output, AllOf(HasSubstr("queries/s"), HasSubstr("recall@10 ="), HasSubstr("by the codes alone"), HasSubstr("the first 40 ranked again")));
}

TEST_F(SearchCommand, KMayBeAllRows) {
  ASSERT_EQ(run_hdq(search("-k 778")).exit_code, 0);
  auto rows = npy_data<std::int64_t>(out_, io::Element::int64, 30, 778);
  std::sort(rows.begin(), rows.begin() + 778);
  for (std::int64_t i = 0; i < 778; ++i) ASSERT_EQ(rows[static_cast<std::size_t>(i)], i);
}

TEST_F(SearchCommand, BadUsageExitsWithTwo) {
  expect_error(search("-k 779"), 2, "-k: 779 neighbours, but " + codes_ + " has 778 rows");
  expect_error(search("-k 0"), 2, "-k");
  expect_error(search("--metric euclid"), 2, "metric");
  expect_error(search("--rerank 40"), 2, "--original");
  expect_error(search("-k 10 --rerank 9 --original " + embeddings), 2, "--rerank");
  expect_error("search " + codes_ + " --queries " + queries_ + " -o " + codes_, 2, "replace the input");
  expect_error("search " + codes_ + " --queries " + queries_ + " -o " + queries_, 2, "replace the input");
  expect_error(search("--scores " + codes_), 2, "replace the input");
  expect_error("search " + codes_ + " --queries " + queries_, 2, "output");
}

TEST_F(SearchCommand, BadInputExitsWithThreeAndLeavesTheOldOutput) {
  overwrite_file(out_, "old");
  std::vector<float> q(3 * 384, 1.0f);
  q[2 * 384 + 5] = NAN;
  queries_ = write_npy("nan.npy", q, 384);
  expect_error(search(""), 3, "nan.npy: row 2, column 5: NaN");
  q[2 * 384 + 5] = 1;
  q[384] = INFINITY;
  queries_ = write_npy("inf.npy", q, 384);
  expect_error(search(""), 3, "inf.npy: row 1, column 0: infinity");
  queries_ = write_npy("narrow.npy", q, 383 + 1 - 192);
  expect_error(search(""), 3, "narrow.npy: 192 dimensions, but " + codes_ + " has 384");
  queries_ = directory / "absent.npy";
  expect_error(search(""), 3, "absent.npy: cannot open");
  q[384] = 1;
  queries_ = write_npy("good.npy", q, 384);
  expect_error(search("--original " + queries_), 3, "good.npy: 3 rows of 384, but " + codes_ + " has 778 of 384");
  expect_error(search("--ground-truth " + queries_), 3, "int64");
  expect_error(search("--ground-truth " + codes_), 3, "not a .npy file");
  expect_error(search("--ground-truth " + (directory / "none.npy")), 3, "none.npy: cannot open");
  const auto truth = [&](std::size_t rows, std::size_t columns, std::vector<std::int64_t> data) {
    std::string bytes = io::npy_header(io::Element::int64, rows, columns);
    bytes.append(reinterpret_cast<const char*>(data.data()), data.size() * sizeof(std::int64_t));
    overwrite_file(directory / "truth.npy", bytes);
    return "-k 2 --ground-truth " + (directory / "truth.npy");
  };
  expect_error(search(truth(2, 2, {1, 2, 3, 4})), 3, "2 rows for 3 queries");
  expect_error(search(truth(3, 1, {1, 2, 3})), 3, "1 columns are fewer than k = 2");
  expect_error(search(truth(3, 2, {1, 2, 3})), 3, "truncated");
  expect_error(search(truth(3, 2, {1, 2, 3, 4, 5, 778})), 3, "row 2, column 1: no row 778 among 778");
  std::string bytes = read_file(codes_);
  bytes[5000] = static_cast<char>(bytes[5000] ^ 4);
  overwrite_file(codes_, bytes);
  expect_error(search(""), 3, "block 0");
  EXPECT_EQ(read_file(out_), "old");
}

}  // namespace
}  // namespace hdq
