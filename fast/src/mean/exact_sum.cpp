#include "mean/exact_sum.hpp"

#include <bit>
#include <cmath>
#include <limits>

namespace hdq::detail {

void ExactSum::add(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const std::uint64_t exponent = bits >> 52, fraction = bits & ((std::uint64_t{1} << 52) - 1);
  const std::uint64_t significand = exponent == 0 ? fraction : fraction | std::uint64_t{1} << 52;
  const std::size_t shift = exponent == 0 ? 0 : exponent - 1, at = shift / 32;  // x = significand·2^(shift − 1074)
  const unsigned within = shift % 32;
  limb_[at] += (significand << within) & 0xffffffff;
  limb_[at + 1] += (significand >> (32 - within)) & 0xffffffff;  // within = 0: the upper half
  if (within > 11) limb_[at + 2] += significand >> (64 - within);
  if (++pending_ == std::numeric_limits<std::uint32_t>::max()) carry();
}

void ExactSum::add(const ExactSum& other) {
  ExactSum theirs = other;
  theirs.carry();
  carry();
  for (std::size_t i = 0; i < limbs; ++i) limb_[i] += theirs.limb_[i];
  carry();
}

void ExactSum::carry() {
  std::uint64_t over = 0;
  for (std::uint64_t& limb : limb_) {
    const std::uint64_t sum = limb + over;
    limb = sum & 0xffffffff;
    over = sum >> 32;
  }
  pending_ = 0;
}

double ExactSum::value() const {
  const std::array<std::uint32_t, limbs> limb = canonical();
  std::size_t top = limbs;
  while (top > 0 && limb[top - 1] == 0) --top;
  if (top == 0) return 0;
  // The leading 64 bits, in which a bit stands for all below: the conversion to double rounds as the whole would.
  --top;
  const auto limb_at = [&](std::size_t below) { return top >= below ? std::uint64_t{limb[top - below]} : 0; };
  const auto zeros = static_cast<unsigned>(std::countl_zero(limb[top]));
  std::uint64_t leading = limb_at(0) << 32 | limb_at(1);
  std::uint64_t rest = limb_at(2) << 32;
  if (zeros > 0) {
    leading = leading << zeros | rest >> (64 - zeros);
    rest <<= zeros;
  }
  bool more = rest != 0;
  for (std::size_t i = 0; i + 2 < top; ++i) more |= limb[i] != 0;
  return std::ldexp(static_cast<double>(leading | std::uint64_t{more}), -1074 - 32 + static_cast<int>(32 * top) - static_cast<int>(zeros));
}

std::array<std::uint32_t, ExactSum::limbs> ExactSum::canonical() const {
  ExactSum sum = *this;
  sum.carry();
  std::array<std::uint32_t, limbs> out;
  for (std::size_t i = 0; i < limbs; ++i) out[i] = static_cast<std::uint32_t>(sum.limb_[i]);
  return out;
}

ExactSum ExactSum::of(std::span<const std::uint32_t, limbs> canonical) {
  ExactSum sum;
  for (std::size_t i = 0; i < limbs; ++i) sum.limb_[i] = canonical[i];
  return sum;
}

}  // namespace hdq::detail
