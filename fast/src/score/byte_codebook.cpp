// SPEC §3: r_k(U) = g(k + U) increases with U, so what it is in a bucket lies between its values at the ends.
#include "score/byte_codebook.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <mutex>

#include "simd/kernels.hpp"

namespace hdq::detail {
namespace {

constexpr int word_bits = 32;
// Few levels need narrow buckets, since the end codewords, which go as 1/U, are in use; many levels need large tables.
constexpr int bucket_bits[BitWidth::most] = {12, 12, 11, 11, 10, 9, 8, 8};
// An end code is left out where a coordinate beyond its threshold, in units of standard deviation, is rare: its codeword may be large,
// and all bytes would be coarse for it. One in 50,000 normal coordinates is beyond 4.1.
constexpr double rare = 4.1;

// The codewords that are computed are within 2^-40·(1 + |r|) of r (SPEC §4), and then rounded to float32: r at an end of the bucket, as
// computed, is within half of this of r, and so is a float32 codeword of its r.
double slack(double codeword) { return 0x1p-22 * (1 + std::abs(codeword)); }

std::size_t bytes_apart(BitWidth bits) { return bits == 1 || bits == 2 || bits == 4 ? bits.levels() : 256; }

}  // namespace

// low, high: the codewords at the ends of the bucket; the thresholds: θ_1 at its upper end, θ_{N−1} at its lower.
void ByteCodebook::fill(std::size_t index, const double* low, const double* high, double first_threshold,
                        double last_threshold) {
  const std::size_t levels = bits_.levels();
  ByteBucket& bucket = buckets_[index];
  bucket.without_first = levels > 2 && first_threshold < -rare;
  bucket.without_last = levels > 2 && last_threshold > rare;
  const std::size_t first = bucket.without_first ? 1 : 0, last = bucket.without_last ? levels - 2 : levels - 1;
  const auto middle = [&](std::size_t k) { return (low[k] + high[k]) / 2; };
  bucket.centre = static_cast<float>((middle(first) + middle(last)) / 2);
  bucket.scale = next_above((middle(last) - middle(first)) / 255);
  std::uint8_t* bytes = bytes_.get() + index * stride_;
  std::fill_n(bytes, stride_, std::uint8_t{0});
  double error = 0;
  for (std::size_t k = first; k <= last; ++k) {
    const double centre = static_cast<double>(bucket.centre), scale = static_cast<double>(bucket.scale);
    const double m = std::clamp(std::nearbyint((middle(k) - centre) / scale + 127.5), 0.0, 255.0);
    bytes[k] = static_cast<std::uint8_t>(m);
    const double value = centre + scale * (m - 127.5);
    error = std::max({error, high[k] + slack(high[k]) - value, value - (low[k] - slack(low[k]))});
  }
  bucket.error = next_above(error * (1 + 0x1p-40));
  bucket.magnitude = next_above(std::abs(static_cast<double>(bucket.centre)) +
                                127.5 * static_cast<double>(bucket.scale) + static_cast<double>(bucket.error));
}

ByteCodebook::ByteCodebook(BitWidth bits)
    : bits_(bits),
      shift_(word_bits - bucket_bits[bits - 1]),
      stride_(bytes_apart(bits)),
      buckets_(std::size_t{1} << bucket_bits[bits - 1]),
      bytes_(buckets_.size() * stride_) {
  const Kernels& k = kernels(Isa::automatic);
  const std::size_t levels = bits.levels();
  std::vector<double> low(levels), high(levels), low_thresholds(levels), high_thresholds(levels);
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const std::uint32_t from = first_word(i), to = last_word(i);
    k.codewords(bits, &from, 1, low.data(), levels);
    k.codewords(bits, &to, 1, high.data(), levels);
    k.thresholds(bits, &from, 1, low_thresholds.data(), levels);
    k.thresholds(bits, &to, 1, high_thresholds.data(), levels);
    fill(i, low.data(), high.data(), high_thresholds[0], low_thresholds[levels - 2]);
  }
}

ByteCodebook::ByteCodebook(BitWidth bits, std::uint32_t word)
    : bits_(bits), shift_(word_bits), stride_(bytes_apart(bits)), buckets_(1), bytes_(stride_) {
  const Kernels& k = kernels(Isa::automatic);
  const std::size_t levels = bits.levels();
  std::vector<double> codewords(levels), thresholds(levels);
  k.codewords(bits, &word, 1, codewords.data(), levels);
  k.thresholds(bits, &word, 1, thresholds.data(), levels);
  fill(0, codewords.data(), codewords.data(), thresholds[0], thresholds[levels - 2]);
}

const ByteCodebook& byte_codebook(BitWidth bits) {
  static std::array<std::once_flag, BitWidth::most> made;
  static std::array<std::unique_ptr<const ByteCodebook>, BitWidth::most> of;
  const auto index = static_cast<std::size_t>(bits - 1);
  std::call_once(made[index], [&] { of[index] = std::make_unique<const ByteCodebook>(bits); });
  return *of[index];
}

}  // namespace hdq::detail
