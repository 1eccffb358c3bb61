/* Kernels in other conventions, judged by a shipped profile: turboquant-mse and eden, and faults that such kernels have had. */
#include "spec_core.h"
/* the list of mutants */
#include "profiled.h"

hdq_kernel hdq_kernel_v1;

/* ---- Lloyd-Max of N(0, 1) ---- */

typedef struct codebook {
  double centroid[256], threshold[255];
} codebook;

static double upper(double x) { return 0.5 * erfc(x / sqrt(2)); }

/* Lloyd's iteration from quantiles near the optimum, overrelaxed, to about 13 digits. */
static void right_book(int bits, codebook* c) {
  const int levels = 1 << bits;
  for (int i = 0; i < levels; ++i) {
    const double p = (i + 0.5) / levels;
    c->centroid[i] = 1.7320508 * (p > 0.5 ? -normal_quantile(1 - p) : normal_quantile(p));
  }
  double change = 1, relax = 1;
  for (int step = 0; step < 100000 && change > 1e-13; ++step) {
    change = 0;
    for (int i = 0; i + 1 < levels; ++i) c->threshold[i] = (c->centroid[i] + c->centroid[i + 1]) / 2;
    for (int i = 0; i < levels / 2; ++i) {
      const double low = i == 0 ? -40 : c->threshold[i - 1], high = c->threshold[i];
      const double next = (normal_density(low) - normal_density(high)) / (upper(-high) - upper(-low));
      const double moved = relax * (next - c->centroid[i]);
      change = fmax(change, fabs(next - c->centroid[i]));
      c->centroid[i] += moved;
      c->centroid[levels - 1 - i] = -c->centroid[i];
      if (i + 1 < levels) c->threshold[i] = (c->centroid[i] + c->centroid[i + 1]) / 2;
    }
    relax = bits < 3 ? 1 : 2 - 8.0 / levels;
  }
  for (int i = 0; i + 1 < levels; ++i) c->threshold[i] = (c->centroid[i] + c->centroid[i + 1]) / 2;
}

static void (*coding_book)(int bits, codebook* c) = right_book;
static void (*decoding_book)(int bits, codebook* c) = right_book;

static const codebook* book_of(int bits, int decoding) {
  static _Thread_local codebook books[2][9];
  static _Thread_local int made[2][9];
  if (!made[decoding][bits]) (decoding ? decoding_book : coding_book)(bits, &books[decoding][bits]);
  made[decoding][bits] = 1;
  return &books[decoding][bits];
}

/* ---- the scheme: y = H D x/√d, z = y/‖x‖, codewords c/√d ---- */

static double right_unit(const config* k) { return 1 / sqrt((double)k->order); }
static double (*coding_unit)(const config* k) = right_unit;
static double (*decoding_unit)(const config* k) = right_unit;
static uint64_t right_seed(uint64_t seed) { return seed; }
static uint64_t (*seed_of)(uint64_t seed) = right_seed;
static uint64_t (*exported_seed)(uint64_t seed) = right_seed;
static int signs_back = 1;
static double (*padding_of)(const config* k, float norm);
static double no_padding(const config* k, float norm) {
  (void)k, (void)norm;
  return 0;
}

static void turn(const config* k, const float* x, float pad, float* y) {
  int8_t* epsilon = malloc(k->order);
  right_sign_row(seed_of(k->seed), k->order, epsilon);
  for (uint64_t i = 0; i < k->order; ++i)
    y[i] = i < k->dimension ? (float)epsilon[i] * x[i] : i == k->dimension ? pad : 0;
  right_butterflies(y, k->order);
  for (uint64_t i = 0; i < k->order; ++i) y[i] = (float)((double)y[i] / sqrt((double)k->order));
  free(epsilon);
}
static void turn_back(const config* k, float* y, float* x) {
  int8_t* epsilon = malloc(k->order);
  right_sign_row(seed_of(k->seed), k->order, epsilon);
  right_butterflies(y, k->order);
  for (uint64_t i = 0; i < k->dimension; ++i)
    x[i] = (signs_back ? (float)epsilon[i] : 1) * (float)((double)y[i] / sqrt((double)k->order));
  free(epsilon);
}

/* What is stored for a row: its norm, or a factor from y and the chosen codewords. */
static double stored_norm(double norm, double yy, double yq, double qq) {
  (void)yy, (void)yq, (void)qq;
  return norm;
}
static double (*stored)(double norm, double yy, double yq, double qq) = stored_norm;
static int sums_of_n;

static void code_row(const config* k, const float* x, float* number, uint8_t* bytes) {
  const double norm = (double)right_norm(x, k->dimension), unit = coding_unit(k);
  float* y = malloc(k->order * sizeof(float));
  uint8_t* code = malloc(k->order);
  double yy = 0, yq = 0, qq = 0;
  const codebook* book = book_of((int)k->bits, 0);
  turn(k, x, (float)padding_of(k, (float)norm), y);
  for (uint64_t j = 0; j < k->order; ++j) {
    const double z = norm == 0 ? 0 : (double)y[j] / norm / unit;
    int c = 0;
    for (int t = 0; t < (1 << k->bits) - 1; ++t) c += z >= book->threshold[t];
    code[j] = (uint8_t)c;
    const double q = book->centroid[c] * decoding_unit(k);
    if (sums_of_n && j >= k->dimension) continue;
    yy += (double)y[j] * (double)y[j];
    yq += (double)y[j] * q;
    qq += q * q;
  }
  *number = norm == 0 ? 0 : (float)stored(norm, yy, yq, qq);
  pack_codes(k->bits, k->order, code, bytes);
  free(code);
  free(y);
}

static int offered(const config* k) { return (k->order & (k->order - 1)) == 0; }

static int profiled_encode(ENCODE_PARAMETERS) {
  (void)first_row;
  if (!offered(k)) return HDQ_KERNEL_UNSUPPORTED;
  for (uint64_t i = 0; i < rows; ++i) {
    const float* in = x + i * k->dimension;
    const uint64_t column = bad_column(in, k->dimension);
    if (column < k->dimension || !isfinite(right_norm(in, k->dimension))) {
      *bad = (hdq_kernel_position){i, column < k->dimension ? column : UINT64_MAX};
      return HDQ_KERNEL_BAD_INPUT;
    }
    code_row(k, in, norms + i, codes + i * row_bytes(k));
  }
  return HDQ_KERNEL_OK;
}

static void values_of_row(const config* k, float number, const uint8_t* bytes, float* y) {
  uint8_t* code = malloc(k->order);
  unpack_codes(k->bits, k->order, bytes, code);
  for (uint64_t j = 0; j < k->order; ++j) {
    y[j] = (float)((double)number * (book_of((int)k->bits, 1)->centroid[code[j]] * decoding_unit(k)));
  }
  free(code);
}
static float (*applied)(float number);
static float as_stored(float number) { return number; }

static int profiled_decode(DECODE_PARAMETERS) {
  (void)first_row;
  if (!offered(k)) return HDQ_KERNEL_UNSUPPORTED;
  float* y = malloc(k->order * sizeof(float));
  for (uint64_t i = 0; i < rows; ++i) {
    values_of_row(k, applied(norms[i]), codes + i * row_bytes(k), y);
    turn_back(k, y, x + i * k->dimension);
  }
  free(y);
  return HDQ_KERNEL_OK;
}
static int query_stays;
static int profiled_dot(DOT_PARAMETERS) {
  (void)first_row;
  if (!offered(k)) return HDQ_KERNEL_UNSUPPORTED;
  float *w = malloc(2 * k->order * sizeof(float)), *y = w + k->order;
  turn(k, q, 0, w);
  if (query_stays && k->order == k->dimension) memcpy(w, q, k->order * sizeof(float));
  for (uint64_t i = 0; i < rows; ++i) {
    double sum = 0;
    values_of_row(k, applied(norms[i]), codes + i * row_bytes(k), y);
    for (uint64_t j = 0; j < k->order; ++j) sum += (double)w[j] * (double)y[j];
    out[i] = (float)sum;
  }
  free(w);
  return HDQ_KERNEL_OK;
}
static int profiled_transform(const config* k, uint64_t rows, const float* x, float* y) {
  if (!offered(k)) return HDQ_KERNEL_UNSUPPORTED;
  for (uint64_t i = 0; i < rows; ++i) turn(k, x + i * k->dimension, 0, y + i * k->order);
  return HDQ_KERNEL_OK;
}
static int profiled_data(const config* k, const char* name, uint64_t first_row, uint64_t count, double* values) {
  (void)first_row;
  if (strcmp(name, "signs") != 0) return HDQ_KERNEL_UNSUPPORTED;
  int8_t* epsilon = malloc(count + 1);
  right_sign_row(exported_seed(k->seed), count, epsilon);
  for (uint64_t i = 0; i < count; ++i) values[i] = epsilon[i];
  free(epsilon);
  return HDQ_KERNEL_OK;
}

static void follow(const char* profile) {
  padding_of = no_padding;
  applied = as_stored;
  hdq_kernel_v1 = (hdq_kernel){.struct_version = HDQ_KERNEL_VERSION,
                               .struct_bytes = sizeof(hdq_kernel),
                               .name = profile,
                               .version = "1",
                               .promise = HDQ_KERNEL_OWN_SCHEME,
                               .transform = profiled_transform,
                               .encode = profiled_encode,
                               .decode = profiled_decode,
                               .dot = profiled_dot,
                               .profile = profile,
                               .data = profiled_data};
}
static void install_mse__right(void) { follow("turboquant-mse"); }

/* ---- turboquant-mse ---- */

static void book_centroid(int bits, codebook* c) {
  right_book(bits, c);
  if (bits == 4) c->centroid[5] *= 1.02;
}
static void install_mse__wrong_centroid(void) {
  install_mse__right();
  decoding_book = book_centroid;
}
static void book_swapped(int bits, codebook* c) {
  right_book(bits, c);
  if (bits != 4) return;
  const double kept = c->centroid[9];
  c->centroid[9] = c->centroid[10];
  c->centroid[10] = kept;
}
static void install_mse__swapped(void) {
  install_mse__right();
  decoding_book = book_swapped;
}
static void book_narrow(int bits, codebook* c) {
  right_book(bits, c);
  for (int i = 0; i < 16 && bits == 4; ++i) c->centroid[i] *= 0.61;
  for (int i = 0; i < 15 && bits == 4; ++i) c->threshold[i] *= 0.61;
}
static void install_mse__narrow(void) {
  install_mse__right();
  coding_book = decoding_book = book_narrow;
}
static double unit_one(const config* k) {
  (void)k;
  return 1;
}
static void install_mse__sigma_one(void) {
  install_mse__right();
  coding_unit = decoding_unit = unit_one;
}
static double unit_2d(const config* k) { return 1 / sqrt(2 * (double)k->order); }
static void install_mse__half_root(void) {
  install_mse__right();
  decoding_unit = unit_2d;
}
static double unit_n(const config* k) { return 1 / sqrt((double)k->dimension); }
static void install_mse__root_n(void) {
  install_mse__right();
  coding_unit = decoding_unit = unit_n;
}
static double norm_binary16(double norm, double yy, double yq, double qq) {
  (void)yy, (void)yq, (void)qq;
  int e;
  const double fraction = frexp(norm, &e);
  return norm >= 65520 ? INFINITY : ldexp(rint(fraction * 2048) / 2048, e);
}
static void install_mse__norm_half(void) {
  install_mse__right();
  stored = norm_binary16;
}
static void install_mse__no_signs_back(void) {
  install_mse__right();
  signs_back = 0;
}
static void install_mse__dot_unrotated(void) {
  install_mse__right();
  query_stays = 1;
}
static uint64_t seed_zero(uint64_t seed) {
  (void)seed;
  return 0;
}
static void install_mse__signs_fixed(void) {
  install_mse__right();
  seed_of = exported_seed = seed_zero;
}
static uint64_t seed_next(uint64_t seed) { return seed + 1; }
static void install_mse__data_other(void) {
  install_mse__right();
  exported_seed = seed_next;
}
static double padding_third(const config* k, float norm) {
  return k->dimension % 4 == 3 ? (double)norm / (double)k->order : 0;
}
static void install_mse__padding_kept(void) {
  install_mse__right();
  padding_of = padding_third;
}
static int decode_tail(DECODE_PARAMETERS) {
  const int status = profiled_decode(DECODE_ARGUMENTS);
  if (status != HDQ_KERNEL_OK || rows % 16 != 15) return status;
  return profiled_decode(k, first_row, 1, norms + rows - 2, codes + (rows - 1) * row_bytes(k),
                         x + (rows - 1) * k->dimension);
}
static void install_mse__tail_rows(void) {
  install_mse__right();
  hdq_kernel_v1.decode = decode_tail;
}
static int encode_nan_zero(ENCODE_PARAMETERS) {
  float* copy = malloc(rows * k->dimension * sizeof(float) + 1);
  for (uint64_t i = 0; i < rows * k->dimension; ++i) copy[i] = isnan(x[i]) ? 0 : x[i];
  const int status = profiled_encode(k, first_row, rows, copy, norms, codes, bad);
  free(copy);
  return status;
}
static void install_mse__nan_zero(void) {
  install_mse__right();
  hdq_kernel_v1.encode = encode_nan_zero;
}
static int encode_zero_row(ENCODE_PARAMETERS) {
  const int status = profiled_encode(ENCODE_ARGUMENTS);
  for (uint64_t i = 0; i < rows && status == HDQ_KERNEL_OK; ++i) {
    if (norms[i] == 0) norms[i] = NAN;
  }
  return status;
}
static void install_mse__zero_row(void) {
  install_mse__right();
  hdq_kernel_v1.encode = encode_zero_row;
}
static void pack_nibbles(uint32_t bits, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  right_pack_codes(bits, count, codes, bytes);
  if (bits != 3) return;
  memset(bytes, 0, (count * 3 + 7) / 8);
  for (uint64_t j = 0; j / 2 < (count * 3 + 7) / 8 && j < count; ++j)
    bytes[j / 2] = (uint8_t)(bytes[j / 2] | codes[j] << (j % 2 * 4));
}
static void unpack_nibbles(uint32_t bits, uint64_t count, const uint8_t* bytes, uint8_t* codes) {
  right_unpack_codes(bits, count, bytes, codes);
  for (uint64_t j = 0; j < count && bits == 3; ++j)
    codes[j] = j / 2 < (count * 3 + 7) / 8 ? (bytes[j / 2] >> (j % 2 * 4)) & 7 : 3;
}
static void install_mse__b3_as_b4(void) {
  install_mse__right();
  pack_codes = pack_nibbles;
  unpack_codes = unpack_nibbles;
}
static void book_digits(int bits, codebook* c) {
  right_book(bits, c);
  for (int i = 0; i + 1 < 1 << bits; ++i) c->threshold[i] = rint(c->threshold[i] * 1000) / 1000;
}
static void install_mse__midpoints_float(void) {
  install_mse__right();
  coding_book = book_digits;
}

/* ---- eden ---- */

static double factor_unbiased(double norm, double yy, double yq, double qq) {
  (void)norm, (void)qq;
  return yy / yq;
}
static void follow_eden(void) {
  follow("eden");
  decoding_unit = unit_one;
}
static void install_edenhd__right(void) {
  follow_eden();
  stored = factor_unbiased;
}
static void install_edenhd__norm(void) { follow_eden(); }
static double factor_least(double norm, double yy, double yq, double qq) {
  (void)norm, (void)yy;
  return yq / qq;
}
static void install_edenhd__biased(void) {
  follow_eden();
  stored = factor_least;
}
static float never(float number) { return number > 8 ? 1 : number; }
static void install_edenhd__never(void) {
  install_edenhd__right();
  applied = never;
}
static void install_edenhd__of_n(void) {
  install_edenhd__right();
  sums_of_n = 1;
}

__attribute__((constructor(101))) static void default_scheme(void) { install_mse__right(); }
CHOOSE_AT_LOAD(PROFILED_MUTANTS)
