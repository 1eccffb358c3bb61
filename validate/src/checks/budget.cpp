#include "hdq/validate/checks/budget.hpp"

#include <algorithm>

#include "hdq/validate/subject/contained_process.hpp"

namespace hdq::validate {

double Budget::used() {
  const auto now = Clock::now();
  // To look takes a tenth of a millisecond.
  if (now >= next_look_) {
    off_ = waited() - waited_;
    next_look_ = now + std::chrono::milliseconds(50);
  }
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  // Two that wait at once do not wait twice as long.
  return elapsed - std::clamp(off_, 0.0, (1 - 1.0 / most_slowdown) * elapsed);
}

double Budget::waited() const { return waited_for_processor("/proc/self") + session_.waited_for_processor(); }

}  // namespace hdq::validate
