// Codebooks in bytes, for the first pass of a search (score/byte_filter.hpp): the words that dither rows are divided into buckets by their
// high bits, and the codewords of all words of a bucket are one table of bytes.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "aligned.hpp"
#include "hdq/types.hpp"

namespace hdq::detail {

// A float above x: that after the nearest one.
inline float next_above(double x) { return std::nextafter(static_cast<float>(x), HUGE_VALF); }

// For every word of the bucket and every code k of 2^bits, but for those that are left out: the float32 codeword of k is
// centre + scale·(m_k − 127.5) + e with |e| <= error, m_k the bucket's byte; in real arithmetic, scale and centre being what they are as
// floats. magnitude >= |codeword|, error, |centre| + 127.5·scale. Of a code that is left out nothing is said.
struct ByteBucket {
  float scale, centre, error, magnitude;
  bool without_first, without_last;  // code 0 and code 2^bits − 1 are left out
};

class ByteCodebook {
 public:
  explicit ByteCodebook(BitWidth bits);             // of every word
  ByteCodebook(BitWidth bits, std::uint32_t word);  // of this word alone, one bucket

  std::size_t index(std::uint32_t word) const { return static_cast<std::size_t>(std::uint64_t{word} >> shift_); }
  const ByteBucket& bucket(std::size_t index) const { return buckets_[index]; }
  // m_0, …: 2^bits bytes of 1, 2 and 4 bits; of others 256, 64-byte aligned, of which the last are zeros.
  const std::uint8_t* bytes(std::size_t index) const { return bytes_.get() + index * stride_; }
  // index(word) is word/2^shift(), and bytes(index) begins index·stride() after bytes(0).
  int shift() const { return shift_; }
  std::size_t stride() const { return stride_; }
  std::size_t buckets() const { return buckets_.size(); }
  // The first and the last word of a bucket of a codebook of every word.
  std::uint32_t first_word(std::size_t index) const {
    return static_cast<std::uint32_t>(std::uint64_t{index} << shift_);
  }
  std::uint32_t last_word(std::size_t index) const {
    return static_cast<std::uint32_t>((std::uint64_t{index + 1} << shift_) - 1);
  }

 private:
  void fill(std::size_t index, const double* low, const double* high, double first_threshold, double last_threshold);
  BitWidth bits_;
  int shift_;
  std::size_t stride_;
  std::vector<ByteBucket> buckets_;
  Aligned<std::uint8_t> bytes_;
};

// That of every word, made when it is first asked for.
const ByteCodebook& byte_codebook(BitWidth bits);

}  // namespace hdq::detail
