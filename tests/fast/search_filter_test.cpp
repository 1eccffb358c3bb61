// The first pass of a search: its bounds hold of every row, however unlucky, and what is found with it is what is found without.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "codec/plan.hpp"
#include "hdq/search.hpp"
#include "score/byte_filter.hpp"
#include "score/score_task.hpp"
#include "temporary_directory.hpp"
#include "test_support.hpp"

namespace {

using namespace hdq;
using detail::ByteBucket, detail::ByteCodebook, detail::byte_codebook;

constexpr Metric metrics[] = {Metric::inner_product, Metric::squared_distance, Metric::cosine};
constexpr int filtered_bits[] = {1, 2, 3, 4, 5, 6, 7, 8};

// ---- codebooks ----

// The words at which a bucket's codewords are least and largest, their neighbours, and one between.
std::vector<std::uint32_t> words_of(const ByteCodebook& codebook, std::size_t index) {
  const std::uint32_t first = codebook.first_word(index), last = codebook.last_word(index);
  return {first, first + 1, first + (last - first) / 3, last - 1, last};
}

TEST(ByteCodebook, HoldsTheCodewordsOfEveryBucket) {
  for (const int bits : filtered_bits) {
    const ByteCodebook& codebook = byte_codebook(bits);
    const std::size_t levels = std::size_t{1} << bits;
    std::vector<float> codewords(levels);
    std::size_t left_out = 0;
    for (std::size_t index = 0; index < codebook.buckets(); ++index) {
      const ByteBucket& bucket = codebook.bucket(index);
      left_out += (bucket.without_first ? 1u : 0u) + (bucket.without_last ? 1u : 0u);
      EXPECT_GE(static_cast<double>(bucket.magnitude),
                std::abs(static_cast<double>(bucket.centre)) + 127.5 * static_cast<double>(bucket.scale));
      EXPECT_GE(bucket.magnitude, std::max(bucket.error, 0.5f));
      for (const std::uint32_t word : words_of(codebook, index)) {
        ASSERT_EQ(codebook.index(word), index);
        detail::kernels(Isa::automatic).codewords32(bits, &word, 1, codewords.data());
        const ByteCodebook alone(bits, word);
        for (std::size_t k = bucket.without_first ? 1 : 0; k < levels - (bucket.without_last ? 1 : 0); ++k) {
          const auto off = [&](const ByteBucket& of, const std::uint8_t* bytes) {
            const int m = bits == 1 ? 255 * static_cast<int>(k) : bytes[k];
            EXPECT_LE(std::abs(codewords[k]), of.magnitude);
            return std::abs(static_cast<double>(codewords[k]) -
                            (static_cast<double>(of.centre) + static_cast<double>(of.scale) * (m - 127.5)));
          };
          ASSERT_LE(off(bucket, codebook.bytes(index)), static_cast<double>(bucket.error))
              << bits << " bits, word " << word << ", code " << k;
          if (index % 61 == 0) {
            ASSERT_LE(off(alone.bucket(0), alone.bytes(0)), static_cast<double>(alone.bucket(0).error));
          }
        }
      }
    }
    EXPECT_EQ(left_out, bits == 1 ? 0 : bits == 8 ? 2 * codebook.buckets() : left_out);
  }
}

// ---- bytes of a uniform step ----

constexpr float steps[] = {0x1p-10f, 0.0123f, 0.125f, 0.1251f, 0.2499f, 0.25f, 0.7f, 1, 3.3f, 7.9f, 16};

// Codes and their words so that the row of coordinate j's words begins at `word`; scalar codewords beside bytes.
struct SteppedRow {
  SteppedRow(const Step& step, std::uint32_t word, const std::vector<std::int16_t>& codes) : z(codes.size()) {
    const auto* raw = reinterpret_cast<const std::uint8_t*>(codes.data());
    detail::kernels(Isa::scalar).reconstruct_step(raw, codes.size(), word, step.raw_bits(), step.value(), 2, z.data());
    const detail::ByteStep of(step);
    const auto make = [&](Isa isa, std::vector<std::uint8_t>& to) {
      to.resize(codes.size());
      return detail::kernels(isa).step_bytes({of.bytes, word, codes.size(), raw, raw, to.data()});
    };
    in_range = make(Isa::scalar, bytes);
    for (const Isa isa : test::supported_isas()) {
      std::vector<std::uint8_t> own;
      EXPECT_EQ(make(isa, own), in_range) << isa_name(isa);
      if (in_range) {
        EXPECT_EQ(own, bytes) << isa_name(isa);
      }
    }
  }
  std::vector<float> z;
  std::vector<std::uint8_t> bytes;
  bool in_range = false;
};

// How far, in units of the error that is claimed, the bytes are from the codewords at most.
double farthest(const detail::ByteStep& of, const SteppedRow& row) {
  double most = 0;
  for (std::size_t j = 0; j < row.z.size(); ++j) {
    const double z = static_cast<double>(row.z[j]);
    EXPECT_LE(std::abs(z), static_cast<double>(of.bucket.magnitude));
    most = std::max(most, std::abs(z - static_cast<double>(of.bucket.scale) * (row.bytes[j] - 127.5)));
  }
  return most / static_cast<double>(of.bucket.error);
}

// The words of which V is cut most and least, wherever in the row they stand; those in between.
std::vector<std::uint32_t> extreme_words(test::Integers& integers) {
  std::vector<std::uint32_t> words;
  for (const std::uint32_t at : {0u, 1u, 31u, 32u, 75u})
    for (const std::uint32_t word : {0u, 0xFFFFu, 0x10000u, 0x7FFFFFFFu, 0x80000000u, 0xFFFF0000u, 0xFFFFFFFFu})
      words.push_back(word - at * 0x9E3779B9u);
  for (int i = 0; i < 200; ++i) words.push_back(static_cast<std::uint32_t>(integers.next()));
  return words;
}

TEST(ByteStep, HoldsTheCodewordsOfEveryCodeInRange) {
  test::Integers integers(5);
  for (const float value : steps) {
    const Step step(value);
    const detail::ByteStep of(step);
    EXPECT_GE(of.bucket.magnitude, 0.5f);
    const int middle = 1 << step.raw_bits() >> 1, most = static_cast<int>(5 / value);
    double all = 0;
    for (const std::uint32_t word : extreme_words(integers)) {
      std::vector<std::int16_t> codes(76);
      for (std::int16_t& k : codes)
        k = static_cast<std::int16_t>(middle + static_cast<int>(integers.below(2u * static_cast<unsigned>(most) + 1u)) -
                                      most);
      const SteppedRow row(step, word, codes);
      // What a coordinate of at most 5 is coded as has a codeword of at most 5 and half a step.
      const double largest =
          static_cast<double>(std::abs(*std::ranges::max_element(row.z, {}, [](float z) { return std::abs(z); })));
      if (largest <= 5 + static_cast<double>(value) / 2) {
        ASSERT_TRUE(row.in_range) << value << ", " << largest;
      }
      if (!row.in_range) continue;
      ASSERT_LE(farthest(of, row), 1) << "step " << value << ", word " << word;
      all = std::max(all, farthest(of, row));
    }
    EXPECT_GT(all, 0.96) << "step " << value;  // the claim is no idle one
  }
}

TEST(ByteStep, ReadsItsRowAlone) {
  const detail::ByteStep of(Step(0.5f));
  using Side = test::Guarded<std::uint8_t>::Side;
  for (const std::size_t count : {64u, 80u, 112u})
    for (const Side side : {Side::begin, Side::end}) {
      const test::Guarded<std::uint8_t> codes(2 * count, side), bytes(count, side);
      std::fill_n(codes.data(), 2 * count, std::uint8_t{0});
      for (const Isa isa : test::supported_isas())
        EXPECT_TRUE(detail::kernels(isa).step_bytes({of.bytes, 77, count, codes.data(), codes.data(), bytes.data()}));
    }
}

// One code that is too large, anywhere, wherever 16 bits may wrap.
TEST(ByteStep, SeesACodeOutOfRangeAnywhere) {
  test::Integers integers(6);
  for (const float value : steps) {
    const Step step(value);
    const detail::ByteStep of(step);
    const double last = 128 * static_cast<double>(of.bucket.scale) / static_cast<double>(value);
    for (const std::size_t count : {64u, 80u, 112u})
      for (std::size_t at = 0; at < count; at += 7)
        for (int which = 0; which < 40; ++which) {
          constexpr int beyond[] = {-32768, -32767, 32767, -16384, 16384, 8192, -8192};
          const int k = which < 7 ? beyond[which] : static_cast<int>(integers.below(65536)) - 32768;
          std::vector<std::int16_t> codes(count);
          codes[at] = static_cast<std::int16_t>(k);
          const SteppedRow row(step, static_cast<std::uint32_t>(integers.next()), codes);
          if (std::abs(k) > last + (1 << step.raw_bits()) + 1) {
            ASSERT_FALSE(row.in_range) << value << ", code " << k;
          }
          if (row.in_range) {
            ASSERT_LE(farthest(of, row), 1) << value << ", code " << k;
          }
        }
  }
}

// ---- bounds ----

// A query by its rotated coordinates, of norm 1.5·√d: ‖q'‖ = 1.5.
struct RotatedVector {
  RotatedVector(std::vector<float> given, int exponent) : w(std::move(given)), placed(detail::padded_order(w.size())) {
    double square = 0;
    for (const float v : w) square += static_cast<double>(v) * static_cast<double>(v);
    const double scale = 1.5 * std::sqrt(static_cast<double>(w.size()) / square);
    std::fill_n(placed.get(), detail::padded_order(w.size()), 0.0f);
    for (std::size_t j = 0; j < w.size(); ++j)
      placed.get()[detail::score_position(j)] = w[j] = static_cast<float>(static_cast<double>(w[j]) * scale);
    query = {placed.get(), std::ldexp(2.25, 2 * exponent), exponent, 1 / (1.5 * static_cast<double>(w.size()))};
  }
  std::vector<float> w;
  detail::Aligned<float> placed;
  detail::RotatedQuery query;
};

std::vector<float> coordinates(const char* kind, std::size_t d) {
  std::vector<float> w = test::dyadics(d, d);
  const std::string name = kind;
  for (std::size_t j = 0; j < d; ++j) {
    if (name == "flat") w[j] = 1;
    if (name == "signs") w[j] = j % 3 == 0 ? -1.0f : 1.0f;
    if (name == "peak") w[j] = j == d / 2 + 1 ? -1.0f : 0x1p-30f;
  }
  return w;
}

struct Row {
  std::uint32_t word;
  float norm;
  std::vector<std::uint8_t> packed;
};

// Codes whose bytes are as far off as can be, all errors of the sum of one sign; then random ones.
Row unlucky_row(const detail::CodecPlan& plan, const std::vector<float>& w, std::uint32_t word, int kind,
                test::Integers& integers) {
  const int bits = plan.made_with.bits;
  const std::size_t levels = std::size_t{1} << bits, d = w.size();
  const ByteCodebook& codebook = byte_codebook(bits);
  const ByteBucket& bucket = codebook.bucket(codebook.index(word));
  const std::uint8_t* bytes = codebook.bytes(codebook.index(word));
  std::vector<double> codewords(levels);
  plan.kernels.codewords(bits, &word, 1, codewords.data(), levels);
  std::vector<std::uint8_t> codes(d);
  std::size_t worst[2] = {};
  double most[2] = {-1e9, -1e9};
  for (std::size_t k = bucket.without_first ? 1 : 0; k < levels - (bucket.without_last ? 1 : 0); ++k)
    for (const int sign : {0, 1}) {
      const int m = bits == 1 ? 255 * static_cast<int>(k) : bytes[k];
      const double e =
          codewords[k] - (static_cast<double>(bucket.centre) + static_cast<double>(bucket.scale) * (m - 127.5));
      if ((sign == 0 ? e : -e) > most[sign]) most[sign] = sign == 0 ? e : -e, worst[sign] = k;
    }
  for (std::size_t j = 0; j < d; ++j)
    codes[j] = static_cast<std::uint8_t>(kind == 2 ? integers.below(levels) : worst[(w[j] < 0) != (kind == 1) ? 1 : 0]);
  constexpr float norms[] = {1, 0.37f, 0x1p-50f, 0x1p50f};
  Row row{word, norms[integers.below(4)], std::vector<std::uint8_t>(plan.code_bytes)};
  plan.kernels.pack(bits, codes.data(), d, row.packed.data());
  return row;
}

// score.hpp's sum, and the same with no rounding that counts.
struct Sums {
  float computed;
  long double exact;
};
Sums sums_of(const detail::CodecPlan& plan, const RotatedVector& query, const Row& row) {
  const std::size_t d = query.w.size();
  detail::Aligned<float> table(plan.scheme->table_floats()), codewords(d);
  plan.scheme->score_tables(&row.word, 1, table.get());
  Sums sums{};
  const std::uint8_t* packed = row.packed.data();
  plan.scheme->score_sums({plan.made_with.bits, d, plan.code_bytes, query.placed.get(), 1, &packed, packed, 1,
                           table.get(), &sums.computed, 1});
  const auto scratch = plan.scheme->scratch();
  plan.scheme->begin_reconstruct(&row.word, 1, *scratch);
  plan.scheme->reconstruct(0, packed, *scratch, codewords.get());
  for (std::size_t j = 0; j < d; ++j)
    sums.exact += static_cast<long double>(query.w[j]) * static_cast<long double>(codewords.get()[j]);
  return sums;
}

float score_of(Metric metric, float sum, float norm, std::size_t d, const detail::RotatedQuery& q) {
  const double rho = static_cast<double>(norm),
               p = static_cast<double>(sum) * (rho / static_cast<double>(d)) * std::ldexp(1.0, q.exponent);
  if (metric == Metric::inner_product) return static_cast<float>(p);
  if (metric == Metric::squared_distance) return static_cast<float>(q.square + rho * rho - 2 * p);
  return static_cast<float>(static_cast<double>(sum) * q.cosine);
}

void check_bounds(const detail::CodecPlan& plan, const RotatedVector& query, std::span<const Row> rows) {
  const std::size_t d = query.w.size();
  float norms[detail::byte_rows], upper[detail::byte_rows];
  const std::uint8_t* codes[detail::byte_rows];
  std::uint32_t words[detail::byte_rows];
  for (std::size_t i = 0; i < rows.size(); ++i)
    norms[i] = rows[i].norm, codes[i] = rows[i].packed.data(), words[i] = rows[i].word;
  for (const Metric metric : metrics) {
    const detail::ByteFilter filter(plan, metric, {query.query});
    // 127.5 times what a step leaves of a coordinate.
    const float largest = std::abs(*std::ranges::max_element(query.w, {}, [](float v) { return std::abs(v); }));
    const double coarse = filter.planes() == 2
                              ? 1.5
                              : 127.5 * static_cast<double>(largest) / plan.kernels.plane_steps(plan.made_with.bits);
    detail::ByteRows tile;
    detail::Aligned<std::uint8_t> scratch(filter.scratch_bytes());
    filter.load(norms, codes, words, rows.size(), codes[0], scratch.get(), tile);
    std::int32_t sums_of_bytes[detail::byte_rows] = {};
    filter.sum(0, 1, tile, sums_of_bytes);
    filter.bounds(0, tile, sums_of_bytes, upper);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Sums sums = sums_of(plan, query, rows[i]);
      const float score = score_of(metric, sums.computed, norms[i], d, query.query);
      ASSERT_FALSE(upper[i] < filter.threshold(0, static_cast<double>(score)))
          << metric_name(metric) << ", " << plan.made_with.bits << " bits, order " << d << ", word " << words[i]
          << ", norm " << norms[i];
      if ((tile.unbounded >> i & 1) != 0 || metric != Metric::inner_product) continue;
      ASSERT_GE(static_cast<long double>(upper[i]), sums.exact * static_cast<long double>(norms[i]));
      // Not idle: a score farther than twice the error is told apart.
      const double error =
          (static_cast<double>(tile.codeword_error[i]) * 1.5 + static_cast<double>(tile.scale[i]) * coarse) *
          static_cast<double>(d);
      const float far = score_of(metric, sums.computed + static_cast<float>(2.1 * error), norms[i], d, query.query);
      ASSERT_LT(upper[i], filter.threshold(0, static_cast<double>(far)))
          << plan.made_with.bits << " bits, order " << d << ", word " << words[i];
    }
  }
}

// The same for a step: of each coordinate the code, of some in range, whose byte is farthest off by the sign of its query; kind 2: any.
Row unlucky_stepped_row(const detail::CodecPlan& plan, const std::vector<float>& w, std::uint32_t word, int kind,
                        test::Integers& integers) {
  const Step step(plan.made_with.step);
  const detail::ByteStep of(step);
  const int middle = 1 << step.raw_bits() >> 1, most = static_cast<int>(4.5f / step.value());
  std::vector<std::int16_t> codes(w.size());
  std::vector<double> worst(w.size(), -1e9);
  for (int i = -std::min(most, 12); i <= std::min(most, 12); ++i) {
    const auto k = static_cast<std::int16_t>(middle + (most <= 12 ? i : i * most / 12));
    const SteppedRow row(step, word, std::vector<std::int16_t>(w.size(), k));
    for (std::size_t j = 0; j < w.size(); ++j) {
      const double e = static_cast<double>(row.z[j]) - static_cast<double>(of.bucket.scale) * (row.bytes[j] - 127.5);
      const double off = kind == 2 ? static_cast<double>(integers.below(1000)) : (w[j] < 0) != (kind == 1) ? -e : e;
      if (row.in_range && off > worst[j]) worst[j] = off, codes[j] = k;
    }
  }
  constexpr float norms[] = {1, 0.37f, 0x1p-50f, 0x1p50f};
  Row row{word, norms[integers.below(4)], std::vector<std::uint8_t>(plan.code_bytes)};
  std::memcpy(row.packed.data(), codes.data(), row.packed.size());
  return row;
}

TEST(StepBounds, HoldOfEveryRow) {
  test::Integers integers(11);
  std::vector<std::uint32_t> words = {0, 0xFFFFFFFF, 0x7FFF0000, 0x61C88647};
  for (const float value : {0.0123f, 0.125f, 1.0f, 16.0f})
    for (const std::size_t d : {64u, 112u, 768u})
      for (const Isa isa : test::supported_isas()) {
        if (isa == Isa::scalar && d > 256) continue;
        const Codec codec(d, Step(value), 0, {isa, 1});
        if (!detail::ByteFilter::serves(*codec.plan())) continue;
        for (const char* kind : {"flat", "signs", "peak", "dyadic"}) {
          const RotatedVector query(coordinates(kind, d), static_cast<int>(integers.below(81)) - 40);
          std::vector<Row> rows;
          for (const std::uint32_t word : words)
            for (const int row_kind : {0, 1, 2})
              rows.push_back(unlucky_stepped_row(*codec.plan(), query.w, word, row_kind, integers));
          check_bounds(*codec.plan(), query, rows);
        }
      }
}

class Bounds : public ::testing::TestWithParam<int> {};
TEST_P(Bounds, HoldOfEveryRow) {
  const int bits = GetParam();
  const ByteCodebook& codebook = byte_codebook(bits);
  const std::size_t last = codebook.buckets() - 1;
  std::vector<std::uint32_t> words;
  for (const std::size_t index :
       {std::size_t{0}, std::size_t{1}, last / 16, last / 5, last / 2, last / 2 + 1, last - last / 7, last - 1, last})
    for (const std::uint32_t word : {codebook.first_word(index), codebook.last_word(index)}) words.push_back(word);
  test::Integers integers(static_cast<std::uint64_t>(bits));
  for (const std::size_t d : {64u, 80u, 112u, 256u, 768u, 2048u})
    for (const Isa isa : test::supported_isas()) {
      if (isa == Isa::scalar && d > 256) continue;
      const Codec codec(d, bits, 0, {isa, 1});
      for (const char* kind : {"flat", "signs", "peak", "dyadic"}) {
        const RotatedVector query(coordinates(kind, d), static_cast<int>(integers.below(81)) - 40);
        std::vector<Row> rows;
        for (const std::uint32_t word : words)
          for (const int row_kind : {0, 1, 2})
            rows.push_back(unlucky_row(*codec.plan(), query.w, word, row_kind, integers));
        for (std::size_t first = 0; first < rows.size(); first += 13)
          check_bounds(*codec.plan(), query,
                       std::span(rows).subspan(first, std::min<std::size_t>(13, rows.size() - first)));
      }
    }
}
INSTANTIATE_TEST_SUITE_P(OfBits, Bounds, ::testing::ValuesIn(filtered_bits));

// One plane unless it would be too coarse, as for a query that is nearly one coordinate alone.
TEST(ByteFilter, TakesOnePlaneWhereItServes) {
  const auto planes = [](std::size_t d, int bits, const char* kind) {
    const Codec codec(d, bits);
    const RotatedVector query(coordinates(kind, d), 0);
    return detail::ByteFilter(*codec.plan(), Metric::inner_product, {query.query}).planes();
  };
  for (const int bits : filtered_bits) {
    EXPECT_EQ(planes(256, bits, "flat"), 1) << bits << " bits";
    EXPECT_EQ(planes(2048, bits, "peak"), bits == 1 ? 1 : 2) << bits << " bits";
  }
}

// A code that is left out is seen wherever it stands.
TEST(ByteFilter, SeesAnEndAnywhere) {
  for (const int bits : {2, 4, 8})
    for (const Isa isa : test::supported_isas()) {
      const detail::Kernels& kernels = detail::kernels(isa);
      constexpr std::size_t count = 1056;
      for (const bool last : {false, true}) {
        std::vector<std::uint8_t> codes(count, static_cast<std::uint8_t>((1 << bits) / 2)),
            packed(count * static_cast<std::size_t>(bits) / 8);
        for (std::size_t at = 0; at <= count; at += at > 600 && at + 40 < count ? 37 : 1) {
          if (at < count) codes[at] = static_cast<std::uint8_t>(last ? (1 << bits) - 1 : 0);
          kernels.pack(bits, codes.data(), count, packed.data());
          for (const int ask : {0, 1, 2, 3})
            ASSERT_EQ(kernels.has_end(bits, packed.data(), packed.size(), (ask & 1) != 0, (ask & 2) != 0),
                      at < count && (ask & (last ? 2 : 1)) != 0)
                << bits << " bits at " << at << ", asked for " << ask;
          if (at < count) codes[at] = static_cast<std::uint8_t>((1 << bits) / 2);
        }
      }
    }
}

// Codes that straddle bytes are looked up each, an end is seen wherever it stands, and nothing outside the row is read.
TEST(ByteFilter, ExpandsCodesThatStraddle) {
  for (const int bits : {3, 5, 6, 7})
    for (const std::size_t count : {8u, 32u, 64u, 80u, 112u, 200u}) {
      const int levels = 1 << bits;
      test::Integers integers(count);
      using Side = test::Guarded<std::uint8_t>::Side;
      const std::size_t size = count * static_cast<std::size_t>(bits) / 8;
      const test::Guarded<std::uint8_t> end(size, Side::end), begin(size, Side::begin);
      detail::Aligned<std::uint8_t> table(256), bytes((count + 63) / 64 * 64);
      std::fill_n(table.get(), 256, std::uint8_t{0});
      for (int k = 0; k < levels; ++k) table.get()[k] = static_cast<std::uint8_t>(integers.next());
      std::vector<std::uint8_t> codes(count);
      for (std::uint8_t& code : codes)
        code = static_cast<std::uint8_t>(1 + integers.below(static_cast<std::uint64_t>(levels) - 2));
      for (std::size_t at = 0; at <= count; ++at)
        for (const bool last : {false, true}) {
          const std::uint8_t before = at < count ? codes[at] : std::uint8_t{0};
          if (at < count) codes[at] = static_cast<std::uint8_t>(last ? levels - 1 : 0);
          detail::kernels(Isa::scalar).pack(bits, codes.data(), count, end.data());
          std::copy_n(end.data(), size, begin.data());
          for (const Isa isa : test::supported_isas())
            for (const unsigned ask : {0u, 1u, 2u, 3u}) {
              const std::uint8_t* row = ask % 2 == 0 ? end.data() : begin.data();
              const bool clear = detail::kernels(isa).code_bytes(
                  {bits, count, row, table.get(), row, (ask & 1) != 0, (ask & 2) != 0, bytes.get()});
              ASSERT_EQ(clear, at == count || (ask & (last ? 2 : 1)) == 0)
                  << bits << " bits at " << at << " of " << count;
              for (std::size_t j = 0; j < count; ++j) ASSERT_EQ(bytes.get()[j], table.get()[codes[j]]) << isa_name(isa);
            }
          if (at < count) codes[at] = before;
        }
    }
}

// Nothing outside the rows' bytes is read, and sums are the same on every instruction set.
TEST(ByteFilter, ReadsItsRowsAlone) {
  struct Shape {
    int bits, planes;
  };
  for (const auto [bits, planes] : {Shape{1, 1},
                                    {2, 1},
                                    {2, 2},
                                    {4, 1},
                                    {4, 2},
                                    {8, 1},
                                    {8, 2},
                                    {detail::expanded_bytes, 1},
                                    {detail::expanded_bytes, 2}})
    for (const std::size_t code_bytes : {8u, 12u, 16u, 17u, 32u, 64u, 72u, 130u}) {
      test::Guarded<std::uint8_t> end(code_bytes, test::Guarded<std::uint8_t>::Side::end),
          begin(code_bytes, test::Guarded<std::uint8_t>::Side::begin);
      test::Integers integers(code_bytes);
      for (std::size_t i = 0; i < code_bytes; ++i)
        end.data()[i] = begin.data()[i] = static_cast<std::uint8_t>(integers.next());
      constexpr std::size_t queries = 5;
      const std::size_t size = detail::byte_query_size(bits, planes, code_bytes),
                        of_chunk = detail::byte_query_size(bits, planes, detail::byte_chunk);
      detail::Aligned<std::int8_t> p(queries * size);
      detail::Aligned<std::uint8_t> table(256),
          expanded(detail::byte_rows * detail::byte_expanded_size(bits, code_bytes));
      for (std::size_t i = 0; i < queries * size; ++i) {
        const int value =
            bits == 1 ? static_cast<int>(integers.below(255)) - 127 : static_cast<int>(integers.below(129)) - 64;
        const std::size_t byte = i % size / of_chunk * detail::byte_chunk + i % detail::byte_chunk;
        p.get()[i] = static_cast<std::int8_t>(byte < code_bytes ? value : 0);
      }
      for (std::size_t i = 0; i < 256; ++i) table.get()[i] = static_cast<std::uint8_t>(integers.next());
      std::vector<const std::uint8_t*> rows, tables(7, table.get());
      for (std::size_t i = 0; i < 7; ++i) {
        std::uint8_t* own = expanded.get() + i * detail::byte_expanded_size(bits, code_bytes);
        if (bits == detail::expanded_bytes) std::copy_n(end.data(), code_bytes, own);
        rows.push_back(bits == detail::expanded_bytes ? own : i % 2 == 0 ? end.data() : begin.data());
      }
      const auto sums_on = [&, bits = bits, planes = planes](Isa isa, std::size_t first, std::size_t count) {
        std::vector<std::int32_t> sums(count * detail::byte_rows);
        detail::kernels(isa).byte_sums({bits, planes, code_bytes, p.get() + first * size, count, expanded.get(), 7,
                                        rows.data(), tables.data(), rows[0], sums.data()});
        return sums;
      };
      const std::vector<std::int32_t> expected = sums_on(Isa::scalar, 0, queries);
      for (const Isa isa : test::supported_isas())
        for (std::size_t query = 0; query < queries; ++query)
          for (std::size_t i = 0; i < 7; ++i) {
            EXPECT_EQ(sums_on(isa, 0, queries)[query * detail::byte_rows + i], expected[query * detail::byte_rows])
                << bits << " bits on " << isa_name(isa);
            EXPECT_EQ(sums_on(isa, query, 1)[i], expected[query * detail::byte_rows])
                << bits << " bits alone on " << isa_name(isa);
          }
    }
}

// ---- searches ----

struct Data {
  Codec codec;
  std::vector<float> q, norms;
  std::vector<std::uint8_t> codes;
  EncodedView rows(std::uint64_t first_row = 0) const { return {norms, codes, first_row}; }
  RowsView<const float> queries() const { return {q.data(), q.size() / codec.dimension(), codec.dimension()}; }
};

// kind 0: as they come; 1: rows near each other, so that scores differ by roundings; 2: zeros, huge and subnormal rows among them.
Data data_of(const Codec& codec, std::size_t rows, std::size_t queries, int kind) {
  const std::size_t n = codec.dimension();
  Data d{codec, test::dyadics(queries * n, 8), std::vector<float>(rows), {}};
  std::vector<float> x = test::dyadics(rows * n, 9);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t row = i / n;
    if (kind == 1) x[i] = x[i % n] + 0x1p-18f * x[i];
    if (kind == 2) x[i] *= row % 5 == 1 ? 0.0f : row % 7 == 2 ? 0x1p42f : row % 11 == 3 ? 0x1p-130f : 1.0f;
  }
  std::fill_n(d.q.begin() + static_cast<std::ptrdiff_t>(n), n,
              0.0f);  // query 0 as it comes; 1 one-hot; 2 zero; 3 constant
  d.q[n + n / 3] = 3;
  std::fill_n(d.q.begin() + static_cast<std::ptrdiff_t>(2 * n), n, 0.0f);
  std::fill_n(d.q.begin() + static_cast<std::ptrdiff_t>(3 * n), n, -0.1f);
  d.codes.resize(rows * d.codec.code_bytes());
  d.codec.encode(RowsView<const float>(x.data(), rows, n), EncodedBuffer(d.norms, d.codes, 0));
  return d;
}

Data data(std::size_t n, int bits, std::size_t rows, std::size_t queries, int kind, CodecOptions options = {}) {
  return data_of(Codec(n, bits, 3, options), rows, queries, kind);
}

void expect_same(const Data& d, Metric metric, std::size_t k) {
  const Scorer scorer(d.codec, d.queries());
  SearchStatistics with, without;
  const std::vector<Neighbour> expected = search(scorer, metric, d.rows(), k, {false, &without});
  ASSERT_EQ(search(scorer, metric, d.rows(), k, {true, &with}), expected)
      << metric_name(metric) << ", " << d.codec.plan()->made_with.bits << " bits, dimension " << d.codec.dimension()
      << ", k " << k;
  EXPECT_EQ(without.verified, without.scanned);
  EXPECT_EQ(with.scanned, d.norms.size() * d.queries().rows());
  EXPECT_EQ(without.scanned, with.scanned);
  EXPECT_LE(with.verified, with.scanned);
}

TEST(SearchFilter, FindsWhatIsFoundWithout) {
  for (int bits = 1; bits <= 8; ++bits)
    for (const std::size_t n : {8u, 75u, 192u, 320u})
      for (const int kind : {0, 1, 2}) {
        const Data d = data(n, bits, 150, 5, kind);
        for (const Metric metric : metrics)
          for (const std::size_t k : {1u, 9u, 150u}) expect_same(d, metric, k);
      }
}

TEST(SearchFilter, FindsWhatIsFoundWithoutAmongSteps) {
  for (const float step : {0x1p-10f, 0.0123f, 0.2f, 1.0f, 16.0f})
    for (const std::size_t n : {8u, 75u, 192u, 320u})
      for (const int kind : {0, 1, 2}) {
        const Data d = data_of(Codec(n, Step(step), 3), 150, 5, kind);
        for (const Metric metric : metrics)
          for (const std::size_t k : {1u, 9u, 150u}) expect_same(d, metric, k);
      }
  for (const Isa isa : test::supported_isas())
    for (const int threads : {1, 3})
      expect_same(data_of(Codec(256, Step(0.6f), 3, {isa, threads}), 1025, 17, 0), Metric::squared_distance, 10);
}

TEST(SearchFilter, FindsItOnEveryInstructionSetAndThread) {
  for (const Isa isa : test::supported_isas())
    for (const int threads : {1, 3})
      for (const int bits : {1, 2, 4, 8})
        expect_same(data(256, bits, 1025, 17, 0, {isa, threads}), Metric::squared_distance, 10);
}

// All rows have one word: its codebook in bytes is made for it.
TEST(SearchFilter, SearchesRowsOfASharedDither) {
  for (const int bits : filtered_bits) {
    Data d = data(256, bits, 300, 4, 0);
    d.codec = Codec(256, bits, Dither::shared, 3);
    d.codec.encode({test::dyadics(300 * 256, 9).data(), 300, 256}, EncodedBuffer(d.norms, d.codes, 0));
    for (const Metric metric : metrics) expect_same(d, metric, 10);
  }
}

// The distance of a far query is rounded so that many rows tie: rows decide.
TEST(SearchFilter, TiesAreInOrderOfRows) {
  Data d = data(256, 4, 700, 4, 0);
  for (float& v : d.q) v *= 0x1p20f;
  expect_same(d, Metric::squared_distance, 40);
  const std::vector<Neighbour> found = search(Scorer(d.codec, d.queries()), Metric::squared_distance, d.rows(), 40);
  std::size_t ties = 0;
  for (std::size_t i = 1; i < found.size(); ++i) ties += found[i].score == found[i - 1].score ? 1u : 0u;
  EXPECT_GT(ties, 20u);
}

// Most rows of ordinary data are not scored: smallest of all where bytes are coarsest.
TEST(SearchFilter, LeavesMostRowsUnscored) {
  for (const int bits : filtered_bits) {
    Data d = data(1024, bits, 2000, 4, 0);
    if (!detail::ByteFilter::serves(*d.codec.plan())) continue;
    d.q.resize(1024);
    SearchStatistics statistics;
    search(Scorer(d.codec, d.queries()), Metric::inner_product, d.rows(), 5, {true, &statistics});
    EXPECT_LT(statistics.verified, 500u) << bits << " bits";
    EXPECT_EQ(statistics.scanned, 2000u);
  }
  for (const float step : {0.125f, 1.0f, 16.0f}) {
    Data d = data_of(Codec(1024, Step(step), 3), 2000, 4, 0);
    if (!detail::ByteFilter::serves(*d.codec.plan())) continue;
    d.q.resize(1024);
    SearchStatistics statistics;
    search(Scorer(d.codec, d.queries()), Metric::inner_product, d.rows(), 5, {true, &statistics});
    EXPECT_LT(statistics.verified, 500u) << "step " << step;
  }
}

TEST(SearchFilter, SearchesLists) {
  const Data d = data(192, 4, 900, 5, 2);
  const Scorer scorer(d.codec, d.queries());
  std::vector<std::size_t> list, odd;
  for (std::size_t row = 0; row < 900; ++row) (row % 2 == 0 ? list : odd).push_back(899 - row);
  for (const Metric metric : metrics) {
    std::vector<float> scores(5 * list.size());
    scorer.score_list(metric, d.rows(), list, {scores.data(), 5, list.size()});
    for (const bool filter : {false, true}) {
      const std::vector<Neighbour> found = search(scorer, metric, d.rows(), list, 20, {filter});
      for (std::size_t query = 0; query < 5; ++query) {
        std::vector<Neighbour> all;
        for (std::size_t i = 0; i < list.size(); ++i)
          all.push_back({list[i], static_cast<double>(scores[query * list.size() + i])});
        std::ranges::sort(all, [&](const Neighbour& a, const Neighbour& b) { return ranks_before(metric, a, b); });
        for (std::size_t i = 0; i < 20; ++i)
          ASSERT_EQ(found[query * 20 + i], all[i]) << metric_name(metric) << " " << filter;
      }
    }
  }
  const std::vector<std::size_t> beyond = {3, 900};
  EXPECT_THROW(search(scorer, Metric::cosine, d.rows(), beyond, 1), InvalidArgument);
  EXPECT_THROW(search(scorer, Metric::cosine, d.rows(), list, list.size() + 1), InvalidArgument);
}

TEST(SearchFilter, SearchesCentredFiles) {
  const hdq::testing::TemporaryDirectory directory;
  const Data d = data(96, 4, 500, 4, 0);
  std::vector<float> mean(96, 2.5f);
  FileHeader header = FileHeader::make(d.codec, 500);
  header.rows_per_block = 64;
  FileWriter writer(directory / "centred.hdq", header, mean);
  writer.append(d.rows());
  writer.commit();
  const FileReader file(directory / "centred.hdq");
  const Scorer scorer(d.codec, d.queries(), file.mean());
  for (const Metric metric : {Metric::inner_product, Metric::squared_distance}) {
    SearchStatistics statistics;
    EXPECT_EQ(search(scorer, metric, file, 7, {}, {true, &statistics}), search(scorer, metric, file, 7, {}, {false}));
    EXPECT_EQ(statistics.scanned, 2000u);
    EXPECT_EQ(statistics.verified < 2000u, detail::ByteFilter::serves(*d.codec.plan()));
  }
}

// what() of what a search throws.
std::string refusal(const Scorer& scorer, Metric metric, const EncodedView& rows, bool filter) {
  try {
    search(scorer, metric, rows, 3, {filter});
  } catch (const InvalidInput& e) {
    return std::to_string(e.row) + ": " + e.what();
  }
  return "none";
}

TEST(SearchFilter, RefusesWhatIsRefusedWithout) {
  for (const float norm :
       {-1.0f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 3e38f, 0x1p51f})
    for (const std::size_t at : {0u, 17u, 99u}) {
      Data d = data(128, 4, 100, 4, 0);
      d.norms[at] = norm;
      for (const float scale : {0x1p25f, -0x1p25f}) {  // with a norm of 2^51, no score is too large
        Data one = d;
        one.q.resize(128);
        for (float& v : one.q) v *= scale;
        const Scorer scorer(one.codec, one.queries());
        const std::string expected = refusal(scorer, Metric::inner_product, d.rows(), false);
        EXPECT_EQ(refusal(scorer, Metric::inner_product, d.rows(), true), expected);
        EXPECT_EQ(expected == "none", norm == 0x1p51f) << expected;
      }
    }
  // Queries so long that rows of ordinary norms have scores that float32 cannot hold.
  Data d = data(128, 4, 100, 4, 0);
  for (float& v : d.q) v *= 0x1p118f;
  for (float& v : d.norms) v *= 0x1p20f;
  const Scorer scorer(d.codec, d.queries());
  const std::string expected = refusal(scorer, Metric::squared_distance, d.rows(), false);
  EXPECT_NE(expected, "none");
  EXPECT_EQ(refusal(scorer, Metric::squared_distance, d.rows(), true), expected);
}

// The first error in order of rows is one of the second query, and the first of the first query comes when rows may already wait.
TEST(SearchFilter, RefusesFirstWhatIsRefusedFirst) {
  Data d = data(128, 4, 160, 4, 0);
  d.q.resize(256);
  for (std::size_t i = 0; i < 128; ++i) d.q[128 + i] = d.q[i] * 0x1p30f;
  d.norms[70] = 0x1p100f;
  d.norms[110] = 0x1p127f;
  const Scorer scorer(d.codec, d.queries());
  const std::string expected = refusal(scorer, Metric::inner_product, d.rows(), false);
  EXPECT_EQ(refusal(scorer, Metric::inner_product, d.rows(), true), expected);
  EXPECT_NE(expected.find("query 1"), std::string::npos) << expected;
  d.q.resize(128);
  EXPECT_NE(refusal(Scorer(d.codec, d.queries()), Metric::inner_product, d.rows(), true).find("query 0"),
            std::string::npos);
}

}  // namespace
