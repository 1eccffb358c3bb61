/* Mutants of kernels that follow a shipped profile (docs/profiles.md): MUTANT(name, kind, classes, what is wrong). */
#define PROFILED_MUTANTS(MUTANT)                                                             \
  MUTANT(mse__right, "legal", "",                                                            \
         "the profile turboquant-mse: HD/√d, Lloyd-Max of N(0, 1), the norm stored")         \
  MUTANT(mse__wrong_centroid, "codebook", "codebook|wrong",                                  \
         "centroid 5 of b = 4 is 2 % too large, on decoding alone")                          \
  MUTANT(mse__swapped, "codebook", "codebook|wrong",                                         \
         "centroids 9 and 10 of b = 4 are exchanged on decoding")                            \
  MUTANT(mse__narrow, "codebook", "codebook|wrong",                                          \
         "b = 4: the codebook is 0.61 times too narrow, thresholds too")                     \
  MUTANT(mse__sigma_one, "codebook", "codebook|unit|wrong",                                  \
         "the table of N(0, 1) is applied to unit vectors")                                  \
  MUTANT(mse__half_root, "scale lost or wrong", "scale|wrong",                               \
         "decoding has 1/√(2d) for 1/√d")                                                    \
  MUTANT(mse__root_n, "padded dimensions", "scale|padding|wrong",                            \
         "the unit is 1/√n, d is padded")                                                    \
  MUTANT(mse__norm_half, "half overflow", "half|norm|scale|wrong",                           \
         "norms pass through binary16")                                                      \
  MUTANT(mse__no_signs_back, "signs after H, or none", "sign|wrong",                         \
         "decoding leaves the signs out")                                                    \
  MUTANT(mse__dot_unrotated, "two paths, two bases", "bases|dot|wrong",                      \
         "dot does not rotate the query where n is a power of two")                          \
  MUTANT(mse__signs_fixed, "signs after H, or none", "seed|sign|wrong",                      \
         "the signs are those of seed 0 for every seed")                                     \
  MUTANT(mse__data_other, "two paths, two bases", "sign|data|wrong",                         \
         "the signs that are exported are those of the next seed")                           \
  MUTANT(mse__padding_kept, "padded dimensions", "padding|wrong",                            \
         "n mod 4 = 3: the first coordinate of the padding is 1/d of the norm")              \
  MUTANT(mse__tail_rows, 1, "batch|path|wrong",                                              \
         "decode: with 15 rows over a multiple of 16 the last is scaled by the norm before") \
  MUTANT(mse__nan_zero, "NaN swallowed", "nan|wrong",                                        \
         "NaN counts as 0")                                                                  \
  MUTANT(mse__zero_row, 5, "zero|nan|wrong",                                                 \
         "a zero row divides by its norm: codes of NaN")                                     \
  MUTANT(mse__b3_as_b4, "one bit width hard-wired", "bit-width|pack|wrong",                  \
         "b = 3 is packed as nibbles as far as they go")                                     \
  MUTANT(mse__midpoints_float, "thresholds drift", "threshold|codebook|wrong",               \
         "thresholds are rounded to 3 digits")                                               \
  MUTANT(edenhd__right, "legal", "",                                                         \
         "the profile eden: mse with the factor ‖y‖²/⟨y, q⟩")                                \
  MUTANT(edenhd__norm, "factor stored, never applied", "factor|estimator|wrong",             \
         "the norm is stored for the factor")                                                \
  MUTANT(edenhd__biased, "estimator constant", "factor|estimator|wrong",                     \
         "the factor of least error is stored")                                              \
  MUTANT(edenhd__never, "factor stored, never applied", "factor|wrong",                      \
         "the factor is stored; decoding takes 1 where it is above 8")                       \
  MUTANT(edenhd__of_n, "padded dimensions", "factor|padding|wrong",                          \
         "the factor's sums run over n of the d coordinates")
