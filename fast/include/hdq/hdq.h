/* C interface of hdq: opaque handles and status codes; no exception crosses it. Semantics, ranges and errors are those of the C++
   headers: hdq/codec.hpp, hdq/score.hpp, hdq/search.hpp, hdq/file.hpp.

   Parameters come in this order, as in C++: the handle; what is asked; what is read; what is written. Rows of numbers are
   (x, rows, stride), stride in elements, 0 for the dimension; codes are (norms, codes, rows, first_row), row i having the row number
   first_row + i; where one call has both, rows stands once, with the first. Enumerators are passed as int: any other number is
   HDQ_INVALID_ARGUMENT. A handle that a call creates is NULL after a failure; destroying NULL does nothing. */
#ifndef HDQ_HDQ_H
#define HDQ_HDQ_H

#include <stddef.h>
#include <stdint.h>

#include "hdq/export.h"
#include "hdq/version.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum hdq_status {
  HDQ_OK = 0,
  HDQ_INVALID_ARGUMENT = 1, /* a null pointer, a number or an enumerator out of range, codes of another codec */
  HDQ_INVALID_INPUT = 2,    /* NaN, infinity, a norm or a score that float32 cannot hold: hdq_last_error_row says where */
  HDQ_OUT_OF_MEMORY = 3,
  HDQ_INTERNAL_ERROR = 4,
  HDQ_FILE_ERROR = 5        /* a file that cannot be read or written, or does not hold what its checksums say */
} hdq_status;

/* ---- errors: of the calling thread's last failure ---- */

#define HDQ_NONE ((size_t)-1)
HDQ_EXPORT const char* hdq_last_error(void);      /* one line: names the row and column, the argument or the file; never NULL */
HDQ_EXPORT size_t hdq_last_error_row(void);       /* of HDQ_INVALID_INPUT: row or query, counted from the call's first; else HDQ_NONE */
HDQ_EXPORT size_t hdq_last_error_column(void);    /* HDQ_NONE where a whole row is at fault */

HDQ_EXPORT const char* hdq_version(void);         /* of the library; HDQ_VERSION_STRING is that of this header */

/* ---- codecs ---- */

typedef struct hdq_codec hdq_codec;

typedef enum hdq_isa { HDQ_ISA_AUTO = 0, HDQ_ISA_AVX512 = 1, HDQ_ISA_AVX2 = 2, HDQ_ISA_SCALAR = 3, HDQ_ISA_NEON = 4 } hdq_isa;
/* Numbers as in files (docs/format.md) and in hdq::SchemeId. */
typedef enum hdq_scheme { HDQ_SCHEME_FIXED_RATE = 0, HDQ_SCHEME_ENTROPY_CODED = 1 } hdq_scheme;

/* Numbers as in files and in hdq::Dither: a dither word for each row, or one for all rows of fixed-rate codes (docs/SPEC.md, 2 and 4). */
typedef enum hdq_dither { HDQ_DITHER_ROW = 0, HDQ_DITHER_SHARED = 1 } hdq_dither;

/* size: sizeof(hdq_codec_options) as the caller was compiled. Later versions add fields at the end, whose zero is their default. */
typedef struct hdq_codec_options {
  size_t size;
  int isa;     /* hdq_isa */
  int threads; /* 0: one per hardware thread */
  int scheme;  /* hdq_scheme */
  float step;  /* of HDQ_SCHEME_ENTROPY_CODED (docs/SPEC.md, 7): 2^-10 to 16; otherwise 0 */
  int shrink;  /* 1: decoding multiplies by 1/(1 + hdq_codec_error_bound), biased and of less error; 0: it does not */
  int dither;  /* hdq_dither; there is no padding at the end, whose bytes a later field would be read from */
} hdq_codec_options;
#define HDQ_CODEC_OPTIONS_INIT \
  { sizeof(hdq_codec_options), HDQ_ISA_AUTO, 1, HDQ_SCHEME_FIXED_RATE, 0.0f, 0, HDQ_DITHER_ROW }

/* The largest step with E|x^ - x|^2 <= error * |x|^2, and the one nearest to `rate` bits per coordinate; 0 where there is none. */
HDQ_EXPORT float hdq_step_of_error(double error);
HDQ_EXPORT float hdq_step_of_rate(double rate);

/* bits 1..8, or 0 for HDQ_SCHEME_ENTROPY_CODED; options NULL: HDQ_CODEC_OPTIONS_INIT. To be released by hdq_codec_destroy.
   Codes of entropy-coded rows are int16 or int32 numbers (code_bytes / order tells) in memory, and streams of a few bits each in files. */
HDQ_EXPORT hdq_status hdq_codec_create(size_t dimension, int bits, uint64_t seed, const hdq_codec_options* options, hdq_codec** codec);
HDQ_EXPORT void hdq_codec_destroy(hdq_codec* codec);

/* 0 for NULL */
HDQ_EXPORT size_t hdq_codec_dimension(const hdq_codec* codec);
HDQ_EXPORT size_t hdq_codec_order(const hdq_codec* codec);      /* d */
HDQ_EXPORT int hdq_codec_bits(const hdq_codec* codec);
HDQ_EXPORT float hdq_codec_step(const hdq_codec* codec);
HDQ_EXPORT uint64_t hdq_codec_seed(const hdq_codec* codec);
HDQ_EXPORT int hdq_codec_dither(const hdq_codec* codec);        /* hdq_dither */
HDQ_EXPORT int hdq_codec_isa(const hdq_codec* codec);           /* never HDQ_ISA_AUTO */
HDQ_EXPORT int hdq_codec_threads(const hdq_codec* codec);
HDQ_EXPORT double hdq_codec_error_bound(const hdq_codec* codec); /* C with E|x^ - x|^2 <= C * |x|^2 for every x */
HDQ_EXPORT size_t hdq_codec_code_bytes(const hdq_codec* codec); /* bytes of codes per row */

/* x: rows of float32; norms: rows; codes: rows x code_bytes. */
HDQ_EXPORT hdq_status hdq_encode(const hdq_codec* codec, const float* x, size_t rows, size_t stride,
                                 float* norms, uint8_t* codes, uint64_t first_row);
/* The same of IEEE binary16 or bfloat16 numbers, given by their bits and widened exactly. */
HDQ_EXPORT hdq_status hdq_encode_float16(const hdq_codec* codec, const uint16_t* x, size_t rows, size_t stride,
                                         float* norms, uint8_t* codes, uint64_t first_row);
HDQ_EXPORT hdq_status hdq_encode_bfloat16(const hdq_codec* codec, const uint16_t* x, size_t rows, size_t stride,
                                          float* norms, uint8_t* codes, uint64_t first_row);
HDQ_EXPORT hdq_status hdq_decode(const hdq_codec* codec, const float* norms, const uint8_t* codes, size_t rows, uint64_t first_row,
                                 float* x, size_t stride);

/* ---- streams: entropy-coded rows in as few bits as files hold them in; hdq/entropy_coder.hpp has the semantics ---- */

typedef struct hdq_entropy_coder hdq_entropy_coder;

/* HDQ_INVALID_ARGUMENT unless the codec is of HDQ_SCHEME_ENTROPY_CODED. The coder may outlive it, and runs on as many threads. */
HDQ_EXPORT hdq_status hdq_entropy_coder_create(const hdq_codec* codec, hdq_entropy_coder** coder);
HDQ_EXPORT void hdq_entropy_coder_destroy(hdq_entropy_coder* coder);
/* Of each row; 0 for steps above 1/8, and for NULL. */
HDQ_EXPORT size_t hdq_entropy_coder_raw_bytes(const hdq_entropy_coder* coder);
/* lengths: rows, bytes of each row's stream, 0 for a row of zeros; raw: rows x raw_bytes; streams: *bytes, the sum of the lengths, one
   after the other. HDQ_INVALID_ARGUMENT where capacity is less: *bytes says what is needed, and streams is untouched. With streams NULL
   and capacity 0 the lengths alone are wanted, and that is HDQ_OK. */
HDQ_EXPORT hdq_status hdq_entropy_encode(const hdq_entropy_coder* coder, const float* norms, const uint8_t* codes,
                                         size_t rows, uint64_t first_row, uint32_t* lengths, uint8_t* raw,
                                         uint8_t* streams, size_t capacity, size_t* bytes);
/* The inverse. bytes: of streams, the sum of the lengths. A stream that is no row's is HDQ_INVALID_INPUT. */
HDQ_EXPORT hdq_status hdq_entropy_decode(const hdq_entropy_coder* coder, const uint32_t* lengths, const uint8_t* raw,
                                         const uint8_t* streams, size_t bytes, size_t rows, uint64_t first_row,
                                         float* norms, uint8_t* codes);

/* ---- files ---- */

typedef struct hdq_file hdq_file;
typedef struct hdq_file_writer hdq_file_writer;

HDQ_EXPORT hdq_status hdq_file_open(const char* path, hdq_file** file);
HDQ_EXPORT void hdq_file_close(hdq_file* file);
HDQ_EXPORT uint64_t hdq_file_rows(const hdq_file* file);       /* 0 for NULL, as below */
HDQ_EXPORT uint64_t hdq_file_first_row(const hdq_file* file);  /* row number of its row 0 */
HDQ_EXPORT const float* hdq_file_mean(const hdq_file* file);   /* of centred rows: `dimension` numbers, the file's; otherwise NULL */
HDQ_EXPORT hdq_status hdq_file_verify(const hdq_file* file);   /* every checksum */
/* A codec for the file's rows. Its dimension, bits, seed and dither are the file's. */
HDQ_EXPORT hdq_status hdq_file_codec(const hdq_file* file, const hdq_codec_options* options, hdq_codec** codec);
/* Rows begin .. begin + rows - 1 of the file, as they are stored (norms: rows; codes: rows x code_bytes), or decoded (x: rows x
   dimension, contiguous). */
HDQ_EXPORT hdq_status hdq_file_read(const hdq_file* file, uint64_t begin, size_t rows, float* norms, uint8_t* codes);
HDQ_EXPORT hdq_status hdq_file_decode(const hdq_file* file, const hdq_codec* codec, uint64_t begin, size_t rows, float* x);

/* A file of `rows` rows of this codec. It appears under its name, complete, at hdq_file_writer_commit, or never. mean: NULL, or
   `dimension` numbers to be subtracted from what hdq_file_writer_encode is given, stored, and added again in decoding. */
HDQ_EXPORT hdq_status hdq_file_writer_create(const char* path, const hdq_codec* codec, uint64_t rows, uint64_t first_row,
                                             const float* mean, hdq_file_writer** writer);
/* The next rows, any number at a time: of numbers, or as encoded before with the row numbers that they have in the file. */
HDQ_EXPORT hdq_status hdq_file_writer_encode(hdq_file_writer* writer, const float* x, size_t rows, size_t stride);
HDQ_EXPORT hdq_status hdq_file_writer_append(hdq_file_writer* writer, const float* norms, const uint8_t* codes, size_t rows,
                                             uint64_t first_row);
HDQ_EXPORT hdq_status hdq_file_writer_commit(hdq_file_writer* writer); /* HDQ_FILE_ERROR unless all its rows were written */
HDQ_EXPORT void hdq_file_writer_destroy(hdq_file_writer* writer);

/* ---- scores of float32 queries against codes, and the k nearest rows ---- */

typedef struct hdq_scorer hdq_scorer;
typedef enum hdq_metric { HDQ_INNER_PRODUCT = 0, HDQ_SQUARED_DISTANCE = 1, HDQ_COSINE = 2 } hdq_metric;

/* The queries are copied. The scorer may outlive the codec. mean: NULL, or hdq_file_mean of the file that is to be searched. */
HDQ_EXPORT hdq_status hdq_scorer_create(const hdq_codec* codec, const float* queries, size_t count, size_t stride, const float* mean,
                                        hdq_scorer** scorer);
HDQ_EXPORT void hdq_scorer_destroy(hdq_scorer* scorer);

/* scores[query * scores_stride + row]; scores_stride 0: rows. A score that float32 cannot hold is +-infinity. */
HDQ_EXPORT hdq_status hdq_score(const hdq_scorer* scorer, int metric, const float* norms, const uint8_t* codes, size_t rows,
                                uint64_t first_row, float* scores, size_t scores_stride);
/* found and scores: queries x k, nearest first, rows counted from 0; scores may be NULL. 1 <= k <= rows. A score that float32 cannot
   hold is HDQ_INVALID_INPUT, and hdq_last_error_row its query. */
HDQ_EXPORT hdq_status hdq_search(const hdq_scorer* scorer, int metric, const float* norms, const uint8_t* codes, size_t rows,
                                 uint64_t first_row, size_t k, uint64_t* found, float* scores);
HDQ_EXPORT hdq_status hdq_search_file(const hdq_scorer* scorer, int metric, const hdq_file* file, size_t k, uint64_t* found, float* scores);

/* What a search did: pairs of a query and a row, and those of them whose score was computed. */
typedef struct hdq_search_statistics {
  uint64_t scanned, verified;
} hdq_search_statistics;

/* size: sizeof(hdq_search_options) as the caller was compiled. Later versions add fields at the end, whose zero is their default. */
typedef struct hdq_search_options {
  size_t size;
  int filter; /* 1: rows that cannot be among the k nearest are not scored; 0: all are. Finds the same */
  hdq_search_statistics* statistics; /* NULL, or what is written after a success, and left alone after a failure */
  const uint64_t* list; /* NULL: all rows; or the rows among which to search, counted from 0, in any order */
  size_t list_rows;     /* 1 <= k <= list_rows; a row that is listed twice is found twice. 0 without a list */
} hdq_search_options;
#define HDQ_SEARCH_OPTIONS_INIT \
  { sizeof(hdq_search_options), 1, NULL, NULL, 0 }

/* The same with options; NULL: HDQ_SEARCH_OPTIONS_INIT. */
HDQ_EXPORT hdq_status hdq_search_with(const hdq_scorer* scorer, int metric, const float* norms, const uint8_t* codes,
                                      size_t rows, uint64_t first_row, size_t k, const hdq_search_options* options,
                                      uint64_t* found, float* scores);
HDQ_EXPORT hdq_status hdq_search_file_with(const hdq_scorer* scorer, int metric, const hdq_file* file, size_t k,
                                           const hdq_search_options* options, uint64_t* found, float* scores);

/* ---- means of rows: hdq/mean.hpp has the semantics. A mean has one call at a time ---- */

typedef struct hdq_mean hdq_mean;

/* The row number of a client's vector in a round: 2^32 * round + client. */
HDQ_EXPORT uint64_t hdq_client_row(uint32_t client, uint32_t round);
/* Of rows of this dimension, encoded with this seed; none yet. To be released by hdq_mean_destroy. */
HDQ_EXPORT hdq_status hdq_mean_create(size_t dimension, uint64_t seed, hdq_mean** mean);
/* With what another one held: bytes of hdq_mean_state. */
HDQ_EXPORT hdq_status hdq_mean_create_of_state(const uint8_t* bytes, size_t size, hdq_mean** mean);
HDQ_EXPORT void hdq_mean_destroy(hdq_mean* mean);
HDQ_EXPORT size_t hdq_mean_dimension(const hdq_mean* mean); /* 0 for NULL, as below */
HDQ_EXPORT uint64_t hdq_mean_seed(const hdq_mean* mean);
HDQ_EXPORT uint64_t hdq_mean_rows(const hdq_mean* mean);
HDQ_EXPORT double hdq_mean_weight(const hdq_mean* mean);
/* E|mean - sum of w_i x_i / W|^2 is at most this; and the weighted mean of |x_i|^2, which normalises it. */
HDQ_EXPORT double hdq_mean_error_bound(const hdq_mean* mean);
HDQ_EXPORT double hdq_mean_mean_square(const hdq_mean* mean);
/* Adds rows of the codec's codes. weights: one for each row, in [2^-100, 2^100], or NULL: 1 each. centre: hdq_file_mean of centred rows, or NULL.
   A row number that was added before is HDQ_INVALID_ARGUMENT; after an error the mean is what it was. */
HDQ_EXPORT hdq_status hdq_mean_add(hdq_mean* mean, const hdq_codec* codec, const float* norms, const uint8_t* codes,
                                   size_t rows, uint64_t first_row, const double* weights, const float* centre);
/* All rows of a file; weights: of each, or NULL. */
HDQ_EXPORT hdq_status hdq_mean_add_file(hdq_mean* mean, const hdq_file* file, const double* weights);
/* What the other one has added; it stays as it is. */
HDQ_EXPORT hdq_status hdq_mean_merge(hdq_mean* mean, const hdq_mean* other);
/* out: dimension numbers, the sum of w_i x^_i over `total`; 0: over the sum of the weights. */
HDQ_EXPORT hdq_status hdq_mean_get(const hdq_mean* mean, double total, float* out);
/* Everything added, as *size bytes, the same for every order. HDQ_INVALID_ARGUMENT where capacity is less: *size says what is needed, and bytes is
   untouched. With bytes NULL and capacity 0 the size alone is wanted, and that is HDQ_OK. */
HDQ_EXPORT hdq_status hdq_mean_state(const hdq_mean* mean, uint8_t* bytes, size_t capacity, size_t* size);

/* ---- attention over codes: hdq/attention.hpp has the semantics. A cache has one call at a time ---- */

typedef struct hdq_kv_cache hdq_kv_cache;

/* size: sizeof(hdq_kv_cache_options). Of keys and of values one of bits (1..8) and step (of HDQ_SCHEME_ENTROPY_CODED) is 0. */
typedef struct hdq_kv_cache_options {
  size_t size;
  size_t head_dimension, kv_heads, query_heads; /* query_heads: a multiple of kv_heads */
  size_t window, sinks;                         /* tokens; window 0: all are kept */
  uint64_t seed, first_token;
  double scale; /* of scores; 0: 1/sqrt(head_dimension) */
  int key_bits, value_bits;
  float key_step, value_step;
  int isa, threads; /* as in hdq_codec_options */
} hdq_kv_cache_options;
#define HDQ_KV_CACHE_OPTIONS_INIT \
  { sizeof(hdq_kv_cache_options), 0, 1, 1, 0, 0, 0, 0, 0.0, 4, 4, 0.0f, 0.0f, HDQ_ISA_AUTO, 1 }

HDQ_EXPORT hdq_status hdq_kv_cache_create(const hdq_kv_cache_options* options, hdq_kv_cache** cache);
HDQ_EXPORT hdq_status hdq_kv_cache_load(const char* path, int isa, int threads, hdq_kv_cache** cache);
HDQ_EXPORT hdq_status hdq_kv_cache_save(const hdq_kv_cache* cache, const char* path);
HDQ_EXPORT void hdq_kv_cache_destroy(hdq_kv_cache* cache);
HDQ_EXPORT size_t hdq_kv_cache_tokens(const hdq_kv_cache* cache);      /* kept; 0 for NULL, as below */
HDQ_EXPORT size_t hdq_kv_cache_token_bytes(const hdq_kv_cache* cache); /* of one token's codes and norms */
/* keys and values: tokens x kv_heads x head_dimension. All of them are appended, or none. */
HDQ_EXPORT hdq_status hdq_kv_cache_append(hdq_kv_cache* cache, const float* keys, const float* values, size_t tokens);
HDQ_EXPORT hdq_status hdq_kv_cache_append_float16(hdq_kv_cache* cache, const uint16_t* keys, const uint16_t* values,
                                                  size_t tokens);
HDQ_EXPORT hdq_status hdq_kv_cache_append_bfloat16(hdq_kv_cache* cache, const uint16_t* keys, const uint16_t* values,
                                                   size_t tokens);
/* q and out: positions x query_heads x head_dimension, of the last `positions` tokens. */
HDQ_EXPORT hdq_status hdq_kv_cache_attend(hdq_kv_cache* cache, const float* q, size_t positions, float* out);
/* The stages. q and sum: query_heads x head_dimension; scores and weights: query_heads x tokens. */
HDQ_EXPORT hdq_status hdq_kv_cache_scores(hdq_kv_cache* cache, const float* q, float* scores);
HDQ_EXPORT hdq_status hdq_kv_cache_softmax(const hdq_kv_cache* cache, const float* scores, float* weights);
HDQ_EXPORT hdq_status hdq_kv_cache_weighted_sum(hdq_kv_cache* cache, const float* weights, float* sum);
/* bounds: query_heads. */
HDQ_EXPORT hdq_status hdq_kv_cache_error_bound(const hdq_kv_cache* cache, const float* weights, double* bounds);
/* q: query_heads x head_dimension; bounds: query_heads x tokens. */
HDQ_EXPORT hdq_status hdq_kv_cache_score_error_bound(const hdq_kv_cache* cache, const float* q, double* bounds);
/* What the codes stand for. rows: tokens x kv_heads x head_dimension. */
HDQ_EXPORT hdq_status hdq_kv_cache_decode_keys(const hdq_kv_cache* cache, float* rows);
HDQ_EXPORT hdq_status hdq_kv_cache_decode_values(const hdq_kv_cache* cache, float* rows);

#ifdef __cplusplus
}
#endif

#endif /* HDQ_HDQ_H */
