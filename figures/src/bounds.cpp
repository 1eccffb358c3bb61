#include "hdq/figures/bounds.hpp"

#include <atomic>
#include <numbers>

#include "hdq/figures/in_parallel.hpp"

namespace hdq::figures {

using namespace hdq::reference;
using Json = Notation::Json;

namespace {

// work(i) for each i < count, the last ones, which take longest, first.
template <class Work>
void longest_first(std::size_t count, int threads, const Advance& advance, const Work& work) {
  std::atomic<std::size_t> done = 0;
  in_parallel(count, threads, [&](std::size_t i) {
    if (advance) advance(done, count);
    work(count - 1 - i);
    if (advance) advance(++done, count);
  });
}

Json row_of(const BoundCertificate& c, const Notation& notation) {
  return {{"levels", c.levels},
          {"sigma_squared", notation.fraction(c.sigma_squared)},
          {"kappa", notation.fraction(c.kappa)},
          {"lower", notation.down(c.lower)},
          {"upper", notation.up(c.upper)},
          {"relative_width", notation.up(relative_width(c))},
          {"over_limit", notation.doubles(Ball(c.lower) / error_limit(), Ball(c.upper) / error_limit())},
          {"terms", term_count(c.majorant)}};
}

Json rows_of(const std::vector<BoundCertificate>& certificates, const Notation& notation) {
  Json array = Json::array();
  for (const BoundCertificate& c : certificates) array.push_back(row_of(c, notation));
  return array;
}

}  // namespace

std::vector<BoundCertificate> certify(const std::vector<BoundedQuantizer>& quantizers, int threads,
                                      const Advance& advance) {
  std::vector<BoundCertificate> certificates(quantizers.size());
  longest_first(quantizers.size(), threads, advance,
                [&](std::size_t k) { certificates[k] = certify_uniform_bound(quantizers[k]); });
  return certificates;
}

std::vector<OptimalityCertificate> certify_optimality(const std::vector<BoundedQuantizer>& quantizers, int threads,
                                                      const Advance& advance) {
  std::vector<OptimalityCertificate> certificates(quantizers.size());
  longest_first(quantizers.size(), threads, advance,
                [&](std::size_t k) { certificates[k] = reference::certify_optimality(quantizers[k].levels); });
  return certificates;
}

std::vector<BoundedQuantizer> asymptotic_quantizers() {
  std::vector<BoundedQuantizer> quantizers;
  for (int k = 1; k <= 16; ++k) quantizers.push_back({std::int64_t{1} << k, 3, Rational(3, 16)});
  return quantizers;
}

Rational relative_width(const BoundCertificate& certificate) { return certificate.upper / certificate.lower - 1; }

std::size_t term_count(const Majorant& majorant) {
  return majorant.cosh.size() + majorant.exp_square.size() + (majorant.quartic != 0) + 2;
}

Rational gap_percent(const BoundCertificate& worst, const OptimalityCertificate& best) {
  return 100 * (worst.upper / best.lower - 1);
}

Json bounds(const std::vector<BoundCertificate>& shipped,
            const std::optional<std::vector<BoundCertificate>>& asymptotic,
            const std::optional<std::vector<OptimalityCertificate>>& optimality, const Notation& notation) {
  const Ball limit = error_limit();
  Json result = {{"quantity", "sup over all d and all unit x of N^2 E|x' - x|^2"}, {"limit", "pi*sqrt(3)/2"}};
  result["limit_value"] = notation.is_exact() ? notation(limit) : Json(std::numbers::pi * std::numbers::sqrt3 / 2);
  result["shipped"] = rows_of(shipped, notation);
  if (asymptotic) result["asymptotic"] = rows_of(*asymptotic, notation);
  if (!optimality) return result;
  Json array = Json::array();
  for (std::size_t i = 0; i < optimality->size(); ++i) {
    const OptimalityCertificate& best = (*optimality)[i];
    array.push_back({{"levels", best.levels},
                     {"shipped_at_most", notation.up(shipped[i].upper)},
                     {"any_rule_at_least", notation.down(best.lower)},
                     {"gap_percent_at_most", notation.up(gap_percent(shipped[i], best))},
                     {"cells", 2 * best.surrogate.value.size()}});
  }
  result["optimality"] = array;
  return result;
}

}  // namespace hdq::figures
