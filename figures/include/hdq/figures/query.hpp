// What errors and biases are asked of: which quantizer, which vector, which rotation, how many digits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hdq/figures/codebook_scheme.hpp"
#include "hdq/reference/expectation/mse_integrator.hpp"
#include "hdq/reference/scheme/codebook.hpp"
#include "hdq/reference/scheme/generator.hpp"

namespace hdq::figures {

struct Query {
  static constexpr std::size_t default_dimension = 1024;

  // The quantizer: the library's (bits), another of `levels` with sigma and kappa, decimals or fractions, a comparator (scheme), a codebook, or
  // a profile.
  int bits = 0;
  std::int64_t levels = 0;
  std::string sigma, kappa;
  reference::Scheme scheme = reference::Scheme::dithered;
  std::string codebook_file, unit, profile;
  std::optional<reference::Codebook> codebook_numbers;  // instead of a file
  reference::ScaleRule rule = reference::ScaleRule::norm;

  // The vector: a preset (one-hot, k-hot:K, flat, geometric:R, gaussian), a row of a file (FILE or FILE:ROW), or numbers.
  std::string preset, vector;
  std::vector<double> numbers;
  std::size_t dim = 0;  // of the preset, or to pad the others to

  // Without a rotation a profile has its own; others have hd.
  std::optional<reference::Rotation> rotation_asked;
  std::uint64_t data_seed = 0;

  reference::Rotation rotation() const { return rotation_asked.value_or(reference::Rotation::hd); }
  bool as_profile_says() const { return !profile.empty() && !rotation_asked; }
  bool has_codebook() const { return codebook_numbers || !codebook_file.empty() || !profile.empty(); }
  std::string codebook_name() const;  // printable
  // Each throws UsageError (usage_error.hpp) or io::BadInput.
  CodebookScheme codebook(const std::vector<double>& x) const;
  // The dimension of the rotated vector, which a codebook's unit may ask for.
  std::uint64_t rotated_dimension(const std::vector<double>& x) const;
  reference::Generator generator() const;
  std::vector<double> read_vector() const;
  std::string vector_name() const;  // "one-hot", "embeddings.npy row 3"
};

}  // namespace hdq::figures
