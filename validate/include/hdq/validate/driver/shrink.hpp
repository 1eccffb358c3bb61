// The smallest input that still fails: fewer rows, shorter rows, fewer nonzero coordinates, plainer numbers, smaller parameters; each step
// is kept if the same class of defect is found again.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "hdq/validate/checks/session.hpp"

namespace hdq::validate {

class Shrinker {
 public:
  using Judge = std::function<std::optional<Finding>(const Case&)>;

  Shrinker(Judge judge, std::function<Config(std::uint64_t, const Config&)> resize, double seconds)
      : judge_(std::move(judge)), resize_(std::move(resize)), deadline_(Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds))) {}

  // The case and its finding; the finding was made on it.
  std::pair<Case, Finding> operator()(Case c, Finding f);

 private:
  using Clock = std::chrono::steady_clock;
  bool fails(const Case& candidate);  // and then it becomes the best
  bool keep_one_row();
  bool shorten();
  bool zero_coordinates();
  bool plain_numbers();
  bool small_parameters();

  Judge judge_;
  std::function<Config(std::uint64_t, const Config&)> resize_;  // the configuration of another dimension
  Clock::time_point deadline_;
  Case best_;
  Finding finding_;
};

}  // namespace hdq::validate
