// SPEC §2: the random streams, Philox4x32-10 with the 64-bit seed as key.
#include <algorithm>

#include "hdq/stages.hpp"
#include "streams/philox.hpp"

namespace hdq {
namespace {

auto philox(std::uint64_t seed, std::uint64_t index, std::uint32_t domain) {
  return detail::Philox::block({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), 0, domain}, seed);
}

}  // namespace

void sign_bits(std::uint64_t seed, std::size_t count, std::uint32_t* words) {
  const std::size_t total = (count + 31) / 32;
  for (std::size_t first = 0; first < total; first += 4) {
    // The counter's first word is i div 128; count <= 2^39 keeps it below 2^32, so the second word stays 0.
    const auto out = philox(seed, first / 4, detail::domain_signs);
    for (std::size_t j = 0; j < std::min<std::size_t>(4, total - first); ++j) words[first + j] = out[j];
  }
}

std::uint32_t dither_word(std::uint64_t seed, std::uint64_t row) { return philox(seed, row, detail::domain_dither)[0]; }

}  // namespace hdq
