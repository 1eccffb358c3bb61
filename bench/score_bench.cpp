// Scores of queries against codes, without decoding: codes in cache and from memory, one query and batches.
#include <algorithm>
#include <memory>

#include "bandwidth.hpp"
#include "data.hpp"
#include "hdq/search.hpp"
#include "machine.hpp"
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

constexpr std::size_t neighbours = 10;

// Rows that differ, each coded with its own dither: what the first pass rules out depends on both. Row r is one of a block of rows, turned
// by as many places as there were blocks before.
struct Searched {
  Searched(std::size_t rows, std::size_t bytes) : norms(rows), codes(rows * bytes) {}
  std::vector<float> norms;
  Buffer codes;
  std::span<std::uint8_t> bytes() const { return {codes.as<std::uint8_t>(), codes.bytes()}; }
  EncodedView view() const { return {norms, bytes(), 0}; }
};
std::shared_ptr<Searched> searched_rows(const Codec& codec, std::size_t rows) {
  constexpr std::size_t block = 1024;
  const std::size_t n = codec.dimension(), bytes = codec.code_bytes();
  const std::vector<float> base = structured_rows(block, n, 1);
  std::vector<float> x(base.size());
  auto codes = std::make_shared<Searched>(rows, bytes);
  for (std::size_t first = 0; first < rows; first += block) {
    const std::size_t some = std::min(block, rows - first);
    for (std::size_t i = 0; i < some; ++i) {
      const auto row = base.begin() + static_cast<std::ptrdiff_t>(i * n);
      std::rotate_copy(row, row + static_cast<std::ptrdiff_t>(first / block % n), row + static_cast<std::ptrdiff_t>(n), x.begin() + static_cast<std::ptrdiff_t>(i * n));
    }
    codec.encode(RowsView<const float>(x.data(), some, n),
                 EncodedBuffer(std::span(codes->norms).subspan(first, some),
                               codes->bytes().subspan(first * bytes, some * bytes), first));
  }
  return codes;
}

// The nearest of all rows, as `hdq search` finds them.
Trial streaming_search(const Settings& settings, std::size_t n, int bits, std::size_t queries) {
  const Codec codec(n, bits, 0, {settings.isa, 1});
  const std::size_t rows = settings.stream_bytes / codec.code_bytes();
  const std::shared_ptr<Searched> codes = searched_rows(codec, rows);
  auto scorer = std::make_shared<Scorer>(codec, RowsView<const float>(structured_rows(queries, n, 2).data(), queries, n));
  Trial trial;
  trial.amount = static_cast<double>(codes->codes.bytes() * queries);
  trial.pass = [=] { return seconds([&] { search(*scorer, Metric::inner_product, codes->view(), neighbours); }); };
  trial.bound = [=] { return dram_read(settings); };
  SearchStatistics pairs;
  search(*scorer, Metric::inner_product, codes->view(), neighbours, {true, &pairs});
  trial.note = std::to_string(pairs.verified) + " of " + std::to_string(pairs.scanned) + " scores computed";
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

// Targets of one query and rows long enough: few bits are more work per byte.
void add_search(const Settings& settings, std::size_t n, int bits, std::size_t queries) {
  const double share = bits == 4 ? 0.80 : bits == 8 ? 0.70 : bits == 2 ? 0.50 : 0.40;
  const auto target = queries == 1 && n > 128 ? std::optional(Target{Target::ratio, share}) : std::nullopt;
  const std::string name = "score/search/n=" + std::to_string(n) + "/b=" + std::to_string(bits) + "/k=" + std::to_string(neighbours) +
                           "/queries=" + std::to_string(queries);
  add(settings, {name, Unit::gigabytes_per_second, "read", target, {}, true, [=] { return streaming_search(settings, n, bits, queries); }});
}

}  // namespace

void add_score(const Settings& settings) {
  for (int bits = 1; bits <= BitWidth::most; ++bits) add_streaming(settings, bits);
  for (int bits = 1; bits <= BitWidth::most; ++bits) add_hot(settings, bits);
  for (const Metric metric : {Metric::squared_distance, Metric::cosine})
    add(settings, {"score/hot/" + label(4) + "/" + metric_name(metric), Unit::gigabytes_per_second, "", {}, {}, false,
                   [=] { return hot_score(settings, 4, 1, metric); }});
  for (const std::size_t n : {128u, 768u, 1024u})
    for (const int bits : {1, 2, 4, 8})
      for (const std::size_t queries : {1u, 16u}) add_search(settings, n, bits, queries);
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
