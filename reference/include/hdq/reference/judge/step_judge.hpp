// The judge of a float implementation of the entropy-coded quantizer (SPEC §7), with the verdicts of judge.hpp. A code may differ by one from the
// exact one of the same stored ρ where the integer between the two is within the bound of the float computation of z_j/Δ + 2^h·V_j; streams and raw
// bits are those of the codes, or wrong. Every verdict is rigorous. Immutable: share it between threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hdq/reference/judge/judge.hpp"
#include "hdq/reference/scheme/entropy_coded.hpp"

namespace hdq::reference {

class StepJudge {
 public:
  // dimension >= 1; step as StepNumbers has it.
  StepJudge(std::size_t dimension, float step, std::uint64_t seed);

  std::size_t dimension() const { return rotation_.dimension(); }
  std::size_t order() const { return rotation_.order(); }
  const StepNumbers& step() const { return step_; }

  NormJudgement judge_norm(const float* x, float norm) const { return rotation_.judge_norm(x, norm); }
  // codes: d of them. norm: finite, not negative, or std::invalid_argument, here and below. Row number as given to the encoder.
  CodesJudgement judge_codes(const float* x, float norm, const std::int32_t* codes, std::uint64_t row) const;
  // decoded: n floats from these codes.
  DecodedJudgement judge_decoded(float norm, const std::int32_t* codes, std::uint64_t row, const float* decoded) const;
  // Whether these are the stream and the raw bits, ⌈d·h/8⌉ bytes, of the codes, and give them and the norm back.
  bool stream_is_right(float norm, const std::int32_t* codes, std::uint64_t row,
                       const std::vector<std::uint8_t>& stream, const std::vector<std::uint8_t>& raw) const;

 private:
  template <class T>
  CodesJudgement judge_codes_over(const float* x, float norm, const std::int32_t* codes, std::uint32_t word,
                                  const DyadicScale& scale) const;

  StepNumbers step_;
  std::uint64_t seed_;
  Judge rotation_;  // norm, order and signs are those of fixed rate (SPEC §1, §4); its codebook has no part in this
};

}  // namespace hdq::reference
