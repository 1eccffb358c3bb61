// SPEC §1: the transform and its transpose against the exact H D x, within the bound of a legal order of additions (SPEC §5.6).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hdq/reference/scheme/philox.hpp"
#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/oracle.hpp"

namespace hdq::validate {
namespace {

using Values = std::vector<double>;

struct Explanation {
  std::string defect, what;
};

// One row that is wrong: input of n (or d) floats, what came, what should have.
struct Row {
  const Config& config;
  const float* input;
  Values got, exact;
  bool back;
};

bool alike(const Values& got, const Values& hypothesis) {
  const double factor = common_factor(got, hypothesis, 1e-4);
  return std::abs(factor - 1) < 1e-4;
}

// The rows of H as the kernel has it, from d one-hot inputs; two of them that are not orthogonal.
std::optional<std::string> not_orthogonal(Session& s, const Config& config, bool back) {
  if (config.order > 128) return std::nullopt;
  Config full = config;
  full.dimension = config.order;
  const std::size_t d = config.order;
  std::vector<float> identity(d * d, 0.0f);
  for (std::size_t i = 0; i < d; ++i) identity[i * d + i] = 1;
  const std::vector<float> columns = back ? s.transform_transposed(full, identity) : s.transform(full, identity);
  for (std::size_t a = 0; a < d; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      double product = 0;
      for (std::size_t j = 0; j < d; ++j) product += static_cast<double>(columns[a * d + j]) * static_cast<double>(columns[b * d + j]);
      if (std::abs(product) > 0.5) {
        return fmt::format("the kernel's H of order {} is not orthogonal: columns {} and {} have inner product {:.6g}", d, b, a, product);
      }
    }
  }
  return std::nullopt;
}

std::optional<Explanation> explain_signs(const Row& r) {
  if (r.back) return std::nullopt;
  if (alike(r.got, rotation_with(r.config, r.input, SignUse::none, false))) return Explanation{"signs-after-h-or-none", "the output is H x: no signs"};
  if (alike(r.got, rotation_with(r.config, r.input, SignUse::after, false))) {
    return Explanation{"signs-after-h-or-none", "the output is D H x: signs after H randomize nothing"};
  }
  if (alike(r.got, rotation_with(r.config, r.input, SignUse::flipped, false))) return Explanation{"wrong-stream", "every sign is flipped"};
  return std::nullopt;
}

// What x the output would be right for: D Hᵀ y/d over all d coordinates.
Values preimage(const Row& r) {
  Values x = r.got;
  hadamard_in_place(r.config, x, true);
  const std::vector<int> epsilon = reference::signs(r.config.seed, r.config.order);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] *= epsilon[i] / static_cast<double>(r.config.order);
  return x;
}

std::optional<Explanation> explain_preimage(const Row& r) {
  if (r.back) return std::nullopt;
  const Values x = preimage(r);
  double largest = 0;
  for (std::size_t i = 0; i < r.config.dimension; ++i) largest = std::max(largest, std::abs(static_cast<double>(r.input[i])));
  bool magnitudes = true, inside = true;
  std::vector<bool> flipped;
  std::size_t padded = 0, dropped = 0, first_dropped = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double expected = i < r.config.dimension ? static_cast<double>(r.input[i]) : 0;
    if (!(std::abs(std::abs(x[i]) - std::abs(expected)) <= 1e-4 * largest)) magnitudes = false;
    flipped.push_back(x[i] * expected < 0);
    if (std::abs(x[i] - expected) <= 1e-4 * largest) continue;
    if (i >= r.config.dimension) ++padded;
    else inside = false;
    if (i < r.config.dimension && std::abs(x[i]) <= 1e-4 * largest && dropped++ == 0) first_dropped = i;
  }
  if (inside && padded > 0) return Explanation{"padded-dimensions", fmt::format("the padding is not zero: {} of the coordinates past n enter", padded)};
  if (dropped > 0 && !magnitudes && first_dropped + 64 > r.config.dimension) {
    return Explanation{"tail-of-a-simd-loop", fmt::format("input coordinate {} of {} and {} more do not enter", first_dropped, r.config.dimension, dropped - 1)};
  }
  if (!magnitudes) return std::nullopt;
  for (std::size_t period = 1; period <= x.size() / 2; period *= 2) {
    // The signs that the kernel used, where x shows them.
    const std::vector<int> epsilon = reference::signs(r.config.seed, r.config.order);
    std::vector<int> used(x.size());
    for (std::size_t i = 0; i < r.config.dimension; ++i) used[i] = r.input[i] == 0 ? 0 : flipped[i] ? -epsilon[i] : epsilon[i];
    bool repeats = true;
    for (std::size_t i = period; i < r.config.dimension && repeats; ++i) repeats = used[i] * used[i % period] >= 0;
    if (repeats && r.config.dimension >= 2 * period + 8) {
      return Explanation{"correlated-random-lanes", fmt::format("the signs repeat with period {}", period)};
    }
  }
  return Explanation{"wrong-stream", "the signs are others than those of SPEC §2"};
}

Explanation explain(Session& s, const Row& r) {
  const bool finite = std::all_of(r.got.begin(), r.got.end(), [](double v) { return std::isfinite(v); });
  const reference::HadamardOrder d = hadamard_of(r.config);
  if (!finite) {
    if (d.log2 == 0 && d.base != 1) return {"smallest-order-fails", fmt::format("order {} = {}·2^0 gives NaN or infinity", d.order, d.base)};
    return {"half-overflow", "the output is not finite"};
  }
  const double factor = common_factor(r.got, r.exact, 1e-4);
  if (std::isfinite(factor) && std::abs(factor - 1) > 1e-4) {
    if (std::abs(factor + 1) < 1e-4) return {"wrong-stream", "every sign is flipped"};
    return {"scale-lost-or-wrong", fmt::format("the output is {} times what it should be", factor_name(factor, r.config))};
  }
  if (auto why = explain_signs(r)) return *why;
  if (r.back) {
    Values forward(r.input, r.input + r.config.order);
    hadamard_in_place(r.config, forward, false);
    const std::vector<int> epsilon = reference::signs(r.config.seed, r.config.order);
    forward.resize(r.config.dimension);
    Values without_signs = r.exact;
    for (std::size_t i = 0; i < forward.size(); ++i) {
      forward[i] *= epsilon[i];
      without_signs[i] *= epsilon[i];
    }
    if (alike(r.got, without_signs)) return {"signs-after-h-or-none", "the output is Hᵀ y: no signs"};
    if (alike(r.got, forward)) return {"inverse-is-not-the-transpose", "the output is D H y: H is not symmetric"};
    std::vector<float> cut(r.input, r.input + r.config.order);
    std::fill(cut.begin() + static_cast<std::ptrdiff_t>(r.config.dimension), cut.end(), 0.0f);
    if (r.config.dimension < r.config.order && alike(r.got, exact_rotation_back(r.config, cut.data()))) {
      return {"inverse-is-not-the-transpose", "only the first n of the d rotated coordinates are used"};
    }
  } else if (alike(r.got, rotation_with(r.config, r.input, SignUse::spec, true))) {
    return {"inverse-is-not-the-transpose", "the output is Hᵀ D x"};
  }
  if (const auto where = not_orthogonal(s, r.config, r.back)) return {"base-matrix-not-orthogonal", *where};
  if (auto why = explain_preimage(r)) return *why;
  Values a = r.got, b = r.exact;
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  if (alike(a, b)) return {"two-paths-two-bases", "the rotated coordinates are right, in another order"};
  std::size_t first = 0;
  while (first < r.got.size() && std::abs(r.got[first] - r.exact[first]) <= 1e-4 * (1 + std::abs(r.exact[first]))) ++first;
  if (2 * first >= r.got.size() && first + 64 > r.got.size() && r.got.size() >= 8) return {"tail-of-a-simd-loop", fmt::format("only coordinates from {} on are wrong", first)};
  return {"wrong-transform", "no simple defect explains it"};
}

std::optional<Finding> compare(Session& s, const Case& c, const std::vector<float>& got, bool back) {
  const Config& config = c.config;
  const std::size_t in = back ? config.order : config.dimension, out = back ? config.dimension : config.order;
  for (std::size_t row = 0; row < c.x.size() / in; ++row) {
    const float* x = c.x.data() + row * in;
    const std::vector<double> exact = back ? exact_rotation_back(config, x) : exact_rotation(config, x);
    const double bound = transform_bound(s, config.order, sum_of_magnitudes(x, in));
    for (std::size_t j = 0; j < out; ++j) {
      const float value = got[row * out + j];
      // exact was rounded once.
      const double error = std::abs(static_cast<double>(value) - exact[j]);
      if (error <= bound + 0x1p-52 * std::abs(exact[j])) continue;
      Finding f;
      f.stage = back ? Stage::inverse : Stage::transform;
      f.config = config;
      f.row = row;
      const Explanation why = explain(s, {config, x, Values(got.begin() + static_cast<std::ptrdiff_t>(row * out), got.begin() + static_cast<std::ptrdiff_t>((row + 1) * out)), exact, back});
      f.defect = why.defect;
      f.what = fmt::format("{}: {}", back ? "D Hᵀ y" : "H D x", why.what);
      const double unit = ulp(static_cast<float>(exact[j]));
      f.divergence = Divergence{j, decimal_and_hex(value), decimal_and_hex(exact[j]), error / unit, bound / unit};
      return f;
    }
  }
  return std::nullopt;
}

std::optional<Finding> judge_transform(Session& s, const Case& c) { return compare(s, c, s.transform(c.config, c.x), false); }

// Rows of the case have d entries here; the dimension says how many come back.
std::optional<Finding> judge_transposed(Session& s, const Case& c) {
  return compare(s, c, s.transform_transposed(c.config, c.x), true);
}

std::vector<std::uint64_t> dimensions(const Session& s) {
  std::vector<std::uint64_t> all = hadamard_orders(s.quick() ? 512 : s.thorough() ? 8192 : 1536);
  for (const std::uint64_t n : std::initializer_list<std::uint64_t>{3, 5, 7, 11, 13, 17, 19, 23, 31, 33, 63, 65, 97, 100, 127, 129, 300, 333, 784, 960, 1000, 1023}) all.push_back(n);
  if (s.thorough()) {
    for (std::uint64_t n = 1; n <= 300; ++n) all.push_back(n);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  // Dimensions at which one defect does not look like another come first.
  for (const std::uint64_t n : std::initializer_list<std::uint64_t>{80, 96, 56, 37, 100}) all.insert(all.begin(), n);
  std::erase_if(all, [&](std::uint64_t n) { return n > s.info().max_dimension; });
  return all;
}

int any_bits(const Session& s) {
  for (int b = 4; b <= HDQ_KERNEL_MAX_BITS; ++b) {
    if (s.offers_bits(b)) return b;
  }
  for (int b = 3; b >= 1; --b) {
    if (s.offers_bits(b)) return b;
  }
  return 1;
}

std::vector<Case> transform_cases(Session& s) {
  std::vector<Case> cases;
  for (const std::uint64_t n : dimensions(s)) {
    for (const std::uint64_t seed : std::initializer_list<std::uint64_t>{std::uint64_t{0}, s.random()()}) {
      Config config = s.config(n, any_bits(s), seed);
      cases.push_back(structured_case(config, s.random()));
      // Its own rotation, a single row: what many rows may hide.
      Case single{config, 0, {}};
      append_vector(Family::normal, config, s.random(), single.x);
      cases.push_back(std::move(single));
    }
  }
  return cases;
}

std::vector<Case> transposed_cases(Session& s) {
  std::vector<Case> cases;
  for (const std::uint64_t n : dimensions(s)) {
    Config config = s.config(n, any_bits(s), s.random()());
    Config full = config;
    full.dimension = config.order;
    Case c = structured_case(full, s.random());
    c.config = config;
    cases.push_back(std::move(c));
  }
  return cases;
}

}  // namespace

const Check transform_check{"transform", "y = H D x for every order m·2^k, within the rounding bound",
                            [](const Session& s) { return s.conformant() && s.offers(Operation::transform); },
                            nullptr, judge_transform, transform_cases};
// Not shrunk: rows have d entries.
const Check transposed_check{"transposed", "x = D Hᵀ y, the inverse up to d",
                             [](const Session& s) { return s.conformant() && s.offers(Operation::transform_transposed); },
                             [](Session& s, const Report& report) {
                               for (const Case& c : transposed_cases(s)) {
                                 if (auto f = judge_transposed(s, c)) report(std::move(*f));
                               }
                             }};

}  // namespace hdq::validate
