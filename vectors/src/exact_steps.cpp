#include "hdq/vectors/exact_steps.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "hdq/entropy_coder.hpp"
#include "hdq/vectors/vector_document.hpp"
#include "hdq/vectors/vector_inputs.hpp"

namespace hdq::vectors {

using reference::Ball;
using reference::Precision;

namespace {

constexpr slong enclosure_bits = 256;

std::vector<std::int64_t> wide(const std::vector<std::int32_t>& codes) { return {codes.begin(), codes.end()}; }

std::vector<std::int32_t> from_memory(const std::vector<std::uint8_t>& bytes, std::size_t order) {
  const std::vector<std::int64_t> codes = reference::codes_in_memory(bytes, order);
  return {codes.begin(), codes.end()};
}

}  // namespace

ExactSteps::ExactSteps(std::size_t dimension, float step, std::uint64_t seed)
    : seed_(seed), judge_(dimension, step, seed) {}

std::uint32_t ExactSteps::word(std::uint64_t row) const { return reference::dither_word(seed_, row); }

ExactStepRow ExactSteps::encode(const float* x, std::uint64_t row) const {
  const Precision precision(enclosure_bits);
  ExactStepRow r{};
  r.word = word(row);
  r.norm = nearest_norm(x, dimension());
  for (std::size_t j = 0; j < order(); ++j) {
    r.words.push_back(reference::weyl_word(r.word, j));
    const reference::Rational offset = reference::offset_of_word(r.words[j]);
    r.offsets.push_back(offset.convert_to<float>());
    confirm(reference::Rational(r.offsets[j]) == offset, "an offset is a float");
  }
  for (const std::int64_t code : judge_.quantizer().encode(x, r.norm, r.word))
    r.codes.push_back(static_cast<std::int32_t>(code));
  find_alternatives(x, row, r);
  run_implementation(x, row, r);
  const Streams streams = this->streams(r.norm, r.bit_exact, row);
  r.raw = streams.raw, r.stream = streams.stream;
  confirm(library_gets(streams, row, r.norm, r.bit_exact), "a row from its stream");
  const reference::CommonFraction decoded = judge_.quantizer().decode(wide(r.bit_exact), r.norm, r.word);
  for (std::size_t i = 0; i < dimension(); ++i)
    r.decoded.push_back(nearest_double(Ball(decoded.numerators[i]) / Ball(decoded.denominator)));
  return r;
}

// The codes between which and the exact one every integer is within the bound of t_j.
void ExactSteps::find_alternatives(const float* x, std::uint64_t row, ExactStepRow& r) const {
  if (r.norm == 0) return;
  std::vector<std::vector<std::int64_t>> others(order());
  for (const std::int64_t direction : {std::int64_t{-1}, std::int64_t{1}}) {
    for (std::int64_t distance = direction;; distance += direction) {
      std::vector<std::int64_t> codes = wide(r.codes);
      for (std::int64_t& code : codes) code += distance;
      const reference::CodesJudgement judged = judge_.judge_codes(x, r.norm, codes, row);
      for (const reference::CodeDifference& d : judged.differences)
        if (d.verdict == reference::Verdict::within_bound) others[d.coordinate].push_back(d.code);
      if (judged.within_bound == 0) break;
    }
  }
  for (std::size_t j = 0; j < order(); ++j) {
    std::ranges::sort(others[j]);
    if (!others[j].empty()) r.alternatives.push_back({j, others[j]});
  }
}

// Every instruction set gives the same bytes, and only the exact codes or their alternatives.
void ExactSteps::run_implementation(const float* x, std::uint64_t row, ExactStepRow& r) const {
  for (const Isa isa : supported_isas()) {
    const Codec codec(dimension(), Step(step().step), seed_, {isa, 1});
    const EncodedRows encoded = codec.encode(RowsView<const float>(x, 1, dimension()), row);
    const std::vector<std::int32_t> codes = from_memory(encoded.codes(), order());
    std::vector<float> decoded(dimension());
    codec.decode(encoded, {decoded.data(), 1, decoded.size()});
    confirm(encoded.norms()[0] == r.norm, "norm");
    const PackedRows packed = EntropyCoder(codec).encode(encoded);
    confirm(judge_.stream_is_right(r.norm, wide(codes), row, packed.streams, packed.raw), "a stream and its raw bits");
    if (r.bit_exact.empty()) r.bit_exact = codes, r.decoded_float32 = decoded;
    confirm(codes == r.bit_exact, "codes of two instruction sets");
    confirm(std::memcmp(decoded.data(), r.decoded_float32.data(), decoded.size() * sizeof(float)) == 0,
            "decoded values of two sets");
  }
  confirm(judge_.judge_codes(x, r.norm, wide(r.bit_exact), row).wrong == 0, "codes");
  const auto decoding = judge_.judge_decoded(r.norm, wide(r.bit_exact), row, r.decoded_float32.data());
  confirm(decoding.wrong == 0, "decoded values");
  r.decoded_error_bound = decoding.bound;
}

Streams ExactSteps::streams(float norm, const std::vector<std::int32_t>& codes, std::uint64_t row) const {
  const auto h = static_cast<std::size_t>(step().raw_bits);
  Streams out{std::vector<std::uint8_t>((order() * h + 7) / 8),
              reference::RowCoder(step()).put(word(row), norm, wide(codes))};
  for (std::size_t at = 0; at < order() * h && norm > 0; ++at) {
    const std::uint32_t bit = static_cast<std::uint32_t>(codes[at / h]) >> at % h & 1;
    out.raw[at / 8] = static_cast<std::uint8_t>(out.raw[at / 8] | bit << at % 8);
  }
  return out;
}

std::vector<std::uint8_t> ExactSteps::stream_ending(std::uint32_t norm_bits, std::uint64_t row) const {
  const reference::FrequencyTables tables = reference::entropy_tables(step());
  reference::AnsPutter putter(reference::least_state + norm_bits);
  for (std::size_t j = order(); j-- > 0;) {
    const std::vector<std::uint32_t>& f = tables[reference::bucket_of(reference::weyl_word(word(row), j))];
    std::uint32_t below = 0;
    for (std::size_t c = 0; c < static_cast<std::size_t>(step().largest); ++c) below += f[c];
    putter.put({f[static_cast<std::size_t>(step().largest)], below});
  }
  return putter.stream();
}

bool ExactSteps::library_gets(const Streams& streams, std::uint64_t row, float norm,
                              const std::vector<std::int32_t>& codes) const {
  const EntropyCoder coder(Codec(dimension(), Step(step().step), seed_));
  const EncodedRows rows =
      coder.decode({row, {static_cast<std::uint32_t>(streams.stream.size())}, streams.raw, streams.stream});
  const PackedRows again = coder.encode(rows);
  return rows.norms()[0] == norm && from_memory(rows.codes(), order()) == codes && again.streams == streams.stream &&
         again.raw == streams.raw;
}

bool ExactSteps::library_refuses(const Streams& streams, std::uint64_t row) const {
  const EntropyCoder coder(Codec(dimension(), Step(step().step), seed_));
  try {
    coder.decode({row, {static_cast<std::uint32_t>(streams.stream.size())}, streams.raw, streams.stream});
    return false;
  } catch (const InvalidInput&) {
    return true;
  }
}

}  // namespace hdq::vectors
