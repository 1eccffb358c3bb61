// What seeds do: nothing, too little, or enough.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "hdq/validate/checks/audit.hpp"

namespace hdq::validate::audit {
namespace {

// Rounding to float32 of what is stored, relative to ‖x‖², and a factor of a thousand.
constexpr double lossless = 1e-10;

using Vectors = std::vector<std::pair<std::string, std::vector<float>>>;

constexpr std::uint64_t usual_row = 5;

// x̂ of all vectors, or what dot says of them, for one seed.
std::vector<float> result(Session& s, const Shape& shape, const Vectors& vectors, std::uint64_t seed,
                          std::uint64_t first_row = usual_row) {
  Case c{s.config(shape.dimension, shape.bits, seed), first_row, {}};
  for (const auto& [name, x] : vectors) c.x.insert(c.x.end(), x.begin(), x.end());
  if (shape.route == Route::direct) return s.reconstruct_directly(c);
  const Encoded encoded = s.encode(c);
  if (shape.route == Route::codes) return s.decode(c.config, c.first_row, encoded);
  std::vector<float> own;
  for (std::size_t i = 0; i < vectors.size(); ++i) own.push_back(s.dot(c.config, c.first_row, encoded, vectors[i].second)[i]);
  return own;
}

// What shows whether the seed matters. A factor may fix ⟨x, x̂⟩ whatever the seed: inner products with other vectors are not fixed by it.
std::vector<float> seen(Session& s, const Shape& shape, const Vectors& vectors, std::uint64_t seed,
                        std::uint64_t first_row = usual_row) {
  std::vector<float> all = result(s, shape, vectors, seed, first_row);
  if (shape.route != Route::dot_only) return all;
  Case c{s.config(shape.dimension, shape.bits, seed), first_row, {}};
  for (const auto& [name, x] : vectors) c.x.insert(c.x.end(), x.begin(), x.end());
  const Encoded encoded = s.encode(c);
  for (const auto& [name, q] : vectors) {
    const std::vector<float> dots = s.dot(c.config, c.first_row, encoded, q);
    all.insert(all.end(), dots.begin(), dots.end());
  }
  return all;
}

// ‖x̂ − x‖²/‖x‖², or the square of dot(x)/‖x‖² − 1.
double error_of(const Shape& shape, const std::vector<float>& x, const std::vector<float>& results, std::size_t i) {
  const double square = std::pow(norm_of(x), 2);
  if (shape.route == Route::dot_only) return std::pow(static_cast<double>(results[i]) / square - 1, 2);
  double error = 0;
  for (std::size_t j = 0; j < x.size(); ++j) error += std::pow(static_cast<double>(results[i * x.size() + j]) - static_cast<double>(x[j]), 2);
  return error / square;
}

// Where results change with the row's number but not with the seed, something is drawn from the number alone: the same for every seed.
std::optional<Finding> drawn_from_row_number(Session& s, const Shape& shape) {
  const auto vectors = audited_vectors(s, s.config(shape.dimension, shape.bits));
  std::optional<Finding> found;
  s.answers([&] {
    const std::vector<float> first = seen(s, shape, vectors, 1);
    for (const std::uint64_t row : {usual_row + 1, std::uint64_t{1000}, std::uint64_t{1} << 33}) {
      if (found || same_bits(first, seen(s, shape, vectors, 1, row))) continue;
      found.emplace();
      found->stage = Stage::audit;
      found->config = s.config(shape.dimension, shape.bits);
      found->defect = "dead-or-biased-rounding";
      found->what = fmt::format(
          "x̂ of the same vectors differs between first rows {} and {} and is the same for every seed: what is random "
          "depends on the row's "
          "number alone",
          usual_row, row);
    }
  });
  return found;
}

}  // namespace

bool deterministic(Session& s, const std::vector<Shape>& shapes) {
  for (const Shape& shape : shapes) {
    const auto vectors = audited_vectors(s, s.config(shape.dimension, shape.bits));
    std::vector<float> first;
    for (int i = 0; i < 6; ++i) {
      std::vector<float> now;
      if (!s.answers([&] { now = seen(s, shape, vectors, s.random()()); })) break;
      if (i == 0) first = now;
      else if (!same_bits(first, now)) return false;
    }
  }
  return !shapes.empty();
}

void judge_deterministic(Session& s, const std::vector<Shape>& shapes, const Report& report) {
  struct Worst {
    double share = -1, error = 0, bound = 0;
    std::string vector;
    Config config;
  } worst;
  bool unclaimed = false;
  for (const Shape& shape : shapes) {
    if (auto f = drawn_from_row_number(s, shape)) return report(std::move(*f));
    const Config config = s.config(shape.dimension, shape.bits);
    const auto vectors = audited_vectors(s, config);
    std::vector<float> x;
    if (!s.answers([&] { x = result(s, shape, vectors, 1); })) continue;
    const double bound = error_bound(s, shape.bits);
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      const double error = error_of(shape, vectors[i].second, x, i);
      unclaimed |= !(error <= lossless) && s.claimed_error(shape.bits) <= 0;
      Estimate e{vectors[i].first, config, route_name(shape.route, shape.route == Route::dot_only), 1, {}, Measured{error, 0}, {}, bound, INFINITY};
      s.estimates.push_back(std::move(e));
      if (error <= worst.error || (worst.error > 0 && error / bound <= worst.share)) continue;
      worst = {error / bound, error, bound, vectors[i].first, config};
    }
  }
  if (worst.error <= lossless) {
    s.remarks.emplace_back("deterministic: seeds do not matter, and x̂ = x on every audited vector");
    return;
  }
  const std::string facts = fmt::format("deterministic: seeds do not matter; the largest error is {:.4g}·‖x‖² on {}, {} of it {:.4g}", worst.error, worst.vector,
                                        s.claimed_error(static_cast<int>(worst.config.bits)) > 0 ? "the claim" : "the certified bound of SPEC §5.5, for want of a claim,", worst.bound);
  Finding f;
  f.stage = Stage::audit;
  f.config = worst.config;
  const bool unbiased_claimed = s.claim() == Claim::unbiased || s.conformant() || (unclaimed && s.claim() == Claim::unstated);
  if (unbiased_claimed) {
    f.defect = "dead-or-biased-rounding";
    f.what = facts + "; nothing is random, so no vector's error averages out";
  } else if (!(worst.error <= worst.bound)) {
    f.defect = "error-too-large";
    f.what = facts;
  } else {
    if (claims_nothing(s)) s.disclaim();
    s.remarks.push_back(facts + "; not judged: unbiasedness, which it does not claim (--claim unbiased)");
    return;
  }
  report(std::move(f));
}

std::optional<ScaledBias> scaled_bias(Session& s, const Case& c, int exponent, double alpha) {
  const std::uint64_t seeds = without_range + (s.quick() ? 256 : 512);
  const double v = error_bound(s, static_cast<int>(c.config.bits));
  const std::size_t n = c.config.dimension;
  std::vector<Statistic> rows(c.rows(), Statistic(v, alpha / static_cast<double>(c.rows())));
  std::vector<double> longest(c.rows(), 1e-6);
  Case scaled = c;
  for (float& x : scaled.x) x = std::ldexp(x, exponent);
  for (std::uint64_t i = 0; i < seeds; ++i) {
    scaled.config.seed = s.random()();
    const std::vector<float> y = s.reconstruct(scaled);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      double square = 0, self = 0, error = 0;
      for (std::size_t j = 0; j < n; ++j) {
        const double x = static_cast<double>(c.row(row)[j]), back = std::ldexp(static_cast<double>(y[row * n + j]), -exponent);
        square += x * x;
        self += x * (back - x);
        error += (back - x) * (back - x);
      }
      rows[row].add(self / square, i < without_range ? 0 : 2 * longest[row]);
      longest[row] = std::max(longest[row], std::sqrt(error / square));
    }
  }
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows[row].rejected()) return ScaledBias{row, rows[row].moments(), seeds};
  }
  return std::nullopt;
}

// With D equally likely results, pairs of equal ones among m have mean m²/2D. With D >= 2^32 five or more have a probability below
// (m²/2^33)^5/120 < 1e-15 for m <= 4096. Below n = 60 there may be few on purpose; and so there may be of a scheme with one random number
// for all coordinates, but then they are not equally likely: there are more of them than pairs tell.
std::optional<Finding> few_results(const Experiment& e) {
  if (e.config.dimension < least_dimension_of_results || e.fingerprints.size() < 300) return std::nullopt;
  std::map<std::uint64_t, std::uint64_t> counts;
  for (const std::uint64_t f : e.fingerprints) ++counts[f];
  double pairs = 0;
  for (const auto& [f, count] : counts) pairs += static_cast<double>(count * (count - 1)) / 2;
  const auto m = static_cast<double>(e.fingerprints.size()), distinct = static_cast<double>(counts.size());
  const double results = m * m / (2 * pairs), expected = results * -std::expm1(-m / results);
  if (pairs < 5 || results > 1500 || std::abs(distinct / expected - 1) > 0.06) return std::nullopt;
  Finding f;
  f.stage = Stage::audit;
  f.config = e.config;
  f.defect = "dead-or-biased-rounding";
  f.what = fmt::format("{} seeds give {} different results on {} (n = {}, b = {}), equally often, as if there were about {:.0f} seeds", e.fingerprints.size(), counts.size(),
                       e.subjects.front().name, e.config.dimension, e.config.bits, results);
  return f;
}

}  // namespace hdq::validate::audit
