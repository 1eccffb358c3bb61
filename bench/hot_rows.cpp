#include "hot_rows.hpp"

#include <algorithm>
#include <cmath>

#include "data.hpp"
#include "machine.hpp"

namespace hdq::bench {

Trial hot_rows(std::size_t order, std::function<void(float*)> in_place) {
  const std::size_t rows = std::max<std::size_t>(4096 / order, 1), size = rows * order;
  // From below 2^-20 to below 2^100.
  const auto rounds = static_cast<std::size_t>(100 / (std::log2(static_cast<double>(order)) / 2));
  auto original = structured_rows(rows, order);
  for (float& value : original) value *= 0x1p-40f;
  auto scratch = std::make_shared<Buffer>(size * sizeof(float));
  Trial trial;
  trial.amount = static_cast<double>(size * rounds);
  trial.pass = [=, original = std::move(original), in_place = std::move(in_place)] {
    float* x = scratch->as<float>();
    std::copy(original.begin(), original.end(), x);
    return seconds([&] {
      for (std::size_t i = 0; i < rounds; ++i)
        for (std::size_t row = 0; row < rows; ++row) in_place(x + row * order);
    });
  };
  return trial;
}

}  // namespace hdq::bench
