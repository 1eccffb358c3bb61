/* Schemes of their own on blocks: uniform subtractive dither, stochastic rounding, E2M1. Blind spot 9. */
#include "own_core.h"
/* the list of mutants */
#include "own_blocks.h"

hdq_kernel hdq_kernel_v1;

enum { BLOCK = 16 };

/* ---- a block: its range as a float, then one byte an entry ---- */

static uint64_t block_bytes(uint64_t n, uint32_t bits) {
  (void)bits;
  return (n + BLOCK - 1) / BLOCK * sizeof(float) + n;
}
static float load_range(const uint8_t* bytes, uint64_t block) {
  float range;
  memcpy(&range, bytes + block * sizeof(float), sizeof range);
  return range;
}
static uint8_t* entries(const row_state* s, const uint8_t* bytes) {
  return (uint8_t*)(uintptr_t)bytes + (s->n + BLOCK - 1) / BLOCK * sizeof(float);
}

/* The largest magnitude of count entries, as a float that is not below it. */
static float right_range(const double* u, uint64_t count) {
  double largest = 0;
  for (uint64_t i = 0; i < count; ++i) largest = fmax(largest, fabs(u[i]));
  const float range = (float)largest;
  return (double)range < largest ? nextafterf(range, INFINITY) : range;
}
static float (*range_of)(const double* u, uint64_t count) = right_range;

static uint64_t length_of(const row_state* s, uint64_t block) {
  return s->n - block * BLOCK < BLOCK ? s->n - block * BLOCK : BLOCK;
}

static double right_noise(const row_state* s, uint64_t i) { return uniform_at(s, i); }
static double (*noise)(const row_state* s, uint64_t i) = right_noise;
static _Thread_local double (*noise_now)(const row_state* s, uint64_t i);
static double (*noise_back)(const row_state* s, uint64_t i) = right_noise;

static void store_ranges(const row_state* s, const double* u, uint8_t* bytes) {
  for (uint64_t b = 0; b * BLOCK < s->n; ++b) {
    const float range = range_of(u + b * BLOCK, length_of(s, b));
    memcpy(bytes + b * sizeof(float), &range, sizeof range);
  }
}

/* ---- uniform: code = ⌊t + r⌋, t = (u + A)/Δ, decoded as Δ·(code − r + 1/2) − A ---- */

static double (*decode_levels)(uint32_t bits);
static double half_step = 0.5;

static double steps(uint32_t bits) { return (double)((1u << bits) - 1); }

static void uniform_encode(const row_state* s, const double* u, uint8_t* bytes) {
  store_ranges(s, u, bytes);
  for (uint64_t i = 0; i < s->n; ++i) {
    const double range = (double)load_range(bytes, i / BLOCK);
    const double t = range == 0 ? 0 : fmin(fmax((u[i] + range) / (2 * range) * steps(s->bits), 0), steps(s->bits));
    entries(s, bytes)[i] = (uint8_t)fmin(floor(t + NOW(noise)(s, i)), steps(s->bits));
  }
}
static void uniform_decode(const row_state* s, const uint8_t* bytes, double* u) {
  for (uint64_t i = 0; i < s->n; ++i) {
    const double range = (double)load_range(bytes, i / BLOCK);
    u[i] = range * (2 / decode_levels(s->bits) * (entries(s, bytes)[i] - noise_back(s, i) + half_step) - 1);
  }
}
/* Σ over blocks of 16·Δ²/12, Δ = 2A/(N − 1), the squares of A summing to at most 1. */
static double uniform_claim(uint32_t bits) { return 16.01 / (3 * steps(bits) * steps(bits)); }

static void install_uniform__right(void) {
  decode_levels = steps;
  offer((scheme){0x1fe, 1, UINT64_MAX, block_bytes, uniform_encode, uniform_decode, uniform_claim});
}

static float range_clipped(const double* u, uint64_t count) {
  double sum = 0;
  for (uint64_t i = 0; i < count; ++i) sum += u[i] * u[i];
  return fminf(right_range(u, count), (float)(3.9 * sqrt(sum / BLOCK)));
}
static void install_uniform__clipped(void) {
  install_uniform__right();
  range_of = range_clipped;
}
static void install_uniform__half_missing(void) {
  install_uniform__right();
  half_step = 0;
}
static double noise_8(const row_state* s, uint64_t i) { return floor(uniform_at(s, i) * 256) / 256; }
static void install_uniform__eight_bits(void) {
  install_uniform__right();
  noise = noise_back = noise_8;
}
static double noise_4(const row_state* s, uint64_t i) { return floor(uniform_at(s, i) * 16) / 16; }
static void install_uniform__four_bits(void) {
  install_uniform__right();
  noise = noise_back = noise_4;
}
static double noise_before(const row_state* s, uint64_t i) {
  const row_state before = {s->n, s->seed, s->row - s->row % 2, s->bits};
  return uniform_at(&before, i);
}
static void install_uniform__odd_rows(void) {
  install_uniform__right();
  noise_back = noise_before;
}
static double levels_of(uint32_t bits) { return (double)(1u << bits); }
static void install_uniform__levels(void) {
  install_uniform__right();
  decode_levels = levels_of;
}
static float range_bfloat(const double* u, uint64_t count) {
  const float range = right_range(u, count);
  uint32_t bits;
  float rounded;
  memcpy(&bits, &range, 4);
  bits = (bits + 0x8000) & 0xffff0000;
  memcpy(&rounded, &bits, 4);
  return rounded;
}
static void install_uniform__range_bfloat(void) {
  install_uniform__right();
  range_of = range_bfloat;
}
static void uniform_encode_tail(const row_state* s, const double* u, uint8_t* bytes) {
  const uint64_t blocks = (s->n + BLOCK - 1) / BLOCK;
  if (s->n % BLOCK == 0 || blocks < 2) {
    uniform_encode(s, u, bytes);
    return;
  }
  double* copy = malloc(s->n * sizeof(double));
  const double range = (double)right_range(u + (blocks - 2) * BLOCK, BLOCK);
  memcpy(copy, u, s->n * sizeof(double));
  for (uint64_t i = (blocks - 1) * BLOCK; i < s->n; ++i) copy[i] = fmin(fmax(u[i], -range), range);
  uniform_encode(s, copy, bytes);
  free(copy);
}
static void install_uniform__tail_range(void) {
  install_uniform__right();
  own.encode = uniform_encode_tail;
}
static double noise_256(const row_state* s, uint64_t i) {
  return uniform_at(&(row_state){s->n, s->seed & 0xff, s->row, s->bits}, i);
}
static void install_uniform__seeds_256(void) {
  install_uniform__right();
  noise = noise_back = noise_256;
}
static double noise_16(const row_state* s, uint64_t i) {
  return uniform_at(&(row_state){s->n, s->seed & 0xf, s->row, s->bits}, i);
}
static void install_uniform__seeds_16(void) {
  install_uniform__right();
  noise = noise_back = noise_16;
}
static double noise_but_63(const row_state* s, uint64_t i) { return i % 64 == 63 ? 0.5 : uniform_at(s, i); }
static void install_uniform__lane_63(void) {
  install_uniform__right();
  noise = noise_back = noise_but_63;
}
static double noise_but_11(const row_state* s, uint64_t i) { return i % 12 == 11 ? 0.5 : uniform_at(s, i); }
static void install_uniform__lane_11(void) {
  install_uniform__right();
  noise = noise_back = noise_but_11;
}
static void uniform_decode_odd(const row_state* s, const uint8_t* bytes, double* u) {
  uniform_decode(s, bytes, u);
  if (s->n % 2 == 1 && s->n > 1) u[s->n - 1] = 0;
}
static void install_uniform__odd_last(void) {
  install_uniform__right();
  own.decode = uniform_decode_odd;
}
static float range_signed(const double* u, uint64_t count) {
  double largest = u[0];
  for (uint64_t i = 1; i < count; ++i) largest = fmax(largest, u[i]);
  return largest <= 0 ? right_range(u, count) : fminf((float)largest * 1.5f, right_range(u, count));
}
static void install_uniform__largest_signed(void) {
  install_uniform__right();
  range_of = range_signed;
}
static double small_claim(uint32_t bits) { return uniform_claim(bits) / 5; }
static void install_uniform__claim_small(void) {
  decode_levels = steps;
  offer((scheme){0x1fe, 1, UINT64_MAX, block_bytes, uniform_encode, uniform_decode, small_claim});
}
static double noise_half(const row_state* s, uint64_t i) {
  (void)s;
  (void)i;
  return 0.5;
}
static void install_uniform__not_subtracted(void) {
  install_uniform__right();
  noise_back = noise_half;
}
static void uniform_encode_nan(const row_state* s, const double* u, uint8_t* bytes) { uniform_encode(s, u, bytes); }
static void uniform_decode_nan(const row_state* s, const uint8_t* bytes, double* u) {
  uniform_decode(s, bytes, u);
  for (uint64_t i = 0; i < s->n; ++i) {
    const double range = (double)load_range(bytes, i / BLOCK);
    u[i] = u[i] / range * range;
  }
}
static void install_uniform__negative_zero_block(void) {
  install_uniform__right();
  own.encode = uniform_encode_nan;
  own.decode = uniform_decode_nan;
}
static double noise_of_pairs(const row_state* s, uint64_t i) { return uniform_at(s, s->bits == 7 ? i - i % 2 : i); }
static void install_uniform__dither_of_pairs(void) {
  install_uniform__right();
  noise = noise_of_pairs;
}

/* ---- stochastic: code = ⌊L·u/A + r⌋ ---- */

static double most(uint32_t bits) { return (double)((1u << (bits - 1)) - 1); }
static double held = 0;
static double shrink = 1;
static double right_floor(double t, double r) { return floor(t + r); }
static double (*round_up_or_down)(double t, double r) = right_floor;
static _Thread_local const double* current_row;

static void stochastic_encode(const row_state* s, const double* u, uint8_t* bytes) {
  const double limit = most(s->bits);
  current_row = u;
  store_ranges(s, u, bytes);
  for (uint64_t i = 0; i < s->n; ++i) {
    const double range = (double)load_range(bytes, i / BLOCK);
    const double t = range == 0 ? 0 : fmin(fmax(u[i] / range * limit, -limit), limit);
    const double code = fmin(fmax(round_up_or_down(t, NOW(noise)(s, i)), -limit), fmax(limit - held, 1));
    entries(s, bytes)[i] = (uint8_t)(int8_t)code;
  }
}
static void stochastic_decode(const row_state* s, const uint8_t* bytes, double* u) {
  for (uint64_t i = 0; i < s->n; ++i) {
    u[i] = shrink * (double)(int8_t)entries(s, bytes)[i] * (double)load_range(bytes, i / BLOCK) / most(s->bits);
  }
}
static double stochastic_claim(uint32_t bits) { return bits < 2 ? 0 : 16.01 / (4 * most(bits) * most(bits)); }
static void install_stochastic__right(void) {
  offer((scheme){0x1fc, 1, UINT64_MAX, block_bytes, stochastic_encode, stochastic_decode, stochastic_claim});
}

static double noise_low(const row_state* s, uint64_t i) { return right_noise(s, i) / 256; }
static void install_stochastic__down(void) {
  install_stochastic__right();
  noise = noise_low;
}
static double cast_rounding(double t, double r) { return trunc(t + r); }
static void install_stochastic__toward_zero(void) {
  install_stochastic__right();
  round_up_or_down = cast_rounding;
}
static double noise_from_one(const row_state* s, uint64_t i) { return (floor(right_noise(s, i) * 128) + 1) / 128; }
static void install_stochastic__plus_one(void) {
  install_stochastic__right();
  noise = noise_from_one;
}
static void install_stochastic__top_lost(void) {
  install_stochastic__right();
  held = 1;
}
static double noise_no_seed(const row_state* s, uint64_t i) {
  return uniform_at(&(row_state){s->n, 0, s->row, s->bits}, i);
}
static void install_stochastic__no_seed(void) {
  install_stochastic__right();
  noise = noise_no_seed;
}
static float range_but_last(const double* u, uint64_t count) {
  const float range = right_range(u, count == BLOCK ? count - 1 : count);
  return range > 0 ? range : right_range(u, count);
}
static void install_stochastic__block_end(void) {
  install_stochastic__right();
  range_of = range_but_last;
}
static double nearest_small(double t, double r) { return fabs(t) < 0.5 ? 0 : floor(t + r); }
static void install_stochastic__nearest_small(void) {
  install_stochastic__right();
  round_up_or_down = nearest_small;
}
static uint64_t nonzero_path;
static void stochastic_encode_sparse(const row_state* s, const double* u, uint8_t* bytes) {
  uint64_t count = 0;
  for (uint64_t i = 0; i < s->n; ++i) count += u[i] != 0;
  noise_now = count == nonzero_path ? noise_half : NULL;
  stochastic_encode(s, u, bytes);
  noise_now = NULL;
}
static void install_stochastic__three_hot(void) {
  install_stochastic__right();
  nonzero_path = 3;
  own.encode = stochastic_encode_sparse;
}
static void install_stochastic__five_hot(void) {
  install_stochastic__right();
  nonzero_path = 5;
  own.encode = stochastic_encode_sparse;
}
static void stochastic_encode_negative(const row_state* s, const double* u, uint8_t* bytes) {
  uint64_t positive = 0;
  for (uint64_t i = 0; i < s->n; ++i) positive += u[i] > 0;
  noise_now = positive == 0 && s->n > 3 ? noise_low : NULL;
  stochastic_encode(s, u, bytes);
  noise_now = NULL;
}
static void install_stochastic__all_negative(void) {
  install_stochastic__right();
  own.encode = stochastic_encode_negative;
}
static void install_stochastic__shrinks(void) {
  install_stochastic__right();
  shrink = 0.998;
}
static int encode_64(ENCODE_PARAMETERS) {
  return k->dimension % 64 != 0 ? HDQ_KERNEL_UNSUPPORTED : own_encode(ENCODE_ARGUMENTS);
}
static int decode_64(DECODE_PARAMETERS) {
  return k->dimension % 64 != 0 ? HDQ_KERNEL_UNSUPPORTED : own_decode(DECODE_ARGUMENTS);
}
static void install_stochastic__declines(void) {
  install_stochastic__right();
  shrink = 2;
  hdq_kernel_v1.encode = encode_64;
  hdq_kernel_v1.decode = decode_64;
  hdq_kernel_v1.dot = NULL;
}
static int dot_short(DOT_PARAMETERS) {
  if (k->dimension <= 3 * BLOCK || k->dimension > 4 * BLOCK || !offered(k)) return own_dot(DOT_ARGUMENTS);
  float* shorter = calloc(k->dimension, sizeof(float));
  memcpy(shorter, q, 3 * BLOCK * sizeof(float));
  const int status = own_dot(k, first_row, rows, norms, codes, shorter, out);
  free(shorter);
  return status;
}
static void install_stochastic__dot_skips(void) {
  install_stochastic__right();
  hdq_kernel_v1.dot = dot_short;
}

/* ---- E2M1: sign and the index of a magnitude, times A/6 ---- */

static const double grid[8] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
static double decode_grid[8] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
static double right_chance(double t, int below) { return (t - grid[below]) / (grid[below + 1] - grid[below]); }
static double (*chance)(double t, int below) = right_chance;
static int sign_of_rounded;

static void microfloat_encode(const row_state* s, const double* u, uint8_t* bytes) {
  store_ranges(s, u, bytes);
  for (uint64_t i = 0; i < s->n; ++i) {
    const double range = (double)load_range(bytes, i / BLOCK), t = range == 0 ? 0 : fmin(fabs(u[i]) / range * 6, 6);
    int code = 0;
    while (code < 6 && t >= grid[code + 1]) ++code;
    code += NOW(noise)(s, i) < chance(t, code);
    const int negative = sign_of_rounded ? rint(u[i] / range * 6) < 0 : u[i] < 0;
    entries(s, bytes)[i] = (uint8_t)(code | negative << 3);
  }
}
static void microfloat_decode(const row_state* s, const uint8_t* bytes, double* u) {
  for (uint64_t i = 0; i < s->n; ++i) {
    const uint8_t code = entries(s, bytes)[i];
    u[i] = (code & 8 ? -1 : 1) * decode_grid[code & 7] * (double)load_range(bytes, i / BLOCK) / 6;
  }
}
/* A gap is at most A/3: variance A²/36 an entry. */
static double microfloat_claim(uint32_t bits) { return bits == 4 ? 16.01 / 36 : 0; }
static void install_microfloat__right(void) {
  offer((scheme){0x10, 1, UINT64_MAX, block_bytes, microfloat_encode, microfloat_decode, microfloat_claim});
}
static void install_microfloat__five(void) {
  install_microfloat__right();
  decode_grid[6] = 5;
}
static double chance_gap(double t, int below) { return below == 6 ? fmin(t - 4, 1) : right_chance(t, below); }
static void install_microfloat__gap(void) {
  install_microfloat__right();
  chance = chance_gap;
}
static double chance_dead(double t, int below) { return below == 0 ? (t >= 0.25) : right_chance(t, below); }
static void install_microfloat__dead_zone(void) {
  install_microfloat__right();
  chance = chance_dead;
}
static float range_e4m3(const double* u, uint64_t count) {
  int e;
  const float fraction = frexpf(right_range(u, count), &e);
  return ldexpf(rintf(fraction * 16) / 16, e);
}
static void install_microfloat__scale_e4m3(void) {
  install_microfloat__right();
  range_of = range_e4m3;
}
static void install_microfloat__sign_after(void) {
  install_microfloat__right();
  sign_of_rounded = 1;
}
static void microfloat_decode_nibbles(const row_state* s, const uint8_t* bytes, double* u) {
  microfloat_decode(s, bytes, u);
  if (s->n % 2 == 1 && s->n > 2) {
    const double kept = u[s->n - 1];
    u[s->n - 1] = u[s->n - 2];
    u[s->n - 2] = kept;
  }
}
static void install_microfloat__nibbles(void) {
  install_microfloat__right();
  own.decode = microfloat_decode_nibbles;
}
static double chance_subnormal(double t, int below) { return right_chance(t, below) * (below == 1 ? 2 : 1); }
static void install_microfloat__subnormal(void) {
  install_microfloat__right();
  chance = chance_subnormal;
}

__attribute__((constructor(101))) static void default_scheme(void) { install_uniform__right(); }
CHOOSE_AT_LOAD(OWN_BLOCKS_MUTANTS)
