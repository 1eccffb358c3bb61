// hdq/types.hpp: views that check themselves; and the codec's steps on batches of them.
#include "hdq/types.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "checks.hpp"
#include "hdq/version.h"
#include "test_support.hpp"

namespace {

using namespace hdq;

TEST(Types, BitWidthsAreOneToEight) {
  for (int bits = 1; bits <= BitWidth::most; ++bits) EXPECT_EQ(int{BitWidth(bits)}, bits);
  for (const int bits : {-1, 0, 9, std::numeric_limits<int>::max()}) EXPECT_THROW(BitWidth{bits}, InvalidArgument);
}

TEST(Types, ErrorsHaveOneBase) {
  EXPECT_THROW(throw InvalidArgument("a"), Error);
  EXPECT_THROW(throw InvalidInput(1, 2, "a"), Error);
  EXPECT_THROW(throw FileError("a"), Error);
}

TEST(Types, RowsCheckTheirShape) {
  float x[20] = {};
  EXPECT_EQ(RowsView(x, 4, 5).stride(), 5u);
  EXPECT_EQ(RowsView(x, 2, 5, 7).row(1), x + 7);
  EXPECT_EQ(RowsView(x, 4, 5).slice(1, 2).row(1), x + 10);
  EXPECT_THROW(RowsView(x, 2, 5, 4), InvalidArgument);
  EXPECT_THROW(RowsView<float>(nullptr, 1, 5), InvalidArgument);
  EXPECT_NO_THROW(RowsView<float>(nullptr, 0, 5));
  EXPECT_THROW(RowsView(x, std::size_t{1} << 62, 5), InvalidArgument);
  EXPECT_THROW(RowsView(x, 4, 5).slice(3, 2), InvalidArgument);
  EXPECT_THROW(RowsView(x, 4, 5).slice(5, 0), InvalidArgument);
}

TEST(Types, CodesCheckTheirShape) {
  const std::vector<float> norms(3);
  const std::vector<std::uint8_t> codes(12);
  const EncodedView view(norms, codes, 100);
  EXPECT_EQ(view.code_bytes(), 4u);
  const EncodedView some = view.slice(1, 2);
  EXPECT_EQ(some.first_row(), 101u);
  EXPECT_EQ(some.row_codes(1), codes.data() + 8);
  EXPECT_THROW(view.slice(2, 2), InvalidArgument);
  EXPECT_THROW(EncodedView(norms, {codes.data(), 11}, 0), InvalidArgument);
  EXPECT_THROW(EncodedView({norms.data(), 0}, codes, 0), InvalidArgument);
}

TEST(Types, SizesAreMultipliedWithCare) {
  constexpr std::size_t big = std::size_t{1} << 33;
  EXPECT_EQ(detail::checked_product(big, 4, "rows"), big * 4);
  EXPECT_THROW(detail::checked_product(big, big, "rows"), InvalidArgument);
  EXPECT_THROW(detail::checked_sum(~std::size_t{0}, 1, "rows"), InvalidArgument);
  EXPECT_THROW(detail::checked_bytes(std::size_t{1} << 61, 4, "rows"), InvalidArgument);
}

// The row number that is forgotten decodes to something else: so it must be said (EncodedView has no default for it), and
// what is known to be another codec's is refused.
TEST(Types, OwnedCodesRememberWhatTheyWereMadeWith) {
  constexpr std::size_t n = 50;
  const Codec codec(n, 4, 1);
  const std::vector<float> x = test::dyadics(3 * n, 1);
  std::vector<float> y(3 * n), z(3 * n);
  const EncodedRows encoded = codec.encode(RowsView<const float>(x.data(), 3, n), 17);
  EXPECT_EQ(encoded.first_row(), 17u);
  codec.decode(encoded, {y.data(), 3, n});
  codec.decode(EncodedView(encoded.norms(), encoded.codes(), 17), {z.data(), 3, n});
  EXPECT_EQ(y, z);
  codec.decode(EncodedView(encoded.norms(), encoded.codes(), 0), {z.data(), 3, n});
  EXPECT_NE(y, z);
  EXPECT_THROW(Codec(n, 4, 2).decode(encoded, {y.data(), 3, n}), InvalidArgument);
  EXPECT_THROW(Codec(n + 1, 4, 1).decode(encoded, {y.data(), 2, n + 1}), InvalidArgument);
  EXPECT_THROW(codec.decode(encoded, {y.data(), 2, n}), InvalidArgument);
  EXPECT_THROW(codec.decode(EncodedView(encoded.norms(), {encoded.codes().data(), 3}, 17), {y.data(), 3, n}), InvalidArgument);
}

// encode = rotate, draw_dither, quantize.
TEST(Types, TheStepsGiveTheBytesOfEncode) {
  for (const std::size_t n : {3u, 100u, 1024u})
    for (const int threads : {1, 3}) {
      constexpr std::size_t rows = 40;
      const Codec codec(n, 5, 8, {Isa::automatic, threads});
      std::vector<float> x = test::dyadics(rows * n, n), y(rows * codec.order()), norms(rows);
      for (std::size_t i = 0; i < n; ++i) x[i] *= 0x1p-120f, x[n + i] *= 0x1p110f, x[2 * n + i] = 0;
      std::vector<std::uint32_t> words(rows);
      std::vector<std::uint8_t> codes(rows * codec.code_bytes());
      const RowsView<const float> in(x.data(), rows, n);
      const RowsView<float> rotated(y.data(), rows, codec.order());
      codec.rotate(in, rotated, norms);
      codec.draw_dither(99, words);
      codec.quantize(rotated, norms, words, codes);
      const EncodedRows expected = codec.encode(in, 99);
      EXPECT_TRUE(test::same_bytes(norms.data(), expected.norms().data(), rows));
      EXPECT_EQ(codes, expected.codes());
      EXPECT_THROW(codec.rotate(in, {y.data(), rows, n + codec.order() + 1}, norms), InvalidArgument);
      EXPECT_THROW(codec.quantize(rotated, {norms.data(), 1}, words, codes), InvalidArgument);
    }
}

TEST(Types, TheVersionIsTheProjects) { EXPECT_STREQ(HDQ_VERSION_STRING, HDQ_PROJECT_VERSION); }

}  // namespace
