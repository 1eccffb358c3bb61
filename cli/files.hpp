// Inputs and outputs that several commands have: which files they name, and that none is both.
#pragma once

#include <cstddef>
#include <cstdio>
#include <initializer_list>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "command.hpp"
#include "hdq/file.hpp"
#include "hdq/io/input.hpp"
#include "hdq/io/vector_reader.hpp"
#include "hdq/io/vector_writer.hpp"
#include "options.hpp"

namespace hdq::cli {

// How inputs of vectors are read whose content does not tell: --format, --dtype, --dim.
struct VectorInput {
  std::string format, dtype;
  std::size_t dim = 0;

  void add_to(Command command);
  io::ReadOptions options(bool random_access = false) const;
  // UsageError where --dtype or --dim was given and none of the files is of raw numbers.
  void check_used(std::initializer_list<const VectorReader*> files) const;
};

// What an input of vectors may be, for help texts: "what (.npy, …; - is standard input)".
std::string vector_input_help(const std::string& what);

// --format of an output, for the name "-" or against the name.
void add_output_format(Command command, std::string& format, io::Content content);
std::optional<io::Format> format_of_option(const std::string& word);  // nothing for ""

// UsageError unless the output's name ends in this extension, in any case, or is "-".
void require_extension(const std::string& output, const std::string& extension);

// UsageError where an output is an input under any name, two outputs are one file, or standard input is read twice.
// Empty names are none.
void require_distinct(const std::vector<std::string>& inputs, const std::vector<std::string>& outputs);

// Where a command prints what it says of an output that may be "-".
inline std::FILE* report_stream(const std::string& output) { return output == "-" ? stderr : stdout; }

// One line of JSON; strings that are not UTF-8 are made so.
void print_json(const nlohmann::ordered_json& value, std::FILE* stream = stdout);

// An .hdq file, or "-": standard input.
class CodesFile {
 public:
  explicit CodesFile(const std::string& name);
  const FileReader& operator*() const { return *reader_; }
  const FileReader* operator->() const { return reader_.get(); }
  const std::string& name() const { return name_; }  // printable

 private:
  std::string name_;
  std::unique_ptr<io::StoredInput> stored_;
  std::unique_ptr<FileReader> reader_;
};

// Bits of a whole file per coordinate of the Hadamard order, without those of its norms, 32 of each that is stored, and with them.
struct StoredBits {
  double norms_apart = 0, with_norms = 0;
};
StoredBits stored_bits(const FileHeader& header, std::uint64_t bytes, std::uint64_t norms);

// Where codes are written that may go to "-": the file itself, or for standard output a name in $TMPDIR or /tmp that exists only
// between FileWriter::commit() and send().
class CodesOutput {
 public:
  explicit CodesOutput(const std::string& name);
  const std::string& path() const { return path_; }
  void send() const;  // after commit(); nothing to do for a file

 private:
  std::string path_;
  bool standard_;
};

// "standard input" instead of the name under which CodesFile opens it.
std::string with_standard_input_named(std::string message);

// Makes a directory and those above it, if there is none; BadInput.
void make_directory(const std::string& path);

// Writes text to a file that appears complete or not at all, or to "-".
void write_file(const std::string& path, const std::string& text);

}  // namespace hdq::cli
