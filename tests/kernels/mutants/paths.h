/* Mutants of paths.c: MUTANT(name, kind of blind spot, classes that say it, what is wrong). */
#define PATHS_MUTANTS(MUTANT)                                                                                   \
  MUTANT(decode_tail_of_four, 1, "batch-differs|path-differs|wrong",                                            \
         "decode: in a last tile of three rows, the third is scaled by the norm of the first")                  \
  MUTANT(dot_tail_of_sixteen, 1, "batch-differs|path-differs|wrong",                                            \
         "dot: with 15 rows over a multiple of 16, the last score is computed from the row before")             \
  MUTANT(decode_dither_batch_of_32, 1, "batch-differs|path-differs|wrong",                                      \
         "decode: dither words are made 32 at a time, later batches use the words of the first")                \
  MUTANT(encode_rows_past_64, 1, "batch-differs|path-differs|wrong",                                            \
         "encode: row numbers of a call are taken mod 64")                                                      \
  MUTANT(encode_one_left_of_128, 1, "batch-differs|path-differs|wrong",                                         \
         "encode: one row over a multiple of 128 gets thresholds scaled by the norm of the row before")         \
  MUTANT(transform_tile_of_100, 1, "batch-differs|path-differs|wrong",                                          \
         "transform: the first row of the second tile of 100 rows is rotated with the signs left out")          \
  MUTANT(dot_row_in_a_byte, 1, "batch-differs|path-differs|wrong",                                              \
         "dot: a row index of 8 bits: row 256 gets the score of row 0")                                         \
  MUTANT(decode_chunk_of_1024, 1, "batch-differs|path-differs|wrong",                                           \
         "decode: from row 1024 on, norms are read from the start of the array again")                          \
  MUTANT(encode_row_of_16_bits, 1, "batch-differs|path-differs|wrong",                                          \
         "encode: rows of a call are numbered in 16 bits: row 65536 has the dither of row 0")                   \
  MUTANT(encode_carry_lost, 1, "row-number|wrong",                                                              \
         "encode: first_row + i is added in 32 bits, so the carry into the high word is lost within a call")    \
  MUTANT(decode_high_word_in_batches, 1, "row-number|batch-differs|path-differs|wrong",                         \
         "decode: with more than one row the high word of first_row is ignored")                                \
  MUTANT(decode_no_rows, 1, "crashed|memory|wrong",                                                             \
         "decode: a do-while loop decodes a row where rows = 0")                                                \
  MUTANT(encode_no_rows, 1, "crashed|memory|wrong",                                                             \
         "encode: norms[rows - 1] is read back after the loop, also where rows = 0")                            \
  MUTANT(dot_one_left_of_pairs, 1, "batch-differs|path-differs|wrong",                                          \
         "dot: rows in pairs; the odd one out of more than 16 rows is not multiplied by its norm")              \
  MUTANT(transposed_one_left_of_32, 1, "unwritten|wrong",                                                       \
         "transform_transposed: a single row left over from tiles of 32 is never written")                      \
  MUTANT(decode_lanes_swapped, 1, "batch-differs|path-differs|wrong",                                           \
         "decode: the last two lanes of each full warp of 32 rows are exchanged")                               \
  MUTANT(transform_prefetch_stops, 1, "batch-differs|path-differs|wrong",                                       \
         "transform: double buffering: with an odd number of rows from 65, the last is computed from the row "  \
         "before")                                                                                              \
  MUTANT(dot_seven_rows, 1, "batch-differs|path-differs|wrong",                                                 \
         "dot: exactly seven rows take an unrolled path that scores row 6 with the dither of row 5")            \
  MUTANT(encode_zero_row_stops, 1, "batch-differs|path-differs|wrong",                                          \
         "encode: after a row of zeros the factor 2^100 of the next tiny row is forgotten")                     \
  MUTANT(decode_row_2, 1, "batch-differs|path-differs|wrong",                                                   \
         "decode: with two rows the second uses the row number of the first")                                   \
  MUTANT(transform_stage_2048, 2, "wrong-transform|wrong",                                                      \
         "transform: radix-4 passes; at blocks of 2048 the odd last stage adds where it should subtract")       \
  MUTANT(transform_stage_4096, 2, "wrong-transform|wrong",                                                      \
         "transform: blocks of 4096 and more go through a scratch of 4096 and lose the last stage")             \
  MUTANT(signs_repeat_at_8192, 2, "wrong-transform|sign-column|wrong",                                          \
         "signs within the transforms: the block number of a column is kept in 6 bits")                         \
  MUTANT(norm_stops_at_16384, 2, "wrong-norm|norm|scale|wrong",                                                 \
         "norm: columns past 16384 are not counted")                                                            \
  MUTANT(pack_offset_16_bits, 2, "wrong-packing|pack|wrong",                                                    \
         "pack: bit offsets in 16 bits: codes past bit 65535 land at the start")                                \
  MUTANT(encode_pack_offset_16_bits, 2, "wrong-packing|wrong-codes|pack|wrong",                                 \
         "encode packs with bit offsets in 16 bits (d·b > 65535), pack itself is right")                        \
  MUTANT(pack_tail_of_long, 2, "tail|wrong-packing|pack|wrong",                                                 \
         "pack: from 1000 codes on, a last group of fewer than 8 codes is written without its last code")       \
  MUTANT(unpack_index_16_bits, 2, "wrong-packing|pack|unwritten|wrong",                                         \
         "unpack: the loop counter has 16 bits: codes past 65535 are zero")                                     \
  MUTANT(decode_order_signed_16, 2, "scale|wrong",                                                              \
         "decode: 1/d is computed from a signed 16-bit d: negative from 32768 on")                              \
  MUTANT(butterflies_65536, 2, "wrong-transform|wrong",                                                         \
         "transform: the stride of a stage is a 16-bit number: stages from 65536 on are skipped")               \
  MUTANT(dot_tail_of_long, 2, "wrong-dot|dot|path-differs|wrong",                                               \
         "dot: from d = 2048 on the sum runs in four quarters, the last of which ends one column early")        \
  MUTANT(base_12_of_3072, 2, "transposed-base|wrong-transform|wrong",                                           \
         "transform: from blocks of 256 on, B_12 is applied with its transpose (SIMD path)")                    \
  MUTANT(decode_single_wide_row, 2, "wrong-values|path-differs|wrong",                                          \
         "decode: one row with n >= 2048 is cut in quarters; n mod 4 columns at the end keep their signs")      \
  MUTANT(encode_padding_wide, 2, "padding|wrong-codes|wrong",                                                   \
         "encode: from d = 4096 on the padding is not zero but the last column repeated")                       \
  MUTANT(transform_28_big, 2, "wrong-transform|wrong",                                                          \
         "transform: m = 28 with blocks of 64 and more: the last column of each block misses group 7 of B_28")  \
  MUTANT(signs_key_low_word, 3, "cache|stale|wrong",                                                            \
         "signs cached by the low word of the seed")                                                            \
  MUTANT(signs_key_folded, 3, "cache|stale|wrong",                                                              \
         "signs cached by low word xor high word of the seed")                                                  \
  MUTANT(query_by_address, 3, "cache|stale|wrong",                                                              \
         "dot: the rotated query is cached by address, dimension and seed")                                     \
  MUTANT(query_by_first_floats, 3, "cache|stale|wrong",                                                         \
         "dot: the rotated query is cached by its first four floats, dimension and seed")                       \
  MUTANT(codebook_without_bits, 3, "cache|stale|wrong",                                                         \
         "encode: thresholds cached by dither word, bits forgotten where fewer are asked for")                  \
  MUTANT(codebook_by_row_16, 3, "cache|stale|wrong",                                                            \
         "decode: codewords cached by seed, bits and the low 16 bits of the row")                               \
  MUTANT(codebook_by_row_32, 3, "cache|stale|wrong",                                                            \
         "decode: codewords cached by seed, bits and the low 32 bits of the row")                               \
  MUTANT(dither_without_seed, 3, "cache|stale|wrong",                                                           \
         "encode: the last dither word is cached by row, whatever the seed")                                    \
  MUTANT(signs_longer_than_cached, 3, "cache|stale|wrong",                                                      \
         "signs cached by seed; a longer row than the cached one gets +1 beyond it")                            \
  MUTANT(base_transposed_cached, 3, "cache|stale|transposed-base|wrong",                                        \
         "B_20 is cached by order alone: the first direction used after B_12 serves both")                      \
  MUTANT(cut_cached_by_order, 3, "cache|stale|unwritten|wrong",                                                 \
         "decode: a plan by order d and seed keeps the n of its first call and writes that many columns if "    \
         "fewer")                                                                                               \
  MUTANT(factor_sticks, 3, "batch-differs|path-differs|range|wrong",                                            \
         "encode: within a call, the row after a tiny one keeps the factor 2^100")                              \
  MUTANT(padding_from_before, 3, "stale|padding|wrong",                                                         \
         "transform: a scratch that is kept between calls is cleared only where n = d: padding holds an "       \
         "earlier row")                                                                                         \
  MUTANT(bits_sticks_in_unpack, 3, "cache|stale|wrong",                                                         \
         "decode: the mask of code bits is set once by the first call and only ever widened")                   \
  MUTANT(thread_remainder, 4, "unwritten|threads|wrong",                                                        \
         "encode: rows are split by threads with rounding down: rows % threads last rows are not encoded from " \
         "5 threads on")                                                                                        \
  MUTANT(threads_over_rows, 4, "threads|wrong",                                                                 \
         "decode: with more threads than rows the last row is decoded with the row number of the first")        \
  MUTANT(shared_scratch_race, 4, "threads|not-repeatable|wrong",                                                \
         "encode: threads share one scratch for rotated rows")                                                  \
  MUTANT(rare_flip, 4, "not-repeatable|wrong",                                                                  \
         "encode: every 211th call has the last code wrong by one (uninitialised scratch)")                     \
  MUTANT(seed_zero_is_random, 4, "not-repeatable|wrong",                                                        \
         "decode: seed 0 means a fresh seed: dither from a call counter")                                       \
  MUTANT(aligned_path_tail, 4, "placement|alignment|wrong",                                                     \
         "encode: where x lies on 64 bytes an aligned path drops the last n % 16 columns from the norm")        \
  MUTANT(dot_sums_by_threads, 4, "threads|wrong",                                                               \
         "dot: partial sums by thread in float32: bytes depend on the number of threads from 9 on")             \
  MUTANT(threads_past_32, 4, "threads|unwritten|wrong",                                                         \
         "decode: at most 32 workers start; the rows of the others are left unwritten")                         \
  MUTANT(variant_2_narrow, 4, "variant|instruction-sets|wrong",                                                 \
         "variant 2 of encode treats z = θ as below at b = 1 and rows of n in 33...63 lose their last column")  \
  MUTANT(thread_4_dither, 4, "threads|wrong",                                                                   \
         "encode: with 4 or 6 threads, rows after the first get the number of a row of their thread's own "     \
         "count")                                                                                               \
  MUTANT(decode_after_bad_input, 4, "stale|not-repeatable|wrong",                                               \
         "after an encode that ended in BAD_INPUT the next decode has no signs")                                \
  MUTANT(warmup_call, 4, "not-repeatable|wrong",                                                                \
         "dot: the very first call of a process scores with U = 1/2 (tables not yet made)")
