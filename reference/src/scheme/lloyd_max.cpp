#include "hdq/reference/scheme/lloyd_max.hpp"

#include <arb_mat.h>

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <stdexcept>

namespace hdq::reference {
namespace {

// The cell [low, high] of one codeword, high absent for the last: its centroid and the centroid's derivatives.
struct Cell {
  Ball centroid, by_low, by_high, probability;
};

Cell cell(const CoordinateDistribution& law, const Ball& low, const Ball* high) {
  const Ball density_low = law.density(low);
  Cell c;
  c.probability = law.tail(low);
  Ball mean = law.partial_mean(low);
  if (high) {
    c.probability -= law.tail(*high);
    mean -= law.partial_mean(*high);
  }
  c.centroid = mean / c.probability;
  c.by_low = density_low * (c.centroid - low) / c.probability;
  if (high) c.by_high = law.density(*high) * (*high - c.centroid) / c.probability;
  return c;
}

using Vector = std::vector<Ball>;

bool is_even(std::int64_t levels) { return levels % 2 == 0; }

// Thresholds >= 0 between the codewords −r_0 or 0, r_0, r_1, ….
Vector thresholds_of(const Vector& r, bool even) {
  Vector t;
  for (std::size_t k = 0; k < r.size(); ++k) {
    t.push_back(k > 0 ? ldexp(r[k - 1] + r[k], -1) : even ? Ball(0) : ldexp(r[0], -1));
  }
  return t;
}

// F(r)_k = r_k − centroid_k(r) and its Jacobian, tridiagonal: a codeword moves the thresholds of its cell by half.
struct System {
  Vector residual, below, diagonal, above;
};

System system_at(const CoordinateDistribution& law, const Vector& r, bool even) {
  const Vector t = thresholds_of(r, even);
  System s;
  for (std::size_t k = 0; k < r.size(); ++k) {
    const Cell c = cell(law, t[k], k + 1 < r.size() ? &t[k + 1] : nullptr);
    const bool fixed_low = k == 0 && even;  // the threshold 0
    s.residual.push_back(r[k] - c.centroid);
    s.below.push_back(k == 0 ? Ball(0) : ldexp(-c.by_low, -1));
    s.above.push_back(ldexp(-c.by_high, -1));
    s.diagonal.push_back(1 - ldexp((fixed_low ? Ball(0) : c.by_low) + c.by_high, -1));
  }
  return s;
}

// Thomas' algorithm on midpoints; nothing is proved here.
Vector newton_step(const System& s) {
  const std::size_t n = s.residual.size();
  Vector factor(n), x(n);
  Ball pivot = s.diagonal[0].mid();
  for (std::size_t k = 0; k < n; ++k) {
    if (k > 0) pivot = (s.diagonal[k] - s.below[k] * factor[k - 1]).mid();
    factor[k] = (s.above[k] / pivot).mid();
    x[k] = ((s.residual[k] - (k > 0 ? s.below[k] * x[k - 1] : Ball(0))) / pivot).mid();
  }
  for (std::size_t k = n - 1; k-- > 0;) x[k] = (x[k] - factor[k] * x[k + 1]).mid();
  return x;
}

// The positive half of N quantiles of the companding density, the cube root of the law's: N(0, 3) of N(0, 1), and of the sphere in
// dimension d that in dimension d/3 + 2, up to scale.
double companding_quantile(const CoordinateDistribution& law, double p) {
  if (law.is_normal()) return 1.7320508075688772 * 1.4142135623730951 * boost::math::erf_inv(2 * p - 1);
  const double d = static_cast<double>(law.dimension());
  return std::sqrt(d * boost::math::ibeta_inv(0.5, 0.5 * (d / 3 + 1), 2 * p - 1));
}

// Newton's method from there until its steps shrink.
Vector approximate(const CoordinateDistribution& law, std::int64_t levels) {
  const bool even = is_even(levels);
  Vector r;
  for (std::int64_t k = levels / 2; k < levels; ++k) {
    if (!even && k == levels / 2) continue;
    r.push_back(Ball(companding_quantile(law, (static_cast<double>(k) + 0.5) / static_cast<double>(levels))));
  }
  for (int step = 0; step < 200; ++step) {
    const System s = system_at(law, r, even);
    Vector move = newton_step(s);
    double largest = 0;
    for (const Ball& m : move) largest = std::max(largest, std::abs(m.mid_double()));
    // While far off, a bounded step keeps codewords in order.
    double gap = r[0].mid_double();
    for (std::size_t k = 1; k < r.size(); ++k) gap = std::min(k == 1 ? 1e300 : gap, (r[k] - r[k - 1]).mid_double());
    const double damping = largest > 0.5 * gap ? 0.5 * gap / largest : 1;
    for (std::size_t k = 0; k < r.size(); ++k) r[k] = (r[k] - damping * move[k]).mid();
    if (largest < std::ldexp(1.0, static_cast<int>(-working_precision() / 2 - 8))) return r;
  }
  throw std::runtime_error("Lloyd-Max: Newton's method did not converge");
}

struct Matrix {
  explicit Matrix(std::size_t n) { arb_mat_init(m, static_cast<slong>(n), static_cast<slong>(n)); }
  ~Matrix() { arb_mat_clear(m); }
  Matrix(const Matrix&) = delete;
  Matrix& operator=(const Matrix&) = delete;
  arb_mat_t m;
};

void fill_jacobian(Matrix& a, const System& s) {
  for (std::size_t k = 0; k < s.diagonal.size(); ++k) {
    arb_set(arb_mat_entry(a.m, k, k), s.diagonal[k].get());
    if (k > 0) arb_set(arb_mat_entry(a.m, k, k - 1), s.below[k].get());
    if (k + 1 < s.diagonal.size()) arb_set(arb_mat_entry(a.m, k, k + 1), s.above[k].get());
  }
}

// K = r − Y F(r) + (I − Y J(X))(X − r), Y ≈ J⁻¹, inside X: F has exactly one zero in X, and it lies in K.
bool krawczyk(const CoordinateDistribution& law, const Vector& r, const Ball& radius, bool even, Vector& enclosure) {
  const std::size_t n = r.size();
  const slong bits = working_precision();
  Vector box;
  for (const Ball& value : r) box.push_back(with_error(value, radius));
  const System at = system_at(law, r, even), over = system_at(law, box, even);
  Matrix jacobian(n), inverse(n), product(n);
  fill_jacobian(jacobian, at);
  if (!arb_mat_approx_inv(inverse.m, jacobian.m, bits)) return false;
  arb_mat_get_mid(inverse.m, inverse.m);
  fill_jacobian(jacobian, over);
  arb_mat_mul(product.m, inverse.m, jacobian.m, bits);
  enclosure.clear();
  for (std::size_t i = 0; i < n; ++i) {
    Ball correction, norm;
    for (std::size_t j = 0; j < n; ++j) {
      Ball y, p;
      arb_set(y.get(), arb_mat_entry(inverse.m, i, j));
      arb_set(p.get(), arb_mat_entry(product.m, i, j));
      correction += y * at.residual[j];
      norm += abs((i == j ? Ball(1) : Ball(0)) - p);
    }
    const Ball image = with_error(r[i] - correction, norm * radius);
    if (arb_contains_interior(box[i].get(), image.get()) == 0) return false;
    enclosure.push_back(image);
  }
  return true;
}

}  // namespace

LloydMax lloyd_max(std::int64_t levels, const CoordinateDistribution& law) {
  if (levels < 2) throw std::invalid_argument("a quantizer needs at least 2 levels");
  const slong target = working_precision();
  LloydMax result;
  result.levels = levels;
  const bool even = is_even(levels);
  // Probabilities of cells far out are differences of tails: they and the Jacobian's condition cost about log2 N bits each.
  Precision precision(target + 32 + 4 * static_cast<slong>(std::log2(static_cast<double>(levels))));
  const Vector r = approximate(law, levels);
  bool proved = false;
  for (slong bits = working_precision() - 16; !proved && bits > 16; bits -= 16) {
    proved = krawczyk(law, r, Ball::power_of_two(-bits), even, result.codewords);
  }
  if (!proved) throw std::runtime_error("Lloyd-Max: no box around the solution passes Krawczyk's test");
  result.thresholds = thresholds_of(result.codewords, even);
  Ball energy;  // Σ over both halves
  for (std::size_t k = 0; k < result.codewords.size(); ++k) {
    const bool last = k + 1 == result.codewords.size();
    const Cell c = cell(law, result.thresholds[k], last ? nullptr : &result.thresholds[k + 1]);
    energy += 2 * c.probability * square(result.codewords[k]);
  }
  result.distortion = 1 - energy;
  return result;
}

}  // namespace hdq::reference
