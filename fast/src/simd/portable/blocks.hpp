// The blocks that an instruction set may have of its own, and the portable ones, which are right on every Highway target with
// vectors of a fixed size. HDQ_OVERRIDES names the list of the instruction set, simd/<set>/overrides.hpp; a kernel file includes a
// block by its name here. A block with no override is the portable path.
#pragma once

#ifdef HDQ_OVERRIDES
#include HDQ_OVERRIDES
#endif

// How many registers there are, and which way of several is faster.
#ifndef HDQ_TUNING
#define HDQ_TUNING "simd/portable/tuning.hpp"
#endif
// rotation: the diagonal D
#ifndef HDQ_FLIP_SIGNS
#define HDQ_FLIP_SIGNS "simd/portable/flip_signs.hpp"
#endif
// rotation: the first butterfly
#ifndef HDQ_NEIGHBOURS
#define HDQ_NEIGHBOURS "simd/portable/neighbours.hpp"
#endif
// input
#ifndef HDQ_WIDEN_FLOAT16
#define HDQ_WIDEN_FLOAT16 "simd/portable/widen_float16.hpp"
#endif
// quantizer: the upper levels of a heap of thresholds
#ifndef HDQ_THRESHOLD_HEAP
#define HDQ_THRESHOLD_HEAP "simd/portable/threshold_heap.hpp"
#endif
// quantizer: rows of coefficients, indexed by segment
#ifndef HDQ_COEFFICIENTS
#define HDQ_COEFFICIENTS "simd/portable/coefficients.hpp"
#endif
// quantizer: a position of the compander, and whether it decides the code
#ifndef HDQ_POSITION
#define HDQ_POSITION "simd/portable/position.hpp"
#endif
// quantizer: 32-bit lanes to bytes
#ifndef HDQ_LOW_BYTES
#define HDQ_LOW_BYTES "simd/portable/low_bytes.hpp"
#endif
// quantizer and codes in one
#ifndef HDQ_FUSED_QUANTIZE_PACK
#define HDQ_FUSED_QUANTIZE_PACK "simd/portable/fused_quantize_pack.hpp"
#endif
// quantizer: codewords of several rows at once
#ifndef HDQ_CODEWORD_ROWS
#define HDQ_CODEWORD_ROWS "simd/portable/codeword_rows.hpp"
#endif
// codes: codewords, indexed by code
#ifndef HDQ_CODEWORD_TABLE
#define HDQ_CODEWORD_TABLE "simd/portable/codeword_table.hpp"
#endif
// codes: unpacking and codewords in one
#ifndef HDQ_FUSED_UNPACK_LOOKUP
#define HDQ_FUSED_UNPACK_LOOKUP "simd/portable/fused_unpack_lookup.hpp"
#endif
// score: sixteen runs of codes, and their codewords
#ifndef HDQ_SCORE_REGISTERS
#define HDQ_SCORE_REGISTERS "simd/portable/score_registers.hpp"
#endif
// score: products of bytes of the first pass of a search
#ifndef HDQ_BYTE_PRODUCTS
#define HDQ_BYTE_PRODUCTS "simd/portable/byte_products.hpp"
#endif
// attention: sums of sixteen rows, and of weighted codewords
#ifndef HDQ_WEIGHTED_REGISTERS
#define HDQ_WEIGHTED_REGISTERS "simd/portable/weighted_registers.hpp"
#endif
