#include "hdq/reference/scheme/uniform_step.hpp"

#include <cmath>
#include <cstring>
#include <stdexcept>

namespace hdq::reference {
namespace {

Rational power_of_two(int exponent) { return Rational(Integer(1) << exponent); }

}  // namespace

StepNumbers::StepNumbers(float step_) : step(step_), raw_bits(0), coarse(static_cast<double>(step_)), largest(0) {
  if (!(step >= 0x1p-10f && step <= 16)) throw std::invalid_argument("step must be 2^-10 to 16");
  for (; coarse <= 0.125; coarse *= 2) ++raw_bits;
  // In binary64 by definition.
  largest = static_cast<int>(std::ceil(4.5 * std::sqrt(1 + (coarse * coarse) / 12) / coarse));
}

Rational StepNumbers::delta() const { return Rational(static_cast<double>(step)); }

Rational StepNumbers::error() const { return delta() * delta() / 12; }

Rational offset_of_word(std::uint32_t weyl_word) {
  return Rational(2 * Integer(weyl_word >> (32 - offset_bits)) + 1, Integer(1) << (offset_bits + 1));
}

Integer floor_of(const Rational& x) {
  const Integer n = numerator(x), d = denominator(x);
  Integer quotient = n / d;  // towards zero
  if (n < 0 && quotient * d != n) --quotient;
  return quotient;
}

Integer step_code(const StepNumbers& step, const Rational& z, const Rational& offset) {
  return floor_of(z / step.delta() + power_of_two(step.raw_bits) * offset);
}

Rational step_value(const StepNumbers& step, const Integer& code, const Rational& offset) {
  return step.delta() * (Rational(code) + Rational(1, 2) - power_of_two(step.raw_bits) * offset);
}

CodeRange code_range(const StepNumbers& step, std::uint64_t order) {
  const Rational root = (32767 - (1 << step.raw_bits)) * step.delta();
  if (Rational(order) <= root * root) return {16, -32768, 32767};
  return {32, -(std::int64_t{1} << 30), std::int64_t{1} << 30};
}

std::vector<std::int64_t> codes_in_memory(std::span<const std::uint8_t> bytes, std::size_t order) {
  std::vector<std::int64_t> codes(order);
  const auto widen = [&]<class Code>(Code code) {
    for (std::size_t j = 0; j < order; ++j) {
      std::memcpy(&code, bytes.data() + j * sizeof code, sizeof code);
      codes[j] = code;
    }
  };
  if (bytes.size() == order * sizeof(std::int16_t))
    widen(std::int16_t{});
  else
    widen(std::int32_t{});
  return codes;
}

}  // namespace hdq::reference
