// What AVX2 has of its own; all else is the portable path.
#define HDQ_COEFFICIENTS "simd/avx2/coefficients.hpp"        // a permute of eight
#define HDQ_LOW_BYTES "simd/avx2/low_bytes.hpp"              // packus of 32 lanes, then one permute
#define HDQ_THRESHOLD_HEAP "simd/avx2/threshold_heap.hpp"    // four levels by permutes, the rest by gathers
#define HDQ_CODEWORD_TABLE "simd/avx2/codeword_table.hpp"    // up to sixteen codewords by permutes
#define HDQ_WIDEN_FLOAT16 "simd/avx2/widen_float16.hpp"      // vcvtph2ps
#define HDQ_SCORE_REGISTERS "simd/avx2/score_registers.hpp"  // permutes of codewords, two registers for sixteen sums
#define HDQ_BYTE_PRODUCTS "simd/avx2/byte_products.hpp"      // products of bytes, added in pairs
#define HDQ_WEIGHTED_REGISTERS "simd/avx2/weighted_registers.hpp"  // two registers for sixteen sums
