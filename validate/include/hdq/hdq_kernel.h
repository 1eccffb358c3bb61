/* The plug-in interface of `hdq validate`: export one symbol, hdq_kernel_v1, from a shared object and run
 *
 *     cc -shared -fPIC -o my_kernel.so my_kernel.c && hdq validate ./my_kernel.so
 *
 * This header needs nothing but the C standard library; copy it. Section numbers refer to docs/SPEC.md.
 *
 * Any function may be NULL: what is there is checked, alone and against what else is there. A kernel with a transform only
 * is a kernel. Each call happens in a child process: inputs are on read-only pages, every buffer ends (or begins) at a
 * page that may not be touched. Functions keep no pointer to their arguments, and use none after they have returned. They may be called in
 * any order, with a different configuration each time, and by several threads at once. The same arguments must give the same output bytes.
 *
 * Arrays are contiguous, row after row. n = dimension, d = order, b = bits, N = 2^b.
 */
#ifndef HDQ_KERNEL_H
#define HDQ_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HDQ_KERNEL_VERSION \
  3 /* version 1 ended before profile, version 2 before schemes; such kernels are judged as before */

/* What a function returns. */
enum {
  HDQ_KERNEL_OK = 0,
  HDQ_KERNEL_UNSUPPORTED = 1, /* this dimension, bit width, seed or variant is not offered: skipped, and listed;
                                   not for what rows hold, their number, threads, or earlier calls */
  HDQ_KERNEL_BAD_INPUT = 2,   /* NaN, infinity, a norm that float32 cannot hold, a file that is damaged */
  HDQ_KERNEL_FAILED = 3       /* anything else */
};

/* How much is promised, and so judged. */
enum {
  /* Any vector quantizer with its own randomness: x → x̂ is audited statistically, stages are not compared. */
  HDQ_KERNEL_OWN_SCHEME = 0,
  /* SPEC §1–§4 with a rounding of one's own: any order of additions, float32 or wider, codebook to 2^-40 (1 + |exact|).
     Codes and values are judged in real arithmetic, within the rounding bound of the worst order of additions. */
  HDQ_KERNEL_CONFORMANT = 1,
  /* SPEC §4 to the letter: the tighter bound of its order of additions, and the same bytes as the hdq library. */
  HDQ_KERNEL_BIT_EXACT = 2
};

#define HDQ_KERNEL_MAX_BITS 8

/* What a kernel can be asked for: bits of hdq_kernel.schemes. */
enum {
  HDQ_KERNEL_FIXED_RATE = 1, /* SPEC §3 and §4, or a scheme of one's own: a configuration has bits */
  HDQ_KERNEL_ENTROPY_CODED =
      2 /* SPEC §7: a configuration has a step. The same functions are called, and those of version 3. A row of codes is
                                  d numbers k_j, int16_t if d <= ((32767 - 2^h)·step)², else int32_t, aligned as that type is.
                                  Thresholds, codewords, code_bytes, pack, unpack and error_constant are not called. save and load
                                  number rows from 0. */
};

typedef struct hdq_kernel_config {
  uint64_t dimension; /* n: coordinates of x */
  uint64_t order;     /* d: the smallest supported Hadamard order >= n (SPEC §1) */
  uint64_t seed;
  uint32_t bits;      /* b, 1 ... HDQ_KERNEL_MAX_BITS; 0 where there is a step */
  uint32_t threads;   /* how many the kernel should use, if it can; the result may not depend on it */
  uint32_t variant;   /* 0 ... variants − 1; the result may not depend on it */
  float step;         /* Δ of the entropy-coded scheme, in [2^-10, 16]; 0 elsewhere (since version 3) */
} hdq_kernel_config;

/* Where a BAD_INPUT lies: the first bad row, counted from the first row of the call, and its first bad column; column = UINT64_MAX
   for a norm that float32 cannot hold. */
typedef struct hdq_kernel_position {
  uint64_t row, column;
} hdq_kernel_position;

typedef struct hdq_kernel {
  uint32_t struct_version; /* HDQ_KERNEL_VERSION */
  uint32_t struct_bytes;   /* sizeof(hdq_kernel) */
  const char* name;
  const char* version;
  uint32_t promise;        /* HDQ_KERNEL_OWN_SCHEME, _CONFORMANT or _BIT_EXACT */
  uint32_t bit_widths;     /* bit b is set where b bits are supported; 0 means all */
  uint64_t max_dimension;  /* 0: no limit of its own */
  uint32_t alignment;      /* bytes that every float array must be aligned to, a power of two up to 4096; 0 or 1: none beyond that of the type */
  uint32_t variants;       /* code paths to compare, such as instruction sets, at most 64; 0 or 1: only one */
  /* E‖x̂ − x‖² <= claimed_error[b]·‖x‖² for every x. 0: the certified uniform bound of SPEC §5.5 is taken as the claim. */
  double claimed_error[HDQ_KERNEL_MAX_BITS + 1];

  /* SPEC §2. epsilon[i], 0 <= i < count: −1 or +1. */
  int (*signs)(const hdq_kernel_config*, uint64_t count, int8_t* epsilon);
  /* SPEC §2. words[i]: the dither word w of row first_row + i. */
  int (*dither)(const hdq_kernel_config*, uint64_t first_row, uint64_t rows, uint32_t* words);

  /* SPEC §3, for the dither U = (word + 1/2)/2^32. theta: N − 1 numbers θ_1 ... θ_{N−1}; r: N numbers r_0 ... r_{N−1}. */
  int (*thresholds)(const hdq_kernel_config*, uint32_t word, double* theta);
  int (*codewords)(const hdq_kernel_config*, uint32_t word, double* r);

  /* SPEC §1. y = H D x, not normalised. x: rows × n; y: rows × d. */
  int (*transform)(const hdq_kernel_config*, uint64_t rows, const float* x, float* y);
  /* x = D Hᵀ y, not normalised, the first n coordinates. y: rows × d; x: rows × n. */
  int (*transform_transposed)(const hdq_kernel_config*, uint64_t rows, const float* y, float* x);

  /* Bytes of codes per row. NULL: ceil(d·b/8), as SPEC §4 has it. More are padding at the end of each row, of any content. */
  int (*code_bytes)(const hdq_kernel_config*, uint64_t* bytes);
  /* SPEC §4. x: rows × n; norms: rows; codes: rows × code_bytes, packed. *bad is written with BAD_INPUT. */
  int (*encode)(const hdq_kernel_config*, uint64_t first_row, uint64_t rows, const float* x, float* norms, uint8_t* codes,
                hdq_kernel_position* bad);
  int (*decode)(const hdq_kernel_config*, uint64_t first_row, uint64_t rows, const float* norms, const uint8_t* codes, float* x);
  /* Codes of one byte each to a bit string of ceil(count·b/8) bytes, code j in bits [j·b, (j + 1)·b), unused bits 0; and back. */
  int (*pack)(const hdq_kernel_config*, uint64_t count, const uint8_t* codes, uint8_t* bytes);
  int (*unpack)(const hdq_kernel_config*, uint64_t count, const uint8_t* bytes, uint8_t* codes);
  /* out[i] = ⟨q, x̂_i⟩. q: n floats. */
  int (*dot)(const hdq_kernel_config*, uint64_t first_row, uint64_t rows, const float* norms, const uint8_t* codes, const float* q,
             float* out);

  /* x → x̂ at once, both rows × n, for kernels whose codes stay inside. */
  int (*reconstruct)(const hdq_kernel_config*, uint64_t first_row, uint64_t rows, const float* x, float* decoded,
                     hdq_kernel_position* bad);

  /* A file of encoded rows: *size is the capacity of file at entry, the bytes written at return. load returns BAD_INPUT
     for any file that save did not write with this dimension, bits, seed and number of rows. */
  int (*save)(const hdq_kernel_config*, uint64_t rows, const float* norms, const uint8_t* codes, uint8_t* file, uint64_t* size);
  int (*load)(const hdq_kernel_config*, uint64_t rows, const uint8_t* file, uint64_t size, float* norms, uint8_t* codes);

  /* The bound C on sup over x of E‖x̂ − x‖²/‖x‖²·4^b that the kernel's own tests or documentation hold against it. */
  int (*error_constant)(const hdq_kernel_config*, double* constant);

  /* ---- since version 2: kernels of other conventions (docs/profiles.md) ---- */
  /* The kernel's profile: the name of a shipped one, or its JSON text; NULL: none, or the one of --profile. With a profile, d is the
     profile's rotated length, transform its rotation with every factor, norms the numbers that it stores. */
  const char* profile;
  /* Data of the scheme: randomness, permutations, matrices, tables, by the name that the profile gives them; values: count numbers. */
  int (*data)(const hdq_kernel_config*, const char* name, uint64_t first_row, uint64_t count, double* values);

  /* ---- since version 3: the entropy-coded scheme, SPEC §7 ---- */
  uint32_t schemes;    /* HDQ_KERNEL_FIXED_RATE and HDQ_KERNEL_ENTROPY_CODED, together; 0: the first alone */
  uint32_t step_count; /* of steps, at most 64; 0: every step is offered */
  const float* steps;
  /* Of a step: two numbers, the raw bits h and K. */
  int (*coding)(const hdq_kernel_config*, uint32_t* raw_bits_and_largest);
  /* 64 × (2K + 2) frequencies, bucket after bucket: f_c for c = −K ... K, and that of the escape. */
  int (*frequencies)(const hdq_kernel_config*, uint32_t* frequencies);
  /* One row: raw takes the ceil(d·h/8) bytes of its raw bits as in the file (docs/format.md), stream its stream; *bytes is the
     capacity of stream at entry, the length of the stream at return. codes: d numbers k_j. */
  int (*put_row)(const hdq_kernel_config*, uint64_t row, float norm, const void* codes, uint8_t* raw, uint8_t* stream,
                 uint64_t* bytes);
  /* And back. BAD_INPUT for what put_row does not write for this row and configuration: §7 says how a stream ends. */
  int (*get_row)(const hdq_kernel_config*, uint64_t row, const uint8_t* raw, const uint8_t* stream, uint64_t bytes,
                 float* norm, void* codes);
} hdq_kernel;

/* The one exported symbol. */
#if defined(_WIN32)
__declspec(dllexport)
#elif defined(__GNUC__)
__attribute__((visibility("default")))
#endif
extern const hdq_kernel hdq_kernel_v1;

#ifdef __cplusplus
}
#endif

#endif /* HDQ_KERNEL_H */
