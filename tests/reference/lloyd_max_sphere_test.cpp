// The sphere's coordinate law by its series, and its Lloyd–Max quantizers, against a route that shares nothing with them: Simpson's rule
// in double on z = √d sin θ, where the density is cos^(d−2) θ; and the elementary cases d = 2 (arcsine) and d = 3 (uniform).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "hdq/reference/numbers/normal.hpp"
#include "hdq/reference/scheme/lloyd_max.hpp"
#include "sphere_quadrature.hpp"

namespace hdq::reference {
namespace {

TEST(CoordinateDistribution, SphereAgainstQuadrature) {
  for (const std::uint64_t d : {2u, 3u, 4u, 5u, 8u, 24u, 129u, 1000u}) {
    const CoordinateDistribution law = CoordinateDistribution::sphere(d);
    const SphereQuadrature quadrature(static_cast<double>(d));
    const double end = std::sqrt(static_cast<double>(d));
    for (const double z : {-0.999 * end, -0.6 * end, -1.0, -0.01, 0.0, 0.3, 1.0, 1.2, 0.5 * end, 0.75 * end, 0.99 * end}) {
      if (std::abs(z) > 8 || std::abs(z) > end) continue;
      const Ball tail = law.tail(Ball(z)), mean = law.partial_mean(Ball(z));
      EXPECT_NEAR(tail.mid_double(), quadrature.integral(0, z, end), 1e-11) << d << " " << z;
      EXPECT_NEAR(mean.mid_double(), quadrature.integral(1, z, end), 1e-11) << d << " " << z;
      EXPECT_GT(tail.accuracy_bits(), 80) << d << " " << z;
      EXPECT_TRUE((tail + law.tail(Ball(-z))).contains(Ball(1)));
      // Its slope is the density.
      if (std::abs(z) < 0.9 * end) {
        const Ball h = Ball::power_of_two(-30);
        EXPECT_NEAR(((law.tail(Ball(z) - h) - law.tail(Ball(z) + h)) / (2 * h) / law.density(Ball(z))).mid_double(), 1, 1e-6) << d << " " << z;
      }
    }
    EXPECT_TRUE(law.tail(Ball(end) + 1).contains_zero());
    EXPECT_TRUE(law.tail(sqrt(Ball(d))).contains_zero());
    EXPECT_TRUE(law.tail(-sqrt(Ball(d))).contains(Ball(1)));
  }
}

TEST(CoordinateDistribution, ElementaryCases) {
  const CoordinateDistribution arcsine = CoordinateDistribution::sphere(2), uniform = CoordinateDistribution::sphere(3);
  EXPECT_TRUE(arcsine.tail(Ball(1)).overlaps(Ball(0.25)));                                 // sin θ = 1/√2
  EXPECT_TRUE(arcsine.partial_mean(Ball(1)).overlaps(1 / Ball::pi()));                     // √2 cos θ/π
  EXPECT_TRUE(uniform.tail(sqrt(Ball(3)) / 2).overlaps(Ball(0.25)));
  EXPECT_TRUE(uniform.density(Ball(1)).overlaps(1 / sqrt(Ball(12))));
  EXPECT_TRUE(uniform.partial_mean(Ball(0)).overlaps(sqrt(Ball(3)) / 4));
  // (1 + O(1/d)) of the normal law.
  const CoordinateDistribution large = CoordinateDistribution::sphere(1 << 24);
  for (const double z : {0.0, 0.5, 2.0, 6.0}) EXPECT_NEAR((large.tail(Ball(z)) / normal_cdf(Ball(-z))).mid_double(), 1, 1e-4) << z;
  EXPECT_THROW(CoordinateDistribution::sphere(1), std::invalid_argument);
}

// Centroids, midpoints and the error, each by quadrature.
TEST(LloydMaxOfTheSphere, IsStationary) {
  for (const std::uint64_t d : {2u, 3u, 4u, 8u, 128u}) {
    for (const std::int64_t levels : {2, 3, 4, 7, 16}) {
      const LloydMax q = lloyd_max(levels, CoordinateDistribution::sphere(d));
      const SphereQuadrature quadrature(static_cast<double>(d));
      ASSERT_EQ(q.codewords.size(), static_cast<std::size_t>(levels / 2));
      double error = 0;
      if (levels % 2 == 1) error += quadrature.squared_error(0, 0, q.thresholds[0].mid_double());
      for (std::size_t k = 0; k < q.codewords.size(); ++k) {
        const double r = q.codewords[k].mid_double(), low = q.thresholds[k].mid_double();
        const double high = k + 1 < q.codewords.size() ? q.thresholds[k + 1].mid_double() : std::sqrt(static_cast<double>(d));
        EXPECT_NEAR(r, quadrature.integral(1, low, high) / quadrature.integral(0, low, high), 1e-9) << d << " " << levels << " " << k;
        if (k > 0) { EXPECT_NEAR(low, 0.5 * (r + q.codewords[k - 1].mid_double()), 1e-15); }
        error += quadrature.squared_error(r, low, high);
      }
      EXPECT_NEAR(q.distortion.mid_double(), 2 * error, 1e-10) << d << " " << levels;
      if (d == 3) { EXPECT_TRUE(q.distortion.overlaps(1 / square(Ball(levels)))) << levels; }
    }
  }
  EXPECT_TRUE(lloyd_max(2, CoordinateDistribution::sphere(2)).distortion.overlaps(1 - 8 / square(Ball::pi())));
}

}  // namespace
}  // namespace hdq::reference
