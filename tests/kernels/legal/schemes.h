/* Kernels of schemes.c: LEGAL(name, "legal", "", what is unusual). Right schemes of their own. */
#define SCHEMES_KERNELS(LEGAL)                                                                                  \
  LEGAL(lossless, "legal", "",                                                                                  \
         "x̂ = x: the codes are the floats; seeds do not matter")                                               \
  LEGAL(hash_of_input, "legal", "",                                                                             \
         "the dither depends on seed and on the bits of x")                                                     \
  LEGAL(half_storage, "legal", "",                                                                              \
         "entries of x/‖x‖ in binary16, rounded stochastically")                                                \
  LEGAL(three_outputs, "legal", "",                                                                             \
         "one of the n entries, drawn by the seed, times n; the others 0: unbiased with a large error that is " \
         "claimed")                                                                                             \
  LEGAL(signs_only_pack, "legal", "",                                                                           \
         "pack and unpack alone")                                                                               \
  LEGAL(nothing_offered, "legal", "",                                                                           \
         "reconstruct that is offered for n = 100003 alone")                                                    \
  LEGAL(loose_claim, "legal", "",                                                                               \
         "subtractive dither with a claim a hundred times its error")                                           \
  LEGAL(two_rows_one_dither, "legal", "",                                                                       \
         "rows 2i and 2i + 1 share their dither")                                                               \
  LEGAL(narrow_dimension, "legal", "",                                                                          \
         "subtractive dither for 3 <= n <= 9 alone")
