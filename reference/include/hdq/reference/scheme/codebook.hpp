// A scalar codebook that somebody else made: codewords c_0 … c_{N−1}, thresholds θ_1 … θ_{N−1} or none, and the unit in which its
// numbers are meant. Numbers are kept exact, as they were printed or stored.
//
// A coordinate u of the rotated vector over its norm (y_i/(‖x‖√d) in the notation of SPEC §1) has the size 1/√d, and z = √d·u
// variance one. A number t of the codebook stands for u = t·unit, that is for z = t·unit·√d:
//   unit 1/√d     a table for coordinates of variance one, as Lloyd's for N(0, 1);
//   unit 1        a table for the coordinates of unit vectors, as Lloyd's for N(0, 1/d) or the sphere;
//   another       a scale of the table's own.
//
// Encoding.  With thresholds: code = #{k : z >= θ_k} (or >, by `tie`), decoded to c_code whatever the order of codewords. Without
// them: the nearest codeword; of two equally near ones the upper (or lower).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/scalar_rule.hpp"

namespace hdq::reference {

// What a decoder multiplies by, for ŵ the vector of codewords c(z_i) and ‖z‖² = d; x̂ before the inverse rotation is
enum class ScaleRule {
  norm,           // ‖x‖/√d·ŵ
  matched_norm,   // ‖x‖·ŵ/‖ŵ‖: x̂ has the norm of x
  unbiased,       // ‖x‖√d·ŵ/⟨ŵ, z⟩: ⟨x, x̂⟩ = ‖x‖²
  least_squares,  // ‖x‖·⟨ŵ, z⟩/(√d‖ŵ‖²)·ŵ: the least error that a factor can leave
};
const char* scale_rule_name(ScaleRule rule);  // "norm", "matched-norm", "unbiased", "least-squares"

// 1/√d, or a number > 0.
struct CodebookUnit {
  bool per_root_dimension = true;  // 1/√d; `number` counts otherwise
  Rational number = 1;

  // "1/sqrt(d)", "1", "0.5", "3/128"; throws std::invalid_argument.
  static CodebookUnit parse(const std::string& text);
  std::string text() const;
  // unit·√d, from the codebook's numbers to z, at working precision; and its square, exactly. Any dimension does for 1/√d.
  Ball scale(std::uint64_t dimension) const;
  Rational scale_squared(std::uint64_t dimension) const;
};

struct Codebook {
  enum class Tie { up, down };
  static constexpr std::size_t max_levels = 65536;

  std::vector<Rational> codewords;   // by code; 2 <= N <= max_levels
  std::vector<Rational> thresholds;  // θ_1 … θ_{N−1}, not decreasing; or none
  CodebookUnit unit = {};
  Tie tie = Tie::up;

  std::size_t levels() const { return codewords.size(); }
  // Throws std::invalid_argument that names the entry at fault: how many there are, thresholds that decrease, a unit <= 0.
  void check() const;
};

// The cells on the line, from −∞ to ∞: `codes[i]` from bounds[i − 1] to bounds[i]. Numbers are the codebook's own, before its unit.
// Codes that no number gets (equal thresholds, equal codewords) are missing.
struct CodebookCells {
  std::vector<std::size_t> codes;
  std::vector<Rational> bounds;  // strictly ascending, one less than codes
  Codebook::Tie tie;

  // The code of z, given z² and its sign (z = x_i √d/‖x‖ has a rational square); decided exactly.
  std::size_t encode(const Rational& z_squared, bool negative, const Rational& scale_squared) const;
};
CodebookCells cells_of(const Codebook& codebook);
// Is every bound of the cells exactly halfway between the codewords beside it, so that M is continuous?
bool has_midpoints(const Codebook& codebook);

// M and the mean of the codebook's rule for a symmetric law of z (SPEC §6): (M(z) + M(−z))/2 and (Q(z) − Q(−z))/2, which have the
// expectations of M(z), and times z of z·Q(z). `scale`: from the codebook's numbers to z. Where thresholds are no midpoints, M jumps.
ScalarRule codebook_rule(const Codebook& codebook, const Ball& scale);
// (Q(z)² + Q(−z)²)/2, piecewise constant: E Q² over a symmetric law.
PiecewisePolynomial codebook_energy(const Codebook& codebook, const Ball& scale);

}  // namespace hdq::reference
