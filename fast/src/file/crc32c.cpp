// A message is a polynomial over GF(2), its CRC the remainder modulo P = x^32 + 0x1EDC6F41; in reflected order bit 31 of a word is
// the coefficient of x^0. The remainder is linear in the message, which is what both ways below rest on: tables give the remainder
// of one byte at each of eight distances (slicing by 8), and remainders of consecutive pieces combine by x^(8·length) mod P.
#include "file/crc32c.hpp"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define HDQ_CRC32C_HARDWARE 1
#define HDQ_CRC32C_TARGET __attribute__((target("sse4.2")))
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#define HDQ_CRC32C_HARDWARE 1
#define HDQ_CRC32C_TARGET
#else
#define HDQ_CRC32C_HARDWARE 0
#endif

namespace hdq::detail {
namespace {

static_assert(std::endian::native == std::endian::little, "words are loaded with the first byte lowest");

constexpr std::uint32_t reflected_polynomial = 0x82F63B78;  // 0x1EDC6F41, its bits in reverse

constexpr std::uint32_t times_x(std::uint32_t a) { return (a >> 1) ^ ((a & 1) != 0 ? reflected_polynomial : 0); }

using ByteTable = std::array<std::uint32_t, 256>;

// tables[k][byte] = remainder of that byte followed by k zero bytes.
constexpr std::array<ByteTable, 8> slicing_tables() {
  std::array<ByteTable, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = times_x(remainder);
    tables[0][byte] = remainder;
  }
  for (std::size_t k = 1; k < 8; ++k)
    for (std::size_t byte = 0; byte < 256; ++byte)
      tables[k][byte] = (tables[k - 1][byte] >> 8) ^ tables[0][tables[k - 1][byte] & 0xFF];
  return tables;
}

constexpr std::array<ByteTable, 8> slicing = slicing_tables();

std::uint64_t load64(const std::uint8_t* data) {
  std::uint64_t word;
  std::memcpy(&word, data, sizeof word);
  return word;
}

}  // namespace

std::uint32_t crc32c_portable(const void* data, std::size_t size, std::uint32_t crc) {
  const auto* at = static_cast<const std::uint8_t*>(data);
  crc = ~crc;
  for (; size >= 8; size -= 8, at += 8) {
    const std::uint64_t word = load64(at) ^ crc;
    crc = 0;
    for (std::size_t k = 0; k < 8; ++k) crc ^= slicing[7 - k][(word >> (8 * k)) & 0xFF];
  }
  for (; size > 0; --size, ++at) crc = (crc >> 8) ^ slicing[0][(crc ^ *at) & 0xFF];
  return ~crc;
}

#if HDQ_CRC32C_HARDWARE

namespace {

constexpr std::uint32_t product(std::uint32_t a, std::uint32_t b) {
  std::uint32_t sum = 0;
  for (std::uint32_t coefficient = 1u << 31; coefficient != 0; coefficient >>= 1, b = times_x(b))
    if ((a & coefficient) != 0) sum ^= b;
  return sum;
}

// tables[k][byte]: the remainder whose k-th byte is `byte`, times x^(8·bytes) — as `bytes` zero bytes after it would make it.
constexpr std::array<ByteTable, 4> shift_tables(std::size_t bytes) {
  std::uint32_t power = 1u << 31;                                      // 1
  std::uint32_t square = 1u << 23;                                     // x^8
  for (std::size_t rest = bytes; rest != 0; rest >>= 1, square = product(square, square))
    if ((rest & 1) != 0) power = product(power, square);
  std::array<ByteTable, 4> tables{};
  for (std::size_t k = 0; k < 4; ++k)
    for (std::uint32_t byte = 1; byte < 256; ++byte) {
      const std::uint32_t lowest = byte & (~byte + 1);
      tables[k][byte] = byte == lowest ? product(power, byte << (8 * k)) : tables[k][lowest] ^ tables[k][byte ^ lowest];
    }
  return tables;
}

// A CRC instruction takes three cycles and can start every cycle: three pieces of this many bytes go side by side.
constexpr std::size_t long_piece = 4096, short_piece = 192;
constexpr std::array<ByteTable, 4> past_long = shift_tables(long_piece), past_short = shift_tables(short_piece);

std::uint32_t shift(const std::array<ByteTable, 4>& tables, std::uint32_t crc) {
  return tables[0][crc & 0xFF] ^ tables[1][(crc >> 8) & 0xFF] ^ tables[2][(crc >> 16) & 0xFF] ^ tables[3][crc >> 24];
}

#if defined(__x86_64__)

HDQ_CRC32C_TARGET inline std::uint32_t step(std::uint32_t crc, std::uint8_t byte) { return _mm_crc32_u8(crc, byte); }
HDQ_CRC32C_TARGET inline std::uint32_t step(std::uint32_t crc, std::uint64_t word) {
  return static_cast<std::uint32_t>(_mm_crc32_u64(crc, word));
}
bool hardware_has_crc32c() { return __builtin_cpu_supports("sse4.2") != 0; }

#else

// By name, for the intrinsics of GCC and Clang differ, and both want the whole file compiled for the extension.
inline std::uint32_t step(std::uint32_t crc, std::uint8_t byte) {
  const std::uint32_t word = byte;
  asm(".arch_extension crc\n\tcrc32cb %w0, %w0, %w1" : "+r"(crc) : "r"(word));
  return crc;
}
inline std::uint32_t step(std::uint32_t crc, std::uint64_t word) {
  asm(".arch_extension crc\n\tcrc32cx %w0, %w0, %x1" : "+r"(crc) : "r"(word));
  return crc;
}
bool hardware_has_crc32c() { return (::getauxval(AT_HWCAP) & HWCAP_CRC32) != 0; }

#endif

// As many triples of pieces as size holds; advances data and size.
template <std::size_t piece>
HDQ_CRC32C_TARGET std::uint32_t triples(const std::array<ByteTable, 4>& past_piece, std::uint32_t crc,
                                        const std::uint8_t*& data, std::size_t& size) {
  for (; size >= 3 * piece; size -= 3 * piece, data += 3 * piece) {
    std::uint32_t second = 0, third = 0;
    for (std::size_t i = 0; i < piece; i += 8) {
      crc = step(crc, load64(data + i));
      second = step(second, load64(data + piece + i));
      third = step(third, load64(data + 2 * piece + i));
    }
    crc = shift(past_piece, shift(past_piece, crc) ^ second) ^ third;
  }
  return crc;
}

HDQ_CRC32C_TARGET std::uint32_t crc32c_hardware(const void* data, std::size_t size, std::uint32_t crc) {
  const auto* at = static_cast<const std::uint8_t*>(data);
  crc = ~crc;
  crc = triples<long_piece>(past_long, crc, at, size);
  crc = triples<short_piece>(past_short, crc, at, size);
  for (; size >= 8; size -= 8, at += 8) crc = step(crc, load64(at));
  for (; size > 0; --size, ++at) crc = step(crc, *at);
  return ~crc;
}

}  // namespace

std::uint32_t crc32c(const void* data, std::size_t size, std::uint32_t crc) {
  static const bool hardware = hardware_has_crc32c();
  return hardware ? crc32c_hardware(data, size, crc) : crc32c_portable(data, size, crc);
}

#else

std::uint32_t crc32c(const void* data, std::size_t size, std::uint32_t crc) { return crc32c_portable(data, size, crc); }

#endif

}  // namespace hdq::detail
