/* Schemes of their own after a rotation: a right one of each ("legal") and its mutants. */
#define OWN_ROTATED_MUTANTS(MUTANT)                                                                             \
  MUTANT(eden__right, "legal", "",                                                                              \
         "Haar rotation, Lloyd-Max of N(0, 1), factor ‖u‖²/⟨y, q⟩: unbiased over rotations")                    \
  MUTANT(eden__norm_factor, 9, "bias|estimator|wrong",                                                          \
         "the factor of the least error, ⟨y, q⟩/‖q‖², where the unbiased one is claimed")                       \
  MUTANT(eden__factor_unused, 9, "bias|estimator|factor|wrong",                                                 \
         "the factor is stored, and 1/√n applied")                                                              \
  MUTANT(eden__narrow, 9, "error|codebook|wrong",                                                               \
         "b = 4: codebook 0.5 times too narrow; the factor keeps it unbiased, the error is several times the "  \
         "claim")                                                                                               \
  MUTANT(eden__swapped, 9, "error|codebook|wrong",                                                              \
         "b = 3: two neighbouring centroids are exchanged on decoding, the factor is computed with the right "  \
         "ones")                                                                                                \
  MUTANT(eden__unit_table, 9, "error|codebook|wrong",                                                           \
         "the table of N(0, 1) is applied to unit vectors: y lacks √n")                                         \
  MUTANT(eden__odd_stays, 9, "bias|rotation|wrong",                                                             \
         "for odd n the inverse rotation is forgotten")                                                         \
  MUTANT(eden__last_row, 9, "error|bias|orthogonal|wrong",                                                      \
         "the last row of the rotation is not made orthogonal to the others")                                   \
  MUTANT(eden__normalised_only, 9, "error|bias|orthogonal|wrong",                                               \
         "the rows of the rotation are normalised Gaussians, not orthogonal")                                   \
  MUTANT(eden__seeds_256, 9, "bias|seed|wrong",                                                                 \
         "256 different rotations")                                                                             \
  MUTANT(eden__lloyd_stopped, 9, "error|codebook|wrong",                                                        \
         "b >= 5: Lloyd's iteration was started on [-20, 20] and stopped after three steps: wide outer cells, " \
         "few inner levels")                                                                                    \
  MUTANT(eden__norm_down, 9, "bias|drift|wrong",                                                                \
         "the factor is cut to 8 bits of significand")                                                          \
  MUTANT(eden__midpoint, 9, "error|codebook|wrong",                                                             \
         "b = 2: thresholds are centroids instead of midpoints")                                                \
  MUTANT(eden__first_signs, 9, "error|bias|rotation|wrong",                                                     \
         "not a rotation but a permutation with signs: unbiased for no constant row")                           \
  MUTANT(prod__right, "legal", "",                                                                              \
         "Lloyd-Max of b - 1 bits, then one sign bit of a Gaussian S times the residual, √(π/2)/n·‖r‖")         \
  MUTANT(prod__constant, 9, "bias|estimator|wrong",                                                             \
         "√(2/π) for √(π/2)")                                                                                   \
  MUTANT(prod__structured, 9, "bias|estimator|wrong",                                                           \
         "S is the rotation itself times √n")                                                                   \
  MUTANT(prod__gamma, 9, "error|bias|estimator|wrong",                                                          \
         "‖x‖ is stored for ‖r‖ at b = 2")                                                                      \
  MUTANT(prod__dead_residual, 9, "bias|estimator|wrong",                                                        \
         "the residual's bit is never added")                                                                   \
  MUTANT(prod__dead_at_eight, 9, "bias|estimator|wrong",                                                        \
         "the residual's bit is never added from b = 6 on")                                                     \
  MUTANT(prod__sign_of_input, 9, "error|bias|estimator|wrong",                                                  \
         "the bits are those of S·y, not of S·r")                                                               \
  MUTANT(prod__padded, 9, "bias|scale|wrong",                                                                   \
         "divided by the next power of two for n, where n is not one")                                          \
  MUTANT(prod__gaussian_clipped, 9, "bias|estimator|wrong",                                                     \
         "S is uniform on ±√3 instead of Gaussian, the constant is unchanged")                                  \
  MUTANT(prod__dot_only_base, 9, "bias|dot|path|wrong",                                                         \
         "dot leaves the residual out, decode has it")                                                          \
  MUTANT(signbit__right, "legal", "",                                                                           \
         "b = 1, encode and dot alone: sign bits of a Haar rotation, ⟨ō, Rq⟩/⟨ō, o⟩")                           \
  MUTANT(signbit__mean_factor, 9, "bias|estimator|wrong",                                                       \
         "0.8 for ⟨ō, o⟩ of the row")                                                                           \
  MUTANT(signbit__query_stays, 9, "bias|rotation|wrong",                                                        \
         "for odd n the query is not rotated")                                                                  \
  MUTANT(signbit__padded, 9, "bias|scale|wrong",                                                                \
         "1/√(next power of two) for 1/√n in the query's product")                                              \
  MUTANT(signbit__limited, 9, "bias|estimator|wrong",                                                           \
         "scores are held within ±0.9·‖x‖·‖q‖")                                                                 \
  MUTANT(signbit__squared, 9, "bias|estimator|wrong",                                                           \
         "divided by the square of ⟨ō, o⟩ times 0.8")                                                           \
  MUTANT(dithered__right, "legal", "",                                                                          \
         "reconstruct alone: HD of the next power of two with its own signs, the generator of SPEC §3, one U a" \
         " row")                                                                                                \
  MUTANT(dithered__eight_bits, 9, "bias|dither|wrong",                                                          \
         "U has 8 bits")                                                                                        \
  MUTANT(dithered__clipped, 9, "bias|dither|wrong",                                                             \
         "U is held within [0.03, 0.97]")                                                                       \
  MUTANT(dithered__lane_37, 9, "bias|dither|wrong",                                                             \
         "lane 37 of each 64 uses U = 1/2")                                                                     \
  MUTANT(dithered__three_hot, 9, "bias|dither|wrong",                                                           \
         "rows with three nonzero entries use U = 1/2")                                                         \
  MUTANT(dithered__seven_hot, 9, "bias|dither|wrong",                                                           \
         "rows with seven nonzero entries use U = 1/2")                                                         \
  MUTANT(dithered__odd, 9, "bias|wrong",                                                                        \
         "for odd n the last entry is halved")                                                                  \
  MUTANT(dithered__short_tails, 9, "bias|codebook|wrong",                                                       \
         "codewords are held within ±3: tails lost")                                                            \
  MUTANT(dithered__no_kappa, 9, "bias|codebook|wrong",                                                          \
         "b = 6: κ = 0.0001, thresholds of κ = 0: tails are clipped")                                           \
  MUTANT(dithered__shrinks, 9, "bias|drift|wrong",                                                              \
         "x̂ is 0.9995 times what it should be")                                                                \
  MUTANT(dithered__mean_lost, 9, "bias|wrong",                                                                  \
         "the first coordinate of y is dropped: rows aligned with a row of H")                                  \
  MUTANT(dithered__half_seeds, 9, "bias|dither|wrong",                                                          \
         "U of odd seeds is that of the even seed below, mirrored only in decoding")                            \
  MUTANT(dithered__variants, 9, "variant|wrong",                                                                \
         "variant 1 has another U for n > 100")
