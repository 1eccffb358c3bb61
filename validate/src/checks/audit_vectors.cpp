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
std::vector<float> hot(std::size_t n, std::initializer_list<float> values, std::mt19937_64& random) {
  std::vector<float> x(n, 0.0f);
  if (n < values.size()) return {};
  for (const float value : values) {
    std::size_t at = random() % n;
    while (x[at] != 0) at = (at + 1) % n;
    x[at] = value;
  }
  return x;
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
  return all;
}

}  // namespace hdq::validate::audit
