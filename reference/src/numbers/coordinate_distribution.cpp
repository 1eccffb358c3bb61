#include "hdq/reference/numbers/coordinate_distribution.hpp"

#include <stdexcept>

#include "hdq/reference/numbers/normal.hpp"

namespace hdq::reference {
namespace {

// Σ_k t_k with t_0 = 1, t_{k+1} = t_k (a + k)/(b + k) y, 0 <= y < 1, a, b given as twice their values. From where the ratio is below 1
// it stays below max(ratio, y), whichever way it tends to y.
Ball positive_series(std::uint64_t twice_a, std::uint64_t twice_b, const Ball& y) {
  const Ball smallest = Ball::power_of_two(-working_precision() - 8);
  Ball term(1), sum(1);
  for (std::uint64_t k = 0;; ++k) {
    const Ball ratio = Ball(twice_a + 2 * k) / Ball(twice_b + 2 * k) * y;
    term *= ratio;
    sum += term;
    if (k % 8 != 0) continue;
    const Ball most = max(ratio, y).upper_end();
    if (!certainly_less(most, Ball(1))) {
      if (k > (std::uint64_t{1} << 26)) throw std::runtime_error("sphere's law: no convergence");
      continue;
    }
    const Ball rest = (term * most / (1 - most)).upper_end();
    if (certainly_less(rest, smallest * sum)) return sum + hull(Ball(0), rest);
    if (!term.is_finite()) return sum;
  }
}

}  // namespace

CoordinateDistribution CoordinateDistribution::sphere(std::uint64_t dimension) {
  if (dimension < 2)
    throw std::invalid_argument("a continuous law of the sphere's coordinate needs dimension 2 or more");
  return CoordinateDistribution(dimension);
}

const Ball& CoordinateDistribution::constant() const {
  const slong bits = working_precision();
  if (constant_bits_ == bits) return constant_;
  Precision precision(bits + 64);  // the logarithms are of size d ln d
  const Ball half = ldexp(Ball(dimension_), -1), less = ldexp(Ball(dimension_ - 1), -1);
  Ball log_ratio, log_less;
  arb_lgamma(log_ratio.get(), half.get(), working_precision());
  arb_lgamma(log_less.get(), less.get(), working_precision());
  constant_ = exp(log_ratio - log_less) / sqrt(Ball::pi());
  constant_bits_ = bits;
  return constant_;
}

// x^(twice/2) for x in [0, 1]; where x may be 0, twice >= 0.
Ball CoordinateDistribution::power(const Ball& x, std::int64_t twice_exponent) const {
  if (twice_exponent == 0) return Ball(1);
  const auto positive = [&](const Ball& base) { return exp(ldexp(Ball(twice_exponent) * log(base), -1)); };
  if (x.certainly_positive()) return positive(x);
  const Ball most = x.upper_end();
  return most.certainly_positive() ? hull(Ball(0), positive(most).upper_end()) : Ball(0);
}

Ball CoordinateDistribution::density(const Ball& z) const {
  if (is_normal()) return normal_density(z);
  const Ball x = 1 - square(z) / Ball(dimension_);
  return constant() / sqrt(Ball(dimension_)) * power(x, static_cast<std::int64_t>(dimension_) - 3);
}

Ball CoordinateDistribution::partial_mean(const Ball& z) const {
  if (is_normal()) return normal_density(z);
  const Ball x = max(1 - square(z) / Ball(dimension_), Ball(0));
  return constant() * sqrt(Ball(dimension_)) / Ball(dimension_ - 1) *
         power(x, static_cast<std::int64_t>(dimension_) - 1);
}

Ball CoordinateDistribution::tail(const Ball& z) const {
  if (is_normal()) return normal_cdf(-z);
  const Ball u = z / sqrt(Ball(dimension_));
  return u.certainly_negative() ? 1 - upper_half_tail(-u) : upper_half_tail(u);
}

// u > −1 where it straddles 0.
Ball CoordinateDistribution::upper_half_tail(const Ball& u) const {
  if (certainly_less_equal(Ball(1), u)) return Ball(0);
  const Ball square_of_u = square(u), x = max(1 - square_of_u, Ball(0));
  const Ball root = power(x, static_cast<std::int64_t>(dimension_) - 1);
  // The beta law of u² with exponents (1/2, (d − 1)/2) is below the one with (1, (d − 1)/2): P(u > a) <= x^((d−1)/2)/2.
  const bool far = certainly_less(root, Ball::power_of_two(-2 * working_precision()));
  if (far) return hull(Ball(0), ldexp(root, -1).upper_end());
  if (certainly_less(Ball(0.5), square_of_u)) {
    return constant() / Ball(dimension_ - 1) * root * u * positive_series(dimension_, dimension_ + 1, x);
  }
  return Ball(0.5) - constant() * u * root * positive_series(dimension_, 3, square_of_u);
}

}  // namespace hdq::reference
