// Somebody's scalar codebook with its scale rule, from a file or from a profile, and what the expectation commands say of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "hdq/reference/expectation/bias.hpp"
#include "hdq/reference/expectation/codebook_error.hpp"
#include "hdq/reference/expectation/mse_integrator.hpp"

namespace hdq::figures {

struct CodebookScheme {
  reference::Codebook codebook;
  reference::ScaleRule rule = reference::ScaleRule::norm;
};

// The codebook of a profile (docs/profiles.md) at n and b, in real arithmetic: nearest codeword or its thresholds, scaled by the norm of
// the whole row, with a rotation that is a multiple of an orthogonal one, and a factor that undoes both. io::BadInput where it is none
// of these, or where the kernel exports what decides it; UsageError where n or b are not offered.
CodebookScheme profile_codebook(const std::string& profile, std::size_t n, int bits);

// By the scheme's rule. `dimension`: of the rotated vector. Another rule than the norm: hd for vectors of few nonzero integers, limit, none;
// otherwise io::BadInput.
reference::Expectation expected_error(const CodebookScheme& scheme, std::uint64_t dimension,
                                      reference::Rotation rotation, std::span<const double> x, int digits);
reference::Bias expected_bias(const CodebookScheme& scheme, std::uint64_t dimension, reference::Rotation rotation,
                              std::span<const double> x, int digits);

}  // namespace hdq::figures
