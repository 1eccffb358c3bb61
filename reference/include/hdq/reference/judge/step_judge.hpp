// The judge of a fast implementation of the entropy-coded quantizer (SPEC §7, "Bit-exactness"). With t_j = z_j/Δ + 2^h·V_j, exactly, a code is
//   equal          ⌊t_j⌋,
//   within_bound   different, but t_j is within the bound of the float computation of every integer between the two,
//   wrong          anything else,
// and a decoded value is within the bound of its own or wrong. Streams and raw bits are integers: those of the codes, or wrong.
//
// The bound of t_j is that of y_j (§5.6) over ρΔ, and 2^-22·(|z_j|/Δ + 2^h) for the rest: with u = 2^-24, σ, the product and the sum each round once,
// which is (1 + u)³(1 + 2^-52) − 1 < 4u of what became of y_j, and u of 2^h·V_j. Where rows are so long, or steps so small, that it exceeds 1, codes may
// differ by more than one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hdq/reference/judge/verdict.hpp"
#include "hdq/reference/scheme/entropy_coded.hpp"
#include "hdq/reference/scheme/row_stream.hpp"

namespace hdq::reference {

// Immutable: share it between threads.
class StepJudge {
 public:
  StepJudge(std::size_t dimension, float step, std::uint64_t seed)
      : seed_(seed), quantizer_(dimension, step, seed), coder_(quantizer_.step()) {}

  std::size_t dimension() const { return quantizer_.dimension(); }
  std::size_t order() const { return quantizer_.order().order; }
  const StepNumbers& step() const { return quantizer_.step(); }
  const EntropyCodedQuantizer& quantizer() const { return quantizer_; }

  NormJudgement judge_norm(const float* x, float norm) const { return reference::judge_norm(x, dimension(), norm); }
  // codes: k_j of the d coordinates. Row number as given to the encoder. norm: the stored one, finite and not negative; otherwise
  // std::invalid_argument. Distances and bounds are in units of Δ.
  CodesJudgement judge_codes(const float* x, float norm, std::span<const std::int64_t> codes, std::uint64_t row) const;
  // decoded: n floats from these codes.
  DecodedJudgement judge_decoded(float norm, std::span<const std::int64_t> codes, std::uint64_t row,
                                 const float* decoded) const;
  // Whether these are the stream and the raw bits (⌈d·h/8⌉ bytes; docs/format.md) of the codes, and give norm and codes back.
  bool stream_is_right(float norm, std::span<const std::int64_t> codes, std::uint64_t row,
                       std::span<const std::uint8_t> stream, std::span<const std::uint8_t> raw) const;

 private:
  std::uint64_t seed_;
  EntropyCodedQuantizer quantizer_;
  RowCoder coder_;
};

}  // namespace hdq::reference
