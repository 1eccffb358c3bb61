// SPEC §7, before the coder: tables, codes, decoded values and inner products of the entropy-coded scheme. Codes and values are judged within the
// bounds of float kernels (docs/validate.md); where something is wrong, a defect is named only if its simulation gives everything in the case.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "hdq/codec.hpp"
#include "hdq/reference/scheme/entropy_tables.hpp"
#include "hdq/reference/scheme/philox.hpp"
#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/oracle.hpp"
#include "hdq/validate/checks/step_model.hpp"

namespace hdq::validate {
namespace {

using steps::OffsetHabit;
using Values = std::vector<double>;
using Codes = std::vector<std::int64_t>;

Finding finding_at(Stage stage, const Config& config, std::uint64_t row, std::string defect, std::string what) {
  Finding f;
  f.stage = stage;
  f.config = config;
  f.row = row;
  f.defect = std::move(defect);
  f.what = std::move(what);
  return f;
}

// ---- tables ----

struct Entry {
  std::size_t bucket, symbol;
};

std::string name_of(const Entry& e, std::uint32_t largest) {
  if (e.symbol == 2 * largest + 1) return fmt::format("the escape's frequency in bucket {}", e.bucket);
  return fmt::format("f_{} of bucket {}", static_cast<std::int64_t>(e.symbol) - static_cast<std::int64_t>(largest),
                     e.bucket);
}

std::string explain_tables(const std::vector<std::uint32_t>& got, const std::vector<std::uint32_t>& expected,
                           std::uint32_t largest) {
  const std::size_t width = 2 * largest + 2;
  bool reversed = true, mode_alone = true, escape_alone = true;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const std::size_t bucket = i / width, symbol = i % width;
    reversed &= got[i] == expected[(static_cast<std::size_t>(reference::offset_buckets) - 1 - bucket) * width + symbol];
    if (got[i] == expected[i]) continue;
    mode_alone &= symbol == largest;
    escape_alone &= symbol == width - 1 || symbol == largest;
  }
  if (reversed) return "the buckets are in the reverse order";
  if (mode_alone) return "only the frequency of 0 is wrong";
  if (escape_alone) return "only the frequencies of 0 and of the escape are wrong";
  return "";
}

std::optional<Finding> judge_tables(Session& s, const Config& config) {
  const int h = reference::StepNumbers(config.step).raw_bits;
  const auto k = static_cast<std::uint32_t>(reference::StepNumbers(config.step).largest);
  const auto wrong = [&](std::string defect, std::string what, std::size_t index, std::uint64_t got,
                         std::uint64_t expected) {
    Finding f = finding_at(Stage::tables, config, 0, std::move(defect), std::move(what));
    f.divergence = Divergence{index, fmt::format("{}", got), fmt::format("{}", expected), 0, 0};
    return f;
  };
  std::uint32_t largest = k;
  if (s.offers(Operation::coding)) {
    const Session::Coding coding = s.coding(config);
    largest = coding.largest;
    if (coding.raw_bits != static_cast<std::uint32_t>(h))
      return wrong("raw-bits", fmt::format("h of step {:.9g} is not the least with 2^h·step > 1/8", config.step), 0,
                   coding.raw_bits, static_cast<std::uint64_t>(h));
    if (largest != k)
      return wrong("frequency-table", fmt::format("K of step {:.9g} is another", config.step), 1, largest, k);
  }
  if (!s.offers(Operation::frequencies)) return std::nullopt;
  const std::vector<std::uint32_t> got = s.frequencies(config, largest), expected = steps::frequencies(config.step);
  const auto at = std::mismatch(got.begin(), got.end(), expected.begin());
  if (at.first == got.end()) return std::nullopt;
  const auto index = static_cast<std::size_t>(at.first - got.begin());
  const std::size_t width = 2 * k + 2;
  const std::string why = explain_tables(got, expected, k);
  return wrong("frequency-table",
               fmt::format("{} of step {:.9g}{}{}", name_of({index / width, index % width}, k), config.step,
                           why.empty() ? "" : ": ", why),
               index, *at.first, *at.second);
}

void run_tables(Session& s, const Report& report) {
  std::vector<float> all = s.steps();
  if (s.info().steps.empty()) {
    for (int i = 0; i < (s.quick() ? 20 : s.thorough() ? 2000 : 200); ++i)
      all.push_back(static_cast<float>(std::exp2(-10 + 14 * std::ldexp(static_cast<double>(s.random()() >> 11), -53))));
    // Where h changes, on both sides.
    for (int e = -9; e <= -3; ++e) {
      for (const float near :
           {std::ldexp(1.0f, e), std::nextafter(std::ldexp(1.0f, e), 1.0f), std::nextafter(std::ldexp(1.0f, e), 0.0f)})
        all.push_back(near);
    }
  }
  for (const float step : all) {
    s.answers([&] {
      if (auto f = judge_tables(s, s.with_step(std::min<std::uint64_t>(64, s.info().max_dimension), step, 0)))
        report(std::move(*f));
    });
  }
}

// ---- what a kernel with a defect takes for offsets ----

struct Hypothesis {
  std::string defect, what;
  OffsetHabit habit;
  double sign = 1, centre = 0.5;  // of the offset, and in the decoded value
};

std::vector<Hypothesis> hypotheses(const Config& config) {
  std::vector<Hypothesis> list;
  list.push_back({"weyl-sequence", "every coordinate has the offset of the first", {.weyl = 0}});
  for (const std::uint32_t weyl : steps::other_weyl_constants) {
    list.push_back({"weyl-sequence", fmt::format("offsets are those of the constant {:#010x}", weyl), {.weyl = weyl}});
  }
  list.push_back({"weyl-sequence", "coordinates are counted from 1", {.begin = 1}});
  list.push_back({"offset-without-half", "V is a multiple of 2^-23: its half is missing", {.half = 0}});
  list.push_back({"offset-without-half", "codes decode to the lower end of their cell", {}, 1, 0.0});
  list.push_back({"offset-without-half", "codes decode to the upper end of their cell", {}, 1, 1.0});
  list.push_back({"raw-bits", "offsets are those of one raw bit more", {.raw_bits = 1}});
  list.push_back({"raw-bits", "offsets are those of one raw bit less", {.raw_bits = -1}});
  const int h = reference::StepNumbers(config.step).raw_bits;
  if (h > 1) list.push_back({"raw-bits", "offsets are V, not 2^h V", {.raw_bits = -h}});
  list.push_back({"dead-or-biased-rounding", "the offset has the other sign", {}, -1});
  list.push_back({"dead-or-biased-rounding", "there is no offset", {}, 0});
  return list;
}

Values offsets_of(const Config& config, std::uint64_t row, const Hypothesis& h) {
  Values all = steps::offsets(config, row, h.habit);
  for (double& v : all) v *= h.sign;
  return all;
}

// ---- encode ----

struct Judged {
  std::uint64_t row;
  double rho;
  Values y, slack;  // exact; how far y_j/(ρΔ) + 2^h V_j of a float kernel may be from the exact one
  Codes codes;
};

Judged judged_row(Session& s, const Case& c, const Encoded& e, std::size_t row) {
  const Config& config = c.config;
  Judged r{c.first_row + row,
           static_cast<double>(e.norms[row]),
           exact_rotation(config, c.row(row)),
           {},
           steps::from_memory(config, e.codes.data() + row * s.code_bytes(config))};
  if (r.rho == 0) return r;
  const double scaled = r.rho * static_cast<double>(config.step),
               magnitudes = sum_of_magnitudes(c.row(row), config.dimension);
  const double lost = static_cast<double>(config.dimension + 1) * 0x1p-149 * (r.rho > 0x1p100 ? 0x1p100 : 1);
  const double rotation = (transform_bound(s, config.order, magnitudes) + lost) / scaled,
               width = std::ldexp(1.0, reference::StepNumbers(config.step).raw_bits);
  for (const double y : r.y) r.slack.push_back((rotation + 0x1p-22 * (std::abs(y) / scaled + width)) * (1 + 0x1p-40));
  return r;
}

bool legal(double t, double slack, std::int64_t code) {
  return static_cast<double>(code) <= t + slack && t - slack < static_cast<double>(code) + 1;
}

std::optional<std::size_t> first_wrong(const Judged& row, const Values& t) {
  for (std::size_t j = 0; j < t.size(); ++j) {
    if (!legal(t[j], row.slack[j], row.codes[j])) return j;
  }
  return std::nullopt;
}

// All rows under a change of the exact number of which the floor is taken.
bool gives(const Config& config, const std::vector<Judged>& rows, const std::function<Values(const Judged&)>& t) {
  (void)config;
  return std::all_of(rows.begin(), rows.end(),
                     [&](const Judged& row) { return row.rho == 0 || !first_wrong(row, t(row)); });
}

Values scaled_by(Values y, double factor) {
  for (double& v : y) v *= factor;
  return y;
}

// The first coordinates are right, and most others are not: a sequence that begins as it should.
bool right_at_first_alone(const Config& config, const std::vector<Judged>& rows) {
  std::size_t wrong = 0, all = 0;
  for (const Judged& row : rows) {
    if (row.rho == 0) continue;
    const Values t = steps::dithered(config, row.y, row.rho, steps::offsets(config, row.row));
    if (!legal(t[0], row.slack[0], row.codes[0])) return false;
    for (std::size_t j = 1; j < t.size(); ++j) wrong += !legal(t[j], row.slack[j], row.codes[j]), ++all;
  }
  return all >= 16 && 4 * wrong > all;
}

Explanation explain_codes(const Case& c, const std::vector<Judged>& rows) {
  const Config& config = c.config;
  for (const Hypothesis& h : hypotheses(config)) {
    if (gives(config, rows, [&](const Judged& row) {
          return steps::dithered(config, row.y, row.rho, offsets_of(config, row.row, h));
        }))
      return {h.defect, h.what};
  }
  const auto plain = [&](const Judged& row) {
    return steps::dithered(config, row.y, row.rho, steps::offsets(config, row.row));
  };
  const auto shifted = [&](double by) {
    return [&, by](const Judged& row) {
      Values t = plain(row);
      for (double& v : t) v += by;
      return t;
    };
  };
  if (gives(config, rows, shifted(0.5)))
    return {"dead-or-biased-rounding", "codes are rounded to the nearest, not down"};
  if (gives(config, rows, shifted(1))) return {"dead-or-biased-rounding", "codes are rounded up"};
  if (gives(config, rows, [&](const Judged& row) {
        Values t = plain(row);
        for (double& v : t) v = v < 0 ? v + 1 : v;
        return t;
      }))
    return {"dead-or-biased-rounding", "codes are cut towards zero"};
  const double d = static_cast<double>(config.order);
  for (const auto& [name, factor] : {std::pair{"1/√d", 1 / std::sqrt(d)}, std::pair{"2", 2.0}, std::pair{"1/2", 0.5}}) {
    if (gives(config, rows, [&, factor = factor](const Judged& row) {
          return steps::dithered(config, scaled_by(row.y, factor), row.rho, steps::offsets(config, row.row));
        }))
      return {"scale-lost-or-wrong", fmt::format("rotated coordinates are {} times what they should be", name)};
  }
  if (gives(config, rows,
            [&](const Judged& row) { return steps::dithered(config, row.y, 1, steps::offsets(config, row.row)); }))
    return {"scale-lost-or-wrong", "rotated coordinates are not divided by the norm"};
  for (const auto& [use, what] : {std::pair{SignUse::none, "y = H x"}, std::pair{SignUse::after, "y = D H x"}}) {
    std::size_t at = 0;
    if (gives(config, rows, [&, use = use](const Judged& row) {
          at = static_cast<std::size_t>(row.row - c.first_row);
          return steps::dithered(config, rotation_with(config, c.row(at), use, false), row.rho,
                                 steps::offsets(config, row.row));
        }))
      return {"signs-after-h-or-none", what};
  }
  if (right_at_first_alone(config, rows)) return {"weyl-sequence", "only the first coordinate of a row has its offset"};
  return {"wrong-codes", "codes are not those of real arithmetic"};
}

// ‖x‖ to the bound, and finite.
std::optional<Finding> judge_norms(const Case& c, const Encoded& e) {
  for (std::size_t row = 0; row < c.rows(); ++row) {
    double squares = 0;
    for (std::size_t i = 0; i < c.config.dimension; ++i) squares += std::pow(static_cast<double>(c.row(row)[i]), 2);
    const double exact = std::sqrt(squares), got = static_cast<double>(e.norms[row]);
    if (std::abs(got - exact) <= legal_norm_bound(c.config.dimension, exact) * (1 + 0x1p-30)) continue;
    const bool vanished = got == 0 || !std::isfinite(got);
    Finding f = finding_at(Stage::encode, c.config, c.first_row + row,
                           vanished ? "half-overflow" : "scale-lost-or-wrong", "the norm of a row");
    f.divergence = Divergence{row, decimal_and_hex(e.norms[row]), decimal_and_hex(static_cast<float>(exact)), 0, 0};
    return f;
  }
  return std::nullopt;
}

hdq::Codec library_codec(const Config& config) {
  return {config.dimension, hdq::Step(config.step), config.seed, {hdq::Isa::scalar, 1}};
}

// Of a bit exact kernel, where its norms and codes are legal: those of the library, byte for byte.
std::optional<Finding> judge_encoded_bytes(Session& s, const Case& c, const Encoded& e) {
  if (s.info().promise != Promise::bit_exact) return std::nullopt;
  const hdq::Codec codec = library_codec(c.config);
  Encoded expected{std::vector<float>(c.rows()), std::vector<std::uint8_t>(c.rows() * codec.code_bytes())};
  codec.encode(hdq::RowsView(c.x.data(), c.rows(), codec.dimension()),
               hdq::EncodedBuffer(expected.norms, expected.codes, c.first_row));
  if (e == expected) return std::nullopt;
  return finding_at(Stage::encode, c.config, c.first_row,
                    same_bits(e.norms, expected.norms) ? "wrong-codes" : "wrong-values",
                    "within the bound, but not the bytes of the hdq library, as bit exact kernels promise");
}

std::optional<Finding> judge_encode(Session& s, const Case& c) {
  const Encoded e = s.encode(c);
  if (auto f = judge_norms(c, e)) return f;
  std::vector<Judged> rows;
  for (std::size_t row = 0; row < c.rows(); ++row) rows.push_back(judged_row(s, c, e, row));
  for (const Judged& row : rows) {
    if (row.rho == 0) {
      const auto at = std::find_if(row.codes.begin(), row.codes.end(), [](std::int64_t k) { return k != 0; });
      if (at == row.codes.end()) continue;
      Finding f = finding_at(Stage::encode, c.config, row.row, "zero-row", "codes of a row of zeros are not 0");
      f.divergence = Divergence{static_cast<std::size_t>(at - row.codes.begin()), fmt::format("{}", *at), "0", 0, 0};
      return f;
    }
    const Values t = steps::dithered(c.config, row.y, row.rho, steps::offsets(c.config, row.row));
    const auto wrong = first_wrong(row, t);
    if (!wrong) continue;
    const Explanation why = explain_codes(c, rows);
    Finding f = finding_at(Stage::encode, c.config, row.row, why.defect, why.what);
    f.divergence = Divergence{*wrong, fmt::format("{}", row.codes[*wrong]),
                              fmt::format("⌊{:.9g}⌋, give or take {:.2g}", t[*wrong], row.slack[*wrong]), 0, 0};
    return f;
  }
  return judge_encoded_bytes(s, c, e);
}

// ---- decode and dot ----

struct Coded {
  Encoded encoded;
  std::vector<Codes> codes;
};

Coded coded_by_model(const Case& c) {
  Coded r;
  for (std::size_t row = 0; row < c.rows(); ++row) {
    steps::CodedRow one = steps::encode(c.config, c.first_row + row, c.row(row));
    const std::vector<std::uint8_t> bytes = steps::in_memory(c.config, one.codes);
    r.encoded.norms.push_back(one.norm);
    r.encoded.codes.insert(r.encoded.codes.end(), bytes.begin(), bytes.end());
    r.codes.push_back(std::move(one.codes));
  }
  return r;
}

double magnitudes(const Values& values) {
  double sum = 0;
  for (const double v : values) sum += std::abs(v);
  return sum;
}

// ẑ has two roundings that a codebook's has not.
constexpr double two_roundings = 0x1.0001p-23;

Values decoded_with(const Config& config, double rho, Values z, bool transposed, bool signs) {
  hadamard_in_place(config, z, transposed);
  const std::vector<int> epsilon = reference::signs(config.seed, config.order);
  z.resize(config.dimension);
  for (std::size_t i = 0; i < z.size(); ++i) z[i] *= rho / static_cast<double>(config.order) * (signs ? epsilon[i] : 1);
  return z;
}

std::vector<Reproduction> decoded_rows(const Case& c, const Coded& coded, const std::vector<float>& got,
                                       const Hypothesis& h, bool transposed = true, bool signs = true) {
  const std::size_t n = c.config.dimension;
  std::vector<Reproduction> rows;
  for (std::size_t row = 0; row < c.rows(); ++row) {
    const double rho = static_cast<double>(coded.encoded.norms[row]);
    const Values z = steps::decoded(c.config, coded.codes[row], offsets_of(c.config, c.first_row + row, h), h.centre);
    const double size = magnitudes(z), bound = legal_decode_bound(c.config.order, rho, size) +
                                               two_roundings * size * (rho / static_cast<double>(c.config.order));
    rows.push_back({Values(got.begin() + static_cast<std::ptrdiff_t>(row * n),
                           got.begin() + static_cast<std::ptrdiff_t>((row + 1) * n)),
                    decoded_with(c.config, rho, z, transposed, signs), bound, rho});
  }
  return rows;
}

Explanation explain_factor(const Factor& factor) {
  const std::string what = fmt::format("the values are {} times what they should be", factor.name);
  if (factor.of_norm) return {"factor-stored-never-applied", what + ": the norm is not applied"};
  return {factor.named ? "scale-lost-or-wrong" : "estimator-constant", what};
}

Explanation explain_decoded(const Case& c, const Coded& coded, const std::vector<float>& got,
                            const std::vector<Reproduction>& right) {
  for (const Hypothesis& h : hypotheses(c.config)) {
    if (reproduces(decoded_rows(c, coded, got, h))) return {h.defect, h.what};
  }
  if (reproduces(decoded_rows(c, coded, got, {}, false)))
    return {"inverse-is-not-the-transpose", "the values are those of H, not Hᵀ"};
  if (reproduces(decoded_rows(c, coded, got, {}, true, false)))
    return {"signs-after-h-or-none", "the signs are not undone"};
  if (const auto factor = common_factor(right, c.config)) return explain_factor(*factor);
  if (auto tail = explain_zero_tail(right)) return *tail;
  return {"wrong-values", "decoded values are not those of real arithmetic"};
}

// Values near the largest float overflow legally.
bool may_overflow(const Reproduction& row, std::size_t i) { return std::abs(row.hypothesis[i]) + row.bound > 0x1p127; }

std::optional<Finding> judge_decode(Session& s, const Case& c) {
  const Coded coded = coded_by_model(c);
  const std::vector<float> got = s.decode(c.config, c.first_row, coded.encoded);
  const std::vector<Reproduction> rows = decoded_rows(c, coded, got, {});
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const Reproduction& r = rows[row];
    for (std::size_t i = 0; i < r.got.size(); ++i) {
      if (std::abs(r.got[i] - r.hypothesis[i]) <= r.bound || may_overflow(r, i)) continue;
      const Explanation why = explain_decoded(c, coded, got, rows);
      Finding f = finding_at(Stage::decode, c.config, c.first_row + row, why.defect, why.what);
      const auto expected = static_cast<float>(r.hypothesis[i]);
      f.divergence = Divergence{i, decimal_and_hex(static_cast<float>(r.got[i])), decimal_and_hex(expected),
                                std::abs(r.got[i] - r.hypothesis[i]) / ulp(expected), r.bound / ulp(expected)};
      f.row_values = comparison_of(r);
      return f;
    }
  }
  if (s.info().promise != Promise::bit_exact) return std::nullopt;
  std::vector<float> expected(got.size());
  library_codec(c.config).decode(hdq::EncodedView(coded.encoded.norms, coded.encoded.codes, c.first_row),
                                 {expected.data(), c.rows(), c.config.dimension});
  if (same_bits(got, expected)) return std::nullopt;
  return finding_at(Stage::decode, c.config, c.first_row, "wrong-values",
                    "within the bound, but not the bytes of the hdq library, as bit exact kernels promise");
}

std::vector<Reproduction> dots(const Case& c, const Coded& coded, const std::vector<float>& q,
                               const std::vector<float>& got, const Hypothesis& h, SignUse use = SignUse::spec) {
  const Values w =
      use == SignUse::spec ? exact_rotation(c.config, q.data()) : rotation_with(c.config, q.data(), use, false);
  const double size = sum_of_magnitudes(q.data(), q.size()), d = static_cast<double>(c.config.order);
  std::vector<Reproduction> rows;
  for (std::size_t row = 0; row < c.rows(); ++row) {
    const double rho = static_cast<double>(coded.encoded.norms[row]);
    const Values z = steps::decoded(c.config, coded.codes[row], offsets_of(c.config, c.first_row + row, h), h.centre);
    double sum = 0;
    for (std::size_t j = 0; j < z.size(); ++j) sum += w[j] * z[j];
    const double words = magnitudes(z);
    rows.push_back({{static_cast<double>(got[row])},
                    {sum * (rho / d)},
                    legal_dot_bound(c.config, size, rho, words) + two_roundings * size * words * (rho / d),
                    rho});
  }
  return rows;
}

std::optional<Finding> judge_dot_with(Session& s, const Case& c, const Coded& coded, const std::vector<float>& q) {
  const std::vector<float> got = s.dot(c.config, c.first_row, coded.encoded, q);
  const std::vector<Reproduction> rows = dots(c, coded, q, got, {});
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (std::abs(rows[row].got[0] - rows[row].hypothesis[0]) <= rows[row].bound || may_overflow(rows[row], 0)) continue;
    Explanation why{"wrong-values", "inner products are not those of real arithmetic"};
    for (const Hypothesis& h : hypotheses(c.config)) {
      if (why.defect == "wrong-values" && reproduces(dots(c, coded, q, got, h))) why = {h.defect, h.what};
    }
    if (why.defect == "wrong-values" && reproduces(dots(c, coded, q, got, {}, SignUse::none)))
      why = {"two-paths-two-bases", "the query is rotated by H alone"};
    if (const auto factor = common_factor(rows, c.config); factor && why.defect == "wrong-values")
      why = explain_factor(*factor);
    Finding f = finding_at(Stage::dot, c.config, c.first_row + row, why.defect, why.what);
    f.divergence =
        Divergence{row, decimal_and_hex(got[row]), decimal_and_hex(static_cast<float>(rows[row].hypothesis[0])), 0, 0};
    return f;
  }
  return std::nullopt;
}

std::optional<Finding> judge_dot(Session& s, const Case& c) {
  const Coded coded = coded_by_model(c);
  std::vector<float> q, hot(c.config.dimension);
  hot.back() = 1;
  append_vector(Family::normal, c.config, s.random(), q);
  for (const auto& query : {q, hot, std::vector<float>(c.config.dimension)}) {
    if (auto f = judge_dot_with(s, c, coded, query)) return f;
  }
  return std::nullopt;
}

// ---- cases ----

std::uint64_t some_row(Session& s, std::size_t turn) {
  const std::uint64_t rows[] = {0, 5, UINT32_MAX - 3ull, (std::uint64_t{1} << 32) + 9, UINT64_MAX - 2};
  return turn < std::size(rows) ? rows[turn] : s.random()() >> (s.random()() % 60);
}

// Rows of every family, zeros among them, at each step and some dimensions; at n = 1 many rows: whose decoded values are sometimes near 0, where an
// offset is seen best.
std::vector<Case> step_cases(Session& s) {
  std::vector<Case> cases;
  std::vector<std::uint64_t> dimensions{37, 96, 1, 2, 3, 12, 28, 100, 256};
  if (!s.quick()) dimensions.insert(dimensions.end(), {7, 20, 33, 160, 384, 768, 784, 960, 1024, 1536, 4096});
  if (s.thorough()) {
    for (std::uint64_t n = 4; n <= 130; ++n) dimensions.push_back(n);
    dimensions.insert(dimensions.end(), {1792, 2560, 3584, 5120});
  }
  std::size_t turn = 0;
  for (std::size_t i = 0; i < s.steps().size(); ++i) {
    for (std::size_t j = 0; j < dimensions.size(); ++j) {
      const std::uint64_t n = dimensions[j];
      if (n > s.info().max_dimension || (s.quick() && j >= 3 && (i + j) % 3 != 0)) continue;
      Case c{s.with_step(n, s.steps()[i], s.random()()), some_row(s, turn++ % 9), {}};
      if (n == 1) {
        for (int row = 0; row < 48; ++row) c.x.push_back(row % 2 == 0 ? 1.5f : -0.37f);
      } else {
        c.x = structured_case(c.config, s.random()).x;
        c.x.insert(c.x.end(), n, 0.0f);
        append_vector(Family::normal, c.config, s.random(), c.x);
      }
      cases.push_back(std::move(c));
    }
  }
  // One large row, whose codes are wide at the finest step.
  const std::uint64_t large = std::min<std::uint64_t>(2048, s.info().max_dimension);
  for (const float step : {s.steps().front(), *std::min_element(s.steps().begin(), s.steps().end())}) {
    Case c{s.with_step(large, step, s.random()()), 77, {}};
    append_vector(Family::hadamard_row, c.config, s.random(), c.x);
    append_vector(Family::normal, c.config, s.random(), c.x);
    cases.push_back(std::move(c));
  }
  return cases;
}

template <Operation operation>
bool offered(const Session& s) {
  return s.entropy_coded() && s.conformant() && s.offers(operation);
}

}  // namespace

const Check step_tables_check{
    "step-tables", "entropy-coded: raw bits, K and frequencies of SPEC §7, every number",
    [](const Session& s) { return offered<Operation::coding>(s) || offered<Operation::frequencies>(s); }, run_tables};
const Check step_encode_check{"step-encode",
                              "entropy-coded: norms and codes within the rounding bound",
                              offered<Operation::encode>,
                              nullptr,
                              judge_encode,
                              step_cases};
const Check step_decode_check{"step-decode",
                              "entropy-coded: decoded values against real arithmetic",
                              offered<Operation::decode>,
                              nullptr,
                              judge_decode,
                              step_cases};
const Check step_dot_check{
    "step-dot", "entropy-coded: ⟨q, x̂⟩ against real arithmetic", offered<Operation::dot>, nullptr, judge_dot,
    step_cases};

}  // namespace hdq::validate
