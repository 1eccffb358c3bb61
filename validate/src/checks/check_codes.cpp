// SPEC §4, the encoder: norm, codes and bytes. The reference's Judge gives the verdicts; what it calls wrong is judged again by the bounds
// of docs/validate.md for kernels that promise no order of additions. Where something is wrong, defects that are known to happen are
// simulated in double, and one is named only if it gives every code of the case, to the rounding bound.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

#include "hdq/codec.hpp"
#include "hdq/stages.hpp"
#include "hdq/reference/judge/judge.hpp"
#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/codes.hpp"
#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/oracle.hpp"

namespace hdq::validate {
static_assert(HDQ_KERNEL_MAX_BITS == BitWidth::most && reference::shipped_bits == BitWidth::most);

namespace {
using Values = std::vector<double>;
using Bytes = std::vector<std::uint8_t>;
}  // namespace

// ---- shared with decode and dot ----

double dither_of(const Config& config, std::uint64_t row) {
  return hdq::dither_of_word(reference::dither_word(config.seed, row));
}

Bytes codes_of_row(const Config& config, const Encoded& e, std::size_t row, int bits) {
  const std::size_t stride = e.codes.size() / e.norms.size();
  Bytes bytes(e.codes.begin() + static_cast<std::ptrdiff_t>(row * stride), e.codes.begin() + static_cast<std::ptrdiff_t>((row + 1) * stride));
  bytes.resize(config.order + 8);  // for wider readings
  return reference::unpack_codes(bits, bytes.data(), config.order);
}

std::size_t packed_row_bytes(const Config& config) { return (config.order * config.bits + 7) / 8; }

Encoded library_encode(const Case& c) {
  const hdq::Codec codec(c.config.dimension, static_cast<int>(c.config.bits), c.config.seed, {hdq::Isa::scalar, 1});
  Encoded e{std::vector<float>(c.rows()), Bytes(c.rows() * codec.code_bytes())};
  codec.encode(hdq::RowsView(c.x.data(), c.rows(), codec.dimension()), hdq::EncodedBuffer(e.norms, e.codes, c.first_row));
  return e;
}

Encoded in_layout_of(Session& s, const Config& config, Encoded e) {
  const std::size_t from = packed_row_bytes(config), to = s.code_bytes(config);
  if (from == to) return e;
  Bytes codes(e.norms.size() * to);
  for (std::size_t row = 0; row < e.norms.size(); ++row) {
    std::copy_n(e.codes.begin() + static_cast<std::ptrdiff_t>(row * from), std::min(from, to), codes.begin() + static_cast<std::ptrdiff_t>(row * to));
  }
  e.codes = std::move(codes);
  return e;
}

bool other_matrix(const Session& s, const Config& config) {
  const reference::HadamardOrder d = hadamard_of(config);
  return s.other_matrices.count(d.base) > 0 || (d.log2 > 0 && s.other_matrices.count(1) > 0);
}

std::vector<std::pair<std::uint64_t, int>> code_shapes(const Session& s) {
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

namespace {

// Of seed 20261127: the rows below 2^29 whose words are nearest to either end: 1, 1, 2^32 − 2, 2^32 − 2. Found by trying them all.
constexpr std::uint64_t extreme_seed = 20261127;
constexpr std::uint64_t extreme_rows[] = {138119040, 152693222, 228767274, 332263922};

std::uint64_t row_with_word(std::uint64_t seed, std::uint64_t from, bool high) {
  for (std::uint64_t row = from;; ++row) {
    const std::uint32_t word = reference::dither_word(seed, row);
    if (high ? word > UINT32_MAX - (1u << 20) : word < (1u << 20)) return row;
  }
}

// Rotated coordinates at every height within ±8 norms, a norm apart, for d = n >= 512: the outermost thresholds of an extreme word lie
// between, or a wrong one does.
void append_ladder(const Config& config, std::mt19937_64& random, std::vector<float>& x) {
  constexpr int rungs = 8;
  const double d = static_cast<double>(config.order), start = std::ldexp(static_cast<double>(random() >> 11), -53);
  std::vector<float> y(config.order);
  double left = d;
  for (int i = 0; i < 2 * rungs; ++i) {
    const double height = (i / 2 + start) * (i % 2 == 0 ? 1 : -1);
    y[static_cast<std::size_t>(i) * (config.order / (2 * rungs))] = static_cast<float>(height);
    left -= height * height;
  }
  const auto others = static_cast<float>(std::sqrt(left / (d - 2 * rungs)));
  for (float& v : y) {
    if (v == 0) v = random() % 2 == 0 ? others : -others;
  }
  for (const double v : exact_rotation_back(config, y.data())) x.push_back(static_cast<float>(v / d));
}

}  // namespace

std::vector<Case> extreme_cases(Session& s) {
  std::vector<Case> cases;
  for (int bits = 1; bits <= HDQ_KERNEL_MAX_BITS; ++bits) {
    if (!s.offers_bits(bits)) continue;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> streams;  // seed, row
    for (const bool high : {false, true}) {
      const std::uint64_t seed = s.random()();
      streams.emplace_back(seed, row_with_word(seed, s.random()() >> (s.random()() % 32 + 8), high));
    }
    for (const std::uint64_t row : extreme_rows) streams.emplace_back(extreme_seed, row);
    for (const auto& [seed, row] : streams) {
      // Long enough for the outermost cells: a rotated coordinate reaches √n norms, their thresholds are up to 12 away.
      const std::uint64_t n = std::min<std::uint64_t>(bits % 2 == 0 ? 256 : 253, s.info().max_dimension);
      Case c{s.config(n, bits, seed), row, {}};
      append_vector(Family::hadamard_row, c.config, s.random(), c.x);
      cases.push_back(c);
      for (float& v : c.x) v = -v;
      cases.push_back(c);
      c.x.clear();
      append_vector(Family::normal, c.config, s.random(), c.x);
      cases.push_back(std::move(c));
      constexpr std::uint64_t ladder = 512;
      if (s.info().max_dimension < ladder) continue;
      Case up{s.config(ladder, bits, seed), row, {}};
      append_ladder(up.config, s.random(), up.x);
      cases.push_back(std::move(up));
    }
  }
  return cases;
}

namespace {

// Everything in the last rotated coordinate, where n = d.
void append_last_row(const Config& config, std::vector<float>& x) {
  const std::vector<int> epsilon = reference::signs(config.seed, config.order);
  for (std::size_t i = 0; i < config.dimension; ++i)
    x.push_back(static_cast<float>(epsilon[i] * reference::hadamard_entry(hadamard_of(config), config.order - 1, i)));
}

}  // namespace

std::vector<Case> size_cases(Session& s, std::size_t turn, bool rotated) {
  std::vector<Case> cases;
  int bits = static_cast<int>(turn);
  std::uint64_t before = 0;
  for (const std::uint64_t d : hadamard_orders(131072)) {
    // All of d, all but one, and an odd number in between, of which quick has one.
    std::vector<std::uint64_t> dimensions{d, d - 1, before + 1 + (d - before) / 2 / 2 * 2};
    dimensions.back() -= dimensions.back() % 2 == 0 ? 1 : 0;
    if (s.quick()) dimensions = {dimensions[turn++ % 3]};
    for (const std::uint64_t n : dimensions) {
      for (int tried = 0; tried < HDQ_KERNEL_MAX_BITS; ++tried) {
        bits = bits % HDQ_KERNEL_MAX_BITS + 1;
        if (s.offers_bits(bits)) break;
      }
      if (n <= before || n > s.info().max_dimension) continue;
      Case c{s.config(n, bits, s.random()()), s.random()() >> 8, {}};
      if (rotated && (cases.size() + turn) % 2 == 0)
        append_last_row(c.config, c.x);
      else
        append_vector(Family::normal, c.config, s.random(), c.x);
      cases.push_back(std::move(c));
    }
    before = d;
  }
  return cases;
}

std::vector<Case> large_cases(Session& s) {
  std::vector<Case> cases;
  std::vector<std::uint64_t> dimensions{2048, 4097, 16384, 65536};
  if (s.quick()) dimensions = {2048, 4097};
  int bits = static_cast<int>(s.random()() % HDQ_KERNEL_MAX_BITS) + 1;
  for (const std::uint64_t n : dimensions) {
    for (int tried = 0; tried < HDQ_KERNEL_MAX_BITS; ++tried) {
      bits = bits % HDQ_KERNEL_MAX_BITS + 1;
      if (s.offers_bits(bits)) break;
    }
    if (n > s.info().max_dimension) continue;
    Case c{s.config(n, bits, s.random()()), s.random()() >> 8, {}};
    for (const Family family : {Family::normal, Family::one_dominates, Family::last_hot}) append_vector(family, c.config, s.random(), c.x);
    cases.push_back(std::move(c));
  }
  return cases;
}

namespace {

// ---- encode: what went wrong ----

// A kernel with a defect: rotated coordinates and thresholds times ρ that it would have compared, and what then becomes of a code.
struct Compared {
  Values y, scaled_thresholds;
};
struct Hypothesis {
  std::string defect, what;
  std::function<Compared(const float* x, double rho, std::uint64_t row, std::uint64_t first_row)> compared;
  std::function<std::uint8_t(std::uint8_t code, std::size_t coordinate)> changed = nullptr;
};

// Is `code` what the hypothesis gives, to the rounding bound?
bool gives(const Hypothesis& h, const Compared& at, std::size_t j, std::uint8_t code, const Config& config, double magnitudes, double rho) {
  const auto reached = [&](double sign) {
    std::size_t count = 0;
    for (const double t : at.scaled_thresholds) {
      const double slack = rho > 0 && std::isfinite(t) ? legal_code_bound(config, magnitudes, rho, t / rho) : 0;
      if (at.y[j] + sign * slack < t) break;
      ++count;
    }
    return count;
  };
  for (std::size_t k = reached(-1), last = reached(1); k <= last; ++k) {
    const auto plain = static_cast<std::uint8_t>(k);
    if ((h.changed ? h.changed(plain, j) : plain) == code) return true;
  }
  return false;
}

// All codes of all rows; `read`: how the bytes are read.
bool reproduces_codes(const Case& c, const Encoded& e, const Hypothesis& h, const std::function<Bytes(std::size_t row)>& read) {
  for (std::size_t row = 0; row < c.rows(); ++row) {
    const double rho = static_cast<double>(e.norms[row]), magnitudes = sum_of_magnitudes(c.row(row), c.config.dimension);
    const Compared at = h.compared(c.row(row), rho, c.first_row + row, c.first_row);
    const Bytes codes = read(row);
    for (std::size_t j = 0; j < codes.size(); ++j) {
      if (!gives(h, at, j, codes[j], c.config, magnitudes, rho)) return false;
    }
  }
  return true;
}

Values times(Values values, double factor) {
  for (double& v : values) v *= factor;
  return values;
}

Hypothesis plain_hypothesis(const Config& config) {
  const int bits = static_cast<int>(config.bits);
  return {"", "", [=](const float* x, double rho, std::uint64_t row, std::uint64_t) {
            return Compared{rotation_with(config, x, SignUse::spec, false), times(thresholds_at(bits, dither_of(config, row)), rho)};
          }};
}

std::vector<Hypothesis> rotation_hypotheses(const Config& config) {
  const int bits = static_cast<int>(config.bits);
  std::vector<Hypothesis> list;
  const auto with = [&](std::string defect, std::string what, SignUse use, bool transposed) {
    list.push_back({std::move(defect), std::move(what), [=](const float* x, double rho, std::uint64_t row, std::uint64_t) {
                      return Compared{rotation_with(config, x, use, transposed), times(thresholds_at(bits, dither_of(config, row)), rho)};
                    }});
  };
  with("signs-after-h-or-none", "the codes are those of H x: no signs", SignUse::none, false);
  with("signs-after-h-or-none", "the codes are those of D H x: signs after H randomize nothing", SignUse::after, false);
  with("wrong-stream", "the codes are those of flipped signs", SignUse::flipped, false);
  with("inverse-is-not-the-transpose", "the codes are those of Hᵀ D x", SignUse::spec, true);
  for (const std::size_t lanes : std::initializer_list<std::size_t>{4, 8, 16, 32}) {
    if (config.dimension % lanes == 0) continue;
    list.push_back({"tail-of-a-simd-loop", fmt::format("the last n mod {} = {} coordinates do not enter", lanes, config.dimension % lanes),
                    [=](const float* x, double rho, std::uint64_t row, std::uint64_t) {
                      std::vector<float> cut(x, x + config.dimension);
                      std::fill(cut.end() - static_cast<std::ptrdiff_t>(config.dimension % lanes), cut.end(), 0.0f);
                      return Compared{rotation_with(config, cut.data(), SignUse::spec, false), times(thresholds_at(bits, dither_of(config, row)), rho)};
                    }});
  }
  return list;
}

std::vector<Hypothesis> dither_hypotheses(const Case& c) {
  const Config& config = c.config;
  const int bits = static_cast<int>(config.bits);
  std::vector<Hypothesis> list;
  const auto with = [&](std::string defect, std::string what, std::function<double(std::uint64_t row, std::uint64_t first)> u) {
    list.push_back({std::move(defect), std::move(what), [=](const float* x, double rho, std::uint64_t row, std::uint64_t first) {
                      return Compared{rotation_with(config, x, SignUse::spec, false), times(thresholds_at(bits, u(row, first)), rho)};
                    }});
  };
  with("dead-or-biased-rounding", "the codes are those of U = 1/2: no dither", [](std::uint64_t, std::uint64_t) { return 0.5; });
  with("dead-or-biased-rounding", "the codes are those of 1 − U", [=](std::uint64_t row, std::uint64_t) { return 1 - dither_of(config, row); });
  if (c.rows() > 1) {
    with("correlated-random-lanes", "every row has the dither of the first", [=](std::uint64_t, std::uint64_t first) { return dither_of(config, first); });
  }
  with("wrong-stream", "the row number is counted from the call's first row", [=](std::uint64_t row, std::uint64_t first) { return dither_of(config, row - first); });
  with("wrong-stream", "the row number is cut to 32 bits", [=](std::uint64_t row, std::uint64_t) { return dither_of(config, row & 0xFFFFFFFF); });
  for (const int kept : {8, 16}) {
    with("dither-lost-in-float", fmt::format("the codes are those of U with {} bits", kept), [=](std::uint64_t row, std::uint64_t) {
      return std::ldexp(std::floor(std::ldexp(dither_of(config, row), kept)) + 0.5, -kept);
    });
  }
  return list;
}

std::vector<Hypothesis> codebook_hypotheses(const Config& config) {
  const int bits = static_cast<int>(config.bits);
  std::vector<Hypothesis> list;
  const auto with = [&](std::string defect, std::string what, std::function<Values(double)> thresholds) {
    list.push_back({std::move(defect), std::move(what), [=](const float* x, double rho, std::uint64_t row, std::uint64_t) {
                      return Compared{rotation_with(config, x, SignUse::spec, false), times(thresholds(dither_of(config, row)), rho)};
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
  const double n = static_cast<double>(config.dimension), d = static_cast<double>(config.order);
  const std::pair<double, const char*> gains[] = {{1 / std::sqrt(2.0), "1/√2"}, {std::sqrt(2.0), "√2"}, {std::sqrt(n / d), "√(n/d)"}, {std::sqrt(d / n), "√(d/n)"},
                                                  {1 / std::sqrt(d), "1/√d"},   {std::sqrt(d), "√d"},   {1 / d, "1/d"}};
  for (const auto& [gain, name] : gains) {
    if (gain == 1) continue;
    with("scale-lost-or-wrong", fmt::format("rotated coordinates are {:.6g} = {} times what they should be", gain, name),
         [=, gain = gain](double u) { return times(thresholds_at(bits, u), 1 / gain); });
  }
  list.push_back({"scale-lost-or-wrong", "rotated coordinates are not divided by the norm", [=](const float* x, double, std::uint64_t row, std::uint64_t) {
                    return Compared{rotation_with(config, x, SignUse::spec, false), thresholds_at(bits, dither_of(config, row))};
                  }});
  return list;
}

// The right codes, changed.
std::vector<Hypothesis> change_hypotheses(const Config& config) {
  std::vector<Hypothesis> list;
  const auto with = [&](std::string defect, std::string what, std::function<std::uint8_t(std::uint8_t, std::size_t)> changed) {
    list.push_back(plain_hypothesis(config));
    list.back().defect = std::move(defect);
    list.back().what = std::move(what);
    list.back().changed = std::move(changed);
  };
  const auto top = static_cast<std::uint8_t>((1u << config.bits) - 1);
  if (config.bits > 1) {
    with("codebook", "the last code is never used", [=](std::uint8_t code, std::size_t) { return std::min<std::uint8_t>(code, static_cast<std::uint8_t>(top - 1)); });
    with("codebook", "the first code is never used", [](std::uint8_t code, std::size_t) { return std::max<std::uint8_t>(code, 1); });
    with("codebook", "the first and the last code are never used", [=](std::uint8_t code, std::size_t) {
      return std::clamp<std::uint8_t>(code, 1, static_cast<std::uint8_t>(top - 1));
    });
  }
  const std::size_t n = config.dimension, d = config.order;
  for (const std::uint8_t value : {std::uint8_t{0}, top, static_cast<std::uint8_t>(top / 2 + 1)}) {
    if (n < d) {
      with("padded-dimensions", fmt::format("codes of rotated coordinates past n = {} are {}", n, value),
           [=](std::uint8_t code, std::size_t j) { return j >= n ? value : code; });
    }
    for (const std::size_t lanes : std::initializer_list<std::size_t>{4, 8, 16, 32, 64}) {
      if (d % lanes == 0 || d < lanes) continue;
      with("tail-of-a-simd-loop", fmt::format("the last d mod {} codes are {}", lanes, value),
           [=](std::uint8_t code, std::size_t j) { return j >= d / lanes * lanes ? value : code; });
    }
  }
  return list;
}

Bytes big_endian_codes(const Config& config, const Encoded& e, std::size_t row) {
  const std::size_t stride = e.codes.size() / e.norms.size(), bits = config.bits;
  Bytes codes(config.order);
  for (std::size_t p = 0; p < config.order * bits; ++p) {
    const int bit = (e.codes[row * stride + p / 8] >> (7 - p % 8)) & 1;
    codes[p / bits] = static_cast<std::uint8_t>(codes[p / bits] << 1 | bit);
  }
  return codes;
}

// Other readings of the bytes under which the codes are right.
std::optional<Explanation> explain_packing(const Case& c, const Encoded& e) {
  const Hypothesis spec = plain_hypothesis(c.config);
  for (int other = 1; other <= HDQ_KERNEL_MAX_BITS; ++other) {
    if (other == static_cast<int>(c.config.bits)) continue;
    const std::size_t whole = std::min(c.config.order, c.config.order * c.config.bits / static_cast<std::size_t>(other));
    const auto read = [&](std::size_t row) {
      Bytes codes = codes_of_row(c.config, e, row, other);
      codes.resize(whole);
      return codes;
    };
    if (whole >= 8 && reproduces_codes(c, e, spec, read)) return Explanation{"one-bit-width-hard-wired", fmt::format("the bytes are those of {} bits a code", other)};
  }
  if (c.config.order >= 8 && reproduces_codes(c, e, spec, [&](std::size_t row) { return big_endian_codes(c.config, e, row); })) {
    return Explanation{"packing-order", "the first code is in the high bits"};
  }
  return std::nullopt;
}

// A hypothesis that holds for the case at hand by chance does not hold for other rows, or these are right.
bool confirmed(Session& s, const Case& c, const Hypothesis& h) {
  Case other = structured_case(c.config, s.random());
  other.first_row = c.first_row + 1000;
  for (int more = 0; more < 8; ++more) append_vector(Family::normal, c.config, s.random(), other.x);
  try {
    const Encoded e = s.encode(other);
    const auto read = [&](std::size_t row) { return codes_of_row(c.config, e, row, static_cast<int>(c.config.bits)); };
    return reproduces_codes(other, e, h, read) && !reproduces_codes(other, e, plain_hypothesis(c.config), read);
  } catch (const Trouble&) {
    return false;
  }
}

// The longest rows for which defects are simulated, and every wrong code is judged.
constexpr std::uint64_t simulated_to = 8192;

Explanation explain_codes(Session& s, const Case& c, const Encoded& e) {
  if (c.config.order > simulated_to)
    return {"wrong-codes", fmt::format("no defect is simulated for orders beyond {}", simulated_to)};
  if (auto why = explain_packing(c, e)) return *why;
  const auto read = [&](std::size_t row) { return codes_of_row(c.config, e, row, static_cast<int>(c.config.bits)); };
  for (const auto& list : {rotation_hypotheses(c.config), dither_hypotheses(c), codebook_hypotheses(c.config), change_hypotheses(c.config)}) {
    for (const Hypothesis& h : list) {
      if (!reproduces_codes(c, e, h, read)) continue;
      if (confirmed(s, c, h)) return {h.defect, h.what};
    }
  }
  const Hypothesis spec = plain_hypothesis(c.config);
  std::size_t wrong = 0, first = c.config.order;
  for (std::size_t row = 0; row < c.rows(); ++row) {
    const double rho = static_cast<double>(e.norms[row]), magnitudes = sum_of_magnitudes(c.row(row), c.config.dimension);
    const Compared at = spec.compared(c.row(row), rho, c.first_row + row, c.first_row);
    const Bytes codes = read(row);
    for (std::size_t j = 0; j < codes.size(); ++j) {
      if (gives(spec, at, j, codes[j], c.config, magnitudes, rho)) continue;
      ++wrong;
      first = std::min(first, j);
    }
  }
  return {"wrong-codes", fmt::format("{} of {} codes are wrong, the first at coordinate {}; no simple defect gives them all", wrong, c.rows() * c.config.order, first)};
}

// ---- encode: the norm ----

struct Norms {
  std::vector<double> got, exact, bound;
};

float through_half(double norm) {
  if (norm >= 65520) return INFINITY;
  int exponent;
  const double fraction = std::frexp(norm, &exponent);
  const int last = std::max(exponent - 11, -24);
  return static_cast<float>(std::ldexp(std::nearbyint(std::ldexp(fraction, exponent - last)), last));
}

// Squares in float32: they overflow, or are rounded to multiples of 2^-149.
bool squares_in_float(double got, double exact, std::size_t n) {
  if (std::isinf(got)) return exact > 0x1p63;
  return exact < 0x1p-50 && std::abs(got * got - exact * exact) <= static_cast<double>(n) * 0x1p-149 + 1e-5 * exact * exact;
}

Explanation explain_norms(const Case& c, const Norms& norms) {
  const std::size_t n = c.config.dimension, rows = c.rows();
  const auto all = [&](const auto& holds) {
    for (std::size_t row = 0; row < rows; ++row) {
      const bool right = std::abs(norms.got[row] - norms.exact[row]) <= norms.bound[row];
      if (!holds(row, right)) return false;
    }
    return true;
  };
  const auto only = [&](const auto& holds) {
    return all([&](std::size_t row, bool right) { return right || holds(norms.got[row], norms.exact[row]); });
  };
  if (only([](double, double exact) { return exact == 0; }))
    return {"zero-row", "rows of zeros have another norm than 0"};
  if (only([](double got, double exact) { return got == 0 && exact < 0x1p-126; }))
    return {"denormals-flushed", "norms below 2^-126 are taken for 0"};
  // Beyond what float16 holds, or its square float32.
  if (all([&](std::size_t row, bool right) {
        return right || (norms.got[row] == 0 && norms.exact[row] < 0x1p-24) || (std::isinf(norms.got[row]) && norms.exact[row] > 65504);
      })) {
    return {"half-overflow", "it overflows or vanishes"};
  }
  if (all([&](std::size_t row, bool) { return norms.got[row] == static_cast<double>(through_half(norms.exact[row])); })) {
    return {"half-overflow", "it is rounded to float16"};
  }
  if (all([&](std::size_t row, bool right) { return right || squares_in_float(norms.got[row], norms.exact[row], n); })) {
    return {"half-overflow", "squares are taken in float32"};
  }
  std::vector<Reproduction> compared;
  for (std::size_t row = 0; row < rows; ++row) compared.push_back({{norms.got[row]}, {norms.exact[row]}, norms.bound[row], norms.exact[row]});
  if (const auto factor = common_factor(compared, c.config)) return {"scale-lost-or-wrong", fmt::format("it is {} times what it should be", factor->name)};
  for (std::size_t lanes = 2; lanes <= 64; lanes *= 2) {
    const std::size_t kept = n / lanes * lanes;
    if (kept == n) continue;
    if (all([&](std::size_t row, bool) {
          const double cut = kept == 0 ? 0 : reference::exact_norm(c.row(row), kept).mid_double();
          return std::abs(norms.got[row] - cut) <= norms.bound[row];
        })) {
      return {"tail-of-a-simd-loop", fmt::format("it is that of the first {} of {} coordinates", kept, n)};
    }
  }
  return {"wrong-values", "no simple defect explains it"};
}

std::optional<Finding> judge_norms(Session& s, const Case& c, const reference::Judge& judge, const Encoded& e) {
  Norms norms;
  std::optional<std::size_t> wrong;
  for (std::size_t row = 0; row < c.rows(); ++row) {
    const auto verdict = judge.judge_norm(c.row(row), e.norms[row]);
    const double exact = reference::exact_norm(c.row(row), c.config.dimension).mid_double();
    norms.got.push_back(static_cast<double>(e.norms[row]));
    norms.exact.push_back(exact);
    // A norm that is stored and used by both sides costs no bias (SPEC §4).
    norms.bound.push_back(s.info().promise == Promise::bit_exact ? verdict.bound : legal_norm_bound(c.config.dimension, exact));
    const bool legal = std::isfinite(e.norms[row]) && e.norms[row] >= 0 && verdict.error <= norms.bound.back();
    if (verdict.verdict == reference::Verdict::wrong && !legal && !wrong) wrong = row;
  }
  if (!wrong) return std::nullopt;
  const Explanation why = explain_norms(c, norms);
  const double exact = norms.exact[*wrong], unit = ulp(static_cast<float>(exact));
  Finding f;
  f.stage = Stage::scale;
  f.config = c.config;
  f.row = c.first_row + *wrong;
  f.defect = why.defect;
  f.what = fmt::format("the norm is stored as {:.9g}: {}", e.norms[*wrong], why.what);
  f.divergence = Divergence{0, decimal_and_hex(e.norms[*wrong]), decimal_and_hex(exact), std::abs(norms.got[*wrong] - exact) / unit, norms.bound[*wrong] / unit};
  return f;
}

// ---- encode: the codes ----

struct WrongCode {
  std::size_t row = 0;
  reference::CodeDifference difference;
  double distance = 0, bound = 0, rho = 0;  // of the threshold between that is farthest beyond its bound
};

// What is wrong in a row, by the bounds of the promise.
std::vector<WrongCode> wrong_codes(const Session& s, const Case& c, const reference::Judge& judge, const Encoded& e, std::size_t row) {
  Bytes codes = codes_of_row(c.config, e, row, static_cast<int>(c.config.bits));
  std::vector<WrongCode> wrong;
  if (sum_of_magnitudes(c.row(row), c.config.dimension) == 0) {
    // Nothing is rounded: zero reaches every threshold, which is zero (SPEC §4).
    const std::int64_t last = (std::int64_t{1} << c.config.bits) - 1;
    for (std::size_t j = 0; j < codes.size(); ++j) {
      if (codes[j] != last) wrong.push_back({row, {j, codes[j], last, reference::Verdict::wrong, 0, 0}, 0, 0, 0});
    }
    return wrong;
  }
  const double rho = static_cast<double>(e.norms[row]), magnitudes = sum_of_magnitudes(c.row(row), c.config.dimension);
  const Values y = exact_rotation(c.config, c.row(row)), theta = thresholds_at(static_cast<int>(c.config.bits), dither_of(c.config, c.first_row + row));
  if (c.config.order > simulated_to) {
    // Each code that differs costs the judge d steps: of many, the first are enough.
    const Bytes right = codes_with(y, rho, theta);
    std::size_t different = 0;
    for (std::size_t j = 0; j < codes.size(); ++j) {
      if (codes[j] != right[j] && ++different > 32) codes[j] = right[j];
    }
  }
  const auto verdict = judge.judge_codes(c.row(row), e.norms[row], codes.data(), c.first_row + row);
  if (verdict.wrong == 0) return wrong;
  for (const reference::CodeDifference& d : verdict.differences) {
    if (d.verdict != reference::Verdict::wrong) continue;
    WrongCode w{row, d, d.distance, d.bound, rho};
    if (s.info().promise != Promise::bit_exact) {
      double worst = -INFINITY;
      for (std::int64_t k = std::min(d.code, d.exact_code); k < std::max(d.code, d.exact_code); ++k) {
        const double t = theta[static_cast<std::size_t>(k)], distance = std::abs(y[d.coordinate] - t * rho);
        // theta, y and their difference were rounded.
        const double bound = legal_code_bound(c.config, magnitudes, rho, t) + 0x1p-50 * (std::abs(y[d.coordinate]) + std::abs(t * rho));
        if (distance - bound <= worst) continue;
        worst = distance - bound;
        w.distance = distance;
        w.bound = bound;
      }
      if (worst <= 0) continue;
    }
    wrong.push_back(w);
  }
  return wrong;
}

std::optional<Finding> judge_all_codes(Session& s, const Case& c, const reference::Judge& judge, const Encoded& e) {
  std::vector<WrongCode> all;
  for (std::size_t row = 0; row < c.rows(); ++row) {
    const auto wrong = wrong_codes(s, c, judge, e, row);
    all.insert(all.end(), wrong.begin(), wrong.end());
  }
  if (all.empty()) return std::nullopt;
  // Codes next to the right ones, at thresholds closer than any other defect puts them.
  const bool drift = std::all_of(all.begin(), all.end(), [](const WrongCode& w) {
    return w.rho > 0 && std::abs(w.difference.code - w.difference.exact_code) == 1 && w.distance <= 1e-4 * w.rho;
  });
  const WrongCode& w = all.front();
  const bool of_zeros = std::all_of(all.begin(), all.end(), [](const WrongCode& one) { return one.rho == 0; });
  const Explanation why =
      of_zeros ? Explanation{"wrong-codes", "the row is zero, and zero reaches all its thresholds"}
      : drift  ? Explanation{"thresholds-drift", fmt::format("the threshold is {:.3g}·ρ away", w.distance / w.rho)}
               : explain_codes(s, c, e);
  Finding f;
  f.stage = Stage::encode;
  f.config = c.config;
  f.row = c.first_row + w.row;
  f.defect = why.defect;
  f.what = fmt::format("code {} of row {} is {}, should be {}: {}", w.difference.coordinate, f.row, w.difference.code, w.difference.exact_code, why.what);
  const double unit = ulp(static_cast<float>(w.rho));
  f.divergence = Divergence{w.difference.coordinate, fmt::format("{} ({:#x})", w.difference.code, w.difference.code),
                            fmt::format("{} ({:#x})", w.difference.exact_code, w.difference.exact_code), w.distance / unit, w.bound / unit};
  return f;
}

std::optional<Finding> judge_bytes(Session& s, const Case& c, const Encoded& e) {
  const std::size_t stride = e.codes.size() / e.norms.size(), used = c.config.order * c.config.bits;
  for (std::size_t row = 0; row < c.rows() && used % 8 != 0; ++row) {
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

}  // namespace

bool legal_encoding(Session& s, const Case& c, const Encoded& e) {
  const reference::Judge judge(c.config.dimension, static_cast<int>(c.config.bits), c.config.seed);
  if (judge_norms(s, c, judge, e)) return false;
  for (std::size_t row = 0; row < c.rows(); ++row) {
    if (!wrong_codes(s, c, judge, e, row).empty()) return false;
  }
  return true;
}

namespace {

std::optional<Finding> judge_encode(Session& s, const Case& c) {
  if (other_matrix(s, c.config) || !s.affordable(c.config)) return std::nullopt;
  const std::size_t packed = packed_row_bytes(c.config), stride = s.code_bytes(c.config);
  // Rows of codes may be padded, but for the bytes that the library would write.
  if (stride < packed || (stride != packed && s.info().promise == Promise::bit_exact)) {
    Finding f;
    f.stage = Stage::pack;
    f.config = c.config;
    f.defect = stride < packed ? "wrong-codes" : "packing-order";
    for (std::uint64_t other = 1; other <= HDQ_KERNEL_MAX_BITS; ++other) {
      if (stride < packed && stride == (c.config.order * other + 7) / 8) f.defect = "one-bit-width-hard-wired";
    }
    f.what = fmt::format("code_bytes is {}, {} codes of {} bits are {}", stride, c.config.order, c.config.bits, packed);
    return f;
  }
  const Encoded e = s.encode(c);
  const reference::Judge judge(c.config.dimension, static_cast<int>(c.config.bits), c.config.seed);
  if (auto f = judge_norms(s, c, judge, e)) return f;
  if (auto f = judge_all_codes(s, c, judge, e)) return f;
  return judge_bytes(s, c, e);
}

std::vector<Case> encode_cases(Session& s) {
  std::vector<Case> cases;
  for (const auto& [n, bits] : code_shapes(s)) {
    cases.push_back(structured_case(s.config(n, bits, s.random()()), s.random()));
    if (cases.size() % 4 == 0) cases.back().first_row = (std::uint64_t{1} << 32) - 3;
    // 12 to 31 rows: every remainder that loops over rows have.
    for (std::size_t more = cases.size() % 20; more > 0; --more) append_vector(Family::normal, cases.back().config, s.random(), cases.back().x);
    // A row of zeros has the last code throughout (SPEC §4): zero reaches every threshold.
    if (n <= 2 || cases.size() % 3 == 0) cases.back().x.insert(cases.back().x.end(), n, 0.0f);
    Case single{s.config(n, bits, s.random()()), s.random()() >> (s.random()() % 64), {}};
    append_vector(Family::normal, single.config, s.random(), single.x);
    cases.push_back(std::move(single));
  }
  for (auto& list : {extreme_cases(s), size_cases(s, 0, true), large_cases(s)})
    cases.insert(cases.end(), list.begin(), list.end());
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

}  // namespace

const Check encode_check{
    "encode",
    "norms, codes and bytes: equal, within the rounding bound, or wrong",
    [](const Session& s) { return s.conformant() && !s.entropy_coded() && s.offers(Operation::encode); },
    nullptr,
    judge_encode,
    encode_cases};
const Check thresholds_near_check{
    "near-thresholds",
    "coordinates within floats of a threshold",
    [](const Session& s) { return s.conformant() && !s.entropy_coded() && s.offers(Operation::encode); },
    nullptr,
    judge_encode,
    threshold_cases};

}  // namespace hdq::validate
