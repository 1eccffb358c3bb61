// The one integral in M(z) that has no closed form (SPEC §3): the cross term of g², after v = N Φ(t),
//   ∫_{N Φ(s0)}^{N Φ(s1)} Φ⁻¹(v/N) (1/(N − v) − 1/v) dv = ∫_{s0}^{s1} t (λ(t) − λ(−t)) dt,   λ(t) = φ(t)/Φ(−t),
// λ the normal hazard rate. It depends on neither N, σ nor κ. The integrand is even and >= 0.
//
// Two routes, tested against each other:
//   hazard_integral_quadrature   adaptive Gauss–Legendre with rigorous error bounds (Arb), any precision;
//   HazardTable                  Taylor polynomials of the integral on cells of width 1/8, for thousands of evaluations.
// Beyond t = T = hazard_cutoff(bits), t < λ(t) < t + 1/t and 0 < t λ(−t) < 1 suffice: they leave 2 (|s| − T) uncertain, while
// the term κ²/v of ∫g² exceeds 2^bits times that, v being about N exp(−s²/2).
#pragma once

#include <acb_calc.h>
#include <acb_hypgeom.h>
#include <arb_poly.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/numbers/normal.hpp"

namespace hdq::reference {

inline Ball hazard(const Ball& t) { return normal_density(t) / normal_cdf(-t); }
inline Ball hazard_integrand(const Ball& t) { return t * (hazard(t) - hazard(-t)); }

// T with T²/2 >= (bits + 64)·ln 2.
inline int hazard_cutoff(slong bits) { return static_cast<int>(std::sqrt(1.3863 * static_cast<double>(bits + 64))) + 1; }

namespace detail {

inline int hazard_integrand_complex(acb_ptr result, const acb_t t, void*, slong /*order*/, slong prec) {
  acb_t density, scaled, upper, lower;
  acb_init(density), acb_init(scaled), acb_init(upper), acb_init(lower);
  acb_mul(density, t, t, prec);
  acb_mul_2exp_si(density, density, -1);
  acb_neg(density, density);
  acb_exp(density, density, prec);  // √(2π) φ(t)
  arb_set_ui(acb_realref(scaled), 2);
  arb_sqrt(acb_realref(scaled), acb_realref(scaled), prec);
  acb_div(scaled, t, scaled, prec);
  acb_hypgeom_erfc(upper, scaled, prec);  // 2 Φ(−t)
  acb_neg(scaled, scaled);
  acb_hypgeom_erfc(lower, scaled, prec);  // 2 Φ(t)
  // A quotient by a ball around a zero of Φ is indeterminate: the quadrature then subdivides. No branch cut needs order.
  acb_div(upper, density, upper, prec);
  acb_div(lower, density, lower, prec);
  acb_sub(upper, upper, lower, prec);
  acb_mul(result, upper, t, prec);
  arb_const_pi(acb_realref(scaled), prec);
  arb_zero(acb_imagref(scaled));
  acb_mul_2exp_si(scaled, scaled, -1);
  acb_sqrt(scaled, scaled, prec);  // √(π/2): λ = exp(−t²/2)/(√(π/2)·2Φ(−t))
  acb_div(result, result, scaled, prec);
  acb_clear(density), acb_clear(scaled), acb_clear(upper), acb_clear(lower);
  return 0;
}

// ∫ over [from, to], both >= T: t² − 1 < t (λ(t) − λ(−t)) < t² + 1.
inline Ball hazard_integral_tail(const Ball& from, const Ball& to) {
  const Ball cubes = (to * to * to - from * from * from) / 3;
  return hull(cubes - (to - from), cubes + (to - from));
}

}  // namespace detail

// ∫_{s0}^{s1} t (λ(t) − λ(−t)) dt for exact s0 <= s1 within [−T, T], at working precision.
inline Ball hazard_integral_quadrature(const Ball& s0, const Ball& s1) {
  acb_t from, to, result;
  acb_init(from), acb_init(to), acb_init(result);
  arb_set(acb_realref(from), s0.get());
  arb_set(acb_realref(to), s1.get());
  mag_t tolerance;
  mag_init(tolerance);
  const slong bits = working_precision();
  mag_set_ui_2exp_si(tolerance, 1, -bits);
  acb_calc_integrate(result, detail::hazard_integrand_complex, nullptr, from, to, bits, tolerance, nullptr, bits + 16);
  Ball r;
  arb_set(r.get(), acb_realref(result));
  mag_clear(tolerance);
  acb_clear(from), acb_clear(to), acb_clear(result);
  return r;
}

// K(s) = ∫_0^s t (λ(t) − λ(−t)) dt, odd and increasing, with an absolute error about 2^-bits for |s| <= extent.
class HazardTable {
 public:
  HazardTable(slong bits, int extent) : bits_(bits), extent_(extent) {
    Precision precision(bits + 64);
    Ball start;  // K at the left end of the cell
    for (int i = 0; i < extent * cells_per_unit; ++i) {
      cells_.push_back(make_cell(i));
      cells_.back()[0] = start - evaluate(cells_.back(), Ball::power_of_two(-4) * -1);
      start = evaluate(cells_.back(), Ball::power_of_two(-4));
    }
  }

  slong bits() const { return bits_; }
  int extent() const { return extent_; }

  Ball operator()(const Ball& s) const {
    const double mid = s.mid_double();
    if (mid < 0) return -(*this)(-s);
    if (!(mid <= extent_)) throw std::domain_error("hazard table: beyond its extent");
    const std::size_t i = std::min(static_cast<std::size_t>(mid * cells_per_unit), cells_.size() - 1);
    const Ball offset = s - center(static_cast<int>(i));
    if (certainly_less_equal(abs(offset), Ball(reach))) return evaluate(cells_[i], offset);
    return hull((*this)(s.lower_end()), (*this)(s.upper_end()));
  }

 private:
  static constexpr int cells_per_unit = 8;
  static constexpr double reach = 0x1.1p-4;  // the cell's half width 1/16 and a little, for balls on its boundary
  static constexpr double disc = 0.75;       // radius of the disc on which λ is bounded

  static Ball center(int i) { return ldexp(Ball(2 * i + 1), -4); }
  static Ball evaluate(const std::vector<Ball>& polynomial, const Ball& x) {
    Ball sum;
    for (std::size_t n = polynomial.size(); n-- > 0;) sum = sum * x + polynomial[n];
    return sum;
  }

  // Upper bound of |λ| on the disc of radius 3/4 around the real c.
  static Ball hazard_bound(double c) {
    const double near = std::abs(c) - disc;  // least |Re s| on the disc, if positive
    // Re s > 0: λ(s) = s + 1/(s + 2/(s + …)) and every tail has positive real part, so |λ(s)| <= |s| + 1/Re s.
    if (c >= 1) return Ball(c) + disc + 1 / Ball(near);
    // Re s < 0: Φ(−s) = 1 − Φ(s), |Φ(s)| <= |φ(s)|/|Re s|, and |φ(s)| <= φ(near) exp(disc²/2).
    if (c <= -2) {
      const Ball density = normal_density(Ball(near)) * exp(ldexp(square(Ball(disc)), -1));
      return density / (1 - density / near);
    }
    static const Ball central = central_hazard_bound();
    return central;
  }
  // … and for −2 < c < 1: the discs lie in [−11/4, 7/4] × [−3/4, 3/4], covered by squares of side 1/8.
  static Ball central_hazard_bound() {
    Precision precision(53);
    Ball bound;
    for (int i = -22; i < 14; ++i) {
      for (int j = -6; j < 6; ++j) bound = max(bound, hazard_magnitude(i, j));
    }
    return bound.upper_end();
  }
  // |λ| on [i/8, (i+1)/8] × [j/8, (j+1)/8].
  static Ball hazard_magnitude(int i, int j) {
    const Ball x = hull(ldexp(Ball(i), -3), ldexp(Ball(i + 1), -3)), y = hull(ldexp(Ball(j), -3), ldexp(Ball(j + 1), -3));
    acb_t s;
    acb_init(s);
    const Ball root2 = sqrt(Ball(2));
    arb_div(acb_realref(s), x.get(), root2.get(), working_precision());
    arb_div(acb_imagref(s), y.get(), root2.get(), working_precision());
    acb_hypgeom_erfc(s, s, working_precision());
    Ball tail;
    acb_abs(tail.get(), s, working_precision());
    acb_clear(s);
    if (!tail.certainly_positive()) throw std::logic_error("hazard bound: a square too large");
    return exp(ldexp(square(y) - square(x), -1)) * sqrt(2 / Ball::pi()) / tail;
  }

  // Taylor coefficients of K around the cell's centre, the constant left 0; the remainder
  //   |x| · M q^n/(1 − q),  q = reach/disc,  M >= |t (λ(t) − λ(−t))| on the disc (Cauchy),  joins the linear coefficient.
  std::vector<Ball> make_cell(int i) const {
    const Ball c = center(i);
    const double c_double = c.mid_double();
    const double bits_per_term = std::log2(disc / reach);
    const slong terms = static_cast<slong>(static_cast<double>(bits_ + 16) / bits_per_term) + 4;
    // Dividing the two series loses about 4 log2(c) bits a term.
    Precision precision(bits_ + 64 + static_cast<slong>(2 * c_double * c_double) + terms);
    std::vector<Ball> plus = hazard_series(c, terms), minus = hazard_series(-c, terms);
    std::vector<Ball> polynomial(static_cast<std::size_t>(terms) + 1);
    Ball previous;  // coefficient n − 1 of λ(t) − λ(−t)
    for (slong n = 0; n < terms; ++n) {
      const auto k = static_cast<std::size_t>(n);
      const Ball coefficient = n % 2 == 0 ? plus[k] - minus[k] : plus[k] + minus[k];
      polynomial[k + 1] = (c * coefficient + previous) / (n + 1);
      previous = coefficient;
    }
    const Ball bound = (c + disc) * (hazard_bound(c_double) + hazard_bound(-c_double));
    const Ball q = Ball(reach) / disc;
    polynomial[1] = with_error(polynomial[1], bound * pow(q, static_cast<unsigned long>(terms)) / (1 - q));
    return polynomial;
  }

  // Taylor coefficients of λ around c.
  static std::vector<Ball> hazard_series(const Ball& c, slong terms) {
    const slong prec = working_precision();
    arb_poly_t t, numerator, denominator;
    arb_poly_init(t), arb_poly_init(numerator), arb_poly_init(denominator);
    const Ball scale = 1 / sqrt(Ball(2)), start = c * scale;
    arb_poly_set_coeff_arb(t, 0, start.get());
    arb_poly_set_coeff_arb(t, 1, scale.get());
    arb_hypgeom_erfc_series(denominator, t, terms, prec);
    arb_poly_mullow(numerator, t, t, terms, prec);
    arb_poly_neg(numerator, numerator);
    arb_poly_exp_series(numerator, numerator, terms, prec);
    arb_poly_div_series(numerator, numerator, denominator, terms, prec);
    const Ball factor = sqrt(2 / Ball::pi());
    std::vector<Ball> coefficients(static_cast<std::size_t>(terms));
    for (slong n = 0; n < terms; ++n) {
      Ball& r = coefficients[static_cast<std::size_t>(n)];
      arb_poly_get_coeff_arb(r.get(), numerator, n);
      r *= factor;
    }
    arb_poly_clear(t), arb_poly_clear(numerator), arb_poly_clear(denominator);
    return coefficients;
  }

  slong bits_;
  int extent_;
  std::vector<std::vector<Ball>> cells_;
};

// The table for at least this precision that reaches s (extents double: most calls need |s| <= 4 or 8), built once.
inline const HazardTable& hazard_table(slong bits, double s) {
  static std::mutex mutex;
  static std::map<std::pair<slong, int>, std::unique_ptr<HazardTable>> tables;
  const slong rounded_bits = (bits + 63) / 64 * 64;
  int extent = 1;
  while (extent < s) extent *= 2;
  extent = std::min(extent, hazard_cutoff(rounded_bits));
  const std::lock_guard lock(mutex);
  auto& table = tables[{rounded_bits, extent}];
  if (!table) table = std::make_unique<HazardTable>(rounded_bits, extent);
  return *table;
}

inline constexpr slong hazard_table_max_bits = 512;  // beyond it one quadrature is cheaper than a table

// ∫_{s0}^{s1} t (λ(t) − λ(−t)) dt for s0 <= s1, absolute error about 2^-(working precision) where |s| <= T.
inline Ball hazard_integral(const Ball& s0, const Ball& s1) {
  const slong bits = working_precision();
  const Ball cutoff(hazard_cutoff(bits));
  if (certainly_less(cutoff, -s0)) {
    return detail::hazard_integral_tail(cutoff, -s0) + hazard_integral(-cutoff, s1);
  }
  if (certainly_less(cutoff, s1)) {
    return hazard_integral(s0, cutoff) + detail::hazard_integral_tail(cutoff, s1);
  }
  if (bits <= hazard_table_max_bits) {
    const HazardTable& table = hazard_table(bits, max(abs(s0), abs(s1)).upper_double());
    return table(s1) - table(s0);
  }
  // Exact ends for the quadrature; their radii times the largest value of the integrand there join the error.
  const Ball inner = hazard_integral_quadrature(s0.mid(), s1.mid());
  return with_error(inner, s0.radius() * hazard_integrand(s0) + s1.radius() * hazard_integrand(s1));
}

}  // namespace hdq::reference
