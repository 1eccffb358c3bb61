#include "hdq/reference/scheme/entropy_tables.hpp"

#include <algorithm>
#include <cmath>

namespace hdq::reference {
namespace {

// One bucket.
std::vector<std::uint32_t> frequencies(const StepNumbers& step, int bucket) {
  const double w = step.coarse;
  std::vector<double> e;
  for (int c = -step.largest; c <= step.largest; ++c) {
    const double tau = w * (static_cast<double>(128 * c + 63 - 2 * bucket) / 128);
    e.push_back(table_exponential((tau * tau) / (2 + (w * w) / 6)));
  }
  double sum = e[0];
  for (std::size_t i = 1; i < e.size(); ++i) sum += e[i];
  std::vector<std::uint32_t> f;
  for (const double one : e)
    f.push_back(static_cast<std::uint32_t>(std::max(1.0, std::floor((65535 * one) / sum + 0.5))));
  // The middle takes what the others and the escape leave.
  const auto middle = static_cast<std::size_t>(step.largest);
  std::uint32_t others = 0;
  for (std::size_t i = 0; i < f.size(); ++i) others += i == middle ? 0 : f[i];
  f[middle] = frequency_sum - 1 - others;
  f.push_back(1);
  return f;
}

}  // namespace

double table_exponential(double q) {
  const double a = q * 0x1p-10;
  double r = (1 - a) + (a * a) * 0.5;
  for (int i = 0; i < 10; ++i) r = r * r;
  return r;
}

FrequencyTables entropy_tables(const StepNumbers& step) {
  FrequencyTables tables;
  for (int bucket = 0; bucket < offset_buckets; ++bucket) tables.push_back(frequencies(step, bucket));
  return tables;
}

}  // namespace hdq::reference
