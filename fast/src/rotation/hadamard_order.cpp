// SPEC §1: the supported orders m·2^k, m in {1, 12, 20, 28}.
#include <bit>

#include "hdq/stages.hpp"
#include "kernels.hpp"
#include "rotation/base_matrix.hpp"

namespace hdq {

namespace {
constexpr std::size_t largest = std::size_t{1} << 40;
}

HadamardOrder hadamard_order(std::size_t dimension) {
  if (dimension < 1 || dimension > largest) throw InvalidArgument("dimension out of range");
  HadamardOrder best{0, 1, 0};
  for (int base : {1, 12, 20, 28}) {
    const auto m = static_cast<std::size_t>(base);
    const std::size_t blocks = std::bit_ceil((dimension + m - 1) / m);
    const HadamardOrder candidate{m * blocks, base, std::countr_zero(blocks)};
    if (best.order == 0 || candidate.order < best.order) best = candidate;
  }
  return best;
}

std::optional<HadamardOrder> detail::exact_hadamard_order(std::size_t order) {
  if (order < 1 || order > largest) return std::nullopt;
  const int twos = std::countr_zero(order);
  const std::size_t odd = order >> twos;
  if (odd == 1) return HadamardOrder{order, 1, twos};
  if (twos >= 2 && (odd == 3 || odd == 5 || odd == 7)) return HadamardOrder{order, 4 * static_cast<int>(odd), twos - 2};
  return std::nullopt;
}

bool is_hadamard_order(std::size_t order) { return detail::exact_hadamard_order(order).has_value(); }

int base_matrix_entry(int base, int row, int column) {
  if ((base != 1 && base != 12 && base != 20 && base != 28) || row < 0 || row >= base || column < 0 || column >= base)
    throw InvalidArgument("base matrix entry out of range");
  return detail::base_entry(base, row, column);
}

}  // namespace hdq
