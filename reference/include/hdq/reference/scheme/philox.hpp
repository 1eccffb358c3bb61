// Random streams (SPEC §2): Philox4x32-10 of Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3"
// (SC 2011), and the signs ε_i and the dither U drawn from it. Written out here, so that the oracle shares no code with
// what it judges; tests compare it with the published known-answer vectors and with Random123.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"

namespace hdq::reference {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

inline PhiloxCounter philox4x32_10(PhiloxCounter counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(product0)};
    key[0] += 0x9E3779B9;  // golden ratio
    key[1] += 0xBB67AE85;  // √3 − 1
  }
  return counter;
}

// Last counter word of each stream: "SIGN" and "DITH" in ASCII.
inline constexpr std::uint32_t sign_domain = 0x5349474E, dither_domain = 0x44495448;

inline PhiloxKey philox_key(std::uint64_t seed) {
  return {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
}

// ε_0 … ε_{count−1}, each −1 or +1.
inline std::vector<int> signs(std::uint64_t seed, std::size_t count) {
  std::vector<int> epsilon(count);
  PhiloxCounter block{};
  for (std::size_t i = 0; i < count; ++i) {
    if (i % 128 == 0) block = philox4x32_10({static_cast<std::uint32_t>(i / 128), 0, 0, sign_domain}, philox_key(seed));
    epsilon[i] = (block[(i % 128) / 32] >> (i % 32)) & 1 ? -1 : 1;
  }
  return epsilon;
}

inline std::uint32_t dither_word(std::uint64_t seed, std::uint64_t row) {
  return philox4x32_10({static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(row >> 32), 0, dither_domain},
                       philox_key(seed))[0];
}

// U = (w + 1/2)/2^32, exactly.
inline Ball dither_of_word(std::uint32_t word) { return ldexp(Ball(2 * static_cast<std::int64_t>(word) + 1), -33); }

}  // namespace hdq::reference
