// The constants that the audit and the check error-constant judge by (SPEC §5.5) are the certified ones, rounded outward.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "hdq/reference/numbers/real.hpp"
#include "hdq/hdq_kernel.h"
#include "hdq/validate/checks/uniform_constant.hpp"

namespace hdq::validate {
namespace {

using reference::Rational;

class UniformConstant : public testing::TestWithParam<int> {
 protected:
  Rational certified(const char* end) const {
    const std::string path = HDQ_SOURCE_DIR "/data/bounds/b" + std::to_string(GetParam()) + ".json";
    return Rational(nlohmann::json::parse(std::ifstream(path))[end].get<std::string>());
  }
};

TEST_P(UniformConstant, UpperEndIsNotBelowTheCertificate) {
  EXPECT_GE(Rational(uniform_constant_upper(GetParam())), certified("upper"));
  EXPECT_LE(Rational(uniform_constant_upper(GetParam())), certified("upper") + Rational(1, 1000000000));
}

TEST_P(UniformConstant, LowerEndIsNotAboveTheCertificate) {
  EXPECT_LE(Rational(uniform_constant_lower(GetParam())), certified("lower"));
  EXPECT_GE(Rational(uniform_constant_lower(GetParam())), certified("lower") - Rational(1, 1000000000));
}

INSTANTIATE_TEST_SUITE_P(EveryWidth, UniformConstant, testing::Range(1, HDQ_KERNEL_MAX_BITS + 1));

}  // namespace
}  // namespace hdq::validate
