#include "hdq/figures/rate.hpp"

#include <cmath>

#include "hdq/reference/bounds/entropy_length.hpp"
#include "hdq/reference/bounds/uniform_bound.hpp"
#include "hdq/stages.hpp"

namespace hdq::figures {

using reference::Ball;
using reference::Rational;

namespace {

std::optional<Rational> fixed_rate_error(int bits) {
  if (bits < BitWidth::least || bits > BitWidth::most) return std::nullopt;
  return reference::certify_uniform_bound(reference::BoundedQuantizer::shipped(bits)).upper /
         (reference::Integer(1) << (2 * bits));
}

}  // namespace

RateFigures rate_figures(const Step& step, std::optional<int> bits, std::optional<std::size_t> dimension) {
  const reference::StepNumbers numbers(step.value());
  const reference::EntropyLength length = reference::entropy_length(numbers);
  const int compared = bits.value_or(static_cast<int>(std::lround(step.rate())));
  return {numbers,
          numbers.error(),
          reference::rate_of_error(numbers.error()),
          reference::ideal_length(numbers),
          hull(length.coder_least(dimension), length.coder_most(dimension)),
          dimension ? std::optional<std::size_t>(hadamard_order(*dimension).order) : std::nullopt,
          compared,
          fixed_rate_error(compared)};
}

Notation::Json rate(const RateFigures& figures, const Notation& notation) {
  using Json = Notation::Json;
  Json result{{"step", figures.numbers.step},
              {"error", notation.at_most(figures.error)},
              {"rate", notation(figures.rate)},
              {"ideal", notation(figures.ideal)},
              {"coder", notation(figures.coder)}};
  result["order"] = figures.order ? Json(*figures.order) : Json(nullptr);
  result["bits"] = figures.bits;
  result["fixed_rate_error"] = figures.fixed_rate_error ? notation.at_most(*figures.fixed_rate_error) : Json(nullptr);
  return result;
}

}  // namespace hdq::figures
