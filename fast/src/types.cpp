// The checks that views make of their shapes, and the one arithmetic of sizes.
#include "hdq/types.hpp"

#include <limits>

#include "checks.hpp"

namespace hdq {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

// Bytes of codes per row; norms and codes are there, and belong together.
std::size_t checked_code_bytes(std::span<const float> norms, std::span<const std::uint8_t> codes) {
  const std::size_t rows = norms.size();
  if (rows == 0) {
    if (!codes.empty()) throw InvalidArgument(number(codes.size()) + " bytes of codes for no row");
    return 0;
  }
  detail::require(norms.data(), "norms");
  detail::require(codes.data(), "codes");
  if (codes.size() % rows != 0) throw InvalidArgument(number(codes.size()) + " bytes of codes for " + number(rows) + " rows");
  return codes.size() / rows;
}

}  // namespace

void detail::throw_bits(int bits) {
  throw InvalidArgument("bits must be " + std::to_string(BitWidth::least) + " to " + std::to_string(BitWidth::most) + ", not " +
                        std::to_string(bits));
}

const char* scheme_name(SchemeId id) {
  switch (id) {
    case SchemeId::fixed_rate:
      return "fixed-rate";
    case SchemeId::entropy_coded:
      return "entropy-coded";
  }
  return "unknown";
}

const char* dither_name(Dither dither) {
  switch (dither) {
    case Dither::row:
      return "row";
    case Dither::shared:
      return "shared";
  }
  return "unknown";
}

std::size_t detail::checked_product(std::size_t a, std::size_t b, const char* what) {
  std::size_t product = 0;
  if (__builtin_mul_overflow(a, b, &product))
    throw InvalidArgument(std::string(what) + ": " + number(a) + " times " + number(b) + " exceeds what memory can hold");
  return product;
}

std::size_t detail::checked_sum(std::size_t a, std::size_t b, const char* what) {
  std::size_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum))
    throw InvalidArgument(std::string(what) + ": " + number(a) + " plus " + number(b) + " exceeds what memory can hold");
  return sum;
}

std::size_t detail::checked_bytes(std::size_t count, std::size_t element, const char* what) {
  const std::size_t bytes = checked_product(count, element, what);
  if (bytes > static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()))
    throw InvalidArgument(std::string(what) + ": " + number(count) + " of them exceed what memory can hold");
  return bytes;
}

void detail::check_rows(const void* data, std::size_t rows, std::size_t dimension, std::size_t stride, std::size_t element) {
  if (stride < dimension) throw InvalidArgument("row stride " + number(stride) + " is less than the dimension " + number(dimension));
  if (rows == 0 || dimension == 0) return;
  if (data == nullptr) throw InvalidArgument("rows: the data is null");
  checked_bytes(checked_sum(checked_product(rows - 1, stride, "rows"), dimension, "rows"), element, "rows");
}

void detail::check_slice(std::size_t first, std::size_t count, std::size_t rows) {
  if (first > rows || count > rows - first)
    throw InvalidArgument("no rows " + number(first) + " to " + number(first + count) + " among " + number(rows));
}

EncodedView::EncodedView(std::span<const float> norms, std::span<const std::uint8_t> codes, std::uint64_t first_row)
    : norms_(norms), codes_(codes), code_bytes_(checked_code_bytes(norms, codes)), first_row_(first_row) {}

EncodedView::EncodedView(std::span<const float> norms, std::span<const std::uint8_t> codes, std::uint64_t first_row,
                         const EncodingParameters& made_with)
    : EncodedView(norms, codes, first_row) {
  made_with_ = made_with;
}

EncodedView::EncodedView(const EncodedBuffer& buffer)
    : norms_(buffer.norms()), codes_(buffer.codes()), code_bytes_(buffer.code_bytes()), first_row_(buffer.first_row()) {}

EncodedView EncodedView::slice(std::size_t first, std::size_t count) const {
  detail::check_slice(first, count, rows());
  EncodedView some = *this;
  some.norms_ = norms_.subspan(first, count);
  some.codes_ = codes_.subspan(first * code_bytes_, count * code_bytes_);
  some.first_row_ = first_row_ + first;
  return some;
}

EncodedBuffer::EncodedBuffer(std::span<float> norms, std::span<std::uint8_t> codes, std::uint64_t first_row)
    : norms_(norms), codes_(codes), code_bytes_(checked_code_bytes(norms, codes)), first_row_(first_row) {}

EncodedBuffer EncodedBuffer::slice(std::size_t first, std::size_t count) const {
  detail::check_slice(first, count, rows());
  EncodedBuffer some = *this;
  some.norms_ = norms_.subspan(first, count);
  some.codes_ = codes_.subspan(first * code_bytes_, count * code_bytes_);
  some.first_row_ = first_row_ + first;
  return some;
}

EncodedRows::EncodedRows(const EncodingParameters& made_with, std::size_t rows, std::size_t code_bytes, std::uint64_t first_row)
    : EncodedRows(made_with, std::vector<float>(detail::checked_bytes(rows, sizeof(float), "rows") / sizeof(float)),
                  std::vector<std::uint8_t>(detail::checked_bytes(rows, code_bytes, "rows")), first_row) {}

EncodedRows::EncodedRows(const EncodingParameters& made_with, std::vector<float> norms, std::vector<std::uint8_t> codes, std::uint64_t first_row)
    : made_with_(made_with), norms_(std::move(norms)), codes_(std::move(codes)), first_row_(first_row) {
  checked_code_bytes(norms_, codes_);
}

}  // namespace hdq
