// What a property returns, and the tail bounds that properties on random numbers use.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

namespace hdq::properties {

struct [[nodiscard]] Result {
  std::string message;  // of the first violation; empty if the property holds
  explicit operator bool() const { return message.empty(); }
};
inline std::ostream& operator<<(std::ostream& out, const Result& result) {
  return out << (result ? std::string("holds") : result.message);
}

inline constexpr double false_alarm = 1e-9;  // probability, per property

template <class... Parts>
Result violated(const Parts&... parts) {
  std::ostringstream text;
  text.precision(9);
  (text << ... << parts);
  return {text.str()};
}

using Vector = std::vector<float>;

inline double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

// The median of means of groups. If each sample has mean 0 and variance at most v, then
//   |median of k group means| <= 2 √(v k/samples)   but with probability exp(−k/8):
// a group is farther off with probability at most 1/4 (Chebyshev), and the median is only if half the groups are (Hoeffding).
class MedianOfMeans {
 public:
  static std::size_t groups() { return static_cast<std::size_t>(std::ceil(8 * std::log(1 / false_alarm))); }  // 166
  // samples: a multiple of groups().
  static double estimate(const std::vector<double>& samples) {
    const std::size_t k = groups(), size = samples.size() / k;
    std::vector<double> means(k);
    for (std::size_t i = 0; i < k * size; ++i) means[i % k] += samples[i] / static_cast<double>(size);
    std::nth_element(means.begin(), means.begin() + static_cast<std::ptrdiff_t>(k / 2), means.end());
    return means[k / 2];
  }
  static double radius(double variance, std::size_t samples) {
    const std::size_t size = samples / groups();
    return 2 * std::sqrt(variance / static_cast<double>(size));
  }
};

}  // namespace hdq::properties
