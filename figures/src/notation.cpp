#include "hdq/figures/notation.hpp"

#include <string>

namespace hdq::figures {

using reference::Ball;
using reference::Rational;

namespace {

constexpr slong most_bits = 65536;

// m·2^e as "mp:e", exactly; what takes too many bits is rounded outward first.
std::string end(const Ball& value, bool upper) {
  arf_t x;
  arf_init(x);
  (upper ? arb_get_ubound_arf : arb_get_lbound_arf)(x, value.get(), most_bits);
  std::string text;
  if (arf_is_nan(x)) {
    text = upper ? "inf" : "-inf";  // nothing is known of it
  } else if (arf_is_inf(x)) {
    text = arf_sgn(x) > 0 ? "inf" : "-inf";
  } else {
    fmpz_t mantissa, exponent;
    fmpz_init(mantissa), fmpz_init(exponent);
    arf_get_fmpz_2exp(mantissa, exponent, x);
    char* const m = fmpz_get_str(nullptr, 16, mantissa);
    char* const e = fmpz_get_str(nullptr, 10, exponent);
    text = std::string(m) + "p:" + e;
    flint_free(m), flint_free(e);
    fmpz_clear(mantissa), fmpz_clear(exponent);
  }
  arf_clear(x);
  return text;
}

}  // namespace

Notation::Json Notation::operator()(const Ball& lower, const Ball& upper) const {
  if (exact_) return {{"enclosure", Json::array({end(lower, false), end(upper, true)})}};
  return {{"lower", lower.lower(digits_)}, {"upper", upper.upper(digits_)}};
}

Notation::Json Notation::doubles(const Ball& lower, const Ball& upper) const {
  if (exact_) return (*this)(lower, upper);
  return {{"lower", lower.lower_double()}, {"upper", upper.upper_double()}};
}

Notation::Json Notation::at_most(const Rational& value) const {
  if (exact_) return fraction(value);
  return Ball(value).upper(digits_);
}

Notation::Json Notation::at_most(const Ball& value) const {
  if (!exact_) return value.upper(digits_);
  return {{"end", end(value, true)}};
}

Notation::Json Notation::down(const Rational& value) const {
  if (exact_) return fraction(value);
  return Ball(value).lower_double();
}

Notation::Json Notation::up(const Rational& value) const {
  if (exact_) return fraction(value);
  return Ball(value).upper_double();
}

Notation::Json Notation::nearest(const Rational& value) const {
  if (exact_) return fraction(value);
  return value.convert_to<double>();
}

Notation::Json Notation::fraction(const Rational& value) const {
  if (exact_) return {{"fraction", value.str()}};
  return value.str();
}

}  // namespace hdq::figures
