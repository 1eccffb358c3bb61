// Properties of a codec that follows SPEC §4, one row at a time: against real arithmetic, and of rows against each other.
#pragma once

#include <cstring>
#include <optional>

#include "hdq/properties/result.hpp"
#include "hdq/reference/judge/judge.hpp"

namespace hdq::properties {

struct CodecConfig {
  std::size_t dimension;
  int bits;
  std::uint64_t seed;
  reference::Judge judge() const { return {dimension, bits, seed}; }
};

struct Encoded {
  float norm;
  std::vector<std::uint8_t> codes;  // unpacked, d of them
  bool operator==(const Encoded& other) const { return std::memcmp(&norm, &other.norm, sizeof norm) == 0 && codes == other.codes; }
};

using Encode = std::function<Encoded(const Vector& x, std::uint64_t row)>;
using Decode = std::function<Vector(const Encoded& encoded, std::uint64_t row)>;

// |ρ − ‖x‖| is within the bound of 16 lanes of double and one rounding to float32. SPEC §5.6, norm_error_bound_correct.
inline Result norm_within_bound(const Vector& x, float norm) {
  const auto verdict = reference::Judge(x.size(), 1, 0).judge_norm(x.data(), norm);
  if (verdict.verdict != reference::Verdict::wrong) return {};
  return violated("the norm ", norm, " is off by ", verdict.error, ", bound ", verdict.bound);
}

// Each code is the exact one, or y_j is within the proved bound of every threshold between. SPEC §5.6: encode32_acceptable says that
// a correct implementation passes, acceptable_attained that nothing tighter would let all of them pass.
inline Result codes_within_bound(const CodecConfig& config, const Vector& x, std::uint64_t row, const Encoded& encoded) {
  const reference::Judge judge = config.judge();
  if (encoded.codes.size() != judge.order()) return violated(encoded.codes.size(), " codes, not ", judge.order());
  const Result norm = norm_within_bound(x, encoded.norm);
  if (!norm) return norm;
  const auto verdict = judge.judge_codes(x.data(), encoded.norm, encoded.codes.data(), row);
  for (const auto& d : verdict.differences) {
    if (d.verdict != reference::Verdict::wrong) continue;
    return violated("coordinate ", d.coordinate, ": code ", d.code, ", exactly ", d.exact_code, "; the threshold is ", d.distance,
                    " away, bound ", d.bound);
  }
  return {};
}

// Each decoded value is within the proved bound of (ρ/d) D Hᵀ ẑ. SPEC §5.6, decode_error_bound_correct.
inline Result decoded_within_bound(const CodecConfig& config, const Encoded& encoded, std::uint64_t row, const Vector& decoded) {
  const auto verdict = config.judge().judge_decoded(encoded.norm, encoded.codes.data(), row, decoded.data());
  if (verdict.differences.empty()) return {};
  const auto& d = verdict.differences.front();
  return violated("coordinate ", d.coordinate, " decodes to ", d.value, ", exactly ", d.exact, "; bound ", verdict.bound);
}

// encode(2^e x) has the codes of encode(x) and 2^e times its norm, as long as neither leaves float32's normal numbers. SPEC §4.
inline Result scaling_keeps_codes(const Vector& x, std::uint64_t row, int exponent, const Encode& encode) {
  Vector scaled = x;
  for (float& value : scaled) value = std::ldexp(value, exponent);
  const Encoded one = encode(x, row), other = encode(scaled, row);
  if (other.norm != std::ldexp(one.norm, exponent)) return violated("the norm is ", one.norm, ", of 2^", exponent, " x it is ", other.norm);
  for (std::size_t j = 0; j < one.codes.size(); ++j) {
    if (one.codes[j] != other.codes.at(j)) {
      return violated("code ", j, " is ", int{one.codes[j]}, ", of 2^", exponent, " x it is ", int{other.codes[j]});
    }
  }
  return {};
}

// Zeros appended up to the Hadamard order change nothing: a codec of dimension n and one of dimension d agree. SPEC §1.
inline Result padding_changes_nothing(const Vector& x, std::uint64_t row, const Encode& encode, const Encode& encode_padded) {
  Vector padded = x;
  padded.resize(reference::hadamard_order(x.size()).order);
  if (encode(x, row) == encode_padded(padded, row)) return {};
  return violated("a vector of dimension ", x.size(), " and the same with zeros up to ", padded.size(), " have different codes");
}

// Rows of one call are encoded as each would be alone; row i has row number first_row + i. SPEC §4.
inline Result batch_equals_single(const std::vector<Vector>& rows, std::uint64_t first_row,
                                  const std::function<std::vector<Encoded>(const std::vector<Vector>&, std::uint64_t first_row)>& batch,
                                  const Encode& encode) {
  const std::vector<Encoded> together = batch(rows, first_row);
  if (together.size() != rows.size()) return violated(rows.size(), " rows have ", together.size(), " codes");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!(together[i] == encode(rows[i], first_row + i))) return violated("row ", i, " of ", rows.size(), " differs from the same row alone");
  }
  return {};
}

// The same call gives the same bytes every time, whatever the variant: threads, instruction set, alignment. SPEC §4.
inline Result variants_agree(std::size_t variants, const std::function<std::vector<std::uint8_t>(std::size_t variant)>& run, int repeats = 3) {
  const std::vector<std::uint8_t> first = run(0);
  for (int repeat = 0; repeat < repeats; ++repeat) {
    for (std::size_t variant = 0; variant < variants; ++variant) {
      const std::vector<std::uint8_t> bytes = run(variant);
      if (bytes == first) continue;
      const auto at = std::mismatch(bytes.begin(), bytes.end(), first.begin(), first.end()).first - bytes.begin();
      return violated("variant ", variant, ", run ", repeat, " differs from variant 0 in byte ", at);
    }
  }
  return {};
}

// NaN and infinity at any column are refused, and the refusal names the column. SPEC §4. `refused_column` encodes a row and returns
// the column that the error names, nothing if there was none.
inline Result non_finite_is_refused(const Vector& x, const std::function<std::optional<std::size_t>(const Vector&)>& refused_column) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (std::size_t column = 0; column < x.size(); ++column) {
    for (const float value : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity}) {
      Vector bad = x;
      bad[column] = value;
      const std::optional<std::size_t> named = refused_column(bad);
      if (!named) return violated(value, " in column ", column, " is encoded");
      if (*named != column) return violated(value, " in column ", column, " is refused as column ", *named);
    }
  }
  return {};
}

// Every code 0 … 2^b − 1 occurs among rows × d codes of the given inputs; meant for many rows of generic data. A codebook that
// is clipped or frozen leaves codes unused.
inline Result all_codes_occur(int bits, const std::vector<Vector>& rows, const Encode& encode) {
  std::vector<std::size_t> count(std::size_t{1} << bits);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (const std::uint8_t code : encode(rows[row], row).codes) {
      if (code >= count.size()) return violated("code ", int{code}, " has more than ", bits, " bits");
      ++count[code];
    }
  }
  for (std::size_t code = 0; code < count.size(); ++code) {
    if (count[code] == 0) return violated("code ", code, " of ", count.size(), " never occurs");
  }
  return {};
}

}  // namespace hdq::properties
