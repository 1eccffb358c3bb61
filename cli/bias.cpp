// hdq bias: the exact bias of a scheme on a vector, ‖E x̂ − x‖/‖x‖ and E⟨x, x̂⟩/‖x‖², as enclosures (SPEC §4–§6).
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

int bias(const ExpectationArguments& arguments) {
  if (arguments.as_profile_says()) return print_profile_bias(arguments, arguments.digits, arguments.json);
  const auto result = figures::bias(arguments, figures::Notation::decimals(arguments.digits));
  if (arguments.json) {
    print_json(result);
    return exit_ok;
  }
  fmt::print(
      "{} quantizer, {} levels, {}\n", result["scheme"].get<std::string>(), result["levels"].dump(),
      arguments.rotation() == Rotation::limit ? "normal limit" : "rotation " + result["rotation"].get<std::string>());
  fmt::print("{:<28} {}\n", "|E x^ - x|/|x|", enclosure_text(result["norm"]));
  fmt::print("{:<28} {}\n", "E<x, x^>/|x|^2", enclosure_text(result["correlation"]));
  if (result.contains("norm_32_bit")) {
    fmt::print("{:<28} {}\n", "|E x^ - x|/|x|, 32-bit U", enclosure_text(result["norm_32_bit"]));
    fmt::print("{:<28} {}\n", "E<x, x^>/|x|^2, 32-bit U", enclosure_text(result["correlation_32_bit"]));
  }
  fmt::print("{:<28} {}\n", "method", result["method"].get<std::string>());
  return exit_ok;
}

}  // namespace

void add_bias(CLI::App& app) {
  auto arguments = std::make_shared<ExpectationArguments>();
  Command command = add_command(app, "bias", "Enclose the bias of a vector's decoded value",
                                  "hdq bias --bits 2 --preset one-hot --scheme lloyd-max",
                                  [arguments] { return bias(*arguments); });
  arguments->add_to(command);
}

}  // namespace hdq::cli
