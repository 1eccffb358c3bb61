// The judge of a fast implementation (SPEC §4, reference semantics): every code, norm and decoded value of a row is
//   equal          what real arithmetic gives,
//   within_bound   different, but no more than the proved rounding bounds (SPEC §5.6) explain,
//   wrong          anything else.
// A fast code f is judged against the exact code c of the same stored ρ: it is within bound if and only if
// |y_j − θ_k ρ| <= (bound of y_j) + (bound of θ_k ρ) for every threshold k between f and c
// (acceptable_between in proofs/float/FloatCode.v).
//
// Fast because exact integers decide almost everything: y is an integer vector on the common scale of x's exponents, and each
// threshold next to a code of the row is bracketed once by two integers on that scale. Only a coordinate inside a bracket, or one whose
// code differs, meets arbitrary precision. Every verdict is rigorous. A Judge is immutable: share it between threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "hdq/reference/judge/dithered_codebook.hpp"
#include "hdq/reference/judge/rounding_bounds.hpp"
#include "hdq/reference/judge/verdict.hpp"
#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/hadamard.hpp"
#include "hdq/reference/scheme/philox.hpp"
#include "hdq/reference/scheme/scalar_quantizer.hpp"
#include "hdq/reference/scheme/vector_quantizer.hpp"

namespace hdq::reference {

class Judge {
 public:
  Judge(std::size_t dimension, int bits, std::uint64_t seed)
      : bits_(bits), seed_(seed), quantizer_(dimension, bits, seed) {}

  std::size_t dimension() const { return quantizer_.dimension(); }
  std::size_t order() const { return quantizer_.order().order; }
  int bits() const { return bits_; }
  const VectorQuantizer& quantizer() const { return quantizer_; }

  NormJudgement judge_norm(const float* x, float norm) const;
  // codes: d of them, unpacked. Row number as given to the encoder.
  CodesJudgement judge_codes(const float* x, float norm, const std::uint8_t* codes, std::uint64_t row) const;
  // decoded: n floats from these codes.
  DecodedJudgement judge_decoded(float norm, const std::uint8_t* codes, std::uint64_t row, const float* decoded) const;

 private:
  static constexpr slong filter_bits = DitheredCodebook::precision_bits;
  static constexpr int codeword_fraction_bits = 60;
  using Wide = __int128;

  template <class T>
  struct Bracket {
    T below, above;  // y < below: certainly under the threshold; y >= above: certainly reached
  };
  // Those of the thresholds θ_k(U)·ρ·2^-exponent, 1 <= k < N, that are asked for.
  template <class T>
  class Brackets {
   public:
    Brackets(int bits, std::uint32_t word, float norm, int exponent)
        : codebook_(DitheredCodebook::at(bits, word)),
          rho_(ldexp(Ball(static_cast<double>(norm)), -exponent)),
          known_(std::size_t{1} << bits) {}
    const Bracket<T>& operator[](std::size_t k);

   private:
    std::shared_ptr<DitheredCodebook> codebook_;
    Ball rho_;
    std::vector<std::optional<Bracket<T>>> known_;
  };
  template <class T>
  CodesJudgement judge_codes_over(const float* x, float norm, const std::uint8_t* codes, std::uint32_t word,
                                  const DyadicScale& scale) const;
  CodeDifference judge_difference(const float* x, float norm, const Ball& u, const Ball& y, std::size_t coordinate,
                                  std::int64_t code, std::int64_t exact_code) const;
  Ball exact_decoded(float norm, const std::uint8_t* codes, const Ball& u, std::size_t coordinate) const;
  Verdict judge_decoded_exactly(float norm, const std::uint8_t* codes, const Ball& u, std::size_t coordinate, float value,
                                const Ball& bound) const;

  int bits_;
  std::uint64_t seed_;
  VectorQuantizer quantizer_;
};

namespace detail {

// An integer of type T from Arb's, clamped to ±2^(width − 2): beyond every y, so comparisons with y come out right.
inline void assign_clamped(Integer& r, const fmpz_t z) {
  fmpz_get_mpz(r.backend().data(), z);
}
template <class T>
void assign_clamped(T& r, const fmpz_t z) {
  constexpr flint_bitcnt_t limit = sizeof(T) * 8 - 2;
  const T sign = fmpz_sgn(z) < 0 ? T(-1) : T(1);
  if (fmpz_bits(z) > limit) {
    r = sign * (T(1) << limit);
    return;
  }
  fmpz_t part;
  fmpz_init(part);
  fmpz_abs(part, z);
  r = 0;
  for (flint_bitcnt_t shift = 0; shift < limit; shift += 62) {
    fmpz_t digit;
    fmpz_init(digit);
    fmpz_fdiv_r_2exp(digit, part, 62);
    r += static_cast<T>(fmpz_get_ui(digit)) << shift;
    fmpz_fdiv_q_2exp(part, part, 62);
    fmpz_clear(digit);
  }
  r *= sign;
  fmpz_clear(part);
}

// ⌊lower end⌋ and ⌈upper end⌉.
template <class T>
std::pair<T, T> integer_bracket(const Ball& ball) {
  fmpz_t z;
  fmpz_init(z);
  std::pair<T, T> r;
  arf_t end;
  arf_init(end);
  arb_get_lbound_arf(end, ball.get(), working_precision());
  arf_get_fmpz(z, end, ARF_RND_FLOOR);
  assign_clamped(r.first, z);
  arb_get_ubound_arf(end, ball.get(), working_precision());
  arf_get_fmpz(z, end, ARF_RND_CEIL);
  assign_clamped(r.second, z);
  arf_clear(end);
  fmpz_clear(z);
  return r;
}

inline Ball exact_ball(const Integer& z) { return Ball(z); }
inline Ball exact_ball(std::int64_t z) { return Ball(z); }
inline Ball exact_ball(__int128 z) {
  Precision precision(192);
  return ldexp(Ball(static_cast<std::int64_t>(z >> 64)), 64) + Ball(static_cast<std::uint64_t>(z));
}

}  // namespace detail

inline NormJudgement Judge::judge_norm(const float* x, float norm) const {
  return reference::judge_norm(x, dimension(), norm);
}

template <class T>
const Judge::Bracket<T>& Judge::Brackets<T>::operator[](std::size_t k) {
  std::optional<Bracket<T>>& bracket = known_.at(k);
  if (!bracket.has_value()) {
    const auto [below, above] = detail::integer_bracket<T>(codebook_->threshold(k) * rho_);
    bracket = Bracket<T>{below, above};
  }
  return *bracket;
}

template <class T>
CodesJudgement Judge::judge_codes_over(const float* x, float norm, const std::uint8_t* codes, std::uint32_t word,
                                       const DyadicScale& scale) const {
  const auto y = rotate_exactly<T>(quantizer_.order(), quantizer_.epsilon(), x, dimension(), scale);
  Brackets<T> brackets(bits_, word, norm, y.exponent);
  const Ball u = dither_of_word(word);
  const auto last = static_cast<std::size_t>(quantizer_.scalar().levels() - 1);
  CodesJudgement r;
  for (std::size_t j = 0; j < y.mantissas.size(); ++j) {
    const std::size_t code = codes[j];
    const bool above = code == 0 || (code <= last && y.mantissas[j] >= brackets[code].above);
    const bool below = code == last || (code < last && y.mantissas[j] < brackets[code + 1].below);
    if (above && below) {
      ++r.equal;
      continue;
    }
    const Ball exact_y = ldexp(detail::exact_ball(y.mantissas[j]), y.exponent);
    const std::int64_t exact_code = quantizer_.scalar().encode(exact_y, Ball(static_cast<double>(norm)), u);
    if (exact_code == static_cast<std::int64_t>(code)) {
      ++r.equal;
      continue;
    }
    r.differences.push_back(judge_difference(x, norm, u, exact_y, j, static_cast<std::int64_t>(code), exact_code));
    ++(r.differences.back().verdict == Verdict::within_bound ? r.within_bound : r.wrong);
  }
  return r;
}

inline CodeDifference Judge::judge_difference(const float* x, float norm, const Ball& u, const Ball& y, std::size_t coordinate,
                                              std::int64_t code, std::int64_t exact_code) const {
  CodeDifference r{coordinate, code, exact_code, Verdict::within_bound, 0, 0};
  if (code >= quantizer_.scalar().levels()) {
    r.verdict = Verdict::wrong;
    r.distance = std::numeric_limits<double>::infinity();
    return r;
  }
  const Ball rho(static_cast<double>(norm));
  const int exponent = norm_scale_exponent(norm);
  const Ball y_bound = rotation_error_bound(quantizer_.order(), detail::sum_of_magnitudes(x, dimension()), dimension(), exponent);
  double worst = -std::numeric_limits<double>::infinity();
  for (std::int64_t k = std::min(code, exact_code) + 1; k <= std::max(code, exact_code); ++k) {
    const Ball theta = quantizer_.scalar().generator().threshold(k, u);
    const Ball distance = abs(y - theta * rho), bound = y_bound + scaled_threshold_error_bound(theta, rho, exponent);
    if (!certainly_less_equal(distance, bound.upper_end())) r.verdict = Verdict::wrong;
    const double excess = (distance - bound).mid_double();
    if (excess > worst) {
      worst = excess;
      r.distance = distance.upper_double();
      r.bound = bound.upper_double();
    }
  }
  return r;
}

inline CodesJudgement Judge::judge_codes(const float* x, float norm, const std::uint8_t* codes, std::uint64_t row) const {
  if (!std::isfinite(norm) || norm < 0) throw std::invalid_argument("a norm is finite and not negative");
  Precision precision(filter_bits);
  const std::uint32_t word = dither_word(seed_, row);
  const DyadicScale scale = dyadic_scale(x, dimension());
  const int needed = transform_bits(quantizer_.order(), scale) + 1;  // and one to spare for the clamp
  if (needed <= 63) return judge_codes_over<std::int64_t>(x, norm, codes, word, scale);
  if (needed <= 127) return judge_codes_over<Wide>(x, norm, codes, word, scale);
  return judge_codes_over<Integer>(x, norm, codes, word, scale);
}

inline Ball Judge::exact_decoded(float norm, const std::uint8_t* codes, const Ball& u, std::size_t coordinate) const {
  Ball sum;
  std::vector<std::optional<Ball>> codewords(static_cast<std::size_t>(quantizer_.scalar().levels()));
  for (std::size_t j = 0; j < order(); ++j) {
    std::optional<Ball>& codeword = codewords[codes[j]];
    if (!codeword.has_value()) codeword = quantizer_.scalar().decode(codes[j], u);
    sum += hadamard_entry(quantizer_.order(), j, coordinate) * *codeword;
  }
  return quantizer_.epsilon()[coordinate] * Ball(static_cast<double>(norm)) / order() * sum;
}

inline Verdict Judge::judge_decoded_exactly(float norm, const std::uint8_t* codes, const Ball& u, std::size_t coordinate,
                                            float value, const Ball& bound) const {
  Precision precision(256);
  const Ball exact = exact_decoded(norm, codes, u, coordinate);
  return judge_value(value, exact, bound);
}

inline DecodedJudgement Judge::judge_decoded(float norm, const std::uint8_t* codes, std::uint64_t row,
                                             const float* decoded) const {
  if (!std::isfinite(norm) || norm < 0) throw std::invalid_argument("a norm is finite and not negative");
  Precision precision(filter_bits);
  const std::uint32_t word = dither_word(seed_, row);
  const Ball u = dither_of_word(word);
  const auto codebook = DitheredCodebook::at(bits_, word);
  const auto levels = static_cast<std::size_t>(quantizer_.scalar().levels());
  std::vector<std::size_t> uses(levels);
  for (std::size_t j = 0; j < order(); ++j) {
    if (codes[j] >= levels) throw std::invalid_argument("a code has more bits than the codebook");
    ++uses[codes[j]];
  }
  // Codewords in units of 2^-60, each off by at most 2 units (a unit from rounding, less from its ball).
  std::vector<Wide> units(levels);
  Ball sum_codewords, sum_codewords32, sum_errors;
  for (std::size_t k = 0; k < levels; ++k) {
    if (uses[k] == 0) continue;
    const Ball r = codebook->codeword(k);
    const auto [low, high] = detail::integer_bracket<Wide>(ldexp(r, codeword_fraction_bits));
    if (high - low > 2) throw std::logic_error("codeword enclosure too wide");
    units[k] = low;
    const Ball error = codeword_error_bound(r, codebook_error(r)), count(uses[k]);
    sum_codewords += count * abs(r);
    sum_errors += count * error;
    sum_codewords32 += count * (abs(r) + error);
  }
  const Ball bound = norm == 0 ? Ball(0)
                               : scaled_decode_error_bound(quantizer_.order(), Ball(static_cast<double>(norm)), sum_codewords,
                                                           sum_codewords32, sum_errors, norm_scale_exponent(norm));
  std::vector<Wide> sums(order());
  for (std::size_t j = 0; j < order(); ++j) sums[j] = units[codes[j]];
  hadamard_transform_transposed(quantizer_.order(), sums);

  DecodedJudgement r;
  r.bound = bound.upper_double();
  const double accepted = bound.lower_double();
  const double scale = static_cast<double>(norm) / static_cast<double>(order()) * std::ldexp(1.0, -codeword_fraction_bits);
  const double fixed_point_error = 2.0 * static_cast<double>(order()) * scale * (1 + 0x1p-50);
  for (std::size_t i = 0; i < dimension(); ++i) {
    // Four roundings in `exact`, one in the difference: 2^-50 covers them.
    const double exact = quantizer_.epsilon()[i] * static_cast<double>(sums[i]) * scale;
    const double error = std::abs(static_cast<double>(decoded[i]) - exact);
    const double slack = 0x1p-50 * (std::abs(exact) + error) + fixed_point_error;
    Verdict verdict = Verdict::within_bound;
    if (std::isfinite(decoded[i]) && error - slack > r.bound) verdict = Verdict::wrong;
    else if (!(error + slack < accepted)) verdict = judge_decoded_exactly(norm, codes, u, i, decoded[i], bound);
    if (verdict == Verdict::wrong) {
      ++r.wrong;
      r.differences.push_back({i, decoded[i], exact, error});
    } else {
      ++r.within_bound;
    }
    r.largest_error = std::max(r.largest_error, error);
  }
  return r;
}

}  // namespace hdq::reference
