// SPEC §3–§5 without a sample: for small d, every sign vector is tried and the dither is integrated exactly, and then
//   E[x̂] = x   and   E‖x̂ − x‖² = ρ² E[M(Σ ε_i x_i/ρ)]   to 40 digits.
// The quantizer here is the one that counts thresholds: the U axis is cut where a threshold passes z, the code of every piece is
// asked of encode(), and codewords are integrated over the piece. The window formula appears only in M.
#include <gtest/gtest.h>

#include <map>

#include "hdq/reference/scheme/vector_quantizer.hpp"
#include "quadrature.hpp"

namespace hdq::reference {
namespace {

constexpr int digits = 40;
constexpr slong bits = 220;

// U in (0, 1) with θ_k(U) = z, if there is one; θ_k increases in U with slope g(k + U) − g(k − 1 + U).
bool crossing(const Generator& g, std::int64_t k, const Ball& z, Ball& u) {
  const Ball low = k == 1 ? Ball::power_of_two(-4000) : Ball(0), high = k == g.levels() - 1 ? 1 - low : Ball(1);
  const auto theta = [&](const Ball& t) { return g.antiderivative(k + t) - g.antiderivative(k - 1 + t); };
  if (k > 1 && certainly_less(z, theta(low))) return false;
  if (k < g.levels() - 1 && certainly_less(theta(high), z)) return false;
  double left = 0, right = 1;
  for (int step = 0; step < 40; ++step) {
    const double middle = 0.5 * (left + right);
    (certainly_less(theta(Ball(middle)), z) ? left : right) = middle;
  }
  u = Ball(0.5 * (left + right));
  const auto slope = [&](const Ball& t) { return g.g(k + t) - g.g(k - 1 + t); };
  for (int step = 0; step < 5; ++step) u = (u - (theta(u) - z) / slope(u)).mid();
  const Ball range = with_error(u, Ball::power_of_two(-bits + 40));  // interval Newton
  const Ball image = u - (theta(u) - z) / slope(range);
  if (!range.contains(image)) throw std::logic_error("the crossing is not where Newton went");
  u = image;
  // For odd N and z = 0 a threshold passes exactly at an end of the axis: no cut.
  return !u.contains(Ball(0)) && !u.contains(Ball(1));
}

struct Moments {
  Ball mean, mean_square_error;
};

// E_U[r_code(U)] and E_U[(r_code(U) − z)²].
Moments integrate_over_dither(const ScalarQuantizer& quantizer, const Ball& z) {
  const Generator& g = quantizer.generator();
  std::vector<Ball> cuts = {Ball(0)};
  for (std::int64_t k = g.levels() - 1; k >= 1; --k) {
    Ball u;
    if (crossing(g, k, z, u)) cuts.push_back(u);
  }
  cuts.push_back(Ball(1));
  Moments moments;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    if (!certainly_less(cuts[i], cuts[i + 1])) throw std::logic_error("cuts out of order");
    const std::int64_t code = quantizer.encode(z, ldexp(cuts[i] + cuts[i + 1], -1).mid());
    const Ball from = code + cuts[i], to = code + cuts[i + 1];
    const Ball first = g.antiderivative(to) - g.antiderivative(from);
    moments.mean += first;
    moments.mean_square_error += integral_of_power(g, from, to, 2) - 2 * z * first + square(z) * (cuts[i + 1] - cuts[i]);
  }
  return moments;
}

// Sign vectors number 0 … 2^d − 1.
std::vector<int> sign_vector(std::size_t d, std::uint64_t number) {
  std::vector<int> epsilon(d);
  for (std::size_t i = 0; i < d; ++i) epsilon[i] = number >> i & 1 ? -1 : 1;
  return epsilon;
}

class ExactLaw {
 public:
  ExactLaw(ScalarQuantizer scalar, std::vector<float> x) : scalar_(std::move(scalar)), x_(std::move(x)) {
    rho_ = static_cast<float>(exact_norm(x_.data(), x_.size()).mid_double());
  }

  void check() {
    const std::size_t n = x_.size(), d = hadamard_order(n).order;
    const Ball rho(static_cast<double>(rho_)), count = Ball::power_of_two(static_cast<slong>(d));
    std::vector<Ball> mean(n);
    Ball error, mse_of_sum;
    for (std::uint64_t number = 0; number < (std::uint64_t{1} << d); ++number) {
      const VectorQuantizer vector(n, scalar_, sign_vector(d, number));
      std::vector<Ball> decoded;
      Ball error_of_signs;
      for (const Ball& y : vector.rotate(x_.data())) {
        const Moments& m = moments(y);
        decoded.push_back(m.mean);
        error_of_signs += m.mean_square_error;
      }
      decoded = vector.rotate_back(std::move(decoded), rho_);
      for (std::size_t i = 0; i < n; ++i) {
        ASSERT_TRUE(decoded[i].contains(Ball(static_cast<double>(x_[i])))) << "biased for these signs: " << decoded[i];
        mean[i] += decoded[i] / count;
      }
      error += square(rho) / d * error_of_signs / count;
      Ball sum;
      for (std::size_t i = 0; i < n; ++i) sum += vector.epsilon()[i] * Ball(static_cast<double>(x_[i]));
      mse_of_sum += mse(sum) * square(rho) / count;
    }
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_TRUE(mean[i].contains(Ball(static_cast<double>(x_[i]))));
      ASSERT_TRUE(certainly_less(mean[i].radius(), tolerance() * rho)) << mean[i];
    }
    ASSERT_TRUE(error.overlaps(mse_of_sum)) << error << mse_of_sum;
    ASSERT_TRUE(certainly_less(error.radius() + mse_of_sum.radius(), tolerance() * error.mid())) << error.radius();
  }

 private:
  static Ball tolerance() { return Ball(Rational(1, boost::multiprecision::pow(Integer(10), digits))); }
  // y is an exact dyadic number, so a double names it.
  const Moments& moments(const Ball& y) {
    const double key = y.mid_double();
    if (!y.is_exact() || !y.contains(Ball(key))) throw std::logic_error("y is not a double");
    const auto found = moments_.find(key);
    if (found != moments_.end()) return found->second;
    return moments_[key] = integrate_over_dither(scalar_, y / Ball(static_cast<double>(rho_)));
  }
  const Ball& mse(const Ball& y) {
    const double key = y.mid_double();
    const auto found = mse_.find(key);
    if (found != mse_.end()) return found->second;
    return mse_[key] = scalar_.mse(y / Ball(static_cast<double>(rho_)));
  }

  ScalarQuantizer scalar_;
  std::vector<float> x_;
  float rho_ = 0;
  std::map<double, Moments> moments_;
  std::map<double, Ball> mse_;
};

std::vector<ScalarQuantizer> quantizers() {
  return {ScalarQuantizer(1), ScalarQuantizer(2), ScalarQuantizer(4), ScalarQuantizer(Generator(3, "1.7", "0.25")),
          ScalarQuantizer(Generator(5, Real::square_root(3), Rational(1, 7)))};
}

void check_all(const std::vector<float>& x) {
  Precision precision(bits);
  for (ScalarQuantizer& quantizer : quantizers()) {
    ExactLaw law(quantizer, x);
    law.check();
    if (testing::Test::HasFatalFailure()) FAIL() << "N = " << quantizer.levels() << ", n = " << x.size();
  }
}

TEST(ExactLaw, OneDimension) { check_all({0.75f}), check_all({-3.0f}); }
TEST(ExactLaw, TwoDimensions) { check_all({1, 0}), check_all({0, -2}), check_all({1, 1}), check_all({0.625f, -1.75f}); }
TEST(ExactLaw, FourDimensions) {
  check_all({0, 0, 1, 0}), check_all({1, -1, 0, 0}), check_all({1, 1, 1, 1}), check_all({3, -1, 0.5f, 2});
}
TEST(ExactLaw, PaddedToFourDimensions) { check_all({2, -1, 0.25f}); }
TEST(ExactLaw, EightDimensions) {
  check_all({0, 0, 0, 0, 0, 0, 0, 5}), check_all({1, 1, 1, 0, 0, 0, 0, 0}), check_all({1, 2, -3, 4, 0.5f, 0, -1, 1});
}
TEST(ExactLaw, TwelveDimensions) {
  check_all({0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), check_all({1, 1, -1, 1, 1, 1, 1, 1, 1, 1, 1, 1}),
      check_all({1, 2, 0, -1, 3, 0, 1, 0, -2, 1, 0, 1}), check_all({4, -1, 1, 0, 0, 2, 0, 0, 1});
}

// ‖x̂ − x‖² = (ρ²/d) Σ (ẑ_j − z_j)², and codes counted by definition, on the vector quantizer itself.
TEST(VectorQuantizer, ErrorIsThatOfTheRotatedCoordinates) {
  Precision precision(128);
  const std::vector<float> x = {1.5f, -0.25f, 3, 0.125f, 0, 7, -2, 1, 0.5f, -0.75f, 2, 4};
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const VectorQuantizer vector(x.size(), 3, seed);
    const float rho = static_cast<float>(exact_norm(x.data(), x.size()).mid_double());
    const Ball norm(static_cast<double>(rho)), u = dither_of_word(dither_word(seed, 11));
    const auto codes = vector.encode(x.data(), rho, u);
    const auto decoded = vector.decode(codes, rho, u);
    const auto y = vector.rotate(x.data());
    Ball error, rotated_error;
    for (std::size_t i = 0; i < x.size(); ++i) error += square(decoded[i] - static_cast<double>(x[i]));
    for (std::size_t j = 0; j < y.size(); ++j) {
      std::int64_t count = 0;
      for (std::int64_t k = 1; k < 8; ++k) {
        count += certainly_less_equal(vector.scalar().generator().threshold(k, u) * norm, y[j]) ? 1 : 0;
      }
      EXPECT_EQ(codes[j], count);
      rotated_error += square(vector.scalar().decode(codes[j], u) * norm - y[j]);
    }
    EXPECT_TRUE(error.overlaps(rotated_error / y.size()));
  }
}

TEST(VectorQuantizer, ExpectedErrorIsTheMeanOverAFineDitherGrid) {
  Precision precision(96);
  const std::vector<float> x = {1, -2, 0.5f, 3};
  const VectorQuantizer vector(4, 2, 5);
  const float rho = static_cast<float>(exact_norm(x.data(), 4).mid_double());
  double mean = 0;
  constexpr int steps = 2000;
  for (int i = 0; i < steps; ++i) {
    const Ball u = Ball(2 * i + 1) / (2 * steps);
    const auto decoded = vector.decode(vector.encode(x.data(), rho, u), rho, u);
    for (std::size_t k = 0; k < 4; ++k) mean += square(decoded[k] - static_cast<double>(x[k])).mid_double() / steps;
  }
  const double expected = vector.expected_squared_error(x.data(), rho).mid_double();
  EXPECT_NEAR(mean, expected, 0.01 * expected);
}

TEST(VectorQuantizer, UnpacksLittleEndianBitStrings) {
  const std::uint8_t bytes[] = {0b10'001'000, 0b1'100'011'0, 0b111'110'10};
  EXPECT_EQ(unpack_codes(3, bytes, 8), (std::vector<std::uint8_t>{0, 1, 2, 3, 4, 5, 6, 7}));
}

}  // namespace
}  // namespace hdq::reference
