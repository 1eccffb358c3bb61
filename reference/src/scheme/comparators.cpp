#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "hdq/reference/scheme/lloyd_max.hpp"
#include "hdq/reference/scheme/scalar_rule.hpp"

namespace hdq::reference {
namespace {

using Parity = PiecewisePolynomial::Parity;

TaylorSeries polynomial(std::initializer_list<Ball> coefficients) {
  TaylorSeries p(coefficients.size());
  std::size_t k = 0;
  for (const Ball& c : coefficients) p[k++] = c;
  return p;
}

Ball signed_value(const PiecewisePolynomial& f, const Ball& value, bool negative) {
  return negative && f.parity == Parity::odd ? -value : value;
}

}  // namespace

const char* scheme_name(Scheme scheme) {
  switch (scheme) {
    case Scheme::dithered: return "dithered";
    case Scheme::lloyd_max: return "lloyd-max";
    case Scheme::shifted: return "shifted";
    case Scheme::uniform: return "uniform";
    case Scheme::codebook: return "codebook";
  }
  return "";
}

Ball PiecewisePolynomial::operator()(const Ball& z) const {
  if (z.is_exact() && z.contains_zero() && parity == Parity::odd) return Ball(0);
  Ball result;
  bool found = false;
  const auto add = [&](const Ball& value) {
    result = found ? hull(result, value) : value;
    found = true;
  };
  for (std::size_t i = 0; i < breaks.size(); ++i) {
    for (const bool negative : {false, true}) {
      const Ball y = negative ? -z : z;
      const bool above = certainly_less(y, breaks[i]);
      const bool below = i + 1 < breaks.size() && certainly_less(breaks[i + 1], y);
      if (!above && !below) add(signed_value(*this, polynomials[i](y), negative));
    }
  }
  if (!found) throw std::logic_error("piecewise polynomial: breaks out of order");
  return result;
}

PiecewisePolynomial ScalarRule::correlation() const {
  PiecewisePolynomial f{Parity::even, mean.breaks, {}};
  for (const TaylorSeries& p : mean.polynomials) {
    TaylorSeries q(p.terms() + 1);
    for (std::size_t k = 0; k < p.terms(); ++k) q[k + 1] = p[k];
    f.polynomials.push_back(std::move(q));
  }
  return f;
}

// M = (r_k − z)² and mean r_k on each cell.
ScalarRule lloyd_max_rule(std::int64_t levels) {
  const LloydMax q = lloyd_max(levels);
  ScalarRule rule{{Parity::even, {Ball(0)}, {}}, {Parity::odd, {Ball(0)}, {}}};
  std::vector<Ball> codewords = q.codewords;
  if (levels % 2 == 1) codewords.insert(codewords.begin(), Ball(0));
  for (const Ball& t : q.thresholds) {
    if (!t.contains_zero()) rule.mse.breaks.push_back(t);
  }
  rule.mean.breaks = rule.mse.breaks;
  for (const Ball& r : codewords) {
    rule.mse.polynomials.push_back(polynomial({square(r), ldexp(-r, 1), Ball(1)}));
    rule.mean.polynomials.push_back(polynomial({r}));
  }
  return rule;
}

namespace {

// (1/δ) ∫ over [z − δ/2, z + δ/2] of f, as a function of z: F((z + δ/2)) − F(z − δ/2) for the antiderivative F, piece by piece.
// The breaks of f are moved by ±δ/2; two that coincide exactly (0 + δ/2 and θ_1 − δ/2 where δ is the cell [0, θ_1], or
// ±(θ − δ/2) = 0 where it is [−θ, θ]) are told by `coincident`.
class MovingAverage {
 public:
  MovingAverage(const PiecewisePolynomial& f, const Ball& delta) : f_(f), half_(ldexp(delta, -1)), delta_(delta) {
    // Antiderivatives, continuous from 0.
    Ball constant;
    for (std::size_t i = 0; i < f.breaks.size(); ++i) {
      TaylorSeries g(f.polynomials[i].terms() + 1);
      for (std::size_t k = 0; k < f.polynomials[i].terms(); ++k) g[k + 1] = f.polynomials[i][k] / (k + 1);
      if (i > 0) constant = antiderivative_[i - 1](f.breaks[i]) - g(f.breaks[i]);
      g[0] += constant;
      antiderivative_.push_back(std::move(g));
    }
  }

  PiecewisePolynomial build() const {
    std::vector<Ball> breaks = {Ball(0)};
    for (const Ball& b : f_.breaks) {
      for (const Ball& moved : {b + half_, b - half_}) {
        const Ball position = moved.contains_zero() ? Ball(0) : abs(moved);
        const bool known = std::any_of(breaks.begin(), breaks.end(), [&](const Ball& x) { return x.overlaps(position); });
        if (!known) breaks.push_back(position);
        else if (!is_known_coincidence(position)) throw std::runtime_error("moving average: breaks not separated");
      }
    }
    std::sort(breaks.begin(), breaks.end(), [](const Ball& a, const Ball& b) { return certainly_less(a, b); });
    PiecewisePolynomial r{f_.parity, breaks, {}};
    for (std::size_t i = 0; i < breaks.size(); ++i) {
      const Ball inside = i + 1 < breaks.size() ? ldexp(breaks[i] + breaks[i + 1], -1).mid() : (breaks[i] + 1).mid();
      TaylorSeries average = (shifted(inside, half_) - shifted(inside, -half_)) * (1 / delta_);
      // Within one piece of f the leading terms of the antiderivative cancel exactly.
      if (i + 1 == breaks.size()) average[average.terms() - 1] = Ball(0);
      r.polynomials.push_back(std::move(average));
    }
    return r;
  }

 private:
  // 0 itself, and the two images of 0 and of the break next to it.
  bool is_known_coincidence(const Ball& position) const {
    return position.contains_zero() || position.overlaps(half_);
  }
  // F(z + shift) as a polynomial in z, valid around z = inside.
  TaylorSeries shifted(const Ball& inside, const Ball& shift) const {
    const Ball at = inside + shift;
    const bool negative = at.certainly_negative();
    const Ball size = abs(at);
    std::size_t i = f_.breaks.size() - 1;
    while (i > 0 && certainly_less(size, f_.breaks[i])) --i;
    TaylorSeries g = antiderivative_[i];
    if (negative) {  // F(−y) = −F(y) for even f, F(y) for odd f
      for (std::size_t k = 0; k < g.terms(); ++k) {
        if ((k % 2 == 1) != (f_.parity == Parity::even)) g[k] = -g[k];
      }
    }
    for (std::size_t k = 0; k + 1 < g.terms(); ++k) {
      for (std::size_t j = g.terms() - 1; j-- > k;) g[j] += shift * g[j + 1];
    }
    return g;
  }

  const PiecewisePolynomial& f_;
  Ball half_, delta_;
  std::vector<TaylorSeries> antiderivative_;
};

}  // namespace

// The error is Q(y) − y at y = z − δ(U − 1/2), uniform on [z − δ/2, z + δ/2]: M and the mean are averages of lloyd-max's.
ScalarRule shifted_rule(std::int64_t levels) {
  const ScalarRule q = lloyd_max_rule(levels);
  const bool even = levels % 2 == 0;
  const Ball delta = levels == 2 ? ldexp(q.mean.polynomials[0][0], 1)
                     : even      ? q.mse.breaks[1]
                                 : ldexp(q.mse.breaks[1], 1);
  return {MovingAverage(q.mse, delta).build(), MovingAverage(q.mean, delta).build()};
}

// |z| <= L = Δ(N − 1)/2: subtractive dither, M = Δ²/12. Beyond, the decoded value is uniform on [L − Δ/2, L + Δ/2].
ScalarRule uniform_rule(std::int64_t levels, const Ball& step) {
  const Ball noise = square(step) / 12, end = ldexp(step * (levels - 1), -1);
  return {{Parity::even, {Ball(0), end}, {polynomial({noise, Ball(0), Ball(0)}),
                                         polynomial({noise + square(end), ldexp(-end, 1), Ball(1)})}},
          {Parity::odd, {Ball(0), end}, {polynomial({Ball(0), Ball(1)}), polynomial({end, Ball(0)})}}};
}

// d/dΔ of Δ²/12 + 2∫_L^∞ (z − L)² φ:  Δ/6 − 2(N − 1)(φ(L) − L Φ(−L)), increasing in Δ.
Ball uniform_step(std::int64_t levels) {
  const double n = static_cast<double>(levels);
  double low = 0, high = 4;
  for (int step = 0; step < 60; ++step) {
    const double delta = 0.5 * (low + high), end = 0.5 * delta * (n - 1);
    const double overload = 0.3989422804014327 * std::exp(-0.5 * end * end) - 0.5 * end * std::erfc(end / std::sqrt(2.0));
    (delta / 6 > 2 * (n - 1) * overload ? high : low) = delta;
  }
  return Ball(std::ldexp(std::round(std::ldexp(low, 20)), -20));
}

ScalarRule scalar_rule(Scheme comparator, std::int64_t levels) {
  switch (comparator) {
    case Scheme::lloyd_max: return lloyd_max_rule(levels);
    case Scheme::shifted: return shifted_rule(levels);
    case Scheme::uniform: return uniform_rule(levels, uniform_step(levels));
    case Scheme::dithered:
    case Scheme::codebook: break;
  }
  throw std::invalid_argument(std::string("no rule of its own: ") + scheme_name(comparator));
}

}  // namespace hdq::reference
