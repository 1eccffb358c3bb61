// One result, whatever the path: many rows or one, once or again, whichever instruction set or number of threads, wherever the
// buffers lie. No oracle is needed, so these checks apply to any scheme.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/codes.hpp"
#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/oracle.hpp"

namespace hdq::validate {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

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

class Outputs {
 public:
  Outputs(Session& s, const Input& in) : s_(s), in_(in), config_(in.c.config), rows_(in.c.rows()) {}

  std::vector<Output> all() {
    streams();
    rotations();
    codes();
    packing();
    return std::move(all_);
  }

 private:
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
    for (std::size_t row = 0; row < rows_; ++row) all_.back().tolerance.push_back(relative * largest_of(values.data() + row * width, width));
  }

  void streams() {
    if (s_.offers(Operation::signs)) add(Operation::signs, s_.signs(config_, config_.order), false);
    if (s_.offers(Operation::dither)) add(Operation::dither, s_.dither(config_, in_.c.first_row, rows_), true);
    const auto word = static_cast<std::uint32_t>(in_.c.first_row * 0x9E3779B9u + 0x3C6EF372u);
    if (s_.offers(Operation::thresholds)) add(Operation::thresholds, s_.thresholds(config_, word), false);
    if (s_.offers(Operation::codewords)) add(Operation::codewords, s_.codewords(config_, word), false);
  }

  void rotations() {
    if (s_.offers(Operation::transform)) add_rotated(Operation::transform, s_.transform(config_, in_.c.x));
    if (!s_.offers(Operation::transform_transposed)) return;
    std::vector<float> y;
    for (std::size_t row = 0; row < rows_; ++row) {
      for (std::size_t j = 0; j < config_.order; ++j) y.push_back(in_.c.row(row)[(j * 7 + 3) % config_.dimension]);
    }
    add_rotated(Operation::transform_transposed, s_.transform_transposed(config_, y));
  }

  void codes() {
    if (s_.offers(Operation::encode)) {
      const Encoded e = s_.encode(in_.c);
      add(Operation::encode, e.norms, true);
      const double relative = 2 * (std::pow(1 + 0x1p-24, static_cast<double>(config_.dimension) + 2) - 1);
      for (const float norm : e.norms) all_.back().tolerance.push_back(relative * static_cast<double>(norm));
      add(Operation::encode, e.codes, true);
    }
    const Encoded& given = in_.given;
    const bool have = !given.norms.empty() || rows_ == 0;
    if (s_.offers(Operation::decode) && have) add_rotated(Operation::decode, s_.decode(config_, in_.c.first_row, given));
    if (s_.offers(Operation::dot) && have) {
      add(Operation::dot, s_.dot(config_, in_.c.first_row, given, in_.query), true);
      const double relative = 16 * transform_bound(s_, 2 * config_.order, 1) * std::sqrt(static_cast<double>(config_.dimension)) * length_of(in_.query);
      for (const float norm : given.norms) all_.back().tolerance.push_back(relative * static_cast<double>(norm));
    }
    if (s_.offers(Operation::reconstruct)) add_rotated(Operation::reconstruct, s_.reconstruct(in_.c));
    if (!s_.offers(Operation::save) || given.norms.empty()) return;
    const Bytes file = s_.save(config_, given);
    add(Operation::save, file, false);
    if (!s_.offers(Operation::load)) return;
    const Encoded loaded = s_.load(config_, rows_, file);
    add(Operation::load, loaded.norms, true);
    add(Operation::load, loaded.codes, true);
  }

  void packing() {
    Bytes codes(config_.order);
    for (std::size_t j = 0; j < codes.size(); ++j) codes[j] = static_cast<std::uint8_t>((j * 0x9E37u >> 3) & ((1u << config_.bits) - 1));
    if (!s_.offers(Operation::pack)) return;
    const Bytes packed = s_.pack(config_, codes);
    add(Operation::pack, packed, false);
    if (s_.offers(Operation::unpack)) add(Operation::unpack, s_.unpack(config_, codes.size(), packed), false);
  }

  Session& s_;
  const Input& in_;
  const Config& config_;
  const std::size_t rows_;
  std::vector<Output> all_;
};

std::vector<Output> outputs_of(Session& s, const Input& in) { return Outputs(s, in).all(); }

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

constexpr std::size_t batch_sizes[] = {1, 2, 3, 4, 7, 8, 13, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 255, 256, 257, 1023, 1025};

// Outputs of rows begin … end − 1 by row against those of the whole, where both are by rows.
class RowComparison {
 public:
  RowComparison(Session& s, const Input& in) : s_(s), in_(in), whole_(outputs_of(s, in)) {}

  std::optional<Finding> compare(std::size_t begin, std::size_t end) {
    const std::vector<Output> part = outputs_of(s_, part_of(in_, begin, end));
    for (std::size_t i = 0; i < whole_.size() && i < part.size(); ++i) {
      if (whole_[i].per_row == 0 || part[i].per_row == 0 || part[i].operation != whole_[i].operation) continue;
      Output expected = whole_[i];
      expected.bytes.assign(whole_[i].bytes.begin() + static_cast<std::ptrdiff_t>(begin * part[i].per_row),
                            whole_[i].bytes.begin() + static_cast<std::ptrdiff_t>(end * part[i].per_row));
      if (!expected.tolerance.empty()) {
        expected.tolerance.assign(whole_[i].tolerance.begin() + static_cast<std::ptrdiff_t>(begin), whole_[i].tolerance.begin() + static_cast<std::ptrdiff_t>(end));
      }
      const auto difference = first_difference(part[i], expected);
      if (!difference || legal(part[i], expected, begin, end)) continue;
      const std::size_t row = difference->index * (expected.floats ? 4 : 1) / expected.per_row;
      Finding f = finding(in_.c, expected, *difference, "batch-dependent",
                          fmt::format("row {} of {} in one call differs from the same row in a call of {}", begin + row, in_.c.rows(), end - begin));
      f.row = in_.c.first_row + begin + row;
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

  Session& s_;
  const Input& in_;
  std::vector<Output> whole_;
};

// No rows at all: whatever it says, it returns and writes nothing.
void call_without_rows(Session& s, const Config& config) {
  try {
    outputs_of(s, {{config, 5, {}}, {}, query_of(config)});
  } catch (const Trouble& trouble) {
    if (trouble.reply.outcome > Outcome::failed) throw;
  }
}

// What one row at a time takes is the measure of how many are tried.
std::optional<Finding> judge_rows(Session& s, const Case& c) {
  call_without_rows(s, c.config);
  const Input in = input_of(s, c);
  const std::size_t rows = c.rows();
  const double patience = s.quick() ? 0.4 : 1.2;
  const auto start = Clock::now();
  RowComparison whole(s, in);
  const double time_of_whole = seconds_since(start);
  if (rows > 4096) {
    for (const auto& [begin, end] : std::initializer_list<std::pair<std::size_t, std::size_t>>{{0, rows / 2 - 1}, {rows / 2 - 1, rows}}) {
      if (auto f = whole.compare(begin, end)) return f;
    }
  }
  const auto singles = Clock::now();
  // From the end, where tails are; then from the begin.
  for (std::size_t i = 0; i < rows && (i < 24 || seconds_since(singles) < patience); ++i) {
    const std::size_t row = i < 24 ? rows - 1 - i : i - 24;
    if (auto f = whole.compare(row, row + 1)) return f;
  }
  if (rows <= 16) return std::nullopt;
  for (const std::size_t size : batch_sizes) {
    if (size >= rows || size == 1 || seconds_since(singles) + time_of_whole > 3 * patience) break;
    if (auto f = whole.compare(0, size)) return f;
  }
  return std::nullopt;
}

std::vector<Case> rows_cases(Session& s) {
  std::vector<Case> cases = path_cases(s, {{1, 3}, {12, 4}, {31, 5}, {96, 6}, {100, 7}, {300, 8}, {37, 1}});
  const std::size_t largest = s.quick() ? 259 : 1027;
  cases.push_back(many_rows(s, {9, 3}, largest));
  cases.push_back(many_rows(s, {16, 1}, 127));
  cases.push_back(many_rows(s, {2, 2}, 1023));
  if (s.quick()) return cases;
  for (const Shape shape : {Shape{33, 4}, Shape{1, 8}, Shape{48, 2}, Shape{24, 5}}) cases.push_back(many_rows(s, shape, largest));
  cases.push_back(many_rows(s, {8, 2}, 65551));
  std::erase_if(cases, [&](const Case& c) { return c.config.dimension > s.info().max_dimension; });
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

std::optional<Finding> compare_runs(const Case& c, const std::vector<Output>& first, const std::vector<Output>& again, const std::string& otherwise,
                                    const char* defect = "not-repeatable") {
  for (std::size_t i = 0; i < first.size() && i < again.size(); ++i) {
    const auto difference = first_difference(again[i], first[i]);
    if (!difference) continue;
    const auto reverse = first_difference(first[i], again[i]);
    if (unwritten(first[i], again[i], difference->index)) return finding(c, first[i], *difference, "output-unwritten", "part of the output is not written");
    const bool lost = difference->lost_bits || (reverse && reverse->lost_bits);
    return finding(c, first[i], *difference, lost && packs(first[i].operation) ? "non-atomic-packing" : defect, otherwise);
  }
  return std::nullopt;
}

// Inputs that differ from the first in one thing that a cache may forget.
struct Relative {
  std::string differs_in;
  Input input;
};

std::vector<Relative> relatives_of(Session& s, const Case& c) {
  std::vector<Relative> all;
  // Programs that take long to start have fewer relatives: each is started twice.
  const auto start = Clock::now();
  const double at_most = s.quick() ? 0.3 : s.thorough() ? 60 : 6;
  const auto with = [&](std::string differs_in, const auto& change, int query = 1) {
    if (seconds_since(start) > at_most) return;
    Case other = c;
    change(other);
    // Codes of one process, the same for all runs.
    s.restart();
    try {
      Input in = input_of(s, other);
      in.query = query_of(other.config, query);
      all.push_back({std::move(differs_in), std::move(in)});
    } catch (const Trouble& trouble) {
      if (trouble.reply.outcome != Outcome::unsupported) throw;
    }
  };
  with("nothing", [](Case&) {});
  with("the low word of the seed", [](Case& o) { o.config.seed ^= 1; });
  with("the low word of the seed", [](Case& o) { o.config.seed ^= std::uint64_t{1} << 31; });
  with("the high word of the seed", [](Case& o) { o.config.seed ^= std::uint64_t{1} << 32; });
  with("the high word of the seed", [](Case& o) { o.config.seed ^= std::uint64_t{1} << 63; });
  with("the query", [](Case&) {}, 2);
  with("the rows", [](Case& o) { std::rotate(o.x.begin(), o.x.begin() + static_cast<std::ptrdiff_t>(o.config.dimension), o.x.end()); });
  with("the row number, by 1", [](Case& o) { o.first_row += 1; });
  with("the row number, by 2^16", [](Case& o) { o.first_row += 1 << 16; });
  with("the row number, by 2^32", [](Case& o) { o.first_row += std::uint64_t{1} << 32; });
  const std::uint64_t n = c.config.dimension;
  if (const Config fewer = s.config(n - 1, static_cast<int>(c.config.bits), c.config.seed); n > 1 && fewer.order == c.config.order) {
    with("n", [&](Case& o) {
      o.x.clear();
      for (std::size_t row = 0; row < c.rows(); ++row) o.x.insert(o.x.end(), c.row(row), c.row(row) + n - 1);
      o.config = fewer;
    });
  }
  for (const int step : {1, 7}) {
    const std::uint32_t bits = (c.config.bits - 1 + static_cast<std::uint32_t>(step)) % HDQ_KERNEL_MAX_BITS + 1;
    if (s.offers_bits(static_cast<int>(bits))) with("the bit width", [bits](Case& o) { o.config.bits = bits; });
  }
  return all;
}

// Each against a process that has seen nothing else: after the first, the first after it, and after all the others.
std::optional<Finding> judge_caches(Session& s, const Case& c) {
  const auto start = Clock::now();
  const std::vector<Relative> all = relatives_of(s, c);
  std::vector<std::vector<Output>> fresh;
  for (const Relative& relative : all) {
    s.restart();
    fresh.push_back(outputs_of(s, relative.input));
  }
  const auto differs = [&](std::size_t i, std::size_t other) -> std::optional<Finding> {
    auto f = compare_runs(all[i].input.c, fresh[i], outputs_of(s, all[i].input),
                          fmt::format("other bytes than in a fresh process, after calls that differ in {}", all[i == 0 ? other : i].differs_in),
                          "state-kept-between-calls");
    if (!f || f->defect != "state-kept-between-calls") return f;
    // Two fresh processes agree, or it is not the calls before that matter.
    s.restart();
    if (auto unsteady = compare_runs(all[i].input.c, fresh[i], outputs_of(s, all[i].input), "other bytes in another process")) return unsteady;
    return f;
  };
  s.restart();
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (auto f = differs(0, i - 1)) return f;
    if (auto f = differs(i, 0)) return f;
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (auto f = differs(i * 5 % all.size(), i)) return f;
  }
  // The other way round, where processes are quickly made.
  for (std::size_t i = 1; i < all.size() && seconds_since(start) < 5; ++i) {
    s.restart();
    if (auto f = differs(i, 0)) return f;
    if (auto f = differs(0, i)) return f;
  }
  return std::nullopt;
}

std::optional<Finding> judge_repeat(Session& s, const Case& c) {
  const Input in = input_of(s, c);
  const std::vector<Output> first = outputs_over(s, in, fills[0]);
  for (int run = 0; run < (s.quick() ? 2 : s.thorough() ? 20 : 5); ++run) {
    if (auto f = compare_runs(c, first, outputs_over(s, in, fills[1]), "the same call gives other bytes")) return f;
  }
  const std::uint64_t n = c.config.dimension;
  const auto is = [&](std::uint64_t wish) { return n == s.offered_near(wish, static_cast<int>(c.config.bits)); };
  return is(12) || is(37) || (n < 128 && !s.quick()) ? judge_caches(s, c) : std::nullopt;
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
      return finding(again.c, base[i], *difference, lost ? "non-atomic-packing" : threads ? "threads-disagree" : "instruction-sets-disagree", what);
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

const Check rows_check{"rows", "many rows in one call are the same rows alone", any_output, nullptr, judge_rows, rows_cases, true};
const Check repeat_check{"repeat", "the same call gives the same bytes, whatever was called before", any_output, nullptr, judge_repeat,
                         [](Session& s) { return path_cases(s, {{5, 3}, {12, 4}, {37, 5}, {96, 6}, {100, 7}, {256, 8}, {37, 1}}); }, true};
const Check variants_check{"variants", "instruction sets and threads give the same bytes", any_output, nullptr, judge_variants, variants_cases, true};
const Check placement_check{"placement", "alignment and neighbouring pages do not matter", any_output, nullptr, judge_placement,
                            [](Session& s) { return path_cases(s, {{1, 3}, {7, 4}, {13, 5}, {37, 1}, {37, 6}, {96, 7}, {100, 8}}); }, true};

}  // namespace hdq::validate
