// M(z) for many z at once (SPEC §3): narrow enclosures in double, for sums over all coordinates of real data.
//
// Nodes a_0 = (N − 1)/2 > a_1 > … name windows (scalar_quantizer.hpp), z_i their values, 0 = z_0 > z_1 > …. Between two nodes
//   M(z) ∈ M(z_i) + M'(z_i)(z − z_i) + M''([z_{i+1}, z_i])·(z − z_i)²/2,    M'' = (g'(a) + g'(a + 1))/(g(a + 1) − g(a)) − 2,
// M'' enclosed over the cell. M is even. Nodes are added when a larger |z| first asks for them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/scalar_quantizer.hpp"

namespace hdq::reference {

class ScalarMseTable {
 public:
  struct Interval {
    double lower, upper;
  };

  explicit ScalarMseTable(ScalarQuantizer quantizer) : quantizer_(std::move(quantizer)) {
    Precision precision(bits);
    next_ = node_at(ldexp(Ball(quantizer_.levels() - 1), -1));
  }

  // An enclosure of M(z') for every z' with |z' − z| <= error. Not for several threads at once: it fills itself.
  Interval operator()(double z, double error = 0) {
    const double at = std::abs(z);
    if (!(at < largest)) {
      Precision precision(bits);
      const Ball value = quantizer_.mse(with_error(Ball(z), Ball(error)));
      return {value.lower_double(), value.upper_double()};
    }
    while (cells_.empty() || cells_.back().far <= at) append_cell();
    const auto cell = std::upper_bound(cells_.begin(), cells_.end(), at,
                                       [](double value, const Cell& candidate) { return value < candidate.far; });
    return evaluate(*cell, at, error);
  }

 private:
  static constexpr slong bits = 96;
  static constexpr double largest = 12;  // beyond it a direct evaluation per z

  // In terms of |z|, from node to far.
  struct Cell {
    double node, node_error, far;
    Interval value, slope, curvature;  // M and dM/d|z| at the node, M'' on the cell
  };

  static Interval ends(const Ball& x) { return {x.lower_double(), x.upper_double()}; }

  static Interval evaluate(const Cell& cell, double z, double error) {
    const double step = z - cell.node, uncertain = error + cell.node_error;
    const double half_square = 0.5 * step * step;
    const double size = std::max(std::abs(cell.slope.lower), std::abs(cell.slope.upper));
    const double bend = std::max(std::abs(cell.curvature.lower), std::abs(cell.curvature.upper));
    // An uncertain argument costs |M'| times it; 16 units in the last place cover the roundings of these few operations.
    const double slack = (size + bend * (std::abs(step) + uncertain)) * uncertain +
                         16 * std::numeric_limits<double>::epsilon() * (cell.value.upper + size * std::abs(step) + bend * half_square);
    return {cell.value.lower + std::min(cell.slope.lower * step, cell.slope.upper * step) + cell.curvature.lower * half_square - slack,
            cell.value.upper + std::max(cell.slope.lower * step, cell.slope.upper * step) + cell.curvature.upper * half_square + slack};
  }

  // A window [a, a + 1] and what the generator has at its ends.
  struct Node {
    Ball a;
    Generator::Values low, high;
  };
  Node node_at(const Ball& a) const {
    const Generator& g = quantizer_.generator();
    return {a, g.evaluate(a), g.evaluate(a + 1)};
  }

  void append_cell() {
    Precision precision(bits);
    const Node& at = *next_;
    const ScalarQuantizer::Window window = quantizer_.window(at.a, at.low, at.high);
    // The larger M the coarser the cells: the enclosures stay within about 1e-4 of it.
    const double width = std::min(1.0 / 256, 0.1 * std::sqrt(window.mse.lower_double()));
    Node next = node_at((at.a - Ball(width) / window.z_slope).mid());
    const Ball next_z = next.high.antiderivative - next.low.antiderivative;
    // On the cell the quantiles lie between those of its ends.
    const Generator& g = quantizer_.generator();
    const Ball range = hull(next.a, at.a);
    const Ball at_low = g.derivative(range, hull(next.low.quantile, at.low.quantile));
    const Ball at_high = g.derivative(range + 1, hull(next.high.quantile, at.high.quantile));
    // dz/da on the cell by the mean value theorem: g(a + 1) − g(a) of a wide a would lose what the two share.
    const Ball z_slope = window.z_slope + (at_high - at_low) * (range - at.a);
    const Ball curvature = (at_low + at_high) / z_slope - 2;
    Cell cell;
    cell.node = (-window.z).mid_double();
    cell.node_error = abs(window.z + Ball(cell.node)).upper_double();
    cell.far = (-next_z).lower_double();
    cell.value = ends(window.mse);
    cell.slope = ends(-window.mse_slope);
    cell.curvature = ends(curvature);
    cells_.push_back(cell);
    next_ = std::move(next);
  }

  ScalarQuantizer quantizer_;
  std::optional<Node> next_;
  std::vector<Cell> cells_;
};

}  // namespace hdq::reference
