#include "bandwidth.hpp"

#include <thread>

#include "data.hpp"
#include "machine.hpp"
#include "machine_kernels.hpp"

namespace hdq::bench {
namespace {

double rate(std::span<float> array, const std::function<void()>& work) {
  return value_of(Unit::gigabytes_per_second, static_cast<double>(array.size_bytes()), seconds(work));
}

// A pass of `work` over an array of `bytes` that stays in cache, repeated so that a pass takes microseconds.
Trial cached_read(const Settings& settings, std::size_t bytes) {
  auto array = std::make_shared<Buffer>(bytes);
  const std::size_t rounds = (std::size_t{4} << 20) / bytes;
  Trial trial;
  trial.amount = static_cast<double>(bytes * rounds);
  trial.pass = [=, isa = settings.isa] {
    return seconds([&] {
      for (std::size_t i = 0; i < rounds; ++i) read_all(array->as<float>(), bytes / sizeof(float), isa);
    });
  };
  return trial;
}

Trial streaming(std::span<float> array, std::function<void()> work) {
  Trial trial;
  trial.amount = static_cast<double>(array.size_bytes());
  trial.pass = [work = std::move(work)] { return seconds(work); };
  return trial;
}

Trial two_thread_read(const Settings& settings) {
  Trial trial = streaming(streaming_input(settings), {});
  trial.pass = [=, array = streaming_input(settings), half = streaming_input(settings).size() / 2] {
    const Unpinned unpinned;
    return seconds_of_threads([&] {
      std::jthread other([&] { read_all(array.data() + half, half, settings.isa); });
      read_all(array.data(), half, settings.isa);
    });
  };
  return trial;
}

Trial instruction_rate(const Settings& settings, double (*rounds)(std::size_t, Isa)) {
  constexpr std::size_t count = 10000;
  Trial trial;
  trial.amount = rounds(count, settings.isa);
  trial.pass = [=, isa = settings.isa] { return seconds([&] { rounds(count, isa); }); };
  return trial;
}

}  // namespace

std::span<float> streaming_input(const Settings& settings) {
  static const Buffer buffer = [&] {
    Buffer made(settings.stream_bytes);
    fill_rows({made.as<float>(), made.bytes() / sizeof(float)}, 1024);
    return made;
  }();
  return {buffer.as<float>(), buffer.bytes() / sizeof(float)};
}

std::span<float> streaming_output(const Settings& settings) {
  static const Buffer buffer(settings.stream_bytes);
  return {buffer.as<float>(), buffer.bytes() / sizeof(float)};
}

double dram_read(const Settings& settings) {
  const auto array = streaming_input(settings);
  return rate(array, [&] { read_all(array.data(), array.size(), settings.isa); });
}
double in_place_update(const Settings& settings) {
  const auto array = streaming_output(settings);
  return rate(array, [&] { update_all(array.data(), array.size(), settings.isa); });
}
double plain_store(const Settings& settings) {
  const auto array = streaming_output(settings);
  return rate(array, [&] { store_all(array.data(), array.size(), 1.0f, settings.isa); });
}

void add_machine(const Settings& settings) {
  const auto bandwidth = [&](const char* name, std::function<Trial()> prepare, bool is_streaming) {
    add(settings, {name, Unit::gigabytes_per_second, "", {}, {}, is_streaming, std::move(prepare)});
  };
  const auto in = [=] { return streaming_input(settings); };
  const auto out = [=] { return streaming_output(settings); };
  bandwidth("machine/dram-read", [=] { return streaming(in(), [=] { read_all(in().data(), in().size(), settings.isa); }); }, true);
  bandwidth("machine/in-place-update",
            [=] { return streaming(out(), [=] { update_all(out().data(), out().size(), settings.isa); }); }, true);
  bandwidth("machine/plain-store",
            [=] { return streaming(out(), [=] { store_all(out().data(), out().size(), 1.0f, settings.isa); }); }, true);
  bandwidth("machine/non-temporal-store",
            [=] { return streaming(out(), [=] { stream_all(out().data(), out().size(), 1.0f, settings.isa); }); }, true);
  if (describe_machine().cpus > 1) bandwidth("machine/dram-read/2-threads", [=] { return two_thread_read(settings); }, true);
  bandwidth("machine/l1-read", [=] { return cached_read(settings, 16u << 10); }, false);
  bandwidth("machine/l2-read", [=] { return cached_read(settings, 256u << 10); }, false);
  const auto instruction = [&](const char* name, double (*rounds)(std::size_t, Isa)) {
    add(settings, {name, Unit::giga_per_second, "", {}, {}, false, [=] { return instruction_rate(settings, rounds); }});
  };
  instruction("machine/permute", permute_rounds);
  instruction("machine/fma", fma_rounds);
}

}  // namespace hdq::bench
