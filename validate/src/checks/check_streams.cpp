// SPEC §2 and §3: signs, dither, thresholds and codewords against the reference.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hdq/reference/scheme/philox.hpp"
#include "hdq/reference/judge/dithered_codebook.hpp"
#include "hdq/reference/judge/rounding_bounds.hpp"
#include "hdq/reference/scheme/scalar_quantizer.hpp"
#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/oracle.hpp"

namespace hdq::validate {
namespace {

constexpr std::uint64_t seeds[] = {0, 1, 2, 0xFFFFFFFF, std::uint64_t{1} << 32, 0x0123456789ABCDEF, UINT64_MAX};

// ---- signs ----

std::size_t smallest_period(const std::vector<std::int8_t>& s) {
  for (std::size_t period = 1; period <= s.size() / 2; period *= 2) {
    if (std::equal(s.begin() + static_cast<std::ptrdiff_t>(period), s.end(), s.begin())) return period;
  }
  return 0;
}

Finding sign_finding(const Config& config, const std::vector<std::int8_t>& got, const std::vector<int>& expected, std::size_t index) {
  Finding f;
  f.stage = Stage::signs;
  f.config = config;
  f.defect = "wrong-stream";
  f.what = fmt::format("ε_{} is {}, should be {}", index, got[index], expected[index]);
  const std::size_t period = smallest_period(got);
  const bool constant = period == 1;
  bool flipped = true, valid = true;
  for (std::size_t i = 0; i < got.size(); ++i) {
    flipped &= got[i] == -expected[i];
    valid &= got[i] == 1 || got[i] == -1;
  }
  if (!valid) {
    f.what = fmt::format("ε_{} is {}, neither 1 nor −1", index, got[index]);
  } else if (constant) {
    f.defect = "signs-after-h-or-none";
    f.what = fmt::format("all signs are {}: nothing is randomized", got[0]);
  } else if (period != 0) {
    f.defect = "correlated-random-lanes";
    f.what = fmt::format("the signs repeat with period {}", period);
  } else if (flipped) {
    f.what = "every sign is flipped";
  }
  f.what += fmt::format(" (seed {:#x})", config.seed);
  f.divergence = Divergence{index, std::to_string(got[index]), std::to_string(expected[index]), 0, 0};
  return f;
}

void run_signs(Session& s, const Report& report) {
  for (const std::uint64_t seed : seeds) {
    for (const std::size_t count : std::initializer_list<std::size_t>{1, 31, 32, 33, 127, 128, 129, 384, 1000, 5120, 65537, 131073}) {
      const Config config = s.config(count, 1, seed);
      std::vector<std::int8_t> got;
      if (!s.answers([&] { got = s.signs(config, count); })) continue;
      const auto expected = reference::signs(seed, count);
      const auto at = std::mismatch(got.begin(), got.end(), expected.begin()).first;
      if (at == got.end()) continue;
      // A longer stretch shows periods.
      const std::size_t longer = std::max<std::size_t>(count, 1024);
      std::vector<std::int8_t> more = got;
      s.answers([&] { more = s.signs(s.config(longer, 1, seed), longer); });
      const auto more_expected = reference::signs(seed, more.size());
      const auto first = std::mismatch(more.begin(), more.end(), more_expected.begin()).first;
      if (first == more.end()) report(sign_finding(config, got, expected, static_cast<std::size_t>(at - got.begin())));
      else report(sign_finding(config, more, more_expected, static_cast<std::size_t>(first - more.begin())));
      break;
    }
  }
}

// ---- dither ----

void run_dither(Session& s, const Report& report) {
  constexpr std::uint64_t firsts[] = {0, 1, 1000, 0xFFFFFFFE, std::uint64_t{1} << 32, std::uint64_t{1} << 63};
  for (const std::uint64_t seed : seeds) {
    for (const std::uint64_t first : firsts) {
      const Config config = s.config(8, 1, seed);
      std::vector<std::uint32_t> got;
      if (!s.answers([&] { got = s.dither(config, first, 64); })) continue;
      for (std::size_t i = 0; i < got.size(); ++i) {
        const std::uint32_t expected = reference::dither_word(seed, first + i);
        if (got[i] == expected) continue;
        Finding f;
        f.stage = Stage::dither;
        f.config = config;
        f.row = first + i;
        f.defect = "wrong-stream";
        f.what = fmt::format("dither word of row {} is {:#010x}, should be {:#010x} (seed {:#x})", first + i, got[i], expected, seed);
        if (std::all_of(got.begin(), got.end(), [&](std::uint32_t w) { return w == got[0]; })) {
          f.defect = got[0] == reference::dither_word(seed, first) ? "correlated-random-lanes" : "dead-or-biased-rounding";
          f.what = fmt::format("rows {} to {} all have the dither word {:#010x}", first, first + got.size() - 1, got[0]);
        }
        f.divergence = Divergence{i, fmt::format("{:#010x}", got[i]), fmt::format("{:#010x}", expected), 0, 0};
        report(std::move(f));
        return;
      }
    }
  }
}

// ---- thresholds and codewords ----

using Values = std::vector<double>;

struct Table {
  bool is_threshold;
  Values got, exact;
  std::size_t first_wrong;
};

Values table_at(bool is_threshold, int bits, double u) { return is_threshold ? thresholds_at(bits, u) : codewords_at(bits, u); }

bool close(const Values& a, const Values& b, double tolerance) {
  if (a.size() > b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(std::abs(a[i] - b[i]) <= tolerance * (1 + std::abs(b[i])))) return false;
  }
  return true;
}

double largest_error(const Table& t) {
  double largest = 0;
  for (std::size_t i = 0; i < t.got.size(); ++i) {
    const double error = std::abs(t.got[i] - t.exact[i]) / (1 + std::abs(t.exact[i]));
    largest = std::max(largest, std::isfinite(error) ? error : INFINITY);
  }
  return largest;
}

Explanation explain_table(const Table& t, int bits, std::uint32_t word) {
  const double u = (word + 0.5) * 0x1p-32;
  const double error = largest_error(t);
  // Only a U that is far from its neighbours at that precision tells rounding from drift.
  const double as_float = static_cast<double>(static_cast<float>(word) * 0x1p-32f);
  if (as_float > 0 && as_float < 1 && error > 1e-10 && close(t.got, table_at(t.is_threshold, bits, as_float), 1e-11)) {
    return {"dither-lost-in-float", fmt::format("the values are those of U rounded to float32, {:.12g} for {:.12g}", as_float, u)};
  }
  for (const int kept : {8, 10, 12, 16, 20, 23, 24}) {
    const double scale = std::ldexp(1.0, kept);
    for (const double near : {std::floor(u * scale) / scale, (std::floor(u * scale) + 0.5) / scale, std::round(u * scale) / scale}) {
      if (near > 0 && near < 1 && close(t.got, table_at(t.is_threshold, bits, near), 1e-11)) {
        return {"dither-lost-in-float", fmt::format("the values are those of U rounded to {} bits, {:.12g} for {:.12g}", kept, near, u)};
      }
    }
  }
  std::size_t off = 0, at = 0;
  for (std::size_t k = 0; k < t.got.size(); ++k) {
    if (std::abs(t.got[k] - t.exact[k]) <= 1e-12 * (1 + std::abs(t.exact[k]))) continue;
    ++off;
    at = k;
  }
  const bool one_entry = off == 1 && t.got.size() >= 3;
  const std::string entry =
      fmt::format("entry {} of {} alone is wrong, by {:.3g}", at, t.got.size(), t.got[at] - t.exact[at]);
  if (error <= 1e-5 && one_entry) return {"table-entry", entry};
  if (error <= 1e-5) return {"thresholds-drift", fmt::format("relative error {:.3g}, 2^-40 = 9.1e-13 is allowed", error)};
  if (close(t.got, table_at(t.is_threshold, bits, 0.5), 1e-6)) {
    return {"codebook", "the values are those of U = 1/2, whatever the dither: the codebook is frozen"};
  }
  if (close(t.got, table_at(t.is_threshold, bits, 1 - u), 1e-6)) return {"dead-or-biased-rounding", "the values are those of 1 − U"};
  for (int other = 1; other <= HDQ_KERNEL_MAX_BITS; ++other) {
    const Values table = table_at(t.is_threshold, other, u);
    // A narrower codebook leaves the rest of the table unused.
    const Values part(t.got.begin(), t.got.begin() + static_cast<std::ptrdiff_t>(std::min(t.got.size(), table.size())));
    if (other != bits && part.size() >= std::min<std::size_t>(2, t.got.size()) && close(part, table, 1e-6)) {
      return {"one-bit-width-hard-wired", fmt::format("the values are those of b = {}", other)};
    }
  }
  if (const auto end = as_float <= 0 ? 0.0 : as_float >= 1 ? 1.0 : NAN; end == 0 || end == 1) {
    // At U = 0 or 1 the outermost values diverge, and the others are those next to it.
    const Values beside = table_at(t.is_threshold, bits, end == 0 ? 0x1p-90 : 1 - 0x1p-53);
    bool reproduced = true;
    for (std::size_t k = 0; k < t.got.size(); ++k) reproduced &= !std::isfinite(t.got[k]) || std::abs(t.got[k]) > 1e6 || std::abs(t.got[k] - beside[k]) <= 1e-6 * (1 + std::abs(beside[k]));
    if (reproduced) return {"dither-lost-in-float", fmt::format("the values are those of U = {}: U = {:.12g} was rounded to it", end, u)};
  }
  if (t.is_threshold) {
    const Values r = codewords_at(bits, u);
    Values middle;
    for (std::size_t k = 0; k + 1 < r.size(); ++k) middle.push_back(0.5 * (r[k] + r[k + 1]));
    if (close(t.got, middle, 1e-6)) {
      return {"dead-or-biased-rounding", "thresholds are midpoints between codewords, not means of g: unbiased for no input"};
    }
  }
  const double largest = std::abs(*std::max_element(t.got.begin(), t.got.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }));
  Values clipped = t.exact;
  for (double& v : clipped) v = std::clamp(v, -largest, largest);
  if (std::isfinite(largest) && close(t.got, clipped, 1e-6)) return {"codebook", fmt::format("values are clipped at ±{:.6g}", largest)};
  if (one_entry) return {"table-entry", entry};
  return {"wrong-values", "the values are those of another codebook"};
}

bool check_table(Session& s, const Report& report, bool is_threshold, int bits, std::uint32_t word) {
  const Config config = s.config(8, bits);
  Table t{is_threshold, is_threshold ? s.thresholds(config, word) : s.codewords(config, word), {}, 0};
  const auto codebook = reference::DitheredCodebook::at(bits, word);
  const reference::Precision precision(reference::DitheredCodebook::precision_bits);
  double bound = 0;
  bool wrong = false;
  for (std::size_t k = 0; k < t.got.size(); ++k) {
    const reference::Ball exact = is_threshold ? codebook->threshold(k + 1) : codebook->codeword(k);
    t.exact.push_back(exact.mid_double());
    if (wrong) continue;
    wrong = !std::isfinite(t.got[k]) ||
            !certainly_less_equal(abs(reference::Ball(t.got[k]) - exact), reference::codebook_error(exact));
    if (!wrong) continue;
    t.first_wrong = k;
    bound = reference::codebook_error(exact).upper_double();
  }
  if (!wrong) return true;
  const Explanation why = explain_table(t, bits, word);
  const std::size_t k = t.first_wrong;
  Finding f;
  f.stage = is_threshold ? Stage::thresholds : Stage::codewords;
  f.config = config;
  f.defect = why.defect;
  f.what = fmt::format("{} {} at dither word {:#010x}, b = {}: {}", is_threshold ? "threshold" : "codeword", is_threshold ? k + 1 : k, word,
                       bits, why.what);
  f.divergence = Divergence{k, decimal_and_hex(t.got[k]), decimal_and_hex(t.exact[k]), std::abs(t.got[k] - t.exact[k]) / ulp(t.exact[k]),
                            bound / ulp(t.exact[k])};
  f.row_values = {t.got, t.exact, {}};
  for (const double exact : t.exact)
    f.row_values.bound.push_back(reference::codebook_error(reference::Ball(exact)).upper_double());
  report(std::move(f));
  return false;
}

void run_codebook(Session& s, const Report& report) {
  for (int bits = 1; bits <= HDQ_KERNEL_MAX_BITS; ++bits) {
    if (!s.offers_bits(bits)) continue;
    // Generic words first: what is wrong everywhere is not blamed on the ends.
    std::vector<std::uint32_t> words{0x9E3779B9, 0x3C6EF372};
    for (int i = 0; i < (s.quick() ? 4 : s.thorough() ? 400 : 24); ++i) words.push_back(static_cast<std::uint32_t>(s.random()()));
    for (const std::uint32_t end : {0u, 1u, 2u, 255u, 65536u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFF00u, 0xFFFFFFFEu, 0xFFFFFFFFu}) words.push_back(end);
    for (const bool is_threshold : {true, false}) {
      if (!s.offers(is_threshold ? Operation::thresholds : Operation::codewords)) continue;
      for (const std::uint32_t word : words) {
        bool right = true;
        s.answers([&] { right = check_table(s, report, is_threshold, bits, word); });
        if (!right) break;
      }
    }
  }
}

}  // namespace

const Check signs_check{"signs", "the signs of SPEC §2",
                        [](const Session& s) { return s.conformant() && s.offers(Operation::signs); }, run_signs};
const Check dither_check{"dither", "the dither words of SPEC §2",
                         [](const Session& s) { return s.conformant() && s.offers(Operation::dither); }, run_dither};
const Check codebook_check{"codebook", "thresholds and codewords of SPEC §3, to 2^-40 (1 + |exact|)",
                           [](const Session& s) {
                             return s.conformant() && (s.offers(Operation::thresholds) || s.offers(Operation::codewords));
                           },
                           run_codebook};

}  // namespace hdq::validate
