/* C interface of hdq: an opaque codec and error codes; no exception crosses it. Semantics as in hdq/codec.hpp. */
#ifndef HDQ_HDQ_H
#define HDQ_HDQ_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hdq_codec hdq_codec;

typedef enum hdq_status {
  HDQ_OK = 0,
  HDQ_INVALID_ARGUMENT = 1, /* a null pointer, a dimension, bits, stride or instruction set out of range */
  HDQ_INVALID_INPUT = 2,    /* NaN, infinity, or a norm that float32 cannot hold */
  HDQ_OUT_OF_MEMORY = 3,
  HDQ_INTERNAL_ERROR = 4
} hdq_status;

typedef enum hdq_isa { HDQ_ISA_AUTO = 0, HDQ_ISA_AVX512 = 1, HDQ_ISA_AVX2 = 2, HDQ_ISA_SCALAR = 3, HDQ_ISA_NEON = 4 } hdq_isa;

/* bits 1..8; threads 0 = one per hardware thread. On success *codec is to be released by hdq_codec_destroy. */
hdq_status hdq_codec_create(size_t dimension, int bits, uint64_t seed, hdq_isa isa, int threads, hdq_codec** codec);
void hdq_codec_destroy(hdq_codec* codec);

size_t hdq_codec_order(const hdq_codec* codec);      /* d */
size_t hdq_codec_code_bytes(const hdq_codec* codec); /* bytes of codes per row */

/* x: rows × dimension float32, row_stride in elements (0: dimension); norms: rows; codes: rows × code_bytes.
   Row i takes the dither of row number first_row + i. */
hdq_status hdq_encode(const hdq_codec* codec, const float* x, size_t rows, size_t row_stride, uint64_t first_row,
                      float* norms, uint8_t* codes);
/* The same of IEEE binary16 or bfloat16 numbers, given by their bits and widened exactly. */
hdq_status hdq_encode_float16(const hdq_codec* codec, const uint16_t* x, size_t rows, size_t row_stride, uint64_t first_row,
                              float* norms, uint8_t* codes);
hdq_status hdq_encode_bfloat16(const hdq_codec* codec, const uint16_t* x, size_t rows, size_t row_stride, uint64_t first_row,
                               float* norms, uint8_t* codes);
hdq_status hdq_decode(const hdq_codec* codec, const float* norms, const uint8_t* codes, size_t rows, uint64_t first_row,
                      float* x, size_t row_stride);

/* Scores of float32 queries against codes, and the k nearest rows; semantics as in hdq/score.hpp and hdq/search.hpp. */
typedef struct hdq_scorer hdq_scorer;
typedef enum hdq_metric { HDQ_INNER_PRODUCT = 0, HDQ_SQUARED_DISTANCE = 1, HDQ_COSINE = 2 } hdq_metric;

/* queries: count x dimension, query_stride in elements (0: dimension). They are copied. The scorer may outlive the codec. */
hdq_status hdq_scorer_create(const hdq_codec* codec, const float* queries, size_t count, size_t query_stride, hdq_scorer** scorer);
void hdq_scorer_destroy(hdq_scorer* scorer);

/* scores[query * scores_stride + row]; scores_stride 0: rows. */
hdq_status hdq_score(const hdq_scorer* scorer, hdq_metric metric, const float* norms, const uint8_t* codes, size_t rows,
                     uint64_t first_row, float* scores, size_t scores_stride);
/* found and scores: queries x k, nearest first, rows counted from 0; scores may be NULL. 1 <= k <= rows. */
hdq_status hdq_search(const hdq_scorer* scorer, hdq_metric metric, const float* norms, const uint8_t* codes, size_t rows,
                      uint64_t first_row, size_t k, uint64_t* found, float* scores);

/* One line on the calling thread's last failure: names the row and column, or the argument. Never NULL. */
const char* hdq_last_error(void);
const char* hdq_version(void);

#ifdef __cplusplus
}
#endif

#endif /* HDQ_HDQ_H */
