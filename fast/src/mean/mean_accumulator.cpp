// SPEC §9. Each thread sums its rows apart; integers make what order and threads there were unseen.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "aligned.hpp"
#include "checks.hpp"
#include "codec/plan.hpp"
#include "mean/mean_state.hpp"

namespace hdq {
namespace {

using detail::Aligned, detail::CodecPlan, detail::require_equal, detail::rows_together;

constexpr std::uint64_t most_rows = std::uint64_t{1} << 43;  // of which IntegerSums::values is exact

void check_weight(double weight, std::size_t row) {
  if (!(weight >= MeanAccumulator::least_weight && weight <= MeanAccumulator::most_weight))
    throw InvalidArgument("weight of row " + std::to_string(row) + ": " + std::to_string(weight) + " is not in [2^-100, 2^100]");
}

// The numbers first_row + i (mod 2^64).
detail::RowSet numbers_of(std::uint64_t first_row, std::uint64_t rows) {
  detail::RowSet set;
  if (rows == 0) return set;
  const std::uint64_t last = first_row + (rows - 1);
  if (last >= first_row) {
    set.add(first_row, last);
  } else {
    set.add(first_row, ~std::uint64_t{0});
    set.add(0, last);
  }
  return set;
}

// InvalidArgument, naming the number, if a row of these was added before.
void require_new(const MeanAccumulator::State& state, const detail::RowSet& rows) {
  for (const auto& [first, last] : rows.runs())
    if (const std::optional<std::uint64_t> number = state.numbers.find(first, last))
      throw InvalidArgument("row number " + std::to_string(*number) + " (client " +
                            std::to_string(*number & 0xffffffff) + ", round " + std::to_string(*number >> 32) +
                            ") is in the mean already");
}

// New ones.
void add_numbers(MeanAccumulator::State& state, const detail::RowSet& rows) {
  for (const auto& [first, last] : rows.runs()) state.numbers.add(first, last);
}

// A thread's memory, and the sums that it adds to.
struct Worker {
  Worker(const CodecPlan& plan, detail::MeanSums& to)
      : sums(to), scratch(plan.scheme->scratch()), z(plan.order.order) {}
  detail::MeanSums& sums;
  std::unique_ptr<detail::Scheme::Scratch> scratch;
  Aligned<float> z;
};

// What is the same for all rows of a call.
struct Rows {
  const CodecPlan& plan;
  const EncodedView& encoded;
  std::span<const double> weights;  // one for all, or one for each
  std::span<const float> centre;
  double bound;  // of a row's relative error
  double weight(std::size_t row) const { return weights[weights.size() == 1 ? 0 : row]; }
};

void add_rows(const Rows& rows, std::size_t first, std::size_t last, Worker& worker) {
  const CodecPlan& plan = rows.plan;
  detail::MeanSums& sums = worker.sums;
  for (std::size_t row = first; row < last; ++row) {
    const std::size_t r = (row - first) % rows_together;
    if (r == 0) {
      std::uint64_t numbers[rows_together];
      std::uint32_t words[rows_together];
      const std::size_t count = std::min(rows_together, last - row);
      for (std::size_t i = 0; i < count; ++i) numbers[i] = rows.encoded.first_row() + row + i;
      plan.draw_words(numbers, count, words);
      plan.scheme->begin_reconstruct(words, count, *worker.scratch);
    }
    const double weight = rows.weight(row), norm = static_cast<double>(rows.encoded.norms()[row]);
    sums.weight.add(weight);
    if (!rows.centre.empty()) sums.offsets.add(plan.kernels, weight, rows.centre.data());
    if (norm == 0) continue;
    const double factor = weight * norm;
    sums.square.add(factor * norm);
    sums.error.add(factor * factor * rows.bound);
    plan.scheme->reconstruct(r, rows.encoded.row_codes(row), *worker.scratch, worker.z.get());
    sums.rotated.add(plan.kernels, factor, worker.z.get());
  }
}

}  // namespace

MeanAccumulator::State::State(std::size_t dimension_, std::uint64_t seed_)
    : dimension(dimension_), order(hadamard_order(dimension_)), seed(seed_), sums(dimension_, order.order) {}

void detail::MeanSums::add(const MeanSums& other) {
  rotated.add(other.rotated);
  offsets.add(other.offsets);
  weight.add(other.weight);
  square.add(other.square);
  error.add(other.error);
}

MeanAccumulator::MeanAccumulator(std::size_t dimension, std::uint64_t seed) {
  if (dimension < 1 || dimension > Codec::max_dimension)
    throw InvalidArgument("dimension must be 1 to " + std::to_string(Codec::max_dimension) + ", not " + std::to_string(dimension));
  state_ = std::make_unique<State>(dimension, seed);
}
MeanAccumulator::MeanAccumulator(std::unique_ptr<State> state) : state_(std::move(state)) {}
MeanAccumulator::~MeanAccumulator() = default;
MeanAccumulator::MeanAccumulator(const MeanAccumulator& other) : state_(std::make_unique<State>(*other.state_)) {}
MeanAccumulator& MeanAccumulator::operator=(const MeanAccumulator& other) {
  if (this != &other) state_ = std::make_unique<State>(*other.state_);
  return *this;
}
MeanAccumulator::MeanAccumulator(MeanAccumulator&&) noexcept = default;
MeanAccumulator& MeanAccumulator::operator=(MeanAccumulator&&) noexcept = default;

std::size_t MeanAccumulator::dimension() const { return state_->dimension; }
std::uint64_t MeanAccumulator::seed() const { return state_->seed; }
std::uint64_t MeanAccumulator::rows() const { return state_->rows; }
double MeanAccumulator::weight() const { return state_->sums.weight.value(); }

// ---- adding ----

void MeanAccumulator::add(const Codec& codec, const EncodedView& rows, double weight) { add(codec, rows, std::span(&weight, 1)); }

void MeanAccumulator::add(const Codec& codec, const EncodedView& rows, std::span<const double> weights, std::span<const float> centre) {
  State& s = *state_;
  const CodecPlan& plan = *codec.plan();
  require_equal(codec.dimension(), s.dimension, "dimensions of a codec", "dimensions of the mean");
  if (codec.seed() != s.seed)
    throw InvalidArgument("seed " + std::to_string(codec.seed()) + " of the rows: the mean has " + std::to_string(s.seed));
  if (plan.shares_dither()) throw InvalidArgument("rows with a shared dither keep an error in common: hdq averages rows with words of their own");
  detail::check_encoded(rows, plan);
  if (!centre.empty()) {
    require_equal(centre.size(), s.dimension, "numbers of a centre", "dimensions of the mean");
    for (const float value : centre)
      if (!std::isfinite(value)) throw InvalidArgument("the centre has a number that is not finite");
  }
  if (rows.rows() == 0) return;
  if (weights.size() != 1) require_equal(weights.size(), rows.rows(), "weights", "rows");
  for (std::size_t i = 0; i < weights.size(); ++i) check_weight(weights[i], i);
  for (std::size_t row = 0; row < rows.rows(); ++row) detail::check_norm(rows.norms()[row], row);
  if (rows.rows() > most_rows - s.rows) throw InvalidArgument("a mean is of fewer than 2^43 rows");
  const detail::RowSet numbers = numbers_of(rows.first_row(), rows.rows());
  require_new(s, numbers);

  const Rows all{plan, rows, weights, centre, codec.error_bound()};
  if (plan.threads() == 1) {
    Worker worker(plan, s.sums);
    add_rows(all, 0, rows.rows(), worker);
  } else {
    std::vector<std::optional<detail::MeanSums>> parts(static_cast<std::size_t>(plan.threads()));
    std::vector<std::unique_ptr<Worker>> workers(parts.size());
    plan.for_rows(rows.rows(), rows_together, [&](std::size_t first, std::size_t last, std::size_t slot) {
      if (workers[slot] == nullptr)
        workers[slot] = std::make_unique<Worker>(plan, parts[slot].emplace(s.dimension, s.order.order));
      add_rows(all, first, last, *workers[slot]);
    });
    for (const std::optional<detail::MeanSums>& part : parts)
      if (part) s.sums.add(*part);
  }
  add_numbers(s, numbers);
  s.rows += rows.rows();
}

void MeanAccumulator::add(const FileReader& file, double weight, const CodecOptions& options) {
  add(file, std::span(&weight, 1), options);
}

void MeanAccumulator::add(const FileReader& file, std::span<const double> weights, const CodecOptions& options) {
  const Codec codec = file.codec(options);
  const FileHeader& header = file.header();
  if (weights.size() != 1) require_equal(weights.size(), header.rows, "weights", "rows of the file");
  MeanAccumulator sum(state_->dimension, state_->seed);
  sum.add(codec, EncodedView({}, {}, 0, codec.parameters()));  // refuses what does not fit, also where there are no rows
  BlockReader reader(file);
  std::uint64_t done = 0;
  for (std::uint64_t block = 0; block < header.blocks(); ++block) {
    const EncodedView rows = reader.block(block);
    sum.add(codec, rows, weights.size() == 1 ? weights : weights.subspan(done, rows.rows()), file.mean());
    done += rows.rows();
  }
  merge(sum);
}

void MeanAccumulator::merge(const MeanAccumulator& other) {
  State& s = *state_;
  const State& theirs = *other.state_;
  require_equal(theirs.dimension, s.dimension, "dimensions of a mean", "dimensions of this one");
  if (theirs.seed != s.seed) throw InvalidArgument("seed " + std::to_string(theirs.seed) + " of a mean: this one has " + std::to_string(s.seed));
  if (theirs.rows > most_rows - s.rows) throw InvalidArgument("a mean is of fewer than 2^43 rows");
  require_new(s, theirs.numbers);
  s.sums.add(theirs.sums);
  add_numbers(s, theirs.numbers);
  s.rows += theirs.rows;
}

// ---- the mean ----

void MeanAccumulator::mean(std::span<float> out, Isa isa) const {
  if (state_->rows == 0) throw InvalidArgument("a mean of no rows");
  mean(out, weight(), isa);
}

void MeanAccumulator::mean(std::span<float> out, double total, Isa isa) const {
  const State& s = *state_;
  require_equal(out.size(), s.dimension, "numbers of a mean", "dimensions");
  if (!(total >= least_weight && total <= most_weight * 0x1p64)) throw InvalidArgument("total weight: not in [2^-100, 2^164]");
  const detail::Kernels& kernels = detail::kernels(resolve_isa(isa));
  const std::size_t order = s.order.order;
  std::vector<double> sums;
  s.sums.rotated.values(sums);
  double most = 0;
  for (const double value : sums) most = std::max(most, std::abs(value));
  const int exponent = most == 0 ? 0 : std::ilogb(most);
  const Aligned<float> y(order);
  for (std::size_t j = 0; j < order; ++j) y.get()[j] = static_cast<float>(std::ldexp(sums[j], -exponent));
  kernels.hadamard(y.get(), s.order, true);
  std::vector<std::uint32_t> signs((order + 31) / 32);
  sign_bits(s.seed, order, signs.data());
  const double factor = std::ldexp(1.0, exponent) / (static_cast<double>(order) * total);
  s.sums.offsets.values(sums);
  for (std::size_t i = 0; i < s.dimension; ++i) {
    const bool negative = (signs[i / 32] >> i % 32 & 1) != 0;
    out[i] = static_cast<float>(static_cast<double>(y.get()[i]) * (negative ? -factor : factor) + sums[i] / total);
    if (!std::isfinite(out[i]))
      throw InvalidInput(0, i, "column " + std::to_string(i) + ": the mean exceeds the largest float32");
  }
}

double MeanAccumulator::error_bound() const {
  const double w = weight();
  return w == 0 ? 0 : state_->sums.error.value() / w / w;
}

double MeanAccumulator::mean_square() const {
  const double w = weight();
  return w == 0 ? 0 : state_->sums.square.value() / w;
}

}  // namespace hdq
