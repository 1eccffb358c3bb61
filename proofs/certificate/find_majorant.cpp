// Finds the majorants of Certificate*.v (SPEC §5.5) by linear programming, in double precision:
// minimise the certificate's mean over the coefficients, subject to exactly the inequalities that
// CertificateChecker.check evaluates in interval arithmetic. Nothing here is trusted: Coq checks
// the result. Prints a Coq record; coefficients other than the constant are rounded up.
//
//   g++ -std=c++20 -O2 find_majorant.cpp -lglpk -o find_majorant
//   ./find_majorant BITS FIRST GROWTH STEP        (FIRST, STEP in units of 2^-20)
#include <glpk.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace {

constexpr double unit_steps = 1 << 20;

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
std::vector<long> window_starts(int levels, long first, long growth, long step) {
  const long last = static_cast<long>((levels - 1) * unit_steps / 2);
  std::vector<long> starts{first};
  while (starts.back() < last) {
    const long k = starts.back();
    starts.push_back(std::min(last, k / growth < step ? k + k / growth : (k / step + 1) * step));
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

std::vector<Window> windows(const Shipped& s, const std::vector<long>& starts, long step) {
  const long one = static_cast<long>(unit_steps);
  std::map<long, Row> rows;
  for (long k : starts) {
    rows[k] = make_row(s, k);
    rows[k + one] = make_row(s, k + one);
  }
  for (long k = step; k <= starts.back() + one; k += step) rows[k] = make_row(s, k);
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
  Program(const std::vector<Term>& t, double scale) : terms_(t), scale_(scale), lp_(glp_create_prob()) {
    glp_set_obj_dir(lp_, GLP_MIN);
    glp_add_cols(lp_, static_cast<int>(t.size()));
    for (int k = 1; k <= static_cast<int>(t.size()); ++k) {
      // The unknowns are each term's share of mean * scale.
      glp_set_obj_coef(lp_, k, 1);
      glp_set_col_bnds(lp_, k, k == 1 ? GLP_FR : GLP_LO, 0, 0);
    }
  }
  ~Program() { glp_delete_prob(lp_); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // sum of the terms at z (of the exp terms only, if asked) >= bound
  void require(double z, double bound, bool exp_only = false) {
    std::vector<int> index(1);
    std::vector<double> entry(1);
    for (std::size_t k = 0; k < terms_.size(); ++k) {
      if (exp_only && terms_[k].kind != "exp") continue;
      if (terms_[k].value(z) == 0) continue;
      index.push_back(static_cast<int>(k) + 1);
      entry.push_back(terms_[k].value(z) / terms_[k].mean / bound / scale_);
    }
    const int row = glp_add_rows(lp_, 1);
    glp_set_mat_row(lp_, row, static_cast<int>(index.size()) - 1, index.data(), entry.data());
    glp_set_row_bnds(lp_, row, GLP_LO, 1 + margin, 0);
  }

  std::vector<double> solve() {
    glp_smcp parameters;
    glp_init_smcp(&parameters);
    parameters.msg_lev = GLP_MSG_ERR;
    parameters.presolve = GLP_ON;
    glp_term_out(GLP_OFF);
    glp_scale_prob(lp_, GLP_SF_AUTO);
    if (glp_simplex(lp_, &parameters) != 0 || glp_get_status(lp_) != GLP_OPT) std::exit(1);
    std::vector<double> c;
    for (std::size_t k = 0; k < terms_.size(); ++k)
      c.push_back(glp_get_col_prim(lp_, static_cast<int>(k) + 1) / terms_[k].mean / scale_);
    return c;
  }

 private:
  static constexpr double margin = 1e-4;  // over the rounding of the table and of the coefficients
  const std::vector<Term>& terms_;
  const double scale_;
  glp_prob* lp_;
};

// CertificateChecker.cell_ok for all cells, then end_ok.
std::vector<double> coefficients(const Shipped& s, const std::vector<Window>& w,
                                 const std::vector<Term>& t) {
  Program program(t, s.levels * s.levels);
  for (std::size_t j = 0; j + 1 < w.size(); ++j) {
    const Window &a = w[j], &b = w[j + 1];
    const double rise = (b.stop.g - a.start.g) * (b.stop.g + b.start.g - 2 * a.mean);
    const double bound = a.variance_bound + (b.start.v - a.start.v) * std::max(0.0, rise);
    program.require(b.mean, bound);
  }
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

void print(int bits, const std::vector<Term>& t, const std::vector<double>& c, long first, long growth, long step) {
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
  std::printf("(* mean * 4^b = %.6f *)\n", mean * std::pow(4, bits));
  std::printf("Definition certificate_b%d : certificate := {|\n  constant := %s; square := %s; fourth := %s;\n"
              "  coshes := [%s];\n  gaussians := [%s] |}.\n",
              bits, decimal_up(c[0]).c_str(), decimal_up(c[1]).c_str(), decimal_up(c[2]).c_str(),
              pairs[0].c_str(), pairs[1].c_str());
  std::printf("Definition grid_b%d : grid := {| first := %ld; growth := %ld; step := %ld |}.\n", bits, first,
              growth, step);
}

}  // namespace

int main(int argc, char** argv) {
  const int bits = argc == 5 ? std::atoi(argv[1]) : 0;
  if (bits < 1 || bits > 8) {
    std::fprintf(stderr, "usage: find_majorant BITS FIRST GROWTH STEP\n");
    return 2;
  }
  const long first = std::atol(argv[2]), growth = std::atol(argv[3]), step = std::atol(argv[4]);
  if (growth < 1 || first < growth || step < 1) {
    std::fprintf(stderr, "find_majorant: needs FIRST >= GROWTH >= 1, so that window starts increase\n");
    return 2;
  }
  const Shipped s = shipped(bits);
  const std::vector<Window> w = windows(s, window_starts(s.levels, first, growth, step), step);
  const std::vector<Term> t = terms(s, w.front().mean);
  print(bits, t, coefficients(s, w, t), first, growth, step);
}
