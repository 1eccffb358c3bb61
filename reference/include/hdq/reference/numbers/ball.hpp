// Ball: a real number known to lie in [mid − rad, mid + rad]; every operation returns a ball that contains the exact result.
//
//   Precision precision(128);                     // working precision in bits, for this thread and scope
//   Ball x = sqrt(Ball(2));
//   x.lower(20), x.upper(20);                     // "1.4142135623730950488", "1.4142135623730950489": rounded outward
//
// A value type over Arb's arb_t (FLINT). Operators round to the thread's working precision, so that formulas read like
// SPEC; constructors are exact unless they say otherwise. Precision changes how wide an answer is, never whether it encloses.
#pragma once

#include <arb.h>
#include <arb_hypgeom.h>
#include <mpfr.h>

#include <boost/multiprecision/gmp.hpp>
#include <boost/multiprecision/mpfr.hpp>
#include <cstdint>
#include <ostream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace hdq::reference {

using Integer = boost::multiprecision::mpz_int;
using Rational = boost::multiprecision::mpq_rational;
using Point = boost::multiprecision::mpfr_float;  // a number of some binary precision, no error attached

namespace detail {
inline thread_local slong precision_bits = 128;
}
inline slong working_precision() { return detail::precision_bits; }

// Sets the working precision of this thread until the end of the scope.
class Precision {
 public:
  explicit Precision(slong bits) : previous_(detail::precision_bits) {
    if (bits < 2) throw std::invalid_argument("precision must be at least 2 bits");
    detail::precision_bits = bits;
  }
  ~Precision() { detail::precision_bits = previous_; }
  Precision(const Precision&) = delete;
  Precision& operator=(const Precision&) = delete;

 private:
  slong previous_;
};

// Declare one at the top of every thread that computes with balls, the main thread excepted: at the end of the scope it
// releases what FLINT caches per thread (π, scratch memory), which would leak. Balls made in the thread may outlive it.
class BallThread {
 public:
  BallThread() = default;
  ~BallThread() { flint_cleanup(); }
  BallThread(const BallThread&) = delete;
  BallThread& operator=(const BallThread&) = delete;
};

class Ball {
 public:
  Ball() { arb_init(x_); }
  Ball(const Ball& other) { arb_init(x_), arb_set(x_, other.x_); }
  Ball(Ball&& other) noexcept { arb_init(x_), arb_swap(x_, other.x_); }
  Ball& operator=(const Ball& other) { return arb_set(x_, other.x_), *this; }
  Ball& operator=(Ball&& other) noexcept { return arb_swap(x_, other.x_), *this; }
  ~Ball() { arb_clear(x_); }

  // Exact.
  template <class T>
    requires(std::is_integral_v<T> && std::is_signed_v<T> && sizeof(T) <= sizeof(slong))
  Ball(T value) { arb_init(x_), arb_set_si(x_, static_cast<slong>(value)); }
  template <class T>
    requires(std::is_integral_v<T> && std::is_unsigned_v<T> && sizeof(T) <= sizeof(ulong))
  Ball(T value) { arb_init(x_), arb_set_ui(x_, static_cast<ulong>(value)); }
  Ball(double value) { arb_init(x_), arb_set_d(x_, value); }
  explicit Ball(const Point& value) { arb_init(x_), arf_set_mpfr(arb_midref(x_), value.backend().data()); }
  explicit Ball(const Integer& value);

  // An enclosure at working precision.
  explicit Ball(const Rational& value);
  // A decimal such as "0.1", "1e-30", "2 +/- 0.5" or "[0.3 +/- 1e-9]".
  explicit Ball(const std::string& decimal) {
    arb_init(x_);
    if (arb_set_str(x_, decimal.c_str(), working_precision()) != 0) {
      arb_clear(x_);
      throw std::invalid_argument("not a decimal number: " + decimal);
    }
  }

  // Exact, unlike lhs / 2^e with a ball that has to be rounded.
  static Ball power_of_two(slong exponent) { Ball r(1); return arb_mul_2exp_si(r.x_, r.x_, exponent), r; }
  static Ball pi() { Ball r; return arb_const_pi(r.x_, working_precision()), r; }

  const arb_struct* get() const { return x_; }
  arb_struct* get() { return x_; }

  bool is_finite() const { return arb_is_finite(x_) != 0; }
  bool is_exact() const { return arb_is_exact(x_) != 0; }
  bool contains(const Ball& other) const { return arb_contains(x_, other.x_) != 0; }
  bool contains_zero() const { return arb_contains_zero(x_) != 0; }
  bool overlaps(const Ball& other) const { return arb_overlaps(x_, other.x_) != 0; }
  // True only if it holds for every pair of points in the two balls.
  friend bool certainly_less(const Ball& a, const Ball& b) { return arb_lt(a.x_, b.x_) != 0; }
  friend bool certainly_less_equal(const Ball& a, const Ball& b) { return arb_le(a.x_, b.x_) != 0; }
  bool certainly_positive() const { return arb_is_positive(x_) != 0; }
  bool certainly_negative() const { return arb_is_negative(x_) != 0; }

  // Exact balls of radius zero: the midpoint, the radius (an upper bound), the two ends (rounded outward).
  Ball mid() const { Ball r; return arf_set(arb_midref(r.x_), arb_midref(x_)), r; }
  Ball radius() const { Ball r; return arf_set_mag(arb_midref(r.x_), arb_radref(x_)), r; }
  Ball lower_end() const { Ball r; return arb_get_lbound_arf(arb_midref(r.x_), x_, working_precision()), r; }
  Ball upper_end() const { Ball r; return arb_get_ubound_arf(arb_midref(r.x_), x_, working_precision()), r; }
  // Bits of the midpoint that the radius leaves meaningful (very large if exact, negative if the sign is unknown).
  slong accuracy_bits() const { return arb_rel_accuracy_bits(x_); }

  double mid_double() const { return arf_get_d(arb_midref(x_), ARF_RND_NEAR); }
  double lower_double() const { return bound_double(ARF_RND_FLOOR); }
  double upper_double() const { return bound_double(ARF_RND_CEIL); }
  Point mid_point() const;

  // Decimal ends with this many significant digits (>= 2), rounded outward: [lower, upper] encloses the ball.
  std::string lower(int digits) const { return end_string(digits, MPFR_RNDD); }
  std::string upper(int digits) const { return end_string(digits, MPFR_RNDU); }

  Ball operator-() const { Ball r; return arb_neg(r.x_, x_), r; }
  friend Ball operator+(const Ball& a, const Ball& b) { Ball r; return arb_add(r.x_, a.x_, b.x_, working_precision()), r; }
  friend Ball operator-(const Ball& a, const Ball& b) { Ball r; return arb_sub(r.x_, a.x_, b.x_, working_precision()), r; }
  friend Ball operator*(const Ball& a, const Ball& b) { Ball r; return arb_mul(r.x_, a.x_, b.x_, working_precision()), r; }
  friend Ball operator/(const Ball& a, const Ball& b) { Ball r; return arb_div(r.x_, a.x_, b.x_, working_precision()), r; }
  Ball& operator+=(const Ball& b) { return arb_add(x_, x_, b.x_, working_precision()), *this; }
  Ball& operator-=(const Ball& b) { return arb_sub(x_, x_, b.x_, working_precision()), *this; }
  Ball& operator*=(const Ball& b) { return arb_mul(x_, x_, b.x_, working_precision()), *this; }
  Ball& operator/=(const Ball& b) { return arb_div(x_, x_, b.x_, working_precision()), *this; }

  friend Ball ldexp(const Ball& a, slong exponent) { Ball r; return arb_mul_2exp_si(r.x_, a.x_, exponent), r; }  // exact
  friend Ball abs(const Ball& a) { Ball r; return arb_abs(r.x_, a.x_), r; }
  friend Ball square(const Ball& a) { Ball r; return arb_sqr(r.x_, a.x_, working_precision()), r; }
  friend Ball sqrt(const Ball& a) { Ball r; return arb_sqrt(r.x_, a.x_, working_precision()), r; }
  friend Ball exp(const Ball& a) { Ball r; return arb_exp(r.x_, a.x_, working_precision()), r; }
  friend Ball expm1(const Ball& a) { Ball r; return arb_expm1(r.x_, a.x_, working_precision()), r; }
  friend Ball log(const Ball& a) { Ball r; return arb_log(r.x_, a.x_, working_precision()), r; }
  friend Ball log1p(const Ball& a) { Ball r; return arb_log1p(r.x_, a.x_, working_precision()), r; }
  friend Ball cos(const Ball& a) { Ball r; return arb_cos(r.x_, a.x_, working_precision()), r; }
  friend Ball cosh(const Ball& a) { Ball r; return arb_cosh(r.x_, a.x_, working_precision()), r; }
  friend Ball erfc(const Ball& a) { Ball r; return arb_hypgeom_erfc(r.x_, a.x_, working_precision()), r; }
  friend Ball pow(const Ball& a, unsigned long n) { Ball r; return arb_pow_ui(r.x_, a.x_, n, working_precision()), r; }
  friend Ball min(const Ball& a, const Ball& b) { Ball r; return arb_min(r.x_, a.x_, b.x_, working_precision()), r; }
  friend Ball max(const Ball& a, const Ball& b) { Ball r; return arb_max(r.x_, a.x_, b.x_, working_precision()), r; }

  // The smallest ball around both; the ball of the points in both (throws if there is none).
  friend Ball hull(const Ball& a, const Ball& b) { Ball r; return arb_union(r.x_, a.x_, b.x_, working_precision()), r; }
  friend Ball intersection(const Ball& a, const Ball& b) {
    Ball r;
    if (!arb_intersection(r.x_, a.x_, b.x_, working_precision())) throw std::domain_error("disjoint balls");
    return r;
  }
  // The same midpoint, the radius enlarged by an upper bound of |error|.
  friend Ball with_error(const Ball& a, const Ball& error) { Ball r(a); return arb_add_error(r.x_, error.x_), r; }
  // The midpoint rounded to working precision (its rounding joins the radius).
  friend Ball rounded(const Ball& a) { Ball r; return arb_set_round(r.x_, a.x_, working_precision()), r; }

  friend std::ostream& operator<<(std::ostream& out, const Ball& a) {
    return out << '[' << a.lower(20) << ", " << a.upper(20) << ']';
  }

 private:
  double bound_double(arf_rnd_t direction) const;
  std::string end_string(int digits, mpfr_rnd_t direction) const;

  arb_t x_;
};

inline Ball::Ball(const Integer& value) {
  arb_init(x_);
  fmpz_t z;
  fmpz_init(z);
  fmpz_set_mpz(z, value.backend().data());
  arb_set_fmpz(x_, z);
  fmpz_clear(z);
}

inline Ball::Ball(const Rational& value) {
  arb_init(x_);
  const Ball numerator(Integer(boost::multiprecision::numerator(value)));
  const Ball denominator(Integer(boost::multiprecision::denominator(value)));
  arb_div(x_, numerator.x_, denominator.x_, working_precision());
}

inline Point Ball::mid_point() const {
  Point p;
  const slong bits = arf_bits(arb_midref(x_));
  mpfr_set_prec(p.backend().data(), bits < 2 ? 2 : bits);
  arf_get_mpfr(p.backend().data(), arb_midref(x_), MPFR_RNDN);
  return p;
}

inline double Ball::bound_double(arf_rnd_t direction) const {
  arf_t end;
  arf_init(end);
  // 64 bits rounded outward, then 53 outward again: two steps, same direction.
  if (direction == ARF_RND_FLOOR) arb_get_lbound_arf(end, x_, 64);
  else arb_get_ubound_arf(end, x_, 64);
  const double value = arf_get_d(end, direction);
  arf_clear(end);
  return value;
}

namespace detail {
// Digits and exponent of a nonzero finite number as plain ("0.00125") or scientific ("1.25e-40") decimal.
inline std::string format_decimal(std::string digits, long exponent) {
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  const long count = static_cast<long>(digits.size());
  std::string text;
  if (exponent > -5 && exponent <= 0) {
    text = "0." + std::string(static_cast<std::size_t>(-exponent), '0') + digits;
  } else if (exponent > 0 && exponent <= count) {
    text = digits.substr(0, static_cast<std::size_t>(exponent));
    if (exponent < count) text += "." + digits.substr(static_cast<std::size_t>(exponent));
  } else {
    text = digits.substr(0, 1) + (count > 1 ? "." + digits.substr(1) : "") + "e" + std::to_string(exponent - 1);
  }
  return negative ? "-" + text : text;
}
}  // namespace detail

inline std::string Ball::end_string(int digits, mpfr_rnd_t direction) const {
  if (digits < 2) throw std::invalid_argument("digits must be at least 2");
  const slong bits = 4 * static_cast<slong>(digits) + arf_bits(arb_midref(x_)) + 64;
  mpfr_t low, high;
  mpfr_init2(low, bits), mpfr_init2(high, bits);
  arb_get_interval_mpfr(low, high, x_);
  const mpfr_t& end = direction == MPFR_RNDD ? low : high;
  std::string text;
  if (mpfr_zero_p(end)) {
    text = "0";
  } else if (!mpfr_number_p(end)) {
    text = mpfr_nan_p(end) ? "nan" : mpfr_sgn(end) > 0 ? "inf" : "-inf";
  } else {
    mpfr_exp_t exponent;
    char* raw = mpfr_get_str(nullptr, &exponent, 10, static_cast<std::size_t>(digits), end, direction);
    text = detail::format_decimal(raw, exponent);
    mpfr_free_str(raw);
  }
  mpfr_clear(low), mpfr_clear(high);
  return text;
}

}  // namespace hdq::reference
