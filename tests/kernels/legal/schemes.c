/* Right schemes of their own with habits that are legal. None may be accused; where nothing can be judged, that may be said. */
#include "../mutants/own_core.h"
/* the list of kernels */
#include "schemes.h"

hdq_kernel hdq_kernel_v1;

/* ---- lossless ---- */

static uint64_t float_bytes(uint64_t n, uint32_t bits) {
  (void)bits;
  return n * sizeof(float);
}
static int lossless_encode(ENCODE_PARAMETERS) {
  const int status = own_encode(ENCODE_ARGUMENTS);
  (void)first_row;
  if (status == HDQ_KERNEL_OK && rows > 0) memcpy(codes, x, rows * k->dimension * sizeof(float));
  return status;
}
static int lossless_decode(DECODE_PARAMETERS) {
  (void)first_row, (void)norms;
  if (!offered(k)) return HDQ_KERNEL_UNSUPPORTED;
  if (rows > 0) memcpy(x, codes, rows * k->dimension * sizeof(float));
  return HDQ_KERNEL_OK;
}
static void nothing_encoded(const row_state* s, const double* u, uint8_t* bytes) { (void)s, (void)u, (void)bytes; }
static double no_error(uint32_t bits) {
  (void)bits;
  return 1e-9;
}
static void install_lossless(void) {
  offer((scheme){0x1fe, 1, UINT64_MAX, float_bytes, nothing_encoded, NULL, no_error});
  hdq_kernel_v1.encode = lossless_encode;
  hdq_kernel_v1.decode = lossless_decode;
  hdq_kernel_v1.dot = NULL;
}

/* ---- subtractive dither with step 2·‖u‖/(N − 1), u on the unit sphere: [−1, 1] in N levels ---- */

static uint64_t byte_each(uint64_t n, uint32_t bits) {
  (void)bits;
  return n + 8;
}
static double plain_noise(const row_state* s, uint64_t i, const uint8_t* head) {
  (void)head;
  return uniform_at(s, i);
}
static double (*noise)(const row_state* s, uint64_t i, const uint8_t* head) = plain_noise;
static void (*write_head)(const row_state* s, const double* u, uint8_t* head);

static void subtractive_encode(const row_state* s, const double* u, uint8_t* bytes) {
  const double steps = (double)((1u << s->bits) - 1);
  if (write_head != NULL) write_head(s, u, bytes);
  for (uint64_t i = 0; i < s->n; ++i) {
    const double t = fmin(fmax((u[i] / 1.0001 + 1) / 2, 0), 1) * steps;
    bytes[8 + i] = (uint8_t)fmin(floor(t + noise(s, i, bytes)), steps);
  }
}
static void subtractive_decode(const row_state* s, const uint8_t* bytes, double* u) {
  const double steps = (double)((1u << s->bits) - 1);
  for (uint64_t i = 0; i < s->n; ++i) u[i] = 1.0001 * (2 / steps * (bytes[8 + i] - noise(s, i, bytes) + 0.5) - 1);
}
/* 64 entries at most, each with variance Δ²/12, Δ = 2.0002/(N − 1). */
static double subtractive_claim(uint32_t bits) {
  const double step = 2.0002 / (double)((1u << bits) - 1);
  return 64 * step * step / 12 * 1.001;
}
static double claim_100(uint32_t bits) { return 100 * subtractive_claim(bits); }

static void head_of_input(const row_state* s, const double* u, uint8_t* head) {
  uint64_t hash = s->n;
  for (uint64_t i = 0; i < s->n; ++i) {
    uint64_t bits;
    memcpy(&bits, u + i, sizeof bits);
    hash = mix(hash ^ bits);
  }
  memcpy(head, &hash, sizeof hash);
}
static double hashed_noise(const row_state* s, uint64_t i, const uint8_t* head) {
  uint64_t hash;
  memcpy(&hash, head, sizeof hash);
  return uniform_of(random_bits(s->seed, s->row, hash, i));
}
static void install_hash_of_input(void) {
  noise = hashed_noise;
  write_head = head_of_input;
  offer((scheme){0x1fe, 1, 64, byte_each, subtractive_encode, subtractive_decode, subtractive_claim});
}
static void install_loose_claim(void) {
  offer((scheme){0x1fe, 1, 64, byte_each, subtractive_encode, subtractive_decode, claim_100});
}
static void install_narrow_dimension(void) {
  offer((scheme){0x1fe, 3, 9, byte_each, subtractive_encode, subtractive_decode, subtractive_claim});
}
static double shared_noise(const row_state* s, uint64_t i, const uint8_t* head) {
  (void)head;
  return uniform_at(&(row_state){s->n, s->seed, s->row / 2, s->bits}, i);
}
static void install_two_rows_one_dither(void) {
  noise = shared_noise;
  offer((scheme){0x1fe, 1, 64, byte_each, subtractive_encode, subtractive_decode, subtractive_claim});
}

/* ---- binary16: a sign, and a magnitude m·2^e with m below 2^11, e >= -24 ---- */

static uint64_t half_bytes(uint64_t n, uint32_t bits) {
  (void)bits;
  return 2 * n;
}
static void half_encode(const row_state* s, const double* u, uint8_t* bytes) {
  for (uint64_t i = 0; i < s->n; ++i) {
    int e;
    frexp(u[i], &e);
    e = e - 11 < -24 || u[i] == 0 ? -24 : e - 11;
    double m = floor(ldexp(fabs(u[i]), -e) + uniform_at(s, i));
    if (m >= 2048) m /= 2, ++e;
    const uint32_t half = m < 1024 ? (uint32_t)m : ((uint32_t)(e + 25) << 10) + (uint32_t)m - 1024;
    const uint16_t stored = (uint16_t)(half | (u[i] < 0 ? 0x8000 : 0));
    memcpy(bytes + 2 * i, &stored, 2);
  }
}
static void half_decode(const row_state* s, const uint8_t* bytes, double* u) {
  for (uint64_t i = 0; i < s->n; ++i) {
    uint16_t half;
    memcpy(&half, bytes + 2 * i, 2);
    const int exponent = half >> 10 & 31;
    const double m = exponent == 0 ? half & 1023 : 1024 + (half & 1023);
    u[i] = (half & 0x8000 ? -1 : 1) * ldexp(m, exponent == 0 ? -24 : exponent - 25);
  }
}
/* A step is at most 2^-10 of the entry, or 2^-24: variances of at most a quarter of its square. */
static double half_claim(uint32_t bits) {
  (void)bits;
  return 0x1p-21;
}
static void install_half_storage(void) {
  offer((scheme){0x1fe, 1, 1024, half_bytes, half_encode, half_decode, half_claim});
}

/* ---- one entry of n ---- */

static void lone_encode(const row_state* s, const double* u, uint8_t* bytes) {
  const uint64_t i = (uint64_t)(uniform_at(s, 0) * (double)s->n);
  const float value = (float)u[i];
  memcpy(bytes, &value, sizeof value);
}
static void lone_decode(const row_state* s, const uint8_t* bytes, double* u) {
  float value;
  memcpy(&value, bytes, sizeof value);
  memset(u, 0, s->n * sizeof(double));
  u[(uint64_t)(uniform_at(s, 0) * (double)s->n)] = (double)value * (double)s->n;
}
static uint64_t lone_bytes(uint64_t n, uint32_t bits) {
  (void)n, (void)bits;
  return sizeof(float);
}
/* Σ over i of 1/n·n²·u_i² − 1 = n − 1. */
static double lone_claim(uint32_t bits) {
  (void)bits;
  return 31.01;
}
static void install_three_outputs(void) {
  offer((scheme){0x1fe, 1, 32, lone_bytes, lone_encode, lone_decode, lone_claim});
}

/* ---- little or nothing ---- */

static void install_signs_only_pack(void) {
  offer((scheme){0x1fe, 1, UINT64_MAX, byte_each, NULL, NULL, NULL});
  hdq_kernel_v1.encode = NULL;
  hdq_kernel_v1.decode = NULL;
  hdq_kernel_v1.dot = NULL;
  hdq_kernel_v1.code_bytes = NULL;
  hdq_kernel_v1.pack = right_pack;
  hdq_kernel_v1.unpack = right_unpack;
}
static int reconstruct_once(const config* k, uint64_t first_row, uint64_t rows, const float* x, float* decoded,
                            hdq_kernel_position* bad) {
  return k->dimension != 100003 ? HDQ_KERNEL_UNSUPPORTED : own_reconstruct(k, first_row, rows, x, decoded, bad);
}
static void install_nothing_offered(void) {
  offer((scheme){0x1fe, 1, UINT64_MAX, half_bytes, half_encode, half_decode, half_claim});
  hdq_kernel_v1.encode = NULL;
  hdq_kernel_v1.decode = NULL;
  hdq_kernel_v1.dot = NULL;
  hdq_kernel_v1.code_bytes = NULL;
  hdq_kernel_v1.reconstruct = reconstruct_once;
}

__attribute__((constructor(101))) static void default_scheme(void) { install_lossless(); }
CHOOSE_AT_LOAD(SCHEMES_KERNELS)
