#include "hdq/reference/expectation/mse_integrator.hpp"

#include <cmath>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include "hdq/reference/expectation/codebook_error.hpp"
#include "hdq/reference/laws/coordinate_law.hpp"
#include "hdq/reference/scheme/hadamard.hpp"
#include "hdq/reference/laws/lattice_law.hpp"
#include "hdq/reference/laws/rademacher_law.hpp"

namespace hdq::reference {
namespace {

// Sums per half: 2^15 hold 30 different coordinates. A few binomials may be longer, their cost being linear.
constexpr std::size_t sum_limit = std::size_t{1} << 15, long_sum_limit = std::size_t{1} << 20;
// Sign patterns of the first of two rotations.
constexpr std::size_t pattern_limit = std::size_t{1} << 16;

// Lattice updates for a comparator's expectation: a few seconds.
constexpr double lattice_work = 3e9;

std::size_t limit_for(const RademacherSum& sum) { return sum.terms().size() <= 2 ? long_sum_limit : sum_limit; }

// sup M(z)/cosh z for a comparator: where it is not a parabola |z − r| <= |z| M is at most its largest value there.
Ball cosh_majorant(const PiecewisePolynomial& mse) {
  Ball bound(2);  // z² <= 2 cosh z
  for (std::size_t i = 0; i + 1 < mse.breaks.size(); ++i) {
    bound += abs(mse.polynomials[i](hull(mse.breaks[i], mse.breaks[i + 1]))).upper_end();
  }
  const TaylorSeries& last = mse.polynomials.back();
  Ball factorial(1);
  for (std::size_t k = 0; k < last.terms(); ++k) {
    if (k > 0) factorial = factorial * k;
    bound += 2 * abs(last[k]) * factorial;
  }
  return bound.upper_end();
}

}  // namespace

const char* rotation_name(Rotation rotation) {
  switch (rotation) {
    case Rotation::hd: return "hd";
    case Rotation::hdhd: return "hdhd";
    case Rotation::dense: return "dense";
    case Rotation::limit: return "limit";
    case Rotation::none: return "none";
  }
  return "";
}

namespace {

slong bits_of(int digits) {
  if (digits < 1 || digits > 1000) throw std::invalid_argument("digits must be 1 to 1000");
  return static_cast<slong>(3.33 * digits) + 16;
}

}  // namespace

MseIntegrator::MseIntegrator(Scheme scheme, const Generator& generator, int digits)
    : scheme_(scheme), levels_(generator.levels()), digits_(digits), bits_(bits_of(digits)) {
  Precision precision(bits_ + 64);
  if (scheme == Scheme::dithered) {
    generator_ = generator;
    expansion_ = std::make_unique<MseExpansion>(ScalarQuantizer(generator), bits_);
  } else {
    rule_ = std::make_unique<ScalarRule>(scalar_rule(scheme, levels_));
  }
}

MseIntegrator::MseIntegrator(const Codebook& codebook, std::uint64_t dimension, int digits)
    : scheme_(Scheme::codebook), levels_(static_cast<std::int64_t>(codebook.levels())), digits_(digits), bits_(bits_of(digits)) {
  Precision precision(bits_ + 64);
  rule_ = std::make_unique<ScalarRule>(codebook_rule(codebook, codebook.unit.scale(dimension)));
  continuous_ = has_midpoints(codebook);
  codebook_ = std::make_unique<Codebook>(codebook);
}

MseIntegrator::~MseIntegrator() = default;

Ball MseIntegrator::mse(const Ball& z) {
  Precision precision(bits_ + 32);
  return expansion_ ? expansion_->quantizer().mse(z) : rule_->mse(z);
}

MseExpansion& MseIntegrator::expansion() {
  if (!expansion_) throw std::logic_error("only the dithered scheme has an expansion");
  return *expansion_;
}

const MomentApproximation& MseIntegrator::moment_approximation() {
  if (!moment_approximation_) moment_approximation_ = std::make_unique<MomentApproximation>(expansion());
  return *moment_approximation_;
}

Expectation MseIntegrator::limit() {
  const CoordinateLaw law = CoordinateLaw::normal();
  return {expansion_ ? law.expectation(*expansion_) : law.expectation(rule_->mse, bits_), "integral over the normal law"};
}

Expectation MseIntegrator::dense(std::uint64_t dimension) {
  const CoordinateLaw law = CoordinateLaw::sphere(dimension);
  return {expansion_ ? law.expectation(*expansion_) : law.expectation(rule_->mse, bits_),
          "integral over the sphere's coordinate law"};
}

Expectation MseIntegrator::hd(const RademacherSum& sum) {
  Precision precision(bits_ + 64);
  const Ball rate = expansion_ ? 1 / generator_->kappa() : Ball(1);
  if (const auto law = RademacherLaw::make(sum, rate, bits_, limit_for(sum))) {
    if (expansion_) return {law->expectation(*expansion_), law->description()};
    const Ball left_out = hull(Ball(0), cosh_majorant(rule_->mse) * law->left_out());
    return {law->expectation(rule_->mse) + left_out, law->description()};
  }
  if (!continuous_) throw Unaffordable("thresholds that are no midpoints: only vectors with few distinct sums of signs are integrated");
  if (!expansion_) {
    return {lattice_expectation(sum, rule_->mse, cosh_majorant(rule_->mse), lattice_work),
            "sum rounded to a lattice, its error bounded"};
  }
  const MomentApproximation& approximation = moment_approximation();
  return {approximation.expectation(sum),
          "products over coordinates of " + std::to_string(approximation.cosines().size()) + " cosines"};
}

namespace {

// The distinct laws of a coordinate given the first rotation's signs, and how many sign patterns lead to each: given them,
// z = Σ ε_i w_i with w = H D x/√d up to scale, and only the multiset of |w_i| matters.
struct PatternClass {
  RademacherSum sum;
  std::uint64_t patterns;
};

std::vector<PatternClass> first_rotation_classes(const HadamardOrder& order, std::span<const double> x) {
  std::vector<std::size_t> support;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] != 0) support.push_back(i);
  }
  Precision exact(8192);
  std::map<std::string, PatternClass> classes;
  // The first sign is left alone: −ε gives −w.
  for (std::uint64_t signs = 0; signs < std::uint64_t{1} << (support.size() - 1); ++signs) {
    std::vector<Ball> w(order.order);
    for (std::size_t i = 0; i < support.size(); ++i) {
      const bool negative = i > 0 && (signs >> (i - 1) & 1) != 0;
      w[support[i]] = Ball(negative ? -x[support[i]] : x[support[i]]);
    }
    hadamard_transform(order, w);
    std::map<std::string, RademacherSum::Term> terms;
    for (const Ball& value : w) {
      if (value.contains_zero()) continue;
      const Ball magnitude = abs(value);
      char* text = arb_dump_str(magnitude.get());
      ++terms.try_emplace(text, RademacherSum::Term{magnitude, 0}).first->second.count;
      flint_free(text);
    }
    std::string key;
    std::vector<RademacherSum::Term> list;
    for (const auto& [text, term] : terms) {
      key += text + "*" + std::to_string(term.count) + ";";
      list.push_back(term);
    }
    const auto found = classes.find(key);
    if (found != classes.end()) ++found->second.patterns;
    else classes.emplace(key, PatternClass{RademacherSum(std::move(list)), 1});
  }
  std::vector<PatternClass> result;
  for (auto& [key, value] : classes) result.push_back(std::move(value));
  return result;
}

}  // namespace

Expectation MseIntegrator::hdhd(std::span<const double> x) {
  const HadamardOrder order = hadamard_order(x.size());
  std::size_t support = 0;
  for (const double value : x) support += value != 0;
  if (support == 0) throw std::invalid_argument("the zero vector has no direction");
  const std::size_t patterns = support > 40 ? pattern_limit + 1 : std::size_t{1} << (support - 1);
  if (patterns > pattern_limit || patterns * order.order > (std::size_t{1} << 24)) {
    throw Unaffordable("two rotations are integrated by enumerating the first one's signs, 2^" +
                       std::to_string(support - 1) + " patterns here");
  }
  Precision precision(bits_ + 64);
  const std::vector<PatternClass> classes = first_rotation_classes(order, x);
  Ball total;
  std::map<std::string, std::uint64_t> methods;
  for (const PatternClass& c : classes) {
    // Many classes of many different weights: one product of cosines each is cheaper than their sums.
    const bool cheap = c.sum.terms().size() <= 8 || classes.size() <= 64 || !expansion_;
    const Expectation given = cheap ? hd(c.sum) : Expectation{moment_approximation().expectation(c.sum), "cosines"};
    total += c.patterns * given.value;
    ++methods[given.method];
  }
  const std::string method = std::to_string(patterns) + " sign patterns of the first rotation, " +
                       (classes.size() == 1 ? "one law given them: " + methods.begin()->first
                                            : std::to_string(classes.size()) + " different laws given them");
  return {total / Ball(patterns), method};
}

Expectation MseIntegrator::none(std::span<const double> x) {
  if (!codebook_) throw std::invalid_argument("without rotation only codebooks are integrated");
  const std::optional<CodebookMoments> moments = CodebookOnVectors(*codebook_, x.size())(x);
  if (!moments) throw std::invalid_argument("the zero vector has no direction");
  return {scaled_error(ScaleRule::norm, *moments), "every coordinate, nothing random"};
}

Expectation MseIntegrator::operator()(Rotation rotation, std::span<const double> x) {
  switch (rotation) {
    case Rotation::hd: return hd(RademacherSum(x));
    case Rotation::hdhd: return hdhd(x);
    case Rotation::dense: return dense(x.size());
    case Rotation::limit: return limit();
    case Rotation::none: return none(x);
  }
  throw std::invalid_argument("no such rotation");
}

}  // namespace hdq::reference
