// Rows that are hard for a float implementation: of every magnitude, sparse, flat, and rotated into one coordinate.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "hdq/reference/scheme/hadamard.hpp"
#include "hdq/reference/scheme/philox.hpp"

namespace hdq::reference::hard_rows {

// Under its signs some rows rotate into one coordinate.
inline constexpr std::uint64_t seed_of_signs = 20250101;

struct Input {
  std::string name;
  std::vector<float> x;
};

inline std::vector<Input> inputs(std::size_t n) {
  std::mt19937 random(static_cast<unsigned>(n));
  std::normal_distribution<float> normal;
  std::cauchy_distribution<float> cauchy;
  const auto filled = [&](const std::function<float(std::size_t)>& f) {
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = f(i);
    return x;
  };
  const HadamardOrder d = hadamard_order(n);
  const std::vector<int> epsilon = signs(seed_of_signs, d.order);
  const float subnormal = std::numeric_limits<float>::denorm_min();
  return {
      {"zero", filled([](auto) { return 0.0f; })},
      {"one-hot", filled([n](auto i) { return i == n / 2 ? -0.7f : 0.0f; })},
      {"k-hot", filled([](auto i) { return i % 5 == 0 ? 1.0f : 0.0f; })},
      {"constant", filled([](auto) { return 0.1f; })},
      {"row of H", filled([&](auto i) { return static_cast<float>(hadamard_entry(d, d.order / 3, i)); })},
      {"signed row of H",
       filled([&](auto i) { return static_cast<float>(epsilon[i] * hadamard_entry(d, d.order - 1, i)); })},
      {"gaussian", filled([&](auto) { return normal(random); })},
      {"heavy tails", filled([&](auto) { return std::ldexp(cauchy(random), static_cast<int>(random() % 60) - 30); })},
      {"wide exponents",
       filled([&](auto i) { return std::ldexp(normal(random), static_cast<int>(i * 37 % 200) - 100); })},
      {"all exponents", filled([&](auto i) {
         return std::ldexp(1.0f + static_cast<float>(i % 7) / 8, static_cast<int>(i * 53 % 270) - 149);
       })},
      {"smallest", filled([&](auto i) { return i == 0 ? subnormal : 0.0f; })},
      {"subnormal", filled([&](auto i) { return subnormal * static_cast<float>(i % 1000); })},
      {"tiny", filled([&](auto) { return std::ldexp(normal(random), -118); })},
      {"huge one-hot", filled([](auto i) { return i == 0 ? 3e38f : 0.0f; })},
      {"huge", filled([&, n](auto) { return 1e38f / std::sqrt(static_cast<float>(n)) * std::tanh(normal(random)); })},
      {"non-centred", filled([&](auto) { return 100 + normal(random); })},
  };
}

}  // namespace hdq::reference::hard_rows
