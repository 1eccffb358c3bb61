// The bounds of byte_filter.hpp, (1) to (4).
#include "score/byte_filter.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "score/score_task.hpp"

namespace hdq::detail {
namespace {

constexpr std::size_t least_order = 64, most_order = std::size_t{1} << 16;
constexpr int most_exponent = 40;
constexpr float most_magnitude = 256;
constexpr double u = 0x1p-24, up = 1 + 0x1p-20;
constexpr double distance_square = 1 - 0x1p-20;  // κ of distances

// A single plane is taken where what it is coarser by widens the bound by at most so many standard deviations of scores.
constexpr double most_widened = 1.25;
// Where rows are expanded and scores are dear, a second plane costs little beside.
constexpr double most_widened_of_expanded = 0.5;

// The largest |p|, Q, of two planes.
double most_steps(std::size_t order) {
  return std::min(8191.0, std::floor(0x7FFFFFFF / (255.0 * static_cast<double>(order))) - 64);
}

float rounded_up(double x) { return static_cast<float>(x * up); }

// What sums see of rows.
int bits_in_sums(const CodecPlan& plan) {
  const int bits = plan.made_with.bits;
  return plan.made_with.scheme == SchemeId::fixed_rate && 8 % bits == 0 ? bits : expanded_bytes;
}

}  // namespace

bool ByteFilter::serves(const CodecPlan& plan) {
  const std::size_t order = plan.order.order;
  if (order < least_order || order > most_order) return false;
  if (plan.made_with.scheme == SchemeId::entropy_coded)
    return plan.code_bytes == 2 * order && plan.kernels.filters(expanded_bytes);
  if (plan.made_with.bits == 3) return false;  // scored as fast as they are expanded
  return plan.made_with.scheme == SchemeId::fixed_rate && plan.kernels.filters(bits_in_sums(plan));
}

ByteFilter::ByteFilter(const CodecPlan& plan, Metric metric, const std::vector<RotatedQuery>& queries)
    : plan_(plan),
      metric_(metric),
      bits_(bits_in_sums(plan)),
      row_bytes_(expands() ? plan.order.order : plan.code_bytes),
      rounding_(1.01 * static_cast<double>(padded_order(plan.order.order) / score_sums + 4) * u + 32 * u),
      step_(plan.made_with.scheme == SchemeId::entropy_coded ? std::optional<ByteStep>(Step(plan.made_with.step))
                                                             : std::nullopt),
      of_shared_word_(!step_ && plan.shares_dither()
                          ? std::optional<ByteCodebook>(std::in_place, plan.made_with.bits, plan.shared_word)
                          : std::nullopt),
      codebook_(step_             ? nullptr
                : of_shared_word_ ? &*of_shared_word_
                                  : &byte_codebook(plan.made_with.bits)),
      records_(buckets()),
      planes_(bits_ == 1 || serves_one_plane(queries) ? 1 : 2),
      query_size_(byte_query_size(bits_, planes_, row_bytes_)),
      queries_(queries.size()),
      p_(queries.size() * query_size_) {
  set_records();
  for (std::size_t i = 0; i < queries.size(); ++i) set_query(queries[i], queries_[i], p_.get() + i * query_size_);
}

// About a quarter of a step is left of each coordinate, and a score's deviation is at least that of codewords of variance 1.
bool ByteFilter::serves_one_plane(const std::vector<RotatedQuery>& queries) const {
  const std::size_t order = plan_.order.order;
  const double scale = static_cast<double>(bucket_of(step_ ? 0 : codebook_->buckets() / 2).scale);
  const double share = 127.5 * scale * static_cast<double>(order) / (4.0 * plan_.kernels.plane_steps(bits_));
  return std::ranges::all_of(queries, [&](const RotatedQuery& of) {
    double square = 0, largest = 0;
    for (std::size_t j = 0; j < order; ++j) {
      const double w = static_cast<double>(of.w[score_position(j)]);
      square += w * w;
      largest = std::max(largest, std::abs(w));
    }
    return share * largest <= (expands() ? most_widened_of_expanded : most_widened) * std::sqrt(square);
  });
}

void ByteFilter::set_query(const RotatedQuery& of, Query& query, std::int8_t* p) const {
  std::fill_n(p, query_size_, std::int8_t{0});
  query.bounded = of.square > 0 && std::abs(of.exponent) <= most_exponent;
  if (!query.bounded) return;
  const std::size_t order = plan_.order.order, fields = byte_fields(bits_), planes = static_cast<std::size_t>(planes_);
  double total = 0, magnitude = 0, largest = 0;
  for (std::size_t j = 0; j < order; ++j) {
    const double w = static_cast<double>(of.w[score_position(j)]);
    total += w;
    magnitude += std::abs(w);
    largest = std::max(largest, std::abs(w));
  }
  const double most = planes == 1 ? plan_.kernels.plane_steps(bits_) : most_steps(order);
  const float step = rounded_up(largest / most);
  std::int64_t steps = 0;
  double residue = 0;
  for (std::size_t j = 0; j < order; ++j) {
    const double w = static_cast<double>(of.w[score_position(j)]),
                 nearest = std::nearbyint(w / static_cast<double>(step));
    const int whole = static_cast<int>(nearest), low = planes == 1 ? whole : ((whole + 64) & 127) - 64;
    residue += std::abs(w - static_cast<double>(step) * nearest);
    steps += whole;
    const std::size_t byte = j / fields, field = j % fields;
    std::int8_t* at = p + ((byte / byte_chunk * fields + field) * planes) * byte_chunk + byte % byte_chunk;
    at[(planes - 1) * byte_chunk] = static_cast<std::int8_t>(low);
    if (planes == 2) at[0] = static_cast<std::int8_t>((whole - low) / 128);
  }
  query.offset = static_cast<std::int32_t>(255 * steps);
  query.half_step = step / 2;
  query.total = static_cast<float>(total);
  query.magnitude = rounded_up(magnitude);
  query.residue = rounded_up(127.5 * (1 + rounding_) * residue);
  const double d = static_cast<double>(order), unscale = std::ldexp(1.0, of.exponent);
  query.gain = metric_ == Metric::squared_distance ? static_cast<float>(2 * unscale / d) : 1.0f;
  query.square = of.square;
  query.unit = metric_ == Metric::cosine ? 1 / of.cosine : d / unscale;
}

// Whether the bytes are those of the codes.
bool ByteFilter::expand(const std::uint8_t* codes, std::uint32_t word, const ByteBucket& bucket,
                        const std::uint8_t* table, const std::uint8_t* ahead, std::uint8_t* bytes) const {
  std::fill(bytes + row_bytes_, bytes + byte_expanded_size(bits_, row_bytes_), std::uint8_t{0});
  if (step_) return plan_.kernels.step_bytes({step_->bytes, word, row_bytes_, codes, ahead, bytes});
  return plan_.kernels.code_bytes(
      {plan_.made_with.bits, row_bytes_, codes, table, ahead, bucket.without_first, bucket.without_last, bytes});
}

// Ends of rows that are expanded are seen then.
void ByteFilter::set_records() {
  const float eta = rounded_up(rounding_);
  for (std::size_t i = 0; i < buckets(); ++i) {
    const ByteBucket& of = bucket_of(i);
    const std::uint32_t excepted = (of.without_first && !expands() ? ByteRecord::without_first : 0u) |
                                   (of.without_last && !expands() ? ByteRecord::without_last : 0u) |
                                   (of.magnitude <= most_magnitude ? 0u : ByteRecord::of_none);
    records_.get()[i] = {of.scale, of.centre, (of.error + eta * of.magnitude) * static_cast<float>(up), excepted};
  }
}

void ByteFilter::load(const float* norms, const std::uint8_t* const* codes, const std::uint32_t* words,
                      std::size_t count, const std::uint8_t* ahead, std::uint8_t* scratch, ByteRows& rows) const {
  std::uint32_t padded[byte_rows];
  if (count == byte_rows) {
    std::copy_n(norms, byte_rows, rows.factor);
    std::copy_n(codes, byte_rows, rows.rows);
  } else {
    std::fill(std::copy_n(norms, count, rows.factor), rows.factor + byte_rows, 1.0f);
    std::fill(std::copy_n(words, count, padded), padded + byte_rows, 0u);
    std::copy_n(codes, count, rows.rows);
    words = padded;
  }
  rows.count = count;
  rows.ahead = expands() ? scratch : ahead;
  rows.expanded = scratch;
  rows.unbounded = plan_.kernels.byte_records(
      {bits_, count, rows.rows, plan_.code_bytes, words, step_ ? 32 : codebook_->shift(), records_.get(),
       step_ ? nullptr : codebook_->bytes(0), step_ ? 1 : codebook_->stride(), rows.factor, least_bounded_norm,
       most_bounded_norm, rows.scale, rows.centre, rows.codeword_error, rows.tables});
  if (expands())
    for (std::size_t i = 0; i < count; ++i) {
      std::uint8_t* bytes = scratch + i * byte_expanded_size(bits_, row_bytes_);
      const ByteBucket& bucket = bucket_of(step_ ? 0 : codebook_->index(words[i]));
      const bool bounded = expand(codes[i], words[i], bucket, rows.tables[i], ahead + i * plan_.code_bytes, bytes);
      rows.rows[i] = bytes;
      rows.unbounded |= (bounded ? 0u : 1u) << i;
    }
  if (metric_ == Metric::cosine) std::fill_n(rows.factor, byte_rows, 1.0f);
}

void ByteFilter::sum(std::size_t first, std::size_t count, const ByteRows& rows, std::int32_t* sums) const {
  plan_.kernels.byte_sums({bits_, planes_, row_bytes_, p_.get() + first * query_size_, count, rows.expanded, rows.count,
                           rows.rows, rows.tables, first == 0 ? rows.ahead : rows.rows[0], sums});
}

void ByteFilter::bounds(std::size_t query, const ByteRows& rows, const std::int32_t* sums, float* upper) const {
  const Query& q = queries_[query];
  if (!q.bounded) return void(std::fill_n(upper, byte_rows, std::numeric_limits<float>::infinity()));
  const float square = metric_ == Metric::squared_distance ? static_cast<float>(distance_square) : 0.0f;
  plan_.kernels.byte_bounds({sums, rows.scale, rows.centre, rows.codeword_error, rows.factor, q.offset, q.half_step,
                             q.total, q.magnitude, q.residue, q.gain, square, upper});
  for (std::uint32_t left = rows.unbounded; left != 0; left &= left - 1)
    upper[std::countr_zero(left)] = std::numeric_limits<float>::infinity();
}

float ByteFilter::threshold(std::size_t query, double kth) const {
  const Query& q = queries_[query];
  if (!q.bounded || !std::isfinite(kth)) return -std::numeric_limits<float>::infinity();
  const double margin = 0x1p-22 * std::abs(kth) + 0x1p-148;
  const double least =
      metric_ == Metric::squared_distance ? q.square * (1 - 0x1p-40) - kth - margin : (kth - margin) * q.unit;
  constexpr double most = std::numeric_limits<float>::max();
  return std::nextafter(static_cast<float>(std::clamp(least, -most, most)), -std::numeric_limits<float>::infinity());
}

}  // namespace hdq::detail
