// For callers that have not yet taken a route table (simd/kernels.hpp) for themselves: its functions by instruction set.
#pragma once

#include <optional>

#include "score/score_task.hpp"
#include "simd/kernels.hpp"

namespace hdq::detail {

// SPEC §1: the shape m·2^k of an order, if it is a supported one.
std::optional<HadamardOrder> exact_hadamard_order(std::size_t order);

inline double sum_of_squares(const float* x, std::size_t n, Isa isa) { return kernels(isa).sum_of_squares(x, n); }
inline void store_signed(const float* y, std::size_t n, const std::uint32_t* signs, float scale, float unscale, float* out, Isa isa) {
  kernels(isa).store_signed(y, n, signs, scale, unscale, out);
}
inline bool needs_thresholds(int bits, Isa isa) { return kernels(isa).needs_thresholds(bits); }
inline void quantize_pack(int bits, const float* y, std::size_t count, const double* theta, std::uint32_t word, float norm,
                          std::uint8_t* scratch, std::uint8_t* bytes, Isa isa) {
  kernels(isa).quantize_pack(bits, y, count, theta, word, norm, scratch, bytes);
}
inline void thresholds_of_rows(int bits, const std::uint32_t* words, std::size_t rows, double* out, Isa isa) {
  kernels(isa).thresholds(bits, words, rows, out, std::size_t{1} << bits);
}
inline void unpack_lookup(int bits, const std::uint8_t* bytes, std::size_t count, const float* codewords32, std::uint8_t* scratch,
                          float* out, Isa isa) {
  kernels(isa).unpack_lookup(bits, bytes, count, codewords32, scratch, out);
}
inline void codewords32(int bits, const std::uint32_t* words, std::size_t rows, float* out, Isa isa) {
  kernels(isa).codewords32(bits, words, rows, out);
}
inline void hadamard(float* y, const HadamardOrder& order, bool transposed, Isa isa) { kernels(isa).hadamard(y, order, transposed); }
inline void rotate(const float* x, std::size_t n, const HadamardOrder& order, const std::uint32_t* signs, float factor, float* y, Isa isa) {
  kernels(isa).rotate(x, n, order, signs, factor, y);
}
inline double rotate_measured(const float* x, std::size_t n, const HadamardOrder& order, const std::uint32_t* signs, float* y, Isa isa) {
  return kernels(isa).rotate_measured(x, n, order, signs, nullptr, y);
}
inline void dither_words(std::uint64_t seed, const std::uint64_t* rows, std::size_t count, std::uint32_t* words, Isa isa) {
  kernels(isa).dither_words(seed, rows, count, words);
}
inline void score_sums(const ScoreTask& task, Isa isa) { kernels(isa).score_sums(task); }

}  // namespace hdq::detail
