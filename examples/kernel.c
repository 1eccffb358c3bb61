/* The pipe protocol of `hdq validate -- ./kernel` (docs/pipe-protocol.md) in C, with a kernel of two operations.
     cc -O2 -o kernel kernel.c && hdq validate -- ./kernel
   The host must be little-endian. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC, OPERATION, DIMENSION, ORDER, SEED, BITS, THREADS, VARIANT, FIRST_ROW, ROWS, COUNT, WORD, OUTPUT_0, OUTPUT_1, INPUT, STEP };
enum { INFO = 0, PACK = 10, UNPACK = 11 };
enum { DONE = 0, UNSUPPORTED = 1, BAD_INPUT = 2, FAILED = 3 };

static const char info[] = "{\"name\": \"packing in C\", \"promise\": \"conformant\", \"operations\": [\"pack\", \"unpack\"]}";

/* Replace these by your own. Code j is in bits [j b, (j + 1) b). */
static void pack(uint64_t b, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  uint64_t i;
  for (i = 0; i < count * b; ++i) bytes[i / 8] |= (uint8_t)((codes[i / b] >> (i % b) & 1) << (i % 8));
}
static void unpack(uint64_t b, uint64_t count, const uint8_t* bytes, uint8_t* codes) {
  uint64_t i;
  for (i = 0; i < count * b; ++i) codes[i / b] |= (uint8_t)((bytes[i / 8] >> (i % 8) & 1) << (i % b));
}

static void answer(uint64_t status, const void* body, uint64_t bytes) {
  uint64_t header[5] = {0, 0, 0, 0, 0};
  memcpy(header, "HDQREPLY", 8);
  header[1] = status;
  header[4] = bytes;
  fwrite(header, sizeof header, 1, stdout);
  fwrite(body, 1, bytes, stdout);
  fflush(stdout);
}

int main(void) {
  uint64_t call[16];
  while (fread(call, sizeof call, 1, stdin) == 1) {
    uint64_t size = call[OUTPUT_0] + call[OUTPUT_1];
    uint8_t *input = malloc(call[INPUT] + 1), *output = calloc(size + 1, 1);
    if (!input || !output || fread(input, 1, call[INPUT], stdin) != call[INPUT]) return 1;
    if (call[OPERATION] == INFO) {
      answer(DONE, info, sizeof info - 1);
    } else if (call[OPERATION] == PACK) {
      pack(call[BITS], call[COUNT], input, output);
      answer(DONE, output, size);
    } else if (call[OPERATION] == UNPACK) {
      unpack(call[BITS], call[COUNT], input, output);
      answer(DONE, output, size);
    } else {
      answer(UNSUPPORTED, "no such operation", 17);
    }
    free(input);
    free(output);
  }
  return 0;
}
