// Codes to float32 rows: streaming against the bandwidth of ordinary stores, and in cache.
#include <memory>

#include "bandwidth.hpp"
#include "data.hpp"
#include "operations.hpp"

namespace hdq::bench {
namespace {

Trial decode_trial(const Settings& settings, float* x, std::size_t rows, std::size_t n, int bits, double amount) {
  auto codec = std::make_shared<Codec>(n, bits, 0, CodecOptions{settings.isa, 1});
  auto workspace = std::make_shared<Workspace>(*codec);
  auto codes = std::make_shared<Codes>(structured_codes(rows, n, bits));
  Trial trial;
  trial.amount = amount;
  trial.pass = [=] {
    return seconds([&] { codec->decode(EncodedView(codes->norms, codes->codes, 0), {x, rows, n}, workspace.get()); });
  };
  return trial;
}

Trial streaming_decode(const Settings& settings, std::size_t n, int bits) {
  const std::span<float> output = streaming_output(settings);
  const std::size_t rows = output.size() / n;
  Trial trial = decode_trial(settings, output.data(), rows, n, bits, static_cast<double>(rows * n * sizeof(float)));
  trial.bound = [=] { return plain_store(settings); };
  return trial;
}

// 256 KiB of output: in the second-level cache.
Trial hot_decode(const Settings& settings, std::size_t n, int bits) {
  const std::size_t rows = 65536 / n;
  auto x = std::make_shared<std::vector<float>>(rows * n);
  Trial trial = decode_trial(settings, x->data(), rows, n, bits, static_cast<double>(rows * n));
  trial.pass = [x, pass = trial.pass] { return pass(); };
  return trial;
}

std::string label(std::size_t n, int bits) { return "n=" + std::to_string(n) + "/b=" + std::to_string(bits); }

}  // namespace

void add_decode(const Settings& settings) {
  const auto work = [](std::size_t n, bool streaming) { return Work{decode_operations(n), 4, streaming}; };
  const auto stream = [&](std::size_t n, int bits) {
    add(settings, {"decode/stream/" + label(n, bits), Unit::gigabytes_per_second, "store", Target{Target::ratio, bits == 4 ? 0.75 : 0.50},
                   work(n, true), true, [=] { return streaming_decode(settings, n, bits); }});
  };
  const auto hot = [&](std::size_t n, int bits) {
    add(settings, {"decode/hot/" + label(n, bits), Unit::nanoseconds_per_element, "", {}, work(n, false), false,
                   [=] { return hot_decode(settings, n, bits); }});
  };
  for (const std::size_t n : {128u, 768u, 1536u}) stream(n, 4);
  for (int bits = 1; bits <= BitWidth::most; ++bits) stream(1024, bits);
  for (const std::size_t n : {128u, 768u, 1536u}) hot(n, 4);
  for (int bits = 1; bits <= BitWidth::most; ++bits) hot(1024, bits);
}

}  // namespace hdq::bench
