// M(1) for b = 4 (SPEC §3) in two ways, one of them compiled into the library, and a judgement.
#include <cmath>
#include <cstdio>

#include "hdq/reference/judge/judge.hpp"
#include "hdq/reference/scheme/mse_expansion.hpp"
#include "hdq/reference/scheme/scalar_quantizer.hpp"

int main() {
  using namespace hdq::reference;
  const double m = ScalarQuantizer(4).mse(Ball(1)).mid_double();
  MseExpansion expansion(ScalarQuantizer(4), 60);
  const double same = expansion.piece(expansion.piece_index(Ball(1)))(Ball(1)).mid_double();
  const float x[3] = {1, -2, 3};
  const Judge judge(3, 4, 0);
  const bool right = judge.judge_norm(x, std::sqrt(14.0f)).verdict != Verdict::wrong;
  const bool wrong = judge.judge_norm(x, 3.75f).verdict == Verdict::wrong;
  std::printf("M(1) = %.17g\n", m);
  return std::abs(m - 0.00922913523350342849) < 1e-15 && std::abs(m - same) < 1e-12 && right && wrong ? 0 : 1;
}
