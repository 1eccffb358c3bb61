// SPEC §3: the generator g, its antiderivative, codewords and thresholds, for any N.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "hdq/reference/scheme/generator.hpp"
#include "hdq/reference/scheme/philox.hpp"
#include "quadrature.hpp"

namespace hdq::reference {
namespace {

std::vector<Generator> generators() {
  std::vector<Generator> all;
  for (int bits = 1; bits <= shipped_bits; ++bits) all.push_back(Generator::shipped(bits));
  all.emplace_back(3, "1.7", "0.25");
  all.emplace_back(5, Rational(7, 3), Rational(1, 100));
  all.emplace_back(1000, Real::square_root(3), Rational(1, 5));
  all.emplace_back(65536, Real::square_root(3), 2);
  return all;
}

// Points of (0, N), ends included as far as balls go.
std::vector<Ball> positions(const Generator& g) {
  const Ball n(g.levels());
  std::vector<Ball> v = {Ball::power_of_two(-300), Ball::power_of_two(-33), Ball(0.125), ldexp(n, -2), ldexp(n, -1)};
  const std::size_t count = v.size();
  Precision precision(512);
  for (std::size_t i = 0; i < count; ++i) v.push_back(n - v[count - 1 - i]);
  return v;
}

TEST(Generator, ShippedTable) {
  const int sigma64[] = {93, 109, 111, 111, 111, 111, 111, 111}, kappa64[] = {32, 24, 20, 18, 16, 15, 14, 13};
  for (int bits = 1; bits <= shipped_bits; ++bits) {
    const Generator g = Generator::shipped(bits);
    EXPECT_EQ(g.levels(), 1 << bits);
    EXPECT_EQ((64 * g.sigma()).mid_double(), sigma64[bits - 1]);
    EXPECT_EQ((64 * g.kappa()).mid_double(), kappa64[bits - 1]);
  }
}

TEST(Generator, RejectsWhatIsNoGenerator) {
  EXPECT_THROW(Generator(1, 1, 1), std::invalid_argument);
  EXPECT_THROW(Generator(2, 0, 1), std::invalid_argument);
  EXPECT_THROW(Generator(2, 1, Rational(-1, 2)), std::invalid_argument);
  EXPECT_THROW(Generator::shipped(0), std::invalid_argument);
  EXPECT_THROW(Generator::shipped(9), std::invalid_argument);
  EXPECT_THROW(Generator::shipped(2).threshold(0, Ball(0.5)), std::out_of_range);
  EXPECT_THROW(Generator::shipped(2).threshold(4, Ball(0.5)), std::out_of_range);
  EXPECT_THROW(Generator::shipped(2).codeword(4, Ball(0.5)), std::out_of_range);
}

TEST(Generator, IsOddAndIncreasing) {
  for (const Generator& g : generators()) {
    const auto v = positions(g);
    for (std::size_t i = 0; i < v.size(); ++i) {
      Precision precision(512);
      EXPECT_TRUE(g.g(v[i]).overlaps(-g.g(v[v.size() - 1 - i])));
      EXPECT_TRUE(g.antiderivative(v[i]).overlaps(g.antiderivative(v[v.size() - 1 - i])));
      if (i > 0 && certainly_less(v[i - 1], v[i])) {
        EXPECT_TRUE(certainly_less(g.g(v[i - 1]), g.g(v[i])));
      }
    }
  }
}

TEST(Generator, KeepsRelativeAccuracyAtTheEnds) {
  for (const Generator& g : generators()) {
    Precision precision(128);
    for (int exponent : {1, 33, 300, 100000}) {
      const Ball v = Ball::power_of_two(-exponent);
      EXPECT_GE(g.g(v).accuracy_bits(), 110) << exponent;
      EXPECT_GE(g.antiderivative(v).accuracy_bits(), 100) << exponent;
    }
    EXPECT_GE(g.g(g.levels() - Ball::power_of_two(-33)).accuracy_bits(), 110);
  }
}

// g is increasing, so each difference quotient of G lies between the values of g at its ends.
TEST(Generator, AntiderivativeDifferentiatesToG) {
  for (const Generator& g : generators()) {
    for (const Ball& v : positions(g)) {
      Precision precision(1024);
      const Ball h = ldexp(min(v, g.levels() - v), -60);
      const Ball quotient = (g.antiderivative(v + h) - g.antiderivative(v)) / h;
      EXPECT_TRUE(certainly_less(g.g(v), quotient)) << v;
      EXPECT_TRUE(certainly_less(quotient, g.g(v + h))) << v;
      const Ball slope = (g.g(v + h) - g.g(v)) / h, derivative = g.derivative(v);
      EXPECT_TRUE(certainly_less(abs(slope / derivative - 1), Ball::power_of_two(-50))) << v;
    }
  }
}

TEST(Generator, AntiderivativeEqualsQuadrature) {
  for (const Generator& g : generators()) {
    const Ball v0(0.125), v1 = Ball(1.0625);
    const Ball closed = g.antiderivative(v1) - g.antiderivative(v0), integral = integral_of_power(g, v0, v1, 1);
    EXPECT_TRUE(closed.overlaps(integral)) << closed << integral;
    EXPECT_GE(integral.accuracy_bits(), 80);
    const Ball u(0.375), mean = integral_of_power(g, u, 1 + u, 1);
    EXPECT_TRUE(g.threshold(1, u).overlaps(mean)) << g.threshold(1, u) << mean;
  }
}

TEST(Generator, ThresholdsInterlaceCodewords) {
  for (const Generator& g : generators()) {
    if (g.levels() > 1000) continue;
    for (std::uint32_t word : {0u, 1u, 0x40000000u, 0x7fffffffu, 0xc0000001u, 0xffffffffu}) {
      const Ball u = dither_of_word(word);
      Ball below = g.codeword(0, u);
      for (std::int64_t k = 1; k < g.levels(); ++k) {
        const Ball threshold = g.threshold(k, u), above = g.codeword(k, u);
        ASSERT_TRUE(certainly_less(below, threshold) && certainly_less(threshold, above)) << k;
        below = above;
      }
    }
  }
}

RC_GTEST_PROP(Generator, ThresholdsIncreaseInU, (std::uint32_t a, std::uint32_t b)) {
  RC_PRE(a < b);
  for (int bits : {1, 4}) {
    const Generator g = Generator::shipped(bits);
    for (std::int64_t k = 1; k < g.levels(); ++k) {
      RC_ASSERT(certainly_less(g.threshold(k, dither_of_word(a)), g.threshold(k, dither_of_word(b))));
    }
  }
}

}  // namespace
}  // namespace hdq::reference
