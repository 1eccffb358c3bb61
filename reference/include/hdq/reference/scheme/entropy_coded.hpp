// SPEC §7: the entropy-coded quantizer. The rule in the reals; tables, which are binary64 arithmetic by definition; the coder, in integers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"

namespace hdq::reference {

inline constexpr std::uint32_t weyl_increment = 0x9E3779B9;
inline constexpr int offset_buckets = 64;
inline constexpr std::uint32_t frequency_sum = 65536;

// Δ, the step: a float32 number in [2^-10, 16]; otherwise std::invalid_argument.
struct StepNumbers {
  explicit StepNumbers(float step);
  float step;
  int raw_bits;            // h
  double coarse;           // W = 2^h·Δ, exactly
  int largest;             // K
  Rational error() const;  // D = Δ²/12
};

// ---- the rule ----

// w_j, and V_j, of a row with random word `word`.
inline std::uint32_t weyl_word(std::uint32_t word, std::uint64_t j) {
  return word + static_cast<std::uint32_t>(j) * weyl_increment;
}
Rational offset_of_word(std::uint32_t weyl_word);
// ⌊z/Δ + 2^h·V⌋ of a rational z.
Integer step_code(const StepNumbers& step, const Rational& z, const Rational& offset);
// Δ·(k + 1/2 − 2^h·V).
Rational step_value(const StepNumbers& step, const Integer& code, const Rational& offset);

// ---- tables: of each bucket, frequencies of −K … K and of the escape ----

std::vector<std::vector<std::uint32_t>> entropy_tables(const StepNumbers& step);

// ---- the coder: one row's stream. codes: k_j, one for each coordinate; their raw bits are not in it ----

std::vector<std::uint8_t> put_stream(const StepNumbers& step, std::uint32_t word, float norm,
                                     const std::vector<std::int64_t>& codes);

struct GotStream {
  float norm;
  std::vector<std::int64_t> coarse;  // c_j
};
// Nothing for bytes that are no stream of `count` coordinates.
std::optional<GotStream> get_stream(const StepNumbers& step, std::uint32_t word, std::size_t count,
                                    const std::vector<std::uint8_t>& stream);

}  // namespace hdq::reference
