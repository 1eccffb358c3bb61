// What the audit must see of a kernel of its own scheme, what it must let pass, and what it must not call judged.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "run_command.hpp"
#include "temporary_directory.hpp"

namespace hdq::validate {
namespace {

using testing::run_hdq;

const std::string kernel = std::string(HDQ_KERNEL_DIRECTORY) + "/hdq-kernel-own.so";

testing::CommandResult judge(const std::string& words, const std::string& options) {
  ::setenv("HDQ_OWN", words.c_str(), 1);
  auto result = run_hdq("validate " + kernel + " -o '' " + options);
  ::unsetenv("HDQ_OWN");
  return result;
}

// hdq_own.cpp with these words, the audit alone.
struct Planted {
  const char *words, *options, *what;
};
void PrintTo(const Planted& planted, std::ostream* out) { *out << planted.words; }

class Biased : public ::testing::TestWithParam<Planted> {};
constexpr Planted biased[] = {
    {"twice,only_64", "--level quick", "2·x̂, and only n = 64·k is offered: one declined case hid the rest"},
    {"twice,declines_odd", "--level quick", "2·x̂, and odd n are declined"},
    {"twice,codes,declines_8", "--level quick", "2·x̂, and 8 bits are declined for larger n"},
    {"shrink_2", "--level quick", "0.98·x̂ under a claim that is a thousand times the error"},
    {"three_hot", "--level quick", "vectors with three nonzeros"},
    {"five_hot", "--level quick", "vectors with five"},
    {"negative", "--level quick", "vectors without a positive coordinate"},
    {"odd", "--level quick", "odd dimensions"},
    {"large,declines_odd", "", "dimensions above 512 alone"},
    {"coordinate", "--level quick", "one coordinate of 64 is 0.7 of what it should be"},
    {"last_coordinate", "--level quick", "the last coordinate is"},
    {"clipped", "--level quick", "the largest coordinates are clipped"},
    {"b3", "--level quick", "one bit width is 2 % off"},
    {"seeds_256", "--level quick", "8 bits of the seed count"},
    {"seeds_64", "--level quick", "6 bits of the seed, the highest, count"},
    {"dot_only,dot_5", "--level quick", "encode and dot, no decode: dot is 5 % off"},
    {"codes,dot_late", "--level quick", "dot is 5 % off for the later rows of a call"},
    {"both,reconstruct_3", "--level quick", "encode and decode are right, reconstruct is not"},
    {"above_claim", "--level quick", "the error is more than claimed"},
    {"nearest,no_claim", "--level quick", "nothing is random"},
    {"nearest", "--level quick --claim unbiased", "nothing is random, and it claims to be unbiased"},
};
TEST_P(Biased, IsSeen) {
  // Seconds each: every other one, and all of them with HDQ_VALIDATE_FULL=1.
  const auto index = static_cast<std::size_t>(
      std::find_if(std::begin(biased), std::end(biased), [](const Planted& p) { return p.words == GetParam().words; }) -
      std::begin(biased));
  if (index % 2 != 0 && std::getenv("HDQ_VALIDATE_FULL") == nullptr) GTEST_SKIP() << "HDQ_VALIDATE_FULL=1";
  const auto result = judge(GetParam().words, std::string("--only audit --seconds 20 ") + GetParam().options);
  EXPECT_EQ(result.exit_code, 1) << GetParam().what << "\n" << result.output;
}
INSTANTIATE_TEST_SUITE_P(Audit, Biased, ::testing::ValuesIn(biased));

class NotJudged : public ::testing::TestWithParam<Planted> {};
TEST_P(NotJudged, IsSaid) {
  const auto result = judge(GetParam().words, std::string("--level quick --seconds 0.5 ") + GetParam().options);
  EXPECT_EQ(result.exit_code, 4) << GetParam().what << "\n" << result.output;
  EXPECT_EQ(result.output.find("\nvalid"), std::string::npos) << result.output;
  EXPECT_NE(result.output.find("NOT JUDGED"), std::string::npos) << result.output;
}
constexpr Planted not_judged[] = {
    {"refuse", "", "every call is refused"},
    {"refuse,codes", "", "every call is refused"},
    {"stages", "", "a transform alone, of a scheme of its own"},
    {"", "--only pack", "nothing that applies"},
    {"only_64", "--only audit --dims 63,100", "no dimension that it offers"},
    {"sketch", "--only audit --claim error --dims 12", "claims no error that zero would not meet"},
};
INSTANTIATE_TEST_SUITE_P(Audit, NotJudged, ::testing::ValuesIn(not_judged));

// Right, or wrong in nothing that is claimed.
class Accepted : public ::testing::TestWithParam<Planted> {};
TEST_P(Accepted, IsValid) {
  const auto result = judge(GetParam().words, std::string("--level quick --only audit,scaling,drift ") + (std::string(GetParam().options).find("--seconds") == std::string::npos ? "--seconds 0.6 " : "") + GetParam().options);
  EXPECT_EQ(result.exit_code, 0) << GetParam().what << "\n" << result.output;
}
constexpr Planted accepted[] = {
    {"", "", "stochastic rounding"},
    {"codes", "", "through codes"},
    {"dot_only", "--dims 12 --seconds 4", "encode and dot"},
    {"lossless", "", "x̂ = x"},
    {"hash", "", "the random numbers depend on x"},
    {"shared", "", "one random number for all coordinates"},
    {"nearest", "", "without randomness, within its claimed error"},
    {"shrink_2", "--claim error", "biased, and claims its error alone"},
    {"only_64", "", "multiples of 64 alone"},
};
INSTANTIATE_TEST_SUITE_P(Audit, Accepted, ::testing::ValuesIn(accepted));

TEST(Audit, ARefusalOfACaseThatWasTakenBeforeIsAFinding) {
  const auto result = judge("declines_late", "--level quick --only audit --seconds 0.6");
  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_NE(result.output.find("refusal-by-content"), std::string::npos) << result.output;
}

TEST(Audit, SaysWhatANearestRounderIsHeldTo) {
  const auto result = judge("nearest", "--level quick --only audit");
  EXPECT_NE(result.output.find("note: deterministic: seeds do not matter; the largest error is"), std::string::npos) << result.output;
}

TEST(Audit, DeclinedCasesAreListed) {
  const auto result = judge("only_64", "--level quick --only audit --seconds 2 --dims 64,100");
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_NE(result.output.find("declined, so not judged: reconstruct, 8 cases: n = 100 (order 112), b = 1;"), std::string::npos) << result.output;
}

TEST(Audit, PartOfAKernelIsSaidToBeUnjudged) {
  const auto result = judge("codes", "--level quick --only repeat,audit --seconds 3 --dims 12");
  EXPECT_NE(result.output.find("judged: encode, decode, dot\n"), std::string::npos) << result.output;
  const auto without = judge("codes", "--level quick --only audit --skip audit");
  EXPECT_EQ(without.exit_code, 4) << without.output;
  EXPECT_NE(without.output.find("not judged: encode, decode, dot\n"), std::string::npos) << without.output;
}

TEST(Audit, JsonHoldsEstimatesAndScope) {
  const auto j = nlohmann::json::parse(judge("codes", "--level quick --only audit --seconds 4 --dims 61 --json").output);
  EXPECT_EQ(j["verdict"], "valid");
  EXPECT_EQ(j["judged"], (nlohmann::json{"encode", "decode", "dot"}));
  ASSERT_GE(j["estimates"].size(), 8u * 16u);
  for (const auto& e : j["estimates"]) {
    EXPECT_EQ(e["dimension"], 61);
    EXPECT_NEAR(e["inner_product"]["value"].get<double>(), 1, 8 * e["inner_product"]["standard_error"].get<double>() + 1e-6) << e;
    EXPECT_GT(e["squared_error"]["value"].get<double>(), -1e-9);
    EXPECT_TRUE(e["smallest_bias"].is_null() || e["smallest_bias"].get<double>() > 0);
  }
  const auto nothing = nlohmann::json::parse(judge("refuse", "--level quick --json").output);
  EXPECT_EQ(nothing["verdict"], "not judged");
  EXPECT_EQ(nothing["valid"], false);
  EXPECT_TRUE(nothing["judged"].empty());
  EXPECT_FALSE(nothing["unsupported"].empty());
}

TEST(Audit, JUnitOfNothingIsNoSuccess) {
  const testing::TemporaryDirectory directory;
  EXPECT_EQ(judge("stages", "--level quick --junit " + (directory / "report.xml")).exit_code, 4);
  const std::string xml = testing::read_file(directory / "report.xml");
  EXPECT_NE(xml.find("errors=\"1\""), std::string::npos) << xml;
  EXPECT_NE(xml.find("<error type=\"not-judged\""), std::string::npos) << xml;
}

TEST(Audit, TooFewObservationsAreNoJudgement) {
  const auto result = judge("", "--only audit --level quick --seconds 0.001");
  EXPECT_EQ(result.exit_code, 4) << result.output;
}

// A file of two rows of three.
TEST(Audit, RowsOfAFile) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "rows.npy";
  const float rows[] = {1, 2, 3, -1, 0, 5};
  std::string npy("\x93NUMPY\x01\x00v\x00", 10);
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  header.resize(117, ' ');
  npy += header + "\n" + std::string(reinterpret_cast<const char*>(rows), sizeof rows);
  testing::overwrite_file(path, npy);
  const auto j = nlohmann::json::parse(judge("", "--only audit --level quick --seconds 1 --json --vectors " + path).output);
  ASSERT_EQ(j["estimates"].size(), 8u * 2u) << j;
  EXPECT_EQ(j["estimates"][1]["vector"], "row 1");
  EXPECT_EQ(j["estimates"][1]["dimension"], 3);
}

TEST(Audit, RefusesWhatCannotBeAudited) {
  const testing::TemporaryDirectory directory;
  EXPECT_EQ(judge("", "--dims 12,0").exit_code, 2);
  EXPECT_EQ(judge("", "--dims 1e3").exit_code, 2);
  EXPECT_EQ(judge("", "--dims 99999999999999999999").exit_code, 2);
  EXPECT_EQ(judge("", "--vectors " + (directory / "none.npy")).exit_code, 3);
  EXPECT_EQ(judge("", "--claim maybe").exit_code, 2);
}

}  // namespace
}  // namespace hdq::validate
