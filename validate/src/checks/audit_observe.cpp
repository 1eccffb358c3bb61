// One observation after the other: a fresh seed, all vectors of a configuration, and what it says to each test.
#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>

#include "hdq/validate/checks/audit.hpp"
#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/oracle.hpp"
#include "hdq/validate/checks/uniform_constant.hpp"

namespace hdq::validate::audit {

// One thousandth for float32 and the 32-bit dither, whose effects are below 1e-6 of V.
double error_bound(const Session& s, int bits) {
  double claimed = s.claimed_error(bits);
  if (claimed <= 0 && s.profile() != nullptr) return unclaimed_error;
  return (claimed > 0 ? claimed : uniform_constant_upper(bits) * std::ldexp(1.0, -2 * bits)) * 1.001;
}

// Every claim of an error is met by x̂ = 0: holding a kernel to them is no judgement, where they are all that is claimed.
bool claims_nothing(const Session& s) {
  for (int bits = 1; bits <= HDQ_KERNEL_MAX_BITS; ++bits) {
    if (s.offers_bits(bits) && !(s.claimed_error(bits) >= empty_claim)) return false;
  }
  return true;
}

// ---- the tests of one mean ----

void Statistic::add(double x, double range) {
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

double Statistic::clarity() const {
  const double error = moments_.standard_error();
  if (moments_.count() < 16 || !std::isfinite(error)) return 0;
  return std::max(0.0, std::abs(moments_.mean()) - tolerance - excess) / (error + 1e-5);
}

bool LearnedDirection::along(const std::vector<float>& x) const {
  if (count_ < 16) return false;
  const auto n = static_cast<double>(count_);
  double product = 0, square = 0, beside = 0, noise = 0, largest = 0;
  for (std::size_t j = 0; j < x.size(); ++j) {
    product += sum_[j] / n * static_cast<double>(x[j]);
    square += static_cast<double>(x[j]) * static_cast<double>(x[j]);
  }
  for (std::size_t j = 0; j < x.size(); ++j) {
    const double mean = sum_[j] / n, left = mean - product / square * static_cast<double>(x[j]);
    const double variance = std::max(0.0, squares_[j] / n - mean * mean) / n;
    beside += left * left;
    noise += variance;
    largest = std::max(largest, variance);
  }
  // Coordinates may err together: then the sum of squares is that of one normal.
  return beside <= 16 * noise + 36 * largest + tolerance * tolerance;
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
  const double v = error_bound(s, shape.bits);
  const Statistic unused(v, alpha);
  Experiment e(s.config(shape.dimension, shape.bits), shape.route, unused);
  auto vectors = audited_vectors(s, e.config);
  e.query = query_for(s, e.config, vectors.front().second);
  for (auto& [name, x] : vectors) {
    const double norm = norm_of(x), along = inner(e.query, x.data()) / norm;
    e.subjects.push_back({std::move(name),
                          std::move(x),
                          norm,
                          along,
                          unused,
                          unused,
                          unused,
                          unused,
                          unused,
                          unused,
                          unused,
                          UpperTest(alpha),
                          {},
                          {},
                          LearnedDirection(shape.dimension)});
  }
  if (s.options().rows.x.empty() && e.route != Route::dot_only) {
    Audited fresh = e.subjects.front();
    fresh.name = "normal, each its own";
    fresh.fresh = true;
    e.subjects.push_back(std::move(fresh));
  }
  return e;
}

namespace {

struct Answers {
  std::vector<float> decoded, dots;     // dots: of the query
  std::vector<std::vector<float>> own;  // dot of each subject's rows with itself; empty where it was not its turn
};

Encoded rows_of(const Encoded& all, std::size_t total, std::size_t first, std::size_t count) {
  const auto part = [&](const auto& values) {
    const std::size_t each = values.size() / total;
    using Values = std::decay_t<decltype(values)>;
    return Values(values.begin() + static_cast<std::ptrdiff_t>(first * each),
                  values.begin() + static_cast<std::ptrdiff_t>((first + count) * each));
  };
  return {part(all.norms), part(all.codes)};
}

Answers ask(Session& s, const Experiment& e, const Case& c) {
  Answers a;
  if (e.route == Route::direct) {
    a.decoded = s.reconstruct_directly(c);
    return a;
  }
  const Encoded encoded = e.code_bytes > 0 ? s.encode(c, e.code_bytes) : s.encode(c);
  if (e.route == Route::codes) a.decoded = s.decode(c.config, c.first_row, encoded);
  if (!s.offers(Operation::dot)) return a;
  // dot is asked less often, and for x itself in turn, unless it is all that is seen.
  constexpr std::uint64_t between = 4;
  if (e.route == Route::codes && e.observations % between != 0) return a;
  a.dots = s.dot(c.config, c.first_row, encoded, e.query);
  a.own.resize(e.subjects.size());
  for (std::size_t i = 0; i < e.subjects.size(); ++i) {
    if (e.subjects[i].fresh || (e.route == Route::codes && i != e.observations / between % e.subjects.size())) continue;
    a.own[i] =
        s.dot(c.config, c.first_row + i * e.rows, rows_of(encoded, c.rows(), i * e.rows, e.rows), e.subjects[i].x);
  }
  return a;
}

double norm_of_row(const float* x, std::size_t n) {
  double square = 0;
  for (std::size_t j = 0; j < n; ++j) square += static_cast<double>(x[j]) * static_cast<double>(x[j]);
  return std::sqrt(square);
}

// Sums over the rows of one observation, and their means.
struct Observed {
  std::vector<double> error;    // of each coordinate: e/‖x‖
  double self = 0, square = 0;  // ⟨x, x̂ − x⟩/‖x‖², ‖x̂ − x‖²/‖x‖²
};

Observed mean_of_rows(const Audited& subject, const float* x, const float* y, std::size_t rows) {
  const std::size_t n = subject.x.size();
  Observed all;
  all.error.resize(n);
  for (std::size_t row = 0; row < rows; ++row, x += n, y += n) {
    const double scale = 1 / (subject.fresh ? norm_of_row(x, n) : subject.norm);
    double square = 0, self = 0;
    for (std::size_t j = 0; j < n; ++j) {
      const double error = (static_cast<double>(y[j]) - static_cast<double>(x[j])) * scale;
      all.error[j] += error;
      square += error * error;
      self += error * static_cast<double>(x[j]);
    }
    all.self += self * scale;
    all.square += square;
  }
  const double count = static_cast<double>(rows);
  for (double& error : all.error) error /= count;
  all.self /= count;
  all.square /= count;
  return all;
}

double sum_along_ones(const std::vector<double>& error) {
  double sum = 0;
  for (const double value : error) sum += value;
  return sum / std::sqrt(static_cast<double>(error.size()));
}

bool warm(const Experiment& e) {
  return e.observations >= (e.rows >= many_rows ? without_range_of_means : without_range);
}

using Ranges = std::array<double, statistics_per_subject>;

void add_decoded(Audited& subject, const Observed& seen, const Experiment& e, const Ranges& ranges, double bound) {
  subject.self.add(seen.self, ranges[0]);
  subject.sum.add(sum_along_ones(seen.error), ranges[1]);
  if (!subject.fresh) {
    double cross = 0;
    for (std::size_t j = 0; j < seen.error.size(); ++j) cross += seen.error[j] * static_cast<double>(e.query[j]);
    subject.cross.add(cross, ranges[2]);
    const auto components = subject.direction.observe(seen.error);
    if (e.observations >= without_direction) {
      subject.learned.add(components.along, ranges[3]);
      subject.coordinate.add(components.coordinate, ranges[4]);
    }
  }
  subject.error.add(seen.square, bound);
  subject.errors.add(seen.square);
  subject.bounds.add(bound);
}

std::uint64_t fingerprint(const float* y, std::size_t n) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (std::size_t i = 0; i < n; ++i) hash = (hash ^ std::bit_cast<std::uint32_t>(y[i])) * 0x100000001B3, hash ^= hash >> 29;
  return hash;
}

constexpr std::array<Statistic Audited::*, statistics_per_subject> statistics = {
    &Audited::self,       &Audited::sum, &Audited::cross,   &Audited::learned,
    &Audited::coordinate, &Audited::dot, &Audited::dot_self};

// R, from what was seen before, of each statistic.
std::array<double, statistics_per_subject> ranges_of(const Experiment& e) {
  std::array<double, statistics_per_subject> ranges{};
  if (!warm(e)) return ranges;
  for (std::size_t k = 0; k < statistics.size(); ++k) {
    ranges[k] = 1e-6;
    for (const Audited& subject : e.subjects) ranges[k] = std::max(ranges[k], 2 * (subject.*statistics[k]).largest());
  }
  return ranges;
}

Case next_case(Session& s, Experiment& e) {
  // The same row three times of four, so that only the seed makes a difference: few_results().
  Case c{e.config, e.observations % 4 != 3 ? 5 : s.random()() >> 20, {}};
  c.config.seed = s.random()();
  c.x.reserve(e.subjects.size() * e.rows * e.config.dimension);
  for (const Audited& subject : e.subjects) {
    for (std::size_t row = 0; row < e.rows; ++row) {
      if (subject.fresh)
        append_vector(Family::normal, c.config, s.random(), c.x);
      else
        c.x.insert(c.x.end(), subject.x.begin(), subject.x.end());
    }
  }
  return c;
}

double mean_of(const float* values, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += static_cast<double>(values[i]);
  return sum / static_cast<double>(count);
}

void add_dots(Audited& subject, const float* dots, const std::vector<float>& own, std::size_t rows,
              const Ranges& ranges) {
  subject.dot.add(mean_of(dots, rows) / subject.norm - subject.along_query, ranges[5]);
  if (!own.empty()) subject.dot_self.add(mean_of(own.data(), rows) / (subject.norm * subject.norm) - 1, ranges[6]);
}

}  // namespace

void observe(Session& s, Experiment& e) {
  const Case c = next_case(s, e);
  const Answers a = ask(s, e, c);
  const std::size_t n = e.config.dimension;
  const double v = error_bound(s, static_cast<int>(e.config.bits)), subjects = static_cast<double>(e.subjects.size());
  const Ranges ranges = ranges_of(e);
  double self = 0, sum = 0;
  for (std::size_t i = 0; i < e.subjects.size(); ++i) {
    Audited& subject = e.subjects[i];
    if (!a.decoded.empty()) {
      const Observed seen = mean_of_rows(subject, c.row(i * e.rows), a.decoded.data() + i * e.rows * n, e.rows);
      add_decoded(subject, seen, e, ranges, e.exact && !subject.fresh ? exact_error(e, c.config, subject) : v);
      self += seen.self / subjects;
      sum += sum_along_ones(seen.error) / subjects;
    }
    if (a.dots.empty() || subject.fresh) continue;
    add_dots(subject, a.dots.data() + i * e.rows, a.own[i], e.rows, ranges);
    if (a.decoded.empty()) self += (mean_of(a.own[i].data(), e.rows) / (subject.norm * subject.norm) - 1) / subjects;
  }
  const auto range_of_all = [&](const Statistic& all, double range) {
    return warm(e) ? std::max(range / std::sqrt(subjects), 2 * all.largest()) : 0;
  };
  if (!a.decoded.empty() || !a.own.empty())
    e.all_self.add(self, range_of_all(e.all_self, ranges[a.decoded.empty() ? 6 : 0]));
  if (!a.decoded.empty()) e.all_sums.add(sum, range_of_all(e.all_sums, ranges[1]));
  if (c.first_row == 5 && !a.decoded.empty() && e.fingerprints.size() < 4096)
    e.fingerprints.push_back(fingerprint(a.decoded.data(), n));
  ++e.observations;
}

void add_result(Session& s, Experiment& e) {
  Case c{e.config, 5, e.subjects.front().x};
  c.config.seed = s.random()();
  const std::vector<float> y =
      e.route == Route::direct ? s.reconstruct_directly(c) : s.decode(c.config, c.first_row, s.encode(c));
  e.fingerprints.push_back(fingerprint(y.data(), e.config.dimension));
}

namespace {

// Under one seed.
bool rows_differ(Session& s, const Experiment& e) {
  Case c{e.config, 5, {}};
  c.config.seed = s.random()();
  for (int row = 0; row < 4; ++row) c.x.insert(c.x.end(), e.subjects.front().x.begin(), e.subjects.front().x.end());
  std::vector<float> y;
  if (e.route == Route::direct) {
    y = s.reconstruct_directly(c);
  } else {
    const Encoded encoded = s.encode(c);
    y = e.route == Route::codes ? s.decode(c.config, c.first_row, encoded)
                                : s.dot(c.config, c.first_row, encoded, e.query);
  }
  const std::size_t each = y.size() / 4;
  return !std::equal(y.begin() + static_cast<std::ptrdiff_t>(each), y.end(), y.begin());
}

}  // namespace

void choose_rows(Session& s, Experiment& e, double seconds) {
  const auto timed = [&](std::size_t rows) {
    e.rows = rows;
    const Case c = next_case(s, e);
    const auto start = std::chrono::steady_clock::now();
    ask(s, e, c);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const bool differ = rows_differ(s, e);
  double one = INFINITY, nine = INFINITY;
  for (int i = 0; i < 6; ++i) {
    one = std::min(one, timed(1));
    if (differ && one < 0.02) nine = std::min(nine, timed(9));
  }
  const double each = std::max(1e-9, (nine - one) / 8);
  // The calls themselves cost what several rows do: rows take as long again, at least.
  const double rows = std::max({(seconds - one) / each, one / each, static_cast<double>(many_rows)});
  e.rows = differ ? static_cast<std::size_t>(std::clamp(rows, 1.0, std::min<double>(most_rows, 1 + 0.01 / each))) : 1;
  e.code_bytes = e.route == Route::direct ? 0 : s.code_bytes(e.config);
}

bool biased(const Experiment& e) {
  if (e.all_self.rejected() || e.all_sums.rejected()) return true;
  return std::any_of(e.subjects.begin(), e.subjects.end(), [](const Audited& s) {
    return std::any_of(statistics.begin(), statistics.end(),
                       [&](Statistic Audited::*statistic) { return (s.*statistic).rejected(); });
  });
}

bool rejected(const Experiment& e) {
  return biased(e) ||
         std::any_of(e.subjects.begin(), e.subjects.end(), [](const Audited& s) { return s.error.rejected(); });
}

double clearest(const Experiment& e) {
  double most = std::max(e.all_self.clarity(), e.all_sums.clarity());
  for (const Audited& subject : e.subjects) {
    for (Statistic Audited::*statistic : statistics) most = std::max(most, (subject.*statistic).clarity());
  }
  return most;
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
