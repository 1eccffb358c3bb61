// SPEC §4, the decoder and inner products, from codes that the library made: values in real arithmetic, within the bounds of docs/validate.md.
// Where something is wrong, a defect is named only if its simulation gives every value of the case, to the rounding bound.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>

#include "hdq/codec.hpp"
#include "hdq/reference/judge/judge.hpp"
#include "hdq/score.hpp"
#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/codes.hpp"
#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/oracle.hpp"

namespace hdq::validate {
namespace {

using Values = std::vector<double>;
using Bytes = std::vector<std::uint8_t>;

// One row of codes.
struct Codes {
  std::uint64_t row;
  double rho;
  Bytes codes;
};

struct Coded {
  const Case& c;
  const Encoded& e;  // made by the library
  std::vector<Codes> rows;

  Coded(const Case& of, const Encoded& encoded) : c(of), e(encoded) {
    for (std::size_t row = 0; row < c.rows(); ++row) {
      rows.push_back({c.first_row + row, static_cast<double>(e.norms[row]), codes_of_row(c.config, e, row, bits())});
    }
  }
  int bits() const { return static_cast<int>(c.config.bits); }
};

// ẑ of a row.
Values codewords_of(const Bytes& codes, const Values& table) {
  Values z;
  for (const std::uint8_t code : codes) z.push_back(table[code % table.size()]);
  return z;
}

double magnitudes(const Values& values) {
  double sum = 0;
  for (const double v : values) sum += std::abs(v);
  return sum;
}

// What a kernel with a defect takes for ẑ of a row.
struct Table {
  std::string defect, what;
  std::function<Values(const Coded&, std::size_t row)> z;
};

std::vector<Table> tables(const Coded& coded) {
  const Config& config = coded.c.config;
  const int bits = coded.bits();
  std::vector<Table> list;
  const auto with = [&](std::string defect, std::string what, std::function<Values(double u, std::uint64_t row)> table) {
    list.push_back({std::move(defect), std::move(what), [=](const Coded& of, std::size_t row) {
                      return codewords_of(of.rows[row].codes, table(dither_of(config, of.rows[row].row), of.rows[row].row));
                    }});
  };
  const std::uint64_t first = coded.c.first_row;
  with("dead-or-biased-rounding", "the values are those of 1 − U", [=](double u, std::uint64_t) { return codewords_at(bits, 1 - u); });
  with("dead-or-biased-rounding", "the values are those of U = 1/2: no dither", [=](double, std::uint64_t) { return codewords_at(bits, 0.5); });
  with("correlated-random-lanes", "every row has the dither of the first", [=](double, std::uint64_t) { return codewords_at(bits, dither_of(config, first)); });
  with("wrong-stream", "the row number is counted from the call's first row", [=](double, std::uint64_t row) { return codewords_at(bits, dither_of(config, row - first)); });
  with("wrong-stream", "the row number is cut to 32 bits", [=](double, std::uint64_t row) { return codewords_at(bits, dither_of(config, row & 0xFFFFFFFF)); });
  for (const int kept : {8, 16}) {
    with("dither-lost-in-float", fmt::format("the values are those of U with {} bits", kept),
         [=](double u, std::uint64_t) { return codewords_at(bits, std::ldexp(std::floor(std::ldexp(u, kept)) + 0.5, -kept)); });
  }
  with("codebook", "codewords are clipped at ±3", [=](double u, std::uint64_t) {
    Values r = codewords_at(bits, u);
    for (double& v : r) v = std::clamp(v, -3.0, 3.0);
    return r;
  });
  with("dead-or-biased-rounding", "codes decode to the lower end of their cell", [=](double u, std::uint64_t) {
    Values edges = thresholds_at(bits, u);
    edges.insert(edges.begin(), codewords_at(bits, u).front());
    return edges;
  });
  for (int other = 1; other <= HDQ_KERNEL_MAX_BITS; ++other) {
    if (other == bits) continue;
    with("one-bit-width-hard-wired", fmt::format("the values are those of b = {}", other), [=](double u, std::uint64_t) { return codewords_at(other, u); });
    list.push_back({"one-bit-width-hard-wired", fmt::format("codes are read as {} bits each", other), [=](const Coded& of, std::size_t row) {
                      return codewords_of(codes_of_row(config, of.e, row, other), codewords_at(bits, dither_of(config, of.rows[row].row)));
                    }});
  }
  return list;
}

Values right_codewords(const Coded& coded, std::size_t row) {
  return codewords_of(coded.rows[row].codes, codewords_at(coded.bits(), dither_of(coded.c.config, coded.rows[row].row)));
}

Explanation explain_factor(const Factor& factor) {
  const std::string what = fmt::format("the values are {} times what they should be", factor.name);
  if (factor.of_norm) return {"factor-stored-never-applied", what + ": the norm is not applied"};
  const double value = std::strtod(factor.name.c_str(), nullptr);
  return {factor.named || value < 0.6 || value > 1.6 ? "scale-lost-or-wrong" : "estimator-constant", what};
}

// ---- decode ----

enum class Back { right, not_transposed, without_signs, cut };

Values decoded_with(const Coded& coded, std::size_t row, Values z, Back back) {
  const Config& config = coded.c.config;
  if (back == Back::cut) std::fill(z.begin() + static_cast<std::ptrdiff_t>(config.dimension), z.end(), 0.0);
  hadamard_in_place(config, z, back != Back::not_transposed);
  z.resize(config.dimension);
  const std::vector<int> epsilon = reference::signs(config.seed, config.order);
  for (std::size_t i = 0; i < z.size(); ++i) {
    z[i] *= coded.rows[row].rho / static_cast<double>(config.order) * (back == Back::without_signs ? 1 : epsilon[i]);
  }
  return z;
}

std::vector<Reproduction> decoded_rows(const Coded& coded, const std::vector<float>& got, const std::function<Values(const Coded&, std::size_t)>& z, Back back) {
  const std::size_t n = coded.c.config.dimension;
  std::vector<Reproduction> rows;
  for (std::size_t row = 0; row < coded.rows.size(); ++row) {
    Values words = z(coded, row);
    const double bound = legal_decode_bound(coded.c.config.order, coded.rows[row].rho, magnitudes(words));
    rows.push_back({Values(got.begin() + static_cast<std::ptrdiff_t>(row * n), got.begin() + static_cast<std::ptrdiff_t>((row + 1) * n)),
                    decoded_with(coded, row, std::move(words), back), bound, coded.rows[row].rho});
  }
  return rows;
}

Explanation explain_decoded(const Coded& coded, const std::vector<float>& got) {
  const Config& config = coded.c.config;
  const std::vector<Reproduction> rows = decoded_rows(coded, got, right_codewords, Back::right);
  if (!std::all_of(got.begin(), got.end(), [](float v) { return std::isfinite(v); })) {
    if (hadamard_of(config).log2 == 0 && config.order > 1) return {"smallest-order-fails", fmt::format("order {} gives NaN or infinity", config.order)};
    return {"wrong-values", "NaN or infinity"};
  }
  if (const auto factor = common_factor(rows, config)) return explain_factor(*factor);
  struct Way {
    Back back;
    const char *defect, *what;
  };
  for (const Way& way : {Way{Back::not_transposed, "inverse-is-not-the-transpose", "the values are D H ẑ for D Hᵀ ẑ"},
                         Way{Back::without_signs, "signs-after-h-or-none", "the values are Hᵀ ẑ: no signs"},
                         Way{Back::cut, "inverse-is-not-the-transpose", "only the first n of the d rotated coordinates are used"}}) {
    if (reproduces(decoded_rows(coded, got, right_codewords, way.back))) return {way.defect, way.what};
  }
  for (const Table& table : tables(coded)) {
    if (reproduces(decoded_rows(coded, got, table.z, Back::right))) return {table.defect, table.what};
  }
  if (auto why = explain_zero_tail(rows)) return *why;
  std::size_t wrong = 0, first = config.dimension;
  for (const Reproduction& row : rows) {
    for (std::size_t i = 0; i < row.got.size(); ++i) {
      if (std::abs(row.got[i] - row.hypothesis[i]) <= row.bound) continue;
      ++wrong;
      first = std::min(first, i);
    }
  }
  return {"wrong-values", fmt::format("{} of {} values are wrong, the first at coordinate {}; no simple defect gives them all", wrong, got.size(), first)};
}

// Other rows of the same configuration: an explanation that holds for the case at hand by chance does not hold for them.
Case other_rows(Session& s, const Case& c) {
  Config config = c.config;
  config.seed += 2;  // nor by the signs of one seed
  Case other = structured_case(config, s.random());
  other.first_row = c.first_row + 1000;
  for (std::size_t row = 0; row < other.rows(); ++row) {
    for (std::size_t i = 0; i < c.config.dimension; ++i) other.x[row * c.config.dimension + i] *= std::ldexp(1.25f, static_cast<int>(row) - 6);
  }
  return other;
}

// `again` gives the explanation of the other rows; none where they are right.
template <class Again>
Explanation confirmed(const Explanation& why, const Again& again) {
  if (why.defect == "wrong-values") return why;
  try {
    const std::optional<Explanation> other = again();
    if (other && other->defect == why.defect) return why;
  } catch (const Trouble&) {
  }
  return {"wrong-values", "other rows are not wrong in the same way: " + why.what};
}

// Values that real arithmetic does not give within the bounds of the promise.
bool decoded_right(const Coded& coded, const std::vector<float>& got) { return reproduces(decoded_rows(coded, got, right_codewords, Back::right)); }

Explanation explain_confirmed(Session& s, const Coded& coded, const std::vector<float>& got) {
  return confirmed(explain_decoded(coded, got), [&]() -> std::optional<Explanation> {
    const Case c = other_rows(s, coded.c);
    const Encoded e = library_encode(c);
    const std::vector<float> values = s.decode(c.config, c.first_row, in_layout_of(s, c.config, e));
    const Coded other(c, e);
    return decoded_right(other, values) ? std::nullopt : std::optional(explain_decoded(other, values));
  });
}

std::optional<Finding> compare_decoded(Session& s, const Coded& coded, const reference::Judge& judge, const std::vector<float>& got) {
  const Config& config = coded.c.config;
  for (std::size_t row = 0; row < coded.rows.size(); ++row) {
    const Codes& of = coded.rows[row];
    const auto verdict = judge.judge_decoded(coded.e.norms[row], of.codes.data(), of.row, got.data() + row * config.dimension);
    const double bound = s.info().promise == Promise::bit_exact ? verdict.bound
                                                                : legal_decode_bound(config.order, of.rho, magnitudes(right_codewords(coded, row)));
    for (const auto& difference : verdict.differences) {
      if (difference.error <= bound) continue;
      if (std::isinf(difference.value) && (difference.exact > 0) == (difference.value > 0) && std::abs(difference.exact) + bound >= 0x1.ffffffp127) continue;
      const Explanation why = explain_confirmed(s, coded, got);
      Finding f;
      f.stage = why.defect == "inverse-is-not-the-transpose" ? Stage::inverse : Stage::decode;
      f.config = config;
      f.row = of.row;
      f.defect = why.defect;
      f.what = fmt::format("decode: {}", why.what);
      const double unit = ulp(static_cast<float>(difference.exact));
      f.divergence = Divergence{difference.coordinate, decimal_and_hex(difference.value), decimal_and_hex(difference.exact), difference.error / unit, bound / unit};
      const float* values = got.data() + row * config.dimension;
      f.row_values.got.assign(values, values + config.dimension);
      f.row_values.expected.assign(config.dimension, std::nan(""));
      for (const auto& other : verdict.differences) f.row_values.expected[other.coordinate] = other.exact;
      f.row_values.bound.assign(config.dimension, bound);
      return f;
    }
  }
  return std::nullopt;
}

// Floats of a kernel that promises the library's bytes.
std::optional<Finding> compare_bytes(const Case& c, const std::vector<float>& got, const std::vector<float>& library, std::size_t per_row, Stage stage) {
  if (same_bits(got, library)) return std::nullopt;
  Finding f;
  f.stage = stage;
  f.config = c.config;
  f.defect = "wrong-values";
  f.what = fmt::format("{}: within the bounds, but the bytes are not those of the hdq library, which was promised", stage_name(stage));
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (same_bits({got[i]}, {library[i]})) continue;
    f.row = c.first_row + i / per_row;
    f.divergence = Divergence{i % per_row, decimal_and_hex(got[i]), decimal_and_hex(library[i]), 0, 0};
    break;
  }
  return f;
}

std::optional<Finding> judge_decode(Session& s, const Case& c) {
  if (other_matrix(s, c.config) || !s.affordable(c.config)) return std::nullopt;
  const Encoded e = library_encode(c);
  const std::vector<float> got = s.decode(c.config, c.first_row, in_layout_of(s, c.config, e));
  const Coded coded(c, e);
  const reference::Judge judge(c.config.dimension, coded.bits(), c.config.seed);
  if (auto f = compare_decoded(s, coded, judge, got)) return f;
  if (s.info().promise != Promise::bit_exact) return std::nullopt;
  std::vector<float> library(got.size());
  const hdq::Codec codec(c.config.dimension, coded.bits(), c.config.seed, {hdq::Isa::scalar, 1});
  codec.decode(hdq::EncodedView(e.norms, e.codes, c.first_row), {library.data(), c.rows(), codec.dimension()});
  return compare_bytes(c, got, library, c.config.dimension, Stage::decode);
}

// ---- dot ----

enum class QueryUse { right, without_signs, transposed, signs_after };

Values rotated_query(const Config& config, const std::vector<float>& q, QueryUse use) {
  switch (use) {
    case QueryUse::right: return exact_rotation(config, q.data());
    case QueryUse::without_signs: return rotation_with(config, q.data(), SignUse::none, false);
    case QueryUse::transposed: return rotation_with(config, q.data(), SignUse::spec, true);
    case QueryUse::signs_after: return rotation_with(config, q.data(), SignUse::after, false);
  }
  return {};
}

// One number for each row.
std::vector<Reproduction> dots_of(const Coded& coded, const std::vector<float>& q, const std::vector<float>& got,
                                  const std::function<Values(const Coded&, std::size_t)>& z, QueryUse use) {
  const Config& config = coded.c.config;
  const Values y = rotated_query(config, q, use);
  const double query = sum_of_magnitudes(q.data(), config.dimension);
  std::vector<Reproduction> rows;
  for (std::size_t row = 0; row < coded.rows.size(); ++row) {
    const Values words = z(coded, row);
    const double rho = coded.rows[row].rho;
    double sum = 0;
    for (std::size_t j = 0; j < words.size(); ++j) sum += y[j] * words[j];
    rows.push_back({{static_cast<double>(got[row])}, {sum * (rho / static_cast<double>(config.order))}, legal_dot_bound(config, query, rho, magnitudes(words)), rho});
  }
  return rows;
}

Explanation explain_dot(const Coded& coded, const std::vector<float>& q, const std::vector<float>& got) {
  if (!std::all_of(got.begin(), got.end(), [](float v) { return std::isfinite(v); })) return {"wrong-values", "NaN or infinity"};
  if (const auto factor = common_factor(dots_of(coded, q, got, right_codewords, QueryUse::right), coded.c.config)) return explain_factor(*factor);
  struct Way {
    QueryUse use;
    const char* what;
  };
  for (const Way& way : {Way{QueryUse::without_signs, "the query is rotated without signs, the data with"},
                         Way{QueryUse::transposed, "the query is rotated by Hᵀ D, the data by H D"},
                         Way{QueryUse::signs_after, "the query is rotated by D H, the data by H D"}}) {
    if (reproduces(dots_of(coded, q, got, right_codewords, way.use))) return {"two-paths-two-bases", way.what};
  }
  for (const Table& table : tables(coded)) {
    if (reproduces(dots_of(coded, q, got, table.z, QueryUse::right))) return {table.defect, table.what};
  }
  return {"wrong-values", "it is not the inner product with what decode gives; no simple defect gives it"};
}

// With other rows and an ordinary query.
Explanation explain_confirmed(Session& s, const Coded& coded, const std::vector<float>& q, const std::vector<float>& got) {
  return confirmed(explain_dot(coded, q, got), [&]() -> std::optional<Explanation> {
    const Case c = other_rows(s, coded.c);
    const Encoded e = library_encode(c);
    std::vector<float> other_query;
    append_vector(Family::normal, c.config, s.random(), other_query);
    const std::vector<float> values = s.dot(c.config, c.first_row, in_layout_of(s, c.config, e), other_query);
    const Coded other(c, e);
    if (reproduces(dots_of(other, other_query, values, right_codewords, QueryUse::right))) return std::nullopt;
    return explain_dot(other, other_query, values);
  });
}

struct Query {
  const char* name;
  std::vector<float> q;
};

std::vector<Query> queries(Session& s, const Config& config) {
  std::mt19937_64 random(config.seed ^ config.dimension);
  const auto of = [&](Family family, float gain) {
    std::vector<float> q;
    append_vector(family, config, random, q);
    for (float& v : q) v *= gain;
    return q;
  };
  // In coordinate 0: the rotated query has one magnitude throughout.
  std::vector<float> first(config.dimension, 0.0f);
  first[0] = 1;
  const float huge = 0x1p120f / static_cast<float>(config.order);
  std::vector<Query> list{{"normal", of(Family::normal, 1)}, {"zero", of(Family::normal, 0)}};
  if (config.dimension > 2048 || (s.quick() && config.dimension > 128)) {
    list.push_back({"one-hot (first)", std::move(first)});
    return list;
  }
  list.push_back({"one-hot", of(Family::one_hot, 1)});
  list.push_back({"one-hot (last)", of(Family::last_hot, 1)});
  list.push_back({"normal, 1e-30", of(Family::normal, 1e-30f)});
  list.push_back({"normal, 1e30", of(Family::normal, 1e30f)});
  list.push_back({"huge", of(Family::normal, huge)});
  list.push_back({"constant", of(Family::constant, 1)});
  return list;
}

std::optional<Finding> compare_dot(Session& s, const Coded& coded, const Query& query) {
  const Case& c = coded.c;
  const std::vector<float> got = s.dot(c.config, c.first_row, in_layout_of(s, c.config, coded.e), query.q);
  const double size = sum_of_magnitudes(query.q.data(), c.config.dimension);
  const std::vector<Reproduction> rows = dots_of(coded, query.q, got, right_codewords, QueryUse::right);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const double value = rows[row].got[0], exact = rows[row].hypothesis[0], error = std::abs(value - exact);
    // Ten roundings of double in `exact`, of terms that the bound is made of.
    if (error <= rows[row].bound * (1 + 0x1p-20)) continue;
    if (!std::isfinite(value) && s.info().promise != Promise::bit_exact &&
        dot_may_overflow(c.config, size, rows[row].norm, magnitudes(right_codewords(coded, row)))) {
      continue;
    }
    if (std::isinf(value) && (value > 0) == (exact > 0) && std::abs(exact) + rows[row].bound >= 0x1.ffffffp127) continue;
    const Explanation why = explain_confirmed(s, coded, query.q, got);
    Finding f;
    f.stage = Stage::dot;
    f.config = c.config;
    f.row = c.first_row + row;
    f.defect = why.defect;
    f.what = fmt::format("⟨q, x̂⟩ of row {}, q {}: {}", f.row, query.name, why.what);
    const double unit = ulp(static_cast<float>(exact));
    f.divergence = Divergence{row, decimal_and_hex(got[row]), decimal_and_hex(exact), error / unit, rows[row].bound / unit};
    return f;
  }
  if (s.info().promise != Promise::bit_exact) return std::nullopt;
  const hdq::Codec codec(c.config.dimension, coded.bits(), c.config.seed, {hdq::Isa::scalar, 1});
  const hdq::Scorer scorer(codec, {query.q.data(), 1, codec.dimension()});
  std::vector<float> library(c.rows());
  scorer.score(hdq::Metric::inner_product, hdq::EncodedView(coded.e.norms, coded.e.codes, c.first_row), {library.data(), 1, c.rows()});
  return compare_bytes(c, got, library, 1, Stage::dot);
}

std::optional<Finding> judge_dot(Session& s, const Case& c) {
  if (other_matrix(s, c.config) || !s.affordable(c.config)) return std::nullopt;
  const Encoded e = library_encode(c);
  const Coded coded(c, e);
  for (const Query& query : queries(s, c.config)) {
    if (auto f = compare_dot(s, coded, query)) return f;
  }
  return std::nullopt;
}

// ---- cases ----

// Norms between 0.01 and 100, so that a factor ρ shows; then those near both ends of the range, and zero. The last row is an ordinary one.
Case decode_case(Session& s, std::uint64_t n, int bits, std::size_t more) {
  Case c = structured_case(s.config(n, bits, s.random()()), s.random());
  c.first_row = s.random()() >> (s.random()() % 64);
  std::size_t rows = c.rows();
  for (std::size_t row = 0; row < rows; ++row) {
    const float gain = std::ldexp(1.25f, static_cast<int>(s.random()() % 13) - 6);
    for (std::size_t i = 0; i < n; ++i) c.x[row * n + i] *= gain;
  }
  for (; more > 0; --more) append_vector(Family::normal, c.config, s.random(), c.x);
  return c;
}

Case case_of_ends(Session& s, std::uint64_t n, int bits) {
  Case c{s.config(n, bits, s.random()()), s.random()() >> 8, {}};
  for (const float norm : {0x1p-149f, 0x1p-140f, 0x1p-126f, 1e-30f, 0x1p-101f, 0x1p-100f, 0.0f, 1.0f, 1e10f, 0x1p100f, 0x1p101f, 1e30f, 0x1p125f, 0x1.fffffep127f, -0.0f, 3.0f}) {
    c.x.insert(c.x.end(), n, 0.0f);
    c.x[c.x.size() - 1 - c.rows() % n] = norm;
  }
  return c;
}

std::vector<Case> cases_of(Session& s, std::size_t turn) {
  std::vector<Case> cases;
  for (const auto& [n, bits] : code_shapes(s)) {
    cases.push_back(decode_case(s, n, bits, cases.size() % 20));
    if (cases.size() % 4 == 1) cases.push_back(case_of_ends(s, n, bits));
  }
  for (auto& list : {extreme_cases(s), size_cases(s, turn, true), large_cases(s)})
    cases.insert(cases.end(), list.begin(), list.end());
  return cases;
}

std::vector<Case> decode_cases(Session& s) { return cases_of(s, 1); }
std::vector<Case> dot_cases(Session& s) { return cases_of(s, 2); }

}  // namespace

const Check decode_check{
    "decode",
    "decoded values against exact arithmetic, from the library's codes",
    [](const Session& s) { return s.conformant() && !s.entropy_coded() && s.offers(Operation::decode); },
    nullptr,
    judge_decode,
    decode_cases};
const Check dot_check{"dot",
                      "⟨q, x̂⟩ against ⟨q, decode⟩",
                      [](const Session& s) { return s.conformant() && !s.entropy_coded() && s.offers(Operation::dot); },
                      nullptr,
                      judge_dot,
                      dot_cases};

}  // namespace hdq::validate
