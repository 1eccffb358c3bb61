// Kernels of other conventions, judged by their profile (docs/profiles.md): the data of the scheme, then every stage of a row from
// the kernel's own previous output, and end to end.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "hdq/reference/profile/profile_codebook.hpp"
#include "hdq/reference/profile/profile_packing.hpp"
#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/oracle.hpp"
#include "profile_hypotheses.hpp"

namespace hdq::validate {
namespace {

using namespace hdq::reference;

constexpr std::size_t candidates[] = {1,   2,   3,   4,   5,   7,   8,   12,  16,  20,  24,  28,  31,  32,  36,  40,   48,   52,   56,   60,  63,
                                      64,  80,  96,  100, 112, 120, 127, 128, 160, 192, 224, 240, 256, 320, 384, 448,  480,  512,  576,  640, 768,
                                      784, 896, 960, 1000, 1024, 1280, 1536, 2048, 4096};

bool has_square_data(const Profile& p) {
  return std::any_of(p.data.begin(), p.data.end(), [](const auto& named) { return named.second.count == "d*d"; });
}

// Dimensions that the profile and the kernel offer: the smallest ones, and some larger.
std::vector<std::uint64_t> dimensions(const Session& s, int bits) {
  const Profile& p = *s.profile();
  const std::size_t most = has_square_data(p) ? 128 : s.quick() ? 512 : s.thorough() ? 4096 : 1024;
  std::vector<std::uint64_t> offered;
  for (const std::size_t n : candidates) {
    if (n <= most && n <= s.info().max_dimension && p.offers(n, bits)) offered.push_back(n);
  }
  // One of each odd part of d, small ones and large ones.
  const std::size_t wanted = s.quick() ? 5 : 10;
  std::vector<std::uint64_t> chosen;
  const auto choose = [&](std::uint64_t n) {
    if (chosen.size() < wanted && std::find(chosen.begin(), chosen.end(), n) == chosen.end()) chosen.push_back(n);
  };
  if (offered.empty()) return {};
  choose(offered[offered.size() / 2]);  // the first to fail names the defect: neither tiny nor slow
  std::set<std::size_t> odd_parts;
  for (const std::uint64_t n : offered) {
    const std::size_t d = p.block_length(n, bits), odd = d >> std::countr_zero(d);
    // Base matrices are of order 4·odd.
    if (odd <= 7 && (odd == 1 || d >= 4 * odd) && odd_parts.insert(odd).second) {
      choose(n);
      if (odd > 1) choose(n * 2 <= most && p.offers(n * 2, bits) ? n * 2 : n);
    }
  }
  choose(offered.back());
  for (std::size_t i = 1; i < wanted; ++i) choose(offered[i * (offered.size() - 1) / wanted]);
  return chosen;
}

std::vector<int> all_widths(const Session& s) {
  std::vector<int> offered;
  for (const int b : s.profile()->bits) {
    if (s.offers_bits(b)) offered.push_back(b);
  }
  return offered;
}

// Those that are judged at every size.
std::vector<int> widths(const Session& s) {
  const std::vector<int> offered = all_widths(s);
  if (!s.quick() || offered.size() <= 3) return offered;
  const bool four = offered.front() < 4 && offered.back() > 4 && std::find(offered.begin(), offered.end(), 4) != offered.end();
  return {offered.front(), four ? 4 : offered[offered.size() / 2], offered.back()};  // most kernels are of 4 bits
}

// ---- inputs ----

void append_back(const ProfileJudge& judge, const std::vector<float>& y, std::vector<float>& x) {
  const Approximate row = judge.rotation_back(y.data());
  for (const Ball& v : row.value) x.push_back(static_cast<float>(v.mid_double()));
}

// Rows that the rotation sends to one coordinate, to two, and next to thresholds.
void append_rotated_rows(const ProfileJudge& judge, std::mt19937_64& random, std::vector<float>& x) {
  const std::size_t d = judge.rotated_length();
  std::vector<float> y(d, 0.0f);
  y[random() % d] = 1;
  append_back(judge, y, x);
  if (!judge.profile().codebook || judge.thresholds().empty()) return;
  const auto unit = static_cast<float>(judge.unit().mid_double());
  for (float& v : y) {
    const auto& theta = judge.thresholds()[random() % judge.thresholds().size()];
    v = static_cast<float>(theta.mid_double()) * unit;
    const auto steps = static_cast<int>(random() % 5) - 2;
    for (int i = 0; i < std::abs(steps); ++i) v = std::nextafter(v, steps > 0 ? INFINITY : -INFINITY);
  }
  append_back(judge, y, x);
  // The same thresholds exactly, beside the largest codeword: a scale by the maximum is then a power of two.
  for (float& v : y) v = static_cast<float>(judge.thresholds()[random() % judge.thresholds().size()].mid_double()) * unit;
  const Ball &low = judge.codewords().front(), &high = judge.codewords().back();
  const std::size_t group = judge.profile().scale_group(judge.dimension(), judge.bits());
  for (std::size_t i = 0; i < d; i += group) y[i] = static_cast<float>((magnitude(low) > magnitude(high) ? low : high).mid_double()) * unit;
  append_back(judge, y, x);
}

// The same beside a largest codeword that is no power of two, each threshold off by less than a rounding of a scale to 11 bits.
void append_near_thresholds(const ProfileJudge& judge, std::mt19937_64& random, std::vector<float>& x) {
  if (!judge.profile().codebook || judge.thresholds().empty()) return;
  std::vector<float> y(judge.rotated_length());
  const double unit = judge.unit().mid_double() * 1.37;
  for (float& v : y) {
    const double off = 1 + 1e-4 * (static_cast<double>(random() % 2001) / 1000 - 1);
    v = static_cast<float>(judge.thresholds()[random() % judge.thresholds().size()].mid_double() * unit * off);
  }
  const Ball &low = judge.codewords().front(), &high = judge.codewords().back();
  const std::size_t group = judge.profile().scale_group(judge.dimension(), judge.bits());
  for (std::size_t i = 0; i < y.size(); i += group) y[i] = static_cast<float>((magnitude(low) > magnitude(high) ? low : high).mid_double() * unit);
  append_back(judge, y, x);
}

Case case_of(Session& s, const Config& config) {
  Case c{config, s.random()() % 1000, {}};
  for (const Family family : all_families) {
    if (family == Family::hadamard_row) continue;  // SPEC's rotation: this one's rows come below
    append_vector(family, config, s.random(), c.x);
  }
  const std::size_t n = config.dimension;
  for (std::size_t i = 0; i < n; ++i) c.x.push_back(static_cast<float>(static_cast<int>(s.random()() % 7) - 3));  // sums are exact: ties are
  for (std::size_t i = 0; i < n; ++i) c.x.push_back(i % 4 == 0 ? 0.5f : 0.0f);
  c.x.insert(c.x.end(), n, 0.0f);
  append_rotated_rows(s.judge(config), s.random(), c.x);
  append_near_thresholds(s.judge(config), s.random(), c.x);
  return c;
}

// Where the rotation is defined; wrong data are the data check's.
void add_case(Session& s, std::uint64_t n, int bits, std::vector<Case>& cases) {
  try {
    cases.push_back(case_of(s, s.config(n, bits, s.random()())));
  } catch (const BadProfile&) {
  } catch (const Trouble&) {  // declined; anything else the case itself would show
  }
}

std::vector<Case> profile_cases(Session& s, bool every_width) {
  std::vector<Case> cases;
  const std::vector<int> bits = widths(s);
  std::size_t turn = 0;
  for (const int b : bits) {
    const std::vector<std::uint64_t> sizes = dimensions(s, b);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      // All widths at two sizes, and one width at each other size.
      if (!every_width && b != bits.front()) continue;
      if (every_width && i != 1 && i + 1 != sizes.size() && i % bits.size() != turn % bits.size()) continue;
      add_case(s, sizes[i], b, cases);
    }
    ++turn;
  }
  return cases;
}

std::vector<Case> transform_cases(Session& s) { return profile_cases(s, false); }

constexpr std::uint64_t largest_transform = 32768, largest_explained = 4096;

// Transforms are written by size: past the sizes above, by other code. Exact arithmetic takes long, so there is one row at each, of integers:
// their sums are exact in any order, and any wrong one shows.
std::vector<Case> forward_cases(Session& s) {
  std::vector<Case> cases = transform_cases(s);
  if (cases.empty() || has_square_data(*s.profile())) return cases;
  std::uint64_t n = 0;
  for (const Case& c : cases) n = std::max(n, c.config.dimension);
  const int bits = static_cast<int>(cases.front().config.bits);
  for (n *= 2; n <= largest_transform; n *= 2) {
    if (n > s.info().max_dimension || !s.profile()->offers(n, bits)) continue;
    Case c;
    try {
      c.config = s.config(n, bits, s.random()());
    } catch (const BadProfile&) {
      continue;
    } catch (const Trouble&) {
      continue;
    }
    for (std::uint64_t i = 0; i < n; ++i) c.x.push_back(static_cast<float>(static_cast<int>(s.random()() % 7) - 3));
    cases.push_back(std::move(c));
  }
  return cases;
}

// The other widths once each, at padded dimensions of every remainder.
std::vector<Case> code_cases(Session& s) {
  std::vector<Case> cases = profile_cases(s, true);
  const std::vector<int> judged = widths(s);
  std::size_t turn = 0;
  for (const int b : all_widths(s)) {
    if (std::find(judged.begin(), judged.end(), b) != judged.end()) continue;
    std::vector<std::uint64_t> padded;
    for (const std::size_t n : candidates) {
      if (n > 2 && n <= 128 && n <= s.info().max_dimension && s.profile()->offers(n, b) &&
          s.profile()->padded(n, b) > n)
        padded.push_back(n);
    }
    if (padded.empty()) padded = dimensions(s, b);
    if (padded.empty()) continue;
    add_case(s, padded[turn++ % padded.size()], b, cases);
  }
  return cases;
}

// ---- findings ----

Finding finding(const Case& c, std::size_t row, Stage stage, const Deviation& d, const std::optional<Explanation>& why, const char* fallback) {
  Finding f;
  f.defect = why ? why->defect : fallback;
  f.stage = stage;
  f.config = c.config;
  f.row = c.first_row + row;
  f.what = why ? fmt::format("{}: {}", why->what, d.what) : d.what;
  return f;
}

Finding finding(const Case& c, std::size_t row, Stage stage, const StageVerdict& verdict,
                const std::optional<Explanation>& why, const char* fallback) {
  Finding f = finding(c, row, stage, *verdict.first, why, fallback);
  for (const Compared& number : verdict.compared) {
    if (number.stage != verdict.first->stage) continue;
    f.row_values.got.push_back(number.got);
    f.row_values.expected.push_back(number.expected);
    f.row_values.bound.push_back(number.bound);
  }
  return f;
}

// A hypothesis that the profile makes impossible explains nothing; what is wrong stays wrong.
template <class Explain>
std::optional<Explanation> explained(const Explain& explain) {
  try {
    return explain();
  } catch (const BadProfile&) {
    return std::nullopt;
  }
}

Stage stage_of(ProfileStage stage) {
  switch (stage) {
    case ProfileStage::rotation: return Stage::transform;
    case ProfileStage::rotation_back: return Stage::inverse;
    case ProfileStage::scale: return Stage::scale;
    case ProfileStage::decode: return Stage::decode;
    case ProfileStage::dot: return Stage::dot;
    default: return Stage::encode;
  }
}

// ---- data ----

std::optional<std::string> wrong_data(const ProfileData& data, const std::vector<double>& values, int bits) {
  const std::string violation = data_violation(data, values, bits);
  if (!violation.empty()) return violation;
  return std::nullopt;
}

const char* class_of(ProfileData::Kind kind) {
  switch (kind) {
    case ProfileData::Kind::hadamard:
    case ProfileData::Kind::orthogonal: return "base-matrix-not-orthogonal";
    case ProfileData::Kind::codebook:
    case ProfileData::Kind::thresholds: return "codebook";
    default: return "wrong-stream";
  }
}

// A period of at most half the table: the smallest, or 0. 32 signs repeat by chance with probability below 2^-31.
std::size_t period_of(const std::vector<double>& values) {
  for (std::size_t p = 1; p <= values.size() / 2 && values.size() - p >= 64; ++p) {
    if (std::equal(values.begin() + static_cast<std::ptrdiff_t>(p), values.end(), values.begin())) return p;
  }
  return 0;
}

Finding data_finding(const Config& config, const std::string& name, const char* defect, const std::string& what) {
  Finding f;
  f.defect = defect;
  f.stage = Stage::signs;
  f.config = config;
  f.what = fmt::format("data {}: {}", name, what);
  return f;
}

void judge_data(Session& s, const Report& report, const Config& config, const std::string& name, const ProfileData& data) {
  const int bits = static_cast<int>(config.bits);
  const std::size_t count = evaluate_count(data.count, s.profile()->names(config.dimension, bits));
  const std::vector<double> values = s.data(config, name, 0, count);
  const bool table = s.profile()->codebook && s.profile()->codebook->data == name && s.profile()->codebook->name != ProfileCodebook::Name::data;
  if (const auto wrong = wrong_data(data, values, bits); wrong && !table) {
    report(data_finding(config, name, class_of(data.kind), *wrong));
    return;
  }
  if (data.kind == ProfileData::Kind::signs && data.seeded) {
    if (const std::size_t period = period_of(values); period != 0) {
      report(data_finding(config, name, "correlated-random-lanes", fmt::format("the signs repeat after {}", period)));
    }
  }
  if (data.per_row && count >= 32 && values == s.data(config, name, 1, count)) {
    report(data_finding(config, name, "correlated-random-lanes", "row 1 has the numbers of row 0"));
  }
  if (!data.seeded || count < 40) return;
  for (const std::uint64_t bit : {std::uint64_t{1}, std::uint64_t{1} << 40}) {
    Config other = config;
    other.seed ^= bit;
    if (s.data(other, name, 0, count) != values) continue;
    report(data_finding(config, name, "wrong-stream", fmt::format("seeds {} and {} give the same numbers", config.seed, other.seed)));
    return;
  }
}

void run_data(Session& s, const Report& report) {
  for (const int b : widths(s)) {
    const std::vector<std::uint64_t> sizes = dimensions(s, b);
    for (std::size_t i = 0; i < sizes.size(); i += s.quick() ? 2 : 1) {
      const Config config = s.config(sizes[i], b, s.random()());
      try {
        for (const auto& [name, data] : s.profile()->data) {
          if (data.values.empty()) judge_data(s, report, config, name, data);
        }
        s.judge(config);
      } catch (const NotOffered&) {
      } catch (const WrongTable& wrong) {
        std::vector<double> named;
        for (const Ball& c : wrong.named) named.push_back(c.mid_double());
        const Explanation why = explain_table(named, wrong.given);
        Finding f = data_finding(config, s.profile()->codebook->data, why.defect.c_str(), why.what + "; " + wrong.what());
        f.stage = Stage::codewords;
        report(std::move(f));
      } catch (const BadProfile& bad) {
        report(data_finding(config, "of the profile", "wrong-stream", bad.what()));
      } catch (const Trouble& trouble) {
        if (trouble.reply.outcome != Outcome::unsupported) throw;
      }
    }
  }
}

// ---- transform ----

// The rotation that a kernel computes, column by column: is RᵀR what the profile's is?
std::optional<Explanation> not_orthogonal(Session& s, const Config& config, const ProfileJudge& judge) {
  const std::size_t n = config.dimension, d = config.order;
  if (n > 256) return std::nullopt;
  std::vector<float> unit(n * n, 0.0f);
  for (std::size_t i = 0; i < n; ++i) unit[i * n + i] = 1;
  const std::vector<float> columns = s.transform(config, unit);
  const Approximate first = judge.rotated(unit.data());
  double length = 0;
  for (const Ball& v : first.value) length += v.mid_double() * v.mid_double();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      double product = 0;
      for (std::size_t k = 0; k < d; ++k) product += static_cast<double>(columns[i * d + k]) * static_cast<double>(columns[j * d + k]);
      if (std::abs(product) > 1e-3 * length) {
        return Explanation{"base-matrix-not-orthogonal", fmt::format("the kernel's rotation is not orthogonal: columns {} and {} have inner product {:.4g} of {:.4g}", j, i, product, length)};
      }
    }
  }
  return std::nullopt;
}

// Wrong where the length is the base's own, right at twice that?
std::optional<Explanation> smallest_order(Session& s, const Config& config, ProfileJudge& judge, const std::vector<float>& y) {
  bool smallest = false;
  for (const LinearStep& step : judge.rotation().steps()) {
    for (const HadamardPart& part : step.parts) smallest = smallest || (part.base > 1 && part.log2 == 0);
  }
  const bool nothing = std::all_of(y.begin(), y.end(), [](float v) { return v == 0 || !std::isfinite(v); });
  if (!smallest || !nothing || !s.profile()->offers(2 * config.dimension, static_cast<int>(config.bits))) return std::nullopt;
  const Config twice = s.config(2 * config.dimension, static_cast<int>(config.bits), config.seed);
  try {
    std::vector<float> x(twice.dimension, 0.0f);
    x[0] = 1;
    if (!s.judge(twice).judge_rotation(x.data(), s.transform(twice, x).data()).right()) return std::nullopt;
  } catch (const BadProfile&) {
    return std::nullopt;
  }
  return Explanation{"smallest-order-fails", fmt::format("length {} gives zeros or NaN, length {} is right", config.dimension, twice.dimension)};
}

// The bounds of narrow arithmetic may be wider than the values are large, and hold anything: what explains an output is also near it.
bool near(const Approximate& expected, const float* got) {
  double off = 0, size = 0;
  for (std::size_t i = 0; i < expected.value.size(); ++i) {
    const double value = expected.value[i].mid_double();
    off += std::pow(static_cast<double>(got[i]) - value, 2);
    size += value * value;
  }
  return off <= 0.25 * size;
}

std::optional<Finding> judge_transform(Session& s, const Case& c) {
  ProfileJudge& judge = s.judge(c.config);
  const std::vector<float> y = s.transform(c.config, c.x);
  for (std::size_t row = 0; row < c.rows(); ++row) {
    const std::vector<float> its(y.begin() + static_cast<std::ptrdiff_t>(row * c.config.order), y.begin() + static_cast<std::ptrdiff_t>((row + 1) * c.config.order));
    const StageVerdict verdict = judge.judge_rotation(c.row(row), its.data());
    if (verdict.right()) continue;
    const Right right = [&](const ProfileJudge& j) {
      for (std::size_t i = 0; i < c.rows(); ++i) {
        const std::size_t at = (row + i) % c.rows();
        if (!j.judge_rotation(c.row(at), y.data() + at * c.config.order).right()) return false;
      }
      return near(j.rotated(c.row(row)), its.data());
    };
    if (c.config.dimension > largest_explained)
      return finding(c, row, Stage::transform, verdict, std::nullopt, "wrong-transform");
    std::optional<Explanation> why = smallest_order(s, c.config, judge, its);
    if (!why) why = explained([&] { return explain_rotation(judge, right, c.row(row), its); });
    if (!why) why = not_orthogonal(s, c.config, judge);
    return finding(c, row, Stage::transform, verdict, why, "wrong-transform");
  }
  return std::nullopt;
}

std::optional<Finding> judge_transposed(Session& s, const Case& c) {
  const ProfileJudge& judge = s.judge(c.config);
  // Rows of rotated numbers: those of the case, repeated to the rotated length.
  std::vector<float> y;
  for (std::size_t row = 0; row < c.rows(); ++row) {
    for (std::size_t i = 0; i < c.config.order; ++i) y.push_back(c.row(row)[i % c.config.dimension]);
  }
  const std::vector<float> x = s.transform_transposed(c.config, y);
  const std::size_t n = c.config.dimension;
  for (std::size_t row = 0; row < c.rows(); ++row) {
    const std::vector<float> its(x.begin() + static_cast<std::ptrdiff_t>(row * n), x.begin() + static_cast<std::ptrdiff_t>((row + 1) * n));
    const float* from = y.data() + row * c.config.order;
    const StageVerdict verdict = judge.judge_rotation_back(from, its.data());
    if (verdict.right()) continue;
    const Right right = [&](const ProfileJudge& j) {
      for (std::size_t i = 0; i < c.rows(); ++i) {
        const std::size_t at = (row + i) % c.rows();
        if (!j.judge_rotation_back(y.data() + at * c.config.order, x.data() + at * n).right()) return false;
      }
      return near(j.rotation_back(from), its.data());
    };
    return finding(c, row, Stage::inverse, verdict,
                   explained([&] { return explain_rotation_back(judge, right, from, its); }), "wrong-transform");
  }
  return std::nullopt;
}

// ---- codes ----

ProfileRow row_of(Session& s, const Config& config, const Encoded& e, std::size_t row) {
  const std::size_t numbers = s.norms_per_row(config), bytes = s.code_bytes(config);
  const auto at = [](std::size_t i) { return static_cast<std::ptrdiff_t>(i); };
  return {{e.norms.begin() + at(row * numbers), e.norms.begin() + at((row + 1) * numbers)}, {e.codes.begin() + at(row * bytes), e.codes.begin() + at((row + 1) * bytes)}};
}

// Numbers beyond the storage format: what an overflow policy does with them is not judged.
bool storable(const ProfileJudge& judge, const ProfileRow& row) {
  const bool narrow = judge.profile().scale.format.precision < binary32.precision || judge.profile().factor.format.precision < binary32.precision;
  return !narrow || std::all_of(row.stored.begin(), row.stored.end(), [](float v) { return std::isfinite(v); });
}

// A stored number that is none. storable() looked at what formats do beyond their range.
Deviation first_not_finite(const ProfileRow& row) {
  const auto at = std::find_if(row.stored.begin(), row.stored.end(), [](float v) { return !std::isfinite(v); });
  Deviation d;
  d.stage = ProfileStage::stored;
  d.got = static_cast<double>(*at);
  d.what = fmt::format("stored number {} is {}", at - row.stored.begin(), *at);
  return d;
}

std::optional<Finding> judge_encode(Session& s, const Case& c);

bool all_finite(const ProfileRow& row) {
  return std::all_of(row.stored.begin(), row.stored.end(), [](float v) { return std::isfinite(v); });
}

// Where a row cannot be stored, the others are judged one by one.
std::optional<Finding> judge_single_rows(Session& s, const Case& c) {
  const ProfileJudge& judge = s.judge(c.config);
  const std::size_t n = c.config.dimension;
  for (std::size_t row = 0; row < c.rows() && c.rows() > 1; ++row) {
    Case one{c.config, c.first_row + row, std::vector<float>(c.row(row), c.row(row) + n)};
    if (!storable(judge, row_of(s, c.config, s.encode(one), 0))) continue;
    if (auto f = judge_encode(s, one)) return f;
  }
  return std::nullopt;
}

std::optional<Finding> judge_encode(Session& s, const Case& c) {
  const ProfileJudge& judge = s.judge(c.config);
  const Encoded e = s.encode(c);
  EncodedCase encoded{c.x.data(), {}, {}, c.first_row};
  if (s.offers(Operation::transform)) encoded.y = s.transform(c.config, c.x);
  for (std::size_t row = 0; row < c.rows(); ++row) {
    encoded.rows.push_back(row_of(s, c.config, e, row));
    if (!storable(judge, encoded.rows.back())) return judge_single_rows(s, c);
  }
  // From the kernel's own rotated rows first, then from x.
  for (const bool own : {true, false}) {
    if (own && encoded.y.empty()) continue;
    if (!own) encoded.y.clear();
    for (std::size_t row = 0; row < c.rows(); ++row) {
      const StageVerdict verdict = judge.judge_encode(c.row(row), encoded.own(judge, row), encoded.rows[row], c.first_row + row);
      if (verdict.right() && all_finite(encoded.rows[row])) continue;
      encoded.wrong = row;
      // Codes that follow from a number that is not finite are no finding of their own.
      if (!all_finite(encoded.rows[row])) {
        const Deviation not_finite = first_not_finite(encoded.rows[row]);
        return finding(c, row, Stage::scale, not_finite, explained([&] { return explain_encode(judge, encoded); }),
                       "wrong-values");
      }
      const Stage stage = stage_of(verdict.first->stage);
      return finding(c, row, stage, verdict, explained([&] { return explain_encode(judge, encoded); }),
                     verdict.first->stage == ProfileStage::codes ? "wrong-codes" : "wrong-values");
    }
  }
  return std::nullopt;
}

std::optional<Finding> judge_decode(Session& s, const Case& c) {
  const ProfileJudge& judge = s.judge(c.config);
  const Encoded e = s.encode(c);
  const std::vector<float> values = s.decode(c.config, c.first_row, e);
  const std::size_t length = s.decoded_length(c.config);
  std::vector<ProfileRow> rows;
  for (std::size_t row = 0; row < c.rows(); ++row) rows.push_back(row_of(s, c.config, e, row));
  const auto wrong_in = [&](const ProfileJudge& j, std::size_t row) {
    return all_finite(rows[row]) && !j.judge_decode(rows[row], values.data() + row * length, c.first_row + row).right();
  };
  for (std::size_t row = 0; row < c.rows(); ++row) {
    if (!wrong_in(judge, row)) continue;
    const Right right = [&](const ProfileJudge& j) {
      for (std::size_t i = 0; i < c.rows(); ++i) {
        if (wrong_in(j, (row + i) % c.rows())) return false;
      }
      return true;
    };
    const std::vector<float> out(values.begin() + static_cast<std::ptrdiff_t>(row * length), values.begin() + static_cast<std::ptrdiff_t>((row + 1) * length));
    const StageVerdict verdict = judge.judge_decode(rows[row], out.data(), c.first_row + row);
    return finding(c, row, Stage::decode, verdict,
                   explained([&] { return explain_decode(judge, right, rows[row], out, c.first_row + row); }),
                   "wrong-values");
  }
  return std::nullopt;
}

std::optional<Finding> judge_dot(Session& s, const Case& c) {
  const ProfileJudge& judge = s.judge(c.config);
  const Encoded e = s.encode(c);
  for (const std::size_t of : {std::size_t{0}, c.rows() / 2}) {
    const std::vector<float> query(c.row(of), c.row(of) + c.config.dimension);
    const std::vector<float> out = s.dot(c.config, c.first_row, e, query);
    const auto verdict_on = [&](const ProfileJudge& j, std::size_t row) {
      const ProfileRow its = row_of(s, c.config, e, row);
      return all_finite(its) ? j.judge_dot(its, query.data(), out[row], c.first_row + row) : StageVerdict{};
    };
    for (std::size_t row = 0; row < c.rows(); ++row) {
      const StageVerdict verdict = verdict_on(judge, row);
      if (verdict.right()) continue;
      const Right right = [&](const ProfileJudge& j) {
        for (std::size_t i = 0; i < c.rows(); ++i) {
          if (!verdict_on(j, (row + i) % c.rows()).right()) return false;
        }
        return true;
      };
      return finding(c, row, Stage::dot, verdict, explained([&] { return explain_dot(judge, right); }), "wrong-values");
    }
  }
  return std::nullopt;
}

// ---- packing ----

void run_pack(Session& s, const Report& report) {
  const Profile& p = *s.profile();
  for (const int b : all_widths(s)) {
    const int bits = p.code_bits(b);
    for (const std::uint64_t n : dimensions(s, b)) {
      const Config config = s.config(n, b);
      std::vector<std::uint8_t> codes(config.order);
      for (auto& code : codes) code = static_cast<std::uint8_t>(s.random()() % (std::uint64_t{1} << bits));
      const std::size_t block = p.block_length(n, b);
      const std::vector<std::uint8_t> packed = pack_codes(p.packing, codes, bits, block);
      try {
        if (s.offers(Operation::pack)) {
          const std::vector<std::uint8_t> got = s.pack(config, codes);
          if (got != packed) {
            const auto at = static_cast<std::size_t>(std::mismatch(got.begin(), got.end(), packed.begin()).first - got.begin());
            Finding f = data_finding(config, "", "packing-order", "");
            f.stage = Stage::pack;
            f.what = fmt::format("byte {} of the packed codes is {:#04x}, should be {:#04x}", at, got[at], packed[at]);
            if (const auto why = explain_pack(p.packing, codes, bits, block, got)) {
              f.defect = why->defect;
              f.what = why->what + ": " + f.what;
            }
            report(std::move(f));
          }
        }
        if (s.offers(Operation::unpack)) {
          const std::vector<std::uint8_t> got = s.unpack(config, codes.size(), packed);
          if (got != codes) {
            const auto at = static_cast<std::size_t>(std::mismatch(got.begin(), got.end(), codes.begin()).first - got.begin());
            Finding f = data_finding(config, "", "packing-order", "");
            f.stage = Stage::unpack;
            f.what = fmt::format("code {} of the unpacked codes is {}, should be {}", at, got[at], codes[at]);
            report(std::move(f));
          }
        }
      } catch (const Trouble& trouble) {
        if (trouble.reply.outcome != Outcome::unsupported) throw;
      }
    }
  }
}

// Cases that shrinking makes may be none that the profile offers; what data are wrong is said by profile-data.
template <std::optional<Finding> (*judge)(Session&, const Case&)>
std::optional<Finding> offered(Session& s, const Case& c) try {
  if (!s.profile()->offers(c.config.dimension, static_cast<int>(c.config.bits))) return std::nullopt;
  return judge(s, c);
} catch (const BadProfile&) {
  return std::nullopt;
}

bool profiled(const Session& s) { return s.profile() != nullptr; }

}  // namespace

const Check profile_data_check{"profile-data", "under a profile: signs, permutations, matrices and tables are what they must be",
                               [](const Session& s) { return profiled(s); }, run_data};
const Check profile_transform_check{"profile-transform",
                                    "under a profile: y = R x",
                                    [](const Session& s) { return profiled(s) && s.offers(Operation::transform); },
                                    nullptr,
                                    offered<judge_transform>,
                                    forward_cases};
const Check profile_transposed_check{"profile-transposed", "under a profile: x = Rᵀ y",
                                     [](const Session& s) { return profiled(s) && s.profile()->has_inverse && s.offers(Operation::transform_transposed); },
                                     nullptr, offered<judge_transposed>, transform_cases};
const Check profile_pack_check{"profile-pack", "under a profile: the layout of packed codes",
                               [](const Session& s) {
                                 return profiled(s) && s.profile()->codebook && (s.offers(Operation::pack) || s.offers(Operation::unpack));
                               },
                               run_pack};
const Check profile_encode_check{"profile-encode", "under a profile: scale, codes, factor and residual, from the kernel's rotated rows and from x",
                                 [](const Session& s) { return profiled(s) && s.offers(Operation::encode); }, nullptr, offered<judge_encode>, code_cases};
const Check profile_decode_check{"profile-decode", "under a profile: values from what encode stored",
                                 [](const Session& s) { return profiled(s) && s.offers(Operation::encode) && s.offers(Operation::decode); },
                                 nullptr, offered<judge_decode>, code_cases};
const Check profile_dot_check{"profile-dot", "under a profile: inner products from what encode stored",
                              [](const Session& s) { return profiled(s) && s.offers(Operation::encode) && s.offers(Operation::dot); },
                              nullptr, offered<judge_dot>, code_cases};

}  // namespace hdq::validate
