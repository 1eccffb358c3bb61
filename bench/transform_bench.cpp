// y = H D x in place, and H x alone: in cache, and over rows of an array that fits none.
#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

#include "bandwidth.hpp"
#include "data.hpp"
#include "hot_rows.hpp"
#include "operations.hpp"

namespace hdq::bench {
namespace {

std::vector<std::uint32_t> signs_of(std::size_t order) {
  std::vector<std::uint32_t> signs((order + 31) / 32);
  sign_bits(1, order, signs.data());
  return signs;
}

Trial hot_transform(const Settings& settings, std::size_t order) {
  return hot_rows(order, [=, signs = signs_of(order)](float* x) { transform(x, order, signs.data(), settings.isa); });
}

Trial hot_hadamard(const Settings& settings, std::size_t order) {
  return hot_rows(order, [=](float* x) { transform(x, order, nullptr, settings.isa); });
}

Trial hot_beside_power_of_two(const Settings& settings, std::size_t order) {
  Trial trial = hot_transform(settings, order);
  const Trial next = hot_transform(settings, std::bit_ceil(order));
  trial.bound = [=] { return measure(Unit::nanoseconds_per_element, next.amount, next.pass, settings.hot_seconds / 4); };
  return trial;
}

Trial streaming_transform(const Settings& settings, std::size_t order) {
  const std::span<float> input = streaming_input(settings), output = streaming_output(settings);
  Trial trial;
  trial.amount = static_cast<double>(output.size_bytes());
  trial.pass = [=, signs = signs_of(order)] {
    std::copy(input.begin(), input.end(), output.begin());
    return seconds([&] {
      for (std::size_t at = 0; at + order <= output.size(); at += order) transform(output.data() + at, order, signs.data(), settings.isa);
    });
  };
  trial.bound = [=] { return in_place_update(settings); };
  return trial;
}

Work work(std::size_t order, bool streaming) { return {transform_operations(order) + 1, 4, streaming}; }

}  // namespace

void add_transform(const Settings& settings) {
  const auto name = [](std::size_t order) { return "transform/hot/d=" + std::to_string(order); };
  for (const int log2 : {6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20}) {
    const std::size_t order = std::size_t{1} << log2;
    std::optional<Target> target;
    if (log2 >= 8 && log2 <= 12) target = Target{Target::value, 0.16};
    if (log2 == 20) target = Target{Target::value, 0.30};
    add(settings, {name(order), Unit::nanoseconds_per_element, "", target, work(order, false), false,
                   [=] { return hot_transform(settings, order); }});
    add(settings, {name(order) + "/H", Unit::nanoseconds_per_element, "", target, Work{transform_operations(order), 4, false}, false,
                   [=] { return hot_hadamard(settings, order); }});
  }
  for (const std::size_t base : {12u, 20u, 28u})
    for (std::size_t order = 8 * base; order < 4096; order *= 2)
      add(settings, {name(order), Unit::nanoseconds_per_element, "d=" + std::to_string(std::bit_ceil(order)),
                     Target{Target::ratio, 1.3}, work(order, false), false, [=] { return hot_beside_power_of_two(settings, order); }});
  for (const std::size_t order : {256u, 1024u, 4096u})
    add(settings, {"transform/stream/d=" + std::to_string(order), Unit::gigabytes_per_second, "update", Target{Target::ratio, 0.90},
                   work(order, true), true, [=] { return streaming_transform(settings, order); }});
}

}  // namespace hdq::bench
