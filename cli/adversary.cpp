// hdq adversary: the worst unit vector that gradient ascent finds for a scheme and rotation, its error enclosed, beside the
// paper's constant and, for the dithered scheme, the certificate it must not exceed (SPEC §5.5, §6).
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <memory>
#include <optional>

#include "bounds.hpp"
#include "codebook_file.hpp"
#include "codebook_scheme.hpp"
#include "command.hpp"
#include "expectation_arguments.hpp"
#include "files.hpp"
#include "options.hpp"
#include "profile_argument.hpp"
#include "profile_error.hpp"
#include "hdq/io/vector_writer.hpp"
#include "hdq/reference/bounds/adversary.hpp"
#include "hdq/reference/scheme/hadamard.hpp"

namespace hdq::cli {
namespace {

using namespace hdq::reference;
using nlohmann::ordered_json;

struct Arguments {
  int bits = 0;
  std::size_t dim = 0;
  Scheme scheme = Scheme::dithered;
  Rotation rotation = Rotation::hd;
  std::optional<Option> rotation_option;
  std::uint64_t data_seed = 0;
  std::string output, codebook_file, unit, profile;
  bool json = false;
};

AdversaryResult search(MseIntegrator& integrator, const Arguments& arguments) {
  std::unique_ptr<Progress> progress;
  std::size_t advanced = 0;
  return find_worst_vector(integrator, arguments.rotation, arguments.dim, [&](std::size_t done, std::size_t total) {
    if (!progress) progress = std::make_unique<Progress>("ascending", total);
    progress->advance(done - advanced);
    advanced = done;
  });
}

ordered_json describe(const Arguments& arguments, std::int64_t levels, const AdversaryResult& found) {
  Precision precision(192);
  constexpr int digits = 10;
  const Ball times_4b = found.error.value * square(Ball(levels));  // N² for other N
  const Ball limit = error_limit();
  const auto nonzero = std::count_if(found.x.begin(), found.x.end(), [](double value) { return value != 0; });
  const bool own = !arguments.codebook_file.empty() || !arguments.profile.empty();
  ordered_json result = {{"scheme", scheme_name(own ? Scheme::codebook : arguments.scheme)},
                         {"rotation", rotation_name(arguments.rotation)},
                         {own ? "levels" : "bits", own ? levels : arguments.bits},
                         {"dimension", arguments.dim},
                         {"mse", enclosure_json(found.error.value, digits)},
                         {"times_4b", enclosure_json(times_4b, digits)},
                         {"over_limit", enclosure_json(times_4b / limit, digits)},
                         {"breaks_limit", certainly_less(limit, times_4b)},
                         {"method", found.error.method},
                         {"starts", found.starts},
                         {"start", found.start},
                         {"best_estimate_times_4b", found.best_estimate * static_cast<double>(levels) * static_cast<double>(levels)},
                         {"nonzero", nonzero}};
  if (!own && arguments.scheme == Scheme::dithered) {
    const BoundCertificate certificate = certify_uniform_bound(BoundedQuantizer::shipped(arguments.bits));
    result["certified_upper"] = certificate.upper.convert_to<double>();
    result["exceeds_certificate"] = certainly_less(Ball(certificate.upper), times_4b);
  }
  std::vector<double> head(found.x.begin(), found.x.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(found.x.size(), 16)));
  result["largest_coordinates"] = head;
  return result;
}

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

MseIntegrator integrator_of(const Arguments& arguments) {
  const std::uint64_t dimension = arguments.rotation == Rotation::dense ? arguments.dim : hadamard_order(arguments.dim).order;
  if (!arguments.profile.empty()) {
    if (arguments.bits == 0) throw UsageError("--profile needs --bits");
    if (!arguments.codebook_file.empty() || !arguments.unit.empty() || arguments.scheme != Scheme::dithered) {
      throw UsageError("--profile stands instead of a scheme or codebook");
    }
    const CodebookScheme scheme = profile_codebook(arguments.profile, arguments.dim, arguments.bits);
    if (scheme.rule != ScaleRule::norm) throw UsageError(std::string("the search is for the scale rule norm; the profile's is ") + scale_rule_name(scheme.rule));
    return {scheme.codebook, dimension, 10};
  }
  if (arguments.codebook_file.empty()) {
    if (arguments.bits == 0) throw UsageError("--bits or --codebook is required");
    if (!arguments.unit.empty()) throw UsageError("--unit is that of a --codebook");
    return {arguments.scheme, arguments.bits, 10};
  }
  if (arguments.scheme != Scheme::dithered) throw UsageError("--codebook stands instead of a scheme");
  return {read_codebook(arguments.codebook_file, arguments.unit), dimension, 10};
}

int adversary(const Arguments& arguments) {
  if (arguments.output == "-") throw UsageError("-o: standard output is for the result");
  if (!arguments.output.empty()) io::output_format(arguments.output, io::Content::vectors);
  if (!arguments.profile.empty() && !arguments.rotation_option->given()) {
    return print_profile_adversary({arguments.profile, arguments.data_seed}, arguments.bits, arguments.dim, arguments.output, arguments.json);
  }
  MseIntegrator integrator = integrator_of(arguments);
  AdversaryResult found = [&] {
    try {
      return search(integrator, arguments);
    } catch (const Unaffordable& unaffordable) {
      throw UsageError(unaffordable.what());
    }
  }();
  const ordered_json result = describe(arguments, integrator.levels(), found);
  if (arguments.json) print_json(result);
  else print(result);
  std::fflush(stdout);  // what was found is said, whatever becomes of the file
  if (!arguments.output.empty()) {
    const std::vector<float> x(found.x.begin(), found.x.end());
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
  const auto rotations = by_name(rotation_name, {Rotation::hd, Rotation::hdhd, Rotation::dense});
  command.choice("--scheme", arguments->scheme, scheme_words(), "dithered, lloyd-max, shifted, uniform");
  arguments->rotation_option = command.choice("--rotation", arguments->rotation, rotations, "hd, hdhd, dense; with --profile instead of its own");
  add_data_seed(command, arguments->data_seed);
  command.text("-o", arguments->output, fmt::format("Write the vector to this file ({})", io::writable_extensions(io::Content::vectors)));
  command.flag("--json", arguments->json, "One JSON object");
}

}  // namespace hdq::cli
