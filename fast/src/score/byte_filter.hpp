// The first pass of a search: from sums of bytes, an upper bound of how near a row's computed score (hdq/score.hpp) makes it. A row whose
// bound does not reach the k-th of those found so far need not be scored. Results are those of scoring every row, bit for bit.
// Coq has it from (1) to the scores: filter_bound_correct (proofs/float/ByteFilter.v), and filtered_search_correct.
//
// What is bounded. S, the float32 sum Σ w_j c_j of score.hpp, w the rotated query, c_j = fl32(r_{code_j}). With u = 2^-24:
//   codewords  c_j = a + s·(m_j − 127.5) + e_j, |e_j| <= ε (score/byte_codebook.hpp, score/byte_step.hpp; a, s, ε and A, at least |c_j|, ε
//              and |a| + 127.5·s, are floats, those of the row's bucket);
//   query      w_j = t·p_j + f_j, t a float, p_j an integer, |p_j| <= Q.
// Hence in the reals, with W = Σ w_j, I = Σ p_j m_j and P = Σ p_j, m_j − 127.5 = (2m_j − 255)/2:
//   Σ w_j c_j = a·W + (s·t/2)·(2I − 255P) + R,  |R| <= ε·Σ|w_j| + 127.5·s·Σ|f_j|.                                                (1)
// Integers: |I|, |2I − 255P| <= 255·d·Q < 2^31, since 0 <= m_j <= 255 and |2m_j − 255| <= 255. Lanes add modulo 2^32, which is exact in
// the end. Single lanes of a plane hold at most d·255·127 < 2^31, as d <= 2^16.
// The exact path rounds: each product of S passes at most m = 8⌈d/128⌉ + 4 additions, fused ones included (score.cpp, error_bound), so
//   |S − Σ w_j c_j| <= ((1 + u)^m − 1)·A·Σ|w_j| + 2·(d + 128)·2^-150.                                                            (2)
// The estimate is computed in float32. Two factors of the first term and one of the second are exact; s·t/2, 2I − 255P, W and three
// operations round: |fl(estimate) − estimate| <= 4.1u·(|a·W| + |s·t/2·(2I − 255P)|) <= 4.1u·(A·Σ|w_j| + 127.5·s·Σ|t p_j|), and
// Σ|t p_j| <= Σ|w_j| + Σ|f_j|.                                                                                                (3)
// The bound is then G·(estimate + error) times ρ, less ρ²·κ: at most two roundings of a sum of at most 2·A·Σ|w_j| + 2·127.5·s·Σ|f_j|,
// G's own, and those of the error's terms: 10u of that sum in all.                                                              (4)
// (2), (3) and (4) are below η·(A·Σ|w_j| + 127.5·s·Σ|f_j|), η = 1.01·m·u + 32u: what (2) has of underflow is less than u of A·Σ|w_j|, since
// Σ|w_j| >= 1/2 and A >= 1/2. So codeword_error is ε + ηA, magnitude Σ|w_j| and residue 127.5·(1 + η)·Σ|f_j|, each rounded up by 2^-20
// of itself, which also covers that the sums Σ are computed in double. Nothing underflows where it would matter: 2^-50 <= ρ <= 2^50, or the row is not
// bounded; and 2^-40 <= ‖q‖ < 2^41, or no row is.
//
// From S to scores, ‖q‖² and ρ² as score.hpp has them, T the k-th score so far (a float); v = Sρ is below upper/G + ….
//   inner product   score = fl32(v·2^e/d·(1 + δ)), |δ| < 2^-51; G = 1, κ = 0. If v < (T − 2^-22|T| − 2^-148)·d/2^e, the score is below T.
//   distance        score = fl32(x), |x − (‖q‖² + ρ² − 2v·2^e/d)| < 2^-41·(‖q‖² + ρ²), for |v·2^e/d| <= 1.01·2^8·ρ‖q‖ (A <= 2^8, Σ|w_j| <= 1.01·d·‖q'‖:
//                   otherwise the bucket is not used). G = 2·2^e/d, κ = 1 − 2^-20: ρ²·κ and ρ·(… − ρκ) round by 3u·ρ², and 2^-20 − 3u > 2^-41.
//                   If upper < ‖q‖²·(1 − 2^-40) − T − 2^-22|T| − 2^-148, the score is above T.
//   cosine          score = fl32(S·c·(1 + δ)), c = 2^e/(d·‖q‖); G = 1, ρ is replaced by 1.
// The right sides are computed in double and rounded down to a float below. A score equal to T is never below it: ties stay.
// Within these limits every score is finite: |v·2^e/d| < 2^8·2^50·2^41·1.01.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "aligned.hpp"
#include "codec/plan.hpp"
#include "hdq/score.hpp"
#include "score/byte_codebook.hpp"
#include "score/byte_step.hpp"
#include "score/byte_task.hpp"

namespace hdq::detail {

// Rows of other norms are not bounded.
inline constexpr float least_bounded_norm = 0x1p-50f, most_bounded_norm = 0x1p50f;

// The rotated query and what scores of it need (score.cpp).
struct RotatedQuery {
  const float* w;  // at score_position(j)
  double square;   // ‖q‖²
  int exponent;    // e
  double cosine;   // 2^e/(d·‖q‖)
};

// At most byte_rows rows, ready to be met by queries.
struct ByteRows {
  std::size_t count;
  const std::uint8_t *rows[byte_rows], *tables[byte_rows], *ahead;
  std::uint8_t* expanded;  // where the filter expands rows, of its scratch
  float scale[byte_rows], centre[byte_rows], codeword_error[byte_rows], factor[byte_rows];
  std::uint32_t unbounded;  // bit i: the bound does not hold of row i
};

// The queries of a scorer, for one metric.
class ByteFilter {
 public:
  // Whether it is for rows of this codec: any bits but 3, or a step whose codes are of 16, an order within the limits, and where it pays.
  static bool serves(const CodecPlan& plan);
  ByteFilter(const CodecPlan& plan, Metric metric, const std::vector<RotatedQuery>& queries);
  ByteFilter(const ByteFilter&) = delete;

  // count <= byte_rows rows with these norms, codes and words. ahead: bytes to fetch meanwhile, as many as those of the codes. scratch:
  // scratch_bytes(), 64-byte aligned, of these rows until their last sum.
  void load(const float* norms, const std::uint8_t* const* codes, const std::uint32_t* words, std::size_t count,
            const std::uint8_t* ahead, std::uint8_t* scratch, ByteRows& rows) const;
  // Queries [first, first + count): sums, count × byte_rows, for bounds.
  void sum(std::size_t first, std::size_t count, const ByteRows& rows, std::int32_t* sums) const;
  std::size_t scratch_bytes() const { return byte_rows * byte_expanded_size(bits_, row_bytes_); }
  // Of every row, by the query's sums, how near it finds it at most; infinite where nothing is known.
  void bounds(std::size_t query, const ByteRows& rows, const std::int32_t* sums, float* upper) const;
  // Some bound of this query is known: within the limits.
  bool bounded(std::size_t query) const { return queries_[query].bounded; }
  // Of the queries, 1 or 2 (score/byte_task.hpp).
  int planes() const { return planes_; }
  // A row whose bound is below this is farther than one with the score `kth`.
  float threshold(std::size_t query, double kth) const;

 private:
  struct Query {
    bool bounded = false;
    std::int32_t offset = 0;
    float half_step = 0, total = 0, magnitude = 0, residue = 0, gain = 0;
    double square = 0, unit = 0;  // of the threshold
  };
  // Its rows' bytes are made when they are loaded.
  bool expands() const { return bits_ == expanded_bytes; }
  const ByteBucket& bucket_of(std::size_t index) const { return step_ ? step_->bucket : codebook_->bucket(index); }
  std::size_t buckets() const { return step_ ? 1 : codebook_->buckets(); }
  void set_records();
  bool expand(const std::uint8_t* codes, std::uint32_t word, const ByteBucket& bucket, const std::uint8_t* table,
              const std::uint8_t* ahead, std::uint8_t* bytes) const;
  bool serves_one_plane(const std::vector<RotatedQuery>& queries) const;
  void set_query(const RotatedQuery& of, Query& query, std::int8_t* p) const;

  const CodecPlan& plan_;
  Metric metric_;
  int bits_;               // as ByteTask has them
  std::size_t row_bytes_;  // of codes, or of expanded bytes
  double rounding_;        // η
  std::optional<ByteStep> step_;
  std::optional<ByteCodebook> of_shared_word_;
  const ByteCodebook* codebook_;  // null of a step
  Aligned<ByteRecord> records_;   // of the buckets
  int planes_;
  std::size_t query_size_;
  std::vector<Query> queries_;
  Aligned<std::int8_t> p_;  // queries × query_size_
};

}  // namespace hdq::detail
