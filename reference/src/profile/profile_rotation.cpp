#include "hdq/reference/profile/profile_rotation.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "hdq/reference/scheme/hadamard.hpp"

namespace hdq::reference {
namespace {

using Kind = ProfileStep::Kind;
using Parts = ProfileStep::Parts;

std::string at_step(std::size_t step, const std::string& what) { return "rotation[" + std::to_string(step) + "]: " + what; }
[[noreturn]] void reject(std::size_t step, const std::string& what) { throw BadProfile(at_step(step, what)); }

std::vector<std::pair<std::size_t, std::size_t>> parts_of(const ProfileStep& step, std::size_t length, std::size_t index) {
  std::vector<std::pair<std::size_t, std::size_t>> parts;  // begin, length
  const auto all = [&](const std::vector<std::size_t>& sizes) {
    std::size_t at = 0;
    for (const std::size_t size : sizes) {
      for (; length - at >= size; at += size) parts.emplace_back(at, size);
    }
    return at;
  };
  switch (step.parts) {
    case Parts::whole: parts.emplace_back(0, length); break;
    case Parts::leading: parts.emplace_back(0, std::bit_floor(length)); break;
    case Parts::trailing: parts.emplace_back(length - std::bit_floor(length), std::bit_floor(length)); break;
    case Parts::equal: all({length & (~length + 1)}); break;
    case Parts::binary:
      for (std::size_t at = 0, bit = std::bit_floor(length); bit != 0; bit >>= 1) {
        if ((length & bit) == 0) continue;
        parts.emplace_back(at, bit);
        at += bit;
      }
      break;
    case Parts::sizes:
      if (all(step.sizes) != length) throw NotOffered(at_step(index, "the sizes do not fill a block of " + std::to_string(length)));
      break;
  }
  return parts;
}

std::shared_ptr<const std::vector<Ball>> named_base(int base) {
  auto matrix = std::make_shared<std::vector<Ball>>();
  for (int i = 0; i < base; ++i) {
    for (int j = 0; j < base; ++j) matrix->emplace_back(base_matrix_entry(base, i, j));
  }
  return matrix;
}

// cas(2π i j/m) = cos + sin: an orthogonal matrix times √m.
std::shared_ptr<const std::vector<Ball>> hartley(std::size_t m) {
  auto matrix = std::make_shared<std::vector<Ball>>();
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < m; ++j) {
      const Ball angle = ldexp(Ball::pi(), 1) * Ball(i * j % m) / m;
      matrix->push_back(cos(angle) + cos(ldexp(Ball::pi(), -1) - angle));
    }
  }
  return matrix;
}

bool is_sign(double value) { return value == 1 || value == -1; }

// A table shorter than the block is repeated.
std::vector<std::int8_t> signs_of(const std::vector<double>& table, std::size_t length, std::size_t index) {
  if (table.empty()) reject(index, "there are no signs");
  std::vector<std::int8_t> signs;
  for (std::size_t i = 0; i < length; ++i) signs.push_back(table[i % table.size()] < 0 ? -1 : 1);
  return signs;
}

// Are all partial sums of these numbers, in any order, numbers of the format? They are if the sum of magnitudes is at most 2^precision
// quanta.
bool sums_are_exact(const Approximate& block, std::size_t begin, std::size_t length, const NumberFormat& format) {
  double quantum = INFINITY, sum = 0;
  for (std::size_t i = begin; i < begin + length; ++i) {
    if (block.error[i] != 0 || !block.value[i].is_exact()) return false;
    const double v = block.value[i].mid_double();
    if (v == 0) continue;
    if (!(Ball(v) - block.value[i]).contains_zero()) return false;
    int exponent = 0;
    const auto mantissa = static_cast<std::int64_t>(std::ldexp(std::frexp(v, &exponent), 53));
    quantum = std::min(quantum, std::ldexp(1.0, exponent - 53 + std::countr_zero(static_cast<std::uint64_t>(mantissa))));
    sum += std::abs(v);
  }
  return sum == 0 || (sum / quantum <= std::ldexp(1.0, format.precision) && sum <= format.largest);
}

bool is_power_of_two(const Ball& x) {
  if (!x.is_exact()) return false;
  int exponent = 0;
  return std::abs(std::frexp(x.mid_double(), &exponent)) == 0.5 && Ball(x.mid_double()).contains(x);
}

void multiply(Approximate& block, std::size_t begin, std::size_t length, const Ball& c, const NumberFormat& format) {
  if (c.is_exact() && c.mid_double() == 1) return;
  const double size = magnitude(c);
  const bool shift = is_power_of_two(c);
  for (std::size_t i = begin; i < begin + length; ++i) {
    block.value[i] *= c;
    block.error[i] *= size;
    if (block.error[i] == 0 && block.value[i].is_exact() && block.value[i].contains_zero()) continue;
    if (!shift) block.set(i, block.at(i).rounded(3, format));
    else if (size < 1 && block.value[i].mid_double() != 0) block.error[i] += 0.5 * format.underflow() * (magnitude(block.value[i]) < std::ldexp(1.0, format.least_exponent + format.precision));
  }
}

void butterflies(std::vector<Ball>& x, const HadamardPart& part) {
  const std::size_t begin = part.begin, length = part.length(), first = part.inner ? part.base : 1;
  for (std::size_t h = first; h < (first << part.log2); h *= 2) {
    for (std::size_t block = begin; block < begin + length; block += 2 * h) {
      for (std::size_t i = block; i < block + h; ++i) {
        Ball sum = x[i] + x[i + h];
        x[i + h] = x[i] - x[i + h];
        x[i] = std::move(sum);
      }
    }
  }
}

// Coordinate j of group c of a base stage, from the part's beginning: groups interleave in B ⊗ H and follow one another in H ⊗ B.
std::size_t place(const HadamardPart& part, std::size_t j, std::size_t c) {
  return part.begin + (part.inner ? c * part.base + j : (j << part.log2) + c);
}

void base_stage(std::vector<Ball>& x, const HadamardPart& part, bool transposed) {
  const std::size_t m = part.base, run = std::size_t{1} << part.log2;
  const std::vector<Ball>& matrix = *part.matrix;
  std::vector<Ball> column(m);
  for (std::size_t c = 0; c < run; ++c) {
    for (std::size_t j = 0; j < m; ++j) column[j] = x[place(part, j, c)];
    for (std::size_t i = 0; i < m; ++i) {
      Ball sum;
      for (std::size_t j = 0; j < m; ++j) sum += matrix[transposed ? j * m + i : i * m + j] * column[j];
      x[place(part, i, c)] = sum;
    }
  }
}

// Σ over the part of |A_ij|·weight_j for each i, all rows i of a base row alike; returned by base row.
std::vector<double> weighted(const HadamardPart& part, const std::vector<double>& weights, bool transposed) {
  const std::size_t m = part.base, run = std::size_t{1} << part.log2;
  std::vector<double> by_run(m, 0), sums(m, 0);
  for (std::size_t j = 0; j < m; ++j) {
    for (std::size_t c = 0; c < run; ++c) by_run[j] += weights[place(part, j, c)];
  }
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < m; ++j) {
      const double size = part.matrix == nullptr ? 1 : magnitude((*part.matrix)[transposed ? j * m + i : i * m + j]);
      sums[i] += size * by_run[j];
    }
  }
  return sums;
}

void apply_part(const HadamardPart& part, Approximate& block, bool transposed, const NumberFormat& format, bool butterfly) {
  const std::size_t p = part.length(), run = std::size_t{1} << part.log2;
  const bool exact = part.signs_only && sums_are_exact(block, part.begin, p, format);
  std::vector<double> sizes(block.size(), 0);
  for (std::size_t i = part.begin; i < part.begin + p; ++i) sizes[i] = magnitude(block.value[i]) + block.error[i];
  const std::vector<double> size = weighted(part, sizes, transposed), error = weighted(part, block.error, transposed);
  butterflies(block.value, part);
  if (part.matrix != nullptr) base_stage(block.value, part, transposed);
  const double additions = butterfly ? part.log2 + static_cast<double>(part.base) - 1 : static_cast<double>(p) - 1;
  const double roundings = additions + (part.signs_only ? 0 : 2);  // the entry and its product
  const double growth = exact || roundings == 0 ? 0 : rounding_growth(roundings, format.unit_roundoff());
  for (std::size_t i = 0; i < p; ++i) {
    const std::size_t row = part.inner ? i % part.base : i / run;
    block.error[part.begin + i] = (error[row] + growth * size[row]) * (1 + 1e-9) + (part.signs_only ? 0 : static_cast<double>(p) * format.underflow());
  }
  multiply(block, part.begin, p, part.scale, format);
}

void apply_matrix(const std::vector<Ball>& matrix, Approximate& block, bool transposed, const NumberFormat& format) {
  const std::size_t d = block.size();
  Approximate result;
  result.resize(d);
  const double growth = rounding_growth(static_cast<double>(d) + 1, format.unit_roundoff());
  for (std::size_t i = 0; i < d; ++i) {
    Ball sum;
    double error = 0, size = 0;
    for (std::size_t j = 0; j < d; ++j) {
      const Ball& a = matrix[transposed ? j * d + i : i * d + j];
      sum += a * block.value[j];
      const double weight = magnitude(a);
      error += weight * block.error[j];
      size += weight * (magnitude(block.value[j]) + block.error[j]);
    }
    result.value[i] = sum;
    result.error[i] = (error + growth * size) * (1 + 1e-9) + static_cast<double>(d) * format.underflow();
  }
  block = std::move(result);
}

// (x_i + x_{i+h}, x_i − x_{i+h}): its own transpose.
void apply_kac(Approximate& block, const NumberFormat& format) {
  const std::size_t half = block.size() / 2;
  for (std::size_t i = 0; i < half; ++i) {
    const Bounded a = block.at(i), b = block.at(i + half);
    const double error = a.error + b.error + format.unit_roundoff() * (a.size() + b.size() + a.error + b.error) * (1 + 1e-9);
    block.set(i, {a.value + b.value, error});
    block.set(i + half, {a.value - b.value, error});
  }
}

std::vector<double> transposed_permutation_checked(const std::vector<double>& p, std::size_t length, std::size_t index) {
  if (p.size() != length) reject(index, "a permutation of " + std::to_string(p.size()) + " for a block of " + std::to_string(length));
  return p;
}

std::vector<HadamardPart> hadamard_parts(const ProfileStep& step, std::size_t length, std::size_t index,
                                         const Names& names, const std::vector<double>& base_data) {
  std::vector<HadamardPart> parts;
  for (const auto& [begin, size] : parts_of(step, length, index)) {
    HadamardPart part;
    part.begin = begin;
    part.inner = step.inner;
    const auto order_of = [&, size = size](int base) -> std::size_t {
      if (base == ProfileStep::base_hartley) return size / (size & (~size + 1));
      if (base == ProfileStep::base_data) return static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(base_data.size()))));
      return static_cast<std::size_t>(base);
    };
    int chosen = 1;
    const auto fits = [&, size = size](int base) {
      const std::size_t order = order_of(base);
      return order != 0 && size % order == 0 && std::has_single_bit(size / order);
    };
    if (!(std::has_single_bit(size) && step.bases.size() > 1)) {
      const auto found = std::find_if(step.bases.begin(), step.bases.end(), fits);
      if (found == step.bases.end()) throw NotOffered(at_step(index, "no base fits a part of " + std::to_string(size)));
      chosen = *found;
    }
    part.base = order_of(chosen);
    part.log2 = std::countr_zero(size / part.base);
    if (part.base > 1) {
      if (chosen == ProfileStep::base_hartley) part.matrix = hartley(part.base), part.signs_only = false;
      else if (chosen > 0) part.matrix = named_base(chosen);
      else {
        part.signs_only = std::all_of(base_data.begin(), base_data.end(), is_sign);
        part.matrix = std::make_shared<std::vector<Ball>>(base_data.begin(), base_data.end());
      }
    }
    if (!step.scale.empty()) {
      Names with_part = names;
      with_part["p"] = size;
      part.scale = evaluate(step.scale, with_part);
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace

ProfileRotation::ProfileRotation(const Profile& profile, std::size_t dimension, int bits, const DataSource& data)
    : dimension_(dimension), padded_(profile.padded(dimension, bits)), length_(profile.block_length(dimension, bits)),
      format_(profile.arithmetic.rotation), held_(profile.arithmetic.rotated), butterfly_(profile.arithmetic.butterfly) {
  const Names names = profile.names(dimension, bits);
  const auto fetch = [&](const std::string& name) {
    return data(name, evaluate_count(profile.data.at(name).count, names), 0);
  };
  for (std::size_t i = 0; i < profile.rotation.size(); ++i) {
    const ProfileStep& step = profile.rotation[i];
    using When = ProfileStep::When;
    if (step.when != When::always && std::has_single_bit(length_) != (step.when == When::power_of_two)) continue;
    LinearStep linear;
    linear.kind = step.kind;
    switch (step.kind) {
      case Kind::signs: linear.signs = signs_of(fetch(step.data), length_, i); break;
      case Kind::permutation:
        for (const double p : transposed_permutation_checked(fetch(step.data), length_, i)) linear.permutation.push_back(static_cast<std::uint32_t>(p));
        break;
      case Kind::hadamard:
        linear.parts = hadamard_parts(step, length_, i, names, step.data.empty() ? std::vector<double>{} : fetch(step.data));
        break;
      case Kind::matrix: {
        const std::vector<double> matrix = fetch(step.data);
        if (matrix.size() != length_ * length_) reject(i, "the matrix is not " + std::to_string(length_) + " square");
        linear.matrix.assign(matrix.begin(), matrix.end());
        break;
      }
      case Kind::kac: break;
      case Kind::scale: linear.scale = evaluate(step.scale, names); break;
    }
    steps_.push_back(std::move(linear));
  }
}

void ProfileRotation::apply(const LinearStep& step, Approximate& block, bool transposed) const {
  switch (step.kind) {
    case Kind::signs:
      for (std::size_t i = 0; i < block.size(); ++i) {
        if (step.signs[i] < 0) block.value[i] = -block.value[i];
      }
      return;
    case Kind::permutation: {
      Approximate moved;
      moved.resize(block.size());
      for (std::size_t i = 0; i < block.size(); ++i) {
        const std::size_t j = step.permutation[i];
        if (transposed) moved.set(j, block.at(i));
        else moved.set(i, block.at(j));
      }
      block = std::move(moved);
      return;
    }
    case Kind::hadamard:
      for (const HadamardPart& part : step.parts) apply_part(part, block, transposed, format_, butterfly_);
      return;
    case Kind::matrix: apply_matrix(step.matrix, block, transposed, format_); return;
    case Kind::kac: apply_kac(block, format_); return;
    case Kind::scale: multiply(block, 0, block.size(), step.scale, format_); return;
  }
}

void ProfileRotation::run(Approximate& all, bool transposed) const {
  for (std::size_t begin = 0; begin < padded_; begin += length_) {
    Approximate block;
    block.value.assign(all.value.begin() + static_cast<std::ptrdiff_t>(begin), all.value.begin() + static_cast<std::ptrdiff_t>(begin + length_));
    block.error.assign(all.error.begin() + static_cast<std::ptrdiff_t>(begin), all.error.begin() + static_cast<std::ptrdiff_t>(begin + length_));
    // What is narrower than float32 is rounded on the way in.
    if (format_.precision < binary32.precision) {
      for (std::size_t i = 0; i < length_; ++i) {
        if (!(block.value[i].is_exact() && block.error[i] == 0 && format_.holds(block.value[i].mid_double()))) block.set(i, block.at(i).rounded(1, format_));
      }
    }
    if (transposed) {
      for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) apply(*step, block, true);
    } else {
      for (const LinearStep& step : steps_) apply(step, block, false);
    }
    for (std::size_t i = 0; i < length_; ++i) {
      Bounded y = block.at(i);
      const NumberFormat& held = transposed ? binary32 : held_;
      // One rounding to the format that the output is held in, where that is the narrower one; a conversion of exact numbers of the format is exact.
      const bool exact = y.error == 0 && y.value.is_exact() && held.holds(y.value.mid_double());
      if (!exact && (held.precision < format_.precision || y.error == 0)) y = y.rounded(1, held);
      all.set(begin + i, y);
    }
  }
}

Approximate ProfileRotation::forward(const Approximate& x) const {
  Approximate all = x;
  all.resize(padded_);
  return forward_padded(all);
}

Approximate ProfileRotation::forward_padded(const Approximate& y) const {
  Approximate all = y;
  run(all, false);
  return all;
}

Approximate ProfileRotation::transposed(const Approximate& y) const {
  Approximate all = transposed_padded(y);
  all.resize(dimension_);
  return all;
}

Approximate ProfileRotation::transposed_padded(const Approximate& y) const {
  Approximate all = y;
  run(all, true);
  return all;
}

namespace {

std::string square_violation(const std::vector<double>& m, bool signs_only) {
  const auto n = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(m.size()))));
  if (n * n != m.size()) return "is not square";
  const double diagonal = signs_only ? static_cast<double>(n) : 1, tolerance = signs_only ? 0 : 1e-4;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double product = 0;
      for (std::size_t k = 0; k < n; ++k) product += m[i * n + k] * m[j * n + k];
      if (std::abs(product - (i == j ? diagonal : 0)) > tolerance) {
        return "is not orthogonal: rows " + std::to_string(j) + " and " + std::to_string(i) + " have inner product " + std::to_string(product);
      }
    }
  }
  return "";
}

std::string permutation_violation(const std::vector<double>& values) {
  std::vector<bool> seen(values.size(), false);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double v = values[i];
    if (!(v >= 0 && v < static_cast<double>(values.size())) || v != std::floor(v)) return "entry " + std::to_string(i) + " is outside 0 … count − 1";
    if (seen[static_cast<std::size_t>(v)]) return "is no permutation: " + std::to_string(static_cast<std::size_t>(v)) + " occurs twice";
    seen[static_cast<std::size_t>(v)] = true;
  }
  return "";
}

}  // namespace

std::string data_violation(const ProfileData& data, const std::vector<double>& values, int bits) {
  using DataKind = ProfileData::Kind;
  (void)bits;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) return "entry " + std::to_string(i) + " is not finite";
    if ((data.kind == DataKind::signs || data.kind == DataKind::hadamard) && !is_sign(values[i])) return "entry " + std::to_string(i) + " is neither 1 nor -1";
  }
  switch (data.kind) {
    case DataKind::permutation: return permutation_violation(values);
    case DataKind::hadamard: return square_violation(values, true);
    case DataKind::orthogonal: return square_violation(values, false);
    case DataKind::codebook:
    case DataKind::thresholds:
      for (std::size_t i = 1; i < values.size(); ++i) {
        if (values[i] < values[i - 1]) return "entries " + std::to_string(i - 1) + " and " + std::to_string(i) + " are not ascending";
      }
      return "";
    default: return "";
  }
}

}  // namespace hdq::reference
