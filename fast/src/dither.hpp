// SPEC §2: dither words of several rows at once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hdq/types.hpp"

namespace hdq::detail {

// words[i] = dither_word(seed, rows[i]).
void dither_words(std::uint64_t seed, const std::uint64_t* rows, std::size_t count, std::uint32_t* words, Isa isa);

}  // namespace hdq::detail
