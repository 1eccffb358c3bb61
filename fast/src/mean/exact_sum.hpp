// The exact sum of finite numbers >= 0 in double, so that it does not depend on their order (Kulisch's long accumulator).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hdq::detail {

class ExactSum {
 public:
  // The sum is Σ limb_i·2^(32 i − 1074): 2^31 additions of the largest double fit.
  static constexpr std::size_t limbs = 67;

  void add(double x);  // finite, >= 0
  void add(const ExactSum& other);
  double value() const;  // rounded once, to nearest, ties to even; infinite beyond the largest double

  // Each below 2^32: equal sums have equal ones.
  std::array<std::uint32_t, limbs> canonical() const;
  static ExactSum of(std::span<const std::uint32_t, limbs> canonical);

 private:
  void carry();

  std::array<std::uint64_t, limbs> limb_{};
  std::uint32_t pending_ = 0;  // additions since the last carry: each adds less than 2^32 to a limb
};

}  // namespace hdq::detail
