// Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11; SPEC §2). The tests compare it with
// the published known answers and with Random123.
#pragma once

#include <array>
#include <cstdint>

namespace hdq::detail {

struct Philox {
  static constexpr int rounds = 10;
  static constexpr std::uint32_t multiplier0 = 0xD2511F53, multiplier1 = 0xCD9E8D57;
  static constexpr std::uint32_t increment0 = 0x9E3779B9, increment1 = 0xBB67AE85;  // of the key, each round

  static constexpr std::array<std::uint32_t, 4> block(std::array<std::uint32_t, 4> c, std::uint64_t key) {
    auto key0 = static_cast<std::uint32_t>(key), key1 = static_cast<std::uint32_t>(key >> 32);
    for (int round = 0; round < rounds; ++round) {
      const std::uint64_t p0 = std::uint64_t{multiplier0} * c[0], p1 = std::uint64_t{multiplier1} * c[2];
      c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ key0, static_cast<std::uint32_t>(p1),
           static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ key1, static_cast<std::uint32_t>(p0)};
      key0 += increment0;
      key1 += increment1;
    }
    return c;
  }
};

// The last word of a counter: which stream.
inline constexpr std::uint32_t domain_signs = 0x5349474E;   // "SIGN"
inline constexpr std::uint32_t domain_dither = 0x44495448;  // "DITH"

}  // namespace hdq::detail
