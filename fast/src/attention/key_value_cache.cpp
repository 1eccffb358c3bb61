// The tokens of a KeyValueCache: appended, kept, forgotten.
#include <cmath>
#include <cstring>

#include "attention/cache_state.hpp"
#include "checks.hpp"

namespace hdq {
namespace {

using detail::require_equal;

Codec codec_of(const KeyValueCoding& coding, std::size_t dimension, std::uint64_t seed, const CodecOptions& options) {
  if (const Step* step = std::get_if<Step>(&coding)) return {dimension, *step, seed, options};
  return {dimension, std::get<BitWidth>(coding), seed, options};
}

AttentionShape checked(const AttentionShape& shape) {
  if (shape.kv_heads < 1) throw InvalidArgument("kv_heads must be at least 1");
  if (shape.query_heads < 1 || shape.query_heads % shape.kv_heads != 0)
    throw InvalidArgument("query_heads must be a multiple of kv_heads: " + std::to_string(shape.query_heads) +
                          " are not one of " + std::to_string(shape.kv_heads));
  detail::checked_product(detail::checked_product(shape.query_heads, Codec::max_dimension, "heads"), sizeof(double),
                          "heads");
  return shape;
}

KeyValueCacheOptions checked(KeyValueCacheOptions options, std::size_t dimension) {
  if (!options.scale.has_value()) options.scale = 1 / std::sqrt(static_cast<double>(dimension));
  if (!std::isfinite(*options.scale)) throw InvalidArgument("scale must be finite");
  detail::checked_sum(options.sinks, options.window, "tokens kept");
  return options;
}

CodecOptions codec_options(const KeyValueCacheThreads& threads) {
  CodecOptions options{threads.isa, threads.threads, threads.pool};
  if (options.pool == nullptr && options.threads != 1) options.pool = std::make_shared<ThreadPool>(options.threads);
  return options;
}

template <class Number>
EncodedRows encode(const detail::CacheRows& rows, const RowsView<const Number>& x, std::uint64_t first_row) {
  try {
    return rows.codec.encode(x, first_row);
  } catch (const InvalidInput& e) {
    throw InvalidInput(e.row, e.column, std::string(rows.name) + ": " + e.what());
  }
}

template <class Number>
void append_rows(KeyValueCache::State& state, const RowsView<const Number>& keys,
                 const RowsView<const Number>& values) {
  require_equal(values.rows(), keys.rows(), "rows of values", "rows of keys");
  if (keys.rows() % state.shape.kv_heads != 0)
    throw InvalidArgument(std::to_string(keys.rows()) + " rows are not a whole number of tokens of " +
                          std::to_string(state.shape.kv_heads) + " heads");
  const std::uint64_t first_row = (state.options.first_token + state.appended) * state.shape.kv_heads;
  const EncodedRows k = encode(state.keys, keys, first_row), v = encode(state.values, values, first_row);
  state.take(k, v);
}

void decode_rows(const KeyValueCache::State& state, const detail::CacheRows& rows, const RowsView<float>& out) {
  const std::size_t heads = state.shape.kv_heads, bytes = heads * rows.plan.code_bytes;
  require_equal(out.rows(), state.tokens() * heads, "rows to decode to", "rows kept");
  for (std::size_t i = 0; i < state.tokens(); ++i) {
    const std::size_t slot = state.slot(i);
    rows.codec.decode({std::span(rows.norms).subspan(slot * heads, heads),
                       std::span(rows.codes).subspan(slot * bytes, bytes), state.row_number(i)},
                      out.slice(i * heads, heads));
  }
}

}  // namespace

KeyValueCache::State::State(const AttentionShape& shape_, KeyValueCoding keys_, KeyValueCoding values_,
                            const KeyValueCacheOptions& options_, const KeyValueCacheThreads& threads)
    : shape(checked(shape_)),
      options(checked(options_, shape.head_dimension)),
      keys(codec_of(keys_, shape.head_dimension, options.seed, codec_options(threads)), "keys"),
      values(codec_of(values_, shape.head_dimension, options.seed ^ std::uint64_t{1} << 63,
                      {keys.codec.isa(), 1, keys.plan.pool}),
             "values"),
      scratch(static_cast<std::size_t>(keys.plan.threads())) {}

void KeyValueCache::State::take(const EncodedView& keys_of, const EncodedView& values_of) {
  const std::size_t heads = shape.kv_heads, more = keys_of.rows() / heads,
                    all = detail::checked_sum(appended, more, "tokens");
  const std::size_t slots = options.window == 0 ? all : std::min(all, options.sinks + options.window);
  for (detail::CacheRows* rows : {&keys, &values}) {
    if (slots * heads <= rows->norms.size()) continue;
    rows->resize(detail::checked_product(slots, heads, "rows"));
  }
  for (std::size_t i = 0; i < more; ++i)
    for (const auto& [rows, from] : {std::pair(&keys, &keys_of), std::pair(&values, &values_of)}) {
      const std::size_t slot = slot_of_age(appended + i), bytes = heads * rows->plan.code_bytes;
      std::copy_n(from->norms().data() + i * heads, heads, rows->norms.data() + slot * heads);
      std::memcpy(rows->codes.data() + slot * bytes, from->codes().data() + i * bytes, bytes);
    }
  appended = all;
}

KeyValueCache::KeyValueCache(const AttentionShape& shape, KeyValueCoding keys, KeyValueCoding values,
                             const KeyValueCacheOptions& options, const KeyValueCacheThreads& threads)
    : state_(std::make_unique<State>(shape, keys, values, options, threads)) {}
KeyValueCache::KeyValueCache(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyValueCache::~KeyValueCache() = default;
KeyValueCache::KeyValueCache(KeyValueCache&&) noexcept = default;
KeyValueCache& KeyValueCache::operator=(KeyValueCache&&) noexcept = default;

const AttentionShape& KeyValueCache::shape() const { return state_->shape; }
const KeyValueCacheOptions& KeyValueCache::options() const { return state_->options; }
const Codec& KeyValueCache::key_codec() const { return state_->keys.codec; }
const Codec& KeyValueCache::value_codec() const { return state_->values.codec; }
std::size_t KeyValueCache::tokens() const { return state_->tokens(); }
std::uint64_t KeyValueCache::next_token() const { return state_->options.first_token + state_->appended; }
std::uint64_t KeyValueCache::token(std::size_t i) const {
  if (i >= tokens()) throw InvalidArgument("no token " + std::to_string(i) + " among " + std::to_string(tokens()));
  return state_->options.first_token + state_->age(i);
}
std::size_t KeyValueCache::token_bytes() const {
  return state_->shape.kv_heads * (2 * sizeof(float) + state_->keys.plan.code_bytes + state_->values.plan.code_bytes);
}
std::size_t KeyValueCache::memory_bytes() const {
  std::size_t bytes = 0;
  for (const detail::CacheRows* rows : {&state_->keys, &state_->values})
    bytes += rows->norms.capacity() * sizeof(float) + rows->codes.capacity();
  return bytes;
}

void KeyValueCache::append(RowsView<const float> keys, RowsView<const float> values) {
  append_rows(*state_, keys, values);
}
void KeyValueCache::append(RowsView<const Float16> keys, RowsView<const Float16> values) {
  append_rows(*state_, keys, values);
}
void KeyValueCache::append(RowsView<const BFloat16> keys, RowsView<const BFloat16> values) {
  append_rows(*state_, keys, values);
}
void KeyValueCache::decode_keys(RowsView<float> out) const { decode_rows(*state_, state_->keys, out); }
void KeyValueCache::decode_values(RowsView<float> out) const { decode_rows(*state_, state_->values, out); }

}  // namespace hdq
