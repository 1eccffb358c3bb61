#include "hdq/reference/expectation/bias.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "hdq/reference/expectation/codebook_error.hpp"
#include "hdq/reference/laws/coordinate_law.hpp"
#include "hdq/reference/scheme/hadamard.hpp"
#include "hdq/reference/laws/rademacher_law.hpp"

namespace hdq::reference {
namespace {

constexpr std::size_t sum_limit = std::size_t{1} << 14;
constexpr std::size_t pattern_limit = std::size_t{1} << 10;

// √ of a number that is >= 0 whatever its ball says.
Ball root(const Ball& x) {
  Ball r;
  arb_sqrtpos(r.get(), x.get(), working_precision());
  return r;
}

RademacherSum without_one(const std::vector<RademacherSum::Term>& terms, std::size_t index) {
  std::vector<RademacherSum::Term> rest = terms;
  if (--rest[index].count == 0) rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(index));
  return RademacherSum(std::move(rest));
}

RademacherLaw law_of(const RademacherSum& sum, slong bits) {
  auto law = RademacherLaw::make(sum, Ball(1), bits, sum_limit);
  if (!law) throw Unaffordable("the bias is found from the law of the signs' sums, and this vector has too many");
  return std::move(*law);
}

// sup |q(z)|/cosh(z − 1): |q(z)| <= |z| + 2 <= 4 cosh z of the comparators, or the largest codeword.
Ball cosh_majorant(const PiecewisePolynomial& mean) {
  Ball bound = 4 * cosh(Ball(1));
  for (const TaylorSeries& p : mean.polynomials) {
    if (p.terms() == 1) bound = max(bound, abs(p[0]).upper_end());
  }
  return bound;
}

// E[ε_i q(S)] for |x_i| of each term: q is odd and the other coordinates' sum R symmetric, so it is E q(|x_i| + R).
std::vector<Ball> mean_of_terms(const PiecewisePolynomial& mean, const RademacherSum& sum, slong bits) {
  const Ball scale = 1 / sum.norm(), majorant = cosh_majorant(mean);
  std::vector<Ball> result;
  for (std::size_t i = 0; i < sum.terms().size(); ++i) {
    const Ball& magnitude = sum.terms()[i].magnitude;
    if (sum.count() == 1) {
      result.push_back(mean(Ball(1)));
      continue;
    }
    const RademacherLaw rest = law_of(without_one(sum.terms(), i), bits);
    result.push_back(with_error(rest.expectation_shifted(mean, magnitude, scale), majorant * rest.left_out()));
  }
  return result;
}

Bias hd_bias(const ScalarRule& rule, const RademacherSum& sum, slong bits) {
  const std::vector<Ball> means = mean_of_terms(rule.mean, sum, bits);
  const Ball norm = sum.norm();
  Ball squares, correlation;
  for (std::size_t i = 0; i < means.size(); ++i) {
    const RademacherSum::Term& t = sum.terms()[i];
    const Ball weight = t.magnitude / norm;
    squares += t.count * square(means[i] - weight);
    correlation += t.count * weight * means[i];  // E[S q(S)] = Σ w_i E[ε_i q(S)]
  }
  return {root(squares), correlation, "law of the signs' sums"};
}

// Given the first rotation's signs D, x̂ = D Hᵀ ŵ/√d with E ŵ as under one HD, averaged over D.
Bias hdhd_bias(const ScalarRule& rule, std::span<const double> x, slong bits) {
  const HadamardOrder order = hadamard_order(x.size());
  if (order.order > 24 || (std::size_t{1} << (order.order - 1)) > pattern_limit * 2) {
    throw Unaffordable("two rotations: the bias is found by enumerating the first one's signs, up to dimension 12");
  }
  const std::size_t d = order.order;
  const std::uint64_t patterns = std::uint64_t{1} << (d - 1);  // −ε gives the same D w D
  std::vector<Ball> total(d);
  for (std::uint64_t signs = 0; signs < patterns; ++signs) {
    const auto negative = [&](std::size_t i) { return i > 0 && (signs >> (i - 1) & 1) != 0; };
    std::vector<Ball> w(d);
    for (std::size_t i = 0; i < x.size(); ++i) w[i] = Ball(negative(i) ? -x[i] : x[i]);
    std::map<std::string, RademacherSum::Term> terms;
    std::vector<std::string> key(d);
    {
      Precision exact(8192);
      hadamard_transform(order, w);
    }
    for (std::size_t i = 0; i < d; ++i) {
      if (w[i].contains_zero()) continue;
      const Ball magnitude = abs(w[i]);
      char* text = arb_dump_str(magnitude.get());
      key[i] = text;
      flint_free(text);
      ++terms.try_emplace(key[i], RademacherSum::Term{magnitude, 0}).first->second.count;
    }
    std::vector<RademacherSum::Term> list;
    for (const auto& [text, term] : terms) list.push_back(term);
    const RademacherSum sum(list);
    const std::vector<Ball> means = mean_of_terms(rule.mean, sum, bits);
    std::vector<Ball> estimate(d);
    for (std::size_t i = 0; i < d; ++i) {
      if (key[i].empty()) continue;
      const auto index = static_cast<std::size_t>(std::distance(terms.begin(), terms.find(key[i])));
      estimate[i] = w[i].certainly_negative() ? -means[index] : means[index];
    }
    hadamard_transform_transposed(order, estimate);
    for (std::size_t i = 0; i < d; ++i) total[i] += negative(i) ? -estimate[i] : estimate[i];
  }
  // w = H D x has norm √d ‖x‖, and H Hᵀ = d: E x̂/‖x‖ = mean of D Hᵀ E[ŵ]/√d.
  const Ball norm = RademacherSum(x).norm(), scale = 1 / (sqrt(Ball(d)) * Ball(patterns));
  Ball squares, correlation;
  for (std::size_t i = 0; i < d; ++i) {
    const Ball unit = i < x.size() ? Ball(x[i]) / norm : Ball(0), mean = total[i] * scale;
    squares += square(mean - unit);
    correlation += unit * mean;
  }
  return {root(squares), correlation, std::to_string(patterns) + " sign patterns of the first rotation"};
}

Bias rule_bias(const ScalarRule& rule, Rotation rotation, std::span<const double> x, slong bits) {
  if (rotation == Rotation::hd) return hd_bias(rule, RademacherSum(x), bits);
  if (rotation == Rotation::hdhd) return hdhd_bias(rule, x, bits);
  const bool normal = rotation == Rotation::limit;
  const CoordinateLaw law = normal ? CoordinateLaw::normal() : CoordinateLaw::sphere(x.size());
  const Ball correlation = law.expectation(rule.correlation(), bits);
  return {abs(correlation - 1), correlation,
          normal ? "integral over the normal law" : "integral over the sphere's coordinate law"};
}

slong bits_of(int digits) { return static_cast<slong>(3.33 * digits) + 24; }

}  // namespace

Bias comparator_bias(Scheme scheme, std::int64_t levels, Rotation rotation, std::span<const double> x, int digits) {
  if (rotation == Rotation::none) throw std::invalid_argument("without rotation only codebooks are integrated");
  Precision precision(bits_of(digits) + 64);
  return rule_bias(scalar_rule(scheme, levels), rotation, x, bits_of(digits));
}

Bias codebook_bias(const Codebook& codebook, std::uint64_t dimension, Rotation rotation, std::span<const double> x, int digits) {
  Precision precision(bits_of(digits) + 64);
  if (rotation != Rotation::none) return rule_bias(codebook_rule(codebook, codebook.unit.scale(dimension)), rotation, x, bits_of(digits));
  const std::optional<CodebookMoments> moments = CodebookOnVectors(codebook, x.size())(x);
  if (!moments) throw std::invalid_argument("the zero vector has no direction");
  return {root(scaled_error(ScaleRule::norm, *moments)), moments->correlation, "every coordinate, nothing random"};
}

// c' = g(a + 1) − g(a) grows with |z| (g' is convex and symmetric), so in layers z_0 = 0 < z_1 < …,
//   E c'(S)² <= c'(z_1)² + Σ_i (c'(z_{i+1})² − c'(z_i)²) P(|S| > z_i),      P(|S| > z) <= min(1, 2 exp(−z²/2)),
// S being sub-Gaussian. For windows of −z with a <= a_0, c' <= −g(a) + |g(a + 1)| <= (κ + a_0 (σ q(a_0) + |g(1)| + |g(1 + a_0)|))/a
// =: κ'/a, 1/a <= exp((z − D)/κ) <= (amplitude/κ²) exp(z/κ) (MseExpansion::tail): past the last layer,
//   E[c'(S)²; |S| > T] <= (κ' amplitude/κ²)² E[exp(2|S|/κ); |S| > T] <= (…)² 2 exp((2/κ + τ)²/2 − τT).
Ball dither_word_bias_bound(const Generator& generator) {
  Precision precision(128);
  const ScalarQuantizer quantizer(generator);
  const Ball kappa = generator.kappa(), rate = 2 / kappa;
  const MseExpansion::Tail tail = MseExpansion(quantizer, 32).tail(ldexp(rate, 1) + 4);
  const Ball& end = tail.start;
  const Ball a0 = quantizer.window_of(-end).lower_end();
  const Ball excess = a0 * (generator.sigma() * abs(normal_quantile(a0 / generator.levels())) + abs(generator.g(Ball(1))) +
                            abs(generator.g(1 + a0)));  // a q(a) increases near 0
  const auto slope_squared = [&](const Ball& z) {
    return square(quantizer.window(quantizer.window_of(-z)).z_slope).upper_end();
  };
  Ball z = Ball::power_of_two(-3), below = slope_squared(z), sum = below;
  while (certainly_less(z, end)) {
    const Ball next = min(z + Ball::power_of_two(-3), end).mid(), above = slope_squared(next);
    sum += (above - below) * min(Ball(1), 2 * exp(-ldexp(square(z), -1)));
    z = next;
    below = above;
  }
  const Ball tau = max(end - rate, Ball(0)).mid();
  const Ball factor = (kappa + excess) * tail.amplitude / square(kappa);
  sum += 2 * square(factor) * exp(ldexp(square(rate + tau), -1) - tau * end);
  return ldexp(sqrt(sum.upper_end()), -32).upper_end();
}

}  // namespace hdq::reference
