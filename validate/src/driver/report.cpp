// The verdict as text, JSON and JUnit XML.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

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
  ordered_json j = {{"defect", f.defect},
                    {"stage", stage_name(f.stage)},
                    {"what", f.what},
                    {"dimension", f.config.dimension},
                    {"order", f.config.order},
                    {"bits", f.config.step != 0 ? 0 : f.config.bits},
                    {"step", f.config.step},
                    {"seed", f.config.seed},
                    {"threads", f.config.threads},
                    {"variant", f.config.variant},
                    {"row", f.row},
                    {"count", f.count},
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
    case CheckResult::Status::unfinished:
      return "unfinished";
  }
  return "?";
}

// ---- what was judged, and what was not ----

std::string names_of(const std::vector<Operation>& operations) {
  std::string names;
  for (const Operation operation : operations) names += (names.empty() ? "" : ", ") + std::string(operation_name(operation));
  return names.empty() ? "nothing" : names;
}

std::string why_unfinished(const CheckResult& check) {
  return fmt::format("the check {} did not finish: {}", check.name, check.reason);
}

std::string why_not_judged(const Verdict& v) {
  if (const CheckResult* check = v.unfinished()) return why_unfinished(*check);
  if (v.subject.operations == 0) return "the kernel offers no operation";
  const bool answered = std::any_of(v.checks.begin(), v.checks.end(), [](const CheckResult& c) { return c.status != CheckResult::Status::skipped; });
  if (!answered && !v.unsupported.empty()) return "the kernel declines every case";
  if (!v.estimates.empty()) return "the audit made too few observations";
  if (v.under_profile)
    return "no check judged a value: a profile's are profile-transform, -transposed, -pack, -encode, -decode, -dot";
  if (v.subject.promise == Promise::own_scheme) {
    return "of a scheme of its own only x̂ can be judged: by encode and decode, encode and dot, or reconstruct";
  }
  return "no check judged a value of this kernel";
}

// The kernel declines: a line for each operation.
void append_declined(std::string& text, const std::vector<std::string>& declined) {
  constexpr std::size_t shown = 6;
  for (auto at = declined.begin(); at != declined.end();) {
    const std::string operation = at->substr(0, at->find(':'));
    const auto end = std::find_if(at, declined.end(), [&](const std::string& entry) { return entry.substr(0, entry.find(':')) != operation; });
    const auto count = static_cast<std::size_t>(end - at);
    text += fmt::format("declined, so not judged: {}, {} {}:", operation, count, count == 1 ? "case" : "cases");
    for (std::size_t i = 0; i < std::min(count, shown); ++i, ++at) text += (i == 0 ? "" : ";") + at->substr(operation.size() + 1);
    text += count > shown ? "; …\n" : "\n";
    at = end;
  }
}

void append_scope(std::string& text, const Verdict& v) {
  text += '\n';
  append_declined(text, v.unsupported);
  for (const std::string& remark : v.remarks) text += "note: " + remark + "\n";
  text += "judged: " + names_of(v.judged()) + "\n";
  if (!v.not_judged().empty()) text += "not judged: " + names_of(v.not_judged()) + "\n";
}

// ---- estimates ----

std::string measured(const std::optional<Measured>& m) {
  if (!m) return "–";
  const int digits = m->error > 0 && std::isfinite(m->error) ? std::clamp(1 - static_cast<int>(std::floor(std::log10(m->error))), 1, 6) : 4;
  return fmt::format("{:.{}f} ± {:.{}f}", m->value, digits, m->error, digits);
}

std::string percent(double value) { return std::isfinite(value) ? fmt::format("{:.2g} %", 100 * value) : std::string("none"); }

// Of each vector and bit width, the dimension at which the least would have been seen.
void append_estimates(std::string& text, const std::vector<Estimate>& all) {
  if (all.empty()) return;
  std::map<std::pair<std::uint32_t, std::string>, const Estimate*> weakest;
  std::vector<std::pair<std::uint32_t, std::string>> order;
  for (const Estimate& e : all) {
    const auto [at, fresh] = weakest.try_emplace({e.config.bits, e.vector}, &e);
    if (fresh) order.push_back(at->first);
    else if (e.smallest_bias > at->second->smallest_bias) at->second = &e;
  }
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  text += "\naudit: estimates ± standard errors, and the smallest bias that would have been seen; of each vector at the dimension that shows least\n";
  const bool stepped = all.front().config.step != 0;
  std::size_t width = 16;
  for (const auto& [bits, vector] : order) width = std::max(width, vector.size());
  text += fmt::format("  {} {:<{}} {:>6} {:>7}  {:<20} {:<20} {:<20} {}\n", stepped ? "step     " : "b", "vector",
                      width, "n", "seeds", "E⟨x, x̂⟩/‖x‖²", "error/bound", "E dot(q) − ⟨q, x⟩", "seen from");
  for (const auto& key : order) {
    const Estimate& e = *weakest.at(key);
    std::optional<Measured> share;
    if (e.error) share = Measured{e.error->value / e.bound, e.error->error / e.bound};
    text += fmt::format("  {} {:<{}} {:>6} {:>7}  {:<20} {:<20} {:<20} {}\n",
                        stepped ? fmt::format("{:<9.5g}", e.config.step) : fmt::format("{}", e.config.bits), e.vector,
                        width, e.config.dimension, e.seeds, measured(e.self), measured(share), measured(e.dot),
                        percent(e.smallest_bias));
  }
}

ordered_json json_of(const std::optional<Measured>& m) {
  if (!m) return nullptr;
  return {{"value", m->value}, {"standard_error", m->error}};
}

ordered_json json_of(const Estimate& e) {
  return {{"vector", e.vector},
          {"dimension", e.config.dimension},
          {"bits", e.config.step != 0 ? 0 : e.config.bits},
          {"step", e.config.step},
          {"variant", e.config.variant},
          {"route", e.route},
          {"seeds", e.seeds},
          {"inner_product", json_of(e.self)},
          {"squared_error", json_of(e.error)},
          {"bound", e.bound},
          {"dot", json_of(e.dot)},
          {"smallest_bias", std::isfinite(e.smallest_bias) ? ordered_json(e.smallest_bias) : ordered_json(nullptr)}};
}

ordered_json names_as_json(const std::vector<Operation>& operations) {
  ordered_json names = ordered_json::array();
  for (const Operation operation : operations) names.push_back(operation_name(operation));
  return names;
}

std::uint64_t all_calls(const Verdict& v) {
  std::uint64_t calls = 0;
  for (const CheckResult& c : v.checks) calls += c.calls;
  return calls;
}

}  // namespace

std::string text_report(const Verdict& v) {
  std::string text = fmt::format("kernel: {}{}{}: {}\n\n", v.subject.name, v.subject.version.empty() ? "" : " ",
                                 v.subject.version, promise_name(v.subject.promise));
  std::size_t passed = 0;
  for (const CheckResult& check : v.checks) {
    if (check.status == CheckResult::Status::skipped) {
      if (check.reason != "not in --only") text += fmt::format("-    {:<16} {}\n", check.name, check.reason);
      continue;
    }
    const bool ok = check.status == CheckResult::Status::passed,
               unfinished = check.status == CheckResult::Status::unfinished;
    passed += ok;
    text += fmt::format("{:<4} {:<16} {:>7} calls {:>7.2f} s\n",
                        ok           ? "ok"
                        : unfinished ? "?"
                                     : "FAIL",
                        check.name, check.calls, check.seconds);
    if (unfinished) text += fmt::format("     {}\n", why_unfinished(check));
    for (const Finding& f : check.findings) append_finding(text, f);
  }
  append_estimates(text, v.estimates);
  append_scope(text, v);
  switch (v.judgement()) {
    case Judgement::valid: text += fmt::format("\nvalid: {} checks, {} calls, {:.1f} s\n", passed, all_calls(v), v.seconds); break;
    case Judgement::not_judged: text += fmt::format("\nNOT JUDGED: {}\n", why_not_judged(v)); break;
    case Judgement::invalid: {
      const Finding& first = *v.findings().front();
      text += fmt::format("\nINVALID{}: the first wrong stage is {}: {}\n", v.ended_process() ? ", the kernel crashed or hung" : "",
                          stage_name(first.stage), first.defect);
    }
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
  ordered_json estimates = ordered_json::array();
  for (const Estimate& e : v.estimates) estimates.push_back(json_of(e));
  const auto findings = v.findings();
  ordered_json first;
  if (!findings.empty()) first = {{"stage", stage_name(findings.front()->stage)}, {"defect", findings.front()->defect}};
  const ordered_json all = {{"kernel", {{"name", v.subject.name}, {"version", v.subject.version}, {"promise", promise_name(v.subject.promise)}, {"command", v.command_line}}},
                            {"verdict", judgement_name(v.judgement())}, {"valid", v.valid()}, {"ended_process", v.ended_process()}, {"first", first},
                            {"judged", names_as_json(v.judged())}, {"not_judged", names_as_json(v.not_judged())}, {"unsupported", v.unsupported},
                            {"remarks", v.remarks}, {"calls", all_calls(v)}, {"seconds", v.seconds}, {"checks", checks}, {"estimates", estimates}};
  return all.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string junit_report(const Verdict& v) {
  std::size_t failures = 0, skipped = 0, unfinished = 0;
  for (const CheckResult& check : v.checks) {
    failures += check.status == CheckResult::Status::failed;
    unfinished += check.status == CheckResult::Status::unfinished;
    skipped += check.status == CheckResult::Status::skipped;
  }
  // A verdict on nothing is no success.
  const bool nothing = v.judgement() == Judgement::not_judged;
  std::string xml = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"hdq validate: {}\" tests=\"{}\" failures=\"{}\" "
      "errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\">\n",
      escaped(v.subject.name), v.checks.size() + nothing, failures, unfinished + nothing, skipped, v.seconds);
  for (const CheckResult& check : v.checks) {
    xml += fmt::format("  <testcase classname=\"hdq.validate\" name=\"{}\" time=\"{:.3f}\">\n", escaped(check.name), check.seconds);
    if (check.status == CheckResult::Status::unfinished)
      xml += fmt::format("    <error type=\"unfinished\" message=\"{}\"/>\n", escaped(check.reason));
    if (check.status == CheckResult::Status::skipped) xml += fmt::format("    <skipped message=\"{}\"/>\n", escaped(check.reason));
    for (const Finding& f : check.findings) {
      std::string text;
      append_finding(text, f);
      xml += fmt::format("    <failure type=\"{}\" message=\"{}\">{}</failure>\n", escaped(f.defect), escaped(f.what), escaped(text));
    }
    xml += "  </testcase>\n";
  }
  if (nothing) {
    xml += fmt::format("  <testcase classname=\"hdq.validate\" name=\"verdict\">\n    <error type=\"not-judged\" message=\"{}\"/>\n  </testcase>\n", escaped(why_not_judged(v)));
  }
  if (!v.not_judged().empty() || !v.unsupported.empty()) {
    std::string scope;
    append_scope(scope, v);
    xml += fmt::format("  <system-out>{}</system-out>\n", escaped(scope));
  }
  return xml + "</testsuite>\n";
}

}  // namespace hdq::validate
