// hdq bias: the exact bias of a scheme on a vector, ‖E x̂ − x‖/‖x‖ and E⟨x, x̂⟩/‖x‖², as enclosures (SPEC §4–§6).
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "command.hpp"
#include "files.hpp"
#include "expectation_arguments.hpp"
#include "hdq/reference/expectation/bias.hpp"

namespace hdq::cli {
namespace {

using namespace hdq::reference;
using nlohmann::ordered_json;

// Dithered: zero by SPEC §3, and the effect of the 32-bit dither word on top.
ordered_json dithered(const ExpectationArguments& arguments) {
  const Generator generator = arguments.generator();
  const Ball bound = dither_word_bias_bound(generator);
  const int digits = arguments.digits;
  return {{"norm", enclosure_json(Ball(0), digits)},
          {"correlation", enclosure_json(Ball(1), digits)},
          {"norm_32_bit", {{"lower", "0"}, {"upper", bound.upper(digits)}}},
          {"correlation_32_bit", enclosure_json(with_error(Ball(1), bound), digits)},
          {"method", "exactly unbiased for a continuous offset; a bound for every vector with the 32-bit word"}};
}

ordered_json comparator(const ExpectationArguments& arguments, const std::vector<double>& x) {
  const Bias bias = comparator_bias(arguments.scheme, arguments.generator().levels(), arguments.rotation, x, arguments.digits);
  return {{"norm", enclosure_json(bias.norm, arguments.digits)},
          {"correlation", enclosure_json(bias.correlation, arguments.digits)},
          {"method", bias.method}};
}

ordered_json of_codebook(const ExpectationArguments& arguments, const CodebookScheme& scheme, const std::vector<double>& x) {
  const Bias bias = expected_bias(scheme, arguments.rotated_dimension(x), arguments.rotation, x, arguments.digits);
  return {{"norm", enclosure_json(bias.norm, arguments.digits)},
          {"correlation", enclosure_json(bias.correlation, arguments.digits)},
          {"method", bias.method}};
}

int bias(const ExpectationArguments& arguments) {
  if (arguments.as_profile_says()) {
    return print_profile_bias(arguments.profile_arguments(), arguments.bits, arguments.read_vector(), arguments.vector_name(), arguments.digits, arguments.json);
  }
  if (!arguments.has_codebook()) arguments.generator();  // wrong usage before a file is read
  std::vector<double> x;
  if (arguments.rotation != Rotation::limit) x = arguments.read_vector();
  std::optional<CodebookScheme> codebook;
  if (arguments.has_codebook()) codebook = arguments.codebook(x);
  Precision precision(4 * arguments.digits + 128);
  const bool exact = !codebook && arguments.scheme == Scheme::dithered;
  const char* const name = scheme_name(codebook ? Scheme::codebook : arguments.scheme);
  ordered_json result = {{"scheme", name}, {"rotation", rotation_name(arguments.rotation)}};
  result["levels"] = codebook ? static_cast<std::int64_t>(codebook->codebook.levels()) : arguments.generator().levels();
  if (codebook) result["codebook"] = arguments.codebook_name(), result["rule"] = scale_rule_name(codebook->rule);
  if (!x.empty()) {
    result["vector"] = arguments.vector_name();
    result["dimension"] = x.size();
  }
  result.update(codebook ? of_codebook(arguments, *codebook, x) : exact ? dithered(arguments) : comparator(arguments, x));
  if (arguments.json) {
    print_json(result);
    return exit_ok;
  }
  fmt::print("{} quantizer, {} levels, {}\n", name, result["levels"].dump(),
             arguments.rotation == Rotation::limit ? "normal limit" : std::string("rotation ") + rotation_name(arguments.rotation));
  fmt::print("{:<28} {}\n", "|E x^ - x|/|x|", enclosure_text(result["norm"]));
  fmt::print("{:<28} {}\n", "E<x, x^>/|x|^2", enclosure_text(result["correlation"]));
  if (exact) {
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
