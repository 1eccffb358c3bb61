#include "hdq/io/vector_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "hdq/stages.hpp"

namespace hdq::io {
namespace {

bool ends_with(std::string_view text, std::string_view tail) {
  return text.size() >= tail.size() && text.substr(text.size() - tail.size()) == tail;
}

// The value of `'key':` in a .npy header, which is a Python literal: up to the comma that closes it.
std::optional<std::string_view> npy_field(std::string_view header, std::string_view key) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = quote + std::string(key) + quote;
    std::size_t at = header.find(quoted);
    if (at == std::string_view::npos) continue;
    at = header.find(':', at + quoted.size());
    if (at == std::string_view::npos) continue;
    at = header.find_first_not_of(" \t", at + 1);
    if (at == std::string_view::npos) continue;
    const bool tuple = header[at] == '(';
    const std::size_t end = header.find_first_of(tuple ? ")" : ",}", at);
    if (end == std::string_view::npos) continue;
    return header.substr(at, end - at + (tuple ? 1 : 0));
  }
  return std::nullopt;
}

// "(778, 384)" → {778, 384}; nullopt if it is not a tuple of non-negative integers.
std::optional<std::vector<std::uint64_t>> npy_shape(std::string_view text) {
  std::vector<std::uint64_t> shape;
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return std::nullopt;
  std::size_t at = 1;
  const auto skip_blanks = [&] { while (text[at] == ' ') ++at; };
  for (skip_blanks(); text[at] != ')'; skip_blanks()) {
    if (std::isdigit(static_cast<unsigned char>(text[at])) == 0) return std::nullopt;
    std::uint64_t value = 0;
    for (; std::isdigit(static_cast<unsigned char>(text[at])) != 0; ++at) {
      const auto digit = static_cast<std::uint64_t>(text[at] - '0');
      if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return std::nullopt;
      value = 10 * value + digit;
    }
    if (text[at] == 'L') ++at;  // Python 2 wrote longs so
    skip_blanks();
    if (text[at] == ',') ++at;
    shape.push_back(value);
  }
  return shape;
}

}  // namespace

VectorFile::VectorFile(std::string path) : path_(std::move(path)) {
  const bool npy = ends_with(path_, ".npy");
  if (!npy && !ends_with(path_, ".fvecs")) reject("unknown format: the name must end in .npy or .fvecs");
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) reject(std::string("cannot open it: ") + std::strerror(errno));
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    reject("not a regular file");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  try {
    npy ? open_npy() : open_fvecs();
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

VectorFile::~VectorFile() { ::close(descriptor_); }

void VectorFile::open_npy() {
  unsigned char prefix[12] = {};
  if (size_ < 10) reject(size_ == 0 ? "empty file" : "truncated .npy file");
  read_exactly(0, prefix, 10);
  if (std::memcmp(prefix, "\x93NUMPY", 6) != 0) reject("not a .npy file (wrong magic)");
  const unsigned major = prefix[6];
  if (major < 1 || major > 3) reject("unknown .npy version " + std::to_string(major));
  std::uint64_t header_size = prefix[8] + 256u * prefix[9];
  std::uint64_t header_offset = 10;
  if (major > 1) {
    if (size_ < 12) reject("truncated .npy file");
    read_exactly(10, prefix + 10, 2);
    header_size += (std::uint64_t{prefix[10]} << 16) + (std::uint64_t{prefix[11]} << 24);
    header_offset = 12;
  }
  data_offset_ = header_offset + header_size;
  if (data_offset_ > size_ || header_size > (1u << 20)) reject("truncated .npy file: no complete header");
  std::string header(static_cast<std::size_t>(header_size), '\0');
  read_exactly(header_offset, header.data(), header.size());

  const auto descr = npy_field(header, "descr");
  const auto order = npy_field(header, "fortran_order");
  const auto shape_text = npy_field(header, "shape");
  if (!descr || !order || !shape_text) reject("invalid .npy header");
  std::size_t element_size = 0;
  const std::string_view type = descr->size() > 2 ? descr->substr(1, descr->size() - 2) : *descr;
  if (type == "<f2") {
    element_ = Element::float16, element_size = 2;
  } else if (type == "<f4") {
    element_ = Element::float32, element_size = 4;
  } else if (type == "<f8") {
    element_ = Element::float64, element_size = 8;
  } else {
    reject("dtype " + std::string(type) + "; float16, float32 or float64 (little-endian) is needed");
  }
  const auto shape = npy_shape(*shape_text);
  if (!shape) reject("invalid .npy header: shape");
  if (shape->size() != 1 && shape->size() != 2) {
    reject(std::to_string(shape->size()) + "-D array; 1-D or 2-D is needed");
  }
  const std::uint64_t columns = shape->back();
  rows_ = shape->size() == 1 ? 1 : shape->front();
  if (*order != "False" && rows_ > 1 && columns > 1) reject("Fortran order; C order is needed");
  if (columns == 0) reject("rows of length 0");
  const std::uint64_t available = size_ - data_offset_;
  if (rows_ != 0 && columns > available / element_size / rows_) {
    reject("truncated .npy file: " + std::to_string(available) + " bytes of data for shape " +
           std::string(*shape_text));
  }
  if (rows_ * columns * element_size != available) reject("trailing data after the array");
  dimension_ = static_cast<std::size_t>(columns);
}

void VectorFile::open_fvecs() {
  if (size_ == 0) reject("empty file");
  std::int32_t dimension = 0;
  if (size_ < sizeof dimension) reject("truncated .fvecs file");
  read_exactly(0, &dimension, sizeof dimension);
  if (dimension < 1) reject("row 0 has dimension " + std::to_string(dimension));
  dimension_ = static_cast<std::size_t>(dimension);
  row_prefix_ = data_offset_ = sizeof dimension;
  const std::uint64_t row_bytes = row_prefix_ + dimension_ * sizeof(float);
  rows_ = size_ / row_bytes;
  if (rows_ * row_bytes != size_) {
    reject("truncated .fvecs file: its length is not a multiple of " + std::to_string(row_bytes) + " bytes, a row of " +
           std::to_string(dimension) + " floats");
  }
}

const char* VectorFile::format() const {
  if (row_prefix_ != 0) return "fvecs";
  switch (element_) {
    case Element::float16: return "npy float16";
    case Element::float32: return "npy float32";
    case Element::float64: break;
  }
  return "npy float64";
}

void VectorFile::read(std::uint64_t begin, std::size_t count, float* out) const {
  const std::size_t element_size = element_ == Element::float16 ? 2 : element_ == Element::float32 ? 4 : 8;
  const std::size_t row_bytes = row_prefix_ + dimension_ * element_size;
  const std::uint64_t start = data_offset_ - row_prefix_ + begin * row_bytes;
  if (row_prefix_ == 0 && element_ == Element::float32) {
    read_exactly(start, out, count * row_bytes);
    return;
  }
  std::vector<unsigned char> raw(count * row_bytes);
  read_exactly(start, raw.data(), raw.size());
  for (std::size_t row = 0; row < count; ++row) {
    const unsigned char* from = raw.data() + row * row_bytes;
    float* to = out + row * dimension_;
    if (row_prefix_ != 0) {
      std::int32_t dimension = 0;
      std::memcpy(&dimension, from, sizeof dimension);
      if (static_cast<std::size_t>(dimension) != dimension_) {
        reject("row " + std::to_string(begin + row) + " has dimension " + std::to_string(dimension) + ", row 0 has " +
               std::to_string(dimension_));
      }
      std::memcpy(to, from + row_prefix_, dimension_ * sizeof(float));
    } else if (element_ == Element::float16) {
      std::vector<Float16> half(dimension_);
      std::memcpy(half.data(), from, dimension_ * sizeof(Float16));
      widen(half.data(), dimension_, to);
    } else {
      for (std::size_t column = 0; column < dimension_; ++column) {
        double wide = 0;
        std::memcpy(&wide, from + column * sizeof wide, sizeof wide);
        to[column] = static_cast<float>(wide);
        if (std::isinf(to[column]) && std::isfinite(wide)) {
          reject("row " + std::to_string(begin + row) + ", column " + std::to_string(column) + ": " +
                 std::to_string(wide) + " is beyond float32");
        }
      }
    }
  }
}

void VectorFile::read_exactly(std::uint64_t offset, void* out, std::size_t size) const {
  char* to = static_cast<char*>(out);
  while (size > 0) {
    const ssize_t got = ::pread(descriptor_, to, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) reject(std::string("cannot read it: ") + std::strerror(errno));
    if (got == 0) reject("became shorter while it was read");
    to += got;
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::size_t>(got);
  }
}

void VectorFile::reject(const std::string& what) const { throw BadInput(path_ + ": " + what); }

}  // namespace hdq::io
