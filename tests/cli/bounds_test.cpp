// hdq bounds --optimality and hdq verify-certificate on what it writes, as a user runs them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "run_command.hpp"
#include "temporary_directory.hpp"

namespace hdq::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

auto lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

TEST(BoundsOptimality, SaysTheGapAndWritesWhatTheCheckerAccepts) {
  const TemporaryDirectory directory;
  const auto result = run_hdq("bounds --bits 2..3 --optimality --json -o '" + directory / "out" + "'");
  ASSERT_EQ(result.exit_code, 0) << result.output;
  const json rows = json::parse(result.output)["optimality"];
  ASSERT_EQ(rows.size(), 2u);
  for (const json& row : rows) {
    const double shipped = row["shipped_at_most"], any_rule = row["any_rule_at_least"],
                 gap = row["gap_percent_at_most"];
    EXPECT_NEAR(gap, 100 * (shipped / any_rule - 1), 1e-9);
    EXPECT_GT(gap, 0);
    EXPECT_LT(gap, 1);
  }
  EXPECT_EQ(rows[0]["levels"], 4);
  EXPECT_EQ(json::parse(read_file(directory / "out/bounds.json"))["optimality"], rows);
  const std::string file = directory / "out/optimality/b3.json";
  const auto verdict = run_hdq("verify-certificate '" + directory / "out/b2.json" + "' '" + file + "'");
  EXPECT_EQ(verdict.exit_code, 0) << verdict.output;
  EXPECT_THAT(verdict.output, HasSubstr("b3.json: accepted: N = 8: 3.2"));
  EXPECT_EQ(lines(verdict.output), 2) << verdict.output;
}

TEST(BoundsOptimality, PrintsATable) {
  const auto result = run_hdq("bounds --bits 3 --optimality");
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("any rule, at least"));
  EXPECT_THAT(result.output, HasSubstr("0.4"));
  EXPECT_THAT(run_hdq("bounds --bits 3").output, ::testing::Not(HasSubstr("any rule")));
}

TEST(BoundsOptimality, IsNotForProfiles) {
  const auto result = run_hdq("bounds --profile eden --optimality");
  EXPECT_EQ(result.exit_code, 2) << result.output;
  EXPECT_THAT(result.output, HasSubstr("--optimality"));
  EXPECT_EQ(lines(result.output), 1) << result.output;
}

TEST(VerifyCertificateOptimality, SaysSoInItsExitStatusAndOneLine) {
  const TemporaryDirectory directory;
  const json whole = json::parse(read_file(HDQ_SOURCE_DIR "/data/bounds/optimality/b1.json"));
  const auto run = [&](const json& j, const std::string& options = "") {
    overwrite_file(directory / "c.json", j.dump());
    return run_hdq("verify-certificate '" + directory / "c.json" + "'" + options);
  };
  json raised = whole, missing = whole, unknown = whole;
  raised["lower"] = "7";
  missing.erase("price");
  unknown["format"] = 7;
  EXPECT_EQ(run(whole).exit_code, 0);
  const auto rejected = run(raised);
  EXPECT_EQ(rejected.exit_code, 1) << rejected.output;
  EXPECT_THAT(rejected.output, HasSubstr("rejected: the claimed lower exceeds what is proved"));
  EXPECT_EQ(lines(rejected.output), 1) << rejected.output;
  for (const json& bad : {missing, unknown}) {
    const auto malformed = run(bad);
    EXPECT_EQ(malformed.exit_code, 3) << malformed.output;
    EXPECT_THAT(malformed.output, HasSubstr("c.json"));
    EXPECT_EQ(lines(malformed.output), 1) << malformed.output;
  }
  const json fields = json::parse(run(raised, " --json").output);
  EXPECT_EQ(fields["accepted"], false);
  EXPECT_EQ(fields["claimed"]["lower"], 7);
  EXPECT_LT(fields["proved"]["lower"], 6.5);
  EXPECT_EQ(fields["levels"], 2);
}

}  // namespace
}  // namespace hdq::testing
