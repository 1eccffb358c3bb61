// The library's fast/src/codes/pack.cpp on terms: for every b and some lengths, and all codes and bytes, a question to a solver that is
// unsatisfiable if Pack and Unpack are what SPEC §4 says.
#include "../questions.hpp"
#include "simd/simd.hpp"

#define HDQ_ISA symbolic
#include HDQ_PACK_SOURCE

namespace {

using hdq::symbolic::ask, hdq::symbolic::Byte, hdq::symbolic::guard, hdq::symbolic::keeps_its_bounds;

constexpr std::size_t most = 150;

void about(int bits, std::size_t count) {
  const std::size_t size = (count * static_cast<std::size_t>(bits) + 7) / 8;
  Byte codes[most + guard], bytes[most + guard];
  for (int direction = 0; direction < 2; ++direction) {
    hdq::symbolic::begin();
    for (Byte& code : codes) code = 0xA5;
    for (Byte& byte : bytes) byte = 0xA5;
    if (direction == 0) {
      for (std::size_t j = 0; j < count; ++j) codes[j] = Byte::variable();
      hdq::symbolic::Pack(bits, codes, count, bytes);
      keeps_its_bounds("Pack", bytes, size);
      ask("Pack", bits, count, bytes, 8, size, codes, bits);
    } else {
      for (std::size_t j = 0; j < size; ++j) bytes[j] = Byte::variable();
      hdq::symbolic::Unpack(bits, bytes, count, codes);
      keeps_its_bounds("Unpack", codes, count);
      ask("Unpack", bits, count, codes, bits, count, bytes, 8);
    }
  }
}

}  // namespace

int main() {
  std::printf("(set-logic QF_BV)\n");
  for (int bits = 1; bits <= 8; ++bits) {
    // Sixteen codes at a time go where sixteen bytes are left: for b = 1 from 121 codes on, and twice from 137 on.
    for (std::size_t count = 1; count <= 33; ++count) about(bits, count);
    for (const std::size_t count : {48, 64, 65, 121, 128, 137, 144, 150}) about(bits, count);
  }
}
