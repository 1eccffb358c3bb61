// What AVX-512 has of its own; all else is the portable path.
#define HDQ_TUNING "simd/avx512/tuning.hpp"                              // 32 registers
#define HDQ_FLIP_SIGNS "simd/avx512/flip_signs.hpp"                      // mask registers
#define HDQ_NEIGHBOURS "simd/avx512/neighbours.hpp"                      // loads that double lanes
#define HDQ_POSITION "simd/avx512/position.hpp"                          // permutes of sixteen, vrangeps, vptestnm
#define HDQ_LOW_BYTES "simd/avx512/low_bytes.hpp"                        // vpmovdb
#define HDQ_THRESHOLD_HEAP "simd/avx512/threshold_heap.hpp"              // all eight levels by permutes
#define HDQ_FUSED_QUANTIZE_PACK "simd/avx512/fused_quantize_pack.hpp"    // comparisons, buckets, pext
#define HDQ_CODEWORD_ROWS "simd/avx512/codeword_rows.hpp"                // end cells of eight rows by permutes
#define HDQ_CODEWORD_TABLE "simd/avx512/codeword_table.hpp"              // all 256 codewords by permutes
#define HDQ_FUSED_UNPACK_LOOKUP "simd/avx512/fused_unpack_lookup.hpp"    // codes straight to the lanes of permutes
#define HDQ_WIDEN_FLOAT16 "simd/avx512/widen_float16.hpp"                // vcvtph2ps
#define HDQ_SCORE_REGISTERS "simd/avx512/score_registers.hpp"            // permutes of codewords, one register for sixteen sums
#define HDQ_BYTE_PRODUCTS "simd/avx512/byte_products.hpp"                // VNNI and VBMI, where the processor has them
#define HDQ_WEIGHTED_REGISTERS "simd/avx512/weighted_registers.hpp"      // sums of four queries in registers
