// Reads rows of vectors from any of the formats of hdq/io/format.hpp, on demand: a file may be larger than memory.
//
//   hdq::io::VectorReader file("embeddings.npy");             // or "x.npz:name", "x.safetensors:name", "-"
//   std::vector<float> x(100 * file.dimension());
//   file.read(0, 100, x.data());                              // rows 0 … 99 as float32
//
// Which format: what the first bytes tell of .npy and archives; else that of ReadOptions; else the end of the name, in any case;
// else safetensors, if it looks so.
// A 1-D array is one row. No memory is taken for bytes that have not been seen. Errors are BadInput.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hdq/io/bad_input.hpp"
#include "hdq/io/element.hpp"
#include "hdq/io/format.hpp"
#include "hdq/types.hpp"

namespace hdq::io {

namespace detail {
class ByteSource;
}

struct ReadOptions {
  std::optional<Format> format = {};
  std::string dtype = {};      // of raw numbers, as storage_of_dtype() takes it; other formats know theirs
  std::size_t dimension = 0;   // numbers in a row of them
  // Rows are wanted in any order, or more than once. Without it standard input and archive members may be read once, in
  // order; with it they are first copied to a file without a name in $TMPDIR or /tmp.
  bool random_access = false;
};

class VectorReader {
 public:
  static constexpr std::size_t max_dimension = std::size_t{1} << 24;  // longer rows are refused

  // "-" is standard input, FILE:NAME a member of an archive or a tensor. What tells its number of rows only at its end
  // (.fvecs and siblings, raw, a zip archive, Fortran order) is copied from standard input as above.
  explicit VectorReader(std::string name, const ReadOptions& options = {});
  ~VectorReader();
  VectorReader(VectorReader&&) noexcept;
  VectorReader& operator=(VectorReader&&) noexcept;

  const std::string& name() const { return name_; }  // printable
  std::uint64_t rows() const { return rows_; }
  std::size_t dimension() const { return dimension_; }
  Element element() const { return storage_.element; }
  Format format() const { return format_; }
  std::string description() const;  // "npy float32", "raw float16, big-endian"

  // Rows [begin, begin + count) into out, count × dimension(). Integers and float64 are rounded to the nearest float32, ties to
  // even; a finite number beyond float32 is BadInput naming row and column. NaN and infinity pass.
  void read(std::uint64_t begin, std::size_t count, float* out) const;
  // The same without widening; element() must be float16, bfloat16 (otherwise std::logic_error).
  void read(std::uint64_t begin, std::size_t count, Float16* out) const;
  void read(std::uint64_t begin, std::size_t count, BFloat16* out) const;
  // Integers as they are. BadInput where element() is none, or a number exceeds int64.
  void read(std::uint64_t begin, std::size_t count, std::int64_t* out) const;

  // All rows; memory grows as the bytes arrive.
  std::vector<float> read_all() const;

 private:
  void open(const std::string& path, const std::string& member, const ReadOptions& options);
  void open_npy();
  void open_safetensors(const std::string& member);
  void open_vecs();
  void open_raw(const ReadOptions& options);
  void set_shape(const std::vector<std::uint64_t>& shape);
  void set_dimension(std::uint64_t dimension);
  void check_length(std::uint64_t available);
  void settle(bool random_access);

  std::size_t row_bytes() const;
  void read_stored(std::uint64_t begin, std::size_t count, unsigned char* out) const;
  void read_prefixed(std::uint64_t begin, std::size_t count, unsigned char* out) const;
  void read_columns(std::uint64_t begin, std::size_t count, unsigned char* out) const;
  void read_bytes(std::uint64_t offset, void* out, std::size_t size) const;
  template <class Convert>
  void read_in_parts(std::uint64_t begin, std::size_t count, const Convert& convert) const;
  template <class Narrow>
  void read_narrow(std::uint64_t begin, std::size_t count, Element element, Narrow* out) const;
  void check_end(std::uint64_t rows_read) const;
  void check_rows(std::uint64_t begin, std::size_t count) const;

  std::string name_;
  Format format_ = Format::npy;
  std::unique_ptr<detail::ByteSource> source_;
  Storage storage_;
  bool fortran_order_ = false;
  std::uint64_t rows_ = 0;
  std::size_t dimension_ = 0;
  std::uint64_t data_offset_ = 0;  // of row 0, its prefix included
  std::size_t row_prefix_ = 0;     // bytes before each row's numbers: .fvecs and siblings repeat the dimension
};

// "x.npz:name" → {"x.npz", "name"}, "-:name" → {"-", "name"}; {name, ""} for a file of that very name.
std::pair<std::string, std::string> split_member(const std::string& name);

}  // namespace hdq::io
