/* Right kernels of SPEC §1–§4 with habits that are legal and not those of the hdq library. None may be accused. */
#include <pthread.h>
#include <stdio.h>

#include "../mutants/spec_core.h"
/* the list of kernels */
#include "arithmetic.h"

hdq_kernel hdq_kernel_v1 = SPEC_KERNEL;

/* ---- orders of addition ---- */

static int entry_sign(uint64_t d, uint64_t i, uint64_t j, int transposed) {
  int m;
  uint64_t block;
  split_order(d, &m, &block);
  const int parity = __builtin_parityll(i & j & (block - 1));
  const int8_t base = m == 1 ? 1 : base_matrix(m, transposed)[(i / block) * (uint64_t)m + j / block];
  return parity ? -base : base;
}

/* Beyond this order the definition is too slow for a test; the butterflies serve. */
enum { DENSE = 1024 };

static void dense(float* x, uint64_t d, int transposed, float (*sum)(const float* terms, uint64_t count)) {
  if (d > DENSE) {
    right_hadamard(x, d, transposed);
    return;
  }
  float *in = malloc(2 * d * sizeof(float)), *terms = in + d;
  memcpy(in, x, d * sizeof(float));
  for (uint64_t i = 0; i < d; ++i) {
    for (uint64_t j = 0; j < d; ++j) terms[j] = entry_sign(d, i, j, transposed) < 0 ? -in[j] : in[j];
    x[i] = sum(terms, d);
  }
  free(in);
}

static float sum_reverse(const float* terms, uint64_t count) {
  float sum = 0;
  for (uint64_t j = count; j-- > 0;) sum += terms[j];
  return sum;
}
static void hadamard_reverse(float* x, uint64_t d, int transposed) { dense(x, d, transposed, sum_reverse); }
static void install_dense_reverse(void) { hadamard = hadamard_reverse; }

/* Every seventh term after the other: another order. */
static float sum_kahan(const float* terms, uint64_t count) {
  volatile float sum = 0, lost = 0;
  for (uint64_t start = 0; start < 7; ++start) {
    for (uint64_t j = start; j < count; j += 7) {
      const volatile float term = terms[j] - lost, next = sum + term, gained = next - sum;
      lost = gained - term;
      sum = next;
    }
  }
  return sum;
}
static void hadamard_kahan(float* x, uint64_t d, int transposed) { dense(x, d, transposed, sum_kahan); }
static void install_dense_kahan(void) { hadamard = hadamard_kahan; }

static float sum_pairwise(const float* terms, uint64_t count) {
  if (count == 1) return terms[0];
  return sum_pairwise(terms, count / 2) + sum_pairwise(terms + count / 2, count - count / 2);
}
static void hadamard_pairwise(float* x, uint64_t d, int transposed) { dense(x, d, transposed, sum_pairwise); }
static void install_dense_pairwise(void) { hadamard = hadamard_pairwise; }

/* ---- wider arithmetic ---- */

#define WIDE_HADAMARD(name, real)                                                       \
  static void name(real* x, uint64_t d, int transposed) {                               \
    int m;                                                                              \
    uint64_t block;                                                                     \
    split_order(d, &m, &block);                                                         \
    for (uint64_t h = 1; h < block; h *= 2) {                                           \
      for (uint64_t i = 0; i < d; ++i) {                                                \
        if (i & h) continue;                                                            \
        const real a = x[i], c = x[i + h];                                              \
        x[i] = a + c;                                                                   \
        x[i + h] = a - c;                                                               \
      }                                                                                 \
    }                                                                                   \
    for (uint64_t c = 0; m > 1 && c < block; ++c) {                                     \
      real in[28];                                                                      \
      for (int j = 0; j < m; ++j) in[j] = x[(uint64_t)j * block + c];                   \
      for (int i = 0; i < m; ++i) {                                                     \
        real sum = 0;                                                                   \
        for (int j = m; j-- > 0;) sum += base_matrix(m, transposed)[i * m + j] * in[j]; \
        x[(uint64_t)i * block + c] = sum;                                               \
      }                                                                                 \
    }                                                                                   \
  }

WIDE_HADAMARD(hadamard_double, double)
WIDE_HADAMARD(hadamard_extended, long double)

static void encode_row_double(const config* k, uint64_t row, const float* x, float norm, uint8_t* bytes) {
  double *y = calloc(k->order, sizeof(double)), theta[255];
  uint8_t* code = calloc(k->order, 1);
  int8_t* epsilon = malloc(k->dimension);
  right_sign_row(k->seed, k->dimension, epsilon);
  for (uint64_t i = 0; i < k->dimension; ++i) y[i] = (double)epsilon[i] * (double)x[i];
  hadamard_double(y, k->order, 0);
  right_theta((int)k->bits, right_dither_word(k->seed, row), theta);
  for (uint64_t j = 0; j < k->order; ++j) {
    for (int t = 0; t < (1 << k->bits) - 1; ++t) code[j] = (uint8_t)(code[j] + (y[j] >= theta[t] * (double)norm));
  }
  right_pack_codes(k->bits, k->order, code, bytes);
  free(epsilon);
  free(code);
  free(y);
}
static void decode_row_double(const config* k, uint64_t row, float norm, const uint8_t* bytes, float* x) {
  double *z = calloc(k->order, sizeof(double)), r[256];
  uint8_t* code = malloc(k->order);
  int8_t* epsilon = malloc(k->dimension);
  right_sign_row(k->seed, k->dimension, epsilon);
  right_r((int)k->bits, right_dither_word(k->seed, row), r);
  right_unpack_codes(k->bits, k->order, bytes, code);
  for (uint64_t j = 0; j < k->order; ++j) z[j] = r[code[j]];
  hadamard_double(z, k->order, 1);
  for (uint64_t i = 0; i < k->dimension; ++i)
    x[i] = norm == 0 ? 0 : (float)((double)epsilon[i] * z[i] * ((double)norm / (double)k->order));
  free(epsilon);
  free(code);
  free(z);
}
static void install_all_double(void) {
  encode_row = encode_row_double;
  decode_row = decode_row_double;
}

static void rotate_extended(const config* k, const float* x, float factor, float* y) {
  long double* z = calloc(k->order, sizeof(long double));
  int8_t* epsilon = malloc(k->dimension);
  right_sign_row(k->seed, k->dimension, epsilon);
  for (uint64_t i = 0; i < k->dimension; ++i) z[i] = (long double)epsilon[i] * (long double)x[i] * (long double)factor;
  hadamard_extended(z, k->order, 0);
  for (uint64_t j = 0; j < k->order; ++j) y[j] = (float)z[j];
  free(epsilon);
  free(z);
}
static void rotate_back_extended(const config* k, float* z, float scale, float undo, float* x) {
  long double* w = calloc(k->order, sizeof(long double));
  int8_t* epsilon = malloc(k->dimension);
  right_sign_row(k->seed, k->dimension, epsilon);
  for (uint64_t j = 0; j < k->order; ++j) w[j] = (long double)z[j];
  hadamard_extended(w, k->order, 1);
  for (uint64_t i = 0; i < k->dimension; ++i)
    x[i] = (float)((long double)epsilon[i] * w[i] * (long double)scale * (long double)undo);
  free(epsilon);
  free(w);
}
static float norm_extended(const float* x, uint64_t n) {
  long double sum = 0;
  for (uint64_t i = n; i-- > 0;) sum += (long double)x[i] * (long double)x[i];
  return (float)sqrtl(sum);
}
static void install_all_extended(void) {
  rotate = rotate_extended;
  rotate_back = rotate_back_extended;
  norm_of = norm_extended;
}

/* ---- fused ---- */

static void hadamard_fused(float* x, uint64_t d, int transposed) {
  int m;
  uint64_t block;
  split_order(d, &m, &block);
  for (uint64_t h = 1; h < block; h *= 2) {
    for (uint64_t i = 0; i < d; ++i) {
      if (i & h) continue;
      const float a = x[i], c = x[i + h];
      x[i] = fmaf(1, a, c);
      x[i + h] = fmaf(-1, c, a);
    }
  }
  for (uint64_t c = 0; m > 1 && c < block; ++c) {
    float in[28];
    for (int j = 0; j < m; ++j) in[j] = x[(uint64_t)j * block + c];
    for (int i = 0; i < m; ++i) {
      float sum = 0;
      for (int j = 0; j < m; ++j) sum = fmaf(base_matrix(m, transposed)[i * m + j], in[j], sum);
      x[(uint64_t)i * block + c] = sum;
    }
  }
}
static float norm_fused(const float* x, uint64_t n) {
  double sum = 0;
  for (uint64_t i = 0; i < n; ++i) sum = fma((double)x[i], (double)x[i], sum);
  return (float)sqrt(sum);
}
static float dot_row_fused(const config* k, uint64_t row, float norm, const uint8_t* bytes, const float* w, int e) {
  float* z = malloc(k->order * sizeof(float));
  float sum = 0;
  right_quantized_row(k, row, bytes, z);
  for (uint64_t j = k->order; j-- > 0;) sum = fmaf(w[j], z[j], sum);
  free(z);
  return (float)ldexp((double)sum * ((double)norm / (double)k->order), e);
}
static void install_fused_everywhere(void) {
  hadamard = hadamard_fused;
  norm_of = norm_fused;
  dot_row = dot_row_fused;
}

/* ---- other loops ---- */

static void hadamard_reversed(float* x, uint64_t d, int transposed) {
  int m;
  uint64_t block;
  split_order(d, &m, &block);
  if (m > 1) right_across(x, m, block, transposed);
  for (uint64_t h = block / 2; h > 0; h /= 2) {
    for (uint64_t i = d; i-- > 0;) {
      if (i & h) continue;
      const float a = x[i], c = x[i + h];
      x[i + h] = a - c;
      x[i] = c + a;
    }
  }
}
static void install_stages_reversed(void) { hadamard = hadamard_reversed; }

/* y transposed: entry j of all rows together. */
static int transform_columns(const config* k, uint64_t rows, const float* x, float* y) {
  int m;
  uint64_t block;
  const uint64_t d = k->order;
  int8_t* epsilon = malloc(k->dimension);
  right_sign_row(k->seed, k->dimension, epsilon);
  split_order(d, &m, &block);
  float* t = calloc(rows * d + 1, sizeof(float));
  for (uint64_t i = 0; i < k->dimension; ++i) {
    for (uint64_t row = 0; row < rows; ++row) t[i * rows + row] = (float)epsilon[i] * x[row * k->dimension + i];
  }
  for (uint64_t h = 1; h < block; h *= 2) {
    for (uint64_t i = 0; i < d * rows; ++i) {
      if (i / rows & h) continue;
      const float a = t[i], c = t[i + h * rows];
      t[i] = a + c;
      t[i + h * rows] = a - c;
    }
  }
  if (m > 1) right_across(t, m, block * rows, 0);
  for (uint64_t j = 0; j < d; ++j) {
    for (uint64_t row = 0; row < rows; ++row) y[row * d + j] = t[j * rows + row];
  }
  free(t);
  free(epsilon);
  return HDQ_KERNEL_OK;
}
static void install_column_major(void) { hdq_kernel_v1.transform = transform_columns; }

static float squares_pairwise(const float* x, uint64_t n, int e) {
  if (n == 1) return ldexpf(x[0], -e) * ldexpf(x[0], -e);
  return squares_pairwise(x, n / 2, e) + squares_pairwise(x + n / 2, n - n / 2, e);
}
/* Scaled by the power of two of the largest entry, so that no square leaves the range, and none that matters is lost. */
static float norm_float(const float* x, uint64_t n) {
  float largest = 0;
  int e = 0;
  for (uint64_t i = 0; i < n; ++i) largest = fmaxf(largest, fabsf(x[i]));
  if (largest == 0 || !isfinite(largest)) return right_norm(x, n);
  frexpf(largest, &e);
  return (float)ldexp((double)sqrtf(squares_pairwise(x, n, e)), e);
}
static void install_norm_in_float(void) { norm_of = norm_float; }

/* ---- rows of codes ---- */

static uint64_t row_unit = 1;
static int row_garbage;

static uint64_t stride(const config* k) { return (row_bytes(k) + row_unit - 1) / row_unit * row_unit; }
static int stride_bytes(const config* k, uint64_t* bytes) {
  *bytes = stride(k);
  return HDQ_KERNEL_OK;
}
static int encode_strided(ENCODE_PARAMETERS) {
  int status = HDQ_KERNEL_OK;
  for (uint64_t i = 0; i < rows && status == HDQ_KERNEL_OK; ++i) {
    uint8_t* row = codes + i * stride(k);
    memset(row, 0, stride(k));
    status = right_encode(k, first_row + i, 1, x + i * k->dimension, norms + i, row, bad);
    if (status == HDQ_KERNEL_BAD_INPUT) bad->row = i;
    for (uint64_t j = row_bytes(k); row_garbage && j < stride(k); ++j) row[j] = (uint8_t)(row[j - row_bytes(k)] * 37 + j);
  }
  return status;
}
/* The codes of all rows as SPEC §4 packs them. */
static uint8_t* repacked(const config* k, uint64_t rows, const uint8_t* codes) {
  uint8_t* packed = malloc(rows * row_bytes(k) + 1);
  for (uint64_t i = 0; i < rows; ++i) memcpy(packed + i * row_bytes(k), codes + i * stride(k), row_bytes(k));
  return packed;
}
static int decode_strided(DECODE_PARAMETERS) {
  uint8_t* packed = repacked(k, rows, codes);
  const int status = right_decode(k, first_row, rows, norms, packed, x);
  free(packed);
  return status;
}
static int dot_strided(DOT_PARAMETERS) {
  uint8_t* packed = repacked(k, rows, codes);
  const int status = right_dot(k, first_row, rows, norms, packed, q, out);
  free(packed);
  return status;
}
static void install_strided(void) {
  hdq_kernel_v1.code_bytes = stride_bytes;
  hdq_kernel_v1.encode = encode_strided;
  hdq_kernel_v1.decode = decode_strided;
  hdq_kernel_v1.dot = dot_strided;
  hdq_kernel_v1.save = NULL;
  hdq_kernel_v1.load = NULL;
}
static void install_rows_of_64(void) {
  row_unit = 64;
  install_strided();
}
static void install_rows_of_64_garbage(void) {
  row_unit = 64;
  row_garbage = 1;
  install_strided();
}

/* ---- offers ---- */

static void install_five_variants(void) { hdq_kernel_v1.variants = 5; }

static int (*offered)(const config* k);
static int signs_offered(const config* k, uint64_t count, int8_t* epsilon) {
  return offered(k) ? right_signs(k, count, epsilon) : HDQ_KERNEL_UNSUPPORTED;
}
static int transform_offered(const config* k, uint64_t rows, const float* x, float* y) {
  return offered(k) ? right_transform(k, rows, x, y) : HDQ_KERNEL_UNSUPPORTED;
}
static int transposed_offered(const config* k, uint64_t rows, const float* y, float* x) {
  return offered(k) ? right_transposed(k, rows, y, x) : HDQ_KERNEL_UNSUPPORTED;
}
static int encode_offered(ENCODE_PARAMETERS) {
  return offered(k) ? right_encode(ENCODE_ARGUMENTS) : HDQ_KERNEL_UNSUPPORTED;
}
static int decode_offered(DECODE_PARAMETERS) {
  return offered(k) ? right_decode(DECODE_ARGUMENTS) : HDQ_KERNEL_UNSUPPORTED;
}
static int dot_offered(DOT_PARAMETERS) { return offered(k) ? right_dot(DOT_ARGUMENTS) : HDQ_KERNEL_UNSUPPORTED; }
static int save_offered(const config* k, uint64_t rows, const float* norms, const uint8_t* codes, uint8_t* file,
                        uint64_t* size) {
  return offered(k) ? right_save(k, rows, norms, codes, file, size) : HDQ_KERNEL_UNSUPPORTED;
}
static int load_offered(const config* k, uint64_t rows, const uint8_t* file, uint64_t size, float* norms,
                        uint8_t* codes) {
  return offered(k) ? right_load(k, rows, file, size, norms, codes) : HDQ_KERNEL_UNSUPPORTED;
}
static void offer_where(int (*where)(const config* k)) {
  offered = where;
  hdq_kernel_v1.signs = signs_offered;
  hdq_kernel_v1.transform = transform_offered;
  hdq_kernel_v1.transform_transposed = transposed_offered;
  hdq_kernel_v1.encode = encode_offered;
  hdq_kernel_v1.decode = decode_offered;
  hdq_kernel_v1.dot = dot_offered;
  hdq_kernel_v1.save = save_offered;
  hdq_kernel_v1.load = load_offered;
}
static int within_777(const config* k) { return k->dimension <= 777; }
static void install_up_to_777(void) {
  offer_where(within_777);
  hdq_kernel_v1.max_dimension = 777;
}
static int bits_offered(const config* k) { return k->bits == 1 || k->bits == 3 || k->bits == 8; }
static void install_bits_1_3_8(void) {
  offer_where(bits_offered);
  hdq_kernel_v1.bit_widths = 1u << 1 | 1u << 3 | 1u << 8;
}
static int even_dimension(const config* k) { return k->dimension % 2 == 0; }
static void install_even_only(void) { offer_where(even_dimension); }
static int multiple_of_64(const config* k) { return k->dimension % 64 == 0; }
static void install_multiples_of_64(void) { offer_where(multiple_of_64); }
static int one_dimension(const config* k) { return k->dimension == 128; }
static void install_only_128(void) { offer_where(one_dimension); }
static int even_seed(const config* k) { return k->seed % 2 == 0; }
static void install_even_seeds(void) { offer_where(even_seed); }

/* ---- few functions ---- */

static void clear_but_table(void) {
  hdq_kernel_v1 = (hdq_kernel){.struct_version = HDQ_KERNEL_VERSION,
                               .struct_bytes = sizeof(hdq_kernel),
                               .name = "few functions",
                               .version = "1",
                               .promise = HDQ_KERNEL_CONFORMANT};
}
static void install_encode_and_dot(void) {
  clear_but_table();
  hdq_kernel_v1.encode = right_encode;
  hdq_kernel_v1.dot = right_dot;
}
static void install_decode_alone(void) {
  clear_but_table();
  hdq_kernel_v1.decode = right_decode;
}
static void install_transform_alone(void) {
  clear_but_table();
  hdq_kernel_v1.transform = right_transform;
}
static int reconstruct(const config* k, uint64_t first_row, uint64_t rows, const float* x, float* decoded,
                       hdq_kernel_position* bad) {
  float* norms = malloc(rows * sizeof(float) + 1);
  uint8_t* codes = malloc(rows * row_bytes(k) + 1);
  const int status = right_encode(k, first_row, rows, x, norms, codes, bad);
  if (status == HDQ_KERNEL_OK) right_decode(k, first_row, rows, norms, codes, decoded);
  free(codes);
  free(norms);
  return status;
}
static void install_reconstruct_alone(void) {
  clear_but_table();
  hdq_kernel_v1.reconstruct = reconstruct;
}

/* ---- threads ---- */

typedef struct job {
  const config* k;
  uint64_t first_row, begin, end;
  const float *in, *q;
  float *norms, *out;
  uint8_t* codes;
  hdq_kernel_position bad;
  int status, what;
} job;

static void* work(void* argument) {
  job* j = argument;
  const config* k = j->k;
  const uint64_t b = j->begin, rows = j->end - b, n = k->dimension;
  uint8_t* codes = j->codes + b * row_bytes(k);
  j->status = HDQ_KERNEL_OK;
  if (j->what == 0) j->status = right_encode(k, j->first_row + b, rows, j->in + b * n, j->norms + b, codes, &j->bad);
  if (j->what == 1) j->status = right_decode(k, j->first_row + b, rows, j->norms + b, codes, j->out + b * n);
  if (j->what == 2) j->status = right_dot(k, j->first_row + b, rows, j->norms + b, codes, j->q, j->out + b);
  return NULL;
}
/* The rows of `all` in as many parts as there are threads, at most 64. The caller works too. */
static int in_parallel(job all, uint64_t rows, hdq_kernel_position* bad) {
  enum { MOST = 64 };
  job jobs[MOST];
  pthread_t threads[MOST];
  int started[MOST] = {0};
  const uint64_t count = all.k->threads < 1 ? 1 : all.k->threads > MOST ? MOST : all.k->threads;
  if (all.k->order % 3 == 0 || all.k->order % 5 == 0 || all.k->order % 7 == 0)
    base_matrix(all.k->order % 3 == 0 ? 12 : all.k->order % 5 == 0 ? 20 : 28, 0);
  for (uint64_t t = count; t-- > 0;) {
    jobs[t] = all;
    jobs[t].begin = rows * t / count;
    jobs[t].end = rows * (t + 1) / count;
    if (t > 0) started[t] = pthread_create(&threads[t], NULL, work, &jobs[t]) == 0;
    if (!started[t]) work(&jobs[t]);
  }
  int status = HDQ_KERNEL_OK;
  for (uint64_t t = 0; t < count; ++t) {
    if (started[t]) pthread_join(threads[t], NULL);
    if (status != HDQ_KERNEL_OK || jobs[t].status == HDQ_KERNEL_OK) continue;
    status = jobs[t].status;
    if (status == HDQ_KERNEL_BAD_INPUT)
      *bad = (hdq_kernel_position){jobs[t].bad.row + jobs[t].begin, jobs[t].bad.column};
  }
  return status;
}
static int encode_threaded(ENCODE_PARAMETERS) {
  return in_parallel((job){.k = k, .first_row = first_row, .in = x, .norms = norms, .codes = codes, .what = 0}, rows,
                     bad);
}
static int decode_threaded(DECODE_PARAMETERS) {
  float* readable = (float*)(uintptr_t)norms;
  uint8_t* bytes = (uint8_t*)(uintptr_t)codes;
  return in_parallel((job){.k = k, .first_row = first_row, .norms = readable, .codes = bytes, .out = x, .what = 1},
                     rows, NULL);
}
static int dot_threaded(DOT_PARAMETERS) {
  float* readable = (float*)(uintptr_t)norms;
  uint8_t* bytes = (uint8_t*)(uintptr_t)codes;
  return in_parallel(
      (job){.k = k, .first_row = first_row, .norms = readable, .codes = bytes, .q = q, .out = out, .what = 2}, rows,
      NULL);
}
static void install_threaded(void) {
  hdq_kernel_v1.encode = encode_threaded;
  hdq_kernel_v1.decode = decode_threaded;
  hdq_kernel_v1.dot = dot_threaded;
}

/* ---- alignment, caches, words ---- */

static void need_64(const void* array) {
  if ((uintptr_t)array % 64 != 0) abort();
}
static int transform_aligned(const config* k, uint64_t rows, const float* x, float* y) {
  need_64(x);
  need_64(y);
  return right_transform(k, rows, x, y);
}
static int encode_aligned(ENCODE_PARAMETERS) {
  need_64(x);
  need_64(norms);
  return right_encode(ENCODE_ARGUMENTS);
}
static int decode_aligned(DECODE_PARAMETERS) {
  need_64(x);
  need_64(norms);
  return right_decode(DECODE_ARGUMENTS);
}
static int dot_aligned(DOT_PARAMETERS) {
  need_64(norms);
  need_64(q);
  need_64(out);
  return right_dot(DOT_ARGUMENTS);
}
static void install_aligned_64(void) {
  hdq_kernel_v1.alignment = 64;
  hdq_kernel_v1.transform = transform_aligned;
  hdq_kernel_v1.encode = encode_aligned;
  hdq_kernel_v1.decode = decode_aligned;
  hdq_kernel_v1.dot = dot_aligned;
}

static void sign_row_kept(uint64_t seed, uint64_t count, int8_t* epsilon) {
  enum { MOST = 4096 };
  static _Thread_local int8_t kept[MOST];
  static _Thread_local uint64_t kept_seed, kept_count;
  if (count > MOST) {
    right_sign_row(seed, count, epsilon);
    return;
  }
  if (kept_seed != seed || kept_count < count) {
    right_sign_row(seed, count, kept);
    kept_seed = seed;
    kept_count = count;
  }
  memcpy(epsilon, kept, count);
}
static void theta_kept(int bits, uint32_t word, double* theta) {
  static _Thread_local double kept[9][255];
  static _Thread_local uint32_t kept_word[9];
  static _Thread_local int made[9];
  if (!made[bits] || kept_word[bits] != word) right_theta(bits, word, kept[bits]);
  kept_word[bits] = word;
  made[bits] = 1;
  memcpy(theta, kept[bits], sizeof kept[bits]);
}
static void install_remembering(void) {
  sign_row = sign_row_kept;
  theta_of = theta_kept;
}

static uint64_t first_bad_from_the_end(const float* x, uint64_t n) {
  uint64_t first = n;
  for (uint64_t i = n; i-- > 0;) {
    if (!isfinite(x[i])) first = i;
  }
  return first;
}
static void install_bad_from_the_end(void) { bad_column = first_bad_from_the_end; }

static int decode_talking(DECODE_PARAMETERS) {
  static _Thread_local int calls;
  if (++calls % 100 == 0) fprintf(stderr, "decoded %d times\n", calls);
  return right_decode(DECODE_ARGUMENTS);
}
static void install_talkative(void) { hdq_kernel_v1.decode = decode_talking; }

CHOOSE_AT_LOAD(ARITHMETIC_KERNELS)
