#include "hdq/reference/bounds/uniform_bound.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "hdq/reference/bounds/linear_program.hpp"
#include "hdq/reference/scheme/shipped_constants.hpp"

namespace hdq::reference {
namespace {

// ---- proposal ----

// φ_k/B_k for the family of SPEC §5.5, so that a coefficient is its share of the bound.
struct Column {
  enum Kind { constant, quadratic, quartic, cosh, exp_square } kind;
  Rational parameter;

  double parameter_double() const { return parameter.convert_to<double>(); }
  double bound() const {
    const double p = parameter_double();
    switch (kind) {
      case quartic: return 3;
      case cosh: return std::exp(p * p / 2);
      case exp_square: return 1 / std::sqrt(1 - 2 * p);
      default: return 1;
    }
  }
  // ln(φ_k(z)/B_k)
  double log_value(double z) const {
    const double p = parameter_double();
    switch (kind) {
      case constant: return 0;
      case quadratic: return 2 * std::log(z);
      case quartic: return 4 * std::log(z) - std::log(3.0);
      case cosh: return p * z + std::log1p(std::exp(-2 * p * z)) - std::log(2.0) - p * p / 2;
      default: return p * z * z + 0.5 * std::log1p(-2 * p);
    }
  }
};

// cosh in steps of 1/2, past the 1/κ of M's growth; exp(λz²) in steps of 1/24, 1/3 among them.
std::vector<Column> family(double kappa) {
  std::vector<Column> columns = {{Column::constant, 0}, {Column::quadratic, 0}, {Column::quartic, 0}};
  for (int k = 1; k <= static_cast<int>(2 / kappa) + 4; ++k) columns.push_back({Column::cosh, Rational(k, 2)});
  for (int k = 1; k <= 11; ++k) columns.push_back({Column::exp_square, Rational(k, 24)});
  return columns;
}

struct Sample {
  double z, log_mse;
};

std::vector<Sample> samples(const WindowExpansion& expansion, int per_cell) {
  std::vector<Sample> list;
  for (const WindowCell& cell : expansion.cells()) {
    for (int i = 0; i < per_cell; ++i) {
      const Ball s = cell.radius * (1 - (2.0 * i + 1) / per_cell);
      list.push_back({-cell.at_center.z(s).mid_double(), log(cell.at_center.mse(s)).mid_double()});
    }
  }
  return list;
}

// `digits` significant decimal digits.
Rational round_to_rational(double value, int digits) {
  if (value == 0) return 0;
  const int exponent = digits - 1 - static_cast<int>(std::floor(std::log10(std::abs(value))));
  const Rational power(boost::multiprecision::pow(Integer(10), static_cast<unsigned>(std::abs(exponent))));
  const Rational scale = exponent < 0 ? Rational(1) / power : power;
  return Rational(Integer(Rational(value) * scale + (value > 0 ? 1 : -1) * Rational(1, 2))) / scale;
}

// ---- proof ----

// p >= 0 on [−1, 1] where |p(s) − Σ_{k<order} c_k s^k| <= remainder: the value at the middle outweighs the sum of the other
// coefficients there, or both halves are so. nullopt if proved, else an s.
std::optional<double> unproved_nonnegative(const TaylorSeries& p, const Ball& remainder, double middle, double radius) {
  if (certainly_less_equal(remainder, p[0])) {
    Ball rest = remainder;
    for (std::size_t k = 1; k + 1 < p.terms(); ++k) rest += abs(p[k]);
    if (certainly_less_equal(rest, p[0])) return std::nullopt;
  }
  if (radius < 0x1p-12) return middle;
  for (const int side : {-1, 1}) {
    // p(side/2 + s/2): Horner's shift, then scaling.
    TaylorSeries half = p;
    for (std::size_t i = 0; i + 2 < p.terms(); ++i) {
      for (std::size_t k = p.terms() - 2; k-- > i;) half[k] += ldexp(side * half[k + 1], -1);
    }
    for (std::size_t k = 1; k + 1 < p.terms(); ++k) half[k] = ldexp(half[k], -static_cast<slong>(k));
    if (auto at = unproved_nonnegative(half, remainder, middle + side * radius / 2, radius / 2)) return at;
  }
  return std::nullopt;
}

// Far fewer than proved, so that a checker with wider enclosures can confirm them.
constexpr int claimed_digits = 7;

Rational round_up(const Ball& value, int digits) { return parse_rational(value.upper(digits)); }
Rational round_down(const Ball& value, int digits) { return parse_rational(value.lower(digits)); }

}  // namespace

BoundedQuantizer BoundedQuantizer::shipped(int bits) {
  if (bits < 1 || bits > shipped_bits) throw std::invalid_argument("bits must be 1 to " + std::to_string(shipped_bits));
  const Rational sigma(shipped_sigma_times_64[bits - 1], 64);
  return {std::int64_t{1} << bits, sigma * sigma, Rational(shipped_kappa_times_64[bits - 1], 64)};
}

Majorant propose_majorant(const WindowExpansion& expansion, double reach) {
  const std::vector<Column> columns = family(expansion.generator().kappa().mid_double());
  const double levels = static_cast<double>(expansion.generator().levels());
  const double unit = 1 / (levels * levels);  // coefficients in units of N^-2
  LinearProgram program;
  for (const Column& column : columns) {
    program.cost.push_back(1);
    const bool free = column.kind == Column::constant || column.kind == Column::quadratic;
    program.lower.push_back(free ? -std::numeric_limits<double>::infinity() : 0);
  }
  for (const Sample& sample : samples(expansion, 8)) {
    if (sample.z > reach) continue;
    std::vector<double> row;
    for (const Column& column : columns) {
      // Cut from above, which asks for no less: a term that exceeds M by 2^20 has done its work.
      row.push_back(std::min(std::exp(column.log_value(sample.z) - sample.log_mse) * unit, 0x1p20));
    }
    program.rows.push_back(std::move(row));
    program.right.push_back(1);
  }
  const std::vector<double> share = solve(program);
  Majorant majorant;
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const Column& column = columns[k];
    const bool free = column.kind == Column::constant || column.kind == Column::quadratic;
    if (free ? share[k] == 0 : share[k] < 1e-9) continue;  // below the solver's tolerance
    const Rational c = round_to_rational((1 + 0x1p-16) * unit * share[k] / column.bound(), 9);
    switch (column.kind) {
      case Column::constant: majorant.constant = c; break;
      case Column::quadratic: majorant.quadratic = c; break;
      case Column::quartic: majorant.quartic = c; break;
      case Column::cosh: majorant.cosh.push_back({column.parameter, c}); break;
      case Column::exp_square: majorant.exp_square.push_back({column.parameter, c}); break;
    }
  }
  return majorant;
}

std::optional<double> unproved_on_cells(const WindowExpansion& expansion, const Majorant& majorant) {
  Precision precision(WindowExpansion::precision_bits);
  for (const WindowCell& cell : expansion.cells()) {
    TaylorSeries margin = cell.compose(
        [&](const WindowCell::Expansion& e) { return majorant(e.z) - e.mse; });
    const Ball remainder = cell.remainder(margin);
    Ball power = 1;
    for (std::size_t k = 0; k < margin.terms(); ++k, power *= cell.radius) margin[k] *= power;
    if (const auto s = unproved_nonnegative(margin, remainder, 0, 1)) {
      return -cell.at_center.z(cell.radius * Ball(*s)).mid_double();
    }
  }
  return std::nullopt;
}

bool proved_on_tail(const WindowExpansion& expansion, const Majorant& majorant) {
  Precision precision(WindowExpansion::precision_bits);
  const Generator& generator = expansion.generator();
  const Ball sigma = generator.sigma(), kappa = generator.kappa(), tail = expansion.tail();
  const Ball u = log(generator.levels() / tail);
  if (!certainly_less_equal(tail, Ball(0.25)) || !certainly_less_equal(Ball(1.5), u)) return false;
  // M <= K/a and |z| >= zeta + κ ln(tail/a) for windows that begin at a <= tail.
  const Ball k = square(kappa) + tail * (2 * square(sigma) * u + sqrt(Ball(8)) * sigma * kappa * u * sqrt(u));
  const Ball zeta = -expansion.z_tail() - kappa * log1p(tail);
  const Ball negative = max(-Ball(majorant.constant), Ball(0)) + max(-Ball(majorant.quadratic), Ball(0)) * square(zeta);
  const auto outweighs = [&](const Ball& term) {  // half of it the negative terms, the other half M
    return certainly_less_equal(2 * negative, term) && certainly_less_equal(2 * k / tail, term);
  };
  for (const Majorant::Term& t : majorant.cosh) {
    const Ball s(t.parameter);
    if (certainly_less_equal(Ball(2), s * zeta) && certainly_less_equal(Ball(1), s * kappa) &&
        outweighs(Ball(t.coefficient) * exp(s * zeta) / 2)) {
      return true;
    }
  }
  for (const Majorant::Term& t : majorant.exp_square) {
    const Ball lambda(t.parameter);
    if (certainly_less_equal(Ball(1), lambda * square(zeta)) && certainly_less_equal(Ball(1), 2 * lambda * kappa * zeta) &&
        outweighs(Ball(t.coefficient) * exp(lambda * square(zeta)))) {
      return true;
    }
  }
  return false;
}

Ball gaussian_mean(const WindowExpansion& expansion) {
  Precision precision(WindowExpansion::precision_bits);
  Ball sum;
  for (const WindowCell& cell : expansion.cells()) {
    const TaylorSeries integrand = cell.compose(
        [](const WindowCell::Expansion& e) { return exp(e.z * e.z * Ball(-0.5)) * e.z_slope * e.mse; });
    const std::size_t order = integrand.terms() - 1;
    TaylorSeries exact = integrand;
    exact[order] = Ball();
    const TaylorSeries antiderivative = exact.integral(Ball());
    sum += antiderivative(cell.radius) - antiderivative(-cell.radius);
    sum = with_error(sum, 2 * cell.radius * cell.remainder(integrand));
  }
  return 2 * sum / sqrt(2 * Ball::pi());
}

namespace {

// A majorant proved on all windows of the expansion; nullopt, with the reason, if there is none.
std::optional<Majorant> proved_majorant(const WindowExpansion& expansion, std::string& failure) {
  // Samples far out, where the terms differ by many powers of ten, unsettle the linear program; they are asked for when missed.
  for (double reach = 9; reach < -expansion.z_tail().mid_double() + 1;) {
    const Majorant majorant = propose_majorant(expansion, reach);
    const auto z = unproved_on_cells(expansion, majorant);
    if (!z) {
      if (proved_on_tail(expansion, majorant)) return majorant;
      failure = "not proved on the tail";
      return std::nullopt;
    }
    failure = "not proved near z = " + std::to_string(*z);
    if (*z < reach) return std::nullopt;
    reach = *z + 0.5;
  }
  return std::nullopt;
}

}  // namespace

BoundCertificate certify_uniform_bound(const BoundedQuantizer& quantizer) {
  Precision precision(WindowExpansion::precision_bits);
  std::string failure;
  // The smaller a_tail, the farther the leading exponential is ahead of M there; one growing only a little faster needs more.
  for (const int tail_exponent : {32, 48, 64, 96, 128}) {
    const Rational tail(1, Integer(1) << static_cast<unsigned>(tail_exponent));
    const WindowExpansion expansion(ScalarQuantizer(quantizer.generator()), tail);
    const std::optional<Majorant> majorant = proved_majorant(expansion, failure);
    if (!majorant) continue;
    const Ball scale = square(Ball(quantizer.levels));
    return {quantizer.levels, quantizer.sigma_squared, quantizer.kappa, *majorant, tail,
            round_down(scale * gaussian_mean(expansion), claimed_digits), round_up(scale * majorant->bound(), claimed_digits)};
  }
  throw std::runtime_error("no majorant was proved: " + failure);
}

}  // namespace hdq::reference
