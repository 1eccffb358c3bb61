// The header of a safetensors file: a length of 8 bytes, then as much JSON; the data follow.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hdq/io/element.hpp"

namespace hdq::io::detail {

inline constexpr std::uint64_t safetensors_header_limit = std::uint64_t{16} << 20;  // bytes of JSON that are read

struct Tensor {
  std::string name, dtype;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0, end = 0;  // bytes, from the end of the header
};

// Throws BadInput, without a file's name, for what the format does not allow: duplicate names, unknown or missing fields,
// numbers that are not integers of 64 bits, end < begin, nesting deeper than it needs.
std::vector<Tensor> parse_safetensors_header(std::string_view json);

// The type of a tensor's numbers; BadInput where it is no number type that is read (F8, complex, …).
Storage storage_of_tensor(const Tensor& tensor);

// The tensor of this name, or the only one.
const Tensor& find_tensor(const std::vector<Tensor>& tensors, const std::string& name);

// The text of such a header, its length before it, for one F32 tensor; the data begin at a multiple of 8.
std::string safetensors_header(const std::string& name, std::uint64_t rows, std::uint64_t columns);

}  // namespace hdq::io::detail
