// A second opinion on a certificate of a uniform bound (certificate.hpp). It shares no code with what found and
// proved the bound, rests on MPFI and MPFR instead of Arb, on Taylor models instead of derivative enclosures, and needs no
// closed form for z or M. Everything it does is in certificate_checker.cpp, to be read in one sitting; certificate_json.cpp reads the file.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace hdq::reference {

// Limits of what is looked at, far above what a bound needs: the shipped ones have 4 KB, 6 terms and 400 windows at most.
inline constexpr std::size_t largest_certificate = std::size_t{1} << 20;  // bytes
inline constexpr std::size_t largest_term_count = 64;                     // of each kind
inline constexpr int largest_cell_count = 8000;

// Not a certificate at all: wrong JSON, a key given twice, a missing or ill-typed field, a limit exceeded. One line.
struct MalformedCertificate : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The "format" that the text says it has; throws MalformedCertificate where it says none.
std::string certificate_format(const std::string& json);

struct CertificateVerdict {
  bool accepted = false;
  std::string reason;            // why not, one line; empty if accepted
  long long levels = 0;          // what was claimed …
  std::string sigma_squared, kappa, claimed_lower, claimed_upper;  // as "n/d", canonical
  double lower = 0, upper = 0;   // rounded outward
  double proved_lower = 0, proved_upper = 0;  // … and what the checker proves, rounded outward
  int cells = 0;                 // windows were covered by so many Taylor models
};

CertificateVerdict check_certificate(const std::string& json);

// Its first step, without a proof: what is claimed. accepted stays false; reason says what is out of range, if anything.
CertificateVerdict certificate_claims(const std::string& json);

}  // namespace hdq::reference
