// The entropy-coded quantizer of a vector (SPEC §7), exact, given the stored norm ρ: y = H D x is dyadic, z = y/ρ, and all the rest is rational.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/hadamard.hpp"
#include "hdq/reference/scheme/uniform_step.hpp"

namespace hdq::reference {

// Rationals over one denominator > 0.
struct CommonFraction {
  std::vector<Integer> numerators;
  Integer denominator;
  std::size_t size() const { return numerators.size(); }
  Rational operator[](std::size_t i) const { return Rational(numerators[i], denominator); }
  Integer floor(std::size_t i) const;
};

class EntropyCodedQuantizer {
 public:
  // x has n coordinates; signs may be given instead of drawn, for enumeration: d of them.
  EntropyCodedQuantizer(std::size_t n, float step, std::vector<int> epsilon);
  EntropyCodedQuantizer(std::size_t n, float step, std::uint64_t seed);

  std::size_t dimension() const { return n_; }
  const HadamardOrder& order() const { return order_; }
  const StepNumbers& step() const { return step_; }
  const CodeRange& range() const { return range_; }
  const std::vector<int>& epsilon() const { return epsilon_; }

  // z_j/Δ + 2^h·V_j of d coordinates, before anything is brought within a range; rho > 0 and finite. `word` is the row's.
  CommonFraction dithered(const float* x, float rho, std::uint32_t word) const;
  // k_j, within the range of codes in memory; 0 for rho = 0.
  std::vector<std::int64_t> encode(const float* x, float rho, std::uint32_t word) const;
  // ẑ_j of d codes.
  CommonFraction values(const std::vector<std::int64_t>& codes, std::uint32_t word) const;
  // x̂ = (ρ/d)·D Hᵀ ẑ, cut to n.
  CommonFraction decode(const std::vector<std::int64_t>& codes, float rho, std::uint32_t word) const;

 private:
  std::size_t n_;
  HadamardOrder order_;
  StepNumbers step_;
  CodeRange range_;
  std::vector<int> epsilon_;
};

}  // namespace hdq::reference
