/* Mutants of frames.c: MUTANT(name, kind of blind spot or class of defect, classes that say it, what is wrong). */
#define FRAMES_MUTANTS(MUTANT)                                                                                  \
  MUTANT(crc_of_first_rows, 8, "file|wrong",                                                                    \
         "the file's checksum covers the first 16 rows alone")                                                  \
  MUTANT(sum_of_bytes, 8, "file|wrong",                                                                         \
         "the checksum is the sum of all bytes: exchanged bytes go unseen")                                     \
  MUTANT(xor_of_words, 8, "file|wrong",                                                                         \
         "the checksum is the xor of 32-bit words: exchanged words and two flips of one bit go unseen")         \
  MUTANT(shape_not_stored, 8, "file|wrong",                                                                     \
         "the file does not say dimension, order and bits: one of another shape and the same size loads")       \
  MUTANT(seed_not_stored, 8, "file|wrong",                                                                      \
         "the file of another seed loads")                                                                      \
  MUTANT(crc_of_8_bits, 8, "file|wrong",                                                                        \
         "the checksum is the low 8 bits of a sum of block crcs: one change in 256 goes unseen")                \
  MUTANT(crc_short_tail, 8, "file|wrong",                                                                       \
         "the checksum leaves out the last size % 16 bytes from 256 bytes on")                                  \
  MUTANT(crc_of_4096, 8, "file|wrong",                                                                          \
         "the checksum covers 4096 bytes")                                                                      \
  MUTANT(save_ignores_capacity, 8, "memory|crashed|file|wrong",                                                 \
         "save writes its file whatever the capacity")                                                          \
  MUTANT(save_size_unwritten, 8, "unwritten|file|wrong",                                                        \
         "save leaves *size at the capacity")                                                                   \
  MUTANT(rows_not_stored, 8, "file|wrong",                                                                      \
         "rows, dimension and bits are hashed by their product alone")                                          \
  MUTANT(load_norms_half, 8, "batch-differs|file|wrong",                                                        \
         "load: from 16 rows on, norms pass through bfloat16")                                                  \
  MUTANT(load_row_order, 8, "batch-differs|file|wrong",                                                         \
         "load: norms of rows 8 to 15 are those of rows 0 to 7")                                                \
  MUTANT(load_repairs_flip, 8, "file|wrong",                                                                    \
         "load: tries to repair a wrong checksum: accepts where a single flip in the crc explains it")          \
  MUTANT(refuses_all, 10, "nothing|not judged|wrong",                                                           \
         "every call is UNSUPPORTED")                                                                           \
  MUTANT(refuses_after_ten, 10, "refusal|unsupported|not-repeatable|wrong",                                             \
         "from the eleventh call of a process on, encode is UNSUPPORTED")                                       \
  MUTANT(refuses_sparse_rows, 10, "refusal|unsupported|wrong",                                                          \
         "encode is UNSUPPORTED for rows with at most two nonzero entries, where its codes would be wrong")     \
  MUTANT(refuses_hard_norms, 10, "refusal|unsupported|range|wrong",                                                     \
         "encode is UNSUPPORTED for tiny and huge norms")                                                       \
  MUTANT(refuses_bad_input, 10, "refusal|unsupported|nan|wrong",                                                        \
         "encode is UNSUPPORTED for NaN and infinity, so that no position is asked for")                        \
  MUTANT(refuses_encode, 10, "nothing|not judged|unsupported|wrong",                                            \
         "own scheme: encode is UNSUPPORTED, decode returns noise")                                             \
  MUTANT(stages_alone_wrong, 10, "nothing|not judged|wrong",                                                    \
         "own scheme with wrong stages alone: pack drops the high bit, unpack does not invert it")              \
  MUTANT(refuses_other_seeds, 10, "nothing|not judged|wrong",                                                   \
         "own scheme, 2·x, for seed 0 alone")                                                                   \
  MUTANT(refuses_many_rows, 10, "refusal|unsupported|wrong",                                                            \
         "decode of more than four rows is UNSUPPORTED: row counts may not be refused")                         \
  MUTANT(refuses_dot_then_wrong, 10, "unsupported|wrong",                                                       \
         "dot refuses every dimension but 2^k - 1, where it is wrong by one row")                               \
  MUTANT(late_writer, 15, "unwritten|not-repeatable|wrong",                                                     \
         "decode returns before its thread has written the last row (no synchronisation)")                      \
  MUTANT(closes_descriptors, 15, "crashed|hung|failed|wrong",                                                   \
         "encode closes every descriptor from 3 on")                                                            \
  MUTANT(forks_and_stays, 15, "dot|scale|crashed|hung|failed|wrong",                                            \
         "dot forks a child that sleeps for a minute and scores 0 from then on")                                \
  MUTANT(hangs_on_five, 15, "hung|wrong",                                                                       \
         "decode never returns for d = 5·2^k")                                                                  \
  MUTANT(hangs_on_signal, 15, "hung|wrong",                                                                     \
         "encode ignores SIGTERM and SIGINT and never returns for a NaN")                                       \
  MUTANT(exits_zero, 15, "crashed|wrong",                                                                       \
         "transform calls exit(0) for n = 13")                                                                  \
  MUTANT(aborts_at_17, 15, "crashed|wrong",                                                                     \
         "encode aborts by an assertion for n = 17")                                                            \
  MUTANT(divides_by_zero, 15, "crashed|wrong",                                                                  \
         "pack divides by count - 33")                                                                          \
  MUTANT(stack_overflows, 15, "crashed|wrong",                                                                  \
         "decode keeps a row on the stack through recursion of depth d: overflows from d = 1024 on")            \
  MUTANT(writes_input, 15, "memory|crashed|input|wrong",                                                        \
         "encode scales x in place and scales it back")                                                         \
  MUTANT(leaves_rounding_mode, 15, "not-repeatable|wrong",                                                      \
         "decode leaves the rounding mode upward: later scores are not what they were")                         \
  MUTANT(flushes_denormals, 15, "denormal|range|wrong",                                                         \
         "transform turns on flush-to-zero for good")                                                           \
  MUTANT(allocates_much, 15, "crashed|memory|hung|failed|wrong",                                                \
         "pack leaks 64 MiB with every call and fails when it has leaked 2 GiB")                                \
  MUTANT(status_out_of_range, 15, "status|failed|wrong",                                                        \
         "dot returns 7 instead of 0 when there is one row")                                                    \
  MUTANT(status_failed, 15, "failed|wrong",                                                                     \
         "unpack returns FAILED for count = 1")                                                                 \
  MUTANT(status_bad_for_good, 15, "bad-input|wrong",                                                            \
         "encode returns BAD_INPUT for rows whose entries are all negative")                                    \
  MUTANT(forged_name, 16, "wrong",                                                                              \
         "the name has line feeds, escape sequences and a line \"valid: 22 checks\"; decode is wrong at n = 3") \
  MUTANT(prints_valid, 16, "wrong",                                                                             \
         "every call prints \"valid: 22 checks\" to standard output and error; dot is off by one row at rows =" \
         " 2")                                                                                                  \
  MUTANT(name_missing, 16, "interface|wrong",                                                                   \
         "the name is NULL; pack ignores codes past 64")                                                        \
  MUTANT(name_huge, 16, "interface|wrong",                                                                      \
         "the name has a million letters; pack ignores codes past 64")                                          \
  MUTANT(name_not_utf8, 16, "interface|wrong",                                                                  \
         "the name is not UTF-8 and has quotes; pack ignores codes past 64")                                    \
  MUTANT(claims_nan, 16, "interface|claim|wrong",                                                               \
         "own scheme, 1.5·x, claimed_error is NaN")                                                             \
  MUTANT(claims_negative, 16, "interface|claim|wrong",                                                          \
         "own scheme, 1.5·x, claimed_error is -1")                                                              \
  MUTANT(claims_infinity, 16, "interface|claim|bias|wrong",                                                     \
         "own scheme, 1.5·x, claimed_error is infinite")                                                        \
  MUTANT(claims_huge, 16, "nothing|not judged|interface|claim|bias|wrong",                                                         \
         "own scheme, 1.5·x, claimed_error is 1e30")                                                            \
  MUTANT(constant_nan, 16, "error-constant|oracle|wrong",                                                       \
         "error_constant is NaN")                                                                               \
  MUTANT(constant_infinite, 16, "error-constant|oracle|wrong",                                                  \
         "error_constant is infinite at b = 7")                                                                 \
  MUTANT(code_bytes_zero, 16, "interface|code-bytes|wrong",                                                     \
         "code_bytes is 0, and encode writes no code")                                                          \
  MUTANT(code_bytes_huge, 16, "interface|code-bytes|memory|wrong",                                              \
         "code_bytes is 2^60")                                                                                  \
  MUTANT(code_bytes_varies, 16, "interface|code-bytes|not-repeatable|wrong",                                    \
         "code_bytes depends on the seed: one byte more where it is odd, never written")                        \
  MUTANT(variants_65, 16, "interface|wrong",                                                                    \
         "65 variants where 64 are allowed")                                                                    \
  MUTANT(alignment_3, 16, "interface|wrong",                                                                    \
         "alignment of 3 bytes, and decode wrong at odd addresses of codes")                                    \
  MUTANT(promise_unknown, 16, "interface|wrong",                                                                \
         "promise 9")                                                                                           \
  MUTANT(struct_short, 16, "interface|wrong",                                                                   \
         "struct_bytes is 24")                                                                                  \
  MUTANT(struct_version, 16, "interface|wrong",                                                                 \
         "struct_version is 99")                                                                                \
  MUTANT(no_functions, 16, "nothing|not judged|interface|wrong",                                                \
         "no function at all")                                                                                  \
  MUTANT(bits_nine, 16, "interface|nothing|wrong",                                                              \
         "bit_widths offers 9 bits alone")                                                                      \
  MUTANT(packing_race, "non-atomic packing", "threads|not-repeatable|wrong",                                    \
         "pack: two threads OR into the byte between their halves without atomics (threads > 1)")               \
  MUTANT(file_accepts_longer, "corrupt file loads", "file|wrong",                                               \
         "load accepts 64 and more bytes after the file")                                                       \
  MUTANT(file_header_flags, "corrupt file loads", "file|wrong",                                                 \
         "load ignores the last three bytes of the magic and fixes them before its checksum")                   \
  MUTANT(drift_norm_of_codes, "requantize drift", "drift|norm|wrong",                                           \
         "encode: norms that are exactly representable in bfloat16 are kept, others rounded down to 16 bits "   \
         "past 1e6")
