#include "hdq/reference/judge/step_judge.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace hdq::reference {
namespace {

// What holds y_j, products of three floats and their differences without rounding.
constexpr int exact_bits = 640;

void require_norm(float norm) {
  if (!std::isfinite(norm) || norm < 0) throw std::invalid_argument("a norm is finite and not negative");
}

// 2^24·V_j.
std::int64_t offset_numerator(std::uint32_t word, std::size_t j) {
  return 2 * static_cast<std::int64_t>(weyl_word(word, j) >> 9) + 1;
}

// |fl(ẑ_j) − ẑ_j|/|ẑ_j|: the sum and the product round once each (SPEC §7, "Bit-exactness"), and neither underflows.
Ball relative_value_error() { return square(1 + unit_roundoff()) - 1; }

Verdict verdict_of(float value, const Ball& exact, const Ball& bound) {
  if (std::isnan(value)) return Verdict::wrong;
  if (std::isinf(value)) {
    const Ball overflow = Ball::power_of_two(128) - Ball::power_of_two(103);  // rounded to infinity from here on
    const Ball reached = (value > 0 ? exact : -exact) + bound;
    return certainly_less(reached, overflow) ? Verdict::wrong : Verdict::within_bound;
  }
  const Ball error = abs(Ball(static_cast<double>(value)) - exact);
  return certainly_less_equal(error, bound.upper_end()) ? Verdict::within_bound : Verdict::wrong;
}

}  // namespace

StepJudge::StepJudge(std::size_t dimension, float step, std::uint64_t seed)
    : step_(step), seed_(seed), rotation_(dimension, 1, seed) {}

template <class T>
CodesJudgement StepJudge::judge_codes_over(const float* x, float norm, const std::int32_t* codes, std::uint32_t word,
                                           const DyadicScale& scale) const {
  const HadamardOrder& d = rotation_.quantizer().order();
  const auto rotated = rotate_exactly<T>(d, rotation_.quantizer().epsilon(), x, dimension(), scale);
  Precision precision(exact_bits);
  const Ball cell = Ball(static_cast<double>(norm)) * Ball(static_cast<double>(step_.step));  // ρΔ
  const Ball y_bound =
      rotation_error_bound(d, detail::sum_of_magnitudes(x, dimension()), dimension(), norm_scale_exponent(norm));
  CodesJudgement r;
  for (std::size_t j = 0; j < order(); ++j) {
    const Ball y = ldexp(detail::exact_ball(rotated.mantissas[j]), rotated.exponent);
    const Ball offset = ldexp(Ball(offset_numerator(word, j)), step_.raw_bits - 24);  // 2^h·V_j
    // z_j/Δ + 2^h·V_j >= m; nothing here rounds.
    const auto reaches = [&](std::int64_t m) { return certainly_less_equal(cell * (Ball(m) - offset), y); };
    const std::int64_t code = codes[j];
    if (reaches(code) && !reaches(code + 1)) {
      ++r.equal;
      continue;
    }
    const Ball scaled = y / cell;
    auto exact = static_cast<std::int64_t>(std::floor((scaled + offset).mid_double()));
    while (!reaches(exact)) --exact;
    while (reaches(exact + 1)) ++exact;
    const Ball distance = abs(scaled + offset - Ball(std::max(code, exact)));
    const Ball bound = y_bound / cell + ldexp(abs(scaled) + Ball::power_of_two(step_.raw_bits), -22);
    const bool within = std::abs(code - exact) == 1 && certainly_less_equal(distance, bound.upper_end());
    r.differences.push_back({j, code, exact, within ? Verdict::within_bound : Verdict::wrong, distance.upper_double(),
                             bound.upper_double()});
    ++(within ? r.within_bound : r.wrong);
  }
  return r;
}

CodesJudgement StepJudge::judge_codes(const float* x, float norm, const std::int32_t* codes, std::uint64_t row) const {
  require_norm(norm);
  if (norm == 0) {
    CodesJudgement r;
    for (std::size_t j = 0; j < order(); ++j) {
      if (codes[j] == 0)
        ++r.equal;
      else
        ++r.wrong, r.differences.push_back({j, codes[j], 0, Verdict::wrong, 0, 0});
    }
    return r;
  }
  const std::uint32_t word = dither_word(seed_, row);
  const DyadicScale scale = dyadic_scale(x, dimension());
  const int needed = transform_bits(rotation_.quantizer().order(), scale);
  if (needed <= 63) return judge_codes_over<std::int64_t>(x, norm, codes, word, scale);
  if (needed <= 127) return judge_codes_over<__int128>(x, norm, codes, word, scale);
  return judge_codes_over<Integer>(x, norm, codes, word, scale);
}

DecodedJudgement StepJudge::judge_decoded(float norm, const std::int32_t* codes, std::uint64_t row,
                                          const float* decoded) const {
  require_norm(norm);
  Precision precision(256);
  const HadamardOrder& d = rotation_.quantizer().order();
  const std::uint32_t word = dither_word(seed_, row);
  // ẑ_j in units of Δ·2^-24: |k_j| < 2^31, hence sums below 2^80.
  std::vector<__int128> sums(order());
  __int128 magnitudes = 0;
  for (std::size_t j = 0; j < order(); ++j) {
    const std::int64_t offset = offset_numerator(word, j) << step_.raw_bits;
    sums[j] = (static_cast<__int128>(codes[j]) << 24) + (1 << 23) - offset;
    magnitudes += sums[j] < 0 ? -sums[j] : sums[j];
  }
  const Ball unit = ldexp(Ball(static_cast<double>(step_.step)), -24), rho(static_cast<double>(norm));
  const Ball sum = unit * detail::exact_ball(magnitudes), error = sum * relative_value_error();
  const Ball bound =
      norm == 0 ? Ball(0) : scaled_decode_error_bound(d, rho, sum, sum + error, error, norm_scale_exponent(norm));
  hadamard_transform_transposed(d, sums);

  DecodedJudgement r;
  r.bound = bound.upper_double();
  const Ball scale = rho * unit / d.order;
  for (std::size_t i = 0; i < dimension(); ++i) {
    const Ball exact = rotation_.quantizer().epsilon()[i] * scale * detail::exact_ball(sums[i]);
    const double off = std::abs(static_cast<double>(decoded[i]) - exact.mid_double());
    r.largest_error = std::max(r.largest_error, off);
    if (verdict_of(decoded[i], exact, bound) == Verdict::within_bound) {
      ++r.within_bound;
    } else {
      ++r.wrong;
      r.differences.push_back({i, decoded[i], exact.mid_double(), off});
    }
  }
  return r;
}

bool StepJudge::stream_is_right(float norm, const std::int32_t* codes, std::uint64_t row,
                                const std::vector<std::uint8_t>& stream, const std::vector<std::uint8_t>& raw) const {
  require_norm(norm);
  const auto h = static_cast<std::size_t>(step_.raw_bits);
  std::vector<std::uint8_t> low((order() * h + 7) / 8);
  if (norm == 0) return stream.empty() && raw == low;
  const std::uint32_t word = dither_word(seed_, row);
  std::vector<std::int64_t> wide(codes, codes + order());
  if (stream != put_stream(step_, word, norm, wide)) return false;
  const std::optional<GotStream> got = get_stream(step_, word, order(), stream);
  if (!got || got->norm != norm) return false;
  for (std::size_t j = 0; j < order(); ++j) {
    if (got->coarse[j] != wide[j] >> h) return false;
    for (std::size_t bit = 0; bit < h; ++bit)
      if (wide[j] >> bit & 1) low[(j * h + bit) / 8] |= static_cast<std::uint8_t>(1 << (j * h + bit) % 8);
  }
  return raw == low;
}

}  // namespace hdq::reference
