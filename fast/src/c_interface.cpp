// hdq.h over the C++ classes: every exception becomes a status, one line of text and a position, kept per thread.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <vector>

#include "checks.hpp"
#include "codec/scheme.hpp"
#include "hdq/attention.hpp"
#include "hdq/codec.hpp"
#include "hdq/entropy_coder.hpp"
#include "hdq/file.hpp"
#include "hdq/hdq.h"
#include "hdq/mean.hpp"
#include "hdq/score.hpp"
#include "hdq/search.hpp"

struct hdq_codec {
  hdq::Codec codec;
};

struct hdq_entropy_coder {
  hdq::EntropyCoder coder;
};

struct hdq_kv_cache {
  hdq::KeyValueCache cache;
};

struct hdq_mean {
  hdq::MeanAccumulator sum;
};

struct hdq_scorer {
  hdq::Scorer scorer;
};

struct hdq_file {
  hdq::FileReader file;
};

static std::span<const float> centre_of(const hdq::Codec& codec, const float* mean) {
  return mean == nullptr ? std::span<const float>() : std::span(mean, codec.dimension());
}

struct hdq_file_writer {
  hdq_file_writer(const char* path, const hdq::Codec& codec_, std::uint64_t rows, std::uint64_t first_row,
                  const float* mean)
      : codec(codec_),
        workspace(codec_),
        writer(path, hdq::FileHeader::make(codec_, rows, first_row), centre_of(codec_, mean)) {}
  hdq::Codec codec;
  hdq::Workspace workspace;
  hdq::FileWriter writer;
};

namespace {

using hdq::InvalidArgument, hdq::detail::checked_product, hdq::detail::require;

struct LastError {
  char text[256] = "";
  std::size_t row = HDQ_NONE, column = HDQ_NONE;
};
thread_local LastError last_error;

hdq_status failed(hdq_status status, const char* what, std::size_t row = HDQ_NONE, std::size_t column = HDQ_NONE) {
  std::snprintf(last_error.text, sizeof last_error.text, "%s", what);
  last_error.row = row;
  last_error.column = column;
  return status;
}

template <class Action>
hdq_status guarded(const Action& action) noexcept {
  try {
    action();
    return HDQ_OK;
  } catch (const hdq::InvalidArgument& e) {
    return failed(HDQ_INVALID_ARGUMENT, e.what());
  } catch (const hdq::InvalidInput& e) {
    return failed(HDQ_INVALID_INPUT, e.what(), e.row, e.column);
  } catch (const hdq::FileError& e) {
    return failed(HDQ_FILE_ERROR, e.what());
  } catch (const std::bad_alloc&) {
    return failed(HDQ_OUT_OF_MEMORY, "out of memory");
  } catch (const std::length_error&) {
    return failed(HDQ_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return failed(HDQ_INTERNAL_ERROR, e.what());
  } catch (...) {
    return failed(HDQ_INTERNAL_ERROR, "unknown error");
  }
}

// `*out = make()`, a null there before and after a failure.
template <class Handle, class Make>
hdq_status created(Handle** out, const char* name, const Make& make) noexcept {
  if (out != nullptr) *out = nullptr;
  return guarded([&] {
    require(out, name);
    *out = make();
  });
}

// ---- enumerators ----

struct IsaName {
  int number;
  hdq::Isa isa;
};
constexpr IsaName isas[] = {{HDQ_ISA_AUTO, hdq::Isa::automatic},
                            {HDQ_ISA_AVX512, hdq::Isa::avx512},
                            {HDQ_ISA_AVX2, hdq::Isa::avx2},
                            {HDQ_ISA_SCALAR, hdq::Isa::scalar},
                            {HDQ_ISA_NEON, hdq::Isa::neon}};

hdq::Isa isa_of(int number) {
  for (const IsaName& name : isas)
    if (name.number == number) return name.isa;
  throw InvalidArgument("no instruction set has the number " + std::to_string(number));
}

int number_of(hdq::Isa isa) {
  for (const IsaName& name : isas)
    if (name.isa == isa) return name.number;
  return HDQ_ISA_AUTO;
}

hdq::Metric metric_of(int number) {
  switch (number) {
    case HDQ_INNER_PRODUCT: return hdq::Metric::inner_product;
    case HDQ_SQUARED_DISTANCE: return hdq::Metric::squared_distance;
    case HDQ_COSINE: return hdq::Metric::cosine;
    default: throw InvalidArgument("no metric has the number " + std::to_string(number));
  }
}

hdq::SchemeId scheme_of(int number) {
  if (number < 0 || !hdq::detail::scheme_known(static_cast<hdq::SchemeId>(number)))
    throw InvalidArgument("no scheme has the number " + std::to_string(number));
  return static_cast<hdq::SchemeId>(number);
}

// ---- arguments ----

template <class Handle>
const Handle& held(const Handle* handle, const char* name) {
  require(handle, name);
  return *handle;
}
const hdq::Codec& codec_of(const hdq_codec* codec) { return held(codec, "codec").codec; }
const hdq::EntropyCoder& coder_of(const hdq_entropy_coder* coder) { return held(coder, "coder").coder; }
const hdq::Scorer& scorer_of(const hdq_scorer* scorer) { return held(scorer, "scorer").scorer; }
const hdq::FileReader& file_of(const hdq_file* file) { return held(file, "file").file; }

static_assert(sizeof(hdq_codec_options) == offsetof(hdq_codec_options, dither) + sizeof(int));

// The struct once ended with `scheme` and, where size_t has 8 bytes, four of padding: there `step` lies now.
std::size_t known_bytes(std::size_t size) {
  constexpr std::size_t old_end = offsetof(hdq_codec_options, step), alignment = alignof(hdq_codec_options);
  constexpr std::size_t old_size = (old_end + alignment - 1) / alignment * alignment;
  return size == old_size ? old_end : std::min(size, sizeof(hdq_codec_options));
}

// `known` with what a caller gives that may have been compiled with a shorter or longer struct; bytes: how much of it to take.
template <class Options>
Options taken(Options known, const Options* given, std::size_t (*bytes)(std::size_t)) {
  if (given == nullptr) return known;
  if (given->size < sizeof given->size) throw InvalidArgument("options: size is not set");
  const auto* all = reinterpret_cast<const unsigned char*>(given);
  if (given->size > sizeof known &&
      std::any_of(all + sizeof known, all + given->size, [](unsigned char byte) { return byte != 0; }))
    throw InvalidArgument("options: fields that this version does not know");
  std::memcpy(&known, given, bytes(given->size));
  return known;
}

hdq_codec_options known_options(const hdq_codec_options* given) {
  return taken(hdq_codec_options HDQ_CODEC_OPTIONS_INIT, given, known_bytes);
}

static_assert(sizeof(hdq_search_options) == offsetof(hdq_search_options, list_rows) + sizeof(std::size_t));

// hdq_search_options as C++ has them.
struct SearchRequest {
  explicit SearchRequest(const hdq_search_options* options)
      : given(taken(hdq_search_options HDQ_SEARCH_OPTIONS_INIT, options,
                    [](std::size_t size) { return std::min(size, sizeof(hdq_search_options)); })) {
    if (given.filter != 0 && given.filter != 1) throw InvalidArgument("filter must be 0 or 1");
    if (given.list_rows > 0) require(given.list, "list");
  }
  bool has_list() const { return given.list != nullptr; }
  std::span<const std::uint64_t> list() const { return {given.list, given.list_rows}; }
  hdq::SearchOptions options() { return {given.filter == 1, &done}; }
  void report() const {
    if (given.statistics != nullptr) *given.statistics = {done.scanned, done.verified};
  }
  hdq_search_options given;
  hdq::SearchStatistics done;
};

hdq::Dither dither_of(int number) {
  if (number != HDQ_DITHER_ROW && number != HDQ_DITHER_SHARED)
    throw InvalidArgument("no dither has the number " + std::to_string(number));
  return static_cast<hdq::Dither>(number);
}

hdq::CodecOptions options_of(const hdq_codec_options& options) {
  if (options.shrink != 0 && options.shrink != 1) throw InvalidArgument("shrink must be 0 or 1");
  return {isa_of(options.isa), options.threads, nullptr, options.shrink == 1};
}

float step_or_zero(hdq::Step (*step_of)(double), double number) {
  try {
    return step_of(number).value();
  } catch (const InvalidArgument&) {
    return 0;
  }
}

hdq::KeyValueCoding coding_of(int bits, float step) {
  if (step == 0) return hdq::BitWidth(bits);
  if (bits != 0) throw InvalidArgument("either bits or a step says how fine codes are, not both");
  return hdq::Step(step);
}

hdq::KeyValueCache cache_of(const hdq_kv_cache_options* given) {
  require(given, "options");
  if (given->size != sizeof *given) throw InvalidArgument("options: size is not that of this version");
  const hdq_kv_cache_options& o = *given;
  const std::optional<double> scale = o.scale == 0 ? std::nullopt : std::optional(o.scale);
  return {{o.head_dimension, o.kv_heads, o.query_heads},
          coding_of(o.key_bits, o.key_step),
          coding_of(o.value_bits, o.value_step),
          {o.seed, scale, o.window, o.sinks, o.first_token},
          {isa_of(o.isa), o.threads, nullptr}};
}

hdq::MeanAccumulator& mean_of(hdq_mean* mean) {
  require(mean, "mean");
  return mean->sum;
}
const hdq::MeanAccumulator& mean_of(const hdq_mean* mean) { return held(mean, "mean").sum; }

constexpr double one = 1;
std::span<const double> weights_of(const double* weights, std::size_t rows) {
  return weights == nullptr ? std::span(&one, 1) : std::span(weights, rows);
}

hdq::KeyValueCache& cache_of(hdq_kv_cache* cache) {
  require(cache, "cache");
  return cache->cache;
}
const hdq::KeyValueCache& cache_of(const hdq_kv_cache* cache) { return held(cache, "cache").cache; }

void require_if(std::size_t rows, const void* pointer, const char* name) {
  if (rows > 0) require(pointer, name);
}

hdq::RowsView<float> decoded_rows(const hdq::KeyValueCache& cache, float* rows) {
  require_if(cache.tokens(), rows, "rows");
  return {rows, cache.tokens() * cache.shape().kv_heads, cache.shape().head_dimension};
}

hdq::EncodedView encoded(const hdq::Codec& codec, const float* norms, const uint8_t* codes, size_t rows, uint64_t first_row) {
  require_if(rows, norms, "norms");
  require_if(rows, codes, "codes");
  return {{norms, rows}, {codes, checked_product(rows, codec.code_bytes(), "codes")}, first_row};
}

template <class Number>
hdq_status encode(const hdq_codec* codec, const Number* x, size_t rows, size_t stride, float* norms, uint8_t* codes, uint64_t first_row) {
  return guarded([&] {
    const hdq::Codec& c = codec_of(codec);
    require_if(rows, x, "x");
    require_if(rows, norms, "norms");
    require_if(rows, codes, "codes");
    const std::size_t bytes = checked_product(rows, c.code_bytes(), "codes");
    c.encode(hdq::RowsView<const Number>(x, rows, c.dimension(), stride), hdq::EncodedBuffer({norms, rows}, {codes, bytes}, first_row));
  });
}

template <class Number>
void append(hdq::KeyValueCache& cache, const Number* keys, const Number* values, size_t tokens) {
  require_if(tokens, keys, "keys");
  require_if(tokens, values, "values");
  const std::size_t rows = checked_product(tokens, cache.shape().kv_heads, "rows"), n = cache.shape().head_dimension;
  cache.append(hdq::RowsView<const Number>(keys, rows, n), hdq::RowsView<const Number>(values, rows, n));
}

void store(const std::vector<hdq::Neighbour>& nearest, uint64_t* found, float* scores) {
  for (std::size_t i = 0; i < nearest.size(); ++i) {
    found[i] = nearest[i].row;
    if (scores != nullptr) scores[i] = static_cast<float>(nearest[i].score);
  }
}

}  // namespace

extern "C" {

const char* hdq_last_error(void) { return last_error.text; }
size_t hdq_last_error_row(void) { return last_error.row; }
size_t hdq_last_error_column(void) { return last_error.column; }
const char* hdq_version(void) { return HDQ_VERSION_STRING; }

// ---- codecs ----

float hdq_step_of_error(double error) { return step_or_zero(hdq::Step::of_error, error); }
float hdq_step_of_rate(double rate) { return step_or_zero(hdq::Step::of_rate, rate); }

hdq_status hdq_codec_create(size_t dimension, int bits, uint64_t seed, const hdq_codec_options* options, hdq_codec** codec) {
  return created(codec, "codec", [&] {
    const hdq_codec_options known = known_options(options);
    return new hdq_codec{hdq::Codec(
        {scheme_of(known.scheme), dimension, bits, seed, known.step, dither_of(known.dither)}, options_of(known))};
  });
}

void hdq_codec_destroy(hdq_codec* codec) { delete codec; }

size_t hdq_codec_dimension(const hdq_codec* codec) { return codec == nullptr ? 0 : codec->codec.dimension(); }
size_t hdq_codec_order(const hdq_codec* codec) { return codec == nullptr ? 0 : codec->codec.order(); }
int hdq_codec_bits(const hdq_codec* codec) { return codec == nullptr ? 0 : codec->codec.bits(); }
float hdq_codec_step(const hdq_codec* codec) { return codec == nullptr ? 0 : codec->codec.step(); }
uint64_t hdq_codec_seed(const hdq_codec* codec) { return codec == nullptr ? 0 : codec->codec.seed(); }
int hdq_codec_dither(const hdq_codec* codec) { return codec == nullptr ? 0 : static_cast<int>(codec->codec.dither()); }
int hdq_codec_isa(const hdq_codec* codec) { return codec == nullptr ? 0 : number_of(codec->codec.isa()); }
int hdq_codec_threads(const hdq_codec* codec) { return codec == nullptr ? 0 : codec->codec.threads(); }
double hdq_codec_error_bound(const hdq_codec* codec) { return codec == nullptr ? 0 : codec->codec.error_bound(); }
size_t hdq_codec_code_bytes(const hdq_codec* codec) { return codec == nullptr ? 0 : codec->codec.code_bytes(); }

hdq_status hdq_encode(const hdq_codec* codec, const float* x, size_t rows, size_t stride, float* norms, uint8_t* codes, uint64_t first_row) {
  return encode(codec, x, rows, stride, norms, codes, first_row);
}

hdq_status hdq_encode_float16(const hdq_codec* codec, const uint16_t* x, size_t rows, size_t stride, float* norms, uint8_t* codes,
                              uint64_t first_row) {
  return encode(codec, reinterpret_cast<const hdq::Float16*>(x), rows, stride, norms, codes, first_row);
}

hdq_status hdq_encode_bfloat16(const hdq_codec* codec, const uint16_t* x, size_t rows, size_t stride, float* norms, uint8_t* codes,
                               uint64_t first_row) {
  return encode(codec, reinterpret_cast<const hdq::BFloat16*>(x), rows, stride, norms, codes, first_row);
}

hdq_status hdq_decode(const hdq_codec* codec, const float* norms, const uint8_t* codes, size_t rows, uint64_t first_row, float* x, size_t stride) {
  return guarded([&] {
    const hdq::Codec& c = codec_of(codec);
    require_if(rows, x, "x");
    c.decode(encoded(c, norms, codes, rows, first_row), {x, rows, c.dimension(), stride});
  });
}

// ---- streams ----

hdq_status hdq_entropy_coder_create(const hdq_codec* codec, hdq_entropy_coder** coder) {
  return created(coder, "coder", [&] { return new hdq_entropy_coder{hdq::EntropyCoder(codec_of(codec))}; });
}

void hdq_entropy_coder_destroy(hdq_entropy_coder* coder) { delete coder; }

size_t hdq_entropy_coder_raw_bytes(const hdq_entropy_coder* coder) {
  return coder == nullptr ? 0 : coder->coder.raw_bytes();
}

hdq_status hdq_entropy_encode(const hdq_entropy_coder* coder, const float* norms, const uint8_t* codes, size_t rows,
                              uint64_t first_row, uint32_t* lengths, uint8_t* raw, uint8_t* streams, size_t capacity,
                              size_t* bytes) {
  return guarded([&] {
    const hdq::EntropyCoder& c = coder_of(coder);
    require(bytes, "bytes");
    require_if(rows, lengths, "lengths");
    require_if(checked_product(rows, c.raw_bytes(), "raw bits"), raw, "raw");
    require_if(capacity, streams, "streams");
    const hdq::PackedRows packed = c.encode(encoded(c.codec(), norms, codes, rows, first_row));
    *bytes = packed.streams.size();
    std::copy(packed.lengths.begin(), packed.lengths.end(), lengths);
    std::copy(packed.raw.begin(), packed.raw.end(), raw);
    if (streams == nullptr) return;
    if (capacity < packed.streams.size())
      throw InvalidArgument("streams: " + std::to_string(packed.streams.size()) + " bytes, and room for " +
                            std::to_string(capacity));
    std::copy(packed.streams.begin(), packed.streams.end(), streams);
  });
}

hdq_status hdq_entropy_decode(const hdq_entropy_coder* coder, const uint32_t* lengths, const uint8_t* raw,
                              const uint8_t* streams, size_t bytes, size_t rows, uint64_t first_row, float* norms,
                              uint8_t* codes) {
  return guarded([&] {
    const hdq::EntropyCoder& c = coder_of(coder);
    require_if(rows, lengths, "lengths");
    const std::size_t raw_bytes = checked_product(rows, c.raw_bytes(), "raw bits"),
                      code_bytes = checked_product(rows, c.codec().code_bytes(), "codes");
    require_if(raw_bytes, raw, "raw");
    require_if(bytes, streams, "streams");
    require_if(rows, norms, "norms");
    require_if(rows, codes, "codes");
    c.decode({lengths, rows}, {raw, raw_bytes}, {streams, bytes},
             hdq::EncodedBuffer({norms, rows}, {codes, code_bytes}, first_row));
  });
}

// ---- files ----

hdq_status hdq_file_open(const char* path, hdq_file** file) {
  return created(file, "file", [&] {
    require(path, "path");
    return new hdq_file{hdq::FileReader(path)};
  });
}

void hdq_file_close(hdq_file* file) { delete file; }
uint64_t hdq_file_rows(const hdq_file* file) { return file == nullptr ? 0 : file->file.header().rows; }
uint64_t hdq_file_first_row(const hdq_file* file) { return file == nullptr ? 0 : file->file.header().first_row; }

const float* hdq_file_mean(const hdq_file* file) { return file == nullptr || file->file.mean().empty() ? nullptr : file->file.mean().data(); }

hdq_status hdq_file_verify(const hdq_file* file) {
  return guarded([&] { file_of(file).verify(); });
}

hdq_status hdq_file_codec(const hdq_file* file, const hdq_codec_options* options, hdq_codec** codec) {
  return created(codec, "codec",
                 [&] { return new hdq_codec{file_of(file).codec(options_of(known_options(options)))}; });
}

hdq_status hdq_file_read(const hdq_file* file, uint64_t begin, size_t rows, float* norms, uint8_t* codes) {
  return guarded([&] {
    const hdq::FileReader& reader = file_of(file);
    const hdq::FileHeader& header = reader.header();
    hdq::detail::check_slice(begin, rows, header.rows);
    require_if(rows, norms, "norms");
    require_if(rows, codes, "codes");
    hdq::BlockReader blocks(reader);
    while (rows > 0) {
      const hdq::EncodedView some = blocks.rows(begin, rows);
      norms = std::ranges::copy(some.norms(), norms).out;
      codes = std::ranges::copy(some.codes(), codes).out;
      begin += some.rows();
      rows -= some.rows();
    }
  });
}

hdq_status hdq_file_decode(const hdq_file* file, const hdq_codec* codec, uint64_t begin, size_t rows, float* x) {
  return guarded([&] {
    require_if(rows, x, "x");
    const hdq::Codec& c = codec_of(codec);
    file_of(file).decode(c, begin, {x, rows, c.dimension()});
  });
}

hdq_status hdq_file_writer_create(const char* path, const hdq_codec* codec, uint64_t rows, uint64_t first_row, const float* mean,
                                  hdq_file_writer** writer) {
  return created(writer, "writer", [&] {
    require(path, "path");
    return new hdq_file_writer(path, codec_of(codec), rows, first_row, mean);
  });
}

hdq_status hdq_file_writer_encode(hdq_file_writer* writer, const float* x, size_t rows, size_t stride) {
  return guarded([&] {
    require(writer, "writer");
    require_if(rows, x, "x");
    const hdq::Codec& c = writer->codec;
    writer->writer.encode(c, hdq::RowsView<const float>(x, rows, c.dimension(), stride), &writer->workspace);
  });
}

hdq_status hdq_file_writer_append(hdq_file_writer* writer, const float* norms, const uint8_t* codes, size_t rows, uint64_t first_row) {
  return guarded([&] {
    require(writer, "writer");
    writer->writer.append(encoded(writer->codec, norms, codes, rows, first_row));
  });
}

hdq_status hdq_file_writer_commit(hdq_file_writer* writer) {
  return guarded([&] {
    require(writer, "writer");
    writer->writer.commit();
  });
}

void hdq_file_writer_destroy(hdq_file_writer* writer) { delete writer; }

// ---- scores ----

hdq_status hdq_scorer_create(const hdq_codec* codec, const float* queries, size_t count, size_t stride, const float* mean,
                             hdq_scorer** scorer) {
  return created(scorer, "scorer", [&] {
    const hdq::Codec& c = codec_of(codec);
    require_if(count, queries, "queries");
    return new hdq_scorer{hdq::Scorer(c, {queries, count, c.dimension(), stride}, centre_of(c, mean))};
  });
}

void hdq_scorer_destroy(hdq_scorer* scorer) { delete scorer; }

hdq_status hdq_score(const hdq_scorer* scorer, int metric, const float* norms, const uint8_t* codes, size_t rows, uint64_t first_row,
                     float* scores, size_t scores_stride) {
  return guarded([&] {
    const hdq::Scorer& s = scorer_of(scorer);
    const std::size_t queries = s.queries();
    if (queries > 0) require_if(rows, scores, "scores");
    s.score(metric_of(metric), encoded(s.codec(), norms, codes, rows, first_row), {scores, queries, rows, scores_stride});
  });
}

hdq_status hdq_search(const hdq_scorer* scorer, int metric, const float* norms, const uint8_t* codes, size_t rows, uint64_t first_row,
                      size_t k, uint64_t* found, float* scores) {
  return hdq_search_with(scorer, metric, norms, codes, rows, first_row, k, nullptr, found, scores);
}

hdq_status hdq_search_file(const hdq_scorer* scorer, int metric, const hdq_file* file, size_t k, uint64_t* found,
                           float* scores) {
  return hdq_search_file_with(scorer, metric, file, k, nullptr, found, scores);
}

hdq_status hdq_search_with(const hdq_scorer* scorer, int metric, const float* norms, const uint8_t* codes, size_t rows,
                           uint64_t first_row, size_t k, const hdq_search_options* options, uint64_t* found,
                           float* scores) {
  return guarded([&] {
    const hdq::Scorer& s = scorer_of(scorer);
    require(found, "found");
    SearchRequest request(options);
    const hdq::EncodedView among = encoded(s.codec(), norms, codes, rows, first_row);
    const std::vector<std::size_t> list(request.list().begin(), request.list().end());
    store(request.has_list() ? hdq::search(s, metric_of(metric), among, list, k, request.options())
                             : hdq::search(s, metric_of(metric), among, k, request.options()),
          found, scores);
    request.report();
  });
}

hdq_status hdq_search_file_with(const hdq_scorer* scorer, int metric, const hdq_file* file, size_t k,
                                const hdq_search_options* options, uint64_t* found, float* scores) {
  return guarded([&] {
    require(found, "found");
    SearchRequest request(options);
    store(
        request.has_list()
            ? hdq::search(scorer_of(scorer), metric_of(metric), file_of(file), request.list(), k, {}, request.options())
            : hdq::search(scorer_of(scorer), metric_of(metric), file_of(file), k, {}, request.options()),
        found, scores);
    request.report();
  });
}

// ---- means ----

uint64_t hdq_client_row(uint32_t client, uint32_t round) { return hdq::client_row(client, round); }

hdq_status hdq_mean_create(size_t dimension, uint64_t seed, hdq_mean** mean) {
  return created(mean, "mean", [&] { return new hdq_mean{hdq::MeanAccumulator(dimension, seed)}; });
}

hdq_status hdq_mean_create_of_state(const uint8_t* bytes, size_t size, hdq_mean** mean) {
  return created(mean, "mean", [&] {
    require(bytes, "bytes");
    return new hdq_mean{hdq::MeanAccumulator::of_state({bytes, size})};
  });
}

void hdq_mean_destroy(hdq_mean* mean) { delete mean; }
size_t hdq_mean_dimension(const hdq_mean* mean) { return mean == nullptr ? 0 : mean->sum.dimension(); }
uint64_t hdq_mean_seed(const hdq_mean* mean) { return mean == nullptr ? 0 : mean->sum.seed(); }
uint64_t hdq_mean_rows(const hdq_mean* mean) { return mean == nullptr ? 0 : mean->sum.rows(); }
double hdq_mean_weight(const hdq_mean* mean) { return mean == nullptr ? 0 : mean->sum.weight(); }
double hdq_mean_error_bound(const hdq_mean* mean) { return mean == nullptr ? 0 : mean->sum.error_bound(); }
double hdq_mean_mean_square(const hdq_mean* mean) { return mean == nullptr ? 0 : mean->sum.mean_square(); }

hdq_status hdq_mean_add(hdq_mean* mean, const hdq_codec* codec, const float* norms, const uint8_t* codes, size_t rows,
                        uint64_t first_row, const double* weights, const float* centre) {
  return guarded([&] {
    const hdq::Codec& c = codec_of(codec);
    mean_of(mean).add(c, encoded(c, norms, codes, rows, first_row), weights_of(weights, rows), centre_of(c, centre));
  });
}

hdq_status hdq_mean_add_file(hdq_mean* mean, const hdq_file* file, const double* weights) {
  return guarded([&] {
    const hdq::FileReader& f = file_of(file);
    mean_of(mean).add(f, weights_of(weights, f.header().rows));
  });
}

hdq_status hdq_mean_merge(hdq_mean* mean, const hdq_mean* other) {
  return guarded([&] { mean_of(mean).merge(mean_of(other)); });
}

hdq_status hdq_mean_get(const hdq_mean* mean, double total, float* out) {
  return guarded([&] {
    const hdq::MeanAccumulator& sum = mean_of(mean);
    require(out, "out");
    if (total == 0)
      sum.mean({out, sum.dimension()});
    else
      sum.mean({out, sum.dimension()}, total);
  });
}

hdq_status hdq_mean_state(const hdq_mean* mean, uint8_t* bytes, size_t capacity, size_t* size) {
  return guarded([&] {
    const std::vector<std::uint8_t> state = mean_of(mean).state();
    require(size, "size");
    *size = state.size();
    if (bytes == nullptr && capacity == 0) return;
    require(bytes, "bytes");
    if (capacity < state.size())
      throw InvalidArgument("room for " + std::to_string(capacity) + " bytes of " + std::to_string(state.size()));
    std::ranges::copy(state, bytes);
  });
}

// ---- attention ----

hdq_status hdq_kv_cache_create(const hdq_kv_cache_options* options, hdq_kv_cache** cache) {
  return created(cache, "cache", [&] { return new hdq_kv_cache{cache_of(options)}; });
}

hdq_status hdq_kv_cache_load(const char* path, int isa, int threads, hdq_kv_cache** cache) {
  return created(cache, "cache", [&] {
    require(path, "path");
    return new hdq_kv_cache{hdq::KeyValueCache::load(path, {isa_of(isa), threads, nullptr})};
  });
}

hdq_status hdq_kv_cache_save(const hdq_kv_cache* cache, const char* path) {
  return guarded([&] {
    require(path, "path");
    cache_of(cache).save(path);
  });
}

void hdq_kv_cache_destroy(hdq_kv_cache* cache) { delete cache; }
size_t hdq_kv_cache_tokens(const hdq_kv_cache* cache) { return cache == nullptr ? 0 : cache->cache.tokens(); }
size_t hdq_kv_cache_token_bytes(const hdq_kv_cache* cache) { return cache == nullptr ? 0 : cache->cache.token_bytes(); }

hdq_status hdq_kv_cache_append(hdq_kv_cache* cache, const float* keys, const float* values, size_t tokens) {
  return guarded([&] { append(cache_of(cache), keys, values, tokens); });
}
hdq_status hdq_kv_cache_append_float16(hdq_kv_cache* cache, const uint16_t* keys, const uint16_t* values,
                                       size_t tokens) {
  return guarded([&] {
    append(cache_of(cache), reinterpret_cast<const hdq::Float16*>(keys), reinterpret_cast<const hdq::Float16*>(values),
           tokens);
  });
}
hdq_status hdq_kv_cache_append_bfloat16(hdq_kv_cache* cache, const uint16_t* keys, const uint16_t* values,
                                        size_t tokens) {
  return guarded([&] {
    append(cache_of(cache), reinterpret_cast<const hdq::BFloat16*>(keys),
           reinterpret_cast<const hdq::BFloat16*>(values), tokens);
  });
}

hdq_status hdq_kv_cache_attend(hdq_kv_cache* cache, const float* q, size_t positions, float* out) {
  return guarded([&] {
    hdq::KeyValueCache& c = cache_of(cache);
    require_if(positions, q, "q");
    require_if(positions, out, "out");
    const std::size_t rows = checked_product(positions, c.shape().query_heads, "queries");
    c.attend({q, rows, c.shape().head_dimension}, {out, rows, c.shape().head_dimension});
  });
}

hdq_status hdq_kv_cache_scores(hdq_kv_cache* cache, const float* q, float* scores) {
  return guarded([&] {
    hdq::KeyValueCache& c = cache_of(cache);
    require(q, "q");
    require_if(c.tokens(), scores, "scores");
    c.scores({q, c.shape().query_heads, c.shape().head_dimension}, {scores, c.shape().query_heads, c.tokens()});
  });
}

hdq_status hdq_kv_cache_softmax(const hdq_kv_cache* cache, const float* scores, float* weights) {
  return guarded([&] {
    const hdq::KeyValueCache& c = cache_of(cache);
    require_if(c.tokens(), scores, "scores");
    require_if(c.tokens(), weights, "weights");
    c.softmax(hdq::RowsView<const float>(scores, c.shape().query_heads, c.tokens()),
              {weights, c.shape().query_heads, c.tokens()});
  });
}

hdq_status hdq_kv_cache_weighted_sum(hdq_kv_cache* cache, const float* weights, float* sum) {
  return guarded([&] {
    hdq::KeyValueCache& c = cache_of(cache);
    require_if(c.tokens(), weights, "weights");
    require(sum, "sum");
    c.weighted_sum({weights, c.shape().query_heads, c.tokens()},
                   {sum, c.shape().query_heads, c.shape().head_dimension});
  });
}

hdq_status hdq_kv_cache_error_bound(const hdq_kv_cache* cache, const float* weights, double* bounds) {
  return guarded([&] {
    const hdq::KeyValueCache& c = cache_of(cache);
    require_if(c.tokens(), weights, "weights");
    require(bounds, "bounds");
    std::ranges::copy(c.error_bound({weights, c.shape().query_heads, c.tokens()}), bounds);
  });
}

hdq_status hdq_kv_cache_score_error_bound(const hdq_kv_cache* cache, const float* q, double* bounds) {
  return guarded([&] {
    const hdq::KeyValueCache& c = cache_of(cache);
    require(q, "q");
    require_if(c.tokens(), bounds, "bounds");
    c.score_error_bound({q, c.shape().query_heads, c.shape().head_dimension},
                        {bounds, c.shape().query_heads, c.tokens()});
  });
}

hdq_status hdq_kv_cache_decode_keys(const hdq_kv_cache* cache, float* rows) {
  return guarded([&] { cache_of(cache).decode_keys(decoded_rows(cache_of(cache), rows)); });
}

hdq_status hdq_kv_cache_decode_values(const hdq_kv_cache* cache, float* rows) {
  return guarded([&] { cache_of(cache).decode_values(decoded_rows(cache_of(cache), rows)); });
}

}  // extern "C"
