// The standard normal law: density φ, distribution function Φ, quantile function Φ⁻¹, as enclosures.
//
// Φ⁻¹ takes the lower tail probability p; for one close to 1 pass the upper tail instead, Φ⁻¹(p) = −Φ⁻¹(1 − p).
// It works at any p in (0, 1) that Arb can hold (10^-1000, e^-5000000, …). Arb's erfinv answers for erf, whose argument
// 1 − 2p has lost p when p is small; hence a Taylor step with rigorous remainder on Φ itself, whose relative accuracy Arb's
// erfc keeps in the tail.
#pragma once

#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <stdexcept>

#include "hdq/reference/numbers/ball.hpp"

namespace hdq::reference {

inline Ball normal_density(const Ball& q) { return exp(ldexp(-square(q), -1)) / sqrt(ldexp(Ball::pi(), 1)); }
inline Ball normal_cdf(const Ball& q) { return ldexp(erfc(-q / sqrt(Ball(2))), -1); }

namespace detail {

// 1 − p, the midpoint exact to 64 bits more than the working precision.
inline Ball complement(const Ball& p) {
  Precision precision(working_precision() + 64);
  return 1 - p;
}

// ln Φ(−x) in double for x >= 6: Laplace's continued fraction of the Mills ratio.
inline double log_normal_tail(double x) {
  double fraction = x;
  for (int k = 40; k >= 1; --k) fraction = x + k / fraction;
  return -0.5 * x * x - 0.9189385332046727 - std::log(fraction);
}

// Φ⁻¹(p), p <= 1/2, to about 50 bits; no claim is attached.
inline double normal_quantile_estimate(const Ball& p) {
  const double direct = p.mid_double();
  if (direct > 1e-290) return -1.4142135623730951 * boost::math::erfc_inv(2 * direct);
  const double log_p = log(p.mid()).mid_double();
  double x = std::sqrt(-2 * log_p);
  for (int step = 0; step < 8; ++step) x += (log_normal_tail(x) - log_p) / x;  // d/dx ln Φ(−x) ≈ −x
  return -x;
}

// One third-order Taylor step of Φ⁻¹ from q0 (exact) to p: with s = p − Φ(q0) and d = s/φ(q0),
//   Φ⁻¹(p) = q0 + d + q0 d²/2 + (1 + 2 Q²) s³/(6 φ(Q)³),  Q between q0 and Φ⁻¹(p).
// Q is enclosed first: the mean value theorem sends q0 ± r into q0 + s/φ(q0 ± r); if that lies inside, so does Φ⁻¹(p).
// Returns false where that fails.
inline bool normal_quantile_step(const Ball& p, const Ball& q0, Ball& quantile) {
  const Ball density = normal_density(q0);
  const Ball s = p - normal_cdf(q0);
  const Ball d = s / density;
  const Ball range = with_error(q0, ldexp(abs(d), 1) + Ball::power_of_two(-working_precision()) * abs(q0));
  const Ball range_density = normal_density(range);
  if (!range_density.certainly_positive()) return false;
  if (!range.contains(q0 + s / range_density)) return false;
  const Ball ratio = density / range_density;
  const Ball cubic = (1 + ldexp(square(range), 1)) * ratio * ratio * ratio * d * d * d / 6;
  quantile = q0 + d + ldexp(q0 * square(d), -1) + cubic;
  return true;
}

// p exact (or of tiny relative radius), 0 < p <= 1/2 or barely above.
inline Ball normal_quantile_narrow(const Ball& p, slong bits) {
  Ball start;
  if (bits <= 120) {
    start = Ball(normal_quantile_estimate(p));
  } else {
    start = normal_quantile_narrow(p, bits / 3 + 20).mid();
  }
  Ball quantile;
  for (slong extra = 16; extra <= 16 * 64; extra *= 2) {
    Precision precision(bits + extra);
    if (normal_quantile_step(p, start, quantile)) return quantile;
  }
  throw std::domain_error("normal quantile: no enclosure");
}

}  // namespace detail

// Φ⁻¹ on a ball inside (0, 1).
inline Ball normal_quantile(const Ball& p) {
  const slong bits = working_precision();
  if (!p.certainly_positive() || !certainly_less(p, Ball(1))) throw std::domain_error("normal quantile: p not inside (0, 1)");
  if (certainly_less(Ball(0.5), p.mid())) {
    return -normal_quantile(detail::complement(p));
  }
  // A narrow ball goes through the Taylor step whole; a wide one by monotonicity through its ends.
  if (p.accuracy_bits() >= 12) return rounded(detail::normal_quantile_narrow(p, bits));
  return hull(normal_quantile(p.lower_end()), normal_quantile(p.upper_end()));
}

}  // namespace hdq::reference
