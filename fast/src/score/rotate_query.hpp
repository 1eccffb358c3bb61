// SPEC §4, 7: q' = 2^-e·q and w = H D q', in the layout of score_task.hpp.
#pragma once

#include "codec/plan.hpp"

namespace hdq::detail {

struct ScaledQuery {
  double square;   // ‖q‖²
  double unscale;  // 2^e
  float scale;     // 2^-e
};

// q: plan.made_with.dimension numbers; out: padded_order(d). Throws InvalidInput, naming query `index`, for NaN and infinity.
ScaledQuery rotate_query(const CodecPlan& plan, const float* q, std::size_t index, float* out);

}  // namespace hdq::detail
