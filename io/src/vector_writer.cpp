#include "hdq/io/vector_writer.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "hdq/atomic_file.hpp"
#include "hdq/file.hpp"
#include "hdq/io/bad_input.hpp"
#include "hdq/io/npy.hpp"
#include "hdq/io/text.hpp"
#include "hdq/io/vector_reader.hpp"
#include "safetensors.hpp"

namespace hdq::io {
namespace {

void write_standard_output(const void* data, std::size_t size) {
  const char* from = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(STDOUT_FILENO, from, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw FileError(std::string("standard output: cannot write it: ") + std::strerror(errno));
    from += written;
    size -= static_cast<std::size_t>(written);
  }
}

}  // namespace

std::pair<std::string, std::string> split_output(const std::string& name) {
  for (std::size_t at = name.find(':'); at != std::string::npos; at = name.find(':', at + 1)) {
    const std::string path = name.substr(0, at);
    if (format_of_name(path) == Format::safetensors) return {path, name.substr(at + 1)};
  }
  return {name, "vectors"};
}

Format output_format(const std::string& name, Content content, std::optional<Format> format) {
  const std::string path = split_output(name).first;
  if (!format && path == "-") format = Format::npy;
  if (!format) format = format_of_name(path);
  const char* what = content == Content::vectors ? "vectors" : "row numbers";
  if (!format) throw InvalidArgument(printable(name) + ": " + what + " are written to " + writable_extensions(content) + "; the name ends in none of them");
  const FormatInfo& info = format_info(*format);
  if (*(content == Content::vectors ? info.vectors_written : info.rows_written) == '\0') {
    throw InvalidArgument(printable(name) + ": " + what + " are written to " + writable_extensions(content) + ", not " + info.extension);
  }
  return *format;
}

OutputFile::OutputFile(const std::string& name) : file_(name == "-" ? nullptr : std::make_unique<AtomicFile>(name)) {}
OutputFile::~OutputFile() = default;

void OutputFile::write(const void* data, std::size_t size) {
  if (file_) file_->write(data, size);
  else write_standard_output(data, size);
}

void OutputFile::commit() {
  if (file_) file_->commit();
}

VectorWriter::VectorWriter(const std::string& name, std::uint64_t rows, std::size_t columns, Content content, std::optional<Format> format)
    : format_(output_format(name, content, format)), content_(content), rows_(rows), columns_(columns), file_(split_output(name).first) {
  begin(split_output(name).second);
}

void VectorWriter::begin(const std::string& tensor) {
  std::string header;
  if (format_ == Format::npy) header = npy_header(content_ == Content::vectors ? Element::float32 : Element::int64, rows_, columns_);
  if (format_ == Format::safetensors) header = detail::safetensors_header(tensor, rows_, columns_);
  file_.write(header.data(), header.size());
}

void VectorWriter::count(std::size_t rows, Content content) {
  if (content != content_ || rows > rows_ - written_) throw std::logic_error("rows that a VectorWriter was not made for");
  written_ += rows;
}

// Each row after its length where the format has it so.
template <class Number>
void VectorWriter::write_rows(const Number* x, std::size_t rows) {
  if (format_ != Format::fvecs && format_ != Format::ivecs) return file_.write(x, rows * columns_ * sizeof(Number));
  const auto length = static_cast<std::int32_t>(columns_);
  std::vector<unsigned char> row(sizeof length + columns_ * sizeof(Number));
  std::memcpy(row.data(), &length, sizeof length);
  for (std::size_t i = 0; i < rows; ++i) {
    std::memcpy(row.data() + sizeof length, x + i * columns_, columns_ * sizeof(Number));
    file_.write(row.data(), row.size());
  }
}

void VectorWriter::append(const float* x, std::size_t rows) {
  count(rows, Content::vectors);
  write_rows(x, rows);
}

void VectorWriter::append(const std::uint64_t* row_numbers, std::size_t rows) {
  count(rows, Content::row_numbers);
  if (format_ != Format::ivecs) return write_rows(row_numbers, rows);
  std::vector<std::int32_t> narrow(rows * columns_);
  for (std::size_t i = 0; i < narrow.size(); ++i) {
    if (row_numbers[i] > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max())) {
      throw BadInput("row number " + std::to_string(row_numbers[i]) + " is beyond the int32 of .ivecs");
    }
    narrow[i] = static_cast<std::int32_t>(row_numbers[i]);
  }
  write_rows(narrow.data(), rows);
}

void VectorWriter::commit() {
  if (written_ != rows_) throw std::logic_error("a VectorWriter committed before its last row");
  file_.commit();
}

}  // namespace hdq::io
