#include "hdq/reference/judge/step_judge.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "hdq/reference/scheme/philox.hpp"

namespace hdq::reference {
namespace {

constexpr slong precision_bits = 128;

Ball ball_of(const CommonFraction& values, std::size_t i) {
  return Ball(values.numerators[i]) / Ball(values.denominator);
}

void check(float norm, std::size_t codes, std::size_t order) {
  if (!std::isfinite(norm) || norm < 0) throw std::invalid_argument("a norm is finite and not negative");
  if (codes != order) throw std::invalid_argument("one code per rotated coordinate");
}

// Of one row: how far the float t_j may be from the exact one, in units of Δ.
class CodeBound {
 public:
  CodeBound(const EntropyCodedQuantizer& quantizer, const float* x, float norm)
      : raw_(Ball::power_of_two(quantizer.step().raw_bits)),
        rotation_(rotation_error_bound(quantizer.order(), detail::sum_of_magnitudes(x, quantizer.dimension()),
                                       quantizer.dimension(), norm_scale_exponent(norm)) /
                  (Ball(static_cast<double>(norm)) * Ball(static_cast<double>(quantizer.step().step))) *
                  (Ball(1) + Ball::power_of_two(-22))) {}

  // `steps`: |z_j|/Δ.
  Ball of(const Ball& steps) const { return rotation_ + ldexp(steps + raw_, -22); }

 private:
  Ball raw_, rotation_;
};

}  // namespace

CodesJudgement StepJudge::judge_codes(const float* x, float norm, std::span<const std::int64_t> codes,
                                      std::uint64_t row) const {
  check(norm, codes.size(), order());
  const Precision precision(precision_bits);
  const std::uint32_t word = dither_word(seed_, row);
  const std::vector<std::int64_t> exact = quantizer_.encode(x, norm, word);
  CodesJudgement r;
  if (std::ranges::equal(codes, exact)) {
    r.equal = exact.size();
    return r;
  }
  const CommonFraction t =
      norm == 0 ? CommonFraction{std::vector<Integer>(order()), 1} : quantizer_.dithered(x, norm, word);
  const CodeBound bound_of(quantizer_, x, norm);
  const Ball least(quantizer_.range().least), most(quantizer_.range().most);
  for (std::size_t j = 0; j < codes.size(); ++j) {
    const std::int64_t code = codes[j];
    if (code == exact[j]) {
      ++r.equal;
      continue;
    }
    // The integer between the two codes that is farthest from t.
    const Ball at = max(least, min(most, ball_of(t, j))), between(code > exact[j] ? code : code + 1);
    const Ball offset =
        Ball(Rational(offset_of_word(weyl_word(word, j)))) * Ball::power_of_two(quantizer_.step().raw_bits);
    const Ball distance = abs(at - between), bound = norm == 0 ? Ball(0) : bound_of.of(abs(ball_of(t, j) - offset));
    const bool explained = code >= quantizer_.range().least && code <= quantizer_.range().most && norm > 0 &&
                           certainly_less_equal(distance, bound.upper_end());
    r.differences.push_back({j, code, exact[j], explained ? Verdict::within_bound : Verdict::wrong,
                             distance.upper_double(), bound.upper_double()});
    ++(explained ? r.within_bound : r.wrong);
  }
  return r;
}

DecodedJudgement StepJudge::judge_decoded(float norm, std::span<const std::int64_t> codes, std::uint64_t row,
                                          const float* decoded) const {
  check(norm, codes.size(), order());
  const Precision precision(precision_bits);
  const std::uint32_t word = dither_word(seed_, row);
  const std::vector<std::int64_t> k(codes.begin(), codes.end());
  const CommonFraction z = quantizer_.values(k, word), exact = quantizer_.decode(k, norm, word);
  // ẑ_j in float32 rounds twice, and never to a subnormal number: it is a multiple of Δ·2^-24 >= 2^-34.
  const Ball twice = square(Ball(1) + unit_roundoff()) - Ball(1);
  Integer magnitudes = 0;
  for (const Integer& one : z.numerators) magnitudes += one < 0 ? Integer(-one) : one;
  const Ball sum = Ball(magnitudes) / Ball(z.denominator), sum_errors = twice * sum;
  const Ball bound = norm == 0 ? Ball(0)
                               : scaled_decode_error_bound(quantizer_.order(), Ball(static_cast<double>(norm)), sum,
                                                           sum + sum_errors, sum_errors, norm_scale_exponent(norm));
  DecodedJudgement r;
  r.bound = bound.upper_double();
  for (std::size_t i = 0; i < dimension(); ++i) {
    const Ball value = ball_of(exact, i);
    const double error = std::isnan(decoded[i]) ? std::numeric_limits<double>::infinity()
                                                : abs(Ball(static_cast<double>(decoded[i])) - value).upper_double();
    r.largest_error = std::max(r.largest_error, error);
    if (judge_value(decoded[i], value, bound) == Verdict::within_bound) {
      ++r.within_bound;
      continue;
    }
    ++r.wrong;
    r.differences.push_back({i, decoded[i], value.mid_double(), error});
  }
  return r;
}

bool StepJudge::stream_is_right(float norm, std::span<const std::int64_t> codes, std::uint64_t row,
                                std::span<const std::uint8_t> stream, std::span<const std::uint8_t> raw) const {
  check(norm, codes.size(), order());
  const int h = step().raw_bits;
  const std::uint32_t word = dither_word(seed_, row);
  if (!std::ranges::equal(stream, coder_.put(word, norm, codes))) return false;
  const GotStream got = coder_.get(word, order(), stream);
  std::vector<std::uint8_t> bits((order() * static_cast<std::size_t>(h) + 7) / 8);
  for (std::size_t j = 0; j < order(); ++j) {
    if (norm > 0 && got.coarse[j] != codes[j] >> h) return false;
    for (int i = 0; i < h && norm > 0; ++i) {
      const std::size_t at = j * static_cast<std::size_t>(h) + static_cast<std::size_t>(i);
      if ((codes[j] >> i & 1) != 0) bits[at / 8] = static_cast<std::uint8_t>(bits[at / 8] | 1u << at % 8);
    }
  }
  return got.norm == norm && std::ranges::equal(raw, bits);
}

}  // namespace hdq::reference
