#include "data.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <random>

#include "hdq/codec.hpp"

namespace hdq::bench {
namespace {

constexpr std::size_t block_floats = std::size_t{1} << 20;

std::size_t block_rows(std::size_t rows, std::size_t n) { return std::clamp<std::size_t>(block_floats / n, 1, std::max<std::size_t>(rows, 1)); }

template <class T>
void repeat(std::span<T> out, std::span<const T> block) {
  for (std::size_t at = 0; at < out.size(); at += block.size())
    std::copy_n(block.begin(), std::min(block.size(), out.size() - at), out.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace

std::vector<float> structured_rows(std::size_t rows, std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::student_t_distribution<float> heavy(3);
  std::vector<float> channel(n);
  for (std::size_t j = 0; j < n; ++j) channel[j] = j % 61 == 7 ? 20 : std::exp(0.5f * normal(random));
  std::vector<float> x(rows * n);
  for (std::size_t i = 0; i < rows; ++i) {
    const float scale = std::exp(normal(random));
    float neighbour = 0;
    for (std::size_t j = 0; j < n; ++j) {
      neighbour = 0.6f * neighbour + heavy(random);
      x[i * n + j] = scale * channel[j] * neighbour;
    }
  }
  return x;
}

void fill_rows(std::span<float> out, std::size_t n) {
  const std::size_t rows = out.size() / n;
  const std::vector<float> block = structured_rows(block_rows(rows, n), n);
  repeat<float>(out.first(rows * n), block);
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(rows * n), out.end(), 0.0f);
}

namespace {

Float16 cut(float value, Float16) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const int exponent = static_cast<int>(bits >> 23 & 0xff) - 112;  // the biases are 127 and 15
  const std::uint32_t magnitude = exponent <= 0 ? 0 : exponent >= 31 ? 0x7bff : static_cast<std::uint32_t>(exponent) << 10 | (bits >> 13 & 0x3ff);
  return {static_cast<std::uint16_t>(bits >> 31 << 15 | magnitude)};
}
BFloat16 cut(float value, BFloat16) { return {static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16)}; }

template <class Element>
void narrow_all(Element* out, std::size_t rows, std::size_t n) {
  const std::vector<float> block = structured_rows(block_rows(rows, n), n);
  std::vector<Element> narrow(block.size());
  std::transform(block.begin(), block.end(), narrow.begin(), [](float value) { return cut(value * 0x1p-8f, Element{}); });
  repeat<Element>({out, rows * n}, narrow);
}

}  // namespace

void narrow_rows(Float16* out, std::size_t rows, std::size_t n) { narrow_all(out, rows, n); }
void narrow_rows(BFloat16* out, std::size_t rows, std::size_t n) { narrow_all(out, rows, n); }

Codes structured_codes(std::size_t rows, std::size_t n, int bits) {
  const Codec codec(n, bits);
  const std::size_t block = block_rows(rows, n);
  std::vector<float> norms(block);
  std::vector<std::uint8_t> codes(block * codec.code_bytes());
  codec.encode(RowsView<const float>(structured_rows(block, n).data(), block, n), EncodedBuffer(norms, codes, 0));
  Codes all{rows, std::vector<float>(rows), std::vector<std::uint8_t>(rows * codec.code_bytes())};
  repeat<float>(all.norms, norms);
  repeat<std::uint8_t>(all.codes, codes);
  return all;
}

}  // namespace hdq::bench
