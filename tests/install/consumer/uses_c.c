/* The C interface, from C. */
#include <stdio.h>
#include <stdlib.h>

#include "hdq/hdq.h"
#include "hdq/hdq_kernel.h"

int main(void) {
  hdq_codec* codec;
  float x[100], y[100], norm;
  uint8_t* codes;
  double error = 0;
  int i;
  for (i = 0; i < 100; ++i) x[i] = i == 7;
  if (hdq_codec_create(100, 8, 1, NULL, &codec) != HDQ_OK) return 1;
  codes = malloc(hdq_codec_code_bytes(codec));
  if (hdq_encode(codec, x, 1, 0, &norm, codes, 0) != HDQ_OK || hdq_decode(codec, &norm, codes, 1, 0, y, 0) != HDQ_OK) return 1;
  for (i = 0; i < 100; ++i) error += (x[i] - y[i]) * (x[i] - y[i]);
  printf("hdq %s: squared error %g\n", hdq_version(), error);
  free(codes);
  hdq_codec_destroy(codec);
  return error < 1e-3 && HDQ_KERNEL_VERSION == 3 ? 0 : 1;
}
