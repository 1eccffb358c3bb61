#include "score/rotate_query.hpp"

#include <algorithm>
#include <cmath>

#include "aligned.hpp"
#include "checks.hpp"
#include "score/score_task.hpp"

namespace hdq {

detail::ScaledQuery detail::rotate_query(const CodecPlan& plan, const float* q, std::size_t index, float* out) {
  const std::size_t n = plan.made_with.dimension, order = plan.order.order;
  const double square = plan.kernels.sum_of_squares(q, n);
  if (!std::isfinite(square)) throw_bad_column(q, n, "query", index, "scored");
  const int exponent = square == 0 ? 0 : std::clamp(std::ilogb(std::sqrt(square)), -126, 126);
  const float scale = std::ldexp(1.0f, -exponent);
  Aligned<float> w(order);
  plan.kernels.rotate(q, n, plan.order, plan.signs.data(), scale, w.get());
  std::fill_n(out, padded_order(order), 0.0f);
  for (std::size_t j = 0; j < order; ++j) out[score_position(j)] = w.get()[j];
  return {square, std::ldexp(1.0, exponent), scale};
}

}  // namespace hdq
