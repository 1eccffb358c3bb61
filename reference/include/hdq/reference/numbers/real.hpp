// Real: an exactly known real number that can be enclosed at any precision — a rational, a decimal, a square root, ….
// Parameters such as σ = 111/64, σ = √3 or z = 0.1 are kept exact, so asking for more digits always yields more digits.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include "hdq/reference/numbers/ball.hpp"

namespace hdq::reference {

// "-1.25e-3" or "3/4" as the rational it denotes.
inline Rational parse_rational(const std::string& text) {
  const auto fail = [&] { return std::invalid_argument("not a decimal number: " + text); };
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos) {
    const Rational denominator = parse_rational(text.substr(slash + 1));
    if (denominator == 0) throw fail();
    return parse_rational(text.substr(0, slash)) / denominator;
  }
  std::size_t i = 0;
  const bool negative = i < text.size() && text[i] == '-';
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  Integer mantissa = 0;
  long exponent = 0;
  bool digits = false, point = false;
  for (; i < text.size() && (text[i] == '.' || (text[i] >= '0' && text[i] <= '9')); ++i) {
    if (text[i] == '.') {
      if (point) throw fail();
      point = true;
      continue;
    }
    mantissa = mantissa * 10 + (text[i] - '0');
    digits = true;
    if (point) --exponent;
  }
  if (!digits) throw fail();
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') throw fail();
    const std::string tail = text.substr(i + 1);
    std::size_t used = 0;
    long e = 0;
    try {
      e = std::stol(tail, &used);
    } catch (const std::exception&) {
      throw fail();
    }
    // A power of ten is built as an integer; past this it is no parameter but a denial of service.
    if (used != tail.size() || e > 100000 || e < -100000) throw fail();
    exponent += e;
  }
  if (negative) mantissa = -mantissa;
  const Integer scale = boost::multiprecision::pow(Integer(10), static_cast<unsigned>(exponent < 0 ? -exponent : exponent));
  return exponent < 0 ? Rational(mantissa, scale) : Rational(mantissa * scale);
}

class Real {
 public:
  Real(int value) : Real(Rational(value)) {}
  Real(double value) : at_([value] { return Ball(value); }) {}
  Real(const Rational& value) : at_([value] { return Ball(value); }) {}
  Real(const std::string& decimal) : Real(parse_rational(decimal)) {}
  Real(const char* decimal) : Real(std::string(decimal)) {}
  // Any recipe that encloses the number at the working precision of the moment.
  explicit Real(std::function<Ball()> enclose) : at_(std::move(enclose)) {}
  static Real square_root(const Rational& value) {
    return Real(std::function<Ball()>([value] { return sqrt(Ball(value)); }));
  }

  Ball operator()() const { return at_(); }  // at working precision

 private:
  std::function<Ball()> at_;
};

// The enclosure f() with at least `digits` correct significant decimal digits: working precision is raised until
// the relative radius allows it. Throws if max_bits do not suffice (e.g. for a value that is exactly zero).
template <class F>
Ball to_digits(F&& f, int digits, slong max_bits = slong{1} << 20) {
  const slong target = static_cast<slong>(3.3219280948873626 * digits) + 2;
  for (slong bits = target + 32; bits <= max_bits; bits += bits / 2) {
    Precision precision(bits);
    Ball value = f();
    if (value.is_finite() && value.accuracy_bits() >= target) return value;
  }
  throw std::runtime_error("precision limit reached before the requested digits");
}

}  // namespace hdq::reference
