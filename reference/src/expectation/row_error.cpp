#include "hdq/reference/expectation/row_error.hpp"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "hdq/reference/scheme/hadamard.hpp"
#include "hdq/reference/scheme/philox.hpp"

namespace hdq::reference {
namespace {

constexpr std::size_t most_enumerated = 12;
constexpr std::size_t batches = 16;

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// The errors of patterns, one after another; patterns in batches of equal size, whose vectors of errors tell the bias. Where x is 0 there is
// none: x̂ has the sign of that coordinate as a factor, and nothing else depends on it. So only x's support is summed.
class Estimates {
 public:
  Estimates(const std::vector<std::size_t>& support, std::size_t patterns, bool exact)
      : support_(support),
        patterns_(patterns),
        exact_(exact),
        sums_(exact ? 1 : batches, std::vector<double>(support.size())),
        squares_(sums_.size()) {}

  void add(std::span<const double> difference) {
    const std::size_t batch = count_ * sums_.size() / patterns_;
    for (std::size_t i = 0; i < support_.size(); ++i) {
      const double e = difference[support_[i]];
      sums_[batch][i] += e;
      squares_[batch] += e * e;
    }
    add_error(dot(difference, difference));
  }
  // Of a rule that is unbiased given the signs: this alone, and the bias is 0.
  void add_error(double error) {
    sum_ += error;
    sum_of_squares_ += error * error;
    ++count_;
  }

  RowError result() const {
    const auto n = static_cast<double>(patterns_);
    RowError result{sum_ / n, 0, 0, 0};
    std::vector<double> all(sums_[0].size());
    for (const std::vector<double>& sum : sums_)
      for (std::size_t i = 0; i < all.size(); ++i) all[i] += sum[i];
    if (exact_) {
      result.bias = dot(all, all) / (n * n);
      return result;
    }
    result.error_deviation = std::sqrt(std::max(0.0, sum_of_squares_ / n - result.error * result.error) / (n - 1));
    double squares = 0;
    for (const double of_batch : squares_) squares += of_batch;
    result.bias = product_of_different(all, squares, n);
    double variance = 0;
    for (std::size_t b = 0; b < batches; ++b) {
      const double of_batch = product_of_different(sums_[b], squares_[b], n / batches);
      variance += (of_batch - result.bias) * (of_batch - result.bias) / (batches - 1);
    }
    // Of the mean over batches, which leaves out the products between them: more than that of `bias`.
    result.bias_deviation = squares_[0] == 0 ? 0 : std::sqrt(variance / batches);
    return result;
  }

 private:
  // The mean of ⟨e_s, e_t⟩ over s ≠ t: its expectation is ‖E e‖².
  static double product_of_different(const std::vector<double>& sum, double squares, double n) {
    return (dot(sum, sum) - squares) / (n * (n - 1));
  }

  const std::vector<std::size_t>& support_;
  std::size_t patterns_, count_ = 0;
  bool exact_;
  std::vector<std::vector<double>> sums_;
  std::vector<double> squares_;
  double sum_ = 0, sum_of_squares_ = 0;
};

std::size_t nearest_of(const std::vector<double>& midpoints, double z) {
  return static_cast<std::size_t>(std::upper_bound(midpoints.begin(), midpoints.end(), z) - midpoints.begin());
}

double normal_density(double q) { return std::exp(-0.5 * q * q) / std::sqrt(2 * std::numbers::pi); }
double normal_cdf(double q) { return 0.5 * std::erfc(-q / std::numbers::sqrt2); }
// ∫ |z − from| φ(z) dz between the two.
double first_moment(double from, double to) {
  return std::abs(normal_density(from) - normal_density(to) - from * (normal_cdf(to) - normal_cdf(from)));
}

}  // namespace

RowErrors::RowErrors(std::span<const double> x, std::size_t seeds) : x_(x.begin(), x.end()) {
  const double norm = std::sqrt(dot(x, x));
  if (hadamard_order(x.size()).order != x.size() || !(norm > 0) || seeds < 2 * batches || seeds % batches != 0)
    throw std::invalid_argument("a row of a Hadamard order that is not 0, and a multiple of 16 seeds, 32 at least");
  for (double& value : x_) value /= norm;
  for (std::size_t i = 0; i < x_.size(); ++i)
    if (x_[i] != 0) support_.push_back(i);
  exact_ = support_.size() <= most_enumerated;
  patterns_ = exact_ ? std::size_t{1} << support_.size() : seeds;
}

template <class F>
void RowErrors::for_each_pattern(const F& f) const {
  const HadamardOrder d = hadamard_order(x_.size());
  std::vector<double> z;
  for (std::size_t pattern = 0; pattern < patterns_; ++pattern) {
    std::vector<int> signs(x_.size(), 1);
    if (exact_) {
      for (std::size_t k = 0; k < support_.size(); ++k) signs[support_[k]] = (pattern >> k) & 1 ? -1 : 1;
    } else {
      signs = reference::signs(pattern, x_.size());
    }
    z = x_;
    for (std::size_t i = 0; i < z.size(); ++i) z[i] *= signs[i];
    hadamard_transform(d, z);
    f(z, signs);
  }
}

std::array<RowError, 3> RowErrors::nearest(const std::vector<double>& codewords) const {
  const HadamardOrder order = hadamard_order(x_.size());
  const auto d = static_cast<double>(x_.size());
  std::vector<double> midpoints;
  for (std::size_t k = 1; k < codewords.size(); ++k) midpoints.push_back((codewords[k - 1] + codewords[k]) / 2);
  std::vector<Estimates> estimates(3, Estimates(support_, patterns_, exact_));
  std::vector<double> decoded(x_.size()), difference(x_.size());
  for_each_pattern([&](const std::vector<double>& z, const std::vector<int>& signs) {
    for (std::size_t j = 0; j < z.size(); ++j) decoded[j] = codewords[nearest_of(midpoints, z[j])];
    const double product = dot(decoded, z), energy = dot(decoded, decoded);
    const double factors[] = {1, d / product, product / energy};
    hadamard_transform_transposed(order, decoded);
    for (std::size_t rule = 0; rule < 3; ++rule) {
      for (std::size_t i = 0; i < x_.size(); ++i) difference[i] = factors[rule] / d * decoded[i] * signs[i] - x_[i];
      estimates[rule].add(difference);
    }
  });
  std::array<RowError, 3> results;
  for (std::size_t rule = 0; rule < 3; ++rule) results[rule] = estimates[rule].result();
  return results;
}

RowError RowErrors::stochastic_uniform(int levels) const {
  Estimates estimates(support_, patterns_, exact_);
  for_each_pattern([&](const std::vector<double>& z, const std::vector<int>&) {
    const auto [least, most] = std::minmax_element(z.begin(), z.end());
    const double step = (*most - *least) / (levels - 1);
    double error = 0;
    for (const double value : z) {
      const double t = step > 0 ? (value - *least) / step : 0, fraction = t - std::floor(t);
      error += step * step * fraction * (1 - fraction);
    }
    estimates.add_error(error / static_cast<double>(z.size()));
  });
  return estimates.result();
}

RowError RowErrors::bounded_support(const std::vector<double>& codewords) const {
  Estimates estimates(support_, patterns_, exact_);
  for_each_pattern([&](const std::vector<double>& z, const std::vector<int>&) {
    double error = 0;
    for (const double value : z) {
      const auto above = std::upper_bound(codewords.begin(), codewords.end(), value);
      if (above != codewords.begin() && above != codewords.end()) error += (*above - value) * (value - *(above - 1));
    }
    estimates.add_error(error / static_cast<double>(z.size()));
  });
  return estimates.result();
}

std::vector<double> bounded_support_codewords(int bits, double beyond) {
  const double limit = std::numbers::sqrt2 * boost::math::erfc_inv(beyond);
  const std::size_t half = std::size_t{1} << (bits - 1);
  std::vector<double> positive(half);
  // The error is least where the first moments on both sides of each codeword are equal; so the least positive one determines the others, and
  // the last grows with it. False if that exceeds the limit.
  const auto fill = [&](double least) {
    positive[0] = least;
    for (std::size_t k = 0; k + 1 < half; ++k) {
      const double moment = first_moment(k == 0 ? -least : positive[k - 1], positive[k]);
      double low = positive[k], high = limit;
      if (first_moment(high, low) < moment) return false;
      for (int step = 0; step < 60; ++step) {
        const double middle = (low + high) / 2;
        (first_moment(middle, positive[k]) < moment ? low : high) = middle;
      }
      positive[k + 1] = low;
    }
    return true;
  };
  double low = 0, high = limit;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (fill(middle) ? low : high) = middle;
  }
  fill(low);
  positive.back() = limit;
  std::vector<double> codewords(positive.rbegin(), positive.rend());
  for (double& value : codewords) value = -value;
  codewords.insert(codewords.end(), positive.begin(), positive.end());
  return codewords;
}

}  // namespace hdq::reference
