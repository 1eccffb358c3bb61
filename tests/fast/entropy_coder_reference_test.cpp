// SPEC §7: tables, codes and streams of the library are those of the reference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "entropy_coded_rows.hpp"
#include "hdq/entropy_coder.hpp"
#include "hdq/reference/scheme/row_stream.hpp"

namespace hdq {
namespace {

using test::encoded;
using test::rows_of;
using test::steps;

// Coders take a block of coordinates and some rows at a time: rows of every length, escapes first, last and at borders of blocks, numbers of
// rows that leave some over; and each row cut after every byte, which the reference takes or refuses alike. On every instruction set.
class CodedBlocks : public ::testing::TestWithParam<float> {
 protected:
  static constexpr std::uint64_t first_row = 5, seed = 7;

  // Some rows without escapes, the others with some of those.
  std::vector<std::vector<std::int64_t>> codes_of(std::size_t order, std::size_t rows, int largest, int raw_bits) {
    std::vector<std::vector<std::int64_t>> k(rows, std::vector<std::int64_t>(order));
    std::uniform_int_distribution<std::int64_t> small(-3, 3), low(0, (1 << raw_bits) - 1), far(largest + 1, 500);
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t j = 0; j < order; ++j) {
        const bool border = j == 0 || j + 1 == order || j % 32 == 0 || j % 32 == 31;
        const std::int64_t c = border && row % 3 != 0 && random_() % 2 == 0
                                   ? (j % 2 == 0 ? -1 : 1) * far(random_)
                                   : std::min<std::int64_t>(largest, small(random_));
        k[row][j] = c * (std::int64_t{1} << raw_bits) + low(random_);
      }
    return k;
  }

  std::mt19937_64 random_{11};
};

TEST_P(CodedBlocks, AreThoseOfTheReference) {
  std::vector<std::size_t> orders = {64, 96, 384, 1000};
  for (std::size_t n = 1; n <= 40; ++n) orders.push_back(n);
  const reference::StepNumbers numbers(GetParam());
  const reference::RowCoder expected(numbers);
  for (const std::size_t n : orders) {
    const std::size_t rows = 13;
    const Codec codec(n, Step(GetParam()), seed);
    const auto k = codes_of(codec.order(), rows, numbers.largest, numbers.raw_bits);
    std::vector<std::uint8_t> bytes(rows * codec.code_bytes()), streams;
    std::vector<float> norms;
    for (std::size_t row = 0; row < rows; ++row) {
      norms.push_back(row == 6 ? 0.0f : 0.5f + static_cast<float>(row));
      if (row == 6) continue;
      for (std::size_t j = 0; j < codec.order(); ++j) {
        const auto narrow = static_cast<std::int16_t>(k[row][j]);
        std::memcpy(bytes.data() + row * codec.code_bytes() + 2 * j, &narrow, 2);
      }
      const auto stream = expected.put(dither_word(seed, first_row + row), norms.back(), k[row]);
      streams.insert(streams.end(), stream.begin(), stream.end());
    }
    const EncodedRows encoded_rows(codec.parameters(), norms, bytes, first_row);
    for (const Isa isa : supported_isas()) {
      const EntropyCoder coder(Codec(n, Step(GetParam()), seed, {isa, 1}));
      const PackedRows packed = coder.encode(encoded_rows);
      EXPECT_EQ(packed.streams, streams) << n << " " << isa_name(isa);
      EXPECT_EQ(coder.decode(packed).codes(), bytes) << n << " " << isa_name(isa);
    }
  }
}

TEST_P(CodedBlocks, CutAnywhereAreTakenOrRefusedAsByTheReference) {
  const reference::StepNumbers numbers(GetParam());
  const reference::RowCoder expected(numbers);
  const Codec codec(70, Step(GetParam()), seed);
  const auto k = codes_of(codec.order(), 3, numbers.largest, numbers.raw_bits);
  std::size_t refused = 0, tried = 0;
  for (std::size_t row = 0; row < 3; ++row) {
    const std::uint32_t word = dither_word(seed, first_row);
    const auto stream = expected.put(word, 1.5f, k[row]);
    for (std::size_t keep = 1; keep <= stream.size(); ++keep) {
      const std::vector<std::uint8_t> cut(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(keep));
      bool taken = true;
      try {
        expected.get(word, codec.order(), cut);
      } catch (const reference::MalformedStream&) {
        taken = false;
      }
      EXPECT_TRUE(taken || keep < stream.size());
      refused += taken ? 0 : 1, tried += 1;
      for (const Isa isa : supported_isas()) {
        const EntropyCoder coder(Codec(70, Step(GetParam()), seed, {isa, 1}));
        // Alone, and with others behind it whose bytes it must not take for its own.
        for (const std::size_t behind : {std::size_t{0}, std::size_t{8}}) {
          PackedRows packed{first_row, {static_cast<std::uint32_t>(keep)}, {}, cut};
          for (std::size_t other = 1; other <= behind; ++other) {
            const auto next = expected.put(dither_word(seed, first_row + other), 1.5f, k[0]);
            packed.lengths.push_back(static_cast<std::uint32_t>(next.size()));
            packed.streams.insert(packed.streams.end(), next.begin(), next.end());
          }
          packed.raw.resize(packed.lengths.size() * coder.raw_bytes());
          if (taken)
            EXPECT_NO_THROW(coder.decode(packed)) << row << " " << keep << " " << isa_name(isa);
          else
            EXPECT_THROW(coder.decode(packed), InvalidInput) << row << " " << keep << " " << isa_name(isa);
        }
      }
    }
  }
  EXPECT_GT(refused, tried * 3 / 4);
}

INSTANTIATE_TEST_SUITE_P(Steps, CodedBlocks, ::testing::Values(0.0162f, 0.26f, 1.0825f, 13.6f));

// The reference shares no code with the library: tables and streams are integers, and equal; codes are equal or, where the exact t is beside
// an integer, differ by one.
TEST(EntropyCoder, TablesStreamsAndCodesAreThoseOfTheReference) {
  for (const float step : steps) {
    const Codec codec(20, Step(step), 7);
    const EntropyCoder coder(codec);
    const reference::StepNumbers numbers(step);
    EXPECT_EQ(coder.largest_symbol(), numbers.largest);
    const auto tables = reference::entropy_tables(numbers);
    const reference::RowCoder stream_coder(numbers);
    for (int bucket = 0; bucket < 64; ++bucket) {
      const auto f = coder.frequencies(bucket);
      EXPECT_TRUE(std::ranges::equal(f, tables[static_cast<std::size_t>(bucket)])) << step << " " << bucket;
    }
    const std::vector<float> x = rows_of(codec, 8);
    const EncodedRows rows = codec.encode(RowsView<const float>(x.data(), 8, 20), 5);
    const PackedRows packed = coder.encode(rows);
    const std::size_t width = codec.code_bytes() / codec.order();
    std::vector<float> y(8 * codec.order()), norms(8);
    codec.rotate(RowsView<const float>(x.data(), 8, 20), RowsView<float>(y.data(), 8, codec.order()), norms);
    auto stream = packed.streams.begin();
    for (std::size_t row = 0; row < 8; ++row) {
      const std::uint32_t word = dither_word(7, 5 + row);
      std::vector<std::int64_t> codes;
      for (std::size_t j = 0; j < codec.order(); ++j) {
        std::int16_t narrow = 0;
        std::int32_t wide = 0;
        const std::uint8_t* at = rows.codes().data() + row * codec.code_bytes() + j * width;
        if (width == 2)
          std::memcpy(&narrow, at, 2);
        else
          std::memcpy(&wide, at, 4);
        codes.push_back(width == 2 ? narrow : wide);
        if (norms[row] == 0) continue;
        const double rho = static_cast<double>(norms[row]) * static_cast<double>(norm_scale(norms[row]));
        const reference::Rational z =
            reference::Rational(static_cast<double>(y[row * codec.order() + j])) / reference::Rational(rho);
        const reference::Rational offset = reference::offset_of_word(reference::weyl_word(word, j));
        const auto bound = reference::Rational(0x1p-21) *
                           (abs(z) / reference::Rational(static_cast<double>(step)) + (1 << numbers.raw_bits));
        const reference::Rational slack = bound * reference::Rational(static_cast<double>(step));
        EXPECT_GE(codes.back(), reference::step_code(numbers, z - slack, offset)) << step << " " << row << " " << j;
        EXPECT_LE(codes.back(), reference::step_code(numbers, z + slack, offset)) << step << " " << row << " " << j;
      }
      const std::vector<std::uint8_t> expected = stream_coder.put(word, norms[row], codes);
      ASSERT_EQ(packed.lengths[row], expected.size()) << step << " " << row;
      EXPECT_TRUE(std::equal(expected.begin(), expected.end(), stream)) << step << " " << row;
      stream += packed.lengths[row];
    }
  }
}

// A constant that is nearly the Weyl sequence's has other buckets only far along a row.
TEST(EntropyCoder, LongRowsAreThoseOfTheReference) {
  const Codec codec(65536, Step(1.0825f), 7);
  const EncodedRows rows = encoded(codec, 1, 5);
  const std::vector<std::int64_t> codes(codec.order());  // all zero: whatever they were made of, they have a stream
  const EncodedRows zeros(codec.parameters(), rows.norms(), std::vector<std::uint8_t>(codec.code_bytes()), 5);
  const PackedRows packed = EntropyCoder(codec).encode(zeros);
  EXPECT_EQ(packed.streams,
            reference::RowCoder(reference::StepNumbers(1.0825f)).put(dither_word(7, 5), rows.norms()[0], codes));
}

}  // namespace
}  // namespace hdq
