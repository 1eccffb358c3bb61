// One result, whatever the path: many rows or one, once or again, whichever instruction set or number of threads, wherever the
// buffers lie. No oracle is needed, so these checks apply to any scheme.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "hdq/validate/checks/budget.hpp"
#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/codes.hpp"
#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/oracle.hpp"

namespace hdq::validate {
namespace {

using Bytes = std::vector<std::uint8_t>;

// ---- everything that a kernel gives for one input ----

// Rows, codes to decode, a query.
struct Input {
  Case c;
  Encoded given;  // codes for decode, dot, save; empty where there is no encode
  std::vector<float> query;
};

struct Output {
  Operation operation;
  bool floats;
  Bytes bytes;
  std::size_t per_row;                // 0: not by rows
  std::vector<double> tolerance;      // of floats, by row: how far two legal roundings of it may be apart
};

double largest_of(const float* values, std::size_t count) {
  double largest = 0;
  for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(static_cast<double>(values[i])));
  return largest;
}

double length_of(const std::vector<float>& x) {
  double sum = 0;
  for (const float v : x) sum += static_cast<double>(v) * static_cast<double>(v);
  return std::sqrt(sum);
}

// Which outputs are asked for: all, those that come by rows, or those of one operation.
struct Asked {
  bool by_row_only = false;
  std::optional<Operation> only = std::nullopt;
};

// Rows far below 1 lose what underflow takes of a sum (docs/validate.md), and inner products a little more.
constexpr double underflow = 0x1p-144, underflow_of_dot = 0x1p-133;

class Outputs {
 public:
  Outputs(Session& s, const Input& in, Asked asked)
      : s_(s), in_(in), config_(in.c.config), rows_(in.c.rows()), asked_(asked) {}

  std::vector<Output> all() {
    streams();
    rotations();
    codes();
    packing();
    return std::move(all_);
  }

 private:
  bool offers(Operation operation) const { return s_.offers(operation) && (!asked_.only || *asked_.only == operation); }

  template <class T>
  void add(Operation operation, const std::vector<T>& values, bool by_row) {
    Bytes bytes(values.size() * sizeof(T));
    if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    const std::size_t per_row = by_row && rows_ > 0 ? bytes.size() / rows_ : 0;
    all_.push_back({operation, std::is_same_v<T, float>, std::move(bytes), per_row, {}});
  }

  // Errors of a legal transform are at most ((1 + u)^s − 1)·√d times the root mean square of its output.
  void add_rotated(Operation operation, const std::vector<float>& values) {
    add(operation, values, true);
    if (rows_ == 0) return;
    const std::size_t width = values.size() / rows_;
    const double relative = 4 * transform_bound(s_, config_.order, 1) * std::sqrt(static_cast<double>(config_.order));
    for (std::size_t row = 0; row < rows_; ++row)
      all_.back().tolerance.push_back(relative * largest_of(values.data() + row * width, width) + underflow);
  }

  void streams() {
    if (offers(Operation::dither)) add(Operation::dither, s_.dither(config_, in_.c.first_row, rows_), true);
    if (asked_.by_row_only) return;
    if (offers(Operation::signs)) add(Operation::signs, s_.signs(config_, config_.order), false);
    const auto word = static_cast<std::uint32_t>(in_.c.first_row * 0x9E3779B9u + 0x3C6EF372u);
    if (offers(Operation::thresholds)) add(Operation::thresholds, s_.thresholds(config_, word), false);
    if (offers(Operation::codewords)) add(Operation::codewords, s_.codewords(config_, word), false);
  }

  void rotations() {
    if (offers(Operation::transform)) add_rotated(Operation::transform, s_.transform(config_, in_.c.x));
    if (!offers(Operation::transform_transposed)) return;
    std::vector<float> y;
    for (std::size_t row = 0; row < rows_; ++row) {
      for (std::size_t j = 0; j < config_.order; ++j) y.push_back(in_.c.row(row)[(j * 7 + 3) % config_.dimension]);
    }
    add_rotated(Operation::transform_transposed, s_.transform_transposed(config_, y));
  }

  void codes() {
    if (offers(Operation::encode)) {
      const Encoded e = s_.encode(in_.c);
      add(Operation::encode, e.norms, true);
      const double relative = 2 * (std::pow(1 + 0x1p-24, static_cast<double>(config_.dimension) + 2) - 1);
      for (const float norm : e.norms)
        all_.back().tolerance.push_back(relative * static_cast<double>(norm) + underflow);
      add(Operation::encode, e.codes, true);
    }
    const Encoded& given = in_.given;
    const bool have = !given.norms.empty() || rows_ == 0;
    if (offers(Operation::decode) && have) add_rotated(Operation::decode, s_.decode(config_, in_.c.first_row, given));
    if (offers(Operation::dot) && have) {
      add(Operation::dot, s_.dot(config_, in_.c.first_row, given, in_.query), true);
      const double relative = 16 * transform_bound(s_, 2 * config_.order, 1) * std::sqrt(static_cast<double>(config_.dimension)) * length_of(in_.query);
      for (const float norm : given.norms)
        all_.back().tolerance.push_back(relative * static_cast<double>(norm) + underflow_of_dot);
    }
    if (offers(Operation::reconstruct)) add_rotated(Operation::reconstruct, s_.reconstruct(in_.c));
    if (s_.entropy_coded() && have) streams(given);
    if (!offers(Operation::save) || given.norms.empty()) return;
    const Bytes file = s_.save(config_, given);
    add(Operation::save, file, false);
    if (!s_.offers(Operation::load)) return;
    const Encoded loaded = s_.load(config_, rows_, file);
    add(Operation::load, loaded.norms, true);
    add(Operation::load, loaded.codes, true);
  }

  // Of the entropy-coded scheme, row after row: not more than a few.
  void streams(const Encoded& given) {
    constexpr std::size_t most = 4;
    for (std::size_t row = 0; row < std::min(rows_, most); ++row) {
      if (asked_.by_row_only) return;
      const std::size_t bytes = s_.code_bytes(config_);
      const auto begin = given.codes.begin() + static_cast<std::ptrdiff_t>(row * bytes);
      const std::uint64_t number = in_.c.first_row + row;
      if (!offers(Operation::put_row)) return;
      const Session::Stream put =
          s_.put_row(config_, number, {given.norms[row], Bytes(begin, begin + static_cast<std::ptrdiff_t>(bytes))});
      add(Operation::put_row, put.raw, false);
      add(Operation::put_row, put.stream, false);
      if (!s_.offers(Operation::get_row)) continue;
      add(Operation::get_row, s_.get_row(config_, number, put).codes, false);
    }
  }

  void packing() {
    if (asked_.by_row_only) return;
    Bytes codes(config_.order);
    for (std::size_t j = 0; j < codes.size(); ++j) codes[j] = static_cast<std::uint8_t>((j * 0x9E37u >> 3) & ((1u << config_.bits) - 1));
    if (!offers(Operation::pack)) return;
    const Bytes packed = s_.pack(config_, codes);
    add(Operation::pack, packed, false);
    if (s_.offers(Operation::unpack)) add(Operation::unpack, s_.unpack(config_, codes.size(), packed), false);
  }

  Session& s_;
  const Input& in_;
  const Config& config_;
  const std::size_t rows_;
  const Asked asked_;
  std::vector<Output> all_;
};

std::vector<Output> outputs_of(Session& s, const Input& in, Asked asked = {}) { return Outputs(s, in, asked).all(); }

// Of other contents for another `which`.
std::vector<float> query_of(const Config& config, int which = 1) {
  std::vector<float> q;
  for (std::size_t i = 0; i < config.dimension; ++i) q.push_back(std::sin(static_cast<float>(i + 1) * static_cast<float>(which)));
  return q;
}

Input input_of(Session& s, const Case& c) {
  return {c, s.offers(Operation::encode) ? s.encode(c) : Encoded{}, query_of(c.config)};
}

// Rows begin … end − 1 of an input.
Input part_of(const Input& in, std::size_t begin, std::size_t end) {
  const std::size_t n = in.c.config.dimension;
  const auto cut = [&](const auto& values, std::size_t per_row) {
    using Vector = std::decay_t<decltype(values)>;
    return Vector(values.begin() + static_cast<std::ptrdiff_t>(begin * per_row), values.begin() + static_cast<std::ptrdiff_t>(end * per_row));
  };
  Input part{{in.c.config, in.c.first_row + begin, cut(in.c.x, n)}, {}, in.query};
  if (in.given.norms.empty()) return part;
  part.given.norms = cut(in.given.norms, 1);
  part.given.codes = cut(in.given.codes, in.given.codes.size() / in.given.norms.size());
  return part;
}

// ---- differences ----

struct Difference {
  std::size_t index;  // of byte or float
  std::string got, expected;
  bool lost_bits;  // only ones became zeros
};

std::optional<Difference> first_difference(const Output& got, const Output& expected) {
  const std::size_t unit = got.floats ? 4 : 1;
  bool lost = !got.floats;
  std::optional<Difference> first;
  if (got.bytes.size() != expected.bytes.size()) {
    const std::size_t common = std::min(got.bytes.size(), expected.bytes.size());
    return Difference{common / unit, fmt::format("{} bytes", got.bytes.size()), fmt::format("{} bytes", expected.bytes.size()), false};
  }
  if (got.bytes == expected.bytes) return std::nullopt;
  for (std::size_t i = 0; i < got.bytes.size(); ++i) {
    if (got.bytes[i] == expected.bytes[i]) continue;
    lost &= (got.bytes[i] & ~expected.bytes[i]) == 0;
    if (first) continue;
    first = Difference{i / unit, "", "", false};
    if (got.floats) {
      float a, b;
      std::memcpy(&a, got.bytes.data() + i / 4 * 4, 4);
      std::memcpy(&b, expected.bytes.data() + i / 4 * 4, 4);
      first->got = decimal_and_hex(a);
      first->expected = decimal_and_hex(b);
    } else {
      first->got = fmt::format("{:#04x}", got.bytes[i]);
      first->expected = fmt::format("{:#04x}", expected.bytes[i]);
    }
  }
  first->lost_bits = lost;
  return first;
}

Finding finding(const Case& c, const Output& output, const Difference& difference, std::string defect, const std::string& between) {
  Finding f;
  f.stage = Stage::paths;
  f.config = c.config;
  f.row = c.first_row + (output.per_row == 0 ? 0 : difference.index * (output.floats ? 4 : 1) / output.per_row);
  f.defect = std::move(defect);
  f.what = fmt::format("{}: {}", operation_name(output.operation), between);
  f.divergence = Divergence{difference.index, difference.got, difference.expected, 0, 0};
  return f;
}

// ---- inputs ----

struct Shape {
  std::uint64_t n;
  int bits;  // a wish
};

// Zero rows are easily left unwritten; last rows are where tails are, and not zero.
std::vector<Case> path_cases(Session& s, std::initializer_list<Shape> shapes) {
  std::vector<Case> cases;
  for (const auto& [n, wish] : shapes) {
    if (n > s.info().max_dimension) continue;
    int bits = wish;
    for (int tried = 0; tried < HDQ_KERNEL_MAX_BITS && !s.offers_bits(bits); ++tried) bits = bits % HDQ_KERNEL_MAX_BITS + 1;
    Case c{s.config(s.offered_near(n, bits), bits, s.random()()), 17, {}};
    c.x.insert(c.x.end(), c.config.dimension, 0.0f);
    const Case rows = structured_case(c.config, s.random());
    c.x.insert(c.x.end(), rows.x.begin(), rows.x.end());
    append_vector(Family::normal, c.config, s.random(), c.x);
    append_vector(Family::normal, c.config, s.random(), c.x);
    cases.push_back(std::move(c));
  }
  return cases;
}

Case many_rows(Session& s, Shape shape, std::size_t rows) {
  Case c = path_cases(s, {{std::min(shape.n, s.info().max_dimension), shape.bits}}).front();
  c.first_row = (std::uint64_t{1} << 32) - 20;  // which batches of more than 20 rows pass
  c.x.clear();
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t begin = c.x.size();
    append_vector(row % 5 == 4 ? Family::one_hot : Family::normal, c.config, s.random(), c.x);
    const float gain = row % 64 == 40 ? 0.0f : std::ldexp(1.0f, static_cast<int>(row % 13) - 6);
    for (std::size_t i = begin; i < c.x.size(); ++i) c.x[i] *= gain;
  }
  return c;
}

// ---- many rows or one ----

// What every row gives alone, as far as rows are called alone, else in a call of few; and whole calls compared with it.
class RowComparison {
 public:
  RowComparison(Session& s, const Input& in, std::size_t alone) : s_(s), in_(in), alone_(alone) {
    const std::size_t rows = in.c.rows();
    for (std::size_t begin = 0; begin < rows;) {
      const std::size_t size = begin < alone ? 1 : begin < 2048 ? 61 : 1021, end = std::min(rows, begin + size);
      append(outputs_by_row(begin, end));
      begin = end;
    }
  }

  // Rows begin … end − 1 in one call.
  std::optional<Finding> compare(std::size_t begin, std::size_t end) {
    const std::vector<Output> call = outputs_by_row(begin, end);
    for (std::size_t i = 0; i < by_row_.size() && i < call.size(); ++i) {
      const Output& row = by_row_[i];
      if (call[i].operation != row.operation || call[i].per_row != row.per_row) continue;
      const auto cut = [&](const auto& values, std::size_t per_row) {
        using Vector = std::decay_t<decltype(values)>;
        if (values.empty()) return Vector{};
        return Vector(values.begin() + static_cast<std::ptrdiff_t>(begin * per_row),
                      values.begin() + static_cast<std::ptrdiff_t>(end * per_row));
      };
      const Output expected{row.operation, row.floats, cut(row.bytes, row.per_row), row.per_row, cut(row.tolerance, 1)};
      const auto difference = first_difference(call[i], expected);
      if (!difference || legal(call[i], expected, begin, end)) continue;
      const std::size_t at = difference->index * (expected.floats ? 4 : 1) / expected.per_row;
      Finding f = finding(in_.c, expected, *difference, "batch-dependent",
                          fmt::format("row {} of {} in one call differs from the same row {}", at, end - begin,
                                      begin + at < alone_ ? "alone" : "in a smaller call"));
      f.row = in_.c.first_row + begin + at;
      return f;
    }
    return std::nullopt;
  }

 private:
  // Rounding may depend on the batch where no bytes are promised: floats within twice the legal error, codes that are legal either way.
  // A scheme of its own: rows within 2 %, codes up to 2 % of the bytes.
  bool legal(const Output& a, const Output& b, std::size_t begin, std::size_t end) const {
    if (s_.info().promise == Promise::bit_exact || a.bytes.size() != b.bytes.size()) return false;
    if (a.operation == Operation::dither || a.operation == Operation::load) return false;
    if (!a.floats) return s_.conformant() ? both_legal(a, b, begin, end) : few_bytes_differ(a, b);
    return s_.conformant() ? close(a, b) : nearly_equal(a, b);
  }

  static float float_at(const Output& o, std::size_t index) {
    float value;
    std::memcpy(&value, o.bytes.data() + index * 4, 4);
    return value;
  }

  static bool close(const Output& a, const Output& b) {
    const std::size_t width = b.per_row / 4;
    for (std::size_t i = 0; i < a.bytes.size() / 4; ++i) {
      const double x = static_cast<double>(float_at(a, i)), y = static_cast<double>(float_at(b, i));
      if (!(std::abs(x - y) <= b.tolerance.at(i / width)) && !(x == y)) return false;
    }
    return true;
  }

  static bool nearly_equal(const Output& a, const Output& b) {
    const std::size_t width = b.per_row / 4;
    for (std::size_t row = 0; width > 0 && row * width < a.bytes.size() / 4; ++row) {
      double error = 0, size = 0;
      for (std::size_t i = row * width; i < (row + 1) * width; ++i) {
        const double x = static_cast<double>(float_at(a, i)), y = static_cast<double>(float_at(b, i));
        error += (x - y) * (x - y);
        size += y * y;
      }
      if (!(error <= 4e-4 * size)) return false;
    }
    return true;
  }

  static bool few_bytes_differ(const Output& a, const Output& b) {
    std::size_t different = 0;
    for (std::size_t i = 0; i < a.bytes.size(); ++i) different += a.bytes[i] != b.bytes[i];
    return static_cast<double>(different) <= 1 + 0.02 * static_cast<double>(a.bytes.size());
  }

  // Both readings of the rows, each judged by itself.
  bool both_legal(const Output& a, const Output& b, std::size_t begin, std::size_t end) const {
    if (other_matrix(s_, in_.c.config)) return few_bytes_differ(a, b);
    const Input rows = part_of(in_, begin, end);
    const auto first_norm = in_.given.norms.begin() + static_cast<std::ptrdiff_t>(begin);
    const std::vector<float> norms(first_norm, first_norm + static_cast<std::ptrdiff_t>(end - begin));
    return legal_encoding(s_, rows.c, {norms, a.bytes}) && legal_encoding(s_, rows.c, {norms, b.bytes});
  }

  std::vector<Output> outputs_by_row(std::size_t begin, std::size_t end) {
    std::vector<Output> outputs = outputs_of(s_, part_of(in_, begin, end), {true});
    std::erase_if(outputs, [](const Output& o) { return o.per_row == 0; });
    return outputs;
  }

  void append(std::vector<Output> part) {
    if (by_row_.empty()) {
      by_row_ = std::move(part);
      return;
    }
    for (std::size_t i = 0; i < by_row_.size() && i < part.size(); ++i) {
      by_row_[i].bytes.insert(by_row_[i].bytes.end(), part[i].bytes.begin(), part[i].bytes.end());
      by_row_[i].tolerance.insert(by_row_[i].tolerance.end(), part[i].tolerance.begin(), part[i].tolerance.end());
    }
  }

  Session& s_;
  const Input& in_;
  const std::size_t alone_;
  std::vector<Output> by_row_;
};

// No rows at all: whatever it says, it returns and writes nothing.
void call_without_rows(Session& s, const Config& config) {
  try {
    outputs_of(s, {{config, 5, {}}, {}, query_of(config)});
  } catch (const Trouble& trouble) {
    if (trouble.reply.outcome > Outcome::failed) throw;
  }
}

constexpr std::size_t every_count_to = 130;

// Every number of rows to 130, and those beside the powers of two that tiles, counters and warps have; those that tell most come first.
// What one row too many shows at a power of two from 4096 on shows at 65536 + 1 as well: that is all that quick has of these.
std::vector<std::size_t> row_counts(const Session& s, std::size_t rows) {
  std::vector<std::size_t> counts{rows};
  const auto add = [&](std::size_t count) {
    if (count <= rows && std::find(counts.begin(), counts.end(), count) == counts.end()) counts.push_back(count);
  };
  const bool many = rows > 2 * every_count_to;  // few numbers of rows have had their turn with fewer rows
  for (std::size_t count = 1; count <= 17 && !many; ++count) add(count);
  for (std::size_t power = many ? 512 : 32; power <= 65536; power *= 2) {
    const bool large = power > 2048;  // what many rows take is most of the time
    if (large && power < 65536 && s.quick()) continue;
    add(power + 1);
    if (large) continue;
    add(power - 1);
    add(power);
  }
  for (std::size_t count = 18; count <= every_count_to && !many; ++count) add(count);
  return counts;
}

// Kernels that answer slowly are asked for fewer numbers of rows.
std::optional<Finding> judge_rows(Session& s, const Case& c) {
  call_without_rows(s, c.config);
  Budget patience(s, s.quick() ? 2 : s.thorough() ? 120 : 12);
  const Input in = input_of(s, c);
  RowComparison comparison(s, in, c.rows() > 2 * every_count_to ? 34 : c.rows());
  using Range = std::pair<std::size_t, std::size_t>;
  std::vector<Range> ranges;
  for (const std::size_t count : row_counts(s, c.rows())) ranges.emplace_back(0, count);
  // The last rows as they would be without the first.
  for (std::size_t begin = 1; begin < c.rows() && begin <= 16 && c.rows() <= 2 * every_count_to; ++begin)
    ranges.emplace_back(begin, std::min(c.rows(), begin + every_count_to));
  std::size_t done = 0;
  for (; done < ranges.size() && (done == 0 || !patience.over()); ++done) {
    if (auto f = comparison.compare(ranges[done].first, ranges[done].second)) return f;
  }
  s.add_left_out("numbers of rows (rows)", ranges.size() - done, ranges.size());
  return std::nullopt;
}

// Each kind of row after each other, and after itself: what a row leaves behind for the next one.
Case kinds_of_rows(Session& s, Shape shape) {
  Case c = path_cases(s, {{std::min(shape.n, s.info().max_dimension), shape.bits}}).front();
  c.x.clear();
  // Schemes of their own may keep few digits of tiny rows.
  const std::vector<float> gains = s.conformant() ? std::vector<float>{0, 1, 0x1p-110f, 0x1p-140f, 0x1p108f, 3}
                                                  : std::vector<float>{0, 1, 0.01f, 300};
  const auto append = [&](std::size_t kind) {
    const std::size_t begin = c.x.size();
    append_vector(kind + 1 == gains.size() ? Family::last_hot : Family::normal, c.config, s.random(), c.x);
    for (std::size_t i = begin; i < c.x.size(); ++i) c.x[i] *= gains[kind];
  };
  for (std::size_t a = 0; a < gains.size(); ++a) {
    for (std::size_t b = a; b < gains.size(); ++b) {
      append(a);
      append(b);
    }
  }
  return c;
}

std::vector<Case> rows_cases(Session& s) {
  std::vector<Case> cases = path_cases(s, {{1, 3}, {12, 4}, {31, 5}, {100, 7}, {300, 8}});
  cases.push_back(kinds_of_rows(s, {5, 6}));
  cases.push_back(many_rows(s, {9, 3}, 2 * every_count_to));
  cases.push_back(many_rows(s, {2, 2}, 65551));
  if (s.quick()) return cases;
  cases.push_back(kinds_of_rows(s, {28, 2}));
  for (const Shape shape : {Shape{33, 2}, Shape{1, 1}, Shape{48, 3}, Shape{96, 2}})
    cases.push_back(many_rows(s, shape, every_count_to));
  cases.push_back(many_rows(s, {16, 1}, 2051));
  return cases;
}

// ---- once or again ----

constexpr std::uint8_t fills[] = {0xFF, 0x3C};

// All outputs, held beforehand by buffers full of this byte.
std::vector<Output> outputs_over(Session& s, const Input& in, std::uint8_t fill) {
  s.fill = fill;
  try {
    std::vector<Output> outputs = outputs_of(s, in);
    s.fill.reset();
    return outputs;
  } catch (...) {
    s.fill.reset();
    throw;
  }
}

bool unwritten(const Output& a, const Output& b, std::size_t index) {
  const std::size_t i = index * (a.floats ? 4 : 1);
  return i < a.bytes.size() && i < b.bytes.size() && a.bytes[i] == fills[0] && b.bytes[i] == fills[1];
}

bool packs(Operation operation) { return operation == Operation::pack || operation == Operation::encode; }

std::optional<Finding> compare_runs(const Case& c, const std::vector<Output>& first, const std::vector<Output>& again,
                                    const std::string& otherwise, const char* defect = "not-repeatable") {
  for (std::size_t i = 0; i < first.size() && i < again.size(); ++i) {
    const auto difference = first_difference(again[i], first[i]);
    if (!difference) continue;
    const auto reverse = first_difference(first[i], again[i]);
    if (unwritten(first[i], again[i], difference->index))
      return finding(c, first[i], *difference, "output-unwritten", "part of the output is not written");
    const bool lost = difference->lost_bits || (reverse && reverse->lost_bits);
    return finding(c, first[i], *difference, lost && packs(first[i].operation) ? "non-atomic-packing" : defect,
                   otherwise);
  }
  return std::nullopt;
}

// Inputs that differ from the first in one thing that a cache may forget.
enum class Component { nothing, seed, query, rows, row_number, dimension, bits };
struct Relative {
  Component component;
  std::string differs_in;
  Input input;
};

class Relatives {
 public:
  Relatives(Session& s, const Case& c) : s_(s), c_(c) {}

  std::vector<Relative> all() {
    with(Component::nothing, "nothing", [](Case&) {});
    seeds();
    with(
        Component::query, "the query", [](Case&) {}, [&](std::vector<float>& q) { q = query_of(c_.config, 2); });
    with(
        Component::query, "the last coordinate of the query", [](Case&) {},
        [](std::vector<float>& q) { q.back() += 1; });
    with(Component::rows, "the rows", [&](Case& o) { std::reverse(o.x.begin(), o.x.end()); });
    with(Component::rows, "the last coordinate of the rows", [](Case& o) { o.x.back() += 1; });
    for (const int power : {0, 8, 16, 31, 32, 48, 63}) {
      with(Component::row_number, fmt::format("the row number, by 2^{}", power),
           [power](Case& o) { o.first_row += std::uint64_t{1} << power; });
    }
    dimensions();
    for (std::uint32_t bits = 1; bits <= HDQ_KERNEL_MAX_BITS; ++bits) {
      if (bits != c_.config.bits && s_.offers_bits(static_cast<int>(bits)))
        with(Component::bits, s_.entropy_coded() ? "the step" : "the bit width",
             [&](Case& o) { o.config = s_.with_bits(o.config, static_cast<int>(bits)); });
    }
    return std::move(all_);
  }

  // Different in all components at once: what a cache that keeps the last only then holds is of no use to any of the others.
  Input other() {
    Case o = c_;
    o.config = s_.config(std::min<std::uint64_t>(c_.config.dimension + 50, s_.info().max_dimension),
                         static_cast<int>(c_.config.bits), c_.config.seed * 3 + 0x5555555533333333);
    for (std::uint32_t step = 1; step < HDQ_KERNEL_MAX_BITS; ++step) {
      const std::uint32_t bits = (c_.config.bits + step - 1) % HDQ_KERNEL_MAX_BITS + 1;
      if (!s_.offers_bits(static_cast<int>(bits))) continue;
      o.config = s_.with_bits(o.config, static_cast<int>(bits));
      break;
    }
    o.first_row = c_.first_row * 3 + 0x7777777711111111;
    o.x.clear();
    for (std::size_t row = 0; row < c_.rows(); ++row) append_vector(Family::normal, o.config, s_.random(), o.x);
    Input in{o, {}, query_of(o.config, 3)};
    s_.answers([&] { in = input_of(s_, o); });
    in.query = query_of(o.config, 3);
    return in;
  }

 private:
  template <class Change>
  void with(Component component, std::string differs_in, const Change& change) {
    with(component, std::move(differs_in), change, [](std::vector<float>&) {});
  }

  // Whatever codes encode gives here are the same for all that follows.
  template <class Change, class ChangeQuery>
  void with(Component component, std::string differs_in, const Change& change, const ChangeQuery& change_query) {
    Case other = c_;
    change(other);
    s_.answers([&] {
      Input in = input_of(s_, other);
      change_query(in.query);
      all_.push_back({component, std::move(differs_in), std::move(in)});
    });
  }

  void seeds() {
    const std::uint64_t seed = c_.config.seed, high = std::uint64_t{1} << 32;
    const auto other = [&](std::string differs_in, std::uint64_t changed) {
      if (changed != seed)
        with(Component::seed, std::move(differs_in), [changed](Case& o) { o.config.seed = changed; });
    };
    other("the low word of the seed", seed ^ 1);
    other("the low word of the seed", seed ^ std::uint64_t{1} << 31);
    other("the high word of the seed", seed ^ high);
    other("the high word of the seed", seed ^ std::uint64_t{1} << 63);
    other("both words of the seed, equally", seed ^ (high + 1));
    other("both words of the seed, not their sum", (seed + high - 1));
    other("the order of the seed's words", seed << 32 | seed >> 32);
  }

  // Of the same order, and of another.
  void dimensions() {
    const std::uint64_t n = c_.config.dimension;
    for (const std::uint64_t fewer : {n - 1, n - n / 4, n / 2}) {
      if (fewer == 0 || fewer == n) continue;
      with(Component::dimension, "n", [&](Case& o) {
        o.x.clear();
        for (std::size_t row = 0; row < c_.rows(); ++row) o.x.insert(o.x.end(), c_.row(row), c_.row(row) + fewer);
        o.config = s_.config(fewer, static_cast<int>(c_.config.bits), c_.config.seed);
      });
    }
  }

  Session& s_;
  const Case& c_;
  std::vector<Relative> all_;
};

// In one process each relative comes after the first input, which comes again after each. Then for each component its relatives come in a
// new process, with something entirely different before each, and the first input last: there a cache that keeps what came first has the
// relatives right, and so has one that keeps what came last.
class CacheComparison {
 public:
  CacheComparison(Session& s, std::vector<Relative> relatives, Input other, std::vector<Asked> asked)
      : s_(s), all_(std::move(relatives)), other_(std::move(other)), asked_(std::move(asked)) {}

  std::optional<Finding> compare(double at_most) {
    if (all_.empty()) return std::nullopt;
    Budget budget(s_, at_most);
    s_.restart();
    for (std::size_t k = 0; k < asked_.size(); ++k) {
      forward_.push_back({outputs(0, k)});
      for (std::size_t i = 1; i < all_.size(); ++i) {
        forward_[k].push_back(outputs(i, k));
        if (auto f = differ(0, k, outputs(0, k), i)) return f;
      }
    }
    constexpr std::array components = {Component::seed,       Component::query,     Component::rows,
                                       Component::row_number, Component::dimension, Component::bits};
    std::size_t done = 0;
    for (; done < components.size() && !budget.over(); ++done) {
      if (auto f = alone(components[done], true)) return f;
    }
    // Longer after shorter of one order, with nothing between: a plan may keep the length that it was made for.
    if (auto f = alone(Component::dimension, false)) return f;
    s_.add_left_out("orders of calls (repeat)", components.size() - done, components.size());
    return std::nullopt;
  }

 private:
  std::optional<Finding> alone(Component component, bool others_between) {
    s_.restart();
    for (std::size_t k = 0; k < asked_.size(); ++k) {
      for (std::size_t i = all_.size(); i-- > 0;) {
        if (all_[i].component != component && i != 0) continue;
        if (others_between) outputs_of_input(other_, k);
        if (auto f = differ(i, k, outputs(i, k), i)) return f;
      }
    }
    return std::nullopt;
  }

  std::vector<Output> outputs(std::size_t i, std::size_t k) { return outputs_of_input(all_[i].input, k); }
  std::vector<Output> outputs_of_input(const Input& in, std::size_t k) {
    std::vector<Output> outputs;
    s_.answers([&] { outputs = outputs_of(s_, in, asked_[k]); });
    return outputs;
  }

  // `before` of all_ was called before. Which of the two is wrong, a process says that has seen nothing else.
  std::optional<Finding> differ(std::size_t i, std::size_t k, const std::vector<Output>& again, std::size_t before) {
    const std::vector<Output>& first = forward_[k][i];
    const Case& c = all_[i].input.c;
    if (!compare_runs(c, first, again, "")) return std::nullopt;
    s_.restart();
    const std::vector<Output> fresh = outputs(i, k);
    const bool first_wrong = compare_runs(c, fresh, first, "").has_value();
    // Two fresh processes agree, or it is not the calls before that matter.
    s_.restart();
    if (auto unsteady = compare_runs(c, fresh, outputs(i, k), "other bytes in another process")) return unsteady;
    return compare_runs(c, first_wrong ? fresh : first, first_wrong ? first : again,
                        fmt::format("other bytes than in a fresh process, after calls that differ in {}",
                                    all_[first_wrong ? i : before].differs_in),
                        "state-kept-between-calls");
  }

  Session& s_;
  const std::vector<Relative> all_;
  const Input other_;
  const std::vector<Asked> asked_;
  std::vector<std::vector<std::vector<Output>>> forward_;  // by what was asked for, by relative
};

// Caches lie within an operation, or are shared by several; a call of one row leaves in them what the next one meets. Buffers lie where
// those of the call before lay, as a program's own would.
std::optional<Finding> judge_caches(Session& s, const Case& c) {
  const Placement before = s.placement;
  s.placement.reused = true;
  std::optional<Finding> found;
  try {
    Case one = c;
    one.x.assign(c.x.end() - static_cast<std::ptrdiff_t>(c.config.dimension), c.x.end());
    const double at_most = s.quick() ? 1 : s.thorough() ? 120 : 10;
    found = CacheComparison(s, Relatives(s, c).all(), Relatives(s, c).other(), {{}}).compare(at_most);
    std::vector<Asked> each;
    for (const Operation operation : {Operation::signs, Operation::dither, Operation::thresholds, Operation::codewords,
                                      Operation::transform, Operation::transform_transposed, Operation::encode,
                                      Operation::decode, Operation::dot, Operation::reconstruct}) {
      if (s.offers(operation)) each.push_back({false, operation});
    }
    if (!found)
      found = CacheComparison(s, Relatives(s, one).all(), Relatives(s, one).other(), std::move(each)).compare(at_most);
  } catch (...) {
    s.placement = before;
    throw;
  }
  s.placement = before;
  return found;
}

std::optional<Finding> judge_repeat(Session& s, const Case& c) {
  const Input in = input_of(s, c);
  const std::vector<Output> first = outputs_over(s, in, fills[0]);
  for (int run = 0; run < (s.quick() ? 2 : s.thorough() ? 20 : 5); ++run) {
    if (auto f = compare_runs(c, first, outputs_over(s, in, fills[1]), "the same call gives other bytes")) return f;
  }
  const std::uint64_t n = c.config.dimension;
  const auto is = [&](std::uint64_t wish) {
    return n == wish || (s.profile() != nullptr && n == s.offered_near(wish, static_cast<int>(c.config.bits)));
  };
  return is(12) || is(37) || (n < 128 && !s.quick()) ? judge_caches(s, c) : std::nullopt;
}

// Seeds that mean something to some programs, and rows that are their own numbers.
std::vector<Case> repeat_cases(Session& s) {
  std::vector<Case> cases = path_cases(s, {{5, 3}, {12, 4}, {37, 5}, {96, 6}, {100, 7}, {256, 8}, {37, 1}});
  const std::uint64_t seeds[] = {0, s.random()(), UINT64_MAX, std::uint64_t{1} << 32, 1, std::uint64_t{1} << 63};
  for (std::size_t i = 0; i < cases.size() && i < std::size(seeds); ++i) cases[i].config.seed = seeds[i];
  return cases;
}

// ---- instruction sets and threads ----

std::vector<Config> other_configs(const Session& s, const Config& config) {
  std::vector<Config> others;
  for (std::uint32_t v = 0; v < s.info().variants; ++v) {
    if (v == config.variant) continue;
    others.push_back(config);
    others.back().variant = v;
  }
  const auto with_threads = [&](std::uint32_t threads) {
    others.push_back(config);
    others.back().threads = threads;
  };
  for (std::uint32_t threads = 2; threads <= 17; ++threads) with_threads(threads);
  for (const std::uint32_t threads : {64u, 8u, 5u}) with_threads(threads);
  return others;
}

std::optional<Finding> judge_variants(Session& s, const Case& c) {
  const Input in = input_of(s, c);
  const std::vector<Output> base = outputs_of(s, in);
  for (const Config& config : other_configs(s, c.config)) {
    Input again = in;
    again.c.config = config;
    std::vector<Output> outputs;
    try {
      outputs = outputs_of(s, again);
    } catch (const Trouble& trouble) {
      if (trouble.reply.outcome != Outcome::unsupported) throw;
      continue;
    }
    for (std::size_t i = 0; i < base.size() && i < outputs.size(); ++i) {
      const auto difference = first_difference(outputs[i], base[i]);
      if (!difference) continue;
      const bool threads = config.threads != c.config.threads;
      const std::string what = threads ? fmt::format("{} threads give other bytes than one ({} rows)", config.threads, c.rows())
                                       : fmt::format("variant {} gives other bytes than variant {}", config.variant, c.config.variant);
      const bool lost = threads && difference->lost_bits && packs(base[i].operation);
      return finding(again.c, base[i], *difference,
                     lost      ? "non-atomic-packing"
                     : threads ? "threads-disagree"
                               : "instruction-sets-disagree",
                     what);
    }
  }
  return std::nullopt;
}

// Also fewer rows than threads, and many.
std::vector<Case> variants_cases(Session& s) {
  std::vector<Case> cases = path_cases(s, {{1, 3}, {12, 5}, {37, 1}, {100, 7}, {384, 4}});
  if (!s.quick()) cases = path_cases(s, {{1, 3}, {7, 4}, {12, 5}, {20, 6}, {37, 7}, {96, 8}, {100, 1}, {160, 2}, {256, 3}, {300, 4}, {384, 5}});
  const auto few = path_cases(s, {{37, 2}, {100, 3}, {12, 1}});
  for (std::size_t i = 0; i < few.size(); ++i) {
    cases.push_back(few[i]);
    cases.back().x.erase(cases.back().x.begin(), cases.back().x.end() - static_cast<std::ptrdiff_t>((i + 1) * few[i].config.dimension));
  }
  cases.push_back(many_rows(s, {12, 2}, s.quick() ? 200 : 1031));
  // Where rounding decides.
  for (int bits = 1; bits <= HDQ_KERNEL_MAX_BITS && s.conformant() && !s.entropy_coded() && s.info().variants > 1;
       ++bits) {
    for (const std::uint64_t d : {std::uint64_t{2}, std::uint64_t{16}}) {
      if (s.offers_bits(bits) && d <= s.info().max_dimension)
        cases.push_back(threshold_case(s.config(d, bits, s.random()()), s.random()(), 64, s.random()));
    }
  }
  std::erase_if(cases, [&](const Case& c) { return c.config.dimension > s.info().max_dimension; });
  return cases;
}

// ---- where the buffers lie ----

std::optional<Finding> judge_placement(Session& s, const Case& c) {
  const Input in = input_of(s, c);
  const std::vector<Output> base = outputs_of(s, in);
  std::vector<Placement> placements{{Placement::Guard::before, 0}};
  for (std::uint32_t shift = 0; shift < 64; shift += 4) placements.push_back({Placement::Guard::none, shift});
  for (const Placement& placement : placements) {
    if (placement.shift % s.info().alignment != 0) continue;
    const Placement before = std::exchange(s.placement, placement);
    std::vector<Output> outputs;
    const std::string where = placement.guard == Placement::Guard::before ? std::string("at the begin of a page") : fmt::format("{} bytes past a multiple of 64", placement.shift);
    try {
      outputs = outputs_of(s, in);
    } catch (Trouble& trouble) {
      s.placement = before;
      Finding f = finding_of(trouble);
      f.stage = Stage::paths;
      if (f.defect == "crash") f.defect = "tail-of-a-simd-loop";
      f.what += ", buffers " + where;
      return f;
    }
    s.placement = before;
    for (std::size_t i = 0; i < base.size() && i < outputs.size(); ++i) {
      if (const auto difference = first_difference(outputs[i], base[i])) {
        return finding(c, base[i], *difference, "tail-of-a-simd-loop", "other bytes with buffers " + where);
      }
    }
  }
  return std::nullopt;
}

bool any_output(const Session& s) {
  return s.offers(Operation::transform) || s.offers(Operation::encode) || s.offers(Operation::reconstruct) || s.offers(Operation::pack);
}

}  // namespace

const Check rows_check{
    "rows", "many rows in one call are the same rows alone", any_output, nullptr, judge_rows, rows_cases, true, true};
const Check repeat_check{"repeat",     "the same call gives the same bytes, whatever was called before",
                         any_output,   nullptr,
                         judge_repeat, repeat_cases,
                         true};
const Check variants_check{"variants", "instruction sets and threads give the same bytes", any_output, nullptr, judge_variants, variants_cases, true};
const Check placement_check{"placement", "alignment and neighbouring pages do not matter", any_output, nullptr, judge_placement,
                            [](Session& s) { return path_cases(s, {{1, 3}, {7, 4}, {13, 5}, {37, 1}, {37, 6}, {96, 7}, {100, 8}}); }, true};

}  // namespace hdq::validate
