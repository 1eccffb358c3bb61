// FFHT (github.com/FALCONN-LIB/FFHT), where it was compiled in: H x, powers of two only, beside our H x.
#include "bandwidth.hpp"
#include "hot_rows.hpp"
#include "peers.hpp"

#ifdef HDQ_BENCH_FFHT
#include <algorithm>

#include "hdq/stages.hpp"

extern "C" int fht_float(float* x, int log2);

namespace hdq::bench {
namespace {

Trial hot_ffht(const Settings& settings, int log2) {
  const std::size_t order = std::size_t{1} << log2;
  Trial trial = hot_rows(order, [=](float* x) { fht_float(x, log2); });
  const Trial ours = hot_rows(order, [=](float* x) { transform(x, order, nullptr, settings.isa); });
  trial.bound = [=] { return measure(Unit::nanoseconds_per_element, ours.amount, ours.pass, settings.hot_seconds / 4); };
  return trial;
}

Trial streaming_ffht(const Settings& settings, int log2) {
  const std::size_t order = std::size_t{1} << log2;
  const std::span<float> input = streaming_input(settings), output = streaming_output(settings);
  Trial trial;
  trial.amount = static_cast<double>(output.size_bytes());
  trial.pass = [=] {
    std::copy(input.begin(), input.end(), output.begin());
    return seconds([&] {
      for (std::size_t at = 0; at + order <= output.size(); at += order) fht_float(output.data() + at, log2);
    });
  };
  trial.bound = [=] { return in_place_update(settings); };
  return trial;
}

}  // namespace

std::string ffht_description() { return HDQ_BENCH_FFHT; }

void add_ffht(const Settings& settings) {
  for (const int log2 : {6, 8, 10, 12, 16, 20})
    add(settings, {"ffht/hot/d=" + std::to_string(1 << log2), Unit::nanoseconds_per_element, "hdq", {}, {}, false,
                   [=] { return hot_ffht(settings, log2); }});
  for (const int log2 : {8, 10, 12})
    add(settings, {"ffht/stream/d=" + std::to_string(1 << log2), Unit::gigabytes_per_second, "update", {}, {}, true,
                   [=] { return streaming_ffht(settings, log2); }});
}

}  // namespace hdq::bench

#else

namespace hdq::bench {
std::string ffht_description() { return ""; }
void add_ffht(const Settings&) {}
}  // namespace hdq::bench

#endif
