// Figures: certified numbers, assembled from the reference into one JSON object for each command of the program, which prints it, and for
// each function of the Python package, which makes objects of it. How a number is written in it is the notation's.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>

#include "hdq/reference/numbers/ball.hpp"

namespace hdq::figures {

// Called now and then by what takes long, with how much of it is done. What it throws ends the work.
using Advance = std::function<void(std::size_t done, std::size_t total)>;

// decimals  for people and other programs: decimals of so many significant digits, or doubles, rounded outward.
// exact     {"enclosure": [END, END]} or {"end": END}, END "mp:e" for m·2^e with a hexadecimal m, or "-inf", "inf"; rationals
//           {"fraction": "n/d"}.
//           An end that would take more than 65536 bits is rounded outward to so many.
class Notation {
 public:
  using Json = nlohmann::ordered_json;

  // digits >= 2; also what computations aim at, in either notation.
  static Notation decimals(int digits) { return {digits, false}; }
  static Notation exact(int digits) { return {digits, true}; }
  int digits() const { return digits_; }
  bool is_exact() const { return exact_; }

  Json operator()(const reference::Ball& value) const { return (*this)(value, value); }
  // From the lower end of one to the upper end of the other.
  Json operator()(const reference::Ball& lower, const reference::Ball& upper) const;
  // The same with doubles for decimals.
  Json doubles(const reference::Ball& lower, const reference::Ball& upper) const;
  // One end: a decimal rounded up.
  Json at_most(const reference::Rational& value) const;
  Json at_most(const reference::Ball& value) const;  // its upper end
  // A double in this direction.
  Json down(const reference::Rational& value) const;
  Json up(const reference::Rational& value) const;
  Json nearest(const reference::Rational& value) const;
  // All of it: "n/d".
  Json fraction(const reference::Rational& value) const;

 private:
  Notation(int digits, bool exact) : digits_(digits), exact_(exact) {}
  int digits_;
  bool exact_;
};

// π√3/2 at working precision: what N²·E‖x̂ − x‖² is at most, with σ = √3, in the limit of many levels (SPEC §5.7).
inline reference::Ball error_limit() { return ldexp(reference::Ball::pi() * sqrt(reference::Ball(3)), -1); }

}  // namespace hdq::figures
