#include "profile_hypotheses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "hdq/reference/profile/profile_packing.hpp"

namespace hdq::validate {
namespace {

using namespace hdq::reference;
using Kind = ProfileStep::Kind;

struct Hypothesis {
  const char *defect, *what;
  std::function<bool(ProfileJudge&)> change;  // false: does not apply
};

// The first hypothesis under which `right` holds.
std::optional<Explanation> first_of(const std::vector<Hypothesis>& hypotheses, const ProfileJudge& judge,
                                    const std::function<bool(const ProfileJudge&)>& right) {
  for (const Hypothesis& h : hypotheses) {
    ProfileJudge changed = judge;
    if (h.change(changed) && right(changed)) return Explanation{h.defect, h.what};
  }
  return std::nullopt;
}

bool erase_steps(ProfileJudge& judge, Kind kind) {
  auto& steps = judge.rotation().steps();
  return std::erase_if(steps, [&](const LinearStep& s) { return s.kind == kind; }) != 0;
}

bool signs_after(ProfileJudge& judge) {
  auto& steps = judge.rotation().steps();
  bool moved = false;
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
    if (steps[i].kind != Kind::signs || steps[i + 1].kind != Kind::hadamard) continue;
    std::swap(steps[i], steps[i + 1]);
    moved = true;
    ++i;
  }
  return moved;
}

bool permutations_inverted(ProfileJudge& judge) {
  bool any = false;
  for (LinearStep& step : judge.rotation().steps()) {
    if (step.kind != Kind::permutation) continue;
    std::vector<std::uint32_t> inverse(step.permutation.size());
    for (std::size_t i = 0; i < inverse.size(); ++i) inverse[step.permutation[i]] = static_cast<std::uint32_t>(i);
    any = any || inverse != step.permutation;
    step.permutation = std::move(inverse);
  }
  return any;
}

bool bases_transposed(ProfileJudge& judge) {
  bool any = false;
  for (LinearStep& step : judge.rotation().steps()) {
    for (HadamardPart& part : step.parts) {
      if (part.matrix == nullptr) continue;
      auto transposed = std::make_shared<std::vector<Ball>>(*part.matrix);
      for (std::size_t i = 0; i < part.base; ++i) {
        for (std::size_t j = 0; j < part.base; ++j) (*transposed)[i * part.base + j] = (*part.matrix)[j * part.base + i];
      }
      part.matrix = std::move(transposed);
      any = true;
    }
  }
  return any;
}

bool matrices_transposed(ProfileJudge& judge) {
  bool any = false;
  for (LinearStep& step : judge.rotation().steps()) {
    if (step.matrix.empty()) continue;
    const std::size_t d = judge.rotation().length();
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t j = 0; j < i; ++j) std::swap(step.matrix[i * d + j], step.matrix[j * d + i]);
    }
    any = true;
  }
  return any;
}

bool bases_exchanged(ProfileJudge& judge) {  // B ⊗ H for H ⊗ B
  bool any = false;
  for (LinearStep& step : judge.rotation().steps()) {
    for (HadamardPart& part : step.parts) {
      part.inner = !part.inner;
      any = any || (part.base > 1 && part.log2 > 0);
    }
  }
  return any;
}

bool reversed_steps(ProfileJudge& judge) {
  auto& steps = judge.rotation().steps();
  std::reverse(steps.begin(), steps.end());
  return steps.size() > 1;
}

bool scaled(ProfileJudge& judge, double factor) {
  LinearStep step;
  step.kind = Kind::scale;
  step.scale = Ball(factor);
  judge.rotation().steps().push_back(std::move(step));
  return true;
}

std::vector<Hypothesis> rotation_hypotheses() {
  return {
      {"signs-after-h-or-none", "the signs are not applied", [](ProfileJudge& j) { return erase_steps(j, Kind::signs); }},
      {"signs-after-h-or-none", "the signs are applied after the transform, not before it", signs_after},
      {"permutation-inverted", "the permutations are applied the other way round", permutations_inverted},
      {"wrong-transform", "the permutations are not applied", [](ProfileJudge& j) { return erase_steps(j, Kind::permutation); }},
      {"inverse-is-not-the-transpose", "the base matrix is transposed", bases_transposed},
      {"inverse-is-not-the-transpose", "the matrix is transposed", matrices_transposed},
      {"wrong-transform", "the base matrix and Sylvester's are in the other order", bases_exchanged},
      {"inverse-is-not-the-transpose", "the steps are in the reverse order", reversed_steps},
  };
}

// The least-squares c in got ≈ c·expected; 0 if there is none.
double common_scale(const Approximate& expected, const std::vector<float>& got) {
  double product = 0, square = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double e = expected.value[i].mid_double(), g = static_cast<double>(got[i]);
    if (!std::isfinite(g)) return 0;
    product += e * g;
    square += e * e;
  }
  return square > 0 ? product / square : 0;
}

std::string scale_text(double c, const ProfileJudge& judge) {
  const double d = static_cast<double>(judge.rotation().length()), n = static_cast<double>(judge.dimension());
  const std::pair<const char*, double> named[] = {{"1/√d", 1 / std::sqrt(d)}, {"√d", std::sqrt(d)}, {"1/d", 1 / d}, {"d", d}, {"1/√2", std::sqrt(0.5)},
                                                  {"√2", std::sqrt(2.0)}, {"√(n/d)", std::sqrt(n / d)}, {"√(d/n)", std::sqrt(d / n)}, {"2", 2}, {"1/2", 0.5}, {"-1", -1}};
  if (d > 1) {
    for (const auto& [name, value] : named) {
      if (value != 1 && std::abs(c / value - 1) < 1e-5) return name;
    }
  }
  return fmt::format("{:.6g}", c);
}

// Steps left out, one at a time.
std::optional<Explanation> step_left_out(const ProfileJudge& judge, const std::function<bool(const ProfileJudge&)>& right) {
  static constexpr const char* names[] = {"signs", "permutation", "transform", "matrix", "Kac step", "scale"};
  for (std::size_t i = 0; i < judge.profile().rotation.size(); ++i) {
    ProfileJudge changed = judge;
    auto& steps = changed.rotation().steps();
    if (i >= steps.size()) break;
    const auto kind = static_cast<std::size_t>(steps[i].kind);
    steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(i));
    if (!right(changed)) continue;
    const bool signs = kind == 0, scale = kind == 5;
    return Explanation{signs ? "signs-after-h-or-none" : scale ? "scale-lost-or-wrong" : "wrong-transform",
                       fmt::format("step {} of the rotation ({}) is left out", i, names[kind])};
  }
  return std::nullopt;
}

// Is y the rotation of x with something else than zeros in the padding?
bool other_padding(const ProfileJudge& judge, const float* x, const std::vector<float>& y) {
  const std::size_t n = judge.dimension(), d = y.size();
  if (n == d || judge.rotation().length() != d) return false;
  std::vector<double> back(d);
  {
    // Rᵀ y to all d coordinates: a judge of dimension d has the same steps.
    Approximate all = Approximate::exactly(y.data(), d);
    ProfileJudge whole = judge;
    const Approximate r = whole.rotation().transposed_padded(all);
    for (std::size_t i = 0; i < d; ++i) back[i] = r.value[i].mid_double();
  }
  double product = 0, square = 0, rest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    product += back[i] * static_cast<double>(x[i]);
    square += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  }
  if (!(square > 0)) return false;
  const double c = product / square;
  for (std::size_t i = 0; i < n; ++i) {
    if (std::abs(back[i] - c * static_cast<double>(x[i])) > 1e-4 * std::abs(c) * std::sqrt(square)) return false;
  }
  for (std::size_t i = n; i < d; ++i) rest += back[i] * back[i];
  return std::sqrt(rest) > 1e-3 * std::abs(c) * std::sqrt(square);
}

}  // namespace

std::optional<Explanation> explain_rotation(const ProfileJudge& judge, const float* x, const std::vector<float>& y) {
  const auto right = [&](const ProfileJudge& j) { return j.judge_rotation(x, y.data()).right(); };
  if (auto found = first_of(rotation_hypotheses(), judge, right)) return found;
  if (const double c = common_scale(judge.rotated(x), y); c != 0) {
    ProfileJudge changed = judge;
    scaled(changed, c);
    if (right(changed)) return Explanation{"scale-lost-or-wrong", "the output is " + scale_text(c, judge) + " times what it should be"};
  }
  if (auto found = step_left_out(judge, right)) return found;
  if (other_padding(judge, x, y)) return Explanation{"padded-dimensions", "the padding does not hold zeros"};
  return std::nullopt;
}

std::optional<Explanation> explain_rotation_back(const ProfileJudge& judge, const float* y, const std::vector<float>& x) {
  const auto right = [&](const ProfileJudge& j) { return j.judge_rotation_back(y, x.data()).right(); };
  std::vector<Hypothesis> hypotheses = rotation_hypotheses();
  hypotheses.insert(hypotheses.begin(), {{"inverse-is-not-the-transpose", "the way back is the forward rotation", [](ProfileJudge& j) { return j.forward_for_transposed = true; }},
                                         {"inverse-is-not-the-transpose", "nothing is rotated back", [](ProfileJudge& j) { return j.skip_rotation_back = true; }}});
  if (auto found = first_of(hypotheses, judge, right)) return found;
  const Approximate expected = judge.rotation_back(y);
  if (const double c = common_scale(expected, x); c != 0) {
    ProfileJudge changed = judge;
    scaled(changed, c);
    if (right(changed)) return Explanation{"scale-lost-or-wrong", "the output is " + scale_text(c, judge) + " times what it should be"};
  }
  return step_left_out(judge, right);
}

// ---- encode ----

namespace {

bool other_thresholds(ProfileJudge& judge, bool upper) {
  if (judge.profile().rounding.kind != ProfileRounding::Kind::nearest) return false;
  for (std::size_t i = 0; i < judge.thresholds().size(); ++i) judge.thresholds()[i] = judge.codewords()[upper ? i + 1 : i];
  return true;
}

// The unit that makes all codes right: each code k of z > 0 wants c in [z/θ_{k+1}, z/θ_k].
std::optional<Explanation> other_unit(const ProfileJudge& judge, const std::function<bool(const ProfileJudge&)>& right) {
  const double d = static_cast<double>(judge.rotation().length());
  std::vector<double> candidates = {std::sqrt(d), 1 / std::sqrt(d), std::sqrt(0.5), std::sqrt(2.0), 0.5, 2, d, 1 / d};
  for (double c = 0.5; c < 1.6; c += 0.01) candidates.push_back(c);
  for (const double c : candidates) {
    if (std::abs(c - 1) < 0.004) continue;
    ProfileJudge changed = judge;
    for (Ball& w : changed.codewords()) w *= Ball(c);
    for (Ball& t : changed.thresholds()) t *= Ball(c);
    if (right(changed)) return Explanation{"codebook", fmt::format("the codes are those of a codebook {} times as wide", scale_text(c, judge))};
  }
  return std::nullopt;
}

std::optional<Explanation> other_stochastic(const ProfileJudge& judge, const std::function<bool(const ProfileJudge&)>& right) {
  if (judge.profile().rounding.kind != ProfileRounding::Kind::stochastic) return std::nullopt;
  const int bits = judge.profile().rounding.bits;
  for (int other = 1; other <= 40; ++other) {
    if (other == bits) continue;
    ProfileJudge changed = judge;
    changed.profile().rounding.bits = other;
    if (right(changed)) {
      return Explanation{"dead-or-biased-rounding", fmt::format("the random bits are added {} places too {}", std::abs(other - bits), other > bits ? "low" : "high")};
    }
  }
  ProfileJudge nearest = judge;
  nearest.profile().rounding.kind = ProfileRounding::Kind::nearest;
  if (right(nearest)) return Explanation{"dead-or-biased-rounding", "codes are rounded to nearest: the random bits are not used"};
  for (const bool upper : {true, false}) {
    ProfileJudge one_way = nearest;
    if (other_thresholds(one_way, upper) && right(one_way)) return Explanation{"dead-or-biased-rounding", upper ? "codes are always rounded down" : "codes are always rounded up"};
  }
  return std::nullopt;
}

constexpr std::pair<Packing, const char*> packings[] = {{Packing::bit_string, "bit-string"}, {Packing::bit_planes, "bit-planes"}, {Packing::bit_planes_msb, "bit-planes-msb"},
                                                        {Packing::nibbles_split, "nibbles-split"}, {Packing::planes_2_1, "planes-2-1"}, {Packing::bytes, "bytes"}};

std::optional<Explanation> other_packing(const ProfileJudge& judge, const std::function<bool(const ProfileJudge&)>& right) {
  for (const auto& [packing, name] : packings) {
    if (packing == judge.profile().packing) continue;
    ProfileJudge changed = judge;
    changed.profile().packing = packing;
    if (changed.packed_bytes() == judge.packed_bytes() && right(changed)) return Explanation{"packing-order", fmt::format("the codes are packed as {}", name)};
  }
  return std::nullopt;
}

// Codes changed after the fact: f on codes of a row. Right if the row so changed is.
using RowRight = std::function<bool(const ProfileJudge&, const ProfileRow&)>;
std::optional<Explanation> other_codes(const ProfileJudge& judge, const ProfileRow& row, const RowRight& right) {
  const std::vector<std::uint8_t> codes = judge.codes_of(row);
  const auto with = [&](const std::function<std::uint8_t(std::uint8_t, std::size_t)>& f) {
    std::vector<std::uint8_t> changed = codes;
    for (std::size_t i = 0; i < changed.size(); ++i) changed[i] = f(codes[i], i);
    return judge.with_codes(row, changed);
  };
  const auto levels = static_cast<int>(judge.codewords().size());
  if (right(judge, with([&](std::uint8_t c, std::size_t) { return static_cast<std::uint8_t>(levels - 1 - c); }))) return Explanation{"packing-order", "codes count downwards"};
  for (int a = 0; a < levels && levels <= 32; ++a) {
    for (int b = a + 1; b < levels; ++b) {
      const auto swapped = with([&](std::uint8_t c, std::size_t) { return static_cast<std::uint8_t>(c == a ? b : c == b ? a : c); });
      if (swapped.bytes != row.bytes && right(judge, swapped)) return Explanation{"codebook", fmt::format("codes {} and {} are exchanged", a, b)};
    }
  }
  return std::nullopt;
}

// A codebook that ends early: all codes beyond its ends are the last ones.
std::optional<Explanation> clipped(const ProfileJudge& judge, const ProfileRow& row, const std::function<bool(const ProfileJudge&)>& right) {
  int low = INT32_MAX, high = -1;
  for (const std::uint8_t code : judge.codes_of(row)) {
    const int index = judge.codeword_index(code);
    if (index < 0) return std::nullopt;
    low = std::min(low, index);
    high = std::max(high, index);
  }
  ProfileJudge changed = judge;
  for (std::size_t t = 0; t < changed.thresholds().size(); ++t) {
    if (static_cast<int>(t) < low) changed.thresholds()[t] = Ball(-1e30);
    if (static_cast<int>(t) >= high) changed.thresholds()[t] = Ball(1e30);
  }
  if (right(changed)) return Explanation{"codebook", fmt::format("no codeword below {} or above {} is used", low, high)};
  return std::nullopt;
}

// A stored scale or factor that is a constant times what it should be, alone or in the codes too.
std::optional<Explanation> other_stored(const ProfileJudge& judge, const StageVerdict& verdict, const std::function<bool(const ProfileJudge&)>& right) {
  if (!verdict.first) return std::nullopt;
  const Deviation& first = *verdict.first;
  if (first.stage != ProfileStage::scale && first.stage != ProfileStage::factor && first.stage != ProfileStage::stored) return std::nullopt;
  const double expected = first.expected.mid_double();
  if (!std::isfinite(first.got)) return Explanation{"half-overflow", "the stored number is not finite"};
  if (expected == 0 || first.got == 0) return std::nullopt;
  const double c = first.got / expected;
  for (const bool codes_too : {false, true}) {
    ProfileJudge changed = judge;
    changed.stored_scale = Ball(c);
    if (codes_too) changed.quantize_scale = Ball(c);
    if (right(changed)) {
      const bool applied = std::abs(c * expected - 1) < 1e-6;
      return Explanation{applied ? "factor-stored-never-applied" : "scale-lost-or-wrong", fmt::format("the stored number is {} times what it should be", scale_text(c, judge))};
    }
  }
  return std::nullopt;
}

std::optional<Explanation> zero_coded_lowest(const ProfileJudge& judge, const ProfileRow& row, const std::vector<std::size_t>& zeros, const RowRight& right) {
  std::vector<std::uint8_t> codes = judge.codes_of(row);
  bool any = false;
  const auto middle = static_cast<std::uint8_t>(judge.code_of_zero());
  for (const std::size_t i : zeros) {
    any = any || codes[i] != middle;
    if (judge.codeword_index(codes[i]) != 0) return std::nullopt;
    codes[i] = middle;
  }
  if (any && right(judge, judge.with_codes(row, codes))) return Explanation{"tie-rule", "a coordinate that is exactly zero gets the most negative level"};
  return std::nullopt;
}

}  // namespace

std::optional<Explanation> explain_encode(const ProfileJudge& judge, const float* x, const float* y, const ProfileRow& row, std::uint64_t number) {
  const auto right = [&](const ProfileJudge& j) { return j.judge_encode(x, y, row, number).right(); };
  const RowRight row_right = [&](const ProfileJudge& j, const ProfileRow& changed) { return j.judge_encode(x, y, changed, number).right(); };
  std::vector<Hypothesis> hypotheses;
  if (y == nullptr) hypotheses = rotation_hypotheses();
  if (judge.profile().codebook) {
    if (judge.profile().codebook->tie != ProfileCodebook::Tie::any) {
      hypotheses.push_back({"tie-rule", "a number that is exactly a threshold goes the wrong way", [](ProfileJudge& j) {
                              j.profile().codebook->tie = ProfileCodebook::Tie::any;
                              return true;
                            }});
    }
    hypotheses.push_back({"dead-or-biased-rounding", "codes are rounded down, not to nearest", [](ProfileJudge& j) { return other_thresholds(j, true); }});
    hypotheses.push_back({"dead-or-biased-rounding", "codes are rounded up, not to nearest", [](ProfileJudge& j) { return other_thresholds(j, false); }});
  }
  using Rule = ProfileFactor::Rule;
  static constexpr std::pair<Rule, const char*> rules[] = {{Rule::norm, "the stored factor is the norm"}, {Rule::matched_norm, "the stored factor is ‖y‖/‖q‖"},
                                                           {Rule::unbiased, "the stored factor is ‖y‖²/⟨q, y⟩"}, {Rule::projection, "the stored factor is ⟨q, y⟩/‖q‖²"}};
  for (const auto& [rule, what] : rules) {
    if (judge.profile().factor.rule == Rule::scale || judge.profile().factor.rule == rule) continue;
    hypotheses.push_back({"estimator-constant", what, [rule = rule](ProfileJudge& j) {
                            j.profile().factor.rule = rule;
                            return true;
                          }});
  }
  if (auto found = first_of(hypotheses, judge, right)) return found;
  if (judge.profile().codebook) {
    if (auto found = other_packing(judge, right)) return found;
    if (auto found = other_stochastic(judge, right)) return found;
    if (auto found = zero_coded_lowest(judge, row, judge.exact_zeros(x, y), row_right)) return found;
    if (auto found = other_codes(judge, row, row_right)) return found;
    if (auto found = other_unit(judge, right)) return found;
    if (auto found = clipped(judge, row, right)) return found;
  }
  return other_stored(judge, judge.judge_encode(x, y, row, number), right);
}

// ---- decode and dot ----

namespace {

std::vector<Hypothesis> decode_hypotheses() {
  std::vector<Hypothesis> hypotheses = {
      {"factor-stored-never-applied", "the stored factor is not applied", [](ProfileJudge& j) { return j.ignore_factor = true; }},
      {"factor-stored-never-applied", "the residual stage adds nothing", [](ProfileJudge& j) { return (j.ignore_residual = j.profile().residual.has_value()); }},
      {"inverse-is-not-the-transpose", "the values are not rotated back", [](ProfileJudge& j) { return (j.skip_rotation_back = !j.profile().decodes_rotated); }},
      {"inverse-is-not-the-transpose", "the way back is the forward rotation", [](ProfileJudge& j) { return (j.forward_for_transposed = !j.profile().decodes_rotated); }},
  };
  const auto rotations = rotation_hypotheses();
  hypotheses.insert(hypotheses.end(), rotations.begin(), rotations.end());
  return hypotheses;
}

std::optional<Explanation> swapped_codewords(const ProfileJudge& judge, const std::function<bool(const ProfileJudge&)>& right) {
  const std::size_t levels = judge.codewords().size();
  for (std::size_t a = 0; a < levels; ++a) {
    for (std::size_t b = a + 1; b < (levels <= 16 ? levels : std::min(levels, a + 2)); ++b) {
      ProfileJudge changed = judge;
      std::swap(changed.codewords()[a], changed.codewords()[b]);
      if (right(changed)) return Explanation{"codebook", fmt::format("codewords {} and {} are exchanged", a, b)};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Explanation> explain_decode(const ProfileJudge& judge, const ProfileRow& row, const std::vector<float>& values, std::uint64_t number) {
  const auto right = [&](const ProfileJudge& j) { return j.judge_decode(row, values.data(), number).right(); };
  if (auto found = first_of(decode_hypotheses(), judge, right)) return found;
  if (judge.profile().codebook) {
    if (auto found = other_packing(judge, right)) return found;
  }
  if (const double c = common_scale(judge.decoded(row, number), values); c != 0) {
    ProfileJudge changed = judge;
    changed.decode_scale = Ball(c);
    if (right(changed)) {
      const bool estimator = c > 0.6 && c < 1.6 && std::abs(c * c - 2) > 1e-4 && std::abs(c * c - 0.5) > 1e-4;
      return Explanation{estimator ? "estimator-constant" : "scale-lost-or-wrong", "the values are " + scale_text(c, judge) + " times what they should be"};
    }
  }
  if (judge.profile().residual) {
    for (const double c : {2 / 3.141592653589793, 3.141592653589793 / 2, std::sqrt(2 / 3.141592653589793), std::sqrt(3.141592653589793 / 2), std::sqrt(0.5), std::sqrt(2.0), 0.5, 2.0}) {
      ProfileJudge changed = judge;
      changed.residual_factor() *= Ball(c);
      if (right(changed)) return Explanation{"estimator-constant", fmt::format("the residual's factor is {:.6g} times what it should be", c)};
    }
  }
  return judge.profile().codebook ? swapped_codewords(judge, right) : std::nullopt;
}

std::optional<Explanation> explain_dot(const ProfileJudge& judge, const ProfileRow& row, const std::vector<float>& query, float value, std::uint64_t number) {
  const auto right = [&](const ProfileJudge& j) { return j.judge_dot(row, query.data(), value, number).right(); };
  if (auto found = first_of(decode_hypotheses(), judge, right)) {
    const bool basis = found->defect == "signs-after-h-or-none" || found->defect == "inverse-is-not-the-transpose" || found->defect == "permutation-inverted";
    if (basis) return Explanation{"two-paths-two-bases", "the query is in another basis than the codes: " + found->what};
    return found;
  }
  return std::nullopt;
}

Explanation explain_table(const std::vector<double>& named, const std::vector<double>& given) {
  double product = 0, square = 0;
  for (std::size_t i = 0; i < named.size(); ++i) {
    product += named[i] * given[i];
    square += named[i] * named[i];
  }
  const double c = square > 0 ? product / square : 0;
  bool scaled_table = c > 0;
  std::vector<std::size_t> off;
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (std::abs(given[i] - c * named[i]) > 2e-3 * std::abs(c * named.back())) scaled_table = false;
    if (std::abs(given[i] - named[i]) > 1e-5 * (1 + std::abs(named[i]))) off.push_back(i);
  }
  if (scaled_table && std::abs(c - 1) > 2e-3) return {"codebook", fmt::format("the codebook is {:.4g} times as wide as it should be", c)};
  if (off.size() == 2 && std::abs(given[off[0]] - named[off[1]]) < 1e-5 && std::abs(given[off[1]] - named[off[0]]) < 1e-5) {
    return {"codebook", fmt::format("codewords {} and {} are exchanged", off[0], off[1])};
  }
  if (off.size() == 1) return {"codebook", fmt::format("codeword {} is {:.9g}, should be {:.9g}", off[0], given[off[0]], named[off[0]])};
  return {"codebook", fmt::format("{} codewords are not those of the table", off.size())};
}

}  // namespace hdq::validate
