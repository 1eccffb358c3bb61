// The entropy-coded quantizer (SPEC §7), vectors to streams and back, and zfp's fixed-accuracy mode at equal mean error, where zfp was
// found: on the same rows as they are, and on the rotated ones. What a figure notes: bits per number, norms included, and E‖x̂ − x‖²/‖x‖².
#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "data.hpp"
#include "figure.hpp"
#include "hdq/entropy_coder.hpp"
#include "peer_data.hpp"
#include "peers.hpp"

#ifdef HDQ_BENCH_ZFP
#include <zfp.h>
#endif

namespace hdq::bench {
namespace {

constexpr std::size_t n = 1024, rows = 4096;
// Rows that go through both stages while their codes are in the second-level cache.
constexpr std::size_t together = 64;

const std::vector<float>& vectors() {
  static const std::vector<float> x = structured_rows(rows, n);
  return x;
}

struct Coded {
  Coded(Isa isa, double rate)
      : codec(n, Step::of_rate(rate), 1, {isa, 1}), workspace(codec), coder(codec), streams(rows / together) {}

  void encode() {
    const RowsView<const float> x(vectors().data(), rows, n);
    for (std::size_t i = 0; i < streams.size(); ++i) {
      const EncodedBuffer some(norms, bytes, i * together);
      codec.encode(x.slice(i * together, together), some, &workspace);
      streams[i] = coder.encode(some);
    }
  }
  void decode() {
    const RowsView<float> out(y.data(), rows, n);
    for (std::size_t i = 0; i < streams.size(); ++i) {
      const PackedRows& packed = streams[i];
      coder.decode(packed.lengths, packed.raw, packed.streams, EncodedBuffer(norms, bytes, i * together));
      codec.decode(EncodedView(norms, bytes, i * together), out.slice(i * together, together), &workspace);
    }
  }
  double bits() const {
    std::size_t all = 0;
    for (const PackedRows& packed : streams) all += packed.raw.size() + packed.streams.size();
    return 8 * static_cast<double>(all) / static_cast<double>(rows * n);
  }

  Codec codec;
  Workspace workspace;
  EntropyCoder coder;
  std::vector<PackedRows> streams;
  std::vector<float> norms = std::vector<float>(together);
  std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(together * codec.code_bytes());
  std::vector<float> y = std::vector<float>(rows * n);
};

Trial coding_trial(const Settings& settings, double rate, bool encode) {
  const auto coded = std::make_shared<Coded>(settings.isa, rate);
  Trial trial;
  trial.amount = static_cast<double>(rows * n * sizeof(float));
  coded->encode();
  coded->decode();
  trial.note = fmt::format("{:.4f} bits, MSE/|x|^2 {:.4e}", coded->bits(), relative_error(vectors(), coded->y, n));
  if (encode)
    trial.pass = [=] { return seconds([&] { coded->encode(); }); };
  else
    trial.pass = [=] { return seconds([&] { coded->decode(); }); };
  return trial;
}

#ifdef HDQ_BENCH_ZFP

// zfp in its fixed-accuracy mode: no error beyond the tolerance.
struct Zfp {
  Zfp(std::vector<float> given, double tolerance_) : x(std::move(given)), y(x.size()), tolerance(tolerance_) {
    zfp_field* field = field_of(x.data());
    zfp_stream* zfp = zfp_stream_open(nullptr);
    zfp_stream_set_accuracy(zfp, tolerance);
    buffer.resize(zfp_stream_maximum_size(zfp, field));
    zfp_stream_close(zfp);
    zfp_field_free(field);
  }
  zfp_field* field_of(float* data) const { return zfp_field_2d(data, zfp_type_float, n, x.size() / n); }

  void run(bool encode) {
    zfp_field* field = field_of(encode ? x.data() : y.data());
    bitstream* stream = stream_open(buffer.data(), buffer.size());
    zfp_stream* zfp = zfp_stream_open(stream);
    zfp_stream_set_accuracy(zfp, tolerance);
    zfp_stream_rewind(zfp);
    if (encode)
      bytes = zfp_compress(zfp, field);
    else
      zfp_decompress(zfp, field);
    zfp_stream_close(zfp);
    stream_close(stream);
    zfp_field_free(field);
  }
  double error() {
    run(true);
    run(false);
    return relative_error(x, y, n);
  }

  std::vector<float> x, y;
  double tolerance;
  std::vector<std::uint8_t> buffer;
  std::size_t bytes = 0;
};

// The rows, each with norm 1, as they are or rotated.
std::vector<float> zfp_rows(const Settings& settings, bool rotated) {
  std::vector<float> x = vectors();
  const Codec codec(n, 8, 1, {settings.isa, 1});
  std::vector<float> y(x.size()), norms(rows);
  codec.rotate(RowsView<const float>(x.data(), rows, n), RowsView<float>(y.data(), rows, n), norms);
  for (std::size_t i = 0; i < x.size(); ++i) (rotated ? y[i] : x[i]) /= norms[i / n];
  return rotated ? y : x;
}

// The largest tolerance whose mean error is at most `error`. zfp's tolerances are powers of two, and so its errors go in steps.
double tolerance_for(const std::vector<float>& x, double error) {
  const std::vector<float> some(x.begin(), x.begin() + 256 * n);
  double tolerance = 1024;
  while (Zfp(some, tolerance).error() > error) tolerance /= 2;
  return tolerance;
}

Trial zfp_trial(const Settings& settings, double rate, bool rotated, bool encode) {
  std::vector<float> x = zfp_rows(settings, rotated);
  const double tolerance = tolerance_for(x, Step::of_rate(rate).error());
  const auto zfp = std::make_shared<Zfp>(std::move(x), tolerance);
  const auto ours = std::make_shared<Coded>(settings.isa, rate);
  ours->encode();
  Trial trial;
  trial.amount = static_cast<double>(rows * n * sizeof(float));
  const double error = zfp->error();
  trial.note = fmt::format("{:.4f} bits, MSE/|x|^2 {:.4e}",
                           8 * static_cast<double>(zfp->bytes) / static_cast<double>(rows * n), error);
  trial.pass = [=] { return seconds([&] { zfp->run(encode); }); };
  trial.bound = [=] {
    return value_of(Unit::gigabytes_per_second, trial.amount,
                    seconds([&] { encode ? ours->encode() : ours->decode(); }));
  };
  return trial;
}

#endif

}  // namespace

#ifdef HDQ_BENCH_ZFP
std::string zfp_description() { return fmt::format("zfp {}", zfp_version_string); }
#else
std::string zfp_description() { return ""; }
#endif

void add_entropy(const Settings& settings) {
  for (const int rate : {2, 4}) {
    const std::string label = fmt::format("/n={}/R={}", n, rate);
    add(settings, {"entropy/encode" + label, Unit::gigabytes_per_second, "", Target{Target::value, 2.5}, {}, true, [=] {
                     return coding_trial(settings, rate, true);
                   }});
    add(settings, {"entropy/decode" + label, Unit::gigabytes_per_second, "", Target{Target::value, 4}, {}, true, [=] {
                     return coding_trial(settings, rate, false);
                   }});
#ifdef HDQ_BENCH_ZFP
    for (const bool encode : {true, false})
      for (const bool rotated : {false, true})
        add(settings, {fmt::format("zfp/{}/{}{}", encode ? "encode" : "decode", rotated ? "rotated" : "rows", label),
                       Unit::gigabytes_per_second,
                       "hdq",
                       {},
                       {},
                       true,
                       [=] { return zfp_trial(settings, rate, rotated, encode); }});
#endif
  }
}

}  // namespace hdq::bench
