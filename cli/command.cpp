#include "command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <thread>
#include <utility>

#include "hdq/atomic_file.hpp"

namespace hdq::cli {
namespace {
int result = exit_ok;
}

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& description,
                      const std::string& example, std::function<int()> run) {
  CLI::App* command = app.add_subcommand(name, description);
  command->footer("Example:\n  " + example);
  command->callback([run = std::move(run)] { result = run(); });
  return command;
}

int command_result() { return result; }

void CodecArguments::add_bits(CLI::App* command) {
  command->add_option("--bits", bits, "Bits per coordinate, 1 to 8")->required()->check(CLI::Range(1, 8));
}

void CodecArguments::add_seed(CLI::App* command) {
  command->add_option("--seed", seed, "64-bit seed of signs and dither")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

void CodecArguments::add_threads(CLI::App* command) {
  command->add_option("--threads", threads, "Threads; 0 is one per core. The output does not depend on it")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

void CodecArguments::add_isa(CLI::App* command) {
  std::map<std::string, Isa> names;
  std::string list;
  for (const Isa known : all_isas()) {
    names.emplace(isa_name(known), known);
    list += (list.empty() ? "" : ", ") + std::string(isa_name(known));
  }
  command->add_option("--isa", isa, "Instruction set: " + list + ". The output does not depend on it")
      ->transform(CLI::CheckedTransformer(names))
      ->option_text("NAME")
      ->default_str("auto");
}

Codec CodecArguments::codec(std::size_t dimension) const { return Codec(dimension, bits, seed, {isa, threads}); }

void encode_rows(const Codec& codec, const VectorFile& input, std::uint64_t begin, std::size_t count, const float* x,
                 float* norms, std::uint8_t* codes, std::uint64_t first_row) {
  try {
    codec.encode(x, count, norms, codes, first_row + begin);
  } catch (const InvalidInput& bad) {
    const std::string where = fmt::format("{}: row {}", input.path(), begin + bad.row);
    if (bad.column == InvalidInput::npos) throw BadInput(where + ": the norm is beyond float32");
    const float value = x[bad.row * codec.dimension() + bad.column];
    throw BadInput(fmt::format("{}, column {}: {}", where, bad.column, value != value ? "NaN" : "infinity"));
  }
}

std::size_t rows_per_chunk(std::size_t dimension, int threads) {
  const std::size_t workers =
      threads > 0 ? static_cast<std::size_t>(threads) : std::max(1u, std::thread::hardware_concurrency());
  return std::max<std::size_t>(workers, workers * (std::size_t{4} << 20) / (dimension * sizeof(float)));
}

// ---- progress ----

Progress::Progress(std::string label, std::uint64_t total)
    : label_(std::move(label)),
      total_(total),
      started_(std::chrono::steady_clock::now()),
      drawn_(started_),
      terminal_(::isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void Progress::advance(std::uint64_t amount) {
  done_ += amount;
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now - started_ < std::chrono::milliseconds(500) || now - drawn_ < std::chrono::milliseconds(100)) {
    return;
  }
  drawn_ = now;
  draw();
}

void Progress::draw() {
  shown_ = true;
  constexpr std::uint64_t width = 40;
  const std::uint64_t bars = total_ == 0 ? width : std::min(width, done_ * width / total_);
  const std::chrono::duration<double> elapsed = drawn_ - started_;
  const double left = done_ == 0 ? 0 : elapsed.count() * static_cast<double>(total_ - done_) / static_cast<double>(done_);
  fmt::print(stderr, "\r{} [{:#<{}}{:.<{}}] {}/{}, {:.0f} s left\033[K", label_, "", bars, "", width - bars, done_,
             total_, left);
  std::fflush(stderr);
}

// ---- output files ----

std::string npy_header(const char* type, std::uint64_t rows, std::size_t columns) {
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}, {}), }}", type, rows, columns);
  // Magic, version and length take 10 bytes; the data begin at a multiple of 64, after a newline.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header.push_back('\n');
  std::string prefix = "\x93NUMPY";
  prefix += {'\x01', '\x00', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  return prefix + header;
}

NpyWriter::NpyWriter(const std::string& path, std::uint64_t rows, std::size_t columns)
    : file_(std::make_unique<AtomicFile>(path)), columns_(columns) {
  const std::string header = npy_header("<f4", rows, columns);
  file_->write(header.data(), header.size());
}

NpyWriter::~NpyWriter() = default;
void NpyWriter::append(const float* x, std::size_t rows) { file_->write(x, rows * columns_ * sizeof(float)); }
void NpyWriter::commit() { file_->commit(); }

void write_file(const std::string& path, const std::string& text) {
  AtomicFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

void require_distinct(const std::string& input, const std::string& output) {
  std::error_code none;
  if (std::filesystem::equivalent(input, output, none)) {
    throw UsageError(output + ": the output would replace the input");
  }
}

}  // namespace hdq::cli
