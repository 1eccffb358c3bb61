// One validation: the kernel, the options, what was found so far, and typed calls. A call that does not answer as it should throws
// Trouble, which the driver turns into a finding; checks therefore read as if kernels always answered.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "hdq/reference/profile/profile_judge.hpp"
#include "hdq/validate/checks/refusals.hpp"
#include "hdq/validate/explain/estimate.hpp"
#include "hdq/validate/explain/finding.hpp"
#include "hdq/validate/subject/subject.hpp"

namespace hdq::validate {

enum class Level { quick, standard, thorough };

// What a scheme of its own is held to: E x̂ = x and its squared error, or the squared error alone.
enum class Claim { unstated, unbiased, error };

// Which of the schemes that a kernel offers is judged.
enum class Scheme { unstated, fixed_rate, entropy_coded };

// Rows to audit instead of made-up vectors. Each must be finite and not zero.
struct AuditedRows {
  std::string source;  // as a person knows it
  std::uint64_t dimension = 0;
  std::vector<float> x;  // rows × dimension
};

// What shows a finding again: these checks, separated by commas, alone; on the rows of `input`, lying in input_file if that is not empty,
// or on what the checks make up.
struct Replay {
  std::string checks;
  const struct Case* input = nullptr;
  std::string input_file;
};

struct Options {
  Level level = Level::standard;
  std::vector<std::string> only, skip;  // check names
  std::uint64_t seed = 1;               // of the validator's own inputs
  std::uint64_t runs = 1;               // this one and others of other seeds, which together accuse a right kernel as rarely as one alone
  std::uint32_t variant = 0;
  bool fail_fast = false;               // stop after the first check that finds something
  std::string output_directory = ".";   // of failing inputs; empty: none are written
  std::optional<double> seconds;        // of the audit, instead of the level's
  std::optional<double> shrink_seconds; // for the smallest input of each finding, instead of the level's
  std::string profile;                  // a shipped profile's name, or JSON; empty: the kernel's own, if it has one
  std::string profile_argument;         // as --profile was given, for the commands that show a finding again
  std::vector<std::uint64_t> dimensions;  // to audit; empty: those that the kernel is found to offer
  AuditedRows rows;                     // to audit, if any
  Scheme scheme = Scheme::unstated;     // unstated: the first that the kernel offers
  Claim claim = Claim::unstated;        // the profile's; without one: unbiased, but a kernel without randomness only where it gives no claimed_error
  std::optional<double> check_limit;    // seconds for one check, instead of the level's
  std::function<std::string(const Replay&)> replay;  // the line that shows a finding again, instead of the command
};

// Rows of input under one configuration.
struct Case {
  Config config;
  std::uint64_t first_row = 0;
  std::vector<float> x;  // rows × n
  std::size_t rows() const { return x.size() / config.dimension; }
  const float* row(std::size_t i) const { return x.data() + i * config.dimension; }
};

struct Trouble {
  Reply reply;
  Operation operation;
  Config config;
  std::uint64_t first_row;
  bool no_rows = false;  // of an operation on rows
};

struct Encoded {
  std::vector<float> norms;  // one for each row; under a profile, what it stores of each row
  std::vector<std::uint8_t> codes;
  bool operator==(const Encoded& other) const;  // bit for bit
};

bool same_bits(const std::vector<float>& a, const std::vector<float>& b);

// A call that was made, with copies of its inputs.
struct MadeCall {
  Request request;
  Reply reply;
  std::vector<std::vector<std::uint8_t>> inputs;  // what request.inputs refers to
};

class Session {
 public:
  // Throws std::invalid_argument where the kernel does not offer the scheme.
  Session(Subject& subject, Options options);

  // What the kernel says of itself, of the scheme on trial: operations that the scheme does not have are not offered. Bit widths of the
  // entropy-coded scheme stand for steps, the coarse ones first.
  const SubjectInfo& info() const { return info_; }
  bool entropy_coded() const { return entropy_coded_; }
  // Of the entropy-coded scheme: the steps that the kernel offers, or many of all.
  const std::vector<float>& steps() const { return steps_; }

  const Options& options() const { return options_; }
  std::string kernel_command_line() const { return subject_.command_line(); }
  bool offers(Operation operation) const { return info().offers(operation); }
  bool offers_bits(int bits) const { return info().offers_bits(bits); }
  bool conformant() const { return info().promise != Promise::own_scheme && !profile_; }
  // What the kernel is judged by instead of SPEC, or null.
  const reference::Profile* profile() const { return profile_ ? &*profile_ : nullptr; }
  Claim claim() const;                     // of --claim, else of the profile; unbiased of conformant kernels
  bool claimed_error_given() const;        // at some bit width
  double claimed_error(int bits) const;    // of E‖x̂ − x‖²/‖x‖²: the kernel's, else the profile's; 0: none
  // Its judge at a configuration, with the data that the kernel exports; kept. Throws BadProfile, NotOffered, Trouble.
  reference::ProfileJudge& judge(const Config& config);
  std::size_t norms_per_row(const Config& config) const;
  std::size_t rows_of(const Config& config, const Encoded& encoded);
  std::size_t decoded_length(const Config& config) const;  // n, or d where values stay rotated
  bool quick() const { return options_.level == Level::quick; }
  bool thorough() const { return options_.level == Level::thorough; }

  // n, b, seed; d by SPEC §1.
  Config config(std::uint64_t dimension, int bits, std::uint64_t seed = 0) const;
  Config with_bits(Config config, int bits) const;  // or with the step of that number
  Config with_step(std::uint64_t dimension, float step, std::uint64_t seed) const;
  std::mt19937_64& random() { return random_; }
  // The dimension to take where a check would like `wish`: it, or a near one that profile and kernel offer; found by asking, once.
  std::uint64_t offered_near(std::uint64_t wish, int bits);

  // ---- calls; each throws Trouble unless the kernel says ok ----
  Placement placement;  // of all calls, but for its fill
  // What outputs hold before each call. Without it, other bytes each time: calls have the same ones only if a multiple of 255 apart.
  std::optional<std::uint8_t> fill;
  std::vector<std::int8_t> signs(const Config&, std::size_t count);
  std::vector<std::uint32_t> dither(const Config&, std::uint64_t first_row, std::size_t rows);
  std::vector<double> thresholds(const Config&, std::uint32_t word);
  std::vector<double> codewords(const Config&, std::uint32_t word);
  std::vector<double> data(const Config&, const std::string& name, std::uint64_t row, std::size_t count);
  std::vector<float> transform(const Config&, const std::vector<float>& x);
  std::vector<float> transform_transposed(const Config&, const std::vector<float>& y);
  std::size_t code_bytes(const Config&);
  Encoded encode(const Case& c) { return encode(c, code_bytes(c.config)); }
  Encoded encode(const Case&, std::size_t bytes);  // of codes in a row, as code_bytes said
  std::vector<float> decode(const Config&, std::uint64_t first_row, const Encoded&);
  std::vector<std::uint8_t> pack(const Config&, const std::vector<std::uint8_t>& codes);
  std::vector<std::uint8_t> unpack(const Config&, std::size_t count, const std::vector<std::uint8_t>& bytes);
  std::vector<float> dot(const Config&, std::uint64_t first_row, const Encoded&, const std::vector<float>& q);
  std::vector<std::uint8_t> save(const Config&, const Encoded&);
  Encoded load(const Config&, std::size_t rows, const std::vector<std::uint8_t>& file);
  double error_constant(const Config&);
  // Of the entropy-coded scheme: h and K; 64 × (2K + 2) frequencies; one row of codes (int16_t or int32_t, as bytes) and its raw bits and stream.
  struct Coding {
    std::uint32_t raw_bits, largest;
  };
  struct Row {
    float norm;
    std::vector<std::uint8_t> codes;
  };
  struct Stream {
    std::vector<std::uint8_t> raw, stream;
    bool operator==(const Stream&) const = default;
  };
  Coding coding(const Config&);
  std::vector<std::uint32_t> frequencies(const Config&, std::uint32_t largest);
  Stream put_row(const Config&, std::uint64_t row, const Row&);
  Row get_row(const Config&, std::uint64_t row, const Stream&);
  bool can_reconstruct() const;
  std::vector<float> reconstruct(const Case&);  // by reconstruct, or by encode and decode
  std::vector<float> reconstruct_directly(const Case&);

  Reply call(const Request& request);  // as it is: the outcome is the caller's
  double waited_for_processor() const { return subject_.waited_for_processor(); }  // as Subject has it
  void restart() { subject_.restart(); }  // the next call finds a kernel that has not been called before
  // The calls that `calls` makes.
  std::vector<MadeCall> record(const std::function<void()>& calls);
  // Where calls_functions(): as Subject has it.
  bool calls_functions() const { return subject_.calls_functions(); }
  Repetition repeat(const Request& request, const Subject::Windows& windows);
  std::pair<Reply, Reply> at_once(const Request& a, const Request& b, std::chrono::milliseconds at_most);
  // Starts a check's time. Once a call hangs, or the time is up, every further call of the check has Outcome::hung at once: a hang costs the
  // time limit of one call, and not once for each case.
  void begin_check(const std::string& name);
  // The request for encode, or for reconstruct where there is no encode.
  Reply try_input(const Case&);

  // Will one call of this order take about a third of a second at most, at quick a tenth, at thorough one? By the slowest call of the largest order so far, as if the time grew with d².
  bool affordable(const Config& config) const;
  // Bases m (SPEC §1) of the orders m·2^k at which the kernel's H is another Hadamard matrix, once that was found; 1 for other butterflies.
  std::set<int> other_matrices;

  std::uint64_t calls() const { return calls_; }
  double seconds_per_call() const;  // mean of this session's calls so far; 0 before the first
  // Where many calls are made: as many as take `seconds` by that measure, at least `least`, at most `wanted`.
  std::size_t affordable_calls(std::size_t wanted, std::size_t least, double seconds) const;
  // Bytes that a call leaves as they were, in words; "" if there are none. Makes the call again.
  std::string left_unwritten(const MadeCall& call);
  std::optional<Usage> usage() const { return subject_.usage(); }

  // One case of several. False if the kernel declines it: the others are judged all the same.
  template <class OneCase>
  bool answers(OneCase&& one_case) {
    try {
      one_case();
      return true;
    } catch (const Trouble& trouble) {
      if (trouble.reply.outcome != Outcome::unsupported) throw;
      return false;
    }
  }
  Refusals& refusals() { return refusals_; }
  const std::set<std::string>& unsupported() const { return unsupported_; }  // every case that was declined, "encode: n = 7, b = 3"

  // What was called since begin_check(): bit (1 << operation) where a call was answered (by more than a refusal), and where it was with ok.
  std::uint32_t answered() const { return answered_; }
  std::uint32_t succeeded() const { return succeeded_; }
  void uncounted(
      const std::function<void()>& calls);  // calls that are no part of the check: answered() and succeeded() stay
  void disclaim() { succeeded_ = 0; }  // what was called is no judgement: too little of it

  // What checks left out because their time was up, by check and what was counted; cases with a finding are not counted.
  struct LeftOut {
    std::size_t count = 0, of = 0;
  };
  std::map<std::string, LeftOut> left_out;
  void add_left_out(const std::string& what, std::size_t count, std::size_t of) {
    left_out[what].count += count;
    left_out[what].of += of;
  }

  std::vector<Estimate> estimates;   // of the audit
  std::vector<std::string> remarks;  // what a reader of the verdict should know

 private:
  Reply expect_ok(const Request& request);
  std::size_t packed_count(const Config& config, std::size_t count) const;
  const Reply* time_is_up();  // the answer to every further call of the check, or null
  Reply remember_hang(Reply reply);

  void choose_scheme();

  Subject& subject_;
  Options options_;
  SubjectInfo info_;
  bool entropy_coded_ = false;
  std::vector<float> steps_;
  std::mt19937_64 random_;
  struct Slowest {
    std::uint64_t order = 0;  // the largest so far
    double seconds = 0;       // of one call of that order
  };
  void measure(const Request& request, double seconds);

  std::uint64_t calls_ = 0;
  double all_seconds_ = 0;
  std::map<Operation, Slowest> slowest_;
  std::uint32_t answered_ = 0, succeeded_ = 0;
  std::chrono::steady_clock::time_point check_ends_ = std::chrono::steady_clock::time_point::max();
  std::optional<Reply> hung_;  // in this check
  std::vector<MadeCall>* record_ = nullptr;
  std::set<std::string> unsupported_;
  Refusals refusals_;
  std::optional<reference::Profile> profile_;
  std::map<std::pair<std::uint64_t, int>, std::uint64_t> offered_;                         // of offered_near
  std::map<std::vector<std::uint64_t>, std::unique_ptr<reference::ProfileJudge>> judges_;  // by n, bits, seed, variant
};

// A check: its name, when it applies, and what it does. Cases with vectors are shrunk by the driver.
using Report = std::function<void(Finding)>;
struct Check {
  const char* name;
  const char* about;
  bool (*applies)(const Session&);
  void (*run)(Session&, const Report&);                            // the cases of the check's own, or null
  std::optional<Finding> (*judge)(Session&, const Case&) = nullptr;  // one case of vectors
  std::vector<Case> (*cases)(Session&) = nullptr;                    // of judge
  bool consistency = false;  // compares the kernel with itself, or what it refuses: says nothing of its values
  bool apart = false;        // takes long: judged beside the others, in a session of its own
};

// Trouble in words, with its class of defect.
Finding finding_of(const Trouble& trouble);
// n = 384 (order 384), b = 4, seed 7
std::string describe(const Config& config);

}  // namespace hdq::validate
