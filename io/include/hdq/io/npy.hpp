// The header of a .npy file (numpy's NEP 1): parsing as numpy does it, and writing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hdq/io/element.hpp"

namespace hdq::io {

inline constexpr std::string_view npy_magic = "\x93NUMPY";
inline constexpr std::uint64_t npy_header_limit = std::uint64_t{1} << 20;  // bytes of header that are read

struct NpyHeader {
  Storage storage;
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;
};

// Where the text of the header is, from the first bytes of a file: magic, version, length. Pass the first 12 bytes, or all if
// there are fewer. Throws BadInput, without a file's name.
struct NpyPrefix {
  int version = 1;                 // 1, 2 or 3
  std::uint64_t header_offset = 0;  // 10 or 12
  std::uint64_t header_bytes = 0;
};
NpyPrefix parse_npy_prefix(std::string_view start);

// The header's text, a Python literal that numpy's ast.literal_eval takes: of duplicate keys the last counts; versions 1 and
// 2 may have Python 2's L after integers. Stricter than numpy in two ways: negative lengths and \N{…} escapes are refused.
// Throws BadInput, without a file's name.
NpyHeader parse_npy_header(int version, std::string_view text);

// Everything before the data of a C-ordered little-endian array of this shape: version 1.0; the data begin at a multiple of 64.
std::string npy_header(Element element, std::span<const std::uint64_t> shape);
inline std::string npy_header(Element element, std::uint64_t rows, std::uint64_t columns) {
  const std::uint64_t shape[] = {rows, columns};
  return npy_header(element, shape);
}

}  // namespace hdq::io
