#include "hdq/reference/bounds/adversary.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <stdexcept>
#include <utility>

#include "hdq/reference/scheme/hadamard.hpp"

namespace hdq::reference {
namespace {

using Vector = std::vector<double>;

constexpr double extent = 8, level_from = 6;  // of RademacherObjective
constexpr std::size_t samples = 4096;

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
void normalize(Vector& x) {
  const double norm = std::sqrt(dot(x, x));
  for (double& value : x) value /= norm;
}

// z up to 6, then with slope and curvature continuous to slope 0 at 8: an even extension about 8 is smooth.
double levelled(double z) {
  const double rest = extent - level_from;
  if (z <= level_from) return z;
  return level_from + 2 * rest / std::numbers::pi * std::sin(std::numbers::pi * (z - level_from) / (2 * rest));
}

}  // namespace

RademacherObjective::RademacherObjective(MseIntegrator& integrator, std::size_t cosines) : coefficients_(cosines) {
  Precision precision(96);
  Vector mse(samples + 1), cosine(2 * samples);
  for (std::size_t i = 0; i <= samples; ++i) {
    const Ball z(levelled(extent * static_cast<double>(i) / samples));
    const Ball value = integrator.scheme() == Scheme::dithered ? integrator.expansion()(z) : integrator.mse(z);
    mse[i] = value.mid_double();
  }
  for (std::size_t i = 0; i < cosine.size(); ++i) cosine[i] = std::cos(std::numbers::pi * static_cast<double>(i) / samples);
  // The discrete cosine transform: a trapezoidal rule on [0, 8].
  for (std::size_t k = 0; k < cosines; ++k) {
    double sum = 0.5 * (mse[0] + mse[samples] * (k % 2 == 0 ? 1 : -1));
    for (std::size_t i = 1; i < samples; ++i) sum += mse[i] * cosine[k * i % cosine.size()];
    coefficients_[k] = (k == 0 ? 1 : 2) * sum / samples;
  }
}

double RademacherObjective::operator()(const Vector& x, Vector& gradient) const {
  const std::size_t d = x.size();
  gradient.assign(d, 0.0);
  Vector step_cos(d), step_sin(d), c(d, 1.0), s(d, 0.0), before(d + 1);
  for (std::size_t i = 0; i < d; ++i) {
    step_cos[i] = std::cos(std::numbers::pi / extent * x[i]);
    step_sin[i] = std::sin(std::numbers::pi / extent * x[i]);
  }
  double value = coefficients_[0];
  for (std::size_t k = 1; k < coefficients_.size(); ++k) {
    before[0] = coefficients_[k];
    for (std::size_t i = 0; i < d; ++i) {  // c, s = cos, sin of k π/8 x_i, by rotation
      const double turned = c[i] * step_cos[i] - s[i] * step_sin[i];
      s[i] = s[i] * step_cos[i] + c[i] * step_sin[i];
      c[i] = turned;
      before[i + 1] = before[i] * c[i];
    }
    value += before[d];
    double after = -std::numbers::pi / extent * static_cast<double>(k);
    for (std::size_t i = d; i-- > 0; after *= c[i]) gradient[i] += before[i] * s[i] * after;
  }
  return value;
}

namespace {

// What is maximized: a value and its gradient at a unit vector.
using Objective = std::function<double(const Vector&, Vector&)>;

// Under two rotations z = Σ ε_i w_i with w = H D x/√d: the mean over sign patterns D, all of them or a fixed sample.
Objective two_rotations(const RademacherObjective& one, std::size_t dimension) {
  const HadamardOrder order = hadamard_order(dimension);
  constexpr std::size_t sample = 32;
  const bool all = dimension <= 6;
  std::mt19937_64 random(2);
  std::vector<Vector> patterns;
  for (std::size_t p = 0; p < (all ? std::size_t{1} << (dimension - 1) : sample); ++p) {
    const std::uint64_t bits = p;
    Vector signs(dimension);
    for (std::size_t i = 0; i < dimension; ++i) {
      const bool negative = all ? i > 0 && (bits >> (i - 1) & 1) != 0 : (random() & 1) != 0;
      signs[i] = (negative ? -1 : 1) / std::sqrt(static_cast<double>(order.order));
    }
    patterns.push_back(std::move(signs));
  }
  return [&one, order, patterns](const Vector& x, Vector& gradient) {
    gradient.assign(x.size(), 0.0);
    double value = 0;
    Vector inner;
    for (const Vector& signs : patterns) {
      Vector w(order.order, 0.0);
      for (std::size_t i = 0; i < x.size(); ++i) w[i] = signs[i] * x[i];
      hadamard_transform(order, w);
      value += one(w, inner) / static_cast<double>(patterns.size());
      hadamard_transform_transposed(order, inner);
      for (std::size_t i = 0; i < x.size(); ++i) gradient[i] += signs[i] * inner[i] / static_cast<double>(patterns.size());
    }
    return value;
  };
}

struct Candidate {
  Vector x;
  std::string start;
  double estimate = 0;
};

// Steps along great circles in the direction of the gradient, longer after a gain, shorter after a loss.
void ascend(const Objective& objective, Candidate& candidate) {
  Vector gradient, next_gradient;
  candidate.estimate = objective(candidate.x, gradient);
  double angle = 0.05;
  for (int step = 0; step < 200 && angle > 1e-6; ++step) {
    Vector direction = gradient;
    const double radial = dot(gradient, candidate.x);
    for (std::size_t i = 0; i < direction.size(); ++i) direction[i] -= radial * candidate.x[i];
    const double length = std::sqrt(dot(direction, direction));
    if (!(length > 1e-12 * candidate.estimate)) return;
    Vector next(direction.size());
    for (std::size_t i = 0; i < next.size(); ++i) {
      next[i] = candidate.x[i] * std::cos(angle) + direction[i] / length * std::sin(angle);
    }
    normalize(next);
    const double estimate = objective(next, next_gradient);
    if (estimate > candidate.estimate) {
      candidate.x = std::move(next);
      candidate.estimate = estimate;
      std::swap(gradient, next_gradient);
      angle = std::min(0.5, 1.6 * angle);
    } else {
      angle /= 3;
    }
  }
}

Vector gaussian_vector(std::size_t dimension, std::mt19937_64& random) {
  Vector x(dimension);
  const auto uniform = [&] { return (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53; };
  for (double& value : x) {
    value = std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform());
  }
  return x;
}

// Vectors that are simple, hence far from Gaussian coordinates; each also a little disturbed, for zeros stay zeros under
// ascent; and random ones.
std::vector<Candidate> starts(std::size_t dimension) {
  std::mt19937_64 random(1);
  std::vector<Candidate> list;
  const auto add = [&](Vector x, const std::string& name) {
    normalize(x);
    list.push_back({x, name});
    if (dimension == 1) return;
    const Vector noise = gaussian_vector(dimension, random);
    for (std::size_t i = 0; i < dimension; ++i) x[i] += 0.02 * noise[i] / std::sqrt(static_cast<double>(dimension));
    normalize(x);
    list.push_back({std::move(x), name + ", disturbed"});
  };
  for (std::size_t k = 1; k <= dimension; k = k < 8 ? k + 1 : 2 * k) {
    Vector x(dimension, 0.0);
    std::fill_n(x.begin(), k, 1.0);
    add(x, std::to_string(k) + "-hot");
    if (k == dimension) continue;
    for (const double top : {0.4, 0.8}) {  // one large coordinate beside k equal ones
      Vector y(dimension, 0.0);
      std::fill_n(y.begin() + 1, k, std::sqrt((1 - top * top) / static_cast<double>(k)));
      y[0] = top;
      add(y, "one large, " + std::to_string(k) + " equal");
    }
  }
  for (const double ratio : {0.5, 0.8, 0.95}) {
    Vector x(dimension);
    for (std::size_t i = 0; i < dimension; ++i) x[i] = std::pow(ratio, static_cast<double>(i));
    add(x, "geometric");
  }
  for (int i = 0; i < 12; ++i) add(gaussian_vector(dimension, random), "random");
  return list;
}

// Magnitudes, largest first, as multiples of 2^-bits.
Vector on_grid(const Vector& x, int bits) {
  Vector y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = std::ldexp(std::round(std::ldexp(std::abs(x[i]), bits)), -bits);
  std::sort(y.rbegin(), y.rend());
  return y;
}

// The candidate on the finest grid on which its error can be integrated; float32 holds every grid. Two rotations see the
// order of coordinates, so there it stays.
std::optional<std::pair<Vector, Expectation>> integrate(MseIntegrator& integrator, Rotation rotation, const Vector& x) {
  for (const int bits : {20, 12, 9, 7}) {
    Vector y = on_grid(x, bits);
    if (rotation == Rotation::hdhd) {
      for (std::size_t i = 0; i < x.size(); ++i) y[i] = std::ldexp(std::round(std::ldexp(x[i], bits)), -bits);
    }
    try {
      const Expectation error = integrator(rotation, y);
      if (error.value.is_finite() && error.value.accuracy_bits() >= 16) return std::pair{std::move(y), error};
    } catch (const Unaffordable&) {
    }
  }
  return std::nullopt;
}

}  // namespace

AdversaryResult find_worst_vector(MseIntegrator& integrator, Rotation rotation, std::size_t dimension,
                                  const std::function<void(std::size_t, std::size_t)>& progress) {
  if (dimension < 1 || dimension > 1024) throw std::invalid_argument("the adversary works in dimensions 1 to 1024");
  if (rotation == Rotation::limit) throw std::invalid_argument("the limit has no vector to choose");
  if (rotation == Rotation::dense) {
    Vector x(dimension, 0.0);
    x[0] = 1;
    const Expectation error = integrator.dense(dimension);
    return {x, error, "every unit vector", 0, error.value.mid_double()};
  }
  // Kinks of the comparators take more cosines than the smooth M.
  const RademacherObjective one(integrator, integrator.scheme() == Scheme::dithered ? 384 : 1536);
  const Objective objective = rotation == Rotation::hd ? Objective(std::cref(one)) : two_rotations(one, dimension);
  std::vector<Candidate> candidates = starts(dimension);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    ascend(objective, candidates[i]);
    if (progress) progress(i + 1, candidates.size());
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.estimate > b.estimate; });
  // The estimates order the candidates; the integrator decides among the first it can integrate.
  AdversaryResult best;
  int integrated = 0;
  for (const Candidate& candidate : candidates) {
    const auto found = integrate(integrator, rotation, candidate.x);
    if (!found) continue;
    if (integrated++ == 0 || certainly_less(best.error.value, found->second.value)) {
      best = {found->first, found->second, candidate.start, 0, 0};
    }
    if (integrated == 4) break;
  }
  if (integrated == 0) throw Unaffordable("no vector the search ended with can be integrated");
  best.starts = candidates.size();
  best.best_estimate = candidates.front().estimate;
  return best;
}

}  // namespace hdq::reference
