// Verdicts in parts: that of two processes is the one that a single process makes, whatever happens to the second; and what a check makes up
// does not depend on the others.
#include "hdq/validate/driver/part.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>

#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/subject/side_process.hpp"

namespace hdq::validate {
namespace {

enum class Fault { none, rows, large, rows_then_no_memory, no_memory };

// A scheme of its own without loss: x̂ = x. With a fault, that of the third row of more is 0, or that of large rows;
// or hdq has no memory for one of the answers, a late one, or early.
class Lossless final : public Subject {
 public:
  explicit Lossless(Fault fault) : fault_(fault) {
    info_.name = "lossless";
    info_.bit_widths = all_bit_widths;
    info_.operations = 1u << static_cast<std::uint32_t>(Operation::reconstruct);
  }
  const SubjectInfo& info() const override { return info_; }
  void restart() override {}
  std::string command_line() const override { return "lossless"; }

  Reply call(const Request& r) override {
    ++calls;
    if (!r.inputs.empty()) last_input.assign(r.inputs[0].begin(), r.inputs[0].end());
    if (r.config.dimension == 37) return failure_of(Outcome::unsupported, "");
    Reply reply;
    reply.outputs.emplace_back(r.inputs[0].begin(), r.inputs[0].end());
    std::uint8_t* const out = reply.outputs[0].data();
    if (fault_ == Fault::no_memory && calls == 30) throw std::bad_alloc();
    if (fault_ == Fault::rows_then_no_memory && calls == 300) throw std::bad_alloc();
    if ((fault_ == Fault::rows || fault_ == Fault::rows_then_no_memory) && r.rows > 2)
      std::memset(out + 2 * r.config.dimension * 4, 0, r.config.dimension * 4);
    if (fault_ == Fault::large && r.rows > 0) wrong_if_large(out, r);
    return reply;
  }

  std::uint64_t calls = 0;
  std::vector<std::uint8_t> last_input;

 private:
  static void wrong_if_large(std::uint8_t* out, const Request& r) {
    for (std::size_t i = 0; i + 4 <= r.inputs[0].size(); i += 4) {
      float value;
      std::memcpy(&value, out + i, 4);
      if (std::abs(value) > 0x1p20f) out[i + 2] ^= 0x40;
    }
  }

  SubjectInfo info_;
  Fault fault_;
};

Options quick_options() {
  Options options;
  options.level = Level::quick;
  options.output_directory.clear();
  options.skip = {"bad-input"};
  options.seconds = 20;  // more than it takes: nothing is left out
  return options;
}

using OpenAnother = std::function<std::unique_ptr<Subject>()>;

// What does not depend on time.
std::string summary(const Verdict& v) {
  std::string text = std::string(judgement_name(v.judgement())) + "\n";
  for (const CheckResult& c : v.checks) {
    text += c.name + " " + std::to_string(static_cast<int>(c.status)) + " " + std::to_string(c.calls) + " " +
            std::to_string(c.judged) + "\n";
    for (const Finding& f : c.findings)
      text += f.check + " " + f.defect + " " + f.what + " " + f.replay + " " + std::to_string(f.count) + "\n";
  }
  for (const Estimate& e : v.estimates) text += e.vector + " " + std::to_string(e.seeds) + "\n";
  for (const std::string& declined : v.unsupported) text += declined + "\n";
  for (const std::string& remark : v.remarks) text += remark + "\n";
  return text;
}

struct Judged {
  std::string verdict;
  std::uint64_t calls_here;
};

Judged judged(Fault fault, const OpenAnother& open_another, bool fail_fast = false) {
  Lossless kernel(fault);
  Options options = quick_options();
  options.fail_fast = fail_fast;
  const Verdict verdict = validate(kernel, options, std::nullopt, open_another);
  return {summary(verdict), kernel.calls};
}

class TwoProcesses : public ::testing::TestWithParam<Fault> {};

TEST_P(TwoProcesses, MakeTheVerdictOfOne) {
  const Fault fault = GetParam();
  const Judged alone = judged(fault, nullptr);
  const Judged both = judged(fault, [&] { return std::make_unique<Lossless>(fault); });
  EXPECT_EQ(both.verdict, alone.verdict);
  EXPECT_LT(both.calls_here, alone.calls_here);
  EXPECT_EQ(alone.verdict.starts_with("valid\n"), fault == Fault::none) << alone.verdict;
  EXPECT_NE(alone.verdict.find("n = 37"), std::string::npos) << "what was declined: " << alone.verdict;
}

TEST_P(TwoProcesses, OrOneWhereTheOtherDoesNotOpen) {
  const Fault fault = GetParam();
  const Judged alone = judged(fault, nullptr);
  const Judged refused = judged(fault, []() -> std::unique_ptr<Subject> { throw std::runtime_error("once only"); });
  EXPECT_EQ(refused.verdict, alone.verdict);
  EXPECT_EQ(refused.calls_here, alone.calls_here);
}

TEST_P(TwoProcesses, OrOneWhereTheOtherIsEnded) {
  const Fault fault = GetParam();
  const Judged ended = judged(fault, []() -> std::unique_ptr<Subject> {
    ::raise(SIGKILL);
    return nullptr;
  });
  EXPECT_EQ(ended.verdict, judged(fault, nullptr).verdict);
}

INSTANTIATE_TEST_SUITE_P(Faults, TwoProcesses, ::testing::Values(Fault::none, Fault::rows, Fault::large));

// Memory that hdq lacks is no fault of the kernel's, and what was not judged is not valid.
TEST(Unfinished, IsNeitherValidNorTheKernelsFault) {
  Lossless kernel(Fault::no_memory);
  const Verdict verdict = validate(kernel, quick_options());
  EXPECT_EQ(verdict.judgement(), Judgement::not_judged);
  EXPECT_EQ(verdict.exit_code(), 4);
  ASSERT_NE(verdict.unfinished(), nullptr);
  const std::string why = "the check " + verdict.unfinished()->name + " did not finish: std::bad_alloc";
  EXPECT_NE(text_report(verdict).find("\nNOT JUDGED: " + why), std::string::npos) << text_report(verdict);
  EXPECT_NE(json_report(verdict).find(R"("status":"unfinished")"), std::string::npos) << json_report(verdict);
  EXPECT_NE(junit_report(verdict).find(R"(<error type="unfinished" message="std::bad_alloc"/>)"), std::string::npos);
}

TEST(Unfinished, KeepsWhatWasFound) {
  Lossless kernel(Fault::rows_then_no_memory);
  const Verdict verdict = validate(kernel, quick_options());
  EXPECT_EQ(verdict.judgement(), Judgement::invalid);
  EXPECT_EQ(verdict.exit_code(), 1);
  EXPECT_NE(verdict.unfinished(), nullptr);
}

TEST(TwoProcesses, StopAtTheFirstFinding) {
  const Judged alone = judged(Fault::large, nullptr, true);
  const Judged both = judged(
      Fault::large, [] { return std::make_unique<Lossless>(Fault::large); }, true);
  EXPECT_EQ(both.verdict, alone.verdict);
  EXPECT_EQ(both.verdict.find("audit"), std::string::npos) << both.verdict;
}

TEST(Inputs, OfACheckDoNotDependOnTheChecksBefore) {
  Lossless alone(Fault::none), after_others(Fault::none);
  Options options = quick_options();
  options.only = {"drift"};
  validate(alone, options);
  options.only = {"repeat", "variants", "drift"};
  validate(after_others, options);
  EXPECT_LT(alone.calls, after_others.calls);
  EXPECT_EQ(alone.last_input, after_others.last_input);
}

TEST(Inputs, AreFinite) {
  // States from which a pair of normal numbers that are both 0 comes.
  for (const std::uint64_t seed : {1183u, 4923u, 5398u}) {
    std::mt19937_64 random(seed);
    std::vector<float> x;
    append_vector(Family::heavy_tailed, {4096, 4096, 0, 1, 1, 0, 0}, random, x);
    EXPECT_TRUE(std::all_of(x.begin(), x.end(), [](float v) { return std::isfinite(v); })) << seed;
  }
}

// ---- bytes ----

Part all_fields() {
  Finding f;
  f.defect = "crash", f.stage = Stage::audit, f.check = "audit", f.what = std::string("\xFF\0x\u0302", 6);
  f.config = {7, 8, UINT64_MAX, 3, 4, 5, 0x1.8p-10f};
  f.row = UINT64_MAX - 1, f.divergence = Divergence{9, "a", "b", std::numeric_limits<double>::infinity(), 0x1p-1074};
  f.input_file = "in.npy", f.replay = "again", f.count = 11, f.ended_process = true;
  f.input = {1.5f, -0.0f}, f.row_values = {{1.0}, {2.0, std::numeric_limits<double>::quiet_NaN()}, {3.0}};
  f.first_seen = {{4.0}, {5.0}, {6.0}};
  CheckResult c{"audit", CheckResult::Status::failed, "why", 1.5, 12, 0x80000001u, {f, Finding{}}};
  Estimate e{"one-hot",
             f.config,
             "route",
             13,
             Measured{1, 2},
             std::nullopt,
             Measured{-0.0, 3},
             0.1,
             std::numeric_limits<double>::quiet_NaN()};
  return {{c, CheckResult{}}, {"declined"}, {"note"}, {e}, {{"rows", {14, 15}}}, "unwritten"};
}

TEST(PartBytes, ComeBackAsTheyWere) {
  const std::string bytes = bytes_of_part(all_fields());
  const Part part = part_of_bytes(bytes);
  EXPECT_EQ(bytes_of_part(part), bytes);
  ASSERT_EQ(part.checks.size(), 2u);
  EXPECT_EQ(part.checks[0].status, CheckResult::Status::failed);
  EXPECT_EQ(part.checks[0].judged, 0x80000001u);
  const Finding &f = part.checks[0].findings.at(0), as_it_was = all_fields().checks[0].findings[0];
  EXPECT_EQ(f.what, as_it_was.what);
  EXPECT_EQ(f.stage, Stage::audit);
  EXPECT_EQ(f.config.seed, UINT64_MAX);
  EXPECT_EQ(f.config.step, 0x1.8p-10f);
  EXPECT_EQ(f.divergence->bound_ulp, 0x1p-1074);
  EXPECT_TRUE(f.ended_process);
  EXPECT_EQ(f.input, (std::vector<float>{1.5f, -0.0f}));
  EXPECT_EQ(f.row_values.got, std::vector<double>{1.0});
  EXPECT_TRUE(std::isnan(f.row_values.expected.at(1)));
  EXPECT_EQ(f.row_values.bound, std::vector<double>{3.0});
  EXPECT_EQ(f.first_seen.bound, std::vector<double>{6.0});
  EXPECT_FALSE(part.checks[0].findings.at(1).divergence);
  EXPECT_TRUE(std::isnan(part.estimates.at(0).smallest_bias));
  EXPECT_TRUE(std::signbit(part.estimates[0].dot->value));
  EXPECT_FALSE(part.estimates[0].error);
  EXPECT_EQ(part.left_out.at("rows").of, 15u);
  EXPECT_EQ(part.unwritten, "unwritten");
}

TEST(PartBytes, AreRefusedWhereTheyAreCut) {
  const std::string bytes = bytes_of_part(all_fields());
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_THROW(part_of_bytes(bytes.substr(0, length)), std::exception) << length;
}

// ---- the process ----

TEST(SideProcess, GivesWhatItComputed) {
  const std::string large(1 << 20, 'x');  // more than a pipe holds
  EXPECT_EQ(SideProcess([&] { return large; }).result(), large);
  EXPECT_EQ(SideProcess([] { return std::string(); }).result(), "");
}

TEST(SideProcess, GivesNothingWhereItFails) {
  EXPECT_EQ(SideProcess([]() -> std::string { throw std::runtime_error("no"); }).result(), std::nullopt);
  EXPECT_EQ(SideProcess([]() -> std::string { ::_exit(0); }).result(), std::nullopt);
}

TEST(SideProcess, HoldsNoDescriptorOfItsOwner) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  SideProcess process([]() -> std::string {
    for (;;) ::pause();
  });
  ::close(ends[1]);
  pollfd watched{ends[0], POLLIN, 0};
  EXPECT_EQ(::poll(&watched, 1, 20000), 1) << "the other end is still open";
  ::close(ends[0]);
}

TEST(SideProcess, IsEndedWithItsOwner) {
  void* const shared =
      ::mmap(nullptr, sizeof(std::atomic<pid_t>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  auto* const process = new (shared) std::atomic<pid_t>(0);
  {
    SideProcess side([&]() -> std::string {
      *process = ::getpid();
      for (;;) ::pause();
    });
    while (*process == 0) ::sched_yield();
    EXPECT_EQ(::kill(*process, 0), 0);
  }
  EXPECT_NE(::kill(*process, 0), 0) << "it lives, or was not reaped";
  ::munmap(shared, sizeof(std::atomic<pid_t>));
}

}  // namespace
}  // namespace hdq::validate
