// Properties of packed codes and of files that hold them (SPEC §4, docs/format.md).
#pragma once

#include "hdq/properties/result.hpp"

namespace hdq::properties {

using Bytes = std::vector<std::uint8_t>;

// Code j is in bits [j·b, (j + 1)·b) of a little-endian bit string of ⌈count·b/8⌉ bytes; unused bits are 0. SPEC §4.
inline Result codes_are_packed(int bits, const Bytes& codes, const Bytes& packed) {
  const auto b = static_cast<std::size_t>(bits), used = codes.size() * b;
  if (packed.size() != (used + 7) / 8) return violated(codes.size(), " codes of ", bits, " bits fill ", packed.size(), " bytes, not ", (used + 7) / 8);
  for (std::size_t position = 0; position < 8 * packed.size(); ++position) {
    const int bit = packed[position / 8] >> (position % 8) & 1;
    const int expected = position < used ? codes[position / b] >> (position % b) & 1 : 0;
    if (bit != expected && position >= used) return violated("unused bit ", position, " is 1");
    if (bit != expected) return violated("bit ", position % b, " of code ", position / b, " is ", bit);
  }
  return {};
}

// unpack(pack(codes)) = codes.
inline Result packing_round_trips(const Bytes& codes, const std::function<Bytes(const Bytes&)>& pack,
                                  const std::function<Bytes(const Bytes&, std::size_t count)>& unpack) {
  const Bytes back = unpack(pack(codes), codes.size());
  if (back.size() != codes.size()) return violated(codes.size(), " codes come back as ", back.size());
  for (std::size_t j = 0; j < codes.size(); ++j) {
    if (back[j] != codes[j]) return violated("code ", j, " of ", codes.size(), " comes back as ", int{back[j]}, ", not ", int{codes[j]});
  }
  return {};
}

// A file loads; with any single bit flipped, cut short or with a byte added, it does not. docs/format.md: every bit is under a
// checksum that sees any single flipped bit.
inline Result damage_is_noticed(const Bytes& file, const std::function<bool(const Bytes&)>& loads) {
  if (!loads(file)) return violated("the whole file does not load");
  Bytes damaged = file;
  for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
    const auto mask = static_cast<std::uint8_t>(1u << (bit % 8));
    damaged[bit / 8] ^= mask;
    if (loads(damaged)) return violated("the file loads with bit ", bit % 8, " of byte ", bit / 8, " flipped");
    damaged[bit / 8] ^= mask;
  }
  damaged.push_back(0);
  if (loads(damaged)) return violated("the file loads with a byte too many");
  damaged.resize(file.size() - 1);
  if (loads(damaged)) return violated("the file loads without its last byte");
  return {};
}

}  // namespace hdq::properties
