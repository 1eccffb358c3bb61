// A second opinion on a certificate of a uniform bound (certificate.hpp). It shares no code with what found and
// proved the bound, rests on MPFI and MPFR instead of Arb, on Taylor models instead of derivative enclosures, and needs no
// closed form for z or M. Everything it does is in certificate_checker.cpp, to be read in one sitting.
#pragma once

#include <stdexcept>
#include <string>

namespace hdq::reference {

// Not a certificate at all: wrong JSON, a missing or ill-typed field. One line.
struct MalformedCertificate : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct CertificateVerdict {
  bool accepted = false;
  std::string reason;            // why not, one line; empty if accepted
  long long levels = 0;          // what was claimed …
  double lower = 0, upper = 0;
  double proved_lower = 0, proved_upper = 0;  // … and what the checker proves, rounded outward
  int cells = 0;                 // windows were covered by so many Taylor models
};

CertificateVerdict check_certificate(const std::string& json);

}  // namespace hdq::reference
