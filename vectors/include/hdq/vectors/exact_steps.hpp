// One row through the entropy-coded quantizer (SPEC §7) in exact arithmetic, with everything that a test vector states; what exact_codec.hpp is to the
// fixed-rate one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hdq/reference/judge/step_judge.hpp"
#include "hdq/vectors/exact_codec.hpp"

namespace hdq::vectors {

struct Streams {
  std::vector<std::uint8_t> raw, stream;
};

struct ExactStepRow {
  std::uint32_t word;
  float norm;
  std::vector<std::uint32_t> words;  // w_j
  std::vector<float> offsets;        // V_j, exactly
  std::vector<std::int32_t> codes;   // exact, for this norm
  std::vector<Alternative> alternatives;
  std::vector<std::int32_t> bit_exact;  // of a bit-exact implementation; what follows is of these
  std::vector<std::uint8_t> raw, stream;
  std::vector<double> decoded;         // exact values, nearest doubles
  double decoded_error_bound;          // of a float32 decoder
  std::vector<float> decoded_float32;  // of a bit-exact implementation
};

class ExactSteps {
 public:
  ExactSteps(std::size_t dimension, float step, std::uint64_t seed);

  // Throws std::logic_error where the implementation of some instruction set is not within the bounds.
  ExactStepRow encode(const float* x, std::uint64_t row) const;
  // Of any codes, one for each of order() coordinates.
  Streams streams(float norm, const std::vector<std::int32_t>& codes, std::uint64_t row) const;
  // Of zeros, put after a state of 2^31 and these bits.
  std::vector<std::uint8_t> stream_ending(std::uint32_t norm_bits, std::uint64_t row) const;

  bool library_gets(const Streams& streams, std::uint64_t row, float norm,
                    const std::vector<std::int32_t>& codes) const;
  bool library_refuses(const Streams& streams, std::uint64_t row) const;

  const reference::StepNumbers& step() const { return judge_.step(); }
  std::size_t dimension() const { return judge_.dimension(); }
  std::size_t order() const { return judge_.order(); }
  int code_bits() const { return judge_.quantizer().range().bits; }
  std::uint32_t word(std::uint64_t row) const;

 private:
  void find_alternatives(const float* x, std::uint64_t row, ExactStepRow& r) const;
  void run_implementation(const float* x, std::uint64_t row, ExactStepRow& r) const;

  std::uint64_t seed_;
  reference::StepJudge judge_;
};

}  // namespace hdq::vectors
