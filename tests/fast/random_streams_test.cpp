// SPEC §2: Philox4x32-10 against Random123's published known answers, and the two streams against it, counter by counter.
#include <Random123/philox.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "hdq/stages.hpp"

namespace {

using Four = std::array<std::uint32_t, 4>;

// Philox4x32-10 written out from the paper (Salmon et al., SC11), independent of Random123.
Four philox(Four c, std::uint32_t k0, std::uint32_t k1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * c[0], b = std::uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<std::uint32_t>(b >> 32) ^ c[1] ^ k0, static_cast<std::uint32_t>(b),
         static_cast<std::uint32_t>(a >> 32) ^ c[3] ^ k1, static_cast<std::uint32_t>(a)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return c;
}

TEST(Philox, KnownAnswers) {  // kat_vectors of Random123: philox4x32 10
  struct Case {
    Four counter;
    std::uint32_t k0, k1;
    Four answer;
  };
  const Case cases[] = {
      {{0, 0, 0, 0}, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, 0xffffffff, 0xffffffff, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
  for (const Case& c : cases) {
    EXPECT_EQ(philox(c.counter, c.k0, c.k1), c.answer);
    const philox4x32_ctr_t counter = {{c.counter[0], c.counter[1], c.counter[2], c.counter[3]}};
    const philox4x32_key_t key = {{c.k0, c.k1}};
    const philox4x32_ctr_t out = philox4x32_R(10, counter, key);
    EXPECT_EQ((Four{out.v[0], out.v[1], out.v[2], out.v[3]}), c.answer);
  }
}

constexpr std::uint64_t seeds[] = {0, 1, 0xFFFFFFFF, 0x100000000, 0x0123456789ABCDEF, ~std::uint64_t{0}};

TEST(Signs, FollowTheCounter) {
  for (std::uint64_t seed : seeds) {
    std::vector<std::uint32_t> words(64);
    hdq::sign_bits(seed, 2048, words.data());
    for (std::uint32_t i = 0; i < 2048; ++i) {
      const Four out = philox({i / 128, 0, 0, 0x5349474E}, static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));
      EXPECT_EQ((words[i / 32] >> (i % 32)) & 1, (out[(i % 128) / 32] >> (i % 32)) & 1);
    }
  }
}

TEST(Signs, PrefixesAgreeAndNothingElseIsWritten) {
  std::vector<std::uint32_t> all(64);
  hdq::sign_bits(7, 2048, all.data());
  for (std::size_t count = 1; count <= 400; ++count) {
    std::vector<std::uint32_t> words((count + 31) / 32 + 1, 0xDEADBEEF);
    hdq::sign_bits(7, count, words.data());
    for (std::size_t w = 0; w + 1 < words.size(); ++w) EXPECT_EQ(words[w], all[w]);
    EXPECT_EQ(words.back(), 0xDEADBEEF);
  }
}

TEST(Dither, FollowsTheCounter) {
  for (std::uint64_t seed : seeds)
    for (std::uint64_t row : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0xFFFFFFFF}, std::uint64_t{0x100000000}, ~std::uint64_t{0}}) {
      const Four out = philox({static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(row >> 32), 0, 0x44495448},
                              static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));
      EXPECT_EQ(hdq::dither_word(seed, row), out[0]);
    }
}

TEST(Dither, LiesStrictlyInsideTheUnitInterval) {
  EXPECT_EQ(hdq::dither_of_word(0), 0x1p-33);
  EXPECT_EQ(hdq::dither_of_word(0xFFFFFFFF), 1 - 0x1p-33);
  EXPECT_EQ(hdq::dither_of_word(12345) + hdq::dither_of_word(~12345u), 1.0);
}

// Neighbouring 32-sign words must not repeat: a lane-replicated stream would pass every per-bit test.
TEST(Signs, PairsOfPositionsAreBalanced) {
  constexpr int trials = 4096;
  for (std::size_t j : {1u, 8u, 16u, 32u, 64u, 127u, 128u}) {
    int equal = 0;
    for (std::uint64_t seed = 0; seed < trials; ++seed) {
      std::vector<std::uint32_t> words(8);
      hdq::sign_bits(seed, 256, words.data());
      equal += ((words[0] & 1) == ((words[j / 32] >> (j % 32)) & 1));
    }
    EXPECT_NEAR(equal, trials / 2, 5 * 32) << j;  // five standard deviations of Binomial(4096, 1/2)
  }
}

}  // namespace
