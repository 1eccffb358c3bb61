#include "hdq/reference/profile/profile_codebook.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

#include "hdq/reference/scheme/lloyd_max.hpp"

namespace hdq::reference {
namespace {

using Name = ProfileCodebook::Name;

// Both halves of a symmetric codebook.
std::vector<Ball> mirrored(const std::vector<Ball>& positive) {
  std::vector<Ball> all;
  for (auto c = positive.rbegin(); c != positive.rend(); ++c) all.push_back(-*c);
  all.insert(all.end(), positive.begin(), positive.end());
  return all;
}

std::vector<Ball> balls(const std::vector<double>& values) { return {values.begin(), values.end()}; }

const std::vector<double>& by_bits(const std::map<int, std::vector<double>>& lists, int bits, const char* where) {
  for (const int key : {bits, 0}) {
    if (const auto found = lists.find(key); found != lists.end()) return found->second;
  }
  throw BadProfile(std::string(where) + ": nothing for " + std::to_string(bits) + " bits");
}

// Found once for each law, number of levels and precision. dimension: of the sphere; 0: the normal law.
const std::vector<Ball>& lloyd_max_codewords(std::int64_t levels, std::size_t dimension) {
  static std::mutex mutex;
  static std::map<std::tuple<std::int64_t, std::size_t, slong>, std::vector<Ball>> known;
  const std::lock_guard lock(mutex);
  std::vector<Ball>& codewords = known[{levels, dimension, working_precision()}];
  if (codewords.empty()) {
    const auto law = dimension == 0 ? CoordinateDistribution::normal() : CoordinateDistribution::sphere(dimension);
    codewords = mirrored(lloyd_max(levels, law).codewords);
  }
  return codewords;
}

std::vector<Ball> sphere_codewords(std::int64_t levels, std::size_t d) {
  if (d == 1) return {Ball(-1), Ball(1)};
  return lloyd_max_codewords(levels, d);
}

std::vector<Ball> codewords_of(const Profile& profile, std::size_t dimension, int bits, const DataSource& data) {
  const ProfileCodebook& codebook = *profile.codebook;
  const std::int64_t levels = std::int64_t{1} << bits;
  switch (codebook.name) {
    case Name::lloyd_max_normal: return lloyd_max_codewords(levels, 0);
    case Name::lloyd_max_sphere: return sphere_codewords(levels, profile.block_length(dimension, bits));
    case Name::uniform: {
      const Names names = profile.names(dimension, bits);
      const Ball least = evaluate(codebook.least, names), most = evaluate(codebook.most, names), step = evaluate(codebook.step, names);
      std::vector<Ball> c;
      for (std::int64_t k = 0; k < levels && !certainly_less(most, least + step * Ball(k)); ++k) c.push_back(least + step * Ball(k));
      return c;
    }
    case Name::e2m1: return mirrored(balls({0, 0.5, 1, 1.5, 2, 3, 4, 6}));
    case Name::sign: return {Ball(-1), Ball(1)};
    case Name::values: return balls(by_bits(codebook.values, bits, "codebook.values"));
    case Name::data: return balls(data(codebook.data, evaluate_count(profile.data.at(codebook.data).count, profile.names(dimension, bits)), 0));
  }
  return {};
}

// Where a table is both named and exported, the exported one counts, if it is near the named one.
std::vector<Ball> exported_beside(std::vector<Ball> named, const Profile& profile, std::size_t dimension, int bits, const DataSource& data) {
  const ProfileCodebook& codebook = *profile.codebook;
  if (codebook.data.empty() || codebook.name == Name::data) return named;
  const std::vector<double> given = data(codebook.data, evaluate_count(profile.data.at(codebook.data).count, profile.names(dimension, bits)), 0);
  if (given.size() != named.size()) throw BadProfile("codebook.data: " + std::to_string(given.size()) + " codewords, not " + std::to_string(named.size()));
  for (std::size_t i = 0; i < given.size(); ++i) {
    const double off = magnitude(Ball(given[i]) - named[i]), allowed = codebook.within + 0x1p-23 * magnitude(named[i]);
    if (off > allowed) {
      const std::string what = "codeword " + std::to_string(i) + " is " + std::to_string(given[i]) + ", should be " + std::to_string(named[i].mid_double()) +
                       " within " + std::to_string(allowed);
      throw WrongTable(what, std::move(named), given);
    }
  }
  return balls(given);
}

// Rounded to so many decimals, as a printed table is.
Ball to_decimals(const Ball& x, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, x.mid_double());
  return Ball(std::string(text));
}

}  // namespace

ProfileTable profile_table(const Profile& profile, std::size_t dimension, int bits, const DataSource& data) {
  const ProfileCodebook& codebook = *profile.codebook;
  const int code_bits = profile.code_bits(bits);
  const std::size_t levels = std::size_t{1} << code_bits;
  ProfileTable table;
  if (code_bits > 0) table.codewords = codewords_of(profile, dimension, code_bits, data);
  else table.codewords = {Ball(0)};  // a residual alone
  if (codebook.digits >= 0) {
    for (Ball& c : table.codewords) c = to_decimals(c, codebook.digits);
  }
  if (code_bits > 0) table.codewords = exported_beside(std::move(table.codewords), profile, dimension, code_bits, data);
  if (table.codewords.size() > levels || table.codewords.empty()) {
    throw BadProfile("codebook: " + std::to_string(table.codewords.size()) + " codewords for " + std::to_string(code_bits) + " bits");
  }
  for (std::size_t i = 1; i < table.codewords.size(); ++i) {
    if (certainly_less(table.codewords[i], table.codewords[i - 1])) {
      throw BadProfile("codebook: codewords " + std::to_string(i - 1) + " and " + std::to_string(i) + " are not ascending");
    }
  }
  if (!codebook.threshold_data.empty()) {
    table.thresholds = balls(data(codebook.threshold_data, table.codewords.size() - 1, 0));
  } else if (!codebook.thresholds.empty()) {
    table.thresholds = balls(by_bits(codebook.thresholds, code_bits, "codebook.thresholds"));
  } else {
    for (std::size_t i = 1; i < table.codewords.size(); ++i) {
      const Ball middle = ldexp(table.codewords[i - 1] + table.codewords[i], -1);
      table.thresholds.push_back(middle.contains_zero() ? Ball(0) : middle);
    }
  }
  if (table.thresholds.size() + 1 != table.codewords.size()) {
    throw BadProfile("codebook.thresholds: " + std::to_string(table.thresholds.size()) + " for " + std::to_string(table.codewords.size()) + " codewords");
  }
  try {
    table.unit = evaluate(codebook.unit, profile.names(dimension, bits));
  } catch (const std::invalid_argument& error) {
    throw BadProfile(std::string("codebook.unit: ") + error.what());
  }
  if (!table.unit.certainly_positive()) throw BadProfile("codebook.unit: is not positive");
  return table;
}

}  // namespace hdq::reference
