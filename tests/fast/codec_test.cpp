// SPEC §4 through the codec: norms, bad input, guard pages, strides, threads, thresholds hit exactly, scale equivariance, decoding.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels.hpp"
#include "test_support.hpp"

namespace {

using namespace hdq;
using test::Guarded;
using test::same_bytes;
using test::supported_isas;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float largest = std::numeric_limits<float>::max();
constexpr float smallest = std::numeric_limits<float>::denorm_min();

struct Encoded {
  std::vector<float> norms;
  std::vector<std::uint8_t> codes;
  bool operator==(const Encoded& o) const {
    return same_bytes(norms.data(), o.norms.data(), norms.size()) && codes == o.codes;
  }
};

Encoded encode(const Codec& codec, const std::vector<float>& x, std::uint64_t first_row = 0) {
  const std::size_t rows = x.size() / codec.dimension();
  Encoded e{std::vector<float>(rows), std::vector<std::uint8_t>(rows * codec.code_bytes())};
  codec.encode(RowsView<const float>(x.data(), rows, codec.dimension()), EncodedBuffer(e.norms, e.codes, first_row));
  return e;
}

std::vector<float> decode(const Codec& codec, const Encoded& e, std::uint64_t first_row = 0) {
  std::vector<float> x(e.norms.size() * codec.dimension());
  codec.decode(EncodedView(e.norms, e.codes, first_row), {x.data(), e.norms.size(), codec.dimension()});
  return x;
}

// ---- construction ----

TEST(Codec, RejectsBadParameters) {
  EXPECT_THROW(Codec(0, 4), InvalidArgument);
  EXPECT_THROW(Codec(Codec::max_dimension + 1, 4), InvalidArgument);
  EXPECT_THROW(Codec(8, 0), InvalidArgument);
  EXPECT_THROW(Codec(8, 9), InvalidArgument);
  EXPECT_THROW(Codec(8, 4, 0, {Isa::automatic, -1}), InvalidArgument);
}

TEST(Codec, DescribesItself) {
  const Codec codec(100, 3, 5, {Isa::scalar, 2});
  EXPECT_EQ(codec.dimension(), 100u);
  EXPECT_EQ(codec.order(), 112u);
  EXPECT_EQ(codec.bits(), 3);
  EXPECT_EQ(codec.seed(), 5u);
  EXPECT_EQ(codec.isa(), Isa::scalar);
  EXPECT_EQ(codec.threads(), 2);
  EXPECT_EQ(codec.code_bytes(), 42u);
  EXPECT_NE(Codec(8, 4).isa(), Isa::automatic);
  EXPECT_GE(Codec(8, 4, 0, {Isa::automatic, 0}).threads(), 1);
  EXPECT_EQ(Codec(1, 1).code_bytes(), 1u);
}

TEST(Codec, RejectsBadCalls) {
  const Codec codec(8, 4);
  std::vector<float> x(16), norms(2);
  std::vector<std::uint8_t> codes(8);
  EXPECT_THROW(codec.encode(RowsView<const float>(x.data(), 2, 8, 7), EncodedBuffer(norms, codes, 0)), InvalidArgument);
  EXPECT_THROW(codec.decode(EncodedView(norms, codes, 0), {x.data(), 2, 8, 7}), InvalidArgument);
  EXPECT_THROW(codec.encode(RowsView<const float>(nullptr, 2, 8), EncodedBuffer(norms, codes, 0)), InvalidArgument);
  EXPECT_THROW(codec.encode(RowsView<const float>(x.data(), 2, 8), EncodedBuffer({}, codes, 0)), InvalidArgument);
  EXPECT_THROW(codec.encode(RowsView<const float>(x.data(), 2, 8), EncodedBuffer(norms, {}, 0)), InvalidArgument);
  EXPECT_THROW(codec.decode(EncodedView({}, codes, 0), {x.data(), 2, 8}), InvalidArgument);
  EXPECT_NO_THROW(codec.encode(RowsView<const float>(nullptr, 0, 8), EncodedBuffer({}, {}, 0)));
  EXPECT_NO_THROW(codec.decode(EncodedView({}, {}, 0), {nullptr, 0, 8}));
}

// ---- norms ----

class EveryIsa : public ::testing::TestWithParam<Isa> {};

TEST_P(EveryIsa, NormIsTheSixteenLaneSum) {
  for (std::size_t n = 0; n <= 300; ++n) {
    const std::vector<float> x = test::dyadics(n, n + 1);
    double lane[16] = {};
    for (std::size_t i = 0; i < n; ++i) lane[i % 16] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    for (std::size_t half : {8u, 4u, 2u, 1u})
      for (std::size_t i = 0; i < half; ++i) lane[i] += lane[i + half];
    EXPECT_EQ(detail::sum_of_squares(x.data(), n, GetParam()), lane[0]) << n;  // float32 would hide most other orders
    EXPECT_EQ(row_norm(x.data(), n, GetParam()), static_cast<float>(std::sqrt(lane[0]))) << n;
  }
}

TEST_P(EveryIsa, NormAtTheEndsOfTheRange) {
  const auto norm = [&](std::vector<float> x) { return row_norm(x.data(), x.size(), GetParam()); };
  EXPECT_EQ(norm({0, -0.0f}), 0);
  EXPECT_EQ(norm({smallest}), smallest);
  EXPECT_EQ(norm({3 * smallest, 4 * smallest}), 5 * smallest);
  EXPECT_EQ(norm({largest}), largest);
  EXPECT_EQ(norm({-largest, 1}), largest);
  EXPECT_EQ(norm({largest, largest}), infinity);
  EXPECT_EQ(norm(std::vector<float>(400, 3e38f)), infinity);
  EXPECT_EQ(norm(std::vector<float>(4, 0x1p126f)), 0x1p127f);
  EXPECT_EQ(norm(std::vector<float>(64, 0x1p-149f)), 0x1p-146f);
}

TEST(NormScale, ExactPowersOfTwoOutsideTheMiddle) {
  EXPECT_EQ(norm_scale(0), 1);
  EXPECT_EQ(norm_scale(smallest), 0x1p100f);
  EXPECT_EQ(norm_scale(std::nextafter(0x1p-100f, 0.0f)), 0x1p100f);
  EXPECT_EQ(norm_scale(0x1p-100f), 1);
  EXPECT_EQ(norm_scale(1), 1);
  EXPECT_EQ(norm_scale(0x1p100f), 1);
  EXPECT_EQ(norm_scale(std::nextafter(0x1p100f, infinity)), 0x1p-100f);
  EXPECT_EQ(norm_scale(largest), 0x1p-100f);
}

// ---- bad input names row and column ----

TEST_P(EveryIsa, NamesTheFirstBadValue) {
  for (std::size_t n : {1u, 7u, 16u, 33u, 100u})
    for (int threads : {1, 2, 5}) {
      const Codec codec(n, 4, 1, {GetParam(), threads});
      constexpr std::size_t rows = 12;
      std::vector<float> norms(rows);
      std::vector<std::uint8_t> codes(rows * codec.code_bytes());
      for (float bad : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity})
        for (std::size_t row : {0u, 5u, 11u})
          for (std::size_t column : {std::size_t{0}, n / 2, n - 1}) {
            std::vector<float> x = test::dyadics(rows * n, 4);
            x[row * n + column] = bad;
            x[(rows - 1) * n + n - 1] = infinity;  // a later one must not win
            try {
              codec.encode(RowsView<const float>(x.data(), rows, codec.dimension()), EncodedBuffer(norms, codes, 0));
              FAIL() << "accepted";
            } catch (const InvalidInput& e) {
              EXPECT_EQ(e.row, row);
              EXPECT_EQ(e.column, column);
              EXPECT_NE(std::string(e.what()).find("row " + std::to_string(row) + ", column " + std::to_string(column)), std::string::npos);
            }
          }
    }
}

TEST_P(EveryIsa, NamesTheRowOfANormTooLarge) {
  const Codec codec(4, 2, 0, {GetParam(), 1});
  const std::vector<float> x = {1, 2, 3, 4, 3e38f, 3e38f, 0, 0};
  std::vector<float> norms(2);
  std::vector<std::uint8_t> codes(2 * codec.code_bytes());
  try {
    codec.encode(RowsView<const float>(x.data(), 2, codec.dimension()), EncodedBuffer(norms, codes, 0));
    FAIL() << "accepted";
  } catch (const InvalidInput& e) {
    EXPECT_EQ(e.row, 1u);
    EXPECT_EQ(e.column, InvalidInput::npos);
    EXPECT_NE(std::string(e.what()).find("norm"), std::string::npos);
  }
}

TEST_P(EveryIsa, RefusesBadNormsWhenDecoding) {
  const Codec codec(4, 2, 0, {GetParam(), 1});
  const std::vector<std::uint8_t> codes(2 * codec.code_bytes());
  std::vector<float> x(8);
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity, -1.0f}) {
    const float norms[2] = {1, bad};
    try {
      codec.decode(EncodedView(norms, codes, 0), {x.data(), 2, codec.dimension()});
      FAIL() << "accepted";
    } catch (const InvalidInput& e) {
      EXPECT_EQ(e.row, 1u);
      EXPECT_EQ(e.column, InvalidInput::npos);
    }
  }
}

// ---- memory ----

TEST_P(EveryIsa, TouchesNothingOutsideItsArrays) {
  for (auto side : {Guarded<float>::Side::end, Guarded<float>::Side::begin})
    for (std::size_t n = 1; n <= 300; n += n < 70 ? 1 : 13)
      for (int bits = 1; bits <= BitWidth::most; ++bits) {
        const Codec codec(n, bits, 3, {GetParam(), 1});
        constexpr std::size_t rows = 3;
        const std::size_t stride = n + n % 5, extent = (rows - 1) * stride + n;
        const auto byte_side = side == Guarded<float>::Side::end ? Guarded<std::uint8_t>::Side::end : Guarded<std::uint8_t>::Side::begin;
        Guarded<float> x(extent, side), y(extent, side), norms(rows, side);
        Guarded<std::uint8_t> codes(rows * codec.code_bytes(), byte_side);
        const std::vector<float> source = test::dyadics(extent, n);
        std::copy(source.begin(), source.end(), x.data());
        const EncodedBuffer encoded({norms.data(), rows}, {codes.data(), rows * codec.code_bytes()}, 0);
        codec.encode(RowsView<const float>(x.data(), rows, n, stride), encoded);
        codec.decode(encoded, {y.data(), rows, n, stride});
      }
}

TEST_P(EveryIsa, StagesTouchNothingOutsideTheirArrays) {
  for (auto side : {Guarded<float>::Side::end, Guarded<float>::Side::begin}) {
    const auto byte_side = side == Guarded<float>::Side::end ? Guarded<std::uint8_t>::Side::end : Guarded<std::uint8_t>::Side::begin;
    const auto wide_side = side == Guarded<float>::Side::end ? Guarded<double>::Side::end : Guarded<double>::Side::begin;
    for (int bits = 1; bits <= BitWidth::most; ++bits) {
      const std::size_t levels = std::size_t{1} << bits;
      Guarded<double> theta(levels - 1, wide_side), r(levels, wide_side);
      Guarded<float> scaled(levels - 1, side), codewords32(levels, side);
      thresholds(bits, 77, theta.data(), GetParam());
      codewords(bits, 77, r.data(), GetParam());
      scale_thresholds(bits, theta.data(), 2, scaled.data());
      for (std::size_t k = 0; k < levels; ++k) codewords32.data()[k] = static_cast<float>(r.data()[k]);
      for (std::size_t count = 1; count <= 300; ++count) {
        Guarded<float> y(count, side);
        Guarded<std::uint8_t> codes(count, byte_side), bytes((count * static_cast<std::size_t>(bits) + 7) / 8, byte_side);
        quantize(bits, y.data(), count, scaled.data(), codes.data(), GetParam());
        pack(bits, codes.data(), count, bytes.data(), GetParam());
        unpack(bits, bytes.data(), count, codes.data(), GetParam());
        lookup(bits, codes.data(), count, codewords32.data(), y.data(), GetParam());
        row_norm(y.data(), count, GetParam());
      }
    }
    for (std::size_t d = 1; d <= 5120; ++d) {
      if (!is_hadamard_order(d)) continue;
      Guarded<float> y(d, side);
      Guarded<std::uint32_t> signs((d + 31) / 32, side == Guarded<float>::Side::end ? Guarded<std::uint32_t>::Side::end : Guarded<std::uint32_t>::Side::begin);
      sign_bits(1, d, signs.data());
      transform(y.data(), d, signs.data(), GetParam());
      transform_transposed(y.data(), d, signs.data(), GetParam());
    }
  }
}

TEST_P(EveryIsa, RowsMayBeStrided) {
  constexpr std::size_t n = 37, rows = 5, stride = 50;
  const Codec codec(n, 4, 9, {GetParam(), 1});
  const std::vector<float> x = test::dyadics(rows * n, 8);
  std::vector<float> spread(rows * stride, std::numeric_limits<float>::quiet_NaN()), back(rows * stride, -7.0f), norms(rows);
  for (std::size_t r = 0; r < rows; ++r) std::copy_n(x.begin() + static_cast<long>(r * n), n, spread.begin() + static_cast<long>(r * stride));
  const Encoded dense = encode(codec, x, 4);
  std::vector<std::uint8_t> codes(dense.codes.size());
  codec.encode(RowsView<const float>(spread.data(), rows, codec.dimension(), stride), EncodedBuffer(norms, codes, 4));
  EXPECT_EQ(codes, dense.codes);
  EXPECT_EQ(norms, dense.norms);
  codec.decode(EncodedView(norms, codes, 4), {back.data(), rows, codec.dimension(), stride});
  const std::vector<float> y = decode(codec, dense, 4);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t i = 0; i < stride; ++i) EXPECT_EQ(back[r * stride + i], i < n ? y[r * n + i] : -7.0f);
}

// ---- batches and threads ----

TEST_P(EveryIsa, BatchEqualsOneByOne) {
  constexpr std::size_t n = 100, rows = 9;
  const Codec codec(n, 5, 2, {GetParam(), 1});
  const std::vector<float> x = test::dyadics(rows * n, 5);
  const Encoded all = encode(codec, x, 1000);
  for (std::size_t r = 0; r < rows; ++r) {
    const Encoded one = encode(codec, {x.begin() + static_cast<long>(r * n), x.begin() + static_cast<long>((r + 1) * n)}, 1000 + r);
    EXPECT_EQ(one.norms[0], all.norms[r]);
    EXPECT_TRUE(same_bytes(one.codes.data(), all.codes.data() + r * codec.code_bytes(), codec.code_bytes()));
  }
}

TEST(Threads, AnyNumberGivesTheSameBytes) {
  for (std::size_t n : {3u, 96u, 300u})
    for (std::size_t rows : {1u, 2u, 3u, 7u, 16u, 33u}) {
      const std::vector<float> x = test::dyadics(rows * n, rows);
      const Codec one(n, 4, 6, {Isa::automatic, 1});
      const Encoded expected = encode(one, x, 77);
      const std::vector<float> decoded = decode(one, expected, 77);
      for (int threads : {2, 3, 4, 5, 8, 16}) {
        const Codec many(n, 4, 6, {Isa::automatic, threads});
        EXPECT_TRUE(encode(many, x, 77) == expected);
        EXPECT_TRUE(same_bytes(decode(many, expected, 77).data(), decoded.data(), decoded.size()));
      }
    }
}

// ---- quantizing ----

TEST_P(EveryIsa, ThresholdsAreHitExactly) {
  test::Integers integers(3);
  for (int bits = 1; bits <= BitWidth::most; ++bits)
    for (float norm : {smallest, 0x1p-100f, 0.37f, 1.0f, 1000.0f, 0x1p100f})
      for (int trial = 0; trial < 4; ++trial) {
        const std::size_t count = (std::size_t{1} << bits) - 1;
        std::vector<double> theta(count);
        std::vector<float> scaled(count);
        thresholds(bits, static_cast<std::uint32_t>(integers.next()), theta.data(), GetParam());
        scale_thresholds(bits, theta.data(), norm * norm_scale(norm), scaled.data());
        std::vector<float> y;
        for (float s : scaled)
          for (float v : {std::nextafter(s, -infinity), s, std::nextafter(s, infinity)}) y.push_back(v);
        y.push_back(-largest);
        y.push_back(largest);
        std::vector<std::uint8_t> codes(y.size());
        quantize(bits, y.data(), y.size(), scaled.data(), codes.data(), GetParam());
        for (std::size_t j = 0; j < y.size(); ++j)
          ASSERT_EQ(codes[j], std::count_if(scaled.begin(), scaled.end(), [&](float s) { return y[j] >= s; }));
      }
}

TEST_P(EveryIsa, CodebooksIncrease) {
  test::Integers integers(11);
  for (int trial = 0; trial < 4000; ++trial) {
    std::uint32_t word = static_cast<std::uint32_t>(integers.next()) >> integers.below(32);
    if (trial % 2 == 1) word = ~word;
    for (int bits = 1; bits <= BitWidth::most; ++bits) {
      const std::size_t levels = std::size_t{1} << bits;
      double theta[256], r[256];
      float scaled[256];
      thresholds(bits, word, theta, GetParam());
      codewords(bits, word, r, GetParam());
      scale_thresholds(bits, theta, 0.3f, scaled);
      for (std::size_t k = 0; k + 1 < levels; ++k) {
        ASSERT_LT(r[k], theta[k]) << "bits " << bits << " word " << word << " cell " << k;  // a threshold separates its two codewords
        ASSERT_LT(theta[k], r[k + 1]) << "bits " << bits << " word " << word << " cell " << k;
        ASSERT_LE(scaled[k == 0 ? 0 : k - 1], scaled[k]);
      }
    }
  }
}

TEST_P(EveryIsa, CodebooksAreOdd) {
  for (std::uint32_t word : {0u, 1u, 12345u, 0x7FFFFFFFu, 0x80000000u, 0xDEADBEEFu, ~0u})
    for (int bits = 1; bits <= BitWidth::most; ++bits) {
      const std::size_t levels = std::size_t{1} << bits;
      double theta[256], mirrored[256];
      thresholds(bits, word, theta, GetParam());
      thresholds(bits, ~word, mirrored, GetParam());
      for (std::size_t k = 0; k + 1 < levels; ++k) EXPECT_EQ(theta[k], -mirrored[levels - 2 - k]);
      codewords(bits, word, theta, GetParam());
      codewords(bits, ~word, mirrored, GetParam());
      for (std::size_t k = 0; k < levels; ++k) EXPECT_EQ(theta[k], -mirrored[levels - 1 - k]);
    }
}

TEST_P(EveryIsa, ZeroVector) {
  for (std::size_t n : {1u, 3u, 96u, 100u})
    for (int bits = 1; bits <= BitWidth::most; ++bits) {
      const Codec codec(n, bits, 1, {GetParam(), 1});
      std::vector<float> x(n, 0.0f);
      x[0] = -0.0f;
      const Encoded e = encode(codec, x);
      EXPECT_EQ(e.norms[0], 0);
      EXPECT_FALSE(std::signbit(e.norms[0]));
      std::vector<std::uint8_t> codes(codec.order());
      unpack(bits, e.codes.data(), codec.order(), codes.data());
      for (std::uint8_t c : codes) EXPECT_EQ(c, (1 << bits) - 1);
      const std::vector<float> y = decode(codec, e);
      EXPECT_TRUE(same_bytes(y.data(), std::vector<float>(n, 0.0f).data(), n));
    }
}

RC_GTEST_PROP(ScaleEquivariance, PowersOfTwoLeaveTheCodesAlone, ()) {
  const auto n = *rc::gen::inRange<std::size_t>(1, 130);
  const auto bits = *rc::gen::inRange(1, BitWidth::most + 1);
  const auto exponent = *rc::gen::inRange(-125, 108);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  test::Integers integers(seed);
  std::vector<float> x(n), scaled(n);
  for (std::size_t i = 0; i < n; ++i) {  // integers below 2^12 in magnitude: exact at every tested scale
    x[i] = static_cast<float>(static_cast<int>(integers.below(8191)) - 4095);
    scaled[i] = std::ldexp(x[i], exponent);
  }
  for (Isa isa : supported_isas()) {
    const Codec codec(n, bits, seed, {isa, 1});
    const Encoded a = encode(codec, x, seed), b = encode(codec, scaled, seed);
    RC_ASSERT(a.codes == b.codes);
    // The stored norm scales too, unless it is subnormal and rounded.
    if (b.norms[0] >= std::numeric_limits<float>::min()) RC_ASSERT(b.norms[0] == std::ldexp(a.norms[0], exponent));
  }
}

RC_GTEST_PROP(Encode, CodesFollowTheStages, ()) {
  const auto n = *rc::gen::inRange<std::size_t>(1, 400);
  const auto bits = *rc::gen::inRange(1, BitWidth::most + 1);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const auto row = *rc::gen::arbitrary<std::uint64_t>();
  const Codec codec(n, bits, seed);
  const std::size_t d = codec.order(), levels = std::size_t{1} << bits;
  const std::vector<float> x = test::dyadics(n, seed);
  const Encoded e = encode(codec, x, row);

  std::vector<float> y = x;
  y.resize(d, 0.0f);
  std::vector<std::uint32_t> signs((d + 31) / 32);
  sign_bits(seed, d, signs.data());
  transform(y.data(), d, signs.data(), Isa::scalar);
  std::vector<double> theta(levels - 1), r(levels);
  thresholds(bits, dither_word(seed, row), theta.data(), Isa::scalar);
  codewords(bits, dither_word(seed, row), r.data(), Isa::scalar);
  std::vector<float> sum(d);
  for (std::size_t j = 0; j < d; ++j) {
    std::size_t code = 0;
    for (double t : theta) code += y[j] >= static_cast<float>(t * static_cast<double>(e.norms[0]));
    std::size_t stored = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(bits); ++i) {
      const std::size_t bit = j * static_cast<std::size_t>(bits) + i;
      stored |= static_cast<std::size_t>((e.codes[bit / 8] >> (bit % 8)) & 1) << i;
    }
    RC_ASSERT(stored == code);
    sum[j] = static_cast<float>(r[code]);
  }
  if (e.norms[0] == 0) return;
  transform_transposed(sum.data(), d, signs.data(), Isa::scalar);
  const std::vector<float> decoded = decode(codec, e, row);
  const float scale = static_cast<float>(static_cast<double>(e.norms[0]) / static_cast<double>(d));
  for (std::size_t i = 0; i < n; ++i) RC_ASSERT(decoded[i] == sum[i] * scale);
}

// ---- decoding over the whole range of norms ----

TEST_P(EveryIsa, DecodesSubnormalAndHugeVectors) {
  for (int bits : {4, 8})
    for (float magnitude : {1e-45f, 1e-40f, 1e-38f, 1e-30f, 1.0f, 1e30f, 3e37f}) {
      constexpr std::size_t n = 96;
      const Codec codec(n, bits, 12, {GetParam(), 1});
      std::vector<float> x(n);
      for (std::size_t i = 0; i < n; ++i) x[i] = i % 3 == 0 ? -magnitude : magnitude;
      const Encoded e = encode(codec, x);
      const std::vector<float> y = decode(codec, e);
      double error = 0, square = 0;
      for (std::size_t i = 0; i < n; ++i) {
        ASSERT_TRUE(std::isfinite(y[i]));
        error += std::pow(static_cast<double>(y[i]) - static_cast<double>(x[i]), 2);
        square += std::pow(static_cast<double>(x[i]), 2);
      }
      // Rounding to the spacing of subnormals costs at most half of it per entry, a fourth of its square.
      const double subnormal = static_cast<double>(n) / 4 * std::pow(static_cast<double>(smallest), 2);
      EXPECT_LT(error, square * 20 * std::pow(0.25, bits) + subnormal) << magnitude;
    }
}

// SPEC §4, "Shrinking": one more factor, which costs no rounding of its own beside powers of two.
TEST_P(EveryIsa, ShrinksEveryDecodedValueByOneFactor) {
  for (const bool fixed_rate : {true, false}) {
    for (const float scale : {1.0f, 0x1p-110f, 0x1p110f}) {
      std::vector<float> x = test::dyadics(5 * 100, 4);
      for (float& value : x) value *= scale;
      EncodingParameters how{SchemeId::fixed_rate, 100, 1, 3};
      if (!fixed_rate) how = {SchemeId::entropy_coded, 100, 0, 3, Step::of_rate(0.7).value()};
      const Codec plain(how, {.isa = GetParam()}), shrinking(how, {.isa = GetParam(), .shrink = true});
      EXPECT_EQ(plain.error_bound(), fixed_rate ? std::nextafter(6.445831, 7.0) / 4 : Step::of_rate(0.7).error());
      EXPECT_EQ(plain.shrink_factor(), 1 / (1 + plain.error_bound()));
      const Encoded encoded = encode(plain, x, 9);
      EXPECT_TRUE(encoded == encode(shrinking, x, 9));
      const std::vector<float> y = decode(plain, encoded, 9), z = decode(shrinking, encoded, 9);
      const auto factor = static_cast<float>(plain.shrink_factor());
      for (std::size_t i = 0; i < y.size(); ++i) {
        const bool subnormal = std::abs(y[i]) < 4 * std::numeric_limits<float>::min();  // rounded once, not twice
        ASSERT_NEAR(z[i], y[i] * factor, subnormal ? smallest : 0) << fixed_rate << " " << scale << " " << i;
      }
    }
  }
}

TEST(Decode, ScaleEquivariantBytes) {
  constexpr std::size_t n = 100;
  const Codec codec(n, 4, 1);
  const std::vector<float> x = test::dyadics(n, 1);
  Encoded e = encode(codec, x);
  const std::vector<float> y = decode(codec, e);
  for (int exponent : {-110, -90, 90, 110}) {
    Encoded moved = e;
    moved.norms[0] = std::ldexp(e.norms[0], exponent);
    const std::vector<float> z = decode(codec, moved);
    for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(z[i], std::ldexp(y[i], exponent)) << exponent;
  }
}

INSTANTIATE_TEST_SUITE_P(Supported, EveryIsa, ::testing::ValuesIn(supported_isas()),
                         [](const auto& info) { return isa_name(info.param); });

}  // namespace
