// Correct kernels are valid: the library on each instruction set, plain C, direct sums, float64, whatever the validator's own inputs. And the
// command line: exit codes, reports, filters, replay.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "hdq/codec.hpp"
#include "run_command.hpp"
#include "temporary_directory.hpp"
#include "hdq/validate/checks/e_process.hpp"
#include "hdq/validate/subject/plugin_subject.hpp"
#include "hdq/validate/driver/validator.hpp"

namespace hdq::validate {
namespace {

std::string plugin(const std::string& name) {
  std::string path = HDQ_KERNEL_DIRECTORY;
  return path.append("/").append(name).append(".so");
}

void expect_valid(const std::string& name, std::uint32_t variant, Level level, std::uint64_t first_seed, std::uint64_t seeds, double audit_seconds) {
  PluginSubject subject(plugin(name), std::chrono::seconds(60));
  for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    Options options;
    options.level = level;
    options.seed = seed;
    options.variant = variant;
    options.output_directory.clear();
    options.seconds = audit_seconds;
    const Verdict verdict = validate(subject, options);
    ASSERT_TRUE(verdict.valid()) << name << ", seed " << seed << "\n" << text_report(verdict);
  }
}

std::uint32_t instruction_sets() { return static_cast<std::uint32_t>(supported_isas().size()); }

// HDQ_VALIDATE_SEEDS=100 is the long run; HDQ_VALIDATE_FULL=1 judges at the default level too.
std::uint64_t seeds() {
  const char* wanted = std::getenv("HDQ_VALIDATE_SEEDS");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 1;
}

TEST(CorrectKernels, LibraryOnEveryInstructionSet) {
  for (std::uint32_t variant = 0; variant < instruction_sets(); ++variant) expect_valid("hdq-kernel-library", variant, Level::quick, 1, seeds(), 1);
}
TEST(CorrectKernels, PlainC) { expect_valid("hdq-kernel-plain", 0, Level::quick, 1, seeds(), 1); }
TEST(CorrectKernels, DirectSums) { expect_valid("hdq-kernel-plain-direct", 0, Level::quick, 1, seeds(), 1); }
TEST(CorrectKernels, PaddedRowsOfCodes) { expect_valid("hdq-kernel-plain-padded", 0, Level::quick, 1, 1, 1); }
TEST(CorrectKernels, Double) { expect_valid("hdq-kernel-plain-double", 0, Level::quick, 1, seeds(), 1); }
TEST(CorrectKernels, LibraryOfTheEntropyCodedScheme) {
  PluginSubject subject(plugin("hdq-kernel-library"), std::chrono::seconds(60));
  Options options;
  options.level = Level::quick;
  options.scheme = Scheme::entropy_coded;
  options.only = {"step-tables", "step-encode", "step-decode", "step-streams", "step-file", "variants", "file"};
  options.output_directory.clear();
  const Verdict verdict = validate(subject, options);
  EXPECT_TRUE(verdict.valid()) << text_report(verdict);
}
TEST(CorrectKernels, PlainEntropyCoded) {
  expect_valid("hdq-kernel-plain-entropy-coded", 0, Level::quick, 1, seeds(), 1);
}
TEST(CorrectKernels, DefaultLevel) {
  if (std::getenv("HDQ_VALIDATE_FULL") == nullptr) GTEST_SKIP() << "HDQ_VALIDATE_FULL=1: minutes";
  expect_valid("hdq-kernel-library", 0, Level::standard, 11, 1, 5);
  expect_valid("hdq-kernel-plain", 0, Level::standard, 11, 1, 5);
}

// ---- the sequential tests themselves ----

double uniform(std::uint64_t& state) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (static_cast<double>(state >> 11) + 0.5) * 0x1p-53;
}

// Mean 0, variance V, and a tail like that of a codeword: −(1 − p)·s with probability p, otherwise p·s/(1 − p) …
double heavy(std::uint64_t& state, double p) {
  const double s = 1 / std::sqrt(p * (1 - p));
  return uniform(state) < p ? -(1 - p) * s : p * s;
}

TEST(MeanTest, RarelyRejectsATrueMean) {
  std::uint64_t state = 7;
  int rejected = 0;
  for (int run = 0; run < 2000; ++run) {
    MeanTest test(1, 0.05);
    for (int i = 0; i < 500 && !test.rejected(); ++i) test.add(heavy(state, run % 2 == 0 ? 0.5 : 0.002));
    rejected += test.rejected();
  }
  EXPECT_LE(rejected, 100);  // 5 % of 2000
}

TEST(MeanTest, RejectsAFalseMean) {
  std::uint64_t state = 7;
  MeanTest test(1, 1e-9);
  int observations = 0;
  while (!test.rejected() && observations < 100000) {
    test.add(heavy(state, 0.3) + 0.1);
    ++observations;
  }
  EXPECT_LT(observations, 10000);
}

// A value of probability p is at most √(V/p): with p = 1e-9 it may not decide alone, however many ordinary ones came before.
TEST(MeanTest, OneHugeObservationDoesNotReject) {
  MeanTest test(1, 1e-9);
  test.add(-3e4);
  EXPECT_FALSE(test.rejected());
}

TEST(UpperTest, RejectsOnlyALargerMean) {
  std::uint64_t state = 3;
  UpperTest fine(1e-9), large(1e-9);
  for (int i = 0; i < 5000; ++i) {
    const double x = -std::log(uniform(state));  // exponential, mean 1
    fine.add(x, 1);
    large.add(1.2 * x, 1);
  }
  EXPECT_FALSE(fine.rejected());
  EXPECT_TRUE(large.rejected());
}

// ---- the command ----

using testing::run_hdq;

TEST(ValidateCommand, ExitCodes) {
  EXPECT_EQ(run_hdq("validate " + plugin("hdq-kernel-plain") + " --only signs,dither").exit_code, 0);
  EXPECT_EQ(run_hdq("validate " + plugin("hdq-kernel-plain") + " --only sings").exit_code, 2);
  EXPECT_EQ(run_hdq("validate /nonexistent.so").exit_code, 2);
  EXPECT_EQ(run_hdq("validate " + std::string(HDQ_SOURCE_DIR) + "/README.md").exit_code, 2);
  EXPECT_EQ(run_hdq("validate").exit_code, 2);
}

class Faulty : public ::testing::Test {
 protected:
  void set(const char* fault) { ::setenv("HDQ_FAULT", fault, 1); }
  void TearDown() override { ::unsetenv("HDQ_FAULT"); }
  std::string run(const std::string& rest, int expected) {
    const auto result = run_hdq("validate " + plugin("hdq-kernel-faulty") + " -o " + (directory_ / "") + " " + rest);
    EXPECT_EQ(result.exit_code, expected) << result.output;
    return result.output;
  }
  testing::TemporaryDirectory directory_;
};

TEST_F(Faulty, InvalidIsOneAndCrashIsThree) {
  set("signs_lanes");
  EXPECT_NE(run("--only signs", 1).find("correlated-random-lanes"), std::string::npos);
  set("crash");
  EXPECT_NE(run("--only encode --level quick", 3).find("crash"), std::string::npos);
  set("hang");
  EXPECT_NE(run("--only transform --level quick --time-limit 0.5", 3).find("hang"), std::string::npos);
}

TEST_F(Faulty, ShrinksAndReplays) {
  set("b12_entry");
  const auto first = nlohmann::json::parse(run("--only transform --json", 1));
  const auto finding = first["checks"][3]["findings"][0];
  EXPECT_EQ(finding["defect"], "base-matrix-not-orthogonal");
  EXPECT_EQ(finding["dimension"], 9);  // the smallest of order 12
  const std::string replay = finding["replay"];
  const std::string arguments = replay.substr(std::string("hdq ").size());
  EXPECT_EQ(run_hdq(arguments).exit_code, 1) << replay;
  set("");
  EXPECT_EQ(run_hdq(arguments).exit_code, 0) << replay;
}

TEST_F(Faulty, SaysHowBiased) {
  set("own_lloyd_max");
  const std::string report = run("--only audit --level quick", 1);
  EXPECT_NE(report.find("biased: E⟨x, x̂⟩/‖x‖² = 1.5"), std::string::npos) << report;
}

TEST_F(Faulty, WritesJUnit) {
  set("nan_zero");
  const std::string path = directory_ / "report.xml";
  run("--only bad-input,signs --junit " + path, 1);
  const std::string xml = testing::read_file(path);
  EXPECT_NE(xml.find("failures=\"1\""), std::string::npos);
  EXPECT_NE(xml.find("type=\"nan-swallowed\""), std::string::npos);
}

}  // namespace
}  // namespace hdq::validate
