// Options of the subcommands. CLI11 parses them; only options.cpp and program.cpp see it, because it takes seconds to compile.
// Numbers are all of the text or an error, within their range or an error: never cut short, wrapped or clamped.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace hdq::cli {

// An option that was added. Cheap to copy.
class Option {
 public:
  Option(CLI::Option* option, std::string value) : option_(option), value_(std::move(value)) {}
  Option& required();
  Option& excludes(const Option& other);
  Option& show(const std::string& text);                 // in the help text, instead of a type
  Option& show_default() { return show_default(value_); }  // the value that the variable had when the option was added
  Option& show_default(const std::string& text);
  bool given() const;  // after parsing
  Option& one_of(const std::vector<std::string>& words);

 private:
  CLI::Option* option_;
  std::string value_;
};

// A subcommand, as its options are added. Cheap to copy. The variables must outlive the program's parsing.
class Command {
 public:
  explicit Command(CLI::App* app) : app_(app) {}

  // names: "--rate", "-o,--output", or "INPUT" for a positional one.
  Option text(const std::string& names, std::string& value, const std::string& description);
  Option texts(const std::string& names, std::vector<std::string>& values, const std::string& description);          // one or more
  Option comma_separated(const std::string& names, std::vector<std::string>& values, const std::string& description);
  Option flag(const std::string& names, bool& value, const std::string& description);
  // A finite decimal number above 0 and at most `most`.
  Option positive_number(const std::string& names, double& value, double most, const std::string& description);
  Option positive_number(const std::string& names, std::optional<double>& value, double most, const std::string& description);

  // Decimal digits alone, within [least, most], which must fit T: an integer type or an optional of one.
  template <class T>
  Option integer(const std::string& names, T& value, std::uint64_t least, std::uint64_t most, const std::string& description) {
    std::string now;
    if constexpr (std::is_integral_v<T>) now = std::to_string(value);
    const auto set = [&value](std::uint64_t parsed) {
      if constexpr (std::is_integral_v<T>) value = static_cast<T>(parsed);
      else value = static_cast<typename T::value_type>(parsed);
    };
    return integer(names, set, now, least, most, description);
  }

  // One of the words.
  template <class T>
  Option choice(const std::string& names, T& value, const std::map<std::string, T>& words, const std::string& description) {
    std::vector<std::string> all;
    std::string now;
    for (const auto& [word, meaning] : words) {
      all.push_back(word);
      if (meaning == value) now = word;
    }
    return choice(names, [&value, words](const std::string& word) { value = words.at(word); }, now, all, description);
  }

 private:
  Option integer(const std::string& names, std::function<void(std::uint64_t)> set, const std::string& now, std::uint64_t least, std::uint64_t most,
                 const std::string& description);
  Option choice(const std::string& names, std::function<void(const std::string&)> set, const std::string& now, const std::vector<std::string>& words,
                const std::string& description);

  CLI::App* app_;
};

// The words for `choice` of these values, by the function that names them elsewhere.
template <class T>
std::map<std::string, T> by_name(const char* (*name)(T), std::initializer_list<T> values) {
  std::map<std::string, T> words;
  for (const T value : values) words.emplace(name(value), value);
  return words;
}

// Adds a subcommand with a one-line description and an example. `run` returns the exit code.
Command add_command(CLI::App& app, const std::string& name, const std::string& description, const std::string& example, std::function<int()> run);
int command_result();  // of the subcommand that ran

}  // namespace hdq::cli
