// What checks compare with: exact rotations (rounded once, to double), the error bounds of legal orders of additions, and what
// a kernel with a known defect would have computed instead, in double.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hdq/reference/scheme/hadamard.hpp"
#include "hdq/validate/checks/session.hpp"

namespace hdq::validate {

reference::HadamardOrder hadamard_of(const Config& config);

// y = H D x of n floats and x = D Hᵀ y (cut to n) of d floats: exact, then rounded to double.
std::vector<double> exact_rotation(const Config& config, const float* x);
std::vector<double> exact_rotation_back(const Config& config, const float* y);

// ---- what is legal: docs/validate.md, "Legal rounding" ----
// (1 + u)^s − 1, u = 2^-24, rounded up.
double growth(int roundings);
// Roundings that a legal order puts between an input of the transform and an output. Bit exact kernels have the additions of SPEC §5.6.
// Conformant ones have at most d − 1, and five roundings more for products and conversions.
int addition_stages(const Session& session, std::size_t order);
// ((1 + u)^s − 1)·Σ|x_i|, rounded up.
double transform_bound(const Session& session, std::size_t order, double sum_of_magnitudes);
// Of conformant kernels, rounded up; exact_norm is ‖x‖, rho the stored norm, magnitudes a sum over all coordinates.
double legal_norm_bound(std::size_t dimension, double exact_norm);
// How far y_j may be from θ_k·ρ and still be on the other side of it.
double legal_code_bound(const Config& config, double magnitudes_of_x, double rho, double theta);
double legal_decode_bound(std::size_t order, double rho, double magnitudes_of_codewords);
double legal_dot_bound(const Config& config, double magnitudes_of_query, double rho, double magnitudes_of_codewords);
// May some legal order of dot meet a sum that float32 cannot hold?
bool dot_may_overflow(const Config& config, double magnitudes_of_query, double rho, double magnitudes_of_codewords);

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

// One row of output, and of what a hypothesis gives instead: reproduced if all coordinates are within `bound`.
struct Reproduction {
  std::vector<double> got, hypothesis;
  double bound;       // for the hypothesis as it is, not multiplied by anything
  double norm = 1;    // ρ of the row
};
// What a finding on this row shows.
Comparison comparison_of(const Reproduction& row);
// All coordinates of all rows.
bool reproduces(const std::vector<Reproduction>& rows);
// All is right but for what a loop over 2, 4, … 64 lanes leaves, and that is zero.
std::optional<Explanation> explain_zero_tail(const std::vector<Reproduction>& rows);
// The factor f != 1 with got = f·hypothesis in all coordinates of all rows, within the bounds: one that is a power of n, d, 2 and ρ, such as
// "1/√d", by its name, or else a number that is common to at least four coordinates; none if there is none.
struct Factor {
  std::string name;   // "0.25 = 1/√d", "1/ρ", "1.1"
  bool named, of_norm;
};
std::optional<Factor> common_factor(const std::vector<Reproduction>& rows, const Config& config);

}  // namespace hdq::validate
