#include "hdq/vectors/exact_codec.hpp"

#include <algorithm>
#include <cstring>

#include "hdq/stages.hpp"
#include "hdq/vectors/vector_document.hpp"
#include "hdq/vectors/vector_inputs.hpp"

namespace hdq::vectors {

using reference::Ball;
using reference::Precision;

namespace {
constexpr slong enclosure_bits = 256;
}

float nearest_norm(const float* x, std::size_t n) {
  Precision precision(enclosure_bits);
  return nearest_float(reference::exact_norm(x, n));
}

ExactCodec::ExactCodec(std::size_t dimension, int bits, std::uint64_t seed) : seed_(seed), judge_(dimension, bits, seed) {}

ExactRow ExactCodec::encode(const float* x, std::uint64_t row) const {
  Precision precision(enclosure_bits);
  ExactRow r{};
  r.word = reference::dither_word(seed_, row);
  r.exact_norm = reference::exact_norm(x, judge_.dimension());
  r.norm_error_bound = reference::norm_error_bound(r.exact_norm, judge_.dimension());
  r.norm = nearest_float(r.exact_norm);
  const Ball u = reference::dither_of_word(r.word);
  exact_codes(x, u, r);
  run_implementation(x, row, r);
  exact_decoding(u, r);
  return r;
}

ExactCodec::Code ExactCodec::code(const float* x, std::uint64_t row, std::size_t coordinate) const {
  Precision precision(enclosure_bits);
  const reference::VectorQuantizer& quantizer = judge_.quantizer();
  Ball y;
  for (std::size_t i = 0; i < judge_.dimension(); ++i) {
    const int sign = quantizer.epsilon()[i] * reference::hadamard_entry(quantizer.order(), coordinate, i);
    y += sign * Ball(static_cast<double>(x[i]));
  }
  const float norm = nearest_norm(x, judge_.dimension());
  const Ball rho(static_cast<double>(norm)), u = reference::dither_of_word(reference::dither_word(seed_, row));
  Code r{quantizer.scalar().encode(y, rho, u), true};
  const Ball y_bound = rotation_bound(x, norm);
  for (const std::int64_t k : {r.exact, r.exact + 1}) {
    if (k < 1 || k >= quantizer.scalar().levels()) continue;
    const Ball theta = quantizer.scalar().generator().threshold(k, u);
    const Ball bound = y_bound + reference::scaled_threshold_error_bound(theta, rho, reference::norm_scale_exponent(norm));
    if (certainly_less_equal(abs(y - theta * rho), bound.upper_end())) r.decided = false;
  }
  return r;
}

Ball ExactCodec::rotation_bound(const float* x, float norm) const {
  return reference::rotation_error_bound(judge_.quantizer().order(), reference::detail::sum_of_magnitudes(x, judge_.dimension()),
                                         judge_.dimension(), reference::norm_scale_exponent(norm));
}

// code_j = #{k : y_j >= θ_k ρ} and what the bounds allow besides. The zero vector's thresholds are all 0, so its codes are N − 1.
void ExactCodec::exact_codes(const float* x, const Ball& u, ExactRow& r) const {
  const reference::VectorQuantizer& quantizer = judge_.quantizer();
  const reference::Generator& g = quantizer.scalar().generator();
  const Ball rho(static_cast<double>(r.norm));
  const int exponent = reference::norm_scale_exponent(r.norm);
  std::vector<Ball> scaled{Ball()}, bounds{Ball()};  // of threshold k at index k
  for (std::int64_t k = 1; k < g.levels(); ++k) {
    const Ball theta = g.threshold(k, u);
    r.thresholds.push_back(nearest_double(theta));
    scaled.push_back(theta * rho);
    bounds.push_back(r.norm == 0 ? Ball(0) : reference::scaled_threshold_error_bound(theta, rho, exponent));
  }
  for (std::int64_t k = 0; k < g.levels(); ++k) r.codewords.push_back(nearest_double(g.codeword(k, u)));
  const Ball y_bound = rotation_bound(x, r.norm);
  const std::vector<Ball> y = quantizer.rotate(x);
  for (std::size_t j = 0; j < y.size(); ++j) {
    std::int64_t code = 0;
    while (code + 1 < g.levels()) {
      const Ball& threshold = scaled[static_cast<std::size_t>(code + 1)];
      if (certainly_less(y[j], threshold)) break;
      if (!certainly_less_equal(threshold, y[j])) throw reference::Undecided("a coordinate of a test vector is on a threshold");
      ++code;
    }
    r.codes.push_back(static_cast<std::uint8_t>(code));
    if (r.norm == 0) continue;
    std::vector<std::int64_t> others = alternatives(y[j], code, y_bound, scaled, bounds);
    if (!others.empty()) r.alternatives.push_back({j, std::move(others)});
  }
}

// The codes between which and the exact one every threshold is within its bound of y (proofs/float/FloatCode.v, acceptable_between).
std::vector<std::int64_t> ExactCodec::alternatives(const Ball& y, std::int64_t code, const Ball& y_bound,
                                                   const std::vector<Ball>& scaled, const std::vector<Ball>& bounds) const {
  const auto within = [&](std::int64_t k) {
    const auto index = static_cast<std::size_t>(k);
    return certainly_less_equal(abs(y - scaled[index]), (y_bound + bounds[index]).upper_end());
  };
  std::vector<std::int64_t> codes;
  for (std::int64_t k = code; k >= 1 && within(k); --k) codes.insert(codes.begin(), k - 1);
  for (std::int64_t k = code + 1; k < static_cast<std::int64_t>(scaled.size()) && within(k); ++k) codes.push_back(k);
  return codes;
}

// Every instruction set gives the same bytes, and only the exact codes or their alternatives.
void ExactCodec::run_implementation(const float* x, std::uint64_t row, ExactRow& r) const {
  for (const Isa isa : supported_isas()) {
    const Codec codec(judge_.dimension(), judge_.bits(), seed_, {isa, 1});
    const EncodedRows encoded = codec.encode(RowsView<const float>(x, 1, codec.dimension()), row);
    const std::vector<std::uint8_t>& bytes = encoded.codes();
    std::vector<float> decoded(codec.dimension());
    codec.decode(encoded, {decoded.data(), 1, decoded.size()});
    confirm(encoded.norms()[0] == r.norm, "norm");
    if (r.bytes.empty()) {
      r.bytes = bytes;
      r.decoded_float32 = decoded;
      continue;
    }
    confirm(bytes == r.bytes, "bytes of two instruction sets");
    confirm(std::memcmp(decoded.data(), r.decoded_float32.data(), decoded.size() * sizeof(float)) == 0, "decoded values of two sets");
  }
  const std::vector<std::uint8_t> codes = reference::unpack_codes(judge_.bits(), r.bytes.data(), order());
  confirm(judge_.judge_codes(x, r.norm, codes.data(), row).wrong == 0, "codes");
  std::size_t explained = 0;
  for (const Alternative& alternative : r.alternatives) {
    for (const std::int64_t code : alternative.codes) explained += codes[alternative.coordinate] == code ? 1 : 0;
  }
  std::size_t different = 0;
  for (std::size_t j = 0; j < order(); ++j) different += codes[j] != r.codes[j] ? 1 : 0;
  confirm(different == explained, "alternatives");
  const auto decoding = judge_.judge_decoded(r.norm, codes.data(), row, r.decoded_float32.data());
  confirm(decoding.wrong == 0, "decoded values");
  r.decoded_error_bound = decoding.bound;
}

// x̂_i = ε_i (ρ/d) Σ_k c_ki r_k, c_ki the signed count of codeword k in column i of H: integers, so that what cancels is exactly 0.
void ExactCodec::exact_decoding(const Ball& u, ExactRow& r) const {
  const reference::VectorQuantizer& quantizer = judge_.quantizer();
  const std::vector<std::uint8_t> codes = reference::unpack_codes(judge_.bits(), r.bytes.data(), order());
  std::vector<Ball> sums(order());
  for (std::int64_t k = 0; k < quantizer.scalar().levels(); ++k) {
    std::vector<std::int64_t> counts(order());
    for (std::size_t j = 0; j < order(); ++j) counts[j] = codes[j] == k ? 1 : 0;
    if (std::find(counts.begin(), counts.end(), 1) == counts.end()) continue;
    reference::hadamard_transform_transposed(quantizer.order(), counts);
    const Ball codeword = quantizer.scalar().decode(k, u);
    for (std::size_t i = 0; i < order(); ++i) sums[i] += counts[i] * codeword;
  }
  const Ball scale = Ball(static_cast<double>(r.norm)) / order();
  for (std::size_t i = 0; i < judge_.dimension(); ++i) r.decoded.push_back(nearest_double(quantizer.epsilon()[i] * scale * sums[i]));
}

}  // namespace hdq::vectors
