// hdq mean-error as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "hdq/types.hpp"
#include "run_command.hpp"
#include "temporary_directory.hpp"

namespace hdq::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const json& of(const json& result, const std::string& scheme, const std::string& vector) {
  for (const json& row : result["schemes"])
    if (row["scheme"] == scheme) return row["vectors"][vector];
  throw std::runtime_error(scheme + ": not among the schemes");
}

TEST(MeanErrorCommand, SaysWhatIsKnownOfEachScheme) {
  const CommandResult run = run_hdq("mean-error --bits 1 --dimension 16 --json");
  ASSERT_EQ(run.exit_code, 0) << run.output;
  const json result = json::parse(run.output);
  EXPECT_EQ(result["schemes"].size(), 8u);
  EXPECT_EQ(result["clients"], json({1, 10, 100, 1000}));
  const double step_error = Step::of_rate(1).error();
  for (const char* vector : {"gaussian", "heavy-tailed", "one-hot", "sparse"}) {
    EXPECT_EQ(of(result, "hdq", vector)["bias"], 0);
    EXPECT_LT(of(result, "hdq", vector)["error"], 6.445831 / 4);  // SPEC §5.5
    EXPECT_EQ(of(result, "hdq-entropy-coded", vector)["error"], step_error);
    EXPECT_EQ(of(result, "hdq-entropy-coded", vector)["equal"][2], step_error / 100);
    EXPECT_NEAR(of(result, "hdq-entropy-coded-shrunk", vector)["equal"][0].get<double>(), step_error / (1 + step_error),
                1e-15);
  }
  // One HD sends a one-hot vector to ±1; codewords are ±√(2/π). (4, 1, 1): ⟨|z|⟩ = 4/√18.
  const double codeword = std::sqrt(2 / std::acos(-1.0)), sparse = 4 / std::sqrt(18.0);
  EXPECT_NEAR(of(result, "turboquant-mse", "one-hot")["equal"][3].get<double>(), std::pow(1 - codeword, 2), 1e-12);
  EXPECT_NEAR(of(result, "drive", "one-hot")["error"].get<double>(), 0, 1e-12);
  EXPECT_NEAR(of(result, "drive", "sparse")["error"].get<double>(), 1 / (sparse * sparse) - 1, 1e-12);
  EXPECT_NEAR(of(result, "drive", "sparse")["equal"][3].get<double>(), 1 / (sparse * sparse) - 1, 1e-12);
  EXPECT_NEAR(of(result, "drive", "sparse")["different"][1].get<double>(), (1 / (sparse * sparse) - 1) / 10, 1e-12);
  EXPECT_NEAR(of(result, "eden-biased", "sparse")["error"].get<double>(), 1 - sparse * sparse, 1e-12);
  EXPECT_NEAR(of(result, "stochastic-uniform", "one-hot")["error"].get<double>(), 0, 1e-12);
}

// docs/mean-error.md has the program's own table, at 2 bits; SPEC §6 the error of one row of it.
TEST(MeanErrorCommand, TheDocumentHasItsTable) {
  const CommandResult run = run_hdq("mean-error --bits 2");
  ASSERT_EQ(run.exit_code, 0) << run.output;
  EXPECT_THAT(read_file(HDQ_SOURCE_DIR "/docs/mean-error.md"),
              HasSubstr("$ hdq mean-error --bits 2\n" + run.output + "```"));
  EXPECT_THAT(run.output,
              HasSubstr("turboquant-mse               2.031      0.261      0.261      0.261      0.261      0.261"));
}

TEST(MeanErrorCommand, WrongUsageIsOneLine) {
  for (const char* arguments : {"--dimension 1000", "--dimension 3", "--dimension 16384", "--bits 0", "--bits 9"}) {
    const CommandResult run = run_hdq(std::string("mean-error ") + arguments);
    EXPECT_EQ(run.exit_code, 2) << arguments;
    EXPECT_EQ(std::count(run.output.begin(), run.output.end(), '\n'), 1) << run.output;
  }
}

}  // namespace
}  // namespace hdq::testing
