/* What Eva runs: every function of the plain kernel (tests/kernels/plain/hdq_plain.c), through the plug-in's table as the validator calls it.
 * DIMENSION, ORDER and BITS are the configuration. All seeds, row numbers, words, finite floats, codes, bytes and file lengths are in the
 * analysis at once; what a function must write is asserted to be written. */
#include <stdint.h>
#include <__fc_builtin.h>

#include "hdq/hdq_kernel.h"

extern const hdq_kernel hdq_kernel_v1;

/* The libm functions of which Frama-C's library has no specification. */
/*@ assigns \result \from x;
    ensures \is_NaN(x) || 0 <= \result <= 2; */
extern double erfc(double x);

#ifdef HDQ_PLAIN_PADDED
enum { row_bytes = (ORDER * BITS + 7) / 8 / 64 * 64 + 64 };
#else
enum { row_bytes = (ORDER * BITS + 7) / 8 };
#endif
enum { rows = 2, file_bytes = 8 + 4 * 8 + rows * (4 + row_bytes) + 4 };

static float x[rows * DIMENSION], y[rows * ORDER], norms[rows];
static uint8_t codes[rows * row_bytes], unpacked[ORDER], file[file_bytes];

static void any_floats(float* out, int count) {
  for (int i = 0; i < count; ++i) out[i] = Frama_C_float_interval(-0x1.fffffep127f, 0x1.fffffep127f);
}
static void any_bytes(uint8_t* out, int count) {
  for (int i = 0; i < count; ++i) out[i] = Frama_C_unsigned_char_interval(0, 255);
}
static void any_rows(void) {
  for (int i = 0; i < rows; ++i) norms[i] = Frama_C_float_interval(0, 0x1.fffffep127f);
  any_bytes(codes, rows * row_bytes);
}

static void streams(const hdq_kernel_config* k, uint64_t first_row) {
  int8_t epsilon[ORDER];
  uint32_t words[rows];
  hdq_kernel_v1.signs(k, ORDER, epsilon);
  hdq_kernel_v1.dither(k, first_row, rows, words);
  /*@ assert \initialized(&epsilon[0 .. ORDER - 1]); */
  /*@ assert \initialized(&words[0 .. rows - 1]); */
}

static void codebook(const hdq_kernel_config* k) {
  double theta[1 << BITS], r[1 << BITS];
  const uint32_t word = Frama_C_unsigned_int_interval(0, UINT32_MAX);
  hdq_kernel_v1.thresholds(k, word, theta);
  hdq_kernel_v1.codewords(k, word, r);
  /*@ assert \initialized(&theta[0 .. (1 << BITS) - 2]); */
  /*@ assert \initialized(&r[0 .. (1 << BITS) - 1]); */
}

static void transforms(const hdq_kernel_config* k) {
  float to[rows * ORDER], back[rows * DIMENSION];
  any_floats(x, rows * DIMENSION);
  hdq_kernel_v1.transform(k, rows, x, to);
  any_floats(y, rows * ORDER);
  hdq_kernel_v1.transform_transposed(k, rows, y, back);
  /*@ assert \initialized(&to[0 .. rows * ORDER - 1]); */
  /*@ assert \initialized(&back[0 .. rows * DIMENSION - 1]); */
}

static void vectors(const hdq_kernel_config* k, uint64_t first_row) {
  uint8_t encoded[rows * row_bytes];
  float found[rows], decoded[rows * DIMENSION], products[rows];
  hdq_kernel_position bad;
  any_floats(x, rows * DIMENSION);
  const int status = hdq_kernel_v1.encode(k, first_row, rows, x, found, encoded, &bad);
  if (status == HDQ_KERNEL_OK) {
    /*@ assert \initialized(&found[0 .. rows - 1]); */
    /*@ assert \initialized(&encoded[0 .. rows * row_bytes - 1]); */
  } else {
    /*@ assert status == HDQ_KERNEL_BAD_INPUT; */
    /*@ assert \initialized(&bad.row) && bad.row < rows; */
    /*@ assert \initialized(&bad.column); */
  }
  any_rows();
  hdq_kernel_v1.decode(k, first_row, rows, norms, codes, decoded);
  any_floats(x, DIMENSION);
  hdq_kernel_v1.dot(k, first_row, rows, norms, codes, x, products);
  /*@ assert \initialized(&decoded[0 .. rows * DIMENSION - 1]); */
  /*@ assert \initialized(&products[0 .. rows - 1]); */
}

static void packing(const hdq_kernel_config* k) {
  uint8_t bytes[(ORDER * BITS + 7) / 8], code[ORDER];
  any_bytes(unpacked, ORDER);
  hdq_kernel_v1.pack(k, ORDER, unpacked, bytes);
  any_bytes(codes, (ORDER * BITS + 7) / 8);
  hdq_kernel_v1.unpack(k, ORDER, codes, code);
  /*@ assert \initialized(&bytes[0 .. (ORDER * BITS + 7) / 8 - 1]); */
  /*@ assert \forall integer j; 0 <= j < ORDER ==> code[j] < (1 << BITS); */
}

static void files(const hdq_kernel_config* k) {
  uint8_t saved[file_bytes];
  uint64_t size = Frama_C_unsigned_long_long_interval(0, file_bytes);
  any_rows();
  if (hdq_kernel_v1.save(k, rows, norms, codes, saved, &size) == HDQ_KERNEL_OK) {
    /*@ assert size == file_bytes; */
    /*@ assert \initialized(&saved[0 .. file_bytes - 1]); */
  }
  any_bytes(file, file_bytes);
  hdq_kernel_v1.load(k, rows, file, Frama_C_unsigned_long_long_interval(0, file_bytes), norms, codes);
}

int main(void) {
  const hdq_kernel_config k = {.dimension = DIMENSION,
                               .order = ORDER,
                               .bits = BITS,
                               .seed = Frama_C_unsigned_long_long_interval(0, UINT64_MAX)};
  const uint64_t first_row = Frama_C_unsigned_long_long_interval(0, UINT64_MAX);
  double constant;
  streams(&k, first_row);
  codebook(&k);
  transforms(&k);
  vectors(&k, first_row);
  packing(&k);
  files(&k);
  hdq_kernel_v1.error_constant(&k, &constant);
  return 0;
}
