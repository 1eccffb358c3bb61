// Test vectors of the entropy-coded quantizer (SPEC §7): tables, a vector through every stage, streams.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "hdq/entropy_coder.hpp"
#include "hdq/vectors/exact_steps.hpp"
#include "hdq/vectors/vector_inputs.hpp"
#include "hdq/vectors/vectors.hpp"

namespace hdq::vectors {

using reference::Precision;
using Flags = std::vector<std::string>;

namespace {

// Both ends; steps with raw bits, and the two on either side of where they end; rates of about 4, 2 and 1.
constexpr float steps[] = {0x1p-10f, 0.0162f, 0x1p-3f, 0x1.000002p-3f, 0.26f, 1.0825f, 2.5745f, 16.0f};
constexpr std::uint64_t entropy_seed = 0xFEDCBA9876543211;

}  // namespace

// ---- tables ----

Document make_entropy_tables(Blob& blob) {
  Document document(
      "entropy-tables",
      "SPEC §7: raw bits, coarse step and frequencies; a coder that differs in one of them reads no other's streams",
      blob);
  document.begin_group({{"type", "entropy-tables"}});
  for (const float value : steps) {
    const reference::StepNumbers step(value);
    const reference::FrequencyTables tables = reference::entropy_tables(step);
    const EntropyCoder coder(Codec(1, Step(value)));
    confirm(coder.largest_symbol() == step.largest && Step(value).raw_bits() == step.raw_bits, "numbers of a step");
    std::vector<std::uint32_t> all;
    for (std::size_t u = 0; u < tables.size(); ++u) {
      confirm(std::ranges::equal(coder.frequencies(static_cast<int>(u)), tables[u]), "frequencies");
      all.insert(all.end(), tables[u].begin(), tables[u].end());
    }
    document.add_test(
        step.raw_bits > 0 ? "a step with raw bits: the table is that of the coarse step" : "a step without raw bits",
        {"codebook"}, Expectation::valid,
        {{"step", float_bits(value)},
         {"raw_bits", step.raw_bits},
         {"coarse_step", hex_float(step.coarse)},
         {"largest", step.largest},
         {"frequencies", blob.add(all)}});
  }
  return document;
}

// ---- a vector through every stage ----

namespace {

struct StepInput {
  std::string comment;
  Flags flags;
  std::vector<float> x;
  std::vector<float> steps;
};

// D Hᵀ e: rotated, it is √d in one coordinate, whose code is an escape but for the largest steps.
std::vector<float> spike(std::size_t order, std::size_t at) {
  const reference::HadamardOrder d = reference::hadamard_order(order);
  const std::vector<int> epsilon = reference::signs(entropy_seed, order);
  std::vector<float> x(order);
  for (std::size_t i = 0; i < order; ++i) x[i] = static_cast<float>(epsilon[i] * reference::hadamard_entry(d, at, i));
  return x;
}

std::vector<StepInput> step_inputs(std::size_t n) {
  const std::vector<float> all(std::begin(steps), std::end(steps)), few = {0.0162f, 1.0825f};
  Flags noise = {"instruction-sets-disagree", "factor-stored-never-applied", "dither-lost-in-float"};
  const std::size_t d = reference::hadamard_order(n).order;
  if (n < d) noise.emplace_back("padded-dimensions");
  if (n % 8 != 0) noise.emplace_back("tail-of-a-simd-loop");
  std::vector<StepInput> inputs = {{"noise", noise, dyadic_noise(n, 3000 + n), n <= 112 ? all : few}};
  if (n == 1000) inputs[0].steps = {0x1p-10f};  // the order is 1024: codes of 32 bits
  if (n != 3 && n != 96 && n != 100) return inputs;
  inputs.push_back({"one nonzero coordinate, the last",
                    {"scale-lost-or-wrong", "estimator-constant"},
                    one_hot(n, n - 1, -3.0f),
                    few});
  inputs.push_back({"constant", {"signs-after-h-or-none"}, std::vector<float>(n, 0.75f), few});
  inputs.push_back({"zero: no stream, codes 0, decoded to 0", {"scale-lost-or-wrong"}, std::vector<float>(n), few});
  std::vector<float> small = dyadic_noise(n, n + 17), large = dyadic_noise(n, n + 18);
  for (float& value : small) value = std::ldexp(std::rint(value), -140);
  for (float& value : large) value = std::ldexp(value, 110);
  inputs.push_back({"norm near 2^-130", {"half-overflow", "scale-lost-or-wrong"}, small, few});
  inputs.push_back({"norm near 2^120", {"half-overflow", "scale-lost-or-wrong"}, large, few});
  if (n == d)
    inputs.push_back({"one rotated coordinate: escapes",
                      {"instruction-sets-disagree", "scale-lost-or-wrong"},
                      spike(n, n / 3),
                      all});
  return inputs;
}

Json alternatives_json(const ExactStepRow& row) {
  Json list = Json::array();
  for (const Alternative& a : row.alternatives) list.push_back({{"coordinate", a.coordinate}, {"codes", a.codes}});
  return list;
}

Json row_json(Blob& blob, const ExactSteps& codec, const ExactStepRow& exact, std::uint64_t row) {
  const reference::StepNumbers& step = codec.step();
  return {{"step", float_bits(step.step)},
          {"raw_bits", step.raw_bits},
          {"coarse_step", hex_float(step.coarse)},
          {"code_bits", codec.code_bits()},
          {"row", hex(row)},
          {"word", hex(exact.word)},
          {"norm", float_bits(exact.norm)},
          {"words", blob.add(exact.words)},
          {"offsets", blob.add(exact.offsets)},
          {"codes", blob.add(exact.codes)},
          {"alternatives", alternatives_json(exact)},
          {"codes_bit_exact", blob.add(exact.bit_exact)},
          {"raw", blob.add(exact.raw)},
          {"stream", blob.add(exact.stream)},
          {"decoded", blob.add(exact.decoded)},
          {"decoded_error_bound", hex_float(exact.decoded_error_bound)},
          {"decoded_float32", blob.add(exact.decoded_float32)}};
}

}  // namespace

Document make_entropy_coded(Blob& blob) {
  Document document("entropy-coded",
                    "SPEC §7: a vector through every stage; codes are exact for the given norm, codes_bit_exact those "
                    "of a bit-exact implementation, and raw bits, stream and decoded values are theirs",
                    blob);
  for (const std::size_t n : std::initializer_list<std::size_t>{1u, 2u, 3u, 12u, 33u, 96u, 100u, 384u, 784u, 1000u}) {
    const std::uint64_t row = (std::uint64_t{1} << 32) - 3 + n % 7;
    for (const StepInput& input : step_inputs(n)) {
      document.begin_group(vector_group(blob, "entropy-coded", input.x, entropy_seed));
      for (const float step : input.steps) {
        const ExactSteps codec(n, step, entropy_seed);
        const ExactStepRow exact = codec.encode(input.x.data(), row);
        document.add_test(input.comment, input.flags,
                          exact.alternatives.empty() ? Expectation::valid : Expectation::acceptable,
                          row_json(blob, codec, exact, row));
      }
    }
  }
  return document;
}

// ---- streams ----

namespace {

// Codes from one to the largest that the width holds, of both signs: mostly escapes, each gamma code among them.
std::vector<std::int32_t> far_codes(std::size_t count, int bits, std::uint64_t seed) {
  SplitMix64 integers(seed);
  const auto width = static_cast<std::uint64_t>(bits);
  std::vector<std::int32_t> codes(count);
  for (std::int32_t& code : codes) {
    const std::uint64_t draw = integers.next();
    const auto magnitude = static_cast<std::int32_t>((draw & 0x7FFFFFFF) >> (32 - width + (draw >> 32) % width));
    code = draw >> 63 != 0 ? -magnitude : magnitude;
  }
  codes[0] = static_cast<std::int32_t>(-(std::int64_t{1} << (bits - 1)));
  codes[1] = static_cast<std::int32_t>((std::int64_t{1} << (bits - 1)) - 1);
  return codes;
}

class StreamTests {
 public:
  StreamTests(Document& document, Blob& blob, std::size_t order, float step)
      : document_(document), blob_(blob), codec_(order, step, entropy_seed) {
    document_.begin_group({{"type", "entropy-streams"},
                           {"order", order},
                           {"seed", hex(entropy_seed)},
                           {"step", float_bits(step)},
                           {"code_bits", codec_.code_bits()}});
  }

  void add_valid(const std::string& comment, float norm, const std::vector<std::int32_t>& codes) {
    const Streams streams = codec_.streams(norm, codes, row_);
    confirm(codec_.library_gets(streams, row_, norm, codes), "a stream");
    document_.add_test(comment, {"one-bit-width-hard-wired"}, Expectation::valid,
                       {{"row", hex(row_)},
                        {"word", hex(codec_.word(row_))},
                        {"norm", float_bits(norm)},
                        {"codes", blob_.add(codes)},
                        {"raw", blob_.add(streams.raw)},
                        {"stream", blob_.add(streams.stream)}});
  }

  void add_invalid(const std::string& comment, const Streams& streams) {
    confirm(codec_.library_refuses(streams, row_), "no stream: " + comment);
    document_.add_test(comment, {"corrupt-file-loads"}, Expectation::invalid,
                       {{"row", hex(row_)}, {"raw", blob_.add(streams.raw)}, {"stream", blob_.add(streams.stream)}});
  }

  void add_damages(float norm, const std::vector<std::int32_t>& codes);
  const ExactSteps& codec() const { return codec_; }

 private:
  static constexpr std::uint64_t row_ = 41;
  Document& document_;
  Blob& blob_;
  ExactSteps codec_;
};

void StreamTests::add_damages(float norm, const std::vector<std::int32_t>& codes) {
  const Streams good = codec_.streams(norm, codes, row_);
  const auto changed = [&](const auto& change) {
    Streams bad = good;
    change(bad.stream);
    return bad;
  };
  using Bytes = std::vector<std::uint8_t>;
  add_invalid("four bytes", changed([](Bytes& s) { s.resize(4); }));
  add_invalid("the last word is missing", changed([](Bytes& s) { s.resize(s.size() - 4); }));
  add_invalid("a word too many", changed([](Bytes& s) { s.insert(s.end(), 4, 0); }));
  add_invalid("a state in more bytes than hold it",
              changed([&](Bytes& s) { s.insert(s.begin() + static_cast<std::ptrdiff_t>(5 + (s.size() - 5) % 4), 0); }));
  add_invalid("a state below 2^31", changed([](Bytes& s) { s = {0xFF, 0xFF, 0xFF, 0x7F, 0}; }));
  add_invalid("a state of 2^63", changed([](Bytes& s) { s = {0, 0, 0, 0, 0, 0, 0, 0x80}; }));
  std::size_t flips = 0;
  for (std::size_t i = 0; flips < 8; ++i) {
    const std::size_t bit = SplitMix64(codes.size() * 100 + i).next() % (8 * good.stream.size());
    const Streams flipped =
        changed([&](Bytes& s) { s[bit / 8] = static_cast<std::uint8_t>(s[bit / 8] ^ 1 << bit % 8); });
    if (!codec_.library_refuses(flipped, row_)) continue;  // another row's, under no checksum
    add_invalid(fmt::format("bit {} of byte {} flipped", bit % 8, bit / 8), flipped);
    ++flips;
  }
  // Written as if for these norms, which none has.
  for (const auto& [what, bits] : {std::pair<const char*, std::uint32_t>{"zero", 0},
                                   {"infinite", 0x7F800000},
                                   {"NaN", 0x7FC00000},
                                   {"negative", 0xBF800000}})
    add_invalid(fmt::format("the norm that ends it is {}", what), {good.raw, codec_.stream_ending(bits, row_)});
}

}  // namespace

Document make_entropy_streams(Blob& blob) {
  Document document("entropy-streams",
                    "SPEC §7: codes of a row and their stream and raw bits, whether or not a vector has such codes; "
                    "and what is no stream of the row",
                    blob);
  for (const auto& [order, step] : {std::pair<std::size_t, float>{1, 1.0825f},
                                    {12, 16.0f},
                                    {40, 0.26f},
                                    {64, 0.0162f},
                                    {112, 0x1p-3f},
                                    {1024, 0x1p-10f}}) {
    StreamTests tests(document, blob, order, step);
    const int bits = tests.codec().code_bits();
    std::vector<std::int32_t> near(order);
    for (std::size_t j = 0; j < order; ++j) near[j] = static_cast<std::int32_t>(j % 5) - 2;
    tests.add_valid("codes near 0", 1.5f, near);
    tests.add_valid("all codes 0, the least norm", 0x1p-149f, std::vector<std::int32_t>(order));
    if (order > 1) tests.add_valid("far codes: escapes", 0x1.fffffep127f, far_codes(order, bits, order));
    if (order != 40 && order != 64) continue;
    tests.add_damages(1.5f, near);
    std::vector<std::int32_t> beyond = near;
    beyond[3] = 32768;
    tests.add_invalid("a code that 16 bits do not hold", tests.codec().streams(1.5f, beyond, 41));
  }
  return document;
}

}  // namespace hdq::vectors
