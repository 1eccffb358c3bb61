// The worst vector an attacker finds: E‖x̂ − x‖²/‖x‖² maximized over unit vectors of one dimension, by gradient ascent on the
// sphere from structured and random starts. What the search sees is double precision; the vector it ends with, rounded to a
// grid, has its error enclosed by MseIntegrator. Against a scheme with a certificate (SPEC §5.5) it must fail; it must find
// that lloyd-max under a single HD exceeds π√3/2·4^-b (SPEC §6).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hdq/reference/expectation/mse_integrator.hpp"

namespace hdq::reference {

// E M(S), S = Σ ε_i x_i, and its gradient, for unit x: M on [0, 8] as a cosine series, so that E cos ωS = Π cos ωx_i. From
// |z| = 6 on M is evaluated at an argument that levels off at 8; P(|S| > 6) <= 2 e^-18 by theorem 5.4.
class RademacherObjective {
 public:
  RademacherObjective(MseIntegrator& integrator, std::size_t cosines);
  double operator()(const std::vector<double>& x, std::vector<double>& gradient) const;

 private:
  std::vector<double> coefficients_;  // of cos(π k z/8)
};

struct AdversaryResult {
  std::vector<double> x;       // magnitudes, largest first, multiples of a power of two, ‖x‖ ≈ 1
  Expectation error;           // E‖x̂ − x‖²/‖x‖², enclosed
  std::string start;           // where the ascent began: "2-hot", "random", …
  std::size_t starts = 0;      // how many ascents there were
  double best_estimate = 0;    // the largest error the search saw; larger than `error` if that vector could not be integrated
};

// dimension 1 … 1024; rotation hd, hdhd or dense. Under dense all unit vectors are equal, and no search is made.
AdversaryResult find_worst_vector(MseIntegrator& integrator, Rotation rotation, std::size_t dimension,
                                  const std::function<void(std::size_t done, std::size_t total)>& progress = {});

}  // namespace hdq::reference
