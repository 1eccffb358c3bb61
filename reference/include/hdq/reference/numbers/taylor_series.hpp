// TaylorSeries: the coefficients c_0 … c_n of a function around a point, each a ball; products and exponentials of functions
// act on coefficients. Around a wide ball instead of a point the coefficient c_n encloses f⁽ⁿ⁾/n! over the whole ball, which
// is the remainder of Taylor's theorem:  f(m + s) ∈ Σ_{k<n} c_k(m) sᵏ + c_n(ball) sⁿ.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"

namespace hdq::reference {

static_assert(sizeof(Ball) == sizeof(arb_struct), "arb_dot walks arrays of Ball");

class TaylorSeries {
 public:
  explicit TaylorSeries(std::size_t terms) : c_(terms) {}
  TaylorSeries(std::size_t terms, const Ball& constant) : c_(terms) { c_.at(0) = constant; }

  std::size_t terms() const { return c_.size(); }
  Ball& operator[](std::size_t k) { return c_[k]; }
  const Ball& operator[](std::size_t k) const { return c_[k]; }

  // The value at s, by Horner's rule.
  Ball operator()(const Ball& s) const {
    Ball value;
    for (std::size_t k = terms(); k-- > 0;) value = value * s + c_[k];
    return value;
  }

  TaylorSeries& operator+=(const TaylorSeries& b) {
    for (std::size_t k = 0; k < terms(); ++k) c_[k] += b[k];
    return *this;
  }
  TaylorSeries& operator-=(const TaylorSeries& b) {
    for (std::size_t k = 0; k < terms(); ++k) c_[k] -= b[k];
    return *this;
  }
  TaylorSeries& operator*=(const Ball& factor) {
    for (Ball& c : c_) c *= factor;
    return *this;
  }
  friend TaylorSeries operator+(TaylorSeries a, const TaylorSeries& b) { return a += b; }
  friend TaylorSeries operator-(TaylorSeries a, const TaylorSeries& b) { return a -= b; }
  friend TaylorSeries operator*(TaylorSeries a, const Ball& factor) { return a *= factor; }
  friend TaylorSeries operator*(const TaylorSeries& a, const TaylorSeries& b) {
    TaylorSeries r(a.terms());
    for (std::size_t k = 0; k < r.terms(); ++k) {
      arb_dot(r[k].get(), nullptr, 0, a.c_[0].get(), 1, b.c_[k].get(), -1, static_cast<slong>(k + 1), working_precision());
    }
    return r;
  }

  // Σ c_k s^{k+1}/(k + 1) + constant, truncated.
  TaylorSeries integral(const Ball& constant) const {
    TaylorSeries r(terms(), constant);
    for (std::size_t k = 1; k < terms(); ++k) r[k] = c_[k - 1] / k;
    return r;
  }
  // The series around the point s away, by Horner's scheme. If the last coefficient is a remainder's over a cell, so it stays,
  // and a ball s that covers the cell gives every coefficient over the cell.
  TaylorSeries translated(const Ball& s) const {
    TaylorSeries r(*this);
    for (std::size_t i = 0; i + 1 < terms(); ++i) {
      for (std::size_t k = terms() - 1; k-- > i;) r[k] += s * r[k + 1];
    }
    return r;
  }

 private:
  std::vector<Ball> c_;
};

// E = exp f:  E' = f' E, so n E_n = Σ_{k=1..n} k f_k E_{n−k}.
inline TaylorSeries exp(const TaylorSeries& f) {
  TaylorSeries e(f.terms(), exp(f[0]));
  for (std::size_t n = 1; n < f.terms(); ++n) {
    Ball sum;
    for (std::size_t k = 1; k <= n; ++k) sum += k * f[k] * e[n - k];
    e[n] = sum / n;
  }
  return e;
}

}  // namespace hdq::reference
