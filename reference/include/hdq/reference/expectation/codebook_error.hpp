// The error and bias of a codebook that somebody else made (scheme/codebook.hpp), as enclosures, over a law of the coordinate z or for
// a given vector without rotation. Everything follows from two moments of z and its codeword c, E z² = 1:
//   A = E c²,   B = E z c.
//   rule            ‖x̂ − x‖²/‖x‖²      ⟨x, x̂⟩/‖x‖²
//   norm            1 − 2B + A          B
//   matched norm    2 − 2B/√A           B/√A
//   unbiased        A/B² − 1            1
//   least squares   1 − B²/A            B²/A
// For a vector E is the mean over its coordinates z_i = x_i √n/‖x‖, and the table is exact. For a law, z is a coordinate of the rotated
// vector: the first row is the expectation in every dimension (theorem 5.1: the error of x̂ is the mean over coordinates), with the
// sphere's law for a Haar rotation and the normal law in the limit; the other rows are what they tend to as d → ∞, when the means
// over coordinates of c² and z c tend to A and B.
//
// The least that any codebook with N levels has is, with D the distortion of the Lloyd–Max quantizer of the law: D by the first and last
// rule, D/(1 − D) by the unbiased one, 2 − 2√(1 − D) by the matched norm: the last three grow with 1 − B²/A = min_s E (z − s c)² >= D.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/codebook.hpp"
#include "hdq/reference/scheme/lloyd_max.hpp"

namespace hdq::reference {

// The law of z: normal (0), or that of a coordinate of the sphere in this dimension >= 1.
struct CodebookLaw {
  std::uint64_t sphere = 0;
};

struct CodebookMoments {
  std::vector<Ball> share;         // P(code), by code
  std::vector<Ball> partial_mean;  // E[z; code]
  Ball mean;                       // E c
  Ball energy;                     // A
  Ball correlation;                // B
};

// `scale`: from the codebook's numbers to z (Codebook::unit.scale), at working precision.
CodebookMoments codebook_moments(const Codebook& codebook, const Ball& scale, CodebookLaw law);

// Of vectors without rotation, in dimension n; ties are decided exactly. The vectors are finite.
class CodebookOnVectors {
 public:
  CodebookOnVectors(const Codebook& codebook, std::size_t dimension);
  // Nothing for the zero vector.
  std::optional<CodebookMoments> operator()(std::span<const double> x) const;

 private:
  class Row;
  std::size_t code_of(double z, double x, Row& row) const;

  std::size_t dimension_;
  CodebookCells cells_;
  Rational scale_squared_;
  std::vector<Ball> codewords_;        // times scale
  std::vector<double> lower_, upper_;  // of the cells' bounds times scale
};

// Expectations over the signs of one HD of error and ⟨x, x̂⟩/‖x‖², by each rule in the order of its enumeration: an exact sum over all sign
// patterns, each of them a vector as above. x is padded to the next Hadamard order (SPEC §1), which is the dimension of the unit. Its
// coordinates are integers up to 2^20, at most 16 of them nonzero, one at least; otherwise std::invalid_argument.
struct CodebookOverSigns {
  std::array<Ball, 4> error, correlation;
};
CodebookOverSigns codebook_over_signs(const Codebook& codebook, std::span<const double> x);

Ball scaled_error(ScaleRule rule, const CodebookMoments& moments);        // ‖x̂ − x‖²/‖x‖²
Ball scaled_correlation(ScaleRule rule, const CodebookMoments& moments);  // ⟨x, x̂⟩/‖x‖²
// What the Lloyd–Max quantizer with this distortion has: the least by each rule.
Ball least_error(ScaleRule rule, const Ball& distortion);

// All codewords and thresholds times `factor`.
Codebook multiple_of(const Codebook& codebook, const Rational& factor);
// The multiple with the least error by this rule over the law, to four digits, found by a search in double: nothing is proved of it
// but the error that codebook_moments gives. The factor is 1 where none that was tried is better. Not for sphere = 1.
Rational best_multiple(const Codebook& codebook, double scale, CodebookLaw law, ScaleRule rule);

}  // namespace hdq::reference
