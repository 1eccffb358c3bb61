#include "hdq/figures/codebook_scheme.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "hdq/figures/profile_file.hpp"
#include "hdq/figures/usage_error.hpp"
#include "hdq/io/bad_input.hpp"
#include "hdq/io/text.hpp"
#include "hdq/reference/numbers/real.hpp"
#include "hdq/reference/profile/profile_codebook.hpp"
#include "hdq/reference/profile/profile_rotation.hpp"

namespace hdq::figures {
namespace {

using namespace hdq::reference;
using io::BadInput;

// The number itself where a double holds it, otherwise 40 digits of it.
Rational rational(const Ball& value) {
  const double nearest = value.mid_double();
  if (value.is_exact() && value.contains(Ball(nearest))) return Rational(nearest);
  return parse_rational(value.mid().lower(40));
}

std::vector<double> given_data(const Profile& p, int bits, const std::string& name, std::size_t count) {
  const ProfileData& data = p.data.at(name);
  for (const int key : {bits, 0}) {
    if (const auto found = data.values.find(key); found != data.values.end()) return found->second;
  }
  // Which signs, which permutation and which rotation changes no length.
  std::vector<double> values(count, 1.0);
  if (data.kind == ProfileData::Kind::signs) return values;
  if (data.kind == ProfileData::Kind::orthogonal) {
    const auto size = static_cast<std::size_t>(std::llround(std::sqrt(static_cast<double>(count))));
    for (std::size_t i = 0; i < count; ++i) values[i] = i / size == i % size ? 1 : 0;
    return values;
  }
  if (data.kind != ProfileData::Kind::permutation) throw BadProfile("data." + name + ": the kernel exports it");
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<double>(i);
  return values;
}

// ‖R x‖/‖x‖, which must be the same for the first and the last unit vector.
Ball gain_of(const ProfileRotation& rotation) {
  const auto gain = [&](std::size_t at) {
    std::vector<float> x(rotation.dimension(), 0.0f);
    x[at] = 1;
    Ball sum;
    for (const Ball& y : rotation.forward(x.data()).value) sum += square(y);
    return sqrt(sum);
  };
  const Ball first = gain(0), last = gain(rotation.dimension() - 1);
  if (!first.overlaps(last) || !first.certainly_positive())
    throw BadProfile("rotation: not a multiple of an orthogonal one");
  return first;
}

ScaleRule rule_of(const ProfileFactor& factor) {
  switch (factor.rule) {
    case ProfileFactor::Rule::scale:
    case ProfileFactor::Rule::norm:
      return ScaleRule::norm;
    case ProfileFactor::Rule::matched_norm:
      return ScaleRule::matched_norm;
    case ProfileFactor::Rule::unbiased:
      return ScaleRule::unbiased;
    case ProfileFactor::Rule::projection:
      return ScaleRule::least_squares;
    case ProfileFactor::Rule::one:
      break;
  }
  throw BadProfile("factor: not one that the norm of the row is in");
}

void require_codebook(const Profile& p, std::size_t n, int bits) {
  if (!p.codebook) throw BadProfile("codebook: there is none");
  if (p.rounding.kind != ProfileRounding::Kind::nearest)
    throw BadProfile("rounding: only the nearest codeword is judged as a codebook");
  if (p.residual) throw BadProfile("residual: a codebook alone is judged");
  if (p.scale.rule != ProfileScale::Rule::norm || !p.scale.over.empty())
    throw BadProfile("scale: not the norm of the row");
  if (p.blocks(n, bits) != 1 || p.scale_group(n, bits) != p.block_length(n, bits) ||
      p.factor_group(n, bits) != p.block_length(n, bits)) {
    throw BadProfile("block: only a row of one block and one scale is judged as a codebook");
  }
}

CodebookScheme scheme_of(const Profile& profile, std::size_t n, int bits) {
  require_codebook(profile, n, bits);
  Profile p = profile;
  if (p.codebook->name != ProfileCodebook::Name::data)
    p.codebook->data.clear();  // the named table, not one that a kernel exports beside it
  Precision precision(256);
  const DataSource source = [&](const std::string& name, std::size_t count, std::uint64_t) {
    return given_data(p, bits, name, count);
  };
  const ProfileTable table = profile_table(p, n, bits, source);
  const Names names = p.names(n, bits);
  const Ball gain = gain_of(ProfileRotation(p, n, bits, source)), times = evaluate(p.scale.times, names);
  CodebookScheme scheme{{}, rule_of(p.factor)};
  // x̂ = Rᵀ f q against y = R x: the factor has to undo ‖R‖² and, where it is the norm itself, the scale's own factor.
  Ball whole = square(gain) * evaluate(p.factor.times, names);
  if (p.factor.rule == ProfileFactor::Rule::norm) whole /= times;
  if (!certainly_less(abs(whole - 1), Ball(1e-9)))
    throw BadProfile("factor: decoding gives " + whole.lower(6) + " times the row");
  for (const Ball& c : table.codewords) scheme.codebook.codewords.push_back(rational(c));
  if (!p.codebook->thresholds.empty() || !p.codebook->threshold_data.empty()) {
    for (const Ball& t : table.thresholds) scheme.codebook.thresholds.push_back(rational(t));
  }
  if (p.codebook->tie == ProfileCodebook::Tie::down) scheme.codebook.tie = Codebook::Tie::down;
  const Ball unit = table.unit * times / gain;
  if (!certainly_less(abs(unit * sqrt(Ball(p.block_length(n, bits))) - 1), Ball(1e-30)))
    scheme.codebook.unit = {false, rational(unit)};
  scheme.codebook.check();
  return scheme;
}

}  // namespace

CodebookScheme profile_codebook(const std::string& profile, std::size_t n, int bits) {
  const Profile p = read_profile(profile);
  const std::string where = io::printable(profile);
  if (!p.offers_bits(bits) || !p.offers(n, bits))
    throw UsageError(fmt::format("--profile {}: n = {} and b = {} are not offered", where, n, bits));
  try {
    return scheme_of(p, n, bits);
  } catch (const BadProfile& bad) {
    throw BadInput(fmt::format("{}: {}", where, io::printable(bad.what())));
  } catch (const std::invalid_argument& bad) {
    throw BadInput(fmt::format("{}: codebook: {}", where, bad.what()));
  }
}

namespace {

// Error and ⟨x, x̂⟩/‖x‖² by rules that need a whole vector.
struct Whole {
  Ball error, correlation;
  std::string method;
};

Whole by_rule(const CodebookScheme& scheme, std::uint64_t dimension, Rotation rotation, std::span<const double> x,
              int digits) {
  Precision precision(4 * digits + 128);
  if (rotation == Rotation::hd) {
    try {
      const CodebookOverSigns sum = codebook_over_signs(scheme.codebook, x);
      const auto rule = static_cast<std::size_t>(scheme.rule);
      return {sum.error[rule], sum.correlation[rule], "sum over all sign patterns"};
    } catch (const std::invalid_argument& bad) {
      throw BadInput(fmt::format("scale rule {}: {}", scale_rule_name(scheme.rule), bad.what()));
    }
  }
  std::optional<CodebookMoments> moments;
  if (rotation == Rotation::none)
    moments = CodebookOnVectors(scheme.codebook, x.size())(x);
  else if (rotation == Rotation::limit)
    moments = codebook_moments(scheme.codebook, scheme.codebook.unit.scale(dimension), {0});
  if (!moments)
    throw BadInput(fmt::format("scale rule {}: only under hd, none and in the limit", scale_rule_name(scheme.rule)));
  return {scaled_error(scheme.rule, *moments), scaled_correlation(scheme.rule, *moments),
          rotation == Rotation::none ? "every coordinate, nothing random" : "moments of the normal law"};
}

}  // namespace

Expectation expected_error(const CodebookScheme& scheme, std::uint64_t dimension, Rotation rotation,
                           std::span<const double> x, int digits) {
  if (scheme.rule == ScaleRule::norm) return MseIntegrator(scheme.codebook, dimension, digits)(rotation, x);
  Whole whole = by_rule(scheme, dimension, rotation, x, digits);
  return {std::move(whole.error), std::move(whole.method)};
}

// ‖E x̂ − x‖ is at least its part along x and at most (E‖x̂ − x‖²)^(1/2).
Bias expected_bias(const CodebookScheme& scheme, std::uint64_t dimension, Rotation rotation, std::span<const double> x,
                   int digits) {
  if (scheme.rule == ScaleRule::norm) return codebook_bias(scheme.codebook, dimension, rotation, x, digits);
  Whole whole = by_rule(scheme, dimension, rotation, x, digits);
  Precision precision(4 * digits + 128);
  const Ball along = abs(whole.correlation - 1);
  if (rotation == Rotation::limit) return {along, whole.correlation, whole.method};
  const Ball root = sqrt(max(whole.error, Ball(0)));
  const bool random = rotation != Rotation::none;
  return {random ? hull(along, root) : root, whole.correlation,
          whole.method + (random ? "; the norm lies between its part along x and the root of the error" : "")};
}

}  // namespace hdq::figures
