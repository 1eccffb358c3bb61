// The certificate of a uniform bound (SPEC §5.5), as a file. It claims, for the dithered quantizer with N levels, σ and κ,
//   lower <= sup over all d and all unit x of N²·E‖x̂ − x‖² <= upper,
// upper: by the majorant P >= M, whose bound N² (a_0 + a_2 + 3a_4 + …) is at most `upper`;
// lower: by E M(Gaussian) >= lower/N², the limit of flat vectors (1, …, 1)/√d: by the central limit theorem and Fatou's lemma,
//        for M is continuous and nonnegative, liminf E M(S_d) >= E M(Gaussian).
// Windows that begin below `tail` are covered by the estimate in reference/src/bounds/certificate_checker.cpp. Numbers are rationals
// written "n/d" or "n".
#pragma once

#include <cstdint>
#include <string>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/bounds/majorant.hpp"

namespace hdq::reference {

struct BoundCertificate {
  std::int64_t levels = 0;           // N
  Rational sigma_squared, kappa;     // σ² (a rational for σ = √3 too) and κ
  Majorant majorant;
  Rational tail;                     // a_tail
  Rational lower, upper;             // of sup N²·MSE
};

std::string to_json(const BoundCertificate& certificate);

}  // namespace hdq::reference
