// SPEC §4: the vector quantizer, row by row: norm → signs → transform → codebook of the row's dither → quantize → pack, and back.
// A Codec holds nothing but its parameters and signs; scratch belongs to the thread that works on a run of rows.
#include "hdq/codec.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "aligned.hpp"
#include "checks.hpp"
#include "dither.hpp"
#include "hdq/stages.hpp"
#include "kernels.hpp"
#include "parallel.hpp"

namespace hdq {
namespace {

using detail::Aligned, detail::require;

// Rows whose dithers are drawn, and codebooks evaluated, at once.
constexpr std::size_t rows_together = 16;

struct Scratch {
  Scratch(std::size_t order, int bits)
      : batch(std::bit_floor(std::clamp<std::size_t>(2048 / order, 1, rows_together))),
        y(batch * order), codes(order), wide(order), cells(rows_together << bits), cells32(rows_together << bits) {}

  static const float* widened(const float* x, std::size_t, Isa) { return x; }
  template <class Number>
  const float* widened(const Number* x, std::size_t n, Isa isa) const {
    widen(x, n, wide.get(), isa);
    return wide.get();
  }

  void draw(std::uint64_t seed, std::uint64_t row, std::size_t count, Isa isa) {
    std::uint64_t rows[rows_together];
    for (std::size_t r = 0; r < count; ++r) rows[r] = row + r;
    detail::dither_words(seed, rows, count, words, isa);
  }

  // Rows that go through a stage of the encoder together, that the latencies of their norms overlap: as many as fit a quarter of a
  // 32 KiB first-level cache once rotated. With more, the memory idles while they are quantized.
  std::size_t batch;
  Aligned<float> y;         // batch × order
  Aligned<std::uint8_t> codes;
  Aligned<float> wide;      // order; a row of narrower numbers
  Aligned<double> cells;    // rows_together × 2^bits thresholds
  Aligned<float> cells32;   // rows_together × 2^bits codewords
  std::uint32_t words[rows_together];
};

float checked_norm(double sum_of_squares, const float* x, std::size_t n, std::size_t row) {
  if (!std::isfinite(sum_of_squares)) detail::throw_bad_column(x, n, "row", row, "encoded");
  const float norm = static_cast<float>(std::sqrt(sum_of_squares));
  if (!std::isfinite(norm)) detail::throw_bad_norm(row, "the norm exceeds the largest float32");
  return norm;
}

std::size_t checked_stride(std::size_t stride, std::size_t dimension) {
  if (stride == 0) return dimension;
  if (stride < dimension)
    throw InvalidArgument("row stride " + std::to_string(stride) + " is less than the dimension " + std::to_string(dimension));
  return stride;
}

std::size_t checked_dimension(std::size_t dimension) {
  if (dimension < 1 || dimension > Codec::max_dimension)
    throw InvalidArgument("dimension must be 1 to " + std::to_string(Codec::max_dimension) + ", not " + std::to_string(dimension));
  return dimension;
}

int checked_bits(int bits) {
  if (bits < 1 || bits > 8) throw InvalidArgument("bits must be 1 to 8, not " + std::to_string(bits));
  return bits;
}

int checked_threads(int threads) {
  if (threads < 0) throw InvalidArgument("threads must not be negative");
  return detail::thread_count(threads);
}

}  // namespace

Codec::Codec(std::size_t dimension, int bits, std::uint64_t seed, CodecOptions options)
    : dimension_(checked_dimension(dimension)),
      order_(hadamard_order(dimension).order),
      bits_(checked_bits(bits)),
      seed_(seed),
      isa_(resolve_isa(options.isa)),
      threads_(checked_threads(options.threads)),
      signs_((order_ + 31) / 32) {
  sign_bits(seed_, order_, signs_.data());
}

template <class Number>
void Codec::encode_rows(const Number* x, std::size_t rows, float* norms, std::uint8_t* codes, std::uint64_t first_row,
                        std::size_t row_stride) const {
  const std::size_t stride = checked_stride(row_stride, dimension_);
  if (rows == 0) return;
  require(x, "x");
  require(norms, "norms");
  require(codes, "codes");
  const HadamardOrder order = hadamard_order(dimension_);
  detail::parallel_runs(rows, threads_, [&](std::size_t first, std::size_t last) {
    Scratch scratch(order_, bits_);
    float scaled_norms[rows_together];
    for (std::size_t begin = first; begin < last; begin += scratch.batch) {
      const std::size_t count = std::min(scratch.batch, last - begin);
      for (std::size_t r = 0; r < count; ++r) {
        const std::size_t row = begin + r;
        const float* in = scratch.widened(x + row * stride, dimension_, isa_);
        float* y = scratch.y.get() + r * order_;
        const float norm = checked_norm(detail::rotate_measured(in, dimension_, order, signs_.data(), y, isa_), in, dimension_, row);
        const float factor = norm_scale(norm);
        if (factor != 1) detail::rotate(in, dimension_, order, signs_.data(), factor, y, isa_);
        norms[row] = norm;
        scaled_norms[r] = norm * factor;
      }
      const std::size_t drawn = (begin - first) % rows_together;  // batch divides rows_together
      if (drawn == 0) {
        const std::size_t draw = std::min(rows_together, last - begin);
        scratch.draw(seed_, first_row + begin, draw, isa_);
        if (detail::needs_thresholds(bits_, isa_)) detail::thresholds_of_rows(bits_, scratch.words, draw, scratch.cells.get(), isa_);
      }
      for (std::size_t r = 0; r < count; ++r)
        detail::quantize_pack(bits_, scratch.y.get() + r * order_, order_, scratch.cells.get() + ((drawn + r) << bits_),
                              scratch.words[drawn + r], scaled_norms[r], scratch.codes.get(), codes + (begin + r) * code_bytes(), isa_);
    }
  });
}

void Codec::encode(const float* x, std::size_t rows, float* norms, std::uint8_t* codes, std::uint64_t first_row,
                   std::size_t row_stride) const {
  encode_rows(x, rows, norms, codes, first_row, row_stride);
}
void Codec::encode(const Float16* x, std::size_t rows, float* norms, std::uint8_t* codes, std::uint64_t first_row,
                   std::size_t row_stride) const {
  encode_rows(x, rows, norms, codes, first_row, row_stride);
}
void Codec::encode(const BFloat16* x, std::size_t rows, float* norms, std::uint8_t* codes, std::uint64_t first_row,
                   std::size_t row_stride) const {
  encode_rows(x, rows, norms, codes, first_row, row_stride);
}

void Codec::decode(const float* norms, const std::uint8_t* codes, std::size_t rows, float* x, std::uint64_t first_row,
                   std::size_t row_stride) const {
  const std::size_t stride = checked_stride(row_stride, dimension_);
  if (rows == 0) return;
  require(norms, "norms");
  require(codes, "codes");
  require(x, "x");
  const HadamardOrder order = hadamard_order(dimension_);
  detail::parallel_runs(rows, threads_, [&](std::size_t first, std::size_t last) {
    Scratch scratch(order_, bits_);
    for (std::size_t row = first; row < last; ++row) {
      const std::size_t r = (row - first) % rows_together;
      if (r == 0) {
        const std::size_t count = std::min(rows_together, last - row);
        scratch.draw(seed_, first_row + row, count, isa_);
        detail::codewords32(bits_, scratch.words, count, scratch.cells32.get(), isa_);
      }
      const float norm = norms[row], factor = norm_scale(norm);
      detail::check_norm(norm, row);
      float *out = x + row * stride, *y = scratch.y.get();
      if (norm == 0) {
        std::fill_n(out, dimension_, 0.0f);
        continue;
      }
      detail::unpack_lookup(bits_, codes + row * code_bytes(), order_, scratch.cells32.get() + (r << bits_), scratch.codes.get(), y, isa_);
      const float scale = static_cast<float>(static_cast<double>(norm * factor) / static_cast<double>(order_));
      detail::hadamard(y, order, true, isa_);
      // Apart, for its stores to go to memory in order of address: several times faster there than those of a last pass.
      detail::store_signed(y, dimension_, signs_.data(), scale, 1 / factor, out, isa_);
    }
  });
}

}  // namespace hdq
