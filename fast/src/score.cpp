// SPEC §4: ⟨q, x̂⟩ = (ρ/d)·⟨H D q, ẑ⟩. Queries are rotated once; rows go through in tiles whose codewords and codes stay in the
// first-level cache while every query meets them.
#include "hdq/score.hpp"

#include <algorithm>
#include <cmath>

#include "aligned.hpp"
#include "checks.hpp"
#include "dither.hpp"
#include "hdq/stages.hpp"
#include "kernels.hpp"
#include "parallel.hpp"
#include "score_kernels.hpp"
#include "score_scan.hpp"

namespace hdq {
namespace {

using detail::check_norm, detail::require;
using AlignedFloats = detail::Aligned<float>;

constexpr std::size_t tile_rows = 32;
constexpr std::size_t tile_queries = 64;
// Bytes of codes to fetch ahead: a page, so that the hardware meets each page in order, and 2.5 KB are on their way at 25 GB/s and 100 ns.
constexpr std::size_t fetch_ahead = std::size_t{4} << 10;

struct Query {
  double square;    // ‖q‖²
  double unscale;   // 2^e
  double cosine;    // 2^e/(d·‖q‖), 0 for q = 0
  double magnitude; // ‖q'‖₁
};

// What Codec::encode writes for consecutive rows.
struct Range {
  const float* norms;
  const std::uint8_t* codes;
  std::uint64_t first_row;
};

std::size_t checked_stride(std::size_t stride, std::size_t least, const char* name) {
  if (stride == 0) return least;
  if (stride < least)
    throw InvalidArgument(std::string(name) + " stride " + std::to_string(stride) + " is less than " + std::to_string(least));
  return stride;
}

// What a row contributes to its scores.
struct RowFactors {
  double scale;   // ρ/d
  double square;  // ρ²
};

// The formulas of score.hpp for one query and several rows.
void finish(Metric metric, const float* sums, const RowFactors* rows, std::size_t count, const Query& query, float* out) {
  switch (metric) {
    case Metric::inner_product:
      for (std::size_t i = 0; i < count; ++i)
        out[i] = static_cast<float>((static_cast<double>(sums[i]) * rows[i].scale) * query.unscale);
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
      : codec(like), bits(like.bits()), isa(like.isa()), seed(like.seed()), dimension(like.dimension()), order(like.order()),
        stride(detail::padded_order(order)), code_bytes(like.code_bytes()), queries(count), rotated(count * stride) {}

  std::size_t levels() const { return std::size_t{1} << bits; }
  void set_query(std::size_t index, const float* q, const std::vector<std::uint32_t>& signs);
  // Rows row_of(i) of the range, i in [first, last). The scores of a query and a tile are written to out.place(query, i) and
  // then shown to out.done(query, i, …).
  template <class RowOf, class Out>
  void score_rows(Metric metric, const Range& range, std::size_t first, std::size_t last, const RowOf& row_of, const Out& out) const;

  Codec codec;
  int bits;
  Isa isa;
  std::uint64_t seed;
  std::size_t dimension, order, stride, code_bytes;
  std::vector<Query> queries;
  AlignedFloats rotated;  // queries × stride, in the layout of score_kernels.hpp
};

void Scorer::State::set_query(std::size_t index, const float* q, const std::vector<std::uint32_t>& signs) {
  const double square = detail::sum_of_squares(q, dimension, isa);
  if (!std::isfinite(square)) detail::throw_bad_column(q, dimension, "query", index, "scored");
  const int exponent = square == 0 ? 0 : std::clamp(std::ilogb(std::sqrt(square)), -126, 126);
  const float scale = std::ldexp(1.0f, -exponent);
  Query& query = queries[index];
  query.square = square;
  query.unscale = std::ldexp(1.0, exponent);
  query.cosine = square == 0 ? 0 : query.unscale / (static_cast<double>(order) * std::sqrt(square));
  query.magnitude = 0;
  for (std::size_t i = 0; i < dimension; ++i) query.magnitude += std::abs(static_cast<double>(q[i] * scale));
  AlignedFloats w(order);
  detail::rotate(q, dimension, hadamard_order(dimension), signs.data(), scale, w.get(), isa);
  float* out = rotated.get() + index * stride;
  std::fill_n(out, stride, 0.0f);
  for (std::size_t j = 0; j < order; ++j) out[detail::score_position(j)] = w.get()[j];
}

template <class RowOf, class Out>
void Scorer::State::score_rows(Metric metric, const Range& range, std::size_t first, std::size_t last, const RowOf& row_of,
                               const Out& out) const {
  AlignedFloats tables(tile_rows * levels()), sums(tile_queries * tile_rows);
  std::uint64_t numbers[tile_rows];
  std::uint32_t words[tile_rows];
  const std::uint8_t* codes[tile_rows];
  RowFactors factors[tile_rows];
  for (std::size_t tile = first; tile < last; tile += tile_rows) {
    const std::size_t rows = std::min(tile_rows, last - tile);
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t at = row_of(tile + i);
      check_norm(range.norms[at], at);
      factors[i] = factors_of(range.norms[at], static_cast<double>(order));
      numbers[i] = range.first_row + at;
    }
    for (std::size_t i = 0; i < rows; ++i) codes[i] = range.codes + row_of(tile + i) * code_bytes;
    detail::dither_words(seed, numbers, rows, words, isa);
    detail::codewords32(bits, words, rows, tables.get(), isa);
    for (std::size_t begin = 0; begin < queries.size(); begin += tile_queries) {
      const std::size_t count = std::min(tile_queries, queries.size() - begin);
      detail::score_sums({bits, order, code_bytes, rotated.get() + begin * stride, count, codes, codes[0] + fetch_ahead, rows, tables.get(), sums.get(), tile_rows}, isa);
      for (std::size_t q = 0; q < count; ++q) {
        float* scores = out.place(begin + q, tile);
        finish(metric, sums.get() + q * tile_rows, factors, rows, queries[begin + q], scores);
        out.done(begin + q, tile, scores, rows);
      }
    }
  }
}

Scorer::Scorer(const Codec& codec, const float* queries, std::size_t count, std::size_t query_stride)
    : state_(std::make_unique<State>(codec, count)) {
  const std::size_t stride = checked_stride(query_stride, codec.dimension(), "query");
  if (count > 0) require(queries, "queries");
  std::vector<std::uint32_t> signs((codec.order() + 31) / 32);
  sign_bits(codec.seed(), codec.order(), signs.data());
  for (std::size_t i = 0; i < count; ++i) state_->set_query(i, queries + i * stride, signs);
}

Scorer::~Scorer() = default;
Scorer::Scorer(Scorer&&) noexcept = default;
Scorer& Scorer::operator=(Scorer&&) noexcept = default;

std::size_t Scorer::queries() const { return state_->queries.size(); }
const Codec& Scorer::codec() const { return state_->codec; }

namespace {

struct ToArray {
  float* out;
  std::size_t stride;
  float* place(std::size_t query, std::size_t first) const { return out + query * stride + first; }
  void done(std::size_t, std::size_t, const float*, std::size_t) const {}
};

struct ToSink {
  const detail::ScoreSink& sink;
  float* tile;
  float* place(std::size_t, std::size_t) const { return tile; }
  void done(std::size_t query, std::size_t first, const float* scores, std::size_t count) const { sink(query, first, scores, count); }
};

}  // namespace

void Scorer::score(Metric metric, const float* norms, const std::uint8_t* codes, std::size_t rows, float* out,
                   std::uint64_t first_row, std::size_t out_stride) const {
  out_stride = checked_stride(out_stride, rows, "output");
  if (rows == 0 || queries() == 0) return;
  require(norms, "norms");
  require(codes, "codes");
  require(out, "out");
  detail::parallel_runs(rows, state_->codec.threads(), [&](std::size_t first, std::size_t last) {
    state_->score_rows(metric, {norms, codes, first_row}, first, last, [](std::size_t i) { return i; }, ToArray{out, out_stride});
  });
}

void Scorer::score_list(Metric metric, const float* norms, const std::uint8_t* codes, std::size_t rows, const std::size_t* list,
                        std::size_t count, float* out, std::uint64_t first_row, std::size_t out_stride) const {
  out_stride = checked_stride(out_stride, count, "output");
  if (count == 0 || queries() == 0) return;
  require(norms, "norms");
  require(codes, "codes");
  require(list, "list");
  require(out, "out");
  for (std::size_t i = 0; i < count; ++i)
    if (list[i] >= rows) throw InvalidArgument("list: no row " + std::to_string(list[i]) + " among " + std::to_string(rows));
  detail::parallel_runs(count, state_->codec.threads(), [&](std::size_t first, std::size_t last) {
    state_->score_rows(metric, {norms, codes, first_row}, first, last, [&](std::size_t i) { return list[i]; }, ToArray{out, out_stride});
  });
}

void detail::ScorerAccess::scan(const Scorer& scorer, Metric metric, const float* norms, const std::uint8_t* codes,
                                std::uint64_t first_row, std::size_t first, std::size_t last, const ScoreSink& sink) {
  float tile[tile_rows];
  scorer.state_->score_rows(metric, {norms, codes, first_row}, first, last, [](std::size_t i) { return i; }, ToSink{sink, tile});
}

float Scorer::score_row(Metric metric, std::size_t query, float norm, const std::uint8_t* codes, std::uint64_t row) const {
  const State& s = *state_;
  if (query >= queries()) throw InvalidArgument("no query " + std::to_string(query) + " among " + std::to_string(queries()));
  require(codes, "codes");
  check_norm(norm, 0);
  alignas(64) float table[256];
  const std::uint32_t word = dither_word(s.seed, row);
  float sum = 0;
  detail::codewords32(s.bits, &word, 1, table, s.isa);
  detail::score_sums({s.bits, s.order, s.code_bytes, s.rotated.get() + query * s.stride, 1, &codes, codes, 1, table, &sum, 1}, s.isa);
  const RowFactors factors = factors_of(norm, static_cast<double>(s.order));
  float score = 0;
  finish(metric, &sum, &factors, 1, s.queries[query], &score);
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
double Scorer::error_bound(Metric metric, std::size_t query, float norm, const std::uint8_t* codes, std::uint64_t row) const {
  const State& s = *state_;
  const double value = std::abs(static_cast<double>(score_row(metric, query, norm, codes, row)));
  if (metric == Metric::cosine && (norm == 0 || s.queries[query].square == 0)) return 0;
  constexpr double u = 0x1p-24, eta = 0x1p-150, u64 = 0x1p-53, slack = 1 + 0x1p-20;
  const Query& q = s.queries[query];
  const HadamardOrder shape = hadamard_order(s.dimension);
  const int stages = shape.base == 1 ? shape.log2 : shape.log2 + 2 + (shape.base / 4 - 1);
  const double d = static_cast<double>(s.order), n = static_cast<double>(s.dimension);
  const auto gamma = [](double roundings) { return std::expm1(roundings * u); };  // >= (1 + u)^roundings − 1
  const double gamma_m = gamma(static_cast<double>(s.stride) / 16 + 4), delta = gamma(stages) * q.magnitude + n * eta;

  std::vector<std::uint8_t> unpacked(s.order);
  unpack(s.bits, codes, s.order, unpacked.data(), s.isa);
  alignas(64) float table[256];
  const std::uint32_t word = dither_word(s.seed, row);
  detail::codewords32(s.bits, &word, 1, table, s.isa);
  double products = 0, codeword_errors = 0, codewords = 0;
  for (std::size_t j = 0; j < s.order; ++j) {
    const double w = std::abs(static_cast<double>(s.rotated.get()[query * s.stride + detail::score_position(j)]));
    const double r = std::abs(static_cast<double>(table[unpacked[j]])), e = (u + 0x1p-39) * (1 + r);
    products += w * r;
    codeword_errors += w * e;
    codewords += r + e;
  }
  const double sum_error = gamma_m * products + codeword_errors + delta * codewords + (1 + gamma_m) * (d + 128) * eta;
  const double rho = static_cast<double>(norm), squares = (n / 16 + 8) * u64;
  const double last = u * value * slack + eta;
  if (metric == Metric::cosine) {
    const double factor = q.cosine;
    return slack * (sum_error * factor + (products + sum_error) * factor * squares) + last;
  }
  const double factor = rho / d * q.unscale, product_error = sum_error * factor + (products + sum_error) * factor * 4 * u64;
  if (metric == Metric::inner_product) return slack * product_error + last;
  const double total = q.square + rho * rho + 2 * (products + sum_error) * factor;
  return slack * (2 * product_error + total * (squares + 4 * u64)) + last;
}

}  // namespace hdq
