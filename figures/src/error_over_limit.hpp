// An error of a quantizer with N levels beside the limit of many levels (SPEC §5.7), at working precision.
#pragma once

#include <cstdint>

#include "hdq/figures/notation.hpp"

namespace hdq::figures {

struct ErrorOverLimit {
  reference::Ball times_levels_squared, over_limit;  // N² times the error, 4^b for N = 2^b; and that over π√3/2

  ErrorOverLimit(const reference::Ball& error, std::int64_t levels)
      : times_levels_squared(error * square(reference::Ball(levels))),
        over_limit(times_levels_squared / error_limit()) {}
};

}  // namespace hdq::figures
