/* hdq in plain C, written from docs/SPEC.md alone: every stage as it stands there, no SIMD, no tables, no sharing with the
 * library. Slow and short. One source makes four kernels that must all pass `hdq validate`:
 *
 *   (default)          float32, the order of additions of SPEC §4
 *   HDQ_PLAIN_DIRECT   float32, each output one sum over a row of H, from the last column to the first
 *   HDQ_PLAIN_DOUBLE   float64 throughout
 *   HDQ_PLAIN_PADDED   as the default, with rows of codes that end at multiples of 64 bytes
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hdq/hdq_kernel.h"

#ifdef HDQ_PLAIN_DOUBLE
typedef double real;
#else
typedef float real;
#endif

typedef hdq_kernel_config config;

/* ---- SPEC §1: Hadamard matrices ---- */

static void split_order(uint64_t d, int* m, uint64_t* block) {
  static const int bases[] = {28, 20, 12};
  *m = 1;
  for (int i = 0; i < 3; ++i) {
    const uint64_t b = (uint64_t)bases[i];
    if (d % b == 0 && ((d / b) & (d / b - 1)) == 0) *m = bases[i];
  }
  *block = d / (uint64_t)*m;
}

static int chi(int a, int q) {
  a = ((a % q) + q) % q;
  for (int r = 1; r < q; ++r) {
    if (r * r % q == a) return 1;
  }
  return a == 0 ? 0 : -1;
}

static int bordered(int q, int border, int i, int j) {
  if (i == 0) return j != 0;
  return j == 0 ? border : chi(i - j, q);
}

static int base_entry(int m, int i, int j) {
  static const int on_c[2][2] = {{1, 1}, {1, -1}}, on_identity[2][2] = {{1, -1}, {-1, -1}};
  if (m == 1) return 1;
  if (m < 28) return (i == j) + bordered(m - 1, -1, i, j);
  return bordered(13, 1, i / 2, j / 2) * on_c[i % 2][j % 2] + (i / 2 == j / 2 ? on_identity[i % 2][j % 2] : 0);
}

static void base_matrix(int m, int transposed, int* b) {
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < m; ++j) b[i * m + j] = transposed ? base_entry(m, j, i) : base_entry(m, i, j);
  }
}

#ifdef HDQ_PLAIN_DIRECT
static void hadamard(real* x, uint64_t d, int transposed) {
  int m, b[28 * 28];
  uint64_t block;
  split_order(d, &m, &block);
  base_matrix(m, transposed, b);
  real* y = malloc(d * sizeof(real));
  for (uint64_t i = 0; i < d; ++i) {
    real sum = 0;
    for (uint64_t j = d; j-- > 0;) {
      const int negative = __builtin_parityll(i & j & (block - 1)) != (b[(int)(i / block) * m + (int)(j / block)] < 0);
      sum += negative ? -x[j] : x[j];
    }
    y[i] = sum;
  }
  memcpy(x, y, d * sizeof(real));
  free(y);
}
#else
/* The butterflies in each block, then B_m across the blocks in groups of four columns. */
static void hadamard(real* x, uint64_t d, int transposed) {
  int m, b[28 * 28];
  uint64_t block;
  split_order(d, &m, &block);
  for (uint64_t h = 1; h < block; h *= 2) {
    for (uint64_t i = 0; i < d; ++i) {
      if (i & h) continue;
      const real a = x[i], c = x[i + h];
      x[i] = a + c;
      x[i + h] = a - c;
    }
  }
  if (m == 1) return;
  base_matrix(m, transposed, b);
  for (uint64_t c = 0; c < block; ++c) {
    real in[28];
    for (int j = 0; j < m; ++j) in[j] = x[(uint64_t)j * block + c];
    for (int i = 0; i < m; ++i) {
      const int* s = b + i * m;
      real sum = 0;
      for (int j = 0; j < m; j += 4) {
        const real first = (real)s[j] * in[j] + (real)s[j + 1] * in[j + 1];
        const real second = (real)s[j + 2] * in[j + 2] + (real)s[j + 3] * in[j + 3];
        sum = j == 0 ? first + second : sum + (first + second);
      }
      x[(uint64_t)i * block + c] = sum;
    }
  }
}
#endif

/* ---- SPEC §2: random streams ---- */

static void philox(const uint32_t in[4], uint64_t seed, uint32_t out[4]) {
  uint32_t c[4] = {in[0], in[1], in[2], in[3]}, key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = (uint64_t)0xD2511F53 * c[0], p1 = (uint64_t)0xCD9E8D57 * c[2];
    const uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ key[0], (uint32_t)p1, (uint32_t)(p0 >> 32) ^ c[3] ^ key[1], (uint32_t)p0};
    memcpy(c, next, sizeof c);
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  memcpy(out, c, sizeof c);
}

static int signs(const config* k, uint64_t count, int8_t* epsilon) {
  uint32_t word[4] = {0, 0, 0, 0};
  for (uint64_t i = 0; i < count; ++i) {
    const uint32_t counter[4] = {(uint32_t)(i / 128), 0, 0, 0x5349474E};
    if (i % 128 == 0) philox(counter, k->seed, word);
    epsilon[i] = (word[(i % 128) / 32] >> (i % 32)) & 1 ? -1 : 1;
  }
  return HDQ_KERNEL_OK;
}

static uint32_t dither_word(uint64_t seed, uint64_t row) {
  const uint32_t counter[4] = {(uint32_t)row, (uint32_t)(row >> 32), 0, 0x44495448};
  uint32_t word[4];
  philox(counter, seed, word);
  return word[0];
}

static int dither(const config* k, uint64_t first_row, uint64_t rows, uint32_t* words) {
  for (uint64_t i = 0; i < rows; ++i) words[i] = dither_word(k->seed, first_row + i);
  return HDQ_KERNEL_OK;
}

/* ---- SPEC §3: the scalar quantizer ---- */

static const double pi = 3.14159265358979323846;

static double normal_cdf(double s) { return 0.5 * erfc(-s / sqrt(2)); }
static double normal_density(double s) { return exp(-0.5 * s * s) / sqrt(2 * pi); }

/* Φ⁻¹(p), 0 < p <= 1/2: Newton on ln Φ, which is concave, from the left of the root. */
static double normal_quantile(double p) {
  double s = -sqrt(-2 * log(p));
  for (int i = 0; i < 60; ++i) {
    const double cdf = normal_cdf(s), step = (log(cdf) - log(p)) * cdf / normal_density(s);
    s -= step;
    if (fabs(step) < 1e-15 * (1 + fabs(s))) break;
  }
  return s - (normal_cdf(s) - p) / normal_density(s);
}

static double sigma(int bits) {
  static const int sigma64[] = {93, 109, 111, 111, 111, 111, 111, 111};
  return sigma64[bits - 1] / 64.0;
}
static double kappa(int bits) {
  static const int kappa64[] = {32, 24, 20, 18, 16, 15, 14, 13};
  return kappa64[bits - 1] / 64.0;
}

/* g and its antiderivative G; past the middle by symmetry. v has at most 41 bits, so N − v is exact. */
static double generator(int bits, double v) {
  const double levels = ldexp(1, bits);
  if (v > levels / 2) return -generator(bits, levels - v);
  return sigma(bits) * normal_quantile(v / levels) + kappa(bits) * (1 / (levels - v) - 1 / v);
}
static double antiderivative(int bits, double v) {
  const double levels = ldexp(1, bits);
  if (v > levels / 2) v = levels - v;
  return -sigma(bits) * levels * normal_density(normal_quantile(v / levels)) - kappa(bits) * (log(v) + log(levels - v));
}

static double dither_of_word(uint32_t word) { return ldexp(word + 0.5, -32); }

static int thresholds(const config* k, uint32_t word, double* theta) {
  const int bits = (int)k->bits;
  double below = antiderivative(bits, dither_of_word(word));
  for (int i = 1; i < 1 << bits; ++i) {
    const double above = antiderivative(bits, i + dither_of_word(word));
    theta[i - 1] = above - below;
    below = above;
  }
  return HDQ_KERNEL_OK;
}

static int codewords(const config* k, uint32_t word, double* r) {
  for (int i = 0; i < 1 << k->bits; ++i) r[i] = generator((int)k->bits, i + dither_of_word(word));
  return HDQ_KERNEL_OK;
}

/* ---- SPEC §4: the vector quantizer ---- */

static float norm_factor(float norm) { return norm > 0 && norm < 0x1p-100f ? 0x1p100f : norm > 0x1p100f ? 0x1p-100f : 1.0f; }

/* 16 lanes of exact squares. Where an element is NaN or infinite, its column; else n. */
static uint64_t row_norm(const float* x, uint64_t n, float* norm) {
  double lane[16] = {0};
  for (uint64_t i = 0; i < n; ++i) {
    if (!isfinite(x[i])) return i;
    lane[i % 16] += (double)x[i] * (double)x[i];
  }
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lane[i] += lane[i + half];
  }
  *norm = (float)sqrt(lane[0]);
  return n;
}

static void rotate(const config* k, const float* x, float factor, const int8_t* epsilon, real* y) {
  for (uint64_t i = 0; i < k->order; ++i) y[i] = i < k->dimension ? (real)epsilon[i] * (real)(x[i] * factor) : 0;
  hadamard(y, k->order, 0);
}

static int transform(const config* k, uint64_t rows, const float* x, float* y) {
  real* z = malloc(k->order * sizeof(real));
  int8_t* epsilon = malloc(k->order);
  signs(k, k->order, epsilon);
  for (uint64_t row = 0; row < rows; ++row) {
    rotate(k, x + row * k->dimension, 1, epsilon, z);
    for (uint64_t j = 0; j < k->order; ++j) y[row * k->order + j] = (float)z[j];
  }
  free(epsilon);
  free(z);
  return HDQ_KERNEL_OK;
}

static int transform_transposed(const config* k, uint64_t rows, const float* y, float* x) {
  real* z = malloc(k->order * sizeof(real));
  int8_t* epsilon = malloc(k->order);
  signs(k, k->order, epsilon);
  for (uint64_t row = 0; row < rows; ++row) {
    for (uint64_t j = 0; j < k->order; ++j) z[j] = y[row * k->order + j];
    hadamard(z, k->order, 1);
    for (uint64_t i = 0; i < k->dimension; ++i) x[row * k->dimension + i] = (float)((real)epsilon[i] * z[i]);
  }
  free(epsilon);
  free(z);
  return HDQ_KERNEL_OK;
}

static uint64_t bytes_of(const config* k, uint64_t count) { return (count * k->bits + 7) / 8; }

/* From the begin of a row of codes to the next. */
static uint64_t row_bytes(const config* k) {
#ifdef HDQ_PLAIN_PADDED
  return bytes_of(k, k->order) / 64 * 64 + 64;
#else
  return bytes_of(k, k->order);
#endif
}

#ifdef HDQ_PLAIN_PADDED
static int code_bytes(const config* k, uint64_t* bytes) {
  *bytes = row_bytes(k);
  return HDQ_KERNEL_OK;
}
#endif

static int pack(const config* k, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  memset(bytes, 0, bytes_of(k, count));
  for (uint64_t p = 0; p < count * k->bits; ++p) {
    if ((codes[p / k->bits] >> (p % k->bits)) & 1) bytes[p / 8] = (uint8_t)(bytes[p / 8] | 1u << (p % 8));
  }
  return HDQ_KERNEL_OK;
}

static int unpack(const config* k, uint64_t count, const uint8_t* bytes, uint8_t* codes) {
  memset(codes, 0, count);
  for (uint64_t p = 0; p < count * k->bits; ++p) {
    if ((bytes[p / 8] >> (p % 8)) & 1) codes[p / k->bits] = (uint8_t)(codes[p / k->bits] | 1u << (p % k->bits));
  }
  return HDQ_KERNEL_OK;
}

static int encode(const config* k, uint64_t first_row, uint64_t rows, const float* x, float* norms, uint8_t* codes,
                  hdq_kernel_position* bad) {
  real* y = malloc(k->order * sizeof(real));
  uint8_t* code = malloc(k->order);
  int8_t* epsilon = malloc(k->order);
  int status = HDQ_KERNEL_OK;
  signs(k, k->order, epsilon);
  for (uint64_t row = 0; row < rows && status == HDQ_KERNEL_OK; ++row) {
    const float* in = x + row * k->dimension;
    const uint64_t column = row_norm(in, k->dimension, norms + row);
    if (column < k->dimension || !isfinite(norms[row])) {
      bad->row = row;
      bad->column = column < k->dimension ? column : UINT64_MAX;
      status = HDQ_KERNEL_BAD_INPUT;
      break;
    }
    const float factor = norm_factor(norms[row]);
    rotate(k, in, factor, epsilon, y);
    double theta[255];
    thresholds(k, dither_word(k->seed, first_row + row), theta);
    for (uint64_t j = 0; j < k->order; ++j) {
      code[j] = 0;
      for (int t = 0; t < (1 << k->bits) - 1; ++t) code[j] = (uint8_t)(code[j] + (y[j] >= (float)(theta[t] * (norms[row] * factor))));
    }
    memset(codes + row * row_bytes(k), 0x5A, row_bytes(k));
    pack(k, k->order, code, codes + row * row_bytes(k));
  }
  free(epsilon);
  free(code);
  free(y);
  return status;
}

/* ẑ of one row. */
static void codewords_of_row(const config* k, uint64_t row, const uint8_t* bytes, real* z) {
  uint8_t* code = malloc(k->order);
  double r[256];
  codewords(k, dither_word(k->seed, row), r);
  unpack(k, k->order, bytes, code);
  for (uint64_t j = 0; j < k->order; ++j) z[j] = (real)r[code[j]];
  free(code);
}

static int decode(const config* k, uint64_t first_row, uint64_t rows, const float* norms, const uint8_t* codes, float* x) {
  real* z = malloc(k->order * sizeof(real));
  int8_t* epsilon = malloc(k->order);
  signs(k, k->order, epsilon);
  for (uint64_t row = 0; row < rows; ++row) {
    float* out = x + row * k->dimension;
    const float factor = norm_factor(norms[row]);
    const real scale = (real)((double)(norms[row] * factor) / (double)k->order);
    codewords_of_row(k, first_row + row, codes + row * row_bytes(k), z);
    hadamard(z, k->order, 1);
    for (uint64_t i = 0; i < k->dimension; ++i) {
      out[i] = norms[row] == 0 ? 0 : (float)((real)epsilon[i] * (z[i] * scale) * (real)(1 / factor));
    }
  }
  free(epsilon);
  free(z);
  return HDQ_KERNEL_OK;
}

/* ⟨q, x̂⟩ = (ρ/d)·⟨H D q, ẑ⟩: one rotation of the query for all rows. */
static int dot(const config* k, uint64_t first_row, uint64_t rows, const float* norms, const uint8_t* codes, const float* q, float* out) {
  real *y = malloc(k->order * sizeof(real)), *z = malloc(k->order * sizeof(real));
  int8_t* epsilon = malloc(k->order);
  signs(k, k->order, epsilon);
  rotate(k, q, 1, epsilon, y);
  for (uint64_t row = 0; row < rows; ++row) {
    codewords_of_row(k, first_row + row, codes + row * row_bytes(k), z);
    double sum = 0;
    for (uint64_t j = 0; j < k->order; ++j) sum += (double)y[j] * (double)z[j];
    out[row] = (float)(sum * ((double)norms[row] / (double)k->order));
  }
  free(epsilon);
  free(z);
  free(y);
  return HDQ_KERNEL_OK;
}

/* ---- a file: magic, what it was encoded with, norms, codes, CRC-32 of all before it ---- */

static uint32_t crc32_of(const uint8_t* data, uint64_t size) {
  uint32_t crc = 0xFFFFFFFF;
  for (uint64_t i = 0; i < size; ++i) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

enum { header_bytes = 8 + 4 * 8 };

static void write_header(const config* k, uint64_t rows, uint8_t* file) {
  const uint64_t made_with[4] = {k->dimension, k->bits, k->seed, rows};
  memcpy(file, "hdqplain", 8);
  memcpy(file + 8, made_with, sizeof made_with);
}

static int save(const config* k, uint64_t rows, const float* norms, const uint8_t* codes, uint8_t* file, uint64_t* size) {
  const uint64_t code_size = rows * row_bytes(k), body = header_bytes + rows * 4 + code_size;
  if (*size < body + 4) return HDQ_KERNEL_FAILED;
  write_header(k, rows, file);
  memcpy(file + header_bytes, norms, rows * 4);
  memcpy(file + header_bytes + rows * 4, codes, code_size);
  const uint32_t crc = crc32_of(file, body);
  memcpy(file + body, &crc, 4);
  *size = body + 4;
  return HDQ_KERNEL_OK;
}

static int load(const config* k, uint64_t rows, const uint8_t* file, uint64_t size, float* norms, uint8_t* codes) {
  const uint64_t code_size = rows * row_bytes(k), body = header_bytes + rows * 4 + code_size;
  uint32_t crc;
  uint8_t header[header_bytes];
  write_header(k, rows, header);
  if (size != body + 4 || memcmp(file, header, header_bytes) != 0) return HDQ_KERNEL_BAD_INPUT;
  memcpy(&crc, file + body, 4);
  if (crc != crc32_of(file, body)) return HDQ_KERNEL_BAD_INPUT;
  memcpy(norms, file + header_bytes, rows * 4);
  memcpy(codes, file + header_bytes + rows * 4, code_size);
  return HDQ_KERNEL_OK;
}

/* SPEC §5.5: the certified bound, over all vectors of all dimensions. */
static int error_constant(const config* k, double* constant) {
  static const double bound[] = {6.445831, 3.930069, 3.229104, 2.955297, 2.833996, 2.776221, 2.748340, 2.734537};
  *constant = bound[k->bits - 1];
  return HDQ_KERNEL_OK;
}

const hdq_kernel hdq_kernel_v1 = {
    .struct_version = HDQ_KERNEL_VERSION,
    .struct_bytes = sizeof(hdq_kernel),
#if defined(HDQ_PLAIN_DIRECT)
    .name = "plain C, direct sums",
#elif defined(HDQ_PLAIN_DOUBLE)
    .name = "plain C, float64",
#elif defined(HDQ_PLAIN_PADDED)
    .name = "plain C, padded rows of codes",
    .code_bytes = code_bytes,
#else
    .name = "plain C",
#endif
    .version = "1",
    .promise = HDQ_KERNEL_CONFORMANT,
    .signs = signs,
    .dither = dither,
    .thresholds = thresholds,
    .codewords = codewords,
    .transform = transform,
    .transform_transposed = transform_transposed,
    .encode = encode,
    .decode = decode,
    .pack = pack,
    .unpack = unpack,
    .dot = dot,
    .save = save,
    .load = load,
    .error_constant = error_constant,
};
