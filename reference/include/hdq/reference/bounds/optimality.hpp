// What no unbiased scalar rule can do (SPEC §5.10): a lower bound on E(Q − z)² for a normal z, hence on the limit of
// E‖x̂ − x‖² for flat vectors (1, …, 1)/√d, whatever the rule, if it has N values at most for each value of its randomness and
// E[Q | z] = z. For every function ζ of z, the surrogate,
//   E(Q − z)² = E(Q − ζ)² − E(ζ − z)² >= D_N(ζ) − E(ζ − z)²,
// D_N(ζ) the least distortion of ζ by N levels. Here ζ takes finitely many values, a_1 <= … <= a_n with probabilities w_i. A
// codebook of N levels cuts them into N intervals at most, so that for every price λ >= 0 of a level
//   D_N(ζ) >= F(n) − λN,   F(j) = min over i < j of F(i) + λ + (least Σ w_k (a_k − c)² over i < k <= j, c real),   F(0) = 0.
// D_N is convex in N, so that some λ makes this an equality.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"

namespace hdq::reference {

// ζ, odd and nondecreasing: value[i]/unit on (end[i − 1]/unit, end[i]/unit), where end[−1] = 0 and the last cell has no end.
struct Surrogate {
  static constexpr std::int64_t unit = 1'000'000;
  std::vector<std::int64_t> end;    // increasing, > 0
  std::vector<std::int64_t> value;  // nondecreasing, >= 0; one more than ends
};

struct OptimalityCertificate {
  std::int64_t levels = 0;  // N >= 2
  Surrogate surrogate;
  Rational price;  // λ > 0
  Rational lower;  // of N²·E(Q − z)²
};

// E(ζ − z)² for a normal z.
Ball surrogate_penalty(const Surrogate& surrogate);
// F(n) − λN, at most D_N(ζ).
Ball least_distortion_bound(const Surrogate& surrogate, std::int64_t levels, const Rational& price);

// A surrogate found by surrogate_search.hpp, and what is proved from it. Throws std::runtime_error where none is found.
OptimalityCertificate certify_optimality(std::int64_t levels);

std::string to_json(const OptimalityCertificate& certificate);

}  // namespace hdq::reference
