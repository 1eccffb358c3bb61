// Every entry of every route table gives the bytes of the scalar one, or those written out here, for every size, and touches nothing
// outside its arrays. On x86 also of the portable path on vectors that the library has something better for: of 128 bits without fused
// multiply-adds (SSE4: NEON's stand-in), and of 256 bits (AVX2 without its overrides).
#include <array>
#include <cmath>
#include <random>

#include "attention/weighted_task.hpp"
#include "codes/row_streams.hpp"
#include "score/score_task.hpp"
#include "simd/kernels.hpp"
#include "test_support.hpp"

#ifdef HDQ_PORTABLE_X86
namespace hdq {
namespace portable_sse4 {
extern const detail::Kernels table;
}
namespace portable_avx2 {
extern const detail::Kernels table;
}
}  // namespace hdq
#endif

namespace {

using namespace hdq;
using detail::Kernels;
using test::Guarded, test::same_bytes;

struct Path {
  const char* name;
  const Kernels* table;
};

class Portable : public ::testing::TestWithParam<Path> {
 protected:
  const Kernels& k = *GetParam().table;
  const Kernels& scalar = detail::kernels(Isa::scalar);
};

// A copy of an array before an inaccessible page.
template <class T>
struct Inside : Guarded<T> {
  explicit Inside(const std::vector<T>& values) : Guarded<T>(values.size(), Guarded<T>::Side::end) {
    std::copy(values.begin(), values.end(), this->data());
  }
};

std::vector<HadamardOrder> shapes(std::size_t most) {
  std::vector<HadamardOrder> all;
  for (std::size_t d = 1; d <= most; ++d)
    if (is_hadamard_order(d)) all.push_back(hadamard_order(d));
  return all;
}

TEST_P(Portable, StreamsAndInput) {
  for (std::size_t count = 0; count <= 40; ++count) {
    std::vector<std::uint64_t> rows(count);
    for (std::size_t i = 0; i < count; ++i) rows[i] = 0xFFFFFFF0 + i;
    std::vector<std::uint32_t> words(count);
    k.dither_words(77, rows.data(), count, words.data());
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(words[i], dither_word(77, rows[i]));
  }
  std::vector<Float16> halves(0x10000);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i].bits = static_cast<std::uint16_t>(i);
  std::vector<float> a(halves.size()), b(halves.size());
  k.widen_float16(halves.data(), halves.size(), a.data());
  scalar.widen_float16(halves.data(), halves.size(), b.data());
  ASSERT_TRUE(same_bytes(a.data(), b.data(), a.size()));
}

TEST_P(Portable, NormAndVectorSums) {
  for (std::size_t n = 0; n <= 300; ++n) {
    const Inside x(test::dyadics(n, n)), q(test::dyadics(n, n + 1));
    ASSERT_EQ(k.sum_of_squares(x.data(), n), scalar.sum_of_squares(x.data(), n)) << n;
    ASSERT_EQ(k.inner_product(q.data(), x.data(), n), scalar.inner_product(q.data(), x.data(), n)) << n;
    ASSERT_EQ(k.squared_distance(q.data(), x.data(), n), scalar.squared_distance(q.data(), x.data(), n)) << n;
  }
}

TEST_P(Portable, Rotation) {
  std::vector<HadamardOrder> orders = shapes(1100);
  for (std::size_t d : {std::size_t{5120}, std::size_t{28} << 8, std::size_t{1} << 13, std::size_t{1} << 17}) orders.push_back(hadamard_order(d));
  for (const HadamardOrder& h : orders)
    for (const std::size_t n : {h.order, h.order - h.order / 3}) {
      std::vector<std::uint32_t> signs((h.order + 31) / 32);
      sign_bits(h.order, h.order, signs.data());
      const Inside x(test::dyadics(n, h.order));
      std::vector<float> a(h.order, -7.0f), b = a;
      for (const float factor : {1.0f, 0x1p100f}) {
        k.rotate(x.data(), n, h, signs.data(), factor, a.data());
        scalar.rotate(x.data(), n, h, signs.data(), factor, b.data());
        ASSERT_TRUE(same_bytes(a.data(), b.data(), a.size())) << h.order;
      }
      const double square = k.rotate_measured(x.data(), n, h, signs.data(), nullptr, a.data());
      ASSERT_EQ(square, scalar.rotate_measured(x.data(), n, h, signs.data(), nullptr, b.data())) << h.order;
      ASSERT_TRUE(same_bytes(a.data(), b.data(), a.size())) << h.order;
      const Inside inside(a);
      for (const bool transposed : {false, true}) {
        k.hadamard(inside.data(), h, transposed);
        scalar.hadamard(b.data(), h, transposed);
        ASSERT_TRUE(same_bytes(inside.data(), b.data(), a.size())) << h.order << transposed;
      }
      k.store_signed(b.data(), n, signs.data(), 0.3f, 0x1p-20f, a.data());
      std::vector<float> c = a;
      scalar.store_signed(b.data(), n, signs.data(), 0.3f, 0x1p-20f, c.data());
      ASSERT_TRUE(same_bytes(a.data(), c.data(), a.size())) << h.order;
    }
}

constexpr std::array<std::uint32_t, 9> words = {0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 0x12345678, 0xDEADBEEF, 0xAAAAAAAA};

TEST_P(Portable, Codebooks) {
  for (int bits = 1; bits <= BitWidth::most; ++bits) {
    const std::size_t levels = std::size_t{1} << bits;
    std::vector<double> a(words.size() * levels), b = a;
    std::vector<float> c(a.size()), d = c;
    k.thresholds(bits, words.data(), words.size(), a.data(), levels);
    scalar.thresholds(bits, words.data(), words.size(), b.data(), levels);
    ASSERT_EQ(a, b);
    k.codewords(bits, words.data(), words.size(), a.data(), levels);
    scalar.codewords(bits, words.data(), words.size(), b.data(), levels);
    ASSERT_EQ(a, b);
    k.codewords32(bits, words.data(), words.size(), c.data());
    scalar.codewords32(bits, words.data(), words.size(), d.data());
    ASSERT_EQ(c, d);
  }
}

// Random numbers, each threshold with its neighbours, extremes.
std::vector<float> delicate(int bits, const double* theta, float norm) {
  std::vector<float> y = {0.0f, -0.0f, 1e-45f, -1e-45f, 3e38f, -3e38f, INFINITY, -INFINITY};
  for (int t = 0; t + 1 < 1 << bits; ++t) {
    const float at = static_cast<float>(theta[t] * static_cast<double>(norm));
    for (const float v : {at, std::nextafter(at, INFINITY), std::nextafter(at, -INFINITY)}) y.push_back(v);
  }
  for (const float v : test::dyadics(300, 5)) y.push_back(v * norm * 0x1p-7f);
  return y;
}

TEST_P(Portable, CodesOfARow) {
  for (int bits = 1; bits <= BitWidth::most; ++bits)
    for (const std::uint32_t word : words)
      for (const float norm : {1.0f, 0.3f, 0.0f, 7e-30f}) {
        double theta[256];
        scalar.thresholds(bits, &word, 1, theta, 256);
        float scaled[256];
        scale_thresholds(bits, theta, norm, scaled);
        const std::vector<float> all = delicate(bits, theta, norm);
        for (std::size_t count : {all.size(), all.size() / 16 * 16, std::size_t{33}, std::size_t{7}}) {
          const Inside y(std::vector<float>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)));
          const std::size_t bytes = (count * static_cast<std::size_t>(bits) + 7) / 8;
          Guarded<std::uint8_t> codes(count, Guarded<std::uint8_t>::Side::end), packed(bytes, Guarded<std::uint8_t>::Side::end);
          std::vector<std::uint8_t> expected(count), scratch(count), expected_bytes(bytes);
          scalar.quantize(bits, y.data(), count, scaled, expected.data());
          k.quantize(bits, y.data(), count, scaled, codes.data());
          ASSERT_TRUE(same_bytes(codes.data(), expected.data(), count)) << bits << " " << word << " " << norm;
          if (bits >= 3) {
            k.compand(bits, y.data(), count, word, norm, codes.data());
            ASSERT_TRUE(same_bytes(codes.data(), expected.data(), count)) << bits << " " << word << " " << norm;
          }
          if (norm == 0) continue;
          scalar.quantize_pack(bits, y.data(), count, theta, word, norm, scratch.data(), expected_bytes.data());
          k.quantize_pack(bits, y.data(), count, theta, word, norm, scratch.data(), packed.data());
          ASSERT_TRUE(same_bytes(packed.data(), expected_bytes.data(), bytes)) << bits << " " << word << " " << norm;
        }
      }
}

TEST_P(Portable, PackedCodes) {
  test::Integers integers(3);
  for (int bits = 1; bits <= BitWidth::most; ++bits)
    for (std::size_t count = 0; count <= 150; ++count) {
      const std::size_t bytes = (count * static_cast<std::size_t>(bits) + 7) / 8;
      std::vector<std::uint8_t> values(count);
      for (auto& v : values) v = static_cast<std::uint8_t>(integers.below(1u << bits));
      const Inside codes(values);
      Guarded<std::uint8_t> packed(bytes, Guarded<std::uint8_t>::Side::end), unpacked(count, Guarded<std::uint8_t>::Side::end);
      std::vector<std::uint8_t> expected(bytes), scratch(count);
      k.pack(bits, codes.data(), count, packed.data());
      scalar.pack(bits, codes.data(), count, expected.data());
      ASSERT_TRUE(same_bytes(packed.data(), expected.data(), bytes)) << bits << " " << count;
      k.unpack(bits, packed.data(), count, unpacked.data());
      ASSERT_TRUE(same_bytes(unpacked.data(), values.data(), count)) << bits << " " << count;
      const Inside codewords(test::dyadics(std::size_t{1} << bits, 9));
      Guarded<float> out(count, Guarded<float>::Side::end), both(count, Guarded<float>::Side::end);
      k.lookup(bits, codes.data(), count, codewords.data(), out.data());
      k.unpack_lookup(bits, packed.data(), count, codewords.data(), scratch.data(), both.data());
      for (std::size_t j = 0; j < count; ++j) {
        ASSERT_EQ(out.data()[j], codewords.data()[values[j]]);
        ASSERT_EQ(both.data()[j], codewords.data()[values[j]]);
      }
    }
}

// Sixteen sums, code j in sum (j div 8) mod 16, fused, then halved: written out.
float literal_score(int bits, const std::uint8_t* codes, std::size_t order, const float* table, const float* query) {
  float sum[16] = {};
  for (std::size_t j = 0; j < order; ++j) {
    std::size_t code = 0;
    for (std::size_t b = 0; b < static_cast<std::size_t>(bits); ++b) {
      const std::size_t bit = j * static_cast<std::size_t>(bits) + b;
      code |= static_cast<std::size_t>((codes[bit / 8] >> (bit % 8)) & 1) << b;
    }
    sum[j / 8 % 16] = std::fma(query[detail::score_position(j)], table[code], sum[j / 8 % 16]);
  }
  for (std::size_t half = 8; half > 0; half /= 2)
    for (std::size_t i = 0; i < half; ++i) sum[i] += sum[i + half];
  return sum[0];
}

TEST_P(Portable, Scores) {
  constexpr std::size_t rows = 21, queries = 5;
  for (int bits = 1; bits <= BitWidth::most; ++bits)
    for (const std::size_t order : {1u, 8u, 12u, 40u, 128u, 320u, 384u}) {
      const std::size_t code_bytes = (order * static_cast<std::size_t>(bits) + 7) / 8, stride = detail::padded_order(order);
      const std::size_t levels = std::size_t{1} << bits;
      std::vector<std::uint8_t> bytes(rows * code_bytes + detail::row_slack);
      test::Integers integers(order);
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(integers.next());
      const Inside codes(bytes);
      const std::vector<float> tables = test::dyadics(rows * levels, 1), values = test::dyadics(queries * order, 2);
      std::vector<float> storage(queries * stride + 16), sums(queries * rows);
      float* rotated = storage.data();
      while (reinterpret_cast<std::uintptr_t>(rotated) % 64 != 0) ++rotated;
      for (std::size_t q = 0; q < queries; ++q)
        for (std::size_t j = 0; j < order; ++j) rotated[q * stride + detail::score_position(j)] = values[q * order + j];
      const std::uint8_t* row_codes[rows];
      for (std::size_t r = 0; r < rows; ++r) row_codes[r] = codes.data() + r * code_bytes;
      k.score_sums({bits, order, code_bytes, rotated, queries, row_codes, codes.data(), rows, tables.data(), sums.data(), rows});
      std::vector<float> tile(sums.size());
      k.tile_sums(
          {bits, order, code_bytes, rotated, queries, row_codes, codes.data(), rows, tables.data(), tile.data(), rows});
      ASSERT_EQ(tile, sums) << "bits " << bits << " order " << order;
      for (std::size_t q = 0; q < queries; ++q)
        for (std::size_t r = 0; r < rows; ++r)
          ASSERT_EQ(sums[q * rows + r], literal_score(bits, row_codes[r], order, tables.data() + r * levels, rotated + q * stride))
              << "bits " << bits << " order " << order;
    }
}

// SPEC §8 as it stands there. Queries one and four at a time; the last bytes of rows, and none outside them and their slack.
TEST_P(Portable, WeightedSums) {
  constexpr std::size_t rows = 7, queries = 6;
  for (int bits = 1; bits <= BitWidth::most; ++bits)
    for (const std::size_t order : {1u, 12u, 80u, 128u, 320u}) {
      const std::size_t code_bytes = (order * static_cast<std::size_t>(bits) + 7) / 8,
                        stride = detail::padded_order(order);
      const std::size_t levels = std::size_t{1} << bits;
      std::vector<std::uint8_t> bytes(rows * code_bytes + detail::row_slack), codes_of(order);
      test::Integers integers(order);
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(integers.next());
      const Inside<std::uint8_t> codes(bytes);
      const Inside<float> tables(test::dyadics(rows * levels, 1)), weights(test::dyadics(queries * rows, 2));
      const std::vector<float> before = test::dyadics(queries * stride, 3);
      std::vector<float> storage(queries * stride + 16);
      float* sums = storage.data();
      while (reinterpret_cast<std::uintptr_t>(sums) % 64 != 0) ++sums;
      std::copy(before.begin(), before.end(), sums);
      const std::uint8_t* row_codes[rows];
      for (std::size_t r = 0; r < rows; ++r) row_codes[r] = codes.data() + r * code_bytes;
      k.weighted_sums(
          {bits, order, code_bytes, row_codes, codes.data(), rows, tables.data(), weights.data(), rows, queries, sums});
      std::vector<float> expected = before;
      for (std::size_t r = 0; r < rows; ++r) {
        unpack(bits, row_codes[r], order, codes_of.data(), Isa::scalar);
        for (std::size_t q = 0; q < queries; ++q)
          for (std::size_t j = 0; j < order; ++j) {
            float& sum = expected[q * stride + detail::score_position(j)];
            sum = std::fma(tables.data()[r * levels + codes_of[j]], weights.data()[q * rows + r], sum);
          }
      }
      for (std::size_t q = 0; q < queries; ++q)
        for (std::size_t j = 0; j < order; ++j) {
          const std::size_t at = q * stride + detail::score_position(j);
          ASSERT_EQ(sums[at], expected[at]) << "bits " << bits << " order " << order;
        }
    }
}

TEST_P(Portable, Softmax) {
  for (std::size_t count = 1; count <= 70; ++count) {
    std::vector<float> s = test::dyadics(count, count);
    for (float& x : s) x *= count % 3 == 0 ? 0x1p100f : 0.0625f;
    const Inside<float> in(s), p(s), expected(s);
    k.softmax(in.data(), count, p.data());
    scalar.softmax(in.data(), count, expected.data());
    ASSERT_TRUE(same_bytes(p.data(), expected.data(), count)) << count;
  }
}

// SPEC §7 as it stands there, coordinate by coordinate.
struct LiteralStep {
  std::uint32_t word;
  int raw_bits;
  float offset(std::size_t j) const {
    const std::uint32_t w = word + static_cast<std::uint32_t>(j) * 0x9E3779B9u;
    return (static_cast<float>(w >> 9) + 0.5f) * std::ldexp(1.0f, raw_bits - 23);
  }
  std::int32_t code(float y, float sigma, std::size_t j, float least, float most) const {
    const float t = y * sigma + offset(j);
    return static_cast<std::int32_t>(std::floor(t >= least ? std::min(t, most) : least));
  }
  float value(std::int32_t k, float step, std::size_t j) const {
    return step * (static_cast<float>(k) + (0.5f - offset(j)));
  }
};

TEST_P(Portable, CodesOfAStep) {
  for (const std::size_t width : {2u, 4u})
    for (const int raw_bits : {0, 1, 7})
      for (std::size_t n = 0; n <= 70; ++n) {
        const LiteralStep literal{0xC0FFEE01u + static_cast<std::uint32_t>(n), raw_bits};
        std::vector<float> y = test::dyadics(n, n);
        if (n > 3) y[0] = 0x1p120f, y[1] = -0x1p120f, y[2] = std::nanf(""), y[3] = -0.0f;
        std::vector<std::uint8_t> codes(n * width + 1, 0xAB);  // at odd addresses
        const float least = width == 2 ? -0x1p15f : -0x1p30f, most = width == 2 ? 0x1p15f - 1 : 0x1p30f, step = 0.26f;
        k.quantize_step(y.data(), n, literal.word, raw_bits, 3.7f, width, codes.data() + 1);
        std::vector<float> z(n + 1, 7);
        k.reconstruct_step(codes.data() + 1, n, literal.word, raw_bits, step, width, z.data());
        for (std::size_t j = 0; j < n; ++j) {
          std::int32_t code = 0;
          std::int16_t narrow = 0;
          std::memcpy(width == 2 ? static_cast<void*>(&narrow) : &code, codes.data() + 1 + j * width, width);
          if (width == 2) code = narrow;
          ASSERT_EQ(code, literal.code(y[j], 3.7f, j, least, most)) << n << " " << j << " " << width;
          ASSERT_EQ(z[j], literal.value(code, step, j)) << n << " " << j;
        }
        EXPECT_EQ(codes[0], 0xAB);
        EXPECT_EQ(z[n], 7);
      }
}

// Rows of codes without raw bits, small ones and escapes, at odd addresses.
struct CodedRows {
  std::size_t order, code_bytes, rows;
  std::vector<std::vector<std::uint8_t>> codes;

  CodedRows(const detail::EntropyTables& t, std::size_t n, std::size_t bytes, std::size_t count,
            std::mt19937_64& random)
      : order(n), code_bytes(bytes), rows(count), codes(count) {
    for (std::vector<std::uint8_t>& row : codes) {
      row.assign(1, 0xAB);
      for (std::size_t j = 0; j < n; ++j) {
        const int spread = random() % 50 == 0 ? 100 : t.largest;
        const int c = static_cast<int>(random() % static_cast<std::uint64_t>(2 * spread + 1)) - spread;
        const std::int32_t code = c * (1 << t.raw_bits);
        const auto* first = reinterpret_cast<const std::uint8_t*>(&code);
        row.insert(row.end(), first, first + bytes);  // little-endian: the low bytes
      }
    }
  }
};

std::vector<std::vector<std::uint8_t>> streams(const Kernels& k, const detail::EntropyTables& t, const CodedRows& c) {
  const std::size_t room = detail::most_stream_bytes(c.order, c.code_bytes);
  std::vector<std::uint8_t> buffer(c.rows * room);
  detail::PutTask task{t, c.order, c.code_bytes, c.rows, {}, {}, {}, {}, {}};
  for (std::size_t r = 0; r < c.rows; ++r) {
    task.codes[r] = c.codes[r].data() + 1;
    task.words[r] = static_cast<std::uint32_t>(r) * 0x9876543u;
    task.norms[r] = 1.5f + static_cast<float>(r);
    task.ends[r] = buffer.data() + (r + 1) * room;
  }
  k.put_rows(task);
  std::vector<std::vector<std::uint8_t>> all;
  for (std::size_t r = 0; r < c.rows; ++r) all.emplace_back(task.begins[r], task.ends[r]);
  return all;
}

void expect_back(const Kernels& k, const detail::EntropyTables& t, const CodedRows& c,
                 std::vector<std::vector<std::uint8_t>> streams) {
  std::vector<std::vector<std::uint8_t>> out(c.rows, std::vector<std::uint8_t>(c.order * c.code_bytes + 1, 0xAB));
  detail::GetTask task{t, c.order, c.code_bytes, c.rows, {}, {}, {}, {}, {}, {}};
  for (std::size_t r = 0; r < c.rows; ++r) {
    const std::size_t length = streams[r].size();
    streams[r].resize(length + detail::most_read_behind, 0xFF);
    task.begins[r] = streams[r].data();
    task.ends[r] = task.begins[r] + length;
    task.words[r] = static_cast<std::uint32_t>(r) * 0x9876543u;
    task.codes[r] = out[r].data() + 1;
  }
  k.get_rows(task);
  for (std::size_t r = 0; r < c.rows; ++r) {
    EXPECT_TRUE(task.good[r]) << r;
    EXPECT_EQ(task.norms[r], 1.5f + static_cast<float>(r));
    EXPECT_EQ(out[r], c.codes[r]) << r;
  }
}

TEST_P(Portable, CodesGoToStreamsAndBack) {
  std::mt19937_64 random(31);
  for (const float step : {1.0825f, 0.26f, 0.0162f}) {
    const detail::EntropyTables tables{Step(step)};
    for (const std::size_t order : {1u, 31u, 32u, 33u, 100u})
      for (const std::size_t code_bytes : {2u, 4u})
        for (const std::size_t rows : {1u, 4u, 5u, 8u}) {
          SCOPED_TRACE(::testing::Message() << step << " " << order << " " << code_bytes << " " << rows);
          const CodedRows coded(tables, order, code_bytes, rows, random);
          const auto its = streams(k, tables, coded);
          EXPECT_EQ(its, streams(scalar, tables, coded));
          expect_back(k, tables, coded, its);
        }
  }
}

std::vector<Path> paths() {
  std::vector<Path> all;
  for (const Isa isa : supported_isas()) all.push_back({isa_name(isa), &detail::kernels(isa)});
#ifdef HDQ_PORTABLE_X86
  all.push_back({"portable_sse4", &portable_sse4::table});  // every CPU of 2008 and later
  if (isa_supported(Isa::avx2)) all.push_back({"portable_avx2", &portable_avx2::table});
#endif
  return all;
}

INSTANTIATE_TEST_SUITE_P(Paths, Portable, ::testing::ValuesIn(paths()), [](const auto& info) { return info.param.name; });

}  // namespace
