// Integrals over the law of z = √d u, u a coordinate of the unit sphere of R^d, d >= 2, or over N(0, 1) (d = 0): Simpson's rule in double
// on θ, z = √d sin θ, with weights cos^(d−2) θ; on z itself for the normal law. About 1e-12, with nothing of the reference.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hdq::reference {

class SphereQuadrature {
 public:
  explicit SphereQuadrature(double d) : d_(d) { total_ = raw([](double) { return 1.0; }, -extent(), extent()); }

  double extent() const { return d_ == 0 ? 12 : std::min(12.0, std::sqrt(d_)); }  // beyond 12 there is less than 1e-30
  // E[z^power; low < z < high]
  double integral(int power, double low, double high) const {
    return raw([power](double z) { return std::pow(z, power); }, low, high) / total_;
  }
  // E[(z − r)²; low < z < high]
  double squared_error(double r, double low, double high) const {
    return raw([r](double z) { return (z - r) * (z - r); }, low, high) / total_;
  }

 private:
  double argument(double z) const { return d_ == 0 ? z : std::asin(std::clamp(z / std::sqrt(d_), -1.0, 1.0)); }
  template <class F>
  double raw(F&& f, double low, double high) const {
    const double a = argument(std::max(low, -extent())), b = argument(std::min(high, extent()));
    constexpr int n = 4000;
    double sum = 0;
    for (int i = 0; i <= n; ++i) {
      const double t = a + (b - a) * i / n;
      const double z = d_ == 0 ? t : std::sqrt(d_) * std::sin(t);
      const double weight = d_ == 0 ? std::exp(-0.5 * z * z) : std::pow(std::max(std::cos(t), 0.0), d_ - 2);
      sum += (i == 0 || i == n ? 1 : i % 2 == 1 ? 4 : 2) * weight * f(z);
    }
    return sum * (b - a) / (3 * n);
  }

  double d_, total_ = 1;
};

}  // namespace hdq::reference
