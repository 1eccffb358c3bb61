// The one precondition that the stages share: 1 to 8 bits per coordinate.
#pragma once

#include "hdq/types.hpp"

namespace hdq::detail {
inline void require_bits(int bits) {
  if (bits < 1 || bits > 8) throw InvalidArgument("bits must be 1 to 8, not " + std::to_string(bits));
}
}  // namespace hdq::detail
