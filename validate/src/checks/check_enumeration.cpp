// Exact enumeration of all signs at small orders: seeds are drawn until each of the 2^T patterns of the T signs that a scheme's randomness
// consists of was met, and then every row is coded once under each of them. So nothing is estimated:
//   conformant kernels   the signs and the dither of a seed are SPEC §2's; x̂ under every pattern against x̂ given U in real arithmetic
//   under a profile      whose only seeded data are signs: x̂ under every pattern stage by stage, and its means against the profile's own
//   own schemes          that export `signs` and are a function of them: E x̂ and E‖x̂ − x‖² are sums of 2^T terms, held to the claims
// Signs that are not fair, or not independent, are a finding too.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <functional>
#include <optional>

#include "hdq/reference/profile/profile_judge.hpp"
#include "hdq/reference/scheme/philox.hpp"
#include "hdq/validate/checks/audit.hpp"
#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/codes.hpp"
#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/oracle.hpp"

namespace hdq::validate {
namespace {

using Clock = std::chrono::steady_clock;
using reference::Ball;
using reference::ProfileJudge;
using reference::ProfileRow;

// Probability that fair signs leave a pattern out, and that they look unfair, in one configuration: of this run's share.
double missed_by(const Session& s) { return 1e-10 / static_cast<double>(s.options().runs); }

// ---- where signs come from ----

struct SignSource {
  std::size_t count = 0;                                    // T
  std::function<std::uint32_t(std::uint64_t)> pattern;      // of a seed: bit i is set where sign i is −1
  std::vector<std::pair<std::string, std::size_t>> tables;  // under a profile: name and length, first bits first
};

template <class T>
void add_bits(std::uint32_t& pattern, std::size_t from, const std::vector<T>& signs) {
  for (std::size_t i = 0; i < signs.size(); ++i) pattern |= static_cast<std::uint32_t>(signs[i] < 0) << (from + i);
}

// Of a profile: all that is seeded are tables of signs, each used by a step that is always taken, and codes follow from x and them.
std::vector<std::pair<std::string, std::size_t>> sign_tables(const reference::Profile& p, const Config& config) {
  using Kind = reference::ProfileStep::Kind;
  std::vector<std::pair<std::string, std::size_t>> tables;
  const bool nearest = p.rounding.kind == reference::ProfileRounding::Kind::nearest && p.codebook && !p.decodes_rotated;
  for (const auto& [name, data] : p.data) {
    if (!data.values.empty() || (!data.seeded && !data.per_row)) continue;
    const bool used =
        std::any_of(p.rotation.begin(), p.rotation.end(), [&n = name](const reference::ProfileStep& step) {
          return step.kind == Kind::signs && step.data == n && step.when == reference::ProfileStep::When::always;
        });
    if (!nearest || data.kind != reference::ProfileData::Kind::signs || data.per_row || !used) return {};
    tables.emplace_back(
        name, reference::evaluate_count(data.count, p.names(config.dimension, static_cast<int>(config.bits))));
  }
  return tables;
}

SignSource profile_source(Session& s, const Config& config) {
  SignSource source;
  source.tables = sign_tables(*s.profile(), config);
  for (const auto& [name, count] : source.tables) source.count += count;
  source.pattern = [&s, config, tables = source.tables](std::uint64_t seed) {
    Config its = config;
    its.seed = seed;
    std::uint32_t pattern = 0;
    std::size_t from = 0;
    for (const auto& [name, count] : tables) {
      add_bits(pattern, from, s.data(its, name, 0, count));
      from += count;
    }
    return pattern;
  };
  return source;
}

SignSource source_of(Session& s, const Config& config) {
  if (s.profile() != nullptr) return profile_source(s, config);
  SignSource source;
  source.count = config.order;
  source.pattern = [&s, config](std::uint64_t seed) {
    std::uint32_t pattern = 0;
    if (s.conformant()) {
      add_bits(pattern, 0, reference::signs(seed, config.order));
    } else {
      Config its = config;
      its.seed = seed;
      add_bits(pattern, 0, s.signs(its, config.order));
    }
    return pattern;
  };
  return source;
}

// ---- seeds ----

struct Seeds {
  double missed;                               // missed_by()
  std::vector<std::vector<std::uint64_t>> of;  // by pattern: the first two that gave it
  std::vector<std::uint64_t> counts;           // among the first `counted` seeds
  std::uint64_t counted = 0, drawn = 0, patterns_met = 0;
  bool all() const { return patterns_met == of.size(); }
};

std::uint64_t enough_seeds(std::size_t signs, double missed) {
  const double patterns = std::ldexp(1.0, static_cast<int>(signs));
  return static_cast<std::uint64_t>(std::ceil(patterns * (std::log(patterns) - std::log(missed)))) + 1;
}

Seeds no_seeds(std::size_t signs, double missed) {
  const std::size_t patterns = std::size_t{1} << signs;
  Seeds seeds{missed, std::vector<std::vector<std::uint64_t>>(patterns), std::vector<std::uint64_t>(patterns)};
  seeds.counted = std::max<std::uint64_t>(128, 2 * patterns);
  return seeds;
}

// Until `most` were drawn, or, if `until_all`, every pattern was met. False where time is up before.
bool draw_seeds(Session& s, const SignSource& source, Seeds& seeds, bool until_all, std::uint64_t most,
                Clock::time_point end) {
  while (seeds.drawn < most && !(until_all && seeds.all())) {
    if (seeds.drawn % 64 == 0 && Clock::now() >= end) return false;
    const std::uint64_t seed = s.random()();
    const std::uint32_t pattern = source.pattern(seed);
    seeds.patterns_met += seeds.of[pattern].empty();
    if (seeds.of[pattern].size() < 2) seeds.of[pattern].push_back(seed);
    if (seeds.drawn++ < seeds.counted) ++seeds.counts[pattern];
  }
  return true;
}

// "+ − − +"
std::string signs_text(std::uint32_t pattern, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += (pattern >> i & 1) != 0 ? "−" : "+";
  return text;
}

Finding finding(const Config& config, Stage stage, std::string defect, std::string what) {
  Finding f;
  f.config = config;
  f.stage = stage;
  f.defect = std::move(defect);
  f.what = std::move(what);
  return f;
}

std::string met(std::size_t count, const Seeds& seeds) {
  const auto gap = static_cast<std::uint32_t>(
      std::find_if(seeds.of.begin(), seeds.of.end(), [](const auto& its) { return its.empty(); }) - seeds.of.begin());
  return fmt::format("{} seeds give {} of the {} patterns of {} signs, never {}", seeds.drawn, seeds.patterns_met,
                     seeds.of.size(), count, signs_text(gap, count));
}

// Some pattern comes of none of so many seeds.
std::optional<Finding> left_out(const Config& config, std::size_t count, const Seeds& seeds) {
  if (seeds.all()) return std::nullopt;
  const auto patterns = static_cast<double>(seeds.of.size());
  const double chance = patterns * std::exp(static_cast<double>(seeds.drawn) * std::log1p(-1 / patterns));
  return finding(
      config, Stage::signs, "wrong-stream",
      met(count, seeds) +
          fmt::format(": with fair signs of independent seeds one is left out with probability {:.1g}", chance));
}

// Of the first `counted` seeds. The numbers of patterns not met, which are negatively associated (Dubhashi and Ranjan 1998), so Chernoff's bound
// holds for their sum. And products of signs whose mean is not 0: of fair signs each product is a fair sign, and by Hoeffding's inequality
// |Σ| > √(2k ln(2·2^T/α)) for one of the 2^T products with probability α at most.
std::optional<Finding> unfair(const Config& config, std::size_t count, const Seeds& seeds) {
  const std::size_t patterns = seeds.of.size();
  const double expected = static_cast<double>(patterns) *
                          std::exp(static_cast<double>(seeds.drawn) * std::log1p(-1 / static_cast<double>(patterns))),
               more = static_cast<double>(patterns - seeds.patterns_met) - expected;
  if (more > 0 && more * more > -2 * std::log(seeds.missed) * (expected + more / 3)) {
    return finding(
        config, Stage::signs, "wrong-stream",
        met(count, seeds) +
            fmt::format(" and {} others; fair signs leave out {:.1f} or so, and so many with probability below {:.1g}",
                        patterns - seeds.patterns_met - 1, expected, seeds.missed));
  }
  std::vector<double> sums(seeds.counts.begin(), seeds.counts.end());
  for (std::size_t half = 1; half < patterns; half *= 2) {
    for (std::size_t i = 0; i < patterns; ++i) {
      if ((i & half) != 0) continue;
      const double a = sums[i], b = sums[i + half];
      sums[i] = a + b, sums[i + half] = a - b;
    }
  }
  const auto k = static_cast<double>(seeds.counted);
  const double limit = std::sqrt(2 * k * std::log(2 * static_cast<double>(patterns) / seeds.missed));
  for (std::size_t product = 1; product < patterns; ++product) {
    if (std::abs(sums[product]) <= limit) continue;
    std::string which;
    for (std::size_t i = 0; i < count; ++i)
      which += (product >> i & 1) != 0 ? fmt::format("{}{}", which.empty() ? "" : ", ", i) : "";
    return finding(config, Stage::signs, "wrong-stream",
                   fmt::format("the product of signs {} has mean {:.3f} over {} seeds: fair signs have no more than "
                               "{:.3f} but with probability {:.1g}",
                               which, sums[product] / k, seeds.counted, limit / k, seeds.missed));
  }
  return std::nullopt;
}

// ---- rows ----

struct Rows {
  std::vector<std::string> names;
  std::vector<float> x;
  std::vector<double> squares;  // ‖x‖²
};

Rows rows_of(Session& s, const Config& config) {
  Rows rows;
  const std::size_t n = config.dimension;
  const auto add = [&](std::string name, const std::vector<float>& x) {
    double square = 0;
    for (const float v : x) square += static_cast<double>(v) * static_cast<double>(v);
    if (!(square > 0)) return;
    rows.names.push_back(std::move(name));
    rows.x.insert(rows.x.end(), x.begin(), x.end());
    rows.squares.push_back(square);
  };
  for (const Family family :
       {Family::normal, Family::one_hot, Family::heavy_tailed, Family::constant, Family::ramp, Family::two_hot}) {
    std::vector<float> x;
    append_vector(family, config, s.random(), x);
    add(family_name(family), x);
  }
  std::vector<float> row(n);  // of H: 1, −1, 1, …
  for (std::size_t i = 0; i < n; ++i) row[i] = i % 2 == 0 ? 1.0f : -1.0f;
  add("row of H", row);
  // Σ x_i = √n·‖x‖·t/√n: with all signs +, coordinate 0 is just above t, where many tables have a threshold.
  const double t = std::min(0.9 * std::sqrt(static_cast<double>(n)), 0.9817), along = t / static_cast<double>(n),
               across = std::sqrt(std::max(0.0, (1 - t * along) / static_cast<double>(n)));
  for (std::size_t i = 0; i < n; ++i) row[i] = static_cast<float>(along + (i % 2 == 0 ? across : -across));
  if (n % 2 == 0) add("beside a threshold", row);
  return rows;
}

// ---- means ----

// x̂ of all rows under all patterns.
struct Means {
  std::vector<double> sum, error;  // rows × n: Σ x̂; rows: Σ ‖x̂ − x‖²
  std::size_t patterns = 0;

  Means(std::size_t rows, std::size_t n) : sum(rows * n), error(rows) {}
  template <class Value>
  void add(const Rows& rows, std::size_t n, const Value& value) {
    for (std::size_t i = 0; i < sum.size(); ++i) {
      const double v = value(i);
      sum[i] += v;
      error[i / n] += (v - static_cast<double>(rows.x[i])) * (v - static_cast<double>(rows.x[i]));
    }
    ++patterns;
  }
  double mean(std::size_t i) const { return sum[i] / static_cast<double>(patterns); }
  double mse(const Rows& rows, std::size_t row) const {
    return error[row] / static_cast<double>(patterns) / rows.squares[row];
  }
  double bias(const Rows& rows, std::size_t row, std::size_t n) const {
    double square = 0;
    for (std::size_t i = row * n; i < (row + 1) * n; ++i)
      square += std::pow(mean(i) - static_cast<double>(rows.x[i]), 2);
    return std::sqrt(square / rows.squares[row]);
  }
  double correlation(const Rows& rows, std::size_t row, std::size_t n) const {
    double sum_of_products = 0;
    for (std::size_t i = row * n; i < (row + 1) * n; ++i) sum_of_products += mean(i) * static_cast<double>(rows.x[i]);
    return sum_of_products / rows.squares[row];
  }
};

// What a kernel answers for all rows of one seed.
struct Answer {
  Encoded e;             // where it encodes
  std::vector<float> x;  // x̂
};

bool by_codes(const Session& s) { return s.offers(Operation::encode) && s.offers(Operation::decode); }

Answer answer(Session& s, const Case& c) {
  if (!by_codes(s)) return {{}, s.reconstruct_directly(c)};
  Answer a{s.encode(c), {}};
  a.x = s.decode(c.config, c.first_row, a.e);
  return a;
}

// ---- one configuration ----

// The first pattern and row that are wrong, and how many are.
struct Wrong {
  std::size_t patterns = 0, row = 0, column = 0;
  std::uint32_t pattern = 0;
  std::uint64_t seed = 0;
  double got = 0, expected = 0;
  bool seen = false;
  std::string encoding;    // what of it is wrong first
  bool one_factor = true;  // got is `factor` times what it should be, in all coordinates, wherever it is wrong
  double factor = 0;

  // A row's x̂, and what it should be.
  void note(std::size_t r, const float* x, const std::vector<double>& exact) {
    std::size_t largest = 0, worst = 0;
    const auto off = [&](std::size_t i) { return std::abs(static_cast<double>(x[i]) - exact[i]); };
    for (std::size_t i = 1; i < exact.size(); ++i) {
      if (std::abs(exact[i]) > std::abs(exact[largest])) largest = i;
      if (!(off(i) <= off(worst))) worst = i;
    }
    const double ratio = exact[largest] != 0 ? static_cast<double>(x[largest]) / exact[largest] : NAN;
    if (!seen) row = r, column = worst, got = static_cast<double>(x[worst]), expected = exact[worst], factor = ratio;
    seen = true;
    one_factor = one_factor && std::abs(ratio - factor) <= 1e-5 * std::abs(factor);
    for (std::size_t i = 0; i < exact.size() && one_factor; ++i) {
      one_factor = std::abs(static_cast<double>(x[i]) - factor * exact[i]) <= 1e-5 * std::abs(factor * exact[largest]);
    }
  }
};

class Enumeration {
 public:
  Enumeration(Session& s, Config config, SignSource source, Seeds seeds)
      : s_(s),
        config_(config),
        source_(std::move(source)),
        seeds_(std::move(seeds)),
        rows_(rows_of(s, config)),
        kernel_(rows_.names.size(), config.dimension),
        expected_(kernel_) {}

  // False where time is up, or x̂ is no function of the signs.
  bool run(Clock::time_point end, const Report& report) {
    if (s_.profile() != nullptr) {
      config_.seed = seeds_.of.front().front();
      judge_.emplace(s_.judge(config_));
    }
    const bool own = judge_ == std::nullopt && !s_.conformant();
    if (own && !function_of_signs()) return false;
    for (std::uint32_t pattern = 0; pattern < patterns(); ++pattern) {
      if (Clock::now() >= end) break;
      ++tried_;
      Case c{config_, 5, rows_.x};
      if (s_.conformant()) c.first_row = s_.random()() >> 20;
      const std::optional<Answer> a = answer_of(c, pattern);
      if (!a) continue;
      kernel_.add(rows_, config_.dimension, [&](std::size_t i) { return static_cast<double>(a->x[i]); });
      const bool right = own || (judge_ ? judge_profile(c, *a, pattern) : judge_spec(c, *a));
      if (right) continue;
      if (wrong_.patterns++ == 0) wrong_.pattern = pattern, wrong_.seed = c.config.seed;
    }
    const bool all = kernel_.patterns == patterns();
    if (own && all) judge_means(report);
    if (wrong_.patterns > 0) report(wrong_pattern());
    return all || wrong_.patterns > 0;
  }

 private:
  std::size_t patterns() const { return seeds_.of.size(); }

  // For one of the pattern's seeds that is not declined.
  std::optional<Answer> answer_of(Case& c, std::uint32_t pattern) {
    std::optional<Answer> a;
    for (const std::uint64_t seed : seeds_.of[pattern]) {
      c.config.seed = seed;
      if (s_.answers([&] { a = answer(s_, c); })) break;
    }
    return a;
  }

  // Two seeds with the same signs, and two row numbers: the same x̂?
  bool function_of_signs() {
    std::size_t compared = 0;
    for (std::size_t pattern = 0; pattern < patterns() && compared < 32; ++pattern) {
      if (seeds_.of[pattern].size() < 2) continue;
      Case c{config_, 5, rows_.x};
      c.config.seed = seeds_.of[pattern][0];
      const std::vector<float> one = answer(s_, c).x;
      c.config.seed = seeds_.of[pattern][1];
      if (!same_bits(one, answer(s_, c).x)) return false;
      c.first_row = 6;
      if (!same_bits(one, answer(s_, c).x)) return false;
      ++compared;
    }
    return compared > 0;
  }

  // SPEC: codes by the bounds of docs/validate.md, values of these codes in double.
  bool judge_spec(const Case& c, const Answer& a) {
    const std::size_t n = config_.dimension;
    const Encoded own = library_encode(c);
    // Codes in a layout of its own, and wrong ones, which are encode's affair: x̂ is then compared with that of the right codes.
    const bool spec_layout = by_codes(s_) && a.e.codes.size() == c.rows() * packed_row_bytes(config_);
    const bool coded = spec_layout && legal_codes(c, a.e, own);
    const Encoded& e = coded ? a.e : own;
    const std::vector<int> epsilon = reference::signs(c.config.seed, config_.order);
    for (std::size_t row = 0; row < c.rows(); ++row) {
      const std::vector<double> table =
          codewords_at(static_cast<int>(config_.bits), dither_of(c.config, c.first_row + row));
      std::vector<double> z;
      double magnitudes = 0;
      for (const std::uint8_t code : codes_of_row(c.config, e, row, static_cast<int>(config_.bits))) {
        z.push_back(table[code]);
        magnitudes += std::abs(z.back());
      }
      hadamard_in_place(config_, z, true);
      const auto rho = static_cast<double>(e.norms[row]);
      // Its norm may be another legal one.
      const double norm = coded ? 0 : 2 * legal_norm_bound(n, rho) / static_cast<double>(config_.order) * magnitudes;
      const double bound = bound_of(rho, magnitudes) + norm;
      z.resize(n);
      bool right = true;
      for (std::size_t i = 0; i < n; ++i) {
        z[i] *= epsilon[i] * rho / static_cast<double>(config_.order);
        right = right && std::abs(static_cast<double>(a.x[row * n + i]) - z[i]) <= bound;
      }
      if (right || (!coded && beside_threshold(c, row, rho))) continue;
      wrong_.note(row, a.x.data() + row * n, z);
      if (spec_layout && !coded && wrong_.encoding.empty()) wrong_.encoding = "norms or codes are wrong";
      return false;
    }
    return true;
  }

  // legal_decode_bound is linear in ρ and in the magnitudes, up to 1e-40.
  double bound_of(double rho, double magnitudes) {
    if (slope_ == 0) {
      offset_ = legal_decode_bound(config_.order, 1, 0);
      slope_ = (legal_decode_bound(config_.order, 1, static_cast<double>(config_.order)) - offset_) /
               static_cast<double>(config_.order);
    }
    return rho * (offset_ + slope_ * magnitudes) * (1 + 1e-9) + 1e-40;
  }

  bool legal_codes(const Case& c, const Encoded& e, const Encoded& own) {
    const int bits = static_cast<int>(config_.bits);
    bool same = same_bits(e.norms, own.norms);
    for (std::size_t row = 0; row < c.rows() && same; ++row)
      same = codes_of_row(c.config, e, row, bits) == codes_of_row(c.config, own, row, bits);
    return same || legal_encoding(s_, c, e);
  }

  // Without the kernel's codes: could they legally be others? Far more than legal arithmetic takes is granted.
  static bool beside_threshold(const Case& c, std::size_t row, double rho) {
    const std::vector<double> theta =
        thresholds_at(static_cast<int>(c.config.bits), dither_of(c.config, c.first_row + row));
    for (const double y : exact_rotation(c.config, c.row(row))) {
      for (const double t : theta) {
        if (std::abs(y / rho - t) <= 1e-4 * (1 + std::abs(t))) return true;
      }
    }
    return false;
  }

  void set_signs(std::uint32_t pattern) {
    std::size_t step = 0;
    auto& steps = judge_->rotation().steps();
    for (const reference::ProfileStep& described : s_.profile()->rotation) {
      if (described.when != reference::ProfileStep::When::always) continue;  // none of them has seeded signs
      while (step < steps.size() && steps[step].kind != described.kind) ++step;
      if (step == steps.size()) return;
      if (described.kind == reference::ProfileStep::Kind::signs) set_table(steps[step].signs, described.data, pattern);
      ++step;
    }
  }
  void set_table(std::vector<std::int8_t>& signs, const std::string& name, std::uint32_t pattern) const {
    std::size_t from = 0;
    for (const auto& [table, count] : source_.tables) {
      if (table == name) {
        for (std::size_t i = 0; i < signs.size(); ++i) signs[i] = (pattern >> (from + i % count) & 1) != 0 ? -1 : 1;
      }
      from += count;
    }
  }

  bool judge_profile(const Case& c, const Answer& a, std::uint32_t pattern) {
    set_signs(pattern);
    const std::size_t n = config_.dimension;
    std::vector<double> exact;
    bool right = true;
    for (std::size_t row = 0; row < c.rows(); ++row) {
      const std::uint64_t number = c.first_row + row;
      const ProfileRow ideal = judge_->encode(c.row(row), number);
      const reference::Approximate v = judge_->decoded(ideal, number);
      for (const Ball& value : v.value) exact.push_back(value.mid_double());
      if (!right) continue;
      const float* got = a.x.data() + row * n;
      if (far(v, got, row)) right = legal_row(c, a, row, ideal, v);
    }
    expected_.add(rows_, n, [&](std::size_t i) { return exact[i]; });
    return right;
  }

  static double off(const reference::Approximate& v, const float* got, std::size_t i) {
    return std::abs(static_cast<double>(got[i]) - v.value[i].mid_double());
  }

  // 8 (d + 4) roundings, more than summing and storing a scale or a factor takes.
  double share() const {
    const reference::Profile& p = judge_->profile();
    return 8 * (static_cast<double>(config_.order) + 4) *
           std::max({p.scale.format.unit_roundoff(), p.factor.format.unit_roundoff(),
                     p.arithmetic.rotation.unit_roundoff()});
  }

  // Further from what real arithmetic gives than rounding takes x̂ with the same codes?
  bool far(const reference::Approximate& v, const float* got, std::size_t row) const {
    for (std::size_t i = 0; i < config_.dimension; ++i) {
      const double width = v.value[i].upper_double() - v.value[i].lower_double();
      if (!(off(v, got, i) <= v.error[i] + width + share() * std::sqrt(rows_.squares[row]))) return true;
    }
    return false;
  }

  // With other codes, that are legal too? Where only x̂ is known: is a coordinate so near to a threshold that there may be others?
  bool legal_row(const Case& c, const Answer& a, std::size_t row, const ProfileRow& ideal,
                 const reference::Approximate& v) {
    const float* got = a.x.data() + row * config_.dimension;
    if (!by_codes(s_)) {
      const auto coordinates = judge_->coordinates(c.row(row), nullptr, ideal);
      const bool near = std::any_of(coordinates.begin(), coordinates.end(), [&](const std::pair<double, int>& z) {
        return std::any_of(judge_->thresholds().begin(), judge_->thresholds().end(), [&](const Ball& t) {
          return std::abs(z.first - t.mid_double()) <= 100 * share() * (1 + std::abs(t.mid_double()));
        });
      });
      if (!near) note(v, got, row);
      return near;
    }
    const ProfileRow its = row_of(a.e, c.rows(), row);
    const auto coded = judge_->judge_encode(c.row(row), nullptr, its, c.first_row + row);
    if (!coded.right()) {
      if (wrong_.encoding.empty()) wrong_.encoding = coded.first->what;
      note(v, got, row);
      return false;
    }
    if (judge_->judge_decode(its, got, c.first_row + row).right()) return true;
    note(judge_->decoded(its, c.first_row + row), got, row);
    return false;
  }

  void note(const reference::Approximate& v, const float* got, std::size_t row) {
    std::vector<double> exact;
    for (const Ball& value : v.value) exact.push_back(value.mid_double());
    wrong_.note(row, got, exact);
  }

  static ProfileRow row_of(const Encoded& e, std::size_t rows, std::size_t row) {
    const auto numbers = static_cast<std::ptrdiff_t>(e.norms.size() / rows),
               bytes = static_cast<std::ptrdiff_t>(e.codes.size() / rows), r = static_cast<std::ptrdiff_t>(row);
    return {{e.norms.begin() + r * numbers, e.norms.begin() + (r + 1) * numbers},
            {e.codes.begin() + r * bytes, e.codes.begin() + (r + 1) * bytes}};
  }

  std::string figures(std::size_t row) const {
    const std::size_t n = config_.dimension;
    std::string text = fmt::format("over {}signs E⟨x, x̂⟩/‖x‖² = {:.7g}, E‖x̂ − x‖²/‖x‖² = {:.7g}",
                                   kernel_.patterns == patterns() ? "all " : "these ",
                                   kernel_.correlation(rows_, row, n), kernel_.mse(rows_, row));
    if (judge_)
      text += fmt::format(", the profile's {:.7g} and {:.7g}", expected_.correlation(rows_, row, n),
                          expected_.mse(rows_, row));
    return text;
  }

  Finding wrong_pattern() const {
    Config config = config_;
    config.seed = wrong_.seed;
    std::string what =
        fmt::format("{} of the {} patterns of {} signs give a wrong x̂, first {} (seed {})", wrong_.patterns, tried_,
                    source_.count, signs_text(wrong_.pattern, source_.count), wrong_.seed);
    what += fmt::format(": on {}, coordinate {} is {:.7g}, should be {:.7g}; {}", rows_.names[wrong_.row],
                        wrong_.column, wrong_.got, wrong_.expected, figures(wrong_.row));
    if (!wrong_.encoding.empty()) what += "; " + wrong_.encoding;
    const bool factor =
        wrong_.one_factor && wrong_.patterns == tried_ && wrong_.factor != 0 && std::isfinite(wrong_.factor);
    if (factor) what += fmt::format("; always {:.6g} times what it should be", wrong_.factor);
    return finding(config, Stage::audit,
                   factor                    ? "estimator-constant"
                   : wrong_.encoding.empty() ? "wrong-values"
                                             : "wrong-codes",
                   what);
  }

  // Of a scheme of its own: a sum over all signs is no estimate.
  void judge_means(const Report& report) const {
    const std::size_t n = config_.dimension;
    const double bound = audit::error_bound(s_, static_cast<int>(config_.bits));
    std::optional<std::size_t> biased, large;
    bool one_factor = true;
    for (std::size_t row = 0; row < rows_.names.size(); ++row) {
      const double bias = kernel_.bias(rows_, row, n), factor = kernel_.correlation(rows_, row, n);
      if (!(bias <= audit::tolerance) && (!biased || bias > kernel_.bias(rows_, *biased, n))) biased = row;
      if (!(kernel_.mse(rows_, row) <= bound) && (!large || kernel_.mse(rows_, row) > kernel_.mse(rows_, *large)))
        large = row;
      // E x̂ = f·x with the same f on all rows
      one_factor = one_factor && std::abs(factor - kernel_.correlation(rows_, 0, n)) <= 1e-4 &&
                   std::abs(bias - std::abs(factor - 1)) <= 1e-4;
    }
    if (biased && s_.claim() != Claim::error) {
      report(finding(
          config_, Stage::audit, one_factor ? "estimator-constant" : "dead-or-biased-rounding",
          fmt::format("biased: ‖E x̂ − x‖/‖x‖ = {:.6g} on {}, all {} patterns of {} signs summed, {:.2g} allowed; {}",
                      kernel_.bias(rows_, *biased, n), rows_.names[*biased], patterns(), source_.count,
                      audit::tolerance, figures(*biased))));
    }
    if (large) {
      report(finding(
          config_, Stage::audit, "error-too-large",
          fmt::format("E‖x̂ − x‖²/‖x‖² = {:.6g} on {}, all {} patterns of {} signs summed, above its bound {:.6g}",
                      kernel_.mse(rows_, *large), rows_.names[*large], patterns(), source_.count, bound)));
    }
  }

  Session& s_;
  Config config_;
  SignSource source_;
  Seeds seeds_;
  Rows rows_;
  Means kernel_, expected_;
  std::optional<ProfileJudge> judge_;
  Wrong wrong_;
  std::size_t tried_ = 0;  // patterns
  double offset_ = 0, slope_ = 0;
};

// ---- configurations ----

// T at most: 2^T patterns, and T times as many seeds.
std::size_t most_signs(const Session& s) { return s.quick() ? 8 : s.thorough() ? 16 : 12; }

// Fewest signs first, as long as there is time: orders that are full, and such with padding.
std::vector<Config> configurations(Session& s) {
  struct Wanted {
    std::uint64_t dimension;
    std::size_t widths;
  };
  std::vector<Wanted> wanted{{4, 1}, {3, 1}, {8, 1}, {1, 1}, {2, 1}};
  if (!s.quick()) wanted = {{4, 3}, {3, 3}, {8, 2}, {1, 2}, {2, 3}, {7, 1}, {12, 1}};
  if (s.thorough())
    wanted = {{8, 8}, {1, 8},  {2, 8},  {3, 8},  {4, 8},  {5, 8}, {6, 8},
              {7, 8}, {10, 2}, {11, 2}, {12, 3}, {16, 1}, {13, 1}};
  std::vector<Config> list;
  for (const Wanted& w : wanted) {
    if (w.dimension > s.info().max_dimension) continue;
    std::size_t taken = 0;
    const int from =
        static_cast<int>(s.random()() % (s.quick() ? 4 : HDQ_KERNEL_MAX_BITS));  // large codebooks take long
    for (int i = 0; i < HDQ_KERNEL_MAX_BITS && taken < w.widths; ++i) {
      const int bits = (from + 3 * i) % HDQ_KERNEL_MAX_BITS + 1;
      if (!s.offers_bits(bits) || (s.profile() != nullptr && !s.profile()->offers(w.dimension, bits))) continue;
      list.push_back(s.config(w.dimension, bits));
      ++taken;
    }
  }
  const auto signs = [&](const Config& config) {
    if (s.profile() == nullptr) return static_cast<std::size_t>(config.order);
    std::size_t count = 0;
    for (const auto& [name, length] : sign_tables(*s.profile(), config)) count += length;
    return count;
  };
  std::stable_sort(list.begin(), list.end(), [&](const Config& a, const Config& b) { return signs(a) < signs(b); });
  return list;
}

// False where the configuration is none that can be enumerated.
bool enumerate(Session& s, const Config& config, Clock::time_point end, const Report& report) {
  SignSource source = source_of(s, config);
  if (source.count == 0 || source.count > most_signs(s)) return false;
  Seeds seeds = no_seeds(source.count, missed_by(s));
  if (!draw_seeds(s, source, seeds, false, seeds.counted, end)) return false;
  std::optional<Finding> signs = unfair(config, source.count, seeds);
  if (!signs) {
    if (!draw_seeds(s, source, seeds, true, enough_seeds(source.count, seeds.missed), end)) return false;
    signs = left_out(config, source.count, seeds);
  }
  if (!signs) return Enumeration(s, config, std::move(source), std::move(seeds)).run(end, report);
  // Of a scheme of its own that claims nothing of its mean the law of the signs is its own affair.
  if (s.claim() == Claim::error && s.profile() == nullptr) return false;
  report(std::move(*signs));
  return true;
}

void run_enumeration(Session& s, const Report& report) {
  const double seconds = std::max(s.options().seconds.value_or(0), s.quick() ? 0.45 : s.thorough() ? 120 : 3.5);
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  bool any = false;
  for (const Config& config : configurations(s)) {
    if (Clock::now() >= end) break;
    // Where H is another Hadamard matrix, nothing that follows it is compared with SPEC's.
    if (s.conformant() && other_matrix(s, config)) continue;
    try {
      s.answers([&] { any = enumerate(s, config, end, report) || any; });
    } catch (const reference::BadProfile&) {  // a step has no such length, or data are wrong: profile-data says so
    }
  }
  if (!any) s.disclaim();
}

bool offers_enumeration(const Session& s) {
  if (!s.can_reconstruct() || s.entropy_coded()) return false;
  if (s.profile() != nullptr)
    return s.offers(Operation::data) && !sign_tables(*s.profile(), s.config(8, s.profile()->bits.front())).empty();
  return s.conformant() || s.offers(Operation::signs);
}

}  // namespace

const Check enumeration_check{"enumeration",
                              "at small orders, exactly: x̂, its mean and error under every pattern of signs",
                              offers_enumeration, run_enumeration};

}  // namespace hdq::validate
