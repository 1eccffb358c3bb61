// SPEC §4: S = Σ w_j·codeword_{code_j} without unpacking. Sixteen sums, code j in sum (j div 8) mod 16, fused multiply-adds in order
// of j; then halved.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "score_kernels.cpp"
#include <hwy/foreach_target.h>

#include "simd.hpp"

#include <algorithm>

#include "score_kernels.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HWY_NAMESPACE {

using detail::ScoreTask;

inline float HalvedSum(float* sum) {
  for (std::size_t half = 8; half > 0; half /= 2)
    for (std::size_t l = 0; l < half; ++l) sum[l] += sum[l + half];
  return sum[0];
}

// Eight codes are b bytes: one sum's share of a group.
inline float OneSum(int bits, const std::uint8_t* codes, std::size_t code_bytes, const float* table, const float* query) {
  const std::size_t run_bytes = static_cast<std::size_t>(bits), mask = (std::size_t{1} << bits) - 1;
  float sum[16] = {};
  for (std::size_t at = 0, run = 0; at < code_bytes; at += run_bytes, ++run) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, codes + at, std::min(run_bytes, code_bytes - at));
    const std::size_t lane = run % 16;
    const float* w = query + run / 16 * detail::score_group + lane;
    for (std::size_t k = 0; k < 8; ++k, eight >>= bits) sum[lane] = __builtin_fmaf(w[16 * k], table[eight & mask], sum[lane]);
  }
  return HalvedSum(sum);
}

void ScoreSums(const ScoreTask& task) {
  const std::size_t levels = std::size_t{1} << task.bits, stride = detail::padded_order(task.order);
  for (std::size_t row = 0; row < task.row_count; ++row)
    for (std::size_t query = 0; query < task.query_count; ++query)
      task.sums[query * task.sums_stride + row] =
          OneSum(task.bits, task.rows[row], task.code_bytes, task.tables + row * levels, task.queries + query * stride);
}

}  // namespace hdq::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "dispatch.hpp"
namespace hdq {

HDQ_DISPATCH(ScoreSums);

void detail::score_sums(const ScoreTask& task, Isa isa) { HDQ_CALL(ScoreSums, isa)(task); }

}  // namespace hdq
#endif
