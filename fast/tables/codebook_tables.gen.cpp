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
#include <cstdio>

#include "real.hpp"

namespace {

using namespace hdq::tables;

constexpr int nodes = 44;
constexpr int target_exponent = -43;
constexpr int binades = 33;  // U = (2w + 1)/2^33 with 0 <= w < 2^32

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
    }, nodes));
    steps = std::max(steps, steps_needed(series.back()));
  }
  std::printf("inline constexpr int %s_end_steps_%d = %d;\n", name(kind), bits, steps);
  std::printf("alignas(64) inline constexpr double %s_end_%d[] = {\n", name(kind), bits);
  for (int e = 0; e < binades; ++e) {
    const std::vector<Real> c = monomials(series[static_cast<std::size_t>(e)], static_cast<std::size_t>(2 * steps));
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
    }, nodes));
    steps = std::max(steps, steps_needed(series.back()));
  }
  std::vector<std::vector<Real>> c;
  for (const Series& s : series) c.push_back(monomials(s, static_cast<std::size_t>(2 * steps)));
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
    for (int bits = 1; bits <= shipped_bits; ++bits) {
      print_end(bits, kind);
      if (bits > 1) print_pairs(bits, kind);
    }
  flint_cleanup();
}
