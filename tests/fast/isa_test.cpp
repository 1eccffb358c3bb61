// SPEC §4: every stage gives the same bytes on every instruction set, for every size to 300, at every alignment, and the codec for
// selected dimensions to 5120.
#include <array>
#include <cmath>

#include "kernels.hpp"
#include "test_support.hpp"

namespace {

using namespace hdq;
using test::same_bytes;

class AgainstScalar : public ::testing::TestWithParam<Isa> {};

constexpr std::array<std::uint32_t, 14> words = {0, 1, 2, 3, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 0x12345678, 0xDEADBEEF, 0x00010000, 0xFFFF0000, 255, 0xAAAAAAAA};

TEST_P(AgainstScalar, Norm) {
  const std::vector<float> x = test::dyadics(400, 3);
  for (std::size_t n = 0; n <= 300; ++n)
    for (std::size_t offset = 0; offset < 16; offset += n % 2 == 0 ? 1 : 5) {
      const float a = row_norm(x.data() + offset, n, Isa::scalar), b = row_norm(x.data() + offset, n, GetParam());
      ASSERT_TRUE(same_bytes(&a, &b, 1)) << n;
    }
}

TEST_P(AgainstScalar, Transform) {
  for (std::size_t d = 1; d <= 5120; ++d) {
    if (!is_hadamard_order(d)) continue;
    std::vector<std::uint32_t> signs((d + 31) / 32);
    sign_bits(d, d, signs.data());
    for (std::size_t offset = 0; offset < 16; offset += d <= 300 ? 1 : 5) {
      const std::vector<float> x = test::dyadics(d + 16, d);
      std::vector<float> a = x, b = x;
      transform(a.data() + offset, d, signs.data(), Isa::scalar);
      transform(b.data() + offset, d, signs.data(), GetParam());
      ASSERT_TRUE(same_bytes(a.data(), b.data(), a.size())) << d;
      transform_transposed(a.data() + offset, d, signs.data(), Isa::scalar);
      transform_transposed(b.data() + offset, d, signs.data(), GetParam());
      ASSERT_TRUE(same_bytes(a.data(), b.data(), a.size())) << d;
    }
  }
}

TEST_P(AgainstScalar, Codebook) {
  test::Integers integers(5);
  for (int trial = 0; trial < 2000; ++trial) {
    const std::uint32_t word = trial < static_cast<int>(words.size()) ? words[static_cast<std::size_t>(trial)]
                                                                      : static_cast<std::uint32_t>(integers.next()) >> integers.below(32);
    for (int bits = 1; bits <= BitWidth::most; ++bits) {
      std::array<double, 256> a{}, b{};
      thresholds(bits, word, a.data(), Isa::scalar);
      thresholds(bits, word, b.data(), GetParam());
      ASSERT_EQ(a, b) << "thresholds, bits " << bits << " word " << word;
      codewords(bits, word, a.data(), Isa::scalar);
      codewords(bits, word, b.data(), GetParam());
      ASSERT_EQ(a, b) << "codewords, bits " << bits << " word " << word;
    }
  }
}

// Rows together, and those left over; every binade of U and 1 − U, at its ends.
TEST_P(AgainstScalar, CodewordsOfRows) {
  std::vector<std::uint32_t> many(words.begin(), words.end());
  for (int k = 0; k < 32; ++k)
    for (const std::uint32_t word : {(1u << k) - 1, 1u << k, (1u << k) + 1}) {
      many.push_back(word);
      many.push_back(~word);
    }
  test::Integers integers(6);
  while (many.size() < 501) many.push_back(static_cast<std::uint32_t>(integers.next()) >> integers.below(32));
  for (int bits = 1; bits <= BitWidth::most; ++bits)
    for (const std::size_t count : {std::size_t{1}, std::size_t{7}, std::size_t{17}, many.size()}) {
      std::vector<float> a(count << bits), b = a;
      detail::codewords32(bits, many.data(), count, a.data(), Isa::scalar);
      detail::codewords32(bits, many.data(), count, b.data(), GetParam());
      ASSERT_TRUE(same_bytes(a.data(), b.data(), a.size())) << "bits " << bits << " rows " << count;
    }
}

TEST_P(AgainstScalar, QuantizePackUnpackLookup) {
  for (int bits = 1; bits <= BitWidth::most; ++bits) {
    std::array<double, 256> cells{};
    std::array<float, 256> scaled{}, codewords32{};
    thresholds(bits, words[8], cells.data());
    scale_thresholds(bits, cells.data(), 1.75f, scaled.data());
    codewords(bits, words[8], cells.data());
    for (std::size_t k = 0; k < 256; ++k) codewords32[k] = static_cast<float>(cells[k]);
    for (std::size_t count = 0; count <= 300; ++count) {
      const std::size_t offset = (count * 7) % 64, bytes = (count * static_cast<std::size_t>(bits) + 7) / 8;
      const std::vector<float> y = test::dyadics(count + 16, count);
      std::vector<std::uint8_t> codes[2], packed[2], unpacked[2];
      std::vector<float> values[2];
      for (int side = 0; side < 2; ++side) {
        const Isa isa = side == 0 ? Isa::scalar : GetParam();
        const std::size_t i = static_cast<std::size_t>(side);
        codes[i].assign(count + 128, 0xEE);
        packed[i] = unpacked[i] = codes[i];
        values[i].assign(count + 16, -7.0f);
        quantize(bits, y.data() + offset % 16, count, scaled.data(), codes[i].data() + offset, isa);
        pack(bits, codes[i].data() + offset, count, packed[i].data() + offset, isa);
        unpack(bits, packed[i].data() + offset, count, unpacked[i].data() + offset, isa);
        lookup(bits, codes[i].data() + offset, count, codewords32.data(), values[i].data() + offset % 16, isa);
        for (std::size_t j = 0; j < count; ++j) {
          ASSERT_EQ(unpacked[i][offset + j], codes[i][offset + j]);
          ASSERT_LT(codes[i][offset + j], 1 << bits);
          ASSERT_EQ(values[i][offset % 16 + j], codewords32[codes[i][offset + j]]);
        }
        for (std::size_t j = 0; j < packed[i].size(); ++j)
          ASSERT_TRUE((j >= offset && j < offset + bytes) || packed[i][j] == 0xEE);
      }
      ASSERT_EQ(codes[0], codes[1]) << "bits " << bits << " count " << count;
      ASSERT_EQ(packed[0], packed[1]) << "bits " << bits << " count " << count;
      ASSERT_EQ(unpacked[0], unpacked[1]);
      ASSERT_EQ(values[0], values[1]);
    }
  }
}

// Where quantizing could go wrong: each scaled threshold, its neighbours, the edges of buckets as fine as an eighth of ρ, extremes.
std::vector<float> delicate_values(int bits, const double* theta, float norm) {
  std::vector<float> y = {0.0f, -0.0f, 1e-45f, -1e-45f, 3e38f, -3e38f};
  const auto around = [&](float at) {
    float above = at, below = at;
    y.push_back(at);
    for (int step = 0; step < 4; ++step) {
      y.push_back(above = std::nextafter(above, INFINITY));
      y.push_back(below = std::nextafter(below, -INFINITY));
    }
  };
  for (int k = 0; k + 1 < 1 << bits; ++k) around(static_cast<float>(theta[k] * static_cast<double>(norm)));
  for (int edge = -48; edge <= 48; ++edge) around(static_cast<float>(edge) * 0.125f * norm);
  while (y.size() % 16 != 0) y.push_back(norm);
  return y;
}

TEST_P(AgainstScalar, CodesAtThresholdsAndBucketEdges) {
  for (int bits = 1; bits <= BitWidth::most; ++bits)
    for (std::uint32_t word : words)
      for (float norm : {1.0f, 0.3f, 7e-30f, 1e30f}) {
        double theta[256];
        detail::thresholds_of_rows(bits, &word, 1, theta, Isa::scalar);
        const std::vector<float> y = delicate_values(bits, theta, norm);
        const std::size_t bytes = y.size() * static_cast<std::size_t>(bits) / 8;
        std::vector<std::uint8_t> scratch(y.size()), a(bytes + 64, 0xEE), b = a;
        detail::quantize_pack(bits, y.data(), y.size(), theta, word, norm, scratch.data(), a.data(), Isa::scalar);
        detail::quantize_pack(bits, y.data(), y.size(), theta, word, norm, scratch.data(), b.data(), GetParam());
        ASSERT_EQ(a, b) << "bits " << bits << " word " << word << " norm " << norm;
      }
}

TEST_P(AgainstScalar, CodesOfThresholdsTooCloseForBuckets) {
  for (int bits : {3, 4}) {
    double theta[16];
    const std::uint32_t word = words[8];
    detail::thresholds_of_rows(bits, &word, 1, theta, Isa::scalar);
    if (!detail::needs_thresholds(bits, GetParam())) continue;
    theta[2] = theta[3];
    const std::vector<float> y = delicate_values(bits, theta, 1);
    std::vector<std::uint8_t> scratch(y.size()), a(y.size()), b = a;
    detail::quantize_pack(bits, y.data(), y.size(), theta, word, 1, scratch.data(), a.data(), Isa::scalar);
    detail::quantize_pack(bits, y.data(), y.size(), theta, word, 1, scratch.data(), b.data(), GetParam());
    ASSERT_EQ(a, b) << "bits " << bits;
  }
}

TEST_P(AgainstScalar, ZeroNormGivesTheHighestCode) {
  for (int bits = 1; bits <= BitWidth::most; ++bits)
    for (std::size_t count : {1u, 3u, 12u, 16u, 100u}) {
      const std::vector<float> zeros(count);
      std::vector<std::uint8_t> scratch(count), packed(count + 1, 0xEE), codes(count);
      double theta[256];
      detail::thresholds_of_rows(bits, words.data(), 1, theta, GetParam());
      detail::quantize_pack(bits, zeros.data(), count, theta, words[0], 0, scratch.data(), packed.data(), GetParam());
      std::vector<float> scaled(256);
      scale_thresholds(bits, theta, 0, scaled.data());
      quantize(bits, zeros.data(), count, scaled.data(), codes.data(), Isa::scalar);
      std::vector<std::uint8_t> expected(count + 1, 0xEE);
      pack(bits, codes.data(), count, expected.data(), Isa::scalar);
      ASSERT_EQ(packed, expected) << "bits " << bits << " count " << count;
    }
}

void compare_codecs(std::size_t n, int bits, Isa isa, std::size_t offset) {
  constexpr std::size_t rows = 3;
  const Codec scalar(n, bits, n, {Isa::scalar, 1}), simd(n, bits, n, {isa, 1});
  const std::size_t bytes = scalar.code_bytes();
  const std::vector<float> x = test::dyadics(rows * n + 16, n);
  std::vector<float> norms[2] = {std::vector<float>(rows + 16), std::vector<float>(rows + 16)}, y[2];
  std::vector<std::uint8_t> codes[2];
  for (std::size_t side = 0; side < 2; ++side) {
    const Codec& codec = side == 0 ? scalar : simd;
    codes[side].assign(rows * bytes + 64, 0xEE);
    y[side].assign(rows * n + 16, -7.0f);
    const EncodedBuffer encoded({norms[side].data() + offset % 16, rows}, {codes[side].data() + offset, rows * bytes}, 99);
    codec.encode(RowsView<const float>(x.data() + offset % 16, rows, n), encoded);
    codec.decode(encoded, {y[side].data() + offset % 16, rows, n});
  }
  ASSERT_TRUE(same_bytes(norms[0].data(), norms[1].data(), rows + 16)) << n;
  ASSERT_EQ(codes[0], codes[1]) << "n " << n << " bits " << bits;
  ASSERT_TRUE(same_bytes(y[0].data(), y[1].data(), y[0].size())) << "n " << n << " bits " << bits;
}

TEST_P(AgainstScalar, CodecEverySmallDimension) {
  for (std::size_t n = 1; n <= 300; ++n)
    for (int bits = 1; bits <= BitWidth::most; ++bits) compare_codecs(n, bits, GetParam(), (n * 8 + static_cast<std::size_t>(bits)) % 64);
}

TEST_P(AgainstScalar, CodecEveryAlignment) {
  for (std::size_t offset = 0; offset < 64; ++offset)
    for (int bits : {1, 3, 4, 8}) compare_codecs(100, bits, GetParam(), offset);
}

TEST_P(AgainstScalar, CodecLargeDimensions) {
  for (std::size_t n : {384u, 512u, 640u, 768u, 784u, 896u, 960u, 1000u, 1024u, 1280u, 1536u, 1792u, 2048u, 2560u, 3000u, 3072u, 3584u, 4096u, 5000u, 5120u})
    for (int bits = 1; bits <= BitWidth::most; ++bits) compare_codecs(n, bits, GetParam(), n % 64);
}

INSTANTIATE_TEST_SUITE_P(Supported, AgainstScalar, ::testing::ValuesIn(test::supported_isas()),
                         [](const auto& info) { return isa_name(info.param); });

}  // namespace
