// Types of numbers that files of vectors hold, and their names.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace hdq::io {

enum class Element {
  boolean, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float16, bfloat16, float32, float64
};

std::size_t element_bytes(Element element);      // 1, 2, 4 or 8
const char* element_name(Element element);       // numpy's: "bool", "int8", …, "float64"; "bfloat16"
bool is_integer(Element element);                // the booleans are not

// How one number is stored.
struct Storage {
  Element element = Element::float32;
  bool big_endian = false;
  friend bool operator==(const Storage&, const Storage&) = default;
};

// A type as numpy.dtype takes it ("<f4", "f4", ">i2", "|u1", "float32", "half", "d", "?", …), or "bfloat16".
// Nothing for what is not a real number of 1 to 8 bytes. Written for a little-endian machine: "=" is "<".
std::optional<Storage> storage_of_dtype(std::string_view dtype);

}  // namespace hdq::io
