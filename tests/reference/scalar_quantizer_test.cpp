// SPEC §3: encode, decode and M(z) of the dithered scalar quantizer, by closed form, by table, by quadrature and by brute force.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "hdq/reference/scheme/philox.hpp"
#include "hdq/reference/scheme/scalar_quantizer.hpp"
#include "quadrature.hpp"

namespace hdq::reference {
namespace {

std::vector<ScalarQuantizer> quantizers() {
  std::vector<ScalarQuantizer> all;
  for (int bits : {1, 2, 3, 5, 8}) all.emplace_back(bits);
  all.emplace_back(Generator(3, "1.7", "0.25"));
  all.emplace_back(Generator(7, Real::square_root(3), Rational(1, 3)));
  all.emplace_back(Generator(1000, Real::square_root(3), Rational(1, 5)));
  return all;
}

TEST(Mse, ValuesOfTheSpecification) {
  struct Case {
    int bits;
    const char* mse[3];  // M(0), M(1), M(√2), ± half a unit of the last digit
  };
  const Case cases[] = {
      {1, {"0.794027572221290089 +/- 5e-19", "1.24567763943932393 +/- 5e-18", "1.90375702132759422 +/- 5e-18"}},
      {2, {"0.135024129526964338 +/- 5e-19", "0.194979166889234158 +/- 5e-19", "0.280146725275969845 +/- 5e-19"}},
      {4, {"0.00656563373611703536 +/- 5e-21", "0.00922913523350342849 +/- 5e-21", "0.0129783787788654641 +/- 5e-20"}},
      {8, {"0.0000241031657494008566 +/- 5e-23", "0.0000336229974527567917 +/- 5e-23", "0.0000469058974715182024 +/- 5e-23"}}};
  const Real z[] = {0, 1, Real::square_root(2)};
  for (const Case& c : cases) {
    const ScalarQuantizer quantizer(c.bits);
    for (int i = 0; i < 3; ++i) {
      Precision precision(200);
      const Ball expected{std::string(c.mse[i])}, mse = quantizer.mse(z[i], 40);
      EXPECT_TRUE(expected.contains(mse)) << c.bits << " " << expected << mse;
      EXPECT_GE(mse.accuracy_bits(), 132);
    }
  }
}

// ∫ (g − z)² over the window, with c⁻¹(z) enclosed and the integrals by quadrature.
TEST(Mse, ClosedFormEqualsQuadrature) {
  for (const ScalarQuantizer& quantizer : quantizers()) {
    for (const char* text : {"0", "-0.3", "0.7", "1", "-1.5", "2.25", "-3", "4"}) {
      Precision precision(160);
      const Ball z = Real(text)(), a = quantizer.window_of(z);
      const Ball mean = integral_of_power(quantizer.generator(), a, a + 1, 1);
      const Ball mean_square = integral_of_power(quantizer.generator(), a, a + 1, 2);
      EXPECT_TRUE(mean.overlaps(z)) << text << mean;
      const Ball by_quadrature = mean_square - square(z), mse = quantizer.mse(z);
      EXPECT_TRUE(mse.overlaps(by_quadrature)) << text << mse << by_quadrature;
      EXPECT_GE(by_quadrature.accuracy_bits(), 80) << text << by_quadrature;
    }
  }
}

TEST(Mse, IsEvenAndTheWindowsMirror) {
  for (const ScalarQuantizer& quantizer : quantizers()) {
    const Ball span(quantizer.levels() - 1);
    for (double a : {0.0078125, 0.25, 0.4375}) {
      const auto low = quantizer.window(Ball(a) * span), high = quantizer.window(span - Ball(a) * span);
      EXPECT_TRUE(low.z.overlaps(-high.z));
      EXPECT_TRUE(low.mse.overlaps(high.mse));
      EXPECT_TRUE(low.mse_slope.overlaps(-high.mse_slope));
      EXPECT_TRUE(quantizer.mse(low.z).overlaps(low.mse)) << a << low.mse << quantizer.mse(low.z);
      EXPECT_TRUE(quantizer.mse(-low.z).overlaps(low.mse));
      EXPECT_TRUE(quantizer.window_of(low.z).overlaps(Ball(a) * span));
      EXPECT_TRUE(quantizer.window_of(high.z).overlaps(span - Ball(a) * span));
    }
  }
}

TEST(Mse, SlopesAreDerivatives) {
  for (const ScalarQuantizer& quantizer : quantizers()) {
    Precision precision(400);
    const Ball a = ldexp(Ball(quantizer.levels() - 1), -2), h = Ball::power_of_two(-80);
    const auto at = quantizer.window(a), next = quantizer.window(a + h);
    EXPECT_TRUE(certainly_less(abs((next.z - at.z) / h / at.z_slope - 1), Ball::power_of_two(-60)));
    EXPECT_TRUE(certainly_less(abs((next.mse - at.mse) / (next.z - at.z) / at.mse_slope - 1), Ball::power_of_two(-50)));
  }
}

TEST(Mse, HugeArguments) {
  for (const ScalarQuantizer& quantizer : quantizers()) {
    for (const char* text : {"30", "1000", "-1e6", "1e6"}) {
      const Ball mse = quantizer.mse(Real(text), 25);
      EXPECT_GE(mse.accuracy_bits(), 82);
      // M ~ κ²/a, a = c⁻¹(z) − 1/2 -> 0 for z -> −∞.
      const Ball a = quantizer.window_of(-abs(Real(text)()));
      const Ball ratio = mse * a / square(quantizer.generator().kappa());
      if (certainly_less(Ball(900), abs(Real(text)()))) {
        EXPECT_TRUE(certainly_less(abs(ratio - 1), Ball::power_of_two(-60))) << ratio;
      }
    }
  }
}

TEST(Mse, AnyNumberOfDigits) {
  const ScalarQuantizer quantizer(4);
  const Ball few = quantizer.mse(Real("0.1"), 10), many = quantizer.mse(Real("0.1"), 60), most = quantizer.mse(Real("0.1"), 250);
  Precision precision(1000);
  EXPECT_TRUE(few.contains(most.mid()) && many.contains(most.mid()));
  EXPECT_GE(most.accuracy_bits(), 830);
}

TEST(Mse, WideArgumentsAreEnclosed) {
  const ScalarQuantizer quantizer(3);
  const Ball z(std::string("0.8 +/- 1e-6")), mse = quantizer.mse(z);
  EXPECT_TRUE(mse.overlaps(quantizer.mse(z.lower_end())) && mse.overlaps(quantizer.mse(z.upper_end())));
  EXPECT_TRUE(mse.contains(quantizer.mse(Ball(0.8)).mid()));
}

TEST(HazardIntegral, TableEqualsQuadrature) {
  for (slong bits : {64, 192}) {
    const HazardTable table(bits, 14);
    Precision precision(bits);
    for (double s : {0.03125, 0.0625, 0.125, 0.9, 1.0, 1.9375, 2.0, 3.99, 7.3, 13.99}) {
      const Ball quadrature = hazard_integral_quadrature(Ball(0), Ball(s)), tabulated = table(Ball(s));
      EXPECT_TRUE(tabulated.overlaps(quadrature)) << s << tabulated << quadrature;
      EXPECT_TRUE(certainly_less(tabulated.radius(), Ball::power_of_two(20 - bits))) << s << tabulated.radius();
      EXPECT_TRUE(table(Ball(-s)).overlaps(-tabulated));
    }
  }
}

TEST(HazardIntegral, TailBoundsEncloseTheQuadrature) {
  Precision precision(64);
  const Ball from(20), to(20.5);
  EXPECT_TRUE(detail::hazard_integral_tail(from, to).contains(hazard_integral_quadrature(from, to)));
}

// #{k : z >= θ_k(U)} by counting.
std::int64_t count_thresholds(const ScalarQuantizer& quantizer, const Ball& z, const Ball& u) {
  std::int64_t count = 0;
  for (std::int64_t k = 1; k < quantizer.levels(); ++k) {
    count += certainly_less_equal(quantizer.generator().threshold(k, u), z) ? 1 : 0;
  }
  return count;
}

RC_GTEST_PROP(Encode, CountsThresholds, (std::uint32_t word, int numerator)) {
  const Ball z = ldexp(Ball(numerator % 6000), -10), u = dither_of_word(word);
  for (int bits : {1, 2, 4}) {
    const ScalarQuantizer quantizer(bits);
    const std::int64_t code = quantizer.encode(z, u);
    RC_ASSERT(code == count_thresholds(quantizer, z, u));
    // Companding: code = ⌊c⁻¹(z) + 1/2 − U⌋, the decoded value is g on the window of z.
    const Ball position = quantizer.window_of(z) + 1 - u;
    RC_ASSERT(certainly_less(Ball(code), position) && certainly_less(position, Ball(code + 1)));
    // Oddness: −z with 1 − U has the mirrored code.
    const std::uint32_t mirrored = 0xffffffff - word;
    RC_ASSERT(quantizer.encode(-z, dither_of_word(mirrored)) == quantizer.levels() - 1 - code);
    RC_ASSERT(quantizer.decode(code, u).overlaps(-quantizer.decode(quantizer.levels() - 1 - code, dither_of_word(mirrored))));
  }
}

TEST(Encode, EveryCodeIsReached) {
  for (const ScalarQuantizer& quantizer : quantizers()) {
    if (quantizer.levels() > 256) continue;
    const Ball u(0.375);
    for (std::int64_t k = 0; k < quantizer.levels(); ++k) {
      EXPECT_EQ(quantizer.encode(quantizer.decode(k, u).mid(), u), k);
    }
  }
}

TEST(Encode, ScaledFormAndTies) {
  const ScalarQuantizer quantizer(2);
  const Ball u(0.3125), rho(0.75);
  EXPECT_EQ(quantizer.encode(Ball(0.5) * rho, rho, u), quantizer.encode(Ball(0.5), u));
  // ρ = 0: every threshold is 0 and 0 >= 0.
  EXPECT_EQ(quantizer.encode(Ball(0), Ball(0), u), 3);
  // θ_2(1/2) = 0 by oddness, and z = 0 reaches it, yet no finite precision shows that of an enclosure.
  EXPECT_THROW(quantizer.encode(Ball(0), Ball(0.5)), Undecided);
}

}  // namespace
}  // namespace hdq::reference
