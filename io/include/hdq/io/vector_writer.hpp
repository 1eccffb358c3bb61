// Writes rows of float32, or lists of row numbers, in the format that the output's name says. A file appears complete, at commit(), or
// not at all (hdq/atomic_file.hpp).
//
//   hdq::io::VectorWriter out("decoded.fvecs", rows, dimension);
//   out.append(x, rows);
//   out.commit();
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "hdq/io/format.hpp"

namespace hdq {
class AtomicFile;
}

namespace hdq::io {

// The format that `format` or else the end of the name says; "-", standard output, is .npy unless `format` says otherwise.
// InvalidArgument, naming it, where that is none that this content can be written in.
Format output_format(const std::string& name, Content content, std::optional<Format> format = {});

// "x.safetensors:NAME" → {"x.safetensors", "NAME"}; any other name is a file: {name, "vectors"}.
std::pair<std::string, std::string> split_output(const std::string& name);

// A file, whole or not at all, or "-", standard output.
class OutputFile {
 public:
  explicit OutputFile(const std::string& name);  // FileError, naming it, as the others
  ~OutputFile();
  void write(const void* data, std::size_t size);
  void commit();

 private:
  std::unique_ptr<AtomicFile> file_;  // null: standard output
};

class VectorWriter {
 public:
  // rows × columns numbers will follow. "x.safetensors:NAME" names the tensor; without it, it is "vectors". Errors of
  // output_format(); FileError where the file cannot be made.
  VectorWriter(const std::string& name, std::uint64_t rows, std::size_t columns, Content content = Content::vectors,
               std::optional<Format> format = {});

  // The next rows, rows × columns, of the content. A row number beyond int32 is an error in .ivecs.
  void append(const float* x, std::size_t rows);
  void append(const std::uint64_t* row_numbers, std::size_t rows);
  // std::logic_error unless all rows were appended.
  void commit();

 private:
  void begin(const std::string& tensor);
  void count(std::size_t rows, Content content);
  template <class Number>
  void write_rows(const Number* x, std::size_t rows);

  Format format_;
  Content content_;
  std::uint64_t rows_, written_ = 0;
  std::size_t columns_;
  OutputFile file_;
};

}  // namespace hdq::io
