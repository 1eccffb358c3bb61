// What `hdq check` finds out about rows, and who judges them: one judge for each scheme (fixed_rate_rows.cpp, entropy_coded_rows.cpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hdq/codec.hpp"
#include "hdq/reference/judge/judge.hpp"

namespace hdq::cli {

struct Verdicts {
  std::uint64_t equal = 0, within_bound = 0, wrong = 0;

  void add(reference::Verdict verdict, std::uint64_t count = 1) {
    (verdict == reference::Verdict::equal          ? equal
     : verdict == reference::Verdict::within_bound ? within_bound
                                                   : wrong) += count;
  }
  void add(const Verdicts& other) {
    equal += other.equal;
    within_bound += other.within_bound;
    wrong += other.wrong;
  }
  nlohmann::ordered_json json() const { return {{"equal", equal}, {"within_bound", within_bound}, {"wrong", wrong}}; }
};

// What is known of a set of rows; adding two sets gives that of both.
struct Findings {
  Verdicts norms, codes, streams, decoded;                   // streams: of entropy-coded rows, raw bits included
  double largest_decode_error = 0;                           // in units of its bound
  std::vector<std::pair<std::uint64_t, std::string>> wrong;  // row, what: the first few
  // Sums over nonzero rows of ‖x̂ − x‖²/‖x‖².
  std::uint64_t nonzero = 0;
  double measured = 0, measured_padded = 0, expected_lower = 0, expected_upper = 0;
  double deviation_squares = 0;    // of (measured_padded − expected)
  std::uint64_t stream_bytes = 0;  // of entropy-coded rows, raw bits included

  void add(const Findings& other);
  // A norm's, a row of codes' and a row of decoded values' verdict.
  void add_norm(std::uint64_t row, float norm, const reference::NormJudgement& verdict);
  void add_codes(std::uint64_t row, const reference::CodesJudgement& verdict);
  void add_decoded(std::uint64_t row, const reference::DecodedJudgement& verdict);
  // One nonzero row's errors, of which `padded` is over all coordinates of the order, and what is expected of that.
  void add_errors(double error, double padded, double expected_lower_, double expected_upper_);
};

// A row and what the library made of it.
struct CodedRow {
  std::uint64_t row;
  const float* x;
  float norm;
  const std::uint8_t* codes;
  const float* decoded;
  std::span<const std::uint8_t> stream, raw;  // of an entropy-coded row
};

// One worker's judge of rows: it owns what is not to be shared between threads.
class RowJudge {
 public:
  explicit RowJudge(const Codec& codec);
  virtual ~RowJudge() = default;
  virtual void judge(const CodedRow& row, Findings& findings) = 0;

 protected:
  double relative_error(const CodedRow& row) const;  // ‖x̂ − x‖²/ρ²
  const std::vector<float>& rotated(const CodedRow& row);
  double scaled_norm(const CodedRow& row) const;  // of the rotated row

  const Codec codec_;

 private:
  std::vector<std::uint32_t> signs_;
  std::vector<float> y_;
};

// So many judges of rows of this codec.
std::vector<std::unique_ptr<RowJudge>> row_judges(const Codec& codec, std::size_t count);
std::vector<std::unique_ptr<RowJudge>> fixed_rate_judges(const Codec& codec, std::size_t count);
std::vector<std::unique_ptr<RowJudge>> entropy_coded_judges(const Codec& codec, std::size_t count);

}  // namespace hdq::cli
