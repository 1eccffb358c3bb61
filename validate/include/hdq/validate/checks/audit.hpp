// The audit: what can be said of any unbiased vector quantizer from x → x̂ and a seed alone, by sequential tests (e_process.hpp).
//
// Hypothesis, for every x, over the kernel's randomness with a fresh seed for each observation; all lengths relative to ‖x‖:
//   (unbiased)  ‖E x̂ − x‖ <= t,        t = 2^-11: what rounding a norm to half precision costs
//   (error)     E‖x̂ − x‖² <= V         the kernel's claimed_error, or else the certified uniform bound of SPEC §5.5; for conformant
//                                      kernels the exact E_U of the reference for the signs at hand is used for it
//   (range)     E(|X| − R)⁺ <= r,      r = 2^-11, for the X and R of each BettingTest below
// An observation is one fresh seed and m rows of each vector under it; e is the mean of x̂ − x over the m rows. Nothing is assumed of how the
// rows hang together: that their mean varies less where they are independent is learned like any variance.
// For a unit vector v, chosen before the observation, X = ⟨v, e⟩/‖x‖ has a mean of at most t in magnitude. It is tested twice: by
// MeanTest, with E X² <= V, from (unbiased) and (error) alone; and by BettingTest, with (range) for (error), where R is twice the
// largest |X| seen so far, for this kind of v, on any of the vectors of the configuration: a vector that is rarely moved is judged by how far the
// others are. (range) holds whenever |X| <= R; a kernel is accused wrongly by it only if errors that are rare, and twice as large as all
// seen, carry the mean.
//   v = x/‖x‖; (1, …, 1)/√n, since rounding errs to one side; a query q that has correlation 0.8 with one of the vectors; the direction of
//   the mean error so far, and the coordinate with the clearest mean error so far: the last two find what is wrong in one coordinate, or
//   anywhere, without a test for each.
//   One of the vectors is another one in each row and observation, so that no luck of a vector hides a bias; and the mean of X over all
//   vectors is tested too, for v = x/‖x‖ and (1, …, 1)/√n: what is wrong of all of them shows sooner. R is that of one vector,
//   divided by the root of their number, and at least twice the largest |X| seen.
//   dot(q) − ⟨q, x⟩ and dot(x) − ⟨x, x⟩ likewise, as if dot were ⟨q, x̂⟩.
// All tests of a run together reject a true hypothesis with probability at most total_false_alarm: each has its share of it (a union
// bound over tests whose number is fixed before the first observation). A run that is one of several (Options::runs) has its share of that.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hdq/reference/scheme/scalar_mse_table.hpp"
#include "hdq/validate/checks/e_process.hpp"
#include "hdq/validate/checks/session.hpp"

namespace hdq::validate::audit {

inline constexpr double total_false_alarm = 1e-9;
inline double false_alarm(const Session& s) { return total_false_alarm / static_cast<double>(s.options().runs); }  // of this run
inline constexpr double tolerance = 0x1p-11, excess = 0x1p-11;  // t and r above
inline constexpr std::uint64_t without_range = 128;  // observations before the first R
inline constexpr std::uint64_t without_range_of_means = 48;  // the same for means of `many_rows` or more
inline constexpr std::uint64_t without_direction = 16;       // observations before LearnedDirection is followed
inline constexpr std::size_t many_rows = 8, most_rows = 256;

// V: what the kernel claims at this bit width, and a little for float32. A profile without a claim is held to an x̂ that is no further from x
// than twice its length.
inline constexpr double unclaimed_error = 4;
double error_bound(const Session& s, int bits);
bool claims_nothing(const Session& s);  // an error of ‖x‖² or more, at every bit width

// E X = 0 for one X: both tests, and the moments for people.
class Statistic {
 public:
  Statistic(double second_moment, double alpha) : by_claim_(second_moment, alpha / 2, tolerance), by_range_(alpha / 2, tolerance, excess) {}
  // x: an observation minus its mean; range: R, or 0 as long as there is none.
  void add(double x, double range);
  bool rejected() const;
  const Moments& moments() const { return moments_; }
  double largest() const { return largest_; }  // |x| so far
  double smallest_bias() const;
  // How far the mean is from what is granted, in standard errors: where to look more.
  double clarity() const;

 private:
  static constexpr std::size_t block = 8;  // MeanTest is given means of so many: it costs a logarithm for each λ
  MeanTest by_claim_;
  BettingTest by_range_;
  Moments moments_;
  double sum_ = 0, largest_ = 0;
  std::size_t pending_ = 0;
  std::uint64_t with_range_ = 0;  // observations that by_range_ was given
};

// The mean error so far, and so where to look next.
class LearnedDirection {
 public:
  explicit LearnedDirection(std::size_t n) : sum_(n), squares_(n) {}
  // ⟨v, error⟩ for v the direction of the mean error before this observation, and error[j] at its clearest coordinate; then learns.
  struct Components {
    double along = 0, coordinate = 0;
  };
  Components observe(const std::vector<double>& error);
  std::size_t coordinate() const { return clearest_; }
  double mean_there() const { return count_ == 0 ? 0 : sum_[clearest_] / static_cast<double>(count_); }
  // Whether the mean error is a multiple of x/‖x‖, as far as is known: what is left beside it is no longer than its own noise and `tolerance`.
  bool along(const std::vector<float>& x) const;

 private:
  std::vector<double> sum_, squares_;
  std::size_t clearest_ = 0;
  std::uint64_t count_ = 0;
};

// One vector under one configuration.
struct Audited {
  std::string name;
  std::vector<float> x;
  double norm = 0, along_query = 0;  // ‖x‖, ⟨q, x⟩/‖x‖
  Statistic self, sum, cross, learned, coordinate, dot, dot_self;
  UpperTest error;
  Moments errors, bounds;  // ‖x̂ − x‖²/‖x‖², and what it is compared with
  LearnedDirection direction;
  bool fresh = false;  // other rows each time: only self, sum and error are tested
};
inline constexpr std::size_t statistics_per_subject = 7, tests_per_subject = statistics_per_subject + 1,
                             tests_per_experiment = 2;

// By which of its functions a kernel is audited.
enum class Route { codes, direct, dot_only };  // encode and decode (and dot), reconstruct, encode and dot
std::string route_name(Route route, bool with_dot);

struct Experiment {
  Experiment(const Config& c, Route r, const Statistic& unused)
      : config(c), route(r), all_self(unused), all_sums(unused) {}
  Config config;
  Route route = Route::codes;
  std::vector<float> query;  // a unit vector
  std::vector<Audited> subjects;
  Statistic all_self, all_sums;                      // means over the subjects
  std::size_t rows = 1;                              // m
  std::size_t code_bytes = 0;                        // of a row; 0: not asked for
  std::shared_ptr<reference::ScalarMseTable> exact;  // conformant kernels; one for each bit width
  std::uint64_t observations = 0;
  bool rejected = false, declined = false;
  std::vector<std::uint64_t> fingerprints;  // of x̂ of the first vector at one row number, up to a limit
};

// ---- audit_vectors.cpp ----
// The vectors of the audit at this dimension, without repetitions: name and coordinates.
std::vector<std::pair<std::string, std::vector<float>>> audited_vectors(Session& s, const Config& config);
inline constexpr std::size_t most_vectors = 32;  // that it makes up
double norm_of(const std::vector<float>& x);
double inner(const std::vector<float>& a, const float* b);

// ---- audit_shapes.cpp ----
struct Shape {
  std::uint64_t dimension;
  int bits;
  Route route;
};
// What to audit: dimensions that the kernel is found to offer, small, odd, multiples of 64, large; or those of --dims and --vectors.
std::vector<Shape> shapes_of(Session& s);

// ---- audit_observe.cpp ----
Experiment make_experiment(Session& s, const Shape& shape, double alpha);
// As many rows as an observation of `seconds` allows; one where rows under one seed say the same.
void choose_rows(Session& s, Experiment& e, double seconds);
void observe(Session& s, Experiment& e);  // one fresh seed
void add_result(Session& s, Experiment& e);  // the same, for Experiment::fingerprints alone
bool rejected(const Experiment& e);
bool biased(const Experiment& e);                                   // rejected by more than its error
double clearest(const Experiment& e);                               // of all its tests, as Statistic has it
double smallest_bias(const Experiment& e, const Audited& subject);  // of ⟨x, x̂⟩/‖x‖², or of dot
Estimate estimate_of(const Experiment& e, const Audited& subject);

// ⟨x, x̂⟩/‖x‖² − 1 of these rows times 2^exponent, over fresh seeds: the first row whose mean is not 0. For schemes whose randomness may
// depend on x, so that 2^e·x need not come back as 2^e times what x does. A false alarm has probability `alpha` at most.
struct ScaledBias {
  std::size_t row;
  Moments moments;  // of the difference from 1
  std::uint64_t seeds;
};
std::optional<ScaledBias> scaled_bias(Session& s, const Case& c, int exponent, double alpha);

// ---- audit_explain.cpp ----
std::string estimate(const Moments& m, double shift);
double clarity(const Audited& subject);  // of a rejected bias along x: large where it is large and well known; 0: none
std::optional<Finding> explain(const Session& s, const Experiment& e, const std::vector<Experiment>& all);

// ---- audit_seeds.cpp ----
// Whether x̂ is the same for every seed tried, on every vector of every shape. Then nothing is random, and each error is exact.
bool deterministic(Session& s, const std::vector<Shape>& shapes);
// A deterministic kernel: its errors, against its claims.
void judge_deterministic(Session& s, const std::vector<Shape>& shapes, const Report& report);
// Too few different x̂ for the seeds tried.
std::optional<Finding> few_results(const Experiment& e);
inline constexpr std::size_t results_wanted = 320, least_dimension_of_results = 60;  // for few_results

}  // namespace hdq::validate::audit
