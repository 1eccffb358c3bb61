#include "hdq/reference/expectation/codebook_error.hpp"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <cstdio>
#include <limits>
#include <stdexcept>

#include "hdq/reference/numbers/coordinate_distribution.hpp"
#include "hdq/reference/numbers/real.hpp"
#include "hdq/reference/scheme/hadamard.hpp"

namespace hdq::reference {
namespace {

// Share and partial mean by cell to moments by code.
class MomentSum {
 public:
  explicit MomentSum(std::size_t levels) {
    moments_.share.resize(levels);
    moments_.partial_mean.resize(levels);
  }
  void add(std::size_t code, const Ball& codeword, const Ball& share, const Ball& partial_mean) {
    moments_.share[code] += share;
    moments_.partial_mean[code] += partial_mean;
    moments_.mean += share * codeword;
    moments_.energy += share * square(codeword);
    moments_.correlation += partial_mean * codeword;
  }
  CodebookMoments result() && { return std::move(moments_); }

 private:
  CodebookMoments moments_;
};

// z = ±1.
CodebookMoments moments_in_dimension_one(const Codebook& codebook, const CodebookCells& cells, const Ball& scale) {
  MomentSum sum(codebook.levels());
  for (const bool negative : {false, true}) {
    const std::size_t code = cells.encode(1, negative, codebook.unit.scale_squared(1));
    sum.add(code, Ball(codebook.codewords[code]) * scale, Ball(0.5), Ball(negative ? -0.5 : 0.5));
  }
  return std::move(sum).result();
}

}  // namespace

CodebookMoments codebook_moments(const Codebook& codebook, const Ball& scale, CodebookLaw law) {
  const CodebookCells cells = cells_of(codebook);
  if (law.sphere == 1) return moments_in_dimension_one(codebook, cells, scale);
  const CoordinateDistribution distribution =
      law.sphere == 0 ? CoordinateDistribution::normal() : CoordinateDistribution::sphere(law.sphere);
  // Up to a bound: the probabilities below and above it, the smaller one being accurate, and E[z; z > bound].
  struct Bound {
    Ball below{0}, above{1}, partial_mean{0};
    bool positive = false;
  };
  const auto bound_at = [&](const Rational& number) {
    const Ball z = Ball(number) * scale;
    Bound b;
    b.positive = number > 0;
    (b.positive ? b.above : b.below) = distribution.tail(abs(z));
    (b.positive ? b.below : b.above) = 1 - (b.positive ? b.above : b.below);
    b.partial_mean = distribution.partial_mean(z);
    return b;
  };
  MomentSum sum(codebook.levels());
  Bound from;
  for (std::size_t i = 0; i < cells.codes.size(); ++i) {
    const bool last = i == cells.bounds.size();
    Bound to = last ? Bound{Ball(1), Ball(0), Ball(0), true} : bound_at(cells.bounds[i]);
    const Ball share = from.positive ? from.above - to.above : to.below - from.below;
    sum.add(cells.codes[i], Ball(codebook.codewords[cells.codes[i]]) * scale, share,
            from.partial_mean - to.partial_mean);
    from = std::move(to);
  }
  return std::move(sum).result();
}

// ---- vectors ----

CodebookOnVectors::CodebookOnVectors(const Codebook& codebook, std::size_t dimension)
    : dimension_(dimension), cells_(cells_of(codebook)), scale_squared_(codebook.unit.scale_squared(dimension)) {
  Precision precision(192);
  const Ball scale = codebook.unit.scale(dimension);
  for (const Rational& c : codebook.codewords) codewords_.push_back(Ball(c) * scale);
  for (const Rational& bound : cells_.bounds) {
    const Ball z = Ball(bound) * scale;
    lower_.push_back(z.lower_double());
    upper_.push_back(z.upper_double());
  }
}

// A vector, and the square of its norm for coordinates that no double separates from a bound: found when first asked for.
class CodebookOnVectors::Row {
 public:
  explicit Row(std::span<const double> x) : x_(x) {}
  const Rational& norm_squared() {
    if (norm_squared_ == 0) {
      for (const double value : x_) norm_squared_ += Rational(value) * Rational(value);
    }
    return norm_squared_;
  }

 private:
  std::span<const double> x_;
  Rational norm_squared_ = 0;
};

// z within 2^-49 of x √n/‖x‖, relatively.
std::size_t CodebookOnVectors::code_of(double z, double x, Row& row) const {
  const double error = 0x1p-49 * std::abs(z) + std::numeric_limits<double>::denorm_min();
  const auto certain =
      std::lower_bound(upper_.begin(), upper_.end(), z - error) - upper_.begin();  // bounds surely below z
  const auto possible = std::upper_bound(lower_.begin(), lower_.end(), z + error) - lower_.begin();  // and perhaps
  if (certain == possible) return cells_.codes[static_cast<std::size_t>(certain)];
  const Rational value(x);
  if (x == 0) return cells_.encode(0, false, scale_squared_);
  return cells_.encode(value * value * Rational(dimension_) / row.norm_squared(), x < 0, scale_squared_);
}

std::optional<CodebookMoments> CodebookOnVectors::operator()(std::span<const double> x) const {
  if (x.size() != dimension_) throw std::invalid_argument("a vector of another dimension");
  Precision precision(192);
  Ball norm_squared;
  for (const double value : x) norm_squared += square(Ball(value));
  if (std::all_of(x.begin(), x.end(), [](double value) { return value == 0; })) return std::nullopt;
  const Ball to_z = sqrt(Ball(dimension_) / norm_squared);
  Row row(x);
  std::vector<Ball> sums(codewords_.size());
  std::vector<std::uint64_t> counts(codewords_.size());
  for (const double value : x) {
    const std::size_t code = code_of((Ball(value) * to_z).mid_double(), value, row);
    sums[code] += Ball(value);
    ++counts[code];
  }
  MomentSum sum(codewords_.size());
  const Ball size(dimension_);
  for (std::size_t code = 0; code < counts.size(); ++code) {
    if (counts[code] == 0) continue;
    sum.add(code, codewords_[code], Ball(counts[code]) / size, sums[code] * to_z / size);
  }
  return std::move(sum).result();
}

// ---- signs ----

CodebookOverSigns codebook_over_signs(const Codebook& codebook, std::span<const double> x) {
  std::vector<std::size_t> support;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::abs(x[i]) > 0x1p20 || x[i] != std::floor(x[i]))
      throw std::invalid_argument("signs are enumerated for integers up to 2^20");
    if (x[i] != 0) support.push_back(i);
  }
  if (support.empty() || support.size() > 16)
    throw std::invalid_argument("signs are enumerated for 1 to 16 nonzero coordinates");
  const HadamardOrder order = hadamard_order(x.size());
  const CodebookOnVectors rows(codebook, order.order);
  const std::uint64_t patterns = std::uint64_t{1} << support.size();
  CodebookOverSigns sum;
  for (std::uint64_t signs = 0; signs < patterns; ++signs) {
    std::vector<double> y(order.order, 0.0);
    for (std::size_t i = 0; i < support.size(); ++i)
      y[support[i]] = (signs >> i & 1) != 0 ? -x[support[i]] : x[support[i]];
    hadamard_transform(order, y);  // exact: integers below 2^40
    const CodebookMoments moments = *rows(y);
    for (std::size_t r = 0; r < 4; ++r) {
      sum.error[r] += scaled_error(static_cast<ScaleRule>(r), moments);
      sum.correlation[r] += scaled_correlation(static_cast<ScaleRule>(r), moments);
    }
  }
  for (std::size_t r = 0; r < 4; ++r) sum.error[r] /= Ball(patterns), sum.correlation[r] /= Ball(patterns);
  return sum;
}

// ---- scale rules ----

Ball scaled_error(ScaleRule rule, const CodebookMoments& m) {
  switch (rule) {
    case ScaleRule::norm:
      return 1 - ldexp(m.correlation, 1) + m.energy;
    case ScaleRule::matched_norm:
      return 2 - ldexp(m.correlation, 1) / sqrt(m.energy);
    case ScaleRule::unbiased:
      return m.energy / square(m.correlation) - 1;
    case ScaleRule::least_squares:
      return 1 - square(m.correlation) / m.energy;
  }
  throw std::invalid_argument("no such scale rule");
}

Ball scaled_correlation(ScaleRule rule, const CodebookMoments& m) {
  switch (rule) {
    case ScaleRule::norm:
      return m.correlation;
    case ScaleRule::matched_norm:
      return m.correlation / sqrt(m.energy);
    case ScaleRule::unbiased:
      return Ball(1);
    case ScaleRule::least_squares:
      return square(m.correlation) / m.energy;
  }
  throw std::invalid_argument("no such scale rule");
}

Ball least_error(ScaleRule rule, const Ball& distortion) {
  switch (rule) {
    case ScaleRule::norm:
    case ScaleRule::least_squares:
      return distortion;
    case ScaleRule::matched_norm:
      return 2 - ldexp(sqrt(1 - distortion), 1);
    case ScaleRule::unbiased:
      return distortion / (1 - distortion);
  }
  throw std::invalid_argument("no such scale rule");
}

// ---- the best multiple ----

Codebook multiple_of(const Codebook& codebook, const Rational& factor) {
  Codebook result = codebook;
  for (Rational& c : result.codewords) c *= factor;
  for (Rational& t : result.thresholds) t *= factor;
  return result;
}

namespace {

// The error over the law in double.
class DoubleError {
 public:
  DoubleError(const Codebook& codebook, double scale, CodebookLaw law, ScaleRule rule) : law_(law), rule_(rule) {
    const CodebookCells cells = cells_of(codebook);
    for (const Rational& bound : cells.bounds) bounds_.push_back(bound.convert_to<double>() * scale);
    for (const std::size_t code : cells.codes)
      codewords_.push_back(codebook.codewords[code].convert_to<double>() * scale);
    const double d = static_cast<double>(law.sphere);
    if (law.sphere != 0) {
      constant_ = std::exp(std::lgamma(0.5 * d) - std::lgamma(0.5 * (d - 1))) / std::sqrt(3.14159265358979323846) *
                  std::sqrt(d) / (d - 1);
    }
  }
  double operator()(double factor) const {
    double energy = 0, correlation = 0, below = 0, mean_below = 0;
    for (std::size_t i = 0; i < codewords_.size(); ++i) {
      const bool last = i == bounds_.size();
      const double next = last ? 1 : below_probability(factor * bounds_[i]),
                   mean = last ? 0 : partial_mean(factor * bounds_[i]);
      const double c = factor * codewords_[i];
      energy += (next - below) * c * c;
      correlation += (mean_below - mean) * c;
      below = next;
      mean_below = mean;
    }
    return rule_ == ScaleRule::norm ? 1 - 2 * correlation + energy
           : energy > 0             ? 1 - correlation * correlation / energy
                                    : 1;
  }
  double root_mean_square() const {
    double sum = 0;
    for (const double c : codewords_) sum += c * c / static_cast<double>(codewords_.size());
    return std::sqrt(sum);
  }

 private:
  double below_probability(double z) const {
    if (law_.sphere == 0) return 0.5 * std::erfc(-z / std::sqrt(2.0));
    const double d = static_cast<double>(law_.sphere), square = z * z / d;
    const double upper = square < 1 ? 0.5 * boost::math::ibetac(0.5, 0.5 * (d - 1), square) : 0;
    return z < 0 ? upper : 1 - upper;
  }
  double partial_mean(double z) const {
    if (law_.sphere == 0) return 0.3989422804014327 * std::exp(-0.5 * z * z);
    const double d = static_cast<double>(law_.sphere), square = z * z / d;
    return square < 1 ? constant_ * std::exp(0.5 * (d - 1) * std::log1p(-square)) : 0;
  }

  CodebookLaw law_;
  ScaleRule rule_;
  std::vector<double> bounds_, codewords_;
  double constant_ = 0;
};

// Golden section on ln factor within one step of a grid.
double refine(const DoubleError& error, double low, double high) {
  constexpr double golden = 0.6180339887498949;
  double a = high - golden * (high - low), b = low + golden * (high - low), at_a = error(std::exp(a)),
         at_b = error(std::exp(b));
  for (int step = 0; step < 40 && high - low > 1e-5; ++step) {
    if (at_a < at_b) {
      high = b, b = a, at_b = at_a;
      a = high - golden * (high - low), at_a = error(std::exp(a));
    } else {
      low = a, a = b, at_a = at_b;
      b = low + golden * (high - low), at_b = error(std::exp(b));
    }
  }
  return std::exp(0.5 * (low + high));
}

}  // namespace

Rational best_multiple(const Codebook& codebook, double scale, CodebookLaw law, ScaleRule rule) {
  if (law.sphere == 1) throw std::invalid_argument("no search in dimension 1");
  const DoubleError error(codebook, scale, law, rule);
  const double size = error.root_mean_square();
  if (!(size > 0)) return 1;
  // From codewords of size 2^-12 to 2^12; a finer grid where it costs nothing.
  const double step = std::log(2.0) / (codebook.levels() <= 4096 ? 4 : 1), start = -12 * std::log(2.0) - std::log(size);
  double best = 0, least = error(1);
  const double as_it_is = least;
  for (double at = start; at <= start + 24 * std::log(2.0); at += step) {
    const double value = error(std::exp(at));
    if (value < least) least = value, best = at;
  }
  const double factor = refine(error, best - step, best + step);
  char text[32];
  std::snprintf(text, sizeof text, "%.3e", factor);
  const Rational rounded = parse_rational(text);
  return error(rounded.convert_to<double>()) < as_it_is ? rounded : Rational(1);
}

}  // namespace hdq::reference
