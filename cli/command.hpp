// What the subcommands of `hdq` share: exit codes, common options, progress, output files.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "hdq/codec.hpp"
#include "hdq/figures/usage_error.hpp"
#include "hdq/io/vector_reader.hpp"
#include "options.hpp"

namespace hdq::cli {

using io::BadInput, io::VectorReader;

enum ExitCode : int { exit_ok = 0, exit_mismatch = 1, exit_usage = 2, exit_bad_input = 3 };

// A wrong combination of options, found after parsing; the command exits with 2.
using figures::UsageError;

// ---- options that several commands have ----

// --rate and --error, which name a step of the entropy-coded quantizer (SPEC §7).
struct StepArguments {
  std::optional<double> rate, error;

  void add(Command command);
  // UsageError for what no step attains. One of the two was given.
  Step step() const;
};

struct CodecArguments {
  int bits = 0;                 // of the fixed-rate quantizer, or
  StepArguments entropy_coded;  // of the entropy-coded one
  std::uint64_t seed = 0;
  Dither dither = Dither::row;  // of the fixed-rate quantizer
  int threads = 0;
  Isa isa = Isa::automatic;

  void add_scheme(Command command);  // --bits, --rate, --error
  void add_seed(Command command);
  void add_dither(Command command);
  void add_threads(Command command);
  void add_isa(Command command);
  // UsageError unless exactly one of the three was given, within the range of Step, and for --dither shared without --bits.
  EncodingParameters parameters(std::size_t dimension) const;
};

// "4 bits", "4 bits with shared dither", or "entropy-coded, step 0.5".
std::string scheme_text(const Codec& codec);

// The codec's complaint about a row of x, the rows of the file from `begin` on, as BadInput naming file, row and column.
// Number is float, Float16 or BFloat16.
template <class Number>
[[noreturn]] void reject_row(const VectorReader& input, std::uint64_t begin, const Number* x, const InvalidInput& bad);

std::size_t thread_count(int threads);  // of --threads: 0 is one per core

// Rows to hold in memory at once: about 4 MiB of float32 per thread.
std::size_t rows_per_chunk(std::size_t dimension, int threads);

// Calls use(begin, count, x) for all rows of a file in order, some at a time, as numbers of this type: float, Float16 or BFloat16.
template <class Number, class Use>
void for_each_chunk(const VectorReader& input, int threads, const Use& use) {
  const std::size_t chunk = rows_per_chunk(input.dimension(), threads);
  std::vector<Number> x;
  for (std::uint64_t begin = 0; begin < input.rows(); begin += chunk) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, input.rows() - begin));
    x.resize(count * input.dimension());
    input.read(begin, count, x.data());
    use(begin, count, x.data());
  }
}

// A progress bar on standard error, if that is a terminal; silent for the first half second. Several threads may advance it.
class Progress {
 public:
  Progress(std::string label, std::uint64_t total);
  ~Progress();
  void advance(std::uint64_t amount);

 private:
  void draw();
  std::mutex mutex_;
  std::string label_;
  std::uint64_t total_, done_ = 0;
  std::chrono::steady_clock::time_point started_, drawn_;
  bool terminal_, shown_ = false;
};

// A bar for work that tells how much of it is done; the bar comes with the first call. Several threads may call it.
std::function<void(std::size_t done, std::size_t total)> progress_bar(std::string label);

// ---- the subcommands, each in the file of its name ----
void add_encode(CLI::App& app);
void add_decode(CLI::App& app);
void add_info(CLI::App& app);
void add_show(CLI::App& app);
void add_scalar(CLI::App& app);
void add_codebook(CLI::App& app);
void add_mse(CLI::App& app);
void add_bias(CLI::App& app);
void add_check(CLI::App& app);
void add_constants(CLI::App& app);
void add_recall(CLI::App& app);
void add_search(CLI::App& app);
void add_mean(CLI::App& app);
void add_mean_error(CLI::App& app);
void add_bounds(CLI::App& app);
void add_rate(CLI::App& app);
void add_verify_certificate(CLI::App& app);
void add_adversary(CLI::App& app);
void add_report(CLI::App& app);
void add_validate(CLI::App& app);
void add_vectors(CLI::App& app);
void add_profile_command(CLI::App& app);

}  // namespace hdq::cli
