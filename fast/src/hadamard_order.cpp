// SPEC §1: the supported orders m·2^k, m in {1, 12, 20, 28}.
#include "base_matrix.hpp"
#include "hdq/stages.hpp"

namespace hdq {

HadamardOrder hadamard_order(std::size_t dimension) {
  constexpr std::size_t largest = std::size_t{1} << 40;
  if (dimension < 1 || dimension > largest) throw InvalidArgument("dimension out of range");
  HadamardOrder best{0, 1, 0};
  for (int base : {1, 12, 20, 28}) {
    HadamardOrder candidate{static_cast<std::size_t>(base), base, 0};
    while (candidate.order < dimension) {
      candidate.order *= 2;
      ++candidate.log2;
    }
    if (best.order == 0 || candidate.order < best.order) best = candidate;
  }
  return best;
}

bool is_hadamard_order(std::size_t order) {
  return order >= 1 && order <= (std::size_t{1} << 40) && hadamard_order(order).order == order;
}

int base_matrix_entry(int base, int row, int column) {
  if ((base != 1 && base != 12 && base != 20 && base != 28) || row < 0 || row >= base || column < 0 || column >= base)
    throw InvalidArgument("base matrix entry out of range");
  return detail::base_entry(base, row, column);
}

}  // namespace hdq
