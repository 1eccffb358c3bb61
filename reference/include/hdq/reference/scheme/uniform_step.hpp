// The scalar rule of the entropy-coded quantizer (SPEC §7, "The rule"), exact: with a rational z every number in it is rational.
//   k = ⌊z/Δ + 2^h·V⌋,   ẑ = Δ·(k + 1/2 − 2^h·V),   V = (⌊w_j/2^9⌋ + 1/2)/2^23,   w_j = w + j·0x9E3779B9 mod 2^32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"

namespace hdq::reference {

inline constexpr std::uint32_t weyl_increment = 0x9E3779B9;  // ⌊2^32/golden ratio⌋, odd: w ↦ w_j permutes the words
inline constexpr int offset_bits = 23;                       // V has 2^23 values

// Of a step Δ, a float32 number in [2^-10, 16]; otherwise std::invalid_argument.
struct StepNumbers {
  explicit StepNumbers(float step);
  float step;
  int raw_bits;            // h, the least with 2^h·Δ > 1/8
  double coarse;           // W = 2^h·Δ, exactly
  int largest;             // K: the coder has symbols −K … K (SPEC §7, "Tables", 1)
  Rational delta() const;  // Δ
  Rational error() const;  // D = Δ²/12
};

// w_j of a row whose random word is `word`.
inline std::uint32_t weyl_word(std::uint32_t word, std::uint64_t j) {
  return word + static_cast<std::uint32_t>(j) * weyl_increment;
}
// V of w_j, in (0, 1).
Rational offset_of_word(std::uint32_t weyl_word);

// ⌊x⌋.
Integer floor_of(const Rational& x);
// k of z, for any rational offset V.
Integer step_code(const StepNumbers& step, const Rational& z, const Rational& offset);
// ẑ of k.
Rational step_value(const StepNumbers& step, const Integer& code, const Rational& offset);

// Codes of d coordinates lie in memory as signed numbers of 16 bits if d <= ((32767 − 2^h)·Δ)², else of 32. `least` and `most` are what z/Δ + 2^h·V is
// brought within before its floor; they matter only for a norm that is not the row's.
struct CodeRange {
  int bits;
  std::int64_t least, most;
};
CodeRange code_range(const StepNumbers& step, std::uint64_t order);
// `order` codes as they lie in memory, at any address, little-endian: of 16 bits if there are 2·order bytes, else of 32.
std::vector<std::int64_t> codes_in_memory(std::span<const std::uint8_t> bytes, std::size_t order);

}  // namespace hdq::reference
