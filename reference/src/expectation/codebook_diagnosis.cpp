#include "hdq/reference/expectation/codebook_diagnosis.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "hdq/reference/numbers/real.hpp"

namespace hdq::reference {
namespace {

constexpr std::size_t npos = static_cast<std::size_t>(-1);

// A few significant digits of an enclosure's midpoint, or of a number: for people, in verdicts.
std::string number(double value, int digits = 4) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return text;
}
std::string number(const Ball& value) { return number(value.mid_double()); }
std::string number(const Rational& value) { return number(value.convert_to<double>()); }

// "3, 5 and 7", of many the first ones.
std::string list(const std::vector<std::size_t>& codes) {
  constexpr std::size_t most = 6;
  std::string text;
  const std::size_t shown = std::min(codes.size(), most);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += i + 1 == codes.size() ? " and " : ", ";
    text += std::to_string(codes[i]);
  }
  return text + (shown < codes.size() ? ", ..." : "");
}

std::string count(std::size_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

bool exceeds(const Ball& error, const Ball& other, double percent) {
  return certainly_less(other * Ball(1 + percent / 100), error);
}

// All that the single checks look at.
class Examiner {
 public:
  Examiner(const Codebook& codebook, std::uint64_t dimension, ScaleRule rule)
      : given_(codebook),
        sorted_(codebook),
        dimension_(dimension),
        rule_(rule),
        scale_(codebook.unit.scale(dimension)) {
    std::sort(sorted_.codewords.begin(), sorted_.codewords.end());
    nearest_ = sorted_;
    nearest_.thresholds.clear();
    largest_ = std::max(abs(sorted_.codewords.front()), abs(sorted_.codewords.back()));
  }

  CodebookDiagnosis run() {
    choose_law();
    look_for_order();
    look_for_duplicates();
    look_for_idle_codes();
    look_at_thresholds();
    look_at_symmetry();
    if (!look_for_single_codewords()) {
      look_at_scale();
      look_at_rest();
    }
    return std::move(result_);
  }

 private:
  const CodebookUnderLaw& judged() const { return result_.laws[result_.judged]; }
  std::size_t levels() const { return given_.levels(); }
  Ball error_of(const Codebook& codebook) const {
    return scaled_error(rule_, codebook_moments(codebook, scale_, judged().law));
  }
  Ball error() const { return scaled_error(rule_, judged().moments); }
  void say(bool wrong, const std::string& text) { result_.verdicts.push_back({wrong, text}); }
  // ", error 2.03 times the optimum", where that is known.
  std::string over_optimum(const Ball& error) const {
    if (!judged().optimum) return "error " + number(error);
    return "error " + number(error / least_error(rule_, judged().optimum->distortion)) + " times the optimum";
  }

  void choose_law();
  void look_for_order();
  void look_for_duplicates();
  void look_for_idle_codes();
  void look_at_thresholds();
  void look_at_symmetry();
  bool look_for_single_codewords();
  void look_at_scale();
  void look_at_rest();
  bool is_evenly_spaced() const;

  Codebook given_, sorted_, nearest_;  // as it is; in ascending order; that without thresholds
  std::uint64_t dimension_;
  ScaleRule rule_;
  Ball scale_;
  Rational largest_;     // |codeword|
  Rational factor_ = 1;  // the best multiple of nearest_
  CodebookDiagnosis result_;
};

CodebookUnderLaw under(const Codebook& codebook, const Ball& scale, CodebookLaw law, ScaleRule rule) {
  CodebookUnderLaw u{law, codebook_moments(codebook, scale, law), std::nullopt, 1, {}};
  u.at_best_multiple = u.moments;
  if (law.sphere == 1) return u;
  if (codebook.levels() <= CodebookUnderLaw::most_certified_levels) {
    const CoordinateDistribution distribution =
        law.sphere == 0 ? CoordinateDistribution::normal() : CoordinateDistribution::sphere(law.sphere);
    u.optimum = lloyd_max(static_cast<std::int64_t>(codebook.levels()), distribution);
  }
  u.best_multiple = best_multiple(codebook, scale.mid_double(), law, rule);
  if (u.best_multiple != 1) u.at_best_multiple = codebook_moments(multiple_of(codebook, u.best_multiple), scale, law);
  return u;
}

void Examiner::choose_law() {
  result_.laws.push_back(under(given_, scale_, {0}, rule_));
  if (dimension_ == 0) return;
  result_.laws.push_back(under(given_, scale_, {dimension_}, rule_));
  if (dimension_ == 1) return;  // z = ±1, for which nobody designs a table
  // At the best scale, which a wrong one must not decide.
  const auto excess = [&](std::size_t law) {
    const CodebookUnderLaw& u = result_.laws[law];
    const Ball error = scaled_error(rule_, u.at_best_multiple);
    return (u.optimum ? error / least_error(rule_, u.optimum->distortion) : error).mid_double();
  };
  result_.judged = excess(1) <= excess(0) ? 1 : 0;
}

// Codewords that ascend but for two that are exchanged, descend, or are out of order otherwise. With thresholds the order counts, and
// the error says so already; without them a table is searched for the nearest codeword, or by the midpoints of what should ascend.
void Examiner::look_for_order() {
  std::vector<std::size_t> misplaced;
  for (std::size_t k = 0; k < levels(); ++k) {
    if (given_.codewords[k] != sorted_.codewords[k]) misplaced.push_back(k);
  }
  if (misplaced.empty()) return;
  Codebook by_midpoints = given_;
  if (given_.thresholds.empty()) {
    for (std::size_t k = 1; k < levels(); ++k)
      by_midpoints.thresholds.push_back((sorted_.codewords[k - 1] + sorted_.codewords[k]) / 2);
  }
  const std::string cost = "; with thresholds in order, " + over_optimum(error_of(by_midpoints));
  const bool descending = std::is_sorted(given_.codewords.rbegin(), given_.codewords.rend());
  if (misplaced.size() == 2)
    say(true, "two centroids are swapped: " + list(misplaced) + cost);
  else if (descending)
    say(true, "the centroids are in descending order" + cost);
  else
    say(true, "the centroids are not in order: " + std::to_string(misplaced.size()) + " of them out of place, first " +
                  std::to_string(misplaced[0]) + cost);
}

void Examiner::look_for_duplicates() {
  std::vector<std::size_t> equal;
  for (std::size_t k = 1; k < levels(); ++k) {
    if (sorted_.codewords[k] == sorted_.codewords[k - 1]) equal.push_back(k);
  }
  if (equal.empty()) return;
  const Rational& value = sorted_.codewords[equal[0]];
  std::vector<std::size_t> codes;
  for (std::size_t k = 0; k < levels(); ++k) {
    if (given_.codewords[k] == value) codes.push_back(k);
  }
  say(true, "equal centroids: " + list(codes) + " are " + number(value) +
                (equal.size() + 1 > codes.size() ? ", and there are others" : "") + "; " + count(equal.size(), "code") +
                " lost");
}

void Examiner::look_for_idle_codes() {
  const double n = static_cast<double>(levels());
  const Ball least(0.03 / (n * n * n));
  for (std::size_t k = 0; k < levels(); ++k) {
    if (certainly_less(judged().moments.share[k], least)) result_.idle.push_back(k);
  }
}

// Thresholds more than a float32's error off the midpoint of their neighbours.
void Examiner::look_at_thresholds() {
  if (given_.thresholds.empty()) return;
  std::vector<std::size_t> off;
  std::size_t worst = 0;
  Rational distance = 0;
  for (std::size_t k = 1; k < levels(); ++k) {
    const Rational from_middle = abs(given_.thresholds[k - 1] - (sorted_.codewords[k - 1] + sorted_.codewords[k]) / 2);
    if (from_middle <= largest_ / (1 << 20)) continue;
    off.push_back(k);
    if (from_middle > distance) distance = from_middle, worst = k;
  }
  if (off.empty()) return;
  const Ball as_given = error_of(sorted_), better = error_of(nearest_);  // an exchange of codewords is told elsewhere
  const bool matters = exceeds(as_given, better, 0.1);
  say(matters, count(off.size(), "threshold") + " of " + std::to_string(levels() - 1) +
                   (off.size() == 1 ? " is no midpoint: " : " are no midpoints: ") + list(off) + "; threshold " +
                   std::to_string(worst) + " is " + number(given_.thresholds[worst - 1]) + ", the midpoint " +
                   number(Rational((sorted_.codewords[worst - 1] + sorted_.codewords[worst]) / 2)) +
                   (matters ? "; error " + number(as_given / better) + " times that with midpoints"
                            : ", which costs next to nothing"));
}

// The mean of the codewords over the law, which a symmetric codebook has 0.
void Examiner::look_at_symmetry() {
  if (sorted_.codewords.front() >= 0) {
    say(true, "no centroid is negative: a table of magnitudes, to be used with signs?");
    return;
  }
  std::size_t worst = npos;
  Rational off = largest_ / 1000;
  for (std::size_t k = 0; 2 * k < levels(); ++k) {
    const Rational sum = abs(sorted_.codewords[k] + sorted_.codewords[levels() - 1 - k]);
    if (sum > off) off = sum, worst = k;
  }
  if (worst == npos) return;
  const Ball mean = judged().moments.mean;
  // What the mean alone adds to the error: (E c)².
  const bool matters = exceeds(error(), error() - square(mean), 2);
  say(matters, "asymmetric: centroids " + std::to_string(worst) + " and " + std::to_string(levels() - 1 - worst) +
                   " of the ascending table are " + number(sorted_.codewords[worst]) + " and " +
                   number(sorted_.codewords[levels() - 1 - worst]) + "; the mean of the decoded values is " +
                   number(mean) +
                   (matters ? ", which is " + number(100 * square(mean) / error()) + " % of the error" : ""));
}

// A few codewords far from the optimum's while the others agree with them.
bool Examiner::look_for_single_codewords() {
  if (!judged().optimum || rule_ != ScaleRule::norm || given_.codewords != sorted_.codewords) return false;
  const LloydMax& best = *judged().optimum;
  const std::size_t half = best.codewords.size();
  const auto optimal = [&](std::size_t k) {
    if (k < half) return -best.codewords[half - 1 - k].mid_double();
    const std::size_t middle = levels() % 2;
    return k < half + middle ? 0 : best.codewords[k - half - middle].mid_double();
  };
  std::vector<std::size_t> off;
  Codebook mended = nearest_;
  const double scale = scale_.mid_double();
  for (std::size_t k = 0; k < levels(); ++k) {
    const double gap = k == 0              ? optimal(1) - optimal(0)
                       : k + 1 == levels() ? optimal(k) - optimal(k - 1)
                                           : 0.5 * (optimal(k + 1) - optimal(k - 1));
    if (std::abs(given_.codewords[k].convert_to<double>() * scale - optimal(k)) <= 0.1 * gap) continue;
    off.push_back(k);
    mended.codewords[k] = Rational(optimal(k) / scale);
  }
  const bool few = !off.empty() && off.size() <= std::max<std::size_t>(1, levels() / 8) && levels() > 2;
  if (!few || !std::is_sorted(mended.codewords.begin(), mended.codewords.end())) return false;
  const Ball as_given = error_of(nearest_), least = least_error(rule_, best.distortion);
  if (!exceeds(as_given, least, 0.5) || exceeds(error_of(mended), least, 2)) return false;
  std::string text = off.size() == 1 ? "one centroid is wrong: " : count(off.size(), "centroid") + " are wrong: ";
  text += list(off) + "; " + std::to_string(off[0]) + " is " + number(given_.codewords[off[0]]) + ", should be about " +
          number(mended.codewords[off[0]]);
  say(true, text + "; " + over_optimum(as_given));
  return true;
}

// A multiple of itself would do better, thresholds being midpoints.
void Examiner::look_at_scale() {
  const CodebookUnderLaw& u = judged();
  const std::size_t used = levels() - result_.idle.size();
  const std::string usage = std::to_string(used) + " of " + std::to_string(levels()) + " codes used";
  if (u.law.sphere != 1)
    factor_ = given_.thresholds.empty() ? u.best_multiple : best_multiple(nearest_, scale_.mid_double(), u.law, rule_);
  const Ball as_given = error_of(nearest_), best = error_of(multiple_of(nearest_, factor_));
  if (factor_ == 1 || !exceeds(as_given, best, 2)) {
    if (!result_.idle.empty()) say(true, usage + "; hardly ever: " + list(result_.idle));
    return;
  }
  const double factor = factor_.convert_to<double>(), root = std::sqrt(static_cast<double>(dimension_));
  std::string text;
  if (dimension_ >= 8 && std::abs(factor * root - 1) < 0.1)
    text = "a table for sigma = 1 on unit vectors: " + usage + "; ";
  else if (dimension_ >= 8 && std::abs(factor / root - 1) < 0.1)
    text = "a table for unit vectors on coordinates of variance one: ";
  else if (factor < 1 && !result_.idle.empty())
    text = usage + "; ";
  text += factor > 1 ? "too narrow: " : "too wide: ";
  text += "best scale is " + number(factor_) + " (the codebook is " + number(1 / factor, 3) + " of it); " +
          over_optimum(as_given);
  if (u.optimum) text += ", " + number(best / least_error(rule_, u.optimum->distortion)) + " times at the best scale";
  say(true, text);
}

bool Examiner::is_evenly_spaced() const {
  const Rational step = (sorted_.codewords.back() - sorted_.codewords.front()) / (levels() - 1);
  for (std::size_t k = 1; k < levels(); ++k) {
    if (abs(sorted_.codewords[k] - sorted_.codewords[k - 1] - step) > step / 100) return false;
  }
  return true;
}

// What is left when thresholds are midpoints and the scale is the best one.
void Examiner::look_at_rest() {
  const CodebookUnderLaw& u = judged();
  if (u.law.sphere == 1) return;
  const CodebookMoments moments = codebook_moments(multiple_of(nearest_, factor_), scale_, u.law);
  const Ball error = scaled_error(rule_, moments);
  const Ball limit = ldexp(Ball::pi() * sqrt(Ball(3)), -1) / square(Ball(levels()));  // SPEC §5.7
  const std::string where = factor_ == 1 ? "" : " at the best scale";
  const std::string of_limit = number(error / limit) + " times pi sqrt(3)/2 N^-2";
  if (is_evenly_spaced() && levels() > 2) {
    if (u.optimum && exceeds(error, least_error(rule_, u.optimum->distortion), 1)) {
      say(false, "evenly spaced, a uniform quantizer: " + over_optimum(error) + where);
    }
    return;
  }
  if (!u.optimum) {
    say(exceeds(error, limit, 5), "error " + of_limit + where + ", near which the optimum with so many levels is");
    return;
  }
  if (!exceeds(error, least_error(rule_, u.optimum->distortion), 5)) return;
  Ball centroids;  // of the cells: what a step of Lloyd's iteration moves to
  for (std::size_t k = 0; k < levels(); ++k) {
    if (moments.share[k].certainly_positive()) centroids += square(moments.partial_mean[k]) / moments.share[k];
  }
  std::string text = "not the optimum: " + over_optimum(error) + where;
  if (certainly_less(limit, error)) text += ", " + of_limit;
  if (exceeds(error, least_error(rule_, 1 - centroids), 1)) {
    text +=
        "; centroids are not the means of their cells: with these it were " + number(least_error(rule_, 1 - centroids));
  }
  say(true, text);
}

}  // namespace

bool CodebookDiagnosis::wrong() const {
  return std::any_of(verdicts.begin(), verdicts.end(), [](const CodebookVerdict& v) { return v.wrong; });
}

std::optional<Ball> CodebookDiagnosis::ratio(ScaleRule rule, std::size_t law) const {
  const CodebookUnderLaw& u = laws.at(law);
  if (!u.optimum) return std::nullopt;
  return scaled_error(rule, u.moments) / least_error(rule, u.optimum->distortion);
}

CodebookDiagnosis diagnose(const Codebook& codebook, std::uint64_t dimension, ScaleRule rule) {
  codebook.check();
  if (dimension == 0 && !codebook.unit.per_root_dimension)
    throw std::invalid_argument("a unit other than 1/sqrt(d) needs the dimension");
  return Examiner(codebook, dimension, rule).run();
}

// ---- printed figures ----

namespace {

// A decimal as printed: its value, the unit of its last digit and how many digits count.
struct Figure {
  Rational value, unit;
  int digits = 0;
};

Figure read_figure(const std::string& text) {
  Figure figure{parse_rational(text), 1, 0};
  if (figure.value <= 0 || text.find('/') != std::string::npos)
    throw std::invalid_argument("not a decimal above 0: " + text);
  const std::size_t exponent = text.find_first_of("eE"), point = text.find('.');
  bool leading = true;
  for (std::size_t i = 0; i < std::min(exponent, text.size()); ++i) {
    if (text[i] < '0' || text[i] > '9') continue;
    leading = leading && text[i] == '0';
    figure.digits += leading ? 0 : 1;
    if (point != std::string::npos && i > point) figure.unit /= 10;
  }
  if (exponent != std::string::npos) figure.unit *= parse_rational("1" + text.substr(exponent));
  return figure;
}

}  // namespace

CodebookVerdict judge_claim(const std::string& text, const Ball& error) {
  const Figure figure = read_figure(text);
  const Ball value(figure.value), unit(figure.unit);
  const std::string in_digits = " to " + count(static_cast<std::size_t>(figure.digits), "digit");
  const bool bound = certainly_less_equal(error, value);
  const Ball off = 100 * (error / value - 1);  // per cent
  if (!certainly_less(abs(error - value), unit)) {
    return {true, text + " is not the error: it is " + number(value / error) + " times " + number(error) +
                      "; as a bound it " + (bound ? "holds" : "is false")};
  }
  if (bound) {
    const bool nearest = certainly_less_equal(abs(error - value), ldexp(unit, -1));
    return {false, text + (nearest ? " is right: the error rounded" + in_digits + ", and a bound"
                                   : " is a bound: the error rounded up" + in_digits)};
  }
  if (certainly_less(Ball(1), off)) {
    return {true, text + " is the error rounded down" + in_digits + ", and as a bound it is false: the error is " +
                      number(error)};
  }
  return {false, text + " is right: the error rounded down" + in_digits + "; as a bound it is too small by " +
                     number(off) + " %"};
}

}  // namespace hdq::reference
