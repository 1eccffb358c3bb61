// SPEC §7, the coder: streams and raw bits, byte for byte; rows come back from them; and streams that no encoder writes are refused.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/step_model.hpp"

namespace hdq::validate {
namespace {

using steps::CodedRow;
using steps::CoderHabit;
using Bytes = std::vector<std::uint8_t>;

struct Hypothesis {
  std::string defect, what;
  CoderHabit habit;
};

std::vector<Hypothesis> hypotheses() {
  std::vector<Hypothesis> list{
      {"coder-arithmetic", "cumulative frequencies are one too large", {.below = 1}},
      {"coder-arithmetic", "cumulative frequencies are one too small", {.below = -1}},
      {"coder-arithmetic", "a word leaves the state from f·2^46 on", {.renormalise = 46}},
      {"coder-arithmetic", "a word leaves the state from f·2^48 on", {.renormalise = 48}},
      {"coder-arithmetic", "the coordinates are put from the first to the last", {.first_coordinate_first = true}},
      {"frequency-table", "the buckets are in the reverse order", {.reversed_buckets = true}},
      {"stream-layout", "the norm is not in the state", {.norm_in_state = false}},
      {"stream-layout", "words are in the order in which they left the state", {.last_word_first = false}},
      {"stream-layout", "the state always takes 8 bytes", {.whole_state = true}},
      {"stream-layout", "state and words are big-endian", {.big_endian = true}},
      {"escape-code", "the sign of an escaped code is inverted", {.sign_flipped = true}},
      {"escape-code", "the low bits of an escaped code are gotten first", {.gamma_low_first = true}},
      {"escape-code", "ones and zeros before an escaped code are exchanged", {.gamma_inverted = true}},
      {"escape-code", "an escaped code is |c| − K + 1", {.over = 1}},
  };
  for (const std::uint32_t weyl : steps::other_weyl_constants)
    list.push_back({"weyl-sequence", fmt::format("buckets are those of the constant {:#010x}", weyl), {.weyl = weyl}});
  return list;
}

// A habit of which every row of a case gives what the kernel gives, and some row other bytes than the right ones.
template <class Gives>
std::optional<Hypothesis> explained(const Gives& gives) {
  for (const Hypothesis& h : hypotheses()) {
    if (gives(h.habit)) return h;
  }
  return std::nullopt;
}

struct Row {
  std::uint64_t number;
  CodedRow coded;
  Session::Stream expected, put;
};

Finding finding_at(const Case& c, std::uint64_t row, std::string defect, std::string what) {
  Finding f;
  f.stage = Stage::coder;
  f.config = c.config;
  f.row = row;
  f.defect = std::move(defect);
  f.what = std::move(what);
  return f;
}

Finding different(const Case& c, const Row& row, const Bytes& got, const Bytes& expected, std::string defect,
                  std::string what) {
  Finding f = finding_at(c, row.number, std::move(defect), std::move(what));
  const std::size_t common = std::min(got.size(), expected.size());
  const auto at = static_cast<std::size_t>(
      std::mismatch(got.begin(), got.begin() + static_cast<std::ptrdiff_t>(common), expected.begin()).first -
      got.begin());
  const auto shown = [&](const Bytes& bytes) {
    return at < bytes.size() ? fmt::format("{:#04x}", bytes[at]) : fmt::format("{} bytes", bytes.size());
  };
  f.divergence = Divergence{at, shown(got), shown(expected), 0, 0};
  return f;
}

// The rows of x; one of codes far out, of both signs; and one whose norm is 0.
std::vector<Row> rows_of(Session& s, const Case& c) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < c.rows(); ++i)
    rows.push_back({c.first_row + i, steps::encode(c.config, c.first_row + i, c.row(i)), {}, {}});
  Row far{c.first_row + 100, {1.5f, {}}, {}, {}};
  const int width = static_cast<int>(8 * step_code_bytes(c.config));
  for (std::size_t j = 0; j < c.config.order; ++j) {
    const auto size = static_cast<std::int64_t>(s.random()() >> 1) >>
                      (64 - width + static_cast<int>(s.random()() % static_cast<std::uint64_t>(width - 1)));
    far.coded.codes.push_back(j % 2 == 0 ? size : -size - 1);
  }
  rows.push_back(std::move(far));
  for (Row& row : rows) row.expected = steps::put(c.config, row.number, row.coded);
  return rows;
}

Session::Row given(const Case& c, const CodedRow& coded) {
  return {coded.norm, steps::in_memory(c.config, coded.codes)};
}

// The raw bits are those of another number of them, or in another order.
std::string explain_raw(const Case& c, const Row& row) {
  const int h = reference::StepNumbers(c.config.step).raw_bits;
  for (const int other : {h - 1, h + 1}) {
    if (other < 0) continue;
    Bytes raw(row.put.raw.size());
    for (std::size_t p = 0; p < raw.size() * 8 && other > 0 && p / static_cast<std::size_t>(other) < c.config.order;
         ++p) {
      const auto per = static_cast<std::size_t>(other);
      if ((row.coded.codes[p / per] >> (p % per) & 1) != 0)
        raw[p / 8] = static_cast<std::uint8_t>(raw[p / 8] | 1u << (p % 8));
    }
    if (raw == row.put.raw) return fmt::format("{} raw bits of a code are stored, not {}", other, h);
  }
  return "raw bits of codes are wrong";
}

std::optional<Finding> judge_put(const Case& c, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    if (row.put == row.expected) continue;
    if (row.put.raw != row.expected.raw)
      return different(c, row, row.put.raw, row.expected.raw, "raw-bits", explain_raw(c, row));
    if (row.coded.norm == 0)
      return different(c, row, row.put.stream, row.expected.stream, "zero-row", "a row of zeros has a stream");
    const auto why = explained([&](const CoderHabit& habit) {
      return std::all_of(rows.begin(), rows.end(), [&](const Row& r) {
        return r.coded.norm == 0 || r.put.stream == steps::put(c.config, r.number, r.coded, habit).stream;
      });
    });
    // Escapes that are wrong show in rows that have some.
    const bool length = row.put.stream.size() != row.expected.stream.size();
    return different(
        c, row, row.put.stream, row.expected.stream, why ? why->defect : "coder-arithmetic",
        why      ? why->what
        : length ? fmt::format("a stream of {} bytes, not {}", row.put.stream.size(), row.expected.stream.size())
                 : "a stream is another");
  }
  return std::nullopt;
}

// What get_row makes of a stream; none where it says that there is something wrong with it.
std::optional<Session::Row> got(Session& s, const Case& c, std::uint64_t row, const Session::Stream& stream) {
  try {
    return s.get_row(c.config, row, stream);
  } catch (const Trouble& trouble) {
    if (trouble.reply.outcome == Outcome::bad_input || trouble.reply.outcome == Outcome::failed) return std::nullopt;
    throw;
  }
}

bool is(const std::optional<Session::Row>& row, const Session::Row& expected) {
  return row && std::bit_cast<std::uint32_t>(row->norm) == std::bit_cast<std::uint32_t>(expected.norm) &&
         row->codes == expected.codes;
}

std::optional<Finding> judge_get(Session& s, const Case& c, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const Session::Row right = given(c, row.coded);
    const auto came = got(s, c, row.number, row.expected);
    if (is(came, right)) continue;
    const auto why = explained([&](const CoderHabit& habit) {
      return std::all_of(rows.begin(), rows.end(), [&](const Row& r) {
        return r.coded.norm == 0 ||
               is(got(s, c, r.number, steps::put(c.config, r.number, r.coded, habit)), given(c, r.coded));
      });
    });
    const std::string what = why    ? "get_row reads streams of another kind: " + why->what
                             : came ? "a row comes back as another"
                                    : "get_row refuses a stream that is in order";
    Finding f = finding_at(c, row.number, why ? why->defect : "coder-arithmetic", what);
    if (!came) return f;
    const auto codes = steps::from_memory(c.config, came->codes.data());
    const auto at = static_cast<std::size_t>(std::mismatch(codes.begin(), codes.end(), row.coded.codes.begin()).first -
                                             codes.begin());
    if (at < codes.size())
      f.divergence = Divergence{at, fmt::format("{}", codes[at]), fmt::format("{}", row.coded.codes[at]), 0, 0};
    else
      f.divergence = Divergence{0, decimal_and_hex(came->norm), decimal_and_hex(row.coded.norm), 0, 0};
    return f;
  }
  return std::nullopt;
}

struct Damage {
  std::string what;
  Session::Stream stream;
};

// Streams that no encoder writes, whatever the row.
std::vector<Damage> damages(const Case& c, const Row& row) {
  std::vector<Damage> list;
  const auto with = [&](std::string what, Bytes stream) {
    list.push_back({std::move(what), {row.expected.raw, std::move(stream)}});
  };
  const Bytes& right = row.expected.stream;
  const std::size_t state = 5 + (right.size() - 5) % 4;
  with("a word too many", Bytes(right));
  list.back().stream.stream.insert(list.back().stream.stream.end(), {1, 2, 3, 4});
  if (right.size() > state) with("a word too few", Bytes(right.begin(), right.end() - 4));
  if (state < 8) {
    Bytes longer = right;
    longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(state), 0);
    with("a leading byte of zero in the state", std::move(longer));
  }
  for (const std::size_t length : {1u, 4u})
    with(fmt::format("{} bytes", length), Bytes(right.begin(), right.begin() + static_cast<std::ptrdiff_t>(length)));
  for (const auto& [what, bits] :
       {std::pair{"a norm of infinity", 0x7F800000u}, std::pair{"a norm that is NaN", 0x7FC00000u},
        std::pair{"a negative norm", 0xBF800000u}}) {
    CoderHabit habit;
    habit.initial_norm = bits;
    with(what, steps::put(c.config, row.number, row.coded, habit).stream);
  }
  CoderHabit none;
  none.norm_in_state = false;
  with("a norm of zero", steps::put(c.config, row.number, row.coded, none).stream);
  return list;
}

std::optional<Finding> judge_damaged(Session& s, const Case& c, const std::vector<Row>& rows) {
  std::size_t looked_at = 0;
  for (const Row& row : rows) {
    if (row.coded.norm == 0 || looked_at++ == 3 || c.config.order > 4096) continue;
    for (const Damage& damage : damages(c, row)) {
      if (!got(s, c, row.number, damage.stream)) continue;
      return finding_at(c, row.number, "corrupt-stream-accepted",
                        fmt::format("a stream with {} is read as a row", damage.what));
    }
  }
  return std::nullopt;
}

// A buffer that is one byte too small: an error, and nothing behind it is written.
std::optional<Finding> judge_capacity(Session& s, const Case& c, const Row& row) {
  const Session::Row asked = given(c, row.coded);
  Request r;
  r.operation = Operation::put_row;
  r.config = c.config;
  r.first_row = row.number;
  r.rows = 1;
  r.inputs = {{reinterpret_cast<const std::uint8_t*>(&asked.norm), 4}, asked.codes};
  r.output_bytes = {row.expected.raw.size(), row.expected.stream.size() - 1};
  Reply reply = s.call(r);
  const std::uint64_t room = row.expected.stream.size() - 1;
  if (reply.outcome == Outcome::bad_input || reply.outcome == Outcome::failed || reply.outcome == Outcome::unsupported)
    return std::nullopt;
  if (!reply.ok()) throw Trouble{std::move(reply), r.operation, c.config, row.number};
  return finding_at(c, row.number, "out-of-bounds",
                    fmt::format("put_row gives {} bytes where it has room for {}", reply.size, room));
}

std::optional<Finding> judge_streams(Session& s, const Case& c) {
  std::vector<Row> rows = rows_of(s, c);
  if (s.offers(Operation::put_row)) {
    for (Row& row : rows) row.put = s.put_row(c.config, row.number, given(c, row.coded));
    if (auto f = judge_put(c, rows)) return f;
    if (auto f = judge_capacity(s, c, rows.back())) return f;
  }
  if (!s.offers(Operation::get_row)) return std::nullopt;
  if (auto f = judge_get(s, c, rows)) return f;
  return judge_damaged(s, c, rows);
}

std::vector<Case> stream_cases(Session& s) {
  std::vector<Case> cases;
  std::vector<std::uint64_t> dimensions{37, 96, 1, 5};
  if (!s.quick()) dimensions.insert(dimensions.end(), {2, 3, 12, 100, 256, 1024});
  if (s.thorough()) {
    for (std::uint64_t n = 4; n <= 66; ++n) dimensions.push_back(n);
    dimensions.insert(dimensions.end(), {384, 784, 1536, 4096});
  }
  for (std::size_t i = 0; i < s.steps().size(); ++i) {
    for (std::size_t j = 0; j < dimensions.size(); ++j) {
      if (dimensions[j] > s.info().max_dimension || (s.quick() && j > 0 && (i + j) % 3 != 0)) continue;
      Case c{s.with_step(dimensions[j], s.steps()[i], s.random()()), s.random()() >> (s.random()() % 64), {}};
      for (const Family family : {Family::normal, Family::hadamard_row, Family::one_hot, Family::heavy_tailed})
        append_vector(family, c.config, s.random(), c.x);
      c.x.insert(c.x.end(), dimensions[j], 0.0f);
      cases.push_back(std::move(c));
    }
  }
  // Where a sequence that is nearly right has left the buckets of the right one.
  Case large{
      s.with_step(std::min<std::uint64_t>(65536, s.info().max_dimension), s.steps().front(), s.random()()), 3, {}};
  append_vector(Family::normal, large.config, s.random(), large.x);
  cases.push_back(std::move(large));
  return cases;
}

}  // namespace

const Check step_streams_check{
    "step-streams",
    "entropy-coded: streams and raw bits byte for byte, rows back from them, and wrong streams refused",
    [](const Session& s) {
      return s.entropy_coded() && s.conformant() && (s.offers(Operation::put_row) || s.offers(Operation::get_row));
    },
    nullptr,
    judge_streams,
    stream_cases};

}  // namespace hdq::validate
