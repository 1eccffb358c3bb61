#include "command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <thread>
#include <utility>

#include "hdq/stages.hpp"
#include "hdq/thread_pool.hpp"
#include "options.hpp"

namespace hdq::cli {

void StepArguments::add(Command command) {
  command.positive_number("--rate", rate, 12,
                          "Bits per coordinate on average, 0.3 to 12: entropy-coded, of less error than --bits has");
  command.positive_number("--error", error, Step(Step::most).error(),
                          "Entropy-coded with this mean squared error relative to |x|^2, the same for every vector");
}

Step StepArguments::step() const {
  try {
    return rate ? Step::of_rate(*rate) : Step::of_error(*error);
  } catch (const InvalidArgument& beyond) {
    throw UsageError(fmt::format("--{}", beyond.what()));  // it begins with "rate" or "error"
  }
}

void CodecArguments::add_scheme(Command command) {
  command.integer("--bits", bits, BitWidth::least, BitWidth::most, "Bits per coordinate: codes of fixed length");
  entropy_coded.add(command);
}

void CodecArguments::add_seed(Command command) {
  command.integer("--seed", seed, 0, UINT64_MAX, "Seed of signs and dither").show_default();
}

void CodecArguments::add_dither(Command command) {
  command
      .choice(
          "--dither", dither, by_name(dither_name, {Dither::row, Dither::shared}),
          "A random offset for each row, or one for all, with --bits: better search at 2 and 3 bits, but averages over "
          "rows keep its error")
      .show_default();
}

void CodecArguments::add_threads(Command command) {
  command.integer("--threads", threads, 0, ThreadPool::max_threads, "Threads; 0 is one per core. The output does not depend on it").show_default();
}

void CodecArguments::add_isa(Command command) {
  std::map<std::string, Isa> names;
  std::string list;
  for (const Isa known : all_isas()) {
    names.emplace(isa_name(known), known);
    list += (list.empty() ? "" : ", ") + std::string(isa_name(known));
  }
  command.choice("--isa", isa, names, "Instruction set: " + list + ". The output does not depend on it");
}

EncodingParameters CodecArguments::parameters(std::size_t dimension) const {
  if ((bits != 0) + (entropy_coded.rate ? 1 : 0) + (entropy_coded.error ? 1 : 0) != 1)
    throw UsageError("exactly one of --bits, --rate and --error is needed");
  if (bits != 0) return {SchemeId::fixed_rate, dimension, bits, seed, 0, dither};
  if (dither == Dither::shared) throw UsageError("--dither shared needs --bits: entropy-coded rows share none");
  return {SchemeId::entropy_coded, dimension, 0, seed, entropy_coded.step().value()};
}

std::string scheme_text(const Codec& codec) {
  if (codec.scheme() == SchemeId::fixed_rate)
    return fmt::format("{} bits{}", codec.bits(), codec.dither() == Dither::shared ? " with shared dither" : "");
  return fmt::format("{}, step {:.9g}", scheme_name(codec.scheme()), codec.step());
}

namespace {

float as_float(float value) { return value; }
template <class Narrow>
float as_float(Narrow value) {
  float wide = 0;
  widen(&value, 1, &wide);
  return wide;
}

}  // namespace

template <class Number>
void reject_row(const VectorReader& input, std::uint64_t begin, const Number* x, const InvalidInput& bad) {
  const std::string where = fmt::format("{}: row {}", input.name(), begin + bad.row);
  if (bad.column == InvalidInput::npos) throw BadInput(where + ": the norm is beyond float32");
  const float value = as_float(x[bad.row * input.dimension() + bad.column]);
  const char* what = std::isnan(value) ? "NaN" : std::isinf(value) ? "infinity" : "less the center, it is beyond float32";
  throw BadInput(fmt::format("{}, column {}: {}", where, bad.column, what));
}
template void reject_row(const VectorReader&, std::uint64_t, const float*, const InvalidInput&);
template void reject_row(const VectorReader&, std::uint64_t, const Float16*, const InvalidInput&);
template void reject_row(const VectorReader&, std::uint64_t, const BFloat16*, const InvalidInput&);

std::size_t thread_count(int threads) {
  return threads > 0 ? static_cast<std::size_t>(threads) : std::max(1u, std::thread::hardware_concurrency());
}

std::size_t rows_per_chunk(std::size_t dimension, int threads) {
  const std::size_t workers = thread_count(threads);
  return std::max<std::size_t>(workers, workers * (std::size_t{4} << 20) / (dimension * sizeof(float)));
}

// ---- progress ----

Progress::Progress(std::string label, std::uint64_t total)
    : label_(std::move(label)),
      total_(total),
      started_(std::chrono::steady_clock::now()),
      drawn_(started_),
      terminal_(::isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void Progress::advance(std::uint64_t amount) {
  const std::lock_guard lock(mutex_);
  done_ += amount;
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now - started_ < std::chrono::milliseconds(500) || now - drawn_ < std::chrono::milliseconds(100)) {
    return;
  }
  drawn_ = now;
  draw();
}

void Progress::draw() {
  shown_ = true;
  constexpr std::uint64_t width = 40;
  const std::uint64_t bars = total_ == 0 ? width : std::min(width, done_ * width / total_);
  const std::chrono::duration<double> elapsed = drawn_ - started_;
  const double left = done_ == 0 ? 0 : elapsed.count() * static_cast<double>(total_ - done_) / static_cast<double>(done_);
  fmt::print(stderr, "\r{} [{:#<{}}{:.<{}}] {}/{}, {:.0f} s left\033[K", label_, "", bars, "", width - bars, done_,
             total_, left);
  std::fflush(stderr);
}

std::function<void(std::size_t, std::size_t)> progress_bar(std::string label) {
  struct State {
    std::mutex mutex;
    std::unique_ptr<Progress> bar;
    std::size_t shown = 0;
  };
  return [label = std::move(label), state = std::make_shared<State>()](std::size_t done, std::size_t total) {
    const std::lock_guard lock(state->mutex);
    if (!state->bar) state->bar = std::make_unique<Progress>(label, total);
    if (done > state->shown) state->bar->advance(done - state->shown);
    state->shown = std::max(state->shown, done);
  };
}

}  // namespace hdq::cli
