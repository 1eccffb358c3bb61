// hdq adversary: the worst unit vector that gradient ascent finds for a scheme and rotation, its error enclosed, beside the
// paper's constant and, for the dithered scheme, the certificate it must not exceed (SPEC §5.5, §6).
#include "hdq/figures/adversary.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <optional>

#include "codebook_argument.hpp"
#include "command.hpp"
#include "enclosure.hpp"
#include "expectation_arguments.hpp"
#include "files.hpp"
#include "hdq/io/vector_writer.hpp"
#include "hdq/reference/scheme/shipped_constants.hpp"
#include "options.hpp"
#include "profile_argument.hpp"
#include "profile_error.hpp"

namespace hdq::cli {
namespace {

using nlohmann::ordered_json;
using reference::Rotation;

struct Arguments : figures::Query {
  std::string output;
  bool json = false;
};

void print(const ordered_json& r) {
  fmt::print("{} {} under {}, dimension {}\n", r["scheme"].get<std::string>(),
             r.contains("bits") ? "at b = " + r["bits"].dump() : "with " + r["levels"].dump() + " levels",
             r["rotation"].get<std::string>(), r["dimension"].get<std::size_t>());
  fmt::print("{:<26} {}\n", "worst E|x^ - x|^2/|x|^2", enclosure_text(r["mse"]));
  fmt::print("{:<26} {}\n", r.contains("bits") ? "times 4^b" : "times N^2", enclosure_text(r["times_4b"]));
  fmt::print("{:<26} {}{}\n", "that over pi sqrt(3)/2", enclosure_text(r["over_limit"]),
             r["breaks_limit"].get<bool>() ? "  (breaks the limit)" : "");
  if (r.contains("certified_upper")) {
    fmt::print("{:<26} {:.6f}{}\n", "certified upper, times 4^b", r["certified_upper"].get<double>(),
               r["exceeds_certificate"].get<bool>() ? "  EXCEEDED" : "");
  }
  fmt::print("{:<26} {} (of {} ascents)\n", "found from", r["start"].get<std::string>(), r["starts"].get<std::size_t>());
  fmt::print("{:<26} {}\n", "nonzero coordinates", r["nonzero"].get<std::size_t>());
  fmt::print("{:<26} {}\n", "largest coordinates", r["largest_coordinates"].dump());
}

int adversary(const Arguments& arguments) {
  if (arguments.output == "-") throw UsageError("-o: standard output is for the result");
  if (!arguments.output.empty()) io::output_format(arguments.output, io::Content::vectors);
  if (arguments.as_profile_says()) {
    return print_profile_adversary({arguments.profile, arguments.data_seed}, arguments.bits, arguments.dim, arguments.output, arguments.json);
  }
  std::vector<double> worst;
  const ordered_json result =
      figures::adversary(arguments, figures::Notation::decimals(10), worst, progress_bar("ascending"));
  if (arguments.json) print_json(result);
  else print(result);
  std::fflush(stdout);  // what was found is said, whatever becomes of the file
  if (!arguments.output.empty()) {
    const std::vector<float> x(worst.begin(), worst.end());
    io::VectorWriter writer(arguments.output, 1, x.size());
    writer.append(x.data(), 1);
    writer.commit();
  }
  // A vector above the certificate refutes it.
  return result.value("exceeds_certificate", false) ? exit_mismatch : exit_ok;
}

}  // namespace

void add_adversary(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command = add_command(app, "adversary", "Search for the unit vector with the largest expected error",
                                  "hdq adversary --bits 2 --dim 16 --scheme lloyd-max", [arguments] { return adversary(*arguments); });
  const Option bits = command.integer("--bits", arguments->bits, 1, reference::shipped_bits, "Bits per coordinate");
  add_codebook_options(command, arguments->codebook_file, arguments->unit, bits);
  add_profile(command, arguments->profile);
  command.integer("--dim", arguments->dim, 1, 1024, "Dimension of the vectors").required();
  std::map<std::string, std::optional<Rotation>> rotations;
  for (const Rotation known : {Rotation::hd, Rotation::hdhd, Rotation::dense})
    rotations.emplace(reference::rotation_name(known), known);
  command.choice("--scheme", arguments->scheme, scheme_words(), "dithered, lloyd-max, shifted, uniform");
  command.choice("--rotation", arguments->rotation_asked, rotations,
                 "hd, hdhd, dense; with --profile instead of its own");
  add_data_seed(command, arguments->data_seed);
  command.text("-o", arguments->output, fmt::format("Write the vector to this file ({})", io::writable_extensions(io::Content::vectors)));
  command.flag("--json", arguments->json, "One JSON object");
}

}  // namespace hdq::cli
