// CRC-32C against published values, its definition bit by bit, and ISA-L where that is installed.
#include "file/crc32c.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#ifdef HDQ_TEST_ISAL
#include <isa-l/crc.h>
#endif

namespace hdq::detail {
namespace {

std::uint32_t bitwise(const std::uint8_t* data, std::size_t size, std::uint32_t crc = 0) {
  crc = ~crc;
  for (std::size_t i = 0; i < size; ++i) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0);  // 0x1EDC6F41 reflected
  }
  return ~crc;
}

using Function = std::uint32_t (*)(const void*, std::size_t, std::uint32_t);
constexpr Function functions[] = {crc32c, crc32c_portable};

std::vector<std::uint8_t> random_bytes(std::size_t size) {
  std::mt19937 random(1);
  std::vector<std::uint8_t> data(size);
  for (std::uint8_t& byte : data) byte = static_cast<std::uint8_t>(random());
  return data;
}

// RFC 3720, appendix B.4, and the check value of the catalogues.
TEST(Crc32c, PublishedValues) {
  std::uint8_t ascending[32], descending[32];
  for (std::uint8_t i = 0; i < 32; ++i) ascending[i] = i, descending[i] = static_cast<std::uint8_t>(31 - i);
  const std::string zeros(32, '\0'), ones(32, '\xFF');
  for (const Function crc : functions) {
    EXPECT_EQ(crc("123456789", 9, 0), 0xE3069283u);
    EXPECT_EQ(crc(zeros.data(), 32, 0), 0x8A9136AAu);
    EXPECT_EQ(crc(ones.data(), 32, 0), 0x62A8AB43u);
    EXPECT_EQ(crc(ascending, 32, 0), 0x46DD794Eu);
    EXPECT_EQ(crc(descending, 32, 0), 0x113FDB5Cu);
    EXPECT_EQ(crc("", 0, 0), 0u);
    EXPECT_EQ(crc(nullptr, 0, 0x12345678), 0x12345678u);
  }
}

// Every length up to three long pieces of the instruction's path and more, at every alignment, in one piece and in two.
TEST(Crc32c, IsItsDefinition) {
  const std::vector<std::uint8_t> data = random_bytes(40000);
  std::mt19937 random(2);
  for (std::size_t size = 0; size + 16 < data.size(); size += size < 1500 ? 1 : 97) {
    const std::uint8_t* from = data.data() + size % 16;
    const std::uint32_t expected = bitwise(from, size, 7);
    const std::size_t first = random() % (size + 1);
    for (const Function crc : functions) {
      ASSERT_EQ(crc(from, size, 7), expected) << size;
      ASSERT_EQ(crc(from + first, size - first, crc(from, first, 7)), expected) << size << " at " << first;
    }
  }
}

// A table entry that is wrong shows in the message's bits that select it.
TEST(Crc32c, EveryBitOfALongMessageCounts) {
  std::vector<std::uint8_t> data(3 * 4096 + 3 * 192 + 24, 0);
  for (std::size_t bit = 0; bit < data.size() * 8; bit += 7) {
    data[bit / 8] = static_cast<std::uint8_t>(1u << (bit % 8));
    const std::uint32_t expected = crc32c_portable(data.data(), data.size());
    ASSERT_EQ(crc32c(data.data(), data.size()), expected) << bit;
    if (bit % 64 == 0) {
      ASSERT_EQ(bitwise(data.data(), data.size()), expected) << bit;
    }
    data[bit / 8] = 0;
  }
}

TEST(Crc32c, IsThatOfIsaL) {
#ifdef HDQ_TEST_ISAL
  std::vector<std::uint8_t> data = random_bytes(300000);
  for (std::size_t size = 0; size < data.size(); size = size * 3 / 2 + 1)
    EXPECT_EQ(crc32c(data.data(), size, 99), ~::crc32_iscsi(data.data(), static_cast<int>(size), ~99u)) << size;
#else
  GTEST_SKIP() << "ISA-L (Debian package libisal-dev) was not found";
#endif
}

}  // namespace
}  // namespace hdq::detail
