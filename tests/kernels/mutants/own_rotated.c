/* Schemes of their own after a rotation: EDEN, product quantizers with a sign bit, sign bits alone, a dithered codebook. Blind spot 9. */
#include "own_core.h"
/* the list of mutants */
#include "own_rotated.h"

hdq_kernel hdq_kernel_v1;

/* ---- Haar rotations: Gaussian rows made orthonormal one after the other; row major ---- */

enum { LARGEST = 64 };

typedef struct rotation {
  uint64_t n, seed;
  double matrix[LARGEST * LARGEST];
} rotation;

static int skip_last, skip_all;

static void orthogonalise(double* matrix, uint64_t n, uint64_t i) {
  double* row = matrix + i * n;
  for (uint64_t j = 0; j < i; ++j) {
    double sum = 0;
    for (uint64_t c = 0; c < n; ++c) sum += row[c] * matrix[j * n + c];
    for (uint64_t c = 0; c < n; ++c) row[c] -= sum * matrix[j * n + c];
  }
}

static void right_matrix(uint64_t n, uint64_t seed, double* matrix) {
  for (uint64_t i = 0; i < n; ++i) {
    double norm = 0;
    for (uint64_t c = 0; c < n; ++c) matrix[i * n + c] = gaussian_at(seed, 2, i * n + c);
    for (int twice = 0; twice < 2 && !skip_all && !(skip_last && i + 1 == n && n > 1); ++twice)
      orthogonalise(matrix, n, i);
    for (uint64_t c = 0; c < n; ++c) norm += matrix[i * n + c] * matrix[i * n + c];
    for (uint64_t c = 0; c < n; ++c) matrix[i * n + c] /= sqrt(norm);
  }
}
static void (*make_matrix)(uint64_t n, uint64_t seed, double* matrix) = right_matrix;

/* The last one is kept, by n and seed. */
static const double* rotation_of(const row_state* s) {
  static _Thread_local rotation kept;
  if (kept.n != s->n || kept.seed != s->seed) {
    kept.n = s->n;
    kept.seed = s->seed;
    make_matrix(s->n, s->seed, kept.matrix);
  }
  return kept.matrix;
}

static void multiply(const double* matrix, uint64_t n, int transposed, const double* x, double* y) {
  for (uint64_t i = 0; i < n; ++i) {
    y[i] = 0;
    for (uint64_t j = 0; j < n; ++j) y[i] += (transposed ? matrix[j * n + i] : matrix[i * n + j]) * x[j];
  }
}

/* ---- Lloyd-Max of N(0, 1): centroids and thresholds ---- */

typedef struct codebook {
  int levels;
  double centroid[256], threshold[255];
} codebook;

static double upper(double x) { return 0.5 * erfc(x / sqrt(2)); }

static void lloyd(int bits, int iterations, double width, codebook* c) {
  c->levels = 1 << bits;
  for (int i = 0; i < c->levels; ++i) c->centroid[i] = width * ((2 * i + 1.0) / c->levels - 1);
  for (int step = 0; step < iterations; ++step) {
    for (int i = 0; i + 1 < c->levels; ++i) c->threshold[i] = (c->centroid[i] + c->centroid[i + 1]) / 2;
    for (int i = 0; i < c->levels; ++i) {
      const double low = i == 0 ? -40 : c->threshold[i - 1], high = i + 1 == c->levels ? 40 : c->threshold[i];
      const double mass = low > 0 ? upper(low) - upper(high) : upper(-high) - upper(-low);
      if (mass > 1e-280) c->centroid[i] = (normal_density(low) - normal_density(high)) / mass;
    }
  }
}

static _Thread_local codebook books[9];
static _Thread_local int book_made[9];
/* From the quantiles of a wider normal, which are nearly right already. */
static void right_book(int bits, codebook* c) {
  lloyd(bits, 0, 1, c);
  for (int i = 0; i < c->levels; ++i) {
    const double p = (i + 0.5) / c->levels;
    c->centroid[i] = 1.7320508 * (p > 0.5 ? -normal_quantile(1 - p) : normal_quantile(p));
  }
  codebook start = *c;
  for (int step = 0; step < 400; ++step) {
    for (int i = 0; i + 1 < c->levels; ++i) c->threshold[i] = (c->centroid[i] + c->centroid[i + 1]) / 2;
    for (int i = 0; i < c->levels; ++i) {
      const double low = i == 0 ? -40 : c->threshold[i - 1], high = i + 1 == c->levels ? 40 : c->threshold[i];
      const double mass = low > 0 ? upper(low) - upper(high) : upper(-high) - upper(-low);
      c->centroid[i] = mass > 1e-280 ? (normal_density(low) - normal_density(high)) / mass : start.centroid[i];
    }
  }
}
static void (*make_book)(int bits, codebook* c) = right_book;

static const codebook* book_of(int bits) {
  if (!book_made[bits]) make_book(bits, &books[bits]);
  book_made[bits] = 1;
  return &books[bits];
}

static int code_in(const codebook* c, double y) {
  int low = 0, high = c->levels - 1;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (y >= c->threshold[middle])
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* ---- EDEN: a factor as a float, then one byte an entry ---- */

static uint64_t rotated_bytes(uint64_t n, uint32_t bits) {
  (void)bits;
  return sizeof(float) + n;
}
static double unit = -1;
static double right_factor(double yy, double yq, double qq) {
  (void)qq;
  return yy / yq;
}
static double (*factor_of)(double yy, double yq, double qq) = right_factor;
static int factor_unused;
static int (*decoded_code)(int bits, int code);
static int same_code(int bits, int code) {
  (void)bits;
  return code;
}

static void eden_encode(const row_state* s, const double* u, uint8_t* bytes) {
  double* y = malloc(s->n * sizeof(double));
  const double root = unit > 0 ? unit : sqrt((double)s->n);
  const codebook* book = book_of((int)s->bits);
  double yy = 0, yq = 0, qq = 0;
  multiply(rotation_of(s), s->n, 0, u, y);
  for (uint64_t i = 0; i < s->n; ++i) {
    const int code = code_in(book, y[i] * root);
    const double q = book->centroid[code];
    bytes[sizeof(float) + i] = (uint8_t)code;
    yy += y[i] * y[i];
    yq += y[i] * q;
    qq += q * q;
  }
  const float factor = (float)factor_of(yy, yq, qq);
  memcpy(bytes, &factor, sizeof factor);
  free(y);
}
static int odd_stays;
static void eden_decode(const row_state* s, const uint8_t* bytes, double* u) {
  double* q = malloc(s->n * sizeof(double));
  float factor;
  memcpy(&factor, bytes, sizeof factor);
  const double applied = factor_unused ? 1 / sqrt((double)s->n) : (double)factor;
  for (uint64_t i = 0; i < s->n; ++i)
    q[i] = applied * book_of((int)s->bits)->centroid[decoded_code((int)s->bits, bytes[sizeof factor + i])];
  if (odd_stays && s->n % 2 == 1)
    memcpy(u, q, s->n * sizeof(double));
  else
    multiply(rotation_of(s), s->n, 1, q, u);
  free(q);
}
/* In small dimensions the sphere's coordinates are less spread than normal ones; some more is claimed than for N(0, 1). */
static double eden_claim(uint32_t bits) {
  static const double claims[9] = {0, 0.62, 0.16, 0.045, 0.013, 0.0045, 0.0015, 0.0005, 0.0002};
  return claims[bits];
}
static void install_eden__right(void) {
  decoded_code = same_code;
  offer((scheme){0x1fe, 8, 64, rotated_bytes, eden_encode, eden_decode, eden_claim});
}

static double factor_least(double yy, double yq, double qq) {
  (void)yy;
  return yq / qq;
}
static void install_eden__norm_factor(void) {
  install_eden__right();
  factor_of = factor_least;
}
static void install_eden__factor_unused(void) {
  install_eden__right();
  factor_unused = 1;
}
static void book_narrow(int bits, codebook* c) {
  right_book(bits, c);
  for (int i = 0; i < c->levels && bits == 4; ++i) c->centroid[i] *= 0.5;
  for (int i = 0; i + 1 < c->levels && bits == 4; ++i) c->threshold[i] *= 0.5;
}
static void install_eden__narrow(void) {
  install_eden__right();
  make_book = book_narrow;
}
static int swapped_code(int bits, int code) { return bits == 3 && (code == 4 || code == 5) ? 9 - code : code; }
static void install_eden__swapped(void) {
  install_eden__right();
  decoded_code = swapped_code;
}
static void install_eden__unit_table(void) {
  install_eden__right();
  unit = 1;
}
static void install_eden__odd_stays(void) {
  install_eden__right();
  odd_stays = 1;
}
static void install_eden__last_row(void) {
  install_eden__right();
  skip_last = 1;
}
static void install_eden__normalised_only(void) {
  install_eden__right();
  skip_all = 1;
}
static void matrix_256(uint64_t n, uint64_t seed, double* matrix) { right_matrix(n, seed & 0xff, matrix); }
static void install_eden__seeds_256(void) {
  install_eden__right();
  make_matrix = matrix_256;
}
static void book_stopped(int bits, codebook* c) {
  right_book(bits, c);
  if (bits >= 5) lloyd(bits, 3, 20, c);
}
static void install_eden__lloyd_stopped(void) {
  install_eden__right();
  make_book = book_stopped;
}
static double factor_cut(double yy, double yq, double qq) {
  const float right = (float)right_factor(yy, yq, qq);
  uint32_t bits;
  float cut;
  memcpy(&bits, &right, 4);
  bits &= 0xffff0000;
  memcpy(&cut, &bits, 4);
  return (double)cut;
}
static void install_eden__norm_down(void) {
  install_eden__right();
  factor_of = factor_cut;
}
static void book_midpoint(int bits, codebook* c) {
  right_book(bits, c);
  if (bits == 2)
    memcpy(c->threshold, (const double[3]){c->centroid[0], c->centroid[1], c->centroid[2]}, 3 * sizeof(double));
}
static void install_eden__midpoint(void) {
  install_eden__right();
  make_book = book_midpoint;
}
static void matrix_permutation(uint64_t n, uint64_t seed, double* matrix) {
  const uint64_t shift = mix(seed) % n;
  memset(matrix, 0, n * n * sizeof(double));
  for (uint64_t i = 0; i < n; ++i) matrix[i * n + (i + shift) % n] = random_bits(seed, 0, 3, i) & 1 ? -1 : 1;
}
static void install_eden__first_signs(void) {
  install_eden__right();
  make_matrix = matrix_permutation;
}

/* ---- prod: ‖r‖ as a float, codes of b − 1 bits, signs of S r ---- */

static double product_constant = 1.2533141373155003; /* √(π/2) */
static int structured, sign_of_input, padded, dead_from = 9, gamma_at;
static _Thread_local int base_alone;
static double right_entry(uint64_t seed, uint64_t index) { return gaussian_at(seed, 4, index); }
static double (*entry_of)(uint64_t seed, uint64_t index) = right_entry;

/* Sx, or Sᵀx. */
static void project(const row_state* s, int transposed, const double* x, double* y) {
  static _Thread_local rotation kept;
  const uint64_t n = s->n;
  if (kept.n != n || kept.seed != s->seed) {
    kept.n = n;
    kept.seed = s->seed;
    const double* rotation = structured ? rotation_of(s) : NULL;
    for (uint64_t i = 0; i < n * n; ++i) {
      kept.matrix[i] = structured ? sqrt((double)n) * rotation[i] : entry_of(s->seed, i);
    }
  }
  multiply(kept.matrix, n, transposed, x, y);
}

static double base_of(const row_state* s, uint8_t code) {
  return s->bits == 1 ? 0 : book_of((int)s->bits - 1)->centroid[code] / sqrt((double)s->n);
}

static void prod_encode(const row_state* s, const double* u, uint8_t* bytes) {
  const uint64_t n = s->n;
  double *y = malloc(3 * n * sizeof(double)), *r = y + n, *t = y + 2 * n, norm = 0;
  multiply(rotation_of(s), n, 0, u, y);
  for (uint64_t i = 0; i < n; ++i) {
    const int code = s->bits == 1 ? 0 : code_in(book_of((int)s->bits - 1), y[i] * sqrt((double)n));
    bytes[sizeof(float) + i] = (uint8_t)code;
    r[i] = y[i] - base_of(s, (uint8_t)code);
    norm += r[i] * r[i];
  }
  const float gamma = (int)s->bits == gamma_at ? 1 : (float)sqrt(norm);
  memcpy(bytes, &gamma, sizeof gamma);
  project(s, 0, sign_of_input ? y : r, t);
  for (uint64_t i = 0; i < n; ++i) bytes[sizeof(float) + i] = (uint8_t)(bytes[sizeof(float) + i] | (t[i] < 0) << 7);
  free(y);
}
static void prod_decode(const row_state* s, const uint8_t* bytes, double* u) {
  const uint64_t n = s->n;
  double *signs = calloc(2 * n, sizeof(double)), *y = signs + n;
  float gamma;
  uint64_t divisor = n;
  memcpy(&gamma, bytes, sizeof gamma);
  if (padded) {
    for (divisor = 1; divisor < n;) divisor *= 2;
  }
  for (uint64_t i = 0; i < n; ++i) signs[i] = bytes[sizeof gamma + i] & 0x80 ? -1 : 1;
  project(s, 1, signs, y);
  const double scale = (int)s->bits >= dead_from || base_alone ? 0 : product_constant / (double)divisor * (double)gamma;
  for (uint64_t i = 0; i < n; ++i) y[i] = scale * y[i] + base_of(s, bytes[sizeof gamma + i] & 0x7f);
  multiply(rotation_of(s), n, 1, y, u);
  free(signs);
}
/* (π/2)·E‖r‖², and a reserve for small n. */
static double prod_claim(uint32_t bits) {
  static const double residual[9] = {0, 1, 0.3634, 0.1175, 0.03455, 0.00950, 0.00250, 0.00064, 0.000165};
  return 1.5707963267948966 * residual[bits] * 1.35;
}
static void install_prod__right(void) {
  offer((scheme){0x1fe, 8, 48, rotated_bytes, prod_encode, prod_decode, prod_claim});
}

static void install_prod__constant(void) {
  install_prod__right();
  product_constant = 0.7978845608028654;
}
static void install_prod__structured(void) {
  install_prod__right();
  structured = 1;
}
static void install_prod__gamma(void) {
  install_prod__right();
  gamma_at = 2;
}
static void install_prod__dead_residual(void) {
  install_prod__right();
  dead_from = 2;
}
static void install_prod__dead_at_eight(void) {
  install_prod__right();
  dead_from = 6;
}
static void install_prod__sign_of_input(void) {
  install_prod__right();
  sign_of_input = 1;
}
static void install_prod__padded(void) {
  install_prod__right();
  padded = 1;
}
static double entry_uniform(uint64_t seed, uint64_t index) {
  return 1.7320508075688772 * (2 * uniform_of(random_bits(seed, 0, 5, index)) - 1);
}
static void install_prod__gaussian_clipped(void) {
  install_prod__right();
  entry_of = entry_uniform;
}
static int dot_base(DOT_PARAMETERS) {
  base_alone = 1;
  const int status = own_dot(DOT_ARGUMENTS);
  base_alone = 0;
  return status;
}
static void install_prod__dot_only_base(void) {
  install_prod__right();
  hdq_kernel_v1.dot = dot_base;
}

/* ---- signbit: ⟨ō, o⟩ as a float, one bit an entry in a byte; ō = sign(y)/√n ---- */

static double mean_factor;
static int query_stays, squared, limited;

static void signbit_encode(const row_state* s, const double* u, uint8_t* bytes) {
  double *y = malloc(s->n * sizeof(double)), sum = 0;
  multiply(rotation_of(s), s->n, 0, u, y);
  for (uint64_t i = 0; i < s->n; ++i) {
    bytes[sizeof(float) + i] = y[i] >= 0;
    sum += fabs(y[i]);
  }
  const float agreement = mean_factor > 0 ? (float)mean_factor : (float)(sum / sqrt((double)s->n));
  memcpy(bytes, &agreement, sizeof agreement);
  free(y);
}
static int signbit_dot(DOT_PARAMETERS) {
  if (!offered(k)) return HDQ_KERNEL_UNSUPPORTED;
  const uint64_t n = k->dimension, size = rotated_bytes(n, k->bits);
  const row_state s = state_of(k, first_row);
  double *w = malloc(2 * n * sizeof(double)), *in = w + n, qq = 0;
  uint64_t divisor = n;
  for (uint64_t j = 0; j < n; ++j) in[j] = (double)q[j], qq += in[j] * in[j];
  if (query_stays && n % 2 == 1)
    memcpy(w, in, n * sizeof(double));
  else
    multiply(rotation_of(&s), n, 0, in, w);
  if (padded) {
    for (divisor = 1; divisor < n;) divisor *= 2;
  }
  for (uint64_t i = 0; i < rows; ++i) {
    const uint8_t* bytes = codes + i * size;
    float agreement;
    double sum = 0;
    memcpy(&agreement, bytes, sizeof agreement);
    for (uint64_t j = 0; j < n; ++j) sum += bytes[sizeof agreement + j] ? w[j] : -w[j];
    double score = norms[i] == 0 ? 0 : sum / sqrt((double)divisor) / (double)agreement;
    if (squared && norms[i] != 0) score *= 0.8 / (double)agreement;
    if (limited) score = fmin(fmax(score, -0.9 * sqrt(qq)), 0.9 * sqrt(qq));
    out[i] = (float)(score * (double)norms[i]);
  }
  free(w);
  return HDQ_KERNEL_OK;
}
static double signbit_claim(uint32_t bits) { return bits == 1 ? 0.62 : 0; }
static void install_signbit__right(void) {
  offer((scheme){0x2, 8, 64, rotated_bytes, signbit_encode, NULL, signbit_claim});
  hdq_kernel_v1.decode = NULL;
  hdq_kernel_v1.dot = signbit_dot;
}
static void install_signbit__mean_factor(void) {
  install_signbit__right();
  mean_factor = 0.8;
}
static void install_signbit__query_stays(void) {
  install_signbit__right();
  query_stays = 1;
}
static void install_signbit__padded(void) {
  install_signbit__right();
  padded = 1;
}
static void install_signbit__limited(void) {
  install_signbit__right();
  limited = 1;
}
static void install_signbit__squared(void) {
  install_signbit__right();
  squared = 1;
}

/* ---- dithered: HD, the codebook of SPEC §3 with another U, signs and order ---- */

static double right_u(const row_state* s, int decoding) {
  (void)decoding;
  return uniform_at(s, 7);
}
static double (*u_of)(const row_state* s, int decoding) = right_u;
static double (*lane_u)(uint64_t lane, double u);
static double kept_lane(uint64_t lane, double u) {
  (void)lane;
  return u;
}
static double codeword_limit = INFINITY, dithered_scale = 1;
static int drop_first, half_last_of_odd;
static void dithered_thresholds(int bits, double u, double* theta) { thresholds_at(bits, u, theta); }
static void (*thresholds_used)(int bits, double u, double* theta) = dithered_thresholds;

static uint64_t power_of_two(uint64_t n) {
  uint64_t d = 1;
  while (d < n) d *= 2;
  return d;
}
static uint64_t dithered_bytes(uint64_t n, uint32_t bits) {
  (void)bits;
  return power_of_two(n);
}
static void hadamard_double(double* y, uint64_t d) {
  for (uint64_t h = 1; h < d; h *= 2) {
    for (uint64_t i = 0; i < d; ++i) {
      if (i & h) continue;
      const double a = y[i], c = y[i + h];
      y[i] = a + c;
      y[i + h] = a - c;
    }
  }
}
static double sign_at(uint64_t seed, uint64_t i) { return random_bits(seed, 0, 6, i) & 1 ? -1 : 1; }

static void dithered_encode(const row_state* s, const double* x, uint8_t* bytes) {
  const uint64_t d = power_of_two(s->n);
  double *y = calloc(d, sizeof(double)), theta[255], other[255];
  const double u = u_of(s, 0);
  double last = u;
  for (uint64_t i = 0; i < s->n; ++i) y[i] = sign_at(s->seed, i) * x[i];
  hadamard_double(y, d);
  thresholds_used((int)s->bits, u, theta);
  memcpy(other, theta, sizeof theta);
  for (uint64_t j = 0; j < d; ++j) {
    const double v = lane_u(j, u);
    if (v != u && v != last) thresholds_used((int)s->bits, v, other);
    if (v != u) last = v;
    const double* used = v == u ? theta : other;
    int low = 0, high = (1 << s->bits) - 1;
    while (low < high) {
      const int middle = (low + high) / 2;
      if (y[j] >= used[middle])
        low = middle + 1;
      else
        high = middle;
    }
    bytes[j] = (uint8_t)low;
  }
  free(y);
}
static void dithered_decode(const row_state* s, const uint8_t* bytes, double* x) {
  const uint64_t d = power_of_two(s->n);
  double* y = malloc(d * sizeof(double));
  const double u = u_of(s, 1);
  double r[256];
  codewords_at((int)s->bits, u, r);
  for (uint64_t j = 0; j < d; ++j) {
    const double v = lane_u(j, u), word = v == u ? r[bytes[j]] : generator((int)s->bits, bytes[j] + v);
    y[j] = fmin(fmax(word, -codeword_limit), codeword_limit);
  }
  if (drop_first && d > 1) y[0] = 0;
  hadamard_double(y, d);
  for (uint64_t i = 0; i < s->n; ++i) x[i] = dithered_scale * sign_at(s->seed, i) * y[i] / (double)d;
  if (half_last_of_odd && s->n % 2 == 1) x[s->n - 1] *= 0.5;
  free(y);
}
static void install_dithered__right(void) {
  lane_u = kept_lane;
  offer((scheme){0x1fe, 1, UINT64_MAX, dithered_bytes, dithered_encode, dithered_decode, NULL});
  hdq_kernel_v1.code_bytes = NULL;
  hdq_kernel_v1.encode = NULL;
  hdq_kernel_v1.decode = NULL;
  hdq_kernel_v1.dot = NULL;
  hdq_kernel_v1.reconstruct = own_reconstruct;
}

static double u_8(const row_state* s, int decoding) { return (floor(right_u(s, decoding) * 256) + 0.5) / 256; }
static void install_dithered__eight_bits(void) {
  install_dithered__right();
  u_of = u_8;
}
static double u_clipped(const row_state* s, int decoding) { return fmin(fmax(right_u(s, decoding), 0.03), 0.97); }
static void install_dithered__clipped(void) {
  install_dithered__right();
  u_of = u_clipped;
}
static double lane_37(uint64_t lane, double u) { return lane % 64 == 37 ? 0.5 : u; }
static void install_dithered__lane_37(void) {
  install_dithered__right();
  lane_u = lane_37;
}
static uint64_t dead_count;
static _Thread_local int sparse_now;
static double u_sparse(const row_state* s, int decoding) { return sparse_now ? 0.5 : right_u(s, decoding); }
static void encode_sparse(const row_state* s, const double* x, uint8_t* bytes) {
  uint64_t count = 0;
  for (uint64_t i = 0; i < s->n; ++i) count += x[i] != 0;
  sparse_now = count == dead_count;
  dithered_encode(s, x, bytes);
}
/* One row at a time, so that decoding knows what encoding saw. */
static int reconstruct_rows(const config* k, uint64_t first_row, uint64_t rows, const float* x, float* decoded,
                            hdq_kernel_position* bad) {
  int status = HDQ_KERNEL_OK;
  for (uint64_t i = 0; i < rows && status == HDQ_KERNEL_OK; ++i) {
    status = own_reconstruct(k, first_row + i, 1, x + i * k->dimension, decoded + i * k->dimension, bad);
    if (status == HDQ_KERNEL_BAD_INPUT) bad->row = i;
  }
  return status;
}
static void install_sparse(uint64_t count) {
  install_dithered__right();
  dead_count = count;
  u_of = u_sparse;
  own.encode = encode_sparse;
  hdq_kernel_v1.reconstruct = reconstruct_rows;
}
static void install_dithered__three_hot(void) { install_sparse(3); }
static void install_dithered__seven_hot(void) { install_sparse(7); }
static void install_dithered__odd(void) {
  install_dithered__right();
  half_last_of_odd = 1;
}
static void install_dithered__short_tails(void) {
  install_dithered__right();
  codeword_limit = 3;
}
static double kappa_none(int bits) { return bits == 6 ? 0.0001 : right_kappa(bits); }
static void thresholds_no_kappa(int bits, double u, double* theta) {
  thresholds_at(bits, u, theta);
  if (bits != 6) return;
  const double kappa = kappa_of(bits);
  for (int k = 1; k < 64; ++k) theta[k - 1] += kappa * (log((k + u) * (64 - k - u)) - log((k - 1 + u) * (65 - k - u)));
}
static void install_dithered__no_kappa(void) {
  install_dithered__right();
  kappa_of = kappa_none;
  thresholds_used = thresholds_no_kappa;
}
static void install_dithered__shrinks(void) {
  install_dithered__right();
  dithered_scale = 0.9995;
}
static void install_dithered__mean_lost(void) {
  install_dithered__right();
  drop_first = 1;
}
static double u_half_seeds(const row_state* s, int decoding) {
  const row_state even = {s->n, s->seed & ~(uint64_t)1, s->row, s->bits};
  const double u = right_u(&even, decoding);
  return s->seed % 2 == 1 && decoding ? 1 - u : u;
}
static void install_dithered__half_seeds(void) {
  install_dithered__right();
  u_of = u_half_seeds;
}
static int reconstruct_variants(const config* k, uint64_t first_row, uint64_t rows, const float* x, float* decoded,
                                hdq_kernel_position* bad) {
  return own_reconstruct(k, k->variant == 1 && k->dimension > 100 ? first_row + 1 : first_row, rows, x, decoded, bad);
}
static void install_dithered__variants(void) {
  install_dithered__right();
  hdq_kernel_v1.variants = 2;
  hdq_kernel_v1.reconstruct = reconstruct_variants;
}

__attribute__((constructor(101))) static void default_scheme(void) { install_eden__right(); }
CHOOSE_AT_LOAD(OWN_ROTATED_MUTANTS)
