// hdq rate as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/types.hpp"
#include "run_command.hpp"

namespace hdq::testing {
namespace {

using nlohmann::json;
using reference::Ball;
using ::testing::HasSubstr;

json run_rate(const std::string& arguments) {
  const CommandResult result = run_hdq("rate " + arguments + " --json");
  EXPECT_EQ(result.exit_code, 0) << arguments << "\n" << result.output;
  return json::parse(result.output);
}

struct Ends {
  double lower, upper;
};
Ends ends(const json& enclosure) {
  return {std::stod(enclosure.at("lower").get<std::string>()), std::stod(enclosure.at("upper").get<std::string>())};
}

// SPEC §7: R(D) = ½·log2((πe/6)·(1 + 1/D)), D = Δ²/12.
TEST(RateCommand, SaysWhatAStepCosts) {
  for (const double rate : {0.3, 1.0, 2.0, 4.0, 6.5, 12.0}) {
    const json said = run_rate("--rate " + std::to_string(rate));
    EXPECT_EQ(said["step"].get<float>(), Step::of_rate(rate).value());
    const Ball step(said["step"].get<double>()), error = square(step) / Ball(12);
    const Ball exact = log(Ball::pi() * exp(Ball(1)) / Ball(6) * (Ball(1) + Ball(1) / error)) / log(Ball(4));
    const Ends of_rate = ends(said["rate"]), ideal = ends(said["ideal"]), coder = ends(said["coder"]);
    EXPECT_LE(of_rate.lower, exact.upper_double());
    EXPECT_GE(of_rate.upper, exact.lower_double());
    EXPECT_NEAR(of_rate.lower, of_rate.upper, 2e-5);
    EXPECT_NEAR(of_rate.lower, rate, 1e-5);
    EXPECT_NEAR(std::stod(said["error"].get<std::string>()), error.mid_double(), 1e-6 * error.mid_double());
    EXPECT_LE(ideal.upper, of_rate.upper + 0.004);
    EXPECT_LT(coder.lower, coder.upper);
    EXPECT_LT(coder.upper, rate + 0.02);
    EXPECT_NEAR(coder.lower, ideal.lower, 0.005);
  }
}

TEST(RateCommand, AnErrorIsKept) {
  const json said = run_rate("--error 0.1 --dimension 384 --bits 2");
  EXPECT_LE(std::stod(said["error"].get<std::string>()), 0.1);
  EXPECT_GT(std::stod(said["error"].get<std::string>()), 0.0999999);
  EXPECT_EQ(said["order"], 384);
  EXPECT_EQ(said["bits"], 2);
  EXPECT_EQ(said["fixed_rate_error"], "0.2456294");  // 3.930069/16 at most
  // What begins and ends a stream: up to 9 bits, in rows of 384.
  const json limit = run_rate("--error 0.1");
  EXPECT_TRUE(limit["order"].is_null());
  EXPECT_NEAR(ends(said["coder"]).upper - ends(limit["coder"]).upper, 9.0 / 384, 2e-6);
  EXPECT_EQ(run_rate("--error 0.1 --dimension 385")["order"], 448);
}

TEST(RateCommand, TheNearestWholeRateIsComparedWith) {
  EXPECT_EQ(run_rate("--rate 2.4")["bits"], 2);
  EXPECT_EQ(run_rate("--rate 2.6")["bits"], 3);
  EXPECT_TRUE(run_rate("--rate 0.3")["fixed_rate_error"].is_null());
  EXPECT_TRUE(run_rate("--rate 9")["fixed_rate_error"].is_null());
}

TEST(RateCommand, TablesForPeople) {
  const CommandResult result = run_hdq("rate --rate 2 --dimension 1024");
  EXPECT_EQ(result.exit_code, 0);
  for (const char* word :
       {"step", "error", "rate R(D)", "ideal length", "real coder", "Hadamard order 1024", "fixed rate, 2 bits"})
    EXPECT_THAT(result.output, HasSubstr(word));
}

TEST(RateCommand, BadArgumentsAreOneLine) {
  for (const auto& [arguments, what] :
       {std::pair<const char*, const char*>("", "exactly one of --rate and --error is needed"),
        {"--rate 2 --error 0.1", "exactly one of --rate and --error is needed"},
        {"--rate 0.2", "--rate must be 0.3 to 12"},
        {"--error 1e-9", "--error must be"},
        {"--rate two", "--rate"},
        {"--rate 2 --bits 9", "--bits"},
        {"--rate 2 --dimension 0", "--dimension"}}) {
    const CommandResult result = run_hdq(std::string("rate ") + arguments);
    EXPECT_NE(result.exit_code, 0) << arguments;
    EXPECT_THAT(result.output, HasSubstr(what)) << arguments;
  }
}

}  // namespace
}  // namespace hdq::testing
