#include "hdq/io/vector_reader.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <type_traits>

#include "archive.hpp"
#include "byte_source.hpp"
#include "convert.hpp"
#include "hdq/io/npy.hpp"
#include "hdq/io/text.hpp"
#include "safetensors.hpp"

namespace hdq::io {
namespace {

constexpr std::size_t part_bytes = std::size_t{1} << 20;  // converted at a time

// Runs f; a BadInput gets the file's name.
template <class Function>
auto named(const std::string& name, const Function& f) {
  try {
    return f();
  } catch (const BadInput& bad) {
    throw BadInput(name + ": " + bad.what());
  }
}

// All `size` bytes as they arrive, in parts, so that a length that lies costs no memory.
std::string read_text(detail::ByteSource& source, std::uint64_t offset, std::uint64_t size, const char* missing) {
  std::string text;
  while (text.size() < size) {
    const std::size_t done = text.size(), part = static_cast<std::size_t>(std::min<std::uint64_t>(size - done, part_bytes));
    text.resize(done + part);
    if (source.read(offset + done, text.data() + done, part) < part) throw BadInput(missing);
  }
  return text;
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

bool looks_like_safetensors(std::string_view start) {
  return start.size() > 8 && start[8] == '{' && little_endian(start.substr(0, 8)) <= detail::safetensors_header_limit;
}

// What a file is. Neither magic can be a .fvecs file: its rows would be longer than max_dimension.
Format detect(std::string_view start, const std::string& path, std::optional<Format> given) {
  if (start.starts_with(npy_magic)) return Format::npy;
  if (start.starts_with("PK\x03\x04") || start.starts_with("PK\x05\x06")) return Format::npz;
  if (start.starts_with("\x89HDQ")) throw BadInput("an .hdq file, not a .npy file or its like; hdq decode makes one of it");
  if (given) return *given;
  if (const auto format = format_of_name(path)) return *format;
  if (looks_like_safetensors(start)) return Format::safetensors;
  throw BadInput(path == "-" ? "unknown format: say --format" : "unknown format: its content does not tell, and its name does not end in " + readable_extensions());
}

Element element_of_vecs(Format format) {
  return format == Format::fvecs ? Element::float32 : format == Format::bvecs ? Element::uint8 : Element::int32;
}

bool is_regular(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

// a·b, nothing where it exceeds 2^62.
std::optional<std::uint64_t> product(std::uint64_t a, std::uint64_t b) {
  if (a != 0 && b > (std::uint64_t{1} << 62) / a) return std::nullopt;
  return a * b;
}

}  // namespace

std::pair<std::string, std::string> split_member(const std::string& name) {
  if (name.starts_with("-:")) return {"-", name.substr(2)};
  struct stat status {};
  if (::stat(name.c_str(), &status) == 0) return {name, ""};
  std::size_t container = std::string::npos;  // the first colon after a name of a container
  for (std::size_t at = name.find(':'); at != std::string::npos; at = name.find(':', at + 1)) {
    const std::string path = name.substr(0, at);
    if (is_regular(path)) return {path, name.substr(at + 1)};
    const auto format = format_of_name(path);
    if (container == std::string::npos && (format == Format::npz || format == Format::safetensors)) container = at;
  }
  if (container == std::string::npos) return {name, ""};
  return {name.substr(0, container), name.substr(container + 1)};
}

VectorReader::VectorReader(std::string name, const ReadOptions& options) {
  const auto [path, member] = split_member(name);
  name_ = path == "-" ? "standard input" : printable(name);
  if (path == "-" && !member.empty()) name_.append(":").append(printable(member));
  named(name_, [&, path = path, member = member] { open(path, member, options); });
}

VectorReader::~VectorReader() = default;
VectorReader::VectorReader(VectorReader&&) noexcept = default;
VectorReader& VectorReader::operator=(VectorReader&&) noexcept = default;

// ---- opening ----

void VectorReader::open(const std::string& path, const std::string& member, const ReadOptions& options) {
  source_ = path == "-" ? detail::standard_input() : detail::file_source(detail::open_regular(path));
  char first[12] = {};
  const std::string_view start(first, source_->read(0, first, sizeof first));
  if (start.empty()) throw BadInput(path == "-" ? "empty" : "empty file");
  format_ = detect(start, path, options.format);
  if (!member.empty() && format_ != Format::npz && format_ != Format::safetensors) {
    throw BadInput(std::string("a file of format ") + format_info(format_).name + " has no arrays to choose from");
  }
  switch (format_) {
    case Format::npy: open_npy(); break;
    case Format::npz:
      source_ = detail::open_archive_member(path == "-" ? detail::spool(*source_) : detail::open_regular(path), member);
      open_npy();
      break;
    case Format::safetensors: open_safetensors(member); break;
    case Format::fvecs:
    case Format::bvecs:
    case Format::ivecs: open_vecs(); break;
    case Format::raw: open_raw(options); break;
  }
  settle(options.random_access);
}

void VectorReader::open_npy() {
  char first[12] = {};
  const NpyPrefix prefix = parse_npy_prefix({first, source_->read(0, first, sizeof first)});
  const auto size = source_->size();
  constexpr const char* incomplete = "truncated .npy file: no complete header";
  if (size && *size < prefix.header_offset + prefix.header_bytes) throw BadInput(incomplete);
  const NpyHeader header = parse_npy_header(prefix.version, read_text(*source_, prefix.header_offset, prefix.header_bytes, incomplete));
  storage_ = header.storage;
  data_offset_ = prefix.header_offset + prefix.header_bytes;
  set_shape(header.shape);
  fortran_order_ = header.fortran_order && rows_ > 1 && dimension_ > 1;
  if (size) check_length(*size - data_offset_);
}

void VectorReader::open_safetensors(const std::string& member) {
  constexpr const char* incomplete = "truncated safetensors file: no complete header";
  const std::uint64_t header_bytes = little_endian(read_text(*source_, 0, 8, incomplete));
  if (header_bytes > detail::safetensors_header_limit) throw BadInput("not a safetensors file, or its header exceeds " + std::to_string(detail::safetensors_header_limit) + " bytes");
  const std::vector<detail::Tensor> tensors = detail::parse_safetensors_header(read_text(*source_, 8, header_bytes, incomplete));
  const detail::Tensor& tensor = detail::find_tensor(tensors, member);
  storage_ = detail::storage_of_tensor(tensor);
  set_shape(tensor.shape);
  const std::uint64_t begin = 8 + header_bytes, bytes = tensor.end - tensor.begin;
  const auto needed = product(rows_, row_bytes());
  if (!needed || *needed != bytes) throw BadInput("invalid safetensors header: " + excerpt(tensor.name) + " has " + std::to_string(bytes) + " bytes for its shape");
  const auto size = source_->size();
  if (tensor.end > (std::uint64_t{1} << 62) || (size && tensor.end > *size - begin)) throw BadInput("truncated safetensors file: " + excerpt(tensor.name) + " ends behind it");
  data_offset_ = begin + tensor.begin;
}

void VectorReader::open_vecs() {
  source_ = detail::seekable(std::move(source_));
  const char* extension = format_info(format_).extension;
  std::int32_t dimension = 0;
  if (source_->read(0, &dimension, sizeof dimension) < sizeof dimension) throw BadInput(std::string("truncated ") + extension + " file");
  if (dimension < 1 || static_cast<std::size_t>(dimension) > max_dimension) throw BadInput("row 0 has dimension " + std::to_string(dimension));
  storage_ = {element_of_vecs(format_), false};
  row_prefix_ = sizeof dimension;
  dimension_ = static_cast<std::size_t>(dimension);
  rows_ = *source_->size() / row_bytes();
  if (rows_ * row_bytes() != *source_->size()) {
    throw BadInput(std::string("truncated ") + extension + " file: its length is not a multiple of " + std::to_string(row_bytes()) +
                   " bytes, a row of " + std::to_string(dimension) + " " + element_name(storage_.element));
  }
}

void VectorReader::open_raw(const ReadOptions& options) {
  if (options.dtype.empty() || options.dimension == 0) throw BadInput("raw numbers need --dtype and --dim");
  const auto storage = storage_of_dtype(options.dtype);
  if (!storage) throw BadInput("--dtype " + excerpt(options.dtype) + " is no type of numbers, such as float32, >f4, bfloat16, u1");
  source_ = detail::seekable(std::move(source_));
  storage_ = *storage;
  set_dimension(options.dimension);
  rows_ = *source_->size() / row_bytes();
  if (rows_ * row_bytes() != *source_->size()) {
    throw BadInput("truncated: its length is not a multiple of " + std::to_string(row_bytes()) + " bytes, a row of " + std::to_string(dimension_) + " " + element_name(storage_.element));
  }
}

void VectorReader::set_shape(const std::vector<std::uint64_t>& shape) {
  if (shape.size() != 1 && shape.size() != 2) throw BadInput(std::to_string(shape.size()) + "-D array; 1-D or 2-D is needed");
  rows_ = shape.size() == 1 ? 1 : shape.front();
  set_dimension(shape.back());
}

void VectorReader::set_dimension(std::uint64_t dimension) {
  if (dimension == 0) throw BadInput("rows of length 0");
  if (dimension > max_dimension) throw BadInput("rows of " + std::to_string(dimension) + " numbers; at most " + std::to_string(max_dimension) + " are read");
  dimension_ = static_cast<std::size_t>(dimension);
}

void VectorReader::check_length(std::uint64_t available) {
  const auto needed = product(rows_, row_bytes());
  if (!needed || *needed > available) {
    throw BadInput("truncated .npy file: " + std::to_string(available) + " bytes of data for " + std::to_string(rows_) + " rows of " + std::to_string(dimension_));
  }
  if (*needed != available) throw BadInput("trailing data after the array");
}

// Copies what cannot be read as it has to be.
void VectorReader::settle(bool random_access) {
  const auto needed = product(rows_, row_bytes());
  if (!needed) throw BadInput(std::to_string(rows_) + " rows of " + std::to_string(dimension_) + " are too many");
  if (rows_ == 0) check_end(0);
  if (source_->seekable() || !(random_access || fortran_order_)) return;
  const bool whole = format_ != Format::safetensors;  // other tensors may follow
  source_ = detail::file_source(detail::spool(*source_, data_offset_, *needed + (whole ? 1 : 0)));
  data_offset_ = 0;
  if (whole) check_length(*source_->size());
  else if (*source_->size() < *needed) throw BadInput("truncated safetensors file");
}

std::string VectorReader::description() const {
  std::string text = format_info(format_).name;
  if (row_prefix_ == 0) text += std::string(" ") + element_name(storage_.element) + (storage_.big_endian ? ", big-endian" : "");
  return text;
}

// ---- reading ----

std::size_t VectorReader::row_bytes() const { return row_prefix_ + dimension_ * element_bytes(storage_.element); }

void VectorReader::read_bytes(std::uint64_t offset, void* out, std::size_t size) const {
  if (source_->read(offset, out, size) < size) throw BadInput("truncated: it ends before its last row");
}

// After the last row of what is read once, in order, nothing may follow: this also verifies an archive member's checksum.
void VectorReader::check_end(std::uint64_t rows_read) const {
  if (rows_read != rows_ || source_->seekable() || format_ == Format::safetensors) return;
  char more = 0;
  if (source_->read(data_offset_ + rows_ * row_bytes(), &more, 1) != 0) throw BadInput("trailing data after the array");
}

void VectorReader::check_rows(std::uint64_t begin, std::size_t count) const {
  if (begin > rows_ || count > rows_ - begin) throw std::logic_error("rows beyond the last one");
}

// Rows of .fvecs and siblings, each after its length.
void VectorReader::read_prefixed(std::uint64_t begin, std::size_t count, unsigned char* out) const {
  const std::size_t bytes = row_bytes() - row_prefix_;
  std::vector<unsigned char> raw(count * row_bytes());
  read_bytes(data_offset_ + begin * row_bytes(), raw.data(), raw.size());
  for (std::size_t row = 0; row < count; ++row) {
    const unsigned char* from = raw.data() + row * row_bytes();
    std::int32_t dimension = 0;
    std::memcpy(&dimension, from, sizeof dimension);
    if (dimension < 0 || static_cast<std::size_t>(dimension) != dimension_) {
      throw BadInput("row " + std::to_string(begin + row) + " has dimension " + std::to_string(dimension) + ", row 0 has " + std::to_string(dimension_));
    }
    std::memcpy(out + row * bytes, from + row_prefix_, bytes);
  }
}

// Fortran order: column after column.
void VectorReader::read_columns(std::uint64_t begin, std::size_t count, unsigned char* out) const {
  const std::size_t bytes = element_bytes(storage_.element);
  std::vector<unsigned char> column(count * bytes);
  for (std::size_t j = 0; j < dimension_; ++j) {
    read_bytes(data_offset_ + (j * rows_ + begin) * bytes, column.data(), column.size());
    for (std::size_t i = 0; i < count; ++i) std::memcpy(out + (i * dimension_ + j) * bytes, column.data() + i * bytes, bytes);
  }
}

// The numbers of some rows, row after row, in this machine's byte order.
void VectorReader::read_stored(std::uint64_t begin, std::size_t count, unsigned char* out) const {
  const std::size_t bytes = element_bytes(storage_.element);
  if (row_prefix_ != 0) read_prefixed(begin, count, out);
  else if (fortran_order_) read_columns(begin, count, out);
  else read_bytes(data_offset_ + begin * row_bytes(), out, count * row_bytes());
  if (storage_.big_endian) detail::swap_bytes(out, count * dimension_, bytes);
  check_end(begin + count);
}

// convert(data, numbers, first) turns `numbers` numbers, the first being number `first` of the call, and returns how many it could.
template <class Convert>
void VectorReader::read_in_parts(std::uint64_t begin, std::size_t count, const Convert& convert) const {
  check_rows(begin, count);
  const std::size_t bytes = dimension_ * element_bytes(storage_.element);
  const std::size_t part = std::max<std::size_t>(1, (fortran_order_ ? 16 : 1) * part_bytes / bytes);
  std::vector<unsigned char> raw;
  for (std::size_t row = 0; row < count; row += part) {
    const std::size_t rows = std::min(part, count - row);
    raw.resize(rows * bytes);
    read_stored(begin + row, rows, raw.data());
    const std::size_t done = convert(raw.data(), rows * dimension_, row * dimension_);
    if (done < rows * dimension_) {
      throw BadInput("row " + std::to_string(begin + row + done / dimension_) + ", column " + std::to_string(done % dimension_) + ": " +
                     (is_integer(storage_.element) ? "beyond int64" : "beyond float32"));
    }
  }
}

void VectorReader::read(std::uint64_t begin, std::size_t count, float* out) const {
  named(name_, [&] {
    if (storage_ == Storage{Element::float32, false}) {
      check_rows(begin, count);
      if (count > 0) read_stored(begin, count, reinterpret_cast<unsigned char*>(out));
    } else {
      read_in_parts(begin, count, [&](const unsigned char* data, std::size_t numbers, std::size_t first) {
        return detail::to_float32(storage_.element, data, numbers, out + first);
      });
    }
  });
}

template <class Narrow>
void VectorReader::read_narrow(std::uint64_t begin, std::size_t count, Element element, Narrow* out) const {
  static_assert(sizeof(Narrow) == 2 && std::is_trivially_copyable_v<Narrow>);
  if (storage_.element != element) throw std::logic_error("rows read as a type that they do not have");
  check_rows(begin, count);
  named(name_, [&] {
    if (count > 0) read_stored(begin, count, reinterpret_cast<unsigned char*>(out));
  });
}

void VectorReader::read(std::uint64_t begin, std::size_t count, Float16* out) const { read_narrow(begin, count, Element::float16, out); }
void VectorReader::read(std::uint64_t begin, std::size_t count, BFloat16* out) const { read_narrow(begin, count, Element::bfloat16, out); }

void VectorReader::read(std::uint64_t begin, std::size_t count, std::int64_t* out) const {
  named(name_, [&] {
    if (!is_integer(storage_.element)) throw BadInput(std::string(element_name(storage_.element)) + " numbers; int32 or int64 is needed");
    read_in_parts(begin, count, [&](const unsigned char* data, std::size_t numbers, std::size_t first) {
      return detail::to_int64(storage_.element, data, numbers, out + first);
    });
  });
}

std::vector<float> VectorReader::read_all() const {
  const std::uint64_t part = std::max<std::uint64_t>(1, 4 * part_bytes / (dimension_ * sizeof(float)));
  std::vector<float> x;
  if (source_->seekable()) x.reserve(static_cast<std::size_t>(rows_) * dimension_);  // the bytes are there
  for (std::uint64_t row = 0; row < rows_; row += part) {
    const auto count = static_cast<std::size_t>(std::min(part, rows_ - row));
    x.resize(x.size() + count * dimension_);
    read(row, count, x.data() + x.size() - count * dimension_);
  }
  return x;
}

}  // namespace hdq::io
