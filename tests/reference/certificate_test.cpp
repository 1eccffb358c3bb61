// The second checker rejects what is false and refuses what is no certificate.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "hdq/reference/bounds/certificate_checker.hpp"
#include "hdq/reference/numbers/real.hpp"
#include "run_command.hpp"
#include "temporary_directory.hpp"

namespace hdq::reference {
namespace {

using nlohmann::json;
using Tamper = std::function<void(json&)>;

json certificate(int bits = 2) {
  return json::parse(hdq::testing::read_file(HDQ_SOURCE_DIR "/data/bounds/b" + std::to_string(bits) + ".json"));
}

// field · factor
void scale(json& field, const Rational& factor) { field = Rational(parse_rational(field.get<std::string>()) * factor).str(); }
// field − |field|/100
void lower_by_a_percent(json& field) {
  scale(field, parse_rational(field.get<std::string>()) < 0 ? Rational(101, 100) : Rational(99, 100));
}

std::string rejection(const Tamper& tamper, int bits = 2) {
  json j = certificate(bits);
  tamper(j);
  const CertificateVerdict verdict = check_certificate(j.dump());
  return verdict.accepted ? "" : verdict.reason;
}

TEST(CertificateChecker, RejectsEveryLoweredCoefficient) {
  for (const int bits : {1, 2, 5}) {
    const json whole = certificate(bits);
    for (const char* name : {"constant", "quadratic", "quartic"}) {
      if (whole["majorant"][name] == "0") continue;
      EXPECT_NE(rejection([&](json& j) { lower_by_a_percent(j["majorant"][name]); }, bits), "") << bits << " " << name;
    }
    for (std::size_t i = 0; i < whole["majorant"]["cosh"].size(); ++i) {
      EXPECT_NE(rejection([&](json& j) { lower_by_a_percent(j["majorant"]["cosh"][i]["coefficient"]); }, bits), "") << bits << " cosh " << i;
      EXPECT_NE(rejection([&](json& j) { scale(j["majorant"]["cosh"][i]["s"], Rational(99, 100)); }, bits), "") << bits << " s " << i;
    }
  }
}

TEST(CertificateChecker, RejectsRaisedCoefficientsThroughTheClaim) {
  const auto exceeds = [](const Tamper& tamper, int bits) {
    return rejection(tamper, bits).find("claimed upper") != std::string::npos;
  };
  for (const int bits : {1, 3, 4}) {  // with z⁴
    const json whole = certificate(bits);
    for (const char* name : {"constant", "quadratic", "quartic"}) {
      EXPECT_TRUE(exceeds([&](json& j) { scale(j["majorant"][name], Rational(1001, 1000)); }, bits)) << bits << " " << name;
    }
    for (std::size_t i = 0; i < whole["majorant"]["cosh"].size(); ++i) {
      EXPECT_TRUE(exceeds([&](json& j) { scale(j["majorant"]["cosh"][i]["coefficient"], Rational(1001, 1000)); }, bits)) << bits << " " << i;
      EXPECT_TRUE(exceeds([&](json& j) { scale(j["majorant"]["cosh"][i]["s"], Rational(1001, 1000)); }, bits)) << bits << " " << i;
    }
  }
}

TEST(CertificateChecker, RejectsOtherParameters) {
  for (const char* name : {"sigma_squared", "kappa"}) {
    for (const Rational& factor : {Rational(99, 100), Rational(101, 100)}) {
      EXPECT_NE(rejection([&](json& j) { scale(j[name], factor); }), "") << name;
    }
  }
  EXPECT_NE(rejection([](json& j) { j["levels"] = 3; }), "");
  EXPECT_NE(rejection([](json& j) { j["levels"] = 5; }), "");
}

TEST(CertificateChecker, RejectsBetterClaims) {
  EXPECT_NE(rejection([](json& j) { scale(j["upper"], Rational(999999, 1000000)); }), "");
  EXPECT_NE(rejection([](json& j) { scale(j["lower"], Rational(1000001, 1000000)); }), "");
  EXPECT_EQ(rejection([](json& j) { scale(j["upper"], Rational(11, 10)); }), "");  // weaker is true
}

TEST(CertificateChecker, RejectsATailThatNothingCovers) {
  EXPECT_NE(rejection([](json& j) { j["tail"] = "1/4"; }), "");
  EXPECT_NE(rejection([](json& j) { j["tail"] = "1/2"; }), "");
  EXPECT_NE(rejection([](json& j) { j["tail"] = "0"; }), "");
  EXPECT_NE(rejection([](json& j) { j["tail"] = "-1/1024"; }), "");
  // A majorant so generous that only |z| → ∞ can refute it: M grows like exp(8|z|/3) at b = 2.
  const auto generous = [](const char* s) {
    return [s](json& j) {
      j["majorant"] = {{"constant", "1000"}, {"quadratic", "0"}, {"quartic", "0"}, {"exp_square", json::array()}};
      j["majorant"]["cosh"] = json::array({{{"s", s}, {"coefficient", "100"}}});
      j["upper"] = "1000000000";
    };
  };
  EXPECT_EQ(rejection(generous("3")), "");
  EXPECT_NE(rejection(generous("5/2")).find("tail"), std::string::npos);
}

TEST(CertificateChecker, RejectsTermsOutsideTheTheorem) {
  EXPECT_NE(rejection([](json& j) { j["majorant"]["quartic"] = "-1/1000000"; }), "");
  EXPECT_NE(rejection([](json& j) { j["majorant"]["cosh"][0]["coefficient"] = "-1/1000000"; }), "");
  EXPECT_NE(rejection([](json& j) { j["majorant"]["exp_square"] = json::array({{{"lambda", "1/2"}, {"coefficient", "1"}}}); }), "");
  EXPECT_NE(rejection([](json& j) { j["majorant"]["exp_square"] = json::array({{{"lambda", "1/4"}, {"coefficient", "-1"}}}); }), "");
  EXPECT_NE(rejection([](json& j) { j["kappa"] = "0"; }), "");
  EXPECT_NE(rejection([](json& j) { j["levels"] = 1; }), "");
}

TEST(CertificateChecker, RefusesWhatIsNoCertificate) {
  const auto refuses = [](const Tamper& tamper) {
    json j = certificate();
    tamper(j);
    EXPECT_THROW(check_certificate(j.dump()), MalformedCertificate) << j.dump();
  };
  const json whole = certificate();
  for (const auto& [name, value] : whole.items()) {
    if (name != "claim" && name != "theorems") refuses([&](json& j) { j.erase(name); });
  }
  for (const char* name : {"constant", "quadratic", "quartic", "cosh", "exp_square"}) {
    refuses([&](json& j) { j["majorant"].erase(name); });
  }
  for (const char* number : {"", "x", "1/0", "1/", "/2", "--1", "1.5", "0x10", "1/-2", "1 ", "1/2/3", "inf", "nan"}) {
    refuses([&](json& j) { j["upper"] = number; });
  }
  refuses([](json& j) { j["upper"] = 4; });
  refuses([](json& j) { j["levels"] = "4"; });
  refuses([](json& j) { j["levels"] = 4.5; });
  refuses([](json& j) { j["version"] = 2; });
  refuses([](json& j) { j["majorant"]["cosh"] = "1"; });
  refuses([](json& j) { j["majorant"]["cosh"][0] = 7; });
  for (const char* text : {"", "{", "[]", "null", "7", "\"certificate\"", "{}"}) {
    EXPECT_THROW(check_certificate(text), MalformedCertificate) << text;
  }
}

// Of equal keys a JSON library keeps the last, and a reader may see the first.
TEST(CertificateChecker, RefusesAKeyGivenTwice) {
  const std::string text = certificate().dump();
  for (const char* key : {"\"upper\":", "\"levels\":", "\"constant\":"}) {
    std::string twice = text;
    twice.insert(twice.find(key), std::string(key) + "\"7\",");
    EXPECT_THROW(check_certificate(twice), MalformedCertificate) << twice;
  }
}

TEST(CertificateChecker, RefusesWhatWouldTakeForever) {
  json j = certificate();
  for (std::size_t i = 0; i <= largest_term_count; ++i) j["majorant"]["cosh"].push_back({{"s", "1/3"}, {"coefficient", "1/1000000"}});
  EXPECT_THROW(check_certificate(j.dump()), MalformedCertificate);
  EXPECT_THROW(check_certificate(certificate().dump() + std::string(largest_certificate, ' ')), MalformedCertificate);
}

// 1/3 is no binary number: the ends shown lie outside of what is claimed.
TEST(CertificateChecker, ShowsClaimsRoundedOutward) {
  json j = certificate();
  j["lower"] = "1/3";
  j["upper"] = "20/3";
  const CertificateVerdict verdict = check_certificate(j.dump());
  EXPECT_TRUE(verdict.accepted) << verdict.reason;
  EXPECT_LT(Rational(verdict.lower), Rational(1, 3));
  EXPECT_GT(Rational(verdict.upper), Rational(20, 3));
  EXPECT_EQ(verdict.sigma_squared, j["sigma_squared"]);
  EXPECT_EQ(verdict.kappa, j["kappa"]);
}

TEST(VerifyCertificateCommand, RefusesWhatEndsNowhere) {
  for (const char* path : {"/dev/zero", "/dev/stdin", "/"}) {
    const auto result = hdq::testing::run_hdq(std::string("verify-certificate ") + path + " </dev/zero");
    EXPECT_EQ(result.exit_code, 3) << result.output;
    EXPECT_NE(result.output.find(path), std::string::npos) << result.output;
  }
}

TEST(VerifyCertificateCommand, NamesTheQuantizerAndRoundsOutward) {
  const hdq::testing::TemporaryDirectory directory;
  json j = certificate();
  j["lower"] = "200000001/100000000";
  j["upper"] = "500000001/100000000";
  hdq::testing::overwrite_file(directory / "c.json", j.dump());
  const auto result = hdq::testing::run_hdq("verify-certificate '" + directory / "c.json" + "'");
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_NE(result.output.find("sigma^2 = " + j["sigma_squared"].get<std::string>() + ", kappa = " + j["kappa"].get<std::string>() +
                               ": 2.000000 <= sup N^2 MSE <= 5.000001"),
            std::string::npos)
      << result.output;
}

TEST(VerifyCertificateCommand, SaysSoInItsExitStatusAndOneLine) {
  const hdq::testing::TemporaryDirectory directory;
  const auto run = [&](const std::string& text) {
    hdq::testing::overwrite_file(directory / "c.json", text);
    return hdq::testing::run_hdq("verify-certificate '" + directory / "c.json" + "'");
  };
  const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  json tampered = certificate();
  lower_by_a_percent(tampered["majorant"]["cosh"][1]["coefficient"]);
  const auto accepted = run(certificate().dump()), rejected = run(tampered.dump()), malformed = run("{}");
  EXPECT_EQ(accepted.exit_code, 0) << accepted.output;
  EXPECT_EQ(rejected.exit_code, 1) << rejected.output;
  EXPECT_EQ(malformed.exit_code, 3) << malformed.output;
  for (const auto& result : {accepted, rejected, malformed}) EXPECT_EQ(lines(result.output), 1) << result.output;
  EXPECT_EQ(hdq::testing::run_hdq("verify-certificate '" + directory / "none.json" + "'").exit_code, 3);
}

}  // namespace
}  // namespace hdq::reference
