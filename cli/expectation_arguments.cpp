#include "expectation_arguments.hpp"

#include <fmt/format.h>

#include <optional>

#include "codebook_argument.hpp"
#include "hdq/codec.hpp"
#include "profile_argument.hpp"
#include "profile_error.hpp"

namespace hdq::cli {

using reference::Rotation;
using reference::Scheme;

const std::map<std::string, Scheme>& scheme_words() {
  static const auto words = by_name(reference::scheme_name, {Scheme::dithered, Scheme::lloyd_max, Scheme::shifted, Scheme::uniform});
  return words;
}

void ExpectationArguments::add_to(Command command) {
  std::map<std::string, std::optional<Rotation>> rotations;
  for (const Rotation known : {Rotation::hd, Rotation::hdhd, Rotation::dense, Rotation::limit, Rotation::none}) {
    rotations.emplace(reference::rotation_name(known), known);
  }
  const Option bits_option = command.integer("--bits", bits, 1, reference::shipped_bits, "Bits per coordinate");
  command.integer("--levels", levels, 2, std::uint64_t{1} << 20, "Levels N of a quantizer of one's own, instead of --bits")
      .excludes(bits_option);
  command.text("--sigma", sigma, "Its sigma, a decimal or fraction (dithered)").excludes(bits_option);
  command.text("--kappa", kappa, "Its kappa, a decimal or fraction (dithered)").excludes(bits_option);
  const Option vector_option = command.text("--vector", vector, "Input vector: FILE or FILE:ROW, row 0 without it; files as hdq encode reads them");
  command.text("--preset", preset,
                   "Input vector: one-hot, k-hot:K, flat, geometric:R (entries R^i) or gaussian (fixed deviates)")
      .excludes(vector_option);
  command.integer("--dim", dim, 1, Codec::max_dimension, fmt::format("Dimension: of the preset ({}), or to pad the file's vector to", default_dimension));
  command.choice("--rotation", rotation_asked, rotations,
                 "hd (one, the library's), hdhd (two), dense (Haar), limit (normal law), none (of a codebook); with "
                 "--profile instead of its own");
  add_data_seed(command, data_seed);
  add_codebook_options(command, codebook_file, unit, bits_option);
  add_profile(command, profile);
  add_scale_rule(command, rule, "The codebook's scale rule");
  command.choice("--scheme", scheme, scheme_words(), "dithered (the library's), lloyd-max, shifted, uniform");
  command.integer("--digits", digits, 2, 200, "Significant digits to print, and to aim at")
      .show_default();
  command.flag("--json", json, "One JSON object");
}

}  // namespace hdq::cli
