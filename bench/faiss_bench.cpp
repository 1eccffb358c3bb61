// faiss, where it was found, on the same rows at the same 4 bits per coordinate, one thread: IndexScalarQuantizer QT_4bit (a uniform
// grid per coordinate between the extremes of a training set) and IndexPQFastScan (sixteen learnt values per coordinate, scored by
// shuffles in 8-bit arithmetic). hdq does the same job around each repetition, as the bound.
#include "figure.hpp"
#include "peers.hpp"

#ifdef HDQ_BENCH_FAISS
#include <faiss/IndexPQFastScan.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/utils/utils.h>
#include <fmt/format.h>
#include <omp.h>

#include <memory>

#include "hdq/search.hpp"
#include "peer_data.hpp"

namespace hdq::bench {
namespace {

constexpr int bits = 4;

// hdq's codes of a data set.
struct Encoded {
  Codec codec;
  std::vector<float> norms;
  std::vector<std::uint8_t> codes;
  Encoded(const Settings& settings, const PeerData& data)
      : codec(data.dimension, bits, 1, {settings.isa, 1}), norms(data.rows), codes(data.rows * codec.code_bytes()) {
    encode(data);
  }
  void encode(const PeerData& data) { codec.encode(RowsView(data.x.data(), data.rows, data.dimension), EncodedBuffer(norms, codes, 0)); }
  void decode(std::vector<float>& y) const { codec.decode(EncodedView(norms, codes, 0), {y.data(), norms.size(), codec.dimension()}); }
  // The rotation of the queries is part of it, as faiss's tables are of its search.
  std::vector<std::uint64_t> search(const PeerData& data, std::size_t queries) const {
    const Scorer scorer(codec, {data.q.data(), queries, data.dimension});
    return row_numbers(hdq::search(scorer, Metric::inner_product, EncodedView(norms, codes, 0), neighbours));
  }
};

using MakeIndex = std::unique_ptr<faiss::Index> (*)(std::size_t n);

std::unique_ptr<faiss::Index> scalar_quantizer(std::size_t n) {
  return std::make_unique<faiss::IndexScalarQuantizer>(static_cast<int>(n), faiss::ScalarQuantizer::QT_4bit, faiss::METRIC_INNER_PRODUCT);
}
std::unique_ptr<faiss::Index> fast_scan(std::size_t n) {
  auto index = std::make_unique<faiss::IndexPQFastScan>(static_cast<int>(n), n, bits, faiss::METRIC_INNER_PRODUCT);
  index->pq.cp.min_points_per_centroid = 1;  // no warnings about the small data set
  return index;
}

// Trained on the rows themselves, all of them added.
std::shared_ptr<faiss::Index> built(MakeIndex make, const PeerData& data) {
  omp_set_num_threads(1);
  std::shared_ptr<faiss::Index> index = make(data.dimension);
  index->train(static_cast<std::int64_t>(data.rows), data.x.data());
  index->add(static_cast<std::int64_t>(data.rows), data.x.data());
  return index;
}

std::vector<std::uint64_t> faiss_search(const faiss::Index& index, const PeerData& data, std::size_t queries) {
  std::vector<float> distances(queries * neighbours);
  std::vector<std::int64_t> labels(queries * neighbours);
  index.search(static_cast<std::int64_t>(queries), data.q.data(), neighbours, distances.data(), labels.data());
  return {labels.begin(), labels.end()};
}

std::string recalls(const Settings& settings, MakeIndex make, const PeerData& data) {
  return fmt::format("recall@{} on {} ({} of {}): {:.3f}, hdq {:.3f}", neighbours, data.name, data.rows, data.dimension,
                     recall(data, faiss_search(*built(make, data), data, data.queries)),
                     recall(data, Encoded(settings, data).search(data, data.queries)));
}

Trial search_trial(const Settings& settings, MakeIndex make, std::size_t queries) {
  const PeerData& data = synthetic_embeddings(settings);
  const auto index = built(make, data);
  const auto ours = std::make_shared<Encoded>(settings, data);
  Trial trial;
  trial.amount = static_cast<double>(data.rows * ours->codec.code_bytes() * queries);
  trial.pass = [=, &data] { return seconds([&] { faiss_search(*index, data, queries); }); };
  trial.bound = [=, &data] {
    return value_of(Unit::gigabytes_per_second, trial.amount, seconds([&] { ours->search(data, queries); }));
  };
  trial.note = recalls(settings, make, data) + "; " + recalls(settings, make, sentence_embeddings());
  return trial;
}

// Bytes of float32 encoded, or decoded.
Trial coding_trial(const Settings& settings, bool encode) {
  const PeerData& data = synthetic_embeddings(settings);
  const auto index = built(scalar_quantizer, data);
  const auto ours = std::make_shared<Encoded>(settings, data);
  const auto bytes = std::make_shared<std::vector<std::uint8_t>>(data.rows * index->sa_code_size());
  const auto y = std::make_shared<std::vector<float>>(data.x.size()), z = std::make_shared<std::vector<float>>(data.x.size());
  const auto rows = static_cast<std::int64_t>(data.rows);
  const auto theirs = [=, &data] { encode ? index->sa_encode(rows, data.x.data(), bytes->data()) : index->sa_decode(rows, bytes->data(), y->data()); };
  const auto mine = [=, &data] { encode ? ours->encode(data) : ours->decode(*z); };
  Trial trial;
  trial.amount = static_cast<double>(data.x.size() * sizeof(float));
  trial.pass = [=] { return seconds(theirs); };
  trial.bound = [=] { return value_of(Unit::gigabytes_per_second, trial.amount, seconds(mine)); };
  index->sa_encode(rows, data.x.data(), bytes->data());
  index->sa_decode(rows, bytes->data(), y->data());
  ours->decode(*z);
  trial.note = fmt::format("MSE/|x|^2 {:.3e}, hdq {:.3e}", relative_error(data.x, *y, data.dimension), relative_error(data.x, *z, data.dimension));
  return trial;
}

}  // namespace

std::string faiss_description() {
  return fmt::format("faiss {}.{}.{}, {}", FAISS_VERSION_MAJOR, FAISS_VERSION_MINOR, FAISS_VERSION_PATCH, faiss::get_compile_options());
}

void add_faiss(const Settings& settings) {
  const auto peer = [&](const std::string& name, std::function<Trial()> prepare) {
    add(settings, {"faiss/" + name, Unit::gigabytes_per_second, "hdq", {}, {}, true, std::move(prepare)});
  };
  peer("encode/QT_4bit/n=768", [=] { return coding_trial(settings, true); });
  peer("decode/QT_4bit/n=768", [=] { return coding_trial(settings, false); });
  for (const std::size_t queries : {1u, 16u}) {
    const std::string label = "/n=768/queries=" + std::to_string(queries);
    peer("search/QT_4bit" + label, [=] { return search_trial(settings, scalar_quantizer, queries); });
    peer("search/PQFastScan" + label, [=] { return search_trial(settings, fast_scan, queries); });
  }
}

}  // namespace hdq::bench

#else

namespace hdq::bench {
std::string faiss_description() { return ""; }
void add_faiss(const Settings&) {}
}  // namespace hdq::bench

#endif
