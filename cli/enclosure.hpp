// How the program writes what it proved: a lower end rounded down, an upper end rounded up, never to nearest.
#pragma once

#include <nlohmann/json.hpp>
#include <numbers>
#include <string>

#include "hdq/reference/numbers/ball.hpp"

namespace hdq::cli {

// "[lower, upper]" of an object {"lower": "…", "upper": "…"} (figures::Notation).
inline std::string enclosure_text(const nlohmann::ordered_json& enclosure) {
  return "[" + enclosure["lower"].get<std::string>() + ", " + enclosure["upper"].get<std::string>() + "]";
}

// π√3/2 (figures::error_limit), for plots and tables of measurements.
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
