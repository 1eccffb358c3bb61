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
std::optional<Explanation> first_of(const std::vector<Hypothesis>& hypotheses, const ProfileJudge& judge, const Right& right) {
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
std::optional<Explanation> step_left_out(const ProfileJudge& judge, const Right& right) {
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

// Is y the rotation of x with other numbers than zeros in the padding, or with x elsewhere?
bool other_padding(const ProfileJudge& judge, const float* x, const std::vector<float>& y) {
  const std::size_t n = judge.dimension(), d = y.size();
  if (n == d || judge.rotation().length() != d) return false;
  const Approximate all = judge.rotation().transposed_padded(Approximate::exactly(y.data(), d));
  double square = 0;
  for (std::size_t i = 0; i < n; ++i) square += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  if (!(square > 0)) return false;
  for (std::size_t begin = 0; begin + n <= d; begin += begin == 0 ? d - n : d) {
    double product = 0, rest = 0, off = 0;
    for (std::size_t i = 0; i < n; ++i) product += all.value[begin + i].mid_double() * static_cast<double>(x[i]);
    const double c = product / square, size = std::abs(c) * std::sqrt(square);
    for (std::size_t i = 0; i < d; ++i) {
      const double v = all.value[i].mid_double();
      if (i < begin || i >= begin + n) rest += v * v;
      else off = std::max(off, std::abs(v - c * static_cast<double>(x[i - begin])));
    }
    if (size > 0 && off <= 1e-4 * size && (begin != 0 || std::sqrt(rest) > 1e-3 * size)) return true;
  }
  return false;
}

// The last coordinates alone are wrong, and 0.
std::optional<Explanation> dropped_tail(const ProfileJudge& judge, const float* x, const std::vector<float>& y) {
  std::size_t right = y.size();
  while (right > 0 && y[right - 1] == 0) --right;
  if (right == y.size() || right == 0) return std::nullopt;
  std::vector<float> mended = y;
  const Approximate expected = judge.rotated(x);
  for (std::size_t i = right; i < y.size(); ++i) mended[i] = static_cast<float>(expected.value[i].mid_double());
  if (!judge.judge_rotation(x, mended.data()).right()) return std::nullopt;
  return Explanation{"tail-of-a-simd-loop", fmt::format("the last {} coordinates are 0", y.size() - right)};
}

// Right if it were computed in a narrower format than stated, and off by no more than a few of its roundings: bounds for any order of additions would
// take in much else.
std::optional<Explanation> less_precise(const ProfileJudge& judge, const Right& right, const Approximate& expected, const std::vector<float>& got) {
  double off = 0, size = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    off = std::max(off, magnitude(Ball(static_cast<double>(got[i])) - expected.value[i]));
    size = std::max(size, magnitude(expected.value[i]));
  }
  for (const NumberFormat& format : number_formats) {
    if (format.precision < 8 || format.precision >= judge.profile().arithmetic.rotation.precision || !(off <= 16 * format.unit_roundoff() * size)) continue;
    ProfileJudge changed = judge;
    ProfileArithmetic& a = changed.profile().arithmetic;
    a.rotation = a.scale = a.quantize = a.factor = a.decode = a.dot = format;
    if (format.precision < a.rotated.precision) a.rotated = format;
    changed.rotation().set_arithmetic(a.rotation, a.rotated);
    if (right(changed)) return Explanation{"low-precision", fmt::format("the arithmetic is that of {}, not {}", format.name, judge.profile().arithmetic.rotation.name)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Explanation> explain_rotation(const ProfileJudge& judge, const Right& right, const float* x, const std::vector<float>& y) {
  if (auto found = first_of(rotation_hypotheses(), judge, right)) return found;
  if (const double c = common_scale(judge.rotated(x), y); c != 0 && std::abs(c - 1) > 1e-5) {
    ProfileJudge changed = judge;
    scaled(changed, c);
    if (right(changed)) return Explanation{"scale-lost-or-wrong", "the output is " + scale_text(c, judge) + " times what it should be"};
  }
  if (auto found = step_left_out(judge, right)) return found;
  if (other_padding(judge, x, y)) return Explanation{"padded-dimensions", "the row is padded with other numbers than zeros, or elsewhere"};
  if (auto found = dropped_tail(judge, x, y)) return found;
  return less_precise(judge, right, judge.rotated(x), y);
}

std::optional<Explanation> explain_rotation_back(const ProfileJudge& judge, const Right& right, const float* y, const std::vector<float>& x) {
  std::vector<Hypothesis> hypotheses = rotation_hypotheses();
  hypotheses.insert(hypotheses.begin(), {{"inverse-is-not-the-transpose", "the way back is the forward rotation", [](ProfileJudge& j) { return j.forward_for_transposed = true; }},
                                         {"inverse-is-not-the-transpose", "nothing is rotated back", [](ProfileJudge& j) { return j.skip_rotation_back = true; }},
                                         {"inverse-is-not-the-transpose", "the steps back are in forward order", reversed_steps}});
  if (auto found = first_of(hypotheses, judge, right)) return found;
  const Approximate expected = judge.rotation_back(y);
  if (const double c = common_scale(expected, x); c != 0 && std::abs(c - 1) > 1e-5) {
    ProfileJudge changed = judge;
    scaled(changed, c);
    if (right(changed)) return Explanation{"scale-lost-or-wrong", "the output is " + scale_text(c, judge) + " times what it should be"};
  }
  if (auto found = step_left_out(judge, right)) return found;
  return less_precise(judge, right, expected, x);
}

// ---- encode ----

namespace {

bool other_thresholds(ProfileJudge& judge, bool upper) {
  if (judge.profile().rounding.kind != ProfileRounding::Kind::nearest) return false;
  for (std::size_t i = 0; i < judge.thresholds().size(); ++i) judge.thresholds()[i] = judge.codewords()[upper ? i + 1 : i];
  return true;
}

// The unit that makes all codes right: each code k of z > 0 wants c in [z/θ_{k+1}, z/θ_k].
std::optional<Explanation> other_unit(const ProfileJudge& judge, const Right& right) {
  const double d = static_cast<double>(judge.rotation().length()), n = static_cast<double>(judge.dimension());
  std::vector<double> candidates = {std::sqrt(d / n),
                                    std::sqrt(n / d),
                                    std::sqrt(d),
                                    1 / std::sqrt(d),
                                    std::sqrt(0.5),
                                    std::sqrt(2.0),
                                    0.5,
                                    2,
                                    d,
                                    1 / d};
  for (double c = 0.5; c < 1.6; c += 0.01) candidates.push_back(c);
  for (const double c : candidates) {
    if (std::abs(c - 1) < 0.004) continue;
    ProfileJudge changed = judge;
    for (Ball& w : changed.codewords()) w *= Ball(c);
    for (Ball& t : changed.thresholds()) t *= Ball(c);
    if (!right(changed)) continue;
    const bool of_padding = n != d && (c == candidates[0] || c == candidates[1]);
    if (of_padding)
      return Explanation{"padded-dimensions",
                         fmt::format("the codes are those of a unit for n = {}, not for d = {}", n, d)};
    return Explanation{"codebook",
                       fmt::format("the codes are those of a codebook about {} times as wide", scale_text(c, judge))};
  }
  return std::nullopt;
}

std::optional<Explanation> other_stochastic(const ProfileJudge& judge, const Right& right) {
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

std::optional<Explanation> other_packing(const ProfileJudge& judge, const Right& right) {
  for (const auto& [packing, name] : packings) {
    if (packing == judge.profile().packing) continue;
    ProfileJudge changed = judge;
    changed.profile().packing = packing;
    if (changed.packed_bytes() == judge.packed_bytes() && right(changed)) return Explanation{"packing-order", fmt::format("the codes are packed as {}", name)};
  }
  return std::nullopt;
}

using RowsRight = std::function<bool(const ProfileJudge&, const CodeMap&)>;
std::optional<Explanation> other_codes(const ProfileJudge& judge, const Right& right, const RowsRight& rows_right) {
  using Code = ProfileCodebook::Code;
  for (const auto& [code, name] : {std::pair{Code::offset_binary, "offsets"}, {Code::twos_complement, "two's complement"}, {Code::sign_magnitude, "sign and magnitude"}}) {
    if (code == judge.profile().codebook->code || judge.codewords().size() < 3) continue;
    ProfileJudge changed = judge;
    changed.profile().codebook->code = code;
    if (right(changed)) return Explanation{"packing-order", fmt::format("codes are written as {}", name)};
  }
  const auto levels = static_cast<int>(judge.codewords().size());
  const auto mapped = [&](const std::function<int(int)>& f) {
    return rows_right(judge, [&](std::vector<std::uint8_t>& codes, std::size_t) {
      for (std::uint8_t& code : codes) code = static_cast<std::uint8_t>(f(code));
    });
  };
  if (mapped([&](int c) { return levels - 1 - c; })) return Explanation{"packing-order", "codes count downwards"};
  for (int a = 0; a < levels && levels <= 32; ++a) {
    for (int b = a + 1; b < levels; ++b) {
      if (mapped([&](int c) { return c == a ? b : c == b ? a : c; })) return Explanation{"codebook", fmt::format("codes {} and {} are exchanged", a, b)};
    }
  }
  return std::nullopt;
}

// A codebook that ends early: all codes beyond its ends are the last ones. Or other thresholds altogether: codes that still ascend with z.
std::optional<Explanation> other_thresholds_fitted(const ProfileJudge& judge, const EncodedCase& e, const Right& right) {
  const std::size_t levels = judge.codewords().size();
  if (judge.profile().rounding.kind != ProfileRounding::Kind::nearest || levels < 2) return std::nullopt;
  std::vector<double> least(levels, INFINITY), most(levels, -INFINITY);  // of z, by codeword
  for (std::size_t row = 0; row < e.rows.size(); ++row) {
    for (const auto& [z, index] : judge.coordinates(e.input(judge, row), e.own(judge, row), e.rows[row])) {
      if (index < 0) return std::nullopt;
      least[static_cast<std::size_t>(index)] = std::min(least[static_cast<std::size_t>(index)], z);
      most[static_cast<std::size_t>(index)] = std::max(most[static_cast<std::size_t>(index)], z);
    }
  }
  ProfileJudge changed = judge;
  double below = -INFINITY;
  std::size_t worst = 0;
  for (std::size_t t = 0; t + 1 < levels; ++t) {
    below = std::max(below, most[t]);
    double above = INFINITY;
    for (std::size_t j = t + 1; j < levels; ++j) above = std::min(above, least[j]);
    if (below > above + 1e-6 * (1 + std::abs(above))) return std::nullopt;
    const double theta = judge.thresholds()[t].mid_double();
    const double fitted = std::clamp(theta, std::isfinite(below) ? below : theta, std::isfinite(above) ? std::max(above, below) : std::max(theta, below));
    changed.thresholds()[t] = Ball(fitted);
    if (std::abs(fitted - theta) > std::abs(changed.thresholds()[worst].mid_double() - judge.thresholds()[worst].mid_double())) worst = t;
  }
  changed.ignore_factors_in_encode = true;  // a factor of other codewords is another number
  if (!right(changed)) return std::nullopt;
  return Explanation{
      "codebook",
      fmt::format("the codes have other thresholds: z up to {:.4g} has codeword {} or less, z from {:.4g} on codeword "
                  "{} or more; the threshold should be {:.6g}",
                  *std::max_element(most.begin(), most.begin() + static_cast<std::ptrdiff_t>(worst) + 1), worst,
                  *std::min_element(least.begin() + static_cast<std::ptrdiff_t>(worst) + 1, least.end()), worst + 1,
                  judge.thresholds()[worst].mid_double())};
}

std::optional<Explanation> zero_coded_lowest(const ProfileJudge& judge, const EncodedCase& e, const RowsRight& rows_right) {
  bool any = false, lowest = true;
  const std::uint8_t middle = judge.code_of_zero();
  const bool right = rows_right(judge, [&](std::vector<std::uint8_t>& codes, std::size_t row) {
    for (const std::size_t i : judge.exact_zeros(e.input(judge, row), e.own(judge, row))) {
      any = any || codes[i] != middle;
      lowest = lowest && (codes[i] == middle || judge.codeword_index(codes[i]) == 0);
      codes[i] = middle;
    }
  });
  if (any && right) return Explanation{"tie-rule", lowest ? "a coordinate that is exactly zero gets the most negative level" : "a coordinate that is exactly zero goes the wrong way"};
  return std::nullopt;
}

// A stored scale or factor that is a constant times what it should be, alone or in the codes too.
std::optional<Explanation> other_stored(const ProfileJudge& judge, const StageVerdict& verdict, const Right& right) {
  if (!verdict.first) return std::nullopt;
  const Deviation& first = *verdict.first;
  if (first.stage != ProfileStage::scale && first.stage != ProfileStage::factor && first.stage != ProfileStage::stored) return std::nullopt;
  const double expected = first.expected.mid_double();
  if (!std::isfinite(first.got)) return Explanation{"half-overflow", "the stored number is not finite"};
  if (expected == 0 || first.got == 0) return std::nullopt;
  const double seen = first.got / expected;
  std::vector<double> candidates = {seen};
  for (const double k : {2.0, 4.0, 8.0, 16.0, 64.0, 128.0, 256.0}) {
    for (const double c : {k / (k - 1), (k - 1) / k, k / (k + 1)}) candidates.push_back(c);
  }
  for (const double c : candidates) {
    if (std::abs(c / seen - 1) > 2e-3) continue;  // what a narrow format may have made of it
    for (const bool codes_too : {false, true}) {
      ProfileJudge changed = judge;
      changed.stored_scale = Ball(c);
      if (codes_too) changed.quantize_scale = Ball(c);
      if (right(changed)) return Explanation{"scale-lost-or-wrong", fmt::format("the stored number is {} times what it should be", scale_text(c, judge))};
    }
  }
  return std::nullopt;
}

}  // namespace

namespace {

// A stored number that is not finite for a row of zeros.
std::optional<Explanation> zero_row(const ProfileJudge& judge, const EncodedCase& e) {
  const float* x = e.input(judge, e.wrong);
  if (!std::all_of(x, x + judge.dimension(), [](float v) { return v == 0; })) return std::nullopt;
  const std::vector<float>& stored = e.rows[e.wrong].stored;
  if (std::all_of(stored.begin(), stored.end(), [](float v) { return std::isfinite(v); })) return std::nullopt;
  return Explanation{"zero-row", "a number that is stored of a row of zeros is not finite"};
}

// A stored number that is 0 or not finite for a row that is neither.
std::optional<Explanation> overflowed(const ProfileJudge& judge, const EncodedCase& e) {
  const float* x = e.input(judge, e.wrong);
  const auto nothing = [](float v) { return v == 0; };
  const std::vector<float>& stored = e.rows[e.wrong].stored;
  if (std::all_of(x, x + judge.dimension(), nothing) || stored.empty() || judge.profile().blocks(judge.dimension(), judge.bits()) != 1) return std::nullopt;
  if (stored.size() > judge.profile().stored.size()) return std::nullopt;  // groups may be zero alone
  if (std::all_of(stored.begin(), stored.end(), [](float v) { return v == 0 || !std::isfinite(v); })) {
    return Explanation{"half-overflow", "all that is stored of the row is zero or not finite"};
  }
  return std::nullopt;
}

// What is stored has passed through a narrower format.
std::optional<Explanation> narrower_storage(const ProfileJudge& judge, const Right& right) {
  for (const char* name : {"f16", "bf16"}) {
    ProfileJudge changed = judge;
    const NumberFormat& format = *find_number_format(name);
    if (format.precision >= judge.profile().scale.format.precision) continue;
    changed.profile().scale.format = changed.profile().factor.format = format;
    if (right(changed)) return Explanation{"low-precision", fmt::format("what is stored has the precision of {}", name)};
  }
  return std::nullopt;
}

std::optional<Explanation> constant_signs(const ProfileJudge& judge, const EncodedCase& e) {
  if (!judge.profile().residual || judge.rotated_length() < 32) return std::nullopt;
  const std::size_t whole = judge.rotated_length() / 8;
  for (const ProfileRow& row : e.rows) {
    const std::size_t begin = judge.packed_bytes();
    for (std::size_t i = begin; i < begin + whole; ++i) {
      if (row.bytes[i] != e.rows.front().bytes[begin] || (row.bytes[i] != 0 && row.bytes[i] != 0xFF)) return std::nullopt;
    }
  }
  return Explanation{"dead-or-biased-rounding", "every sign of the residual stage is the same"};
}

std::vector<Hypothesis> encode_hypotheses(const ProfileJudge& judge, bool from_input) {
  std::vector<Hypothesis> hypotheses;
  if (from_input) hypotheses = rotation_hypotheses();
  if (judge.profile().codebook && judge.profile().codebook->tie != ProfileCodebook::Tie::any) {
    hypotheses.push_back({"tie-rule", "a number that is exactly a threshold goes the wrong way", [](ProfileJudge& j) {
                            j.profile().codebook->tie = ProfileCodebook::Tie::any;
                            return true;
                          }});
  }
  if (judge.profile().codebook) {
    hypotheses.push_back({"dead-or-biased-rounding", "codes are rounded down, not to nearest", [](ProfileJudge& j) { return other_thresholds(j, true); }});
    hypotheses.push_back({"dead-or-biased-rounding", "codes are rounded up, not to nearest", [](ProfileJudge& j) { return other_thresholds(j, false); }});
  }
  hypotheses.push_back({"scale-lost-or-wrong", judge.profile().scale.quantize_with_stored ? "codes are chosen with the unrounded scale" : "codes are chosen with the scale as it is stored",
                        [](ProfileJudge& j) {
                          j.profile().scale.quantize_with_stored = !j.profile().scale.quantize_with_stored;
                          return true;
                        }});
  using ScaleRule = ProfileScale::Rule;
  const bool by_maximum = judge.profile().scale.rule == ScaleRule::signed_max || judge.profile().scale.rule == ScaleRule::abs_max;
  for (const bool negative : {false, true}) {
    if (!by_maximum) break;
    hypotheses.push_back({"scale-lost-or-wrong", "the sign of the maximum is lost, or kept", [negative](ProfileJudge& j) {
                            ProfileScale& scale = j.profile().scale;
                            scale.rule = scale.rule == ScaleRule::signed_max ? ScaleRule::abs_max : ScaleRule::signed_max;
                            if (negative) scale.times = "0-(" + scale.times + ")";
                            return true;
                          }});
  }
  hypotheses.push_back({"factor-stored-never-applied", "the scale that the others are relative to is not applied", [](ProfileJudge& j) { return j.ignore_over(); }});
  hypotheses.push_back({"scale-lost-or-wrong", "the sum of codes is stored without the step", [](ProfileJudge& j) {
                          auto& stored = j.profile().stored;
                          const bool scaled_sum = std::find(stored.begin(), stored.end(), Stored::scaled_sum) != stored.end();
                          std::replace(stored.begin(), stored.end(), Stored::scaled_sum, Stored::sum);
                          return scaled_sum;
                        }});
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
  return hypotheses;
}

}  // namespace

std::optional<Explanation> explain_encode(const ProfileJudge& judge, const EncodedCase& e) {
  const auto judged = [&](const ProfileJudge& j, std::size_t row, const ProfileRow& content, std::uint64_t number) {
    return j.judge_encode(e.input(judge, row), e.own(judge, row), content, number);
  };
  // The row that is wrong first: most hypotheses fail at once.
  const auto all_rows = [&](const std::function<bool(std::size_t)>& holds) {
    if (!holds(e.wrong)) return false;
    for (std::size_t row = 0; row < e.rows.size(); ++row) {
      if (row != e.wrong && !holds(row)) return false;
    }
    return true;
  };
  const Right right = [&](const ProfileJudge& j) {
    return all_rows([&](std::size_t row) { return judged(j, row, e.rows[row], e.first_row + row).right(); });
  };
  const RowsRight rows_right = [&](const ProfileJudge& j, const CodeMap& map) {
    return all_rows([&](std::size_t row) {
      std::vector<std::uint8_t> codes = j.codes_of(e.rows[row]);
      map(codes, row);
      return judged(j, row, j.with_codes(e.rows[row], codes), e.first_row + row).right();
    });
  };
  if (auto found = zero_row(judge, e)) return found;
  if (auto found = overflowed(judge, e)) return found;
  if (auto found = first_of(encode_hypotheses(judge, e.y.empty()), judge, right)) return found;
  if (judge.has_row_data()) {
    for (const std::uint64_t number : {e.first_row, std::uint64_t{0}}) {
      if (all_rows([&](std::size_t row) { return judged(judge, row, e.rows[row], number).right(); })) {
        return Explanation{"correlated-random-lanes", fmt::format("all rows have the random numbers of row {}", number)};
      }
    }
  }
  if (judge.profile().codebook) {
    if (auto found = other_packing(judge, right)) return found;
    if (auto found = other_stochastic(judge, right)) return found;
    if (auto found = zero_coded_lowest(judge, e, rows_right)) return found;
    if (auto found = other_codes(judge, right, rows_right)) return found;
  }
  const StageVerdict verdict = judged(judge, e.wrong, e.rows[e.wrong], e.first_row + e.wrong);
  // Where the codes of all rows are right, another codebook explains nothing.
  bool codes_wrong = false;
  for (std::size_t row = 0; row < e.rows.size() && !codes_wrong; ++row) {
    const StageVerdict of_row = judged(judge, row, e.rows[row], e.first_row + row);
    codes_wrong = of_row.first && of_row.first->stage == ProfileStage::codes;
  }
  if (judge.profile().codebook && codes_wrong) {
    if (auto found = other_unit(judge, right)) return found;
  }
  if (auto found = other_stored(judge, verdict, right)) return found;
  if (judge.profile().codebook && codes_wrong) {
    if (auto found = other_thresholds_fitted(judge, e, right)) return found;
  }
  if (auto found = constant_signs(judge, e)) return found;
  return narrower_storage(judge, right);
}

// ---- decode and dot ----

namespace {

std::vector<Hypothesis> decode_hypotheses(bool dot) {
  std::vector<Hypothesis> hypotheses = {
      {"factor-stored-never-applied", "the stored factor is not applied", [](ProfileJudge& j) { return j.ignore_factor = true; }},
      {"factor-stored-never-applied", "the residual stage adds nothing", [](ProfileJudge& j) { return (j.ignore_residual = j.profile().residual.has_value()); }},
      {"factor-stored-never-applied", "the residual's norm is not applied", [](ProfileJudge& j) { return (j.ignore_residual_norm = j.profile().residual.has_value()); }},
      {"inverse-is-not-the-transpose", "the values are not rotated back", [dot](ProfileJudge& j) { return (j.skip_rotation_back = dot || !j.profile().decodes_rotated); }},
      {"factor-stored-never-applied", "the stored offset is not added", [](ProfileJudge& j) { return (j.ignore_offset = true); }},
      {"factor-stored-never-applied", "the scale that the others are relative to is not applied", [](ProfileJudge& j) { return j.ignore_over(); }},
      {"inverse-is-not-the-transpose", "the way back is the forward rotation", [](ProfileJudge& j) { return (j.forward_for_transposed = !j.profile().decodes_rotated); }},
      {"inverse-is-not-the-transpose", "the steps back are in forward order", reversed_steps},
  };
  const auto rotations = rotation_hypotheses();
  hypotheses.insert(hypotheses.end(), rotations.begin(), rotations.end());
  return hypotheses;
}

std::optional<Explanation> swapped_codewords(const ProfileJudge& judge, const Right& right) {
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

// One codeword off, by what the values say.
std::optional<Explanation> one_codeword(const ProfileJudge& judge, const Right& right, const ProfileRow& row,
                                        const std::vector<float>& values, std::uint64_t number) {
  const std::size_t levels = judge.codewords().size();
  if (levels < 3 || levels > 64) return std::nullopt;
  const Approximate expected = judge.decoded(row, number);
  for (std::size_t k = 0; k < levels; ++k) {
    ProfileJudge moved = judge;
    moved.codewords()[k] += Ball(1.0);
    const Approximate by_one = moved.decoded(row, number);
    double product = 0, square = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double step = (by_one.value[i] - expected.value[i]).mid_double();
      product += step * (static_cast<double>(values[i]) - expected.value[i].mid_double());
      square += step * step;
    }
    const double off = square > 0 ? product / square : 0;
    if (off == 0 || !std::isfinite(off)) continue;
    ProfileJudge changed = judge;
    changed.codewords()[k] += Ball(off);
    const double should_be = judge.codewords()[k].mid_double();
    if (right(changed))
      return Explanation{"table-entry",
                         fmt::format("codeword {} is about {:.6g}, should be {:.6g}; the others are right", k,
                                     should_be + off, should_be)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Explanation> explain_decode(const ProfileJudge& judge, const Right& right, const ProfileRow& row, const std::vector<float>& values, std::uint64_t number) {
  if (auto found = first_of(decode_hypotheses(false), judge, right)) return found;
  if (judge.profile().codebook) {
    if (auto found = other_packing(judge, right)) return found;
  }
  if (const double c = common_scale(judge.decoded(row, number), values); c != 0 && std::abs(c - 1) > 1e-5) {
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
  if (judge.profile().codebook) {
    if (auto found = swapped_codewords(judge, right)) return found;
    if (auto found = one_codeword(judge, right, row, values, number)) return found;
  }
  return less_precise(judge, right, judge.decoded(row, number), values);
}

std::optional<Explanation> explain_dot(const ProfileJudge& judge, const Right& right) {
  if (auto found = first_of(decode_hypotheses(true), judge, right)) {
    const bool basis = found->defect == "signs-after-h-or-none" || found->defect == "inverse-is-not-the-transpose" || found->defect == "permutation-inverted";
    if (basis) return Explanation{"two-paths-two-bases", "the query is in another basis than the codes: " + found->what};
    return found;
  }
  for (const double c : {2 / 3.141592653589793, 3.141592653589793 / 2, 1.1, 0.9, 0.98}) {
    ProfileJudge changed = judge;
    changed.decode_scale = Ball(c);
    if (right(changed)) return Explanation{"estimator-constant", fmt::format("the inner products are {:.6g} times what they should be", c)};
  }
  return std::nullopt;
}

std::optional<Explanation> explain_pack(Packing packing, const std::vector<std::uint8_t>& codes, int bits, std::size_t block, const std::vector<std::uint8_t>& got) {
  const auto same = [&](std::vector<std::uint8_t> packed) {
    packed.resize(got.size(), 0);
    return packed == got;
  };
  for (int other = 1; other <= 8; ++other) {
    if (other == bits) continue;
    std::vector<std::uint8_t> cut = codes;
    for (std::uint8_t& code : cut) code = static_cast<std::uint8_t>(code & ((1 << other) - 1));
    if ((other < bits && same(pack_codes(packing, cut, bits, block))) || same(pack_codes(packing, cut, other, block))) {
      return Explanation{"one-bit-width-hard-wired", fmt::format("{} bits are packed as {}", bits, other)};
    }
  }
  for (const auto& [layout, name] : packings) {
    if (layout != packing && same(pack_codes(layout, codes, bits, block))) return Explanation{"packing-order", fmt::format("the codes are packed as {}", name)};
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
