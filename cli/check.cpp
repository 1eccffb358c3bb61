// hdq check: the fast library on real data, judged by the reference (SPEC §4, reference semantics, and §7).
//
// Every instruction set of this CPU encodes and decodes; all bytes are compared. Every norm, code, stream and decoded
// value is judged against arbitrary-precision arithmetic, and the squared error is set beside its exact expectation over the dither.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <span>
#include <thread>

#include "command.hpp"
#include "enclosure.hpp"
#include "files.hpp"
#include "hdq/entropy_coder.hpp"
#include "hdq/reference/scheme/entropy_coded.hpp"
#include "options.hpp"
#include "row_judge.hpp"

namespace hdq::cli {
namespace {

using nlohmann::ordered_json;

struct Arguments : CodecArguments {
  std::string input;
  VectorInput vectors;
  std::uint64_t rows = UINT64_MAX;
  bool json = false;
};

struct Encoded {
  std::vector<float> norms, decoded;
  std::vector<std::uint8_t> codes;
  PackedRows packed;  // of the entropy-coded quantizer

  bool same_codes(const Encoded& other) const {
    return codes == other.codes && packed.lengths == other.packed.lengths && packed.raw == other.packed.raw &&
           packed.streams == other.packed.streams &&
           std::memcmp(norms.data(), other.norms.data(), norms.size() * sizeof(float)) == 0;
  }
  bool same_decoded(const Encoded& other) const {
    return std::memcmp(decoded.data(), other.decoded.data(), decoded.size() * sizeof(float)) == 0;
  }
};

// Nothing judged is no verdict; and no tables are made for it.
std::uint64_t some_rows(const Arguments& arguments, const VectorReader& input) {
  arguments.vectors.check_used({&input});
  if (input.rows() == 0) throw BadInput(input.name() + ": no rows");
  return input.rows();
}

class Check {
 public:
  explicit Check(const Arguments& arguments)
      : input_(arguments.input, arguments.vectors.options()),
        rows_(std::min(arguments.rows, some_rows(arguments, input_))),
        threads_(static_cast<int>(std::min<std::uint64_t>(rows_, thread_count(arguments.threads)))) {
    for (const Isa isa : supported_isas()) {
      codecs_.emplace_back(arguments.parameters(input_.dimension()), CodecOptions{isa, threads_});
      if (entropy_coded()) coders_.emplace_back(codecs_.back());
      identical_.push_back(true);
    }
    workers_ = row_judges(codecs_[0], static_cast<std::size_t>(threads_));
  }

  void run() {
    const std::size_t chunk = std::max<std::size_t>(static_cast<std::size_t>(threads_), (std::size_t{1} << 18) / input_.dimension());
    Progress progress("checking", rows_);
    for (std::uint64_t begin = 0; begin < rows_; begin += chunk) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, rows_ - begin));
      std::vector<float> x(count * input_.dimension());
      input_.read(begin, count, x.data());
      judge_rows(begin, count, x.data(), encode_everywhere(begin, count, x.data()));
      progress.advance(count);
    }
  }

  bool entropy_coded() const { return codecs_[0].scheme() == SchemeId::entropy_coded; }

  bool shared_dither() const { return codecs_[0].dither() == Dither::shared; }

  bool ok() const {
    return std::all_of(identical_.begin(), identical_.end(), [](bool same) { return same; }) &&
           findings_.norms.wrong == 0 && findings_.codes.wrong == 0 && findings_.streams.wrong == 0 &&
           findings_.decoded.wrong == 0;
  }

  ordered_json json() const;
  void print_table() const;

 private:
  ordered_json scheme_json() const;
  ordered_json mse_json() const;
  double stream_bits() const;

  // The bytes of the first instruction set, the others compared with it.
  Encoded encode_everywhere(std::uint64_t begin, std::size_t count, const float* x) {
    Encoded first;
    for (std::size_t i = 0; i < codecs_.size(); ++i) {
      const Codec& codec = codecs_[i];
      Encoded encoded{std::vector<float>(count),
                      std::vector<float>(count * codec.dimension()),
                      std::vector<std::uint8_t>(count * codec.code_bytes()),
                      {}};
      try {
        codec.encode(RowsView<const float>(x, count, codec.dimension()), EncodedBuffer(encoded.norms, encoded.codes, begin));
      } catch (const InvalidInput& bad) {
        reject_row(input_, begin, x, bad);
      }
      codec.decode(EncodedView(encoded.norms, encoded.codes, begin), {encoded.decoded.data(), count, codec.dimension()});
      if (entropy_coded()) encoded.packed = coders_[i].encode(EncodedView(encoded.norms, encoded.codes, begin));
      if (i == 0) first = std::move(encoded);
      else if (!encoded.same_codes(first) || !encoded.same_decoded(first)) identical_[i] = false;
    }
    return first;
  }

  std::vector<CodedRow> coded_rows(std::uint64_t begin, std::size_t count, const float* x,
                                   const Encoded& encoded) const {
    const std::size_t raw_bytes = entropy_coded() ? coders_[0].raw_bytes() : 0;
    std::vector<CodedRow> rows;
    std::size_t stream = 0;
    for (std::size_t i = 0; i < count; ++i) {
      rows.push_back({begin + i,
                      x + i * input_.dimension(),
                      encoded.norms[i],
                      encoded.codes.data() + i * codecs_[0].code_bytes(),
                      encoded.decoded.data() + i * input_.dimension(),
                      {},
                      {}});
      if (!entropy_coded()) continue;
      rows.back().stream = std::span(encoded.packed.streams).subspan(stream, encoded.packed.lengths[i]);
      rows.back().raw = std::span(encoded.packed.raw).subspan(i * raw_bytes, raw_bytes);
      stream += encoded.packed.lengths[i];
    }
    return rows;
  }

  void judge_rows(std::uint64_t begin, std::size_t count, const float* x, const Encoded& encoded) {
    const std::vector<CodedRow> coded = coded_rows(begin, count, x, encoded);
    std::vector<Findings> found(workers_.size());
    std::vector<std::thread> threads;
    for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
      threads.emplace_back([&, worker] {
        const reference::BallThread release_caches_at_exit;
        for (std::size_t i = worker; i < count; i += workers_.size()) workers_[worker]->judge(coded[i], found[worker]);
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const Findings& part : found) findings_.add(part);
  }

  VectorReader input_;
  std::uint64_t rows_;
  int threads_;
  std::vector<Codec> codecs_;         // one per instruction set
  std::vector<EntropyCoder> coders_;  // likewise, of the entropy-coded quantizer
  std::vector<bool> identical_;  // to the first one
  std::vector<std::unique_ptr<RowJudge>> workers_;
  Findings findings_;
};

ordered_json Check::scheme_json() const {
  const Codec& codec = codecs_[0];
  if (!entropy_coded()) return {{"bits", codec.bits()}, {"dither", dither_name(codec.dither())}};
  return {{"scheme", scheme_name(codec.scheme())},
          {"step", codec.step()},
          {"rate", Step(codec.step()).rate()},
          {"bits_per_coordinate", stream_bits()}};
}

// Of streams and raw bits, the norms apart.
double Check::stream_bits() const {
  const double bits = 8 * static_cast<double>(findings_.stream_bytes) - 32 * static_cast<double>(findings_.nonzero);
  return bits / (static_cast<double>(rows_) * static_cast<double>(codecs_[0].order()));
}

ordered_json Check::mse_json() const {
  const auto nonzero = static_cast<double>(std::max<std::uint64_t>(findings_.nonzero, 1));
  const auto digits = [&](double sum, const reference::Ball& bound) {
    return with_error(reference::Ball(sum) / reference::Ball(nonzero), bound);
  };
  // The sums over rows each carry a rounding of 2^-53 per row.
  const reference::Ball rounding(findings_.expected_upper * 0x1p-52);
  const double middle = 0.5 * (findings_.expected_lower + findings_.expected_upper);
  const double spread = std::sqrt(findings_.deviation_squares);
  ordered_json mse = {{"measured", findings_.measured / nonzero},
                      {"measured_padded", findings_.measured_padded / nonzero}};
  if (entropy_coded()) {
    const reference::Ball error(reference::StepNumbers(codecs_[0].step()).error());  // D, of every row
    mse["expected"] = {{"lower", error.lower(10)}, {"upper", error.upper(10)}};
  } else {
    mse["expected"] = {{"lower", digits(findings_.expected_lower, rounding).lower(10)},
                       {"upper", digits(findings_.expected_upper, rounding).upper(10)}};
  }
  // The spread of independent rows: of those that share their dither it says nothing.
  if (!shared_dither()) mse["deviation"] = spread > 0 ? (findings_.measured_padded - middle) / spread : 0.0;
  if (!entropy_coded()) mse["limit"] = std::ldexp(error_limit_double, -2 * codecs_[0].bits());
  return mse;
}

ordered_json Check::json() const {
  const Codec& codec = codecs_[0];
  ordered_json sets = ordered_json::array();
  for (std::size_t i = 0; i < codecs_.size(); ++i) {
    sets.push_back({{"isa", isa_name(codecs_[i].isa())}, {"identical", static_cast<bool>(identical_[i])}});
  }
  ordered_json wrong = ordered_json::array();
  for (const auto& [row, what] : findings_.wrong) wrong.push_back(what);
  ordered_json all = {
      {"input", input_.name()}, {"rows", rows_}, {"dimension", codec.dimension()}, {"order", codec.order()}};
  all.update(scheme_json());
  all["seed"] = codec.seed();
  all["instruction_sets"] = sets;
  all["norms"] = findings_.norms.json();
  all["codes"] = findings_.codes.json();
  if (entropy_coded()) all["streams"] = {{"equal", findings_.streams.equal}, {"wrong", findings_.streams.wrong}};
  all["decoded"] = {{"within_bound", findings_.decoded.within_bound}, {"wrong", findings_.decoded.wrong}};
  all["largest_decode_error_over_bound"] = findings_.largest_decode_error;
  all["mse"] = mse_json();
  all["wrong"] = wrong;
  all["ok"] = ok();
  return all;
}

void Check::print_table() const {
  const ordered_json all = json();
  fmt::print("{}: {} rows, {} dimensions (Hadamard order {}), {}, seed {}\n\n", input_.name(), rows_,
             codecs_[0].dimension(), codecs_[0].order(), scheme_text(codecs_[0]), codecs_[0].seed());
  for (const auto& set : all["instruction_sets"]) {
    fmt::print("{:<22} {}\n", set["isa"].get<std::string>(), set["identical"] ? "the same bytes" : "DIFFERENT BYTES");
  }
  fmt::print("\n{:<22} {:>12} {:>13} {:>7}\n", "against the reference", "equal", "within bound", "wrong");
  const auto line = [](const char* name, const Verdicts& verdicts, bool exact) {
    fmt::print("{:<22} {:>12} {:>13} {:>7}\n", name, exact ? std::to_string(verdicts.equal) : "-", verdicts.within_bound, verdicts.wrong);
  };
  line("norms", findings_.norms, true);
  line("codes", findings_.codes, true);
  if (entropy_coded()) line("streams", findings_.streams, true);
  line("decoded values", findings_.decoded, false);
  fmt::print("largest decoding error: {:.4f} of its bound\n", findings_.largest_decode_error);
  const auto& mse = all["mse"];
  fmt::print("\nsquared error relative to ‖x‖², mean over rows\n{:<22} {:.8e}\n", "measured", mse["measured"].get<double>());
  if (codecs_[0].order() != codecs_[0].dimension()) {
    fmt::print("{:<22} {:.8e}   with the {} padded coordinates\n", "", mse["measured_padded"].get<double>(),
               codecs_[0].order() - codecs_[0].dimension());
  }
  fmt::print("{:<22} [{}, {}]   {}; {}\n", "exact expectation", mse["expected"]["lower"].get<std::string>(),
             mse["expected"]["upper"].get<std::string>(),
             entropy_coded() ? "D, over the dither, for every vector" : "over the dither, for these signs",
             shared_dither() ? "one draw for all rows: no standard error"
                             : fmt::format("measured is {:+.2f} standard errors off", mse["deviation"].get<double>()));
  if (entropy_coded())
    fmt::print("{:<22} {:.4f} a coordinate, norms apart; R(D) = {:.4f}\n\n", "bits of the streams", stream_bits(),
               Step(codecs_[0].step()).rate());
  else
    fmt::print("{:<22} {:.8e}   bounds every x in the limit of many levels\n\n", "(π√3/2)·4^-b",
               mse["limit"].get<double>());
  for (const auto& what : all["wrong"]) fmt::print("WRONG {}\n", what.get<std::string>());
  fmt::print("{}\n", ok() ? "ok: nothing is wrong" : "NOT ok");
}

}  // namespace

void add_check(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command = add_command(app, "check", "Judge every code of every instruction set against arbitrary precision",
                                "hdq check embeddings.npy --bits 4 --rows 1000", [arguments] {
                                  static_cast<void>(arguments->parameters(1));  // wrong usage before a file is read
                                  Check check(*arguments);
                                  check.run();
                                  if (arguments->json)
                                    print_json(check.json());
                                  else
                                    check.print_table();
                                  return check.ok() ? exit_ok : exit_mismatch;
                                });
  command.text("INPUT", arguments->input, vector_input_help("Rows of vectors")).required();
  arguments->add_scheme(command);
  arguments->add_seed(command);
  arguments->add_dither(command);
  command.integer("--rows", arguments->rows, 1, UINT64_MAX, "Check the first ROWS rows only");
  arguments->vectors.add_to(command);
  arguments->add_threads(command);
  command.flag("--json", arguments->json, "One JSON object");
}

}  // namespace hdq::cli
