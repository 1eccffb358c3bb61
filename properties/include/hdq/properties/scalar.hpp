// Properties of a dithered scalar quantizer (SPEC §3), the dither given as an argument. None of them is random: means over U are
// means over evenly spaced U, with a proved error.
#pragma once

#include <numeric>

#include "hdq/properties/result.hpp"
#include "hdq/reference/judge/rounding_bounds.hpp"
#include "hdq/reference/scheme/scalar_quantizer.hpp"

namespace hdq::properties {

using ScalarQuantize = std::function<double(double z, double u)>;  // the decoded value, 0 < u < 1

namespace detail {
// Values at u = (i + 1/2)/count.
inline std::vector<double> over_dither(const ScalarQuantize& quantize, double z, std::size_t count) {
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = quantize(z, (static_cast<double>(i) + 0.5) / static_cast<double>(count));
  return values;
}
}  // namespace detail

// E_U[decoded] = z. SPEC §5.3, quantize_unbiased. As U runs over (0, 1) the decoded value rises, falls once and rises to where it
// began, so its variation is at most twice its range, and the mean over W dithers is off by at most that over W (word_bias has the
// sharp form). For any quantizer whose decoded value moves like that.
inline Result scalar_is_unbiased(double z, const ScalarQuantize& quantize, std::size_t dithers = 4096) {
  const std::vector<double> values = detail::over_dither(quantize, z, dithers);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(dithers);
  // The range of the samples misses at most one step at each end: a third for that, and for rounding in `quantize`.
  const double bound = 3 * (*high - *low) / static_cast<double>(dithers) + 1e-9 * (1 + std::abs(z));
  if (!(std::abs(mean - z) <= bound)) return violated("E_U[decoded] is ", mean, " at z = ", z, ", bound of the difference ", bound);
  return {};
}

// E_U[(decoded − z)²] = M(z) of the shipped quantizer. SPEC §5.3, scalar_mse_window; word_square_error bounds what W evenly spaced
// dithers change: ((g(t + 1/2) − z)² + (z − g(t − 1/2))²)/W.
inline Result scalar_mse_is_exact(int bits, double z, const ScalarQuantize& quantize, std::size_t dithers = 4096) {
  using namespace reference;
  const ScalarQuantizer exact(bits);
  const Ball a = exact.window_of(Ball(z));
  const double low = exact.generator().g(a).mid_double() - z, high = exact.generator().g(a + 1).mid_double() - z;
  const double m = exact.mse(Ball(z)).mid_double();
  double mean = 0;
  for (const double value : detail::over_dither(quantize, z, dithers)) mean += (value - z) * (value - z) / static_cast<double>(dithers);
  const double bound = (low * low + high * high) / static_cast<double>(dithers) + 1e-9 * m;
  if (!(std::abs(mean - m) <= bound)) {
    return violated("E_U[(decoded - z)^2] is ", mean, " at z = ", z, ", b = ", bits, "; M(z) = ", m, ", bound of the difference ", bound);
  }
  return {};
}

// Thresholds θ_1 … θ_{N−1} and codewords r_0 … r_{N−1} for a dither word within error·(1 + |exact|) of the real ones. SPEC §3 and
// threshold_shipped; SPEC §4 asks for 2^-40.
inline Result codebook_is_close(int bits, std::uint32_t word, const std::vector<double>& thresholds, const std::vector<double>& codewords,
                                double error = 0x1p-40) {
  using namespace reference;
  Precision precision(160);
  const Generator g = Generator::shipped(bits);
  const auto levels = static_cast<std::size_t>(g.levels());
  if (thresholds.size() != levels - 1 || codewords.size() != levels) return violated("wrong number of thresholds or codewords");
  const Ball u = ldexp(Ball(2 * static_cast<std::int64_t>(word) + 1), -33);
  const auto far = [&](double value, const Ball& exact) {
    return !std::isfinite(value) || !certainly_less_equal(abs(Ball(value) - exact), Ball(error) * (1 + abs(exact)));
  };
  for (std::size_t k = 0; k < levels; ++k) {
    const Ball r = g.codeword(static_cast<std::int64_t>(k), u);
    if (far(codewords[k], r)) return violated("codeword ", k, " is ", codewords[k], ", exactly ", r.mid_double());
    if (k == 0) continue;
    const Ball theta = g.threshold(static_cast<std::int64_t>(k), u);
    if (far(thresholds[k - 1], theta)) return violated("threshold ", k, " is ", thresholds[k - 1], ", exactly ", theta.mid_double());
  }
  return {};
}

}  // namespace hdq::properties
