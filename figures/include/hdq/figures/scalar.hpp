// The dithered scalar quantizer at one number (SPEC §3).
#pragma once

#include <cstdint>
#include <string>

#include "hdq/figures/notation.hpp"

namespace hdq::figures {

struct ScalarQuery {
  int bits = 0;              // the library's generator, or
  std::int64_t levels = 0;   // one of N levels
  std::string sigma, kappa;  // with these parameters, decimals or fractions
  std::string z;             // the number, a decimal or fraction
  std::string u;             // the dither in (0, 1), or empty
};

// M(z) ("mse") and, at a dither, thresholds, codewords, the code of z and what it decodes to. UsageError; io::BadInput where z lies on a threshold.
Notation::Json scalar(const ScalarQuery& query, const Notation& notation, const Advance& advance = {});

}  // namespace hdq::figures
