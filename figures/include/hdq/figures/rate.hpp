// What the entropy-coded quantizer (SPEC §7) needs for an error, or attains at a rate: certified, for every vector.
#pragma once

#include <cstddef>
#include <optional>

#include "hdq/figures/notation.hpp"
#include "hdq/reference/scheme/uniform_step.hpp"
#include "hdq/types.hpp"

namespace hdq::figures {

struct RateFigures {
  reference::StepNumbers numbers;
  reference::Rational error;  // D = Δ²/12
  reference::Ball rate, ideal,
      coder;  // bits per coordinate: R(D), the ideal length, from the least to the most of the coder
  std::optional<std::size_t> order;  // the Hadamard order, with a dimension
  int bits;  // of the fixed-rate quantizer that is compared: those asked for, or the nearest to the rate
  std::optional<reference::Rational>
      fixed_rate_error;  // its certified upper bound; none where there is no such quantizer
};

RateFigures rate_figures(const Step& step, std::optional<int> bits, std::optional<std::size_t> dimension);
Notation::Json rate(const RateFigures& figures, const Notation& notation);

}  // namespace hdq::figures
