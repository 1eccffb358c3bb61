// Test vectors of single stages: random streams, codebook, one value under many dithers, packing, rotation (SPEC §1–§4).
#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "hdq/stages.hpp"
#include "hdq/reference/judge/judge.hpp"
#include "hdq/vectors/vector_inputs.hpp"
#include "hdq/vectors/vectors.hpp"

namespace hdq::vectors {

using reference::Ball;
using reference::Precision;

namespace {
constexpr slong enclosure_bits = 256;
}

// ---- SPEC §2 ----

Document make_streams(Blob& blob) {
  Document document("streams", "SPEC §2: signs of the first columns, as bits (1 for -1), and dither words of rows",
                    blob);
  document.begin_group({{"type", "signs"}});
  for (const std::uint64_t seed : std::initializer_list<std::uint64_t>{0ull, 1ull, 0x0123456789ABCDEFull, 0xFFFFFFFFFFFFFFFFull}) {
    for (const std::size_t count : std::initializer_list<std::size_t>{1u, 127u, 128u, 129u, 1024u}) {
      const std::vector<int> epsilon = reference::signs(seed, count);
      std::vector<std::uint32_t> words((count + 31) / 32);
      for (std::size_t i = 0; i < count; ++i) words[i / 32] |= (epsilon[i] < 0 ? 1u : 0u) << (i % 32);
      std::vector<std::uint32_t> fast(words.size());
      sign_bits(seed, count, fast.data());
      if (count % 32 != 0) fast.back() &= (1u << count % 32) - 1;
      confirm(fast == words, "signs");
      document.add_test("words of 32 signs, the first in bit 0", {"correlated-random-lanes", "signs-after-h-or-none"},
                        Expectation::valid, {{"seed", hex(seed)}, {"count", count}, {"signs", blob.add(words)}});
    }
  }
  document.begin_group({{"type", "dither"}});
  for (const std::uint64_t seed : std::initializer_list<std::uint64_t>{0ull, 1ull, 0x0123456789ABCDEFull, 0xFFFFFFFFFFFFFFFFull}) {
    for (const std::uint64_t row : std::initializer_list<std::uint64_t>{0ull, 1ull, 2ull, 0xFFFFFFFFull, 0x100000000ull, 0xFFFFFFFFFFFFFFFFull}) {
      const std::uint32_t word = reference::dither_word(seed, row);
      confirm(dither_word(seed, row) == word, "dither");
      document.add_test("U = (word + 1/2)/2^32", {"dither-lost-in-float", "factor-stored-never-applied"}, Expectation::valid,
                        {{"seed", hex(seed)}, {"row", hex(row)}, {"word", hex(word)}, {"dither", interval(reference::dither_of_word(word))[0]}});
    }
  }
  return document;
}

// ---- SPEC §3 ----

Document make_codebook(Blob& blob) {
  Document document(
      "codebook",
      "SPEC §3: thresholds and codewords, each enclosed; a codebook in double is within 2^-40 (1 + |exact|)", blob);
  Precision precision(enclosure_bits);
  for (int bits = 1; bits <= BitWidth::most; ++bits) {
    const reference::Generator g = reference::Generator::shipped(bits);
    document.begin_group({{"type", "codebook"}, {"bits", bits}, {"sigma", interval(g.sigma())[0]}, {"kappa", interval(g.kappa())[0]}});
    for (const std::uint32_t word : {0u, 0x5DEECE66u, 0xFFFFFFFFu}) {
      const Ball u = reference::dither_of_word(word);
      Json thresholds_exact = Json::array(), codewords_exact = Json::array();
      std::vector<double> fast_thresholds(static_cast<std::size_t>(g.levels() - 1)), fast_codewords(static_cast<std::size_t>(g.levels()));
      thresholds(bits, word, fast_thresholds.data());
      codewords(bits, word, fast_codewords.data());
      const auto close = [](double fast, const Ball& exact) {
        return certainly_less_equal(abs(Ball(fast) - exact), Ball(codebook_error) * (1 + abs(exact)));
      };
      for (std::int64_t k = 0; k < g.levels(); ++k) {
        const auto index = static_cast<std::size_t>(k);
        const Ball r = g.codeword(k, u);
        codewords_exact.push_back(interval(r, 72));
        confirm(close(fast_codewords[index], r), "codeword");
        if (k == 0) continue;
        const Ball theta = g.threshold(k, u);
        thresholds_exact.push_back(interval(theta, 72));
        confirm(close(fast_thresholds[index - 1], theta), "threshold");
      }
      const bool extreme = word == 0 || word == 0xFFFFFFFF;
      document.add_test(extreme ? "the smallest or the largest dither" : "a dither in the middle",
                        extreme ? std::vector<std::string>{"codebook", "dither-lost-in-float"}
                                : std::vector<std::string>{"codebook", "thresholds-drift", "wrong-oracle"},
                        Expectation::valid, {{"word", hex(word)}, {"thresholds", thresholds_exact}, {"codewords", codewords_exact}});
    }
  }
  return document;
}

namespace {

// Word i of `count` evenly spaced dithers.
std::uint32_t spaced_word(std::size_t i, std::size_t count) {
  const std::uint64_t step = (std::uint64_t{1} << 32) / count;
  return static_cast<std::uint32_t>(step * i + step / 2);
}

// M(z) against the mean over W = 4096 dithers of the implementation: off by at most ((hi − z)² + (z − lo)²)/W, lo and hi the
// ends of the window of z (proofs/discrete/DiscreteDither.v, word_square_error), and by the rounding of the codebook.
void confirm_mse(int bits, const reference::ScalarQuantizer& quantizer, float z, const Ball& mse) {
  constexpr std::size_t words = 4096;
  const std::size_t levels = std::size_t{1} << bits;
  std::vector<double> theta(levels - 1), r(levels);
  double sum = 0;
  for (std::size_t i = 0; i < words; ++i) {
    thresholds(bits, spaced_word(i, words), theta.data());
    codewords(bits, spaced_word(i, words), r.data());
    std::size_t code = 0;
    while (code < theta.size() && z >= theta[code]) ++code;
    sum += (r[code] - z) * (r[code] - z);
  }
  const Ball a = quantizer.window_of(Ball(static_cast<double>(z)));
  const double low = quantizer.generator().g(a).mid_double(), high = quantizer.generator().g(a + 1).mid_double();
  const double edges = ((high - z) * (high - z) + (z - low) * (z - low)) / words;
  confirm(std::abs(sum / words - mse.mid_double()) <= edges + 1e-9, "M");
}

}  // namespace

Document make_scalar(Blob& blob) {
  constexpr std::size_t dithers = 64;
  Document document("scalar",
                    "SPEC §3: z under 64 evenly spaced dithers, word_i = i 2^26 + 2^25; over all dithers the mean is z "
                    "and the mean squared error M(z)",
                    blob);
  Precision precision(enclosure_bits);
  for (int bits = 1; bits <= BitWidth::most; ++bits) {
    const reference::ScalarQuantizer quantizer(bits);
    document.begin_group({{"type", "scalar"}, {"bits", bits}});
    for (const float z : {0.0f, 1.0f, -1.0f, 1.41421354f, 0.1f, -2.5f, 6.0f, -8.0f}) {
      std::vector<std::uint8_t> codes;
      std::vector<double> decoded;
      for (std::size_t i = 0; i < dithers; ++i) {
        const std::uint32_t word = spaced_word(i, dithers);
        const Ball u = reference::dither_of_word(word);
        const std::int64_t code = quantizer.encode(Ball(static_cast<double>(z)), u);
        codes.push_back(static_cast<std::uint8_t>(code));
        decoded.push_back(nearest_double(quantizer.decode(code, u)));
        std::vector<double> theta(static_cast<std::size_t>(quantizer.levels() - 1));
        thresholds(bits, word, theta.data());
        std::int64_t fast = 0;
        for (const double t : theta) fast += z >= t ? 1 : 0;
        confirm(fast == code, "code of a scalar");
      }
      const Ball mse = quantizer.mse(Ball(static_cast<double>(z)));
      confirm_mse(bits, quantizer, z, mse);
      std::vector<std::string> flags = {"dead-or-biased-rounding", "estimator-constant", "wrong-oracle"};
      if (std::abs(z) > 3) flags.emplace_back("codebook");
      document.add_test("", flags, Expectation::valid,
                        {{"z", float_bits(z)}, {"codes", blob.add(codes)}, {"decoded", blob.add(decoded)}, {"mse", interval(mse)}});
    }
  }
  return document;
}

// ---- SPEC §4: packing ----

Document make_packing(Blob& blob) {
  Document document("packing", "SPEC §4: code j in bits [j b, (j + 1) b) of a little-endian bit string, unused bits 0",
                    blob);
  for (int bits = 1; bits <= BitWidth::most; ++bits) {
    document.begin_group({{"type", "packing"}, {"bits", bits}});
    for (const std::size_t count : std::initializer_list<std::size_t>{1u, 2u, 3u, 5u, 7u, 8u, 9u, 15u, 16u, 17u, 31u, 33u, 63u, 64u, 65u, 100u, 127u, 129u}) {
      const std::vector<std::uint8_t> codes = random_codes(count, bits, 100 * count + static_cast<std::size_t>(bits));
      std::vector<std::uint8_t> bytes((count * static_cast<std::size_t>(bits) + 7) / 8);
      for (std::size_t position = 0; position < count * static_cast<std::size_t>(bits); ++position) {
        const std::size_t b = static_cast<std::size_t>(bits);
        const int bit = codes[position / b] >> (position % b) & 1;
        bytes[position / 8] = static_cast<std::uint8_t>(bytes[position / 8] | bit << (position % 8));
      }
      for (const Isa isa : supported_isas()) {
        std::vector<std::uint8_t> fast(bytes.size()), back(count);
        pack(bits, codes.data(), count, fast.data(), isa);
        unpack(bits, bytes.data(), count, back.data(), isa);
        confirm(fast == bytes && back == codes, "packing");
      }
      document.add_test(fmt::format("{} codes", count), {"one-bit-width-hard-wired", "non-atomic-packing", "tail-of-a-simd-loop"},
                        Expectation::valid, {{"count", count}, {"codes", blob.add(codes)}, {"bytes", blob.add(bytes)}});
    }
  }
  return document;
}

// ---- SPEC §1 ----

namespace {

// The floats are within the bound of the exact values.
void confirm_floats(const std::vector<float>& fast, const reference::ExactRotation<reference::Integer>& exact, std::size_t count,
                    const Ball& bound) {
  for (std::size_t j = 0; j < count; ++j) {
    const Ball value = ldexp(Ball(exact.mantissas[j]), exact.exponent);
    confirm(certainly_less_equal(abs(Ball(static_cast<double>(fast[j])) - value), bound.upper_end()), "rotation");
  }
}

struct RotationInput {
  std::string comment;
  std::vector<std::string> flags;
  std::vector<float> x;
};

std::vector<RotationInput> rotation_inputs(const reference::HadamardOrder& d) {
  std::vector<float> row(d.order), constant(d.order, 0.75f);
  for (std::size_t i = 0; i < d.order; ++i) row[i] = static_cast<float>(reference::hadamard_entry(d, d.order / 2, i));
  return {{"noise", {"base-matrix-not-orthogonal", "scale-lost-or-wrong", "instruction-sets-disagree"}, dyadic_noise(d.order, d.order)},
          {"the last unit vector: a column of H", {"base-matrix-not-orthogonal", "smallest-order-fails"}, one_hot(d.order, d.order - 1, 1.0f)},
          {"constant", {"signs-after-h-or-none"}, constant},
          {"a row of H", {"signs-after-h-or-none", "inverse-is-not-the-transpose"}, row}};
}

// y = H D x, or x = D Hᵀ y, exactly.
reference::ExactRotation<reference::Integer> rotate(const reference::HadamardOrder& d, const std::vector<int>& epsilon,
                                                    const std::vector<float>& x, bool transposed) {
  const reference::DyadicScale scale = reference::dyadic_scale(x.data(), x.size());
  if (!transposed) return reference::rotate_exactly<reference::Integer>(d, epsilon, x.data(), x.size(), scale);
  reference::ExactRotation<reference::Integer> r{reference::dyadic_mantissas<reference::Integer>(x.data(), x.size(), scale), scale.exponent};
  reference::hadamard_transform_transposed(d, r.mantissas);
  for (std::size_t i = 0; i < x.size(); ++i) r.mantissas[i] *= epsilon[i];
  return r;
}

}  // namespace

Document make_transform(Blob& blob) {
  constexpr std::uint64_t seed = 0x0123456789ABCDEF;
  Document document("transform",
                    "SPEC §1: y = H D x and x = D H^T y, exact; a float32 transform is within error_bound of each",
                    blob);
  Precision precision(enclosure_bits);
  for (const std::size_t n : std::initializer_list<std::size_t>{1u, 2u, 4u, 12u, 16u, 20u, 24u, 28u, 40u, 56u, 64u, 96u, 112u, 320u}) {
    const reference::HadamardOrder d = reference::hadamard_order(n);
    const std::vector<int> epsilon = reference::signs(seed, d.order);
    std::vector<std::uint32_t> sign_words((d.order + 31) / 32);
    sign_bits(seed, d.order, sign_words.data());
    document.begin_group({{"type", "transform"}, {"order", d.order}, {"base", d.base}, {"log2", d.log2}, {"seed", hex(seed)}});
    for (const bool transposed : {false, true}) {
      for (const RotationInput& input : rotation_inputs(d)) {
        const auto exact = rotate(d, epsilon, input.x, transposed);
        const Ball bound = reference::rotation_error_bound(d, reference::detail::sum_of_magnitudes(input.x.data(), d.order), d.order, 0);
        std::vector<float> first;
        for (const Isa isa : supported_isas()) {
          std::vector<float> fast = input.x;
          (transposed ? transform_transposed : transform)(fast.data(), d.order, sign_words.data(), isa);
          confirm_floats(fast, exact, d.order, bound);
          if (first.empty()) first = fast;
          confirm(std::memcmp(first.data(), fast.data(), fast.size() * sizeof(float)) == 0, "transforms of two instruction sets");
        }
        std::vector<std::string> flags = input.flags;
        if (transposed && flags.back() != "inverse-is-not-the-transpose") flags.emplace_back("inverse-is-not-the-transpose");
        if (d.log2 == 0 && flags.back() != "smallest-order-fails") flags.emplace_back("smallest-order-fails");
        document.add_test(input.comment, flags, Expectation::valid,
                          {{"transposed", transposed},
                           {"x", blob.add(input.x)},
                           {"y", exact_values(exact)},
                           {"error_bound", hex_float(bound.upper_double())},
                           {"y_float32", blob.add(first)}});
      }
    }
  }
  return document;
}

}  // namespace hdq::vectors
