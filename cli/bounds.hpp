// What `hdq bounds`, `hdq-mpi bounds` and `hdq report` share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "command.hpp"
#include "hdq/reference/bounds/certificate.hpp"
#include "hdq/reference/bounds/optimality.hpp"
#include "hdq/reference/bounds/uniform_bound.hpp"

namespace hdq::cli {

// lower <= sup over all d and unit x of N²·MSE <= upper: the ends of a certificate, rounded outward.
struct Bracket {
  std::int64_t levels;
  double lower, upper;
};
Bracket bracket(const reference::BoundCertificate& certificate);

struct BoundsArguments {
  std::string bits, directory;  // bits: "4" or "1..8"
  bool asymptotics = false, json = false;

  BoundsArguments();
  void add_to(Command command);
  std::vector<reference::BoundedQuantizer> quantizers() const;  // of `bits`; UsageError
};

// What was certified: said, and written into the directory, if there is one.
void report_bounds(const BoundsArguments& arguments, const std::vector<reference::BoundCertificate>& shipped,
                   const std::optional<std::vector<reference::BoundCertificate>>& asymptotic,
                   const std::optional<std::vector<reference::OptimalityCertificate>>& optimality);

// Brackets against b beside the limit line and, if any are given, N²·sup − limit against N.
std::string brackets_svg(const std::vector<Bracket>& shipped, const std::vector<Bracket>& asymptotic);

}  // namespace hdq::cli
