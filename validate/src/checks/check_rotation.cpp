// SPEC §1: the transform and its transpose against the exact H D x, within the bound of a legal order of additions (SPEC §5.6).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "hdq/reference/scheme/philox.hpp"
#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/codes.hpp"
#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/oracle.hpp"

namespace hdq::validate {
namespace {

using Values = std::vector<double>;

// Rows of which some are wrong: inputs of n (or d) floats, and what came and should have, to the rounding bound.
struct Rows {
  const Config& config;
  std::vector<const float*> inputs;
  std::vector<Reproduction> rows;
  bool back;

  std::vector<Reproduction> with(const std::function<Values(const float*)>& hypothesis) const {
    std::vector<Reproduction> other = rows;
    for (std::size_t row = 0; row < rows.size(); ++row) other[row].hypothesis = hypothesis(inputs[row]);
    return other;
  }
  bool gives(const std::function<Values(const float*)>& hypothesis) const { return reproduces(with(hypothesis)); }
};

// ---- the matrix that the kernel has ----

// Its output for the d unit vectors: column i of H D (or, back, of D Hᵀ).
std::optional<std::vector<Values>> measured_columns(Session& s, const Config& config, bool back) {
  if (config.order > 128) return std::nullopt;
  Config full = config;
  full.dimension = config.order;
  const std::size_t d = config.order;
  std::vector<float> identity(d * d, 0.0f);
  for (std::size_t i = 0; i < d; ++i) identity[i * d + i] = 1;
  const std::vector<float> flat = back ? s.transform_transposed(full, identity) : s.transform(full, identity);
  std::vector<Values> columns;
  for (std::size_t i = 0; i < d; ++i) columns.emplace_back(flat.begin() + static_cast<std::ptrdiff_t>(i * d), flat.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
  return columns;
}

bool signs_only(const std::vector<Values>& columns) {
  return std::all_of(columns.begin(), columns.end(), [](const Values& column) {
    return std::all_of(column.begin(), column.end(), [](double v) { return std::abs(v) == 1; });
  });
}

std::optional<std::string> not_orthogonal(const std::vector<Values>& columns) {
  for (std::size_t a = 0; a < columns.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      double product = 0;
      for (std::size_t j = 0; j < columns.size(); ++j) product += columns[a][j] * columns[b][j];
      if (product != 0) return fmt::format("columns {} and {} have inner product {:.6g}", b, a, product);
    }
  }
  return std::nullopt;
}

// Where a matrix of signs is another one than SPEC §1's, whatever the signs of its columns (forward) or rows (back).
std::optional<std::string> other_entry(const Config& config, const std::vector<Values>& columns, bool back) {
  const reference::HadamardOrder d = hadamard_of(config);
  const auto entry = [&](std::size_t i, std::size_t j) { return back ? columns[i][j] : columns[j][i]; };  // of H up to a sign of column j
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const double sign = entry(0, j) * reference::hadamard_entry(d, 0, j);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (entry(i, j) == sign * reference::hadamard_entry(d, i, j)) continue;
      return fmt::format("the entries of rows 0 and {} in column {} are {}, they should be {}", i, j, entry(0, j) == entry(i, j) ? "equal" : "unequal",
                         entry(0, j) == entry(i, j) ? "unequal" : "equal");
    }
  }
  return std::nullopt;
}

// All bases m at which some small order m·2^k has another Hadamard matrix; 1 for those without a base.
void note_other_matrices(Session& s, const Config& config, bool back) {
  for (const std::uint64_t d : std::initializer_list<std::uint64_t>{2, 4, 8, 32, 12, 20, 28}) {
    if (d > s.info().max_dimension) continue;
    const Config small = s.config(d, static_cast<int>(config.bits), config.seed);
    try {
      const auto columns = measured_columns(s, small, back);
      if (columns && signs_only(*columns) && !not_orthogonal(*columns) && other_entry(small, *columns, back)) s.other_matrices.insert(hadamard_of(small).base);
    } catch (const Trouble&) {
      continue;
    }
  }
}

// Where the kernel offers it.
bool other_way_is_transposed(Session& s, const Rows& r, const std::vector<Values>& columns) {
  if (!s.offers(r.back ? Operation::transform : Operation::transform_transposed)) return true;
  const auto other = measured_columns(s, r.config, !r.back);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (std::size_t j = 0; j < columns.size(); ++j) {
      if ((*other)[j][i] != columns[i][j]) return false;
    }
  }
  return true;
}

std::optional<Explanation> explain_matrix(Session& s, const Rows& r) {
  const auto columns = measured_columns(s, r.config, r.back);
  if (!columns || !signs_only(*columns)) return std::nullopt;
  const std::size_t in = r.back ? r.config.order : r.config.dimension;
  const bool linear = r.gives([&](const float* x) {
    Values y(columns->size(), 0.0);
    for (std::size_t i = 0; i < in; ++i) {
      for (std::size_t j = 0; j < y.size(); ++j) y[j] += (*columns)[i][j] * static_cast<double>(x[i]);
    }
    y.resize(r.back ? r.config.dimension : r.config.order);
    return y;
  });
  if (!linear) return std::nullopt;
  if (const auto where = not_orthogonal(*columns)) {
    return Explanation{"base-matrix-not-orthogonal", fmt::format("the kernel's H of order {} is not orthogonal: {}", r.config.order, *where)};
  }
  if (const auto where = other_entry(r.config, *columns, r.back)) {
    if (!other_way_is_transposed(s, r, *columns)) {
      return Explanation{"inverse-is-not-the-transpose", fmt::format("the two ways of order {} are not each other's transposes: {}", r.config.order, *where)};
    }
    note_other_matrices(s, r.config, r.back);
    s.other_matrices.insert(hadamard_of(r.config).base);
    return Explanation{"wrong-transform", fmt::format("the kernel's H of order {} is a Hadamard matrix, but another one than that of SPEC §1: {}; "
                                                      "what follows the rotation is not compared", r.config.order, *where)};
  }
  return std::nullopt;
}

// ---- what x the output would be right for: D Hᵀ y/d over all d coordinates ----

Values preimage(const Config& config, const Values& got) {
  Values x = got;
  hadamard_in_place(config, x, true);
  const std::vector<int> epsilon = reference::signs(config.seed, config.order);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] *= epsilon[i] / static_cast<double>(config.order);
  return x;
}

// A period of the signs that the kernel used, known where a row has a nonzero coordinate; 0 if there is none.
std::size_t period_of_signs(const std::vector<int>& used) {
  const std::size_t n = used.size();
  for (std::size_t period = 1; period <= n / 2; period *= 2) {
    bool repeats = n >= 2 * period + 8;
    for (std::size_t i = period; i < n && repeats; ++i) repeats = used[i] * used[i % period] >= 0;
    if (repeats) return period;
  }
  return 0;
}

std::optional<Explanation> explain_preimage(const Rows& r) {
  const std::size_t n = r.config.dimension, d = r.config.order;
  bool inside = true, magnitudes = true, or_dropped = true, consistent = true;
  std::size_t padded = 0, first_dropped = n;
  std::vector<int> flips(n, 0);
  for (std::size_t row = 0; row < r.rows.size(); ++row) {
    const Values x = preimage(r.config, r.rows[row].got);
    // An error of at most the bound in each output is one of at most the bound in each input.
    const double slack = r.rows[row].bound * (1 + 0x1p-20);
    for (std::size_t i = 0; i < d; ++i) {
      const double expected = i < n ? static_cast<double>(r.inputs[row][i]) : 0;
      const bool same = std::abs(x[i] - expected) <= slack, negated = std::abs(x[i] + expected) <= slack, zero = std::abs(x[i]) <= slack;
      if (i >= n) padded += !same;
      else inside &= same;
      magnitudes &= same || negated;
      or_dropped &= same || (zero && i < n);
      if (!same && zero && i < n) first_dropped = std::min(first_dropped, i);
      if (i >= n || same == negated) continue;
      const int flip = same ? 1 : -1;
      consistent &= flips[i] != -flip;
      flips[i] = flip;
    }
  }
  // Of long rows the bound may hide every coordinate: then nothing is known of any.
  if (static_cast<std::size_t>(std::count(flips.begin(), flips.end(), 0)) > n / 2) return std::nullopt;
  if (inside && padded > 0) return Explanation{"padded-dimensions", fmt::format("the padding is not zero: {} coordinates past n enter", padded)};
  if (or_dropped && first_dropped < n && first_dropped + 64 > n) {
    return Explanation{"tail-of-a-simd-loop", fmt::format("input coordinates from {} of {} on do not enter", first_dropped, n)};
  }
  if (!magnitudes || !consistent) return std::nullopt;
  const std::vector<int> epsilon = reference::signs(r.config.seed, d);
  for (std::size_t i = 0; i < n; ++i) flips[i] *= epsilon[i];
  if (const std::size_t period = period_of_signs(flips)) return Explanation{"correlated-random-lanes", fmt::format("the signs repeat with period {}", period)};
  return Explanation{"wrong-stream", "the signs are others than those of SPEC §2"};
}

// ---- the explanation ----

std::optional<Explanation> explain_not_finite(const Rows& r) {
  const auto finite = [](double v) { return std::isfinite(v); };
  std::size_t good = 0, bad = 0;
  double smallest_bad = INFINITY;
  for (std::size_t row = 0; row < r.rows.size(); ++row) {
    const auto count = static_cast<std::size_t>(std::count_if(r.rows[row].got.begin(), r.rows[row].got.end(), finite));
    good += count;
    bad += r.rows[row].got.size() - count;
    if (count < r.rows[row].got.size()) smallest_bad = std::min(smallest_bad, sum_of_magnitudes(r.inputs[row], r.back ? r.config.order : r.config.dimension));
  }
  if (bad == 0) return std::nullopt;
  const reference::HadamardOrder d = hadamard_of(r.config);
  if (good == 0 && d.log2 == 0 && d.base != 1) return Explanation{"smallest-order-fails", fmt::format("order {} = {}·2^0 gives NaN or infinity", d.order, d.base)};
  if (smallest_bad > 65504) return Explanation{"half-overflow", "rows whose magnitudes add up to more than float16 holds give NaN or infinity"};
  return Explanation{"wrong-transform", "NaN or infinity"};
}

// Each row alone is right.
bool right_alone(Session& s, const Rows& r) {
  if (r.rows.size() < 2) return false;
  const std::size_t in = r.back ? r.config.order : r.config.dimension;
  std::vector<Reproduction> alone = r.rows;
  for (std::size_t row = 0; row < alone.size(); ++row) {
    const std::vector<float> x(r.inputs[row], r.inputs[row] + in), y = r.back ? s.transform_transposed(r.config, x) : s.transform(r.config, x);
    alone[row].got.assign(y.begin(), y.end());
  }
  return reproduces(alone);
}

// The right coordinates with other signs, in another order: another basis.
bool same_magnitudes(const Rows& r) {
  return std::all_of(r.rows.begin(), r.rows.end(), [](const Reproduction& row) {
    Values got = row.got, right = row.hypothesis;
    for (Values* values : {&got, &right}) {
      for (double& v : *values) v = std::abs(v);
      std::sort(values->begin(), values->end());
    }
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (!(std::abs(got[i] - right[i]) <= row.bound)) return false;
    }
    return true;
  });
}

// Wrong at an order m·2^0, and right at twice that.
bool smallest_order_alone(Session& s, const Rows& r) {
  const reference::HadamardOrder d = hadamard_of(r.config);
  if (d.log2 != 0 || d.base == 1 || r.back || 2 * d.order > s.info().max_dimension) return false;
  const Config twice = s.config(2 * d.order, static_cast<int>(r.config.bits), r.config.seed);
  std::vector<float> x;
  append_vector(Family::normal, twice, s.random(), x);
  bool right = false;
  s.answers([&] {
    const std::vector<float> y = s.transform(twice, x);
    right = reproduces({{Values(y.begin(), y.end()), exact_rotation(twice, x.data()),
                         transform_bound(s, twice.order, sum_of_magnitudes(x.data(), x.size())), 0}});
  });
  return right;
}

std::optional<Explanation> explain_signs(const Rows& r) {
  if (r.gives([&](const float* x) { return rotation_with(r.config, x, SignUse::none, false); })) {
    return Explanation{"signs-after-h-or-none", "the output is H x: no signs"};
  }
  if (r.gives([&](const float* x) { return rotation_with(r.config, x, SignUse::after, false); })) {
    return Explanation{"signs-after-h-or-none", "the output is D H x: signs after H randomize nothing"};
  }
  return std::nullopt;
}

std::optional<Explanation> explain_back(const Rows& r) {
  const std::vector<int> epsilon = reference::signs(r.config.seed, r.config.order);
  const auto with = [&](bool transposed, bool with_signs, std::size_t used) {
    return r.gives([&](const float* y) {
      Values x(y, y + r.config.order);
      std::fill(x.begin() + static_cast<std::ptrdiff_t>(used), x.end(), 0.0);
      hadamard_in_place(r.config, x, transposed);
      x.resize(r.config.dimension);
      for (std::size_t i = 0; i < x.size() && with_signs; ++i) x[i] *= epsilon[i];
      return x;
    });
  };
  const std::size_t d = r.config.order, n = r.config.dimension;
  if (with(true, false, d)) return Explanation{"signs-after-h-or-none", "the output is Hᵀ y: no signs"};
  if (with(false, true, d)) return Explanation{"inverse-is-not-the-transpose", "the output is D H y: H is not symmetric"};
  if (n < d && with(true, true, n)) return Explanation{"inverse-is-not-the-transpose", "only the first n of the d rotated coordinates are used"};
  return std::nullopt;
}

Explanation explain(Session& s, const Rows& r) {
  if (auto why = explain_not_finite(r)) return *why;
  if (const auto factor = common_factor(r.rows, r.config)) {
    if (factor->name.find("−1") != std::string::npos) return {"wrong-stream", "every sign is flipped"};
    return {"scale-lost-or-wrong", fmt::format("the output is {} times what it should be", factor->name)};
  }
  if (auto why = r.back ? explain_back(r) : explain_signs(r)) return *why;
  if (right_alone(s, r)) {
    const char* defect = same_magnitudes(r) ? "two-paths-two-bases" : "batch-dependent";
    return {defect, fmt::format("each row alone is right, {} rows in one call are not", r.rows.size())};
  }
  if (auto why = explain_matrix(s, r)) return *why;
  if (!r.back) {
    if (auto why = explain_preimage(r)) return *why;
    if (r.gives([&](const float* x) { return rotation_with(r.config, x, SignUse::spec, true); })) return {"wrong-transform", "the output is Hᵀ D x"};
  }
  if (smallest_order_alone(s, r))
    return {"smallest-order-fails",
            fmt::format("order {} is wrong, order {} is right", r.config.order, 2 * r.config.order)};
  if (auto why = explain_zero_tail(r.rows)) return *why;
  std::size_t wrong = 0, first = r.rows.front().got.size();
  for (const Reproduction& row : r.rows) {
    for (std::size_t i = 0; i < row.got.size(); ++i) {
      if (std::abs(row.got[i] - row.hypothesis[i]) <= row.bound) continue;
      ++wrong;
      first = std::min(first, i);
    }
  }
  return {"wrong-transform", fmt::format("{} outputs are wrong, the first at coordinate {}; no simple defect gives them all", wrong, first)};
}

std::optional<Finding> compare(Session& s, const Case& c, const std::vector<float>& got, bool back) {
  const Config& config = c.config;
  const std::size_t in = back ? config.order : config.dimension, out = back ? config.dimension : config.order;
  Rows all{config, {}, {}, back};
  std::optional<std::size_t> wrong;
  for (std::size_t row = 0; row < c.x.size() / in; ++row) {
    const float* x = c.x.data() + row * in;
    all.inputs.push_back(x);
    // exact was rounded once.
    all.rows.push_back({Values(got.begin() + static_cast<std::ptrdiff_t>(row * out), got.begin() + static_cast<std::ptrdiff_t>((row + 1) * out)),
                        back ? exact_rotation_back(config, x) : exact_rotation(config, x), transform_bound(s, config.order, sum_of_magnitudes(x, in))});
    if (!wrong && !reproduces({all.rows.back()})) wrong = row;
  }
  if (!wrong) return std::nullopt;
  const Reproduction& row = all.rows[*wrong];
  std::size_t j = 0;
  while (std::abs(row.got[j] - row.hypothesis[j]) <= row.bound + 0x1p-50 * std::abs(row.got[j])) ++j;
  const Explanation why = explain(s, all);
  Finding f;
  f.stage = back ? Stage::inverse : Stage::transform;
  f.config = config;
  f.row = *wrong;
  f.defect = why.defect;
  f.what = fmt::format("{}: {}", back ? "D Hᵀ y" : "H D x", why.what);
  const double unit = ulp(static_cast<float>(row.hypothesis[j]));
  f.divergence = Divergence{j, decimal_and_hex(static_cast<float>(row.got[j])), decimal_and_hex(row.hypothesis[j]), std::abs(row.got[j] - row.hypothesis[j]) / unit, row.bound / unit};
  f.row_values = comparison_of(row);
  return f;
}

std::optional<Finding> judge_transform(Session& s, const Case& c) {
  return s.affordable(c.config) ? compare(s, c, s.transform(c.config, c.x), false) : std::nullopt;
}

// Rows of the case have d entries here; the dimension says how many come back.
std::optional<Finding> judge_transposed(Session& s, const Case& c) {
  if (other_matrix(s, c.config) || !s.affordable(c.config)) return std::nullopt;
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
  for (auto& list : {size_cases(s, 0, false), size_cases(s, 1, false), large_cases(s)})
    cases.insert(cases.end(), list.begin(), list.end());
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
  for (const Case& large : size_cases(s, 2, false)) {
    Case c{large.config, 0, {}};
    Config full = c.config;
    full.dimension = full.order;
    append_vector(Family::normal, full, s.random(), c.x);
    cases.push_back(std::move(c));
  }
  for (const Case& large : large_cases(s)) {
    Case c{large.config, 0, {}};
    Config full = c.config;
    full.dimension = full.order;
    for (const Family family : {Family::normal, Family::last_hot}) append_vector(family, full, s.random(), c.x);
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
