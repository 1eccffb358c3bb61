// hdq profile, and hdq mse, bias, adversary and bounds of a profile's scheme, as a user runs them.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "command_line.hpp"
#include "hdq/reference/numbers/ball.hpp"

namespace hdq::testing {
namespace {

using nlohmann::json;
using reference::Ball;

class ProfileCommand : public CommandLine {
 protected:
  static json run_json(const std::string& arguments) {
    const CommandResult result = run_hdq(arguments + " --json");
    EXPECT_EQ(result.exit_code, 0) << arguments << "\n" << result.output;
    return json::parse(result.output);
  }
  static double upper(const json& value) { return std::stod(value.at("upper").get<std::string>()); }
  static double lower(const json& value) { return std::stod(value.at("lower").get<std::string>()); }
  std::string write_text(const std::string& name, const std::string& text) {
    std::ofstream(directory / name) << text;
    return directory / name;
  }
};

TEST_F(ProfileCommand, ListsShowsAndChecks) {
  const CommandResult list = run_hdq("profile list");
  EXPECT_EQ(list.exit_code, 0);
  for (const char* name : {"turboquant-mse", "nvfp4-rht", "qdrant-turboquant"}) EXPECT_NE(list.output.find(name), std::string::npos);
  const CommandResult shown = run_hdq("profile show eden");
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_EQ(json::parse(shown.output)["name"], "eden");
  const CommandResult checked = run_hdq("profile check " + write_text("mine.json", shown.output) + " --dim 128 --bits 3");
  EXPECT_EQ(checked.exit_code, 0) << checked.output;
  EXPECT_NE(checked.output.find("48 bytes of codes"), std::string::npos) << checked.output;
}

TEST_F(ProfileCommand, ErrorsAreOneLineThatNamesFileAndField) {
  expect_error("profile check " + write_text("a.json", "{}"), 3, "a.json: profile: is missing");
  expect_error("profile check " + write_text("b.json", R"({"profile": 1, "name": "x", "colour": 1})"), 3, "colour");
  expect_error("profile check " + write_text("c.json", R"({"profile": 1, "name": "x", "data": {"s": {"kind": "signs", "values": [1, 2]}}})"), 3,
               "data.s entry 1 is neither 1 nor -1");
  expect_error("profile check " + write_text("d.json", R"({"profile": 1, "name": "x", "scale": {"times": "1/q"}})"), 3, "1/q");
  expect_error("profile show nothing-of-this-name", 2, "nothing-of-this-name");
  expect_error("profile check ffht --dim 100", 3, "n = 100 is not offered");
  expect_error("mse --profile eden --preset one-hot --dim 8", 2, "--bits");
  expect_error("mse --profile ffht --bits 4 --preset one-hot --dim 8", 3, "rotation alone");
  for (const char* command : {"adversary --bits 3", "bounds"}) {
    expect_error(std::string(command) + " --dim 8 --profile llama-turboquant", 3, "n = 8 is not offered");
  }
  expect_error("bounds --dim 8 --profile ffht", 3, "rotation alone");
  expect_error("validate --profile nothing-of-this-name ./x.so", 2, "nothing-of-this-name");
}

// By another way: the law of a rotated coordinate, no rotation and no encoder. The profile stores the norm as float32.
TEST_F(ProfileCommand, ErrorOverAllSignsIsThatOfTheLaw) {
  for (const char* x : {"--preset one-hot --dim 8", "--preset k-hot:3 --dim 8", "--preset geometric:0.7 --dim 8"}) {
    for (const char* bits : {"1", "4"}) {
      const std::string of = std::string(" --bits ") + bits + " " + x;
      const json profile = run_json("mse --profile turboquant-mse" + of), law = run_json("mse --scheme lloyd-max" + of);
      EXPECT_NEAR(upper(profile["mse"]), upper(law["mse"]), 3e-7) << of;
      EXPECT_EQ(profile["method"], "sum over 256 sign patterns");
      const json bias = run_json("bias --profile turboquant-mse" + of), law_bias = run_json("bias --scheme lloyd-max" + of);
      EXPECT_NEAR(upper(bias["correlation"]), upper(law_bias["correlation"]), 3e-7) << of;
      EXPECT_NEAR(upper(bias["norm"]), upper(law_bias["norm"]), 1e-6) << of;
    }
  }
}

// EDEN's factor makes it unbiased over all signs, up to float32; the factor of least error does not.
TEST_F(ProfileCommand, UnbiasedFactorsAreUnbiased) {
  EXPECT_LT(upper(run_json("bias --profile eden --bits 1 --preset k-hot:3 --dim 8")["norm"]), 1e-6);
  EXPECT_GT(lower(run_json("bias --profile eden-biased --bits 1 --preset k-hot:3 --dim 8")["norm"]), 0.2);
}

// k random bits leave a bias below 2^-k of a step; E2M1's steps are at most 2 of a scale of at most max/6, stored in e4m3.
TEST_F(ProfileCommand, StochasticRoundingIsNearlyUnbiased) {
  const json bias = run_json("bias --profile nvfp4-rht --preset geometric:0.9 --dim 32");
  EXPECT_LT(upper(bias["norm"]), 0.05);
  EXPECT_GT(lower(bias["norm"]), 1e-6);
}

// At n = 8 the error found is a mean over all signs. Without random signs before the matrix, or with a factor that depends on the codes, nothing is certified.
TEST_F(ProfileCommand, MeanOverSignsStaysBelowItsBound) {
  const double least[] = {0.508, 0.260, 0.059, 0.0207}, most[] = {0.72, 0.32, 0.1, 0.028};
  const json rows = run_json("bounds --profile turboquant-mse --dim 8")["bounds"];
  for (std::size_t b = 0; b < rows.size(); ++b) {
    const double bound = std::stod(rows[b]["upper_over_signs"].get<std::string>());
    EXPECT_LT(upper(rows[b]["found"]), bound);
    EXPECT_LT(bound, std::stod(rows[b]["upper"].get<std::string>()));
    if (b >= 4) continue;
    EXPECT_GT(bound, least[b]);
    EXPECT_LT(bound, most[b]);
  }
  for (const auto& row : run_json("bounds --profile drive --dim 8")["bounds"])
    EXPECT_TRUE(row["upper_over_signs"].is_null());
}

TEST_F(ProfileCommand, WorstVectorStaysBelowTheBound) {
  for (const auto& row : run_json("bounds --profile turboquant-mse --dim 16")["bounds"]) {
    EXPECT_LT(upper(row["found"]), std::stod(row["upper"].get<std::string>()));
    EXPECT_GT(lower(row["found"]), 0.04);  // who knows the rotation can send a vector beyond the codebook's end
  }
  const std::string file = directory / "worst.npy";
  const json found = run_json("adversary --profile llama-turboquant --dim 128 -o " + file);
  const json again = run_json("mse --profile llama-turboquant --vector " + file);
  EXPECT_EQ(found["mse"]["upper"].get<std::string>().substr(0, 8), again["mse"]["upper"].get<std::string>().substr(0, 8));
}

}  // namespace
}  // namespace hdq::testing
