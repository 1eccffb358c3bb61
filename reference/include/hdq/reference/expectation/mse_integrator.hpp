// E‖x̂ − x‖²/‖x‖² as an enclosure, for any vector, scheme and rotation (SPEC §4): E M(z) over the law of a rotated coordinate z,
//   hd     z = Σ ε_i x_i/‖x‖, one HD;      hdhd   two;      dense   a Haar rotation;      limit   z normal;
//   none   z = x_i √n/‖x‖, of codebooks (Scheme::codebook): nothing is random.
//
//   MseIntegrator integrator(Scheme::dithered, Generator::shipped(4));
//   Expectation e = integrator.hd(RademacherSum(x));     // e.value: the ball; e.method: how it was found
//
// Laws of signs are summed exactly where their sums are few enough (RademacherLaw), otherwise M is replaced by functions
// whose expectation is a product (MomentApproximation). Not for several threads at once: it fills itself as needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/codebook.hpp"
#include "hdq/reference/scheme/generator.hpp"
#include "hdq/reference/laws/moment_approximation.hpp"
#include "hdq/reference/scheme/mse_expansion.hpp"
#include "hdq/reference/laws/rademacher_sum.hpp"
#include "hdq/reference/scheme/scalar_rule.hpp"

namespace hdq::reference {

enum class Rotation { hd, hdhd, dense, limit, none };
const char* rotation_name(Rotation rotation);

struct Expectation {
  Ball value;
  std::string method;  // for people: "sum over 4096 sign patterns", "normal integral", …
};

// An expectation that no method encloses usefully in affordable time; what() says which and why.
struct Unaffordable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class MseIntegrator {
 public:
  // Comparators take only N from the generator. `digits` is what sums and integrals aim at; the ball tells what was reached.
  MseIntegrator(Scheme scheme, const Generator& generator, int digits = 15);
  MseIntegrator(Scheme scheme, int bits, int digits = 15) : MseIntegrator(scheme, Generator::shipped(bits), digits) {}
  // Somebody's codebook with x̂ = ‖x‖/√d·c (ScaleRule::norm). `dimension`: of the rotated vector, if the codebook's unit asks for it.
  // The scheme is Scheme::codebook. Throws std::invalid_argument (Codebook::check).
  MseIntegrator(const Codebook& codebook, std::uint64_t dimension, int digits = 15);
  ~MseIntegrator();

  Scheme scheme() const { return scheme_; }
  std::int64_t levels() const { return levels_; }
  int digits() const { return digits_; }

  Ball mse(const Ball& z);  // M(z) of the scheme, z narrow

  Expectation limit();
  Expectation dense(std::uint64_t dimension);
  Expectation hd(const RademacherSum& sum);
  // x is padded with zeros to the next supported Hadamard order (SPEC §1).
  Expectation hdhd(std::span<const double> x);
  Expectation none(std::span<const double> x);  // Scheme::codebook; the unit is that of dimension x.size()
  Expectation operator()(Rotation rotation, std::span<const double> x);  // dense: in dimension x.size()

  // Dithered only: the parts, for those who integrate something else or optimize over x.
  MseExpansion& expansion();
  const MomentApproximation& moment_approximation();

 private:
  Scheme scheme_;
  std::int64_t levels_;
  std::optional<Generator> generator_;                          // dithered
  int digits_;
  slong bits_;
  bool continuous_ = true;                                      // M; a codebook's jumps where thresholds are no midpoints
  std::unique_ptr<MseExpansion> expansion_;                     // dithered
  std::unique_ptr<MomentApproximation> moment_approximation_;   // dithered, when first needed
  std::unique_ptr<ScalarRule> rule_;                            // comparators, codebooks
  std::unique_ptr<Codebook> codebook_;                          // codebooks
};

}  // namespace hdq::reference
