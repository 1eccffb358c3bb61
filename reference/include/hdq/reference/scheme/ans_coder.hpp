// Asymmetric numeral systems (SPEC §7, "Coder"; Duda, arXiv 1311.2540): a state x in [2^31, 2^63), and words of 32 bits that left it. Getting undoes
// putting, in the opposite order. proofs/entropy/StreamCoder.v proves that it does, and that x stays in its range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

namespace hdq::reference {

// What is no stream: the message says why.
class MalformedStream : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline constexpr std::uint64_t least_state = std::uint64_t{1} << 31;

// Of one symbol, among 2^16: frequency f >= 1 and cumulative frequency F, F + f <= 2^16.
struct SymbolPlace {
  std::uint32_t frequency, below;
};
// Of a bit.
inline SymbolPlace place_of_bit(std::uint64_t bit) { return {1u << 15, static_cast<std::uint32_t>(bit << 15)}; }

class AnsPutter {
 public:
  // `state`: in [2^31, 2^63).
  explicit AnsPutter(std::uint64_t state) : x_(state) {}
  void put(const SymbolPlace& symbol);
  std::uint64_t state() const { return x_; }
  // The state in 5 to 8 bytes, the fewest that hold it, then the words, the last one first.
  std::vector<std::uint8_t> stream() const;

 private:
  std::uint64_t x_;
  std::vector<std::uint32_t> words_;
};

// Reads a stream that outlives it. Throws MalformedStream, here and in take, where its bytes are not what a putter leaves.
class AnsGetter {
 public:
  explicit AnsGetter(std::span<const std::uint8_t> stream);
  // m = x mod 2^16, which names the next symbol: the one with F <= m < F + f.
  std::uint32_t next() const { return static_cast<std::uint32_t>(x_ & 0xFFFF); }
  // That symbol leaves the state.
  void take(const SymbolPlace& symbol);
  std::uint64_t take_bit();
  // The state that putting began with: all words must be used.
  std::uint64_t end() const;

 private:
  std::span<const std::uint8_t> words_;  // those not used yet
  std::uint64_t x_ = 0;
};

}  // namespace hdq::reference
