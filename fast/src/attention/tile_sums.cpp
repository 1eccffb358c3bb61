// The scores' sums of SPEC §4 for the rows of a tile: as in score/score_sums.cpp, sixteen rows of them halved at once.
#include "attention/codeword_vectors.hpp"
#include "attention/weighted_task.hpp"
#include "score/score_task.hpp"
#include "simd/entries.hpp"
#include HDQ_WEIGHTED_REGISTERS

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

using detail::score_group, detail::ScoreTask, detail::weighted_rows;

// The sixteen sums of each row, in memory.
template <int queries>
struct Partial {
  alignas(64) float sums[queries][weighted_rows][16];
};

template <int bits, int rows, int queries, int k = 0>
HWY_INLINE void AddProducts(const Row<bits>* row, const Runs<bits>* runs, const float* w, std::size_t stride,
                            Floats (&sum)[queries][rows]) {
  if constexpr (k < 8) {
    Floats z[rows][2];
    HDQ_UNROLL
    for (int r = 0; r < rows; ++r) Expand<k, 2>(row[r], runs[r], z[r]);
    HDQ_UNROLL
    for (int q = 0; q < queries; ++q)
      for (int c = 0; c < 2; ++c) {
        const Floats query = LoadQuery(w + static_cast<std::size_t>(q) * stride + 16 * (k + c));
        HDQ_UNROLL
        for (int r = 0; r < rows; ++r) sum[q][r] = MultiplyAdd(z[r][c], query, sum[q][r]);
      }
    AddProducts<bits, rows, queries, k + 2>(row, runs, w, stride, sum);
  }
}

template <int bits, int rows, int queries>
HWY_INLINE void SumBlock(const ScoreTask& task, std::size_t first, const float* w, Partial<queries>& partial) {
  constexpr std::size_t group_bytes = 16 * static_cast<std::size_t>(bits);
  const std::size_t stride = detail::padded_order(task.order);
  Row<bits> row[rows];
  Floats sum[queries][rows];
  HDQ_UNROLL
  for (int r = 0; r < rows; ++r) {
    row[r] = Row<bits>(task.tables + ((first + static_cast<std::size_t>(r)) << bits));
    for (int q = 0; q < queries; ++q) sum[q][r] = ZeroFloats();
  }
  for (std::size_t offset = 0; offset < task.code_bytes; offset += group_bytes, w += score_group) {
    Runs<bits> runs[rows];
    HDQ_UNROLL
    for (int r = 0; r < rows; ++r) runs[r] = Runs<bits>(task.rows[first + static_cast<std::size_t>(r)] + offset);
    AddProducts<bits, rows, queries>(row, runs, w, stride, sum);
  }
  for (int q = 0; q < queries; ++q)
    for (int r = 0; r < rows; ++r) StoreSums(sum[q][r], partial.sums[q][first + static_cast<std::size_t>(r)]);
}

template <int bits, int rows, int queries>
void SumQueries(const ScoreTask& task, std::size_t query) {
  Partial<queries> partial;
  const float* w = task.queries + query * detail::padded_order(task.order);
  std::size_t row = 0;
  for (; row + rows <= task.row_count; row += rows) SumBlock<bits, rows, queries>(task, row, w, partial);
  for (; row < task.row_count; ++row) SumBlock<bits, 1, queries>(task, row, w, partial);
  for (std::size_t q = 0; q < queries; ++q) {
    float* out = task.sums + (query + q) * task.sums_stride;
    for (row = 0; row + 16 <= task.row_count; row += 16) HalvedSums(partial.sums[q][row], out + row);
    for (; row < task.row_count; ++row) out[row] = HalvedSum(LoadQuery(partial.sums[q][row]));
  }
}

template <int bits>
void TileBits(const ScoreTask& task) {
  for (std::size_t line = 0; line < task.row_count * task.code_bytes; line += 64) __builtin_prefetch(task.ahead + line);
  std::size_t query = 0;
  for (; query + kQueries <= task.query_count; query += kQueries)
    SumQueries<bits, kRowsForMany<bits>, kQueries>(task, query);
  for (; query < task.query_count; ++query) SumQueries<bits, kRowsForOne<bits>, 1>(task, query);
}

void TileSums(const ScoreTask& task) {
  WithBits(task.bits, [&](auto b) HWY_ATTR { TileBits<b.value>(task); });
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
