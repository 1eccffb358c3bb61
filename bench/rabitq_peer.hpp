// What hdq-bench asks of RaBitQ-Library, compiled apart with that library's own flags (-Ofast -march=native).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace hdq::bench {

// FhtKacRotator (four rounds of signs, Hadamard transforms and Kac's walk), then the scalar quantizer: with a constant rescaling factor,
// which it calls faster, or with the best factor of each row, its default. Codes are a byte each; they are not packed.
class RabitqQuantizer {
 public:
  RabitqQuantizer(std::size_t dimension, int bits, bool faster);  // dimension a multiple of 64
  ~RabitqQuantizer();
  struct Row {
    float step, least;  // a coordinate is step·code + least
  };
  // rows × dimension each.
  void encode(const float* x, std::size_t rows, std::uint8_t* codes, Row* scales) const;
  // Rotated, as codes are; y: rows × dimension.
  void reconstruct(const std::uint8_t* codes, const Row* scales, std::size_t rows, float* y) const;
  void rotate(const float* x, std::size_t rows, float* y) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hdq::bench
