// Scores of float32 queries against codes, without decoding (SPEC §4): ⟨q, x̂⟩ = (ρ/d)·⟨H D q, ẑ⟩.
//
//   const hdq::Scorer scorer(codec, {queries, count, dimension});   // rotates the queries, once
//   std::vector<float> scores(count * encoded.rows());              // query i, row r at i·rows + r
//   scorer.score(hdq::Metric::inner_product, encoded, {scores.data(), count, encoded.rows()});
//
// A score has the same bits on every instruction set and thread count, alone, in a range, in a list and in a batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "hdq/codec.hpp"
#include "hdq/export.h"
#include "hdq/types.hpp"

namespace hdq {

namespace detail {
struct ScorerAccess;
}

// Each estimate's expectation over the dither, for any query q and row x with stored norm ρ (SPEC §5.3):
//   inner_product     ⟨q, x̂⟩                     E = ⟨q, x⟩
//   squared_distance  ‖q‖² + ρ² − 2⟨q, x̂⟩        E = ‖q‖² + ρ² − 2⟨q, x⟩, that is ‖q − x‖² up to ρ's rounding to float32;
//                                                  not ‖q − x̂‖², whose mean is larger by E‖x̂ − x‖². It may be negative.
//   cosine            ⟨q, x̂⟩/(‖q‖ρ)              E = ⟨q, x⟩/(‖q‖ρ); 0 where q or x is zero.
enum class Metric { inner_product, squared_distance, cosine };

HDQ_EXPORT const char* metric_name(Metric metric);  // "ip", "l2", "cosine"
inline bool larger_is_nearer(Metric metric) { return metric != Metric::squared_distance; }

// Code j enters sum (j div score_run) mod score_sums.
inline constexpr std::size_t score_sums = 16, score_run = 8;

// What is computed. q' = 2^-e·q with ‖q'‖ in [1, 2) (|e| <= 126; e = 0 for q = 0); w = H D q' in float32 as the encoder rotates
// (SPEC §4); S = Σ w_j·fl32(r_{code_j}(U)) in float32, sixteen sums, code j in sum (j div 8) mod 16, each by fused multiply-adds
// in order of j from +0, then halved (l += l + 8, + 4, + 2, + 1). In double, rounded once to float32 at the end:
//   inner_product     p = (S·(ρ/d))·2^e
//   squared_distance  ‖q‖² + ρ² − 2p, added from the left
//   cosine            S·(2^e/(d·‖q‖)).
// Nothing overflows before that last rounding: a score is infinite only where these terms exceed float32. ‖q‖ may exceed it.
//
// A score that float32 cannot hold is ±infinity here, as the last rounding gives it; search (hdq/search.hpp) refuses it.
class HDQ_EXPORT Scorer {
 public:
  // queries: rows of the codec's dimension. They are copied, as is what is needed of the codec. Throws InvalidInput, naming query and
  // column, for NaN and infinity.
  // mean: none, or the μ that was subtracted from the rows before they were encoded (SPEC §4, Centring). Scores are then those of the rows
  // as they were: an inner product is fl32(p + ⟨q, μ⟩), the sum in double; a squared distance that of fl32(q − μ) to the centred row.
  // Cosines, which need norms that are not stored, are an InvalidArgument.
  Scorer(const Codec& codec, RowsView<const float> queries, std::span<const float> mean = {});
  ~Scorer();
  Scorer(Scorer&&) noexcept;
  Scorer& operator=(Scorer&&) noexcept;

  std::size_t queries() const;
  const Codec& codec() const;
  std::span<const float> mean() const;  // empty without one

  // Rows as Codec::encode leaves them. All queries: out is queries() × rows.rows(). Runs on codec.threads() threads.
  // Throws InvalidInput where a norm is NaN, infinite or negative (out is then unspecified).
  void score(Metric metric, const EncodedView& rows, RowsView<float> out) const;

  // The same for some of these rows: out is queries() × list.size(), and its column i belongs to row list[i] < rows.rows().
  void score_list(Metric metric, const EncodedView& rows, std::span<const std::size_t> list, RowsView<float> out) const;

  // One query, one row.
  float score_row(Metric metric, std::size_t query, const EncodedView& row) const;

  // An upper bound of |score − its value in real arithmetic|, the stored ρ and codes of one row given, by SPEC §5.6 and the order of
  // additions above: with u = 2^-24, η = 2^-150, s the transform's addition stages and m = 8⌈d/128⌉ + 4,
  //   |S − exact| <= ((1 + u)^m − 1)·Σ|w_j r̂_j| + ((1 + u)^s − 1)·‖q'‖₁·Σ|r̂_j| + Σ|w_j|·e_j + underflow,
  // r̂ = fl32(r) and e_j = (u + 2^-39)·(1 + |r̂_j|) >= |r̂_j − r_j|. For infinite scores it is infinite.
  // With a mean, it is that of a squared distance to fl32(q − μ).
  double error_bound(Metric metric, std::size_t query, const EncodedView& row) const;

 private:
  friend struct detail::ScorerAccess;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hdq
