// hdq check of the fixed-rate quantizer's rows (SPEC §4, reference semantics); the squared error is set beside its exact expectation over the dither.
#include "hdq/reference/expectation/expected_error.hpp"
#include "hdq/stages.hpp"
#include "row_judge.hpp"

namespace hdq::cli {
namespace {

using reference::Judge;

class FixedRateJudge : public RowJudge {
 public:
  FixedRateJudge(const Codec& codec, std::shared_ptr<const Judge> judge)
      : RowJudge(codec),
        judge_(std::move(judge)),
        mse_(judge_->quantizer().scalar()),
        codes_(codec.order()),
        codewords_(std::size_t{1} << codec.bits()) {}

  void judge(const CodedRow& row, Findings& findings) override {
    unpack(codec_.bits(), row.codes, codec_.order(), codes_.data());
    findings.add_norm(row.row, row.norm, judge_->judge_norm(row.x, row.norm));
    const std::uint64_t dithered_as = codec_.parameters().dither_row(row.row);
    findings.add_codes(row.row, judge_->judge_codes(row.x, row.norm, codes_.data(), dithered_as));
    findings.add_decoded(row.row, judge_->judge_decoded(row.norm, codes_.data(), dithered_as, row.decoded));
    if (row.norm > 0) measure(row, findings);
  }

 private:
  void measure(const CodedRow& row, Findings& findings) {
    // Before truncation to n the error is ‖ẑ − z‖²/d, in the rotated coordinates.
    const std::vector<float>& y = rotated(row);
    codewords(codec_.bits(), dither_word(codec_.seed(), codec_.parameters().dither_row(row.row)), codewords_.data(),
              codec_.isa());
    double padded = 0;
    for (std::size_t j = 0; j < codec_.order(); ++j) {
      const double difference = codewords_[codes_[j]] - static_cast<double>(y[j]) / scaled_norm(row);
      padded += difference * difference;
    }
    padded /= static_cast<double>(codec_.order());
    const auto expected = relative_expected_error(judge_->quantizer(), mse_, row.x, row.norm);
    findings.add_errors(relative_error(row), padded, expected.lower, expected.upper);
  }

  std::shared_ptr<const Judge> judge_;
  reference::ScalarMseTable mse_;
  std::vector<std::uint8_t> codes_;
  std::vector<double> codewords_;
};

}  // namespace

std::vector<std::unique_ptr<RowJudge>> fixed_rate_judges(const Codec& codec, std::size_t count) {
  const auto judge = std::make_shared<const Judge>(codec.dimension(), codec.bits(), codec.seed());
  std::vector<std::unique_ptr<RowJudge>> judges;
  while (judges.size() < count) judges.push_back(std::make_unique<FixedRateJudge>(codec, judge));
  return judges;
}

}  // namespace hdq::cli
