// A route to ∫g and ∫g² that shares nothing with the closed forms of reference/: after v = N Φ(s) the integrands
//   g = σ s + (κ/N) (1/Φ(−s) − 1/Φ(s)),   dv = N φ(s) ds
// are holomorphic near the real axis, and Arb's adaptive quadrature encloses the integrals.
#pragma once

#include <acb_calc.h>
#include <acb_hypgeom.h>

#include "hdq/reference/scheme/generator.hpp"

namespace hdq::reference {

struct PowerOfG {
  Ball sigma, kappa;
  slong levels;
  int power;
};

inline int power_of_g(acb_ptr result, const acb_t s, void* parameters, slong, slong prec) {
  const auto& g = *static_cast<const PowerOfG*>(parameters);
  acb_t density, tail, other;
  acb_init(density), acb_init(tail), acb_init(other);
  arb_t root;
  arb_init(root);
  arb_set_ui(root, 2);
  arb_sqrt(root, root, prec);
  acb_div_arb(tail, s, root, prec);
  acb_neg(other, tail);
  acb_hypgeom_erfc(tail, tail, prec);    // 2 Φ(−s)
  acb_hypgeom_erfc(other, other, prec);  // 2 Φ(s)
  acb_inv(tail, tail, prec), acb_inv(other, other, prec);
  acb_sub(tail, tail, other, prec);  // half of 1/Φ(−s) − 1/Φ(s)
  acb_mul_2exp_si(tail, tail, 1);
  acb_mul_arb(tail, tail, g.kappa.get(), prec);
  acb_div_si(tail, tail, g.levels, prec);
  acb_mul_arb(other, s, g.sigma.get(), prec);
  acb_add(tail, tail, other, prec);  // g
  acb_pow_ui(tail, tail, static_cast<ulong>(g.power), prec);
  acb_mul(density, s, s, prec);
  acb_mul_2exp_si(density, density, -1);
  acb_neg(density, density);
  acb_exp(density, density, prec);
  arb_const_pi(root, prec);
  arb_mul_2exp_si(root, root, 1);
  arb_sqrt(root, root, prec);
  acb_div_arb(density, density, root, prec);
  acb_mul_si(density, density, g.levels, prec);
  acb_mul(result, tail, density, prec);
  arb_clear(root);
  acb_clear(density), acb_clear(tail), acb_clear(other);
  return 0;
}

// ∫_{v0}^{v1} g^power dv, 0 < v0 <= v1 < N.
inline Ball integral_of_power(const Generator& generator, const Ball& v0, const Ball& v1, int power) {
  PowerOfG parameters{generator.sigma(), generator.kappa(), static_cast<slong>(generator.levels()), power};
  const Ball s0 = generator.evaluate(v0).quantile, s1 = generator.evaluate(v1).quantile;
  acb_t from, to, result;
  acb_init(from), acb_init(to), acb_init(result);
  arb_set(acb_realref(from), s0.get());
  arb_set(acb_realref(to), s1.get());
  mag_t tolerance;
  mag_init(tolerance);
  mag_set_ui_2exp_si(tolerance, 1, -working_precision());
  acb_calc_integrate(result, power_of_g, &parameters, from, to, working_precision(), tolerance, nullptr, working_precision());
  Ball r;
  arb_set(r.get(), acb_realref(result));
  mag_clear(tolerance);
  acb_clear(from), acb_clear(to), acb_clear(result);
  return r;
}

}  // namespace hdq::reference
