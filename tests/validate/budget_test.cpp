// Checks that do as much as they have time for: what is left out is said, and time that other processes took does not count.
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "hdq/reference/scheme/hadamard.hpp"
#include "hdq/validate/driver/validator.hpp"
#include "hdq/validate/subject/contained_process.hpp"
#include "hdq/validate/subject/side_process.hpp"

namespace hdq::validate {
namespace {

using Seconds = std::chrono::duration<double>;

// transform, which copies: takes its time for calls of `slow_from` rows and more.
class SlowKernel final : public Subject {
 public:
  SlowKernel(double seconds, std::uint64_t slow_from) : seconds_(seconds), slow_from_(slow_from) {
    info_.name = "slow";
    info_.bit_widths = all_bit_widths;
    info_.operations = 1u << static_cast<std::uint32_t>(Operation::transform);
  }
  const SubjectInfo& info() const override { return info_; }
  void restart() override {}
  std::string command_line() const override { return "slow"; }
  double waited_for_processor() const override { return others_work ? slept_ : 0; }

  Reply call(const Request& r) override {
    if (r.rows >= slow_from_) {
      const auto start = std::chrono::steady_clock::now();
      std::this_thread::sleep_for(Seconds(seconds_));
      slept_ += Seconds(std::chrono::steady_clock::now() - start).count();
    }
    Reply reply;
    reply.outputs.emplace_back(r.output_bytes.at(0));
    for (std::size_t row = 0; row < r.rows; ++row)
      std::memcpy(reply.outputs[0].data() + row * r.config.order * 4, r.inputs[0].data() + row * r.config.dimension * 4,
                  r.config.dimension * 4);
    return reply;
  }

  bool others_work = false;  // while it takes its time

 private:
  SubjectInfo info_;
  double seconds_, slept_ = 0;
  std::uint64_t slow_from_;
};

std::vector<std::string> remarks(SlowKernel& kernel, const char* check, std::uint64_t dimension, std::size_t rows) {
  Options options;
  options.level = Level::quick;
  options.only = {check};
  options.output_directory = "";
  Case c;
  c.config.dimension = dimension;
  c.config.order = reference::hadamard_order(dimension).order;
  c.config.bits = 4;
  for (std::size_t i = 0; i < rows * dimension; ++i) c.x.push_back(static_cast<float>(i % 7) - 3);
  const Verdict verdict = validate(kernel, options, c);
  EXPECT_TRUE(verdict.findings().empty());
  return verdict.remarks;
}

TEST(Budget, RowsThatAreLeftOutAreCounted) {
  SlowKernel kernel(0.15, 2);
  const std::vector<std::string> said = remarks(kernel, "rows", 5, 12);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_TRUE(said[0].starts_with("left out for want of time: ")) << said[0];
  EXPECT_TRUE(said[0].ends_with(" of 23 numbers of rows (rows)")) << said[0];
}

TEST(Budget, TimeOfOtherProcessesDoesNotCount) {
  SlowKernel kernel(0.15, 2);
  kernel.others_work = true;
  EXPECT_TRUE(remarks(kernel, "rows", 5, 12).empty());
}

TEST(Budget, OrdersOfCallsThatAreLeftOutAreCounted) {
  SlowKernel kernel(0.022, 1);
  const std::vector<std::string> said = remarks(kernel, "repeat", 12, 2);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0], "left out for want of time: 12 of 12 orders of calls (repeat)");
}

// The first of those that this process may run on: not every machine lets it have number 0.
void stay_on_one_processor() {
  cpu_set_t allowed, one;
  CPU_ZERO(&one);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  int first = 0;
  while (!CPU_ISSET(first, &allowed)) ++first;
  CPU_SET(first, &one);
  ::sched_setaffinity(0, sizeof one, &one);
}

// A call of at most 0.4 s, of a process that does `work`: how long it takes until it is over, and how long of that others ran.
struct Over {
  double seconds, waited;
};
Over until_over(const std::function<void()>& work) {
  const ContainedProcess process({}, -1, work);
  CallDeadline deadline(process, std::chrono::milliseconds(400));
  const auto start = std::chrono::steady_clock::now();
  while (!deadline.over()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return {Seconds(std::chrono::steady_clock::now() - start).count(), process.waited_for_processor()};
}

TEST(CallDeadline, CountsTimeInWhichTheProcessRunsOrSleeps) {
  EXPECT_GE(until_over([] { ::pause(); }).seconds, 0.4);
  EXPECT_LT(until_over([] { ::pause(); }).seconds, 4.8) << "it waits for nothing but a signal";
}

TEST(CallDeadline, DoesNotCountTimeInWhichOthersRun) {
  if (!std::filesystem::exists("/proc/self/schedstat")) GTEST_SKIP() << "the system does not tell who waits";
  const auto spin = [] {
    stay_on_one_processor();
    for (volatile std::uint64_t turns = 0;;) turns = turns + 1;
  };
  std::vector<std::unique_ptr<SideProcess>> others;
  for (int i = 0; i < 3; ++i) {
    others.push_back(std::make_unique<SideProcess>([&]() -> std::string {
      spin();
      return "";
    }));
  }
  // How much of the processor the others leave it is the scheduler's affair; that what they take is not counted is ours.
  const auto [seconds, waited] = until_over(spin);
  EXPECT_GT(waited, 0.02) << "three others on the same processor";
  EXPECT_GE(seconds - waited, 0.3) << seconds;
  EXPECT_LT(seconds, 0.4 * most_slowdown + 4);
}

TEST(Budget, NothingIsSaidWhereNothingIsLeftOut) {
  SlowKernel kernel(0, 1);
  EXPECT_TRUE(remarks(kernel, "rows", 5, 12).empty());
  EXPECT_TRUE(remarks(kernel, "repeat", 12, 2).empty());
}

}  // namespace
}  // namespace hdq::validate
