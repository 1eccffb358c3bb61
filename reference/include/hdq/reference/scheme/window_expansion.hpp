// M as a piecewise Taylor model (SPEC §3): the windows [a, a + 1] with a_tail <= a <= (N − 1)/2, which are those of all
// z_tail <= z <= 0, are cut into cells; on each, with a = center + s,
//   z(s) = G(a + 1) − G(a),  z' = g(a + 1) − g(a),      M(s) = ∫g² − z²,  M' = z' (g(a + 1) + g(a) − 2z),
// as polynomials with proved remainders. Nothing here knows a majorant; proofs and integrals over z are loops over cells.
// M is even, so z >= 0 needs no cells; a < a_tail is the business of WindowTail.
#pragma once

#include <cstddef>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/generator.hpp"
#include "hdq/reference/scheme/scalar_quantizer.hpp"
#include "hdq/reference/numbers/taylor_series.hpp"

namespace hdq::reference {

// The Taylor series of g at v: q = Φ⁻¹(v/N) obeys q' = p, p' = q p², p = 1/(N φ(q)).
inline TaylorSeries generator_series(const Generator& generator, const Ball& v, std::size_t terms) {
  const std::int64_t n = generator.levels();
  TaylorSeries q(terms, generator.evaluate(v).quantile), p(terms), square(terms);
  p[0] = 1 / (n * normal_density(q[0]));
  for (std::size_t k = 0; k + 1 < terms; ++k) {
    for (std::size_t i = 0; i <= k; ++i) square[k] += p[i] * p[k - i];
    Ball next;
    for (std::size_t i = 0; i <= k; ++i) next += q[i] * square[k - i];
    q[k + 1] = p[k] / (k + 1);
    p[k + 1] = next / (k + 1);
  }
  const Ball up = 1 / (n - v), down = -1 / v;
  Ball up_power = up, down_power = down;  // the coefficients of 1/(N − v) and −1/v
  TaylorSeries g = q * generator.sigma();
  for (std::size_t k = 0; k < terms; ++k, up_power *= up, down_power *= down) {
    g[k] += generator.kappa() * (up_power + down_power);
  }
  return g;
}

// A cell of windows and, on it, functions of s = a − center, |s| <= radius.
struct WindowCell {
  // Coefficients with respect to a: z, dz/da and M.
  struct Expansion {
    TaylorSeries z, z_slope, mse;
  };
  Ball center, radius;  // exact
  Expansion at_center;  // below `order` the Taylor coefficients at the center; the last is the remainder's, over the cell
  Expansion over_cell;  // every coefficient over the whole cell

  // f(z, z', M) as a Taylor model on the cell, for an f that acts on series (no derivatives, no integrals).
  template <class F>
  TaylorSeries compose(F&& f) const {
    TaylorSeries model = f(at_center);
    model[model.terms() - 1] = f(over_cell)[model.terms() - 1];
    return model;
  }
  // |c_order| radius^order, the size of the remainder.
  Ball remainder(const TaylorSeries& model) const {
    const std::size_t order = model.terms() - 1;
    return abs(model[order]) * pow(radius, order);
  }
};

class WindowExpansion {
 public:
  static constexpr std::size_t order = 14;
  static constexpr slong precision_bits = 160;  // M ~ N^-2 survives the cancellation in ∫g² − z² up to N = 2^16 and beyond

  // Cells from the central window down to a_tail; M's remainder is below 2^-30 M on each.
  WindowExpansion(const ScalarQuantizer& quantizer, const Rational& tail) : quantizer_(quantizer), tail_(tail) {
    Precision precision(precision_bits);
    Ball upper = ldexp(Ball(quantizer.levels() - 1), -1);
    const Ball end(tail);
    while (certainly_less(end, upper)) {
      // The series converges within distance a of a; a cell of relative width 1/8 has remainders near 16^-order.
      Ball width = min(ldexp(upper, -3), (upper - end).mid());
      WindowCell cell = expand(upper, width);
      while (!accurate(cell)) {
        width = ldexp(width, -1);
        cell = expand(upper, width);
      }
      upper = certainly_less_equal(upper - width, end) ? end : (upper - width).mid();
      cells_.push_back(std::move(cell));
    }
    z_tail_ = quantizer_.window(end).z;
  }

  const Generator& generator() const { return quantizer_.generator(); }
  const std::vector<WindowCell>& cells() const { return cells_; }
  Ball tail() const { return Ball(tail_); }         // a_tail
  const Ball& z_tail() const { return z_tail_; }  // of the window [a_tail, a_tail + 1]

 private:
  static bool accurate(const WindowCell& cell) {
    const Ball remainder = cell.remainder(cell.at_center.mse);
    return remainder.is_finite() && certainly_less(ldexp(remainder, 30), cell.at_center.mse[0]);
  }

  // f at the center and over the cell, made one: the center's coefficients with the cell's remainder, then the cell's from it.
  struct Both {
    TaylorSeries at_center, over_cell;
    Both(TaylorSeries center, const TaylorSeries& cell, const Ball& radius)
        : at_center(std::move(center)), over_cell(cell) {
      at_center[order] = cell[order];
      over_cell = at_center.translated(with_error(Ball(), radius));
    }
    Both(const Both& f, const Ball& constant, const Ball& radius)  // the integral of f
        : Both(f.at_center.integral(constant), f.over_cell.integral(constant), radius) {}
  };

  WindowCell expand(const Ball& upper, const Ball& width) const {
    const Ball radius = ldexp(width, -1).mid();
    const Ball center = (upper - radius).mid();
    const ScalarQuantizer::Window window = quantizer_.window(center);
    const Ball a = with_error(center, radius);
    const auto series = [&](const Ball& v) { return generator_series(generator(), v, order + 1); };
    const Both low(series(center), series(a), radius), high(series(center + 1), series(a + 1), radius);
    const Both slope(high.at_center - low.at_center, high.over_cell - low.over_cell, radius);
    const Both z(slope, window.z, radius);
    // M' = z' (g(a + 1) + g(a) − 2 z)
    const Both excess(high.at_center + low.at_center - z.at_center * Ball(2),
                      high.over_cell + low.over_cell - z.over_cell * Ball(2), radius);
    const Both mse_slope(slope.at_center * excess.at_center, slope.over_cell * excess.over_cell, radius);
    const Both mse(mse_slope, window.mse, radius);
    return {center, radius, {z.at_center, slope.at_center, mse.at_center}, {z.over_cell, slope.over_cell, mse.over_cell}};
  }

  ScalarQuantizer quantizer_;
  Rational tail_;
  std::vector<WindowCell> cells_;
  Ball z_tail_;
};

}  // namespace hdq::reference
