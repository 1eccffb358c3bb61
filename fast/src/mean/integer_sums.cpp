#include "mean/integer_sums.hpp"

#include <algorithm>
#include <cmath>

namespace hdq::detail {
namespace {

constexpr std::size_t rows_between_carries = 4000;  // 4000·2^50 + 2^40 < 2^62

void carry(IntegerSums::Bin& bin) {
  constexpr std::int64_t mask = (std::int64_t{1} << IntegerSums::low_bits) - 1;
  for (std::size_t j = 0; j < bin.low.size(); ++j) {
    bin.high[j] += bin.low[j] >> IntegerSums::low_bits;
    bin.low[j] &= mask;
  }
  bin.rows = 0;
}

bool all_zero(const std::vector<std::int64_t>& values) {
  return std::all_of(values.begin(), values.end(), [](std::int64_t value) { return value == 0; });
}

}  // namespace

IntegerSums::Bin& IntegerSums::bin(int index) {
  Bin& b = bins_[index];
  if (b.low.empty()) {
    b.low.assign(count_, 0);
    b.high.assign(count_, 0);
  }
  return b;
}

void IntegerSums::add(const Kernels& kernels, double factor, const float* z) {
  const double most = factor * static_cast<double>(kernels.largest_magnitude(z, count_));
  if (most == 0) return;
  const int index = static_cast<int>(std::floor(std::ilogb(most) / static_cast<double>(bin_bits)));
  Bin& b = bin(index);
  if (b.rows == rows_between_carries) carry(b);
  kernels.add_rounded(z, count_, std::ldexp(factor, unit_bits - bin_bits * index), b.low.data());
  ++b.rows;
}

void IntegerSums::add(const IntegerSums& other) {
  for (const auto& [index, theirs] : other.canonical()) {
    Bin& ours = bin(index);
    carry(ours);
    for (std::size_t j = 0; j < count_; ++j) {
      ours.high[j] += theirs.high[j];
      ours.low[j] += theirs.low[j];
    }
    carry(ours);
  }
}

void IntegerSums::values(std::vector<double>& out) const {
  out.assign(count_, 0.0);
  for (const auto& [index, bin] : canonical()) {
    const double unit = std::ldexp(1.0, bin_bits * index - unit_bits);
    // high is exact in double, and so is its product: the sum is rounded once.
    for (std::size_t j = 0; j < count_; ++j)
      out[j] += (static_cast<double>(bin.high[j]) * 0x1p40 + static_cast<double>(bin.low[j])) * unit;
  }
}

IntegerSums::Bins IntegerSums::canonical() const {
  Bins all;
  for (const auto& [index, bin] : bins_) {
    Bin carried = bin;
    carry(carried);
    if (!all_zero(carried.low) || !all_zero(carried.high)) all.emplace(index, std::move(carried));
  }
  return all;
}

IntegerSums IntegerSums::of(std::size_t count, Bins canonical) {
  IntegerSums sums(count);
  sums.bins_ = std::move(canonical);
  return sums;
}

}  // namespace hdq::detail
