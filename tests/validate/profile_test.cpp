// Shipped profiles (docs/profiles.md): each is well-formed and has a correct kernel in numpy that is valid; each of the kernels' faults is
// found, and named by the class that faults.json gives. HDQ_VALIDATE_FULL=1 judges all of them; otherwise one in five.
#include "hdq/reference/profile/profile.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "hdq/reference/profile/profile_judge.hpp"
#include "hdq/validate/driver/validator.hpp"
#include "hdq/validate/subject/pipe_subject.hpp"
#include "json_schema.hpp"

namespace hdq::validate {
namespace {

using nlohmann::ordered_json;
using reference::shipped_profiles;

// Debian's Python, which has Debian's numpy.
const std::string python = "/usr/bin/python3";
const std::string kernels = std::string(HDQ_SOURCE_DIR) + "/tests/kernels/profiles/kernels.py";

// What this file is about; the other checks are those of every kernel.
const std::vector<std::string> profile_checks = {"profile-data",   "profile-transform", "profile-transposed", "profile-pack",
                                                 "profile-encode", "profile-decode",    "profile-dot"};

Verdict judge(const std::string& profile, const std::string& fault, std::uint64_t seed = 1) {
  std::vector<std::string> command = {python, kernels, profile};
  if (!fault.empty()) command.insert(command.end(), {"--fault", fault});
  PipeSubject subject(command, std::chrono::milliseconds(20000));
  Options options;
  options.level = Level::quick;
  options.output_directory.clear();
  options.only = profile_checks;
  options.seed = seed;
  options.profile = profile;
  options.fail_fast = true;
  return validate(subject, options);
}

ordered_json read_json(const std::string& path) { return ordered_json::parse(std::ifstream(std::string(HDQ_SOURCE_DIR) + path)); }

// (40000, -40000, 0, …): its transform is 0 and 80000 by turns, and sums of magnitudes leave float16.
TEST(ProfileJudge, AllowsWhatAnOverflowWithinATransformDoes) {
  const reference::BallThread balls;
  const reference::Profile profile = reference::profile_of(
      R"({"profile": 1, "name": "h", "source": "test", "about": "test", "dimension": {"power_of_two": true},
          "rotation": [{"hadamard": "whole"}], "inverse": "none", "arithmetic": {"rotation": "f16", "additions": "butterfly"}})");
  const reference::ProfileJudge judge(profile, 8, 8, {});
  const std::vector<float> large{40000, -40000, 0, 0, 0, 0, 0, 0}, small{4, -4, 0, 0, 0, 0, 0, 0}, nans(8, NAN),
      zeros(8);
  EXPECT_TRUE(judge.judge_rotation(large.data(), nans.data()).right());
  EXPECT_TRUE(judge.judge_rotation_back(large.data(), nans.data()).right());
  EXPECT_FALSE(judge.judge_rotation(small.data(), nans.data()).right());
  EXPECT_FALSE(judge.judge_rotation_back(small.data(), nans.data()).right());
  EXPECT_FALSE(judge.judge_rotation(small.data(), zeros.data()).right());
}

bool full() { return std::getenv("HDQ_VALIDATE_FULL") != nullptr; }

// Runs f(i) for i below count on all cores; f returns what is wrong, or nothing.
std::vector<std::string> on_all_cores(std::size_t count, const std::function<std::string(std::size_t)>& f) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::vector<std::string> wrong;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < std::max(1u, std::thread::hardware_concurrency()); ++t) {
    threads.emplace_back([&] {
      const reference::BallThread balls;
      for (std::size_t i = next++; i < count; i = next++) {
        const std::string what = f(i);
        const std::lock_guard lock(mutex);
        if (!what.empty()) wrong.push_back(what);
      }
    });
  }
  for (std::thread& t : threads) t.join();
  return wrong;
}

TEST(Profiles, SatisfyTheirSchemaAndParse) {
  const ordered_json schema_file = read_json("/data/profiles/profile.schema.json");
  testing::JsonSchema schema(schema_file);
  EXPECT_GE(shipped_profiles().size(), 30u);
  for (const reference::ShippedProfile& shipped : shipped_profiles()) {
    EXPECT_EQ(schema.violation(ordered_json::parse(shipped.json)), "") << shipped.name;
    const reference::Profile profile = reference::parse_profile(shipped.json);
    EXPECT_EQ(profile.name, shipped.name);
    EXPECT_FALSE(profile.source.empty()) << shipped.name;
  }
}

TEST(Profiles, WhatIsNoneIsRefusedInOneLine) {
  const char* bad[] = {
      "",
      "[]",
      "{}",
      R"({"profile": 2, "name": "x"})",
      R"({"profile": 1})",
      R"({"profile": 1, "name": "x", "colour": 1})",
      R"({"profile": 1, "name": "x", "rotation": [{"signs": "s"}]})",
      R"({"profile": 1, "name": "x", "rotation": [{"hadamard": "some"}]})",
      R"({"profile": 1, "name": "x", "bits": [9]})",
      R"({"profile": 1, "name": "x", "codebook": {}})",
      R"({"profile": 1, "name": "x", "scale": {"format": "f12"}})",
      R"({"profile": 1, "name": "x", "data": {"s": {"kind": "signs", "values": [1, null]}}})",
  };
  for (const char* text : bad) {
    try {
      reference::parse_profile(text);
      ADD_FAILURE() << text;
    } catch (const reference::BadProfile& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
  }
}

TEST(Profiles, CorrectKernelsAreValid) {
  const auto wrong = on_all_cores(shipped_profiles().size(), [](std::size_t i) -> std::string {
    const char* name = shipped_profiles()[i].name;
    const Verdict verdict = judge(name, "");
    std::size_t judged = 0;
    for (const CheckResult& check : verdict.checks) judged += check.status == CheckResult::Status::passed;
    if (judged < 1) return std::string(name) + ": too little was judged";
    return verdict.valid() ? "" : text_report(verdict);
  });
  for (const std::string& what : wrong) ADD_FAILURE() << what;
}

TEST(Profiles, FaultsAreFoundAndNamed) {
  ordered_json faults = read_json("/tests/kernels/profiles/faults.json");
  std::vector<ordered_json> chosen;
  for (std::size_t i = 0; i < faults.size(); ++i) {
    if (faults[i]["stage"] != "audit" && (full() || i % 5 == 0)) chosen.push_back(faults[i]);
  }
  const auto wrong = on_all_cores(chosen.size(), [&](std::size_t i) -> std::string {
    const std::string profile = chosen[i]["profile"], fault = chosen[i]["fault"], expected = chosen[i]["class"];
    const Verdict verdict = judge(profile, fault);
    if (verdict.valid()) return profile + "/" + fault + " is valid";
    const std::string got = verdict.findings().front()->defect;
    return got == expected ? "" : profile + "/" + fault + ": " + got + ", should be " + expected + "\n" + text_report(verdict);
  });
  for (const std::string& what : wrong) ADD_FAILURE() << what;
}

// Every profile has a fault, and every fault a profile.
TEST(Profiles, FaultsCoverEveryProfile) {
  std::set<std::string> names, covered;
  for (const auto& shipped : shipped_profiles()) names.insert(shipped.name);
  for (const auto& fault : read_json("/tests/kernels/profiles/faults.json")) covered.insert(fault["profile"].get<std::string>());
  EXPECT_EQ(names, covered);
}

}  // namespace
}  // namespace hdq::validate
