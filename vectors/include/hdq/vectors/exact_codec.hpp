// One row through the codec in real arithmetic, with everything that a test vector states: exact codes, the other codes that
// the proved rounding bounds allow (SPEC §5.6), and the bytes and floats of a bit-exact implementation, judged.
#pragma once

#include <cstdint>
#include <vector>

#include "hdq/codec.hpp"
#include "hdq/reference/judge/judge.hpp"

namespace hdq::vectors {

struct Alternative {
  std::size_t coordinate;
  std::vector<std::int64_t> codes;  // acceptable, besides the exact one
};

struct ExactRow {
  std::uint32_t word;               // of the dither
  float norm;
  reference::Ball exact_norm, norm_error_bound;
  std::vector<double> thresholds, codewords;  // nearest doubles
  std::vector<std::uint8_t> codes;  // exact
  std::vector<Alternative> alternatives;
  std::vector<std::uint8_t> bytes;  // of a bit-exact implementation
  std::vector<double> decoded;      // exact values of decoding `bytes`, nearest doubles
  double decoded_error_bound;       // of a float32 decoder
  std::vector<float> decoded_float32;  // of a bit-exact implementation
};

class ExactCodec {
 public:
  ExactCodec(std::size_t dimension, int bits, std::uint64_t seed);

  // x: one row. Throws std::logic_error where the implementation of some instruction set is not within the bounds.
  ExactRow encode(const float* x, std::uint64_t row) const;
  // Exact code of one coordinate, for the nearest norm; and whether it is the only one that the bounds allow.
  struct Code {
    std::int64_t exact;
    bool decided;
  };
  Code code(const float* x, std::uint64_t row, std::size_t coordinate) const;

  const reference::Judge& judge() const { return judge_; }
  std::size_t order() const { return judge_.order(); }

 private:
  reference::Ball rotation_bound(const float* x, float norm) const;
  void exact_codes(const float* x, const reference::Ball& u, ExactRow& r) const;
  std::vector<std::int64_t> alternatives(const reference::Ball& y, std::int64_t code, const reference::Ball& y_bound,
                                         const std::vector<reference::Ball>& scaled,
                                         const std::vector<reference::Ball>& bounds) const;
  void run_implementation(const float* x, std::uint64_t row, ExactRow& r) const;
  void exact_decoding(const reference::Ball& u, ExactRow& r) const;

  std::uint64_t seed_;
  reference::Judge judge_;
};

// The float nearest to ‖x‖.
float nearest_norm(const float* x, std::size_t n);

}  // namespace hdq::vectors
