// Moments and errors of codebooks against quadrature in double; verdicts: right codebooks get none, planted faults each their own.
#include "hdq/reference/expectation/codebook_diagnosis.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

#include "hdq/reference/expectation/bias.hpp"
#include "hdq/reference/expectation/mse_integrator.hpp"
#include "hdq/reference/numbers/real.hpp"
#include "hdq/reference/scheme/hadamard.hpp"
#include "sphere_quadrature.hpp"

namespace hdq::reference {
namespace {

using ::testing::HasSubstr;

constexpr ScaleRule rules[] = {ScaleRule::norm, ScaleRule::matched_norm, ScaleRule::unbiased, ScaleRule::least_squares};

Rational rounded_to(double value, int digits) {
  char text[40];
  std::snprintf(text, sizeof text, "%.*e", digits - 1, value);
  return parse_rational(text);
}

// The Lloyd–Max table of N levels, in z times `factor`, to so many digits.
Codebook lloyd_max_table(std::int64_t levels, std::uint64_t sphere = 0, double factor = 1, int digits = 9) {
  Precision precision(96);
  const LloydMax q =
      lloyd_max(levels, sphere == 0 ? CoordinateDistribution::normal() : CoordinateDistribution::sphere(sphere));
  Codebook codebook;
  for (auto r = q.codewords.rbegin(); r != q.codewords.rend(); ++r)
    codebook.codewords.push_back(-rounded_to(factor * r->mid_double(), digits));
  if (levels % 2 == 1) codebook.codewords.push_back(0);
  for (const Ball& r : q.codewords) codebook.codewords.push_back(rounded_to(factor * r.mid_double(), digits));
  return codebook;
}

std::vector<Rational> float_midpoints(const Codebook& codebook) {
  std::vector<Rational> thresholds;
  for (std::size_t k = 1; k < codebook.levels(); ++k) {
    const float middle =
        0.5f * (codebook.codewords[k - 1].convert_to<float>() + codebook.codewords[k].convert_to<float>());
    thresholds.push_back(Rational(static_cast<double>(middle)));
  }
  return thresholds;
}

std::string verdicts(const CodebookDiagnosis& diagnosis) {
  std::string text;
  for (const CodebookVerdict& v : diagnosis.verdicts) text += (v.wrong ? "WRONG: " : "note: ") + v.text + "\n";
  return text;
}
std::string verdicts(const Codebook& codebook, std::uint64_t dimension = 0, ScaleRule rule = ScaleRule::norm) {
  return verdicts(diagnose(codebook, dimension, rule));
}

// An asymmetric codebook with thresholds that are no midpoints, under both laws.
TEST(CodebookError, MomentsAgainstQuadrature) {
  Codebook codebook{{-2, Rational(-1, 2), Rational(1, 4), Rational(3, 2), Rational(5, 4)},
                    {Rational(-3, 2), 0, Rational(9, 10), 2}};
  codebook.unit = CodebookUnit::parse("3/8");
  for (const std::uint64_t d : {0u, 2u, 3u, 8u, 64u}) {
    const std::uint64_t dimension = d == 0 ? 8 : d;
    const Ball scale = codebook.unit.scale(dimension);
    const CodebookMoments m = codebook_moments(codebook, scale, {d});
    const SphereQuadrature law(static_cast<double>(d));
    double mean = 0, energy = 0, correlation = 0, error = 0;
    for (std::size_t k = 0; k < 5; ++k) {
      const double s = scale.mid_double(), c = codebook.codewords[k].convert_to<double>() * s;
      const double low = k == 0 ? -law.extent() : codebook.thresholds[k - 1].convert_to<double>() * s;
      const double high = k == 4 ? law.extent() : codebook.thresholds[k].convert_to<double>() * s;
      if (low > law.extent() || high < -law.extent()) continue;
      const double share = law.integral(0, low, high), partial = law.integral(1, low, high);
      EXPECT_NEAR(m.share[k].mid_double(), share, 1e-10) << d << " " << k;
      EXPECT_NEAR(m.partial_mean[k].mid_double(), partial, 1e-10) << d << " " << k;
      mean += share * c, energy += share * c * c, correlation += partial * c;
      error += law.squared_error(c, low, high);
    }
    EXPECT_NEAR(m.mean.mid_double(), mean, 1e-9) << d;
    EXPECT_NEAR(scaled_error(ScaleRule::norm, m).mid_double(), error, 1e-9) << d;
    EXPECT_NEAR(scaled_error(ScaleRule::matched_norm, m).mid_double(), 2 - 2 * correlation / std::sqrt(energy), 1e-9)
        << d;
    EXPECT_NEAR(scaled_error(ScaleRule::unbiased, m).mid_double(), energy / (correlation * correlation) - 1, 1e-9) << d;
    EXPECT_NEAR(scaled_error(ScaleRule::least_squares, m).mid_double(), 1 - correlation * correlation / energy, 1e-9)
        << d;
  }
}

// Each rule's x̂ formed in double.
TEST(CodebookError, VectorsAgainstTheDefinition) {
  Codebook codebook{{-1, Rational(-1, 4), Rational(1, 4), 1}, {}};
  codebook.unit = CodebookUnit::parse("1/3");
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  for (const std::size_t n : {1u, 2u, 7u, 50u}) {
    std::vector<double> x(n);
    for (double& value : x) value = normal(random);
    const std::optional<CodebookMoments> m = CodebookOnVectors(codebook, n)(x);
    ASSERT_TRUE(m);
    double norm = 0, cc = 0, cx = 0;
    std::vector<double> c(n);
    for (const double value : x) norm += value * value;
    norm = std::sqrt(norm);
    for (std::size_t i = 0; i < n; ++i) {
      const double u = x[i] / norm;
      double nearest = 1e9;
      for (const double word : {-1.0 / 3, -1.0 / 12, 1.0 / 12, 1.0 / 3}) {
        if (std::abs(word - u) < std::abs(nearest - u)) nearest = word;
      }
      c[i] = nearest, cc += c[i] * c[i], cx += c[i] * x[i];
    }
    const double factors[] = {norm, norm / std::sqrt(cc), norm * norm / cx, cx / cc};
    for (std::size_t r = 0; r < 4; ++r) {
      double error = 0;
      for (std::size_t i = 0; i < n; ++i) error += std::pow(factors[r] * c[i] - x[i], 2);
      EXPECT_NEAR(scaled_error(rules[r], *m).mid_double(), error / (norm * norm), 1e-12 * (1 + error)) << n << " " << r;
    }
    EXPECT_FALSE(CodebookOnVectors(codebook, n)(std::vector<double>(n, 0.0)));
  }
  // A constant vector lies on the threshold 1: exactly.
  Codebook tied{{0, 2}, {}};
  for (const auto tie : {Codebook::Tie::up, Codebook::Tie::down}) {
    tied.tie = tie;
    const CodebookMoments m = *CodebookOnVectors(tied, 12)(std::vector<double>(12, 0.1));
    EXPECT_EQ(m.share[1].mid_double(), tie == Codebook::Tie::up ? 1 : 0);
  }
}

// An asymmetric codebook, with thresholds and without: the laws of one coordinate that MseIntegrator and codebook_bias use, against whole vectors under
// every sign pattern, and those against the definition with entries of H.
TEST(CodebookError, TheIntegratorAgreesWithWholeVectors) {
  Precision precision(128);
  const Codebook nearest{{-2, Rational(-1, 3), Rational(1, 4), Rational(3, 2)}, {}};
  const Codebook given{{-2, Rational(-1, 3), Rational(1, 4), Rational(3, 2)}, {Rational(-11, 10), Rational(1, 7), 1}};
  for (Codebook codebook : {nearest, given}) {
    codebook.unit = CodebookUnit::parse("0.3");
    for (const std::vector<double>& x : {std::vector<double>{1},
                                         {1, -2, 3},
                                         {1, 1, 1, 1, 1},
                                         {2, 0, -1, 5, 0, 0, 1},
                                         {0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7}}) {
      const std::uint64_t order = hadamard_order(x.size()).order;
      const CodebookOverSigns whole = codebook_over_signs(codebook, x);
      MseIntegrator one(codebook, order);
      EXPECT_TRUE(one.hd(RademacherSum(x)).value.overlaps(whole.error[0]))
          << one.hd(RademacherSum(x)).value << whole.error[0];
      EXPECT_LT(one.hd(RademacherSum(x)).value.radius().mid_double(), 1e-12);
      const Bias bias = codebook_bias(codebook, order, Rotation::hd, x);
      EXPECT_TRUE(bias.correlation.overlaps(whole.correlation[0])) << bias.correlation << whole.correlation[0];
      EXPECT_TRUE(whole.correlation[2].overlaps(Ball(1)));
    }
    MseIntegrator integrator(codebook, 24);
    EXPECT_TRUE(integrator.dense(24).value.overlaps(
        scaled_error(ScaleRule::norm, codebook_moments(codebook, codebook.unit.scale(24), {24}))));
    EXPECT_TRUE(integrator.limit().value.overlaps(
        scaled_error(ScaleRule::norm, codebook_moments(codebook, codebook.unit.scale(24), {0}))));
    const std::vector<double> x = {0.25, -1, 3};
    const Ball none = MseIntegrator(codebook, 3).none(x).value;
    EXPECT_TRUE(none.overlaps(scaled_error(ScaleRule::norm, *CodebookOnVectors(codebook, 3)(x))));
    EXPECT_TRUE(square(codebook_bias(codebook, 3, Rotation::none, x).norm).overlaps(none));
    EXPECT_THROW(MseIntegrator(Scheme::lloyd_max, 2).none(x), std::invalid_argument);
  }
  // Many different coordinates: by the lattice, which jumps of M forbid.
  std::vector<double> many(64);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = std::sqrt(static_cast<double>(i + 2));
  EXPECT_NEAR(MseIntegrator(lloyd_max_table(4), 64, 8).hd(RademacherSum(many)).value.mid_double(), 0.1175, 5e-3);
  EXPECT_THROW(MseIntegrator(given, 64, 8).hd(RademacherSum(many)), Unaffordable);
}

TEST(CodebookError, SignsAgainstTheDefinition) {
  Codebook codebook{{-1, 0, 2}, {}};
  codebook.unit = CodebookUnit::parse("1/2");
  const std::vector<double> x = {3, -1, 0, 2};
  const double norm = std::sqrt(14.0);
  double error[4] = {}, correlation[4] = {};
  for (int signs = 0; signs < 8; ++signs) {
    const double s[] = {signs & 1 ? -1.0 : 1.0, signs & 2 ? -1.0 : 1.0, 1, signs & 4 ? -1.0 : 1.0};
    double c[4], cc = 0, cy = 0;
    for (unsigned j = 0; j < 4; ++j) {
      double y = 0;
      for (unsigned i = 0; i < 4; ++i) y += (std::popcount(i & j) % 2 == 0 ? 1 : -1) * s[i] * x[i];
      const double u = y / (2 * norm);
      c[j] = u >= 0.5 ? 1 : u >= -0.25 ? 0 : -0.5;
      cc += c[j] * c[j], cy += c[j] * u;
    }
    const double factors[] = {1, 1 / std::sqrt(cc), 1 / cy, cy / cc};
    for (int r = 0; r < 4; ++r) {
      error[r] += (1 - 2 * factors[r] * cy + factors[r] * factors[r] * cc) / 8;
      correlation[r] += factors[r] * cy / 8;
    }
  }
  const CodebookOverSigns whole = codebook_over_signs(codebook, x);
  for (std::size_t r = 0; r < 4; ++r) {
    EXPECT_NEAR(whole.error[r].mid_double(), error[r], 1e-12) << r;
    EXPECT_NEAR(whole.correlation[r].mid_double(), correlation[r], 1e-12) << r;
  }
  EXPECT_THROW(codebook_over_signs(codebook, std::vector<double>{0.5}), std::invalid_argument);
  EXPECT_THROW(codebook_over_signs(codebook, std::vector<double>{0, 0}), std::invalid_argument);
  EXPECT_THROW(codebook_over_signs(codebook, std::vector<double>(17, 1.0)), std::invalid_argument);
}

TEST(CodebookDiagnosis, RightOnesGetNoVerdict) {
  for (int bits = 1; bits <= 8; ++bits) {
    const std::int64_t levels = std::int64_t{1} << bits;
    Codebook normal = lloyd_max_table(levels, 0, 1, 4);
    EXPECT_EQ(verdicts(normal), "") << bits;
    Codebook sphere = lloyd_max_table(levels, 64, 0.125);  // of unit vectors
    sphere.unit = CodebookUnit::parse("1");
    EXPECT_EQ(verdicts(sphere, 64), "") << bits;
    if (bits == 8) continue;
    normal.thresholds = float_midpoints(normal);
    EXPECT_EQ(verdicts(normal), "") << bits;
  }
  for (const std::uint64_t d : {2u, 3u, 4u, 8u, 1024u}) {
    for (const std::int64_t levels : {2, 3, 4, 16, 31}) {
      const Codebook sphere = lloyd_max_table(levels, d);
      for (const ScaleRule rule : rules)
        EXPECT_EQ(verdicts(sphere, d, rule), "") << d << " " << levels << " " << scale_rule_name(rule);
    }
  }
  EXPECT_EQ(verdicts({{-1, 1}, {}}, 0, ScaleRule::unbiased), "");  // signs, of any size
}

TEST(CodebookDiagnosis, TooNarrow) {
  const std::string narrow = verdicts(lloyd_max_table(16, 0, 0.61));
  EXPECT_THAT(narrow, HasSubstr("WRONG: too narrow: best scale is 1.639 (the codebook is 0.61 of it); error 3.5"));
  EXPECT_THAT(narrow, HasSubstr("times the optimum, 1 times at the best scale\n"));
  EXPECT_THAT(verdicts(lloyd_max_table(4, 0, 1.25)),
              HasSubstr("WRONG: too wide: best scale is 0.8 (the codebook is 1.25 of it)"));
  EXPECT_THAT(verdicts({{-1, 1}, {}}), HasSubstr("too wide: best scale is 0.7979"));
}

TEST(CodebookDiagnosis, ATableForSigmaOneOnUnitVectors) {
  Codebook table = lloyd_max_table(16);
  table.unit = CodebookUnit::parse("1");
  const std::string text = verdicts(table, 128);
  EXPECT_THAT(
      text,
      HasSubstr("WRONG: a table for sigma = 1 on unit vectors: 4 of 16 codes used; too wide: best scale is 0.08"));
  Codebook other = lloyd_max_table(16, 128, 1 / std::sqrt(128.0));
  EXPECT_THAT(
      verdicts(other, 128),
      HasSubstr("WRONG: a table for unit vectors on coordinates of variance one: too narrow: best scale is 11.31"));
}

TEST(CodebookDiagnosis, ABadStartOfLloydsIteration) {
  Codebook bad;  // half of the codewords far out, where nothing is
  for (int k = -128; k < 128; ++k) bad.codewords.push_back(Rational(2 * k + 1, k < -16 || k >= 16 ? 40 : 16));
  std::sort(bad.codewords.begin(), bad.codewords.end());
  const CodebookDiagnosis d = diagnose(bad, 0, ScaleRule::norm);
  const std::string text = verdicts(d);
  EXPECT_TRUE(d.wrong());
  EXPECT_THAT(text, HasSubstr("WRONG: not the optimum: error "));
  EXPECT_THAT(text, HasSubstr(" times pi sqrt(3)/2 N^-2; centroids are not the means of their cells"));
}

TEST(CodebookDiagnosis, Order) {
  Codebook swapped = lloyd_max_table(16);
  std::swap(swapped.codewords[5], swapped.codewords[6]);
  EXPECT_THAT(verdicts(swapped),
              HasSubstr("WRONG: two centroids are swapped: 5 and 6; with thresholds in order, error "));
  swapped.thresholds = float_midpoints(lloyd_max_table(16));
  const std::string text = verdicts(swapped);
  EXPECT_THAT(text, HasSubstr("WRONG: two centroids are swapped: 5 and 6"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("midpoint")));
  Codebook reversed = lloyd_max_table(8);
  std::reverse(reversed.codewords.begin(), reversed.codewords.end());
  EXPECT_THAT(verdicts(reversed), HasSubstr("WRONG: the centroids are in descending order"));
  Codebook mixed = lloyd_max_table(8);
  std::rotate(mixed.codewords.begin(), mixed.codewords.begin() + 1, mixed.codewords.begin() + 4);
  EXPECT_THAT(verdicts(mixed), HasSubstr("WRONG: the centroids are not in order: 4 of them out of place, first 0"));
}

TEST(CodebookDiagnosis, SingleCodewords) {
  Codebook wrong = lloyd_max_table(16);
  const Rational right = wrong.codewords[11];
  wrong.codewords[11] = wrong.codewords[12] - Rational(1, 100);
  EXPECT_THAT(verdicts(wrong), HasSubstr("WRONG: one centroid is wrong: 11; 11 is "));
  wrong.codewords[11] = wrong.codewords[12];
  EXPECT_THAT(verdicts(wrong), HasSubstr("WRONG: equal centroids: 11 and 12 are "));
  wrong.codewords[11] = right;
  EXPECT_EQ(verdicts(wrong), "");
}

TEST(CodebookDiagnosis, Thresholds) {
  Codebook codebook = lloyd_max_table(8);
  codebook.thresholds = float_midpoints(codebook);
  codebook.thresholds[4] += Rational(1, 4);
  EXPECT_EQ(verdicts(codebook), ("WRONG: 1 threshold of 7 is no midpoint: 5; threshold 5 is 0.7505, the midpoint "
                                 "0.5005; error 1.295 times that with midpoints\n"));
  codebook.thresholds[4] -= Rational(1, 4) - Rational(1, 1000);
  EXPECT_THAT(verdicts(codebook), HasSubstr("note: 1 threshold of 7 is no midpoint: 5"));
}

TEST(CodebookDiagnosis, Symmetry) {
  Codebook shifted = lloyd_max_table(8);
  shifted.thresholds = float_midpoints(shifted);
  for (Rational& c : shifted.codewords) c -= Rational(1, 8);
  EXPECT_THAT(verdicts(shifted), HasSubstr("WRONG: asymmetric: centroids 0 and 7 of the ascending table are -2.277 and "
                                           "2.027; the mean of the decoded values "
                                           "is -0.125, which is 31.14 % of the error"));
  EXPECT_THAT(verdicts(shifted), HasSubstr("WRONG: 7 thresholds of 7 are no midpoints: 1, 2, 3, 4, 5, 6, ...;"));
  EXPECT_THAT(verdicts({{0, Rational(1, 2), 1, 2}, {}}), HasSubstr("WRONG: no centroid is negative"));
}

TEST(CodebookDiagnosis, AUniformQuantizerIsRemarkedUpon) {
  Codebook uniform;
  for (int k = 0; k < 16; ++k) uniform.codewords.push_back(Rational(2 * k - 15) * parse_rational("0.1676"));
  EXPECT_THAT(verdicts(uniform), HasSubstr("note: evenly spaced, a uniform quantizer: error 1.2"));
  EXPECT_FALSE(diagnose(uniform, 0, ScaleRule::norm).wrong());
  EXPECT_TRUE(diagnose(multiple_of(uniform, Rational(1, 2)), 0, ScaleRule::norm).wrong());
}

TEST(CodebookDiagnosis, NeedsTheDimensionForAUnit) {
  Codebook codebook = lloyd_max_table(2);
  codebook.unit = CodebookUnit::parse("1");
  EXPECT_THROW(diagnose(codebook, 0, ScaleRule::norm), std::invalid_argument);
}

// Max's errors as papers print them.
TEST(CodebookDiagnosis, PrintedFigures) {
  const auto judge = [](const char* figure, int bits) {
    const CodebookVerdict v = judge_claim(figure, lloyd_max(std::int64_t{1} << bits).distortion);
    return (v.wrong ? "WRONG: " : "") + v.text;
  };
  EXPECT_EQ(judge("0.3634", 1), "0.3634 is right: the error rounded to 4 digits, and a bound");
  EXPECT_EQ(judge("0.03455", 3), "0.03455 is right: the error rounded to 4 digits, and a bound");
  EXPECT_EQ(judge("0.03", 3),
            "WRONG: 0.03 is the error rounded down to 1 digit, and as a bound it is false: the error is 0.03455");
  EXPECT_EQ(judge("0.009", 4),
            "WRONG: 0.009 is the error rounded down to 1 digit, and as a bound it is false: the error is 0.009501");
  EXPECT_EQ(judge("9.50e-3", 4),
            "9.50e-3 is right: the error rounded down to 3 digits; as a bound it is too small by 0.01061 %");
  EXPECT_EQ(judge("0.1175", 2), "0.1175 is right: the error rounded to 4 digits, and a bound");
  EXPECT_EQ(judge("0.04", 3), "0.04 is a bound: the error rounded up to 1 digit");
  EXPECT_EQ(judge("0.12", 3), "WRONG: 0.12 is not the error: it is 3.473 times 0.03455; as a bound it holds");
  EXPECT_EQ(judge("0.0117", 2), "WRONG: 0.0117 is not the error: it is 0.09959 times 0.1175; as a bound it is false");
  for (const char* figure : {"0", "-1", "3/100", "x", ""})
    EXPECT_THROW(judge_claim(figure, Ball(1)), std::invalid_argument) << figure;
}

}  // namespace
}  // namespace hdq::reference
