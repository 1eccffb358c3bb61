// Prints fast/src/codebook_tables.inc: the polynomials from which the library evaluates thresholds and codewords (SPEC §3).
//
// Interior cells. With t = U − 1/2 a threshold θ_k or a codeword r_k is analytic in |t| <= 1/2, and oddness of g gives
// θ_{N−k}(t) = −θ_k(−t), r_{N−1−k}(t) = −r_k(−t). So one polynomial E(t²) + t·O(t²) serves two cells.
// End cells. θ_1 and r_0 are singular at U = 0; on each of the 33 binades of U they are polynomials in x = m − 3/2, where
// m in [1, 2) is the significand of U. The far ends are θ_{N−1}(U) = −θ_1(1 − U), r_{N−1}(U) = −r_0(1 − U). For N = 2 the
// only threshold is S(U) − S(1 − U) with S(u) = σNφ(Φ⁻¹(u/N)) + κ ln(u/(1 + u)), and S takes the place of θ_1.
//
// Each polynomial is the Chebyshev interpolant at `nodes` points, truncated to the smallest even number of terms whose
// discarded terms add up to at most 2^target_exponent·(1 + |value|), every coefficient rounded to the nearest double.
#include <arb.h>
#include <arb_hypgeom.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <vector>

namespace {

constexpr slong precision = 384;
constexpr int nodes = 44;
constexpr int target_exponent = -43;
constexpr int binades = 33;  // U = (2w + 1)/2^33 with 0 <= w < 2^32
constexpr int sigma_times_64[9] = {0, 93, 109, 111, 111, 111, 111, 111, 111};
constexpr int kappa_times_64[9] = {0, 32, 24, 20, 18, 16, 15, 14, 13};

class Real {
 public:
  Real() { arb_init(x_); }
  Real(int v) : Real() { arb_set_si(x_, v); }  // NOLINT: integers mix freely with reals
  Real(const Real& o) : Real() { arb_set(x_, o.x_); }
  Real& operator=(const Real& o) {
    arb_set(x_, o.x_);
    return *this;
  }
  ~Real() { arb_clear(x_); }
  arb_ptr get() { return x_; }
  arb_srcptr get() const { return x_; }
  double nearest() const { return arf_get_d(arb_midref(x_), ARF_RND_NEAR); }

 private:
  arb_t x_;
};

template <void (*f)(arb_t, const arb_t, slong)>
Real apply(const Real& a) {
  Real r;
  f(r.get(), a.get(), precision);
  return r;
}
template <void (*f)(arb_t, const arb_t, const arb_t, slong)>
Real apply(const Real& a, const Real& b) {
  Real r;
  f(r.get(), a.get(), b.get(), precision);
  return r;
}
Real operator+(const Real& a, const Real& b) { return apply<arb_add>(a, b); }
Real operator-(const Real& a, const Real& b) { return apply<arb_sub>(a, b); }
Real operator*(const Real& a, const Real& b) { return apply<arb_mul>(a, b); }
Real operator/(const Real& a, const Real& b) { return apply<arb_div>(a, b); }
Real ln(const Real& a) { return apply<arb_log>(a); }
Real root(const Real& a) { return apply<arb_sqrt>(a); }
Real exponential(const Real& a) { return apply<arb_exp>(a); }
Real ratio(int p, int q) { return Real(p) / Real(q); }
Real power_of_two(int e) {
  Real r(1);
  arb_mul_2exp_si(r.get(), r.get(), e);
  return r;
}
Real cosine_pi(const Real& a) { return apply<arb_cos_pi>(a); }
Real pi() {
  Real r;
  arb_const_pi(r.get(), precision);
  return r;
}

// Φ⁻¹(p)
Real normal_quantile(const Real& p) { return root(2) * apply<arb_hypgeom_erfinv>(Real(2) * p - Real(1)); }
Real normal_density(const Real& q) { return exponential(Real(0) - q * q / Real(2)) / root(Real(2) * pi()); }

struct Generator {
  int n;
  Real sigma, kappa;
  explicit Generator(int bits)
      : n(1 << bits), sigma(ratio(sigma_times_64[bits], 64)), kappa(ratio(kappa_times_64[bits], 64)) {}

  Real g(const Real& v) const {
    return sigma * normal_quantile(v / Real(n)) + kappa * (Real(1) / (Real(n) - v) - Real(1) / v);
  }
  Real density_term(const Real& v) const { return sigma * Real(n) * normal_density(normal_quantile(v / Real(n))); }
  Real antiderivative(const Real& v) const {
    return Real(0) - density_term(v) - kappa * ln(v * (Real(n) - v));
  }
  Real threshold(int k, const Real& u) const { return antiderivative(Real(k) + u) - antiderivative(Real(k - 1) + u); }
  Real codeword(int k, const Real& u) const { return g(Real(k) + u); }
  // The part of a two-level threshold that is singular at u = 0.
  Real half_threshold(const Real& u) const { return density_term(u) + kappa * ln(u / (Real(1) + u)); }
};

using Function = std::function<Real(const Real&)>;  // of x in [−1/2, 1/2]

// Chebyshev coefficients of the interpolant of f on [−1/2, 1/2], and the smallest sampled |f|.
struct Series {
  std::vector<Real> chebyshev;
  double smallest = 0;
};
Series interpolate(const Function& f) {
  std::vector<Real> value;
  Series s;
  s.smallest = HUGE_VAL;
  for (int j = 0; j < nodes; ++j) {
    value.push_back(f(cosine_pi(ratio(2 * j + 1, 2 * nodes)) / Real(2)));
    s.smallest = std::min(s.smallest, std::abs(value.back().nearest()));
  }
  for (int m = 0; m < nodes; ++m) {
    Real sum(0);
    for (int j = 0; j < nodes; ++j) sum = sum + value[static_cast<std::size_t>(j)] * cosine_pi(ratio(m * (2 * j + 1), 2 * nodes));
    s.chebyshev.push_back(sum * ratio(m == 0 ? 1 : 2, nodes));
  }
  return s;
}

// Smallest number of (even, odd) coefficient pairs that reaches the target.
int steps_needed(const Series& s) {
  const double allowed = std::ldexp(1 + s.smallest, target_exponent);
  double discarded = 0;
  int terms = nodes;
  while (terms > 2) {
    const double pair = std::abs(s.chebyshev[static_cast<std::size_t>(terms - 1)].nearest()) +
                        std::abs(s.chebyshev[static_cast<std::size_t>(terms - 2)].nearest());
    if (discarded + pair > allowed) break;
    discarded += pair;
    terms -= 2;
  }
  return terms / 2;
}

// Monomial coefficients of the first 2·steps Chebyshev terms, from T_{m+1}(2x) = 4x·T_m(2x) − T_{m−1}(2x).
std::vector<Real> monomials(const Series& s, int steps) {
  const std::size_t terms = static_cast<std::size_t>(2 * steps);
  std::vector<Real> sum(terms, Real(0)), previous(terms, Real(0)), current(terms, Real(0));
  previous[0] = Real(1);
  current[1] = Real(2);
  for (std::size_t m = 0; m < terms; ++m) {
    for (std::size_t i = 0; i < terms; ++i) sum[i] = sum[i] + s.chebyshev[m] * previous[i];
    std::vector<Real> next(terms, Real(0));
    for (std::size_t i = 0; i < terms; ++i) {
      next[i] = Real(0) - previous[i];
      if (i > 0) next[i] = next[i] + Real(4) * current[i - 1];
    }
    previous = current;
    current = next;
  }
  return sum;
}

void print_number(const Real& c) { std::printf("%a,", c.nearest()); }

enum class Kind { threshold, codeword };
const char* name(Kind kind) { return kind == Kind::threshold ? "threshold" : "codeword"; }

void print_end(int bits, Kind kind) {
  const Generator generator(bits);
  std::vector<Series> series;
  int steps = 2;
  for (int e = 0; e < binades; ++e) {
    series.push_back(interpolate([&](const Real& x) {
      const Real u = (x + ratio(3, 2)) * power_of_two(-1 - e);
      if (kind == Kind::codeword) return generator.codeword(0, u);
      return bits == 1 ? generator.half_threshold(u) : generator.threshold(1, u);
    }));
    steps = std::max(steps, steps_needed(series.back()));
  }
  std::printf("inline constexpr int %s_end_steps_%d = %d;\n", name(kind), bits, steps);
  std::printf("alignas(64) inline constexpr double %s_end_%d[] = {\n", name(kind), bits);
  for (int e = 0; e < binades; ++e) {
    const std::vector<Real> c = monomials(series[static_cast<std::size_t>(e)], steps);
    for (int i = 2 * steps - 2; i >= 0; i -= 2) {
      print_number(c[static_cast<std::size_t>(i)]);
      print_number(c[static_cast<std::size_t>(i) + 1]);
    }
    std::printf("\n");
  }
  std::printf("};\n");
}

// One group: `lanes` consecutive cells that share a degree. Step by step, highest first: the even, then the odd coefficients.
int print_group(const Generator& generator, Kind kind, int first, int lanes) {
  std::vector<Series> series;
  int steps = 2;
  for (int lane = 0; lane < lanes; ++lane) {
    const int cell = first + lane;
    series.push_back(interpolate([&](const Real& t) {
      if (cell == 0) return Real(0);  // the end cell has its own table
      const Real u = t + ratio(1, 2);
      return kind == Kind::codeword ? generator.codeword(cell, u) : generator.threshold(cell + 1, u);
    }));
    steps = std::max(steps, steps_needed(series.back()));
  }
  std::vector<std::vector<Real>> c;
  for (const Series& s : series) c.push_back(monomials(s, steps));
  const bool has_middle = kind == Kind::threshold && 2 * (first + lanes) == generator.n;
  for (int i = 2 * steps - 2; i >= 0; i -= 2) {
    for (int parity = 0; parity < 2; ++parity)
      for (int lane = 0; lane < lanes; ++lane) {
        const bool middle_even = has_middle && lane == lanes - 1 && parity == 0;  // θ_{N/2} is odd in t
        print_number(middle_even || first + lane == 0 ? Real(0) : c[static_cast<std::size_t>(lane)][static_cast<std::size_t>(i + parity)]);
      }
    std::printf("\n");
  }
  return steps;
}

void print_pairs(int bits, Kind kind) {
  const Generator generator(bits);
  const int lanes = std::min(8, generator.n / 2), groups = generator.n / 2 / lanes;
  std::vector<int> steps;
  std::printf("alignas(64) inline constexpr double %s_pairs_%d[] = {\n", name(kind), bits);
  for (int group = 0; group < groups; ++group) steps.push_back(print_group(generator, kind, group * lanes, lanes));
  std::printf("};\ninline constexpr unsigned char %s_steps_%d[] = {", name(kind), bits);
  for (int s : steps) std::printf("%d,", s);
  std::printf("};\n");
}

}  // namespace

int main() {
  std::printf("// Written by codebook_tables.gen.cpp; do not edit.\n");
  for (Kind kind : {Kind::threshold, Kind::codeword})
    for (int bits = 1; bits <= 8; ++bits) {
      print_end(bits, kind);
      if (bits > 1) print_pairs(bits, kind);
    }
  flint_cleanup();
}
