// SPEC §2: the reference's Philox4x32-10 against the vectors published with Random123 (kat_vectors) and against Random123 itself;
// the sign and dither streams against their definition.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <Random123/philox.h>

#include "hdq/reference/scheme/philox.hpp"

namespace hdq::reference {
namespace {

PhiloxCounter random123(const PhiloxCounter& counter, const PhiloxKey& key) {
  const r123::Philox4x32::ctr_type c = {{counter[0], counter[1], counter[2], counter[3]}};
  const r123::Philox4x32::key_type k = {{key[0], key[1]}};
  const auto r = r123::Philox4x32()(c, k);
  return {r[0], r[1], r[2], r[3]};
}

TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox4x32_10({0, 0, 0, 0}, {0, 0}), (PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox4x32_10({ones, ones, ones, ones}, {ones, ones}),
            (PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

RC_GTEST_PROP(Philox, EqualsRandom123, (const PhiloxCounter& counter, const PhiloxKey& key)) {
  RC_ASSERT(philox4x32_10(counter, key) == random123(counter, key));
}

RC_GTEST_PROP(Streams, SignsFollowTheirDefinition, (std::uint64_t seed)) {
  const std::vector<int> epsilon = signs(seed, 300);
  for (std::size_t i = 0; i < epsilon.size(); ++i) {
    const auto block = random123({static_cast<std::uint32_t>(i / 128), 0, 0, 0x5349474E}, philox_key(seed));
    const std::uint32_t bit = block[i % 128 / 32] >> (i % 32) & 1;
    RC_ASSERT(epsilon[i] == (bit == 1 ? -1 : 1));
  }
}

RC_GTEST_PROP(Streams, DitherFollowsItsDefinition, (std::uint64_t seed, std::uint64_t row)) {
  const PhiloxCounter counter = {static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(row >> 32), 0, 0x44495448};
  RC_ASSERT(dither_word(seed, row) == random123(counter, philox_key(seed))[0]);
}

TEST(Streams, DitherIsInsideTheUnitIntervalAndExact) {
  const Ball first = dither_of_word(0), last = dither_of_word(0xffffffff);
  EXPECT_TRUE(first.is_exact() && last.is_exact());
  EXPECT_EQ(first.mid_double(), 0x1p-33);
  EXPECT_EQ(last.mid_double(), 1 - 0x1p-33);
}

TEST(Streams, SeedsAndRowsUseAll64Bits) {
  EXPECT_NE(dither_word(1, 0), dither_word(1 | std::uint64_t{1} << 32, 0));
  EXPECT_NE(dither_word(1, 5), dither_word(1, 5 | std::uint64_t{1} << 32));
  EXPECT_NE(signs(1, 256), signs(1 | std::uint64_t{1} << 63, 256));
}

}  // namespace
}  // namespace hdq::reference
