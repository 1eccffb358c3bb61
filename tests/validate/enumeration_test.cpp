// All signs at small orders: what must be seen of kernels that are a function of their signs, and what must pass.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "run_command.hpp"

namespace hdq::validate {
namespace {

using testing::run_hdq;

testing::CommandResult enumerate(const std::string& kernel, const std::string& words) {
  ::setenv("HDQ_OWN", words.c_str(), 1);
  auto result = run_hdq("validate --level quick --seconds 60 --only enumeration -o '' " +
                        std::string(HDQ_KERNEL_DIRECTORY) + "/" + kernel);
  ::unsetenv("HDQ_OWN");
  return result;
}

// hdq_own.cpp's sketch, whose mean over all signs is x.
struct Planted {
  const char *words, *what;
};
void PrintTo(const Planted& planted, std::ostream* out) { *out << planted.words; }

class PlantedSketch : public ::testing::TestWithParam<Planted> {};
TEST_P(PlantedSketch, IsSeen) {
  const auto result = enumerate("hdq-kernel-own.so", std::string("sketch,") + GetParam().words);
  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_NE(result.output.find(GetParam().what), std::string::npos) << result.output;
}
constexpr Planted planted[] = {
    {"plus_lost", "dead-or-biased-rounding: biased: ‖E x̂ − x‖/‖x‖ = 0.5 on constant, all 4 patterns of 2 signs summed"},
    {"thousandth", "estimator-constant: biased: ‖E x̂ − x‖/‖x‖ = 0.001000"},
    {"sketch_claim", "error-too-large: E‖x̂ − x‖²/‖x‖² = 7 on"},
    {"product", "the product of signs 0, 2, 3 has mean 1.000"},
    {"unfair", "the product of signs 1 has mean"},
    {"seeds_256", "of the 256 patterns of 8 signs, never"},
};
INSTANTIATE_TEST_SUITE_P(Enumeration, PlantedSketch, ::testing::ValuesIn(planted));

TEST(Enumeration, LetsPass) {
  EXPECT_EQ(enumerate("hdq-kernel-own.so", "sketch").exit_code, 0);
  EXPECT_EQ(enumerate("hdq-kernel-plain.so", "").exit_code, 0);
}

// x̂ depends on more than the signs: nothing is said of it.
TEST(Enumeration, DoesNotJudgeWhatItCannotEnumerate) {
  EXPECT_EQ(enumerate("hdq-kernel-own.so", "sketch,row_signs").exit_code, 4);
}

}  // namespace
}  // namespace hdq::validate
