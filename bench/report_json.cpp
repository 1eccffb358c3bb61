#include "report_json.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "peers.hpp"

namespace hdq::bench {
namespace {

using json = nlohmann::ordered_json;

json to_json(const Summary& summary) {
  return {{"median", summary.median}, {"minimum", summary.minimum}, {"maximum", summary.maximum}, {"spread", summary.spread}};
}

json to_json(const Machine& machine, const Settings& settings) {
  json caches = json::array();
  for (const Cache& cache : machine.caches) caches.push_back({{"level", cache.level}, {"type", cache.type}, {"bytes", cache.bytes}});
  return {{"cpu", machine.cpu},
          {"cpus", machine.cpus},
          {"pinned_to", Pinned::cpu()},
          {"instruction_sets", machine.instruction_sets},
          {"measured_instruction_set", isa_name(resolve_isa(settings.isa))},
          {"caches", caches},
          {"compiler", machine.compiler}};
}

json target_of(const Figure& figure) {
  if (!figure.target) return nullptr;
  return {{"of", figure.target->of == Target::value ? "value" : "ratio"},
          {"comparison", more_is_better(figure.unit) ? ">=" : "<="},
          {"limit", figure.target->limit}};
}

json to_json(const Result& result) {
  const Figure& figure = *result.figure;
  json out = {{"name", figure.name}, {"unit", unit_name(figure.unit)}};
  out.update(to_json(result.value()));
  out["samples"] = result.values;
  out["bound"] = nullptr;
  if (!result.bounds.empty()) {
    out["bound"] = {{"name", figure.bound_name}};
    out["bound"].update(to_json(result.bound()));
    out["bound"]["samples"] = result.bounds;
  }
  out["ratio"] = result.ratio() ? json(*result.ratio()) : json(nullptr);
  out["target"] = target_of(figure);
  const char* const verdicts[] = {"none", "ok", "short"};
  out["verdict"] = verdicts[static_cast<int>(result.verdict())];
  out["work"] = nullptr;
  if (figure.work)
    out["work"] = {{"operations_per_element", figure.work->operations}, {"bytes_per_element", figure.work->bytes}, {"streaming", figure.work->streaming}};
  out["note"] = result.note;
  return out;
}

}  // namespace

void write_json(const std::string& path, const Settings& settings, const Machine& machine, const std::vector<Result>& results) {
  json figures = json::array();
  for (const Result& result : results) figures.push_back(to_json(result));
  const json document = {{"schema", "hdq-bench-1"},
                         {"machine", to_json(machine, settings)},
                         {"settings",
                          {{"quick", settings.quick},
                           {"clock", settings.cpu_time ? "cpu" : "wall"},
                           {"repetitions", settings.repetitions},
                           {"stream_bytes", settings.stream_bytes}}},
                         {"lost_share", lost_share()},
                         {"peers",
                          {{"ffht", ffht_description()},
                           {"faiss", faiss_description()},
                           {"rabitq", rabitq_description()},
                           {"zfp", zfp_description()},
                           {"openblas", openblas_description()}}},
                         {"figures", figures}};
  std::ofstream out(path);
  out << document.dump(1) << '\n';
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace hdq::bench
