// What a Codec knows, computed once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "aligned.hpp"
#include "codec/scheme.hpp"
#include "hdq/codec.hpp"
#include "hdq/stages.hpp"
#include "hdq/thread_pool.hpp"
#include "simd/kernels.hpp"

namespace hdq::detail {

struct CodecPlan {
  EncodingParameters made_with;
  HadamardOrder order;
  Isa isa;                            // never automatic
  const Kernels& kernels;             // its
  std::shared_ptr<ThreadPool> pool;   // null for one thread
  std::vector<std::uint32_t> signs;   // SPEC §2, ε_0 … ε_{d−1}
  std::shared_ptr<const Scheme> scheme;
  std::size_t code_bytes;
  float shrink;  // what decoded values are multiplied by
  std::uint32_t shared_word;  // of every row, with Dither::shared
  std::optional<Aligned<float>> spread = std::nullopt;  // the signs once more, where the kernels want them so

  bool shares_dither() const { return made_with.dither == Dither::shared; }
  // Whether the words after `done` rows are others than those of the first rows of a run, which are as many at least.
  bool draws_again(std::size_t done) const { return done == 0 || !shares_dither(); }
  // The dither words of the rows with these numbers.
  void draw_words(const std::uint64_t* rows, std::size_t count, std::uint32_t* words) const {
    if (shares_dither())
      std::fill_n(words, count, shared_word);
    else
      kernels.dither_words(made_with.seed, rows, count, words);
  }
  // Null where there are none.
  const float* spread_signs() const { return spread ? spread->get() : nullptr; }

  int threads() const { return pool == nullptr ? 1 : pool->threads(); }

  // work(first, last, slot) on runs of [0, rows), on all threads; runs begin at multiples of `multiple`.
  template <class Work>
  void for_rows(std::size_t rows, std::size_t multiple, const Work& work) const {
    if (rows == 0) return;
    if (pool == nullptr) return work(std::size_t{0}, rows, std::size_t{0});
    // Chunks of some microseconds at least, and small against what a thread gets, that all finish together.
    constexpr std::size_t least_numbers = 16384;
    const std::size_t least = (least_numbers - 1) / order.order + 1;
    const std::size_t chunk = std::max(least, rows / (32 * static_cast<std::size_t>(threads())));
    pool->run(rows, (chunk - 1) / multiple * multiple + multiple, work);
  }
};

}  // namespace hdq::detail
