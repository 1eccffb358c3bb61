#include "hdq/reference/laws/coordinate_law.hpp"

#include <acb_calc.h>
#include <arb_hypgeom.h>

#include <cmath>
#include <stdexcept>

namespace hdq::reference {
namespace {

constexpr slong guard_bits = 64;

struct Integrand {
  const TaylorSeries* polynomial;
  Ball center;
  std::uint64_t dimension;  // 0: normal
  Ball constant;            // of the density
  Ball radius;              // √d
};

struct Complex {
  Complex() { acb_init(z); }
  ~Complex() { acb_clear(z); }
  Complex(const Complex&) = delete;
  Complex& operator=(const Complex&) = delete;
  acb_t z;
};

// Entire in its argument, z or θ.
int evaluate(acb_ptr result, const acb_t argument, void* parameter, slong, slong prec) {
  const auto& f = *static_cast<const Integrand*>(parameter);
  Complex density, offset;
  if (f.dimension == 0) {
    acb_mul(density.z, argument, argument, prec);
    acb_mul_2exp_si(density.z, density.z, -1);
    acb_neg(density.z, density.z);
    acb_exp(density.z, density.z, prec);
    acb_sub_arb(offset.z, argument, f.center.get(), prec);
  } else {
    acb_sin_cos(offset.z, density.z, argument, prec);
    acb_pow_ui(density.z, density.z, f.dimension - 2, prec);
    acb_mul_arb(offset.z, offset.z, f.radius.get(), prec);
    acb_sub_arb(offset.z, offset.z, f.center.get(), prec);
  }
  Complex sum;
  for (std::size_t k = f.polynomial->terms(); k-- > 0;) {
    acb_mul(sum.z, sum.z, offset.z, prec);
    acb_add_arb(sum.z, sum.z, (*f.polynomial)[k].get(), prec);
  }
  acb_mul(sum.z, sum.z, density.z, prec);
  acb_mul_arb(result, sum.z, f.constant.get(), prec);
  return 0;
}

Ball evaluate_at(const Ball& argument, Integrand& f) {
  Complex point, value;
  arb_set(acb_realref(point.z), argument.get());
  evaluate(value.z, point.z, &f, 0, working_precision());
  Ball r;
  arb_set(r.get(), acb_realref(value.z));
  return r;
}

// Between the midpoints of the ends; what their radii leave joins the error.
Ball quadrature(Integrand& f, const Ball& from, const Ball& to, slong bits) {
  Complex a, b, value;
  arb_set(acb_realref(a.z), from.mid().get());
  arb_set(acb_realref(b.z), to.mid().get());
  mag_t tolerance;
  mag_init(tolerance);
  mag_set_ui_2exp_si(tolerance, 1, -bits);
  acb_calc_integrate(value.z, evaluate, &f, a.z, b.z, bits, tolerance, nullptr, working_precision());
  mag_clear(tolerance);
  Ball r;
  arb_set(r.get(), acb_realref(value.z));
  if (!from.is_exact()) r = with_error(r, from.radius() * evaluate_at(from, f));
  if (!to.is_exact()) r = with_error(r, to.radius() * evaluate_at(to, f));
  return r;
}

}  // namespace

CoordinateLaw CoordinateLaw::sphere(std::uint64_t dimension) {
  if (dimension == 0) throw std::invalid_argument("a sphere needs a dimension");
  return CoordinateLaw(dimension);
}

Ball CoordinateLaw::integral(const TaylorSeries& p, const Ball& center, const Ball& from, const Ball& to,
                             slong bits) const {
  Integrand f{&p, center, dimension_, Ball(), Ball()};
  if (is_normal()) {
    f.constant = 1 / sqrt(ldexp(Ball::pi(), 1));
    return quadrature(f, from, to, bits);
  }
  f.radius = extent();
  const Ball half_dimension = ldexp(Ball(dimension_), -1), less = ldexp(Ball(dimension_ - 1), -1);
  Ball log_ratio, log_less;
  arb_lgamma(log_ratio.get(), half_dimension.get(), working_precision());
  arb_lgamma(log_less.get(), less.get(), working_precision());
  f.constant = exp(log_ratio - log_less) / sqrt(Ball::pi());
  const auto angle = [&](const Ball& z) {
    if (!certainly_less(z, f.radius)) return ldexp(Ball::pi(), -1);
    const Ball sine = z / f.radius;
    Ball r;
    arb_asin(r.get(), sine.get(), working_precision());
    return r;
  };
  return quadrature(f, angle(from), angle(to), bits);
}

// exp((rate + τ)²/2 − τ·cut) at the best τ >= 0; for the sphere since E z^2k <= (2k − 1)!!.
Ball CoordinateLaw::exponential_beyond(const Ball& rate, const Ball& cut) const {
  if (is_normal()) return exp(ldexp(square(rate), -1)) * ldexp(erfc((cut - rate) / sqrt(Ball(2))), -1);
  const Ball tau = max(cut - rate, Ball(0)).mid();
  return exp(ldexp(square(rate + tau), -1) - tau * cut);
}

Ball CoordinateLaw::expectation(MseExpansion& mse) const {
  Precision precision(mse.bits() + guard_bits);
  if (dimension_ == 1) return mse.quantizer().mse(Ball(1));
  const double rate = (1 / mse.quantizer().generator().kappa()).upper_double();
  // Where exp(rate²/2 − (T − rate)²/2), what is left beyond T of cosh(rate z), is below 2^-bits.
  const double cut = rate + std::sqrt(2 * (0.6932 * static_cast<double>(mse.bits()) + 0.5 * rate * rate));
  const double h = mse.step().mid_double();
  const slong bits = mse.bits() + 16 + 2 * static_cast<slong>(std::log2(static_cast<double>(mse.quantizer().levels())));
  const TaylorSeries one(1, Ball(1));
  Ball sum, from;
  for (std::size_t m = 0;; ++m) {
    const MseExpansion::Piece& piece = mse.piece(m);
    Ball to = (static_cast<double>(m) + 0.5) * mse.step();
    const bool last = !is_normal() && !certainly_less(to, extent());
    if (last) to = extent();
    const Ball mass = integral(one, piece.center, from, to, bits);
    sum += with_error(integral(piece.mse, piece.center, from, to, bits), piece.error * mass);
    if (last) return ldexp(sum, 1);
    from = to;
    if (static_cast<double>(m) * h > cut) break;
  }
  // E[M; |z| > T] <= 2 majorant E[cosh(rate z); z > T] <= 2 majorant E[exp(rate z); z > T].
  const Ball beyond = mse.majorant() * exponential_beyond(1 / mse.quantizer().generator().kappa(), from);
  return ldexp(sum, 1) + hull(Ball(0), ldexp(beyond, 1));
}

Ball CoordinateLaw::expectation(const PiecewisePolynomial& even, slong bits) const {
  if (even.parity != PiecewisePolynomial::Parity::even) throw std::invalid_argument("an odd function has expectation 0");
  Precision precision(bits + guard_bits);
  if (dimension_ == 1) return even(Ball(1));
  // Beyond T = 2√bits + 8, exp(−z²/2) times a polynomial is far below 2^-bits; the last piece is a parabola at most.
  const Ball cut = Ball(2 * std::sqrt(static_cast<double>(bits)) + 8);
  Ball sum;
  const auto add = [&](const TaylorSeries& p, const Ball& from, const Ball& to) {
    sum += integral(p, Ball(0), from, to, bits);
  };
  for (std::size_t i = 0; i < even.breaks.size(); ++i) {
    const Ball from = even.breaks[i];
    const bool unbounded = i + 1 == even.breaks.size();
    Ball to = unbounded ? max(cut, from + 1) : even.breaks[i + 1];
    const bool end = !is_normal() && !certainly_less(to, extent());
    if (end) to = extent();
    add(even.polynomials[i], from, to);
    if (end) return ldexp(sum, 1);
    if (unbounded) {
      // |p(z)| <= Σ |c_k| z^k <= Σ |c_k| k! exp(z) for z >= 0.
      Ball bound, factorial(1);
      for (std::size_t k = 0; k < even.polynomials[i].terms(); ++k) {
        if (k > 0) factorial = factorial * k;
        bound += abs(even.polynomials[i][k]) * factorial;
      }
      sum = with_error(sum, bound * exponential_beyond(Ball(1), to));
    }
  }
  return ldexp(sum, 1);
}

}  // namespace hdq::reference
