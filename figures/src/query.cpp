#include "hdq/figures/query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "hdq/codec.hpp"
#include "hdq/figures/codebook_file.hpp"
#include "hdq/figures/usage_error.hpp"
#include "hdq/io/bad_input.hpp"
#include "hdq/io/format.hpp"
#include "hdq/io/text.hpp"
#include "hdq/io/vector_reader.hpp"
#include "hdq/reference/scheme/hadamard.hpp"
#include "hdq/reference/scheme/philox.hpp"

namespace hdq::figures {

using io::BadInput, io::VectorReader;
using reference::Rotation;
using reference::Scheme;

namespace {

std::size_t parse_count(const std::string& text, const std::string& what) {
  std::size_t used = 0;
  unsigned long long value = 0;
  try {
    value = text.empty() || text[0] == '-' ? 0 : std::stoull(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used != text.size() || value == 0 || value > Codec::max_dimension) {
    throw UsageError(fmt::format("{}: '{}' is not a number from 1 to {}", what, text, Codec::max_dimension));
  }
  return static_cast<std::size_t>(value);
}

double parse_ratio(const std::string& text) {
  std::size_t used = 0;
  double value = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (text.empty() || used != text.size() || !(value > 0 && value <= 1)) {
    throw UsageError(fmt::format("--preset geometric:{}: the ratio lies in (0, 1]", text));
  }
  return value;
}

// Normal deviates by inversion of a Philox stream of its own ("GAUS"), seed 0: the same vector at every call.
std::vector<double> gaussian_vector(std::size_t dimension) {
  std::vector<double> x(dimension);
  for (std::size_t i = 0; i < dimension; ++i) {
    const auto words = reference::philox4x32_10({static_cast<std::uint32_t>(i), 0, 0, 0x47415553}, {0, 0});
    x[i] = std::sqrt(2.0) * boost::math::erf_inv(std::ldexp(2.0 * words[0] + 1, -32) - 1);
  }
  return x;
}

std::vector<double> preset_vector(const std::string& preset, std::size_t dimension) {
  const std::size_t colon = preset.find(':');
  const std::string name = preset.substr(0, colon);
  const std::string parameter = colon == std::string::npos ? "" : preset.substr(colon + 1);
  const bool takes_parameter = name == "k-hot" || name == "geometric";
  if (takes_parameter != (colon != std::string::npos)) {
    throw UsageError(
        fmt::format("--preset {}: {}", preset, takes_parameter ? "a parameter is missing" : "no such preset"));
  }
  std::vector<double> x(dimension, 0.0);
  if (name == "one-hot") {
    x[0] = 1;
  } else if (name == "flat") {
    x.assign(dimension, 1.0);
  } else if (name == "k-hot") {
    const std::size_t k = parse_count(parameter, "--preset k-hot");
    if (k > dimension) throw UsageError(fmt::format("--preset k-hot:{} needs --dim {} or more", k, k));
    std::fill_n(x.begin(), k, 1.0);
  } else if (name == "geometric") {
    const double ratio = parse_ratio(parameter);
    for (std::size_t i = 0; i < dimension; ++i) x[i] = std::pow(ratio, static_cast<double>(i));
  } else if (name == "gaussian") {
    x = gaussian_vector(dimension);
  } else {
    throw UsageError(fmt::format("--preset {}: one-hot, k-hot:K, flat, geometric:R or gaussian", preset));
  }
  return x;
}

// FILE or FILE:ROW. A file of that very name wins, and after the name of an archive comes the name of a member: x.npz:0, x.npz:a:0.
std::pair<std::string, std::uint64_t> split_row(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || std::filesystem::exists(text)) return {text, 0};
  const std::string file = text.substr(0, colon), row = text.substr(colon + 1);
  if (row.empty() || row.size() > 18 || row.find_first_not_of("0123456789") != std::string::npos) return {text, 0};
  const auto format = io::format_of_name(file);
  if (format == io::Format::npz || format == io::Format::safetensors) return {text, 0};
  return {file, std::stoull(row)};
}

std::vector<double> file_vector(const std::string& text) {
  const auto [path, row] = split_row(text);
  const VectorReader file(path);
  if (row >= file.rows()) throw BadInput(fmt::format("{}: no row {}, it has {}", file.name(), row, file.rows()));
  std::vector<float> values(file.dimension());
  file.read(row, 1, values.data());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      throw BadInput(
          fmt::format("{}: row {}, column {}: {}", file.name(), row, i, std::isnan(values[i]) ? "NaN" : "infinity"));
    }
  }
  return {values.begin(), values.end()};
}

std::vector<double> padded(std::vector<double> x, std::size_t dim) {
  if (dim != 0 && dim < x.size()) throw UsageError(fmt::format("--dim {} is less than the vector's {}", dim, x.size()));
  if (dim != 0) x.resize(dim, 0.0);
  return x;
}

}  // namespace

std::string Query::codebook_name() const {
  return !profile.empty() ? io::printable(profile) : codebook_numbers ? "the codebook" : io::printable(codebook_file);
}

CodebookScheme Query::codebook(const std::vector<double>& x) const {
  if (levels != 0 || !sigma.empty() || !kappa.empty() || scheme != Scheme::dithered)
    throw UsageError("--codebook and --profile stand instead of a scheme and its levels");
  if (!profile.empty()) {
    if (bits == 0) throw UsageError("--profile needs --bits");
    if (!unit.empty() || rule != reference::ScaleRule::norm)
      throw UsageError("--unit and --rule are those of the profile");
    return profile_codebook(profile, !x.empty() ? x.size() : dim == 0 ? default_dimension : dim, bits);
  }
  CodebookScheme result{codebook_numbers ? *codebook_numbers : read_codebook(codebook_file, unit), rule};
  if (rotation() == Rotation::limit && dim == 0 && !result.codebook.unit.per_root_dimension) {
    throw UsageError(fmt::format("--unit {} needs --dim", result.codebook.unit.text()));
  }
  return result;
}

std::uint64_t Query::rotated_dimension(const std::vector<double>& x) const {
  if (rotation() == Rotation::limit) return dim == 0 ? default_dimension : dim;
  return rotation() == Rotation::hd || rotation() == Rotation::hdhd ? reference::hadamard_order(x.size()).order
                                                                    : x.size();
}

reference::Generator Query::generator() const {
  if (!unit.empty() || rule != reference::ScaleRule::norm)
    throw UsageError("--unit and --rule are those of a --codebook");
  if (rotation() == Rotation::none)
    throw UsageError("--rotation none is for a codebook, whose error is not random then");
  if (bits != 0) return reference::Generator::shipped(bits);
  if (levels == 0) throw UsageError("--bits or --levels is required");
  if (scheme != Scheme::dithered) return reference::Generator(levels, reference::Real(1), reference::Real(1));
  if (sigma.empty() || kappa.empty())
    throw UsageError("the dithered scheme takes --levels, --sigma and --kappa together");
  try {
    return reference::Generator(levels, reference::Real(sigma), reference::Real(kappa));
  } catch (const std::invalid_argument& bad) {
    throw UsageError(bad.what());
  }
}

std::vector<double> Query::read_vector() const {
  if (vector.empty() + preset.empty() + numbers.empty() != 2)
    throw UsageError("one of --vector and --preset is required");
  std::vector<double> x = !preset.empty()   ? preset_vector(preset, dim == 0 ? default_dimension : dim)
                          : !vector.empty() ? padded(file_vector(vector), dim)
                                            : padded(numbers, dim);
  for (const double value : x) {
    if (value != 0) return x;
  }
  throw BadInput(vector_name() + ": the zero vector is encoded exactly and has no direction");
}

std::string Query::vector_name() const {
  if (!preset.empty()) return preset;
  if (!numbers.empty()) return "the vector";
  const auto [path, row] = split_row(vector);
  return fmt::format("{} row {}", path, row);
}

}  // namespace hdq::figures
