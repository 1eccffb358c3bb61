#include "numbers.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "hdq/io/text.hpp"

namespace hdq::cli {
namespace {

// All of the text as a T, or nothing.
template <class T>
bool parse(const std::string& text, T& value) {
  const char* end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && last == end;
}

std::string range_text(std::uint64_t least, std::uint64_t most) {
  return most == UINT64_MAX ? fmt::format("{} to 2^64 - 1", least) : fmt::format("{} to {}", least, most);
}

}  // namespace

CLI::Validator integer_within(std::uint64_t least, std::uint64_t most) {
  const std::string range = range_text(least, most);
  const auto check = [=](std::string& text) {
    std::uint64_t value = 0;
    const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || !parse(text, value) || value < least || value > most) return fmt::format("{} is not an integer from {}", io::excerpt(text), range);
    text = std::to_string(value);  // CLI11 would take leading zeros for octal
    return std::string();
  };
  return {check, "[" + range + "]", "integer"};
}

CLI::Validator positive_number(double most) {
  const auto check = [=](std::string& text) {
    double value = 0;
    if (parse(text, value) && value > 0 && value <= most) return std::string();
    return fmt::format("{} is not a number above 0, at most {:g}", io::excerpt(text), most);
  };
  return {check, fmt::format("(0 to {:g}]", most), "number"};
}

}  // namespace hdq::cli
