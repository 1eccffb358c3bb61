#include "hdq/validate/driver/validator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "hdq/io/vector_writer.hpp"
#include "hdq/types.hpp"
#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/driver/shrink.hpp"

namespace hdq::validate {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

bool listed(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A 2-D float32 .npy file.
void write_npy(const std::string& path, const Case& c) {
  io::VectorWriter out(path, c.rows(), c.config.dimension);
  out.append(c.x.data(), c.rows());
  out.commit();
}

class Runner {
 public:
  Runner(Subject& subject, const Options& options, const std::optional<Case>& input) : session_(subject, options), options_(options), input_(input) {}

  const std::string& unwritten() const { return unwritten_; }

  CheckResult run(const Check& check) {
    CheckResult result;
    result.name = check.name;
    const auto start = Clock::now();
    const std::uint64_t calls = session_.calls();
    if (!wanted(check, result.reason)) return result;
    declined_ = answered_ = false;
    check_ = &check;
    result_ = &result;
    if (check.judge != nullptr) run_cases(check);
    else run_whole(check);
    // What a class explains comes before what none does.
    std::stable_partition(result.findings.begin(), result.findings.end(), [](const Finding& f) { return !f.defect.starts_with("wrong-"); });
    result.seconds = seconds_since(start);
    result.calls = session_.calls() - calls;
    if (!result.findings.empty()) {
      result.status = CheckResult::Status::failed;
    } else if (declined_ && !answered_) {
      result.reason = "the kernel declines every case";
    } else {
      result.status = CheckResult::Status::passed;
    }
    return result;
  }

  bool stop() const { return hangs_ >= 2 || (options_.fail_fast && found_); }
  const Session& session() const { return session_; }

 private:
  bool wanted(const Check& check, std::string& reason) const {
    if (!options_.only.empty() && !listed(options_.only, check.name)) reason = "not in --only";
    else if (listed(options_.skip, check.name)) reason = "in --skip";
    else if (!check.applies(session_)) reason = session_.conformant() ? "not offered" : "not offered, or not comparable for a scheme of its own";
    else if (input_ && check.judge == nullptr) reason = "takes no input";
    else if (hangs_ >= 2) reason = "the kernel hangs";
    else return true;
    return false;
  }

  void run_whole(const Check& check) {
    try {
      check.run(session_, [&](Finding f) { add(std::move(f)); });
      answered_ = true;
    } catch (const Trouble& trouble) {
      handle(trouble);
    }
  }

  void run_cases(const Check& check) {
    const std::vector<Case> cases = input_ ? std::vector<Case>{*input_} : check.cases(session_);
    int failures = 0;
    for (const Case& c : cases) {
      std::optional<Finding> f = judge(c);
      if (!f) continue;
      if (Finding* same = find(f->defect)) {
        ++same->count;
      } else {
        shrink_and_add(c, std::move(*f));
      }
      // A few failures tell enough; every restart of a process costs time.
      if (++failures >= 12 || result_->findings.size() >= 4 || hangs_ >= 2) return;
    }
  }

  std::optional<Finding> judge(const Case& c) {
    try {
      std::optional<Finding> f = check_->judge(session_, c);
      answered_ = true;
      return f;
    } catch (const Trouble& trouble) {
      if (trouble.reply.outcome == Outcome::unsupported) {
        session_.note_unsupported(trouble);
        declined_ = true;
        return std::nullopt;
      }
      Finding f = finding_of(trouble);
      if (f.row == 0) f.row = c.first_row;
      if (f.defect == "crash" && only_unaligned(c)) {
        f.defect = "tail-of-a-simd-loop";
        f.what += ", unless all buffers are aligned to 64 bytes";
      }
      return f;
    }
  }

  // Does a case that crashes pass with aligned buffers?
  bool only_unaligned(const Case& c) {
    const Placement before = std::exchange(session_.placement, Placement{Placement::Guard::none, 0});
    bool crashed = false;
    try {
      check_->judge(session_, c);
    } catch (const Trouble&) {
      crashed = true;
    }
    session_.placement = before;
    return !crashed;
  }

  void handle(const Trouble& trouble) {
    if (trouble.reply.outcome == Outcome::unsupported) {
      session_.note_unsupported(trouble);
      declined_ = true;
      return;
    }
    add(finding_of(trouble));
  }

  Finding* find(const std::string& defect) {
    for (Finding& f : result_->findings) {
      if (f.defect == defect) return &f;
    }
    return nullptr;
  }

  void add(Finding f) {
    f.check = check_->name;
    found_ = true;
    if (f.defect == "hang") ++hangs_;
    if (Finding* same = find(f.defect)) {
      ++same->count;
      return;
    }
    if (f.replay.empty()) f.replay = fmt::format("hdq validate {} --only {} --random-seed {}", session_.kernel_command_line(), check_->name, options_.seed);
    result_->findings.push_back(std::move(f));
  }

  void shrink_and_add(Case c, Finding f) {
    if (f.defect != "hang" && !input_) {
      Shrinker shrink([&](const Case& smaller) { return judge(smaller); },
                      [&](std::uint64_t n, const Config& old) {
                        Config config = session_.config(n, static_cast<int>(old.bits), old.seed);
                        config.variant = old.variant;
                        config.threads = old.threads;
                        return config;
                      },
                      options_.shrink_seconds.value_or(options_.level == Level::quick ? 1.0 : 2.0));
      std::tie(c, f) = shrink(std::move(c), std::move(f));
    }
    f.check = check_->name;
    if (!options_.output_directory.empty() && !input_) {
      f.input_file = (std::filesystem::path(options_.output_directory) / fmt::format("failing-{}-{}.npy", check_->name, f.defect)).string();
      write_input(f, c);
      f.replay = fmt::format("hdq validate {} --only {} --input {} --bits {} --seed {} --row {}", session_.kernel_command_line(), check_->name,
                             f.input_file, c.config.bits, c.config.seed, c.first_row);
      if (c.config.variant != 0) f.replay += fmt::format(" --variant {}", c.config.variant);
    }
    add(std::move(f));
  }

  // A verdict matters more than its files.
  void write_input(Finding& f, const Case& c) {
    try {
      write_npy(f.input_file, c);
    } catch (const hdq::Error& error) {
      if (unwritten_.empty()) unwritten_ = error.what();
    }
  }

  Session session_;
  std::string unwritten_;
  const Options& options_;
  const std::optional<Case>& input_;
  const Check* check_ = nullptr;
  CheckResult* result_ = nullptr;
  bool declined_ = false, answered_ = false, found_ = false;
  int hangs_ = 0;
};

}  // namespace

bool Verdict::valid() const { return findings().empty(); }

bool Verdict::ended_process() const {
  const auto all = findings();
  return std::any_of(all.begin(), all.end(), [](const Finding* f) { return f->ended_process; });
}

std::vector<const Finding*> Verdict::findings() const {
  std::vector<const Finding*> all;
  for (const CheckResult& check : checks) {
    for (const Finding& f : check.findings) all.push_back(&f);
  }
  return all;
}

std::vector<std::string> check_names() {
  std::vector<std::string> names;
  for (const Check* check : all_checks()) names.emplace_back(check->name);
  return names;
}

Verdict validate(Subject& subject, const Options& options, const std::optional<Case>& input) {
  const std::vector<std::string> names = check_names();
  for (const auto* list : {&options.only, &options.skip}) {
    for (const std::string& name : *list) {
      if (!listed(names, name)) throw std::invalid_argument(fmt::format("there is no check {}; the checks are {}", name, fmt::join(names, ", ")));
    }
  }
  const auto start = Clock::now();
  Verdict verdict;
  verdict.subject = subject.info();
  verdict.command_line = subject.command_line();
  Runner runner(subject, options, input);
  for (const Check* check : all_checks()) {
    verdict.checks.push_back(runner.run(*check));
    if (options.fail_fast && runner.stop()) break;
  }
  const auto& unsupported = runner.session().unsupported();
  verdict.unwritten = runner.unwritten();
  verdict.unsupported.assign(unsupported.begin(), unsupported.end());
  verdict.seconds = seconds_since(start);
  return verdict;
}

}  // namespace hdq::validate
