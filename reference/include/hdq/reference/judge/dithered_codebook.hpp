// The thresholds and codewords of the shipped generator at one dither word, each enclosed once, when it is first asked for. Verdicts on rows of different inputs,
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
      : generator_(Generator::shipped(bits)),
        u_(dither_of_word(word)),
        codewords_(static_cast<std::size_t>(generator_.levels())),
        antiderivatives_(codewords_.size()) {}

  // θ_k = G(k + U) − G(k − 1 + U), 1 <= k < N. An antiderivative serves two of them.
  Ball threshold(std::size_t k) {
    const std::lock_guard lock(mutex_);
    const Precision precision(precision_bits);
    return antiderivative(k) - antiderivative(k - 1);
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
  // G(k + U).
  const Ball& antiderivative(std::size_t k) {
    std::optional<Ball>& value = antiderivatives_.at(k);
    if (!value.has_value()) value = generator_.antiderivative(static_cast<std::int64_t>(k) + u_);
    return *value;
  }

  std::mutex mutex_;
  Generator generator_;
  Ball u_;
  std::vector<std::optional<Ball>> codewords_, antiderivatives_;  // those that were asked for
};

}  // namespace hdq::reference
