#include "hdq/reference/profile/profile_judge.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "hdq/reference/profile/profile_codebook.hpp"
#include "hdq/reference/profile/profile_packing.hpp"

namespace hdq::reference {
namespace {

constexpr double unusable = 1e300;

std::string number_text(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

DataSource with_given(const Profile& profile, int bits, const DataSource& exported) {
  return [&profile, bits, exported](const std::string& name, std::size_t count, std::uint64_t row) {
    const ProfileData& data = profile.data.at(name);
    for (const int key : {bits, 0}) {
      const auto given = data.values.find(key);
      if (given == data.values.end()) continue;
      if (given->second.size() != count) {
        throw BadProfile("data." + name + ": " + std::to_string(given->second.size()) + " values given, " + std::to_string(count) + " needed");
      }
      return given->second;
    }
    if (!data.values.empty()) throw BadProfile("data." + name + ": no values for " + std::to_string(bits) + " bits");
    std::vector<double> values = exported(name, count, row);
    if (values.size() != count) throw BadProfile("data." + name + ": " + std::to_string(values.size()) + " numbers, not " + std::to_string(count));
    const bool table = data.kind == ProfileData::Kind::codebook;  // which says more
    const std::string wrong = table ? "" : data_violation(data, values, bits);
    if (!wrong.empty()) throw BadProfile("data." + name + " " + wrong);
    return values;
  };
}

bool is_power_of_two(const Ball& x) {
  int exponent = 0;
  return x.is_exact() && std::abs(std::frexp(x.mid_double(), &exponent)) == 0.5;
}

// √Σ v² of a part, and how far a legal computation of it may be: the values' own errors and the roundings of the sum.
Bounded norm_of(const Approximate& v, std::size_t begin, std::size_t end, const NumberFormat& format) {
  Ball sum;
  double error = 0;
  for (std::size_t i = begin; i < end; ++i) {
    sum += square(v.value[i]);
    error += v.error[i] * v.error[i];
  }
  Bounded norm{sqrt(sum), std::sqrt(error) * (1 + 1e-9)};
  return sum.is_exact() && sum.contains_zero() ? norm : norm.rounded(static_cast<double>(end - begin) + 4, format);
}

}  // namespace

const char* profile_stage_name(ProfileStage stage) {
  switch (stage) {
    case ProfileStage::rotation: return "rotation";
    case ProfileStage::rotation_back: return "rotation back";
    case ProfileStage::scale: return "scale";
    case ProfileStage::codes: return "codes";
    case ProfileStage::factor: return "factor";
    case ProfileStage::residual: return "residual";
    case ProfileStage::stored: return "stored";
    case ProfileStage::decode: return "decode";
    case ProfileStage::dot: return "dot";
  }
  return "";
}

void StageVerdict::add(const StageVerdict& other) {
  equal += other.equal;
  within += other.within;
  wrong += other.wrong;
  if (!first) first = other.first;
  compared.insert(compared.end(), other.compared.begin(), other.compared.end());
}

ProfileJudge::ProfileJudge(Profile profile, std::size_t dimension, int bits, DataSource data)
    : profile_(std::move(profile)), dimension_(dimension), bits_(bits), data_(std::move(data)), names_(profile_.names(dimension, bits)),
      rotation_(profile_, dimension, bits, with_given(profile_, bits, data_)) {
  if (profile_.codebook) {
    const ProfileTable table = profile_table(profile_, dimension, bits, with_given(profile_, bits, data_));
    codewords_ = table.codewords;
    thresholds_ = table.thresholds;
    unit_ = table.unit;
  }
  if (!profile_.scale.over.empty()) over_ = Bounded{Ball(numbers(profile_.scale.over, 0).at(0)), 0};
  if (profile_.residual) {
    if (profile_.blocks(dimension, bits) != 1) throw BadProfile("residual: blocks of a row have none");
    const std::vector<double> matrix = numbers(profile_.residual->matrix, 0);
    if (matrix.size() != rotation_.padded() * rotation_.padded()) throw BadProfile("residual: its matrix is not d square");
    residual_matrix_.assign(matrix.begin(), matrix.end());
    residual_factor_ = evaluate(profile_.residual->factor, names_);
  }
}

std::vector<double> ProfileJudge::numbers(const std::string& name, std::uint64_t row) const {
  return with_given(profile_, bits_, data_)(name, evaluate_count(profile_.data.at(name).count, names_), row);
}

void ProfileJudge::compare(StageVerdict& verdict, ProfileStage stage, std::size_t index, double got, const Bounded& expected,
                           const NumberFormat& format, const std::string& what) const {
  const double mid = expected.value.mid_double();
  // What an overflow of a narrow format does is the kernel's policy.
  if (format.precision < binary32.precision && expected.size() + expected.error >= format.largest) {
    ++verdict.within;
    return;
  }
  const double off = std::isfinite(got) ? magnitude(Ball(got) - expected.value) : unusable;
  const double storage = (format.precision == 1 ? 1.0 : format.unit_roundoff()) * (expected.size() + expected.error) + format.underflow();
  const double radius = magnitude(expected.value.radius()), bound = expected.error + radius + storage;
  const bool holds = format.holds(got), right = holds && off <= bound;
  const bool equal = right && off <= storage + radius;
  verdict.count(equal, right);
  verdict.compared.push_back({stage, got, mid, bound});
  if (right || verdict.first) return;
  Deviation d;
  d.stage = stage;
  d.index = index;
  d.got = got;
  d.expected = expected.value;
  d.error = off;
  d.bound = bound;
  d.what = what + ": got " + number_text(got) + ", should be " + number_text(mid) + " within " + number_text(bound);
  if (!holds) d.what = what + ": " + number_text(got) + " is no number of " + std::string(format.name);
  verdict.first = std::move(d);
}

// Every partial sum of a rotation by signs and Hadamard matrices is at most Σ|v_i| before its scale: could one leave the format? What an
// overflow then does, to infinity, to NaN or to the largest number, is the kernel's policy.
bool ProfileJudge::may_overflow(const float* v, std::size_t count) const {
  const NumberFormat& format = profile_.arithmetic.rotation;
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += std::abs(static_cast<double>(v[i]));
  return format.largest < binary32.largest / 2 && sum * (1 + format.unit_roundoff()) >= format.largest;
}

StageVerdict ProfileJudge::judge_rotation(const float* x, const float* y) const {
  const Approximate expected = rotated(x);
  if (may_overflow(x, dimension_)) {
    StageVerdict nothing;
    nothing.within = expected.size();
    return nothing;
  }
  const NumberFormat& held = profile_.arithmetic.rotated.precision < binary32.precision ? profile_.arithmetic.rotated : binary32;
  StageVerdict verdict;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    compare(verdict, ProfileStage::rotation, i, static_cast<double>(y[i]), expected.at(i), held, "rotated coordinate " + std::to_string(i));
  }
  return verdict;
}

StageVerdict ProfileJudge::judge_rotation_back(const float* y, const float* x) const {
  const Approximate expected = back(Approximate::exactly(y, rotation_.padded()));
  StageVerdict verdict;
  if (may_overflow(y, rotation_.padded())) {
    verdict.within = expected.size();
    return verdict;
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    compare(verdict, ProfileStage::rotation_back, i, static_cast<double>(x[i]), expected.at(i), binary32, "coordinate " + std::to_string(i));
  }
  return verdict;
}

Approximate ProfileJudge::back(const Approximate& y) const {
  if (skip_rotation_back) {
    Approximate cut = y;
    cut.resize(dimension_);
    return cut;
  }
  if (!forward_for_transposed) return rotation_.transposed(y);
  Approximate forward = rotation_.forward_padded(y);
  forward.resize(dimension_);
  return forward;
}

// ---- scale and offset ----

ProfileJudge::Groups ProfileJudge::scales(const float* x, const Approximate& y) const {
  using Rule = ProfileScale::Rule;
  const ProfileScale& rule = profile_.scale;
  const std::size_t group = profile_.scale_group(dimension_, bits_), length = rotation_.length();
  const Ball times = evaluate(rule.times, names_);
  const NumberFormat& format = profile_.arithmetic.scale;
  Groups groups;
  for (std::size_t begin = 0; begin < rotation_.padded(); begin += group) {
    Bounded s{Ball(1), 0}, offset{Ball(0), 0};
    bool either = false;
    if (rule.rule == Rule::norm && group == length) {
      const Approximate exact = Approximate::exactly(x, dimension_);
      s = norm_of(exact, std::min(begin, dimension_), std::min(begin + group, dimension_), format);
    } else if (rule.rule == Rule::norm) {
      s = norm_of(y, begin, begin + group, format);
    } else if (rule.rule != Rule::one) {
      std::size_t largest = begin, highest = begin, lowest = begin;
      double error = 0;
      for (std::size_t i = begin; i < begin + group; ++i) {
        if (certainly_less(abs(y.value[largest]), abs(y.value[i]))) largest = i;
        if (certainly_less(y.value[highest], y.value[i])) highest = i;
        if (certainly_less(y.value[i], y.value[lowest])) lowest = i;
        error = std::max(error, y.error[i]);
      }
      if (rule.rule == Rule::abs_max) s = {abs(y.value[largest]), error};
      if (rule.rule == Rule::signed_max) {
        s = {y.value[largest], error};
        for (std::size_t i = begin; i < begin + group; ++i) {
          const bool other_sign = y.value[i].mid_double() * y.value[largest].mid_double() < 0;
          const double gap = (abs(y.value[largest]) - abs(y.value[i])).lower_double();
          // Of equal magnitudes the first counts, where both are known for certain.
          if (other_sign && (gap < 2 * error || (gap == 0 && error > 0))) either = true;
        }
      }
      if (rule.rule == Rule::min_max) {
        s = Bounded{y.value[highest] - y.value[lowest], 2 * error}.rounded(1, format);
        offset = {y.value[lowest], error};
      }
    }
    if (!(times.is_exact() && times.mid_double() == 1)) {
      const double size = magnitude(times);
      s = Bounded{s.value * times, s.error * size};
      if (!s.value.contains_zero() && !is_power_of_two(times)) s = s.rounded(3, format);
    }
    groups.either.push_back(either);
    groups.scale.push_back(s);
    groups.offset.push_back(offset);
  }
  return groups;
}

bool ProfileJudge::has_stored(Stored which) const {
  return std::find(profile_.stored.begin(), profile_.stored.end(), which) != profile_.stored.end();
}

Bounded ProfileJudge::stored_number(const ProfileRow& row, Stored which, std::size_t index) const {
  std::size_t at = 0;
  for (const Stored s : profile_.stored) {
    if (s == which) return {Ball(static_cast<double>(row.stored.at(at + index))), 0};
    at += profile_.stored_count(s, dimension_, bits_);
  }
  return {Ball(1), 0};
}

void ProfileJudge::judge_scales(const Groups& exact, const ProfileRow& row, StageVerdict& verdict) const {
  const bool factor_is_scale = profile_.factor.rule == ProfileFactor::Rule::scale && has_stored(Stored::factor);
  for (std::size_t g = 0; g < exact.scale.size(); ++g) {
    for (const Stored which : {Stored::scale, Stored::factor, Stored::offset}) {
      if (!has_stored(which) || (which == Stored::factor && !factor_is_scale)) continue;
      Bounded expected = which == Stored::offset ? exact.offset[g] : exact.scale[g];
      if (which != Stored::offset && !profile_.scale.over.empty()) {
        expected = Bounded{expected.value / over_.value, expected.error / over_.size()}.rounded(1, profile_.arithmetic.scale);
      }
      // The numbers of a signed maximum may be either sign where two are equally large within the bound.
      const double got = stored_number(row, which, g).value.mid_double();
      if (which != Stored::offset && exact.either[g] && got * expected.value.mid_double() < 0) expected.value = -expected.value;
      if (which != Stored::offset) expected.value *= stored_scale;
      compare(verdict, ProfileStage::scale, g, got, expected, profile_.scale.format, std::string(stored_name(which)) + " " + std::to_string(g));
    }
  }
}

// ---- codes ----

std::vector<std::uint8_t> ProfileJudge::codes_of(const ProfileRow& row) const {
  return unpack_codes(profile_.packing, row.bytes, rotation_.padded(), profile_.code_bits(bits_), rotation_.length());
}

int ProfileJudge::codeword_index(std::uint8_t code) const {
  const auto count = static_cast<int>(codewords_.size());
  const int bits = profile_.code_bits(bits_), value = code;
  int index = value;
  switch (profile_.codebook->code) {
    case ProfileCodebook::Code::offset_binary: break;
    case ProfileCodebook::Code::twos_complement: {
      const int half = 1 << (bits - 1);
      index = (value >= half ? value - 2 * half : value) - static_cast<int>(codewords_.front().mid_double());
      break;
    }
    case ProfileCodebook::Code::sign_magnitude: {
      const int half = 1 << (bits - 1), size = value & (half - 1);
      index = value >= half ? half - 1 - size : half + size;
      break;
    }
  }
  return index >= 0 && index < count ? index : -1;
}

namespace {

// The threshold below codeword i + 1: fixed, or where a random integer r of k bits sends z up: t·2^k + r >= 2^k.
Ball threshold_at(const std::vector<Ball>& codewords, const std::vector<Ball>& thresholds, const ProfileRounding& rule, std::size_t i, double random) {
  if (rule.kind != ProfileRounding::Kind::stochastic) return thresholds[i];
  const Ball fraction = 1 - ldexp(Ball(random), -rule.bits);
  return codewords[i] + fraction * (codewords[i + 1] - codewords[i]);
}

}  // namespace

// Is there a number within z's bound whose codeword this is? Thresholds are float numbers themselves.
bool ProfileJudge::legal(const Bounded& z, int index, double random) const {
  using Tie = ProfileCodebook::Tie;
  if (index < 0) return false;
  if (profile_.rounding.kind == ProfileRounding::Kind::free) return true;
  const double u = profile_.arithmetic.quantize.unit_roundoff();
  const auto inside = [&](std::size_t j) {
    const auto side = [&](std::size_t t, bool above) {  // is z legally on this side of threshold t?
      const Ball theta = threshold_at(codewords_, thresholds_, profile_.rounding, t, random);
      // Thresholds between whole or half numbers are numbers of the format; others are rounded.
      const auto name = profile_.codebook->name;
      const bool simple = name == ProfileCodebook::Name::uniform || name == ProfileCodebook::Name::e2m1 || name == ProfileCodebook::Name::sign;
      const bool exact = theta.is_exact() && (theta.contains_zero() || (simple && profile_.arithmetic.quantize.holds(theta.mid_double())));
      const double slack = exact ? 0 : 4 * u * std::max(magnitude(codewords_[t]), magnitude(codewords_[t + 1]));
      const Ball distance = above ? z.value - theta : theta - z.value;
      if (distance.upper_double() + z.error + slack < 0) return false;
      const bool exactly_at = distance.is_exact() && distance.contains_zero() && z.error == 0 && slack == 0;
      if (!exactly_at) return true;
      switch (profile_.codebook->tie) {
        case Tie::up: return above;
        case Tie::down: return !above;
        case Tie::even: return (j % 2 == 0);
        case Tie::away: return theta.certainly_negative() ? !above : theta.certainly_positive() ? above : true;
        case Tie::any: return true;
      }
      return true;
    };
    return (j == 0 || side(j - 1, true)) && (j + 1 == codewords_.size() || side(j, false));
  };
  // Neighbours of the same value are one codeword.
  const Ball& codeword = codewords_[static_cast<std::size_t>(index)];
  for (auto j = static_cast<std::size_t>(index); j < codewords_.size() && codewords_[j].contains(codeword); ++j) {
    if (inside(j)) return true;
  }
  for (auto j = static_cast<std::size_t>(index); j-- > 0 && codewords_[j].contains(codeword);) {
    if (inside(j)) return true;
  }
  return false;
}

int ProfileJudge::exact_index(const Ball& z, double random) const {
  using Tie = ProfileCodebook::Tie;
  const Tie tie = profile_.codebook->tie;
  const auto above = [&](std::size_t t) {
    const Ball distance = z - threshold_at(codewords_, thresholds_, profile_.rounding, t, random);
    if (!distance.contains_zero()) return distance.mid_double() > 0;
    return tie == Tie::down ? false : tie == Tie::even ? (t + 1) % 2 == 0 : tie == Tie::away ? !z.certainly_negative() : true;
  };
  std::size_t low = 0, high = thresholds_.size();  // z is above all thresholds before `low`, and below those from `high` on
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (above(middle)) low = middle + 1;
    else high = middle;
  }
  return static_cast<int>(low);
}

// z of coordinate i, in units of the codebook.
Bounded ProfileJudge::coordinate(const Groups& groups, const Approximate& y, const ProfileRow& row, std::size_t i) const {
  const NumberFormat& format = profile_.arithmetic.quantize;
  const std::size_t g = i / profile_.scale_group(dimension_, bits_);
  const Stored which = has_stored(Stored::scale) ? Stored::scale : Stored::factor;
  const bool stored = has_stored(which) && !row.stored.empty();
  Bounded s{groups.scale[g].value * quantize_scale, groups.scale[g].error};
  if (profile_.scale.plus != 0) s = Bounded{s.value + Ball(profile_.scale.plus), s.error}.rounded(1, profile_.arithmetic.scale);
  if (profile_.scale.quantize_with_stored && stored) {
    s = Bounded{stored_number(row, which, g).value * over_.value, 0};
    if (!profile_.scale.over.empty()) s = s.rounded(1, format);
  } else if (groups.either[g] && stored) {
    if (stored_number(row, which, g).value.mid_double() * s.value.mid_double() < 0) s.value = -s.value;
  }
  if (s.value.is_exact() && s.value.contains_zero() && s.error == 0) return {Ball(0), 0};
  const Ball above = y.value[i] - groups.offset[g].value;
  const double divisor = std::abs(s.value.mid_double()) - s.error, off = y.error[i] + groups.offset[g].error;
  if (above.is_exact() && above.contains_zero() && off == 0) return {Ball(0), 0};
  if (!(divisor > 0)) return {Ball(0), unusable};
  Bounded z{above / s.value / unit_, 0};
  // A division by a power of two is exact, and so is what follows.
  const bool uniform = profile_.codebook->name == ProfileCodebook::Name::uniform;
  const double shift = uniform ? std::abs(codewords_.front().mid_double()) + 0.5 : 0;  // uniform codes are often found by adding an offset and truncating
  if (off == 0 && s.error == 0 && above.is_exact() && is_power_of_two(s.value) && unit_.is_exact() && unit_.mid_double() == 1 &&
      format.holds(z.value.mid_double() + shift)) {
    return z;
  }
  z.error = (off / divisor / unit_.lower_double() + z.size() * s.error / divisor) * (1 + 1e-9);
  z = z.rounded(4, format);
  if (uniform) z.error += format.unit_roundoff() * (z.size() + shift + 0.5);
  return z;
}

void ProfileJudge::judge_codes(const Groups& groups, const Approximate& y, const ProfileRow& row, std::uint64_t number, StageVerdict& verdict) const {
  const std::vector<std::uint8_t> codes = codes_of(row);
  std::vector<double> random;
  if (!profile_.rounding.random.empty()) random = numbers(profile_.rounding.random, number);
  const bool dithered = profile_.rounding.kind == ProfileRounding::Kind::dither;
  for (std::size_t i = 0; i < y.size(); ++i) {
    Bounded z = coordinate(groups, y, row, i);
    if (dithered) z = Bounded{z.value + Ball(random[i]), z.error}.rounded(1, profile_.arithmetic.quantize);
    const double r = random.empty() || dithered ? 0 : random[i];
    const int index = codeword_index(codes[i]), exact = exact_index(z.value, r);
    const bool right = legal(z, index, r);
    verdict.count(right && codewords_[static_cast<std::size_t>(index)].contains(codewords_[static_cast<std::size_t>(exact)]), right);
    verdict.compared.push_back({ProfileStage::codes, static_cast<double>(index), static_cast<double>(exact),
                                right ? std::abs(index - exact) : 0.0});
    if (right || verdict.first) continue;
    Deviation d;
    d.stage = ProfileStage::codes;
    d.index = i;
    d.got = codes[i];
    d.expected = z.value;
    d.bound = z.error;
    const std::string meaning = index < 0 ? ", which stands for no codeword," : " (codeword " + number_text(codewords_[static_cast<std::size_t>(index)].mid_double()) + ")";
    d.what = "coordinate " + std::to_string(i) + ": code " + std::to_string(codes[i]) + meaning + " for z = " + number_text(z.value.mid_double()) +
             ", should be codeword " + number_text(codewords_[static_cast<std::size_t>(exact)].mid_double());
    verdict.first = std::move(d);
  }
}

std::uint8_t ProfileJudge::code_of_index(int index) const {
  const int half = 1 << (profile_.code_bits(bits_) - 1);
  switch (profile_.codebook->code) {
    case ProfileCodebook::Code::offset_binary: return static_cast<std::uint8_t>(index);
    case ProfileCodebook::Code::twos_complement:
      return static_cast<std::uint8_t>((index + static_cast<int>(codewords_.front().mid_double())) & (2 * half - 1));
    case ProfileCodebook::Code::sign_magnitude: return static_cast<std::uint8_t>(index < half ? half + (half - 1 - index) : index - half);
  }
  return 0;
}

std::size_t ProfileJudge::packed_bytes() const {
  return profile_.code_bytes(dimension_, bits_) - (profile_.residual ? (rotation_.padded() + 7) / 8 : 0);
}

ProfileRow ProfileJudge::with_codes(const ProfileRow& row, const std::vector<std::uint8_t>& codes) const {
  ProfileRow changed = row;
  const std::vector<std::uint8_t> packed = pack_codes(profile_.packing, codes, profile_.code_bits(bits_), rotation_.length());
  std::copy(packed.begin(), packed.end(), changed.bytes.begin());
  return changed;
}

std::vector<std::size_t> ProfileJudge::exact_zeros(const float* x, const float* y) const {
  const Approximate rotated_row = y == nullptr ? rotated_for_codes(x) : own_for_codes(x, y);
  std::vector<std::size_t> zeros;
  for (std::size_t i = 0; i < rotated_row.size(); ++i) {
    const Ball& v = rotated_row.value[i];
    if (v.is_exact() && v.contains_zero() && rotated_row.error[i] == 0) zeros.push_back(i);
  }
  return zeros;
}

std::vector<std::pair<double, int>> ProfileJudge::coordinates(const float* x, const float* y, const ProfileRow& row) const {
  const Approximate rotated_row = y == nullptr ? rotated_for_codes(x) : own_for_codes(x, y);
  const Groups groups = scales(x, rotated_row);
  const std::vector<std::uint8_t> codes = codes_of(row);
  std::vector<std::pair<double, int>> all;
  for (std::size_t i = 0; i < rotated_row.size(); ++i) all.emplace_back(coordinate(groups, rotated_row, row, i).value.mid_double(), codeword_index(codes[i]));
  return all;
}

bool ProfileJudge::has_row_data() const {
  return std::any_of(profile_.data.begin(), profile_.data.end(), [](const auto& named) { return named.second.per_row; });
}

bool ProfileJudge::ignore_over() {
  if (profile_.scale.over.empty()) return false;
  over_ = Bounded{Ball(1), 0};
  return true;
}

namespace {

// To nearest in the format, for numbers in its range; e8m0 to the nearest power of two.
float stored_value(const Ball& exact, const NumberFormat& format) {
  const double v = exact.mid_double();
  if (v == 0 || !std::isfinite(v)) return static_cast<float>(v);
  int exponent = 0;
  std::frexp(v, &exponent);
  const int quantum = std::max(exponent - format.precision, format.least_exponent);
  const double rounded = std::ldexp(std::nearbyint(std::ldexp(v, -quantum)), quantum);
  return static_cast<float>(std::clamp(rounded, -format.largest, format.largest));
}

}  // namespace

ProfileRow ProfileJudge::encode(const float* x, std::uint64_t number) const {
  const Approximate y = rotated(x);
  const Groups groups = scales(x, y);
  ProfileRow row;
  row.bytes.assign(profile_.code_bytes(dimension_, bits_), 0);
  row.stored.assign(profile_.stored_per_row(dimension_, bits_), 0.0f);
  const auto store = [&](Stored which, std::size_t index, float value) {
    std::size_t at = 0;
    for (const Stored s : profile_.stored) {
      if (s == which) row.stored[at + index] = value;
      at += profile_.stored_count(s, dimension_, bits_);
    }
  };
  const bool factor_is_scale = profile_.factor.rule == ProfileFactor::Rule::scale;
  for (std::size_t g = 0; g < groups.scale.size(); ++g) {
    const float s = stored_value(groups.scale[g].value / over_.value, profile_.scale.format);
    store(Stored::scale, g, s);
    if (factor_is_scale) store(Stored::factor, g, s);
    store(Stored::offset, g, stored_value(groups.offset[g].value, profile_.scale.format));
  }
  std::vector<int> indices;
  if (profile_.codebook) {
    std::vector<double> random;
    if (!profile_.rounding.random.empty()) random = numbers(profile_.rounding.random, number);
    const bool dithered = profile_.rounding.kind == ProfileRounding::Kind::dither;
    std::vector<std::uint8_t> codes;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const Ball z = coordinate(groups, y, row, i).value;
      indices.push_back(exact_index(dithered ? z + Ball(random[i]) : z, random.empty() || dithered ? 0 : random[i]));
      codes.push_back(code_of_index(indices.back()));
    }
    row = with_codes(row, codes);
  }
  if (!factor_is_scale && has_stored(Stored::factor)) {
    const Ball times = evaluate(profile_.factor.times, names_);
    for (std::size_t g = 0; g < profile_.stored_count(Stored::factor, dimension_, bits_); ++g) {
      const Bounded f = factor_of(x, y, indices, g);
      store(Stored::factor, g, f.error >= unusable ? 0.0f : stored_value(f.value * times, profile_.factor.format));
    }
  }
  const Ball norm = norm_of(Approximate::exactly(x, dimension_), 0, dimension_, binary64).value;
  store(Stored::norm, 0, stored_value(norm, profile_.factor.format));
  if (profile_.residual) encode_residual(x, number, row, [&](float value) { store(Stored::residual_norm, 0, value); });
  return row;
}

std::pair<std::vector<Ball>, Ball> ProfileJudge::expected_stochastic(const float* x) const {
  const Approximate y = rotated(x);
  const Groups groups = scales(x, y);
  ProfileRow row = encode(x, 0);  // its stored scales
  const std::vector<Bounded> factors = decoding_factors(row);
  const std::size_t group = profile_.factor_group(dimension_, bits_);
  Approximate mean;
  mean.resize(y.size());
  Ball variance;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const Ball z = coordinate(groups, y, row, i).value;
    std::size_t low = 0;  // z lies between codewords low and low + 1, or beyond the ends
    while (low + 2 < codewords_.size() && !certainly_less(z, codewords_[low + 1])) ++low;
    const Ball &a = codewords_[low], &b = codewords_[low + 1], width = b - a;
    Ball probability;
    if (width.contains_zero() || !certainly_less(a, z)) {
      probability = Ball(0);
    } else if (!certainly_less(z, b)) {
      probability = Ball(1);
    } else {
      const Ball steps = ldexp((z - a) / width, profile_.rounding.bits);
      const double down = std::floor(steps.lower_double()), up = std::floor(steps.upper_double());
      probability = ldexp(down == up ? Ball(down) : hull(Ball(down), Ball(up)), -profile_.rounding.bits);
    }
    const Ball step = factors[i / group].value * unit_;
    mean.value[i] = step * (a + probability * width);
    variance += square(step * width) * probability * (1 - probability);
  }
  return {back(mean).value, variance};
}

void ProfileJudge::encode_residual(const float* x, std::uint64_t number, ProfileRow& row, const std::function<void(float)>& store_norm) const {
  const std::size_t d = rotation_.padded(), begin = row.bytes.size() - (d + 7) / 8;
  const Approximate x0 = back(decoded_rotated(row, number));
  std::vector<Ball> r;
  Ball square_sum;
  for (std::size_t j = 0; j < dimension_; ++j) {
    r.push_back(Ball(static_cast<double>(x[j])) - x0.value[j]);
    square_sum += square(r.back());
  }
  store_norm(stored_value(sqrt(square_sum), profile_.factor.format));
  for (std::size_t i = 0; i < d; ++i) {
    Ball sum;
    for (std::size_t j = 0; j < dimension_; ++j) sum += residual_matrix_[i * d + j] * r[j];
    const double mid = sum.mid_double();
    if (mid > 0 || (mid == 0 && profile_.residual->tie_up)) row.bytes[begin + i / 8] = static_cast<std::uint8_t>(row.bytes[begin + i / 8] | 1 << (i % 8));
  }
}

// ---- factors ----

Bounded ProfileJudge::factor_of(const float* x, const Approximate& y, const std::vector<int>& indices, std::size_t g) const {
  using Rule = ProfileFactor::Rule;
  const std::size_t group = profile_.factor_group(dimension_, bits_), begin = g * group, end = begin + group;
  const NumberFormat& format = profile_.arithmetic.factor;
  const double roundings = static_cast<double>(group) + 6, growth = rounding_growth(roundings, format.unit_roundoff());
  const Bounded norm = norm_of(y, begin, end, format);
  if (profile_.factor.rule == Rule::norm) {
    const Approximate exact = Approximate::exactly(x, dimension_);
    return group == rotation_.length() ? norm_of(exact, std::min(begin, dimension_), std::min(end, dimension_), format) : norm;
  }
  Ball energy, inner;
  double inner_size = 0, inner_error = 0;
  for (std::size_t i = begin; i < end; ++i) {
    if (indices[i] < 0) return {Ball(0), unusable};
    const Ball q = unit_ * codewords_[static_cast<std::size_t>(indices[i])];
    energy += square(q);
    inner += q * y.value[i];
    inner_size += magnitude(q) * (magnitude(y.value[i]) + y.error[i]);
    inner_error += magnitude(q) * y.error[i];
  }
  const double slack = (inner_error + growth * inner_size) * (1 + 1e-9);
  if (energy.contains_zero()) return {Ball(0), unusable};
  Bounded f;
  if (profile_.factor.rule == Rule::matched_norm) {
    f = {norm.value / sqrt(energy), norm.error / sqrt(energy).lower_double()};
  } else if (profile_.factor.rule == Rule::projection) {
    f = {inner / energy, slack / energy.lower_double()};
  } else {
    const double divisor = std::abs(inner.mid_double()) - slack;
    if (!(divisor > 0)) return {Ball(0), unusable};
    f.value = square(norm.value) / inner;
    f.error = ((2 * norm.size() + norm.error) * norm.error + f.size() * slack) / divisor;
  }
  return f.rounded(roundings + 4, format);
}

void ProfileJudge::judge_factors(const float* x, const Approximate& y, const ProfileRow& row, StageVerdict& verdict) const {
  using Rule = ProfileFactor::Rule;
  const Rule rule = profile_.factor.rule;
  if (rule == Rule::scale || rule == Rule::one || !has_stored(Stored::factor)) return;
  std::vector<int> indices;
  if (profile_.codebook) {
    for (const std::uint8_t code : codes_of(row)) indices.push_back(codeword_index(code));
  }
  const Ball times = evaluate(profile_.factor.times, names_);
  const std::size_t count = profile_.stored_count(Stored::factor, dimension_, bits_);
  for (std::size_t g = 0; g < count; ++g) {
    Bounded f = factor_of(x, y, indices, g);
    if (f.error >= unusable) continue;
    if (!(times.is_exact() && times.mid_double() == 1)) f = Bounded{f.value * times, f.error * magnitude(times)}.rounded(3, profile_.arithmetic.factor);
    f.value *= stored_scale;
    compare(verdict, ProfileStage::factor, g, stored_number(row, Stored::factor, g).value.mid_double(), f, profile_.factor.format, "factor " + std::to_string(g));
  }
}

void ProfileJudge::judge_others(const float* x, const ProfileRow& row, StageVerdict& verdict) const {
  const Approximate exact = Approximate::exactly(x, dimension_);
  const NumberFormat& format = profile_.arithmetic.factor;
  const Bounded norm = norm_of(exact, 0, dimension_, format);
  if (has_stored(Stored::norm)) {
    compare(verdict, ProfileStage::stored, 0, stored_number(row, Stored::norm, 0).value.mid_double(), norm, profile_.factor.format, "norm");
  }
  if (has_stored(Stored::square)) {
    const Bounded squared = Bounded{square(norm.value), norm.error * (2 * norm.size() + norm.error)}.rounded(1, format);
    compare(verdict, ProfileStage::stored, 0, stored_number(row, Stored::square, 0).value.mid_double(), squared, binary32, "square");
  }
  for (const Stored which : {Stored::sum, Stored::scaled_sum}) {
    if (!has_stored(which)) continue;
    std::int64_t sum = 0;
    for (const std::uint8_t code : codes_of(row)) sum += code;
    Ball value(sum);
    if (which == Stored::scaled_sum) value *= stored_number(row, has_stored(Stored::scale) ? Stored::scale : Stored::factor, 0).value;
    const Bounded expected = Bounded{value, 0}.rounded(static_cast<double>(rotation_.padded()) + 1, format);
    compare(verdict, ProfileStage::stored, 0, stored_number(row, which, 0).value.mid_double(), expected, binary32, "sum of codes");
  }
}

// ---- decoding ----

std::vector<Bounded> ProfileJudge::decoding_factors(const ProfileRow& row) const {
  using Rule = ProfileFactor::Rule;
  std::vector<Bounded> factors;
  const std::size_t count = rotation_.padded() / profile_.factor_group(dimension_, bits_);
  for (std::size_t g = 0; g < count; ++g) {
    Bounded f{Ball(1), 0};
    if (ignore_factor || profile_.factor.rule == Rule::one) {
    } else if (has_stored(Stored::factor)) {
      f = stored_number(row, Stored::factor, g);
    } else if (profile_.factor.rule == Rule::scale && has_stored(Stored::scale)) {
      f = stored_number(row, Stored::scale, g);
    } else if (has_stored(Stored::norm)) {
      f = stored_number(row, Stored::norm, 0);
    }
    if (profile_.factor.rule == Rule::scale && !profile_.scale.over.empty()) f = Bounded{f.value * over_.value, 0}.rounded(1, profile_.arithmetic.decode);
    f.value *= decode_scale;
    factors.push_back(f);
  }
  return factors;
}

Approximate ProfileJudge::decoded_rotated(const ProfileRow& row, std::uint64_t number) const {
  const std::vector<std::uint8_t> codes = codes_of(row);
  const std::vector<Bounded> factors = decoding_factors(row);
  const std::size_t scale_group = profile_.scale_group(dimension_, bits_), factor_group = profile_.factor_group(dimension_, bits_);
  const NumberFormat& format = profile_.arithmetic.decode;
  std::vector<double> dither;
  if (profile_.rounding.kind == ProfileRounding::Kind::dither) dither = numbers(profile_.rounding.random, number);
  Approximate y;
  y.resize(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const int index = codeword_index(codes[i]);
    Ball c = index < 0 ? Ball(0) : codewords_[static_cast<std::size_t>(index)];
    if (!dither.empty()) c -= Ball(dither[i]);
    const Bounded& f = factors[i / factor_group];
    const double size = magnitude(unit_ * c);
    Bounded v{f.value * unit_ * c, f.error * size};
    if (!(v.value.is_exact() && v.value.contains_zero())) v = v.rounded(5, format);
    if (has_stored(Stored::offset) && !ignore_offset) {
      v.value += stored_number(row, Stored::offset, i / scale_group).value;
      v = v.rounded(1, format);
    }
    y.set(i, v);
  }
  return y;
}

Approximate ProfileJudge::residual_part(const ProfileRow& row) const {
  const std::size_t d = rotation_.padded();
  const std::size_t begin = row.bytes.size() - (d + 7) / 8;
  const Ball size = ignore_residual_norm ? residual_factor_ : residual_factor_ * stored_number(row, Stored::residual_norm, 0).value;
  const NumberFormat& format = profile_.arithmetic.decode;
  const double growth = rounding_growth(static_cast<double>(d) + 4, format.unit_roundoff());
  Approximate part;
  part.resize(dimension_);
  for (std::size_t j = 0; j < dimension_; ++j) {
    Ball sum;
    double magnitudes = 0;
    for (std::size_t i = 0; i < d; ++i) {
      const Ball& entry = residual_matrix_[i * d + j];
      const bool plus = (row.bytes[begin + i / 8] >> (i % 8) & 1) != 0;
      if (plus) sum += entry;
      else sum -= entry;
      magnitudes += magnitude(entry);
    }
    part.set(j, {size * sum, growth * magnitudes * magnitude(size) + format.underflow()});
  }
  return part;
}

Approximate ProfileJudge::decoded(const ProfileRow& row, std::uint64_t number) const {
  const Approximate y = decoded_rotated(row, number);
  if (profile_.decodes_rotated) return y;
  Approximate x = back(y);
  if (profile_.residual && !ignore_residual) {
    const Approximate part = residual_part(row);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x.set(i, Bounded{x.value[i] + part.value[i], x.error[i] + part.error[i]}.rounded(1, profile_.arithmetic.decode));
    }
  }
  return x;
}

void ProfileJudge::judge_residual(const float* x, const ProfileRow& row, std::uint64_t number, StageVerdict& verdict) const {
  const std::size_t d = rotation_.padded(), begin = row.bytes.size() - (d + 7) / 8;
  const NumberFormat& format = profile_.arithmetic.quantize;
  Approximate r = back(decoded_rotated(row, number));
  for (std::size_t i = 0; i < dimension_; ++i) {
    r.set(i, Bounded{Ball(static_cast<double>(x[i])) - r.value[i], r.error[i]}.rounded(1, format));
  }
  if (has_stored(Stored::residual_norm)) {
    const Bounded norm = norm_of(r, 0, dimension_, format);
    compare(verdict, ProfileStage::residual, 0, stored_number(row, Stored::residual_norm, 0).value.mid_double(), norm, profile_.factor.format, "residual norm");
  }
  const double growth = rounding_growth(static_cast<double>(d) + 2, format.unit_roundoff());
  for (std::size_t i = 0; i < d; ++i) {
    Ball sum;
    double error = 0, size = 0;
    for (std::size_t j = 0; j < dimension_; ++j) {
      const Ball& entry = residual_matrix_[i * d + j];
      sum += entry * r.value[j];
      const double weight = magnitude(entry);
      error += weight * r.error[j];
      size += weight * (magnitude(r.value[j]) + r.error[j]);
    }
    const double bound = (error + growth * size) * (1 + 1e-9);
    const bool plus = (row.bytes[begin + i / 8] >> (i % 8) & 1) != 0;
    const bool exactly_zero = sum.is_exact() && sum.contains_zero() && bound == 0;
    const bool right = exactly_zero ? plus == profile_.residual->tie_up : plus ? sum.upper_double() + bound >= 0 : sum.lower_double() - bound <= 0;
    verdict.count(right && plus == !sum.certainly_negative(), right);
    if (right || verdict.first) continue;
    Deviation deviation;
    deviation.stage = ProfileStage::residual;
    deviation.index = i;
    deviation.got = plus ? 1 : -1;
    deviation.expected = sum;
    deviation.bound = bound;
    deviation.what = "sign " + std::to_string(i) + " of S r is " + (plus ? "+" : "-") + " for " + number_text(sum.mid_double());
    verdict.first = std::move(deviation);
  }
}

namespace {

// At most two coordinates, of one magnitude: whatever they are divided by first, their sums stay what they are.
bool sums_survive_division(const float* x, std::size_t n) {
  std::size_t count = 0;
  float size = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (x[i] == 0) continue;
    if (++count > 2 || (size != 0 && std::abs(x[i]) != size)) return false;
    size = std::abs(x[i]);
  }
  return true;
}

}  // namespace

// Many kernels divide by the norm before they rotate: each coordinate is rounded once more, and sums that are exact for x are not for x/‖x‖.
Approximate ProfileJudge::rotated_for_codes(const float* x) const {
  Approximate row = Approximate::exactly(x, dimension_);
  if (profile_.scale.rule == ProfileScale::Rule::norm && !sums_survive_division(x, dimension_)) {
    for (std::size_t i = 0; i < dimension_; ++i) {
      if (x[i] != 0) row.set(i, row.at(i).rounded(3, profile_.arithmetic.rotation));
    }
  }
  return rotation_.forward(row);
}

Approximate ProfileJudge::own_for_codes(const float* x, const float* y) const {
  Approximate row = Approximate::exactly(y, rotation_.padded());
  const bool divided = profile_.scale.rule == ProfileScale::Rule::norm;
  if (divided && !sums_survive_division(x, dimension_)) {
    // What `transform` gave and what encode had inside are both within the bound.
    const Approximate expected = rotated_for_codes(x);
    for (std::size_t i = 0; i < row.size(); ++i) row.error[i] = 2 * (expected.error[i] + magnitude(expected.value[i].radius()));
  } else {
    const double u = std::max(divided ? 8 * profile_.arithmetic.rotation.unit_roundoff() : 0.0,
                              profile_.arithmetic.rotated.precision > binary32.precision ? binary32.unit_roundoff() : 0.0);
    for (std::size_t i = 0; i < row.size(); ++i) row.error[i] = u * magnitude(row.value[i]);
  }
  return row;
}

StageVerdict ProfileJudge::judge_encode(const float* x, const float* y, const ProfileRow& row, std::uint64_t number) const {
  const Approximate rotated_row = y == nullptr ? rotated_for_codes(x) : own_for_codes(x, y);
  const Groups groups = scales(x, rotated_row);
  StageVerdict verdict;
  judge_scales(groups, row, verdict);
  if (profile_.codebook) judge_codes(groups, rotated_row, row, number, verdict);
  if (!ignore_factors_in_encode) judge_factors(x, rotated_row, row, verdict);
  judge_others(x, row, verdict);
  if (profile_.residual) judge_residual(x, row, number, verdict);
  return verdict;
}

StageVerdict ProfileJudge::judge_decode(const ProfileRow& row, const float* values, std::uint64_t number) const {
  const Approximate expected = decoded(row, number);
  StageVerdict verdict;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    compare(verdict, ProfileStage::decode, i, static_cast<double>(values[i]), expected.at(i), binary32, "decoded value " + std::to_string(i));
  }
  return verdict;
}

// Legal in the original domain and in the rotated one: the larger of the two bounds is granted.
StageVerdict ProfileJudge::judge_dot(const ProfileRow& row, const float* query, float value, std::uint64_t number) const {
  const NumberFormat& format = profile_.arithmetic.dot;
  const double growth = rounding_growth(static_cast<double>(rotation_.padded()) + 6, format.unit_roundoff());
  const Approximate y = decoded_rotated(row, number), x = back(y), q = rotated(query);
  Ball sum;
  double original = 0, in_rotated = 0;
  for (std::size_t i = 0; i < dimension_; ++i) {
    const Ball entry(static_cast<double>(query[i]));
    sum += entry * x.value[i];
    original += magnitude(entry) * (x.error[i] + growth * (magnitude(x.value[i]) + x.error[i]));
  }
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double a = magnitude(y.value[i]) + y.error[i], b = magnitude(q.value[i]) + q.error[i];
    in_rotated += a * q.error[i] + b * y.error[i] + growth * a * b;
  }
  double error = std::max(original, in_rotated);
  if (profile_.residual && !ignore_residual) {
    const Approximate part = residual_part(row);
    const double spread = magnitude(residual_factor_ * stored_number(row, Stored::residual_norm, 0).value);
    const std::size_t d = rotation_.padded();
    for (std::size_t j = 0; j < dimension_; ++j) {
      const double entry = std::abs(static_cast<double>(query[j]));
      sum += Ball(static_cast<double>(query[j])) * part.value[j];
      for (std::size_t i = 0; i < d; ++i) error += growth * 2 * entry * spread * magnitude(residual_matrix_[i * d + j]);
    }
  }
  StageVerdict verdict;
  compare(verdict, ProfileStage::dot, 0, static_cast<double>(value), Bounded{sum, error * (1 + 1e-9) + format.underflow()}, binary32, "inner product");
  return verdict;
}

}  // namespace hdq::reference
