// The compander (SPEC §3, fast/src/quantizer/compand_tables.hpp): its error bound in ball arithmetic, and its codes against the definition.
#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <limits>

#include "simd/kernels.hpp"
#include "quantizer/compand_tables.hpp"
#include "test_support.hpp"
#include "hdq/reference/scheme/generator.hpp"

namespace {

using namespace hdq;

// ---- ε ----

// P_s − F on a piece of a segment, F = c⁻¹ − N/2, by its image under c: with e(r) = c(N/2 + P(r)) − w(s + r), the mean value theorem
// gives |P − F| <= |e| / min c'. And |e| <= |e(m)| + |e'(m)| h + |e''| h²/2 on |r − m| <= h, enclosed.
class Certificate {
 public:
  Certificate(int bits, int segment) : bits_(bits), generator_(reference::Generator::shipped(bits)), segment_(segment) {
    const detail::CompandTable& table = detail::compand_tables[bits - detail::compand_min_bits];
    for (int i = 0; i <= table.degree; ++i) p_.push_back(static_cast<double>(table.coefficients[16 * i + segment]));
  }

  // Largest |P − F|, largest F'(z)·(2|z| + w/4 + 2^-12), over all the segment.
  struct Bounds {
    reference::Ball error, slope, polynomial;
  };
  Bounds bounds() const {
    // As many as leave the sum below ε: the second-order term of a piece is overestimated.
    static constexpr int pieces_of[] = {64, 64, 64, 256, 256, 512};
    const int pieces = pieces_of[bits_ - detail::compand_min_bits];
    Bounds b{0, 0, 0};
    const double h = 0.5 / pieces;
    for (int piece = 0; piece < pieces; ++piece) add_piece(-0.5 + h * (2 * piece + 1), h, b);
    return b;
  }

 private:
  using Ball = reference::Ball;

  // c'(t) and c''(t).
  Ball slope(const Ball& t) const { return generator_.g(t + 0.5) - generator_.g(t - 0.5); }
  Ball curvature(const Ball& t) const { return generator_.derivative(t + 0.5) - generator_.derivative(t - 0.5); }
  Ball polynomial(const Ball& r, int derivative) const {
    Ball sum(0);
    for (int i = static_cast<int>(p_.size()) - 1; i >= derivative; --i) {
      double factor = p_[static_cast<std::size_t>(i)];
      for (int k = 0; k < derivative; ++k) factor *= i - k;
      sum = sum * r + factor;
    }
    return sum;
  }

  void add_piece(double middle, double h, Bounds& b) const {
    const Ball half = ldexp(Ball(generator_.levels()), -1), w(static_cast<double>(detail::compand_width));
    const Ball m(middle), all = with_error(m, h);
    const Ball at = half + polynomial(m, 0), everywhere = half + polynomial(all, 0);
    const Ball e = generator_.antiderivative(at + 0.5) - generator_.antiderivative(at - 0.5) - w * (segment_ + m);
    const Ball e1 = slope(at) * polynomial(m, 1) - w;
    const Ball steepness = slope(everywhere);
    const Ball e2 = curvature(everywhere) * square(polynomial(all, 1)) + steepness * polynomial(all, 2);
    const Ball residual = (abs(e) + abs(e1) * h + abs(e2) * h * h / 2).upper_end();
    // F lies within `error` of P: c' over that neighbourhood holds for the mean value theorem and for F' = 1/c'.
    const Ball error = (residual / steepness.lower_end() * Ball(1.01)).upper_end();
    const Ball lowest = slope(with_error(everywhere, error + 0x1p-16)).lower_end();
    ASSERT_TRUE(certainly_less_equal(residual / lowest, error));
    const Ball z = w * (segment_ + all);
    b.error = max(b.error, error);
    b.slope = max(b.slope, ((ldexp(abs(z), 1) + w / 4 + 0x1p-12) / lowest).upper_end());
    b.polynomial = max(b.polynomial, abs(polynomial(all, 0)).upper_end());
  }

  int bits_;
  reference::Generator generator_;
  int segment_;
  std::vector<double> p_;
};

class CompandError : public ::testing::TestWithParam<int> {};

TEST_P(CompandError, IsBelowEpsilon) {
  using reference::Ball;
  const int bits = GetParam(), n = 1 << bits, base_exponent = detail::compand_base_exponent(bits);
  const detail::CompandTable& table = detail::compand_tables[bits - detail::compand_min_bits];
  const double epsilon = std::ldexp(1.0, table.error_exponent);
  Certificate::Bounds worst{0, 0, 0};
  Ball coefficients(0);
  for (int segment = 0; segment < detail::compand_segments; ++segment) {
    const Certificate::Bounds b = Certificate(bits, segment).bounds();
    worst = {max(worst.error, b.error), max(worst.slope, b.slope), max(worst.polynomial, b.polynomial)};
    Ball sum(0);
    for (int i = 1; i <= table.degree; ++i) sum += std::abs(static_cast<double>(table.coefficients[16 * i + segment]));
    coefficients = max(coefficients, sum);
  }
  const Ball rounding = ldexp((worst.slope + (2 << base_exponent) + n / 4 + coefficients / 2) * (1 + 0x1p-12), -24);
  const Ball total = worst.error + rounding;
  std::printf("bits %d: approximation %.3g + rounding %.3g = %.3g, epsilon %.3g\n", bits, worst.error.upper_double(),
              rounding.upper_double(), total.upper_double(), epsilon);
  EXPECT_TRUE(certainly_less_equal(total, Ball(epsilon)));
  // x stays inside [base, 2 base): 0 < X − ε, X + 2ε < N.
  EXPECT_TRUE(certainly_less(worst.polynomial + 0.5 + 3 * epsilon, Ball(n) / 2));
}

// The table holds the segments of negative z, P_{−s}(r) = −P_s(−r), and −8 = 8 out of range.
TEST_P(CompandError, OddSymmetry) {
  const detail::CompandTable& table = detail::compand_tables[GetParam() - detail::compand_min_bits];
  for (int i = 0; i <= table.degree; ++i) {
    const float* row = table.coefficients + 16 * i;
    EXPECT_TRUE(std::isnan(row[8]));
    for (int s = 1; s < 8; ++s) EXPECT_EQ(row[16 - s], i % 2 == 0 ? -row[s] : row[s]);
    if (i % 2 == 0) {
      EXPECT_EQ(row[0], 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllBits, CompandError, ::testing::Range(detail::compand_min_bits, 9));

// ---- codes ----

class CompandCodes : public ::testing::TestWithParam<std::tuple<Isa, int>> {
 protected:
  Isa isa() const { return std::get<0>(GetParam()); }
  int bits() const { return std::get<1>(GetParam()); }
  std::size_t count() const { return (std::size_t{1} << bits()) - 1; }

  std::vector<float> scaled(std::uint32_t word, float norm) const {
    std::vector<double> theta(count());
    std::vector<float> result(count());
    thresholds(bits(), word, theta.data(), Isa::scalar);
    scale_thresholds(bits(), theta.data(), norm, result.data());
    return result;
  }

  // Against #{k : y >= scaled_k}, counted.
  void check(const std::vector<float>& y, std::uint32_t word, float norm) const {
    const std::vector<float> limits = scaled(word, norm);
    std::vector<std::uint8_t> codes(y.size());
    detail::kernels(isa()).compand(bits(), y.data(), y.size(), word, norm, codes.data());
    const bool sorted =
        std::is_sorted(limits.begin(), limits.end()) && !std::isnan(limits.front()) && !std::isnan(limits.back());
    for (std::size_t j = 0; j < y.size(); ++j) {
      const auto expected =
          sorted && !std::isnan(y[j])
              ? std::upper_bound(limits.begin(), limits.end(), y[j]) - limits.begin()
              : std::count_if(limits.begin(), limits.end(), [&](float limit) { return y[j] >= limit; });
      ASSERT_EQ(codes[j], expected) << "y " << y[j] << " word " << word << " norm " << norm;
    }
  }
};

std::vector<std::uint32_t> words(int random) {
  std::vector<std::uint32_t> w = {0, 1, 2, 0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF, 0x55555555};
  for (int i = 2; i < 32; ++i) w.push_back(1u << i);
  test::Integers integers(11);
  for (int i = 0; i < random; ++i) w.push_back(static_cast<std::uint32_t>(integers.next()));
  return w;
}

std::vector<float> norms() {
  std::vector<float> r = {1.0f, 0.3f, 0x1p-100f, 0x1p100f, 0x1.fffffep-100f, 0x1.fffffep99f, 0x1.000002p0f, 0x1.fffffep0f};
  test::Integers integers(12);
  for (int i = 0; i < 6; ++i)
    r.push_back(std::ldexp(1 + static_cast<float>(integers.below(1 << 23)) * 0x1p-23f, static_cast<int>(integers.below(40)) - 20));
  return r;
}

// A standard normal variable nearly, times the norm.
float normal(test::Integers& integers, float norm) {
  double sum = 0;
  for (int i = 0; i < 12; ++i) sum += static_cast<double>(integers.below(1u << 30)) * 0x1p-30 - 0.5;
  return static_cast<float>(sum * static_cast<double>(norm));
}

// Every threshold and its four neighbours on both sides.
TEST_P(CompandCodes, AroundThresholds) {
  for (float norm : norms())
    for (std::uint32_t word : words(100)) {
      std::vector<float> y;
      for (float limit : scaled(word, norm)) {
        float below = limit, above = limit;
        y.push_back(limit);
        for (int step = 0; step < 4; ++step) {
          y.push_back(below = std::nextafter(below, -FLT_MAX));
          y.push_back(above = std::nextafter(above, FLT_MAX));
        }
      }
      check(y, word, norm);
      if (HasFatalFailure()) return;
    }
}

// Where X is about to pass an integer, closer than ε and further: steps of 2^-20 to 2^-8 in z.
TEST_P(CompandCodes, NearThresholds) {
  test::Integers integers(13);
  for (float norm : norms())
    for (std::uint32_t word : words(60)) {
      std::vector<float> y;
      for (float limit : scaled(word, norm))
        for (int exponent = 8; exponent <= 20; ++exponent) {
          const double step = std::ldexp(static_cast<double>(norm) * static_cast<double>(integers.below(1024)), -exponent - 10);
          y.push_back(static_cast<float>(static_cast<double>(limit) + step));
          y.push_back(static_cast<float>(static_cast<double>(limit) - step));
        }
      check(y, word, norm);
      if (HasFatalFailure()) return;
    }
}

TEST_P(CompandCodes, Random) {
  test::Integers integers(14);
  for (float norm : norms())
    for (std::uint32_t word : words(100)) {
      std::vector<float> y(2000);
      for (float& v : y) v = normal(integers, norm);
      for (std::size_t j = 0; j < y.size(); j += 3)  // beyond the range too
        y[j] = static_cast<float>((static_cast<double>(integers.below(1u << 30)) * 0x1p-30 - 0.5) * 10 * static_cast<double>(norm));
      check(y, word, norm);
      if (HasFatalFailure()) return;
    }
}

// The ends of the table's range, one step at a time, and of the segments.
TEST_P(CompandCodes, SegmentEnds) {
  for (float norm : norms())
    for (std::uint32_t word : words(5)) {
      std::vector<float> y;
      for (int half_segments = 0; half_segments <= 20; ++half_segments) {
        float above = static_cast<float>(half_segments * 0.5 * static_cast<double>(detail::compand_width) * static_cast<double>(norm)), below = above;
        for (int step = 0; step < 24; ++step) {
          for (float v : {above, below, -above, -below}) y.push_back(v);
          above = std::nextafter(above, FLT_MAX);
          below = std::nextafter(below, 0.0f);
        }
      }
      check(y, word, norm);
      if (HasFatalFailure()) return;
    }
}

// Zeros, subnormal and huge numbers, infinities, NaN; and norms that the codec never has, 0 among them.
TEST_P(CompandCodes, Extremes) {
  std::vector<float> y;
  for (float v : {0.0f, FLT_MIN, FLT_MIN / 2, FLT_TRUE_MIN, FLT_MAX, FLT_MAX / 2, std::numeric_limits<float>::infinity(),
                  std::numeric_limits<float>::quiet_NaN(), 1.0f, 3.9f, 4.0f, 4.2f, 8.0f, 8.5f, 9.0f, 100.0f, 0x1p23f, 0x1p24f, 0x1p31f, 0x1p32f,
                  0x1p33f, 0x1p64f, 0x1p-30f}) {
    y.push_back(v);
    y.push_back(-v);
  }
  std::vector<float> all = norms();
  for (float norm : {0.0f, FLT_TRUE_MIN, FLT_MIN, 0x1p-101f, 0x1p-120f, 0x1.fffffep-101f, 0x1.000002p100f, 0x1p110f, 0x1p120f}) all.push_back(norm);
  for (float norm : all)
    for (std::uint32_t word : words(20)) {
      check(y, word, norm);
      std::vector<float> multiples;
      for (float v : y) multiples.push_back(v * norm);
      check(multiples, word, norm);
      if (HasFatalFailure()) return;
    }
}

// Any count and alignment; nothing outside is read or written.
TEST_P(CompandCodes, EveryCount) {
  test::Integers integers(15);
  for (std::size_t n = 0; n <= 200; ++n)
    for (const auto side : {test::Guarded<float>::Side::begin, test::Guarded<float>::Side::end}) {
      const test::Guarded<float> y(n, side);
      const test::Guarded<std::uint8_t> codes(n, static_cast<test::Guarded<std::uint8_t>::Side>(side));
      for (std::size_t j = 0; j < n; ++j) y.data()[j] = normal(integers, 1.0f);
      const auto word = static_cast<std::uint32_t>(integers.next());
      detail::kernels(isa()).compand(bits(), y.data(), n, word, 1.0f, codes.data());
      std::vector<std::uint8_t> expected(n);
      quantize(bits(), y.data(), n, scaled(word, 1.0f).data(), expected.data(), Isa::scalar);
      ASSERT_TRUE(test::same_bytes(codes.data(), expected.data(), n)) << n;
    }
}

INSTANTIATE_TEST_SUITE_P(All, CompandCodes,
                         ::testing::Combine(::testing::ValuesIn(test::supported_isas()), ::testing::Range(detail::compand_min_bits, 9)),
                         [](const auto& info) { return std::string(isa_name(std::get<0>(info.param))) + "_" + std::to_string(std::get<1>(info.param)); });

}  // namespace
