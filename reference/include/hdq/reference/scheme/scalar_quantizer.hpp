// The dithered scalar quantizer with N levels (SPEC §3): encode, decode, and its exact mean squared error
//   M(z) = E_U[(decoded − z)²] = ∫_a^{a+1} g(v)² dv − z²,   z = c(t) = G(a + 1) − G(a),   a = t − 1/2.
//
// A window [a, a + 1] is named by its lower end a, the accurate coordinate for z <= 0 (a → 0 as z → −∞); z > 0 goes by
// oddness, M(−z) = M(z). Three facts make everything else:
//   dz/da = g(a + 1) − g(a) > 0,    dM/dz = g(a) + g(a + 1) − 2 z,
//   ∫g² = σ² (1 − N [s φ(s)]) + 2σκ ∫ t (λ(t) − λ(−t)) dt + κ² ([1/(N − v) − 1/v] − (2/N) [ln(v/(N − v))]),  s = Φ⁻¹(v/N).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/generator.hpp"
#include "hdq/reference/scheme/hazard_integral.hpp"
#include "hdq/reference/numbers/normal.hpp"
#include "hdq/reference/numbers/real.hpp"

namespace hdq::reference {

// A comparison that no precision up to the limit decides: the number lies on (or inexactly near) a threshold.
struct Undecided : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class ScalarQuantizer {
 public:
  explicit ScalarQuantizer(Generator generator) : generator_(std::move(generator)) {}
  explicit ScalarQuantizer(int bits) : generator_(Generator::shipped(bits)) {}

  const Generator& generator() const { return generator_; }
  std::int64_t levels() const { return generator_.levels(); }

  // code = #{k : z >= θ_k(U)}.
  std::int64_t encode(const Ball& z, const Ball& u) const { return encode(z, Ball(1), u); }
  // #{k : y >= θ_k(U)·ρ}, for z = y/ρ without a division. Precision is raised as far as each comparison needs; with exact
  // y, ρ, U that ends unless y lies on a threshold.
  std::int64_t encode(const Ball& y, const Ball& rho, const Ball& u) const {
    std::int64_t low = 0, high = levels() - 1;  // thresholds increase in k: θ_low <= z < θ_{high+1}
    while (low < high) {
      const std::int64_t k = low + (high - low + 1) / 2;
      if (reaches_threshold(y, rho, k, u)) low = k;
      else high = k - 1;
    }
    return low;
  }
  // y >= θ_k(U)·ρ?
  bool reaches_threshold(const Ball& y, const Ball& rho, std::int64_t k, const Ball& u) const {
    for (slong bits = std::max<slong>(64, working_precision()); bits <= 8192; bits *= 2) {
      Precision precision(bits);
      const Ball threshold = generator_.threshold(k, u) * rho;
      if (certainly_less(y, threshold)) return false;
      if (certainly_less_equal(threshold, y)) return true;
    }
    throw Undecided("the value lies on a threshold");
  }
  Ball decode(std::int64_t code, const Ball& u) const { return generator_.codeword(code, u); }

  // What is true on the window [a, a + 1].
  struct Window {
    Ball a;          // its lower end, t − 1/2
    Ball z;          // c(t): the value encoded
    Ball mse;        // M(z)
    Ball mse_slope;  // M'(z)
    Ball z_slope;    // dz/da
  };
  // 0 < a < N − 1. Relative accuracy in z and M is best for a <= (N − 1)/2; past that the window is reflected.
  Window window(const Ball& a) const {
    if (certainly_less(ldexp(Ball(levels() - 1), -1), a)) {
      Precision precision(working_precision() + 64);
      Window w = window_lower(levels() - 1 - a);
      return {a, -w.z, std::move(w.mse), -w.mse_slope, std::move(w.z_slope)};
    }
    return window_lower(a);
  }

  // The same from what the generator has at a <= (N − 1)/2 and at a + 1.
  Window window(const Ball& a, const Generator::Values& at_a, const Generator::Values& at_b) const;

  // M(z) at working precision plus what cancellation takes; any real z. A wide ball z is answered to first order.
  Ball mse(const Ball& z) const {
    const slong bits = working_precision();
    const double size = 1 + abs(z).upper_double();
    const slong guard = 4 * static_cast<slong>(std::log2(static_cast<double>(levels()))) +
                        2 * static_cast<slong>(std::log2(std::min(size, 1e15))) + 32;
    Precision precision(bits + guard);
    const Ball target = -abs(z);
    const Ball a = refine(target, estimate(target));
    const Window at = window(a);
    const Ball range = enclose(target, at);
    const Ball z_range = hull(target, at.z);
    const Ball slope = generator_.g(range) + generator_.g(range + 1) - ldexp(z_range, 1);
    return at.mse + slope * (target - at.z);
  }
  // M(z) to this many significant digits.
  Ball mse(const Real& z, int digits) const {
    return to_digits([&] { return mse(z()); }, digits);
  }

  // c⁻¹(z) − 1/2: the lower end of the window of z, proved by the interval Newton test.
  Ball window_of(const Ball& z) const {
    if (z.certainly_positive()) return levels() - 1 - window_of(-z);
    const Ball a = refine(z, estimate(z));
    return enclose(z, position_only(a));
  }

 private:
  Window window_lower(const Ball& a) const { return window(a, generator_.evaluate(a), generator_.evaluate(a + 1)); }
  // z and dz/da alone.
  Window position_only(const Ball& a) const {
    const Generator::Values at_a = generator_.evaluate(a), at_b = generator_.evaluate(a + 1);
    return {a, at_b.antiderivative - at_a.antiderivative, Ball(), Ball(), at_b.g - at_a.g};
  }

  // a with c(a + 1/2) ≈ z <= 0, to about half of double precision: bracketed Newton in ln a, where c is nearly linear
  // at both ends (c ~ κ ln a as a → 0). Nothing is proved here.
  Ball estimate(const Ball& z) const {
    Precision precision(64);
    const Ball target = z.mid();
    double high = std::log(0.5 * static_cast<double>(levels() - 1)), low = high - 1;
    while (!certainly_less(position_only(exp(Ball(low))).z, target)) low = high - 2 * (high - low);
    double x = high - 0.5 * (high - low);
    for (int step = 0; step < 200; ++step) {
      const Ball a = exp(Ball(x));
      const Window at = position_only(a);
      const double excess = (at.z - target).mid_double();
      (excess > 0 ? high : low) = x;
      double next = x - excess / (a * at.z_slope).mid_double();
      if (!(next > low && next < high)) next = 0.5 * (low + high);
      const double moved = std::abs(next - x);
      x = next;
      if (moved <= 1e-9 * (1 + 1e-6 * std::abs(x))) break;
    }
    return exp(Ball(x)).mid();
  }
  // Newton to half the working precision: the rest is the first-order correction in mse().
  Ball refine(const Ball& z, Ball a) const {
    const Ball target = z.mid();
    for (int step = 0; step < 64; ++step) {
      const Window at = position_only(a);
      const Ball move = (at.z - target) / at.z_slope;
      a = rounded((a - move).mid()).mid();
      // Quadratic convergence: this step's length squared is the next error.
      if (certainly_less(abs(move), ldexp(a, -working_precision() / 4 - 4))) break;
    }
    return a;
  }
  // Encloses the lower end of the window of z, given one near it: a ball X around at.a with
  // at.a − (at.z − z)/c'(X) ⊂ X contains it, c' = g(a + 1) − g(a).
  Ball enclose(const Ball& z, const Window& at) const {
    const Ball step = (z - at.z) / at.z_slope;
    const Ball tiny = ldexp(abs(at.a), -working_precision() / 2);
    const Ball range = with_error(at.a, ldexp(abs(step), 1) + tiny);
    if (!range.certainly_positive()) throw Undecided("no enclosure of the window: z is too wide a ball");
    const Ball slope = generator_.g(range + 1) - generator_.g(range);
    const Ball image = at.a + (z - at.z) / slope;
    if (!slope.certainly_positive() || !range.contains(image)) {
      throw Undecided("no enclosure of the window: z is too wide a ball");
    }
    return image;
  }

  Generator generator_;
};

inline ScalarQuantizer::Window ScalarQuantizer::window(const Ball& a, const Generator::Values& at_a,
                                                       const Generator::Values& at_b) const {
  const std::int64_t n = levels();
  const Ball b = a + 1;
  const Ball sigma = generator_.sigma(), kappa = generator_.kappa();
  const Ball &sa = at_a.quantile, &sb = at_b.quantile;
  const Ball normal_part = 1 - n * (sb * normal_density(sb) - sa * normal_density(sa));
  const Ball pole_part = 1 / (n - b) - 1 / (n - a) + 1 / a - 1 / b - 2 * log(b * (n - a) / (a * (n - b))) / n;
  const Ball cross = hazard_integral(sa, sb);
  const Ball mean_square = square(sigma) * normal_part + 2 * sigma * kappa * cross + square(kappa) * pole_part;
  const Ball z = at_b.antiderivative - at_a.antiderivative;
  return {a, z, mean_square - square(z), at_a.g + at_b.g - ldexp(z, 1), at_b.g - at_a.g};
}

}  // namespace hdq::reference
