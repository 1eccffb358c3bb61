// Rows that look like what is quantized in practice: heavy tails, norms that differ from row to row, channels that are larger than
// the others in every row, correlated neighbours. No kernel's time depends on the values (none of them branches on an element);
// they are such that nothing overflows, underflows or is constant.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hdq/codec.hpp"

namespace hdq::bench {

// rows × n.
std::vector<float> structured_rows(std::size_t rows, std::size_t n, std::uint64_t seed = 1);

// As many rows of length n as fit, a block of them repeated; the rest is zero.
void fill_rows(std::span<float> out, std::size_t n);

// The same rows (n <= 2^20), scaled by 2^-8 and cut to 16 bits per element.
void narrow_rows(Float16* out, std::size_t rows, std::size_t n);
void narrow_rows(BFloat16* out, std::size_t rows, std::size_t n);

// Codes of structured rows, a block of them repeated.
struct Codes {
  std::size_t rows = 0;
  std::vector<float> norms;
  std::vector<std::uint8_t> codes;
};
Codes structured_codes(std::size_t rows, std::size_t n, int bits);

}  // namespace hdq::bench
