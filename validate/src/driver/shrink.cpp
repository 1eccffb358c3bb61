#include "hdq/validate/driver/shrink.hpp"

#include <algorithm>
#include <cmath>

namespace hdq::validate {

bool Shrinker::fails(const Case& candidate) {
  if (Clock::now() >= deadline_) return false;
  std::optional<Finding> f = judge_(candidate);
  if (!f || f->defect != finding_.defect) return false;
  best_ = candidate;
  finding_ = std::move(*f);
  return true;
}

bool Shrinker::keep_one_row() {
  const Case all = best_;
  if (all.rows() <= 1) return false;
  for (std::size_t row = 0; row < all.rows(); ++row) {
    Case one = all;
    one.first_row = all.first_row + row;
    one.x.assign(all.row(row), all.row(row) + all.config.dimension);
    if (fails(one)) return true;
  }
  // Several are needed: halve them while that fails too.
  for (std::size_t keep = all.rows() / 2; keep > 1; keep /= 2) {
    Case fewer = best_;
    fewer.x.resize(keep * all.config.dimension);
    if (!fails(fewer)) break;
  }
  return false;
}

bool Shrinker::shorten() {
  const Case longer = best_;
  const std::uint64_t n = longer.config.dimension;
  for (const std::uint64_t shorter : std::initializer_list<std::uint64_t>{std::uint64_t{1}, n / 4, n / 2, 3 * n / 4, n - 1}) {
    if (shorter < 1 || shorter >= n) continue;
    Case c = longer;
    c.config = resize_(shorter, longer.config);
    c.x.clear();
    for (std::size_t row = 0; row < longer.rows(); ++row) c.x.insert(c.x.end(), longer.row(row), longer.row(row) + shorter);
    if (fails(c)) return true;
  }
  return false;
}

// Delta debugging: runs of nonzero coordinates, halving their length.
bool Shrinker::zero_coordinates() {
  bool any = false;
  for (std::size_t run = best_.x.size() / 2; run >= 1; run /= 2) {
    for (std::size_t begin = 0; begin < best_.x.size(); begin += run) {
      const std::size_t end = std::min(begin + run, best_.x.size());
      Case c = best_;
      const auto from = c.x.begin() + static_cast<std::ptrdiff_t>(begin), to = c.x.begin() + static_cast<std::ptrdiff_t>(end);
      if (std::all_of(from, to, [](float v) { return v == 0; })) continue;
      std::fill(from, to, 0.0f);
      any |= fails(c);
    }
  }
  return any;
}

bool Shrinker::plain_numbers() {
  bool any = false;
  const auto try_all = [&](auto plain) {
    Case c = best_;
    for (float& v : c.x) v = plain(v);
    if (c.x != best_.x) any |= fails(c);
  };
  try_all([](float v) { return v == 0 ? v : std::copysign(1.0f, v); });
  try_all([](float v) { return v == 0 ? v : 1.0f; });
  try_all([](float v) { return v == 0 || !std::isfinite(v) ? v : std::ldexp(std::round(std::ldexp(v, 2)), -2); });
  for (std::size_t i = 0; i < best_.x.size() && i < 64; ++i) {
    if (best_.x[i] == 0 || best_.x[i] == 1) continue;
    Case c = best_;
    c.x[i] = 1;
    any |= fails(c);
  }
  return any;
}

bool Shrinker::small_parameters() {
  bool any = false;
  for (const std::uint64_t seed : std::initializer_list<std::uint64_t>{std::uint64_t{0}, std::uint64_t{1}}) {
    Case c = best_;
    if (c.config.seed <= seed) break;
    c.config.seed = seed;
    if (fails(c)) {
      any = true;
      break;
    }
  }
  Case c = best_;
  if (c.first_row != 0) {
    c.first_row = 0;
    any |= fails(c);
  }
  return any;
}

std::pair<Case, Finding> Shrinker::operator()(Case c, Finding f) {
  best_ = std::move(c);
  finding_ = std::move(f);
  keep_one_row();
  for (bool better = true; better && Clock::now() < deadline_;) {
    better = false;
    while (shorten()) better = true;
    better |= small_parameters();
    better |= zero_coordinates();
    better |= plain_numbers();
  }
  return {best_, finding_};
}

}  // namespace hdq::validate
