// How the program writes what it proved: a lower end rounded down, an upper end rounded up, never to nearest.
#pragma once

#include <nlohmann/json.hpp>
#include <numbers>
#include <string>

#include "hdq/reference/numbers/ball.hpp"

namespace hdq::cli {

// {"lower": "…", "upper": "…"}, decimals of so many significant digits (>= 2).
inline nlohmann::ordered_json enclosure_json(const reference::Ball& value, int digits) {
  return {{"lower", value.lower(digits)}, {"upper", value.upper(digits)}};
}

// "[lower, upper]" of such an object.
inline std::string enclosure_text(const nlohmann::ordered_json& enclosure) {
  return "[" + enclosure["lower"].get<std::string>() + ", " + enclosure["upper"].get<std::string>() + "]";
}

// π√3/2 at working precision: what N²·E‖x̂ − x‖² is at most, with σ = √3, in the limit of many levels (SPEC §5.7).
inline reference::Ball error_limit() { return ldexp(reference::Ball::pi() * sqrt(reference::Ball(3)), -1); }
// The same as a double, for plots and tables of measurements.
inline constexpr double error_limit_double = std::numbers::pi * std::numbers::sqrt3 / 2;

enum class Round { down, up };

// A rational with so many digits after the point, rounded in one direction: exact where they suffice.
inline std::string decimal(const reference::Rational& value, int decimals, Round round) {
  using reference::Integer;
  const Integer unit = boost::multiprecision::pow(Integer(10), static_cast<unsigned>(decimals));
  const reference::Rational scaled = value * reference::Rational(unit);
  const Integer n = numerator(scaled), d = denominator(scaled);
  Integer quotient = n / d;  // towards zero
  const Integer rest = n % d;
  if (rest != 0 && (n < 0) == (round == Round::down)) quotient += n < 0 ? -1 : 1;
  std::string digits = Integer(abs(quotient)).str();
  const auto places = static_cast<std::size_t>(decimals);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  if (places > 0) digits.insert(digits.size() - places, ".");
  return (quotient < 0 ? "-" : "") + digits;
}

}  // namespace hdq::cli
