// What the audit must see of a kernel of its own scheme, what it must let pass, and what it must not call judged.
#include <gtest/gtest.h>

#include <cstdlib>
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
TEST_P(Biased, IsSeen) {
  const auto result = judge(GetParam().words, std::string("--only audit ") + GetParam().options);
  EXPECT_EQ(result.exit_code, 1) << GetParam().what << "\n" << result.output;
}
constexpr Planted biased[] = {
    {"twice,only_64", "--level quick", "2·x̂, and only n = 64·k is offered: one declined case hid the rest"},
    {"twice,declines_odd", "--level quick", "2·x̂, and odd n are declined"},
    {"twice,codes,declines_8", "--level quick", "2·x̂, and 8 bits are declined for larger n"},
};
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
};
INSTANTIATE_TEST_SUITE_P(Audit, NotJudged, ::testing::ValuesIn(not_judged));

}  // namespace
}  // namespace hdq::validate
