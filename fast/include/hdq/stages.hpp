// The stages of hdq one by one, as the codec runs them: usable and testable alone.
// Data flows input → rotation → dithered scalar quantizer → packing. Every function returns the same bytes for every Isa.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hdq/types.hpp"

namespace hdq {

// ---- SPEC §1: Hadamard orders m·2^k, m in {1, 12, 20, 28} ----
struct HadamardOrder {
  std::size_t order;  // d = base << log2
  int base;           // m
  int log2;           // k
};
HDQ_EXPORT HadamardOrder hadamard_order(std::size_t dimension);      // the smallest supported order >= dimension (>= 1)
HDQ_EXPORT bool is_hadamard_order(std::size_t order);
// Entry (row, column) of B_m, ±1.
HDQ_EXPORT int base_matrix_entry(int base, int row, int column);

// ---- SPEC §2: random streams ----
// bit (i mod 32) of word i/32 is 1 where ε_i = −1; words: ceil(count/32).
HDQ_EXPORT void sign_bits(std::uint64_t seed, std::size_t count, std::uint32_t* words);
HDQ_EXPORT std::uint32_t dither_word(std::uint64_t seed, std::uint64_t row);
inline double dither_of_word(std::uint32_t word) { return (static_cast<double>(word) + 0.5) * 0x1p-32; }

// ---- input ----
// n narrow numbers to float32, exactly; NaNs become quiet.
HDQ_EXPORT void widen(const Float16* x, std::size_t n, float* out, Isa isa = Isa::automatic);
HDQ_EXPORT void widen(const BFloat16* x, std::size_t n, float* out, Isa isa = Isa::automatic);

// ---- SPEC §4: the norm ----
// ρ of one row of n finite floats, rounded to float32 (+inf if float32 cannot hold it).
HDQ_EXPORT float row_norm(const float* x, std::size_t n, Isa isa = Isa::automatic);

// The exact power of two that x is multiplied by before the rotation: 2^100 for 0 < ρ < 2^-100, 2^-100 for ρ > 2^100, else 1.
HDQ_EXPORT float norm_scale(float norm);

// ---- rotation ----
// y = H D x in place, order d floats, sign words as from sign_bits, or null for H alone. float32, butterflies h = 1, 2, 4, …, then the B_m stage:
// each output a sum over groups of four columns, (s0 x0 + s1 x1) + (s2 x2 + s3 x3), accumulated left to right.
HDQ_EXPORT void transform(float* x, std::size_t order, const std::uint32_t* signs, Isa isa = Isa::automatic);
// x = D Hᵀ y in place, unnormalised (d times the inverse); the same order of additions with B_mᵀ. Null: Hᵀ alone.
HDQ_EXPORT void transform_transposed(float* y, std::size_t order, const std::uint32_t* signs, Isa isa = Isa::automatic);

// ---- SPEC §3: codebook for one dither word ----
// thresholds[0 .. 2^b − 2] = θ_1 … θ_{N−1}; codewords[0 .. 2^b − 1] = r_0 … r_{N−1}, in double.
// Each is within codebook_error_bound of its real value: |fl − exact| <= codebook_error·(1 + |exact|).
inline constexpr double codebook_error = 0x1p-40;
HDQ_EXPORT void thresholds(BitWidth bits, std::uint32_t word, double* out, Isa isa = Isa::automatic);
HDQ_EXPORT void codewords(BitWidth bits, std::uint32_t word, double* out, Isa isa = Isa::automatic);

// ---- quantize, pack, unpack, lookup ----
// scaled[k] = fl32(θ_{k+1}·ρ): the product in double, then rounded to float32.
HDQ_EXPORT void scale_thresholds(BitWidth bits, const double* theta, float norm, float* scaled);
// code_j = #{k : y_j >= scaled_k}.
HDQ_EXPORT void quantize(BitWidth bits, const float* y, std::size_t count, const float* scaled, std::uint8_t* codes, Isa isa = Isa::automatic);
// Code j in bits [j·b, (j+1)·b) of a little-endian bit string of ceil(count·b/8) bytes; unused high bits are 0.
HDQ_EXPORT void pack(BitWidth bits, const std::uint8_t* codes, std::size_t count, std::uint8_t* bytes, Isa isa = Isa::automatic);
HDQ_EXPORT void unpack(BitWidth bits, const std::uint8_t* bytes, std::size_t count, std::uint8_t* codes, Isa isa = Isa::automatic);
// out_j = fl32(codeword[code_j]).
HDQ_EXPORT void lookup(BitWidth bits, const std::uint8_t* codes, std::size_t count, const float* codewords32, float* out, Isa isa = Isa::automatic);

}  // namespace hdq
