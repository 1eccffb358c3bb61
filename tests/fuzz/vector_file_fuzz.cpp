// Files of vectors. The input is a file of any format: what its first bytes do not tell is tried under every name. Headers whose
// length stands before them are also read with that length set right. Each is read as a file, whole and row by row, and from a pipe.
#include <fcntl.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "fuzz.hpp"
#include "hdq/io/npy.hpp"
#include "hdq/io/vector_reader.hpp"

namespace hdq::fuzz {
namespace {

using io::VectorReader;

constexpr std::size_t largest_read = std::size_t{1} << 18;  // numbers

struct Contents {
  std::uint64_t rows = 0;
  std::size_t dimension = 0;
  io::Element element{};
  std::optional<std::vector<float>> x;  // not of what has a number beyond float32, or more than largest_read numbers
};

bool small(const VectorReader& file) { return file.rows() <= largest_read / file.dimension(); }

// Bit by bit: NaN is NaN.
bool same(const std::vector<float>& a, const float* b) { return a.empty() || std::memcmp(a.data(), b, a.size() * sizeof(float)) == 0; }

// What of it can be used; a message of `file` otherwise.
template <class Action>
void attempt(const std::string& name, const Action& action) {
  try {
    action();
  } catch (const io::BadInput& error) {
    require_message(error.what(), name);
  }
}

std::optional<Contents> contents(const std::string& name, const std::string& shown, const io::ReadOptions& options) {
  std::optional<Contents> result;
  attempt(shown, [&] {
    const VectorReader file(name, options);
    require(file.dimension() >= 1 && file.dimension() <= VectorReader::max_dimension, "a dimension out of range");
    require(!file.description().empty(), "no description");
    result = Contents{file.rows(), file.dimension(), file.element(), {}};
    if (!small(file)) return;
    result->x = file.read_all();
    require(result->x->size() == file.rows() * file.dimension(), "not all rows");
  });
  return result;
}

void read_as_other_types(const VectorReader& file) {
  const auto rows = static_cast<std::size_t>(file.rows());
  std::vector<std::int64_t> integers(rows * file.dimension());
  attempt(file.name(), [&] { file.read(0, rows, integers.data()); });
  std::vector<Float16> halves(rows * file.dimension());
  if (file.element() == io::Element::float16) attempt(file.name(), [&] { file.read(0, rows, halves.data()); });
}

// The last row first.
void read_row_by_row(const std::string& path, io::ReadOptions options, const Contents& whole) {
  options.random_access = true;
  attempt(path, [&] {
    const VectorReader file(path, options);
    require(file.rows() == whole.rows && file.dimension() == whole.dimension, "another shape at the second opening");
    if (!small(file)) return;
    read_as_other_types(file);
    if (!whole.x) return;
    std::vector<float> row(file.dimension());
    for (std::uint64_t i = file.rows(); i-- > 0;) {
      file.read(i, 1, row.data());
      require(same(row, whole.x->data() + i * row.size()), "a row depends on how it is read");
    }
  });
}

// The same bytes on standard input, a pipe that holds all of them.
void read_from_pipe(const std::string& bytes, io::ReadOptions options, const std::optional<Contents>& whole) {
  int ends[2];
  require(::pipe2(ends, O_CLOEXEC) == 0, "no pipe");
  const bool fits = ::write(ends[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  ::close(ends[1]);
  require(fits && ::dup2(ends[0], STDIN_FILENO) == STDIN_FILENO, "no pipe");
  ::close(ends[0]);
  const auto piped = contents("-", "standard input", options);
  static const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  if (!piped || !piped->x || !whole || !whole->x) return;
  require(piped->rows == whole->rows && piped->dimension == whole->dimension && piped->element == whole->element, "another shape in a pipe");
  require(same(*piped->x, whole->x->data()), "other rows in a pipe");
}

void read(const std::string& bytes, const std::string& extension, const io::ReadOptions& options) {
  const std::string path = directory() / ("input" + extension);
  testing::overwrite_file(path, bytes);
  const auto whole = contents(path, path, options);
  if (whole) read_row_by_row(path, options, *whole);
  io::ReadOptions piped = options;
  if (!piped.format) piped.format = io::format_of_name(path);
  read_from_pipe(bytes, piped, whole);
}

// Sets the length that stands before a header to that of its text: what is inserted into the text moves its end.
std::string with_length_set(std::string bytes, std::size_t at, std::size_t width, std::size_t end) {
  const std::uint64_t length = end - (at + width);
  std::memcpy(bytes.data() + at, &length, width);
  return bytes;
}

void read_npy(const std::string& bytes) {
  read(bytes, ".npy", {});
  const std::size_t width = bytes.size() > 6 && bytes[6] == 1 ? 2 : 4, end = bytes.find('\n', 8 + width);
  if (end != std::string::npos) read(with_length_set(bytes, 8, width, end + 1), ".npy", {});
}

void read_safetensors(const std::string& bytes) {
  read(bytes, ".safetensors", {});
  const std::size_t end = bytes.rfind("}}");
  if (end != std::string::npos) read(with_length_set(bytes, 0, 8, end + 2), ".safetensors", {});
}

}  // namespace
}  // namespace hdq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hdq;
  if (size > 65536) return 0;  // what a pipe holds
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.starts_with(io::npy_magic)) {
    fuzz::read_npy(bytes);
  } else if (bytes.starts_with("PK")) {
    fuzz::read(bytes, ".npz", {});
  } else if (size > 8 && bytes[8] == '{') {
    fuzz::read_safetensors(bytes);
  } else {
    for (const char* extension : {".fvecs", ".bvecs", ".ivecs"}) fuzz::read(bytes, extension, {});
    fuzz::read(bytes, ".raw", {.format = io::Format::raw, .dtype = ">f8", .dimension = 3});
    fuzz::read(bytes, ".f16", {.format = io::Format::raw, .dtype = "bfloat16", .dimension = 1});
  }
  return 0;
}
