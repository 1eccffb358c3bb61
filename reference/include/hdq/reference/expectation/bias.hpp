// The bias of a scheme on a vector (SPEC §4): ‖E x̂ − x‖/‖x‖ and E⟨x, x̂⟩/‖x‖².
//
// A scalar rule with mean q(z) = E_U Q(z) gives E x̂_i = ‖x‖·E[ε_i q(S)] under one HD, S = Σ ε_i x_i/‖x‖, and
// E⟨x, x̂⟩ = ‖x‖²·E[S q(S)]. Under a Haar rotation, and in the limit of flat vectors, E x̂ is E[z q(z)] times x.
//
// dithered: q(z) = z, so both are exact whatever the vector. With the 32-bit dither word of SPEC §2, U = (w + 1/2)/2^32, a
// window [a, a + 1] holds one grid point in each 2^-32 of its length, and g increases:
//   |E_w decoded − z| <= 2^-32 (g(a + 1) − g(a)) =: β(z),      ‖E x̂ − x‖ <= ‖x‖ (E β(S)²)^(1/2)
// (Bessel's inequality: the ε_i are orthonormal), which is bounded for all vectors at once.
#pragma once

#include <span>
#include <string>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/codebook.hpp"
#include "hdq/reference/scheme/generator.hpp"
#include "hdq/reference/expectation/mse_integrator.hpp"

namespace hdq::reference {

struct Bias {
  Ball norm;         // ‖E x̂ − x‖/‖x‖
  Ball correlation;  // E⟨x, x̂⟩/‖x‖²
  std::string method;
};

// Of the comparators; x is padded for hdhd as in MseIntegrator. Throws Unaffordable.
Bias comparator_bias(Scheme scheme, std::int64_t levels, Rotation rotation, std::span<const double> x, int digits = 15);

// Of somebody's codebook with x̂ = ‖x‖/√d·c; `dimension`: of the rotated vector, as in MseIntegrator. Rotation::none: the error itself.
Bias codebook_bias(const Codebook& codebook, std::uint64_t dimension, Rotation rotation, std::span<const double> x, int digits = 15);

// Upper bound of ‖E x̂ − x‖/‖x‖ of the dithered scheme with a 32-bit dither word, for every vector and rotation.
Ball dither_word_bias_bound(const Generator& generator);

}  // namespace hdq::reference
