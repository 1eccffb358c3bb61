// MseExpansion and MomentApproximation against M computed point by point: every piece encloses M where it claims to, the tail and
// the majorant bound it, and the cosines approximate it within η exp(λz²) on all of R that doubles reach.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "hdq/reference/laws/moment_approximation.hpp"
#include "hdq/reference/scheme/mse_expansion.hpp"

namespace hdq::reference {
namespace {

ScalarQuantizer custom(std::int64_t levels, const char* sigma, const char* kappa) {
  return ScalarQuantizer(Generator(levels, Real(sigma), Real(kappa)));
}

// Points between, at and past the centres of pieces, which overlap.
void expect_pieces_enclose(const ScalarQuantizer& quantizer, slong bits, double largest) {
  MseExpansion expansion(quantizer, bits);
  Precision precision(bits + 64);
  const auto last = static_cast<std::size_t>(largest / expansion.step().mid_double());
  for (std::size_t m = 0; m <= last; m += 1 + last / 12) {
    const MseExpansion::Piece& piece = expansion.piece(m);
    for (const double y : {-1.0, -0.37, 0.0, 0.5, 1.0}) {
      const Ball z = piece.center + expansion.step() * y;
      const Ball direct = quantizer.mse(z), from_piece = piece(z);
      ASSERT_TRUE(from_piece.overlaps(direct)) << "N = " << quantizer.levels() << ", z = " << z;
      // The error is proved, and small.
      ASSERT_LT(from_piece.radius().upper_double(), std::ldexp(1.0, static_cast<int>(10 - bits)) * direct.upper_double())
          << "N = " << quantizer.levels() << ", z = " << z;
    }
  }
}

TEST(MseExpansion, EnclosesM) {
  for (const int bits : {1, 2, 4, 8}) expect_pieces_enclose(ScalarQuantizer(bits), 64, 12);
  expect_pieces_enclose(ScalarQuantizer(4), 120, 6);
  expect_pieces_enclose(custom(3, "1.5", "0.4"), 60, 8);
  expect_pieces_enclose(custom(100, "2", "0.15"), 60, 6);
}

TEST(MseExpansion, TailAndMajorantBoundM) {
  for (const int bits : {1, 3, 8}) {
    const ScalarQuantizer quantizer(bits);
    MseExpansion expansion(quantizer, 40);
    const MseExpansion::Tail tail = expansion.tail(Ball(9));
    const Ball majorant = expansion.majorant();
    for (double z = 0; z < 40; z += 0.37) {
      const Ball m = quantizer.mse(Ball(z));
      EXPECT_TRUE(certainly_less(m, majorant * cosh(z * tail.rate))) << z;
      if (!certainly_less(Ball(z), tail.start)) {
        EXPECT_TRUE(certainly_less(m, tail(Ball(z)))) << z;
      }
      // Neither is loose by much where it matters.
      if (z > 20) {
        EXPECT_TRUE(certainly_less(tail(Ball(z)), m * 2)) << z;
      }
    }
  }
}

TEST(MomentApproximation, ResidualHoldsEverywhere) {
  for (const int bits : {1, 2, 5, 8}) {
    const ScalarQuantizer quantizer(bits);
    MseExpansion expansion(quantizer, 56);
    const MomentApproximation f(expansion);
    Precision precision(192);
    double largest = 0;
    for (double z = 0; z < 30; z += 0.0917) {
      Ball value = f.constant() + f.quadratic() * square(Ball(z));
      for (const auto& c : f.cosines()) value += c.coefficient * cos(c.frequency * z);
      const Ball excess = abs(value - quantizer.mse(Ball(z))) * exp(-f.lambda() * square(Ball(z)));
      ASSERT_TRUE(certainly_less_equal(excess, f.eta())) << "b = " << bits << ", z = " << z;
      largest = std::max(largest, excess.upper_double());
    }
    EXPECT_GT(largest, 1e-4 * f.eta().mid_double());  // η is about something
    const Ball relative = f.error() / quantizer.mse(Ball(0));
    EXPECT_LT(relative.upper_double(), 1e-7) << "b = " << bits;
  }
}

TEST(MomentApproximation, GradientIsTheDerivative) {
  MseExpansion expansion(ScalarQuantizer(2), 40);
  const MomentApproximation f(expansion, 40);
  const std::vector<double> x = {0.6, 0.0, -0.5, 0.4, 0.3, 0.37};
  std::vector<double> gradient;
  f.estimate(x, &gradient);
  for (std::size_t i = 0; i < x.size(); ++i) {
    std::vector<double> up = x, down = x;
    up[i] += 1e-5, down[i] -= 1e-5;
    EXPECT_NEAR(gradient[i], (f.estimate(up) - f.estimate(down)) / 2e-5, 1e-6 * (1 + std::abs(gradient[i])));
  }
}

}  // namespace
}  // namespace hdq::reference
