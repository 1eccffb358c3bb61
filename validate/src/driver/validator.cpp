#include "hdq/validate/driver/validator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

#include "hdq/io/text.hpp"
#include "hdq/io/vector_writer.hpp"
#include "hdq/types.hpp"
#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/driver/part.hpp"
#include "hdq/validate/driver/shrink.hpp"
#include "hdq/validate/subject/side_process.hpp"

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
  // hangs: of the same kernel before.
  Runner(Subject& subject, const Options& options, const std::optional<Case>& input, int hangs = 0)
      : session_(subject, options), options_(options), input_(input), hangs_(hangs) {}

  // The checks of one part of the verdict, in their order.
  Part run_part(bool apart) {
    Part part;
    for (const Check* check : all_checks()) {
      if (check->apart != apart) continue;
      part.checks.push_back(run(*check));
      if (options_.fail_fast && stop()) break;
    }
    part.unsupported.assign(session_.unsupported().begin(), session_.unsupported().end());
    part.remarks = session_.remarks;
    if (!fewer_.empty())
      part.remarks.push_back(fmt::format("a call takes {:.2g} ms, so this level tried fewer cases: {}",
                                         1e3 * session_.seconds_per_call(), fmt::join(fewer_, ", ")));
    part.estimates = session_.estimates;
    part.left_out = session_.left_out;
    part.unwritten = unwritten_;
    return part;
  }
  bool wants(bool apart) const {
    const auto all = all_checks();
    std::string reason;
    return std::any_of(all.begin(), all.end(),
                       [&](const Check* check) { return check->apart == apart && wanted(*check, reason); });
  }
  int hangs() const { return hangs_; }

  CheckResult run(const Check& check) {
    CheckResult result;
    result.name = check.name;
    const auto start = Clock::now();
    const std::uint64_t calls = session_.calls();
    session_.begin_check(check.name);
    if (!wanted(check, result.reason)) return result;
    check_ = &check;
    result_ = &result;
    try {
      if (check.judge != nullptr) run_cases(check);
      else run_whole(check);
      ask_declined_again();
    } catch (const reference::BadProfile&) {
      throw;  // no defect of the kernel's, and the same for every check
    } catch (const std::exception& error) {
      // Out of memory, say: no fault of the kernel's. What was found before is not lost, and what was not judged is not valid.
      result.status = CheckResult::Status::unfinished;
      result.reason = io::printable(error.what());
    }
    for (const Contradiction& c : session_.refusals().take()) add(contradicted(c));
    // What a class explains comes before what none does.
    std::stable_partition(result.findings.begin(), result.findings.end(), [](const Finding& f) { return !f.defect.starts_with("wrong-"); });
    result.seconds = seconds_since(start);
    result.calls = session_.calls() - calls;
    if (result.status == CheckResult::Status::unfinished) {
      return result;
    } else if (!result.findings.empty()) {
      result.status = CheckResult::Status::failed;
    } else if (session_.answered() == 0) {
      result.reason = result.calls > 0 ? "the kernel declines every case" : "no case that the kernel offers";
      return result;
    } else {
      result.status = CheckResult::Status::passed;
    }
    // A check of consistency is a verdict where it was asked for by name.
    if (!check.consistency || listed(options_.only, check.name)) result.judged = session_.succeeded();
    return result;
  }

  bool stop() const { return hangs_ >= 2 || (options_.fail_fast && found_); }
  const Session& session() const { return session_; }

 private:
  bool wanted(const Check& check, std::string& reason) const {
    if (!options_.only.empty() && !listed(options_.only, check.name)) reason = "not in --only";
    else if (listed(options_.skip, check.name)) reason = "in --skip";
    else if (!check.applies(session_))
      reason = why_not(check);
    else if (input_ && check.judge == nullptr) reason = "takes no input";
    else if (hangs_ >= 2) reason = "the kernel hangs";
    else return true;
    return false;
  }

  // At quick, a program that takes long for a call gets fewer cases of each check, unless the check was asked for by name.
  double seconds_for_cases(const Check& check) const {
    constexpr double slow = 0.3e-3, budget = 0.5;
    const bool fewer =
        options_.level == Level::quick && !session_.calls_functions() && session_.seconds_per_call() > slow;
    return fewer && !listed(options_.only, check.name) ? budget : std::numeric_limits<double>::infinity();
  }

  // A check that does not apply.
  std::string why_not(const Check& check) const {
    const std::string name = check.name;
    if (name == "concurrent" && !session_.calls_functions())
      return "this kernel answers one call after the other";
    if (name.starts_with("profile-") && session_.profile() == nullptr) return "there is no profile";
    if (name.starts_with("step-") && !session_.entropy_coded()) return "of the entropy-coded scheme";
    if (session_.entropy_coded() && session_.conformant()) return "not offered, or of the fixed-rate scheme";
    if (session_.profile() == nullptr)
      return session_.conformant() ? "not offered" : "not offered, or not comparable for a scheme of its own";
    if (name == "bad-input" && !session_.profile()->checks_input)
      return "not judged: the profile says that inputs are not checked";
    if ((name == "range" || name == "scaling") && session_.offers(Operation::encode)) {
      return "not judged: under this profile a norm is not all that is stored, or not in float32";
    }
    constexpr std::pair<const char*, const Check*> judged_by[] = {{"signs", &profile_data_check},
                                                                  {"dither", &profile_data_check},
                                                                  {"codebook", &profile_encode_check},
                                                                  {"transform", &profile_transform_check},
                                                                  {"pack", &profile_pack_check},
                                                                  {"transposed", &profile_transposed_check},
                                                                  {"encode", &profile_encode_check},
                                                                  {"decode", &profile_decode_check},
                                                                  {"near-thresholds", &profile_encode_check},
                                                                  {"dot", &profile_dot_check}};
    for (const auto& [of_spec, of_profile] : judged_by) {
      if (name == of_spec && of_profile->applies(session_)) return fmt::format("judged by {}", of_profile->name);
    }
    if (name == "error-constant" || name == "reachable") return "a check of SPEC's scheme";
    if (name == "audit" || name == "drift")
      return "the profile claims nothing that it could test, or the operations are not offered";
    return "not offered";
  }

  void run_whole(const Check& check) {
    try {
      check.run(session_, [&](Finding f) { add(std::move(f)); });
    } catch (const Trouble& trouble) {
      handle(trouble);
    }
  }

  // Operations whose outputs a finding of this stage may be about.
  static bool concerns(Stage stage, Operation operation) {
    switch (stage) {
      case Stage::transform:
        return operation == Operation::transform;
      case Stage::inverse:
        return operation == Operation::transform_transposed || operation == Operation::decode;
      case Stage::scale:
      case Stage::encode:
        return operation == Operation::encode;
      case Stage::decode:
        return operation == Operation::decode || operation == Operation::reconstruct;
      case Stage::dot:
        return operation == Operation::dot;
      case Stage::paths:
        return true;
      default:
        return false;
    }
  }

  // What a call leaves unwritten may look like anything.
  void look_for_unwritten(const Case& c, Finding& f) {
    if (f.ended_process || f.defect == "output-unwritten" || f.defect == "failure" || f.defect == "wrong-status")
      return;
    constexpr std::size_t most = 40, largest = std::size_t{1} << 17;  // calls; numbers in a call
    if (c.x.size() > largest) return;
    try {
      std::vector<MadeCall> calls = session_.record([&] { judge(c); });
      std::size_t tried = 0;
      for (auto made = calls.rbegin(); made != calls.rend() && tried < most; ++made) {
        if (!made->reply.ok() || !concerns(f.stage, made->request.operation)) continue;
        ++tried;
        const std::string left = session_.left_unwritten(*made);
        if (left.empty()) continue;
        f.defect = "output-unwritten";
        f.what = fmt::format("{}; it was: {}", left, f.what);
        return;
      }
    } catch (const Trouble&) {
    }
  }

  void run_cases(const Check& check) {
    std::vector<Case> cases = input_ ? std::vector<Case>{*input_} : check.cases(session_);
    const auto start = Clock::now();
    const double budget = seconds_for_cases(check);
    if (std::isfinite(budget)) {  // every other one first: small and large ones, in the order of the list
      std::vector<Case> ordered;
      for (const std::size_t begin : {std::size_t{0}, std::size_t{1}}) {
        for (std::size_t i = begin; i < cases.size(); i += 2) ordered.push_back(std::move(cases[i]));
      }
      cases = std::move(ordered);
    }
    std::size_t done = 0;
    std::map<std::string, std::string> renamed;  // by look_for_unwritten
    int failures = 0;
    for (const Case& c : cases) {
      if (seconds_since(start) > budget) {
        fewer_.push_back(fmt::format("{} {} of {}", check.name, done, cases.size()));
        return;
      }
      ++done;
      std::optional<Finding> f = judge(c);
      if (!f) continue;
      const auto named = renamed.find(f->defect);
      if (Finding* same = find(named != renamed.end() ? named->second : f->defect)) {
        ++same->count;
      } else {
        const std::string first_name = f->defect;
        shrink_and_add(c, std::move(*f));
        renamed[first_name] = result_->findings.back().defect;
      }
      if (result_->findings.back().defect == "hang") return;  // its time is spent
      // A few failures tell enough; every restart of a process costs time.
      if (++failures >= 12 || result_->findings.size() >= 4 || hangs_ >= 2) return;
    }
  }

  std::optional<Finding> judge(const Case& c) {
    try {
      return check_->judge(session_, c);
    } catch (const Trouble& trouble) {
      if (trouble.reply.outcome == Outcome::unsupported) return std::nullopt;
      Finding f = finding_of(trouble);
      if (f.row == 0) f.row = c.first_row;
      if (f.defect == "crash" && session_.calls_functions() && only_unaligned(c)) {
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

  void ask_declined_again() {
    try {
      session_.uncounted([&] { validate::ask_declined_again(session_); });
    } catch (const Trouble& trouble) {
      handle(trouble);
    }
  }

  void handle(const Trouble& trouble) {
    if (trouble.reply.outcome != Outcome::unsupported) add(finding_of(trouble));
  }

  Finding* find(const std::string& defect) {
    for (Finding& f : result_->findings) {
      if (f.defect == defect) return &f;
    }
    return nullptr;
  }

  void add(Finding f) {
    f.check = check_->name;
    f.what = io::printable(f.what);  // it may quote the kernel
    found_ = true;
    if (f.defect == "hang" && find("hang") == nullptr) ++hangs_;
    if (Finding* same = find(f.defect)) {
      ++same->count;
      return;
    }
    if (f.replay.empty()) f.replay = replay(Replay{check_->name, nullptr, ""});
    result_->findings.push_back(std::move(f));
  }

  Finding contradicted(const Contradiction& c) const {
    Finding f;
    f.stage = Stage::input;
    f.defect = "refusal-by-content";
    f.config = c.config;
    f.row = c.first_row;
    const std::string call =
        fmt::format("{} of {} rows from row {} is declined", operation_name(c.operation), c.rows, c.first_row);
    const std::string order = c.declined_later ? "was answered before" : "is answered later";
    f.what = fmt::format("{}; one of {} rows, at the same dimension, bits, seed and variant, {} ({})", call,
                         c.answered_rows, order, describe(c.config));
    const std::string checks = c.earlier_check == c.check ? c.check : c.earlier_check + "," + c.check;
    f.replay = replay(Replay{checks, nullptr, ""});
    return f;
  }

  // The command that judges this again; the kernel comes last, since what follows -- is its own.
  std::string replay(const Replay& again) const {
    if (options_.replay) return options_.replay(again);
    std::string options = fmt::format("--random-seed {}", options_.seed);
    if (!again.input_file.empty()) {
      const Config& config = again.input->config;
      const std::string bits =
          config.step != 0 ? fmt::format("--step {:.9g}", config.step) : fmt::format("--bits {}", config.bits);
      options =
          fmt::format("--input {} {} --seed {} --row {}{}", shell_word(again.input_file), bits, config.seed,
                      again.input->first_row, config.variant != 0 ? fmt::format(" --variant {}", config.variant) : "");
    }
    const char* level = options_.level == Level::quick ? " --level quick" : options_.level == Level::thorough ? " --level thorough" : "";
    const std::string profile = options_.profile_argument.empty() ? "" : " --profile " + shell_word(options_.profile_argument);
    const bool choice = options_.scheme != Scheme::unstated;
    const std::string scheme = !choice                    ? ""
                               : session_.entropy_coded() ? " --scheme entropy-coded"
                                                          : " --scheme fixed-rate";
    return fmt::format("hdq validate --only {}{}{}{} {} {}", again.checks, level, profile, scheme, options,
                       session_.kernel_command_line());
  }

  void shrink_and_add(Case c, Finding f) {
    const auto left_out = session_.left_out;
    Comparison first_seen = f.row_values;
    if (f.defect != "hang" && !input_) {
      Shrinker shrink([&](const Case& smaller) { return judge(smaller); },
                      [&](std::uint64_t n, const Config& old) {
                        Config config = session_.config(n, static_cast<int>(old.bits), old.seed);
                        config.step = old.step;
                        config.variant = old.variant;
                        config.threads = old.threads;
                        return config;
                      },
                      options_.shrink_seconds.value_or(options_.level == Level::quick ? 1.0 : 2.0));
      std::tie(c, f) = shrink(std::move(c), std::move(f));
    }
    look_for_unwritten(c, f);
    session_.left_out = left_out;
    f.check = check_->name;
    f.input = c.x;
    f.first_seen = std::move(first_seen);
    if (!options_.output_directory.empty() && !input_) {
      f.input_file = (std::filesystem::path(options_.output_directory) / fmt::format("failing-{}-{}.npy", check_->name, f.defect)).string();
      if (write_input(f, c)) f.replay = replay(Replay{check_->name, &c, f.input_file});
    }
    if (f.replay.empty()) f.replay = replay(Replay{check_->name, &c, ""});
    add(std::move(f));
  }

  // A verdict matters more than its files.
  bool write_input(Finding& f, const Case& c) {
    try {
      write_npy(f.input_file, c);
      return true;
    } catch (const hdq::Error& error) {
      if (unwritten_.empty()) unwritten_ = error.what();
      f.input_file.clear();  // no file is named that is not there
      return false;
    }
  }

  Session session_;
  std::string unwritten_;
  std::vector<std::string> fewer_;  // checks that left cases out, "dot 3 of 17"
  const Options& options_;
  const std::optional<Case>& input_;
  const Check* check_ = nullptr;
  CheckResult* result_ = nullptr;
  bool found_ = false;
  int hangs_;
};

}  // namespace

const char* judgement_name(Judgement judgement) {
  switch (judgement) {
    case Judgement::valid: return "valid";
    case Judgement::invalid: return "invalid";
    case Judgement::not_judged: return "not judged";
  }
  return "?";
}

Judgement Verdict::judgement() const {
  if (!findings().empty()) return Judgement::invalid;
  return judged().empty() || unfinished() != nullptr ? Judgement::not_judged : Judgement::valid;
}

const CheckResult* Verdict::unfinished() const {
  const auto at = std::find_if(checks.begin(), checks.end(),
                               [](const CheckResult& c) { return c.status == CheckResult::Status::unfinished; });
  return at == checks.end() ? nullptr : &*at;
}

int Verdict::exit_code() const {
  switch (judgement()) {
    case Judgement::valid: return 0;
    case Judgement::invalid: return ended_process() ? 3 : 1;
    case Judgement::not_judged: return 4;
  }
  return 1;
}

namespace {

// Operations that only help to call others are no stage of their own.
bool auxiliary(Operation operation) { return operation == Operation::code_bytes || operation == Operation::data; }

std::vector<Operation> operations_of(std::uint32_t bits) {
  std::vector<Operation> all;
  for (std::uint32_t i = 1; i < operation_count; ++i) {
    if ((bits >> i & 1) != 0 && !auxiliary(static_cast<Operation>(i))) all.push_back(static_cast<Operation>(i));
  }
  return all;
}

std::uint32_t judged_bits(const Verdict& v) {
  std::uint32_t bits = 0;
  for (const CheckResult& check : v.checks) bits |= check.judged;
  return bits & v.subject.operations;
}

}  // namespace

std::vector<Operation> Verdict::judged() const { return operations_of(judged_bits(*this)); }
std::vector<Operation> Verdict::not_judged() const { return operations_of(subject.operations & ~judged_bits(*this)); }

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

namespace {

void expect_check_names(const Options& options) {
  const std::vector<std::string> names = check_names();
  for (const auto* list : {&options.only, &options.skip}) {
    for (const std::string& name : *list) {
      if (!listed(names, name)) throw std::invalid_argument(fmt::format("there is no check {}; the checks are {}", name, fmt::join(names, ", ")));
    }
  }
}

// What was left out because the time of a check was up; empty: nothing.
std::string left_out_for_time(const std::map<std::string, Session::LeftOut>& left_out) {
  std::vector<std::string> parts;
  for (const auto& [what, left] : left_out) {
    if (left.count > 0) parts.push_back(fmt::format("{} of {} {}", left.count, left.of, what));
  }
  return parts.empty() ? "" : fmt::format("left out for want of time: {}", fmt::join(parts, ", "));
}

// As if one session had run all checks, in their order.
void put_together(Verdict& verdict, const Part& first, const Part& second) {
  for (const Check* check : all_checks()) {
    for (const CheckResult& result : (check->apart ? second : first).checks) {
      if (result.name == check->name) verdict.checks.push_back(result);
    }
  }
  std::set<std::string> unsupported;
  std::map<std::string, Session::LeftOut> left_out;
  for (const Part* part : {&first, &second}) {
    unsupported.insert(part->unsupported.begin(), part->unsupported.end());
    for (const std::string& remark : part->remarks) {
      if (!listed(verdict.remarks, remark)) verdict.remarks.push_back(remark);  // both sessions say which scheme
    }
    verdict.estimates.insert(verdict.estimates.end(), part->estimates.begin(), part->estimates.end());
    left_out.insert(part->left_out.begin(), part->left_out.end());
    if (verdict.unwritten.empty()) verdict.unwritten = part->unwritten;
  }
  verdict.unsupported.assign(unsupported.begin(), unsupported.end());
  if (std::string less = left_out_for_time(left_out); !less.empty()) verdict.remarks.push_back(std::move(less));
}

using OpenAnother = std::function<std::unique_ptr<Subject>()>;

// Nothing where no other process can be had.
std::unique_ptr<SideProcess> judge_aside(const Options& options, const OpenAnother& open_another) try {
  return std::make_unique<SideProcess>([&] {
    const std::unique_ptr<Subject> another = open_another();
    return bytes_of_part(Runner(*another, options, std::nullopt).run_part(true));
  });
} catch (const std::runtime_error&) {
  return nullptr;
}

// Of a process that was ended, or whose kernel did not open twice: nothing.
std::optional<Part> part_of(SideProcess& aside) try {
  const std::optional<std::string> bytes = aside.result();
  return bytes ? std::optional(part_of_bytes(*bytes)) : std::nullopt;
} catch (const std::exception&) {
  return std::nullopt;
}

// Fills what a verdict is made of.
void judge_all(Subject& subject, const Options& options, const std::optional<Case>& input,
               const OpenAnother& open_another, Verdict& verdict) {
  Runner runner(subject, options, input);
  verdict.subject = runner.session().info();
  verdict.under_profile = runner.session().profile() != nullptr;
  std::unique_ptr<SideProcess> aside;
  if (open_another && !input && runner.wants(false) && runner.wants(true)) aside = judge_aside(options, open_another);
  const Part first = runner.run_part(false);
  std::optional<Part> second;
  if (options.fail_fast && runner.stop())
    second = Part();
  else if (aside != nullptr)
    second = part_of(*aside);
  if (!second) second = Runner(subject, options, input, runner.hangs()).run_part(true);
  put_together(verdict, first, *second);
  for (int bits = 1; !runner.session().entropy_coded() && bits <= HDQ_KERNEL_MAX_BITS; ++bits) {
    if (!verdict.subject.offers_bits(bits) || !(verdict.subject.claimed_error[bits] >= empty_claim)) continue;
    verdict.remarks.push_back(fmt::format("the claim at b = {} is empty: E‖x̂ − x‖² of {:.6g}·‖x‖², where x̂ = 0 has 1",
                                          bits, verdict.subject.claimed_error[bits]));
    break;
  }
}

}  // namespace

Verdict validate(Subject& subject, const Options& options, const std::optional<Case>& input,
                 const OpenAnother& open_another) {
  expect_check_names(options);
  const auto start = Clock::now();
  Verdict verdict;
  verdict.command_line = subject.command_line();
  judge_all(subject, options, input, open_another, verdict);
  verdict.seconds = seconds_since(start);
  return verdict;
}

}  // namespace hdq::validate
