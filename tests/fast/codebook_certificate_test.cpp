// Certificate of the codebook's polynomials (SPEC §3, §5.6): for every number of bits, cell and dither U in (0, 1)
//
//   |evaluated in double − exact| <= 2^-42·(1 + |exact|)
//
// in ball arithmetic, hence for every one of the 2^32 dither words. On small subintervals |y| <= r the exact function is its Taylor
// polynomial at the centre plus the remainder coefficient over the whole subinterval; the coefficients of the difference to the
// table's polynomial bound the approximation error. Horner's rounding errors are bounded term by term: with u = 2^-53 the
// coefficient of x^j passes through at most j + 2 roundings. Independent of the program that made the tables: there the functions
// are evaluated, here they are expanded, by A·A'' = −1 for A(p) = φ(Φ⁻¹(p)), where A' = −Φ⁻¹.
#include <arb.h>
#include <arb_hypgeom.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "hdq/stages.hpp"
#include "quantizer/codebook_tables.hpp"

namespace {

constexpr slong precision = 128;
constexpr std::size_t order = 14;      // of the Taylor expansions
constexpr int tolerance_exponent = -42;
constexpr int sigma_times_64[9] = {0, 93, 109, 111, 111, 111, 111, 111, 111};
constexpr int kappa_times_64[9] = {0, 32, 24, 20, 18, 16, 15, 14, 13};

class Ball {
 public:
  Ball() { arb_init(x_); }
  Ball(double v) : Ball() { arb_set_d(x_, v); }  // NOLINT: doubles mix freely with balls
  Ball(const Ball& o) : Ball() { arb_set(x_, o.x_); }
  Ball& operator=(const Ball& o) {
    arb_set(x_, o.x_);
    return *this;
  }
  ~Ball() { arb_clear(x_); }
  arb_ptr get() { return x_; }
  arb_srcptr get() const { return x_; }
  // Upper bound of |x|, and lower bound.
  Ball magnitude() const {
    Ball r;
    arb_get_abs_ubound_arf(arb_midref(r.x_), x_, precision);
    return r;
  }
  Ball mignitude() const {
    Ball r;
    arb_get_abs_lbound_arf(arb_midref(r.x_), x_, precision);
    return r;
  }
  double approximate() const { return arf_get_d(arb_midref(x_), ARF_RND_NEAR); }

 private:
  arb_t x_;
};

Ball operator+(const Ball& a, const Ball& b) { Ball r; arb_add(r.get(), a.get(), b.get(), precision); return r; }
Ball operator-(const Ball& a, const Ball& b) { Ball r; arb_sub(r.get(), a.get(), b.get(), precision); return r; }
Ball operator*(const Ball& a, const Ball& b) { Ball r; arb_mul(r.get(), a.get(), b.get(), precision); return r; }
Ball operator/(const Ball& a, const Ball& b) { Ball r; arb_div(r.get(), a.get(), b.get(), precision); return r; }
Ball ln(const Ball& a) { Ball r; arb_log(r.get(), a.get(), precision); return r; }
Ball hull(const Ball& a, const Ball& b) { Ball r; arb_union(r.get(), a.get(), b.get(), precision); return r; }

static_assert(sizeof(Ball) == sizeof(arb_struct), "a vector of balls is a vector of arb_t");

using Series = std::vector<Ball>;  // coefficients of y^0 … y^order

Series operator+(Series a, const Series& b) { for (std::size_t i = 0; i < a.size(); ++i) a[i] = a[i] + b[i]; return a; }
Series operator-(Series a, const Series& b) { for (std::size_t i = 0; i < a.size(); ++i) a[i] = a[i] - b[i]; return a; }
Series operator*(const Ball& c, Series a) { for (Ball& x : a) x = c * x; return a; }

Ball normal_quantile(const Ball& p) {
  // Neighbouring pieces and cells share their ends: the last few are remembered.
  static std::array<std::pair<Ball, Ball>, 4> last;
  static std::size_t next = 0;
  for (const auto& [argument, quantile] : last) {
    if (arb_equal(argument.get(), p.get())) return quantile;
  }
  Ball q, root;
  arb_hypgeom_erfinv(q.get(), (Ball(2) * p - Ball(1)).get(), precision);
  arb_sqrt_ui(root.get(), 2, precision);
  last[next] = {p, root * q};
  next = (next + 1) % last.size();
  return root * q;
}
Ball normal_density(const Ball& q) {
  Ball r, two_pi;
  arb_exp(r.get(), (Ball(-0.5) * q * q).get(), precision);
  arb_const_pi(two_pi.get(), precision);
  arb_mul_2exp_si(two_pi.get(), two_pi.get(), 1);
  arb_sqrt(two_pi.get(), two_pi.get(), precision);
  return r / two_pi;
}

// A position v = low … high: Taylor coefficients at every point of it are enclosed.
struct Range {
  Ball low, high;
  Ball whole() const { return hull(low, high); }
};
Range operator+(double shift, const Range& v) { return {Ball(shift) + v.low, Ball(shift) + v.high}; }

// Coefficients, in powers of h·y, of A(v/N) for v in the range; `extra` further ones for the derivative.
Series density_series(const Range& v, int n, const Ball& h, std::size_t extra = 0) {
  const Ball levels(n);
  const bool point = arb_equal(v.low.get(), v.high.get()) != 0;
  const Ball low = normal_quantile(v.low / levels), high = point ? low : normal_quantile(v.high / levels);
  const Ball q = hull(low, high);                          // Φ⁻¹ is increasing
  Series a(order + 1 + extra), second(order - 1 + extra);  // of A and A''
  a[0] = normal_density(q);
  a[1] = Ball(0) - q;
  for (std::size_t i = 0; i + 2 < a.size(); ++i) {  // coefficient i of A·A'' = −1
    Ball sum(i == 0 ? -1 : 0);
    if (i > 0)
      arb_dot(sum.get(), sum.get(), 1, a[1].get(), 1, second[i - 1].get(), -1, static_cast<slong>(i), precision);
    second[i] = sum / a[0];
    a[i + 2] = second[i] / Ball(static_cast<double>((i + 2) * (i + 1)));
  }
  Ball scale(1);
  for (Ball& c : a) {
    c = c * scale;
    scale = scale * h / levels;
  }
  return a;
}
// Φ⁻¹(v/N) = −A'(v/N).
Series quantile_series(const Range& v, int n, const Ball& h) {
  const Series a = density_series(v, n, h, 1);
  Series q(order + 1);
  for (std::size_t i = 0; i <= order; ++i) q[i] = Ball(-static_cast<double>(i + 1)) * a[i + 1] * Ball(n) / h;
  return q;
}
Series log_series(const Range& v, const Ball& h) {
  const Ball x = v.whole();
  Series s(order + 1);
  s[0] = hull(ln(v.low), ln(v.high));
  Ball power(1);
  for (std::size_t i = 1; i <= order; ++i) {
    power = Ball(0) - power * h / x;
    s[i] = Ball(-1) / Ball(static_cast<double>(i)) * power;
  }
  return s;
}
Series reciprocal_series(const Range& v, const Ball& h) {
  const Ball x = v.whole();
  Series s(order + 1);
  s[0] = Ball(1) / x;
  for (std::size_t i = 1; i <= order; ++i) s[i] = Ball(0) - s[i - 1] * h / x;
  return s;
}

enum class Kind { threshold, codeword };

struct Generator {
  int bits, n;
  Ball sigma, kappa;
  explicit Generator(int b) : bits(b), n(1 << b), sigma(sigma_times_64[b] / 64.0), kappa(kappa_times_64[b] / 64.0) {}

  Range mirrored(const Range& v) const { return {Ball(n) - v.low, Ball(n) - v.high}; }
  Series g(const Range& v, const Ball& h) const {
    const Ball minus = Ball(0) - h;
    return sigma * quantile_series(v, n, h) + kappa * (reciprocal_series(mirrored(v), minus) - reciprocal_series(v, h));
  }
  Series antiderivative(const Range& v, const Ball& h) const {
    const Ball minus = Ball(0) - h;
    return Ball(-1) * (sigma * Ball(n) * density_series(v, n, h) + kappa * (log_series(v, h) + log_series(mirrored(v), minus)));
  }
  // What the table of `kind` approximates in `cell` (0 is the end cell) at U in the range, in powers of y where U moves by h·y.
  Series target(Kind kind, int cell, const Range& u, const Ball& h) const {
    if (kind == Kind::codeword) return g(cell + u, h);
    if (bits > 1) return antiderivative(cell + 1 + u, h) - antiderivative(cell + u, h);
    return sigma * Ball(n) * density_series(u, n, h) + kappa * (log_series(u, h) - log_series(1 + u, h));
  }
};

// Coefficients of p(centre + y).
Series shifted(const std::vector<double>& p, double centre) {
  Series s(p.begin(), p.end());
  for (std::size_t i = 0; i < s.size(); ++i)
    for (std::size_t j = s.size() - 1; j-- > i;) s[j] = s[j] + Ball(centre) * s[j + 1];
  return s;
}

// Σ_j |p_j| 2^-j ((1 + u)^(j + 2) − 1): rounding of the Horner sequences for |x| <= 1/2.
Ball rounding_bound(const std::vector<double>& p) {
  Ball sum(0), growth(1), power(1);
  const Ball one_plus_u = Ball(1) + Ball(0x1p-53);
  growth = one_plus_u * one_plus_u;
  for (double c : p) {
    sum = sum + Ball(std::abs(c)) * power * (growth - Ball(1));
    growth = growth * one_plus_u;
    power = power * Ball(0.5);
  }
  return sum;
}

// The polynomial p in x on [−1/2, 1/2] against what it approximates; U = base + h·x.
class Approximation {
 public:
  Approximation(const Generator& generator, Kind kind, int cell, const std::vector<double>& p, const Ball& base,
                const Ball& h)
      : generator_(generator), kind_(kind), cell_(cell), p_(p), base_(base), h_(h), rounding_(rounding_bound(p)) {}

  // Upper bound of the error in units of 2^tolerance_exponent·(1 + |exact|): below 1, or as small as pieces of the last size make it.
  double certified_ratio(double centre = 0, double radius = 0.5) const {
    // The error oscillates like a Chebyshev polynomial, fastest at the ends, where its extrema are 1/degree² apart.
    const bool last = radius * static_cast<double>(p_.size() * p_.size()) <= 0.5;
    if (radius < 0.1) {
      const Ball ratio = ratio_on(centre, radius);
      const bool certified = arb_is_finite(ratio.get()) && arb_lt(ratio.get(), Ball(1).get());
      if (certified || last) {
        EXPECT_TRUE(certified) << "bits " << generator_.bits << (kind_ == Kind::threshold ? " threshold" : " codeword")
                               << " cell " << cell_ << " x " << centre << " ± " << radius << " ratio "
                               << ratio.approximate();
        return ratio.approximate();
      }
    }
    const double half = radius / 2;
    return std::max(certified_ratio(centre - half, half), certified_ratio(centre + half, half));
  }

 private:
  Ball ratio_on(double centre, double radius) const {
    const Ball low = base_ + h_ * Ball(centre - radius), high = base_ + h_ * Ball(centre + radius),
               middle = base_ + h_ * Ball(centre);
    const Series at_centre = generator_.target(kind_, cell_, {middle, middle}, h_);
    const Series everywhere = generator_.target(kind_, cell_, {low, high}, h_);
    const Series table = shifted(p_, centre);
    Ball error = rounding_, power(1), variation(0);
    for (std::size_t i = 0; i < std::max(order, table.size()); ++i) {
      Ball difference = i < table.size() ? table[i] : Ball(0);
      if (i < order) difference = difference - at_centre[i];
      error = error + difference.magnitude() * power;
      if (i > 0 && i < order) variation = variation + at_centre[i].magnitude() * power;
      power = power * Ball(radius);
    }
    Ball remainder = everywhere[order].magnitude();
    for (std::size_t i = 0; i < order; ++i) remainder = remainder * Ball(radius);
    error = error + remainder;
    variation = variation + remainder;
    const Ball smallest = at_centre[0].mignitude() - variation;
    const Ball allowed = Ball(std::ldexp(1.0, tolerance_exponent)) * (Ball(1) + (arb_is_positive(smallest.get()) ? smallest : Ball(0)));
    return error / allowed;
  }

  const Generator& generator_;
  Kind kind_;
  int cell_;
  const std::vector<double>& p_;
  Ball base_, h_, rounding_;
};

// Interleaved (even, odd), highest first → ascending powers.
std::vector<double> polynomial(const double* c, int steps, int stride) {
  std::vector<double> p;
  for (int i = steps - 1; i >= 0; --i) {
    p.push_back(c[2 * i * stride]);
    p.push_back(c[(2 * i + 1) * stride]);
  }
  return p;
}

class Certificate : public ::testing::TestWithParam<std::tuple<int, Kind>> {};

TEST_P(Certificate, EndCell) {
  const auto [bits, kind] = GetParam();
  const Generator generator(bits);
  const hdq::detail::EndTable& end = (kind == Kind::threshold ? hdq::detail::threshold_tables : hdq::detail::codeword_tables)[bits - 1].end;
  double worst = 0;
  for (int binade = 0; binade < hdq::detail::dither_binades; ++binade) {
    const Ball h(std::ldexp(1.0, -1 - binade));
    const std::vector<double> p = polynomial(end.coefficients + 2 * end.steps * binade, end.steps, 1);
    worst = std::max(worst, Approximation(generator, kind, 0, p, Ball(1.5) * h, h).certified_ratio());
  }
  std::printf("error below %.3f * 2^%d (1 + |exact|)\n", worst, tolerance_exponent);
}

TEST_P(Certificate, TwoSidedCells) {
  const auto [bits, kind] = GetParam();
  if (bits == 1) return;  // none
  const Generator generator(bits);
  const hdq::detail::PairTable& pairs =
      (kind == Kind::threshold ? hdq::detail::threshold_tables : hdq::detail::codeword_tables)[bits - 1].pairs;
  const int lanes = pairs.lanes(bits);
  const double* c = pairs.coefficients;
  double worst = 0;
  for (int group = 0; group < pairs.groups(bits); ++group) {
    for (int lane = 0; lane < lanes; ++lane) {
      const int cell = group * lanes + lane;
      if (cell == 0) continue;
      const std::vector<double> p = polynomial(c + lane, pairs.steps[group], lanes);
      worst = std::max(worst, Approximation(generator, kind, cell, p, Ball(0.5), Ball(1)).certified_ratio());
    }
    c += 2 * lanes * pairs.steps[group];
  }
  std::printf("error below %.3f * 2^%d (1 + |exact|)\n", worst, tolerance_exponent);
}

INSTANTIATE_TEST_SUITE_P(AllBits, Certificate,
                         ::testing::Combine(::testing::Range(1, hdq::BitWidth::most + 1), ::testing::Values(Kind::threshold, Kind::codeword)),
                         [](const auto& info) {
                           return std::string(std::get<1>(info.param) == Kind::threshold ? "Threshold" : "Codeword") +
                                  std::to_string(std::get<0>(info.param));
                         });

// For N = 2 the threshold is S(U) − S(1 − U): with |S| < 0.82 on [1/2, 1), where the larger of U and 1 − U lies, its error is at most
// 2^-42 (2 + |S(U)| + |S(1 − U)|) + 2^-53 |θ| <= 2^-42 (2 + 2·0.82 + |θ|) + 2^-53 |θ| < 2^-40 (1 + |θ|).
TEST(TwoLevelThreshold, HalfThresholdIsSmallAboveOneHalf) {
  const Generator generator(1);
  for (int i = 0; i < 64; ++i) {
    const Ball low(0.5 + i / 128.0), high(0.5 + (i + 1) / 128.0);
    const Ball value = generator.target(Kind::threshold, 0, {low, high}, Ball(1))[0].magnitude();
    EXPECT_TRUE(arb_lt(value.get(), Ball(0.82).get()));
  }
}

// The certificates speak of polynomials; this ties them to what the library returns: every cell at 40 dither words, end points of
// binades among them, against the exact value at that U.
class Evaluated : public ::testing::TestWithParam<int> {};

TEST_P(Evaluated, WithinTheContract) {
  const int bits = GetParam();
  const Generator generator(bits);
  const int levels = 1 << bits;
  std::vector<std::uint32_t> words = {0, 1, 2, 3, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE};
  for (std::uint32_t i = 1; i <= 32; ++i) words.push_back(0x9E3779B9u * i >> (i % 4 == 0 ? i - 1 : 0));
  for (std::uint32_t word : words) {
    const double u = hdq::dither_of_word(word);
    double theta[256], r[256];
    hdq::thresholds(bits, word, theta);
    hdq::codewords(bits, word, r);
    const auto expect_close = [&](double value, const Ball& exact) {
      const Ball error = (Ball(value) - exact).magnitude(), allowed = Ball(hdq::codebook_error) * (Ball(1) + exact.mignitude());
      EXPECT_TRUE(arb_le(error.get(), allowed.get())) << "bits " << bits << " word " << word << " value " << value;
    };
    for (int k = 0; k < levels; ++k) {
      const Range at{Ball(k) + Ball(u), Ball(k) + Ball(u)}, next = 1 + at;
      expect_close(r[k], generator.g(at, Ball(1))[0]);
      if (k + 1 < levels) expect_close(theta[k], (generator.antiderivative(next, Ball(1)) - generator.antiderivative(at, Ball(1)))[0]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllBits, Evaluated, ::testing::Range(1, hdq::BitWidth::most + 1));

}  // namespace
