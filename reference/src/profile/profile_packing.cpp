#include "hdq/reference/profile/profile_packing.hpp"

namespace hdq::reference {
namespace {

// Where bit `bit` of code i is: its number in the byte string, from the lowest bit of byte 0.
std::size_t place(Packing packing, std::size_t i, int bit, std::size_t count, int bits, std::size_t block) {
  const auto width = static_cast<std::size_t>(bits), k = static_cast<std::size_t>(bit);
  switch (packing) {
    case Packing::bit_string: return i * width + k;
    case Packing::bit_planes: return k * ((count + 7) / 8 * 8) + i;
    case Packing::bit_planes_msb: return k * ((count + 7) / 8 * 8) + i / 8 * 8 + 7 - i % 8;
    case Packing::nibbles_split: {
      const std::size_t half = block / 2, base = i / block * block, j = i - base;
      return j < half ? (base / 2 + j) * 8 + k : (base / 2 + j - half) * 8 + 4 + k;
    }
    case Packing::planes_2_1: return k < 2 ? i * 2 + k : (count + 3) / 4 * 8 + i;
    case Packing::bytes: return i * 8 + k;
  }
  return 0;
}

std::size_t packed_bytes(Packing packing, std::size_t count, int bits) {
  const auto width = static_cast<std::size_t>(bits);
  switch (packing) {
    case Packing::bit_string: return (count * width + 7) / 8;
    case Packing::bit_planes:
    case Packing::bit_planes_msb: return width * ((count + 7) / 8);
    case Packing::nibbles_split: return (count + 1) / 2;
    case Packing::planes_2_1: return (count + 3) / 4 + (bits > 2 ? (count + 7) / 8 : 0);
    case Packing::bytes: return count;
  }
  return 0;
}

}  // namespace

std::vector<std::uint8_t> pack_codes(Packing packing, std::span<const std::uint8_t> codes, int bits, std::size_t block) {
  std::vector<std::uint8_t> bytes(packed_bytes(packing, codes.size(), bits), 0);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    for (int bit = 0; bit < bits; ++bit) {
      const std::size_t at = place(packing, i, bit, codes.size(), bits, block);
      if (at / 8 < bytes.size()) bytes[at / 8] = static_cast<std::uint8_t>(bytes[at / 8] | ((codes[i] >> bit & 1) << (at % 8)));
    }
  }
  return bytes;
}

std::vector<std::uint8_t> unpack_codes(Packing packing, std::span<const std::uint8_t> bytes, std::size_t count, int bits, std::size_t block) {
  std::vector<std::uint8_t> codes(count, 0);
  for (std::size_t i = 0; i < count; ++i) {
    for (int bit = 0; bit < bits; ++bit) {
      const std::size_t at = place(packing, i, bit, count, bits, block);
      if (at / 8 < bytes.size()) codes[i] = static_cast<std::uint8_t>(codes[i] | ((bytes[at / 8] >> (at % 8) & 1) << bit));
    }
  }
  return codes;
}

}  // namespace hdq::reference
