// One result, whatever the path: many rows or one, once or again, whichever instruction set or number of threads, wherever the
// buffers lie. No oracle is needed, so these checks apply to any scheme.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/inputs.hpp"

namespace hdq::validate {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Outputs of everything the kernel offers on one case.
struct Output {
  Operation operation;
  bool floats;
  Bytes bytes;
  std::size_t per_row;
};

void append(std::vector<Output>& all, Operation operation, const std::vector<float>& values, std::size_t rows) {
  Bytes bytes(values.size() * 4);
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  all.push_back({operation, true, std::move(bytes), values.size() * 4 / rows});
}

std::vector<float> query_of(const Config& config) {
  std::vector<float> q;
  for (std::size_t i = 0; i < config.dimension; ++i) q.push_back(std::sin(static_cast<float>(i + 1)));
  return q;
}

// `given`: codes to decode; the kernel's own where empty.
std::vector<Output> outputs_of(Session& s, const Case& c, const Encoded& given) {
  std::vector<Output> all;
  const std::size_t rows = c.rows();
  if (s.offers(Operation::transform)) append(all, Operation::transform, s.transform(c.config, c.x), rows);
  if (s.offers(Operation::encode)) {
    Encoded e = s.encode(c);
    append(all, Operation::encode, e.norms, rows);
    all.push_back({Operation::encode, false, e.codes, e.codes.size() / rows});
  }
  if (s.offers(Operation::decode) && !given.norms.empty()) append(all, Operation::decode, s.decode(c.config, c.first_row, given), rows);
  if (s.offers(Operation::dot) && !given.norms.empty()) {
    append(all, Operation::dot, s.dot(c.config, c.first_row, given, query_of(c.config)), rows);
  }
  if (s.offers(Operation::reconstruct)) append(all, Operation::reconstruct, s.reconstruct(c), rows);
  if (s.offers(Operation::pack)) {
    Bytes codes(c.config.order);
    for (std::size_t j = 0; j < codes.size(); ++j) codes[j] = static_cast<std::uint8_t>((j * 0x9E37u >> 3) & ((1u << c.config.bits) - 1));
    Bytes packed = s.pack(c.config, codes);
    const std::size_t size = packed.size();
    all.push_back({Operation::pack, false, std::move(packed), size});
  }
  return all;
}

Encoded codes_for(Session& s, const Case& c) { return s.offers(Operation::encode) ? s.encode(c) : Encoded{}; }

struct Difference {
  std::size_t index;  // of byte or float
  std::string got, expected;
  bool lost_bits;  // only ones became zeros
};

std::optional<Difference> first_difference(const Output& got, const Output& expected) {
  const std::size_t unit = got.floats ? 4 : 1;
  bool lost = !got.floats;
  std::optional<Difference> first;
  for (std::size_t i = 0; i < got.bytes.size() && i < expected.bytes.size(); ++i) {
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
  if (first) first->lost_bits = lost;
  return first;
}

// Rounding may legally depend on the batch where no bytes are promised: the relative distance of the rows as vectors, or for codes
// the share of bytes that differ.
bool nearly_equal(const Output& got, const Output& expected) {
  if (!got.floats) {
    std::size_t different = 0;
    for (std::size_t i = 0; i < got.bytes.size(); ++i) different += got.bytes[i] != expected.bytes[i];
    return static_cast<double>(different) <= 1 + 0.02 * static_cast<double>(got.bytes.size());
  }
  double error = 0, size = 0;
  for (std::size_t i = 0; i + 4 <= got.bytes.size(); i += 4) {
    float a, b;
    std::memcpy(&a, got.bytes.data() + i, 4);
    std::memcpy(&b, expected.bytes.data() + i, 4);
    error += std::pow(static_cast<double>(a) - static_cast<double>(b), 2);
    size += static_cast<double>(b) * static_cast<double>(b);
  }
  return error <= 4e-4 * size;
}

Finding finding(const Case& c, const Output& output, const Difference& difference, std::string defect, const std::string& between) {
  Finding f;
  f.stage = Stage::paths;
  f.config = c.config;
  f.row = c.first_row + difference.index * (output.floats ? 4 : 1) / std::max<std::size_t>(1, output.per_row);
  f.defect = std::move(defect);
  f.what = fmt::format("{}: {}", operation_name(output.operation), between);
  f.divergence = Divergence{difference.index, difference.got, difference.expected, 0, 0};
  return f;
}

std::vector<Case> path_cases(Session& s, std::initializer_list<std::uint64_t> dimensions) {
  std::vector<Case> cases;
  int bits = 2;
  for (const std::uint64_t n : dimensions) {
    if (n > s.info().max_dimension) continue;
    for (int tried = 0; tried < 8; ++tried) {
      bits = bits % 8 + 1;
      if (s.offers_bits(bits)) break;
    }
    Case c = structured_case(s.config(n, bits, s.random()()), s.random());
    c.first_row = 17;
    c.x.insert(c.x.end(), n, 0.0f);  // a zero row: easily left unwritten
    cases.push_back(std::move(c));
  }
  return cases;
}

// ---- many rows or one ----

std::optional<Finding> judge_rows(Session& s, const Case& c) {
  const Encoded given = codes_for(s, c);
  const std::vector<Output> batch = outputs_of(s, c, given);
  const std::size_t stride = given.norms.empty() ? 0 : given.codes.size() / given.norms.size();
  for (std::size_t row = 0; row < c.rows(); ++row) {
    Case one{c.config, c.first_row + row, std::vector<float>(c.row(row), c.row(row) + c.config.dimension)};
    Encoded its;
    if (!given.norms.empty()) {
      its = {{given.norms[row]}, Bytes(given.codes.begin() + static_cast<std::ptrdiff_t>(row * stride), given.codes.begin() + static_cast<std::ptrdiff_t>((row + 1) * stride))};
    }
    const std::vector<Output> single = outputs_of(s, one, its);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (batch[i].operation == Operation::pack) continue;
      Output part = batch[i];
      part.bytes.assign(batch[i].bytes.begin() + static_cast<std::ptrdiff_t>(row * part.per_row), batch[i].bytes.begin() + static_cast<std::ptrdiff_t>((row + 1) * part.per_row));
      const auto difference = first_difference(part, single[i]);
      if (!difference || (s.info().promise != Promise::bit_exact && nearly_equal(part, single[i]))) continue;
      Finding f = finding(c, batch[i], *difference, "two-paths-two-bases", fmt::format("row {} of {} differs from the same row alone", row, c.rows()));
      f.row = c.first_row + row;
      return f;
    }
  }
  return std::nullopt;
}

// ---- once or again ----

constexpr std::uint8_t fills[] = {0xFF, 0x3C};

// All outputs, held beforehand by buffers full of this byte.
std::vector<Output> outputs_over(Session& s, const Case& c, const Encoded& given, std::uint8_t fill) {
  s.fill = fill;
  try {
    std::vector<Output> outputs = outputs_of(s, c, given);
    s.fill.reset();
    return outputs;
  } catch (...) {
    s.fill.reset();
    throw;
  }
}

bool unwritten(const Output& a, const Output& b, std::size_t index) {
  const std::size_t i = index * (a.floats ? 4 : 1);
  return a.bytes[i] == fills[0] && b.bytes[i] == fills[1];
}

std::optional<Finding> judge_repeat(Session& s, const Case& c) {
  const Encoded given = codes_for(s, c);
  const std::vector<Output> first = outputs_over(s, c, given, fills[0]);
  Case other = c;
  other.config.seed ^= 1;
  for (int run = 0; run < (s.quick() ? 2 : s.thorough() ? 20 : 5); ++run) {
    if (run % 2 == 1) outputs_of(s, other, given);  // what a cache may hold
    const std::vector<Output> again = outputs_over(s, c, given, fills[1]);
    for (std::size_t i = 0; i < first.size(); ++i) {
      const auto difference = first_difference(again[i], first[i]);
      if (!difference) continue;
      const auto reverse = first_difference(first[i], again[i]);
      if (unwritten(first[i], again[i], difference->index)) return finding(c, first[i], *difference, "not-repeatable", "part of the output is not written");
      const bool lost = difference->lost_bits || (reverse && reverse->lost_bits) || first[i].operation == Operation::pack;
      return finding(c, first[i], *difference, lost ? "non-atomic-packing" : "not-repeatable", "the same call gives other bytes");
    }
  }
  return std::nullopt;
}

// ---- instruction sets and threads ----

std::optional<Finding> judge_variants(Session& s, const Case& c) {
  const Encoded given = codes_for(s, c);
  const std::vector<Output> base = outputs_of(s, c, given);
  std::vector<Config> others;
  for (std::uint32_t v = 0; v < s.info().variants; ++v) {
    if (v == c.config.variant) continue;
    others.push_back(c.config);
    others.back().variant = v;
  }
  for (const std::uint32_t threads : {2u, 3u, 8u}) {
    others.push_back(c.config);
    others.back().threads = threads;
  }
  for (const Config& config : others) {
    Case again = c;
    again.config = config;
    std::vector<Output> outputs;
    try {
      outputs = outputs_of(s, again, given);
    } catch (const Trouble& trouble) {
      if (trouble.reply.outcome != Outcome::unsupported) throw;
      continue;
    }
    for (std::size_t i = 0; i < base.size(); ++i) {
      const auto difference = first_difference(outputs[i], base[i]);
      if (!difference) continue;
      const bool threads = config.threads != c.config.threads;
      const std::string what = threads ? fmt::format("{} threads give other bytes than one", config.threads)
                                       : fmt::format("variant {} gives other bytes than variant {}", config.variant, c.config.variant);
      return finding(again, base[i], *difference, threads && difference->lost_bits ? "non-atomic-packing" : "instruction-sets-disagree", what);
    }
  }
  return std::nullopt;
}

// ---- where the buffers lie ----

std::optional<Finding> judge_placement(Session& s, const Case& c) {
  const Encoded given = codes_for(s, c);
  const std::vector<Output> base = outputs_of(s, c, given);
  std::vector<Placement> placements{{Placement::Guard::before, 0}};
  for (std::uint32_t shift = 0; shift < 64; shift += 4) placements.push_back({Placement::Guard::none, shift});
  for (const Placement& placement : placements) {
    if (placement.shift % s.info().alignment != 0) continue;
    const Placement before = std::exchange(s.placement, placement);
    std::vector<Output> outputs;
    const std::string where = placement.guard == Placement::Guard::before ? std::string("at the begin of a page") : fmt::format("{} bytes past a multiple of 64", placement.shift);
    try {
      outputs = outputs_of(s, c, given);
    } catch (Trouble& trouble) {
      s.placement = before;
      Finding f = finding_of(trouble);
      f.stage = Stage::paths;
      if (f.defect == "crash") f.defect = "tail-of-a-simd-loop";
      f.what += ", buffers " + where;
      return f;
    }
    s.placement = before;
    for (std::size_t i = 0; i < base.size(); ++i) {
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

const Check rows_check{"rows", "many rows in one call are the same rows alone", any_output, nullptr, judge_rows,
                       [](Session& s) { return path_cases(s, {1, 12, 31, 96, 100, 300}); }, true};
const Check repeat_check{"repeat", "the same call gives the same bytes", any_output, nullptr, judge_repeat,
                         [](Session& s) { return path_cases(s, {5, 12, 37, 96, 100, 256}); }, true};
const Check variants_check{"variants", "instruction sets and threads give the same bytes", any_output, nullptr, judge_variants,
                           [](Session& s) { return path_cases(s, {1, 7, 12, 20, 37, 96, 100, 160, 256, 300, 384}); }, true};
const Check placement_check{"placement", "alignment and neighbouring pages do not matter", any_output, nullptr, judge_placement,
                            [](Session& s) { return path_cases(s, {1, 7, 13, 37, 96, 100}); }, true};

}  // namespace hdq::validate
