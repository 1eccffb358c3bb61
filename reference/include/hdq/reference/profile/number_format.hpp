// Formats of floating-point numbers, and how far one rounding to nearest may move a number (docs/profiles.md, "Rounding model").
#pragma once

#include <array>
#include <cmath>
#include <string_view>

namespace hdq::reference {

struct NumberFormat {
  std::string_view name;
  int precision;       // bits of the significand, the hidden one included
  int least_exponent;  // the smallest positive number is 2^least_exponent
  double largest;      // finite

  double unit_roundoff() const { return std::ldexp(1.0, -precision); }           // u
  double underflow() const { return std::ldexp(0.5, least_exponent); }           // η: half the smallest positive number (0 for f64)
  // Is value one of the format's numbers? Zero is; infinities and NaN are not.
  bool holds(double value) const {
    if (value == 0) return true;
    if (!std::isfinite(value) || std::abs(value) > largest) return false;
    int exponent = 0;
    std::frexp(value, &exponent);  // |value| in [2^(exponent−1), 2^exponent)
    const int quantum = std::max(exponent - precision, least_exponent);
    const double steps = std::ldexp(value, -quantum);
    return steps == std::nearbyint(steps);
  }
};

inline constexpr NumberFormat binary64{"f64", 53, -1074, 1.7976931348623157e308};
inline constexpr NumberFormat binary32{"f32", 24, -149, 3.4028234663852886e38};
inline constexpr NumberFormat binary16{"f16", 11, -24, 65504};
inline constexpr std::array<NumberFormat, 9> number_formats{{
    binary64,
    binary32,
    {"tf32", 11, -136, 3.4011621342146535e38},
    {"bf16", 8, -133, 3.3895313892515355e38},
    binary16,
    {"e5m2", 3, -16, 57344},   // OCP 8-bit formats
    {"e4m3", 4, -9, 448},
    {"e2m1", 2, -1, 6},        // OCP microscaling: 0, 1/2, 1, 3/2, 2, 3, 4, 6
    {"e8m0", 1, -127, 1.7014118346046923e38},  // powers of two
}};

// The format of this name, or null.
constexpr const NumberFormat* find_number_format(std::string_view name) {
  for (const NumberFormat& format : number_formats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

}  // namespace hdq::reference
