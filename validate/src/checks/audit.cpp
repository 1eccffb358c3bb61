// The run of the audit: shapes, turns, and what is said at the end. The statistics are in audit.hpp.
#include "hdq/validate/checks/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <map>
#include <memory>

#include "hdq/validate/checks/budget.hpp"
#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/inputs.hpp"

namespace hdq::validate {
namespace {

using Clock = std::chrono::steady_clock;
using namespace audit;

double usual_seconds(const Session& s) { return s.quick() ? 2.6 : s.thorough() ? 900 : 22; }
double seconds_for_audit(const Session& s) { return s.options().seconds.value_or(usual_seconds(s)); }

std::uint64_t most_observations(const Session& s) { return s.quick() ? 4000 : s.thorough() ? 400000 : 40000; }
// That a configuration should have, and what its rows are chosen for.
std::uint64_t wished_observations(const Session& s) { return s.quick() ? 200 : s.thorough() ? 4000 : 700; }
// However long it takes, unless the time was set: fewer would be no audit on a machine that is busy.
std::uint64_t least_observations(const Session& s) { return s.options().seconds ? 0 : s.quick() ? 160 : 300; }
// A configuration has had enough when so small a bias of any of its vectors would have been seen.
double small_enough(const Session& s) { return s.quick() ? 0.002 : s.thorough() ? 0.0012 : 0.0015; }

std::size_t vectors_of(const Session& s) { return std::max<std::size_t>(most_vectors, s.options().rows.dimension == 0 ? 0 : s.options().rows.x.size() / s.options().rows.dimension); }

constexpr std::size_t drift_vectors = 4, drift_tests = 2 * drift_vectors;

double alpha_for(const Session& s, std::size_t shapes) {
  return 0.8 * false_alarm(s) /
         static_cast<double>(shapes * (vectors_of(s) * tests_per_subject + tests_per_experiment) + drift_tests);
}

// Whether a configuration may take no more. Once one is rejected, the small ones go on for their estimates, no further than tells the kind of fault.
bool spent(const Session& s, const Experiment& e, bool any_rejected) {
  if (any_rejected && !e.rejected && e.config.dimension > 128) return true;
  return e.declined || e.observations >= (any_rejected ? wished_observations(s) : most_observations(s));
}
// Or needs no more.
bool finished(const Session& s, const Experiment& e, bool any_rejected) {
  if (spent(s, e, any_rejected)) return true;
  if (any_rejected || e.observations < results_wanted * 4 / 3) return false;
  return std::all_of(e.subjects.begin(), e.subjects.end(), [&](const Audited& x) { return smallest_bias(e, x) <= small_enough(s); });
}

// Some observations of one configuration, for about `seconds`.
void take_turn(Session& s, Experiment& e, bool any_rejected, double seconds) {
  const auto start = Clock::now();
  double taken = 0;
  do {
    if (!s.answers([&] { observe(s, e); })) {
      e.declined = true;
      return;
    }
    taken = std::chrono::duration<double>(Clock::now() - start).count();
  } while (taken < seconds && !spent(s, e, any_rejected));
  e.rejected = e.rejected || rejected(e);
}

// The clearest quarter, of those that may still take some.
std::vector<Experiment*> most_promising(const Session& s, std::vector<Experiment>& all) {
  std::vector<Experiment*> open;
  for (Experiment& e : all) {
    if (!finished(s, e, false)) open.push_back(&e);
  }
  std::vector<std::pair<double, Experiment*>> ranked;
  for (Experiment* e : open) ranked.emplace_back(clearest(*e), e);
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  ranked.resize((ranked.size() + 3) / 4);
  open.clear();
  for (const auto& [clear, e] : ranked) open.push_back(e);
  return open;
}

// Turn and turn about, so that when time runs out all have had their share.
void observe_all(Session& s, std::vector<Experiment>& experiments) {
  const double seconds = seconds_for_audit(s), turn = s.quick() ? 0.02 : 0.04;
  Budget budget(s, seconds);
  for (Experiment& e : experiments) {
    const double each =
        0.4 * std::min(seconds, usual_seconds(s)) / static_cast<double>(experiments.size() * wished_observations(s));
    if (!s.answers([&] { choose_rows(s, e, each); })) e.declined = true;
    if (budget.over()) return;
  }
  bool any_rejected = false;
  // Everybody's share, then; once one is rejected, a little more, for the estimates that tell why.
  std::optional<Budget> for_estimates;
  for (bool busy = true;
       busy && budget.share() < (any_rejected ? 1 : 0.6) && !(for_estimates && for_estimates->over());) {
    busy = false;
    for (Experiment& e : experiments) {
      if (finished(s, e, any_rejected) || e.observations >= wished_observations(s) || budget.over() ||
          (for_estimates && for_estimates->over()))
        continue;
      busy = true;
      take_turn(s, e, any_rejected, turn);
      any_rejected |= e.rejected;
      if (e.rejected && !for_estimates) for_estimates.emplace(s, 0.3 * usual_seconds(s));
    }
  }
  // On a busy machine, too.
  Budget more(s, 0.5 * seconds);
  for (Experiment& e : experiments) {
    while (!any_rejected && e.observations < least_observations(s) && !e.declined && !more.over())
      take_turn(s, e, any_rejected, 0);
    any_rejected |= e.rejected;
  }
  // Those that look worst. Which observation comes next may depend on all before: the tests are sequential.
  Budget rest(s, std::max(seconds - budget.used(), s.options().seconds ? 0 : 0.2 * seconds));
  for (bool busy = true; busy && !any_rejected && !rest.over();) {
    busy = false;
    for (Experiment* e : most_promising(s, experiments)) {
      if (rest.over()) break;
      busy = true;
      take_turn(s, *e, any_rejected, turn);
      any_rejected |= e->rejected;
    }
  }
}

// Few seeds show only in many results: one configuration has them, whatever the time, unless that was set.
void look_for_few_seeds(Session& s, std::vector<Experiment>& experiments) {
  if (s.options().seconds) return;
  for (Experiment& e : experiments) {
    if (e.declined || e.route == Route::dot_only || e.config.dimension < least_dimension_of_results ||
        e.config.dimension > 128)
      continue;
    const std::size_t rows = std::exchange(e.rows, 1);
    Budget budget(s, 0.5 * seconds_for_audit(s));
    while (e.fingerprints.size() < results_wanted && !budget.over() && !e.declined) {
      if (!s.answers([&] { add_result(s, e); })) e.declined = true;
    }
    e.rows = rows;
    if (e.fingerprints.size() >= results_wanted) return;
  }
}

// Findings of biases come first, then in the order of the clearest bias along x.
double clearest_along(const Experiment& e) {
  double most = 0;
  for (const Audited& subject : e.subjects) most = std::max(most, clarity(subject));
  return most + (biased(e) ? 1e-9 : 0);
}

void report_all(Session& s, const std::vector<Experiment>& experiments, const Report& report) {
  std::vector<std::pair<double, const Experiment*>> found;
  for (const Experiment& e : experiments) {
    if (e.observations == 0) continue;
    for (const Audited& subject : e.subjects) s.estimates.push_back(estimate_of(e, subject));
    if (e.rejected) found.emplace_back(clearest_along(e), &e);
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [clear, e] : found) {
    if (auto f = explain(s, *e, experiments)) report(std::move(*f));
  }
  for (const Experiment& e : experiments) {
    if (auto f = few_results(e)) report(std::move(*f));
  }
}

// The exact table takes a microsecond a coordinate, and more to be made.
std::vector<Experiment> make_experiments(Session& s, const std::vector<Shape>& shapes) {
  std::vector<Experiment> experiments;
  std::map<int, std::shared_ptr<reference::ScalarMseTable>> tables;
  for (const Shape& shape : shapes) {
    experiments.push_back(make_experiment(s, shape, alpha_for(s, shapes.size())));
    if (!s.conformant() || s.entropy_coded() || shape.dimension > 64) continue;
    auto& table = tables[shape.bits];
    if (!table) table = std::make_shared<reference::ScalarMseTable>(reference::ScalarQuantizer(shape.bits));
    experiments.back().exact = table;
  }
  return experiments;
}

void run_audit(Session& s, const Report& report) {
  const std::vector<Shape> shapes = shapes_of(s);
  if (shapes.empty()) return;
  if (deterministic(s, shapes)) {
    judge_deterministic(s, shapes, report);
    return;
  }
  if (s.claim() == Claim::error) s.remarks.emplace_back("not judged: unbiasedness, which is not claimed");
  std::vector<Experiment> experiments = make_experiments(s, shapes);
  observe_all(s, experiments);
  look_for_few_seeds(s, experiments);
  report_all(s, experiments, report);
  if (s.claim() == Claim::error && claims_nothing(s)) s.disclaim();
  // An audit that would have passed anything is none.
  const bool any = std::any_of(s.estimates.begin(), s.estimates.end(), [&](const Estimate& e) { return e.smallest_bias < 1 || s.claim() == Claim::error; });
  if (any) return;
  s.remarks.emplace_back("the audit made too few observations to see any bias (--seconds)");
  s.disclaim();
}

// ---- requantization ----

constexpr int steps = 12;
constexpr Family drift_families[] = {Family::normal, Family::one_hot, Family::constant, Family::ramp};
static_assert(std::size(drift_families) == drift_vectors);

struct Chains {
  Config config;
  std::vector<float> x;
  std::vector<Statistic> early, late;  // after 3 steps, after all
  std::uint64_t count = 0;
};

Chains make_chains(Session& s, std::uint64_t n, int bits) {
  Chains chains;
  chains.config = s.config(n, bits);
  const double v = error_bound(s, bits), alpha = alpha_for(s, 64);
  for (const Family family : drift_families) {
    append_vector(family, chains.config, s.random(), chains.x);
    // After t independent steps E‖x_t − x‖² <= ((1 + V)^t − 1)·‖x‖².
    chains.early.emplace_back(std::pow(1 + v, 3) - 1, alpha);
    chains.late.emplace_back(std::pow(1 + v, steps) - 1, alpha);
  }
  return chains;
}

// One chain. False where it leaves the finite numbers: for the audit to report.
bool follow(Session& s, Chains& chains) {
  const std::size_t n = chains.config.dimension;
  Case c{chains.config, s.random()() >> 20, chains.x};
  for (int step = 1; step <= steps; ++step) {
    c.config.seed = s.random()();
    c.x = s.reconstruct(c);
    if (!std::all_of(c.x.begin(), c.x.end(), [](float value) { return std::isfinite(value); })) return false;
    if (step != 3 && step != steps) continue;
    for (std::size_t i = 0; i < drift_vectors; ++i) {
      const std::vector<float> start(chains.x.begin() + static_cast<std::ptrdiff_t>(i * n), chains.x.begin() + static_cast<std::ptrdiff_t>((i + 1) * n));
      const double product = inner(start, c.x.data() + i * n) / inner(start, start.data());
      // Twice the largest seen is the range, as Statistic has it.
      (step == 3 ? chains.early : chains.late)[i].add(product - 1, chains.count < without_range ? 0 : 1e-6);
    }
  }
  ++chains.count;
  return true;
}

bool any_rejected(const Chains& chains) {
  const auto rejects = [](const Statistic& statistic) { return statistic.rejected(); };
  return std::any_of(chains.early.begin(), chains.early.end(), rejects) || std::any_of(chains.late.begin(), chains.late.end(), rejects);
}

// A configuration that the kernel offers, with about the wished numbers of bits and coordinates.
std::optional<std::pair<std::uint64_t, int>> drift_shape(Session& s) {
  for (const int bits : {6, 5, 7, 4, 8, 3, 2, 1}) {
    if (!s.offers_bits(bits)) continue;
    for (const std::uint64_t n : std::initializer_list<std::uint64_t>{48, 64, 100, 128, 12, 61, 256, 384, 16, 8, 4, 2, 1, 512, 1024}) {
      if (n > s.info().max_dimension || (s.profile() != nullptr && !s.profile()->offers(n, bits))) continue;
      Case c{s.config(n, bits), 0, std::vector<float>(n, 1.0f)};
      if (s.answers([&] { s.reconstruct(c); })) return std::pair{n, bits};
    }
  }
  return std::nullopt;
}

void report_drift(const Chains& chains, const Report& report) {
  for (std::size_t i = 0; i < drift_vectors; ++i) {
    const bool at_end = chains.late[i].rejected();
    if (!at_end && !chains.early[i].rejected()) continue;
    Finding f;
    f.stage = Stage::audit;
    f.config = chains.config;
    f.defect = "requantize-drift";
    f.what = fmt::format("after {} times encode and decode E⟨x, x̂⟩/‖x‖² = {} on {}, b = {} (n = {}, {} chains)", at_end ? steps : 3,
                         estimate((at_end ? chains.late : chains.early)[i].moments(), 1), family_name(drift_families[i]), chains.config.bits, chains.config.dimension,
                         chains.count);
    report(std::move(f));
    return;
  }
}

void run_drift(Session& s, const Report& report) {
  const auto shape = drift_shape(s);
  if (!shape) return;
  // Without randomness nothing averages out, as the audit says.
  if (!s.conformant() && deterministic(s, {{shape->first, shape->second, s.offers(Operation::reconstruct) ? Route::direct : Route::codes}})) return;
  // Where errors may be longer than x, what is left of x after some steps is rare and huge: no number of chains tells its mean.
  if (error_bound(s, shape->second) > 1) return;
  Chains chains = make_chains(s, shape->first, shape->second);
  Budget budget(s, 0.3 * seconds_for_audit(s));
  const std::uint64_t most = s.quick() ? 300 : s.thorough() ? 50000 : 2500;
  while (chains.count < most && !budget.over()) {
    if (!follow(s, chains)) return;
    if (chains.count >= 200 && chains.count % 16 == 0 && any_rejected(chains)) break;
  }
  report_drift(chains, report);
}

// Whether decoded values are coordinates of x̂.
bool decodes(const Session& s) { return s.profile() == nullptr || !s.profile()->decodes_rotated || s.offers(Operation::reconstruct); }

bool offers_audit(const Session& s) {
  // A profile that claims nothing is judged by its own checks.
  const bool claims = s.profile() == nullptr || s.claim() != Claim::error || s.claimed_error_given();
  return claims && ((s.can_reconstruct() && decodes(s)) || (s.offers(Operation::encode) && s.offers(Operation::dot)));
}

}  // namespace

const Check audit_check{
    "audit",
    "unbiased in every direction, squared error within its bound: sequential tests, false alarms 1e-9 in all",
    offers_audit,
    run_audit,
    nullptr,
    nullptr,
    false,
    true};
const Check drift_check{"drift", "chains of encode and decode stay unbiased",
                        [](const Session& s) { return s.can_reconstruct() && s.claim() != Claim::error && decodes(s); }, run_drift, nullptr, nullptr, true};

}  // namespace hdq::validate
