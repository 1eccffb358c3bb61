// hdq check of the entropy-coded quantizer's rows (SPEC §7): streams too; the squared error is set beside D, the same for every row.
#include <fmt/format.h>

#include "files.hpp"
#include "hdq/reference/judge/step_judge.hpp"
#include "hdq/reference/scheme/uniform_step.hpp"
#include "hdq/stages.hpp"
#include "row_judge.hpp"

namespace hdq::cli {
namespace {

using reference::StepJudge;

class EntropyCodedJudge : public RowJudge {
 public:
  EntropyCodedJudge(const Codec& codec, std::shared_ptr<const StepJudge> judge)
      : RowJudge(codec), judge_(std::move(judge)), error_(Step(codec.step()).error()) {}

  void judge(const CodedRow& row, Findings& findings) override {
    codes_ = reference::codes_in_memory({row.codes, codec_.code_bytes()}, codec_.order());
    findings.add_norm(row.row, row.norm, judge_->judge_norm(row.x, row.norm));
    findings.add_codes(row.row, judge_->judge_codes(row.x, row.norm, codes_, row.row));
    findings.add_decoded(row.row, judge_->judge_decoded(row.norm, codes_, row.row, row.decoded));
    judge_stream(row, findings);
    if (row.norm > 0) findings.add_errors(relative_error(row), padded_error(row), error_, error_);
  }

 private:
  void judge_stream(const CodedRow& row, Findings& findings) {
    const bool right = judge_->stream_is_right(row.norm, codes_, row.row, row.stream, row.raw);
    findings.streams.add(right ? reference::Verdict::equal : reference::Verdict::wrong);
    findings.stream_bytes += row.stream.size() + row.raw.size();
    if (!right)
      findings.wrong.emplace_back(
          row.row, fmt::format("row {}: its stream of {} bytes is not that of its codes", row.row, row.stream.size()));
  }

  // Before truncation to n the error is ‖ẑ − z‖²/d, in the rotated coordinates.
  double padded_error(const CodedRow& row) {
    const std::vector<float>& y = rotated(row);
    const std::uint32_t word = dither_word(codec_.seed(), row.row);
    const double step = static_cast<double>(codec_.step()), norm = scaled_norm(row);
    const int shift = Step(codec_.step()).raw_bits() - 24;
    double sum = 0;
    for (std::size_t j = 0; j < y.size(); ++j) {
      const auto offset = static_cast<double>(2 * (reference::weyl_word(word, j) >> 9) + 1);
      const double value = step * (static_cast<double>(codes_[j]) + (0.5 - std::ldexp(offset, shift)));
      sum += std::pow(value - static_cast<double>(y[j]) / norm, 2);
    }
    return sum / static_cast<double>(y.size());
  }

  std::shared_ptr<const StepJudge> judge_;
  double error_;  // D
  std::vector<std::int64_t> codes_;
};

}  // namespace

std::vector<std::unique_ptr<RowJudge>> entropy_coded_judges(const Codec& codec, std::size_t count) {
  const auto judge = std::make_shared<const StepJudge>(codec.dimension(), codec.step(), codec.seed());
  std::vector<std::unique_ptr<RowJudge>> judges;
  while (judges.size() < count) judges.push_back(std::make_unique<EntropyCodedJudge>(codec, judge));
  return judges;
}

}  // namespace hdq::cli
