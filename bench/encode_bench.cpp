// float32 rows to codes: streaming against the read bandwidth, and in cache, where arithmetic is the limit.
#include <memory>

#include "bandwidth.hpp"
#include "data.hpp"
#include "operations.hpp"

namespace hdq::bench {
namespace {

// Encodes `rows` rows from x; the amount is bytes of input or elements.
Trial encode_trial(const Settings& settings, const float* x, std::size_t rows, std::size_t n, int bits, double amount) {
  auto codec = std::make_shared<Codec>(n, bits, 1, CodecOptions{settings.isa, 1});
  auto norms = std::make_shared<std::vector<float>>(rows);
  auto codes = std::make_shared<std::vector<std::uint8_t>>(rows * codec->code_bytes());
  Trial trial;
  trial.amount = amount;
  trial.pass = [=] { return seconds([&] { codec->encode(x, rows, norms->data(), codes->data()); }); };
  return trial;
}

Trial streaming_encode(const Settings& settings, std::size_t n, int bits) {
  const std::size_t rows = streaming_input(settings).size() / n;
  Trial trial = encode_trial(settings, streaming_input(settings).data(), rows, n, bits, static_cast<double>(rows * n * sizeof(float)));
  trial.bound = [=] { return dram_read(settings); };
  return trial;
}

// 256 KiB of input: in the second-level cache.
Trial hot_encode(const Settings& settings, std::size_t n, int bits) {
  const std::size_t rows = 65536 / n;
  auto x = std::make_shared<std::vector<float>>(structured_rows(rows, n));
  Trial trial = encode_trial(settings, x->data(), rows, n, bits, static_cast<double>(rows * n));
  trial.pass = [x, pass = trial.pass] { return pass(); };
  return trial;
}

double encode_target(std::size_t n, int bits) {
  if (bits == 4) return n == 128 ? 0.50 : 0.75;
  return bits == 1 || bits == 2 || bits == 8 ? 0.60 : 0.50;
}

std::string label(std::size_t n, int bits) { return "n=" + std::to_string(n) + "/b=" + std::to_string(bits); }

}  // namespace

void add_encode(const Settings& settings) {
  const auto work = [](std::size_t n, int bits, bool streaming) { return Work{encode_operations(n, bits), 4, streaming}; };
  const auto stream = [&](std::size_t n, int bits) {
    add(settings, {"encode/stream/" + label(n, bits), Unit::gigabytes_per_second, "read", Target{Target::ratio, encode_target(n, bits)},
                   work(n, bits, true), true, [=] { return streaming_encode(settings, n, bits); }});
  };
  const auto hot = [&](std::size_t n, int bits) {
    add(settings, {"encode/hot/" + label(n, bits), Unit::nanoseconds_per_element, "", {}, work(n, bits, false), false,
                   [=] { return hot_encode(settings, n, bits); }});
  };
  for (const std::size_t n : {128u, 768u, 1536u}) stream(n, 4);
  for (int bits = 1; bits <= 8; ++bits) stream(1024, bits);
  for (const std::size_t n : {128u, 768u, 1536u}) hot(n, 4);
  for (int bits = 1; bits <= 8; ++bits) hot(1024, bits);
}

}  // namespace hdq::bench
