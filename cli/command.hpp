// What the subcommands of `hdq` share: exit codes, common options, progress, output files.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hdq/io/vector_file.hpp"
#include "hdq/codec.hpp"

namespace hdq {
class AtomicFile;
}

namespace hdq::cli {

using io::BadInput, io::VectorFile;

enum ExitCode : int { exit_ok = 0, exit_mismatch = 1, exit_usage = 2, exit_bad_input = 3 };

// A wrong combination of options, found after parsing; the command exits with 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Adds a subcommand with a one-line description and an example. `run` returns the exit code.
CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& description,
                      const std::string& example, std::function<int()> run);
int command_result();  // of the subcommand that ran

// ---- options that several commands have ----
struct CodecArguments {
  int bits = 0;
  std::uint64_t seed = 0;
  int threads = 0;
  Isa isa = Isa::automatic;

  void add_bits(CLI::App* command);
  void add_seed(CLI::App* command);
  void add_threads(CLI::App* command);
  void add_isa(CLI::App* command);
  Codec codec(std::size_t dimension) const;
};

// Encodes rows [begin, begin + count) of the file; a row that has no code is BadInput naming file, row and column.
void encode_rows(const Codec& codec, const VectorFile& input, std::uint64_t begin, std::size_t count, const float* x,
                 float* norms, std::uint8_t* codes, std::uint64_t first_row);

// Rows to hold in memory at once: about 4 MiB of float32 per thread.
std::size_t rows_per_chunk(std::size_t dimension, int threads);

// A progress bar on standard error, if that is a terminal; silent for the first half second.
class Progress {
 public:
  Progress(std::string label, std::uint64_t total);
  ~Progress();
  void advance(std::uint64_t amount);

 private:
  void draw();
  std::string label_;
  std::uint64_t total_, done_ = 0;
  std::chrono::steady_clock::time_point started_, drawn_;
  bool terminal_, shown_ = false;
};

// Everything before the data of a 2-D .npy file of this type, such as "<f4".
std::string npy_header(const char* type, std::uint64_t rows, std::size_t columns);

// A 2-D float32 .npy file, written row by row, that appears complete or not at all.
class NpyWriter {
 public:
  NpyWriter(const std::string& path, std::uint64_t rows, std::size_t columns);
  ~NpyWriter();
  void append(const float* x, std::size_t rows);
  void commit();

 private:
  std::unique_ptr<AtomicFile> file_;
  std::size_t columns_;
};

// Writes text to a file that appears complete or not at all.
void write_file(const std::string& path, const std::string& text);

// Refuses an output that is the input under any name.
void require_distinct(const std::string& input, const std::string& output);

// ---- the subcommands, each in the file of its name ----
void add_encode(CLI::App& app);
void add_decode(CLI::App& app);
void add_info(CLI::App& app);
void add_show(CLI::App& app);
void add_scalar(CLI::App& app);
void add_mse(CLI::App& app);
void add_bias(CLI::App& app);
void add_check(CLI::App& app);
void add_constants(CLI::App& app);
void add_recall(CLI::App& app);
void add_search(CLI::App& app);
void add_bounds(CLI::App& app);
void add_verify_certificate(CLI::App& app);
void add_adversary(CLI::App& app);
void add_report(CLI::App& app);
void add_validate(CLI::App& app);
void add_vectors(CLI::App& app);

}  // namespace hdq::cli
