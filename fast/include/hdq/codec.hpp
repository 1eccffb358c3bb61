// hdq::Codec: encode rows of float32 to b-bit codes and back (SPEC §4).
//
//   hdq::Codec codec(384, 4);                       // dimension, bits; seed 0
//   std::vector<float> norms(rows);
//   std::vector<std::uint8_t> codes(rows * codec.code_bytes());
//   codec.encode(x, rows, norms.data(), codes.data());
//   codec.decode(norms.data(), codes.data(), rows, y);
//
// The same input, seed and bits give the same bytes on every instruction set, thread count and compiler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hdq/types.hpp"

namespace hdq {

struct CodecOptions {
  Isa isa = Isa::automatic;
  int threads = 1;  // over rows; 0 = one per hardware thread
};

class Codec {
 public:
  static constexpr std::size_t max_dimension = std::size_t{1} << 24;

  // dimension in [1, max_dimension], bits in [1, 8]; otherwise InvalidArgument.
  Codec(std::size_t dimension, int bits, std::uint64_t seed = 0, CodecOptions options = {});

  std::size_t dimension() const { return dimension_; }        // n
  std::size_t order() const { return order_; }                // d >= n, the Hadamard order
  int bits() const { return bits_; }
  std::uint64_t seed() const { return seed_; }
  Isa isa() const { return isa_; }                            // never automatic
  int threads() const { return threads_; }
  std::size_t code_bytes() const { return (order_ * static_cast<std::size_t>(bits_) + 7) / 8; }  // per row

  // x: rows × dimension, row i at x + i·row_stride (elements; 0 means dimension; else >= dimension).
  // norms: rows; codes: rows × code_bytes(), contiguous. Row i takes the dither of row number first_row + i.
  // Throws InvalidInput for the first bad row in row order; outputs are then unspecified. No alignment is required.
  void encode(const float* x, std::size_t rows, float* norms, std::uint8_t* codes, std::uint64_t first_row = 0,
              std::size_t row_stride = 0) const;
  // The same of narrower numbers, widened exactly: the codes are those of the widened rows.
  void encode(const Float16* x, std::size_t rows, float* norms, std::uint8_t* codes, std::uint64_t first_row = 0,
              std::size_t row_stride = 0) const;
  void encode(const BFloat16* x, std::size_t rows, float* norms, std::uint8_t* codes, std::uint64_t first_row = 0,
              std::size_t row_stride = 0) const;

  // The inverse: x is written, rows × dimension. Throws InvalidInput where a norm is NaN, infinite or negative.
  // x_i = ε_i·((Σ·fl32(ρ'/d))·(ρ/ρ')), with ρ' = ρ·norm_scale(ρ) and Σ the transposed transform of the float32 codewords;
  // a zero norm gives +0. An entry overflows to infinity only where the decoded value itself exceeds float32.
  void decode(const float* norms, const std::uint8_t* codes, std::size_t rows, float* x, std::uint64_t first_row = 0,
              std::size_t row_stride = 0) const;

 private:
  template <class Number>
  void encode_rows(const Number* x, std::size_t rows, float* norms, std::uint8_t* codes, std::uint64_t first_row,
                   std::size_t row_stride) const;

  std::size_t dimension_, order_;
  int bits_;
  std::uint64_t seed_;
  Isa isa_;
  int threads_;
  std::vector<std::uint32_t> signs_;  // SPEC §2, ε_0 … ε_{d−1}
};

}  // namespace hdq
