#include "files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <system_error>
#include <utility>

#include "hdq/io/text.hpp"
#include "options.hpp"

namespace hdq::cli {
namespace {

std::vector<std::string> format_words() {
  std::vector<std::string> words;
  for (const io::FormatInfo& info : io::formats()) words.emplace_back(info.name);
  return words;
}

std::string stored_path;  // of the CodesFile that is standard input

// Device and file number; nothing for what does not exist.
std::optional<std::pair<dev_t, ino_t>> identity(const std::string& path) {
  struct stat status {};
  if ((path == "-" ? ::fstat(0, &status) : ::stat(path.c_str(), &status)) != 0) return std::nullopt;
  return std::pair(status.st_dev, status.st_ino);
}

// The file that a name says, without a member of it.
std::string file_of(const std::string& name, bool output) { return output ? io::split_output(name).first : io::split_member(name).first; }

// Two names of outputs: of one file, or of one that does not exist yet.
bool same_output(const std::string& a, const std::string& b) {
  if (a == b) return true;
  if (a == "-" || b == "-") return false;
  if (const auto file = identity(a)) return file == identity(b);
  std::error_code none;
  const auto absolute = [&](const std::string& name) {
    const std::filesystem::path path = std::filesystem::absolute(name, none).lexically_normal();
    return std::filesystem::weakly_canonical(path.parent_path(), none) / path.filename();
  };
  return absolute(a) == absolute(b);
}

bool replaces(const std::string& output, const std::string& input) {
  if (output == "-") return false;
  const auto file = identity(output);
  return file && file == identity(input);
}

}  // namespace

// ---- options ----

void VectorInput::add_to(Command command) {
  command.text("--format", format, "Format of vectors whose content does not tell, instead of what their name says: fvecs, bvecs, ivecs, raw, …")
      .one_of(format_words())
      .show("NAME");
  command.text("--dtype", dtype, "Type of raw numbers, as numpy has it: float32, f2, >f4, bfloat16, u1, …").show("TYPE");
  command.integer("--dim", dim, 1, Codec::max_dimension, "Raw numbers in a row");
}

io::ReadOptions VectorInput::options(bool random_access) const {
  return {.format = format_of_option(format), .dtype = dtype, .dimension = dim, .random_access = random_access};
}

void VectorInput::check_used(std::initializer_list<const VectorReader*> files) const {
  if (dtype.empty() && dim == 0) return;
  const bool raw = std::any_of(files.begin(), files.end(), [](const VectorReader* file) { return file != nullptr && file->format() == io::Format::raw; });
  if (!raw) throw UsageError("--dtype and --dim are for raw numbers; " + (*files.begin())->name() + " is " + (*files.begin())->description());
}

std::string vector_input_help(const std::string& what) {
  return fmt::format("{} ({}; a member as x.npz:NAME or x.safetensors:NAME; - is standard input)", what, io::readable_extensions());
}

void add_output_format(Command command, std::string& format, io::Content content) {
  std::vector<std::string> words;
  for (const io::FormatInfo& info : io::formats())
    if (*(content == io::Content::vectors ? info.vectors_written : info.rows_written) != '\0') words.emplace_back(info.name);
  command.text("--format", format, fmt::format("Format to write, instead of what the name says ({})", fmt::join(words, ", ")))
      .one_of(words)
      .show("NAME");
}

std::optional<io::Format> format_of_option(const std::string& word) {
  return word.empty() ? std::nullopt : io::format_of_word(word);
}

// ---- names ----

void require_extension(const std::string& output, const std::string& extension) {
  std::string end = output.substr(output.size() - std::min(output.size(), extension.size()));
  std::transform(end.begin(), end.end(), end.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (output != "-" && end != extension) throw UsageError(fmt::format("{}: the output's name must end in {}", output, extension));
}

void require_distinct(const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
  int standard = 0;
  for (const std::string& input : inputs) standard += !input.empty() && file_of(input, false) == "-";
  if (standard > 1) throw UsageError("-: standard input can be read only once");
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].empty()) continue;
    const std::string output = file_of(outputs[i], true);
    for (std::size_t j = 0; j < i; ++j)
      if (!outputs[j].empty() && same_output(output, file_of(outputs[j], true))) throw UsageError(outputs[i] + ": two outputs of one name");
    for (const std::string& input : inputs)
      if (!input.empty() && replaces(output, file_of(input, false))) throw UsageError(outputs[i] + ": the output would replace the input");
  }
}

// ---- printing and writing ----

void print_json(const nlohmann::ordered_json& value, std::FILE* stream) {
  fmt::print(stream, "{}\n", value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!std::filesystem::is_directory(path)) throw BadInput(fmt::format("{}: cannot make this directory: {}", path, error ? error.message() : "it is a file"));
}

void write_file(const std::string& path, const std::string& text) {
  io::OutputFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

// ---- codes ----

CodesFile::CodesFile(const std::string& name) : name_(name == "-" ? "standard input" : io::printable(name)) {
  if (name == "-") {
    stored_ = std::make_unique<io::StoredInput>();
    stored_path = stored_->path();
  }
  reader_ = std::make_unique<FileReader>(stored_ ? stored_path : name);
}

StoredBits stored_bits(const FileHeader& header, std::uint64_t bytes, std::uint64_t norms) {
  const double coordinates = static_cast<double>(header.rows) * static_cast<double>(header.order);
  if (header.rows == 0) return {};
  const double bits = 8 * static_cast<double>(bytes), of_norms = 32 * static_cast<double>(norms);
  return {(bits - of_norms) / coordinates, bits / coordinates};
}

CodesOutput::CodesOutput(const std::string& name) : path_(name), standard_(name == "-") {
  if (!standard_) return;
  const char* chosen = std::getenv("TMPDIR");
  std::random_device random;
  path_ = fmt::format("{}/hdq-{:08x}{:08x}.hdq", chosen == nullptr || *chosen == '\0' ? "/tmp" : chosen, random(), random());
}

void CodesOutput::send() const {
  if (!standard_) return;
  std::ifstream file(path_, std::ios::binary);
  std::filesystem::remove(path_);
  io::OutputFile out("-");
  std::vector<char> buffer(std::size_t{1} << 20);
  do {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    out.write(buffer.data(), static_cast<std::size_t>(file.gcount()));
  } while (file);
  if (!file.eof()) throw BadInput(path_ + ": cannot read it again");
}

std::string with_standard_input_named(std::string message) {
  const std::size_t at = stored_path.empty() ? std::string::npos : message.find(stored_path + ":");
  if (at != std::string::npos) message.replace(at, stored_path.size(), "standard input");
  return message;
}

}  // namespace hdq::cli
