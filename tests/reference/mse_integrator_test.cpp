// MseIntegrator by second routes: sums over all sign vectors, trapezoidal sums where they converge exponentially, the sampled
// definition of each comparator, and every two of its own methods that apply to one vector (SPEC §3–§6).
#include "hdq/reference/expectation/mse_integrator.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <map>
#include <memory>
#include <random>

#include "hdq/reference/laws/lattice_law.hpp"
#include "hdq/reference/numbers/normal.hpp"
#include "hdq/reference/scheme/hadamard.hpp"
#include "hdq/reference/scheme/lloyd_max.hpp"

namespace hdq::reference {
namespace {

constexpr Scheme schemes[] = {Scheme::dithered, Scheme::lloyd_max, Scheme::shifted, Scheme::uniform};

std::vector<double> gaussian(std::size_t d, unsigned seed = 1) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal;
  std::vector<double> x(d);
  for (double& value : x) value = normal(engine);
  return x;
}

// Made once: what an integrator has found of M does not depend on who asked.
MseIntegrator& dithered(int bits) {
  static std::map<int, std::unique_ptr<MseIntegrator>> made;
  auto& integrator = made[bits];
  if (!integrator) integrator = std::make_unique<MseIntegrator>(Scheme::dithered, bits);
  return *integrator;
}

// E M(S) by its definition.
Ball mean_over_signs(MseIntegrator& integrator, const std::vector<double>& x) {
  Precision precision(192);
  const Ball norm = RademacherSum(x).norm();
  Ball total;
  const std::uint64_t patterns = std::uint64_t{1} << x.size();
  for (std::uint64_t signs = 0; signs < patterns; ++signs) {
    Ball sum;
    for (std::size_t i = 0; i < x.size(); ++i) sum += Ball((signs >> i & 1) ? -x[i] : x[i]);
    total += integrator.mse(sum / norm);
  }
  return total / Ball(patterns);
}

void expect_agree(const Ball& a, const Ball& b, double relative, const std::string& what) {
  EXPECT_TRUE(a.overlaps(b)) << what << ": " << a << " against " << b;
  EXPECT_LT((a.radius() / a).upper_double(), relative) << what << ": " << a;
}

TEST(MseIntegrator, NormalLimitsOfTheSpecification) {
  const double expected[] = {6.44358, 3.92762, 3.22750, 2.95413, 2.83284, 2.77548, 2.74776, 2.73416};
  for (int b = 1; b <= shipped_bits; ++b) {
    MseIntegrator& integrator = dithered(b);
    const Ball value = integrator.limit().value * square(Ball(integrator.levels()));
    EXPECT_NEAR(value.mid_double(), expected[b - 1], 5.1e-6);
    EXPECT_LT(value.radius().mid_double(), 1e-13);
  }
}

// ∫ M φ by the trapezoidal rule: M φ is analytic in a strip and decays like a Gaussian, so steps of 1/16 leave less than 1e-20.
TEST(MseIntegrator, NormalLimitByTrapezoidalRule) {
  for (const int b : {1, 2, 5}) {
    MseIntegrator integrator(Scheme::dithered, b, 20);
    Precision precision(128);
    Ball sum = ldexp(integrator.mse(Ball(0)) * normal_density(Ball(0)), -1);
    for (int k = 1; k <= 16 * 16; ++k) sum += integrator.mse(ldexp(Ball(k), -4)) * normal_density(ldexp(Ball(k), -4));
    const double difference = (ldexp(sum, -3) - integrator.limit().value).mid_double();
    EXPECT_LT(std::abs(difference), 1e-15) << "b = " << b;
  }
}

// For even d the integrand M(√d sin θ) cos^(d−2) θ is periodic and analytic: equidistant points again. For d = 3, z is uniform.
TEST(MseIntegrator, SphereByOtherQuadratures) {
  for (const int d : {2, 4, 6, 20}) {
    MseIntegrator& integrator = dithered(3);
    Precision precision(96);
    constexpr int points = 150;
    Ball sum, weight;
    for (int k = 0; k < points; ++k) {
      const double theta = 3.141592653589793 * (k + 0.5) / points;
      const double w = std::pow(std::cos(theta), d - 2);
      sum += integrator.mse(Ball(std::sqrt(static_cast<double>(d)) * std::sin(theta))) * w;
      weight += Ball(w);
    }
    EXPECT_NEAR((sum / weight / integrator.dense(static_cast<std::uint64_t>(d)).value).mid_double(), 1, 1e-12) << d;
  }
  MseIntegrator& three = dithered(3);
  const double root = std::sqrt(3.0);
  const double mean = boost::math::quadrature::gauss<double, 30>::integrate(
      [&](double z) { return three.mse(Ball(z)).mid_double() / root; }, 0.0, root);
  EXPECT_NEAR(mean / three.dense(3).value.mid_double(), 1, 1e-13);
}

TEST(MseIntegrator, SphereFromOneDimensionToInfinity) {
  MseIntegrator& integrator = dithered(3);
  EXPECT_TRUE(integrator.dense(1).value.overlaps(integrator.mse(Ball(1))));
  const Ball limit = integrator.limit().value;
  const double far = (limit - integrator.dense(1000).value).mid_double(), farther = (limit - integrator.dense(10000).value).mid_double();
  EXPECT_NEAR(far / farther, 10, 0.2);
}

TEST(MseIntegrator, MeanOverAllSigns) {
  const std::vector<std::vector<double>> vectors = {
      {1}, {1, 1}, {3, 4}, {1, -2, 3, 0, 0.25}, gaussian(7), {1e-300, 1, 1, 2, 2, 2}, {0.1, 0.1, 0.1, 0.7, 1e30, -2e30}};
  for (const Scheme scheme : schemes) {
    for (const int b : {1, 3}) {
      MseIntegrator integrator(scheme, b, 20);
      for (const auto& x : vectors) {
        expect_agree(integrator.hd(RademacherSum(x)).value, mean_over_signs(integrator, x), 1e-18,
                     std::string(scheme_name(scheme)) + ", d = " + std::to_string(x.size()));
      }
    }
  }
}

// Thirty digits mean thirty digits.
TEST(MseIntegrator, ReachesTheDigitsAskedFor) {
  for (const int b : {1, 4, 8}) {
    MseIntegrator integrator(Scheme::dithered, b, 30);
    const Expectation flat = integrator.hd(RademacherSum::flat(500)), mixed = integrator.hd(RademacherSum(gaussian(20)));
    EXPECT_LT((flat.value.radius() / flat.value).mid_double(), 1e-29) << flat.method;
    EXPECT_LT((mixed.value.radius() / mixed.value).mid_double(), 1e-29) << mixed.method;
    EXPECT_LT((integrator.limit().value.radius() / integrator.limit().value).mid_double(), 1e-29);
  }
}

TEST(MseIntegrator, SumsAgainstProductsOfCosines) {
  for (const int b : {1, 4, 8}) {
    MseIntegrator& integrator = dithered(b);
    const MomentApproximation& cosines = integrator.moment_approximation();
    std::vector<RademacherSum> sums = {RademacherSum::flat(1), RademacherSum::flat(2), RademacherSum::flat(1000000),
                                       RademacherSum(gaussian(24))};
    std::vector<double> two(3000, 1.0);
    std::fill(two.begin(), two.begin() + 1000, 0.1);
    sums.emplace_back(two);  // two binomials
    std::vector<double> geometric(40);
    for (std::size_t i = 0; i < geometric.size(); ++i) geometric[i] = std::pow(0.5, static_cast<double>(i));
    sums.emplace_back(geometric);
    for (const RademacherSum& sum : sums) {
      const Expectation exact = integrator.hd(sum);
      const Ball approximate = cosines.expectation(sum);
      EXPECT_TRUE(approximate.overlaps(exact.value)) << exact.method << ": " << exact.value << " against " << approximate;
      EXPECT_LT((approximate.radius() / approximate).mid_double(), 1e-7);
    }
  }
}

TEST(MseIntegrator, LargeVectorsAreNarrow) {
  for (int b = 1; b <= shipped_bits; ++b) {
    MseIntegrator& integrator = dithered(b);
    const Expectation e = integrator.hd(RademacherSum(gaussian(4096)));
    EXPECT_LT((2 * e.value.radius() / e.value).mid_double(), 1e-6) << e.method;
  }
}

// k-hot: the limit is approached like 1/k.
TEST(MseIntegrator, KHotTendsToTheLimit) {
  for (const Scheme scheme : {Scheme::dithered, Scheme::uniform}) {
    MseIntegrator integrator(scheme, 2);
    const Ball limit = integrator.limit().value;
    const auto gap = [&](std::uint64_t k) { return (limit - integrator.hd(RademacherSum::flat(k)).value).mid_double(); };
    EXPECT_NEAR(gap(1000) / gap(10000), 10, scheme == Scheme::dithered ? 0.1 : 6);
    EXPECT_LT(std::abs(gap(1000000)), 1e-5 * limit.mid_double());
  }
}

RC_GTEST_PROP(MseIntegrator, InvariantUnderPermutationSignPaddingAndScale, ()) {
  const auto scheme = *rc::gen::elementOf(std::vector<Scheme>(std::begin(schemes), std::end(schemes)));
  const int b = *rc::gen::inRange(1, 5);
  const auto integers = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(-9, 10)));
  RC_PRE(std::any_of(integers.begin(), integers.end(), [](int v) { return v != 0; }));
  RC_PRE(integers.size() <= 16u);
  std::vector<double> x(integers.begin(), integers.end()), y = x;
  std::mt19937 engine(*rc::gen::arbitrary<unsigned>());
  std::shuffle(y.begin(), y.end(), engine);
  for (double& value : y) value *= engine() % 2 == 0 ? -0.375 : 0.375;
  y.resize(y.size() + engine() % 5, 0.0);
  MseIntegrator integrator(scheme, b);
  const Ball of_x = integrator.hd(RademacherSum(x)).value, of_y = integrator.hd(RademacherSum(y)).value;
  RC_ASSERT(of_x.overlaps(of_y));
  RC_ASSERT((of_x.radius() / of_x).mid_double() < 1e-12);
}

// The actual quantizer: encode and decode at many U, all signs, the vector error in R^d.
TEST(MseIntegrator, AgreesWithTheQuantizerItself) {
  const std::vector<double> x = {1, -0.5, 0.25, 2};
  const std::size_t d = x.size();
  for (const int b : {1, 2, 3}) {
    const ScalarQuantizer quantizer(b);
    const HadamardOrder order = hadamard_order(d);
    Precision precision(64);
    const Ball norm = RademacherSum(x).norm();
    constexpr int points = 400;  // midpoints in U; decoded values jump, so the error falls like 1/points at worst
    double total = 0;
    for (unsigned signs = 0; signs < 16; ++signs) {
      std::vector<Ball> y(d);
      for (std::size_t i = 0; i < d; ++i) y[i] = Ball((signs >> i & 1) ? -x[i] : x[i]);
      hadamard_transform(order, y);
      for (int k = 0; k < points; ++k) {
        const Ball u = Ball(2 * k + 1) / (2 * points);
        std::vector<Ball> decoded(d);
        for (std::size_t j = 0; j < d; ++j) decoded[j] = quantizer.decode(quantizer.encode(y[j] / norm, u), u);
        hadamard_transform_transposed(order, decoded);
        for (std::size_t i = 0; i < d; ++i) {
          const Ball estimate = decoded[i] * norm / Ball(d) * ((signs >> i & 1) ? -1 : 1);
          total += square(estimate - x[i]).mid_double();
        }
      }
    }
    MseIntegrator& integrator = dithered(b);
    const double expected = (integrator.hd(RademacherSum(x)).value * square(norm)).mid_double();
    EXPECT_NEAR(total / (16 * points) / expected, 1, 0.01) << "b = " << b;
  }
}

TEST(MseIntegrator, TwoRotationsOverAllSigns) {
  for (const Scheme scheme : {Scheme::dithered, Scheme::lloyd_max}) {
    MseIntegrator integrator(scheme, 2, 20);
    for (const std::vector<double>& x : {std::vector<double>{1, 0, 0, 0}, std::vector<double>{1, 2, -3, 0.5}, std::vector<double>{1, 1, 1}}) {
      const HadamardOrder order = hadamard_order(x.size());
      Precision precision(192);
      const Ball scale = 1 / (sqrt(Ball(order.order)) * RademacherSum(x).norm());
      Ball total;
      for (unsigned signs = 0; signs < 256; ++signs) {
        std::vector<Ball> w(order.order);
        for (std::size_t i = 0; i < x.size(); ++i) w[i] = Ball((signs >> i & 1) ? -x[i] : x[i]);
        hadamard_transform(order, w);
        for (std::size_t i = 0; i < order.order; ++i) w[i] = (signs >> (4 + i) & 1) ? -w[i] : w[i];
        hadamard_transform(order, w);
        total += integrator.mse(w[0] * scale);
      }
      expect_agree(integrator.hdhd(x).value, total / 256, 1e-15, scheme_name(scheme));
    }
    // One-hot becomes flat under the first rotation.
    std::vector<double> one_hot(1024);
    one_hot[3] = 1;
    EXPECT_TRUE(integrator.hdhd(one_hot).value.overlaps(integrator.hd(RademacherSum::flat(1024)).value));
  }
  MseIntegrator& integrator = dithered(2);
  EXPECT_THROW(integrator.hdhd(gaussian(64)), Unaffordable);
}

// ---- comparators ----

TEST(LloydMax, DistortionsOfTheSpecification) {
  const char* expected[] = {"0.36338022763 +/- 1e-11", "0.11748184782 +/- 2e-11", "0.03454776080 +/- 2e-11",
                            "0.00950100798 +/- 4e-11", "0.00250466838 +/- 4e-11"};
  Precision precision(160);
  for (int b = 1; b <= 5; ++b) {
    const Ball distortion = lloyd_max(std::int64_t{1} << b).distortion;
    EXPECT_TRUE(Ball(std::string(expected[b - 1])).contains(distortion)) << distortion;
  }
  for (std::int64_t n = 2; n <= 256; n += n < 20 ? 1 : 59) {
    const LloydMax q = lloyd_max(n);
    EXPECT_GE(q.distortion.accuracy_bits(), 110) << n;  // 33 digits
    for (const Ball& r : q.codewords) EXPECT_GE(r.accuracy_bits(), 110) << n;
    // The fixed point: thresholds halve gaps, codewords are centroids (quotients of erfc and exp here).
    for (std::size_t k = 0; k + 1 < q.codewords.size(); ++k) {
      const Ball low = q.thresholds[k], high = q.thresholds[k + 1];
      EXPECT_TRUE(high.overlaps((q.codewords[k] + q.codewords[k + 1]) / 2));
      const Ball mass = (erfc(low / sqrt(Ball(2))) - erfc(high / sqrt(Ball(2)))) / 2;
      EXPECT_TRUE(q.codewords[k].overlaps((normal_density(low) - normal_density(high)) / mass)) << n << ", " << k;
    }
  }
}

TEST(Comparators, NormalLimits) {
  for (const std::int64_t n : {2, 3, 4, 7, 16, 64}) {
    MseIntegrator lloyd(Scheme::lloyd_max, Generator(n, Real(1), Real(1)));
    EXPECT_TRUE(lloyd.limit().value.overlaps(lloyd_max(n).distortion)) << n;
    // Subtractive dither, overload in closed form: E (z − L)²; z > L.
    MseIntegrator uniform(Scheme::uniform, Generator(n, Real(1), Real(1)));
    Precision precision(128);
    const Ball step = uniform_step(n), end = step * (n - 1) / 2;
    const Ball overload = (1 + square(end)) * normal_cdf(-end) - end * normal_density(end);
    EXPECT_TRUE(uniform.limit().value.overlaps(square(step) / 12 + 2 * overload)) << n;
    // The step is a minimum.
    for (const double other : {0.99, 1.01}) {
      const ScalarRule rule = uniform_rule(n, step * other);
      const Ball there = square(step * other) / 12 + 2 * ((1 + square(end * other)) * normal_cdf(-end * other) -
                                                          end * other * normal_density(end * other));
      EXPECT_TRUE(certainly_less(uniform.limit().value, there)) << n;
    }
  }
}

// Each rule by its definition: the nearest codeword, shifted by the dither where the scheme says so.
TEST(Comparators, MatchTheirDefinition) {
  for (const std::int64_t n : {2, 3, 4, 5, 8}) {
    Precision precision(128);
    const LloydMax q = lloyd_max(n);
    std::vector<double> codewords;
    for (const Ball& r : q.codewords) {
      codewords.push_back(r.mid_double());
      codewords.push_back(-r.mid_double());
    }
    if (n % 2 == 1) codewords.push_back(0);
    const auto nearest = [&](double z) {
      return *std::min_element(codewords.begin(), codewords.end(),
                               [&](double a, double b) { return std::abs(a - z) < std::abs(b - z); });
    };
    const double delta = n == 2 ? 2 * q.codewords[0].mid_double()
                         : n % 2 == 0 ? q.thresholds[1].mid_double() : 2 * q.thresholds[0].mid_double();
    const double step = uniform_step(n).mid_double();
    const ScalarRule lloyd = lloyd_max_rule(n), shifted = shifted_rule(n), uniform = scalar_rule(Scheme::uniform, n);
    for (double z = -4.01; z < 4.1; z += 0.173) {
      EXPECT_NEAR(lloyd.mse(Ball(z)).mid_double(), std::pow(nearest(z) - z, 2), 1e-14);
      EXPECT_NEAR(lloyd.mean(Ball(z)).mid_double(), nearest(z), 1e-14);
      constexpr int points = 20000;
      double s1 = 0, s2 = 0, u1 = 0, u2 = 0;
      for (int k = 0; k < points; ++k) {
        const double u = (k + 0.5) / points, shift = delta * (u - 0.5);
        const double decoded = nearest(z - shift) + shift;
        s1 += decoded / points, s2 += std::pow(decoded - z, 2) / points;
        const double code = std::clamp(std::floor(z / step + 0.5 * static_cast<double>(n) + 0.5 - u), 0.0, static_cast<double>(n - 1));
        const double value = step * (code + u - 0.5 * static_cast<double>(n));
        u1 += value / points, u2 += std::pow(value - z, 2) / points;
      }
      EXPECT_NEAR(shifted.mean(Ball(z)).mid_double(), s1, 3e-4) << n << " z " << z;
      EXPECT_NEAR(shifted.mse(Ball(z)).mid_double(), s2, 5e-4 * (1 + s2)) << n << " z " << z;
      EXPECT_NEAR(uniform.mean(Ball(z)).mid_double(), u1, 3e-4) << n << " z " << z;
      EXPECT_NEAR(uniform.mse(Ball(z)).mid_double(), u2, 5e-4 * (1 + u2)) << n << " z " << z;
    }
  }
}

// SPEC §6: without dither one HD leaves a one-hot vector above the paper's bound, for every seed.
TEST(Comparators, LloydMaxBreaksTheBoundOnOneHot) {
  MseIntegrator lloyd(Scheme::lloyd_max, 2);
  const Ball one_hot = lloyd.hd(RademacherSum::flat(1)).value;
  EXPECT_NEAR(one_hot.mid_double(), 0.26053, 5e-6);
  const Ball bound = Ball::pi() * sqrt(Ball(3)) / 32;
  EXPECT_TRUE(certainly_less(bound, one_hot));
  EXPECT_NEAR(bound.mid_double(), 0.17004, 1e-5);
}

// Where the law is known, the lattice must enclose its expectation; in dimension 384 it must be narrow.
TEST(LatticeLaw, EnclosesTheExactExpectation) {
  for (const Scheme scheme : {Scheme::lloyd_max, Scheme::shifted, Scheme::uniform}) {
    for (const int b : {1, 2, 4}) {
      MseIntegrator integrator(scheme, b);
      const ScalarRule rule = scalar_rule(scheme, std::int64_t{1} << b);
      for (const auto& x : {gaussian(20), std::vector<double>{1}, std::vector<double>(64, 0.3)}) {
        const RademacherSum sum(x);
        for (const double work : {1e6, 1e8}) {
          const Ball lattice = lattice_expectation(sum, rule.mse, Ball(10), work);
          const Ball exact = integrator.hd(sum).value;
          EXPECT_TRUE(lattice.overlaps(exact)) << scheme_name(scheme) << b << " d " << x.size() << lattice << exact;
        }
      }
    }
  }
  MseIntegrator integrator(Scheme::lloyd_max, 4);
  const Expectation e = integrator.hd(RademacherSum(gaussian(384)));
  EXPECT_LT((e.value.radius() / e.value).mid_double(), 1e-5) << e.method;
}

}  // namespace
}  // namespace hdq::reference
