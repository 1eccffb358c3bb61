#include "hdq/reference/scheme/mse_expansion.hpp"

#include <arb_poly.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace hdq::reference {
namespace {

// 1/f.
TaylorSeries inverse(const TaylorSeries& f) {
  TaylorSeries r(f.terms());
  r[0] = 1 / f[0];
  for (std::size_t n = 1; n < f.terms(); ++n) {
    Ball sum;
    arb_dot(sum.get(), nullptr, 1, f[1].get(), 1, r[n - 1].get(), -1, static_cast<slong>(n), working_precision());
    r[n] = sum * r[0];
  }
  return r;
}

// q(s) = −Φ⁻¹(v/N) along v = v_0 + a (e^(−s) − 1), and p = q' = √(2π) exp(q²/2) a e^(−s)/N, p' = p (q p − 1), from their values at 0.
struct QuantileSeries {
  TaylorSeries q, p;
};
QuantileSeries quantile_series(const Ball& quantile, const Ball& slope, std::size_t terms) {
  TaylorSeries q(terms, quantile), p(terms, slope), qp(terms);  // qp = q p − 1
  for (std::size_t k = 0; k + 1 < terms; ++k) {
    const auto length = static_cast<slong>(k + 1);
    arb_dot(qp[k].get(), nullptr, 0, q[0].get(), 1, p[k].get(), -1, length, working_precision());
    if (k == 0) qp[0] -= 1;
    Ball next;
    arb_dot(next.get(), nullptr, 0, p[0].get(), 1, qp[k].get(), -1, length, working_precision());
    q[k + 1] = p[k] / (k + 1);
    p[k + 1] = next / (k + 1);
  }
  return {std::move(q), std::move(p)};
}

// The initial values for v_0 = a + offset. Both are monotone in a (p is the Mills ratio of q times a/v_0), and must be taken so
// on a wide ball: q and p as independent intervals would make q p − 1, which is nearly 0 in the tail, as large as 1.
struct Start {
  Ball quantile, slope;
};
Start quantile_start(const Ball& a, int offset, std::int64_t levels) {
  if (!a.is_exact()) {
    const Start low = quantile_start(a.lower_end(), offset, levels), high = quantile_start(a.upper_end(), offset, levels);
    return {hull(low.quantile, high.quantile), hull(low.slope, high.slope)};
  }
  const Ball quantile = normal_quantile((a + offset) / levels);
  return {-quantile, a / (levels * normal_density(quantile))};
}

// The coefficients of s ↦ y inverted, y(0) = 0.
TaylorSeries reversion(const TaylorSeries& y) {
  const auto terms = static_cast<slong>(y.terms());
  arb_poly_t f;
  arb_poly_init(f);
  for (slong k = 1; k < terms; ++k) arb_poly_set_coeff_arb(f, k, y[static_cast<std::size_t>(k)].get());
  arb_poly_revert_series(f, f, terms, working_precision());
  TaylorSeries r(y.terms());
  for (slong k = 0; k < terms; ++k) arb_poly_get_coeff_arb(r[static_cast<std::size_t>(k)].get(), f, k);
  arb_poly_clear(f);
  return r;
}

// Σ_{k < count} c_k f^k, to as many terms as f has.
TaylorSeries compose(const TaylorSeries& c, std::size_t count, const TaylorSeries& f) {
  TaylorSeries r(f.terms());
  for (std::size_t k = count; k-- > 0;) {
    r = r * f;
    r[0] += c[k];
  }
  return r;
}

// f(x + shift).
TaylorSeries translated(TaylorSeries f, const Ball& shift) {
  for (std::size_t i = 0; i + 1 < f.terms(); ++i) {
    for (std::size_t k = f.terms() - 1; k-- > i;) f[k] += shift * f[k + 1];
  }
  return f;
}

}  // namespace

// Taylor series in s of what holds on the windows [a e^(−s), a e^(−s) + 1].
struct MseExpansion::Window {
  TaylorSeries slope;  // dz/ds
  TaylorSeries sum;    // H
};

MseExpansion::MseExpansion(const ScalarQuantizer& quantizer, slong bits)
    : quantizer_(quantizer), bits_(bits), a_(ldexp(Ball(quantizer.levels() - 1), -1)) {
  // In the tail H = κ/a ~ exp(z/κ) has poles 2πκ i away, so a piece that reaches h <= κ/3 from its centre gains at least
  // log2(6π) bits a term; the interval remainder wastes a part. 2.7 is measured; the errors are proved whatever it is.
  const double kappa = quantizer.generator().kappa().lower_double();
  step_ = Ball::power_of_two(std::min(-3, static_cast<int>(std::floor(std::log2(kappa / 3)))));
  terms_ = static_cast<std::size_t>(static_cast<double>(bits) / 2.7) + 4;
}

MseExpansion::Window MseExpansion::expand(const Ball& a, std::size_t terms) const {
  const Generator& generator = quantizer_.generator();
  const std::int64_t n = generator.levels();
  const Ball sigma = generator.sigma(), kappa = generator.kappa();
  TaylorSeries low(terms, a), pole(terms, kappa / a);  // a e^(−s) and κ e^s/a: their product is κ, known without intervals
  for (std::size_t k = 1; k < terms; ++k) {
    low[k] = low[k - 1] / -static_cast<slong>(k);
    pole[k] = pole[k - 1] / k;
  }
  const auto series = [&](const Ball& constant, int sign) {
    TaylorSeries f = low * Ball(sign);
    f[0] = constant;
    return f;
  };
  const auto quantile = [&](int offset) {
    const Start start = quantile_start(a, offset, n);
    return quantile_series(start.quantile, start.slope, terms).q * sigma;
  };
  const TaylorSeries a_rest = quantile(0) - inverse(series(n - a, -1)) * kappa;
  const TaylorSeries b_side =
      quantile(1) + (inverse(series(a + 1, 1)) - inverse(series(n - 1 - a, -1))) * kappa;
  TaylorSeries slope = low * (a_rest - b_side);
  slope[0] += kappa;
  if (!a.is_exact() && certainly_less(Ball(2), a)) {
    // a (A − B) = a ∫_0^1 g'(a + θ) dθ, coefficient by coefficient within those of a g'(v) over v in [a, a + 1]: A and B as
    // independent intervals would not cancel.
    const Ball v = hull(a, a + 1);
    const Ball q = -normal_quantile(v / n);
    const TaylorSeries up = inverse(series(v, 1)), down = inverse(series(n - v, -1));
    const TaylorSeries by_mean =
        quantile_series(q, a / (n * normal_density(q)), terms).p * sigma + low * (up * up + down * down) * kappa;
    for (std::size_t k = 0; k < terms; ++k) slope[k] = intersection(slope[k], by_mean[k]);
  }
  return {slope, a_rest + pole + b_side};
}

// z >= 0 of the window whose mirror image starts at a.
Ball MseExpansion::position(const Ball& a) const {
  const Generator& generator = quantizer_.generator();
  return generator.evaluate(a).antiderivative - generator.evaluate(a + 1).antiderivative;
}

// An exact a whose position is z to nearly working precision: Newton in ln a from the previous piece.
Ball MseExpansion::locate(const Ball& z) const {
  Ball a = a_;
  for (int step = 0; step < 200; ++step) {
    const Generator::Values low = quantizer_.generator().evaluate(a), high = quantizer_.generator().evaluate(a + 1);
    const Ball excess = low.antiderivative - high.antiderivative - z;
    const Ball move = excess / (a * (high.g - low.g));  // of −ln a, downwards
    // Past the centre z would be negative; longer steps than a piece's are no longer Newton's.
    a = (a * exp(max(min(move.mid(), Ball(0.5)), Ball(-0.5)))).mid();
    if (certainly_less(abs(move.mid()), Ball::power_of_two(-working_precision() / 2))) return a;
  }
  throw std::runtime_error("no window found for z");
}

void MseExpansion::append() {
  // M of order N^-2 is a difference of numbers of order 1, the tail grows like exp(z/κ).
  const slong guard = 64 + 4 * static_cast<slong>(std::log2(static_cast<double>(quantizer_.levels())));
  Precision precision(bits_ + guard);
  const std::size_t m = pieces_.size();
  const Ball center = step_ * m;
  Ball mse = m == 0 ? quantizer_.mse(Ball(0)) : pieces_[m - 1](center);
  if (m > 0) a_ = locate(center);
  // The polynomial of H about the position of a, then moved to the centre.
  const Window at = expand(a_, terms_);
  const Ball z = m == 0 ? Ball(0) : position(a_);
  const TaylorSeries y = at.slope.integral(Ball(0));
  TaylorSeries inverse_y = reversion(y);
  const TaylorSeries sum = compose(at.sum, terms_, inverse_y);
  // s over the piece: a little more than its linear image until both ends are seen to be covered.
  Ball reach = step_ / at.slope[0] * 1.25;
  const auto covered = [&] {
    const Ball lowest = (a_ * exp(-reach)).mid(), highest = (a_ * exp(reach)).mid();
    if (!certainly_less(highest + 1, Ball(quantizer_.levels()))) throw std::runtime_error("piece too wide for a window");
    return certainly_less(center + step_, position(lowest)) && certainly_less(position(highest), center - step_);
  };
  while (!covered()) reach = reach * 1.25;
  reach = reach * 1.0001;  // over the rounding of the two ends just examined
  Ball error;
  {
    Precision coarse(64);
    const Ball a_range = a_ * exp(with_error(Ball(0), reach));
    const Window over = expand(a_range, terms_ + 1);
    TaylorSeries y_range = over.slope.integral(with_error(center - z, step_ * 1.5));
    const TaylorSeries composed = compose(sum, terms_, y_range);
    error = abs(over.sum[terms_] - composed[terms_]) * pow(reach, terms_) * step_;
  }
  Piece piece;
  piece.center = center;
  piece.mse = translated(sum, center - z).integral(mse);
  piece.mse[1] -= ldexp(center, 1);
  piece.mse[2] -= 1;
  piece.error = error.upper_end();
  pieces_.push_back(std::move(piece));
}

const MseExpansion::Piece& MseExpansion::piece(std::size_t m) {
  while (pieces_.size() <= m) append();
  return pieces_[m];
}

std::size_t MseExpansion::piece_index(const Ball& z) const {
  return static_cast<std::size_t>(std::llround(std::abs(z.mid_double()) / step_.mid_double()));
}

// For a <= a_0, with q = −Φ⁻¹(v/N):
//   z = κ ln(1/a) + D(a),   D(a) = κ ln((1 + a)(N − 1 − a)/(N − a)) + σN (φ(q(a + 1)) − φ(q(a))),   0 < φ(q(a)) <= φ(q(a_0)),
// so 1/a <= exp((z − inf D)/κ). And g² integrates over the window to at most (σ√N + κ √(1/a + 2))² by Minkowski:
// ∫_0^N q² = N, (1/v − 1/(N − v))² <= 1/v² + 1/(N − v)², and ∫ 1/(N − v)² <= 2 there.
MseExpansion::Tail MseExpansion::tail(const Ball& z) const {
  const Generator& generator = quantizer_.generator();
  const Ball sigma = generator.sigma(), kappa = generator.kappa();
  const std::int64_t n = generator.levels();
  const Ball a0 = min(quantizer_.window_of(-(z + ldexp(Ball(1), -20))).lower_end(), ldexp(Ball(1), -2));
  const Ball a = hull(Ball(0), a0);
  const Ball beyond = hull(Ball(0), normal_density(normal_quantile(a0 / n)));
  const Ball at_b = hull(normal_density(normal_quantile(Ball(1) / n)), normal_density(normal_quantile((1 + a0) / n)));
  // φ(q(a + 1)) is monotone in a, except for N = 2, where q passes 0 and φ its maximum at a = 0.
  const Ball offset = kappa * log((1 + a) * (n - 1 - a) / (n - a)) + sigma * n * (at_b - beyond);
  const Ball ratio = sqrt(1 + 2 * a0) + sigma * sqrt(n * a0) / kappa;  // √(a ∫g²)/κ
  Tail result;
  result.start = position(a0).upper_end();
  result.rate = 1 / kappa;
  result.amplitude = (square(ratio * kappa) * exp(-offset.lower_end() / kappa)).upper_end();
  return result;
}

Ball MseExpansion::majorant() {
  if (certainly_less(Ball(0), majorant_)) return majorant_;
  Precision precision(64);
  const Tail beyond = tail(Ball(10));
  Ball bound = 2 * beyond.amplitude;
  const std::size_t last = piece_index(beyond.start) + 1;
  for (std::size_t m = 0; m <= last; ++m) {
    const Piece& p = piece(m);
    const Ball values = p(with_error(p.center, step_));
    const Ball least = max(abs(p.center) - step_, Ball(0));
    bound = max(bound, values / cosh(beyond.rate * least)).upper_end();
  }
  return majorant_ = bound;
}

}  // namespace hdq::reference
