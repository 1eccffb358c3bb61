// The C interface with arguments in and out of range, on buffers exactly as long as those arguments say. The input is read as numbers.
// A failure has a documented status, a line of text and, of what creates, a null handle; it is never an internal error.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "fuzz.hpp"
#include "hdq/hdq.h"

namespace hdq::fuzz {
namespace {

hdq_status checked(hdq_status status) {
  require(status >= HDQ_OK && status <= HDQ_FILE_ERROR && status != HDQ_INTERNAL_ERROR, hdq_last_error());
  if (status != HDQ_OK) require(hdq_last_error()[0] != '\0', "a failure without a word");
  if (status == HDQ_INVALID_INPUT) require(hdq_last_error_row() != HDQ_NONE, "bad input without its row");
  return status;
}

template <class Handle>
Handle* checked(hdq_status status, Handle* handle) {
  require((checked(status) == HDQ_OK) == (handle != nullptr), "a handle that does not go with its status");
  return handle;
}

class Caller {
 public:
  explicit Caller(FuzzedDataProvider& data) : data_(data) {}
  ~Caller() {
    hdq_scorer_destroy(scorer_);
    hdq_codec_destroy(codec_);
  }

  void call() {
    switch (data_.ConsumeIntegralInRange(0, 6)) {
      case 0: create_codec(); break;
      case 1: encode(); break;
      case 2: encode_halves(); break;
      case 3: decode(); break;
      case 4: create_scorer(); break;
      case 5: score(); break;
      default: search();
    }
  }

 private:
  std::size_t small(std::size_t most) { return data_.ConsumeIntegralInRange<std::size_t>(0, most); }
  std::size_t dimension() const { return hdq_codec_dimension(codec_); }
  std::size_t code_bytes() const { return hdq_codec_code_bytes(codec_); }
  int metric() { return data_.ConsumeBool() ? data_.ConsumeIntegralInRange(0, 2) : data_.ConsumeIntegral<int>(); }
  // 0, the length of a row, or another near it.
  std::size_t stride(std::size_t length) { return data_.ConsumeBool() ? 0 : length + small(4) - std::min<std::size_t>(length, 2); }
  static std::size_t extent(std::size_t rows, std::size_t length, std::size_t stride) {
    if (rows == 0) return 0;
    return (rows - 1) * (stride == 0 ? length : stride) + length;
  }
  template <class T>
  std::vector<T> numbers(std::size_t count) {
    std::vector<T> values(count);
    const auto bytes = data_.ConsumeBytes<std::uint8_t>(std::min(count * sizeof(T), small(64)));
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  // The pointer, or now and then null.
  template <class T>
  T* pointer(std::vector<T>& values) {
    return data_.ConsumeIntegralInRange(0, 31) == 31 ? nullptr : values.data();
  }

  void create_codec() {
    hdq_codec_options options = HDQ_CODEC_OPTIONS_INIT;
    options.size = data_.ConsumeBool() ? sizeof options : small(sizeof options);
    options.isa = data_.ConsumeBool() ? HDQ_ISA_AUTO : data_.ConsumeIntegral<int>();
    options.threads = data_.ConsumeIntegralInRange(-2, 3);
    options.scheme = data_.ConsumeBool() ? data_.ConsumeIntegralInRange(0, 1) : data_.ConsumeIntegral<int>();
    options.step = options.scheme == 0   ? 0
                   : data_.ConsumeBool() ? hdq_step_of_rate(data_.ConsumeFloatingPointInRange(0.0, 13.0))
                                         : data_.ConsumeFloatingPoint<float>();
    const std::size_t n = data_.ConsumeBool() ? small(70) : data_.ConsumeIntegral<std::size_t>();
    const int bits = options.scheme == 1 ? 0 : data_.ConsumeIntegralInRange(-1, 9);
    hdq_codec* made = reinterpret_cast<hdq_codec*>(this);
    const hdq_status status = hdq_codec_create(n, bits, data_.ConsumeIntegral<std::uint64_t>(), data_.ConsumeBool() ? &options : nullptr, &made);
    if (checked(status, made) == nullptr) return;
    if (hdq_codec_dimension(made) > 128) return hdq_codec_destroy(made);  // it works; encoding takes its time
    hdq_codec_destroy(codec_);
    codec_ = made;
  }

  void encode() {
    const std::size_t rows = small(5), between = stride(dimension());
    auto x = numbers<float>(extent(rows, dimension(), between));
    std::vector<float> norms(rows);
    std::vector<std::uint8_t> codes(rows * code_bytes());
    checked(hdq_encode(codec_, pointer(x), rows, between, pointer(norms), pointer(codes), data_.ConsumeIntegral<std::uint64_t>()));
  }

  void encode_halves() {
    const std::size_t rows = small(5), between = stride(dimension());
    auto x = numbers<std::uint16_t>(extent(rows, dimension(), between));
    std::vector<float> norms(rows);
    std::vector<std::uint8_t> codes(rows * code_bytes());
    const auto call = data_.ConsumeBool() ? hdq_encode_float16 : hdq_encode_bfloat16;
    checked(call(codec_, pointer(x), rows, between, pointer(norms), pointer(codes), data_.ConsumeIntegral<std::uint64_t>()));
  }

  void decode() {
    const std::size_t rows = small(5), between = stride(dimension());
    auto norms = numbers<float>(rows);
    auto codes = numbers<std::uint8_t>(rows * code_bytes());
    std::vector<float> x(extent(rows, dimension(), between));
    checked(hdq_decode(codec_, pointer(norms), pointer(codes), rows, data_.ConsumeIntegral<std::uint64_t>(), pointer(x), between));
  }

  void create_scorer() {
    const std::size_t count = small(3), between = stride(dimension());
    auto queries = numbers<float>(extent(count, dimension(), between));
    const auto mean = numbers<float>(data_.ConsumeBool() ? dimension() : 0);
    hdq_scorer* made = reinterpret_cast<hdq_scorer*>(this);
    if (checked(hdq_scorer_create(codec_, pointer(queries), count, between, mean.empty() ? nullptr : mean.data(), &made), made) == nullptr) return;
    hdq_scorer_destroy(scorer_);
    scorer_ = made;
    queries_ = count;
    scored_bytes_ = code_bytes();
  }

  void score() {
    const std::size_t rows = small(5), between = stride(rows);
    auto norms = numbers<float>(rows);
    auto codes = numbers<std::uint8_t>(rows * scored_bytes_);
    std::vector<float> scores(extent(queries_, rows, between));
    checked(hdq_score(scorer_, metric(), pointer(norms), pointer(codes), rows, data_.ConsumeIntegral<std::uint64_t>(), pointer(scores), between));
  }

  void search() {
    const std::size_t rows = small(5), k = data_.ConsumeBool() ? small(6) : data_.ConsumeIntegral<std::size_t>();
    auto norms = numbers<float>(rows);
    auto codes = numbers<std::uint8_t>(rows * scored_bytes_);
    std::vector<std::uint64_t> found(queries_ * std::min(k, rows));  // more is refused
    std::vector<float> scores(found.size());
    const auto first_row = data_.ConsumeIntegral<std::uint64_t>();
    std::vector<std::uint64_t> list(data_.ConsumeBool() ? small(5) : 0);
    for (std::uint64_t& row : list) row = small(5);
    found.resize(std::max(found.size(), queries_ * std::min(k, list.size())));
    scores.resize(found.size());
    hdq_search_statistics statistics = {};
    const hdq_search_options options = {sizeof options, data_.ConsumeIntegralInRange(-1, 2), &statistics,
                                        list.empty() ? nullptr : list.data(), list.size()};
    checked(hdq_search_with(scorer_, metric(), pointer(norms), pointer(codes), rows, first_row, k,
                            data_.ConsumeBool() ? &options : nullptr, found.empty() ? nullptr : found.data(),
                            pointer(scores)));
  }

  FuzzedDataProvider& data_;
  hdq_codec* codec_ = nullptr;
  hdq_scorer* scorer_ = nullptr;
  std::size_t queries_ = 0, scored_bytes_ = 0;
};

}  // namespace
}  // namespace hdq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider provider(data, size);
  hdq::fuzz::Caller caller(provider);
  for (int calls = 0; calls < 20 && provider.remaining_bytes() > 0; ++calls) caller.call();
  return 0;
}
