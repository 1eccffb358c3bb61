// What is written of an enclosure contains it: exactly, or by so little more as its digits say.
#include "hdq/figures/notation.hpp"

#include "hdq/reference/numbers/real.hpp"

namespace hdq::figures {
namespace {

using reference::Ball;
using reference::Integer;
using reference::Rational;

// The number that "mp:e" denotes.
Rational number(const std::string& text) {
  const std::size_t at = text.find("p:");
  const bool negative = text[0] == '-';
  const Integer mantissa("0x" + text.substr(negative, at - negative));
  const int exponent = std::stoi(text.substr(at + 2));
  const Integer power = Integer(1) << std::abs(exponent);
  const Rational size = exponent < 0 ? Rational(mantissa, power) : Rational(mantissa * power);
  return negative ? Rational(-size) : size;
}

TEST(Notation, ExactEndsAreThoseOfTheBall) {
  const Notation exact = Notation::exact(15);
  for (int m = -40; m <= 40; ++m) {
    for (int e : {-1200, -3, 0, 5, 900}) {
      for (int r : {-2000, -4, 0, 7}) {  // the radius is 2^r
        const Ball ball = with_error(ldexp(Ball(m), e), Ball::power_of_two(r));
        const auto json = exact(ball)["enclosure"];
        // The radius of a ball is rounded up, at most by its 2^-29th.
        const auto power = [](int k) { return k < 0 ? Rational(1, Integer(1) << -k) : Rational(Integer(1) << k); };
        const Rational mid = m * power(e), radius = power(r), slack = radius * power(-29);
        const Rational lower = number(json[0]), upper = number(json[1]);
        EXPECT_LE(lower, mid - radius);
        EXPECT_GE(lower, mid - radius - slack);
        EXPECT_GE(upper, mid + radius);
        EXPECT_LE(upper, mid + radius + slack);
      }
    }
  }
}

TEST(Notation, WhatWouldTakeTooManyBitsIsRoundedOutward) {
  const auto json = Notation::exact(15)(with_error(Ball(1), Ball::power_of_two(-100000)))["enclosure"];
  EXPECT_LT(number(json[0]), 1);
  EXPECT_GT(number(json[1]), 1);
  EXPECT_LT(json[0].get<std::string>().size(), 20000u);
}

TEST(Notation, WhatIsNotFiniteIsInfinite) {
  const Notation exact = Notation::exact(15);
  const Ball zero, nothing = Ball(1) / zero, all = with_error(Ball(0), nothing);
  for (const Ball& ball : {nothing, all}) {
    EXPECT_EQ(exact(ball)["enclosure"][0], "-inf");
    EXPECT_EQ(exact(ball)["enclosure"][1], "inf");
  }
  EXPECT_EQ(exact(Ball(2), nothing)["enclosure"][0], "1p:1");
}

TEST(Notation, DecimalsAndDoublesEncloseARational) {
  const Notation decimals = Notation::decimals(5);
  for (int n = -30; n <= 30; ++n) {
    for (int d : {1, 3, 7, 1000}) {
      const Rational q(n, d);
      const auto ends = decimals(Ball(q));
      EXPECT_LE(reference::parse_rational(ends["lower"]), q);
      EXPECT_GE(reference::parse_rational(ends["upper"]), q);
      EXPECT_GE(reference::parse_rational(decimals.at_most(q)), q);
      EXPECT_LE(Rational(decimals.down(q).get<double>()), q);
      EXPECT_GE(Rational(decimals.up(q).get<double>()), q);
      EXPECT_EQ(Rational(decimals.fraction(q).get<std::string>()), q);
      EXPECT_EQ(Rational(Notation::exact(5).up(q)["fraction"].get<std::string>()), q);
    }
  }
}

}  // namespace
}  // namespace hdq::figures
