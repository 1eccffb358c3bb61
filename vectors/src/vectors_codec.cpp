// Test vectors of the whole codec (SPEC §4): one vector through every stage, many rows at once, inner products, chains.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "hdq/stages.hpp"
#include "hdq/vectors/exact_codec.hpp"
#include "hdq/vectors/vector_inputs.hpp"
#include "hdq/vectors/vectors.hpp"

namespace hdq::vectors {

using reference::Ball;
using reference::Precision;
using Flags = std::vector<std::string>;

Json vector_group(Blob& blob, const std::string& type, const std::vector<float>& x, std::uint64_t seed) {
  const reference::HadamardOrder d = reference::hadamard_order(x.size());
  const std::vector<int> epsilon = reference::signs(seed, d.order);
  std::vector<std::uint32_t> words((d.order + 31) / 32);
  for (std::size_t i = 0; i < d.order; ++i) words[i / 32] |= (epsilon[i] < 0 ? 1u : 0u) << (i % 32);
  Precision precision(256);
  const Ball norm = reference::exact_norm(x.data(), x.size());
  const Ball bound =
      reference::rotation_error_bound(d, reference::detail::sum_of_magnitudes(x.data(), x.size()), x.size(),
                                      reference::norm_scale_exponent(nearest_norm(x.data(), x.size())));
  const auto y = reference::rotate_exactly<reference::Integer>(d, epsilon, x.data(), x.size(),
                                                               reference::dyadic_scale(x.data(), x.size()));
  return {{"type", type},
          {"dimension", x.size()},
          {"order", d.order},
          {"base", d.base},
          {"log2", d.log2},
          {"seed", hex(seed)},
          {"signs", blob.add(words)},
          {"x", blob.add(x)},
          {"norm", interval(norm)},
          {"norm_error_bound", hex_float(reference::norm_error_bound(norm, x.size()).upper_double())},
          {"y", exact_values(y)},
          {"y_error_bound", hex_float(bound.upper_double())}};
}

namespace {

struct CodecInput {
  std::string comment;
  Flags flags;
  std::vector<float> x;
  std::vector<int> bits;
};

std::vector<float> scaled(std::vector<float> x, int exponent) {
  for (float& value : x) value = std::ldexp(value, exponent);
  return x;
}

// Every other coordinate 2^-40 of its neighbours: the sum in float32 loses it, the exact one does not.
std::vector<float> mixed_magnitudes(std::size_t n) {
  std::vector<float> x = dyadic_noise(n, 7 * n + 1);
  for (std::size_t i = 1; i < n; i += 2) x[i] = std::ldexp(x[i], -40);
  return x;
}

std::vector<float> whole_noise(std::size_t n, int exponent) {
  std::vector<float> x = dyadic_noise(n, n + 17);
  for (float& value : x) value = std::ldexp(std::rint(value), exponent);
  return x;
}

// A row of H: the rotation without signs would put everything into one coordinate.
std::vector<float> hadamard_row(const reference::HadamardOrder& d, std::size_t n) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(reference::hadamard_entry(d, d.order - 1, i));
  return x;
}

std::vector<CodecInput> codec_inputs(std::size_t n) {
  const reference::HadamardOrder d = reference::hadamard_order(n);
  const std::vector<int> all = {1, 2, 3, 4, 5, 6, 7, 8}, few = {1, 2, 3, 4, 8};
  Flags noise = {"instruction-sets-disagree", "one-bit-width-hard-wired", "factor-stored-never-applied", "dither-lost-in-float"};
  if (n < d.order) noise.emplace_back("padded-dimensions");
  if (d.log2 == 0 && d.base > 1) noise.emplace_back("smallest-order-fails");
  if (n % 8 != 0) noise.emplace_back("tail-of-a-simd-loop");
  std::vector<CodecInput> inputs = {
      {"noise", noise, dyadic_noise(n, 1000 + n), n <= 112 ? all : few},
      {"one nonzero coordinate, the last", {"scale-lost-or-wrong", "estimator-constant"}, one_hot(n, n - 1, -3.0f), {1, 2, 4}},
      {"constant", {"signs-after-h-or-none"}, std::vector<float>(n, 0.75f), {2, 3}},
      {"a row of H", {"signs-after-h-or-none", "inverse-is-not-the-transpose", "base-matrix-not-orthogonal"}, hadamard_row(d, n), {3}}};
  if (n != 3 && n != 100 && n != 384) return inputs;
  inputs.push_back({"zero: every code is N - 1, and decodes to 0", {"scale-lost-or-wrong"}, std::vector<float>(n), {1, 3, 8}});
  inputs.push_back({"norm near 2^-130", {"half-overflow", "scale-lost-or-wrong"}, whole_noise(n, -140), {1, 3, 8}});
  inputs.push_back({"norm near 2^120", {"half-overflow", "scale-lost-or-wrong"}, scaled(dyadic_noise(n, n + 18), 110), {1, 3, 8}});
  inputs.push_back({"norm near 2^20: beyond binary16", {"half-overflow"}, scaled(dyadic_noise(n, n + 19), 14), {4}});
  inputs.push_back({"neighbours 2^40 apart", {"instruction-sets-disagree", "codebook"}, mixed_magnitudes(n), {2, 5, 8}});
  return inputs;
}

// Floats in order, as integers: sign and magnitude.
float float_at(std::int64_t order) {
  const auto magnitude = static_cast<std::uint32_t>(order < 0 ? -order : order);
  return std::bit_cast<float>(magnitude | (order < 0 ? 0x80000000u : 0u));
}

struct NearThreshold {
  std::string comment;
  std::vector<float> x;
};

// Two vectors that differ by one step of coordinate i, a threshold of rotated coordinate j between them; and the nearest ones found
// on each side, doubling the step, whose code is beyond doubt. Implementations may disagree on the first two, never on the others.
std::vector<NearThreshold> near_threshold(const ExactCodec& codec, std::vector<float> x, std::uint64_t row, std::size_t i, std::size_t j) {
  const auto with = [&](std::int64_t order) {
    x[i] = float_at(order);
    return x;
  };
  const auto code_at = [&](std::int64_t order) { return codec.code(with(order).data(), row, j); };
  std::int64_t low = -std::int64_t{std::bit_cast<std::uint32_t>(512.0f)}, high = -low;
  const std::int64_t code = code_at(low).exact;
  if (code_at(high).exact == code) return {};  // no threshold in reach
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (code_at(middle).exact == code ? low : high) = middle;
  }
  std::vector<NearThreshold> found = {{fmt::format("one float step below a threshold of coordinate {}", j), with(low)},
                                      {fmt::format("one float step above a threshold of coordinate {}", j), with(high)}};
  for (const bool below : {true, false}) {
    const std::int64_t beside = code_at(below ? low : high).exact;
    for (std::int64_t step = 1; step < std::int64_t{1} << 24; step *= 2) {
      const std::int64_t order = below ? low - step : high + step;
      const ExactCodec::Code at = code_at(order);
      if (at.exact != beside) break;
      if (!at.decided) continue;
      found.push_back({fmt::format("near a threshold of coordinate {}, just beyond the rounding bound", j), with(order)});
      break;
    }
  }
  return found;
}

Json alternatives_json(const ExactRow& row) {
  Json list = Json::array();
  for (const Alternative& a : row.alternatives) list.push_back({{"coordinate", a.coordinate}, {"codes", a.codes}});
  return list;
}

Json row_json(Blob& blob, const ExactRow& exact, int bits, std::uint64_t row) {
  std::vector<double> codebook = exact.thresholds;
  codebook.insert(codebook.end(), exact.codewords.begin(), exact.codewords.end());
  return {{"bits", bits},
          {"row", hex(row)},
          {"word", hex(exact.word)},
          {"norm", float_bits(exact.norm)},
          {"codebook", blob.add(codebook)},
          {"codes", blob.add(exact.codes)},
          {"alternatives", alternatives_json(exact)},
          {"bytes", blob.add(exact.bytes)},
          {"decoded", blob.add(exact.decoded)},
          {"decoded_error_bound", hex_float(exact.decoded_error_bound)},
          {"decoded_float32", blob.add(exact.decoded_float32)}};
}

Expectation expectation(const ExactRow& row) { return row.alternatives.empty() ? Expectation::valid : Expectation::acceptable; }

constexpr std::uint64_t codec_seed = 0xFEDCBA9876543210;
std::uint64_t row_of(std::size_t n, int bits) { return (std::uint64_t{1} << 32) - 4 + n % 7 + static_cast<std::uint64_t>(bits); }

void add_near_thresholds(Document& document, Blob& blob, std::size_t n) {
  for (int bits = 1; bits <= BitWidth::most; ++bits) {
    const ExactCodec codec(n, bits, codec_seed);
    const std::size_t j = (n + static_cast<std::size_t>(bits)) % codec.order();
    const std::uint64_t row = row_of(n, bits);
    for (const auto& [comment, x] : near_threshold(codec, dyadic_noise(n, 50 * n + static_cast<std::size_t>(bits)), row, n / 2, j)) {
      const ExactRow exact = codec.encode(x.data(), row);
      document.begin_group(vector_group(blob, "codec", x, codec_seed));
      document.add_test(comment, {"thresholds-drift", "instruction-sets-disagree"}, expectation(exact), row_json(blob, exact, bits, row));
    }
  }
}

}  // namespace

Document make_codec(Blob& blob) {
  Document document("codec",
                    "SPEC §4: a vector through every stage; codes are exact for the given norm, bytes those of a "
                    "bit-exact implementation",
                    blob);
  for (const std::size_t n : std::initializer_list<std::size_t>{1u, 2u, 3u, 12u, 20u, 28u, 33u, 96u, 100u, 300u, 384u, 784u, 960u}) {
    for (const CodecInput& input : codec_inputs(n)) {
      document.begin_group(vector_group(blob, "codec", input.x, codec_seed + n));
      for (const int bits : input.bits) {
        const ExactRow exact = ExactCodec(n, bits, codec_seed + n).encode(input.x.data(), row_of(n, bits));
        document.add_test(input.comment, input.flags, expectation(exact), row_json(blob, exact, bits, row_of(n, bits)));
      }
    }
  }
  for (const std::size_t n : std::initializer_list<std::size_t>{2u, 12u, 33u, 100u}) add_near_thresholds(document, blob, n);
  return document;
}

Document make_batch(Blob& blob) {
  constexpr std::size_t rows = 24;
  Document document(
      "batch",
      "SPEC §4: rows of one call, from the given first row number; each is encoded as if alone, whatever the threads",
      blob);
  for (const auto& [n, bits] : {std::pair<std::size_t, int>{33, 3}, {100, 1}, {96, 5}}) {
    const std::uint64_t first_row = 0xFFFFFFF0;  // crosses 2^32
    const ExactCodec exact(n, bits, codec_seed);
    std::vector<float> x, norms, decoded;
    std::vector<std::uint8_t> codes, bytes;
    Json alternatives = Json::array();
    for (std::size_t i = 0; i < rows; ++i) {
      const std::vector<float> input = dyadic_noise(n, 900 * n + i);
      const ExactRow row = exact.encode(input.data(), first_row + i);
      x.insert(x.end(), input.begin(), input.end());
      norms.push_back(row.norm);
      codes.insert(codes.end(), row.codes.begin(), row.codes.end());
      bytes.insert(bytes.end(), row.bytes.begin(), row.bytes.end());
      decoded.insert(decoded.end(), row.decoded_float32.begin(), row.decoded_float32.end());
      for (const Alternative& a : row.alternatives) {
        alternatives.push_back({{"row", i}, {"coordinate", a.coordinate}, {"codes", a.codes}});
      }
    }
    const Codec codec(n, bits, codec_seed, {Isa::automatic, 3});
    const EncodedRows together = codec.encode(RowsView<const float>(x.data(), rows, n), first_row);
    confirm(together.norms() == norms && together.codes() == bytes, "rows at once and one by one");
    document.begin_group({{"type", "batch"}, {"dimension", n}, {"order", exact.order()}, {"bits", bits}, {"seed", hex(codec_seed)}});
    document.add_test("", {"two-paths-two-bases", "instruction-sets-disagree", "non-atomic-packing", "correlated-random-lanes"},
                      alternatives.empty() ? Expectation::valid : Expectation::acceptable,
                      {{"rows", rows}, {"first_row", hex(first_row)}, {"x", blob.add(x)}, {"norms", blob.add(norms)},
                       {"codes", blob.add(codes)}, {"alternatives", alternatives}, {"bytes", blob.add(bytes)},
                       {"decoded_float32", blob.add(decoded)}});
  }
  return document;
}

namespace {

// Any order of float32 additions and products: γ_n Σ|q_i x̂_i| with γ_n = (1 + u)^n − 1, after decoded values off by `bound`.
Ball dot_error_bound(const std::vector<float>& q, const ExactRow& row) {
  Ball magnitudes, products;
  for (std::size_t i = 0; i < q.size(); ++i) {
    const Ball size = abs(Ball(static_cast<double>(q[i])));
    magnitudes += size;
    products += size * (abs(Ball(row.decoded[i])) + Ball(row.decoded_error_bound));
  }
  return magnitudes * Ball(row.decoded_error_bound) + reference::transform_error_bound(products, static_cast<int>(q.size()) + 1);
}

}  // namespace

Document make_dot(Blob& blob) {
  Document document(
      "dot",
      "SPEC §4: <q, x^> = (norm/d) <H D q, z^>; a float32 implementation that decodes and sums is within error_bound",
      blob);
  Precision precision(256);
  for (const std::size_t n : std::initializer_list<std::size_t>{12u, 33u, 100u, 384u}) {
    const std::vector<float> x = dyadic_noise(n, 31 * n), other = dyadic_noise(n, 37 * n);
    std::vector<float> near = x;  // a correlated pair
    for (std::size_t i = 0; i < n; i += 4) near[i] = other[i];
    document.begin_group({{"type", "dot"}, {"dimension", n}, {"seed", hex(codec_seed)}});
    for (const int bits : {1, 2, 3, 4, 8}) {
      const ExactCodec codec(n, bits, codec_seed);
      const std::uint64_t row = row_of(n, bits);
      const ExactRow exact = codec.encode(x.data(), row);
      const std::vector<std::uint8_t> codes = reference::unpack_codes(bits, exact.bytes.data(), codec.order());
      const std::vector<Ball> decoded = codec.judge().quantizer().decode(std::vector<std::int64_t>(codes.begin(), codes.end()), exact.norm,
                                                                         reference::dither_of_word(exact.word));
      for (const auto& [comment, q] : {std::pair<std::string, std::vector<float>>{"q = x", x}, {"q near x", near}, {"one coordinate", one_hot(n, n / 3, 1.0f)}}) {
        Ball dot;
        double fast = 0;
        for (std::size_t i = 0; i < n; ++i) {
          dot += Ball(static_cast<double>(q[i])) * decoded[i];
          fast += static_cast<double>(q[i]) * static_cast<double>(exact.decoded_float32[i]);
        }
        const Ball bound = dot_error_bound(q, exact);
        confirm(certainly_less(abs(Ball(fast) - dot), bound), "inner product");
        document.add_test(comment, {"two-paths-two-bases", "estimator-constant", "factor-stored-never-applied"}, Expectation::valid,
                          {{"bits", bits}, {"row", hex(row)}, {"norm", float_bits(exact.norm)}, {"bytes", blob.add(exact.bytes)},
                           {"q", blob.add(q)}, {"dot", interval(dot)}, {"error_bound", hex_float(bound.upper_double())}});
      }
    }
  }
  return document;
}

Document make_chain(Blob& blob) {
  Document document("chain",
                    "SPEC §4: encode, decode, encode the result, ...; step s takes row number s; x of a step is "
                    "decoded_float32 of the one before",
                    blob);
  for (const auto& [n, bits] : {std::pair<std::size_t, int>{12, 2}, {100, 1}, {96, 4}, {384, 3}}) {
    std::vector<float> x = n == 12 ? one_hot(n, 5, 1.0f) : dyadic_noise(n, 41 * n);
    const ExactCodec codec(n, bits, codec_seed);
    document.begin_group({{"type", "chain"}, {"dimension", n}, {"bits", bits}, {"seed", hex(codec_seed)}});
    for (std::uint64_t step = 0; step < 5; ++step) {
      const ExactRow exact = codec.encode(x.data(), step);
      document.add_test(fmt::format("step {}", step), {"requantize-drift"}, expectation(exact),
                        {{"row", hex(step)}, {"x", blob.add(x)}, {"norm", float_bits(exact.norm)}, {"codes", blob.add(exact.codes)},
                         {"alternatives", alternatives_json(exact)}, {"bytes", blob.add(exact.bytes)},
                         {"decoded_float32", blob.add(exact.decoded_float32)}});
      x = exact.decoded_float32;
    }
  }
  return document;
}

}  // namespace hdq::vectors
