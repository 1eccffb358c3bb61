#include "hdq/reference/bounds/optimality.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "hdq/reference/bounds/surrogate_search.hpp"
#include "hdq/reference/numbers/normal.hpp"
#include "hdq/reference/numbers/real.hpp"

namespace hdq::reference {
namespace {

// The outer cells have probabilities down to 2^-50, and differences of sums lose as much.
constexpr slong precision_bits = 192;

// P(z > end[i − 1]) and φ(end[i − 1]) for i = 0 … : the left ends of the cells of z > 0.
struct LeftEnds {
  std::vector<Ball> tail, density;
};

LeftEnds left_ends(const Surrogate& surrogate) {
  LeftEnds ends;
  for (std::size_t i = 0; i < surrogate.value.size(); ++i) {
    const Ball z = i == 0 ? Ball() : Ball(surrogate.end[i - 1]) / Ball(Surrogate::unit);
    ends.tail.push_back(normal_cdf(-z));
    ends.density.push_back(normal_density(z));
  }
  ends.tail.emplace_back(), ends.density.emplace_back();
  return ends;
}

// The law of ζ as sums over its values from the least: Σ w, Σ w a, Σ w a².
struct Sums {
  Ball weight, first, second;
};

std::vector<Sums> sums_of(const Surrogate& surrogate) {
  const LeftEnds ends = left_ends(surrogate);
  const std::size_t half = surrogate.value.size();
  std::vector<Sums> sums(1);
  for (std::size_t k = 0; k < 2 * half; ++k) {
    const std::size_t cell = k < half ? half - 1 - k : k - half;
    const Ball weight = ends.tail[cell] - ends.tail[cell + 1];
    const Ball value = Ball(k < half ? -surrogate.value[cell] : surrogate.value[cell]) / Ball(Surrogate::unit);
    Sums next = sums.back();
    next.weight += weight, next.first += weight * value, next.second += weight * square(value);
    sums.push_back(std::move(next));
  }
  return sums;
}

}  // namespace

Ball surrogate_penalty(const Surrogate& surrogate) {
  Precision precision(precision_bits);
  const LeftEnds ends = left_ends(surrogate);
  Ball half(Rational(1, 2));  // ∫ z² φ over z > 0
  for (std::size_t i = 0; i < surrogate.value.size(); ++i) {
    const Ball value = Ball(surrogate.value[i]) / Ball(Surrogate::unit);
    half += square(value) * (ends.tail[i] - ends.tail[i + 1]) - 2 * value * (ends.density[i] - ends.density[i + 1]);
  }
  return 2 * half;
}

Ball least_distortion_bound(const Surrogate& surrogate, std::int64_t levels, const Rational& price) {
  Precision precision(precision_bits);
  const std::vector<Sums> sums = sums_of(surrogate);
  const Ball lambda(price);
  std::vector<Ball> least(sums.size());  // F
  for (std::size_t j = 1; j < sums.size(); ++j) {
    for (std::size_t i = j; i-- > 0;) {
      const Ball weight = sums[j].weight - sums[i].weight, first = sums[j].first - sums[i].first;
      // A weight below the precision is not known to be positive: no distortion then, which is not too much.
      const Ball total = weight.certainly_positive()
                             ? least[i] + (sums[j].second - sums[i].second - square(first) / weight)
                             : least[i];
      const Ball priced = total + lambda;
      least[j] = i + 1 == j ? priced : min(least[j], priced);
      // For h < i: F(h) + λ + distortion(h, j) >= F(h) + λ + distortion(h, i) + distortion(i, j) >= F(i) + distortion(i, j). So `total`
      // bounds all that is left; where it does not exceed what was found, it replaces it, and the answer is a lower bound still.
      if (!certainly_less(total, least[j])) {
        least[j] = min(least[j], total);
        break;
      }
    }
  }
  return least.back() - lambda * Ball(levels);
}

OptimalityCertificate certify_optimality(std::int64_t levels) {
  // A cell takes about 5.4·4/cells² from the bound by its width, which is itself about 2.7/N².
  constexpr std::int64_t fewest_cells = 640, cells_per_level = 24;
  const auto cells = static_cast<std::size_t>(std::max(fewest_cells, cells_per_level * levels));
  const SurrogateProposal proposal = propose_surrogate(levels, cells);
  OptimalityCertificate certificate{levels, {}, 0, 0};
  const auto in_units = [](double x) { return std::llround(x * static_cast<double>(Surrogate::unit)); };
  for (const double x : proposal.end) certificate.surrogate.end.push_back(in_units(x));
  for (const double x : proposal.value) certificate.surrogate.value.push_back(in_units(x));
  constexpr std::int64_t price_unit = 1'000'000'000'000'000;
  const double price = propose_price(proposal, levels);
  certificate.price = Rational(std::llround(price * static_cast<double>(price_unit)), price_unit);
  const Ball bound = least_distortion_bound(certificate.surrogate, levels, certificate.price) -
                     surrogate_penalty(certificate.surrogate);
  constexpr int claimed_digits = 7;
  certificate.lower = parse_rational((square(Ball(levels)) * bound).lower(claimed_digits));
  return certificate;
}

std::string to_json(const OptimalityCertificate& c) {
  const nlohmann::ordered_json json = {
      {"format", "hdq-optimality-certificate"},
      {"version", 1},
      {"claim", "N^2 E(Q - z)^2 >= lower for a normal z and every rule Q of N levels with E[Q | z] = z"},
      {"theorem", "SPEC §5.10: E(Q - z)^2 >= D_N(surrogate) - E(surrogate - z)^2, and D_N >= F - price N"},
      {"levels", c.levels},
      {"lower", c.lower.str()},
      {"price", c.price.str()},
      {"unit", Rational(1, Surrogate::unit).str()},
  };
  // The two lists are long: a line each.
  std::string text = json.dump(2);
  text.erase(text.rfind("\n}"));
  text += ",\n  \"ends\": " + nlohmann::json(c.surrogate.end).dump() +
          ",\n  \"values\": " + nlohmann::json(c.surrogate.value).dump();
  return text + "\n}\n";
}

}  // namespace hdq::reference
