#include "hdq/reference/bounds/codebook_bound.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "hdq/reference/bounds/linear_program.hpp"

namespace hdq::reference {
namespace {

// A term of the majorant and its share of the bound.
struct Column {
  enum Kind { constant, quadratic, quartic, cosh, exp_square } kind;
  Rational parameter = 0;

  // φ(z)/bound of φ
  double operator()(double z) const {
    const double p = parameter.convert_to<double>();
    switch (kind) {
      case constant:
        return 1;
      case quadratic:
        return z * z;
      case quartic:
        return z * z * z * z / 3;
      case cosh:
        return 0.5 * (std::exp(p * z - p * p / 2) + std::exp(-p * z - p * p / 2));
      case exp_square:
        return std::exp(p * z * z) * std::sqrt(1 - 2 * p);
    }
    return 0;
  }
  double bound() const {
    const double p = parameter.convert_to<double>();
    return kind == quartic ? 3 : kind == cosh ? std::exp(p * p / 2) : kind == exp_square ? 1 / std::sqrt(1 - 2 * p) : 1;
  }
};

std::vector<Column> family() {
  std::vector<Column> columns = {{Column::constant}, {Column::quadratic}, {Column::quartic}};
  for (int k = 1; k <= 16; ++k) columns.push_back({Column::cosh, Rational(k, 2)});
  for (int k = 1; k <= 11; ++k) columns.push_back({Column::exp_square, Rational(k, 24)});
  return columns;
}

struct Table {
  std::vector<double> codewords, thresholds;
  double error(double z) const {
    const auto k = std::upper_bound(thresholds.begin(), thresholds.end(), z) - thresholds.begin();
    return std::pow(codewords[static_cast<std::size_t>(k)] - z, 2);
  }
};

// Where the majorant is held above M: a grid, the thresholds, and far out.
std::vector<double> samples(const Table& table) {
  std::vector<double> list;
  const double last = std::max(std::abs(table.codewords.front()), std::abs(table.codewords.back())) + 8;
  const double step = std::min(0.005, 0.25 * last / static_cast<double>(16 * table.codewords.size()));
  for (double z = 0; z < last; z += step) list.push_back(z);
  for (const double t : table.thresholds) list.push_back(std::abs(t));
  for (double z = last; z < 1e4; z *= 1.05) list.push_back(z);
  return list;
}

Rational to_rational(double value) { return Rational(Integer(std::llround(value * 0x1p50)), Integer(1) << 50); }

Majorant propose(const Table& table) {
  const std::vector<Column> columns = family();
  LinearProgram program;
  for (const Column& column : columns) {
    program.cost.push_back(1);
    const bool free = column.kind == Column::constant || column.kind == Column::quadratic;
    program.lower.push_back(free ? -std::numeric_limits<double>::infinity() : 0);
  }
  // Rows in units of a typical error, so that the solver's tolerance is relative to that.
  const double unit = 1 / static_cast<double>(table.codewords.size() * table.codewords.size());
  for (const double z : samples(table)) {
    const double error = std::max(table.error(z), table.error(-z)), scale = 1 / (error + unit);
    std::vector<double> row;
    for (const Column& column : columns) row.push_back(std::min(column(z) * scale * unit, 0x1p20));
    program.rows.push_back(std::move(row));
    program.right.push_back(error * scale);
  }
  const std::vector<double> share = solve(program);
  Majorant majorant;
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const Column& column = columns[k];
    const bool free = column.kind == Column::constant || column.kind == Column::quadratic;
    const Rational c = to_rational((free ? share[k] : std::max(0.0, share[k])) * unit / column.bound());
    switch (column.kind) {
      case Column::constant:
        majorant.constant = c;
        break;
      case Column::quadratic:
        majorant.quadratic = c;
        break;
      case Column::quartic:
        majorant.quartic = c;
        break;
      case Column::cosh:
        if (c > 0) majorant.cosh.push_back({column.parameter, c});
        break;
      case Column::exp_square:
        if (c > 0) majorant.exp_square.push_back({column.parameter, c});
        break;
    }
  }
  return majorant;
}

// What sampling and rounding leave open.
Majorant raised(Majorant p, double by) {
  p.constant += to_rational(by);
  p.quadratic += to_rational(by);
  p.quartic += to_rational(by / 8);
  return p;
}

// P(z) >= (r − z)² on [low, high], by the mean value theorem on ever smaller parts.
bool proved_between(const Majorant& p, const Ball& r, double low, double high, int depth) {
  const double middle = 0.5 * (low + high), radius = 0.5 * (high - low) * (1 + 0x1p-40);
  const auto margin = [&](const Ball& z) {
    TaylorSeries s(2, z);
    s[1] = Ball(1);
    TaylorSeries value = p(s);
    value[0] -= square(r - z);
    value[1] += 2 * (r - z);
    return value;
  };
  const Ball slope = margin(with_error(Ball(middle), Ball(radius)))[1];
  const Ball least = margin(Ball(middle))[0] - abs(slope) * Ball(radius);
  if (least.is_finite() && !least.contains_zero() && least.certainly_positive()) return true;
  if (depth == 0 || !(low < middle && middle < high)) return false;
  return proved_between(p, r, low, middle, depth - 1) && proved_between(p, r, middle, high, depth - 1);
}

// P(z) >= (r − z)² for |z| >= reach >= 1. Every term is at least its first terms: P(z) >= A_0 + A_2 z² + A_4 z⁴ =: …, with A_4 > 0, and
// A_4 z⁴ − |A_2 − 1| z² − 2|r||z| − |A_0 − r²| >= z² (A_4 z² − |A_2 − 1| − 2|r|) − |A_0 − r²|, which grows once the bracket is positive.
bool proved_beyond(const Majorant& p, const Ball& r, double reach) {
  Ball a0(p.constant), a2(p.quadratic), a4(p.quartic);
  for (const Majorant::Term& t : p.cosh) {
    const Ball c(t.coefficient), s2 = square(Ball(t.parameter));
    a0 += c, a2 += c * s2 / 2, a4 += c * square(s2) / 24;
  }
  for (const Majorant::Term& t : p.exp_square) {
    const Ball c(t.coefficient), l(t.parameter);
    a0 += c, a2 += c * l, a4 += c * square(l) / 2;
  }
  const Ball z2 = square(Ball(reach)), bracket = a4 * z2 - abs(a2 - 1) - 2 * abs(r);
  return reach >= 1 && bracket.certainly_positive() && (z2 * bracket - abs(a0 - square(r))).certainly_positive();
}

bool proved(const Majorant& p, const std::vector<Ball>& codewords, const std::vector<Ball>& thresholds) {
  constexpr int depth = 24;
  double reach = 16;
  while (!(proved_beyond(p, codewords.front(), reach) && proved_beyond(p, codewords.back(), reach))) {
    if ((reach *= 2) > 0x1p20) return false;
  }
  for (std::size_t k = 0; k < codewords.size(); ++k) {
    const double low = k == 0 ? -reach : thresholds[k - 1].lower_double(),
                 high = k + 1 == codewords.size() ? reach : thresholds[k].upper_double();
    if (low < high && !proved_between(p, codewords[k], low, high, depth)) return false;
  }
  return true;
}

}  // namespace

std::optional<CodebookBound> codebook_bound(const std::vector<Ball>& codewords, const std::vector<Ball>& thresholds) {
  Precision precision(128);
  Table table;
  for (const Ball& c : codewords) table.codewords.push_back(c.mid_double());
  for (const Ball& t : thresholds) table.thresholds.push_back(t.mid_double());
  const Majorant proposed = propose(table);
  const double unit = 1 / static_cast<double>(codewords.size() * codewords.size());
  for (double by = 0x1p-16; by < 0.1; by *= 4) {
    Majorant majorant = raised(proposed, by * unit);
    if (!proved(majorant, codewords, thresholds)) continue;
    const Ball upper = majorant.bound().upper_end();
    return CodebookBound{std::move(majorant), upper};
  }
  return std::nullopt;
}

}  // namespace hdq::reference
