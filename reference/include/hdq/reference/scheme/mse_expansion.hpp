// M as a piecewise polynomial in z (SPEC §3): around z_m = m·h, m = 0, 1, …, polynomials P_m with proved errors ε_m,
//   |M(z_m + y) − P_m(y)| <= ε_m   for |y| <= h,
// so that neighbouring pieces overlap by h. Expectations of M under any law are sums over pieces (rademacher_law.hpp,
// coordinate_law.hpp), and a bound on a piece is a bound of a polynomial (moment_approximation.hpp).
//
// The coordinate is s = −ln a, a the lower end of the window of −z: both a → 0, where M grows like κ²/a ~ exp(z/κ), and the
// bulk are smooth in it. With A = −g(a), B = −g(a + 1):
//   dz/ds = a (A − B),      H := dM/dz + 2z = A + B.
// P comes from the Taylor polynomial of H in z at z_m (reversion of z(s)); the remainder, since H − (that polynomial) ∘ z
// vanishes to order K at the centre, is its K-th Taylor coefficient over the whole piece times s^K.
#pragma once

#include <cstddef>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/scalar_quantizer.hpp"
#include "hdq/reference/numbers/taylor_series.hpp"

namespace hdq::reference {

class MseExpansion {
 public:
  struct Piece {
    Ball center;            // z_m, exact
    TaylorSeries mse{1};    // P_m
    Ball error;             // ε_m, exact upper bound
    Ball operator()(const Ball& z) const { return with_error(mse(z - center), error); }
  };

  // Absolute errors near 2^-bits M(z) wherever z is.
  MseExpansion(const ScalarQuantizer& quantizer, slong bits);

  const ScalarQuantizer& quantizer() const { return quantizer_; }
  slong bits() const { return bits_; }
  const Ball& step() const { return step_; }  // h, a power of two

  // The piece around m·h, m >= 0; pieces are made when first needed, in order. Not for several threads at once.
  const Piece& piece(std::size_t m);
  std::size_t piece_index(const Ball& z) const;  // of a piece around |z|, for narrow z
  Ball operator()(const Ball& z) { return piece(piece_index(z))(abs(z)); }

  // Beyond z_tail, M(z) <= amplitude·exp(z/κ).
  struct Tail {
    Ball start, amplitude, rate;  // rate = 1/κ
    Ball operator()(const Ball& z) const { return amplitude * exp(rate * z); }
  };
  Tail tail(const Ball& z) const;  // for a start just past z >= 0
  // M(z) <= majorant()·cosh(z/κ) for all z. Theorem 5.4 turns it into a bound on what a truncation leaves out.
  Ball majorant();

 private:
  void append();
  struct Window;
  Window expand(const Ball& a, std::size_t terms) const;
  Ball position(const Ball& a) const;
  Ball locate(const Ball& z) const;

  ScalarQuantizer quantizer_;
  slong bits_;
  std::size_t terms_;  // K
  Ball step_;
  Ball a_;  // lower end of the window at the centre of the last piece
  std::vector<Piece> pieces_;
  Ball majorant_{0};  // 0: not yet computed
};

}  // namespace hdq::reference
