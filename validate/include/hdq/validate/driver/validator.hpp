// Runs the checks on a kernel, shrinks what fails, and reports.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hdq/validate/checks/session.hpp"

namespace hdq::validate {

struct CheckResult {
  std::string name;
  // unfinished: hdq itself could not go on, memory was short, say; what the check found before stands.
  enum class Status { passed, failed, skipped, unfinished } status = Status::skipped;
  std::string reason;  // of skipping, or of not finishing
  double seconds = 0;
  std::uint64_t calls = 0;
  std::uint32_t judged = 0;  // bit (1 << operation): its values were judged
  std::vector<Finding> findings;
};

// not_judged: nothing was found, but no operation's values were looked at either, or a check is unfinished.
enum class Judgement { valid, invalid, not_judged };
const char* judgement_name(Judgement judgement);  // "valid", "invalid", "not judged"

struct Verdict {
  SubjectInfo subject;
  bool under_profile = false;
  std::string command_line;
  std::vector<CheckResult> checks;
  std::vector<std::string> unsupported;  // what the kernel declined, "encode: n = 7, b = 3"
  std::vector<Estimate> estimates;       // of the audit
  std::vector<std::string> remarks;
  double seconds = 0;
  std::string unwritten;                 // why the first failing input that could not be written was not; empty if all were

  Judgement judgement() const;
  bool valid() const { return judgement() == Judgement::valid; }
  bool ended_process() const;
  const CheckResult* unfinished() const;         // the first check that is; null if there is none
  std::vector<const Finding*> findings() const;  // in the order of the checks
  std::vector<Operation> judged() const;         // operations whose values were judged
  std::vector<Operation> not_judged() const;     // operations that the kernel offers, and were not
  int exit_code() const;                         // 0 valid, 1 invalid, 3 invalid and crashed or hung, 4 not judged
};

std::vector<std::string> check_names();
// Throws std::invalid_argument for a name in only or skip that is none. `input`: rows to judge instead of the checks' own.
// open_another, where it is given: opens the kernel once more, for the checks that take long, which another process then judges at the same
// time; the verdict is put together as if one had followed the other, which is what happens where there is no other process.
Verdict validate(Subject& subject, const Options& options, const std::optional<Case>& input = std::nullopt,
                 const std::function<std::unique_ptr<Subject>()>& open_another = nullptr);

std::string text_report(const Verdict& verdict);
std::string json_report(const Verdict& verdict);
std::string junit_report(const Verdict& verdict);

}  // namespace hdq::validate
