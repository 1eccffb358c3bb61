// SPEC §8: scores, softmax, weighted sums. Tokens go through in tiles, whose codewords and codes stay in the first-level cache, and in chunks of a
// fixed number of them: threads share out chunks, and the sums of each chunk are one rounded number, whoever computed it.
#include <bit>
#include <cmath>
#include <limits>

#include "attention/cache_state.hpp"
#include "checks.hpp"
#include "score/rotate_query.hpp"
#include "score/score_task.hpp"

namespace hdq {
namespace {

using detail::CacheRows, detail::require_equal;

constexpr std::size_t tile_tokens = detail::weighted_rows, chunk_tokens = 256;
static_assert(chunk_tokens % tile_tokens == 0);

std::size_t chunks_of(std::size_t tokens) { return (tokens + chunk_tokens - 1) / chunk_tokens; }

// Kept tokens first, … of one head, with tables of their codewords. ahead: where the next tile's codes are, a share for each head.
struct Tile {
  std::size_t count;
  const std::uint8_t *codes[tile_tokens], *ahead;
  float norms[tile_tokens];
  const float* tables;
};

// The tile of every head in turn: work(tile, head).
template <class Work>
void each_head(const KeyValueCache::State& state, const CacheRows& rows, std::size_t first, std::size_t count,
               float* tables, const Work& work) {
  const std::size_t heads = state.shape.kv_heads, bytes = rows.plan.code_bytes;
  std::size_t row[tile_tokens];
  std::uint64_t numbers[tile_tokens];
  std::uint32_t words[tile_tokens];
  for (std::size_t i = 0; i < count; ++i) {
    row[i] = state.slot(first + i) * heads;
    numbers[i] = state.row_number(first + i);
  }
  Tile tile;
  tile.count = count;
  tile.tables = tables;
  tile.ahead = rows.codes.data() + (row[count - 1] + heads) * bytes;
  for (std::size_t head = 0; head < heads; ++head, tile.ahead += count * bytes) {
    rows.plan.draw_words(numbers, count, words);
    rows.plan.scheme->score_tables(words, count, tables);
    for (std::size_t i = 0; i < count; ++i) {
      tile.codes[i] = rows.codes.data() + row[i] * bytes;
      tile.norms[i] = rows.norms[row[i]++];
      ++numbers[i];
    }
    work(tile, head);
  }
}

// ρ_i/d in double. By a power of two the product with the inverse is the quotient.
void divide_norms(const Tile& tile, std::size_t order, double* quotients) {
  const double d = static_cast<double>(order);
  if (std::has_single_bit(order))
    for (std::size_t i = 0; i < tile.count; ++i) quotients[i] = static_cast<double>(tile.norms[i]) * (1 / d);
  else
    for (std::size_t i = 0; i < tile.count; ++i) quotients[i] = static_cast<double>(tile.norms[i]) / d;
}

// E(x): ⌊log2|x|⌋ of normal numbers x and −127 of the others, plus 127.
std::int32_t biased_exponent(float x) { return static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(x) >> 23 & 255); }

[[noreturn]] void throw_score(std::size_t head) {
  throw InvalidInput(head, InvalidInput::npos,
                     "query " + std::to_string(head) + ": a score exceeds the largest float32");
}

}  // namespace

// ---- scores ----

void KeyValueCache::State::scores(const float* q, std::size_t q_stride, std::size_t visible, float* out,
                                  std::size_t out_stride) {
  const detail::CodecPlan& plan = keys.plan;
  const std::size_t stride = detail::padded_order(plan.order.order);
  float* w = rotated.at_least(shape.query_heads * stride);
  std::vector<double> factors(shape.query_heads);
  for (std::size_t g = 0; g < shape.query_heads; ++g)
    factors[g] = detail::rotate_query(plan, q + g * q_stride, g, w + g * stride).unscale * *options.scale;

  each(chunks_of(visible), [&](std::size_t chunk, std::size_t thread) {
    const std::size_t last = std::min((chunk + 1) * chunk_tokens, visible);
    float* tables = scratch[thread].tables.at_least(tile_tokens * plan.scheme->table_floats());
    float* sums = scratch[thread].numbers.at_least(group() * tile_tokens);
    for (std::size_t first = chunk * chunk_tokens; first < last; first += tile_tokens)
      each_head(
          *this, keys, first, std::min(tile_tokens, last - first), tables, [&](const Tile& tile, std::size_t head) {
            plan.scheme->tile_sums({plan.made_with.bits, plan.order.order, plan.code_bytes, w + head * group() * stride,
                                    group(), tile.codes, tile.ahead, tile.count, tile.tables, sums, tile_tokens});
            double norms[tile_tokens];
            divide_norms(tile, plan.order.order, norms);
            for (std::size_t g = 0; g < group(); ++g) {
              const std::size_t query = head * group() + g;
              if (!plan.kernels.scale_scores(sums + g * tile_tokens, norms, tile.count, factors[query],
                                             out + query * out_stride + first))
                throw_score(query);
            }
          });
  });
}

// ---- softmax ----

void KeyValueCache::State::softmax(const float* s, std::size_t stride, std::size_t count, float* out,
                                   std::size_t out_stride) const {
  if (count == 0) return;
  each(shape.query_heads,
       [&](std::size_t g, std::size_t) { keys.plan.kernels.softmax(s + g * stride, count, out + g * out_stride); });
}

// ---- weighted sums ----

namespace {

// The exponent that the products p_i·ρ_i of each query head are scaled by: of chunk `chunk`, biased twice; 0 where all are zero.
void product_exponents(const KeyValueCache::State& state, const float* weights, std::size_t stride, std::size_t first,
                       std::size_t last, int* exponents) {
  const std::size_t heads = state.shape.kv_heads, group = state.group();
  std::size_t rows[chunk_tokens];
  for (std::size_t i = first; i < last; ++i) rows[i - first] = state.slot(i) * heads;
  std::int32_t norms[chunk_tokens];
  for (std::size_t head = 0; head < heads; ++head) {
    for (std::size_t i = 0; i < last - first; ++i) norms[i] = biased_exponent(state.values.norms[rows[i] + head]);
    for (std::size_t g = head * group; g < (head + 1) * group; ++g) {
      const float* p = weights + g * stride + first;
      int of_weights = 0;
      state.values.plan.kernels.largest_exponents(p, norms, last - first, &exponents[g], &of_weights);
      if (of_weights == 255) detail::throw_bad_column(p, last - first, "weights of query", g, "summed");
    }
  }
}

// Σ a_i ẑ_i of a chunk, query_heads × padded order.
void chunk_sums(const KeyValueCache::State& state, const float* weights, std::size_t weights_stride,
                const std::vector<double>& scales, std::size_t first_token, std::size_t last_token,
                detail::TileScratch& scratch, float* sums) {
  const detail::CodecPlan& plan = state.values.plan;
  const std::size_t stride = detail::padded_order(plan.order.order), group = state.group();
  float* tables = scratch.tables.at_least(tile_tokens * plan.scheme->table_floats());
  float* scaled = scratch.numbers.at_least(group * tile_tokens);
  std::fill_n(sums, state.shape.query_heads * stride, 0.0f);
  for (std::size_t first = first_token; first < last_token; first += tile_tokens)
    each_head(state, state.values, first, std::min(tile_tokens, last_token - first), tables,
              [&](const Tile& tile, std::size_t head) {
                for (std::size_t g = 0; g < group; ++g)
                  plan.kernels.scale_weights(weights + (head * group + g) * weights_stride + first, tile.norms,
                                             tile.count, scales[head * group + g], scaled + g * tile_tokens);
                plan.scheme->weighted_sums({plan.made_with.bits, plan.order.order, plan.code_bytes, tile.codes,
                                            tile.ahead, tile.count, tile.tables, scaled, tile_tokens, group,
                                            sums + head * group * stride});
              });
}

}  // namespace

void KeyValueCache::State::weighted_sum(const float* weights, std::size_t weights_stride, std::size_t visible,
                                        float* out, std::size_t out_stride) {
  const detail::CodecPlan& plan = values.plan;
  const std::size_t order = plan.order.order, stride = detail::padded_order(order), heads = shape.query_heads,
                    chunks = chunks_of(visible);
  std::vector<int> exponents(chunks * heads);
  each(chunks, [&](std::size_t chunk, std::size_t) {
    product_exponents(*this, weights, weights_stride, chunk * chunk_tokens,
                      std::min((chunk + 1) * chunk_tokens, visible), &exponents[chunk * heads]);
  });
  std::vector<int> exponent(heads);
  std::vector<double> scales(heads);
  for (std::size_t g = 0; g < heads; ++g) {
    for (std::size_t chunk = 0; chunk < chunks; ++chunk)
      exponent[g] = std::max(exponent[g], exponents[chunk * heads + g]);
    exponent[g] -= 2 * 127;
    scales[g] = std::ldexp(1.0, -exponent[g]);
  }
  float* sums = partial.at_least(chunks * heads * stride);
  each(chunks, [&](std::size_t chunk, std::size_t thread) {
    chunk_sums(*this, weights, weights_stride, scales, chunk * chunk_tokens,
               std::min((chunk + 1) * chunk_tokens, visible), scratch[thread], sums + chunk * heads * stride);
  });
  each(heads, [&](std::size_t g, std::size_t thread) {
    double* total = scratch[thread].total.at_least(stride);
    std::fill_n(total, stride, 0.0);
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
      const float* some = sums + (chunk * heads + g) * stride;
      for (std::size_t j = 0; j < stride; ++j) total[j] += static_cast<double>(some[j]);
    }
    float* y = scratch[thread].numbers.at_least(order);
    for (std::size_t j = 0; j < order; ++j) y[j] = static_cast<float>(total[detail::score_position(j)]);
    plan.kernels.hadamard(y, plan.order, true);
    const double factor = std::ldexp(1.0, exponent[g]) / static_cast<double>(order);
    for (std::size_t i = 0; i < plan.made_with.dimension; ++i) {
      const bool negative = (plan.signs[i / 32] >> i % 32 & 1) != 0;
      const float value = static_cast<float>(static_cast<double>(y[i]) * (negative ? -factor : factor));
      if (!std::isfinite(value))
        throw InvalidInput(
            g, i,
            "query " + std::to_string(g) + ", column " + std::to_string(i) + ": the sum exceeds the largest float32");
      out[g * out_stride + i] = value;
    }
  });
}

// ---- the calls ----

namespace {

void check_queries(const KeyValueCache::State& state, const RowsView<const float>& q) {
  require_equal(q.rows(), state.shape.query_heads, "rows of queries", "query heads");
  require_equal(q.dimension(), state.shape.head_dimension, "numbers in a query", "dimensions of a head");
}

template <class T>
void check_tokens(const KeyValueCache::State& state, const RowsView<T>& rows, const char* what) {
  require_equal(rows.rows(), state.shape.query_heads, what, "query heads");
  require_equal(rows.dimension(), state.tokens(), what, "tokens");
}

}  // namespace

void KeyValueCache::attend(RowsView<const float> q, RowsView<float> out) {
  State& s = *state_;
  const std::size_t heads = s.shape.query_heads, positions = q.rows() / heads;
  if (q.rows() % heads != 0)
    throw InvalidArgument(std::to_string(q.rows()) + " rows of queries for " + std::to_string(heads) + " query heads");
  require_equal(out.rows(), q.rows(), "rows of results", "queries");
  if (positions == 0) return;
  require_equal(q.dimension(), s.shape.head_dimension, "numbers in a query", "dimensions of a head");
  require_equal(out.dimension(), s.shape.head_dimension, "numbers in a result", "dimensions of a head");
  if (positions > 1 && positions > s.tokens())
    throw InvalidArgument("queries of " + std::to_string(positions) + " tokens, and " + std::to_string(s.tokens()) +
                          " in the cache");
  for (std::size_t i = 0; i < positions; ++i) {
    const std::size_t visible = s.tokens() - std::min(positions - 1 - i, s.tokens());
    float* raw = s.raw.at_least(heads * visible);
    float* weights = s.probabilities.at_least(heads * visible);
    try {
      s.scores(q.row(i * heads), q.stride(), visible, raw, visible);
      s.softmax(raw, visible, visible, weights, visible);
      s.weighted_sum(weights, visible, visible, out.row(i * heads), out.stride());
    } catch (const InvalidInput& e) {
      throw InvalidInput(i * heads + e.row, e.column, e.what());
    }
  }
}

void KeyValueCache::scores(RowsView<const float> q, RowsView<float> out) {
  check_queries(*state_, q);
  check_tokens(*state_, out, "scores");
  state_->scores(q.data(), q.stride(), state_->tokens(), out.data(), out.stride());
}

void KeyValueCache::softmax(RowsView<const float> scores, RowsView<float> out) const {
  check_tokens(*state_, scores, "scores");
  check_tokens(*state_, out, "weights");
  for (std::size_t g = 0; g < scores.rows(); ++g)
    for (std::size_t i = 0; i < scores.dimension(); ++i)
      if (!std::isfinite(scores.row(g)[i]))
        detail::throw_bad_column(scores.row(g), scores.dimension(), "scores of query", g, "weighed");
  state_->softmax(scores.data(), scores.stride(), scores.dimension(), out.data(), out.stride());
}

void KeyValueCache::weighted_sum(RowsView<const float> weights, RowsView<float> out) {
  check_tokens(*state_, weights, "weights");
  require_equal(out.rows(), state_->shape.query_heads, "rows of results", "query heads");
  require_equal(out.dimension(), state_->shape.head_dimension, "numbers in a result", "dimensions of a head");
  state_->weighted_sum(weights.data(), weights.stride(), weights.dimension(), out.data(), out.stride());
}

std::vector<double> KeyValueCache::error_bound(RowsView<const float> weights) const {
  const State& s = *state_;
  check_tokens(s, weights, "weights");
  std::vector<double> bounds(s.shape.query_heads);
  for (std::size_t g = 0; g < bounds.size(); ++g) {
    for (std::size_t i = 0; i < s.tokens(); ++i) {
      const double product = static_cast<double>(weights.row(g)[i]) *
                             static_cast<double>(s.values.norms[s.slot(i) * s.shape.kv_heads + g / s.group()]);
      bounds[g] += product * product;
    }
    bounds[g] *= s.values.codec.error_bound();
  }
  return bounds;
}

void KeyValueCache::score_error_bound(RowsView<const float> q, RowsView<double> out) const {
  const State& s = *state_;
  check_queries(s, q);
  check_tokens(s, out, "bounds");
  for (std::size_t g = 0; g < q.rows(); ++g) {
    const double square = s.keys.plan.kernels.sum_of_squares(q.row(g), q.dimension());
    if (!std::isfinite(square)) detail::throw_bad_column(q.row(g), q.dimension(), "query", g, "scored");
    const double factor = *s.options.scale * *s.options.scale * s.keys.codec.error_bound() * square;
    for (std::size_t i = 0; i < s.tokens(); ++i) {
      const double norm = static_cast<double>(s.keys.norms[s.slot(i) * s.shape.kv_heads + g / s.group()]);
      out.row(g)[i] = factor * norm * norm;
    }
  }
}

}  // namespace hdq
