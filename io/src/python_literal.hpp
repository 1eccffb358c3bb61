// Python literals as ast.literal_eval takes them: what the header of a .npy file is written in.
//
// Not taken, and refused: \N{…} escapes, complex sums (1+2j), formatted strings.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hdq::io::detail {

struct MalformedLiteral : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct PythonValue {
  enum class Kind { none, ellipsis, boolean, integer, number, string, bytes, tuple, list, dict, set };
  Kind kind = Kind::none;
  bool negative = false;                  // integer
  std::optional<std::uint64_t> integer;   // its magnitude (a boolean's 0 or 1); empty beyond 64 bits
  std::string text;                       // string (UTF-8) or bytes
  std::vector<PythonValue> items;         // tuple, list, set
  std::vector<PythonValue> keys, values;  // dict, in order, duplicate keys kept

  // The value of the last key that is this string (Python keeps the last); null if there is none.
  const PythonValue* find(std::string_view key) const;
};

// Throws MalformedLiteral. Brackets nest at most 100 deep. With python2, an L after an integer is ignored.
// Bytes above 0x7F may occur in strings and comments only.
PythonValue parse_python_literal(std::string_view text, bool python2);

}  // namespace hdq::io::detail
