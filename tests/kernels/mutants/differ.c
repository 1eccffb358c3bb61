/* A mutant must not be equivalent to the right kernel. This calls every function of a plug-in with a fixed list of legal inputs and
 * prints one line for each call: its name and a hash of status and outputs. Run it with HDQ_MUTANT=none and with a mutant's name; the
 * first line that differs is an input that tells them apart. Each call starts from the same bytes in its output buffers but one: `fill`
 * differs between two runs of all, so that what is left unwritten shows.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hdq/hdq_kernel.h"

typedef hdq_kernel_config config;

static const hdq_kernel* kernel;
static uint8_t fill;

static uint64_t hash_of(const void* data, uint64_t size, uint64_t hash) {
  const uint8_t* bytes = data;
  for (uint64_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3;
  return hash;
}

/* A buffer that ends at a page that may not be touched. */
typedef struct guarded {
  uint8_t *page, *data;
  uint64_t mapped;
} guarded;

static guarded take(uint64_t size) {
  const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), inside = (size / page + 1) * page;
  guarded g = {mmap(NULL, inside + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), NULL,
               inside + page};
  if (g.page == MAP_FAILED || mprotect(g.page + inside, page, PROT_NONE) != 0) abort();
  memset(g.page, fill, inside);
  g.data = g.page + inside - size;
  return g;
}
static void give(guarded g) { munmap(g.page, g.mapped); }

static uint64_t order_of(uint64_t n) {
  static const uint64_t bases[] = {1, 12, 20, 28};
  uint64_t best = UINT64_MAX;
  for (int i = 0; i < 4; ++i) {
    uint64_t d = bases[i];
    while (d < n) d *= 2;
    if (d < best) best = d;
  }
  return best;
}

static config make(uint64_t n, uint32_t bits, uint64_t seed) {
  const config k = {n, order_of(n), seed, bits, 1, 0, 0};
  return k;
}

static void say(const char* what, const config* k, uint64_t rows, uint64_t first_row, uint64_t hash) {
  printf("%s n=%llu b=%u seed=%llx threads=%u variant=%u rows=%llu first=%llx %016llx\n", what,
         (unsigned long long)k->dimension, k->bits, (unsigned long long)k->seed, k->threads, k->variant,
         (unsigned long long)rows, (unsigned long long)first_row, (unsigned long long)hash);
  fflush(stdout);
}

static uint64_t state = 1;
static uint32_t next(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 32);
}
static float uniform(void) { return (float)next() / 2147483648.0f - 1; }

static uint64_t code_bytes(const config* k) {
  uint64_t bytes = (k->order * k->bits + 7) / 8;
  if (kernel->code_bytes != NULL && kernel->code_bytes(k, &bytes) != HDQ_KERNEL_OK)
    bytes = (k->order * k->bits + 7) / 8;
  return bytes;
}

/* Everything that can be done with rows x and a query q. */
static void rows_through(const char* what, const config* k, uint64_t first_row, uint64_t rows, const float* x,
                         const float* q) {
  char name[100];
  const uint64_t n = k->dimension, d = k->order, bytes = code_bytes(k);
  if (bytes > 1 << 24) {
    say("code_bytes", k, rows, first_row, bytes);
    return;
  }
  guarded norms = take(rows * 4), codes = take(rows * bytes), in = take(rows * n * 4);
  hdq_kernel_position bad = {fill, fill};
  if (rows * n > 0) memcpy(in.data, x, rows * n * 4);
  if (kernel->encode != NULL) {
    const int status = kernel->encode(k, first_row, rows, (float*)in.data, (float*)norms.data, codes.data, &bad);
    uint64_t hash = hash_of(&status, sizeof status, 1);
    if (status == HDQ_KERNEL_OK) hash = hash_of(codes.data, rows * bytes, hash_of(norms.data, rows * 4, hash));
    if (status == HDQ_KERNEL_BAD_INPUT) hash = hash_of(&bad, sizeof bad, hash);
    snprintf(name, sizeof name, "%s encode", what);
    say(name, k, rows, first_row, hash);
    if (status != HDQ_KERNEL_OK) goto end;
  }
  if (kernel->decode != NULL && kernel->encode != NULL) {
    guarded out = take(rows * n * 4);
    const int status = kernel->decode(k, first_row, rows, (float*)norms.data, codes.data, (float*)out.data);
    snprintf(name, sizeof name, "%s decode", what);
    say(name, k, rows, first_row, hash_of(out.data, rows * n * 4, (uint64_t)status));
    give(out);
  }
  if (kernel->dot != NULL && kernel->encode != NULL && q != NULL) {
    guarded out = take(rows * 4), query = take(n * 4);
    memcpy(query.data, q, n * 4);
    const int status =
        kernel->dot(k, first_row, rows, (float*)norms.data, codes.data, (float*)query.data, (float*)out.data);
    snprintf(name, sizeof name, "%s dot", what);
    say(name, k, rows, first_row, hash_of(out.data, rows * 4, (uint64_t)status));
    give(out);
    give(query);
  }
  if (kernel->reconstruct != NULL) {
    guarded out = take(rows * n * 4);
    const int status = kernel->reconstruct(k, first_row, rows, (float*)in.data, (float*)out.data, &bad);
    snprintf(name, sizeof name, "%s reconstruct", what);
    say(name, k, rows, first_row,
        status == HDQ_KERNEL_OK ? hash_of(out.data, rows * n * 4, 1) : hash_of(&bad, sizeof bad, (uint64_t)status));
    give(out);
  }
  if (kernel->transform != NULL) {
    guarded y = take(rows * d * 4), back = take(rows * n * 4);
    int status = kernel->transform(k, rows, (float*)in.data, (float*)y.data);
    snprintf(name, sizeof name, "%s transform", what);
    say(name, k, rows, first_row, hash_of(y.data, rows * d * 4, (uint64_t)status));
    if (kernel->transform_transposed != NULL) {
      status = kernel->transform_transposed(k, rows, (float*)y.data, (float*)back.data);
      snprintf(name, sizeof name, "%s transposed", what);
      say(name, k, rows, first_row, hash_of(back.data, rows * n * 4, (uint64_t)status));
    }
    give(y);
    give(back);
  }
end:
  give(norms);
  give(codes);
  give(in);
}

static void random_rows(const char* what, config k, uint64_t first_row, uint64_t rows) {
  float* x = malloc((rows * k.dimension + 1) * sizeof(float));
  float* q = malloc(k.dimension * sizeof(float));
  for (uint64_t i = 0; i < rows * k.dimension; ++i) x[i] = uniform();
  for (uint64_t i = 0; i < k.dimension; ++i) q[i] = uniform();
  rows_through(what, &k, first_row, rows, x, q);
  free(x);
  free(q);
}

static void stages(void) {
  static const uint32_t words[] = {0, 1, 0x12345678, 0x80000000, 0xfffffffe, 0xffffffff};
  for (uint32_t bits = 1; bits <= 8; ++bits) {
    const config k = make(7, bits, 5);
    for (int w = 0; w < 6; ++w) {
      double numbers[256] = {0};
      int status = kernel->thresholds != NULL ? kernel->thresholds(&k, words[w], numbers) : 1;
      say("thresholds", &k, words[w], 0, hash_of(numbers, (((uint64_t)1 << bits) - 1) * 8, (uint64_t)status));
      status = kernel->codewords != NULL ? kernel->codewords(&k, words[w], numbers) : 1;
      say("codewords", &k, words[w], 0, hash_of(numbers, ((uint64_t)1 << bits) * 8, (uint64_t)status));
    }
    double constant = fill;
    const int status = kernel->error_constant != NULL ? kernel->error_constant(&k, &constant) : 1;
    say("constant", &k, 0, 0, hash_of(&constant, sizeof constant, (uint64_t)status));
  }
  static const uint64_t firsts[] = {0, 1, 0x7ffffff0, 0x80000000, 0xfffffff0, 0x100000000, 0xffffffffffffff00};
  for (int i = 0; i < 7; ++i) {
    const config k = make(3, 4, (uint64_t)i << 31);
    uint32_t words32[40];
    if (kernel->dither != NULL)
      say("dither", &k, 40, firsts[i], hash_of(words32, 160, (uint64_t)kernel->dither(&k, firsts[i], 40, words32)));
  }
  double values[64] = {0};
  const config whole = make(64, 4, 77);
  if (kernel->data != NULL)
    say("data", &whole, 64, 0, hash_of(values, sizeof values, (uint64_t)kernel->data(&whole, "signs", 0, 64, values)));
  int8_t* epsilon = malloc(20000);
  const config k = make(3, 4, 77);
  if (kernel->signs != NULL)
    say("signs", &k, 20000, 0, hash_of(epsilon, 20000, (uint64_t)kernel->signs(&k, 20000, epsilon)));
  free(epsilon);
}

static void packing(void) {
  static const uint64_t counts[] = {0,  1,  2,  7,   8,   15,   16,   31,    32,    33,   63,
                                    64, 65, 95, 127, 140, 1001, 8193, 65535, 65537, 65545};
  for (uint32_t bits = 1; bits <= 8; ++bits) {
    for (int c = 0; c < 21; ++c) {
      config k = make(7, bits, 5);
      k.threads = c % 2 == 0 ? 1 : 4;
      const uint64_t size = (counts[c] * bits + 7) / 8;
      guarded codes = take(counts[c]), bytes = take(size), back = take(counts[c]);
      for (uint64_t i = 0; i < counts[c]; ++i) codes.data[i] = (uint8_t)(next() & ((1u << bits) - 1));
      if (kernel->pack != NULL)
        say("pack", &k, counts[c], 0,
            hash_of(bytes.data, size, (uint64_t)kernel->pack(&k, counts[c], codes.data, bytes.data)));
      for (uint64_t i = 0; i < size; ++i) bytes.data[i] = (uint8_t)next();
      if (kernel->unpack != NULL) {
        say("unpack", &k, counts[c], 0,
            hash_of(back.data, counts[c], (uint64_t)kernel->unpack(&k, counts[c], bytes.data, back.data)));
      }
      give(codes);
      give(bytes);
      give(back);
    }
  }
}

static void batches(void) {
  static const uint64_t rows[] = {0, 1, 2, 3, 7, 15, 17, 31, 32, 33, 63, 65, 100, 101, 127, 129, 255, 257, 1023, 1025};
  for (int r = 0; r < 20; ++r) {
    random_rows("rows", make(3, 4, 9), 0, rows[r]);
    random_rows("rows", make(13, 2, 9), 0xfffffffe, rows[r]);
    random_rows("rows", make(5, 5, 9), 0x500000003, rows[r]);
  }
  random_rows("rows", make(1, 1, 3), 0, 65600);
  for (uint64_t n = 1; n <= 130; ++n) random_rows("dimension", make(n, (uint32_t)(n % 8 + 1), 11), 5, 3);
  for (uint64_t n = 1; n <= 40; ++n) random_rows("bits", make(n, n % 4 < 2 ? 1 : 3, 12), 5, 3);
}

static void sizes(void) {
  static const uint64_t n[] = {384,  500,  768,  784,  896,  1024, 1200, 1536,  1792,  2047,  2048,
                               2050, 3072, 3500, 4096, 5000, 8192, 9000, 16385, 32769, 65536, 131072};
  for (int i = 0; i < 22; ++i) random_rows("size", make(n[i], i % 2 == 0 ? 4 : 8, 13), 3, 1);
}

/* What a cache may forget: calls that differ in one thing. */
static void caches(void) {
  static float x[200], q[200];
  static const uint64_t seeds[] = {1, 0x100000001, 0x200000001, 2, 0x100000002, 0x200000000, 0x300000003, 0};
  for (int i = 0; i < 200; ++i) x[i] = uniform(), q[i] = uniform();
  for (int i = 0; i < 8; ++i) {
    const config k = make(20, 4, seeds[i]);
    rows_through("seed", &k, 1, 1, x, q);
  }
  for (int i = 0; i < 4; ++i) {
    config k = make(20, 8, 1);
    q[10] += 1;
    rows_through("query", &k, 1, 1, x, q);
    k.bits = 3;
    rows_through("bits", &k, 1, 1, x, q);
    rows_through("row", &k, 1 + ((uint64_t)1 << 16), 1, x, q);
    rows_through("row", &k, 1 + ((uint64_t)1 << 32), 1, x, q);
    rows_through("row", &k, 1, 1, x, q);
    k = make(12, 8, 1);
    rows_through("after 12", &k, 1, 1, x, q);
    k = make(10, 8, 1);
    rows_through("shorter", &k, 1, 1, x, q);
    k = make(11, 8, 1);
    rows_through("longer", &k, 1, 1, x, q);
    k = make(150, 5, 1);
    rows_through("longer", &k, 1, 1, x, q);
  }
}

static void threads(void) {
  for (uint32_t t = 2; t <= 64; t += t < 17 ? 1 : 47) {
    config k = make(300, 4, 21);
    k.threads = t;
    random_rows("threads", k, 0, 3);
    random_rows("threads", k, 0, 50);
  }
  for (uint32_t v = 0; v < 4; ++v) {
    for (uint64_t n = 1; n < 64; n += 5) {
      config k = make(n, n % 2 == 0 ? 1 : 4, 21);
      k.variant = v < kernel->variants ? v : 0;
      random_rows("variants", k, 0, 40);
    }
  }
  for (int i = 0; i < 500; ++i) random_rows("again", make(4, 4, 0), 0, 1);
}

/* Rows and queries with zeros, one entry, tiny, huge, equal, negative entries. */
static void shapes(void) {
  static float x[40 * 24], q[24];
  static const float scales[] = {1,     0x1p-149f, 1e-42f, 1e-38f, 1e-30f,   0x1p-100f, 0x1p-99f,   1e-10f,
                                 0.01f, 40000,     3e6f,   1e30f,  0x1p100f, 0x1p101f,  0x1.8p101f, 1e38f};
  for (uint64_t n = 1; n <= 24; n += n < 4 ? 1 : 5) {
    for (int s = 0; s < 16; ++s) {
      const config k = make(n, (uint32_t)(n % 8) + 1, 31);
      for (uint64_t i = 0; i < 4 * n; ++i) x[i] = i % 4 == 1 ? uniform() : uniform() * scales[s] * 0.3f;
      for (uint64_t i = 0; i < n; ++i) x[n + i] = 0, x[2 * n + i] = i + 1 == n ? scales[s] : 0;
      for (int shape = 0; shape < 6; ++shape) {
        for (uint64_t i = 0; i < n; ++i) {
          const float value[] = {
              uniform() * scales[s] * 0.3f, 0, i + 1 == n ? scales[s] : 0, scales[s] * 0.25f, -fabsf(uniform()),
              i == 0 ? 0 : uniform()};
          q[i] = value[shape];
        }
        rows_through("shape", &k, 0, 4, x, q);
      }
    }
  }
  for (uint64_t i = 0; i < 24; ++i) x[i] = -fabsf(uniform());
  const config k = make(24, 4, 31);
  rows_through("negative", &k, 0, 1, x, x);
  x[0] = 0;
  const config one = make(1, 4, 31);
  rows_through("zero", &one, 0, 1, x, x);
}

/* Rows whose dither words are the smallest and the largest of four million, and x along a row of H. */
static void extremes(void) {
  if (kernel->dither == NULL || kernel->signs == NULL) return;
  enum { COUNT = 1 << 22, KEPT = 3 };
  config k = make(512, 4, 41);
  uint32_t* words = malloc(COUNT * sizeof *words);
  int8_t epsilon[4096];
  if (kernel->dither(&k, 0, COUNT, words) != HDQ_KERNEL_OK || kernel->signs(&k, 4096, epsilon) != HDQ_KERNEL_OK) return;
  static const uint32_t below[] = {1u << 12, 1u << 16, 1u << 19};
  for (int end = 0; end < 2; ++end) {
    for (int b = 0; b < KEPT; ++b) {
      uint64_t row = 0;
      while (row < COUNT && (end ? ~words[row] : words[row]) >= below[b]) ++row;
      for (uint32_t bits = 1; bits <= 8 && row < COUNT; ++bits) {
        k = make(512, bits, 41);
        float x[512];
        for (int i = 0; i < 512; ++i) x[i] = epsilon[i];
        rows_through("extreme", &k, row, 1, x, x);
        for (int i = 0; i < 512; ++i) x[i] = (float)-epsilon[i];
        for (uint64_t n = 8; n <= 512; n *= 2) {
          k = make(n, bits, 41);
          rows_through("extreme", &k, row, 1, x, x);
        }
        for (int i = 0; i < 512; ++i) x[i] = uniform();
        rows_through("extreme", &k, row, 1, x, x);
      }
    }
  }
  free(words);
  for (uint32_t bits = 1; bits <= 8; ++bits) {
    float x[4];
    k = make(4, bits, 41);
    for (int i = 0; i < 4; ++i) x[i] = epsilon[i] * 1.2e38f;
    rows_through("huge sum", &k, 1, 1, x, x);
  }
}

static void bad_input(void) {
  static float x[40 * 2000];
  static const uint32_t bits[] = {0x7fc00000, 0x7f800001, 0xffc00000, 0xff800001, 0x7f800000, 0xff800000};
  for (int b = 0; b < 6; ++b) {
    static const uint64_t n[] = {5, 20, 67, 1100};
    static const uint64_t column[] = {0, 4, 19, 66, 1099};
    for (int i = 0; i < 4; ++i) {
      for (int c = 0; c < 5; ++c) {
        const config k = make(n[i], 2, 51);
        if (column[c] >= n[i]) continue;
        for (uint64_t j = 0; j < 20 * n[i]; ++j) x[j] = uniform();
        memcpy(x + 18 * n[i] + column[c], bits + b, 4);
        rows_through("bad", &k, 7, 20, x, NULL);
        memcpy(x + 18 * n[i] + (column[c] + 2) % n[i], bits + b, 4);
        rows_through("two bad", &k, 7, 20, x, NULL);
        memcpy(x + 3 * n[i] + (column[c] + 1) % n[i], bits + b, 4);
        rows_through("bad", &k, 7, 20, x, NULL);
      }
    }
  }
  for (uint64_t n = 1; n <= 30; n += 7) {
    const config k = make(n, 2, 51);
    for (uint64_t j = 0; j < 3 * n; ++j) x[j] = 0x1.fp127f;
    rows_through("overflow", &k, 7, 3, x, NULL);
    for (uint64_t j = 0; j < 3 * n; ++j) x[j] = 0;
    x[n / 2] = 0x1.8p127f;
    rows_through("large", &k, 7, 3, x, NULL);
    x[n / 2] = 0x1.8p126f;
    rows_through("large", &k, 7, 3, x, NULL);
  }
}

static void load_through(const char* what, const config* k, uint64_t rows, const uint8_t* file, uint64_t size) {
  guarded norms = take(rows * 4), codes = take(rows * code_bytes(k)), in = take(size);
  memcpy(in.data, file, size);
  const int status = kernel->load(k, rows, in.data, size, (float*)norms.data, codes.data);
  uint64_t hash = hash_of(&status, sizeof status, 1);
  if (status == HDQ_KERNEL_OK) hash = hash_of(codes.data, rows * code_bytes(k), hash_of(norms.data, rows * 4, hash));
  say(what, k, rows, size, hash);
  give(norms);
  give(codes);
  give(in);
}

static void files(void) {
  if (kernel->save == NULL || kernel->load == NULL) return;
  config k = make(500, 4, 61);
  const uint64_t rows = 41, bytes = code_bytes(&k);
  float* norms = malloc(rows * 4);
  uint8_t* codes = malloc(rows * bytes);
  for (uint64_t i = 0; i < rows; ++i) norms[i] = uniform();
  for (uint64_t i = 0; i < rows * bytes; ++i) codes[i] = (uint8_t)next();
  uint64_t size = 4096 + rows * (bytes + 4);
  uint8_t* file = calloc(1, size + 100);
  int status = kernel->save(&k, rows, norms, codes, file, &size);
  say("save", &k, rows, size, hash_of(&size, sizeof size, (uint64_t)status));
  load_through("load", &k, rows, file, size);
  for (uint64_t i = 0; i < size; i += i < 60 ? 1 : 1 + size / 997) {
    file[i] = (uint8_t)(file[i] ^ 1u << (i % 8));
    load_through("flip", &k, rows, file, size);
    file[i] = (uint8_t)(file[i] ^ 1u << (i % 8));
  }
  for (uint64_t i = 0; i < 40; ++i) {
    file[i % size] ^= 1, file[size - 1 - i] ^= 32;
    load_through("two flips", &k, rows, file, size);
    file[i % size] ^= 1, file[size - 1 - i] ^= 32;
    uint8_t* two = file + 400 + 4 * i;
    const uint8_t kept = two[0], other = two[4];
    two[0] = other, two[4] = kept;
    load_through("exchanged", &k, rows, file, size);
    two[0] = kept, two[4] = other;
    load_through("longer", &k, rows, file, size + 2 * i);
  }
  for (uint64_t i = 0; i < 1024; ++i) {
    uint8_t* last = file + size - 1 - i / 8;
    *last = (uint8_t)(*last ^ 1u << (i % 8));
    load_through("flip in the end", &k, rows, file, size);
    *last = (uint8_t)(*last ^ 1u << (i % 8));
  }
  k.seed = 62;
  load_through("other seed", &k, rows, file, size);
  k = make(1000, 2, 61);
  load_through("other shape", &k, rows, file, size);
  k = make(501, 4, 61);
  load_through("other dimension", &k, rows, file, size);
  k = make(500, 4, 61);
  guarded small = take(rows * 4 + 7);
  uint64_t capacity = rows * 4 + 7;
  status = kernel->save(&k, rows, norms, codes, small.data, &capacity);
  say("small", &k, rows, 0, (uint64_t)status);
  give(small);
}

static void table(void) {
  const hdq_kernel* t = kernel;
  const uint64_t numbers[] = {
      t->struct_version, t->struct_bytes,   t->promise,    t->bit_widths,
      t->max_dimension,  t->alignment,      t->variants,   t->name == NULL ? 1 : hash_of(t->name, strlen(t->name), 0),
      t->encode != NULL, t->decode != NULL, t->dot != NULL};
  const config k = {0};
  say("table", &k, 0, 0, hash_of(t->claimed_error, sizeof t->claimed_error, hash_of(numbers, sizeof numbers, 1)));
}

/* What a kernel may not touch: another's descriptor, the rounding mode, denormals. */
static void process(int descriptor) {
  const volatile float least = 0x1p-126f;
  const float half = least / 2;
  const uint64_t state_after[] = {(uint64_t)(fcntl(descriptor, F_GETFD) >= 0), (uint64_t)fegetround(),
                                  (uint64_t)(half > 0)};
  const config k = {0};
  say("process", &k, 0, 0, hash_of(state_after, sizeof state_after, 1));
}

int main(int count, char** argument) {
  if (count != 3) return 2;
  void* library = dlopen(argument[1], RTLD_NOW | RTLD_LOCAL);
  kernel = library == NULL ? NULL : dlsym(library, "hdq_kernel_v1");
  if (kernel == NULL) return 2;
  fill = (uint8_t)atoi(argument[2]);
  const int descriptor = open("/dev/null", O_RDONLY);
  table();
  if (kernel->struct_version != HDQ_KERNEL_VERSION || kernel->struct_bytes != sizeof(hdq_kernel)) return 0;
  stages();
  packing();
  caches();
  shapes();
  bad_input();
  batches();
  files();
  threads();
  extremes();
  sizes();
  process(descriptor);
  return 0;
}
