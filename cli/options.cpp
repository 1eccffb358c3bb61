#include "options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <utility>

#include "hdq/io/text.hpp"

namespace hdq::cli {
namespace {

int result = 0;

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

CLI::Validator integer_within(std::uint64_t least, std::uint64_t most) {
  const std::string range = range_text(least, most);
  const auto check = [=](const std::string& text) {
    std::uint64_t value = 0;
    const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || !parse(text, value) || value < least || value > most) return fmt::format("{} is not an integer from {}", io::excerpt(text), range);
    return std::string();
  };
  return {check, "[" + range + "]", "integer"};
}

CLI::Validator positive_at_most(double most) {
  const auto check = [=](const std::string& text) {
    double value = 0;
    if (parse(text, value) && value > 0 && value <= most) return std::string();
    return fmt::format("{} is not a number above 0, at most {:g}", io::excerpt(text), most);
  };
  return {check, fmt::format("(0 to {:g}]", most), "number"};
}

Option add_positive_number(CLI::App* app, const std::string& names, std::function<void(double)> set, const std::string& now, double most,
                           const std::string& description) {
  const auto set_text = [set = std::move(set)](const std::string& text) {
    double value = 0;
    parse(text, value);
    set(value);
  };
  return {app->add_option_function<std::string>(names, set_text, description)->check(positive_at_most(most))->type_name("FLOAT"), now};
}

}  // namespace

Option& Option::required() { return option_->required(), *this; }
Option& Option::excludes(const Option& other) { return option_->excludes(other.option_), *this; }
Option& Option::show(const std::string& text) { return option_->option_text(text), *this; }
Option& Option::show_default(const std::string& text) { return option_->default_str(text), *this; }
bool Option::given() const { return option_->count() != 0; }

Option& Option::one_of(const std::vector<std::string>& words) { return option_->check(CLI::IsMember(words)), *this; }

Option Command::text(const std::string& names, std::string& value, const std::string& description) {
  return {app_->add_option(names, value, description), value};
}

Option Command::texts(const std::string& names, std::vector<std::string>& values, const std::string& description) {
  return {app_->add_option(names, values, description), ""};
}

Option Command::comma_separated(const std::string& names, std::vector<std::string>& values, const std::string& description) {
  return {app_->add_option(names, values, description)->delimiter(',')->allow_extra_args(false), ""};
}

Option Command::flag(const std::string& names, bool& value, const std::string& description) {
  return {app_->add_flag(names, value, description), ""};
}

Option Command::positive_number(const std::string& names, double& value, double most, const std::string& description) {
  return add_positive_number(app_, names, [&value](double parsed) { value = parsed; }, fmt::format("{:g}", value), most, description);
}

Option Command::positive_number(const std::string& names, std::optional<double>& value, double most, const std::string& description) {
  return add_positive_number(app_, names, [&value](double parsed) { value = parsed; }, "", most, description);
}

Option Command::integer(const std::string& names, std::function<void(std::uint64_t)> set, const std::string& now, std::uint64_t least, std::uint64_t most,
                        const std::string& description) {
  const auto set_text = [set = std::move(set)](const std::string& text) {
    std::uint64_t value = 0;
    parse(text, value);
    set(value);
  };
  return {app_->add_option_function<std::string>(names, set_text, description)->check(integer_within(least, most))->type_name("INT"), now};
}

Option Command::choice(const std::string& names, std::function<void(const std::string&)> set, const std::string& now,
                       const std::vector<std::string>& words, const std::string& description) {
  Option option(app_->add_option_function<std::string>(names, std::move(set), description), now);
  return option.one_of(words).show("NAME").show_default();
}

Command add_command(CLI::App& app, const std::string& name, const std::string& description, const std::string& example, std::function<int()> run) {
  CLI::App* command = app.add_subcommand(name, description);
  command->footer("Example:\n  " + example);
  command->callback([run = std::move(run)] { result = run(); });
  return Command(command);
}

int command_result() { return result; }

}  // namespace hdq::cli
