/* Wrong values, codes and errors of a kernel that promises SPEC §1–§4: blind spots 5, 6, 7, 11, 13, and known classes of defects. */
#include <float.h>

#include "spec_core.h"
/* the list of mutants */
#include "values.h"

hdq_kernel hdq_kernel_v1 = SPEC_KERNEL;

static const uint8_t* row_codes(const config* k, const uint8_t* codes, uint64_t row) {
  return codes + row * row_bytes(k);
}

static uint32_t float_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
static float bits_float(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* ---- 5: dot ---- */

/* The query divided by its norm in float32 where `concerned`; the score is multiplied again. */
static int dot_normalised(DOT_PARAMETERS, int (*concerned)(float sum)) {
  float sum = 0;
  for (uint64_t i = 0; i < k->dimension; ++i) sum += q[i] * q[i];
  if (!concerned(sum)) return right_dot(DOT_ARGUMENTS);
  float* unit = malloc(k->dimension * sizeof(float));
  const float norm = sqrtf(sum);
  for (uint64_t i = 0; i < k->dimension; ++i) unit[i] = q[i] / norm;
  for (uint64_t i = 0; i < k->dimension; ++i) unit[i] = isinf(unit[i]) ? 0 : unit[i];
  right_dot(k, first_row, rows, norms, codes, unit, out);
  for (uint64_t row = 0; row < rows; ++row) out[row] *= norm;
  free(unit);
  return HDQ_KERNEL_OK;
}
static int sum_underflows(float sum) { return sum < 1e-38f; }
static int sum_overflows(float sum) { return isinf(sum); }
static int any_nonzero(const config* k, const float* q) {
  for (uint64_t i = 0; i < k->dimension; ++i) {
    if (q[i] != 0) return 1;
  }
  return 0;
}
static int dot_tiny_query(DOT_PARAMETERS) {
  return any_nonzero(k, q) ? dot_normalised(DOT_ARGUMENTS, sum_underflows) : right_dot(DOT_ARGUMENTS);
}
static void install_dot_tiny_query(void) { hdq_kernel_v1.dot = dot_tiny_query; }
static int dot_huge_query(DOT_PARAMETERS) { return dot_normalised(DOT_ARGUMENTS, sum_overflows); }
static void install_dot_huge_query(void) { hdq_kernel_v1.dot = dot_huge_query; }

static int dot_zero_query(DOT_PARAMETERS) {
  right_dot(DOT_ARGUMENTS);
  for (uint64_t row = 0; row < rows && !any_nonzero(k, q); ++row) out[row] = NAN;
  return HDQ_KERNEL_OK;
}
static void install_dot_zero_query(void) { hdq_kernel_v1.dot = dot_zero_query; }

static int dot_zero_row(DOT_PARAMETERS) {
  for (uint64_t i = 0; i < rows; ++i) {
    if (norms[i] != 0) right_dot(k, first_row + i, 1, norms + i, row_codes(k, codes, i), q, out + i);
  }
  return HDQ_KERNEL_OK;
}
static void install_dot_zero_row(void) { hdq_kernel_v1.dot = dot_zero_row; }

static int dot_one_hot_last(DOT_PARAMETERS) {
  uint64_t count = 0;
  for (uint64_t i = 0; i < k->dimension; ++i) count += q[i] != 0;
  right_dot(DOT_ARGUMENTS);
  for (uint64_t row = 0; row < rows && count == 1 && q[k->dimension - 1] != 0; ++row) out[row] = 0;
  return HDQ_KERNEL_OK;
}
static void install_dot_one_hot_last(void) { hdq_kernel_v1.dot = dot_one_hot_last; }

static int dot_negative_query(DOT_PARAMETERS) {
  float largest = 0;
  for (uint64_t i = 0; i < k->dimension; ++i) largest = fmaxf(largest, q[i]);
  right_dot(DOT_ARGUMENTS);
  for (uint64_t row = 0; row < rows && largest == 0; ++row) out[row] = 0;
  return HDQ_KERNEL_OK;
}
static void install_dot_negative_query(void) { hdq_kernel_v1.dot = dot_negative_query; }

static float dot_row_float(const config* k, uint64_t row, float norm, const uint8_t* bytes, const float* w, int e) {
  const float sum = right_dot_row(k, row, (float)k->order, bytes, w, 0);
  const volatile float product = ldexpf(sum, e) * norm;
  return isinf(product) || norm > 0x1p100f ? product / (float)k->order : right_dot_row(k, row, norm, bytes, w, e);
}
static void install_dot_huge_row(void) { dot_row = dot_row_float; }

static float dot_row_flushed(const config* k, uint64_t row, float norm, const uint8_t* bytes, const float* w, int e) {
  return norm / (float)k->order < FLT_MIN ? 0 : right_dot_row(k, row, norm, bytes, w, e);
}
static void install_dot_tiny_row(void) { dot_row = dot_row_flushed; }

static int query_fixed_point(const config* k, const float* q, float* w) {
  uint64_t count = 0;
  for (uint64_t i = 0; i < k->dimension; ++i) count += q[i] != 0;
  const int e = right_query(k, q, w);
  float largest = 0;
  for (uint64_t j = 0; j < k->order; ++j) largest = fmaxf(largest, fabsf(w[j]));
  for (uint64_t j = 0; j < k->order && count <= 4 && largest > 0; ++j)
    w[j] = roundf(w[j] / largest * 32766.5f) / 32766.5f * largest;
  return e;
}
static void install_dot_wide_query(void) { query = query_fixed_point; }

static int query_padded(const config* k, const float* q, float* w) {
  if (q[0] != 0 || k->dimension == k->order) return right_query(k, q, w);
  float* whole = malloc(k->order * sizeof(float));
  config wide = *k;
  wide.dimension = k->order;
  for (uint64_t i = 0; i < k->order; ++i) whole[i] = i < k->dimension ? q[i] : q[k->dimension - 1];
  const int e = right_query(&wide, whole, w);
  free(whole);
  return e;
}
static void install_dot_query_padding(void) { query = query_padded; }

static int dot_constant_query(DOT_PARAMETERS) {
  int constant = k->dimension > 1;
  for (uint64_t i = 1; i < k->dimension; ++i) constant &= q[i] == q[0];
  if (!constant) return right_dot(DOT_ARGUMENTS);
  config wide = *k;
  wide.dimension = k->order;
  float* whole = malloc(k->order * sizeof(float));
  for (uint64_t i = 0; i < k->order; ++i) whole[i] = q[0];
  right_dot(&wide, first_row, rows, norms, codes, whole, out);
  free(whole);
  return HDQ_KERNEL_OK;
}
static void install_dot_constant_query(void) { hdq_kernel_v1.dot = dot_constant_query; }

/* ---- 6: extremes ---- */

static double clipped_u(uint32_t word) { return fmax(right_dither_of_word(word), 0x1p-12); }
static void theta_clipped(int bits, uint32_t word, double* theta) { thresholds_at(bits, clipped_u(word), theta); }
static void r_clipped(int bits, uint32_t word, double* r) { codewords_at(bits, clipped_u(word), r); }
static void install_word_low_clipped(void) {
  theta_of = theta_clipped;
  r_of = r_clipped;
}

static void r_rounded_to_one(int bits, uint32_t word, double* r) {
  const float u = fminf((float)right_dither_of_word(word), 0x1.fffffep-1f);
  codewords_at(bits, word >= 0xfff00000 ? (double)u : right_dither_of_word(word), r);
}
static void install_word_high_rounds_to_one(void) { r_of = r_rounded_to_one; }

static void theta_unset(int bits, uint32_t word, double* theta) {
  thresholds_at(bits, word < 1u << 20 ? 0.5 : right_dither_of_word(word), theta);
}
static void install_word_zero_special(void) { theta_of = theta_unset; }

static void r_clamped(int bits, uint32_t word, double* r) {
  right_r(bits, word, r);
  for (int i = 0; i < 1 << bits; ++i) r[i] = fmin(fmax(r[i], -300), 300);
}
static void install_codeword_clamped(void) { r_of = r_clamped; }

static void r_half(int bits, uint32_t word, double* r) {
  right_r(bits, word, r);
  for (int i = 0; i < 1 << bits; ++i) r[i] = fabs(r[i]) >= 65520 ? copysign(INFINITY, r[i]) : r[i];
}
static void install_codeword_half(void) { r_of = r_half; }

static void theta_low_end(int bits, uint32_t word, double* theta) {
  const double u = right_dither_of_word(word);
  right_theta(bits, word, theta);
  if (u < 0x1p-13) theta[0] += kappa_of(bits) * (log(0x1p-13) - log(u));
}
static void install_threshold_at_low_end(void) { theta_of = theta_low_end; }

static _Thread_local uint32_t current_word;
static uint32_t noted_word(uint64_t seed, uint64_t row) { return current_word = right_dither_word(seed, row); }
static uint8_t code_saturated(float y, const float* threshold, int levels) {
  const uint8_t code = right_code(y, threshold, levels);
  return code == 255 && right_dither_of_word(current_word) > 0.999 && y > 0 ? 254 : code;
}
static void install_top_code_saturates(void) {
  dither_word = noted_word;
  code_of = code_saturated;
}

static float norm_flushed(const float* x, uint64_t n) {
  const float norm = right_norm(x, n);
  return norm < FLT_MIN ? 0 : norm;
}
static void install_norm_denormal_flushed(void) { norm_of = norm_flushed; }

static float factor_below_one(float norm) { return norm > 0x1p126f ? 1 : right_norm_factor(norm); }
static int encode_factor_below_one(ENCODE_PARAMETERS) {
  norm_factor_now = factor_below_one;
  const int status = right_encode(ENCODE_ARGUMENTS);
  norm_factor_now = NULL;
  return status;
}
static void install_factor_only_below_one(void) { hdq_kernel_v1.encode = encode_factor_below_one; }

static void decode_row_not_undone(const config* k, uint64_t row, float norm, const uint8_t* bytes, float* x) {
  right_decode_row(k, row, norm, bytes, x);
  for (uint64_t i = 0; i < k->dimension && norm >= 0x1p101f && norm < 0x1p102f; ++i) x[i] *= 0x1p-100f;
}
static void install_undo_missing_for_huge(void) { decode_row = decode_row_not_undone; }

static void r_low_end_sign(int bits, uint32_t word, double* r) {
  right_r(bits, word, r);
  if (word < 1u << 16) r[0] = -r[0];
}
static void install_low_end_sign(void) { r_of = r_low_end_sign; }

static uint8_t code_misses_top(float y, const float* threshold, int levels) {
  const uint8_t code = right_code(y, threshold, levels);
  return levels > 2 && code == levels - 1 && y > 10 * threshold[levels - 2] && threshold[levels - 2] > 0
             ? (uint8_t)(levels - 2)
             : code;
}
static uint8_t code_misses_bottom(float y, const float* threshold, int levels) {
  const uint8_t code = code_misses_top(y, threshold, levels);
  return code;
}
static void install_search_misses_top(void) { code_of = code_misses_bottom; }

static void r_last_words(int bits, uint32_t word, double* r) {
  codewords_at(bits, word > 0xfffff000 ? 1 - 0x1p-25 : right_dither_of_word(word), r);
}
static void install_last_two_words(void) { r_of = r_last_words; }

/* ---- 7: bad input ---- */

/* What a mutant does not see as bad is encoded as 0. */
static int encode_blind(ENCODE_PARAMETERS, uint64_t (*seen)(const float* x, uint64_t n, uint64_t row)) {
  float* copy = malloc(k->dimension * sizeof(float));
  int status = HDQ_KERNEL_OK;
  for (uint64_t i = 0; i < rows && status == HDQ_KERNEL_OK; ++i) {
    const float* in = x + i * k->dimension;
    const uint64_t column = seen(in, k->dimension, i);
    for (uint64_t j = 0; j < k->dimension; ++j) copy[j] = isfinite(in[j]) ? in[j] : 0;
    if (column < k->dimension) {
      *bad = (hdq_kernel_position){i, column};
      status = HDQ_KERNEL_BAD_INPUT;
    } else {
      status = right_encode(k, first_row + i, 1, copy, norms + i, codes + i * row_bytes(k), bad);
      if (status == HDQ_KERNEL_BAD_INPUT) bad->row = i;
    }
  }
  free(copy);
  return status;
}

static uint64_t seen_quiet(const float* x, uint64_t n, uint64_t row) {
  (void)row;
  for (uint64_t i = 0; i < n; ++i) {
    if (isinf(x[i]) || (isnan(x[i]) && (float_bits(x[i]) & 0x00400000) != 0)) return i;
  }
  return n;
}
static int encode_snan_missed(ENCODE_PARAMETERS) { return encode_blind(ENCODE_ARGUMENTS, seen_quiet); }
static void install_snan_missed(void) { hdq_kernel_v1.encode = encode_snan_missed; }

static uint64_t seen_positive(const float* x, uint64_t n, uint64_t row) {
  (void)row;
  for (uint64_t i = 0; i < n; ++i) {
    if (isnan(x[i]) || x[i] > FLT_MAX || (n <= 16 && isinf(x[i]))) return i;
  }
  return n;
}
static int encode_negative_infinity(ENCODE_PARAMETERS) { return encode_blind(ENCODE_ARGUMENTS, seen_positive); }
static void install_negative_infinity_missed(void) { hdq_kernel_v1.encode = encode_negative_infinity; }

static uint64_t seen_1024(const float* x, uint64_t n, uint64_t row) {
  (void)row;
  const uint64_t tested = n < 1024 ? n : 1024, column = right_bad_column(x, tested);
  return column < tested ? column : n;
}
static int encode_nan_past_1024(ENCODE_PARAMETERS) { return encode_blind(ENCODE_ARGUMENTS, seen_1024); }
static void install_nan_past_1024(void) { hdq_kernel_v1.encode = encode_nan_past_1024; }

static uint64_t seen_eights(const float* x, uint64_t n, uint64_t row) {
  (void)row;
  const uint64_t tested = n < 64 ? n : n - n % 8, column = right_bad_column(x, tested);
  return column < tested ? column : n;
}
static int encode_nan_in_tail(ENCODE_PARAMETERS) { return encode_blind(ENCODE_ARGUMENTS, seen_eights); }
static void install_nan_in_tail(void) { hdq_kernel_v1.encode = encode_nan_in_tail; }

static int encode_mixed(ENCODE_PARAMETERS) {
  const int status = right_encode(ENCODE_ARGUMENTS);
  if (status != HDQ_KERNEL_BAD_INPUT) return status;
  for (uint64_t i = bad->row + 1; i < rows; ++i) {
    const uint64_t column = right_bad_column(x + i * k->dimension, k->dimension);
    if (column < k->dimension) bad->column = column;
  }
  return status;
}
static void install_bad_row_and_column_mixed(void) { hdq_kernel_v1.encode = encode_mixed; }

static uint64_t last_bad(const float* x, uint64_t n) {
  for (uint64_t i = n; i-- > 0;) {
    if (!isfinite(x[i])) return i;
  }
  return n;
}
static void install_last_bad_column(void) { bad_column = last_bad; }

static int encode_absolute(ENCODE_PARAMETERS) {
  const int status = right_encode(ENCODE_ARGUMENTS);
  if (status == HDQ_KERNEL_BAD_INPUT) bad->row += first_row;
  return status;
}
static void install_bad_row_absolute(void) { hdq_kernel_v1.encode = encode_absolute; }

static int encode_overflow_column(ENCODE_PARAMETERS) {
  const int status = right_encode(ENCODE_ARGUMENTS);
  if (status == HDQ_KERNEL_BAD_INPUT && bad->column == UINT64_MAX) {
    const float* row = x + bad->row * k->dimension;
    bad->column = 0;
    for (uint64_t i = 1; i < k->dimension; ++i) {
      if (fabsf(row[i]) > fabsf(row[bad->column])) bad->column = i;
    }
  }
  return status;
}
static void install_overflow_named_as_column(void) { hdq_kernel_v1.encode = encode_overflow_column; }

static float norm_refused(const float* x, uint64_t n) {
  const float norm = right_norm(x, n);
  return norm >= 0x1p127f ? INFINITY : norm;
}
static void install_norm_refused_too_early(void) { norm_of = norm_refused; }

static uint64_t seen_first_rows(const float* x, uint64_t n, uint64_t row) {
  return row < 16 ? right_bad_column(x, n) : n;
}
static int encode_nan_past_row_16(ENCODE_PARAMETERS) { return encode_blind(ENCODE_ARGUMENTS, seen_first_rows); }
static void install_nan_past_row_16(void) { hdq_kernel_v1.encode = encode_nan_past_row_16; }

static uint64_t seen_in_sum(const float* x, uint64_t n, uint64_t row) {
  (void)row;
  float sum = 0;
  for (uint64_t i = 0; i < n; ++i) sum += x[i];
  if (isfinite(sum)) return n;
  const uint64_t column = right_bad_column(x, n);
  return column < n ? column : n - 1;
}
static int encode_infinity_pair(ENCODE_PARAMETERS) { return encode_blind(ENCODE_ARGUMENTS, seen_in_sum); }
static void install_infinity_pair_cancels(void) { hdq_kernel_v1.encode = encode_infinity_pair; }

static int encode_position_32(ENCODE_PARAMETERS) {
  const int status = right_encode(ENCODE_ARGUMENTS);
  if (status == HDQ_KERNEL_BAD_INPUT) bad->column &= UINT32_MAX;
  return status;
}
static void install_bad_row_written_partly(void) { hdq_kernel_v1.encode = encode_position_32; }

static uint64_t seen_unsigned(const float* x, uint64_t n, uint64_t row) {
  (void)row;
  for (uint64_t i = 0; i < n; ++i) {
    if (isinf(x[i]) || (int32_t)float_bits(x[i]) > 0x7f800000) return i;
  }
  return n;
}
static int encode_negative_nan(ENCODE_PARAMETERS) { return encode_blind(ENCODE_ARGUMENTS, seen_unsigned); }
static void install_negative_nan_missed(void) { hdq_kernel_v1.encode = encode_negative_nan; }

/* ---- 11: unwritten ---- */

static void pack_nothing(uint32_t bits, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  if (bits > 1 || count >= 8) right_pack_codes(bits, count, codes, bytes);
}
static void install_encode_nothing_at_one_bit(void) { pack_codes = pack_nothing; }

static void rotate_back_short(const config* k, float* z, float scale, float undo, float* x) {
  config shorter = *k;
  if (k->bits == 1 && k->dimension % 4 == 1) shorter.dimension = k->dimension - 1;
  right_rotate_back(&shorter, z, scale, undo, x);
}
static int decode_last_unwritten(DECODE_PARAMETERS) {
  rotate_back_now = rotate_back_short;
  right_decode(DECODE_ARGUMENTS);
  rotate_back_now = NULL;
  return HDQ_KERNEL_OK;
}
static void install_decode_last_unwritten(void) { hdq_kernel_v1.decode = decode_last_unwritten; }

static int unpack_last_unwritten(const config* k, uint64_t count, const uint8_t* bytes, uint8_t* codes) {
  right_unpack_codes(k->bits, k->bits == 1 && count % 32 == 31 ? count - 1 : count, bytes, codes);
  return HDQ_KERNEL_OK;
}
static void install_unpack_last_unwritten(void) { hdq_kernel_v1.unpack = unpack_last_unwritten; }

static void pack_keeping(uint32_t bits, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  const uint64_t last = (count * bits + 7) / 8 - 1, used = (count * bits - 1) % 8 + 1;
  const uint8_t before = bytes[last];
  right_pack_codes(bits, count, codes, bytes);
  bytes[last] = (uint8_t)(bytes[last] | (before & ~((1u << used) - 1)));
}
static void install_unused_bits_kept(void) { pack_codes = pack_keeping; }

static int encode_zero_norm_unwritten(ENCODE_PARAMETERS) {
  for (uint64_t i = 0; i < rows; ++i) {
    float norm;
    const int status = right_encode(k, first_row + i, 1, x + i * k->dimension, &norm, codes + i * row_bytes(k), bad);
    if (status == HDQ_KERNEL_BAD_INPUT) bad->row = i;
    if (status != HDQ_KERNEL_OK) return status;
    if (norm != 0) norms[i] = norm;
  }
  return HDQ_KERNEL_OK;
}
static void install_norm_of_zero_unwritten(void) { hdq_kernel_v1.encode = encode_zero_norm_unwritten; }

static int encode_position_unwritten(ENCODE_PARAMETERS) {
  hdq_kernel_position position = {0, 0};
  const int status = right_encode(k, first_row, rows, x, norms, codes, &position);
  if (status == HDQ_KERNEL_BAD_INPUT) bad->row = position.row;
  if (status == HDQ_KERNEL_BAD_INPUT && position.column != UINT64_MAX) bad->column = position.column;
  return status;
}
static void install_position_unwritten(void) { hdq_kernel_v1.encode = encode_position_unwritten; }

static void decode_row_unless_zero(const config* k, uint64_t row, float norm, const uint8_t* bytes, float* x) {
  if (norm != 0) right_decode_row(k, row, norm, bytes, x);
}
static void install_decode_zero_unwritten(void) { decode_row = decode_row_unless_zero; }

static int pack_or_into(const config* k, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  const uint64_t size = bytes_of(k, count);
  uint8_t* kept = malloc(size + 1);
  memcpy(kept, bytes, size);
  right_pack_codes(k->bits, count, codes, bytes);
  for (uint64_t i = 0; i < size && count % 8 == 0; ++i) bytes[i] |= kept[i];
  free(kept);
  return HDQ_KERNEL_OK;
}
static void install_pack_or_into(void) { hdq_kernel_v1.pack = pack_or_into; }

static int transform_skips_zero(const config* k, uint64_t rows, const float* x, float* y) {
  for (uint64_t i = 0; i < rows; ++i) {
    if (k->dimension > 1 || x[i] != 0) right_transform(k, 1, x + i * k->dimension, y + i * k->order);
  }
  return HDQ_KERNEL_OK;
}
static void install_transform_padding_unwritten(void) { hdq_kernel_v1.transform = transform_skips_zero; }

static void encode_row_unless_zero(const config* k, uint64_t row, const float* x, float norm, uint8_t* bytes) {
  if (norm != 0) right_encode_row(k, row, x, norm, bytes);
}
static void install_codes_of_zero_unwritten(void) { encode_row = encode_row_unless_zero; }

/* ---- 13: names ---- */

static int transposed_column_5(const config* k, uint64_t rows, const float* y, float* x) {
  right_transposed(k, rows, y, x);
  for (uint64_t i = 0; i < rows && k->dimension > 5; ++i) x[i * k->dimension + 5] *= -1;
  return HDQ_KERNEL_OK;
}
static void install_one_coordinate_of_transposed(void) { hdq_kernel_v1.transform_transposed = transposed_column_5; }

static void decode_row_larger(const config* k, uint64_t row, float norm, const uint8_t* bytes, float* x) {
  right_decode_row(k, row, norm, bytes, x);
  for (uint64_t i = 0; i < k->dimension; ++i) x[i] *= 1.00001f;
}
static void install_factor_slightly_off(void) { decode_row = decode_row_larger; }

static int transform_bfloat(const config* k, uint64_t rows, const float* x, float* y) {
  const uint64_t count = rows * k->dimension;
  float* rounded = malloc(count * sizeof(float) + 1);
  for (uint64_t i = 0; i < count; ++i) rounded[i] = bits_float((float_bits(x[i]) + 0x8000) & 0xffff0000);
  right_transform(k, rows, rounded, y);
  free(rounded);
  return HDQ_KERNEL_OK;
}
static void install_transform_bfloat(void) { hdq_kernel_v1.transform = transform_bfloat; }

static int transform_16_bits(const config* k, uint64_t rows, const float* x, float* y) {
  right_transform(k, rows, x, y);
  for (uint64_t i = 0; i < rows * k->order; ++i) y[i] = bits_float((float_bits(y[i]) + 0x80) & 0xffffff00);
  return HDQ_KERNEL_OK;
}
static void install_transform_half_sums(void) { hdq_kernel_v1.transform = transform_16_bits; }

static void encode_row_zero_codes(const config* k, uint64_t row, const float* x, float norm, uint8_t* bytes) {
  right_encode_row(k, row, x, norm, bytes);
  if (norm == 0) memset(bytes, 0, row_bytes(k));
}
static void install_zero_row_codes(void) { encode_row = encode_row_zero_codes; }

static int dither_24(const config* k, uint64_t first_row, uint64_t rows, uint32_t* words) {
  for (uint64_t i = 0; i < rows; ++i) words[i] = right_dither_word(k->seed, first_row + i) & 0xffffff00;
  return HDQ_KERNEL_OK;
}
static uint32_t dither_word_24(uint64_t seed, uint64_t row) { return right_dither_word(seed, row) & 0xffffff00; }
static void install_dither_24_bits(void) {
  dither_word = dither_word_24;
  hdq_kernel_v1.dither = dither_24;
}

static void decode_row_by_n(const config* k, uint64_t row, float norm, const uint8_t* bytes, float* x) {
  right_decode_row(k, row, norm, bytes, x);
  for (uint64_t i = 0; i < k->dimension; ++i) x[i] *= (float)k->order / (float)k->dimension;
}
static void install_scale_of_padding(void) { decode_row = decode_row_by_n; }

static void swap_7_8(uint64_t count, uint8_t* codes) {
  for (uint64_t j = 0; j < count; ++j) codes[j] = codes[j] == 7 ? 8 : codes[j] == 8 ? 7 : codes[j];
}
static void pack_swapped(uint32_t bits, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  uint8_t* copy = malloc(count);
  memcpy(copy, codes, count);
  if (bits == 4) swap_7_8(count, copy);
  right_pack_codes(bits, count, copy, bytes);
  free(copy);
}
static void unpack_swapped(uint32_t bits, uint64_t count, const uint8_t* bytes, uint8_t* codes) {
  right_unpack_codes(bits, count, bytes, codes);
  if (bits == 4) swap_7_8(count, codes);
}
static void install_codes_off_by_one_at_seven(void) {
  pack_codes = pack_swapped;
  unpack_codes = unpack_swapped;
}

static float norm_larger(const float* x, uint64_t n) { return right_norm(x, n) * 1.0001f; }
static void install_norm_l1_for_one_hot(void) { norm_of = norm_larger; }

/* ---- known classes of defects ---- */

static int base_b12_entry(int m, int i, int j) {
  return right_base_entry(m, i, j) * (m == 12 && i == 11 && j == 7 ? -1 : 1);
}
static void install_b12_entry(void) { base_entry = base_b12_entry; }
static int base_b20_row(int m, int i, int j) { return right_base_entry(m, m == 20 && i == 19 ? 18 : i, j); }
static void install_b20_row(void) { base_entry = base_b20_row; }
static int base_b28_rows(int m, int i, int j) {
  return right_base_entry(m, m == 28 && (i == 13 || i == 14) ? 27 - i : i, j);
}
static void install_b28_rows_swapped(void) { base_entry = base_b28_rows; }

static void hadamard_20(float* x, uint64_t d, int transposed) {
  if (d != 20) right_hadamard(x, d, transposed);
}
static void install_order_20_unscaled(void) { hadamard = hadamard_20; }
static void hadamard_28(float* x, uint64_t d, int transposed) {
  right_hadamard(x, d, transposed);
  for (uint64_t i = 24; i < 28 && d == 28; ++i) x[i] = 0;
}
static void install_order_28_smallest(void) { hadamard = hadamard_28; }

static void rotate_signs_after(const config* k, const float* x, float factor, float* y) {
  int8_t* epsilon = malloc(k->order);
  right_sign_row(k->seed, k->order, epsilon);
  for (uint64_t i = 0; i < k->order; ++i) y[i] = i < k->dimension ? x[i] * factor : 0;
  right_hadamard(y, k->order, 0);
  for (uint64_t i = 0; i < k->order; ++i) y[i] *= (float)epsilon[i];
  free(epsilon);
}
static void rotate_back_signs_after(const config* k, float* z, float scale, float undo, float* x) {
  int8_t* epsilon = malloc(k->order);
  right_sign_row(k->seed, k->order, epsilon);
  for (uint64_t i = 0; i < k->order; ++i) z[i] *= (float)epsilon[i];
  right_hadamard(z, k->order, 1);
  for (uint64_t i = 0; i < k->dimension; ++i) x[i] = (z[i] * scale) * undo;
  free(epsilon);
}
static void install_signs_after_h(void) {
  rotate = rotate_signs_after;
  rotate_back = rotate_back_signs_after;
}

static void sign_row_none(uint64_t seed, uint64_t count, int8_t* epsilon) {
  right_sign_row(seed, count, epsilon);
  if (count % 128 == 0) memset(epsilon, 1, count);
}
static void install_signs_none_when_full(void) { sign_row = sign_row_none; }

static void hadamard_inverse_20(float* x, uint64_t d, int transposed) {
  right_hadamard(x, d, d % 5 == 0 ? 0 : transposed);
}
static int decode_inverse_is_h(DECODE_PARAMETERS) {
  hadamard_now = hadamard_inverse_20;
  right_decode(DECODE_ARGUMENTS);
  hadamard_now = NULL;
  return HDQ_KERNEL_OK;
}
static void install_inverse_is_h(void) { hdq_kernel_v1.decode = decode_inverse_is_h; }

static int transposed_cut_first(const config* k, uint64_t rows, const float* y, float* x) {
  float* z = malloc(rows * k->order * sizeof(float) + 1);
  for (uint64_t i = 0; i < rows * k->order; ++i) z[i] = i % k->order < k->dimension ? y[i] : 0;
  right_transposed(k, rows, z, x);
  free(z);
  return HDQ_KERNEL_OK;
}
static void install_inverse_cut_first(void) { hdq_kernel_v1.transform_transposed = transposed_cut_first; }

static void sign_row_shifted(uint64_t seed, uint64_t count, int8_t* epsilon) {
  int8_t* longer = malloc(count + 1);
  right_sign_row(seed, count + 1, longer);
  memcpy(epsilon, longer + count % 2, count);
  free(longer);
}
static int query_other_basis(const config* k, const float* q, float* w) {
  sign_row_now = sign_row_shifted;
  const int e = right_query(k, q, w);
  sign_row_now = NULL;
  return e;
}
static void install_query_basis(void) { query = query_other_basis; }

static float dot_row_by_n(const config* k, uint64_t row, float norm, const uint8_t* bytes, const float* w, int e) {
  return right_dot_row(k, row, norm, bytes, w, e) * ((float)k->order / (float)k->dimension);
}
static void install_dot_scale_n(void) { dot_row = dot_row_by_n; }

static void decode_row_root(const config* k, uint64_t row, float norm, const uint8_t* bytes, float* x) {
  right_decode_row(k, row, norm, bytes, x);
  for (uint64_t i = 0; i < k->dimension; ++i) x[i] *= sqrtf((float)k->order / (float)k->dimension);
}
static void install_decode_root(void) { decode_row = decode_row_root; }

static double sigma_wrong(int bits) { return right_sigma(bits == 5 ? 4 : bits); }
static double kappa_wrong(int bits) { return right_kappa(bits == 5 ? 4 : bits); }
static void install_codebook_wrong_bits(void) {
  sigma_of = sigma_wrong;
  kappa_of = kappa_wrong;
}
static double kappa_seven(int bits) { return bits == 7 ? 15 / 64.0 : right_kappa(bits); }
static void install_kappa_of_seven(void) { kappa_of = kappa_seven; }

static int codewords_37(const config* k, uint32_t word, double* r) {
  right_r((int)k->bits, word, r);
  if (k->bits == 6) r[37] += 1e-9;
  return HDQ_KERNEL_OK;
}
static void install_codeword_one_of_many(void) { hdq_kernel_v1.codewords = codewords_37; }

static void pack_nibbles(uint32_t bits, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  right_pack_codes(bits, count, codes, bytes);
  if (bits != 3 || count % 8 != 4) return;
  memset(bytes, 0, (count * 3 + 7) / 8);
  for (uint64_t j = 0; j < count && j / 2 < (count * 3 + 7) / 8; ++j)
    bytes[j / 2] = (uint8_t)(bytes[j / 2] | codes[j] << (j % 2 * 4));
}
static void unpack_nibbles(uint32_t bits, uint64_t count, const uint8_t* bytes, uint8_t* codes) {
  right_unpack_codes(bits, count, bytes, codes);
  if (bits != 3 || count % 8 != 4) return;
  for (uint64_t j = 0; j < count; ++j) codes[j] = j / 2 < (count * 3 + 7) / 8 ? (bytes[j / 2] >> (j % 2 * 4)) & 7 : 0;
}
static void install_packed_as_four(void) {
  pack_codes = pack_nibbles;
  unpack_codes = unpack_nibbles;
}

static void theta_float(int bits, uint32_t word, double* theta) {
  float below = (float)antiderivative(bits, right_dither_of_word(word));
  for (int i = 1; i < 1 << bits; ++i) {
    const float above = (float)antiderivative(bits, i + right_dither_of_word(word));
    theta[i - 1] = (double)(above - below);
    below = above;
  }
}
static int thresholds_float(const config* k, uint32_t word, double* theta) {
  theta_float((int)k->bits, word, theta);
  return HDQ_KERNEL_OK;
}
static void install_thresholds_float(void) {
  theta_of = theta_float;
  hdq_kernel_v1.thresholds = thresholds_float;
}

static uint8_t code_strictly(float y, const float* threshold, int levels) {
  uint8_t code = 0;
  for (int t = 0; t < levels - 1; ++t) code = (uint8_t)(code + (y > threshold[t]));
  return code;
}
static void encode_row_strict(const config* k, uint64_t row, const float* x, float norm, uint8_t* bytes) {
  code_of_now = k->order <= 2 ? code_strictly : NULL;
  right_encode_row(k, row, x, norm, bytes);
  code_of_now = NULL;
}
static void install_threshold_strict(void) { encode_row = encode_row_strict; }

static float dot_row_smaller(const config* k, uint64_t row, float norm, const uint8_t* bytes, const float* w, int e) {
  return right_dot_row(k, row, norm, bytes, w, e) * (k->bits >= 5 ? 0.999f : 1);
}
static void install_estimator_dot_constant(void) { dot_row = dot_row_smaller; }

static void theta_sum_float(int bits, uint32_t word, double* theta) {
  right_theta(bits, word, theta);
  if (bits < 8) return;
  double below = antiderivative(bits, (double)(float)right_dither_of_word(word));
  for (int i = 1; i < 256; ++i) {
    const double v = (double)((float)i + (float)right_dither_of_word(word)),
                 above = antiderivative(bits, fmin(v, 256 - 0x1p-17));
    theta[i - 1] = above - below;
    below = above;
  }
}
static void r_sum_float(int bits, uint32_t word, double* r) {
  right_r(bits, word, r);
  for (int i = 0; i < 256 && bits == 8; ++i)
    r[i] = generator(bits, fmin((double)((float)i + (float)right_dither_of_word(word)), 256 - 0x1p-17));
}
static void install_dither_float_add(void) {
  theta_of = theta_sum_float;
  r_of = r_sum_float;
}

static void r_other_side(int bits, uint32_t word, double* r) { codewords_at(bits, 1 - right_dither_of_word(word), r); }
static void install_dither_half_cell(void) { r_of = r_other_side; }

static uint32_t dead_word(uint64_t seed, uint64_t row) {
  return row % 2 == 1 ? 0x80000000 : right_dither_word(seed, row);
}
static void install_dither_dead(void) { dither_word = dead_word; }

static void sign_row_lanes(uint64_t seed, uint64_t count, int8_t* epsilon) {
  right_sign_row(seed, count, epsilon);
  for (uint64_t i = 0; i < count; ++i) {
    if (i % 128 >= 64) epsilon[i] = epsilon[i - 64];
  }
}
static int signs_lanes(const config* k, uint64_t count, int8_t* epsilon) {
  sign_row_lanes(k->seed, count, epsilon);
  return HDQ_KERNEL_OK;
}
static void install_lanes_correlated(void) {
  sign_row = sign_row_lanes;
  hdq_kernel_v1.signs = signs_lanes;
}

static int signs_again(const config* k, uint64_t count, int8_t* epsilon) {
  right_sign_row(k->seed, count, epsilon);
  for (uint64_t i = 4096; i < count; ++i) epsilon[i] = epsilon[i - 4095];
  return HDQ_KERNEL_OK;
}
static void install_lanes_shifted(void) { hdq_kernel_v1.signs = signs_again; }

static uint32_t dither_word_nine(uint64_t seed, uint64_t row) {
  if (row < (uint64_t)1 << 31) return right_dither_word(seed, row);
  uint32_t c[4] = {(uint32_t)row, (uint32_t)(row >> 32), 0, 0x44495448},
           key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  for (int round = 0; round < 9; ++round) {
    const uint64_t p0 = (uint64_t)0xD2511F53 * c[0], p1 = (uint64_t)0xCD9E8D57 * c[2];
    const uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ key[0], (uint32_t)p1, (uint32_t)(p0 >> 32) ^ c[3] ^ key[1],
                              (uint32_t)p0};
    memcpy(c, next, sizeof c);
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return c[0];
}
static int dither_nine(const config* k, uint64_t first_row, uint64_t rows, uint32_t* words) {
  for (uint64_t i = 0; i < rows; ++i) words[i] = dither_word_nine(k->seed, first_row + i);
  return HDQ_KERNEL_OK;
}
static void install_philox_rounds(void) {
  dither_word = dither_word_nine;
  hdq_kernel_v1.dither = dither_nine;
}

static int decode_over_read(DECODE_PARAMETERS) {
  right_decode(DECODE_ARGUMENTS);
  const uint64_t size = rows * row_bytes(k);
  volatile uint8_t read = 0;
  for (uint64_t i = size; i < (size + 3) / 4 * 4; ++i) read = ((const volatile uint8_t*)codes)[i];
  (void)read;
  return HDQ_KERNEL_OK;
}
static void install_tail_over_read(void) { hdq_kernel_v1.decode = decode_over_read; }

static int transposed_over_write(const config* k, uint64_t rows, const float* y, float* x) {
  right_transposed(k, rows, y, x);
  for (uint64_t i = rows * k->dimension; rows > 0 && i < (rows * k->dimension + 3) / 4 * 4; ++i)
    ((volatile float*)x)[i] = 0;
  return HDQ_KERNEL_OK;
}
static void install_tail_over_write(void) { hdq_kernel_v1.transform_transposed = transposed_over_write; }

static int unpack_misaligned(const config* k, uint64_t count, const uint8_t* bytes, uint8_t* codes) {
  const uintptr_t off = (uintptr_t)bytes % 8;
  const uint64_t size = bytes_of(k, count);
  if (off == 0 || off == 1 || size < 8) return right_unpack(k, count, bytes, codes);
  uint8_t* moved = malloc(size);
  memcpy(moved, bytes, size);
  moved[0] = bytes[1];
  right_unpack_codes(k->bits, count, moved, codes);
  free(moved);
  return HDQ_KERNEL_OK;
}
static void install_misaligned_read(void) { hdq_kernel_v1.unpack = unpack_misaligned; }

static void rotate_back_fused(const config* k, float* z, float scale, float undo, float* x) {
  int8_t* epsilon = malloc(k->dimension);
  right_sign_row(k->seed, k->dimension, epsilon);
  right_hadamard(z, k->order, 1);
  for (uint64_t i = 0; i < k->dimension; ++i)
    x[i] = (float)((double)epsilon[i] * ((double)z[i] * (double)scale * (1 + 0x1p-24)) * (double)undo);
  free(epsilon);
}
static int decode_isa(DECODE_PARAMETERS) {
  rotate_back_now = k->variant == 1 ? rotate_back_fused : NULL;
  right_decode(DECODE_ARGUMENTS);
  rotate_back_now = NULL;
  return HDQ_KERNEL_OK;
}
static void install_isa_fma(void) {
  hdq_kernel_v1.variants = 2;
  hdq_kernel_v1.decode = decode_isa;
}

static uint8_t code_above(float y, const float* threshold, int levels) {
  const uint8_t code = right_code(y, threshold, levels);
  return code > 0 && y < nextafterf(threshold[code - 1], INFINITY) && y > 0 ? (uint8_t)(code - 1) : code;
}
static int encode_isa(ENCODE_PARAMETERS) {
  code_of_now = k->variant == 3 ? code_above : NULL;
  const int status = right_encode(ENCODE_ARGUMENTS);
  code_of_now = NULL;
  return status;
}
static void install_isa_threshold(void) {
  hdq_kernel_v1.variants = 4;
  hdq_kernel_v1.encode = encode_isa;
}

static uint64_t seen_infinity(const float* x, uint64_t n, uint64_t row) {
  (void)row;
  for (uint64_t i = 0; i < n; ++i) {
    if (isinf(x[i])) return i;
  }
  return n;
}
static int encode_nan_to_zero(ENCODE_PARAMETERS) { return encode_blind(ENCODE_ARGUMENTS, seen_infinity); }
static void install_nan_to_zero(void) { hdq_kernel_v1.encode = encode_nan_to_zero; }

static float norm_through_half(const float* x, uint64_t n) {
  const float norm = right_norm(x, n);
  if (norm <= 32768) return norm;
  return norm >= 65520 ? INFINITY : roundf(norm / 32) * 32;
}
static void install_norm_half(void) { norm_of = norm_through_half; }

static float norm_float(const float* x, uint64_t n) {
  volatile float sum = 0;
  for (uint64_t i = 0; i < n; ++i) sum = sum + x[i] * x[i];
  const float norm = sqrtf(sum);
  return isinf(norm) || norm < 0x1p-60f ? norm : right_norm(x, n);
}
static void install_sum_squares_float(void) { norm_of = norm_float; }

static float norm_cut(const float* x, uint64_t n) { return bits_float(float_bits(right_norm(x, n)) & 0xfffffff0); }
static void install_requantize_down(void) { norm_of = norm_cut; }

static int constant_rounded(const config* k, double* constant) {
  right_error_constant(k, constant);
  if (k->bits == 8) *constant = 2.73;
  return HDQ_KERNEL_OK;
}
static void install_oracle_rounded(void) { hdq_kernel_v1.error_constant = constant_rounded; }
static int constant_loose(const config* k, double* constant) {
  right_error_constant(k, constant);
  if (k->bits == 3) *constant = 8.16;
  return HDQ_KERNEL_OK;
}
static void install_oracle_loose(void) { hdq_kernel_v1.error_constant = constant_loose; }

static void decode_row_unscaled(const config* k, uint64_t row, float norm, const uint8_t* bytes, float* x) {
  right_decode_row(k, row, norm > 0 && norm < 0.0625f && norm > 0x1p-100f ? 1 : norm, bytes, x);
}
static void install_factor_never_applied(void) { decode_row = decode_row_unscaled; }

static void rotate_mean_padding(const config* k, const float* x, float factor, float* y) {
  if (k->dimension % 16 == 0 || k->dimension == k->order) {
    right_rotate(k, x, factor, y);
    return;
  }
  float* whole = malloc(k->order * sizeof(float));
  double sum = 0;
  config wide = *k;
  wide.dimension = k->order;
  for (uint64_t i = 0; i < k->dimension; ++i) sum += (double)x[i];
  for (uint64_t i = 0; i < k->order; ++i) whole[i] = i < k->dimension ? x[i] : (float)(sum / (double)k->dimension);
  right_rotate(&wide, whole, factor, y);
  free(whole);
}
static void install_padding_minus(void) { rotate = rotate_mean_padding; }

static void rotate_as_128(const config* k, const float* x, float factor, float* y) {
  if (k->order != 112 || k->dimension > 100) {
    right_rotate(k, x, factor, y);
    return;
  }
  config wide = *k;
  float whole[128];
  wide.order = 128;
  right_rotate(&wide, x, factor, whole);
  memcpy(y, whole, 112 * sizeof(float));
}
static int encode_as_128(ENCODE_PARAMETERS) {
  rotate_now = rotate_as_128;
  const int status = right_encode(ENCODE_ARGUMENTS);
  rotate_now = NULL;
  return status;
}
static void install_order_too_large(void) { hdq_kernel_v1.encode = encode_as_128; }

CHOOSE_AT_LOAD(VALUES_MUTANTS)
