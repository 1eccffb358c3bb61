// The verdict as text, JSON and JUnit XML.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "hdq/io/text.hpp"
#include "hdq/validate/driver/validator.hpp"

namespace hdq::validate {
namespace {

using nlohmann::ordered_json;

std::string ulps(double value) { return value < 1e6 ? fmt::format("{:.4g}", value) : fmt::format("{:.2e}", value); }

void append_finding(std::string& text, const Finding& f) {
  text += fmt::format("     {}: {}\n", f.defect, f.what);
  text += fmt::format("       stage {}, {}, row {}", stage_name(f.stage), describe(f.config), f.row);
  if (f.count > 1) text += fmt::format("; {} cases like it", f.count - 1);
  text += '\n';
  if (f.divergence) {
    const Divergence& d = *f.divergence;
    text += fmt::format("       index {}: got {}, should be {}", d.index, d.got, d.expected);
    if (d.error_ulp > 0 || d.bound_ulp > 0) text += fmt::format("; off by {} ulp, {} allowed", ulps(d.error_ulp), ulps(d.bound_ulp));
    text += '\n';
  }
  if (!f.input_file.empty()) text += fmt::format("       smallest input: {}\n", io::printable(f.input_file));
  if (!f.replay.empty()) text += fmt::format("       again: {}\n", f.replay);
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

ordered_json json_of(const Finding& f) {
  ordered_json j = {{"defect", f.defect}, {"stage", stage_name(f.stage)}, {"what", f.what}, {"dimension", f.config.dimension}, {"order", f.config.order},
                    {"bits", f.config.bits}, {"seed", f.config.seed}, {"threads", f.config.threads}, {"variant", f.config.variant}, {"row", f.row}, {"count", f.count},
                    {"ended_process", f.ended_process}};
  if (f.divergence) {
    j["index"] = f.divergence->index;
    j["got"] = f.divergence->got;
    j["expected"] = f.divergence->expected;
    if (f.divergence->error_ulp > 0 || f.divergence->bound_ulp > 0) {
      j["error_ulp"] = f.divergence->error_ulp;
      j["bound_ulp"] = f.divergence->bound_ulp;
    }
  }
  if (!f.input_file.empty()) j["input"] = f.input_file;
  j["replay"] = f.replay;
  return j;
}

const char* status_name(CheckResult::Status status) {
  switch (status) {
    case CheckResult::Status::passed: return "passed";
    case CheckResult::Status::failed: return "failed";
    case CheckResult::Status::skipped: return "skipped";
  }
  return "?";
}

std::uint64_t all_calls(const Verdict& v) {
  std::uint64_t calls = 0;
  for (const CheckResult& c : v.checks) calls += c.calls;
  return calls;
}

}  // namespace

std::string text_report(const Verdict& v) {
  std::string text = fmt::format("kernel: {} {}: {}\n\n", v.subject.name, v.subject.version, promise_name(v.subject.promise));
  std::size_t passed = 0;
  for (const CheckResult& check : v.checks) {
    if (check.status == CheckResult::Status::skipped) {
      if (check.reason != "not in --only") text += fmt::format("-    {:<16} {}\n", check.name, check.reason);
      continue;
    }
    const bool ok = check.status == CheckResult::Status::passed;
    passed += ok;
    text += fmt::format("{:<4} {:<16} {:>7} calls {:>7.2f} s\n", ok ? "ok" : "FAIL", check.name, check.calls, check.seconds);
    for (const Finding& f : check.findings) append_finding(text, f);
  }
  if (!v.unsupported.empty()) {
    text += fmt::format("\nnot judged, the kernel declines {} cases: {}{}\n", v.unsupported.size(), v.unsupported.front(), v.unsupported.size() > 1 ? ", …" : "");
  }
  const auto findings = v.findings();
  if (findings.empty()) {
    text += passed == 0 ? std::string("\nnothing was judged\n")
                        : fmt::format("\nvalid: {} checks, {} calls, {:.1f} s\n", passed, all_calls(v), v.seconds);
  } else {
    text += fmt::format("\nINVALID{}: the first wrong stage is {}: {}\n", v.ended_process() ? ", the kernel crashed or hung" : "",
                        stage_name(findings.front()->stage), findings.front()->defect);
  }
  return text;
}

std::string json_report(const Verdict& v) {
  ordered_json checks = ordered_json::array();
  for (const CheckResult& check : v.checks) {
    ordered_json findings = ordered_json::array();
    for (const Finding& f : check.findings) findings.push_back(json_of(f));
    ordered_json j = {{"check", check.name}, {"status", status_name(check.status)}, {"calls", check.calls}, {"seconds", check.seconds}, {"findings", findings}};
    if (!check.reason.empty()) j["reason"] = check.reason;
    checks.push_back(std::move(j));
  }
  const auto findings = v.findings();
  ordered_json first;
  if (!findings.empty()) first = {{"stage", stage_name(findings.front()->stage)}, {"defect", findings.front()->defect}};
  const ordered_json all = {{"kernel", {{"name", v.subject.name}, {"version", v.subject.version}, {"promise", promise_name(v.subject.promise)}, {"command", v.command_line}}},
                            {"valid", v.valid()}, {"ended_process", v.ended_process()}, {"first", first}, {"unsupported", v.unsupported},
                            {"calls", all_calls(v)}, {"seconds", v.seconds}, {"checks", checks}};
  return all.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string junit_report(const Verdict& v) {
  std::size_t failures = 0, skipped = 0;
  for (const CheckResult& check : v.checks) {
    failures += check.status == CheckResult::Status::failed;
    skipped += check.status == CheckResult::Status::skipped;
  }
  std::string xml = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"hdq validate: {}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" time=\"{:.3f}\">\n",
                                escaped(v.subject.name), v.checks.size(), failures, skipped, v.seconds);
  for (const CheckResult& check : v.checks) {
    xml += fmt::format("  <testcase classname=\"hdq.validate\" name=\"{}\" time=\"{:.3f}\">\n", escaped(check.name), check.seconds);
    if (check.status == CheckResult::Status::skipped) xml += fmt::format("    <skipped message=\"{}\"/>\n", escaped(check.reason));
    for (const Finding& f : check.findings) {
      std::string text;
      append_finding(text, f);
      xml += fmt::format("    <failure type=\"{}\" message=\"{}\">{}</failure>\n", escaped(f.defect), escaped(f.what), escaped(text));
    }
    xml += "  </testcase>\n";
  }
  return xml + "</testsuite>\n";
}

}  // namespace hdq::validate
