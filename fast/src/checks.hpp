// Preconditions that the codec, the scorer and search share, with their one-line messages.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include "hdq/types.hpp"

namespace hdq::detail {

// a·b and a + b, or InvalidArgument naming `what`: every size that is computed from what a caller or a file says goes through these.
std::size_t checked_product(std::size_t a, std::size_t b, const char* what);
std::size_t checked_sum(std::size_t a, std::size_t b, const char* what);
// count·element, bytes that an array can have.
std::size_t checked_bytes(std::size_t count, std::size_t element, const char* what);

inline void require(const void* pointer, const char* name) {
  if (pointer == nullptr) throw InvalidArgument(std::string(name) + " is null");
}

inline void require_equal(std::size_t given, std::size_t needed, const char* what, const char* of) {
  if (given != needed) throw InvalidArgument(std::to_string(given) + " " + what + " for " + std::to_string(needed) + " " + of);
}

// An entry of a list of rows.
inline void require_listed(std::uint64_t row, std::uint64_t rows) {
  if (row >= rows) throw InvalidArgument("list: no row " + std::to_string(row) + " among " + std::to_string(rows));
}

// InvalidArgument, naming the first one that differs: "<whose> seed is 4, not 3".
void require_same(const EncodingParameters& theirs, const EncodingParameters& ours, const std::string& whose);

// Codes are a codec's to read: their bytes per row are its own, and so is what they are known to be made with.
// where: "x.hdq: ", or nothing.
void check_encoded(const EncodedView& encoded, const EncodingParameters& ours, std::size_t code_bytes, const std::string& where = {});
struct CodecPlan;
void check_encoded(const EncodedView& encoded, const CodecPlan& plan);

// Names the first column of x, an array of n numbers not all of them finite. what: "row" or "query"; done: "encoded", "scored".
[[noreturn]] inline void throw_bad_column(const float* x, std::size_t n, const char* what, std::size_t index, const char* done) {
  std::size_t column = 0;
  while (column + 1 < n && std::isfinite(x[column])) ++column;
  throw InvalidInput(index, column, std::string(what) + " " + std::to_string(index) + ", column " + std::to_string(column) + ": " +
                                        (std::isnan(x[column]) ? "NaN" : "infinity") + " cannot be " + done);
}

[[noreturn]] inline void throw_bad_norm(std::size_t row, const char* what) {
  throw InvalidInput(row, InvalidInput::npos, "row " + std::to_string(row) + ": " + what);
}

// A stored norm.
inline void check_norm(float norm, std::size_t row) {
  if (!std::isfinite(norm) || norm < 0) throw_bad_norm(row, "the norm is not a finite number >= 0");
}

}  // namespace hdq::detail
