// Two threads of the library against one, on arrays that stay in the last-level cache: what memory does not limit.
#include <algorithm>
#include <memory>

#include "data.hpp"
#include "figure.hpp"
#include "machine.hpp"
#include "score_trial.hpp"

namespace hdq::bench {
namespace {

constexpr std::size_t dimension = 1024;

// Large enough that starting a thread does not count.
std::size_t cached_rows() {
  const std::size_t bytes = std::clamp<std::size_t>(describe_machine().last_level_cache / 2, 2u << 20, 16u << 20);
  return bytes / (dimension * sizeof(float));
}

// `run` with a codec of two threads, and as its bound with a codec of one.
Trial two_threads(const Settings& settings, int bits, std::function<void(const Codec&)> run) {
  auto one = std::make_shared<Codec>(dimension, bits, 0, CodecOptions{settings.isa, 1});
  auto two = std::make_shared<Codec>(dimension, bits, 0, CodecOptions{settings.isa, 2});
  Trial trial;
  trial.amount = static_cast<double>(cached_rows() * dimension * sizeof(float));
  trial.pass = [=] {
    const Unpinned unpinned;
    run(*two);  // the kernel finds out that there are two cores to use
    return seconds_of_threads([&] { run(*two); });
  };
  trial.bound = [=, amount = trial.amount] {
    return measure(Unit::gigabytes_per_second, amount, [&] { return seconds_of_threads([&] { run(*one); }); }, settings.hot_seconds);
  };
  return trial;
}

Trial encode_scaling(const Settings& settings, int bits) {
  auto x = std::make_shared<std::vector<float>>(structured_rows(cached_rows(), dimension));
  auto codes = std::make_shared<Codes>(structured_codes(cached_rows(), dimension, bits));
  return two_threads(settings, bits, [=](const Codec& codec) {
    codec.encode(RowsView<const float>(x->data(), cached_rows(), dimension), EncodedBuffer(codes->norms, codes->codes, 0));
  });
}

Trial decode_scaling(const Settings& settings, int bits) {
  auto x = std::make_shared<std::vector<float>>(cached_rows() * dimension);
  auto codes = std::make_shared<Codes>(structured_codes(cached_rows(), dimension, bits));
  return two_threads(settings, bits, [=](const Codec& codec) {
    codec.decode(EncodedView(codes->norms, codes->codes, 0), {x->data(), cached_rows(), dimension});
  });
}

Trial score_scaling(const Settings& settings, int bits, std::size_t queries) {
  const Trial one = score_trial(settings, {cached_rows(), dimension, bits, queries, Metric::inner_product, 1});
  Trial two = score_trial(settings, {cached_rows(), dimension, bits, queries, Metric::inner_product, 2});
  two.pass = [pass = two.pass] {
    const Unpinned unpinned;
    pass();
    return pass();
  };
  two.bound = [=] {
    return measure(Unit::gigabytes_per_second, one.amount, [&] { return seconds_of_threads([&] { one.pass(); }); }, settings.hot_seconds);
  };
  return two;
}

}  // namespace

void add_threads(const Settings& settings) {
  if (describe_machine().cpus < 2) return;
  const auto scaling = [&](const std::string& name, std::function<Trial()> prepare) {
    add(settings, {"threads/" + name + "/n=1024/b=4", Unit::gigabytes_per_second, "1 thread", Target{Target::ratio, 1.8}, {}, false,
                   std::move(prepare)});
  };
  scaling("encode", [=] { return encode_scaling(settings, 4); });
  scaling("decode", [=] { return decode_scaling(settings, 4); });
  scaling("score", [=] { return score_scaling(settings, 4, 16); });
}

}  // namespace hdq::bench
