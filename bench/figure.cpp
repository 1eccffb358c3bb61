#include "figure.hpp"

#include <benchmark/benchmark.h>

#include <time.h>

#include <algorithm>
#include <chrono>
#include <list>
#include <regex>

namespace hdq::bench {
namespace {

std::list<Figure>& figures() {
  static std::list<Figure> all;  // addresses stay
  return all;
}

// Preparing takes memory and time: a trial lives through the repetitions of its figure, and no longer.
Trial& trial_of(const Figure& figure) {
  static const Figure* current = nullptr;
  static Trial trial;
  if (current != &figure) {
    trial = Trial{};
    trial = figure.prepare();
    current = &figure;
    trial.pass();  // warm and touched
  }
  return trial;
}

void repetition(benchmark::State& state, const Figure& figure) {
  Trial& trial = trial_of(figure);
  const double before = trial.bound ? trial.bound() : 0;
  for (auto _ : state) state.SetIterationTime(trial.pass());
  state.counters[counter::amount] = trial.amount;
  if (trial.bound) state.counters[counter::bound] = 2 / (1 / before + 1 / trial.bound());
  if (trial.reading) state.counters[counter::reading] = trial.reading();
  state.SetLabel(trial.note);
}

}  // namespace

const char* unit_name(Unit unit) {
  switch (unit) {
    case Unit::gigabytes_per_second: return "GB/s";
    case Unit::nanoseconds_per_element: return "ns/element";
    case Unit::giga_per_second: return "G/s";
    case Unit::mebibytes: return "MiB";
    case Unit::tokens_per_second:
      return "tokens/s";
  }
  return "";
}

bool more_is_better(Unit unit) {
  return unit == Unit::gigabytes_per_second || unit == Unit::giga_per_second || unit == Unit::tokens_per_second;
}

double value_of(Unit unit, double amount, double seconds) {
  if (unit == Unit::mebibytes) return amount / 0x1p20;
  if (unit == Unit::tokens_per_second) return amount / seconds;
  return unit == Unit::nanoseconds_per_element ? seconds * 1e9 / amount : amount / seconds * 1e-9;
}

namespace {
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}
double timed_seconds = 0, lost_seconds = 0;
bool cpu_time = false;
}  // namespace

double seconds(const std::function<void()>& work) {
  const double cpu_begin = cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  work();
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double cpu = cpu_seconds() - cpu_begin;
  timed_seconds += wall;
  lost_seconds += std::max(0.0, wall - cpu);
  return cpu_time ? cpu : wall;
}

void count_cpu_time(bool on) { cpu_time = on; }

double seconds_of_threads(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double lost_share() { return timed_seconds > 0 ? lost_seconds / timed_seconds : 0; }

double measure(Unit unit, double amount, const std::function<double()>& pass, double duration) {
  double total = 0, passes = 0;
  while (total < duration) total += pass(), ++passes;
  return value_of(unit, amount * passes, total);
}

void add(const Settings& settings, Figure figure) {
  if (!std::regex_search(figure.name, std::regex(settings.filter))) return;
  const Figure& kept = figures().emplace_back(std::move(figure));
  auto* registered = benchmark::RegisterBenchmark(kept.name.c_str(), [&kept](benchmark::State& state) { repetition(state, kept); });
  registered->UseManualTime()->Repetitions(settings.repetitions);
  if (kept.streaming)
    registered->Iterations(1);
  else
    registered->MinTime(settings.hot_seconds);
}

const Figure* find_figure(const std::string& name) {
  for (const Figure& figure : figures())
    if (figure.name == name) return &figure;
  return nullptr;
}

std::vector<std::string> figure_names() {
  std::vector<std::string> names;
  for (const Figure& figure : figures()) names.push_back(figure.name);
  return names;
}

}  // namespace hdq::bench
