// hdq check: the fast library on real data, judged by the reference (SPEC §4, reference semantics).
//
// Every instruction set of this CPU encodes and decodes; all bytes are compared. Every norm, code and decoded value is
// judged against arbitrary-precision arithmetic, and the squared error is set beside its exact expectation over the dither.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "command.hpp"
#include "enclosure.hpp"
#include "files.hpp"
#include "options.hpp"
#include "hdq/stages.hpp"
#include "hdq/reference/expectation/expected_error.hpp"
#include "hdq/reference/judge/judge.hpp"

namespace hdq::cli {
namespace {

using nlohmann::ordered_json;
using reference::Judge;
using reference::Verdict;

struct Arguments : CodecArguments {
  std::string input;
  VectorInput vectors;
  std::uint64_t rows = UINT64_MAX;
  bool json = false;
};

struct Verdicts {
  std::uint64_t equal = 0, within_bound = 0, wrong = 0;

  void add(Verdict verdict, std::uint64_t count = 1) {
    (verdict == Verdict::equal ? equal : verdict == Verdict::within_bound ? within_bound : wrong) += count;
  }
  void add(const Verdicts& other) {
    equal += other.equal;
    within_bound += other.within_bound;
    wrong += other.wrong;
  }
  ordered_json json() const { return {{"equal", equal}, {"within_bound", within_bound}, {"wrong", wrong}}; }
};

// What is known of a set of rows; adding two sets gives that of both.
struct Findings {
  Verdicts norms, codes, decoded;
  double largest_decode_error = 0;                       // in units of its bound
  std::vector<std::pair<std::uint64_t, std::string>> wrong;  // row, what: the first few
  // Sums over nonzero rows of ‖x̂ − x‖²/‖x‖².
  std::uint64_t nonzero = 0;
  double measured = 0, measured_padded = 0, expected_lower = 0, expected_upper = 0;
  double deviation_squares = 0;  // of (measured_padded − expected)

  void add(const Findings& other) {
    norms.add(other.norms);
    codes.add(other.codes);
    decoded.add(other.decoded);
    largest_decode_error = std::max(largest_decode_error, other.largest_decode_error);
    wrong.insert(wrong.end(), other.wrong.begin(), other.wrong.end());
    std::sort(wrong.begin(), wrong.end());
    if (wrong.size() > 10) wrong.resize(10);
    nonzero += other.nonzero;
    measured += other.measured;
    measured_padded += other.measured_padded;
    expected_lower += other.expected_lower;
    expected_upper += other.expected_upper;
    deviation_squares += other.deviation_squares;
  }
};

struct Encoded {
  std::vector<float> norms, decoded;
  std::vector<std::uint8_t> codes;

  bool same_codes(const Encoded& other) const {
    return codes == other.codes && std::memcmp(norms.data(), other.norms.data(), norms.size() * sizeof(float)) == 0;
  }
  bool same_decoded(const Encoded& other) const {
    return std::memcmp(decoded.data(), other.decoded.data(), decoded.size() * sizeof(float)) == 0;
  }
};

// One worker's judge of rows: it owns what is not to be shared between threads.
class RowJudge {
 public:
  RowJudge(const Codec& codec, const Judge& judge)
      : codec_(codec),
        judge_(judge),
        mse_(judge.quantizer().scalar()),
        signs_((codec.order() + 31) / 32),
        y_(codec.order()),
        codes_(codec.order()),
        codewords_(std::size_t{1} << codec.bits()) {
    sign_bits(codec.seed(), codec.order(), signs_.data());
  }

  void judge(std::uint64_t row, const float* x, float norm, const std::uint8_t* packed, const float* decoded, Findings& findings) {
    unpack(codec_.bits(), packed, codec_.order(), codes_.data());
    judge_norm(row, x, norm, findings);
    judge_codes(row, x, norm, findings);
    judge_decoded(row, norm, decoded, findings);
    if (norm > 0) measure(row, x, norm, decoded, findings);
  }

 private:
  void judge_norm(std::uint64_t row, const float* x, float norm, Findings& findings) {
    const auto verdict = judge_.judge_norm(x, norm);
    findings.norms.add(verdict.verdict);
    if (verdict.verdict == Verdict::wrong) {
      findings.wrong.emplace_back(row, fmt::format("row {}: norm {:.9g} is off by {:.3g}, bound {:.3g}", row, norm,
                                                   verdict.error, verdict.bound));
    }
  }

  void judge_codes(std::uint64_t row, const float* x, float norm, Findings& findings) {
    const auto verdict = judge_.judge_codes(x, norm, codes_.data(), row);
    findings.codes.add({verdict.equal, verdict.within_bound, verdict.wrong});
    for (const auto& difference : verdict.differences) {
      if (difference.verdict != Verdict::wrong) continue;
      findings.wrong.emplace_back(
          row, fmt::format("row {}, coordinate {}: code {}, exactly {}; the threshold is {:.3g} away, bound {:.3g}", row,
                           difference.coordinate, difference.code, difference.exact_code, difference.distance,
                           difference.bound));
      break;  // one line a row
    }
  }

  void judge_decoded(std::uint64_t row, float norm, const float* decoded, Findings& findings) {
    const auto verdict = judge_.judge_decoded(norm, codes_.data(), row, decoded);
    findings.decoded.add({0, verdict.within_bound, verdict.wrong});
    if (verdict.bound > 0) {
      findings.largest_decode_error = std::max(findings.largest_decode_error, verdict.largest_error / verdict.bound);
    }
    if (!verdict.differences.empty()) {
      const auto& first = verdict.differences.front();
      findings.wrong.emplace_back(row, fmt::format("row {}, column {}: decoded {:.9g}, exactly {:.9g}, bound {:.3g}", row,
                                                   first.coordinate, first.value, first.exact, verdict.bound));
    }
  }

  void measure(std::uint64_t row, const float* x, float norm, const float* decoded, Findings& findings) {
    const double rho = norm;
    double error = 0;
    for (std::size_t i = 0; i < codec_.dimension(); ++i) {
      const double difference = (static_cast<double>(decoded[i]) - static_cast<double>(x[i])) / rho;
      error += difference * difference;
    }
    // Before truncation to n the error is ‖ẑ − z‖²/d, in the rotated coordinates.
    const float scale = norm_scale(norm);
    std::fill(y_.begin(), y_.end(), 0.0f);
    for (std::size_t i = 0; i < codec_.dimension(); ++i) y_[i] = x[i] * scale;
    transform(y_.data(), codec_.order(), signs_.data(), codec_.isa());
    codewords(codec_.bits(), dither_word(codec_.seed(), row), codewords_.data(), codec_.isa());
    double padded = 0;
    for (std::size_t j = 0; j < codec_.order(); ++j) {
      const double difference = codewords_[codes_[j]] - static_cast<double>(y_[j]) / (rho * static_cast<double>(scale));
      padded += difference * difference;
    }
    padded /= static_cast<double>(codec_.order());

    const auto expected = relative_expected_error(judge_.quantizer(), mse_, x, norm);
    ++findings.nonzero;
    findings.measured += error;
    findings.measured_padded += padded;
    findings.expected_lower += expected.lower;
    findings.expected_upper += expected.upper;
    findings.deviation_squares += std::pow(padded - 0.5 * (expected.lower + expected.upper), 2);
  }

  const Codec& codec_;
  const Judge& judge_;
  reference::ScalarMseTable mse_;
  std::vector<std::uint32_t> signs_;
  std::vector<float> y_;
  std::vector<std::uint8_t> codes_;
  std::vector<double> codewords_;
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
        threads_(static_cast<int>(std::min<std::uint64_t>(rows_, thread_count(arguments.threads)))),
        judge_(input_.dimension(), arguments.bits, arguments.seed) {
    for (const Isa isa : supported_isas()) {
      codecs_.emplace_back(input_.dimension(), arguments.bits, arguments.seed, CodecOptions{isa, threads_});
      identical_.push_back(true);
    }
    for (int worker = 0; worker < threads_; ++worker) workers_.push_back(std::make_unique<RowJudge>(codecs_[0], judge_));
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

  bool ok() const {
    return std::all_of(identical_.begin(), identical_.end(), [](bool same) { return same; }) && findings_.norms.wrong == 0 &&
           findings_.codes.wrong == 0 && findings_.decoded.wrong == 0;
  }

  ordered_json json() const;
  void print_table() const;

 private:
  // The bytes of the first instruction set, the others compared with it.
  Encoded encode_everywhere(std::uint64_t begin, std::size_t count, const float* x) {
    Encoded first;
    for (std::size_t i = 0; i < codecs_.size(); ++i) {
      const Codec& codec = codecs_[i];
      Encoded encoded{std::vector<float>(count), std::vector<float>(count * codec.dimension()),
                      std::vector<std::uint8_t>(count * codec.code_bytes())};
      try {
        codec.encode(RowsView<const float>(x, count, codec.dimension()), EncodedBuffer(encoded.norms, encoded.codes, begin));
      } catch (const InvalidInput& bad) {
        reject_row(input_, begin, x, bad);
      }
      codec.decode(EncodedView(encoded.norms, encoded.codes, begin), {encoded.decoded.data(), count, codec.dimension()});
      if (i == 0) first = std::move(encoded);
      else if (!encoded.same_codes(first) || !encoded.same_decoded(first)) identical_[i] = false;
    }
    return first;
  }

  void judge_rows(std::uint64_t begin, std::size_t count, const float* x, const Encoded& encoded) {
    std::vector<Findings> found(workers_.size());
    std::vector<std::thread> threads;
    for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
      threads.emplace_back([&, worker] {
        const reference::BallThread release_caches_at_exit;
        for (std::size_t i = worker; i < count; i += workers_.size()) {
          workers_[worker]->judge(begin + i, x + i * input_.dimension(), encoded.norms[i],
                                  encoded.codes.data() + i * codecs_[0].code_bytes(),
                                  encoded.decoded.data() + i * input_.dimension(), found[worker]);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const Findings& part : found) findings_.add(part);
  }

  VectorReader input_;
  std::uint64_t rows_;
  int threads_;
  Judge judge_;
  std::vector<Codec> codecs_;    // one per instruction set
  std::vector<bool> identical_;  // to the first one
  std::vector<std::unique_ptr<RowJudge>> workers_;
  Findings findings_;
};

ordered_json Check::json() const {
  const Codec& codec = codecs_[0];
  ordered_json sets = ordered_json::array();
  for (std::size_t i = 0; i < codecs_.size(); ++i) {
    sets.push_back({{"isa", isa_name(codecs_[i].isa())}, {"identical", static_cast<bool>(identical_[i])}});
  }
  ordered_json wrong = ordered_json::array();
  for (const auto& [row, what] : findings_.wrong) wrong.push_back(what);
  const auto nonzero = static_cast<double>(std::max<std::uint64_t>(findings_.nonzero, 1));
  const auto digits = [&](double sum, const reference::Ball& bound) {
    return with_error(reference::Ball(sum) / reference::Ball(nonzero), bound);
  };
  // The sums over rows each carry a rounding of 2^-53 per row.
  const reference::Ball rounding(findings_.expected_upper * 0x1p-52);
  const double limit = std::ldexp(error_limit_double, -2 * codec.bits());
  const double middle = 0.5 * (findings_.expected_lower + findings_.expected_upper);
  const double spread = std::sqrt(findings_.deviation_squares);
  return {{"input", input_.name()},
          {"rows", rows_},
          {"dimension", codec.dimension()},
          {"order", codec.order()},
          {"bits", codec.bits()},
          {"seed", codec.seed()},
          {"instruction_sets", sets},
          {"norms", findings_.norms.json()},
          {"codes", findings_.codes.json()},
          {"decoded", {{"within_bound", findings_.decoded.within_bound}, {"wrong", findings_.decoded.wrong}}},
          {"largest_decode_error_over_bound", findings_.largest_decode_error},
          {"mse",
           {{"measured", findings_.measured / nonzero},
            {"measured_padded", findings_.measured_padded / nonzero},
            {"expected",
             {{"lower", digits(findings_.expected_lower, rounding).lower(10)},
              {"upper", digits(findings_.expected_upper, rounding).upper(10)}}},
            {"deviation", spread > 0 ? (findings_.measured_padded - middle) / spread : 0.0},
            {"limit", limit}}},
          {"wrong", wrong},
          {"ok", ok()}};
}

void Check::print_table() const {
  const ordered_json all = json();
  fmt::print("{}: {} rows, {} dimensions (Hadamard order {}), {} bits, seed {}\n\n", input_.name(), rows_,
             codecs_[0].dimension(), codecs_[0].order(), codecs_[0].bits(), codecs_[0].seed());
  for (const auto& set : all["instruction_sets"]) {
    fmt::print("{:<22} {}\n", set["isa"].get<std::string>(), set["identical"] ? "the same bytes" : "DIFFERENT BYTES");
  }
  fmt::print("\n{:<22} {:>12} {:>13} {:>7}\n", "against the reference", "equal", "within bound", "wrong");
  const auto line = [](const char* name, const Verdicts& verdicts, bool exact) {
    fmt::print("{:<22} {:>12} {:>13} {:>7}\n", name, exact ? std::to_string(verdicts.equal) : "-", verdicts.within_bound, verdicts.wrong);
  };
  line("norms", findings_.norms, true);
  line("codes", findings_.codes, true);
  line("decoded values", findings_.decoded, false);
  fmt::print("largest decoding error: {:.4f} of its bound\n", findings_.largest_decode_error);
  const auto& mse = all["mse"];
  fmt::print("\nsquared error relative to ‖x‖², mean over rows\n{:<22} {:.8e}\n", "measured", mse["measured"].get<double>());
  if (codecs_[0].order() != codecs_[0].dimension()) {
    fmt::print("{:<22} {:.8e}   with the {} padded coordinates\n", "", mse["measured_padded"].get<double>(),
               codecs_[0].order() - codecs_[0].dimension());
  }
  fmt::print("{:<22} [{}, {}]   over the dither, for these signs; measured is {:+.2f} standard errors off\n",
             "exact expectation", mse["expected"]["lower"].get<std::string>(), mse["expected"]["upper"].get<std::string>(),
             mse["deviation"].get<double>());
  fmt::print("{:<22} {:.8e}   bounds every x in the limit of many levels\n\n", "(π√3/2)·4^-b", mse["limit"].get<double>());
  for (const auto& what : all["wrong"]) fmt::print("WRONG {}\n", what.get<std::string>());
  fmt::print("{}\n", ok() ? "ok: nothing is wrong" : "NOT ok");
}

}  // namespace

void add_check(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command = add_command(app, "check", "Judge every code of every instruction set against arbitrary precision",
                                  "hdq check embeddings.npy --bits 4 --rows 1000", [arguments] {
                                    Check check(*arguments);
                                    check.run();
                                    if (arguments->json) print_json(check.json());
                                    else check.print_table();
                                    return check.ok() ? exit_ok : exit_mismatch;
                                  });
  command.text("INPUT", arguments->input, vector_input_help("Rows of vectors")).required();
  arguments->add_bits(command);
  arguments->add_seed(command);
  command.integer("--rows", arguments->rows, 1, UINT64_MAX, "Check the first ROWS rows only");
  arguments->vectors.add_to(command);
  arguments->add_threads(command);
  command.flag("--json", arguments->json, "One JSON object");
}

}  // namespace hdq::cli
