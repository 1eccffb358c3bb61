// The adversary finds what is known to be bad, and nothing above a certificate (SPEC §5.5, §6).
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include "hdq/io/vector_reader.hpp"
#include "hdq/reference/bounds/adversary.hpp"
#include "run_command.hpp"
#include "temporary_directory.hpp"

namespace hdq::reference {
namespace {

using nlohmann::json;

const double limit = std::acos(-1.0) * std::sqrt(3.0) / 2;

double certified_upper(int bits) {
  return json::parse(hdq::testing::read_file(HDQ_SOURCE_DIR "/data/bounds/bounds.json"))["shipped"][static_cast<std::size_t>(bits - 1)]["upper"];
}

std::vector<double> random_unit_vector(std::size_t dimension, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> x(dimension);
  double squares = 0;
  for (double& value : x) value = normal(random), squares += value * value;
  for (double& value : x) value /= std::sqrt(squares);
  return x;
}

TEST(RademacherObjective, IsTheIntegratorsErrorAndItsGradientIsItsDerivative) {
  MseIntegrator integrator(Scheme::dithered, 3, 10);
  const RademacherObjective objective(integrator, 384);
  std::vector<double> x = random_unit_vector(9, 1), gradient, ignored;
  const double value = objective(x, gradient);
  EXPECT_NEAR(value / integrator.hd(RademacherSum(x)).value.mid_double(), 1, 1e-3);
  for (std::size_t i = 0; i < x.size(); ++i) {
    std::vector<double> y = x;
    y[i] += 1e-4;
    const double above = objective(y, ignored);
    y[i] -= 2e-4;
    const double below = objective(y, ignored);
    EXPECT_NEAR(gradient[i], (above - below) / 2e-4, 1e-5 * value) << i;
  }
}

TEST(Adversary, BreaksLloydMaxUnderOneRotation) {
  for (const int bits : {2, 3, 4, 6}) {
    MseIntegrator integrator(Scheme::lloyd_max, bits, 10);
    const AdversaryResult found = find_worst_vector(integrator, Rotation::hd, 8);
    EXPECT_GT(std::ldexp(found.error.value.lower_double(), 2 * bits), limit) << bits;
  }
  // SPEC §6: one-hot at b = 2 gives 0.26053; the search ends no lower.
  MseIntegrator integrator(Scheme::lloyd_max, 2, 10);
  EXPECT_GT(find_worst_vector(integrator, Rotation::hd, 4).error.value.lower_double(), 0.26052);
}

TEST(Adversary, DoesNotReachTheCertificateOfTheDitheredScheme) {
  for (const int bits : {1, 2, 4}) {
    MseIntegrator integrator(Scheme::dithered, bits, 10);
    const AdversaryResult found = find_worst_vector(integrator, Rotation::hd, 16);
    const double worst = std::ldexp(found.error.value.upper_double(), 2 * bits);
    EXPECT_LE(worst, certified_upper(bits)) << bits;
    // Nor does it stop short: flat vectors are there to be found.
    const double flat = std::ldexp(integrator.hd(RademacherSum::flat(16)).value.mid_double(), 2 * bits);
    EXPECT_GE(worst, flat * 0.9999) << bits;
  }
}

TEST(Adversary, KnowsThatADenseRotationLeavesNoChoice) {
  MseIntegrator integrator(Scheme::lloyd_max, 2, 10);
  const AdversaryResult found = find_worst_vector(integrator, Rotation::dense, 32);
  EXPECT_EQ(found.starts, 0u);
  EXPECT_NEAR(found.error.value.mid_double(), integrator.dense(32).value.mid_double(), 1e-9);
}

TEST(Adversary, WorksAgainstTwoRotations) {
  MseIntegrator integrator(Scheme::lloyd_max, 2, 10);
  const AdversaryResult found = find_worst_vector(integrator, Rotation::hdhd, 4);
  const std::vector<double> one_hot = {1, 0, 0, 0};
  EXPECT_GE(found.error.value.upper_double(), integrator.hdhd(one_hot).value.lower_double());
}

TEST(AdversaryCommand, WritesTheVectorItSpeaksOf) {
  const hdq::testing::TemporaryDirectory directory;
  const std::string path = directory / "worst.npy";
  const auto run = hdq::testing::run_hdq("adversary --bits 2 --dim 6 --scheme lloyd-max --json -o '" + path + "'");
  ASSERT_EQ(run.exit_code, 0) << run.output;
  const json result = json::parse(run.output);
  EXPECT_TRUE(result["breaks_limit"]);
  const io::VectorReader file(path);
  ASSERT_EQ(file.dimension(), 6u);
  std::vector<float> x(6);
  file.read(0, 1, x.data());
  MseIntegrator integrator(Scheme::lloyd_max, 2, 10);
  const double error = integrator.hd(RademacherSum(std::vector<double>(x.begin(), x.end()))).value.mid_double();
  EXPECT_NEAR(error, std::stod(result["mse"]["lower"].get<std::string>()), 1e-8);
}

TEST(AdversaryCommand, ReportsTheCertificate) {
  const auto run = hdq::testing::run_hdq("adversary --bits 1 --dim 5 --json");
  ASSERT_EQ(run.exit_code, 0) << run.output;
  const json result = json::parse(run.output);
  EXPECT_FALSE(result["exceeds_certificate"]);
  EXPECT_NEAR(result["certified_upper"], certified_upper(1), 2e-5);
}

}  // namespace
}  // namespace hdq::reference
