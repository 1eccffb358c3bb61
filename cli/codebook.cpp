// hdq codebook: what a scalar codebook does, enclosed, and what is wrong with it, in words.
#include "hdq/figures/codebook.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "codebook_argument.hpp"
#include "command.hpp"
#include "enclosure.hpp"
#include "files.hpp"
#include "options.hpp"
#include "profile_argument.hpp"

namespace hdq::cli {
namespace {

using nlohmann::ordered_json;
using reference::Codebook, reference::Rational;

struct Arguments : figures::CodebookQuery {
  int digits = 10;
  bool json = false;
};

void print_rules(const ordered_json& by_rule) {
  fmt::print("  {:<14} {:<32} {:<32} {}\n", "scale rule", "E|x^ - x|^2/|x|^2", "E<x, x^>/|x|^2 - 1",
             "over the optimum's error");
  for (const auto& [name, rule] : by_rule.items()) {
    fmt::print("  {:<14} {:<32} {:<32} {}\n", name, enclosure_text(rule["error"]), enclosure_text(rule["bias"]),
               rule.contains("over_optimum") ? enclosure_text(rule["over_optimum"]) : "");
  }
}

void print_codes(const ordered_json& laws, const std::vector<Rational>& codewords) {
  constexpr std::size_t most = 64;
  fmt::print("code  codeword        share\n");
  for (std::size_t k = 0; k < std::min(most, codewords.size()); ++k) {
    fmt::print("{:<5} {:<15.9g}", k, codewords[k].convert_to<double>());
    for (const ordered_json& law : laws) fmt::print(" {}", enclosure_text(law["shares"][k]));
    fmt::print("\n");
  }
  if (codewords.size() > most) fmt::print("... {} codes; all with --json\n", codewords.size());
}

void print(const ordered_json& r, const Codebook& codebook) {
  fmt::print("{} levels, unit {}{}\n", codebook.levels(), r["unit"].get<std::string>(),
             codebook.thresholds.empty() ? ", nearest codeword" : ", thresholds given");
  print_codes(r["laws"], codebook.codewords);
  for (const ordered_json& law : r["laws"]) {
    fmt::print("{}: optimum {}\n", law["law"].get<std::string>(),
               law.contains("optimum") ? enclosure_text(law["optimum"]) : "not computed");
    print_rules(law["rules"]);
    fmt::print("  {:<14} {}\n", "E c", enclosure_text(law["mean"]));
    if (law.contains("best_multiple")) {
      fmt::print("  {:<14} times {}: error {}\n", "best scale", law["best_multiple"].dump(),
                 enclosure_text(law["error_at_best_multiple"]));
    }
  }
  if (r.contains("vectors")) {
    const ordered_json& v = r["vectors"];
    fmt::print("{}: {} rows in dimension {}, no rotation{}\n", v["file"].get<std::string>(), v["rows"].dump(),
               v["dimension"].dump(),
               v["zero_rows"] == 0 ? "" : fmt::format(" ({} zero rows left out)", v["zero_rows"].dump()));
    print_rules(v["rules"]);
    for (const auto& [name, rule] : v["rules"].items()) {
      fmt::print("  {:<14} largest error {} in row {}\n", name, enclosure_text(rule["largest_error"]),
                 rule["row"].dump());
    }
  }
  if (!r["worst"].is_null()) {
    for (const auto& [rotation, words] : {std::pair{"none", "no rotation"}, std::pair{"hd", "one HD"}}) {
      const ordered_json& w = r["worst"][rotation];
      fmt::print("worst found, {}: {} in dimension {}, error {}\n", words, w["vector"].get<std::string>(),
                 r["worst"]["dimension"].dump(), enclosure_text(w["error"]));
    }
  }
  if (r["laws"].size() > 1) fmt::print("judged under the law it is nearer to: {}\n", r["judged_by"].get<std::string>());
  for (const ordered_json& verdict : r["verdicts"]) {
    fmt::print("{}: {}\n", verdict["wrong"].get<bool>() ? "WRONG" : "note", verdict["text"].get<std::string>());
  }
  if (!r["wrong"].get<bool>()) fmt::print("nothing wrong\n");
}

int codebook(const Arguments& arguments) {
  require_distinct({arguments.file, arguments.vectors}, {});
  const figures::CodebookScheme scheme = figures::codebook_of(arguments);
  const ordered_json result =
      figures::codebook(arguments, scheme, figures::Notation::decimals(arguments.digits), progress_bar("vectors"));
  if (arguments.json)
    print_json(result);
  else
    print(result, scheme.codebook);
  return result["wrong"].get<bool>() ? exit_mismatch : exit_ok;
}

}  // namespace

void add_codebook(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command = add_command(app, "codebook", "Enclose what a scalar codebook does, and say what is wrong with it",
                                "hdq codebook centroids.json --dim 128 --unit 1 --claim 0.03455",
                                [arguments] { return codebook(*arguments); });
  command
      .text("FILE", arguments->file,
            "Centroids, and thresholds if there are: numbers as text, .npy, or JSON; - is standard input; or --profile");
  command.text(
      "--unit", arguments->unit,
      "What a number of the file is times, on coordinates of unit vectors: 1/sqrt(d) (the default), 1, or a number");
  command.integer("--dim", arguments->dim, 1, figures::CodebookQuery::largest_dimension,
                  "Dimension d: also judges under the law of the sphere's coordinate");
  command.text("--vectors", arguments->vectors, vector_input_help("Also over these vectors, without rotation"));
  add_scale_rule(command, arguments->rule, "The scale rule that is judged");
  add_profile(command, arguments->profile);
  command.integer("--bits", arguments->bits, 1, 8, "Bits of the profile's codebook");
  command.comma_separated("--claim", arguments->claims, "Printed figures for its error, to be judged: 0.03455,0.03");
  command.integer("--digits", arguments->digits, 2, 100, "Significant digits").show_default();
  command.flag("--json", arguments->json, "One JSON object");
}

}  // namespace hdq::cli
