// SPEC §4: the vector quantizer, row by row: norm → signs → transform → codebook of the row's dither → quantize → pack, and back.
// A Codec holds nothing but its parameters and signs; scratch belongs to the thread that works on a run of rows.
#include "hdq/codec.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <memory>
#include <new>
#include <thread>

#include "hdq/stages.hpp"
#include "kernels.hpp"

namespace hdq {
namespace {

template <class T>
class Aligned {
 public:
  explicit Aligned(std::size_t count) : data_(static_cast<T*>(::operator new[](count * sizeof(T), alignment))) {}
  T* get() const { return data_.get(); }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Free {
    void operator()(T* p) const { ::operator delete[](p, alignment); }
  };
  std::unique_ptr<T, Free> data_;
};

struct Scratch {
  explicit Scratch(std::size_t order) : y(order), codes(order) {}
  Aligned<float> y;
  Aligned<std::uint8_t> codes;
  alignas(64) double cells[256];
  alignas(64) float cells32[256];
};

[[noreturn]] void throw_bad_column(const float* x, std::size_t n, std::size_t row) {
  std::size_t column = 0;
  while (column + 1 < n && std::isfinite(x[column])) ++column;
  throw InvalidInput(row, column, "row " + std::to_string(row) + ", column " + std::to_string(column) + ": " +
                                      (std::isnan(x[column]) ? "NaN" : "infinity") + " cannot be encoded");
}

[[noreturn]] void throw_bad_norm(std::size_t row, const char* what) {
  throw InvalidInput(row, InvalidInput::npos, "row " + std::to_string(row) + ": " + what);
}

float checked_norm(const float* x, std::size_t n, std::size_t row, Isa isa) {
  const double sum = detail::sum_of_squares(x, n, isa);
  if (!std::isfinite(sum)) throw_bad_column(x, n, row);
  const float norm = static_cast<float>(std::sqrt(sum));
  if (!std::isfinite(norm)) throw_bad_norm(row, "the norm exceeds the largest float32");
  return norm;
}

// Runs work(first, last) on consecutive runs of [0, rows), one per thread, and rethrows the failure of the earliest run.
template <class Work>
void for_rows(std::size_t rows, int threads, const Work& work) {
  const std::size_t parts = std::min(static_cast<std::size_t>(threads), rows);
  if (parts <= 1) return work(std::size_t{0}, rows);
  std::vector<std::exception_ptr> failures(parts);
  const auto run = [&](std::size_t part) {
    try {
      work(rows / parts * part + std::min(part, rows % parts), rows / parts * (part + 1) + std::min(part + 1, rows % parts));
    } catch (...) {
      failures[part] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> workers;
    for (std::size_t part = 1; part < parts; ++part) workers.emplace_back(run, part);
    run(0);
  }
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
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
  return threads > 0 ? threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void require(const void* pointer, const char* name) {
  if (pointer == nullptr) throw InvalidArgument(std::string(name) + " is null");
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

void Codec::encode(const float* x, std::size_t rows, float* norms, std::uint8_t* codes, std::uint64_t first_row,
                   std::size_t row_stride) const {
  const std::size_t stride = checked_stride(row_stride, dimension_);
  if (rows == 0) return;
  require(x, "x");
  require(norms, "norms");
  require(codes, "codes");
  const HadamardOrder order = hadamard_order(dimension_);
  for_rows(rows, threads_, [&](std::size_t first, std::size_t last) {
    Scratch scratch(order_);
    for (std::size_t row = first; row < last; ++row) {
      const float* in = x + row * stride;
      const float norm = checked_norm(in, dimension_, row, isa_), factor = norm_scale(norm);
      norms[row] = norm;
      detail::rotate(in, dimension_, order, signs_.data(), factor, scratch.y.get(), isa_);
      thresholds(bits_, dither_word(seed_, first_row + row), scratch.cells, isa_);
      scale_thresholds(bits_, scratch.cells, norm * factor, scratch.cells32);
      quantize(bits_, scratch.y.get(), order_, scratch.cells32, scratch.codes.get(), isa_);
      pack(bits_, scratch.codes.get(), order_, codes + row * code_bytes(), isa_);
    }
  });
}

void Codec::decode(const float* norms, const std::uint8_t* codes, std::size_t rows, float* x, std::uint64_t first_row,
                   std::size_t row_stride) const {
  const std::size_t stride = checked_stride(row_stride, dimension_);
  if (rows == 0) return;
  require(norms, "norms");
  require(codes, "codes");
  require(x, "x");
  const HadamardOrder order = hadamard_order(dimension_);
  for_rows(rows, threads_, [&](std::size_t first, std::size_t last) {
    Scratch scratch(order_);
    for (std::size_t row = first; row < last; ++row) {
      const float norm = norms[row], factor = norm_scale(norm);
      if (!std::isfinite(norm) || norm < 0) throw_bad_norm(row, "the norm is not a finite number >= 0");
      float* out = x + row * stride;
      if (norm == 0) {
        std::fill_n(out, dimension_, 0.0f);
        continue;
      }
      unpack(bits_, codes + row * code_bytes(), order_, scratch.codes.get(), isa_);
      codewords(bits_, dither_word(seed_, first_row + row), scratch.cells, isa_);
      for (std::size_t k = 0; k < std::size_t{1} << bits_; ++k) scratch.cells32[k] = static_cast<float>(scratch.cells[k]);
      lookup(bits_, scratch.codes.get(), order_, scratch.cells32, scratch.y.get(), isa_);
      const float scale = static_cast<float>(static_cast<double>(norm * factor) / static_cast<double>(order_));
      detail::rotate_back(scratch.y.get(), order, signs_.data(), dimension_, scale, 1 / factor, out, isa_);
    }
  });
}

}  // namespace hdq
