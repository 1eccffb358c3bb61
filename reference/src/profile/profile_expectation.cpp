#include "hdq/reference/profile/profile_expectation.hpp"

#include <algorithm>
#include <bit>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <numeric>
#include <utility>

#include "hdq/reference/profile/profile_codebook.hpp"
#include "hdq/reference/scheme/hadamard.hpp"
#include "hdq/reference/scheme/philox.hpp"

namespace hdq::reference {
namespace {

using Kind = ProfileData::Kind;

// 32 random bits: word i of the stream of a name and a row.
std::uint32_t draw(std::uint64_t seed, const std::string& name, std::uint64_t row, std::size_t i) {
  std::uint32_t hash = 2166136261u;  // FNV-1a: streams of different names differ
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619u;
  return philox4x32_10({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(row), hash, 0x50524F46},
                       {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)})[0];
}

double uniform(std::uint32_t word) { return std::ldexp(static_cast<double>(word) + 0.5, -32); }
double normal(std::uint32_t word) { return std::sqrt(2.0) * boost::math::erf_inv(2 * uniform(word) - 1); }

std::vector<double> hadamard_data(const std::string& name, std::size_t count) {
  const auto m = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(count))));
  const HadamardOrder order = hadamard_order(m);
  if (m * m != count || order.order != m) {
    throw BadProfile("data." + name + ": no Hadamard matrix of order " + std::to_string(m) + " is known here; give its values");
  }
  std::vector<double> values;
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < m; ++j) values.push_back(hadamard_entry(order, i, j));
  }
  return values;
}

// Rows of normal deviates, made orthonormal one after the other, twice.
std::vector<double> orthonormal(std::vector<double> m) {
  const auto n = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(m.size()))));
  for (std::size_t i = 0; i < n; ++i) {
    double* row = m.data() + i * n;
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t j = 0; j < i; ++j) {
        const double product = std::inner_product(row, row + n, m.data() + j * n, 0.0);
        for (std::size_t k = 0; k < n; ++k) row[k] -= product * m[j * n + k];
      }
    }
    const double norm = std::sqrt(std::inner_product(row, row + n, row, 0.0));
    for (std::size_t k = 0; k < n; ++k) row[k] /= norm;
  }
  return m;
}

std::vector<double> draw_kind(const Profile& profile, const std::string& name, std::size_t count, std::uint64_t seed, std::uint64_t row) {
  const ProfileData& data = profile.data.at(name);
  const auto word = [&](std::size_t i) { return draw(seed, name, row, i); };
  std::vector<double> values(count);
  switch (data.kind) {
    case Kind::signs:
      for (std::size_t i = 0; i < count; ++i) values[i] = (word(i) & 1) != 0 ? -1 : 1;
      return values;
    case Kind::permutation:
      std::iota(values.begin(), values.end(), 0.0);
      for (std::size_t i = count; i > 1; --i) std::swap(values[i - 1], values[static_cast<std::size_t>(uniform(word(i)) * static_cast<double>(i))]);
      return values;
    case Kind::hadamard: return hadamard_data(name, count);
    case Kind::orthogonal:
    case Kind::matrix:
      for (std::size_t i = 0; i < count; ++i) values[i] = normal(word(i));
      return data.kind == Kind::orthogonal ? orthonormal(std::move(values)) : values;
    case Kind::random:
      for (std::size_t i = 0; i < count; ++i) {
        const bool bits = profile.rounding.kind == ProfileRounding::Kind::stochastic;
        values[i] = bits ? std::floor(std::ldexp(uniform(word(i)), profile.rounding.bits)) : uniform(word(i)) - 0.5;
      }
      return values;
    default: return std::vector<double>(count, 1.0);
  }
}

std::vector<double> doubles(const std::vector<Ball>& balls) {
  std::vector<double> values;
  for (const Ball& b : balls) values.push_back(b.mid_double());
  return values;
}

}  // namespace

DataSource drawn_data(const Profile& profile, std::size_t dimension, int bits, std::uint64_t seed) {
  return [&profile, dimension, bits, seed](const std::string& name, std::size_t count, std::uint64_t row) {
    if (profile.codebook && (profile.codebook->data == name || profile.codebook->threshold_data == name)) {
      Profile named = profile;
      if (named.codebook->name == ProfileCodebook::Name::data) throw BadProfile("data." + name + ": the codebook is the kernel's; give its values");
      named.codebook->data.clear();
      named.codebook->threshold_data.clear();
      const ProfileTable table = profile_table(named, dimension, bits, nullptr);
      return doubles(profile.codebook->data == name ? table.codewords : table.thresholds);
    }
    return draw_kind(profile, name, count, seed, row);
  };
}

namespace {

// √ of a number that is at least 0, whatever its enclosure says.
Ball root(const Ball& x) { return x.contains_zero() ? hull(Ball(0), sqrt(abs(x).upper_end())) : sqrt(x); }

struct Sums {
  Ball error, correlation;
  std::vector<Ball> mean;
  std::size_t count = 0;

  void add(const std::vector<float>& x, const Approximate& decoded, const Ball& square_norm) {
    if (mean.empty()) mean.resize(x.size());
    Ball off, product;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Ball entry(static_cast<double>(x[i]));
      off += square(decoded.value[i] - entry);
      product += decoded.value[i] * entry;
      mean[i] += decoded.value[i];
    }
    error += off / square_norm;
    correlation += product / square_norm;
    ++count;
  }
  ProfileError result(const std::vector<float>& x, const Ball& square_norm, std::string method) const {
    const Ball n(count);
    Ball off;
    for (std::size_t i = 0; i < x.size(); ++i) off += square(mean[i] / n - Ball(static_cast<double>(x[i])));
    return {error / n, root(off / square_norm), correlation / n, std::move(method)};
  }
};

// x̂ in the original domain, whatever the profile decodes to.
Approximate decoded_of(const ProfileJudge& judge, const std::vector<float>& x) {
  const ProfileRow row = judge.encode(x.data(), 0);
  return judge.decoded(row, 0);
}

// The step whose signs are the only seeded data, or −1.
int only_seeded_signs(const Profile& profile, const ProfileJudge& judge) {
  int found = -1;
  std::size_t seeded = 0;
  for (const auto& [name, data] : profile.data) seeded += data.seeded || data.per_row;
  const auto& steps = judge.rotation().steps();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind != ProfileStep::Kind::signs) continue;
    if (found >= 0) return -1;
    found = static_cast<int>(i);
  }
  return seeded == 1 && found >= 0 ? found : -1;
}

ProfileError over_signs(ProfileJudge judge, std::size_t step, const std::vector<float>& x, const Ball& square_norm) {
  const std::size_t length = judge.rotation().length();
  Sums sums;
  for (std::size_t pattern = 0; pattern < std::size_t{1} << length; ++pattern) {
    for (std::size_t i = 0; i < length; ++i) judge.rotation().steps()[step].signs[i] = (pattern >> i & 1) != 0 ? -1 : 1;
    sums.add(x, decoded_of(judge, x), square_norm);
  }
  return sums.result(x, square_norm, "sum over " + std::to_string(sums.count) + " sign patterns");
}

// Before anything is made of this length: a judge takes it as given.
void require_offered(const Profile& profile, std::size_t n, int bits) {
  if (!profile.codebook) throw BadProfile("codebook: the profile is a rotation alone");
  if (!profile.offers_bits(bits)) throw BadProfile("bits: " + std::to_string(bits) + " are not offered");
  if (!profile.offers(n, bits)) throw NotOffered("dimension: n = " + std::to_string(n) + " is not offered");
}

}  // namespace

ProfileError profile_error(const Profile& given, int bits, const std::vector<float>& x, std::uint64_t data_seed) {
  Profile profile = given;
  profile.decodes_rotated = false;  // the error is the same, the rotation being orthogonal
  require_offered(profile, x.size(), bits);
  if (profile.rounding.kind == ProfileRounding::Kind::free) throw BadProfile("rounding: the codes are the kernel's choice");
  ProfileJudge judge(profile, x.size(), bits, drawn_data(profile, x.size(), bits, data_seed));
  Ball square_norm;
  for (const float v : x) square_norm += square(Ball(static_cast<double>(v)));
  if (!square_norm.certainly_positive()) throw BadProfile("the zero vector has no relative error");
  if (profile.rounding.kind == ProfileRounding::Kind::stochastic) {
    const auto [mean, variance] = judge.expected_stochastic(x.data());
    Ball off, product;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Ball entry(static_cast<double>(x[i]));
      off += square(mean[i] - entry);
      product += mean[i] * entry;
    }
    return {(off + variance) / square_norm, root(off / square_norm), product / square_norm,
            "each coordinate's " + std::to_string(profile.rounding.bits) + " random bits enumerated, for data drawn from seed " + std::to_string(data_seed)};
  }
  const int step = only_seeded_signs(profile, judge);
  if (step >= 0 && judge.rotation().length() <= 12 && judge.rotated_length() == judge.rotation().length()) {
    return over_signs(std::move(judge), static_cast<std::size_t>(step), x, square_norm);
  }
  Sums sums;
  sums.add(x, decoded_of(judge, x), square_norm);
  const bool fixed = std::none_of(profile.data.begin(), profile.data.end(), [](const auto& d) { return d.second.values.empty() && d.second.seeded; });
  return sums.result(x, square_norm, fixed ? "deterministic" : "for data drawn from seed " + std::to_string(data_seed));
}

ProfileAdversary profile_adversary(const Profile& given, std::size_t dimension, int bits, std::uint64_t data_seed) {
  Profile profile = given;
  profile.decodes_rotated = false;
  require_offered(profile, dimension, bits);
  const ProfileJudge judge(profile, dimension, bits, drawn_data(profile, dimension, bits, data_seed));
  std::vector<std::pair<std::string, std::vector<float>>> candidates;
  const auto back = [&](const char* family, const std::vector<float>& y) {
    std::vector<float> x;
    for (const Ball& v : judge.rotation_back(y.data()).value) x.push_back(static_cast<float>(v.mid_double()));
    candidates.emplace_back(family, std::move(x));
  };
  for (std::size_t k = 1; k <= dimension; k *= 2) {
    std::vector<float> hot(dimension, 0.0f);
    std::fill_n(hot.begin(), k, 1.0f);
    candidates.emplace_back(std::to_string(k) + "-hot", hot);
  }
  const std::size_t d = judge.rotated_length();
  const bool summed = only_seeded_signs(profile, judge) >= 0 && judge.rotation().length() <= 12;  // no vector knows the signs
  if (!summed) {
    candidates.emplace_back("constant", std::vector<float>(dimension, 1.0f));
    std::vector<float> alternating(dimension);
    for (std::size_t i = 0; i < dimension; ++i) alternating[i] = i % 2 == 0 ? 1.0f : -1.0f;
    candidates.emplace_back("alternating", alternating);
  }
  for (std::size_t k = 1; k <= d && !summed; k *= 2) {
    std::vector<float> y(d, 0.0f);
    std::fill_n(y.begin(), k, 1.0f);
    back("rotated to few coordinates", y);
  }
  if (!judge.thresholds().empty() && !summed) {
    // All coordinates at one threshold, on one side of it or the other.
    for (std::size_t t = 0; t < judge.thresholds().size(); t += std::max<std::size_t>(1, judge.thresholds().size() / 16)) {
      std::vector<float> y(d);
      for (std::size_t i = 0; i < d; ++i) y[i] = static_cast<float>(judge.thresholds()[t].mid_double() * (i % 2 == 0 ? 1 : -1) * 1.0001);
      back("rotated to a threshold", y);
    }
  }
  std::optional<ProfileAdversary> worst;
  for (auto& [family, x] : candidates) {
    if (std::all_of(x.begin(), x.end(), [](float v) { return v == 0; })) continue;
    ProfileError error = profile_error(profile, bits, x, data_seed);
    if (!error.mse.is_finite()) continue;
    if (!worst || worst->error.mse.mid_double() < error.mse.mid_double()) worst = ProfileAdversary{std::move(x), family, std::move(error)};
  }
  if (!worst) throw BadProfile("no vector has a finite error");
  return *worst;
}

std::optional<ProfileTable> normalised_table(const Profile& profile, std::size_t dimension, int bits,
                                             std::uint64_t data_seed) {
  const bool whole = profile.scale_group(dimension, bits) == profile.padded(dimension, bits);
  if (profile.scale.rule != ProfileScale::Rule::norm || profile.factor.rule != ProfileFactor::Rule::scale || !whole || profile.residual ||
      profile.rounding.kind != ProfileRounding::Kind::nearest || !profile.codebook || !profile.scale.over.empty()) {
    return std::nullopt;
  }
  ProfileTable table = profile_table(profile, dimension, bits, drawn_data(profile, dimension, bits, data_seed));
  // Numbers of the codebook to z of mean square one.
  const Ball unit = table.unit * sqrt(Ball(profile.padded(dimension, bits)));
  for (Ball& r : table.codewords) r *= unit;
  for (Ball& t : table.thresholds) t *= unit;
  table.unit = Ball(1);
  return table;
}

bool rotates_by_signs(const Profile& profile, std::size_t dimension, int bits) {
  using Step = ProfileStep;
  const Names names = profile.names(dimension, bits);
  const std::size_t d = profile.padded(dimension, bits);
  if (profile.block_length(dimension, bits) != d || profile.scale.plus != 0 || profile.scale.times != "1" ||
      profile.factor.times != "1")
    return false;
  Ball size(1);
  const Step *last_signs = nullptr, *last_hadamard = nullptr;
  for (const Step& step : profile.rotation) {
    if (step.when != Step::When::always) return false;
    if (step.kind == Step::Kind::signs)
      last_signs = &step;
    else if (step.kind == Step::Kind::hadamard)
      last_hadamard = &step;
    else if (step.kind != Step::Kind::permutation && step.kind != Step::Kind::scale)
      return false;
    if (step.kind == Step::Kind::scale) size *= evaluate(step.scale, names);
    if (step.kind != Step::Kind::hadamard) continue;
    if (step.parts != Step::Parts::whole ||
        std::find(step.bases.begin(), step.bases.end(), Step::base_hartley) != step.bases.end())
      return false;
    size *= sqrt(Ball(d));
    Names of_part = names;
    of_part["p"] = d;
    if (!step.scale.empty()) size *= evaluate(step.scale, of_part);
  }
  // Behind the last signs one Hadamard matrix.
  if (last_signs == nullptr || last_hadamard < last_signs) return false;
  const auto matrices = std::count_if(last_signs, &profile.rotation.back() + 1,
                                      [](const Step& step) { return step.kind == Step::Kind::hadamard; });
  const auto uses = std::count_if(profile.rotation.begin(), profile.rotation.end(), [&](const Step& step) {
    return step.kind == Step::Kind::signs && step.data == last_signs->data;
  });
  const ProfileData& signs = profile.data.at(last_signs->data);
  const bool long_enough = evaluate_count(signs.count, names) >= d;
  return matrices == 1 && uses == 1 && signs.seeded && signs.values.empty() && long_enough &&
         abs(size - Ball(1)).upper_double() < 1e-12 && size.contains(Ball(1));
}

std::optional<Ball> profile_error_bound(const Profile& profile, std::size_t dimension, int bits,
                                        std::uint64_t data_seed) {
  const std::optional<ProfileTable> found = normalised_table(profile, dimension, bits, data_seed);
  if (!found) return std::nullopt;
  const ProfileTable& table = *found;
  const Ball& unit = table.unit;
  std::optional<Ball> best;
  for (double lambda = 1; lambda <= 2; lambda += 0.0625) {
    std::optional<Ball> most;
    const auto consider = [&](const Ball& r, const Ball& z) {
      const Ball value = square(r - z) - Ball(lambda) * square(z);
      most = most ? max(*most, value) : value;
    };
    for (std::size_t k = 0; k < table.codewords.size(); ++k) {
      const Ball r = unit * table.codewords[k];
      const bool first = k == 0, last = k + 1 == table.codewords.size();
      // Concave in z (linear for λ = 1): the maximum is at an end of the cell, or where the derivative −2 (r − z) − 2 λ z vanishes, z = −r/(λ − 1).
      if (!first) consider(r, unit * table.thresholds[k - 1]);
      if (!last) consider(r, unit * table.thresholds[k]);
      if (lambda == 1) {
        // The outer cells: r² − 2 r z falls outward where r has the cell's sign, and has no bound otherwise.
        if ((first && !r.certainly_negative()) || (last && !r.certainly_positive())) return std::nullopt;
      } else {
        const Ball at = -r / Ball(lambda - 1);
        const bool inside = (first || !certainly_less(at, unit * table.thresholds[k - 1])) && (last || !certainly_less(unit * table.thresholds[k], at));
        if (inside) consider(r, at);
      }
    }
    const Ball bound = Ball(lambda) + *most;
    if (!best || bound.upper_double() < best->upper_double()) best = bound.upper_end();
  }
  return best;
}

}  // namespace hdq::reference
