// Shared by the programs that print tables: real numbers of `precision` bits, the generator g of SPEC §3 with its closed forms, and
// Chebyshev interpolation. Nothing here is a proof; what is printed is certified by the tests.
#pragma once

#include <arb.h>
#include <arb_hypgeom.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "shipped_constants.hpp"

namespace hdq::tables {

inline constexpr slong precision = 384;

class Real {
 public:
  Real() { arb_init(x_); }
  Real(int v) : Real() { arb_set_si(x_, v); }  // NOLINT: integers mix freely with reals
  Real(const Real& o) : Real() { arb_set(x_, o.x_); }
  Real& operator=(const Real& o) {
    arb_set(x_, o.x_);
    return *this;
  }
  ~Real() { arb_clear(x_); }
  arb_ptr get() { return x_; }
  arb_srcptr get() const { return x_; }
  Real midpoint() const {
    Real r;
    arf_set(arb_midref(r.x_), arb_midref(x_));
    return r;
  }
  double nearest() const { return arf_get_d(arb_midref(x_), ARF_RND_NEAR); }

 private:
  arb_t x_;
};

template <void (*f)(arb_t, const arb_t, slong)>
inline Real apply(const Real& a) {
  Real r;
  f(r.get(), a.get(), precision);
  return r;
}
template <void (*f)(arb_t, const arb_t, const arb_t, slong)>
inline Real apply(const Real& a, const Real& b) {
  Real r;
  f(r.get(), a.get(), b.get(), precision);
  return r;
}
inline Real exactly(double v) {
  Real r;
  arb_set_d(r.get(), v);
  return r;
}
inline Real operator+(const Real& a, const Real& b) { return apply<arb_add>(a, b); }
inline Real operator-(const Real& a, const Real& b) { return apply<arb_sub>(a, b); }
inline Real operator*(const Real& a, const Real& b) { return apply<arb_mul>(a, b); }
inline Real operator/(const Real& a, const Real& b) { return apply<arb_div>(a, b); }
inline Real ln(const Real& a) { return apply<arb_log>(a); }
inline Real root(const Real& a) { return apply<arb_sqrt>(a); }
inline Real exponential(const Real& a) { return apply<arb_exp>(a); }
inline Real ratio(int p, int q) { return Real(p) / Real(q); }
inline Real power_of_two(int e) {
  Real r(1);
  arb_mul_2exp_si(r.get(), r.get(), e);
  return r;
}
inline Real cosine_pi(const Real& a) { return apply<arb_cos_pi>(a); }
inline Real pi() {
  Real r;
  arb_const_pi(r.get(), precision);
  return r;
}

// Φ⁻¹(p)
inline Real normal_quantile(const Real& p) { return root(2) * apply<arb_hypgeom_erfinv>(Real(2) * p - Real(1)); }
inline Real normal_density(const Real& q) { return exponential(Real(0) - q * q / Real(2)) / root(Real(2) * pi()); }

struct Generator {
  int n;
  Real sigma, kappa;
  explicit Generator(int bits)
      : n(1 << bits), sigma(ratio(shipped_sigma_times_64[bits - 1], 64)), kappa(ratio(shipped_kappa_times_64[bits - 1], 64)) {}

  Real g(const Real& v) const {
    return sigma * normal_quantile(v / Real(n)) + kappa * (Real(1) / (Real(n) - v) - Real(1) / v);
  }
  Real density_term(const Real& v) const { return sigma * Real(n) * normal_density(normal_quantile(v / Real(n))); }
  Real antiderivative(const Real& v) const {
    return Real(0) - density_term(v) - kappa * ln(v * (Real(n) - v));
  }
  Real threshold(int k, const Real& u) const { return antiderivative(Real(k) + u) - antiderivative(Real(k - 1) + u); }
  Real codeword(int k, const Real& u) const { return g(Real(k) + u); }
  // The part of a two-level threshold that is singular at u = 0.
  Real half_threshold(const Real& u) const { return density_term(u) + kappa * ln(u / (Real(1) + u)); }
};

using Function = std::function<Real(const Real&)>;  // of x in [−1/2, 1/2]

// Chebyshev coefficients of the interpolant of f on [−1/2, 1/2] at `nodes` points, and the smallest sampled |f|.
struct Series {
  std::vector<Real> chebyshev;
  double smallest = 0;
};
inline Series interpolate(const Function& f, int nodes) {
  std::vector<Real> value;
  Series s;
  s.smallest = HUGE_VAL;
  for (int j = 0; j < nodes; ++j) {
    value.push_back(f(cosine_pi(ratio(2 * j + 1, 2 * nodes)) / Real(2)));
    s.smallest = std::min(s.smallest, std::abs(value.back().nearest()));
  }
  for (int m = 0; m < nodes; ++m) {
    Real sum(0);
    for (int j = 0; j < nodes; ++j) sum = sum + value[static_cast<std::size_t>(j)] * cosine_pi(ratio(m * (2 * j + 1), 2 * nodes));
    s.chebyshev.push_back(sum * ratio(m == 0 ? 1 : 2, nodes));
  }
  return s;
}

// Monomial coefficients of the first `terms` Chebyshev terms, from T_{m+1}(2x) = 4x·T_m(2x) − T_{m−1}(2x).
inline std::vector<Real> monomials(const Series& s, std::size_t terms) {
  std::vector<Real> sum(terms, Real(0)), previous(terms, Real(0)), current(terms, Real(0));
  previous[0] = Real(1);
  current[1] = Real(2);
  for (std::size_t m = 0; m < terms; ++m) {
    for (std::size_t i = 0; i < terms; ++i) sum[i] = sum[i] + s.chebyshev[m] * previous[i];
    std::vector<Real> next(terms, Real(0));
    for (std::size_t i = 0; i < terms; ++i) {
      next[i] = Real(0) - previous[i];
      if (i > 0) next[i] = next[i] + Real(4) * current[i - 1];
    }
    previous = current;
    current = next;
  }
  return sum;
}

}  // namespace hdq::tables
