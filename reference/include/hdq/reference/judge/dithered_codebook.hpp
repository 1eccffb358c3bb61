// The thresholds and codewords of the shipped generator at one dither word, enclosed once. Verdicts on rows of different inputs,
// dimensions and kernels meet the same words over and over: a row's word is that of its seed and number alone (SPEC §2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/generator.hpp"
#include "hdq/reference/scheme/philox.hpp"

namespace hdq::reference {

// Safe to use from several threads.
class DitheredCodebook {
 public:
  static constexpr slong precision_bits = 96;

  DitheredCodebook(int bits, std::uint32_t word)
      : generator_(Generator::shipped(bits)), u_(dither_of_word(word)), codewords_(static_cast<std::size_t>(generator_.levels())) {}

  // θ_k = G(k + U) − G(k − 1 + U) in [k], 1 <= k < N; [0] means nothing. An antiderivative serves two of them.
  const std::vector<Ball>& thresholds() {
    const std::lock_guard lock(mutex_);
    if (!thresholds_.empty()) return thresholds_;
    const Precision precision(precision_bits);
    std::vector<Ball> theta(codewords_.size());
    Ball previous = generator_.antiderivative(u_);
    for (std::int64_t k = 1; k < generator_.levels(); ++k) {
      Ball next = generator_.antiderivative(k + u_);
      theta[static_cast<std::size_t>(k)] = next - previous;
      previous = std::move(next);
    }
    return thresholds_ = std::move(theta);
  }

  Ball codeword(std::size_t k) {
    const std::lock_guard lock(mutex_);
    std::optional<Ball>& r = codewords_.at(k);
    if (!r.has_value()) {
      const Precision precision(precision_bits);
      r = generator_.codeword(static_cast<std::int64_t>(k), u_);
    }
    return *r;
  }

  // That of these bits and word, remembered: up to 2^20 thresholds and codewords, then all are forgotten. (A validation at the default
  // level meets half as many.)
  static std::shared_ptr<DitheredCodebook> at(int bits, std::uint32_t word) {
    static std::mutex mutex;
    static std::map<std::pair<int, std::uint32_t>, std::shared_ptr<DitheredCodebook>> known;
    static std::size_t numbers = 0;
    constexpr std::size_t most_numbers = std::size_t{1} << 20;
    const std::lock_guard lock(mutex);
    if (const auto found = known.find({bits, word}); found != known.end()) return found->second;
    if (numbers > most_numbers) known.clear(), numbers = 0;
    numbers += std::size_t{2} << bits;
    return known[{bits, word}] = std::make_shared<DitheredCodebook>(bits, word);
  }

 private:
  std::mutex mutex_;
  Generator generator_;
  Ball u_;
  std::vector<Ball> thresholds_;  // empty until asked for
  std::vector<std::optional<Ball>> codewords_;
};

}  // namespace hdq::reference
