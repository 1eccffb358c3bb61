// Prints fast/src/compand_tables.inc: polynomials for c⁻¹, the inverse of c(t) = ∫_{t−1/2}^{t+1/2} g (SPEC §3), by which the encoder
// finds code = ⌊c⁻¹(z) + 1/2 − U⌋ without looking at thresholds; compand_tables.hpp tells how, and bounds the error.
//
// Segment s is |z − s·width| <= width/2; with r = z/width − s the polynomial P_s(r) approximates c⁻¹(z) − N/2, odd in z, hence
// P_{−s}(r) = −P_s(−r). It is the Chebyshev interpolant at `nodes` points, truncated, every coefficient rounded to float32.
// c⁻¹(z) is the root of c(t) = G(t + 1/2) − G(t − 1/2) = z by Newton's method, from the left end of a bracket where c < z: c is convex
// there (c is increasing and, beyond N/2, c' is), so that the second and all later iterates lie right of the root and fall to it.
#include <cstdio>

#include "real.hpp"

namespace {

using namespace hdq::tables;

constexpr int nodes = 24;
constexpr int segments = 8;          // |s| < 8: sixteen coefficients fill a register
constexpr double width = 17.0 / 32;  // |z| < 7.5·17/32 = 3.98; beyond lie 7e-5 of normal variables
constexpr int min_bits = 3;
constexpr int degree(int bits) { return bits <= 6 ? 3 : 4; }

struct Compander {
  Generator generator;
  explicit Compander(int bits) : generator(bits) {}

  Real c(const Real& t) const {
    return generator.antiderivative(t + ratio(1, 2)) - generator.antiderivative(t - ratio(1, 2));
  }
  Real derivative(const Real& t) const { return generator.g(t + ratio(1, 2)) - generator.g(t - ratio(1, 2)); }

  // c⁻¹(z), z >= 0; in doubles to start with.
  Real inverse(const Real& z) const {
    double low = generator.n / 2.0, high = generator.n - 0.5;
    for (int step = 0; step < 24; ++step) {
      const double middle = (low + high) / 2;
      (c(exactly(middle)).nearest() < z.nearest() ? low : high) = middle;
    }
    Real t = exactly(low);
    for (int step = 0; step < 5; ++step) t = (t - (c(t) - z) / derivative(t)).midpoint();
    return t;
  }
};

void print_bits(int bits) {
  const Compander compander(bits);
  const std::size_t terms = static_cast<std::size_t>(degree(bits)) + 1;
  std::vector<std::vector<Real>> p;
  for (int segment = 0; segment < segments; ++segment)
    p.push_back(monomials(interpolate([&](const Real& r) {
      const Real z = (Real(segment) + r) * exactly(width), half = ratio(compander.generator.n, 2);
      return arb_is_negative(z.get()) ? half - compander.inverse(Real(0) - z) : compander.inverse(z) - half;
    }, nodes), terms));
  std::printf("inline constexpr int compand_degree_%d = %d;\n", bits, degree(bits));
  std::printf("alignas(64) inline constexpr float compand_%d[] = {\n", bits);
  for (std::size_t i = 0; i < terms; ++i) {
    for (int lane = 0; lane < 2 * segments; ++lane) {
      const int s = lane < segments ? lane : lane - 2 * segments;
      if (s == -segments) {
        std::printf("out_of_range,");
        continue;
      }
      const Real& c = p[static_cast<std::size_t>(std::abs(s))][i];
      const float nearest = s == 0 && i % 2 == 0 ? 0 : static_cast<float>(c.nearest());
      std::printf("%a,", s < 0 && i % 2 == 0 ? -nearest : nearest);
    }
    std::printf("\n");
  }
  std::printf("};\n");
}

}  // namespace

int main() {
  std::printf("// Written by compand_tables.gen.cpp; do not edit.\n");
  std::printf("inline constexpr int compand_segments = %d;\ninline constexpr float compand_width = %a;\n", segments, width);
  for (int bits = min_bits; bits <= shipped_bits; ++bits) print_bits(bits);
  flint_cleanup();
}
