#include "hdq/figures/profile_error.hpp"

#include <fmt/format.h>

#include <optional>

#include "hdq/figures/profile_file.hpp"
#include "hdq/figures/usage_error.hpp"
#include "hdq/io/bad_input.hpp"
#include "hdq/io/text.hpp"
#include "hdq/reference/bounds/codebook_bound.hpp"
#include "hdq/reference/profile/profile_expectation.hpp"

namespace hdq::figures {

using namespace hdq::reference;
using io::BadInput;
using Json = Notation::Json;

namespace {

std::vector<float> floats(const std::vector<double>& x) {
  std::vector<float> values;
  for (const double v : x) values.push_back(static_cast<float>(v));
  return values;
}

// BadInput that names the profile.
template <class F>
auto named(const ProfileQuery& query, F f) {
  try {
    return f();
  } catch (const BadProfile& bad) {
    throw BadInput(io::printable(query.profile) + ": " + io::printable(bad.what()));
  } catch (const std::invalid_argument& bad) {
    throw BadInput(io::printable(query.profile) + ": " + io::printable(bad.what()));
  }
}

int bits_of(const Profile& profile, int bits) {
  if (bits != 0) return bits;
  if (profile.bits.size() != 1) throw UsageError("--bits is required: the profile has several bit widths");
  return profile.bits.front();
}

Json header(const Profile& profile, int bits, const std::string& vector, std::size_t n) {
  Json result = {{"profile", io::printable(profile.name)}, {"bits", bits}};
  if (!vector.empty()) result["vector"] = vector;
  result["dimension"] = n;
  return result;
}

// The query's profile, its bit width, and what is said of both; `what` gives the rest.
template <class F>
Json described(const ProfileQuery& query, const std::string& vector, std::size_t n, const F& what) {
  return named(query, [&] {
    const Profile profile = read_profile(query.profile);
    const int b = bits_of(profile, query.bits);
    Json result = header(profile, b, vector, n);
    what(profile, b, result);
    return result;
  });
}

// Over the signs of a Hadamard rotation, for every x and every n that is padded to a length of this kind.
std::optional<Ball> bound_over_signs(const Profile& profile, std::size_t dimension, int b, std::uint64_t data_seed) {
  if (!rotates_by_signs(profile, dimension, b)) return std::nullopt;
  const std::optional<ProfileTable> table = normalised_table(profile, dimension, b, data_seed);
  if (!table) return std::nullopt;
  const std::optional<CodebookBound> bound = codebook_bound(table->codewords, table->thresholds);
  return bound ? std::optional<Ball>(bound->upper) : std::nullopt;
}

}  // namespace

Json profile_mse(const ProfileQuery& query, const std::vector<double>& x, const std::string& vector_name,
                 const Notation& notation) {
  return described(query, vector_name, x.size(), [&](const Profile& profile, int b, Json& result) {
    const ProfileError error = profile_error(profile, b, floats(x), query.data_seed);
    result["mse"] = notation(error.mse);
    result["times_4b"] = notation(ldexp(error.mse, 2 * b));
    result["method"] = error.method;
  });
}

Json profile_bias(const ProfileQuery& query, const std::vector<double>& x, const std::string& vector_name,
                  const Notation& notation) {
  return described(query, vector_name, x.size(), [&](const Profile& profile, int b, Json& result) {
    const ProfileError error = profile_error(profile, b, floats(x), query.data_seed);
    result["norm"] = notation(error.bias);
    result["correlation"] = notation(error.correlation);
    result["method"] = error.method;
  });
}

Json profile_adversary(const ProfileQuery& query, std::size_t dimension, const Notation& notation,
                       std::vector<float>& x) {
  return described(query, "", dimension, [&](const Profile& profile, int b, Json& result) {
    const ProfileAdversary worst = reference::profile_adversary(profile, dimension, b, query.data_seed);
    result["family"] = worst.family;
    result["mse"] = notation(worst.error.mse);
    result["times_4b"] = notation(ldexp(worst.error.mse, 2 * b));
    result["bias"] = notation(worst.error.bias);
    result["method"] = worst.error.method;
    x = worst.x;
  });
}

Json profile_bounds(const ProfileQuery& query, std::size_t dimension, const Notation& notation,
                    const Advance& advance) {
  return named(query, [&] {
    const Profile profile = read_profile(query.profile);
    Json rows = Json::array();
    for (const int b : profile.bits) {
      if (advance) advance(rows.size(), profile.bits.size());
      const ProfileAdversary worst = reference::profile_adversary(profile, dimension, b, query.data_seed);
      const auto value = [&](const std::optional<Ball>& bound) {
        return bound ? notation.at_most(*bound) : Json(nullptr);
      };
      Json row = {
          {"bits", b}, {"found", notation(worst.error.mse)}, {"family", worst.family}, {"method", worst.error.method}};
      row["upper"] = value(profile_error_bound(profile, dimension, b, query.data_seed));
      row["upper_over_signs"] = value(bound_over_signs(profile, dimension, b, query.data_seed));
      rows.push_back(std::move(row));
    }
    return Json({{"profile", io::printable(profile.name)}, {"dimension", dimension}, {"bounds", rows}});
  });
}

}  // namespace hdq::figures
