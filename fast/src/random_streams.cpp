// SPEC §2: the random streams, Philox4x32-10 with the 64-bit seed as key.
#include <Random123/philox.h>

#include <algorithm>

#include "hdq/stages.hpp"

namespace hdq {
namespace {

constexpr std::uint32_t domain_signs = 0x5349474E;   // "SIGN"
constexpr std::uint32_t domain_dither = 0x44495448;  // "DITH"

philox4x32_ctr_t philox(std::uint64_t seed, std::uint64_t index, std::uint32_t domain) {
  const philox4x32_ctr_t counter = {{static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), 0, domain}};
  const philox4x32_key_t key = {{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
  return philox4x32_R(10, counter, key);
}

}  // namespace

void sign_bits(std::uint64_t seed, std::size_t count, std::uint32_t* words) {
  const std::size_t total = (count + 31) / 32;
  for (std::size_t first = 0; first < total; first += 4) {
    // The counter's first word is i div 128; count <= 2^39 keeps it below 2^32, so the second word stays 0.
    const philox4x32_ctr_t out = philox(seed, first / 4, domain_signs);
    for (std::size_t j = 0; j < std::min<std::size_t>(4, total - first); ++j) words[first + j] = out.v[j];
  }
}

std::uint32_t dither_word(std::uint64_t seed, std::uint64_t row) { return philox(seed, row, domain_dither).v[0]; }

}  // namespace hdq
