#include "reporter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace hdq::bench {
namespace {

// Linear interpolation between order statistics.
double quantile(const std::vector<double>& sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

// Four significant digits.
std::string number(double value) {
  const int digits = value > 0 ? std::max(0, 3 - static_cast<int>(std::floor(std::log10(value)))) : 3;
  return fmt::format("{:.{}f}", value, std::min(digits, 4));
}

std::string target_text(const Figure& figure) {
  if (!figure.target) return "";
  return fmt::format("{} {:.2f}", more_is_better(figure.unit) ? ">=" : "<=", figure.target->limit);
}

std::string group_of(const std::string& name) { return name.substr(0, name.find('/')); }

}  // namespace

Summary summarize(std::vector<double> samples) {
  if (samples.empty()) return {};
  std::sort(samples.begin(), samples.end());
  Summary summary{quantile(samples, 0.5), samples.front(), samples.back(), 0};
  if (summary.median > 0) summary.spread = (quantile(samples, 0.75) - quantile(samples, 0.25)) / summary.median;
  return summary;
}

std::optional<double> Result::ratio() const {
  if (bounds.size() != values.size() || values.empty()) return {};
  std::vector<double> ratios(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) ratios[i] = values[i] / bounds[i];
  return summarize(ratios).median;
}

Result::Verdict Result::verdict() const {
  if (!figure->target) return Verdict::none;
  const double reached = figure->target->of == Target::value ? value().median : ratio().value_or(std::nan(""));
  const bool met = more_is_better(figure->unit) ? reached >= figure->target->limit : reached <= figure->target->limit;
  return met ? Verdict::ok : Verdict::short_of_target;
}

void TableReporter::ReportRuns(const std::vector<Run>& runs) {
  Result result{};
  for (const Run& run : runs) {
    if (run.run_type != Run::RT_Iteration) return;
    if (run.error_occurred) failure_ = run.benchmark_name() + ": " + run.error_message;
    if (run.error_occurred) return;
    result.figure = find_figure(run.run_name.function_name);
    const auto& counters = run.counters;
    const double seconds = run.real_accumulated_time / static_cast<double>(run.iterations);
    if (const auto reading = counters.find(counter::reading); reading != counters.end())
      result.values.push_back(reading->second.value);
    else
      result.values.push_back(value_of(result.figure->unit, counters.at(counter::amount).value, seconds));
    if (const auto bound = counters.find(counter::bound); bound != counters.end()) result.bounds.push_back(bound->second.value);
    result.note = run.report_label;
  }
  if (result.figure == nullptr) return;
  if (!quiet_) print(result);
  results_.push_back(std::move(result));
}

void TableReporter::print(const Result& result) {
  const Figure& figure = *result.figure;
  if (const std::string group = group_of(figure.name); group != group_) {
    group_ = group;
    fmt::print("\n{:<38} {:>9} {:<10} {:>7}  {:>18} {:>7}  {:<8} {}\n", group, "median", "unit", "spread", "bound", "ratio", "target", "verdict");
  }
  const Summary value = result.value();
  const std::string bound = result.bounds.empty() ? "" : fmt::format("{} {}", figure.bound_name, number(result.bound().median));
  const std::string ratio = result.ratio() ? fmt::format("{:.3f}", *result.ratio()) : "";
  const char* const verdicts[] = {"", "ok", "SHORT"};
  fmt::print("{:<38} {:>9} {:<10} {:>6.1f}%  {:>18} {:>7}  {:<8} {}\n{}", figure.name, number(value.median), unit_name(figure.unit),
             100 * value.spread, bound, ratio, target_text(figure), verdicts[static_cast<int>(result.verdict())],
             result.note.empty() ? "" : "    " + result.note + "\n");
  std::fflush(stdout);
}

void TableReporter::Finalize() {
  if (quiet_) return;
  std::size_t asked = 0, met = 0;
  for (const Result& result : results_) {
    asked += result.figure->target.has_value();
    met += result.verdict() == Result::Verdict::ok;
  }
  fmt::print("\nspread: interquartile range over median; ratio: to the bound measured around each repetition, or, for d = m·2^k, to the next\n"
             "power of two. {} of {} targets met.\n", met, asked);
  if (lost_share() > 0.01)
    fmt::print("warning: other processes had the core for {:.0f}% of the time; these times are too long.\n", 100 * lost_share());
}

}  // namespace hdq::bench
