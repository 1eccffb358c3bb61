// Certificates of uniform bounds: reading, which is what meets the input. A proof takes seconds and is not begun.
#include <cstdint>

#include "fuzz.hpp"
#include "hdq/reference/bounds/certificate_checker.hpp"
#include "hdq/reference/numbers/ball.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hdq;
  using reference::Rational;
  try {
    const reference::CertificateVerdict claims = reference::certificate_claims({reinterpret_cast<const char*>(data), size});
    fuzz::require(!claims.accepted, "accepted without a proof");
    fuzz::require_message(claims.reason, "");
    if (!claims.reason.empty()) return 0;
    fuzz::require(claims.levels >= 2, "levels out of range");
    fuzz::require(Rational(claims.kappa) > 0 && Rational(claims.sigma_squared) > 0, "sigma or kappa out of range");
    // Rounded outward; beyond double, to infinity or 0.
    const Rational lower(claims.claimed_lower), upper(claims.claimed_upper);
    fuzz::require(!(claims.lower > -1e308) || Rational(claims.lower) <= lower, "a lower end rounded inward");
    fuzz::require(!(claims.upper < 1e308) || Rational(claims.upper) >= upper, "an upper end rounded inward");
  } catch (const reference::MalformedCertificate& error) {
    fuzz::require_message(error.what(), "");
  }
  return 0;
}
