/* The entropy-coded quantizer of hdq in plain C, written from docs/SPEC.md §7 and docs/format.md ("Scheme 1") alone: every step as it
 * stands there, in its order, with its roundings. Slow, and to be read beside the SPEC. Nothing is shared with the library or with
 * hdq_plain.c; what §7 takes over from §1, §2 and §4 is written out again.
 *
 *   cc -std=c11 -O2 -ffp-contract=off -shared -fPIC -o plain.so hdq_plain_entropy_coded.c -lm
 *
 * Shapes: n = dimension, d = order, h = raw bits, K = largest symbol. Codes of a row are d numbers k_j of 32 bits. Functions return NULL, or
 * one line that says what is wrong with what they were given. A host is taken to be little-endian.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct ec_config {
  uint64_t dimension, seed; /* n >= 1 */
  float step;               /* Δ, in [2^-10, 16] */
} ec_config;

/* ---- SPEC §1: Hadamard matrices ---- */

/* d, the smallest m·2^k >= n; and its m. */
uint64_t ec_order(uint64_t n, uint64_t* base) {
  static const uint64_t bases[] = {1, 12, 20, 28};
  uint64_t least = 0;
  for (int i = 0; i < 4; ++i) {
    uint64_t d = bases[i];
    while (d < n) d *= 2;
    if (least == 0 || d < least) least = d, *base = bases[i];
  }
  return least;
}

static int chi(int a, int q) {
  a = ((a % q) + q) % q;
  for (int r = 1; r < q; ++r) {
    if (r * r % q == a) return 1;
  }
  return a == 0 ? 0 : -1;
}

/* [[0, 1ᵀ], [border, Q]] */
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

/* H x, or Hᵀ x, in place: §4, 3. */
static void hadamard(float* x, uint64_t d, int m, int transposed) {
  const uint64_t block = d / (uint64_t)m;
  for (uint64_t h = 1; h < block; h *= 2) {
    for (uint64_t i = 0; i < d; ++i) {
      if (i & h) continue;
      const float a = x[i], b = x[i + h];
      x[i] = a + b;
      x[i + h] = a - b;
    }
  }
  if (m == 1) return;
  float s[28][28], in[28];
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < m; ++j) s[i][j] = (float)(transposed ? base_entry(m, j, i) : base_entry(m, i, j));
  }
  for (uint64_t c = 0; c < block; ++c) {
    for (int j = 0; j < m; ++j) in[j] = x[(uint64_t)j * block + c];
    for (int i = 0; i < m; ++i) {
      float sum = 0;
      for (int j = 0; j < m; j += 4) {
        const float four =
            (s[i][j] * in[j] + s[i][j + 1] * in[j + 1]) + (s[i][j + 2] * in[j + 2] + s[i][j + 3] * in[j + 3]);
        sum = j == 0 ? four : sum + four;
      }
      x[(uint64_t)i * block + c] = sum;
    }
  }
}

/* ---- SPEC §2: random streams ---- */

static void philox(const uint32_t in[4], uint64_t seed, uint32_t out[4]) {
  uint32_t c[4] = {in[0], in[1], in[2], in[3]}, key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = (uint64_t)0xD2511F53 * c[0], p1 = (uint64_t)0xCD9E8D57 * c[2];
    const uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ key[0], (uint32_t)p1, (uint32_t)(p0 >> 32) ^ c[3] ^ key[1],
                              (uint32_t)p0};
    memcpy(c, next, sizeof c);
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  memcpy(out, c, sizeof c);
}

static float sign(uint64_t seed, uint64_t i) {
  const uint32_t counter[4] = {(uint32_t)(i / 128), 0, 0, 0x5349474E};
  uint32_t word[4];
  philox(counter, seed, word);
  return (word[i % 128 / 32] >> i % 32) & 1 ? -1 : 1;
}

static uint32_t dither_word(uint64_t seed, uint64_t row) {
  const uint32_t counter[4] = {(uint32_t)row, (uint32_t)(row >> 32), 0, 0x44495448};
  uint32_t word[4];
  philox(counter, seed, word);
  return word[0];
}

/* ---- SPEC §4: norm, scaling, rotation ---- */

/* The sum of squares in 16 lanes. */
static double sum_of_squares(const float* x, uint64_t n) {
  double lane[16] = {0};
  for (uint64_t i = 0; i < n; ++i) lane[i % 16] += (double)x[i] * (double)x[i];
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lane[i] += lane[i + half];
  }
  return lane[0];
}

/* ρ'/ρ */
static float scale_of(float norm) {
  return norm > 0 && norm < 0x1p-100f ? 0x1p100f : norm > 0x1p100f ? 0x1p-100f : 1.0f;
}

/* y = H D (scale·x); y: d numbers. */
static void rotate(const ec_config* s, const float* x, float scale, float* y) {
  uint64_t m;
  const uint64_t d = ec_order(s->dimension, &m);
  for (uint64_t i = 0; i < d; ++i) y[i] = i < s->dimension ? sign(s->seed, i) * (x[i] * scale) : 0;
  hadamard(y, d, (int)m, 0);
}

/* ---- SPEC §7: the rule ---- */

/* h, the least with 2^h·Δ > 1/8; and W = 2^h·Δ. */
uint32_t ec_raw_bits(float step, float* coarse_step) {
  uint32_t h = 0;
  for (*coarse_step = step; *coarse_step <= 0.125f; *coarse_step *= 2) ++h;
  return h;
}

/* w_j */
static uint32_t weyl(uint32_t w, uint64_t j) { return w + (uint32_t)j * 0x9E3779B9; }

/* 2^h·V_j: 24 bits. */
static float offset(uint32_t w_j, uint32_t h) { return ldexpf((float)(w_j >> 9) + 0.5f, (int)h - 23); }

/* Codes of one row, and its norm. In `column`, where an element is NaN or infinite; n for a norm that float32 cannot hold. */
const char* ec_encode(const ec_config* s, uint64_t row, const float* x, float* norm, int32_t* codes, uint64_t* column) {
  uint64_t m;
  const uint64_t d = ec_order(s->dimension, &m);
  for (*column = 0; *column < s->dimension; ++*column) {
    if (!isfinite(x[*column])) return "an element is not finite";
  }
  *norm = (float)sqrt(sum_of_squares(x, s->dimension));
  if (!isfinite(*norm)) return "the norm is beyond float32";
  memset(codes, 0, d * sizeof *codes);
  if (*norm == 0) return NULL;
  float coarse, *y = malloc(d * sizeof *y);
  const uint32_t h = ec_raw_bits(s->step, &coarse), w = dither_word(s->seed, row);
  const float scale = scale_of(*norm);
  rotate(s, x, scale, y);
  const float per_step = (float)(1 / ((double)s->step * (double)(*norm * scale)));
  for (uint64_t j = 0; j < d; ++j) {
    const float t = y[j] * per_step + offset(weyl(w, j), h);
    codes[j] = (int32_t)floorf(t);
  }
  free(y);
  return NULL;
}

/* ẑ_j */
static float rotated_value(const ec_config* s, uint32_t h, uint32_t w_j, int32_t code) {
  return s->step * ((float)code + (0.5f - offset(w_j, h)));
}

void ec_decode(const ec_config* s, uint64_t row, float norm, const int32_t* codes, float* x) {
  uint64_t m;
  const uint64_t d = ec_order(s->dimension, &m);
  float coarse, *z = malloc(d * sizeof *z);
  const uint32_t h = ec_raw_bits(s->step, &coarse), w = dither_word(s->seed, row);
  const float scale = scale_of(norm), factor = (float)((double)(norm * scale) / (double)d);
  for (uint64_t j = 0; j < d; ++j) z[j] = rotated_value(s, h, weyl(w, j), codes[j]);
  hadamard(z, d, (int)m, 1);
  for (uint64_t i = 0; i < s->dimension; ++i) x[i] = norm == 0 ? 0 : sign(s->seed, i) * ((z[i] * factor) * (1 / scale));
  free(z);
}

/* ---- §4, 7: scores ---- */

/* Inner product, squared distance, cosine of q and the decoded row. */
void ec_scores(const ec_config* s, uint64_t row, float norm, const int32_t* codes, const float* q, float scores[3]) {
  uint64_t m;
  const uint64_t n = s->dimension, d = ec_order(n, &m);
  const double squares = sum_of_squares(q, n), length = sqrt(squares);
  int e = length > 0 ? ilogb(length) : 0;
  e = e > 126 ? 126 : e < -126 ? -126 : e;
  float coarse, sum[16] = {0}, *y = malloc(d * sizeof *y);
  const uint32_t h = ec_raw_bits(s->step, &coarse), w = dither_word(s->seed, row);
  rotate(s, q, ldexpf(1, -e), y);
  for (uint64_t j = 0; j < d; ++j)
    sum[j / 8 % 16] = fmaf(y[j], rotated_value(s, h, weyl(w, j), codes[j]), sum[j / 8 % 16]);
  free(y);
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) sum[i] += sum[i + half];
  }
  const double order = (double)d, rho = norm, p = ((double)sum[0] * (rho / order)) * ldexp(1, e);
  scores[0] = (float)p;
  scores[1] = (float)((squares + rho * rho) - 2 * p);
  scores[2] = norm == 0 || squares == 0 ? 0 : (float)((double)sum[0] * (ldexp(1, e) / (order * length)));
}

/* ---- Tables ---- */

enum { buckets = 64 };

/* K */
uint32_t ec_largest(float step) {
  float coarse;
  ec_raw_bits(step, &coarse);
  const double W = coarse;
  return (uint32_t)ceil(4.5 * sqrt(1 + W * W / 12) / W);
}

/* 64 × (2K + 2): f_c(u) for c = −K … K, and that of the escape. */
void ec_frequencies(float step, uint32_t* frequencies) {
  float coarse;
  ec_raw_bits(step, &coarse);
  const double W = coarse;
  const int K = (int)ec_largest(step), count = 2 * K + 2;
  double* e = malloc((size_t)count * sizeof *e);
  for (int u = 0; u < buckets; ++u) {
    double E = 0;
    for (int c = -K; c <= K; ++c) {
      const double tau = W * ((128 * c + 63 - 2 * u) / 128.0), q = (tau * tau) / (2 + (W * W) / 6), a = q * 0x1p-10;
      double r = (1 - a) + (a * a) * 0.5;
      for (int i = 0; i < 10; ++i) r = r * r;
      e[c + K] = r;
      E = c == -K ? r : E + r;
    }
    uint32_t *f = frequencies + u * count, others = 0;
    for (int c = -K; c <= K; ++c) {
      const double rounded = floor((65535 * e[c + K]) / E + 0.5);
      f[c + K] = rounded < 1 ? 1 : (uint32_t)rounded;
      if (c != 0) others += f[c + K];
    }
    f[K] = 65535 - others;
    f[2 * K + 1] = 1;
  }
  free(e);
}

/* ---- Coder ---- */

typedef struct coder {
  uint64_t x;
  uint32_t* words; /* in the order of putting */
  uint64_t count;
  int empty; /* a word was wanted, and there was none */
} coder;

static void put(coder* s, uint32_t f, uint32_t F) {
  if (s->x >= (uint64_t)f << 47) {
    s->words[s->count++] = (uint32_t)s->x;
    s->x >>= 32;
  }
  s->x = s->x / f * 65536 + s->x % f + F;
}

/* x after a symbol of these numbers was read off. */
static void advance(coder* s, uint32_t f, uint32_t F) {
  s->x = f * (s->x >> 16) + (s->x & 65535) - F;
  if (s->x >= (uint64_t)1 << 31) return;
  s->empty |= s->count == 0;
  s->x = s->x << 32 | (s->count == 0 ? 0 : s->words[--s->count]);
}

static void put_bit(coder* s, uint32_t bit) { put(s, 1u << 15, bit << 15); }

static uint32_t get_bit(coder* s) {
  const uint32_t bit = (s->x & 65535) >> 15;
  advance(s, 1u << 15, bit << 15);
  return bit;
}

/* What the decoder gets last is put first. */
static void put_escape(coder* s, int negative, uint32_t over) {
  uint32_t e = 0;
  while (over >> e > 1) ++e;
  for (uint32_t i = 0; i < e; ++i) put_bit(s, over >> i & 1);
  put_bit(s, 0);
  for (uint32_t i = 0; i < e; ++i) put_bit(s, 1);
  put_bit(s, negative != 0);
}

/* ±(K + over); 0, which no escape means, if the code of it is too long. */
static int64_t get_escape(coder* s, int K) {
  const uint32_t negative = get_bit(s);
  uint32_t e = 0, over = 1;
  while (get_bit(s)) {
    if (++e > 30) return 0;
  }
  for (uint32_t i = 0; i < e; ++i) over = over << 1 | get_bit(s);
  return negative ? -(int64_t)K - over : (int64_t)K + over;
}

static void put_code(coder* s, const uint32_t* f, int K, int64_t c) {
  const int escaped = c < -K || c > K, at = escaped ? 2 * K + 1 : (int)c + K;
  if (escaped) put_escape(s, c < 0, (uint32_t)((c < 0 ? -c : c) - K));
  uint32_t F = 0;
  for (int i = 0; i < at; ++i) F += f[i];
  put(s, f[at], F);
}

static int get_code(coder* s, const uint32_t* f, int K, int64_t* c) {
  uint32_t F = 0;
  int at = 0;
  while (F + f[at] <= (s->x & 65535)) F += f[at++];
  advance(s, f[at], F);
  if (at <= 2 * K) {
    *c = at - K;
    return 1;
  }
  *c = get_escape(s, K);
  return *c != 0;
}

/* The most that a stream of d codes takes: an escape of 16 bits, a sign and 2·30 + 1 bits are less than three words. */
uint64_t ec_most_bytes(uint64_t d) { return 8 + 12 * d; }

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

/* The stream of a row of this norm, and its length. */
uint64_t ec_put_row(const ec_config* s, uint64_t row, float norm, const int32_t* codes, uint8_t* stream) {
  if (norm == 0) return 0;
  uint64_t m;
  const uint64_t d = ec_order(s->dimension, &m);
  float coarse;
  const uint32_t h = ec_raw_bits(s->step, &coarse), w = dither_word(s->seed, row);
  const int K = (int)ec_largest(s->step), count = 2 * K + 2;
  uint32_t* f = malloc((size_t)(buckets * count) * sizeof *f);
  ec_frequencies(s->step, f);
  coder state = {((uint64_t)1 << 31) + bits_of(norm), malloc(ec_most_bytes(d)), 0, 0};
  for (uint64_t j = d; j-- > 0;) put_code(&state, f + (int)(weyl(w, j) >> 26) * count, K, codes[j] >> h);
  uint64_t length = 5;
  while (length < 8 && state.x >> 8 * length) ++length;
  memcpy(stream, &state.x, length);
  while (state.count > 0) {
    memcpy(stream + length, &state.words[--state.count], 4);
    length += 4;
  }
  free(state.words);
  free(f);
  return length;
}

/* Norm and coarse codes c_j of a stream of at least one byte. */
static const char* get_coarse(const ec_config* s, uint64_t row, const uint8_t* stream, uint64_t length, float* norm,
                              int64_t* c) {
  if (length < 5) return "a stream has less than 5 bytes";
  uint64_t m;
  const uint64_t d = ec_order(s->dimension, &m), first = 5 + (length - 5) % 4, words = (length - first) / 4;
  const uint32_t w = dither_word(s->seed, row);
  const int K = (int)ec_largest(s->step), count = 2 * K + 2;
  coder state = {0, malloc(words * 4 + 4), words, 0};
  memcpy(&state.x, stream, first);
  for (uint64_t i = 0; i < words; ++i) memcpy(&state.words[words - 1 - i], stream + first + 4 * i, 4);
  const char* wrong = NULL;
  if (state.x < (uint64_t)1 << 31 || state.x >> 63) wrong = "a stream begins with a state that no encoder leaves";
  if (first > 5 && state.x >> 8 * (first - 1) == 0) wrong = "the first state of a stream has a leading byte of zero";
  uint32_t* f = malloc((size_t)(buckets * count) * sizeof *f);
  ec_frequencies(s->step, f);
  for (uint64_t j = 0; j < d && !wrong; ++j) {
    if (!get_code(&state, f + (int)(weyl(w, j) >> 26) * count, K, &c[j])) wrong = "an escape is too long";
    if (state.empty) wrong = "a stream has too few words";
  }
  if (!wrong && state.count != 0) wrong = "a stream has words left";
  const uint64_t bits = state.x - ((uint64_t)1 << 31);
  if (!wrong && (bits == 0 || bits >= 0x7F800000)) wrong = "a stream ends in a norm that is not finite and positive";
  memcpy(norm, &bits, 4);
  free(state.words);
  free(f);
  return wrong;
}

/* Does a code fit the width in which rows of d codes lie in memory? */
static int fits(uint64_t d, float step, int64_t code) {
  float coarse;
  const double reach = (32767 - (1 << ec_raw_bits(step, &coarse))) * (double)step;
  const int narrow = (double)d <= reach * reach;
  const int64_t most = narrow ? INT16_MAX : INT32_MAX;
  return -most - 1 <= code && code <= most;
}

/* Bytes of a number of d codes in memory: 2 or 4. */
uint32_t ec_code_bytes(uint64_t d, float step) { return fits(d, step, INT32_MAX) ? 4 : 2; }

/* C, the bytes of a row's raw bits. */
uint64_t ec_raw_bytes(const ec_config* s) {
  uint64_t m;
  float coarse;
  return (ec_order(s->dimension, &m) * ec_raw_bits(s->step, &coarse) + 7) / 8;
}

/* The low bits l_j. */
void ec_put_raw(const ec_config* s, const int32_t* codes, uint8_t* raw) {
  float coarse;
  const uint32_t h = ec_raw_bits(s->step, &coarse);
  const uint64_t bytes = ec_raw_bytes(s);
  uint64_t m;
  memset(raw, 0, bytes);
  for (uint64_t p = 0; p < ec_order(s->dimension, &m) * h; ++p) {
    if (codes[p / h] >> p % h & 1) raw[p / 8] = (uint8_t)(raw[p / 8] | 1u << p % 8);
  }
}

/* Norm and codes of a row from its stream and its raw bits. */
const char* ec_get_row(const ec_config* s, uint64_t row, const uint8_t* stream, uint64_t length, const uint8_t* raw,
                       float* norm, int32_t* codes) {
  uint64_t m;
  const uint64_t d = ec_order(s->dimension, &m);
  float coarse;
  const uint32_t h = ec_raw_bits(s->step, &coarse);
  for (uint64_t p = d * h; p < ec_raw_bytes(s) * 8; ++p) {
    if (raw[p / 8] >> p % 8 & 1) return "unused raw bits are not zero";
  }
  if (length == 0) {
    for (uint64_t i = 0; i < ec_raw_bytes(s); ++i) {
      if (raw[i]) return "a row of zeros has raw bits";
    }
    *norm = 0;
    memset(codes, 0, d * sizeof *codes);
    return NULL;
  }
  int64_t* c = malloc(d * sizeof *c);
  const char* wrong = get_coarse(s, row, stream, length, norm, c);
  for (uint64_t j = 0; j < d && !wrong; ++j) {
    uint32_t low = 0;
    for (uint32_t i = 0; i < h; ++i) low |= (uint32_t)(raw[(j * h + i) / 8] >> (j * h + i) % 8 & 1) << i;
    const int64_t code = c[j] * ((int64_t)1 << h) + low;
    if (!fits(d, s->step, code)) wrong = "a code is out of range";
    codes[j] = (int32_t)code;
  }
  free(c);
  return wrong;
}

/* ---- docs/format.md: the file ---- */

enum { header_bytes = 128, most_block_bytes = 1 << 26 };
static const uint8_t magic[8] = {0x89, 'H', 'D', 'Q', '\r', '\n', 0x1A, '\n'};
static const uint64_t number_of_mean = UINT64_MAX, number_of_index = UINT64_MAX - 1;

typedef struct ec_file {
  ec_config config;
  uint64_t rows, rows_per_block, first_row;
  int has_mean;
} ec_file;

/* CRC-32C, continued: begin with 0. */
static uint32_t crc32c(uint32_t crc, const void* data, uint64_t size) {
  crc = ~crc;
  for (uint64_t i = 0; i < size; ++i) {
    crc ^= ((const uint8_t*)data)[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78 : 0);
  }
  return ~crc;
}

/* Of a number of 8 bytes, and then the data. */
static uint32_t checksum(uint64_t number, const uint8_t* data, uint64_t size) {
  return crc32c(crc32c(0, &number, 8), data, size);
}

static uint64_t up(uint64_t size, uint64_t unit) { return (size + unit - 1) / unit * unit; }
static uint64_t mean_bytes(const ec_file* f) { return f->has_mean ? up(4 * f->config.dimension + 4, 64) : 0; }
static uint64_t block_count(const ec_file* f) {
  return f->rows / f->rows_per_block + (f->rows % f->rows_per_block != 0);
}

static uint64_t order_of(const ec_file* f) {
  uint64_t m;
  return ec_order(f->config.dimension, &m);
}

static void write_header(const ec_file* f, uint8_t* out) {
  const uint32_t version = 1, length = header_bytes, per_block = (uint32_t)f->rows_per_block, scheme = 1,
                 sections = f->has_mean != 0;
  const uint64_t d = order_of(f);
  memset(out, 0, header_bytes);
  memcpy(out, magic, 8);
  memcpy(out + 8, &version, 4);
  memcpy(out + 12, &length, 4);
  memcpy(out + 16, &f->rows, 8);
  memcpy(out + 24, &f->config.dimension, 8);
  memcpy(out + 32, &d, 8);
  memcpy(out + 44, &per_block, 4);
  memcpy(out + 48, &f->config.seed, 8);
  memcpy(out + 56, &f->first_row, 8);
  memcpy(out + 64, &scheme, 4);
  memcpy(out + 68, &sections, 4);
  memcpy(out + 72, &f->config.step, 4);
  const uint32_t crc = crc32c(0, out, 124);
  memcpy(out + 124, &crc, 4);
}

/* Puts the checksum behind `size` bytes; the length with it. */
static uint64_t seal(uint64_t number, uint8_t* out, uint64_t size) {
  const uint32_t crc = checksum(number, out, size);
  memcpy(out + size, &crc, 4);
  return size + 4;
}

/* The least width that holds the lengths as they are stored. */
static uint32_t width_of(uint64_t largest) { return largest < 256 ? 1 : largest < 65536 ? 2 : 4; }

/* Block `number`, of these rows, at out; its length. */
static uint64_t write_block(const ec_file* f, uint64_t number, const float* norms, const int32_t* codes, uint64_t rows,
                            uint8_t* out) {
  const uint64_t d = order_of(f), raw = ec_raw_bytes(&f->config), first = f->first_row + number * f->rows_per_block;
  uint8_t* streams = malloc(rows * ec_most_bytes(d));
  uint64_t *length = malloc(rows * sizeof *length), total = 0, least = 0, most = 0;
  for (uint64_t i = 0; i < rows; ++i) {
    length[i] = ec_put_row(&f->config, first + i, norms[i], codes + i * d, streams + total);
    total += length[i];
    if (length[i] && (least == 0 || length[i] < least)) least = length[i];
    if (length[i] > most) most = length[i];
  }
  const uint32_t base = (uint32_t)least, width = width_of(most ? most - least + 1 : 0);
  memcpy(out, &base, 4);
  memcpy(out + 4, &width, 4);
  uint64_t at = 8;
  for (uint64_t i = 0; i < rows; ++i, at += width) {
    const uint64_t stored = length[i] ? length[i] - least + 1 : 0;
    memcpy(out + at, &stored, width);
  }
  for (uint64_t i = 0; i < rows; ++i, at += raw) ec_put_raw(&f->config, codes + i * d, out + at);
  memcpy(out + at, streams, total);
  at += total;
  while (at % 4) out[at++] = 0;
  free(length);
  free(streams);
  return seal(number, out, at);
}

/* Bytes that suffice for the file. */
uint64_t ec_file_capacity(const ec_file* f) {
  return 256 + mean_bytes(f) + 24 * block_count(f) +
         f->rows * (4 + ec_raw_bytes(&f->config) + ec_most_bytes(order_of(f)));
}

/* The rows per block that writers choose. */
uint64_t ec_rows_per_block(uint64_t d) {
  uint64_t b = 1;
  while (2 * b * d <= 262144) b *= 2;
  return b;
}

/* A file of rows × 1 norms and rows × d codes; mean: n numbers, or not looked at. Its length. */
uint64_t ec_write_file(const ec_file* f, const float* mean, const float* norms, const int32_t* codes, uint8_t* file) {
  const uint64_t d = order_of(f), blocks = block_count(f), B = f->rows_per_block;
  write_header(f, file);
  uint64_t at = header_bytes;
  if (f->has_mean) {
    memset(file + at, 0, mean_bytes(f));
    memcpy(file + at, mean, 4 * f->config.dimension);
    at += seal(number_of_mean, file + at, mean_bytes(f) - 4);
  }
  uint64_t* ends = malloc(8 * blocks + 8);
  for (uint64_t j = 0; j < blocks; ++j) {
    const uint64_t rows = f->rows - j * B < B ? f->rows - j * B : B;
    at += write_block(f, j, norms + j * B, codes + j * B * d, rows, file + at);
    ends[j] = at;
  }
  memcpy(file + at, ends, 8 * blocks);
  at += seal(number_of_index, file + at, 8 * blocks);
  free(ends);
  return at;
}

static uint32_t u32(const uint8_t* at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return value;
}
static uint64_t u64(const uint8_t* at) {
  uint64_t value;
  memcpy(&value, at, 8);
  return value;
}

/* What the header says; the mean, if any, and the index are checked too. */
const char* ec_read_header(const uint8_t* file, uint64_t size, ec_file* f) {
  if (size < header_bytes + 4 || size >> 63) return "too short";
  if (memcmp(file, magic, 8) != 0) return "no .hdq file";
  if (crc32c(0, file, 124) != u32(file + 124)) return "the header is damaged";
  if (u32(file + 8) != 1 || u32(file + 12) != header_bytes) return "another version";
  if (u32(file + 64) != 1) return "another scheme";
  if (u32(file + 68) > 1) return "an unknown section";
  for (int i = 76; i < 124; ++i) {
    if (file[i]) return "a reserved byte is not zero";
  }
  f->rows = u64(file + 16);
  f->config.dimension = u64(file + 24);
  f->rows_per_block = u32(file + 44);
  f->config.seed = u64(file + 48);
  f->first_row = u64(file + 56);
  f->has_mean = (int)u32(file + 68);
  memcpy(&f->config.step, file + 72, 4);
  if (f->config.dimension < 1 || f->config.dimension > 1 << 24) return "the dimension is out of range";
  if (u64(file + 32) != order_of(f)) return "the order is not that of the dimension";
  if (u32(file + 40) != 0) return "bits are not 0";
  if (f->rows_per_block == 0) return "no rows per block";
  if (!(f->config.step >= 0x1p-10f && f->config.step <= 16)) return "the step is out of range";
  const uint64_t blocks = block_count(f), begin = header_bytes + mean_bytes(f);
  if (blocks > size / 8 || size < begin + 8 * blocks + 4) return "too short";
  if (f->has_mean) {
    const uint8_t* mean = file + header_bytes;
    const uint64_t n = f->config.dimension, bytes = mean_bytes(f);
    if (checksum(number_of_mean, mean, bytes - 4) != u32(mean + bytes - 4)) return "the mean is damaged";
    for (uint64_t i = 4 * n; i < bytes - 4; ++i) {
      if (mean[i]) return "the mean's padding is not zero";
    }
    for (uint64_t i = 0; i < n; ++i) {
      if ((u32(mean + 4 * i) & 0x7F800000) == 0x7F800000) return "the mean is not finite";
    }
  }
  const uint8_t* index = file + size - 8 * blocks - 4;
  if (checksum(number_of_index, index, 8 * blocks) != u32(index + 8 * blocks)) return "the index is damaged";
  uint64_t end = begin;
  for (uint64_t j = 0; j < blocks; ++j) {
    const uint64_t next = u64(index + 8 * j);
    if (next <= end || next - end > most_block_bytes) return "the index has a block of an impossible length";
    end = next;
  }
  return end == size - 8 * blocks - 4 ? NULL : "the blocks do not end where the index begins";
}

/* The lengths of the streams, from a block's stored ones; NULL and in `streams` their sum, or what is wrong. */
static const char* read_lengths(const uint8_t* block, uint64_t rows, uint64_t* length, uint64_t* streams) {
  const uint32_t base = u32(block), width = u32(block + 4);
  uint64_t largest = 0;
  int least_seen = 0;
  *streams = 0;
  for (uint64_t i = 0; i < rows; ++i) {
    uint64_t stored = 0;
    memcpy(&stored, block + 8 + i * width, width);
    length[i] = stored ? base + stored - 1 : 0;
    if (stored && length[i] < 5) return "a stream has less than 5 bytes";
    least_seen |= stored == 1;
    if (stored > largest) largest = stored;
    *streams += length[i];
  }
  if (width != width_of(largest)) return "the width of the lengths is not the least";
  if (largest ? !least_seen : base != 0) return "the base is not the least length";
  return NULL;
}

static const char* read_block(const ec_file* f, uint64_t number, const uint8_t* block, uint64_t size, uint64_t rows,
                              float* norms, int32_t* codes) {
  const uint64_t d = order_of(f), raw = ec_raw_bytes(&f->config), first = f->first_row + number * f->rows_per_block;
  if (size % 4 || size < 12) return "a block has an impossible length";
  if (checksum(number, block, size - 4) != u32(block + size - 4)) return "a block is damaged";
  const uint64_t width = u32(block + 4), body = size - 12;
  if (width != 1 && width != 2 && width != 4) return "the width of the lengths is none";
  if (rows > body || rows * width > body || (raw && rows > (body - rows * width) / raw)) return "a block is too short";
  uint64_t *length = malloc(rows * sizeof *length), streams;
  const char* wrong = read_lengths(block, rows, length, &streams);
  const uint64_t raw_at = 8 + rows * width;
  uint64_t at = raw_at + rows * raw;
  if (!wrong && up(at + streams, 4) != size - 4) wrong = "the parts of a block do not fill it";
  for (uint64_t i = 0; i < rows && !wrong; ++i) {
    wrong =
        ec_get_row(&f->config, first + i, block + at, length[i], block + raw_at + i * raw, norms + i, codes + i * d);
    at += length[i];
  }
  for (; at < size - 4 && !wrong; ++at) {
    if (block[at]) wrong = "a block's padding is not zero";
  }
  free(length);
  return wrong;
}

/* All rows of a file that ec_read_header accepts. */
const char* ec_read_rows(const uint8_t* file, uint64_t size, float* norms, int32_t* codes) {
  ec_file f;
  const char* wrong = ec_read_header(file, size, &f);
  if (wrong) return wrong;
  const uint64_t d = order_of(&f), blocks = block_count(&f), B = f.rows_per_block;
  const uint8_t* index = file + size - 8 * blocks - 4;
  uint64_t begin = header_bytes + mean_bytes(&f);
  for (uint64_t j = 0; j < blocks && !wrong; ++j) {
    const uint64_t rows = f.rows - j * B < B ? f.rows - j * B : B, end = u64(index + 8 * j);
    wrong = read_block(&f, j, file + begin, end - begin, rows, norms + j * B, codes + j * B * d);
    begin = end;
  }
  return wrong;
}

/* ---- the plug-in: hdq_kernel.h in terms of the above ---- */

#include "hdq/hdq_kernel.h"

typedef hdq_kernel_config asked;

static ec_config of(const asked* k) { return (ec_config){k->dimension, k->seed, k->step}; }

static int wrong_order(const asked* k) {
  uint64_t m;
  return ec_order(k->dimension, &m) != k->order;
}

static int32_t* wide(const asked* k, const void* codes, uint64_t rows) {
  int32_t* all = malloc((rows * k->order + 1) * sizeof *all);
  for (uint64_t i = 0; i < rows * k->order; ++i) {
    all[i] = ec_code_bytes(k->order, k->step) == 2 ? ((const int16_t*)codes)[i] : ((const int32_t*)codes)[i];
  }
  return all;
}

static void narrow(const asked* k, const int32_t* all, uint64_t rows, void* codes) {
  for (uint64_t i = 0; i < rows * k->order; ++i) {
    if (ec_code_bytes(k->order, k->step) == 2)
      ((int16_t*)codes)[i] = (int16_t)all[i];
    else
      ((int32_t*)codes)[i] = all[i];
  }
}

static int signs(const asked* k, uint64_t count, int8_t* epsilon) {
  for (uint64_t i = 0; i < count; ++i) epsilon[i] = (int8_t)sign(k->seed, i);
  return HDQ_KERNEL_OK;
}

static int dither(const asked* k, uint64_t first_row, uint64_t rows, uint32_t* words) {
  for (uint64_t i = 0; i < rows; ++i) words[i] = dither_word(k->seed, first_row + i);
  return HDQ_KERNEL_OK;
}

static int transform(const asked* k, uint64_t rows, const float* x, float* y) {
  const ec_config s = of(k);
  if (wrong_order(k)) return HDQ_KERNEL_FAILED;
  for (uint64_t row = 0; row < rows; ++row) rotate(&s, x + row * k->dimension, 1, y + row * k->order);
  return HDQ_KERNEL_OK;
}

static int transform_transposed(const asked* k, uint64_t rows, const float* y, float* x) {
  uint64_t m;
  ec_order(k->dimension, &m);
  float* z = malloc(k->order * sizeof *z);
  for (uint64_t row = 0; row < rows; ++row) {
    memcpy(z, y + row * k->order, k->order * sizeof *z);
    hadamard(z, k->order, (int)m, 1);
    for (uint64_t i = 0; i < k->dimension; ++i) x[row * k->dimension + i] = sign(k->seed, i) * z[i];
  }
  free(z);
  return HDQ_KERNEL_OK;
}

static int encode(const asked* k, uint64_t first_row, uint64_t rows, const float* x, float* norms, uint8_t* codes,
                  hdq_kernel_position* bad) {
  const ec_config s = of(k);
  int32_t* all = malloc((rows * k->order + 1) * sizeof *all);
  for (uint64_t row = 0; row < rows; ++row) {
    uint64_t column;
    if (!ec_encode(&s, first_row + row, x + row * k->dimension, norms + row, all + row * k->order, &column)) continue;
    *bad = (hdq_kernel_position){row, column < k->dimension ? column : UINT64_MAX};
    free(all);
    return HDQ_KERNEL_BAD_INPUT;
  }
  narrow(k, all, rows, codes);
  free(all);
  return HDQ_KERNEL_OK;
}

static int decode(const asked* k, uint64_t first_row, uint64_t rows, const float* norms, const uint8_t* codes,
                  float* x) {
  const ec_config s = of(k);
  int32_t* all = wide(k, codes, rows);
  for (uint64_t row = 0; row < rows; ++row)
    ec_decode(&s, first_row + row, norms[row], all + row * k->order, x + row * k->dimension);
  free(all);
  return HDQ_KERNEL_OK;
}

static int dot(const asked* k, uint64_t first_row, uint64_t rows, const float* norms, const uint8_t* codes,
               const float* q, float* out) {
  const ec_config s = of(k);
  int32_t* all = wide(k, codes, rows);
  for (uint64_t row = 0; row < rows; ++row) {
    float scores[3];
    ec_scores(&s, first_row + row, norms[row], all + row * k->order, q, scores);
    out[row] = scores[0];
  }
  free(all);
  return HDQ_KERNEL_OK;
}

static int coding(const asked* k, uint32_t* raw_bits_and_largest) {
  float coarse;
  raw_bits_and_largest[0] = ec_raw_bits(k->step, &coarse);
  raw_bits_and_largest[1] = ec_largest(k->step);
  return HDQ_KERNEL_OK;
}

static int frequencies(const asked* k, uint32_t* f) {
  ec_frequencies(k->step, f);
  return HDQ_KERNEL_OK;
}

static int put_row(const asked* k, uint64_t row, float norm, const void* codes, uint8_t* raw, uint8_t* stream,
                   uint64_t* bytes) {
  const ec_config s = of(k);
  int32_t* all = wide(k, codes, 1);
  uint8_t* room = malloc(ec_most_bytes(k->order));
  const uint64_t length = ec_put_row(&s, row, norm, all, room), capacity = *bytes;
  ec_put_raw(&s, all, raw);
  if (length <= capacity) memcpy(stream, room, length);
  *bytes = length;
  free(room);
  free(all);
  return length <= capacity ? HDQ_KERNEL_OK : HDQ_KERNEL_FAILED;
}

static int get_row(const asked* k, uint64_t row, const uint8_t* raw, const uint8_t* stream, uint64_t bytes, float* norm,
                   void* codes) {
  const ec_config s = of(k);
  int32_t* all = malloc(k->order * sizeof *all);
  const char* wrong = ec_get_row(&s, row, stream, bytes, raw, norm, all);
  if (!wrong) narrow(k, all, 1, codes);
  free(all);
  return wrong ? HDQ_KERNEL_BAD_INPUT : HDQ_KERNEL_OK;
}

static int save(const asked* k, uint64_t rows, const float* norms, const uint8_t* codes, uint8_t* file,
                uint64_t* size) {
  const ec_file f = {of(k), rows, ec_rows_per_block(k->order), 0, 0};
  int32_t* all = wide(k, codes, rows);
  uint8_t* out = malloc(ec_file_capacity(&f));
  const uint64_t length = ec_write_file(&f, NULL, norms, all, out), capacity = *size;
  if (length <= capacity) memcpy(file, out, length);
  *size = length;
  free(out);
  free(all);
  return length <= capacity ? HDQ_KERNEL_OK : HDQ_KERNEL_FAILED;
}

static int load(const asked* k, uint64_t rows, const uint8_t* file, uint64_t size, float* norms, uint8_t* codes) {
  ec_file f;
  if (ec_read_header(file, size, &f) || f.config.dimension != k->dimension || f.config.seed != k->seed)
    return HDQ_KERNEL_BAD_INPUT;
  if (f.config.step != k->step || f.rows != rows || f.first_row != 0 || f.has_mean) return HDQ_KERNEL_BAD_INPUT;
  int32_t* all = malloc((rows * k->order + 1) * sizeof *all);
  const char* wrong = ec_read_rows(file, size, norms, all);
  if (!wrong) narrow(k, all, rows, codes);
  free(all);
  return wrong ? HDQ_KERNEL_BAD_INPUT : HDQ_KERNEL_OK;
}

const hdq_kernel hdq_kernel_v1 = {
    .struct_version = HDQ_KERNEL_VERSION,
    .struct_bytes = sizeof(hdq_kernel),
    .name = "plain C, entropy-coded",
    .version = "1",
    .promise = HDQ_KERNEL_CONFORMANT,
    .schemes = HDQ_KERNEL_ENTROPY_CODED,
    .signs = signs,
    .dither = dither,
    .transform = transform,
    .transform_transposed = transform_transposed,
    .encode = encode,
    .decode = decode,
    .dot = dot,
    .save = save,
    .load = load,
    .coding = coding,
    .frequencies = frequencies,
    .put_row = put_row,
    .get_row = get_row,
};
