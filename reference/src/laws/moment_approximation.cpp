#include "hdq/reference/laws/moment_approximation.hpp"

#include <arb_mat.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace hdq::reference {
namespace {

constexpr slong working_bits = 192;   // M and F agree to 30 bits and F's terms exceed M by as many
constexpr slong fit_bits = 384;       // normal equations square the condition number of a redundant basis

struct Matrix {
  Matrix(std::size_t rows, std::size_t columns) { arb_mat_init(m, static_cast<slong>(rows), static_cast<slong>(columns)); }
  ~Matrix() { arb_mat_clear(m); }
  Matrix(const Matrix&) = delete;
  Matrix& operator=(const Matrix&) = delete;
  void set(std::size_t i, std::size_t j, const Ball& value) {
    arb_set(arb_mat_entry(m, i, j), value.get());
  }
  Ball at(std::size_t i, std::size_t j) const {
    Ball r;
    arb_set(r.get(), arb_mat_entry(m, i, j));
    return r;
  }
  arb_mat_t m;
};

}  // namespace

MomentApproximation::MomentApproximation(MseExpansion& expansion, std::size_t cosines) : lambda_(0.4375) {
  Precision precision(working_bits);
  // Past the extent, M <= amplitude exp(z/κ) must be below 2^-60 M(0) exp(λz²), and the quotient of the two decreasing.
  const double lambda = lambda_.mid_double();
  const double scale = expansion.piece(0).mse[0].mid_double();
  double extent = 9.5;  // at least: the coefficients, 2^30 M(0) and more, must be small beside exp(λz²) beyond it
  MseExpansion::Tail tail = expansion.tail(Ball(10));
  const double rate = tail.rate.mid_double(), amplitude = tail.amplitude.mid_double();
  const auto excess = [&](double z) { return std::log(amplitude / scale) + rate * z - lambda * z * z + 60 * 0.693; };
  while (2 * lambda * extent < rate || excess(extent) > 0) extent += 0.125;
  if (extent > 40) throw std::runtime_error("kappa is too small for a moment approximation");
  tail = expansion.tail(Ball(extent));
  fit(expansion, extent, cosines == 0 ? 72 : cosines);
  const std::size_t last = expansion.piece_index(tail.start) + 1;
  eta_ = max(residual_on_pieces(expansion, last), residual_beyond(tail)).upper_end();
}

// Weighted least squares at equidistant points of [0, extent]: minimize Σ ((M − F) exp(−λz²))², columns 1, z², cos(kπz/L).
void MomentApproximation::fit(MseExpansion& expansion, double extent, std::size_t cosines) {
  Precision precision(fit_bits);
  const std::size_t columns = cosines + 2, rows = 3 * columns;
  const Ball base = (Ball::pi() / (1.1 * extent)).mid();
  Matrix a(rows, columns), transposed(columns, rows), b(rows, 1);
  for (std::size_t i = 0; i < rows; ++i) {
    const Ball z(extent * static_cast<double>(i) / static_cast<double>(rows - 1));
    const Ball weight = exp(-lambda_ * square(z)).mid();
    const Ball twice = ldexp(cos(base * z), 1);
    std::vector<Ball> row = {weight, weight * square(z)};
    Ball previous(1), current = ldexp(twice, -1);
    for (std::size_t k = 1; k <= cosines; ++k) {  // cos((k + 1)t) = 2 cos t cos kt − cos((k − 1)t)
      row.push_back((weight * current).mid());
      Ball next = (twice * current - previous).mid();
      previous = std::exchange(current, std::move(next));
    }
    for (std::size_t j = 0; j < columns; ++j) a.set(i, j, row[j].mid());
    b.set(i, 0, (weight * expansion(z)).mid());
  }
  arb_mat_transpose(transposed.m, a.m);
  Matrix normal(columns, columns), right(columns, 1), solution(columns, 1);
  arb_mat_approx_mul(normal.m, transposed.m, a.m, fit_bits);
  arb_mat_approx_mul(right.m, transposed.m, b.m, fit_bits);
  // A ridge: the basis is redundant, and coefficients that exceed M(0) a 2^50-fold only cost rounding.
  for (std::size_t j = 0; j < columns; ++j) normal.set(j, j, (normal.at(j, j) + Ball::power_of_two(-170)).mid());
  if (!arb_mat_approx_solve(solution.m, normal.m, right.m, fit_bits)) throw std::runtime_error("singular fit");
  Precision rounding(working_bits);
  const auto coefficient = [&](std::size_t j) { return rounded(solution.at(j, 0).mid()).mid(); };
  constant_ = coefficient(0);
  quadratic_ = coefficient(1);
  for (std::size_t k = 1; k <= cosines; ++k) cosines_.push_back({rounded(base * k).mid(), coefficient(k + 1)});
}

// sup |M − F| exp(−λz²) over |z − z_m| <= reach: coefficients of P_m − F at z_m, and what F's Taylor polynomial leaves.
Ball MomentApproximation::residual_on_piece(const MseExpansion::Piece& piece, const Ball& reach) const {
  TaylorSeries difference = piece.mse;
  const std::size_t terms = difference.terms();
  const Ball z = piece.center;
  difference[0] -= constant_ + quadratic_ * square(z);
  difference[1] -= ldexp(quadratic_ * z, 1);
  difference[2] -= quadratic_;
  Ball remainder;
  for (const Cosine& c : cosines_) {
    Ball sine, cosine;
    const Ball phase = c.frequency * z;
    arb_sin_cos(sine.get(), cosine.get(), phase.get(), working_precision());
    Ball power = c.coefficient;  // c ωᵏ/k!
    for (std::size_t k = 0; k < terms; ++k) {
      const Ball& factor = k % 2 == 0 ? cosine : sine;  // cos, −sin, −cos, sin
      if (k % 4 == 0 || k % 4 == 3) difference[k] -= power * factor;
      else difference[k] += power * factor;
      power = power * c.frequency / (k + 1);
    }
    remainder += abs(power);
  }
  Ball bound = piece.error + remainder * pow(reach, terms), reach_power(1);
  for (std::size_t k = 0; k < terms; ++k, reach_power *= reach) bound += abs(difference[k]) * reach_power;
  const Ball least = max(z - reach, Ball(0));
  return bound * exp(-lambda_ * square(least));
}

Ball MomentApproximation::residual_on_pieces(MseExpansion& expansion, std::size_t last) const {
  const Ball reach = ldexp(expansion.step(), -1);
  Ball bound;
  for (std::size_t m = 0; m <= last; ++m) bound = max(bound, residual_on_piece(expansion.piece(m), reach)).upper_end();
  return bound;
}

// For z >= start each of exp(z/κ − λz²), z² exp(−λz²) and exp(−λz²) decreases.
Ball MomentApproximation::residual_beyond(const MseExpansion::Tail& tail) const {
  const Ball& z = tail.start;
  const Ball z2 = square(z);
  if (!certainly_less(tail.rate, 2 * lambda_ * z) || !certainly_less(Ball(1), lambda_ * z2)) {
    throw std::logic_error("the tail starts too early");
  }
  Ball size = abs(constant_) + abs(quadratic_) * z2;
  for (const Cosine& c : cosines_) size += abs(c.coefficient);
  return (tail(z) + size) * exp(-lambda_ * z2);
}

Ball MomentApproximation::expectation(const RademacherSum& sum) const {
  Ball value = constant_ + quadratic_;
  for (const Cosine& c : cosines_) value += c.coefficient * sum.characteristic(c.frequency);
  return with_error(value, error());
}

double MomentApproximation::estimate(const std::vector<double>& x, std::vector<double>* gradient) const {
  double value = constant_.mid_double() + quadratic_.mid_double();
  if (gradient) gradient->assign(x.size(), 0);
  std::vector<double> before(x.size() + 1), after(x.size() + 1);  // products of cosines, for zeros to do no harm
  for (const Cosine& c : cosines_) {
    const double frequency = c.frequency.mid_double(), coefficient = c.coefficient.mid_double();
    before[0] = after[x.size()] = 1;
    for (std::size_t i = 0; i < x.size(); ++i) before[i + 1] = before[i] * std::cos(frequency * x[i]);
    value += coefficient * before[x.size()];
    if (!gradient) continue;
    for (std::size_t i = x.size(); i-- > 0;) {
      (*gradient)[i] -= coefficient * frequency * std::sin(frequency * x[i]) * before[i] * after[i + 1];
      after[i] = after[i + 1] * std::cos(frequency * x[i]);
    }
  }
  return value;
}

}  // namespace hdq::reference
