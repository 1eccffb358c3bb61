// The kernels that the codec runs besides the public stages (hdq/stages.hpp). `isa` is from resolve_isa.
#pragma once
// Callers move to simd/kernels.hpp, the route table; these functions forward until they have.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "hdq/types.hpp"
#include "hdq/stages.hpp"

namespace hdq::detail {

// SPEC §1: the shape m·2^k of an order, if it is a supported one.
std::optional<HadamardOrder> exact_hadamard_order(std::size_t order);

// SPEC §4: Σ x_i² in double, 16 lanes; not finite exactly when some x_i is not.
double sum_of_squares(const float* x, std::size_t n, Isa isa);

// y_i = ε_i·(x_i·factor) for i < n, then +0 up to order.
void load_signed(const float* x, std::size_t n, std::size_t order, const std::uint32_t* signs, float factor, float* y, Isa isa);

// out_i = ε_i·((y_i·scale)·unscale) for i < n; unscale is a power of two.
void store_signed(const float* y, std::size_t n, const std::uint32_t* signs, float scale, float unscale, float* out, Isa isa);

// Whether codes of so many bits come from a row's thresholds, and not from the compander (compand.hpp).
bool needs_thresholds(int bits, Isa isa);

// The bytes of a row's codes: thresholds, scale_thresholds, quantize and pack in one. theta: the row's thresholds if needed;
// scratch: count bytes.
void quantize_pack(int bits, const float* y, std::size_t count, const double* theta, std::uint32_t word, float norm,
                   std::uint8_t* scratch, std::uint8_t* bytes, Isa isa);

// out: rows × 2^bits, row i begins with the 2^bits − 1 thresholds of dither word words[i].
void thresholds_of_rows(int bits, const std::uint32_t* words, std::size_t rows, double* out, Isa isa);

// unpack and lookup in one. scratch: count bytes.
void unpack_lookup(int bits, const std::uint8_t* bytes, std::size_t count, const float* codewords32, std::uint8_t* scratch, float* out,
                   Isa isa);

// out: rows × 2^bits, row i the codewords of dither word words[i], each rounded to float32 as the decoder does.
void codewords32(int bits, const std::uint32_t* words, std::size_t rows, float* out, Isa isa);

// y = H y, or Hᵀ y, without signs.
void hadamard(float* y, const HadamardOrder& order, bool transposed, Isa isa);

// y = H D (x·factor), x padded from n with zeros: load_signed and hadamard in one. x may be y.
void rotate(const float* x, std::size_t n, const HadamardOrder& order, const std::uint32_t* signs, float factor, float* y, Isa isa);

// rotate with a factor of 1, and sum_of_squares. x is not y.
double rotate_measured(const float* x, std::size_t n, const HadamardOrder& order, const std::uint32_t* signs, float* y, Isa isa);

}  // namespace hdq::detail
