// The selectors that hdq mse and hdq bias share: which quantizer, which vector, which rotation, how many digits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "codebook_scheme.hpp"
#include "enclosure.hpp"
#include "hdq/reference/expectation/mse_integrator.hpp"
#include "hdq/reference/scheme/codebook.hpp"
#include "options.hpp"
#include "profile_error.hpp"

namespace hdq::cli {

const std::map<std::string, reference::Scheme>& scheme_words();  // of --scheme

struct ExpectationArguments {
  int bits = 0;
  std::int64_t levels = 0;
  std::string sigma, kappa, vector, preset, codebook_file, unit, profile;
  reference::ScaleRule rule = reference::ScaleRule::norm;
  std::size_t dim = 0;
  reference::Rotation rotation = reference::Rotation::hd;
  std::optional<Option> rotation_option;
  std::uint64_t data_seed = 0;
  reference::Scheme scheme = reference::Scheme::dithered;
  int digits = 15;
  bool json = false;

  void add_to(Command command);

  // Under the profile's own rotation, unless another one was asked for.
  bool as_profile_says() const { return !profile.empty() && !(rotation_option && rotation_option->given()); }
  ProfileArguments profile_arguments() const { return {profile, data_seed}; }
  bool has_codebook() const { return !codebook_file.empty() || !profile.empty(); }
  std::string codebook_name() const;  // printable
  // Each throws UsageError or BadInput.
  CodebookScheme codebook(const std::vector<double>& x) const;
  // The dimension of the rotated vector, which a codebook's unit may ask for.
  std::uint64_t rotated_dimension(const std::vector<double>& x) const;
  reference::Generator generator() const;
  std::vector<double> read_vector() const;
  std::string vector_name() const;  // "one-hot", "embeddings.npy row 3"
};

}  // namespace hdq::cli
