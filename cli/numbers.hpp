// Numbers on the command line: all of the text or an error, within their range or an error; never cut short, wrapped or clamped.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <string>

namespace hdq::cli {

// Decimal digits alone, and within [least, most].
CLI::Validator integer_within(std::uint64_t least, std::uint64_t most);
// A finite decimal number above 0 and at most `most`.
CLI::Validator positive_number(double most);

// An option that takes one such integer, of any integer type or an optional of one; the range must fit the type.
template <class T>
CLI::Option* add_integer(CLI::App* command, const std::string& names, T& value, std::uint64_t least, std::uint64_t most,
                         const std::string& description) {
  return command->add_option(names, value, description)->transform(integer_within(least, most));
}

}  // namespace hdq::cli
