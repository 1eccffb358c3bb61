// Values of a computation in real arithmetic, each with a bound on how far a legal floating-point computation may be from it
// (docs/profiles.md, "Rounding model").
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/profile/number_format.hpp"

namespace hdq::reference {

// An upper bound of |x|, within 2^-29 of it.
inline double magnitude(const Ball& x) {
  mag_t m;
  mag_init(m);
  arb_get_mag(m, x.get());
  const double value = mag_get_d(m);
  mag_clear(m);
  return value;
}

// γ_t = t·u/(1 − t·u) for t roundings of one relative error u; an unusable bound once t·u reaches 1/2.
inline double rounding_growth(double roundings, double u) {
  const double product = roundings * u;
  return product < 0.5 ? product / (1 - product) * (1 + 1e-12) : 1e6;
}

struct Bounded {
  Ball value;        // what real arithmetic gives
  double error = 0;  // a legal computation is within this of it; 0: legal arithmetic is exact here

  double size() const { return magnitude(value); }
  // After t roundings of the format, none of which underflows by more than η.
  Bounded rounded(double t, const NumberFormat& format) const {
    return {value, error + rounding_growth(t, format.unit_roundoff()) * (size() + error) + t * format.underflow()};
  }
};

// A vector of such values.
struct Approximate {
  std::vector<Ball> value;
  std::vector<double> error;

  std::size_t size() const { return value.size(); }
  Bounded at(std::size_t i) const { return {value[i], error[i]}; }
  void set(std::size_t i, const Bounded& b) { value[i] = b.value, error[i] = b.error; }
  static Approximate exactly(const float* x, std::size_t n) {
    Approximate a;
    for (std::size_t i = 0; i < n; ++i) a.value.emplace_back(static_cast<double>(x[i]));
    a.error.assign(n, 0);
    return a;
  }
  void resize(std::size_t n) { value.resize(n), error.resize(n, 0); }
};

}  // namespace hdq::reference
