// E_U‖x̂ − x‖²/ρ² for given signs, over all d coordinates (SPEC §4): (1/d)·Σ_j M(y_j/ρ), for whole data sets.
// The same number as VectorQuantizer::expected_squared_error, as an enclosure in double whose relative width is about 1e-4 or less.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/scalar_mse_table.hpp"
#include "hdq/reference/scheme/vector_quantizer.hpp"

namespace hdq::reference {

namespace detail {

inline double to_double(const Integer& z) { return z.convert_to<double>(); }
inline double to_double(std::int64_t z) { return static_cast<double>(z); }
inline double to_double(__int128 z) { return static_cast<double>(z); }

template <class T>
ScalarMseTable::Interval mean_mse_over(const VectorQuantizer& quantizer, ScalarMseTable& mse, const float* x, float rho,
                                       const DyadicScale& scale) {
  const auto y = rotate_exactly<T>(quantizer.order(), quantizer.epsilon(), x, quantizer.dimension(), scale);
  ScalarMseTable::Interval sum{0, 0};
  for (const T& mantissa : y.mantissas) {
    const double z = std::ldexp(to_double(mantissa) / static_cast<double>(rho), y.exponent);
    // Conversion and quotient: two roundings of 2^-53, and one of a subnormal result.
    const auto m = mse(z, 0x1p-51 * std::abs(z) + 0x1p-1074);
    sum.lower += m.lower;
    sum.upper += m.upper;
  }
  // A sum of d positive numbers, each addition within 2^-53, then a quotient.
  const auto d = static_cast<double>(quantizer.order().order);
  const double rounding = (d + 2) * 0x1p-52;
  return {sum.lower / d * (1 - rounding), sum.upper / d * (1 + rounding)};
}

}  // namespace detail

inline ScalarMseTable::Interval relative_expected_error(const VectorQuantizer& quantizer, ScalarMseTable& mse, const float* x,
                                                        float rho) {
  if (rho == 0) return {0, 0};
  const DyadicScale scale = dyadic_scale(x, quantizer.dimension());
  const int needed = transform_bits(quantizer.order(), scale);
  if (needed <= 63) return detail::mean_mse_over<std::int64_t>(quantizer, mse, x, rho, scale);
  if (needed <= 127) return detail::mean_mse_over<__int128>(quantizer, mse, x, rho, scale);
  return detail::mean_mse_over<Integer>(quantizer, mse, x, rho, scale);
}

}  // namespace hdq::reference
