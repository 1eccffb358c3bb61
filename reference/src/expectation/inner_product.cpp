#include "hdq/reference/expectation/inner_product.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "hdq/reference/scheme/hadamard.hpp"
#include "hdq/reference/numbers/taylor_series.hpp"
#include "hdq/reference/scheme/window_expansion.hpp"

namespace hdq::reference {
namespace {

constexpr std::size_t exact_limit = 12;

// Σ_j w_j (g(k_j + U) − z_j) where the codes k_j do not change, squared and integrated over U.
class ErrorIntegral {
 public:
  ErrorIntegral(const Generator& generator, std::vector<Ball> weights, Ball mean, std::size_t order)
      : generator_(generator), weights_(std::move(weights)), mean_(std::move(mean)), order_(order) {}

  void set_codes(std::vector<std::int64_t> codes) { codes_ = std::move(codes); }

  // Taylor's polynomial of degree order − 1 about the middle, remainder from the whole interval; halved until it is small.
  Ball over(const Ball& from, const Ball& to, const Ball& tolerance, int depth = 0) const {
    const Ball middle = ldexp(from + to, -1).mid(), radius = max(abs(to - middle), abs(from - middle)).upper_end();
    const TaylorSeries near = squared(middle), far = squared(with_error(middle, radius));
    const Ball remainder = abs(far[order_]) * pow(radius, order_);
    if (depth < 60 && !certainly_less(remainder, tolerance)) {
      return over(from, middle, tolerance, depth + 1) + over(middle, to, tolerance, depth + 1);
    }
    TaylorSeries kept = near;
    kept[order_] = Ball(0);
    TaylorSeries antiderivative(order_ + 2);
    for (std::size_t k = 0; k <= order_; ++k) antiderivative[k + 1] = kept[k] / (k + 1);
    return with_error(antiderivative(to - middle) - antiderivative(from - middle), remainder * (to - from));
  }
  // Upper bound of the square on [from, to].
  Ball bound(const Ball& from, const Ball& to) const { return abs(squared(hull(from, to))[0]); }

 private:
  TaylorSeries squared(const Ball& u) const {
    TaylorSeries sum(order_ + 1, -mean_);
    for (std::size_t j = 0; j < codes_.size(); ++j) {
      if (weights_[j].is_exact() && weights_[j].contains_zero()) continue;
      sum += generator_series(generator_, u + codes_[j], order_ + 1) * weights_[j];
    }
    return sum * sum;
  }

  const Generator& generator_;
  std::vector<Ball> weights_;
  Ball mean_;
  std::size_t order_;
  std::vector<std::int64_t> codes_;
};

// ∫_0^1 (Σ_j w_j (r_j(U) − z_j))² dU: as U rises, code j falls by one at U = frac(a_j), a_j the lower end of z_j's window.
Ball error_square(const ScalarQuantizer& quantizer, const std::vector<Ball>& w, const std::vector<Ball>& z, std::size_t order) {
  struct Break {
    Ball at;
    std::size_t coordinate;
  };
  std::vector<Break> breaks;
  std::vector<std::int64_t> codes;
  Ball mean;
  for (std::size_t j = 0; j < z.size(); ++j) {
    const Ball a = quantizer.window_of(z[j]);
    // For U just above 0, v = k + U lies in [a, a + 1] with k = ⌊a⌋ + 1, unless U > frac(a).
    const Ball floor_ball = a.mid();
    const auto floor = static_cast<std::int64_t>(std::floor(floor_ball.lower_double()));
    codes.push_back(floor + 1);
    breaks.push_back({a - floor, j});
    mean += w[j] * z[j];
  }
  std::sort(breaks.begin(), breaks.end(), [](const Break& x, const Break& y) {
    return arf_cmp(arb_midref(x.at.get()), arb_midref(y.at.get())) < 0;
  });
  ErrorIntegral integral(quantizer.generator(), w, mean, order);
  const Ball tolerance = Ball::power_of_two(-working_precision() / 2);
  Ball total, from(0);
  // Between midpoints of the breaks; within a break's radius either code may hold.
  for (std::size_t i = 0; i <= breaks.size(); ++i) {
    const Ball to = i < breaks.size() ? breaks[i].at.mid() : Ball(1);
    integral.set_codes(codes);
    if (certainly_less(from, to)) total += integral.over(from, to, tolerance);
    if (i == breaks.size()) break;
    const Ball around = breaks[i].at;
    const Ball before = integral.bound(around, around);
    --codes[breaks[i].coordinate];
    integral.set_codes(codes);
    total = with_error(total, 2 * around.radius() * (before + integral.bound(around, around)));
    from = to;
  }
  return total;
}

}  // namespace

Expectation inner_product_variance(MseIntegrator& integrator, std::span<const double> q, std::span<const double> x) {
  if (q.size() != x.size()) throw std::invalid_argument("vectors of different dimensions");
  if (integrator.scheme() != Scheme::dithered) throw std::invalid_argument("the variance is that of the dithered scheme");
  Precision precision(128);
  const RademacherSum sum(x);
  const HadamardOrder order = hadamard_order(x.size());
  const std::size_t d = order.order;
  if (d > exact_limit) {
    Ball q_squared;
    for (const double value : q) q_squared += square(Ball(value));
    const Ball upper = q_squared * sum.norm_squared() * integrator.hd(sum).value;
    return {hull(Ball(0), upper), "Cauchy-Schwarz bound"};
  }
  const ScalarQuantizer& quantizer = integrator.expansion().quantizer();
  const Ball norm = sum.norm();
  const std::uint64_t patterns = std::uint64_t{1} << (d - 1);  // −ε and 1 − U give the same square
  Ball total;
  for (std::uint64_t signs = 0; signs < patterns; ++signs) {
    std::vector<Ball> w(d), z(d);
    {
      Precision exact(8192);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const bool negative = i > 0 && (signs >> (i - 1) & 1) != 0;
        w[i] = Ball(negative ? -q[i] : q[i]);
        z[i] = Ball(negative ? -x[i] : x[i]);
      }
      hadamard_transform(order, w);
      hadamard_transform(order, z);
    }
    for (Ball& value : z) value = value / norm;
    total += error_square(quantizer, w, z, 16);
  }
  return {total * sum.norm_squared() / (square(Ball(d)) * Ball(patterns)), std::to_string(patterns) + " sign patterns"};
}

}  // namespace hdq::reference
