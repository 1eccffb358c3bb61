// Rows to codes: streaming against the read bandwidth, and in cache, where arithmetic is the limit.
#include <memory>
#include <type_traits>

#include "bandwidth.hpp"
#include "data.hpp"
#include "machine.hpp"
#include "operations.hpp"

namespace hdq::bench {
namespace {

// Encodes `rows` rows from x, which `owner` keeps; the amount is bytes of input or elements.
template <class Element>
Trial encode_trial(const Settings& settings, std::shared_ptr<void> owner, const Element* x, std::size_t rows, std::size_t n, int bits,
                   double amount) {
  auto codec = std::make_shared<Codec>(n, bits, 1, CodecOptions{settings.isa, 1});
  auto workspace = std::make_shared<Workspace>(*codec);
  auto norms = std::make_shared<std::vector<float>>(rows);
  auto codes = std::make_shared<std::vector<std::uint8_t>>(rows * codec->code_bytes());
  Trial trial;
  trial.amount = amount;
  trial.pass = [=, owner = std::move(owner)] {
    return seconds([&] { codec->encode(RowsView(x, rows, n), EncodedBuffer(*norms, *codes, 0), workspace.get()); });
  };
  return trial;
}

template <class Element>
Trial streaming_encode(const Settings& settings, std::size_t n, int bits) {
  const std::size_t rows = settings.stream_bytes / sizeof(Element) / n;
  const auto bytes = static_cast<double>(rows * n * sizeof(Element));
  Trial trial;
  if constexpr (std::is_same_v<Element, float>) {
    trial = encode_trial(settings, nullptr, streaming_input(settings).data(), rows, n, bits, bytes);
  } else {
    auto x = std::make_shared<Buffer>(settings.stream_bytes);
    narrow_rows(x->as<Element>(), rows, n);
    trial = encode_trial(settings, x, x->as<Element>(), rows, n, bits, bytes);
  }
  trial.bound = [=] { return dram_read(settings); };
  return trial;
}

// 65536 elements of input: in the second-level cache.
template <class Element>
Trial hot_encode(const Settings& settings, std::size_t n, int bits) {
  const std::size_t rows = 65536 / n;
  auto x = std::make_shared<Buffer>(rows * n * sizeof(Element));
  if constexpr (std::is_same_v<Element, float>)
    fill_rows({x->as<float>(), rows * n}, n);
  else
    narrow_rows(x->as<Element>(), rows, n);
  return encode_trial(settings, x, x->as<Element>(), rows, n, bits, static_cast<double>(rows * n));
}

double encode_target(std::size_t n, int bits) {
  if (bits == 4) return n == 128 ? 0.50 : 0.75;
  return bits == 1 || bits == 2 || bits == 8 ? 0.60 : 0.50;
}

std::string label(std::size_t n, int bits) { return "n=" + std::to_string(n) + "/b=" + std::to_string(bits); }

// Half the bytes in, the same work.
template <class Element>
void add_narrow(const Settings& settings, const std::string& element) {
  add(settings, {"encode/stream/" + label(1024, 4) + "/" + element, Unit::gigabytes_per_second, "read", {}, {}, true,
                 [=] { return streaming_encode<Element>(settings, 1024, 4); }});
  add(settings, {"encode/hot/" + label(1024, 4) + "/" + element, Unit::nanoseconds_per_element, "", {}, {}, false,
                 [=] { return hot_encode<Element>(settings, 1024, 4); }});
}

}  // namespace

void add_encode(const Settings& settings) {
  const auto work = [](std::size_t n, int bits, bool streaming) { return Work{encode_operations(n, bits), 4, streaming}; };
  const auto stream = [&](std::size_t n, int bits) {
    add(settings, {"encode/stream/" + label(n, bits), Unit::gigabytes_per_second, "read", Target{Target::ratio, encode_target(n, bits)},
                   work(n, bits, true), true, [=] { return streaming_encode<float>(settings, n, bits); }});
  };
  const auto hot = [&](std::size_t n, int bits) {
    add(settings, {"encode/hot/" + label(n, bits), Unit::nanoseconds_per_element, "", {}, work(n, bits, false), false,
                   [=] { return hot_encode<float>(settings, n, bits); }});
  };
  for (const std::size_t n : {128u, 768u, 1536u}) stream(n, 4);
  for (int bits = 1; bits <= BitWidth::most; ++bits) stream(1024, bits);
  for (const std::size_t n : {128u, 768u, 1536u}) hot(n, 4);
  for (int bits = 1; bits <= BitWidth::most; ++bits) hot(1024, bits);
  add_narrow<Float16>(settings, "float16");
  add_narrow<BFloat16>(settings, "bfloat16");
}

}  // namespace hdq::bench
