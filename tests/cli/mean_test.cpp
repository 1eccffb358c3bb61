// hdq mean as its users meet it: means of vectors and of files, whatever their order; what is refused, in one line.
#include "hdq/mean.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "command_line.hpp"

namespace hdq {
namespace {

using hdq::testing::read_file;
using hdq::testing::run_hdq;
using ::testing::HasSubstr;

class MeanCommand : public hdq::testing::CommandLine {
 protected:
  static constexpr std::size_t n = 64;  // a Hadamard order: the error of entropy-coded rows is known exactly
  void SetUp() override {
    out_ = directory / "mean.npy";
    for (int client = 0; client < 3; ++client) {
      std::vector<float> x(n);
      for (std::size_t i = 0; i < n; ++i)
        x[i] = static_cast<float>((i * 7 + static_cast<std::size_t>(client) * 5) % 11) - 3;
      vectors_.push_back(write_npy("client" + std::to_string(client) + ".npy", x, n));
    }
  }
  std::string codes(int client, const std::string& options) const {
    const std::string path = directory / ("client" + std::to_string(client) + ".hdq");
    EXPECT_EQ(run_hdq("encode " + vectors_[static_cast<std::size_t>(client)] + " -o " + path + " " + options).exit_code,
              0);
    return path;
  }
  void expect_refused(const std::string& arguments, int exit_code, const std::string& message) const {
    const auto result = run_hdq("mean " + arguments);
    EXPECT_EQ(result.exit_code, exit_code) << arguments;
    EXPECT_THAT(result.output, HasSubstr(message)) << arguments;
    EXPECT_FALSE(std::filesystem::exists(out_)) << arguments;
  }
  std::vector<std::string> vectors_;
  std::string out_;
};

TEST_F(MeanCommand, IsTheSameOfVectorsAndOfCodesInAnyOrder) {
  const std::string all = vectors_[0] + " " + vectors_[1] + " " + vectors_[2];
  const auto result = run_hdq("mean " + all + " -o " + out_ + " --rate 1 --round 4 --json");
  ASSERT_EQ(result.exit_code, 0) << result.output;
  const auto json = nlohmann::json::parse(result.output);
  EXPECT_EQ(json["clients"], 3);
  EXPECT_EQ(json["expectation_is"], "exact");
  const Codec codec(n, Step::of_rate(1));
  EXPECT_NEAR(json["expected_nmse"].get<double>(), codec.error_bound() / 3, 0.2 * codec.error_bound());  // norms differ
  EXPECT_GT(json["nmse"].get<double>(), 0);
  EXPECT_LT(json["nmse"].get<double>(), 20 * json["expected_nmse"].get<double>());
  const std::string mean = read_file(out_);

  std::string files;
  for (const int client : {2, 0, 1})
    files += codes(client, "--rate 1 --round 4 --client " + std::to_string(client)) + " ";
  const auto again = run_hdq("mean " + files + "-o " + out_ + " --original " + vectors_[2] + " " + vectors_[0] + " " +
                             vectors_[1] + " --json");
  ASSERT_EQ(again.exit_code, 0) << again.output;
  EXPECT_EQ(read_file(out_), mean);
  EXPECT_NEAR(nlohmann::json::parse(again.output)["nmse"].get<double>(), json["nmse"].get<double>(), 1e-9);
}

TEST_F(MeanCommand, IsTheAccumulators) {
  const std::vector<float> numbers{0.5f, 4, 1};
  const std::string weights = write_npy("weights.npy", numbers, 3);
  const std::string mixed = codes(0, "--bits 2 --client 7") + " " + codes(1, "--rate 2 --client 8") + " " +
                            codes(2, "--bits 8 --center-at " + vectors_[0] + " --client 9");
  for (const std::string total : {"", " --total 11"}) {
    ASSERT_EQ(run_hdq("mean " + mixed + " -o " + out_ + " --weights " + weights + total).exit_code, 0);
    MeanAccumulator sum(n, 0);
    for (int client = 0; client < 3; ++client)
      sum.add(FileReader(directory / ("client" + std::to_string(client) + ".hdq")),
              static_cast<double>(numbers[static_cast<std::size_t>(client)]));
    std::vector<float> expected(n), got(n);
    sum.mean(expected, total.empty() ? sum.weight() : 11.0);
    io::VectorReader(out_).read(0, 1, got.data());
    EXPECT_EQ(got, expected);
  }
}

TEST_F(MeanCommand, RefusesInOneLine) {
  const std::string zero = codes(0, "--bits 2"), one = codes(1, "--bits 2"), to = " -o " + out_;
  expect_refused(zero + " " + one + to, 3, "client1.hdq: row number 0 (client 0, round 0) is in the mean already");
  expect_refused(zero + " " + codes(2, "--bits 2 --client 1 --seed 5") + to, 3,
                 "client2.hdq: seed 5 of the rows: the mean has 0");
  expect_refused(codes(1, "--bits 2 --dither shared") + to, 3, "client1.hdq: rows with a shared dither");
  expect_refused(zero + " " + vectors_[0] + to, 2, "CLIENT: some are .hdq files and some are not");
  expect_refused(zero + to + " --bits 2", 2, "the clients are encoded already");
  expect_refused(vectors_[0] + to, 2, "exactly one of --bits, --rate and --error is needed");
  expect_refused(vectors_[0] + to + " --bits 2 --original " + vectors_[1], 2,
                 "--original: the clients are the vectors themselves");
  expect_refused(vectors_[0] + " " + write_npy("longer.npy", std::vector<float>(n + 1), n + 1) + to + " --bits 2", 3,
                 "longer.npy: 65 dimensions, but");
  expect_refused(write_npy("nan.npy", std::vector<float>(n, std::nanf("")), n) + to + " --bits 2", 3,
                 "nan.npy: row 0, column 0");
  expect_refused(zero + to + " --weights " + write_npy("w.npy", std::vector<float>{1, 1}, 2), 3,
                 "w.npy: 2 weights for 1 rows");
  expect_refused(zero + to + " --weights " + write_npy("w.npy", std::vector<float>{0}, 1), 3,
                 "a weight is from 2^-100 to 2^100, not 0");
  expect_refused(zero + to + " --original " + vectors_[0] + " " + vectors_[1], 3,
                 "client1.npy: more rows than the clients have, 1");
  expect_refused(zero + " -o " + directory / "mean.txt", 2, "mean.txt");
  expect_refused((directory / "nowhere.npy") + to + " --bits 2", 3, "nowhere.npy: cannot open it");
}

}  // namespace
}  // namespace hdq
