// SPEC §7: the numbers of a step.
#include <cmath>
#include <numbers>
#include <sstream>

#include "hdq/types.hpp"

namespace hdq {
namespace {

constexpr double zador = std::numbers::pi * std::numbers::e / 6;  // 4^R·D/(1 + D) for h = 0

std::string text(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

double step_of_error(double error) { return std::sqrt(12 * error); }

}  // namespace

Step::Step(float value) : value_(value) {
  if (!(value >= least && value <= most))
    throw InvalidArgument("step must be " + text(least) + " to " + text(most) + ", not " + text(value));
}

Step Step::of_error(double error) {
  const double lowest = static_cast<double>(least) * static_cast<double>(least) / 12,
               highest = static_cast<double>(most) * static_cast<double>(most) / 12;
  if (!(error >= lowest && error <= highest))
    throw InvalidArgument("error must be " + text(lowest) + " to " + text(highest) + ", not " + text(error));
  auto step = static_cast<float>(step_of_error(error));
  // Squares of float32 numbers are exact in double.
  const auto square = [](float s) { return static_cast<double>(s) * static_cast<double>(s); };
  while (square(step) > 12 * error) step = std::nextafter(step, 0.0f);
  while (square(std::nextafter(step, HUGE_VALF)) <= 12 * error) step = std::nextafter(step, HUGE_VALF);
  return Step(step);
}

Step Step::of_rate(double rate) {
  if (!(rate >= 0.3 && rate <= 12))
    throw InvalidArgument("rate must be 0.3 to 12 bits per coordinate, not " + text(rate));
  return Step(static_cast<float>(step_of_error(zador / (std::exp2(2 * rate) - zador))));
}

double Step::rate() const { return 0.5 * std::log2(zador * (1 + 1 / error())); }

int Step::raw_bits() const {
  int bits = 0;
  for (float coarse = value_; coarse <= 0.125f; coarse *= 2) ++bits;
  return bits;
}

double Step::coarse() const { return std::ldexp(static_cast<double>(value_), raw_bits()); }

}  // namespace hdq
