#include "hdq/figures/codebook.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <utility>

#include "hdq/figures/codebook_file.hpp"
#include "hdq/figures/usage_error.hpp"
#include "hdq/io/bad_input.hpp"
#include "hdq/io/vector_reader.hpp"
#include "hdq/reference/expectation/codebook_diagnosis.hpp"
#include "hdq/reference/expectation/mse_integrator.hpp"
#include "hdq/reference/scheme/hadamard.hpp"

namespace hdq::figures {

using namespace hdq::reference;
using io::BadInput, io::VectorReader;
using Json = Notation::Json;

namespace {

constexpr std::array rules = {ScaleRule::norm, ScaleRule::matched_norm, ScaleRule::unbiased, ScaleRule::least_squares};
constexpr std::size_t worst_dimension = 1024;  // where no --dim says otherwise

std::string law_name(CodebookLaw law) {
  return law.sphere == 0 ? "normal" : fmt::format("sphere in dimension {}", law.sphere);
}

// Error and bias by each rule; over the optimum's where there is one.
Json describe_rules(const CodebookMoments& moments, const std::optional<LloydMax>& optimum, const Notation& notation) {
  Json result = Json::object();
  for (const ScaleRule rule : rules) {
    const Ball error = scaled_error(rule, moments);
    Json one = {{"error", notation(error)}, {"bias", notation(scaled_correlation(rule, moments) - 1)}};
    if (optimum) one["over_optimum"] = notation(error / least_error(rule, optimum->distortion));
    result[scale_rule_name(rule)] = one;
  }
  return result;
}

// A share is at least 0 whatever its ball says.
Json share_json(const Ball& share, const Notation& notation) {
  if (!share.contains_zero()) return notation(share);
  return notation(Ball(0), max(share.upper_end(), Ball(0)));
}

Json describe_law(const CodebookUnderLaw& u, ScaleRule rule, const Notation& notation) {
  Json result = {{"law", law_name(u.law)}, {"rules", describe_rules(u.moments, u.optimum, notation)}};
  result["mean"] = notation(u.moments.mean);
  if (u.optimum) result["optimum"] = notation(u.optimum->distortion);
  if (u.law.sphere != 1) {
    result["best_multiple"] = notation.nearest(u.best_multiple);
    result["error_at_best_multiple"] = notation(scaled_error(rule, u.at_best_multiple));
  }
  Json shares = Json::array();
  for (const Ball& share : u.moments.share) shares.push_back(share_json(share, notation));
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

  Json describe(const Notation& notation) const {
    Json by_rule = Json::object();
    for (std::size_t i = 0; i < rules.size() && judged_ > 0; ++i) {
      by_rule[scale_rule_name(rules[i])] = {{"error", notation(sums_[i].error / Ball(judged_))},
                                            {"bias", notation(sums_[i].bias / Ball(judged_))},
                                            {"largest_error", notation(sums_[i].largest)},
                                            {"row", sums_[i].row}};
    }
    Json counts = Json::array();
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

// Rows of finite floats; `name` for messages.
struct Rows {
  std::string name;
  std::uint64_t count;
  std::size_t dimension;
  std::function<void(std::uint64_t begin, std::size_t count, float* x)> read;
};

Json over_vectors(const Codebook& codebook, const Rows& rows, const Notation& notation, const Advance& advance) {
  OverVectors result(codebook, rows.dimension);
  const std::size_t chunk = std::max<std::size_t>(1, (std::size_t{1} << 20) / rows.dimension);
  std::vector<float> x(chunk * rows.dimension);
  for (std::uint64_t begin = 0; begin < rows.count; begin += chunk) {
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, rows.count - begin));
    rows.read(begin, count, x.data());
    for (std::size_t row = 0; row < count; ++row) {
      const std::span<const float> values(x.data() + row * rows.dimension, rows.dimension);
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isfinite(values[i])) continue;
        throw BadInput(fmt::format("{}: row {}, column {}: {}", rows.name, begin + row, i,
                                   std::isnan(values[i]) ? "NaN" : "infinity"));
      }
      result.add(begin + row, std::vector<double>(values.begin(), values.end()));
      if (advance) advance(begin + row + 1, rows.count);
    }
  }
  Json described = {{"file", rows.name}, {"dimension", rows.dimension}};
  described.update(result.describe(notation));
  return described;
}

// Of the query's file or numbers; UsageError where they have another dimension.
std::optional<Rows> rows_of(const CodebookQuery& query) {
  if (query.vectors.empty() && query.rows.empty()) return std::nullopt;
  if (query.vectors.empty()) {
    if (query.dim == 0 || query.rows.size() % query.dim != 0)
      throw UsageError("vectors need --dim, which divides how many numbers there are");
    const auto dimension = static_cast<std::size_t>(query.dim);
    return Rows{"vectors", query.rows.size() / dimension, dimension,
                [&query, dimension](std::uint64_t begin, std::size_t count, float* x) {
                  std::copy_n(query.rows.data() + begin * dimension, count * dimension, x);
                }};
  }
  const auto file = std::make_shared<VectorReader>(query.vectors);
  if (query.dim != 0 && query.dim != file->dimension()) {
    throw UsageError(fmt::format("--dim {}: {} has dimension {}", query.dim, file->name(), file->dimension()));
  }
  return Rows{file->name(), file->rows(), file->dimension(),
              [file](std::uint64_t begin, std::size_t count, float* x) { file->read(begin, count, x); }};
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

Json worst(const CodebookScheme& scheme, std::uint64_t asked, const Notation& notation) {
  const std::size_t dimension =
      static_cast<std::size_t>(std::min<std::uint64_t>(asked == 0 ? worst_dimension : asked, 8192));
  const std::uint64_t order = asked == 0 ? worst_dimension : asked;
  const bool any = scheme.codebook.unit.per_root_dimension;
  if (!any && (order != dimension || (scheme.rule != ScaleRule::norm && dimension > 256))) return nullptr;
  const Found none = worst_without_rotation(scheme, dimension);
  const Found hd = worst_under_hd(scheme, dimension, notation.digits());
  return {{"dimension", dimension},
          {"none", {{"vector", none.vector}, {"error", notation(none.error)}}},
          {"hd", {{"vector", hd.vector}, {"error", notation(hd.error)}}}};
}

}  // namespace

CodebookScheme codebook_of(const CodebookQuery& query) {
  if (!query.file.empty() + !query.profile.empty() + query.numbers.has_value() != 1)
    throw UsageError("one of FILE and --profile is required");
  if (query.profile.empty()) {
    if (query.bits != 0) throw UsageError("--bits is that of a --profile");
    return {query.numbers ? *query.numbers : read_codebook(query.file, query.unit), query.rule};
  }
  const auto rows = rows_of(query);
  const std::uint64_t dim = rows ? rows->dimension : query.dim;
  if (query.bits == 0) throw UsageError("--profile needs --bits");
  if (!query.unit.empty() || query.rule != ScaleRule::norm)
    throw UsageError("--unit and --rule are those of the profile");
  return profile_codebook(query.profile, dim == 0 ? worst_dimension : static_cast<std::size_t>(dim), query.bits);
}

Json codebook(const CodebookQuery& query, const CodebookScheme& scheme, const Notation& notation,
              const Advance& advance) {
  Precision precision(4 * notation.digits() + 128);
  const Codebook& codebook = scheme.codebook;
  const std::optional<Rows> vectors = rows_of(query);
  const std::uint64_t dim = vectors ? vectors->dimension : query.dim;
  if (dim == 0 && !codebook.unit.per_root_dimension)
    throw UsageError(fmt::format("--unit {} needs --dim", codebook.unit.text()));

  CodebookDiagnosis diagnosis = diagnose(codebook, dim, scheme.rule);
  const CodebookUnderLaw& judged = diagnosis.laws[diagnosis.judged];
  for (const std::string& claim : query.claims) {
    try {
      diagnosis.verdicts.push_back(judge_claim(claim, scaled_error(scheme.rule, judged.moments)));
    } catch (const std::invalid_argument& bad) {
      throw UsageError(fmt::format("--claim: {}", bad.what()));
    }
  }
  Json result = {{"levels", codebook.levels()}, {"unit", codebook.unit.text()}, {"rule", scale_rule_name(scheme.rule)}};
  result["laws"] = Json::array();
  for (const CodebookUnderLaw& law : diagnosis.laws) result["laws"].push_back(describe_law(law, scheme.rule, notation));
  result["judged_by"] = law_name(judged.law);
  result["idle_codes"] = diagnosis.idle;
  if (vectors) result["vectors"] = over_vectors(codebook, *vectors, notation, advance);
  result["worst"] = worst(scheme, dim, notation);
  result["verdicts"] = Json::array();
  for (const CodebookVerdict& verdict : diagnosis.verdicts)
    result["verdicts"].push_back({{"wrong", verdict.wrong}, {"text", verdict.text}});
  result["wrong"] = diagnosis.wrong();
  return result;
}

}  // namespace hdq::figures
