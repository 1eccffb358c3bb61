/* The library from C, where a C++ compiler links it. */
#include <stdio.h>

#include "hdq/hdq.h"

int main(void) {
  hdq_codec* codec = NULL;
  if (hdq_codec_create(100, 4, 1, NULL, &codec) != HDQ_OK) return 1;
  printf("hdq %s: %d bits\n", hdq_version(), hdq_codec_bits(codec));
  hdq_codec_destroy(codec);
  return 0;
}
