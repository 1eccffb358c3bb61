// hdq::KeyValueCache: the keys and values of one attention layer as codes, and attention over them without decoding (SPEC §8).
//
//   hdq::KeyValueCache cache({.head_dimension = 128, .kv_heads = 8, .query_heads = 32}, 4, 4);   // bits of keys, of values
//   cache.append({k, 8, 128}, {v, 8, 128});           // one token
//   cache.attend({q, 32, 128}, {out, 32, 128});
//
// Query head g reads key/value head g div (query_heads/kv_heads). Scores are scale·⟨q, k̂⟩ of codes; their softmax weighs rows v̂ that are
// summed in the rotated domain, with one inverse transform per query head. The same calls give the same bits on every instruction set and
// thread count.
//
// Keys have the codec's `seed`, values seed XOR 2^63; head h of token t is row number t·kv_heads + h of both. Caches whose errors should
// be independent, of the layers of a model say, take different seeds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "hdq/codec.hpp"
#include "hdq/export.h"
#include "hdq/thread_pool.hpp"
#include "hdq/types.hpp"

namespace hdq {

// Each at least 1; query_heads a multiple of kv_heads.
struct AttentionShape {
  std::size_t head_dimension, kv_heads = 1, query_heads = kv_heads;
  friend bool operator==(const AttentionShape&, const AttentionShape&) = default;
};

// How rows are coded: bits, the fixed-rate quantizer (SPEC §4), or a step, the entropy-coded one (§7). In memory its codes take two bytes
// per coordinate of the order (four where Codec says so): its streams are short in save()'s file alone.
using KeyValueCoding = std::variant<BitWidth, Step>;

struct KeyValueCacheOptions {
  std::uint64_t seed = 0;
  std::optional<double> scale = std::nullopt;  // of scores: finite; 1/√head_dimension if none
  std::size_t window = 0;  // tokens kept, beside the sinks: where another comes, the oldest goes. 0: all are kept
  std::size_t sinks = 0;   // the first tokens, which are kept forever
  std::uint64_t first_token = 0;  // t of the first token
};

struct KeyValueCacheThreads {
  Isa isa = Isa::automatic;
  int threads = 1;                             // 0 = one per hardware thread
  std::shared_ptr<ThreadPool> pool = nullptr;  // shared with others; if given, `threads` is its number
};

// One sequence's cache. It has memory for its calls: one call at a time.
//
// Errors of every call, which leave the tokens as they were: InvalidArgument where shapes do not fit; InvalidInput for NaN, infinity, and a
// norm, a score or a sum that float32 cannot hold, naming the row. What is written is unspecified after an error.
class HDQ_EXPORT KeyValueCache {
 public:
  KeyValueCache(const AttentionShape& shape, KeyValueCoding keys, KeyValueCoding values,
                const KeyValueCacheOptions& options = {}, const KeyValueCacheThreads& threads = {});
  ~KeyValueCache();
  KeyValueCache(KeyValueCache&&) noexcept;
  KeyValueCache& operator=(KeyValueCache&&) noexcept;

  const AttentionShape& shape() const;
  const KeyValueCacheOptions& options() const;  // scale is there
  const Codec& key_codec() const;
  const Codec& value_codec() const;

  std::size_t tokens() const;        // kept
  std::uint64_t next_token() const;  // t of the next one: first_token and all that were ever appended
  // t of kept token i < tokens(), in order of t.
  std::uint64_t token(std::size_t i) const;
  std::size_t token_bytes() const;   // of one token's codes and norms
  std::size_t memory_bytes() const;  // allocated for codes and norms

  // tokens × kv_heads rows each, head h of token i in row i·kv_heads + h. All of them are appended, or none.
  void append(RowsView<const float> keys, RowsView<const float> values);
  void append(RowsView<const Float16> keys, RowsView<const Float16> values);
  void append(RowsView<const BFloat16> keys, RowsView<const BFloat16> values);

  // q: query_heads rows; out likewise. Zero without tokens. With m·query_heads rows, the queries are those of the last m <= tokens()
  // tokens: the first of them do not see the tokens that came after their own.
  // It is weighted_sum(softmax(scores(q))), bit for bit.
  void attend(RowsView<const float> q, RowsView<float> out);

  // ---- the stages of attend() ----

  // out: query_heads × tokens(). (S·(ρ/d))·(2^e·scale) with S, ρ and 2^e as Scorer has them, in double, rounded once: with scale 1 these are a
  // Scorer's inner products. The mean over the dither of the keys is scale·⟨q, k⟩ in real arithmetic.
  void scores(RowsView<const float> q, RowsView<float> out);
  // out: as many rows of as many numbers; SPEC §8 says which.
  void softmax(RowsView<const float> scores, RowsView<float> out) const;
  // weights: query_heads × tokens(), any finite numbers; out: query_heads × head_dimension, Σ_i p_i v̂_i. The mean over the dither of
  // the values is Σ p_i v_i in real arithmetic.
  void weighted_sum(RowsView<const float> weights, RowsView<float> out);

  // ---- errors, in real arithmetic: the mean over signs and dither of the codecs is at most this ----

  // Of each query head: C·Σ p_i²·‖v_i‖² >= E‖Σ p_i v̂_i − Σ p_i v_i‖², C the value codec's error_bound(), for weights that do not depend
  // on the values' signs and dither, such as those of attend().
  std::vector<double> error_bound(RowsView<const float> weights) const;
  // query_heads × tokens(): scale²·C·‖q‖²·‖k_i‖² >= E(score_i − scale·⟨q, k_i⟩)², C the key codec's, for queries that do not depend on the
  // keys' signs and dither. Where errors have no preferred direction their mean square is less by a factor of about d.
  void score_error_bound(RowsView<const float> q, RowsView<double> out) const;

  // Row tokens() × kv_heads + h of keys or values, as the codecs have them, decoded: out is tokens()·kv_heads rows. For inspection.
  void decode_keys(RowsView<float> out) const;
  void decode_values(RowsView<float> out) const;

  // One file with all of the cache (docs/format.md), as AtomicFile writes it; FileError.
  void save(const std::string& path) const;
  static KeyValueCache load(const std::string& path, const KeyValueCacheThreads& threads = {});

  struct State;

 private:
  explicit KeyValueCache(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hdq
