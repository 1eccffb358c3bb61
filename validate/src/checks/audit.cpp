// The audit: what can be said of any unbiased vector quantizer from x → x̂ and a seed alone, by sequential tests (e_process.hpp).
//
// Hypothesis, for every x: E x̂ = x and E‖x̂ − x‖² <= V·‖x‖², over the kernel's randomness with a fresh seed for each observation. V is the
// kernel's claimed_error, or else the certified uniform bound of SPEC §5.5; for conformant kernels the exact E_U of the reference for
// the signs at hand is used for the second claim. It follows that ⟨v, x̂ − x⟩/‖x‖ has mean 0 and second moment at most V for
// every unit vector v: that, and no bound on single observations, is what the tests of means use.
// All tests together reject a true hypothesis with probability at most total_false_alarm.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>

#include "hdq/stages.hpp"
#include "hdq/reference/scheme/philox.hpp"
#include "hdq/reference/scheme/scalar_mse_table.hpp"
#include "hdq/reference/scheme/vector_quantizer.hpp"
#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/e_process.hpp"
#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/oracle.hpp"
#include "hdq/validate/checks/uniform_constant.hpp"

namespace hdq::validate {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double total_false_alarm = 1e-9;

// One thousandth for float32 and the 32-bit dither, whose effects are below 1e-6 of V.
double error_bound(const Session& s, int bits) {
  const double claimed = s.info().claimed_error[bits];
  return (claimed > 0 ? claimed : uniform_constant_upper(bits) * std::ldexp(1.0, -2 * bits)) * 1.001;
}

struct Statistic {
  Statistic(double second_moment, double alpha) : mean(second_moment, alpha) {}
  MeanTest mean;
  Moments moments;
};

// One vector under one configuration.
struct Subject {
  const char* name;
  std::vector<float> x;
  double norm, along_query;  // ‖x‖, ⟨q, x⟩/‖x‖
  Statistic self, cross, dot;
  UpperTest error;
  Moments errors;
};

struct Experiment {
  Config config;
  std::vector<float> query;  // a unit vector
  std::vector<Subject> subjects;
  std::unique_ptr<reference::ScalarMseTable> exact;  // conformant kernels
  bool rejected = false;
  std::uint64_t observations = 0;
};

constexpr Family audited[] = {Family::one_hot, Family::last_hot, Family::two_hot, Family::constant, Family::alternating, Family::k_hot,
                              Family::normal,  Family::heavy_tailed};
constexpr std::size_t tests_per_subject = 4;

double norm_of(const std::vector<float>& x) {
  double sum = 0;
  for (const float v : x) sum += static_cast<double>(v) * static_cast<double>(v);
  return std::sqrt(sum);
}

double inner(const std::vector<float>& a, const float* b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

Experiment make_experiment(Session& s, std::uint64_t n, int bits, double alpha) {
  Experiment e;
  e.config = s.config(n, bits);
  const double v = error_bound(s, bits);
  std::vector<std::vector<float>> vectors;
  for (const Family family : audited) {
    vectors.emplace_back();
    append_vector(family, e.config, s.random(), vectors.back());
  }
  // Correlated with the normal vector, about 0.8.
  std::vector<float> noise;
  append_vector(Family::normal, e.config, s.random(), noise);
  e.query = vectors[6];
  for (std::size_t i = 0; i < n; ++i) e.query[i] += 0.75f * noise[i];
  const auto length = static_cast<float>(norm_of(e.query));
  for (float& value : e.query) value /= length;
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    const double norm = norm_of(vectors[i]), along = inner(e.query, vectors[i].data()) / norm;
    e.subjects.push_back({family_name(audited[i]), std::move(vectors[i]), norm, along, {v, alpha}, {v, alpha}, {v, alpha}, {alpha}, {}});
  }
  if (s.conformant()) e.exact = std::make_unique<reference::ScalarMseTable>(reference::ScalarQuantizer(bits));
  return e;
}

// E_U‖x̂ − x‖²/‖x‖² over all d coordinates for these signs, an upper end.
double exact_error(Experiment& e, const Config& config, const Subject& subject) {
  double sum = 0;
  for (const double y : rotation_with(config, subject.x.data(), SignUse::spec, false)) sum += (*e.exact)(y / subject.norm, 1e-12).upper;
  return sum / static_cast<double>(config.order) * (1 + 1e-4) + 1e-10;
}

void observe(Session& s, Experiment& e) {
  Case c{e.config, s.random()() >> 20, {}};
  c.config.seed = s.random()();
  for (const Subject& subject : e.subjects) c.x.insert(c.x.end(), subject.x.begin(), subject.x.end());
  std::vector<float> decoded, dots;
  if (s.offers(Operation::encode) && s.offers(Operation::decode)) {
    const Encoded encoded = s.encode(c);
    decoded = s.decode(c.config, c.first_row, encoded);
    if (s.offers(Operation::dot)) dots = s.dot(c.config, c.first_row, encoded, e.query);
  } else {
    decoded = s.reconstruct(c);
  }
  const double v = error_bound(s, static_cast<int>(e.config.bits));
  for (std::size_t i = 0; i < e.subjects.size(); ++i) {
    Subject& subject = e.subjects[i];
    const float* y = decoded.data() + i * e.config.dimension;
    const double self = inner(subject.x, y) / (subject.norm * subject.norm), cross = inner(e.query, y) / subject.norm;
    double error = 0;
    for (std::size_t j = 0; j < subject.x.size(); ++j) {
      const double difference = (static_cast<double>(y[j]) - static_cast<double>(subject.x[j])) / subject.norm;
      error += difference * difference;
    }
    subject.self.mean.add(self - 1);
    subject.self.moments.add(self);
    subject.cross.mean.add(cross - subject.along_query);
    subject.cross.moments.add(cross);
    subject.error.add(error, e.exact ? exact_error(e, c.config, subject) : v);
    subject.errors.add(error);
    if (dots.empty()) continue;
    const double dot = static_cast<double>(dots[i]) / subject.norm;
    subject.dot.mean.add(dot - subject.along_query);
    subject.dot.moments.add(dot);
  }
  ++e.observations;
}

bool rejected(const Experiment& e) {
  return std::any_of(e.subjects.begin(), e.subjects.end(), [](const Subject& s) {
    return s.self.mean.rejected() || s.cross.mean.rejected() || s.dot.mean.rejected() || s.error.rejected();
  });
}

// ---- what a rejection means ----

std::string estimate(const Moments& m) {
  const double error = m.standard_error();
  const int digits = error > 0 && std::isfinite(error) ? std::clamp(1 - static_cast<int>(std::floor(std::log10(error))), 1, 9) : 3;
  return fmt::format("{:.{}f} ± {:.{}f}", m.mean(), digits, error, digits);
}

// The same factor on every vector and at every bit width, or one that depends on them?
bool common_bias(const std::vector<Experiment>& all, const Subject& worst) {
  const Moments& factor = worst.self.moments;
  return std::all_of(all.begin(), all.end(), [&](const Experiment& e) {
    return std::all_of(e.subjects.begin(), e.subjects.end(), [&](const Subject& s) {
      return std::abs(s.self.moments.mean() - factor.mean()) <= 0.01 + 5 * (s.self.moments.standard_error() + factor.standard_error());
    });
  });
}

Finding audit_finding(const Experiment& e, const Subject& subject, std::string defect, std::string what) {
  Finding f;
  f.stage = Stage::audit;
  f.config = e.config;
  f.defect = std::move(defect);
  f.what = std::move(what) + fmt::format(" on {}, b = {} (n = {}, {} seeds)", subject.name, e.config.bits, e.config.dimension, e.observations);
  return f;
}

std::optional<Finding> explain(Session& s, const Experiment& e, const std::vector<Experiment>& all) {
  const auto find = [&](auto predicate) { return std::find_if(e.subjects.begin(), e.subjects.end(), predicate); };
  const bool padded = e.config.dimension != e.config.order && s.conformant();
  if (const auto at = find([](const Subject& x) { return x.self.mean.rejected(); }); at != e.subjects.end()) {
    // The clearest case.
    const Subject& worst = *std::max_element(e.subjects.begin(), e.subjects.end(), [](const Subject& a, const Subject& b) {
      return (a.self.mean.rejected() ? std::abs(a.self.moments.mean() - 1) : -1) < (b.self.mean.rejected() ? std::abs(b.self.moments.mean() - 1) : -1);
    });
    const double mean = worst.self.moments.mean();
    const bool common = common_bias(all, worst);
    const std::string defect = !std::isfinite(mean)             ? "half-overflow"
                               : common && std::abs(mean) < 0.1 ? "two-paths-two-bases"
                               : common                         ? "estimator-constant"
                                                                : "dead-or-biased-rounding";
    return audit_finding(e, worst, defect, fmt::format("biased: E⟨x, x̂⟩/‖x‖² = {}", estimate(worst.self.moments)));
  }
  if (const auto at = find([](const Subject& x) { return x.cross.mean.rejected(); }); at != e.subjects.end()) {
    return audit_finding(e, *at, padded ? "padded-dimensions" : "dead-or-biased-rounding",
                         fmt::format("biased: E⟨q, x̂⟩/‖x‖ = {}, should be {:.4f}, for a unit vector q", estimate(at->cross.moments), at->along_query));
  }
  if (const auto at = find([](const Subject& x) { return x.dot.mean.rejected(); }); at != e.subjects.end()) {
    return audit_finding(e, *at, "estimator-constant",
                         fmt::format("dot is biased: E dot(q)/‖x‖ = {}, should be {:.4f}", estimate(at->dot.moments), at->along_query));
  }
  if (const auto at = find([](const Subject& x) { return x.error.rejected(); }); at != e.subjects.end()) {
    const double bound = error_bound(s, static_cast<int>(e.config.bits));
    return audit_finding(e, *at, e.config.bits >= 5 ? "codebook" : "error-too-large",
                         fmt::format("E‖x̂ − x‖²/‖x‖² = {}, {}", estimate(at->errors),
                                     at->errors.mean() > bound ? fmt::format("above its bound {:.6g}", bound) : std::string("above its exact value for the signs drawn")));
  }
  return std::nullopt;
}

// ---- the run ----

struct Plan {
  std::vector<std::pair<std::uint64_t, int>> shapes;
  std::uint64_t observations;
};

Plan plan(const Session& s) {
  Plan p;
  const std::vector<std::uint64_t> dimensions = s.quick() ? std::vector<std::uint64_t>{12} : s.thorough() ? std::vector<std::uint64_t>{8, 12, 28, 100, 384} : std::vector<std::uint64_t>{12, 50};
  for (const std::uint64_t n : dimensions) {
    for (int bits = 1; bits <= HDQ_KERNEL_MAX_BITS; ++bits) {
      if (n <= s.info().max_dimension && s.offers_bits(bits)) p.shapes.emplace_back(n, bits);
    }
  }
  p.observations = s.quick() ? 400 : s.thorough() ? 100000 : 6000;
  return p;
}

double seconds_for_audit(const Session& s) {
  if (s.options().seconds) return *s.options().seconds;
  return s.quick() ? 4 : s.thorough() ? 900 : 25;
}

constexpr std::size_t drift_tests = 4 * 2;

double alpha_for(const Plan& p) {
  return total_false_alarm / static_cast<double>(p.shapes.size() * std::size(audited) * tests_per_subject + drift_tests);
}

// Outputs of twenty seeds that are the same to the last bit.
bool seed_ignored(Session& s, std::uint64_t n, int bits) {
  Case c{s.config(n, bits), 5, {}};
  append_vector(Family::normal, c.config, s.random(), c.x);
  const std::vector<float> first = s.reconstruct(c);
  for (int i = 0; i < 20; ++i) {
    c.config.seed = s.random()();
    if (!same_bits(s.reconstruct(c), first)) return false;
  }
  return true;
}

void run_audit(Session& s, const Report& report) {
  const Plan p = plan(s);
  if (!p.shapes.empty() && seed_ignored(s, p.shapes.back().first, p.shapes.back().second)) {
    Finding f;
    f.stage = Stage::audit;
    f.config = s.config(p.shapes.back().first, p.shapes.back().second);
    f.defect = "dead-or-biased-rounding";
    f.what = "twenty seeds give the same output: nothing is random, and no vector's error averages out";
    report(std::move(f));
    return;
  }
  std::vector<Experiment> experiments;
  for (const auto& [n, bits] : p.shapes) experiments.push_back(make_experiment(s, n, bits, alpha_for(p)));
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds_for_audit(s)));
  // Turn and turn about, so that when time runs out all have had their share; after a rejection on to 1000 for the estimate.
  for (bool busy = true; busy && Clock::now() < deadline;) {
    busy = false;
    for (Experiment& e : experiments) {
      if (e.observations >= (e.rejected ? std::min<std::uint64_t>(p.observations, 1000) : p.observations)) continue;
      busy = true;
      // The same time for each: few bits are quick and need many observations.
      const auto turn = std::min(deadline, Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::milliseconds(40)));
      do observe(s, e);
      while (Clock::now() < turn && e.observations < p.observations);
      e.rejected = e.rejected || rejected(e);
    }
  }
  for (const Experiment& e : experiments) {
    if (!e.rejected) continue;
    if (auto f = explain(s, e, experiments)) report(std::move(*f));
  }
}

// ---- requantization ----

void run_drift(Session& s, const Report& report) {
  constexpr int steps = 12;
  int bits = 6;
  for (const int wish : {6, 5, 7, 4, 8, 3, 2, 1}) {
    if (s.offers_bits(wish)) {
      bits = wish;
      break;
    }
  }
  const std::uint64_t n = std::min<std::uint64_t>(48, s.info().max_dimension);
  const Config config = s.config(n, bits);
  const double v = error_bound(s, bits), alpha = alpha_for(plan(s));
  const Family families[] = {Family::normal, Family::one_hot, Family::constant, Family::ramp};
  std::vector<float> x;
  for (const Family family : families) append_vector(family, config, s.random(), x);
  std::vector<Statistic> early, late;
  for (std::size_t i = 0; i < std::size(families); ++i) {
    // After t independent steps E‖x_t − x‖² <= ((1 + V)^t − 1)·‖x‖².
    early.emplace_back(std::pow(1 + v, 3) - 1, alpha);
    late.emplace_back(std::pow(1 + v, steps) - 1, alpha);
  }
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(0.3 * seconds_for_audit(s)));
  bool stop = false;
  const std::uint64_t chains = s.quick() ? 300 : s.thorough() ? 50000 : 2500;
  for (std::uint64_t chain = 0; chain < chains && !stop && Clock::now() < deadline; ++chain) {
    Case c{config, s.random()() >> 20, x};
    for (int step = 1; step <= steps; ++step) {
      c.config.seed = s.random()();
      c.x = s.reconstruct(c);
      if (!std::all_of(c.x.begin(), c.x.end(), [](float value) { return std::isfinite(value); })) return;  // for the audit to report
      for (std::size_t i = 0; i < std::size(families) && (step == 3 || step == steps); ++i) {
        const std::vector<float> start(x.begin() + static_cast<std::ptrdiff_t>(i * n), x.begin() + static_cast<std::ptrdiff_t>((i + 1) * n));
        const double product = inner(start, c.x.data() + i * n) / inner(start, start.data());
        Statistic& statistic = step == 3 ? early[i] : late[i];
        statistic.mean.add(product - 1);
        statistic.moments.add(product);
        stop = stop || (chain >= 200 && statistic.mean.rejected());
      }
    }
  }
  for (std::size_t i = 0; i < std::size(families); ++i) {
    const bool at_end = late[i].mean.rejected();
    if (!at_end && !early[i].mean.rejected()) continue;
    Finding f;
    f.stage = Stage::audit;
    f.config = config;
    f.defect = "requantize-drift";
    f.what = fmt::format("after {} times encode and decode E⟨x, x̂⟩/‖x‖² = {} on {}, b = {} (n = {}, {} chains)", at_end ? steps : 3,
                         estimate(at_end ? late[i].moments : early[i].moments), family_name(families[i]), bits, n, late[i].moments.count());
    report(std::move(f));
    return;
  }
}

// ---- all codes reachable ----

void run_reachable(Session& s, const Report& report) {
  const std::uint64_t n = 64;
  for (int bits = 1; bits <= HDQ_KERNEL_MAX_BITS; ++bits) {
    if (!s.offers_bits(bits) || n > s.info().max_dimension) continue;
    const std::size_t levels = std::size_t{1} << bits;
    std::vector<bool> used(levels);
    const Config config = s.config(n, bits, 3);
    Case c{config, 0, {}};
    const std::vector<int> epsilon = reference::signs(config.seed, config.order);
    for (std::size_t k = 0; k < levels; ++k) {
      // Coordinate 0 in the middle of cell k of this row's thresholds.
      std::vector<double> t(levels - 1);
      hdq::thresholds(bits, reference::dither_word(config.seed, k), t.data());
      const double z = k == 0 ? t.front() - 0.5 : k == levels - 1 ? t.back() + 0.5 : 0.5 * (t[k - 1] + t[k]);
      const double cosine = std::clamp(z / std::sqrt(static_cast<double>(n)), -1.0, 1.0), sine = std::sqrt(1 - cosine * cosine);
      for (std::size_t i = 0; i < n; ++i) {
        const double h0 = reference::hadamard_entry(hadamard_of(config), 0, i), h1 = reference::hadamard_entry(hadamard_of(config), 1, i);
        c.x.push_back(static_cast<float>(epsilon[i] * (cosine * h0 + sine * h1)));
      }
    }
    const Encoded e = s.encode(c);
    const std::size_t stride = e.codes.size() / levels;
    for (std::size_t row = 0; row < levels; ++row) {
      std::vector<std::uint8_t> bytes(e.codes.begin() + static_cast<std::ptrdiff_t>(row * stride), e.codes.begin() + static_cast<std::ptrdiff_t>((row + 1) * stride));
      bytes.resize(n + 8);
      for (const std::uint8_t code : reference::unpack_codes(bits, bytes.data(), n)) used[code] = true;
    }
    const auto missing = static_cast<std::size_t>(std::count(used.begin(), used.end(), false));
    if (missing == 0) continue;
    Finding f;
    f.stage = Stage::encode;
    f.config = config;
    f.defect = "codebook";
    f.what = fmt::format("{} of {} codes are never used, the first is {}", missing, levels, std::find(used.begin(), used.end(), false) - used.begin());
    report(std::move(f));
  }
}

}  // namespace

const Check reachable_check{"reachable", "every code occurs", [](const Session& s) { return s.conformant() && s.offers(Operation::encode); }, run_reachable};
const Check audit_check{"audit", "unbiased in every direction, squared error within its bound: sequential tests, false alarms 1e-9 in all",
                        [](const Session& s) { return s.can_reconstruct(); }, run_audit};
const Check drift_check{"drift", "chains of encode and decode stay unbiased", [](const Session& s) { return s.can_reconstruct(); }, run_drift};

}  // namespace hdq::validate
