// Uniform bounds (SPEC §5.5): the stored certificates hold by both proofs, are reproduced, and bound what can be computed.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hdq/reference/bounds/certificate_checker.hpp"
#include "hdq/reference/expectation/mse_integrator.hpp"
#include "hdq/reference/bounds/uniform_bound.hpp"
#include "run_command.hpp"
#include "temporary_directory.hpp"

namespace hdq::reference {
namespace {

using nlohmann::json;

const std::string stored = HDQ_SOURCE_DIR "/data/bounds/";

std::string stored_text(int bits) { return hdq::testing::read_file(stored + "b" + std::to_string(bits) + ".json"); }
json stored_bound(int bits) { return json::parse(hdq::testing::read_file(stored + "bounds.json"))["shipped"][static_cast<std::size_t>(bits - 1)]; }

Majorant stored_majorant(int bits) {
  const json j = json::parse(stored_text(bits))["majorant"];
  const auto rational = [](const json& value) { return parse_rational(value.get<std::string>()); };
  Majorant m{rational(j["constant"]), rational(j["quadratic"]), rational(j["quartic"]), {}, {}};
  for (const json& t : j["cosh"]) m.cosh.push_back({rational(t["s"]), rational(t["coefficient"])});
  for (const json& t : j["exp_square"]) m.exp_square.push_back({rational(t["lambda"]), rational(t["coefficient"])});
  return m;
}

// Gaussian limits of SPEC §5.5.
constexpr double gaussian_limit[8] = {6.44358, 3.92762, 3.22750, 2.95413, 2.83284, 2.77548, 2.74776, 2.73416};

class StoredBound : public ::testing::TestWithParam<int> {};

TEST_P(StoredBound, HoldsByTheSecondChecker) {
  const CertificateVerdict verdict = check_certificate(stored_text(GetParam()));
  EXPECT_TRUE(verdict.accepted) << verdict.reason;
  EXPECT_EQ(verdict.levels, 1 << GetParam());
  EXPECT_LE(verdict.lower, verdict.proved_lower);
  EXPECT_LE(verdict.proved_upper, verdict.upper);
  // The checker is no weaker than the search: claims are rounded in the seventh digit, not loose.
  EXPECT_LT(verdict.upper - verdict.proved_upper, 2e-6);
  EXPECT_LT(verdict.proved_lower - verdict.lower, 2e-6);
}

TEST_P(StoredBound, BracketsTheGaussianLimitWithinOneInAThousand) {
  const json b = stored_bound(GetParam());
  EXPECT_NEAR(b["lower"], gaussian_limit[GetParam() - 1], 6e-6);
  EXPECT_LT(b["upper"].get<double>() / b["lower"].get<double>(), 1.001);
}

TEST_P(StoredBound, IsReproduced) {
  const BoundCertificate certificate = certify_uniform_bound(BoundedQuantizer::shipped(GetParam()));
  const json b = stored_bound(GetParam());
  EXPECT_NEAR(certificate.lower.convert_to<double>(), b["lower"], 2e-6);
  // Another version of the solver may end in another vertex of nearly the same value.
  EXPECT_NEAR(certificate.upper.convert_to<double>(), b["upper"], 2e-5);
}

INSTANTIATE_TEST_SUITE_P(Bits, StoredBound, ::testing::Range(1, shipped_bits + 1));

TEST(AsymptoticBound, DecreasesToTheLimit) {
  const json list = json::parse(hdq::testing::read_file(stored + "bounds.json"))["asymptotic"];
  ASSERT_EQ(list.size(), 16u);
  const double limit = std::acos(-1.0) * std::sqrt(3.0) / 2;
  for (std::size_t i = 1; i < list.size(); ++i) EXPECT_LT(list[i]["upper"], list[i - 1]["upper"]);
  EXPECT_GT(list.back()["lower"], limit);
  EXPECT_LT(list.back()["upper"], limit * 1.00005);
}

TEST(AsymptoticBound, IsReproducedAndHoldsWhereCancellationIsWorst) {
  const BoundCertificate certificate = certify_uniform_bound({65536, 3, Rational(3, 16)});
  const json b = json::parse(hdq::testing::read_file(stored + "bounds.json"))["asymptotic"].back();
  EXPECT_NEAR(certificate.lower.convert_to<double>(), b["lower"], 2e-6);
  EXPECT_NEAR(certificate.upper.convert_to<double>(), b["upper"], 2e-5);
  EXPECT_TRUE(check_certificate(hdq::testing::read_file(stored + "asymptotic/n65536.json")).accepted);
}

// ---- the parts of the proof against other routes ----

RC_GTEST_PROP(Majorant, ExceedsTheErrorOfTheScalarQuantizer, ()) {
  const int bits = *rc::gen::inRange(1, shipped_bits + 1);
  const double z = *rc::gen::inRange(0, 1 << 20) * 0x1p-17;  // 0 … 8, by the quantizer's own inversion of c
  Precision precision(128);
  const Ball mse = ScalarQuantizer(bits).mse(Ball(z));
  RC_ASSERT(certainly_less(mse, stored_majorant(bits)(Ball(z))));
}

TEST(WindowExpansion, EnclosesTheScalarQuantizersError) {
  for (const int bits : {1, 3, 8}) {
    const ScalarQuantizer quantizer(bits);
    const WindowExpansion expansion(quantizer, Rational(1, 1 << 20));
    Precision precision(160);
    for (std::size_t i = 0; i < expansion.cells().size(); i += 7) {
      const WindowCell& cell = expansion.cells()[i];
      for (const double s : {-1.0, 0.3, 1.0}) {
        const Ball at = cell.radius * Ball(s);
        const ScalarQuantizer::Window exact = quantizer.window(cell.center + at);
        EXPECT_TRUE(cell.at_center.z(at).overlaps(exact.z)) << bits << " " << i;
        EXPECT_TRUE(cell.at_center.mse(at).overlaps(exact.mse)) << bits << " " << i;
        EXPECT_TRUE(certainly_less(ldexp(cell.at_center.mse(at).radius(), 20), exact.mse));
      }
    }
  }
}

TEST(GaussianMean, IsTheIntegratorsLimit) {
  for (const int bits : {1, 4, 8}) {
    MseIntegrator integrator(Scheme::dithered, bits, 12);
    const double limit = integrator.limit().value.mid_double();
    const double mean = gaussian_mean(WindowExpansion(ScalarQuantizer(bits), Rational(1, Integer(1) << 40))).mid_double();
    EXPECT_NEAR(mean / limit, 1, 1e-10);
  }
}

TEST(Majorant, BelowTheErrorIsNotProved) {
  const WindowExpansion expansion(ScalarQuantizer(2), Rational(1, Integer(1) << 32));
  Majorant majorant = stored_majorant(2);
  ASSERT_EQ(unproved_on_cells(expansion, majorant), std::nullopt);
  ASSERT_TRUE(proved_on_tail(expansion, majorant));
  Majorant low = majorant;
  low.constant -= Rational(1, 10000);
  EXPECT_NE(unproved_on_cells(expansion, low), std::nullopt);
  Majorant slow = majorant;
  slow.cosh.pop_back();  // the term that outgrows exp(|z|/κ)
  EXPECT_FALSE(proved_on_tail(expansion, slow));
}

// ---- the bound against vectors ----

RC_GTEST_PROP(UniformBound, IsNotExceededByAnyVector, (const std::vector<std::int8_t>& entries)) {
  std::vector<double> x(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(entries.size(), 14)));
  RC_PRE(std::any_of(x.begin(), x.end(), [](double value) { return value != 0; }));
  const int bits = *rc::gen::inRange(1, shipped_bits + 1);
  static std::vector<std::unique_ptr<MseIntegrator>> integrators(9);
  auto& integrator = integrators[static_cast<std::size_t>(bits)];
  if (!integrator) integrator = std::make_unique<MseIntegrator>(Scheme::dithered, bits, 10);
  const double error = std::ldexp(integrator->hd(RademacherSum(x)).value.upper_double(), 2 * bits);
  RC_ASSERT(error <= stored_bound(bits)["upper"].get<double>());
}

TEST(UniformBound, IsApproachedByFlatVectors) {
  for (const int bits : {1, 2, 5}) {
    MseIntegrator integrator(Scheme::dithered, bits, 10);
    const double error = std::ldexp(integrator.hd(RademacherSum::flat(100000)).value.mid_double(), 2 * bits);
    EXPECT_LT(error, stored_bound(bits)["upper"].get<double>());
    EXPECT_GT(error, stored_bound(bits)["lower"].get<double>() * 0.9999);
  }
}

// ---- the command ----

TEST(BoundsCommand, WritesWhatTheCheckerAccepts) {
  const hdq::testing::TemporaryDirectory directory;
  const auto bounds = hdq::testing::run_hdq("bounds --bits 2..3 --json -o '" + directory / "out" + "'");
  ASSERT_EQ(bounds.exit_code, 0) << bounds.output;
  const json summary = json::parse(bounds.output);
  ASSERT_EQ(summary["shipped"].size(), 2u);
  EXPECT_EQ(summary["shipped"][0]["levels"], 4);
  EXPECT_LT(summary["shipped"][1]["relative_width"], 1e-3);
  const auto verdict = hdq::testing::run_hdq("verify-certificate '" + directory / "out/b2.json" + "' '" + directory / "out/b3.json" + "'");
  EXPECT_EQ(verdict.exit_code, 0) << verdict.output;
  EXPECT_NE(hdq::testing::read_file(directory / "out/bounds.svg").find("<svg"), std::string::npos);
}

TEST(BoundsCommand, RefusesOtherRanges) {
  for (const char* range : {"0", "9", "3..2", "1..9", "1-8", "x", "1..", "..3", "''"}) {
    EXPECT_EQ(hdq::testing::run_hdq(std::string("bounds --bits ") + range).exit_code, 2) << range;
  }
}

}  // namespace
}  // namespace hdq::reference
