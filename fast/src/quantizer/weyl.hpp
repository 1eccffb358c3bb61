// SPEC §7: the offsets of a row's coordinates, from its word.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace hdq::detail {

inline constexpr std::uint32_t weyl_increment = 0x9E3779B9;
inline constexpr int offset_shift = 9;  // V has 23 bits, and a half
inline constexpr int bucket_shift = 26, bucket_count = 64;

inline std::uint32_t weyl_word(std::uint32_t word, std::size_t j) {
  return word + static_cast<std::uint32_t>(j) * weyl_increment;
}
// 2^h·V = (⌊w/2^9⌋ + 1/2)·offset_unit(h).
inline float offset_unit(int raw_bits) { return static_cast<float>(1u << raw_bits) * 0x1p-23f; }

// What scoring needs of a row, in the numbers that a scheme may keep for it.
struct StepTable {
  std::uint32_t word;
  float step;
  int raw_bits;
};
inline constexpr std::size_t step_table_floats = 3;
inline void store_step_table(const StepTable& table, float* out) {
  out[0] = std::bit_cast<float>(table.word);
  out[1] = table.step;
  out[2] = static_cast<float>(table.raw_bits);
}
inline StepTable step_table(const float* in) {
  return {std::bit_cast<std::uint32_t>(in[0]), in[1], static_cast<int>(in[2])};
}

}  // namespace hdq::detail
