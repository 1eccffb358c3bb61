// One observation after the other: a fresh seed, all vectors of a configuration, and what it says to each test.
#include <algorithm>
#include <bit>
#include <cmath>

#include "hdq/validate/checks/audit.hpp"
#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/oracle.hpp"
#include "hdq/validate/checks/uniform_constant.hpp"

namespace hdq::validate::audit {

// One thousandth for float32 and the 32-bit dither, whose effects are below 1e-6 of V.
double error_bound(const Session& s, int bits) {
  double claimed = s.claimed_error(bits);
  if (claimed >= empty_claim && s.claim() == Claim::error && s.profile() == nullptr) claimed = 0;  // no verdict rests on it alone
  if (claimed <= 0 && s.profile() != nullptr) return unclaimed_error;
  return (claimed > 0 ? claimed : uniform_constant_upper(bits) * std::ldexp(1.0, -2 * bits)) * 1.001;
}

// ---- the tests of one mean ----

void Statistic::add(double x, double range) {
  // What dot does may be off by more than x̂ is.
  if (range > 0) {
    by_range_.add(x, std::max(range, 2 * largest_));
    ++with_range_;
  }
  largest_ = std::max(largest_, std::abs(x));
  moments_.add(x);
  sum_ += x;
  if (++pending_ < block) return;
  by_claim_.add_mean_of(sum_ / static_cast<double>(block), block);
  sum_ = 0;
  pending_ = 0;
}

bool Statistic::rejected() const { return by_claim_.rejected() || by_range_.rejected(); }

double Statistic::smallest_bias() const {
  const auto n = static_cast<double>(moments_.count());
  const double variance = std::pow(moments_.standard_error(), 2) * n;
  if (!std::isfinite(variance)) return INFINITY;
  return std::min(by_claim_.smallest_bias(n, variance), by_range_.smallest_bias(static_cast<double>(with_range_), variance));
}

LearnedDirection::Components LearnedDirection::observe(const std::vector<double>& error) {
  Components c;
  double length = 0;
  for (std::size_t j = 0; j < error.size(); ++j) {
    c.along += sum_[j] * error[j];
    length += sum_[j] * sum_[j];
  }
  if (length > 0) c.along /= std::sqrt(length);
  c.coordinate = error[clearest_];
  for (std::size_t j = 0; j < error.size(); ++j) {
    sum_[j] += error[j];
    squares_[j] += error[j] * error[j];
  }
  if (++count_ % 16 != 0) return c;
  double clearest = -1;
  for (std::size_t j = 0; j < error.size(); ++j) {
    // What is below the tolerance anyway is not looked for.
    const double floor = static_cast<double>(count_) * tolerance * tolerance, clarity = sum_[j] * sum_[j] / (squares_[j] + floor);
    if (clarity <= clearest) continue;
    clearest = clarity;
    clearest_ = j;
  }
  return c;
}

// ---- a configuration ----

std::string route_name(Route route, bool with_dot) {
  switch (route) {
    case Route::codes: return with_dot ? "encode, decode, dot" : "encode, decode";
    case Route::direct: return "reconstruct";
    case Route::dot_only: return "encode, dot";
  }
  return "?";
}

namespace {

// A unit vector with correlation 0.8 with the first of the vectors.
std::vector<float> query_for(Session& s, const Config& config, const std::vector<float>& first) {
  std::vector<float> noise;
  append_vector(Family::normal, config, s.random(), noise);
  const auto scale = static_cast<float>(norm_of(first) / std::max(1e-30, norm_of(noise)));
  std::vector<float> q(first.size());
  for (std::size_t i = 0; i < q.size(); ++i) q[i] = first[i] + 0.75f * scale * noise[i];
  double length = norm_of(q);
  if (!(length > 0)) q = first, length = norm_of(q);
  for (float& value : q) value = static_cast<float>(static_cast<double>(value) / length);
  return q;
}

// E_U‖x̂ − x‖²/‖x‖² over all d coordinates for these signs, an upper end.
double exact_error(Experiment& e, const Config& config, const Audited& subject) {
  double sum = 0;
  for (const double y : rotation_with(config, subject.x.data(), SignUse::spec, false)) sum += (*e.exact)(y / subject.norm, 1e-12).upper;
  return sum / static_cast<double>(config.order) * (1 + 1e-4) + 1e-10;
}

}  // namespace

Experiment make_experiment(Session& s, const Shape& shape, double alpha) {
  Experiment e;
  e.config = s.config(shape.dimension, shape.bits);
  e.route = shape.route;
  const double v = error_bound(s, shape.bits);
  auto vectors = audited_vectors(s, e.config);
  e.query = query_for(s, e.config, vectors.front().second);
  for (auto& [name, x] : vectors) {
    const double norm = norm_of(x), along = inner(e.query, x.data()) / norm;
    const Statistic fresh(v, alpha);
    e.subjects.push_back({std::move(name), std::move(x), norm, along, fresh, fresh, fresh, fresh, fresh, fresh, UpperTest(alpha), {}, {},
                          LearnedDirection(shape.dimension), 0});
  }
  // The exact table takes a microsecond a coordinate.
  if (s.conformant() && shape.dimension <= 64) e.exact = std::make_unique<reference::ScalarMseTable>(reference::ScalarQuantizer(shape.bits));
  return e;
}

namespace {

struct Answers {
  std::vector<float> decoded, dots;  // dots: of the query
  std::size_t turn = 0;
  float own = 0;                     // dot of row `turn` with x itself
};

// dot of one row in turn with x itself.
void ask_own(Session& s, const Experiment& e, const Case& c, const Encoded& encoded, Answers& a) {
  a.turn = e.observations % e.subjects.size();
  a.own = s.dot(c.config, c.first_row, encoded, e.subjects[a.turn].x)[a.turn];
}

Answers ask(Session& s, const Experiment& e, const Case& c) {
  Answers a;
  if (e.route == Route::direct) {
    a.decoded = s.reconstruct_directly(c);
    return a;
  }
  const Encoded encoded = s.encode(c);
  if (e.route == Route::codes) a.decoded = s.decode(c.config, c.first_row, encoded);
  if (!s.offers(Operation::dot)) return a;
  a.dots = s.dot(c.config, c.first_row, encoded, e.query);
  ask_own(s, e, c, encoded, a);
  return a;
}

void add_decoded(Audited& subject, const float* y, const Experiment& e, double range, double bound) {
  std::vector<double> error(subject.x.size());
  double square = 0, self = 0, cross = 0;
  for (std::size_t j = 0; j < error.size(); ++j) {
    error[j] = (static_cast<double>(y[j]) - static_cast<double>(subject.x[j])) / subject.norm;
    square += error[j] * error[j];
    self += error[j] * static_cast<double>(subject.x[j]);
    cross += error[j] * static_cast<double>(e.query[j]);
  }
  subject.self.add(self / subject.norm, range);
  subject.cross.add(cross, range);
  const auto components = subject.direction.observe(error);
  if (e.observations >= without_range) {  // something was learned
    subject.learned.add(components.along, range);
    subject.coordinate.add(components.coordinate, range);
  }
  subject.error.add(square, bound);
  subject.errors.add(square);
  subject.bounds.add(bound);
  subject.longest = std::max(subject.longest, std::sqrt(square));
}

std::uint64_t fingerprint(const float* y, std::size_t n) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (std::size_t i = 0; i < n; ++i) hash = (hash ^ std::bit_cast<std::uint32_t>(y[i])) * 0x100000001B3, hash ^= hash >> 29;
  return hash;
}

double median_longest(const Experiment& e) {
  std::vector<double> all;
  for (const Audited& subject : e.subjects) all.push_back(subject.longest);
  std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2), all.end());
  return all[all.size() / 2];
}

}  // namespace

void observe(Session& s, Experiment& e) {
  // The same row every other time, so that only the seed makes a difference: few_results().
  const bool same_row = e.observations % 2 == 0;
  Case c{e.config, same_row ? 5 : s.random()() >> 20, {}};
  c.config.seed = s.random()();
  for (const Audited& subject : e.subjects) c.x.insert(c.x.end(), subject.x.begin(), subject.x.end());
  const Answers a = ask(s, e, c);
  const std::size_t n = e.config.dimension;
  const double v = error_bound(s, static_cast<int>(e.config.bits));
  for (std::size_t i = 0; i < e.subjects.size(); ++i) {
    Audited& subject = e.subjects[i];
    // R, from what was seen before.
    const double range = e.observations < without_range ? 0 : std::max(2 * std::max(subject.longest, e.typical), 1e-6);
    if (!a.decoded.empty()) add_decoded(subject, a.decoded.data() + i * n, e, range, e.exact ? exact_error(e, c.config, subject) : v);
    if (a.dots.empty()) continue;
    const double dot = static_cast<double>(a.dots[i]) / subject.norm - subject.along_query;
    subject.dot.add(dot, range);
    const double own = static_cast<double>(a.own) / (subject.norm * subject.norm) - 1;
    if (i == a.turn) subject.dot_self.add(own, range);
    if (a.decoded.empty()) subject.longest = std::max({subject.longest, std::abs(dot), i == a.turn ? std::abs(own) : 0});
  }
  if (same_row && !a.decoded.empty() && e.fingerprints.size() < 4096) e.fingerprints.push_back(fingerprint(a.decoded.data(), n));
  ++e.observations;
  e.typical = median_longest(e);
}

bool rejected(const Experiment& e) {
  return std::any_of(e.subjects.begin(), e.subjects.end(), [](const Audited& s) {
    return s.self.rejected() || s.cross.rejected() || s.learned.rejected() || s.coordinate.rejected() || s.dot.rejected() || s.dot_self.rejected() || s.error.rejected();
  });
}

double smallest_bias(const Experiment& e, const Audited& subject) {
  if (e.route != Route::dot_only) return subject.self.smallest_bias();
  // A factor 1 + δ of dot moves dot(q) by δ⟨q, x⟩.
  const double along = std::max(1e-30, std::abs(subject.along_query));
  return std::min(subject.dot_self.smallest_bias(), subject.dot.smallest_bias() / along);
}

namespace {

std::optional<Measured> measured(const Moments& m, double shift) {
  if (m.count() == 0) return std::nullopt;
  return Measured{shift + m.mean(), m.standard_error()};
}

}  // namespace

Estimate estimate_of(const Experiment& e, const Audited& subject) {
  Estimate estimate;
  estimate.vector = subject.name;
  estimate.config = e.config;
  estimate.route = route_name(e.route, subject.dot.moments().count() > 0);
  estimate.seeds = e.observations;
  estimate.self = measured(e.route == Route::dot_only ? subject.dot_self.moments() : subject.self.moments(), 1);
  estimate.error = measured(subject.errors, 0);
  estimate.dot = measured(subject.dot.moments(), 0);
  estimate.bound = subject.bounds.count() > 0 ? subject.bounds.mean() : 0;
  estimate.smallest_bias = smallest_bias(e, subject);
  return estimate;
}

}  // namespace hdq::validate::audit
