#include "row_judge.hpp"

#include <fmt/format.h>

#include <cmath>

#include "hdq/stages.hpp"

namespace hdq::cli {

using reference::Verdict;

void Findings::add(const Findings& other) {
  norms.add(other.norms);
  codes.add(other.codes);
  streams.add(other.streams);
  decoded.add(other.decoded);
  largest_decode_error = std::max(largest_decode_error, other.largest_decode_error);
  wrong.insert(wrong.end(), other.wrong.begin(), other.wrong.end());
  std::sort(wrong.begin(), wrong.end());
  if (wrong.size() > 10) wrong.resize(10);
  nonzero += other.nonzero;
  measured += other.measured;
  measured_padded += other.measured_padded;
  expected_lower += other.expected_lower;
  expected_upper += other.expected_upper;
  deviation_squares += other.deviation_squares;
  stream_bytes += other.stream_bytes;
}

void Findings::add_norm(std::uint64_t row, float norm, const reference::NormJudgement& verdict) {
  norms.add(verdict.verdict);
  if (verdict.verdict != Verdict::wrong) return;
  wrong.emplace_back(
      row, fmt::format("row {}: norm {:.9g} is off by {:.3g}, bound {:.3g}", row, norm, verdict.error, verdict.bound));
}

void Findings::add_codes(std::uint64_t row, const reference::CodesJudgement& verdict) {
  codes.add({verdict.equal, verdict.within_bound, verdict.wrong});
  for (const auto& difference : verdict.differences) {
    if (difference.verdict != Verdict::wrong) continue;
    wrong.emplace_back(
        row, fmt::format("row {}, coordinate {}: code {}, exactly {}; the threshold is {:.3g} away, bound {:.3g}", row,
                         difference.coordinate, difference.code, difference.exact_code, difference.distance,
                         difference.bound));
    break;  // one line a row
  }
}

void Findings::add_decoded(std::uint64_t row, const reference::DecodedJudgement& verdict) {
  decoded.add({0, verdict.within_bound, verdict.wrong});
  if (verdict.bound > 0) largest_decode_error = std::max(largest_decode_error, verdict.largest_error / verdict.bound);
  if (verdict.differences.empty()) return;
  const auto& first = verdict.differences.front();
  wrong.emplace_back(row, fmt::format("row {}, column {}: decoded {:.9g}, exactly {:.9g}, bound {:.3g}", row,
                                      first.coordinate, first.value, first.exact, verdict.bound));
}

void Findings::add_errors(double error, double padded, double expected_lower_, double expected_upper_) {
  ++nonzero;
  measured += error;
  measured_padded += padded;
  expected_lower += expected_lower_;
  expected_upper += expected_upper_;
  deviation_squares += std::pow(padded - 0.5 * (expected_lower_ + expected_upper_), 2);
}

RowJudge::RowJudge(const Codec& codec) : codec_(codec), signs_((codec.order() + 31) / 32), y_(codec.order()) {
  sign_bits(codec.seed(), codec.order(), signs_.data());
}

double RowJudge::relative_error(const CodedRow& row) const {
  double error = 0;
  for (std::size_t i = 0; i < codec_.dimension(); ++i) {
    const double difference =
        (static_cast<double>(row.decoded[i]) - static_cast<double>(row.x[i])) / static_cast<double>(row.norm);
    error += difference * difference;
  }
  return error;
}

const std::vector<float>& RowJudge::rotated(const CodedRow& row) {
  const float scale = norm_scale(row.norm);
  std::fill(y_.begin(), y_.end(), 0.0f);
  for (std::size_t i = 0; i < codec_.dimension(); ++i) y_[i] = row.x[i] * scale;
  transform(y_.data(), codec_.order(), signs_.data(), codec_.isa());
  return y_;
}

double RowJudge::scaled_norm(const CodedRow& row) const {
  return static_cast<double>(row.norm) * static_cast<double>(norm_scale(row.norm));
}

std::vector<std::unique_ptr<RowJudge>> row_judges(const Codec& codec, std::size_t count) {
  return codec.scheme() == SchemeId::fixed_rate ? fixed_rate_judges(codec, count) : entropy_coded_judges(codec, count);
}

}  // namespace hdq::cli
