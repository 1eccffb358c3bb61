#include "hdq/validate/driver/part.hpp"

#include <nlohmann/json.hpp>

namespace hdq::validate {
namespace {

using nlohmann::json;

// CBOR keeps every double and every byte of a string. A field that is added to a structure is missing here until sizeof is changed too.
json of(const Config& c) { return {c.dimension, c.order, c.seed, c.bits, c.threads, c.variant, c.step}; }
Config config_of(const json& j) {
  Config c;
  c.dimension = j.at(0), c.order = j.at(1), c.seed = j.at(2), c.bits = j.at(3), c.threads = j.at(4),
  c.variant = j.at(5), c.step = j.at(6);
  return c;
}

json of(const std::optional<Measured>& m) { return m ? json{m->value, m->error} : json(nullptr); }
std::optional<Measured> measured_of(const json& j) {
  if (j.is_null()) return std::nullopt;
  return Measured{j.at(0), j.at(1)};
}

json of(const Finding& f) {
  json divergence;
  if (f.divergence) {
    const Divergence& d = *f.divergence;
    divergence = {d.index, d.got, d.expected, d.error_ulp, d.bound_ulp};
  }
  return {f.defect,   f.stage,      f.check,  f.what,  of(f.config),   f.row,
          divergence, f.input_file, f.replay, f.count, f.ended_process};
}
Finding finding_of(const json& j) {
  Finding f;
  f.defect = j.at(0), f.stage = j.at(1).get<Stage>(), f.check = j.at(2), f.what = j.at(3);
  f.config = config_of(j.at(4)), f.row = j.at(5);
  if (const json& d = j.at(6); !d.is_null()) f.divergence = Divergence{d.at(0), d.at(1), d.at(2), d.at(3), d.at(4)};
  f.input_file = j.at(7), f.replay = j.at(8), f.count = j.at(9), f.ended_process = j.at(10);
  return f;
}

json of(const CheckResult& c) {
  json findings = json::array();
  for (const Finding& f : c.findings) findings.push_back(of(f));
  return {c.name, c.status, c.reason, c.seconds, c.calls, c.judged, findings};
}
CheckResult check_of(const json& j) {
  CheckResult c;
  c.name = j.at(0), c.status = j.at(1).get<CheckResult::Status>(), c.reason = j.at(2), c.seconds = j.at(3);
  c.calls = j.at(4), c.judged = j.at(5);
  for (const json& f : j.at(6)) c.findings.push_back(finding_of(f));
  return c;
}

json of(const Estimate& e) {
  return {e.vector, of(e.config), e.route, e.seeds, of(e.self), of(e.error), of(e.dot), e.bound, e.smallest_bias};
}
Estimate estimate_of(const json& j) {
  return {j.at(0),
          config_of(j.at(1)),
          j.at(2),
          j.at(3),
          measured_of(j.at(4)),
          measured_of(j.at(5)),
          measured_of(j.at(6)),
          j.at(7),
          j.at(8)};
}

}  // namespace

std::string bytes_of_part(const Part& part) {
  json checks = json::array(), estimates = json::array(), left_out = json::array();
  for (const CheckResult& c : part.checks) checks.push_back(of(c));
  for (const Estimate& e : part.estimates) estimates.push_back(of(e));
  for (const auto& [what, left] : part.left_out) left_out.push_back({what, left.count, left.of});
  const json all = {checks, part.unsupported, part.remarks, estimates, left_out, part.unwritten};
  std::string bytes;
  json::to_cbor(all, bytes);
  return bytes;
}

Part part_of_bytes(const std::string& bytes) {
  const json all = json::from_cbor(bytes);
  Part part;
  for (const json& c : all.at(0)) part.checks.push_back(check_of(c));
  part.unsupported = all.at(1).get<std::vector<std::string>>();
  part.remarks = all.at(2).get<std::vector<std::string>>();
  for (const json& e : all.at(3)) part.estimates.push_back(estimate_of(e));
  for (const json& l : all.at(4)) part.left_out[l.at(0)] = {l.at(1), l.at(2)};
  part.unwritten = all.at(5);
  return part;
}

}  // namespace hdq::validate
