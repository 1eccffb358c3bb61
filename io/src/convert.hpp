// Stored numbers to those that are asked for.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hdq/io/element.hpp"

namespace hdq::io::detail {

// Reverses the bytes of each of count elements.
void swap_bytes(unsigned char* data, std::size_t count, std::size_t element_bytes);

// count numbers in this machine's byte order to float32, rounded to nearest, ties to even. The index of the first finite
// number that float32 cannot hold; count if there is none.
std::size_t to_float32(Element element, const unsigned char* data, std::size_t count, float* out);

// Integers; the index of the first that int64 cannot hold; count if there is none.
std::size_t to_int64(Element element, const unsigned char* data, std::size_t count, std::int64_t* out);

}  // namespace hdq::io::detail
