// S = Σ ε_i x_i/‖x‖ with independent signs ε_i: the law of every rotated coordinate under one HD (SPEC §1, theorem 5.2).
// Only the magnitudes |x_i| and how often each occurs matter; zeros do not. Magnitudes are exact.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"

namespace hdq::reference {

class RademacherSum {
 public:
  struct Term {
    Ball magnitude;       // exact, > 0
    std::uint64_t count;  // how many coordinates have it
  };

  explicit RademacherSum(std::span<const double> x) {
    std::map<double, std::uint64_t> counts;
    for (const double value : x) {
      if (!(value - value == 0)) throw std::invalid_argument("a vector with NaN or infinity has no Rademacher sum");
      if (value != 0) ++counts[value < 0 ? -value : value];
    }
    for (const auto& [magnitude, count] : counts) terms_.push_back({Ball(magnitude), count});
    finish();
  }
  // Magnitudes exact and distinct.
  explicit RademacherSum(std::vector<Term> terms) : terms_(std::move(terms)) { finish(); }
  static RademacherSum flat(std::uint64_t count) { return RademacherSum(std::vector<Term>{{Ball(1), count}}); }

  const std::vector<Term>& terms() const { return terms_; }
  std::uint64_t count() const { return count_; }           // nonzero coordinates
  const Ball& norm_squared() const { return norm_squared_; }  // Σ x_i², exact
  Ball norm() const { return sqrt(norm_squared_); }

  // E S⁴ = 3 − 2 Σ x_i⁴/‖x‖⁴.
  Ball fourth_moment() const {
    Ball sum;
    for (const Term& t : terms_) sum += t.count * pow(t.magnitude, 4);
    return 3 - 2 * sum / square(norm_squared_);
  }
  // E cos(ωS) = Π cos(ω x_i/‖x‖) and E cosh(sS) = Π cosh(s x_i/‖x‖).
  Ball characteristic(const Ball& omega) const {
    return product(omega, [](const Ball& t) { return cos(t); });
  }
  Ball moment_generating(const Ball& s) const {
    return product(s, [](const Ball& t) { return cosh(t); });
  }

 private:
  void finish() {
    // Squares of 53-bit numbers between 2^-2148 and 2^2048.
    Precision exact(8192);
    for (const Term& t : terms_) {
      norm_squared_ += t.count * square(t.magnitude);
      count_ += t.count;
    }
    if (terms_.empty()) throw std::invalid_argument("the zero vector has no direction");
  }
  template <class F>
  Ball product(const Ball& scale, F&& f) const {
    const Ball factor = scale / norm();
    Ball r(1);
    for (const Term& t : terms_) r *= t.count == 1 ? f(factor * t.magnitude) : pow(f(factor * t.magnitude), t.count);
    return r;
  }

  std::vector<Term> terms_;
  std::uint64_t count_ = 0;
  Ball norm_squared_;
};

}  // namespace hdq::reference
