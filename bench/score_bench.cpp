// Scores of queries against codes, without decoding: codes in cache and from memory, one query and batches.
#include <memory>

#include "bandwidth.hpp"
#include "data.hpp"
#include "hdq/search.hpp"
#include "operations.hpp"
#include "score_trial.hpp"

namespace hdq::bench {
namespace {

constexpr std::size_t dimension = 1024;

// 256 KiB of codes: in the second-level cache. Streaming: an array of codes that fits no cache.
Trial hot_score(const Settings& settings, int bits, std::size_t queries, Metric metric) {
  const std::size_t rows = (256u << 10) / (dimension * static_cast<std::size_t>(bits) / 8);
  return score_trial(settings, {rows, dimension, bits, queries, metric, 1});
}

Trial streaming_score(const Settings& settings, int bits, std::size_t queries) {
  const std::size_t rows = settings.stream_bytes / (dimension * static_cast<std::size_t>(bits) / 8);
  Trial trial = score_trial(settings, {rows, dimension, bits, queries, Metric::inner_product, 1});
  trial.bound = [=] { return dram_read(settings); };
  return trial;
}

// Top 10 of all rows, as `hdq search` finds them.
Trial streaming_search(const Settings& settings, int bits, std::size_t queries) {
  const Codec codec(dimension, bits, 0, {settings.isa, 1});
  const std::size_t rows = settings.stream_bytes / codec.code_bytes();
  auto codes = std::make_shared<Codes>(structured_codes(rows, dimension, bits));
  auto scorer = std::make_shared<Scorer>(codec, RowsView<const float>(structured_rows(queries, dimension, 2).data(), queries, dimension));
  Trial trial;
  trial.amount = static_cast<double>(codes->codes.size() * queries);
  trial.pass = [=] {
    return seconds([&] { search(*scorer, Metric::inner_product, EncodedView(codes->norms, codes->codes, 0), 10); });
  };
  trial.bound = [=] { return dram_read(settings); };
  return trial;
}

Work work(int bits, bool streaming) { return {score_operations(), bits / 8.0, streaming}; }

std::string label(int bits) { return "n=1024/b=" + std::to_string(bits); }

void add_hot(const Settings& settings, int bits) {
  const auto target = bits == 4 ? std::optional(Target{Target::value, 20}) : std::nullopt;
  add(settings, {"score/hot/" + label(bits), Unit::gigabytes_per_second, "", target, work(bits, false), false,
                 [=] { return hot_score(settings, bits, 1, Metric::inner_product); }});
}

void add_streaming(const Settings& settings, int bits) {
  const auto target = bits == 4 ? std::optional(Target{Target::ratio, 0.90}) : std::nullopt;
  add(settings, {"score/stream/" + label(bits), Unit::gigabytes_per_second, "read", target, work(bits, true), true,
                 [=] { return streaming_score(settings, bits, 1); }});
}

}  // namespace

void add_score(const Settings& settings) {
  for (int bits = 1; bits <= BitWidth::most; ++bits) add_streaming(settings, bits);
  for (int bits = 1; bits <= BitWidth::most; ++bits) add_hot(settings, bits);
  for (const Metric metric : {Metric::squared_distance, Metric::cosine})
    add(settings, {"score/hot/" + label(4) + "/" + metric_name(metric), Unit::gigabytes_per_second, "", {}, {}, false,
                   [=] { return hot_score(settings, 4, 1, metric); }});
  for (const std::size_t queries : {1u, 16u})
    add(settings, {"score/search/" + label(4) + "/k=10/queries=" + std::to_string(queries), Unit::gigabytes_per_second, "read", {}, {}, true,
                   [=] { return streaming_search(settings, 4, queries); }});
  // A batch reads the codes once for several queries: bytes of codes times queries.
  for (const std::size_t queries : {4u, 16u, 64u})
    for (const int bits : {2, 4, 8}) {
      add(settings, {"score/hot/" + label(bits) + "/queries=" + std::to_string(queries), Unit::gigabytes_per_second, "", {}, {}, false,
                     [=] { return hot_score(settings, bits, queries, Metric::inner_product); }});
      if (queries != 16) continue;
      add(settings, {"score/stream/" + label(bits) + "/queries=" + std::to_string(queries), Unit::gigabytes_per_second, "read", {}, {}, true,
                     [=] { return streaming_score(settings, bits, queries); }});
    }
}

}  // namespace hdq::bench
