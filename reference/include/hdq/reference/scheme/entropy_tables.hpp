// The coder's frequencies (SPEC §7, "Tables"). They are binary64 arithmetic by definition, every operation rounded once, none fused: the integers
// that come out are the specification, and no claim of accuracy is needed of them. What they approximate is 2^16·p_c(V) of SPEC §7, "Length".
#pragma once

#include <cstdint>
#include <vector>

#include "hdq/reference/scheme/uniform_step.hpp"

namespace hdq::reference {

inline constexpr int offset_buckets = 64;              // of w_j, by its six highest bits
inline constexpr std::uint32_t frequency_sum = 65536;  // of each bucket

inline std::uint32_t bucket_of(std::uint32_t weyl_word) { return weyl_word >> 26; }

// e of q >= 0 (item 2): exp(−q), up to 2^-22 for every q, and up to a factor 1 ± 2^-10 for q <= 18; what is less becomes frequency 1.
double table_exponential(double q);

// [u]: the frequencies of −K, …, K, then that of the escape.
using FrequencyTables = std::vector<std::vector<std::uint32_t>>;
FrequencyTables entropy_tables(const StepNumbers& step);

}  // namespace hdq::reference
