// What `hdq bounds` and `hdq report` share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hdq/reference/bounds/certificate.hpp"
#include "hdq/reference/bounds/uniform_bound.hpp"

namespace hdq::cli {

// lower <= sup over all d and unit x of N²·MSE <= upper: the ends of a certificate, rounded outward.
struct Bracket {
  std::int64_t levels;
  double lower, upper;
};
Bracket bracket(const reference::BoundCertificate& certificate);

// Brackets against b beside the limit line and, if any are given, N²·sup − limit against N.
std::string brackets_svg(const std::vector<Bracket>& shipped, const std::vector<Bracket>& asymptotic);

}  // namespace hdq::cli
