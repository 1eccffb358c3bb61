#include "hdq/validate/driver/part.hpp"

#include <nlohmann/json.hpp>

namespace hdq::validate {
namespace {

using nlohmann::json;

// CBOR keeps every double and every byte of a string. Members are named all at once, so that none can be added and left out here.
json of(const Config& config) {
  const auto& [dimension, order, seed, bits, threads, variant, step] = config;
  return {dimension, order, seed, bits, threads, variant, step};
}
Config config_of(const json& j) { return {j.at(0), j.at(1), j.at(2), j.at(3), j.at(4), j.at(5), j.at(6)}; }

json of(const std::optional<Measured>& m) { return m ? json{m->value, m->error} : json(nullptr); }
std::optional<Measured> measured_of(const json& j) {
  if (j.is_null()) return std::nullopt;
  return Measured{j.at(0), j.at(1)};
}

json of(const std::optional<Divergence>& divergence) {
  if (!divergence) return nullptr;
  const auto& [index, got, expected, error_ulp, bound_ulp] = *divergence;
  return {index, got, expected, error_ulp, bound_ulp};
}
std::optional<Divergence> divergence_of(const json& j) {
  if (j.is_null()) return std::nullopt;
  return Divergence{j.at(0), j.at(1), j.at(2), j.at(3), j.at(4)};
}

json of(const Comparison& comparison) {
  const auto& [got, expected, bound] = comparison;
  return {got, expected, bound};
}
Comparison comparison_of(const json& j) { return {j.at(0), j.at(1), j.at(2)}; }

json of(const Finding& finding) {
  const auto& [defect, stage, check, what, config, row, divergence, input_file, replay, count, ended_process, input,
               row_values, first_seen] = finding;
  return {defect,     stage,  check, what,          of(config), row,            of(divergence),
          input_file, replay, count, ended_process, input,      of(row_values), of(first_seen)};
}
Finding finding_of(const json& j) {
  return {j.at(0),
          j.at(1).get<Stage>(),
          j.at(2),
          j.at(3),
          config_of(j.at(4)),
          j.at(5),
          divergence_of(j.at(6)),
          j.at(7),
          j.at(8),
          j.at(9),
          j.at(10),
          j.at(11),
          comparison_of(j.at(12)),
          comparison_of(j.at(13))};
}

json of(const CheckResult& result) {
  const auto& [name, status, reason, seconds, calls, judged, findings] = result;
  json all = json::array();
  for (const Finding& f : findings) all.push_back(of(f));
  return {name, status, reason, seconds, calls, judged, all};
}
CheckResult check_of(const json& j) {
  std::vector<Finding> findings;
  for (const json& f : j.at(6)) findings.push_back(finding_of(f));
  return {j.at(0), j.at(1).get<CheckResult::Status>(), j.at(2), j.at(3), j.at(4), j.at(5), findings};
}

json of(const Estimate& estimate) {
  const auto& [vector, config, route, seeds, self, error, dot, bound, smallest_bias] = estimate;
  return {vector, of(config), route, seeds, of(self), of(error), of(dot), bound, smallest_bias};
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
  const auto& [checks_of_part, unsupported, remarks, estimates_of_part, all_left_out, unwritten] = part;
  json checks = json::array(), estimates = json::array(), left_out = json::array();
  for (const CheckResult& c : checks_of_part) checks.push_back(of(c));
  for (const Estimate& e : estimates_of_part) estimates.push_back(of(e));
  for (const auto& [what, left] : all_left_out) left_out.push_back({what, left.count, left.of});
  const json all = {checks, unsupported, remarks, estimates, left_out, unwritten};
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
