/* Kernels of arithmetic.c: LEGAL(name, "legal", "", what is unusual). All promise SPEC §1–§4 and keep it. */
#define ARITHMETIC_KERNELS(LEGAL)                                                                             \
  LEGAL(dense_reverse, "legal", "",                                                                           \
         "H by its definition, each output one float32 sum from the last column to the first")                \
  LEGAL(dense_kahan, "legal", "",                                                                             \
         "H by its definition, each output one compensated float32 sum in the order of bit-reversed columns") \
  LEGAL(dense_pairwise, "legal", "",                                                                          \
         "H by its definition, pairwise float32 sums")                                                        \
  LEGAL(all_double, "legal", "",                                                                              \
         "float64 from input to output")                                                                      \
  LEGAL(all_extended, "legal", "",                                                                            \
         "long double from input to output: 80 bits on x86")                                                  \
  LEGAL(fused_everywhere, "legal", "",                                                                        \
         "fused multiply-adds in transform, scaling, norm, thresholds and scores")                            \
  LEGAL(stages_reversed, "legal", "",                                                                         \
         "the base matrix first, then butterflies from the widest to the narrowest")                          \
  LEGAL(column_major, "legal", "",                                                                            \
         "all rows of a call are rotated together, entry by entry")                                           \
  LEGAL(norm_in_float, "legal", "",                                                                           \
         "norms by pairwise float32 sums of scaled squares")                                                  \
  LEGAL(rows_of_64, "legal", "",                                                                              \
         "code rows padded to 64 bytes with zeros")                                                           \
  LEGAL(rows_of_64_garbage, "legal", "",                                                                      \
         "code rows padded to 64 bytes with bytes that depend on the row's codes")                            \
  LEGAL(five_variants, "legal", "",                                                                           \
         "five variants, all right and the same")                                                             \
  LEGAL(up_to_777, "legal", "",                                                                               \
         "max_dimension 777")                                                                                 \
  LEGAL(bits_1_3_8, "legal", "",                                                                              \
         "1, 3 and 8 bits alone")                                                                             \
  LEGAL(even_only, "legal", "",                                                                               \
         "declines odd n")                                                                                    \
  LEGAL(multiples_of_64, "legal", "",                                                                         \
         "declines n that is no multiple of 64")                                                              \
  LEGAL(only_128, "legal", "",                                                                                \
         "offers n = 128 alone, one head of a model")                                                         \
  LEGAL(even_seeds, "legal", "",                                                                              \
         "declines odd seeds")                                                                                \
  LEGAL(encode_and_dot, "legal", "",                                                                          \
         "encode and dot alone")                                                                              \
  LEGAL(decode_alone, "legal", "",                                                                            \
         "decode alone")                                                                                      \
  LEGAL(transform_alone, "legal", "",                                                                         \
         "transform alone")                                                                                   \
  LEGAL(reconstruct_alone, "legal", "",                                                                       \
         "reconstruct alone")                                                                                 \
  LEGAL(threaded, "legal", "",                                                                                \
         "encode, decode and dot on as many threads as asked for")                                            \
  LEGAL(aligned_64, "legal", "",                                                                              \
         "needs float arrays at multiples of 64 bytes and stops where one is not")                            \
  LEGAL(remembering, "legal", "",                                                                             \
         "caches of signs and codebooks of each thread, keyed by all they depend on")                                  \
  LEGAL(bad_from_the_end, "legal", "",                                                                        \
         "looks for the first bad column from the last one on")                                               \
  LEGAL(talkative, "legal", "",                                                                               \
         "writes a line to standard error with every hundredth call")
