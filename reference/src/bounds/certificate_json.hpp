// How the checkers of certificates read them. Nothing here is used by what finds and proves bounds.
#pragma once

#include <boost/multiprecision/gmp.hpp>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace hdq::reference {

using Fraction = boost::multiprecision::number<boost::multiprecision::gmp_rational, boost::multiprecision::et_off>;

// Well-formed, but not accepted. One line.
struct Rejected : std::runtime_error {
  using std::runtime_error::runtime_error;
};
void require(bool condition, const std::string& reason);

// What `fill` makes of a verdict; if it throws Rejected, that reason.
template <typename Verdict, typename Fill>
Verdict verdict_by(const Fill& fill) {
  Verdict verdict;
  try {
    fill(verdict);
  } catch (const Rejected& rejected) {
    verdict.reason = rejected.what();
  }
  return verdict;
}

// These throw MalformedCertificate (certificate_checker.hpp).
// The library keeps the last of several equal keys; a reader may see the first. Here a key stands once.
nlohmann::json parse_json(const std::string& text);
const nlohmann::json& field(const nlohmann::json& object, const char* name);
Fraction fraction(const nlohmann::json& object, const char* name);  // "n/d" or "n", canonical

}  // namespace hdq::reference
