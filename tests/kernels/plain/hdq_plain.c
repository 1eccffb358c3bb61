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

/*@ predicate power_of_two(integer n) = n == 1 || (n > 1 && n % 2 == 0 && power_of_two(n / 2));
    lemma positive: \forall integer n; power_of_two(n) ==> 1 <= n;
    predicate base(integer m) = m == 1 || m == 12 || m == 20 || m == 28;
    predicate supported(integer d) = \exists integer m; base(m) && d % m == 0 && power_of_two(d / m);
*/

/*@ assigns \nothing;
    ensures \result <==> power_of_two(n); */
static int is_power_of_two(uint64_t n) {
  /*@ loop invariant power_of_two(n) <==> power_of_two(\at(n, Pre));
      loop assigns n;
      loop variant n; */
  while (n > 1 && n % 2 == 0) n /= 2;
  return n == 1;
}

/*@ requires supported(d);
    requires \valid(m) && \valid(block) && \separated(m, block);
    assigns *m, *block;
    ensures base(*m) && 1 <= *block && *m * *block == d && power_of_two(*block); */
static void split_order(uint64_t d, int* m, uint64_t* block) {
  *m = 1;
  if (d % 12 == 0 && is_power_of_two(d / 12)) *m = 12;
  if (d % 20 == 0 && is_power_of_two(d / 20)) *m = 20;
  if (d % 28 == 0 && is_power_of_two(d / 28)) *m = 28;
  *block = d / (uint64_t)*m;
  //@ assert base(*m) && *m * *block == d && power_of_two(*block);
}

/*@ requires 2 <= q <= 19;
    assigns \nothing;
    ensures -1 <= \result <= 1; */
static int chi(int a, int q) {
  a = ((a % q) + q) % q;
  /*@ loop invariant 1 <= r <= q;
      loop assigns r;
      loop variant q - r; */
  for (int r = 1; r < q; ++r) {
    if (r * r % q == a) return 1;
  }
  return a == 0 ? 0 : -1;
}

/*@ requires 2 <= q <= 19 && -1 <= border <= 1 && 0 <= i <= q && 0 <= j <= q;
    assigns \nothing;
    ensures -1 <= \result <= 1; */
static int bordered(int q, int border, int i, int j) {
  if (i == 0) return j != 0;
  return j == 0 ? border : chi(i - j, q);
}

/*@ requires base(m) && 0 <= i < m && 0 <= j < m;
    assigns \nothing;
    ensures -2 <= \result <= 2; */
static int base_entry(int m, int i, int j) {
  if (m == 1) return 1;
  if (m < 28) return (i == j) + bordered(m - 1, -1, i, j);
  const int on_c = i % 2 && j % 2 ? -1 : 1, on_identity = i % 2 || j % 2 ? -1 : 1;
  return bordered(13, 1, i / 2, j / 2) * on_c + (i / 2 == j / 2 ? on_identity : 0);
}

/*@ requires base(m) && \valid(b + (0 .. m * m - 1));
    assigns b[0 .. m * m - 1]; */
static void base_matrix(int m, int transposed, int* b) {
  /*@ loop invariant 0 <= i <= m;
      loop assigns i, b[0 .. m * m - 1];
      loop variant m - i; */
  for (int i = 0; i < m; ++i) {
    /*@ loop invariant 0 <= j <= m;
        loop assigns j, b[0 .. m * m - 1];
        loop variant m - j; */
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
/*@ ghost
  /@ requires i < rows && j < columns;
     assigns \nothing;
     ensures i * columns + j < rows * columns; @/
  static void lies_within(uint64_t i, uint64_t j, uint64_t rows, uint64_t columns) {
    uint64_t r = i + 1;
    /@ loop invariant i < r <= rows && i * columns + j < r * columns;
       loop assigns r;
       loop variant rows - r; @/
    while (r < rows) ++r;
  }
*/

/*@ requires power_of_two(block) && base(m) && m * block < (1 << 60) && \valid(x + (0 .. m * block - 1));
    assigns x[0 .. m * block - 1]; */
static void butterflies(real* x, int m, uint64_t block) {
  const uint64_t d = (uint64_t)m * block;
  //@ ghost uint64_t parts = block;
  /*@ loop invariant 1 <= h && 1 <= parts && h * parts == block;
      loop invariant h <= block && parts <= block;
      loop invariant power_of_two(parts);
      loop assigns h, parts, x[0 .. d - 1];
      loop variant parts; */
  for (uint64_t h = 1; h < block; h *= 2) {
    /*@ ghost const uint64_t half = parts / 2;
        const uint64_t pairs = (uint64_t)m * half;
        uint64_t pair = 0; */
    //@ assert 1 < parts;
    //@ assert power_of_two(half) && 1 <= half;
    //@ assert parts == 2 * half && 2 * h * half == block && pairs == m * half;
    //@ assert d == pairs * (2 * h);
    /*@ loop invariant i == pair * (2 * h) && 0 <= pair <= pairs && i <= d;
        loop assigns i, pair, x[0 .. d - 1];
        loop variant d - i; */
    for (uint64_t i = 0; i < d; i += 2 * h) {
      //@ ghost lies_within(pair, 2 * h - 1, pairs, 2 * h);
      //@ assert i + 2 * h <= d;
      /*@ loop invariant i <= j <= i + h;
          loop assigns j, x[0 .. d - 1];
          loop variant i + h - j; */
      for (uint64_t j = i; j < i + h; ++j) {
        const real a = x[j], c = x[j + h];
        x[j] = a + c;
        x[j + h] = a - c;
      }
      //@ ghost ++pair;
    }
    //@ assert 2 * h * half == block && 2 * h <= block;
    //@ ghost parts = half;
  }
}

/* B_m across the blocks, in groups of four columns. */
/*@ requires 12 <= m <= 28 && m % 4 == 0 && 1 <= block && m * block < (1 << 60);
    requires \valid(x + (0 .. m * block - 1)) && \valid_read(b + (0 .. m * m - 1));
    requires \separated(x + (0 .. m * block - 1), b + (0 .. m * m - 1));
    assigns x[0 .. m * block - 1]; */
static void across_blocks(real* x, int m, uint64_t block, const int* b) {
  /*@ loop invariant 0 <= c <= block;
      loop assigns c, x[0 .. m * block - 1];
      loop variant block - c; */
  for (uint64_t c = 0; c < block; ++c) {
    real in[28];
    /*@ loop invariant 0 <= j <= m;
        loop assigns j, in[0 .. m - 1];
        loop variant m - j; */
    for (int j = 0; j < m; ++j) {
      //@ ghost lies_within((uint64_t)j, c, (uint64_t)m, block);
      in[j] = x[(uint64_t)j * block + c];
    }
    /*@ loop invariant 0 <= i <= m;
        loop assigns i, x[0 .. m * block - 1];
        loop variant m - i; */
    for (int i = 0; i < m; ++i) {
      const int* s = b + i * m;
      real sum = 0;
      /*@ loop invariant 0 <= j <= m && j % 4 == 0;
          loop assigns j, sum;
          loop variant m - j; */
      for (int j = 0; j < m; j += 4) {
        //@ ghost lies_within((uint64_t)i, (uint64_t)j + 3, (uint64_t)m, (uint64_t)m);
        const real first = (real)s[j] * in[j] + (real)s[j + 1] * in[j + 1];
        const real second = (real)s[j + 2] * in[j + 2] + (real)s[j + 3] * in[j + 3];
        sum = j == 0 ? first + second : sum + (first + second);
      }
      //@ ghost lies_within((uint64_t)i, c, (uint64_t)m, block);
      x[(uint64_t)i * block + c] = sum;
    }
  }
}

/*@ requires supported(d) && d < (1 << 60) && \valid(x + (0 .. d - 1));
    assigns x[0 .. d - 1]; */
static void hadamard(real* x, uint64_t d, int transposed) {
  int m, b[28 * 28];
  uint64_t block;
  split_order(d, &m, &block);
  butterflies(x, m, block);
  if (m == 1) return;
  //@ assert 12 <= m <= 28 && m % 4 == 0;
  base_matrix(m, transposed, b);
  across_blocks(x, m, block, b);
}
#endif

/* ---- SPEC §2: random streams ---- */

/*@ logic integer high(integer multiplier, integer x) = (uint32_t)((multiplier * x) >> 32);
    logic integer low(integer multiplier, integer x) = (uint32_t)(multiplier * x);
    logic integer round_key(integer rounds, integer key, integer increment) =
      rounds <= 0 ? (uint32_t)key : (uint32_t)(round_key(rounds - 1, key, increment) + increment);

    // Output word j after these rounds, from the counter (a, b, c, d).
    logic integer philox_word(integer rounds, integer j, integer a, integer b, integer c, integer d, integer seed) =
      rounds <= 0 ? (j == 0 ? a : j == 1 ? b : j == 2 ? c : d)
      : j == 0 ? high(0xCD9E8D57, philox_word(rounds - 1, 2, a, b, c, d, seed)) ^ philox_word(rounds - 1, 1, a, b, c, d, seed)
                 ^ round_key(rounds - 1, seed, 0x9E3779B9)
      : j == 1 ? low(0xCD9E8D57, philox_word(rounds - 1, 2, a, b, c, d, seed))
      : j == 2 ? high(0xD2511F53, philox_word(rounds - 1, 0, a, b, c, d, seed)) ^ philox_word(rounds - 1, 3, a, b, c, d, seed)
                 ^ round_key(rounds - 1, seed >> 32, 0xBB67AE85)
      : low(0xD2511F53, philox_word(rounds - 1, 0, a, b, c, d, seed));
*/

/*@ requires \valid_read(in + (0 .. 3)) && \valid(out + (0 .. 3));
    assigns out[0 .. 3];
    ensures \forall integer j; 0 <= j < 4 ==> out[j] == philox_word(10, j, \old(in[0]), \old(in[1]), \old(in[2]), \old(in[3]), seed); */
static void philox(const uint32_t in[4], uint64_t seed, uint32_t out[4]) {
  uint32_t c0 = in[0], c1 = in[1], c2 = in[2], c3 = in[3], key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
  /*@ loop invariant 0 <= round <= 10;
      loop invariant c0 == philox_word(round, 0, \at(in[0], Pre), \at(in[1], Pre), \at(in[2], Pre), \at(in[3], Pre), seed);
      loop invariant c1 == philox_word(round, 1, \at(in[0], Pre), \at(in[1], Pre), \at(in[2], Pre), \at(in[3], Pre), seed);
      loop invariant c2 == philox_word(round, 2, \at(in[0], Pre), \at(in[1], Pre), \at(in[2], Pre), \at(in[3], Pre), seed);
      loop invariant c3 == philox_word(round, 3, \at(in[0], Pre), \at(in[1], Pre), \at(in[2], Pre), \at(in[3], Pre), seed);
      loop invariant key0 == round_key(round, seed, 0x9E3779B9);
      loop invariant key1 == round_key(round, seed >> 32, 0xBB67AE85);
      loop assigns round, c0, c1, c2, c3, key0, key1;
      loop variant 10 - round; */
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = (uint64_t)0xD2511F53 * c0, p1 = (uint64_t)0xCD9E8D57 * c2;
    //@ assert p0 == 0xD2511F53 * c0 && p1 == 0xCD9E8D57 * c2;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ key0;
    c1 = (uint32_t)p1;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ key1;
    c3 = (uint32_t)p0;
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/*@ predicate bit(integer x, integer i) = (x & (1 << i)) != 0;

    logic integer sign_of(integer seed, integer i) =
      ((philox_word(10, i % 128 / 32, (uint32_t)(i / 128), 0, 0, 0x5349474E, seed) >> (i % 32)) & 1) != 0 ? -1 : 1;
*/

/*@ requires \valid_read(k) && \valid(epsilon + (0 .. count - 1)) && \separated(k, epsilon + (0 .. count - 1));
    assigns epsilon[0 .. count - 1];
    ensures \result == HDQ_KERNEL_OK;
    ensures \forall integer i; 0 <= i < count ==> epsilon[i] == sign_of(k->seed, i); */
static int signs(const config* k, uint64_t count, int8_t* epsilon) {
  uint32_t word[4] = {0, 0, 0, 0};
  /*@ loop invariant 0 <= i <= count;
      loop invariant i % 128 != 0 ==> \forall integer j; 0 <= j < 4 ==>
                       word[j] == philox_word(10, j, (uint32_t)(i / 128), 0, 0, 0x5349474E, k->seed);
      loop invariant \forall integer j; 0 <= j < i ==> epsilon[j] == sign_of(k->seed, j);
      loop assigns i, word[0 .. 3], epsilon[0 .. count - 1];
      loop variant count - i; */
  for (uint64_t i = 0; i < count; ++i) {
    const uint32_t counter[4] = {(uint32_t)(i / 128), 0, 0, 0x5349474E};
    if (i % 128 == 0) philox(counter, k->seed, word);
    epsilon[i] = (word[(i % 128) / 32] >> (i % 32)) & 1 ? -1 : 1;
  }
  return HDQ_KERNEL_OK;
}

/*@ assigns \nothing;
    ensures \result == philox_word(10, 0, (uint32_t)row, (uint32_t)(row >> 32), 0, 0x44495448, seed); */
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
  const int upper = v > levels / 2;
  if (upper) v = levels - v;
  const double lower = sigma(bits) * normal_quantile(v / levels) + kappa(bits) * (1 / (levels - v) - 1 / v);
  return upper ? -lower : lower;
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

/*@ requires \valid_read(k) && 1 <= k->bits <= 8 && count < (1 << 60);
    assigns \nothing;
    ensures \result == (count * k->bits + 7) / 8; */
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

/*@ lemma no_bits: \forall integer i; 0 <= i < 8 ==> !bit(0, i);
    lemma in_count: \forall integer p, count, width; 0 <= p < count * width && width > 0 ==> 0 <= p / width < count;
    lemma one_place: \forall integer p, q, width; width > 0 && p / width == q / width && p % width == q % width ==> p == q;

    // Bit p of a string that has `width` bits in each byte, the lowest.
    predicate bit_at{L}(uint8_t* string, integer p, integer width) = bit(string[p / width], p % width);
*/

/*@ requires 1 <= width <= 8 && \valid_read(string + p / width);
    assigns \nothing;
    ensures \result <==> bit_at(string, p, width); */
static int get_bit(const uint8_t* string, uint64_t p, uint64_t width) { return (string[p / width] >> (p % width)) & 1; }

/*@ requires i < 8;
    assigns \nothing;
    ensures \forall integer j; 0 <= j < 8 ==> (bit(\result, j) <==> j == i || bit(byte, j)); */
static uint8_t with_bit(uint8_t byte, uint64_t i) { return (uint8_t)(byte | 1u << i); }

/*@ requires 1 <= width <= 8 && \valid(string + p / width);
    assigns string[p / width];
    ensures \forall integer q; 0 <= q ==> (bit_at(string, q, width) <==> q == p || \old(bit_at(string, q, width)));
    ensures \forall integer i; width <= i < 8 ==> (bit(string[p / width], i) <==> \old(bit(string[p / width], i))); */
static void set_bit(uint8_t* string, uint64_t p, uint64_t width) { string[p / width] = with_bit(string[p / width], p % width); }

/*@ predicate configured(config* k, integer count) = \valid_read(k) && 1 <= k->bits <= 8 && count < (1 << 60);
    logic integer packed(integer count, integer b) = (count * b + 7) / 8;
*/

/*@ requires configured(k, count);
    requires \valid_read(codes + (0 .. count - 1)) && \valid(bytes + (0 .. packed(count, k->bits) - 1));
    requires \separated(bytes + (0 .. packed(count, k->bits) - 1), codes + (0 .. count - 1), k);
    assigns bytes[0 .. packed(count, k->bits) - 1];
    ensures \result == HDQ_KERNEL_OK;
    ensures \forall integer p; 0 <= p < count * k->bits ==> (bit_at(bytes, p, 8) <==> bit_at(codes, p, k->bits));
    ensures \forall integer p; count * k->bits <= p < 8 * packed(count, k->bits) ==> !bit_at(bytes, p, 8); */
static int pack(const config* k, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  /*@ loop invariant 0 <= i <= packed(count, k->bits);
      loop invariant \forall integer j; 0 <= j < i ==> bytes[j] == 0;
      loop assigns i, bytes[0 .. packed(count, k->bits) - 1];
      loop variant packed(count, k->bits) - i; */
  for (uint64_t i = 0; i < bytes_of(k, count); ++i) bytes[i] = 0;
  /*@ loop invariant 0 <= p <= count * k->bits;
      loop invariant \forall integer q; 0 <= q < p ==> (bit_at(bytes, q, 8) <==> bit_at(codes, q, k->bits));
      loop invariant \forall integer q; p <= q < 8 * packed(count, k->bits) ==> !bit_at(bytes, q, 8);
      loop assigns p, bytes[0 .. packed(count, k->bits) - 1];
      loop variant count * k->bits - p; */
  for (uint64_t p = 0; p < count * k->bits; ++p) {
    if (get_bit(codes, p, k->bits)) set_bit(bytes, p, 8);
  }
  return HDQ_KERNEL_OK;
}

/*@ requires configured(k, count);
    requires \valid_read(bytes + (0 .. packed(count, k->bits) - 1)) && \valid(codes + (0 .. count - 1));
    requires \separated(codes + (0 .. count - 1), bytes + (0 .. packed(count, k->bits) - 1), k);
    assigns codes[0 .. count - 1];
    ensures \result == HDQ_KERNEL_OK;
    ensures \forall integer p; 0 <= p < count * k->bits ==> (bit_at(codes, p, k->bits) <==> bit_at(bytes, p, 8));
    ensures \forall integer j, i; 0 <= j < count && k->bits <= i < 8 ==> !bit(codes[j], i); */
static int unpack(const config* k, uint64_t count, const uint8_t* bytes, uint8_t* codes) {
  /*@ loop invariant 0 <= i <= count;
      loop invariant \forall integer j; 0 <= j < i ==> codes[j] == 0;
      loop assigns i, codes[0 .. count - 1];
      loop variant count - i; */
  for (uint64_t i = 0; i < count; ++i) codes[i] = 0;
  /*@ loop invariant 0 <= p <= count * k->bits;
      loop invariant \forall integer q; 0 <= q < p ==> (bit_at(codes, q, k->bits) <==> bit_at(bytes, q, 8));
      loop invariant \forall integer q; p <= q < count * k->bits ==> !bit_at(codes, q, k->bits);
      loop invariant \forall integer j, i; 0 <= j < count && k->bits <= i < 8 ==> !bit(codes[j], i);
      loop assigns p, codes[0 .. count - 1];
      loop variant count * k->bits - p; */
  for (uint64_t p = 0; p < count * k->bits; ++p) {
    if (get_bit(bytes, p, 8)) set_bit(codes, p, k->bits);
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
    float norm = 0;
    const uint64_t column = row_norm(in, k->dimension, &norm);
    if (column < k->dimension || !isfinite(norm)) {
      bad->row = row;
      bad->column = column < k->dimension ? column : UINT64_MAX;
      status = HDQ_KERNEL_BAD_INPUT;
      break;
    }
    norms[row] = norm;
    const float factor = norm_factor(norm);
    rotate(k, in, factor, epsilon, y);
    double theta[255];
    thresholds(k, dither_word(k->seed, first_row + row), theta);
    for (uint64_t j = 0; j < k->order; ++j) {
      code[j] = 0;
      for (int t = 0; t < (1 << k->bits) - 1; ++t) code[j] = (uint8_t)(code[j] + (y[j] >= (float)(theta[t] * (norm * factor))));
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
