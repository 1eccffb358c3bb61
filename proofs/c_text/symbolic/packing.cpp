// The library's fast/src/codes/pack.cpp on terms: for every b and some lengths, and all codes and bytes, a question to a solver that is
// unsatisfiable if Pack and Unpack are what SPEC §4 says. Each is asked between (push) and (pop); its answer follows its name.
#include "simd/simd.hpp"

#define HDQ_ISA symbolic
#include HDQ_PACK_SOURCE

namespace {

using hdq::symbolic::Byte;

// Some bit of `got`, a string of `got_width` bits in each element, is not that of `given`; or a bit beyond the first `count` is set.
void ask(const char* name, int bits, std::size_t codes, const Byte* got, int got_width, std::size_t got_size,
         const Byte* given, int given_width) {
  std::printf("(echo \"%s b=%d count=%zu\")\n(assert (or false", name, bits, codes);
  const std::size_t count = codes * static_cast<std::size_t>(bits);
  const auto bit = [](const Byte* from, std::size_t p, int width) {
    const std::string at = std::to_string(p % static_cast<std::size_t>(width));
    return "((_ extract " + at + " " + at + ") " + from[p / static_cast<std::size_t>(width)].text() + ")";
  };
  for (std::size_t p = 0; p < count; ++p)
    std::printf("\n  (distinct %s %s)", bit(got, p, got_width).c_str(), bit(given, p, given_width).c_str());
  for (std::size_t i = 0; i < got_size; ++i) {
    for (int k = 0; k < 8; ++k) {
      const bool is_used =
          k < got_width && i * static_cast<std::size_t>(got_width) + static_cast<std::size_t>(k) < count;
      if (!is_used) std::printf("\n  (distinct #b0 ((_ extract %d %d) %s))", k, k, got[i].text().c_str());
    }
  }
  std::printf("))\n(check-sat)\n(pop)\n");
}

// Past the end there is what nobody may write.
constexpr std::size_t most = 150, guard = 16;

void keeps_its_bounds(const char* name, const Byte* array, std::size_t size) {
  for (std::size_t i = size; i < size + guard; ++i) {
    if (array[i].term >= 0 || array[i].constant != 0xA5) std::printf("(echo \"%s writes past the end\")\n", name);
  }
}

void about(int bits, std::size_t count) {
  const std::size_t size = (count * static_cast<std::size_t>(bits) + 7) / 8;
  Byte codes[most + guard], bytes[most + guard];
  for (int direction = 0; direction < 2; ++direction) {
    std::printf("(push)\n");
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
