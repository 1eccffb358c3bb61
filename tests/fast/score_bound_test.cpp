// SPEC §4: scores lie within the stated bound of the real value, by arbitrary precision.
#include <cmath>
#include <functional>
#include <limits>

#include "hdq/reference/judge/rounding_bounds.hpp"
#include "hdq/reference/scheme/vector_quantizer.hpp"
#include "score_rows.hpp"
#include "test_support.hpp"

namespace {

using namespace hdq;
using reference::Ball;
using test::encoded;
using test::metrics;
using test::Rows;
using test::scorer_of;
using test::scores;

struct Input {
  const char* name;
  std::vector<float> x;
};

std::vector<Input> inputs(std::size_t n, std::uint64_t seed) {
  const auto filled = [&](const std::function<float(std::size_t)>& f) {
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = f(i);
    return x;
  };
  test::Integers integers(n);
  const reference::HadamardOrder d = reference::hadamard_order(n);
  const std::vector<int> epsilon = reference::signs(seed, d.order);
  const float subnormal = std::numeric_limits<float>::denorm_min();
  const auto random = [&] { return test::dyadic(integers); };
  return {
      {"zero", filled([](auto) { return 0.0f; })},
      {"one-hot", filled([n](auto i) { return i == n / 2 ? -0.7f : 0.0f; })},
      {"constant", filled([](auto) { return 0.1f; })},
      {"signed row of H",
       filled([&](auto i) { return static_cast<float>(epsilon[i] * reference::hadamard_entry(d, d.order - 1, i)); })},
      {"random", filled([&](auto) { return random(); })},
      {"non-centred", filled([&](auto) { return 300 + random(); })},
      {"all exponents", filled([&](auto i) {
         return std::ldexp(1.0f + static_cast<float>(i % 7) / 8, static_cast<int>(i * 53 % 250) - 149);
       })},
      {"subnormal", filled([&](auto i) { return subnormal * static_cast<float>(i % 1000); })},
      {"tiny", filled([&](auto) { return std::ldexp(random(), -128); })},
      {"huge", filled([&](auto) { return std::ldexp(random(), 108); })},
      {"huge one-hot", filled([](auto i) { return i == 0 ? 3e38f : 0.0f; })},
  };
}

struct Exact {
  Ball product, squared_distance, cosine;
  Ball magnitude;  // of all terms together
  const Ball& of(Metric metric) const {
    return metric == Metric::inner_product ? product : metric == Metric::squared_distance ? squared_distance : cosine;
  }
};

// The formulas of SPEC §4 from exact rotations and enclosed codewords.
Exact exact_scores(const reference::VectorQuantizer& quantizer, const std::vector<float>& q, float norm,
                   const std::vector<std::uint8_t>& codes, const Ball& u) {
  const Ball rho(static_cast<double>(norm));
  const std::vector<Ball> w = quantizer.rotate(q.data());
  std::vector<Ball> codewords(std::size_t{1} << 8);
  std::vector<bool> known(codewords.size());
  Ball sum, magnitudes;
  for (std::size_t j = 0; j < codes.size(); ++j) {
    if (!known[codes[j]]) codewords[codes[j]] = quantizer.scalar().decode(codes[j], u), known[codes[j]] = true;
    sum += w[j] * codewords[codes[j]];
    magnitudes += abs(w[j] * codewords[codes[j]]);
  }
  const Ball d(quantizer.order().order), q_norm = reference::exact_norm(q.data(), q.size()), product = rho / d * sum;
  const bool zero = norm == 0 || !q_norm.certainly_positive();
  return {product, square(q_norm) + square(rho) - 2 * product, zero ? Ball(0) : sum / (d * q_norm),
          square(q_norm) + square(rho) + 2 * rho / d * magnitudes};
}

void expect_within_bound(const Scorer& scorer, Metric metric, std::size_t query, const Exact& exact,
                         const EncodedView& row, const std::string& what) {
  const float score = scorer.score_row(metric, query, row);
  const double bound = scorer.error_bound(metric, query, row);
  const Ball& value = exact.of(metric);
  ASSERT_FALSE(std::isnan(score)) << what;
  if (!std::isfinite(score)) {  // only where float32 cannot hold the terms
    EXPECT_NE(metric, Metric::cosine) << what;
    EXPECT_GT(exact.magnitude.upper_double(), 3.4e38) << what;
    return;
  }
  ASSERT_TRUE(std::isfinite(bound)) << what;
  EXPECT_TRUE(certainly_less_equal(abs(Ball(static_cast<double>(score)) - value), Ball(bound)))
      << what << ", " << metric_name(metric) << ": " << score << " for " << value << ", bound " << bound;
}

TEST(Score, IsWithinItsBoundOfTheRealValue) {
  constexpr std::uint64_t seed = 77;
  for (const std::size_t n : {1u, 2u, 5u, 12u, 28u, 96u, 100u, 300u})
    for (const int bits : {1, 2, 4, 8}) {
      if (n > 100 && bits != 4) continue;
      const Codec codec(n, bits, seed);
      const reference::VectorQuantizer quantizer(n, bits, seed);
      const std::vector<Input> all = inputs(n, seed);
      std::vector<float> q;
      for (const Input& input : all) q.insert(q.end(), input.x.begin(), input.x.end());
      const Scorer scorer = scorer_of(codec, q.data(), all.size());
      for (std::size_t i = 0; i < all.size(); ++i) {
        const std::uint64_t row = 1000 * n + i;
        const Rows r = encoded(codec, all[i].x, row);
        const std::vector<std::uint8_t> codes = reference::unpack_codes(bits, r.codes.data(), codec.order());
        const Ball u = dither_of_word(dither_word(seed, row));
        for (std::size_t query = 0; query < all.size(); ++query) {
          const Exact exact = exact_scores(quantizer, all[query].x, r.norms[0], codes, u);
          for (const Metric metric : metrics)
            expect_within_bound(scorer, metric, query, exact, r.from(row),
                                std::string(all[query].name) + " against " + all[i].name +
                                    ", n = " + std::to_string(n) + ", b = " + std::to_string(bits));
        }
      }
    }
}

// ⟨q, decode(code)⟩ within both bounds: that of the score, and the decoder's for each of its entries.
TEST(Score, AgreesWithDecoding) {
  constexpr std::uint64_t seed = 5;
  for (const std::size_t n : {1u, 3u, 12u, 100u, 320u})
    for (int bits = 1; bits <= BitWidth::most; ++bits) {
      const Codec codec(n, bits, seed);
      const reference::VectorQuantizer quantizer(n, bits, seed);
      const reference::HadamardOrder order = quantizer.order();
      const std::vector<float> q = test::dyadics(n, 4), x = test::dyadics(6 * n, 5);
      const Rows r = encoded(codec, x);
      std::vector<float> y(x.size());
      codec.decode(r.from(0), {y.data(), 6, n});
      const Scorer scorer = scorer_of(codec, q.data(), 1);
      const std::vector<float> got = scores(scorer, Metric::inner_product, r);
      for (std::size_t row = 0; row < 6; ++row) {
        const std::uint8_t* bytes = r.codes.data() + row * codec.code_bytes();
        const Ball u = dither_of_word(dither_word(seed, row));
        Ball codewords, codewords32, errors, decoded, magnitudes;
        for (const std::uint8_t code : reference::unpack_codes(bits, bytes, codec.order())) {
          const Ball c = quantizer.scalar().decode(code, u),
                     e = reference::codeword_error_bound(c, reference::codebook_error(c));
          codewords += abs(c), codewords32 += abs(c) + e, errors += e;
        }
        for (std::size_t i = 0; i < n; ++i) {
          decoded += Ball(static_cast<double>(q[i])) * Ball(static_cast<double>(y[row * n + i]));
          magnitudes += abs(Ball(static_cast<double>(q[i])));
        }
        const Ball decode_bound =
            r.norms[row] == 0 ? Ball(0)
                              : reference::scaled_decode_error_bound(order, Ball(static_cast<double>(r.norms[row])),
                                                                     codewords, codewords32, errors,
                                                                     reference::norm_scale_exponent(r.norms[row]));
        const Ball bound =
            Ball(scorer.error_bound(Metric::inner_product, 0, r.from(0).slice(row, 1))) + magnitudes * decode_bound;
        EXPECT_TRUE(certainly_less_equal(abs(Ball(static_cast<double>(got[row])) - decoded), bound))
            << n << " " << bits << " " << row;
      }
    }
}

}  // namespace
