// The vocabulary of hdq: instruction sets, errors, bit widths, 16-bit numbers, views of rows and of codes.
//
// A view checks its shape once, when it is made, and throws InvalidArgument; what takes a view checks only that it fits there.
// Views own nothing: what they show must outlive them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "hdq/export.h"

namespace hdq {

// ---- instruction sets of the kernels ----

// `automatic` is the best one that this CPU has and the library was built with.
enum class Isa { automatic, avx512, avx2, neon, scalar };

HDQ_EXPORT std::span<const Isa> all_isas();        // every enumerator: automatic, then in order of preference
HDQ_EXPORT std::span<const Isa> supported_isas();  // those of this CPU in that order, scalar last; automatic is not among them
HDQ_EXPORT bool isa_supported(Isa isa);            // automatic and scalar always are
HDQ_EXPORT Isa resolve_isa(Isa isa);               // automatic -> the best supported one; throws InvalidArgument if unsupported
HDQ_EXPORT const char* isa_name(Isa isa);          // "auto", "avx512", "avx2", "neon", "scalar"
HDQ_EXPORT std::optional<Isa> isa_named(std::string_view name);  // the inverse

// ---- errors: what() is one line ----

struct HDQ_EXPORT Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A call that is wrong whatever the data: a null pointer, a length, a parameter out of its range.
struct HDQ_EXPORT InvalidArgument : Error {
  using Error::Error;
};

// Data that hdq has no result for: NaN, infinity, a norm or a score that float32 cannot hold.
// `row` counts from the first row (or query) of the call; `column` is npos where a whole row is at fault.
struct HDQ_EXPORT InvalidInput : Error {
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
  InvalidInput(std::size_t row_, std::size_t column_, const std::string& what) : Error(what), row(row_), column(column_) {}
  std::size_t row, column;
};

// A file that cannot be read or written, or does not hold what its checksums say. what() names the file
// and, where one is at fault, the block with its rows.
struct HDQ_EXPORT FileError : Error {
  using Error::Error;
};

// ---- numbers ----

namespace detail {
[[noreturn]] HDQ_EXPORT void throw_bits(int bits);
}

// b, the bits of a code: 1 to 8, or InvalidArgument.
class BitWidth {
 public:
  static constexpr int least = 1, most = 8;
  constexpr BitWidth(int bits) : bits_(bits) {
    if (bits < least || bits > most) detail::throw_bits(bits);
  }
  constexpr operator int() const { return bits_; }
  constexpr std::size_t levels() const { return std::size_t{1} << bits_; }  // N = 2^b

 private:
  int bits_;
};

// Δ, the step of the entropy-coded quantizer (SPEC §7): a float32 number in [2^-10, 16], or InvalidArgument.
class HDQ_EXPORT Step {
 public:
  static constexpr float least = 0x1p-10f, most = 16;
  explicit Step(float value);
  // The largest step whose mean squared error is at most error·‖x‖², 2^-20/12 <= error <= 256/12; otherwise InvalidArgument.
  static Step of_error(double error);
  // The step nearest to a rate R of `rate` bits per coordinate, 0.3 <= rate <= 12; otherwise InvalidArgument.
  static Step of_rate(double rate);

  float value() const { return value_; }
  double error() const {
    return static_cast<double>(value_) * static_cast<double>(value_) / 12;
  }                       // D: E‖x̂ − x‖² = D·‖x‖²
  double rate() const;    // R(D) = ½·log2((πe/6)·(1 + 1/D)): what a row's stream has per coordinate, about
  int raw_bits() const;   // h: low bits of a code that are stored as they are
  double coarse() const;  // W = 2^h·Δ

 private:
  float value_;
};

// IEEE binary16 and bfloat16 numbers, as their bits: what a buffer of such numbers holds.
struct Float16 {
  std::uint16_t bits;
};
struct BFloat16 {
  std::uint16_t bits;
};

// ---- rows of numbers ----

namespace detail {
HDQ_EXPORT void check_rows(const void* data, std::size_t rows, std::size_t dimension, std::size_t stride, std::size_t element);
HDQ_EXPORT void check_slice(std::size_t first, std::size_t count, std::size_t rows);
}  // namespace detail

// rows × dimension numbers, row i at data + i·stride (elements). No alignment is required.
template <class T>
class RowsView {
 public:
  RowsView() = default;
  // stride 0 means dimension; otherwise it is at least dimension. data may be null where there are no numbers.
  RowsView(T* data, std::size_t rows, std::size_t dimension, std::size_t stride = 0)
      : data_(data), rows_(rows), dimension_(dimension), stride_(stride == 0 ? dimension : stride) {
    detail::check_rows(data, rows, dimension, stride_, sizeof(T));
  }
  // RowsView<float> is a RowsView<const float>.
  template <class U>
    requires std::is_same_v<const U, T>
  RowsView(const RowsView<U>& rows)  // NOLINT(google-explicit-constructor)
      : data_(rows.data()), rows_(rows.rows()), dimension_(rows.dimension()), stride_(rows.stride()) {}

  T* data() const { return data_; }
  std::size_t rows() const { return rows_; }
  std::size_t dimension() const { return dimension_; }
  std::size_t stride() const { return stride_; }
  T* row(std::size_t i) const { return data_ + i * stride_; }  // i < rows, unchecked

  // Rows first, …, first + count − 1.
  RowsView slice(std::size_t first, std::size_t count) const {
    detail::check_slice(first, count, rows_);
    RowsView some = *this;
    if (first > 0) some.data_ = row(first);
    some.rows_ = count;
    return some;
  }

 private:
  T* data_ = nullptr;
  std::size_t rows_ = 0, dimension_ = 0, stride_ = 0;
};

// ---- codes of rows ----

// How rows are coded: SPEC §3 and §4, or §7. 0 is the number of the first files of version 1.
enum class SchemeId : std::uint32_t { fixed_rate = 0, entropy_coded = 1 };
HDQ_EXPORT const char* scheme_name(SchemeId id);  // "fixed-rate", "entropy-coded"

// Which random word a row takes (SPEC §2): that of its row number, or all rows that of shared_dither_row. Fixed-rate codes alone have `shared`.
enum class Dither : std::uint32_t { row = 0, shared = 1 };
inline constexpr std::uint64_t shared_dither_row = ~std::uint64_t{0};
HDQ_EXPORT const char* dither_name(Dither dither);  // "row", "shared"

// What codes were made with, and only can be decoded with.
struct EncodingParameters {
  SchemeId scheme;
  std::size_t dimension;  // n
  int bits;               // b; 0 of entropy-coded rows
  std::uint64_t seed;
  float step = 0;  // Δ; 0 of fixed-rate ones
  Dither dither = Dither::row;

  // The row number whose word (SPEC §2) the row with this number takes.
  std::uint64_t dither_row(std::uint64_t row) const { return dither == Dither::shared ? shared_dither_row : row; }
  friend bool operator==(const EncodingParameters&, const EncodingParameters&) = default;
};

class EncodedBuffer;

// Codes of consecutive rows, to read: the norms ρ, the bytes of the codes row after row, equally many for each row, and the number
// of the first row (SPEC §2), without which codes mean nothing (but with Dither::shared): row i was encoded as row number first_row + i (mod 2^64).
// Where it is known what they were made with, another codec refuses them.
class HDQ_EXPORT EncodedView {
 public:
  EncodedView(std::span<const float> norms, std::span<const std::uint8_t> codes, std::uint64_t first_row);
  EncodedView(std::span<const float> norms, std::span<const std::uint8_t> codes, std::uint64_t first_row, const EncodingParameters& made_with);
  EncodedView(const EncodedBuffer& buffer);  // NOLINT(google-explicit-constructor)

  std::size_t rows() const { return norms_.size(); }
  std::size_t code_bytes() const { return code_bytes_; }  // per row; 0 without rows
  std::uint64_t first_row() const { return first_row_; }
  std::span<const float> norms() const { return norms_; }
  std::span<const std::uint8_t> codes() const { return codes_; }
  const std::uint8_t* row_codes(std::size_t i) const { return codes_.data() + i * code_bytes_; }  // i < rows, unchecked
  const std::optional<EncodingParameters>& made_with() const { return made_with_; }

  EncodedView slice(std::size_t first, std::size_t count) const;  // with the row numbers that belong to them

 private:
  std::span<const float> norms_;
  std::span<const std::uint8_t> codes_;
  std::size_t code_bytes_;
  std::uint64_t first_row_;
  std::optional<EncodingParameters> made_with_;
};

// The same, to write: the caller's memory for norms and codes of norms.size() rows.
class HDQ_EXPORT EncodedBuffer {
 public:
  EncodedBuffer(std::span<float> norms, std::span<std::uint8_t> codes, std::uint64_t first_row);

  std::size_t rows() const { return norms_.size(); }
  std::size_t code_bytes() const { return code_bytes_; }
  std::uint64_t first_row() const { return first_row_; }
  std::span<float> norms() const { return norms_; }
  std::span<std::uint8_t> codes() const { return codes_; }
  std::uint8_t* row_codes(std::size_t i) const { return codes_.data() + i * code_bytes_; }

  EncodedBuffer slice(std::size_t first, std::size_t count) const;

 private:
  std::span<float> norms_;
  std::span<std::uint8_t> codes_;
  std::size_t code_bytes_;
  std::uint64_t first_row_;
};

// Codes that own their memory and know what they were made with.
class HDQ_EXPORT EncodedRows {
 public:
  // Room for `rows` rows of code_bytes bytes, zero.
  EncodedRows(const EncodingParameters& made_with, std::size_t rows, std::size_t code_bytes, std::uint64_t first_row);
  // Takes what was encoded before.
  EncodedRows(const EncodingParameters& made_with, std::vector<float> norms, std::vector<std::uint8_t> codes, std::uint64_t first_row);

  std::size_t rows() const { return norms_.size(); }
  std::uint64_t first_row() const { return first_row_; }
  const EncodingParameters& made_with() const { return made_with_; }
  const std::vector<float>& norms() const { return norms_; }
  const std::vector<std::uint8_t>& codes() const { return codes_; }

  EncodedView view() const { return {norms_, codes_, first_row_, made_with_}; }
  operator EncodedView() const { return view(); }  // NOLINT(google-explicit-constructor)
  EncodedBuffer buffer() { return {norms_, codes_, first_row_}; }

 private:
  EncodingParameters made_with_;
  std::vector<float> norms_;
  std::vector<std::uint8_t> codes_;
  std::uint64_t first_row_;
};

}  // namespace hdq
