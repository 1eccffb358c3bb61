// What checks compare with: exact rotations (rounded once, to double), the error bounds of legal orders of additions, and what
// a kernel with a known defect would have computed instead, in double.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hdq/reference/scheme/hadamard.hpp"
#include "hdq/validate/checks/session.hpp"

namespace hdq::validate {

reference::HadamardOrder hadamard_of(const Config& config);

// y = H D x of n floats and x = D Hᵀ y (cut to n) of d floats: exact, then rounded to double.
std::vector<double> exact_rotation(const Config& config, const float* x);
std::vector<double> exact_rotation_back(const Config& config, const float* y);

// The number of additions that a legal order puts between an input and an output, SPEC §5.6. Bit exact kernels have the order of
// SPEC §4. Conformant ones at most d − 1, and five roundings more for products and conversions.
int addition_stages(const Session& session, std::size_t order);
// ((1 + u)^s − 1)·Σ|x_i|, rounded up.
double transform_bound(const Session& session, std::size_t order, double sum_of_magnitudes);
// How much larger that is than what the reference's judge allows (it knows the order of SPEC §4 only); >= 1.
double bound_ratio(const Session& session, std::size_t order);

double sum_of_magnitudes(const float* x, std::size_t n);
double ulp(float value);    // of the binade of value
double ulp(double value);

// ---- in double: hypotheses, not oracles ----
enum class SignUse { spec, none, after, flipped };
std::vector<double> rotation_with(const Config& config, const float* x, SignUse signs, bool transposed);
void hadamard_in_place(const Config& config, std::vector<double>& x, bool transposed);
// #{k : y >= θ_k ρ}
std::vector<std::uint8_t> codes_with(const std::vector<double>& y, double rho, const std::vector<double>& thresholds);
// Thresholds and codewords at any U in (0, 1): the library's where a dither word gives U, else the reference's.
std::vector<double> thresholds_at(int bits, double u);
std::vector<double> codewords_at(int bits, double u);

// The constant c with got ≈ c·expected in all coordinates (relative to the largest), or NaN.
double common_factor(const std::vector<double>& got, const std::vector<double>& expected, double tolerance);
// "1/√d", "√(n/d)", … or the number.
std::string factor_name(double factor, const Config& config, double norm = 0);

}  // namespace hdq::validate
