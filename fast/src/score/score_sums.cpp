// SPEC §4: S = Σ w_j·codeword_{code_j} without unpacking. Sixteen sums, code j in sum (j div 8) mod 16, fused multiply-adds in order
// of j; then halved. A group of 128 codes is 16 runs of 8 codes, and a run is b bytes: each 32-bit lane takes one run, each step k
// shifts code k of every run to the lanes' low bits, where a permute of the row's codewords reads its index.
// One query vector serves several rows, and one permuted vector of codewords several queries.
#include "score/score_task.hpp"
#include "simd/entries.hpp"
#include "simd/simd.hpp"
#include HDQ_SCORE_REGISTERS

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

using detail::ScoreTask;

// The sums of `rows` rows and `queries` queries.
template <int bits, int rows, int queries>
struct Sums {
  Floats sum[queries][rows];

  HWY_INLINE Sums() {
    for (int q = 0; q < queries; ++q)
      for (int r = 0; r < rows; ++r) sum[q][r] = ZeroFloats();
  }
  // One group: its codes in each row at codes[r] + offset, its share of query q at w + q·stride.
  HWY_INLINE void Add(const Row<bits>* row, const std::uint8_t* const* codes, std::size_t offset, const float* w, std::size_t stride) {
    Runs<bits> runs[rows];
    for (int r = 0; r < rows; ++r) runs[r] = Runs<bits>(codes[r] + offset);
    AddCodes<0>(row, runs, w, stride);
    AddCodes<2>(row, runs, w, stride);
    AddCodes<4>(row, runs, w, stride);
    AddCodes<6>(row, runs, w, stride);
  }

 private:
  // Codes k and k + 1 of every run.
  template <int k>
  HWY_INLINE void AddCodes(const Row<bits>* row, const Runs<bits>* runs, const float* w, std::size_t stride) {
    Floats even[rows], odd[rows];
    if constexpr (kPairs<bits>) {
      for (int r = 0; r < rows; ++r) row[r].template Pair<k / 2>(runs[r], even[r], odd[r]);
      AddProducts(even, w + 16 * k, stride);
      AddProducts(odd, w + 16 * k + 16, stride);
    } else {
      for (int r = 0; r < rows; ++r) even[r] = row[r].template Codewords<k>(runs[r]);
      AddProducts(even, w + 16 * k, stride);
      for (int r = 0; r < rows; ++r) odd[r] = row[r].template Codewords<k + 1>(runs[r]);
      AddProducts(odd, w + 16 * k + 16, stride);
    }
  }
  HWY_INLINE void AddProducts(const Floats* codewords, const float* w, std::size_t stride) {
    for (int q = 0; q < queries; ++q) {
      const Floats query = LoadQuery(w + static_cast<std::size_t>(q) * stride);
      for (int r = 0; r < rows; ++r) sum[q][r] = MultiplyAdd(codewords[r], query, sum[q][r]);
    }
  }
};

// Rows [row, row + rows) and queries [query, query + queries) of the task.
template <int bits, int rows, int queries>
void ScoreBlock(const ScoreTask& task, std::size_t first_row, std::size_t first_query) {
  constexpr std::size_t group_bytes = 16 * static_cast<std::size_t>(bits);
  const std::size_t stride = detail::padded_order(task.order), whole = task.code_bytes / group_bytes * group_bytes;
  const std::uint8_t* const* codes = task.rows + first_row;
  const std::uint8_t* ahead = first_query == 0 ? task.ahead + first_row * task.code_bytes : codes[0];
  const float* w = task.queries + first_query * stride;
  Row<bits> row[rows];
  for (int r = 0; r < rows; ++r) row[r] = Row<bits>(task.tables + ((first_row + static_cast<std::size_t>(r)) << bits));
  Sums<bits, rows, queries> sums;
  for (std::size_t offset = 0; offset < whole; offset += group_bytes, w += detail::score_group) {
    for (std::size_t line = 0; line < rows * group_bytes; line += 64) __builtin_prefetch(ahead + line);
    ahead += rows * group_bytes;
    sums.Add(row, codes, offset, w, stride);
  }
  if (whole < task.code_bytes) {  // the query is 0 where the row has no codes
    std::uint8_t last[rows][group_bytes] = {};
    const std::uint8_t* lasts[rows];
    for (int r = 0; r < rows; ++r) {
      std::memcpy(last[r], codes[r] + whole, task.code_bytes - whole);
      lasts[r] = last[r];
    }
    sums.Add(row, lasts, 0, w, stride);
  }
  for (int q = 0; q < queries; ++q)
    for (int r = 0; r < rows; ++r)
      task.sums[(first_query + static_cast<std::size_t>(q)) * task.sums_stride + first_row + static_cast<std::size_t>(r)] = HalvedSum(sums.sum[q][r]);
}

template <int bits, int rows, int queries>
void ScoreQueries(const ScoreTask& task, std::size_t query) {
  std::size_t row = 0;
  for (; row + rows <= task.row_count; row += rows) ScoreBlock<bits, rows, queries>(task, row, query);
  for (; row < task.row_count; ++row) ScoreBlock<bits, 1, queries>(task, row, query);
}

template <int bits>
void ScoreBits(const ScoreTask& task) {
  std::size_t query = 0;
  for (; query + kQueries <= task.query_count; query += kQueries) ScoreQueries<bits, kRowsForMany<bits>, kQueries>(task, query);
  for (; query < task.query_count; ++query) ScoreQueries<bits, kRowsForOne<bits>, 1>(task, query);
}

void ScoreSums(const ScoreTask& task) {
  WithBits(task.bits, [&](auto b) HWY_ATTR { ScoreBits<b.value>(task); });
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
