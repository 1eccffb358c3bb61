// RaBitQ-Library (github.com/VectorDB-NTU/RaBitQ-Library), where it was compiled in: encoding of the same rows at the same bits, one
// thread, and what the codes alone find. Its codes are left unpacked, a byte each; ours are packed.
#include "figure.hpp"
#include "peers.hpp"

#ifdef HDQ_BENCH_RABITQ
#include <fmt/format.h>

#include <memory>

#include "hdq/search.hpp"
#include "peer_data.hpp"
#include "rabitq_peer.hpp"

namespace hdq::bench {
namespace {

double rabitq_recall(const PeerData& data, int bits, bool faster) {
  const RabitqQuantizer quantizer(data.dimension, bits, faster);
  std::vector<std::uint8_t> codes(data.x.size());
  std::vector<RabitqQuantizer::Row> scales(data.rows);
  quantizer.encode(data.x.data(), data.rows, codes.data(), scales.data());
  std::vector<float> y(data.x.size()), q(data.q.size());
  quantizer.reconstruct(codes.data(), scales.data(), data.rows, y.data());
  quantizer.rotate(data.q.data(), data.queries, q.data());
  TopK found(Metric::inner_product, data.queries, neighbours);
  brute_force_search(found, {q.data(), data.queries, data.dimension}, {y.data(), data.rows, data.dimension}, 0);
  return recall(data, row_numbers(found.ranked()));
}

double hdq_recall(const PeerData& data, const Codec& codec) {
  const EncodedRows encoded = codec.encode(RowsView(data.x.data(), data.rows, data.dimension), 0);
  const Scorer scorer(codec, {data.q.data(), data.queries, data.dimension});
  return recall(data, row_numbers(search(scorer, Metric::inner_product, encoded, neighbours)));
}

std::string recalls(const Settings& settings, const PeerData& data, int bits, bool faster) {
  const CodecOptions options{settings.isa, 1};
  return fmt::format("recall@{} on {} ({} of {}): {:.3f}, hdq {:.3f}, at rate {} {:.3f}", neighbours, data.name,
                     data.rows, data.dimension, rabitq_recall(data, bits, faster),
                     hdq_recall(data, Codec(data.dimension, bits, 1, options)), bits,
                     hdq_recall(data, Codec(data.dimension, Step::of_rate(bits), 1, options)));
}

Trial encoding(const Settings& settings, int bits, bool faster) {
  const PeerData& data = synthetic_embeddings(settings);
  const std::size_t n = data.dimension;
  const auto theirs = std::make_shared<RabitqQuantizer>(n, bits, faster);
  const auto codes = std::make_shared<std::vector<std::uint8_t>>(data.x.size());
  const auto scales = std::make_shared<std::vector<RabitqQuantizer::Row>>(data.rows);
  const auto codec = std::make_shared<Codec>(n, bits, 1, CodecOptions{settings.isa, 1});
  const auto norms = std::make_shared<std::vector<float>>(data.rows);
  const auto packed = std::make_shared<std::vector<std::uint8_t>>(data.rows * codec->code_bytes());
  Trial trial;
  trial.amount = static_cast<double>(data.x.size());
  trial.pass = [=, &data] {
    return seconds([&] { theirs->encode(data.x.data(), data.rows, codes->data(), scales->data()); });
  };
  trial.bound = [=, &data] {
    return value_of(Unit::nanoseconds_per_element, trial.amount, seconds([&] {
                      codec->encode(RowsView(data.x.data(), data.rows, n), EncodedBuffer(*norms, *packed, 0));
                    }));
  };
  trial.note = recalls(settings, synthetic_embeddings(settings), bits, faster) + "; " +
               recalls(settings, sentence_embeddings(), bits, faster);
  return trial;
}

}  // namespace

std::string rabitq_description() { return HDQ_BENCH_RABITQ; }

void add_rabitq(const Settings& settings) {
  for (const bool faster : {true, false})
    for (const int bits : {1, 2, 4, 8})
      if (faster || bits == 4)  // one bit has no factor to look for, and eight take minutes
        add(settings, {fmt::format("rabitq/encode{}/n=768/b={}", faster ? "" : "/default", bits),
                       Unit::nanoseconds_per_element,
                       "hdq",
                       {},
                       {},
                       true,
                       [=] { return encoding(settings, bits, faster); }});
}

}  // namespace hdq::bench

#else

namespace hdq::bench {
std::string rabitq_description() { return ""; }
void add_rabitq(const Settings&) {}
}  // namespace hdq::bench

#endif
