// Runs the checks on a kernel, shrinks what fails, and reports.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "hdq/validate/checks/session.hpp"

namespace hdq::validate {

struct CheckResult {
  std::string name;
  enum class Status { passed, failed, skipped } status = Status::skipped;
  std::string reason;  // of skipping
  double seconds = 0;
  std::uint64_t calls = 0;
  std::vector<Finding> findings;
};

struct Verdict {
  SubjectInfo subject;
  std::string command_line;
  std::vector<CheckResult> checks;
  std::vector<std::string> unsupported;  // what the kernel declined
  double seconds = 0;
  std::string unwritten;                 // why the first failing input that could not be written was not; empty if all were

  bool valid() const;
  bool ended_process() const;
  std::vector<const Finding*> findings() const;  // in the order of the checks
  int exit_code() const { return ended_process() ? 3 : valid() ? 0 : 1; }
};

std::vector<std::string> check_names();
// Throws std::invalid_argument for a name in only or skip that is none. `input`: rows to judge instead of the checks' own.
Verdict validate(Subject& subject, const Options& options, const std::optional<Case>& input = std::nullopt);

std::string text_report(const Verdict& verdict);
std::string json_report(const Verdict& verdict);
std::string junit_report(const Verdict& verdict);

}  // namespace hdq::validate
