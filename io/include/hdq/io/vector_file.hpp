// Input vectors: .npy (float16, float32, float64; 1-D or 2-D, C order) and .fvecs, read as rows of float32.
//
// float16 widens exactly; float64 is rounded to float32 (to nearest, ties to even), and a finite number that float32
// cannot hold is an error. A 1-D array is one row. Rows are read on demand: the file may be larger than memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace hdq::io {

// Input that cannot be used; what() is one line that names the file. The command exits with 3.
struct BadInput : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class VectorFile {
 public:
  explicit VectorFile(std::string path);  // throws BadInput
  ~VectorFile();
  VectorFile(const VectorFile&) = delete;
  VectorFile& operator=(const VectorFile&) = delete;

  const std::string& path() const { return path_; }
  std::uint64_t rows() const { return rows_; }
  std::size_t dimension() const { return dimension_; }
  const char* format() const;  // "npy float32", "fvecs", …

  // Rows [begin, begin + count) into out, count × dimension().
  void read(std::uint64_t begin, std::size_t count, float* out) const;

 private:
  enum class Element { float16, float32, float64 };
  void open_npy();
  void open_fvecs();
  void read_exactly(std::uint64_t offset, void* out, std::size_t size) const;
  [[noreturn]] void reject(const std::string& what) const;

  std::string path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  std::uint64_t rows_ = 0;
  std::size_t dimension_ = 0;
  Element element_ = Element::float32;
  std::uint64_t data_offset_ = 0;   // of row 0's elements
  std::size_t row_prefix_ = 0;      // bytes before each row's elements (.fvecs repeats the dimension)
};

}  // namespace hdq::io
