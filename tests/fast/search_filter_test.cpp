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
constexpr int filtered_bits[] = {1, 2, 4, 8};

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

// score.hpp's sum, and the same with codewords in double and no rounding that counts.
struct Sums {
  float computed;
  long double exact;
};
Sums sums_of(const detail::CodecPlan& plan, const RotatedVector& query, const Row& row) {
  const int bits = plan.made_with.bits;
  const std::size_t levels = std::size_t{1} << bits, d = query.w.size();
  detail::Aligned<float> table(levels);
  plan.kernels.codewords32(bits, &row.word, 1, table.get());
  Sums sums{};
  const std::uint8_t* packed = row.packed.data();
  plan.kernels.score_sums(
      {bits, d, plan.code_bytes, query.placed.get(), 1, &packed, packed, 1, table.get(), &sums.computed, 1});
  std::vector<double> codewords(levels);
  plan.kernels.codewords(bits, &row.word, 1, codewords.data(), levels);
  std::vector<std::uint8_t> codes(d);
  plan.kernels.unpack(bits, packed, d, codes.data());
  for (std::size_t j = 0; j < d; ++j)
    sums.exact += static_cast<long double>(query.w[j]) * static_cast<long double>(codewords[codes[j]]);
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
      if (!tile.bounded[i] || metric != Metric::inner_product) continue;
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

// Nothing outside the rows' bytes is read, and sums are the same on every instruction set.
TEST(ByteFilter, ReadsItsRowsAlone) {
  struct Shape {
    int bits, planes;
  };
  for (const auto [bits, planes] : {Shape{1, 1}, {2, 1}, {2, 2}, {4, 1}, {4, 2}, {8, 1}, {8, 2}})
    for (const std::size_t code_bytes : {8u, 12u, 64u, 72u, 130u}) {
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
      for (int i = 0; i < 7; ++i) rows.push_back(i % 2 == 0 ? end.data() : begin.data());
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
Data data(std::size_t n, int bits, std::size_t rows, std::size_t queries, int kind, CodecOptions options = {}) {
  Data d{Codec(n, bits, 3, options), test::dyadics(queries * n, 8), std::vector<float>(rows), {}};
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

void expect_same(const Data& d, Metric metric, std::size_t k) {
  const Scorer scorer(d.codec, d.queries());
  SearchStatistics with, without;
  const std::vector<Neighbour> expected = search(scorer, metric, d.rows(), k, {false, &without});
  ASSERT_EQ(search(scorer, metric, d.rows(), k, {true, &with}), expected)
      << metric_name(metric) << ", " << d.codec.bits() << " bits, dimension " << d.codec.dimension() << ", k " << k;
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

}  // namespace
