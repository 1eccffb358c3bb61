// What is printed of an enclosure contains it.
#include "enclosure.hpp"

#include "hdq/reference/numbers/real.hpp"

namespace hdq::cli {
namespace {

using reference::Rational;

TEST(Decimal, RoundsInTheDirectionAsked) {
  EXPECT_EQ(decimal(Rational(644358, 100000), 6, Round::down), "6.443580");
  EXPECT_EQ(decimal(Rational(644358, 100000), 6, Round::up), "6.443580");
  EXPECT_EQ(decimal(Rational(1, 3), 3, Round::down), "0.333");
  EXPECT_EQ(decimal(Rational(1, 3), 3, Round::up), "0.334");
  EXPECT_EQ(decimal(Rational(-1, 3), 3, Round::down), "-0.334");
  EXPECT_EQ(decimal(Rational(-1, 3), 3, Round::up), "-0.333");
  EXPECT_EQ(decimal(Rational(7, 2), 0, Round::down), "3");
  EXPECT_EQ(decimal(Rational(7, 2), 0, Round::up), "4");
  EXPECT_EQ(decimal(Rational(0), 2, Round::up), "0.00");
}

TEST(Decimal, EnclosesEveryFraction) {
  for (int n = -60; n <= 60; ++n) {
    for (int d = 1; d <= 40; ++d) {
      const Rational q(n, d);
      const Rational low = reference::parse_rational(decimal(q, 2, Round::down)), high = reference::parse_rational(decimal(q, 2, Round::up));
      EXPECT_LE(low, q);
      EXPECT_GE(high, q);
      EXPECT_LE(high - low, Rational(1, 100));
    }
  }
}

}  // namespace
}  // namespace hdq::cli
