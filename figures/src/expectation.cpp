#include "hdq/figures/expectation.hpp"

#include <optional>
#include <vector>

#include "error_over_limit.hpp"
#include "hdq/figures/profile_error.hpp"
#include "hdq/reference/expectation/bias.hpp"

namespace hdq::figures {

using namespace hdq::reference;
using Json = Notation::Json;

namespace {

slong precision_of(const Notation& notation) { return 4 * notation.digits() + 128; }

ProfileQuery profile_query(const Query& query) { return {query.profile, query.data_seed, query.bits}; }

// What both have to say of quantizer and vector. The limit is the same for every vector: there is none.
struct Subject {
  std::vector<double> x;
  std::optional<CodebookScheme> codebook;
  std::int64_t levels;

  explicit Subject(const Query& query) {
    if (!query.has_codebook()) query.generator();  // wrong usage before a file is read
    if (query.rotation() != Rotation::limit) x = query.read_vector();
    if (query.has_codebook()) codebook = query.codebook(x);
    levels = codebook ? static_cast<std::int64_t>(codebook->codebook.levels()) : query.generator().levels();
  }

  Json describe(const Query& query) const {
    Json result = {{"scheme", scheme_name(codebook ? Scheme::codebook : query.scheme)},
                   {"rotation", rotation_name(query.rotation())}};
    result["levels"] = levels;
    if (codebook) result["codebook"] = query.codebook_name(), result["rule"] = scale_rule_name(codebook->rule);
    if (!x.empty()) {
      result["vector"] = query.vector_name();
      result["dimension"] = x.size();
    }
    return result;
  }
};

}  // namespace

Json mse(const Query& query, const Notation& notation) {
  if (query.as_profile_says())
    return profile_mse(profile_query(query), query.read_vector(), query.vector_name(), notation);
  const Subject subject(query);
  const int digits = notation.digits();
  const Expectation expectation =
      subject.codebook
          ? expected_error(*subject.codebook, query.rotated_dimension(subject.x), query.rotation(), subject.x, digits)
          : MseIntegrator(query.scheme, query.generator(), digits)(query.rotation(), subject.x);
  Precision precision(precision_of(notation));
  const ErrorOverLimit error(expectation.value, subject.levels);
  Json result = subject.describe(query);
  result["mse"] = notation(expectation.value);
  result["times_4b"] = notation(error.times_levels_squared);
  result["over_limit"] = notation(error.over_limit);
  result["method"] = expectation.method;
  return result;
}

namespace {

Json enclosures(const Bias& bias, const Notation& notation) {
  return {{"norm", notation(bias.norm)}, {"correlation", notation(bias.correlation)}, {"method", bias.method}};
}

// Dithered: zero by SPEC §3, and the effect of the 32-bit dither word on top.
Json dithered(const Query& query, const Notation& notation) {
  const Ball bound = dither_word_bias_bound(query.generator());
  return {{"norm", notation(Ball(0))},
          {"correlation", notation(Ball(1))},
          {"norm_32_bit", notation(Ball(0), bound)},
          {"correlation_32_bit", notation(with_error(Ball(1), bound))},
          {"method", "exactly unbiased for a continuous offset; a bound for every vector with the 32-bit word"}};
}

}  // namespace

Json bias(const Query& query, const Notation& notation) {
  if (query.as_profile_says())
    return profile_bias(profile_query(query), query.read_vector(), query.vector_name(), notation);
  const Subject subject(query);
  const int digits = notation.digits();
  Precision precision(precision_of(notation));
  Json result = subject.describe(query);
  if (subject.codebook) {
    result.update(enclosures(
        expected_bias(*subject.codebook, query.rotated_dimension(subject.x), query.rotation(), subject.x, digits),
        notation));
  } else if (query.scheme == Scheme::dithered) {
    result.update(dithered(query, notation));
  } else {
    result.update(
        enclosures(comparator_bias(query.scheme, subject.levels, query.rotation(), subject.x, digits), notation));
  }
  return result;
}

}  // namespace hdq::figures
