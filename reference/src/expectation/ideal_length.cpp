#include "hdq/reference/expectation/ideal_length.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "hdq/reference/numbers/normal.hpp"

namespace hdq::reference {
namespace {

Ball log2(const Ball& x) { return log(x) / log(Ball(2)); }

Ball ziv_factor() { return Ball::pi() * exp(Ball(1)) / Ball(6); }  // πe/6

Rational square_of(float value) {
  const Rational exact(static_cast<double>(value));
  return exact * exact;
}

Ball coarse(const StepNumbers& step) { return Ball(step.coarse); }
Ball variance(const StepNumbers& step) { return Ball(1) + square(coarse(step)) / Ball(12); }  // s²

}  // namespace

Ball rate_of_error(const Rational& error) { return ldexp(log2(ziv_factor() * (Ball(1) + Ball(1) / Ball(error))), -1); }

Ball error_of_rate(const Ball& rate) { return ziv_factor() / (exp(ldexp(rate, 1) * log(Ball(2))) - ziv_factor()); }

float step_of_error(const Rational& error) {
  const Rational limit = 12 * error;
  if (limit < square_of(0x1p-10f) || limit > square_of(16))
    throw std::invalid_argument("no step of 2^-10 to 16 has this error");
  auto step = static_cast<float>(std::sqrt(limit.convert_to<double>()));
  while (square_of(step) > limit) step = std::nextafter(step, 0.0f);
  while (step < 16 && square_of(std::nextafter(step, 17.0f)) <= limit) step = std::nextafter(step, 17.0f);
  return step;
}

float step_of_rate(const Rational& rate) {
  if (rate < Rational(3, 10) || rate > 12) throw std::invalid_argument("rate must be 0.3 to 12 bits");
  for (slong bits = 96; bits <= 4096; bits *= 2) {
    const Precision precision(bits);
    const Ball step = sqrt(Ball(12) * error_of_rate(Ball(rate)));
    const auto nearest = static_cast<float>(step.mid_double());
    const Ball below(static_cast<double>(std::nextafter(nearest, 0.0f))), at(static_cast<double>(nearest)),
        above(static_cast<double>(std::nextafter(nearest, 32.0f)));
    if (certainly_less(ldexp(below + at, -1), step) && certainly_less(step, ldexp(at + above, -1))) return nearest;
    // Rounded twice, by way of double, it may have become the neighbour.
    for (const Ball& other : {below, above}) {
      if (certainly_less(abs(step - other), abs(step - at))) return static_cast<float>(other.mid_double());
    }
  }
  throw std::runtime_error("the step of this rate is too near to the middle of two float32 numbers");
}

// The sum over |c| <= reach, and for the rest: terms W apart of a decreasing density are at most their first and the integral from it on.
Ball normaliser(const StepNumbers& step, const Ball& offset) {
  const Ball w = coarse(step), s = sqrt(variance(step));
  const auto term = [&](const Ball& at) { return w / s * normal_density(w * at / s); };
  const auto reach = static_cast<std::int64_t>(std::ceil(s.upper_double() / step.coarse *
                                                         std::sqrt(1.5 * static_cast<double>(working_precision())))) +
                     2;
  Ball sum;
  for (std::int64_t c = -reach; c <= reach; ++c) sum += term(Ball(c) + Ball(0.5) - offset);
  Ball rest;
  for (const Ball& first : {Ball(reach) + Ball(1.5) - offset, Ball(reach) + Ball(0.5) + offset})
    rest += term(first) + normal_cdf(-w * first / s);
  return with_error(sum, rest);
}

Ball mean_log2_normaliser(const StepNumbers& step) {
  const Ball q2 = exp(ldexp(-square(Ball::pi()) * variance(step) / square(coarse(step)), 2));  // q², at most exp(−π²/3)
  const Ball least = Ball::power_of_two(-2 * working_precision());
  Ball sum = log1p(-q2), power = square(q2);
  for (; !certainly_less(power, least); power *= q2) sum += log1p(-power);
  // |log(1 − y)| <= y/(1 − y), and the powers are geometric.
  return with_error(sum, power / square(Ball(1) - q2)) / log(Ball(2));
}

Ball ideal_length(const StepNumbers& step) {
  const Rational w(step.coarse);
  return Ball(step.raw_bits) + rate_of_error(w * w / 12) + mean_log2_normaliser(step);
}

}  // namespace hdq::reference
