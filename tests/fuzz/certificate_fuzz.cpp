// Certificates of bounds: reading, which is what meets the input. A proof takes seconds and is not begun.
#include <cstdint>
#include <string>

#include "fuzz.hpp"
#include "hdq/reference/bounds/certificate_checker.hpp"
#include "hdq/reference/bounds/optimality_checker.hpp"
#include "hdq/reference/numbers/ball.hpp"

namespace {

void read_optimality(const std::string& text) {
  using namespace hdq;
  try {
    const reference::OptimalityVerdict claims = reference::optimality_claims(text);
    fuzz::require(!claims.accepted, "accepted without a proof");
    fuzz::require_message(claims.reason, "");
    if (!claims.reason.empty()) return;
    fuzz::require(claims.levels >= 2, "levels out of range");
    fuzz::require(
        !(claims.lower > -1e308) || reference::Rational(claims.lower) <= reference::Rational(claims.claimed_lower),
        "a lower end rounded inward");
  } catch (const reference::MalformedCertificate& error) {
    fuzz::require_message(error.what(), "");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hdq;
  using reference::Rational;
  const std::string text(reinterpret_cast<const char*>(data), size);
  read_optimality(text);
  try {
    const reference::CertificateVerdict claims = reference::certificate_claims(text);
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
