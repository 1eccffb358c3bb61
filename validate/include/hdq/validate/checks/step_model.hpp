// What a kernel of the entropy-coded scheme (SPEC §7) must give, and what one with a known defect gives instead. Tables and streams are the
// reference's; codes and values are computed in double from exact rotations, and judged within the bounds of float kernels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hdq/reference/scheme/uniform_step.hpp"
#include "hdq/validate/checks/session.hpp"

namespace hdq::validate::steps {

// ---- offsets ----

// How offsets are made; as it stands, as SPEC §7 has it.
struct OffsetHabit {
  std::uint32_t weyl = reference::weyl_increment;
  std::uint64_t begin = 0;  // of j
  double half = 0.5;        // in V
  int raw_bits = 0;         // more than h: 2^(h + this) V
};
// Constants that look like SPEC §7's, or stand elsewhere in the literature.
inline constexpr std::uint32_t other_weyl_constants[] = {0x9E3779B1, 0x61C88647, 0x9E3779B8, 0x9E3779BA,
                                                         0x9E3779B7, 0x9E3779BB, 0xBB67AE85, 0x85EBCA6B,
                                                         0xC2B2AE35, 0x7F4A7C15, 0x6C078965};
// 2^h V_j of the d coordinates of a row.
std::vector<double> offsets(const Config& config, std::uint64_t row, const OffsetHabit& habit = {});

// z_j/Δ + 2^h V_j, of which k_j is the floor; y: exact rotated coordinates, rho > 0.
std::vector<double> dithered(const Config& config, const std::vector<double>& y, double rho,
                             const std::vector<double>& offsets);
// ẑ_j. `centre`: 1/2.
std::vector<double> decoded(const Config& config, const std::vector<std::int64_t>& codes,
                            const std::vector<double>& offsets, double centre = 0.5);

// Norm (rounded once) and codes of a row of finite numbers.
struct CodedRow {
  float norm = 0;
  std::vector<std::int64_t> codes;
};
CodedRow encode(const Config& config, std::uint64_t row, const float* x);
// As they lie in memory, and back.
std::vector<std::uint8_t> in_memory(const Config& config, const std::vector<std::int64_t>& codes);
std::vector<std::int64_t> from_memory(const Config& config, const std::uint8_t* bytes);

// ---- tables ----

// 64 × (2K + 2), the reference's.
std::vector<std::uint32_t> frequencies(float step);

// ---- coder ----

// How streams are made.
struct CoderHabit {
  int below = 0;         // more than F
  int renormalise = 47;  // a word leaves the state from f·2^this on
  bool norm_in_state = true;
  bool sign_flipped = false, gamma_low_first = false, gamma_inverted = false;
  bool last_word_first = true, whole_state = false, big_endian = false, first_coordinate_first = false,
       reversed_buckets = false;
  int over = 0;                    // more than |c| − K
  std::uint32_t weyl = OffsetHabit{}.weyl;
  std::uint32_t initial_norm = 0;  // instead of the norm's bits, where it is not 0
  friend bool operator==(const CoderHabit&, const CoderHabit&) = default;
};
// Without a habit it is the reference's stream.
Session::Stream put(const Config& config, std::uint64_t row, const CodedRow& coded, const CoderHabit& habit = {});

}  // namespace hdq::validate::steps
