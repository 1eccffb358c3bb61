#include "hdq/reference/laws/lattice_law.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace hdq::reference {
namespace {

constexpr double extent = 13;       // standard deviations kept of each partial sum: exp(−13²/2) = 2e-37
constexpr double finest = 0x1p-17;  // of the lattice: 55 MB for its law

// The law of S⁺‖x‖ on the lattice: probability of j·unit at law[j + half]. Doubles, with a proved relative error.
struct Lattice {
  double unit;                       // τ‖x‖, a power of two
  std::ptrdiff_t half;
  std::vector<double> law;
  Ball variance;                     // of D‖x‖, upper bound
  Ball hoeffding;                    // d·unit²
  Ball relative_error, dropped;      // of each probability; total mass left out, upper bounds
};

// q_j = a (p_{j−k} + p_{j+k}) + b (p_{j−k−1} + p_{j+k+1}) for |j| <= reach, from p that vanishes beyond `before`.
void convolve(const std::vector<double>& p, std::vector<double>& q, std::ptrdiff_t half, std::ptrdiff_t reach,
              std::ptrdiff_t k, double a, double b) {
  const double* from = p.data() + half;
  double* to = q.data() + half;
  for (std::ptrdiff_t j = -reach; j <= reach; ++j) {
    to[j] = a * (from[j - k] + from[j + k]) + b * (from[j - k - 1] + from[j + k + 1]);
  }
}

Lattice make_lattice(const RademacherSum& sum, double work) {
  const double norm = sum.norm().mid_double();
  const double d = static_cast<double>(sum.count());
  const double step = std::max(2 * extent * d / work, finest);
  Lattice lattice;
  lattice.unit = std::exp2(std::floor(std::log2(step * norm)));
  std::vector<double> weights;  // in units, descending: the spread is reached early
  for (auto t = sum.terms().rbegin(); t != sum.terms().rend(); ++t) {
    if (!t->magnitude.contains(Ball(t->magnitude.mid_double())) || !Ball(t->magnitude.mid_double()).contains(t->magnitude)) {
      throw std::invalid_argument("the lattice takes weights that are doubles");
    }
    weights.insert(weights.end(), t->count, t->magnitude.mid_double() / lattice.unit);
  }
  const auto range = static_cast<std::ptrdiff_t>(1.01 * extent * std::hypot(norm / lattice.unit, 0.5 * std::sqrt(d))) + 2;
  const auto longest = static_cast<std::ptrdiff_t>(weights.front()) + 2;
  lattice.half = range + longest;
  std::vector<double> p(static_cast<std::size_t>(2 * lattice.half + 1)), q(p.size());
  p[static_cast<std::size_t>(lattice.half)] = 1;
  double spread = 0, rounding_variance = 0;  // Σ (w² + 1/4), Σ p(1 − p) in units²
  std::ptrdiff_t reach = 0;
  for (const double w : weights) {
    const double floor = std::floor(w), fraction = w - floor;  // exact
    spread += w * w + 0.25;
    rounding_variance += fraction * (1 - fraction);
    const auto k = static_cast<std::ptrdiff_t>(floor);
    // Never shrinks, so whatever lies past it is 0.
    reach = std::min({reach + k + 1, range, static_cast<std::ptrdiff_t>(extent * std::sqrt(spread)) + 1});
    convolve(p, q, lattice.half, reach, k, 0.5 * (1 - fraction), 0.5 * fraction);
    std::swap(p, q);
  }
  lattice.law = std::move(p);
  const Ball unit(lattice.unit);
  lattice.variance = square(unit) * Ball(rounding_variance * (1 + 1e-9));
  lattice.hoeffding = square(unit) * Ball(d);
  // An update is four roundings and that of 1 − p: each probability within (1 ± 2^-52)^(5d); every partial sum is
  // sub-Gaussian with Σ (w² + 1/4), hence the mass dropped at each step.
  lattice.relative_error = expm1(Ball(5 * d * 0x1p-52));
  lattice.dropped = 2 * Ball(d) * exp(Ball(-0.4999 * extent * extent)) + Ball(1e-250);
  return lattice;
}

// Σ p_j yʲ-moments over lo <= j <= hi about `center` (a lattice index), y in units: proved to γ Σ p |y|ᵏ.
std::vector<Ball> moments(const Lattice& lattice, std::ptrdiff_t lo, std::ptrdiff_t hi, std::ptrdiff_t center,
                          std::size_t terms) {
  std::vector<long double> sums(terms), sizes(terms);
  for (std::ptrdiff_t j = lo; j <= hi; ++j) {
    const long double y = static_cast<long double>(j - center);
    long double power = lattice.law[static_cast<std::size_t>(lattice.half + j)];
    for (std::size_t k = 0; k < terms; ++k, power *= y) {
      sums[k] += power;
      sizes[k] += std::fabs(power);
    }
  }
  const double rounding = (static_cast<double>(hi - lo + 1) + 8) * 0x1p-63;
  std::vector<Ball> result;
  for (std::size_t k = 0; k < terms; ++k) {
    const auto value = static_cast<double>(sums[k]);
    const Ball size(static_cast<double>(sizes[k]) * 1.001);
    result.push_back(with_error(Ball(value), size * (lattice.relative_error + rounding + 0x1p-52)));
  }
  return result;
}

std::ptrdiff_t floor_index(const Ball& z, const Ball& units) {
  const Ball position = z * units;
  const double low = std::floor(position.lower_double()), high = std::floor(position.upper_double());
  if (low != high) throw std::runtime_error("a break too close to a lattice point");
  return static_cast<std::ptrdiff_t>(low);
}

// E f(S⁺) without what was dropped: f even, so twice the sum over j > 0.
Ball lattice_sum(const Lattice& lattice, const PiecewisePolynomial& f, const Ball& norm) {
  const Ball scale = Ball(lattice.unit) / norm, units = norm / lattice.unit;
  const std::ptrdiff_t end = lattice.half;
  Ball total = f(Ball(0)) * Ball(lattice.law[static_cast<std::size_t>(lattice.half)]);
  total = with_error(total, total * lattice.relative_error);
  std::ptrdiff_t lo = 1;
  for (std::size_t i = 0; i < f.breaks.size() && lo <= end; ++i) {
    const std::ptrdiff_t hi = i + 1 < f.breaks.size() ? std::min(end, floor_index(f.breaks[i + 1], units)) : end;
    if (hi < lo) continue;
    const std::ptrdiff_t center = i + 1 < f.breaks.size() ? (lo + hi) / 2 : lo;
    TaylorSeries g = f.polynomials[i];  // about the centre
    const Ball at = center * scale;
    for (std::size_t k = 0; k + 1 < g.terms(); ++k) {
      for (std::size_t j = g.terms() - 1; j-- > k;) g[j] += at * g[j + 1];
    }
    const std::vector<Ball> m = moments(lattice, lo, hi, center, g.terms());
    Ball power(2);
    for (std::size_t k = 0; k < g.terms(); ++k, power *= scale) total += g[k] * power * m[k];
    lo = hi + 1;
  }
  return total;
}

// Range of f'' between kinks: f is at most cubic, so f'' is linear on each piece.
Ball second_derivative(const PiecewisePolynomial& f) {
  Ball range;
  for (std::size_t i = 0; i < f.breaks.size(); ++i) {
    const TaylorSeries& p = f.polynomials[i];
    Ball value = p.terms() > 2 ? ldexp(p[2], 1) : Ball(0);
    if (p.terms() > 3) {
      if (i + 1 < f.breaks.size()) value += 6 * p[3] * hull(f.breaks[i], f.breaks[i + 1]);
      else if (!p[3].is_exact() || !p[3].contains_zero()) throw std::invalid_argument("f'' is unbounded");
    }
    range = i == 0 ? value : hull(range, value);
  }
  return range;
}

Ball slope(const TaylorSeries& p, const Ball& z) {
  Ball value;
  for (std::size_t k = p.terms(); k-- > 1;) value = value * z + p[k] * k;
  return value;
}

// B for a kink at θ: ∫ t(r) (4/3) P(|S⁺ − θ| <= r + 2√v) dr by upper sums over shells, t(r) = min(1, v/r², 2 exp(−2r²/(dτ²))).
Ball kink_bound(const Lattice& lattice, const std::vector<long double>& cumulative, const Ball& theta_units) {
  const Ball unit(lattice.unit);
  const double deviation = (sqrt(lattice.variance) / unit).upper_double();
  const double hoeffding = (lattice.hoeffding / square(unit)).upper_double();
  const double theta = theta_units.mid_double(), shell = 0.25 * deviation;
  const auto mass = [&](double radius) {  // of |S⁺ − θ| <= radius
    const auto size = static_cast<double>(cumulative.size() - 1);
    const double low = std::floor(theta - radius - 1) + static_cast<double>(lattice.half);
    const double high = std::ceil(theta + radius + 1) + static_cast<double>(lattice.half) + 1;
    const auto from = static_cast<std::size_t>(std::clamp(low, 0.0, size));
    const auto to = static_cast<std::size_t>(std::clamp(high, 0.0, size));
    return static_cast<double>(cumulative[to] - cumulative[from]);
  };
  double sum = 0;
  double tail = 1;
  for (int j = 0; j < 400 && tail > 1e-30; ++j) {
    const double r = j * shell;
    tail = j == 0 ? 1 : std::min({1.0, deviation * deviation / (r * r), 2 * std::exp(-2 * r * r / hoeffding)});
    sum += tail * mass(r + shell + 2 * deviation) * shell;
  }
  // Past the last shell t(r) < 1e-30 and decreases like a Gaussian: less than 1e-28 shells. Doubles: 1 + 1e-6 covers them.
  const Ball left_out = lattice.dropped * Ball(100 * shell) + Ball(1e-28 * shell);
  return (Ball(sum * 4 / 3 * (1 + 1e-6)) * (1 + lattice.relative_error) + left_out) * unit;
}

}  // namespace

Ball lattice_expectation(const RademacherSum& sum, const PiecewisePolynomial& even, const Ball& majorant, double work) {
  Precision precision(128);
  const Ball norm = sum.norm();
  const Lattice lattice = make_lattice(sum, work);
  const Ball scale = 1 / norm;
  Ball value = lattice_sum(lattice, even, norm);
  // E[f; dropped] <= (E f² · P(dropped))^(1/2), E cosh² S⁺ <= exp(2 (1 + d τ²/4)).
  const Ball spread = 1 + ldexp(lattice.hoeffding * square(scale), -2);
  value = with_error(value, majorant * exp(spread) * sqrt(lattice.dropped));
  const Ball curvature = second_derivative(even);
  // v itself is known to 1e-9: [v (1 − 1e-8), v].
  const Ball v = lattice.variance * square(scale) * hull(Ball(1) - 1e-8, Ball(1));
  value -= ldexp(v * curvature, -1);
  std::vector<long double> cumulative(lattice.law.size() + 1);
  for (std::size_t j = 0; j < lattice.law.size(); ++j) cumulative[j + 1] = cumulative[j] + lattice.law[j];
  for (std::size_t i = 0; i < even.breaks.size(); ++i) {
    const Ball& theta = even.breaks[i];
    const Ball right = slope(even.polynomials[i], theta);
    const Ball left = i == 0 ? -right : slope(even.polynomials[i - 1], theta);
    const Ball jump = right - left;
    if (jump.contains_zero()) {
      value = with_error(value, 2 * jump * sqrt(v.upper_end()));  // E|D| <= √v
      continue;
    }
    const Ball bound = kink_bound(lattice, cumulative, theta / scale / lattice.unit) * scale;
    const Ball both = i == 0 ? Ball(1) : Ball(2);  // ±θ
    value -= both * jump * hull(Ball(0), bound);
  }
  return value;
}

}  // namespace hdq::reference
