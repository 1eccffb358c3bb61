/* Schemes of their own on blocks of 16 entries, without rotation: a right one of each ("legal") and its mutants. */
#define OWN_BLOCKS_MUTANTS(MUTANT)                                                                              \
  MUTANT(uniform__right, "legal", "",                                                                           \
         "subtractive dither, step from the largest magnitude of each block of 16")                             \
  MUTANT(uniform__clipped, 9, "bias|codebook|wrong",                                                            \
         "the range of a block is at most 3.9 times its root mean square: a lone entry is clipped by 2.5 %")    \
  MUTANT(uniform__half_missing, 9, "error|bias|dither|wrong",                                                   \
         "decoding forgets the half step: all values are half a step too low")                                  \
  MUTANT(uniform__eight_bits, 9, "bias|dither|wrong",                                                           \
         "dither of 8 bits without its half: values are a 512th of a step too high")                            \
  MUTANT(uniform__four_bits, 9, "bias|dither|wrong",                                                            \
         "dither of 4 bits without its half: values are a 32nd of a step too high")                             \
  MUTANT(uniform__odd_rows, 9, "bias|error|dither|wrong",                                                       \
         "odd rows are decoded with the dither of the row before")                                              \
  MUTANT(uniform__levels, 9, "error|bias|scale|wrong",                                                          \
         "decoding steps are 2A/N where coding has 2A/(N - 1)")                                                 \
  MUTANT(uniform__range_bfloat, 9, "bias|codebook|wrong",                                                       \
         "ranges are rounded to bfloat16, half of them downward")                                               \
  MUTANT(uniform__tail_range, 9, "bias|tail|wrong",                                                             \
         "the last, shorter block uses the range of the block before")                                          \
  MUTANT(uniform__seeds_256, 9, "bias|dither|wrong",                                                            \
         "8 bits of the seed are used")                                                                         \
  MUTANT(uniform__seeds_16, 9, "bias|dither|wrong",                                                             \
         "4 bits of the seed are used")                                                                         \
  MUTANT(uniform__lane_63, 9, "bias|dither|wrong",                                                              \
         "lane 63 of each 64 has no dither: plain rounding")                                                    \
  MUTANT(uniform__lane_11, 9, "error|bias|dither|wrong",                                                        \
         "lane 11 of each 12 has no dither: plain rounding")                                                    \
  MUTANT(uniform__odd_last, 9, "bias|tail|wrong",                                                               \
         "for odd n the last entry decodes to zero")                                                            \
  MUTANT(uniform__largest_signed, 9, "bias|codebook|wrong",                                                     \
         "the range is the largest entry, not magnitude, where that is not 0: negative blocks are clipped")     \
  MUTANT(uniform__claim_small, 9, "error|wrong",                                                                \
         "claims a fifth of its error")                                                                         \
  MUTANT(uniform__not_subtracted, 9, "error|wrong",                                                             \
         "dither is not subtracted, the claim is that of subtractive dither")                                   \
  MUTANT(uniform__negative_zero_block, 9, "bias|nan|wrong",                                                     \
         "a block of zeros divides by its step: NaN")                                                           \
  MUTANT(uniform__dither_of_pairs, 9, "error|bias|dither|wrong",                                                \
         "entry 2j + 1 is coded with the dither of entry 2j, decoded with its own, at b = 7")                   \
  MUTANT(stochastic__right, "legal", "",                                                                        \
         "stochastic rounding to -L ... L, L = 2^(b-1) - 1, scale from the largest magnitude of each block of " \
         "16")                                                                                                  \
  MUTANT(stochastic__down, 9, "error|bias|rounding|wrong",                                                      \
         "random bits are misaligned: 8 of 16 bits are always 0, so it rounds down")                            \
  MUTANT(stochastic__toward_zero, 9, "error|bias|rounding|wrong",                                               \
         "a cast to int for floor: negative entries are rounded toward zero too often")                         \
  MUTANT(stochastic__plus_one, 9, "bias|rounding|wrong",                                                        \
         "random numbers of 7 bits counted from 1 to 128")                                                      \
  MUTANT(stochastic__top_lost, 9, "bias|codebook|wrong",                                                        \
         "codes are held below L: the largest entry of a block loses a step")                                   \
  MUTANT(stochastic__no_seed, 9, "bias|rounding|wrong",                                                         \
         "random numbers depend on row and lane alone")                                                         \
  MUTANT(stochastic__block_end, 9, "bias|codebook|wrong",                                                       \
         "the last entry of a full block is not looked at for the scale, and clipped")                          \
  MUTANT(stochastic__nearest_small, 9, "bias|rounding|wrong",                                                   \
         "entries below half a step are rounded to nearest: always 0")                                          \
  MUTANT(stochastic__three_hot, 9, "bias|rounding|wrong",                                                       \
         "rows with exactly three nonzero entries take a sparse path that rounds to nearest")                   \
  MUTANT(stochastic__five_hot, 9, "bias|rounding|wrong",                                                        \
         "rows with exactly five nonzero entries take a sparse path that rounds to nearest")                    \
  MUTANT(stochastic__all_negative, 9, "bias|rounding|wrong",                                                    \
         "rows without a positive entry are rounded down")                                                      \
  MUTANT(stochastic__shrinks, 9, "bias|drift|wrong",                                                            \
         "decoded values are 0.998 times what they should be")                                                  \
  MUTANT(stochastic__declines, 9, "scale|bias|wrong",                                                           \
         "twice the input, offered only where n % 64 = 0")                                                      \
  MUTANT(stochastic__dot_skips, 9, "bias|dot|path|wrong",                                                       \
         "dot leaves out the last block where it is the fourth")                                                \
  MUTANT(microfloat__right, "legal", "",                                                                        \
         "b = 4: E2M1 with stochastic rounding, scale of a block of 16 the largest magnitude over 6")           \
  MUTANT(microfloat__five, 9, "bias|codebook|wrong",                                                            \
         "decoding has 5 where 4 belongs")                                                                      \
  MUTANT(microfloat__gap, 9, "bias|rounding|wrong",                                                             \
         "between 4 and 6 the chance to round up is that of a gap of 1")                                        \
  MUTANT(microfloat__dead_zone, 9, "bias|rounding|wrong",                                                       \
         "magnitudes below 1/2 are rounded to nearest")                                                         \
  MUTANT(microfloat__scale_e4m3, 9, "bias|scale|wrong",                                                         \
         "scales are rounded to 3 bits of fraction to nearest: the largest entry is clipped")                   \
  MUTANT(microfloat__sign_after, 9, "bias|sign|wrong",                                                          \
         "the sign is taken after a rounding to nearest: small negative entries become positive")               \
  MUTANT(microfloat__nibbles, 9, "bias|pack|wrong",                                                             \
         "for odd n the last two entries are exchanged")                                                        \
  MUTANT(microfloat__subnormal, 9, "bias|rounding|wrong",                                                       \
         "the step between 1/2 and 1 is treated as a normal's: chance of rounding up twice as high, at most 1")
