// Optimality (SPEC §5.10): the stored certificates hold by both proofs, are reproduced, and lie below what rules do; the second
// checker agrees with the first on any surrogate, and refuses what is false.
#include "hdq/reference/bounds/optimality.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hdq/reference/bounds/certificate_checker.hpp"
#include "hdq/reference/bounds/optimality_checker.hpp"
#include "hdq/reference/bounds/uniform_bound.hpp"
#include "hdq/reference/numbers/real.hpp"
#include "hdq/reference/scheme/shipped_constants.hpp"
#include "temporary_directory.hpp"

namespace hdq::reference {
namespace {

using nlohmann::json;
using Tamper = std::function<void(json&)>;

const std::string bounds_directory = HDQ_SOURCE_DIR "/data/bounds/";

std::string stored_text(int bits) {
  return hdq::testing::read_file(bounds_directory + "optimality/b" + std::to_string(bits) + ".json");
}
json stored(int bits) { return json::parse(stored_text(bits)); }
double number(const json& field) { return parse_rational(field.get<std::string>()).convert_to<double>(); }

// ---- the stored certificates ----

class StoredOptimality : public ::testing::TestWithParam<int> {};

TEST_P(StoredOptimality, HoldsByTheSecondChecker) {
  const OptimalityVerdict verdict = check_optimality(stored_text(GetParam()));
  EXPECT_TRUE(verdict.accepted) << verdict.reason;
  EXPECT_EQ(verdict.levels, 1 << GetParam());
  EXPECT_LE(verdict.lower, verdict.proved_lower);
  EXPECT_LT(verdict.proved_lower - verdict.lower, 2e-6);  // rounded in the seventh digit, not loose
}

TEST_P(StoredOptimality, LeavesLessThanOnePercent) {
  const double any_rule = number(stored(GetParam())["lower"]);
  const json worst =
      json::parse(hdq::testing::read_file(bounds_directory + "b" + std::to_string(GetParam()) + ".json"));
  EXPECT_LT(number(worst["upper"]) / any_rule, 1.0065);
  // The shipped quantizer is an unbiased rule, and this is what it does in the limit that the bound is about.
  EXPECT_LT(any_rule, number(worst["lower"]));
}

INSTANTIATE_TEST_SUITE_P(Bits, StoredOptimality, ::testing::Range(1, shipped_bits + 1));

TEST(Optimality, IsRefusedWithItsLastDigitRaised) {
  for (int bits = 1; bits <= shipped_bits; ++bits) {
    json j = stored(bits);
    j["lower"] = Rational(parse_rational(j["lower"].get<std::string>()) + Rational(1, 1000000)).str();
    const OptimalityVerdict verdict = check_optimality(j.dump());
    EXPECT_FALSE(verdict.accepted) << bits;
    EXPECT_NE(verdict.reason.find("claimed lower"), std::string::npos) << verdict.reason;
  }
}

TEST(Optimality, IsReproduced) {
  for (const int bits : {1, 2, 4}) {
    const OptimalityCertificate certificate = certify_optimality(1 << bits);
    EXPECT_NEAR(certificate.lower.convert_to<double>(), number(stored(bits)["lower"]), 2e-6) << bits;
    EXPECT_TRUE(check_optimality(to_json(certificate)).accepted) << bits;
  }
}

TEST(Optimality, DecreasesWithTheLevels) {
  double before = 8;
  for (const std::int64_t levels : {std::int64_t{3}, std::int64_t{5}, std::int64_t{7}}) {
    const double bound = certify_optimality(levels).lower.convert_to<double>();
    EXPECT_LT(bound, before) << levels;
    EXPECT_GT(bound, std::acos(-1.0) * std::sqrt(3.0) / 2) << levels;  // the limit of many levels
    before = bound;
  }
}

// Dithered quantizers of other parameters are unbiased rules too: none falls below.
TEST(Optimality, HoldsForOtherQuantizers) {
  const double any_rule = number(stored(2)["lower"]);
  for (const auto& [sigma_squared, kappa] :
       std::vector<std::pair<Rational, Rational>>{{3, Rational(1, 4)},
                                                  {3, Rational(3, 8)},
                                                  {Rational(14, 5), Rational(1, 2)},
                                                  {Rational(5, 2), Rational(3, 8)},
                                                  {2, 1}}) {
    const BoundedQuantizer quantizer{4, sigma_squared, kappa};
    const Ball mean =
        gaussian_mean(WindowExpansion(ScalarQuantizer(quantizer.generator()), Rational(1, Integer(1) << 40)));
    EXPECT_GT(16 * mean.lower_double(), any_rule) << sigma_squared << " " << kappa;
    EXPECT_LT(16 * mean.lower_double(), any_rule * 1.3) << sigma_squared << " " << kappa;
  }
}

// ---- the parts of the proof against other routes ----

Surrogate drawn_surrogate(std::size_t cells) {
  Surrogate s;
  std::int64_t end = 0, value = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    value += *rc::gen::inRange<std::int64_t>(0, 1'500'000);
    s.value.push_back(value);
    end += *rc::gen::inRange<std::int64_t>(1, 900'000);
    if (i + 1 < cells) s.end.push_back(end);
  }
  return s;
}

double normal_tail(double z) { return std::erfc(z / std::sqrt(2.0)) / 2; }

// ζ's values with their probabilities, from the least.
std::vector<std::pair<double, double>> law(const Surrogate& s) {
  std::vector<std::pair<double, double>> atoms;
  const std::size_t half = s.value.size();
  for (std::size_t k = 0; k < 2 * half; ++k) {
    const std::size_t i = k < half ? half - 1 - k : k - half;
    const double unit = static_cast<double>(Surrogate::unit);
    const double from = i == 0 ? 0 : static_cast<double>(s.end[i - 1]) / unit;
    const double probability =
        normal_tail(from) - (i + 1 == half ? 0 : normal_tail(static_cast<double>(s.end[i]) / unit));
    atoms.emplace_back((k < half ? -1 : 1) * static_cast<double>(s.value[i]) / unit, probability);
  }
  return atoms;
}

// D_0 = ∞, D_1, …, by the number of levels.
std::vector<double> least_distortions(const Surrogate& s, std::size_t most_levels) {
  const auto atoms = law(s);
  const std::size_t n = atoms.size();
  const auto distortion = [&](std::size_t from, std::size_t to) {
    double w = 0, mean = 0, sum = 0;
    for (std::size_t i = from; i < to; ++i) w += atoms[i].second, mean += atoms[i].second * atoms[i].first;
    mean /= w;
    for (std::size_t i = from; i < to; ++i) sum += atoms[i].second * (atoms[i].first - mean) * (atoms[i].first - mean);
    return sum;
  };
  std::vector<double> least(n + 1, HUGE_VAL), by_levels{HUGE_VAL};
  least[0] = 0;
  for (std::size_t k = 1; k <= most_levels; ++k) {
    std::vector<double> next(n + 1, HUGE_VAL);
    next[0] = 0;
    for (std::size_t j = 1; j <= n; ++j) {
      for (std::size_t i = 0; i < j; ++i) next[j] = std::min(next[j], least[i] + distortion(i, j));
    }
    least = next;
    by_levels.push_back(least[n]);
  }
  return by_levels;
}

// Prices between the two slopes of D at N attain D_N, others bound it from below.
RC_GTEST_PROP(LeastDistortionBound, IsTheLeastDistortionAtTheRightPrice, ()) {
  const Surrogate s = drawn_surrogate(*rc::gen::inRange<std::size_t>(2, 7));
  const std::int64_t levels = *rc::gen::inRange<std::int64_t>(2, 5);
  const auto n = static_cast<std::size_t>(levels);
  const std::vector<double> d = least_distortions(s, n + 1);
  const double left = d[n - 1] - d[n], right = d[n] - d[n + 1];
  RC_ASSERT(right <= left + 1e-12);
  const Rational price((left + right) / 2 + 1e-15);
  const double bound = least_distortion_bound(s, levels, price).mid_double();
  RC_ASSERT(std::abs(bound - d[n]) < 1e-12);
  const Rational other = price * Rational(*rc::gen::inRange(1, 400), 100);
  RC_ASSERT(least_distortion_bound(s, levels, other).lower_double() <= d[n] + 1e-12);
}

RC_GTEST_PROP(SurrogatePenalty, IsTheIntegral, ()) {
  const Surrogate s = drawn_surrogate(*rc::gen::inRange<std::size_t>(2, 7));
  const double unit = static_cast<double>(Surrogate::unit);
  double sum = 0;
  for (std::size_t i = 0; i < s.value.size(); ++i) {
    const double from = i == 0 ? 0 : static_cast<double>(s.end[i - 1]) / unit;
    const double to = i + 1 == s.value.size() ? from + 12 : static_cast<double>(s.end[i]) / unit;
    const double value = static_cast<double>(s.value[i]) / unit;
    constexpr int steps = 4000;  // Simpson's rule
    for (int k = 0; k <= steps; ++k) {
      const double z = from + (to - from) * k / steps, weight = k == 0 || k == steps ? 1 : k % 2 == 1 ? 4 : 2;
      sum += weight * (to - from) / steps / 3 * (value - z) * (value - z) * std::exp(-z * z / 2) /
             std::sqrt(2 * std::acos(-1.0));
    }
  }
  RC_ASSERT(std::abs(surrogate_penalty(s).mid_double() - 2 * sum) < 1e-9);
}

// Balls and integers, two programs, one number.
bool checker_agrees(const Surrogate& s, std::int64_t levels, const Rational& price) {
  const Ball bound = square(Ball(levels)) * (least_distortion_bound(s, levels, price) - surrogate_penalty(s));
  const OptimalityVerdict verdict = check_optimality(to_json({levels, s, price, Rational(-1000000)}));
  return verdict.accepted &&
         std::abs(verdict.proved_lower - bound.mid_double()) <= 1e-14 * std::max(1.0, std::abs(verdict.proved_lower));
}

// Cells so far out that their probabilities are below the precision of the balls.
TEST(OptimalityChecker, AgreesWithTheProofFarOut) {
  Surrogate s;
  for (std::int64_t i = 0; i < 40; ++i) s.value.push_back(i * 1'000'000);
  for (std::int64_t i = 1; i < 40; ++i) s.end.push_back(i * 900'000);
  EXPECT_TRUE(checker_agrees(s, 4, Rational(1, 4)));
}

RC_GTEST_PROP(OptimalityChecker, AgreesWithTheProof, ()) {
  const Surrogate s = drawn_surrogate(*rc::gen::inRange<std::size_t>(2, 40));
  const std::int64_t levels = *rc::gen::inRange<std::int64_t>(2, 9);
  const Rational price(*rc::gen::inRange(1, 1000), 2000);
  RC_ASSERT(checker_agrees(s, levels, price));
}

// ---- what the checker refuses ----

std::string rejection(const Tamper& tamper, int bits = 4) {
  json j = stored(bits);
  tamper(j);
  const OptimalityVerdict verdict = check_optimality(j.dump());
  return verdict.accepted ? "" : verdict.reason;
}

TEST(OptimalityChecker, RejectsOtherSurrogates) {
  for (const int bits : {3, 4}) {
    const std::size_t cells = stored(bits)["values"].size();
    EXPECT_NE(rejection([&](json& j) { std::swap(j["values"][cells / 2], j["values"][cells / 2 + 1]); }, bits)
                  .find("decrease"),
              std::string::npos);
    EXPECT_NE(rejection([&](json& j) { j["values"][cells / 2] = j["values"][cells / 2 + 3]; }, bits).find("decrease"),
              std::string::npos);
    EXPECT_NE(
        rejection([&](json& j) { std::swap(j["ends"][cells / 2], j["ends"][cells / 2 + 1]); }, bits).find("increase"),
        std::string::npos);
    EXPECT_NE(rejection([&](json& j) { j["ends"][cells / 2] = j["ends"][cells / 2 + 1]; }, bits).find("increase"),
              std::string::npos);
    EXPECT_NE(rejection([](json& j) { j["ends"].erase(3); }, bits).find("one value more"), std::string::npos);
    EXPECT_NE(rejection([](json& j) { j["values"].erase(3); }, bits).find("one value more"), std::string::npos);
    // Monotone, but no longer what the claim rests on.
    const auto claim_fails = [&](const Tamper& tamper) {
      return rejection(tamper, bits).find("claimed lower") != std::string::npos;
    };
    EXPECT_TRUE(claim_fails([](json& j) { j["ends"].erase(20), j["values"].erase(20); }));
    EXPECT_TRUE(claim_fails([](json& j) { j["values"].back() = j["values"].back().get<std::int64_t>() * 11 / 10; }));
    EXPECT_TRUE(claim_fails([](json& j) { j["values"].back() = j["values"].back().get<std::int64_t>() * 9 / 10; }));
    EXPECT_TRUE(claim_fails([&](json& j) {
      for (std::size_t i = cells / 2; i < cells / 2 + 20; ++i) j["values"][i] = j["values"][cells / 2];
    }));
  }
}

TEST(OptimalityChecker, RejectsOtherParameters) {
  EXPECT_NE(rejection([](json& j) { j["levels"] = 15; }), "");
  EXPECT_NE(rejection([](json& j) { j["levels"] = 17; }), "");
  EXPECT_NE(rejection([](json& j) { j["unit"] = "1/999999"; }), "");
  EXPECT_NE(rejection([](json& j) { j["unit"] = "1/1000001"; }), "");
  for (const Rational& factor : {Rational(1, 2), Rational(9, 10), Rational(11, 10)}) {
    EXPECT_NE(rejection([&](json& j) {
                j["price"] = Rational(parse_rational(j["price"].get<std::string>()) * factor).str();
              }),
              "")
        << factor;
  }
  EXPECT_EQ(rejection([](json& j) { j["lower"] = "2"; }), "");  // weaker is true
}

TEST(OptimalityChecker, RejectsWhatIsOutOfRange) {
  EXPECT_NE(rejection([](json& j) { j["levels"] = 1; }).find("levels"), std::string::npos);
  EXPECT_NE(rejection([](json& j) { j["levels"] = -4; }).find("levels"), std::string::npos);
  EXPECT_NE(rejection([](json& j) { j["levels"] = std::int64_t{1} << 40; }).find("levels"), std::string::npos);
  for (const char* price : {"0", "-1/8"})
    EXPECT_NE(rejection([&](json& j) { j["price"] = price; }).find("price"), std::string::npos);
  for (const char* unit : {"0", "2", "-1/1000000", "2/1000001", "1/10000000000"}) {
    EXPECT_NE(rejection([&](json& j) { j["unit"] = unit; }).find("unit"), std::string::npos) << unit;
  }
  for (const std::int64_t value : {std::int64_t{-1}, std::int64_t{1} << 51}) {
    EXPECT_NE(rejection([&](json& j) { j["values"].back() = value; }).find("outside"), std::string::npos);
    EXPECT_NE(rejection([&](json& j) { j["ends"].back() = value; }).find("outside"), std::string::npos);
  }
  EXPECT_NE(rejection([](json& j) { j["ends"].front() = 0; }).find("increase"), std::string::npos);
  EXPECT_NE(rejection([](json& j) { j["ends"] = json::array(), j["values"] = json::array(); }).find("one value more"),
            std::string::npos);
}

// One cell on each side is a certificate, of little.
TEST(OptimalityChecker, TakesTheShortestSurrogate) {
  EXPECT_EQ(rejection([](json& j) { j["ends"] = json::array(), j["values"] = {1000000}, j["lower"] = "-1000"; }), "");
  EXPECT_EQ(rejection([](json& j) { j["ends"] = json::array(), j["values"] = {0}, j["lower"] = "-1000"; }), "");
  EXPECT_NE(rejection([](json& j) { j["ends"] = json::array(), j["values"] = {1000000}, j["lower"] = "0"; }), "");
}

TEST(OptimalityChecker, RefusesWhatIsNoCertificate) {
  const auto refuses = [](const Tamper& tamper) {
    json j = stored(2);
    tamper(j);
    EXPECT_THROW(check_optimality(j.dump()), MalformedCertificate) << j.dump().substr(0, 400);
  };
  const json whole = stored(2);
  for (const auto& [name, value] : whole.items()) {
    if (name != "claim" && name != "theorem") refuses([&](json& j) { j.erase(name); });
  }
  for (const char* name : {"ends", "values"}) {
    refuses([&](json& j) { j[name] = 7; });
    refuses([&](json& j) { j[name].back() = "7"; });
    refuses([&](json& j) { j[name].back() = 7.5; });
    refuses([&](json& j) { j[name].back() = 1e300; });
    refuses([&](json& j) { j[name].back() = nullptr; });
  }
  for (const char* number : {"", "x", "1/0", "1.5", "1/-2", "inf"}) {
    for (const char* name : {"lower", "price", "unit"}) refuses([&](json& j) { j[name] = number; });
  }
  refuses([](json& j) { j["lower"] = 3; });
  refuses([](json& j) { j["levels"] = "4"; });
  refuses([](json& j) { j["version"] = 2; });
  refuses([](json& j) { j["format"] = "hdq-bound-certificate"; });
  for (const char* text : {"", "{", "[]", "null", "{}"})
    EXPECT_THROW(check_optimality(text), MalformedCertificate) << text;
  std::string twice = stored(2).dump();
  twice.insert(twice.find("\"lower\":"), "\"lower\":\"1\",");
  EXPECT_THROW(check_optimality(twice), MalformedCertificate);
}

TEST(OptimalityChecker, RefusesWhatWouldTakeForever) {
  json j = stored(2);
  const auto lengthen = [&](std::size_t cells) {
    j["ends"] = json::array(), j["values"] = {0};
    for (std::size_t i = 1; i < cells; ++i) j["ends"].push_back(1000 + i), j["values"].push_back(i);
  };
  lengthen(largest_surrogate + 2);
  EXPECT_THROW(check_optimality(j.dump()), MalformedCertificate);
  lengthen(3000);  // at a price that no interval is worth, every pair of cells is looked at
  j["price"] = "1000000";
  EXPECT_NE(check_optimality(j.dump()).reason.find("pairs"), std::string::npos);
  EXPECT_THROW(check_optimality(stored(2).dump() + std::string(largest_certificate, ' ')), MalformedCertificate);
}

TEST(OptimalityChecker, ReadsClaimsWithoutAProof) {
  json j = stored(2);
  j["lower"] = "1/3";
  const OptimalityVerdict claims = optimality_claims(j.dump());
  EXPECT_FALSE(claims.accepted);
  EXPECT_EQ(claims.reason, "");
  EXPECT_EQ(claims.claimed_lower, "1/3");
  EXPECT_LT(Rational(claims.lower), Rational(1, 3));
  EXPECT_EQ(claims.cells, 2 * j["values"].size());
}

}  // namespace
}  // namespace hdq::reference
