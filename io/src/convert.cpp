#include "convert.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "hdq/stages.hpp"

namespace hdq::io::detail {
namespace {

template <class T>
T load(const unsigned char* data, std::size_t at) {
  T value;
  std::memcpy(&value, data + at * sizeof value, sizeof value);
  return value;
}

// Integers; the conversion rounds to nearest, ties to even, as the mode is.
template <class T>
std::size_t cast(const unsigned char* data, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<float>(load<T>(data, i));
  return count;
}

std::size_t narrow(const unsigned char* data, std::size_t count, float* out) {
  std::size_t bad = count;
  for (std::size_t i = count; i-- > 0;) {
    const auto value = load<double>(data, i);
    out[i] = static_cast<float>(value);
    if (std::isinf(out[i]) && std::isfinite(value)) bad = i;
  }
  return bad;
}

template <class Narrow>
std::size_t widened(const unsigned char* data, std::size_t count, float* out) {
  constexpr std::size_t part = 1024;  // copied first: the data may be unaligned
  Narrow numbers[part];
  for (std::size_t at = 0; at < count; at += part) {
    const std::size_t n = std::min(part, count - at);
    std::memcpy(numbers, data + at * sizeof(Narrow), n * sizeof(Narrow));
    widen(numbers, n, out + at);
  }
  return count;
}

template <class T>
std::size_t cast_integers(const unsigned char* data, std::size_t count, std::int64_t* out) {
  for (std::size_t i = 0; i < count; ++i) {
    const T value = load<T>(data, i);
    if constexpr (std::is_same_v<T, std::uint64_t>) {
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return i;
    }
    out[i] = static_cast<std::int64_t>(value);
  }
  return count;
}

}  // namespace

void swap_bytes(unsigned char* data, std::size_t count, std::size_t element_bytes) {
  for (std::size_t i = 0; i < count; ++i) std::reverse(data + i * element_bytes, data + (i + 1) * element_bytes);
}

std::size_t to_float32(Element element, const unsigned char* data, std::size_t count, float* out) {
  switch (element) {
    case Element::boolean:
      for (std::size_t i = 0; i < count; ++i) out[i] = data[i] != 0 ? 1.0f : 0.0f;
      return count;
    case Element::int8: return cast<std::int8_t>(data, count, out);
    case Element::int16: return cast<std::int16_t>(data, count, out);
    case Element::int32: return cast<std::int32_t>(data, count, out);
    case Element::int64: return cast<std::int64_t>(data, count, out);
    case Element::uint8: return cast<std::uint8_t>(data, count, out);
    case Element::uint16: return cast<std::uint16_t>(data, count, out);
    case Element::uint32: return cast<std::uint32_t>(data, count, out);
    case Element::uint64: return cast<std::uint64_t>(data, count, out);
    case Element::float16: return widened<Float16>(data, count, out);
    case Element::bfloat16: return widened<BFloat16>(data, count, out);
    case Element::float32: std::memcpy(out, data, count * sizeof(float)); return count;
    case Element::float64: return narrow(data, count, out);
  }
  throw std::logic_error("an element type without a conversion");
}

std::size_t to_int64(Element element, const unsigned char* data, std::size_t count, std::int64_t* out) {
  switch (element) {
    case Element::int8: return cast_integers<std::int8_t>(data, count, out);
    case Element::int16: return cast_integers<std::int16_t>(data, count, out);
    case Element::int32: return cast_integers<std::int32_t>(data, count, out);
    case Element::int64: return cast_integers<std::int64_t>(data, count, out);
    case Element::uint8: return cast_integers<std::uint8_t>(data, count, out);
    case Element::uint16: return cast_integers<std::uint16_t>(data, count, out);
    case Element::uint32: return cast_integers<std::uint32_t>(data, count, out);
    case Element::uint64: return cast_integers<std::uint64_t>(data, count, out);
    default: throw std::logic_error("not an integer type");
  }
}

}  // namespace hdq::io::detail
