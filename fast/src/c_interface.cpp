// hdq.h over hdq::Codec: every exception becomes a status and one line of text, kept per thread.
#include "hdq/hdq.h"

#include <cstdio>
#include <exception>
#include <new>
#include <vector>

#include "hdq/codec.hpp"
#include "hdq/score.hpp"
#include "hdq/search.hpp"

struct hdq_codec {
  hdq::Codec codec;
};

struct hdq_scorer {
  hdq::Scorer scorer;
};

namespace {

thread_local char last_error[256] = "";

hdq_status failed(hdq_status status, const char* what) {
  std::snprintf(last_error, sizeof last_error, "%s", what);
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
    return failed(HDQ_INVALID_INPUT, e.what());
  } catch (const std::bad_alloc&) {
    return failed(HDQ_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return failed(HDQ_INTERNAL_ERROR, e.what());
  } catch (...) {
    return failed(HDQ_INTERNAL_ERROR, "unknown error");
  }
}

hdq::Isa isa_of(hdq_isa isa) {
  switch (isa) {
    case HDQ_ISA_AUTO:
      return hdq::Isa::automatic;
    case HDQ_ISA_AVX512:
      return hdq::Isa::avx512;
    case HDQ_ISA_AVX2:
      return hdq::Isa::avx2;
    case HDQ_ISA_NEON:
      return hdq::Isa::neon;
    case HDQ_ISA_SCALAR:
      return hdq::Isa::scalar;
  }
  throw hdq::InvalidArgument("unknown instruction set");
}

hdq::Metric metric_of(hdq_metric metric) {
  switch (metric) {
    case HDQ_INNER_PRODUCT:
      return hdq::Metric::inner_product;
    case HDQ_SQUARED_DISTANCE:
      return hdq::Metric::squared_distance;
    case HDQ_COSINE:
      return hdq::Metric::cosine;
  }
  throw hdq::InvalidArgument("unknown metric");
}

const hdq::Scorer& scorer_of(const hdq_scorer* scorer) {
  if (scorer == nullptr) throw hdq::InvalidArgument("scorer is null");
  return scorer->scorer;
}

const hdq::Codec& codec_of(const hdq_codec* codec) {
  if (codec == nullptr) throw hdq::InvalidArgument("codec is null");
  return codec->codec;
}

}  // namespace

extern "C" {

hdq_status hdq_codec_create(size_t dimension, int bits, uint64_t seed, hdq_isa isa, int threads, hdq_codec** codec) {
  return guarded([&] {
    if (codec == nullptr) throw hdq::InvalidArgument("codec is null");
    *codec = nullptr;
    *codec = new hdq_codec{hdq::Codec(dimension, bits, seed, {isa_of(isa), threads})};
  });
}

void hdq_codec_destroy(hdq_codec* codec) { delete codec; }

size_t hdq_codec_order(const hdq_codec* codec) { return codec == nullptr ? 0 : codec->codec.order(); }

size_t hdq_codec_code_bytes(const hdq_codec* codec) { return codec == nullptr ? 0 : codec->codec.code_bytes(); }

hdq_status hdq_encode(const hdq_codec* codec, const float* x, size_t rows, size_t row_stride, uint64_t first_row,
                      float* norms, uint8_t* codes) {
  return guarded([&] { codec_of(codec).encode(x, rows, norms, codes, first_row, row_stride); });
}

hdq_status hdq_encode_float16(const hdq_codec* codec, const uint16_t* x, size_t rows, size_t row_stride, uint64_t first_row,
                              float* norms, uint8_t* codes) {
  const auto* numbers = reinterpret_cast<const hdq::Float16*>(x);
  return guarded([&] { codec_of(codec).encode(numbers, rows, norms, codes, first_row, row_stride); });
}

hdq_status hdq_encode_bfloat16(const hdq_codec* codec, const uint16_t* x, size_t rows, size_t row_stride, uint64_t first_row,
                               float* norms, uint8_t* codes) {
  const auto* numbers = reinterpret_cast<const hdq::BFloat16*>(x);
  return guarded([&] { codec_of(codec).encode(numbers, rows, norms, codes, first_row, row_stride); });
}

hdq_status hdq_decode(const hdq_codec* codec, const float* norms, const uint8_t* codes, size_t rows, uint64_t first_row,
                      float* x, size_t row_stride) {
  return guarded([&] { codec_of(codec).decode(norms, codes, rows, x, first_row, row_stride); });
}

hdq_status hdq_scorer_create(const hdq_codec* codec, const float* queries, size_t count, size_t query_stride, hdq_scorer** scorer) {
  return guarded([&] {
    if (scorer == nullptr) throw hdq::InvalidArgument("scorer is null");
    *scorer = nullptr;
    *scorer = new hdq_scorer{hdq::Scorer(codec_of(codec), queries, count, query_stride)};
  });
}

void hdq_scorer_destroy(hdq_scorer* scorer) { delete scorer; }

hdq_status hdq_score(const hdq_scorer* scorer, hdq_metric metric, const float* norms, const uint8_t* codes, size_t rows,
                     uint64_t first_row, float* scores, size_t scores_stride) {
  return guarded([&] { scorer_of(scorer).score(metric_of(metric), norms, codes, rows, scores, first_row, scores_stride); });
}

hdq_status hdq_search(const hdq_scorer* scorer, hdq_metric metric, const float* norms, const uint8_t* codes, size_t rows,
                      uint64_t first_row, size_t k, uint64_t* found, float* scores) {
  return guarded([&] {
    if (found == nullptr) throw hdq::InvalidArgument("found is null");
    const std::vector<hdq::Neighbour> nearest = hdq::search(scorer_of(scorer), norms, codes, rows, metric_of(metric), k, first_row);
    for (std::size_t i = 0; i < nearest.size(); ++i) {
      found[i] = nearest[i].row;
      if (scores != nullptr) scores[i] = static_cast<float>(nearest[i].score);
    }
  });
}

const char* hdq_last_error(void) { return last_error; }

const char* hdq_version(void) { return HDQ_VERSION; }

}  // extern "C"
