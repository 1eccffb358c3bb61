// In-place transforms of rows that stay in cache, in nanoseconds per element.
#pragma once

#include <cstddef>
#include <functional>

#include "figure.hpp"

namespace hdq::bench {

// A pass applies in_place to each of a few rows of length `order` (a power of two times little; together 16 KiB, or one row), several
// times. The norm of a row grows by the square root of `order` each time: before a pass, and outside its time, the rows are restored.
Trial hot_rows(std::size_t order, std::function<void(float*)> in_place);

}  // namespace hdq::bench
