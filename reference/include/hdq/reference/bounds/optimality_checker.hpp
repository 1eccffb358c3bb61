// A second opinion on a certificate of optimality (optimality.hpp). It shares no code with what found and proved the bound. Apart from
// the normal law at the ends of the cells, from MPFR with directed rounding, it computes in integers alone: probabilities are
// multiples of 2^-256, rounded down in D_N(ζ), which decreases with them, and up in E(ζ − z)².
#pragma once

#include <cstddef>
#include <string>

#include "hdq/reference/bounds/certificate_checker.hpp"

namespace hdq::reference {

inline constexpr const char* optimality_format = "hdq-optimality-certificate";

// Limits of what is looked at, far above what a bound needs: the shipped ones have 6144 cells on a side and a million pairs at most.
inline constexpr std::size_t largest_surrogate = std::size_t{1} << 15;  // cells on z > 0
inline constexpr std::size_t largest_pair_count = 5'000'000;

struct OptimalityVerdict {
  bool accepted = false;
  std::string reason;         // why not, one line; empty if accepted
  long long levels = 0;       // what was claimed …
  std::string claimed_lower;  // as "n/d", canonical
  double lower = 0;           // rounded down
  double proved_lower = 0;    // … and what the checker proves, rounded down
  std::size_t cells = 0;      // on the whole line
};

// Throws MalformedCertificate for what is no certificate of optimality at all.
OptimalityVerdict check_optimality(const std::string& json);
// Its first step, without a proof: what is claimed. accepted stays false; reason says what is out of range, if anything.
OptimalityVerdict optimality_claims(const std::string& json);

}  // namespace hdq::reference
