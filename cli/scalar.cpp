// hdq scalar: the dithered scalar quantizer at one number, as enclosures (SPEC §3).
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "enclosure.hpp"
#include "files.hpp"
#include "options.hpp"
#include "hdq/reference/scheme/scalar_quantizer.hpp"

namespace hdq::cli {
namespace {

using namespace hdq::reference;
using nlohmann::ordered_json;

constexpr std::int64_t largest_table = 1 << 16;

struct Arguments {
  int bits = 0;
  std::int64_t levels = 0;
  std::string sigma, kappa, z, u;
  int digits = 20;
  bool json = false;
};

Generator generator_of(const Arguments& arguments) {
  if (arguments.bits != 0) return Generator::shipped(arguments.bits);
  if (arguments.levels == 0 || arguments.sigma.empty() || arguments.kappa.empty()) {
    throw UsageError("either --bits, or --levels, --sigma and --kappa together");
  }
  return Generator(arguments.levels, Real(arguments.sigma), Real(arguments.kappa));
}

ordered_json at_dither(const ScalarQuantizer& quantizer, const Arguments& arguments) {
  const Rational u = parse_rational(arguments.u);
  if (u <= 0 || u >= 1) throw UsageError("--u " + arguments.u + ": the dither lies strictly between 0 and 1");
  if (quantizer.levels() > largest_table) {
    throw UsageError(fmt::format("--u prints every threshold: it takes at most {} levels", largest_table));
  }
  Precision precision(4 * arguments.digits + 128);
  Progress progress("thresholds", static_cast<std::uint64_t>(quantizer.levels()));
  ordered_json thresholds = ordered_json::array(), codewords = ordered_json::array();
  for (std::int64_t k = 0; k < quantizer.levels(); ++k) {
    if (k > 0) thresholds.push_back(enclosure_json(quantizer.generator().threshold(k, Ball(u)), arguments.digits));
    codewords.push_back(enclosure_json(quantizer.decode(k, Ball(u)), arguments.digits));
    progress.advance(1);
  }
  const std::int64_t code = quantizer.encode(Ball(parse_rational(arguments.z)), Ball(u));
  return {{"code", code},
          {"decoded", enclosure_json(quantizer.decode(code, Ball(u)), arguments.digits)},
          {"thresholds", thresholds},
          {"codewords", codewords}};
}

void print_table(const ordered_json& result) {
  fmt::print("M(z) in {}\n", enclosure_text(result["mse"]));
  if (!result.contains("code")) return;
  fmt::print("code {}, decoded {}\n", result["code"].dump(), enclosure_text(result["decoded"]));
  for (std::size_t k = 0; k < result["codewords"].size(); ++k) {
    if (k > 0) fmt::print("  threshold {:<4} {}\n", k, enclosure_text(result["thresholds"][k - 1]));
    fmt::print("codeword {:<4}    {}\n", k, enclosure_text(result["codewords"][k]));
  }
}

int scalar(const Arguments& arguments) try {
  const ScalarQuantizer quantizer(generator_of(arguments));
  ordered_json result = {{"levels", quantizer.levels()},
                         {"z", arguments.z},
                         {"mse", enclosure_json(quantizer.mse(Real(arguments.z), arguments.digits), arguments.digits)}};
  if (!arguments.u.empty()) {
    result["u"] = arguments.u;
    result.update(at_dither(quantizer, arguments));
  }
  if (arguments.json) print_json(result);
  else print_table(result);
  return exit_ok;
} catch (const std::invalid_argument& error) {  // a number that is none, σ <= 0, …
  throw UsageError(error.what());
} catch (const Undecided& error) {
  throw BadInput(fmt::format("--z {} --u {}: {}", arguments.z, arguments.u, error.what()));
}

}  // namespace

void add_scalar(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command =
      add_command(app, "scalar", "The scalar quantizer at one number: mean squared error, thresholds, codewords, code",
                  "hdq scalar --bits 4 --z 0.5 --u 0.25 --digits 30 --json", [arguments] { return scalar(*arguments); });
  const Option bits = command.integer("--bits", arguments->bits, 1, reference::shipped_bits, "Bits: the shipped generator");
  for (Option option :
       {command.integer("--levels", arguments->levels, 2, std::uint64_t{1} << 40, "Levels N: a generator of one's own"),
        command.text("--sigma", arguments->sigma, "Its sigma > 0, a decimal or a fraction"),
        command.text("--kappa", arguments->kappa, "Its kappa > 0, a decimal or a fraction")}) {
    option.excludes(bits);
  }
  command.text("--z", arguments->z, "The number to quantize, a decimal or a fraction").required();
  command.text("--u", arguments->u, "The dither, in (0, 1): shows thresholds, codewords and the code");
  command.integer("--digits", arguments->digits, 2, 1000, "Significant digits").show_default();
  command.flag("--json", arguments->json, "One JSON object; numbers as decimal strings, rounded outward");
}

}  // namespace hdq::cli
