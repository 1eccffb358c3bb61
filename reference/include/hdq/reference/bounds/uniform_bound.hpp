// The bracket of sup over d and unit x of N²·E‖x̂ − x‖² (SPEC §5.5): a majorant found by linear programming, rounded to
// rationals, proved over all real z in ball arithmetic, and the Gaussian limit below it.
#pragma once

#include <cstdint>
#include <optional>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/bounds/certificate.hpp"
#include "hdq/reference/scheme/generator.hpp"
#include "hdq/reference/bounds/majorant.hpp"
#include "hdq/reference/scheme/window_expansion.hpp"

namespace hdq::reference {

// The quantizer of a bound: σ is given by its square.
struct BoundedQuantizer {
  std::int64_t levels;
  Rational sigma_squared, kappa;

  static BoundedQuantizer shipped(int bits);
  Generator generator() const { return Generator(levels, Real::square_root(sigma_squared), kappa); }
};

// Majorant of least bound that a linear program over samples of M with |z| <= reach finds, times 1 + 2^-16 and rounded to
// rationals of 9 digits. A proposal: nothing about it is proved.
Majorant propose_majorant(const WindowExpansion& expansion, double reach);

// P >= M on every cell (on all z_tail <= |z|): nullopt if proved, else a |z| near which it is not.
std::optional<double> unproved_on_cells(const WindowExpansion& expansion, const Majorant& majorant);
// P >= M on all windows that begin below a_tail (SPEC §5.5; the argument is in certificate_checker.cpp).
bool proved_on_tail(const WindowExpansion& expansion, const Majorant& majorant);
// 2 ∫ M(z) φ(z) dz over z_tail <= z <= 0: what the cells contribute to E M(Gaussian). The rest is positive.
Ball gaussian_mean(const WindowExpansion& expansion);

// All of it. Throws std::runtime_error if no proof is found.
BoundCertificate certify_uniform_bound(const BoundedQuantizer& quantizer);

}  // namespace hdq::reference
