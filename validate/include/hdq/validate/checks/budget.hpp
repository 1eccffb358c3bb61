// The time of a check that does as much as it has time for.
#pragma once

#include <chrono>

#include "hdq/validate/checks/session.hpp"

namespace hdq::validate {

// Time in which the validator or the kernel worked: that in which they were ready to and other processes did does not count, so that a
// verdict does not depend on the load.
class Budget {
 public:
  Budget(const Session& s, double seconds) : session_(s), start_(Clock::now()), waited_(waited()), seconds_(seconds) {}
  double used();  // seconds since the budget was made
  double share() { return used() / seconds_; }
  bool over() { return used() >= seconds_; }

 private:
  using Clock = std::chrono::steady_clock;
  double waited() const;

  const Session& session_;
  Clock::time_point start_, next_look_{};
  double waited_, off_ = 0, seconds_;
};

}  // namespace hdq::validate
