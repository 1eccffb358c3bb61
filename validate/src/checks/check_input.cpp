// SPEC §4, the edges: NaN, infinity and a norm beyond float32 are errors that name row and column; norms from 2^-149 to 2^127 are
// encoded like any other; a power of two goes into the norm and leaves the codes alone.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "hdq/validate/checks/audit.hpp"
#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/inputs.hpp"

namespace hdq::validate {
namespace {

int some_bits(const Session& s, std::uint64_t wish) {
  for (int i = 0; i < 8; ++i) {
    const int bits = static_cast<int>((wish + static_cast<std::uint64_t>(i)) % 8) + 1;
    if (s.offers_bits(bits)) return bits;
  }
  return 1;
}

// ---- NaN, infinity, norms beyond float32 ----

void expect_bad(Session& s, const Report& report, const Case& c, std::uint64_t row, std::uint64_t column, const std::string& what) {
  const Reply reply = s.try_input(c);
  if (reply.outcome == Outcome::unsupported) return;
  Finding f;
  f.stage = Stage::input;
  f.config = c.config;
  f.row = c.first_row + row;
  f.defect = "nan-swallowed";
  if (reply.outcome == Outcome::bad_input) {
    // Any scheme must refuse; where is asked of those that follow SPEC §4.
    if (!s.conformant() || (reply.row == row && reply.column == column)) return;
    f.defect = "bad-input-position";
    f.what = fmt::format("{} in row {}, column {} is reported at row {}, column {}", what, row, static_cast<std::int64_t>(column), reply.row,
                         static_cast<std::int64_t>(reply.column));
  } else if (reply.ok()) {
    f.what = fmt::format("{} in row {} of {} is accepted", what, row, c.rows());
    if (what == "a norm beyond float32") f.defect = "half-overflow";
  } else if (reply.outcome == Outcome::failed) {
    f.defect = "wrong-status";
    f.what = fmt::format("{} in row {} of {} is answered with {}, not with bad input", what, row, c.rows(),
                         outcome_name(reply.outcome));
  } else {
    f = finding_of({reply, s.offers(Operation::encode) ? Operation::encode : Operation::reconstruct, c.config, c.first_row});
    f.stage = Stage::input;
  }
  report(std::move(f));
}

constexpr float infinity = std::numeric_limits<float>::infinity();

struct BadValue {
  float value;
  const char* name;
};
const BadValue bad_values[] = {{std::numeric_limits<float>::quiet_NaN(), "NaN"}, {-std::numeric_limits<float>::quiet_NaN(), "NaN"},
                               {infinity, "infinity"}, {-infinity, "infinity"},
                               {std::bit_cast<float>(0x7FA00001u), "a signalling NaN"}, {std::bit_cast<float>(0xFF800001u), "a signalling NaN"}};

Case normal_rows(Session& s, std::uint64_t n, std::size_t rows) {
  const int bits = some_bits(s, n);
  Case c{s.config(s.offered_near(n, bits), bits, 5), 3, {}};
  for (std::size_t row = 0; row < rows; ++row) append_vector(Family::normal, c.config, s.random(), c.x);
  return c;
}

struct Place {
  std::uint64_t row, column;  // column UINT64_MAX: a norm beyond float32
};

Case damaged(Case c, const Place& at, float bad) {
  const std::uint64_t n = c.config.dimension;
  if (at.column == UINT64_MAX) std::fill_n(c.x.begin() + static_cast<std::ptrdiff_t>(at.row * n), n, 3e38f);
  else std::memcpy(&c.x[at.row * n + at.column], &bad, 4);  // a signalling NaN stays one
  return c;
}

void one_bad_number(Session& s, const Report& report) {
  for (const std::uint64_t wish : std::initializer_list<std::uint64_t>{1, 7, 16, 33, 96, 100}) {
    if (wish > s.info().max_dimension) continue;
    const Case c = normal_rows(s, wish, 4);
    const std::uint64_t n = c.config.dimension;
    for (const std::uint64_t row : std::initializer_list<std::uint64_t>{0, 3}) {
      for (const std::uint64_t column : std::initializer_list<std::uint64_t>{std::uint64_t{0}, n / 2, n - 1}) {
        for (const BadValue& bad : bad_values) expect_bad(s, report, damaged(c, {row, column}, bad.value), row, column, bad.name);
      }
      if (n >= 2 && s.conformant()) expect_bad(s, report, damaged(c, {row, UINT64_MAX}, 0), row, UINT64_MAX, "a norm beyond float32");
    }
  }
  for (const std::uint64_t wish : std::initializer_list<std::uint64_t>{1500, 5000}) {
    if (wish > s.info().max_dimension) continue;
    const Case c = normal_rows(s, wish, 2);
    const std::uint64_t n = c.config.dimension;
    for (const std::uint64_t column : std::initializer_list<std::uint64_t>{255, 256, 1023, 1024, 1025, n - 2, n - 1}) {
      for (const std::size_t which : std::initializer_list<std::size_t>{0, 3, 4}) {
        // Behind a row that is coded, or in the first: of long rows that is most of the time.
        const std::uint64_t row = n < 2048 || (which == 0 && column + 2 >= n) ? 1 : 0;
        expect_bad(s, report, damaged(c, {row, column}, bad_values[which].value), row, column, bad_values[which].name);
      }
    }
  }
}

// The first by row, then by column, is the one to name, on any number of threads.
void two_bad_numbers(Session& s, const Report& report) {
  const std::pair<Place, Place> pairs[] = {{{0, 3}, {0, 7}},  {{4, 16}, {4, 32}}, {{2, 35}, {2, 36}},         {{1, 36}, {2, 0}},          {{5, 20}, {30, 3}},
                                           {{33, 8}, {39, 0}}, {{38, 1}, {39, 1}}, {{7, UINT64_MAX}, {21, 5}}, {{7, 5}, {21, UINT64_MAX}}};
  if (s.info().max_dimension < 37) return;
  const Case c = normal_rows(s, 37, 40);
  for (const std::uint32_t threads : {1u, 8u}) {
    for (const auto& [first, second] : pairs) {
      if (!s.conformant() && (first.column == UINT64_MAX || second.column == UINT64_MAX)) continue;
      for (const auto& [a, b] : {std::pair{bad_values[0], bad_values[2]}, std::pair{bad_values[3], bad_values[4]}}) {
        Case two = damaged(damaged(c, first, a.value), second, b.value);
        two.config.threads = threads;
        expect_bad(s, report, two, first.row, first.column, first.column == UINT64_MAX ? "a norm beyond float32" : a.name);
      }
    }
  }
}

// An error leaves nothing behind.
void good_after_bad(Session& s, const Report& report) {
  const Case c = normal_rows(s, std::min<std::uint64_t>(37, s.info().max_dimension), 9);
  s.try_input(c);  // what a refusal before it may have left
  const Reply before = s.try_input(c);
  if (!before.ok()) return;
  for (const BadValue& bad : bad_values) {
    s.try_input(damaged(c, {5, c.config.dimension / 2}, bad.value));
    const Reply after = s.try_input(c);
    if (after.ok() && after.outputs == before.outputs) continue;
    Finding f;
    f.stage = Stage::input;
    f.config = c.config;
    f.row = c.first_row;
    f.defect = "not-repeatable";
    f.what = fmt::format("after a call that was refused for {} the same good rows give {}", bad.name, after.ok() ? "other bytes" : outcome_name(after.outcome));
    s.restart();
    const Reply fresh = s.try_input(c);
    if (fresh.ok() && fresh.outputs == before.outputs) f.defect = "state-kept-between-calls";
    report(std::move(f));
    return;
  }
}

void run_bad_input(Session& s, const Report& report) {
  one_bad_number(s, report);
  two_bad_numbers(s, report);
  good_after_bad(s, report);
}

// ---- norms ----

std::vector<Case> range_cases(Session& s) {
  std::vector<Case> cases;
  for (const std::uint64_t wish : std::initializer_list<std::uint64_t>{1, 12, 37, 96}) {
    if (wish > s.info().max_dimension) continue;
    Case c{s.config(s.offered_near(wish, some_bits(s, wish + 2)), some_bits(s, wish + 2), 11), 0, {}};
    const std::uint64_t n = c.config.dimension;
    for (const int exponent : {-149, -140, -130, -126, -120, -101, -100, -99, -70, -40, -24, 15, 16, 17, 40, 63, 64, 90, 99, 100, 101, 115, 120}) {
      std::vector<float> x;
      append_vector(exponent % 2 == 0 ? Family::normal : Family::ramp, c.config, s.random(), x);
      const float largest = std::abs(*std::max_element(x.begin(), x.end(), [](float a, float b) { return std::abs(a) < std::abs(b); }));
      for (const float v : x) c.x.push_back(std::ldexp(v / largest, exponent));
    }
    c.x.insert(c.x.end(), n, 0.0f);
    c.x.insert(c.x.end(), n, -0.0f);
    // The largest norms that float32 holds, in one coordinate and in all.
    c.x.insert(c.x.end(), n, 0.0f);
    c.x.back() = std::numeric_limits<float>::max();
    c.x.insert(c.x.end(), n, 0x1.fffp127f / std::sqrt(static_cast<float>(n)));
    c.x.insert(c.x.end(), n, 0x1p-149f);
    cases.push_back(std::move(c));
  }
  return cases;
}

// The same rows, each times a power of two that brings it near 1.
Case near_one(Case c) {
  const std::size_t n = c.config.dimension;
  for (std::size_t row = 0; row < c.rows(); ++row) {
    float largest = 0;
    for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(c.row(row)[i]));
    const int exponent = largest > 0 ? std::ilogb(largest) : 0;
    for (std::size_t i = 0; i < n; ++i) c.x[row * n + i] = std::ldexp(c.row(row)[i], -exponent);
  }
  return c;
}

// A finding that the same vectors near 1 do not give, of a number that vanished or overflowed, is an overflow; of another it keeps its name.
std::optional<Finding> as_overflow(Session& s, const Case& c, const Check& check, std::optional<Finding> f) {
  if (!f || f->ended_process || f->defect == "half-overflow" || check.judge(s, near_one(c))) return f;
  f->what += "; at norms near 1 the same vectors are right";
  const double got = f->divergence ? std::strtod(f->divergence->got.c_str(), nullptr) : 1;
  if (f->stage == Stage::decode && (got == 0 || !std::isfinite(got))) f->defect = "half-overflow";
  return f;
}

// Any scheme: the error stays in proportion and finite.
std::optional<Finding> judge_reconstructed_range(Session& s, const Case& c) {
  const std::vector<float> got = s.reconstruct(c);
  for (std::size_t row = 0; row < c.rows(); ++row) {
    double size = 0, error = 0;
    for (std::size_t i = 0; i < c.config.dimension; ++i) {
      const double x = static_cast<double>(c.row(row)[i]), y = static_cast<double>(got[row * c.config.dimension + i]);
      size += x * x;
      error += (y - x) * (y - x);
    }
    // Decoded coordinates near 2^128 overflow legally, and below 2^-126 they lose bits.
    if (size > 0x1p230 || size < 0x1p-230 || error <= 1e6 * size) continue;
    if (size == 0 && error == 0) continue;
    Finding f;
    f.stage = Stage::input;
    f.config = c.config;
    f.row = c.first_row + row;
    const bool lost = std::isinf(error) || std::isnan(error) || std::all_of(got.begin() + static_cast<std::ptrdiff_t>(row * c.config.dimension), got.begin() + static_cast<std::ptrdiff_t>((row + 1) * c.config.dimension), [](float v) { return v == 0; });
    f.defect = lost ? "half-overflow" : "wrong-values";
    f.what = fmt::format("a vector of norm {:.3g} comes back with error {:.3g}", std::sqrt(size), std::sqrt(error));
    return f;
  }
  return std::nullopt;
}

std::optional<Finding> judge_answered_range(Session& s, const Case& c) {
  if (s.conformant()) {
    for (const auto& [operation, check] :
         {std::pair{Operation::encode, s.entropy_coded() ? &step_encode_check : &encode_check},
          std::pair{Operation::decode, s.entropy_coded() ? &step_decode_check : &decode_check}}) {
      if (!s.offers(operation)) continue;
      if (auto f = as_overflow(s, c, *check, check->judge(s, c))) return f;
    }
  }
  return s.can_reconstruct() ? judge_reconstructed_range(s, c) : std::nullopt;
}

// An error for a norm that float32 holds is an overflow inside the kernel.
std::optional<Finding> judge_range(Session& s, const Case& c) {
  try {
    return judge_answered_range(s, c);
  } catch (const Trouble& trouble) {
    if (trouble.reply.outcome != Outcome::bad_input) throw;
    // Any row that is refused, or those at the ends of the range alone?
    Finding f = finding_of(trouble);
    if (c.config.dimension != 0 && s.try_input(near_one(c)).ok()) f.defect = "half-overflow";
    return f;
  }
}

// ---- powers of two ----

// A scheme of its own may draw other random numbers for 2^e·x: only its mean has to scale. The share of the run's false alarms that the
// audit leaves for it (audit.hpp) is for all cases and exponents of this check, at most 64.
std::optional<Finding> judge_scaled_mean(Session& s, const Case& c, int exponent, Finding f) {
  if (s.claim() == Claim::error) return std::nullopt;
  const auto bias = audit::scaled_bias(s, c, exponent, audit::false_alarm(s) / 10 / 64);
  if (!bias) return std::nullopt;
  f.row = c.first_row + bias->row;
  f.what = fmt::format("2^{0}·x: E⟨x, x̂⟩/‖x‖² = {1} over {2} seeds", exponent, audit::estimate(bias->moments, 1), bias->seeds);
  return f;
}

std::optional<Finding> compare_scaled(Session& s, const Case& c, int exponent) {
  Case scaled = c;
  for (float& v : scaled.x) v = std::ldexp(v, exponent);
  Finding f;
  f.stage = Stage::scale;
  f.config = c.config;
  f.row = c.first_row;
  f.defect = "scale-lost-or-wrong";
  if (s.conformant() && s.offers(Operation::encode)) {
    const Encoded a = s.encode(c), b = s.encode(scaled);
    for (std::size_t row = 0; row < c.rows(); ++row) {
      if (b.norms[row] == std::ldexp(a.norms[row], exponent)) continue;
      if (b.norms[row] == 0 || !std::isfinite(b.norms[row])) f.defect = "half-overflow";
      else if (b.norms[row] != a.norms[row]) f.defect = "wrong-values";
      f.what = fmt::format("the norm of 2^{}·x is {:.9g}, that of x {:.9g}", exponent, b.norms[row], a.norms[row]);
      return f;
    }
    if (a.codes != b.codes) {
      f.defect = "wrong-codes";
      f.what = fmt::format("2^{}·x has other codes than x", exponent);
      return f;
    }
  }
  if (!s.can_reconstruct()) return std::nullopt;
  const std::vector<float> a = s.reconstruct(c), b = s.reconstruct(scaled);
  double error = 0, size = 0, stuck = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = static_cast<double>(a[i]), y = std::ldexp(static_cast<double>(b[i]), -exponent);
    error += (x - y) * (x - y);
    size += x * x;
    stuck += (x - static_cast<double>(b[i])) * (x - static_cast<double>(b[i]));
  }
  if (error <= 1e-3 * size) return std::nullopt;
  if (!s.conformant() && stuck > 1e-3 * size) return judge_scaled_mean(s, c, exponent, f);
  f.defect = stuck <= 1e-3 * size ? "factor-stored-never-applied" : "wrong-values";
  f.what = stuck <= 1e-3 * size ? fmt::format("2^{0}·x decodes like x: its norm is not applied", exponent)
                                : fmt::format("2^{0}·x does not decode to 2^{0} times what x decodes to: relative distance {1:.3g}", exponent, std::sqrt(error / size));
  return f;
}

std::optional<Finding> judge_scaling(Session& s, const Case& c) {
  for (const int exponent : {1, -1, 10, -17, 50, -60, 101, -108}) {
    if (auto f = compare_scaled(s, c, exponent)) return f;
  }
  return std::nullopt;
}

std::vector<Case> scaling_cases(Session& s) {
  std::vector<Case> cases;
  for (const std::uint64_t n : std::initializer_list<std::uint64_t>{1, 12, 37, 128}) {
    if (n > s.info().max_dimension) continue;
    Case c{s.config(s.offered_near(n, some_bits(s, n)), some_bits(s, n), s.random()()), 9, {}};
    for (const Family family : {Family::normal, Family::one_hot, Family::constant, Family::ramp}) append_vector(family, c.config, s.random(), c.x);
    cases.push_back(std::move(c));
  }
  return cases;
}

bool takes_input(const Session& s) { return s.offers(Operation::encode) || s.offers(Operation::reconstruct); }

bool input_is_checked(const Session& s) {
  return takes_input(s) && (s.profile() == nullptr || s.profile()->checks_input);
}

// Under a profile: only where float32 holds what is stored, and the scale is the norm.
bool stores_float32(const Session& s) {
  const reference::Profile* p = s.profile();
  return p == nullptr || (p->scale.rule == reference::ProfileScale::Rule::norm && p->scale.plus == 0 && p->scale.format.precision >= 24 && p->factor.format.precision >= 24);
}

}  // namespace

const Check bad_input_check{"bad-input",
                            "NaN, infinity and norms beyond float32 are errors that name row and column",
                            input_is_checked,
                            run_bad_input,
                            nullptr,
                            nullptr,
                            true};
const Check range_check{"range", "norms from 2^-149 to 2^120, zero", [](const Session& s) { return (takes_input(s) || s.offers(Operation::decode)) && stores_float32(s); },
                        nullptr, judge_range, range_cases, true};
const Check scaling_check{"scaling", "a power of two goes into the norm and leaves the codes alone",
                           [](const Session& s) { return takes_input(s) && stores_float32(s); }, nullptr, judge_scaling, scaling_cases, true};

}  // namespace hdq::validate
