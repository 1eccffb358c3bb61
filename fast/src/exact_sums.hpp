// Sums over two float32 vectors, in double, the same bits on every instruction set.
#pragma once

#include <cstddef>

#include "hdq/types.hpp"

namespace hdq::detail {

double exact_product(const float* q, const float* x, std::size_t n, Isa isa);
double exact_squared_distance(const float* q, const float* x, std::size_t n, Isa isa);

}  // namespace hdq::detail
