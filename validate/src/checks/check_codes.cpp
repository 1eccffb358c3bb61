// SPEC §4 end to end: norm, codes and bytes of encode; decode; dot. The reference's Judge gives the verdicts, with its bounds widened
// to the worst order of additions for kernels that do not promise that of SPEC §4 (oracle.hpp, bound_ratio). Where something is
// wrong, defects that are known to happen are simulated in double, and the one that reproduces the output is named.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

#include "hdq/codec.hpp"
#include "hdq/stages.hpp"
#include "hdq/reference/judge/judge.hpp"
#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/oracle.hpp"

namespace hdq::validate {
static_assert(HDQ_KERNEL_MAX_BITS == BitWidth::most && reference::shipped_bits == BitWidth::most);

namespace {

using Values = std::vector<double>;
using Bytes = std::vector<std::uint8_t>;

struct Explanation {
  std::string defect, what;
};

double dither_of(const Config& config, std::uint64_t row) {
  return hdq::dither_of_word(reference::dither_word(config.seed, row));
}

Bytes codes_of_row(const Config& config, const Encoded& e, std::size_t row, int bits) {
  const std::size_t stride = e.codes.size() / e.norms.size();
  Bytes bytes(e.codes.begin() + static_cast<std::ptrdiff_t>(row * stride), e.codes.begin() + static_cast<std::ptrdiff_t>((row + 1) * stride));
  bytes.resize(config.order + 8);  // for wider readings
  return reference::unpack_codes(bits, bytes.data(), config.order);
}

// ---- encode: what went wrong ----

// A kernel with a defect, as a function from a row to codes.
struct Hypothesis {
  std::string defect, what;
  std::function<Bytes(const float* x, double rho, std::uint64_t row)> codes;
};

double fraction_different(const Case& c, const Encoded& e, const Hypothesis& h) {
  std::size_t different = 0;
  for (std::size_t row = 0; row < c.rows(); ++row) {
    const Bytes got = codes_of_row(c.config, e, row, static_cast<int>(c.config.bits));
    const Bytes expected = h.codes(c.row(row), static_cast<double>(e.norms[row]), c.first_row + row);
    for (std::size_t j = 0; j < got.size(); ++j) different += got[j] != expected[j];
  }
  return static_cast<double>(different) / static_cast<double>(c.rows() * c.config.order);
}

std::vector<Hypothesis> rotation_hypotheses(const Config& config, const std::function<Values(std::uint64_t)>& thresholds) {
  std::vector<Hypothesis> list;
  const auto with = [&](std::string defect, std::string what, SignUse use, bool transposed) {
    list.push_back({std::move(defect), std::move(what), [=](const float* x, double rho, std::uint64_t row) {
                      return codes_with(rotation_with(config, x, use, transposed), rho, thresholds(row));
                    }});
  };
  with("signs-after-h-or-none", "the codes are those of H x: no signs", SignUse::none, false);
  with("signs-after-h-or-none", "the codes are those of D H x: signs after H randomize nothing", SignUse::after, false);
  with("wrong-stream", "the codes are those of flipped signs", SignUse::flipped, false);
  with("inverse-is-not-the-transpose", "the codes are those of Hᵀ D x", SignUse::spec, true);
  return list;
}

std::vector<Hypothesis> dither_hypotheses(const Case& c) {
  const Config& config = c.config;
  const int bits = static_cast<int>(config.bits);
  std::vector<Hypothesis> list;
  const auto with = [&](std::string defect, std::string what, std::function<double(std::uint64_t)> u) {
    list.push_back({std::move(defect), std::move(what), [=](const float* x, double rho, std::uint64_t row) {
                      return codes_with(rotation_with(config, x, SignUse::spec, false), rho, thresholds_at(bits, u(row)));
                    }});
  };
  const std::uint64_t first = c.first_row;
  with("dead-or-biased-rounding", "the codes are those of U = 1/2: no dither", [](std::uint64_t) { return 0.5; });
  with("dead-or-biased-rounding", "the codes are those of 1 − U", [=](std::uint64_t row) { return 1 - dither_of(config, row); });
  if (c.rows() > 1) {
    with("correlated-random-lanes", "every row has the dither of the first", [=](std::uint64_t) { return dither_of(config, first); });
  }
  with("wrong-stream", "the row number is counted from the call's first row", [=](std::uint64_t row) { return dither_of(config, row - first); });
  with("wrong-stream", "the row number is cut to 32 bits", [=](std::uint64_t row) { return dither_of(config, row & 0xFFFFFFFF); });
  with("dither-lost-in-float", "the codes are those of U with 8 bits", [=](std::uint64_t row) {
    return std::ldexp(std::floor(std::ldexp(dither_of(config, row), 8)) + 0.5, -8);
  });
  return list;
}

std::vector<Hypothesis> codebook_hypotheses(const Config& config) {
  const int bits = static_cast<int>(config.bits);
  std::vector<Hypothesis> list;
  const auto with = [&](std::string defect, std::string what, std::function<Values(double)> thresholds) {
    list.push_back({std::move(defect), std::move(what), [=](const float* x, double rho, std::uint64_t row) {
                      return codes_with(rotation_with(config, x, SignUse::spec, false), rho, thresholds(dither_of(config, row)));
                    }});
  };
  for (int other = 1; other <= HDQ_KERNEL_MAX_BITS; ++other) {
    if (other == bits) continue;
    with("one-bit-width-hard-wired", fmt::format("the codes are those of b = {}", other), [=](double u) {
      Values t = thresholds_at(other, u);
      if (other > bits) t.resize((std::size_t{1} << bits) - 1);
      return t;
    });
  }
  with("dead-or-biased-rounding", "thresholds are midpoints between codewords: unbiased for no input", [=](double u) {
    const Values r = codewords_at(bits, u);
    Values middle;
    for (std::size_t k = 0; k + 1 < r.size(); ++k) middle.push_back(0.5 * (r[k] + r[k + 1]));
    return middle;
  });
  with("codebook", "rotated coordinates are clipped at 3", [=](double u) {
    Values t = thresholds_at(bits, u);
    for (double& v : t) v = v > 3 ? INFINITY : v <= -3 ? -INFINITY : v;
    return t;
  });
  const Values gains{1 / std::sqrt(2.0), std::sqrt(2.0), std::sqrt(static_cast<double>(config.dimension) / static_cast<double>(config.order)),
                     std::sqrt(static_cast<double>(config.order) / static_cast<double>(config.dimension)),
                     1 / std::sqrt(static_cast<double>(config.order)), std::sqrt(static_cast<double>(config.order)),
                     1 / static_cast<double>(config.order)};
  for (const double gain : gains) {
    if (gain == 1) continue;
    with("scale-lost-or-wrong", fmt::format("rotated coordinates are {} times what they should be", factor_name(gain, config)), [=](double u) {
      Values t = thresholds_at(bits, u);
      for (double& v : t) v /= gain;
      return t;
    });
  }
  list.push_back({"scale-lost-or-wrong", "rotated coordinates are not divided by the norm", [=](const float* x, double, std::uint64_t row) {
                    return codes_with(rotation_with(config, x, SignUse::spec, false), 1, thresholds_at(bits, dither_of(config, row)));
                  }});
  return list;
}

// Other readings of the bytes under which the codes are right.
std::optional<Explanation> explain_packing(const Case& c, const Encoded& e, const Hypothesis& spec) {
  for (int other = 1; other <= HDQ_KERNEL_MAX_BITS; ++other) {
    if (other == static_cast<int>(c.config.bits)) continue;
    const Bytes as = codes_of_row(c.config, e, 0, other);
    const Bytes right = spec.codes(c.row(0), static_cast<double>(e.norms[0]), c.first_row);
    const std::size_t whole = std::min(c.config.order, c.config.order * c.config.bits / static_cast<std::size_t>(other));
    if (whole >= 8 && std::equal(right.begin(), right.begin() + static_cast<std::ptrdiff_t>(whole), as.begin())) {
      return Explanation{"one-bit-width-hard-wired", fmt::format("the bytes are those of {} bits a code", other)};
    }
  }
  return std::nullopt;
}

// Which coordinates of generic rows are wrong.
std::optional<Explanation> explain_places(const Case& c, const Encoded& e, const Hypothesis& spec) {
  const std::size_t d = c.config.order;
  const auto top = static_cast<std::uint8_t>((1u << c.config.bits) - 1);
  std::size_t first_wrong = d, wrong = 0, from_top = 0, lost = 0;
  for (std::size_t row = 0; row < c.rows(); ++row) {
    const Bytes got = codes_of_row(c.config, e, row, static_cast<int>(c.config.bits));
    const Bytes right = spec.codes(c.row(row), static_cast<double>(e.norms[row]), c.first_row + row);
    for (std::size_t j = 0; j < d; ++j) {
      if (got[j] == right[j]) continue;
      ++wrong;
      first_wrong = std::min(first_wrong, j);
      from_top += right[j] == top || right[j] == 0;
      lost += (got[j] & ~right[j]) == 0;
    }
  }
  if (wrong > 0 && from_top == wrong && c.config.bits > 1) return Explanation{"codebook", "only the outermost codes are wrong: they are never used"};
  if (c.config.dimension < d && first_wrong >= c.config.dimension && wrong > 0) {
    return Explanation{"padded-dimensions", fmt::format("only rotated coordinates past n = {} are wrong", c.config.dimension)};
  }
  if (2 * first_wrong >= d && first_wrong + 32 > d) return Explanation{"tail-of-a-simd-loop", fmt::format("only coordinates from {} on are wrong", first_wrong)};
  if (lost == wrong && wrong > 0) return Explanation{"non-atomic-packing", "bits are lost"};
  return std::nullopt;
}

Explanation explain_codes(const Case& c, const Encoded& e) {
  const int bits = static_cast<int>(c.config.bits);
  const auto thresholds = [config = c.config, bits](std::uint64_t row) { return thresholds_at(bits, dither_of(config, row)); };
  const Hypothesis spec{"", "", [&](const float* x, double rho, std::uint64_t row) {
                          return codes_with(rotation_with(c.config, x, SignUse::spec, false), rho, thresholds(row));
                        }};
  const double now = fraction_different(c, e, spec);
  if (auto why = explain_packing(c, e, spec)) return *why;
  std::vector<Hypothesis> all = rotation_hypotheses(c.config, thresholds);
  for (auto& list : {dither_hypotheses(c), codebook_hypotheses(c.config)}) all.insert(all.end(), list.begin(), list.end());
  const Hypothesis* best = nullptr;
  // So few errors prove no more than drift, unless they are reproduced one by one.
  double least = now < 0.002 ? 1e-12 : std::min(0.2 * now, 0.02);
  for (const Hypothesis& h : all) {
    const double different = fraction_different(c, e, h);
    if (different >= least) continue;
    best = &h;
    least = different;
    if (different == 0) break;
  }
  if (best != nullptr) return {best->defect, best->what};
  if (auto why = explain_places(c, e, spec)) return *why;
  if (now < 0.002) return {"thresholds-drift", fmt::format("{:.3g} % of the codes are wrong: near their thresholds", 100 * now)};
  return {"wrong-codes", fmt::format("{:.3g} % of the codes are wrong", 100 * now)};
}

// ---- encode: the verdict ----

std::optional<Finding> judge_norm(Session& s, const Case& c, const reference::Judge& judge, const Encoded& e, std::size_t row) {
  const float got = e.norms[row];
  const auto verdict = judge.judge_norm(c.row(row), got);
  if (verdict.verdict != reference::Verdict::wrong) return std::nullopt;
  const double exact = reference::exact_norm(c.row(row), c.config.dimension).mid_double();
  // A norm that is stored and used by both sides costs no bias (SPEC §4): n + 2 roundings of float32 are legal.
  const double bound = s.info().promise == Promise::bit_exact
                           ? verdict.bound
                           : (std::pow(1 + 0x1p-24, static_cast<double>(c.config.dimension) + 2) - 1) * exact * 1.001 + 0x1p-149;
  if (std::isfinite(got) && verdict.error <= bound) return std::nullopt;
  Finding f;
  f.stage = Stage::scale;
  f.config = c.config;
  f.row = c.first_row + row;
  const double factor = static_cast<double>(got) / exact;
  if (!std::isfinite(got) || got == 0 || exact < 1e-30 || exact > 1e15 || std::isfinite(factor) == false) {
    f.defect = "half-overflow";
    f.what = fmt::format("the norm is stored as {:.9g}", got);
  } else if (std::abs(factor - 1) < 0x1p-9 && (c.row(row)[c.config.dimension - 1] == 0 || std::abs(factor - 1) < 0x1p-11)) {
    f.defect = "half-overflow";
    f.what = "the norm has too few bits";
  } else {
    f.defect = "scale-lost-or-wrong";
    f.what = fmt::format("the norm is {} times what it should be", factor_name(factor, c.config, exact));
    double cut = 0;
    for (std::size_t i = c.config.dimension; i-- > 0;) {
      cut += static_cast<double>(c.row(row)[i]) * static_cast<double>(c.row(row)[i]);
      if (std::abs(std::sqrt(std::max(0.0, exact * exact - cut)) - static_cast<double>(got)) > 1e-6 * exact || cut == 0) continue;
      f.defect = "tail-of-a-simd-loop";
      f.what = fmt::format("the norm is that of the first {} of {} coordinates", i, c.config.dimension);
      break;
    }
  }
  f.divergence = Divergence{0, decimal_and_hex(got), decimal_and_hex(exact), verdict.error / ulp(static_cast<float>(exact)),
                            bound / ulp(static_cast<float>(exact))};
  return f;
}

std::optional<Finding> judge_row_codes(Session& s, const Case& c, const reference::Judge& judge, const Encoded& e, std::size_t row) {
  const Bytes codes = codes_of_row(c.config, e, row, static_cast<int>(c.config.bits));
  const auto verdict = judge.judge_codes(c.row(row), e.norms[row], codes.data(), c.first_row + row);
  const double ratio = bound_ratio(s, c.config.order);
  const auto wrong = [&](const reference::CodeDifference& d) { return d.verdict == reference::Verdict::wrong && d.distance > d.bound * ratio; };
  // Codes next to the right one, at thresholds closer than any other defect puts them.
  const bool close = std::all_of(verdict.differences.begin(), verdict.differences.end(), [&](const reference::CodeDifference& d) {
    return !wrong(d) || (std::abs(d.code - d.exact_code) == 1 && d.distance <= 1e-4 * static_cast<double>(e.norms[row]));
  });
  for (const auto& difference : verdict.differences) {
    if (!wrong(difference)) continue;
    const Explanation why =
        close ? Explanation{"thresholds-drift", fmt::format("the threshold is {:.3g}·ρ away", difference.distance / static_cast<double>(e.norms[row]))}
              : explain_codes(c, e);
    Finding f;
    f.stage = Stage::encode;
    f.config = c.config;
    f.row = c.first_row + row;
    f.defect = why.defect;
    const double scale = static_cast<double>(e.norms[row]);
    f.what = fmt::format("code {} of row {} is {}, should be {}: {}", difference.coordinate, f.row, difference.code, difference.exact_code, why.what);
    f.divergence = Divergence{difference.coordinate, fmt::format("{} ({:#x})", difference.code, difference.code),
                              fmt::format("{} ({:#x})", difference.exact_code, difference.exact_code),
                              difference.distance / ulp(static_cast<float>(scale)), difference.bound * ratio / ulp(static_cast<float>(scale))};
    return f;
  }
  return std::nullopt;
}

Encoded library_encode(const Case& c) {
  const hdq::Codec codec(c.config.dimension, static_cast<int>(c.config.bits), c.config.seed, {hdq::Isa::scalar, 1});
  Encoded e{std::vector<float>(c.rows()), Bytes(c.rows() * codec.code_bytes())};
  codec.encode(hdq::RowsView(c.x.data(), c.rows(), codec.dimension()), hdq::EncodedBuffer(e.norms, e.codes, c.first_row));
  return e;
}

std::optional<Finding> judge_bytes(Session& s, const Case& c, const Encoded& e) {
  const std::size_t stride = e.codes.size() / e.norms.size(), used = c.config.order * c.config.bits;
  if (used % 8 != 0 && stride * 8 >= used) {
    for (std::size_t row = 0; row < c.rows(); ++row) {
      const std::uint8_t last = e.codes[row * stride + used / 8];
      if ((last >> (used % 8)) == 0) continue;
      Finding f;
      f.stage = Stage::pack;
      f.config = c.config;
      f.row = c.first_row + row;
      f.defect = "packing-order";
      f.what = fmt::format("unused bits of the last byte of row {} are not 0", f.row);
      f.divergence = Divergence{used / 8, fmt::format("{:#04x}", last), fmt::format("{:#04x}", last & ((1 << (used % 8)) - 1)), 0, 0};
      return f;
    }
  }
  if (s.info().promise != Promise::bit_exact) return std::nullopt;
  const Encoded golden = library_encode(c);
  if (golden == e) return std::nullopt;
  Finding f;
  f.stage = Stage::encode;
  f.config = c.config;
  f.defect = "thresholds-drift";
  f.what = "the codes are within their bounds, but the bytes are not those of the hdq library, which was promised";
  for (std::size_t i = 0; i < e.codes.size() && i < golden.codes.size(); ++i) {
    if (e.codes[i] == golden.codes[i]) continue;
    f.row = c.first_row + i / stride;
    f.divergence = Divergence{i % stride, fmt::format("{:#04x}", e.codes[i]), fmt::format("{:#04x}", golden.codes[i]), 0, 0};
    break;
  }
  return f;
}

std::optional<Finding> judge_encode(Session& s, const Case& c) {
  const Encoded e = s.encode(c);
  if (s.code_bytes(c.config) != (c.config.order * c.config.bits + 7) / 8) {
    Finding f;
    f.stage = Stage::pack;
    f.config = c.config;
    f.defect = "one-bit-width-hard-wired";
    f.what = fmt::format("code_bytes is {}, {} codes of {} bits are {}", s.code_bytes(c.config), c.config.order, c.config.bits,
                         (c.config.order * c.config.bits + 7) / 8);
    return f;
  }
  const reference::Judge judge(c.config.dimension, static_cast<int>(c.config.bits), c.config.seed);
  for (std::size_t row = 0; row < c.rows(); ++row) {
    if (auto f = judge_norm(s, c, judge, e, row)) return f;
  }
  for (std::size_t row = 0; row < c.rows(); ++row) {
    if (auto f = judge_row_codes(s, c, judge, e, row)) return f;
  }
  return judge_bytes(s, c, e);
}

std::vector<std::pair<std::uint64_t, int>> shapes(const Session& s) {
  std::vector<std::pair<std::uint64_t, int>> list;
  const auto add = [&](std::uint64_t n, int bits) {
    if (n <= s.info().max_dimension && s.offers_bits(bits)) list.emplace_back(n, bits);
  };
  // Shapes at which one defect does not look like another come first.
  for (int bits = 1; bits <= HDQ_KERNEL_MAX_BITS; ++bits) {
    for (const std::uint64_t n : std::initializer_list<std::uint64_t>{37, 96, 128}) add(n, bits);
  }
  int bits = 1;
  for (const std::uint64_t n : std::initializer_list<std::uint64_t>{1, 2, 3, 4, 5, 7, 8, 12, 13, 16, 17, 20, 23, 24, 28, 31, 33, 40, 56, 64, 80, 100, 112, 160, 192, 224, 300, 384}) {
    add(n, bits = bits % 8 + 1);
    add(n, (bits + 3) % 8 + 1);
  }
  if (!s.quick()) {
    for (const std::uint64_t n : std::initializer_list<std::uint64_t>{640, 768, 784, 896, 960, 1000, 1024, 1536}) add(n, bits = bits % 8 + 1);
  }
  if (s.thorough()) {
    for (std::uint64_t n = 1; n <= 130; ++n) {
      for (int b = 1; b <= HDQ_KERNEL_MAX_BITS; ++b) add(n, b);
    }
    for (const std::uint64_t n : std::initializer_list<std::uint64_t>{1792, 2560, 3072, 3584, 4096, 5120}) add(n, bits = bits % 8 + 1);
  }
  return list;
}

std::vector<Case> encode_cases(Session& s) {
  std::vector<Case> cases;
  for (const auto& [n, bits] : shapes(s)) {
    cases.push_back(structured_case(s.config(n, bits, s.random()()), s.random()));
    if (cases.size() % 4 == 0) cases.back().first_row = (std::uint64_t{1} << 32) - 3;
    Case single{s.config(n, bits, s.random()()), s.random()() >> (s.random()() % 64), {}};
    append_vector(Family::normal, single.config, s.random(), single.x);
    cases.push_back(std::move(single));
  }
  return cases;
}

std::vector<Case> threshold_cases(Session& s) {
  std::vector<Case> cases;
  for (int bits = 1; bits <= HDQ_KERNEL_MAX_BITS; ++bits) {
    if (!s.offers_bits(bits)) continue;
    for (const std::uint64_t d : std::initializer_list<std::uint64_t>{2, 12, 16, 28}) {
      if (d <= s.info().max_dimension) cases.push_back(threshold_case(s.config(d, bits, s.random()()), s.random()(), s.quick() ? 16 : s.thorough() ? 1000 : 64, s.random()));
    }
  }
  return cases;
}

// ---- decode ----

struct Decoding {
  const Case& c;
  const Encoded& e;  // made by the library
  std::size_t row;
  double u;
  Bytes codes;
};

Values decoded_with(const Decoding& r, const Bytes& codes, const Values& codewords, bool transposed, std::size_t used, bool with_signs = true) {
  const Config& config = r.c.config;
  Values z(config.order, 0.0);
  for (std::size_t j = 0; j < used; ++j) z[j] = codewords[codes[j] % codewords.size()];
  hadamard_in_place(config, z, transposed);
  z.resize(config.dimension);
  const std::vector<int> epsilon = reference::signs(config.seed, config.order);
  for (std::size_t i = 0; i < z.size(); ++i) {
    z[i] *= static_cast<double>(r.e.norms[r.row]) / static_cast<double>(config.order) * (with_signs ? epsilon[i] : 1);
  }
  return z;
}

Explanation explain_factor(double factor, const Config& config, double norm) {
  const std::string name = factor_name(factor, config, norm);
  const std::string what = fmt::format("the values are {} times what they should be", name);
  if (norm != 1 && std::abs(factor * norm - 1) < 1e-4) return {"factor-stored-never-applied", what + ": the norm is not applied"};
  if (name.find('=') != std::string::npos) return {"scale-lost-or-wrong", what};
  return {"estimator-constant", what};
}

Explanation explain_decoded(const Decoding& r, const Values& got) {
  const Config& config = r.c.config;
  const int bits = static_cast<int>(config.bits);
  const std::size_t d = config.order;
  const double norm = static_cast<double>(r.e.norms[r.row]);
  const Values right_words = codewords_at(bits, r.u), exact = decoded_with(r, r.codes, right_words, true, d);
  if (!std::all_of(got.begin(), got.end(), [](double v) { return std::isfinite(v); })) {
    if (hadamard_of(config).log2 == 0 && config.order > 1) return {"smallest-order-fails", fmt::format("order {} gives NaN or infinity", config.order)};
    return {"half-overflow", "the values are not finite"};
  }
  const double factor = common_factor(got, exact, 1e-3);
  if (std::isfinite(factor) && std::abs(factor - 1) > 1e-5) return explain_factor(factor, config, norm);

  const auto is = [&](const Values& hypothesis) { return std::abs(common_factor(got, hypothesis, 1e-3) - 1) < 1e-3; };
  if (is(decoded_with(r, r.codes, right_words, false, d))) return {"inverse-is-not-the-transpose", "the values are D H ẑ for D Hᵀ ẑ"};
  if (is(decoded_with(r, r.codes, right_words, true, d, false))) return {"signs-after-h-or-none", "the values are Hᵀ ẑ: no signs"};
  if (is(decoded_with(r, r.codes, right_words, true, config.dimension)) && config.dimension < d) {
    return {"inverse-is-not-the-transpose", "only the first n of the d rotated coordinates are used"};
  }
  if (is(decoded_with(r, r.codes, codewords_at(bits, 1 - r.u), true, d))) return {"dead-or-biased-rounding", "the values are those of 1 − U"};
  if (is(decoded_with(r, r.codes, codewords_at(bits, 0.5), true, d))) return {"dead-or-biased-rounding", "the values are those of U = 1/2: no dither"};
  if (is(decoded_with(r, r.codes, codewords_at(bits, dither_of(config, r.c.first_row)), true, d))) {
    return {"correlated-random-lanes", "every row has the dither of the first"};
  }
  if (is(decoded_with(r, r.codes, codewords_at(bits, dither_of(config, r.row)), true, d))) {
    return {"wrong-stream", "the row number is counted from the call's first row"};
  }
  for (int other = 1; other <= HDQ_KERNEL_MAX_BITS; ++other) {
    if (other == bits) continue;
    if (is(decoded_with(r, codes_of_row(config, r.e, r.row, other), codewords_at(bits, r.u), true, d)) ||
        is(decoded_with(r, r.codes, codewords_at(other, r.u), true, d))) {
      return {"one-bit-width-hard-wired", fmt::format("the values are those of b = {}", other)};
    }
  }
  Values edges = thresholds_at(bits, r.u);
  edges.insert(edges.begin(), right_words.front());
  if (is(decoded_with(r, r.codes, edges, true, d))) return {"dead-or-biased-rounding", "codes decode to the lower end of their cell"};
  std::size_t first = 0;
  while (first < got.size() && std::abs(got[first] - exact[first]) <= 1e-5 * norm) ++first;
  if (first > 0 && 2 * first >= got.size() && first + 32 > got.size()) return {"tail-of-a-simd-loop", fmt::format("only coordinates from {} on are wrong", first)};
  return {"wrong-values", "no simple defect explains it"};
}

// A factor explains some rows of any defect, such as those that decode to one spike: another explanation of another row comes first.
Explanation explain_rows(const Case& c, const Encoded& e, const std::vector<std::size_t>& wrong_rows, const std::vector<float>& got) {
  Explanation first;
  for (const std::size_t row : wrong_rows) {
    const Decoding r{c, e, row, dither_of(c.config, c.first_row + row), codes_of_row(c.config, e, row, static_cast<int>(c.config.bits))};
    const float* values = got.data() + row * c.config.dimension;
    Explanation why = explain_decoded(r, Values(values, values + c.config.dimension));
    const bool factor = why.defect == "estimator-constant" || why.defect == "scale-lost-or-wrong" || why.defect == "factor-stored-never-applied";
    if (!factor && why.defect != "wrong-values") return why;
    if (first.defect.empty() || first.defect == "wrong-values") first = std::move(why);
  }
  return first;
}

std::optional<Finding> compare_decoded(Session& s, const Case& c, const Encoded& e, const reference::Judge& judge,
                                       const std::vector<float>& got) {
  const double ratio = bound_ratio(s, c.config.order);
  std::optional<Finding> finding;
  std::vector<std::size_t> wrong_rows;
  for (std::size_t row = 0; row < c.rows(); ++row) {
    const Bytes codes = codes_of_row(c.config, e, row, static_cast<int>(c.config.bits));
    const float* values = got.data() + row * c.config.dimension;
    const auto verdict = judge.judge_decoded(e.norms[row], codes.data(), c.first_row + row, values);
    for (const auto& difference : verdict.differences) {
      if (std::isfinite(difference.value) && difference.error <= verdict.bound * ratio) continue;
      wrong_rows.push_back(row);
      if (finding) break;
      finding.emplace();
      finding->config = c.config;
      finding->row = c.first_row + row;
      const double unit = ulp(static_cast<float>(difference.exact));
      finding->divergence = Divergence{difference.coordinate, decimal_and_hex(difference.value), decimal_and_hex(difference.exact),
                                       difference.error / unit, verdict.bound * ratio / unit};
      break;
    }
  }
  if (!finding) return std::nullopt;
  const Explanation why = explain_rows(c, e, wrong_rows, got);
  finding->stage = why.defect == "inverse-is-not-the-transpose" ? Stage::inverse : Stage::decode;
  finding->defect = why.defect;
  finding->what = fmt::format("decode: {}", why.what);
  return finding;
}

std::optional<Finding> judge_decode(Session& s, const Case& c) {
  const Encoded e = library_encode(c);
  const reference::Judge judge(c.config.dimension, static_cast<int>(c.config.bits), c.config.seed);
  return compare_decoded(s, c, e, judge, s.decode(c.config, c.first_row, e));
}

// ---- dot ----

struct Query {
  std::vector<float> q;
  double magnitudes;
};

double dot_with(const Case& c, const Encoded& e, std::size_t row, const Values& rotated_query, const Values& codewords) {
  const Bytes codes = codes_of_row(c.config, e, row, static_cast<int>(c.config.bits));
  double sum = 0;
  for (std::size_t j = 0; j < codes.size(); ++j) sum += rotated_query[j] * codewords[codes[j]];
  return sum * static_cast<double>(e.norms[row]) / static_cast<double>(c.config.order);
}

Explanation explain_dot(const Case& c, const Encoded& e, const std::vector<float>& q, const std::vector<float>& got) {
  const int bits = static_cast<int>(c.config.bits);
  const auto all_rows = [&](SignUse use, bool transposed, bool mirrored, bool without_norm) {
    const Values y = rotation_with(c.config, q.data(), use, transposed);
    Values values;
    for (std::size_t row = 0; row < c.rows(); ++row) {
      const double u = dither_of(c.config, c.first_row + row), norm = static_cast<double>(e.norms[row]);
      // Relative to the norm, so that large rows do not hide the others.
      const double value = dot_with(c, e, row, y, codewords_at(bits, mirrored ? 1 - u : u));
      values.push_back(norm > 0 ? value / norm / (without_norm ? norm : 1) : 0);
    }
    return values;
  };
  Values values;
  for (std::size_t row = 0; row < c.rows(); ++row) values.push_back(e.norms[row] > 0 ? static_cast<double>(got[row]) / static_cast<double>(e.norms[row]) : 0);
  const auto factor = [&](const Values& hypothesis) { return common_factor(values, hypothesis, 1e-3); };
  const double plain = factor(all_rows(SignUse::spec, false, false, false));
  if (std::isfinite(plain) && std::abs(plain - 1) > 1e-5) {
    const Explanation why = explain_factor(plain, c.config, 1);
    return {why.defect == "scale-lost-or-wrong" ? why.defect : "estimator-constant", why.what};
  }
  if (std::abs(factor(all_rows(SignUse::spec, false, false, true)) - 1) < 1e-3) return {"factor-stored-never-applied", "the norm is not applied"};
  if (std::isfinite(factor(all_rows(SignUse::none, false, false, false)))) return {"two-paths-two-bases", "the query is rotated without signs, the data with"};
  if (std::isfinite(factor(all_rows(SignUse::spec, true, false, false)))) return {"two-paths-two-bases", "the query is rotated by Hᵀ D, the data by H D"};
  if (std::isfinite(factor(all_rows(SignUse::after, false, false, false)))) return {"two-paths-two-bases", "the query is rotated by D H, the data by H D"};
  if (std::isfinite(factor(all_rows(SignUse::spec, false, true, false)))) return {"dead-or-biased-rounding", "the values are those of 1 − U"};
  return {"two-paths-two-bases", "dot is not the inner product with what decode gives"};
}

std::optional<Finding> judge_dot(Session& s, const Case& c) {
  const Encoded e = library_encode(c);
  Case query{c.config, 0, {}};
  std::mt19937_64 random(c.config.seed ^ c.config.dimension);
  append_vector(Family::normal, c.config, random, query.x);
  const std::vector<float> got = s.dot(c.config, c.first_row, e, query.x);
  const std::vector<double> rotated = exact_rotation(c.config, query.x.data());
  const double magnitudes = sum_of_magnitudes(query.x.data(), c.config.dimension);
  for (std::size_t row = 0; row < c.rows(); ++row) {
    const Values words = codewords_at(static_cast<int>(c.config.bits), dither_of(c.config, c.first_row + row));
    const double exact = dot_with(c, e, row, rotated, words);
    double sum_codewords = 0;
    for (const std::uint8_t code : codes_of_row(c.config, e, row, static_cast<int>(c.config.bits))) sum_codewords += std::abs(words[code]);
    // Either way, by decoding or by rotating the query, every product meets at most 2(d − 1) additions and ten other roundings.
    const double bound = (std::pow(1 + 0x1p-24, 2.0 * static_cast<double>(c.config.order) + 10) - 1) * magnitudes * sum_codewords *
                             static_cast<double>(e.norms[row]) / static_cast<double>(c.config.order) + 0x1p-126;
    const double error = std::abs(static_cast<double>(got[row]) - exact);
    if (error <= bound || (std::isinf(got[row]) && std::abs(exact) + bound > 0x1p127)) continue;
    const Explanation why = explain_dot(c, e, query.x, got);
    Finding f;
    f.stage = Stage::dot;
    f.config = c.config;
    f.row = c.first_row + row;
    f.defect = why.defect;
    f.what = fmt::format("⟨q, x̂⟩ of row {}: {}", f.row, why.what);
    const double unit = ulp(static_cast<float>(exact));
    f.divergence = Divergence{row, decimal_and_hex(got[row]), decimal_and_hex(exact), error / unit, bound / unit};
    return f;
  }
  return std::nullopt;
}

// Fewer than for encode, and norms between 0.01 and 100, so that a factor ρ shows.
std::vector<Case> decode_cases(Session& s) {
  std::vector<Case> cases;
  for (const auto& [n, bits] : shapes(s)) {
    Case c = structured_case(s.config(n, bits, s.random()()), s.random());
    c.first_row = s.random()() >> (s.random()() % 64);
    const std::size_t rows = c.rows();
    for (std::size_t row = 0; row < rows; ++row) {
      const float gain = std::ldexp(1.25f, static_cast<int>(s.random()() % 13) - 6);
      for (std::size_t i = 0; i < n; ++i) c.x[row * n + i] *= gain;
    }
    cases.push_back(std::move(c));
  }
  return cases;
}

}  // namespace

const Check encode_check{"encode", "norms, codes and bytes: equal, within the rounding bound, or wrong",
                         [](const Session& s) { return s.conformant() && s.offers(Operation::encode); }, nullptr, judge_encode, encode_cases};
const Check thresholds_near_check{"near-thresholds", "coordinates within floats of a threshold",
                                  [](const Session& s) { return s.conformant() && s.offers(Operation::encode); }, nullptr, judge_encode,
                                  threshold_cases};
const Check decode_check{"decode", "decoded values against exact arithmetic, from the library's codes",
                         [](const Session& s) { return s.conformant() && s.offers(Operation::decode); }, nullptr, judge_decode, decode_cases};
const Check dot_check{"dot", "⟨q, x̂⟩ against ⟨q, decode⟩",
                      [](const Session& s) { return s.conformant() && s.offers(Operation::dot); }, nullptr, judge_dot, decode_cases};

}  // namespace hdq::validate
