// Inputs of test vectors, made from integers alone: the same floats on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hdq/codec.hpp"

namespace hdq::vectors {

// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

// n 24-bit integers times powers of two from 2^-24 to 2^-16; one in sixteen is 0.
inline std::vector<float> dyadic_noise(std::size_t n, std::uint64_t seed) {
  SplitMix64 integers(seed);
  std::vector<float> x(n);
  for (float& value : x) {
    const std::uint64_t bits = integers.next();
    if (bits % 16 == 0) continue;
    const auto magnitude = static_cast<float>((bits >> 8) & 0xFFFFFF);
    const float scale = 1.0f / static_cast<float>(1u << (16 + (bits >> 40) % 9));
    value = (bits >> 63) != 0 ? -magnitude * scale : magnitude * scale;
  }
  return x;
}

inline std::vector<float> one_hot(std::size_t n, std::size_t at, float value) {
  std::vector<float> x(n);
  x[at] = value;
  return x;
}

inline std::vector<std::uint8_t> random_codes(std::size_t count, int bits, std::uint64_t seed) {
  SplitMix64 integers(seed);
  std::vector<std::uint8_t> codes(count);
  for (auto& code : codes) code = static_cast<std::uint8_t>(integers.next() >> (64 - bits));
  return codes;
}

// What the fast implementation must confirm; a failure means that reference and implementation disagree.
inline void confirm(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error("reference and implementation disagree: " + what);
}

}  // namespace hdq::vectors
