#include "hdq/reference/bounds/surrogate_search.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

namespace hdq::reference {
namespace {

using Vector = std::vector<double>;

double cdf(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }
double density(double x) { return std::exp(-x * x / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2; }
double mass(double from, double to) { return from < 0 ? cdf(to) - cdf(from) : cdf(-from) - cdf(-to); }
double largest(const Vector& r) {
  double size = 0;
  for (const double x : r) size = std::isfinite(x) ? std::max(size, std::abs(x)) : HUGE_VAL;
  return size;
}

// Nodes 0 = U_0 < U_1 < … < U_J = 1 of a unit interval: between U_1 and U_{J−1} logistic in s, s = −reach … reach in equal steps.
struct UnitGrid {
  UnitGrid(double reach, std::size_t half)
      : last(2 * half + 2), reach(reach), step(reach / static_cast<double>(half)), u(last + 1), slope(last + 1) {
    u[last] = 1;
    for (std::size_t j = 1; j < last; ++j) {
      const double s = (static_cast<double>(j - 1) - static_cast<double>(half)) * step;
      u[j] = 1 / (1 + std::exp(-s));
      slope[j] = u[j] / (1 + std::exp(s));
    }
  }

  // panel[j] = ∫ f over [U_j, U_{j+1}] for f given on the nodes: a cubic in s through four of them, a trapezoid at the two ends.
  void integrate(const double* f, double* panel) const {
    const auto at = [&](std::size_t j) { return f[j] * slope[j] * step / 24; };
    panel[0] = u[1] * (f[0] + f[1]) / 2;
    panel[last - 1] = u[1] * (f[last - 1] + f[last]) / 2;
    panel[1] = 9 * at(1) + 19 * at(2) - 5 * at(3) + at(4);
    panel[last - 2] = 9 * at(last - 1) + 19 * at(last - 2) - 5 * at(last - 3) + at(last - 4);
    for (std::size_t j = 2; j + 2 < last; ++j) panel[j] = -at(j - 1) + 13 * at(j) + 13 * at(j + 1) - at(j + 2);
  }

  // f at s by the cubic through four inner nodes.
  double interpolate(const double* f, double s) const {
    const double position = (s + reach) / step + 1;
    const double first = std::clamp(std::floor(position) - 1, 1.0, static_cast<double>(last) - 4);
    const double q = position - first;
    const double* p = f + static_cast<std::size_t>(first);
    return -p[0] * (q - 1) * (q - 2) * (q - 3) / 6 + p[1] * q * (q - 2) * (q - 3) / 2 -
           p[2] * q * (q - 1) * (q - 3) / 2 + p[3] * q * (q - 1) * (q - 2) / 6;
  }

  std::size_t last;  // J
  double reach, step;
  Vector u, slope;  // U_j, dU/ds
};

// A x = y for a matrix with A[i][j] = 0 where |i − j| > width; Gaussian elimination with partial pivoting.
class BandMatrix {
 public:
  BandMatrix(std::size_t size, std::size_t width) : size_(size), width_(width), entries_(size * (3 * width + 1)) {}
  double& at(std::size_t i, std::size_t j) { return entries_[i * (3 * width_ + 1) + (j + width_ - i)]; }

  Vector solve(Vector y) {
    for (std::size_t k = 0; k < size_; ++k) {
      const std::size_t below = std::min(size_, k + width_ + 1), right = std::min(size_, k + 2 * width_ + 1);
      std::size_t pivot = k;
      for (std::size_t i = k + 1; i < below; ++i) {
        if (std::abs(at(i, k)) > std::abs(at(pivot, k))) pivot = i;
      }
      if (pivot != k) {
        std::swap_ranges(&at(k, k), &at(k, k) + (right - k), &at(pivot, k));
        std::swap(y[k], y[pivot]);
      }
      for (std::size_t i = k + 1; i < below; ++i) {
        const double factor = at(i, k) / at(k, k);
        if (factor == 0) continue;
        double* target = &at(i, k);
        const double* source = &at(k, k);
        for (std::size_t j = 0; j < right - k; ++j) target[j] -= factor * source[j];
        y[i] -= factor * y[k];
      }
    }
    for (std::size_t k = size_; k-- > 0;) {
      const std::size_t right = std::min(size_, k + 2 * width_ + 1);
      for (std::size_t j = k + 1; j < right; ++j) y[k] -= at(k, j) * y[j];
      y[k] /= at(k, k);
    }
    return y;
  }

 private:
  std::size_t size_, width_;
  Vector entries_;
};

// The functions of t at the nodes t = 1/2 + v, v = 0 … N − 1.
struct Curve {
  Vector z, surrogate, slope;  // c(t), ζ(c(t)), c'(t)
};

// The equations for g on nodes v = k + U_j. The unknowns are g at the nodes of (0, N/2); the rest follows by oddness.
class StationaryGenerator {
 public:
  StationaryGenerator(std::size_t levels, UnitGrid grid)
      : grid(std::move(grid)), levels_(levels), nodes_(levels * this->grid.last + 1), middle_(nodes_ / 2) {}

  // Newton's method begins with √3 Φ⁻¹(v/N) + (1/(N − v) − 1/v)/2: steeper at the ends than the solution, which it comes down to.
  Vector start() const {
    Vector x;
    const double n = static_cast<double>(levels_);
    for (std::size_t i = 1; i < middle_; ++i)
      x.push_back(std::numbers::sqrt3 * quantile(v(i) / n) + (1 / (n - v(i)) - 1 / v(i)) / 2);
    return x;
  }

  Vector solved() const {
    Vector x = start(), r = residual(x);
    for (int iteration = 0; iteration < 60; ++iteration) {
      if (largest(r) < 1e-9) return x;
      const Vector direction = jacobian(x, r).solve(r);
      double part = 1;
      for (;; part /= 2) {
        if (part < 1e-4) throw std::runtime_error("no stationary generator was found");
        Vector y = x;
        for (std::size_t i = 0; i < x.size(); ++i) y[i] -= part * direction[i];
        if (!std::is_sorted(y.begin(), y.end()) || y.back() >= 0) continue;
        Vector ry = residual(y);
        if (!(norm(ry) < norm(r) * (1 - part / 10))) continue;
        x = std::move(y), r = std::move(ry);
        break;
      }
    }
    throw std::runtime_error("no stationary generator was found");
  }

  Vector values(const Vector& x) const {
    Vector g(nodes_);
    std::copy(x.begin(), x.end(), g.begin() + 1);
    g[0] = g[1];  // −L
    for (std::size_t i = 0; i < middle_; ++i) g[nodes_ - 1 - i] = -g[i];
    return g;
  }

  Curve curve(const Vector& g) const {
    const std::size_t unit = grid.last, count = nodes_ - unit;
    Vector integral(nodes_), panel(unit);
    for (std::size_t k = 0; k < levels_; ++k) {
      grid.integrate(&g[k * unit], panel.data());
      for (std::size_t j = 0; j < unit; ++j) integral[k * unit + j + 1] = integral[k * unit + j] + panel[j];
    }
    Curve c{Vector(count), Vector(count), Vector(count)};
    for (std::size_t i = 0; i < count; ++i) {
      c.z[i] = integral[i + unit] - integral[i];
      c.surrogate[i] = (g[i] + g[i + unit]) / 2;
      c.slope[i] = g[i + unit] - g[i];
    }
    return c;
  }

  UnitGrid grid;

 private:
  double v(std::size_t i) const { return static_cast<double>(i / grid.last) + grid.u[i % grid.last]; }
  static double norm(const Vector& r) {
    double sum = 0;
    for (const double x : r) sum += x * x;
    return std::sqrt(sum);
  }
  static double quantile(double p) {  // p < 1/2: Newton's method on ln Φ
    double x = -std::sqrt(std::max(0.0, -2 * std::log(p) - 1));
    for (int k = 0; k < 60; ++k) x -= (std::log(cdf(x)) - std::log(p)) * cdf(x) / density(x);
    return x;
  }

  // Of the equations, relative to g: zero where they hold.
  Vector residual(const Vector& x) const {
    const std::size_t unit = grid.last;
    const Vector g = values(x);
    const Curve c = curve(g);
    // P(z < c) and E[ζ; z < c] beyond the outer cell, at the nodes.
    Vector probability(c.z.size()), moment(c.z.size()), integrand(unit + 1), panel(unit);
    for (std::size_t k = 0; k + 1 < levels_; ++k) {
      for (std::size_t j = 0; j <= unit; ++j) {
        const std::size_t i = k * unit + j;
        integrand[j] = c.surrogate[i] * density(c.z[i]) * c.slope[i];
      }
      grid.integrate(integrand.data(), panel.data());
      for (std::size_t j = 0; j < unit; ++j) {
        const std::size_t i = k * unit + j;
        const bool outer = i == 0 || i + 2 == c.z.size();  // beyond ±Z
        probability[i + 1] = probability[i] + (outer ? 0 : mass(c.z[i], c.z[i + 1]));
        moment[i + 1] = moment[i] + (outer ? 0 : panel[j]);
      }
    }
    const double tail = cdf(c.z[1]);
    Vector r(x.size());
    r[0] = c.z[0] + density(c.z[1]) / tail;
    for (std::size_t i = 2; i < middle_; ++i) {
      const double p = probability[i] + (i < unit ? tail : -probability[i - unit]);
      const double m = moment[i] + (i < unit ? tail * g[0] : -moment[i - unit]);
      r[i - 1] = (g[i] - m / p) / (1 + std::abs(g[i]));
    }
    return r;
  }

  // By differences. An equation at v holds unknowns at nodes within 1 of it, so unknowns that are farther apart share a residual.
  BandMatrix jacobian(const Vector& x, const Vector& r) const {
    const std::size_t size = x.size(), width = std::min(grid.last + 2, size - 1), stride = 2 * width + 1;
    BandMatrix matrix(size, width);
    for (std::size_t first = 0; first < std::min(stride, size); ++first) {
      Vector y = x;
      for (std::size_t j = first; j < size; j += stride) y[j] += 1e-7 * std::max(1e-3, std::abs(x[j]));
      const Vector ry = residual(y);
      for (std::size_t j = first; j < size; j += stride) {
        for (std::size_t i = j > width ? j - width : 0; i < std::min(size, j + width + 1); ++i) {
          matrix.at(i, j) = (ry[i] - r[i]) / (y[j] - x[j]);
        }
      }
    }
    return matrix;
  }

  std::size_t levels_, nodes_, middle_;
};

struct Point {
  double z, surrogate;
};

// ζ on a fine list of z, from 0 to Z.
std::vector<Point> fine_points(const StationaryGenerator& generator, const Curve& c, std::size_t levels) {
  constexpr int per_panel = 16;
  const UnitGrid& grid = generator.grid;
  const double step = grid.step / per_panel;
  std::vector<Point> points;
  // z = 0 is t = N/2 = k + 1/2 + U: U = 1/2 for an even N, U = 0 for an odd one.
  for (std::size_t k = (levels - 1) / 2; k + 1 < levels; ++k) {
    const bool from_half = points.empty() && levels % 2 == 0;
    const double from = from_half ? 0 : -grid.reach;
    const int count = static_cast<int>(std::lround((grid.reach - from) / step));
    if (points.empty() && !from_half) points.push_back({0, 0});
    for (int i = points.empty() ? 0 : 1; i <= count; ++i) {
      const double s = from + i * step;
      points.push_back({grid.interpolate(&c.z[k * grid.last], s), grid.interpolate(&c.surrogate[k * grid.last], s)});
    }
  }
  points.front() = {0, 0};
  return points;
}

// E[ζ | from < z < to] for ζ linear between the points; `i` is the point that ends the piece in which `from` lies, then `to`.
double mean_between(const std::vector<Point>& points, double from, double to, std::size_t& i) {
  double sum = 0, weight = 0;
  for (;; ++i) {
    const Point &p = points[i - 1], &q = points[i];
    const bool final = q.z >= to || i + 1 == points.size();
    const double end = final ? to : q.z;
    for (const auto& [z, w] : std::array<std::pair<double, double>, 3>{{{from, 1}, {(from + end) / 2, 4}, {end, 1}}}) {
      const double share = w * density(z) * (end - from);
      sum += share * (p.surrogate + (z - p.z) * (q.surrogate - p.surrogate) / (q.z - p.z));
      weight += share;
    }
    if (final) return sum / weight;
    from = end;
  }
}

}  // namespace

SurrogateProposal propose_surrogate(std::int64_t levels, std::size_t cells) {
  const std::size_t n = static_cast<std::size_t>(levels);
  // With few levels the tails weigh more, and nodes are cheap.
  const StationaryGenerator generator(n, n <= 8 ? UnitGrid(12, 80) : UnitGrid(9, 36));
  const Vector g = generator.values(generator.solved());
  const std::vector<Point> points = fine_points(generator, generator.curve(g), n);
  // Cells of width w with w³·φ·dζ/dz equal: this is about what one of them takes from the bound.
  Vector cost(points.size());
  for (std::size_t i = 1; i < points.size(); ++i) {
    const double width = points[i].z - points[i - 1].z, rise = points[i].surrogate - points[i - 1].surrogate;
    const double at_middle = density((points[i].z + points[i - 1].z) / 2);
    cost[i] = cost[i - 1] + std::cbrt(std::max(rise, 0.0) * width * width * at_middle);
  }
  SurrogateProposal proposal;
  double from = 0;
  for (std::size_t k = 1, end = 1, piece = 1; k < cells; ++k) {
    const double target = cost.back() * static_cast<double>(k) / static_cast<double>(cells - 1);
    while (end + 1 < points.size() && cost[end] < target) ++end;
    const double share = std::min(1.0, (target - cost[end - 1]) / (cost[end] - cost[end - 1]));
    const double to = points[end - 1].z + share * (points[end].z - points[end - 1].z);
    proposal.value.push_back(mean_between(points, from, to, piece));
    proposal.end.push_back(to);
    from = to;
  }
  proposal.value.push_back(-g[0]);
  return proposal;
}

double propose_price(const SurrogateProposal& surrogate, std::int64_t levels) {
  const std::size_t half = surrogate.value.size(), count = 2 * half;
  // Sums of w, wζ, wζ² over the cells from the left.
  std::vector<std::array<long double, 3>> sums(count + 1);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t cell = i < half ? half - 1 - i : i - half;
    const long double value = (i < half ? -1 : 1) * surrogate.value[cell];
    const double upper = cell + 1 == half ? HUGE_VAL : surrogate.end[cell];
    const long double weight = mass(cell == 0 ? 0 : surrogate.end[cell - 1], upper);
    for (std::size_t k = 0; k < 3; ++k)
      sums[i + 1][k] = sums[i][k] + (k == 0 ? weight : k == 1 ? weight * value : weight * value * value);
  }
  // How many intervals the cheapest partition has: the fewer, the higher the price.
  const auto intervals = [&](double price) {
    Vector least(count + 1);
    std::vector<std::int64_t> used(count + 1);
    for (std::size_t j = 1; j <= count; ++j) {
      least[j] = HUGE_VAL;
      for (std::size_t i = j; i-- > 0;) {
        const auto &a = sums[i], &b = sums[j];
        const long double w = b[0] - a[0], s = b[1] - a[1];
        const double distortion = static_cast<double>(b[2] - a[2] - s * s / w), total = least[i] + distortion;
        if (total + price < least[j]) least[j] = total + price, used[j] = used[i] + 1;
        if (total >= least[j]) break;
      }
    }
    return used[count];
  };
  double low = 0, high = 16;
  for (int step = 0; step < 48; ++step) {
    const double price = (low + high) / 2;
    const std::int64_t used = intervals(price);
    if (used == levels) return price;
    (used > levels ? low : high) = price;
  }
  return (low + high) / 2;
}

}  // namespace hdq::reference
