// SPEC §8: attention over codes. The stages against the scorer, against real arithmetic on what the codec decodes, and against each other.
#include "hdq/attention.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include "file_error.hpp"
#include "hdq/score.hpp"
#include "temporary_directory.hpp"
#include "test_support.hpp"

namespace {

using namespace hdq;
using hdq::testing::error_of;
using test::dyadics, test::same_bytes;

constexpr double u = 0x1p-24;

struct Inputs {
  std::vector<float> keys, values, q;
};

// Rows of many sizes, some of them zero, one-hot or constant.
Inputs inputs(const AttentionShape& shape, std::size_t tokens) {
  const std::size_t n = shape.head_dimension, rows = tokens * shape.kv_heads;
  Inputs in{dyadics(rows * n, 1), dyadics(rows * n, 2), dyadics(shape.query_heads * n, 3)};
  for (std::vector<float>* x : {&in.keys, &in.values})
    for (std::size_t row = 0; row < rows; ++row) {
      float* at = x->data() + row * n;
      if (row % 11 == 3) std::fill_n(at, n, 0.0f);
      if (row % 11 == 7) std::fill_n(at, n, -3.5f);
      if (row % 11 == 5) {
        std::fill_n(at, n, 0.0f);
        at[row % n] = 4;
      }
    }
  return in;
}

void append(KeyValueCache& cache, const Inputs& in, std::size_t first, std::size_t last) {
  const AttentionShape& s = cache.shape();
  const std::size_t at = first * s.kv_heads * s.head_dimension, rows = (last - first) * s.kv_heads;
  cache.append(RowsView<const float>(in.keys.data() + at, rows, s.head_dimension),
               RowsView<const float>(in.values.data() + at, rows, s.head_dimension));
}
KeyValueCache filled(const AttentionShape& shape, KeyValueCoding keys, KeyValueCoding values, const Inputs& in,
                     std::size_t tokens, const KeyValueCacheOptions& options = {},
                     const KeyValueCacheThreads& threads = {}) {
  KeyValueCache cache(shape, keys, values, options, threads);
  append(cache, in, 0, tokens / 2);
  append(cache, in, tokens / 2, tokens);
  return cache;
}

std::vector<float> scores(KeyValueCache& cache, const std::vector<float>& q) {
  std::vector<float> out(cache.shape().query_heads * cache.tokens());
  cache.scores({q.data(), cache.shape().query_heads, cache.shape().head_dimension},
               {out.data(), cache.shape().query_heads, cache.tokens()});
  return out;
}
std::vector<float> softmax(const KeyValueCache& cache, const std::vector<float>& s) {
  std::vector<float> out(s.size());
  cache.softmax(RowsView<const float>(s.data(), cache.shape().query_heads, cache.tokens()),
                {out.data(), cache.shape().query_heads, cache.tokens()});
  return out;
}
std::vector<float> weighted(KeyValueCache& cache, const std::vector<float>& p) {
  std::vector<float> out(cache.shape().query_heads * cache.shape().head_dimension);
  cache.weighted_sum({p.data(), cache.shape().query_heads, cache.tokens()},
                     {out.data(), cache.shape().query_heads, cache.shape().head_dimension});
  return out;
}
std::vector<float> attended(KeyValueCache& cache, const std::vector<float>& q) {
  const std::size_t n = cache.shape().head_dimension;
  std::vector<float> out(q.size());
  cache.attend({q.data(), q.size() / n, n}, {out.data(), q.size() / n, n});
  return out;
}
std::vector<float> decoded(const KeyValueCache& cache, bool keys) {
  const std::size_t n = cache.shape().head_dimension, rows = cache.tokens() * cache.shape().kv_heads;
  std::vector<float> out(rows * n);
  if (keys)
    cache.decode_keys({out.data(), rows, n});
  else
    cache.decode_values({out.data(), rows, n});
  return out;
}

struct Case {
  AttentionShape shape;
  KeyValueCoding keys, values;
};
// Every way through the kernels: groups of 1, 3, 4, 5 and 8 queries; orders that are and are not a multiple of 128; all bits; steps.
const std::vector<Case>& cases() {
  static const std::vector<Case> all = {{{64, 2, 8}, 4, 2},
                                        {{80, 1, 5}, 3, 1},
                                        {{96, 2, 2}, 2, 5},
                                        {{112, 1, 1}, 8, 6},
                                        {{128, 2, 8}, 4, 4},
                                        {{256, 1, 3}, 1, 3},
                                        {{128, 1, 8}, 5, 7},
                                        {{100, 3, 3}, 6, 8},
                                        {{128, 2, 8}, 2, 3},
                                        {{200, 1, 4}, 7, Step(0.75f)},
                                        {{64, 2, 2}, Step(1.5f), Step(0.0625f)}};
  return all;
}
constexpr std::size_t many = 300;  // more than a chunk, and no multiple of a tile

// ---- row numbers and seeds, of a cache that wraps around ----

TEST(Attention, RowsAreTheCodecsOfTheirNumbers) {
  for (const auto& [window, sinks] : {std::pair(std::size_t{0}, std::size_t{0}), {5, 0}, {5, 3}, {40, 3}}) {
    const AttentionShape shape{80, 3, 3};
    const std::size_t tokens = 33, n = 80, row = 3 * n;
    const Inputs in = inputs(shape, tokens);
    const KeyValueCache cache =
        filled(shape, 3, Step(1), in, tokens, {.seed = 9, .window = window, .sinks = sinks, .first_token = 1000});
    const std::size_t kept = window == 0 ? tokens : std::min(tokens, window + sinks);
    ASSERT_EQ(cache.tokens(), kept);
    ASSERT_EQ(cache.next_token(), 1000 + tokens);
    const Codec keys(n, 3, 9), values(n, Step(1), 9 ^ std::uint64_t{1} << 63);
    const std::vector<float> k = decoded(cache, true), v = decoded(cache, false);
    for (std::size_t i = 0; i < kept; ++i) {
      const std::size_t t = i < sinks ? i : tokens - kept + i;
      ASSERT_EQ(cache.token(i), 1000 + t);
      std::vector<float> expected(row);
      keys.decode(keys.encode(RowsView<const float>(in.keys.data() + t * row, 3, n), (1000 + t) * 3),
                  {expected.data(), 3, n});
      ASSERT_TRUE(same_bytes(expected.data(), k.data() + i * row, row)) << window << ' ' << i;
      values.decode(values.encode(RowsView<const float>(in.values.data() + t * row, 3, n), (1000 + t) * 3),
                    {expected.data(), 3, n});
      ASSERT_TRUE(same_bytes(expected.data(), v.data() + i * row, row)) << window << ' ' << i;
    }
  }
}

// ---- scores: with scale 1 bit for bit the scorer's ----

TEST(Attention, ScoresAreTheScorers) {
  for (const Case& c : cases()) {
    const std::size_t n = c.shape.head_dimension, heads = c.shape.kv_heads, tokens = 37,
                      group = c.shape.query_heads / heads;
    const Inputs in = inputs(c.shape, tokens);
    KeyValueCache cache = filled(c.shape, c.keys, c.values, in, tokens, {.seed = 4, .scale = 1.0});
    const std::vector<float> s = scores(cache, in.q);
    const EncodedRows rows = cache.key_codec().encode(RowsView<const float>(in.keys.data(), tokens * heads, n), 0);
    const Scorer scorer(cache.key_codec(), {in.q.data(), c.shape.query_heads, n});
    for (std::size_t g = 0; g < c.shape.query_heads; ++g)
      for (std::size_t i = 0; i < tokens; ++i)
        ASSERT_EQ(s[g * tokens + i],
                  scorer.score_row(Metric::inner_product, g, rows.view().slice(i * heads + g / group, 1)))
            << n << ' ' << g << ' ' << i;
  }
}

TEST(Attention, TheScaleIsOneOverTheRootOfTheDimension) {
  const AttentionShape shape{64};
  const Inputs in = inputs(shape, 9);
  KeyValueCache one = filled(shape, 4, 4, in, 9, {.scale = 1.0}), usual = filled(shape, 4, 4, in, 9);
  const std::vector<float> a = scores(one, in.q), b = scores(usual, in.q);
  for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(b[i], a[i] / 8) << i;
}

// ---- weighted sums against real arithmetic ----

// Hᵀ y in double, from the matrix.
std::vector<double> transposed(const HadamardOrder& order, const std::vector<double>& y) {
  const std::size_t block = std::size_t{1} << order.log2;
  std::vector<double> x(order.order);
  for (std::size_t i = 0; i < order.order; ++i)
    for (std::size_t j = 0; j < order.order; ++j) {
      const int sign = (__builtin_popcountll(i % block & j % block) % 2 != 0 ? -1 : 1) *
                       base_matrix_entry(order.base, static_cast<int>(j / block), static_cast<int>(i / block));
      x[i] += sign * y[j];
    }
  return x;
}

// ẑ of a row in double: within 2^-40 of the real codewords.
std::vector<double> codewords_of(const Codec& codec, std::uint64_t row, const std::uint8_t* codes) {
  const std::uint32_t word = dither_word(codec.seed(), row);
  std::vector<double> z(codec.order());
  if (codec.bits() != 0) {
    std::vector<double> table(std::size_t{1} << codec.bits());
    codewords(codec.bits(), word, table.data());
    std::vector<std::uint8_t> code(codec.order());
    unpack(codec.bits(), codes, codec.order(), code.data());
    for (std::size_t j = 0; j < z.size(); ++j) z[j] = table[code[j]];
  } else {
    const double h = std::ldexp(1.0, Step(codec.step()).raw_bits());
    for (std::size_t j = 0; j < z.size(); ++j) {
      std::int16_t k = 0;
      std::memcpy(&k, codes + 2 * j, 2);
      const std::uint32_t w = word + static_cast<std::uint32_t>(j) * 0x9E3779B9u;
      z[j] = static_cast<double>(codec.step()) * (k + 0.5 - h * ((w >> 9) + 0.5) * 0x1p-23);
    }
  }
  return z;
}

struct Exact {
  std::vector<double> value, bound;  // query_heads × n
};

// Σ p_i v̂_i, and how far the sum in floats may be from it: a product p_i·ρ_i·ẑ_ij passes at most 5 + 256 roundings of 2^-24 before the transform (of
// a_i, two of ẑ_ij, of each addition of its chunk, and the last to float32), and there s additions; sums in double are finer.
Exact exact_sum(const KeyValueCache& cache, const std::vector<float>& values, const std::vector<float>& p) {
  const AttentionShape& shape = cache.shape();
  const Codec& codec = cache.value_codec();
  const HadamardOrder order = hadamard_order(codec.dimension());
  const std::size_t n = shape.head_dimension, d = order.order, heads = shape.kv_heads, tokens = cache.tokens();
  const EncodedRows rows = codec.encode(RowsView<const float>(values.data(), tokens * heads, n), 0);
  std::vector<std::uint32_t> signs((d + 31) / 32);
  sign_bits(codec.seed(), d, signs.data());
  const int stages = order.base == 1 ? order.log2 : order.log2 + 1 + order.base / 4;
  Exact exact;
  for (std::size_t g = 0; g < shape.query_heads; ++g) {
    std::vector<double> sum(d), magnitude(d);
    for (std::size_t i = 0; i < tokens; ++i) {
      const std::size_t row = i * heads + g / (shape.query_heads / heads);
      const std::vector<double> z = codewords_of(codec, row, rows.codes().data() + row * codec.code_bytes());
      const double a =
          static_cast<double>(p[g * tokens + i]) * static_cast<double>(rows.norms()[row]) / static_cast<double>(d);
      for (std::size_t j = 0; j < d; ++j) {
        sum[j] += a * z[j];
        magnitude[j] += std::abs(a * z[j]) + std::abs(a) * 0x1p-20;  // where z is small, its rounding errors are of 1
      }
    }
    const std::vector<double> x = transposed(order, sum);
    const double all = std::accumulate(magnitude.begin(), magnitude.end(), 0.0);
    for (std::size_t i = 0; i < n; ++i) {
      exact.value.push_back((signs[i / 32] >> i % 32 & 1) != 0 ? -x[i] : x[i]);
      exact.bound.push_back(std::expm1((261 + stages + 1) * u) * all + 0x1p-140);
    }
  }
  return exact;
}

TEST(Attention, WeightedSumsAreThoseOfTheDecodedRows) {
  for (const Case& c : cases()) {
    const Inputs in = inputs(c.shape, many);
    KeyValueCache cache = filled(c.shape, c.keys, c.values, in, many, {.seed = 5});
    std::vector<float> p = dyadics(c.shape.query_heads * many, 8);  // of any sign and size
    const std::vector<float> out = weighted(cache, p);
    const Exact exact = exact_sum(cache, in.values, p);
    double largest = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      ASSERT_LE(std::abs(static_cast<double>(out[i]) - exact.value[i]), exact.bound[i])
          << c.shape.head_dimension << ' ' << i;
      largest = std::max(largest, std::abs(exact.value[i]) / exact.bound[i]);
    }
    EXPECT_GT(largest, 100);  // the bound is no mere formality
  }
}

TEST(Attention, OneTokenOfWeightOneIsTheDecodedRow) {
  const AttentionShape shape{128, 2, 4};
  const Inputs in = inputs(shape, 1);
  KeyValueCache cache = filled(shape, 4, 4, in, 1);
  const std::vector<float> out = attended(cache, in.q), row = decoded(cache, false);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const float expected = row[i / 256 * 128 + i % 128];
    EXPECT_NEAR(out[i], expected, 1e-5f * std::abs(expected) + 1e-5f);
  }
}

TEST(Attention, HugeTinyAndZeroRowsAndWeights) {
  const std::size_t n = 64;
  for (const auto& [norm, weight] :
       {std::pair(0x1p124f, 0x1p-140f), {0x1p-120f, 0x1p120f}, {0x1p-130f, 1.0f}, {0x1p124f, 0x1p-10f}}) {
    KeyValueCache cache({n}, 8, 8);
    std::vector<float> x(2 * n, 0.0f);
    for (std::size_t i = 0; i < n; ++i) x[i] = i % 2 == 0 ? norm / 8 : -norm / 8;
    cache.append(RowsView<const float>(x.data(), 2, n), RowsView<const float>(x.data(), 2, n));
    const std::vector<float> out = weighted(cache, {weight, 3.0f}), row = decoded(cache, false);
    for (std::size_t i = 0; i < n; ++i) {
      const double expected = static_cast<double>(row[i]) * static_cast<double>(weight);
      ASSERT_NEAR(static_cast<double>(out[i]), expected, 1e-5 * std::abs(expected) + 0x1p-148)
          << static_cast<double>(norm);
    }
  }
  KeyValueCache none({n}, 4, 4);
  const std::vector<float> q(n, 1.0f), zeros(n, 0.0f);
  EXPECT_EQ(attended(none, q), zeros);
}

// ---- softmax ----

TEST(Attention, Softmax) {
  for (const std::size_t tokens : {1u, 2u, 15u, 16u, 17u, 33u, 300u}) {
    const AttentionShape shape{64};
    const Inputs in = inputs(shape, tokens);
    const KeyValueCache cache = filled(shape, 1, 1, in, tokens);
    for (const float spread : {0.0f, 1.0f, 1000.0f, 1e36f}) {
      std::vector<float> s = dyadics(tokens, tokens);
      for (float& x : s) x *= spread / 100;
      const std::vector<float> p = softmax(cache, s);
      const float most = *std::max_element(s.begin(), s.end());
      double sum = 0, error = 0;
      for (const float x : s) {
        const double distance = static_cast<double>(most) - static_cast<double>(x);
        if (distance > 87) continue;
        sum += std::exp(-distance);
        error = std::max(error, distance);
      }
      // Each exponential is within 4u + u·distance (its argument's rounding) of its value, relatively, as are their sum and the quotient.
      double total = 0;
      for (std::size_t i = 0; i < tokens; ++i) {
        const double distance = static_cast<double>(most) - static_cast<double>(s[i]),
                     exact = std::exp(-distance) / sum;
        ASSERT_NEAR(static_cast<double>(p[i]), exact, (12 + 2 * error) * u * exact + 0x1p-125) << tokens << ' ' << i;
        total += static_cast<double>(p[i]);
      }
      ASSERT_NEAR(total, 1, static_cast<double>(tokens) * u);
    }
  }
}

// ---- attention ----

TEST(Attention, IsTheCompositionOfItsStages) {
  for (const Case& c : cases()) {
    const Inputs in = inputs(c.shape, many);
    KeyValueCache cache = filled(c.shape, c.keys, c.values, in, many);
    const std::vector<float> out = attended(cache, in.q), staged = weighted(cache, softmax(cache, scores(cache, in.q)));
    EXPECT_TRUE(same_bytes(out.data(), staged.data(), out.size()));
  }
}

// Attention in double over decoded rows. With |score − its value| <= δ for all tokens the weights are within a factor e^±2δ of theirs; δ is
// the scorer's bound and what decoding rounds, the sum's is that of the test above.
TEST(Attention, IsFloat64AttentionOverDecodedRows) {
  for (const Case& c : cases()) {
    Inputs in = inputs(c.shape, many);
    for (float& x : in.q) x *= 0x1p-7f;  // scores of a few units: many tokens have weight
    KeyValueCache cache = filled(c.shape, c.keys, c.values, in, many);
    const std::size_t n = c.shape.head_dimension, heads = c.shape.kv_heads, group = c.shape.query_heads / heads;
    const std::vector<float> out = attended(cache, in.q), k = decoded(cache, true), v = decoded(cache, false);
    const EncodedRows rows = cache.key_codec().encode(RowsView<const float>(in.keys.data(), many * heads, n), 0);
    const Scorer scorer(cache.key_codec(), {in.q.data(), c.shape.query_heads, n});
    const double scale = *cache.options().scale;
    for (std::size_t g = 0; g < c.shape.query_heads; ++g) {
      std::vector<double> s(many);
      double delta = 0, most = -HUGE_VAL, sum = 0;
      for (std::size_t i = 0; i < many; ++i) {
        const std::size_t row = i * heads + g / group;
        double magnitude = 0;
        for (std::size_t j = 0; j < n; ++j) {
          const double product = static_cast<double>(in.q[g * n + j]) * static_cast<double>(k[row * n + j]);
          s[i] += scale * product;
          magnitude += std::abs(static_cast<double>(in.q[g * n + j]));
        }
        const double decoding =
            40 * u * static_cast<double>(rows.norms()[row]) * 3 * magnitude;  // of each entry, with Σ|ẑ_j| <= 3d
        delta = std::max(delta,
                         scale * (scorer.error_bound(Metric::inner_product, g, rows.view().slice(row, 1)) + decoding) +
                             u * std::abs(s[i]));
        most = std::max(most, s[i]);
      }
      for (double& x : s) sum += x = std::exp(x - most);
      std::vector<float> p(c.shape.query_heads * many);
      for (std::size_t i = 0; i < many; ++i) p[g * many + i] = static_cast<float>(s[i] / sum);
      const Exact exact = exact_sum(cache, in.values, p);
      for (std::size_t j = 0; j < n; ++j) {
        double value = 0, magnitude = 0;
        for (std::size_t i = 0; i < many; ++i) {
          const double term = s[i] / sum * static_cast<double>(v[(i * heads + g / group) * n + j]);
          value += term;
          magnitude += std::abs(term);
        }
        const double bound = std::expm1(2 * delta + 220 * u) * magnitude + 2 * exact.bound[g * n + j];
        ASSERT_LE(std::abs(static_cast<double>(out[g * n + j]) - value), bound) << n << ' ' << g << ' ' << j;
        if (j == 0) {
          ASSERT_LT(bound, 0.2 * magnitude + 1e-3) << n;
        }
      }
      if (g == 1) break;
    }
  }
}

TEST(Attention, SameBytesOnEveryInstructionSetAndThreadCount) {
  for (const Case& c : cases()) {
    const std::size_t tokens = c.shape.head_dimension == 128 ? 2 * 256 + 17 : 33;
    const Inputs in = inputs(c.shape, tokens);
    KeyValueCache scalar = filled(c.shape, c.keys, c.values, in, tokens, {}, {.isa = Isa::scalar});
    const std::vector<float> expected = attended(scalar, in.q), s = scores(scalar, in.q), p = softmax(scalar, s);
    for (const Isa isa : test::supported_isas())
      for (const int threads : {1, 3}) {
        KeyValueCache cache = filled(c.shape, c.keys, c.values, in, tokens, {}, {.isa = isa, .threads = threads});
        ASSERT_TRUE(same_bytes(s.data(), scores(cache, in.q).data(), s.size()))
            << isa_name(isa) << ' ' << c.shape.head_dimension;
        ASSERT_TRUE(same_bytes(p.data(), softmax(cache, s).data(), p.size()))
            << isa_name(isa) << ' ' << c.shape.head_dimension;
        ASSERT_TRUE(same_bytes(expected.data(), attended(cache, in.q).data(), expected.size()))
            << isa_name(isa) << ' ' << c.shape.head_dimension;
      }
  }
}

TEST(Attention, NarrowNumbersAreTheirWidenedOnes) {
  const AttentionShape shape{64, 2, 2};
  std::vector<BFloat16> narrow(2 * 64);
  std::vector<Float16> half(2 * 64);
  for (std::size_t i = 0; i < narrow.size(); ++i) {
    narrow[i].bits = static_cast<std::uint16_t>(0x3F80 + 37 * i % 128);
    half[i].bits = static_cast<std::uint16_t>(0x3C00 + 37 * i % 1024);
  }
  std::vector<float> wide(2 * 64);
  KeyValueCache a(shape, 3, 3), b(shape, 3, 3);
  widen(narrow.data(), narrow.size(), wide.data());
  a.append(RowsView<const BFloat16>(narrow.data(), 2, 64), RowsView<const BFloat16>(narrow.data(), 2, 64));
  b.append(RowsView<const float>(wide.data(), 2, 64), RowsView<const float>(wide.data(), 2, 64));
  widen(half.data(), half.size(), wide.data());
  a.append(RowsView<const Float16>(half.data(), 2, 64), RowsView<const Float16>(half.data(), 2, 64));
  b.append(RowsView<const float>(wide.data(), 2, 64), RowsView<const float>(wide.data(), 2, 64));
  EXPECT_EQ(decoded(a, true), decoded(b, true));
  EXPECT_EQ(decoded(a, false), decoded(b, false));
}

// ---- what is kept ----

TEST(Attention, AWindowIsACacheOfItsTokens) {
  const AttentionShape shape{128, 2, 8};
  const std::size_t tokens = 1100, window = 290, row = 2 * 128;
  const Inputs in = inputs(shape, tokens);
  KeyValueCache sliding = filled(shape, 4, 3, in, tokens, {.window = window});
  KeyValueCache only(shape, 4, 3, {.first_token = tokens - window});
  append(only, in, tokens - window, tokens);
  EXPECT_EQ(attended(sliding, in.q), attended(only, in.q));
  EXPECT_GE(sliding.memory_bytes(), window * sliding.token_bytes());
  EXPECT_LE(sliding.memory_bytes(), window * sliding.token_bytes() + 256);
  EXPECT_EQ(sliding.token_bytes(), 2u * (4 + 64 + 4 + 48));
  // With sinks the order is that of the tokens.
  KeyValueCache sinks = filled(shape, 4, 3, in, tokens, {.window = window, .sinks = 2});
  const std::vector<float> k = decoded(sinks, true), first = decoded(filled(shape, 4, 3, in, 2), true),
                           last = decoded(only, true);
  EXPECT_TRUE(same_bytes(k.data(), first.data(), 2 * row));
  EXPECT_TRUE(same_bytes(k.data() + 2 * row, last.data(), window * row));
}

TEST(Attention, GroupedQueriesAreSeparateOnes) {
  for (const std::size_t group : {3u, 4u, 6u}) {
    const AttentionShape shape{96, 2, 2 * group};
    const Inputs in = inputs(shape, 70);
    KeyValueCache grouped = filled(shape, 4, 5, in, 70), separate = filled({96, 2, 2}, 4, 5, in, 70);
    const std::vector<float> together = attended(grouped, in.q);
    for (std::size_t member = 0; member < group; ++member) {
      std::vector<float> q;
      for (const std::size_t head : {member, group + member})
        q.insert(q.end(), in.q.begin() + static_cast<std::ptrdiff_t>(head * 96),
                 in.q.begin() + static_cast<std::ptrdiff_t>((head + 1) * 96));
      const std::vector<float> alone = attended(separate, q);
      EXPECT_TRUE(same_bytes(alone.data(), together.data() + member * 96, 96));
      EXPECT_TRUE(same_bytes(alone.data() + 96, together.data() + (group + member) * 96, 96));
    }
  }
}

TEST(Attention, QueriesOfSeveralTokensSeeNoLaterOnes) {
  const AttentionShape shape{64, 1, 2};
  const Inputs in = inputs(shape, 40);
  std::vector<float> q = dyadics(3 * 2 * 64, 77), step_by_step;
  KeyValueCache cache(shape, 4, 4);
  append(cache, in, 0, 37);
  for (std::size_t i = 0; i < 3; ++i) {
    append(cache, in, 37 + i, 38 + i);
    const std::vector<float> one = attended(cache, {q.begin() + static_cast<std::ptrdiff_t>(i * 128),
                                                    q.begin() + static_cast<std::ptrdiff_t>((i + 1) * 128)});
    step_by_step.insert(step_by_step.end(), one.begin(), one.end());
  }
  EXPECT_EQ(attended(cache, q), step_by_step);
}

// ---- unbiasedness: the mean of ‖x̂ − x‖ over T dithers, the signs fixed ----

// ẑ_j − z_j has mean 0 over the dither and lies in an interval of length w. By Hoeffding the mean of T of them exceeds t = w·√(ln(2·64/1e-10)/(2T)) in some
// coordinate with probability at most 1e-10. Seed and row numbers are fixed. w: Δ of a step; at 4 bits, for z = ±1 (one-hot rows), 0.75: g is steeper
// nowhere between c(±1) − 1/2 and c(±1) + 1/2 than there (the test sees that). Biases above 2t = 0.08·w would be found, of every coordinate.
TEST(Attention, WeightedSumsAndScoresAreUnbiased) {
  const std::size_t n = 64, times = 8192;
  std::vector<float> x(times * n), q(n, 0.0f);
  for (std::size_t i = 0; i < times; ++i) x[i * n + 5] = 8;  // one-hot: z_j = ±1, ρ/√n = 1
  for (std::size_t i = 0; i < n; ++i) q[i] = i == 5 ? 1.0f : 0.0f;
  for (const auto& [coding, width] : {std::pair(KeyValueCoding(Step(2)), 2.0), {KeyValueCoding(BitWidth(4)), 0.75}}) {
    KeyValueCache cache({n}, coding, coding, {.seed = 3, .scale = 1.0});
    cache.append(RowsView<const float>(x.data(), times, n), RowsView<const float>(x.data(), times, n));
    const double t = width * std::sqrt(std::log(2 * 64 / 1e-10) / (2.0 * static_cast<double>(times)));
    const std::vector<float> v = decoded(cache, false);
    for (std::size_t i = 0; i < times; ++i) {
      double error = 0;
      for (std::size_t j = 0; j < n; ++j) error += std::pow(static_cast<double>(v[i * n + j] - x[i * n + j]), 2);
      ASSERT_LE(error, 64 * width * width * 1.001);  // ‖x̂ − x‖² = ρ²·(the mean square of ẑ − z), ρ = 8
    }
    const std::vector<float> mean = weighted(cache, std::vector<float>(times, 1.0f / static_cast<float>(times)));
    double square = 0;
    for (std::size_t j = 0; j < n; ++j) square += std::pow(static_cast<double>(mean[j] - x[j]), 2);
    EXPECT_LE(square, 64 * t * t + 1e-6);  // ‖mean − x‖² = ρ²·(the mean square of the means in rotated coordinates)
    const std::vector<float> s = scores(cache, q);
    EXPECT_NEAR(std::accumulate(s.begin(), s.end(), 0.0) / static_cast<double>(times), 8, 8 * t + 1e-3);
  }
}

TEST(Attention, ErrorBounds) {
  const AttentionShape shape{128, 2, 4};
  const std::size_t tokens = 50;
  const Inputs in = inputs(shape, tokens);
  KeyValueCache cache = filled(shape, 2, 3, in, tokens, {.scale = 0.5});
  const std::vector<float> p = softmax(cache, scores(cache, in.q));
  const std::vector<double> bounds = cache.error_bound({p.data(), 4, tokens});
  std::vector<double> of_scores(4 * tokens);
  cache.score_error_bound({in.q.data(), 4, 128}, {of_scores.data(), 4, tokens});
  const auto square = [](const float* x) { return std::inner_product(x, x + 128, x, 0.0); };
  for (std::size_t g = 0; g < 4; ++g) {
    double expected = 0;
    for (std::size_t i = 0; i < tokens; ++i) {
      const std::size_t row = i * 2 + g / 2;
      expected += std::pow(static_cast<double>(p[g * tokens + i]), 2) * square(&in.values[row * 128]);
      const double score = 0.25 * Codec(128, 2).error_bound() * square(&in.q[g * 128]) * square(&in.keys[row * 128]);
      ASSERT_NEAR(of_scores[g * tokens + i], score, 1e-6 * score);
    }
    EXPECT_NEAR(bounds[g], Codec(128, 3).error_bound() * expected, 1e-6 * bounds[g]);
  }
}

// ---- files ----

TEST(Attention, SavedAndLoadedItGoesOn) {
  const hdq::testing::TemporaryDirectory directory;
  const AttentionShape shape{80, 2, 4};
  const Inputs in = inputs(shape, 40);
  for (const KeyValueCoding& coding : {KeyValueCoding(BitWidth(3)), KeyValueCoding(Step(0.0625f))})
    for (const auto& [window, sinks] : {std::pair(std::size_t{0}, std::size_t{0}), {7, 0}, {7, 4}, {60, 4}}) {
      KeyValueCache cache(shape, coding, 4,
                          {.seed = 6, .scale = 0.25, .window = window, .sinks = sinks, .first_token = 11});
      append(cache, in, 0, 33);
      cache.save(directory / "cache");
      KeyValueCache again = KeyValueCache::load(directory / "cache", {.threads = 2});
      ASSERT_EQ(again.shape(), shape);
      ASSERT_EQ(again.next_token(), cache.next_token());
      ASSERT_EQ(attended(again, in.q), attended(cache, in.q));
      for (KeyValueCache* c : {&cache, &again}) append(*c, in, 33, 40);
      ASSERT_EQ(attended(again, in.q), attended(cache, in.q));
      again.save(directory / "again");
      cache.save(directory / "cache");
      ASSERT_EQ(hdq::testing::read_file(directory / "again"), hdq::testing::read_file(directory / "cache"));
    }
  KeyValueCache empty(shape, 4, 4);
  empty.save(directory / "empty");
  EXPECT_EQ(KeyValueCache::load(directory / "empty").tokens(), 0u);
}

TEST(Attention, DamagedFilesAreRefused) {
  const hdq::testing::TemporaryDirectory directory;
  const AttentionShape shape{4, 1, 1};
  const Inputs in = inputs(shape, 3);
  for (const KeyValueCoding& coding : {KeyValueCoding(BitWidth(2)), KeyValueCoding(Step(0.5f))}) {
    filled(shape, coding, coding, in, 3, {.window = 2, .sinks = 1}).save(directory / "good");
    const std::string good = hdq::testing::read_file(directory / "good"), path = directory / "bad";
    const auto refused = [&](const std::string& bytes) {
      hdq::testing::overwrite_file(path, bytes);
      const std::string error = error_of([&] { KeyValueCache::load(path); });
      return error.starts_with(path + ": ") && error.find('\n') == std::string::npos;
    };
    for (std::size_t at = 0; at < good.size(); ++at) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
      ASSERT_TRUE(refused(bytes)) << at;
      ASSERT_TRUE(refused(good.substr(0, at))) << at;
    }
    ASSERT_TRUE(refused(good + '\0'));
    ASSERT_FALSE(refused(good));
  }
  EXPECT_NE(error_of([&] { KeyValueCache::load(directory / "none"); }), "");
  EXPECT_NE(error_of([&] { KeyValueCache(shape, 4, 4).save(directory / "no/where"); }), "");
}

// ---- bad input ----

template <class Failure, class Action>
std::string message(const Action& action) {
  try {
    action();
  } catch (const Failure& e) {
    return e.what();
  }
  return "";
}

TEST(Attention, BadShapesAreInvalidArguments) {
  const auto invalid = [](const auto& action) { return message<InvalidArgument>(action); };
  EXPECT_EQ(invalid([] { KeyValueCache({64, 0, 0}, 4, 4); }), "kv_heads must be at least 1");
  EXPECT_EQ(invalid([] {
              KeyValueCache({64, 2, 3}, 4, 4);
            }),
            "query_heads must be a multiple of kv_heads: 3 are not one of 2");
  EXPECT_NE(invalid([] { KeyValueCache({0, 1, 1}, 4, 4); }), "");
  EXPECT_EQ(invalid([] { KeyValueCache({64}, 4, 4, {.scale = HUGE_VAL}); }), "scale must be finite");
  EXPECT_NE(invalid([] { KeyValueCache({64}, 4, 4, {.window = SIZE_MAX, .sinks = 1}); }), "");
  KeyValueCache cache({64, 2, 4}, 4, 4);
  const std::vector<float> x(8 * 64);
  std::vector<float> out(8 * 64);
  const auto rows = [&](std::size_t count, std::size_t n = 64) { return RowsView<const float>(x.data(), count, n); };
  EXPECT_EQ(invalid([&] { cache.append(rows(3), rows(3)); }), "3 rows are not a whole number of tokens of 2 heads");
  EXPECT_EQ(invalid([&] { cache.append(rows(4), rows(2)); }), "2 rows of values for 4 rows of keys");
  EXPECT_NE(invalid([&] { cache.append(rows(2, 60), rows(2, 60)); }), "");
  EXPECT_NE(invalid([&] { cache.append(rows(2), rows(2, 60)); }), "");
  EXPECT_EQ(cache.tokens(), 0u);
  cache.append(rows(2), rows(2));
  EXPECT_EQ(invalid([&] { cache.attend(rows(3), {out.data(), 3, 64}); }), "3 rows of queries for 4 query heads");
  EXPECT_EQ(invalid([&] { cache.attend(rows(8), {out.data(), 8, 64}); }), "queries of 2 tokens, and 1 in the cache");
  EXPECT_NE(invalid([&] { cache.attend(rows(4, 60), {out.data(), 4, 64}); }), "");
  EXPECT_NE(invalid([&] { cache.attend(rows(4), {out.data(), 4, 60}); }), "");
  EXPECT_NE(invalid([&] { cache.scores(rows(4), {out.data(), 4, 2}); }), "");
  EXPECT_NE(invalid([&] { cache.weighted_sum(rows(4, 2), {out.data(), 4, 64}); }), "");
  EXPECT_NE(invalid([&] { cache.token(1); }), "");
}

TEST(Attention, BadNumbersAreInvalidInputAndChangeNothing) {
  const auto invalid = [](const auto& action) { return message<InvalidInput>(action); };
  KeyValueCache cache({64, 2, 2}, 4, 4);
  std::vector<float> good(2 * 64, 1.0f), bad = good;
  bad[64 + 7] = std::numeric_limits<float>::quiet_NaN();
  const auto rows = [](const std::vector<float>& x) { return RowsView<const float>(x.data(), 2, 64); };
  cache.append(rows(good), rows(good));
  const std::vector<float> before = attended(cache, good);
  EXPECT_EQ(invalid([&] { cache.append(rows(bad), rows(good)); }), "keys: row 1, column 7: NaN cannot be encoded");
  EXPECT_EQ(invalid([&] { cache.append(rows(good), rows(bad)); }), "values: row 1, column 7: NaN cannot be encoded");
  EXPECT_EQ(invalid([&] { attended(cache, bad); }), "query 1, column 7: NaN cannot be scored");
  EXPECT_EQ(attended(cache, good), before);
  const std::vector<float> huge(2 * 64, 1e37f);
  cache.append(rows(huge), rows(huge));
  EXPECT_EQ(invalid([&] { attended(cache, huge); }), "query 0: a score exceeds the largest float32");
  EXPECT_EQ(invalid([&] { weighted(cache, {0, 100, 0, 100}); }).substr(0, 15), "query 0, column");
  EXPECT_EQ(invalid([&] {
              weighted(cache, {0, 1, std::numeric_limits<float>::infinity(), 0});
            }),
            "weights of query 1, column 0: infinity cannot be summed");
  EXPECT_NE(invalid([&] { softmax(cache, {0, 1, 2, std::numeric_limits<float>::quiet_NaN()}); }), "");
}

}  // namespace
