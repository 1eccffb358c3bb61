// SPEC §4: ⟨q, x̂⟩ = (ρ/d)·⟨H D q, ẑ⟩. Queries are rotated once; rows go through in tiles whose codewords and codes stay in the
// first-level cache while every query meets them.
#include "hdq/score.hpp"

#include <algorithm>
#include <cmath>

#include "aligned.hpp"
#include "checks.hpp"
#include "codec/plan.hpp"
#include "hdq/stages.hpp"
#include "score/rotate_query.hpp"
#include "score/score_task.hpp"
#include "score_scan.hpp"

namespace hdq {
namespace {

using detail::check_norm, detail::require_equal;
using AlignedFloats = detail::Aligned<float>;

constexpr std::size_t tile_rows = detail::score_tile_rows;
constexpr std::size_t tile_queries = 64;
// Bytes of codes to fetch ahead: a page, so that the hardware meets each page in order, and 2.5 KB are on their way at 25 GB/s and 100 ns.
constexpr std::size_t fetch_ahead = std::size_t{4} << 10;

// An offset that changes no bits: p + −0 is p, its sign included.
constexpr double no_offset = -0.0;

struct Query {
  double square;    // ‖q‖²
  double unscale;   // 2^e
  double cosine;    // 2^e/(d·‖q‖), 0 for q = 0
  double magnitude; // ‖q'‖₁
  double offset = no_offset;    // ⟨q, μ⟩ where rows are centred
  double offset_magnitude = 0;  // Σ|q_i μ_i|
};

// What a row contributes to its scores.
struct RowFactors {
  double scale;   // ρ/d
  double square;  // ρ²
};

// The formulas of score.hpp for one query and several rows; inner products gain `offset`.
void finish(Metric metric, const float* sums, const RowFactors* rows, std::size_t count, const Query& query, double offset, float* out) {
  switch (metric) {
    case Metric::inner_product:
      for (std::size_t i = 0; i < count; ++i)
        out[i] = static_cast<float>((static_cast<double>(sums[i]) * rows[i].scale) * query.unscale + offset);
      return;
    case Metric::squared_distance:
      for (std::size_t i = 0; i < count; ++i)
        out[i] = static_cast<float>((query.square + rows[i].square) - 2 * ((static_cast<double>(sums[i]) * rows[i].scale) * query.unscale));
      return;
    case Metric::cosine:
      for (std::size_t i = 0; i < count; ++i)
        out[i] = rows[i].square == 0 ? 0.0f : static_cast<float>(static_cast<double>(sums[i]) * query.cosine);
      return;
  }
}

RowFactors factors_of(float norm, double order) {
  const double rho = static_cast<double>(norm);
  return {rho / order, rho * rho};
}

}  // namespace

const char* metric_name(Metric metric) {
  switch (metric) {
    case Metric::inner_product: return "ip";
    case Metric::squared_distance: return "l2";
    case Metric::cosine: return "cosine";
  }
  return "unknown";
}

struct Scorer::State {
  State(const Codec& like, std::size_t count)
      : codec(like), plan(*codec.plan()), stride(detail::padded_order(plan.order.order)), levels(plan.scheme->table_floats()),
        queries(detail::checked_bytes(count, sizeof(Query), "queries") / sizeof(Query)),
        rotated(detail::checked_product(count, stride, "queries")) {}

  void set_query(std::size_t index, const float* q);
  void set_mean(std::span<const float> mu, RowsView<const float> of);
  // What scores by this metric: squared distances of centred rows are those to the query less the mean.
  const State& of(Metric metric) const;
  // Rows row_of(i) of `rows`, i in [first, last), and queries [from, to). The scores of a query and a tile are written to
  // out.place(query, i) and then shown to out.done(query, i, …).
  template <class RowOf, class Out>
  void score_rows(Metric metric, const EncodedView& rows, std::size_t first, std::size_t last, std::size_t from,
                  std::size_t to, const RowOf& row_of, const Out& out) const;

  Codec codec;
  const detail::CodecPlan& plan;  // codec's
  std::size_t stride, levels;
  std::vector<Query> queries;
  AlignedFloats rotated;  // queries × stride, in the layout of score/score_task.hpp
  std::vector<float> mean;         // μ, if rows are centred
  std::unique_ptr<State> shifted;  // the queries less it
};

void Scorer::State::set_query(std::size_t index, const float* q) {
  const detail::ScaledQuery scaled = detail::rotate_query(plan, q, index, rotated.get() + index * stride);
  Query& query = queries[index];
  query.square = scaled.square;
  query.unscale = scaled.unscale;
  query.cosine =
      query.square == 0 ? 0 : query.unscale / (static_cast<double>(plan.order.order) * std::sqrt(query.square));
  query.magnitude = 0;
  for (std::size_t i = 0; i < plan.made_with.dimension; ++i)
    query.magnitude += std::abs(static_cast<double>(q[i] * scaled.scale));
}

void Scorer::State::set_mean(std::span<const float> mu, RowsView<const float> of) {
  require_equal(mu.size(), plan.made_with.dimension, "numbers in the mean", "dimensions of the codec");
  for (std::size_t i = 0; i < mu.size(); ++i)
    if (!std::isfinite(mu[i])) throw InvalidArgument("the mean's column " + std::to_string(i) + " is not finite");
  mean.assign(mu.begin(), mu.end());
  shifted = std::make_unique<State>(codec, of.rows());
  std::vector<float> less(plan.made_with.dimension);
  for (std::size_t query = 0; query < of.rows(); ++query) {
    const float* q = of.row(query);
    double magnitude = 0;
    for (std::size_t i = 0; i < less.size(); ++i) {
      less[i] = q[i] - mean[i];
      magnitude += std::abs(static_cast<double>(q[i]) * static_cast<double>(mean[i]));
      if (!std::isfinite(less[i]))
        throw InvalidInput(query, i, "query " + std::to_string(query) + ", column " + std::to_string(i) +
                                         ": less the mean, it exceeds the largest float32");
    }
    shifted->set_query(query, less.data());
    queries[query].offset = plan.kernels.inner_product(q, mean.data(), less.size());
    queries[query].offset_magnitude = magnitude;
  }
}

const Scorer::State& Scorer::State::of(Metric metric) const {
  if (mean.empty() || metric == Metric::inner_product) return *this;
  if (metric == Metric::squared_distance) return *shifted;
  throw InvalidArgument("cosines need the norms of the rows, and of centred rows they are not stored");
}

template <class RowOf, class Out>
void Scorer::State::score_rows(Metric metric, const EncodedView& rows, std::size_t first, std::size_t last,
                               std::size_t from, std::size_t to, const RowOf& row_of, const Out& out) const {
  const std::size_t together = std::min(tile_rows, last - first);
  AlignedFloats tables(together * levels), sums(std::min(tile_queries, to - from) * tile_rows);
  std::uint64_t numbers[tile_rows];
  std::uint32_t words[tile_rows];
  const std::uint8_t* codes[tile_rows];
  RowFactors factors[tile_rows];
  for (std::size_t tile = first; tile < last; tile += tile_rows) {
    const std::size_t some = std::min(tile_rows, last - tile);
    for (std::size_t i = 0; i < some; ++i) {
      const std::size_t at = row_of(tile + i);
      check_norm(rows.norms()[at], at);
      factors[i] = factors_of(rows.norms()[at], static_cast<double>(plan.order.order));
      numbers[i] = rows.first_row() + at;
      codes[i] = rows.row_codes(at);
    }
    if (plan.draws_again(tile - first)) {
      plan.draw_words(numbers, some, words);
      plan.scheme->score_tables(words, some, tables.get());
    }
    for (std::size_t begin = from; begin < to; begin += tile_queries) {
      const std::size_t count = std::min(tile_queries, to - begin);
      plan.scheme->score_sums({plan.made_with.bits, plan.order.order, plan.code_bytes, rotated.get() + begin * stride,
                               count, codes, codes[0] + fetch_ahead, some, tables.get(), sums.get(), tile_rows});
      for (std::size_t q = 0; q < count; ++q) {
        float* scores = out.place(begin + q, tile);
        const double offset = Out::with_offset ? queries[begin + q].offset : no_offset;
        finish(metric, sums.get() + q * tile_rows, factors, some, queries[begin + q], offset, scores);
        out.done(begin + q, tile, scores, some);
      }
    }
  }
}

Scorer::Scorer(const Codec& codec, RowsView<const float> queries, std::span<const float> mean) {
  if (queries.rows() > 0) require_equal(queries.dimension(), codec.dimension(), "numbers in a query", "dimensions of the codec");
  state_ = std::make_unique<State>(codec, queries.rows());
  for (std::size_t i = 0; i < queries.rows(); ++i) state_->set_query(i, queries.row(i));
  if (!mean.empty()) state_->set_mean(mean, queries);
}

Scorer::~Scorer() = default;
Scorer::Scorer(Scorer&&) noexcept = default;
Scorer& Scorer::operator=(Scorer&&) noexcept = default;

std::size_t Scorer::queries() const { return state_->queries.size(); }
const Codec& Scorer::codec() const { return state_->codec; }
std::span<const float> Scorer::mean() const { return state_->mean; }

namespace {

struct ToArray {
  static constexpr bool with_offset = true;
  RowsView<float> out;
  float* place(std::size_t query, std::size_t first) const { return out.row(query) + first; }
  void done(std::size_t, std::size_t, const float*, std::size_t) const {}
};

struct ToSink {
  static constexpr bool with_offset = false;
  const detail::ScoreSink& sink;
  float* tile;
  float* place(std::size_t, std::size_t) const { return tile; }
  void done(std::size_t query, std::size_t first, const float* scores, std::size_t count) const { sink(query, first, scores, count); }
};

}  // namespace

void Scorer::score(Metric metric, const EncodedView& rows, RowsView<float> out) const {
  const State& state = state_->of(metric);
  detail::check_encoded(rows, state.plan);
  require_equal(out.rows(), queries(), "rows of scores", "queries");
  if (rows.rows() == 0 || queries() == 0) return;
  require_equal(out.dimension(), rows.rows(), "scores of a query", "rows");
  state.plan.for_rows(rows.rows(), tile_rows, [&](std::size_t first, std::size_t last, std::size_t) {
    state.score_rows(
        metric, rows, first, last, 0, queries(), [](std::size_t i) { return i; }, ToArray{out});
  });
}

void Scorer::score_list(Metric metric, const EncodedView& rows, std::span<const std::size_t> list, RowsView<float> out) const {
  const State& state = state_->of(metric);
  detail::check_encoded(rows, state.plan);
  require_equal(out.rows(), queries(), "rows of scores", "queries");
  if (list.empty() || queries() == 0) return;
  require_equal(out.dimension(), list.size(), "scores of a query", "rows in the list");
  for (const std::size_t row : list) detail::require_listed(row, rows.rows());
  state.plan.for_rows(list.size(), tile_rows, [&](std::size_t first, std::size_t last, std::size_t) {
    state.score_rows(
        metric, rows, first, last, 0, queries(), [&](std::size_t i) { return list[i]; }, ToArray{out});
  });
}

void detail::ScorerAccess::scan(const Scorer& scorer, Metric metric, const EncodedView& rows, std::size_t first, std::size_t last,
                                const ScoreSink& sink) {
  float tile[tile_rows];
  scorer.state_->of(metric).score_rows(
      metric, rows, first, last, 0, scorer.queries(), [](std::size_t i) { return i; }, ToSink{sink, tile});
}

void detail::ScorerAccess::scan(const Scorer& scorer, Metric metric, const EncodedView& rows,
                                std::span<const std::size_t> list, const ScoreSink& sink) {
  float tile[tile_rows];
  scorer.state_->of(metric).score_rows(
      metric, rows, 0, list.size(), 0, scorer.queries(), [&](std::size_t i) { return list[i]; }, ToSink{sink, tile});
}

namespace {

struct ToList {
  static constexpr bool with_offset = false;
  float* scores;
  float* place(std::size_t, std::size_t first) const { return scores + first; }
  void done(std::size_t, std::size_t, const float*, std::size_t) const {}
};

}  // namespace

void detail::ScorerAccess::score_some(const Scorer& scorer, Metric metric, const EncodedView& rows, std::size_t query,
                                      std::span<const std::size_t> list, float* scores) {
  scorer.state_->of(metric).score_rows(
      metric, rows, 0, list.size(), query, query + 1, [&](std::size_t i) { return list[i]; }, ToList{scores});
}

std::vector<detail::RotatedQuery> detail::ScorerAccess::rotated(const Scorer& scorer, Metric metric) {
  const Scorer::State& state = scorer.state_->of(metric);
  std::vector<RotatedQuery> all;
  for (std::size_t i = 0; i < state.queries.size(); ++i)
    all.push_back({state.rotated.get() + i * state.stride, state.queries[i].square,
                   std::ilogb(state.queries[i].unscale), state.queries[i].cosine});
  return all;
}

double detail::ScorerAccess::offset(const Scorer& scorer, Metric metric, std::size_t query) {
  return metric == Metric::inner_product ? scorer.state_->queries[query].offset : no_offset;
}

float Scorer::score_row(Metric metric, std::size_t query, const EncodedView& row) const {
  const State& s = state_->of(metric);
  if (query >= queries()) throw InvalidArgument("no query " + std::to_string(query) + " among " + std::to_string(queries()));
  require_equal(row.rows(), 1, "rows", "score");
  detail::check_encoded(row, s.plan);
  const float norm = row.norms()[0];
  check_norm(norm, 0);
  const std::uint8_t* codes = row.row_codes(0);
  const std::uint32_t word = dither_word(s.plan.made_with.seed, s.plan.made_with.dither_row(row.first_row()));
  AlignedFloats table(s.levels);
  float sum = 0;
  s.plan.scheme->score_tables(&word, 1, table.get());
  s.plan.scheme->score_sums({s.plan.made_with.bits, s.plan.order.order, s.plan.code_bytes,
                             s.rotated.get() + query * s.stride, 1, &codes, codes, 1, table.get(), &sum, 1});
  const RowFactors factors = factors_of(norm, static_cast<double>(s.plan.order.order));
  float score = 0;
  finish(metric, &sum, &factors, 1, s.queries[query], s.queries[query].offset, &score);
  return score;
}

// Proof of the bound, with x^ for computed x and q' in place of q until the end.
//   w:  scaling q down rounds only to subnormals, by at most η per entry; the transform then gives
//       |w^_j − w_j| <= γ_s‖q'‖₁ + nη =: δ for every j, γ_s = (1 + u)^s − 1 (SPEC §5.6; ‖q'‖₁ of the rounded entries).
//   r:  |r^ − r| <= 2^-40 (1 + |r|) in double, then one rounding to float32: at most (u + 2^-39)(1 + |r^|) = e_j.
//   Σ:  |Σ w^r^ − Σ w r| <= Σ |w^||r^ − r| + Σ |w^ − w||r| <= Σ |w^| e + δ Σ (|r^| + e).
//   S:  each product passes at most 8⌈d/128⌉ fused roundings and 4 additions, and a fused rounding may underflow by η:
//       |S − Σ w^r^| <= γ_m Σ |w^r^| + (1 + γ_m)(d + 128) η.
// Then the formulas in double: relative errors of a few 2^-53, the final rounding u (or η). ‖q‖² and ‖q‖ are within
// (n/16 + 5)·2^-53 of their values. The bound is itself evaluated in double, which the factor 1 + 2^-20 covers.
double Scorer::error_bound(Metric metric, std::size_t query, const EncodedView& row) const {
  const State& s = state_->of(metric);
  const double value = std::abs(static_cast<double>(score_row(metric, query, row)));
  const float norm = row.norms()[0];
  if (metric == Metric::cosine && (norm == 0 || s.queries[query].square == 0)) return 0;
  constexpr double u = 0x1p-24, eta = 0x1p-150, u64 = 0x1p-53, slack = 1 + 0x1p-20;
  const Query& q = s.queries[query];
  const HadamardOrder shape = s.plan.order;
  const int stages = shape.base == 1 ? shape.log2 : shape.log2 + 2 + (shape.base / 4 - 1);
  const double d = static_cast<double>(shape.order), n = static_cast<double>(s.plan.made_with.dimension);
  const auto gamma = [](double roundings) { return std::expm1(roundings * u); };  // >= (1 + u)^roundings − 1
  const double gamma_m = gamma(static_cast<double>(s.stride / score_sums) + 4);
  const double delta = gamma(stages) * q.magnitude + n * eta;

  AlignedFloats codewords(shape.order);
  const std::unique_ptr<detail::Scheme::Scratch> scratch = s.plan.scheme->scratch();
  const std::uint32_t word = dither_word(s.plan.made_with.seed, s.plan.made_with.dither_row(row.first_row()));
  s.plan.scheme->begin_reconstruct(&word, 1, *scratch);
  s.plan.scheme->reconstruct(0, row.row_codes(0), *scratch, codewords.get());
  double products = 0, codeword_errors = 0, magnitudes = 0;
  for (std::size_t j = 0; j < shape.order; ++j) {
    const double w = std::abs(static_cast<double>(s.rotated.get()[query * s.stride + detail::score_position(j)]));
    const double r = std::abs(static_cast<double>(codewords.get()[j])), e = s.plan.scheme->codeword_error() * (1 + r);
    products += w * r;
    codeword_errors += w * e;
    magnitudes += r + e;
  }
  const double sum_error = gamma_m * products + codeword_errors + delta * magnitudes + (1 + gamma_m) * (d + 128) * eta;
  const double rho = static_cast<double>(norm), squares = (n / 16 + 8) * u64;
  const double last = u * value * slack + eta;
  if (metric == Metric::cosine) {
    const double factor = q.cosine;
    return slack * (sum_error * factor + (products + sum_error) * factor * squares) + last;
  }
  const double factor = rho / d * q.unscale, product_error = sum_error * factor + (products + sum_error) * factor * 4 * u64;
  if (metric == Metric::inner_product)  // the offset's sum and its addition to the product
    return slack * (product_error + (q.offset_magnitude + (products + sum_error) * factor) * squares) + last;
  const double total = q.square + rho * rho + 2 * (products + sum_error) * factor;
  return slack * (2 * product_error + total * (squares + 4 * u64)) + last;
}

}  // namespace hdq
