// Finds the majorants of Certificate*.v (SPEC §5.5) by linear programming, in double precision: minimise the certificate's mean over the
// coefficients, subject to exactly the inequalities that CertificateChecker.check evaluates in interval arithmetic. Nothing here is
// trusted: Coq checks the result. Prints the certificate and its grid as Coq has them; coefficients are rounded up.
//
//   find_majorant BITS                           with the grid of the shipped certificate
//   find_majorant BITS FIRST GROWTH STEP MESH    with another (FIRST, STEP and MESH in units of 2^-24)
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "hdq/reference/bounds/linear_program.hpp"

namespace {

constexpr double unit_steps = 1 << 24;

// CertificateChecker.grid, in units of 2^-24.
struct Grid {
  long first, growth, step, mesh;
};
constexpr Grid shipped_grids[] = {{1024, 190, 262144, 262144}, {4096, 184, 262144, 262144}, {8192, 196, 262144, 262144},
                                  {8192, 148, 262144, 262144}, {8192, 84, 262144, 262144},  {16384, 64, 524288, 262144},
                                  {16384, 44, 524288, 524288}, {16384, 32, 1048576, 524288}};

struct Shipped {
  int levels;
  double sigma, kappa;
};

// SPEC §3
Shipped shipped(int bits) {
  constexpr int sigma64[] = {93, 109, 111, 111, 111, 111, 111, 111};
  constexpr int kappa64[] = {32, 24, 20, 18, 16, 15, 14, 13};
  return {1 << bits, sigma64[bits - 1] / 64.0, kappa64[bits - 1] / 64.0};
}

double normal_distribution(double s) { return 0.5 * std::erfc(-s / std::sqrt(2.0)); }
double normal_density(double s) { return std::exp(-s * s / 2) / std::sqrt(2 * M_PI); }

double quantile(double p) {
  double low = -40, high = 40;
  for (int i = 0; i < 100; ++i) {
    const double mid = (low + high) / 2;
    (normal_distribution(mid) < p ? low : high) = mid;
  }
  return low;
}

struct Row {
  double v, q, g, G;
};

Row make_row(const Shipped& s, long k) {
  const double v = static_cast<double>(k) / unit_steps;
  const double q = quantile(v / s.levels);
  return {v, q, s.sigma * q + s.kappa * (1 / (s.levels - v) - 1 / v),
          -s.sigma * s.levels * normal_density(q) - s.kappa * std::log(v * (s.levels - v))};
}

struct Window {
  Row start, stop;
  double mean, variance_bound;
};

// CertificateChecker.starts_after
std::vector<long> window_starts(int levels, const Grid& grid) {
  const long last = static_cast<long>((levels - 1) * unit_steps / 2);
  std::vector<long> starts{grid.first};
  while (starts.back() < last) {
    const long k = starts.back(), rise = k / grid.growth;
    starts.push_back(std::min(last, rise < grid.step ? k + rise : (k / grid.step + 1) * grid.step));
  }
  return starts;
}

// CertificateChecker.walk: a bound of the variance of g on the window between two rows.
double variance_bound(const std::map<long, Row>& rows, long start, long stop, double mean) {
  auto last = rows.find(start);
  double total = 0;
  for (auto next = std::next(last); last->first != stop; ++next) {
    const long length = next->first - last->first;
    if (next->first != stop && length < std::min(static_cast<long>(unit_steps) / 64, last->first / 32)) continue;
    const Row &r = last->second, &n = next->second;
    const double u = r.g - mean, v = n.g - mean, h = n.v - r.v;
    total += (n.G - r.G - mean * h) * (u + v) - h * u * v;
    last = next;
  }
  return total;
}

std::vector<Window> windows(const Shipped& s, const std::vector<long>& starts, long mesh) {
  const long one = static_cast<long>(unit_steps);
  std::map<long, Row> rows;
  for (long k : starts) {
    rows[k] = make_row(s, k);
    rows[k + one] = make_row(s, k + one);
  }
  for (long k = mesh; k <= starts.back() + one; k += mesh) rows[k] = make_row(s, k);
  std::vector<Window> result;
  for (long k : starts) {
    // Exactly 0 at N/2: a rounding error here would upset the linear program's scaling.
    const double z = 2 * k + one == s.levels * one ? 0 : rows[k + one].G - rows[k].G;
    result.push_back({rows[k], rows[k + one], z, variance_bound(rows, k, k + one, z)});
  }
  return result;
}

struct Term {
  std::string kind;
  double parameter, mean;
  std::function<double(double)> value;
};

// exp(lambda z^2) only where its logarithmic derivative at the first window exceeds 1/kappa.
std::vector<Term> terms(const Shipped& s, double first_mean) {
  std::vector<Term> t;
  t.push_back({"constant", 0, 1, [](double) { return 1.0; }});
  t.push_back({"square", 0, 1, [](double z) { return z * z; }});
  t.push_back({"fourth", 0, 3, [](double z) { return z * z * z * z; }});
  for (int i = 2; i <= 20; ++i) {
    const double c = i / 4.0;
    t.push_back({"cosh", c, std::exp(c * c / 2), [c](double z) { return std::cosh(c * z); }});
  }
  for (int i = 5; i <= 48; ++i) {
    const double l = i / 100.0;
    if (-2 * l * first_mean * s.kappa > 1.001)
      t.push_back({"exp", l, 1 / std::sqrt(1 - 2 * l), [l](double z) { return std::exp(l * z * z); }});
  }
  return t;
}

class Program {
 public:
  // The unknowns are each term's share of mean · scale.
  Program(const std::vector<Term>& t, double scale) : terms_(t), scale_(scale) {
    program_.cost.assign(t.size(), 1);
    program_.lower.assign(t.size(), 0);
    program_.lower[0] = -std::numeric_limits<double>::infinity();
  }

  // sum of the terms at z (of the exp terms only, if asked) >= bound
  void require(double z, double bound, bool exp_only = false) {
    std::vector<double> row;
    for (const Term& t : terms_) row.push_back(exp_only && t.kind != "exp" ? 0 : t.value(z) / t.mean / bound / scale_);
    program_.rows.push_back(std::move(row));
    program_.right.push_back(1 + margin);
  }

  std::vector<double> solve() const {
    std::vector<double> c = hdq::reference::solve(program_);
    for (std::size_t k = 0; k < terms_.size(); ++k) c[k] /= terms_[k].mean * scale_;
    return c;
  }

 private:
  static constexpr double margin = 1e-4;  // over the rounding of the table and of the coefficients
  const std::vector<Term>& terms_;
  const double scale_;
  hdq::reference::LinearProgram program_;
};

// CertificateChecker.cell_ok for all cells, then end_ok.
std::vector<double> coefficients(const Shipped& s, const std::vector<Window>& w, const std::vector<Term>& t) {
  Program program(t, s.levels * s.levels);
  for (std::size_t j = 0; j + 1 < w.size(); ++j) program.require(w[j + 1].mean, w[j].variance_bound);
  const Row& first = w.front().start;
  const double tail = s.kappa - s.sigma * first.v * first.q;
  const double reach = tail + std::max(0.0, first.v * w.front().stop.g);
  program.require(w.front().mean, reach * reach / first.v, true);
  program.require(w.front().mean, w.front().variance_bound);
  return program.solve();
}

// Six significant digits, rounded up, as a decimal.
std::string decimal_up(double x) {
  if (x == 0) return "0";
  const int digits = std::max(0, 5 - static_cast<int>(std::floor(std::log10(std::fabs(x)))));
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, std::ceil(x * std::pow(10, digits)) / std::pow(10, digits));
  return text;
}

void print(int bits, const std::vector<Term>& t, const std::vector<double>& c, const Grid& grid) {
  std::string pairs[2];
  double mean = 0;
  for (std::size_t k = 0; k < t.size(); ++k) {
    if (c[k] == 0) continue;
    mean += c[k] * t[k].mean;
    if (k < 3) continue;
    std::string& list = pairs[t[k].kind == "exp"];
    char parameter[16];
    std::snprintf(parameter, sizeof parameter, "%g", t[k].parameter);
    list += (list.empty() ? "(" : "; (") + decimal_up(c[k]) + ", " + parameter + ")";
  }
  std::fprintf(stderr, "mean * 4^b = %.6f\n", mean * std::pow(4, bits));
  std::printf("Definition certificate_b%d : certificate := {|\n  constant := %s; square := %s; fourth := %s;\n", bits,
              decimal_up(c[0]).c_str(), decimal_up(c[1]).c_str(), decimal_up(c[2]).c_str());
  std::printf("  coshes := [%s];\n  gaussians := [%s] |}.\n", pairs[0].c_str(), pairs[1].c_str());
  std::printf("Definition grid_b%d : grid := {| first := %ld; growth := %ld; step := %ld; mesh := %ld |}.\n", bits,
              grid.first, grid.growth, grid.step, grid.mesh);
}

}  // namespace

int main(int argc, char** argv) {
  const int bits = argc == 2 || argc == 6 ? std::atoi(argv[1]) : 0;
  if (bits < 1 || bits > 8) {
    std::fprintf(stderr, "usage: find_majorant BITS [FIRST GROWTH STEP MESH]\n");
    return 2;
  }
  Grid grid = shipped_grids[bits - 1];
  if (argc == 6) grid = {std::atol(argv[2]), std::atol(argv[3]), std::atol(argv[4]), std::atol(argv[5])};
  if (grid.growth < 1 || grid.first < grid.growth || grid.step < 1 || grid.mesh < 1) {
    std::fprintf(stderr,
                 "find_majorant: needs FIRST >= GROWTH >= 1 and STEP, MESH >= 1, so that window starts increase\n");
    return 2;
  }
  const Shipped s = shipped(bits);
  const std::vector<Window> w = windows(s, window_starts(s.levels, grid), grid.mesh);
  const std::vector<Term> t = terms(s, w.front().mean);
  std::fprintf(stderr, "%zu windows\n", w.size());
  print(bits, t, coefficients(s, w, t), grid);
}
