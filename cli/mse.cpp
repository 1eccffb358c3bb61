// hdq mse: the exact E‖x̂ − x‖²/‖x‖² of a vector as an enclosure, for any scheme and rotation (SPEC §4, §6).
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "command.hpp"
#include "files.hpp"
#include "expectation_arguments.hpp"

namespace hdq::cli {
namespace {

using namespace hdq::reference;
using nlohmann::ordered_json;

int mse(const ExpectationArguments& arguments) {
  if (arguments.as_profile_says()) {
    return print_profile_mse(arguments.profile_arguments(), arguments.bits, arguments.read_vector(), arguments.vector_name(), arguments.digits, arguments.json);
  }
  if (!arguments.has_codebook()) arguments.generator();  // wrong usage before a file is read
  std::vector<double> x;
  if (arguments.rotation != Rotation::limit) x = arguments.read_vector();  // the limit is the same for every vector
  std::optional<CodebookScheme> codebook;
  if (arguments.has_codebook()) codebook = arguments.codebook(x);
  const Expectation expectation =
      codebook ? expected_error(*codebook, arguments.rotated_dimension(x), arguments.rotation, x, arguments.digits)
               : MseIntegrator(arguments.scheme, arguments.generator(), arguments.digits)(arguments.rotation, x);
  const auto levels = codebook ? static_cast<std::int64_t>(codebook->codebook.levels()) : arguments.generator().levels();
  const char* const name = scheme_name(codebook ? Scheme::codebook : arguments.scheme);

  Precision precision(4 * arguments.digits + 128);
  const int digits = arguments.digits;
  const Ball times_4b = expectation.value * square(Ball(levels));  // N² for other N
  const Ball limit = error_limit();
  ordered_json result = {{"scheme", name}, {"rotation", rotation_name(arguments.rotation)}};
  result["levels"] = levels;
  if (codebook) result["codebook"] = arguments.codebook_name(), result["rule"] = scale_rule_name(codebook->rule);
  if (!x.empty()) {
    result["vector"] = arguments.vector_name();
    result["dimension"] = x.size();
  }
  result["mse"] = enclosure_json(expectation.value, digits);
  result["times_4b"] = enclosure_json(times_4b, digits);
  result["over_limit"] = enclosure_json(times_4b / limit, digits);
  result["method"] = expectation.method;
  if (arguments.json) {
    print_json(result);
    return exit_ok;
  }
  fmt::print("{} quantizer with {} levels, {}{}\n", name, levels,
             arguments.rotation == Rotation::limit ? "normal limit" : std::string("rotation ") + rotation_name(arguments.rotation),
             x.empty() ? "" : fmt::format(", {} in dimension {}", arguments.vector_name(), x.size()));
  fmt::print("{:<26} {}\n", "E|x^ - x|^2/|x|^2", enclosure_text(result["mse"]));
  fmt::print("{:<26} {}\n", arguments.bits != 0 ? "times 4^b" : "times N^2", enclosure_text(result["times_4b"]));
  fmt::print("{:<26} {}\n", "that over pi sqrt(3)/2", enclosure_text(result["over_limit"]));
  fmt::print("{:<26} {}\n", "method", expectation.method);
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
