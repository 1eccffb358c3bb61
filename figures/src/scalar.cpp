#include "hdq/figures/scalar.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "hdq/figures/usage_error.hpp"
#include "hdq/io/bad_input.hpp"
#include "hdq/reference/scheme/scalar_quantizer.hpp"

namespace hdq::figures {

using namespace hdq::reference;
using Json = Notation::Json;

namespace {

constexpr std::int64_t largest_table = 1 << 16;

Generator generator_of(const ScalarQuery& query) {
  if (query.bits != 0) return Generator::shipped(query.bits);
  if (query.levels == 0 || query.sigma.empty() || query.kappa.empty()) {
    throw UsageError("either --bits, or --levels, --sigma and --kappa together");
  }
  return Generator(query.levels, Real(query.sigma), Real(query.kappa));
}

Json at_dither(const ScalarQuantizer& quantizer, const ScalarQuery& query, const Notation& notation,
               const Advance& advance) {
  const Rational u = parse_rational(query.u);
  if (u <= 0 || u >= 1) throw UsageError("--u " + query.u + ": the dither lies strictly between 0 and 1");
  if (quantizer.levels() > largest_table) {
    throw UsageError(fmt::format("--u prints every threshold: it takes at most {} levels", largest_table));
  }
  Precision precision(4 * notation.digits() + 128);
  Json thresholds = Json::array(), codewords = Json::array();
  for (std::int64_t k = 0; k < quantizer.levels(); ++k) {
    if (advance) advance(static_cast<std::size_t>(k), static_cast<std::size_t>(quantizer.levels()));
    if (k > 0) thresholds.push_back(notation(quantizer.generator().threshold(k, Ball(u))));
    codewords.push_back(notation(quantizer.decode(k, Ball(u))));
  }
  const std::int64_t code = quantizer.encode(Ball(parse_rational(query.z)), Ball(u));
  return {{"code", code},
          {"decoded", notation(quantizer.decode(code, Ball(u)))},
          {"thresholds", thresholds},
          {"codewords", codewords}};
}

}  // namespace

Json scalar(const ScalarQuery& query, const Notation& notation, const Advance& advance) try {
  const ScalarQuantizer quantizer(generator_of(query));
  Json result = {{"levels", quantizer.levels()},
                 {"z", query.z},
                 {"mse", notation(quantizer.mse(Real(query.z), notation.digits()))}};
  if (!query.u.empty()) {
    result["u"] = query.u;
    result.update(at_dither(quantizer, query, notation, advance));
  }
  return result;
} catch (const std::invalid_argument& error) {  // a number that is none, σ <= 0, …
  throw UsageError(error.what());
} catch (const Undecided& error) {
  throw io::BadInput(fmt::format("--z {} --u {}: {}", query.z, query.u, error.what()));
}

}  // namespace hdq::figures
