// Bias and inner products by second routes: all sign vectors, trace identities, and a coarse dither word (SPEC §4–§6, §5.9).
#include <gtest/gtest.h>

#include <cmath>

#include "hdq/reference/expectation/bias.hpp"
#include "hdq/reference/scheme/hadamard.hpp"
#include "hdq/reference/expectation/inner_product.hpp"
#include "hdq/reference/scheme/lloyd_max.hpp"

namespace hdq::reference {
namespace {

// E x̂ over all signs, from the rule's mean.
std::vector<Ball> mean_estimate(const ScalarRule& rule, const std::vector<double>& x, bool twice) {
  const HadamardOrder order = hadamard_order(x.size());
  const std::size_t d = order.order;
  const Ball norm = RademacherSum(x).norm(), root = twice ? sqrt(Ball(d)) : Ball(1);
  const unsigned patterns = 1u << (twice ? 2 * d : d);
  std::vector<Ball> total(d);
  const auto flip = [](std::vector<Ball>& v, unsigned signs) {
    for (std::size_t i = 0; i < v.size(); ++i) if (signs >> i & 1) v[i] = -v[i];
  };
  for (unsigned signs = 0; signs < patterns; ++signs) {
    std::vector<Ball> w(d);
    for (std::size_t i = 0; i < x.size(); ++i) w[i] = Ball(x[i]);
    flip(w, signs);
    hadamard_transform(order, w);
    if (twice) {
      flip(w, signs >> d);
      hadamard_transform(order, w);
    }
    for (Ball& value : w) value = value.contains_zero() ? Ball(0) : rule.mean(value / (norm * root));
    hadamard_transform_transposed(order, w);
    if (twice) {
      flip(w, signs >> d);
      hadamard_transform_transposed(order, w);
    }
    flip(w, signs);
    for (std::size_t i = 0; i < d; ++i) total[i] += w[i] * norm / (Ball(d) * root);
  }
  for (Ball& value : total) value = value / Ball(patterns);
  return total;
}

TEST(Bias, OverAllSigns) {
  Precision precision(160);
  for (const Scheme scheme : {Scheme::lloyd_max, Scheme::shifted, Scheme::uniform}) {
    for (const int levels : {2, 3, 4}) {
      const ScalarRule rule = scalar_rule(scheme, levels);
      for (const std::vector<double>& x : {std::vector<double>{1}, std::vector<double>{1, 1}, std::vector<double>{1, -0.5, 0.25, 2}, std::vector<double>{2, 1, -1}}) {
        for (const bool twice : {false, true}) {
          const std::vector<Ball> mean = mean_estimate(rule, x, twice);
          Ball squares, inner;
          const Ball norm = RademacherSum(x).norm();
          for (std::size_t i = 0; i < mean.size(); ++i) {
            const Ball entry = i < x.size() ? Ball(x[i]) : Ball(0);
            squares += square(mean[i] - entry);
            inner += mean[i] * entry;
          }
          const Bias bias = comparator_bias(scheme, levels, twice ? Rotation::hdhd : Rotation::hd, x);
          EXPECT_TRUE((square(bias.norm * norm)).overlaps(squares)) << scheme_name(scheme) << levels << bias.norm << squares;
          EXPECT_TRUE((bias.correlation * square(norm)).overlaps(inner)) << scheme_name(scheme) << levels;
          EXPECT_LT(bias.correlation.radius().mid_double(), 1e-14);
        }
      }
    }
  }
}

// In the limit E z Q(z) = 1 − D for centroids; on one-hot everything happens at z = ±1.
TEST(Bias, KnownValues) {
  Precision precision(128);
  const Bias limit = comparator_bias(Scheme::lloyd_max, 4, Rotation::limit, {});
  EXPECT_TRUE(limit.norm.overlaps(lloyd_max(4).distortion));
  const std::vector<double> one_hot = {0, 1, 0};
  const Bias bias = comparator_bias(Scheme::lloyd_max, 4, Rotation::hd, one_hot);
  EXPECT_NEAR(bias.norm.mid_double(), 0.5104176, 1e-7);
  EXPECT_NEAR(bias.correlation.mid_double(), 1.5104176, 1e-7);
  EXPECT_TRUE(comparator_bias(Scheme::shifted, 16, Rotation::dense, std::vector<double>(5, 1.0)).norm.certainly_positive());
  EXPECT_THROW(comparator_bias(Scheme::lloyd_max, 4, Rotation::hdhd, std::vector<double>(64, 1.0)), Unaffordable);
}

// The inequality behind the 32-bit bound, with words so short that it is nearly attained, and the bound itself.
TEST(Bias, DitherWords) {
  const ScalarQuantizer quantizer(2);
  Precision precision(128);
  for (const int word_bits : {4, 7}) {
    for (double z = -3; z < 3; z += 0.37) {
      Ball mean;
      const int words = 1 << word_bits;
      for (int w = 0; w < words; ++w) {
        const Ball u = ldexp(Ball(2 * w + 1), -word_bits - 1);
        mean += quantizer.decode(quantizer.encode(Ball(z), u), u);
      }
      const Ball slope = quantizer.window(quantizer.window_of(Ball(z))).z_slope;
      EXPECT_TRUE(certainly_less_equal(abs(mean / words - z), ldexp(slope, -word_bits))) << z;
    }
  }
  for (int b = 1; b <= shipped_bits; ++b) {
    const ScalarQuantizer q(b);
    const Ball bound = dither_word_bias_bound(q.generator());
    // E c'² of a normal z by the trapezoidal rule: a limit of vectors, so below the bound, and not far below.
    Ball normal;
    for (int k = -200; k <= 200; ++k) {
      const Ball z = ldexp(Ball(k), -4);
      normal += ldexp(normal_density(z), -4) * square(q.window(q.window_of(z)).z_slope);
    }
    EXPECT_TRUE(certainly_less(ldexp(sqrt(normal), -32), bound)) << b;
    EXPECT_TRUE(certainly_less(bound, ldexp(sqrt(normal), -29))) << b << bound << sqrt(normal);
    // E c'(S)² of a vector is at most what the bound grants: one-hot, and flat in dimension 64.
    EXPECT_TRUE(certainly_less(ldexp(q.window(q.window_of(Ball(1))).z_slope, -32), bound));
    Ball mean;
    for (int k = 0; k <= 64; ++k) {
      Ball weight;
      arb_bin_uiui(weight.get(), 64, static_cast<ulong>(k), 128);
      mean += ldexp(weight, -64) * square(q.window(q.window_of(Ball(2 * k - 64) / 8)).z_slope);
    }
    EXPECT_TRUE(certainly_less(ldexp(sqrt(mean), -32), bound)) << b;
  }
}

// Σ_i Var⟨e_i, x̂⟩ = E‖x̂ − x‖².
TEST(InnerProduct, VariancesAddUpToTheError) {
  for (const int b : {1, 3}) {
    MseIntegrator integrator(Scheme::dithered, b);
    const std::vector<double> x = {1, 0.5, -0.3, 0.25};
    Ball trace;
    for (std::size_t i = 0; i < x.size(); ++i) {
      std::vector<double> e(x.size());
      e[i] = 1;
      trace += inner_product_variance(integrator, e, x).value;
    }
    const RademacherSum sum(x);
    const Ball error = integrator.hd(sum).value * sum.norm_squared();
    EXPECT_TRUE(trace.overlaps(error)) << trace << error;
    EXPECT_LT((trace.radius() / trace).mid_double(), 1e-12);
  }
}

// Sampling U on a fine grid and all signs, for a q that is no basis vector.
TEST(InnerProduct, BySampling) {
  MseIntegrator integrator(Scheme::dithered, 2);
  const ScalarQuantizer quantizer(2);
  const std::vector<double> x = {1, 2}, q = {0.5, -1};
  const double norm = std::sqrt(5.0), expected = 0.5 - 2;
  constexpr int points = 2000;
  double sum = 0;
  Precision precision(64);
  for (int signs = 0; signs < 4; ++signs) {
    const double a = signs & 1 ? -x[0] : x[0], b = signs & 2 ? -x[1] : x[1];
    const double qa = signs & 1 ? -q[0] : q[0], qb = signs & 2 ? -q[1] : q[1];
    for (int k = 0; k < points; ++k) {
      const Ball u((k + 0.5) / points);
      const double r0 = quantizer.decode(quantizer.encode(Ball((a + b) / norm), u), u).mid_double();
      const double r1 = quantizer.decode(quantizer.encode(Ball((a - b) / norm), u), u).mid_double();
      sum += std::pow(norm / 2 * ((qa + qb) * r0 + (qa - qb) * r1) - expected, 2);
    }
  }
  EXPECT_NEAR(inner_product_variance(integrator, q, x).value.mid_double() / (sum / (4 * points)), 1, 5e-3);
  // Beyond, the bound of Cauchy and Schwarz.
  const std::vector<double> long_x(100, 1.0), long_q(100, -2.0);
  const Ball variance = inner_product_variance(integrator, long_q, long_x).value;
  EXPECT_TRUE(variance.contains(Ball(0)));
  EXPECT_NEAR(variance.upper_double() / (400 * 100 * integrator.hd(RademacherSum::flat(100)).value.mid_double()), 1, 1e-8);
}

}  // namespace
}  // namespace hdq::reference
