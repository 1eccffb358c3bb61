/* Mutants of values.c: MUTANT(name, kind of blind spot or class of defect, classes that say it, what is wrong). */
#define VALUES_MUTANTS(MUTANT)                                                                                 \
  MUTANT(dot_tiny_query, 5, "dot|range|wrong",                                                                 \
         "dot: the query is divided by its float32 norm, whose square underflows for tiny queries: score 0")   \
  MUTANT(dot_huge_query, 5, "dot|range|wrong",                                                                 \
         "dot: the query is divided by its float32 norm, whose square overflows for huge queries: NaN")        \
  MUTANT(dot_zero_query, 5, "dot|zero|wrong",                                                                  \
         "dot: a zero query is normalised by 0: NaN instead of 0")                                             \
  MUTANT(dot_zero_row, 5, "dot|zero|unwritten|wrong",                                                          \
         "dot: rows of norm 0 are skipped, their scores left unwritten")                                       \
  MUTANT(dot_one_hot_last, 5, "dot|wrong",                                                                     \
         "dot: a sparse path for queries of one nonzero entry stops before the last column")                   \
  MUTANT(dot_negative_query, 5, "dot|wrong",                                                                   \
         "dot: the query is scaled by its largest entry, not the largest magnitude: with none above 0 the "    \
         "score is 0")                                                                                         \
  MUTANT(dot_huge_row, 5, "dot|range|overflow|wrong",                                                          \
         "dot: sum times norm overflows float32 before the division by d")                                     \
  MUTANT(dot_tiny_row, 5, "dot|range|denormal|wrong",                                                          \
         "dot: norm/d in float32 flushes to zero where it is not normal")                                      \
  MUTANT(dot_wide_query, 5, "dot|wrong",                                                                       \
         "dot: the rotated query is rounded to 16-bit fixed point of its largest entry when the query is "     \
         "sparse (at most 4 nonzero)")                                                                         \
  MUTANT(dot_query_padding, 5, "dot|padding|wrong",                                                            \
         "dot: for queries with a zero first entry, the padding of the query repeats its last entry")          \
  MUTANT(dot_constant_query, 5, "dot|wrong",                                                                   \
         "dot: a query whose entries are all equal takes a shortcut q·Σ x̂ over d, not n, columns of padding") \
  MUTANT(word_low_clipped, 6, "dither|wrong",                                                                  \
         "encode and decode: U is not let below 2^-12")                                                        \
  MUTANT(word_high_rounds_to_one, 6, "dither|overflow|wrong",                                                  \
         "decode: U in float32 where w >= 2^32 - 2^20, then held below 1: N - v has few digits")               \
  MUTANT(word_zero_special, 6, "dither|wrong",                                                                 \
         "encode: words below 2^20 are taken for unset: U = 1/2")                                              \
  MUTANT(codeword_clamped, 6, "codebook|wrong-values|wrong",                                                   \
         "decode: codewords are held within +-300 for fp16 tables")                                            \
  MUTANT(codeword_half, 6, "half|overflow|wrong-values|wrong",                                                 \
         "decode: the outermost codewords beyond 65504 become infinite (fp16 table)")                          \
  MUTANT(threshold_at_low_end, 6, "codebook|wrong-codes|wrong",                                                \
         "encode: ln(v) is held at v >= 2^-13: the first threshold is wrong for tiny U")                       \
  MUTANT(top_code_saturates, 6, "code-unreachable|reachable|wrong-codes|wrong",                                \
         "encode: at b = 8 the top code is held at 254 when U > 0.999")                                        \
  MUTANT(norm_denormal_flushed, 6, "denormal|zero|range|wrong",                                                \
         "encode: norms below 2^-126 are flushed to zero")                                                     \
  MUTANT(factor_only_below_one, 6, "range|overflow|wrong",                                                     \
         "encode: norms above 2^126 lose the factor 2^-100: thresholds and sums overflow")                     \
  MUTANT(undo_missing_for_huge, 6, "range|scale|wrong",                                                        \
         "decode: norms in [2^101, 2^102) are scaled down and not back")                                       \
  MUTANT(low_end_sign, 6, "codebook|wrong-values|wrong",                                                       \
         "decode: for words below 2^16 the lowest codeword has the sign of the highest")                       \
  MUTANT(search_misses_top, 6, "code-unreachable|wrong-codes|wrong",                                           \
         "encode: the search never returns N - 1 where y exceeds the last threshold more than 10 times")       \
  MUTANT(last_two_words, 6, "dither|wrong",                                                                    \
         "decode: w + 1/2 is added in float32 for w above 2^32 - 2^12 and U becomes 1 - 2^-25")                \
  MUTANT(snan_missed, 7, "nan|wrong",                                                                          \
         "encode: NaN is recognised by the bits of the quiet NaN alone")                                       \
  MUTANT(negative_infinity_missed, 7, "infinity|nan|wrong",                                                    \
         "encode: only x > FLT_MAX counts as infinite where n > 16")                                           \
  MUTANT(nan_past_1024, 7, "nan|wrong",                                                                        \
         "encode: only the first 1024 columns are tested; later NaNs are taken for norm overflow or codes")    \
  MUTANT(nan_in_tail, 7, "nan|wrong",                                                                          \
         "encode: the n % 8 tail columns of rows from n = 64 on are not tested")                               \
  MUTANT(bad_row_and_column_mixed, 7, "bad-input|wrong",                                                       \
         "encode: with two bad rows, the row of the first and the column of the last are named")               \
  MUTANT(last_bad_column, 7, "bad-input|wrong",                                                                \
         "encode: the last bad column of the first bad row is named, not its first")                           \
  MUTANT(bad_row_absolute, 7, "bad-input|wrong",                                                               \
         "encode: the bad row is counted from row 0, not from the first row of the call")                      \
  MUTANT(overflow_named_as_column, 7, "bad-input|overflow|wrong",                                              \
         "encode: a norm that overflows names its largest column")                                             \
  MUTANT(norm_refused_too_early, 7, "overflow|range|wrong",                                                    \
         "encode: norms from 2^127 on are refused although float32 holds them")                                \
  MUTANT(nan_past_row_16, 7, "nan|wrong",                                                                      \
         "encode: only the first 16 rows of a call are tested for NaN; later rows with NaN get norm 0")        \
  MUTANT(infinity_pair_cancels, 7, "infinity|nan|wrong",                                                       \
         "encode: finiteness is tested on the sum of a row: +inf is seen, a huge sum is refused too")          \
  MUTANT(bad_row_written_partly, 7, "bad-input|wrong",                                                         \
         "encode: bad->column has 32 bits: norm overflow is UINT32_MAX")                                       \
  MUTANT(negative_nan_missed, 7, "nan|wrong",                                                                  \
         "encode: NaN with the sign bit set passes the integer test for finiteness")                           \
  MUTANT(encode_nothing_at_one_bit, 11, "unwritten|wrong",                                                     \
         "encode: at b = 1 and d < 8 no code byte is written")                                                 \
  MUTANT(decode_last_unwritten, 11, "unwritten|wrong",                                                         \
         "decode: at b = 1 the last column of n % 4 == 1 is not written")                                      \
  MUTANT(unpack_last_unwritten, 11, "unwritten|wrong",                                                         \
         "unpack: at b = 1 and count % 32 == 31 the last code is not written")                                 \
  MUTANT(unused_bits_kept, 11, "unwritten|unused-bits|pack|wrong",                                             \
         "encode: the unused bits of a row's last byte keep what was there")                                   \
  MUTANT(norm_of_zero_unwritten, 11, "unwritten|zero|wrong",                                                   \
         "encode: the norm of a zero row is not written")                                                      \
  MUTANT(position_unwritten, 11, "unwritten|bad-input|wrong",                                                  \
         "encode: BAD_INPUT without bad->column for a norm overflow")                                          \
  MUTANT(decode_zero_unwritten, 11, "unwritten|zero|wrong",                                                    \
         "decode: rows of norm 0 are skipped, x left unwritten")                                               \
  MUTANT(pack_or_into, 11, "unwritten|pack|wrong",                                                             \
         "pack: bits are OR-ed into bytes that are not cleared when count % 8 == 0")                           \
  MUTANT(transform_padding_unwritten, 11, "unwritten|wrong",                                                   \
         "transform: at n = 1 nothing is written when the entry is zero")                                      \
  MUTANT(codes_of_zero_unwritten, 11, "unwritten|zero|wrong",                                                  \
         "encode: the codes of a zero row are not written")                                                    \
  MUTANT(one_coordinate_of_transposed, 13, "wrong-transform|wrong-values|wrong",                               \
         "transform_transposed: column 5 alone has the wrong sign")                                            \
  MUTANT(factor_slightly_off, 13, "scale|wrong",                                                               \
         "decode: everything is 1.00001 times too large")                                                      \
  MUTANT(transform_bfloat, 13, "accuracy|precision|wrong",                                                     \
         "transform: inputs are rounded to bfloat16")                                                          \
  MUTANT(transform_half_sums, 13, "accuracy|precision|wrong",                                                  \
         "transform: sums of the last stage are rounded to 16 bits of significand")                            \
  MUTANT(zero_row_codes, 13, "zero|wrong",                                                                     \
         "encode: a zero row gets the codes 0")                                                                \
  MUTANT(dither_24_bits, 13, "dither|wrong",                                                                   \
         "dither: words keep 24 bits")                                                                         \
  MUTANT(scale_of_padding, 13, "padding|scale|wrong",                                                          \
         "decode: the sum is divided by n instead of d")                                                       \
  MUTANT(codes_off_by_one_at_seven, 13, "wrong-codes|wrong",                                                   \
         "encode: code 7 and 8 of b = 4 exchanged on encoding and on decoding")                                \
  MUTANT(norm_l1_for_one_hot, 13, "norm|wrong",                                                                \
         "encode: norms are 1.0001 times too large")                                                           \
  MUTANT(b12_entry, "base matrix not orthogonal", "base-matrix|wrong",                                         \
         "B_12[11][7] has the other sign")                                                                     \
  MUTANT(b20_row, "base matrix not orthogonal", "base-matrix|wrong",                                           \
         "row 19 of B_20 is row 18 again")                                                                     \
  MUTANT(b28_rows_swapped, "base matrix not orthogonal", "base-matrix|wrong-transform|wrong",                  \
         "rows 13 and 14 of B_28 are exchanged: orthogonal, but another matrix")                               \
  MUTANT(order_20_unscaled, "smallest order fails", "smallest-order|order|wrong",                              \
         "order 20·2^0 skips B_20")                                                                            \
  MUTANT(order_28_smallest, "smallest order fails", "smallest-order|order|wrong",                              \
         "order 28·2^0 is computed with 28 columns but 24 rows")                                               \
  MUTANT(signs_after_h, "signs after H, or none", "signs-after|wrong",                                         \
         "the signs are applied after H, consistently in both directions")                                     \
  MUTANT(signs_none_when_full, "signs after H, or none", "no-signs|wrong",                                     \
         "no signs where n = d is a multiple of 128")                                                          \
  MUTANT(inverse_is_h, "inverse is not the transpose", "inverse|transposed|wrong",                             \
         "decode uses H for its transpose where m = 20")                                                       \
  MUTANT(inverse_cut_first, "inverse is not the transpose", "inverse|wrong",                                   \
         "transform_transposed zeroes y past n before Hᵀ")                                                     \
  MUTANT(query_basis, "two paths, two bases", "two-bases|dot|wrong",                                           \
         "dot: the query is rotated without padding columns' signs reset: signs start at column n mod 2")      \
  MUTANT(dot_scale_n, "scale lost or wrong", "scale|padding|wrong",                                            \
         "dot: norm/n for norm/d")                                                                             \
  MUTANT(decode_root, "scale lost or wrong", "scale|wrong",                                                    \
         "decode: 1/(√d·√n) for 1/d")                                                                          \
  MUTANT(codebook_wrong_bits, "codebook", "codebook|sigma|kappa|wrong",                                        \
         "σ and κ of b = 5 are those of b = 4")                                                                \
  MUTANT(kappa_of_seven, "codebook", "codebook|sigma|kappa|wrong",                                             \
         "κ of b = 7 is 15/64 (14/64)")                                                                        \
  MUTANT(codeword_one_of_many, "codebook", "codebook|wrong",                                                   \
         "codeword 37 of b = 6 is off by 1e-9")                                                                \
  MUTANT(packed_as_four, "one bit width hard-wired", "bit-width|pack|wrong",                                   \
         "encode and decode write b = 3 as nibbles when d % 8 == 4")                                           \
  MUTANT(thresholds_float, "thresholds drift", "threshold|wrong",                                              \
         "thresholds, in the interface and inside, are differences of float32 antiderivatives")                \
  MUTANT(threshold_strict, "thresholds drift", "threshold|wrong",                                              \
         "encode: y > θ where y >= θ is specified, at d = 1 and 2 only")                                       \
  MUTANT(estimator_dot_constant, "estimator constant", "scale|dot|wrong",                                      \
         "dot: from b = 5 on, scores are 0.1 % too small")                                                     \
  MUTANT(dither_float_add, "dither lost in float", "dither|wrong",                                             \
         "encode and decode: k + U in float32 at b = 8")                                                       \
  MUTANT(dither_half_cell, "dead or biased rounding", "dither|wrong",                                          \
         "encode uses U, decode 1 - U")                                                                        \
  MUTANT(dither_dead, "dead or biased rounding", "dither|wrong",                                               \
         "encode and decode use U = 1/2 for odd rows")                                                         \
  MUTANT(lanes_correlated, "correlated random lanes", "sign|wrong",                                            \
         "signs of columns 64 to 127 of each 128 are those of 0 to 63")                                        \
  MUTANT(lanes_shifted, "correlated random lanes", "sign|wrong",                                               \
         "signs past column 4096 start again at column 1")                                                     \
  MUTANT(philox_rounds, "correlated random lanes", "sign|dither|philox|wrong",                                 \
         "Philox with 9 rounds for rows from 2^31 on")                                                         \
  MUTANT(tail_over_read, "tail of a SIMD loop", "memory|crashed|wrong",                                        \
         "decode reads 4 bytes at a time past the end of the last row's codes")                                \
  MUTANT(tail_over_write, "tail of a SIMD loop", "memory|crashed|wrong",                                       \
         "transform_transposed stores 4 floats at a time past n on the last row")                              \
  MUTANT(misaligned_read, "tail of a SIMD loop", "alignment|placement|crashed|wrong",                          \
         "unpack drops the low 3 address bits of bytes it reads from")                                         \
  MUTANT(isa_fma, "instruction sets disagree", "variant|instruction-sets|wrong",                               \
         "variant 1 of decode multiplies scale and undo first")                                                \
  MUTANT(isa_threshold, "instruction sets disagree", "variant|instruction-sets|wrong",                         \
         "variant 3 of encode rounds thresholds up")                                                           \
  MUTANT(nan_to_zero, "NaN swallowed", "nan|wrong",                                                            \
         "encode: NaN entries count as 0")                                                                     \
  MUTANT(norm_half, "half overflow", "half|overflow|wrong",                                                    \
         "encode: the norm is stored through fp16 where it exceeds 32768")                                     \
  MUTANT(sum_squares_float, "half overflow", "overflow|range|wrong",                                           \
         "encode: squares in float32: norms above 2^63 overflow, below 2^-75 vanish")                          \
  MUTANT(requantize_down, "requantize drift", "drift|norm|wrong",                                              \
         "encode: the norm is cut, not rounded, to 20 bits")                                                   \
  MUTANT(oracle_rounded, "wrong oracle", "error-constant|oracle|wrong",                                        \
         "error_constant: 2.73 at b = 8, below the supremum")                                                  \
  MUTANT(oracle_loose, "wrong oracle", "error-constant|oracle|wrong",                                          \
         "error_constant: the b = 3 constant is 8.16 (the paper's π√3/2 for √3π/2·...)")                       \
  MUTANT(factor_never_applied, "factor stored, never applied", "scale|norm|wrong",                             \
         "decode: norms below 1/16 are not applied")                                                           \
  MUTANT(padding_minus, "padded dimensions", "padding|wrong",                                                  \
         "transform: padding is not zero but the mean of the row where n % 16 != 0")                           \
  MUTANT(order_too_large, "padded dimensions", "order|padding|wrong",                                          \
         "encode rotates n = 97...100 as 128, not 112, and keeps the first 112")
