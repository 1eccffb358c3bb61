// Continuous laws of a coordinate z, symmetric with variance 1, and expectations under them by rigorous quadrature:
//   normal        the limit of flat vectors under HD;
//   sphere(d)     √d times a coordinate of a uniform point of the unit sphere of R^d: a Haar rotation ("dense"). For d >= 2
//                 z = √d sin θ with density Γ(d/2)/(√π Γ((d − 1)/2)) cos^(d−2) θ on |θ| <= π/2 (entire, unlike that of z);
//                 for d = 1, z = ±1.
#pragma once

#include <cstdint>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/mse_expansion.hpp"
#include "hdq/reference/scheme/scalar_rule.hpp"
#include "hdq/reference/numbers/taylor_series.hpp"

namespace hdq::reference {

class CoordinateLaw {
 public:
  static CoordinateLaw normal() { return CoordinateLaw(0); }
  static CoordinateLaw sphere(std::uint64_t dimension);

  Ball expectation(MseExpansion& mse) const;
  Ball expectation(const PiecewisePolynomial& even, slong bits) const;

 private:
  explicit CoordinateLaw(std::uint64_t dimension) : dimension_(dimension) {}
  bool is_normal() const { return dimension_ == 0; }
  Ball extent() const { return sqrt(Ball(dimension_)); }  // of a sphere
  // ∫ p(z − center) over from <= z <= to, 0 <= from; `to` may be the extent.
  Ball integral(const TaylorSeries& p, const Ball& center, const Ball& from, const Ball& to, slong bits) const;
  // Upper bound of E[exp(rate z); z > cut]: the law's exponential moments are at most the normal law's.
  Ball exponential_beyond(const Ball& rate, const Ball& cut) const;

  std::uint64_t dimension_;  // 0: normal
};

}  // namespace hdq::reference
