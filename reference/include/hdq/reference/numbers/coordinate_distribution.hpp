// The two continuous laws that a coordinate z of variance one has (SPEC §5): density, tail and partial mean as enclosures.
//   normal        φ, Φ(−z), φ(z);
//   sphere(d)     d >= 2, z = √d u, u a coordinate of a uniform point of the unit sphere of R^d: with C = Γ(d/2)/(√π Γ((d − 1)/2)), x = 1 − u²,
//                   density C/√d x^((d−3)/2),    E[z; z > √d u] = √d C/(d − 1) x^((d−1)/2),
//                   P(z > √d u) = x^((d−1)/2) C/(d − 1) u Σ_k (d/2)_k/((d+1)/2)_k xᵏ                 for u² > 1/2,
//                               = 1/2 − C u x^((d−1)/2) Σ_k (d/2)_k/(3/2)_k u^2k                     otherwise,
//                 both series of positive terms (the incomplete beta function; Euler's transformation of its other form).
// Both are symmetric; their densities are log-concave but for d = 2, where it is the arcsine law's.
#pragma once

#include <cstdint>

#include "hdq/reference/numbers/ball.hpp"

namespace hdq::reference {

class CoordinateDistribution {
 public:
  static CoordinateDistribution normal() { return CoordinateDistribution(0); }
  static CoordinateDistribution sphere(std::uint64_t dimension);  // >= 2

  bool is_normal() const { return dimension_ == 0; }
  std::uint64_t dimension() const { return dimension_; }  // 0: normal
  bool is_log_concave() const { return dimension_ != 2; }

  // Any real z; the density of a sphere only inside ±√d.
  Ball density(const Ball& z) const;
  Ball tail(const Ball& z) const;          // P(Z > z)
  Ball partial_mean(const Ball& z) const;  // E[Z; Z > z]

 private:
  explicit CoordinateDistribution(std::uint64_t dimension) : dimension_(dimension) {}
  const Ball& constant() const;  // C
  Ball power(const Ball& x, std::int64_t twice_exponent) const;
  Ball upper_half_tail(const Ball& u) const;

  std::uint64_t dimension_;
  mutable Ball constant_;
  mutable slong constant_bits_ = 0;  // the precision it was computed at
};

}  // namespace hdq::reference
