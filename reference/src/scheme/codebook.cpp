#include "hdq/reference/scheme/codebook.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "hdq/reference/numbers/real.hpp"

namespace hdq::reference {
namespace {

using Parity = PiecewisePolynomial::Parity;

int sign_of(const Rational& q) { return q < 0 ? -1 : q > 0 ? 1 : 0; }

// Compares z, given by its square and sign, with √scale_squared·t.
int compare(const Rational& z_squared, int z_sign, const Rational& t, const Rational& scale_squared) {
  const int t_sign = sign_of(t);
  if (z_sign != t_sign) return z_sign < t_sign ? -1 : 1;
  const Rational t_squared = t * t * scale_squared;
  const int by_size = z_squared < t_squared ? -1 : z_squared > t_squared ? 1 : 0;
  return z_sign < 0 ? -by_size : by_size;
}

// The cells of the nearest codeword: equal ones get the first code.
CodebookCells cells_of_nearest(const Codebook& codebook) {
  const std::vector<Rational>& c = codebook.codewords;
  std::vector<std::size_t> order(c.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return c[a] < c[b]; });
  CodebookCells cells{{}, {}, codebook.tie};
  for (const std::size_t code : order) {
    if (!cells.codes.empty()) {
      const Rational& below = c[cells.codes.back()];
      if (c[code] == below) continue;
      cells.bounds.push_back((below + c[code]) / 2);
    }
    cells.codes.push_back(code);
  }
  return cells;
}

TaylorSeries polynomial(std::initializer_list<Ball> coefficients) {
  TaylorSeries p(coefficients.size());
  std::size_t k = 0;
  for (const Ball& c : coefficients) p[k++] = c;
  return p;
}

// z >= 0 cut where the cell of z or of −z changes: the codes of both on each piece.
struct MirroredPieces {
  std::vector<Rational> breaks;  // the first is 0
  std::vector<std::pair<std::size_t, std::size_t>> codes;  // of z, of −z
};

MirroredPieces mirrored_pieces(const CodebookCells& cells) {
  MirroredPieces pieces{{Rational(0)}, {}};
  for (const Rational& bound : cells.bounds) {
    if (bound != 0) pieces.breaks.push_back(abs(bound));
  }
  std::sort(pieces.breaks.begin(), pieces.breaks.end());
  pieces.breaks.erase(std::unique(pieces.breaks.begin(), pieces.breaks.end()), pieces.breaks.end());
  for (const Rational& from : pieces.breaks) {
    // Just above `from`, and just below −from.
    const auto above = std::upper_bound(cells.bounds.begin(), cells.bounds.end(), from) - cells.bounds.begin();
    const auto below = std::lower_bound(cells.bounds.begin(), cells.bounds.end(), Rational(-from)) - cells.bounds.begin();
    pieces.codes.emplace_back(cells.codes[static_cast<std::size_t>(above)], cells.codes[static_cast<std::size_t>(below)]);
  }
  return pieces;
}

std::vector<Ball> scaled(const std::vector<Rational>& numbers, const Ball& scale) {
  std::vector<Ball> result;
  result.reserve(numbers.size());
  for (const Rational& q : numbers) result.push_back(Ball(q) * scale);
  return result;
}

}  // namespace

const char* scale_rule_name(ScaleRule rule) {
  switch (rule) {
    case ScaleRule::norm: return "norm";
    case ScaleRule::matched_norm: return "matched-norm";
    case ScaleRule::unbiased: return "unbiased";
    case ScaleRule::least_squares: return "least-squares";
  }
  return "";
}

CodebookUnit CodebookUnit::parse(const std::string& text) {
  if (text == "1/sqrt(d)") return {};
  CodebookUnit unit{false, parse_rational(text)};
  if (unit.number <= 0) throw std::invalid_argument("a unit is above 0: " + text);
  return unit;
}

std::string CodebookUnit::text() const { return per_root_dimension ? "1/sqrt(d)" : number.str(); }

Ball CodebookUnit::scale(std::uint64_t dimension) const {
  return per_root_dimension ? Ball(1) : Ball(number) * sqrt(Ball(dimension));
}

Rational CodebookUnit::scale_squared(std::uint64_t dimension) const {
  return per_root_dimension ? Rational(1) : number * number * Rational(dimension);
}

void Codebook::check() const {
  if (codewords.size() < 2) throw std::invalid_argument("a codebook has at least 2 codewords");
  if (codewords.size() > max_levels) {
    throw std::invalid_argument(std::to_string(codewords.size()) + " codewords: at most " + std::to_string(max_levels));
  }
  if (!unit.per_root_dimension && unit.number <= 0) throw std::invalid_argument("a unit is above 0");
  if (thresholds.empty()) return;
  if (thresholds.size() + 1 != codewords.size()) {
    throw std::invalid_argument(std::to_string(thresholds.size()) + " thresholds between " + std::to_string(codewords.size()) +
                                " codewords: one less than codewords are needed");
  }
  for (std::size_t k = 1; k < thresholds.size(); ++k) {
    if (thresholds[k] < thresholds[k - 1]) {
      throw std::invalid_argument("threshold " + std::to_string(k + 1) + " is below threshold " + std::to_string(k));
    }
  }
}

CodebookCells cells_of(const Codebook& codebook) {
  codebook.check();
  if (codebook.thresholds.empty()) return cells_of_nearest(codebook);
  CodebookCells cells{{0}, {}, codebook.tie};
  for (std::size_t k = 0; k < codebook.thresholds.size(); ++k) {
    const Rational& bound = codebook.thresholds[k];
    if (!cells.bounds.empty() && bound == cells.bounds.back()) {
      cells.codes.back() = k + 1;
      continue;
    }
    cells.bounds.push_back(bound);
    cells.codes.push_back(k + 1);
  }
  return cells;
}

bool has_midpoints(const Codebook& codebook) {
  const CodebookCells cells = cells_of(codebook);
  for (std::size_t i = 0; i < cells.bounds.size(); ++i) {
    if (2 * cells.bounds[i] != codebook.codewords[cells.codes[i]] + codebook.codewords[cells.codes[i + 1]]) return false;
  }
  return true;
}

std::size_t CodebookCells::encode(const Rational& z_squared, bool negative, const Rational& scale_squared) const {
  const int z_sign = z_squared == 0 ? 0 : negative ? -1 : 1;
  std::size_t low = 0, high = bounds.size();  // the cell is in [low, high]
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const int order = compare(z_squared, z_sign, bounds[middle], scale_squared);
    if (order > 0 || (order == 0 && tie == Codebook::Tie::up)) low = middle + 1;
    else high = middle;
  }
  return codes[low];
}

ScalarRule codebook_rule(const Codebook& codebook, const Ball& scale) {
  const MirroredPieces pieces = mirrored_pieces(cells_of(codebook));
  const std::vector<Ball> c = scaled(codebook.codewords, scale);
  ScalarRule rule{{Parity::even, scaled(pieces.breaks, scale), {}}, {Parity::odd, {}, {}}};
  rule.mse.breaks[0] = Ball(0);
  rule.mean.breaks = rule.mse.breaks;
  for (const auto& [at, mirrored] : pieces.codes) {
    const Ball &r = c[at], &s = c[mirrored];
    rule.mse.polynomials.push_back(polynomial({ldexp(square(r) + square(s), -1), s - r, Ball(1)}));
    rule.mean.polynomials.push_back(polynomial({ldexp(r - s, -1)}));
  }
  return rule;
}

PiecewisePolynomial codebook_energy(const Codebook& codebook, const Ball& scale) {
  const MirroredPieces pieces = mirrored_pieces(cells_of(codebook));
  const std::vector<Ball> c = scaled(codebook.codewords, scale);
  PiecewisePolynomial energy{Parity::even, scaled(pieces.breaks, scale), {}};
  energy.breaks[0] = Ball(0);
  for (const auto& [at, mirrored] : pieces.codes) {
    energy.polynomials.push_back(polynomial({ldexp(square(c[at]) + square(c[mirrored]), -1)}));
  }
  return energy;
}

}  // namespace hdq::reference
