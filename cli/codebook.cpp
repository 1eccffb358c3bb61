// hdq codebook: what a scalar codebook does, enclosed, and what is wrong with it, in words (expectation/codebook_error.hpp, codebook_diagnosis.hpp).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "codebook_file.hpp"
#include "codebook_scheme.hpp"
#include "command.hpp"
#include "enclosure.hpp"
#include "files.hpp"
#include "hdq/reference/expectation/codebook_diagnosis.hpp"
#include "hdq/reference/expectation/mse_integrator.hpp"
#include "hdq/reference/scheme/hadamard.hpp"
#include "options.hpp"
#include "profile_argument.hpp"

namespace hdq::cli {
namespace {

using namespace hdq::reference;
using nlohmann::ordered_json;

constexpr std::array rules = {ScaleRule::norm, ScaleRule::matched_norm, ScaleRule::unbiased, ScaleRule::least_squares};
constexpr std::uint64_t largest_dimension = std::uint64_t{1} << 24;
constexpr std::size_t worst_dimension = 1024;  // where no --dim says otherwise

struct Arguments {
  std::string file, unit, vectors, profile;
  int bits = 0;
  std::vector<std::string> claims;
  std::uint64_t dim = 0;
  ScaleRule rule = ScaleRule::norm;
  int digits = 10;
  bool json = false;
};

std::string law_name(CodebookLaw law) {
  return law.sphere == 0 ? "normal" : fmt::format("sphere in dimension {}", law.sphere);
}

// Error and bias by each rule; over the optimum's where there is one.
ordered_json describe_rules(const CodebookMoments& moments, const std::optional<LloydMax>& optimum, int digits) {
  ordered_json result = ordered_json::object();
  for (const ScaleRule rule : rules) {
    const Ball error = scaled_error(rule, moments);
    ordered_json one = {{"error", enclosure_json(error, digits)},
                        {"bias", enclosure_json(scaled_correlation(rule, moments) - 1, digits)}};
    if (optimum) one["over_optimum"] = enclosure_json(error / least_error(rule, optimum->distortion), digits);
    result[scale_rule_name(rule)] = one;
  }
  return result;
}

// A share is at least 0 whatever its ball says.
ordered_json share_json(const Ball& share, int digits) {
  if (!share.contains_zero()) return enclosure_json(share, digits);
  return {{"lower", "0"}, {"upper", max(share.upper_end(), Ball(0)).upper(digits)}};
}

ordered_json describe_law(const CodebookUnderLaw& u, const Arguments& arguments) {
  const int digits = arguments.digits;
  ordered_json result = {{"law", law_name(u.law)}, {"rules", describe_rules(u.moments, u.optimum, digits)}};
  result["mean"] = enclosure_json(u.moments.mean, digits);
  if (u.optimum) result["optimum"] = enclosure_json(u.optimum->distortion, digits);
  if (u.law.sphere != 1) {
    result["best_multiple"] = u.best_multiple.convert_to<double>();
    result["error_at_best_multiple"] = enclosure_json(scaled_error(arguments.rule, u.at_best_multiple), digits);
  }
  ordered_json shares = ordered_json::array();
  for (const Ball& share : u.moments.share) shares.push_back(share_json(share, digits));
  result["shares"] = shares;
  return result;
}

// ---- vectors ----

// Means over rows of error and bias by each rule, the row with the largest error, and how often each code occurs.
class OverVectors {
 public:
  OverVectors(const Codebook& codebook, std::size_t dimension)
      : rows_(codebook, dimension), counts_(codebook.levels()) {}

  void add(std::uint64_t row, std::span<const double> x) {
    const std::optional<CodebookMoments> moments = rows_(x);
    if (!moments) {
      ++zero_;
      return;
    }
    ++judged_;
    for (std::size_t k = 0; k < counts_.size(); ++k) {
      if (moments->share[k].certainly_positive()) counts_[k] += moments->share[k] * Ball(x.size());
    }
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const Ball error = scaled_error(rules[i], *moments);
      sums_[i].error += error;
      sums_[i].bias += scaled_correlation(rules[i], *moments) - 1;
      if (judged_ == 1 || certainly_less(sums_[i].largest, error)) sums_[i].largest = error, sums_[i].row = row;
    }
  }

  ordered_json describe(int digits) const {
    ordered_json by_rule = ordered_json::object();
    for (std::size_t i = 0; i < rules.size() && judged_ > 0; ++i) {
      by_rule[scale_rule_name(rules[i])] = {{"error", enclosure_json(sums_[i].error / Ball(judged_), digits)},
                                            {"bias", enclosure_json(sums_[i].bias / Ball(judged_), digits)},
                                            {"largest_error", enclosure_json(sums_[i].largest, digits)},
                                            {"row", sums_[i].row}};
    }
    ordered_json counts = ordered_json::array();
    for (const Ball& count : counts_) counts.push_back(std::llround(count.mid_double()));
    return {{"rows", judged_}, {"zero_rows", zero_}, {"rules", by_rule}, {"counts", counts}};
  }

 private:
  struct Sum {
    Ball error, bias, largest;
    std::uint64_t row = 0;
  };
  CodebookOnVectors rows_;
  std::vector<Ball> counts_;
  std::array<Sum, rules.size()> sums_;
  std::uint64_t judged_ = 0, zero_ = 0;
};

ordered_json over_vectors(const Codebook& codebook, const VectorReader& file, int digits) {
  OverVectors result(codebook, file.dimension());
  const std::size_t chunk = rows_per_chunk(file.dimension(), 1);
  std::vector<float> x(chunk * file.dimension());
  Progress progress("vectors", file.rows());
  for (std::uint64_t begin = 0; begin < file.rows(); begin += chunk) {
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, file.rows() - begin));
    file.read(begin, count, x.data());
    for (std::size_t row = 0; row < count; ++row) {
      const std::span<const float> values(x.data() + row * file.dimension(), file.dimension());
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isfinite(values[i])) continue;
        throw BadInput(fmt::format("{}: row {}, column {}: {}", file.name(), begin + row, i,
                                   std::isnan(values[i]) ? "NaN" : "infinity"));
      }
      result.add(begin + row, std::vector<double>(values.begin(), values.end()));
      progress.advance(1);
    }
  }
  ordered_json described = {{"file", file.name()}, {"dimension", file.dimension()}};
  described.update(result.describe(digits));
  return described;
}

// ---- the worst vector found ----

struct Found {
  std::string vector;
  Ball error;
  void offer(const std::string& name, const Ball& value) {
    if (!value.is_finite()) return;  // no codeword but 0 was used
    if (vector.empty() || certainly_less(error, value)) vector = name, error = value;
  }
};

// k equal coordinates, and one large beside k equal ones; in the order of the coordinates' number.
std::vector<std::size_t> family(std::size_t dimension) {
  std::vector<std::size_t> sizes;
  for (std::size_t k = 1; k < dimension; k = k < 16 ? k + 1 : 2 * k) sizes.push_back(k);
  sizes.push_back(dimension);
  return sizes;
}

std::string hot(std::size_t k, std::size_t dimension) {
  return k == dimension && k > 1 ? "constant" : fmt::format("{}-hot", k);
}

Found worst_without_rotation(const CodebookScheme& scheme, std::size_t dimension) {
  Found found;
  const CodebookOnVectors rows(scheme.codebook, dimension);
  for (const std::size_t k : family(dimension)) {
    for (const double sign : {1.0, -1.0}) {
      std::vector<double> x(dimension, 0.0);
      std::fill_n(x.begin(), k, sign);
      found.offer((sign < 0 ? "negative " : "") + hot(k, dimension), scaled_error(scheme.rule, *rows(x)));
    }
  }
  return found;
}

// By the norm every k; by other rules, which take all sign patterns of whole vectors, k up to 6 in dimensions up to 256.
Found worst_under_hd(const CodebookScheme& scheme, std::size_t dimension, int digits) {
  const bool norm = scheme.rule == ScaleRule::norm;
  const std::size_t d = norm ? dimension : std::min<std::size_t>(dimension, 256);
  std::optional<MseIntegrator> integrator;
  if (norm) integrator.emplace(scheme.codebook, hadamard_order(dimension).order, digits);
  const auto error = [&](std::size_t k, std::int64_t large) {
    if (norm) {
      std::vector<RademacherSum::Term> terms = {{Ball(1), k}};
      if (large != 0) terms.push_back({Ball(large), 1});
      return integrator->hd(RademacherSum(terms)).value;
    }
    std::vector<double> x(d, 0.0);
    std::fill_n(x.begin(), k, 1.0);
    if (large != 0) x[k] = static_cast<double>(large);
    return codebook_over_signs(scheme.codebook, x).error[static_cast<std::size_t>(scheme.rule)];
  };
  Found found;
  for (const std::size_t k : family(d)) {
    if (!norm && k > 6) break;
    found.offer(hot(k, dimension), error(k, 0));
    if (k == d || scheme.codebook.levels() > 4096) continue;  // so many levels take 0.1 s each
    for (const std::int64_t large : {2, 4, 8}) {
      found.offer(fmt::format("one coordinate of {} beside {} of 1", large, k), error(k, large));
    }
  }
  return found;
}

ordered_json worst(const CodebookScheme& scheme, const Arguments& arguments) {
  const std::size_t dimension =
      static_cast<std::size_t>(std::min<std::uint64_t>(arguments.dim == 0 ? worst_dimension : arguments.dim, 8192));
  const std::uint64_t order = arguments.dim == 0 ? worst_dimension : arguments.dim;
  const bool any = scheme.codebook.unit.per_root_dimension;
  if (!any && (order != dimension || (scheme.rule != ScaleRule::norm && dimension > 256))) return nullptr;
  const Found none = worst_without_rotation(scheme, dimension);
  const Found hd = worst_under_hd(scheme, dimension, arguments.digits);
  return {{"dimension", dimension},
          {"none", {{"vector", none.vector}, {"error", enclosure_json(none.error, arguments.digits)}}},
          {"hd", {{"vector", hd.vector}, {"error", enclosure_json(hd.error, arguments.digits)}}}};
}

// ---- printing ----

void print_rules(const ordered_json& by_rule) {
  fmt::print("  {:<14} {:<32} {:<32} {}\n", "scale rule", "E|x^ - x|^2/|x|^2", "E<x, x^>/|x|^2 - 1",
             "over the optimum's error");
  for (const auto& [name, rule] : by_rule.items()) {
    fmt::print("  {:<14} {:<32} {:<32} {}\n", name, enclosure_text(rule["error"]), enclosure_text(rule["bias"]),
               rule.contains("over_optimum") ? enclosure_text(rule["over_optimum"]) : "");
  }
}

void print_codes(const ordered_json& laws, const std::vector<Rational>& codewords) {
  constexpr std::size_t most = 64;
  fmt::print("code  codeword        share\n");
  for (std::size_t k = 0; k < std::min(most, codewords.size()); ++k) {
    fmt::print("{:<5} {:<15.9g}", k, codewords[k].convert_to<double>());
    for (const ordered_json& law : laws) fmt::print(" {}", enclosure_text(law["shares"][k]));
    fmt::print("\n");
  }
  if (codewords.size() > most) fmt::print("... {} codes; all with --json\n", codewords.size());
}

void print(const ordered_json& r, const Codebook& codebook) {
  fmt::print("{} levels, unit {}{}\n", codebook.levels(), r["unit"].get<std::string>(),
             codebook.thresholds.empty() ? ", nearest codeword" : ", thresholds given");
  print_codes(r["laws"], codebook.codewords);
  for (const ordered_json& law : r["laws"]) {
    fmt::print("{}: optimum {}\n", law["law"].get<std::string>(),
               law.contains("optimum") ? enclosure_text(law["optimum"]) : "not computed");
    print_rules(law["rules"]);
    fmt::print("  {:<14} {}\n", "E c", enclosure_text(law["mean"]));
    if (law.contains("best_multiple")) {
      fmt::print("  {:<14} times {}: error {}\n", "best scale", law["best_multiple"].dump(),
                 enclosure_text(law["error_at_best_multiple"]));
    }
  }
  if (r.contains("vectors")) {
    const ordered_json& v = r["vectors"];
    fmt::print("{}: {} rows in dimension {}, no rotation{}\n", v["file"].get<std::string>(), v["rows"].dump(),
               v["dimension"].dump(),
               v["zero_rows"] == 0 ? "" : fmt::format(" ({} zero rows left out)", v["zero_rows"].dump()));
    print_rules(v["rules"]);
    for (const auto& [name, rule] : v["rules"].items()) {
      fmt::print("  {:<14} largest error {} in row {}\n", name, enclosure_text(rule["largest_error"]),
                 rule["row"].dump());
    }
  }
  if (!r["worst"].is_null()) {
    for (const auto& [rotation, words] : {std::pair{"none", "no rotation"}, std::pair{"hd", "one HD"}}) {
      const ordered_json& w = r["worst"][rotation];
      fmt::print("worst found, {}: {} in dimension {}, error {}\n", words, w["vector"].get<std::string>(),
                 r["worst"]["dimension"].dump(), enclosure_text(w["error"]));
    }
  }
  if (r["laws"].size() > 1) fmt::print("judged under the law it is nearer to: {}\n", r["judged_by"].get<std::string>());
  for (const ordered_json& verdict : r["verdicts"]) {
    fmt::print("{}: {}\n", verdict["wrong"].get<bool>() ? "WRONG" : "note", verdict["text"].get<std::string>());
  }
  if (!r["wrong"].get<bool>()) fmt::print("nothing wrong\n");
}

// A profile's codebook is that of its dimension, 1024 without --dim.
CodebookScheme scheme_of(const Arguments& arguments) {
  if (arguments.file.empty() == arguments.profile.empty()) throw UsageError("one of FILE and --profile is required");
  if (arguments.profile.empty()) {
    if (arguments.bits != 0) throw UsageError("--bits is that of a --profile");
    return {read_codebook(arguments.file, arguments.unit), arguments.rule};
  }
  if (arguments.bits == 0) throw UsageError("--profile needs --bits");
  if (!arguments.unit.empty() || arguments.rule != ScaleRule::norm) throw UsageError("--unit and --rule are those of the profile");
  return profile_codebook(arguments.profile, arguments.dim == 0 ? worst_dimension : static_cast<std::size_t>(arguments.dim), arguments.bits);
}

int codebook(const Arguments& arguments) {
  require_distinct({arguments.file, arguments.vectors}, {});
  Precision precision(4 * arguments.digits + 128);
  std::optional<VectorReader> vectors;
  if (!arguments.vectors.empty()) vectors.emplace(arguments.vectors);
  if (vectors && arguments.dim != 0 && arguments.dim != vectors->dimension()) {
    throw UsageError(
        fmt::format("--dim {}: {} has dimension {}", arguments.dim, vectors->name(), vectors->dimension()));
  }
  Arguments settled = arguments;
  if (vectors) settled.dim = vectors->dimension();
  const CodebookScheme scheme = scheme_of(settled);
  const Codebook& codebook = scheme.codebook;
  settled.rule = scheme.rule;
  if (settled.dim == 0 && !codebook.unit.per_root_dimension)
    throw UsageError(fmt::format("--unit {} needs --dim", codebook.unit.text()));

  CodebookDiagnosis diagnosis = diagnose(codebook, settled.dim, settled.rule);
  const CodebookUnderLaw& judged = diagnosis.laws[diagnosis.judged];
  for (const std::string& claim : settled.claims) {
    try {
      diagnosis.verdicts.push_back(judge_claim(claim, scaled_error(settled.rule, judged.moments)));
    } catch (const std::invalid_argument& bad) {
      throw UsageError(fmt::format("--claim: {}", bad.what()));
    }
  }
  ordered_json result = {
      {"levels", codebook.levels()}, {"unit", codebook.unit.text()}, {"rule", scale_rule_name(settled.rule)}};
  result["laws"] = ordered_json::array();
  for (const CodebookUnderLaw& law : diagnosis.laws) result["laws"].push_back(describe_law(law, settled));
  result["judged_by"] = law_name(judged.law);
  result["idle_codes"] = diagnosis.idle;
  if (vectors) result["vectors"] = over_vectors(codebook, *vectors, settled.digits);
  result["worst"] = worst(scheme, settled);
  result["verdicts"] = ordered_json::array();
  for (const CodebookVerdict& verdict : diagnosis.verdicts)
    result["verdicts"].push_back({{"wrong", verdict.wrong}, {"text", verdict.text}});
  result["wrong"] = diagnosis.wrong();
  if (settled.json)
    print_json(result);
  else
    print(result, codebook);
  return diagnosis.wrong() ? exit_mismatch : exit_ok;
}

}  // namespace

void add_codebook(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command = add_command(app, "codebook", "Enclose what a scalar codebook does, and say what is wrong with it",
                                "hdq codebook centroids.json --dim 128 --unit 1 --claim 0.03455",
                                [arguments] { return codebook(*arguments); });
  command
      .text("FILE", arguments->file,
            "Centroids, and thresholds if there are: numbers as text, .npy, or JSON; - is standard input; or --profile");
  command.text(
      "--unit", arguments->unit,
      "What a number of the file is times, on coordinates of unit vectors: 1/sqrt(d) (the default), 1, or a number");
  command.integer("--dim", arguments->dim, 1, largest_dimension,
                  "Dimension d: also judges under the law of the sphere's coordinate");
  command.text("--vectors", arguments->vectors, vector_input_help("Also over these vectors, without rotation"));
  add_scale_rule(command, arguments->rule, "The scale rule that is judged");
  add_profile(command, arguments->profile);
  command.integer("--bits", arguments->bits, 1, 8, "Bits of the profile's codebook");
  command.comma_separated("--claim", arguments->claims, "Printed figures for its error, to be judged: 0.03455,0.03");
  command.integer("--digits", arguments->digits, 2, 100, "Significant digits").show_default();
  command.flag("--json", arguments->json, "One JSON object");
}

}  // namespace hdq::cli
