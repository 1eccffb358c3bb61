// The exact law of S = Σ ε_i x_i/‖x‖ where its distinct sums are few enough, and expectations under it.
//
// Equal magnitudes make a binomial law, equal sums are merged (sums are exact), and the coordinates are divided into two
// halves: S‖x‖ = A + B, A and B independent. 2^12 sums each hold all 2^24 sign patterns of 24 different coordinates; an
// expectation of a polynomial over pairs needs only moments of both halves.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/mse_expansion.hpp"
#include "hdq/reference/laws/rademacher_sum.hpp"
#include "hdq/reference/scheme/scalar_rule.hpp"

namespace hdq::reference {

class RademacherLaw {
 public:
  struct Atom {
    Ball sum;          // exact
    Ball probability;
  };

  // At most `limit` sums per half, or nothing. Sums of a long binomial whose part of E cosh(rate·S) is below about 2^-bits
  // are left out; rate 0 asks for the same of E 1.
  static std::optional<RademacherLaw> make(const RademacherSum& sum, const Ball& rate, slong bits, std::size_t limit);

  std::size_t pairs() const { return first_.size() * second_.size(); }
  std::string description() const;
  // Upper bound of E[cosh(rate·S); sums left out], rate as given.
  const Ball& left_out() const { return left_out_; }

  // E M(S), up to what was left out (M <= majorant·cosh(rate·S)).
  Ball expectation(MseExpansion& mse) const;
  // E f(S) over the sums that were kept; f may jump.
  Ball expectation(const PiecewisePolynomial& f) const;
  // E f((offset + S‖x‖)·scale), offset exact: for S with other coordinates beside it.
  Ball expectation_shifted(const PiecewisePolynomial& f, const Ball& offset, const Ball& scale) const;

 private:
  using Atoms = std::vector<Atom>;  // ascending
  static Atoms binomial(const RademacherSum::Term& term, const Ball& cut);
  static Atoms convolve(const Atoms& a, const Atoms& b);
  Ball sum_over_pairs(MseExpansion& mse) const;
  Ball sum_over_clusters(MseExpansion& mse) const;

  Atoms first_, second_;
  Ball scale_;  // 1/‖x‖
  Ball left_out_{0};
};

}  // namespace hdq::reference
