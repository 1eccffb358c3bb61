#include "hdq/figures/verification.hpp"

#include "hdq/io/bad_input.hpp"
#include "hdq/io/input.hpp"
#include "hdq/io/text.hpp"
#include "hdq/reference/bounds/certificate_checker.hpp"
#include "hdq/reference/bounds/optimality_checker.hpp"

namespace hdq::figures {

using Json = Notation::Json;
using reference::Rational;

namespace {

template <class Verdict>
Json begin(const std::string& path, const Verdict& v) {
  return {{"file", io::printable(path)}, {"accepted", v.accepted}, {"reason", v.reason}, {"levels", v.levels}};
}

// What is claimed: as it stands in exact notation, unless it was not read, otherwise what the checker made of it.
Json claim(const Notation& notation, const std::string& exact, const Json& otherwise) {
  return notation.is_exact() && !exact.empty() ? notation.fraction(Rational(exact)) : otherwise;
}

Json describe(const std::string& path, const reference::CertificateVerdict& v, const Notation& notation) {
  Json result = begin(path, v);
  result["sigma_squared"] = claim(notation, v.sigma_squared, v.sigma_squared);
  result["kappa"] = claim(notation, v.kappa, v.kappa);
  result["claimed"] = {{"lower", claim(notation, v.claimed_lower, v.lower)},
                       {"upper", claim(notation, v.claimed_upper, v.upper)}};
  result["proved"] = {{"lower", v.proved_lower}, {"upper", v.proved_upper}};
  result["cells"] = v.cells;
  return result;
}

Json describe(const std::string& path, const reference::OptimalityVerdict& v, const Notation& notation) {
  Json result = begin(path, v);
  result["claimed"] = {{"lower", claim(notation, v.claimed_lower, v.lower)}};
  result["proved"] = {{"lower", v.proved_lower}};
  result["cells"] = v.cells;
  return result;
}

}  // namespace

Json verify_certificate(const std::string& path, const Notation& notation) {
  try {
    const std::string text = io::read_text(path, reference::largest_certificate);
    if (reference::certificate_format(text) == reference::optimality_format)
      return describe(path, reference::check_optimality(text), notation);
    return describe(path, reference::check_certificate(text), notation);
  } catch (const reference::MalformedCertificate& malformed) {
    throw io::BadInput(path + ": " + malformed.what());
  }
}

}  // namespace hdq::figures
