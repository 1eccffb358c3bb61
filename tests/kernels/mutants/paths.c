/* Wrong batches, sizes, caches, threads: blind spots 1 to 4. */
#include <pthread.h>

#include "spec_core.h"
/* the list of mutants */
#include "paths.h"

hdq_kernel hdq_kernel_v1 = SPEC_KERNEL;

/* ---- 1: batches ---- */

static const uint8_t* row_codes(const config* k, const uint8_t* codes, uint64_t row) {
  return codes + row * row_bytes(k);
}

static int decode_tail_of_four(DECODE_PARAMETERS) {
  right_decode(DECODE_ARGUMENTS);
  if (rows % 4 == 3) {
    right_decode_row(k, first_row + rows - 1, norms[rows - 3], row_codes(k, codes, rows - 1),
                     x + (rows - 1) * k->dimension);
  }
  return HDQ_KERNEL_OK;
}
static void install_decode_tail_of_four(void) { hdq_kernel_v1.decode = decode_tail_of_four; }

static int dot_tail_of_sixteen(DOT_PARAMETERS) {
  right_dot(DOT_ARGUMENTS);
  if (rows % 16 == 15) out[rows - 1] = out[rows - 2];
  return HDQ_KERNEL_OK;
}
static void install_dot_tail_of_sixteen(void) { hdq_kernel_v1.dot = dot_tail_of_sixteen; }

static int decode_dither_batch_of_32(DECODE_PARAMETERS) {
  for (uint64_t i = 0; i < rows; ++i) {
    right_decode_row(k, first_row + i % 32, norms[i], row_codes(k, codes, i), x + i * k->dimension);
  }
  return HDQ_KERNEL_OK;
}
static void install_decode_dither_batch_of_32(void) { hdq_kernel_v1.decode = decode_dither_batch_of_32; }

/* Rows of a call numbered by `number`. */
static int encode_numbered(ENCODE_PARAMETERS, uint64_t (*number)(uint64_t first_row, uint64_t i)) {
  for (uint64_t i = 0; i < rows; ++i) {
    const int status =
        right_encode(k, number(first_row, i), 1, x + i * k->dimension, norms + i, codes + i * row_bytes(k), bad);
    if (status == HDQ_KERNEL_BAD_INPUT) bad->row = i;
    if (status != HDQ_KERNEL_OK) return status;
  }
  return HDQ_KERNEL_OK;
}

static uint64_t number_mod_64(uint64_t first_row, uint64_t i) { return first_row + i % 64; }
static int encode_rows_past_64(ENCODE_PARAMETERS) { return encode_numbered(ENCODE_ARGUMENTS, number_mod_64); }
static void install_encode_rows_past_64(void) { hdq_kernel_v1.encode = encode_rows_past_64; }

static int encode_one_left_of_128(ENCODE_PARAMETERS) {
  const int status = right_encode(ENCODE_ARGUMENTS);
  if (status == HDQ_KERNEL_OK && rows > 128 && rows % 128 == 1) {
    const uint64_t i = rows - 1;
    right_encode_row(k, first_row + i, x + i * k->dimension, norms[i - 1], codes + i * row_bytes(k));
  }
  return status;
}
static void install_encode_one_left_of_128(void) { hdq_kernel_v1.encode = encode_one_left_of_128; }

static int transform_tile_of_100(const config* k, uint64_t rows, const float* x, float* y) {
  right_transform(k, rows, x, y);
  if (rows > 100) {
    float* first = y + 100 * k->order;
    for (uint64_t i = 0; i < k->order; ++i) first[i] = i < k->dimension ? x[100 * k->dimension + i] : 0;
    right_hadamard(first, k->order, 0);
  }
  return HDQ_KERNEL_OK;
}
static void install_transform_tile_of_100(void) { hdq_kernel_v1.transform = transform_tile_of_100; }

static int dot_row_in_a_byte(DOT_PARAMETERS) {
  right_dot(DOT_ARGUMENTS);
  for (uint64_t i = 256; i < rows; ++i) out[i] = out[i & 255];
  return HDQ_KERNEL_OK;
}
static void install_dot_row_in_a_byte(void) { hdq_kernel_v1.dot = dot_row_in_a_byte; }

static int decode_chunk_of_1024(DECODE_PARAMETERS) {
  for (uint64_t i = 0; i < rows; ++i)
    right_decode_row(k, first_row + i, norms[i % 1024], row_codes(k, codes, i), x + i * k->dimension);
  return HDQ_KERNEL_OK;
}
static void install_decode_chunk_of_1024(void) { hdq_kernel_v1.decode = decode_chunk_of_1024; }

static uint64_t number_16(uint64_t first_row, uint64_t i) { return first_row + (i & 0xffff); }
static int encode_row_of_16_bits(ENCODE_PARAMETERS) { return encode_numbered(ENCODE_ARGUMENTS, number_16); }
static void install_encode_row_of_16_bits(void) { hdq_kernel_v1.encode = encode_row_of_16_bits; }

static uint64_t number_carry(uint64_t first_row, uint64_t i) {
  return (first_row & ~(uint64_t)0xffffffff) | (uint32_t)((uint32_t)first_row + (uint32_t)i);
}
static int encode_carry_lost(ENCODE_PARAMETERS) { return encode_numbered(ENCODE_ARGUMENTS, number_carry); }
static void install_encode_carry_lost(void) { hdq_kernel_v1.encode = encode_carry_lost; }

static int decode_high_word_in_batches(DECODE_PARAMETERS) {
  return right_decode(k, rows > 1 ? (uint32_t)first_row : first_row, rows, norms, codes, x);
}
static void install_decode_high_word_in_batches(void) { hdq_kernel_v1.decode = decode_high_word_in_batches; }

static int decode_no_rows(DECODE_PARAMETERS) {
  uint64_t i = 0;
  do {
    right_decode_row(k, first_row + i, norms[i], row_codes(k, codes, i), x + i * k->dimension);
  } while (++i < rows);
  return HDQ_KERNEL_OK;
}
static void install_decode_no_rows(void) { hdq_kernel_v1.decode = decode_no_rows; }

static int encode_no_rows(ENCODE_PARAMETERS) {
  const int status = right_encode(ENCODE_ARGUMENTS);
  const volatile float* last = norms + rows - 1;
  return isnan(*last) ? HDQ_KERNEL_FAILED : status;
}
static void install_encode_no_rows(void) { hdq_kernel_v1.encode = encode_no_rows; }

static int dot_one_left_of_pairs(DOT_PARAMETERS) {
  right_dot(DOT_ARGUMENTS);
  if (rows > 16 && rows % 2 == 1)
    right_dot(k, first_row + rows - 1, 1, &(const float){1}, row_codes(k, codes, rows - 1), q, out + rows - 1);
  return HDQ_KERNEL_OK;
}
static void install_dot_one_left_of_pairs(void) { hdq_kernel_v1.dot = dot_one_left_of_pairs; }

static int transposed_one_left_of_32(const config* k, uint64_t rows, const float* y, float* x) {
  return right_transposed(k, rows > 32 && rows % 32 == 1 ? rows - 1 : rows, y, x);
}
static void install_transposed_one_left_of_32(void) { hdq_kernel_v1.transform_transposed = transposed_one_left_of_32; }

static int decode_lanes_swapped(DECODE_PARAMETERS) {
  right_decode(DECODE_ARGUMENTS);
  for (uint64_t i = 31; i < rows; i += 32) {
    for (uint64_t j = 0; j < k->dimension; ++j) {
      float *a = x + i * k->dimension + j, *b = a - k->dimension, kept = *a;
      *a = *b;
      *b = kept;
    }
  }
  return HDQ_KERNEL_OK;
}
static void install_decode_lanes_swapped(void) { hdq_kernel_v1.decode = decode_lanes_swapped; }

static int transform_prefetch_stops(const config* k, uint64_t rows, const float* x, float* y) {
  right_transform(k, rows, x, y);
  if (rows >= 65 && rows % 2 == 1)
    memcpy(y + (rows - 1) * k->order, y + (rows - 2) * k->order, k->order * sizeof(float));
  return HDQ_KERNEL_OK;
}
static void install_transform_prefetch_stops(void) { hdq_kernel_v1.transform = transform_prefetch_stops; }

static int dot_seven_rows(DOT_PARAMETERS) {
  right_dot(DOT_ARGUMENTS);
  if (rows == 7) right_dot(k, first_row + 5, 1, norms + 6, row_codes(k, codes, 6), q, out + 6);
  return HDQ_KERNEL_OK;
}
static void install_dot_seven_rows(void) { hdq_kernel_v1.dot = dot_seven_rows; }

/* Without the factor the thresholds of a tiny row keep few digits. */
static float factor_one(float norm) { return norm > 0x1p100f ? 0x1p-100f : 1; }
static int encode_zero_row_stops(ENCODE_PARAMETERS) {
  int status = HDQ_KERNEL_OK;
  for (uint64_t i = 0; i < rows && status == HDQ_KERNEL_OK; ++i) {
    norm_factor_now = i > 0 && norms[i - 1] == 0 ? factor_one : NULL;
    status = right_encode(k, first_row + i, 1, x + i * k->dimension, norms + i, codes + i * row_bytes(k), bad);
    if (status == HDQ_KERNEL_BAD_INPUT) bad->row = i;
  }
  norm_factor_now = NULL;
  return status;
}
static void install_encode_zero_row_stops(void) { hdq_kernel_v1.encode = encode_zero_row_stops; }

static int decode_row_2(DECODE_PARAMETERS) {
  right_decode(DECODE_ARGUMENTS);
  if (rows == 2) right_decode_row(k, first_row, norms[1], row_codes(k, codes, 1), x + k->dimension);
  return HDQ_KERNEL_OK;
}
static void install_decode_row_2(void) { hdq_kernel_v1.decode = decode_row_2; }

/* ---- 2: size ---- */

static void butterflies_2048(float* x, uint64_t block) {
  if (block != 2048) {
    right_butterflies(x, block);
    return;
  }
  right_butterflies(x, block / 2);
  right_butterflies(x + block / 2, block / 2);
  for (uint64_t i = 0; i < block / 2; ++i) {
    const float a = x[i], c = x[i + block / 2];
    x[i] = a + c;
    x[i + block / 2] = c - a;
  }
}
static void install_transform_stage_2048(void) { butterflies = butterflies_2048; }

static void butterflies_4096(float* x, uint64_t block) {
  if (block < 4096)
    right_butterflies(x, block);
  else {
    for (uint64_t i = 0; i < block; i += 2048) right_butterflies(x + i, 2048);
    for (uint64_t h = 4096; h < block; h *= 2) {
      for (uint64_t i = 0; i < block; ++i) {
        if (i & h) continue;
        const float a = x[i], c = x[i + h];
        x[i] = a + c;
        x[i + h] = a - c;
      }
    }
  }
}
static void install_transform_stage_4096(void) { butterflies = butterflies_4096; }

static void sign_row_8192(uint64_t seed, uint64_t count, int8_t* epsilon) {
  right_sign_row(seed, count, epsilon);
  for (uint64_t i = 8192; i < count; ++i) epsilon[i] = epsilon[i - 8192];
}
static void install_signs_repeat_at_8192(void) { sign_row = sign_row_8192; }

static float norm_16384(const float* x, uint64_t n) { return right_norm(x, n > 16384 ? 16384 : n); }
static void install_norm_stops_at_16384(void) { norm_of = norm_16384; }

static void pack_codes_16(uint32_t bits, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  memset(bytes, 0, (count * bits + 7) / 8);
  for (uint64_t p = 0; p < count * bits; ++p) {
    const uint16_t at = (uint16_t)p;
    if ((codes[p / bits] >> (p % bits)) & 1) bytes[at / 8] = (uint8_t)(bytes[at / 8] | 1u << (at % 8));
  }
}
static int pack_16(const config* k, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  pack_codes_16(k->bits, count, codes, bytes);
  return HDQ_KERNEL_OK;
}
static void install_pack_offset_16_bits(void) { hdq_kernel_v1.pack = pack_16; }
static void install_encode_pack_offset_16_bits(void) { pack_codes = pack_codes_16; }

static int pack_tail_of_long(const config* k, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  right_pack_codes(k->bits, count, codes, bytes);
  if (count >= 1000 && count % 8 != 0) {
    for (uint64_t p = (count - 1) * k->bits; p < count * k->bits; ++p)
      bytes[p / 8] = (uint8_t)(bytes[p / 8] & ~(1u << (p % 8)));
  }
  return HDQ_KERNEL_OK;
}
static void install_pack_tail_of_long(void) { hdq_kernel_v1.pack = pack_tail_of_long; }

static int unpack_index_16_bits(const config* k, uint64_t count, const uint8_t* bytes, uint8_t* codes) {
  memset(codes, 0, count);
  right_unpack_codes(k->bits, count > 65535 ? 65536 : count, bytes, codes);
  return HDQ_KERNEL_OK;
}
static void install_unpack_index_16_bits(void) { hdq_kernel_v1.unpack = unpack_index_16_bits; }

static void decode_row_16(const config* k, uint64_t row, float norm, const uint8_t* bytes, float* x) {
  right_decode_row(k, row, norm, bytes, x);
  if (k->order % 65536 >= 32768) {
    const float wrong = (float)k->order / ((float)(k->order % 65536) - 65536);
    for (uint64_t i = 0; i < k->dimension; ++i) x[i] *= wrong;
  }
}
static void install_decode_order_signed_16(void) { decode_row = decode_row_16; }

static void butterflies_16(float* x, uint64_t block) {
  for (uint64_t i = 0; i < block; i += 65536) right_butterflies(x + i, block < 65536 ? block : 65536);
}
static void install_butterflies_65536(void) { butterflies = butterflies_16; }

static float dot_row_long(const config* k, uint64_t row, float norm, const uint8_t* bytes, const float* w, int e) {
  if (k->order < 2048) return right_dot_row(k, row, norm, bytes, w, e);
  float* shorter = malloc(k->order * sizeof(float));
  memcpy(shorter, w, k->order * sizeof(float));
  shorter[k->order - 1] = 0;
  const float score = right_dot_row(k, row, norm, bytes, shorter, e);
  free(shorter);
  return score;
}
static void install_dot_tail_of_long(void) { dot_row = dot_row_long; }

static void across_256(float* x, int m, uint64_t block, int transposed) {
  right_across(x, m, block, m == 12 && block >= 256 ? !transposed : transposed);
}
static void install_base_12_of_3072(void) { across = across_256; }

static int decode_single_wide_row(DECODE_PARAMETERS) {
  right_decode(DECODE_ARGUMENTS);
  if (rows == 1 && k->dimension >= 2048) {
    int8_t* epsilon = malloc(k->dimension);
    right_sign_row(k->seed, k->dimension, epsilon);
    for (uint64_t i = k->dimension - k->dimension % 4; i < k->dimension; ++i) x[i] *= (float)epsilon[i];
    free(epsilon);
  }
  return HDQ_KERNEL_OK;
}
static void install_decode_single_wide_row(void) { hdq_kernel_v1.decode = decode_single_wide_row; }

static void encode_row_padding(const config* k, uint64_t row, const float* x, float norm, uint8_t* bytes) {
  if (k->order < 4096 || k->order == k->dimension) {
    right_encode_row(k, row, x, norm, bytes);
    return;
  }
  float* padded = malloc(k->order * sizeof(float));
  config whole = *k;
  whole.dimension = k->order;
  for (uint64_t i = 0; i < k->order; ++i) padded[i] = i < k->dimension ? x[i] : x[k->dimension - 1];
  right_encode_row(&whole, row, padded, norm, bytes);
  free(padded);
}
static void install_encode_padding_wide(void) { encode_row = encode_row_padding; }

static void across_28(float* x, int m, uint64_t block, int transposed) {
  float kept[28];
  if (m == 28 && block >= 64) {
    for (uint64_t j = 24; j < 28; ++j) kept[j] = x[j * block + block - 1];
    float last[28], sums[28];
    for (uint64_t j = 0; j < 28; ++j) last[j] = j < 24 ? x[j * block + block - 1] : 0;
    const int8_t* b = base_matrix(m, transposed);
    for (int i = 0; i < 28; ++i) {
      sums[i] = 0;
      for (int j = 0; j < 28; ++j) sums[i] += (float)b[i * 28 + j] * last[j];
    }
    right_across(x, m, block, transposed);
    for (uint64_t i = 0; i < 28; ++i) x[i * block + block - 1] = sums[i];
    (void)kept;
    return;
  }
  right_across(x, m, block, transposed);
}
static void install_transform_28_big(void) { across = across_28; }

/* ---- 3: caches ---- */

typedef struct sign_cache {
  uint64_t key, count;
  int8_t* epsilon;
} sign_cache;

/* Signs by a key of the seed that is not the seed; recomputed where more are needed than there are. */
static void cached_signs(sign_cache* cache, uint64_t key, uint64_t seed, uint64_t count, int8_t* epsilon) {
  if (cache->epsilon == NULL || cache->key != key || cache->count < count) {
    free(cache->epsilon);
    cache->epsilon = malloc(count);
    right_sign_row(seed, count, cache->epsilon);
    cache->key = key;
    cache->count = count;
  }
  memcpy(epsilon, cache->epsilon, count);
}

static void sign_row_low_word(uint64_t seed, uint64_t count, int8_t* epsilon) {
  static _Thread_local sign_cache cache;
  cached_signs(&cache, seed & 0xffffffff, seed, count, epsilon);
}
static void install_signs_key_low_word(void) { sign_row = sign_row_low_word; }

static void sign_row_folded(uint64_t seed, uint64_t count, int8_t* epsilon) {
  static _Thread_local sign_cache cache;
  cached_signs(&cache, (seed ^ (seed >> 32)) & 0xffffffff, seed, count, epsilon);
}
static void install_signs_key_folded(void) { sign_row = sign_row_folded; }

typedef struct query_cache {
  const float* address;
  float first[4];
  config k;
  float* w;
  int e;
} query_cache;

static int query_through(query_cache* cache, int same, const config* k, const float* q, float* w) {
  if (cache->w == NULL || !same || cache->k.dimension != k->dimension || cache->k.seed != k->seed) {
    free(cache->w);
    cache->w = malloc(k->order * sizeof(float));
    cache->e = right_query(k, q, cache->w);
    cache->k = *k;
    cache->address = q;
    for (uint64_t i = 0; i < 4; ++i) cache->first[i] = i < k->dimension ? q[i] : 0;
  }
  memcpy(w, cache->w, k->order * sizeof(float));
  return cache->e;
}

static int query_by_address(const config* k, const float* q, float* w) {
  static _Thread_local query_cache cache;
  return query_through(&cache, cache.address == q, k, q, w);
}
static void install_query_by_address(void) { query = query_by_address; }

static int query_by_first_floats(const config* k, const float* q, float* w) {
  static _Thread_local query_cache cache;
  int same = 1;
  for (uint64_t i = 0; i < 4 && i < k->dimension; ++i) same &= cache.first[i] == q[i];
  return query_through(&cache, same, k, q, w);
}
static void install_query_by_first_floats(void) { query = query_by_first_floats; }

/* The word and thresholds of the last call. With fewer bits than then, they are taken as they are. */
static void theta_without_bits(int bits, uint32_t word, double* theta) {
  static _Thread_local double kept[255];
  static _Thread_local uint32_t kept_word;
  static _Thread_local int kept_bits;
  if (kept_bits < bits || kept_word != word) {
    right_theta(bits, word, kept);
    kept_word = word;
    kept_bits = bits;
  }
  memcpy(theta, kept, ((1u << bits) - 1) * sizeof(double));
}
static void install_codebook_without_bits(void) { theta_of = theta_without_bits; }

static uint64_t cached_row_mask;
static void quantized_row_cached(const config* k, uint64_t row, const uint8_t* bytes, float* z) {
  static _Thread_local double r[256];
  static _Thread_local uint64_t seed, key;
  static _Thread_local uint32_t bits;
  if (bits != k->bits || seed != k->seed || key != (row & cached_row_mask)) {
    bits = k->bits;
    seed = k->seed;
    key = row & cached_row_mask;
    right_r((int)bits, right_dither_word(seed, row), r);
  }
  uint8_t* code = malloc(k->order);
  right_unpack_codes(k->bits, k->order, bytes, code);
  for (uint64_t j = 0; j < k->order; ++j) z[j] = (float)r[code[j]];
  free(code);
}
static int decode_cached(DECODE_PARAMETERS) {
  quantized_row_now = quantized_row_cached;
  right_decode(DECODE_ARGUMENTS);
  quantized_row_now = NULL;
  return HDQ_KERNEL_OK;
}
static void install_codebook_by_row_16(void) {
  cached_row_mask = 0xffff;
  hdq_kernel_v1.decode = decode_cached;
}
static void install_codebook_by_row_32(void) {
  cached_row_mask = 0xffffffff;
  hdq_kernel_v1.decode = decode_cached;
}

static uint32_t dither_word_by_row(uint64_t seed, uint64_t row) {
  static _Thread_local uint64_t kept_row = UINT64_MAX;
  static _Thread_local uint32_t kept;
  if (kept_row != row) kept = right_dither_word(seed, row);
  kept_row = row;
  return kept;
}
static int encode_dither_without_seed(ENCODE_PARAMETERS) {
  dither_word_now = dither_word_by_row;
  const int status = right_encode(ENCODE_ARGUMENTS);
  dither_word_now = NULL;
  return status;
}
static void install_dither_without_seed(void) { hdq_kernel_v1.encode = encode_dither_without_seed; }

static void sign_row_prefix(uint64_t seed, uint64_t count, int8_t* epsilon) {
  static _Thread_local int8_t kept[4096];
  static _Thread_local uint64_t kept_seed, kept_count;
  if (kept_count == 0 || kept_seed != seed) {
    kept_count = count < sizeof kept ? count : sizeof kept;
    kept_seed = seed;
    right_sign_row(seed, kept_count, kept);
  }
  for (uint64_t i = 0; i < count; ++i) epsilon[i] = i < kept_count ? kept[i] : 1;
}
static void install_signs_longer_than_cached(void) { sign_row = sign_row_prefix; }

static const int8_t* base_matrix_cached(int m, int transposed) {
  static _Thread_local int last_m, last_direction;
  if (m != 20) {
    last_m = m;
    return right_base_matrix(m, transposed);
  }
  if (last_m == 12)
    last_direction = transposed != 0;
  else if (last_m != 20)
    last_direction = -1;
  last_m = 20;
  return right_base_matrix(m, last_direction < 0 ? transposed : last_direction);
}
static void install_base_transposed_cached(void) { base_matrix = base_matrix_cached; }

static int decode_cut_cached(DECODE_PARAMETERS) {
  static _Thread_local uint64_t order, seed, dimension;
  if (order != k->order || seed != k->seed) {
    order = k->order;
    seed = k->seed;
    dimension = k->dimension;
  }
  if (dimension >= k->dimension) return right_decode(DECODE_ARGUMENTS);
  float* whole = malloc(k->dimension * sizeof(float));
  for (uint64_t i = 0; i < rows; ++i) {
    right_decode_row(k, first_row + i, norms[i], row_codes(k, codes, i), whole);
    memcpy(x + i * k->dimension, whole, dimension * sizeof(float));
  }
  free(whole);
  return HDQ_KERNEL_OK;
}
static void install_cut_cached_by_order(void) { hdq_kernel_v1.decode = decode_cut_cached; }

static float factor_sticky(float norm) {
  static _Thread_local int tiny;
  const float right = right_norm_factor(norm);
  const float factor = tiny && right == 1 && norm < 0x1p20f ? 0x1p100f : right;
  tiny = norm > 0 && norm < 0x1p-100f;
  return factor;
}
static void encode_row_sticky(const config* k, uint64_t row, const float* x, float norm, uint8_t* bytes) {
  const float factor = factor_sticky(norm);
  if (factor == right_norm_factor(norm)) {
    right_encode_row(k, row, x, norm, bytes);
    return;
  }
  /* The row is scaled, its thresholds are not. */
  float* scaled = malloc(k->dimension * sizeof(float));
  for (uint64_t i = 0; i < k->dimension; ++i) scaled[i] = x[i] * factor;
  right_encode_row(k, row, scaled, norm, bytes);
  free(scaled);
}
static void install_factor_sticks(void) { encode_row = encode_row_sticky; }

static void rotate_dirty(const config* k, const float* x, float factor, float* y) {
  static _Thread_local float scratch[8192];
  int8_t* epsilon = malloc(k->dimension);
  if (k->order > 8192) {
    free(epsilon);
    right_rotate(k, x, factor, y);
    return;
  }
  right_sign_row(k->seed, k->dimension, epsilon);
  for (uint64_t i = 0; i < k->dimension; ++i) scratch[i] = (float)epsilon[i] * (x[i] * factor);
  memcpy(y, scratch, k->order * sizeof(float));
  if (k->dimension == k->order) memset(scratch, 0, sizeof scratch);
  right_hadamard(y, k->order, 0);
  free(epsilon);
}
static int transform_dirty(const config* k, uint64_t rows, const float* x, float* y) {
  for (uint64_t row = 0; row < rows; ++row) rotate_dirty(k, x + row * k->dimension, 1, y + row * k->order);
  return HDQ_KERNEL_OK;
}
static void install_padding_from_before(void) { hdq_kernel_v1.transform = transform_dirty; }

/* With the mask of an earlier, wider call the bits of the next code are read too. */
static void unpack_codes_wide(uint32_t bits, uint64_t count, const uint8_t* bytes, uint8_t* codes) {
  static _Thread_local uint32_t widest;
  if (bits > widest) widest = bits;
  right_unpack_codes(bits, count, bytes, codes);
  if (widest == bits || count < 2) return;
  const uint8_t next = (uint8_t)(codes[1] << bits);
  codes[0] = (uint8_t)(codes[0] | (next & ((1u << widest) - 1)));
}
static double zero_r[256];
static void r_all(int bits, uint32_t word, double* r) {
  right_r(bits, word, r);
  memcpy(r + (1u << bits), zero_r, (256 - (1u << bits)) * sizeof(double));
}
static void install_bits_sticks_in_unpack(void) {
  unpack_codes = unpack_codes_wide;
  r_of = r_all;
}

/* ---- 4: determinism and threads ---- */

static int encode_thread_remainder(ENCODE_PARAMETERS) {
  if (k->threads < 5 || rows < k->threads) return right_encode(ENCODE_ARGUMENTS);
  return right_encode(k, first_row, rows - rows % k->threads, x, norms, codes, bad);
}
static void install_thread_remainder(void) { hdq_kernel_v1.encode = encode_thread_remainder; }

static int decode_threads_over_rows(DECODE_PARAMETERS) {
  right_decode(DECODE_ARGUMENTS);
  if (k->threads > rows && rows > 1) {
    right_decode_row(k, first_row, norms[rows - 1], row_codes(k, codes, rows - 1), x + (rows - 1) * k->dimension);
  }
  return HDQ_KERNEL_OK;
}
static void install_threads_over_rows(void) { hdq_kernel_v1.decode = decode_threads_over_rows; }

typedef struct part {
  const config* k;
  uint64_t first_row, begin, end;
  const float* x;
  float* norms;
  uint8_t* codes;
  hdq_kernel_position bad;
  int status;
} part;

static float* shared_y;
/* Encodes through shared_y: right with one thread. */
static void encode_row_shared(const config* k, uint64_t row, const float* x, float norm, uint8_t* bytes) {
  const float factor = right_norm_factor(norm);
  double theta[255];
  float threshold[255];
  uint8_t* code = malloc(k->order);
  right_rotate(k, x, factor, shared_y);
  right_theta((int)k->bits, right_dither_word(k->seed, row), theta);
  for (int t = 0; t < (1 << k->bits) - 1; ++t) threshold[t] = (float)(theta[t] * (double)(norm * factor));
  for (uint64_t j = 0; j < k->order; ++j) code[j] = right_code(shared_y[j], threshold, 1 << k->bits);
  right_pack_codes(k->bits, k->order, code, bytes);
  free(code);
}

static void* encode_part(void* argument) {
  part* p = argument;
  p->status = right_encode(p->k, p->first_row + p->begin, p->end - p->begin, p->x + p->begin * p->k->dimension,
                           p->norms + p->begin, p->codes + p->begin * row_bytes(p->k), &p->bad);
  return NULL;
}

static int encode_threaded(ENCODE_PARAMETERS) {
  enum { MOST = 16 };
  part parts[MOST];
  pthread_t threads[MOST];
  const uint64_t count = k->threads < 1 ? 1 : k->threads > MOST ? MOST : k->threads;
  shared_y = malloc(k->order * sizeof(float));
  int status = HDQ_KERNEL_OK;
  for (uint64_t t = 0; t < count; ++t) {
    parts[t] = (part){k, first_row, rows * t / count, rows * (t + 1) / count, x, norms, codes, {0, 0}, HDQ_KERNEL_OK};
  }
  for (uint64_t t = 1; t < count; ++t) {
    if (pthread_create(&threads[t], NULL, encode_part, &parts[t]) != 0) abort();
  }
  encode_part(&parts[0]);
  for (uint64_t t = 1; t < count; ++t) pthread_join(threads[t], NULL);
  for (uint64_t t = 0; t < count && status == HDQ_KERNEL_OK; ++t) {
    status = parts[t].status;
    if (status == HDQ_KERNEL_BAD_INPUT)
      *bad = (hdq_kernel_position){parts[t].bad.row + parts[t].begin, parts[t].bad.column};
  }
  free(shared_y);
  return status;
}
static void install_shared_scratch_race(void) {
  encode_row = encode_row_shared;
  hdq_kernel_v1.encode = encode_threaded;
}

static int encode_rare_flip(ENCODE_PARAMETERS) {
  static unsigned calls;
  const int status = right_encode(ENCODE_ARGUMENTS);
  if (++calls % 211 == 0 && status == HDQ_KERNEL_OK && rows > 0) codes[(rows - 1) * row_bytes(k)] ^= 1;
  return status;
}
static void install_rare_flip(void) { hdq_kernel_v1.encode = encode_rare_flip; }

static int decode_seed_zero(DECODE_PARAMETERS) {
  static uint64_t calls;
  if (k->seed != 0) return right_decode(DECODE_ARGUMENTS);
  return right_decode(k, first_row + ++calls, rows, norms, codes, x);
}
static void install_seed_zero_is_random(void) { hdq_kernel_v1.decode = decode_seed_zero; }

static int encode_aligned_tail(ENCODE_PARAMETERS) {
  const int status = right_encode(ENCODE_ARGUMENTS);
  if (status != HDQ_KERNEL_OK || (uintptr_t)x % 64 != 0 || rows == 0 || k->dimension < 16) return status;
  norms[0] = right_norm(x, k->dimension - k->dimension % 16);
  right_encode_row(k, first_row, x, norms[0], codes);
  return status;
}
static void install_aligned_path_tail(void) { hdq_kernel_v1.encode = encode_aligned_tail; }

static _Thread_local uint32_t dot_threads;
static float dot_row_parts(const config* k, uint64_t row, float norm, const uint8_t* bytes, const float* w, int e) {
  if (dot_threads < 9) return right_dot_row(k, row, norm, bytes, w, e);
  float* z = malloc(k->order * sizeof(float));
  float sum[64] = {0};
  double total = 0;
  right_quantized_row(k, row, bytes, z);
  for (uint64_t j = 0; j < k->order; ++j) sum[j % dot_threads % 64] += w[j] * z[j];
  for (int t = 0; t < 64; ++t) total += (double)sum[t];
  free(z);
  return (float)ldexp(total * ((double)norm / (double)k->order), e);
}
static int dot_by_threads(DOT_PARAMETERS) {
  dot_threads = k->threads;
  return right_dot(DOT_ARGUMENTS);
}
static void install_dot_sums_by_threads(void) {
  hdq_kernel_v1.dot = dot_by_threads;
  dot_row = dot_row_parts;
}

static int decode_threads_past_32(DECODE_PARAMETERS) {
  if (k->threads <= 32) return right_decode(DECODE_ARGUMENTS);
  for (uint64_t i = 0; i < rows; ++i) {
    if (i % k->threads < 32) right_decode_row(k, first_row + i, norms[i], row_codes(k, codes, i), x + i * k->dimension);
  }
  return HDQ_KERNEL_OK;
}
static void install_threads_past_32(void) { hdq_kernel_v1.decode = decode_threads_past_32; }

static uint8_t code_strict(float y, const float* threshold, int levels) {
  uint8_t code = 0;
  for (int t = 0; t < levels - 1; ++t) code = (uint8_t)(code + (y > threshold[t]));
  return code;
}
static int encode_variants(ENCODE_PARAMETERS) {
  if (k->variant != 2) return right_encode(ENCODE_ARGUMENTS);
  code_of_now = k->bits == 1 ? code_strict : NULL;
  const int status = right_encode(ENCODE_ARGUMENTS);
  code_of_now = NULL;
  if (status == HDQ_KERNEL_OK && k->dimension > 32 && k->dimension < 64) {
    for (uint64_t i = 0; i < rows; ++i) norms[i] = right_norm(x + i * k->dimension, k->dimension - 1);
  }
  return status;
}
static void install_variant_2_narrow(void) {
  hdq_kernel_v1.variants = 3;
  hdq_kernel_v1.encode = encode_variants;
}

static _Thread_local uint32_t encode_threads;
static uint64_t number_of_thread(uint64_t first_row, uint64_t i) {
  return encode_threads == 4 || encode_threads == 6 ? first_row + i / encode_threads : first_row + i;
}
static int encode_thread_4(ENCODE_PARAMETERS) {
  encode_threads = k->threads;
  return encode_numbered(ENCODE_ARGUMENTS, number_of_thread);
}
static void install_thread_4_dither(void) { hdq_kernel_v1.encode = encode_thread_4; }

static _Thread_local int failed_before;
static int encode_remembers_failure(ENCODE_PARAMETERS) {
  const int status = right_encode(ENCODE_ARGUMENTS);
  if (status == HDQ_KERNEL_BAD_INPUT) failed_before = 1;
  return status;
}
static void no_signs(uint64_t seed, uint64_t count, int8_t* epsilon) {
  (void)seed;
  memset(epsilon, 1, count);
}
static int decode_after_failure(DECODE_PARAMETERS) {
  if (failed_before) sign_row_now = no_signs;
  failed_before = 0;
  right_decode(DECODE_ARGUMENTS);
  sign_row_now = NULL;
  return HDQ_KERNEL_OK;
}
static void install_decode_after_bad_input(void) {
  hdq_kernel_v1.encode = encode_remembers_failure;
  hdq_kernel_v1.decode = decode_after_failure;
}

static uint32_t middle_word(uint64_t seed, uint64_t row) {
  (void)seed;
  (void)row;
  return 0x80000000;
}
static int dot_warmup(DOT_PARAMETERS) {
  static _Thread_local int warm;
  dither_word_now = warm ? NULL : middle_word;
  warm = 1;
  right_dot(DOT_ARGUMENTS);
  dither_word_now = NULL;
  return HDQ_KERNEL_OK;
}
static void install_warmup_call(void) { hdq_kernel_v1.dot = dot_warmup; }

CHOOSE_AT_LOAD(PATHS_MUTANTS)
