// SPEC §8: Σ_i a_i ẑ_i from packed codes. As in score/score_sums.cpp a 32-bit lane holds a run of eight codes, and a permute of the row's
// codewords reads code k of sixteen runs; here they are multiplied by the row's weight and added to sums that stay in registers for some
// rows. One permuted vector of codewords serves several queries.
#include "attention/codeword_vectors.hpp"
#include "attention/weighted_task.hpp"
#include "quantizer/weyl.hpp"
#include "score/score_task.hpp"
#include "simd/entries.hpp"
#include HDQ_WEIGHTED_REGISTERS

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

using detail::score_group, detail::WeightedTask;

// One group of 128 coordinates: its codes in each row at `offset`, its sums of query q at sums + q·stride.
template <int bits, int k, int queries>
HWY_INLINE void AddCodes(const WeightedTask& task, std::size_t offset, const float* weights, float* sums,
                         std::size_t stride) {
  constexpr int count = kCodesTogether<bits>;
  Floats sum[queries][count];
  for (int q = 0; q < queries; ++q)
    for (int c = 0; c < count; ++c) sum[q][c] = LoadQuery(sums + static_cast<std::size_t>(q) * stride + 16 * (k + c));
  for (std::size_t i = 0; i < task.row_count; ++i) {
    const Row<bits> row(task.tables + (i << bits));
    const Runs<bits> runs(task.rows[i] + offset);
    Floats z[count];
    Expand<k, count>(row, runs, z);
    for (int q = 0; q < queries; ++q) {
      const Floats weight = Broadcast(weights + static_cast<std::size_t>(q) * task.weights_stride + i);
      for (int c = 0; c < count; ++c) sum[q][c] = MultiplyAdd(z[c], weight, sum[q][c]);
    }
  }
  for (int q = 0; q < queries; ++q)
    for (int c = 0; c < count; ++c) StoreSums(sum[q][c], sums + static_cast<std::size_t>(q) * stride + 16 * (k + c));
}

template <int bits, int queries, int k = 0>
HWY_INLINE void AddGroup(const WeightedTask& task, std::size_t offset, const float* weights, float* sums,
                         std::size_t stride) {
  if constexpr (k < 8) {
    AddCodes<bits, k, queries>(task, offset, weights, sums, stride);
    AddGroup<bits, queries, k + kCodesTogether<bits>>(task, offset, weights, sums, stride);
  }
}

template <int bits, int queries>
void AddQueries(const WeightedTask& task, std::size_t query) {
  constexpr std::size_t group_bytes = 16 * static_cast<std::size_t>(bits);
  const std::size_t stride = detail::padded_order(task.order);
  const float* weights = task.weights + query * task.weights_stride;
  float* sums = task.sums + query * stride;
  for (std::size_t offset = 0; offset < task.code_bytes; offset += group_bytes, sums += score_group)
    AddGroup<bits, queries>(task, offset, weights, sums, stride);
}

template <int bits>
void WeightedBits(const WeightedTask& task) {
  for (std::size_t line = 0; line < task.row_count * task.code_bytes; line += 64) __builtin_prefetch(task.ahead + line);
  std::size_t query = 0;
  for (; query + 4 <= task.query_count; query += 4) AddQueries<bits, 4>(task, query);
  for (; query < task.query_count; ++query) AddQueries<bits, 1>(task, query);
}

void WeightedSums(const WeightedTask& task) {
  WithBits(task.bits, [&](auto b) HWY_ATTR { WeightedBits<b.value>(task); });
}

// ---- SPEC §7: a group of a row is decoded, and brought to the order of the sums ----

void AddStepRow(const WeightedTask& task, std::size_t row) {
  const std::size_t stride = detail::padded_order(task.order), code_bytes = task.code_bytes / task.order;
  const detail::StepTable table = detail::step_table(task.tables + row * detail::step_table_floats);
  float natural[score_group];
  alignas(64) float z[score_group];
  for (std::size_t begin = 0; begin < task.order; begin += score_group) {
    const std::size_t some = HWY_MIN(task.order - begin, score_group);
    if (some < score_group) std::memset(natural, 0, sizeof natural);
    ReconstructStep(task.rows[row] + begin * code_bytes, some, detail::weyl_word(table.word, begin), table.raw_bits,
                    table.step, code_bytes, natural);
    for (std::size_t j = 0; j < score_group; ++j) z[detail::score_position(j)] = natural[j];
    for (std::size_t q = 0; q < task.query_count; ++q) {
      const Floats weight = Broadcast(task.weights + q * task.weights_stride + row);
      float* sums = task.sums + q * stride + begin;
      for (std::size_t j = 0; j < score_group; j += 16)
        StoreSums(MultiplyAdd(LoadQuery(z + j), weight, LoadQuery(sums + j)), sums + j);
    }
  }
}

void WeightedStep(const WeightedTask& task) {
  for (std::size_t row = 0; row < task.row_count; ++row) AddStepRow(task, row);
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
