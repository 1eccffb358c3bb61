// Ball arithmetic as the reference uses it, exact parameters, and the normal law with its quantile far into the tails.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/numbers/normal.hpp"
#include "hdq/reference/numbers/real.hpp"

namespace hdq::reference {
namespace {

TEST(BallText, EndsAreRoundedOutward) {
  Precision precision(200);
  const Ball third = Ball(1) / 3;
  EXPECT_EQ(third.lower(5), "0.33333");
  EXPECT_EQ(third.upper(5), "0.33334");
  EXPECT_EQ((-third).lower(5), "-0.33334");
  EXPECT_EQ((-third).upper(5), "-0.33333");
  EXPECT_EQ(Ball(0).lower(10), "0");
  EXPECT_EQ(ldexp(Ball(1), -40).lower(4), "9.094e-13");
  EXPECT_EQ(Ball(123456).upper(3), "1.24e5");
  EXPECT_EQ(Ball(123456).upper(8), "123456.00");
}

RC_GTEST_PROP(BallText, PrintedIntervalEncloses, (int numerator, int denominator, unsigned digits)) {
  RC_PRE(denominator != 0);
  Precision precision(64);
  const int count = 2 + static_cast<int>(digits % 30);
  const Ball x = Ball(numerator) / denominator;
  const Rational exact = Rational(numerator) / Rational(denominator);
  RC_ASSERT(parse_rational(x.lower(count)) <= exact);
  RC_ASSERT(parse_rational(x.upper(count)) >= exact);
}

TEST(BallText, Decimals) {
  EXPECT_TRUE(Ball(std::string("0.1")).contains(Ball(Rational(1, 10))));
  EXPECT_TRUE(Ball(std::string("0.3 +/- 0.01")).contains(Ball(0.30859375)));
  EXPECT_THROW(Ball(std::string("one")), std::invalid_argument);
}

TEST(BallSets, HullAndIntersection) {
  const Ball a = hull(Ball(1), Ball(3)), b = hull(Ball(2), Ball(5));
  EXPECT_TRUE(a.overlaps(b));
  EXPECT_TRUE(hull(a, b).contains(a) && hull(a, b).contains(b));
  EXPECT_TRUE(intersection(a, b).contains(Ball(2.5)));
  EXPECT_TRUE(certainly_less(Ball(1), b));
  EXPECT_FALSE(certainly_less(a, b));
  EXPECT_THROW(intersection(Ball(1), Ball(2)), std::domain_error);
}

TEST(BallSets, PointsRoundTrip) {
  const Ball x = sqrt(Ball(2));
  EXPECT_TRUE(x.contains(Ball(x.mid_point())));
  EXPECT_TRUE(Ball(x.mid_point()).is_exact());
}

TEST(Reals, ParseExactly) {
  EXPECT_EQ(parse_rational("-1.25e-1"), Rational(-1, 8));
  EXPECT_EQ(parse_rational("3/4"), Rational(3, 4));
  EXPECT_EQ(parse_rational("1e3"), Rational(1000));
  for (const char* bad : {"", "-", "1.2.3", "1e", "1e1x", "abc", "1/0", "0x10", "1e999999999", "nan"}) {
    EXPECT_THROW(parse_rational(bad), std::invalid_argument) << bad;
  }
}

TEST(Reals, MoreDigitsOnDemand) {
  const Ball root = to_digits([] { return Real::square_root(3)(); }, 300);
  EXPECT_GE(root.accuracy_bits(), 996);
  Precision precision(1100);
  EXPECT_TRUE(square(root).contains(Ball(3)));
}

TEST(Normal, KnownQuantiles) {
  Precision precision(200);
  EXPECT_TRUE(Ball(std::string("1.959963984540054235524594430520551527955550 +/- 1e-41"))
                  .contains(normal_quantile(Ball(std::string("0.975")))));
  EXPECT_TRUE(normal_quantile(Ball(0.5)).contains(Ball(0)));
  EXPECT_TRUE(normal_cdf(Ball(0)).contains(Ball(0.5)));
}

TEST(Normal, QuantileInvertsTheDistributionFunction) {
  for (const char* p : {"0.5", "0.49999999999999999999999999", "0.3", "0.02", "1e-9", "1e-18", "1e-300", "1e-400", "1e-1000",
                        "1e-100000", "0.7"}) {
    for (slong bits : {53, 64, 128, 300, 1000}) {
      Precision precision(bits);
      const Ball probability{std::string(p)}, quantile = normal_quantile(probability);
      EXPECT_TRUE(normal_cdf(quantile).overlaps(probability)) << p << " at " << bits;
      const Ball error = quantile.radius() / (1 + abs(quantile.mid()));
      EXPECT_TRUE(certainly_less(error, Ball::power_of_two(12 - bits))) << p << " at " << bits << ": " << error;
    }
  }
}

TEST(Normal, QuantileAtThePowersOfTwo) {
  Ball previous(0);
  for (slong exponent = 2; exponent <= 5000; exponent += 1 + exponent / 20) {
    const Ball p = Ball::power_of_two(-exponent), quantile = normal_quantile(p);
    EXPECT_TRUE(normal_cdf(quantile).contains(p)) << exponent;
    EXPECT_TRUE(certainly_less(quantile, previous)) << exponent;
    previous = quantile;
  }
}

TEST(Normal, QuantileAgreesWithArb) {
  for (int i = 1; i < 64; ++i) {
    const Ball p = ldexp(Ball(i), -6), argument = 1 - ldexp(p, 1);
    Ball inverse;
    arb_hypgeom_erfinv(inverse.get(), argument.get(), working_precision());
    EXPECT_TRUE(normal_quantile(p).overlaps(-sqrt(Ball(2)) * inverse)) << i;
  }
}

// The remainder of the Taylor step counts: from a start with few correct bits the enclosure is wide, and right.
TEST(Normal, QuantileStepFromAPoorStart) {
  Precision precision(200);
  for (const char* text : {"0.4", "0.1", "1e-5", "1e-100"}) {
    const Ball p{std::string(text)}, exact = normal_quantile(p);
    for (slong exponent : {-8, -12, -20, -40}) {
      for (int sign : {-1, 1}) {
        Ball quantile;
        ASSERT_TRUE(detail::normal_quantile_step(p, (exact + sign * Ball::power_of_two(exponent) / abs(exact)).mid(), quantile));
        EXPECT_TRUE(quantile.contains(exact)) << text << quantile << exact;
        EXPECT_TRUE(certainly_less(quantile.radius(), Ball::power_of_two(3 * exponent + 8))) << text << quantile;
      }
    }
  }
}

TEST(Normal, QuantileOfWideBalls) {
  for (const char* text : {"0.25 +/- 0.2", "0.5 +/- 0.4", "0.01 +/- 0.0000001", "1e-50 +/- 9e-51", "0.9 +/- 1e-3"}) {
    const Ball p{std::string(text)}, quantile = normal_quantile(p);
    for (const Ball& point : {p.lower_end(), p.mid(), p.upper_end()}) {
      EXPECT_TRUE(quantile.overlaps(normal_quantile(point))) << text;
    }
    EXPECT_TRUE(normal_cdf(quantile).contains(p.mid())) << text;
  }
  EXPECT_THROW(normal_quantile(Ball(0)), std::domain_error);
  EXPECT_THROW(normal_quantile(Ball(1)), std::domain_error);
  EXPECT_THROW(normal_quantile(Ball(std::string("0.1 +/- 0.2"))), std::domain_error);
}

}  // namespace
}  // namespace hdq::reference
