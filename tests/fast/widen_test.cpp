// Narrow inputs: every binary16 and bfloat16 number widens to its own value, and rows of them have the codes of the widened rows.
#include <bit>
#include <cmath>

#include "test_support.hpp"
#include "hdq/hdq.h"

namespace {

using namespace hdq;
using test::same_bytes;

class Widen : public ::testing::TestWithParam<Isa> {};

template <class Number>
std::vector<Number> all_numbers() {
  std::vector<Number> all(0x10000);
  for (std::size_t bits = 0; bits < all.size(); ++bits) all[bits].bits = static_cast<std::uint16_t>(bits);
  return all;
}

// Sign, exponent and fraction by the definition of the formats.
void expect_value(std::uint32_t bits, int fraction_bits, int bias, float wide) {
  const int width = 15 - fraction_bits, all_ones = (1 << width) - 1;
  const int exponent = static_cast<int>(bits >> fraction_bits) & all_ones;
  const double fraction = bits & ((1u << fraction_bits) - 1), hidden = std::ldexp(1, fraction_bits);
  ASSERT_EQ(std::signbit(wide), (bits & 0x8000) != 0);
  if (exponent == all_ones) {
    ASSERT_TRUE(fraction == 0 ? std::isinf(wide) : std::isnan(wide));
    return;
  }
  const double magnitude = exponent == 0 ? std::ldexp(fraction, 1 - bias - fraction_bits) : std::ldexp(hidden + fraction, exponent - bias - fraction_bits);
  ASSERT_EQ(std::fabs(static_cast<double>(wide)), magnitude);
}

TEST_P(Widen, EveryNumber) {
  const auto halves = all_numbers<Float16>();
  const auto brains = all_numbers<BFloat16>();
  std::vector<float> wide(halves.size()), scalar(halves.size());
  widen(halves.data(), halves.size(), wide.data(), GetParam());
  widen(halves.data(), halves.size(), scalar.data(), Isa::scalar);
  EXPECT_TRUE(same_bytes(wide.data(), scalar.data(), wide.size()));
  for (std::uint32_t bits = 0; bits < wide.size(); ++bits) expect_value(bits, 10, 15, wide[bits]);
  widen(brains.data(), brains.size(), wide.data(), GetParam());
  for (std::uint32_t bits = 0; bits < wide.size(); ++bits) expect_value(bits, 7, 127, wide[bits]);
}

TEST_P(Widen, EverySizeAndAlignmentInsideItsBuffers) {
  for (std::size_t n = 0; n <= 70; ++n) {
    test::Guarded<Float16> x(n, test::Guarded<Float16>::Side::end);
    test::Guarded<float> wide(n, test::Guarded<float>::Side::end);
    for (std::size_t i = 0; i < n; ++i) x.data()[i].bits = static_cast<std::uint16_t>(0x3C00 + 7 * i);
    widen(x.data(), n, wide.data(), GetParam());
    for (std::size_t i = 0; i < n; ++i) {
      float one;
      widen(x.data() + i, 1, &one, Isa::scalar);
      ASSERT_EQ(wide.data()[i], one);
    }
  }
}

template <class Number>
void expect_codes_of_widened(Isa isa) {
  test::Integers integers(11);
  for (std::size_t n : {1u, 12u, 100u, 128u, 300u, 1024u})
    for (int bits = 1; bits <= BitWidth::most; ++bits) {
      constexpr std::size_t rows = 5;
      const std::size_t stride = n + 3;
      const Codec codec(n, bits, 5, {isa, 2});
      std::vector<Number> x(rows * stride);
      for (Number& v : x) v.bits = static_cast<std::uint16_t>(integers.next() & 0xBFFF);  // finite: the top exponent bit is 0
      std::vector<float> wide(x.size()), norms(rows), wide_norms(rows);
      widen(x.data(), x.size(), wide.data());
      std::vector<std::uint8_t> codes(rows * codec.code_bytes()), wide_codes(codes.size());
      codec.encode(RowsView<const Number>(x.data(), rows, codec.dimension(), stride), EncodedBuffer(norms, codes, 9));
      codec.encode(RowsView<const float>(wide.data(), rows, codec.dimension(), stride), EncodedBuffer(wide_norms, wide_codes, 9));
      ASSERT_EQ(norms, wide_norms) << n;
      ASSERT_EQ(codes, wide_codes) << n << " bits " << bits;
    }
}

TEST_P(Widen, CodesAreThoseOfTheWidenedRows) {
  expect_codes_of_widened<Float16>(GetParam());
  expect_codes_of_widened<BFloat16>(GetParam());
}

TEST_P(Widen, BadNumbersAreNamed) {
  const Codec codec(40, 4, 0, {GetParam(), 1});
  std::vector<Float16> x(80, Float16{0x3C00});
  x[40 + 17].bits = 0x7C00;  // infinity
  std::vector<float> norms(2);
  std::vector<std::uint8_t> codes(2 * codec.code_bytes());
  try {
    codec.encode(RowsView<const Float16>(x.data(), 2, codec.dimension()), EncodedBuffer(norms, codes, 0));
    FAIL() << "encoded infinity";
  } catch (const InvalidInput& e) {
    EXPECT_EQ(e.row, 1u);
    EXPECT_EQ(e.column, 17u);
  }
}

TEST(WidenC, SameCodes) {
  const Codec codec(100, 4, 3);
  hdq_codec* c = nullptr;
  ASSERT_EQ(hdq_codec_create(100, 4, 3, nullptr, &c), HDQ_OK);
  std::vector<std::uint16_t> x(200);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::uint16_t>(0x3800 + 37 * i % 0x700);
  std::vector<float> norms[2] = {std::vector<float>(2), std::vector<float>(2)};
  std::vector<std::uint8_t> codes[2] = {std::vector<std::uint8_t>(2 * codec.code_bytes()), std::vector<std::uint8_t>(2 * codec.code_bytes())};
  codec.encode(RowsView<const Float16>(reinterpret_cast<const Float16*>(x.data()), 2, codec.dimension()), EncodedBuffer(norms[0], codes[0], 0));
  EXPECT_EQ(hdq_encode_float16(c, x.data(), 2, 0, norms[1].data(), codes[1].data(), 0), HDQ_OK);
  EXPECT_EQ(norms[0], norms[1]);
  EXPECT_EQ(codes[0], codes[1]);
  codec.encode(RowsView<const BFloat16>(reinterpret_cast<const BFloat16*>(x.data()), 2, codec.dimension()), EncodedBuffer(norms[0], codes[0], 0));
  EXPECT_EQ(hdq_encode_bfloat16(c, x.data(), 2, 0, norms[1].data(), codes[1].data(), 0), HDQ_OK);
  EXPECT_EQ(norms[0], norms[1]);
  EXPECT_EQ(codes[0], codes[1]);
  EXPECT_EQ(hdq_encode_float16(c, nullptr, 2, 0, norms[1].data(), codes[1].data(), 0), HDQ_INVALID_ARGUMENT);
  hdq_codec_destroy(c);
}

INSTANTIATE_TEST_SUITE_P(Supported, Widen, ::testing::ValuesIn(test::supported_isas()),
                         [](const auto& info) { return isa_name(info.param); });

}  // namespace
