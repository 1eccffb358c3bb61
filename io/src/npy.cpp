#include "hdq/io/npy.hpp"

#include <algorithm>

#include "hdq/io/bad_input.hpp"
#include "hdq/io/text.hpp"
#include "python_literal.hpp"

namespace hdq::io {
namespace {

using Kind = detail::PythonValue::Kind;

// Version 1 and 2 say Latin-1, whose bytes above 0x7F matter only inside a string: no such string is a key or a type.
detail::PythonValue parse_literal(int version, std::string_view text) {
  try {
    return detail::parse_python_literal(text, version < 3);
  } catch (const detail::MalformedLiteral& malformed) {
    throw BadInput(std::string("invalid .npy header: ") + malformed.what());
  }
}

bool has_exactly(const detail::PythonValue& dictionary, std::initializer_list<std::string_view> keys) {
  const bool known = std::all_of(dictionary.keys.begin(), dictionary.keys.end(), [&](const auto& key) {
    return key.kind == Kind::string && std::find(keys.begin(), keys.end(), key.text) != keys.end();
  });
  return known && std::all_of(keys.begin(), keys.end(), [&](std::string_view key) { return dictionary.find(key) != nullptr; });
}

std::vector<std::uint64_t> shape_of(const detail::PythonValue& value) {
  if (value.kind != Kind::tuple) throw BadInput("invalid .npy header: shape is not a tuple");
  std::vector<std::uint64_t> shape;
  for (const detail::PythonValue& length : value.items) {
    if (length.kind != Kind::integer || !length.integer || length.negative) throw BadInput("invalid .npy header: shape");
    shape.push_back(*length.integer);
  }
  return shape;
}

}  // namespace

NpyPrefix parse_npy_prefix(std::string_view start) {
  if (start.empty()) throw BadInput("empty file");
  if (start.substr(0, npy_magic.size()) != npy_magic.substr(0, start.size())) throw BadInput("not a .npy file (wrong magic)");
  const auto byte = [&](std::size_t at) { return std::uint64_t{static_cast<unsigned char>(start[at])}; };
  if (start.size() < 10) throw BadInput("truncated .npy file");
  const std::uint64_t major = byte(6), minor = byte(7);
  if (major < 1 || major > 3 || minor != 0) {
    throw BadInput("unknown .npy version " + std::to_string(major) + (minor == 0 ? "" : "." + std::to_string(minor)));
  }
  NpyPrefix prefix{static_cast<int>(major), 10, byte(8) + 256 * byte(9)};
  if (major > 1) {
    if (start.size() < 12) throw BadInput("truncated .npy file");
    prefix.header_bytes += (byte(10) << 16) + (byte(11) << 24);
    prefix.header_offset = 12;
  }
  if (prefix.header_bytes > npy_header_limit) {
    throw BadInput("a .npy header of " + std::to_string(prefix.header_bytes) + " bytes; at most " + std::to_string(npy_header_limit) + " are read");
  }
  return prefix;
}

NpyHeader parse_npy_header(int version, std::string_view text) {
  if (version == 3 && !is_utf8(text)) throw BadInput("invalid .npy header: not UTF-8");
  const detail::PythonValue dictionary = parse_literal(version, text);
  if (dictionary.kind != Kind::dict) throw BadInput("invalid .npy header: not a dictionary");
  if (!has_exactly(dictionary, {"descr", "fortran_order", "shape"})) {
    throw BadInput("invalid .npy header: its keys must be descr, fortran_order and shape");
  }
  NpyHeader header;
  const detail::PythonValue& order = *dictionary.find("fortran_order");
  if (order.kind != Kind::boolean) throw BadInput("invalid .npy header: fortran_order is neither True nor False");
  header.fortran_order = order.integer == 1;
  header.shape = shape_of(*dictionary.find("shape"));
  const detail::PythonValue& descr = *dictionary.find("descr");
  if (descr.kind != Kind::string) throw BadInput("a dtype of fields; a real number type is needed");
  const auto storage = storage_of_dtype(descr.text);
  if (!storage || storage->element == Element::bfloat16) {
    throw BadInput("dtype " + excerpt(descr.text) + "; an integer type, bool, float16, float32 or float64 is needed");
  }
  header.storage = *storage;
  return header;
}

std::string npy_header(Element element, std::span<const std::uint64_t> shape) {
  const char kind = element == Element::boolean ? 'b' : element >= Element::float16 ? 'f' : element >= Element::uint8 ? 'u' : 'i';
  const std::size_t bytes = element_bytes(element);
  std::string lengths;
  for (std::size_t i = 0; i < shape.size(); ++i) lengths += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  if (shape.size() == 1) lengths += ",";
  std::string header = "{'descr': '" + std::string(bytes == 1 ? "|" : "<") + kind + std::to_string(bytes) +
                       "', 'fortran_order': False, 'shape': (" + lengths + "), }";
  // Magic, version and length take 10 bytes; the data begin at a multiple of 64, after a newline.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header.push_back('\n');
  std::string prefix(npy_magic);
  prefix += {'\x01', '\x00', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  return prefix + header;
}

}  // namespace hdq::io
