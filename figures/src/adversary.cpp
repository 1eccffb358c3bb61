#include "hdq/figures/adversary.hpp"

#include <algorithm>
#include <cstdint>

#include "error_over_limit.hpp"
#include "hdq/figures/codebook_file.hpp"
#include "hdq/figures/profile_error.hpp"
#include "hdq/figures/usage_error.hpp"
#include "hdq/reference/bounds/adversary.hpp"
#include "hdq/reference/bounds/uniform_bound.hpp"
#include "hdq/reference/scheme/hadamard.hpp"

namespace hdq::figures {

using namespace hdq::reference;
using Json = Notation::Json;

namespace {

Json describe(const Query& query, std::int64_t levels, const AdversaryResult& found, const Notation& notation) {
  Precision precision(192);
  const ErrorOverLimit error(found.error.value, levels);
  const auto nonzero = std::count_if(found.x.begin(), found.x.end(), [](double value) { return value != 0; });
  const bool own = query.has_codebook();
  Json result = {
      {"scheme", scheme_name(own ? Scheme::codebook : query.scheme)},
      {"rotation", rotation_name(query.rotation())},
      {own ? "levels" : "bits", own ? levels : query.bits},
      {"dimension", query.dim},
      {"mse", notation(found.error.value)},
      {"times_4b", notation(error.times_levels_squared)},
      {"over_limit", notation(error.over_limit)},
      {"breaks_limit", certainly_less(error_limit(), error.times_levels_squared)},
      {"method", found.error.method},
      {"starts", found.starts},
      {"start", found.start},
      {"best_estimate_times_4b", found.best_estimate * static_cast<double>(levels) * static_cast<double>(levels)},
      {"nonzero", nonzero}};
  if (!own && query.scheme == Scheme::dithered) {
    const BoundCertificate certificate = certify_uniform_bound(BoundedQuantizer::shipped(query.bits));
    result["certified_upper"] = notation.up(certificate.upper);
    result["exceeds_certificate"] = certainly_less(Ball(certificate.upper), error.times_levels_squared);
  }
  std::vector<double> head(found.x.begin(),
                           found.x.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(found.x.size(), 16)));
  result["largest_coordinates"] = head;
  return result;
}

MseIntegrator integrator_of(const Query& query) {
  const std::uint64_t dimension = query.rotation() == Rotation::dense ? query.dim : hadamard_order(query.dim).order;
  if (!query.profile.empty()) {
    if (query.bits == 0) throw UsageError("--profile needs --bits");
    if (query.codebook_file.size() + query.unit.size() > 0 || query.codebook_numbers ||
        query.scheme != Scheme::dithered) {
      throw UsageError("--profile stands instead of a scheme or codebook");
    }
    const CodebookScheme scheme = profile_codebook(query.profile, query.dim, query.bits);
    if (scheme.rule != ScaleRule::norm)
      throw UsageError(std::string("the search is for the scale rule norm; the profile's is ") +
                       scale_rule_name(scheme.rule));
    return {scheme.codebook, dimension, 10};
  }
  if (query.codebook_file.empty() && !query.codebook_numbers) {
    if (query.bits == 0) throw UsageError("--bits or --codebook is required");
    if (!query.unit.empty()) throw UsageError("--unit is that of a --codebook");
    return {query.scheme, query.bits, 10};
  }
  if (query.scheme != Scheme::dithered) throw UsageError("--codebook stands instead of a scheme");
  return {query.codebook_numbers ? *query.codebook_numbers : read_codebook(query.codebook_file, query.unit), dimension,
          10};
}

}  // namespace

Json adversary(const Query& query, const Notation& notation, std::vector<double>& x, const Advance& advance) {
  if (query.as_profile_says()) {
    std::vector<float> floats;
    Json result = profile_adversary({query.profile, query.data_seed, query.bits}, query.dim, notation, floats);
    x.assign(floats.begin(), floats.end());
    return result;
  }
  MseIntegrator integrator = integrator_of(query);
  try {
    const AdversaryResult found = find_worst_vector(integrator, query.rotation(), query.dim, advance);
    x = found.x;
    return describe(query, integrator.levels(), found, notation);
  } catch (const Unaffordable& unaffordable) {
    throw UsageError(unaffordable.what());
  }
}

}  // namespace hdq::figures
