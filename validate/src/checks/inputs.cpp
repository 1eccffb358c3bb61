#include "hdq/validate/checks/inputs.hpp"

#include <algorithm>
#include <cmath>

#include "hdq/stages.hpp"
#include "hdq/reference/scheme/philox.hpp"
#include "hdq/validate/checks/oracle.hpp"

namespace hdq::validate {

const char* family_name(Family family) {
  switch (family) {
    case Family::normal: return "normal";
    case Family::one_hot: return "one-hot";
    case Family::last_hot: return "one-hot (last)";
    case Family::two_hot: return "two-hot";
    case Family::k_hot: return "k-hot";
    case Family::constant: return "constant";
    case Family::alternating: return "alternating";
    case Family::hadamard_row: return "row of H D";
    case Family::heavy_tailed: return "heavy-tailed";
    case Family::one_dominates: return "one-dominates";
    case Family::spread: return "spread";
    case Family::ramp: return "ramp";
  }
  return "?";
}

namespace {

void hot(std::vector<float>& x, std::size_t count, std::mt19937_64& random, bool signs) {
  const std::size_t n = x.size();
  for (std::size_t i = 0; i < std::min(count, n); ++i) {
    // Without replacement: the next free place.
    std::size_t at = random() % n;
    while (x[at] != 0) at = (at + 1) % n;
    x[at] = signs && random() % 2 == 0 ? -1.0f : 1.0f;
  }
}

// A pair of std::normal_distribution is 0, 0 once in eight million: 0/0 would be a NaN among the inputs.
float heavy_tail(std::normal_distribution<float>& normal, std::mt19937_64& random) {
  for (;;) {
    const float ratio = normal(random) / normal(random);
    if (!std::isnan(ratio)) return std::clamp(ratio, -1e4f, 1e4f);
  }
}

void row_of_rotation(const Config& config, std::mt19937_64& random, std::vector<float>& x) {
  const std::vector<int> epsilon = reference::signs(config.seed, config.order);
  const std::size_t row = random() % config.order;
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(epsilon[i] * reference::hadamard_entry(hadamard_of(config), row, i));
  }
}

}  // namespace

void append_vector(Family family, const Config& config, std::mt19937_64& random, std::vector<float>& out) {
  const std::size_t n = config.dimension;
  std::vector<float> x(n, 0.0f);
  std::normal_distribution<float> normal;
  switch (family) {
    case Family::normal:
      for (float& v : x) v = normal(random);
      break;
    case Family::one_hot: hot(x, 1, random, false); break;
    case Family::last_hot: x[n - 1] = -1.5f; break;
    case Family::two_hot: hot(x, 2, random, false); break;
    case Family::k_hot: hot(x, static_cast<std::size_t>(std::sqrt(static_cast<double>(n))) + 1, random, true); break;
    case Family::constant: std::fill(x.begin(), x.end(), 0.3f); break;
    case Family::alternating:
      for (std::size_t i = 0; i < n; ++i) x[i] = i % 2 == 0 ? 1.0f : -1.0f;
      break;
    case Family::hadamard_row: row_of_rotation(config, random, x); break;
    case Family::heavy_tailed:
      for (float& v : x) v = heavy_tail(normal, random);
      break;
    case Family::one_dominates:
      for (float& v : x) v = 0.01f * normal(random);
      x[random() % n] = 3.0f;
      break;
    case Family::spread:
      for (float& v : x) v = std::ldexp(normal(random), static_cast<int>(random() % 41) - 20);
      break;
    case Family::ramp:
      for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(i + 1);
      break;
  }
  out.insert(out.end(), x.begin(), x.end());
}

Case structured_case(const Config& config, std::mt19937_64& random) {
  Case c{config, random() % 1000, {}};
  for (const Family family : all_families) append_vector(family, config, random, c.x);
  return c;
}

Case threshold_case(const Config& config, std::uint64_t first_row, std::size_t rows, std::mt19937_64& random) {
  Case c{config, first_row, {}};
  const std::size_t n = config.dimension;
  const double d = static_cast<double>(config.order), limit = std::sqrt(d) * 0.99;
  const std::vector<int> epsilon = reference::signs(config.seed, config.order);
  for (std::size_t r = 0; r < rows; ++r) {
    std::vector<double> thetas((std::size_t{1} << config.bits) - 1);
    hdq::thresholds(static_cast<int>(config.bits), reference::dither_word(config.seed, first_row + r), thetas.data());
    const double theta = std::clamp(thetas[random() % thetas.size()], -limit, limit);
    // x = D (cos·row 0 + sin·row 1 of H)/√d has norm 1 and z_0 = √d·cos.
    const double cosine = theta / std::sqrt(d), sine = std::sqrt(1 - cosine * cosine);
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
      const double h0 = reference::hadamard_entry(hadamard_of(config), 0, i), h1 = reference::hadamard_entry(hadamard_of(config), 1, i);
      x[i] = static_cast<float>(epsilon[i] * (cosine * h0 + sine * h1) / std::sqrt(d));
    }
    const auto steps = static_cast<int>(random() % 9) - 4;
    for (int s = 0; s < std::abs(steps); ++s) x[0] = std::nextafter(x[0], steps > 0 ? 10.0f : -10.0f);
    c.x.insert(c.x.end(), x.begin(), x.end());
  }
  return c;
}

std::vector<std::uint64_t> hadamard_orders(std::uint64_t largest) {
  std::vector<std::uint64_t> orders;
  for (const std::uint64_t base : std::initializer_list<std::uint64_t>{1, 12, 20, 28}) {
    for (std::uint64_t d = base; d <= largest; d *= 2) orders.push_back(d);
  }
  std::sort(orders.begin(), orders.end());
  return orders;
}

}  // namespace hdq::validate
