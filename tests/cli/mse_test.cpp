// hdq mse and hdq bias as a user runs them.
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "hdq/reference/numbers/ball.hpp"
#include "run_command.hpp"

namespace hdq::testing {
namespace {

using nlohmann::json;
using reference::Ball;

json run_json(const std::string& arguments) {
  const CommandResult result = run_hdq(arguments + " --json");
  EXPECT_EQ(result.exit_code, 0) << arguments << "\n" << result.output;
  return json::parse(result.output);
}

Ball enclosure(const json& value) {
  return hull(Ball(value.at("lower").get<std::string>()), Ball(value.at("upper").get<std::string>()));
}

// SPEC §3: on a one-hot vector everything happens at |z| = 1.
TEST(MseCommand, OneHotIsMOfOne) {
  reference::Precision precision(192);
  const auto start = std::chrono::steady_clock::now();
  const json result = run_json("mse --bits 4 --preset one-hot --digits 30");
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  EXPECT_LT(elapsed.count(), 20.0);  // 0.05 s on an idle machine
  const Ball mse = enclosure(result["mse"]);
  EXPECT_TRUE(mse.overlaps(Ball(std::string("0.00922913523350342849 +/- 1e-20"))));
  EXPECT_LT(mse.radius().mid_double(), 1e-31);
  EXPECT_TRUE(enclosure(result["times_4b"]).overlaps(mse * 256));
  EXPECT_TRUE((enclosure(result["over_limit"]) * Ball::pi() * sqrt(Ball(3)) / 2).overlaps(mse * 256));
  EXPECT_FALSE(result["method"].get<std::string>().empty());
}

TEST(MseCommand, SelectorsAgree) {
  const auto mse = [](const std::string& arguments) { return enclosure(run_json("mse " + arguments)["mse"]); };
  EXPECT_TRUE(mse("--bits 2 --preset k-hot:16 --dim 64").overlaps(mse("--bits 2 --preset flat --dim 16")));
  EXPECT_TRUE(mse("--bits 2 --preset one-hot --rotation hdhd --dim 64").overlaps(mse("--bits 2 --preset flat --dim 64")));
  EXPECT_TRUE(mse("--bits 2 --preset flat").overlaps(mse("--levels 4 --sigma 109/64 --kappa 0.375 --preset flat")));
  EXPECT_TRUE(mse("--bits 3 --preset one-hot --dim 1 --rotation dense").overlaps(mse("--bits 3 --preset one-hot")));
  EXPECT_TRUE(certainly_less(mse("--bits 2 --preset gaussian --dim 64"), mse("--bits 2 --rotation limit")));
  EXPECT_NEAR(mse("--bits 2 --preset one-hot --scheme lloyd-max").mid_double(), 0.26053, 5e-6);
  const std::string data = std::string(HDQ_SOURCE_DIR) + "/data/minilm-fiori-778x384.npy";
  const json row = run_json("mse --bits 4 --vector " + data + ":777");
  EXPECT_EQ(row["dimension"], 384);
  EXPECT_LT((2 * enclosure(row["mse"]).radius() / enclosure(row["mse"])).mid_double(), 1e-6);
}

TEST(BiasCommand, ZeroOrItsTrueSize) {
  const json dithered = run_json("bias --bits 2 --preset gaussian --dim 384");
  EXPECT_EQ(dithered["norm"]["upper"], "0");
  EXPECT_EQ(dithered["norm_32_bit"]["lower"], "0");
  EXPECT_LT(enclosure(dithered["norm_32_bit"]).upper_double(), 1e-8);
  const json lloyd = run_json("bias --bits 2 --preset one-hot --scheme lloyd-max");
  EXPECT_NEAR(enclosure(lloyd["norm"]).mid_double(), 0.5104176, 1e-7);
}

TEST(MseCommand, RefusesWhatMakesNoSense) {
  for (const char* arguments :
       {"--preset flat", "--bits 9 --preset flat", "--bits 2", "--bits 2 --preset flat --vector x.npy", "--bits 2 --preset cube",
        "--bits 2 --preset k-hot", "--bits 2 --preset k-hot:0", "--bits 2 --preset k-hot:9 --dim 8", "--bits 2 --preset flat:2",
        "--bits 2 --preset geometric:1.5", "--levels 4 --preset flat", "--levels 4 --sigma 0 --kappa 1 --preset flat",
        "--bits 2 --preset flat --rotation none", "--bits 2 --preset flat --scheme none", "--bits 2 --preset flat --digits 0"}) {
    EXPECT_EQ(run_hdq(std::string("mse ") + arguments).exit_code, 2) << arguments;
    EXPECT_EQ(run_hdq(std::string("bias ") + arguments).exit_code, 2) << arguments;
  }
  EXPECT_EQ(run_hdq("mse --bits 2 --vector /nonexistent.npy").exit_code, 3);
  const CommandResult refused = run_hdq("mse --bits 2 --preset gaussian --dim 64 --rotation hdhd");
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_NE(refused.output.find("2^63"), std::string::npos) << refused.output;
}

}  // namespace
}  // namespace hdq::testing
