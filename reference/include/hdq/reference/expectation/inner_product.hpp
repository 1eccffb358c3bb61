// The variance of the estimate ⟨q, x̂⟩ of ⟨q, x⟩ by the dithered scheme under one HD (SPEC §4), x̂ being unbiased:
//   Var = E_D ∫_0^1 ((‖x‖/d) Σ_j w_j (r_j(U) − z_j))² dU,      w = H D q,  z = H D x/‖x‖,
// r_j(U) the decoded value of z_j. All coordinates share the one offset U, so their errors are correlated.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/expectation/mse_integrator.hpp"

namespace hdq::reference {

// Exact up to d = 12 (all sign patterns; U from break to break by Taylor models). Beyond, what is proved is
// 0 <= Var <= ‖q‖² E‖x̂ − x‖² (Cauchy–Schwarz): the true value is near the upper end divided by d when q and x are unrelated,
// but no bound of that order holds for every pair (q may be the error's direction).
Expectation inner_product_variance(MseIntegrator& integrator, std::span<const double> q, std::span<const double> x);

}  // namespace hdq::reference
