// What is wrong with a codebook, in words: compared with the Lloyd–Max quantizer of the law that it is nearer to, the normal one or, if
// a dimension is given, that of the sphere's coordinate.
//
// A verdict that is `wrong` has a certified figure behind it: an error that is at least so many per cent above what the change named
// would leave. The search behind a change (the best multiple, which codewords are exchanged) need not be proved for that.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hdq/reference/expectation/codebook_error.hpp"

namespace hdq::reference {

// Under one law. The optimum is left out for more than `most_certified_levels` levels and in dimension 1.
struct CodebookUnderLaw {
  static constexpr std::size_t most_certified_levels = 512;

  CodebookLaw law;
  CodebookMoments moments;
  std::optional<LloydMax> optimum;
  Rational best_multiple = 1;  // of codewords and thresholds, by the rule of the diagnosis
  CodebookMoments at_best_multiple;
};

struct CodebookVerdict {
  bool wrong;        // or a remark
  std::string text;  // one line
};

struct CodebookDiagnosis {
  std::vector<CodebookUnderLaw> laws;  // normal, and sphere
  std::size_t judged = 0;              // index into laws: the one with the smaller ratio of its error to the optimum's, at the best scale
  std::vector<std::size_t> idle;       // codes with a share below 0.03/N³ under it, about a thousandth of the optimum's least share
  std::vector<CodebookVerdict> verdicts;

  bool wrong() const;
  // Error of the codebook over that of the optimum, by the rule; nothing without an optimum.
  std::optional<Ball> ratio(ScaleRule rule, std::size_t law) const;
};

// dimension 0: unknown, which a unit other than 1/√d does not allow. Throws std::invalid_argument (Codebook::check).
CodebookDiagnosis diagnose(const Codebook& codebook, std::uint64_t dimension, ScaleRule rule);

// A printed figure for an error that is enclosed: is it right as far as its digits go, and is it a bound?
//   "0.03455 is right: the error in 4 digits, and a bound"
//   "0.03 is the error rounded down to 1 digit; as a bound it is false (the error is 0.0345…)"
// Wrong: off by more than one unit of its last digit, or below the error by more than 1 %. std::invalid_argument: not a decimal above 0.
CodebookVerdict judge_claim(const std::string& figure, const Ball& error);

}  // namespace hdq::reference
