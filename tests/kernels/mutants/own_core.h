/* Kernels of schemes of their own: x → x̂ with E x̂ = x over the seed, judged by what they do alone. A scheme says how one row on the
 * unit sphere becomes bytes and comes back; what is common to all (norms, bad input, rows) is here and right.
 */
#ifndef HDQ_MUTANTS_OWN_CORE_H
#define HDQ_MUTANTS_OWN_CORE_H

#include "spec_core.h"

typedef struct row_state {
  uint64_t n, seed, row;
  uint32_t bits;
} row_state;

/* u = x/ρ, ρ the stored norm; both directions in double. dot: NULL where the decoded row serves. */
typedef struct scheme {
  uint32_t bit_widths;
  uint64_t least_dimension, largest_dimension;
  uint64_t (*bytes)(uint64_t n, uint32_t bits);
  void (*encode)(const row_state* s, const double* u, uint8_t* bytes);
  void (*decode)(const row_state* s, const uint8_t* bytes, double* u);
  double (*claim)(uint32_t bits);
} scheme;

static scheme own;

/* ---- random numbers: a 64-bit mix of (seed, row, stream, index) ---- */

static inline uint64_t mix(uint64_t z) {
  z += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}
static inline uint64_t random_bits(uint64_t seed, uint64_t row, uint64_t stream, uint64_t index) {
  return mix(mix(mix(mix(seed) ^ row) ^ stream) ^ index);
}
static inline double uniform_of(uint64_t bits) { return ((double)(bits >> 11) + 0.5) * 0x1p-53; }
static inline double uniform_at(const row_state* s, uint64_t index) {
  return uniform_of(random_bits(s->seed, s->row, 1, index));
}
static inline double gaussian_at(uint64_t seed, uint64_t stream, uint64_t index) {
  const double u = uniform_of(random_bits(seed, 0, stream, 2 * index)),
               v = uniform_of(random_bits(seed, 0, stream, 2 * index + 1));
  return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

/* ---- the interface ---- */

static inline int offered(const config* k) {
  return k->dimension >= own.least_dimension && k->dimension <= own.largest_dimension &&
         (own.bit_widths >> k->bits & 1);
}
static inline row_state state_of(const config* k, uint64_t row) {
  return (row_state){k->dimension, k->seed, row, k->bits};
}

static inline int own_code_bytes(const config* k, uint64_t* bytes) {
  if (!offered(k)) return HDQ_KERNEL_UNSUPPORTED;
  *bytes = own.bytes(k->dimension, k->bits);
  return HDQ_KERNEL_OK;
}

static inline int own_encode(ENCODE_PARAMETERS) {
  if (!offered(k)) return HDQ_KERNEL_UNSUPPORTED;
  const uint64_t n = k->dimension, size = own.bytes(n, k->bits);
  double* u = malloc(n * sizeof(double));
  for (uint64_t i = 0; i < rows; ++i) {
    const float* in = x + i * n;
    const uint64_t column = right_bad_column(in, n);
    norms[i] = right_norm(in, n);
    if (column < n || !isfinite(norms[i])) {
      *bad = (hdq_kernel_position){i, column < n ? column : UINT64_MAX};
      free(u);
      return HDQ_KERNEL_BAD_INPUT;
    }
    memset(codes + i * size, 0, size);
    if (norms[i] == 0) continue;
    for (uint64_t j = 0; j < n; ++j) u[j] = (double)in[j] / (double)norms[i];
    const row_state s = state_of(k, first_row + i);
    own.encode(&s, u, codes + i * size);
  }
  free(u);
  return HDQ_KERNEL_OK;
}

static inline void own_decode_row(const config* k, uint64_t row, float norm, const uint8_t* bytes, double* u) {
  const row_state s = state_of(k, row);
  if (norm == 0)
    memset(u, 0, k->dimension * sizeof(double));
  else
    own.decode(&s, bytes, u);
}

static inline int own_decode(DECODE_PARAMETERS) {
  if (!offered(k)) return HDQ_KERNEL_UNSUPPORTED;
  const uint64_t n = k->dimension, size = own.bytes(n, k->bits);
  double* u = malloc(n * sizeof(double));
  for (uint64_t i = 0; i < rows; ++i) {
    own_decode_row(k, first_row + i, norms[i], codes + i * size, u);
    for (uint64_t j = 0; j < n; ++j) x[i * n + j] = (float)(u[j] * (double)norms[i]);
  }
  free(u);
  return HDQ_KERNEL_OK;
}

static inline int own_dot(DOT_PARAMETERS) {
  if (!offered(k)) return HDQ_KERNEL_UNSUPPORTED;
  const uint64_t n = k->dimension, size = own.bytes(n, k->bits);
  double* u = malloc(n * sizeof(double));
  for (uint64_t i = 0; i < rows; ++i) {
    double sum = 0;
    own_decode_row(k, first_row + i, norms[i], codes + i * size, u);
    for (uint64_t j = 0; j < n; ++j) sum += u[j] * (double)q[j];
    out[i] = (float)(sum * (double)norms[i]);
  }
  free(u);
  return HDQ_KERNEL_OK;
}

static inline int own_reconstruct(const config* k, uint64_t first_row, uint64_t rows, const float* x, float* decoded,
                                  hdq_kernel_position* bad) {
  if (!offered(k)) return HDQ_KERNEL_UNSUPPORTED;
  const uint64_t size = own.bytes(k->dimension, k->bits);
  float* norms = malloc(rows * sizeof(float) + 1);
  uint8_t* codes = malloc(rows * size + 1);
  const int status = own_encode(k, first_row, rows, x, norms, codes, bad);
  if (status == HDQ_KERNEL_OK) own_decode(k, first_row, rows, norms, codes, decoded);
  free(codes);
  free(norms);
  return status;
}

static inline void offer(scheme s) {
  own = s;
  hdq_kernel_v1 = (hdq_kernel){.struct_version = HDQ_KERNEL_VERSION,
                               .struct_bytes = sizeof(hdq_kernel),
                               .name = "own scheme",
                               .version = "1",
                               .promise = HDQ_KERNEL_OWN_SCHEME,
                               .bit_widths = s.bit_widths,
                               .max_dimension = s.largest_dimension == UINT64_MAX ? 0 : s.largest_dimension,
                               .code_bytes = own_code_bytes,
                               .encode = own_encode,
                               .decode = own_decode,
                               .dot = own_dot};
  for (uint32_t b = 1; b <= HDQ_KERNEL_MAX_BITS; ++b) hdq_kernel_v1.claimed_error[b] = s.claim == NULL ? 0 : s.claim(b);
}

#endif
