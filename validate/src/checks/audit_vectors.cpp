// Vectors for the audit: spread out and concentrated, few and many signs, nothing that is special to one rotation.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "hdq/validate/checks/audit.hpp"
#include "hdq/validate/checks/inputs.hpp"

namespace hdq::validate::audit {

double norm_of(const std::vector<float>& x) {
  double sum = 0;
  for (const float v : x) sum += static_cast<double>(v) * static_cast<double>(v);
  return std::sqrt(sum);
}

double inner(const std::vector<float>& a, const float* b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

namespace {

using Named = std::pair<std::string, std::vector<float>>;

// These values at different random places, the rest 0; nothing where there are too few.
std::vector<float> hot(std::size_t n, const std::vector<float>& values, std::mt19937_64& random) {
  std::vector<float> x(n, 0.0f);
  if (n < values.size()) return {};
  for (const float value : values) {
    std::size_t at = random() % n;
    while (x[at] != 0) at = (at + 1) % n;
    x[at] = value;
  }
  return x;
}

// k nonzero entries that differ, or of one magnitude.
std::vector<float> k_hot(std::size_t n, std::size_t k, bool equal, std::mt19937_64& random) {
  std::vector<float> values(k);
  for (float& value : values) {
    value = equal ? 1.0f : std::uniform_real_distribution<float>(0.3f, 1.2f)(random);
    if (random() % 2 == 0) value = -value;
  }
  return hot(n, values, random);
}

// Small entries, and one three times as large in each block of 16, first or last: for scales of blocks, whose ends a loop may miss.
std::vector<float> peaks(std::size_t n, bool last, std::mt19937_64& random) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> x(n);
  for (std::size_t j = 0; j < n; ++j) x[j] = uniform(random);
  for (std::size_t j = last ? std::min<std::size_t>(n - 1, 15) : 0; j < n; j += 16) x[j] = j % 32 < 16 ? 3.0f : -3.3f;
  return x;
}

// Which of several vectors a configuration has, so that the configurations together have all.
std::size_t turn_of(const Session& s, const Config& config) {
  std::size_t turn = config.dimension > 32 ? 0 : 3;
  for (int bits = 1; bits < static_cast<int>(config.bits); ++bits) turn += s.offers_bits(bits);
  return turn;
}

std::vector<Named> given_rows(const AuditedRows& rows) {
  std::vector<Named> all;
  for (std::size_t row = 0; row * rows.dimension < rows.x.size(); ++row) {
    const float* x = rows.x.data() + row * rows.dimension;
    all.emplace_back(fmt::format("row {}", row), std::vector<float>(x, x + rows.dimension));
  }
  return all;
}

}  // namespace

std::vector<Named> audited_vectors(Session& s, const Config& config) {
  const AuditedRows& rows = s.options().rows;
  if (!rows.x.empty() && rows.dimension == config.dimension) return given_rows(rows);
  const std::size_t n = config.dimension;
  std::vector<Named> all;
  const auto add = [&](std::string name, std::vector<float> x) {
    const bool known = std::any_of(all.begin(), all.end(), [&](const Named& other) { return other.second == x; });
    if (!x.empty() && !known) all.emplace_back(std::move(name), std::move(x));
  };
  for (const Family family : {Family::normal, Family::one_hot, Family::last_hot, Family::two_hot}) {
    std::vector<float> x;
    append_vector(family, config, s.random(), x);
    add(family_name(family), std::move(x));
  }
  add("three-hot", hot(n, {1.0f, -0.6f, 0.8f}, s.random()));
  add("five-hot", hot(n, {1.0f, 0.9f, -0.7f, 0.5f, -1.2f}, s.random()));
  for (const Family family : {Family::k_hot, Family::constant, Family::alternating, Family::ramp, Family::heavy_tailed}) {
    std::vector<float> x;
    append_vector(family, config, s.random(), x);
    add(family_name(family), std::move(x));
  }
  std::vector<float> negative;
  append_vector(Family::normal, config, s.random(), negative);
  for (float& v : negative) v = -std::abs(v) - 0.01f;
  add("negative", std::move(negative));
  add("peaks, last of 16", peaks(n, true, s.random()));
  add("peaks, first of 16", peaks(n, false, s.random()));
  // 2 to 16 nonzero entries, some here and some there; all of them where few bit widths are offered.
  constexpr std::size_t counts = 15;
  int widths = 0;
  for (int bits = 1; bits <= HDQ_KERNEL_MAX_BITS; ++bits) widths += s.offers_bits(bits);
  const std::size_t each = widths <= 2 ? 8 : widths <= 4 ? 4 : 2, turn = turn_of(s, config);
  for (std::size_t i = 0; i < each; ++i) {
    const std::size_t k = 2 + (turn * each + i) % counts, other = 2 + (turn * each + i + 8) % counts;
    add(fmt::format("{}-hot", k), k_hot(n, k, false, s.random()));
    if (i % 2 == 0) add(fmt::format("{}-hot, one magnitude", other), k_hot(n, other, true, s.random()));
  }
  return all;
}

}  // namespace hdq::validate::audit
