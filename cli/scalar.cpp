// hdq scalar: the dithered scalar quantizer at one number, as enclosures (SPEC §3).
#include "hdq/figures/scalar.hpp"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "enclosure.hpp"
#include "files.hpp"
#include "hdq/reference/scheme/shipped_constants.hpp"
#include "options.hpp"

namespace hdq::cli {
namespace {

using nlohmann::ordered_json;

struct Arguments : figures::ScalarQuery {
  int digits = 20;
  bool json = false;
};

void print_table(const ordered_json& result) {
  fmt::print("M(z) in {}\n", enclosure_text(result["mse"]));
  if (!result.contains("code")) return;
  fmt::print("code {}, decoded {}\n", result["code"].dump(), enclosure_text(result["decoded"]));
  for (std::size_t k = 0; k < result["codewords"].size(); ++k) {
    if (k > 0) fmt::print("  threshold {:<4} {}\n", k, enclosure_text(result["thresholds"][k - 1]));
    fmt::print("codeword {:<4}    {}\n", k, enclosure_text(result["codewords"][k]));
  }
}

int scalar(const Arguments& arguments) {
  const ordered_json result =
      figures::scalar(arguments, figures::Notation::decimals(arguments.digits), progress_bar("thresholds"));
  if (arguments.json) print_json(result);
  else print_table(result);
  return exit_ok;
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
