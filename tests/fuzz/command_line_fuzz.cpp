// Command lines. The input's lines are the words after `hdq`; they run in this process, in a directory of their own with a few small
// files. Names stay inside it (no '/'), and commands that run programs or take minutes are parsed only. Whatever the words, the exit
// status is a documented one, and an error is one printable line on standard error.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "command.hpp"
#include "fuzz.hpp"
#include "hdq/codec.hpp"
#include "hdq/file.hpp"
#include "hdq/io/vector_writer.hpp"
#include "program.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace hdq::fuzz {
namespace {

constexpr const char* parsed_only[] = {"adversary", "bias",   "bounds", "check",    "mean-error", "mse",
                                       "recall",    "report", "scalar", "validate", "vectors",    "verify-certificate"};
constexpr std::size_t rows = 5, dimension = 8;

void make_program(CLI::App& app) {
  cli::make_program(app);
  for (const char* name : parsed_only) app.get_subcommand(name)->parse_complete_callback([] { throw CLI::Success(); });  // its own callback owns its arguments
}

// ---- the directory ----

void make_files() {
  std::vector<float> x(rows * dimension);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 7) - 3;
  for (const char* name : {"x.npy", "x.fvecs", "x.safetensors"}) {
    io::VectorWriter writer(name, rows, dimension);
    writer.append(x.data(), rows);
    writer.commit();
  }
  const Codec codec(dimension, 4);
  FileWriter writer("x.hdq", FileHeader::make(codec, rows));
  writer.encode(codec, RowsView<const float>(x.data(), rows, dimension));
  writer.commit();
}

// What commands wrote is removed, so that each run meets the same files.
void clean() {
  for (const auto& entry : std::filesystem::directory_iterator(".")) std::filesystem::remove_all(entry.path());
  make_files();
}

void enter_directory() {
  require(::chdir((directory() / ".").c_str()) == 0, "no directory");
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  clean();
}

std::size_t entries() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("."), {}));
}

// ---- a run ----

std::vector<std::string> words_of(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> words{""};
  for (std::size_t i = 0; i < size; ++i) {
    const char c = static_cast<char>(data[i]);
    if (c == '\n') words.emplace_back();
    else if (c != '\0') words.back() += c == '/' ? '_' : c;  // '\0' ends a word of argv
  }
  if (words.size() > 40) words.resize(40);
  return words;
}

// What is printed while it lives, instead of a terminal. The streams are replaced, not the descriptors: reports of sanitizers stay.
class Captured {
 public:
  explicit Captured(FILE*& stream) : stream_(stream), original_(stream) {
    std::fflush(stream);
    stream = ::open_memstream(&text_, &size_);
  }
  ~Captured() {
    std::fclose(stream_);
    stream_ = original_;
    std::free(text_);
  }
  std::string text() {
    std::fflush(stream_);
    return {text_, size_};
  }

 private:
  FILE*& stream_;
  FILE* original_;
  char* text_ = nullptr;
  std::size_t size_ = 0;
};

void run(const std::vector<std::string>& words) {
  std::vector<const char*> arguments{"hdq"};
  for (const std::string& word : words) arguments.push_back(word.c_str());
  CLI::App app;
  make_program(app);
  int code = -1;
  std::string said;
  {
    Captured output(stdout), errors(stderr);
    code = cli::run_program(app, static_cast<int>(arguments.size()), arguments.data());
    said = errors.text();
  }
  require(code >= 0 && code <= 3, "exit status " + std::to_string(code));
  if (code < 2) return;
  require(said.starts_with("hdq: ") && said.ends_with('\n'), "an error that is no line of hdq: " + said);
  said.pop_back();
  // A message may hold one word whole, a file's name.
  std::size_t longest = 0;
  for (const std::string& word : words) longest = std::max(longest, io::printable(word).size());
  require(said.size() < longest + 400, "a long message: " + said);
  require_line(said);
}

// ---- words that mean something: the program's own ----

const std::vector<std::string>& vocabulary() {
  static const auto words = [] {
    std::vector<std::string> all{"x.npy", "x.fvecs", "x.safetensors", "x.safetensors:vectors", "x.hdq", "y.npy", "y.fvecs", "y.hdq", "y.json", "-", "--", "0", "1", "4", "8",
                                 "-1", "18446744073709551615", "18446744073709551616", "1e9", "1/3", "0.5", "nan", "cosine", "l2", "scalar"};
    CLI::App app;
    make_program(app);
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
      all.push_back(command->get_name());
      for (const CLI::Option* option : command->get_options())
        for (const std::string& name : option->get_lnames()) all.push_back("--" + name);
    }
    return all;
  }();
  return words;
}

// Replaces, inserts or removes a word.
std::string mutated(std::vector<std::string> words, std::uint32_t seed) {
  const auto next = [&](std::size_t n) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
  };
  const auto at = static_cast<std::ptrdiff_t>(next(words.size()));
  const std::string& word = vocabulary()[next(vocabulary().size())];
  switch (next(4)) {
    case 0: words[static_cast<std::size_t>(at)] = word; break;
    case 1: if (words.size() > 1) words.erase(words.begin() + at); break;
    default: words.insert(words.begin() + at + 1, word);
  }
  std::string joined;
  for (const std::string& part : words) joined += (joined.empty() ? "" : "\n") + part;
  return joined;
}

}  // namespace
}  // namespace hdq::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned int seed) {
  using namespace hdq::fuzz;
  if (seed % 3 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::string words = mutated(words_of(data, size), seed);
  const std::size_t kept = std::min(words.size(), max_size);
  std::memcpy(data, words.data(), kept);
  return kept;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hdq::fuzz;
  static const bool entered = (enter_directory(), true);
  (void)entered;
  static const std::size_t files = entries();
  run(words_of(data, size));
  if (entries() != files) clean();
  return 0;
}
