// What a KeyValueCache holds. Tokens are counted three ways: t, as row numbers have them; i, its place among those kept, in order of t;
// its slot, where it lies in memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "aligned.hpp"
#include "attention/weighted_task.hpp"
#include "checks.hpp"
#include "codec/plan.hpp"
#include "hdq/attention.hpp"

namespace hdq {
namespace detail {

// Codes and norms of keys or of values, the heads of a slot side by side: slots × kv_heads rows; then row_slack bytes.
struct CacheRows {
  CacheRows(Codec codec_, const char* name_)
      : codec(std::move(codec_)), plan(*codec.plan()), name(name_), codes(row_slack) {}
  void resize(std::size_t rows) {
    norms.resize(rows);
    codes.resize(checked_sum(checked_product(rows, plan.code_bytes, "codes"), row_slack, "codes"));
  }
  Codec codec;
  const CodecPlan& plan;  // codec's
  const char* name;
  std::vector<float> norms;
  std::vector<std::uint8_t> codes;
};

// Memory that grows, of numbers that begin at a cache line.
template <class T = float>
class Buffer {
 public:
  T* at_least(std::size_t count) {
    if (count > size_) {
      data_ = Aligned<T>(count);
      size_ = count;
    }
    return data_.get();
  }

 private:
  Aligned<T> data_{0};
  std::size_t size_ = 0;
};

// What a thread works in.
struct TileScratch {
  Buffer<> tables, numbers;
  Buffer<double> total;
};

}  // namespace detail

struct KeyValueCache::State {
  State(const AttentionShape& shape_, KeyValueCoding keys_, KeyValueCoding values_,
        const KeyValueCacheOptions& options_, const KeyValueCacheThreads& threads);

  std::size_t group() const { return shape.query_heads / shape.kv_heads; }
  std::size_t tokens() const {
    return options.window == 0 ? appended : std::min(appended, options.sinks + options.window);
  }
  // How many came before kept token i.
  std::size_t age(std::size_t i) const { return i < std::min(options.sinks, tokens()) ? i : appended - tokens() + i; }
  std::size_t slot_of_age(std::size_t age) const {
    return options.window == 0 || age < options.sinks ? age : options.sinks + (age - options.sinks) % options.window;
  }
  std::size_t slot(std::size_t i) const { return slot_of_age(age(i)); }
  std::uint64_t row_number(std::size_t i) const {
    return (options.first_token + age(i)) * shape.kv_heads;
  }  // of its head 0

  // Rows of tokens to the end of the cache.
  void take(const EncodedView& keys_of, const EncodedView& values_of);

  // Of the first `visible` tokens kept. Strides are of query heads.
  void scores(const float* q, std::size_t q_stride, std::size_t visible, float* out, std::size_t out_stride);
  void softmax(const float* scores, std::size_t stride, std::size_t count, float* out, std::size_t out_stride) const;
  void weighted_sum(const float* weights, std::size_t stride, std::size_t visible, float* out, std::size_t out_stride);

  // work(i, thread) for i < count, on all threads.
  template <class Work>
  void each(std::size_t count, const Work& work) const {
    if (keys.plan.pool == nullptr) {
      for (std::size_t i = 0; i < count; ++i) work(i, std::size_t{0});
      return;
    }
    keys.plan.pool->run(count, 1, [&](std::size_t first, std::size_t last, std::size_t thread) {
      for (std::size_t i = first; i < last; ++i) work(i, thread);
    });
  }

  AttentionShape shape;
  KeyValueCacheOptions options;
  detail::CacheRows keys, values;
  std::size_t appended = 0;
  detail::Buffer<> rotated, raw, probabilities, partial;
  std::vector<detail::TileScratch> scratch;  // one for each thread
};

}  // namespace hdq
