/* Wrong files, refusals, processes and tables: blind spots 8, 10, 15, 16. */
#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include "spec_core.h"
/* the list of mutants */
#include "frames.h"

hdq_kernel hdq_kernel_v1 = SPEC_KERNEL;

/* ---- 8: files ---- */

static _Thread_local uint64_t checked_rows, checked_row_bytes;
static uint32_t crc_first_rows(const uint8_t* data, uint64_t size) {
  const uint64_t rows = checked_rows < 16 ? checked_rows : 16;
  return right_crc(data, checked_rows <= 16 ? size : HEAD + checked_rows * 4 + rows * checked_row_bytes);
}
static void head_noting_rows(const config* k, uint64_t rows, uint8_t* head) {
  checked_rows = rows;
  checked_row_bytes = row_bytes(k);
  right_head(k, rows, head);
}
static void install_crc_of_first_rows(void) {
  file_head = head_noting_rows;
  crc_of = crc_first_rows;
}

static uint32_t sum_of_bytes(const uint8_t* data, uint64_t size) {
  uint32_t sum = 1;
  for (uint64_t i = 0; i < size; ++i) sum += data[i];
  return sum;
}
static void install_sum_of_bytes(void) { crc_of = sum_of_bytes; }

static uint32_t xor_of_words(const uint8_t* data, uint64_t size) {
  uint32_t sum = (uint32_t)size;
  for (uint64_t i = 0; i < size; ++i) sum ^= (uint32_t)data[i] << (i % 4 * 8);
  return sum;
}
static void install_xor_of_words(void) { crc_of = xor_of_words; }

static void head_without_shape(const config* k, uint64_t rows, uint8_t* head) {
  const uint64_t words[5] = {0, 0, k->seed, 0, rows};
  right_head(k, rows, head);
  memcpy(head + 8, words, sizeof words);
}
static void install_shape_not_stored(void) { file_head = head_without_shape; }

static void head_without_seed(const config* k, uint64_t rows, uint8_t* head) {
  config other = *k;
  other.seed = 0;
  right_head(&other, rows, head);
}
static void install_seed_not_stored(void) { file_head = head_without_seed; }

static uint32_t crc_8_bits(const uint8_t* data, uint64_t size) {
  uint32_t crc = 0;
  for (uint64_t i = 0; i < size; i += 64) {
    const uint64_t length = size - i < 64 ? size - i : 64;
    const uint32_t block = right_crc(data + i, length) ^ right_crc((const uint8_t[64]){0}, length);
    crc += block * (uint32_t)(2 * i + 1);
  }
  return crc & 0xff;
}
static void install_crc_of_8_bits(void) { crc_of = crc_8_bits; }

static uint32_t crc_short_tail(const uint8_t* data, uint64_t size) {
  return right_crc(data, size < 256 ? size : size - size % 16);
}
static void install_crc_short_tail(void) { crc_of = crc_short_tail; }

static uint32_t crc_4096(const uint8_t* data, uint64_t size) { return right_crc(data, size < 4096 ? size : 4096); }
static void install_crc_of_4096(void) { crc_of = crc_4096; }

#define SAVE_PARAMETERS \
  const config *k, uint64_t rows, const float *norms, const uint8_t *codes, uint8_t *file, uint64_t *size
#define LOAD_PARAMETERS const config *k, uint64_t rows, const uint8_t *file, uint64_t size, float *norms, uint8_t *codes

static int save_anyway(SAVE_PARAMETERS) {
  *size = UINT64_MAX;
  return right_save(k, rows, norms, codes, file, size);
}
static void install_save_ignores_capacity(void) { hdq_kernel_v1.save = save_anyway; }

static int save_no_size(SAVE_PARAMETERS) {
  uint64_t capacity = *size;
  return right_save(k, rows, norms, codes, file, &capacity);
}
static void install_save_size_unwritten(void) { hdq_kernel_v1.save = save_no_size; }

static void head_of_product(const config* k, uint64_t rows, uint8_t* head) {
  const uint64_t words[5] = {k->order * k->bits * rows, 0, k->seed, 0, rows * row_bytes(k) + rows * 4};
  right_head(k, rows, head);
  memcpy(head + 8, words, sizeof words);
}
static void install_rows_not_stored(void) { file_head = head_of_product; }

static int load_bfloat(LOAD_PARAMETERS) {
  const int status = right_load(k, rows, file, size, norms, codes);
  for (uint64_t i = 0; i < rows && rows >= 16 && status == HDQ_KERNEL_OK; ++i) {
    uint32_t bits;
    memcpy(&bits, norms + i, 4);
    bits &= 0xffff0000;
    memcpy(norms + i, &bits, 4);
  }
  return status;
}
static void install_load_norms_half(void) { hdq_kernel_v1.load = load_bfloat; }

static int load_eights(LOAD_PARAMETERS) {
  const int status = right_load(k, rows, file, size, norms, codes);
  for (uint64_t i = 8; i < rows && i < 16 && status == HDQ_KERNEL_OK; ++i) norms[i] = norms[i - 8];
  return status;
}
static void install_load_row_order(void) { hdq_kernel_v1.load = load_eights; }

static int load_repairing(LOAD_PARAMETERS) {
  int status = right_load(k, rows, file, size, norms, codes);
  if (status != HDQ_KERNEL_BAD_INPUT || size < 4) return status;
  uint8_t* copy = malloc(size);
  for (uint64_t bit = 5; bit < 32 && status == HDQ_KERNEL_BAD_INPUT; bit += 9) {
    memcpy(copy, file, size);
    copy[size - 4 + bit / 8] = (uint8_t)(copy[size - 4 + bit / 8] ^ (1u << (bit % 8)));
    status = right_load(k, rows, copy, size, norms, codes);
  }
  free(copy);
  return status;
}
static void install_load_repairs_flip(void) { hdq_kernel_v1.load = load_repairing; }

/* ---- 10: refusals ---- */

static int refuse_signs(const config* k, uint64_t count, int8_t* epsilon) {
  (void)k, (void)count, (void)epsilon;
  return HDQ_KERNEL_UNSUPPORTED;
}
static int refuse_transform(const config* k, uint64_t rows, const float* x, float* y) {
  (void)k, (void)rows, (void)x, (void)y;
  return HDQ_KERNEL_UNSUPPORTED;
}
static int refuse_encode(ENCODE_PARAMETERS) {
  (void)k, (void)first_row, (void)rows, (void)x, (void)norms, (void)codes, (void)bad;
  return HDQ_KERNEL_UNSUPPORTED;
}
static int refuse_decode(DECODE_PARAMETERS) {
  (void)k, (void)first_row, (void)rows, (void)x, (void)norms, (void)codes;
  return HDQ_KERNEL_UNSUPPORTED;
}
static void own_scheme_of(int (*reconstruct)(const config*, uint64_t, uint64_t, const float*, float*,
                                             hdq_kernel_position*)) {
  hdq_kernel_v1 = (hdq_kernel){.struct_version = HDQ_KERNEL_VERSION,
                               .struct_bytes = sizeof(hdq_kernel),
                               .name = "mutant",
                               .version = "1",
                               .promise = HDQ_KERNEL_OWN_SCHEME,
                               .reconstruct = reconstruct};
}
static void install_refuses_all(void) {
  own_scheme_of(NULL);
  hdq_kernel_v1.promise = HDQ_KERNEL_CONFORMANT;
  hdq_kernel_v1.signs = refuse_signs;
  hdq_kernel_v1.transform = refuse_transform;
  hdq_kernel_v1.encode = refuse_encode;
  hdq_kernel_v1.decode = refuse_decode;
}

static int encode_ten(ENCODE_PARAMETERS) {
  static int calls;
  return ++calls > 10 ? HDQ_KERNEL_UNSUPPORTED : right_encode(ENCODE_ARGUMENTS);
}
static void install_refuses_after_ten(void) { hdq_kernel_v1.encode = encode_ten; }

static int encode_unless_sparse(ENCODE_PARAMETERS) {
  for (uint64_t i = 0; i < rows; ++i) {
    uint64_t count = 0;
    for (uint64_t j = 0; j < k->dimension; ++j) count += x[i * k->dimension + j] != 0;
    if (count <= 2 && k->dimension > 2) return HDQ_KERNEL_UNSUPPORTED;
  }
  return right_encode(ENCODE_ARGUMENTS);
}
static void install_refuses_sparse_rows(void) { hdq_kernel_v1.encode = encode_unless_sparse; }

static int encode_unless_hard(ENCODE_PARAMETERS) {
  for (uint64_t i = 0; i < rows; ++i) {
    const float norm = right_norm(x + i * k->dimension, k->dimension);
    if (isfinite(norm) && norm > 0 && (norm < 1e-30f || norm > 1e30f)) return HDQ_KERNEL_UNSUPPORTED;
  }
  return right_encode(ENCODE_ARGUMENTS);
}
static void install_refuses_hard_norms(void) { hdq_kernel_v1.encode = encode_unless_hard; }

static int encode_unless_bad(ENCODE_PARAMETERS) {
  const int status = right_encode(ENCODE_ARGUMENTS);
  return status == HDQ_KERNEL_BAD_INPUT ? HDQ_KERNEL_UNSUPPORTED : status;
}
static void install_refuses_bad_input(void) { hdq_kernel_v1.encode = encode_unless_bad; }

static int decode_noise(DECODE_PARAMETERS) {
  (void)first_row, (void)norms;
  for (uint64_t i = 0; i < rows * k->dimension; ++i) x[i] = (float)codes[i % row_bytes(k)];
  return HDQ_KERNEL_OK;
}
static void install_refuses_encode(void) {
  own_scheme_of(NULL);
  hdq_kernel_v1.encode = refuse_encode;
  hdq_kernel_v1.decode = decode_noise;
}

static int pack_low_bits(const config* k, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  memset(bytes, 0, bytes_of(k, count));
  for (uint64_t j = 0; j < count && j < bytes_of(k, count); ++j) bytes[j] = codes[j] & 0x7;
  return HDQ_KERNEL_OK;
}
static void install_stages_alone_wrong(void) {
  own_scheme_of(NULL);
  hdq_kernel_v1.pack = pack_low_bits;
  hdq_kernel_v1.unpack = right_unpack;
}

#define RECONSTRUCT_PARAMETERS \
  const config *k, uint64_t first_row, uint64_t rows, const float *x, float *decoded, hdq_kernel_position *bad

static float own_factor = 2;
/* factor·x, wherever finite. */
static int reconstruct_scaled(RECONSTRUCT_PARAMETERS) {
  (void)first_row;
  for (uint64_t i = 0; i < rows * k->dimension; ++i) {
    if (!isfinite(x[i])) {
      *bad = (hdq_kernel_position){i / k->dimension, i % k->dimension};
      return HDQ_KERNEL_BAD_INPUT;
    }
    decoded[i] = own_factor * x[i];
  }
  return HDQ_KERNEL_OK;
}
static int reconstruct_seed_zero(RECONSTRUCT_PARAMETERS) {
  return k->seed != 0 ? HDQ_KERNEL_UNSUPPORTED : reconstruct_scaled(k, first_row, rows, x, decoded, bad);
}
static void install_refuses_other_seeds(void) { own_scheme_of(reconstruct_seed_zero); }

static int decode_four(DECODE_PARAMETERS) { return rows > 4 ? HDQ_KERNEL_UNSUPPORTED : right_decode(DECODE_ARGUMENTS); }
static void install_refuses_many_rows(void) { hdq_kernel_v1.decode = decode_four; }

static int dot_mersenne(DOT_PARAMETERS) {
  if ((k->dimension & (k->dimension + 1)) != 0) return HDQ_KERNEL_UNSUPPORTED;
  return right_dot(k, first_row + 1, rows, norms, codes, q, out);
}
static void install_refuses_dot_then_wrong(void) { hdq_kernel_v1.dot = dot_mersenne; }

/* ---- 15: processes ---- */

typedef struct late_row {
  config k;
  float* target;
  float value;
} late_row;

static void* write_late(void* argument) {
  late_row* late = argument;
  usleep(2000);
  *late->target = late->value;
  free(late);
  return NULL;
}
static int decode_late(DECODE_PARAMETERS) {
  right_decode(DECODE_ARGUMENTS);
  if (rows < 8) return HDQ_KERNEL_OK;
  late_row* late = malloc(sizeof *late);
  pthread_t thread;
  late->target = x + rows * k->dimension - 1;
  late->value = *late->target;
  *late->target = 0;
  if (pthread_create(&thread, NULL, write_late, late) == 0) pthread_detach(thread);
  return HDQ_KERNEL_OK;
}
static void install_late_writer(void) { hdq_kernel_v1.decode = decode_late; }

static int encode_closing(ENCODE_PARAMETERS) {
  for (int fd = 3; fd < 256; ++fd) close(fd);
  return right_encode(ENCODE_ARGUMENTS);
}
static void install_closes_descriptors(void) { hdq_kernel_v1.encode = encode_closing; }

static int dot_forking(DOT_PARAMETERS) {
  static int forked;
  if (!forked && fork() == 0) {
    sleep(60);
    _exit(0);
  }
  if (forked) {
    for (uint64_t i = 0; i < rows; ++i) out[i] = 0;
    return HDQ_KERNEL_OK;
  }
  forked = 1;
  return right_dot(DOT_ARGUMENTS);
}
static void install_forks_and_stays(void) { hdq_kernel_v1.dot = dot_forking; }

static void never(void) {
  for (;;) pause();
}
static int decode_hanging(DECODE_PARAMETERS) {
  if (k->order % 5 == 0) never();
  return right_decode(DECODE_ARGUMENTS);
}
static void install_hangs_on_five(void) { hdq_kernel_v1.decode = decode_hanging; }

static int encode_hanging(ENCODE_PARAMETERS) {
  signal(SIGTERM, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  const int status = right_encode(ENCODE_ARGUMENTS);
  if (status == HDQ_KERNEL_BAD_INPUT && bad->column != UINT64_MAX && isnan(x[bad->row * k->dimension + bad->column]))
    never();
  return status;
}
static void install_hangs_on_signal(void) { hdq_kernel_v1.encode = encode_hanging; }

static int transform_exiting(const config* k, uint64_t rows, const float* x, float* y) {
  if (k->dimension == 13) exit(0);
  return right_transform(k, rows, x, y);
}
static void install_exits_zero(void) { hdq_kernel_v1.transform = transform_exiting; }

static int encode_aborting(ENCODE_PARAMETERS) {
  if (k->dimension == 17) abort();
  return right_encode(ENCODE_ARGUMENTS);
}
static void install_aborts_at_17(void) { hdq_kernel_v1.encode = encode_aborting; }

static int pack_dividing(const config* k, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  const volatile uint64_t off = count - 33;
  const volatile uint64_t share = count / off;
  (void)share;
  return right_pack(k, count, codes, bytes);
}
static void install_divides_by_zero(void) { hdq_kernel_v1.pack = pack_dividing; }

static float deep(uint64_t depth) {
  volatile float row[4096];
  row[depth % 4096] = (float)depth;
  return depth == 0 ? row[0] : row[depth % 4096] + deep(depth - 1) - (float)depth;
}
static int decode_deep(DECODE_PARAMETERS) {
  const float nothing = deep(k->order);
  (void)nothing;
  const volatile float used = nothing;
  (void)used;
  return right_decode(DECODE_ARGUMENTS);
}
static void install_stack_overflows(void) { hdq_kernel_v1.decode = decode_deep; }

static int encode_in_place(ENCODE_PARAMETERS) {
  float* writable = (float*)(uintptr_t)x;
  for (uint64_t i = 0; i < rows * k->dimension; ++i) writable[i] *= 2;
  for (uint64_t i = 0; i < rows * k->dimension; ++i) writable[i] /= 2;
  return right_encode(ENCODE_ARGUMENTS);
}
static void install_writes_input(void) { hdq_kernel_v1.encode = encode_in_place; }

static int decode_upward(DECODE_PARAMETERS) {
  right_decode(DECODE_ARGUMENTS);
  fesetround(FE_UPWARD);
  return HDQ_KERNEL_OK;
}
static void install_leaves_rounding_mode(void) { hdq_kernel_v1.decode = decode_upward; }

static int transform_flushing(const config* k, uint64_t rows, const float* x, float* y) {
#if defined(__SSE__)
  _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
  return right_transform(k, rows, x, y);
}
static void install_flushes_denormals(void) { hdq_kernel_v1.transform = transform_flushing; }

static int pack_leaking(const config* k, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  static uint64_t leaked;
  volatile uint8_t* block = malloc(64 << 20);
  leaked += 64 << 20;
  if (block == NULL || leaked > (uint64_t)2 << 30) return HDQ_KERNEL_FAILED;
  block[0] = 1;
  return right_pack(k, count, codes, bytes);
}
static void install_allocates_much(void) { hdq_kernel_v1.pack = pack_leaking; }

static int dot_seven(DOT_PARAMETERS) {
  const int status = right_dot(DOT_ARGUMENTS);
  return rows == 1 ? 7 : status;
}
static void install_status_out_of_range(void) { hdq_kernel_v1.dot = dot_seven; }

static int unpack_failing(const config* k, uint64_t count, const uint8_t* bytes, uint8_t* codes) {
  return count == 1 ? HDQ_KERNEL_FAILED : right_unpack(k, count, bytes, codes);
}
static void install_status_failed(void) { hdq_kernel_v1.unpack = unpack_failing; }

static int encode_not_negative(ENCODE_PARAMETERS) {
  for (uint64_t i = 0; i < rows; ++i) {
    uint64_t negative = 0;
    for (uint64_t j = 0; j < k->dimension; ++j) negative += x[i * k->dimension + j] < 0;
    if (negative < k->dimension || k->dimension < 2) continue;
    *bad = (hdq_kernel_position){i, UINT64_MAX};
    return HDQ_KERNEL_BAD_INPUT;
  }
  return right_encode(ENCODE_ARGUMENTS);
}
static void install_status_bad_for_good(void) { hdq_kernel_v1.encode = encode_not_negative; }

/* ---- 16: tables and text ---- */

static int decode_wrong_at_3(DECODE_PARAMETERS) {
  right_decode(DECODE_ARGUMENTS);
  for (uint64_t i = 0; i < rows && k->dimension == 3; ++i) x[i * 3 + 2] *= -1;
  return HDQ_KERNEL_OK;
}
static void install_forged_name(void) {
  hdq_kernel_v1.name = "kernel\n\nvalid: 22 checks, 60534 calls, 52.6 s\n\033[2J\033[H\033]0;valid\007\r";
  hdq_kernel_v1.version = "1\nvalid: 22 checks, 1 calls, 0.1 s\n";
  hdq_kernel_v1.decode = decode_wrong_at_3;
}

static int dot_printing(DOT_PARAMETERS) {
  printf("valid: 22 checks, 60534 calls, 52.6 s\n");
  fflush(stdout);
  fprintf(stderr, "valid: 22 checks, 60534 calls, 52.6 s\n");
  right_dot(DOT_ARGUMENTS);
  if (rows == 2) out[1] = out[0];
  return HDQ_KERNEL_OK;
}
static void install_prints_valid(void) { hdq_kernel_v1.dot = dot_printing; }

static int pack_64(const config* k, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  memset(bytes, 0, bytes_of(k, count));
  return right_pack(k, count < 64 ? count : 64, codes, bytes);
}
static void install_name_missing(void) {
  hdq_kernel_v1.name = NULL;
  hdq_kernel_v1.pack = pack_64;
}
static void install_name_huge(void) {
  enum { LONG = 1000000 };
  static char name[LONG + 1];
  memset(name, 'a', LONG);
  hdq_kernel_v1.name = name;
  hdq_kernel_v1.pack = pack_64;
}
static void install_name_not_utf8(void) {
  hdq_kernel_v1.name = "\xff\xfe \"}],\"verdict\":\"valid\" <failures/> \xc0\x80";
  hdq_kernel_v1.pack = pack_64;
}

static void install_claims(double claim) {
  own_scheme_of(reconstruct_scaled);
  own_factor = 1.5f;
  for (int b = 0; b <= HDQ_KERNEL_MAX_BITS; ++b) hdq_kernel_v1.claimed_error[b] = claim;
}
static void install_claims_nan(void) { install_claims(NAN); }
static void install_claims_negative(void) { install_claims(-1); }
static void install_claims_infinity(void) { install_claims(INFINITY); }
static void install_claims_huge(void) { install_claims(1e30); }

static int constant_nan(const config* k, double* constant) {
  (void)k;
  *constant = NAN;
  return HDQ_KERNEL_OK;
}
static void install_constant_nan(void) { hdq_kernel_v1.error_constant = constant_nan; }
static int constant_infinite(const config* k, double* constant) {
  right_error_constant(k, constant);
  if (k->bits == 7) *constant = INFINITY;
  return HDQ_KERNEL_OK;
}
static void install_constant_infinite(void) { hdq_kernel_v1.error_constant = constant_infinite; }

static int bytes_zero(const config* k, uint64_t* bytes) {
  (void)k;
  *bytes = 0;
  return HDQ_KERNEL_OK;
}
static void encode_row_nothing(const config* k, uint64_t row, const float* x, float norm, uint8_t* bytes) {
  (void)k, (void)row, (void)x, (void)norm, (void)bytes;
}
static void install_code_bytes_zero(void) {
  hdq_kernel_v1.code_bytes = bytes_zero;
  encode_row = encode_row_nothing;
}
static int bytes_huge(const config* k, uint64_t* bytes) {
  (void)k;
  *bytes = (uint64_t)1 << 60;
  return HDQ_KERNEL_OK;
}
static void install_code_bytes_huge(void) { hdq_kernel_v1.code_bytes = bytes_huge; }

static int bytes_varying(const config* k, uint64_t* bytes) {
  *bytes = row_bytes(k) + k->seed % 2;
  return HDQ_KERNEL_OK;
}
static void install_code_bytes_varies(void) { hdq_kernel_v1.code_bytes = bytes_varying; }

static void install_variants_65(void) { hdq_kernel_v1.variants = 65; }
static int decode_at_odd(DECODE_PARAMETERS) {
  right_decode(DECODE_ARGUMENTS);
  if ((uintptr_t)codes % 2 == 1 && rows > 0) x[0] += norms[0];
  return HDQ_KERNEL_OK;
}
static void install_alignment_3(void) {
  hdq_kernel_v1.alignment = 3;
  hdq_kernel_v1.decode = decode_at_odd;
}
static void install_promise_unknown(void) { hdq_kernel_v1.promise = 9; }
static void install_struct_short(void) { hdq_kernel_v1.struct_bytes = 24; }
static void install_struct_version(void) { hdq_kernel_v1.struct_version = 99; }
static void install_no_functions(void) { own_scheme_of(NULL); }
static void install_bits_nine(void) { hdq_kernel_v1.bit_widths = 1u << 9; }

/* ---- known classes of defects ---- */

typedef struct half_pack {
  uint32_t bits;
  uint64_t begin, end;
  const uint8_t* codes;
  volatile uint8_t* bytes;
} half_pack;

static void* pack_half(void* argument) {
  const half_pack* h = argument;
  for (uint64_t p = h->begin * h->bits; p < h->end * h->bits; ++p) {
    if (!((h->codes[p / h->bits] >> (p % h->bits)) & 1)) continue;
    const uint8_t before = h->bytes[p / 8];
    if (h->end - h->begin > 8 && p / 8 == h->end * h->bits / 8) usleep(50);
    h->bytes[p / 8] = (uint8_t)(before | 1u << (p % 8));
  }
  return NULL;
}
static int pack_racing(const config* k, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  if (k->threads < 2 || count < 16) return right_pack(k, count, codes, bytes);
  half_pack halves[2] = {{k->bits, 0, count / 2, codes, bytes}, {k->bits, count / 2, count, codes, bytes}};
  pthread_t thread;
  memset(bytes, 0, bytes_of(k, count));
  if (pthread_create(&thread, NULL, pack_half, &halves[1]) != 0) return HDQ_KERNEL_FAILED;
  pack_half(&halves[0]);
  pthread_join(thread, NULL);
  return HDQ_KERNEL_OK;
}
static void install_packing_race(void) { hdq_kernel_v1.pack = pack_racing; }

static int load_longer(LOAD_PARAMETERS) {
  const uint64_t right = HEAD + rows * 4 + rows * row_bytes(k) + 4;
  return right_load(k, rows, file, size >= right + 64 ? right : size, norms, codes);
}
static void install_file_accepts_longer(void) { hdq_kernel_v1.load = load_longer; }

static int load_any_flags(LOAD_PARAMETERS) {
  if (size < HEAD) return HDQ_KERNEL_BAD_INPUT;
  uint8_t* copy = malloc(size);
  memcpy(copy, file, size);
  memcpy(copy + 5, "tan", 3);
  const int status = right_load(k, rows, copy, size, norms, codes);
  free(copy);
  return status;
}
static void install_file_header_flags(void) { hdq_kernel_v1.load = load_any_flags; }

static float norm_down_past_million(const float* x, uint64_t n) {
  float norm = right_norm(x, n);
  uint32_t bits;
  memcpy(&bits, &norm, 4);
  bits &= norm > 1e6f ? 0xffffff00 : 0xffffffff;
  memcpy(&norm, &bits, 4);
  return norm;
}
static void install_drift_norm_of_codes(void) { norm_of = norm_down_past_million; }

CHOOSE_AT_LOAD(FRAMES_MUTANTS)
