// What a rejection means.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hdq/validate/checks/audit.hpp"

namespace hdq::validate::audit {

std::string estimate(const Moments& m, double shift) {
  const double error = m.standard_error();
  const int digits = error > 0 && std::isfinite(error) ? std::clamp(1 - static_cast<int>(std::floor(std::log10(error))), 1, 9) : 3;
  return fmt::format("{:.{}f} ± {:.{}f}", shift + m.mean(), digits, error, digits);
}

double clarity(const Audited& subject) {
  const Moments& m = subject.self.moments();
  if (!subject.self.rejected()) return 0;
  return std::isfinite(m.mean()) ? std::abs(m.mean()) / (m.standard_error() + 0.01) : INFINITY;
}

namespace {

// Observations from which a standard error is believed: six of them are then a false alarm of 1e-6; of three observations, one of 3 %,
// and a slow machine or kernel has no more of some configurations.
constexpr std::size_t enough = 32;

// Whether x̂ is this factor times x, and nothing else, on every vector of a configuration that was observed often enough to tell.
bool is_factor_of(const Experiment& e, const Moments& factor, bool seen_alone) {
  return std::all_of(e.subjects.begin(), e.subjects.end(), [&](const Audited& s) {
    const Moments& other = s.self.moments();
    if (other.count() < enough) return true;
    // A tenth of it: exact to what the dither of a few rows leaves, and to the rounding of a norm.
    const double apart = std::abs(other.mean() - factor.mean()),
                 known = 6 * (other.standard_error() + factor.standard_error());
    return apart <= 0.1 * std::abs(factor.mean()) + tolerance + known &&
           (!seen_alone || s.fresh || s.direction.along(s.x));
  });
}
// The same at every bit width and dimension, or at those of this dimension.
bool common_factor(const std::vector<Experiment>& all, const Audited& worst, std::uint64_t dimension = 0) {
  return std::all_of(all.begin(), all.end(), [&](const Experiment& e) {
    return (dimension != 0 && e.config.dimension != dimension) || is_factor_of(e, worst.self.moments(), true);
  });
}
// The same of a factor that no vector shows alone: whether something else is beside it cannot be seen either.
bool common_mean_factor(const std::vector<Experiment>& all, const Moments& factor) {
  return std::all_of(all.begin(), all.end(), [&](const Experiment& e) { return is_factor_of(e, factor, false); });
}

// Of a factor that all vectors have.
const char* factor_class(double mean) {
  return mean > 0.6 && mean < 1.6 ? "estimator-constant" : "scale-lost-or-wrong";
}

// The errors of most vectors are those at fewer bits.
bool error_stands(const Experiment& e, const std::vector<Experiment>& all) {
  return std::any_of(all.begin(), all.end(), [&](const Experiment& other) {
    std::size_t seen = 0, same = 0;
    for (const Audited& at_fewer : other.subjects) {
      const auto now =
          std::find_if(e.subjects.begin(), e.subjects.end(), [&](const Audited& s) { return s.name == at_fewer.name; });
      if (now == e.subjects.end() || now->errors.count() < 8 || at_fewer.errors.count() < 8) continue;
      const double ratio = now->errors.mean() / at_fewer.errors.mean();
      ++seen;
      same += ratio > 0.75 && ratio < 1.3;
    }
    return other.config.bits < e.config.bits && seen >= 3 && 4 * same >= 3 * seen;
  });
}

Finding audit_finding(const Experiment& e, const Audited& subject, std::string defect, std::string what) {
  Finding f;
  f.stage = Stage::audit;
  f.config = e.config;
  f.defect = std::move(defect);
  f.what = std::move(what) + fmt::format(" on {}, b = {} (n = {}, {} seeds)", subject.name, e.config.bits, e.config.dimension, e.observations);
  return f;
}

const Audited* first_rejected(const Experiment& e, Statistic Audited::* statistic) {
  const auto at = std::find_if(e.subjects.begin(), e.subjects.end(), [&](const Audited& s) { return (s.*statistic).rejected(); });
  return at == e.subjects.end() ? nullptr : &*at;
}

// The clearest case.
Finding explain_self(const Experiment& e, const std::vector<Experiment>& all) {
  const auto worst = std::max_element(e.subjects.begin(), e.subjects.end(), [](const Audited& a, const Audited& b) { return clarity(a) < clarity(b); });
  const double mean = 1 + worst->self.moments().mean();
  const bool common = common_factor(all, *worst),
             of_dimension = common_factor(all, *worst, e.config.dimension) && all.size() > 2;
  const std::string defect = !std::isfinite(mean) ? "half-overflow"
                             : common && std::abs(mean) < 0.1 + 5 * worst->self.moments().standard_error()
                                 ? "two-paths-two-bases"
                             : common       ? factor_class(mean)
                             : of_dimension ? "scale-lost-or-wrong"
                                            : "dead-or-biased-rounding";
  return audit_finding(e, *worst, defect, fmt::format("biased: E⟨x, x̂⟩/‖x‖² = {}", estimate(worst->self.moments(), 1)));
}

// Whether dot is the same factor times ⟨q, x⟩ on every vector of every configuration.
const char* dot_class(const Experiment& e, const std::vector<Experiment>& all) {
  const auto largest = std::max_element(e.subjects.begin(), e.subjects.end(), [](const Audited& a, const Audited& b) {
    return std::abs(a.along_query) < std::abs(b.along_query);
  });
  const double factor = largest->dot.moments().mean() / largest->along_query,
               error = largest->dot.moments().standard_error() / std::abs(largest->along_query);
  const bool common = std::all_of(all.begin(), all.end(), [&](const Experiment& other) {
    return std::all_of(other.subjects.begin(), other.subjects.end(), [&](const Audited& s) {
      const Moments& dot = s.dot.moments();
      if (dot.count() < enough) return true;
      return std::abs(dot.mean() - factor * s.along_query) <=
             0.1 * std::abs(factor * s.along_query) + tolerance +
                 6 * (dot.standard_error() + error * std::abs(s.along_query));
    });
  });
  return common ? factor_class(factor) : "biased";
}

// An error that is too large because x̂ is x times a factor, which its own test would only have seen later.
bool is_factor(const Audited& subject, const std::vector<Experiment>& all) {
  const Moments& m = subject.self.moments();
  return m.count() >= enough && std::abs(m.mean()) > 6 * m.standard_error() &&
         m.mean() * m.mean() > 0.3 * (subject.errors.mean() - subject.bounds.mean()) && common_factor(all, subject);
}

Finding explain_error(const Session& s, const Experiment& e, const Audited& subject, const std::vector<Experiment>& all) {
  const double bound = error_bound(s, static_cast<int>(e.config.bits));
  const std::string above = subject.errors.mean() > bound ? fmt::format("above its bound {:.6g}", bound) : std::string("above its exact value for the signs drawn");
  if (is_factor(subject, all)) {
    return audit_finding(e, subject, factor_class(1 + subject.self.moments().mean()),
                         fmt::format("E‖x̂ − x‖²/‖x‖² = {}, {}; E⟨x, x̂⟩/‖x‖² = {}", estimate(subject.errors, 0), above,
                                     estimate(subject.self.moments(), 1)));
  }
  return audit_finding(e, subject, e.config.bits >= 5 && error_stands(e, all) ? "codebook" : "error-too-large",
                       fmt::format("E‖x̂ − x‖²/‖x‖² = {}, {}", estimate(subject.errors, 0), above));
}

}  // namespace

std::optional<Finding> explain(const Session& s, const Experiment& e, const std::vector<Experiment>& all) {
  if (s.claim() != Claim::error) {
    if (first_rejected(e, &Audited::self) != nullptr) return explain_self(e, all);
    if (const Audited* at = first_rejected(e, &Audited::cross)) {
      const bool padded = e.config.dimension != e.config.order && s.conformant();
      return audit_finding(e, *at, padded ? "padded-dimensions" : "dead-or-biased-rounding",
                           fmt::format("biased: E⟨q, x̂⟩/‖x‖ = {}, should be {:.4f}, for a unit vector q", estimate(at->cross.moments(), at->along_query), at->along_query));
    }
    if (const Audited* at = first_rejected(e, &Audited::dot)) {
      return audit_finding(e, *at, dot_class(e, all),
                           fmt::format("dot is biased: E dot(q)/‖x‖ = {}, should be {:.4f}",
                                       estimate(at->dot.moments(), at->along_query), at->along_query));
    }
    if (const Audited* at = first_rejected(e, &Audited::dot_self)) {
      return audit_finding(e, *at, dot_class(e, all),
                           fmt::format("dot is biased: E dot(x)/‖x‖² = {}", estimate(at->dot_self.moments(), 1)));
    }
    if (const Audited* at = first_rejected(e, &Audited::sum)) {
      return audit_finding(e, *at, "dead-or-biased-rounding",
                           fmt::format("biased: E⟨1, x̂ − x⟩/(√n·‖x‖) = {}, so coordinates err to one side",
                                       estimate(at->sum.moments(), 0)));
    }
    if (const Audited* at = first_rejected(e, &Audited::coordinate)) {
      const std::size_t j = at->direction.coordinate();
      return audit_finding(e, *at, "dead-or-biased-rounding",
                           fmt::format("biased in coordinate {}: E(x̂ − x) is {:.4f}·‖x‖ there, x is {:.4f}·‖x‖", j, at->direction.mean_there(),
                                       static_cast<double>(at->x[j]) / at->norm));
    }
    if (const Audited* at = first_rejected(e, &Audited::learned)) {
      return audit_finding(e, *at, "dead-or-biased-rounding",
                           fmt::format("biased: along the mean of the errors before it, each error still has mean {}·‖x‖", estimate(at->learned.moments(), 0)));
    }
  }
  if (s.claim() != Claim::error) {
    const bool self = e.all_self.rejected();
    if (self || e.all_sums.rejected()) {
      // Of which no vector alone was sure.
      const Moments& m = (self ? e.all_self : e.all_sums).moments();
      const auto clearest =
          std::max_element(e.subjects.begin(), e.subjects.end(),
                           [](const Audited& a, const Audited& b) { return a.self.clarity() < b.self.clarity(); });
      const bool decodes = e.route != Route::dot_only;
      const std::string defect = !self                        ? "dead-or-biased-rounding"
                                 : !decodes                   ? dot_class(e, all)
                                 : common_mean_factor(all, m) ? factor_class(1 + m.mean())
                                                              : "dead-or-biased-rounding";
      const std::string what = self ? fmt::format("biased: the mean over {} vectors of {} is {}", e.subjects.size(),
                                                  decodes ? "E⟨x, x̂⟩/‖x‖²" : "E dot(x)/‖x‖²", estimate(m, 1))
                                    : fmt::format("biased: the mean over {} vectors of E⟨1, x̂ − x⟩/(√n·‖x‖) is {}",
                                                  e.subjects.size(), estimate(m, 0));
      return audit_finding(e, *clearest, defect, what);
    }
  }
  const auto at = std::find_if(e.subjects.begin(), e.subjects.end(), [](const Audited& x) { return x.error.rejected(); });
  if (at != e.subjects.end()) return explain_error(s, e, *at, all);
  return std::nullopt;
}

}  // namespace hdq::validate::audit
