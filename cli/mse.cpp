// hdq mse: the exact E‖x̂ − x‖²/‖x‖² of a vector as an enclosure, for any scheme and rotation (SPEC §4, §6).
#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "enclosure.hpp"
#include "expectation_arguments.hpp"
#include "files.hpp"
#include "hdq/figures/expectation.hpp"
#include "profile_error.hpp"

namespace hdq::cli {
namespace {

using reference::Rotation;

int mse(const ExpectationArguments& arguments) {
  if (arguments.as_profile_says()) return print_profile_mse(arguments, arguments.digits, arguments.json);
  const auto result = figures::mse(arguments, figures::Notation::decimals(arguments.digits));
  if (arguments.json) {
    print_json(result);
    return exit_ok;
  }
  fmt::print(
      "{} quantizer with {} levels, {}{}\n", result["scheme"].get<std::string>(), result["levels"].dump(),
      arguments.rotation() == Rotation::limit ? "normal limit" : "rotation " + result["rotation"].get<std::string>(),
      !result.contains("vector")
          ? ""
          : fmt::format(", {} in dimension {}", result["vector"].get<std::string>(), result["dimension"].dump()));
  fmt::print("{:<26} {}\n", "E|x^ - x|^2/|x|^2", enclosure_text(result["mse"]));
  fmt::print("{:<26} {}\n", arguments.bits != 0 ? "times 4^b" : "times N^2", enclosure_text(result["times_4b"]));
  fmt::print("{:<26} {}\n", "that over pi sqrt(3)/2", enclosure_text(result["over_limit"]));
  fmt::print("{:<26} {}\n", "method", result["method"].get<std::string>());
  return exit_ok;
}

}  // namespace

void add_mse(CLI::App& app) {
  auto arguments = std::make_shared<ExpectationArguments>();
  Command command = add_command(app, "mse", "Enclose the expected squared error of a vector",
                                  "hdq mse --bits 4 --preset one-hot --digits 30",
                                  [arguments] { return mse(*arguments); });
  arguments->add_to(command);
}

}  // namespace hdq::cli
